//! `auth.app.*`: the app itself is logged in, and out again.

use serde_json::{Value, json};

use super::{
    Story, alice, asked, bare_session, claim, configured, device, greet, group_of, heard, later,
    login, negatives, open, pin, positives, read_account, refused, session, set_account, settled,
    tick, with,
};
use crate::author::positive;
use crate::case::{Case, Group, Step};

/// App logins, right and spoilt, and how they end.
pub fn group() -> Group {
    let base = logged_in();
    let mut cases = vec![base.clone()];
    cases.extend(rights());
    cases.extend(negatives(&base, statements()));
    cases.extend(negatives(&base, endings()));
    cases.extend(negatives(&base, afterwards()));
    group_of(
        "auth-app",
        "App logins: at most one lives, it ends for good, and a fresh factor is due after it.",
        cases,
    )
}

const WHY: &str = "Who is taken for logged in after the session has ended acts in another's name.";

/// The server serves app logins, with `terms` in the place of the usual ones.
pub(super) fn served(terms: Value) -> Vec<Step> {
    let usual = json!({ "policy": pin(), "ping_time_s": 30, "limit_s": 3600 });
    let configure = configured(json!({ "app": with(usual, terms) }));
    [vec![configure], alice()].concat()
}

/// alice logs in to the app.
pub(super) fn log_in(more: Value) -> Step {
    open("app login", more, json!({ "logged_in": "alice" }))
}

pub(super) fn pong(expect: Value) -> Step {
    device("pong", json!({ "on": "app login" }), expect)
}

pub(super) fn leave() -> Step {
    device("leave", json!({ "on": "app login" }), json!({}))
}

/// The backend asks about the web nonce.
fn resolved(is_live: bool) -> Step {
    let who = json!({ "account": "alice", "user_name": "Alice", "live": is_live });
    asked("resolve", json!({ "on": "app login" }), who)
}

/// The session is as if nothing had been tried.
fn untouched() -> Vec<Step> {
    vec![
        read_account("active"),
        log_in(json!({ "as": "again" })),
        asked(
            "resolve",
            json!({ "on": "again" }),
            json!({ "account": "alice", "user_name": "Alice", "live": true }),
        ),
    ]
}

fn logged_in() -> Case {
    positive("auth.app.logged-in", "a user logs in to the app")
        .why(WHY)
        .needs(&["app"])
        .requires(&[
            "APP-1", "APP-2", "APP-3", "APP-4", "APP-5", "APP-6", "APP-12", "CLN-2", "SES-9",
        ])
        .steps(served(json!({})))
        .steps(vec![
            log_in(json!({})),
            resolved(true),
            pong(json!({})),
            resolved(true),
        ])
}

