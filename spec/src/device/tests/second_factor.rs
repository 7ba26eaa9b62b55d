//! A visit to the factor server: FAC-7, DEV-6, DEV-9, DEV-10, DEV-11, DEV-12, HS-11, LCK-6, PIN-2.

use super::*;
use crate::crypto::Signature;
use crate::device::event::{Attempts, FactorContext, FactorResult, SecondFactor};
use crate::device::second_factor::{
    Asking, AskingFirst, Entry, Errand, FactorGreeting, Goal, Judged, Next, Opening, Setting,
    Verifying, Visit,
};
use crate::messages::factor::{RecordStatus, Status, Verdict};
use crate::registry::{Factor, Purpose};
use crate::values::{Bind, ChannelBinding, Type};

const BIND: Bind = Bind([0xbd; 32]);
const ONE: Signature = Signature([1; 64]);
const TWO: Signature = Signature([2; 64]);

fn errand() -> Errand {
    Errand {
        factor_server: factor_id(),
        uri: String::from("factor.example"),
        audience: auth_id(),
        purpose: Purpose::Login,
        bind: BIND,
        session: Some(SESSION),
        voucher: None,
        biometric: true,
    }
}

fn visit() -> Visit {
    Visit::new(errand(), &enrolled()).expect("registered")
}

/// With leave to create a record.
fn first_visit() -> Visit {
    edited(visit(), |visit| {
        let Goal::Assertion(errand) = &mut visit.goal else {
            unreachable!("for an assertion")
        };
        errand.voucher = Some(Bytes(vec![0x70]));
    })
}

fn greeting(visit: Visit, entry: Entry) -> FactorGreeting {
    visit.greet(&enrolled(), &[V1_1, V1_2], entry)
}

fn offer() -> Ead2 {
    Ead2 {
        version: V1_2,
        epoch: 1,
        announce: None,
        account: None,
        policy: None,
        voucher: None,
        parameters: None,
    }
}

fn greeted(greeting: FactorGreeting, offer: Ead2) -> Result<Opening, Refusal> {
    let wallet = enrolled();
    let expected = greeting.expected(&wallet);
    let server = authenticate(&expected, None, 1, NOW, &P256).expect("known");
    greeting
        .greeted(&Verified::attest(offer), &server, &wallet)
        .map(Commit::committed)
}

fn opening(visit: Visit, entry: Entry) -> Opening {
    greeted(greeting(visit, entry), offer()).expect("the offer is right")
}

/// A phone without biometrics.
const PLAIN: Setting = Setting {
    channel: ChannelBinding([3; 32]),
    biometrics: false,
    pin_change_by_biometric: false,
};

fn opened(opening: Opening, status: &Verified<Status>) -> Result<Commit<Next>, Refusal> {
    Ok(opening.status(status, &PLAIN)?.next)
}

fn next(opening: Opening, status: &Verified<Status>) -> Result<Next, Refusal> {
    opened(opening, status).map(Commit::committed)
}

fn nothing() -> Verified<Status> {
    let ty = Type;
    Verified::attest(Status {
        ty,
        store_epoch: 7,
        max_attempts: 3,
        record: None,
    })
}

fn record(request_number: u64, failed_attempts: u32) -> RecordStatus {
    RecordStatus {
        generation: 1,
        request_number,
        failed_attempts,
        blocked: failed_attempts >= 3,
        delay_s: 0,
        biometrics: false,
        pin_needed: true,
    }
}

fn status(record: RecordStatus) -> Verified<Status> {
    let ty = Type;
    Verified::attest(Status {
        ty,
        store_epoch: 7,
        max_attempts: 3,
        record: Some(record),
    })
}

fn asking(request_number: u64) -> Asking {
    let entry = Entry::Ask(FactorResult::Failed);
    match next(opening(visit(), entry), &status(record(request_number, 1))) {
        Ok(Next::Ask(asking)) => asking,
        other => panic!("the PIN is not asked for: {other:?}"),
    }
}

