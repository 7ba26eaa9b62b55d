//! The user decides (protocol.md, section 9).
//!
//! What the user says is checked first, against the state as it is: a refusal
//! leaves the request open. The check gives a proof ([`Choice`], [`EnrolKeys`]),
//! and with it the transition cannot fail.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::answering::{Answering, Decided, Signer};
use super::event::{
    AccountName, ConfirmEnrol, ConfirmLogin, Event, KeysNeeded, NewKeys, UserInput,
};
use super::evidence::{Backing, Evidence, Needed, Requirement};
use super::registering::Registering;
use super::second_factor::Demand;
use super::wallet::{Account, Commit, Enrolling, Registration, Update};
use crate::crypto::PublicKey;
use crate::error::{Code, Refusal};
use crate::messages::handshake::{Announce, EnrolmentProof};
use crate::registry::{Decision, Purpose};
use crate::values::{AccountId, Bytes, Digest, ServerId, SessionId, Transcript};

/// What stays the same from message_2 to the end of a login or enrolment.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Attempt {
    /// The auth server, authenticated.
    pub server: ServerId,
    /// Login or enrol.
    pub purpose: Purpose,
    /// The session or enrolment.
    pub session: SessionId,
    /// The transcript of the handshake.
    pub transcript: Transcript,
    /// The announce hash.
    pub announce: Option<Digest>,
}

/// Waits for the user's decision.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Confirming {
    /// On a login.
    Login(ConfirmingLogin),
    /// On an enrolment.
    Enrol(ConfirmingEnrol),
}

/// Waits for the user to confirm or decline a login.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ConfirmingLogin {
    /// The login.
    pub attempt: Attempt,
    /// What is shown.
    pub announce: Option<Announce>,
    /// The account that the server has pre-selected.
    pub preselected: Option<AccountId>,
    /// The accounts to choose from: never none, and one alone if it is pre-selected.
    pub choices: Vec<Account>,
    /// The second factor that is asked for.
    pub requirement: Requirement,
}

/// Waits for the user to confirm or decline an enrolment.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ConfirmingEnrol {
    /// The enrolment.
    pub attempt: Attempt,
    /// What is shown.
    pub announce: Option<Announce>,
    /// The accounts that exist at that server already.
    pub existing: Vec<AccountName>,
    /// The parameters hash.
    pub parameters: Digest,
    /// The keys of an earlier try, to which the server may have bound the enrolment.
    pub interrupted: Option<Box<Enrolling>>,
    /// Where the PIN is set or verified.
    pub factor: Demand,
    /// The device's `K_dsf` there, if it has one.
    pub registration: Option<PublicKey>,
    /// The leave to create a record there.
    pub voucher: Bytes,
}

/// An account that may answer this login. Only [`ConfirmingLogin::choose`] makes one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Choice(Account);

impl Choice {
    /// The account.
    pub fn account(&self) -> &Account {
        &self.0
    }
}

/// The keys of an enrolment. Only [`ConfirmingEnrol::take`] makes them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct EnrolKeys {
    pub(super) device: PublicKey,
    approval: Option<PublicKey>,
    updates: Vec<Update>,
}

/// What follows a confirmed enrolment.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Agreed {
    /// The factor server.
    Factor(Box<Commit<Decided>>),
    /// The new `K_act`, which proves its possession first.
    Register(Box<Registering>),
}

/// What follows a confirmed login.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Confirmed {
    /// Nobody has to be asked for a factor: the answer.
    Answer(Box<Commit<Answering>>),
    /// The factor server first (HS-12).
    Factor(Box<Decided>),
}

impl Confirming {
    /// The one confirmation request (DEV-1).
    pub fn event(&self) -> Event {
        match self {
            Self::Login(state) => Event::ConfirmLogin(state.request()),
            Self::Enrol(state) => Event::ConfirmEnrol(state.request()),
        }
    }
}

impl ConfirmingLogin {
    /// What the user is asked.
    pub fn request(&self) -> ConfirmLogin {
        ConfirmLogin {
            server: self.attempt.server,
            accounts: self.choices.iter().map(AccountName::of).collect(),
            preselected: self.preselected,
            announce: self.announce.clone(),
        }
    }

