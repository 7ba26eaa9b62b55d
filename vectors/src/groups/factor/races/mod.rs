//! `factor.race.*`: several replicas over one store, and crashes between them.

mod crashes;

use serde_json::{Value, json};

use super::steps::*;
use crate::author::positive;
use crate::case::{Case, Group, Step};

const WHY: &str =
    "Whoever asks everywhere at once must not get more attempts than one after the other.";

/// Two decisions on one state of a record, and what is left after a crash.
pub fn group() -> Group {
    let mut cases = races();
    cases.extend(crashes::crashes());
    let needs = |case: Case| {
        case.needs(&["replicas"])
            .flagged(&["stale-compare-and-swap"])
    };
    super::steps::group(
        "factor-race",
        "Replicas of a factor server over one store: parallel attempts, and crashes.",
        cases.into_iter().map(needs).collect(),
    )
}

/// A second channel of Alice's, to the second replica.
fn second_channel(record: Value) -> Step {
    let with = json!({ "by": "kid", "channel": "second", "replica": 1 });
    device("connect", with, json!({ "record": record }))
}

/// A decision that waits for its commit.
fn holds(channel: &str, number: u64, pin: &str) -> Step {
    let with = json!({ "channel": channel, "number": number, "pin": pin, "hold": true });
    device("verify", with, json!({}))
}

fn commits(replica: u64, expect: Value) -> Step {
    factor("commit", json!({ "replica": replica }), expect)
}

fn crashes_replica() -> Step {
    factor("crash", json!({}), json!({}))
}

const RIGHT: &str = "2580";

const WRONG: &str = "0000";

