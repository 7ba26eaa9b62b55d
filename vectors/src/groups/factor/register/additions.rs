//! add-biometric: its verification, and the possession of its key.

use serde_json::{Value, json};

use super::{WHY, adds, goes, not_added, verifies};
use crate::author::positive;
use crate::case::{Case, Step};
use crate::groups::factor::steps::*;

pub(super) fn additions(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, kills: &str, requirement: &str, steps: Vec<Step>| {
        base.but(&format!("factor.register.add-{id}"), change)
            .kills(kills)
            .requires(&[requirement])
            .flagged(&["replay"])
            .plays(enrolled())
            .plays(steps)
    };
    let add = || json!({ "biometric": {} });
    let verified = || verifies("add", json!({}), verdict(0, 0));
    let second = json!({ "channel": "second", "biometric": {} });
    vec![
        positive(
            "factor.register.add-after-change",
            "a biometric is added after a change of the PIN",
        )
        .why(WHY)
        .requires(&["CHG-6"])
        .plays(enrolled())
        .does(verifies("pin", json!({}), verdict(0, 0)))
        .does(device(
            "set_pin",
            json!({}),
            json!({ "record": status_at(2, 0, 1) }),
        ))
        .does(verified())
        .does(device(
            "add_biometric",
            add(),
            json!({ "record": with_biometric(status_at(2, 0, 2)) }),
        ))
        .plays([biometric(open(verdict(0, 0))), reads_at(2, 0, 3)]),
        positive(
            "factor.register.replace",
            "another biometric takes the place of the first",
        )
        .why(WHY)
        .requires(&["CHG-6"])
        .plays(enrolled_with_biometric())
        .does(verifies("add", json!({}), open(verdict(0, 0))))
        .does(device(
            "add_biometric",
            json!({ "biometric": { "name": "second" } }),
            json!({ "record": with_biometric(status(0, 1)) }),
        ))
        .does(biometric(json!({ "refused": 426 })))
        .does(device(
            "verify",
            json!({ "factor": 2, "bio": "second" }),
            open(verdict(0, 0)),
        )),
        positive(
            "factor.register.add-keeps-count",
            "a biometric is added, and nothing else changes",
        )
        .why(WHY)
        .requires(&["CHG-6", "LCK-3"])
        .plays(enrolled())
        .plays([verified(), adds(0, 1)])
        .does(device(
            "verify",
            json!({ "pin": "0000" }),
            open(verdict(410, 1)),
        ))
        .does(reads(1, 2)),
        case(
            "unverified",
            "nothing was verified",
            "verification",
            "CHG-4",
            vec![not_added(add(), 419), right(), reads(0, 1)],
        ),
        case(
            "after-login",
            "the PIN was verified for a login",
            "verification-purpose",
            "CHG-1",
            vec![right(), not_added(add(), 419), reads(0, 1)],
        ),
        case(
            "after-wrong",
            "the PIN was wrong",
            "verification-outcome",
            "CHG-1",
            vec![
                verifies("add", json!({ "pin": "0000" }), verdict(410, 1)),
                not_added(add(), 419),
                reads(1, 1),
            ],
        ),
        case(
            "for-pin",
            "it was verified for a PIN change",
            "verification-operation",
            "CHG-4",
            vec![
                verifies("pin", json!({}), verdict(0, 0)),
                not_added(add(), 419),
                right(),
            ],
        ),
        case(
            "for-remove",
            "it was verified for a removal",
            "verification-operation",
            "CHG-4",
            vec![
                verifies("remove", json!({}), verdict(0, 0)),
                not_added(add(), 419),
                right(),
            ],
        ),
        case(
            "too-late",
            "it comes 120 seconds later",
            "verification-end",
            "CHG-4",
            vec![verified(), later(120), not_added(add(), 419), right()],
        ),
        case(
            "other-channel",
            "it comes through another channel",
            "verification-channel",
            "CHG-4",
            vec![
                returns("second", status(0, 0)),
                verified(),
                not_added(second, 419),
                adds(0, 1),
            ],
        ),
        case(
            "ended-by-status",
            "the status was asked for in between",
            "verification-ended-by-status",
            "STA-2",
            vec![
                verified(),
                device("ask_status", json!({}), json!({ "record": status(0, 1) })),
                not_added(add(), 419),
            ],
        ),
        case(
            "ended-by-gone",
            "biometric-gone came in between",
            "verification-ended-by-gone",
            "STA-2",
            vec![verified(), goes(status(0, 1)), not_added(add(), 419)],
        ),
        case(
            "ended-by-login",
            "a VERIFY for a login came in between",
            "verification-ended-by-verify",
            "CHG-4",
            vec![verified(), right(), not_added(add(), 419)],
        ),
        case(
            "used-up",
            "one was added under it already",
            "verification-used-up",
            "CHG-4",
            vec![
                verified(),
                adds(0, 1),
                not_added(json!({ "biometric": { "name": "second" } }), 419),
                biometric(open(verdict(0, 0))),
            ],
        ),
        case(
            "bind",
            "its verification is bound to a PIN change",
            "change-bind",
            "CHG-2",
            vec![
                verifies(
                    "add",
                    json!({ "bind_of": { "purpose": 8 } }),
                    json!({ "refused": 404 }),
                ),
                not_added(add(), 419),
                reads(0, 0),
            ],
        ),
        case(
            "audience",
            "its verification is for an auth server",
            "change-audience",
            "CHG-2",
            vec![
                verifies(
                    "add",
                    json!({ "audience": "shop" }),
                    json!({ "refused": 404 }),
                ),
                not_added(add(), 419),
                reads(0, 0),
            ],
        ),
        base.but(
            "factor.register.add-by-biometric",
            "a biometric was verified for it",
        )
        .kills("change-factor-add")
        .requires(&["CHG-3"])
        .flagged(&["key-confusion"])
        .plays(enrolled_with_biometric())
        .does(verifies(
            "add",
            json!({ "factor": 2 }),
            json!({ "refused": 408 }),
        ))
        .plays([
            not_added(json!({ "biometric": { "name": "second" } }), 419),
            biometric(open(verdict(0, 0))),
        ]),
        base.but(
            "factor.register.add-by-biometric-for-all",
            "a biometric was verified for it where it may change the PIN",
        )
        .needs(&["policy"])
        .kills("change-factor-add")
        .requires(&["CHG-3"])
        .flagged(&["key-confusion"])
        .does(policy(json!({ "pin_change_by_biometric": true })))
        .plays(enrolled_with_biometric())
        .does(verifies(
            "add",
            json!({ "factor": 2 }),
            json!({ "refused": 408 }),
        ))
        .plays([
            not_added(json!({ "biometric": { "name": "second" } }), 419),
            biometric(open(verdict(0, 0))),
        ]),
        base.but("factor.register.add-no-record", "the device has no record")
            .kills("unknown-record")
            .requires(&["FAC-10", "CHG-8"])
            .flagged(&["key-confusion"])
            .does(connects())
            .plays([not_added(add(), 417), reads_nothing("alice")]),
        case(
            "order",
            "nothing was verified, and its proof is wrong",
            "order",
            "CHG-8",
            vec![
                not_added(
                    json!({ "biometric": { "possession": { "signer": "device" } } }),
                    419,
                ),
                reads(0, 0),
            ],
        ),
    ]
}

