//! Biometrics while PIN entry is blocked, by either flag of the policy.

use serde_json::{Value, json};

use super::{refused, right_pin, wrong_pin};
use crate::author::positive;
use crate::case::{Case, Step};
use crate::groups::factor::steps::*;

/// Biometrics while PIN entry is blocked, by either flag of the policy.
pub(super) fn blocked_entry() -> Vec<Case> {
    const WHY: &str = "An operator that closes biometrics while PIN entry is blocked, or keeps them from unblocking it, relies on it.";
    let closes = || policy(json!({ "biometrics_closed_while_blocked": true }));
    let keeps = || policy(json!({ "biometric_resets": false }));
    let closed = positive(
        "factor.biometric.closing",
        "a biometric is verified before PIN entry is blocked, where it closes biometrics",
    )
    .why(WHY)
    .needs(&["policy"])
    .requires(&["BIO-2", "BIO-3"])
    .does(closes())
    .plays(enrolled_with_biometric())
    .plays([
        wrong_pin(1),
        wrong_pin(2),
        biometric(open(verdict(0, 0))),
        reads(0, 3),
    ]);
    let kept = positive(
        "factor.biometric.keeping",
        "a biometric is verified, where it resets nothing",
    )
    .why(WHY)
    .needs(&["policy"])
    .requires(&["BIO-3"])
    .does(keeps())
    .plays(enrolled_with_biometric())
    .plays([biometric(open(verdict(0, 0))), right_pin(), reads(0, 2)]);
    let blocks = |steps: Vec<Step>| {
        let mut all = vec![closes()];
        all.extend(enrolled_with_biometric());
        all.extend([wrong_pin(1), wrong_pin(2)]);
        all.push(device("verify", json!({ "pin": "0000" }), verdict(410, 3)));
        all.extend(steps);
        all
    };
    let close = |id: &str, change: &str, steps: Vec<Step>| {
        closed
            .but(&format!("factor.biometric.closed-{id}"), change)
            .kills("biometrics-closed")
            .requires(&["BIO-2"])
            .flagged(&["miscount"])
            .plays(blocks(steps))
    };
    let keep = |id: &str, change: &str, steps: Vec<Step>| {
        kept.but(&format!("factor.biometric.kept-{id}"), change)
            .kills("biometric-resets")
            .requires(&["BIO-3"])
            .flagged(&["miscount"])
            .does(keeps())
            .plays(enrolled_with_biometric())
            .plays(steps)
    };
    let verify = |with: Value, expect: Value| device("verify", with, expect);
    vec![
        closed.clone(),
        kept.clone(),
        close(
            "right",
            "PIN entry is blocked",
            vec![refused(431), reads(3, 3)],
        ),
        close(
            "wrong",
            "PIN entry is blocked, and the biometric wrong",
            vec![
                verify(
                    json!({ "factor": 2, "bio": "second" }),
                    json!({ "refused": 431 }),
                ),
                reads(3, 3),
            ],
        )
        .requires(&["FAC-2"]),
        close(
            "status",
            "PIN entry is blocked, and the status says that the PIN is needed",
            vec![
                device(
                    "ask_status",
                    json!({}),
                    json!({ "record": pin_needed(status(3, 3)) }),
                ),
                refused(431),
            ],
        ),
        close(
            "then-pin",
            "PIN entry is blocked, and the right PIN follows",
            vec![
                refused(431),
                verify(json!({}), verdict(411, 3)),
                refused(431),
                reads(3, 5),
            ],
        )
        .requires(&["LCK-5"]),
        closed
            .but(
                "factor.biometric.closed-after-budget",
                "its budget is over and PIN entry is blocked",
            )
            .kills("order")
            .requires(&["FAC-2"])
            .flagged(&["miscount"])
            .does(policy(
                json!({ "biometrics_closed_while_blocked": true, "budget": { "uses": 1 } }),
            ))
            .plays(enrolled_with_biometric())
            .does(biometric(verdict(0, 0)))
            .plays((1..=MAX_ATTEMPTS).map(wrong))
            .plays([refused(427), reads(3, 4)]),
        keep(
            "count",
            "wrong PINs came before",
            vec![
                wrong_pin(1),
                wrong_pin(2),
                biometric(open(verdict(0, 2))),
                wrong_pin(3),
                reads(3, 4),
            ],
        ),
        keep(
            "blocked",
            "PIN entry is blocked before",
            vec![
                wrong_pin(1),
                wrong_pin(2),
                wrong_pin(3),
                biometric(open(verdict(0, 3))),
                verify(json!({}), open(verdict(411, 3))),
                biometric(open(verdict(0, 3))),
                reads(3, 6),
            ],
        )
        .requires(&["LCK-5"]),
    ]
}
