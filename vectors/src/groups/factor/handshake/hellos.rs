//! EAD_1 asks for what a factor server does not give.

use serde_json::{Value, json};

use super::known;
use crate::case::Case;
use crate::groups::factor::steps::*;

/// EAD_1 asks for what a factor server does not give.
pub(super) fn hellos(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, code: u16, requirement: &str, flag: &str, with: Value| {
        known(base.but(&format!("factor.handshake.{id}"), change))
            .requires(&[requirement])
            .flagged(&[flag])
            .does(device(
                "hello",
                and(json!({ "channel": "later" }), with),
                json!({ "error": code }),
            ))
            .plays([reads(1, 1), right()])
    };
    let spoilt = |id: &str, change: &str, code, spoil: Value| {
        let with = json!({ "spoil": and(json!({ "at": "ead_1" }), spoil) });
        let (requirement, flag) = match code {
            101 => ("ENC-3", "non-canonical"),
            102 => ("ENC-6", "non-canonical"),
            104 => ("ENC-8", "structure"),
            _ => ("ENC-12", "structure"),
        };
        case(id, change, code, requirement, flag, with)
    };
    let purpose = |number: u64| {
        case(
            &format!("purpose-{number}"),
            &format!("its purpose is {number}"),
            210,
            "HS-9",
            "purpose-confusion",
            json!({ "purpose": number }),
        )
        .kills("purpose")
    };
    let downgrade = |id: &str, change: &str, versions: Value| {
        case(
            id,
            change,
            202,
            "VER-2",
            "downgrade",
            json!({ "versions": versions }),
        )
        .kills("common-version")
    };
    let nine: Vec<[u64; 2]> = (1..=9).map(|minor| [1, minor]).collect();
    let mut cases: Vec<Case> = [1, 2, 3, 4, 5, 7, 8, 9, 10].map(purpose).into();
    cases.extend([
        case(
            "other-server",
            "it names another server",
            208,
            "HS-8",
            "key-confusion",
            json!({ "server": "elsewhere" }),
        )
        .kills("server"),
        case(
            "claim",
            "it claims a session",
            209,
            "HS-11",
            "purpose-confusion",
            json!({ "claim": true }),
        )
        .kills("claim"),
        downgrade(
            "version-newer",
            "it offers a newer version only",
            json!([[1, 2]]),
        ),
        downgrade(
            "version-older",
            "it offers an older version only",
            json!([[1, 0]]),
        ),
        downgrade(
            "version-major",
            "it offers another major version only",
            json!([[2, 1]]),
        ),
        case(
            "no-versions",
            "it offers no version",
            107,
            "ENC-12",
            "limit",
            json!({ "versions": [] }),
        ),
        case(
            "nine-versions",
            "it offers nine versions",
            107,
            "ENC-12",
            "limit",
            json!({ "versions": nine }),
        ),
        spoilt(
            "ead-1-trailing",
            "a byte follows EAD_1",
            104,
            json!({ "append": "00" }),
        ),
        spoilt(
            "ead-1-element-more",
            "EAD_1 has an element more",
            107,
            json!({ "path": [5], "insert": "f6" }),
        ),
        spoilt(
            "ead-1-element-less",
            "EAD_1 lacks its last element",
            107,
            json!({ "path": [4], "remove": true }),
        ),
        spoilt(
            "ead-1-purpose-unregistered",
            "its purpose is not registered",
            107,
            json!({ "path": [1], "replace": "0c" }),
        ),
        spoilt(
            "ead-1-purpose-long",
            "its purpose is not in its shortest form",
            101,
            json!({ "path": [1], "replace": "1806" }),
        ),
        spoilt(
            "ead-1-purpose-float",
            "its purpose is a float",
            102,
            json!({ "path": [1], "replace": "f94600" }),
        ),
        spoilt(
            "ead-1-server-null",
            "its server is null",
            107,
            json!({ "path": [2], "replace": "f6" }),
        ),
        spoilt(
            "ead-1-version-null",
            "its versions are null",
            107,
            json!({ "path": [0], "replace": "f6" }),
        ),
        spoilt(
            "ead-1-epoch-negative",
            "its epoch is negative",
            107,
            json!({ "path": [3], "replace": "20" }),
        ),
        spoilt(
            "ead-1-claim-true",
            "its claim is no array",
            107,
            json!({ "path": [4], "replace": "f5" }),
        ),
    ]);
    cases
}