fn asking_first() -> AskingFirst {
    let opening = opening(first_visit(), Entry::Ask(FactorResult::Failed));
    match next(opening, &nothing()) {
        Ok(Next::First(asking)) => asking,
        other => panic!("no first PIN is asked for: {other:?}"),
    }
}

fn verdict(verifying: &Verifying, outcome: u16, failed_attempts: u32) -> Verdict {
    Verdict {
        ty: Type,
        request_number: verifying.request().request_number,
        outcome,
        failed_attempts,
        max_attempts: 3,
        blocked: failed_attempts >= 3,
        delay_s: 0,
        pin_needed: true,
        assertion: (outcome == 0).then(|| Bytes(vec![0xa5])),
    }
}

fn attempts(failed: u32) -> Attempts {
    Attempts {
        max: 3,
        failed,
        blocked: failed >= 3,
        delay_s: 0,
    }
}

/// What the app is told while the flow listens.
fn listening(failed: u32, result: FactorResult) -> SecondFactor {
    SecondFactor {
        context: FactorContext::Verify,
        attempts: attempts(failed),
        show_biometrics: false,
        result,
        retry: true,
        stopped: false,
        session: Some(SESSION),
    }
}

/// What the app is told when it has stopped.
fn stopped(failed: u32, result: FactorResult) -> SecondFactor {
    SecondFactor {
        retry: false,
        stopped: true,
        ..listening(failed, result)
    }
}

#[test]
fn only_a_registered_device_sets_out() {
    let stranger = Wallet::default();
    assert_eq!(
        Visit::new(errand(), &stranger).map(drop),
        refused(Code::UnknownRecord)
    );
    let greeting = greeting(visit(), Entry::Ask(FactorResult::Failed));
    let ead_1 = greeting.ead_1();
    assert_eq!(
        (ead_1.purpose, ead_1.server),
        (Purpose::Factor, factor_id())
    ); // DEV-10
    assert_eq!(ead_1.claim, None); // HS-11
    assert_eq!(greeting.expected(&enrolled()).kind, ServerKind::Factor);
}

#[test]
fn a_factor_servers_offer_is_checked() {
    let no = refused(Code::EadRefused); // HS-11
    let table: [(_, fn(&mut Ead2), _); 6] = [
        ("right", |_| {}, Ok(())),
        (
            "another version (VER-3)",
            |o| o.version = V1_1,
            refused(Code::WrongVersion),
        ),
        ("announce info", |o| o.announce = Some(announce()), no),
        ("an account", |o| o.account = Some(ALICE), no),
        ("a policy", |o| o.policy = Some(PIN_POLICY), no),
        ("a voucher", |o| o.voucher = Some(Bytes(vec![])), no),
    ];
    for (name, edit, result) in table {
        let greeting = greeting(visit(), Entry::Ask(FactorResult::Failed));
        row(
            name,
            greeted(greeting, edited(offer(), edit)).map(drop),
            result,
        );
    }
}

#[test]
fn what_is_registered_decides_what_is_asked() {
    let entry = || Entry::Ask(FactorResult::Failed);
    let opened = |visit, status: &Verified<Status>| next(opening(visit, entry()), status);
    // DEV-6: nothing registered leads to FIRST_SET, but only with leave.
    assert_eq!(asking_first().event().context, FactorContext::FirstSet);
    assert_eq!(
        opened(visit(), &nothing()).map(drop),
        refused(Code::UnknownRecord)
    );
    // Something registered leads to VERIFY; a voucher stays unused.
    assert_eq!(asking(5).event(), listening(1, FactorResult::Failed));
    let verify = opened(first_visit(), &status(record(5, 0)));
    assert!(matches!(verify, Ok(Next::Ask(_))));
    // Blocked: no PIN is asked for (DEV-9).
    let blocked = opened(visit(), &status(record(5, 3)));
    assert_eq!(blocked, Ok(Next::Blocked(stopped(3, FactorResult::Failed))));
}

