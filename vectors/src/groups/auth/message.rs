//! `auth.message.*`: message_3 in its encoding, and frames that nobody waits for.

use serde_json::{Value, json};

use super::login::confirmed;
use super::{
    alice, answered, claim, group_of, hello, network, read_account, read_session, session, settled,
    untouched,
};
use crate::author::positive;
use crate::case::{Case, Group, Step};

/// Messages on their way.
pub fn group() -> Group {
    let held = held();
    let mut cases = vec![held.clone()];
    cases.extend(statements());
    cases.extend(frames(&held));
    cases.extend(connections(&held));
    group_of(
        "auth-message",
        "message_3: its encoding, its connection, and frames that nobody sent.",
        cases,
    )
}

fn held() -> Case {
    positive("auth.message.delivered", "message_3 arrives as it was sent")
        .why("Who can make a server take one message for another speaks for its users.")
        .requires(&["HS-3", "HS-4"])
        .steps(alice())
        .steps(waiting())
        .steps(vec![delivered()])
}

/// The session is confirmed; message_3 is under way.
fn waiting() -> Vec<Step> {
    vec![
        session(json!({})),
        hello(json!({}), answered()),
        claim(json!({ "hold": true }), json!({})),
    ]
}

fn delivered() -> Step {
    network(
        "deliver",
        json!({ "on": "login" }),
        settled("confirm", "alice"),
    )
}

/// EAD_3, position by position.
fn statements() -> Vec<Case> {
    let base = confirmed();
    #[rustfmt::skip] // a table
    let rows: Vec<(&str, &str, &str, &str, Value, u16)> = vec![
        ("purpose-null", "its purpose is null", "ENC-12", "structure.null", json!({ "path": [0], "replace": "f6" }), 107),
        ("purpose-unknown", "its purpose is not registered", "ENC-12", "structure.registered", json!({ "path": [0], "replace": "0c" }), 107),
        ("decision-undefined", "its decision is not registered", "STM-1", "structure.registered", json!({ "path": [1], "replace": "03" }), 107),
        ("decision-bool", "its decision is true", "ENC-12", "structure.type", json!({ "path": [1], "replace": "f5" }), 107),
        ("announce-short", "its announce hash is too short", "ENC-12", "structure.type", json!({ "path": [2], "replace": "4100" }), 107),
        ("user-input-bytes", "its user input is bytes", "ENC-12", "structure.type", json!({ "path": [3], "replace": "40" }), 107),
        ("user-input-no-utf8", "its user input is no UTF-8", "ENC-7", "cbor.utf8", json!({ "path": [3], "replace": "62c328" }), 103),
        ("assertion-text", "its assertion is a text", "ENC-12", "structure.type", json!({ "path": [4], "replace": "60" }), 107),
        ("enrolment-proof-empty", "its enrolment proof is an empty array", "ENC-12", "structure.arity", json!({ "path": [5], "replace": "80" }), 107),
        ("app-session-proof-short", "its app-session proof is too short", "ENC-12", "structure.type", json!({ "path": [6], "replace": "4100" }), 107),
        ("counter-negative", "its counter is negative", "ENC-12", "structure.range", json!({ "path": [7], "replace": "20" }), 107),
        ("counter-non-shortest", "its counter is encoded in two bytes", "ENC-3", "cbor.shortest", json!({ "path": [7], "replace": "1801" }), 101),
        ("counter-float", "its counter is a float", "ENC-6", "cbor.forbidden", json!({ "path": [7], "replace": "f93c00" }), 102),
        ("counter-tagged", "its counter is tagged", "ENC-6", "cbor.forbidden", json!({ "path": [7], "replace": "c101" }), 102),
        ("rolling-short", "its rolling value is too short", "ENC-12", "structure.type", json!({ "path": [8], "replace": "4100" }), 107),
        ("shorter", "it has one element less", "ENC-12", "structure.arity", json!({ "path": [8], "remove": true }), 107),
        ("longer", "it has one element more", "ENC-12", "structure.arity", json!({ "path": [9], "insert": "f6" }), 107),
        ("trailing", "a byte follows it", "ENC-8", "cbor.trailing", json!({ "append": "00" }), 104),
        ("truncated", "it is cut off", "ENC-2", "cbor.truncated", json!({ "truncate": 1 }), 100),
        ("empty", "it is empty", "ENC-2", "cbor.truncated", json!({ "replace": "" }), 100),
        ("map", "it is a map", "ENC-12", "structure.type", json!({ "replace": "a0" }), 107),
        ("too-deep", "it is nested nine deep", "ENC-9", "cbor.depth", json!({ "replace": "818181818181818181f6" }), 105),
    ];
    let mut cases: Vec<Case> = rows
        .into_iter()
        .map(|(id, change, requirement, kills, mut spoil, code)| {
            spoil["at"] = "statement".into();
            base.but(
                &format!("auth.message.statement-{id}"),
                &format!("of the statement {change}"),
            )
            .why("A field that is read as another one is not what the user signed.")
            .requires(&[requirement])
            .flagged(&["structure"])
            .kills(kills)
            .steps(alice())
            .steps(vec![
                session(json!({})),
                hello(json!({}), answered()),
                claim(json!({ "spoil": spoil }), json!({ "error": code })),
            ])
            .steps(untouched())
        })
        .collect();
    // Changed after the factor was given for it, and signed nevertheless.
    for (id, change, at, replace, code) in [
        (
            "user-input-added",
            "the user input is added after the proof",
            3,
            "6570617920 33",
            404,
        ),
        (
            "user-input-emptied",
            "the user input becomes empty after the proof",
            3,
            "60",
            404,
        ),
        (
            "decision-flipped",
            "the decision becomes decline after the proof",
            1,
            "02",
            107,
        ),
    ] {
        let spoil = json!({ "at": "statement", "path": [at], "replace": replace.replace(' ', "") });
        cases.push(
            base.but(&format!("auth.message.{id}"), change)
                .requires(&["AST-4", "STM-8"])
                .flagged(&["unsigned-decision"])
                .kills(if code == 404 {
                    "assertion.bind"
                } else {
                    "statement.unused"
                })
                .steps(alice())
                .steps(vec![
                    session(json!({})),
                    hello(json!({}), answered()),
                    claim(json!({ "spoil": spoil }), json!({ "refused": code })),
                ])
                .steps(untouched()),
        );
    }
    cases
}

