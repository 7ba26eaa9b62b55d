//! `static.key.*`: key ids.

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::case::{Case, Expect, Group, Kind, Level, Object, Role, StaticStep, Step};
use crate::flags;
use crate::seed::Seed;

/// The generator of P-256 (SP 800-186 section 3.2.1.3): the public key whose private key is one.
const GENERATOR: &str = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
                         4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

/// Key ids, for a known point and for bytes that no one chose.
pub fn group(seed: Seed) -> Group {
    let mut group = Group::new(
        "static-key",
        "Key ids: the first 16 bytes of a key's thumbprint.",
    );
    let mut smoke = kid(
        "static.key.thumbprint-generator",
        "the id of the generator point",
        GENERATOR,
    );
    smoke.flags.push(flags::SMOKE.to_owned());
    group.cases.push(smoke);
    for number in 1..=3_u8 {
        let name = format!("static.key.thumbprint-{number}");
        let key: [u8; 64] = seed.bytes(&name);
        group.cases.push(kid(
            &name,
            "the id of a key drawn at random",
            &hex::encode(key),
        ));
    }
    group
}

/// RFC 9679: SHA-256 over the CBOR map {1: 2, -1: 1, -2: x, -3: y}, written out by hand.
fn kid(id: &str, title: &str, key: &str) -> Case {
    let (x, y) = key.split_at(64);
    let cose_key = format!("a40102 2001 215820{x} 225820{y}").replace(' ', "");
    let thumbprint = Sha256::digest(hex::decode(cose_key).unwrap_or_default());
    Case {
        id: id.to_owned(),
        since: "0.1.0".to_owned(),
        title: title.to_owned(),
        why: "Two sides that name one key differently never find each other's signatures."
            .to_owned(),
        requirements: vec!["KID-1".to_owned()],
        level: Level::Must,
        role: Role::Static,
        capabilities: Vec::new(),
        kind: Kind::Positive,
        flags: Vec::new(),
        steps: vec![Step::Static(StaticStep {
            op: "key.thumbprint".to_owned(),
            args: object(json!({ "key": key })),
            expect: Expect::Ok(object(json!({ "kid": hex::encode(&thumbprint[..16]) }))),
        })],
    }
}

fn object(value: serde_json::Value) -> Object {
    match value {
        serde_json::Value::Object(object) => object,
        other => Object::from_iter([("value".to_owned(), other)]),
    }
}
