//! `static.encoding.*`: each kind of bytes that are not deterministic CBOR, on real messages.

use serde_json::json;

use super::samples::{self, Sample};
use crate::author::{ok, positive, reject, step};
use crate::case::{Case, Expect, Group, Step};
use crate::cbor::Item;
use crate::seed::Seed;

/// One spoiled place: (id, message, path to the position, bytes put there, what that is).
type Row = (
    &'static str,
    &'static str,
    &'static [usize],
    &'static str,
    &'static str,
);

/// What is wrong with the rows of a table, in common.
struct Fault {
    code: u16,
    requirement: &'static str,
    kills: &'static str,
    flag: &'static str,
    why: &'static str,
    rows: &'static [Row],
}

/// Each kind of malformed, undeterministic or forbidden input.
pub fn group(seed: Seed) -> Group {
    let samples = &samples::all(seed);
    let mut group = Group::new(
        "static-encoding",
        "Bytes that are not deterministic CBOR, each kind in a real message.",
    );
    for name in [
        "verify",
        "ead-1",
        "ead-2",
        "announce",
        "statement",
        "settled",
        "status",
    ] {
        group.cases.push(base(samples, name));
    }
    for fault in FAULTS {
        for row in fault.rows {
            group.cases.push(spoiled(samples, fault, row));
        }
    }
    group.cases.extend(whole(samples));
    group
}

fn base(samples: &[Sample], name: &str) -> Case {
    let sample = find(samples, name);
    let bytes = hex::encode(sample.item().encode());
    positive(
        &format!("static.encoding.{name}"),
        &format!("{name} is decoded and encoded again"),
    )
    .why("A message that not every implementation reads is no message.")
    .requires(&["ENC-1"])
    .does(decode(sample.rule, &bytes, ok(json!({ "bytes": bytes }))))
}

fn spoiled(samples: &[Sample], fault: &Fault, (id, name, path, hex, what): &Row) -> Case {
    let sample = find(samples, name);
    let bytes = put(sample.item(), path, Item::raw(hex)).encode();
    base(samples, name)
        .but(&format!("static.encoding.{id}"), what)
        .why(fault.why)
        .requires(&[fault.requirement])
        .flagged(&[fault.flag])
        .kills(fault.kills)
        .does(decode(sample.rule, &hex::encode(bytes), reject(fault.code)))
}

