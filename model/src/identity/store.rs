//! The auth server's store, as section 10 of protocol.md wants it, and as it must not be.

use std::collections::{BTreeMap, BTreeSet};

use countersign::auth::{
    Account, Commit, Credentials, Enrolment, Expect, Fact, FactId, Outcome, Request, Session,
};
use countersign::crypto::PublicKey;
use countersign::values::{AccountId, AssertionId, Digest, SessionId, UnixSeconds};

use super::weakenings::Weak;

/// All that is stored.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Store {
    /// Login sessions.
    pub sessions: BTreeMap<SessionId, Session>,
    /// Enrolments.
    pub enrolments: BTreeMap<SessionId, Enrolment>,
    /// Accounts.
    pub accounts: BTreeMap<AccountId, Account>,
    /// Assertions that were accepted.
    pub assertions: BTreeSet<AssertionId>,
    /// Each user's credentials.
    pub credentials: BTreeMap<Digest, Credentials>,
}

/// What a decision reads.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The session that the request names.
    pub session: Option<Session>,
    /// The enrolment that it names.
    pub enrolment: Option<Enrolment>,
    /// The account that has its key.
    pub account: Option<Account>,
    /// The credentials of the enrolment's user.
    pub credentials: Option<Credentials>,
    /// Whether its assertion was accepted before.
    pub used: bool,
}

/// A decision: what a [`Commit`] asks of the store, and its outcome, which nobody looks
/// at before it is committed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Decided {
    /// What must be as it was read.
    pub expects: Vec<Expect>,
    /// What to store.
    pub writes: Vec<Fact>,
    /// What the device may be told then.
    pub outcome: Outcome,
    /// What the server's clock showed: it is looked at once.
    pub at: UnixSeconds,
}

impl Decided {
    /// The commit that was decided on then.
    pub fn new(commit: Commit, at: UnixSeconds) -> Self {
        Self {
            expects: commit.expects().to_vec(),
            writes: commit.writes().to_vec(),
            outcome: commit.committed(),
            at,
        }
    }
}

impl Store {
    /// What a decision on this request reads.
    pub fn read(&self, request: &Request) -> Facts {
        let named = request.session;
        let enrolment = named.and_then(|id| self.enrolments.get(&id));
        let user = enrolment.map(|enrolment| Credentials::id(&enrolment.user_name));
        Facts {
            session: named.and_then(|id| self.sessions.get(&id)).cloned(),
            enrolment: enrolment.cloned(),
            account: self.account_of(&request.key).cloned(),
            credentials: user.and_then(|user| self.credentials.get(&user)).cloned(),
            used: request
                .assertion_id()
                .is_some_and(|id| self.assertions.contains(&id)),
        }
    }

    /// The account that has this key.
    pub fn account_of(&self, key: &PublicKey) -> Option<&Account> {
        self.accounts.values().find(|account| account.key == *key)
    }

    /// The store after all of it, or nothing on a conflict.
    pub fn after(&self, expects: &[Expect], writes: &[Fact], weak: Option<Weak>) -> Option<Self> {
        let is_met = |expect: &Expect| self.is(expect) || Weak::is_blind(weak, expect.fact);
        if !expects.iter().all(is_met) {
            return None;
        }
        let mut after = self.clone();
        for write in writes {
            match write.clone() {
                Fact::Session(it) => drop(after.sessions.insert(it.id, it)),
                Fact::Enrolment(it) => drop(after.enrolments.insert(it.id, it)),
                Fact::Account(it) => drop(after.accounts.insert(it.id, it)),
                Fact::Assertion(id) => drop(after.assertions.insert(id)),
                Fact::Credentials(list) => {
                    let id = Credentials::id(&list.user);
                    after.credentials.insert(id, list);
                }
                other @ (Fact::Action(_)
                | Fact::Challenge(_)
                | Fact::Prompts(_)
                | Fact::Erased(_)
                | Fact::AppSession(_)) => unreachable!("no login or enrolment writes {other:?}"),
            }
        }
        Some(after)
    }

    fn is(&self, expect: &Expect) -> bool {
        let version = match expect.fact {
            FactId::Session(id) => self.sessions.get(&id).map(|it| it.version),
            FactId::Enrolment(id) => self.enrolments.get(&id).map(|it| it.version),
            FactId::Account(id) => self.accounts.get(&id).map(|it| it.version),
            FactId::AccountOf(kid) => {
                let mut accounts = self.accounts.values();
                accounts.find(|it| it.key.kid() == kid).map(|it| it.version)
            }
            FactId::Assertion(id) => self.assertions.contains(&id).then_some(0),
            FactId::Credentials(id) => self.credentials.get(&id).map(|it| it.version),
            other @ (FactId::Action(_)
            | FactId::Challenge(_)
            | FactId::Prompts(_)
            | FactId::AppSession(_)) => unreachable!("no login or enrolment reads {other:?}"),
        };
        version == expect.version
    }
}
