//! `static.edhoc.*` and `static.channel.*`: whole handshakes, and records under what they agree on.

use serde_json::{Map, Value, json};

use super::samples;
use crate::author::{ok, positive, reject, step};
use crate::case::{Expect, Group, Step};
use crate::cbor::Item;
use crate::crypto::Key;
use crate::edhoc::{Parties, RecordKeys, Run, record_aad, run};
use crate::seed::Seed;

/// Handshakes with fixed keys, secrets and signatures.
pub fn transcripts(seed: Seed) -> Group {
    let mut group = Group::new(
        "static-edhoc",
        "Whole handshakes, every intermediate value.",
    );
    let (device, server) = (
        Key::named(seed, "device"),
        Key::named(seed, "handshake-key"),
    );
    let other = Key::named(seed, "another signer");
    let parties = |by_value, high_s, c_i: &[u8], c_r: &[u8]| Parties {
        x: seed.bytes("x"),
        y: seed.bytes("y"),
        c_i: c_i.to_vec(),
        c_r: c_r.to_vec(),
        device: &device,
        server: &server,
        server_id: seed.bytes("server-id"),
        by_value,
        high_s,
        ead: ["ead-1", "ead-2", "statement"].map(|name| samples::find(seed, name).item().encode()),
    };
    let (c_i, c_r) = (seed.bytes::<8>("c-i"), seed.bytes::<8>("c-r"));
    let good = |name: &str, title: &str, parties: &Parties<'_>| {
        let run = run(parties);
        positive(&format!("static.edhoc.{name}"), title)
            .why("Two parties that derive different keys never speak again.")
            .requires(&["HS-1", "HS-2", "CRED-2"])
            .does(transcript(parties, &run, ok(values(&run))))
    };
    let by_kid = parties(false, false, &c_i, &c_r);
    let base = good("kid", "a handshake by key id", &by_kid);
    let wrong = |name: &str, change: &str, flag: &str, signature: [u8; 64]| {
        let mut run = run(&by_kid);
        run.signatures[1] = signature;
        base.but(&format!("static.edhoc.{name}"), change)
            .why("Who does not have the device's key must not be taken for the device.")
            .requires(&["HS-13"])
            .flagged(&[flag])
            .kills("edhoc.signature-3")
            .does(transcript(&by_kid, &run, reject(211)))
    };
    let spoilt = run(&by_kid);
    let mut flipped = spoilt.signatures[1];
    flipped[40] ^= 1;
    group.cases.extend([
        good(
            "value",
            "a handshake in which the device's credential travels",
            &parties(true, false, &c_i, &c_r),
        ),
        good(
            "high-s",
            "a handshake in which both values of s are high",
            &parties(false, true, &c_i, &c_r),
        )
        .requires(&["SIG-4"]),
        good(
            "one-byte-ids",
            "connection identifiers that stand as integers",
            &parties(false, false, &[0x05], &[0x2a]),
        ),
        good(
            "one-byte-strings",
            "connection identifiers of one byte that stand as strings",
            &parties(false, false, &[0x18], &[0xff]),
        ),
        wrong(
            "signature-3-flipped",
            "one bit of Signature_3 is flipped",
            "structure",
            flipped,
        ),
        wrong(
            "signature-3-zero",
            "Signature_3 is all zeros",
            "zero-signature",
            [0; 64],
        ),
        wrong(
            "signature-3-other-key",
            "another key made Signature_3",
            "key-confusion",
            other.sign(spoilt.value("tbs_3")),
        ),
        wrong(
            "signature-3-reflected",
            "Signature_3 is the server's Signature_2",
            "replay",
            spoilt.signatures[0],
        ),
    ]);
    let server = |name: &str, change: &str, flag: &str, signature: [u8; 64]| {
        let mut run = run(&by_kid);
        run.signatures[0] = signature;
        base.but(&format!("static.edhoc.{name}"), change)
            .why("Who does not have the server's key must not be shown to the user.")
            .requires(&["HS-10"])
            .flagged(&[flag])
            .kills("edhoc.signature-2")
            .does(transcript(&by_kid, &run, reject(204)))
    };
    let mut flipped = spoilt.signatures[0];
    flipped[40] ^= 1;
    group.cases.extend([
        server(
            "signature-2-flipped",
            "one bit of Signature_2 is flipped",
            "structure",
            flipped,
        ),
        server(
            "signature-2-zero",
            "Signature_2 is all zeros",
            "zero-signature",
            [0; 64],
        ),
        server(
            "signature-2-other-key",
            "another key made Signature_2",
            "key-confusion",
            other.sign(spoilt.value("tbs_2")),
        ),
    ]);
    group.cases.insert(0, base);
    group
}

