//! `factor.register.*`: biometrics come, go, and are gone.

mod additions;
mod first;
mod removals;

use serde_json::{Value, json};

use super::steps::*;
use crate::author::positive;
use crate::case::{Group, Step};

const WHY: &str = "Whoever registers a biometric on another's record has a way in that its owner does not know of.";

/// Biometric keys: registered with a first PIN, added, replaced, removed, and lost.
pub fn group() -> Group {
    let add = positive("factor.register.add", "a biometric is added")
        .why(WHY)
        .requires(&["CHG-1", "CHG-4", "CHG-6"])
        .plays(enrolled())
        .plays([verifies("add", json!({}), verdict(0, 0)), adds(0, 1)])
        .plays([biometric(open(verdict(0, 0))), reads(0, 2)]);
    let remove = positive("factor.register.remove", "the biometric is removed")
        .why(WHY)
        .requires(&["CHG-1", "CHG-4", "CHG-6"])
        .plays(enrolled_with_biometric())
        .plays([
            verifies("remove", json!({}), open(verdict(0, 0))),
            removes(0, 1),
        ])
        .plays([biometric(json!({ "refused": 425 })), right(), reads(0, 3)]);
    let gone = positive(
        "factor.register.gone",
        "the phone has invalidated the biometric",
    )
    .why(removals::GONE)
    .requires(&["CHG-7"])
    .plays(enrolled_with_biometric())
    .plays([
        goes(status(0, 0)),
        biometric(json!({ "refused": 425 })),
        right(),
        reads(0, 2),
    ]);
    let mut cases = vec![add.clone(), remove.clone(), gone.clone()];
    cases.extend(first::with_first_pin());
    cases.extend(additions::additions(&add));
    cases.extend(additions::possessions(&add));
    cases.extend(removals::removals(&remove));
    cases.extend(removals::losses(&gone));
    super::steps::group(
        "factor-register",
        "Biometric keys at the factor server: registered, replaced, removed, and lost.",
        cases,
    )
}

fn verifies(change: &str, with: Value, expect: Value) -> Step {
    device("verify", and(json!({ "change": change }), with), expect)
}

fn adds(failed: u64, number: u64) -> Step {
    let record = with_biometric(status(failed, number));
    device(
        "add_biometric",
        json!({ "biometric": {} }),
        json!({ "record": record }),
    )
}

fn removes(failed: u64, number: u64) -> Step {
    device(
        "remove_biometric",
        json!({}),
        json!({ "record": status(failed, number) }),
    )
}

fn goes(record: Value) -> Step {
    device("biometric_gone", json!({}), json!({ "record": record }))
}

fn not_added(with: Value, code: u16) -> Step {
    device("add_biometric", with, json!({ "refused": code }))
}
