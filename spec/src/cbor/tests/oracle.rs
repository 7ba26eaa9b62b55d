//! Properties, with ciborium as the independent judge.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ciborium::Value as Oracle;
use proptest::prelude::*;
use serde::de::{self, MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::cbor::{DecodeError, MAX_DEPTH, check, from_slice, to_vec};
use crate::values::{Bytes, Kid, Type, Version};

/// Any item of the protocol's CBOR, but for integers below -2^63.
#[derive(Clone, PartialEq, Debug)]
enum Value {
    Unsigned(u64),
    Negative(i64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Bool(bool),
    Null,
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unsigned(number) => serializer.serialize_u64(*number),
            Self::Negative(number) => serializer.serialize_i64(*number),
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Array(elements) => serializer.collect_seq(elements),
            Self::Map(entries) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (key, value)))
            }
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Null => serializer.serialize_none(),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }
            fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
                Ok(Value::Unsigned(number))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
                Ok(Value::Negative(number))
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
                Ok(Value::Bytes(bytes.into()))
            }
            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.into()))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(Value::Bool(value))
            }
            fn visit_none<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = seq.next_element()? {
                    elements.push(element);
                }
                Ok(Value::Array(elements))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Value::Map(entries))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// The same value in ciborium's words.
fn oracle(value: &Value) -> Oracle {
    match value {
        Value::Unsigned(number) => Oracle::from(*number),
        Value::Negative(number) => Oracle::from(*number),
        Value::Bytes(bytes) => Oracle::Bytes(bytes.clone()),
        Value::Text(text) => Oracle::Text(text.clone()),
        Value::Array(elements) => Oracle::Array(elements.iter().map(oracle).collect()),
        Value::Map(entries) => Oracle::Map(
            entries
                .iter()
                .map(|(key, value)| (oracle(key), oracle(value)))
                .collect(),
        ),
        Value::Bool(value) => Oracle::Bool(*value),
        Value::Null => Oracle::Null,
    }
}

fn oracle_bytes(value: &Oracle) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

/// Whether the document allows this value at `depth`: written down a second time, apart from the decoder.
fn allowed(value: &Oracle, depth: usize) -> bool {
    match value {
        Oracle::Integer(number) => i128::from(*number) >= i128::from(i64::MIN),
        Oracle::Bytes(_) | Oracle::Text(_) | Oracle::Bool(_) | Oracle::Null => true,
        Oracle::Array(elements) => {
            depth < MAX_DEPTH && elements.iter().all(|element| allowed(element, depth + 1))
        }
        Oracle::Map(entries) => {
            depth < MAX_DEPTH
                && entries
                    .iter()
                    .all(|(key, value)| allowed(key, depth + 1) && allowed(value, depth + 1))
                && entries.is_sorted_by(|(a, _), (b, _)| oracle_bytes(a) < oracle_bytes(b))
        }
        _ => false, // floats, tags
    }
}

/// Whether `bytes` are what [`from_slice`] should accept, in ciborium's opinion: it reads them,
/// and writes the very same.
fn acceptable(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let Ok(value) = ciborium::from_reader::<Oracle, _>(&mut rest) else {
        return false;
    };
    rest.is_empty() && allowed(&value, 0) && oracle_bytes(&value) == bytes
}

/// Integers around the changes of width as often as others.
fn any_unsigned() -> impl Strategy<Value = u64> {
    let edge = (
        prop::sample::select(alloc::vec![0, 24, 1 << 8, 1 << 16, 1 << 32, 1 << 63]),
        -2_i64..3,
    )
        .prop_map(|(edge, offset): (u64, i64)| edge.wrapping_add_signed(offset));
    prop_oneof![0_u64..32, edge, any::<u64>()]
}

/// Any value of the protocol's CBOR, its maps sorted, at most `MAX_DEPTH` deep.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any_unsigned().prop_map(Value::Unsigned),
        any_unsigned().prop_map(|number| Value::Negative(!((number >> 1).cast_signed()))),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
        "\\PC{0,20}".prop_map(Value::Text),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
    ];
    leaf.prop_recursive(MAX_DEPTH as u32, 48, 6, |element| {
        prop_oneof![
            prop::collection::vec(element.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((element.clone(), element), 0..6).prop_map(|mut entries| {
                entries.sort_by_cached_key(|(key, _)| oracle_bytes(&oracle(key)));
                entries.dedup_by(|(a, _), (b, _)| a == b);
                Value::Map(entries)
            }),
        ]
    })
}

