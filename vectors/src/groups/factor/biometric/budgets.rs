//! The budget, by count and by time.

use serde_json::json;

use super::{BUDGET, refused, right_pin};
use crate::author::{positive, turn};
use crate::case::{Actor, Case, Step};
use crate::groups::factor::steps::*;

/// The budget by count.
pub(super) fn uses() -> Vec<Case> {
    let allows = |uses: u64| policy(json!({ "budget": { "uses": uses } }));
    let base = positive(
        "factor.biometric.uses",
        "as many biometrics as the budget allows are verified",
    )
    .why(BUDGET)
    .needs(&["policy"])
    .requires(&["BUD-1", "BIO-3"])
    .does(allows(2))
    .plays(enrolled_with_biometric())
    .plays([
        biometric(open(verdict(0, 0))),
        biometric(verdict(0, 0)),
        reads(0, 2),
    ]);
    let over = |id: &str, change: &str, kills: &str, steps: Vec<Step>| {
        base.but(&format!("factor.biometric.uses-{id}"), change)
            .kills(kills)
            .requires(&["BUD-1"])
            .flagged(&["miscount"])
            .does(allows(2))
            .plays(enrolled_with_biometric())
            .plays([biometric(open(verdict(0, 0))), biometric(verdict(0, 0))])
            .plays(steps)
    };
    let again = || biometric(open(verdict(0, 0)));
    let spent = |failed, number| json!({ "record": pin_needed(status(failed, number)) });
    vec![
        base.clone(),
        over(
            "over",
            "one more follows",
            "budget-uses",
            vec![refused(427), refused(427), reads(0, 2)],
        ),
        over(
            "over-much-later",
            "one more follows the day after",
            "budget-uses",
            vec![later(86_400), refused(427), reads(0, 2)],
        ),
        over(
            "over-wrong",
            "one more follows, and is wrong",
            "budget-uses",
            vec![
                device(
                    "verify",
                    json!({ "factor": 2, "bio": "second" }),
                    json!({ "refused": 427 }),
                ),
                reads(0, 2),
            ],
        )
        .requires(&["FAC-2"]),
        over(
            "over-malformed",
            "one more follows, and is malformed",
            "budget-uses",
            vec![
                device(
                    "verify",
                    json!({ "factor": 2, "proof": { "high_s": true } }),
                    json!({ "refused": 427 }),
                ),
                reads(0, 2),
            ],
        )
        .requires(&["FAC-2"]),
        over(
            "over-new-channel",
            "one more follows in another channel",
            "budget-uses",
            vec![
                returns("later", pin_needed(status(0, 2))),
                device(
                    "verify",
                    json!({ "factor": 2, "channel": "later" }),
                    json!({ "refused": 427 }),
                ),
                reads(0, 2),
            ],
        ),
        over(
            "over-after-wrong-pin",
            "a wrong PIN comes before one more",
            "budget-uses",
            vec![
                device("verify", json!({ "pin": "0000" }), verdict(410, 1)),
                refused(427),
                reads(1, 3),
            ],
        )
        .requires(&["BUD-3"]),
        over(
            "over-status",
            "the status is asked for before one more",
            "budget-uses",
            vec![device("ask_status", json!({}), spent(0, 2)), refused(427)],
        ),
        over(
            "over-blocked",
            "PIN entry is blocked before one more",
            "budget-uses",
            vec![
                device("verify", json!({ "pin": "0000" }), verdict(410, 1)),
                device("verify", json!({ "pin": "0000" }), verdict(410, 2)),
                device("verify", json!({ "pin": "0000" }), verdict(410, 3)),
                refused(427),
                reads(3, 5),
            ],
        ),
        over(
            "new-budget",
            "the right PIN begins a new budget",
            "budget-uses",
            vec![
                refused(427),
                right_pin(),
                again(),
                biometric(verdict(0, 0)),
                refused(427),
                reads(0, 6),
            ],
        )
        .requires(&["BUD-3"]),
        base.but(
            "factor.biometric.uses-not-counted",
            "only repetitions come between",
        )
        .kills("biometric-use")
        .requires(&["BIO-3", "FAC-4"])
        .flagged(&["miscount"])
        .does(allows(2))
        .plays(enrolled_with_biometric())
        .does(device(
            "verify",
            json!({ "factor": 2, "as": "r" }),
            open(verdict(0, 0)),
        ))
        .plays((0..5).map(|_| device("repeat", json!({ "request": "r" }), open(verdict(0, 0)))))
        .plays([biometric(verdict(0, 0)), refused(427), reads(0, 2)]),
        positive(
            "factor.biometric.uses-refused-ones-are-free",
            "refused biometrics use nothing up",
        )
        .why(BUDGET)
        .needs(&["policy"])
        .requires(&["BIO-1", "BIO-3"])
        .does(allows(1))
        .plays(enrolled_with_biometric())
        .does(device(
            "verify",
            json!({ "factor": 2, "bio": "second" }),
            json!({ "refused": 426 }),
        ))
        .plays([biometric(verdict(0, 0)), reads(0, 2)]),
        positive(
            "factor.biometric.uses-off",
            "forty biometrics follow each other where only time bounds them",
        )
        .why("Zero switches a limit off.")
        .needs(&["policy"])
        .requires(&["BUD-1"])
        .does(allows(0))
        .plays(enrolled_with_biometric())
        .plays((0..40).map(|_| again()))
        .does(reads(0, 40)),
    ]
}

