//! `auth.action.*`: what the backend says of actions, and what a user is asked about them.

use serde_json::{Value, json};

use super::credential::{opened_for, served_with};
use super::{
    Story, alice, announce, asked, backend, bob, device, group_of, later, negatives, open, pin,
    positives, refused, set_account, settled, with,
};
use crate::author::positive;
use crate::case::{Case, Group, Step};

/// Actions and challenges, right and wrong.
pub fn group() -> Group {
    let completed = positive("auth.action.completed", "a user approves an action")
        .why(WHY)
        .needs(&["actions"])
        .requires(&[
            "ACT-1", "ACT-9", "CHA-2", "CHA-3", "CHA-4", "TOK-1", "TOK-3",
        ])
        .steps(world())
        .steps(vec![
            act(json!({}), pending()),
            open_channel(),
            fetch(json!({ "fetched": true })),
            answer(json!({}), approved()),
            state("approved"),
            validate(json!({ "action": "transfer" }), json!({ "valid": "alice" })),
            state("completed"),
        ]);
    let asked_once = positive(
        "auth.action.challenged",
        "the backend asks a user without tracking an action",
    )
    .why(WHY)
    .needs(&["actions"])
    .requires(&["ACT-6", "ACT-7", "CHA-3"])
    .steps(world())
    .steps(vec![
        challenge(json!({}), json!({})),
        open_channel(),
        fetch(json!({ "fetched": true })),
    ]);
    let mut cases = vec![completed.clone(), asked_once.clone()];
    cases.extend(rights());
    cases.extend(negatives(&completed, actions()));
    cases.extend(negatives(&asked_once, challenges()));
    cases.extend(negatives(&asked_once, fetches()));
    group_of(
        "auth-action",
        "Actions: what the rules say of them, and the challenges that ask their user.",
        cases,
    )
}

const WHY: &str = "What a user never approved is done in his name.";

/// The server has actions, and alice an account.
pub(super) fn world() -> Vec<Step> {
    [vec![served_with(json!({}))], alice()].concat()
}

/// The server allows fewer challenges.
fn world_with(limits: Value) -> Vec<Step> {
    [vec![served_with(limits)], alice()].concat()
}

/// The action `transfer`, which needs a challenge.
pub(super) fn act(more: Value, expect: Value) -> Step {
    let usual = json!({ "as": "transfer", "rule": "challenge" });
    asked("create_action", with(usual, more), expect)
}

/// The challenge `transfer`, of an action that is not tracked.
pub(super) fn challenge(more: Value, expect: Value) -> Step {
    let usual = json!({ "as": "transfer", "announce": announce() });
    asked("create_challenge", with(usual, more), expect)
}

pub(super) fn open_channel() -> Step {
    open("action", json!({}), opened_for())
}

pub(super) fn fetch(expect: Value) -> Step {
    device("fetch", json!({ "on": "action" }), expect)
}

pub(super) fn answer(more: Value, expect: Value) -> Step {
    device("answer", with(json!({ "on": "action" }), more), expect)
}

/// What an answer with yes comes to.
pub(super) fn approved() -> Value {
    json!({ "answered": "confirm", "token": true })
}

/// What an answer with no comes to.
pub(super) fn declined() -> Value {
    json!({ "answered": "decline", "token": false })
}

pub(super) fn validate(more: Value, expect: Value) -> Step {
    asked("validate", more, expect)
}

/// How the action stands.
pub(super) fn state(word: &str) -> Step {
    asked(
        "read_action",
        json!({ "action": "transfer" }),
        json!({ "state": word }),
    )
}

/// How the challenge stands.
pub(super) fn read_challenge(word: &str) -> Step {
    asked(
        "read_challenge",
        json!({ "challenge": "transfer" }),
        json!({ "state": word }),
    )
}

fn pending() -> Value {
    json!({ "state": "pending", "token": true })
}

fn ruled(state: &str) -> Value {
    json!({ "state": state, "token": false })
}

fn rejected(code: u16) -> Value {
    json!({ "rejected": code })
}

fn cancelled() -> Step {
    backend("cancel_challenge", json!({ "challenge": "transfer" }))
}

