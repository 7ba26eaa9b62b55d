//! One device, one auth server, one factor server, all with real keys.

mod answering;
mod app;
mod biometric;
mod confirming;
mod endpoint;
mod entry;
mod greeting;
mod parameters;
mod peer;
mod registering;
mod second_factor;
mod upgrade;
mod wallet;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::parameters::{Authenticated, Expected};
use super::*;
use crate::cose::{self, Statement};
use crate::crypto::P256;
pub(super) use crate::edhoc::tests::Key;
use crate::error::{Code, Refusal};
use crate::messages::handshake::{Announce, Ead2, ParametersChain, Policy};
use crate::messages::parameters::{FactorServer, Identity, Parameters};
use crate::registry::{Level, ServerKind};
use crate::values::{
    AccountId, Bytes, Digest, Rolling, ServerId, SessionId, Transcript, UnixSeconds, Version,
};
use crate::verified::Verified;

pub(super) const NOW: UnixSeconds = UnixSeconds(1_750_000_000);
pub(super) const TRANSCRIPT: Transcript = Transcript([0x7a; 32]);
pub(super) const SESSION: SessionId = SessionId([0x5e; 32]);
pub(super) const ALICE: AccountId = AccountId([0xa1; 16]);
pub(super) const BOB: AccountId = AccountId([0xb0; 16]);
pub(super) const V1_0: Version = Version { major: 1, minor: 0 };
pub(super) const V1_1: Version = Version { major: 1, minor: 1 };
pub(super) const V1_2: Version = Version { major: 1, minor: 2 };

/// The keys of the cast, one for each role (KEY-1).
pub(super) mod key {
    use super::Key;

    pub fn identity() -> Key {
        Key::of(1)
    }
    pub fn auth() -> Key {
        Key::of(2)
    }
    pub fn factor_identity() -> Key {
        Key::of(4)
    }
    pub fn factor() -> Key {
        Key::of(5)
    }
    pub fn device() -> Key {
        Key::of(7)
    }
    pub fn registration() -> Key {
        Key::of(8)
    }
    pub fn approval() -> Key {
        Key::of(10)
    }
    pub fn stranger() -> Key {
        Key::of(9)
    }
}

pub(super) fn auth_id() -> ServerId {
    ServerId(key::identity().public().kid().0)
}

pub(super) fn factor_id() -> ServerId {
    ServerId(key::factor_identity().public().kid().0)
}

pub(super) fn auth_parameters() -> Parameters {
    Parameters {
        server: auth_id(),
        kind: ServerKind::Auth,
        epoch: 3,
        expiry: NOW.plus(1),
        versions: vec![V1_0],
        identity_key: key::identity().public(),
        handshake_key: key::auth().public(),
        statement_key: Key::of(3).public(),
        uri: String::from("auth.example"),
        factor_server: Some(FactorServer {
            server: factor_id(),
            uri: String::from("factor.example"),
        }),
        ping_time_s: None,
    }
}

pub(super) fn factor_parameters() -> Parameters {
    Parameters {
        server: factor_id(),
        kind: ServerKind::Factor,
        epoch: 1,
        expiry: NOW.plus(1),
        versions: vec![V1_1, V1_2],
        identity_key: key::factor_identity().public(),
        handshake_key: key::factor().public(),
        statement_key: Key::of(6).public(),
        uri: String::from("factor.example"),
        factor_server: None,
        ping_time_s: None,
    }
}

/// A statement about a server, by any key.
pub(super) fn sign<T: Statement<Context = (ServerId,)>>(
    statement: &T,
    server: ServerId,
    by: &Key,
) -> Bytes {
    let to_sign = cose::to_sign(statement, &(server,), by.public().kid()).expect("encodes");
    let signature = by.sign(to_sign.tbs());
    Bytes(to_sign.signed(signature))
}

/// Parameters under the identity key of a server that never had another.
pub(super) fn chain(parameters: &Parameters, by: &Key) -> ParametersChain {
    let signed = sign(parameters, parameters.server, by);
    ParametersChain {
        identities: vec![],
        signed,
    }
}

pub(super) fn hash(parameters: &Parameters) -> Digest {
    let payload = crate::cbor::to_vec(parameters).expect("encodes");
    Digest(crate::crypto::sha256(&[&payload]))
}

pub(super) fn known(parameters: Parameters) -> KnownServer {
    KnownServer {
        hash: hash(&parameters),
        sequence: 0,
        trust: Trust::Pinned,
        parameters,
    }
}

