//! The user is asked, and verifies a fresh factor where one is demanded.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::event::AccountName;
use super::super::second_factor::{Demand, Errand};
use super::answering::Signing;
use super::entering::{Aim, Opened};
use crate::crypto::sha256;
use crate::error::{Code, Refusal};
use crate::messages::BindInput;
use crate::messages::action::{Approval, Challenge};
use crate::messages::handshake::Announce;
use crate::registry::{Decision, Purpose};
use crate::values::{AccountId, Bind, Bytes, Digest, ServerId, UnixSeconds};

/// Waits for the user's answer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Asking {
    pub(super) opened: Opened,
    challenge: Challenge,
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
    /// Whether a yes needs a second factor, verified for it.
    pub second_factor: bool,
}

/// A yes that fits the question. Only [`Asking::choose`] makes one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Chosen {
    number: Option<u8>,
}

/// What the user has said.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Answer {
    /// Yes.
    Yes(Chosen),
    /// No.
    No {
        /// Somebody else started the action.
        report_fraud: bool,
    },
}

/// A challenge, and what the user has said to it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Given {
    pub(super) challenge: Challenge,
    answer: Answer,
}

/// What follows an answer.
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
    pub(super) fn new(opened: Opened, challenge: Challenge, factor: Option<Demand>) -> Self {
        Self {
            opened,
            challenge,
            factor,
        }
    }

    /// What to show to the user.
    pub fn question(&self) -> Question {
        let account = &self.opened.account;
        Question {
            server: account.server,
            account: AccountName::of(account),
            code: self.challenge.code.clone(),
            shown: self.challenge.shown.clone(),
            expiry: self.challenge.expiry,
            choices: self.challenge.choices.clone(),
            user_authentication: account.approval_key.is_some(),
            second_factor: self.factor.is_some(),
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
            None => Next::Sign(Box::new(Signing::new(self, Answer::Yes(chosen), None))),
        }
    }

    /// The user says no; with `report_fraud`, that somebody else started the action.
    pub fn reject(self, report_fraud: bool) -> Signing {
        Signing::new(self, Answer::No { report_fraud }, None)
    }

    pub(super) fn approval(&self, answer: &Answer, assertion: Option<&Bytes>) -> Approval {
        Approval {
            challenge: self.challenge.id,
            nonce: self.challenge.nonce,
            hash: self.challenge.hash(),
            decision: answer.decision(),
            account: self.opened.account.id,
            assertion: assertion.map(|assertion| Digest(sha256(&[assertion]))),
            number: match answer {
                Answer::Yes(chosen) => chosen.number,
                Answer::No { .. } => None,
            },
        }
    }

    /// The channel broke with this answer in it.
    pub(super) fn again(self, answer: Answer) -> ((ServerId, AccountId), Aim) {
        let given = Given {
            challenge: self.challenge,
            answer,
        };
        (self.opened.whose(), Aim::Again(Box::new(given)))
    }
}

impl Answer {
    pub(super) fn decision(&self) -> Decision {
        match self {
            Self::Yes(_) => Decision::Confirm,
            Self::No { .. } => Decision::Decline,
        }
    }
}

impl Given {
    /// Gives the answer in another channel, which makes it another signature.
    pub(super) fn answer(self, opened: Opened, factor: Option<Demand>) -> Next {
        let asking = Asking::new(opened, self.challenge, factor);
        match self.answer {
            Answer::Yes(chosen) => asking.approve(chosen),
            Answer::No { report_fraud } => Next::Sign(Box::new(asking.reject(report_fraud))),
        }
    }
}

impl Proving {
    /// What to ask of the factor server.
    pub fn errand(&self) -> Errand {
        Errand {
            factor_server: self.factor.server.server,
            uri: self.factor.server.uri.clone(),
            audience: self.asking.opened.account.server,
            purpose: Purpose::Action,
            bind: self.bind(),
            session: None,
            voucher: None,
            biometric: self.factor.biometric,
        }
    }

    /// What the factor is given for: this yes, to this challenge, in this channel.
    pub fn bind(&self) -> Bind {
        let opened = &self.asking.opened;
        BindInput {
            server: opened.account.server,
            context: opened.channel.0,
            account: Some(opened.account.id),
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
        Signing::new(self.asking, Answer::Yes(self.chosen), Some(assertion))
    }
}
