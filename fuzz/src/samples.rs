//! One valid encoding of each message, and statements signed with [`SECRET`].

mod actions;
mod sessions;

use countersign::cbor;
use countersign::cose::to_sign;
use countersign::crypto::{PublicKey, Secret, Signature};
use countersign::edhoc::{ConnectionId, Credential, ErrorMessage, Initiator};
use countersign::messages::channel::{KeyUpdate, Refused, Settled};
use countersign::messages::factor::{
    AddBiometric, AskStatus, Assertion, Biometric, BiometricGone, Create, FactorKey, FactorProof,
    RecordStatus, RemoveBiometric, SetPin, Status, Verdict, Verify, Voucher,
};
use countersign::messages::frame::Frame;
use countersign::messages::handshake::{
    Announce, Claim, Ead1, Ead2, EnrolmentProof, ParametersChain, Policy, Statement as Ead3,
};
use countersign::messages::link::{EnrolmentLink, Link, SessionLink};
use countersign::messages::parameters::{FactorServer, Identity, Parameters};
use countersign::registry::{Decision, Factor, Purpose, ServerKind};
use countersign::values::{
    AccountId, AssertionId, Bind, Bytes, ChannelBinding, Digest, Kid, Pseudonym, RecordId, Rolling,
    ServerId, SessionId, Type, UnixSeconds, Version, VoucherId,
};
use p256::ecdsa::{SigningKey, signature::Signer};
use serde::Serialize;

use crate::sign1::{CONTEXT, ForServers, KEY, SECRET};

/// Valid encodings for `decode`, each with its name.
pub fn messages() -> Vec<(&'static str, Vec<u8>)> {
    let mut all = vec![
        ("ead-1", encoded(&ead_1())),
        ("ead-2", encoded(&ead_2())),
        ("announce", encoded(&announce())),
        ("statement", encoded(&statement())),
        ("statement-bare", encoded(&Ead3::bare(Purpose::Login))),
        ("key-update", encoded(&KeyUpdate::default())),
        (
            "refused",
            encoded(&Refused {
                ty: Type,
                error: 402,
            }),
        ),
        ("settled", encoded(&settled())),
        ("create", encoded(&create())),
        ("verify", encoded(&verify())),
        ("ask-status", encoded(&AskStatus::default())),
        ("set-pin", encoded(&set_pin())),
        ("add-biometric", encoded(&add_biometric())),
        ("remove-biometric", encoded(&RemoveBiometric::default())),
        ("biometric-gone", encoded(&BiometricGone::default())),
        ("status", encoded(&status())),
        ("verdict", encoded(&verdict())),
        ("assertion", encoded(&assertion())),
        ("voucher", encoded(&voucher())),
        ("factor-proof", encoded(&factor_proof())),
        ("factor-key", encoded(&factor_key())),
        ("parameters", encoded(&parameters())),
        ("identity", encoded(&identity())),
    ];
    all.extend(handshake_parts());
    all.extend(frames());
    all.extend(links());
    all.extend(sessions::all());
    all.extend(actions::all());
    all.extend(statements());
    all
}

/// Signed statements for `sign1`, each with its name.
pub fn statements() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("signed-assertion", signed(&assertion(), KEY.kid())),
        ("signed-voucher", signed(&voucher(), KEY.kid())),
        ("signed-parameters", signed(&parameters(), KEY.kid())),
        ("signed-identity", signed(&identity(), KEY.kid())),
        ("signed-elsewhere", signed(&voucher(), Kid([9; 16]))),
    ]
}

fn frames() -> Vec<(&'static str, Vec<u8>)> {
    let to = || Bytes(vec![7]);
    let body = || Bytes(vec![0xa5; 40]);
    [
        ("frame-message-1", Frame::Message1 { message: body() }),
        (
            "frame-message-2",
            Frame::Message2 {
                to: to(),
                message: body(),
            },
        ),
        (
            "frame-message-3",
            Frame::Message3 {
                to: to(),
                message: body(),
            },
        ),
        (
            "frame-record",
            Frame::Record {
                to: to(),
                record: body(),
            },
        ),
        (
            "frame-error",
            Frame::Error {
                to: to(),
                error: Bytes(vec![0x01, 0x61, 0x21]),
            },
        ),
    ]
    .map(|(name, frame)| (name, frame.to_vec().expect("within its limit")))
    .into()
}

