//! The primitives, each as one small function or type (protocol.md, section 3.2).
//!
//! | for | primitive |
//! |---|---|
//! | signatures | ECDSA over P-256 with SHA-256 ([`P256`]) |
//! | ephemeral agreement | X25519 ([`EphemeralSecret`]) |
//! | key schedule, nonce proofs, pseudonyms | HMAC and HKDF with SHA-256 |
//! | handshake and records | AES-128-GCM |
//!
//! This is the only place that touches the libraries beneath, and none of their
//! types leaves it. No private key lives here but the one that the PIN makes:
//! [`PinKey`], which signs once. Everything secret is wiped when it is dropped
//! and prints nothing.

mod aead;
mod agreement;
mod hash;
mod pin;
mod secret;
mod signature;
#[cfg(test)]
mod tests;

pub use aead::{AeadError, TAG_BYTES, open_a128gcm, seal_a128gcm};
pub use agreement::{AgreementError, EphemeralSecret};
pub use hash::{
    HKDF_LIMIT_BYTES, OutputTooLong, hkdf_expand, hkdf_expand_secret, hkdf_extract, hmac_matches,
    hmac_sha256, sha256,
};
pub use pin::{Pin, PinError, PinKey};
pub use secret::Secret;
pub use signature::{P256, PublicKey, SRule, Signature, SignatureError, Verifier};
