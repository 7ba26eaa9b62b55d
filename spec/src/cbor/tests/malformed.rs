//! Each kind of malformed input, once, with the one error that it gets (protocol.md, ENC-2 to ENC-12).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Debug;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::cbor::{DecodeError, DecodeError::*, check, from_slice};
use crate::values::{Bytes, Kid, Type};

/// Of every CBOR type one: `[7, uint, int, bstr, tstr, bool, null / uint, [* uint], {* uint => tstr}]`.
#[derive(Deserialize, PartialEq, Debug)]
struct Message {
    kind: Type<7>,
    count: u64,
    offset: i64,
    blob: Bytes,
    name: String,
    flag: bool,
    maybe: Option<u16>,
    list: Vec<u8>,
    map: BTreeMap<u64, String>,
}

const LIMIT: usize = 64;

/// What each position of a good [`Message`] holds.
const POSITIONS: [&str; 9] = [
    "07",
    "01",
    "20",
    "4101",
    "6161",
    "f5",
    "f6",
    "8101",
    "a10161 61",
];

/// A [`Message`] with `hex` instead of what belongs to `position`.
fn message_with(position: usize, hex: &str) -> Vec<u8> {
    let mut positions = POSITIONS;
    positions[position] = hex;
    bytes(&(String::from("89") + &positions.concat()))
}

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex.replace(' ', "")).unwrap()
}

/// The bytes are refused with `error`, and a fault of the bytes is one whatever the type.
#[track_caller]
fn refused<T: DeserializeOwned + PartialEq + Debug>(what: &str, bytes: &[u8], error: DecodeError) {
    assert_eq!(from_slice::<T>(bytes, LIMIT), Err(error), "{what}");
    let untyped = if error == Structure {
        Ok(())
    } else {
        Err(error)
    };
    assert_eq!(check(bytes, LIMIT), untyped, "{what}, without a type");
}

#[test]
fn the_unspoilt_message_is_accepted() {
    let message: Message = from_slice(&message_with(0, "07"), LIMIT).unwrap();
    assert_eq!(message.offset, -1);
    assert_eq!(message.maybe, None);
    assert_eq!(message.map[&1], "a");
}

