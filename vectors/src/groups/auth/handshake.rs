//! `auth.handshake.*`: message_1 and what a server says to one that it does not know.

use serde_json::{Value, json};

use super::{
    Fault, alice, answered, backend, claim, device, group_of, hello, later, login, network,
    read_account, read_session, session, settled, untouched,
};
use crate::author::{positive, turn};
use crate::case::{Actor, Case, Group};

/// Handshakes, right and spoilt.
pub fn group() -> Group {
    let base = answered_case();
    let mut cases = vec![base.clone()];
    cases.extend(rights());
    cases.extend(hellos().iter().map(|fault| {
        let spoilt = hello(fault.with.clone(), fault.expect.clone());
        fault.of(
            &base,
            [alice(), vec![session(json!({})), spoilt], untouched()].concat(),
        )
    }));
    cases.extend(unavailable(&base));
    group_of(
        "auth-handshake",
        "Handshakes: versions, parameters, and nothing revealed without the nonce.",
        cases,
    )
}

fn answered_case() -> Case {
    positive(
        "auth.handshake.answered",
        "a device claims a session and logs in",
    )
    .why("A server that answers what it should refuse helps whoever asks.")
    .requires(&["HS-1", "HS-2", "SES-2", "VER-2", "PAR-6"])
    .steps(alice())
    .steps(vec![
        session(json!({})),
        hello(json!({}), answered()),
        claim(json!({}), settled("confirm", "alice")),
    ])
}

fn rights() -> Vec<Case> {
    let greeted =
        |id: &str, title: &str, requires: &[&str], server: Value, said: Value, expect: Value| {
            positive(&format!("auth.handshake.{id}"), title)
            .why("Who offers more than the server knows has to be understood today and tomorrow.")
            .requires(requires)
            .steps(vec![backend("configure", server)])
            .steps(alice())
            .steps(vec![
                session(json!({})),
                hello(said, expect),
                claim(json!({}), settled("confirm", "alice")),
            ])
        };
    let two = || json!({ "versions": [[1, 0], [1, 1]] });
    let chosen = |version: [u16; 2], parameters: bool| json!({ "version": version, "parameters": parameters });
    let mut cases = vec![
        greeted(
            "highest-version",
            "both sides have two versions",
            &["VER-2"],
            two(),
            json!({ "versions": [[1, 0], [1, 1]] }),
            chosen([1, 1], true),
        ),
        greeted(
            "newer-device",
            "the device has a version that the server has not",
            &["VER-2"],
            json!({}),
            json!({ "versions": [[1, 0], [2, 0]] }),
            chosen([1, 0], true),
        ),
        greeted(
            "newer-server",
            "the server has a version that the device has not",
            &["VER-2"],
            two(),
            json!({}),
            chosen([1, 0], true),
        ),
        greeted(
            "eight-versions",
            "the device has eight versions",
            &["VER-2", "ENC-12"],
            json!({}),
            json!({ "versions": [[1, 0], [1, 1], [1, 2], [1, 3], [2, 0], [2, 1], [2, 2], [3, 0]] }),
            chosen([1, 0], true),
        ),
        greeted(
            "epoch-known",
            "the device knows the current parameters",
            &["PAR-6"],
            json!({ "epoch": 9 }),
            json!({ "epoch": 9 }),
            chosen([1, 0], false),
        ),
        greeted(
            "epoch-older",
            "the device knows older parameters",
            &["PAR-6"],
            json!({ "epoch": 9 }),
            json!({ "epoch": 8 }),
            chosen([1, 0], true),
        ),
    ];
    let case = |id: &str, title: &str, requires: &[&str], steps| {
        positive(&format!("auth.handshake.{id}"), title)
            .why("The network can lose, repeat and invent messages; that must not end a login.")
            .requires(requires)
            .steps(alice())
            .steps(vec![session(json!({}))])
            .steps(steps)
    };
    cases.push(case(
        "message-1-twice",
        "message_1 arrives twice, and the first message_2 is answered",
        &["HS-7"],
        vec![
            hello(json!({}), answered()),
            network(
                "replay",
                json!({ "what": "message_1" }),
                json!({ "answer": "another" }),
            ),
            claim(json!({}), settled("confirm", "alice")),
        ],
    ));
    cases.push(case(
        "two-at-once",
        "a device begins twice, and ends the first handshake",
        &["HS-4", "SES-5"],
        vec![
            hello(json!({ "as": "first" }), answered()),
            hello(json!({ "as": "second" }), answered()),
            claim(json!({ "on": "first" }), settled("confirm", "alice")),
            read_session(json!({ "state": "confirmed", "account": "alice" })),
        ],
    ));
    cases
}