/// message_3 that is altered on its way; the right one is still taken.
fn frames(held: &Case) -> Vec<Case> {
    #[rustfmt::skip] // a table
    let rows: Vec<(&str, &str, &[&str], &str, Value, Value)> = vec![
        ("tag-flipped", "its last bit was flipped before", &["HS-3"], "edhoc.message-3-tag", json!({ "flip_last": 1 }), json!({ "error": 201 })),
        ("ciphertext-flipped", "a bit in its middle was flipped before", &["HS-3"], "edhoc.message-3-tag", json!({ "flip_last": 40 }), json!({ "error": 201 })),
        ("no-ciphertext", "an empty one came before", &["HS-3"], "edhoc.message-3-tag", json!({ "path": [2], "replace": "40" }), json!({ "error": 201 })),
        ("other-connection", "it came for a connection that does not exist before", &["HS-4"], "frame.connection", json!({ "path": [1], "replace": "480101010101010101" }), json!({ "rejected": 212 })),
        ("no-connection", "it came without a connection before", &["ENC-12"], "structure.range", json!({ "path": [1], "replace": "40" }), json!({ "rejected": 107 })),
        ("frame-longer", "its frame had one element more before", &["ENC-12"], "structure.arity", json!({ "path": [3], "insert": "f6" }), json!({ "rejected": 107 })),
        ("frame-trailing", "a byte followed its frame before", &["ENC-8"], "cbor.trailing", json!({ "append": "00" }), json!({ "rejected": 104 })),
        ("frame-truncated", "its frame was cut off before", &["ENC-2"], "cbor.truncated", json!({ "truncate": 1 }), json!({ "rejected": 100 })),
        ("frame-indefinite", "its frame had no length but an end before", &["ENC-4"], "cbor.indefinite", json!({ "replace": "9f034101 40ff" }), json!({ "rejected": 101 })),
    ];
    rows.into_iter()
        .map(|(id, change, requires, kills, mut spoil, expect)| {
            spoil["at"] = "frame_3".into();
            if let Some(hex) = spoil["replace"].as_str() {
                spoil["replace"] = hex.replace(' ', "").into();
            }
            held.but(&format!("auth.message.{id}"), change)
                .requires(requires)
                .flagged(&["structure"])
                .kills(kills)
                .steps(alice())
                .steps(waiting())
                .steps(vec![
                    network("deliver", json!({ "on": "login", "spoil": spoil }), expect),
                    read_session(json!({ "state": "new" })),
                    read_account("active"),
                    delivered(),
                ])
        })
        .collect()
}

