//! A walk through an app session: an app logs in, its backend learns for whom, logins rest on
//! its second factor, and each of the ways in which it ends.
//!
//! Everything is real but the network and the stores; `cast` holds the parties.

mod cast;

use cast::auth::{LIMIT_S, PIN, PING_TIME_S};
use cast::{World, failed};
use countersign::auth::{Liveness, Resolved};
use countersign::device::{Event, FactorContext, LoggedOut, Outcome};
use countersign::error::Code;
use countersign::messages::handshake::Policy;
use countersign::registry::{Decision, LogoutCause};

/// The PIN, verified just now or when the app session began.
const PIN_OR_CACHED: Policy = Policy {
    cached: true,
    max_age_s: 300,
    ..PIN
};

/// Seconds without the user after which the app wants to be logged out.
const IDLE_S: u32 = 120;

fn logged_out(world: &World, cause: LogoutCause) -> Event {
    let account = &world.phone.disk.accounts[0];
    Event::LoggedOut(LoggedOut {
        server: account.server,
        account: account.id,
        cause,
    })
}

#[test]
fn from_login_to_logout() {
    let mut world = World::new(5);
    let alice = world.enrolled("alice", "2580");
    // Before the login there is nothing to show.
    assert_eq!(world.web_nonce(), None);
    assert_eq!(world.user_name(), None);

    // ── Login ──────────────────────────────────────────────────────────────
    // No link, and no question whether: the app is asked for the PIN at once.
    let [Event::SecondFactor(request)] = world.app_login(&alice, None)[..] else {
        panic!("straight to the second factor");
    };
    assert_eq!(request.context, FactorContext::Verify);
    assert_eq!(request.session, None);
    let told = world.enter("2580");
    assert_eq!(
        told[1..],
        [Event::Finished(Outcome::LoggedIn(alice.clone()))]
    );

    // The app hands the web nonce to its backend, which asks the auth server whose it is.
    let web_nonce = world.web_nonce().expect("logged in");
    assert_eq!(world.user_name(), Some("alice"));
    let live = Resolved {
        account: alice.id,
        user_name: "alice".into(),
        liveness: Liveness::Live,
    };
    assert_eq!(world.resolve(&web_nonce), Some(live.clone()));

    // A second login has to wait for the end of this one.
    assert_eq!(world.app_login(&alice, None), [failed(Code::LoggedIn)]);

    // ── While it lives ─────────────────────────────────────────────────────
    // The server pings twice in each ping time, the phone answers, and both know of each other.
    for _ in 0..6 {
        assert_eq!(world.wait(PING_TIME_S / 2), []);
        assert_eq!(world.ping(), []);
    }
    assert_eq!(world.resolve(&web_nonce), Some(live));

    // A website whose policy takes a cached verification needs no PIN: the statement proves the
    // live app session instead.
    let code = world.ask_for(Some("Log in at example.com"), Some(PIN_OR_CACHED));
    world.scan(&code);
    let confirmed = Event::Finished(Outcome::Confirmed(alice.clone()));
    assert_eq!(world.confirm(), std::slice::from_ref(&confirmed));
    assert_eq!(world.verdict(&code), Some((Decision::Confirm, alice.id)));

    // One whose policy does not take it asks for the PIN.
    let code = world.ask_for(None, Some(PIN));
    world.scan(&code);
    assert!(matches!(world.confirm()[..], [Event::SecondFactor(_)]));
    assert_eq!(world.enter("2580").last(), Some(&confirmed));

    // ── Logout ─────────────────────────────────────────────────────────────
    // The phone forgets first and then tells; nobody takes the web nonce for a login any more.
    let out = logged_out(&world, LogoutCause::App);
    assert_eq!(world.app_logout(), [out]);
    assert_eq!(world.web_nonce(), None);
    assert_eq!(world.user_name(), None);
    let resolved = world.resolve(&web_nonce).expect("known");
    assert_eq!(resolved.liveness, Liveness::Ended(LogoutCause::App));
    assert_eq!(world.app_logout(), [failed(Code::NotLoggedIn)]);
}

