//! What is answered already, and comes again.

use serde_json::{Value, json};

use crate::author::positive;
use crate::case::Case;
use crate::groups::factor::steps::*;

/// What is answered already, and comes again.
pub(super) fn repeats() -> Vec<Case> {
    const WHY: &str = "An answer that was lost must be found again, at no cost and to no gain.";
    let case = |id: &str, title: &str| {
        positive(&format!("factor.pin.{id}"), title)
            .why(WHY)
            .requires(&["FAC-4"])
            .plays(enrolled())
    };
    let asks =
        |pin: &str, expect: Value| device("verify", json!({ "pin": pin, "as": "r" }), expect);
    let again = |channel: &str, expect: Value| {
        device(
            "repeat",
            json!({ "request": "r", "channel": channel }),
            expect,
        )
    };
    let back = |failed, number| {
        let with = json!({ "by": "kid", "channel": "later" });
        device("connect", with, json!({ "record": status(failed, number) }))
    };
    let repeated = case("repeat", "a request is repeated in its channel").plays([
        asks("2580", verdict(0, 0)),
        later(30),
        again("alice", verdict(0, 0)),
        reads(0, 1),
    ]);
    let fifty = (0..50).map(|_| again("alice", verdict(410, 1)));
    let lower_right = repeated
        .but(
            "factor.pin.repeat-after-wrong",
            "wrong PINs came in between",
        )
        .kills("number-too-low")
        .requires(&["FAC-3"])
        .flagged(&["replay", "miscount"])
        .plays(enrolled())
        .plays([
            asks("2580", verdict(0, 0)),
            wrong(1),
            wrong(2),
            again("alice", json!({ "refused": 413 })),
            reads(2, 3),
        ]);
    let reused = |id: &str, change: &str, first: &str, outcome, with: Value| {
        let failed = u64::from(outcome != 0);
        repeated
            .but(&format!("factor.pin.{id}"), change)
            .kills("number-reused")
            .requires(&["FAC-4"])
            .flagged(&["replay", "miscount"])
            .plays(enrolled())
            .does(asks(first, verdict(outcome, failed)))
            .does(device(
                "verify",
                and(json!({ "number": 1 }), with),
                json!({ "refused": 414 }),
            ))
            .does(reads(failed, 1))
    };
    vec![
        repeated.clone(),
        case("repeat-fifty-times", "a wrong PIN is repeated fifty times")
            .requires(&["LCK-3"])
            .does(asks("0000", verdict(410, 1)))
            .plays(fifty)
            .does(reads(1, 1)),
        case(
            "repeat-in-new-channel",
            "a request is repeated in another channel",
        )
        .plays([
            asks("2580", verdict(0, 0)),
            back(0, 1),
            again("later", verdict(0, 0)),
            reads(0, 1),
        ]),
        case(
            "repeat-wrong-in-new-channel",
            "a wrong PIN is repeated in another channel",
        )
        .plays([
            asks("0000", verdict(410, 1)),
            back(1, 1),
            again("later", verdict(410, 1)),
            reads(1, 1),
        ]),
        case(
            "repeat-blocked",
            "the attempt that blocked is repeated, and so is the one after it",
        )
        .requires(&["LCK-5"])
        .plays([
            wrong(1),
            wrong(2),
            asks("0000", verdict(410, 3)),
            again("alice", verdict(410, 3)),
        ])
        .plays([
            asks("2580", verdict(411, 3)),
            again("alice", verdict(411, 3)),
            reads(3, 4),
        ]),
        lower_right,
        reused(
            "reused-right-after-wrong",
            "with the right PIN in place of a wrong one",
            "0000",
            410,
            json!({}),
        ),
        reused(
            "reused-wrong-after-right",
            "with a wrong PIN in place of the right one",
            "2580",
            0,
            json!({ "pin": "0000" }),
        ),
        reused(
            "reused-bind",
            "for something else",
            "2580",
            0,
            json!({ "bind": "something else" }),
        ),
        reused(
            "reused-purpose",
            "for another purpose",
            "2580",
            0,
            json!({ "purpose": 7 }),
        ),
        reused(
            "reused-audience",
            "for another auth server",
            "2580",
            0,
            json!({ "audience": "bank" }),
        ),
    ]
}
