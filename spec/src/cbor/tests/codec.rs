//! What has an encoding, which one, and what has none.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use core::fmt::Debug;

use serde::de::{self, DeserializeOwned};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Serialize, Serializer};

use crate::cbor::{DecodeError, EncodeError, from_slice, to_vec, to_vec_labelled, to_vec_within};
use crate::values::{Bytes, Type, UnixSeconds, Version};

/// The value has this encoding and comes back from it.
#[track_caller]
pub(super) fn encodes<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T, hex: &str) {
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

/// Serializes as a map, by the calls `k` for a key and `v` for a value.
struct Calls(&'static str);

impl Serialize for Calls {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for call in self.0.bytes() {
            match call {
                b'k' => map.serialize_key(&1)?,
                _ => map.serialize_value(&2)?,
            }
        }
        map.end()
    }
}

#[test]
fn keys_and_values_alternate() {
    assert_eq!(to_vec(&Calls("kv")), Ok(vec![0xa1, 1, 2]));
    for calls in ["k", "v", "kk", "kkv", "kvv"] {
        assert_eq!(to_vec(&Calls(calls)), Err(EncodeError::Length), "{calls}");
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

/// ENC-11.
#[test]
fn the_sender_keeps_the_limit_too() {
    assert_eq!(to_vec_within("abc", 4), to_vec("abc"));
    assert_eq!(to_vec_within("abc", 3), Err(EncodeError::TooLarge));
    assert_eq!(to_vec_within(&1.0, 0), Err(EncodeError::Unsupported));
}
