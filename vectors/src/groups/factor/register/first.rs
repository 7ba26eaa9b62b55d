//! A biometric that is registered together with the first PIN.

use serde_json::{Value, json};

use super::WHY;
use crate::author::positive;
use crate::case::Case;
use crate::groups::factor::steps::*;

/// A biometric that is registered together with the first PIN.
pub(super) fn with_first_pin() -> Vec<Case> {
    let base = positive(
        "factor.register.first",
        "a biometric is registered with the first PIN",
    )
    .why(WHY)
    .requires(&["VCH-5"])
    .plays(enrolled_with_biometric())
    .plays([biometric(open(verdict(0, 0))), reads(0, 1)]);
    let refused = |id: &str, change: &str, code: u16, kills: &str, flag: &str, with: Value| {
        base.but(&format!("factor.register.first-{id}"), change)
            .kills(kills)
            .requires(&["VCH-5"])
            .flagged(&[flag])
            .does(connects())
            .does(device("create", with, json!({ "refused": code })))
            .plays([reads_nothing("alice"), creates(json!({})), right()])
    };
    let proof = |id: &str, change: &str, possession: Value| {
        let with = json!({ "biometric": { "possession": possession } });
        refused(
            id,
            change,
            424,
            "possession-biometric",
            "key-confusion",
            with,
        )
    };
    let spoilt =
        |id: &str, change: &str, code: u16, kills: &str, flag: &str, at: usize, bytes: String| {
            let spoil =
                json!({ "at": "request", "path": [4, at], "replace": format!("5840{bytes}") });
            refused(
                id,
                change,
                code,
                kills,
                flag,
                json!({ "biometric": {}, "spoil": spoil }),
            )
        };
    vec![
        base.clone(),
        proof(
            "device",
            "the device's own key proves it",
            json!({ "signer": "device" }),
        ),
        proof("pin", "the PIN's key proves it", json!({ "signer": "pin" })),
        proof(
            "generation",
            "it is proved for generation 2",
            json!({ "generation": 2 }),
        ),
        proof(
            "record",
            "it is proved for another record",
            json!({ "record": "bob" }),
        ),
        proof(
            "key",
            "it is proved for another key",
            json!({ "key": true }),
        ),
        refused(
            "high-s",
            "its proof has the higher s",
            112,
            "low-s",
            "malleable-signature",
            json!({ "biometric": { "possession": { "high_s": true } } }),
        ),
        spoilt(
            "zero",
            "its proof is zero",
            112,
            "signature-range",
            "zero-signature",
            1,
            "00".repeat(64),
        ),
        spoilt(
            "key-zero",
            "its key is zero",
            114,
            "point",
            "invalid-point",
            0,
            "00".repeat(64),
        ),
        spoilt(
            "key-off-curve",
            "its key is off the curve",
            114,
            "point",
            "invalid-point",
            0,
            "01".repeat(64),
        ),
        refused(
            "order-pin",
            "its proof and the PIN's are wrong in two ways",
            424,
            "order",
            "structure",
            json!({ "possession": { "signer": "device" }, "biometric": { "possession": { "high_s": true } } }),
        ),
    ]
}
