//! `auth.token.*`: what the app brings back to its backend.

use serde_json::{Value, json};

use super::action::{
    act, answer, approved, challenge, declined, fetch, open_channel, state, validate, world,
};
use super::{Story, backend, group_of, later, negatives, positives, set_account};
use crate::author::positive;
use crate::case::{Case, Group, Step};

/// Tokens, validated and refused.
pub fn group() -> Group {
    let base = positive("auth.token.validated", "the backend validates a token")
        .why(WHY)
        .needs(&["actions"])
        .requires(&["TOK-2", "TOK-3", "TOK-4"])
        .steps(granted())
        .steps(vec![
            valid(json!({ "action": "transfer" })),
            state("completed"),
        ]);
    let mut cases = vec![base.clone()];
    cases.extend(rights());
    cases.extend(negatives(&base, refusals()));
    group_of(
        "auth-token",
        "Tokens: each is good for one action of one user, once.",
        cases,
    )
}

const WHY: &str =
    "A token that is good twice, or for something else, is an action that nobody approved.";

/// alice has approved the action `transfer`.
fn granted() -> Vec<Step> {
    let steps = vec![
        act(json!({}), json!({ "state": "pending", "token": true })),
        open_channel(),
        fetch(json!({ "fetched": true })),
        answer(json!({}), approved()),
    ];
    [world(), steps].concat()
}

fn valid(more: Value) -> Step {
    validate(more, json!({ "valid": "alice" }))
}

fn invalid(more: Value, code: u16) -> Step {
    validate(more, json!({ "rejected": code }))
}

#[rustfmt::skip] // a table
fn rights() -> Vec<Case> {
    let then = |steps: Vec<Step>| [granted(), steps].concat();
    positives("auth.token", &["actions"], WHY, vec![
        ("same-again", "the same validation is made again", &["TOK-3"], then(vec![valid(json!({})), valid(json!({})), state("completed")])),
        ("same-again-later", "the same validation is made again, long after", &["TOK-3"], then(vec![valid(json!({})), later(86_000), valid(json!({}))])),
        ("same-again-suspended", "the same validation is made again, when the account is suspended", &["TOK-3"], then(vec![valid(json!({})), set_account("suspended"), valid(json!({}))])),
        ("last-second", "the token expires in a second", &["TOK-4"], then(vec![later(59), valid(json!({}))])),
        ("by-code", "the backend names the action by its code", &["TOK-2"], then(vec![valid(json!({})), state("completed")])),
        ("untracked", "the action is not tracked", &["TOK-2"], [world(), vec![challenge(json!({}), json!({})), open_channel(), fetch(json!({ "fetched": true })),
            answer(json!({}), approved()), valid(json!({}))]].concat()),
        ("key-longest", "the idempotency key has all of its 64 bytes", &["TOK-3"], then(vec![valid(json!({ "key_bytes": 64 }))])),
    ])
}

#[rustfmt::skip] // a table
fn refusals() -> Vec<Story<'static>> {
    let unused = |more: Value, code: u16| [granted(), vec![invalid(more, code), state("approved"), valid(json!({ "action": "transfer" }))]].concat();
    let then = |steps: Vec<Step>| [granted(), steps].concat();
    let other_action = || act(json!({ "as": "other", "code": "delete", "key": "order 67" }), json!({ "state": "pending", "token": true }));
    let (confusion, replay) = ("purpose-confusion", "replay");
    vec![
        ("other-user", "it is for another user", &["TOK-2"], confusion, "token.user", unused(json!({ "user": "Bob" }), 806)),
        ("other-code", "it is for another kind of action", &["TOK-2"], confusion, "token.code", unused(json!({ "code": "delete" }), 806)),
        ("other-action", "it is for another action", &["TOK-2"], confusion, "token.action",
            then(vec![other_action(), invalid(json!({ "action": "other" }), 806), state("approved"), valid(json!({ "action": "transfer" }))])),
        ("unknown", "nobody was given it", &["TOK-2"], "key-confusion", "token.known", unused(json!({ "token": "other" }), 805)),
        ("handed", "it is the one by which the challenge was fetched", &["TOK-2"], "key-confusion", "token.known", unused(json!({ "token": "handed" }), 805)),
        ("replaced", "another has replaced it", &["TOK-2", "CHA-11"], replay, "token.replaced",
            [world(), vec![act(json!({}), json!({ "state": "pending", "token": true })), open_channel(), fetch(json!({ "fetched": true })),
                answer(json!({ "as": "first" }), approved()), answer(json!({ "again": true }), approved()),
                invalid(json!({ "grant": "first" }), 805), state("approved"), valid(json!({}))]].concat()),
        ("expired", "its expiry has come", &["TOK-4"], replay, "token.expiry", then(vec![later(60), invalid(json!({}), 807), state("approved")])),
        ("used", "it was used for another idempotency key", &["TOK-3"], replay, "token.used", then(vec![valid(json!({})), invalid(json!({ "key": "order 67" }), 808), valid(json!({}))])),
        ("used-later", "it was used for another idempotency key, long ago", &["TOK-3"], replay, "token.used",
            then(vec![valid(json!({})), later(86_000), invalid(json!({ "key": "order 67" }), 808)])),
        ("used-other-user", "it was used, and is asked for another user", &["TOK-2"], confusion, "token.user", then(vec![valid(json!({})), invalid(json!({ "user": "Bob" }), 806)])),
        ("suspended", "the account that approved is suspended", &["CRD-6"], replay, "account.active",
            then(vec![set_account("suspended"), invalid(json!({}), 502), state("approved"), set_account("active"), valid(json!({}))])),
        ("revoked", "the account that approved is revoked", &["CRD-6"], replay, "account.active", then(vec![set_account("revoked"), invalid(json!({}), 502), state("approved")])),
        ("deleted", "the account that approved is deleted", &["CRD-6"], replay, "account.active",
            then(vec![backend("delete_account", json!({ "account": "alice" })), invalid(json!({}), 502), state("approved")])),
        ("key-too-long", "the idempotency key has 65 bytes", &["TOK-3", "ENC-11"], "limit", "limit.idempotency-key", unused(json!({ "key_bytes": 65 }), 106)),
        ("not-approved", "the challenge was declined", &["TOK-1", "ACT-1", "CHA-12"], "unsigned-decision", "token.known", [world(), vec![
            act(json!({}), json!({ "state": "pending", "token": true })), open_channel(), fetch(json!({ "fetched": true })),
            answer(json!({ "decision": "decline" }), declined()), invalid(json!({ "token": "handed" }), 805), state("rejected")]].concat()),
    ]
}
