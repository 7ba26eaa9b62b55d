//! What has an encoding, which one, and what has none.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use core::fmt::Debug;

use serde::de::{self, DeserializeOwned};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::cbor::{
    DecodeError, EncodeError, MAX_DEPTH, Reader, check, from_slice, peek_type, refusal, to_vec,
    to_vec_labelled, to_vec_within,
};
use crate::values::{Bytes, Type, UnixSeconds, Version};

/// The value has this encoding and comes back from it.
#[track_caller]
fn encodes<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T, hex: &str) {
    let bytes = hex::decode(hex.replace(' ', "")).unwrap();
    assert_eq!(
        hex::encode(to_vec(&value).unwrap()),
        hex::encode(&bytes),
        "{value:?}"
    );
    assert_eq!(from_slice(&bytes, bytes.len()), Ok(value));
}

/// Positive and negative integers of RFC 8949, Appendix A, and those around each change of width.
#[test]
fn integers() {
    for (number, hex) in [
        (0, "00"),
        (1, "01"),
        (10, "0a"),
        (23, "17"),
        (24, "1818"),
        (25, "1819"),
        (100, "1864"),
        (255, "18ff"),
        (256, "190100"),
        (1000, "1903e8"),
        (0xffff, "19ffff"),
        (0x10000, "1a00010000"),
        (1_000_000, "1a000f4240"),
        (0xffff_ffff, "1affffffff"),
        (0x1_0000_0000, "1b0000000100000000"),
        (1_000_000_000_000, "1b000000e8d4a51000"),
        (u64::MAX, "1bffffffffffffffff"),
    ] {
        encodes(number, hex);
    }
    for (number, hex) in [
        (-1, "20"),
        (-10, "29"),
        (-24, "37"),
        (-25, "3818"),
        (-100, "3863"),
        (-256, "38ff"),
        (-257, "390100"),
        (-1000, "3903e7"),
        (-65_537, "3a00010000"),
        (-4_294_967_297, "3b0000000100000000"),
        (i64::MIN, "3b7fffffffffffffff"),
        (i64::MAX, "1b7fffffffffffffff"),
    ] {
        encodes(number, hex);
    }
    encodes(-128_i8, "387f");
    encodes(u16::MAX, "19ffff");
}

#[test]
fn the_table_of_the_module() {
    encodes(true, "f5");
    encodes(false, "f4");
    encodes(String::from("\u{6c34}"), "63e6b0b4");
    encodes(Bytes(vec![1, 2, 3, 4]), "4401020304");
    encodes(vec![1_u8, 2, 3, 4], "8401020304");
    encodes(Vec::<u8>::new(), "80");
    encodes([1_u8, 2], "820102");
    encodes((1_u8, String::from("a")), "82016161");
    encodes((), "80");
    encodes(UnixSeconds(5), "05");
    encodes(Version { major: 1, minor: 2 }, "820102");
    encodes(None::<u8>, "f6");
    encodes(Some(5_u8), "05");
    encodes(Some(()), "80");
    encodes(Type::<300>, "19012c");
    encodes(Box::new((1_u8,)), "8101");
    encodes(BTreeMap::from([(1_u8, true)]), "a101f5");
}

/// The example of RFC 8949 section 4.2.1: sorted by encoded bytes, not by value or length.
#[test]
fn maps_are_sorted_by_their_encoded_keys() {
    encodes(
        BTreeMap::from([(-1_i64, 1), (-2, 2), (1, 3), (100, 4)]),
        "a4 0103 186404 2001 2102",
    );
    let names = ["z", "aa", ""].map(|name| (String::from(name), 0_u8));
    encodes(BTreeMap::from(names), "a3 6000 617a00 62616100");
}

#[test]
fn big_arrays_and_strings_have_long_heads() {
    encodes(vec![0_u8; 24], &format!("9818{}", "00".repeat(24)));
    encodes(Bytes(vec![0; 256]), &format!("590100{}", "00".repeat(256)));
    encodes(
        "a".repeat(0x10000),
        &format!("7a00010000{}", "61".repeat(0x10000)),
    );
}

#[test]
fn text_and_bytes_are_borrowed() {
    let bytes = [0x82, 0x61, b'a', 0x41, 0x07];
    let (text, blob): (&str, &[u8]) = from_slice(&bytes, 5).unwrap();
    assert_eq!(text.as_ptr(), &raw const bytes[2]);
    assert_eq!(blob.as_ptr(), &raw const bytes[4]);
}

