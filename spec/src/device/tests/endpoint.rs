//! The whole device, from bytes to bytes: HS-4, HS-5, HS-6, HS-10, HS-12, HS-15,
//! DEV-1, DEV-2, DEV-3, DEV-7, DEV-8, CLN-1, FAC-7, PIN-1, PIN-2, PIN-3.

use alloc::format;

use super::peer::{Answered, Connected, auth_server, factor_server};
use super::*;
use crate::crypto::{Pin, Secret};
use crate::edhoc::ErrorMessage;
use crate::messages::channel::{KeyUpdate, Refused, Settled};
use crate::messages::factor::{
    AskStatus, Create, FactorKey, RecordStatus, Status, Verdict, Verify,
};
use crate::messages::frame::Frame;
use crate::messages::link::{EnrolmentLink, Link, SessionLink};
use crate::messages::nonce_proof_matches;
use crate::registry::{Decision, Purpose};
use crate::values::Type;

const NONCE: [u8; 32] = [0x4e; 32];
const ENTROPY: [u8; 32] = [0xe1; 32];
const MORE: [u8; 32] = [0xe2; 32];

type Device = DeviceEndpoint<P256>;

fn device(wallet: Wallet) -> Device {
    let config = Config {
        auth_versions: vec![V1_0],
        factor_versions: vec![V1_1, V1_2],
        biometrics: true,
        pin_change_by_biometric: false,
        refuse_easy_pins: false,
    };
    DeviceEndpoint::new(config, wallet, P256)
}

fn session_link() -> Vec<u8> {
    let nonce = Secret::from_bytes(NONCE);
    let link = SessionLink {
        server: auth_id(),
        nonce,
    };
    Link::Session(link).to_vec().expect("encodes")
}

fn enrolment_link() -> Vec<u8> {
    let link = EnrolmentLink {
        server: auth_id(),
        uri: String::from("auth.example"),
        parameters: hash(&auth_parameters()),
        nonce: Secret::from_bytes(NONCE),
    };
    Link::Enrolment(link).to_vec().expect("encodes")
}

fn sent(effects: &[Effect]) -> Vec<u8> {
    let mut frames = effects.iter().filter_map(|effect| match effect {
        Effect::Send { frame, .. } => Some(frame.clone()),
        _ => None,
    });
    let frame = frames.next().expect("a frame is sent");
    assert_eq!(frames.next(), None, "one frame at a time");
    frame
}

fn events(effects: &[Effect]) -> Vec<Event> {
    let event = |effect: &Effect| match effect {
        Effect::Event(event) => Some(event.clone()),
        _ => None,
    };
    effects.iter().filter_map(event).collect()
}

fn failed(code: Code) -> Vec<Effect> {
    vec![Effect::Event(Event::Finished(Outcome::Failed(code)))]
}

/// Lets the keystore sign what is asked for.
fn keystore(device: &mut Device, effects: &[Effect]) -> Vec<Effect> {
    let Some(Effect::Sign { key: kid, tbs }) = effects.last() else {
        panic!("no signature is asked for: {effects:?}");
    };
    let keys = [key::device(), key::registration()];
    let key = keys
        .iter()
        .find(|key| key.public().kid() == *kid)
        .expect("a key of the device");
    device.signed(key.sign(tbs)).expect("asked for")
}

fn pin() -> Pin {
    Pin::new(b"2580".to_vec()).expect("a PIN")
}

fn d_sec() -> Secret<32> {
    Secret::from_bytes([0xd5; 32])
}

fn settled(decision: Decision) -> Settled {
    Settled {
        ty: Type,
        decision,
        account: ALICE,
        user_name: String::from("alice"),
        rolling: Rolling([2; 16]),
    }
}

