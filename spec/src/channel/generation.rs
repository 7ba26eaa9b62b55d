//! The keys of one direction, from one EDHOC_KeyUpdate to the next.

use alloc::vec::Vec;

use super::{
    BYTES_BEFORE_UPDATE, ChannelError, MAX_BYTES, MAX_RECORDS, PLAINTEXT_LIMIT_BYTES,
    RECORDS_BEFORE_UPDATE, record,
};
use crate::crypto::{Secret, TAG_BYTES, open_a128gcm, seal_a128gcm};
use crate::edhoc::{Sequence, schedule};
use crate::registry::exporter;

/// Where records go; each way has its own exporter labels, so no key serves two.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// From the device to the server.
    ToResponder,
    /// From the server to the device.
    ToInitiator,
}

/// One key with the record number that comes next.
pub(super) struct Generation {
    direction: Direction,
    /// 0 is the handshake's own.
    number: u64,
    /// What the next generation is made of.
    prk_out: Secret<32>,
    key: Secret<16>,
    iv: Secret<12>,
    /// Records taken so far: the sequence number of the next one.
    records: u64,
    /// Plaintext taken so far, in bytes.
    bytes: u64,
}

impl Generation {
    /// Generation 0 of a direction.
    pub(super) fn first(prk_out: &Secret<32>, direction: Direction) -> Self {
        // Each direction moves on by itself, so each has its own copy.
        Self::derive(Secret::from_bytes(*prk_out.as_bytes()), 0, direction)
    }

    /// The generation after this one:
    /// PRK_out(n + 1) = EDHOC_KDF(PRK_out(n), 11, << n + 1 >>, 32).
    pub(super) fn next(&self) -> Self {
        let number = self.number.saturating_add(1); // of 2^64, never reached
        let context = Sequence::new().uint(number).into_vec();
        Self::derive(
            schedule::key_update(&self.prk_out, &context),
            number,
            self.direction,
        )
    }

    fn derive(prk_out: Secret<32>, number: u64, direction: Direction) -> Self {
        let (key, iv) = match direction {
            Direction::ToResponder => (exporter::KEY_TO_SERVER, exporter::IV_TO_SERVER),
            Direction::ToInitiator => (exporter::KEY_TO_DEVICE, exporter::IV_TO_DEVICE),
        };
        let prk = schedule::prk_exporter(&prk_out);
        Self {
            direction,
            number,
            key: schedule::kdf_secret(&prk, key, &[]),
            iv: schedule::kdf_secret(&prk, iv, &[]),
            prk_out,
            records: 0,
            bytes: 0,
        }
    }

    /// The same after some use.
    pub(super) fn having_used(self, records: u64, bytes: u64) -> Self {
        Self {
            records,
            bytes,
            ..self
        }
    }

    /// Encrypts the next record.
    pub(super) fn seal(&mut self, plaintext: &[u8]) -> Result<Vec<u8>, ChannelError> {
        if plaintext.len() > PLAINTEXT_LIMIT_BYTES {
            return Err(ChannelError::TooLong);
        }
        let (sequence, nonce) = self.take(plaintext.len() as u64)?;
        let ciphertext = seal_a128gcm(self.key.as_bytes(), &nonce, record::AAD, plaintext);
        Ok(record::encode(sequence, &ciphertext))
    }

    /// Decrypts the record that has to be the next one.
    pub(super) fn open(&mut self, record: &[u8]) -> Result<Vec<u8>, ChannelError> {
        let (sequence, ciphertext) = record::decode(record)?;
        self.expect(sequence)?;
        let length = ciphertext
            .len()
            .checked_sub(TAG_BYTES)
            .ok_or(ChannelError::Tag)?;
        let (_, nonce) = self.take(length as u64)?;
        open_a128gcm(self.key.as_bytes(), &nonce, record::AAD, ciphertext)
            .map_err(|_| ChannelError::Tag)
    }

    /// Checks that a record is the next one.
    fn expect(&self, sequence: u64) -> Result<(), ChannelError> {
        match sequence.cmp(&self.records) {
            core::cmp::Ordering::Less => Err(ChannelError::Replayed),
            core::cmp::Ordering::Equal => Ok(()),
            core::cmp::Ordering::Greater => Err(ChannelError::Gap),
        }
    }

    /// Takes the next sequence number and its nonce, for `length` bytes of
    /// plaintext. No number is given out twice, whatever becomes of the record.
    fn take(&mut self, length: u64) -> Result<(u64, [u8; 12]), ChannelError> {
        let bytes = self.bytes.saturating_add(length);
        if self.records >= MAX_RECORDS || bytes > MAX_BYTES {
            return Err(ChannelError::KeyLimit);
        }
        let sequence = self.records;
        self.records += 1;
        self.bytes = bytes;
        Ok((sequence, self.nonce(sequence)))
    }

    /// IV xor Partial IV, the latter padded on the left (RFC 9052, section 3.1).
    fn nonce(&self, sequence: u64) -> [u8; 12] {
        let mut nonce = *self.iv.as_bytes();
        let number = sequence.to_be_bytes();
        nonce
            .iter_mut()
            .skip(4)
            .zip(number)
            .for_each(|(byte, number)| *byte ^= number);
        nonce
    }

    /// Whether it is time for the next generation.
    pub(super) fn is_worn(&self) -> bool {
        self.records >= RECORDS_BEFORE_UPDATE || self.bytes >= BYTES_BEFORE_UPDATE
    }
}
