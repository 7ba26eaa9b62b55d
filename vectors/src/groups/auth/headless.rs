//! `auth.headless.*`: accounts without a user, and their upgrade.

use serde_json::{Value, json};

use super::{
    Story, alice, answered, asked, backend, bare_session, claim, configured, device, greet,
    group_of, login, negatives, open, pin, positives, read_level, read_session, refused, session,
    settled,
};
use crate::author::positive;
use crate::case::{Case, Group, Step};

/// Headless accounts and their upgrade, right and wrong.
pub fn group() -> Group {
    let created = positive(
        "auth.headless.created",
        "a device without an account asks for data",
    )
    .why("An app that wants to show something before its user is known needs an account that grants nothing else.")
    .needs(&["headless"])
    .requires(&["HEADLESS-1", "HEADLESS-2", "HEADLESS-10", "CRED-2", "DATA-9"])
    .steps(headless())
    .steps(vec![
        device(
            "request",
            json!({ "id": 1, "payload": "01" }),
            json!({ "forwarded": 1, "level": "headless" }),
        ),
        read_level("alice", "active", "headless"),
    ]);
    let upgraded = positive(
        "auth.headless.upgraded",
        "a user sets a PIN for a headless account",
    )
    .why(WHY)
    .needs(&["headless"])
    .requires(&["HEADLESS-5", "HEADLESS-6", "HEADLESS-7", "HEADLESS-11"])
    .steps(headless())
    .steps(vec![
        upgrade(json!({}), full()),
        read_level("alice", "active", "full"),
    ]);
    let mut cases = vec![created.clone(), upgraded.clone()];
    cases.extend(rights());
    cases.extend(negatives(&created, creations()));
    cases.extend(negatives(&upgraded, upgrades()));
    group_of(
        "auth-headless",
        "Headless accounts: they prove a device and no user, until they are upgraded, once.",
        cases,
    )
}

const WHY: &str = "Whoever upgrades an account owns it from then on.";

fn served() -> Step {
    configured(json!({
        "headless": true,
        "upgrade": true,
        "data": {},
        "app": { "policy": pin(), "ping_time_s": 30, "limit_s": 3600 },
    }))
}

fn create(more: Value, expect: Value) -> Step {
    open("headless", more, expect)
}

fn admitted() -> Value {
    json!({ "admitted": "alice", "level": "headless" })
}

fn full() -> Value {
    json!({ "admitted": "alice", "level": "full" })
}

fn upgrade(more: Value, expect: Value) -> Step {
    open("upgrade", more, expect)
}

/// alice's device has a headless account.
fn headless() -> Vec<Step> {
    vec![served(), create(json!({}), admitted())]
}

#[rustfmt::skip] // a table
fn rights() -> Vec<Case> {
    let then = |steps: Vec<Step>| [headless(), steps].concat();
    let ask = |id: u64, level: &str| device("request", json!({ "on": "headless", "id": id, "payload": "01" }), json!({ "forwarded": id, "level": level }));
    positives("auth.headless", &["headless"], WHY, vec![
        ("repeated", "the same key asks again", &["HEADLESS-2"], then(vec![create(json!({ "as": "again" }), admitted()), read_level("alice", "active", "headless")])),
        ("repeated-after-loss", "the answer is lost, and the same key asks again", &["HEADLESS-2"],
            vec![served(), create(json!({ "lost": true }), admitted()), create(json!({ "as": "again" }), admitted()),
                upgrade(json!({}), full())]),
        ("two-devices", "two devices have an account each", &["HEADLESS-2"],
            then(vec![create(json!({ "device": "bob", "as": "bob's" }), json!({ "admitted": "bob", "level": "headless" })), read_level("alice", "active", "headless")])),
        ("no-factor-asked", "a session asks for no factor", &["HEADLESS-3"], then(vec![bare_session(json!({})), login(json!({}), settled("confirm", "alice"))])),
        ("upgraded-inside", "the account is upgraded while a channel is open", &["HEADLESS-7", "DATA-9"],
            then(vec![ask(1, "headless"), upgrade(json!({}), full()), ask(2, "full")])),
        ("upgraded-and-used", "an upgraded account logs in with its PIN", &["HEADLESS-7", "HEADLESS-9"],
            then(vec![upgrade(json!({}), full()), session(json!({})), login(json!({}), settled("confirm", "alice"))])),
        ("upgrade-repeated", "the answer to the upgrade is lost", &["HEADLESS-8"],
            then(vec![upgrade(json!({ "lost": true }), full()), upgrade(json!({ "as": "again" }), full()), read_level("alice", "active", "full")])),
        ("upgrade-after-failure", "an upgrade fails, and the account goes on", &["HEADLESS-7"],
            then(vec![upgrade(json!({ "assertion": null }), refused(400)), ask(1, "headless"), upgrade(json!({ "as": "again" }), full())])),
        ("suspended-and-resumed", "a headless account is suspended and resumed", &["STM-5", "HEADLESS-10"],
            then(vec![backend("set_account", json!({ "account": "alice", "state": "suspended" })), backend("set_account", json!({ "account": "alice", "state": "active" })), ask(1, "headless")])),
        ("deleted", "a headless account is deleted, and its device has another", &["HEADLESS-10", "CRD-6"],
            then(vec![backend("delete_account", json!({ "account": "alice" })), asked("read_account", json!({ "account": "alice" }), json!({})),
                asked("read_credentials", json!({ "user_name": "Alice" }), json!({ "credentials": [] }))])),
        ("revoked", "a headless account is revoked", &["HEADLESS-10", "CRD-6"],
            then(vec![backend("set_account", json!({ "account": "alice", "state": "revoked" })), read_level("alice", "revoked", "headless")])),
    ])
}

