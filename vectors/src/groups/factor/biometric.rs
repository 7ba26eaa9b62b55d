//! `factor.biometric.*`: how far a biometric goes without the PIN.

use serde_json::{Value, json};

use super::steps::*;
use crate::author::{positive, turn};
use crate::case::{Actor, Case, Group, Step};

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
    cases.extend(proofs(&base));
    cases.extend(firsts(&base));
    cases.extend(uses());
    cases.extend(seconds());
    cases.extend(blocked_entry());
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

/// Proofs that are not the biometric's: refused, and not counted.
fn proofs(base: &Case) -> Vec<Case> {
    let spoilt = |id: &str, change: &str, code: u16, kills: &str, flag: &str, with: Value| {
        let requirement = match code {
            426 => "BIO-1",
            _ => "FAC-6",
        };
        base.but(&format!("factor.biometric.{id}"), change)
            .why("Whoever has the phone but not the face must get nothing, and the user must lose nothing by it.")
            .kills(kills)
            .requires(&[requirement])
            .flagged(&[flag])
            .plays(enrolled_with_biometric())
            .does(wrong_pin(1))
            .does(device("verify", and(json!({ "factor": 2 }), with), json!({ "refused": code })))
            .plays([reads(1, 1), biometric(open(verdict(0, 0)))])
    };
    let other = |id: &str, change: &str, flag: &str, with: Value| {
        spoilt(id, change, 426, "biometric-proof", flag, with)
    };
    let range = |id: &str, change: &str, bytes: String| {
        let spoil =
            json!({ "spoil": { "at": "request", "path": [8], "replace": format!("5840{bytes}") } });
        spoilt(id, change, 112, "signature-range", "zero-signature", spoil)
    };
    let (zero, one) = ("00".repeat(32), format!("{}01", "00".repeat(31)));
    vec![
        other(
            "other-key",
            "another biometric key of the device signs",
            "key-confusion",
            json!({ "bio": "second" }),
        ),
        other(
            "pin-signs",
            "the PIN's key signs",
            "key-confusion",
            json!({ "proof": { "signer": "pin" } }),
        ),
        other(
            "device-signs",
            "the device's own key signs",
            "key-confusion",
            json!({ "proof": { "signer": "device" } }),
        ),
        other(
            "other-device",
            "another device's biometric signs",
            "key-confusion",
            json!({ "proof": { "device": "bob" } }),
        ),
        other(
            "proof-record",
            "the proof is for another record",
            "key-confusion",
            json!({ "proof": { "record": "bob" } }),
        ),
        other(
            "proof-epoch",
            "the proof is for another store epoch",
            "replay",
            json!({ "proof": { "epoch": 6 } }),
        ),
        other(
            "proof-generation",
            "the proof is for another generation",
            "replay",
            json!({ "proof": { "generation": 2 } }),
        ),
        other(
            "proof-number",
            "the proof is for another request number",
            "replay",
            json!({ "proof": { "number": 1 } }),
        ),
        other(
            "proof-purpose",
            "the proof is for another purpose",
            "purpose-confusion",
            json!({ "proof": { "purpose": 7 } }),
        ),
        other(
            "proof-bind",
            "the proof is for something else",
            "purpose-confusion",
            json!({ "proof": { "bind": "something else" } }),
        ),
        other(
            "proof-label",
            "the proof is signed as a proof of possession",
            "purpose-confusion",
            json!({ "proof": { "as": "factor key" } }),
        ),
        spoilt(
            "high-s",
            "its proof has the higher s",
            112,
            "low-s",
            "malleable-signature",
            json!({ "proof": { "high_s": true } }),
        )
        .requires(&["SIG-3"]),
        range("zero", "its proof is zero", format!("{zero}{zero}")).requires(&["SIG-2"]),
        range("r-zero", "r of its proof is zero", format!("{zero}{one}")).requires(&["SIG-2"]),
        base.but(
            "factor.biometric.pin-by-biometric",
            "the request says that it is the PIN",
        )
        .why("A biometric that passes for the PIN opens what only the PIN may.")
        .kills("proof")
        .requires(&["LCK-3"])
        .flagged(&["key-confusion"])
        .plays(enrolled_with_biometric())
        .does(device(
            "verify",
            json!({ "proof": { "signer": "biometric" } }),
            open(verdict(410, 1)),
        ))
        .does(reads(1, 1)),
        base.but(
            "factor.biometric.wrong-fifty-times",
            "fifty wrong ones come before it",
        )
        .kills("biometric-not-counted")
        .requires(&["BIO-1"])
        .flagged(&["miscount"])
        .plays(enrolled_with_biometric())
        .plays((0..50).map(|_| {
            device(
                "verify",
                json!({ "factor": 2, "bio": "second" }),
                json!({ "refused": 426 }),
            )
        }))
        .plays([reads(0, 0), biometric(open(verdict(0, 0))), right_pin()]),
    ]
}

