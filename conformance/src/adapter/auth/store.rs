//! A store in memory that commits only over what was read (protocol.md, section 10).

use std::collections::{BTreeMap, BTreeSet};

use countersign::auth::{
    Account, Commit, Enrolment, Expect, Fact, FactId, Found, Outcome, Session, Wanted,
};
use countersign::values::{AccountId, AssertionId, Kid, SessionId};

/// Everything that the auth server keeps.
#[derive(Debug, Default)]
pub(super) struct Store {
    sessions: BTreeMap<SessionId, Session>,
    enrolments: BTreeMap<SessionId, Enrolment>,
    accounts: BTreeMap<AccountId, Account>,
    /// The unique index over the accounts' keys.
    owners: BTreeMap<Kid, AccountId>,
    /// Kept for good, which is longer than their expiry.
    assertions: BTreeSet<AssertionId>,
}

/// Something that was read has changed: nothing was written.
#[derive(Debug)]
pub(super) struct Conflict;

impl Store {
    pub(super) fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id)
    }

    pub(super) fn enrolment(&self, id: SessionId) -> Option<&Enrolment> {
        self.enrolments.get(&id)
    }

    pub(super) fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// The account whose key this is.
    pub(super) fn account_of(&self, key: Kid) -> Option<&Account> {
        self.accounts.get(self.owners.get(&key)?)
    }

    pub(super) fn has_assertion(&self, id: AssertionId) -> bool {
        self.assertions.contains(&id)
    }

    pub(super) fn found(&self, wanted: Wanted) -> Found<'_> {
        match wanted {
            Wanted::Session(id) => self.session(id).map_or(Found::Nothing, Found::Session),
            Wanted::Enrolment(id) => self.enrolment(id).map_or(Found::Nothing, Found::Enrolment),
        }
    }

    /// Takes what the backend makes, or has made of it.
    pub(super) fn put(&mut self, fact: Fact) {
        match fact {
            Fact::Session(it) => drop(self.sessions.insert(it.id, it)),
            Fact::Enrolment(it) => drop(self.enrolments.insert(it.id, it)),
            Fact::Account(it) => {
                self.owners.insert(it.key.kid(), it.id);
                self.accounts.insert(it.id, it);
            }
            Fact::Assertion(id) => drop(self.assertions.insert(id)),
        }
    }

    /// One transaction: all of it or nothing. The outcome comes out only of a commit.
    ///
    /// # Errors
    /// [`Conflict`].
    pub(super) fn commit(&mut self, commit: Commit) -> Result<Outcome, Conflict> {
        if !commit.expects().iter().all(|expect| self.is(expect)) {
            return Err(Conflict);
        }
        for fact in commit.writes() {
            self.put(fact.clone());
        }
        Ok(commit.committed())
    }

    fn is(&self, expect: &Expect) -> bool {
        let version = match expect.fact {
            FactId::Session(id) => self.session(id).map(|it| it.version),
            FactId::Enrolment(id) => self.enrolment(id).map(|it| it.version),
            FactId::Account(id) => self.account(id).map(|it| it.version),
            FactId::AccountOf(kid) => self.account_of(kid).map(|it| it.version),
            FactId::Assertion(id) => self.has_assertion(id).then_some(0),
        };
        version == expect.version
    }
}
