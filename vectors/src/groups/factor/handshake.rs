//! `factor.handshake.*`: who may talk to a factor server, and what for.

use serde_json::{Value, json};

use super::steps::*;
use crate::author::positive;
use crate::case::{Case, Group};

const WHY: &str = "Whoever is let in without being who he says can spend another's attempts.";

/// Handshakes towards a factor server.
pub fn group() -> Group {
    let base = positive(
        "factor.handshake.first",
        "a device connects for the first time",
    )
    .why(WHY)
    .requires(&["HS-1", "HS-2", "HS-11", "PAR-6", "STA-1", "VER-2"])
    .does(connects())
    .does(reads_nothing("alice"));
    let mut cases = vec![base.clone()];
    cases.extend(positives());
    cases.extend(hellos(&base));
    cases.extend(messages_1(&base));
    cases.extend(claims(&base));
    cases.extend(frames(&base));
    super::steps::group(
        "factor-handshake",
        "Handshakes with a factor server: versions, purpose, and who the device is.",
        cases,
    )
}

/// A device with a record, one failure behind it.
fn known(case: Case) -> Case {
    case.plays(enrolled()).does(wrong(1))
}

fn positives() -> Vec<Case> {
    let case = |id: &str, title: &str| positive(&format!("factor.handshake.{id}"), title).why(WHY);
    let connect = |with: Value| device("connect", with, json!({ "record": null }));
    let claims = |keep: &str| device("claim", json!({ "keep": keep }), json!({ "record": null }));
    let hello = || device("hello", json!({}), json!({}));
    let delivers = |expect: Value| network("deliver", json!({ "frame": "three" }), expect);
    vec![
        case("known-epoch", "the device knows the current parameters")
            .requires(&["PAR-6"])
            .does(connect(json!({ "epoch": 3 }))),
        case("old-epoch", "the device knows older parameters")
            .requires(&["PAR-6"])
            .does(connect(json!({ "epoch": 2 }))),
        case("more-versions", "the device offers versions that the server does not have")
            .requires(&["VER-2"])
            .does(connect(json!({ "versions": [[1, 0], [1, 1], [1, 9], [2, 0]] }))),
        case("highest-version", "both have two versions")
            .requires(&["VER-2"])
            .does(factor("configure", json!({ "versions": [[1, 1], [1, 2]] }), json!({})))
            .does(connect(json!({ "versions": [[1, 1], [1, 2]] }))),
        case("lower-version", "the device has only the lower of the server's versions")
            .requires(&["VER-2"])
            .does(factor("configure", json!({ "versions": [[1, 1], [1, 2]] }), json!({})))
            .does(connect(json!({ "versions": [[1, 1]] }))),
        case("eight-versions", "the device offers eight versions")
            .requires(&["VER-2"])
            .does(connect(json!({ "versions": [[1, 1], [2, 0], [2, 1], [2, 2], [2, 3], [2, 4], [2, 5], [2, 6]] }))),
        case("high-s", "Signature_3 has the higher s")
            .requires(&["SIG-4"])
            .does(connect(json!({ "high_s": true }))),
        case("by-value-again", "a device with a record comes by value")
            .requires(&["CRED-2", "HS-13"])
            .plays(enrolled())
            .does(device("connect", json!({ "channel": "later" }), json!({ "record": status(0, 0) }))),
        case("repeated", "message_3 comes again after 179 seconds")
            .requires(&["HS-6"])
            .plays([hello(), claims("three"), delivers(json!({ "out": "the same" }))])
            .plays([later(179), delivers(json!({ "out": "the same" }))])
            .plays([creates(json!({})), right()]),
        case("repeated-after-create", "message_3 comes again after a CREATE")
            .requires(&["HS-6"])
            .plays([hello(), claims("three"), creates(json!({})), delivers(json!({ "out": "the same" }))])
            .plays([right(), reads(0, 1)]),
        case("flipped-first", "a flipped message_3 comes before the right one")
            .requires(&["HS-3", "HS-4"])
            .does(hello())
            .does(device("claim", json!({ "keep": "three", "unsent": true }), json!({})))
            .does(network("deliver", json!({ "frame": "three", "spoil": { "at": "frame", "flip_bit": 400 } }), json!({ "rejected": 201 })))
            .does(delivers(json!({ "record": null })))
            .plays([creates(json!({})), right()]),
        case("error-injected", "anybody sends an error message into an open channel")
            .requires(&["HS-5"])
            .plays(enrolled())
            .does(wrong(1))
            .does(network("error", json!({}), json!({})))
            .plays([reads(1, 1), right()]),
    ]
}

/// EAD_1 asks for what a factor server does not give.
fn hellos(base: &Case) -> Vec<Case> {
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

/// message_1 is not EDHOC's, or not ours.
fn messages_1(base: &Case) -> Vec<Case> {
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

/// message_3: who it is by, and what it says.
fn claims(base: &Case) -> Vec<Case> {
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

/// Frames that come at a wrong time or place.
fn frames(base: &Case) -> Vec<Case> {
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
