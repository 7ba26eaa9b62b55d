//! `factor.request.*`: requests that are not what their type says, position by position.

use serde_json::{Value, json};

use super::steps::*;
use crate::author::positive;
use crate::case::{Case, Group};

/// What a position holds, and so what does not fit there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Type,
    Uint,
    /// A number of at most 32 bits.
    Small,
    /// A registered number, and one that is not.
    Registered(&'static str),
    /// A byte string of any length.
    Bytes,
    /// A byte string of this length.
    Fixed(usize),
}

const VERIFY: &[(&str, Holds)] = &[
    ("type", Holds::Type),
    ("number", Holds::Uint),
    ("epoch", Holds::Small),
    ("generation", Holds::Small),
    ("factor", Holds::Registered("03")),
    ("purpose", Holds::Registered("0c")),
    ("bind", Holds::Fixed(32)),
    ("audience", Holds::Fixed(16)),
    ("proof", Holds::Fixed(64)),
];

const CREATE: &[(&str, Holds)] = &[
    ("type", Holds::Type),
    ("voucher", Holds::Bytes),
    ("pin-key", Holds::Fixed(64)),
    ("possession", Holds::Fixed(64)),
];

const WHY: &str = "A reader that guesses what a sender meant evaluates what nobody signed.";

/// VERIFY and CREATE, spoilt position by position, and requests of no type.
pub fn group() -> Group {
    let verify = base("verify");
    let create = base("create");
    let mut cases = vec![verify.clone(), create.clone()];
    cases.extend(spoilt(&verify, "verify", VERIFY));
    cases.extend(spoilt(&create, "create", CREATE));
    cases.extend(untyped(&verify));
    super::steps::group(
        "factor-request",
        "Requests inside the channel that are not what they should be: refused, not counted, and the channel goes on.",
        cases,
    )
}

fn base(request: &str) -> Case {
    positive(
        &format!("factor.request.{request}"),
        &format!("a {request} is as it should be"),
    )
    .why(WHY)
    .requires(&["ENC-1", "ENC-12"])
    .plays(enrolled())
    .plays([right(), reads(0, 1)])
}

/// The case in which the content of a request is spoilt: refused, and the right one after it is not.
fn refused(base: &Case, request: &str, id: &str, change: &str, code: u16, spoil: Value) -> Case {
    let spoilt = |with: Value| {
        and(
            with,
            json!({ "spoil": and(json!({ "at": "request" }), spoil.clone()) }),
        )
    };
    let flag = match code {
        101 | 102 => "non-canonical",
        _ => "structure",
    };
    let requirement = match code {
        100 => "ENC-2",
        101 => "ENC-3",
        102 => "ENC-6",
        104 => "ENC-8",
        105 => "ENC-9",
        _ => "ENC-12",
    };
    let case = base
        .but(&format!("factor.request.{request}-{id}"), change)
        .requires(&[requirement, "ENC-13"])
        .flagged(&[flag]);
    match request {
        "create" => case
            .does(connects())
            .does(device(
                "create",
                spoilt(json!({})),
                json!({ "refused": code }),
            ))
            .does(reads_nothing("alice"))
            .plays([creates(json!({})), right()]),
        _ => case
            .plays(enrolled())
            .does(wrong(1))
            .does(device(
                "verify",
                spoilt(json!({})),
                json!({ "refused": code }),
            ))
            .does(reads(1, 1))
            .does(right()),
    }
}

fn spoilt(base: &Case, request: &str, positions: &[(&str, Holds)]) -> Vec<Case> {
    let case =
        |id: &str, change: &str, code, spoil| refused(base, request, id, change, code, spoil);
    let mut cases = vec![
        case(
            "truncated",
            "the last byte is missing",
            100,
            json!({ "truncate": 1 }),
        ),
        case("trailing", "a byte follows", 104, json!({ "append": "00" })),
        case(
            "element-more",
            "there is an element more",
            107,
            json!({ "path": [positions.len()], "insert": "f6" }),
        ),
        case(
            "element-less",
            "the last element is missing",
            107,
            json!({ "path": [positions.len() - 1], "remove": true }),
        ),
    ];
    for (at, (name, holds)) in positions.iter().enumerate() {
        let replaced = |id: &str, change: &str, code, bytes: &str| {
            let spoil = json!({ "path": [at], "replace": bytes });
            case(
                &format!("{name}-{id}"),
                &format!("{name} is {change}"),
                code,
                spoil,
            )
        };
        cases.push(replaced("null", "null", 107, "f6"));
        cases.push(replaced("text", "a text", 107, "6161"));
        cases.push(replaced("float", "a float", 102, "f93c00"));
        match holds {
            Holds::Type => cases.push(replaced(
                "long-head",
                "not in its shortest form",
                101,
                match request {
                    "create" => "190020",
                    _ => "190021",
                },
            )),
            Holds::Uint => cases.push(replaced("negative", "negative", 107, "20")),
            Holds::Small => {
                cases.push(replaced("negative", "negative", 107, "20"));
                cases.push(replaced("over", "over 32 bits", 107, "1b0000000100000000"));
                cases.push(replaced(
                    "long-head",
                    "not in its shortest form",
                    101,
                    "1801",
                ));
            }
            Holds::Registered(over) => {
                cases.push(replaced("zero", "0, which is not registered", 107, "00"));
                cases.push(replaced("unregistered", "not registered", 107, over));
            }
            Holds::Bytes => cases.push(replaced("array", "an array", 107, "80")),
            Holds::Fixed(length) => {
                let bytes = |length: usize| match length {
                    0..24 => format!("{:02x}{}", 0x40 + length, "11".repeat(length)),
                    _ => format!("58{length:02x}{}", "11".repeat(length)),
                };
                cases.push(replaced("short", "a byte short", 107, &bytes(length - 1)));
                cases.push(replaced("long", "a byte long", 107, &bytes(length + 1)));
                cases.push(replaced("indefinite", "of indefinite length", 101, "5fff"));
            }
        }
    }
    cases
}

fn untyped(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, code, bytes: &str| {
        refused(
            base,
            "verify",
            id,
            change,
            code,
            json!({ "replace": bytes }),
        )
    };
    vec![
        case("empty", "the record holds nothing", 100, ""),
        case("no-array", "the record holds a number", 107, "1821"),
        case("empty-array", "the array is empty", 107, "80"),
        case("unknown-type", "the type is not registered", 107, "811863"),
        case("status-type", "the type is that of a status", 107, "811828"),
        case(
            "login-type",
            "the type is that of a settlement",
            107,
            "8110",
        ),
        case(
            "too-deep",
            "arrays are nested nine deep",
            105,
            "81818181818181818100",
        ),
        case(
            "deep-enough",
            "arrays are nested eight deep where none should be",
            107,
            "8181818181818180",
        ),
    ]
}
