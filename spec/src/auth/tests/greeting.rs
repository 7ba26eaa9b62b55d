//! Before authentication: VER-2, HS-8, HS-9, SES-3, SES-4, ENR-4, PAR-6.

use alloc::vec;
use alloc::vec::Vec;

use super::scene::{
    FACTOR_SERVER, NOW, OTHER_SERVER, SERVER, announce, config, enrolment, policy, serving, session,
};
use crate::auth::{Config, Enrolment, Found, Offer, Session, Wanted, greet};
use crate::error::{Code, Refusal};
use crate::messages::factor::Voucher;
use crate::messages::handshake::{Claim, Ead1, Ead2};
use crate::messages::nonce_proof;
use crate::registry::Purpose;
use crate::values::{AccountId, Bytes, Digest, SessionId, UnixSeconds, Version, VoucherId};

const G_X: [u8; 32] = [0x60; 32];
const VOUCHER: VoucherId = VoucherId([0x40; 16]);

fn v(major: u16, minor: u16) -> Version {
    Version { major, minor }
}

fn login() -> Ead1 {
    claiming(Purpose::Login, session().id, [0x11; 32])
}

fn enrol() -> Ead1 {
    claiming(Purpose::Enrol, enrolment().id, [0x22; 32])
}

fn claiming(purpose: Purpose, session: SessionId, nonce: [u8; 32]) -> Ead1 {
    let proof = nonce_proof(&nonce, SERVER, purpose, &G_X);
    Ead1 {
        versions: vec![v(1, 0)],
        purpose,
        server: SERVER,
        epoch: None,
        claim: Some(Claim { session, proof }),
    }
}

fn offered(ead_1: &Ead1, found: Found<'_>, now: UnixSeconds) -> Result<Ead2, Refusal> {
    match greet(&config(), ead_1, &G_X)?.offer(&config(), found, VOUCHER, now)? {
        Offer::Login(ead_2) => Ok(ead_2),
        Offer::Enrolment(offer) => Ok(offer.vouched(vec![1])),
    }
}

#[test]
fn a_login_is_offered_what_the_session_says() {
    let session = Session {
        preselected: Some(AccountId([1; 16])),
        ..session()
    };
    let ead_2 = offered(&login(), Found::Session(&session), NOW).unwrap();
    assert_eq!(
        ead_2,
        Ead2 {
            version: v(1, 0),
            epoch: 7,
            announce: Some(announce()),
            account: Some(AccountId([1; 16])),
            policy: Some(policy()),
            voucher: None,
            parameters: Some(config().parameters),
        }
    );
}

#[test]
fn an_enrolment_is_offered_pin_policy_and_voucher() {
    let enrolment = enrolment();
    let greeting = greet(&config(), &enrol(), &G_X).unwrap();
    let offer = greeting
        .offer(&config(), Found::Enrolment(&enrolment), VOUCHER, NOW)
        .unwrap();
    let Offer::Enrolment(offer) = offer else {
        panic!()
    };
    assert_eq!(
        *offer.voucher(),
        Voucher {
            issuer: SERVER,
            factor_server: FACTOR_SERVER,
            id: VOUCHER,
            expiry: NOW.plus(600),
        }
    );
    assert_eq!(
        offer.vouched(vec![1, 2]),
        Ead2 {
            version: v(1, 0),
            epoch: 7,
            announce: Some(announce()),
            account: None,
            policy: Some(Enrolment::POLICY),
            voucher: Some(Bytes(vec![1, 2])),
            parameters: Some(config().parameters),
        }
    );
}

#[test]
fn parameters_are_left_out_for_who_knows_them() {
    for (epoch, sent) in [
        (None, true),
        (Some(6), true),
        (Some(7), false),
        (Some(8), true),
    ] {
        let ead_1 = Ead1 { epoch, ..login() };
        let ead_2 = offered(&ead_1, Found::Session(&session()), NOW).unwrap();
        assert_eq!(ead_2.parameters.is_some(), sent, "{epoch:?}");
    }
}

#[test]
fn the_highest_common_version_is_chosen() {
    let config = Config {
        versions: vec![v(1, 0), v(1, 2), v(2, 0)],
        ..config()
    };
    let choose = |versions: Vec<Version>| -> Result<Version, Refusal> {
        let greeting = greet(
            &config,
            &Ead1 {
                versions,
                epoch: Some(7),
                ..login()
            },
            &G_X,
        )?;
        match greeting.offer(&config, Found::Session(&session()), VOUCHER, NOW)? {
            Offer::Login(ead_2) => Ok(ead_2.version),
            Offer::Enrolment(_) => panic!(),
        }
    };
    let rows = [
        (vec![v(1, 0)], Ok(v(1, 0))),
        (vec![v(1, 0), v(1, 1), v(1, 2), v(1, 3)], Ok(v(1, 2))),
        (vec![v(1, 0), v(2, 0), v(3, 0)], Ok(v(2, 0))),
        (vec![v(1, 2), v(1, 0)], Ok(v(1, 2))),
        (vec![v(1, 1)], Err(Code::NoCommonVersion.into())),
        (vec![v(0, 9), v(3, 0)], Err(Code::NoCommonVersion.into())),
        (vec![], Err(Code::Structure.into())),
        (vec![v(1, 0); 8], Ok(v(1, 0))),
        (vec![v(1, 0); 9], Err(Code::Structure.into())),
    ];
    for (versions, chosen) in rows {
        assert_eq!(choose(versions.clone()), chosen, "{versions:?}");
    }
}

#[test]
fn another_server_is_refused() {
    let ead_1 = Ead1 {
        server: OTHER_SERVER,
        ..login()
    };
    assert_eq!(
        greet(&config(), &ead_1, &G_X),
        Err(Code::WrongServer.into())
    );
}

