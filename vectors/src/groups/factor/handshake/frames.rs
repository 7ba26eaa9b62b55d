//! Frames that come at a wrong time or place.

use serde_json::{Value, json};

use super::known;
use crate::case::Case;
use crate::groups::factor::steps::*;

/// Frames that come at a wrong time or place.
pub(super) fn frames(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, requirement: &str| {
        known(base.but(&format!("factor.handshake.{id}"), change))
            .requires(&[requirement])
            .flagged(&["replay"])
    };
    let hello = |channel: &str| device("hello", json!({ "channel": channel }), json!({}));
    let keeps = |channel: &str, unsent: bool| {
        let with = json!({ "channel": channel, "keep": "three", "unsent": unsent });
        let expect = if unsent {
            json!({})
        } else {
            json!({ "record": status(1, 1) })
        };
        device("claim", with, expect)
    };
    let delivers = |with: Value, code: u16| {
        network(
            "deliver",
            and(json!({ "frame": "three" }), with),
            json!({ "rejected": code }),
        )
    };
    let spoilt = |id: &str, change: &str, code: u16, requirement: &str, spoil: Value| {
        let with = json!({ "channel": "later", "spoil": and(json!({ "at": "frame_1" }), spoil) });
        case(id, change, requirement)
            .does(device("hello", with, json!({ "rejected": code })))
            .plays([reads(1, 1), right()])
    };
    vec![
        case(
            "repeated-late",
            "message_3 comes again after 180 seconds",
            "HS-6",
        )
        .kills("repeat-window")
        .plays([
            hello("later"),
            keeps("later", false),
            later(180),
            delivers(json!({}), 212),
        ])
        .plays([reads(1, 1), right()]),
        case(
            "repeated-flipped",
            "message_3 comes again with a bit flipped",
            "HS-6",
        )
        .kills("repeat-identical")
        .plays([hello("later"), keeps("later", false)])
        .does(delivers(
            json!({ "spoil": { "at": "frame", "flip_bit": 400 } }),
            212,
        ))
        .plays([reads(1, 1), right()]),
        case(
            "replayed-elsewhere",
            "message_3 comes again in another handshake",
            "HS-3",
        )
        .kills("transcript")
        .plays([hello("later"), keeps("later", false), hello("third")])
        .plays([
            delivers(json!({ "to": "third" }), 201),
            reads(1, 1),
            right(),
        ]),
        case(
            "crossed",
            "message_3 comes to another handshake's connection",
            "HS-3",
        )
        .kills("transcript")
        .plays([hello("later"), hello("third"), keeps("later", true)])
        .plays([
            delivers(json!({ "to": "third" }), 201),
            reads(1, 1),
            right(),
        ]),
        case(
            "into-open-channel",
            "message_3 comes to an open channel's connection",
            "HS-4",
        )
        .plays([hello("later"), keeps("later", true)])
        .plays([
            delivers(json!({ "to": "alice" }), 212),
            reads(1, 1),
            right(),
        ]),
        case(
            "unknown-connection",
            "message_3 names no connection",
            "HS-4",
        )
        .plays([hello("later"), keeps("later", true)])
        .does(delivers(
            json!({ "spoil": { "at": "frame", "path": [1], "replace": "480000000000000000" } }),
            212,
        ))
        .plays([reads(1, 1), right()]),
        case(
            "record-too-early",
            "a record comes before message_3",
            "HS-4",
        )
        .does(device(
            "verify",
            json!({ "keep": "three", "unsent": true }),
            json!({}),
        ))
        .plays([
            hello("later"),
            delivers(json!({ "to": "later" }), 212),
            reads(1, 1),
        ]),
        spoilt(
            "frame-message-2",
            "the frame says that it holds message_2",
            107,
            "ENC-12",
            json!({ "path": [0], "replace": "02" }),
        ),
        spoilt(
            "frame-unknown-type",
            "the frame's type is not registered",
            107,
            "ENC-12",
            json!({ "path": [0], "replace": "06" }),
        ),
        spoilt(
            "frame-empty",
            "the frame is empty",
            100,
            "ENC-2",
            json!({ "replace": "" }),
        ),
        spoilt(
            "frame-trailing",
            "a byte follows the frame",
            104,
            "ENC-8",
            json!({ "append": "00" }),
        ),
        spoilt(
            "frame-tag",
            "the frame is tagged",
            102,
            "ENC-6",
            json!({ "replace": "c0820140" }),
        ),
        spoilt(
            "frame-second-message",
            "a frame of a server comes",
            212,
            "HS-4",
            json!({ "replace": "83024101 4101".replace(' ', "") }),
        ),
        spoilt(
            "frame-no-id",
            "the frame's connection identifier is empty",
            107,
            "ENC-12",
            json!({ "replace": "8304404100" }),
        ),
        spoilt(
            "frame-long-id",
            "the frame's connection identifier has nine bytes",
            107,
            "ENC-12",
            json!({ "replace": format!("830449{}4100", "11".repeat(9)) }),
        ),
    ]
}
