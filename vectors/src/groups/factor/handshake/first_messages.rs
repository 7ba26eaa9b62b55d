//! message_1 is not EDHOC's, or not ours.

use serde_json::{Value, json};

use super::known;
use crate::case::Case;
use crate::groups::factor::steps::*;

/// message_1 is not EDHOC's, or not ours.
pub(super) fn messages_1(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, code: u16, requirement: &str, flag: &str, spoil: Value| {
        let with = json!({ "channel": "later", "spoil": and(json!({ "at": "message_1" }), spoil) });
        known(base.but(&format!("factor.handshake.message-1-{id}"), change))
            .requires(&[requirement])
            .flagged(&[flag])
            .does(device("hello", with, json!({ "rejected": code })))
            .plays([reads(1, 1), right()])
    };
    let replaced =
        |id: &str, change: &str, at: usize, bytes: &str, code, requirement: &str, flag: &str| {
            case(
                id,
                change,
                code,
                requirement,
                flag,
                json!({ "path": [at], "replace": bytes }),
            )
        };
    let point = |byte: &str| format!("5820{}", byte.repeat(32));
    let mut cases: Vec<Case> = (1..=3)
        .map(|method| {
            let (id, change) = (
                format!("method-{method}"),
                format!("the method is {method}"),
            );
            replaced(
                &id,
                &change,
                0,
                &format!("0{method}"),
                200,
                "HS-1",
                "algorithm-confusion",
            )
            .kills("method")
        })
        .collect();
    cases.extend([0, 2, 3].map(|suite| {
        let (id, change) = (format!("suite-{suite}"), format!("the suite is {suite}"));
        replaced(
            &id,
            &change,
            1,
            &format!("0{suite}"),
            200,
            "HS-1",
            "algorithm-confusion",
        )
        .kills("suite")
    }));
    cases.extend([
        replaced(
            "g-x-short",
            "G_X has 31 bytes",
            2,
            &format!("581f{}", "11".repeat(31)),
            201,
            "HS-3",
            "structure",
        ),
        replaced(
            "g-x-zero",
            "G_X is zero",
            2,
            &point("00"),
            201,
            "HS-3",
            "invalid-point",
        )
        .kills("zero-secret"),
        replaced(
            "label-not-critical",
            "the EAD item is not critical",
            4,
            "198000",
            209,
            "HS-2",
            "structure",
        ),
        replaced(
            "label-unknown",
            "the EAD item is another critical one",
            4,
            "21",
            209,
            "HS-2",
            "structure",
        ),
        case(
            "no-value",
            "the EAD item has no value",
            209,
            "HS-2",
            "structure",
            json!({ "path": [5], "remove": true }),
        ),
        case(
            "item-twice",
            "the EAD item is there twice",
            209,
            "HS-2",
            "structure",
            json!({ "append": "397fff4100" }),
        ),
        case(
            "unknown-critical",
            "an unknown critical item follows",
            209,
            "HS-2",
            "structure",
            json!({ "append": "214100" }),
        ),
        case(
            "truncated",
            "the last byte is missing",
            201,
            "HS-3",
            "structure",
            json!({ "truncate": 1 }),
        ),
        case(
            "empty",
            "it is empty",
            201,
            "HS-3",
            "structure",
            json!({ "replace": "" }),
        ),
        case(
            "no-ead",
            "it ends before EAD_1",
            209,
            "HS-2",
            "structure",
            json!({ "replace": format!("0006{}420102", point("09")) }),
        ),
    ]);
    cases
}
