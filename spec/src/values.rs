//! The small values that messages and states are made of (protocol.md, section 3).
//!
//! Every one is plain data with a fixed meaning; a word here is the same word
//! in the document, the vectors and the reports.

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Defines an identifier of a fixed number of bytes, a CBOR byte string on the wire.
macro_rules! fixed_bytes {
    ($($(#[$doc:meta])* $name:ident, $len:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// The length in bytes.
            pub const LEN: usize = $len;

            /// The bytes.
            pub fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "("))?;
                for byte in self.0 {
                    write!(f, "{byte:02x}")?;
                }
                f.write_str(")")
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_bytes($crate::values::FixedBytes::<$len>).map(Self)
            }
        }
    )+};
}
pub(crate) use fixed_bytes;

fixed_bytes! {
    /// Names a server for good: the `kid` of the first identity key it ever had.
    ServerId, 16;
    /// Names a key: the first 16 bytes of its RFC 9679 thumbprint.
    Kid, 16;
    /// Names an account at one auth server; drawn by that server.
    AccountId, 16;
    /// Names a login session or an enrolment without revealing its nonce.
    SessionId, 32;
    /// Names an app session at one auth server; drawn by that server.
    AppSessionId, 32;
    /// Lets a data service recognise a request that is made again; drawn by the app.
    IdempotencyKey, 16;
    /// Names a record at a factor server: the `kid` of the device's `K_dsf`.
    RecordId, 16;
    /// What a factor server calls a record towards one auth server.
    Pseudonym, 16;
    /// Names an action: the same for the same user and idempotency key.
    ActionId, 32;
    /// Names a challenge.
    ChallengeId, 16;
    /// Drawn for one challenge, and signed with every answer to it.
    ChallengeNonce, 32;
    /// Names an assertion; an auth server accepts each once.
    AssertionId, 16;
    /// Names a voucher; a factor server uses each up once.
    VoucherId, 16;
    /// The value that shows, one login after the other, that the device was not copied.
    Rolling, 16;
    /// A SHA-256 digest.
    Digest, 32;
    /// Both EDHOC messages before message_3, hashed: what a login or an enrolment is about.
    Transcript, 32;
    /// 32 bytes of the EDHOC exporter that name one channel.
    ChannelBinding, 32;
    /// What a second factor is given for; every part of an operation, hashed.
    Bind, 32;
}

/// A byte string of any length, borrowed or owned by the message it stands in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes(pub Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bytes(")?;
        for byte in &self.0 {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a byte string")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl core::ops::Deref for Bytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// The type number that a message begins with: serialises as `N`, and nothing
/// but `N` deserialises (protocol.md, section 3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Type<const N: u64>;

impl<const N: u64> Serialize for Type<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(N)
    }
}

impl<'de, const N: u64> Deserialize<'de> for Type<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            number if number == N => Ok(Self),
            _ => Err(de::Error::custom("another type number")),
        }
    }
}

/// A point in wall-clock time, in whole seconds since 1970-01-01T00:00Z.
///
/// Servers read it for expiries only; 60 s of skew are allowed between them.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixSeconds(pub u64);

impl UnixSeconds {
    /// The time `seconds` later, or the end of time.
    pub fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Whole seconds from `earlier` to here, zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A protocol version; each kind of server has its own line of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Version {
    /// Changes when older peers cannot take part.
    pub major: u16,
    /// Changes when something was added.
    pub minor: u16,
}

/// Reads exactly `N` bytes.
pub(crate) struct FixedBytes<const N: usize>;

impl<const N: usize> de::Visitor<'_> for FixedBytes<N> {
    type Value = [u8; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a byte string of {N} bytes")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<[u8; N], E> {
        bytes
            .try_into()
            .map_err(|_| E::invalid_length(bytes.len(), &self))
    }
}
