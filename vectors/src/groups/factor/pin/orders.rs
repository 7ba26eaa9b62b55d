//! What is checked before a proof, and what happens to a blocked record.

use serde_json::{Value, json};

use super::{COUNTS, first};
use crate::author::positive;
use crate::case::{Case, Step};
use crate::groups::factor::steps::*;

/// What is checked before a proof, and in which order.
pub(super) fn numbers_and_orders() -> Vec<Case> {
    let base = first();
    let case = |id: &str, change: &str, kills: &str, requires: &[&str], code: u16, with: Value| {
        base.but(&format!("factor.pin.{id}"), change)
            .why("A request that is not for this state of the record must not be evaluated: old proofs would give attempts back.")
            .kills(kills)
            .requires(requires)
            .flagged(&["replay"])
            .plays(enrolled())
            .plays([wrong(1), wrong(2)])
            .does(device("verify", with, json!({ "refused": code })))
            .does(reads(2, 2))
    };
    let unregistered = "factor-not-registered";
    vec![
        base.but("factor.pin.number-zero", "the first request has number 0")
            .why("Number 0 means that none was answered.")
            .kills("number-zero")
            .requires(&["FAC-3"])
            .flagged(&["replay"])
            .plays(enrolled())
            .does(device(
                "verify",
                json!({ "number": 0 }),
                json!({ "refused": 413 }),
            ))
            .does(reads(0, 0)),
        case(
            "number-low",
            "a right PIN has a lower number",
            "number-too-low",
            &["FAC-3"],
            413,
            json!({ "number": 1 }),
        ),
        case(
            "epoch-old",
            "a right PIN is for an older store epoch",
            "store-epoch",
            &["FAC-5"],
            415,
            json!({ "epoch": 6 }),
        ),
        case(
            "epoch-new",
            "a right PIN is for a later store epoch",
            "store-epoch",
            &["FAC-5"],
            415,
            json!({ "epoch": 8 }),
        ),
        case(
            "generation-old",
            "a right PIN is for generation 0",
            "generation",
            &["FAC-5"],
            416,
            json!({ "generation": 0 }),
        ),
        case(
            "generation-new",
            "a right PIN is for generation 2",
            "generation",
            &["FAC-5"],
            416,
            json!({ "generation": 2 }),
        ),
        case(
            "biometric",
            "a biometric is verified that nobody registered",
            unregistered,
            &["FAC-9"],
            425,
            json!({ "factor": 2 }),
        ),
        case(
            "order-number-epoch",
            "number and store epoch are both old",
            "order",
            &["FAC-2"],
            413,
            json!({ "number": 1, "epoch": 6 }),
        ),
        case(
            "order-epoch-generation",
            "store epoch and generation are both wrong",
            "order",
            &["FAC-2"],
            415,
            json!({ "epoch": 6, "generation": 2 }),
        ),
        case(
            "order-generation-factor",
            "generation and factor are both wrong",
            "order",
            &["FAC-2"],
            416,
            json!({ "generation": 2, "factor": 2 }),
        ),
        case(
            "order-reused-epoch",
            "the number was used and the store epoch is old",
            "order",
            &["FAC-2"],
            414,
            json!({ "number": 2, "epoch": 6 }),
        ),
        base.but("factor.pin.no-record", "the device has no record")
            .why("A device without a record has no PIN that could be right.")
            .kills("unknown-record")
            .requires(&["FAC-10"])
            .flagged(&["key-confusion"])
            .does(connects())
            .does(device("verify", json!({}), json!({ "refused": 417 })))
            .does(reads_nothing("alice")),
        base.but(
            "factor.pin.no-record-but-others",
            "only another device has a record",
        )
        .why("A device without a record has no PIN that could be right.")
        .kills("unknown-record")
        .requires(&["FAC-1", "FAC-10"])
        .flagged(&["key-confusion"])
        .plays(enrolled())
        .does(device(
            "connect",
            json!({ "device": "bob" }),
            json!({ "record": null }),
        ))
        .does(device(
            "verify",
            json!({ "device": "bob", "proof": { "device": "alice", "record": "alice" } }),
            json!({ "refused": 417 }),
        ))
        .does(reads_nothing("bob"))
        .does(reads(0, 0)),
    ]
}

/// What happens to a blocked record: nothing, whatever comes.
pub(super) fn blocks() -> Vec<Case> {
    let base = positive(
        "factor.pin.last-attempt-wrong",
        "the last attempt is wrong as well",
    )
    .why(COUNTS)
    .requires(&["LCK-3", "LCK-5"])
    .plays(enrolled())
    .plays(blocked())
    .does(reads(3, 3));
    let after = |id: &str, change: &str, steps: Vec<Step>| {
        base.but(&format!("factor.pin.blocked-{id}"), change)
            .kills("blocked")
            .requires(&["LCK-5"])
            .flagged(&["miscount"])
            .plays(enrolled())
            .plays(blocked())
            .plays(steps)
    };
    let verify = |with: Value, expect: Value| device("verify", with, expect);
    vec![
        base.clone(),
        after(
            "wrong",
            "one more wrong PIN follows",
            vec![
                verify(json!({ "pin": "0000" }), verdict(411, 3)),
                reads(3, 4),
            ],
        ),
        after(
            "right",
            "the right PIN follows",
            vec![verify(json!({}), verdict(411, 3)), reads(3, 4)],
        ),
        after(
            "right-much-later",
            "the right PIN follows a year later",
            vec![
                later(31_536_000),
                verify(json!({}), verdict(411, 3)),
                reads(3, 4),
            ],
        ),
        after(
            "right-new-channel",
            "the right PIN follows in another channel",
            vec![
                device(
                    "connect",
                    json!({ "by": "kid", "channel": "later" }),
                    json!({ "record": status(3, 3) }),
                ),
                verify(json!({ "channel": "later" }), verdict(411, 3)),
                reads(3, 4),
            ],
        ),
        after(
            "malformed",
            "a malformed proof follows",
            vec![
                verify(json!({ "proof": { "high_s": true } }), verdict(411, 3)),
                reads(3, 4),
            ],
        )
        .requires(&["FAC-2"]),
        after(
            "biometric",
            "a biometric follows that nobody registered",
            vec![
                verify(json!({ "factor": 2 }), json!({ "refused": 425 })),
                reads(3, 3),
            ],
        )
        .requires(&["FAC-2", "FAC-9"])
        .kills("factor-not-registered"),
        after(
            "create",
            "a new record is asked for under a new voucher",
            vec![
                device("create", json!({}), json!({ "refused": 423 })),
                reads(3, 3),
            ],
        )
        .requires(&["VCH-4"])
        .kills("record-exists"),
    ]
}
