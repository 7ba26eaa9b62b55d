//! The scenes, and what each party has when its scene begins.

use std::collections::{BTreeMap, BTreeSet};

use countersign::auth::{
    Account, AccountLevel, Config, Credentials, Enrolment, EnrolmentTerms, Held, Lineage, Nonce,
    Scope, Session, SessionTerms, Standing,
};
use countersign::crypto::PublicKey;
use countersign::device::wallet::Factors;
use countersign::device::{self, Registration, Wallet};
use countersign::messages::factor::pseudonym;
use countersign::messages::handshake::{Announce, Policy};
use countersign::registry::{AUTH_VERSIONS, Factor, Level};
use countersign::values::{AccountId, Pseudonym, RecordId, Rolling, ServerId, UnixSeconds};

use super::store::Store;
use crate::cast;
use crate::clock;
use crate::versions::edition::{self, Edition};

/// What is played.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scene {
    /// A login for which the owner's account is pre-selected and the PIN asked for. An attacker
    /// has seen the link.
    Asked,
    /// A login without a second factor, whose link only the owner has; an attacker has a
    /// session of his own.
    Plain,
    /// An enrolment. An attacker has seen the link.
    Enrolment,
}

/// All scenes.
pub const SCENES: [Scene; 3] = [Scene::Asked, Scene::Plain, Scene::Enrolment];

/// The owner's `K_dev`, in the scenes that begin with an account.
pub const OWNERS_KEY: PublicKey = PublicKey([0x31; 64]);
/// The `K_dev` that the owner's phone makes for the enrolment, first and second try.
pub const OWNERS_NEW_KEYS: [PublicKey; 2] = [PublicKey([0x32; 64]), PublicKey([0x33; 64])];
/// The `K_dev` of the attacker's account.
pub const ATTACKERS_KEY: PublicKey = PublicKey([0x34; 64]);
/// A `K_dev` that the attacker makes.
pub const ATTACKERS_NEW_KEY: PublicKey = PublicKey([0x35; 64]);

/// The owner's account.
pub const OWNERS: AccountId = AccountId([0xac; 16]);
/// The attacker's account.
pub const ATTACKERS: AccountId = AccountId([0xa7; 16]);

/// The auth server.
pub fn server() -> ServerId {
    edition::server()
}

/// Its parameters.
pub fn parameters() -> Edition {
    Edition::first(AUTH_VERSIONS.to_vec())
}

/// Its configuration.
pub fn config() -> Config {
    parameters().config()
}

/// The nonce of the link that the owner has.
pub fn owners_nonce() -> Nonce {
    Nonce::new([0x11; 32])
}

/// The nonce of the attacker's own session.
pub fn attackers_nonce() -> Nonce {
    Nonce::new([0x22; 32])
}

/// The hours, in seconds after the beginning: now; when assertions have expired; when
/// sessions and enrolments have.
pub const HOURS_S: [u64; 3] = [0, 130, 1_000];

/// What a clock that is right shows in this hour.
pub fn hour(hour: u8) -> UnixSeconds {
    clock::NOW.plus(HOURS_S[hour as usize])
}

/// What the clock of that server shows.
pub fn server_time(replica: usize, hour: u8) -> UnixSeconds {
    clock::of_replica(replica).plus(HOURS_S[hour as usize])
}

const EXPIRES: UnixSeconds = UnixSeconds(clock::NOW.0 + 600);

/// What the factor server calls the phone with this `K_dsf` towards `audience`.
pub fn subject(phone: &PublicKey, audience: ServerId) -> Pseudonym {
    pseudonym(&cast::PSEUDONYMS, RecordId(phone.kid().0), audience)
}

/// What is shown to the user.
fn announce() -> Announce {
    let strings = [("to".to_string(), "the shop".to_string())].into();
    Announce {
        logo: None,
        strings,
    }
}

/// The PIN, and no older than an assertion can be.
const PIN: Policy = Policy {
    factors: Factor::Pin as u8,
    max_age_s: 600,
    cached: false,
};

