//! The turns that most stories consist of.

use serde_json::{Value, json};

use crate::author::turn;
use crate::case::{Actor, Case, Group, Step};

/// How many wrong PINs block a record, where a case does not configure another number.
pub const MAX_ATTEMPTS: u64 = 3;

impl Case {
    /// Adds several steps.
    #[must_use]
    pub fn plays(mut self, steps: impl IntoIterator<Item = Step>) -> Case {
        self.steps.extend(steps);
        self
    }
}

/// A group of these cases.
pub fn group(name: &str, about: &str, cases: Vec<Case>) -> Group {
    Group {
        cases,
        ..Group::new(name, about)
    }
}

/// A turn of a device.
pub fn device(action: &str, with: Value, expect: Value) -> Step {
    turn(Actor::Device, action, with, expect)
}

/// A turn of the network.
pub fn network(action: &str, with: Value, expect: Value) -> Step {
    turn(Actor::Network, action, with, expect)
}

/// A turn of the factor server's operator, or of its machines.
pub fn factor(action: &str, with: Value, expect: Value) -> Step {
    turn(Actor::Factor, action, with, expect)
}

/// Time passes.
pub fn later(s: u64) -> Step {
    turn(Actor::Clock, "advance", json!({ "s": s }), json!({}))
}

/// A device without a record connects.
pub fn connects() -> Step {
    device("connect", json!({}), json!({ "record": null }))
}

/// Alice connects and creates her record.
pub fn enrolled() -> Vec<Step> {
    vec![connects(), creates(json!({}))]
}

/// CREATE succeeds.
pub fn creates(with: Value) -> Step {
    device("create", with, json!({ "record": status(0, 0) }))
}

/// What a status says of a record whose PIN is the first.
pub fn status(failed_attempts: u64, request_number: u64) -> Value {
    status_at(1, failed_attempts, request_number)
}

/// What a status says of a record whose PIN has this generation.
pub fn status_at(generation: u64, failed_attempts: u64, request_number: u64) -> Value {
    json!({
        "generation": generation,
        "request_number": request_number,
        "failed_attempts": failed_attempts,
        "blocked": failed_attempts >= MAX_ATTEMPTS,
    })
}

/// The status of a record that has a biometric, which would be accepted.
pub fn with_biometric(status: Value) -> Value {
    and(status, json!({ "biometrics": true, "pin_needed": false }))
}

/// The status of a record that has a biometric, which would be refused.
pub fn pin_needed(status: Value) -> Value {
    and(status, json!({ "biometrics": true }))
}

/// The verdict on a record whose biometric would be accepted.
pub fn open(verdict: Value) -> Value {
    and(verdict, json!({ "pin_needed": false }))
}

/// A verdict.
pub fn verdict(outcome: u16, failed_attempts: u64) -> Value {
    json!({
        "outcome": outcome,
        "failed_attempts": failed_attempts,
        "blocked": failed_attempts >= MAX_ATTEMPTS,
    })
}

/// Alice comes back, through a channel of that name.
pub fn returns(channel: &str, record: Value) -> Step {
    let with = json!({ "by": "kid", "channel": channel });
    device("connect", with, json!({ "record": record }))
}

/// The factor server has this policy, where it is not the default.
pub fn policy(policy: Value) -> Step {
    factor("configure", json!({ "policy": policy }), json!({}))
}

/// Alice connects, and creates her record with a biometric beside the PIN.
pub fn enrolled_with_biometric() -> Vec<Step> {
    vec![
        connects(),
        device(
            "create",
            json!({ "biometric": {} }),
            json!({ "record": with_biometric(status(0, 0)) }),
        ),
    ]
}

/// Alice's biometric is verified.
pub fn biometric(expect: Value) -> Step {
    device("verify", json!({ "factor": 2 }), expect)
}

/// The right PIN is verified.
pub fn right() -> Step {
    device("verify", json!({}), verdict(0, 0))
}

/// Another PIN is verified, and is this many wrong ones since the last right one.
pub fn wrong(failed_attempts: u64) -> Step {
    device(
        "verify",
        json!({ "pin": "0000" }),
        verdict(410, failed_attempts),
    )
}

/// As many wrong PINs as block a record.
pub fn blocked() -> Vec<Step> {
    (1..=MAX_ATTEMPTS).map(wrong).collect()
}

/// The record is read: it has this count, and this was the last number.
pub fn reads(failed_attempts: u64, request_number: u64) -> Step {
    reads_of("alice", failed_attempts, request_number)
}

/// The record of a device is read.
pub fn reads_of(device: &str, failed_attempts: u64, request_number: u64) -> Step {
    factor(
        "read_record",
        json!({ "device": device }),
        json!({
            "generation": 1,
            "failed_attempts": failed_attempts,
            "request_number": request_number,
        }),
    )
}

/// Alice's record is read: its PIN has this generation.
pub fn reads_at(generation: u64, failed_attempts: u64, request_number: u64) -> Step {
    factor(
        "read_record",
        json!({}),
        json!({
            "generation": generation,
            "failed_attempts": failed_attempts,
            "request_number": request_number,
        }),
    )
}

/// There is no record to read.
pub fn reads_nothing(device: &str) -> Step {
    factor("read_record", json!({ "device": device }), json!({}))
}

/// `with`, and `more`.
pub fn and(with: Value, more: Value) -> Value {
    let mut with = with;
    if let (Value::Object(with), Value::Object(more)) = (&mut with, more) {
        with.extend(more);
    }
    with
}
