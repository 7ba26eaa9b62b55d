//! A walk through data requests: an app without a user asks for data, one with a user asks
//! through its app session or a channel for data, and the network loses some of it.
//!
//! Everything is real but the network and the stores; `cast` holds the parties, and the data
//! service is played by the test itself.

mod cast;

use cast::World;
use cast::app::{completed, data};
use cast::auth::PING_TIME_S;
use countersign::auth::Caller;
use countersign::device::data::Completion;
use countersign::device::{Event, Outcome};
use countersign::error::Code;
use countersign::registry::{Level, limit};
use countersign::values::IdempotencyKey;

fn failed(id: u64, code: Code) -> Event {
    completed(id, Completion::Error(code))
}

fn unknown(id: u64) -> Event {
    completed(id, Completion::OutcomeUnknown)
}

#[test]
fn a_device_without_a_user() {
    let mut world = World::new(5);
    world.phone.trust(world.auth.known());

    // ── The first request ──────────────────────────────────────────────────
    // There is no account at all. The app is asked for a key, and not the user for anything.
    let (first, told) = world.get(b"the news", None);
    let server = world.auth.id();
    assert_eq!(told, [Event::KeyNeeded { server }]);
    // A second one while the first is on its way: it waits for the same account.
    let (second, told) = world.get(b"the weather", None);
    assert_eq!(told, []);
    assert_ne!(first, second);

    // With the key there is an account, and both requests reach the data service, which is told
    // that there is a device behind them and no user.
    let [Event::Finished(Outcome::Admitted(account))] = &world.make_key()[..] else {
        panic!("an account");
    };
    assert_eq!(world.auth.accounts(), 1);
    let asked: Vec<_> = world
        .auth
        .forwarded
        .iter()
        .map(|f| &f.payload[..])
        .collect();
    assert_eq!(asked, [&b"the news"[..], b"the weather"]);
    let caller = Caller {
        account: account.id,
        level: Level::Headless,
        device: world.kid(account),
    };
    assert!(world.auth.forwarded.iter().all(|f| f.caller == caller));

    // It is listed, without a name.
    let [listed] = &world.phone.disk.accounts[..] else {
        panic!("one account");
    };
    assert_eq!((listed.id, listed.level), (account.id, Level::Headless));
    assert_eq!(listed.user_name, "");

    // ── Answers ────────────────────────────────────────────────────────────
    // In whatever order they come; each once.
    assert_eq!(world.serve(1, b"rain"), [data(second, b"rain")]);
    assert_eq!(world.serve(0, b"none"), [data(first, b"none")]);
    assert_eq!(world.serve(0, b"more"), []);

    // ── Afterwards ─────────────────────────────────────────────────────────
    // The app is killed. The next request opens a channel with the same key: the same account.
    world.restart();
    let (third, told) = world.get(b"the news", None);
    let admitted = Event::Finished(Outcome::Admitted(account.clone()));
    assert_eq!(told, [admitted]);
    assert_eq!(world.auth.accounts(), 1);
    assert_eq!(world.serve(2, b"some"), [data(third, b"some")]);
}

#[test]
fn an_account_that_was_created_unheard_is_created_once() {
    let mut world = World::new(5);
    world.phone.trust(world.auth.known());
    world.get(b"the news", None);
    world.lose_next_answer(); // message_2
    assert_eq!(world.make_key(), []);
    // The app dies, and begins again with the key that is on its disk.
    world.restart();
    world.lose_after(1); // `admitted`
    let (_, told) = world.get(b"the news", None);
    assert_eq!(told, []);
    assert_eq!(world.auth.accounts(), 1);
    world.restart();
    assert_eq!(world.phone.disk.accounts, []);
    let (id, told) = world.get(b"the news", None);
    assert!(matches!(told[..], [Event::Finished(Outcome::Admitted(_))]));
    assert_eq!(world.auth.accounts(), 1);
    assert_eq!(world.auth.forwarded.len(), 1);
    assert_eq!(world.serve(0, b"none"), [data(id, b"none")]);
    assert_eq!(world.phone.disk.creating, None);
}

#[test]
fn with_an_account_none_is_created() {
    let mut world = World::new(5);
    let alice = world.enrolled("alice", "2580");
    // Whose request would it be, and with which factor? That is not for a request to decide.
    let (id, told) = world.get(b"my letters", None);
    assert_eq!(told, [failed(id, Code::NoDataChannel)]);
    assert_eq!(world.auth.accounts(), 1);

    // ── A channel for data ─────────────────────────────────────────────────
    // The policy for data asks for the PIN. What is asked for meanwhile waits.
    assert!(matches!(
        world.open_data(&alice)[..],
        [Event::SecondFactor(_)]
    ));
    let (id, told) = world.get(b"my letters", None);
    assert_eq!(told, []);
    let told = world.enter("2580");
    let admitted = Event::Finished(Outcome::Admitted(alice.clone()));
    assert_eq!(told[1..], [admitted]);
    let [forwarded] = &world.auth.forwarded[..] else {
        panic!("forwarded");
    };
    assert_eq!(forwarded.caller.level, Level::Full);
    assert_eq!(forwarded.caller.account, alice.id);
    assert_eq!(world.serve(0, b"Dear"), [data(id, b"Dear")]);
}

