//! `factor.pin.*`: who counts what, and when.

use serde_json::{Value, json};

use super::steps::*;
use crate::author::{positive, turn};
use crate::case::{Actor, Case, Group, Step};
use crate::flags;

/// The order of n on P-256 (SP 800-186 section 3.2.1.3), in hex.
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/// Right and wrong PINs, their numbers, and what blocks.
pub fn group() -> Group {
    let mut cases = rights();
    cases.extend(repeats());
    cases.extend(proofs());
    cases.extend(malformed_proofs());
    cases.extend(numbers_and_orders());
    cases.extend(blocks());
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

/// What is answered already, and comes again.
fn repeats() -> Vec<Case> {
    const WHY: &str = "An answer that was lost must be found again, at no cost and to no gain.";
    let case = |id: &str, title: &str| {
        positive(&format!("factor.pin.{id}"), title)
            .why(WHY)
            .requires(&["FAC-4"])
            .plays(enrolled())
    };
    let asks =
        |pin: &str, expect: Value| device("verify", json!({ "pin": pin, "as": "r" }), expect);
    let again = |channel: &str, expect: Value| {
        device(
            "repeat",
            json!({ "request": "r", "channel": channel }),
            expect,
        )
    };
    let back = |failed, number| {
        let with = json!({ "by": "kid", "channel": "later" });
        device("connect", with, json!({ "record": status(failed, number) }))
    };
    let repeated = case("repeat", "a request is repeated in its channel").plays([
        asks("2580", verdict(0, 0)),
        later(30),
        again("alice", verdict(0, 0)),
        reads(0, 1),
    ]);
    let fifty = (0..50).map(|_| again("alice", verdict(410, 1)));
    let lower_right = repeated
        .but(
            "factor.pin.repeat-after-wrong",
            "wrong PINs came in between",
        )
        .kills("number-too-low")
        .requires(&["FAC-3"])
        .flagged(&["replay", "miscount"])
        .plays(enrolled())
        .plays([
            asks("2580", verdict(0, 0)),
            wrong(1),
            wrong(2),
            again("alice", json!({ "refused": 413 })),
            reads(2, 3),
        ]);
    let reused = |id: &str, change: &str, first: &str, outcome, with: Value| {
        let failed = u64::from(outcome != 0);
        repeated
            .but(&format!("factor.pin.{id}"), change)
            .kills("number-reused")
            .requires(&["FAC-4"])
            .flagged(&["replay", "miscount"])
            .plays(enrolled())
            .does(asks(first, verdict(outcome, failed)))
            .does(device(
                "verify",
                and(json!({ "number": 1 }), with),
                json!({ "refused": 414 }),
            ))
            .does(reads(failed, 1))
    };
    vec![
        repeated.clone(),
        case("repeat-fifty-times", "a wrong PIN is repeated fifty times")
            .requires(&["LCK-3"])
            .does(asks("0000", verdict(410, 1)))
            .plays(fifty)
            .does(reads(1, 1)),
        case(
            "repeat-in-new-channel",
            "a request is repeated in another channel",
        )
        .plays([
            asks("2580", verdict(0, 0)),
            back(0, 1),
            again("later", verdict(0, 0)),
            reads(0, 1),
        ]),
        case(
            "repeat-wrong-in-new-channel",
            "a wrong PIN is repeated in another channel",
        )
        .plays([
            asks("0000", verdict(410, 1)),
            back(1, 1),
            again("later", verdict(410, 1)),
            reads(1, 1),
        ]),
        case(
            "repeat-blocked",
            "the attempt that blocked is repeated, and so is the one after it",
        )
        .requires(&["LCK-5"])
        .plays([
            wrong(1),
            wrong(2),
            asks("0000", verdict(410, 3)),
            again("alice", verdict(410, 3)),
        ])
        .plays([
            asks("2580", verdict(411, 3)),
            again("alice", verdict(411, 3)),
            reads(3, 4),
        ]),
        lower_right,
        reused(
            "reused-right-after-wrong",
            "with the right PIN in place of a wrong one",
            "0000",
            410,
            json!({}),
        ),
        reused(
            "reused-wrong-after-right",
            "with a wrong PIN in place of the right one",
            "2580",
            0,
            json!({ "pin": "0000" }),
        ),
        reused(
            "reused-bind",
            "for something else",
            "2580",
            0,
            json!({ "bind": "something else" }),
        ),
        reused(
            "reused-purpose",
            "for another purpose",
            "2580",
            0,
            json!({ "purpose": 7 }),
        ),
        reused(
            "reused-audience",
            "for another auth server",
            "2580",
            0,
            json!({ "audience": "bank" }),
        ),
    ]
}

/// Proofs that are well-formed, and prove something else: wrong PINs, all of them.
fn proofs() -> Vec<Case> {
    let base = first();
    let over = |id: &str, change: &str, flag: &str, proof: Value| {
        base.but(&format!("factor.pin.proof-{id}"), change)
            .why("A proof that says less than the request can be taken from one use to another.")
            .kills(&format!("proof-{id}"))
            .requires(&["LCK-3", "COSE-4"])
            .flagged(&[flag])
            .plays(enrolled())
            .does(device("verify", json!({ "proof": proof }), verdict(410, 1)))
            .does(reads(1, 1))
    };
    vec![
        over(
            "record",
            "the proof is for another device's record",
            "key-confusion",
            json!({ "record": "bob" }),
        ),
        over(
            "epoch",
            "the proof is for another store epoch",
            "replay",
            json!({ "epoch": 6 }),
        ),
        over(
            "generation",
            "the proof is for another generation",
            "replay",
            json!({ "generation": 2 }),
        ),
        over(
            "number",
            "the proof is for another request number",
            "replay",
            json!({ "number": 2 }),
        ),
        over(
            "purpose",
            "the proof is for another purpose",
            "purpose-confusion",
            json!({ "purpose": 7 }),
        ),
        over(
            "bind",
            "the proof is for something else",
            "purpose-confusion",
            json!({ "bind": "something else" }),
        ),
        over(
            "label",
            "the proof is signed as a proof of possession",
            "purpose-confusion",
            json!({ "as": "factor key" }),
        ),
        over(
            "device-key",
            "the proof is signed by the device's own key",
            "key-confusion",
            json!({ "signer": "device" }),
        ),
        over(
            "other-device",
            "the proof is by the same PIN on another device",
            "key-confusion",
            json!({ "device": "bob" }),
        ),
    ]
}

/// Proofs that no PIN makes.
fn malformed_proofs() -> Vec<Case> {
    let base = first();
    let case = |id: &str, change: &str, code: u16, flag: &str, with: Value| {
        base.but(&format!("factor.pin.proof-{id}"), change)
            .why("No PIN makes such bytes: to count them would let a defect, or the network, lock a user out.")
            .requires(&["FAC-6", if code == 112 { "SIG-2" } else { "ENC-12" }])
            .flagged(&[flag])
            .plays(enrolled())
            .does(device("verify", with, json!({ "refused": code })))
            .does(reads(0, 0))
            .does(right())
    };
    let bytes = |hex: &str| {
        let head = match hex.len() / 2 {
            64 => "5840",
            63 => "583f",
            _ => "5841",
        };
        json!({ "spoil": { "at": "request", "path": [8], "replace": format!("{head}{hex}") } })
    };
    let (zero, one) = ("00".repeat(32), format!("{}01", "00".repeat(31)));
    let over = "ff".repeat(32);
    let rs = |r: &str, s: &str| bytes(&format!("{r}{s}"));
    vec![
        case(
            "r-zero",
            "r is zero",
            112,
            "zero-signature",
            rs(&zero, &one),
        )
        .kills("signature-range"),
        case(
            "s-zero",
            "s is zero",
            112,
            "zero-signature",
            rs(&one, &zero),
        )
        .kills("signature-range"),
        case(
            "zero",
            "the signature is zero",
            112,
            "zero-signature",
            rs(&zero, &zero),
        )
        .kills("signature-range"),
        case(
            "r-order",
            "r is the group order",
            112,
            "zero-signature",
            rs(ORDER, &one),
        )
        .kills("signature-range"),
        case(
            "s-order",
            "s is the group order",
            112,
            "zero-signature",
            rs(&one, ORDER),
        )
        .kills("signature-range"),
        case(
            "r-over",
            "r is above the group order",
            112,
            "zero-signature",
            rs(&over, &one),
        )
        .kills("signature-range"),
        case(
            "high-s",
            "s is the higher one",
            112,
            "malleable-signature",
            json!({ "proof": { "high_s": true } }),
        )
        .requires(&["SIG-3"])
        .kills("low-s"),
        case(
            "short",
            "the signature has 63 bytes",
            107,
            "structure",
            bytes(&"11".repeat(63)),
        )
        .kills("structure"),
        case(
            "long",
            "the signature has 65 bytes",
            107,
            "structure",
            bytes(&"11".repeat(65)),
        )
        .kills("structure"),
    ]
}

/// What is checked before a proof, and in which order.
fn numbers_and_orders() -> Vec<Case> {
    let base = first();
    let case = |id: &str, change: &str, kills: &str, requires: &[&str], code: u16, with: Value| {
        base.but(&format!("factor.pin.{id}"), change)
            .why("A request that is not for this state of the record must not be evaluated: old proofs would give attempts back.")
            .kills(kills)
            .requires(requires)
            .flagged(&["replay"])
            .plays(enrolled())
            .plays([wrong(1), wrong(2)])
            .does(device("verify", with, json!({ "refused": code })))
            .does(reads(2, 2))
    };
    let unregistered = "factor-not-registered";
    vec![
        base.but("factor.pin.number-zero", "the first request has number 0")
            .why("Number 0 means that none was answered.")
            .kills("number-zero")
            .requires(&["FAC-3"])
            .flagged(&["replay"])
            .plays(enrolled())
            .does(device(
                "verify",
                json!({ "number": 0 }),
                json!({ "refused": 413 }),
            ))
            .does(reads(0, 0)),
        case(
            "number-low",
            "a right PIN has a lower number",
            "number-too-low",
            &["FAC-3"],
            413,
            json!({ "number": 1 }),
        ),
        case(
            "epoch-old",
            "a right PIN is for an older store epoch",
            "store-epoch",
            &["FAC-5"],
            415,
            json!({ "epoch": 6 }),
        ),
        case(
            "epoch-new",
            "a right PIN is for a later store epoch",
            "store-epoch",
            &["FAC-5"],
            415,
            json!({ "epoch": 8 }),
        ),
        case(
            "generation-old",
            "a right PIN is for generation 0",
            "generation",
            &["FAC-5"],
            416,
            json!({ "generation": 0 }),
        ),
        case(
            "generation-new",
            "a right PIN is for generation 2",
            "generation",
            &["FAC-5"],
            416,
            json!({ "generation": 2 }),
        ),
        case(
            "biometric",
            "a biometric is verified that nobody registered",
            unregistered,
            &["FAC-9"],
            425,
            json!({ "factor": 2 }),
        ),
        case(
            "order-number-epoch",
            "number and store epoch are both old",
            "order",
            &["FAC-2"],
            413,
            json!({ "number": 1, "epoch": 6 }),
        ),
        case(
            "order-epoch-generation",
            "store epoch and generation are both wrong",
            "order",
            &["FAC-2"],
            415,
            json!({ "epoch": 6, "generation": 2 }),
        ),
        case(
            "order-generation-factor",
            "generation and factor are both wrong",
            "order",
            &["FAC-2"],
            416,
            json!({ "generation": 2, "factor": 2 }),
        ),
        case(
            "order-reused-epoch",
            "the number was used and the store epoch is old",
            "order",
            &["FAC-2"],
            414,
            json!({ "number": 2, "epoch": 6 }),
        ),
        base.but("factor.pin.no-record", "the device has no record")
            .why("A device without a record has no PIN that could be right.")
            .kills("unknown-record")
            .requires(&["FAC-10"])
            .flagged(&["key-confusion"])
            .does(connects())
            .does(device("verify", json!({}), json!({ "refused": 417 })))
            .does(reads_nothing("alice")),
        base.but(
            "factor.pin.no-record-but-others",
            "only another device has a record",
        )
        .why("A device without a record has no PIN that could be right.")
        .kills("unknown-record")
        .requires(&["FAC-1", "FAC-10"])
        .flagged(&["key-confusion"])
        .plays(enrolled())
        .does(device(
            "connect",
            json!({ "device": "bob" }),
            json!({ "record": null }),
        ))
        .does(device(
            "verify",
            json!({ "device": "bob", "proof": { "device": "alice", "record": "alice" } }),
            json!({ "refused": 417 }),
        ))
        .does(reads_nothing("bob"))
        .does(reads(0, 0)),
    ]
}

/// What happens to a blocked record: nothing, whatever comes.
fn blocks() -> Vec<Case> {
    let base = positive(
        "factor.pin.last-attempt-wrong",
        "the last attempt is wrong as well",
    )
    .why(COUNTS)
    .requires(&["LCK-3", "LCK-5"])
    .plays(enrolled())
    .plays(blocked())
    .does(reads(3, 3));
    let after = |id: &str, change: &str, steps: Vec<Step>| {
        base.but(&format!("factor.pin.blocked-{id}"), change)
            .kills("blocked")
            .requires(&["LCK-5"])
            .flagged(&["miscount"])
            .plays(enrolled())
            .plays(blocked())
            .plays(steps)
    };
    let verify = |with: Value, expect: Value| device("verify", with, expect);
    vec![
        base.clone(),
        after(
            "wrong",
            "one more wrong PIN follows",
            vec![
                verify(json!({ "pin": "0000" }), verdict(411, 3)),
                reads(3, 4),
            ],
        ),
        after(
            "right",
            "the right PIN follows",
            vec![verify(json!({}), verdict(411, 3)), reads(3, 4)],
        ),
        after(
            "right-much-later",
            "the right PIN follows a year later",
            vec![
                later(31_536_000),
                verify(json!({}), verdict(411, 3)),
                reads(3, 4),
            ],
        ),
        after(
            "right-new-channel",
            "the right PIN follows in another channel",
            vec![
                device(
                    "connect",
                    json!({ "by": "kid", "channel": "later" }),
                    json!({ "record": status(3, 3) }),
                ),
                verify(json!({ "channel": "later" }), verdict(411, 3)),
                reads(3, 4),
            ],
        ),
        after(
            "malformed",
            "a malformed proof follows",
            vec![
                verify(json!({ "proof": { "high_s": true } }), verdict(411, 3)),
                reads(3, 4),
            ],
        )
        .requires(&["FAC-2"]),
        after(
            "biometric",
            "a biometric follows that nobody registered",
            vec![
                verify(json!({ "factor": 2 }), json!({ "refused": 425 })),
                reads(3, 3),
            ],
        )
        .requires(&["FAC-2", "FAC-9"]),
        after(
            "create",
            "a new record is asked for under a new voucher",
            vec![
                device("create", json!({}), json!({ "refused": 423 })),
                reads(3, 3),
            ],
        )
        .requires(&["VCH-4"])
        .kills("record-exists"),
    ]
}
