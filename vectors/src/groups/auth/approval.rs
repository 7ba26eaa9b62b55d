//! `auth.approval.*`: answers to challenges, right and wrong.

use serde_json::{Value, json};

use super::action::{
    answer, approved, challenge, declined, fetch, guarded_alice, open_channel, read_challenge,
    validate, world,
};
use super::credential::{opened_for, second_device, served_with};
use super::{
    Story, asked, backend, bob, device, group_of, later, negatives, open, pin, positives, refused,
    set_account, settled, with,
};
use crate::author::positive;
use crate::case::{Case, Group, Step};

/// Answers, one fault each.
pub fn group() -> Group {
    let base = positive(
        "auth.approval.approved",
        "a user verifies the PIN, chooses the number and approves",
    )
    .why(WHY)
    .needs(&["actions"])
    .requires(&[
        "CHA-4", "CHA-5", "CHA-7", "CHA-8", "CHA-9", "CHA-10", "ACT-10", "CRD-4",
    ])
    .steps(shown())
    .steps(vec![
        answer(json!({}), approved()),
        read_challenge("approved"),
    ]);
    let again = positive(
        "auth.approval.again",
        "the answer is lost, and the same bytes come again",
    )
    .why("A user whose phone has lost the answer has approved nevertheless; whoever repeats it has not.")
    .needs(&["actions"])
    .requires(&["CHA-11"])
    .steps(shown())
    .steps(vec![
        answer(json!({ "as": "lost" }), approved()),
        answer(json!({ "again": true }), approved()),
        validate(json!({ "grant": "lost" }), json!({ "rejected": 805 })),
        validate(json!({}), json!({ "valid": "alice" })),
    ]);
    let mut cases = vec![base.clone(), again.clone()];
    cases.extend(rights());
    cases.extend(negatives(&base, contents()));
    cases.extend(negatives(&base, signatures()));
    cases.extend(negatives(&base, factors()));
    cases.extend(negatives(&base, states()));
    cases.extend(negatives(&base, orders()));
    cases.extend(negatives(&again, repetitions()));
    group_of(
        "auth-approval",
        "Approvals: a challenge ends once, by an answer to all that was shown, by the right key.",
        cases,
    )
}

const WHY: &str = "An approval that can be made from another one approves what the user never saw.";

/// A number to choose, and the PIN.
fn terms() -> Value {
    json!({ "number": { "expected": 42, "choices": [7, 42, 99] }, "policy": pin() })
}

/// alice sees the challenge.
fn shown() -> Vec<Step> {
    let steps = vec![
        challenge(terms(), json!({})),
        open_channel(),
        fetch(json!({ "fetched": true })),
    ];
    [world(), steps].concat()
}

/// alice sees a challenge without number and factor.
fn bare() -> Vec<Step> {
    let steps = vec![
        challenge(json!({}), json!({})),
        open_channel(),
        fetch(json!({ "fetched": true })),
    ];
    [world(), steps].concat()
}

/// The answer is refused, and the right one taken after all.
fn refused_once(before: Vec<Step>, said: Value, code: u16) -> Vec<Step> {
    let steps = vec![
        answer(said, refused(code)),
        read_challenge("pending"),
        answer(json!({}), approved()),
    ];
    [before, steps].concat()
}

fn cancelled() -> Step {
    backend("cancel_challenge", json!({ "challenge": "transfer" }))
}