/// Bytes that are nearly right: a value's, with a few changes of the kinds that decoders overlook.
fn nearly_right() -> impl Strategy<Value = Vec<u8>> {
    let interesting = prop::sample::select(alloc::vec![
        0x00_u8, 0x17, 0x18, 0x19, 0x1b, 0x1f, 0x20, 0x3b, 0x40, 0x5f, 0x60, 0x7f, 0x80, 0x81,
        0x9f, 0xa0, 0xa1, 0xbf, 0xc2, 0xf4, 0xf6, 0xf7, 0xf8, 0xf9, 0xfb, 0xff,
    ]);
    let change = (
        any::<prop::sample::Index>(),
        prop_oneof![interesting, any::<u8>()],
        0..4,
    );
    (any_value(), prop::collection::vec(change, 0..4)).prop_map(|(value, changes)| {
        let mut bytes = to_vec(&value).unwrap();
        for (index, byte, kind) in changes {
            let at = index.index(bytes.len() + 1);
            match kind {
                0 => bytes.insert(at, byte),
                1 => bytes.truncate(at),
                2 if at < bytes.len() => drop(bytes.remove(at)),
                _ if at < bytes.len() => bytes[at] = byte,
                _ => bytes.push(byte),
            }
        }
        bytes
    })
}

/// A message as the protocol has them, to test the typed paths.
#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Message {
    kind: Type<3>,
    version: Version,
    kid: Kid,
    blob: Option<Bytes>,
    offsets: Vec<i16>,
    notes: alloc::collections::BTreeMap<String, u64>,
    pair: Option<(bool, u8)>,
}

fn any_message() -> impl Strategy<Value = Message> {
    (
        any::<(u16, u16)>(),
        any::<[u8; 16]>(),
        any::<Option<Vec<u8>>>(),
        any::<Vec<i16>>(),
        prop::collection::btree_map("[a-z]{0,30}", any_unsigned(), 0..5),
        any::<Option<(bool, u8)>>(),
    )
        .prop_map(
            |((major, minor), kid, blob, offsets, notes, pair)| Message {
                kind: Type,
                version: Version { major, minor },
                kid: Kid(kid),
                blob: blob.map(Bytes),
                offsets,
                notes,
                pair,
            },
        )
}

/// What is decoded is encoded to the same bytes; what is not has the same fault without a type,
/// or none but its structure.
fn decoded_or_refused<T: Serialize + for<'de> Deserialize<'de>>(
    bytes: &[u8],
) -> Result<(), TestCaseError> {
    match from_slice::<T>(bytes, bytes.len()) {
        Ok(value) => {
            prop_assert_eq!(to_vec(&value).unwrap(), bytes);
            prop_assert_eq!(check(bytes, bytes.len()), Ok(()));
        }
        Err(DecodeError::Structure) => prop_assert_eq!(check(bytes, bytes.len()), Ok(())),
        Err(fault) => prop_assert_eq!(check(bytes, bytes.len()), Err(fault)),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ciborium_reads_what_we_write_and_writes_the_same(value in any_value()) {
        let bytes = to_vec(&value).unwrap();
        prop_assert_eq!(&ciborium::from_reader::<Oracle, _>(&bytes[..]).unwrap(), &oracle(&value));
        prop_assert_eq!(oracle_bytes(&oracle(&value)), &bytes[..]);
        prop_assert_eq!(from_slice::<Value>(&bytes, bytes.len()), Ok(value));
    }

    #[test]
    fn messages_survive(message in any_message()) {
        let bytes = to_vec(&message).unwrap();
        let read: Oracle = ciborium::from_reader(&bytes[..]).unwrap();
        prop_assert!(read.as_array().is_some_and(|fields| fields.len() == 7));
        prop_assert_eq!(from_slice::<Message>(&bytes, bytes.len()), Ok(message));
    }

    #[test]
    fn exactly_the_acceptable_is_accepted(bytes in nearly_right()) {
        let decoded = from_slice::<Value>(&bytes, bytes.len());
        prop_assert_eq!(decoded.is_ok(), acceptable(&bytes), "{:?}", decoded);
        decoded_or_refused::<Value>(&bytes)?;
    }

    #[test]
    fn random_bytes_are_judged_alike(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
        prop_assert_eq!(from_slice::<Value>(&bytes, bytes.len()).is_ok(), acceptable(&bytes));
        decoded_or_refused::<Message>(&bytes)?;
    }

    #[test]
    fn spoilt_messages_have_one_encoding_or_none(
        message in any_message(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = to_vec(&message).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        decoded_or_refused::<Message>(&bytes)?;
        bytes.truncate(at);
        prop_assert_eq!(from_slice::<Message>(&bytes, bytes.len()), Err(DecodeError::Malformed));
    }
}

/// Every string of up to two bytes, and every one of three that begins with a longer head.
#[test]
fn all_short_inputs_are_judged_alike() {
    let judge = |bytes: &[u8]| {
        let decoded = from_slice::<Value>(bytes, bytes.len());
        assert_eq!(
            decoded.is_ok(),
            acceptable(bytes),
            "{bytes:02x?}: {decoded:?}"
        );
    };
    judge(&[]);
    for first in 0..=u8::MAX {
        judge(&[first]);
        for second in 0..=u8::MAX {
            judge(&[first, second]);
            judge(&[first, second, 0x00]);
            judge(&[first, second, 0xff]);
        }
    }
}
