//! The key schedule (RFC 9528, section 4) for SHA-256, as pure functions.
//!
//! ```text
//! message_1, G_Y ── TH_2 ── PLAINTEXT_2, CRED_R ── TH_3 ── PLAINTEXT_3, CRED_I ── TH_4
//!                     │                             │                             │
//! G_XY ─────────── PRK_2e ──┬── KEYSTREAM_2         │                          PRK_out
//!                           ├── MAC_2               │                             │
//!                           └── (PRK_3e2m, PRK_4e3m)┴── K_3, IV_3, MAC_3     PRK_exporter
//! ```
//!
//! With signatures on both sides (method 0) PRK_3e2m and PRK_4e3m are PRK_2e;
//! it is called `prk` here. Nothing depends on the AEAD, on the signature
//! algorithm or on the kind of credential, so that the first trace of RFC 9529
//! checks every function. They are public for those who recompute a handshake:
//! vectors and auditors. Arguments named `encoded` are CBOR, as hashed.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::sequence::Sequence;
use crate::crypto::{OutputTooLong, Secret, hkdf_expand, hkdf_expand_secret, hkdf_extract, sha256};

/// The length in bytes of hashes, PRKs and of the MACs beside signatures.
pub const HASH_BYTES: usize = 32;

// info_label of EDHOC_KDF (section 4.1.2, figure 6; appendix H for the last).
const KEYSTREAM_2: u64 = 0;
const MAC_2: u64 = 2;
const K_3: u64 = 3;
const IV_3: u64 = 4;
const MAC_3: u64 = 6;
const PRK_OUT: u64 = 7;
const PRK_EXPORTER: u64 = 10;
const KEY_UPDATE: u64 = 11;

/// EDHOC_KDF: fills `out` from (PRK, label, context, length of `out`).
///
/// # Errors
/// [`OutputTooLong`] over 8,160 bytes.
pub fn kdf(
    prk: &Secret<32>,
    label: u64,
    context: &[u8],
    out: &mut [u8],
) -> Result<(), OutputTooLong> {
    let info = info(label, &[context], out.len());
    hkdf_expand(prk, &info, out)
}

/// EDHOC_KDF with a secret of `N` bytes as its output.
pub fn kdf_secret<const N: usize>(prk: &Secret<32>, label: u64, context: &[u8]) -> Secret<N> {
    hkdf_expand_secret(prk, &info(label, &[context], N))
}

/// info = (label: int, context: bstr, length: uint)
fn info(label: u64, context: &[&[u8]], length: usize) -> Vec<u8> {
    Sequence::new()
        .uint(label)
        .bytes_of(context)
        .uint(length as u64)
        .into_vec()
}

/// TH_2 = H(G_Y, H(message_1)).
pub fn th_2(g_y: &[u8; 32], message_1: &[u8]) -> [u8; 32] {
    sha256(&[&Sequence::new()
        .bytes(g_y)
        .bytes(&sha256(&[message_1]))
        .into_vec()])
}

/// TH_3 = H(TH_2, PLAINTEXT_2, CRED_R) and TH_4 = H(TH_3, PLAINTEXT_3, CRED_I).
pub fn th_next(th: &[u8; 32], plaintext: &[u8], encoded_cred: &[u8]) -> [u8; 32] {
    sha256(&[
        &Sequence::new().bytes(th).into_vec(),
        plaintext,
        encoded_cred,
    ])
}

/// PRK_2e, from TH_2 and the shared secret G_XY.
pub fn prk_2e(th_2: &[u8; 32], g_xy: &Secret<32>) -> Secret<32> {
    hkdf_extract(th_2, g_xy.as_bytes())
}

