//! `auth.credential.*`: approval keys, scopes, the channel for actions and credentials, rotation and deletion.

use serde_json::{Value, json};

use super::{
    Story, alice, answered, asked, backend, bare_session, bob, claim, configured, device, greet,
    group_of, login, negatives, open, positives, read_account, refused, session, set_account,
    settled, with,
};
use crate::author::positive;
use crate::case::{Case, Group, Step};

/// Credentials: how they come, change and go.
pub fn group() -> Group {
    let guarded = positive(
        "auth.credential.guarded",
        "a device enrols with a key that the OS asks for",
    )
    .why("Who registers a key that he does not have, or another's, answers for somebody else.")
    .needs(&["actions"])
    .requires(&["CRD-1", "CRD-3"])
    .steps(vec![served(), created("Alice", json!({}))])
    .steps(vec![
        enrol(guard(json!({})), settled("confirm", "alice")),
        held(json!([{ "account": "alice", "user_authentication": true }])),
    ]);
    let opened = positive(
        "auth.credential.opened",
        "a device opens the channel for actions",
    )
    .why("A channel that anyone can open rotates anyone's key.")
    .needs(&["actions"])
    .requires(&["OPN-1", "OPN-2"])
    .steps(in_channel(vec![read_account("active")]));
    let added = positive("auth.credential.added", "a user adds a second device")
        .why("An account that anyone can add a device to is anyone's.")
        .needs(&["actions"])
        .requires(&["CRD-2"])
        .steps(second_device(
            json!({ "add_authenticators": true }),
            settled("confirm", "bob"),
        ))
        .steps(vec![held(json!([
            { "account": "alice", "user_authentication": false },
            { "account": "bob", "user_authentication": false },
        ]))]);
    let rotated = positive("auth.credential.rotated", "a device moves to a new key")
        .why("A rotation that another can make hands the account over.")
        .needs(&["actions"])
        .requires(&["CRD-7", "CRD-8", "CRD-10"])
        .steps(in_channel(vec![
            rotate(json!({}), rotated_to()),
            read_account("active"),
            open("action", json!({ "as": "again" }), opened_for()),
        ]));
    let deleted = positive("auth.credential.deleted", "a device deletes its credential")
        .why("What is deleted and still answers was not deleted.")
        .needs(&["actions"])
        .requires(&["CRD-6", "CRD-7"])
        .steps(in_channel(vec![
            delete(json!({ "deleted": true })),
            gone(),
            held(json!([])),
        ]));
    let mut cases = vec![
        guarded.clone(),
        opened.clone(),
        added.clone(),
        rotated.clone(),
        deleted.clone(),
    ];
    cases.extend(rights());
    cases.extend(negatives(&guarded, proofs()));
    cases.extend(negatives(&opened, openings()));
    cases.extend(negatives(&added, scopes()));
    cases.extend(negatives(&rotated, rotations()));
    cases.extend(negatives(&deleted, deletions()));
    cases.extend(most(&added));
    group_of(
        "auth-credential",
        "Credentials: a device's key for a user, and all that it takes to have one, change it or lose it.",
        cases,
    )
}

/// The server has actions, with `limits` in the place of the usual ones.
pub(super) fn served_with(limits: Value) -> Step {
    let usual = json!({
        "challenges_per_hour": 5, "cool_down_s": 600, "challenge_ttl_s": 120, "token_ttl_s": 60,
    });
    configured(json!({ "actions": with(usual, limits) }))
}

fn served() -> Step {
    served_with(json!({}))
}

/// What the opening of the channel comes to.
pub(super) fn opened_for() -> Value {
    json!({ "opened": true })
}

/// alice has the channel, and then this.
fn in_channel(steps: Vec<Step>) -> Vec<Step> {
    let open = vec![open("action", json!({}), opened_for())];
    [vec![served()], alice(), open, steps].concat()
}

fn created(user: &str, more: Value) -> Step {
    let usual = json!({ "as": "enrolment", "user_name": user });
    backend("create_enrolment", with(usual, more))
}

fn enrol(more: Value, expect: Value) -> Step {
    device(
        "enrol",
        with(json!({ "enrolment": "enrolment" }), more),
        expect,
    )
}

