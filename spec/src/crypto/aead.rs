//! AES-128-GCM with a tag of 16 bytes: COSE algorithm 1 (RFC 9053, section 4.1).

use alloc::vec::Vec;
use core::fmt;

use aes_gcm::{
    Aes128Gcm, KeyInit,
    aead::{Aead, Payload},
};

use crate::error::Code;

/// How much longer a ciphertext is than its plaintext, in bytes.
pub const TAG_BYTES: usize = 16;

/// The tag did not fit: the ciphertext, the associated data, nonce or key is another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AeadError;

impl AeadError {
    /// The entry in the catalogue of protocol.md, section 11.
    pub const fn entry(self) -> Code {
        Code::DecryptionFailed
    }

    /// The number of that entry.
    pub const fn code(self) -> u16 {
        self.entry().number()
    }
}

impl fmt::Display for AeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("authenticated decryption failed")
    }
}

impl core::error::Error for AeadError {}

/// Encrypts; the result is the ciphertext with the tag behind it.
///
/// The caller owes a nonce that this key never saw before.
pub fn seal_a128gcm(key: &[u8; 16], nonce: &[u8; 12], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let payload = Payload {
        msg: plaintext,
        aad,
    };
    Aes128Gcm::new(key.into())
        .encrypt(nonce.into(), payload)
        .expect("GCM takes 2^36 bytes, and no message of the protocol is over 2^21")
}

/// Decrypts what [`seal_a128gcm`] made.
///
/// # Errors
/// [`AeadError`] if anything differs from what was sealed, or the ciphertext is
/// shorter than its tag; nothing of the plaintext is shown then.
pub fn open_a128gcm(
    key: &[u8; 16],
    nonce: &[u8; 12],
    aad: &[u8],
    ciphertext: &[u8],
) -> Result<Vec<u8>, AeadError> {
    let payload = Payload {
        msg: ciphertext,
        aad,
    };
    Aes128Gcm::new(key.into())
        .decrypt(nonce.into(), payload)
        .map_err(|_| AeadError)
}
