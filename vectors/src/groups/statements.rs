//! `static.statement.*`: COSE_Sign1 statements, right and spoiled in each of their parts.

use serde_json::json;

use super::samples;
use crate::author::{ok, positive, reject, step};
use crate::case::{Case, Expect, Group, Step};
use crate::cbor::Item;
use crate::crypto::{ESP256, Key, N, Statement, fixed, number, protected};
use crate::seed::Seed;

/// The statements that travel: (rule, label, the context's names in the seed).
const KINDS: [Kind; 4] = [
    ("parameters", "countersign parameters", &["server-id"]),
    ("identity", "countersign identity", &["server-id"]),
    ("voucher", "countersign voucher", &["factor-server"]),
    (
        "assertion",
        "countersign assertion",
        &["server-id", "factor-server"],
    ),
];

type Kind = (&'static str, &'static str, &'static [&'static str]);

/// A statement with who signed it and for whom.
struct Scene {
    rule: &'static str,
    statement: Statement,
    key: Key,
    context: Item,
}

impl Scene {
    fn new(seed: Seed, (rule, label, context): Kind) -> Scene {
        let key = Key::named(seed, &format!("{rule} signer"));
        let payload = samples::find(seed, rule).item();
        let context = Vec::from_iter(
            context
                .iter()
                .map(|name| Item::bytes(seed.bytes::<16>(name))),
        );
        Scene {
            rule,
            statement: Statement::new(label, context.clone(), &payload, key.kid()),
            key,
            context: Item::Array(context),
        }
    }

    fn verify(&self, bytes: &[u8], expect: Expect) -> Step {
        self.verify_with(&self.key.public(), bytes, expect)
    }

    fn verify_with(&self, key: &[u8; 64], bytes: &[u8], expect: Expect) -> Step {
        let args = json!({
            "type": self.rule, "bytes": hex::encode(bytes),
            "key": hex::encode(key), "context": hex::encode(self.context.encode()),
        });
        step("cose.verify", args, expect)
    }

    fn base(&self) -> Case {
        positive(
            &format!("static.statement.{}", self.rule),
            &format!("a statement of {} verifies", self.rule),
        )
        .why("A good statement that is refused locks its user out.")
        .requires(&["COSE-1", "COSE-4"])
        .does(self.verify(
            &self.statement.sign(&self.key),
            ok(json!({ "payload": hex::encode(&self.statement.payload) })),
        ))
    }
}

/// A spoiled statement: id, change, bytes, code.
type Spoiled = (&'static str, &'static str, Vec<u8>, u16);

/// Every kind of statement, and one of them spoiled in every way.
pub fn group(seed: Seed) -> Group {
    let mut group = Group::new(
        "static-statement",
        "COSE_Sign1 statements, right and spoiled in each of their parts.",
    );
    for kind in KINDS {
        let scene = Scene::new(seed, kind);
        let base = scene.base();
        group.cases.extend(for_each_kind(seed, &scene, &base));
        group.cases.push(base);
    }
    let scene = Scene::new(seed, KINDS[3]);
    let base = scene.base();
    let mut add = |requirement, kills, flag, why, cases: Vec<Spoiled>| {
        group
            .cases
            .extend(cases.into_iter().map(|(id, change, bytes, code)| {
                base.but(&format!("static.statement.{id}"), change)
                    .why(why)
                    .requires(&[requirement])
                    .flagged(&[flag])
                    .kills(kills)
                    .does(scene.verify(&bytes, reject(code)))
            }));
    };
    add(
        "COSE-1",
        "cose.protected",
        "algorithm-confusion",
        "Whoever chooses how a signature is checked chooses one that he can make.",
        protected_headers(&scene),
    );
    add(
        "COSE-2",
        "cose.unprotected",
        "algorithm-confusion",
        "What stands outside of the signature is anybody's word.",
        unprotected_headers(&scene),
    );
    add(
        "ENC-12",
        "structure.type",
        "structure",
        "A statement that is taken apart in two ways is two statements.",
        structures(&scene),
    );
    add(
        "COSE-4",
        "cose.external-aad",
        "purpose-confusion",
        "What was signed for one server or one use is good for another one.",
        contexts(seed, &scene),
    );
    add(
        "COSE-5",
        "signature.verify",
        "structure",
        "A statement that nobody signed is anybody's.",
        contents(seed, &scene),
    );
    add(
        "SIG-2",
        "signature.range",
        "zero-signature",
        "A signature that verifies without the key is good for everyone.",
        ranges(&scene),
    );
    group.cases.extend(keys(seed, &scene, &base));
    group.cases.extend(encodings(&scene, &base));
    group
}

