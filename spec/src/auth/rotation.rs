//! What a device may do about its own credential: delete it, or move it to a new
//! key (protocol.md, section 15.4).

use super::account::Account;
use super::commit::{Commit, Fact, FactId};
use super::credentials::{Credentials, erase};
use super::statement;
use crate::cose::{CoseError, verify_detached};
use crate::crypto::{PublicKey, SignatureError, Verifier};
use crate::error::{Code, Refusal};
use crate::messages::credential::{CredentialDeleted, DeleteCredential, Rotate, Rotated, Rotation};
use crate::values::{ChannelBinding, Type};
use crate::verified::Verified;

/// What a device asks about its credential, and the channel that it asks in.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Asked<T> {
    /// The message.
    pub message: Verified<T>,
    /// The key that authenticated the channel.
    pub key: PublicKey,
    /// The channel.
    pub channel: ChannelBinding,
}

/// Deletes the credential of the channel. `credentials` is its user's list, if there is one.
///
/// # Errors
/// 211 where the channel's key is not the account's any more, 502 for an account
/// that is not active.
pub fn decide_deletion(
    account: &Account,
    credentials: Option<&Credentials>,
    asked: &Asked<DeleteCredential>,
) -> Result<Commit<CredentialDeleted>, Refusal> {
    if account.key != asked.key {
        return Err(Code::CredentialMismatch.into());
    }
    statement::active(account)?;
    Ok(erase(account, credentials, CredentialDeleted::default()))
}

/// Moves an account to a new key, under the old one. `holder` is the account that
/// has the new key already, if one has.
///
/// The same request again gets the same answer and writes nothing: the account has
/// the new key by then (CRD-9).
///
/// # Errors
/// In this order: 502 for an account that is not active; 114, 112 and 424 for a key
/// whose possession is not proved (CRD-8); 211 where the channel's key is not the
/// account's any more; 504 for a key that has another role or account.
pub fn decide_rotation(
    account: &Account,
    holder: Option<&Account>,
    asked: &Asked<Rotate>,
    verifier: &impl Verifier,
) -> Result<Commit<Rotated>, Refusal> {
    statement::active(account)?;
    let key = asked.message.key;
    possessed(account, asked, verifier)?;
    let commit = Commit::new(Rotated {
        ty: Type,
        key: key.kid(),
    })
    .expecting(FactId::Account(account.id), Some(account.version));
    if account.key == key {
        return Ok(commit);
    }
    if account.key != asked.key {
        return Err(Code::CredentialMismatch.into());
    }
    if holder.is_some() || account.approval_key == Some(key) {
        return Err(Code::KeyInUse.into());
    }
    Ok(commit
        .expecting(FactId::AccountOf(key.kid()), None)
        .writing(Fact::Account(account.clone().rotated(key))))
}

/// CRD-8: the new key has signed the account, itself and this channel.
fn possessed(
    account: &Account,
    asked: &Asked<Rotate>,
    verifier: &impl Verifier,
) -> Result<(), Refusal> {
    let Rotate {
        key, possession, ..
    } = &*asked.message;
    let rotation = Rotation {
        account: account.id,
        key: *key,
        channel: asked.channel,
    };
    verify_detached(rotation, &(), key, possession, verifier)
        .map(drop)
        .map_err(unproved)
}

/// VCH-5, CRD-1, CRD-8: what is wrong with a proof of possession.
pub(super) fn unproved(error: CoseError) -> Refusal {
    match error {
        CoseError::Signature(SignatureError::Mismatch) => Code::PossessionInvalid.into(),
        other => other.into(),
    }
}