#[rustfmt::skip] // a table
fn rights() -> Vec<Case> {
    let why = "What the document allows has to work everywhere.";
    let second = |on: &str| vec![open("action", json!({ "as": on }), opened_for())];
    positives("auth.approval", &["actions"], why, vec![
        ("declined", "a user declines without a factor", &["CHA-12", "CHA-10"], [shown(), vec![answer(json!({ "decision": "decline" }), declined()), read_challenge("rejected")]].concat()),
        ("fraud", "a user reports a fraud", &["CHA-10", "CHA-12"],
            [shown(), vec![answer(json!({ "decision": "decline", "report_fraud": true }), declined()), read_challenge("rejected")]].concat()),
        ("last-second", "a user approves in the last second", &["CHA-6"], [shown(), vec![later(119), answer(json!({}), approved())]].concat()),
        ("by-another-device", "another device of the user answers", &["CHA-4"], [second_device(json!({ "add_authenticators": true }), settled("confirm", "bob")),
            vec![challenge(terms(), json!({})), open("action", json!({ "device": "bob" }), opened_for()), fetch(json!({ "fetched": true })),
                answer(json!({}), approved()), read_challenge("approved"), validate(json!({}), json!({ "valid": "bob" }))]].concat()),
        ("in-another-channel", "the device has seen it in one channel, and answers in another", &["CHA-4"],
            [shown(), second("second"), vec![answer(json!({ "on": "second" }), approved()), read_challenge("approved")]].concat()),
        ("after-rotation", "the device has moved to another key", &["CRD-4", "CRD-7"],
            [shown(), vec![device("rotate", json!({}), json!({ "rotated": true }))], second("second"), vec![answer(json!({ "on": "second" }), approved())]].concat()),
        ("again-elsewhere", "the same answer comes in another channel, with a factor of its own", &["CHA-11"],
            [shown(), vec![answer(json!({ "as": "lost" }), approved())], second("second"), vec![answer(json!({ "on": "second" }), approved()),
                validate(json!({ "grant": "lost" }), json!({ "rejected": 805 })), validate(json!({}), json!({ "valid": "alice" }))]].concat()),
        ("again-elsewhere-bare", "the same answer comes in another channel, and needs no factor", &["CHA-11"],
            [bare(), vec![answer(json!({}), approved())], second("second"), vec![answer(json!({ "on": "second" }), approved())]].concat()),
        ("biometric", "the policy takes a biometric", &["ACT-10"], [world(), vec![challenge(json!({ "policy": { "factors": 3, "max_age_s": 60, "cached": false } }), json!({})),
            open_channel(), fetch(json!({ "fetched": true })), answer(json!({ "assertion": { "factor": 2 } }), approved())]].concat()),
        ("renewed-keys", "the device has renewed its sending keys", &["CH-7", "CHA-4"],
            [shown(), vec![device("renew", json!({}), json!({})), answer(json!({}), approved())]].concat()),
    ])
}

