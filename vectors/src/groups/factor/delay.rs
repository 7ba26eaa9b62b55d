//! `factor.delay.*`: rounds after which the next PIN has to wait.

use serde_json::{Value, json};

use super::steps::*;
use crate::author::{positive, turn};
use crate::case::{Actor, Case, Group, Step};

const WHY: &str = "A round that can be skipped slows down nobody but the user.";

/// Two rounds: a minute from the first wrong PIN on, an hour from the third.
fn rounds() -> Step {
    factor(
        "configure",
        json!({
            "max_attempts": 5,
            "policy": { "delays": [{ "failures": 1, "wait_s": 60 }, { "failures": 3, "wait_s": 3600 }] },
        }),
        json!({}),
    )
}

/// Delay rounds.
pub fn group() -> Group {
    let base = positive(
        "factor.delay.waited",
        "the right PIN comes when the delay is over",
    )
    .why(WHY)
    .requires(&["DLY-1"])
    .plays(begins())
    .plays([wrong_pin(1, 60), later(60), right(), reads(0, 2)]);
    let mut cases = vec![base.clone()];
    cases.extend(positives());
    cases.extend(early(&base));
    let needs = |case: Case| case.needs(&["delays"]);
    super::steps::group(
        "factor-delay",
        "Delay rounds of the factor server, each at its end and one second before.",
        cases.into_iter().map(needs).collect(),
    )
}

fn begins() -> Vec<Step> {
    let mut steps = vec![rounds()];
    steps.extend(enrolled());
    steps
}

fn of(failed: u64, wait_s: u64) -> Value {
    let verdict = json!({ "outcome": 410, "failed_attempts": failed, "blocked": failed >= 5 });
    match wait_s {
        0 => verdict,
        _ => and(verdict, json!({ "delay": wait_s })),
    }
}

/// A wrong PIN, after which the next has to wait so long.
fn wrong_pin(failed: u64, wait_s: u64) -> Step {
    device("verify", json!({ "pin": "0000" }), of(failed, wait_s))
}

fn told(failed: u64, number: u64, wait_s: u64) -> Step {
    let status = json!({
        "generation": 1, "request_number": number, "failed_attempts": failed, "blocked": failed >= 5,
    });
    let status = match wait_s {
        0 => status,
        _ => and(status, json!({ "delay": wait_s })),
    };
    device("ask_status", json!({}), json!({ "record": status }))
}

fn positives() -> Vec<Case> {
    let case = |id: &str, title: &str| {
        positive(&format!("factor.delay.{id}"), title)
            .why(WHY)
            .requires(&["DLY-1"])
            .plays(begins())
    };
    vec![
        case(
            "none-before-failure",
            "PINs follow each other at once while none is wrong",
        )
        .plays([right(), right(), told(0, 2, 0)]),
        case("second-round", "the second round waits for an hour")
            .plays([
                wrong_pin(1, 60),
                later(60),
                wrong_pin(2, 60),
                later(60),
                wrong_pin(3, 3600),
            ])
            .plays([
                told(3, 3, 3600),
                later(3599),
                told(3, 3, 1),
                later(1),
                told(3, 3, 0),
                right(),
                reads(0, 4),
            ]),
        case("ends-with-right", "a right PIN ends the rounds").plays([
            wrong_pin(1, 60),
            later(60),
            right(),
            right(),
            wrong_pin(1, 60),
        ]),
        case(
            "until-blocked",
            "the last attempt waits like the others, and then blocks",
        )
        .requires(&["LCK-5"])
        .plays([
            wrong_pin(1, 60),
            later(60),
            wrong_pin(2, 60),
            later(60),
            wrong_pin(3, 3600),
        ])
        .plays([
            later(3600),
            wrong_pin(4, 3600),
            later(3600),
            wrong_pin(5, 3600),
            later(3600),
        ])
        .does(device(
            "verify",
            json!({}),
            json!({ "outcome": 411, "failed_attempts": 5, "blocked": true }),
        ))
        .does(reads(5, 6)),
        case(
            "repetition-as-it-was",
            "a wrong PIN is repeated while its delay runs",
        )
        .requires(&["FAC-4"])
        .does(device(
            "verify",
            json!({ "pin": "0000", "as": "r" }),
            of(1, 60),
        ))
        .plays([later(30), told(1, 1, 30)])
        .does(device("repeat", json!({ "request": "r" }), of(1, 60)))
        .does(reads(1, 1)),
        positive(
            "factor.delay.not-for-biometrics",
            "a biometric does not wait for the PIN's delay",
        )
        .why("A delay slows down who guesses at the PIN.")
        .requires(&["FAC-2", "DLY-1"])
        .does(rounds())
        .plays(enrolled_with_biometric())
        .does(device("verify", json!({ "pin": "0000" }), open(of(1, 60))))
        .plays([
            biometric(open(verdict(0, 0))),
            device("verify", json!({}), open(verdict(0, 0))),
        ]),
    ]
}

