//! A walk-through of the second factor: a PIN and a finger, what becomes of them, and
//! how they are changed (protocol.md, sections 8 and 9.1).
//!
//! Everything is real but the network, the stores and the phone's hardware; `cast` holds
//! the parties. Read it from top to bottom.

mod cast;

use cast::{World, auth, failed};
use countersign::device::{
    Event, FactorContext, FactorNews, FactorResult, Management, News, OsBiometrics, Outcome,
    SecondFactor,
};
use countersign::error::Code;
use countersign::messages::handshake::Policy;
use countersign::values::ServerId;

/// How many wrong PINs this factor server takes.
const ATTEMPTS: u32 = 3;

/// An auth server that takes either factor.
const EITHER: Policy = Policy {
    factors: 3,
    ..auth::PIN
};

fn server(world: &World) -> ServerId {
    world.factor.named().server
}

fn news(world: &World, news: News) -> Event {
    let server = server(world);
    Event::Factors(FactorNews { server, news })
}

/// The one thing that the app is told is how the factor stands.
fn told(events: &[Event]) -> SecondFactor {
    match events {
        [Event::SecondFactor(told)] => *told,
        other => panic!("one second-factor event: {other:?}"),
    }
}

/// Alice's phone. Her PIN is 2580.
fn enrolled() -> World {
    let mut world = World::new(ATTEMPTS);
    world.enrolled("alice", "2580");
    world
}

/// The same, with a finger.
fn with_finger() -> World {
    let mut world = enrolled();
    world.phone.enrol_finger();
    let key = world.phone.make_key();
    world.manage(Management::AddBiometrics(key));
    let events = world.enter("2580");
    assert_eq!(events.last(), Some(&Event::Finished(Outcome::Managed)));
    world
}

/// A login until the factor is asked for.
fn logging_in(world: &mut World) -> SecondFactor {
    let code = world.ask_for(Some("Log in at example.com"), Some(EITHER));
    world.scan(&code);
    told(&world.confirm())
}

/// Whether a PIN opens the account.
fn opens(world: &mut World, digits: &str) -> bool {
    logging_in(world);
    let events = world.enter(digits);
    if let Some(Event::Finished(Outcome::Confirmed(_))) = events.last() {
        return true;
    }
    assert_eq!(told(&events).result, FactorResult::Failed);
    world.phone.device.cancel_factor().expect("it is asked for");
    false
}

#[test]
fn a_finger_beside_the_pin() {
    let mut world = enrolled();

    // ── Adding ─────────────────────────────────────────────────────────────
    // The phone has no biometrics that the OS calls strong: there is nothing to add.
    let key = world.phone.make_key();
    let refused = world.manage(Management::AddBiometrics(key));
    assert_eq!(refused, [failed(Code::FactorNotAllowed)]);

    // Now it has. The app makes `K_bio`; a finger is added on the word of the PIN alone.
    world.phone.enrol_finger();
    let asked = told(&world.manage(Management::AddBiometrics(key)));
    assert_eq!(asked.context, FactorContext::BiometricsAdd);
    assert_eq!(asked.session, None);
    assert!(!asked.show_biometrics && asked.retry);
    assert_eq!(world.finger(), [failed(Code::Stopped)]); // it was not offered
    let wrong = told(&world.enter("0000"));
    assert_eq!(
        (wrong.attempts.failed, wrong.result),
        (1, FactorResult::Failed)
    );
    let events = world.enter("2580");
    let [added, Event::SecondFactor(done), ended] = &events[..] else {
        panic!("added: {events:?}");
    };
    assert_eq!((done.result, done.stopped), (FactorResult::Success, true));
    assert_eq!(*added, news(&world, News::BiometricsAdded));
    assert_eq!(*ended, Event::Finished(Outcome::Managed));

    // ── Using ──────────────────────────────────────────────────────────────
    // A login may use it where the auth server's policy says so...
    let asked = logging_in(&mut world);
    assert_eq!(asked.context, FactorContext::Verify);
    assert!(asked.show_biometrics);
    let events = world.finger();
    let [
        Event::SecondFactor(done),
        Event::Finished(Outcome::Confirmed(_)),
    ] = &events[..]
    else {
        panic!("logged in: {events:?}");
    };
    assert_eq!(done.result, FactorResult::Success);

    // ... and not where it asks for the PIN.
    let code = world.ask("Log in at bank.example");
    world.scan(&code);
    assert!(!told(&world.confirm()).show_biometrics);
    assert_eq!(world.finger(), [failed(Code::Stopped)]);
    assert!(matches!(
        world.enter("2580").last(),
        Some(Event::Finished(Outcome::Confirmed(_)))
    ));

    // ── Removing ───────────────────────────────────────────────────────────
    // Either factor may take it away again.
    let asked = told(&world.manage(Management::RemoveBiometrics));
    assert_eq!(asked.context, FactorContext::BiometricsRemove);
    assert!(asked.show_biometrics);
    let events = world.finger();
    let [gone, Event::SecondFactor(done), ended] = &events[..] else {
        panic!("removed: {events:?}");
    };
    assert_eq!(done.result, FactorResult::Success);
    assert_eq!(*gone, news(&world, News::BiometricsGone));
    assert_eq!(*ended, Event::Finished(Outcome::Managed));
    let again = world.manage(Management::RemoveBiometrics);
    assert_eq!(again, [failed(Code::FactorNotRegistered)]);
}