/// KEYSTREAM_2 of `length` bytes.
///
/// # Errors
/// [`OutputTooLong`] over 8,160 bytes: this profile has no use for appendix G.
pub fn keystream_2(
    prk: &Secret<32>,
    th_2: &[u8; 32],
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, OutputTooLong> {
    let mut out = Zeroizing::new(alloc::vec![0; length]);
    kdf(prk, KEYSTREAM_2, th_2, &mut out)?;
    Ok(out)
}

/// MAC_2, with context_2 = << C_R, ID_CRED_R, TH_2, CRED_R, ? EAD_2 >>.
pub fn mac_2(
    prk: &Secret<32>,
    encoded_c_r: &[u8],
    encoded_id_cred_r: &[u8],
    th_2: &[u8; 32],
    encoded_cred_r: &[u8],
    encoded_ead_2: &[u8],
) -> Secret<HASH_BYTES> {
    let th_2 = Sequence::new().bytes(th_2).into_vec();
    let context = [
        encoded_c_r,
        encoded_id_cred_r,
        &th_2,
        encoded_cred_r,
        encoded_ead_2,
    ];
    hkdf_expand_secret(prk, &info(MAC_2, &context, HASH_BYTES))
}

/// MAC_3, with context_3 = << ID_CRED_I, TH_3, CRED_I, ? EAD_3 >>.
pub fn mac_3(
    prk: &Secret<32>,
    encoded_id_cred_i: &[u8],
    th_3: &[u8; 32],
    encoded_cred_i: &[u8],
    encoded_ead_3: &[u8],
) -> Secret<HASH_BYTES> {
    let th_3 = Sequence::new().bytes(th_3).into_vec();
    let context = [encoded_id_cred_i, &th_3, encoded_cred_i, encoded_ead_3];
    hkdf_expand_secret(prk, &info(MAC_3, &context, HASH_BYTES))
}

/// What is signed, in message_2 and message_3 alike:
/// `["Signature1", << ID_CRED_x >>, << TH, CRED_x, ? EAD >>, MAC]`.
pub fn to_be_signed(
    encoded_id_cred: &[u8],
    th: &[u8; 32],
    encoded_cred: &[u8],
    encoded_ead: &[u8],
    mac: &Secret<HASH_BYTES>,
) -> Vec<u8> {
    let th = Sequence::new().bytes(th).into_vec();
    Sequence::new()
        .encoded(b"\x84\x6aSignature1")
        .bytes(encoded_id_cred)
        .bytes_of(&[&th, encoded_cred, encoded_ead])
        .bytes(mac.as_bytes())
        .into_vec()
}

/// K_3, for an AEAD with keys of `N` bytes.
pub fn k_3<const N: usize>(prk: &Secret<32>, th_3: &[u8; 32]) -> Secret<N> {
    kdf_secret(prk, K_3, th_3)
}

/// IV_3, for an AEAD with nonces of `N` bytes.
pub fn iv_3<const N: usize>(prk: &Secret<32>, th_3: &[u8; 32]) -> Secret<N> {
    kdf_secret(prk, IV_3, th_3)
}

/// The associated data of message_3: `["Encrypt0", h'', TH_3]`.
pub fn a_3(th_3: &[u8; 32]) -> Vec<u8> {
    Sequence::new()
        .encoded(b"\x83\x68Encrypt0")
        .bytes(&[])
        .bytes(th_3)
        .into_vec()
}

/// PRK_out, the session key.
pub fn prk_out(prk: &Secret<32>, th_4: &[u8; 32]) -> Secret<32> {
    kdf_secret(prk, PRK_OUT, th_4)
}

/// PRK_exporter, of which EDHOC_Exporter makes the application's keys.
pub fn prk_exporter(prk_out: &Secret<32>) -> Secret<32> {
    kdf_secret(prk_out, PRK_EXPORTER, &[])
}

/// EDHOC_KeyUpdate: the PRK_out that follows (appendix H).
pub fn key_update(prk_out: &Secret<32>, context: &[u8]) -> Secret<32> {
    kdf_secret(prk_out, KEY_UPDATE, context)
}