/// Faults of the message as a whole.
fn whole(samples: &[Sample]) -> Vec<Case> {
    let verify = hex::encode(find(samples, "verify").item().encode());
    let announce = find(samples, "announce");
    let statement = find(samples, "statement");
    let rest = &verify[2..];
    let sized = |sample: &Sample, path: &[usize], text: bool, size: usize| {
        let around = put(sample.item(), path, Item::bytes([])).encode().len() + 2;
        let filler = match text {
            true => Item::Map(vec![(
                "a".into(),
                Item::Text("a".repeat(size - around - 3)),
            )]),
            false => Item::bytes(vec![0xa5; size - around]),
        };
        hex::encode(put(sample.item(), path, filler).encode())
    };
    let case =
        |id: &str, of: &str, what: &str, requirement: &str, check: &str, bytes: &str, code| {
            base(samples, of)
                .but(&format!("static.encoding.{id}"), what)
                .requires(&[requirement])
                .flagged(&[if matches!(code, 105 | 106) {
                    "limit"
                } else {
                    "non-canonical"
                }])
                .kills(check)
                .does(decode(of, bytes, reject(code)))
        };
    let fits = |id: &str, of: &str, bytes: &str| {
        positive(
            &format!("static.encoding.{id}"),
            &format!("{of} is as long as it may be"),
        )
        .why("A limit that is off by one refuses what the other side may send.")
        .requires(&["ENC-10"])
        .flagged(&["limit"])
        .does(decode(of, bytes, ok(json!({ "bytes": bytes }))))
    };
    let deep = format!("{}00", "81".repeat(1000));
    let deep = put(find(samples, "verify").item(), &[1], Item::raw(&deep)).encode();
    let two = put(find(samples, "verify").item(), &[1], Item::text("1"));
    let two = put(two, &[8], Item::raw("f94500")).encode();
    let big = "A message without a limit exhausts the memory of whoever reads it.";
    let longest = |size| sized(announce, &[1], true, size);
    let longest_statement = |size| sized(statement, &[4], false, size);
    vec![
        case(
            "empty",
            "verify",
            "there are no bytes at all",
            "ENC-2",
            "cbor.truncated",
            "",
            100,
        )
        .why("An empty message that is taken for a message says whatever the reader defaults to."),
        case(
            "truncated",
            "verify",
            "the last byte is missing",
            "ENC-2",
            "cbor.truncated",
            &verify[..verify.len() - 2],
            100,
        )
        .why("A message that was cut off is completed by whatever stands behind it in memory."),
        case(
            "truncated-head",
            "verify",
            "only the head is there",
            "ENC-2",
            "cbor.truncated",
            "89",
            100,
        )
        .why("A message that was cut off is completed by whatever stands behind it in memory."),
        case(
            "trailing-byte",
            "verify",
            "one byte follows the end",
            "ENC-8",
            "cbor.trailing",
            &format!("{verify}00"),
            104,
        )
        .why("Bytes that one party hashes and another one ignores are a channel for forgers."),
        case(
            "trailing-message",
            "verify",
            "the message follows once more",
            "ENC-8",
            "cbor.trailing",
            &format!("{verify}{verify}"),
            104,
        )
        .why("Two messages in one are counted once and acted on twice."),
        case(
            "long-array-head",
            "verify",
            "the array's head takes two bytes",
            "ENC-3",
            "cbor.shortest",
            &format!("9809{rest}"),
            101,
        )
        .why("Two encodings of one message have two hashes: a repeat passes for something new."),
        case(
            "indefinite-array",
            "verify",
            "the array has an end instead of a length",
            "ENC-4",
            "cbor.definite",
            &format!("9f{rest}ff"),
            101,
        )
        .why("Two encodings of one message have two hashes: a repeat passes for something new."),
        case(
            "tagged-message",
            "verify",
            "the message is tagged as CBOR",
            "ENC-6",
            "cbor.forbidden",
            &format!("d9d9f7{verify}"),
            102,
        )
        .why("A tag changes what is hashed and nothing of what is read."),
        case(
            "tagged-message-as-sign1",
            "verify",
            "the message is tagged as COSE_Sign1",
            "ENC-6",
            "cbor.forbidden",
            &format!("d2{verify}"),
            102,
        )
        .why("A tag changes what is hashed and nothing of what is read."),
        case(
            "depth-1000",
            "verify",
            "the request number is a thousand arrays",
            "ENC-9",
            "cbor.depth",
            &hex::encode(deep),
            105,
        )
        .why("Nesting without a bound exhausts the stack of whoever reads it."),
        case(
            "structure-then-float",
            "verify",
            "the request number is a text and the proof a float",
            "ENC-14",
            "cbor.before-structure",
            &hex::encode(two),
            102,
        )
        .why(NO_LIBRARY),
        fits("announce-longest", "announce", &longest(6144)),
        case(
            "announce-too-long",
            "announce",
            "it is one byte over its limit",
            "ENC-10",
            "limit.message",
            &longest(6145),
            106,
        )
        .why(big),
        fits("statement-longest", "statement", &longest_statement(8192)),
        case(
            "statement-too-long",
            "statement",
            "it is one byte over its limit",
            "ENC-10",
            "limit.message",
            &longest_statement(8193),
            106,
        )
        .why(big),
        case(
            "size-before-content",
            "statement",
            "it is over its limit and no CBOR",
            "ENC-14",
            "limit.message",
            &"ff".repeat(8193),
            106,
        )
        .why("Whoever parses before he measures works for whoever sends."),
    ]
}

fn find<'a>(samples: &'a [Sample], name: &str) -> &'a Sample {
    &samples[samples::position(samples, name)]
}

/// The item with another one at a path of positions.
fn put(item: Item, path: &[usize], new: Item) -> Item {
    let Some((first, rest)) = path.split_first() else {
        return new;
    };
    let Item::Array(mut items) = item else {
        panic!("a path leads through arrays")
    };
    items[*first] = put(items[*first].clone(), rest, new);
    Item::Array(items)
}

fn decode(rule: &str, bytes: &str, expect: Expect) -> Step {
    step(
        "cbor.decode",
        json!({ "type": rule, "bytes": bytes }),
        expect,
    )
}

