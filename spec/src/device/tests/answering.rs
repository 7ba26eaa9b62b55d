//! Statement and settlement: BND-1, CLN-1, CLN-2, CRED-2, HS-15, STM-1, STM-6.

use super::*;
use crate::crypto::sha256;
use crate::device::confirming::Confirmed;
use crate::edhoc::IdCred;
use crate::messages::BindInput;
use crate::messages::channel::{Refused, Settled};
use crate::messages::handshake::Statement as Ead3;
use crate::registry::{Decision, Purpose};
use crate::values::Type;

fn decided(input: Option<&str>) -> Decided {
    let state = login(&enrolled(), login_offer());
    let choice = state.choose(None).expect("one account");
    let input = input.map(|text| UserInput::new(text.into()).expect("short"));
    match state.confirm(choice, input, Backing::Nothing) {
        Confirmed::Factor(decided) => *decided,
        Confirmed::Answer(_) => panic!("a factor is asked for"),
    }
}

fn enrolment() -> Decided {
    let state = enrol(&Wallet::default(), enrol_offer());
    let device = Some(key::device().public());
    let factor = Some(key::registration().public());
    let keys = NewKeys {
        device,
        factor,
        approval: None,
    };
    let keys = state.take(keys).expect("both");
    match state.confirm(keys, None) {
        Agreed::Factor(commit) => commit.committed(),
        Agreed::Register(_) => panic!("there is no K_act"),
    }
}

fn declined() -> Answering {
    let state = login(&enrolled(), login_offer());
    let choice = state.choose(None).expect("one account");
    state.decline(choice).committed()
}

fn settled() -> Settled {
    Settled {
        ty: Type,
        decision: Decision::Confirm,
        account: ALICE,
        user_name: String::from("alice"),
        rolling: Rolling([2; 16]),
    }
}

fn alice() -> AccountName {
    AccountName {
        id: ALICE,
        user_name: String::from("alice"),
    }
}

#[test]
fn a_factor_is_given_for_exactly_what_is_signed() {
    let input = BindInput {
        server: auth_id(),
        context: TRANSCRIPT.0,
        account: Some(ALICE),
        purpose: Purpose::Login,
        session: Some(SESSION),
        announce: Some(announce().hash()),
        user_input: Some(Digest(sha256(&[b"4.50 EUR"]))),
        decision: Some(Decision::Confirm),
        intent: None,
    };
    assert_eq!(decided(Some("4.50 EUR")).bind(), input.bind()); // BND-1
    let absent = BindInput {
        user_input: None,
        ..input
    };
    assert_eq!(decided(None).bind(), absent.bind());
    // Absent is not empty (STM-3).
    assert_ne!(decided(Some("")).bind(), absent.bind());
    let enrol = BindInput {
        account: None,
        purpose: Purpose::Enrol,
        ..absent
    };
    assert_eq!(enrolment().bind(), enrol.bind());
}

#[test]
fn the_counter_is_stored_before_the_statement_exists() {
    let commit = decided(None).verified(Bytes(vec![1]));
    let (server, account) = (auth_id(), ALICE);
    assert_eq!(
        commit.updates(),
        [Update::Counter {
            server,
            account,
            counter: 42
        }]
    ); // CLN-1
    let statement = commit.committed().statement().clone();
    assert_eq!(statement.counter, Some(42)); // CLN-2
    assert_eq!(statement.rolling, Some(Rolling([1; 16])));
}

#[test]
fn a_statement_has_what_its_purpose_has() {
    let login = decided(Some("input")).verified(Bytes(vec![1])).committed();
    let expected = Ead3 {
        decision: Some(Decision::Confirm), // STM-1
        announce: Some(announce().hash()),
        user_input: Some(String::from("input")),
        assertion: Some(Bytes(vec![1])),
        counter: Some(42),
        rolling: Some(Rolling([1; 16])),
        ..Ead3::bare(Purpose::Login)
    };
    assert_eq!(*login.statement(), expected);
    let decline = Ead3 {
        decision: Some(Decision::Decline),
        user_input: None,
        assertion: None, // STM-6
        ..expected.clone()
    };
    assert_eq!(*declined().statement(), decline);
    let enrol = enrolment().verified(Bytes(vec![1])).committed();
    let expected = Ead3 {
        purpose: Purpose::Enrol,
        user_input: None,
        counter: None,
        rolling: None,
        ..expected
    };
    assert_eq!(*enrol.statement(), expected);
}

#[test]
fn only_a_new_key_travels_by_value() {
    let named = |answering: Answering| answering.credential().0;
    let kid = key::device().public().kid();
    assert_eq!(named(declined()), IdCred::Kid(kid)); // CRED-2
    let enrol = enrolment().verified(Bytes(vec![1])).committed();
    assert!(matches!(named(enrol), IdCred::Value(_)));
}

#[test]
fn success_is_what_the_server_says_and_no_other() {
    let wrong = refused(Code::Structure);
    let too_long = edited(settled(), |s| s.user_name = "x".repeat(257));
    let table = [
        ("confirmed", settled(), Ok(Outcome::Confirmed(alice()))),
        (
            "another decision",
            edited(settled(), |s| s.decision = Decision::Decline),
            wrong.clone(),
        ),
        (
            "another account",
            edited(settled(), |s| s.account = BOB),
            wrong,
        ),
        ("a name over its limit", too_long, refused(Code::TooLarge)),
    ];
    for (name, settled, result) in table {
        let settling = decided(None).verified(Bytes(vec![1])).committed().sent();
        let got = settling
            .settled(Verified::attest(settled), false)
            .map(Commit::committed);
        row(name, got, result);
    }
}

#[test]
fn a_settlement_is_stored() {
    let (server, account, rolling) = (auth_id(), ALICE, Rolling([2; 16]));
    let settling = decided(None).verified(Bytes(vec![1])).committed().sent();
    let commit = settling
        .settled(Verified::attest(settled()), false)
        .expect("settled");
    assert_eq!(
        commit.updates(),
        [Update::Rolling {
            server,
            account,
            rolling
        }]
    );

    let settling = enrolment().verified(Bytes(vec![1])).committed().sent();
    let commit = settling
        .settled(Verified::attest(settled()), false)
        .expect("settled");
    let account = Account {
        counter: 0,
        rolling,
        ..super::account(ALICE)
    };
    assert_eq!(commit.updates(), [Update::Enrolled(account)]);
    assert_eq!(commit.committed(), Outcome::Enrolled(alice()));

    let decline = edited(settled(), |s| s.decision = Decision::Decline);
    let commit = declined()
        .sent()
        .settled(Verified::attest(decline), false)
        .expect("settled");
    assert_eq!(commit.committed(), Outcome::Declined { signed: true });
}

#[test]
fn a_refusal_ends_the_flow_with_its_code() {
    for (error, code) in [(302, Code::SessionFinished), (9999, Code::Structure)] {
        let refused = Verified::attest(Refused { ty: Type, error });
        let settling = decided(None).verified(Bytes(vec![1])).committed().sent();
        assert_eq!(settling.refused(&refused).committed(), code);
    }
}
