//! Proofs that are not the biometric's, and what is checked before them.

use serde_json::{Value, json};

use super::{right_pin, wrong_pin};
use crate::case::Case;
use crate::groups::factor::steps::*;

/// Proofs that are not the biometric's: refused, and not counted.
pub(super) fn proofs(base: &Case) -> Vec<Case> {
    let spoilt = |id: &str, change: &str, code: u16, kills: &str, flag: &str, with: Value| {
        let requirement = match code {
            426 => "BIO-1",
            _ => "FAC-6",
        };
        base.but(&format!("factor.biometric.{id}"), change)
            .why("Whoever has the phone but not the face must get nothing, and the user must lose nothing by it.")
            .kills(kills)
            .requires(&[requirement])
            .flagged(&[flag])
            .plays(enrolled_with_biometric())
            .does(wrong_pin(1))
            .does(device("verify", and(json!({ "factor": 2 }), with), json!({ "refused": code })))
            .plays([reads(1, 1), biometric(open(verdict(0, 0)))])
    };
    let other = |id: &str, change: &str, flag: &str, with: Value| {
        spoilt(id, change, 426, "biometric-proof", flag, with)
    };
    let range = |id: &str, change: &str, bytes: String| {
        let spoil =
            json!({ "spoil": { "at": "request", "path": [8], "replace": format!("5840{bytes}") } });
        spoilt(id, change, 112, "signature-range", "zero-signature", spoil)
    };
    let (zero, one) = ("00".repeat(32), format!("{}01", "00".repeat(31)));
    vec![
        other(
            "other-key",
            "another biometric key of the device signs",
            "key-confusion",
            json!({ "bio": "second" }),
        ),
        other(
            "pin-signs",
            "the PIN's key signs",
            "key-confusion",
            json!({ "proof": { "signer": "pin" } }),
        ),
        other(
            "device-signs",
            "the device's own key signs",
            "key-confusion",
            json!({ "proof": { "signer": "device" } }),
        ),
        other(
            "other-device",
            "another device's biometric signs",
            "key-confusion",
            json!({ "proof": { "device": "bob" } }),
        ),
        other(
            "proof-record",
            "the proof is for another record",
            "key-confusion",
            json!({ "proof": { "record": "bob" } }),
        ),
        other(
            "proof-epoch",
            "the proof is for another store epoch",
            "replay",
            json!({ "proof": { "epoch": 6 } }),
        ),
        other(
            "proof-generation",
            "the proof is for another generation",
            "replay",
            json!({ "proof": { "generation": 2 } }),
        ),
        other(
            "proof-number",
            "the proof is for another request number",
            "replay",
            json!({ "proof": { "number": 1 } }),
        ),
        other(
            "proof-purpose",
            "the proof is for another purpose",
            "purpose-confusion",
            json!({ "proof": { "purpose": 7 } }),
        ),
        other(
            "proof-bind",
            "the proof is for something else",
            "purpose-confusion",
            json!({ "proof": { "bind": "something else" } }),
        ),
        other(
            "proof-label",
            "the proof is signed as a proof of possession",
            "purpose-confusion",
            json!({ "proof": { "as": "factor key" } }),
        ),
        spoilt(
            "high-s",
            "its proof has the higher s",
            112,
            "low-s",
            "malleable-signature",
            json!({ "proof": { "high_s": true } }),
        )
        .requires(&["SIG-3"]),
        range("zero", "its proof is zero", format!("{zero}{zero}")).requires(&["SIG-2"]),
        range("r-zero", "r of its proof is zero", format!("{zero}{one}")).requires(&["SIG-2"]),
        base.but(
            "factor.biometric.pin-by-biometric",
            "the request says that it is the PIN",
        )
        .why("A biometric that passes for the PIN opens what only the PIN may.")
        .kills("proof")
        .requires(&["LCK-3"])
        .flagged(&["key-confusion"])
        .plays(enrolled_with_biometric())
        .does(device(
            "verify",
            json!({ "proof": { "signer": "biometric" } }),
            open(verdict(410, 1)),
        ))
        .does(reads(1, 1)),
        base.but(
            "factor.biometric.wrong-fifty-times",
            "fifty wrong ones come before it",
        )
        .kills("biometric-not-counted")
        .requires(&["BIO-1"])
        .flagged(&["miscount"])
        .plays(enrolled_with_biometric())
        .plays((0..50).map(|_| {
            device(
                "verify",
                json!({ "factor": 2, "bio": "second" }),
                json!({ "refused": 426 }),
            )
        }))
        .plays([reads(0, 0), biometric(open(verdict(0, 0))), right_pin()]),
    ]
}

/// What is checked before the proof, and what a biometric does not get around.
pub(super) fn firsts(base: &Case) -> Vec<Case> {
    let refused =
        |id: &str, change: &str, kills: &str, requirement: &str, code: u16, with: Value| {
            base.but(&format!("factor.biometric.{id}"), change)
                .kills(kills)
                .requires(&[requirement])
                .flagged(&["replay"])
                .plays(enrolled_with_biometric())
                .plays([wrong_pin(1), wrong_pin(2)])
                .does(device(
                    "verify",
                    and(json!({ "factor": 2 }), with),
                    json!({ "refused": code }),
                ))
                .plays([reads(2, 2), biometric(open(verdict(0, 0)))])
        };
    vec![
        refused(
            "number-low",
            "its number is lower than the last",
            "number-too-low",
            "FAC-3",
            413,
            json!({ "number": 1 }),
        ),
        refused(
            "number-reused",
            "its number was used for a PIN",
            "number-reused",
            "FAC-4",
            414,
            json!({ "number": 2 }),
        ),
        refused(
            "epoch-old",
            "it is for an older store epoch",
            "store-epoch",
            "FAC-5",
            415,
            json!({ "epoch": 6 }),
        ),
        refused(
            "generation-new",
            "it is for another generation",
            "generation",
            "FAC-5",
            416,
            json!({ "generation": 2 }),
        ),
        base.but(
            "factor.biometric.replayed",
            "it comes again after the PIN was wrong",
        )
        .kills("number-too-low")
        .requires(&["FAC-3"])
        .flagged(&["replay", "miscount"])
        .plays(enrolled_with_biometric())
        .does(device(
            "verify",
            json!({ "factor": 2, "as": "r" }),
            open(verdict(0, 0)),
        ))
        .plays([wrong_pin(1), wrong_pin(2)])
        .does(device(
            "repeat",
            json!({ "request": "r" }),
            json!({ "refused": 413 }),
        ))
        .does(reads(2, 3)),
        base.but("factor.biometric.unregistered", "the record has none")
            .kills("factor-not-registered")
            .requires(&["FAC-2", "FAC-9"])
            .flagged(&["key-confusion"])
            .plays(enrolled())
            .plays([
                wrong(1),
                biometric(json!({ "refused": 425 })),
                reads(1, 1),
                right(),
            ]),
        base.but(
            "factor.biometric.unregistered-by-pin-key",
            "the record has none, and the PIN's key signs",
        )
        .kills("factor-not-registered")
        .requires(&["FAC-2", "FAC-9"])
        .flagged(&["key-confusion"])
        .plays(enrolled())
        .does(wrong(1))
        .does(device(
            "verify",
            json!({ "factor": 2, "proof": { "signer": "pin" } }),
            json!({ "refused": 425 }),
        ))
        .plays([reads(1, 1), right()]),
    ]
}