// verify = [33, request-number, store-epoch, generation, factor, purpose, bind, audience, proof]
#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    Fault {
        code: 100,
        requirement: "ENC-2",
        kills: "cbor.well-formed",
        flag: "structure",
        why: "What is not CBOR is read as something by each reader in its own way.",
        rows: &[
            ("reserved-info-28", "verify", &[1], "1c", "the request number has the reserved length 28"),
            ("reserved-info-29", "verify", &[1], "1d", "the request number has the reserved length 29"),
            ("reserved-info-30", "verify", &[6], "5e", "bind has the reserved length 30"),
            ("indefinite-integer", "verify", &[1], "1f", "the request number has an indefinite length"),
            ("stray-break", "verify", &[1], "ff", "a break stands where nothing is open"),
            ("bool-in-two-bytes", "status", &[3, 3], "f814", "false takes two bytes"),
            ("bytes-of-2-60", "verify", &[8], "5b1000000000000000", "the proof announces 2^60 bytes"),
            ("bytes-of-2-64", "verify", &[8], "5bffffffffffffffff", "the proof announces 2^64 - 1 bytes"),
            ("text-of-2-60", "settled", &[3], "7b1000000000000000", "the user name announces 2^60 bytes"),
            ("array-of-2-60", "ead-1", &[0], "9b1000000000000000", "the versions announce 2^60 elements"),
            ("map-of-2-60", "announce", &[1], "bb1000000000000000", "the strings announce 2^60 entries"),
            ("map-of-2-63", "announce", &[1], "bb8000000000000000", "the strings announce 2^63 entries, 2^64 items"),
        ],
    },
    Fault {
        code: 101,
        requirement: "ENC-3",
        kills: "cbor.shortest",
        flag: "non-canonical",
        why: "Two encodings of one message have two hashes: a repeat passes for something new.",
        rows: &[
            ("long-integer-1", "verify", &[1], "1805", "the request number takes one byte too many"),
            ("long-integer-1-of-23", "verify", &[1], "1817", "the request number 23 takes one byte too many"),
            ("long-integer-2", "verify", &[1], "190005", "the request number takes two bytes too many"),
            ("long-integer-2-of-255", "verify", &[1], "1900ff", "the request number 255 takes two bytes"),
            ("long-integer-4", "verify", &[1], "1a0000ffff", "the request number 65535 takes four bytes"),
            ("long-integer-8", "verify", &[1], "1b00000000ffffffff", "the request number 2^32 - 1 takes eight bytes"),
            ("long-type-number", "verify", &[0], "190021", "the type number takes one byte too many"),
            ("long-negative", "verify", &[1], "3800", "the request number is -1 in two bytes"),
            ("long-bytes-head", "verify", &[7], "5810000102030405060708090a0b0c0d0e0f", "the audience's head takes one byte too many"),
            ("long-text-head", "settled", &[3], "7803616461", "the user name's head takes one byte too many"),
            ("long-list-head", "ead-1", &[0], "9801820100", "the versions' head takes one byte too many"),
            ("long-map-head", "announce", &[1], "b80161616162", "the strings' head takes one byte too many"),
            ("long-map-key", "announce", &[1], "a1780161 6162", "a key's head takes one byte too many"),
        ],
    },
    Fault {
        code: 101,
        requirement: "ENC-4",
        kills: "cbor.definite",
        flag: "non-canonical",
        why: "A string in pieces is one string with many hashes.",
        rows: &[
            ("indefinite-bytes", "verify", &[7], "5f48000102030405060748000102030405060 7ff", "the audience comes in two pieces"),
            ("indefinite-bytes-one", "verify", &[7], "5f50000102030405060708090a0b0c0d0e0fff", "the audience comes in one piece with an end"),
            ("indefinite-text", "settled", &[3], "7f6161626461ff", "the user name comes in pieces"),
            ("indefinite-list", "ead-1", &[0], "9f820100ff", "the versions have an end instead of a length"),
            ("indefinite-map", "announce", &[1], "bf61616162ff", "the strings have an end instead of a length"),
        ],
    },
    Fault {
        code: 101,
        requirement: "ENC-5",
        kills: "cbor.map-order",
        flag: "non-canonical",
        why: "Of two entries under one key the user sees one and the server another.",
        rows: &[
            ("unsorted-keys", "announce", &[1], "a261626131 61616132", "the keys are unsorted"),
            ("unsorted-by-length", "announce", &[1], "a2626161 6131 6162 6132", "a longer key comes before a shorter one"),
            ("duplicate-key", "announce", &[1], "a261616131 61616132", "a key is there twice"),
            ("duplicate-entry", "announce", &[1], "a261616131 61616131", "an entry is there twice"),
            ("duplicate-key-nested", "ead-2", &[2, 1], "a261616131 61616132", "a key of the announce info is there twice"),
        ],
    },
    Fault {
        code: 102,
        requirement: "ENC-6",
        kills: "cbor.forbidden",
        flag: "non-canonical",
        why: "Items that one library turns into others are read differently by two parties.",
        rows: &[
            ("half-float", "verify", &[1], "f94500", "the request number is 5.0, 16 bits"),
            ("single-float", "verify", &[1], "fa40a00000", "the request number is 5.0, 32 bits"),
            ("double-float", "verify", &[1], "fb4014000000000000", "the request number is 5.0, 64 bits"),
            ("nan", "verify", &[1], "f97e00", "the request number is not a number"),
            ("tag", "verify", &[1], "c105", "the request number is tagged as a time"),
            ("tag-on-bytes", "verify", &[7], "d81850000102030405060708090a0b0c0d0e0f", "the audience is tagged as CBOR"),
            ("bignum", "verify", &[1], "c24105", "the request number is a bignum"),
            ("negative-bignum", "verify", &[1], "c34105", "the request number is a negative bignum"),
            ("undefined", "ead-1", &[3], "f7", "the epoch is undefined instead of null"),
            ("simple-0", "ead-1", &[3], "e0", "the epoch is simple value 0"),
            ("simple-19", "ead-1", &[3], "f3", "the epoch is simple value 19"),
            ("simple-32", "ead-1", &[3], "f820", "the epoch is simple value 32"),
            ("simple-255", "ead-1", &[3], "f8ff", "the epoch is simple value 255"),
        ],
    },
    Fault {
        code: 103,
        requirement: "ENC-7",
        kills: "cbor.utf8",
        flag: "non-canonical",
        why: "Text that is repaired on the way is not the text that was signed.",
        rows: &[
            ("latin-1", "settled", &[3], "62e461", "the user name is Latin-1"),
            ("cut-character", "settled", &[3], "6261c3", "the user name ends within a character"),
            ("overlong", "settled", &[3], "62c0af", "the user name has an overlong slash"),
            ("overlong-nul", "settled", &[3], "62c080", "the user name has an overlong NUL"),
            ("surrogate", "settled", &[3], "63eda080", "the user name has a surrogate"),
            ("surrogate-pair", "settled", &[3], "66eda0bdedb980", "the user name has a pair of surrogates"),
            ("beyond-unicode", "settled", &[3], "64f4908080", "the user name has a character beyond U+10FFFF"),
            ("continuation-alone", "settled", &[3], "6180", "the user name is half a character"),
            ("invalid-key", "announce", &[1], "a161ff6131", "a key of the strings is not UTF-8"),
            ("invalid-user-input", "statement", &[3], "62c328", "the user input is not UTF-8"),
        ],
    },
    Fault {
        code: 105,
        requirement: "ENC-9",
        kills: "cbor.depth",
        flag: "limit",
        why: "Nesting without a bound exhausts the stack of whoever reads it.",
        rows: &[
            ("depth-9-arrays", "verify", &[1], "818181818181818100", "the request number is eight arrays, the ninth level"),
            ("depth-9-maps", "announce", &[1], "a100a100a100a100a100a100a100a10000", "the strings are eight maps, the ninth level"),
            ("depth-9-empty", "verify", &[1], "8181818181818180", "the ninth level is an empty array"),
        ],
    },
    Fault {
        code: 107,
        requirement: "ENC-14",
        kills: "structure.type",
        flag: "structure",
        why: NO_LIBRARY,
        rows: &[
            ("depth-8", "verify", &[1], "8181818181818100", "the request number is seven arrays, the eighth level"),
        ],
    },
    Fault {
        code: 103,
        requirement: "ENC-14",
        kills: "cbor.before-structure",
        flag: "structure",
        why: NO_LIBRARY,
        rows: &[
            ("utf8-where-bytes-are-due", "verify", &[6], "61ff", "bind is a text, and not UTF-8"),
        ],
    },
    Fault {
        code: 102,
        requirement: "ENC-14",
        kills: "cbor.before-structure",
        flag: "structure",
        why: NO_LIBRARY,
        rows: &[
            ("float-where-bytes-are-due", "verify", &[6], "f94500", "bind is a float"),
        ],
    },
    Fault {
        code: 101,
        requirement: "ENC-14",
        kills: "cbor.before-structure",
        flag: "structure",
        why: NO_LIBRARY,
        rows: &[
            ("long-number-where-bytes-are-due", "verify", &[6], "1805", "bind is a number in too many bytes"),
        ],
    },
];

const NO_LIBRARY: &str =
    "Codes that depend on the library tell nobody who has to change something.";
