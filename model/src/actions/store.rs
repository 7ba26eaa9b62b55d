//! The auth server's store, as section 10 of protocol.md wants it, and as it must not be.

use std::collections::{BTreeMap, BTreeSet};

use countersign::auth::action::{
    Action as Tracked, Challenge, ChallengeState, Prompts, Started, Validated,
};
use countersign::auth::{Account, Commit, Credentials, Expect, Fact, FactId, Reply};
use countersign::crypto::PublicKey;
use countersign::messages::action::Approved;
use countersign::values::{AccountId, ActionId, AssertionId, ChallengeId, Digest, UnixSeconds};

use super::weakenings::Weak;
use super::world::{self, Which};

/// All that is stored.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Store {
    /// Accounts.
    pub accounts: BTreeMap<AccountId, Account>,
    /// Each user's credentials.
    pub credentials: BTreeMap<Digest, Credentials>,
    /// Actions.
    pub actions: BTreeMap<ActionId, Tracked>,
    /// Challenges.
    pub challenges: BTreeMap<ChallengeId, Challenge>,
    /// What each user was asked lately.
    pub prompts: BTreeMap<Digest, Prompts>,
    /// Assertions that were accepted.
    pub assertions: BTreeSet<AssertionId>,
}

/// A decision: what a [`Commit`] asks of the store, and its outcome, which nobody looks
/// at before it is committed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Decided {
    /// What must be as it was read.
    pub expects: Vec<Expect>,
    /// What to store.
    pub writes: Vec<Fact>,
    /// What may be told then.
    pub told: Told,
    /// What the server's clock showed: it is looked at once.
    pub at: UnixSeconds,
}

/// What may be told once a decision is committed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Told {
    /// To the backend, of an action.
    Started(Started),
    /// To a device.
    Answer(Reply<Approved>),
    /// To the backend, of a token.
    Validated(Validated),
    /// Nothing but that it is done.
    Done,
}

impl Decided {
    /// The commit that was decided on then.
    pub fn new<O>(commit: Commit<O>, told: fn(O) -> Told, at: UnixSeconds) -> Self {
        Self {
            expects: commit.expects().to_vec(),
            writes: commit.writes().to_vec(),
            told: told(commit.committed()),
            at,
        }
    }
}

impl Store {
    /// The challenge about an action, if there is one.
    pub fn about(&self, of: Which) -> Option<&Challenge> {
        let action = Some(world::action_id(of));
        self.challenges.values().find(|it| it.action == action)
    }

    /// What became of it.
    pub fn state(&self, of: Which) -> Option<&ChallengeState> {
        self.about(of).map(|challenge| &challenge.state)
    }

    /// What the user of an action was asked lately.
    pub fn asked(&self, of: Which) -> Option<&Prompts> {
        self.prompts.get(&Credentials::id(world::user(of)))
    }

    /// The account that has this key.
    pub fn account_of(&self, key: &PublicKey) -> Option<&Account> {
        self.accounts.values().find(|account| account.key == *key)
    }

    /// The store after all of it, or nothing on a conflict.
    pub fn after(&self, decided: &Decided, weak: Option<Weak>) -> Option<Self> {
        let is_met = |expect: &Expect| self.is(expect) || Weak::is_blind(weak, expect.fact);
        if !decided.expects.iter().all(is_met) {
            return None;
        }
        let mut after = self.clone();
        for write in decided.writes.iter().cloned() {
            match write {
                Fact::Account(it) => drop(after.accounts.insert(it.id, it)),
                Fact::Assertion(id) => drop(after.assertions.insert(id)),
                Fact::Action(it) => drop(after.actions.insert(it.id, it)),
                Fact::Challenge(it) => drop(after.challenges.insert(it.id, it)),
                Fact::Credentials(list) => {
                    let id = Credentials::id(&list.user);
                    after.credentials.insert(id, list);
                }
                Fact::Prompts(prompts) => {
                    let id = Credentials::id(&prompts.user);
                    after.prompts.insert(id, prompts);
                }
                other @ (Fact::Session(_)
                | Fact::Enrolment(_)
                | Fact::Erased(_)
                | Fact::AppSession(_)) => unreachable!("nothing about actions writes {other:?}"),
            }
        }
        Some(after)
    }

    fn is(&self, expect: &Expect) -> bool {
        let version = match expect.fact {
            FactId::Account(id) => self.accounts.get(&id).map(|it| it.version),
            FactId::Assertion(id) => self.assertions.contains(&id).then_some(0),
            FactId::Credentials(id) => self.credentials.get(&id).map(|it| it.version),
            FactId::Action(id) => self.actions.get(&id).map(|it| it.version),
            FactId::Challenge(id) => self.challenges.get(&id).map(|it| it.version),
            FactId::Prompts(id) => self.prompts.get(&id).map(|it| it.version),
            other @ (FactId::Session(_)
            | FactId::Enrolment(_)
            | FactId::AccountOf(_)
            | FactId::AppSession(_)) => unreachable!("nothing about actions reads {other:?}"),
        };
        version == expect.version
    }
}
