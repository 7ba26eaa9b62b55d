//! `auth.cached.*`: logins that rest on the factor of a live app session.

use serde_json::{Value, json};

use super::app::{leave, log_in, pong, served};
use super::{
    Story, asked, bob, group_of, later, login, negatives, open, pin, positives, read_session,
    refused, session, settled, with,
};
use crate::author::positive;
use crate::case::{Case, Group, Step};

/// Cached verifications, right and wrong.
pub fn group() -> Group {
    let base = positive(
        "auth.cached.confirmed",
        "a login rests on the factor of the app session",
    )
    .why(WHY)
    .needs(&["app"])
    .requires(&["APP-9", "APP-10", "STM-7"])
    .steps(in_app(json!({})))
    .steps(vec![
        session(cached()),
        login(proof(json!({})), confirmed()),
    ])
    .steps(vec![read_session(
        json!({ "state": "confirmed", "account": "alice" }),
    )]);
    let mut cases = vec![base.clone()];
    cases.extend(rights());
    cases.extend(negatives(&base, wrongs()));
    group_of(
        "auth-cached",
        "Cached verifications: the factor of a live app session, for its own device, while it is fresh enough.",
        cases,
    )
}

const WHY: &str = "A factor that counts for longer than the session is a factor that nobody gave.";

fn in_app(terms: Value) -> Vec<Step> {
    [served(terms), vec![log_in(json!({}))]].concat()
}

/// The terms of a session that takes a cached verification.
fn cached() -> Value {
    json!({ "policy": with(pin(), json!({ "cached": true })) })
}

fn proof(more: Value) -> Value {
    json!({ "app_session_proof": with(json!({ "of": "app login" }), more) })
}

fn confirmed() -> Value {
    settled("confirm", "alice")
}

#[rustfmt::skip] // a table
fn rights() -> Vec<Case> {
    let both = json!({ "policy": { "factors": 3, "max_age_s": 60, "cached": false } });
    positives("auth.cached", &["app"], WHY, vec![
        ("oldest", "the factor was verified exactly max-age ago", &["APP-10"],
            [in_app(json!({})), vec![later(30), pong(json!({})), later(30), session(cached()), login(proof(json!({})), confirmed())]].concat()),
        ("twice", "two logins rest on it", &["APP-10"],
            [in_app(json!({})), vec![session(cached()), login(proof(json!({})), confirmed()), session(with(json!({ "as": "next" }), cached())),
                login(with(json!({ "session": "next" }), proof(json!({}))), confirmed())]].concat()),
        ("repeated", "the answer is lost, and the same account confirms the same again", &["SES-6", "APP-10"],
            [in_app(json!({})), vec![session(cached()), login(with(json!({ "lost": true }), proof(json!({}))), confirmed()),
                login(with(json!({ "as": "again" }), proof(json!({}))), confirmed())]].concat()),
        ("fresh-instead", "a fresh factor comes where a cached one would do", &["APP-10", "STM-7"],
            [in_app(json!({})), vec![session(cached()), login(json!({}), confirmed())]].concat()),
        ("biometric", "the session began with a biometric, which the policy allows", &["APP-10"],
            [in_app(both), vec![session(json!({ "policy": { "factors": 3, "max_age_s": 60, "cached": true } })),
                login(proof(json!({})), confirmed())]].concat()),
    ])
}

