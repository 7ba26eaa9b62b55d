//! What a device accepts as an offer: VER-1, VER-3, SES-1, SES-2, SES-8, DEV-4, ENR-4.

use super::*;
use crate::device::greeting::check_version;
use crate::registry::Purpose;

fn version(major: u16, minor: u16) -> Version {
    Version { major, minor }
}

#[test]
fn a_version_is_the_highest_that_both_have() {
    let [a, b, c] = [version(1, 0), version(1, 1), version(2, 0)];
    let wrong = refused(Code::WrongVersion);
    for (name, chosen, offered, signed, result) in [
        ("the only one", a, &[a][..], &[a][..], Ok(())),
        ("the highest", c, &[a, b, c], &[a, b, c], Ok(())),
        (
            "the highest of the server's",
            b,
            &[a, b, c],
            &[a, b],
            Ok(()),
        ),
        (
            "the highest of the device's",
            b,
            &[a, b],
            &[a, b, c],
            Ok(()),
        ),
        ("lower than both have", a, &[a, b], &[a, b], wrong),
        ("never offered", c, &[a, b], &[a, b, c], wrong),
        ("not signed for", c, &[a, b, c], &[a, b], wrong),
        ("none in common", a, &[a], &[b], wrong),
    ] {
        row(name, check_version(chosen, offered, signed), result);
    }
}

#[test]
fn a_login_needs_an_account_at_that_server() {
    let at = |wallet: &Wallet, server| Greeting::login(wallet, server, SESSION, &[V1_0]).map(drop);
    assert_eq!(at(&Wallet::default(), auth_id()), refused(Code::NoAccount)); // SES-1
    assert_eq!(at(&enrolled(), factor_id()), refused(Code::NoAccount));
    assert_eq!(at(&enrolled(), auth_id()), Ok(()));
}

#[test]
fn ead_1_says_what_is_wanted_and_no_nonce() {
    let greeting = Greeting::login(&enrolled(), auth_id(), SESSION, &[V1_0, V1_1]).expect("begins");
    let proof = Digest([9; 32]);
    let ead_1 = greeting.ead_1(proof);
    assert_eq!(ead_1.versions, [V1_0, V1_1]); // VER-1
    assert_eq!(ead_1.purpose, Purpose::Login);
    assert_eq!((ead_1.server, ead_1.epoch), (auth_id(), Some(3)));
    let claim = ead_1.claim.expect("SES-2");
    assert_eq!((claim.session, claim.proof), (SESSION, proof));
    let stranger = Greeting::enrol(&Wallet::default(), auth_id(), proof, SESSION, &[V1_0]);
    assert_eq!(stranger.ead_1(proof).epoch, None); // PAR-6: send them
}

#[test]
fn a_login_offer_is_checked() {
    let mut oversized = announce();
    oversized
        .strings
        .insert(String::from("long"), "x".repeat(6 * 1024));
    let table: [(_, fn(&mut Ead2), _); 8] = [
        ("right", |_| {}, Ok(())),
        ("no factor", |o| o.policy = None, Ok(())),
        (
            "another version (VER-3)",
            |o| o.version = V1_1,
            refused(Code::WrongVersion),
        ),
        (
            "pre-selects what the device lacks (DEV-4)",
            |o| o.account = Some(BOB),
            refused(Code::NoAccount),
        ),
        (
            "a voucher",
            |o| o.voucher = Some(Bytes(vec![1])),
            refused(Code::Structure),
        ),
        (
            "a policy without factors",
            |o| {
                o.policy = Some(Policy {
                    factors: 0,
                    ..PIN_POLICY
                })
            },
            refused(Code::Structure),
        ),
        (
            "a policy with unknown factors",
            |o| {
                o.policy = Some(Policy {
                    factors: 5,
                    ..PIN_POLICY
                })
            },
            refused(Code::Structure),
        ),
        (
            "a policy for biometrics alone",
            |o| {
                o.policy = Some(Policy {
                    factors: 2,
                    ..PIN_POLICY
                })
            },
            refused(Code::FactorNotAllowed),
        ),
    ];
    for (name, edit, result) in table {
        let offer = edited(login_offer(), edit);
        row(name, confirming_login(&enrolled(), offer).map(drop), result);
    }
    let offer = Ead2 {
        announce: Some(oversized),
        ..login_offer()
    };
    assert_eq!(
        confirming_login(&enrolled(), offer).map(drop),
        refused(Code::TooLarge)
    ); // SES-8
}

#[test]
fn an_enrolment_offer_is_checked() {
    let table: [(_, fn(&mut Ead2), _); 5] = [
        ("right", |_| {}, Ok(())),
        (
            "no policy (ENR-4)",
            |o| o.policy = None,
            refused(Code::Structure),
        ),
        (
            "a policy for biometrics too (ENR-4)",
            |o| {
                o.policy = Some(Policy {
                    factors: 3,
                    ..PIN_POLICY
                })
            },
            refused(Code::Structure),
        ),
        (
            "no voucher (ENR-4)",
            |o| o.voucher = None,
            refused(Code::Structure),
        ),
        (
            "an account",
            |o| o.account = Some(ALICE),
            refused(Code::Structure),
        ),
    ];
    for (name, edit, result) in table {
        let offer = edited(enrol_offer(), edit);
        row(
            name,
            confirming_enrol(&Wallet::default(), offer).map(drop),
            result,
        );
    }
}

#[test]
fn a_policy_needs_a_factor_server() {
    let parameters = edited(auth_parameters(), |p| p.factor_server = None);
    let wallet = edited(enrolled(), |w| w.servers = vec![known(parameters)]);
    let expected = Greeting::login(&wallet, auth_id(), SESSION, &[V1_0]).expect("begins");
    let server = authenticate(&expected.expected(&wallet), None, 3, NOW, &P256).expect("known");
    let greeted = expected.greeted(
        Verified::attest(login_offer()),
        &server,
        TRANSCRIPT,
        &wallet,
    );
    assert_eq!(greeted.map(drop), refused(Code::Structure));
}

#[test]
fn new_parameters_are_stored_and_known_ones_are_not() {
    let greeted = |wallet: &Wallet| {
        let link = hash(&auth_parameters());
        let greeting = Greeting::enrol(wallet, auth_id(), link, SESSION, &[V1_0]);
        let server = authenticated(wallet);
        let offer = Verified::attest(enrol_offer());
        let commit = greeting
            .greeted(offer, &server, TRANSCRIPT, wallet)
            .expect("greeted");
        commit.updates().to_vec()
    };
    assert_eq!(greeted(&enrolled()), []);
    let new = KnownServer {
        trust: Trust::Link,
        ..known(auth_parameters())
    };
    assert_eq!(greeted(&Wallet::default()), [Update::Server(Box::new(new))]);
}
