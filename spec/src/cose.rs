//! Signed statements: COSE_Sign1 (RFC 9052), in one form (protocol.md, section 3.3).
//!
//! ```cddl
//! statement-sign1 = [
//!   protected: bstr .cbor {1: -9, 4: kid},   ; ESP256, and whose key
//!   unprotected: {},
//!   payload: bstr,
//!   signature: bstr .size 64
//! ]
//! to-be-signed = ["Signature1", protected, external_aad: bstr .cbor [label, context...], payload]
//! ```
//!
//! COSE leaves algorithms and headers open; a statement has one of each, so the
//! header is compared and not interpreted. The label says what kind of statement
//! it is, the context for whom: the receiver builds both from what it knows, and
//! a signature made for anything else does not verify.
//!
//! Signing is split, since no private key is in here: [`to_sign`] gives the
//! bytes, [`ToSign::signed`] takes the signature. Verifying is the only way to a
//! [`Verified`] statement:
//!
//! ```text
//! bytes --from_bytes--> Sign1<T> --verify--> Verified<T>
//! ```
//!
//! Where both sides know header and payload anyway, the signature travels alone:
//! [`detached_tbs`] and [`verify_detached`].

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::fmt;

use serde::{Serialize, de::DeserializeOwned};

use crate::cbor::{self, DecodeError, EncodeError};
use crate::crypto::{PublicKey, SRule, Signature, SignatureError, Verifier};
use crate::error::{Code, Refusal};
use crate::values::Kid;
use crate::verified::Verified;

/// What can be signed: a kind of payload, and what it is bound to.
pub trait Statement: Serialize + DeserializeOwned {
    /// Tells this kind of statement from all others.
    const LABEL: &'static str;
    /// The most bytes that the whole COSE_Sign1 may have.
    const LIMIT: usize;
    /// What the receiver knows and the signature must be for: a struct or tuple,
    /// whose elements follow the label in the `external_aad`.
    type Context: Serialize;
}

/// A statement that waits for its signature.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ToSign {
    protected: [u8; HEADER_BYTES],
    payload: Vec<u8>,
    tbs: Vec<u8>,
}

/// A signed statement as it arrived: well-formed, but anybody may have sent it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Sign1<T> {
    kid: Kid,
    payload: Vec<u8>,
    signature: Signature,
    statement: T,
}

/// Why a statement is refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CoseError {
    /// 1xx: the COSE_Sign1 or its payload is not what the section on CBOR demands. A
    /// signature that does not have 64 bytes is among these.
    Decode(DecodeError),
    /// 110, COSE-1 and COSE-2: a header other than the one that there is.
    Header,
    /// 111, COSE-3: signed by another key than the one that it must be.
    WrongKey,
    /// 112 to 114, COSE-5: the signature does not verify.
    Signature(SignatureError),
    /// The receiver's own context, or its own detached statement, has no
    /// encoding: a mistake in its code, of which no peer is the cause.
    Encode(EncodeError),
}

/// Prepares `statement` for the signature of the key that `kid` names.
///
/// # Errors
/// [`EncodeError`]; `TooLarge` if the result would be over [`Statement::LIMIT`].
pub fn to_sign<T: Statement>(
    statement: &T,
    context: &T::Context,
    kid: Kid,
) -> Result<ToSign, EncodeError> {
    let payload = cbor::to_vec(statement)?;
    let to_sign = ToSign {
        protected: header(kid),
        tbs: to_be_signed::<T>(kid, context, &payload)?,
        payload,
    };
    // A signature's length is known before the signature is.
    if to_sign.sign1(&Signature([0; Signature::LEN])).len() > T::LIMIT {
        return Err(EncodeError::TooLarge);
    }
    Ok(to_sign)
}

impl ToSign {
    /// The bytes to sign, with ECDSA on P-256 and SHA-256 over them.
    pub fn tbs(&self) -> &[u8] {
        &self.tbs
    }

    /// The signed statement. Brings s into its low form, which hardware does not promise.
    pub fn signed(self, signature: Signature) -> Vec<u8> {
        self.sign1(&signature.normalise_s())
    }

    fn sign1(&self, signature: &Signature) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.payload.len() + 128);
        cbor::head(&mut out, 4, 4);
        byte_string(&mut out, &self.protected);
        out.push(EMPTY_MAP);
        byte_string(&mut out, &self.payload);
        byte_string(&mut out, &signature.0);
        out
    }
}

