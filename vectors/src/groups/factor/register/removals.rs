//! remove-biometric and biometric-gone.

use serde_json::json;

use super::{WHY, goes, removes, verifies};
use crate::author::positive;
use crate::case::{Case, Step};
use crate::groups::factor::steps::*;

pub(super) const GONE: &str = "A key that the phone has destroyed must not stand in the way, and who takes it away must gain nothing.";

pub(super) fn removals(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, kills: &str, requirement: &str, steps: Vec<Step>| {
        base.but(&format!("factor.register.remove-{id}"), change)
            .kills(kills)
            .requires(&[requirement])
            .flagged(&["replay"])
            .plays(enrolled_with_biometric())
            .plays(steps)
    };
    let refused = |code: u16| device("remove_biometric", json!({}), json!({ "refused": code }));
    let verified = || verifies("remove", json!({}), open(verdict(0, 0)));
    let still = || biometric(open(verdict(0, 0)));
    vec![
        positive(
            "factor.register.remove-by-biometric",
            "the biometric is removed on its own word",
        )
        .why(WHY)
        .requires(&["CHG-3", "CHG-6"])
        .plays(enrolled_with_biometric())
        .does(verifies(
            "remove",
            json!({ "factor": 2 }),
            open(verdict(0, 0)),
        ))
        .plays([removes(0, 1), biometric(json!({ "refused": 425 })), right()]),
        case(
            "unverified",
            "nothing was verified",
            "verification",
            "CHG-4",
            vec![refused(419), still()],
        ),
        case(
            "after-login",
            "the PIN was verified for a login",
            "verification-purpose",
            "CHG-1",
            vec![
                device("verify", json!({}), open(verdict(0, 0))),
                refused(419),
                still(),
            ],
        ),
        case(
            "for-add",
            "it was verified for an addition",
            "verification-operation",
            "CHG-4",
            vec![
                verifies("add", json!({}), open(verdict(0, 0))),
                refused(419),
                still(),
            ],
        ),
        case(
            "too-late",
            "it comes 120 seconds later",
            "verification-end",
            "CHG-4",
            vec![verified(), later(120), refused(419), still()],
        ),
        case(
            "other-channel",
            "it comes through another channel",
            "verification-channel",
            "CHG-4",
            vec![
                returns("second", with_biometric(status(0, 0))),
                verified(),
                device(
                    "remove_biometric",
                    json!({ "channel": "second" }),
                    json!({ "refused": 419 }),
                ),
                still(),
            ],
        ),
        case(
            "ended-by-status",
            "the status was asked for in between",
            "verification-ended-by-status",
            "STA-2",
            vec![
                verified(),
                device(
                    "ask_status",
                    json!({}),
                    json!({ "record": with_biometric(status(0, 1)) }),
                ),
                refused(419),
                still(),
            ],
        ),
        base.but("factor.register.remove-nothing", "there is none")
            .kills("remove-registered")
            .requires(&["CHG-6"])
            .flagged(&["structure"])
            .plays(enrolled())
            .plays([
                verifies("remove", json!({}), verdict(0, 0)),
                refused(425),
                reads(0, 1),
            ]),
        base.but(
            "factor.register.remove-nothing-unverified",
            "there is none, and nothing was verified",
        )
        .kills("order")
        .requires(&["CHG-8"])
        .flagged(&["structure"])
        .plays(enrolled())
        .plays([refused(419), reads(0, 0)]),
        base.but(
            "factor.register.remove-no-record",
            "the device has no record",
        )
        .kills("unknown-record")
        .requires(&["FAC-10"])
        .flagged(&["key-confusion"])
        .does(connects())
        .plays([refused(417), reads_nothing("alice")]),
    ]
}

pub(super) fn losses(base: &Case) -> Vec<Case> {
    let case = |id: &str, title: &str| {
        positive(&format!("factor.register.{id}"), title)
            .why(GONE)
            .requires(&["CHG-7"])
    };
    vec![
        case(
            "gone-twice",
            "the phone says twice that the biometric is gone",
        )
        .plays(enrolled_with_biometric())
        .plays([goes(status(0, 0)), goes(status(0, 0)), right()]),
        case(
            "gone-nothing",
            "a biometric is gone that was never registered",
        )
        .plays(enrolled())
        .plays([wrong(1), goes(status(1, 1)), right(), reads(0, 2)]),
        case(
            "gone-keeps-count",
            "the biometric is gone, and the wrong PINs stay counted",
        )
        .plays(enrolled_with_biometric())
        .does(device(
            "verify",
            json!({ "pin": "0000" }),
            open(verdict(410, 1)),
        ))
        .plays([goes(status(1, 1)), wrong(2), reads(2, 2)]),
        case(
            "gone-blocked",
            "the biometric is gone while PIN entry is blocked",
        )
        .requires(&["LCK-5"])
        .plays(enrolled_with_biometric())
        .plays((1..=MAX_ATTEMPTS).map(|failed| {
            device(
                "verify",
                json!({ "pin": "0000" }),
                open(verdict(410, failed)),
            )
        }))
        .plays([goes(status(3, 3)), biometric(json!({ "refused": 425 }))])
        .does(device("verify", json!({}), verdict(411, 3))),
        case(
            "gone-then-added",
            "another biometric is added after the first is gone",
        )
        .requires(&["CHG-6"])
        .plays(enrolled_with_biometric())
        .does(goes(status(0, 0)))
        .does(verifies("add", json!({}), verdict(0, 0)))
        .does(device(
            "add_biometric",
            json!({ "biometric": { "name": "second" } }),
            json!({ "record": with_biometric(status(0, 1)) }),
        ))
        .does(device(
            "verify",
            json!({ "factor": 2, "bio": "second" }),
            open(verdict(0, 0)),
        )),
        base.but("factor.register.gone-of-another", "another device says so")
            .kills("unknown-record")
            .requires(&["FAC-1", "FAC-10"])
            .flagged(&["key-confusion"])
            .plays(enrolled_with_biometric())
            .does(device(
                "connect",
                json!({ "device": "bob" }),
                json!({ "record": null }),
            ))
            .does(device(
                "biometric_gone",
                json!({ "device": "bob" }),
                json!({ "refused": 417 }),
            ))
            .does(biometric(open(verdict(0, 0)))),
        base.but("factor.register.gone-no-record", "the device has no record")
            .kills("unknown-record")
            .requires(&["FAC-10"])
            .flagged(&["key-confusion"])
            .does(connects())
            .does(device(
                "biometric_gone",
                json!({}),
                json!({ "refused": 417 }),
            ))
            .does(reads_nothing("alice")),
    ]
}