/// Proofs of possession of a biometric that is added.
pub(super) fn possessions(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, code: u16, kills: &str, flag: &str, with: Value| {
        base.but(&format!("factor.register.add-{id}"), change)
            .kills(kills)
            .requires(&["VCH-5"])
            .flagged(&[flag])
            .plays(enrolled())
            .does(returns("second", status(0, 0)))
            .plays([
                verifies("add", json!({}), verdict(0, 0)),
                not_added(with, code),
            ])
            .plays([adds(0, 1), biometric(open(verdict(0, 0)))])
    };
    let proof = |id: &str, change: &str, possession: Value| {
        let with = json!({ "biometric": { "possession": possession } });
        case(
            &format!("possession-{id}"),
            change,
            424,
            "possession",
            "key-confusion",
            with,
        )
    };
    let spoilt =
        |id: &str, change: &str, code: u16, kills: &str, flag: &str, at: usize, bytes: String| {
            let spoil = json!({ "at": "request", "path": [at], "replace": format!("5840{bytes}") });
            case(
                id,
                change,
                code,
                kills,
                flag,
                json!({ "biometric": {}, "spoil": spoil }),
            )
        };
    vec![
        proof(
            "device",
            "the device's own key proves it",
            json!({ "signer": "device" }),
        ),
        proof(
            "pin",
            "the PIN's key proves it",
            json!({ "signer": "live pin" }),
        ),
        proof(
            "generation",
            "it is proved for the next generation",
            json!({ "generation": 2 }),
        ),
        proof(
            "record",
            "it is proved for another record",
            json!({ "record": "bob" }),
        ),
        proof(
            "channel",
            "it is proved for another channel",
            json!({ "channel": "second" }),
        ),
        proof(
            "key",
            "it is proved for another key",
            json!({ "key": true }),
        ),
        case(
            "high-s",
            "its proof has the higher s",
            112,
            "low-s",
            "malleable-signature",
            json!({ "biometric": { "possession": { "high_s": true } } }),
        ),
        spoilt(
            "zero",
            "its proof is zero",
            112,
            "signature-range",
            "zero-signature",
            2,
            "00".repeat(64),
        ),
        spoilt(
            "key-zero",
            "its key is zero",
            114,
            "point",
            "invalid-point",
            1,
            "00".repeat(64),
        ),
        spoilt(
            "key-off-curve",
            "its key is off the curve",
            114,
            "point",
            "invalid-point",
            1,
            "01".repeat(64),
        ),
    ]
}
