//! set-pin is not what it should be, or proves what it should not (CHG-5, CHG-8).

use serde_json::{Value, json};

use super::{refused, sets, verified};
use crate::case::Case;
use crate::groups::factor::steps::*;

/// set-pin is not what it should be.
pub(super) fn requests(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, code: u16, kills: &str, requirement: &str, with: Value| {
        base.but(&format!("factor.change.{id}"), change)
            .kills(kills)
            .requires(&[requirement])
            .flagged(&["structure"])
            .plays(enrolled())
            .plays([verified(), refused(with, code), reads(0, 1)])
            .plays([sets(json!({})), right(), reads_at(2, 0, 2)])
    };
    let generation = |id: &str, change: &str, generation: u64| {
        case(
            id,
            change,
            416,
            "set-pin-generation",
            "CHG-5",
            json!({ "generation": generation }),
        )
    };
    let key = |id: &str, change: &str, bytes: String| {
        let spoil =
            json!({ "spoil": { "at": "request", "path": [2], "replace": format!("5840{bytes}") } });
        case(id, change, 114, "point", "SIG-1", spoil)
    };
    vec![
        generation("generation-same", "it is for the same generation", 1),
        generation(
            "generation-two-on",
            "it is for the generation after the next",
            3,
        ),
        generation("generation-zero", "it is for generation 0", 0),
        generation(
            "generation-greatest",
            "it is for the last generation that there can be",
            u64::from(u32::MAX),
        ),
        case(
            "order-generation",
            "its generation and its proof are both wrong",
            416,
            "order",
            "CHG-8",
            json!({ "generation": 3, "possession": { "signer": "device" } }),
        ),
        base.but(
            "factor.change.order-verification",
            "nothing was verified, and its proof is wrong",
        )
        .kills("order")
        .requires(&["CHG-8"])
        .flagged(&["structure"])
        .plays(enrolled())
        .plays([
            refused(json!({ "possession": { "signer": "device" } }), 419),
            reads(0, 0),
        ]),
        base.but(
            "factor.change.order-unverified-generation",
            "nothing was verified, and its generation is wrong",
        )
        .kills("order")
        .requires(&["CHG-8"])
        .flagged(&["structure"])
        .plays(enrolled())
        .plays([refused(json!({ "generation": 3 }), 416), reads(0, 0)]),
        key("key-zero", "the new PIN key is zero", "00".repeat(64)),
        key(
            "key-off-curve",
            "the new PIN key is off the curve",
            "01".repeat(64),
        ),
        case(
            "possession-high-s",
            "its proof has the higher s",
            112,
            "low-s",
            "SIG-3",
            json!({ "possession": { "high_s": true } }),
        ),
        case(
            "possession-zero",
            "its proof is zero",
            112,
            "signature-range",
            "SIG-2",
            json!({ "spoil": { "at": "request", "path": [3], "replace": format!("5840{}", "00".repeat(64)) } }),
        ),
        case(
            "order-biometric",
            "its proof and the biometric's form are both wrong",
            424,
            "order",
            "CHG-8",
            json!({ "possession": { "signer": "device" }, "biometric": { "possession": { "high_s": true } } }),
        ),
    ]
}

/// Proofs of possession that prove something else: the old PIN lives.
pub(super) fn possessions(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, flag: &str, kills: &str, with: Value| {
        base.but(&format!("factor.change.{id}"), change)
            .kills(kills)
            .requires(&["VCH-5", "CHG-8"])
            .flagged(&[flag])
            .plays(enrolled())
            .does(returns("second", status(0, 0)))
            .plays([verified(), refused(with, 424), right(), reads(0, 2)])
    };
    let pin = |id: &str, change: &str, flag: &str, possession: Value| {
        case(
            &format!("possession-{id}"),
            change,
            flag,
            "possession",
            json!({ "possession": possession }),
        )
    };
    let bio = |id: &str, change: &str, flag: &str, possession: Value| {
        let with = json!({ "biometric": { "possession": possession } });
        case(
            &format!("biometric-{id}"),
            change,
            flag,
            "possession-biometric",
            with,
        )
    };
    vec![
        pin(
            "device",
            "the device's own key proves the new PIN",
            "key-confusion",
            json!({ "signer": "device" }),
        ),
        pin(
            "live-pin",
            "the live PIN proves the new one",
            "key-confusion",
            json!({ "signer": "live pin" }),
        ),
        pin(
            "generation",
            "the new PIN is proved for the live generation",
            "replay",
            json!({ "generation": 1 }),
        ),
        pin(
            "generation-later",
            "the new PIN is proved for the generation after the next",
            "replay",
            json!({ "generation": 3 }),
        ),
        pin(
            "record",
            "the new PIN is proved for another record",
            "key-confusion",
            json!({ "record": "bob" }),
        ),
        pin(
            "channel",
            "the new PIN is proved for another channel",
            "replay",
            json!({ "channel": "second" }),
        ),
        pin(
            "key",
            "the new PIN is proved for another key",
            "key-confusion",
            json!({ "key": true }),
        ),
        bio(
            "device",
            "the device's own key proves the biometric",
            "key-confusion",
            json!({ "signer": "device" }),
        ),
        bio(
            "pin",
            "the new PIN proves the biometric",
            "key-confusion",
            json!({ "signer": "pin" }),
        ),
        bio(
            "generation",
            "the biometric is proved for the live generation",
            "replay",
            json!({ "generation": 1 }),
        ),
        bio(
            "record",
            "the biometric is proved for another record",
            "key-confusion",
            json!({ "record": "bob" }),
        ),
        bio(
            "channel",
            "the biometric is proved for another channel",
            "replay",
            json!({ "channel": "second" }),
        ),
    ]
}
