//! Servers, devices and backends, each time without one guard.

use countersign::auth::{Account, Followed, Lineage, Standing, WrongStanding};
use countersign::device::Update;
use countersign::registry::seconds;
use countersign::values::UnixSeconds;

use super::server::{Facts, Told};
use super::{Clones, Scene, properties as p};
use crate::weaken::Expected::Broken;
use crate::weaken::Weakened;

/// Which guard is missing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Weak {
    /// The device does not store its counter before it sends.
    CounterNotStored,
    /// The server compares clocks as if they were one.
    OneClock,
    /// It takes every counter that is not above for a copy's.
    LateIsCopy,
    /// It takes every counter that is not above for a late one.
    CopyIsLate,
    /// It does not keep the value that the device is known to have.
    ForgetCurrent,
    /// It refuses a copy and does not freeze.
    NoFreeze,
    /// A lift forgets when it was.
    LiftAnyTime,
    /// A lift keeps what was said before.
    LiftKeeps,
    /// A frozen account is served.
    ServeFrozen,
    /// A commit does not look whether the account has changed.
    BlindCommit,
    /// The device does not store the new key before it sends it.
    NewKeyNotStored,
    /// It drops the old key when it sends the new one.
    DropOldKey,
    /// The server answers before its commit.
    AnswerBeforeCommit,
}

impl Weak {
    /// What a server hands to the transition function in place of what it has read.
    pub fn read(weak: Option<Self>, mut facts: Facts) -> Facts {
        match weak {
            Some(Self::OneClock) => facts.began = facts.began.plus(seconds::SKEW),
            Some(Self::LateIsCopy) => facts.began = UnixSeconds(u64::MAX),
            Some(Self::CopyIsLate) if matches!(facts.account.lineage, Lineage::Followed(_)) => {
                facts.began = UnixSeconds(0);
            }
            Some(Self::ServeFrozen) if facts.account.standing == Standing::Frozen => {
                facts.account.standing = Standing::Active;
            }
            _ => {}
        }
        facts
    }

    /// What it stores in place of what it should.
    pub fn stored(weak: Option<Self>, before: &Account, after: Account, told: &Told) -> Account {
        match (weak, &after.lineage) {
            (Some(Self::ForgetCurrent), Lineage::Followed(last)) => Account {
                lineage: Lineage::Followed(Followed {
                    current: last.next,
                    ..*last
                }),
                ..after
            },
            (Some(Self::NoFreeze), _) if matches!(told, Told::Refused(_)) => before.clone(),
            _ => after,
        }
    }

    /// What the backend makes of a frozen account.
    pub fn lifted(
        weak: Option<Self>,
        before: &Account,
        now: UnixSeconds,
    ) -> Result<Account, WrongStanding> {
        match weak {
            Some(Self::LiftAnyTime) => before.clone().lift(UnixSeconds(0)),
            Some(Self::LiftKeeps) => Ok(Account {
                lineage: before.lineage.clone(),
                ..before.clone().lift(now)?
            }),
            _ => before.clone().lift(now),
        }
    }

    /// What a device makes durable in place of what it should.
    pub fn durable(weak: Option<Self>, updates: &[Update]) -> Vec<Update> {
        let made = updates.iter().cloned();
        match weak {
            Some(Self::CounterNotStored) => made
                .filter(|update| !matches!(update, Update::Counter { .. }))
                .collect(),
            Some(Self::NewKeyNotStored) => made
                .filter(|update| !matches!(update, Update::Rotating { .. }))
                .collect(),
            Some(Self::DropOldKey) => made
                .map(|update| match update {
                    Update::Rotating {
                        server,
                        account,
                        key,
                    } => Update::Rotated {
                        server,
                        account,
                        key,
                    },
                    update => update,
                })
                .collect(),
            _ => made.collect(),
        }
    }
}

/// Every weakening, by name.
pub fn all() -> Vec<Weakened<Clones>> {
    macro_rules! weakened {
        ($($name:literal $weak:ident $scene:ident $change:literal $expected:expr;)+) => {
            vec![$(Weakened {
                name: $name,
                change: $change,
                expected: const { $expected },
                model: || Clones::new(&[Scene::$scene], Some(Weak::$weak)),
            }),+]
        };
    }
    weakened! {
        "counter-of-clone-not-stored" CounterNotStored ALONE
            "the device does not store its counter before it sends" Broken(p::C6);
        "one-clock-for-all" OneClock ALONE
            "the server compares the clocks of two replicas as if they were one" Broken(p::C6);
        "late-is-copy" LateIsCopy ALONE
            "the server takes every counter that is not above the last for a copy's" Broken(p::C6);
        "forget-current-value" ForgetCurrent ALONE
            "the server does not keep the value that the device is known to have" Broken(p::C6);
        "copy-is-late" CopyIsLate COPIED
            "the server takes every counter that is not above the last for a late one" Broken(p::C6_EXACT);
        "no-freeze" NoFreeze COPIED
            "the server refuses a copy and does not freeze" Broken(p::C6_EXACT);
        "lift-any-time" LiftAnyTime LIFTED
            "what was under way at the freeze is taken after its lift" Broken(p::CLN_6);
        "lift-keeps" LiftKeeps LIFTED
            "a lift keeps what was said before" Broken(p::C6);
        "serve-frozen" ServeFrozen LIFTED
            "a frozen account is served" Broken(p::S10);
        "commit-blindly" BlindCommit ROTATED
            "a commit does not look whether the account has changed" Broken(p::S10);
        "new-key-not-stored" NewKeyNotStored ROTATED
            "the device does not store the new key before it sends it" Broken(p::CRD_10);
        "drop-old-key" DropOldKey ROTATED
            "the device drops the old key when it sends the new one" Broken(p::CRD_10);
        "answer-before-rotation" AnswerBeforeCommit ROTATED
            "the server answers before its commit" Broken(p::CRD_10);
    }
}