#[test]
fn a_number_is_stored_before_anything_is_signed() {
    // 5 is the last that the device reserved; the server may have answered more, or fewer.
    for (answered, number) in [(5, 6), (0, 6), (9, 10)] {
        let opening = opening(visit(), Entry::Ask(FactorResult::Failed));
        let commit = opened(opening, &status(record(answered, 0))).expect("as it should be");
        let server = factor_id();
        assert_eq!(commit.updates(), [Update::RequestNumber { server, number }]); // FAC-7
        let Next::Ask(asking) = commit.committed() else {
            panic!("the PIN is asked for");
        };
        assert_eq!(asking.proof().request_number, number);
    }
    let opening = opening(visit(), Entry::Ask(FactorResult::Failed));
    let last = next(opening, &status(record(u64::MAX, 0)));
    assert_eq!(last.map(drop), refused(Code::Structure));
}

#[test]
fn the_request_is_what_the_pin_signed() {
    let asking = asking(5);
    let proof = asking.proof();
    assert_eq!(proof.record, visit().registration.record());
    assert_eq!(
        (proof.store_epoch, proof.generation, proof.bind),
        (7, 1, BIND)
    );
    let verifying = asking.verify(ONE);
    let request = verifying.request();
    assert_eq!(request.request_number, proof.request_number);
    assert_eq!(
        (request.factor, request.purpose),
        (Factor::Pin, Purpose::Login)
    );
    assert_eq!((request.audience, request.proof), (auth_id(), ONE));
}

#[test]
fn a_first_pin_signs_for_its_possession_and_for_the_request() {
    let asking = asking_first();
    let binding = ChannelBinding([3; 32]);
    let key = asking.key(key::stranger().public(), binding);
    assert_eq!((key.generation, key.channel), (1, binding));
    let proof = asking.proof();
    assert_eq!(proof.generation, 1);
    let (creating, create) = asking.create(key.key, ONE, TWO);
    assert_eq!((create.pin_key, create.possession), (key.key, ONE));
    let (_, commit) = creating.created(&status(record(0, 0))).expect("created");
    let verifying = commit.committed();
    assert_eq!(verifying.request().proof, TWO);
    let passed = verifying
        .clone()
        .verdict(Verified::attest(verdict(&verifying, 0, 0)), &PLAIN);
    let Ok(Judged::Passed(passed)) = passed else {
        panic!("the PIN is the one just set")
    };
    assert_eq!(passed.event.context, FactorContext::FirstSet);
}

#[test]
fn a_created_record_is_the_one_that_was_asked_for() {
    let other = |edit: fn(&mut RecordStatus)| status(edited(record(0, 0), edit));
    let structure = refused(Code::Structure);
    for (name, status, result) in [
        ("right", status(record(0, 0)), Ok(())),
        ("none", nothing(), structure),
        ("another generation", other(|r| r.generation = 2), structure),
    ] {
        let asking = asking_first();
        let (creating, _) = asking.create(key::stranger().public(), ONE, TWO);
        row(name, creating.created(&status).map(drop), result);
    }
}

#[test]
fn a_verdict_says_how_it_stands() {
    let judged = |edit: &dyn Fn(&mut Verdict), outcome, failed| {
        let verifying = asking(5).verify(ONE);
        let verdict = edited(verdict(&verifying, outcome, failed), edit);
        verifying.verdict(Verified::attest(verdict), &PLAIN)
    };
    let as_is = |_: &mut Verdict| {};

    let Ok(Judged::Passed(passed)) = judged(&as_is, 0, 0) else {
        panic!("right")
    };
    assert_eq!(passed.event, stopped(0, FactorResult::Success));
    assert_eq!(passed.assertion, Bytes(vec![0xa5]));

    let Ok(Judged::Again(commit)) = judged(&as_is, 410, 2) else {
        panic!("wrong")
    };
    let server = factor_id();
    assert_eq!(
        commit.updates(),
        [Update::RequestNumber { server, number: 7 }]
    );
    assert_eq!(
        commit.committed().event(),
        listening(2, FactorResult::Failed)
    ); // LCK-6

    // DEV-9, whether the server's flag says so or only its counters.
    let blocked = Ok(Judged::Blocked(stopped(3, FactorResult::Failed)));
    assert_eq!(judged(&as_is, 410, 3), blocked);
    assert_eq!(judged(&as_is, 411, 3), blocked);
    let Ok(Judged::Blocked(event)) = judged(&|v| v.blocked = false, 410, 3) else {
        panic!("failedAttempts is maxAttempts");
    };
    assert!(event.attempts.blocked());

    let structure: Result<(), _> = refused(Code::Structure);
    for (name, got) in [
        ("another request's", judged(&|v| v.request_number = 5, 0, 0)),
        (
            "a success without an assertion",
            judged(&|v| v.assertion = None, 0, 0),
        ),
        (
            "an assertion without success",
            judged(&|v| v.assertion = Some(Bytes(vec![])), 410, 1),
        ),
        ("an outcome that there is not", judged(&as_is, 499, 1)),
    ] {
        row(name, got.map(drop), structure);
    }
}

