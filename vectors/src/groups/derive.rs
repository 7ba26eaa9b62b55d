//! `static.derive.*`: ids, proofs and keys that are computed.

use num_bigint::BigUint;
use serde_json::{Map, Value, json};

use crate::author::{ok, positive, step};
use crate::case::{Case, Group};
use crate::cbor::Item;
use crate::crypto::{self, Key, first_16, fixed, hkdf_expand, hmac, sha256};
use crate::seed::Seed;

/// Every derivation, with each of its inputs varied.
pub fn group(seed: Seed) -> Group {
    let mut group = Group::new("static-derive", "Ids, proofs and keys that are computed.");
    group.cases.extend(session_ids(seed));
    group.cases.extend(nonce_proofs(seed));
    group.cases.extend(binds(seed));
    group.cases.extend(pin_keys(seed));
    group.cases.extend(pseudonyms(seed));
    group.cases.extend(assertion_ids(seed));
    group
}

/// SHA-256(CBOR ["countersign session id", link type, server id, nonce])
fn session_ids(seed: Seed) -> Vec<Case> {
    let server = seed.bytes::<16>("server-id");
    let case = |name: &str, title: &str, kind: u64, nonce: [u8; 32]| {
        let input = [
            "countersign session id".into(),
            kind.into(),
            Item::bytes(server),
            Item::bytes(nonce),
        ];
        positive(&format!("static.derive.session-id-{name}"), title)
            .why("A device that names the session otherwise finds none.")
            .requires(&["SES-2"])
            .does(step(
                "session.id",
                json!({ "link_type": kind, "server": hex::encode(server), "nonce": hex::encode(nonce) }),
                ok(json!({ "session_id": hex::encode(hash(&input)) })),
            ))
    };
    vec![
        case("login", "the id of a session", 1, seed.bytes("nonce")),
        case(
            "enrolment",
            "the id of an enrolment under the same nonce",
            2,
            seed.bytes("nonce"),
        ),
        case(
            "zero-nonce",
            "the id of a session whose nonce is zero",
            1,
            [0; 32],
        ),
    ]
}

/// HMAC-SHA256(nonce, CBOR ["countersign nonce proof", server id, purpose, G_X])
fn nonce_proofs(seed: Seed) -> Vec<Case> {
    let (server, g_x, nonce) = (
        seed.bytes::<16>("server-id"),
        seed.bytes::<32>("g-x"),
        seed.bytes::<32>("nonce"),
    );
    let case = |name: &str, purpose: u64, g_x: [u8; 32]| {
        let input = [
            "countersign nonce proof".into(),
            Item::bytes(server),
            purpose.into(),
            Item::bytes(g_x),
        ];
        positive(&format!("static.derive.nonce-proof-{name}"), &format!("the nonce proof for {name}"))
            .why("The server reveals nothing to a device whose proof is another.")
            .requires(&["SES-2"])
            .does(step(
                "nonce.proof",
                json!({
                    "nonce": hex::encode(nonce), "server": hex::encode(server),
                    "purpose": purpose, "g_x": hex::encode(g_x),
                }),
                ok(json!({ "proof": hex::encode(hmac(&nonce, &Item::Array(input.to_vec()).encode())) })),
            ))
    };
    vec![
        case("login", 1, g_x),
        case("enrol", 2, g_x),
        case("another-handshake", 1, seed.bytes("another g-x")),
    ]
}

/// The fields of bind-input behind the label: (argument, value in JSON, item).
fn bind_fields(seed: Seed) -> Vec<(&'static str, Value, Item)> {
    let bytes =
        |name: &'static str, bytes: &[u8]| (name, json!(hex::encode(bytes)), Item::bytes(bytes));
    let number = |name: &'static str, number: u64| (name, json!(number), Item::Uint(number));
    vec![
        bytes("server", &seed.bytes::<16>("server-id")),
        bytes("context", &seed.bytes::<32>("transcript")),
        bytes("account", &seed.bytes::<16>("account-id")),
        number("purpose", 1),
        bytes("session", &seed.bytes::<32>("session-id")),
        bytes("announce_hash", &seed.bytes::<32>("announce-hash")),
        bytes("user_input_hash", &sha256("order 66".as_bytes())),
        number("decision", 1),
        bytes("intent_hash", &seed.bytes::<32>("intent-hash")),
    ]
}