/// The budget by time, at its boundary and one second before.
pub(super) fn seconds() -> Vec<Case> {
    const SECONDS: u64 = 1000;
    let allows = || policy(json!({ "budget": { "seconds": SECONDS } }));
    let enrolled = || {
        let mut steps = vec![allows()];
        steps.extend(enrolled_with_biometric());
        steps
    };
    let base = positive(
        "factor.biometric.seconds",
        "a biometric comes one second before the budget is over",
    )
    .why(BUDGET)
    .needs(&["policy"])
    .requires(&["BUD-2"])
    .plays(enrolled())
    .plays([
        later(SECONDS - 1),
        biometric(open(verdict(0, 0))),
        reads(0, 1),
    ]);
    let over = |id: &str, change: &str, kills: &str, steps: Vec<Step>| {
        base.but(&format!("factor.biometric.seconds-{id}"), change)
            .kills(kills)
            .requires(&["BUD-2"])
            .flagged(&["replay"])
            .plays(enrolled())
            .plays(steps)
    };
    let back = |s: u64| turn(Actor::Clock, "set_back", json!({ "s": s }), json!({}));
    vec![
        base.clone(),
        over(
            "over",
            "the budget is over by this second",
            "budget-time",
            vec![later(SECONDS), refused(427), reads(0, 0)],
        ),
        over(
            "long-over",
            "the budget was over a year ago",
            "budget-time",
            vec![later(31_536_000), refused(427), reads(0, 0)],
        ),
        over(
            "over-status",
            "the budget is over, and the status is asked for",
            "budget-time",
            vec![
                later(SECONDS - 1),
                device(
                    "ask_status",
                    json!({}),
                    json!({ "record": with_biometric(status(0, 0)) }),
                ),
                later(1),
                device(
                    "ask_status",
                    json!({}),
                    json!({ "record": pin_needed(status(0, 0)) }),
                ),
                refused(427),
            ],
        ),
        over(
            "used-in-between",
            "a biometric was verified just before",
            "budget-time",
            vec![
                later(SECONDS - 1),
                biometric(open(verdict(0, 0))),
                later(1),
                refused(427),
                reads(0, 1),
            ],
        )
        .requires(&["BUD-3"]),
        over(
            "new-budget",
            "the right PIN came in between",
            "budget-time",
            vec![
                later(SECONDS - 1),
                right_pin(),
                later(SECONDS - 1),
                biometric(open(verdict(0, 0))),
                later(1),
                refused(427),
                reads(0, 2),
            ],
        )
        .requires(&["BUD-3"]),
        over(
            "clock-set-back",
            "the clock is set back after a wrong PIN at its end",
            "clock",
            vec![
                later(SECONDS),
                device("verify", json!({ "pin": "0000" }), verdict(410, 1)),
                back(500),
                refused(427),
                reads(1, 1),
            ],
        )
        .requires(&["FAC-8"]),
        positive(
            "factor.biometric.seconds-off",
            "a biometric comes after ten years where only the count bounds it",
        )
        .why("Zero switches a limit off.")
        .needs(&["policy"])
        .requires(&["BUD-2"])
        .does(policy(json!({ "budget": { "seconds": 0 } })))
        .plays(enrolled_with_biometric())
        .plays([
            later(315_360_000),
            biometric(open(verdict(0, 0))),
            reads(0, 1),
        ]),
        positive(
            "factor.biometric.thirty-days-by-default",
            "a biometric comes one second before thirty days are over, and one when they are",
        )
        .why(BUDGET)
        .requires(&["BUD-2"])
        .plays(enrolled_with_biometric())
        .plays([
            later(2_591_999),
            biometric(open(verdict(0, 0))),
            later(1),
            refused(427),
            reads(0, 1),
        ]),
    ]
}