/// An enrolment proof with this wrong in it.
fn guard(wrong: Value) -> Value {
    json!({ "enrolment_proof": wrong })
}

/// alice has a credential, and bob's device enrols for the same user.
pub(super) fn second_device(scope: Value, expect: Value) -> Vec<Step> {
    let again = json!({ "enrolment": "second", "device": "bob" });
    [
        vec![served()],
        alice(),
        vec![
            created("Alice", with(json!({ "as": "second" }), scope)),
            device("enrol", again, expect),
        ],
    ]
    .concat()
}

fn held(credentials: Value) -> Step {
    asked(
        "read_credentials",
        json!({ "user_name": "Alice" }),
        json!({ "credentials": credentials }),
    )
}

fn rotate(more: Value, expect: Value) -> Step {
    device("rotate", with(json!({ "on": "action" }), more), expect)
}

fn rotated_to() -> Value {
    json!({ "rotated": true })
}

fn delete(expect: Value) -> Step {
    device("delete", json!({ "on": "action" }), expect)
}

/// The account is not there any more.
fn gone() -> Step {
    asked("read_account", json!({ "account": "alice" }), json!({}))
}

#[rustfmt::skip] // a table
fn rights() -> Vec<Case> {
    let why = "What the document allows has to work everywhere.";
    let only_alice = || held(json!([{ "account": "alice", "user_authentication": false }]));
    let again = |steps: Vec<Step>| [vec![served()], alice(), steps, vec![created("Alice", json!({ "as": "second" })),
        device("enrol", json!({ "enrolment": "second", "device": "bob" }), settled("confirm", "bob")),
        held(json!([{ "account": "bob", "user_authentication": false }]))]].concat();
    positives("auth.credential", &["actions"], why, vec![
        ("guarded-repeated", "the answer is lost, and the device repeats it with the same K_act", &["CRD-3", "ENR-2"],
            vec![served(), created("Alice", json!({})), enrol(with(guard(json!({})), json!({ "lost": true })), settled("confirm", "alice")),
                enrol(with(guard(json!({})), json!({ "as": "again" })), settled("confirm", "alice"))]),
        ("added-first", "a user's first device may be one that is added", &["CRD-2"],
            [vec![served(), created("Alice", json!({ "add_authenticators": true })), enrol(json!({}), settled("confirm", "alice")), only_alice()]].concat()),
        ("two-users", "another user enrols", &["CRD-2"], [vec![served()], alice(), bob(), vec![only_alice()]].concat()),
        ("after-revocation", "a user whose credential was revoked enrols anew", &["CRD-2"], again(vec![set_account("revoked")])),
        ("after-deletion", "a user whose credential was deleted enrols anew", &["CRD-2"], again(vec![backend("delete_account", json!({ "account": "alice" }))])),
        ("key-after-deletion", "the very key enrols again after its deletion", &["CRD-2", "CRD-6"], [vec![served()], alice(), vec![
            backend("delete_account", json!({ "account": "alice" })), created("Alice", json!({ "as": "second" })),
            device("enrol", json!({ "enrolment": "second", "device": "alice" }), settled("confirm", "alice"))]].concat()),
        ("suspended-and-resumed", "a credential is suspended and resumed while a channel is open", &["CRD-6"],
            in_channel(vec![set_account("suspended"), set_account("active"), rotate(json!({}), rotated_to())])),
        ("rotated-twice", "a device moves on and on", &["CRD-7"], in_channel(vec![rotate(json!({}), rotated_to()), open("action", json!({ "as": "second" }), opened_for()),
            rotate(json!({ "on": "second" }), rotated_to()), open("action", json!({ "as": "third" }), opened_for())])),
        ("rotated-in-place", "a rotation is to the key that the account has", &["CRD-9"], in_channel(vec![rotate(json!({ "key": "K_dev" }), rotated_to()), read_account("active"),
            rotate(json!({}), rotated_to())])),
        ("rotation-repeated", "the answer to a rotation is lost, and the device asks again", &["CRD-9"],
            in_channel(vec![rotate(json!({ "lost": true }), rotated_to()), rotate(json!({ "again": true }), rotated_to()), read_account("active"),
                open("action", json!({ "as": "again" }), opened_for())])),
        ("rotated-keeps-guard", "the K_act stays when the K_dev is another", &["CRD-7"], vec![served(), created("Alice", json!({})),
            enrol(guard(json!({})), settled("confirm", "alice")), open("action", json!({}), opened_for()), rotate(json!({}), rotated_to()),
            held(json!([{ "account": "alice", "user_authentication": true }]))]),
        ("rotated-and-used", "a login comes under the new key", &["CRD-7"], in_channel(vec![rotate(json!({}), rotated_to()), session(json!({})),
            login(json!({}), settled("confirm", "alice"))])),
        ("renewed-keys", "the device renews its sending keys", &["CH-7"], in_channel(vec![device("renew", json!({}), json!({})), rotate(json!({}), rotated_to())])),
    ])
}

