//! Deterministic CBOR, and nothing else (RFC 8949 section 4.2.1; protocol.md, section 3.1).
//!
//! One value has one encoding. [`to_vec`] writes it; [`from_slice`] refuses
//! whatever is not exactly it instead of normalising it, so that decoding and
//! encoding again gives the same bytes.
//!
//! | Rust | CBOR |
//! |---|---|
//! | unsigned and signed integers up to 64 bits | unsigned or negative integer, -2^63 to 2^64 - 1 |
//! | `bool`, `str` | `true` or `false`, text string |
//! | [`Bytes`](crate::values::Bytes), ids, all that calls `serialize_bytes` | byte string; never an array of numbers |
//! | `Vec<T>` | array of any length |
//! | struct, tuple, `[T; N]` | array of exactly that many elements, in order of declaration |
//! | `()`, unit struct | array of no elements |
//! | newtype struct | what it wraps |
//! | `Option` | `null`, or what it wraps; `Some` of what would be `null` itself is not encoded |
//! | `BTreeMap` | map, keys in the bytewise order of their encodings |
//!
//! There are no floats, tags, `undefined` or other simple values. Enums are
//! refused: an index that follows the order of declaration would be a protocol
//! number that nobody wrote down. An enum of numbers says
//! `#[serde(into = "u64", try_from = "u64")]`; a union of messages is told
//! apart by [`peek_type`]. Types that drop or reorder what they read, such as
//! sets, have no place in messages, since they break the rule above.
//!
//! Decoding never panics, never reserves memory for what a length announces,
//! and recurses at most [`MAX_DEPTH`] times. What is borrowed is not copied.
//!
//! ```
//! use countersign::cbor::{self, DecodeError};
//! use countersign::values::{Bytes, Type};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, PartialEq, Debug)]
//! struct Greeting {
//!     kind: Type<7>,
//!     nonce: Bytes,
//!     name: Option<String>,
//! }
//!
//! let greeting = Greeting { kind: Type, nonce: Bytes(vec![1, 2]), name: None };
//! let bytes = cbor::to_vec(&greeting)?;
//! assert_eq!(bytes, [0x83, 0x07, 0x42, 1, 2, 0xf6]); // [7, h'0102', null]
//! assert_eq!(cbor::peek_type(&bytes), Ok(7));
//! assert_eq!(cbor::from_slice::<Greeting>(&bytes, 64), Ok(greeting));
//!
//! // The same with the 7 in two bytes is something else, and refused.
//! let longer = [0x83, 0x18, 0x07, 0x42, 1, 2, 0xf6];
//! assert_eq!(cbor::from_slice::<Greeting>(&longer, 64), Err(DecodeError::NotDeterministic));
//! # Ok::<(), cbor::EncodeError>(())
//! ```

mod cursor;
mod de;
mod error;
mod reader;
mod ser;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use self::cursor::{Cursor, Item};
pub use self::error::{DecodeError, EncodeError};
pub use self::reader::Reader;
pub(crate) use self::ser::head;
use crate::registry::limit;

/// The most arrays and maps that may stand inside one another. CBOR inside a
/// byte string counts anew.
pub const MAX_DEPTH: usize = limit::DEPTH;

/// Encodes a value.
///
/// # Errors
/// [`EncodeError`] if the value has no encoding that could be decoded again.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, EncodeError> {
    ser::encode(value, 0)
}

/// Encodes a message of at most `limit` bytes.
///
/// > ENC-11: A sender MUST NOT send a message over its limit.
///
/// # Errors
/// [`EncodeError`] as from [`to_vec`]; `TooLarge` over the limit.
pub fn to_vec_within<T: Serialize + ?Sized>(
    value: &T,
    limit: usize,
) -> Result<Vec<u8>, EncodeError> {
    let bytes = to_vec(value)?;
    if bytes.len() > limit {
        Err(EncodeError::TooLarge)
    } else {
        Ok(bytes)
    }
}