#[rustfmt::skip] // a table
fn rights() -> Vec<Case> {
    let served_by = |terms: Value, steps: Vec<Step>| [served(terms), steps].concat();
    let in_app = |steps: Vec<Step>| [served(json!({})), vec![log_in(json!({}))], steps].concat();
    let no_policy = configured(json!({ "app": { "ping_time_s": 30, "limit_s": 3600 } }));
    let mut cases = positives("auth.app", &["app"], WHY, vec![
        ("no-factor", "a server asks for no factor", &["APP-2", "APP-3"],
            [vec![no_policy], alice(), vec![log_in(json!({})), resolved(true)]].concat()),
        ("biometric", "a policy of both factors takes a biometric", &["APP-3", "AST-7"],
            served_by(json!({ "policy": { "factors": 3, "max_age_s": 60, "cached": false } }),
                vec![log_in(json!({ "assertion": { "factor": 2 } })), resolved(true)])),
        ("silent-almost", "nothing comes of the device until the last second of two ping times", &["APP-12", "APP-15"],
            in_app(vec![later(59), resolved(true), pong(json!({})), later(59), resolved(true)])),
        ("limit-almost", "the limit comes in a second", &["APP-12"],
            served_by(json!({ "limit_s": 50 }), vec![log_in(json!({})), later(49), pong(json!({})), resolved(true)])),
        ("left", "the user logs out", &["APP-7", "APP-5"],
            in_app(vec![leave(), resolved(false),
                asked("tell", json!({}), json!({ "told": [{ "event": "logout", "account": "alice", "cause": 1 }] }))])),
        ("logged-out", "the backend logs the user out", &["APP-7"],
            in_app(vec![asked("log_out", json!({ "account": "alice" }), json!({})),
                tick(0), heard(json!({}), json!([{ "logout": 4 }])), resolved(false)])),
        ("replaced", "the user logs in on the same phone again", &["APP-6", "APP-7"],
            in_app(vec![log_in(json!({ "as": "second" })), tick(0), heard(json!({ "on": "app login" }), json!([{ "logout": 7 }])),
                resolved(false), device("pong", json!({ "on": "second" }), json!({})),
                asked("resolve", json!({ "on": "second" }),
                    json!({ "account": "alice", "user_name": "Alice", "live": true }))])),
        ("renewed-keys", "the device renews its sending keys", &["CH-7"],
            in_app(vec![device("renew", json!({}), json!({})), pong(json!({})), resolved(true)])),
        ("not-due-inside", "a session asks for no factor while the app session is live", &["APP-13"],
            in_app(vec![bare_session(json!({})), login(json!({}), settled("confirm", "alice"))])),
        ("due-and-brought", "after the session a fresh factor comes, and the next login needs none", &["APP-13", "APP-14"],
            in_app(vec![leave(), bare_session(json!({})), login(json!({ "assertion": {} }), settled("confirm", "alice")),
                bare_session(json!({ "as": "next" })),
                login(json!({ "session": "next" }), settled("confirm", "alice"))])),
        ("due-biometric", "after the session the fresh factor is a biometric", &["APP-13"],
            in_app(vec![leave(), bare_session(json!({})),
                login(json!({ "assertion": { "factor": 2 } }), settled("confirm", "alice"))])),
        ("due-and-declined", "after the session a login is declined", &["APP-13", "STM-6"],
            in_app(vec![leave(), bare_session(json!({})),
                login(json!({ "decision": "decline" }), settled("decline", "alice"))])),
        ("brought-unasked", "an assertion comes that nothing asks for any more", &["APP-14"],
            in_app(vec![leave(), bare_session(json!({})), login(json!({ "assertion": {} }), settled("confirm", "alice")),
                bare_session(json!({ "as": "next" })),
                login(json!({ "session": "next", "assertion": {} }), settled("confirm", "alice"))])),
    ]);
    let ticks = (0..6).map(|_| tick(5)).collect();
    cases.push(
        positive("auth.app.pinged", "the server pings twice in a ping time")
            .why("A device that hears nothing gives up, and its user is logged out for nothing.")
            .needs(&["app"])
            .requires(&["APP-12"])
            .recommended()
            .steps(in_app(ticks))
            .steps(vec![device("pinged", json!({ "least": 2 }), json!({ "pinged": true }))]),
    );
    cases
}