#[test]
fn only_login_and_enrol_are_served() {
    for purpose in Purpose::ALL {
        let greeting = greet(
            &config(),
            &Ead1 {
                purpose: *purpose,
                ..login()
            },
            &G_X,
        );
        match purpose {
            Purpose::Login | Purpose::Enrol => assert_eq!(greeting.unwrap().purpose(), *purpose),
            _ => assert_eq!(greeting, Err(Code::PurposeRefused.into()), "{purpose:?}"),
        }
    }
}

/// HEADLESS-11: whether vouchers are handed to whoever asks is a switch of its own.
#[test]
fn an_upgrade_is_refused_by_itself() {
    let asks = |purpose| Ead1 {
        purpose,
        claim: None,
        ..login()
    };
    for (upgrade, result) in [
        (true, Ok(Purpose::Upgrade)),
        (false, Err(Code::PurposeRefused.into())),
    ] {
        let mut config = serving();
        config.services.upgrade = upgrade;
        let greeted = |purpose| {
            let greeting = greet(&config, &asks(purpose), &G_X);
            greeting.map(|greeting| greeting.purpose())
        };
        assert_eq!(greeted(Purpose::Upgrade), result);
        assert_eq!(greeted(Purpose::Headless), Ok(Purpose::Headless));
    }
}

/// HEADLESS-5: "a policy that allows the PIN and nothing else, and a voucher".
#[test]
fn an_upgrade_is_offered_a_voucher_for_this_factor_server() {
    let ead_1 = Ead1 {
        purpose: Purpose::Upgrade,
        claim: None,
        ..login()
    };
    let greeting = greet(&serving(), &ead_1, &G_X).unwrap();
    let offer = greeting.offer(&serving(), Found::Nothing, VOUCHER, NOW);
    let Ok(Offer::Enrolment(offer)) = offer else {
        panic!("an offer that lacks its voucher: {offer:?}");
    };
    let voucher = Voucher {
        issuer: SERVER,
        factor_server: FACTOR_SERVER,
        id: VOUCHER,
        expiry: NOW.plus(600),
    };
    assert_eq!(*offer.voucher(), voucher);
    let ead_2 = offer.vouched(vec![1]);
    assert_eq!(ead_2.policy, Some(Enrolment::POLICY));
    assert_eq!((ead_2.announce, ead_2.account), (None, None));
}

#[test]
fn the_claim_says_what_to_look_up() {
    let wanted = |ead_1| greet(&config(), &ead_1, &G_X).map(|greeting| greeting.wanted());
    assert_eq!(wanted(login()), Ok(Wanted::Session(session().id)));
    assert_eq!(wanted(enrol()), Ok(Wanted::Enrolment(enrolment().id)));
}

/// SES-3: "in one and the same way: error 300, the same for each".
#[test]
fn without_the_nonce_everything_looks_the_same() {
    let (session, enrolment) = (session(), enrolment());
    let other = Session::new(SERVER, crate::auth::Nonce::new([0x44; 32]), terms()).unwrap();
    let proof = |purpose, nonce: &[u8; 32], g_x| Some(nonce_proof(nonce, SERVER, purpose, g_x));
    let with = |ead_1: Ead1, proof: Option<Digest>| Ead1 {
        claim: Some(Claim {
            proof: proof.unwrap(),
            ..ead_1.claim.unwrap()
        }),
        ..ead_1
    };
    let (found, nothing) = (Found::Session(&session), Found::Nothing);
    let (login_1, enrol_1) = (Purpose::Login, Purpose::Enrol);
    let rows = [
        (
            "no claim",
            Ead1 {
                claim: None,
                ..login()
            },
            found,
            NOW,
        ),
        ("unknown", login(), nothing, NOW),
        (
            "unknown, proved with zeros",
            with(login(), proof(login_1, &[0; 32], &G_X)),
            nothing,
            NOW,
        ),
        (
            "another nonce",
            with(login(), proof(login_1, &[0x12; 32], &G_X)),
            found,
            NOW,
        ),
        (
            "proof for another G_X",
            with(login(), proof(login_1, &[0x11; 32], &[0; 32])),
            found,
            NOW,
        ),
        (
            "proof for another purpose",
            with(login(), proof(enrol_1, &[0x11; 32], &G_X)),
            found,
            NOW,
        ),
        (
            "a session to enrol",
            claiming(enrol_1, session.id, [0x11; 32]),
            found,
            NOW,
        ),
        (
            "an enrolment to log in",
            claiming(login_1, enrolment.id, [0x22; 32]),
            Found::Enrolment(&enrolment),
            NOW,
        ),
        (
            "another session than was claimed",
            claiming(login_1, session.id, [0x44; 32]),
            Found::Session(&other),
            NOW,
        ),
        (
            "a session that expires now",
            login(),
            found,
            session.expires,
        ),
        (
            "an expired session",
            login(),
            found,
            session.expires.plus(1),
        ),
        (
            "an enrolment that expires now",
            enrol(),
            Found::Enrolment(&enrolment),
            enrolment.expires,
        ),
    ];
    for (what, ead_1, found, now) in rows {
        assert_eq!(
            offered(&ead_1, found, now),
            Err(Code::SessionUnavailable.into()),
            "{what}"
        );
    }
    let last_moment = UnixSeconds(session.expires.0 - 1);
    assert!(offered(&login(), found, last_moment).is_ok());
}

fn terms() -> crate::auth::SessionTerms {
    crate::auth::SessionTerms {
        expires: NOW.plus(300),
        announce: None,
        preselected: None,
        policy: None,
    }
}
