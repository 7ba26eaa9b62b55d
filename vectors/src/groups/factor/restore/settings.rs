//! Replicas that are behind, and another maxAttempts.

use serde_json::{Value, json};

use super::verify;
use crate::author::positive;
use crate::case::{Case, Step};
use crate::groups::factor::steps::*;

const BEHIND: &str =
    "A replica that was started with old settings works to old rules: it would give attempts back.";

/// A record of a later epoch, at a replica that knows an earlier one.
pub(super) fn behind() -> Vec<Case> {
    let base = positive(
        "factor.restore.both-ahead",
        "both replicas are started in the later store epoch",
    )
    .why(BEHIND)
    .needs(&["replicas"])
    .requires(&["RES-1", "FAC-11"])
    .plays(enrolled())
    .plays([restarts(0), restarts(1), returns("later", status(2, 0))])
    .plays([verify(json!({}), verdict(0, 0)), reads(0, 1)]);
    let one = |id: &str, change: &str, steps: Vec<Step>| {
        base.but(&format!("factor.restore.{id}"), change)
            .kills("later-epoch")
            .requires(&["FAC-11"])
            .flagged(&["stale-compare-and-swap"])
            .plays(enrolled())
            .plays(steps)
    };
    let second = || {
        device(
            "connect",
            json!({ "by": "kid", "channel": "second", "replica": 1 }),
            json!({ "record": status(0, 0) }),
        )
    };
    let ahead = || {
        vec![
            second(),
            restarts(0),
            returns("later", status(2, 0)),
            verify(json!({ "pin": "0000" }), verdict(410, 3)),
        ]
    };
    let with = |steps: Vec<Step>| {
        let mut all = ahead();
        all.extend(steps);
        all.push(reads(3, 1));
        all
    };
    let asks = |action: &str, with: Value| {
        device(
            action,
            and(json!({ "channel": "second" }), with),
            json!({ "refused": 415 }),
        )
    };
    vec![
        base.clone(),
        one(
            "behind-verify",
            "one is not, and gets a VERIFY",
            with(vec![
                asks("verify", json!({ "epoch": 7 })),
                asks("verify", json!({ "epoch": 8 })),
            ]),
        ),
        one(
            "behind-status",
            "one is not, and is asked for the status",
            with(vec![asks("ask_status", json!({}))]),
        ),
        one(
            "behind-gone",
            "one is not, and hears that the biometric is gone",
            with(vec![asks("biometric_gone", json!({}))]),
        ),
        one(
            "behind-set-pin",
            "one is not, and gets a new PIN",
            with(vec![asks("set_pin", json!({}))]),
        ),
        one(
            "behind-connection",
            "one is not, and the device connects to it",
            with(vec![device(
                "connect",
                json!({ "by": "kid", "channel": "third", "replica": 1 }),
                json!({ "error": 415 }),
            )]),
        ),
    ]
}

/// A replica is started in store epoch 8.
fn restarts(replica: u64) -> Step {
    factor(
        "restart",
        json!({ "replica": replica, "store_epoch": 8 }),
        json!({}),
    )
}

/// maxAttempts is changed while records have failures.
pub(super) fn maxima() -> Vec<Case> {
    let sets = |max: u64| factor("restart", json!({ "max_attempts": max }), json!({}));
    let of = |outcome: u16, failed: u64, blocked: bool| json!({ "outcome": outcome, "failed_attempts": failed, "blocked": blocked });
    let record = |failed: u64, number: u64, blocked: bool| json!({ "generation": 1, "request_number": number, "failed_attempts": failed, "blocked": blocked });
    let raised = positive(
        "factor.restore.max-raised",
        "maxAttempts is raised, and a blocked record is open again",
    )
    .why("A record that is above the maximum is as blocked as one that is at it.")
    .requires(&["LCK-5", "LCK-6"])
    .plays(enrolled())
    .plays(blocked())
    .plays([
        sets(4),
        returns("later", record(3, 3, false)),
        verify(json!({}), of(0, 0, false)),
    ]);
    vec![
        raised.clone(),
        raised
            .but(
                "factor.restore.max-lowered",
                "maxAttempts is lowered below the failures",
            )
            .kills("blocked")
            .requires(&["LCK-5", "LCK-6"])
            .flagged(&["miscount"])
            .plays(enrolled())
            .plays([
                wrong(1),
                wrong(2),
                sets(1),
                returns("later", record(2, 2, true)),
            ])
            .plays([verify(json!({}), of(411, 2, true)), reads(2, 3)]),
        raised
            .but(
                "factor.restore.max-lowered-to-failures",
                "maxAttempts is lowered to the failures",
            )
            .kills("blocked")
            .requires(&["LCK-5", "LCK-6"])
            .flagged(&["miscount"])
            .plays(enrolled())
            .plays([
                wrong(1),
                wrong(2),
                sets(2),
                returns("later", record(2, 2, true)),
            ])
            .plays([verify(json!({}), of(411, 2, true)), reads(2, 3)]),
    ]
}