/// serde's visitors of `&str` and `&[u8]` would each take the other too.
#[test]
fn text_and_bytes_are_not_mixed() {
    assert_eq!(
        from_slice::<&str>(&[0x41, b'a'], 2),
        Err(DecodeError::Structure)
    );
    assert_eq!(
        from_slice::<String>(&[0x41, b'a'], 2),
        Err(DecodeError::Structure)
    );
    assert_eq!(
        from_slice::<&[u8]>(&[0x61, b'a'], 2),
        Err(DecodeError::Structure)
    );
}

#[test]
fn numbers_stand_for_enums() {
    #[derive(Clone, Copy, Serialize, Deserialize, PartialEq, Debug)]
    #[serde(into = "u64", try_from = "u64")]
    enum Purpose {
        Login = 1,
        Enrol = 2,
    }
    impl From<Purpose> for u64 {
        fn from(purpose: Purpose) -> Self {
            purpose as Self
        }
    }
    impl TryFrom<u64> for Purpose {
        type Error = &'static str;
        fn try_from(number: u64) -> Result<Self, Self::Error> {
            match number {
                1 => Ok(Self::Login),
                2 => Ok(Self::Enrol),
                _ => Err("no such purpose"),
            }
        }
    }
    encodes(Purpose::Enrol, "02");
    assert_eq!(
        from_slice::<Purpose>(&[0x03], 1),
        Err(DecodeError::Structure)
    );
}

#[test]
fn enums_floats_and_chars_have_no_encoding() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    enum Shape {
        Unit,
        Newtype(u8),
        Tuple(u8, u8),
        Struct { field: u8 },
    }
    for shape in [
        Shape::Unit,
        Shape::Newtype(1),
        Shape::Tuple(1, 2),
        Shape::Struct { field: 1 },
    ] {
        assert_eq!(to_vec(&shape), Err(EncodeError::Unsupported));
    }
    assert_eq!(to_vec(&1.0_f32), Err(EncodeError::Unsupported));
    assert_eq!(to_vec(&1.0_f64), Err(EncodeError::Unsupported));
    assert_eq!(to_vec(&'a'), Err(EncodeError::Unsupported));
    assert_eq!(to_vec(&1_u128), Err(EncodeError::Unsupported));

    assert_eq!(from_slice::<Shape>(&[0x00], 1), Err(DecodeError::Structure));
    assert_eq!(
        from_slice::<Shape>(&[0x64, b'U', b'n', b'i', b't'], 5),
        Err(DecodeError::Structure)
    );
    assert_eq!(from_slice::<f64>(&[0x01], 1), Err(DecodeError::Structure));
    assert_eq!(
        from_slice::<char>(&[0x61, b'a'], 2),
        Err(DecodeError::Structure)
    );
    assert_eq!(from_slice::<u128>(&[0x01], 1), Err(DecodeError::Structure));
    assert_eq!(
        from_slice::<de::IgnoredAny>(&[0x01], 1),
        Err(DecodeError::Structure)
    );
}

#[test]
fn null_means_one_thing() {
    assert_eq!(to_vec(&Some(None::<u8>)), Err(EncodeError::AmbiguousNull));
    assert_eq!(
        to_vec(&[Some(Some(None::<u8>))]),
        Err(EncodeError::AmbiguousNull)
    );
    assert_eq!(to_vec(&Some([None::<u8>])), Ok(vec![0x81, 0xf6]));
    assert_eq!(from_slice::<Option<Option<u8>>>(&[0xf6], 1), Ok(None));
}

#[test]
fn a_skipped_field_would_shift_the_others() {
    #[derive(Serialize)]
    struct Skips {
        #[serde(skip_serializing_if = "Option::is_none")]
        first: Option<u8>,
        second: u8,
    }
    assert_eq!(
        to_vec(&Skips {
            first: Some(1),
            second: 2
        }),
        Ok(vec![0x82, 1, 2])
    );
    assert_eq!(
        to_vec(&Skips {
            first: None,
            second: 2
        }),
        Err(EncodeError::Unsupported)
    );
}

/// Serializes as an array that announces `said` elements and has `had`.
struct Announced {
    said: Option<usize>,
    had: u8,
}

impl Serialize for Announced {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut elements = serializer.serialize_seq(self.said)?;
        for element in 0..self.had {
            elements.serialize_element(&element)?;
        }
        elements.end()
    }
}

#[test]
fn announced_lengths_are_kept() {
    assert_eq!(
        to_vec(&Announced {
            said: Some(2),
            had: 2
        }),
        Ok(vec![0x82, 0, 1])
    );
    for said in [None, Some(1), Some(3), Some(usize::MAX)] {
        assert_eq!(
            to_vec(&Announced { said, had: 2 }),
            Err(EncodeError::Length)
        );
    }
}

