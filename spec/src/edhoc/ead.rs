//! External authorization data (RFC 9528, section 3.8; protocol.md, section 5).
//!
//! Each of the three messages carries one item of ours, critical, whose value
//! is one byte string. What stock peers may add is let through as the RFC says:
//! padding and unknown items that are not critical.
//!
//! ```cddl
//! ead = 1* (ead-label: int, ? ead-value: bstr)
//! ours = (-32768, bstr)
//! ```

use alloc::vec::Vec;
use core::fmt;

use super::EdhocError;
use super::sequence::Sequence;
use crate::cbor::{DecodeError, Reader};
use crate::error::Code;
use crate::registry::EAD_LABEL;
use crate::values::Bytes;

/// Why the EAD of a message is refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EadError {
    /// The item of ours is not there. It is the layer above that needs it.
    Missing,
    /// The item of ours is there twice.
    Duplicate,
    /// The item of ours has no value.
    NoValue,
    /// The item of ours is not marked as critical.
    NotCritical,
    /// Another item is critical, and unknown.
    UnknownCritical,
    /// The value of the item of ours is not what the message should hold.
    Content(DecodeError),
}

impl EadError {
    /// The entry in the catalogue of protocol.md, section 11.
    pub const fn entry(self) -> Code {
        match self {
            Self::Content(error) => error.entry(),
            _ => Code::EadRefused,
        }
    }

    /// The number of that entry.
    pub const fn code(self) -> u16 {
        self.entry().number()
    }
}

impl fmt::Display for EadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the EAD item is missing"),
            Self::Duplicate => f.write_str("the EAD item is there twice"),
            Self::NoValue => f.write_str("the EAD item has no value"),
            Self::NotCritical => f.write_str("the EAD item is not critical"),
            Self::UnknownCritical => f.write_str("an unknown EAD item is critical"),
            Self::Content(error) => write!(f, "the EAD item's value: {error}"),
        }
    }
}

impl core::error::Error for EadError {}

/// An EAD field as it travelled, and the value of our item in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Ead {
    /// The whole field: it is under MAC and signature, padding and all.
    pub(crate) field: Vec<u8>,
    /// The value of our item.
    pub(crate) value: Option<Vec<u8>>,
}

impl Ead {
    /// The field with our item alone, or with nothing.
    pub(crate) fn new(value: Option<&[u8]>) -> Self {
        let field = Sequence::new();
        let field = match value {
            Some(value) => field.int(-EAD_LABEL).bytes(value),
            None => field,
        };
        Self {
            field: field.into_vec(),
            value: value.map(Vec::from),
        }
    }

    /// Reads a field to its end.
    ///
    /// # Errors
    /// [`EdhocError::Ead`], or [`EdhocError::Malformed`] if it is no sequence of EAD items.
    pub(crate) fn decode(field: &[u8]) -> Result<Self, EdhocError> {
        let mut reader = Reader::new(field);
        let mut ours = None;
        while !reader.is_empty() {
            let label: i64 = reader.next()?;
            let value = match next_is_bytes(&reader) {
                true => Some(reader.next::<Bytes>()?.0),
                false => None,
            };
            if label == EAD_LABEL {
                return Err(EadError::NotCritical.into());
            }
            if label == -EAD_LABEL {
                let value = value.ok_or(EadError::NoValue)?;
                if ours.replace(value).is_some() {
                    return Err(EadError::Duplicate.into());
                }
            } else if label < 0 {
                return Err(EadError::UnknownCritical.into());
            }
        }
        Ok(Self {
            field: field.to_vec(),
            value: ours,
        })
    }
}

/// Whether a byte string follows (CBOR major type 2).
fn next_is_bytes(reader: &Reader<'_>) -> bool {
    reader.rest().first().is_some_and(|head| head >> 5 == 2)
}