/// One thing wrong in the handshake or the statement.
#[rustfmt::skip] // a table
fn statements() -> Vec<Story<'static>> {
    let told = |more: Value, expect: Value| [served(json!({})), vec![open("app login", more, expect)], untouched()].concat();
    let said = |more: Value, expect: Value| {
        [served(json!({})), vec![greet("app login", json!({}), super::answered()), claim(more, expect)], untouched()].concat()
    };
    let with_session = |more: Value, expect: Value| {
        [served(json!({})), vec![session(json!({})), greet("app login", more, expect)], untouched()].concat()
    };
    let standing = |steps: Vec<Step>| [served(json!({})), vec![greet("app login", json!({}), super::answered())], steps].concat();
    let structure = "structure";
    vec![
        ("decided", "there is a decision", &["APP-2"], structure, "statement.unused", told(json!({ "decision": "confirm" }), refused(107))),
        ("announce", "there is an announce hash", &["APP-2"], structure, "statement.unused", told(json!({ "announce": "other" }), refused(107))),
        ("user-input", "there is user input", &["APP-2"], structure, "statement.unused", told(json!({ "user_input": "x" }), refused(107))),
        ("enrolment-proof", "there is an enrolment proof", &["APP-2"], structure, "statement.unused", told(json!({ "enrolment_proof": true }), refused(107))),
        ("cached", "it rests on an app session", &["APP-4"], "replay", "app.cached", told(json!({ "app_session_proof": true }), refused(107))),
        ("counter-missing", "there is no clone counter", &["APP-2", "CLN-2"], structure, "clone.fields", told(json!({ "counter": null }), refused(107))),
        ("rolling-missing", "there is no rolling value", &["APP-2", "CLN-2"], structure, "clone.fields", told(json!({ "rolling": null }), refused(107))),
        ("purpose-login", "the statement is for a login", &["HS-14", "APP-3"], "purpose-confusion", "statement.purpose",
            said(json!({ "purpose": 1, "assertion": { "purpose": 3, "bind": { "purpose": 3 } } }), refused(210))),
        ("assertion-missing", "there is no assertion", &["APP-2", "APP-3"], "unsigned-decision", "app.assertion", told(json!({ "assertion": null }), refused(400))),
        ("assertion-for-login", "the assertion is for a login", &["AST-3"], "purpose-confusion", "assertion.purpose",
            told(json!({ "assertion": { "purpose": 1 } }), refused(409))),
        ("bind-decision", "the factor was given for a decision", &["APP-2", "AST-4"], "purpose-confusion", "assertion.bind",
            told(json!({ "assertion": { "bind": { "decision": 1 } } }), refused(404))),
        ("bind-session", "the factor was given for a session", &["APP-2", "AST-4"], "purpose-confusion", "assertion.bind",
            told(json!({ "assertion": { "bind": { "session": "other" } } }), refused(404))),
        ("bind-announce", "the factor was given for announce info", &["APP-2", "AST-4"], "purpose-confusion", "assertion.bind",
            told(json!({ "assertion": { "bind": { "announce": "other" } } }), refused(404))),
        ("bind-user-input", "the factor was given for user input", &["APP-2", "AST-4"], "purpose-confusion", "assertion.bind",
            told(json!({ "assertion": { "bind": { "user_input": "x" } } }), refused(404))),
        ("bind-account", "the factor was given for another account", &["AST-4"], "purpose-confusion", "assertion.bind",
            told(json!({ "assertion": { "bind": { "account": "other" } } }), refused(404))),
        ("subject-other", "the assertion is of another device", &["AST-5"], "key-confusion", "assertion.subject",
            told(json!({ "assertion": { "subject": "other" } }), refused(403))),
        ("biometric-refused", "the policy is the PIN, and a biometric comes", &["AST-7"], "purpose-confusion", "assertion.factor",
            told(json!({ "assertion": { "factor": 2 } }), refused(408))),
        ("too-old", "the PIN was verified a second too long ago", &["AST-6"], "replay", "assertion.max-age",
            told(json!({ "assertion": { "age_s": 61 } }), refused(407))),
        ("assertion-used", "the id of the assertion was used before", &["AST-8"], "replay", "assertion.used",
            [served(json!({})), vec![log_in(json!({})),
                open("app login", json!({ "as": "second", "assertion": { "id": "again" } }), refused(405)), resolved(true)]].concat()),
        ("by-value", "the credential travels by value", &["APP-1", "CRED-2"], "key-confusion", "credential.naming",
            told(json!({ "naming": "value" }), json!({ "error": 211 }))),
        ("stranger", "a device without an account asks", &["HS-13"], "key-confusion", "handshake.account",
            told(json!({ "device": "bob" }), json!({ "error": 211 }))),
        ("claim", "a session is claimed", &["APP-1", "SES-9"], structure, "greeting.claim", with_session(json!({ "claim": "login" }), json!({ "error": 107 }))),
        ("not-served", "the server serves no app logins", &["HS-9"], "purpose-confusion", "greeting.services",
            [alice(), vec![greet("app login", json!({}), json!({ "error": 210 })), read_account("active")]].concat()),
        ("suspended", "the account is suspended", &["APP-3", "STM-5"], "replay", "account.active",
            standing(vec![set_account("suspended"), claim(json!({}), refused(502)), read_account("suspended")])),
        ("frozen", "the account is frozen", &["APP-3", "CLN-5"], "replay", "account.active",
            standing(vec![set_account("frozen"), claim(json!({}), refused(502)), read_account("frozen")])),
        ("copied", "the rolling value is another", &["APP-3", "CLN-4", "CLN-7"], "replay", "clone.rolling",
            standing(vec![claim(json!({ "rolling": "other" }), refused(503)), read_account("frozen")])),
        ("two-faults-account-first", "the account is suspended and the statement is for a login", &["APP-3"], structure, "order.account",
            standing(vec![set_account("suspended"), claim(json!({ "purpose": 1 }), refused(502)), read_account("suspended")])),
        ("two-faults-purpose-first", "the statement is for a login and has no counter", &["APP-3"], structure, "order.purpose",
            said(json!({ "purpose": 1, "counter": null }), refused(210))),
        ("two-faults-clone-first", "the rolling value is another and there is a decision", &["APP-3", "CLN-7"], structure, "order.clone",
            standing(vec![claim(json!({ "rolling": "other", "decision": "confirm" }), refused(503)), read_account("frozen")])),
        ("two-faults-fields-first", "there is a decision and no assertion", &["APP-3"], structure, "order.fields",
            told(json!({ "decision": "confirm", "assertion": null }), refused(107))),
    ]
}