/// CRD-1, CRD-3: one thing wrong with the proof of a new K_act.
#[rustfmt::skip] // a table
fn proofs() -> Vec<Story<'static>> {
    let open_still = || asked("read_enrolment", json!({ "enrolment": "enrolment" }), json!({ "state": "open" }));
    let told = |more: Value, code: u16| vec![served(), created("Alice", json!({})), enrol(more, refused(code)), open_still(),
        enrol(with(guard(json!({})), json!({ "as": "again" })), settled("confirm", "alice"))];
    let first = |first: Value, second: Value| vec![served(), created("Alice", json!({})), enrol(first, settled("confirm", "alice")),
        enrol(with(second, json!({ "as": "again" })), refused(501))];
    let proof = |wrong: Value, code: u16| told(guard(wrong), code);
    let confusion = "key-confusion";
    vec![
        ("guard-is-device-key", "the key is the device's own", &["CRD-1"], confusion, "approval-key.own", proof(json!({ "key": "device" }), 504)),
        ("guard-no-point", "the key is no point", &["CRD-1", "SIG-1"], "invalid-point", "point.valid", proof(json!({ "key": "no point" }), 114)),
        ("guard-zero", "r and s of the possession are zero", &["CRD-1", "SIG-2"], "zero-signature", "signature.range", proof(json!({ "signature": "zero" }), 112)),
        ("guard-high-s", "s of the possession is high", &["CRD-1", "SIG-3"], "malleable-signature", "signature.low-s", proof(json!({ "signature": "high" }), 112)),
        ("guard-other-signer", "another key proves its possession", &["CRD-1"], confusion, "approval-key.possession", proof(json!({ "signer": "other" }), 424)),
        ("guard-other-server", "the possession is for another server", &["CRD-1"], "purpose-confusion", "approval-key.possession", proof(json!({ "server": "other" }), 424)),
        ("guard-other-handshake", "the possession is for another handshake", &["CRD-1"], "replay", "approval-key.possession", proof(json!({ "transcript": "other" }), 424)),
        ("guard-other-device", "the possession is for another K_dev", &["CRD-1"], confusion, "approval-key.possession", proof(json!({ "kid": "other" }), 424)),
        ("guard-before-assertion", "another key proves its possession and there is no assertion", &["CRD-1"], "structure", "order.approval-key",
            told(with(guard(json!({ "signer": "other" })), json!({ "assertion": null })), 424)),
        ("guard-after-expiry", "another key proves its possession and the enrolment has expired", &["CRD-1"], "structure", "order.enrolment",
            vec![served(), created("Alice", json!({})), device("hello", json!({ "enrolment": "enrolment" }), answered()), super::later(300),
                claim(guard(json!({ "signer": "other" })), refused(302)), open_still()]),
        ("guard-second", "it is repeated with another K_act", &["CRD-3"], confusion, "approval-key.same", first(guard(json!({})), guard(json!({ "key": "second" })))),
        ("guard-dropped", "it is repeated without the K_act", &["CRD-3"], "downgrade", "approval-key.same", first(guard(json!({})), json!({}))),
        ("guard-added", "it had no K_act, and is repeated with one", &["CRD-3"], confusion, "approval-key.same", first(json!({}), guard(json!({})))),
    ]
}

