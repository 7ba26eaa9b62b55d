//! A store as section 10 of protocol.md wants it, in memory.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::auth::{Account, Commit, Enrolment, Expect, Fact, FactId, Outcome, Session};
use crate::crypto::PublicKey;
use crate::values::{AccountId, AssertionId, SessionId};

#[derive(Clone, Default, PartialEq, Debug)]
pub struct Store {
    pub sessions: BTreeMap<SessionId, Session>,
    pub enrolments: BTreeMap<SessionId, Enrolment>,
    pub accounts: BTreeMap<AccountId, Account>,
    pub assertions: BTreeSet<AssertionId>,
}

#[derive(PartialEq, Debug)]
pub struct Conflict;

impl Store {
    /// All of the commit, or none of it.
    pub fn apply(&mut self, commit: Commit) -> Result<Outcome, Conflict> {
        if commit.expects().iter().any(|expect| !self.is(expect)) {
            return Err(Conflict);
        }
        for write in commit.writes() {
            match write.clone() {
                Fact::Session(session) => drop(self.sessions.insert(session.id, session)),
                Fact::Enrolment(it) => drop(self.enrolments.insert(it.id, it)),
                Fact::Account(account) => drop(self.accounts.insert(account.id, account)),
                Fact::Assertion(id) => drop(self.assertions.insert(id)),
            }
        }
        Ok(commit.committed())
    }

    pub fn account_of(&self, key: &PublicKey) -> Option<&Account> {
        self.accounts.values().find(|account| account.key == *key)
    }

    fn is(&self, expect: &Expect) -> bool {
        let version = match expect.fact {
            FactId::Session(id) => self.sessions.get(&id).map(|session| session.version),
            FactId::Enrolment(id) => self.enrolments.get(&id).map(|it| it.version),
            FactId::Account(id) => self.accounts.get(&id).map(|account| account.version),
            FactId::AccountOf(kid) => {
                let mut accounts = self.accounts.values();
                accounts
                    .find(|account| account.key.kid() == kid)
                    .map(|account| account.version)
            }
            FactId::Assertion(id) => self.assertions.contains(&id).then_some(0),
        };
        version == expect.version
    }
}
