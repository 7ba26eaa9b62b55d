//! After the change: the old PIN, and crashes in the middle.

use serde_json::{Value, json};

use super::{sets, verified};
use crate::author::positive;
use crate::case::{Case, Step};
use crate::groups::factor::steps::*;

const CRASH: &str = "A user whose phone died in the middle must know which of two PINs is his.";

/// After the change the old PIN is one of many wrong ones.
pub(super) fn old_pins(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, kills: &str, steps: Vec<Step>| {
        base.but(&format!("factor.change.old-{id}"), change)
            .kills(kills)
            .requires(&["CHG-5"])
            .flagged(&["replay"])
            .plays(enrolled())
            .plays([verified(), sets(json!({}))])
            .plays(steps)
    };
    let verify = |with: Value, expect: Value| device("verify", with, expect);
    vec![
        case(
            "pin",
            "the old PIN is verified after it",
            "old-pin-dead",
            vec![
                verify(json!({ "pin_of": 1 }), verdict(410, 1)),
                reads_at(2, 1, 2),
            ],
        ),
        case(
            "pin-new-derivation",
            "the old PIN's digits are verified after it",
            "proof",
            vec![
                verify(json!({ "pin": "2580" }), verdict(410, 1)),
                reads_at(2, 1, 2),
            ],
        ),
        case(
            "generation",
            "the old PIN is verified for the old generation after it",
            "generation",
            vec![
                verify(
                    json!({ "pin_of": 1, "generation": 1 }),
                    json!({ "refused": 416 }),
                ),
                right(),
                reads_at(2, 0, 3),
            ],
        )
        .requires(&["FAC-5"]),
        case(
            "change",
            "the old PIN is verified for another change after it",
            "generation",
            vec![
                verify(
                    json!({ "pin_of": 1, "generation": 1, "change": "pin" }),
                    json!({ "refused": 416 }),
                ),
                device("set_pin", json!({}), json!({ "refused": 419 })),
                reads_at(2, 0, 1),
            ],
        )
        .requires(&["FAC-5", "CHG-4"]),
    ]
}

/// The answer was lost, and the replica with it.
pub(super) fn crashes() -> Vec<Case> {
    let case = |id: &str, title: &str| {
        positive(&format!("factor.change.{id}"), title)
            .why(CRASH)
            .needs(&["replicas"])
            .requires(&["CHG-5", "STO-2"])
            .flagged(&["stale-compare-and-swap"])
            .plays(enrolled())
            .does(verified())
    };
    let crash = || factor("crash", json!({}), json!({}));
    let verify = |with: Value, expect: Value| {
        device("verify", and(json!({ "channel": "later" }), with), expect)
    };
    let held = |id: &str, change: &str, kills: &str, requirement: &str, steps: Vec<Step>| {
        case("held", "a set-pin waits for its commit")
            .but(&format!("factor.change.{id}"), change)
            .kills(kills)
            .requires(&["CHG-4", requirement])
            .flagged(&["stale-compare-and-swap"])
            .plays(enrolled())
            .plays([
                verified(),
                device("set_pin", json!({ "hold": true }), json!({})),
            ])
            .plays(steps)
    };
    let commit = |expect: Value| factor("commit", json!({}), expect);
    vec![
        case(
            "crash-after-commit",
            "a replica crashes after the commit of a new PIN and before the answer",
        )
        .does(device("set_pin", json!({ "lost": true }), json!({})))
        .plays([
            crash(),
            returns("later", status_at(2, 0, 1)),
            verify(json!({}), verdict(0, 0)),
        ])
        .plays([
            verify(json!({ "pin_of": 1 }), verdict(410, 1)),
            reads_at(2, 1, 3),
        ]),
        case(
            "crash-before-commit",
            "a replica crashes before the commit of a new PIN",
        )
        .does(device("set_pin", json!({ "hold": true }), json!({})))
        .plays([
            crash(),
            returns("later", status(0, 1)),
            verify(json!({}), verdict(0, 0)),
            reads(0, 2),
        ]),
        case("held", "a set-pin waits for its commit")
            .does(device("set_pin", json!({ "hold": true }), json!({})))
            .plays([
                reads(0, 1),
                commit(json!({ "record": status_at(2, 0, 1) })),
                right(),
                reads_at(2, 0, 2),
            ]),
        held(
            "race-status",
            "the device connects again before it commits",
            "compare-and-swap",
            "STA-2",
            vec![
                device(
                    "connect",
                    json!({ "by": "kid", "channel": "second", "replica": 1 }),
                    json!({ "record": status(0, 1) }),
                ),
                commit(json!({ "refused": 419 })),
                reads(0, 1),
            ],
        ),
        held(
            "race-verify",
            "another VERIFY commits before it does",
            "compare-and-swap",
            "LCK-2",
            vec![wrong(1), commit(json!({ "refused": 419 })), reads(1, 2)],
        ),
        held(
            "race-too-late",
            "its verification ends before it is decided again",
            "compare-and-swap",
            "LCK-2",
            vec![
                later(120),
                wrong(1),
                commit(json!({ "refused": 419 })),
                reads(1, 2),
            ],
        ),
    ]
}