#[test]
fn a_channel_that_is_not_opened_fails_what_waits_for_it() {
    let mut world = World::new(5);
    let alice = world.enrolled("alice", "2580");
    world.open_data(&alice);
    let (id, _) = world.get(b"my letters", None);
    let told = world.abandon();
    assert_eq!(told[1..], [failed(id, Code::NoDataChannel)]);
    // While the user does something else, no channel can be opened; there is none to wait for.
    let code = world.ask("Log in at example.com");
    world.scan(&code);
    let (id, told) = world.get(b"my letters", None);
    assert_eq!(told, [failed(id, Code::NoDataChannel)]);
    assert_eq!(world.auth.forwarded.len(), 0);
}

#[test]
fn through_the_app_session() {
    let mut world = World::new(5);
    let alice = world.enrolled("alice", "2580");
    world.logged_in(&alice, None, "2580");
    let (first, _) = world.get(b"1", None);
    let (second, _) = world.get(b"", None); // It may be empty.
    let (third, _) = world.get(b"3", None);
    assert_eq!(world.serve(2, b"three"), [data(third, b"three")]);

    // ── Cancelling ─────────────────────────────────────────────────────────
    // What the service did is unknown, and whatever it says is not delivered.
    let cancelled = completed(second, Completion::Cancelled);
    assert_eq!(world.cancel(second), [cancelled]);
    assert_eq!(world.auth.cancelled, [second]);
    assert_eq!(world.serve(1, b"two"), []);
    // Cancelling what is finished does nothing.
    for finished in [second, third, 99] {
        assert_eq!(world.cancel(finished), []);
    }
    assert_eq!(world.auth.cancelled, [second]);

    // ── Limits ─────────────────────────────────────────────────────────────
    let (id, told) = world.get(&vec![0; limit::DATA + 1], None);
    assert_eq!(told, [failed(id, Code::TooLarge)]);
    assert_eq!(world.get(&vec![0; limit::DATA], None).1, []);
    // An answer over its limit fails its own request and no other.
    let told = world.serve(0, &vec![0; limit::DATA + 1]);
    assert_eq!(told, [failed(first, Code::TooLarge)]);
    // One of those that were asked is open; 63 more may be.
    for _ in 1..limit::OPEN_REQUESTS {
        assert_eq!(world.get(b"x", None).1, []);
    }
    let (id, told) = world.get(b"x", None);
    assert_eq!(told, [failed(id, Code::TooManyRequests)]);

    // ── The end ────────────────────────────────────────────────────────────
    // Each that is open ends, once, with the session.
    let told = world.wait(PING_TIME_S);
    assert!(matches!(told[0], Event::LoggedOut(_)));
    let mut open: Vec<_> = told[1..].to_vec();
    assert_eq!(open.len(), limit::OPEN_REQUESTS);
    open.dedup();
    assert_eq!(open.len(), limit::OPEN_REQUESTS);
    assert!(open.iter().all(|event| matches!(
        event,
        Event::Data(done) if done.with == Completion::OutcomeUnknown
    )));
    let (id, told) = world.get(b"x", None);
    assert_eq!(told, [failed(id, Code::NoDataChannel)]);
}

#[test]
fn nothing_is_sent_twice_but_by_the_app() {
    let mut world = World::new(5);
    world.headless();
    let key = IdempotencyKey([7; 16]);
    let (plain, _) = world.get(b"pay", None);
    let (keyed, _) = world.get(b"pay once", Some(key));
    let before = world.auth.forwarded.len();

    // The transport breaks while both are open, and that of `headless` before them.
    let told = world.break_data();
    assert_eq!(told[1..], [unknown(plain), unknown(keyed)]);
    assert_eq!(world.break_data(), []);
    assert_eq!(world.auth.forwarded.len(), before);

    // The app asks again for what it gave a key to; the service recognises it.
    let (again, told) = world.get(b"pay once", Some(key));
    assert!(matches!(told[..], [Event::Finished(Outcome::Admitted(_))]));
    let last = world.auth.forwarded.last().expect("forwarded");
    assert_eq!((last.id, last.idempotency_key), (again, Some(key)));
    assert_eq!(world.serve(before, b"paid"), [data(again, b"paid")]);
}

#[test]
fn a_lost_record_loses_the_channel_and_not_the_session() {
    let mut world = World::new(5);
    let alice = world.enrolled("alice", "2580");
    world.logged_in(&alice, None, "2580");
    let (id, _) = world.get(b"1", None);
    world.lose_ping();
    // The next record has a number that nobody expects: something is missing.
    assert_eq!(world.serve(0, b"one"), [unknown(id)]);
    assert!(world.web_nonce().is_some()); // APP-15
    let (id, told) = world.get(b"2", None);
    assert_eq!(told, [failed(id, Code::NoDataChannel)]);
    // Silence ends the session in its time.
    let told = world.wait(PING_TIME_S);
    assert!(matches!(told[..], [Event::LoggedOut(_)]));
}
