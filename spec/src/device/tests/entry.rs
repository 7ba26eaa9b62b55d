//! Handshakes that no link leads to, and what a statement brings for its second factor:
//! APP-1, APP-2, APP-4, APP-10, APP-17, APP-18, DATA-1, HEADLESS-1, HEADLESS-2, CLN-1.

use super::*;
use crate::device::app::Millis;
use crate::device::entry::{Called, Calling, Entering, Entrant, Next, Settling};
use crate::edhoc::IdCred;
use crate::messages::BindInput;
use crate::messages::app::{Admitted, AppSettled, WebNonce};
use crate::messages::channel::Refused;
use crate::messages::handshake::Statement as Ead3;
use crate::registry::{Factor, Purpose};
use crate::values::{AppSessionId, Type};

const CLOCK: Millis = Millis(1_000);
const PROOF: Digest = Digest([0x9f; 32]);

fn app_login() -> Entrant {
    Entrant::AppLogin {
        account: account(ALICE),
        inactivity_s: None,
    }
}

fn headless() -> Entrant {
    Entrant::Headless(Creating {
        server: auth_id(),
        key: key::device().public(),
    })
}

/// An offer for an app login or a channel for data.
fn offer(policy: Option<Policy>) -> Ead2 {
    Ead2 {
        announce: None,
        policy,
        ..login_offer()
    }
}

fn called(entrant: Entrant, offer: Ead2) -> Result<Called, Refusal> {
    let wallet = enrolled();
    let calling = Calling::new(entrant, &wallet, &[V1_0]);
    let offer = Verified::attest(offer);
    let commit = calling.greeted(&offer, &authenticated(&wallet), TRANSCRIPT, &wallet)?;
    Ok(commit.committed())
}

/// What goes out where no factor has to be asked for.
fn entering(entrant: Entrant, policy: Option<Policy>, backing: Backing) -> Commit<Entering> {
    match called(entrant, offer(policy))
        .expect("fits")
        .go_on(backing, CLOCK)
    {
        Next::Enter(commit) => *commit,
        Next::Factor(proving) => panic!("a factor is asked for: {proving:?}"),
    }
}

fn settling(entrant: Entrant) -> Settling {
    entering(entrant, None, Backing::Nothing).committed().sent()
}

fn admitted(account: AccountId, level: Level) -> Verified<Admitted> {
    Verified::attest(Admitted {
        ty: Type,
        account,
        user_name: String::new(),
        level,
        rolling: Rolling([2; 16]),
    })
}

#[test]
fn an_offer_is_what_its_purpose_has() {
    let wrong = refused(Code::Structure);
    let table: [(_, fn() -> Entrant, fn(&mut Ead2), _); 7] = [
        ("a PIN", app_login, |_| {}, Ok(())),
        ("nothing", app_login, |o| o.policy = None, Ok(())),
        (
            "announces",
            app_login,
            |o| o.announce = Some(announce()),
            wrong,
        ),
        ("pre-selects", app_login, |o| o.account = Some(ALICE), wrong),
        (
            "a voucher",
            app_login,
            |o| o.voucher = Some(Bytes(vec![1])),
            wrong,
        ),
        ("headless", headless, |o| o.policy = None, Ok(())),
        ("headless, with a PIN (HEADLESS-3)", headless, |_| {}, wrong),
    ];
    for (name, entrant, edit, result) in table {
        let offer = edited(offer(Some(PIN_POLICY)), edit);
        row(name, called(entrant(), offer).map(drop), result);
    }
}

#[test]
fn ead_1_claims_nothing() {
    for (entrant, purpose) in [
        (app_login(), Purpose::AppLogin),
        (Entrant::Data(account(ALICE)), Purpose::Data),
        (headless(), Purpose::Headless),
    ] {
        let ead_1 = Calling::new(entrant, &enrolled(), &[V1_0]).ead_1();
        assert_eq!((ead_1.purpose, ead_1.claim), (purpose, None)); // SES-9
        assert_eq!(ead_1.epoch, Some(3));
    }
}

/// The table of `device::evidence`: whether a fresh factor is asked for.
#[test]
fn what_a_statement_has_to_bring() {
    let proof = Backing::Proof(PROOF);
    for (policy, due, backing, fresh) in [
        (Some(PIN_POLICY), false, Backing::Nothing, true),
        (Some(PIN_POLICY), true, Backing::Live, true),
        (Some(PIN_POLICY), true, proof, false),
        (None, false, Backing::Nothing, false),
        (None, true, Backing::Nothing, true), // APP-17
        (None, true, Backing::Live, false),
    ] {
        let account = Account {
            factor_due: due,
            ..account(ALICE)
        };
        let data = called(Entrant::Data(account.clone()), offer(policy)).expect("fits");
        let asked = matches!(data.go_on(backing, CLOCK), Next::Factor(_));
        assert_eq!(asked, fresh, "{policy:?} {due} {backing:?}");

        // An app login rests on no app session (APP-4).
        let entrant = Entrant::AppLogin {
            account,
            inactivity_s: None,
        };
        let app = called(entrant, offer(policy)).expect("fits");
        let asked = matches!(app.go_on(backing, CLOCK), Next::Factor(_));
        assert_eq!(asked, policy.is_some() || due, "{policy:?} {due}");
    }
}