    /// The account of this id; where there is only one, it need not be named.
    ///
    /// # Errors
    /// [`Code::WrongAccount`]: not one of those to choose from (STM-4), or there are
    /// several and none was named (DEV-3). The request stays open.
    pub fn choose(&self, account: Option<AccountId>) -> Result<Choice, Refusal> {
        let chosen = match (account, self.choices.as_slice()) {
            (Some(id), choices) => choices.iter().find(|account| account.id == id),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        chosen.cloned().map(Choice).ok_or(Code::WrongAccount.into())
    }

    /// The user confirms. `backing` is what the account's app session does for it.
    pub fn confirm(
        self,
        Choice(account): Choice,
        input: Option<UserInput>,
        backing: Backing,
    ) -> Confirmed {
        match self.requirement.needs(&account, backing) {
            Needed::Fresh(factor) => {
                let signer = Signer::Account(Box::new(account));
                Confirmed::Factor(Box::new(Decided::new(
                    self.attempt,
                    signer,
                    input,
                    factor,
                    None,
                )))
            }
            Needed::Present(evidence) => Confirmed::Answer(Box::new(Answering::at_once(
                self.attempt,
                account,
                Decision::Confirm,
                input,
                evidence,
            ))),
        }
    }

    /// The user declines: signed too, without a factor (STM-6).
    pub fn decline(self, Choice(account): Choice) -> Commit<Answering> {
        let nothing = Evidence::Nothing;
        Answering::at_once(self.attempt, account, Decision::Decline, None, nothing)
    }
}

impl ConfirmingEnrol {
    /// What the user is asked.
    pub fn request(&self) -> ConfirmEnrol {
        ConfirmEnrol {
            server: self.attempt.server,
            accounts: self.existing.clone(),
            parameters: self.parameters,
            announce: self.announce.clone(),
            keys: self.keys_needed(),
        }
    }

    /// Which keys the app has to make.
    pub fn keys_needed(&self) -> KeysNeeded {
        KeysNeeded {
            device: self.interrupted.is_none(),
            factor: self.registration.is_none(),
            may_approve: self.interrupted.is_none(),
        }
    }

    /// Takes the keys that were asked for, no more and no less.
    ///
    /// # Errors
    /// [`Code::NotAsked`] for others, [`Code::InvalidKey`] for one key in two roles
    /// (KEY-1). The request stays open.
    pub fn take(&self, keys: NewKeys) -> Result<EnrolKeys, Refusal> {
        let mut updates = Vec::new();
        let (device, approval) = match (&self.interrupted, keys.device, keys.approval) {
            (Some(before), None, None) => (before.key, before.approval_key),
            (None, Some(key), approval_key) => {
                updates.push(Update::Enrolling(Enrolling {
                    session: self.attempt.session,
                    key,
                    approval_key,
                }));
                (key, approval_key)
            }
            _ => return Err(Code::NotAsked.into()),
        };
        let factor = match (self.registration, keys.factor) {
            (Some(key), None) => key,
            (None, Some(key)) => {
                let registration = Registration::new(self.factor.server.server, key);
                updates.push(Update::Registered(registration));
                key
            }
            _ => return Err(Code::NotAsked.into()),
        };
        if device == factor || approval.is_some_and(|key| key == device || key == factor) {
            return Err(Code::InvalidKey.into());
        }
        Ok(EnrolKeys {
            device,
            approval,
            updates,
        })
    }

    /// The user confirms: a new `K_act` is asked for its possession, and the factor
    /// server is next.
    pub fn confirm(self, keys: EnrolKeys, input: Option<UserInput>) -> Agreed {
        match keys.approval {
            Some(key) => Agreed::Register(Box::new(Registering::new(self, keys, key, input))),
            None => Agreed::Factor(Box::new(self.decide(keys, None, input))),
        }
    }

    /// What is stored and signed, with the proof of a `K_act` if there is one.
    pub(super) fn decide(
        self,
        keys: EnrolKeys,
        approval: Option<EnrolmentProof>,
        input: Option<UserInput>,
    ) -> Commit<Decided> {
        let signer = Signer::New {
            key: keys.device,
            approval,
        };
        let decided = Decided::new(self.attempt, signer, input, self.factor, Some(self.voucher));
        Commit::new(keys.updates, decided)
    }
}