/// SHA-256 of bind-input, with everything, with each field absent, and with as little as may be.
fn binds(seed: Seed) -> Vec<Case> {
    const REQUIRED: [&str; 3] = ["server", "context", "purpose"];
    let all = bind_fields(seed);
    let optional: Vec<&str> = all
        .iter()
        .map(|field| field.0)
        .filter(|name| !REQUIRED.contains(name))
        .collect();
    let mut cases = vec![
        bind("full", "bind over everything", &all, &[]),
        bind("least", "bind over as little as may be", &all, &optional),
        bind(
            "enrolment",
            "bind for an enrolment",
            &enrolment(&all),
            &["account", "announce_hash", "intent_hash", "user_input_hash"],
        ),
    ];
    for name in &optional {
        let title = format!("bind without {}", name.replace('_', " "));
        cases.push(bind(
            &format!("without-{}", name.replace('_', "-")),
            &title,
            &all,
            &[name],
        ));
    }
    let mut declined = all.clone();
    declined[7].1 = json!(2);
    declined[7].2 = Item::Uint(2);
    cases.push(bind(
        "declined",
        "bind for the other decision",
        &declined,
        &[],
    ));
    for purpose in 2..=10_u64 {
        let mut other = all.clone();
        other[3].1 = json!(purpose);
        other[3].2 = Item::Uint(purpose);
        cases.push(bind(
            &format!("purpose-{purpose}"),
            &format!("bind for purpose {purpose}"),
            &other,
            &[],
        ));
    }
    cases
}

