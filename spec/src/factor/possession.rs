//! Who registers a key has its private half, here and now (protocol.md, section 8.4, VCH-5).

use super::Requester;
use crate::cose::{self, CoseError};
use crate::crypto::{PublicKey, Signature, SignatureError, Verifier};
use crate::error::{Code, Refusal};
use crate::messages::factor::{Biometric, FactorKey};
use crate::verified::Verified;

/// Checks that `possession` is a statement of `key` about itself, for the requester's record
/// and channel and for `generation`.
///
/// # Errors
/// [`Code::InvalidKey`], [`Code::SignatureMalformed`], [`Code::PossessionInvalid`].
pub(super) fn check<V: Verifier>(
    requester: &Requester,
    generation: u32,
    key: &PublicKey,
    possession: &Signature,
    verifier: &V,
) -> Result<Verified<FactorKey>, Refusal> {
    let statement = FactorKey {
        record: requester.record(),
        generation,
        key: *key,
        channel: requester.channel(),
    };
    cose::verify_detached(statement, &(), key, possession, verifier).map_err(|error| match error {
        CoseError::Signature(SignatureError::Mismatch) => Code::PossessionInvalid.into(),
        other => other.into(),
    })
}

/// Checks a biometric key, where one is given.
///
/// # Errors
/// As [`check`].
pub(super) fn check_biometric<V: Verifier>(
    requester: &Requester,
    generation: u32,
    biometric: Option<Biometric>,
    verifier: &V,
) -> Result<Option<PublicKey>, Refusal> {
    let Some(Biometric { key, possession }) = biometric else {
        return Ok(None);
    };
    let proved = check(requester, generation, &key, &possession, verifier)?;
    Ok(Some(proved.key))
}