#[test]
fn blocked_and_unblocked() {
    let mut world = with_finger();
    logging_in(&mut world);
    for wrong in 1..ATTEMPTS {
        assert_eq!(told(&world.enter("0000")).attempts.failed, wrong);
    }
    // The last wrong PIN blocks the PIN. The finger is offered all the same.
    let blocked = told(&world.enter("0000"));
    assert!(blocked.attempts.blocked() && blocked.show_biometrics);
    assert!(blocked.retry && !blocked.stopped);
    assert_eq!(world.enter("2580"), [failed(Code::Blocked)]); // not even sent
    // It unblocks the PIN.
    let events = world.finger();
    let [
        Event::SecondFactor(done),
        Event::Finished(Outcome::Confirmed(_)),
    ] = &events[..]
    else {
        panic!("logged in: {events:?}");
    };
    assert_eq!((done.attempts.failed, done.attempts.blocked()), (0, false));
    assert!(opens(&mut world, "2580"));
}

#[test]
fn a_budget_between_two_pins() {
    let mut world = with_finger();
    world.factor.allow_biometrics(1);
    assert!(logging_in(&mut world).show_biometrics);
    world.finger();
    // One was allowed. Only the factor server knows; the phone shows what it says.
    assert!(!logging_in(&mut world).show_biometrics);
    assert_eq!(world.finger(), [failed(Code::Stopped)]);
    world.enter("2580");
    assert!(logging_in(&mut world).show_biometrics);
}

#[test]
fn a_new_pin() {
    let mut world = enrolled();
    // First the present PIN...
    let asked = told(&world.manage(Management::ChangePin));
    assert_eq!(asked.context, FactorContext::PinChangeVerify);
    assert_eq!(told(&world.enter("0000")).attempts.failed, 1);
    // ... and only then the new one. The app asks for it twice and compares itself.
    let asked = told(&world.enter("2580"));
    assert_eq!(asked.context, FactorContext::PinChangeSet);
    assert_eq!(asked.attempts.failed, 0);
    let events = world.enter("7391");
    let [changed, Event::SecondFactor(done), ended] = &events[..] else {
        panic!("changed: {events:?}");
    };
    assert_eq!(done.result, FactorResult::Success);
    assert_eq!(*changed, news(&world, News::NewPin));
    assert_eq!(*ended, Event::Finished(Outcome::Managed));
    assert!(!opens(&mut world, "2580"));
    assert!(opens(&mut world, "7391"));

    // Cancelling costs nothing, before and after the verification.
    world.manage(Management::ChangePin);
    world.enter("7391");
    world.phone.device.cancel_factor().expect("it is asked for");
    assert!(opens(&mut world, "7391"));
}

#[test]
fn a_new_pin_and_a_finger_at_once() {
    let mut world = enrolled();
    world.phone.enrol_finger();
    world.manage(Management::ChangePin);
    assert!(told(&world.enter("2580")).show_biometrics);
    let events = world.enter_and_finger("7391");
    let [changed, added, Event::SecondFactor(_), ended] = &events[..] else {
        panic!("changed: {events:?}");
    };
    assert_eq!(*changed, news(&world, News::NewPin));
    assert_eq!(*added, news(&world, News::BiometricsAdded));
    assert_eq!(*ended, Event::Finished(Outcome::Managed));
    assert!(logging_in(&mut world).show_biometrics);
    // Both given where a factor is verified: the PIN decides.
    let wrong = told(&world.enter_and_finger("2580"));
    assert_eq!(wrong.attempts.failed, 1);
}

#[test]
fn a_verification_belongs_to_its_channel() {
    let mut world = enrolled();
    world.manage(Management::ChangePin);
    world.lose_next_answer();
    assert_eq!(world.enter("2580"), []);
    // The verdict is lost, and with it the channel in which the new PIN could follow: the
    // request is not repeated, the user is asked again.
    let asked = told(&world.reconnect());
    assert_eq!(asked.context, FactorContext::PinChangeVerify);
    assert_eq!(asked.result, FactorResult::Error);
    assert_eq!(
        told(&world.enter("2580")).context,
        FactorContext::PinChangeSet
    );
}

