//! `auth.data.*`: requests for the data service behind the server.

use serde_json::{Value, json};

use super::{
    Story, alice, answered, asked, claim, configured, device, greet, group_of, heard, later,
    negatives, open, pin, positives, read_account, refused, session, set_account, with,
};
use crate::author::positive;
use crate::case::{Case, Group, Step};

/// Channels for data, and the requests in them.
pub fn group() -> Group {
    let base = positive(
        "auth.data.answered",
        "a device asks the data service and is answered",
    )
    .why(WHY)
    .needs(&["data"])
    .requires(&["DATA-1", "DATA-4", "DATA-9", "SES-9"])
    .steps(opened(json!({})))
    .steps(vec![
        request(1, json!({}), forwarded(1)),
        answer(1, "cafe"),
        heard(json!({}), json!([{ "answer": 1, "payload": "cafe" }])),
    ]);
    let mut cases = vec![base.clone()];
    cases.extend(rights());
    cases.extend(inside_app());
    cases.extend(negatives(&base, openings()));
    cases.extend(negatives(&base, requests()));
    cases.push(too_many(&base));
    group_of(
        "auth-data",
        "Data: each request reaches the service at most once, with the name of who asks.",
        cases,
    )
}

const WHY: &str =
    "A request that is made twice, or in another's name, is an action that nobody wanted.";

fn served() -> Vec<Step> {
    let configure = configured(json!({ "data": { "policy": pin() } }));
    [vec![configure], alice()].concat()
}

fn admitted() -> Value {
    json!({ "admitted": "alice", "level": "full" })
}

/// alice's device has a channel for data.
fn opened(more: Value) -> Vec<Step> {
    [served(), vec![open("data", more, admitted())]].concat()
}

fn request(id: u64, more: Value, expect: Value) -> Step {
    let usual = json!({ "on": "data", "id": id, "payload": "01020304" });
    device("request", with(usual, more), expect)
}

fn forwarded(id: u64) -> Value {
    json!({ "forwarded": id, "level": "full" })
}

/// The data service answers with this, which need not reach the device.
fn answer(id: u64, payload: &str) -> Step {
    asked(
        "answer",
        json!({ "on": "data", "id": id, "payload": payload }),
        json!({}),
    )
}

fn cancel(id: u64, is_told: bool) -> Step {
    device(
        "cancel",
        json!({ "on": "data", "id": id }),
        json!({ "cancelled": is_told }),
    )
}

/// The next request is served as if nothing had been tried.
fn goes_on(id: u64) -> Vec<Step> {
    vec![
        request(id, json!({}), forwarded(id)),
        answer(id, "cafe"),
        heard(json!({}), json!([{ "answer": id, "payload": "cafe" }])),
    ]
}

#[rustfmt::skip] // a table
fn rights() -> Vec<Case> {
    let in_channel = |steps: Vec<Step>| [opened(json!({})), steps].concat();
    let once = |more: Value| [vec![request(1, more, forwarded(1))], vec![answer(1, "cafe"),
        heard(json!({}), json!([{ "answer": 1, "payload": "cafe" }]))]].concat();
    let no_policy = configured(json!({ "data": {} }));
    positives("auth.data", &["data"], WHY, vec![
        ("no-factor", "a server asks for no factor", &["DATA-1"], [vec![no_policy], alice(), vec![open("data", json!({}), admitted())], goes_on(1)].concat()),
        ("empty", "a request and its answer are empty", &["DATA-2"], in_channel(vec![request(0, json!({ "payload": "" }), forwarded(0)), answer(0, ""),
            heard(json!({}), json!([{ "answer": 0, "payload": "" }]))])),
        ("longest", "a payload has all of its 1,048,576 bytes", &["DATA-2"], in_channel(once(json!({ "payload_bytes": 1_048_576, "payload": "" })))),
        ("longest-answer", "an answer has all of its 1,048,576 bytes", &["DATA-7"], in_channel(vec![request(1, json!({}), forwarded(1)),
            asked("answer", json!({ "on": "data", "id": 1, "payload_bytes": 1_048_576 }), json!({})),
            heard(json!({}), json!([{ "answer": 1, "payload": 1_048_576 }]))])),
        ("idempotency-key", "the app gives an idempotency key", &["DATA-9"], in_channel(once(json!({ "key": "0f".repeat(16) })))),
        ("ids-jump", "request ids leave gaps", &["DATA-3"], in_channel(vec![request(5, json!({}), forwarded(5)), request(1000, json!({}), forwarded(1000)),
            request(u64::MAX, json!({}), forwarded(u64::MAX))])),
        ("out-of-order", "the service answers in another order", &["DATA-4"], in_channel(vec![request(1, json!({}), forwarded(1)), request(2, json!({}), forwarded(2)),
            answer(2, "02"), answer(1, "01"), heard(json!({}), json!([{ "answer": 2, "payload": "02" }, { "answer": 1, "payload": "01" }]))])),
        ("service-fails", "the data service is not there", &["DATA-4"], in_channel([vec![request(1, json!({}), forwarded(1)),
            asked("fail", json!({ "on": "data", "id": 1 }), json!({})), heard(json!({}), json!([{ "error": 703, "request": 1 }]))], goes_on(2)].concat())),
        ("cancelled", "the device waits no longer", &["DATA-5"], in_channel([vec![request(1, json!({}), forwarded(1)), cancel(1, true), answer(1, "cafe"),
            heard(json!({}), json!([]))], goes_on(2)].concat())),
        ("most-open", "64 requests wait for their answers", &["DATA-6"], in_channel((1..=64).map(|id| request(id, json!({}), forwarded(id))).collect())),
        ("silence", "the channel is still for an hour", &["DATA-1"], in_channel([vec![later(3600)], goes_on(1)].concat())),
    ])
}

