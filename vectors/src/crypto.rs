//! Derivations and signatures, put together anew from the primitives, so that
//! what a case expects does not come from the implementation under test.

use hmac::{Hmac, KeyInit, Mac};
use num_bigint::BigUint;
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use sha2::{Digest, Sha256};

use crate::cbor::Item;
use crate::seed::Seed;

/// The group order n of P-256 (SP 800-186, section 3.2.1.3).
pub const N: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
/// The field prime p of P-256.
pub const P: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

/// The COSE algorithm of statements, -9.
pub const ESP256: Item = Item::Negative(8);

/// A P-256 key of some party.
pub struct Key(SigningKey);

impl Key {
    /// The key of a name.
    ///
    /// # Panics
    /// If the seed draws a number that is no key; the committed seed does not.
    pub fn named(seed: Seed, name: &str) -> Key {
        Key::from_scalar(seed.bytes(name))
    }

    /// The key of a private scalar.
    ///
    /// # Panics
    /// If it is zero, or n or above.
    pub fn from_scalar(scalar: [u8; 32]) -> Key {
        Key(SigningKey::from_slice(&scalar).expect("a scalar in 1..n"))
    }

    /// x || y.
    pub fn public(&self) -> [u8; 64] {
        let point = self.0.verifying_key().to_sec1_point(false);
        let mut public = [0; 64];
        public.copy_from_slice(&point.as_bytes()[1..]);
        public
    }

    /// The key's id.
    pub fn kid(&self) -> [u8; 16] {
        kid(&self.public())
    }

    /// r || s over `message`, deterministic (RFC 6979), s low.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature: Signature = self.0.sign(message);
        signature.normalize_s().to_bytes().into()
    }

    /// The same with s high.
    pub fn sign_high(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = self.sign(message);
        let s = number(N) - BigUint::from_bytes_be(&signature[32..]);
        signature[32..].copy_from_slice(&fixed::<32>(&s));
        signature
    }
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// HMAC-SHA256.
///
/// # Panics
/// Never: HMAC takes keys of any length.
pub fn hmac(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

/// HKDF-Expand with SHA-256 (RFC 5869, section 2.3), of `length` bytes.
pub fn hkdf_expand(prk: &[u8], info: &[u8], length: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut block = Vec::new();
    for counter in 1..=u8::MAX {
        if out.len() >= length {
            break;
        }
        block = hmac(prk, &[&block, info, &[counter]].concat()).to_vec();
        out.extend(&block);
    }
    out.truncate(length);
    out
}

/// The first 16 bytes of the RFC 9679 thumbprint of a public key.
pub fn kid(public: &[u8; 64]) -> [u8; 16] {
    first_16(&sha256(&cose_key(public).encode()))
}

/// `{1: 2, -1: 1, -2: x, -3: y}`.
pub fn cose_key(public: &[u8; 64]) -> Item {
    Item::Map(vec![
        (Item::Uint(1), Item::Uint(2)),
        (Item::Negative(0), Item::Uint(1)),
        (Item::Negative(1), Item::bytes(&public[..32])),
        (Item::Negative(2), Item::bytes(&public[32..])),
    ])
}

/// The first half of a digest.
pub fn first_16(digest: &[u8; 32]) -> [u8; 16] {
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    first
}

/// The number that hex stands for.
///
/// # Panics
/// If it is not hex.
pub fn number(hex: &str) -> BigUint {
    BigUint::parse_bytes(hex.as_bytes(), 16).expect("hex")
}

/// A number, big-endian, in exactly `L` bytes.
///
/// # Panics
/// If it does not fit.
pub fn fixed<const L: usize>(number: &BigUint) -> [u8; L] {
    let bytes = number.to_bytes_be();
    let mut out = [0; L];
    out[L - bytes.len()..].copy_from_slice(&bytes);
    out
}

/// A statement to be signed, and spoiled in each of its parts.
#[derive(Clone)]
pub struct Statement {
    /// The label.
    pub label: &'static str,
    /// What follows it in the external_aad.
    pub context: Vec<Item>,
    /// The protected header, encoded.
    pub protected: Vec<u8>,
    /// The unprotected header.
    pub unprotected: Item,
    /// The payload, encoded.
    pub payload: Vec<u8>,
}

impl Statement {
    /// A statement as it should be.
    pub fn new(label: &'static str, context: Vec<Item>, payload: &Item, kid: [u8; 16]) -> Self {
        Statement {
            label,
            context,
            protected: protected(&[(Item::Uint(1), ESP256), (Item::Uint(4), Item::bytes(kid))]),
            unprotected: Item::Map(Vec::new()),
            payload: payload.encode(),
        }
    }

    /// Sig_structure (RFC 9052, section 4.4).
    pub fn to_be_signed(&self) -> Vec<u8> {
        let mut aad = vec![Item::text(self.label)];
        aad.extend(self.context.iter().cloned());
        Item::Array(vec![
            Item::text("Signature1"),
            Item::bytes(&self.protected),
            Item::embedded(&Item::Array(aad)),
            Item::bytes(&self.payload),
        ])
        .encode()
    }

    /// The signed statement with a signature made by `key`.
    pub fn sign(&self, key: &Key) -> Vec<u8> {
        self.with_signature(&key.sign(&self.to_be_signed()))
    }

    /// The signed statement with some signature.
    pub fn with_signature(&self, signature: &[u8]) -> Vec<u8> {
        Item::Array(vec![
            Item::bytes(&self.protected),
            self.unprotected.clone(),
            Item::bytes(&self.payload),
            Item::bytes(signature),
        ])
        .encode()
    }
}

/// The encoding of a header map.
pub fn protected(entries: &[(Item, Item)]) -> Vec<u8> {
    Item::Map(entries.to_vec()).encode()
}
