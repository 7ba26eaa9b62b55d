//! `factor.change.*`: a new PIN, in two steps of one channel.

mod afterwards;
mod factors;
mod requests;
mod verifications;

use serde_json::{Value, json};

use super::steps::*;
use crate::author::{positive, turn};
use crate::case::{Actor, Case, Group, Step};

const WHY: &str = "Whoever can change the PIN owns the account's second factor from then on.";

/// PIN changes.
pub fn group() -> Group {
    let base = positive("factor.change.pin", "a PIN is changed")
        .why(WHY)
        .requires(&["CHG-1", "CHG-4", "CHG-5"])
        .plays(enrolled())
        .plays([verified(), sets(json!({})), right(), reads_at(2, 0, 2)]);
    let mut cases = vec![base.clone()];
    cases.extend(positives());
    cases.extend(verifications::verifications(&base));
    cases.extend(verifications::binds(&base));
    cases.extend(requests::requests(&base));
    cases.extend(requests::possessions(&base));
    cases.extend(afterwards::old_pins(&base));
    cases.extend(factors::factors());
    cases.extend(afterwards::crashes());
    super::steps::group(
        "factor-change",
        "PIN changes at the factor server: the verification, the new PIN, and the end of the old one.",
        cases,
    )
}

/// The PIN is verified for its change.
fn verified() -> Step {
    verifies(json!({}), verdict(0, 0))
}

fn verifies(with: Value, expect: Value) -> Step {
    device("verify", and(json!({ "change": "pin" }), with), expect)
}

/// set-pin succeeds, for the second generation.
fn sets(with: Value) -> Step {
    device("set_pin", with, json!({ "record": status_at(2, 0, 1) }))
}

fn refused(with: Value, code: u16) -> Step {
    device("set_pin", with, json!({ "refused": code }))
}

fn back(s: u64) -> Step {
    turn(Actor::Clock, "set_back", json!({ "s": s }), json!({}))
}

fn positives() -> Vec<Case> {
    let case = |id: &str, title: &str| {
        positive(&format!("factor.change.{id}"), title)
            .why(WHY)
            .plays(enrolled())
    };
    let third = json!({ "record": status_at(3, 0, 2) });
    vec![
        case(
            "late",
            "the new PIN comes 119 seconds after the verification",
        )
        .requires(&["CHG-1", "CHG-4"])
        .plays([
            verified(),
            later(119),
            sets(json!({})),
            right(),
            reads_at(2, 0, 2),
        ]),
        case("twice", "a PIN is changed twice")
            .requires(&["CHG-4", "CHG-5"])
            .plays([verified(), sets(json!({})), verified()])
            .plays([
                device("set_pin", json!({}), third),
                right(),
                reads_at(3, 0, 3),
            ]),
        case("to-the-same", "a PIN is changed to itself")
            .requires(&["CHG-5"])
            .plays([verified(), sets(json!({ "pin": "2580" }))])
            .does(device("verify", json!({ "pin": "2580" }), verdict(0, 0)))
            .does(reads_at(2, 0, 2)),
        case(
            "counts-anew",
            "wrong PINs came before the change, and come after it",
        )
        .requires(&["CHG-5", "LCK-3"])
        .plays([wrong(1), wrong(2), verified()])
        .does(device(
            "set_pin",
            json!({}),
            json!({ "record": status_at(2, 0, 3) }),
        ))
        .plays([wrong(1), wrong(2), right(), reads_at(2, 0, 6)]),
        case(
            "repeated-verify",
            "the verification is repeated before the change",
        )
        .requires(&["FAC-4", "CHG-1"])
        .does(verifies(json!({ "as": "r" }), verdict(0, 0)))
        .does(device("repeat", json!({ "request": "r" }), verdict(0, 0)))
        .plays([sets(json!({})), right(), reads_at(2, 0, 2)]),
        case(
            "after-refusal",
            "a right set-pin follows one that was refused",
        )
        .requires(&["CHG-4", "ENC-13"])
        .does(verified())
        .plays([
            refused(json!({ "possession": { "signer": "device" } }), 424),
            sets(json!({})),
            right(),
        ]),
        case(
            "after-refused-verify",
            "a VERIFY is refused between the verification and the change",
        )
        .requires(&["CHG-4", "ENC-13"])
        .does(verified())
        .does(device(
            "verify",
            json!({ "number": 1 }),
            json!({ "refused": 414 }),
        ))
        .plays([sets(json!({})), right()]),
        case("with-biometric", "the new PIN brings a biometric")
            .requires(&["CHG-5", "VCH-5"])
            .does(verified())
            .does(device(
                "set_pin",
                json!({ "biometric": {} }),
                json!({ "record": with_biometric(status_at(2, 0, 1)) }),
            ))
            .does(biometric(open(verdict(0, 0)))),
        positive(
            "factor.change.keeps-biometric",
            "the biometric outlives a change of the PIN",
        )
        .why(WHY)
        .requires(&["CHG-5"])
        .plays(enrolled_with_biometric())
        .does(verifies(json!({}), open(verdict(0, 0))))
        .does(sets_with_biometric(json!({})))
        .does(biometric(open(verdict(0, 0))))
        .does(reads_at(2, 0, 2)),
        positive(
            "factor.change.replaces-biometric",
            "the new PIN brings another biometric",
        )
        .why(WHY)
        .requires(&["CHG-5"])
        .plays(enrolled_with_biometric())
        .does(verifies(json!({}), open(verdict(0, 0))))
        .does(sets_with_biometric(
            json!({ "biometric": { "name": "second" } }),
        ))
        .does(biometric(json!({ "refused": 426 })))
        .does(device(
            "verify",
            json!({ "factor": 2, "bio": "second" }),
            open(verdict(0, 0)),
        )),
        case(
            "decline",
            "a verification for a change is followed by a login",
        )
        .requires(&["CHG-1"])
        .plays([verified(), right(), reads(0, 2)]),
        case(
            "clock-set-back",
            "the clock is set back between verification and change",
        )
        .requires(&["FAC-8", "CHG-4"])
        .plays([later(1000), verified(), back(500), sets(json!({})), right()]),
    ]
}

fn sets_with_biometric(with: Value) -> Step {
    device(
        "set_pin",
        with,
        json!({ "record": with_biometric(status_at(2, 0, 1)) }),
    )
}