/// alice has a K_act.
pub(super) fn guarded_alice() -> Vec<Step> {
    vec![
        backend(
            "create_enrolment",
            json!({ "as": "enrolment", "user_name": "Alice" }),
        ),
        device(
            "enrol",
            json!({ "enrolment": "enrolment", "enrolment_proof": {} }),
            settled("confirm", "alice"),
        ),
    ]
}

/// alice answers a challenge with this.
fn answered(said: Value, expect: Value) -> Vec<Step> {
    vec![
        open_channel(),
        fetch(json!({ "fetched": true })),
        answer(said, expect),
    ]
}

#[rustfmt::skip] // a table
fn rights() -> Vec<Case> {
    let why = "What the document allows has to work everywhere.";
    let then = |steps: Vec<Step>| [world(), steps].concat();
    let review = |rule: &str, expect: Value| asked("review_action", json!({ "action": "transfer", "rule": rule }), expect);
    let numbers = json!({ "number": { "expected": 42, "choices": [7, 42, 99] } });
    let other = |more: Value| with(json!({ "as": "other", "code": "delete", "key": "order 67" }), more);
    positives("auth.action", &["actions"], why, vec![
        ("allowed", "the rules say ALLOW", &["ACT-4"], then(vec![act(json!({ "rule": "allow" }), ruled("allowed")), state("allowed")])),
        ("blocked", "the rules say BLOCK", &["ACT-1"], then(vec![act(json!({ "rule": "block" }), ruled("blocked")), state("blocked")])),
        ("reviewed", "a person allows what the rules did not decide", &["ACT-5"],
            then(vec![act(json!({ "rule": "review" }), ruled("in_review")), state("in_review"), review("allow", ruled("allowed")), state("allowed")])),
        ("reviewed-and-asked", "a person has the user asked", &["ACT-5"],
            then([vec![act(json!({ "rule": "review" }), ruled("in_review")), review("challenge", pending())], answered(json!({}), approved()), vec![state("approved")]].concat())),
        ("again", "the backend tells of the same action again", &["ACT-2", "ACT-3"],
            then([vec![act(json!({}), pending()), act(json!({}), pending())], answered(json!({}), approved()), vec![state("approved")]].concat())),
        ("again-decided", "the backend tells of a decided action again", &["ACT-2"],
            then(vec![act(json!({ "rule": "allow" }), ruled("allowed")), act(json!({ "rule": "block" }), ruled("allowed")), state("allowed")])),
        ("key-of-another-user", "another user's action has the same idempotency key", &["ACT-2"], [world(), bob(), vec![act(json!({ "rule": "allow" }), ruled("allowed")),
            act(json!({ "as": "bob's", "user": "Bob", "rule": "block" }), ruled("blocked")), state("allowed")]].concat()),
        ("cancelled", "the backend withdraws the challenge", &["CHA-4"], then(vec![act(json!({}), pending()), cancelled(), state("cancelled")])),
        ("declined", "the user declines", &["CHA-12", "CHA-4"], then([vec![act(json!({}), pending())], answered(json!({ "decision": "decline" }), declined()), vec![state("rejected")]].concat())),
        ("fraud", "the user reports a fraud", &["ACT-8", "CHA-12"],
            then([vec![act(json!({}), pending())], answered(json!({ "decision": "decline", "report_fraud": true }), declined()), vec![state("rejected")]].concat())),
        ("guarded", "a user whom the OS asks approves", &["CRD-4", "CHA-4"],
            [vec![served_with(json!({}))], guarded_alice(), vec![act(json!({}), pending())], answered(json!({}), approved()), vec![state("approved")]].concat()),
        ("numbers", "the user chooses the number that is shown", &["CHA-3", "CHA-8", "CHA-13"],
            then([vec![act(numbers, pending())], answered(json!({}), approved()), vec![state("approved")]].concat())),
        ("most-numbers", "there are eight numbers to choose from, 0 and 99 among them", &["CHA-3", "CHA-13"],
            then([vec![act(json!({ "number": { "expected": 0, "choices": [0, 1, 2, 3, 5, 8, 13, 99] } }), pending())], answered(json!({}), approved())].concat())),
        ("factor", "the user verifies the PIN", &["ACT-10", "CHA-7"],
            then([vec![act(json!({ "policy": pin() }), pending())], answered(json!({}), approved()), vec![state("approved")]].concat())),
        ("longest", "action code and idempotency key have all of their 64 bytes", &["CHA-3"],
            then([vec![act(json!({ "code_bytes": 64, "key_bytes": 64 }), pending())], answered(json!({}), approved())].concat())),
        ("announced-longest", "what is shown has all of its 6,144 bytes", &["CHA-3"],
            then([vec![challenge(json!({ "announce_bytes": 6144 }), json!({}))], answered(json!({}), approved())].concat())),
        ("two-codes", "two challenges for different actions wait", &["ACT-6"], then(vec![act(json!({}), pending()), act(other(json!({})), pending()), state("pending")])),
        ("two-users", "two users are asked about the same kind of action", &["ACT-6"],
            [world(), bob(), vec![challenge(json!({}), json!({})), challenge(json!({ "as": "bob's", "user": "Bob" }), json!({}))]].concat()),
        ("after-expiry", "the challenge before has expired", &["ACT-6"], then(vec![challenge(json!({}), json!({})), later(120), challenge(json!({ "as": "second" }), json!({}))])),
        ("after-cancel", "the challenge before was withdrawn", &["ACT-6"], then(vec![challenge(json!({}), json!({})), cancelled(), challenge(json!({ "as": "second" }), json!({}))])),
        ("after-an-hour", "the user was asked as often as is allowed, an hour ago", &["ACT-7"],
            [world_with(json!({ "challenges_per_hour": 1 })), vec![challenge(json!({}), json!({})), later(3600), challenge(json!({ "as": "second" }), json!({}))]].concat()),
        ("after-cool-down", "the cool-down after a fraud is over", &["ACT-8"],
            then([vec![challenge(json!({}), json!({}))], answered(json!({ "decision": "decline", "report_fraud": true }), declined()),
                vec![later(600), challenge(json!({ "as": "second" }), json!({}))]].concat())),
        ("fetched-twice", "the device fetches the challenge twice", &["CHA-2"],
            then(vec![challenge(json!({}), json!({})), open_channel(), fetch(json!({ "fetched": true })), fetch(json!({ "fetched": true }))])),
        ("fetched-last-second", "the device fetches the challenge in its last second", &["CHA-2"],
            then(vec![challenge(json!({}), json!({})), open_channel(), later(119), fetch(json!({ "fetched": true })), answer(json!({}), approved())])),
    ])
}