/// What the answer says.
#[rustfmt::skip] // a table
fn contents() -> Vec<Story<'static>> {
    let said = |more: Value, code: u16| refused_once(shown(), more, code);
    let confusion = "purpose-confusion";
    let structure = "structure";
    let number = |number: Value, code: u16| [shown(), vec![answer(json!({ "number": number }), refused(code)), read_challenge("rejected"),
        answer(json!({}), refused(802)), read_challenge("rejected")]].concat();
    vec![
        ("challenge-other", "it names another challenge", &["CHA-9"], confusion, "approval.challenge", said(json!({ "id": "other" }), 800)),
        ("nonce-other", "it has another nonce", &["CHA-7"], "replay", "approval.nonce", said(json!({ "nonce": "other" }), 803)),
        ("hash-other", "it is about what another challenge shows", &["CHA-7"], confusion, "approval.hash",
            said(json!({ "hash": "other", "assertion": {} }), 803)),
        ("account-other", "it is another account's", &["CHA-7"], "key-confusion", "approval.account", said(json!({ "account": "other" }), 803)),
        ("assertion-hash-other", "the assertion is another than it says", &["CHA-7"], "unsigned-decision", "approval.assertion", said(json!({ "assertion_hash": "other" }), 803)),
        ("assertion-hash-missing", "it says of no assertion, and one comes along", &["CHA-7"], "unsigned-decision", "approval.assertion", said(json!({ "assertion_hash": null }), 803)),
        ("assertion-dropped", "it says of an assertion, and none comes along", &["CHA-7"], "unsigned-decision", "approval.assertion",
            said(json!({ "assertion": null, "assertion_hash": "other" }), 803)),
        ("number-missing", "there is no number", &["CHA-10"], structure, "approval.fields", said(json!({ "number": null }), 107)),
        ("number-wrong", "the number is another of the choices", &["CHA-8"], "unsigned-decision", "approval.number", number(json!(7), 804)),
        ("number-none-of-them", "the number is none of the choices", &["CHA-8"], "unsigned-decision", "approval.number", number(json!(43), 804)),
        ("number-unasked", "there is a number, and none was asked for", &["CHA-10"], structure, "approval.fields", refused_once(bare(), json!({ "number": 42 }), 107)),
        ("number-declined", "it is declined, with a number", &["CHA-10"], structure, "approval.fields", said(json!({ "decision": "decline", "number": 42 }), 107)),
        ("assertion-declined", "it is declined, with an assertion", &["CHA-10"], structure, "approval.fields", said(json!({ "decision": "decline", "assertion": {} }), 107)),
        ("assertion-unasked", "there is an assertion, and none was asked for", &["CHA-10"], structure, "approval.fields", refused_once(bare(), json!({ "assertion": {} }), 107)),
        ("fraud-confirmed", "it is confirmed, with a report of fraud", &["CHA-10"], structure, "approval.fields", said(json!({ "report_fraud": true }), 107)),
        ("payload-longer", "its payload has one field more", &["ENC-12"], structure, "structure.arity",
            said(json!({ "spoil": { "at": "approval", "path": [7], "insert": "f6" } }), 107)),
        ("message-longer", "the message has one field more", &["ENC-12"], structure, "structure.arity", [shown(), vec![
            answer(json!({ "spoil": { "at": "request", "path": [4], "insert": "f6" } }), json!({ "rejected": 107 })), read_challenge("pending")]].concat()),
    ]
}

/// Who has signed it, and how.
#[rustfmt::skip] // a table
fn signatures() -> Vec<Story<'static>> {
    let said = |more: Value, code: u16| refused_once(shown(), more, code);
    let guarded = |more: Value, code: u16| refused_once([vec![served_with(json!({}))], guarded_alice(),
        vec![challenge(terms(), json!({})), open_channel(), fetch(json!({ "fetched": true }))]].concat(), more, code);
    let confusion = "key-confusion";
    vec![
        ("by-device-key", "the account has a K_act, and its K_dev signs", &["CRD-4", "COSE-3"], confusion, "approval.key", guarded(json!({ "signer": "K_dev", "kid": "signer" }), 111)),
        ("by-device-key-forged", "its K_dev signs in the name of the K_act", &["CRD-4", "COSE-5"], confusion, "cose.signature", guarded(json!({ "signer": "K_dev" }), 113)),
        ("by-unregistered-key", "the account has no K_act, and another key than its K_dev signs", &["CRD-4", "COSE-3"], confusion, "approval.key",
            said(json!({ "signer": "K_act", "kid": "signer" }), 111)),
        ("forged", "another key signs in the name of the K_dev", &["COSE-5"], confusion, "cose.signature", said(json!({ "signer": "other" }), 113)),
        ("kid-other", "its header names another key", &["COSE-3"], confusion, "cose.kid", said(json!({ "kid": "other" }), 111)),
        ("algorithm-other", "its header names ES256", &["COSE-1"], "algorithm-confusion", "cose.header", said(json!({ "algorithm": -7 }), 110)),
        ("label-other", "it is signed as a factor proof", &["COSE-4"], "purpose-confusion", "cose.aad", said(json!({ "label": "countersign factor proof" }), 113)),
        ("server-other", "it is signed for another server", &["COSE-4"], "purpose-confusion", "cose.aad", said(json!({ "server": "other" }), 113)),
        ("channel-other", "it is signed in another channel", &["COSE-4"], "replay", "cose.aad", said(json!({ "channel": "other" }), 113)),
        ("high-s", "s is high", &["SIG-3"], "malleable-signature", "signature.low-s", said(json!({ "high_s": true }), 112)),
        ("number-changed", "its number is changed after signing", &["COSE-5"], "unsigned-decision", "cose.signature",
            said(json!({ "spoil": { "at": "signed_approval", "flip_last": 67 } }), 113)),
        ("replayed-elsewhere", "the bytes come in another channel", &["COSE-4", "CHA-11"], "replay", "cose.aad",
            [shown(), vec![answer(json!({}), approved()), open("action", json!({ "as": "second" }), opened_for()),
                answer(json!({ "on": "second", "again": true }), refused(113))]].concat()),
    ]
}