fn races() -> Vec<Case> {
    let base = positive(
        "factor.race.one-after-the-other",
        "two replicas answer one after the other",
    )
    .why(WHY)
    .requires(&["LCK-1"])
    .plays(enrolled())
    .does(second_channel(status(0, 0)))
    .plays([holds("alice", 1, WRONG), commits(0, verdict(410, 1))])
    .plays([
        holds("second", 2, WRONG),
        commits(1, verdict(410, 2)),
        reads(2, 2),
    ]);
    let race = |id: &str, change: &str, failed: u64, steps: Vec<Step>| {
        base.but(&format!("factor.race.{id}"), change)
            .kills("compare-and-swap")
            .requires(&["LCK-1", "LCK-2"])
            .flagged(&["miscount"])
            .plays(enrolled())
            .plays((1..=failed).map(wrong))
            .does(second_channel(status(failed, failed)))
            .plays(steps)
    };
    let held = |id: &str, title: &str, steps: Vec<Step>| {
        positive(&format!("factor.race.{id}"), title)
            .why(WHY)
            .requires(&["LCK-1", "LCK-2"])
            .plays(enrolled())
            .does(second_channel(status(0, 0)))
            .plays(steps)
    };
    let parallel = parallel();
    vec![
        base.clone(),
        race(
            "both-wrong",
            "both decide before either commits",
            0,
            vec![
                holds("alice", 1, WRONG),
                holds("second", 2, WRONG),
                commits(0, verdict(410, 1)),
                commits(1, verdict(410, 2)),
                reads(2, 2),
            ],
        ),
        race(
            "last-attempt-twice",
            "both take the last attempt",
            2,
            vec![
                holds("alice", 3, WRONG),
                holds("second", 4, WRONG),
                commits(0, verdict(410, 3)),
                commits(1, verdict(411, 3)),
                reads(3, 4),
            ],
        ),
        race(
            "right-loses-to-block",
            "a right PIN is decided before the last wrong one commits",
            2,
            vec![
                holds("alice", 3, WRONG),
                holds("second", 4, RIGHT),
                commits(0, verdict(410, 3)),
                commits(1, verdict(411, 3)),
                reads(3, 4),
            ],
        ),
        race(
            "wrong-loses-to-right",
            "a wrong PIN is decided before a right one commits",
            1,
            vec![
                holds("alice", 3, WRONG),
                holds("second", 2, RIGHT),
                commits(1, verdict(0, 0)),
                commits(0, verdict(410, 1)),
                reads(1, 3),
            ],
        ),
        race(
            "lower-number-loses",
            "the lower number commits after the higher one",
            0,
            vec![
                holds("alice", 1, RIGHT),
                holds("second", 2, WRONG),
                commits(1, verdict(410, 1)),
                commits(0, json!({ "refused": 413 })),
                reads(1, 2),
            ],
        ),
        race(
            "same-number",
            "both use the same number for different PINs",
            0,
            vec![
                holds("alice", 1, WRONG),
                holds("second", 1, RIGHT),
                commits(0, verdict(410, 1)),
                commits(1, json!({ "refused": 414 })),
                reads(1, 1),
            ],
        )
        .requires(&["FAC-4"]),
        held(
            "same-bytes",
            "two replicas get the same bytes, and both decide before either commits",
            vec![
                device(
                    "verify",
                    json!({ "pin": WRONG, "hold": true, "as": "r" }),
                    json!({}),
                ),
                device(
                    "repeat",
                    json!({ "request": "r", "channel": "second", "hold": true }),
                    json!({}),
                ),
                commits(0, verdict(410, 1)),
                commits(1, verdict(410, 1)),
                reads(1, 1),
            ],
        )
        .requires(&["FAC-4", "LCK-3"]),
        held(
            "status-before-commit",
            "the status is asked for between a decision and its commit",
            vec![
                holds("alice", 1, WRONG),
                device(
                    "ask_status",
                    json!({ "channel": "second" }),
                    json!({ "record": status(0, 0) }),
                ),
                reads(0, 0),
                commits(0, verdict(410, 1)),
                device(
                    "ask_status",
                    json!({ "channel": "second" }),
                    json!({ "record": status(1, 1) }),
                ),
            ],
        ),
        parallel,
        base.but(
            "factor.race.one-voucher-two-records",
            "two devices use one voucher before either commits",
        )
        .kills("compare-and-swap")
        .requires(&["VCH-3"])
        .flagged(&["replay"])
        .does(connects())
        .does(device(
            "connect",
            json!({ "device": "bob", "replica": 1 }),
            json!({ "record": null }),
        ))
        .does(device(
            "create",
            json!({ "voucher": { "id": "one" }, "hold": true }),
            json!({}),
        ))
        .does(device(
            "create",
            json!({ "device": "bob", "voucher": { "id": "one" }, "hold": true }),
            json!({}),
        ))
        .plays([
            commits(1, json!({ "record": status(0, 0) })),
            commits(0, json!({ "refused": 422 })),
        ])
        .plays([reads_nothing("alice"), reads_of("bob", 0, 0)]),
        base.but(
            "factor.race.one-record-twice",
            "one device creates its record on both before either commits",
        )
        .kills("compare-and-swap")
        .requires(&["VCH-4"])
        .flagged(&["replay"])
        .does(connects())
        .does(device(
            "connect",
            json!({ "channel": "second", "replica": 1 }),
            json!({ "record": null }),
        ))
        .does(device("create", json!({ "hold": true }), json!({})))
        .does(device(
            "create",
            json!({ "channel": "second", "pin": "9999", "hold": true }),
            json!({}),
        ))
        .plays([
            commits(0, json!({ "record": status(0, 0) })),
            commits(1, json!({ "refused": 423 })),
        ])
        .plays([right(), reads(0, 1)]),
    ]
}

/// Twenty wrong PINs through twenty channels, decided on one state of the record.
fn parallel() -> Case {
    const CHANNELS: u64 = 20;
    let mut case = positive(
        "factor.race.twenty-in-parallel",
        "twenty wrong PINs are decided at once on two replicas",
    )
    .why(WHY)
    .requires(&["LCK-1", "LCK-2", "LCK-3", "LCK-5"])
    .flagged(&["miscount"])
    .plays(enrolled());
    for number in 1..=CHANNELS {
        let with = json!({ "by": "kid", "channel": format!("c{number}"), "replica": number % 2 });
        case = case
            .does(device("connect", with, json!({ "record": status(0, 0) })))
            .does(holds(&format!("c{number}"), number, WRONG));
    }
    for number in 1..=CHANNELS {
        let expect = match number {
            1..=MAX_ATTEMPTS => verdict(410, number),
            _ => verdict(411, MAX_ATTEMPTS),
        };
        case = case.does(commits(number % 2, expect));
    }
    case.does(reads(MAX_ATTEMPTS, CHANNELS))
}