/// OPN-1, OPN-2: one thing wrong with the opening.
#[rustfmt::skip] // a table
fn openings() -> Vec<Story<'static>> {
    let told = |more: Value, expect: Value| [vec![served()], alice(), vec![open("action", more, expect), read_account("active"),
        open("action", json!({ "as": "again" }), opened_for())]].concat();
    let standing = |steps: Vec<Step>| [vec![served()], alice(), vec![greet("action", json!({}), answered())], steps].concat();
    let (structure, fields) = ("structure", &["OPN-2"]);
    vec![
        ("opened-with-claim", "a session is claimed", &["OPN-1"], structure, "greeting.claim", [vec![served()], alice(), vec![session(json!({})),
            greet("action", json!({ "claim": "login" }), json!({ "error": 107 })), open("action", json!({}), opened_for())]].concat()),
        ("opened-and-decided", "there is a decision", fields, structure, "statement.unused", told(json!({ "decision": "confirm" }), refused(107))),
        ("opened-announce", "there is an announce hash", fields, structure, "statement.unused", told(json!({ "announce": "other" }), refused(107))),
        ("opened-user-input", "there is user input", fields, structure, "statement.unused", told(json!({ "user_input": "x" }), refused(107))),
        ("opened-assertion", "there is an assertion", fields, structure, "statement.unused", told(json!({ "assertion": {} }), refused(107))),
        ("opened-enrolment-proof", "there is an enrolment proof", fields, structure, "statement.unused", told(json!({ "enrolment_proof": true }), refused(107))),
        ("opened-app-session-proof", "there is an app session proof", fields, structure, "statement.unused", told(json!({ "app_session_proof": true }), refused(107))),
        ("opened-counter-missing", "there is no clone counter", &["OPN-2", "CLN-2"], structure, "clone.fields", told(json!({ "counter": null }), refused(107))),
        ("opened-rolling-missing", "there is no rolling value", &["OPN-2", "CLN-2"], structure, "clone.fields", told(json!({ "rolling": null }), refused(107))),
        ("opened-for-login", "the statement is for a login", &["OPN-2", "HS-14"], "purpose-confusion", "statement.purpose", standing(vec![claim(json!({ "purpose": 1 }), refused(210)), read_account("active"), open("action", json!({ "as": "again" }), opened_for())])),
        ("opened-by-value", "the key comes along", &["CRED-2"], "key-confusion", "credential.naming", told(json!({ "naming": "value" }), json!({ "error": 211 }))),
        ("opened-by-stranger", "a device without an account asks", &["HS-13"], "key-confusion", "handshake.account", told(json!({ "device": "bob" }), json!({ "error": 211 }))),
        ("opened-suspended", "the account is suspended", &["OPN-2", "CRD-6"], "replay", "account.active",
            standing(vec![set_account("suspended"), claim(json!({}), refused(502)), read_account("suspended")])),
        ("opened-revoked", "the account is revoked", &["OPN-2", "CRD-6"], "replay", "account.active",
            standing(vec![set_account("revoked"), claim(json!({}), refused(502)), read_account("revoked")])),
        ("opened-copied", "the rolling value is another", &["OPN-2", "CLN-4", "CLN-7"], "replay", "clone.rolling",
            standing(vec![claim(json!({ "rolling": "other" }), refused(503)), read_account("frozen")])),
        ("opened-two-faults-account-first", "the account is suspended and the statement is for a login", &["OPN-2"], structure, "order.account",
            standing(vec![set_account("suspended"), claim(json!({ "purpose": 1 }), refused(502))])),
        ("opened-two-faults-purpose-first", "the statement is for a login and has no counter", &["OPN-2"], structure, "order.purpose",
            standing(vec![claim(json!({ "purpose": 1, "counter": null }), refused(210)), read_account("active")])),
        ("opened-two-faults-clone-first", "the rolling value is another and there is a decision", &["OPN-2", "CLN-7"], structure, "order.clone",
            standing(vec![claim(json!({ "rolling": "other", "decision": "confirm" }), refused(503)), read_account("frozen")])),
        ("opened-not-served", "the server has no actions", &["HS-9"], "purpose-confusion", "greeting.services",
            [alice(), vec![greet("action", json!({}), json!({ "error": 210 }))]].concat()),
    ]
}