fn handshake_parts() -> Vec<(&'static str, Vec<u8>)> {
    let c_i = ConnectionId::new(&[7]).expect("at most 8 bytes");
    let (_, message_1) = Initiator::from_entropy([0xe4; 32])
        .message_1(c_i, Some(&encoded(&ead_1())))
        .expect("within its limit");
    vec![
        ("message-1", message_1),
        ("credential-device", Credential::device(KEY).encode()),
        (
            "credential-server",
            Credential::server(CONTEXT, KEY).encode(),
        ),
        ("error", ErrorMessage::of(201).encode()),
        (
            "error-suites",
            ErrorMessage::WrongSuite(vec![6, 2]).encode(),
        ),
        ("error-credential", ErrorMessage::UnknownCredential.encode()),
    ]
}

fn links() -> Vec<(&'static str, Vec<u8>)> {
    let nonce = || Secret::from_bytes([0x4e; 32]);
    let session = Link::Session(SessionLink {
        server: CONTEXT,
        nonce: nonce(),
    });
    let enrolment = Link::Enrolment(EnrolmentLink {
        server: CONTEXT,
        uri: URI.to_owned(),
        parameters: DIGEST,
        nonce: nonce(),
    });
    [("link-session", session), ("link-enrolment", enrolment)]
        .map(|(name, link)| (name, link.to_vec().expect("within its limit")))
        .into()
}

fn ead_1() -> Ead1 {
    Ead1 {
        versions: vec![
            Version { major: 1, minor: 0 },
            Version { major: 1, minor: 2 },
        ],
        purpose: Purpose::Login,
        server: CONTEXT,
        epoch: Some(3),
        claim: Some(Claim {
            session: SessionId([0x5e; 32]),
            proof: DIGEST,
        }),
    }
}

fn ead_2() -> Ead2 {
    Ead2 {
        version: Version { major: 1, minor: 0 },
        epoch: 300,
        announce: Some(announce()),
        account: Some(ACCOUNT),
        policy: Some(Policy {
            factors: 3,
            max_age_s: 120,
            cached: true,
        }),
        voucher: Some(Bytes(signed(&voucher(), KEY.kid()))),
        parameters: Some(ParametersChain {
            identities: vec![Bytes(signed(&identity(), KEY.kid()))],
            signed: Bytes(signed(&parameters(), KEY.kid())),
        }),
    }
}

