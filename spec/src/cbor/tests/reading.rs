//! Depth, visitors, sequences and type numbers.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use serde::de;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::codec::encodes;
use crate::cbor::{
    DecodeError, EncodeError, MAX_DEPTH, Reader, check, from_slice, peek_type, refusal, to_vec,
};

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
    assert_eq!(
        to_vec(&BTreeMap::from([((), Nested8)])),
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
    assert_eq!(to_vec(&vec![(); 100]), Ok(wide));
    encodes(
        vec![BTreeMap::<u8, u8>::new(); 10],
        "8a a0a0a0a0a0 a0a0a0a0a0",
    );
}

/// An empty array is a level as well.
#[test]
fn units_have_depth() {
    type Eight<T> = ((((((((T,),),),),),),),);
    assert_eq!(
        to_vec::<Eight<()>>(&Default::default()),
        Err(EncodeError::TooDeep)
    );
    let bytes = [vec![0x81; 8], vec![0x80]].concat();
    assert_eq!(
        from_slice::<Eight<()>>(&bytes, 9),
        Err(DecodeError::TooDeep)
    );
    let bytes = [vec![0x81; 8], vec![0x00]].concat();
    assert_eq!(from_slice::<Eight<u8>>(&bytes, 9), Ok(Default::default()));
}

/// A key as deep as can be, which is too deep inside of a map.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Nested8;

impl Serialize for Nested8 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Nested { levels: MAX_DEPTH }.serialize(serializer)
    }
}

/// Takes the first element of an array, or value of a map, and whatever error the second gives.
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
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Careless, A::Error> {
                let (_, first) = map.next_entry::<u64, _>()?.unwrap_or_default();
                let _ = map.next_entry::<u64, u64>();
                Ok(Careless(first))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[test]
fn a_careless_visitor_neither_leaves_elements_nor_hides_errors() {
    let careless = |bytes: &[u8]| from_slice(bytes, bytes.len());
    assert_eq!(careless(&[0x81, 7]), Ok(Careless(7)));
    assert_eq!(careless(&[0x82, 7, 8]), Ok(Careless(7)));
    assert_eq!(careless(&[0x83, 7, 8, 9]), Err(DecodeError::Structure));
    assert_eq!(careless(&[0x82, 7, 0xf5]), Err(DecodeError::Structure));
    assert_eq!(careless(&[0x82, 7, 0xf7]), Err(DecodeError::Forbidden));

    assert_eq!(careless(&[0xa1, 1, 7]), Ok(Careless(7)));
    assert_eq!(careless(&[0xa2, 1, 7, 2, 8]), Ok(Careless(7)));
    assert_eq!(
        careless(&[0xa3, 1, 7, 2, 8, 3, 9]),
        Err(DecodeError::Structure)
    );
    assert_eq!(
        careless(&[0xa2, 1, 7, 2, 0xf5]),
        Err(DecodeError::Structure)
    );
    assert_eq!(
        careless(&[0xa2, 2, 7, 1, 8]),
        Err(DecodeError::NotDeterministic)
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

#[test]
fn a_reader_too_names_the_fault_of_the_bytes_first() {
    let mut reader = Reader::new(&[0x82, 0x61, 0x61, 0xf7]);
    assert_eq!(reader.next::<u64>(), Err(DecodeError::Forbidden));
    // What follows the item is not its fault.
    let mut reader = Reader::new(&[0x61, 0x61, 0xf7]);
    assert_eq!(reader.next::<u64>(), Err(DecodeError::Structure));
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
fn a_refusal_names_the_fault_of_the_bytes_if_there_is_one() {
    assert_eq!(refusal(&[0x81, 0x07], 2), DecodeError::Structure);
    assert_eq!(refusal(&[0x82, 0x07, 0xf7], 3), DecodeError::Forbidden);
    assert_eq!(refusal(&[0x82, 0x07, 0xf7], 2), DecodeError::TooLarge);
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