#[test]
fn a_lost_answer_to_the_new_pin() {
    let mut world = enrolled();
    world.manage(Management::ChangePin);
    world.enter("2580");
    world.lose_next_answer();
    assert_eq!(world.enter("7391"), []);
    // The status says what became of it.
    let events = world.reconnect();
    let [changed, Event::SecondFactor(done), ended] = &events[..] else {
        panic!("changed: {events:?}");
    };
    assert_eq!(done.result, FactorResult::Success);
    assert_eq!(*changed, news(&world, News::NewPin));
    assert_eq!(*ended, Event::Finished(Outcome::Managed));
}

/// Wherever the app is killed, one PIN is live, and the user knows which.
#[test]
fn a_change_that_is_cut_short() {
    let mut found = Vec::new();
    for steps in 0.. {
        let mut world = enrolled();
        world.manage(Management::ChangePin);
        world.enter("2580");
        world.die_after(steps);
        let mut told = world.enter("7391");
        if !world.died() {
            break;
        }
        // The app is started again, and asks.
        told.extend(world.manage(Management::Check));
        assert_eq!(told.last(), Some(&Event::Finished(Outcome::Managed)));
        let mut news = told.iter().filter_map(|event| match event {
            Event::Factors(told) => Some(told.news),
            _ => None,
        });
        let live = match news.next_back() {
            Some(News::NewPin) => "7391",
            // Or it was killed before it had noted that it would try.
            Some(News::OldPin) | None => "2580",
            other => panic!("one PIN is live: {other:?}"),
        };
        for digits in ["2580", "7391"] {
            assert_eq!(opens(&mut world, digits), digits == live, "after {steps}");
        }
        // What is known once is not told again.
        assert_eq!(
            world.manage(Management::Check),
            [Event::Finished(Outcome::Managed)]
        );
        found.push(live);
    }
    assert!(
        found.contains(&"2580") && found.contains(&"7391"),
        "{found:?}"
    );
}

#[test]
fn another_finger_is_not_hers() {
    let mut world = with_finger();
    // Somebody lets the OS know another finger, and the OS invalidates `K_bio`. The app
    // notices; the phone falls back to the PIN at once.
    assert_eq!(world.lose_finger(), [news(&world, News::BiometricsGone)]);
    // The next visit, whatever it is for, tells the factor server before anything else.
    let record = |world: &World| world.factor.records.values().next().expect("hers").clone();
    assert!(record(&world).biometric.is_some());
    let asked = logging_in(&mut world);
    assert!(!asked.show_biometrics);
    assert!(record(&world).biometric.is_none());
    assert!(matches!(
        world.enter("2580").last(),
        Some(Event::Finished(Outcome::Confirmed(_)))
    ));
    assert_eq!(world.lose_finger(), [failed(Code::FactorNotRegistered)]);
}

#[test]
fn a_prompt_that_is_cancelled() {
    let mut world = with_finger();
    logging_in(&mut world);
    // The OS shows its prompt; while it is up nothing else is listened to.
    world.phone.device.biometric().expect("offered");
    assert_eq!(world.enter("2580"), [failed(Code::Stopped)]);
    // It is cancelled: nothing was sent, and the user is asked again.
    let effects = world.phone.device.prompt_cancelled().expect("it is up");
    let events = world.carry_out(effects);
    let [Event::PromptCancelled, Event::SecondFactor(asked)] = &events[..] else {
        panic!("asked again: {events:?}");
    };
    assert!(asked.show_biometrics && asked.retry);
    assert_eq!(asked.attempts.failed, 0);
    // Now the OS refuses the key for good: the PIN is left.
    world.phone.device.biometric().expect("offered");
    let events = world.lose_finger();
    let [gone, Event::SecondFactor(asked)] = &events[..] else {
        panic!("asked again: {events:?}");
    };
    assert_eq!(*gone, news(&world, News::BiometricsGone));
    assert!(!asked.show_biometrics && asked.retry);
    assert!(matches!(
        world.enter("2580").last(),
        Some(Event::Finished(Outcome::Confirmed(_)))
    ));
}

#[test]
fn the_os_takes_biometrics_back() {
    let mut world = with_finger();
    assert!(logging_in(&mut world).show_biometrics);
    let effects = world.phone.device.os_biometrics(OsBiometrics::Unusable);
    assert!(!told(&world.carry_out(effects)).show_biometrics);
    assert_eq!(world.finger(), [failed(Code::Stopped)]);
}

#[test]
fn a_pin_that_is_easy_to_guess() {
    let mut world = enrolled();
    world.phone.refuse_easy_pins();
    world.manage(Management::ChangePin);
    // The present one may be what it is; a new one may not.
    assert_eq!(
        told(&world.enter("2580")).context,
        FactorContext::PinChangeSet
    );
    assert_eq!(world.enter("1234"), [failed(Code::PinTooEasy)]);
    // It was not used, and the request is open.
    let events = world.enter("7391");
    assert_eq!(events.last(), Some(&Event::Finished(Outcome::Managed)));
}
