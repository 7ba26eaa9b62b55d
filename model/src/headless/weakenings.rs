//! The auth server, its store and the device, each time without one guard.

use countersign::auth::{
    Account, AccountLevel, Fact, FactId, Followed, Lineage, Outcome, Request, Standing,
};
use countersign::crypto::sha256;
use countersign::device::Update;
use countersign::messages::factor::Assertion;
use countersign::messages::handshake::Statement;
use countersign::registry::{Level, Purpose};
use countersign::values::Rolling;

use super::messages::{Proof, Said, bind};
use super::store::{Decided, Store};
use super::{Bounds, Headless, properties as p, world};
use crate::handshake::IdealHandshake;
use crate::weaken::Expected::Broken;
use crate::weaken::Weakened;

/// Which guard is missing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Weak {
    /// The store does not keep the index of keys unique.
    BlindIndex,
    /// The store does not compare the account.
    BlindSwap,
    /// The device does not store its key before it uses it.
    KeyNotStored,
    /// An assertion's bind is not compared.
    AnyBind,
    /// An assertion's purpose is not compared.
    AnyPurpose,
    /// An assertion's audience is not compared.
    AnyAudience,
    /// A full account is upgraded like a headless one.
    UpgradeFull,
    /// A full account is admitted as a headless one.
    BackToHeadless,
    /// An upgrade that is refused suspends the account.
    SuspendOnFailure,
    /// The answer leaves before the commit.
    AdmitBeforeCommit,
    /// An account that is not active is granted what it asks for.
    InactiveAccount,
    /// A repetition draws a new rolling value and forgets the old one.
    DrawAnew,
}

impl Weak {
    /// What the server hands to the decision in place of what it read and got.
    pub fn handed(weak: Option<Self>, store: &Store, said: &Said) -> (Option<Account>, Request) {
        let mut request = said.request.clone();
        let mut account = store.account_of(&request.key).cloned();
        let (Some(weak), Some(known)) = (weak, &mut account) else {
            return (account, request);
        };
        match (weak, request.purpose) {
            (Self::UpgradeFull, Purpose::Upgrade) | (Self::BackToHeadless, Purpose::Headless) => {
                known.level = AccountLevel::Headless;
            }
            (Self::InactiveAccount, _) => known.standing = Standing::Active,
            _ => {}
        }
        if let Some(proof) = said.proof {
            let right = bind(request.transcript, known.id);
            let (here, payload) = (world::server(), proof.payload);
            let is_bound = payload.bind == right || weak == Self::AnyBind;
            let is_purpose = payload.purpose == Purpose::Upgrade || weak == Self::AnyPurpose;
            let is_here = proof.audience == here || weak == Self::AnyAudience;
            if is_bound && is_purpose && is_here {
                let believed = Proof {
                    payload: Assertion {
                        bind: right,
                        purpose: Purpose::Upgrade,
                        ..payload
                    },
                    audience: here,
                };
                let statement = Statement {
                    assertion: Some(believed.assertion()),
                    ..Statement::clone(&request.statement)
                };
                let handshake = IdealHandshake {
                    signer: request.key,
                    transcript: request.transcript,
                };
                request.statement = handshake.said(&statement);
            }
        }
        (account, request)
    }

    /// What is stored and told in place of what was decided.
    pub fn alter(weak: Option<Self>, store: &Store, decided: &mut Decided, entropy: [u8; 32]) {
        for write in &mut decided.writes {
            let Fact::Account(account) = write else {
                continue;
            };
            let Some(stored) = store.accounts.get(&account.id) else {
                continue;
            };
            match (weak, &mut decided.outcome) {
                (Some(Self::InactiveAccount), _) => account.standing = stored.standing,
                (Some(Self::DrawAnew), Outcome::Admitted(admitted))
                    if admitted.level == Level::Headless =>
                {
                    let mut drawn = [0; 16];
                    drawn.copy_from_slice(&sha256(&[b"anew", &entropy])[..16]);
                    admitted.rolling = Rolling(drawn);
                    if let Lineage::Followed(last) = stored.lineage {
                        account.lineage = Lineage::Followed(Followed {
                            current: Rolling(drawn),
                            next: Rolling(drawn),
                            ..last
                        });
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether the store does not look at this.
    pub fn is_blind(weak: Option<Self>, fact: FactId) -> bool {
        matches!(
            (weak, fact),
            (Some(Self::BlindIndex), FactId::AccountOf(_))
                | (Some(Self::BlindSwap), FactId::Account(_))
        )
    }

    /// What the device forgets to store.
    pub fn is_forgotten(weak: Option<Self>, update: &Update) -> bool {
        matches!(
            (weak, update),
            (Some(Self::KeyNotStored), Update::Creating(_))
        )
    }
}

/// Every weakening, by name.
pub fn all() -> Vec<Weakened<Headless>> {
    macro_rules! weakened {
        ($($name:literal $weak:ident $change:literal $expected:expr;)+) => {
            vec![$(Weakened {
                name: $name,
                change: $change,
                expected: const { $expected },
                model: || Headless::new(Bounds::SMALL, Some(Weak::$weak)),
            }),+]
        };
    }
    weakened! {
        "two-accounts-of-a-key" BlindIndex
            "the store does not keep the index of keys unique" Broken(p::H1);
        "headless-key-not-stored" KeyNotStored
            "the device does not store its key before it uses it" Broken(p::HEADLESS_12);
        "upgrade-any-bind" AnyBind
            "the bind of an upgrade's assertion is not compared" Broken(p::H2);
        "upgrade-any-purpose" AnyPurpose
            "the purpose of an upgrade's assertion is not compared" Broken(p::H2);
        "upgrade-any-audience" AnyAudience
            "the audience of an upgrade's assertion is not compared" Broken(p::H2);
        "back-to-headless" BackToHeadless
            "a full account is admitted as a headless one" Broken(p::HEADLESS_9);
        "upgrade-full" UpgradeFull
            "a full account is upgraded like a headless one" Broken(p::HEADLESS_8);
        "upgrade-blind-swap" BlindSwap
            "the store does not compare the account" Broken(p::HEADLESS_8);
        "suspend-on-failure" SuspendOnFailure
            "an upgrade that is refused suspends the account" Broken(p::H3);
        "admit-before-commit" AdmitBeforeCommit
            "the answer leaves before the commit" Broken(p::S7);
        "upgrade-inactive" InactiveAccount
            "an account that is not active is granted what it asks for" Broken(p::S10);
        "draw-anew" DrawAnew
            "the key of a headless account that comes again gets a new rolling value" Broken(p::C6);
    }
}