fn announce() -> Announce {
    Announce {
        logo: Some(DIGEST),
        strings: [
            ("a", "Ärger"),
            ("where", "shop.example"),
            ("amount", "12 €"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into(),
    }
}

fn statement() -> Ead3 {
    Ead3 {
        purpose: Purpose::Enrol,
        decision: Some(Decision::Confirm),
        announce: Some(DIGEST),
        user_input: Some("a note".to_owned()),
        assertion: Some(Bytes(signed(&assertion(), KEY.kid()))),
        enrolment_proof: Some(EnrolmentProof {
            key: KEY,
            signature: SIGNATURE,
        }),
        app_session_proof: Some(DIGEST),
        counter: Some(70_000),
        rolling: Some(Rolling([1; 16])),
    }
}

fn settled() -> Settled {
    Settled {
        ty: Type,
        decision: Decision::Decline,
        account: ACCOUNT,
        user_name: "alice".to_owned(),
        rolling: Rolling([2; 16]),
    }
}

fn create() -> Create {
    Create {
        ty: Type,
        voucher: Bytes(signed(&voucher(), KEY.kid())),
        pin_key: KEY,
        possession: SIGNATURE,
        biometric: None,
    }
}

fn verify() -> Verify {
    Verify {
        ty: Type,
        request_number: 1 << 40,
        store_epoch: 1,
        generation: 2,
        factor: Factor::Pin,
        purpose: Purpose::PinChange,
        bind: Bind([3; 32]),
        audience: CONTEXT,
        proof: SIGNATURE,
    }
}

fn set_pin() -> SetPin {
    SetPin {
        ty: Type,
        generation: 2,
        pin_key: KEY,
        possession: SIGNATURE,
        biometric: Some(Biometric {
            key: KEY,
            possession: SIGNATURE,
        }),
    }
}

fn add_biometric() -> AddBiometric {
    AddBiometric {
        ty: Type,
        key: KEY,
        possession: SIGNATURE,
    }
}

fn status() -> Status {
    Status {
        ty: Type,
        store_epoch: 1,
        max_attempts: 5,
        record: Some(RecordStatus {
            generation: 2,
            request_number: 256,
            failed_attempts: 4,
            blocked: false,
            delay_s: 60,
            biometrics: true,
            pin_needed: false,
        }),
    }
}

fn verdict() -> Verdict {
    Verdict {
        ty: Type,
        request_number: 24,
        outcome: 0,
        failed_attempts: 0,
        max_attempts: 5,
        blocked: false,
        delay_s: 0,
        pin_needed: false,
        assertion: Some(Bytes(signed(&assertion(), KEY.kid()))),
    }
}

fn assertion() -> Assertion {
    Assertion {
        subject: Pseudonym([5; 16]),
        bind: Bind([6; 32]),
        factor: Factor::Biometric,
        time: NOW,
        purpose: Purpose::Login,
        expiry: NOW.plus(120),
        id: AssertionId([7; 16]),
    }
}

fn voucher() -> Voucher {
    Voucher {
        issuer: CONTEXT,
        factor_server: ServerId([4; 16]),
        id: VoucherId([8; 16]),
        expiry: NOW.plus(600),
    }
}

fn factor_proof() -> FactorProof {
    FactorProof {
        record: RecordId([9; 16]),
        store_epoch: 1,
        generation: 2,
        request_number: 255,
        purpose: Purpose::BiometricsRemove,
        bind: Bind([3; 32]),
    }
}

fn factor_key() -> FactorKey {
    FactorKey {
        record: RecordId([9; 16]),
        generation: 65_536,
        key: KEY,
        channel: ChannelBinding([10; 32]),
    }
}

fn parameters() -> Parameters {
    Parameters {
        server: CONTEXT,
        kind: ServerKind::Auth,
        epoch: 3,
        expiry: NOW.plus(1 << 33),
        versions: vec![Version { major: 1, minor: 0 }],
        identity_key: KEY,
        handshake_key: PublicKey([12; 64]),
        statement_key: PublicKey([13; 64]),
        uri: URI.to_owned(),
        factor_server: Some(FactorServer {
            server: ServerId([4; 16]),
            uri: URI.to_owned(),
        }),
        ping_time_s: Some(30),
    }
}

fn identity() -> Identity {
    Identity {
        server: CONTEXT,
        sequence: 1,
        key: KEY,
    }
}

fn signed<T: ForServers>(statement: &T, kid: Kid) -> Vec<u8> {
    let to_sign = to_sign(statement, &T::for_server(CONTEXT), kid).expect("within its limit");
    let key = SigningKey::from_slice(&SECRET).expect("below the order");
    let signature: p256::ecdsa::Signature = key.sign(to_sign.tbs());
    to_sign.signed(Signature(signature.to_bytes().into()))
}

fn encoded(message: &impl Serialize) -> Vec<u8> {
    cbor::to_vec(message).expect("a message has an encoding")
}

const ACCOUNT: AccountId = AccountId([0xac; 16]);
const DIGEST: Digest = Digest([0xd1; 32]);
const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
const SIGNATURE: Signature = Signature([0x51; 64]);
const URI: &str = "https://auth.example/countersign";
