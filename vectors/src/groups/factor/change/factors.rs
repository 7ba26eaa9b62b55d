//! Which factor is enough for which change (CHG-3).

use serde_json::{Value, json};

use super::{refused, sets_with_biometric, verifies};
use crate::author::positive;
use crate::case::Case;
use crate::groups::factor::steps::*;

/// Which factor is enough for which change.
pub(super) fn factors() -> Vec<Case> {
    let allowed = || policy(json!({ "pin_change_by_biometric": true }));
    let by_biometric = |expect: Value| verifies(json!({ "factor": 2 }), expect);
    let base = positive("factor.change.by-biometric", "a PIN is changed by biometric, where the server allows it")
        .why("A biometric that may change the PIN is worth as much as the PIN: that is the operator's to say.")
        .needs(&["policy"])
        .requires(&["CHG-3"])
        .does(allowed())
        .plays(enrolled_with_biometric())
        .does(by_biometric(open(verdict(0, 0))))
        .does(sets_with_biometric(json!({})))
        .plays([device("verify", json!({}), open(verdict(0, 0))), reads_at(2, 0, 2)]);
    vec![
        base.clone(),
        base.but(
            "factor.change.by-biometric-not-allowed",
            "the server does not allow it",
        )
        .kills("change-factor-pin")
        .requires(&["CHG-3"])
        .flagged(&["key-confusion"])
        .plays(enrolled_with_biometric())
        .does(by_biometric(json!({ "refused": 408 })))
        .plays([refused(json!({}), 419), reads(0, 0)]),
        base.but(
            "factor.change.by-biometric-with-biometric",
            "it brings a biometric, too",
        )
        .kills("set-pin-factor")
        .requires(&["CHG-3"])
        .flagged(&["key-confusion"])
        .does(allowed())
        .plays(enrolled_with_biometric())
        .does(by_biometric(open(verdict(0, 0))))
        .does(refused(json!({ "biometric": { "name": "second" } }), 408))
        .does(reads(0, 1))
        .plays([sets_with_biometric(json!({})), reads_at(2, 0, 1)]),
        base.but(
            "factor.change.order-factor",
            "it brings a biometric, and its proof is wrong",
        )
        .kills("order")
        .requires(&["CHG-8"])
        .flagged(&["key-confusion"])
        .does(allowed())
        .plays(enrolled_with_biometric())
        .does(by_biometric(open(verdict(0, 0))))
        .does(refused(
            json!({ "biometric": {}, "possession": { "signer": "device" } }),
            408,
        ))
        .does(reads(0, 1)),
        base.but(
            "factor.change.by-biometric-no-new-budget",
            "the budget was used up by it",
        )
        .kills("budget-by-pin-only")
        .requires(&["BUD-3"])
        .flagged(&["miscount"])
        .does(policy(
            json!({ "pin_change_by_biometric": true, "budget": { "uses": 1 } }),
        ))
        .plays(enrolled_with_biometric())
        .does(by_biometric(verdict(0, 0)))
        .does(device(
            "set_pin",
            json!({}),
            json!({ "record": pin_needed(status_at(2, 0, 1)) }),
        ))
        .plays([biometric(json!({ "refused": 427 })), reads_at(2, 0, 1)]),
    ]
}
