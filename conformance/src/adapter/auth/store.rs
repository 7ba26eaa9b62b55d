//! A store in memory that commits only over what was read (protocol.md, section 10).

use std::collections::{BTreeMap, BTreeSet};

use countersign::auth::action::{Action, Challenge, ChallengeState, Prompts, Ruling};
use countersign::auth::{
    Account, AppSession, Commit, Credentials, Enrolment, Expect, Fact, FactId, Found, Session,
    Wanted,
};
use countersign::error::Code;
use countersign::values::{
    AccountId, ActionId, AppSessionId, AssertionId, ChallengeId, Digest, Kid, SessionId,
};

use crate::adapter::Refusal;

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
    /// Under the hash of the user's name, and so are the prompts.
    credentials: BTreeMap<Digest, Credentials>,
    prompts: BTreeMap<Digest, Prompts>,
    actions: BTreeMap<ActionId, Action>,
    challenges: BTreeMap<ChallengeId, Challenge>,
    app_sessions: BTreeMap<AppSessionId, AppSession>,
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

    /// The credentials of a user.
    pub(super) fn credentials(&self, user: &str) -> Option<&Credentials> {
        self.credentials.get(&Credentials::id(user))
    }

    pub(super) fn app_session(&self, id: AppSessionId) -> Option<&AppSession> {
        self.app_sessions.get(&id)
    }

    /// The app session whose web nonce has this hash.
    pub(super) fn app_session_of(&self, web_nonce: Digest) -> Option<&AppSession> {
        let mut all = self.app_sessions.values();
        all.find(|app| app.web_nonce == web_nonce)
    }

    pub(super) fn action(&self, id: ActionId) -> Option<&Action> {
        self.actions.get(&id)
    }

    pub(super) fn challenge(&self, id: ChallengeId) -> Option<&Challenge> {
        self.challenges.get(&id)
    }

    /// The challenge of an action, if it has one.
    pub(super) fn challenge_of(&self, action: &Action) -> Option<&Challenge> {
        match action.ruling {
            Ruling::Challenged(id) => self.challenge(id),
            Ruling::Allowed | Ruling::Blocked | Ruling::InReview => None,
        }
    }

    /// The challenge that the token with this hash fetches.
    pub(super) fn handed(&self, token: Digest) -> Option<&Challenge> {
        let mut all = self.challenges.values();
        all.find(|challenge| challenge.handed == token)
    }

    /// The challenge that the token with this hash was given for, and whose approval it was.
    pub(super) fn granted(&self, token: Digest) -> Option<(&Challenge, AccountId)> {
        self.challenges
            .values()
            .find_map(|challenge| match &challenge.state {
                ChallengeState::Approved(approved) if approved.grant.token == token => {
                    Some((challenge, approved.account))
                }
                _ => None,
            })
    }

    /// What a user was asked lately.
    pub(super) fn prompts(&self, user: &str) -> Option<&Prompts> {
        self.prompts.get(&Credentials::id(user))
    }

    pub(super) fn has_assertion(&self, id: AssertionId) -> bool {
        self.assertions.contains(&id)
    }

    pub(super) fn found(&self, wanted: Wanted) -> Found<'_> {
        match wanted {
            Wanted::Session(id) => self.session(id).map_or(Found::Nothing, Found::Session),
            Wanted::Enrolment(id) => self.enrolment(id).map_or(Found::Nothing, Found::Enrolment),
            Wanted::Nothing(_) => Found::Nothing,
        }
    }

    /// Takes what the backend makes, or has made of it.
    pub(super) fn put(&mut self, fact: Fact) {
        match fact {
            Fact::Session(it) => drop(self.sessions.insert(it.id, it)),
            Fact::Enrolment(it) => drop(self.enrolments.insert(it.id, it)),
            Fact::Account(it) => {
                self.owners.retain(|_, owner| *owner != it.id);
                self.owners.insert(it.key.kid(), it.id);
                self.accounts.insert(it.id, it);
            }
            Fact::Assertion(id) => drop(self.assertions.insert(id)),
            Fact::Credentials(it) => {
                self.credentials.insert(Credentials::id(&it.user), it);
            }
            Fact::Prompts(it) => drop(self.prompts.insert(Credentials::id(&it.user), it)),
            Fact::Action(it) => drop(self.actions.insert(it.id, it)),
            Fact::Challenge(it) => drop(self.challenges.insert(it.id, it)),
            Fact::AppSession(it) => drop(self.app_sessions.insert(it.id, it)),
            Fact::Erased(id) => self.erase(id),
        }
    }

    fn erase(&mut self, fact: FactId) {
        match fact {
            FactId::Session(id) => drop(self.sessions.remove(&id)),
            FactId::Enrolment(id) => drop(self.enrolments.remove(&id)),
            FactId::Account(id) => {
                self.owners.retain(|_, owner| *owner != id);
                self.accounts.remove(&id);
            }
            FactId::AccountOf(kid) => drop(self.owners.remove(&kid)),
            FactId::Assertion(id) => drop(self.assertions.remove(&id)),
            FactId::Credentials(id) => drop(self.credentials.remove(&id)),
            FactId::Action(id) => drop(self.actions.remove(&id)),
            FactId::Challenge(id) => drop(self.challenges.remove(&id)),
            FactId::Prompts(id) => drop(self.prompts.remove(&id)),
            FactId::AppSession(id) => drop(self.app_sessions.remove(&id)),
        }
    }

    /// One transaction: all of it or nothing. The outcome comes out only of a commit.
    ///
    /// # Errors
    /// [`Conflict`].
    pub(super) fn commit<O>(&mut self, commit: Commit<O>) -> Result<O, Conflict> {
        if !commit.expects().iter().all(|expect| self.is(expect)) {
            return Err(Conflict);
        }
        for fact in commit.writes() {
            self.put(fact.clone());
        }
        Ok(commit.committed())
    }

    /// As [`commit`](Self::commit), of a decision that was made just now.
    ///
    /// # Errors
    /// [`Refusal`] 900, which in a store of one process is a decision that forgot to look.
    pub(super) fn commit_now<O>(&mut self, commit: Commit<O>) -> Result<O, Refusal> {
        self.commit(commit)
            .map_err(|Conflict| Code::Conflict.number().into())
    }

    fn is(&self, expect: &Expect) -> bool {
        let version = match expect.fact {
            FactId::Session(id) => self.session(id).map(|it| it.version),
            FactId::Enrolment(id) => self.enrolment(id).map(|it| it.version),
            FactId::Account(id) => self.account(id).map(|it| it.version),
            FactId::AccountOf(kid) => self.account_of(kid).map(|it| it.version),
            FactId::Assertion(id) => self.has_assertion(id).then_some(0),
            FactId::Credentials(id) => self.credentials.get(&id).map(|it| it.version),
            FactId::Action(id) => self.actions.get(&id).map(|it| it.version),
            FactId::Challenge(id) => self.challenges.get(&id).map(|it| it.version),
            FactId::Prompts(id) => self.prompts.get(&id).map(|it| it.version),
            FactId::AppSession(id) => self.app_sessions.get(&id).map(|it| it.version),
        };
        version == expect.version
    }
}