/// Encodes `[label, context...]`: the elements of `context`, which is a struct,
/// a tuple or another array, follow the label in the same array.
///
/// All that is hashed or signed outside of a message has this form, which
/// separates it by its label from everything else (protocol.md, section 3).
///
/// # Errors
/// [`EncodeError`] as from [`to_vec`]; `Length` if `context` is not an array.
pub fn to_vec_labelled<T: Serialize + ?Sized>(
    label: &str,
    context: &T,
) -> Result<Vec<u8>, EncodeError> {
    let context = to_vec(context)?;
    let mut cursor = Cursor::new(&context);
    let Ok(Item::Array(count)) = cursor.item() else {
        return Err(EncodeError::Length);
    };
    let mut out = Vec::with_capacity(context.len() + label.len() + 18); // two heads at most
    head(&mut out, 4, count as u64 + 1);
    head(&mut out, 3, label.len() as u64);
    out.extend(label.as_bytes());
    out.extend(cursor.rest());
    Ok(out)
}

/// Decodes the one item that `bytes` are, of at most `limit` bytes.
///
/// # Errors
/// [`DecodeError`]: `TooLarge` first, then any other fault of the bytes
/// themselves, wherever it is; `Structure` only if they have none.
pub fn from_slice<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
    limit: usize,
) -> Result<T, DecodeError> {
    if bytes.len() > limit {
        return Err(DecodeError::TooLarge);
    }
    let mut cursor = Cursor::new(bytes);
    match T::deserialize(de::Decoder(&mut cursor)) {
        Ok(value) => cursor.finish().map(|()| value),
        Err(DecodeError::Structure) => Err(refusal(bytes, limit)),
        Err(fault) => Err(fault),
    }
}

/// Takes an array of exactly `N` elements apart without decoding them.
///
/// For COSE, where one element has to be judged by its bytes before, or instead
/// of, being read.
///
/// # Errors
/// [`DecodeError`]; `Structure` if it is another array, or none.
pub(crate) fn elements<const N: usize>(
    bytes: &[u8],
    limit: usize,
) -> Result<[&[u8]; N], DecodeError> {
    check(bytes, limit)?;
    let mut cursor = Cursor::new(bytes);
    match cursor.item()? {
        Item::Array(count) if count == N => {}
        _ => return Err(DecodeError::Structure),
    }
    let mut elements: [&[u8]; N] = [&[]; N];
    for element in &mut elements {
        let start = cursor;
        cursor.skip()?;
        *element = start.until(&cursor);
    }
    Ok(elements)
}

/// Checks that `bytes` are one deterministic item of at most `limit` bytes, of whatever type.
///
/// # Errors
/// [`DecodeError`], but never `Structure`.
pub fn check(bytes: &[u8], limit: usize) -> Result<(), DecodeError> {
    if bytes.len() > limit {
        return Err(DecodeError::TooLarge);
    }
    let mut cursor = Cursor::new(bytes);
    cursor.skip()?;
    cursor.finish()
}

/// Why to refuse bytes that are not what is wanted: the fault of the bytes
/// themselves if they have one, `Structure` otherwise.
///
/// This second pass, which only refused bytes cost, keeps all other codes
/// independent of the type that was wanted. Callers need it only where they look for
/// themselves, as in the arm of a `match` on [`peek_type`] for numbers that are unknown.
pub fn refusal(bytes: &[u8], limit: usize) -> DecodeError {
    check(bytes, limit).err().unwrap_or(DecodeError::Structure)
}

/// The type number that a message begins with: the first element of its array.
///
/// Looks no further, and at no limit of size, since each type has its own.
///
/// # Errors
/// A fault of these two heads; [`refusal`] if there is no array or no number at its start.
pub fn peek_type(bytes: &[u8]) -> Result<u64, DecodeError> {
    let mut cursor = Cursor::new(bytes);
    match cursor.item()? {
        Item::Array(1..) => {}
        _ => return Err(refusal(bytes, bytes.len())),
    }
    match cursor.item()? {
        Item::Unsigned(number) => Ok(number),
        _ => Err(refusal(bytes, bytes.len())),
    }
}
