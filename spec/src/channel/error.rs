//! Why a record was not sealed or not delivered.

use core::fmt;

use crate::cbor::DecodeError;
use crate::error::{Code, Refusal};

/// Why a record was not sealed or not delivered (protocol.md, errors 6xx).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ChannelError {
    /// 600: the channel is closed, by whatever it was.
    Closed,
    /// 601: a record is missing before this one. Closes the channel.
    Gap,
    /// 602: this record was delivered before, or is forged; it is dropped and nothing else happens.
    Replayed,
    /// 603: the record does not open under the key of its place. Closes the channel.
    Tag,
    /// 110: a record with another header, such as a Partial IV with a leading zero. Closes the channel.
    Header,
    /// 100 to 107: it is not even a record. Closes the channel.
    Malformed(DecodeError),
    /// 604: the key has done all that it may. A sender has to use new keys or a
    /// new channel; a peer that goes on regardless closes this one.
    KeyLimit,
    /// 106: more plaintext than a record takes. The sender's own fault; nothing happened.
    TooLong,
}

impl ChannelError {
    /// The entry in the catalogue of protocol.md, section 11.
    pub const fn entry(self) -> Code {
        match self {
            Self::Closed => Code::ChannelClosed,
            Self::Gap => Code::RecordGap,
            Self::Replayed => Code::RecordDropped,
            Self::Tag => Code::RecordInvalid,
            Self::Header => Code::CoseHeader,
            Self::Malformed(error) => error.entry(),
            Self::KeyLimit => Code::KeyLimit,
            Self::TooLong => Code::TooLarge,
        }
    }

    /// The number of that entry.
    pub const fn code(self) -> u16 {
        self.entry().number()
    }

    /// Whether a channel that answers `open` with this is closed from then on.
    pub fn closes(self) -> bool {
        match self {
            Self::Closed | Self::Gap | Self::Tag | Self::KeyLimit => true,
            // Nothing but the next record, or an older one, comes from an honest peer.
            Self::Header | Self::Malformed(_) => true,
            Self::Replayed | Self::TooLong => false,
        }
    }
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the channel is closed",
            Self::Gap => "a record is missing",
            Self::Replayed => "a record that was delivered before",
            Self::Tag => "the record does not open",
            Self::Header => "another header than a record has",
            Self::Malformed(error) => return write!(f, "not a record: {error}"),
            Self::KeyLimit => "the key has reached its limit",
            Self::TooLong => "more than a record takes",
        })
    }
}

impl core::error::Error for ChannelError {}

impl From<ChannelError> for Refusal {
    fn from(error: ChannelError) -> Self {
        Self(error.entry())
    }
}

/// Why no message came out of a record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OpenError {
    /// The record was not delivered.
    Channel(ChannelError),
    /// It was, and holds something else. Nothing was lost but this record.
    Content(DecodeError),
}

impl OpenError {
    /// The entry in the catalogue of protocol.md, section 11.
    pub const fn entry(self) -> Code {
        match self {
            Self::Channel(error) => error.entry(),
            Self::Content(error) => error.entry(),
        }
    }

    /// The number of that entry.
    pub const fn code(self) -> u16 {
        self.entry().number()
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channel(error) => error.fmt(f),
            Self::Content(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for OpenError {}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        Self(error.entry())
    }
}