/// What is tried with every kind of statement.
fn for_each_kind(seed: Seed, scene: &Scene, base: &Case) -> Vec<Case> {
    let id = |name: &str| format!("static.statement.{}-{name}", scene.rule);
    let key = &scene.key;
    let other = Key::named(seed, "another signer");
    let tbs = scene.statement.to_be_signed();
    let mut flipped = scene.statement.clone();
    *flipped.payload.last_mut().expect("a payload") ^= 1;
    let mut elsewhere = scene.statement.clone();
    elsewhere.context = vec![Item::bytes(seed.bytes::<16>("another server-id"))];
    vec![
        base.but(&id("high-s"), "s is high")
            .why("Two signatures for one statement let a repeat pass for something new.")
            .requires(&["SIG-3"])
            .flagged(&["malleable-signature"])
            .kills("signature.low-s")
            .does(scene.verify(
                &scene.statement.with_signature(&key.sign_high(&tbs)),
                reject(112),
            )),
        base.but(
            &id("altered"),
            "one bit of the payload is flipped after signing",
        )
        .why("A statement that can be altered is nobody's.")
        .requires(&["COSE-5"])
        .flagged(&["structure"])
        .kills("signature.verify")
        .does(scene.verify(&flipped.with_signature(&key.sign(&tbs)), reject(113))),
        base.but(
            &id("other-key"),
            "another key signed it, under the right kid",
        )
        .why("A statement by anyone's key is anybody's.")
        .requires(&["COSE-5"])
        .flagged(&["key-confusion"])
        .kills("signature.verify")
        .does(scene.verify(
            &scene.statement.with_signature(&other.sign(&tbs)),
            reject(113),
        )),
        base.but(&id("other-context"), "it is for another server")
            .why("What one server was told is repeated to another one.")
            .requires(&["COSE-4"])
            .flagged(&["purpose-confusion"])
            .kills("cose.external-aad")
            .does(scene.verify(&elsewhere.sign(key), reject(113))),
    ]
}