impl Scene {
    /// Whether an attacker has seen the owner's link.
    pub fn is_leaked(self) -> bool {
        match self {
            Self::Asked | Self::Enrolment => true,
            Self::Plain => false,
        }
    }

    /// The owner's session, if there is one.
    pub fn session(self) -> Option<Session> {
        let (preselected, policy) = match self {
            Self::Asked => (Some(OWNERS), Some(PIN)),
            Self::Plain => (None, None),
            Self::Enrolment => return None,
        };
        Some(session(owners_nonce(), preselected, policy))
    }

    /// The attacker's session, if there is one.
    pub fn attackers_session(self) -> Option<Session> {
        (self == Self::Plain).then(|| session(attackers_nonce(), None, None))
    }

    /// The enrolment, if there is one.
    pub fn enrolment(self) -> Option<Enrolment> {
        let terms = EnrolmentTerms {
            user_name: "ada".into(),
            expires: EXPIRES,
            announce: Some(announce()),
            scope: Scope::New,
        };
        let enrolment = Enrolment::new(server(), owners_nonce(), terms);
        (self == Self::Enrolment).then(|| enrolment.expect("within its limits"))
    }

    /// The auth server's store.
    pub fn store(self) -> Store {
        let mut accounts = vec![account(
            ATTACKERS,
            "eve",
            ATTACKERS_KEY,
            &cast::ATTACKERS_PHONE,
        )];
        if self != Self::Enrolment {
            accounts.push(account(OWNERS, "ada", OWNERS_KEY, &cast::OWNERS_PHONE));
        }
        let listed = |account: &Account| {
            let held = Held {
                account: account.id,
                user_authentication: false,
            };
            let list = Credentials {
                user: account.user_name.clone(),
                version: 0,
                held: vec![held],
            };
            (Credentials::id(&account.user_name), list)
        };
        let sessions = [self.session(), self.attackers_session()];
        Store {
            sessions: sessions
                .into_iter()
                .flatten()
                .map(|it| (it.id, it))
                .collect(),
            enrolments: self.enrolment().into_iter().map(|it| (it.id, it)).collect(),
            credentials: accounts.iter().map(listed).collect(),
            accounts: accounts
                .into_iter()
                .map(|it| (it.id, it))
                .collect::<BTreeMap<_, _>>(),
            assertions: BTreeSet::new(),
        }
    }

    /// What the owner's phone has stored.
    pub fn wallet(self) -> Wallet {
        if self == Self::Enrolment {
            return Wallet::default();
        }
        Wallet {
            servers: vec![parameters().known()],
            accounts: vec![device::Account {
                server: server(),
                id: OWNERS,
                user_name: "ada".into(),
                level: Level::Full,
                key: OWNERS_KEY,
                approval_key: None,
                successor: None,
                counter: 0,
                rolling: FIRST_ROLLING,
                factor_due: false,
            }],
            registrations: vec![Registration {
                server: cast::FACTOR_SERVER,
                key: cast::OWNERS_PHONE,
                request_number: 0,
                factors: Factors::default(),
            }],
            ..Wallet::default()
        }
    }
}

const FIRST_ROLLING: Rolling = Rolling([0; 16]);

fn session(nonce: Nonce, preselected: Option<AccountId>, policy: Option<Policy>) -> Session {
    let terms = SessionTerms {
        expires: EXPIRES,
        announce: Some(announce()),
        preselected,
        policy,
    };
    Session::new(server(), nonce, terms).expect("within its limits")
}

fn account(id: AccountId, user_name: &str, key: PublicKey, phone: &PublicKey) -> Account {
    Account {
        id,
        version: 0,
        user_name: user_name.into(),
        key,
        approval_key: None,
        level: AccountLevel::Full(subject(phone, server())),
        standing: Standing::Active,
        lineage: Lineage::begin(FIRST_ROLLING, UnixSeconds(clock::NOW.0 - 1_000)),
        app: None,
    }
}