/// Serializes as a map of these entries, in this order.
struct Pairs<'a>(&'a [(u8, &'a str)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[test]
fn maps_are_sorted_and_their_keys_unique() {
    let sorted = to_vec(&Pairs(&[(1, "a"), (24, "b")]));
    assert_eq!(sorted, Ok(vec![0xa2, 1, 0x61, b'a', 0x18, 24, 0x61, b'b']));
    assert_eq!(to_vec(&Pairs(&[(24, "b"), (1, "a")])), sorted);
    assert_eq!(
        to_vec(&Pairs(&[(1, "a"), (1, "b")])),
        Err(EncodeError::DuplicateKey)
    );
}

/// `u8` inside `levels` arrays.
struct Nested {
    levels: usize,
}

impl Serialize for Nested {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.levels.checked_sub(1) {
            Some(levels) => [Nested { levels }].serialize(serializer),
            None => serializer.serialize_u8(1),
        }
    }
}

/// Arrays within arrays, as deep as they come.
#[derive(Debug, PartialEq)]
struct Nest(Vec<Nest>);

impl<'de> Deserialize<'de> for Nest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self)
    }
}

#[test]
fn both_sides_stop_at_the_same_depth() {
    let deepest = to_vec(&Nested { levels: MAX_DEPTH }).unwrap();
    assert_eq!(check(&deepest, 64), Ok(()));
    assert_eq!(
        to_vec(&Nested {
            levels: MAX_DEPTH + 1
        }),
        Err(EncodeError::TooDeep)
    );
    assert_eq!(
        to_vec(&BTreeMap::from([(Nested8, ())])),
        Err(EncodeError::TooDeep)
    );

    let nest = |levels: usize| [vec![0x81; levels - 1], vec![0x80]].concat();
    assert!(from_slice::<Nest>(&nest(MAX_DEPTH), 64).is_ok());
    assert_eq!(
        from_slice::<Nest>(&nest(MAX_DEPTH + 1), 64),
        Err(DecodeError::TooDeep)
    );
    // Deep enough to end the stack of a decoder that counts nothing.
    assert_eq!(
        from_slice::<Nest>(&nest(1 << 20), 1 << 20),
        Err(DecodeError::TooDeep)
    );
    assert_eq!(check(&nest(1 << 20), 1 << 20), Err(DecodeError::TooDeep));
    // Depth is left again: many shallow elements are not deep.
    let wide = [vec![0x98, 100], vec![0x80; 100]].concat();
    assert!(from_slice::<Nest>(&wide, 128).is_ok());
}

/// A key as deep as can be, which is too deep inside of a map.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Nested8;

impl Serialize for Nested8 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Nested { levels: MAX_DEPTH }.serialize(serializer)
    }
}

/// Takes the first element of an array, and whatever error the second gives.
#[derive(Debug, PartialEq)]
struct Careless(u64);

impl<'de> Deserialize<'de> for Careless {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Careless;
            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("an array")
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Careless, A::Error> {
                let first = seq.next_element()?.unwrap_or_default();
                let _ = seq.next_element::<u64>();
                Ok(Careless(first))
            }
        }
        deserializer.deserialize_seq(Visitor)
    }
}

#[test]
fn a_careless_visitor_neither_leaves_elements_nor_hides_errors() {
    assert_eq!(from_slice(&[0x81, 1], 8), Ok(Careless(1)));
    assert_eq!(from_slice(&[0x82, 1, 2], 8), Ok(Careless(1)));
    assert_eq!(
        from_slice::<Careless>(&[0x83, 1, 2, 3], 8),
        Err(DecodeError::Structure)
    );
    assert_eq!(
        from_slice::<Careless>(&[0x82, 1, 0xf5], 8),
        Err(DecodeError::Structure)
    );
    assert_eq!(
        from_slice::<Careless>(&[0x82, 1, 0xf7], 8),
        Err(DecodeError::Forbidden)
    );
}

#[test]
fn sequences_are_read_item_by_item() {
    let bytes = [0x07, 0x61, b'a', 0x82, 1, 2, 0x18, 0x01];
    let mut reader = Reader::new(&bytes);
    assert_eq!(reader.next::<u64>(), Ok(7));
    // A refusal consumes nothing, and is for trying another type.
    assert_eq!(reader.next::<(u8, u8)>(), Err(DecodeError::Structure));
    assert_eq!(reader.next::<&str>(), Ok("a"));
    assert_eq!(reader.next::<(u8, &str)>(), Err(DecodeError::Structure));
    assert_eq!(reader.rest(), &bytes[3..]);
    assert!(!reader.is_empty());
    assert_eq!(reader.clone().finish(), Err(DecodeError::Trailing));
    assert_eq!(reader.next::<(u8, u8)>(), Ok((1, 2)));
    assert_eq!(reader.next::<&str>(), Err(DecodeError::NotDeterministic));
    assert_eq!(reader.rest(), [0x18, 0x01]);

    let mut reader = Reader::new(&[0x00]);
    assert_eq!(reader.next::<u8>(), Ok(0));
    assert!(reader.is_empty());
    assert_eq!(reader.next::<u8>(), Err(DecodeError::Malformed));
    assert_eq!(reader.finish(), Ok(()));
}

