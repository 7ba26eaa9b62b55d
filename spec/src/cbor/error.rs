//! What can be wrong with bytes to decode, and with a value to encode.

use core::fmt;

use serde::de::{Expected, Unexpected};

use crate::error::{Code, Refusal};

/// Why bytes were refused (protocol.md, sections 3.1 and 11).
///
/// All but [`Structure`](Self::Structure) depend on the bytes alone, never on
/// the type they were to become: `Structure` says that the bytes are
/// deterministic CBOR, but of something else. Whoever has several faults to
/// choose from reports `TooLarge` first, then the first fault in reading order,
/// where the length of a string, an array or a map is compared with what
/// remains as soon as it is read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DecodeError {
    /// 100, ENC-2: not CBOR at all: truncated, empty, a reserved head or a stray break.
    Malformed,
    /// 101, ENC-3 to ENC-5: CBOR, but not RFC 8949 section 4.2.1: a head longer than needed, an
    /// indefinite length, map keys unsorted or repeated.
    NotDeterministic,
    /// 102, ENC-6: what this protocol never uses: a float, a tag (so a bignum too),
    /// `undefined` or another simple value.
    Forbidden,
    /// 103, ENC-7: a text string that is not UTF-8.
    InvalidUtf8,
    /// 104, ENC-8: bytes after the end of the item.
    Trailing,
    /// 105, ENC-9: more than [`MAX_DEPTH`](super::MAX_DEPTH) arrays and maps inside one another.
    TooDeep,
    /// 106, ENC-10 and ENC-14: more bytes than the limit of this message, or of a text in it.
    TooLarge,
    /// 107, ENC-12: deterministic CBOR, but not this message: a wrong type, a wrong
    /// number of elements, a number out of range, a misplaced `null`.
    Structure,
}

impl DecodeError {
    /// Every variant, in the order of the codes.
    pub const ALL: [Self; 8] = [
        Self::Malformed,
        Self::NotDeterministic,
        Self::Forbidden,
        Self::InvalidUtf8,
        Self::Trailing,
        Self::TooDeep,
        Self::TooLarge,
        Self::Structure,
    ];

    /// The entry in the catalogue of protocol.md, section 11.
    pub const fn entry(self) -> Code {
        match self {
            Self::Malformed => Code::Malformed,
            Self::NotDeterministic => Code::NotDeterministic,
            Self::Forbidden => Code::ForbiddenItem,
            Self::InvalidUtf8 => Code::InvalidUtf8,
            Self::Trailing => Code::TrailingBytes,
            Self::TooDeep => Code::TooDeep,
            Self::TooLarge => Code::TooLarge,
            Self::Structure => Code::Structure,
        }
    }

    /// The number of that entry.
    pub const fn code(self) -> u16 {
        self.entry().number()
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "malformed or truncated CBOR",
            Self::NotDeterministic => "CBOR that is not deterministically encoded",
            Self::Forbidden => "a CBOR float, tag or simple value that is not used here",
            Self::InvalidUtf8 => "a text string that is not UTF-8",
            Self::Trailing => "bytes after the end of the item",
            Self::TooDeep => "arrays and maps nested too deeply",
            Self::TooLarge => "more bytes than this message may have",
            Self::Structure => "CBOR of another structure than this message",
        })
    }
}

impl core::error::Error for DecodeError {}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self(error.entry())
    }
}

impl serde::de::Error for DecodeError {
    // Visitors complain about types, lengths and ranges only; the encoding is
    // the cursor's business. Their words would need an allocation per refusal.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Structure
    }

    /// A text or a byte string is refused for what it is, and not for its type, where
    /// it is over the limit of its position, and nowhere else (ENC-14).
    fn invalid_value(unexpected: Unexpected<'_>, _: &dyn Expected) -> Self {
        match unexpected {
            Unexpected::Str(_) | Unexpected::Bytes(_) => Self::TooLarge,
            _ => Self::Structure,
        }
    }
}

/// Why a value has no encoding. Each is a mistake of the sender's own code or
/// of what it was given to send, never of a peer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EncodeError {
    /// A float, `char`, 128-bit integer, enum or skipped field, or a value
    /// whose own `Serialize` refuses it.
    Unsupported,
    /// A sequence did not say how many elements it has, or had another number of them.
    Length,
    /// Two keys of a map have the same encoding.
    DuplicateKey,
    /// `Some` of what is encoded as `null`: it would be read as `None`.
    AmbiguousNull,
    /// More than [`MAX_DEPTH`](super::MAX_DEPTH) arrays and maps inside one another.
    TooDeep,
    /// More bytes than the limit of this message (ENC-11).
    TooLarge,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsupported => "a value that has no place in the protocol's CBOR",
            Self::Length => "a sequence of unknown or wrongly stated length",
            Self::DuplicateKey => "a map with a repeated key",
            Self::AmbiguousNull => "a present value that would be encoded as null",
            Self::TooDeep => "arrays and maps nested too deeply",
            Self::TooLarge => "more bytes than this message may have",
        })
    }
}

impl core::error::Error for EncodeError {}

impl serde::ser::Error for EncodeError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Unsupported
    }
}
