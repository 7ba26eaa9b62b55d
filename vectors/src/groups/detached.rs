//! `static.detached.*`: statements of which only the signature travels.

use serde_json::{Value, json};

use super::samples;
use crate::author::{ok, positive, reject, step};
use crate::case::{Group, Step};
use crate::cbor::Item;
use crate::crypto::{Key, Statement, protected};
use crate::seed::Seed;

/// The rule, its label, another label, what proves it and what goes wrong where it is not checked.
const KINDS: [(&str, &str, &str, &[&str], &str); 4] = [
    (
        "factor-proof",
        "countersign factor proof",
        "countersign factor key",
        &["COSE-6"],
        "A proof for one request is used for another one.",
    ),
    (
        "factor-key",
        "countersign factor key",
        "countersign factor proof",
        &["COSE-6"],
        "A key is registered by someone who does not have it.",
    ),
    (
        "approval-key",
        "countersign enrolment proof",
        "countersign rotation",
        &["COSE-6", "CRD-1"],
        "Whoever enrols with another one's key lets that one answer for them.",
    ),
    (
        "rotation",
        "countersign rotation",
        "countersign enrolment proof",
        &["COSE-6", "CRD-8"],
        "An account that moves to a key which nobody has is lost.",
    ),
];

/// Statements of which only the signature travels.
pub fn group(seed: Seed) -> Group {
    let mut group = Group::new(
        "static-detached",
        "Detached statements: only the signature travels, the rest is rebuilt.",
    );
    for (rule, label, other_label, proves, why) in KINDS {
        let key = Key::named(seed, "public-key");
        let sample = samples::find(seed, rule);
        let statement = Statement::new(label, vec![], &sample.item(), key.kid());
        let signature = key.sign(&statement.to_be_signed());
        let ask = |payload: &[u8], signature: &[u8], expect| {
            step(
                "cose.detached",
                args(rule, payload, &key.public(), signature),
                expect,
            )
        };
        let base = positive(
            &format!("static.detached.{rule}"),
            &format!("a detached statement of {rule} verifies"),
        )
        .why("A good proof that does not verify locks its user out.")
        .requires(proves)
        .does(ask(&statement.payload, &signature, ok(json!({}))));
        let bad =
            |name: &str, change: &str, requirement: &str, flag: &str, kills: &str, step: Step| {
                base.but(&format!("static.detached.{rule}-{name}"), change)
                    .why(why)
                    .requires(&[requirement])
                    .flagged(&[flag])
                    .kills(kills)
                    .does(step)
            };
        for (at, field) in sample.fields.iter().enumerate() {
            let Item::Array(mut fields) = sample.item() else {
                unreachable!("a message is an array")
            };
            fields[at] = match &fields[at] {
                Item::Uint(number) => Item::Uint(number + 1),
                Item::Bytes(bytes) => Item::Bytes(bytes.iter().map(|byte| byte ^ 1).collect()),
                other => other.clone(),
            };
            let payload = Item::Array(fields).encode();
            let what = format!("it is for another {}", field.name.replace('-', " "));
            let step = ask(&payload, &signature, reject(113));
            group.cases.push(bad(
                &format!("other-{}", field.name),
                &what,
                "COSE-5",
                "purpose-confusion",
                "signature.verify",
                step,
            ));
        }
        let resigned = |statement: Statement, signer: &Key| {
            ask(
                &sample.item().encode(),
                &signer.sign(&statement.to_be_signed()),
                reject(113),
            )
        };
        let other = Key::named(seed, "another signer");
        let confused = |label| Statement {
            label,
            ..statement.clone()
        };
        let no_header = Statement {
            protected: Vec::new(),
            ..statement.clone()
        };
        let es256 = protected(&[
            (Item::Uint(1), Item::Negative(6)),
            (Item::Uint(4), Item::bytes(key.kid())),
        ]);
        let es256 = Statement {
            protected: es256,
            ..statement.clone()
        };
        let with_context = Statement {
            context: vec![Item::Null],
            ..statement.clone()
        };
        let low = statement.to_be_signed();
        group.cases.extend([
            bad(
                "other-key",
                "another key signed it",
                "COSE-5",
                "key-confusion",
                "signature.verify",
                resigned(statement.clone(), &other),
            ),
            bad(
                "other-label",
                "it was signed under another label",
                "COSE-4",
                "purpose-confusion",
                "cose.external-aad",
                resigned(confused(other_label), &key),
            ),
            bad(
                "with-context",
                "it was signed with a context",
                "COSE-4",
                "purpose-confusion",
                "cose.external-aad",
                resigned(with_context, &key),
            ),
            bad(
                "no-header",
                "it was signed under an empty header",
                "COSE-1",
                "algorithm-confusion",
                "cose.protected",
                resigned(no_header, &key),
            ),
            bad(
                "es256",
                "it was signed under alg -7",
                "COSE-1",
                "algorithm-confusion",
                "cose.protected",
                resigned(es256, &key),
            ),
            bad(
                "high-s",
                "s is high",
                "SIG-3",
                "malleable-signature",
                "signature.low-s",
                ask(&statement.payload, &key.sign_high(&low), reject(112)),
            ),
            bad(
                "zero",
                "the signature is all zeros",
                "SIG-2",
                "zero-signature",
                "signature.range",
                ask(&statement.payload, &[0; 64], reject(112)),
            ),
            bad(
                "short",
                "the last byte of the signature is missing",
                "ENC-12",
                "structure",
                "signature.length",
                ask(&statement.payload, &signature[..63], reject(107)),
            ),
        ]);
        group.cases.push(base);
    }
    group
}

fn args(rule: &str, payload: &[u8], key: &[u8; 64], signature: &[u8]) -> Value {
    json!({
        "type": rule, "payload": hex::encode(payload),
        "key": hex::encode(key), "signature": hex::encode(signature),
    })
}
