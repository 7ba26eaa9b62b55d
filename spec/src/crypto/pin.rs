//! The PIN and the key that it makes (protocol.md, section 8.1).
//!
//! ```text
//! x     = HMAC-SHA256(d_sec, CBOR ["countersign pin", record id, generation, PIN])
//! K_pin = OS2IP(HKDF-Expand(x, "countersign pin key", 48)) mod (n - 1) + 1
//! ```
//!
//! The factor server stores the public key only, and the device stores nothing:
//! neither can test a guess without `d_sec`, which never leaves the phone. 48
//! bytes are 128 bits more than n has, so the reduction's bias is below 2^-128;
//! reducing by n - 1 and adding one leaves out zero and nothing else.

use alloc::vec::Vec;
use core::fmt;

use p256::{
    NistP256, U256,
    ecdsa::{Signature as Ecdsa, SigningKey, signature::Signer},
    elliptic_curve::{
        Curve,
        bigint::{Encoding, NonZero, U384},
    },
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{PublicKey, Secret, Signature, hkdf_expand_secret, hmac_sha256};
use crate::cbor;
use crate::registry::{label, limit};
use crate::values::RecordId;

/// A PIN as the user entered it: [`Pin::MIN_BYTES`] to [`Pin::MAX_BYTES`] of UTF-8.
///
/// Wiped when dropped, never printed, compared or stored. The bytes are the
/// PIN: nothing is trimmed or normalised, so an app whose keypad has more than
/// digits settles on one Unicode form itself.
#[derive(ZeroizeOnDrop)]
pub struct Pin(Vec<u8>);

/// Why some bytes are no PIN. It says nothing of what they were.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PinError {
    /// Shorter than [`Pin::MIN_BYTES`] or longer than [`Pin::MAX_BYTES`].
    Length,
    /// Not UTF-8.
    NotText,
}

/// `K_pin`, the one private key in this crate: it signs once and is wiped.
///
/// It lives between the user's last digit and the signature, which is why it is
/// neither stored nor cloned, and why a second proof needs the PIN again.
#[derive(ZeroizeOnDrop)]
pub struct PinKey(SigningKey);

impl Pin {
    /// The shortest PIN, in bytes.
    pub const MIN_BYTES: usize = limit::PIN_MIN;
    /// The longest PIN, in bytes.
    pub const MAX_BYTES: usize = limit::PIN_MAX;

    /// Takes over what was entered, and wipes it if it is no PIN.
    ///
    /// Whoever fills the vector reserves [`Pin::MAX_BYTES`] first: a vector that
    /// grows leaves unwiped copies behind.
    ///
    /// # Errors
    /// [`PinError`], as its variants say.
    pub fn new(mut entered: Vec<u8>) -> Result<Self, PinError> {
        let error = if !(Self::MIN_BYTES..=Self::MAX_BYTES).contains(&entered.len()) {
            PinError::Length
        } else if core::str::from_utf8(&entered).is_err() {
            PinError::NotText
        } else {
            return Ok(Self(entered));
        };
        entered.zeroize();
        Err(error)
    }

    /// The UTF-8 bytes, for what must look at the PIN itself.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl PinKey {
    /// Derives the key of one PIN, for one record and one generation of its factors.
    ///
    /// `d_sec` is the device secret, 32 random bytes, unwrapped for this call.
    pub fn from_pin(d_sec: &Secret<32>, record: &RecordId, generation: u32, pin: &Pin) -> Self {
        // All but the PIN's own bytes are encoded here, and HMAC takes those
        // from where they are: an encoder would leave a copy that nobody wipes.
        let mut encoded = Vec::new();
        cbor::head(&mut encoded, 4, 4);
        cbor::head(&mut encoded, 3, label::PIN.len() as u64);
        encoded.extend(label::PIN.as_bytes());
        cbor::head(&mut encoded, 2, RecordId::LEN as u64);
        encoded.extend(record.as_bytes());
        cbor::head(&mut encoded, 0, generation.into());
        cbor::head(&mut encoded, 3, pin.0.len() as u64);
        let x = Secret::from_bytes(hmac_sha256(d_sec.as_bytes(), &[&encoded, &pin.0]));
        Self(scalar(&hkdf_expand_secret(&x, label::PIN_KEY.as_bytes())))
    }

    /// The public key, which the factor server stores.
    pub fn public_key(&self) -> PublicKey {
        let point = self.0.verifying_key().to_sec1_point(false);
        let mut key = PublicKey([0; PublicKey::LEN]);
        for (to, from) in key.0.iter_mut().zip(point.as_bytes().iter().skip(1)) {
            *to = *from;
        }
        key
    }

    /// Signs the one message that this key was derived for: deterministic
    /// (RFC 6979), with s in low form.
    pub fn sign_once(self, message: &[u8]) -> Signature {
        let signature: Ecdsa = self.0.sign(message);
        Signature(signature.normalize_s().to_bytes().into())
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(..)")
    }
}

impl fmt::Debug for PinKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinKey(..)")
    }
}

impl fmt::Display for PinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => write!(
                f,
                "a PIN has {} to {} bytes",
                Pin::MIN_BYTES,
                Pin::MAX_BYTES
            ),
            Self::NotText => f.write_str("a PIN is UTF-8 text"),
        }
    }
}

impl core::error::Error for PinError {}

/// OS2IP(wide) mod (n - 1) + 1, as a signing key; in time that does not depend on it.
pub(super) fn scalar(wide: &Secret<48>) -> SigningKey {
    // Only the modulus, a constant, shapes the time that this remainder takes.
    let modulus =
        NonZero::new(NistP256::ORDER.wrapping_sub(&U256::ONE)).expect("n - 1 is not zero");
    let wide = Zeroizing::new(U384::from_be_bytes((*wide.as_bytes()).into()));
    let below = Zeroizing::new(wide.rem_vartime(&modulus));
    let scalar = Zeroizing::new(below.wrapping_add(&U256::ONE));
    let bytes = Zeroizing::new(<[u8; 32]>::from(scalar.to_be_bytes()));
    SigningKey::from_slice(bytes.as_ref()).expect("1 <= scalar < n")
}
