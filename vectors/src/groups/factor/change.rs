//! `factor.change.*`: a new PIN, in two steps of one channel.

use serde_json::{Value, json};

use super::steps::*;
use crate::author::{positive, turn};
use crate::case::{Actor, Case, Group, Step};

const WHY: &str = "Whoever can change the PIN owns the account's second factor from then on.";
const CRASH: &str = "A user whose phone died in the middle must know which of two PINs is his.";

/// PIN changes.
pub fn group() -> Group {
    let base = positive("factor.change.pin", "a PIN is changed")
        .why(WHY)
        .requires(&["CHG-1", "CHG-4", "CHG-5"])
        .plays(enrolled())
        .plays([verified(), sets(json!({})), right(), reads_at(2, 0, 2)]);
    let mut cases = vec![base.clone()];
    cases.extend(positives());
    cases.extend(verifications(&base));
    cases.extend(binds(&base));
    cases.extend(requests(&base));
    cases.extend(possessions(&base));
    cases.extend(old_pins(&base));
    cases.extend(factors());
    cases.extend(crashes());
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

/// The record holds no verification for the change.
fn verifications(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, kills: &str, requirement: &str, steps: Vec<Step>| {
        base.but(&format!("factor.change.{id}"), change)
            .kills(kills)
            .requires(&["CHG-4", requirement])
            .flagged(&["replay"])
            .plays(enrolled())
            .plays(steps)
    };
    let second = |failed, number| returns("second", status(failed, number));
    let asks = || device("ask_status", json!({}), json!({ "record": status(0, 1) }));
    // The old PIN lives on.
    let then = |number: u64| vec![right(), reads(0, number)];
    let and_then = |mut steps: Vec<Step>, number: u64| {
        steps.extend(then(number));
        steps
    };
    vec![
        case(
            "unverified",
            "nothing was verified",
            "verification",
            "CHG-1",
            and_then(vec![refused(json!({}), 419)], 1),
        ),
        case(
            "after-login",
            "the PIN was verified for a login",
            "verification-purpose",
            "CHG-1",
            and_then(vec![right(), refused(json!({}), 419)], 2),
        ),
        case(
            "after-wrong",
            "the PIN was wrong",
            "verification-outcome",
            "CHG-1",
            and_then(
                vec![
                    verifies(json!({ "pin": "0000" }), verdict(410, 1)),
                    refused(json!({}), 419),
                ],
                2,
            ),
        ),
        case(
            "for-add",
            "it was verified for a biometric",
            "verification-operation",
            "CHG-4",
            and_then(
                vec![
                    device("verify", json!({ "change": "add" }), verdict(0, 0)),
                    refused(json!({}), 419),
                ],
                2,
            ),
        ),
        case(
            "for-remove",
            "it was verified for the removal of biometrics",
            "verification-operation",
            "CHG-4",
            and_then(
                vec![
                    device("verify", json!({ "change": "remove" }), verdict(0, 0)),
                    refused(json!({}), 419),
                ],
                2,
            ),
        ),
        case(
            "too-late",
            "it comes 120 seconds later",
            "verification-end",
            "CHG-4",
            and_then(vec![verified(), later(120), refused(json!({}), 419)], 2),
        ),
        case(
            "much-too-late",
            "it comes the day after",
            "verification-end",
            "CHG-4",
            and_then(vec![verified(), later(86_400), refused(json!({}), 419)], 2),
        ),
        case(
            "other-channel",
            "it comes through another channel",
            "verification-channel",
            "CHG-4",
            vec![
                second(0, 0),
                verified(),
                refused(json!({ "channel": "second" }), 419),
                sets(json!({})),
                right(),
                reads_at(2, 0, 2),
            ],
        ),
        case(
            "ended-by-login",
            "a VERIFY for a login came in between",
            "verification-ended-by-verify",
            "CHG-4",
            and_then(vec![verified(), right(), refused(json!({}), 419)], 3),
        ),
        case(
            "ended-by-wrong",
            "a wrong PIN came in between",
            "verification-ended-by-verify",
            "CHG-4",
            and_then(vec![verified(), wrong(1), refused(json!({}), 419)], 3),
        ),
        case(
            "ended-by-other-change",
            "a VERIFY for another change came in between",
            "verification-operation",
            "CHG-4",
            and_then(
                vec![
                    verified(),
                    device("verify", json!({ "change": "add" }), verdict(0, 0)),
                    refused(json!({}), 419),
                ],
                3,
            ),
        ),
        case(
            "ended-by-status",
            "the status was asked for in between",
            "verification-ended-by-status",
            "STA-2",
            and_then(vec![verified(), asks(), refused(json!({}), 419)], 2),
        ),
        case(
            "ended-by-connection",
            "the device connected again in between",
            "verification-ended-by-status",
            "STA-2",
            and_then(vec![verified(), second(0, 1), refused(json!({}), 419)], 2),
        ),
        case(
            "used-up",
            "the PIN was changed under it already",
            "verification-used-up",
            "CHG-4",
            vec![
                verified(),
                sets(json!({})),
                refused(json!({}), 419),
                right(),
                reads_at(2, 0, 2),
            ],
        ),
        case(
            "used-up-by-repetition",
            "set-pin comes again",
            "set-pin-generation",
            "CHG-5",
            vec![
                verified(),
                device(
                    "set_pin",
                    json!({ "as": "r" }),
                    json!({ "record": status_at(2, 0, 1) }),
                ),
                device(
                    "repeat",
                    json!({ "request": "r" }),
                    json!({ "refused": 416 }),
                ),
                right(),
                reads_at(2, 0, 2),
            ],
        ),
        base.but("factor.change.no-record", "the device has no record")
            .kills("unknown-record")
            .requires(&["FAC-10", "CHG-8"])
            .flagged(&["key-confusion"])
            .does(connects())
            .plays([refused(json!({}), 417), reads_nothing("alice")]),
    ]
}

/// VERIFY for a change is for something else than this change, here.
fn binds(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, kills: &str, with: Value| {
        base.but(&format!("factor.change.{id}"), change)
            .kills(kills)
            .requires(&["CHG-2"])
            .flagged(&["purpose-confusion"])
            .plays(enrolled())
            .plays([wrong(1), returns("second", status(1, 1))])
            .plays([verifies(with, json!({ "refused": 404 })), reads(1, 1)])
            .plays([refused(json!({}), 419), right()])
    };
    let of = |with: Value| json!({ "bind_of": with });
    vec![
        case(
            "bind-other",
            "the verification is bound to something else",
            "change-bind",
            json!({ "bind": "something else" }),
        ),
        case(
            "bind-login",
            "the verification has the bind of a login",
            "change-bind",
            json!({ "bind": "login" }),
        ),
        case(
            "bind-channel",
            "the verification is bound to another channel",
            "change-bind",
            of(json!({ "channel": "second" })),
        ),
        case(
            "bind-server",
            "the verification is bound to an auth server",
            "change-bind",
            of(json!({ "server": "shop" })),
        ),
        case(
            "bind-purpose",
            "the verification is bound to another change",
            "change-bind",
            of(json!({ "purpose": 9 })),
        ),
        case(
            "bind-wrong-pin",
            "the verification is bound to something else, and the PIN wrong",
            "change-bind",
            json!({ "bind": "login", "pin": "0000" }),
        )
        .requires(&["FAC-2"]),
        case(
            "audience",
            "the verification is for an auth server",
            "change-audience",
            json!({ "audience": "shop" }),
        ),
        base.but(
            "factor.change.bind-and-number",
            "the verification is bound to something else, and its number too low",
        )
        .kills("order")
        .requires(&["FAC-2"])
        .flagged(&["replay"])
        .plays(enrolled())
        .plays([right(), right()])
        .plays([
            verifies(
                json!({ "bind": "login", "number": 1 }),
                json!({ "refused": 413 }),
            ),
            reads(0, 2),
        ]),
        base.but(
            "factor.change.bind-and-generation",
            "the verification is bound to something else, and its generation wrong",
        )
        .kills("order")
        .requires(&["FAC-2"])
        .flagged(&["replay"])
        .plays(enrolled())
        .plays([
            verifies(
                json!({ "bind": "login", "generation": 2 }),
                json!({ "refused": 416 }),
            ),
            reads(0, 0),
        ]),
        base.but(
            "factor.change.bind-while-blocked",
            "the verification is bound to something else, and the record blocked",
        )
        .kills("order")
        .requires(&["FAC-2"])
        .flagged(&["replay"])
        .plays(enrolled())
        .plays(blocked())
        .plays([
            verifies(json!({ "bind": "login" }), json!({ "refused": 404 })),
            reads(3, 3),
        ]),
        base.but(
            "factor.change.verify-while-blocked",
            "the record is blocked",
        )
        .kills("blocked")
        .requires(&["LCK-5", "CHG-1"])
        .flagged(&["miscount"])
        .plays(enrolled())
        .plays(blocked())
        .plays([
            verifies(json!({}), verdict(411, 3)),
            refused(json!({}), 419),
            reads(3, 4),
        ]),
        base.but(
            "factor.change.proof-purpose",
            "the verification's proof is for a login",
        )
        .kills("proof-purpose")
        .requires(&["LCK-3", "CHG-1"])
        .flagged(&["purpose-confusion"])
        .plays(enrolled())
        .does(verifies(
            json!({ "proof": { "purpose": 1 } }),
            verdict(410, 1),
        ))
        .plays([refused(json!({}), 419), reads(1, 1)]),
    ]
}

/// set-pin is not what it should be.
fn requests(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, code: u16, kills: &str, requirement: &str, with: Value| {
        base.but(&format!("factor.change.{id}"), change)
            .kills(kills)
            .requires(&[requirement])
            .flagged(&["structure"])
            .plays(enrolled())
            .plays([verified(), refused(with, code), reads(0, 1)])
            .plays([sets(json!({})), right(), reads_at(2, 0, 2)])
    };
    let generation = |id: &str, change: &str, generation: u64| {
        case(
            id,
            change,
            416,
            "set-pin-generation",
            "CHG-5",
            json!({ "generation": generation }),
        )
    };
    let key = |id: &str, change: &str, bytes: String| {
        let spoil =
            json!({ "spoil": { "at": "request", "path": [2], "replace": format!("5840{bytes}") } });
        case(id, change, 114, "point", "SIG-1", spoil)
    };
    vec![
        generation("generation-same", "it is for the same generation", 1),
        generation(
            "generation-two-on",
            "it is for the generation after the next",
            3,
        ),
        generation("generation-zero", "it is for generation 0", 0),
        generation(
            "generation-greatest",
            "it is for the last generation that there can be",
            u64::from(u32::MAX),
        ),
        case(
            "order-generation",
            "its generation and its proof are both wrong",
            416,
            "order",
            "CHG-8",
            json!({ "generation": 3, "possession": { "signer": "device" } }),
        ),
        base.but(
            "factor.change.order-verification",
            "nothing was verified, and its proof is wrong",
        )
        .kills("order")
        .requires(&["CHG-8"])
        .flagged(&["structure"])
        .plays(enrolled())
        .plays([
            refused(json!({ "possession": { "signer": "device" } }), 419),
            reads(0, 0),
        ]),
        base.but(
            "factor.change.order-unverified-generation",
            "nothing was verified, and its generation is wrong",
        )
        .kills("order")
        .requires(&["CHG-8"])
        .flagged(&["structure"])
        .plays(enrolled())
        .plays([refused(json!({ "generation": 3 }), 416), reads(0, 0)]),
        key("key-zero", "the new PIN key is zero", "00".repeat(64)),
        key(
            "key-off-curve",
            "the new PIN key is off the curve",
            "01".repeat(64),
        ),
        case(
            "possession-high-s",
            "its proof has the higher s",
            112,
            "low-s",
            "SIG-3",
            json!({ "possession": { "high_s": true } }),
        ),
        case(
            "possession-zero",
            "its proof is zero",
            112,
            "signature-range",
            "SIG-2",
            json!({ "spoil": { "at": "request", "path": [3], "replace": format!("5840{}", "00".repeat(64)) } }),
        ),
        case(
            "order-biometric",
            "its proof and the biometric's form are both wrong",
            424,
            "order",
            "CHG-8",
            json!({ "possession": { "signer": "device" }, "biometric": { "possession": { "high_s": true } } }),
        ),
    ]
}

/// Proofs of possession that prove something else: the old PIN lives.
fn possessions(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, flag: &str, kills: &str, with: Value| {
        base.but(&format!("factor.change.{id}"), change)
            .kills(kills)
            .requires(&["VCH-5", "CHG-8"])
            .flagged(&[flag])
            .plays(enrolled())
            .does(returns("second", status(0, 0)))
            .plays([verified(), refused(with, 424), right(), reads(0, 2)])
    };
    let pin = |id: &str, change: &str, flag: &str, possession: Value| {
        case(
            &format!("possession-{id}"),
            change,
            flag,
            "possession",
            json!({ "possession": possession }),
        )
    };
    let bio = |id: &str, change: &str, flag: &str, possession: Value| {
        let with = json!({ "biometric": { "possession": possession } });
        case(
            &format!("biometric-{id}"),
            change,
            flag,
            "possession-biometric",
            with,
        )
    };
    vec![
        pin(
            "device",
            "the device's own key proves the new PIN",
            "key-confusion",
            json!({ "signer": "device" }),
        ),
        pin(
            "live-pin",
            "the live PIN proves the new one",
            "key-confusion",
            json!({ "signer": "live pin" }),
        ),
        pin(
            "generation",
            "the new PIN is proved for the live generation",
            "replay",
            json!({ "generation": 1 }),
        ),
        pin(
            "generation-later",
            "the new PIN is proved for the generation after the next",
            "replay",
            json!({ "generation": 3 }),
        ),
        pin(
            "record",
            "the new PIN is proved for another record",
            "key-confusion",
            json!({ "record": "bob" }),
        ),
        pin(
            "channel",
            "the new PIN is proved for another channel",
            "replay",
            json!({ "channel": "second" }),
        ),
        pin(
            "key",
            "the new PIN is proved for another key",
            "key-confusion",
            json!({ "key": true }),
        ),
        bio(
            "device",
            "the device's own key proves the biometric",
            "key-confusion",
            json!({ "signer": "device" }),
        ),
        bio(
            "pin",
            "the new PIN proves the biometric",
            "key-confusion",
            json!({ "signer": "pin" }),
        ),
        bio(
            "generation",
            "the biometric is proved for the live generation",
            "replay",
            json!({ "generation": 1 }),
        ),
        bio(
            "record",
            "the biometric is proved for another record",
            "key-confusion",
            json!({ "record": "bob" }),
        ),
        bio(
            "channel",
            "the biometric is proved for another channel",
            "replay",
            json!({ "channel": "second" }),
        ),
    ]
}

/// After the change the old PIN is one of many wrong ones.
fn old_pins(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, kills: &str, steps: Vec<Step>| {
        base.but(&format!("factor.change.old-{id}"), change)
            .kills(kills)
            .requires(&["CHG-5"])
            .flagged(&["replay"])
            .plays(enrolled())
            .plays([verified(), sets(json!({}))])
            .plays(steps)
    };
    let verify = |with: Value, expect: Value| device("verify", with, expect);
    vec![
        case(
            "pin",
            "the old PIN is verified after it",
            "old-pin-dead",
            vec![
                verify(json!({ "pin_of": 1 }), verdict(410, 1)),
                reads_at(2, 1, 2),
            ],
        ),
        case(
            "pin-new-derivation",
            "the old PIN's digits are verified after it",
            "old-pin-dead",
            vec![
                verify(json!({ "pin": "2580" }), verdict(410, 1)),
                reads_at(2, 1, 2),
            ],
        ),
        case(
            "generation",
            "the old PIN is verified for the old generation after it",
            "generation",
            vec![
                verify(
                    json!({ "pin_of": 1, "generation": 1 }),
                    json!({ "refused": 416 }),
                ),
                right(),
                reads_at(2, 0, 3),
            ],
        )
        .requires(&["FAC-5"]),
        case(
            "change",
            "the old PIN is verified for another change after it",
            "generation",
            vec![
                verify(
                    json!({ "pin_of": 1, "generation": 1, "change": "pin" }),
                    json!({ "refused": 416 }),
                ),
                device("set_pin", json!({}), json!({ "refused": 419 })),
                reads_at(2, 0, 1),
            ],
        )
        .requires(&["FAC-5", "CHG-4"]),
    ]
}

/// Which factor is enough for which change.
fn factors() -> Vec<Case> {
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

/// The answer was lost, and the replica with it.
fn crashes() -> Vec<Case> {
    let case = |id: &str, title: &str| {
        positive(&format!("factor.change.{id}"), title)
            .why(CRASH)
            .needs(&["replicas"])
            .requires(&["CHG-5", "STO-2"])
            .flagged(&["stale-compare-and-swap"])
            .plays(enrolled())
            .does(verified())
    };
    let crash = || factor("crash", json!({}), json!({}));
    let verify = |with: Value, expect: Value| {
        device("verify", and(json!({ "channel": "later" }), with), expect)
    };
    let held = |id: &str, change: &str, kills: &str, requirement: &str, steps: Vec<Step>| {
        case("held", "a set-pin waits for its commit")
            .but(&format!("factor.change.{id}"), change)
            .kills(kills)
            .requires(&["CHG-4", requirement])
            .flagged(&["stale-compare-and-swap"])
            .plays(enrolled())
            .plays([
                verified(),
                device("set_pin", json!({ "hold": true }), json!({})),
            ])
            .plays(steps)
    };
    let commit = |expect: Value| factor("commit", json!({}), expect);
    vec![
        case(
            "crash-after-commit",
            "a replica crashes after the commit of a new PIN and before the answer",
        )
        .does(device("set_pin", json!({ "lost": true }), json!({})))
        .plays([
            crash(),
            returns("later", status_at(2, 0, 1)),
            verify(json!({}), verdict(0, 0)),
        ])
        .plays([
            verify(json!({ "pin_of": 1 }), verdict(410, 1)),
            reads_at(2, 1, 3),
        ]),
        case(
            "crash-before-commit",
            "a replica crashes before the commit of a new PIN",
        )
        .does(device("set_pin", json!({ "hold": true }), json!({})))
        .plays([
            crash(),
            returns("later", status(0, 1)),
            verify(json!({}), verdict(0, 0)),
            reads(0, 2),
        ]),
        case("held", "a set-pin waits for its commit")
            .does(device("set_pin", json!({ "hold": true }), json!({})))
            .plays([
                reads(0, 1),
                commit(json!({ "record": status_at(2, 0, 1) })),
                right(),
                reads_at(2, 0, 2),
            ]),
        held(
            "race-status",
            "the device connects again before it commits",
            "compare-and-swap",
            "STA-2",
            vec![
                device(
                    "connect",
                    json!({ "by": "kid", "channel": "second", "replica": 1 }),
                    json!({ "record": status(0, 1) }),
                ),
                commit(json!({ "refused": 419 })),
                reads(0, 1),
            ],
        ),
        held(
            "race-verify",
            "another VERIFY commits before it does",
            "compare-and-swap",
            "LCK-2",
            vec![wrong(1), commit(json!({ "refused": 419 })), reads(1, 2)],
        ),
        held(
            "race-too-late",
            "its verification ends before it is decided again",
            "compare-and-swap",
            "LCK-2",
            vec![
                later(120),
                wrong(1),
                commit(json!({ "refused": 419 })),
                reads(1, 2),
            ],
        ),
    ]
}