/// CRD-2.
#[rustfmt::skip] // a table
fn scopes() -> Vec<Story<'static>> {
    let only = || held(json!([{ "account": "alice", "user_authentication": false }]));
    let after = |state: &str| [vec![served()], alice(), vec![set_account(state), created("Alice", json!({ "as": "second" })),
        device("enrol", json!({ "enrolment": "second", "device": "bob" }), refused(505)), only()]].concat();
    vec![
        ("scope-missing", "the scope is new", &["CRD-2"], "key-confusion", "credentials.scope", [second_device(json!({}), refused(505)), vec![only()]].concat()),
        ("scope-missing-suspended", "the first is suspended and the scope is new", &["CRD-2"], "key-confusion", "credentials.scope", after("suspended")),
        ("scope-missing-frozen", "the first is frozen and the scope is new", &["CRD-2"], "key-confusion", "credentials.scope", after("frozen")),
        ("scope-last", "the scope is new and there is no assertion", &["CRD-2"], "structure", "order.scope", [vec![served()], alice(), vec![
            created("Alice", json!({ "as": "second" })),
            device("enrol", json!({ "enrolment": "second", "device": "bob", "assertion": null }), refused(400)), only()]].concat()),
        ("scope-race", "two first devices enrol at once", &["CRD-2"], "stale-compare-and-swap", "credentials.scope", vec![served(),
            created("Alice", json!({ "as": "one" })), created("Alice", json!({ "as": "two" })),
            device("hello", json!({ "enrolment": "one" }), answered()), device("hello", json!({ "enrolment": "two" }), answered()),
            claim(json!({ "on": "one" }), settled("confirm", "alice")), claim(json!({ "on": "two", "device": "bob" }), refused(505)), only()]),
    ]
}

/// CRD-7, CRD-8: one thing wrong with a rotation.
#[rustfmt::skip] // a table
fn rotations() -> Vec<Story<'static>> {
    let old_key_lives = || [vec![read_account("active"), bare_session(json!({})), login(json!({}), settled("confirm", "alice"))]].concat();
    let told = |more: Value, code: u16| [in_channel(vec![rotate(more, refused(code))]), old_key_lives()].concat();
    let guarded = |steps: Vec<Step>| [vec![served(), created("Alice", json!({})), enrol(guard(json!({})), settled("confirm", "alice")),
        open("action", json!({}), opened_for())], steps, old_key_lives()].concat();
    let confusion = "key-confusion";
    vec![
        ("rotated-no-point", "the new key is no point", &["CRD-8", "SIG-1"], "invalid-point", "point.valid", told(json!({ "key": "no point" }), 114)),
        ("rotated-zero", "r and s of the possession are zero", &["CRD-8", "SIG-2"], "zero-signature", "signature.range", told(json!({ "signature": "zero" }), 112)),
        ("rotated-high-s", "s of the possession is high", &["CRD-8", "SIG-3"], "malleable-signature", "signature.low-s", told(json!({ "signature": "high" }), 112)),
        ("rotated-other-signer", "another key proves its possession", &["CRD-8"], confusion, "rotation.possession", told(json!({ "signer": "other" }), 424)),
        ("rotated-other-account", "the possession is for another account", &["CRD-8"], "purpose-confusion", "rotation.possession", told(json!({ "account": "other" }), 424)),
        ("rotated-other-channel", "the possession is for another channel", &["CRD-8"], "replay", "rotation.possession", told(json!({ "channel": "other" }), 424)),
        ("rotated-other-key", "the possession is for another key", &["CRD-8"], confusion, "rotation.possession", told(json!({ "signed_key": "other" }), 424)),
        ("rotated-to-guard", "the new key is the account's K_act", &["CRD-8", "KEY-1"], confusion, "rotation.key", guarded(vec![rotate(json!({ "key": "K_act" }), refused(504))])),
        ("rotated-to-bobs", "the new key is that of another account", &["CRD-8"], confusion, "rotation.key",
            [vec![served()], alice(), bob(), vec![open("action", json!({}), opened_for()), rotate(json!({ "key": "bob" }), refused(504))], old_key_lives()].concat()),
        ("rotated-old-channel", "the key was rotated in this very channel", &["CRD-7", "CRD-9"], "replay", "rotation.channel",
            in_channel(vec![rotate(json!({}), rotated_to()), rotate(json!({}), refused(211)), read_account("active")])),
        ("rotated-other-old-channel", "the key was rotated in another channel", &["CRD-7"], "replay", "rotation.channel",
            in_channel(vec![open("action", json!({ "as": "second" }), opened_for()), rotate(json!({ "on": "second" }), rotated_to()),
                rotate(json!({}), refused(211)), read_account("active")])),
        ("rotated-suspended", "the account is suspended", &["CRD-6"], "replay", "account.active",
            in_channel(vec![set_account("suspended"), rotate(json!({}), refused(502)), read_account("suspended")])),
        ("rotated-deleted", "the account is deleted", &["CRD-6"], "replay", "account.active",
            in_channel(vec![backend("delete_account", json!({ "account": "alice" })), rotate(json!({}), refused(502)), gone()])),
        ("rotated-old-key", "a login comes under the old key", &["CRD-8", "HS-13"], confusion, "handshake.account",
            in_channel(vec![device("copy", json!({ "as": "old" }), json!({})), rotate(json!({}), rotated_to()), bare_session(json!({})),
                login(json!({ "device": "old" }), json!({ "error": 211 })), read_account("active")])),
    ]
}

