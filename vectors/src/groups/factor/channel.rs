//! `factor.channel.*`: records, their order, and their keys.

use serde_json::{Value, json};

use super::steps::*;
use crate::author::positive;
use crate::case::{Case, Group, Step};

const WHY: &str = "A channel that takes a record twice, out of order or altered lets the network spend a user's attempts.";

/// Records towards a factor server.
pub fn group() -> Group {
    let base = positive(
        "factor.channel.records",
        "requests come in order, each in a record of its own",
    )
    .why(WHY)
    .requires(&["CH-1", "CH-8"])
    .plays(enrolled())
    .plays([wrong(1), asks_status(1, 1), right(), reads(0, 2)]);
    let mut cases = vec![base.clone()];
    cases.extend(updates());
    cases.extend(orders(&base));
    cases.extend(closings(&base));
    super::steps::group(
        "factor-channel",
        "Records of the channel with a factor server: order, keys, and what closes it.",
        cases,
    )
}

fn asks_status(failed_attempts: u64, number: u64) -> Step {
    device(
        "ask_status",
        json!({}),
        json!({ "record": status(failed_attempts, number) }),
    )
}

fn renews() -> Step {
    device("renew_keys", json!({}), json!({}))
}

fn updates() -> Vec<Case> {
    let case = |id: &str, title: &str| {
        positive(&format!("factor.channel.{id}"), title)
            .why("A channel that cannot renew its keys wears them out.")
            .requires(&["CH-7"])
            .plays(enrolled())
    };
    vec![
        case("update", "the device renews its keys").plays([renews(), right(), reads(0, 1)]),
        case("updates", "the device renews its keys at every step").plays([
            renews(),
            wrong(1),
            renews(),
            renews(),
            right(),
            asks_status(0, 2),
        ]),
        case(
            "update-before-create",
            "the device renews its keys, and possession is bound to the same channel",
        )
        .does(device(
            "connect",
            json!({ "device": "bob" }),
            json!({ "record": null }),
        ))
        .does(device("renew_keys", json!({ "device": "bob" }), json!({})))
        .does(creates(json!({ "device": "bob" }))),
    ]
}

/// Records that come again, or before their time.
fn orders(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, requirement: &str| {
        base.but(&format!("factor.channel.{id}"), change)
            .requires(&[requirement])
            .flagged(&["replay"])
            .plays(enrolled())
    };
    let verify = |with: Value, expect: Value| device("verify", with, expect);
    let delivers = |frame: &str, code: u16| {
        network(
            "deliver",
            json!({ "frame": frame }),
            json!({ "rejected": code }),
        )
    };
    let closed = || verify(json!({ "number": 9 }), json!({ "rejected": 600 }));
    vec![
        case("replayed", "a wrong PIN's record comes again", "CH-2")
            .kills("sequence-low")
            .flagged(&["miscount"])
            .does(verify(
                json!({ "pin": "0000", "keep": "r" }),
                verdict(410, 1),
            ))
            .plays([delivers("r", 602), delivers("r", 602), reads(1, 1), right()]),
        case(
            "replayed-old",
            "a right PIN's record comes again after wrong ones",
            "CH-2",
        )
        .kills("sequence-low")
        .flagged(&["miscount"])
        .does(verify(json!({ "keep": "r" }), verdict(0, 0)))
        .plays([wrong(1), wrong(2), delivers("r", 602), reads(2, 3), right()]),
        case("gap", "a record is lost", "CH-3")
            .kills("sequence-high")
            .does(verify(
                json!({ "pin": "0000", "keep": "r", "unsent": true }),
                json!({}),
            ))
            .does(verify(json!({}), json!({ "rejected": 601 })))
            .plays([reads(0, 0), closed(), reads(0, 0)]),
        case(
            "late",
            "a record that was missing comes after the channel closed",
            "CH-8",
        )
        .kills("closed")
        .does(verify(
            json!({ "pin": "0000", "keep": "r", "unsent": true }),
            json!({}),
        ))
        .does(verify(json!({}), json!({ "rejected": 601 })))
        .plays([delivers("r", 600), reads(0, 0)]),
        case(
            "old-key",
            "a record of before the renewal comes again",
            "CH-7",
        )
        .kills("key-update")
        .does(verify(
            json!({ "pin": "0000", "keep": "r" }),
            verdict(410, 1),
        ))
        .plays([renews(), wrong(2)])
        .plays([delivers("r", 603), reads(2, 2)]),
        case(
            "other-channel",
            "a record comes through another channel",
            "CH-4",
        )
        .kills("record-tag")
        .does(device(
            "connect",
            json!({ "channel": "second" }),
            json!({ "record": status(0, 0) }),
        ))
        .does(verify(
            json!({ "channel": "second", "keep": "r", "unsent": true }),
            json!({}),
        ))
        .does(device(
            "connect",
            json!({ "channel": "third" }),
            json!({ "record": status(0, 0) }),
        ))
        .does(network(
            "deliver",
            json!({ "frame": "r", "to": "third" }),
            json!({ "rejected": 603 }),
        ))
        .does(reads(0, 0)),
        base.but(
            "factor.channel.reflected",
            "the server's own record comes back",
        )
        .kills("direction")
        .requires(&["CH-4"])
        .flagged(&["replay"])
        .does(connects())
        .does(network("reflect", json!({}), json!({ "rejected": 603 })))
        .does(device("create", json!({}), json!({ "rejected": 600 })))
        .does(reads_nothing("alice")),
    ]
}

