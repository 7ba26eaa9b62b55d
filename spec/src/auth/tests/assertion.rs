//! Assertions: AST-1 to AST-8.

use super::scene::{
    FACTOR_SERVER, NOW, OTHER_SERVER, Presented, SERVER, SUBJECT, config, key, policy,
};
use crate::auth::{Accepted, Required, accept};
use crate::cose::to_sign;
use crate::crypto::P256;
use crate::error::{Code, Refusal};
use crate::messages::factor::Voucher;
use crate::messages::handshake::Policy;
use crate::registry::{Factor, Purpose};
use crate::values::{Bind, Bytes, Pseudonym, UnixSeconds, VoucherId};

const BIND: Bind = Bind([0xb1; 32]);

struct Case {
    presented: Presented,
    required: Required,
    used: bool,
    now: UnixSeconds,
}

impl Case {
    fn accept(&self) -> Result<Accepted, Refusal> {
        self.accept_bytes(&self.presented.signed(BIND))
    }

    fn accept_bytes(&self, bytes: &Bytes) -> Result<Accepted, Refusal> {
        accept(&config(), bytes, &self.required, self.used, self.now, &P256)
    }
}

fn base() -> Case {
    let required = Required {
        purpose: Purpose::Login,
        bind: BIND,
        subject: Some(SUBJECT),
        policy: policy(),
    };
    Case {
        presented: Presented::of(Purpose::Login),
        required,
        used: false,
        now: NOW,
    }
}

type Change = fn(&mut Case);

/// In the order of the document.
const REFUSED: &[(Code, &str, Change)] = &[
    (Code::AssertionInvalid, "signed by another key", |case| {
        case.presented.signer = 6
    }),
    (Code::AssertionInvalid, "for another audience", |case| {
        case.presented.context.0 = OTHER_SERVER
    }),
    (Code::AssertionInvalid, "by another issuer", |case| {
        case.presented.context.1 = OTHER_SERVER
    }),
    (Code::AssertionPurpose, "another purpose", |case| {
        case.presented.payload.purpose = Purpose::Enrol;
    }),
    (Code::AssertionBind, "another bind", |case| {
        case.presented.bind = Some(Bind([0xb2; 32]))
    }),
    (Code::AssertionSubject, "another subject", |case| {
        case.presented.payload.subject = Pseudonym([0; 16]);
    }),
    (Code::AssertionExpired, "expires now", |case| {
        case.presented.payload.expiry = NOW
    }),
    (Code::AssertionExpired, "61 s ahead of our clock", |case| {
        case.presented.payload.time = NOW.plus(61);
    }),
    (
        Code::AssertionTooOld,
        "61 s old, where 60 are allowed",
        |case| {
            case.presented.payload.time = UnixSeconds(NOW.0 - 61);
        },
    ),
    (
        Code::FactorNotAllowed,
        "biometric, where the PIN is asked for",
        |case| {
            case.presented.payload.factor = Factor::Biometric;
        },
    ),
    (Code::AssertionUsed, "used before", |case| case.used = true),
];

#[test]
fn an_assertion_is_accepted() {
    let accepted = base().accept().unwrap();
    assert_eq!(accepted.id(), base().presented.payload.id);
    assert_eq!(accepted.subject(), SUBJECT);
    assert_eq!(accepted.factor(), Factor::Pin);
}

#[test]
fn one_change_is_refused() {
    for (code, what, change) in REFUSED {
        let mut case = base();
        change(&mut case);
        assert_eq!(case.accept(), Err((*code).into()), "{what}");
    }
}

#[test]
fn of_two_changes_the_first_is_answered() {
    for (first, (code, what, change)) in REFUSED.iter().enumerate() {
        // The last of two changes to one field counts: the first is made last. Two
        // for one reason may undo each other.
        let rest = REFUSED[first + 1..]
            .iter()
            .filter(|(other, ..)| other != code);
        for (_, also, second) in rest {
            let mut case = base();
            second(&mut case);
            change(&mut case);
            assert_eq!(case.accept(), Err((*code).into()), "{what}, {also}");
        }
    }
}

#[test]
fn at_the_edge_an_assertion_is_accepted() {
    let edges: [(&str, Change); 5] = [
        ("expires in a second", |case| {
            case.presented.payload.expiry = NOW.plus(1)
        }),
        ("60 s ahead of our clock", |case| {
            case.presented.payload.time = NOW.plus(60)
        }),
        ("60 s old", |case| {
            case.presented.payload.time = UnixSeconds(NOW.0 - 60)
        }),
        ("biometric, which is allowed", |case| {
            case.presented.payload.factor = Factor::Biometric;
            case.required.policy = Policy {
                factors: 2,
                ..policy()
            };
        }),
        ("of a subject that is not known yet", |case| {
            case.required.subject = None;
            case.presented.payload.subject = Pseudonym([0; 16]);
        }),
    ];
    for (what, change) in edges {
        let mut case = base();
        change(&mut case);
        assert!(case.accept().is_ok(), "{what}");
    }
}

#[test]
fn what_is_no_assertion_is_invalid() {
    let signer = key(5);
    let voucher = Voucher {
        issuer: SERVER,
        factor_server: FACTOR_SERVER,
        id: VoucherId([1; 16]),
        expiry: NOW.plus(60),
    };
    let to_sign = to_sign(&voucher, &(SERVER,), signer.kid()).unwrap();
    let signature = signer.sign(to_sign.tbs());
    let voucher = Bytes(to_sign.signed(signature));
    let mut trailing = base().presented.signed(BIND);
    trailing.0.push(0);
    let mut flipped = base().presented.signed(BIND);
    *flipped.0.last_mut().unwrap() ^= 1;
    for bytes in [Bytes::default(), voucher, trailing, flipped] {
        assert_eq!(
            base().accept_bytes(&bytes),
            Err(Code::AssertionInvalid.into()),
            "{bytes:?}"
        );
    }
}
