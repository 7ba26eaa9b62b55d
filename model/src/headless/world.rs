//! The scenes, and what each party has when its scene begins.

use std::collections::{BTreeMap, BTreeSet};

use countersign::auth::{Account, AccountLevel, Config, Lineage, Services, Standing};
use countersign::crypto::PublicKey;
use countersign::device::{self, Wallet};
use countersign::messages::factor::pseudonym;
use countersign::registry::{AUTH_VERSIONS, Level};
use countersign::values::{AccountId, Pseudonym, RecordId, Rolling, ServerId, UnixSeconds};

use super::store::Store;
use crate::cast;
use crate::clock;
use crate::versions::edition::{self, Edition};

/// What is played.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scene {
    /// The device has no account.
    First,
    /// It has a headless one.
    Known,
}

/// All scenes.
pub const SCENES: [Scene; 2] = [Scene::First, Scene::Known];

/// The headless account's id, where the scene begins with it.
pub const ACCOUNT: AccountId = AccountId([0xac; 16]);
/// Its `K_dev`.
pub const KEY: PublicKey = PublicKey([0x31; 64]);
const ROLLING: Rolling = Rolling([0; 16]);

/// The `K_dev` that the device makes in the flow of this number.
pub fn new_key(flow: u8) -> PublicKey {
    PublicKey([0x40 + flow; 64])
}

/// The auth server.
pub fn server() -> ServerId {
    edition::server()
}

/// Its configuration.
pub fn config() -> Config {
    Config {
        services: Services {
            headless: true,
            upgrade: true,
            ..Services::default()
        },
        ..edition().config()
    }
}

fn edition() -> Edition {
    Edition::first(AUTH_VERSIONS.to_vec())
}

/// What the factor server calls the phone with this `K_dsf` towards `audience`.
pub fn subject(phone: &PublicKey, audience: ServerId) -> Pseudonym {
    pseudonym(&cast::PSEUDONYMS, RecordId(phone.kid().0), audience)
}

impl Scene {
    /// The auth server's store.
    pub fn store(self) -> Store {
        let account = Account {
            id: ACCOUNT,
            version: 0,
            user_name: String::new(),
            key: KEY,
            approval_key: None,
            level: AccountLevel::Headless,
            standing: Standing::Active,
            lineage: Lineage::begin(ROLLING, UnixSeconds(clock::NOW.0 - 1_000)),
            app: None,
        };
        let accounts = (self == Self::Known).then_some((ACCOUNT, account));
        Store {
            accounts: accounts.into_iter().collect::<BTreeMap<_, _>>(),
            assertions: BTreeSet::new(),
        }
    }

    /// What the device has stored.
    pub fn wallet(self) -> Wallet {
        let account = device::Account {
            server: server(),
            id: ACCOUNT,
            user_name: String::new(),
            level: Level::Headless,
            key: KEY,
            approval_key: None,
            successor: None,
            counter: 0,
            rolling: ROLLING,
            factor_due: false,
        };
        Wallet {
            servers: vec![edition().known()],
            accounts: (self == Self::Known)
                .then_some(account)
                .into_iter()
                .collect(),
            ..Wallet::default()
        }
    }
}