fn values(run: &Run) -> Value {
    let entry = |(name, value): &(&str, Vec<u8>)| ((*name).to_owned(), json!(hex::encode(value)));
    Value::Object(run.values.iter().map(entry).collect::<Map<_, _>>())
}

fn transcript(parties: &Parties<'_>, run: &Run, expect: Expect) -> Step {
    let args = json!({
        "x": hex::encode(parties.x), "y": hex::encode(parties.y),
        "c_i": hex::encode(&parties.c_i), "c_r": hex::encode(&parties.c_r),
        "device_key": hex::encode(parties.device.public()),
        "server_key": hex::encode(parties.server.public()),
        "server": hex::encode(parties.server_id),
        "id_cred_i": if parties.by_value { "value" } else { "kid" },
        "ead_1": hex::encode(&parties.ead[0]),
        "ead_2": hex::encode(&parties.ead[1]),
        "ead_3": hex::encode(&parties.ead[2]),
        "signature_2": hex::encode(run.signatures[0]),
        "signature_3": hex::encode(run.signatures[1]),
    });
    step("edhoc.transcript", args, expect)
}

/// {1: 1}, the protected header of records.
const PROTECTED: &[u8] = &[0xa1, 0x01, 0x01];

/// Records: where they stand, and everything that can be wrong with one.
pub fn records(seed: Seed) -> Group {
    let mut group = Group::new(
        "static-channel",
        "Records of the channel, sealed and opened.",
    );
    let prk_out = seed.bytes::<32>("prk-out");
    let verify = samples::find(seed, "verify").item().encode();
    let place = |to_server: bool, generation: u64, sequence: u64| {
        json!({
            "prk_out": hex::encode(prk_out),
            "direction": if to_server { "to_server" } else { "to_device" },
            "generation": generation, "sequence": sequence,
        })
    };
    let ask = |op: &str, mut args: Value, name: &str, bytes: &[u8], expect| {
        args[name] = json!(hex::encode(bytes));
        step(op, args, expect)
    };
    let keys = |to_server, generation| RecordKeys::derive(&prk_out, to_server, generation);
    let rows: [(&str, bool, u64, u64, &[u8]); 15] = [
        ("first", true, 0, 0, &verify),
        ("to-device", false, 0, 0, &verify),
        ("second", true, 0, 1, &verify),
        ("number-255", true, 0, 255, &verify),
        ("number-256", true, 0, 256, &verify),
        ("number-65535", true, 0, 65_535, &verify),
        ("number-65536", true, 0, 65_536, &verify),
        ("last-number", true, 0, (1 << 20) - 1, &verify),
        ("empty", true, 0, 0, &[]),
        ("key-update", true, 0, 7, &[0x81, 0x08]),
        ("generation-1", true, 1, 0, &verify),
        ("generation-1-to-device", false, 1, 3, &verify),
        ("generation-2", true, 2, 0, &verify),
        ("generation-23", true, 23, 0, &verify),
        ("generation-24", true, 24, 0, &verify),
    ];
    for (name, to_server, generation, sequence, plaintext) in rows {
        let ciphertext =
            keys(to_server, generation).seal(sequence, &record_aad(PROTECTED), plaintext);
        let record = record(sequence, &ciphertext);
        let place = || place(to_server, generation, sequence);
        let record_out = ok(json!({ "record": hex::encode(&record) }));
        let plaintext_out = ok(json!({ "plaintext": hex::encode(plaintext) }));
        let title = format!(
            "{}: generation {generation}, record {sequence}",
            name.replace('-', " ")
        );
        group.cases.push(
            positive(&format!("static.channel.{name}"), &title)
                .why("A record that the other side cannot open ends the channel.")
                .requires(&["CH-1", "CH-7"])
                .does(ask(
                    "channel.seal",
                    place(),
                    "plaintext",
                    plaintext,
                    record_out,
                ))
                .does(ask(
                    "channel.open",
                    place(),
                    "record",
                    &record,
                    plaintext_out,
                )),
        );
    }
    let base = group.cases[0].clone();
    group.cases.push(
        base.but("static.channel.seal-beyond", "its number is 2^20")
            .why("A key that protects too much protects nothing.")
            .requires(&["CH-5"])
            .flagged(&["limit"])
            .kills("channel.key-limit")
            .does(ask(
                "channel.seal",
                place(true, 0, 1 << 20),
                "plaintext",
                &verify,
                reject(604),
            )),
    );
    let fifth = |bytes: &[u8], code| {
        ask(
            "channel.open",
            place(true, 1, 5),
            "record",
            bytes,
            reject(code),
        )
    };
    group
        .cases
        .extend(spoilt(&prk_out, &verify).into_iter().map(|fault| {
            base.but(&format!("static.channel.{}", fault.id), fault.change)
                .why(fault.why)
                .requires(&[fault.requirement])
                .flagged(&[fault.flag])
                .kills(fault.kills)
                .does(fifth(&fault.bytes, fault.code))
        }));
    group
}

