//! Proofs: of something else, and such as no PIN makes.

use serde_json::{Value, json};

use super::first;
use crate::case::Case;
use crate::groups::factor::steps::*;

/// The order of n on P-256 (SP 800-186 section 3.2.1.3), in hex.
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/// Proofs that are well-formed, and prove something else: wrong PINs, all of them.
pub(super) fn proofs() -> Vec<Case> {
    let base = first();
    // What a proof says of other devices, or of what it is for, this server knows only from the request.
    let kills = |id: &str| match id {
        "record" | "bind" | "other-device" => "proof".to_owned(),
        field => format!("proof-{field}"),
    };
    let over = |id: &str, change: &str, flag: &str, proof: Value| {
        base.but(&format!("factor.pin.proof-{id}"), change)
            .why("A proof that says less than the request can be taken from one use to another.")
            .kills(&kills(id))
            .requires(&["LCK-3", "COSE-4"])
            .flagged(&[flag])
            .plays(enrolled())
            .does(device("verify", json!({ "proof": proof }), verdict(410, 1)))
            .does(reads(1, 1))
    };
    vec![
        over(
            "record",
            "the proof is for another device's record",
            "key-confusion",
            json!({ "record": "bob" }),
        ),
        over(
            "epoch",
            "the proof is for another store epoch",
            "replay",
            json!({ "epoch": 6 }),
        ),
        over(
            "generation",
            "the proof is for another generation",
            "replay",
            json!({ "generation": 2 }),
        ),
        over(
            "number",
            "the proof is for another request number",
            "replay",
            json!({ "number": 2 }),
        ),
        over(
            "purpose",
            "the proof is for another purpose",
            "purpose-confusion",
            json!({ "purpose": 7 }),
        ),
        over(
            "bind",
            "the proof is for something else",
            "purpose-confusion",
            json!({ "bind": "something else" }),
        ),
        over(
            "label",
            "the proof is signed as a proof of possession",
            "purpose-confusion",
            json!({ "as": "factor key" }),
        ),
        over(
            "device-key",
            "the proof is signed by the device's own key",
            "key-confusion",
            json!({ "signer": "device" }),
        ),
        over(
            "other-device",
            "the proof is by the same PIN on another device",
            "key-confusion",
            json!({ "device": "bob" }),
        ),
    ]
}

/// Proofs that no PIN makes.
pub(super) fn malformed_proofs() -> Vec<Case> {
    let base = first();
    let case = |id: &str, change: &str, code: u16, flag: &str, with: Value| {
        base.but(&format!("factor.pin.proof-{id}"), change)
            .why("No PIN makes such bytes: to count them would let a defect, or the network, lock a user out.")
            .requires(&["FAC-6", if code == 112 { "SIG-2" } else { "ENC-12" }])
            .flagged(&[flag])
            .plays(enrolled())
            .does(device("verify", with, json!({ "refused": code })))
            .does(reads(0, 0))
            .does(right())
    };
    let bytes = |hex: &str| {
        let head = match hex.len() / 2 {
            64 => "5840",
            63 => "583f",
            _ => "5841",
        };
        json!({ "spoil": { "at": "request", "path": [8], "replace": format!("{head}{hex}") } })
    };
    let (zero, one) = ("00".repeat(32), format!("{}01", "00".repeat(31)));
    let over = "ff".repeat(32);
    let rs = |r: &str, s: &str| bytes(&format!("{r}{s}"));
    vec![
        case(
            "r-zero",
            "r is zero",
            112,
            "zero-signature",
            rs(&zero, &one),
        )
        .kills("signature-range"),
        case(
            "s-zero",
            "s is zero",
            112,
            "zero-signature",
            rs(&one, &zero),
        )
        .kills("signature-range"),
        case(
            "zero",
            "the signature is zero",
            112,
            "zero-signature",
            rs(&zero, &zero),
        )
        .kills("signature-range"),
        case(
            "r-order",
            "r is the group order",
            112,
            "zero-signature",
            rs(ORDER, &one),
        )
        .kills("signature-range"),
        case(
            "s-order",
            "s is the group order",
            112,
            "zero-signature",
            rs(&one, ORDER),
        )
        .kills("signature-range"),
        case(
            "r-over",
            "r is above the group order",
            112,
            "zero-signature",
            rs(&over, &one),
        )
        .kills("signature-range"),
        case(
            "high-s",
            "s is the higher one",
            112,
            "malleable-signature",
            json!({ "proof": { "high_s": true } }),
        )
        .requires(&["SIG-3"])
        .kills("low-s"),
        case(
            "short",
            "the signature has 63 bytes",
            107,
            "structure",
            bytes(&"11".repeat(63)),
        )
        .kills("structure"),
        case(
            "long",
            "the signature has 65 bytes",
            107,
            "structure",
            bytes(&"11".repeat(65)),
        )
        .kills("structure"),
    ]
}