pub(super) fn account(id: AccountId) -> Account {
    Account {
        server: auth_id(),
        id,
        user_name: String::from("alice"),
        level: Level::Full,
        key: key::device().public(),
        approval_key: None,
        successor: None,
        counter: 41,
        rolling: Rolling([1; 16]),
        factor_due: false,
    }
}

/// A device that is enrolled at the auth server and registered at the factor server.
pub(super) fn enrolled() -> Wallet {
    Wallet {
        servers: vec![known(auth_parameters()), known(factor_parameters())],
        accounts: vec![account(ALICE)],
        registrations: vec![Registration {
            server: factor_id(),
            key: key::registration().public(),
            request_number: 5,
            factors: Factors::default(),
        }],
        enrolling: None,
        creating: None,
    }
}

/// The auth server, authenticated by what the device knows or by a fresh chain.
pub(super) fn authenticated(wallet: &Wallet) -> Authenticated {
    let parameters = auth_parameters();
    let expected = Expected {
        server: auth_id(),
        kind: ServerKind::Auth,
        known: wallet.server(auth_id()),
        link: None,
        trust: Trust::Link,
    };
    let chain = chain(&parameters, &key::identity());
    authenticate(&expected, Some(&chain), 3, NOW, &P256).expect("the parameters are right")
}

pub(super) fn announce() -> Announce {
    let strings = [(String::from("title"), String::from("Log in at example"))];
    Announce {
        logo: None,
        strings: strings.into(),
    }
}

pub(super) const PIN_POLICY: Policy = Policy {
    factors: 1,
    max_age_s: 120,
    cached: false,
};

/// An offer for a login with a PIN.
pub(super) fn login_offer() -> Ead2 {
    Ead2 {
        version: V1_0,
        epoch: 3,
        announce: Some(announce()),
        account: None,
        policy: Some(PIN_POLICY),
        voucher: None,
        parameters: None,
    }
}

/// An offer for an enrolment.
pub(super) fn enrol_offer() -> Ead2 {
    Ead2 {
        voucher: Some(Bytes(vec![0x70])),
        ..login_offer()
    }
}

/// A login up to the confirmation.
pub(super) fn confirming_login(wallet: &Wallet, offer: Ead2) -> Result<Confirming, Refusal> {
    let greeting = Greeting::login(wallet, auth_id(), SESSION, &[V1_0])?;
    let server = authenticated(wallet);
    let commit = greeting.greeted(Verified::attest(offer), &server, TRANSCRIPT, wallet)?;
    Ok(commit.committed())
}

/// An enrolment up to the confirmation.
pub(super) fn confirming_enrol(wallet: &Wallet, offer: Ead2) -> Result<Confirming, Refusal> {
    let link = hash(&auth_parameters());
    let greeting = Greeting::enrol(wallet, auth_id(), link, SESSION, &[V1_0]);
    let server = authenticated(wallet);
    let commit = greeting.greeted(Verified::attest(offer), &server, TRANSCRIPT, wallet)?;
    Ok(commit.committed())
}

pub(super) fn login(wallet: &Wallet, offer: Ead2) -> ConfirmingLogin {
    match confirming_login(wallet, offer) {
        Ok(Confirming::Login(state)) => state,
        other => panic!("not a login to confirm: {other:?}"),
    }
}

pub(super) fn enrol(wallet: &Wallet, offer: Ead2) -> ConfirmingEnrol {
    match confirming_enrol(wallet, offer) {
        Ok(Confirming::Enrol(state)) => state,
        other => panic!("not an enrolment to confirm: {other:?}"),
    }
}

pub(super) fn refused<T>(code: Code) -> Result<T, Refusal> {
    Err(Refusal(code))
}

/// A row of a table that failed says which.
pub(super) fn row<T: PartialEq + core::fmt::Debug>(name: &str, got: T, expected: T) {
    assert_eq!(got, expected, "{name}");
}

/// The identity statement of a succession's n-th key.
pub(super) fn identity(sequence: u32, key: &Key, by: &Key) -> Bytes {
    let statement = Identity {
        server: auth_id(),
        sequence,
        key: key.public(),
    };
    sign(&statement, auth_id(), by)
}

pub(super) fn edited<T>(mut value: T, edit: impl FnOnce(&mut T)) -> T {
    edit(&mut value);
    value
}
