//! `static.key.*`: key ids.

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::author::{ok, positive, step};
use crate::case::{Case, Group};
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
    let generator = "static.key.thumbprint-generator";
    group.cases.push(
        thumbprint(generator, "the id of the generator point", GENERATOR).flagged(&[flags::SMOKE]),
    );
    for number in 1..=3_u8 {
        let id = format!("static.key.thumbprint-{number}");
        let key: [u8; 64] = seed.bytes(&id);
        group.cases.push(thumbprint(
            &id,
            "the id of a key drawn at random",
            &hex::encode(key),
        ));
    }
    group
}

/// RFC 9679: SHA-256 over the CBOR map {1: 2, -1: 1, -2: x, -3: y}, written out by hand.
fn thumbprint(id: &str, title: &str, key: &str) -> Case {
    let (x, y) = key.split_at(64);
    let cose_key = format!("a40102 2001 215820{x} 225820{y}").replace(' ', "");
    let digest = Sha256::digest(hex::decode(cose_key).unwrap_or_default());
    positive(id, title)
        .why("Two sides that name one key differently never find each other's signatures.")
        .requires(&["KID-1"])
        .does(step(
            "key.thumbprint",
            json!({ "key": key }),
            ok(json!({ "kid": hex::encode(&digest[..16]) })),
        ))
}
