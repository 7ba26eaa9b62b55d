//! ECDSA over P-256 with SHA-256: keys, signatures and who checks them.
//!
//! Keys and signatures are plain facts. What a [`PublicKey`] holds is not known
//! to be a point until a [`Verifier`] has looked at it, and every verification
//! looks again.

use core::fmt;

use p256::{
    Sec1Point,
    ecdsa::{Signature as Ecdsa, VerifyingKey, signature::Verifier as _},
    elliptic_curve::scalar::IsHigh,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::sha256;
use crate::error::Code;
use crate::values::{Kid, fixed_bytes};

fixed_bytes! {
    /// A P-256 public key, x || y, each 32 bytes, big-endian. Not validated.
    PublicKey, 64;
    /// An ECDSA signature, r || s, each 32 bytes, big-endian. Not validated.
    Signature, 64;
}

/// Which of the two equivalent values of s a verifier takes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SRule {
    /// Only s <= n/2: in our own statements, where one signature has one form.
    Low,
    /// Both: inside EDHOC, where stock peers may send either.
    Any,
}

/// Why a signature is refused (protocol.md, section 3.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SignatureError {
    /// 114, SIG-1: the key is not a point of the curve, or a coordinate is not below p.
    InvalidKey,
    /// 112, SIG-2 and SIG-3: r or s is not within 1..n, or s is high where it must be low.
    Malformed,
    /// 113: well-formed, but not this key's signature over this message.
    Mismatch,
}

/// Checks signatures. One of the two seams of this crate: [`P256`] is the real
/// side, servers may bring a faster one, and the model an ideal one.
///
/// Every implementation makes the same checks in the same order: the key, then
/// the signature's form, then the signature. The conformance suite holds it to that.
pub trait Verifier {
    /// Checks that the key is a point of the curve with coordinates below p.
    ///
    /// # Errors
    /// [`SignatureError::InvalidKey`], and no other.
    fn validate(&self, key: &PublicKey) -> Result<(), SignatureError>;

    /// Checks that `signature` is the key's, over `message` (hashed here, not before).
    ///
    /// # Errors
    /// Each [`SignatureError`], as its variants say.
    fn verify(
        &self,
        key: &PublicKey,
        message: &[u8],
        signature: &Signature,
        s: SRule,
    ) -> Result<(), SignatureError>;
}

/// The real [`Verifier`], in portable Rust.
///
/// It works on public values only, in variable time. The crate's feature `std`
/// gives it precomputed tables and changes nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct P256;

impl PublicKey {
    /// The x-coordinate, 32 bytes, big-endian.
    pub fn x(&self) -> &[u8; 32] {
        halves(&self.0).0
    }

    /// The y-coordinate, 32 bytes, big-endian.
    pub fn y(&self) -> &[u8; 32] {
        halves(&self.0).1
    }

    /// The key's name: the first 16 bytes of its COSE thumbprint (RFC 9679,
    /// section 4.2), which is SHA-256 of `{1: 2, -1: 1, -2: x, -3: y}`.
    pub fn kid(&self) -> Kid {
        // The heads are constants of the format, so the bytes between them are
        // written down here once and need no encoder.
        const HEAD_TO_X: &[u8] = &[0xa4, 0x01, 0x02, 0x20, 0x01, 0x21, 0x58, 0x20];
        const HEAD_TO_Y: &[u8] = &[0x22, 0x58, 0x20];
        let thumbprint = sha256(&[HEAD_TO_X, self.x(), HEAD_TO_Y, self.y()]);
        let [kid, _] = thumbprint.as_chunks::<16>().0 else {
            unreachable!("32 bytes are two times 16")
        };
        Kid(*kid)
    }
}

impl Signature {
    /// r, 32 bytes, big-endian.
    pub fn r(&self) -> &[u8; 32] {
        halves(&self.0).0
    }

    /// s, 32 bytes, big-endian.
    pub fn s(&self) -> &[u8; 32] {
        halves(&self.0).1
    }

    /// The same signature with s <= n/2, which the phone's hardware does not promise.
    ///
    /// Where r or s is out of range there is no such form: the bytes come back
    /// as they were, and no verifier takes them.
    #[must_use]
    pub fn normalise_s(self) -> Self {
        match Ecdsa::from_slice(&self.0) {
            Ok(signature) => Self(signature.normalize_s().to_bytes().into()),
            Err(_) => self,
        }
    }
}

impl SignatureError {
    /// The entry in the catalogue of protocol.md, section 11.
    pub const fn entry(self) -> Code {
        match self {
            Self::Malformed => Code::SignatureMalformed,
            Self::Mismatch => Code::SignatureMismatch,
            Self::InvalidKey => Code::InvalidKey,
        }
    }

    /// The number of that entry.
    pub const fn code(self) -> u16 {
        self.entry().number()
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidKey => "the public key is not a point of the curve",
            Self::Malformed => "the signature is out of range or not in low-s form",
            Self::Mismatch => "the signature does not match",
        })
    }
}

impl core::error::Error for SignatureError {}

impl Verifier for P256 {
    fn validate(&self, key: &PublicKey) -> Result<(), SignatureError> {
        point(key).map(drop)
    }

    fn verify(
        &self,
        key: &PublicKey,
        message: &[u8],
        signature: &Signature,
        s: SRule,
    ) -> Result<(), SignatureError> {
        let key = point(key)?;
        // Parsing refuses r and s outside of 1..n.
        let signature = Ecdsa::from_slice(&signature.0).map_err(|_| SignatureError::Malformed)?;
        if s == SRule::Low && signature.s().is_high().into() {
            return Err(SignatureError::Malformed);
        }
        key.verify(message, &signature)
            .map_err(|_| SignatureError::Mismatch)
    }
}

/// The point of the key. An uncompressed point cannot be the identity, so the
/// curve's equation and the range of both coordinates are all there is to check.
fn point(key: &PublicKey) -> Result<VerifyingKey, SignatureError> {
    VerifyingKey::from_sec1_point(&Sec1Point::from_untagged_bytes(&key.0.into()))
        .map_err(|_| SignatureError::InvalidKey)
}

fn halves(bytes: &[u8; 64]) -> (&[u8; 32], &[u8; 32]) {
    let [first, second] = bytes.as_chunks::<32>().0 else {
        unreachable!("64 bytes are two times 32")
    };
    (first, second)
}