#[test]
fn after_a_logout_the_next_answer_has_a_fresh_factor() {
    let mut world = World::new(5);
    let alice = world.enrolled("alice", "2580");
    world.logged_in(&alice, None, "2580");
    world.app_logout();

    // This website asks for no factor at all. It is asked for all the same, also when the app
    // was killed in between: what is due is on the disk (APP-17).
    world.restart();
    let code = world.ask_for(None, None);
    world.scan(&code);
    assert!(matches!(world.confirm()[..], [Event::SecondFactor(_)]));
    let confirmed = Event::Finished(Outcome::Confirmed(alice));
    assert_eq!(world.enter("2580").last(), Some(&confirmed));

    // With that it is done: the next one is asked for nothing.
    let code = world.ask_for(None, None);
    world.scan(&code);
    assert_eq!(world.confirm(), [confirmed]);
}

#[test]
fn a_crash_is_as_good_as_a_logout() {
    let mut world = World::new(5);
    let alice = world.enrolled("alice", "2580");
    world.logged_in(&alice, None, "2580");
    world.restart();
    assert_eq!(world.web_nonce(), None);

    let code = world.ask_for(None, None);
    world.scan(&code);
    assert!(matches!(world.confirm()[..], [Event::SecondFactor(_)]));
    world.enter("2580");

    // To the auth server the lost app session was live still, so that this factor did not count.
    // When it has ended there, by silence, the server says what it misses, and the phone brings it.
    world.wait(2 * PING_TIME_S);
    let code = world.ask_for(None, None);
    world.scan(&code);
    assert_eq!(world.confirm(), [failed(Code::FactorRequired)]);
    world.scan(&code);
    assert!(matches!(world.confirm()[..], [Event::SecondFactor(_)]));
    let confirmed = Event::Finished(Outcome::Confirmed(alice));
    assert_eq!(world.enter("2580").last(), Some(&confirmed));
}

#[test]
fn it_ends_when_the_user_is_gone() {
    let mut world = World::new(5);
    let alice = world.enrolled("alice", "2580");
    world.logged_in(&alice, Some(IDLE_S), "2580");
    let web_nonce = world.web_nonce().expect("logged in");

    // The user does something now and then. Pings are not the user.
    for _ in 0..20 {
        world.wait(10);
        world.ping();
    }
    assert_eq!(world.web_nonce(), None, "idle for 200 s");

    world.logged_in(&alice, Some(IDLE_S), "2580");
    for _ in 0..20 {
        assert_eq!(world.wait(10), []);
        world.ping();
        world.touch();
    }
    assert!(world.web_nonce().is_some());
    assert_ne!(world.web_nonce(), Some(web_nonce));
}

#[test]
fn a_timer_fires_before_anything_else_is_looked_at() {
    let mut world = World::new(5);
    let alice = world.enrolled("alice", "2580");
    world.logged_in(&alice, Some(PING_TIME_S / 2), "2580");
    let out = logged_out(&world, LogoutCause::Inactivity);
    // The phone slept through its timer. The touch that wakes it comes too late ...
    world.sleep(PING_TIME_S / 2);
    assert_eq!(world.web_nonce(), None);
    assert_eq!(world.touch(), [out]);
    assert_eq!(world.touch(), []);
}

#[test]
fn it_ends_when_the_server_is_gone() {
    let mut world = World::new(5);
    let alice = world.enrolled("alice", "2580");
    world.logged_in(&alice, None, "2580");
    let out = logged_out(&world, LogoutCause::Silence);
    // A broken transport is no logout: the phone says through another one where it is.
    assert_eq!(world.wait(PING_TIME_S - 1), []);
    assert_eq!(world.resume(), []);
    assert!(world.web_nonce().is_some());
    // But only a ping is a ping.
    assert_eq!(world.wait(1), [out]);
}

#[test]
fn it_ends_at_its_limit() {
    let mut world = World::new(5);
    let alice = world.enrolled("alice", "2580");
    world.logged_in(&alice, None, "2580");
    let out = logged_out(&world, LogoutCause::Limit);
    let mut told = Vec::new();
    for _ in 0..LIMIT_S / 10 {
        told.extend(world.wait(10));
        if told.is_empty() {
            world.ping();
        }
    }
    assert_eq!(told, [out]);
}