fn protected_headers(scene: &Scene) -> Vec<Spoiled> {
    let kid = || (Item::Uint(4), Item::bytes(scene.key.kid()));
    let alg = |algorithm: Item| (Item::Uint(1), algorithm);
    let with = |header: Vec<u8>| {
        Statement {
            protected: header,
            ..scene.statement.clone()
        }
        .sign(&scene.key)
    };
    let map = |entries: &[(Item, Item)]| with(protected(entries));
    let short_kid = Item::bytes(&scene.key.kid()[..8]);
    let long_kid = Item::bytes([&scene.key.kid()[..], &scene.key.kid()[..]].concat());
    let critical = (Item::Uint(2), Item::Array(vec![Item::Uint(99)]));
    vec![
        (
            "alg-es256",
            "alg is -7, ES256",
            map(&[alg(Item::Negative(6)), kid()]),
            110,
        ),
        (
            "alg-eddsa",
            "alg is -8, EdDSA",
            map(&[alg(Item::Negative(7)), kid()]),
            110,
        ),
        (
            "alg-es384",
            "alg is -35, ES384",
            map(&[alg(Item::Negative(34)), kid()]),
            110,
        ),
        (
            "alg-hmac",
            "alg is 5, HMAC",
            map(&[alg(Item::Uint(5)), kid()]),
            110,
        ),
        (
            "alg-reserved",
            "alg is 0, reserved",
            map(&[alg(Item::Uint(0)), kid()]),
            110,
        ),
        (
            "alg-text",
            "alg is a text",
            map(&[alg(Item::text("ESP256")), kid()]),
            110,
        ),
        (
            "alg-null",
            "alg is null",
            map(&[alg(Item::Null), kid()]),
            110,
        ),
        ("alg-missing", "alg is missing", map(&[kid()]), 110),
        ("kid-missing", "kid is missing", map(&[alg(ESP256)]), 110),
        (
            "kid-short",
            "kid has 8 bytes",
            map(&[alg(ESP256), (Item::Uint(4), short_kid)]),
            110,
        ),
        (
            "kid-long",
            "kid has 32 bytes",
            map(&[alg(ESP256), (Item::Uint(4), long_kid)]),
            110,
        ),
        (
            "kid-text",
            "kid is a text",
            map(&[alg(ESP256), (Item::Uint(4), Item::text("0123456789abcdef"))]),
            110,
        ),
        (
            "protected-empty",
            "the protected header is empty",
            with(Vec::new()),
            110,
        ),
        (
            "protected-empty-map",
            "the protected header is an empty map",
            map(&[]),
            110,
        ),
        (
            "protected-critical",
            "a critical header is unknown",
            map(&[alg(ESP256), critical, kid(), (Item::Uint(99), Item::Null)]),
            110,
        ),
        (
            "protected-critical-empty",
            "the list of critical headers is empty",
            map(&[alg(ESP256), (Item::Uint(2), Item::Array(vec![])), kid()]),
            110,
        ),
        (
            "protected-content-type",
            "there is a content type",
            map(&[alg(ESP256), (Item::Uint(3), Item::Uint(60)), kid()]),
            110,
        ),
        (
            "protected-iv",
            "there is an IV",
            map(&[alg(ESP256), kid(), (Item::Uint(5), Item::bytes([0; 12]))]),
            110,
        ),
        (
            "protected-unsorted",
            "its entries are unsorted",
            map(&[kid(), alg(ESP256)]),
            110,
        ),
        (
            "protected-duplicate",
            "alg is there twice",
            map(&[alg(ESP256), alg(ESP256), kid()]),
            110,
        ),
        (
            "protected-long",
            "alg takes one byte too many",
            map(&[alg(Item::raw("3808")), kid()]),
            110,
        ),
        (
            "protected-trailing",
            "a byte follows in the header",
            with([protected(&[alg(ESP256), kid()]), vec![0]].concat()),
            110,
        ),
        (
            "protected-array",
            "the header is an array",
            with(Item::Array(vec![ESP256, kid().1]).encode()),
            110,
        ),
    ]
}

fn unprotected_headers(scene: &Scene) -> Vec<Spoiled> {
    let kid = || (Item::Uint(4), Item::bytes(scene.key.kid()));
    let alg = || (Item::Uint(1), ESP256);
    let with = |header: Vec<u8>, entries: &[(Item, Item)]| {
        let unprotected = Item::Map(entries.to_vec());
        Statement {
            protected: header,
            unprotected,
            ..scene.statement.clone()
        }
        .sign(&scene.key)
    };
    let right = || scene.statement.protected.clone();
    vec![
        (
            "unprotected-alg-only",
            "alg is in the unprotected header only",
            with(protected(&[kid()]), &[alg()]),
            110,
        ),
        (
            "unprotected-alg-too",
            "alg is in both headers",
            with(right(), &[alg()]),
            110,
        ),
        (
            "unprotected-alg-other",
            "the unprotected header has another alg",
            with(right(), &[(Item::Uint(1), Item::Negative(6))]),
            110,
        ),
        (
            "unprotected-kid-only",
            "kid is in the unprotected header only",
            with(protected(&[alg()]), &[kid()]),
            110,
        ),
        (
            "unprotected-kid-too",
            "kid is in both headers",
            with(right(), &[kid()]),
            110,
        ),
        (
            "unprotected-all",
            "both are in the unprotected header only",
            with(Vec::new(), &[alg(), kid()]),
            110,
        ),
        (
            "unprotected-unknown",
            "an unknown entry is in the unprotected header",
            with(right(), &[(Item::Uint(99), Item::Null)]),
            110,
        ),
    ]
}