/// CRD-6, CRD-7: deletions that are not the device's to ask for.
#[rustfmt::skip] // a table
fn deletions() -> Vec<Story<'static>> {
    vec![
        ("deleted-suspended", "the account is suspended", &["CRD-6"], "replay", "account.active",
            in_channel(vec![set_account("suspended"), delete(refused(502)), read_account("suspended")])),
        ("deleted-old-channel", "the key was rotated", &["CRD-7"], "replay", "deletion.channel",
            in_channel(vec![rotate(json!({}), rotated_to()), delete(refused(211)), read_account("active")])),
        ("deleted-twice", "it was deleted already", &["CRD-6"], "replay", "account.active",
            in_channel(vec![delete(json!({ "deleted": true })), delete(refused(502)), gone()])),
        ("deleted-and-used", "the key comes back for a login", &["CRD-6", "HS-13"], "replay", "handshake.account",
            in_channel(vec![delete(json!({ "deleted": true })), bare_session(json!({})), login(json!({}), json!({ "error": 211 })), gone()])),
        ("deleted-while-deciding", "a login has begun, and it is deleted meanwhile", &["CRD-6"], "stale-compare-and-swap", "handshake.account",
            in_channel(vec![bare_session(json!({})), super::hello(json!({}), answered()), delete(json!({ "deleted": true })),
                claim(json!({ "on": "login" }), json!({ "error": 211 })), super::read_session(json!({ "state": "new" }))])),
    ]
}

/// CRD-2: 32 credentials, and one more.
fn most(added: &Case) -> Vec<Case> {
    let one = |number: usize| {
        let (name, alias) = (format!("device {number}"), format!("enrolment {number}"));
        let scope = json!({ "as": alias, "add_authenticators": true });
        (
            created("Alice", scope),
            json!({ "enrolment": alias, "device": name }),
            name,
        )
    };
    let all = |count: usize| -> Vec<Step> {
        let steps = (1..=count).flat_map(|number| {
            let (create, said, name) = one(number);
            [create, device("enrol", said, settled("confirm", &name))]
        });
        [vec![served()], steps.collect()].concat()
    };
    let right = positive("auth.credential.most", "a user has 32 devices")
        .why("What the document allows has to work everywhere.")
        .needs(&["actions"])
        .requires(&["CRD-2"])
        .steps(all(32));
    let (create, said, _) = one(33);
    let wrong = added
        .but("auth.credential.too-many", "the user has 32 already")
        .requires(&["CRD-2"])
        .flagged(&["limit"])
        .kills("credentials.limit")
        .steps(all(32))
        .steps(vec![create, device("enrol", said, refused(508))]);
    vec![right, wrong]
}
