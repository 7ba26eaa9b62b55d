//! `factor.pin.*`: who counts what, and when.

mod orders;
mod proofs;
mod repeats;

use serde_json::json;

use super::steps::*;
use crate::author::{positive, turn};
use crate::case::{Actor, Case, Group};
use crate::flags;

/// Right and wrong PINs, their numbers, and what blocks.
pub fn group() -> Group {
    let mut cases = rights();
    cases.extend(repeats::repeats());
    cases.extend(proofs::proofs());
    cases.extend(proofs::malformed_proofs());
    cases.extend(orders::numbers_and_orders());
    cases.extend(orders::blocks());
    super::steps::group(
        "factor-pin",
        "PINs at the factor server: what is evaluated, what counts, and what blocks.",
        cases,
    )
}

const COUNTS: &str = "A thief who finds an attempt that is not counted has as many as he likes; a user who is charged twice is locked out.";

fn first() -> Case {
    positive("factor.pin.first", "a first PIN is created and verified")
        .why("Nobody who cannot set a PIN can enrol.")
        .requires(&["VCH-3", "STA-1", "LCK-4"])
        .flagged(&[flags::SMOKE])
        .plays(enrolled())
        .does(right())
        .does(reads(0, 1))
}

fn rights() -> Vec<Case> {
    let case = |id: &str, title: &str| {
        positive(&format!("factor.pin.{id}"), title)
            .why(COUNTS)
            .plays(enrolled())
    };
    let by_kid = json!({ "by": "kid", "epoch": 3, "channel": "later" });
    vec![
        first(),
        case(
            "second-connection",
            "a device comes back by its key id and verifies",
        )
        .requires(&["PAR-6", "STA-1", "CRED-2"])
        .does(right())
        .does(device("connect", by_kid, json!({ "record": status(0, 1) })))
        .does(device(
            "verify",
            json!({ "channel": "later" }),
            verdict(0, 0),
        ))
        .does(reads(0, 2)),
        case("wrong", "a wrong PIN is verified")
            .requires(&["LCK-3"])
            .does(wrong(1))
            .does(reads(1, 1)),
        case("wrong-then-right", "a right PIN follows a wrong one")
            .requires(&["LCK-3", "LCK-4"])
            .plays([wrong(1), right(), reads(0, 2)]),
        case("last-attempt", "the right PIN comes on the last attempt")
            .requires(&["LCK-3", "LCK-4", "LCK-5"])
            .plays([wrong(1), wrong(2), right(), reads(0, 3)]),
        case(
            "count-starts-anew",
            "a right PIN between wrong ones gives every attempt back",
        )
        .requires(&["LCK-3", "LCK-4", "LCK-5"])
        .plays([
            wrong(1),
            wrong(2),
            right(),
            wrong(1),
            wrong(2),
            right(),
            reads(0, 6),
        ]),
        case("status", "a status is asked for after a wrong PIN")
            .requires(&["STA-1", "LCK-6"])
            .does(wrong(1))
            .does(device(
                "ask_status",
                json!({}),
                json!({ "record": status(1, 1) }),
            ))
            .does(reads(1, 1)),
        case(
            "status-blocked",
            "the status of a blocked record is asked for",
        )
        .requires(&["STA-1", "LCK-5", "LCK-6"])
        .plays(blocked())
        .does(device(
            "ask_status",
            json!({}),
            json!({ "record": status(3, 3) }),
        )),
        case(
            "two-devices",
            "a wrong PIN on one device does not count on another",
        )
        .requires(&["FAC-1", "LCK-3"])
        .does(device(
            "connect",
            json!({ "device": "bob" }),
            json!({ "record": null }),
        ))
        .does(creates(json!({ "device": "bob" })))
        .does(wrong(1))
        .does(device("verify", json!({ "device": "bob" }), verdict(0, 0)))
        .does(wrong(2))
        .does(reads_of("bob", 0, 1))
        .does(reads(2, 2)),
        case(
            "two-audiences",
            "assertions for two auth servers have two subjects",
        )
        .requires(&["STA-1"])
        .does(device(
            "verify",
            json!({ "audience": "shop" }),
            verdict(0, 0),
        ))
        .does(device(
            "verify",
            json!({ "audience": "bank" }),
            verdict(0, 0),
        ))
        .does(reads(0, 2)),
        case("numbers-with-gaps", "request numbers leave some out")
            .requires(&["FAC-3", "FAC-7"])
            .does(device("verify", json!({ "number": 10 }), verdict(0, 0)))
            .does(device(
                "verify",
                json!({ "number": 4_000_000_000_u64, "pin": "0000" }),
                verdict(410, 1),
            ))
            .does(reads(1, 4_000_000_000)),
        case(
            "every-purpose",
            "a PIN is verified for an enrolment, and for another purpose",
        )
        .requires(&["LCK-4"])
        .does(device("verify", json!({ "purpose": 2 }), verdict(0, 0)))
        .does(device("verify", json!({ "purpose": 7 }), verdict(0, 0)))
        .does(reads(0, 2)),
        case(
            "clock-set-back",
            "the clock is set back between two verifications",
        )
        .requires(&["FAC-8"])
        .plays([later(1000), right()])
        .does(turn(
            Actor::Clock,
            "set_back",
            json!({ "s": 500 }),
            json!({}),
        ))
        .plays([right(), reads(0, 2)]),
        positive(
            "factor.pin.one-attempt",
            "with one attempt a wrong PIN blocks at once",
        )
        .why(COUNTS)
        .requires(&["LCK-3", "LCK-5"])
        .does(factor("configure", json!({ "max_attempts": 1 }), json!({})))
        .plays(enrolled())
        .does(device(
            "verify",
            json!({ "pin": "0000" }),
            json!({ "outcome": 410, "failed_attempts": 1, "blocked": true }),
        ))
        .does(device(
            "verify",
            json!({}),
            json!({ "outcome": 411, "failed_attempts": 1, "blocked": true }),
        ))
        .does(reads(1, 2)),
        positive(
            "factor.pin.long",
            "a PIN of 64 bytes is created and verified",
        )
        .why("What a keypad accepts the factor server must verify.")
        .requires(&["LCK-4"])
        .does(connects())
        .does(creates(json!({ "pin": "0123456789abcdef".repeat(4) })))
        .does(device(
            "verify",
            json!({ "pin": "0123456789abcdef".repeat(4) }),
            verdict(0, 0),
        ))
        .does(reads(0, 1)),
    ]
}
