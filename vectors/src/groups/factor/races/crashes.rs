//! What is left after a crash.

use serde_json::{Value, json};

use super::{WRONG, crashes_replica};
use crate::author::positive;
use crate::case::Case;
use crate::groups::factor::steps::*;

pub(super) fn crashes() -> Vec<Case> {
    const WHY: &str =
        "A crash may cost the user an answer, never an attempt, and may give nobody one.";
    let case = |id: &str, title: &str| {
        positive(&format!("factor.race.{id}"), title)
            .why(WHY)
            .requires(&["LCK-1", "FAC-4", "STO-2"])
            .plays(enrolled())
    };
    let back = |failed, number| {
        let with = json!({ "by": "kid", "channel": "later" });
        device("connect", with, json!({ "record": status(failed, number) }))
    };
    let again = |expect: Value| {
        device(
            "repeat",
            json!({ "request": "r", "channel": "later" }),
            expect,
        )
    };
    vec![
        case(
            "crash-after-commit-wrong",
            "a replica crashes after the commit of a wrong PIN and before the answer",
        )
        .does(device(
            "verify",
            json!({ "pin": WRONG, "as": "r", "lost": true }),
            json!({}),
        ))
        .plays([
            crashes_replica(),
            back(1, 1),
            again(verdict(410, 1)),
            reads(1, 1),
        ]),
        case(
            "crash-after-commit-right",
            "a replica crashes after the commit of a right PIN and before the answer",
        )
        .does(wrong(1))
        .does(device(
            "verify",
            json!({ "as": "r", "lost": true }),
            json!({}),
        ))
        .plays([
            crashes_replica(),
            later(60),
            back(0, 2),
            again(verdict(0, 0)),
            reads(0, 2),
        ]),
        case(
            "crash-before-commit-wrong",
            "a replica crashes before the commit of a wrong PIN",
        )
        .does(device(
            "verify",
            json!({ "pin": WRONG, "as": "r", "hold": true }),
            json!({}),
        ))
        .plays([
            crashes_replica(),
            reads(0, 0),
            back(0, 0),
            again(verdict(410, 1)),
            reads(1, 1),
        ]),
        case(
            "crash-before-commit-right",
            "a replica crashes before the commit of a right PIN",
        )
        .does(wrong(1))
        .does(device(
            "verify",
            json!({ "as": "r", "hold": true }),
            json!({}),
        ))
        .plays([
            crashes_replica(),
            reads(1, 1),
            back(1, 1),
            again(verdict(0, 0)),
            reads(0, 2),
        ]),
        positive(
            "factor.race.crash-before-create",
            "a replica crashes before the commit of a first PIN",
        )
        .why(WHY)
        .requires(&["VCH-3", "STO-2"])
        .does(connects())
        .does(device(
            "create",
            json!({ "voucher": { "id": "one" }, "hold": true }),
            json!({}),
        ))
        .plays([crashes_replica(), reads_nothing("alice")])
        .does(device(
            "connect",
            json!({ "channel": "later" }),
            json!({ "record": null }),
        ))
        .does(creates(
            json!({ "voucher": { "id": "one" }, "channel": "later" }),
        )),
        positive(
            "factor.race.crash-after-create",
            "a replica crashes after the commit of a first PIN",
        )
        .why(WHY)
        .requires(&["VCH-4", "STA-1"])
        .does(connects())
        .does(device("create", json!({ "lost": true }), json!({})))
        .plays([crashes_replica(), back(0, 0)])
        .does(device(
            "create",
            json!({ "channel": "later" }),
            json!({ "refused": 423 }),
        ))
        .does(device(
            "verify",
            json!({ "channel": "later" }),
            verdict(0, 0),
        ))
        .does(reads(0, 1)),
        case(
            "crash-loses-channel",
            "a replica forgets its channels in a crash",
        )
        .requires(&["HS-4"])
        .does(crashes_replica())
        .does(device("verify", json!({}), json!({ "rejected": 212 })))
        .does(reads(0, 0)),
    ]
}