#[test]
fn what_was_not_evaluated_is_asked_again() {
    for code in [
        Code::NumberTooLow,
        Code::NumberReused,
        Code::StoreEpoch,
        Code::Generation,
        Code::Delayed,
    ] {
        let opening = asking(5).verify(ONE).refused(code).expect("DEV-12");
        let Ok(Next::Ask(asking)) = next(opening.committed(), &status(record(9, 1))) else {
            panic!("the PIN is asked for again");
        };
        assert_eq!(asking.event(), listening(1, FactorResult::Error));
        assert_eq!(asking.proof().request_number, 10);
    }
    let other = asking(5).verify(ONE).refused(Code::FactorNotRegistered);
    assert_eq!(other.map(drop), refused(Code::FactorNotRegistered));
}

#[test]
fn a_record_that_exists_after_all_is_verified() {
    let (creating, _) = asking_first().create(key::stranger().public(), ONE, TWO);
    let opening = creating
        .clone()
        .refused(Code::RecordExists)
        .expect("not final");
    let opened = next(opening, &status(record(0, 0)));
    assert!(matches!(opened, Ok(Next::Ask(_))), "{opened:?}");
    let other = creating.refused(Code::VoucherUsed);
    assert_eq!(other.map(drop), refused(Code::VoucherUsed));
}

#[test]
fn a_lost_answer_is_asked_for_with_the_same_bytes() {
    let verifying = asking(5).verify(ONE); // number 6
    let again = |record: RecordStatus| {
        let (visit, entry) = verifying.clone().reconnect();
        next(opening(visit, entry), &status(record))
    };
    // Lost on the way there, and on the way back (DEV-11, FAC-4); blocked or not.
    for record in [record(5, 0), record(6, 0), record(6, 3)] {
        let Ok(Next::Repeat(repeated)) = again(record) else {
            panic!("repeated")
        };
        assert_eq!(repeated.request(), verifying.request());
    }
    // Another PIN lives, or a later request was answered: the user is asked.
    let changed = edited(record(5, 0), |record| record.generation = 2);
    for record in [changed, record(7, 0)] {
        let Ok(Next::Ask(asking)) = again(record) else {
            panic!("asked again")
        };
        assert_eq!(asking.event().result, FactorResult::Error);
    }
}

#[test]
fn a_lost_create_goes_on_where_it_stands() {
    let (creating, _) = asking_first().create(key::stranger().public(), ONE, TWO);
    let (visit, entry) = creating.clone().reconnect();
    let Ok(Next::Repeat(verifying)) = next(opening(visit, entry), &status(record(0, 0))) else {
        panic!("it had arrived: the VERIFY that was signed follows");
    };
    assert_eq!(verifying.request().proof, TWO);
    let (visit, entry) = creating.reconnect();
    let Ok(Next::First(asking)) = next(opening(visit, entry), &nothing()) else {
        panic!("it had not arrived: the user is asked");
    };
    assert_eq!(asking.event().result, FactorResult::Error);
}