#[test]
fn one_position_spoilt() {
    #[rustfmt::skip]
    let table = [
        // ENC-2: not CBOR.
        ("reserved length 28", 1, "1c", Malformed),
        ("reserved length 29", 1, "1d", Malformed),
        ("reserved length 30", 3, "5e", Malformed),
        ("reserved simple value", 5, "fc", Malformed),
        ("integer of indefinite length", 1, "1f", Malformed),
        ("negative integer of indefinite length", 2, "3f", Malformed),
        ("tag of indefinite length", 1, "df", Malformed),
        ("break outside", 1, "ff", Malformed),
        ("true in two bytes", 5, "f815", Malformed),
        ("simple value 31 in two bytes", 5, "f81f", Malformed),
        ("byte string of 2^60 bytes", 3, "5b1000000000000000", Malformed),
        ("text string of 2^64 - 1 bytes", 4, "7bffffffffffffffff", Malformed),
        ("array of 2^60 elements", 7, "9b1000000000000000", Malformed),
        ("map of 2^63 entries", 8, "bb8000000000000000", Malformed),
        ("map of more keys than bytes", 8, "ba00010000", Malformed),
        // ENC-3 to ENC-5: CBOR, but another encoding.
        ("number in one byte too many", 1, "1817", NotDeterministic),
        ("zero in two bytes", 1, "1800", NotDeterministic),
        ("number in two bytes too many", 1, "1900ff", NotDeterministic),
        ("number in four bytes too many", 1, "1a0000ffff", NotDeterministic),
        ("number in eight bytes too many", 1, "1b00000000ffffffff", NotDeterministic),
        ("long negative number", 2, "3800", NotDeterministic),
        ("long length of a byte string", 3, "580101", NotDeterministic),
        ("long length of a text string", 4, "780161", NotDeterministic),
        ("long length of an array", 7, "980101", NotDeterministic),
        ("long length of a map", 8, "b801016161", NotDeterministic),
        ("byte string of indefinite length", 3, "5f4101ff", NotDeterministic),
        ("text string of indefinite length", 4, "7f6161ff", NotDeterministic),
        ("array of indefinite length", 7, "9f01ff", NotDeterministic),
        ("map of indefinite length", 8, "bf016161ff", NotDeterministic),
        ("keys unsorted", 8, "a2026161016162", NotDeterministic),
        ("key repeated", 8, "a2016161016162", NotDeterministic),
        ("long key", 8, "a118016161", NotDeterministic),
        // ENC-6: what the protocol does not use.
        ("half float", 1, "f93c00", Forbidden),
        ("single float", 1, "fa3f800000", Forbidden),
        ("double float", 1, "fb3ff0000000000000", Forbidden),
        ("not a number", 1, "f97e00", Forbidden),
        ("tag", 1, "c101", Forbidden),
        ("tag before the right type", 3, "d8184101", Forbidden),
        ("bignum", 1, "c24101", Forbidden),
        ("negative bignum", 2, "c34101", Forbidden),
        ("undefined", 6, "f7", Forbidden),
        ("simple value 0", 1, "e0", Forbidden),
        ("simple value 19", 1, "f3", Forbidden),
        ("simple value 32", 1, "f820", Forbidden),
        ("simple value 255", 1, "f8ff", Forbidden),
        // ENC-7: text.
        ("Latin-1", 4, "61e4", InvalidUtf8),
        ("text cut within a character", 4, "61c3", InvalidUtf8),
        ("overlong slash", 4, "62c0af", InvalidUtf8),
        ("surrogate", 4, "63eda080", InvalidUtf8),
        ("beyond U+10FFFF", 4, "64f4908080", InvalidUtf8),
        // ENC-9: nesting, where the message is one level.
        ("nine levels", 7, "8181818181818101", Structure),
        ("ten levels", 7, "818181818181818101", TooDeep),
        ("empty array on level nine", 7, "8181818181818180", TooDeep),
        ("maps on level nine", 8, "a101a101a101a101a101a101a101a0", TooDeep),
        // ENC-12: deterministic CBOR of another structure.
        ("another type number", 0, "08", Structure),
        ("null in place of a number", 1, "f6", Structure),
        ("null in place of bytes", 3, "f6", Structure),
        ("null in place of an array", 7, "f6", Structure),
        ("negative in place of unsigned", 1, "20", Structure),
        ("beyond i64, above", 2, "1b8000000000000000", Structure),
        ("beyond i64, below", 2, "3b8000000000000000", Structure),
        ("numbers in place of bytes", 3, "8101", Structure),
        ("text in place of bytes", 3, "6161", Structure),
        ("bytes in place of text", 4, "4161", Structure),
        ("number in place of bool", 5, "01", Structure),
        ("bool in place of null or number", 6, "f4", Structure),
        ("beyond u16", 6, "1a00010000", Structure),
        ("bytes in place of numbers", 7, "4101", Structure),
        ("beyond u8", 7, "81190100", Structure),
        ("map in place of an array", 7, "a10101", Structure),
        ("array in place of a map", 8, "82016161", Structure),
        ("empty array in place of a map", 8, "80", Structure),
        ("text key in place of a number", 8, "a161616161", Structure),
        ("null as key", 8, "a1f66161", Structure),
    ];
    for (what, position, hex, error) in table {
        refused::<Message>(what, &message_with(position, hex), error);
    }
}

#[test]
fn the_whole_spoilt() {
    let good = message_with(0, "07");
    let with = |hex: &str| [&good[..], &bytes(hex)].concat();

    refused::<Message>("nothing", b"", Malformed);
    for end in 1..good.len() {
        refused::<Message>("cut off", &good[..end], Malformed);
    }
    refused::<Message>("a byte more", &with("00"), Trailing);
    refused::<Message>("a second message", &with(&hex::encode(&good)), Trailing);
    refused::<Message>("garbage behind", &with("ff"), Trailing);
    refused::<Message>(
        "long arity",
        &[&[0x98, 0x09], &good[1..]].concat(),
        NotDeterministic,
    );
    refused::<Message>(
        "open arity",
        &[&[0x9f], &good[1..], &[0xff]].concat(),
        NotDeterministic,
    );
    refused::<Message>(
        "one field too many",
        &[&[0x8a], &good[1..], &[0x00]].concat(),
        Structure,
    );
    refused::<Message>(
        "one field too few",
        &bytes("88 07 01 20 4101 6161 f5 f6 8101"),
        Structure,
    );
    refused::<Message>("no fields", &bytes("80"), Structure);
    refused::<Message>("a map", &bytes("a0"), Structure);
    refused::<Message>("null", &bytes("f6"), Structure);
    refused::<Message>("all in a byte string", &bytes("43010203"), Structure);
}