/// One thing wrong with the request for a headless account, or with what it is used for.
#[rustfmt::skip] // a table
fn creations() -> Vec<Story<'static>> {
    let told = |more: Value, expect: Value| vec![served(), create(more, expect), create(json!({ "as": "again" }), admitted())];
    let then = |steps: Vec<Step>| [headless(), steps, vec![read_level("alice", "active", "headless")]].concat();
    let structure = "structure";
    let fields = &["HEADLESS-1"];
    vec![
        ("decided", "there is a decision", fields, structure, "statement.unused", told(json!({ "decision": "confirm" }), refused(107))),
        ("announce", "there is an announce hash", fields, structure, "statement.unused", told(json!({ "announce": "other" }), refused(107))),
        ("user-input", "there is user input", fields, structure, "statement.unused", told(json!({ "user_input": "x" }), refused(107))),
        ("assertion", "there is an assertion", fields, structure, "statement.unused", told(json!({ "assertion": {} }), refused(107))),
        ("enrolment-proof", "there is an enrolment proof", fields, structure, "statement.unused", told(json!({ "enrolment_proof": true }), refused(107))),
        ("app-session-proof", "there is an app session proof", fields, structure, "statement.unused", told(json!({ "app_session_proof": true }), refused(107))),
        ("counter", "there is a clone counter", fields, structure, "statement.unused", told(json!({ "counter": 1 }), refused(107))),
        ("rolling", "there is a rolling value", fields, structure, "statement.unused", told(json!({ "rolling": "other" }), refused(107))),
        ("purpose-data", "the statement is for data", &["HS-14"], "purpose-confusion", "statement.purpose", vec![served(), greet("headless", json!({}), answered()), claim(json!({ "purpose": 11 }), refused(210)), create(json!({ "as": "again" }), admitted())]),
        ("by-kid", "the key does not come along", &["CRED-2", "HEADLESS-1"], "key-confusion", "credential.naming", told(json!({ "naming": "kid" }), json!({ "error": 211 }))),
        ("other-signer", "another device signs", &["HS-13"], "key-confusion", "handshake.signature-3", told(json!({ "signer": "bob" }), json!({ "error": 211 }))),
        ("claim", "a session is claimed", &["SES-9"], structure, "greeting.claim",
            vec![served(), session(json!({})), greet("headless", json!({ "claim": "login" }), json!({ "error": 107 })), create(json!({}), admitted())]),
        ("not-served", "the server has no headless accounts", &["HS-9"], "purpose-confusion", "greeting.services",
            vec![greet("headless", json!({}), json!({ "error": 210 }))]),
        ("full-account", "the key is that of a full account", &["HEADLESS-9"], "downgrade", "headless.level",
            [vec![served()], alice(), vec![create(json!({}), refused(507)), read_level("alice", "active", "full")]].concat()),
        ("of-upgraded", "the account was upgraded", &["HEADLESS-9"], "downgrade", "headless.level",
            [headless(), vec![upgrade(json!({}), full()), create(json!({ "as": "again" }), refused(507)), read_level("alice", "active", "full")]].concat()),
        ("suspended", "the account is suspended", &["HEADLESS-2", "STM-5"], "replay", "account.active",
            [headless(), vec![backend("set_account", json!({ "account": "alice", "state": "suspended" })), create(json!({ "as": "again" }), refused(502))]].concat()),
        ("login-with-factor", "a session asks for a factor, and one comes", &["HEADLESS-3"], "unsigned-decision", "headless.factor",
            then(vec![session(json!({})), login(json!({}), refused(509)), read_session(json!({ "state": "new" }))])),
        ("login-without-factor", "a session asks for a factor, and none comes", &["HEADLESS-3"], "unsigned-decision", "headless.factor",
            then(vec![session(json!({})), login(json!({ "assertion": null }), refused(509)), read_session(json!({ "state": "new" }))])),
        ("app-login", "the app is to be logged in, for which a factor is asked", &["HEADLESS-3"], "unsigned-decision", "headless.factor",
            then(vec![open("app login", json!({}), refused(509))])),
        ("data", "a channel of purpose data is asked for", &["DATA-1"], "purpose-confusion", "data.level",
            then(vec![open("data", json!({}), refused(509))])),
        ("enrolment-nobody", "an enrolment is made for the empty user name", &["HEADLESS-10"], "key-confusion", "enrolment.user-name",
            [headless(), vec![asked("create_enrolment", json!({ "as": "enrolment", "user_name": "" }), json!({ "rejected": 107 }))]].concat()),
    ]
}