impl<T: Statement> Sign1<T> {
    /// Decodes a COSE_Sign1, at most [`Statement::LIMIT`] bytes, untagged.
    ///
    /// # Errors
    /// [`CoseError::Decode`] if it is not an array of these four types, then
    /// [`CoseError::Header`], then [`CoseError::Decode`] if the payload is no `T`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CoseError> {
        let [protected, unprotected, payload, signature] = cbor::elements(bytes, T::LIMIT)?;
        let protected: &[u8] = cbor::from_slice(protected, T::LIMIT)?;
        let payload: &[u8] = cbor::from_slice(payload, T::LIMIT)?;
        let signature = cbor::from_slice(signature, T::LIMIT)?;
        match unprotected {
            [EMPTY_MAP] => {}
            [first, ..] if first >> 5 == MAP => return Err(CoseError::Header),
            _ => return Err(DecodeError::Structure.into()),
        }
        Ok(Self {
            kid: kid_in(protected).ok_or(CoseError::Header)?,
            statement: cbor::from_slice(payload, T::LIMIT)?,
            payload: payload.to_vec(),
            signature,
        })
    }

    /// Names the key that is said to have signed.
    pub fn kid(&self) -> Kid {
        self.kid
    }

    /// What somebody says. Good for finding the key to verify it with, and for
    /// nothing else: nobody has vouched for it yet.
    pub fn unverified(&self) -> &T {
        &self.statement
    }

    /// The statement, if `key` signed it for this `context`.
    ///
    /// # Errors
    /// [`CoseError::WrongKey`] before the signature is looked at, then
    /// [`CoseError::Signature`].
    pub fn verify(
        self,
        key: &PublicKey,
        context: &T::Context,
        verifier: &(impl Verifier + ?Sized),
    ) -> Result<Verified<T>, CoseError> {
        if self.kid != key.kid() {
            return Err(CoseError::WrongKey);
        }
        let tbs = to_be_signed::<T>(self.kid, context, &self.payload)?;
        verifier.verify(key, &tbs, &self.signature, SRule::Low)?;
        Ok(Verified::attest(self.statement))
    }
}

/// The bytes to sign of a statement whose signature travels alone. Whoever
/// sends the signature normalises it first ([`Signature::normalise_s`]).
///
/// # Errors
/// [`EncodeError`] if statement or context has no encoding.
pub fn detached_tbs<T: Statement>(
    statement: &T,
    context: &T::Context,
    kid: Kid,
) -> Result<Vec<u8>, EncodeError> {
    to_be_signed::<T>(kid, context, &cbor::to_vec(statement)?)
}

/// The statement, rebuilt by the receiver, if `key` signed it for this `context`.
///
/// # Errors
/// [`CoseError::Signature`]; [`CoseError::Encode`] if `statement` has no encoding.
pub fn verify_detached<T: Statement>(
    statement: T,
    context: &T::Context,
    key: &PublicKey,
    signature: &Signature,
    verifier: &(impl Verifier + ?Sized),
) -> Result<Verified<T>, CoseError> {
    let tbs = detached_tbs(&statement, context, key.kid())?;
    verifier.verify(key, &tbs, signature, SRule::Low)?;
    Ok(Verified::attest(statement))
}

impl CoseError {
    /// The entry in the catalogue of protocol.md, section 11.
    pub const fn entry(self) -> Code {
        match self {
            Self::Decode(error) => error.entry(),
            Self::Header => Code::CoseHeader,
            Self::WrongKey => Code::WrongKey,
            Self::Signature(error) => error.entry(),
            Self::Encode(_) => Code::Structure,
        }
    }

    /// The number of that entry.
    pub const fn code(self) -> u16 {
        self.entry().number()
    }
}

impl fmt::Display for CoseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => error.fmt(f),
            Self::Header => f.write_str("another header than that of a statement"),
            Self::WrongKey => f.write_str("signed by another key than expected"),
            Self::Signature(error) => error.fmt(f),
            Self::Encode(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for CoseError {}

impl From<DecodeError> for CoseError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<SignatureError> for CoseError {
    fn from(error: SignatureError) -> Self {
        Self::Signature(error)
    }
}

impl From<EncodeError> for CoseError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl From<CoseError> for Refusal {
    fn from(error: CoseError) -> Self {
        Self(error.entry())
    }
}

/// `["Signature1", protected, external_aad, payload]` (RFC 9052, section 4.4).
fn to_be_signed<T: Statement>(
    kid: Kid,
    context: &T::Context,
    payload: &[u8],
) -> Result<Vec<u8>, EncodeError> {
    let external_aad = cbor::to_vec_labelled(T::LABEL, context)?;
    let mut out = Vec::with_capacity(payload.len() + external_aad.len() + 64);
    cbor::head(&mut out, 4, 4);
    cbor::head(&mut out, 3, SIGNATURE_1.len() as u64);
    out.extend(SIGNATURE_1.as_bytes());
    byte_string(&mut out, &header(kid));
    byte_string(&mut out, &external_aad);
    byte_string(&mut out, payload);
    Ok(out)
}

/// The protected header of a statement by the key that `kid` names.
fn header(kid: Kid) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    let (start, end) = header.split_at_mut(HEADER_START.len());
    start.copy_from_slice(&HEADER_START);
    end.copy_from_slice(kid.as_bytes());
    header
}

/// The kid in a protected header, if it is the header of a statement.
fn kid_in(protected: &[u8]) -> Option<Kid> {
    let kid = protected.strip_prefix(&HEADER_START)?;
    kid.try_into().ok().map(Kid)
}

fn byte_string(out: &mut Vec<u8>, bytes: &[u8]) {
    cbor::head(out, 2, bytes.len() as u64);
    out.extend(bytes);
}

const SIGNATURE_1: &str = "Signature1";
const EMPTY_MAP: u8 = 0xa0;
/// The major type of maps.
const MAP: u8 = 5;
/// `{1: -9, 4: ` and the head of the kid: `a2 01 28 04 50`.
const HEADER_START: [u8; 5] = [0xa2, 0x01, 0x28, 0x04, 0x50];
const HEADER_BYTES: usize = HEADER_START.len() + Kid::LEN;