fn status(record: Option<RecordStatus>) -> Status {
    Status {
        ty: Type,
        store_epoch: 7,
        max_attempts: 3,
        record,
    }
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

fn verdict(request: &Verify, outcome: u16, failed_attempts: u32) -> Verdict {
    Verdict {
        ty: Type,
        request_number: request.request_number,
        outcome,
        failed_attempts,
        max_attempts: 3,
        blocked: failed_attempts >= 3,
        delay_s: 0,
        pin_needed: true,
        assertion: (outcome == 0).then(|| Bytes(vec![0xa5])),
    }
}

fn factor_offer() -> Ead2 {
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

/// A login until the user is asked.
fn until_confirm(offer: Ead2) -> (Device, Answered) {
    let mut device = device(enrolled());
    let frame = sent(&device.start(&session_link(), ENTROPY).expect("starts"));
    let asked = auth_server().read(&frame);
    let (answered, message_2) = auth_server().answer(asked, &offer);
    let effects = device.receive(&message_2, NOW).expect("authentic");
    let [Event::ConfirmLogin(_)] = events(&effects)[..] else {
        panic!("DEV-1: {effects:?}");
    };
    (device, answered)
}

/// Takes the device to a factor server that waits to say its status.
fn until_status(device: &mut Device, effects: &[Effect], offer: &Ead2) -> Connected {
    let asked = factor_server().read(&sent(effects));
    assert_eq!(asked.ead_1.purpose, Purpose::Factor);
    let (answered, message_2) = factor_server().answer(asked, offer);
    let effects = device.receive(&message_2, NOW).expect("authentic");
    let effects = keystore(device, &effects);
    answered.meet(&sent(&effects), &key::registration())
}

/// A login until the PIN is asked for.
fn until_pin() -> (Device, Answered, Connected) {
    let (mut device, auth) = until_confirm(login_offer());
    let effects = device.confirm_login(None, None, MORE).expect("one account");
    let mut factor = until_status(&mut device, &effects, &factor_offer());
    let effects = device
        .receive(&factor.say(&status(Some(record(5, 0)))), NOW)
        .expect("status");
    let [Event::SecondFactor(request)] = events(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert!(request.retry && !request.stopped);
    (device, auth, factor)
}

#[test]
fn a_login_without_a_factor() {
    let offer = Ead2 {
        policy: None,
        ..login_offer()
    };
    let (mut device, auth) = until_confirm(offer);
    let effects = device.confirm_login(None, None, MORE).expect("one account");
    // CLN-1: stored, then signed.
    let (server, account) = (auth_id(), ALICE);
    let counter = Effect::Store(Update::Counter {
        server,
        account,
        counter: 42,
    });
    assert_eq!(effects.first(), Some(&counter));
    let effects = keystore(&mut device, &effects);
    assert_eq!(events(&effects), []); // HS-15: not yet
    let mut auth = auth.meet(&sent(&effects), &key::device());
    assert_eq!(auth.statement.decision, Some(Decision::Confirm));
    let effects = device
        .receive(&auth.say(&settled(Decision::Confirm)), NOW)
        .expect("settled");
    let alice = AccountName {
        id: ALICE,
        user_name: String::from("alice"),
    };
    let finished = Event::Finished(Outcome::Confirmed(alice));
    let rolling = Update::Rolling {
        server,
        account,
        rolling: Rolling([2; 16]),
    };
    assert_eq!(effects, [Effect::Store(rolling), Effect::Event(finished)]);
    assert_eq!(device.flow(), Flow::Idle);
}

#[test]
fn a_login_with_a_wrong_pin_and_the_right_one() {
    let (mut device, auth, mut factor) = until_pin();
    let effects = device.pin(pin(), &d_sec()).expect("asked for");
    let first: Verify = factor.hear(&sent(&effects));
    assert_eq!(first.request_number, 6);
    assert_eq!(device.pin(pin(), &d_sec()), refused(Code::Stopped)); // DEV-7
    let effects = device
        .receive(&factor.say(&verdict(&first, 410, 1)), NOW)
        .expect("wrong");
    let [
        Effect::Store(Update::RequestNumber { number: 7, .. }),
        Effect::Event(_),
    ] = effects[..]
    else {
        panic!("FAC-7: stored before it is asked for: {effects:?}");
    };
    let effects = device.pin(pin(), &d_sec()).expect("asked for");
    let second: Verify = factor.hear(&sent(&effects));
    assert_eq!(second.request_number, 7);
    let effects = device
        .receive(&factor.say(&verdict(&second, 0, 0)), NOW)
        .expect("right");
    let effects = keystore(&mut device, &effects);
    let auth = auth.meet(&sent(&effects), &key::device()); // HS-12: only now
    assert_eq!(auth.statement.assertion, Some(Bytes(vec![0xa5])));
}

#[test]
fn an_enrolment_with_a_first_pin() {
    let mut device = device(Wallet::default());
    let frame = sent(&device.start(&enrolment_link(), ENTROPY).expect("starts"));
    let asked = auth_server().read(&frame);
    let claim = asked.ead_1.claim.clone().expect("SES-2");
    let purpose = Purpose::Enrol;
    assert!(nonce_proof_matches(
        &NONCE,
        auth_id(),
        purpose,
        &asked.g_x,
        &claim.proof
    ));
    let parameters = Some(chain(&auth_parameters(), &key::identity()));
    let (auth, message_2) = auth_server().answer(
        asked,
        &Ead2 {
            parameters,
            ..enrol_offer()
        },
    );
    let effects = device.receive(&message_2, NOW).expect("authentic");
    let [
        Effect::Store(Update::Server(_)),
        Effect::Event(Event::ConfirmEnrol(request)),
    ] = &effects[..]
    else {
        panic!("DEV-1: {effects:?}");
    };
    assert!(request.keys.device && request.keys.factor);

    let keys = NewKeys {
        device: Some(key::device().public()),
        factor: Some(key::registration().public()),
        approval: None,
    };
    let effects = device.confirm_enrol(keys, None, MORE).expect("both keys");
    let parameters = Some(chain(&factor_parameters(), &key::factor_identity()));
    let offer = Ead2 {
        parameters,
        ..factor_offer()
    };
    let mut factor = until_status(&mut device, &effects, &offer);
    device
        .receive(&factor.say(&status(None)), NOW)
        .expect("nothing registered");
    let effects = device.pin(pin(), &d_sec()).expect("FIRST_SET");
    let create: Create = factor.hear(&sent(&effects));
    let statement = FactorKey {
        record: device.wallet().registrations[0].record(),
        generation: 1,
        key: create.pin_key,
        channel: factor.channel.binding(),
    };
    let possession = create.possession;
    cose::verify_detached(statement, &(), &create.pin_key, &possession, &P256).expect("VCH-5");
    let effects = device
        .receive(&factor.say(&status(Some(record(0, 0)))), NOW)
        .expect("created");
    let verify: Verify = factor.hear(&sent(&effects));
    let effects = device
        .receive(&factor.say(&verdict(&verify, 0, 0)), NOW)
        .expect("right");
    let effects = keystore(&mut device, &effects);
    let mut auth = auth.meet(&sent(&effects), &key::device());
    assert_eq!(auth.statement.purpose, Purpose::Enrol);
    device
        .receive(&auth.say(&settled(Decision::Confirm)), NOW)
        .expect("settled");
    assert_eq!(device.wallet().accounts_at(auth_id()).count(), 1);
    assert_eq!(device.wallet().enrolling, None);
}

#[test]
fn a_server_that_does_not_prove_itself_is_shown_nothing_of() {
    let other_key = edited(auth_parameters(), |p| {
        p.handshake_key = key::stranger().public()
    });
    let stranger = peer::Server {
        id: auth_id(),
        key: key::stranger(),
    };
    let table = [
        (
            "another handshake key",
            &stranger,
            login_offer(),
            Code::ServerNotAuthenticated,
        ),
        (
            "parameters of its own making",
            &stranger,
            Ead2 {
                parameters: Some(chain(&other_key, &key::stranger())),
                ..login_offer()
            },
            Code::ServerNotAuthenticated,
        ),
        (
            "parameters that name another handshake key",
            &auth_server(),
            Ead2 {
                parameters: Some(chain(&other_key, &key::identity())),
                ..login_offer()
            },
            Code::ServerNotAuthenticated,
        ),
        (
            "another version",
            &auth_server(),
            Ead2 {
                version: V1_1,
                ..login_offer()
            },
            Code::WrongVersion,
        ),
        (
            "another epoch",
            &auth_server(),
            Ead2 {
                epoch: 4,
                ..login_offer()
            },
            Code::EpochTooLow,
        ),
    ];
    for (name, server, offer, code) in table {
        let mut device = device(enrolled());
        let frame = sent(&device.start(&session_link(), ENTROPY).expect("starts"));
        let (_, message_2) = server.answer(server.read(&frame), &offer);
        row(name, device.receive(&message_2, NOW), Ok(failed(code))); // HS-10, VER-3, PAR-7
        row(name, device.flow(), Flow::Idle);
    }
}

#[test]
fn one_flow_at_a_time() {
    let mut device = device(enrolled());
    device.start(&session_link(), ENTROPY).expect("starts");
    let before = device.flow();
    assert_eq!(
        device.start(&session_link(), MORE),
        refused(Code::FlowActive)
    ); // DEV-2
    assert_eq!(device.flow(), before);
}

#[test]
fn what_was_not_asked_for_changes_nothing() {
    let check = |name, device: &mut Device, codes: [Code; 6]| {
        let before = device.flow();
        let [login, enrol, decline, pin_code, cancel, signed] = codes;
        let signature = key::device().sign(b"");
        row(name, device.confirm_login(None, None, MORE), refused(login));
        row(
            name,
            device.confirm_enrol(NewKeys::default(), None, MORE),
            refused(enrol),
        );
        row(name, device.decline(Some(BOB)), refused(decline));
        row(name, device.pin(pin(), &d_sec()), refused(pin_code)); // DEV-7
        row(name, device.cancel_factor(), refused(cancel));
        row(name, device.signed(signature), refused(signed));
        row(name, device.flow(), before);
    };
    let [no, stopped, wrong] = [Code::NotAsked, Code::Stopped, Code::WrongAccount];
    check(
        "idle",
        &mut device(enrolled()),
        [no, no, no, stopped, stopped, no],
    );
    let mut greeting = device(enrolled());
    greeting.start(&session_link(), ENTROPY).expect("starts");
    check(
        "greeting",
        &mut greeting,
        [no, no, no, stopped, stopped, no],
    );
    let (mut confirming, _) = until_confirm(login_offer());
    // DEV-3: an enrolment's answer to a login's question, an account that was not offered.
    let wrong_account = confirming.confirm_login(Some(BOB), None, MORE);
    assert_eq!(wrong_account, refused(wrong));
    assert_eq!(
        confirming.confirm_enrol(NewKeys::default(), None, MORE),
        refused(wrong)
    );
    assert_eq!(confirming.decline(Some(BOB)), refused(wrong));
    assert!(matches!(confirming.flow(), Flow::Confirming(_)));
    confirming
        .confirm_login(Some(ALICE), None, MORE)
        .expect("still open");
}

#[test]
fn frames_for_nobody_change_nothing() {
    let mut device = device(enrolled());
    let frame = sent(&device.start(&session_link(), ENTROPY).expect("starts"));
    let c_i = auth_server().read(&frame).c_i;
    let other = Bytes(vec![0; 8]);
    let body = || Bytes(vec![0x40]);
    let before = device.flow();
    for frame in [
        Frame::Message2 {
            to: other.clone(),
            message: body(),
        },
        Frame::Error {
            to: other,
            error: body(),
        },
        Frame::Record {
            to: c_i.clone(),
            record: body(),
        },
        Frame::Message3 {
            to: c_i,
            message: body(),
        },
        Frame::Message1 { message: body() },
    ] {
        let bytes = frame.to_vec().expect("encodes");
        assert_eq!(device.receive(&bytes, NOW), refused(Code::UnexpectedFrame)); // HS-4
    }
    assert_eq!(
        device.receive(&[0x82, 0x18, 0x01, 0x40], NOW),
        refused(Code::NotDeterministic)
    );
    assert_eq!(device.flow(), before);
}

#[test]
fn an_error_message_ends_the_attempt_and_stores_nothing() {
    for (text, code) in [
        ("300", Code::SessionUnavailable),
        ("nonsense", Code::HandshakeInvalid),
    ] {
        let mut device = device(enrolled());
        let frame = sent(&device.start(&session_link(), ENTROPY).expect("starts"));
        let to = auth_server().read(&frame).c_i;
        let error = Bytes(ErrorMessage::Unspecified(text.into()).encode());
        let frame = Frame::Error { to, error }.to_vec().expect("encodes");
        assert_eq!(device.receive(&frame, NOW), Ok(failed(code))); // HS-5
        assert_eq!(*device.wallet(), enrolled());
    }
}

#[test]
fn a_declined_login_is_signed_where_an_account_can() {
    let (mut device, auth) = until_confirm(login_offer());
    let effects = device.decline(None).expect("one account");
    let effects = keystore(&mut device, &effects);
    let mut auth = auth.meet(&sent(&effects), &key::device());
    assert_eq!(auth.statement.decision, Some(Decision::Decline));
    assert_eq!(auth.statement.assertion, None); // STM-6
    let effects = device
        .receive(&auth.say(&settled(Decision::Decline)), NOW)
        .expect("settled");
    assert_eq!(
        events(&effects),
        [Event::Finished(Outcome::Declined { signed: true })]
    );
}

#[test]
fn a_cancelled_factor_ends_the_flow() {
    let (mut device, _, _) = until_pin();
    assert_eq!(device.cancel_factor(), Ok(failed(Code::Cancelled))); // DEV-8
    assert_eq!(device.flow(), Flow::Idle);
}

#[test]
fn a_blocked_factor_ends_the_flow() {
    let (mut device, _, mut factor) = until_pin();
    let effects = device.pin(pin(), &d_sec()).expect("asked for");
    let request: Verify = factor.hear(&sent(&effects));
    let effects = device
        .receive(&factor.say(&verdict(&request, 410, 3)), NOW)
        .expect("wrong");
    let [
        Event::SecondFactor(told),
        Event::Finished(Outcome::Failed(Code::Blocked)),
    ] = events(&effects)[..]
    else {
        panic!("{effects:?}");
    };
    assert!(told.attempts.blocked() && told.stopped && !told.retry); // DEV-9
}

#[test]
fn a_refused_request_asks_for_the_status() {
    let (mut device, _, mut factor) = until_pin();
    let effects = device.pin(pin(), &d_sec()).expect("asked for");
    let _: Verify = factor.hear(&sent(&effects));
    let refusal = Refused {
        ty: Type,
        error: Code::Generation.number(),
    };
    let effects = device.receive(&factor.say(&refusal), NOW).expect("DEV-12");
    let _: AskStatus = factor.hear(&sent(&effects));
    let effects = device
        .receive(&factor.say(&status(Some(record(6, 0)))), NOW)
        .expect("status");
    let told = events(&effects);
    let [
        Event::SecondFactor(SecondFactor {
            result: FactorResult::Error,
            ..
        }),
    ] = told[..]
    else {
        panic!("{told:?}");
    };
}

#[test]
fn a_broken_connection_repeats_the_request() {
    let (mut device, _, mut factor) = until_pin();
    let effects = device.pin(pin(), &d_sec()).expect("asked for");
    let request: Verify = factor.hear(&sent(&effects));
    let effects = device.reconnect([0xe3; 32]).expect("DEV-11");
    let mut factor = until_status(&mut device, &effects, &factor_offer());
    let effects = device
        .receive(&factor.say(&status(Some(record(6, 0)))), NOW)
        .expect("status");
    assert_eq!(factor.hear::<Verify>(&sent(&effects)), request);
}

#[test]
fn message_3_is_repeated_as_it_was() {
    let (mut device, _) = until_confirm(Ead2 {
        policy: None,
        ..login_offer()
    });
    let effects = device.confirm_login(None, None, MORE).expect("one account");
    let effects = keystore(&mut device, &effects);
    assert_eq!(device.reconnect(ENTROPY), Ok(effects)); // HS-6
}

#[test]
fn keys_are_renewed_and_old_records_dropped() {
    let (mut device, _, mut factor) = until_pin();
    let update = factor.say(&KeyUpdate::default());
    assert_eq!(device.receive(&update, NOW), Ok(vec![])); // CH-7
    factor.channel.update_sending().expect("open");
    let effects = device.pin(pin(), &d_sec()).expect("asked for");
    let request: Verify = factor.hear(&sent(&effects));
    let wrong = factor.say(&verdict(&request, 410, 1));
    device.receive(&wrong, NOW).expect("under the new key");
    let before = device.flow();
    assert_eq!(device.receive(&wrong, NOW), refused(Code::RecordDropped)); // CH-2
    assert_eq!(device.flow(), before);
}

#[test]
fn a_forged_record_is_no_success() {
    let (mut device, auth) = until_confirm(Ead2 {
        policy: None,
        ..login_offer()
    });
    let effects = device.confirm_login(None, None, MORE).expect("one account");
    let effects = keystore(&mut device, &effects);
    let mut auth = auth.meet(&sent(&effects), &key::device());
    let mut forged = auth.say(&settled(Decision::Confirm));
    *forged.last_mut().expect("not empty") ^= 1;
    let wallet = device.wallet().clone();
    assert_eq!(
        device.receive(&forged, NOW),
        Ok(failed(Code::RecordInvalid))
    ); // HS-15, CH-4
    assert_eq!(*device.wallet(), wallet);
}

#[test]
fn a_restart_needs_nothing_but_what_is_stored() {
    let (mut device, _, _) = until_pin();
    device.pin(pin(), &d_sec()).expect("asked for");
    let stored = device.wallet().clone();
    assert_eq!(stored.registrations[0].request_number, 6); // FAC-7
    let mut restarted = super::endpoint::device(stored);
    assert_eq!(restarted.flow(), Flow::Idle);
    restarted.start(&session_link(), ENTROPY).expect("starts");
}

#[test]
fn no_fact_depends_on_the_pin() {
    // PIN-3: two devices, two PINs, one stored state; and neither PIN is printed (PIN-1).
    let stored = |digits: &[u8]| {
        let (mut device, _, _) = until_pin();
        let entered = Pin::new(digits.to_vec()).expect("a PIN");
        assert!(!format!("{entered:?}").contains("80"));
        device.pin(entered, &d_sec()).expect("asked for");
        device.wallet().clone()
    };
    assert_eq!(stored(b"2580"), stored(b"0852"));
}

#[test]
fn a_flow_can_be_dropped_anywhere() {
    let (mut device, _, _) = until_pin();
    assert_eq!(device.abandon(), failed(Code::Cancelled));
    assert_eq!(device.abandon(), vec![]);
}