/// ACT-10.
#[rustfmt::skip] // a table
fn factors() -> Vec<Story<'static>> {
    let said = |assertion: Value, code: u16| refused_once(shown(), json!({ "assertion": assertion }), code);
    let bound = |bind: Value| said(json!({ "bind": bind }), 404);
    let confusion = "purpose-confusion";
    vec![
        ("factor-missing", "there is no assertion", &["ACT-10"], "unsigned-decision", "approval.factor", said(json!(null), 400)),
        ("factor-forged", "the auth server's handshake key signed the assertion", &["ACT-10", "AST-1"], "key-confusion", "assertion.signature", said(json!({ "signer": "handshake" }), 401)),
        ("factor-for-login", "the assertion is for a login", &["ACT-10", "AST-3"], confusion, "assertion.purpose", said(json!({ "purpose": 1 }), 409)),
        ("factor-to-decline", "the factor was given to decline", &["ACT-10", "AST-4"], confusion, "assertion.bind", bound(json!({ "decision": 2 }))),
        ("factor-undecided", "the factor was given for no decision", &["ACT-10", "AST-4"], confusion, "assertion.bind", bound(json!({ "decision": null }))),
        ("factor-for-something-else", "the factor was given for another challenge", &["ACT-10", "AST-4"], confusion, "assertion.bind", bound(json!({ "intent": "other" }))),
        ("factor-for-nothing", "the factor was given for no challenge", &["ACT-10", "AST-4"], confusion, "assertion.bind", bound(json!({ "intent": null }))),
        ("factor-other-channel", "the factor was given in another channel", &["ACT-10", "AST-4"], "replay", "assertion.bind", bound(json!({ "transcript": "other" }))),
        ("factor-other-account", "the factor was given for another account", &["ACT-10", "AST-4"], confusion, "assertion.bind", bound(json!({ "account": "other" }))),
        ("factor-with-session", "the factor was given for a session", &["ACT-10", "AST-4"], confusion, "assertion.bind", bound(json!({ "session": "other" }))),
        ("factor-with-user-input", "the factor was given for user input", &["ACT-10", "AST-4"], confusion, "assertion.bind", bound(json!({ "user_input": "x" }))),
        ("factor-of-another", "the assertion is of another device", &["ACT-10", "AST-5"], "key-confusion", "assertion.subject", said(json!({ "subject": "other" }), 403)),
        ("factor-too-old", "the PIN was verified a second too long ago", &["ACT-10", "AST-6"], "replay", "assertion.max-age", said(json!({ "age_s": 61 }), 407)),
        ("factor-expired", "the assertion has expired", &["ACT-10", "AST-6"], "replay", "assertion.expiry", said(json!({ "expires_in_s": 0 }), 406)),
        ("factor-biometric", "the policy is the PIN, and a biometric comes", &["ACT-10", "AST-7"], confusion, "assertion.factor", said(json!({ "factor": 2 }), 408)),
        ("factor-used", "the assertion was used for the challenge before", &["ACT-10", "AST-8"], "replay", "assertion.used",
            [shown(), vec![answer(json!({}), approved()), challenge(with(terms(), json!({ "as": "second", "code": "delete" })), json!({})),
                device("fetch", json!({ "on": "action", "challenge": "second" }), json!({ "fetched": true })),
                answer(json!({ "challenge": "second", "assertion": { "id": "again" } }), refused(405)),
                answer(json!({ "challenge": "second" }), approved())]].concat()),
    ]
}

