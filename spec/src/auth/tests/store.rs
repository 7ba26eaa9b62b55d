//! A store as section 10 of protocol.md wants it, in memory.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::auth::action::{Action, Challenge, Prompts};
use crate::auth::{
    Account, AppSession, Commit, Credentials, Enrolment, Expect, Fact, FactId, Session,
};
use crate::crypto::PublicKey;
use crate::values::{
    AccountId, ActionId, AppSessionId, AssertionId, ChallengeId, Digest, SessionId,
};

#[derive(Clone, Default, PartialEq, Debug)]
pub struct Store {
    pub sessions: BTreeMap<SessionId, Session>,
    pub enrolments: BTreeMap<SessionId, Enrolment>,
    pub accounts: BTreeMap<AccountId, Account>,
    pub assertions: BTreeSet<AssertionId>,
    pub credentials: BTreeMap<Digest, Credentials>,
    pub actions: BTreeMap<ActionId, Action>,
    pub challenges: BTreeMap<ChallengeId, Challenge>,
    pub prompts: BTreeMap<Digest, Prompts>,
    pub app_sessions: BTreeMap<AppSessionId, AppSession>,
}

#[derive(PartialEq, Debug)]
pub struct Conflict;

impl Store {
    /// All of the commit, or none of it.
    pub fn apply<O>(&mut self, commit: Commit<O>) -> Result<O, Conflict> {
        if commit.expects().iter().any(|expect| !self.is(expect)) {
            return Err(Conflict);
        }
        for write in commit.writes() {
            self.write(write.clone());
        }
        Ok(commit.committed())
    }

    pub fn write(&mut self, fact: Fact) {
        match fact {
            Fact::Session(session) => drop(self.sessions.insert(session.id, session)),
            Fact::Enrolment(it) => drop(self.enrolments.insert(it.id, it)),
            Fact::Account(account) => drop(self.accounts.insert(account.id, account)),
            Fact::Assertion(id) => drop(self.assertions.insert(id)),
            Fact::Credentials(list) => {
                let id = Credentials::id(&list.user);
                self.credentials.insert(id, list);
            }
            Fact::Action(action) => drop(self.actions.insert(action.id, action)),
            Fact::Challenge(it) => drop(self.challenges.insert(it.id, it)),
            Fact::Prompts(prompts) => {
                self.prompts.insert(Credentials::id(&prompts.user), prompts);
            }
            Fact::Erased(FactId::Account(id)) => drop(self.accounts.remove(&id)),
            Fact::Erased(other) => panic!("nothing erases {other:?}"),
            Fact::AppSession(app) => drop(self.app_sessions.insert(app.id, app)),
        }
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
            FactId::Credentials(id) => self.credentials.get(&id).map(|list| list.version),
            FactId::Action(id) => self.actions.get(&id).map(|action| action.version),
            FactId::Challenge(id) => self.challenges.get(&id).map(|it| it.version),
            FactId::Prompts(id) => self.prompts.get(&id).map(|prompts| prompts.version),
            FactId::AppSession(id) => self.app_sessions.get(&id).map(|app| app.version),
        };
        version == expect.version
    }
}
