//! `factor.biometric.*`: how far a biometric goes without the PIN.

mod blocked;
mod budgets;
mod proofs;

use serde_json::json;

use super::steps::*;
use crate::author::positive;
use crate::case::{Case, Group, Step};

const WHY: &str = "A biometric is a second way in: it must open what the PIN opens, and nothing that only the PIN may.";

const BUDGET: &str = "Biometrics without end would let nobody notice that the PIN is forgotten, and nothing bound a thief's guesses at it.";

/// Biometrics at VERIFY, their budgets, and blocked PIN entry.
pub fn group() -> Group {
    let base = positive("factor.biometric.right", "a biometric is verified")
        .why(WHY)
        .requires(&["BIO-3"])
        .plays(enrolled_with_biometric())
        .plays([biometric(open(verdict(0, 0))), reads(0, 1)]);
    let mut cases = vec![base.clone()];
    cases.extend(positives());
    cases.extend(proofs::proofs(&base));
    cases.extend(proofs::firsts(&base));
    cases.extend(budgets::uses());
    cases.extend(budgets::seconds());
    cases.extend(blocked::blocked_entry());
    super::steps::group(
        "factor-biometric",
        "Biometrics at the factor server: proofs, budgets by count and by time, and blocked PIN entry.",
        cases,
    )
}

/// A PIN is verified while a biometric is registered, and would be accepted after it.
fn right_pin() -> Step {
    device("verify", json!({}), open(verdict(0, 0)))
}

fn wrong_pin(failed: u64) -> Step {
    let with = json!({ "pin": "0000" });
    device("verify", with, open(verdict(410, failed)))
}

fn refused(code: u16) -> Step {
    biometric(json!({ "refused": code }))
}

fn positives() -> Vec<Case> {
    let case = |id: &str, title: &str| {
        positive(&format!("factor.biometric.{id}"), title)
            .why(WHY)
            .plays(enrolled_with_biometric())
    };
    vec![
        case(
            "pin-beside-it",
            "the PIN is verified where a biometric is registered",
        )
        .requires(&["LCK-4"])
        .plays([wrong_pin(1), right_pin(), reads(0, 2)]),
        case("resets", "a biometric sets failedAttempts to zero")
            .requires(&["BIO-3"])
            .plays([
                wrong_pin(1),
                wrong_pin(2),
                biometric(open(verdict(0, 0))),
                reads(0, 3),
            ]),
        case("unblocks", "a biometric unblocks PIN entry")
            .requires(&["BIO-3", "LCK-5"])
            .plays((1..=MAX_ATTEMPTS).map(wrong_pin))
            .plays([biometric(open(verdict(0, 0))), right_pin(), reads(0, 5)]),
        case("repeated", "a biometric is repeated, and used once")
            .requires(&["FAC-4", "BIO-3"])
            .does(device(
                "verify",
                json!({ "factor": 2, "as": "r" }),
                open(verdict(0, 0)),
            ))
            .does(later(30))
            .does(device(
                "repeat",
                json!({ "request": "r" }),
                open(verdict(0, 0)),
            ))
            .does(reads(0, 1)),
        case(
            "status",
            "the status says that a biometric would be accepted",
        )
        .requires(&["STA-1"])
        .does(device(
            "ask_status",
            json!({}),
            json!({ "record": with_biometric(status(0, 0)) }),
        )),
        case(
            "every-purpose",
            "a biometric is verified for an enrolment, and for another auth server",
        )
        .requires(&["BIO-3"])
        .does(device(
            "verify",
            json!({ "factor": 2, "purpose": 2 }),
            open(verdict(0, 0)),
        ))
        .does(device(
            "verify",
            json!({ "factor": 2, "audience": "bank" }),
            open(verdict(0, 0)),
        )),
        positive(
            "factor.biometric.thirty-by-default",
            "thirty biometrics follow each other, and then the PIN is needed",
        )
        .why(BUDGET)
        .requires(&["BUD-1", "BIO-3"])
        .plays(enrolled_with_biometric())
        .plays((1..30).map(|_| biometric(open(verdict(0, 0)))))
        .does(biometric(verdict(0, 0)))
        .does(refused(427))
        .plays([right_pin(), biometric(open(verdict(0, 0))), reads(0, 33)]),
    ]
}
