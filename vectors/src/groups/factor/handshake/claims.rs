//! message_3: who it is by, and what it says.

use serde_json::{Value, json};

use super::known;
use crate::case::Case;
use crate::groups::factor::steps::*;

/// message_3: who it is by, and what it says.
pub(super) fn claims(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, code: u16, requirement: &str, flag: &str, with: Value| {
        known(base.but(&format!("factor.handshake.{id}"), change))
            .requires(&[requirement])
            .flagged(&[flag])
            .does(device(
                "connect",
                and(json!({ "channel": "later" }), with),
                json!({ "error": code }),
            ))
            .does(device(
                "verify",
                json!({ "channel": "later" }),
                json!({ "rejected": 212 }),
            ))
            .plays([reads(1, 1)])
            .does(device("verify", json!({ "number": 3 }), verdict(0, 0)))
    };
    let spoilt = |id: &str, change: &str, code, spoil: Value| {
        let with = json!({ "spoil": and(json!({ "at": "statement" }), spoil) });
        case(id, change, code, "STM-8", "structure", with)
    };
    let field = |at: usize, name: &str, bytes: &str| {
        let spoil = json!({ "path": [at], "replace": bytes });
        spoilt(
            &format!("statement-{name}"),
            &format!("its statement has a {name}"),
            107,
            spoil,
        )
    };
    let digest = format!("5820{}", "11".repeat(32));
    let key = "key-confusion";
    vec![
        case(
            "other-key",
            "another device's key signs by value",
            211,
            "HS-13",
            key,
            json!({ "signer": "bob" }),
        )
        .kills("signature-3"),
        case(
            "other-key-by-kid",
            "another device's key signs in the name of a record",
            211,
            "HS-13",
            key,
            json!({ "by": "kid", "signer": "bob" }),
        )
        .kills("signature-3"),
        case(
            "server-credential",
            "its credential is a server's",
            211,
            "CRED-1",
            key,
            json!({ "key": "server" }),
        )
        .kills("device-credential"),
        case(
            "invalid-key",
            "its credential holds no point",
            114,
            "SIG-1",
            "invalid-point",
            json!({ "key": "invalid" }),
        )
        .kills("point"),
        base.but(
            "factor.handshake.unknown-kid",
            "it comes by the id of a key without a record",
        )
        .kills("unknown-kid")
        .requires(&["HS-13"])
        .flagged(&[key])
        .does(device(
            "connect",
            json!({ "by": "kid" }),
            json!({ "error": 211 }),
        ))
        .does(reads_nothing("alice")),
        case(
            "statement-login",
            "its statement is for a login",
            210,
            "HS-14",
            "purpose-confusion",
            json!({ "statement": { "purpose": 1 } }),
        )
        .kills("statement-purpose"),
        field(1, "decision", "01").kills("statement-fields"),
        field(2, "announce-hash", &digest).kills("statement-fields"),
        field(3, "user-input", "60").kills("statement-fields"),
        field(4, "assertion", "40").kills("statement-fields"),
        field(6, "app-session-proof", &digest).kills("statement-fields"),
        field(7, "counter", "00").kills("statement-fields"),
        field(8, "rolling-value", &format!("50{}", "11".repeat(16))).kills("statement-fields"),
        spoilt(
            "statement-trailing",
            "a byte follows its statement",
            104,
            json!({ "append": "00" }),
        )
        .requires(&["ENC-8"]),
        spoilt(
            "statement-element-less",
            "its statement lacks its last element",
            107,
            json!({ "path": [8], "remove": true }),
        )
        .requires(&["ENC-12"]),
        spoilt(
            "statement-long-head",
            "its statement's purpose is not in its shortest form",
            101,
            json!({ "path": [0], "replace": "1806" }),
        )
        .requires(&["ENC-3"]),
    ]
}