/// Records that are altered, or not records: each closes the channel.
fn closings(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, code: u16, spoil: Value| {
        let with = json!({ "spoil": and(json!({ "at": "record" }), spoil) });
        let (requirement, flag) = match code {
            603 => ("CH-4", "replay"),
            110 => ("CH-1", "algorithm-confusion"),
            _ => ("CH-1", "structure"),
        };
        base.but(&format!("factor.channel.{id}"), change)
            .requires(&[requirement, "CH-8"])
            .flagged(&[flag])
            .plays(enrolled())
            .does(wrong(1))
            .does(device("verify", with, json!({ "rejected": code })))
            .does(reads(1, 1))
            .does(device("verify", json!({}), json!({ "rejected": 600 })))
            .does(reads(1, 1))
    };
    // The record is 83 43a10101 a1 06 41 02 58ff ...: the head has 88 bits.
    let (piv, ciphertext_bits) = ([1, 0], 88);
    vec![
        case(
            "flipped",
            "the first bit of a ciphertext is flipped",
            603,
            json!({ "flip_bit": ciphertext_bits }),
        )
        .kills("record-tag"),
        case(
            "flipped-later",
            "a later bit of a ciphertext is flipped",
            603,
            json!({ "flip_bit": ciphertext_bits + 801 }),
        )
        .kills("record-tag"),
        case(
            "ciphertext-short",
            "the ciphertext is shorter than a tag",
            603,
            json!({ "path": [2], "replace": "40" }),
        )
        .kills("record-tag"),
        case(
            "leading-zero",
            "the Partial IV has a leading zero",
            110,
            json!({ "path": piv, "replace": "420002" }),
        )
        .kills("partial-iv"),
        case(
            "empty-partial-iv",
            "the Partial IV is empty",
            110,
            json!({ "path": piv, "replace": "40" }),
        )
        .kills("partial-iv"),
        case(
            "long-partial-iv",
            "the Partial IV has nine bytes",
            110,
            json!({ "path": piv, "replace": "49010000000000000002" }),
        )
        .kills("partial-iv"),
        case(
            "number-over",
            "the Partial IV is one above the one expected",
            601,
            json!({ "path": piv, "replace": "4103" }),
        )
        .requires(&["CH-3"])
        .kills("sequence-high"),
        case(
            "algorithm",
            "the protected header names another algorithm",
            110,
            json!({ "path": [0], "replace": "43a10103" }),
        )
        .kills("record-header"),
        case(
            "no-protected",
            "the protected header is empty",
            110,
            json!({ "path": [0], "replace": "40" }),
        )
        .kills("record-header"),
        case(
            "unprotected",
            "the unprotected header holds more",
            110,
            json!({ "path": [1], "replace": "a2044100064102" }),
        )
        .kills("record-header"),
        case(
            "element-more",
            "the record has an element more",
            107,
            json!({ "path": [3], "insert": "f6" }),
        ),
        case(
            "trailing",
            "a byte follows the record",
            104,
            json!({ "append": "00" }),
        ),
        case(
            "truncated",
            "the last byte of the record is missing",
            100,
            json!({ "truncate": 1 }),
        ),
        case(
            "not-a-record",
            "the record is empty",
            100,
            json!({ "replace": "" }),
        ),
    ]
}