#[rustfmt::skip] // a table
fn hellos() -> Vec<Fault> {
    let fault = |id, change, requires, flag, kills, with, expect| Fault {
        id, change, requires, flag, kills, with, expect,
    };
    let purpose = |id, change, number: u64| fault(id, change, &["HS-9"], "purpose-confusion", "hello.purpose",
        json!({ "purpose": number }), json!({ "error": 210 }));
    let hidden = |id, change, with| fault(id, change, &["SES-3"], "replay", "claim.proof", with, json!({ "error": 300 }));
    let ead = |id, change, requires, flag, kills, spoil: Value, code: u16| fault(id, change, requires, flag, kills,
        json!({ "spoil": spoil }), json!({ "error": code }));
    let edhoc = |id, change, requires, flag, kills, spoil: Value, code: u16| fault(id, change, requires, flag, kills,
        json!({ "spoil": spoil }), json!({ "rejected": code }));
    vec![
        fault("other-server", "it names another server", &["HS-8"], "key-confusion", "hello.server", json!({ "server": "other" }), json!({ "error": 208 })),
        fault("no-common-version", "it offers no version that the server has", &["VER-2"], "downgrade", "hello.version",
            json!({ "versions": [[0, 9], [2, 0]] }), json!({ "error": 202 })),
        purpose("purpose-app-login", "it is for an app login", 3),
        purpose("purpose-headless", "it is for a headless account", 4),
        purpose("purpose-upgrade", "it is for an upgrade", 5),
        purpose("purpose-factor", "it is for the factor server", 6),
        purpose("purpose-action", "it is for an action", 7),
        purpose("purpose-pin-change", "it is for a change of the PIN", 8),
        hidden("no-claim", "it claims nothing", json!({ "claim": null })),
        hidden("unknown-session", "it claims a session that does not exist", json!({ "id": "other" })),
        hidden("no-nonce", "its sender knows the session's id and not its nonce", json!({ "proof": { "nonce": "other" } })),
        hidden("proof-for-server", "its nonce proof is for another server", json!({ "proof": { "server": "other" } })),
        hidden("proof-for-purpose", "its nonce proof is for another purpose", json!({ "proof": { "purpose": 2 } })),
        hidden("proof-for-handshake", "its nonce proof is of another handshake", json!({ "proof": { "g_x": "other" } })),
        fault("session-as-enrolment", "it claims the session for an enrolment", &["SES-3", "SES-4"], "purpose-confusion", "claim.kind",
            json!({ "purpose": 2 }), json!({ "error": 300 })),
        ead("versions-empty", "it offers no version at all", &["ENC-12"], "structure", "structure.range", json!({ "at": "ead_1", "path": [0], "replace": "80" }), 107),
        ead("versions-nine", "it offers nine versions", &["ENC-14"], "limit", "structure.range",
            json!({ "at": "ead_1", "path": [0], "replace": "89820100820101820102820103820104820105820106820107820108" }), 107),
        ead("versions-null", "its versions are null", &["ENC-12"], "structure", "structure.null", json!({ "at": "ead_1", "path": [0], "replace": "f6" }), 107),
        ead("purpose-unknown", "its purpose is not registered", &["ENC-12"], "purpose-confusion", "structure.registered", json!({ "at": "ead_1", "path": [1], "replace": "0c" }), 107),
        ead("purpose-non-shortest", "its purpose is encoded in two bytes", &["ENC-3"], "non-canonical", "cbor.shortest", json!({ "at": "ead_1", "path": [1], "replace": "1801" }), 101),
        ead("server-short", "its server id has 15 bytes", &["ENC-12"], "structure", "structure.type",
            json!({ "at": "ead_1", "path": [2], "replace": format!("4f{}", "01".repeat(15)) }), 107),
        ead("epoch-negative", "its epoch is negative", &["ENC-12"], "structure", "structure.range", json!({ "at": "ead_1", "path": [3], "replace": "20" }), 107),
        ead("epoch-float", "its epoch is a float", &["ENC-6"], "non-canonical", "cbor.forbidden", json!({ "at": "ead_1", "path": [3], "replace": "f90000" }), 102),
        ead("epoch-undefined", "its epoch is undefined", &["ENC-6"], "non-canonical", "cbor.forbidden", json!({ "at": "ead_1", "path": [3], "replace": "f7" }), 102),
        ead("claim-without-proof", "its claim has no proof", &["ENC-12"], "structure", "structure.arity", json!({ "at": "ead_1", "path": [4, 1], "remove": true }), 107),
        ead("claim-proof-null", "its proof is null", &["ENC-12"], "structure", "structure.null", json!({ "at": "ead_1", "path": [4, 1], "replace": "f6" }), 107),
        ead("ead-1-shorter", "EAD_1 has one element less", &["ENC-12"], "structure", "structure.arity", json!({ "at": "ead_1", "path": [4], "remove": true }), 107),
        ead("ead-1-longer", "EAD_1 has one element more", &["ENC-12"], "structure", "structure.arity", json!({ "at": "ead_1", "path": [5], "insert": "f6" }), 107),
        ead("ead-1-trailing", "a byte follows EAD_1", &["ENC-8"], "structure", "cbor.trailing", json!({ "at": "ead_1", "append": "00" }), 104),
        ead("ead-1-truncated", "EAD_1 is cut off", &["ENC-2"], "structure", "cbor.truncated", json!({ "at": "ead_1", "truncate": 1 }), 100),
        ead("ead-1-indefinite", "EAD_1's array has no length but an end", &["ENC-4"], "non-canonical", "cbor.indefinite", json!({ "at": "ead_1", "replace": "9fff" }), 101),
        ead("ead-1-empty", "EAD_1 is empty", &["HS-2", "ENC-2"], "structure", "cbor.truncated", json!({ "at": "ead_1", "replace": "" }), 100),
        edhoc("method-1", "its method is 1", &["HS-1"], "algorithm-confusion", "edhoc.method", json!({ "at": "message_1", "path": [0], "replace": "01" }), 200),
        edhoc("method-2", "its method is 2", &["HS-1"], "algorithm-confusion", "edhoc.method", json!({ "at": "message_1", "path": [0], "replace": "02" }), 200),
        edhoc("method-3", "its method is 3", &["HS-1"], "algorithm-confusion", "edhoc.method", json!({ "at": "message_1", "path": [0], "replace": "03" }), 200),
        edhoc("suite-0", "its cipher suite is 0", &["HS-1", "HS-5"], "downgrade", "edhoc.suite", json!({ "at": "message_1", "path": [1], "replace": "00" }), 200),
        edhoc("suite-2", "its cipher suite is 2", &["HS-1", "HS-5"], "downgrade", "edhoc.suite", json!({ "at": "message_1", "path": [1], "replace": "02" }), 200),
        edhoc("g-x-short", "its ephemeral key has 31 bytes", &["HS-3"], "invalid-point", "edhoc.g-x",
            json!({ "at": "message_1", "path": [2], "replace": format!("581f{}", "09".repeat(31)) }), 201),
        edhoc("ead-label-other", "its EAD item has another label, and is critical", &["HS-2"], "structure", "edhoc.ead-critical", json!({ "at": "message_1", "path": [4], "replace": "398000" }), 209),
        edhoc("ead-not-critical", "its EAD item is not critical", &["HS-2"], "structure", "edhoc.ead-critical", json!({ "at": "message_1", "path": [4], "replace": "198000" }), 209),
        edhoc("ead-missing", "there is padding in the place of its EAD item", &["HS-2"], "structure", "edhoc.ead-missing", json!({ "at": "message_1", "path": [4], "replace": "00" }), 209),
        edhoc("ead-no-value", "its EAD item has no value", &["HS-2"], "structure", "edhoc.ead-value", json!({ "at": "message_1", "path": [5], "remove": true }), 209),
        edhoc("ead-twice", "its EAD item is there twice", &["HS-2"], "structure", "edhoc.ead-twice", json!({ "at": "message_1", "path": [6], "insert": "397fff40" }), 209),
        edhoc("ead-unknown-critical", "there is a critical item that nobody knows", &["HS-2"], "structure", "edhoc.ead-critical", json!({ "at": "message_1", "path": [6], "insert": "2640" }), 209),
        edhoc("frame-trailing", "a byte follows its frame", &["ENC-8"], "structure", "cbor.trailing", json!({ "at": "frame_1", "append": "00" }), 104),
        edhoc("frame-longer", "its frame has one element more", &["ENC-12"], "structure", "structure.arity", json!({ "at": "frame_1", "path": [2], "insert": "f6" }), 107),
        edhoc("frame-text", "its frame has a text in the place of bytes", &["ENC-12"], "structure", "structure.type", json!({ "at": "frame_1", "path": [1], "replace": "60" }), 107),
        edhoc("frame-type", "its frame is of a type that is not registered", &["ENC-12"], "structure", "structure.registered", json!({ "at": "frame_1", "path": [0], "replace": "06" }), 107),
    ]
}

