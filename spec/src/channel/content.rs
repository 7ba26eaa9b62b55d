//! What a record holds, where more than one message may come.

use alloc::vec::Vec;

use serde::de::DeserializeOwned;

use super::{ChannelError, Opening};
use crate::cbor::{self, DecodeError};
use crate::verified::Verified;

/// The content of one record, which the peer has said. Its type number tells
/// what to decode it as.
pub struct Content(Vec<u8>);

/// Opens the next record of the peer, whichever message is in it.
///
/// # Errors
/// [`ChannelError`]; its [`closes`](ChannelError::closes) tells whether the channel lives on.
pub fn open_content(channel: &mut impl Opening, record: &[u8]) -> Result<Content, ChannelError> {
    channel.open(record).map(Content)
}

impl Content {
    /// The type number that the message begins with.
    ///
    /// # Errors
    /// [`DecodeError`] if it begins with none.
    pub fn message_type(&self) -> Result<u64, DecodeError> {
        cbor::peek_type(&self.0)
    }

    /// The message, of at most `limit` bytes; that the record opened is the proof of who said it.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode<T: DeserializeOwned>(&self, limit: usize) -> Result<Verified<T>, DecodeError> {
        cbor::from_slice(&self.0, limit).map(Verified::attest)
    }
}