/// A PIN that comes before its time: refused, not counted, and its number not used up.
fn early(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, kills: &str, steps: Vec<Step>| {
        base.but(&format!("factor.delay.{id}"), change)
            .kills(kills)
            .requires(&["DLY-1"])
            .flagged(&["miscount"])
            .plays(begins())
            .plays(steps)
    };
    let refused = |with: Value| device("verify", with, json!({ "refused": 412 }));
    vec![
        case(
            "early",
            "it comes one second before",
            "delay",
            vec![
                wrong_pin(1, 60),
                later(59),
                refused(json!({})),
                reads(1, 1),
                later(1),
                device("verify", json!({ "number": 2 }), verdict(0, 0)),
            ],
        ),
        case(
            "at-once",
            "it comes at once",
            "delay",
            vec![wrong_pin(1, 60), refused(json!({})), reads(1, 1)],
        ),
        case(
            "early-wrong",
            "a wrong one comes before",
            "delay",
            vec![
                wrong_pin(1, 60),
                later(59),
                refused(json!({ "pin": "0000" })),
                reads(1, 1),
                told(1, 1, 1),
            ],
        ),
        case(
            "early-malformed",
            "a malformed one comes before",
            "delay",
            vec![
                wrong_pin(1, 60),
                refused(json!({ "proof": { "high_s": true } })),
                reads(1, 1),
            ],
        )
        .requires(&["FAC-2"]),
        case(
            "early-does-not-prolong",
            "early ones come before",
            "delay",
            vec![
                wrong_pin(1, 60),
                later(30),
                refused(json!({})),
                later(29),
                refused(json!({})),
                later(1),
                right(),
                reads(0, 4),
            ],
        ),
        case(
            "early-second-round",
            "it comes one second before the second round's end",
            "delay",
            vec![
                wrong_pin(1, 60),
                later(60),
                wrong_pin(2, 60),
                later(60),
                wrong_pin(3, 3600),
                later(3599),
                refused(json!({})),
                reads(3, 3),
            ],
        ),
        case(
            "early-new-channel",
            "it comes early through another channel",
            "delay",
            vec![
                wrong_pin(1, 60),
                returns("later", and(status(1, 1), json!({ "delay": 60 }))),
                device(
                    "verify",
                    json!({ "channel": "later" }),
                    json!({ "refused": 412 }),
                ),
                reads(1, 1),
            ],
        ),
        case(
            "early-for-change",
            "it comes early for a change of the record",
            "delay",
            vec![
                wrong_pin(1, 60),
                refused(json!({ "change": "pin" })),
                reads(1, 1),
            ],
        ),
        case(
            "clock-set-back",
            "the clock is set back while it waits",
            "delay",
            vec![
                later(1000),
                wrong_pin(1, 60),
                turn(Actor::Clock, "set_back", json!({ "s": 500 }), json!({})),
                told(1, 1, 60),
                refused(json!({})),
                later(559),
                refused(json!({})),
                later(1),
                right(),
            ],
        )
        .requires(&["FAC-8"]),
        case(
            "order-number",
            "its number is too low, and it comes early",
            "order",
            vec![
                right(),
                wrong_pin(1, 60),
                device("verify", json!({ "number": 1 }), json!({ "refused": 413 })),
                reads(1, 2),
            ],
        )
        .requires(&["FAC-2"]),
        case(
            "order-blocked",
            "the record is blocked, and it comes early",
            "order",
            vec![
                wrong_pin(1, 60),
                later(60),
                wrong_pin(2, 60),
                later(60),
                wrong_pin(3, 3600),
                later(3600),
                wrong_pin(4, 3600),
                later(3600),
                wrong_pin(5, 3600),
                refused(json!({})),
                reads(5, 5),
            ],
        )
        .requires(&["FAC-2"]),
    ]
}