fn structures(scene: &Scene) -> Vec<Spoiled> {
    let statement = &scene.statement;
    let signature = Item::bytes(scene.key.sign(&statement.to_be_signed()));
    let parts = || {
        vec![
            Item::bytes(&statement.protected),
            Item::Map(vec![]),
            Item::bytes(&statement.payload),
            signature.clone(),
        ]
    };
    let with = |at: usize, item: Item| {
        let mut parts = parts();
        parts[at] = item;
        Item::Array(parts).encode()
    };
    let header = Item::Map(vec![
        (Item::Uint(1), ESP256),
        (Item::Uint(4), Item::bytes(scene.key.kid())),
    ]);
    let mut longer = parts();
    longer.push(Item::Null);
    let Item::Bytes(raw) = &signature else {
        unreachable!("made of bytes above")
    };
    let der = [
        &[0x30, 0x44, 0x02, 0x20],
        &raw[..32],
        &[0x02, 0x20],
        &raw[32..],
    ]
    .concat();
    vec![
        (
            "protected-map",
            "the protected header is a map",
            with(0, header),
            107,
        ),
        (
            "unprotected-null",
            "the unprotected header is null",
            with(1, Item::Null),
            107,
        ),
        (
            "unprotected-array",
            "the unprotected header is an array",
            with(1, Item::Array(vec![])),
            107,
        ),
        (
            "payload-null",
            "the payload is null, as if detached",
            with(2, Item::Null),
            107,
        ),
        (
            "payload-unwrapped",
            "the payload is not in a byte string",
            with(2, Item::Raw(statement.payload.clone())),
            107,
        ),
        (
            "signature-null",
            "the signature is null",
            with(3, Item::Null),
            107,
        ),
        (
            "signature-empty",
            "the signature is empty",
            with(3, Item::bytes([])),
            107,
        ),
        (
            "signature-short",
            "the last byte of the signature is missing",
            with(3, Item::bytes(&raw[..63])),
            107,
        ),
        (
            "signature-long",
            "a byte follows the signature",
            with(3, Item::bytes([&raw[..], &[0]].concat())),
            107,
        ),
        (
            "signature-der",
            "the signature is in DER",
            with(3, Item::Bytes(der)),
            107,
        ),
        (
            "signature-missing",
            "the signature is missing",
            Item::Array(parts()[..3].to_vec()).encode(),
            107,
        ),
        (
            "element-more",
            "there is a fifth element",
            Item::Array(longer).encode(),
            107,
        ),
        (
            "signatures",
            "it is a COSE_Sign with several signatures",
            with(3, Item::Array(vec![signature.clone()])),
            107,
        ),
    ]
}

fn contexts(seed: Seed, scene: &Scene) -> Vec<Spoiled> {
    let statement = &scene.statement;
    let aad = |label: &'static str, context: Vec<Item>| {
        Statement {
            label,
            context,
            ..statement.clone()
        }
        .sign(&scene.key)
    };
    let right = || statement.context.clone();
    let audience = Item::text(&hex::encode(seed.bytes::<16>("server-id")));
    vec![
        (
            "label-of-voucher",
            "it was signed as a voucher",
            aad("countersign voucher", right()),
            113,
        ),
        (
            "label-of-parameters",
            "it was signed as parameters",
            aad("countersign parameters", right()),
            113,
        ),
        (
            "label-of-factor-proof",
            "it was signed as a factor proof",
            aad("countersign factor proof", right()),
            113,
        ),
        (
            "label-empty",
            "it was signed under an empty label",
            aad("", right()),
            113,
        ),
        (
            "context-missing",
            "it was signed without a context",
            aad(statement.label, vec![]),
            113,
        ),
        (
            "context-twice",
            "it was signed with the context twice",
            aad(statement.label, [right(), right()].concat()),
            113,
        ),
        (
            "context-nested",
            "its context was signed as an array of its own",
            aad(statement.label, vec![Item::Array(right())]),
            113,
        ),
        (
            "context-text",
            "its context was signed as text",
            aad(statement.label, vec![audience]),
            113,
        ),
        (
            "aad-empty",
            "it was signed without external_aad",
            signed_over(scene, "Signature1", &[]),
            113,
        ),
        (
            "sig-structure-signature",
            "it was signed as a part of a COSE_Sign",
            signed_over(scene, "Signature", &aad_of(scene)),
            113,
        ),
        (
            "sig-structure-counter",
            "it was signed as a countersignature",
            signed_over(scene, "CounterSignature", &aad_of(scene)),
            113,
        ),
    ]
}