/// One thing wrong with an action.
#[rustfmt::skip] // a table
fn actions() -> Vec<Story<'static>> {
    let then = |steps: Vec<Step>| [world(), steps].concat();
    let still = |more: Value, code: u16| then([vec![act(json!({}), pending()), act(more, rejected(code)), state("pending")], answered(json!({}), approved())].concat());
    let alone = |more: Value, code: u16| then(vec![act(more, rejected(code)), act(json!({}), pending())]);
    let guarded = |steps: Vec<Step>| [vec![served_with(json!({}))], guarded_alice(), steps].concat();
    let review = |rule: &str, expect: Value| asked("review_action", json!({ "action": "transfer", "rule": rule }), expect);
    let replay = "replay";
    vec![
        ("again-other-data", "the idempotency key is that of an action with other data", &["ACT-3"], replay, "action.terms", still(json!({ "data": "99 EUR to Bob" }), 813)),
        ("again-other-code", "the idempotency key is that of an action with another code", &["ACT-3"], replay, "action.terms", still(json!({ "code": "delete" }), 813)),
        ("allowed-guarded", "the rules say ALLOW, and the OS asks the user", &["ACT-4"], "unsigned-decision", "action.allow",
            guarded(vec![act(json!({ "rule": "allow" }), rejected(801)), act(json!({}), pending())])),
        ("reviewed-guarded", "a person says ALLOW, and the OS asks the user", &["ACT-4"], "unsigned-decision", "action.allow",
            guarded(vec![act(json!({ "rule": "review" }), ruled("in_review")), review("allow", rejected(801)), state("in_review")])),
        ("allowed-second-guarded", "the rules say ALLOW, and the OS asks on another device of the user", &["ACT-4"], "unsigned-decision", "action.allow",
            then(vec![backend("create_enrolment", json!({ "as": "second", "user_name": "Alice", "add_authenticators": true })),
                device("enrol", json!({ "enrolment": "second", "device": "bob", "enrolment_proof": {} }), settled("confirm", "bob")),
                act(json!({ "rule": "allow" }), rejected(801))])),
        ("reviewed-twice", "it was reviewed already", &["ACT-5"], replay, "action.review",
            then(vec![act(json!({ "rule": "review" }), ruled("in_review")), review("block", ruled("blocked")), review("allow", rejected(814)), state("blocked")])),
        ("reviewed-unasked", "it was not in review", &["ACT-5"], replay, "action.review",
            then(vec![act(json!({ "rule": "block" }), ruled("blocked")), review("allow", rejected(814)), state("blocked")])),
        ("reviewed-to-review", "the review says REVIEW", &["ACT-5"], replay, "action.review",
            then(vec![act(json!({ "rule": "review" }), ruled("in_review")), review("review", rejected(814)), state("in_review")])),
        ("key-too-long", "the idempotency key has 65 bytes", &["CHA-3", "ENC-11"], "limit", "limit.idempotency-key", alone(json!({ "key_bytes": 65 }), 106)),
        ("code-too-long", "the action code has 65 bytes", &["CHA-3", "ENC-11"], "limit", "limit.action-code", alone(json!({ "code_bytes": 65 }), 106)),
        ("nobody", "the user name is empty", &["HEADLESS-10"], "key-confusion", "action.user-name", alone(json!({ "user": "" }), 107)),
        ("again-previous-token", "the device brings the token that was replaced", &["ACT-2", "CHA-2"], replay, "action.token",
            then(vec![act(json!({}), pending()), act(json!({}), pending()), open_channel(),
                device("fetch", json!({ "on": "action", "token": "previous" }), refused(800)), fetch(json!({ "fetched": true }))])),
    ]
}