/// A challenge that is not pending, an account that may not.
#[rustfmt::skip] // a table
fn states() -> Vec<Story<'static>> {
    let then = |steps: Vec<Step>| [shown(), steps].concat();
    let replay = "replay";
    let no = |more: Value| answer(more, refused(802));
    vec![
        ("expired", "the challenge's expiry has come", &["CHA-6"], replay, "challenge.expiry", then(vec![later(120), no(json!({})), read_challenge("expired"), no(json!({}))])),
        ("expired-declined", "the challenge's expiry has come, and it is declined", &["CHA-6"], replay, "challenge.expiry",
            then(vec![later(120), no(json!({ "decision": "decline" })), read_challenge("expired")])),
        ("cancelled", "the challenge was withdrawn", &["CHA-4", "CHA-5"], replay, "challenge.pending", then(vec![cancelled(), no(json!({})), read_challenge("cancelled")])),
        ("declined-then-confirmed", "it was declined before", &["CHA-5"], replay, "challenge.pending",
            then(vec![answer(json!({ "decision": "decline" }), declined()), no(json!({})), read_challenge("rejected")])),
        ("declined-twice", "it was declined before, and is again", &["CHA-5"], replay, "challenge.pending",
            then(vec![answer(json!({ "decision": "decline" }), declined()), no(json!({ "decision": "decline" })), read_challenge("rejected")])),
        ("confirmed-then-declined", "it was approved before, and is declined", &["CHA-5"], replay, "challenge.pending",
            then(vec![answer(json!({}), approved()), no(json!({ "decision": "decline" })), read_challenge("approved"), validate(json!({}), json!({ "valid": "alice" }))])),
        ("fraud-after-confirmed", "it was approved before, and is reported as fraud", &["CHA-5"], replay, "challenge.pending",
            then(vec![answer(json!({}), approved()), no(json!({ "decision": "decline", "report_fraud": true })), read_challenge("approved")])),
        ("of-another-user", "another user's device answers", &["CHA-9"], "key-confusion", "challenge.user",
            [shown(), bob(), vec![open("action", json!({ "as": "bob's", "device": "bob" }), opened_for()),
                answer(json!({ "on": "bob's" }), refused(800)), read_challenge("pending"), answer(json!({}), approved())]].concat()),
        ("suspended", "the account is suspended", &["CHA-9", "CRD-6"], replay, "account.active",
            then(vec![set_account("suspended"), answer(json!({}), refused(502)), read_challenge("pending"), set_account("active"), answer(json!({}), approved())])),
        ("deleted", "the account is deleted", &["CRD-6"], replay, "account.active",
            then(vec![backend("delete_account", json!({ "account": "alice" })), answer(json!({}), refused(502)), read_challenge("pending")])),
        ("rotated", "the key was rotated in this very channel", &["CHA-9", "CRD-7"], replay, "approval.channel",
            then(vec![device("rotate", json!({}), json!({ "rotated": true })), answer(json!({}), refused(211)), read_challenge("pending")])),
        ("race", "another device of the user was first", &["CHA-5"], "stale-compare-and-swap", "challenge.pending",
            [second_device(json!({ "add_authenticators": true }), settled("confirm", "bob")), vec![challenge(json!({}), json!({})), open_channel(), fetch(json!({ "fetched": true })),
                open("action", json!({ "as": "bob's", "device": "bob" }), opened_for()), answer(json!({ "on": "bob's", "decision": "decline" }), declined()),
                answer(json!({}), refused(802)), read_challenge("rejected")]].concat()),
    ]
}

