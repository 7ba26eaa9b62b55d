//! The channel: encrypted records in strict order (protocol.md, section 5).
//!
//! ```text
//! Established ── Channel::new ──► open ──── close, gap, bad tag, ... ──► closed
//!                                 │  ▲
//!                                 └──┘ seal, open, update_sending, update_receiving
//! ```
//!
//! | a record with sequence number | is |
//! |---|---|
//! | expected | opened; a wrong tag closes the channel |
//! | lower | dropped: it was delivered before, or is a forgery that needs no answer |
//! | higher | closes the channel: something is lost |
//!
//! Each direction has its own key, IV, sequence number and generation. A
//! generation ends with EDHOC_KeyUpdate over its number, for each direction
//! when its sender says so. What was sealed is lost if the channel closes; the
//! layer above asks again through another one.
//!
//! Keys never leave, are never used for the other direction, and are wiped
//! when their generation ends or the channel closes. What a sender seals and
//! what a receiver accepts is bounded alike.

mod content;
mod error;
mod generation;
pub mod recompute;
mod record;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::{fmt, mem};

use serde::de::DeserializeOwned;

pub use self::content::{Content, open_content};
pub use self::error::{ChannelError, OpenError};
pub use self::generation::Direction;
use self::generation::Generation;
use crate::edhoc::{Established, Side};
use crate::registry::limit;
use crate::values::ChannelBinding;
use crate::verified::Verified;

/// The most records under one key, a count.
pub const MAX_RECORDS: u64 = 1 << 20;
/// The most plaintext under one key, in bytes.
pub const MAX_BYTES: u64 = 1 << 36;
/// From here on [`Channel::needs_update`], which leaves room to say so.
const RECORDS_BEFORE_UPDATE: u64 = MAX_RECORDS - (1 << 12);
const BYTES_BEFORE_UPDATE: u64 = MAX_BYTES - (1 << 33);
/// The length in bytes of the longest plaintext of a record.
pub const PLAINTEXT_LIMIT_BYTES: usize = limit::FRAME - RECORD_OVERHEAD_BYTES;
/// What a record adds to its plaintext at most, rounded up: heads, Partial IV and tag.
const RECORD_OVERHEAD_BYTES: usize = 64;

/// One end of the channel that a handshake led to.
pub struct Channel {
    binding: ChannelBinding,
    state: State,
}

enum State {
    Open {
        sending: Generation,
        receiving: Generation,
    },
    Closed,
}

/// Whatever opens records: the real [`Channel`], or the model's ideal one. It
/// is the other of the crate's two seams.
pub trait Opening {
    /// Opens the next record of the peer.
    ///
    /// # Errors
    /// [`ChannelError`]; its [`closes`](ChannelError::closes) tells whether the channel lives on.
    fn open(&mut self, record: &[u8]) -> Result<Vec<u8>, ChannelError>;
}

/// Opens a record and decodes its content, of at most `limit` bytes, as a
/// message that the peer has said.
///
/// # Errors
/// [`OpenError`]. Content of another form does not close the channel.
pub fn open_verified<T: DeserializeOwned>(
    channel: &mut impl Opening,
    record: &[u8],
    limit: usize,
) -> Result<Verified<T>, OpenError> {
    let content = open_content(channel, record).map_err(OpenError::Channel)?;
    content.decode(limit).map_err(OpenError::Content)
}

impl Channel {
    /// Takes the session over. Which side this is, the session knows: two ends
    /// that took the same side would use the same key and nonces.
    pub fn new(established: Established) -> Self {
        Self::starting_at(established, 0, 0)
    }

    /// As if `records` and `bytes` had gone both ways already: tests cannot send 2^20.
    pub(crate) fn starting_at(established: Established, records: u64, bytes: u64) -> Self {
        let (sending, receiving) = match established.side() {
            Side::Initiator => (Direction::ToResponder, Direction::ToInitiator),
            Side::Responder => (Direction::ToInitiator, Direction::ToResponder),
        };
        let generation = |direction| {
            Generation::first(&established.prk_out, direction).having_used(records, bytes)
        };
        Self {
            binding: established.channel_binding(),
            state: State::Open {
                sending: generation(sending),
                receiving: generation(receiving),
            },
        }
    }

    /// The channel binding, 32 bytes that name this connection. It outlives the keys.
    pub fn binding(&self) -> ChannelBinding {
        self.binding
    }

    /// Encrypts the next record.
    ///
    /// # Errors
    /// [`ChannelError`]: `Closed`, `TooLong`, or `KeyLimit`, which is what
    /// happens to those who did not look at [`needs_update`](Self::needs_update).
    /// None of them closes the channel.
    pub fn seal(&mut self, plaintext: &[u8]) -> Result<Vec<u8>, ChannelError> {
        let State::Open { sending, .. } = &mut self.state else {
            return Err(ChannelError::Closed);
        };
        sending.seal(plaintext)
    }

    /// Whether the sending keys are near their limit: time to send the message
    /// that announces new ones. One hour is the caller's to count.
    pub fn needs_update(&self) -> bool {
        match &self.state {
            State::Open { sending, .. } => sending.is_worn(),
            State::Closed => false,
        }
    }

    /// Moves on to the next sending keys: right after the announcement was sealed.
    ///
    /// # Errors
    /// [`ChannelError::Closed`].
    pub fn update_sending(&mut self) -> Result<(), ChannelError> {
        let State::Open { sending, .. } = &mut self.state else {
            return Err(ChannelError::Closed);
        };
        *sending = sending.next();
        Ok(())
    }

    /// Moves on to the next receiving keys: right after the announcement was opened.
    ///
    /// # Errors
    /// [`ChannelError::Closed`].
    pub fn update_receiving(&mut self) -> Result<(), ChannelError> {
        let State::Open { receiving, .. } = &mut self.state else {
            return Err(ChannelError::Closed);
        };
        *receiving = receiving.next();
        Ok(())
    }

    /// Wipes all keys. Nothing can be sealed or opened afterwards.
    pub fn close(&mut self) {
        drop(mem::replace(&mut self.state, State::Closed));
    }

    /// Whether the keys are gone.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    fn open_in_order(&mut self, record: &[u8]) -> Result<Vec<u8>, ChannelError> {
        let State::Open { receiving, .. } = &mut self.state else {
            return Err(ChannelError::Closed);
        };
        receiving.open(record)
    }
}

impl Opening for Channel {
    fn open(&mut self, record: &[u8]) -> Result<Vec<u8>, ChannelError> {
        let opened = self.open_in_order(record);
        if opened.as_ref().is_err_and(|error| error.closes()) {
            self.close();
        }
        opened
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_closed() {
            "Channel(closed)"
        } else {
            "Channel(open)"
        })
    }
}