/// One thing wrong with a challenge, or one too many.
#[rustfmt::skip] // a table
fn challenges() -> Vec<Story<'static>> {
    let then = |steps: Vec<Step>| [world(), steps].concat();
    let alone = |more: Value, code: u16| then(vec![challenge(more, rejected(code)), challenge(json!({}), json!({}))]);
    let number = |expected: u64, choices: Value| json!({ "number": { "expected": expected, "choices": choices } });
    let fraud = || [vec![challenge(json!({}), json!({}))], answered(json!({ "decision": "decline", "report_fraud": true }), declined())].concat();
    let (limit, structure) = ("limit", "structure");
    vec![
        ("second", "another for the same kind of action waits", &["ACT-6"], "replay", "prompts.pending",
            then(vec![challenge(json!({}), json!({})), challenge(json!({ "as": "second" }), rejected(809)), later(119), challenge(json!({ "as": "third" }), rejected(809))])),
        ("second-tracked", "an action's challenge of the same kind waits", &["ACT-6"], "replay", "prompts.pending",
            then(vec![act(json!({}), pending()), challenge(json!({ "as": "second" }), rejected(809)), state("pending")])),
        ("too-many", "the user was asked as often as is allowed within the last hour", &["ACT-7"], limit, "prompts.hour",
            [world_with(json!({ "challenges_per_hour": 2 })), vec![challenge(json!({}), json!({})), later(120), challenge(json!({ "as": "second" }), json!({})), later(120),
                challenge(json!({ "as": "third" }), rejected(810)), later(3359), challenge(json!({ "as": "fourth" }), rejected(810))]].concat()),
        ("too-many-answered", "those that were asked were answered", &["ACT-7"], limit, "prompts.hour",
            [world_with(json!({ "challenges_per_hour": 1 })), vec![challenge(json!({}), json!({}))], answered(json!({}), approved()),
                vec![challenge(json!({ "as": "second" }), rejected(810))]].concat()),
        ("cooling-down", "the user has reported a fraud", &["ACT-8"], "replay", "prompts.cool-down",
            then([fraud(), vec![challenge(json!({ "as": "second" }), rejected(811)), later(599), challenge(json!({ "as": "third" }), rejected(811))]].concat())),
        ("cooling-down-other-code", "the user has reported a fraud, and it is about something else", &["ACT-8"], "replay", "prompts.cool-down",
            then([fraud(), vec![challenge(json!({ "as": "second", "code": "delete" }), rejected(811))]].concat())),
        ("shown-too-long", "what is shown has 6,145 bytes", &["CHA-3", "ENC-11"], limit, "limit.announce", alone(json!({ "announce_bytes": 6145 }), 106)),
        ("challenge-code-too-long", "the action code has 65 bytes", &["CHA-3", "ENC-11"], limit, "limit.action-code", alone(json!({ "code_bytes": 65 }), 106)),
        ("number-not-shown", "the number expected is none of the choices", &["CHA-3"], structure, "challenge.number", alone(number(43, json!([7, 42, 99])), 107)),
        ("one-number", "there is one number to choose from", &["CHA-3"], structure, "challenge.number", alone(number(42, json!([42])), 107)),
        ("nine-numbers", "there are nine numbers to choose from", &["CHA-3"], structure, "challenge.number", alone(number(1, json!([1, 2, 3, 4, 5, 6, 7, 8, 9])), 107)),
        ("number-100", "a number to choose from is 100", &["CHA-3"], structure, "challenge.number", alone(number(42, json!([42, 100])), 107)),
        ("numbers-descend", "the numbers to choose from descend", &["CHA-3", "CHA-13"], structure, "challenge.number", alone(number(42, json!([99, 42, 7])), 107)),
        ("number-twice", "a number is there twice", &["CHA-3", "CHA-13"], structure, "challenge.number", alone(number(42, json!([42, 42])), 107)),
        ("policy-empty", "the policy allows no factor", &["CHA-3"], structure, "challenge.policy",
            alone(json!({ "policy": { "factors": 0, "max_age_s": 60, "cached": false } }), 107)),
        ("challenge-nobody", "the user name is empty", &["HEADLESS-10"], "key-confusion", "action.user-name", alone(json!({ "user": "" }), 107)),
    ]
}

