//! Software keys for the runner's peers and for the reference adapter.

use countersign::crypto::{PublicKey, Signature};
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;

/// A P-256 key pair.
#[derive(Clone, Debug)]
pub struct Key(SigningKey);

impl Key {
    /// The key with this scalar, big-endian.
    ///
    /// # Errors
    /// A sentence, if the scalar is zero or not below the group order.
    pub fn from_scalar(scalar: &[u8; 32]) -> Result<Self, String> {
        SigningKey::from_slice(scalar)
            .map(Self)
            .map_err(|_| "a private key must be between 1 and n - 1".to_owned())
    }

    /// A key made of fresh or reproducible random bytes.
    pub fn from_entropy(mut entropy: [u8; 32]) -> Self {
        // At most one in 2^32 draws is out of range; a changed first byte brings it back.
        loop {
            match SigningKey::from_slice(&entropy) {
                Ok(key) => return Self(key),
                Err(_) => entropy[0] = entropy[0].wrapping_sub(1),
            }
        }
    }

    /// Its public key.
    pub fn public(&self) -> PublicKey {
        let point = self.0.verifying_key().to_sec1_point(false);
        let mut xy = [0; 64];
        xy.copy_from_slice(&point.as_bytes()[1..]);
        PublicKey(xy)
    }

    /// ECDSA over SHA-256 of `message`, deterministic (RFC 6979), with the lower s.
    pub fn sign(&self, message: &[u8]) -> Signature {
        let signature: p256::ecdsa::Signature = self.0.sign(message);
        let mut bytes = [0; 64];
        bytes.copy_from_slice(&signature.to_bytes());
        Signature(bytes).normalise_s()
    }
}

/// The same signature with n - s in the place of s.
pub fn other_s(signature: Signature) -> Signature {
    use p256::elliptic_curve::ff::PrimeField;
    let mut bytes = signature.0;
    let s: [u8; 32] = bytes[32..].try_into().unwrap_or([0; 32]);
    if let Some(scalar) = Option::<p256::Scalar>::from(p256::Scalar::from_repr(s.into())) {
        bytes[32..].copy_from_slice(&(-scalar).to_repr());
    }
    Signature(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::crypto::{P256, SRule, SignatureError, Verifier};

    #[test]
    fn the_other_s_is_as_valid_and_high() {
        let key = Key::from_entropy([7; 32]);
        let signature = key.sign(b"message");
        let other = other_s(signature);
        assert_ne!(signature, other);
        assert_eq!(other.normalise_s(), signature);
        assert_eq!(
            P256.verify(&key.public(), b"message", &signature, SRule::Low),
            Ok(())
        );
        assert_eq!(
            P256.verify(&key.public(), b"message", &other, SRule::Any),
            Ok(())
        );
        assert_eq!(
            P256.verify(&key.public(), b"message", &other, SRule::Low),
            Err(SignatureError::Malformed)
        );
    }

    #[test]
    fn any_entropy_makes_a_key() {
        Key::from_entropy([0; 32]);
        Key::from_entropy([0xff; 32]);
        assert!(Key::from_scalar(&[0; 32]).is_err());
    }
}
