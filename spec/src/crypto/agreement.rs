//! X25519 (RFC 7748), for the handshake's ephemeral keys.

use core::fmt;

use x25519_dalek::{PublicKey, StaticSecret};

use zeroize::ZeroizeOnDrop;

use super::Secret;

/// An ephemeral private key. Wiped when dropped.
#[derive(ZeroizeOnDrop)]
pub struct EphemeralSecret(StaticSecret);

/// The peer's value leads to the all-zero secret, whoever computes it (RFC 7748, section 6.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AgreementError;

impl EphemeralSecret {
    /// Makes a key of 32 fresh random bytes, never used for another.
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(StaticSecret::from(entropy))
    }

    /// The value to send: the u-coordinate, 32 bytes.
    pub fn public(&self) -> [u8; 32] {
        PublicKey::from(&self.0).to_bytes()
    }

    /// The secret shared with the owner of `peer`.
    ///
    /// # Errors
    /// [`AgreementError`] if the secret would be all zeros, which a peer can force.
    pub fn agree(&self, peer: &[u8; 32]) -> Result<Secret<32>, AgreementError> {
        let shared = self.0.diffie_hellman(&PublicKey::from(*peer));
        if !shared.was_contributory() {
            return Err(AgreementError);
        }
        Ok(Secret::filled(|out| out.copy_from_slice(shared.as_bytes())))
    }
}

impl fmt::Debug for EphemeralSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EphemeralSecret(..)")
    }
}

impl fmt::Display for AgreementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the agreement gives no secret")
    }
}

impl core::error::Error for AgreementError {}
