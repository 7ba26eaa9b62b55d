//! Records as functions of PRK_out, for those who recompute a channel: vectors
//! and auditors. Parties use [`Channel`](super::Channel), which counts for them.

use alloc::vec::Vec;

use super::{ChannelError, Direction, Generation};
use crate::crypto::Secret;

/// The place of a record in its channel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Place {
    /// Which way it goes.
    pub direction: Direction,
    /// How often the sender has renewed its keys, a count.
    pub generation: u32,
    /// The record's number under these keys.
    pub sequence: u64,
}

/// The record in that place.
///
/// # Errors
/// [`ChannelError::TooLong`], [`ChannelError::KeyLimit`].
pub fn seal(prk_out: &Secret<32>, place: Place, plaintext: &[u8]) -> Result<Vec<u8>, ChannelError> {
    place.keys(prk_out).seal(plaintext)
}

/// What is in a record, to a receiver that expects the one in that place.
///
/// # Errors
/// [`ChannelError`], as from [`Opening::open`](super::Opening::open).
pub fn open(prk_out: &Secret<32>, place: Place, record: &[u8]) -> Result<Vec<u8>, ChannelError> {
    place.keys(prk_out).open(record)
}

impl Place {
    fn keys(self, prk_out: &Secret<32>) -> Generation {
        let first = Generation::first(prk_out, self.direction);
        (0..self.generation)
            .fold(first, |generation, _| generation.next())
            .having_used(self.sequence, 0)
    }
}
