//! `device.session.*`: app logins, and the sessions that they begin.

use serde_json::json;

use super::*;
use crate::author::positive;

/// An app login with the PIN.
pub(super) fn logged_in() -> Vec<Step> {
    vec![
        enrolled(),
        begins(),
        auth("answer", none(), sends("hello to factor")),
        keeper_answers(),
        keeper_asks(),
        enters(),
        passed(),
        auth("log_in", none(), finished("logged_in", "alice")),
    ]
}

/// Steps of [`logged_in`].
mod step {
    pub const OFFER: usize = 2;
    pub const PIN: usize = 5;
    pub const LOG_IN: usize = 7;
}

fn begins() -> Step {
    user("app_login", none(), sends("hello to auth"))
}

fn advances(s: u64) -> Step {
    turn(Actor::Clock, "advance", json!({ "s": s }), none())
}

fn ticks(expect: Value) -> Step {
    device("tick", none(), expect)
}

fn pings() -> Step {
    auth("ping", none(), sends("pong to auth"))
}

/// The device ends the session by itself, and says so.
fn ends(cause: u64) -> Value {
    json!({ "sends": "logout to auth", "logged_out": { "account": "alice", "cause": cause } })
}

fn lives() -> Step {
    device("app_session", none(), json!({ "account": "alice" }))
}

/// Nothing can be read of it.
fn is_over() -> Step {
    device("app_session", none(), rejected(605))
}

/// A login whose policy is `policy`, up to the confirmation, which leads to what `sends` says.
fn login_under(policy: Value, leads_to: &str) -> [Step; 3] {
    [
        starts_login(),
        auth(
            "answer",
            json!({ "policy": policy }),
            json!({ "confirm_login": { "accounts": ["alice"] } }),
        ),
        user("confirm", none(), sends(leads_to)),
    ]
}

/// With the PIN, after the confirmation has led to the factor server.
fn verified() -> [Step; 5] {
    [
        keeper_answers(),
        keeper_asks(),
        enters(),
        passed(),
        settles(),
    ]
}