/// CHA-9: of two faults the first is told.
#[rustfmt::skip] // a table
fn orders() -> Vec<Story<'static>> {
    let said = |more: Value, code: u16| refused_once(shown(), more, code);
    let then = |steps: Vec<Step>| [shown(), steps].concat();
    let structure = "structure";
    let order = &["CHA-9"];
    vec![
        ("two-faults-channel-first", "the key was rotated and the account is suspended", order, structure, "order.channel",
            then(vec![device("rotate", json!({}), json!({ "rotated": true })), set_account("suspended"), answer(json!({}), refused(211)), read_challenge("pending")])),
        ("two-faults-account-first", "the account is suspended and it names another challenge", order, structure, "order.account",
            then(vec![set_account("suspended"), answer(json!({ "id": "other" }), refused(502)), read_challenge("pending")])),
        ("two-faults-form-first", "its header names ES256 and it names another challenge", order, structure, "order.form", said(json!({ "id": "other", "algorithm": -7 }), 110)),
        ("two-faults-challenge-first", "it names another challenge and another key signs", order, structure, "order.challenge", said(json!({ "id": "other", "signer": "other" }), 800)),
        ("two-faults-signature-first", "another key signs another nonce", order, structure, "order.signature", said(json!({ "signer": "other", "nonce": "other" }), 113)),
        ("two-faults-content-first", "it has another nonce and no number", order, structure, "order.content", said(json!({ "nonce": "other", "number": null }), 803)),
        ("two-faults-fields-first", "there is no number and it was withdrawn", order, structure, "order.fields",
            then(vec![cancelled(), answer(json!({ "number": null }), refused(107)), read_challenge("cancelled")])),
        ("two-faults-expiry-first", "its expiry has come and the number is wrong", order, structure, "order.expiry",
            then(vec![later(120), answer(json!({ "number": 7 }), refused(802)), read_challenge("expired")])),
        ("two-faults-number-first", "the number is wrong and there is no assertion", order, structure, "order.number",
            then(vec![answer(json!({ "number": 7, "assertion": null }), refused(804)), read_challenge("rejected")])),
    ]
}

/// CHA-11: one thing wrong with the answer that comes again.
#[rustfmt::skip] // a table
fn repetitions() -> Vec<Story<'static>> {
    let then = |steps: Vec<Step>| [shown(), vec![answer(json!({}), approved())], steps].concat();
    let replay = "replay";
    let valid = || validate(json!({}), json!({ "valid": "alice" }));
    vec![
        ("again-after-expiry", "the challenge's expiry has come", &["CHA-11"], replay, "repetition.expiry", then(vec![later(120), answer(json!({ "again": true }), refused(802)), read_challenge("approved")])),
        ("again-after-use", "the token was used", &["CHA-11"], replay, "repetition.used", then(vec![valid(), answer(json!({ "again": true }), refused(808)), valid()])),
        ("again-other-number", "the number is another", &["CHA-11"], replay, "repetition.same", then(vec![answer(json!({ "number": 7 }), refused(802)), read_challenge("approved"), valid()])),
        ("again-no-factor", "in another channel there is no assertion", &["CHA-11", "ACT-10"], replay, "repetition.factor",
            then(vec![open("action", json!({ "as": "second" }), opened_for()), answer(json!({ "on": "second", "assertion": null }), refused(400)), valid()])),
        ("again-same-assertion", "in another channel it has the id of the first assertion", &["CHA-11", "AST-8"], replay, "assertion.used",
            then(vec![open("action", json!({ "as": "second" }), opened_for()), answer(json!({ "on": "second", "assertion": { "id": "again" } }), refused(405)), valid()])),
        ("again-by-another-device", "another device of the user gives it", &["CHA-11"], "key-confusion", "repetition.account",
            [second_device(json!({ "add_authenticators": true }), settled("confirm", "bob")), vec![challenge(json!({}), json!({})), open_channel(), fetch(json!({ "fetched": true })),
                answer(json!({}), approved()), open("action", json!({ "as": "bob's", "device": "bob" }), opened_for()),
                answer(json!({ "on": "bob's", "as": "second" }), refused(802)), asked("validate", json!({}), json!({ "valid": "alice" }))]].concat()),
    ]
}