/// What a device may not see.
#[rustfmt::skip] // a table
fn fetches() -> Vec<Story<'static>> {
    let then = |steps: Vec<Step>| [world(), vec![challenge(json!({}), json!({})), open_channel()], steps].concat();
    let no = |code: u16| fetch(refused(code));
    let replay = "replay";
    vec![
        ("token-unknown", "the token is one that nobody was given", &["CHA-2"], "key-confusion", "challenge.token",
            then(vec![device("fetch", json!({ "on": "action", "token": "other" }), refused(800)), fetch(json!({ "fetched": true }))])),
        ("of-another-user", "another user's device brings the token", &["CHA-2"], "key-confusion", "challenge.user",
            [world(), bob(), vec![challenge(json!({}), json!({})), open("action", json!({ "device": "bob" }), opened_for()), no(800),
                open("action", json!({ "as": "alice's" }), opened_for()), device("fetch", json!({ "on": "alice's" }), json!({ "fetched": true }))]].concat()),
        ("fetch-expired", "the challenge's expiry has come", &["CHA-2"], replay, "challenge.expiry", then(vec![later(120), no(802)])),
        ("fetch-cancelled", "the challenge was withdrawn", &["CHA-2", "CHA-5"], replay, "challenge.pending", then(vec![cancelled(), no(802), read_challenge("cancelled")])),
        ("fetch-declined", "the challenge was declined", &["CHA-2", "CHA-5"], replay, "challenge.pending",
            then(vec![fetch(json!({ "fetched": true })), answer(json!({ "decision": "decline" }), declined()), no(802), read_challenge("rejected")])),
        ("fetch-approved", "the challenge was approved", &["CHA-2", "CHA-5"], replay, "challenge.pending",
            then(vec![fetch(json!({ "fetched": true })), answer(json!({}), approved()), no(802), read_challenge("approved")])),
        ("fetch-suspended", "the account is suspended", &["CRD-6"], replay, "account.active", then(vec![set_account("suspended"), no(502), set_account("active"), fetch(json!({ "fetched": true }))])),
        ("fetch-deleted", "the account is deleted", &["CRD-6"], replay, "account.active",
            then(vec![backend("delete_account", json!({ "account": "alice" })), no(502), read_challenge("pending")])),
        ("cancel-late", "the backend withdraws what was approved", &["CHA-5"], replay, "challenge.pending",
            then(vec![fetch(json!({ "fetched": true })), answer(json!({}), approved()),
                asked("cancel_challenge", json!({ "challenge": "transfer" }), rejected(802)), read_challenge("approved")])),
    ]
}
