//! SHA-256, HMAC (RFC 2104) and HKDF (RFC 5869) with it.
//!
//! Inputs are given in parts, so that nobody has to concatenate a secret.

use core::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::Secret;

/// The most that HKDF-Expand with SHA-256 gives: 255 blocks of 32 bytes.
pub const HKDF_LIMIT_BYTES: usize = 255 * 32;

/// More than [`HKDF_LIMIT_BYTES`] were asked of HKDF-Expand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutputTooLong;

impl fmt::Display for OutputTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HKDF-Expand gives at most {HKDF_LIMIT_BYTES} bytes")
    }
}

impl core::error::Error for OutputTooLong {}

/// SHA-256 of the parts, one after the other.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// HMAC-SHA256 of the parts, one after the other, under a key of any length.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    keyed(key, parts).finalize().into_bytes().into()
}

/// Whether `tag` is the HMAC-SHA256 of the parts; takes the same time either way.
pub fn hmac_matches(key: &[u8], parts: &[&[u8]], tag: &[u8; 32]) -> bool {
    keyed(key, parts).verify(tag.into()).is_ok()
}

/// HKDF-Extract with SHA-256 (RFC 5869, section 2.2).
pub fn hkdf_extract(salt: &[u8], ikm: &[u8]) -> Secret<32> {
    // Extraction is one HMAC keyed by the salt; the library's own would also
    // set up an expansion, and leave a second copy of the key behind.
    Secret::from_bytes(hmac_sha256(salt, &[ikm]))
}

/// HKDF-Expand with SHA-256 (RFC 5869, section 2.3), filling `out`.
///
/// # Errors
/// [`OutputTooLong`] if `out` is longer than [`HKDF_LIMIT_BYTES`]; it is then untouched.
pub fn hkdf_expand(prk: &Secret<32>, info: &[u8], out: &mut [u8]) -> Result<(), OutputTooLong> {
    // A pseudorandom key of 32 bytes is never too short, so length is the one error.
    let hkdf = Hkdf::<Sha256>::from_prk(prk.as_bytes()).map_err(|_| OutputTooLong)?;
    hkdf.expand(info, out).map_err(|_| OutputTooLong)
}

/// HKDF-Expand into a secret of `N` bytes; an `N` over the limit does not compile.
pub fn hkdf_expand_secret<const N: usize>(prk: &Secret<32>, info: &[u8]) -> Secret<N> {
    const { assert!(N <= HKDF_LIMIT_BYTES) }
    Secret::filled(|out| hkdf_expand(prk, info, out).expect("N was checked by the compiler"))
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}