#[test]
fn heads_cut_off() {
    for hex in [
        "18",
        "19",
        "1901",
        "1a",
        "1a010000",
        "1b",
        "1b01000000000000",
        "38",
        "58",
        "5818",
        "78",
        "98",
        "b8",
        "d8",
        "f8",
        "f9",
        "f93c",
        "fa",
        "fa000000",
        "fb",
        "fb00000000000000",
        "41",
        "61",
        "81",
        "a1",
        "a101",
    ] {
        refused::<Bytes>(hex, &bytes(hex), Malformed);
    }
}

#[test]
fn fixed_lengths_are_exact() {
    for length in [0, 15, 17, 32] {
        let bytes = crate::cbor::to_vec(&Bytes(alloc::vec![1; length])).unwrap();
        refused::<Kid>("id of another length", &bytes, Structure);
    }
    refused::<(u8, u8)>("too few", &bytes("8101"), Structure);
    refused::<(u8, u8)>("too many", &bytes("83010203"), Structure);
    refused::<[u8; 2]>("too few", &bytes("8101"), Structure);
    refused::<[u8; 2]>("too many", &bytes("83010203"), Structure);
    refused::<()>("not empty", &bytes("8101"), Structure);
    refused::<()>("null is no unit", &bytes("f6"), Structure);
}

/// A message may leave out nothing, even what has a default.
#[test]
fn defaults_do_not_shorten() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Lenient {
        first: u64,
        #[serde(default)]
        second: u64,
    }
    let both = Lenient {
        first: 1,
        second: 2,
    };
    assert_eq!(from_slice(&bytes("820102"), LIMIT), Ok(both));
    refused::<Lenient>("without the second", &bytes("8101"), Structure);
}

/// Of several faults the one reported does not depend on the type.
#[test]
fn precedence() {
    // Wrong type first, then each fault of the bytes, in a message that is wrong throughout.
    refused::<u64>(
        "float behind a wrong type",
        &bytes("8261 61f93c00"),
        Forbidden,
    );
    refused::<u64>("cut off behind a wrong type", &bytes("826161"), Malformed);
    refused::<u64>("trailing behind a wrong type", &bytes("616100"), Trailing);
    refused::<u64>(
        "unsorted behind a wrong type",
        &bytes("a2616201616101"),
        NotDeterministic,
    );
    refused::<(u8, u8)>(
        "long number behind a range error",
        &bytes("821901001801"),
        NotDeterministic,
    );
    // In reading order otherwise.
    refused::<u64>(
        "float, then a long number",
        &bytes("82f93c001801"),
        Forbidden,
    );
    refused::<u64>(
        "long number, then a float",
        &bytes("821801f93c00"),
        NotDeterministic,
    );
    // A number of elements is compared with what remains before they are read.
    refused::<u64>(
        "too many elements, the first a float",
        &bytes("84f93c00"),
        Malformed,
    );
    refused::<u64>(
        "too many entries, the first a tag",
        &bytes("a2c10000"),
        Malformed,
    );
    refused::<u64>(
        "fault within, then trailing",
        &bytes("81180100"),
        NotDeterministic,
    );
}

/// ENC-10.
#[test]
fn too_large_comes_first() {
    let good = message_with(0, "07");
    assert!(from_slice::<Message>(&good, good.len()).is_ok());
    for bytes in [
        good.clone(),
        alloc::vec![0xff; good.len()],
        alloc::vec![0x81; good.len()],
    ] {
        assert_eq!(from_slice::<Message>(&bytes, good.len() - 1), Err(TooLarge));
        assert_eq!(check(&bytes, good.len() - 1), Err(TooLarge));
    }
    assert_eq!(from_slice::<u64>(&[0x00], 0), Err(TooLarge));
    assert_eq!(from_slice::<u64>(&[], 0), Err(Malformed));
}

/// The numbers of the catalogue in protocol.md.
#[test]
fn codes() {
    let codes = DecodeError::ALL.map(DecodeError::code);
    assert_eq!(codes, [100, 101, 102, 103, 104, 105, 106, 107]);
}
