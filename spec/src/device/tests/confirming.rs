//! What the user decides: DEV-3, DEV-5, STM-3, STM-4, KEY-1, ENR-2.

use super::*;
use crate::device::confirming::Confirmed;
use crate::registry::Decision;

fn two_accounts() -> Wallet {
    edited(enrolled(), |wallet| wallet.accounts.push(account(BOB)))
}

fn new_keys() -> NewKeys {
    NewKeys {
        device: Some(key::device().public()),
        factor: Some(key::registration().public()),
        approval: None,
    }
}

#[test]
fn the_account_is_one_of_those_offered() {
    let preselected = Ead2 {
        account: Some(ALICE),
        ..login_offer()
    };
    let one = login(&enrolled(), login_offer());
    let two = login(&two_accounts(), login_offer());
    let alice = login(&two_accounts(), preselected);
    let wrong = refused(Code::WrongAccount);
    for (name, state, choice, result) in [
        ("the only one, unnamed", &one, None, Ok(())),
        ("the only one, named", &one, Some(ALICE), Ok(())),
        ("one that is not there", &one, Some(BOB), wrong),
        ("one of two", &two, Some(BOB), Ok(())),
        ("neither of two (DEV-3)", &two, None, wrong),
        ("the pre-selected one", &alice, Some(ALICE), Ok(())),
        ("the pre-selected one, unnamed", &alice, None, Ok(())),
        ("not the pre-selected one (STM-4)", &alice, Some(BOB), wrong),
    ] {
        row(name, state.choose(choice).map(drop), result);
    }
}

#[test]
fn the_app_is_told_what_to_show() {
    let request = login(&two_accounts(), login_offer()).request();
    let ids: Vec<_> = request.accounts.iter().map(|account| account.id).collect();
    assert_eq!(ids, [ALICE, BOB]);
    assert_eq!(request.announce, Some(announce()));
    let request = enrol(&enrolled(), enrol_offer()).request();
    let ids: Vec<_> = request.accounts.iter().map(|account| account.id).collect();
    assert_eq!(ids, [ALICE]); // DEV-5
    assert_eq!(request.parameters, hash(&auth_parameters()));
}

#[test]
fn without_a_policy_the_answer_follows_at_once() {
    let state = login(
        &enrolled(),
        Ead2 {
            policy: None,
            ..login_offer()
        },
    );
    let choice = state.choose(None).expect("one account");
    let Confirmed::Answer(commit) = state.confirm(choice, None, Backing::Nothing) else {
        panic!("no factor is asked for");
    };
    assert_eq!(
        commit.committed().statement().decision,
        Some(Decision::Confirm)
    );
    let state = login(&enrolled(), login_offer());
    let choice = state.choose(None).expect("one account");
    assert!(matches!(
        state.confirm(choice, None, Backing::Nothing),
        Confirmed::Factor(_)
    )); // HS-12
}

#[test]
fn user_input_has_a_limit() {
    assert!(UserInput::new("x".repeat(4_096)).is_ok());
    assert_eq!(
        UserInput::new("x".repeat(4_097)).map(drop),
        refused(Code::TooLarge)
    ); // STM-3
}

#[test]
fn an_enrolment_takes_the_keys_that_it_needs() {
    let both = new_keys();
    let device = NewKeys {
        factor: None,
        ..both
    };
    let same = NewKeys {
        factor: both.device,
        ..both
    };
    let none = NewKeys::default();
    let approving = |approval: Key| NewKeys {
        approval: Some(approval.public()),
        ..both
    };
    let fresh = enrol(&Wallet::default(), enrol_offer());
    let registered = enrol(&enrolled(), enrol_offer());
    let interrupted = edited(enrolled(), |wallet| {
        let key = key::device().public();
        wallet.enrolling = Some(Enrolling {
            session: SESSION,
            key,
            approval_key: None,
        });
    });
    let interrupted = enrol(&interrupted, enrol_offer());
    let no = refused(Code::NotAsked);
    for (name, state, keys, result) in [
        ("both", &fresh, both, Ok(())),
        ("no factor key", &fresh, device, no),
        ("none", &fresh, none, no),
        (
            "one key in two roles (KEY-1)",
            &fresh,
            same,
            refused(Code::InvalidKey),
        ),
        (
            "a K_act as well",
            &fresh,
            approving(key::approval()),
            Ok(()),
        ),
        (
            "a K_act that is K_dev (KEY-1)",
            &fresh,
            approving(key::device()),
            refused(Code::InvalidKey),
        ),
        (
            "a K_act that is K_dsf (KEY-1)",
            &fresh,
            approving(key::registration()),
            refused(Code::InvalidKey),
        ),
        (
            "a K_act that the earlier try did not have (CRD-3)",
            &interrupted,
            NewKeys {
                approval: Some(key::approval().public()),
                ..none
            },
            no,
        ),
        ("the device key alone", &registered, device, Ok(())),
        ("a second factor key", &registered, both, no),
        (
            "the key of the earlier try (ENR-2)",
            &interrupted,
            none,
            Ok(()),
        ),
        (
            "another key than at the earlier try",
            &interrupted,
            device,
            no,
        ),
    ] {
        row(name, state.take(keys).map(drop), result);
    }
}

#[test]
fn new_keys_are_stored_before_they_are_used() {
    let state = enrol(&Wallet::default(), enrol_offer());
    let keys = state.take(new_keys()).expect("both");
    let mut wallet = Wallet::default();
    let Agreed::Factor(commit) = state.confirm(keys, None) else {
        panic!("there is no K_act");
    };
    for update in commit.updates() {
        wallet.apply(update.clone());
    }
    let enrolling = wallet.interrupted(SESSION).expect("ENR-5");
    assert_eq!(enrolling.key, key::device().public());
    let registration = wallet.registration(factor_id()).expect("registered");
    assert_eq!(registration.key, key::registration().public());
}
