//! `factor.handshake.*`: who may talk to a factor server, and what for.

mod claims;
mod first_messages;
mod frames;
mod hellos;

use serde_json::{Value, json};

use super::steps::*;
use crate::author::positive;
use crate::case::{Case, Group};

const WHY: &str = "Whoever is let in without being who he says can spend another's attempts.";

/// Handshakes towards a factor server.
pub fn group() -> Group {
    let base = positive(
        "factor.handshake.first",
        "a device connects for the first time",
    )
    .why(WHY)
    .requires(&["HS-1", "HS-2", "HS-11", "PAR-6", "STA-1", "VER-2"])
    .does(connects())
    .does(reads_nothing("alice"));
    let mut cases = vec![base.clone()];
    cases.extend(positives());
    cases.extend(hellos::hellos(&base));
    cases.extend(first_messages::messages_1(&base));
    cases.extend(claims::claims(&base));
    cases.extend(frames::frames(&base));
    super::steps::group(
        "factor-handshake",
        "Handshakes with a factor server: versions, purpose, and who the device is.",
        cases,
    )
}

/// A device with a record, one failure behind it.
fn known(case: Case) -> Case {
    case.plays(enrolled()).does(wrong(1))
}

fn positives() -> Vec<Case> {
    let case = |id: &str, title: &str| positive(&format!("factor.handshake.{id}"), title).why(WHY);
    let connect = |with: Value| device("connect", with, json!({ "record": null }));
    let claims = |keep: &str| device("claim", json!({ "keep": keep }), json!({ "record": null }));
    let hello = || device("hello", json!({}), json!({}));
    let delivers = |expect: Value| network("deliver", json!({ "frame": "three" }), expect);
    vec![
        case("known-epoch", "the device knows the current parameters")
            .requires(&["PAR-6"])
            .does(connect(json!({ "epoch": 3 }))),
        case("old-epoch", "the device knows older parameters")
            .requires(&["PAR-6"])
            .does(connect(json!({ "epoch": 2 }))),
        case("more-versions", "the device offers versions that the server does not have")
            .requires(&["VER-2"])
            .does(connect(json!({ "versions": [[1, 0], [1, 1], [1, 9], [2, 0]] }))),
        case("highest-version", "both have two versions")
            .requires(&["VER-2"])
            .does(factor("configure", json!({ "versions": [[1, 1], [1, 2]] }), json!({})))
            .does(connect(json!({ "versions": [[1, 1], [1, 2]] }))),
        case("lower-version", "the device has only the lower of the server's versions")
            .requires(&["VER-2"])
            .does(factor("configure", json!({ "versions": [[1, 1], [1, 2]] }), json!({})))
            .does(connect(json!({ "versions": [[1, 1]] }))),
        case("eight-versions", "the device offers eight versions")
            .requires(&["VER-2"])
            .does(connect(json!({ "versions": [[1, 1], [2, 0], [2, 1], [2, 2], [2, 3], [2, 4], [2, 5], [2, 6]] }))),
        case("high-s", "Signature_3 has the higher s")
            .requires(&["SIG-4"])
            .does(connect(json!({ "high_s": true }))),
        case("by-value-again", "a device with a record comes by value")
            .requires(&["CRED-2", "HS-13"])
            .plays(enrolled())
            .does(device("connect", json!({ "channel": "later" }), json!({ "record": status(0, 0) }))),
        case("repeated", "message_3 comes again after 179 seconds")
            .requires(&["HS-6"])
            .plays([hello(), claims("three"), delivers(json!({ "out": "the same" }))])
            .plays([later(179), delivers(json!({ "out": "the same" }))])
            .plays([creates(json!({})), right()]),
        case("repeated-after-create", "message_3 comes again after a CREATE")
            .requires(&["HS-6"])
            .plays([hello(), claims("three"), creates(json!({})), delivers(json!({ "out": "the same" }))])
            .plays([right(), reads(0, 1)]),
        case("flipped-first", "a flipped message_3 comes before the right one")
            .requires(&["HS-3", "HS-4"])
            .does(hello())
            .does(device("claim", json!({ "keep": "three", "unsent": true }), json!({})))
            .does(network("deliver", json!({ "frame": "three", "spoil": { "at": "frame", "flip_bit": 400 } }), json!({ "rejected": 201 })))
            .does(delivers(json!({ "record": null })))
            .plays([creates(json!({})), right()]),
        case("error-injected", "anybody sends an error message into an open channel")
            .requires(&["HS-5"])
            .plays(enrolled())
            .does(wrong(1))
            .does(network("error", json!({}), json!({})))
            .plays([reads(1, 1), right()]),
    ]
}