/// App sessions and their ends.
pub fn group() -> Group {
    let mut group = Group::new(
        "device-session",
        "App logins, and how the sessions that they begin live and end.",
    );
    let base = positive("device.session.login", "the app logs in with the PIN")
        .why("An app session is a credential: it begins for the right account, with the right statement, and lasts no longer than it should.")
        .requires(&["APP-1", "APP-2", "SES-9", "BND-1", "HS-15"])
        .needs(&["app"])
        .turns(&logged_in())
        .does(lives());
    let steps = &base.steps;
    let session = |id: &str, title: &str, why: &str, requires: &[&str], more: &[Step]| {
        positive(&format!("device.session.{id}"), title)
            .why(why)
            .requires(requires)
            .needs(&["app"])
            .turns(&logged_in())
            .turns(more)
    };
    let logs_in = |with: Value| vary(&steps[step::LOG_IN], with, finished("logged_in", "alice"));
    let before = &steps[..step::LOG_IN];
    let inactive = |more: &[Step]| {
        let begins = user(
            "app_login",
            json!({ "inactivity_s": 30 }),
            sends("hello to auth"),
        );
        [
            &[enrolled(), begins][..],
            &steps[step::OFFER..step::LOG_IN],
            &[logs_in(none())],
            more,
        ]
        .concat()
    };
    let timers = "A phone that lies on a table must not stay logged in for whoever picks it up.";
    let cached = |max_age_s: u64| json!({ "cached": true, "max_age_s": max_age_s });
    let after = "Whoever has ended an app session must not be taken for logged in by the factor that it began with.";
    let out = || user("log_out", none(), ends(1));
    let lasting = |more: &[Step]| {
        [
            before,
            &[logs_in(json!({ "ping_time_s": 7200, "limit_s": 86400 }))],
            more,
        ]
        .concat()
    };
    #[rustfmt::skip]
    let positives = [
        positive("device.session.without-factor", "the app logs in where no factor is asked for").why("A server that asks for none gets none.").requires(&["APP-2"]).needs(&["app"])
            .turns(&steps[..step::OFFER]).turns(&[auth("answer", json!({ "policy": null }), sends("statement to auth")), logs_in(none()), lives()]),
        session("log-out", "the app logs out", "What was erased cannot be used by whoever takes the phone.", &["APP-7"], &[out(), is_over()]),
        session("ping", "the server pings in time", timers, &["APP-8"],
            &[advances(59), pings(), advances(59), ticks(none()), lives(), pings(), lives()]),
        session("silence", "no ping comes within the ping time", timers, &["APP-8", "APP-7"], &[advances(60), ticks(ends(3)), is_over()]),
        session("silence-after-a-ping", "the ping time passes after a ping", timers, &["APP-8"], &[advances(30), pings(), advances(59), ticks(none()), lives(), advances(1), ticks(ends(3)), is_over()]),
        positive("device.session.limit", "the limit comes, whatever happens").why(timers).requires(&["APP-8"]).needs(&["app"]).turns(before)
            .turns(&[logs_in(json!({ "limit_s": 100 })), advances(50), pings(), user("activity", none(), none()), advances(49), ticks(none()), pings(), advances(1), ticks(ends(5)), is_over()]),
        positive("device.session.inactivity", "the user does nothing for the app's inactivity time").why(timers).requires(&["APP-8"]).needs(&["app"])
            .turns(&inactive(&[advances(29), ticks(none()), lives(), advances(1), ticks(ends(2)), is_over()])),
        positive("device.session.activity", "the user does something, and later nothing").why(timers).requires(&["APP-8"]).needs(&["app"])
            .turns(&inactive(&[advances(29), user("activity", none(), none()), advances(29), ticks(none()), lives(), advances(1), ticks(ends(2)), is_over()])),
        session("resume", "the transport broke and is there again", "A lift or a tunnel is no reason to log in again.", &["APP-15"],
            &[network("resume", none(), sends("pong to auth")), pings(), lives()]),
        session("restart", "the app is killed and started again", "An app session lives in memory; whoever reads the disk must find none.", &["APP-7"],
            &[device("restart", none(), none()), is_over(), has(&["alice"])]),
        session("again", "the app logs in once more after it has logged out", "Logging out must not lock out.", &["APP-7", "APP-2"],
            &[&[out()][..], &logged_in()[1..], &[lives()]].concat()),
        session("beside", "a login is confirmed, and another declined, while the session is live", "An app session is no flow: whoever is logged in can still sign in elsewhere.", &["DEV-2", "APP-17"],
            &[&login_under(json!(null), "statement to auth")[..], &[settles(), starts_login(), offers_login(), user("decline", none(), sends("statement to auth")),
              auth("settle", none(), json!({ "finished": { "outcome": "declined" } })), pings(), lives()]].concat()),
        session("asleep", "the phone sleeps beyond the ping time, and wakes when a link is opened", timers, &["APP-11", "APP-8"],
            &[advances(7200), user("start", json!({ "link": "login" }), json!({ "sends": ["logout to auth", "hello to auth"], "logged_out": { "account": "alice", "cause": 3 } })), is_over()]),
        session("cached", "a login rests on the app session's factor", "A user who has just entered the PIN is not asked for it again.", &["APP-9"],
            &[&login_under(cached(600), "statement to auth")[..], &[settles(), lives()]].concat()),
        session("cached-too-old", "the app session's factor is too old for the policy", "A stale verification is none.", &["APP-9"],
            &[&[advances(31)][..], &login_under(cached(30), "hello to factor"), &verified()].concat()),
        session("not-cached", "the policy allows no cached verification", "The server decides what it takes.", &["APP-9"],
            &[&login_under(json!({}), "hello to factor")[..], &verified()].concat()),
        session("due", "a login follows the session, and no policy asks for a factor", after, &["APP-17"],
            &[&[out()][..], &login_under(json!(null), "hello to factor"), &verified(), &login_under(json!(null), "statement to auth"), &[settles()]].concat()),
        session("due-after-a-restart", "a login follows after the app was killed", after, &["APP-17"],
            &[&[device("restart", none(), none())][..], &login_under(json!(null), "hello to factor"), &verified()].concat()),
        session("due-not-yet", "a login without policy while the session is live", after, &["APP-17"],
            &[&login_under(json!(null), "statement to auth")[..], &[settles(), lives()]].concat()),
        session("due-still", "a fresh factor that is given while the session is live does not do for what follows it", after, &["APP-17"],
            &[&login_under(json!({}), "hello to factor")[..], &verified(), &[out()], &login_under(json!(null), "hello to factor"), &verified()].concat()),
        positive("device.session.missed", "the settlement of an app login was lost, and the next login is refused with 400").why(after).requires(&["APP-18"]).needs(&["app"])
            .turns(before).turns(&[auth("log_in", json!({ "lost": true }), none()), device("restart", none(), none())])
            .turns(&login_under(json!(null), "statement to auth")).does(auth("refuse", json!({ "error": 400 }), failed(400)))
            .turns(&login_under(json!(null), "hello to factor")).turns(&verified()),
        positive("device.session.keys", "a channel stays open for hours").why("Keys that are never renewed are worth stealing for longer.").requires(&["CH-6"]).needs(&["app"])
            .turns(&lasting(&[advances(3599), ticks(sends("key_update to auth")), pings(), advances(3599), ticks(sends("key_update to auth")), pings(), user("log_out", none(), ends(1))])),
        positive("device.session.keys-of-the-server", "the server takes new keys in the session").why("Each direction has its own keys, and its own pace.").requires(&["CH-7"]).needs(&["app"])
            .turns(&lasting(&[auth("renew_keys", json!({ "through": "app" }), none()), pings(), lives()])),
    ];
    group.cases.extend(positives);
    for number in [400, 605, 606] {
        group.cases.push(session(
            &format!("doubted-{number}"),
            &format!("a login that rests on the app session is refused with {number}"),
            "A device that goes on offering what the server does not take never logs in.",
            &["APP-18"],
            &[
                &login_under(cached(600), "statement to auth")[..],
                &[auth("refuse", json!({ "error": number }), failed(number))],
                &login_under(cached(600), "hello to factor"),
                &verified(),
            ]
            .concat(),
        ));
    }
    for (cause, who) in [
        (1, "app"),
        (4, "backend"),
        (6, "server because the account is revoked"),
        (7, "server because of another app login"),
    ] {
        group.cases.push(session(
            &format!("logout-{cause}"),
            &format!("the server says that the {who} has ended the session"),
            "A phone that was stolen is logged out from elsewhere, whatever its app would like.",
            &["APP-16", "APP-7"],
            &[
                auth(
                    "logout",
                    json!({ "cause": cause }),
                    json!({ "logged_out": { "account": "alice", "cause": cause } }),
                ),
                is_over(),
                user("log_out", none(), rejected(605)),
            ],
        ));
    }
    let reply = |path: Value, with: &str| json!({ "spoil": { "at": "reply", "path": path, "replace": with } });
    #[rustfmt::skip]
    let rows = [
        row("announce", "there is announce info", step::OFFER, json!({ "announce": { "title": "x" } }), 107, "APP-1", "device.entry-offer"),
        row("preselected", "an account is pre-selected", step::OFFER, json!({ "account": "alice" }), 107, "APP-1", "device.entry-offer"),
        row("voucher", "there is a voucher", step::OFFER, json!({ "voucher": true }), 107, "APP-1", "device.entry-offer"),
        row("unknown-signer", "message_2 is signed by an unknown key", step::OFFER, json!({ "signer": "other" }), 204, "HS-10", "device.signature-2"),
        row("version-not-offered", "a version is chosen that was not offered", step::OFFER, json!({ "version": [1, 7] }), 203, "VER-3", "device.version-offered"),
        row("another-account", "the session is for another account", step::LOG_IN, json!({ "account": "stranger" }), 107, "DEV-14", "device.settled-as-signed"),
        row("settled-trailing", "a byte follows the settlement", step::LOG_IN, json!({ "spoil": { "at": "reply", "append": "00" } }), 104, "ENC-8", "cbor.trailing"),
        row("settled-short", "the limit is missing", step::LOG_IN, json!({ "spoil": { "at": "reply", "path": [7], "remove": true } }), 107, "ENC-12", "cbor.structure"),
        row("short-web-nonce", "the web nonce has 31 bytes", step::LOG_IN, reply(json!([5]), &format!("581f{}", "00".repeat(31))), 107, "ENC-12", "cbor.structure"),
        row("no-ping-time", "the ping time is null", step::LOG_IN, reply(json!([6]), "f6"), 107, "ENC-12", "cbor.structure"),
        row("user-name-too-long", "the user name has 257 bytes", step::LOG_IN, reply(json!([2]), &format!("790101{}", "61".repeat(257))), 106, "ENC-10", "limit.user-name"),
        row("unprotected-success", "what settles is no record", step::LOG_IN, json!({ "spoil": { "at": "record", "replace": "811818" } }), 107, "HS-15", "device.success-needs-record"),
        row("flipped", "one bit of the settlement is another", step::LOG_IN, json!({ "spoil": { "at": "record", "flip_bit": 120 } }), 603, "CH-4", "channel.tag"),
    ];
    let why = "A user who is told of an app session that nobody granted is logged in somewhere else, or nowhere.";
    for row in rows {
        group.cases.push(
            row.case(&base, "session", why)
                .turns(&[is_over(), has(&["alice"])]),
        );
    }
    let but = |id: &str, change: &str, requirement: &str, kills: &str| {
        base.but(&format!("device.session.{id}"), change)
            .why(why)
            .requires(&[requirement])
            .kills(kills)
    };
    let settled_login =
        format!("851001 50{0} 65616c696365 50{0}", "00".repeat(16)).replace(' ', "");
    let fired = |cause: u64, code: u16| {
        let mut expect = ends(cause);
        expect["rejected"] = code.into();
        expect
    };
    #[rustfmt::skip]
    group.cases.extend([
        but("login-twice", "another app login is started while one is live", "APP-6", "device.one-app-session").turns(steps).turns(&[user("app_login", none(), rejected(607)), lives()]),
        but("login-while-entering", "another app login is started while the PIN is asked for", "DEV-2", "device.one-flow")
            .turns(&steps[..step::PIN]).does(user("app_login", none(), rejected(307))).turns(&steps[step::PIN..]),
        but("no-account", "there is no such account", "SES-1", "device.account-exists").turns(&[enrolled(), user("app_login", json!({ "account": "nobody" }), rejected(306)), starts_login()]),
        but("log-out-idle", "the app logs out without being logged in", "APP-7", "device.app-session-live").turns(&[enrolled(), is_over(), user("log_out", none(), rejected(605)), network("resume", none(), rejected(605))]),
        but("cancelled", "the user cancels", "DEV-8", "device.cancel-ends").turns(&steps[..step::PIN]).turns(&[user("cancel", none(), failed(429)), is_over()]),
        but("refused", "the server refuses the statement", "DEV-14", "device.refusal-ends").turns(before).turns(&[auth("refuse", json!({ "error": 408 }), failed(408)), is_over()]),
        but("settled-as-a-login", "the server settles a login", "HS-4", "device.message-due").turns(before)
            .turns(&[auth("say", json!({ "message": settled_login }), rejected(212)), logs_in(none()), lives()]),
        but("ping-before", "a ping comes before the settlement", "HS-4", "device.message-due").turns(before)
            .turns(&[auth("say", json!({ "message": "811819" }), rejected(212)), logs_in(none()), lives()]),
        but("late-ping", "a ping comes after the ping time", "APP-11", "device.timers-first").turns(&steps[..]).turns(&[advances(60), auth("ping", none(), fired(3, 212)), is_over()]),
        but("late-activity", "the user does something after the inactivity time", "APP-11", "device.timers-first").turns(&inactive(&[advances(30), user("activity", none(), ends(2)), is_over()])),
        but("late-ping-after-the-limit", "a ping comes when the limit has come", "APP-11", "device.timers-first").turns(before)
            .turns(&[logs_in(json!({ "limit_s": 20 })), advances(20), auth("ping", none(), fired(5, 212)), is_over()]),
        but("late-read", "the app reads its session after the ping time", "APP-11", "device.timers-first").turns(steps).turns(&[advances(61), device("app_session", none(), fired(3, 605)), is_over()]),
        but("long-sleep", "the phone has slept for a day", "APP-11", "device.clock-counts-sleep").turns(&inactive(&[advances(86_400), ticks(ends(2)), is_over()])),
        but("traffic-is-no-activity", "pings come while the user does nothing", "APP-8", "device.traffic-is-no-activity").turns(&inactive(&[advances(20), pings(), advances(9), pings(), advances(1), ticks(ends(2)), is_over()])),
        but("traffic-is-no-ping", "new keys come, but no ping", "APP-8", "device.only-pings-extend").turns(steps)
            .turns(&[advances(59), auth("renew_keys", json!({ "through": "app" }), none()), advances(1), ticks(ends(3)), is_over()]),
        but("activity-is-no-ping", "the user does something, but no ping comes", "APP-8", "device.only-pings-extend").turns(steps)
            .turns(&[advances(59), user("activity", none(), none()), advances(1), ticks(ends(3)), is_over()]),
        but("forged-ping", "the ping is not authentic", "APP-8", "channel.tag").turns(steps)
            .turns(&[advances(59), auth("ping", json!({ "spoil": { "at": "record", "flip_last": 1 } }), none()), advances(1), device("tick", none(), json!({ "logged_out": { "account": "alice", "cause": 3 } })), is_over()]),
        but("forged-logout", "the server's logout is not authentic", "APP-16", "channel.tag").turns(steps)
            .turns(&[auth("logout", json!({ "spoil": { "at": "record", "flip_last": 1 } }), none()), lives()]),
        but("ping-again", "a ping comes again instead of another", "CH-2", "channel.replay").turns(steps)
            .turns(&[pings(), advances(59), network("replay", json!({ "from": "auth" }), rejected(602)), advances(1), ticks(ends(3))]),
        but("ping-after-logout", "a ping comes after the app has logged out", "APP-7", "device.app-session-erased").turns(steps).turns(&[out(), auth("ping", none(), rejected(212)), is_over()]),
        but("logout-after-logout", "the server ends a session that the app has ended", "APP-7", "device.app-session-erased").turns(steps).turns(&[out(), auth("logout", none(), rejected(212)), is_over()]),
        but("cached-after-logout", "a login follows that the ended session could have vouched for", "APP-9", "device.app-session-erased").turns(steps)
            .does(out()).turns(&login_under(cached(600), "hello to factor")).turns(&verified()),
        but("cached-after-silence", "a login is confirmed when the ping time has passed", "APP-11", "device.timers-first").turns(steps)
            .turns(&login_under(cached(600), "")[..2]).does(advances(60)).does(user("confirm", none(), json!({ "sends": ["logout to auth", "hello to factor"], "logged_out": { "account": "alice", "cause": 3 } })))
            .turns(&verified()),
        but("cached-for-app-login", "the next app login could rest on the one before", "APP-4", "device.app-login-fresh").turns(steps)
            .does(out()).turns(&[begins(), auth("answer", json!({ "policy": cached(600) }), sends("hello to factor"))]),
        but("logout-unknown-cause", "the cause is not registered", "ENC-12", "cbor.structure").turns(steps).turns(&[auth("say", json!({ "through": "app", "message": "82181b08" }), rejected(107)), lives()]),
    ]);
    group.cases.insert(0, base);
    group
}
