//! Vouchers.

use serde_json::{Value, json};

use super::refused;
use crate::case::Case;
use crate::groups::factor::steps::*;

pub(super) fn vouchers(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, flag: &str, voucher: Value| {
        refused(
            base,
            &format!("voucher-{id}"),
            change,
            420,
            flag,
            json!({ "voucher": voucher }),
        )
    };
    let spoilt = |id: &str, change: &str, at: &str, spoil: Value| {
        let with = json!({ "spoil": and(json!({ "at": at }), spoil) });
        refused(
            base,
            &format!("voucher-{id}"),
            change,
            420,
            "structure",
            with,
        )
    };
    let expired = |id: &str, change: &str, ago: u64| {
        let with = json!({ "voucher": { "expired_s_ago": ago } });
        refused(base, id, change, 421, "replay", with).kills("voucher-expiry")
    };
    vec![
        case(
            "unknown-issuer",
            "its issuer is unknown",
            "key-confusion",
            json!({ "issuer": "stranger" }),
        )
        .kills("voucher-issuer"),
        case(
            "other-signer",
            "another known auth server signed it",
            "key-confusion",
            json!({ "signer": "bank" }),
        )
        .kills("voucher-kid"),
        case(
            "handshake-key",
            "its issuer's handshake key signed it",
            "key-confusion",
            json!({ "signer": "handshake" }),
        )
        .kills("voucher-kid"),
        case(
            "stolen-kid",
            "another auth server signed it in the name of its issuer's key",
            "key-confusion",
            json!({ "signer": "bank", "issuers_kid": true }),
        )
        .kills("voucher-signature"),
        case(
            "other-server",
            "it is for another factor server",
            "key-confusion",
            json!({ "factor_server": "elsewhere" }),
        )
        .kills("voucher-server"),
        case(
            "other-context",
            "it is signed for another factor server",
            "key-confusion",
            json!({ "context": "elsewhere" }),
        )
        .kills("voucher-signature"),
        case(
            "high-s",
            "its signature has the higher s",
            "malleable-signature",
            json!({ "high_s": true }),
        )
        .kills("low-s"),
        spoilt(
            "empty",
            "it is empty",
            "signed_voucher",
            json!({ "replace": "" }),
        ),
        spoilt(
            "trailing",
            "a byte follows it",
            "signed_voucher",
            json!({ "append": "00" }),
        ),
        spoilt(
            "payload",
            "a bit of its signed payload is flipped",
            "signed_voucher",
            json!({ "flip_bit": 300 }),
        ),
        spoilt(
            "unprotected",
            "it has an unprotected header",
            "signed_voucher",
            json!({ "path": [1], "replace": "a10127" }),
        ),
        spoilt(
            "algorithm",
            "its algorithm is not ESP256",
            "signed_voucher",
            json!({ "flip_bit": 39 }),
        ),
        spoilt(
            "no-signature",
            "it has no signature",
            "signed_voucher",
            json!({ "path": [3], "replace": "40" }),
        ),
        spoilt(
            "zero-signature",
            "its signature is zero",
            "signed_voucher",
            json!({ "path": [3], "replace": format!("5840{}", "00".repeat(64)) }),
        ),
        spoilt(
            "expiry-null",
            "its expiry is null",
            "voucher",
            json!({ "path": [3], "replace": "f6" }),
        ),
        spoilt(
            "id-short",
            "its id is a byte short",
            "voucher",
            json!({ "path": [2], "replace": format!("4f{}", "11".repeat(15)) }),
        ),
        spoilt(
            "element-more",
            "its payload has an element more",
            "voucher",
            json!({ "path": [4], "insert": "f6" }),
        ),
        expired("voucher-expired", "its skew is over by this second", 60),
        expired("voucher-long-expired", "it expired a day ago", 86_400),
        base.but(
            "factor.create.voucher-used",
            "another device used its voucher",
        )
        .kills("voucher-used")
        .requires(&["VCH-3"])
        .flagged(&["replay"])
        .does(connects())
        .does(creates(json!({ "voucher": { "id": "one" } })))
        .does(device(
            "connect",
            json!({ "device": "bob" }),
            json!({ "record": null }),
        ))
        .does(device(
            "create",
            json!({ "device": "bob", "voucher": { "id": "one" } }),
            json!({ "refused": 422 }),
        ))
        .plays([reads_nothing("bob"), right(), reads(0, 1)]),
        base.but(
            "factor.create.voucher-used-at-its-end",
            "another device used its voucher, which is in its skew",
        )
        .kills("voucher-remembered")
        .requires(&["VCH-3", "VCH-6"])
        .flagged(&["replay"])
        .does(connects())
        .does(creates(
            json!({ "voucher": { "id": "one", "expired_s_ago": 30 } }),
        ))
        .does(later(29))
        .does(device(
            "connect",
            json!({ "device": "bob" }),
            json!({ "record": null }),
        ))
        .does(device(
            "create",
            json!({ "device": "bob", "voucher": { "id": "one", "expired_s_ago": 59 } }),
            json!({ "refused": 422 }),
        ))
        .plays([reads_nothing("bob")]),
    ]
}