fn aad_of(scene: &Scene) -> Vec<u8> {
    let mut aad = vec![Item::text(scene.statement.label)];
    aad.extend(scene.statement.context.clone());
    Item::Array(aad).encode()
}

/// The statement, signed over a Sig_structure of another kind.
fn signed_over(scene: &Scene, context: &str, aad: &[u8]) -> Vec<u8> {
    let structure = Item::Array(vec![
        Item::text(context),
        Item::bytes(&scene.statement.protected),
        Item::bytes(aad),
        Item::bytes(&scene.statement.payload),
    ]);
    scene
        .statement
        .with_signature(&scene.key.sign(&structure.encode()))
}

fn contents(seed: Seed, scene: &Scene) -> Vec<Spoiled> {
    let statement = &scene.statement;
    let tbs = statement.to_be_signed();
    let other = samples::find(seed, "assertion");
    let Item::Array(mut fields) = other.item() else {
        unreachable!("a message is an array")
    };
    fields[4] = Item::Uint(2);
    let swapped = Statement {
        payload: Item::Array(fields).encode(),
        ..statement.clone()
    };
    let mut flipped = scene.key.sign(&tbs);
    flipped[63] ^= 1;
    vec![
        (
            "payload-swapped",
            "the payload is another one than was signed",
            swapped.with_signature(&scene.key.sign(&tbs)),
            113,
        ),
        (
            "payload-alone",
            "the payload alone was signed",
            statement.with_signature(&scene.key.sign(&statement.payload)),
            113,
        ),
        (
            "signature-flipped",
            "one bit of s is flipped",
            statement.with_signature(&flipped),
            113,
        ),
        (
            "signature-drawn",
            "the signature is drawn at random",
            statement.with_signature(&low(seed.bytes("no signature"))),
            113,
        ),
    ]
}

/// A number as r and one as s that are in their range, whatever was drawn.
fn low(mut bytes: [u8; 64]) -> [u8; 64] {
    bytes[0] &= 0x7f;
    bytes[32] &= 0x3f;
    bytes
}

fn ranges(scene: &Scene) -> Vec<Spoiled> {
    let signature = scene.key.sign(&scene.statement.to_be_signed());
    let n: [u8; 32] = fixed(&number(N));
    let with = |r: Option<[u8; 32]>, s: Option<[u8; 32]>| {
        let mut bytes = signature;
        bytes[..32].copy_from_slice(&r.unwrap_or(std::array::from_fn(|at| signature[at])));
        bytes[32..].copy_from_slice(&s.unwrap_or(std::array::from_fn(|at| signature[32 + at])));
        scene.statement.with_signature(&bytes)
    };
    vec![
        (
            "signature-zero",
            "r and s are zero",
            with(Some([0; 32]), Some([0; 32])),
            112,
        ),
        ("r-zero", "r is zero", with(Some([0; 32]), None), 112),
        ("s-zero", "s is zero", with(None, Some([0; 32])), 112),
        ("r-is-n", "r is n", with(Some(n), None), 112),
        ("s-is-n", "s is n", with(None, Some(n)), 112),
        (
            "s-over-n",
            "s has all bits set",
            with(None, Some([0xff; 32])),
            112,
        ),
    ]
}

