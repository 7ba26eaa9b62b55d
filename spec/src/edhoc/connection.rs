//! Connection identifiers (RFC 9528, section 3.3).

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Deserializer, de};

use super::sequence::Sequence;

/// C_I or C_R: a byte string of 0 to 8 bytes by which its owner finds the
/// connection again. It has no cryptographic meaning.
///
/// ```cddl
/// connection-id = bstr .size (0..8) / -24..23
/// ```
///
/// "The byte strings which coincide with a one-byte CBOR encoding of an integer
/// MUST be represented by the CBOR encoding of that integer" (section 3.3.2),
/// and only so: the longer form is refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ConnectionId {
    bytes: [u8; Self::MAX_BYTES],
    length: usize, // of what is used; zeros follow
}

impl ConnectionId {
    /// The length in bytes of the longest one.
    pub const MAX_BYTES: usize = 8;

    /// Takes 0 to 8 bytes, or nothing.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut id = Self {
            bytes: [0; Self::MAX_BYTES],
            length: bytes.len(),
        };
        id.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(id)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// The data item that stands for it in messages.
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self.as_bytes() {
            [byte] if is_one_byte_int(*byte) => alloc::vec![*byte],
            bytes => Sequence::new().bytes(bytes).into_vec(),
        }
    }
}

/// Whether the byte is the whole encoding of an integer, -24 to 23.
fn is_one_byte_int(byte: u8) -> bool {
    matches!(byte, 0x00..=0x17 | 0x20..=0x37)
}

impl<'de> Deserialize<'de> for ConnectionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = ConnectionId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a connection identifier")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<ConnectionId, E> {
                one_byte(0x00, number).ok_or_else(|| E::custom("an integer over 23"))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<ConnectionId, E> {
                u64::try_from(!number)
                    .ok()
                    .and_then(|argument| one_byte(0x20, argument))
                    .ok_or_else(|| E::custom("an integer under -24"))
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<ConnectionId, E> {
                match bytes {
                    [byte] if is_one_byte_int(*byte) => Err(E::custom("an integer in disguise")),
                    _ => ConnectionId::new(bytes).ok_or_else(|| E::custom("over 8 bytes")),
                }
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// The identifier that is the one-byte encoding of an integer.
fn one_byte(major: u8, argument: u64) -> Option<ConnectionId> {
    let argument = u8::try_from(argument)
        .ok()
        .filter(|&argument| argument <= 23)?;
    ConnectionId::new(&[major | argument])
}

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionId(")?;
        for byte in self.as_bytes() {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}
