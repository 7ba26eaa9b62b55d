//! `factor.restore.*`: a store out of a backup, and replicas that are configured anew.

mod settings;

use serde_json::{Value, json};

use super::steps::*;
use crate::author::positive;
use crate::case::{Case, Group, Step};

const WHY: &str = "Whoever can make an operator restore a backup must not get back the attempts that he has used.";

/// Restored stores, later epochs, and other maxima.
pub fn group() -> Group {
    let mut cases = restored();
    cases.extend(settings::behind());
    cases.extend(settings::maxima());
    let needs = |case: Case| case.needs(&["restart"]);
    super::steps::group(
        "factor-restore",
        "A factor server after its store was restored, or its settings were changed.",
        cases.into_iter().map(needs).collect(),
    )
}

fn backs_up() -> Step {
    factor("backup", json!({}), json!({}))
}

/// The backup is restored, into store epoch 8.
fn restores() -> Step {
    factor("restore", json!({ "store_epoch": 8 }), json!({}))
}

/// A turn in the channel after the restore.
fn verify(with: Value, expect: Value) -> Step {
    device("verify", and(json!({ "channel": "later" }), with), expect)
}

fn restored() -> Vec<Case> {
    let base = positive(
        "factor.restore.one-attempt",
        "the right PIN comes after a restore",
    )
    .why(WHY)
    .requires(&["RES-1"])
    .plays(enrolled())
    .plays([backs_up(), restores(), returns("later", status(2, 0))])
    .plays([verify(json!({}), verdict(0, 0)), reads(0, 1)]);
    let negative = |id: &str, change: &str, kills: &str, before: Vec<Step>, after: Vec<Step>| {
        base.but(&format!("factor.restore.{id}"), change)
            .kills(kills)
            .requires(&["RES-1"])
            .flagged(&["miscount"])
            .plays(enrolled())
            .plays(before)
            .does(restores())
            .plays(after)
    };
    let with_biometric_before = || {
        positive(
            "factor.restore.pin-gives-budget-back",
            "after a restore the PIN comes before the next biometric",
        )
        .why(WHY)
        .requires(&["RES-1", "BUD-3"])
        .plays(enrolled_with_biometric())
        .plays([
            backs_up(),
            restores(),
            returns("later", pin_needed(status(2, 0))),
        ])
        .does(verify(json!({}), open(verdict(0, 0))))
        .does(verify(json!({ "factor": 2 }), open(verdict(0, 0))))
    };
    let spent = |id: &str, change: &str, needs: &[&str], configured: Vec<Step>| {
        with_biometric_before()
            .but(&format!("factor.restore.{id}"), change)
            .needs(needs)
            .kills("restored-budget")
            .requires(&["RES-1"])
            .flagged(&["miscount"])
            .plays(configured)
            .plays(enrolled_with_biometric())
            .plays([
                backs_up(),
                restores(),
                returns("later", pin_needed(status(2, 0))),
            ])
            .does(verify(json!({ "factor": 2 }), json!({ "refused": 427 })))
            .does(reads(2, 0))
    };
    let wrong_blocks = || verify(json!({ "pin": "0000" }), verdict(410, 3));
    let epoch_7 = |change: &str, with: Value| {
        negative(
            "old-epoch",
            change,
            "store-epoch",
            vec![backs_up()],
            vec![
                returns("later", status(2, 0)),
                verify(and(json!({ "epoch": 7 }), with), json!({ "refused": 415 })),
                reads(2, 0),
                verify(json!({}), verdict(0, 0)),
            ],
        )
    };
    vec![
        base.clone(),
        with_biometric_before(),
        negative(
            "wrong-blocks",
            "it is wrong, and blocks",
            "restored-attempts",
            vec![backs_up()],
            vec![
                returns("later", status(2, 0)),
                wrong_blocks(),
                verify(json!({}), verdict(411, 3)),
                reads(3, 2),
            ],
        ),
        negative(
            "failures-since",
            "two attempts were used since the backup",
            "restored-attempts",
            vec![backs_up(), wrong(1), wrong(2)],
            vec![returns("later", status(2, 0)), wrong_blocks(), reads(3, 3)],
        ),
        negative(
            "failure-before",
            "one attempt was used before the backup",
            "restored-attempts",
            vec![wrong(1), backs_up()],
            vec![returns("later", status(2, 1)), wrong_blocks(), reads(3, 2)],
        ),
        negative(
            "blocked-since",
            "the record was blocked since the backup",
            "restored-attempts",
            vec![backs_up(), wrong(1), wrong(2), wrong(3)],
            vec![returns("later", status(2, 0)), wrong_blocks(), reads(3, 4)],
        ),
        negative(
            "blocked-before",
            "the record was blocked before the backup",
            "blocked",
            vec![wrong(1), wrong(2), wrong(3), backs_up()],
            vec![
                returns("later", status(3, 3)),
                verify(json!({}), verdict(411, 3)),
                reads(3, 4),
            ],
        ),
        negative(
            "twice",
            "it is restored twice",
            "restored-attempts",
            vec![backs_up()],
            vec![
                returns("later", status(2, 0)),
                wrong_blocks(),
                factor("restore", json!({ "store_epoch": 9 }), json!({})),
                returns("again", status(2, 0)),
                device(
                    "verify",
                    json!({ "channel": "again", "pin": "0000" }),
                    verdict(410, 3),
                ),
                reads(3, 2),
            ],
        ),
        negative(
            "replayed",
            "an answered request of the old epoch comes again",
            "store-epoch",
            vec![
                backs_up(),
                device("verify", json!({ "as": "r" }), verdict(0, 0)),
            ],
            vec![
                returns("later", status(2, 0)),
                device(
                    "repeat",
                    json!({ "request": "r", "channel": "later" }),
                    json!({ "refused": 415 }),
                ),
                reads(2, 0),
            ],
        )
        .requires(&["FAC-5"]),
        epoch_7("it is for the old store epoch", json!({})).requires(&["FAC-5"]),
        negative(
            "proof-old-epoch",
            "its proof is for the old store epoch",
            "proof-epoch",
            vec![backs_up()],
            vec![
                returns("later", status(2, 0)),
                verify(json!({ "proof": { "epoch": 7 } }), verdict(410, 3)),
                reads(3, 1),
            ],
        )
        .requires(&["LCK-3"]),
        spent(
            "biometric",
            "the biometric comes before the PIN",
            &[],
            vec![],
        ),
        spent(
            "biometric-no-limits",
            "the biometric comes before the PIN where no limit is set",
            &["policy"],
            vec![policy(json!({ "budget": { "uses": 0, "seconds": 0 } }))],
        ),
        positive(
            "factor.restore.repetition",
            "a request that the backup remembers is repeated after the restore",
        )
        .why(WHY)
        .requires(&["RES-1", "FAC-4"])
        .plays(enrolled())
        .does(device("verify", json!({ "as": "r" }), verdict(0, 0)))
        .plays([backs_up(), restores(), returns("later", status(2, 1))])
        .does(device(
            "repeat",
            json!({ "request": "r", "channel": "later" }),
            verdict(0, 0),
        ))
        .does(reads(2, 1)),
        positive(
            "factor.restore.old-pin",
            "the PIN was changed after the backup, and the old one lives again",
        )
        .why("The status says which PIN is live, whatever the user has changed it to.")
        .requires(&["RES-1", "CHG-5"])
        .plays(enrolled())
        .does(backs_up())
        .does(device("verify", json!({ "change": "pin" }), verdict(0, 0)))
        .does(device(
            "set_pin",
            json!({}),
            json!({ "record": status_at(2, 0, 1) }),
        ))
        .plays([
            restores(),
            returns("later", status(2, 0)),
            verify(json!({ "number": 2 }), verdict(0, 0)),
            reads(0, 2),
        ]),
        positive(
            "factor.restore.never-backed-up",
            "a record that is younger than the backup is gone",
        )
        .why(WHY)
        .requires(&["FAC-10"])
        .plays(enrolled())
        .does(restores())
        .does(device(
            "connect",
            json!({ "channel": "later" }),
            json!({ "record": null }),
        ))
        .does(verify(json!({}), json!({ "refused": 417 })))
        .does(reads_nothing("alice")),
        positive(
            "factor.restore.channels-end",
            "a channel of before the restore is unknown after it",
        )
        .why(WHY)
        .requires(&["STO-3", "HS-4"])
        .plays(enrolled())
        .plays([
            backs_up(),
            restores(),
            device("verify", json!({}), json!({ "rejected": 212 })),
        ])
        .does(returns("later", status(2, 0))),
    ]
}