#[test]
fn a_statement_has_what_its_purpose_has() {
    let data = Entrant::Data(account(ALICE));
    let commit = entering(data, Some(PIN_POLICY), Backing::Proof(PROOF));
    let counted = Update::Counter {
        server: auth_id(),
        account: ALICE,
        counter: 42,
    };
    assert_eq!(commit.updates(), [counted]); // CLN-1
    let expected = Ead3 {
        app_session_proof: Some(PROOF),
        counter: Some(42),
        rolling: Some(Rolling([1; 16])),
        ..Ead3::bare(Purpose::Data)
    };
    assert_eq!(*commit.committed().statement(), expected);

    // HEADLESS-1: nothing but the purpose, and the credential by value.
    let commit = entering(headless(), None, Backing::Nothing);
    assert_eq!(commit.updates(), []);
    let state = commit.committed();
    assert_eq!(*state.statement(), Ead3::bare(Purpose::Headless));
    assert!(matches!(state.credential().0, IdCred::Value(_)));
}

#[test]
fn a_factor_is_given_for_this_login_alone() {
    let called = called(app_login(), offer(Some(PIN_POLICY))).expect("fits");
    let Next::Factor(proving) = called.go_on(Backing::Nothing, CLOCK) else {
        panic!("a factor is asked for");
    };
    let input = BindInput {
        server: auth_id(),
        context: TRANSCRIPT.0,
        account: Some(ALICE),
        purpose: Purpose::AppLogin,
        session: None,
        announce: None,
        user_input: None,
        decision: None,
        intent: None,
    };
    assert_eq!(proving.errand().bind, input.bind()); // APP-2
    let state = proving.verified(Bytes(vec![1]), Factor::Pin).committed();
    assert_eq!(state.statement().assertion, Some(Bytes(vec![1])));
    assert!(matches!(state.credential().0, IdCred::Kid(_))); // APP-1
}

#[test]
fn a_login_is_stored_before_it_is_reported() {
    let settled = |account| {
        Verified::attest(AppSettled {
            ty: Type,
            account,
            user_name: String::from("alice"),
            rolling: Rolling([2; 16]),
            session: AppSessionId([3; 32]),
            web_nonce: WebNonce::new([4; 32]),
            ping_time_s: 30,
            limit_s: 600,
        })
    };
    let wrong = settling(app_login()).logged_in(&settled(BOB), CLOCK);
    assert_eq!(wrong.map(drop), refused(Code::Structure));
    let commit = settling(app_login())
        .logged_in(&settled(ALICE), CLOCK)
        .expect("logged in");
    let due = Update::FactorDue {
        server: auth_id(),
        account: ALICE,
        due: true,
    };
    assert_eq!(commit.updates().last(), Some(&due)); // APP-17
    // What was not asked for is no success.
    let data = settling(Entrant::Data(account(ALICE))).logged_in(&settled(ALICE), CLOCK);
    assert_eq!(data.map(drop), refused(Code::Structure));
}

#[test]
fn the_same_key_is_the_same_account() {
    let wrong = refused(Code::Structure);
    let data = || Entrant::Data(account(ALICE));
    let (full, bare) = (Level::Full, Level::Headless);
    for (name, entrant, said, result) in [
        ("data", data(), admitted(ALICE, full), Ok(())),
        ("data, of another", data(), admitted(BOB, full), wrong),
        ("data, headless", data(), admitted(ALICE, bare), wrong),
        ("headless", headless(), admitted(ALICE, bare), Ok(())),
        (
            "another for its key",
            headless(),
            admitted(BOB, bare),
            wrong,
        ),
        ("headless, full", headless(), admitted(ALICE, full), wrong),
    ] {
        let got = settling(entrant).admitted(said, false, &enrolled());
        row(name, got.map(drop), result);
    }
}

#[test]
fn a_refusal_teaches_what_was_missed() {
    let due = Update::FactorDue {
        server: auth_id(),
        account: ALICE,
        due: true,
    };
    for (error, learnt) in [(400, vec![due]), (502, vec![])] {
        let refused = Verified::attest(Refused { ty: Type, error });
        let commit = settling(Entrant::Data(account(ALICE))).refused(&refused, &enrolled());
        assert_eq!(commit.updates(), learnt); // APP-18
    }
    for (brought, code, doubts) in [
        (Brought::Proof, Code::NotLoggedIn, true),
        (Brought::Proof, Code::FactorNotAllowed, true),
        (Brought::Proof, Code::SessionFinished, false),
        (Brought::Nothing, Code::FactorRequired, true),
        (Brought::Nothing, Code::NotLoggedIn, false),
        (Brought::Assertion, Code::FactorNotAllowed, false),
    ] {
        assert_eq!(brought.doubts(code), doubts, "{brought:?} {code:?}");
    }
}