#[test]
fn it_ends_when_the_server_says_so() {
    let mut world = World::new(5);
    let alice = world.enrolled("alice", "2580");
    world.logged_in(&alice, None, "2580");
    let web_nonce = world.web_nonce().expect("logged in");
    let out = logged_out(&world, LogoutCause::Server);
    assert_eq!(world.end(&web_nonce), [out]);
    assert_eq!(world.web_nonce(), None);

    // A revoked account is logged out as well, and can do nothing more.
    world.logged_in(&alice, None, "2580");
    let out = logged_out(&world, LogoutCause::Revoked);
    assert_eq!(world.revoke(&alice), [out]);
    world.app_login(&alice, None);
    let refused = failed(Code::AccountNotActive);
    assert_eq!(world.enter("2580").last(), Some(&refused));
}

#[test]
fn a_cached_factor_that_the_server_does_not_take_is_not_offered_again() {
    let mut world = World::new(5);
    let alice = world.enrolled("alice", "2580");
    world.logged_in(&alice, None, "2580");
    let web_nonce = world.web_nonce().expect("logged in");
    // The backend has ended the session, but the word of it was lost on its way.
    world.auth_end_unheard(&web_nonce);

    let code = world.ask_for(None, Some(PIN_OR_CACHED));
    world.scan(&code);
    assert_eq!(world.confirm(), [failed(Code::NotLoggedIn)]);
    // The code is good still. This time the PIN is asked for.
    world.scan(&code);
    assert!(matches!(world.confirm()[..], [Event::SecondFactor(_)]));
    let confirmed = Event::Finished(Outcome::Confirmed(alice));
    assert_eq!(world.enter("2580").last(), Some(&confirmed));
}

#[test]
fn a_settlement_that_is_lost_leaves_no_gap() {
    let mut world = World::new(5);
    let alice = world.enrolled("alice", "2580");
    world.app_login(&alice, None);
    world.lose_last_answer();
    assert_eq!(world.enter("2580").len(), 1);
    // The app gives up before it has heard that it is logged in.
    world.restart();
    // The server counts the session until it has been silent for long enough.
    world.wait(2 * PING_TIME_S);
    let code = world.ask_for(None, None);
    world.scan(&code);
    assert_eq!(world.confirm(), [failed(Code::FactorRequired)]);
    world.scan(&code);
    assert!(matches!(world.confirm()[..], [Event::SecondFactor(_)]));
    let confirmed = Event::Finished(Outcome::Confirmed(alice.clone()));
    assert_eq!(world.enter("2580").last(), Some(&confirmed));

    // Had it waited, message_3 again would have brought the same answer.
    world.app_login(&alice, None);
    world.lose_last_answer();
    world.enter("2580");
    let logged_in = Event::Finished(Outcome::LoggedIn(alice));
    assert_eq!(world.reconnect(), [logged_in]);
    assert!(world.web_nonce().is_some());
}

/// CH-6: "A party SHOULD renew its sending key within one hour"; CH-7.
#[test]
fn the_phone_renews_its_keys_while_the_session_lasts() {
    let mut world = World::new(5);
    let alice = world.enrolled("alice", "2580");
    world.logged_in(&alice, None, "2580");
    let mut renewals = 0;
    for _ in 0..(LIMIT_S - PING_TIME_S) / 15 {
        let before = world.wire.len();
        assert_eq!(world.wait(15), []);
        renewals += world.wire.len() - before;
        // The server takes the pong under the next keys, and says so by its next ping.
        assert_eq!(world.ping(), []);
    }
    assert_eq!(renewals, 1, "within the hour, and no oftener than needed");
    let (id, told) = world.get(b"balance", None);
    assert_eq!(told, []);
    let answer = world.serve(0, b"100 EUR");
    assert_eq!(answer, [cast::app::data(id, b"100 EUR")]);
}