/// The wrong key, by name and by value.
fn keys(seed: Seed, scene: &Scene, base: &Case) -> Vec<Case> {
    let other = Key::named(seed, "handshake-key");
    let named = |kid: [u8; 16]| Statement {
        protected: protected(&[(Item::Uint(1), ESP256), (Item::Uint(4), Item::bytes(kid))]),
        ..scene.statement.clone()
    };
    let mut off_curve = scene.key.public();
    off_curve[63] ^= 1;
    let case = |id: &str, change: &str, requirement: &str, flag: &str, kills: &str, step: Step| {
        base.but(&format!("static.statement.{id}"), change)
            .why("Who holds the lesser key acts as the greater.")
            .requires(&[requirement])
            .flagged(&[flag])
            .kills(kills)
            .does(step)
    };
    vec![
        case(
            "kid-of-other-role",
            "another key of the same server signed and is named",
            "COSE-3",
            "key-confusion",
            "cose.kid",
            scene.verify(&named(other.kid()).sign(&other), reject(111)),
        ),
        case(
            "kid-only-other",
            "the right key signed, and another one is named",
            "COSE-3",
            "key-confusion",
            "cose.kid",
            scene.verify(&named(other.kid()).sign(&scene.key), reject(111)),
        ),
        case(
            "kid-zero",
            "the right key signed, and none is named",
            "COSE-3",
            "key-confusion",
            "cose.kid",
            scene.verify(&named([0; 16]).sign(&scene.key), reject(111)),
        ),
        case(
            "key-off-curve",
            "the key is no point",
            "SIG-1",
            "invalid-point",
            "point.valid",
            scene.verify_with(
                &off_curve,
                &named(crate::crypto::kid(&off_curve)).sign(&scene.key),
                reject(114),
            ),
        ),
    ]
}

/// Faults of the encoding, of the statement and of a payload that was signed with its fault.
fn encodings(scene: &Scene, base: &Case) -> Vec<Case> {
    let good = scene.statement.sign(&scene.key);
    let payload = |payload: Vec<u8>| {
        Statement {
            payload,
            ..scene.statement.clone()
        }
        .sign(&scene.key)
    };
    let right = &scene.statement.payload;
    let case = |id: &str, change: &str, requirement: &str, kills: &str, bytes: Vec<u8>, code| {
        base.but(&format!("static.statement.{id}"), change)
            .why("Two encodings of one statement have two hashes, whoever signed them.")
            .requires(&[requirement])
            .flagged(&["non-canonical"])
            .kills(kills)
            .does(scene.verify(&bytes, reject(code)))
    };
    let long_head = [&[0x98, right[0] & 0x1f], &right[1..]].concat();
    let shorter = [&[right[0] - 1], &right[1..right.len() - 17]].concat();
    vec![
        case(
            "tagged",
            "it is tagged as a COSE_Sign1",
            "ENC-6",
            "cbor.forbidden",
            [&[0xd2], &good[..]].concat(),
            102,
        ),
        case(
            "trailing",
            "a byte follows",
            "ENC-8",
            "cbor.trailing",
            [&good[..], &[0]].concat(),
            104,
        ),
        case(
            "truncated",
            "the last byte is missing",
            "ENC-2",
            "cbor.truncated",
            good[..good.len() - 1].to_vec(),
            100,
        ),
        case(
            "indefinite",
            "it has an end instead of a length",
            "ENC-4",
            "cbor.definite",
            [&[0x9f], &good[1..], &[0xff]].concat(),
            101,
        ),
        case(
            "payload-trailing",
            "a byte follows in the signed payload",
            "ENC-8",
            "cbor.trailing",
            payload([&right[..], &[0]].concat()),
            104,
        ),
        case(
            "payload-long-head",
            "the head of the signed payload takes a byte too many",
            "ENC-3",
            "cbor.shortest",
            payload(long_head),
            101,
        ),
        case(
            "payload-short",
            "the signed payload lacks its last element",
            "ENC-12",
            "structure.arity",
            payload(shorter),
            107,
        ),
        case(
            "payload-empty",
            "the signed payload is empty",
            "ENC-2",
            "cbor.truncated",
            payload(Vec::new()),
            100,
        ),
        case(
            "payload-number",
            "the signed payload is a number",
            "ENC-12",
            "structure.type",
            payload(vec![1]),
            107,
        ),
    ]
}