/// Frames that come when nobody waits for them, or for another connection.
fn connections(held: &Case) -> Vec<Case> {
    let mut cases = Vec::new();
    for (id, change, kind, body) in [
        (
            "record-early",
            "a record came before it",
            "record",
            "d08343a1010aa0",
        ),
        (
            "message-2-to-server",
            "a message_2 came before it",
            "message_2",
            "40",
        ),
        (
            "error-early",
            "an EDHOC error message came before it",
            "error",
            "0163343031",
        ),
        (
            "error-of-no-cbor",
            "an error message that is none came before it",
            "error",
            "ff",
        ),
    ] {
        cases.push(
            held.but(&format!("auth.message.{id}"), change)
                .requires(&["HS-4", "HS-5"])
                .flagged(&["replay"])
                .kills("frame.unexpected")
                .steps(alice())
                .steps(waiting())
                .steps(vec![
                    network(
                        "send",
                        json!({ "on": "login", "kind": kind, "body": body }),
                        json!({ "rejected": 212 }),
                    ),
                    read_session(json!({ "state": "new" })),
                    delivered(),
                ]),
        );
    }
    cases.push(
        held.but(
            "auth.message.too-large",
            "a frame of 65,537 bytes came before it",
        )
        .requires(&["ENC-10", "ENC-14"])
        .flagged(&["limit"])
        .kills("limit.frame")
        .steps(alice())
        .steps(waiting())
        .steps(vec![
            network(
                "send",
                json!({ "on": "login", "kind": "message_3", "frame_bytes": 65537 }),
                json!({ "rejected": 106 }),
            ),
            delivered(),
        ]),
    );
    cases.push(
        held.but(
            "auth.message.record-too-large",
            "a record frame of 1,049,601 bytes came before it",
        )
        .requires(&["ENC-10", "ENC-14"])
        .flagged(&["limit"])
        .kills("limit.frame")
        .steps(alice())
        .steps(waiting())
        .steps(vec![
            network(
                "send",
                json!({ "on": "login", "kind": "record", "frame_bytes": 1049601 }),
                json!({ "rejected": 106 }),
            ),
            delivered(),
        ]),
    );
    cases.push(
        held.but(
            "auth.message.largest-garbage",
            "a frame of 65,536 zeros came before it",
        )
        .requires(&["HS-3", "ENC-10"])
        .flagged(&["limit"])
        .kills("edhoc.message-3-tag")
        .steps(alice())
        .steps(waiting())
        .steps(vec![
            network(
                "send",
                json!({ "on": "login", "kind": "message_3", "frame_bytes": 65536 }),
                json!({ "error": 201 }),
            ),
            delivered(),
        ]),
    );
    cases.push(
        held.but(
            "auth.message.of-another-connection",
            "it arrives on another connection",
        )
        .requires(&["HS-3"])
        .flagged(&["replay"])
        .kills("edhoc.transcript")
        .steps(alice())
        .steps(vec![
            session(json!({})),
            hello(json!({ "as": "first" }), answered()),
            hello(json!({ "as": "second" }), answered()),
            claim(
                json!({ "on": "first", "to": "second" }),
                json!({ "error": 201 }),
            ),
        ])
        .steps(untouched()),
    );
    cases.push(
        held.but(
            "auth.message.replayed-on-message-1",
            "message_1 is replayed, and message_3 answers the new message_2",
        )
        .requires(&["HS-3", "HS-7"])
        .flagged(&["replay"])
        .kills("edhoc.transcript")
        .steps(alice())
        .steps(vec![
            session(json!({})),
            hello(json!({ "as": "first" }), answered()),
            hello(json!({ "as": "second", "same_as": "first" }), answered()),
            claim(
                json!({ "on": "first", "to": "second" }),
                json!({ "error": 201 }),
            ),
        ])
        .steps(untouched()),
    );
    cases.push(
        held.but(
            "auth.message.settled-replayed-elsewhere",
            "it was settled, and arrives on another connection",
        )
        .requires(&["HS-3", "SES-5"])
        .flagged(&["replay"])
        .kills("edhoc.transcript")
        .steps(alice())
        .steps(vec![
            session(json!({})),
            hello(json!({ "as": "second", "same_as": "first" }), answered()),
            hello(json!({ "as": "first" }), answered()),
            claim(json!({}), settled("confirm", "alice")),
            network(
                "redirect",
                json!({ "on": "first", "to": "second" }),
                json!({ "error": 201 }),
            ),
            read_session(json!({ "state": "confirmed", "account": "alice" })),
        ]),
    );
    cases
}
