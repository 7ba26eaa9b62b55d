//! Records as bytes: COSE_Encrypt0, untagged (RFC 9052, section 5.2).
//!
//! ```cddl
//! record = [protected: << {1: 1} >>, unprotected: {6: partial-iv}, ciphertext: bstr]
//! partial-iv = bstr .size (1..8)   ; the sequence number, big-endian, no leading zero; h'00' for zero
//! ```

use alloc::vec::Vec;

use super::ChannelError;
use crate::cbor::{self, DecodeError, Reader};
use crate::edhoc::Sequence;
use crate::registry::limit;

/// The array's head, the protected header (alg: A128GCM) and the unprotected one up to Partial IV.
const HEAD: &[u8] = &[0x83, 0x43, 0xa1, 0x01, 0x01, 0xa1, 0x06];

/// What is authenticated beside the plaintext, the same for every record:
/// `["Encrypt0", << {1: 1} >>, << ["countersign record"] >>]`. Direction,
/// connection and place in the order are in key and nonce.
pub(super) const AAD: &[u8] = b"\x83\x68Encrypt0\x43\xa1\x01\x01\x54\x81\x72countersign record";

/// The bytes of a record.
pub(super) fn encode(sequence: u64, ciphertext: &[u8]) -> Vec<u8> {
    let number = sequence.to_be_bytes();
    let zeros = number.iter().take(7).take_while(|byte| **byte == 0).count();
    let partial_iv = number.get(zeros..).unwrap_or_default();
    Sequence::new()
        .encoded(HEAD)
        .bytes(partial_iv)
        .bytes(ciphertext)
        .into_vec()
}

/// The sequence number and the ciphertext. Only what [`encode`] writes is read.
///
/// # Errors
/// [`ChannelError::Malformed`], or [`ChannelError::Header`] if the structure is right.
pub(super) fn decode(record: &[u8]) -> Result<(u64, &[u8]), ChannelError> {
    if record.len() > limit::FRAME {
        return Err(ChannelError::Malformed(DecodeError::TooLarge));
    }
    expected(record).ok_or_else(|| diagnose(record))
}

/// Reads a record as it should be.
fn expected(record: &[u8]) -> Option<(u64, &[u8])> {
    let mut reader = Reader::new(record.strip_prefix(HEAD)?);
    let partial_iv = reader.next::<&[u8]>().ok()?;
    let ciphertext = reader.next::<&[u8]>().ok()?;
    reader.finish().ok()?;
    let sequence = match partial_iv {
        [] | [0, _, ..] => return None,
        bytes if bytes.len() > 8 => return None,
        bytes => bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)),
    };
    Some((sequence, ciphertext))
}

/// What is wrong with a record that is not as it should be.
fn diagnose(record: &[u8]) -> ChannelError {
    if let Err(error) = cbor::check(record, limit::FRAME) {
        return ChannelError::Malformed(error);
    }
    const MAP: u8 = 5; // major type
    let is_encrypt0 = record.strip_prefix(&[0x83]).is_some_and(|rest| {
        let mut reader = Reader::new(rest);
        reader.next::<&[u8]>().is_ok()
            && reader
                .skip()
                .is_ok_and(|map| map.first().is_some_and(|head| head >> 5 == MAP))
            && reader.next::<&[u8]>().is_ok()
    });
    match is_encrypt0 {
        true => ChannelError::Header,
        false => ChannelError::Malformed(DecodeError::Structure),
    }
}