fn enrolment(all: &[(&'static str, Value, Item)]) -> Vec<(&'static str, Value, Item)> {
    let mut all = all.to_vec();
    all[3].1 = json!(2);
    all[3].2 = Item::Uint(2);
    all
}

fn bind(name: &str, title: &str, fields: &[(&'static str, Value, Item)], absent: &[&str]) -> Case {
    let is_there = |name: &&str| !absent.contains(name);
    let args: Map<String, Value> = fields
        .iter()
        .filter(|(name, ..)| is_there(name))
        .map(|(name, value, _)| ((*name).to_owned(), value.clone()))
        .collect();
    let mut input = vec![Item::text("countersign bind")];
    input.extend(fields.iter().map(|(name, _, item)| match is_there(name) {
        true => item.clone(),
        false => Item::Null,
    }));
    positive(&format!("static.derive.bind-{name}"), title)
        .why("An assertion for another bind than the server's own is refused, and one for the same bind is good for it.")
        .requires(&["BND-1"])
        .does(step("bind", Value::Object(args), ok(json!({ "bind": hex::encode(hash(&input)) }))))
}

/// OS2IP(HKDF-Expand(HMAC-SHA256(d_sec, CBOR [...]), "countersign pin key", 48)) mod (n - 1) + 1
fn pin_keys(seed: Seed) -> Vec<Case> {
    let d_sec = seed.bytes::<32>("d-sec");
    let case = |name: &str, title: &str, generation: u32, pin: &str| {
        let record = seed.bytes::<16>("record-id");
        let input = [
            "countersign pin".into(),
            Item::bytes(record),
            u64::from(generation).into(),
            Item::text(pin),
        ];
        let x = hmac(&d_sec, &Item::Array(input.to_vec()).encode());
        let wide = BigUint::from_bytes_be(&hkdf_expand(&x, b"countersign pin key", 48));
        let scalar = wide % (crypto::number(crypto::N) - 1_u8) + 1_u8;
        let key = Key::from_scalar(fixed(&scalar)).public();
        positive(&format!("static.derive.pin-key-{name}"), title)
            .why("A device that derives another key from the right PIN locks its user out.")
            .requires(&["PIN-2"])
            .does(step(
                "pin.key",
                json!({
                    "d_sec": hex::encode(d_sec), "record": hex::encode(record),
                    "generation": generation, "pin": pin,
                }),
                ok(json!({ "key": hex::encode(key) })),
            ))
    };
    let longest = "7".repeat(64);
    vec![
        case("digits", "the key of a PIN of digits", 1, "123456"),
        case("shortest", "the key of the shortest PIN", 1, "0000"),
        case(
            "leading-zeros",
            "the key of a PIN that is no number",
            1,
            "00001234",
        ),
        case("longest", "the key of the longest PIN", 1, &longest),
        case(
            "23-bytes",
            "the key of a PIN whose length fits its head",
            1,
            "12345678901234567890123",
        ),
        case(
            "24-bytes",
            "the key of a PIN whose length takes a byte",
            1,
            "123456789012345678901234",
        ),
        case("letters", "the key of a PIN with letters", 1, "Zo\u{eb} 7"),
        case(
            "decomposed",
            "the key of the same letters in another form",
            1,
            "Zoe\u{308} 7",
        ),
        case(
            "arabic-digits",
            "the key of a PIN in Arabic digits",
            1,
            "\u{661}\u{662}\u{663}\u{664}",
        ),
        case(
            "emoji",
            "the key of one character of four bytes",
            1,
            "\u{1f642}",
        ),
        case("blanks", "the key of a PIN with blanks around", 1, " 1234 "),
        case(
            "generation-2",
            "the key of the next generation",
            2,
            "123456",
        ),
        case(
            "generation-24",
            "the key of a generation that takes a byte",
            24,
            "123456",
        ),
        case(
            "generation-greatest",
            "the key of the last generation",
            u32::MAX,
            "123456",
        ),
    ]
}

/// HMAC-SHA256(K_sfp, CBOR ["countersign pseudonym", record id, audience]), 16 bytes
fn pseudonyms(seed: Seed) -> Vec<Case> {
    let (key, record) = (
        seed.bytes::<32>("pseudonym key"),
        seed.bytes::<16>("record-id"),
    );
    let case = |name: &str, audience: &str| {
        let audience = seed.bytes::<16>(audience);
        let input = [
            "countersign pseudonym".into(),
            Item::bytes(record),
            Item::bytes(audience),
        ];
        let subject = first_16(&hmac(&key, &Item::Array(input.to_vec()).encode()));
        positive(&format!("static.derive.pseudonym-{name}"), &format!("the pseudonym towards {name}"))
            .why("An auth server that sees another subject than at enrolment refuses the login.")
            .requires(&["AST-5"])
            .does(step(
                "pseudonym",
                json!({ "key": hex::encode(key), "record": hex::encode(record), "audience": hex::encode(audience) }),
                ok(json!({ "pseudonym": hex::encode(subject) })),
            ))
    };
    vec![
        case("one-server", "server-id"),
        case("another-server", "another server-id"),
    ]
}

/// SHA-256(CBOR ["countersign assertion id", record id, request number]), 16 bytes
fn assertion_ids(seed: Seed) -> Vec<Case> {
    let record = seed.bytes::<16>("record-id");
    let case = |number: u64| {
        let input = [
            "countersign assertion id".into(),
            Item::bytes(record),
            number.into(),
        ];
        positive(
            &format!("static.derive.assertion-id-{number}"),
            &format!("the id of the assertion for request {number}"),
        )
        .why("An assertion under two ids is accepted twice.")
        .requires(&["AST-8", "FAC-4"])
        .does(step(
            "assertion.id",
            json!({ "record": hex::encode(record), "request_number": number }),
            ok(json!({ "assertion_id": hex::encode(first_16(&hash(&input))) })),
        ))
    };
    [1, 23, 24, 255, 256, 65_536, 1 << 32, (1 << 53) - 1]
        .map(case)
        .to_vec()
}

fn hash(input: &[Item]) -> [u8; 32] {
    sha256(&Item::Array(input.to_vec()).encode())
}
