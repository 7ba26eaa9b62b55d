//! The user is asked, and verifies a fresh factor where one is demanded.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::event::AccountName;
use super::super::second_factor::{Demand, Errand};
use super::answering::Signing;
use super::entering::Approver;
use crate::crypto::sha256;
use crate::error::{Code, Refusal};
use crate::messages::BindInput;
use crate::messages::action::{Approval, Challenge};
use crate::messages::handshake::Announce;
use crate::registry::{Decision, Purpose};
use crate::values::{Bind, Bytes, ChannelBinding, Digest, ServerId, UnixSeconds};

/// Waits for the user's answer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Asking {
    pub(super) approver: Approver,
    pub(super) channel: ChannelBinding,
    pub(super) challenge: Challenge,
    factor: Option<Demand>,
}

/// What the app shows.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Question {
    /// The auth server, authenticated.
    pub server: ServerId,
    /// The account that answers.
    pub account: AccountName,
    /// What kind of action it is.
    pub code: String,
    /// What it is about.
    pub shown: Announce,
    /// No answer is taken from this time on.
    pub expiry: UnixSeconds,
    /// One of these is shown where the action was started; the user says which.
    pub choices: Option<Vec<u8>>,
    /// Whether the OS will ask for its user, too.
    pub user_authentication: bool,
}

/// A yes that fits the question. Only [`Asking::choose`] makes one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Chosen {
    number: Option<u8>,
}

/// What follows a yes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Next {
    /// The signature.
    Sign(Box<Signing>),
    /// The factor server first (ACT-10).
    Prove(Box<Proving>),
}

/// Waits for the factor server's assertion.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Proving {
    asking: Asking,
    factor: Demand,
    chosen: Chosen,
}

impl Asking {
    pub(super) fn new(
        approver: Approver,
        channel: ChannelBinding,
        challenge: Challenge,
        factor: Option<Demand>,
    ) -> Self {
        Self {
            approver,
            channel,
            challenge,
            factor,
        }
    }

    /// What to show to the user.
    pub fn question(&self) -> Question {
        Question {
            server: self.approver.account.server,
            account: AccountName::of(&self.approver.account),
            code: self.challenge.code.clone(),
            shown: self.challenge.shown.clone(),
            expiry: self.challenge.expiry,
            choices: self.challenge.choices.clone(),
            user_authentication: self.approver.approval_key.is_some(),
        }
    }

    /// Checks the number that the user chose: one of the choices, where there are some.
    ///
    /// # Errors
    /// [`Code::NotAsked`] for a number where none was asked for, for none where one
    /// was, and for another one. Nothing is sent, and the question stays open.
    pub fn choose(&self, number: Option<u8>) -> Result<Chosen, Refusal> {
        let fits = match (&self.challenge.choices, number) {
            (None, None) => true,
            (Some(choices), Some(number)) => choices.contains(&number),
            _ => false,
        };
        match fits {
            true => Ok(Chosen { number }),
            false => Err(Code::NotAsked.into()),
        }
    }

    /// The user says yes.
    pub fn approve(self, chosen: Chosen) -> Next {
        match self.factor.clone() {
            Some(factor) => Next::Prove(Box::new(Proving {
                asking: self,
                factor,
                chosen,
            })),
            None => {
                let approval = self.approval(Decision::Confirm, chosen.number, None);
                Next::Sign(Box::new(Signing::new(self, approval, None, false)))
            }
        }
    }

    /// The user says no; with `report_fraud`, that somebody else started the action.
    pub fn reject(self, report_fraud: bool) -> Signing {
        let approval = self.approval(Decision::Decline, None, None);
        Signing::new(self, approval, None, report_fraud)
    }

    fn approval(
        &self,
        decision: Decision,
        number: Option<u8>,
        assertion: Option<&Bytes>,
    ) -> Approval {
        Approval {
            challenge: self.challenge.id,
            nonce: self.challenge.nonce,
            hash: self.challenge.hash(),
            decision,
            account: self.approver.account.id,
            assertion: assertion.map(|assertion| Digest(sha256(&[assertion]))),
            number,
        }
    }
}

impl Proving {
    /// What to ask of the factor server.
    pub fn errand(&self) -> Errand {
        Errand {
            factor_server: self.factor.server.server,
            uri: self.factor.server.uri.clone(),
            audience: self.asking.approver.account.server,
            purpose: Purpose::Action,
            bind: self.bind(),
            session: None,
            voucher: None,
            biometric: self.factor.biometric,
        }
    }

    /// What the factor is given for: this yes, to this challenge, in this channel.
    pub fn bind(&self) -> Bind {
        BindInput {
            server: self.asking.approver.account.server,
            context: self.asking.channel.0,
            account: Some(self.asking.approver.account.id),
            purpose: Purpose::Action,
            session: None,
            announce: None,
            user_input: None,
            decision: Some(Decision::Confirm),
            intent: Some(self.asking.challenge.hash()),
        }
        .bind()
    }

    /// The factor is verified: the answer, with the factor server's word for it.
    pub fn verified(self, assertion: Bytes) -> Signing {
        let number = self.chosen.number;
        let approval = self
            .asking
            .approval(Decision::Confirm, number, Some(&assertion));
        Signing::new(self.asking, approval, Some(assertion), false)
    }
}