#[rustfmt::skip] // a table
fn wrongs() -> Vec<Story<'static>> {
    let tried = |terms: Value, before: Vec<Step>, said: Value, code: u16| [in_app(terms), before, vec![session(cached()),
        login(said, refused(code)), read_session(json!({ "state": "new" })),
        login(json!({ "as": "again" }), confirmed())]].concat();
    let no_policy = || super::configured(json!({ "app": { "ping_time_s": 30, "limit_s": 3600 } }));
    let now = || json!({});
    let replay = "replay";
    vec![
        ("not-allowed", "the policy takes none", &["APP-10", "STM-8"], replay, "cached.policy",
            [in_app(now()), vec![session(json!({})), login(proof(json!({})), refused(107)), read_session(json!({ "state": "new" })),
                login(json!({ "as": "again" }), confirmed())]].concat()),
        ("no-session", "there is no app session", &["APP-10"], replay, "cached.live",
            [served(now()), vec![session(cached()), login(json!({ "app_session_proof": true }), refused(605)),
                read_session(json!({ "state": "new" })), login(json!({ "as": "again" }), confirmed())]].concat()),
        ("left", "the user has logged out of the app", &["APP-10", "APP-7"], replay, "cached.live",
            tried(now(), vec![leave()], proof(json!({})), 605)),
        ("silent", "the app session has ended by silence", &["APP-10", "APP-12"], replay, "cached.live",
            tried(now(), vec![later(60)], proof(json!({})), 605)),
        ("replaced", "the proof is of the app session before", &["APP-10", "APP-6"], replay, "cached.proof",
            tried(now(), vec![log_in(json!({ "as": "second" }))], proof(json!({})), 606)),
        ("transcript-other", "the proof is for another handshake", &["APP-9", "APP-10"], replay, "cached.proof",
            tried(now(), vec![], proof(json!({ "transcript": "other" })), 606)),
        ("session-other", "the proof names another app session", &["APP-9", "APP-10"], replay, "cached.proof",
            tried(now(), vec![], proof(json!({ "session": "other" })), 606)),
        ("drawn", "the proof is drawn at random", &["APP-9", "APP-10"], replay, "cached.proof",
            tried(now(), vec![], json!({ "app_session_proof": true }), 606)),
        ("of-another-user", "the proof is of another user's app session", &["APP-9", "APP-10"], "key-confusion", "cached.proof",
            tried(now(), [bob(), vec![open("app login", json!({ "as": "bob's", "device": "bob" }), json!({ "logged_in": "bob" }))]].concat(),
                proof(json!({ "of": "bob's" })), 606)),
        ("too-old", "the factor was verified a second too long ago", &["APP-10"], replay, "cached.max-age",
            tried(now(), vec![later(30), pong(json!({})), later(31)], proof(json!({})), 407)),
        ("factor-not-allowed", "the session began with a biometric, and the policy is the PIN", &["APP-10"], "purpose-confusion", "cached.factor",
            [served(json!({ "policy": { "factors": 3, "max_age_s": 60, "cached": false } })),
                vec![log_in(json!({ "assertion": { "factor": 2 } })), session(cached()), login(proof(json!({})), refused(408)),
                    read_session(json!({ "state": "new" })), login(json!({ "as": "again" }), confirmed())]].concat()),
        ("no-factor", "the session began without a factor", &["APP-10"], "unsigned-decision", "cached.verification",
            [vec![no_policy()], super::alice(), vec![log_in(json!({})), session(cached()), login(proof(json!({})), refused(400)),
                read_session(json!({ "state": "new" })), login(json!({ "as": "again" }), confirmed())]].concat()),
        ("both", "there is an assertion as well", &["APP-10"], "structure", "cached.both",
            tried(now(), vec![], with(proof(json!({})), json!({ "assertion": {} })), 107)),
        ("declined", "it is declined, with a proof", &["STM-8"], "structure", "statement.unused",
            tried(now(), vec![], with(proof(json!({})), json!({ "decision": "decline" })), 107)),
        ("two-faults-live-first", "the session has ended and the proof is drawn at random", &["APP-10"], "structure", "order.live",
            tried(now(), vec![leave()], json!({ "app_session_proof": true }), 605)),
        ("two-faults-proof-first", "the proof is drawn at random and the factor too old", &["APP-10"], "structure", "order.proof",
            tried(now(), vec![later(30), pong(json!({})), later(31)], json!({ "app_session_proof": true }), 606)),
        ("logged-out-by-backend", "the backend has logged the user out", &["APP-10", "APP-7"], replay, "cached.live",
            tried(now(), vec![asked("log_out", json!({ "account": "alice" }), json!({}))], proof(json!({})), 605)),
    ]
}