/// Nothing is accepted of a session that has ended, however it did.
#[rustfmt::skip] // a table
fn endings() -> Vec<Story<'static>> {
    let in_app = |steps: Vec<Step>| [served(json!({})), vec![log_in(json!({}))], steps].concat();
    let over = || pong(json!({ "rejected": 605 }));
    let replay = "replay";
    vec![
        ("left-and-heard", "a record comes after the user has logged out", &["APP-7"], replay, "app.ended",
            in_app(vec![leave(), over(), resolved(false)])),
        ("logged-out-and-heard", "a record comes after the backend has logged the user out", &["APP-7"], replay, "app.ended",
            in_app(vec![asked("log_out", json!({ "account": "alice" }), json!({})), over(), resolved(false)])),
        ("replaced-and-heard", "a record comes in the channel of the session before", &["APP-6", "APP-7"], replay, "app.replaced",
            in_app(vec![log_in(json!({ "as": "second" })), over(), resolved(false)])),
        ("silent", "nothing comes of the device for two ping times", &["APP-12"], replay, "app.silence",
            in_app(vec![later(60), resolved(false), over()])),
        ("silent-and-told", "nothing comes of the device for two ping times, and the server looks", &["APP-12", "APP-7"], replay, "app.silence",
            in_app(vec![tick(59), heard(json!({}), json!([])), tick(1), heard(json!({}), json!([{ "logout": 3 }])), resolved(false), over()])),
        ("limit", "the limit comes", &["APP-12"], replay, "app.limit",
            [served(json!({ "limit_s": 50 })), vec![log_in(json!({})), later(49), pong(json!({})), later(1), resolved(false), over()]].concat()),
        ("limit-and-told", "the limit comes, and the server looks", &["APP-12", "APP-7"], replay, "app.limit",
            [served(json!({ "limit_s": 50 })), vec![log_in(json!({})), later(49), pong(json!({})), tick(1),
                heard(json!({}), json!([{ "logout": 5 }])), resolved(false)]].concat()),
        ("suspended-inside", "the account is suspended in the session", &["APP-12", "CRD-6"], replay, "account.active",
            in_app(vec![set_account("suspended"), tick(0), heard(json!({}), json!([{ "logout": 6 }])), resolved(false), over()])),
        ("revoked-inside", "the account is revoked in the session", &["APP-12", "CRD-6"], replay, "account.active",
            in_app(vec![set_account("revoked"), tick(0), heard(json!({}), json!([{ "logout": 6 }])), resolved(false), over()])),
        ("suspended-and-resumed", "the account is suspended and resumed in the session", &["APP-7", "APP-12"], replay, "app.ended",
            in_app(vec![set_account("suspended"), tick(0), set_account("active"), resolved(false), over()])),
        ("web-nonce-unknown", "the backend asks for a web nonce that nobody was given", &["APP-5"], "key-confusion", "app.web-nonce",
            in_app(vec![asked("resolve", json!({ "web_nonce": "other" }), json!({})), resolved(true)])),
        ("record-replayed", "a record comes twice", &["CH-2"], replay, "channel.sequence",
            in_app(vec![pong(json!({})), device("repeat", json!({}), json!({ "rejected": 602 })), pong(json!({})), resolved(true)])),
        ("record-skipped", "a record is lost on its way", &["CH-3", "CH-8", "APP-15"], replay, "channel.sequence",
            in_app(vec![device("skip", json!({}), json!({})), pong(json!({ "rejected": 601 })), pong(json!({ "rejected": 600 })), resolved(true)])),
        ("record-forged", "a bit of a record's tag is flipped", &["CH-4", "CH-8", "APP-12"], "malleable-signature", "channel.tag",
            in_app(vec![device("pong", json!({ "spoil": { "at": "record", "flip_last": 1 } }), json!({ "rejected": 603 })),
                pong(json!({ "rejected": 600 })), later(60), resolved(false)])),
    ]
}