struct Fault {
    id: &'static str,
    change: &'static str,
    bytes: Vec<u8>,
    code: u16,
    requirement: &'static str,
    kills: &'static str,
    flag: &'static str,
    why: &'static str,
}

/// Spoiled records, for a receiver that expects record 5 of generation 1 towards the server.
fn spoilt(prk_out: &[u8; 32], plaintext: &[u8]) -> Vec<Fault> {
    let keys = |to_server, generation| RecordKeys::derive(prk_out, to_server, generation);
    let right_keys = keys(true, 1);
    let sealed = |sequence| right_keys.seal(sequence, &record_aad(PROTECTED), plaintext);
    let right = sealed(5);
    let good = record(5, &right);
    let under = |protected: &[u8], unprotected: &[(Item, Item)]| {
        let ciphertext = right_keys.seal(5, &record_aad(protected), plaintext);
        Item::Array(vec![
            Item::bytes(protected),
            Item::Map(unprotected.to_vec()),
            Item::bytes(ciphertext),
        ])
        .encode()
    };
    let piv = |bytes: &[u8]| (Item::Uint(6), Item::bytes(bytes));
    let flip = |at: usize| {
        let mut bytes = right.clone();
        bytes[at] ^= 1;
        record(5, &bytes)
    };
    let parts = |ciphertext: Item| {
        Item::Array(vec![
            Item::bytes(PROTECTED),
            Item::Map(vec![piv(&[5])]),
            ciphertext,
        ])
        .encode()
    };
    let empty = Item::Array(vec![]).encode();
    let enc = |context: &str, external: &[u8]| {
        let aad = Item::Array(vec![
            context.into(),
            Item::bytes(PROTECTED),
            Item::bytes(external),
        ]);
        record(5, &right_keys.seal(5, &aad.encode(), plaintext))
    };
    let external = Item::Array(vec!["countersign record".into()]).encode();
    let last = right.len() - 1;
    let order = |id, change, bytes, code, requirement, kills| Fault {
        id,
        change,
        bytes,
        code,
        requirement,
        kills,
        flag: "replay",
        why: "A record that is repeated, left out or moved makes another conversation of the same words.",
    };
    let tag = |id, change, bytes| Fault {
        id,
        change,
        bytes,
        code: 603,
        requirement: "CH-4",
        kills: "channel.tag",
        flag: "structure",
        why: "A record that anybody can write is nobody's word.",
    };
    let header = |id, change, bytes| Fault {
        id,
        change,
        bytes,
        code: 110,
        requirement: "CH-1",
        kills: "channel.header",
        flag: "algorithm-confusion",
        why: "Whoever chooses how a record is opened chooses a way that he knows.",
    };
    let encoding = |id, change, bytes, code, requirement, kills| Fault {
        id,
        change,
        bytes,
        code,
        requirement,
        kills,
        flag: "non-canonical",
        why: "Two encodings of one record are two records to whoever compares bytes.",
    };
    vec![
        order(
            "lower",
            "it is the record before",
            record(4, &sealed(4)),
            602,
            "CH-2",
            "channel.replay",
        ),
        order(
            "first-again",
            "it is the first record",
            record(0, &sealed(0)),
            602,
            "CH-2",
            "channel.replay",
        ),
        order(
            "lower-forged",
            "its number is lower and its tag wrong",
            record(4, &right),
            602,
            "CH-2",
            "channel.replay",
        ),
        order(
            "higher",
            "it is the record after",
            record(6, &sealed(6)),
            601,
            "CH-3",
            "channel.gap",
        ),
        order(
            "far-higher",
            "its number takes eight bytes",
            record(u64::MAX, &right),
            601,
            "CH-3",
            "channel.gap",
        ),
        tag("tag-flipped", "one bit of the tag is flipped", flip(last)),
        tag(
            "ciphertext-flipped",
            "one bit of the ciphertext is flipped",
            flip(0),
        ),
        tag(
            "tag-truncated",
            "the last byte of the tag is missing",
            record(5, &right[..last]),
        ),
        tag(
            "shorter-than-tag",
            "the ciphertext has 15 bytes",
            record(5, &right[..15]),
        ),
        tag(
            "ciphertext-empty",
            "the ciphertext is empty",
            record(5, &[]),
        ),
        tag(
            "renumbered",
            "it is the record before under the expected number",
            record(5, &sealed(4)),
        ),
        tag(
            "other-direction",
            "it is a record of the other direction",
            record(
                5,
                &keys(false, 1).seal(5, &record_aad(PROTECTED), plaintext),
            ),
        ),
        tag(
            "old-key",
            "it is under the keys before",
            record(5, &keys(true, 0).seal(5, &record_aad(PROTECTED), plaintext)),
        ),
        tag(
            "next-key",
            "it is under the keys after",
            record(5, &keys(true, 2).seal(5, &record_aad(PROTECTED), plaintext)),
        ),
        tag(
            "aad-empty",
            "it was sealed without external_aad",
            enc("Encrypt0", &[]),
        ),
        tag(
            "aad-other",
            "it was sealed under an empty array as external_aad",
            enc("Encrypt0", &empty),
        ),
        tag(
            "aad-encrypt",
            "it was sealed as a part of a COSE_Encrypt",
            enc("Encrypt", &external),
        ),
        header(
            "iv-leading-zero",
            "the Partial IV has a leading zero",
            under(PROTECTED, &[piv(&[0, 5])]),
        ),
        header(
            "iv-empty",
            "the Partial IV is empty",
            under(PROTECTED, &[piv(&[])]),
        ),
        header(
            "iv-too-long",
            "the Partial IV has nine bytes",
            under(PROTECTED, &[piv(&[1, 0, 0, 0, 0, 0, 0, 0, 5])]),
        ),
        header(
            "iv-number",
            "the Partial IV is a number",
            under(PROTECTED, &[(Item::Uint(6), Item::Uint(5))]),
        ),
        header(
            "iv-missing",
            "there is no Partial IV",
            under(PROTECTED, &[]),
        ),
        header(
            "iv-whole",
            "there is an IV instead of a Partial IV",
            under(PROTECTED, &[(Item::Uint(5), Item::bytes([5; 12]))]),
        ),
        header(
            "unprotected-kid",
            "there is a kid in the unprotected header",
            under(PROTECTED, &[(Item::Uint(4), Item::bytes([1])), piv(&[5])]),
        ),
        header(
            "alg-a256gcm",
            "alg is 3, A256GCM",
            under(&[0xa1, 0x01, 0x03], &[piv(&[5])]),
        ),
        header(
            "alg-empty",
            "the protected header is empty",
            under(&[], &[piv(&[5])]),
        ),
        header(
            "alg-unprotected",
            "alg is in the unprotected header only",
            under(&[], &[(Item::Uint(1), Item::Uint(1)), piv(&[5])]),
        ),
        header(
            "alg-twice",
            "alg is in both headers",
            under(PROTECTED, &[(Item::Uint(1), Item::Uint(1)), piv(&[5])]),
        ),
        encoding(
            "tagged-record",
            "it is tagged as COSE_Encrypt0",
            [&[0xd0], &good[..]].concat(),
            102,
            "ENC-6",
            "cbor.forbidden",
        ),
        encoding(
            "trailing-record",
            "a byte follows",
            [&good[..], &[0]].concat(),
            104,
            "ENC-8",
            "cbor.trailing",
        ),
        encoding(
            "truncated-record",
            "the last byte is missing",
            good[..good.len() - 1].to_vec(),
            100,
            "ENC-2",
            "cbor.truncated",
        ),
        encoding(
            "ciphertext-null",
            "the ciphertext is null, as if detached",
            parts(Item::Null),
            107,
            "ENC-12",
            "structure.type",
        ),
        encoding(
            "sign1-instead",
            "it is an array of four",
            Item::Array(vec![
                Item::bytes(PROTECTED),
                Item::Map(vec![piv(&[5])]),
                Item::bytes(&right),
                Item::bytes([]),
            ])
            .encode(),
            107,
            "ENC-12",
            "structure.arity",
        ),
    ]
}

fn record(sequence: u64, ciphertext: &[u8]) -> Vec<u8> {
    let number = sequence.to_be_bytes();
    let zeros = number[..7].iter().take_while(|byte| **byte == 0).count();
    let partial_iv = Item::bytes(&number[zeros..]);
    let unprotected = Item::Map(vec![(Item::Uint(6), partial_iv)]);
    Item::Array(vec![
        Item::bytes(PROTECTED),
        unprotected,
        Item::bytes(ciphertext),
    ])
    .encode()
}