/// What has ceased to be, or never was of this kind, looks like what never was.
fn unavailable(base: &Case) -> Vec<Case> {
    let hidden = |id: &str, change: &str, requires: &[&str], kills: &str| {
        base.but(&format!("auth.handshake.{id}"), change)
            .requires(requires)
            .flagged(&["replay"])
            .kills(kills)
            .steps(alice())
    };
    let refused = || json!({ "error": 300 });
    vec![
        hidden(
            "expired-session",
            "the session expires in this second",
            &["SES-3"],
            "claim.expiry",
        )
        .steps(vec![
            session(json!({ "ttl_s": 300 })),
            later(300),
            hello(json!({}), refused()),
            read_session(json!({ "state": "new" })),
            read_account("active"),
        ]),
        hidden(
            "expired-enrolment",
            "it is an enrolment that has expired",
            &["SES-3"],
            "claim.expiry",
        )
        .steps(vec![
            later(300),
            device("hello", json!({ "enrolment": "enrolment" }), refused()),
            read_account("active"),
        ]),
        hidden(
            "settled-and-expired",
            "the session is confirmed and has expired",
            &["SES-3"],
            "claim.expiry",
        )
        .steps(vec![
            session(json!({ "ttl_s": 300 })),
            login(json!({}), settled("confirm", "alice")),
            later(300),
            hello(json!({ "as": "again" }), refused()),
            read_session(json!({ "state": "confirmed", "account": "alice" })),
        ]),
        hidden(
            "settled-without-nonce",
            "the session is confirmed and its nonce is not known",
            &["SES-3"],
            "claim.proof",
        )
        .steps(vec![
            session(json!({})),
            login(json!({}), settled("confirm", "alice")),
            hello(
                json!({ "as": "again", "proof": { "nonce": "other" } }),
                refused(),
            ),
            read_session(json!({ "state": "confirmed", "account": "alice" })),
        ]),
        hidden(
            "enrolment-as-session",
            "it claims an enrolment for a login",
            &["SES-3", "SES-4"],
            "claim.kind",
        )
        .steps(vec![
            device(
                "hello",
                json!({ "enrolment": "enrolment", "purpose": 1 }),
                refused(),
            ),
            read_account("active"),
        ]),
        hidden(
            "enrolment-without-nonce",
            "it claims an enrolment whose nonce is not known",
            &["SES-3"],
            "claim.proof",
        )
        .steps(vec![
            backend(
                "create_enrolment",
                json!({ "as": "second", "user_name": "Bob" }),
            ),
            device(
                "hello",
                json!({ "enrolment": "second", "proof": { "nonce": "other" } }),
                refused(),
            ),
            turn(
                Actor::Backend,
                "read_enrolment",
                json!({ "enrolment": "second" }),
                json!({ "state": "open" }),
            ),
        ]),
    ]
}
