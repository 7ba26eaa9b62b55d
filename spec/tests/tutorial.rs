//! A tutorial: a phone enrols, logs in with a PIN and gets locked out.
//!
//! Everything is real but the network and the stores: keys, signatures,
//! handshakes, encrypted records. `cast` holds the three parties; each shows
//! what an integrator writes around the endpoint of its role.
//!
//! Read it from top to bottom.

mod cast;

use cast::{World, failed, stopped};
use countersign::device::{AccountName, Event, FactorContext, FactorResult, Outcome};
use countersign::error::Code;
use countersign::registry::Decision;

/// How many wrong PINs this factor server takes.
const ATTEMPTS: u32 = 5;

#[test]
fn from_the_first_link_to_the_lockout() {
    let mut world = World::new(ATTEMPTS);

    // ── Enrolment ──────────────────────────────────────────────────────────
    // The backend invites Alice. The link names the auth server, the hash of
    // its signed parameters and a secret nonce. Scanning it starts a handshake;
    // the app is asked one thing, after the server has authenticated itself.
    let invitation = world.invite("alice");
    let [Event::ConfirmEnrol(question)] = &world.scan(&invitation)[..] else {
        panic!("one question");
    };
    assert_eq!(question.accounts, []); // none at this server yet
    assert!(question.keys.device && question.keys.factor);

    // Alice agrees. The app makes two keys in the phone's hardware. The factor
    // server has never met this phone, so it asks for a first PIN.
    let [Event::SecondFactor(request)] = world.agree()[..] else {
        panic!("a factor is due");
    };
    assert_eq!(request.context, FactorContext::FirstSet);
    assert_eq!(request.attempts.max, ATTEMPTS);

    // She sets one. It never leaves the phone: it makes a key, which proves its
    // possession, and then proves the PIN for this very enrolment. With the factor
    // server's assertion, the phone's hardware key signs the statement.
    let [
        Event::SecondFactor(set),
        Event::Finished(Outcome::Enrolled(alice)),
    ] = &world.enter("2580")[..]
    else {
        panic!("enrolled");
    };
    assert_eq!(set.result, FactorResult::Success);
    assert_eq!(alice.user_name, "alice");

    // ── Login ──────────────────────────────────────────────────────────────
    // A website shows a code. The phone shows who asks, and for what.
    let code = world.ask("Log in at example.com");
    let [Event::ConfirmLogin(question)] = &world.scan(&code)[..] else {
        panic!("one question");
    };
    let announce = question.announce.as_ref().expect("what for");
    assert_eq!(announce.strings["title"], "Log in at example.com");

    // Alice confirms, and mistypes her PIN four times. The factor server counts;
    // the phone shows what it says.
    let [Event::SecondFactor(request)] = world.confirm()[..] else {
        panic!("a factor is due");
    };
    assert_eq!(request.context, FactorContext::Verify);
    for wrong in 1..ATTEMPTS {
        let [Event::SecondFactor(told)] = world.enter("0000")[..] else {
            panic!("once more");
        };
        assert_eq!(told.result, FactorResult::Failed);
        assert_eq!(told.attempts.failed, wrong);
        assert!(told.retry && !told.stopped);
    }

    // The fifth is right. The count is back at zero, and the auth server has
    // committed the login before the phone says so.
    let [
        Event::SecondFactor(told),
        Event::Finished(Outcome::Confirmed(who)),
    ] = &world.enter("2580")[..]
    else {
        panic!("logged in");
    };
    assert_eq!(told.result, FactorResult::Success);
    assert_eq!(told.attempts.failed, 0);
    assert_eq!(who, alice);
    assert_eq!(world.verdict(&code), Some((Decision::Confirm, alice.id)));

    // ── Saying no ──────────────────────────────────────────────────────────
    // A code that she did not ask for. No needs no PIN, and is signed as well.
    let code = world.ask("Log in at exarnple.com");
    world.scan(&code);
    let declined = Event::Finished(Outcome::Declined { signed: true });
    assert_eq!(world.decline(), [declined]);
    assert_eq!(world.verdict(&code), Some((Decision::Decline, alice.id)));

    // It stays declined: the same code again shows nothing new to sign.
    world.scan(&code);
    world.confirm();
    let refused = world.enter("2580");
    assert_eq!(refused.last(), Some(&failed(Code::SessionFinished)));

    // ── Lockout ────────────────────────────────────────────────────────────
    // A thief with the unlocked phone guesses. Four guesses may follow one another...
    let code = world.ask("Log in at example.com");
    world.scan(&code);
    world.confirm();
    for _ in 1..ATTEMPTS {
        world.enter("1111");
    }
    // ... the fifth wrong one blocks the record, at the factor server.
    let blocked = world.enter("1111");
    let [Event::SecondFactor(told), ended] = &blocked[..] else {
        panic!("blocked");
    };
    assert_eq!(told.attempts.failed, ATTEMPTS);
    assert!(told.attempts.blocked() && !told.retry && told.stopped);
    assert_eq!(*ended, failed(Code::Blocked));
    assert_eq!(world.verdict(&code), None); // nobody was logged in

    // From now on not even the right PIN would be looked at; it is not asked for.
    world.restart();
    let code = world.ask("Log in at example.com");
    world.scan(&code);
    let [Event::SecondFactor(told), ended] = &world.confirm()[..] else {
        panic!("still blocked");
    };
    assert!(told.attempts.blocked());
    assert_eq!(*ended, failed(Code::Blocked));
    assert_eq!(world.enter("2580"), stopped());
}

#[test]
fn an_answer_that_is_lost_costs_nothing() {
    let mut world = World::new(ATTEMPTS);
    let alice = world.enrolled("alice", "2580");
    let code = world.ask("Log in at example.com");
    world.scan(&code);
    world.confirm();

    // A wrong PIN; the verdict is lost on its way back.
    world.lose_next_answer();
    assert_eq!(world.enter("0000"), []);
    // The phone connects again and repeats the request byte for byte. The factor
    // server knows it, and gives the same verdict: one attempt is gone, not two.
    let [Event::SecondFactor(told)] = world.reconnect()[..] else {
        panic!("the verdict");
    };
    assert_eq!(told.result, FactorResult::Failed);
    assert_eq!(told.attempts.failed, 1);

    // The right PIN; now the auth server's settlement is lost. message_3 again
    // gets the same answer again.
    world.lose_last_answer();
    let told = world.enter("2580");
    assert_eq!(
        told.len(),
        1,
        "no success before the server has said so: {told:?}"
    );
    let confirmed = Event::Finished(Outcome::Confirmed(alice));
    assert_eq!(world.reconnect(), [confirmed]);
}

#[test]
fn an_enrolment_survives_the_app() {
    let mut world = World::new(ATTEMPTS);
    let invitation = world.invite("alice");
    world.scan(&invitation);
    world.agree();
    // The app is killed before the PIN is set. What was stored is all that is left.
    world.restart();
    let [Event::ConfirmEnrol(question)] = &world.scan(&invitation)[..] else {
        panic!("one question");
    };
    // Both keys exist already and serve again.
    assert!(!question.keys.device && !question.keys.factor);
    world.agree();
    let [
        ..,
        Event::Finished(Outcome::Enrolled(AccountName { user_name, .. })),
    ] = &world.enter("2580")[..]
    else {
        panic!("enrolled");
    };
    assert_eq!(user_name, "alice");
}
