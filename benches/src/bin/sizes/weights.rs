//! What the bytes of a login with the auth server are, field by field.

use countersign::cbor;
use countersign::crypto::TAG_BYTES;
use countersign::values::{
    AccountId, AssertionId, Bytes, Digest, Kid, Pseudonym, Rolling, ServerId, SessionId,
};
use countersign_benches::{Key, assertion, bind};
use serde::Serialize;

use crate::cast::auth::PIN;
use crate::flows::{LOGIN, LOGIN_PIN, Leg, TARGET_BYTES, auth_leg};

/// One row for each field that weighs something, and what is left of its message.
pub fn table(legs: &[Leg]) -> String {
    let [bare, with_pin] = [LOGIN, LOGIN_PIN].map(|flow| auth_leg(legs, flow));
    let signature = encoded(&Bytes(vec![0; 64]));
    let kid = encoded(&Kid([0; 16]));
    let digest = encoded(&Digest([0; 32]));
    let rolling = encoded(&Rolling([0; 16]));
    let server = encoded(&ServerId([0; 16]));
    let subject_and_id = encoded(&Pseudonym([0; 16])) + encoded(&AssertionId([0; 16]));
    let assertion_rest = assertion_bytes() - signature - digest - subject_and_id;
    let messages = [
        Message {
            name: "message_1",
            totals: [&bare.message_1, &with_pin.message_1].map(|sizes| sizes.iter().sum()),
            fields: vec![
                ("G_X", [digest; 2]),
                ("server id", [server; 2]),
                ("session id", [encoded(&SessionId([0; 32])); 2]),
                ("nonce proof", [digest; 2]),
            ],
        },
        Message {
            name: "message_2",
            totals: [&bare.message_2, &with_pin.message_2].map(|sizes| sizes.iter().sum()),
            fields: vec![
                ("G_Y", [32; 2]),
                ("server's kid", [kid; 2]),
                ("Signature_2", [signature; 2]),
                ("policy", [1, encoded(&PIN)]),
            ],
        },
        Message {
            name: "message_3",
            totals: [&bare.message_3, &with_pin.message_3].map(|sizes| sizes.iter().sum()),
            fields: vec![
                ("device's kid", [kid; 2]),
                ("Signature_3", [signature; 2]),
                ("tag", [TAG_BYTES; 2]),
                ("rolling value", [rolling; 2]),
                ("assertion: signature", [0, signature]),
                ("assertion: bind", [0, digest]),
                ("assertion: subject, id", [0, subject_and_id]),
                ("assertion: headers, times, heads", [0, assertion_rest]),
            ],
        },
        Message {
            name: "record",
            totals: [&bare.records_received, &with_pin.records_received]
                .map(|sizes| sizes.iter().sum()),
            fields: vec![
                ("account id", [encoded(&AccountId([0; 16])); 2]),
                ("user name", [encoded(&"alice"); 2]),
                ("rolling value", [rolling; 2]),
                ("tag", [TAG_BYTES; 2]),
            ],
        },
    ];
    let mut out = format!("| message | field | {LOGIN} | {LOGIN_PIN} |\n|---|---|---|---|\n");
    for message in &messages {
        message.write(&mut out);
    }
    let totals = [bare, with_pin].map(Leg::total_bytes);
    row(&mut out, "all", "", totals);
    let target = totals.map(|total| match total.checked_sub(TARGET_BYTES) {
        None | Some(0) => format!("met, {} left", TARGET_BYTES - total),
        Some(over) => format!("missed by {over}"),
    });
    let [bare, with_pin] = target;
    out += &format!("| target | {TARGET_BYTES} | {bare} | {with_pin} |\n");
    out
}

/// A message of the login without a factor and of the one with the PIN, in bytes.
struct Message {
    name: &'static str,
    totals: [usize; 2],
    fields: Vec<(&'static str, [usize; 2])>,
}

impl Message {
    fn write(&self, out: &mut String) {
        let mut rest = self.totals;
        for (field, sizes) in &self.fields {
            row(out, self.name, field, *sizes);
            for (rest, size) in rest.iter_mut().zip(sizes) {
                *rest = rest.checked_sub(*size).expect("a part of the message");
            }
        }
        row(
            out,
            self.name,
            "heads, labels, connection ids, small numbers",
            rest,
        );
    }
}

fn row(out: &mut String, message: &str, field: &str, [bare, with_pin]: [usize; 2]) {
    *out += &format!("| {message} | {field} | {bare} | {with_pin} |\n");
}

fn encoded(value: &impl Serialize) -> usize {
    cbor::to_vec(value).expect("encodes").len()
}

/// A signed assertion in its byte string, as a statement holds it.
fn assertion_bytes() -> usize {
    let key = Key::new();
    let to_sign = assertion(key.kid, bind());
    let signature = key.sign(to_sign.tbs());
    encoded(&Bytes(to_sign.signed(signature)))
}
