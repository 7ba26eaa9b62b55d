//! The possession of the key that is registered.

use serde_json::{Value, json};

use super::{POSSESSION, refused};
use crate::case::Case;
use crate::groups::factor::steps::*;

pub(super) fn possessions(base: &Case) -> Vec<Case> {
    let proof = |id: &str, change: &str, flag: &str, possession: Value| {
        let with = json!({ "possession": possession });
        refused(base, &format!("possession-{id}"), change, 424, flag, with).kills("possession")
    };
    let bytes = |id: &str, change: &str, code, flag: &str, at: usize, value: &str| {
        let spoil = json!({ "at": "request", "path": [at], "replace": format!("5840{value}") });
        refused(base, id, change, code, flag, json!({ "spoil": spoil }))
    };
    let (zero, one, over) = ("00".repeat(32), "01".repeat(32), "ff".repeat(32));
    let generator = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
                     4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
    vec![
        proof(
            "other-key",
            "the device's own key proves it",
            "key-confusion",
            json!({ "signer": "device" }),
        ),
        proof(
            "generation",
            "it is proved for generation 2",
            "replay",
            json!({ "generation": 2 }),
        ),
        proof(
            "generation-zero",
            "it is proved for generation 0",
            "replay",
            json!({ "generation": 0 }),
        ),
        proof(
            "record",
            "it is proved for another device's record",
            "key-confusion",
            json!({ "record": "bob" }),
        ),
        proof(
            "key",
            "it is proved for another key",
            "key-confusion",
            json!({ "key": true }),
        ),
        base.but(
            "factor.create.possession-channel",
            "it is proved for another channel",
        )
        .why(POSSESSION)
        .kills("possession")
        .requires(&["VCH-5"])
        .flagged(&["replay"])
        .does(connects())
        .does(device(
            "connect",
            json!({ "channel": "second" }),
            json!({ "record": null }),
        ))
        .does(device(
            "create",
            json!({ "possession": { "channel": "second" } }),
            json!({ "refused": 424 }),
        ))
        .does(reads_nothing("alice"))
        .plays([creates(json!({})), right()]),
        bytes(
            "pin-key-other",
            "the PIN key is another's",
            424,
            "key-confusion",
            2,
            generator,
        )
        .kills("possession"),
        refused(
            base,
            "possession-high-s",
            "its proof has the higher s",
            112,
            "malleable-signature",
            json!({ "possession": { "high_s": true } }),
        )
        .requires(&["SIG-3"])
        .kills("low-s"),
        bytes(
            "possession-zero",
            "its proof is zero",
            112,
            "zero-signature",
            3,
            &format!("{zero}{zero}"),
        )
        .requires(&["SIG-2"])
        .kills("signature-range"),
        bytes(
            "pin-key-zero",
            "the PIN key is zero",
            114,
            "invalid-point",
            2,
            &format!("{zero}{zero}"),
        )
        .requires(&["SIG-1"])
        .kills("point"),
        bytes(
            "pin-key-off-curve",
            "the PIN key is off the curve",
            114,
            "invalid-point",
            2,
            &format!("{one}{one}"),
        )
        .requires(&["SIG-1"])
        .kills("point"),
        bytes(
            "pin-key-over",
            "a coordinate of the PIN key is above p",
            114,
            "invalid-point",
            2,
            &format!("{over}{one}"),
        )
        .requires(&["SIG-1"])
        .kills("point"),
    ]
}