/// After a session a fresh factor is due.
#[rustfmt::skip] // a table
fn afterwards() -> Vec<Story<'static>> {
    let after = |steps: Vec<Step>| [served(json!({})), vec![log_in(json!({})), leave()], steps].concat();
    let due = |more: Value, code: u16| vec![bare_session(json!({})), login(more, refused(code)),
        super::read_session(json!({ "state": "new" })),
        login(json!({ "as": "again", "assertion": {} }), settled("confirm", "alice"))];
    vec![
        ("due", "the session has ended, and a login brings no factor", &["APP-13"], "replay", "app.due", after(due(json!({}), 400))),
        ("due-expired", "the session has ended, and the assertion is two minutes old", &["APP-13", "AST-6"], "replay", "assertion.expiry",
            after(due(json!({ "assertion": { "age_s": 120 } }), 406))),
        ("due-bound-elsewhere", "the session has ended, and the assertion is for another handshake", &["APP-13", "AST-4"], "replay", "assertion.bind",
            after(due(json!({ "assertion": { "bind": { "transcript": "other" } } }), 404))),
        ("due-after-silence", "the session ended by silence, and a login brings no factor", &["APP-13"], "replay", "app.due",
            [served(json!({})), vec![log_in(json!({})), later(60)], due(json!({}), 400)].concat()),
        ("due-although-brought-inside", "a fresh factor came in the session, and none after it", &["APP-14"], "replay", "app.refreshed-inside",
            [served(json!({})), vec![log_in(json!({})), session(json!({ "as": "inside" })),
                login(json!({ "session": "inside" }), settled("confirm", "alice")), leave()], due(json!({}), 400)].concat()),
        ("due-with-proof", "the session has ended, and a login brings a proof of it", &["APP-13", "STM-8"], "replay", "statement.unused",
            after(due(json!({ "app_session_proof": { "of": "app login" } }), 107))),
    ]
}