/// Refusals leave no open levels behind either.
#[test]
fn a_reader_keeps_no_depth_of_what_it_refused() {
    let bytes = [vec![0x81; MAX_DEPTH], vec![0x01]].concat();
    let mut reader = Reader::new(&bytes);
    for _ in 0..=MAX_DEPTH {
        assert_eq!(reader.next::<Nest>(), Err(DecodeError::Structure));
    }
    assert_eq!(reader.rest(), bytes);
}

#[test]
fn the_type_is_looked_up_without_the_rest() {
    assert_eq!(peek_type(&[0x81, 0x07]), Ok(7));
    assert_eq!(peek_type(&[0x82, 0x18, 0x64, 0xff]), Ok(100));
    for (bytes, error) in [
        (&[][..], DecodeError::Malformed),
        (&[0x81], DecodeError::Malformed),
        (
            &[0x9b, 0x10, 0, 0, 0, 0, 0, 0, 0, 7],
            DecodeError::Malformed,
        ),
        (&[0x81, 0x18, 0x07], DecodeError::NotDeterministic),
        (&[0x9f, 0x07, 0xff], DecodeError::NotDeterministic),
        (&[0x80], DecodeError::Structure),
        (&[0x07], DecodeError::Structure),
        (&[0xa1, 0x07, 0x07], DecodeError::Structure),
        (&[0x81, 0x20], DecodeError::Structure),
        (&[0x81, 0x61, 0x61], DecodeError::Structure),
        // Faults of the bytes first, also those that come later.
        (&[0x07, 0x07], DecodeError::Trailing),
        (&[0x82, 0x61, 0x61, 0xf7], DecodeError::Forbidden),
    ] {
        assert_eq!(peek_type(bytes), Err(error), "{bytes:02x?}");
    }
}

#[test]
fn labels_come_first_in_the_same_array() {
    let labelled = |elements| to_vec_labelled("l", &vec![0_u8; elements]);
    assert_eq!(to_vec_labelled("l", &()), to_vec(&("l",)));
    assert_eq!(to_vec_labelled("l", &(1, "a")), to_vec(&("l", 1, "a")));
    assert_eq!(labelled(22).unwrap()[..3], [0x97, 0x61, b'l']);
    assert_eq!(labelled(23).unwrap()[..4], [0x98, 24, 0x61, b'l']); // the head grows
    assert_eq!(to_vec_labelled("l", &1), Err(EncodeError::Length));
    assert_eq!(
        to_vec_labelled("l", &BTreeMap::<u8, u8>::new()),
        Err(EncodeError::Length)
    );
    assert_eq!(to_vec_labelled("l", &1.0), Err(EncodeError::Unsupported));
}

#[test]
fn a_refusal_names_the_fault_of_the_bytes_if_there_is_one() {
    assert_eq!(refusal(&[0x81, 0x07], 2), DecodeError::Structure);
    assert_eq!(refusal(&[0x82, 0x07, 0xf7], 3), DecodeError::Forbidden);
    assert_eq!(refusal(&[0x82, 0x07, 0xf7], 2), DecodeError::TooLarge);
}

/// ENC-11.
#[test]
fn the_sender_keeps_the_limit_too() {
    assert_eq!(to_vec_within("abc", 4), to_vec("abc"));
    assert_eq!(to_vec_within("abc", 3), Err(EncodeError::TooLarge));
    assert_eq!(to_vec_within(&1.0, 0), Err(EncodeError::Unsupported));
}

/// Reserves what a sequence announces, as serde's own visitors do.
#[derive(Debug, PartialEq)]
struct Reserved(Option<usize>);

impl<'de> Deserialize<'de> for Reserved {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Reserved;
            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("an array or a map")
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Reserved, A::Error> {
                let hint = seq.size_hint();
                while seq.next_element::<u8>()?.is_some() {}
                Ok(Reserved(hint))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Reserved, A::Error> {
                let hint = map.size_hint();
                while map.next_entry::<u8, u8>()?.is_some() {}
                Ok(Reserved(hint))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[test]
fn nothing_is_reserved_for_what_is_only_announced() {
    assert_eq!(from_slice(&[0x82, 1, 2], 3), Ok(Reserved(None)));
    assert_eq!(from_slice(&[0xa1, 1, 2], 3), Ok(Reserved(None)));
}