/// In the channel of an app session.
#[rustfmt::skip] // a table
fn inside_app() -> Vec<Case> {
    let app = json!({ "policy": pin(), "ping_time_s": 30, "limit_s": 3600 });
    let cached = with(pin(), json!({ "cached": true }));
    let logged_in = |data: Value| [vec![configured(json!({ "app": app.clone(), "data": data }))], alice(),
        vec![open("app login", json!({}), json!({ "logged_in": "alice" }))]].concat();
    let ask = |id: u64, expect: Value| request(id, json!({ "on": "app login" }), expect);
    let mut cases = positives("auth.data", &["app", "data"], WHY, vec![
        ("in-app", "the channel of an app session is used", &["DATA-4", "DATA-9"], [logged_in(json!({})), vec![ask(1, forwarded(1)),
            asked("answer", json!({ "on": "app login", "id": 1, "payload": "cafe" }), json!({})),
            heard(json!({}), json!([{ "answer": 1, "payload": "cafe" }]))]].concat()),
        ("ids-of-two-channels", "two channels use one request id", &["DATA-3"], [logged_in(json!({})), vec![ask(7, forwarded(7)),
            open("data", json!({ "assertion": {} }), admitted()), request(7, json!({}), forwarded(7))]].concat()),
        ("cached", "a channel is opened with the factor of the app session", &["DATA-1", "APP-10"], [logged_in(json!({ "policy": cached })),
            vec![open("data", json!({ "app_session_proof": { "of": "app login" } }), admitted())], goes_on(1)].concat()),
    ]);
    // Without a policy for data, what is due after an app session is still due.
    cases.remove(1);
    let base = cases[0].clone();
    cases.extend(negatives(&base, vec![
        ("in-app-left", "the user has logged out of the app", &["APP-7"], "replay", "app.ended", [logged_in(json!({})), vec![
            device("leave", json!({}), json!({})), ask(1, json!({ "rejected": 605 }))]].concat()),
        ("in-app-silent", "the app session has ended by silence", &["APP-7", "APP-12"], "replay", "app.silence", [logged_in(json!({})), vec![
            later(60), ask(1, json!({ "rejected": 605 }))]].concat()),
        ("in-app-too-late", "the answer comes after the user has logged out", &["APP-7", "CH-8"], "replay", "app.ended", [logged_in(json!({})), vec![
            ask(1, forwarded(1)), device("leave", json!({}), json!({})),
            asked("answer", json!({ "on": "app login", "id": 1, "payload": "cafe" }), json!({ "rejected": 600 })), heard(json!({}), json!([]))]].concat()),
        ("due", "the user has logged out of the app, and a channel is opened without a factor", &["DATA-1", "APP-13"], "replay", "app.due",
            [logged_in(json!({})), vec![device("leave", json!({}), json!({})), open("data", json!({}), refused(400)),
                open("data", json!({ "as": "again", "assertion": {} }), admitted())]].concat()),
        ("cached-not-allowed", "a proof comes, and the policy for data takes none", &["DATA-1", "APP-10"], "replay", "cached.policy",
            [logged_in(json!({ "policy": pin() })), vec![open("data", json!({ "app_session_proof": { "of": "app login" } }), refused(107))]].concat()),
    ]));
    cases
}

