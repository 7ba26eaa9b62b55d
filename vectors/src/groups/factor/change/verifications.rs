//! A change needs a verification: for it, in its channel, and soon (CHG-1, CHG-2, CHG-4).

use serde_json::{Value, json};

use super::{refused, sets, verified, verifies};
use crate::case::{Case, Step};
use crate::groups::factor::steps::*;

/// The record holds no verification for the change.
pub(super) fn verifications(base: &Case) -> Vec<Case> {
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
pub(super) fn binds(base: &Case) -> Vec<Case> {
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
