//! What a decision asks of the store (protocol.md, section 10).

use alloc::vec::Vec;

use super::account::Account;
use super::action::{Action, Challenge, Prompts};
use super::app_session::AppSession;
use super::assertion::Accepted;
use super::credentials::Credentials;
use super::enrolment::Enrolment;
use super::session::Session;
use crate::error::Code;
use crate::messages::app::{Admitted, AppSettled};
use crate::messages::channel::Settled;
use crate::values::{
    AccountId, ActionId, AppSessionId, AssertionId, ChallengeId, Digest, Kid, SessionId,
};

/// One transaction: if everything in [`expects`](Self::expects) is as it was
/// read, store everything in [`writes`](Self::writes), all or nothing.
///
/// The outcome is for nobody's eyes before that: only
/// [`committed`](Self::committed) gives it. After a conflict the commit is
/// dropped, the facts are read again and the same request decided again.
#[derive(PartialEq, Eq, Debug)]
#[must_use = "a decision counts for nothing until it is committed"]
pub struct Commit<O = Outcome> {
    expects: Vec<Expect>,
    writes: Vec<Fact>,
    outcome: O,
}

/// Something that must not have changed since it was read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Expect {
    /// What.
    pub fact: FactId,
    /// Its version; `None` where it must be absent.
    pub version: Option<u64>,
}

/// Names something in the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FactId {
    /// A login session.
    Session(SessionId),
    /// An enrolment.
    Enrolment(SessionId),
    /// An account.
    Account(AccountId),
    /// The account whose key this is: a unique index over the accounts.
    AccountOf(Kid),
    /// An assertion that was accepted. The store may forget it once its expiry has passed.
    Assertion(AssertionId),
    /// The credentials of the user whose name has this SHA-256.
    Credentials(Digest),
    /// An action.
    Action(ActionId),
    /// A challenge. The store also finds it by the hashes of its two tokens.
    Challenge(ChallengeId),
    /// What the user whose name has this SHA-256 was asked lately.
    Prompts(Digest),
    /// An app session.
    AppSession(AppSessionId),
}

/// Something to store in place of what has the same id.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// A login session.
    Session(Session),
    /// An enrolment.
    Enrolment(Enrolment),
    /// An account.
    Account(Account),
    /// An assertion that was accepted.
    Assertion(AssertionId),
    /// A user's credentials.
    Credentials(Credentials),
    /// An action.
    Action(Action),
    /// A challenge.
    Challenge(Challenge),
    /// What a user was asked lately.
    Prompts(Prompts),
    /// Nothing any more: what has this id is erased.
    Erased(FactId),
    /// An app session. The store finds it by its id and by its web nonce's hash.
    AppSession(AppSession),
}

/// What may be told, to the device or to the backend, once the commit is done.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// What it asked for.
    Settled(Settled),
    /// It is logged in to the app.
    LoggedIn(AppSettled),
    /// It has an account that a channel for data belongs to, or one that is full now.
    Admitted(Admitted),
    /// No, although something was stored: its account is frozen (CLN-3, CLN-4).
    Refused(Code),
}

/// What a device may be told in a channel for actions, once the commit is done.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Reply<T> {
    /// What it asked for.
    Said(T),
    /// No, although something was stored: its account is frozen (CLN-3, CLN-4), or
    /// the challenge has ended (CHA-6, CHA-8).
    Refused(Code),
}

impl<O> Commit<O> {
    /// A commit that stores nothing yet.
    pub(super) fn new(outcome: O) -> Self {
        Self {
            expects: Vec::new(),
            writes: Vec::new(),
            outcome,
        }
    }

    /// Adds something that must still be as it was read.
    pub(super) fn expecting(mut self, fact: FactId, version: Option<u64>) -> Self {
        self.expects.push(Expect { fact, version });
        self
    }

    /// AST-8: an accepted assertion's id "is stored in the commit that accepts it".
    pub(super) fn using_up(self, accepted: &Accepted) -> Self {
        self.expecting(FactId::Assertion(accepted.id()), None)
            .writing(Fact::Assertion(accepted.id()))
    }

    /// Changes the account that is to be stored.
    pub(super) fn map_account(mut self, change: impl Fn(Account) -> Account) -> Self {
        for write in &mut self.writes {
            if let Fact::Account(account) = write {
                *account = change(account.clone());
            }
        }
        self
    }

    /// Adds something to store.
    pub(super) fn writing(mut self, fact: Fact) -> Self {
        self.writes.push(fact);
        self
    }

    /// What must be as it was read.
    pub fn expects(&self) -> &[Expect] {
        &self.expects
    }

    /// What to store.
    pub fn writes(&self) -> &[Fact] {
        &self.writes
    }

    /// What the device may be told. Call it when the store has said that the
    /// transaction is committed, and durable (STO-2).
    pub fn committed(self) -> O {
        self.outcome
    }
}
