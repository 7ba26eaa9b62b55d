//! The auth server's store, as section 10 of protocol.md wants it, and as it must not be.

use std::collections::{BTreeMap, BTreeSet};

use countersign::auth::{Account, Commit, Expect, Fact, FactId, Outcome};
use countersign::crypto::PublicKey;
use countersign::values::{AccountId, AssertionId};

use super::weakenings::Weak;

/// All that is stored.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Store {
    /// Accounts.
    pub accounts: BTreeMap<AccountId, Account>,
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
    /// What the device may be told then.
    pub outcome: Outcome,
}

impl Decided {
    /// The commit that was decided on.
    pub fn new(commit: Commit) -> Self {
        Self {
            expects: commit.expects().to_vec(),
            writes: commit.writes().to_vec(),
            outcome: commit.committed(),
        }
    }
}

impl Store {
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
                Fact::Account(it) => drop(after.accounts.insert(it.id, it)),
                Fact::Assertion(id) => drop(after.assertions.insert(id)),
                other @ (Fact::Session(_)
                | Fact::Enrolment(_)
                | Fact::Credentials(_)
                | Fact::Action(_)
                | Fact::Challenge(_)
                | Fact::Prompts(_)
                | Fact::Erased(_)
                | Fact::AppSession(_)) => unreachable!("a headless account writes no {other:?}"),
            }
        }
        Some(after)
    }

    fn is(&self, expect: &Expect) -> bool {
        let version = match expect.fact {
            FactId::Account(id) => self.accounts.get(&id).map(|it| it.version),
            FactId::AccountOf(kid) => {
                let mut accounts = self.accounts.values();
                accounts.find(|it| it.key.kid() == kid).map(|it| it.version)
            }
            FactId::Assertion(id) => self.assertions.contains(&id).then_some(0),
            FactId::Credentials(_) => None, // a headless account is nobody's
            other @ (FactId::Session(_)
            | FactId::Enrolment(_)
            | FactId::Action(_)
            | FactId::Challenge(_)
            | FactId::Prompts(_)
            | FactId::AppSession(_)) => unreachable!("a headless account reads no {other:?}"),
        };
        version == expect.version
    }
}