/// What is checked before the proof, and what a biometric does not get around.
fn firsts(base: &Case) -> Vec<Case> {
    let refused =
        |id: &str, change: &str, kills: &str, requirement: &str, code: u16, with: Value| {
            base.but(&format!("factor.biometric.{id}"), change)
                .kills(kills)
                .requires(&[requirement])
                .flagged(&["replay"])
                .plays(enrolled_with_biometric())
                .plays([wrong_pin(1), wrong_pin(2)])
                .does(device(
                    "verify",
                    and(json!({ "factor": 2 }), with),
                    json!({ "refused": code }),
                ))
                .plays([reads(2, 2), biometric(open(verdict(0, 0)))])
        };
    vec![
        refused(
            "number-low",
            "its number is lower than the last",
            "number-too-low",
            "FAC-3",
            413,
            json!({ "number": 1 }),
        ),
        refused(
            "number-reused",
            "its number was used for a PIN",
            "number-reused",
            "FAC-4",
            414,
            json!({ "number": 2 }),
        ),
        refused(
            "epoch-old",
            "it is for an older store epoch",
            "store-epoch",
            "FAC-5",
            415,
            json!({ "epoch": 6 }),
        ),
        refused(
            "generation-new",
            "it is for another generation",
            "generation",
            "FAC-5",
            416,
            json!({ "generation": 2 }),
        ),
        base.but(
            "factor.biometric.replayed",
            "it comes again after the PIN was wrong",
        )
        .kills("number-too-low")
        .requires(&["FAC-3"])
        .flagged(&["replay", "miscount"])
        .plays(enrolled_with_biometric())
        .does(device(
            "verify",
            json!({ "factor": 2, "as": "r" }),
            open(verdict(0, 0)),
        ))
        .plays([wrong_pin(1), wrong_pin(2)])
        .does(device(
            "repeat",
            json!({ "request": "r" }),
            json!({ "refused": 413 }),
        ))
        .does(reads(2, 3)),
        base.but("factor.biometric.unregistered", "the record has none")
            .kills("factor-not-registered")
            .requires(&["FAC-2"])
            .flagged(&["key-confusion"])
            .plays(enrolled())
            .plays([
                wrong(1),
                biometric(json!({ "refused": 425 })),
                reads(1, 1),
                right(),
            ]),
        base.but(
            "factor.biometric.unregistered-by-pin-key",
            "the record has none, and the PIN's key signs",
        )
        .kills("factor-not-registered")
        .requires(&["FAC-2"])
        .flagged(&["key-confusion"])
        .plays(enrolled())
        .does(wrong(1))
        .does(device(
            "verify",
            json!({ "factor": 2, "proof": { "signer": "pin" } }),
            json!({ "refused": 425 }),
        ))
        .plays([reads(1, 1), right()]),
    ]
}

/// The budget by count.
fn uses() -> Vec<Case> {
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
fn seconds() -> Vec<Case> {
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

/// Biometrics while PIN entry is blocked, by either flag of the policy.
fn blocked_entry() -> Vec<Case> {
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
