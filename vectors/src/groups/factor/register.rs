//! `factor.register.*`: biometrics come, go, and are gone.

use serde_json::{Value, json};

use super::steps::*;
use crate::author::positive;
use crate::case::{Case, Group, Step};

const WHY: &str = "Whoever registers a biometric on another's record has a way in that its owner does not know of.";
const GONE: &str = "A key that the phone has destroyed must not stand in the way, and who takes it away must gain nothing.";

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
    .why(GONE)
    .requires(&["CHG-7"])
    .plays(enrolled_with_biometric())
    .plays([
        goes(status(0, 0)),
        biometric(json!({ "refused": 425 })),
        right(),
        reads(0, 2),
    ]);
    let mut cases = vec![add.clone(), remove.clone(), gone.clone()];
    cases.extend(with_first_pin());
    cases.extend(additions(&add));
    cases.extend(possessions(&add));
    cases.extend(removals(&remove));
    cases.extend(losses(&gone));
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

/// A biometric that is registered together with the first PIN.
fn with_first_pin() -> Vec<Case> {
    let base = positive(
        "factor.register.first",
        "a biometric is registered with the first PIN",
    )
    .why(WHY)
    .requires(&["VCH-5"])
    .plays(enrolled_with_biometric())
    .plays([biometric(open(verdict(0, 0))), reads(0, 1)]);
    let refused = |id: &str, change: &str, code: u16, kills: &str, flag: &str, with: Value| {
        base.but(&format!("factor.register.first-{id}"), change)
            .kills(kills)
            .requires(&["VCH-5"])
            .flagged(&[flag])
            .does(connects())
            .does(device("create", with, json!({ "refused": code })))
            .plays([reads_nothing("alice"), creates(json!({})), right()])
    };
    let proof = |id: &str, change: &str, possession: Value| {
        let with = json!({ "biometric": { "possession": possession } });
        refused(
            id,
            change,
            424,
            "possession-biometric",
            "key-confusion",
            with,
        )
    };
    let spoilt =
        |id: &str, change: &str, code: u16, kills: &str, flag: &str, at: usize, bytes: String| {
            let spoil =
                json!({ "at": "request", "path": [4, at], "replace": format!("5840{bytes}") });
            refused(
                id,
                change,
                code,
                kills,
                flag,
                json!({ "biometric": {}, "spoil": spoil }),
            )
        };
    vec![
        base.clone(),
        proof(
            "device",
            "the device's own key proves it",
            json!({ "signer": "device" }),
        ),
        proof("pin", "the PIN's key proves it", json!({ "signer": "pin" })),
        proof(
            "generation",
            "it is proved for generation 2",
            json!({ "generation": 2 }),
        ),
        proof(
            "record",
            "it is proved for another record",
            json!({ "record": "bob" }),
        ),
        proof(
            "key",
            "it is proved for another key",
            json!({ "key": true }),
        ),
        refused(
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
            1,
            "00".repeat(64),
        ),
        spoilt(
            "key-zero",
            "its key is zero",
            114,
            "point",
            "invalid-point",
            0,
            "00".repeat(64),
        ),
        spoilt(
            "key-off-curve",
            "its key is off the curve",
            114,
            "point",
            "invalid-point",
            0,
            "01".repeat(64),
        ),
        refused(
            "order-pin",
            "its proof and the PIN's are wrong in two ways",
            424,
            "order",
            "structure",
            json!({ "possession": { "signer": "device" }, "biometric": { "possession": { "high_s": true } } }),
        ),
    ]
}

fn additions(base: &Case) -> Vec<Case> {
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
fn possessions(base: &Case) -> Vec<Case> {
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

fn removals(base: &Case) -> Vec<Case> {
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

fn losses(base: &Case) -> Vec<Case> {
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