/// One thing wrong with the upgrade.
#[rustfmt::skip] // a table
fn upgrades() -> Vec<Story<'static>> {
    let told = |more: Value, expect: Value| [headless(), vec![upgrade(more, expect), read_level("alice", "active", "headless"),
        upgrade(json!({ "as": "again" }), full())]].concat();
    let standing = |steps: Vec<Step>| [headless(), vec![greet("upgrade", json!({}), answered())], steps].concat();
    let structure = "structure";
    vec![
        ("upgrade-decided", "there is a decision", &["HEADLESS-6"], structure, "statement.unused", told(json!({ "decision": "confirm" }), refused(107))),
        ("upgrade-announce", "there is an announce hash", &["HEADLESS-6"], structure, "statement.unused", told(json!({ "announce": "other" }), refused(107))),
        ("upgrade-user-input", "there is user input", &["HEADLESS-6"], structure, "statement.unused", told(json!({ "user_input": "x" }), refused(107))),
        ("upgrade-enrolment-proof", "there is an enrolment proof", &["HEADLESS-6"], structure, "statement.unused", told(json!({ "enrolment_proof": true }), refused(107))),
        ("upgrade-cached", "there is an app session proof", &["HEADLESS-6"], structure, "statement.unused",
            told(json!({ "app_session_proof": true, "assertion": {} }), refused(107))),
        ("upgrade-counter-missing", "there is no clone counter", &["HEADLESS-6", "CLN-2"], structure, "clone.fields", told(json!({ "counter": null }), refused(107))),
        ("upgrade-assertion-missing", "there is no assertion", &["HEADLESS-6"], "unsigned-decision", "upgrade.assertion", told(json!({ "assertion": null }), refused(400))),
        ("upgrade-forged", "the auth server's handshake key signed the assertion", &["HEADLESS-6", "AST-1"], "key-confusion", "assertion.signature",
            told(json!({ "assertion": { "signer": "handshake" } }), refused(401))),
        ("upgrade-for-enrolment", "the assertion is for an enrolment", &["HEADLESS-6", "AST-3"], "purpose-confusion", "assertion.purpose",
            told(json!({ "assertion": { "purpose": 2 } }), refused(409))),
        ("upgrade-no-account", "the factor was given for no account", &["HEADLESS-6", "AST-4"], "purpose-confusion", "assertion.bind",
            told(json!({ "assertion": { "bind": { "account": null } } }), refused(404))),
        ("upgrade-other-handshake", "the factor was given for another handshake", &["HEADLESS-6", "AST-4"], "replay", "assertion.bind",
            told(json!({ "assertion": { "bind": { "transcript": "other" } } }), refused(404))),
        ("upgrade-biometric", "the factor is a biometric", &["HEADLESS-5", "AST-7"], "purpose-confusion", "assertion.factor",
            told(json!({ "assertion": { "factor": 2 } }), refused(408))),
        ("upgrade-expired", "the assertion has expired", &["HEADLESS-6", "AST-6"], "replay", "assertion.expiry",
            told(json!({ "assertion": { "age_s": 120 } }), refused(406))),
        ("upgrade-for-data", "the statement is for data", &["HEADLESS-6", "HS-14"], "purpose-confusion", "statement.purpose",
            standing(vec![claim(json!({ "purpose": 11, "assertion": { "purpose": 5, "bind": { "purpose": 5 } } }), refused(210)),
                read_level("alice", "active", "headless"), upgrade(json!({ "as": "again" }), full())])),
        ("upgrade-by-value", "the key comes along", &["HEADLESS-5", "CRED-2"], "key-confusion", "credential.naming", told(json!({ "naming": "value" }), json!({ "error": 211 }))),
        ("upgrade-claim", "a session is claimed", &["SES-9"], structure, "greeting.claim",
            [headless(), vec![session(json!({})), greet("upgrade", json!({ "claim": "login" }), json!({ "error": 107 })), upgrade(json!({}), full())]].concat()),
        ("upgrade-not-served", "the server refuses upgrades by themselves", &["HEADLESS-11", "HS-9"], "purpose-confusion", "greeting.services",
            vec![configured(json!({ "headless": true })), create(json!({}), admitted()), greet("upgrade", json!({}), json!({ "error": 210 })),
                read_level("alice", "active", "headless")]),
        ("upgrade-of-full", "the account is full, with another subject", &["HEADLESS-8"], "key-confusion", "upgrade.subject",
            [vec![served()], alice(), vec![upgrade(json!({ "assertion": { "subject": "other" } }), refused(507)), read_level("alice", "active", "full"),
                session(json!({})), login(json!({}), settled("confirm", "alice"))]].concat()),
        ("upgrade-twice", "it was upgraded already, with another subject", &["HEADLESS-8"], "key-confusion", "upgrade.subject",
            [headless(), vec![upgrade(json!({}), full()), upgrade(json!({ "as": "again", "assertion": { "subject": "other" } }), refused(507)),
                session(json!({})), login(json!({}), settled("confirm", "alice"))]].concat()),
        ("upgrade-race", "another subject was first while both had message_2", &["HEADLESS-7", "HEADLESS-8"], "stale-compare-and-swap", "upgrade.subject",
            [headless(), vec![greet("upgrade", json!({ "as": "one" }), answered()), greet("upgrade", json!({ "as": "two" }), answered()),
                claim(json!({ "on": "one" }), full()), claim(json!({ "on": "two", "assertion": { "subject": "other" } }), refused(507)),
                session(json!({})), login(json!({}), settled("confirm", "alice"))]].concat()),
        ("upgrade-same-assertion", "the id of the assertion was used before", &["AST-8", "HEADLESS-8"], "replay", "assertion.used",
            [headless(), vec![upgrade(json!({}), full()), upgrade(json!({ "as": "again", "assertion": { "id": "again" } }), refused(405))]].concat()),
        ("upgrade-suspended", "the account is suspended", &["HEADLESS-6", "STM-5"], "replay", "account.active",
            standing(vec![backend("set_account", json!({ "account": "alice", "state": "suspended" })), claim(json!({}), refused(502)), read_level("alice", "suspended", "headless")])),
        ("upgrade-copied", "the rolling value is another", &["HEADLESS-6", "CLN-4"], "replay", "clone.rolling",
            standing(vec![claim(json!({ "rolling": "other" }), refused(503)), read_level("alice", "frozen", "headless")])),
        ("upgrade-two-faults-fields-first", "there is a decision and no assertion", &["HEADLESS-6"], structure, "order.fields",
            told(json!({ "decision": "confirm", "assertion": null }), refused(107))),
    ]
}