/// One thing wrong in the handshake or the statement.
#[rustfmt::skip] // a table
fn openings() -> Vec<Story<'static>> {
    let told = |more: Value, expect: Value| [served(), vec![open("data", more, expect), read_account("active"),
        open("data", json!({ "as": "again" }), admitted())]].concat();
    let said = |more: Value, expect: Value| [served(), vec![greet("data", json!({}), answered()), claim(more, expect),
        open("data", json!({ "as": "again" }), admitted())]].concat();
    let standing = |steps: Vec<Step>| [served(), vec![greet("data", json!({}), answered())], steps].concat();
    let structure = "structure";
    vec![
        ("decided", "there is a decision", &["DATA-1", "APP-2"], structure, "statement.unused", told(json!({ "decision": "confirm" }), refused(107))),
        ("user-input", "there is user input", &["DATA-1", "APP-2"], structure, "statement.unused", told(json!({ "user_input": "x" }), refused(107))),
        ("announce", "there is an announce hash", &["DATA-1", "APP-2"], structure, "statement.unused", told(json!({ "announce": "other" }), refused(107))),
        ("counter-missing", "there is no clone counter", &["DATA-1", "CLN-2"], structure, "clone.fields", told(json!({ "counter": null }), refused(107))),
        ("assertion-missing", "there is no assertion", &["DATA-1"], "unsigned-decision", "data.assertion", told(json!({ "assertion": null }), refused(400))),
        ("assertion-for-app", "the assertion is for an app login", &["DATA-1", "AST-3"], "purpose-confusion", "assertion.purpose",
            told(json!({ "assertion": { "purpose": 3 } }), refused(409))),
        ("bind-decision", "the factor was given for a decision", &["DATA-1", "AST-4"], "purpose-confusion", "assertion.bind",
            told(json!({ "assertion": { "bind": { "decision": 1 } } }), refused(404))),
        ("purpose-app", "the statement is for an app login", &["DATA-1", "HS-14"], "purpose-confusion", "statement.purpose",
            said(json!({ "purpose": 3, "assertion": { "purpose": 11, "bind": { "purpose": 11 } } }), refused(210))),
        ("by-value", "the credential travels by value", &["DATA-1", "CRED-2"], "key-confusion", "credential.naming", told(json!({ "naming": "value" }), json!({ "error": 211 }))),
        ("claim", "a session is claimed", &["DATA-1", "SES-9"], structure, "greeting.claim",
            [served(), vec![session(json!({})), greet("data", json!({ "claim": "login" }), json!({ "error": 107 })), open("data", json!({}), admitted())]].concat()),
        ("not-served", "the server has no data", &["HS-9"], "purpose-confusion", "greeting.services",
            [alice(), vec![greet("data", json!({}), json!({ "error": 210 })), read_account("active")]].concat()),
        ("suspended", "the account is suspended", &["DATA-1", "STM-5"], "replay", "account.active",
            standing(vec![set_account("suspended"), claim(json!({}), refused(502)), read_account("suspended")])),
        ("copied", "the rolling value is another", &["DATA-1", "CLN-4"], "replay", "clone.rolling",
            standing(vec![claim(json!({ "rolling": "other" }), refused(503)), read_account("frozen")])),
        ("two-faults-account-first", "the account is suspended and the statement is for a login", &["DATA-1"], structure, "order.account",
            standing(vec![set_account("suspended"), claim(json!({ "purpose": 1 }), refused(502))])),
        ("two-faults-fields-first", "there is a decision and no assertion", &["DATA-1"], structure, "order.fields",
            told(json!({ "decision": "confirm", "assertion": null }), refused(107))),
    ]
}

