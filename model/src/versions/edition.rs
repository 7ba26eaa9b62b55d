//! What the operator publishes: editions of the parameters, identities behind them.

use countersign::auth::{self, Config, Nonce, Services, Session, SessionTerms};
use countersign::auth::{Enrolment, EnrolmentTerms, Scope};
use countersign::cbor;
use countersign::cose::{self, to_sign};
use countersign::crypto::{PublicKey, sha256};
use countersign::device::{Account, KnownServer, Trust, Wallet};
use countersign::messages::handshake::ParametersChain;
use countersign::messages::parameters::{FactorServer, Identity, Parameters};
use countersign::registry::{Level, ServerKind};
use countersign::values::{AccountId, Bytes, Digest, Rolling, ServerId, UnixSeconds, Version};

use super::state::Editions;
use crate::cast::{self, sign};
use crate::clock;

/// How many editions there can be.
pub const MAX_EDITIONS: usize = 4;

/// One edition of the parameters, its identities and its secret keys.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Edition {
    /// What is signed.
    pub parameters: Parameters,
    /// The identity keys up to the one that signs it, the first one first.
    pub identities: Vec<PublicKey>,
}

/// The server's id: the kid of its first identity key.
pub fn server() -> ServerId {
    ServerId(identity_key(0).kid().0)
}

/// The id of a server that is the attacker's own.
pub fn attackers_server() -> ServerId {
    ServerId(ATTACKERS.kid().0)
}

/// The identity key with this sequence.
pub const fn identity_key(sequence: u8) -> PublicKey {
    PublicKey([0x10 + sequence; 64])
}

/// A key that nobody but the attacker has ever had.
pub const ATTACKERS: PublicKey = PublicKey([0x66; 64]);

const fn handshake_key(index: u8) -> PublicKey {
    PublicKey([0x20 + index; 64])
}

const fn v(major: u16, minor: u16) -> Version {
    Version { major, minor }
}

/// What the apps allow: one that goes with the server, one that was left behind.
pub fn lists() -> [Vec<Version>; 2] {
    [vec![v(1, 0), v(1, 1), v(2, 0)], vec![v(1, 0), v(1, 2)]]
}

/// What the edition with this index allows.
fn versions(index: u8) -> Vec<Version> {
    match index {
        0 => vec![v(1, 0), v(1, 1)],
        1 => vec![v(1, 0), v(1, 1), v(2, 0)],
        2 => vec![v(1, 1), v(2, 0)],
        _ => vec![v(2, 0), v(2, 1)],
    }
}

/// The edition with this index.
pub fn edition(editions: &Editions, index: u8) -> Edition {
    let sequence = editions.sequence(index);
    Edition {
        parameters: parameters(server(), u32::from(index) + 1, versions(index), {
            (identity_key(sequence), handshake_key(index))
        }),
        identities: (0..=sequence).map(identity_key).collect(),
    }
}

/// Parameters of `server` under these identity and handshake keys.
pub fn parameters(
    server: ServerId,
    epoch: u32,
    versions: Vec<Version>,
    (identity_key, handshake_key): (PublicKey, PublicKey),
) -> Parameters {
    Parameters {
        server,
        kind: ServerKind::Auth,
        epoch,
        expiry: clock::NOW.plus(1_000_000),
        versions,
        identity_key,
        handshake_key,
        statement_key: cast::VOUCHERS,
        uri: "https://a.example".into(),
        factor_server: Some(FactorServer {
            server: cast::FACTOR_SERVER,
            uri: "https://f.example".into(),
        }),
        ping_time_s: None,
    }
}

impl Edition {
    /// The first edition, with these versions.
    pub fn first(versions: Vec<Version>) -> Self {
        let first = edition(&Editions::default(), 0);
        Self {
            parameters: Parameters {
                versions,
                ..first.parameters
            },
            ..first
        }
    }

    /// The parameters hash.
    pub fn hash(&self) -> Digest {
        Digest(sha256(&[&cbor::to_vec(&self.parameters).expect("small")]))
    }

    /// Signed by the last of its identities, each of which is signed by the one before it. The
    /// first speaks for itself, and is left out where it is alone.
    pub fn chain(&self) -> ParametersChain {
        let server = self.parameters.server;
        let signers = self.identities.first().into_iter().chain(&self.identities);
        let identities = match self.identities.len() {
            1 => Vec::new(),
            _ => (0..)
                .zip(self.identities.iter().zip(signers))
                .map(|(sequence, (key, signer))| {
                    let identity = Identity {
                        server,
                        sequence,
                        key: *key,
                    };
                    signed(&identity, server, signer)
                })
                .collect(),
        };
        ParametersChain {
            identities,
            signed: signed(&self.parameters, server, &self.parameters.identity_key),
        }
    }

    /// The configuration of a server that runs it.
    pub fn config(&self) -> Config {
        Config {
            server: self.parameters.server,
            versions: self.parameters.versions.clone(),
            epoch: self.parameters.epoch,
            parameters: self.chain(),
            handshake_key: self.parameters.handshake_key,
            voucher_key: cast::VOUCHERS,
            factor_server: auth::FactorServer {
                server: cast::FACTOR_SERVER,
                assertion_key: cast::ASSERTIONS,
            },
            voucher_ttl_s: 600,
            services: Services::default(),
        }
    }

    /// As a device knows it.
    pub fn known(&self) -> KnownServer {
        KnownServer {
            parameters: self.parameters.clone(),
            hash: self.hash(),
            sequence: self.identities.len() as u32 - 1,
            trust: Trust::Link,
        }
    }
}

fn signed<T: cose::Statement<Context = (ServerId,)>>(
    statement: &T,
    server: ServerId,
    key: &PublicKey,
) -> Bytes {
    let to_sign = to_sign(statement, &(server,), key.kid()).expect("small");
    let signature = sign(key, to_sign.tbs());
    Bytes(to_sign.signed(signature))
}

/// The wallet of a device that has enrolled under the first edition.
pub fn owners_wallet() -> Wallet {
    Wallet {
        servers: vec![edition(&Editions::default(), 0).known()],
        accounts: vec![Account {
            server: server(),
            id: AccountId([0xac; 16]),
            user_name: "ada".into(),
            key: cast::OWNERS_PHONE,
            approval_key: None,
            successor: None,
            level: Level::Full,
            counter: 0,
            rolling: Rolling([0; 16]),
            factor_due: false,
        }],
        ..Wallet::default()
    }
}

/// The nonce of every link.
const NONCE: [u8; 32] = [0x11; 32];
const EXPIRES: UnixSeconds = UnixSeconds(clock::NOW.0 + 1_000);

/// The nonce of every link: none of this is about who knows it.
pub fn nonce() -> Nonce {
    Nonce::new(NONCE)
}

/// The login session that the server has.
pub fn session() -> Session {
    let terms = SessionTerms {
        expires: EXPIRES,
        announce: None,
        preselected: None,
        policy: None,
    };
    Session::new(server(), nonce(), terms).expect("within its limits")
}

/// The enrolment that the server has.
pub fn enrolment() -> Enrolment {
    let terms = EnrolmentTerms {
        user_name: "ada".into(),
        expires: EXPIRES,
        announce: None,
        scope: Scope::New,
    };
    Enrolment::new(server(), nonce(), terms).expect("within its limits")
}