/// One thing wrong with a request, a cancel or an answer.
#[rustfmt::skip] // a table
fn requests() -> Vec<Story<'static>> {
    let after_one = |steps: Vec<Step>, next: u64| [opened(json!({})), vec![request(5, json!({}), forwarded(5))], steps, goes_on(next)].concat();
    let replay = "replay";
    vec![
        ("id-again", "a request has the id of one that waits", &["DATA-3", "DATA-4"], replay, "data.id",
            after_one(vec![request(5, json!({}), refused(700))], 6)),
        ("id-lower", "a request has a lower id", &["DATA-3", "DATA-4"], replay, "data.id", after_one(vec![request(4, json!({}), refused(700))], 6)),
        ("id-of-answered", "a request has the id of one that was answered", &["DATA-3", "DATA-4"], replay, "data.id",
            after_one(vec![answer(5, "01"), heard(json!({}), json!([{ "answer": 5, "payload": "01" }])), request(5, json!({}), refused(700))], 6)),
        ("id-of-cancelled", "a request has the id of one that was cancelled", &["DATA-3", "DATA-4"], replay, "data.id",
            after_one(vec![cancel(5, true), request(5, json!({}), refused(700))], 6)),
        ("id-again-with-key", "a request has the id of another, and an idempotency key", &["DATA-3", "DATA-4"], replay, "data.id",
            after_one(vec![request(5, json!({ "key": "0f".repeat(16) }), refused(700))], 6)),
        ("cancel-unknown", "a cancel names a request that was not made", &["DATA-5"], replay, "data.cancel", after_one(vec![cancel(6, false)], 6)),
        ("cancel-twice", "a request is cancelled twice", &["DATA-5"], replay, "data.cancel", after_one(vec![cancel(5, true), cancel(5, false)], 6)),
        ("cancel-answered", "a cancel comes after the answer", &["DATA-5"], replay, "data.cancel",
            after_one(vec![answer(5, "01"), cancel(5, false), heard(json!({}), json!([{ "answer": 5, "payload": "01" }]))], 6)),
        ("answer-unknown", "the service answers what was not asked", &["DATA-5"], replay, "data.answer", after_one(vec![answer(6, "01"), heard(json!({}), json!([]))], 7)),
        ("answer-twice", "the service answers twice", &["DATA-5"], replay, "data.answer",
            after_one(vec![answer(5, "01"), answer(5, "02"), heard(json!({}), json!([{ "answer": 5, "payload": "01" }]))], 6)),
        ("answer-and-fail", "the service answers and fails", &["DATA-5"], replay, "data.answer",
            after_one(vec![answer(5, "01"), asked("fail", json!({ "on": "data", "id": 5 }), json!({})),
                heard(json!({}), json!([{ "answer": 5, "payload": "01" }]))], 6)),
        ("answer-too-long", "an answer has 1,048,577 bytes", &["DATA-7", "ENC-11"], "limit", "limit.data",
            after_one(vec![asked("answer", json!({ "on": "data", "id": 5, "payload_bytes": 1_048_577 }), json!({})),
                heard(json!({}), json!([{ "error": 106, "request": 5 }]))], 6)),
        ("too-long", "a payload has 1,048,577 bytes", &["DATA-2", "ENC-14"], "limit", "limit.data",
            [opened(json!({})), vec![request(1, json!({ "payload": "", "payload_bytes": 1_048_577 }), json!({ "rejected": 106 }))]].concat()),
        ("suspended-inside", "the account is suspended while the channel is open", &["CRD-6", "STM-5"], replay, "account.active",
            [opened(json!({})), vec![set_account("suspended"), request(1, json!({}), json!({ "rejected": 502 }))]].concat()),
        ("deleted-inside", "the account is deleted while the channel is open", &["CRD-6"], replay, "account.active",
            [opened(json!({})), vec![asked("delete_account", json!({ "account": "alice" }), json!({})), request(1, json!({}), json!({ "rejected": 502 }))]].concat()),
        ("record-replayed", "the record of a request comes twice", &["DATA-4", "CH-2"], replay, "channel.sequence",
            after_one(vec![device("repeat", json!({}), json!({ "rejected": 602 })),
                asked("tell", json!({}), json!({ "told": [] }))], 6)),
        ("structure", "a request has one field more", &["ENC-12"], "structure", "structure.arity",
            [opened(json!({})), vec![request(1, json!({ "spoil": { "at": "request", "path": [4], "insert": "f6" } }), json!({ "rejected": 107 }))]].concat()),
        ("trailing", "a byte follows a request", &["ENC-8"], "non-canonical", "cbor.trailing",
            [opened(json!({})), vec![request(1, json!({ "spoil": { "at": "request", "append": "00" } }), json!({ "rejected": 104 }))]].concat()),
        ("for-a-device", "the device sends what only a server sends", &["HS-4"], "purpose-confusion", "channel.direction",
            [opened(json!({})), vec![device("say", json!({ "message": "83183201420102" }), json!({ "rejected": 212 }))], goes_on(1)].concat()),
    ]
}

/// DATA-6.
fn too_many(base: &Case) -> Case {
    let full = (1..=64).map(|id| request(id, json!({}), forwarded(id)));
    base.but("auth.data.too-many", "64 requests wait already")
        .requires(&["DATA-6"])
        .flagged(&["limit"])
        .kills("limit.open-requests")
        .steps(opened(json!({})))
        .steps(full.collect())
        .steps(vec![
            request(65, json!({}), refused(702)),
            answer(1, "01"),
            request(66, json!({}), forwarded(66)),
        ])
}
