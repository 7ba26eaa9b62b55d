//! A verified change of the record: a new PIN, biometrics added or removed (protocol.md,
//! section 8.8, CHG-*).
//!
//! ```text
//!          VERIFY, purpose PIN change /            set-pin / add-biometric /
//!          biometrics add / remove                 remove-biometric
//!   None ─────────────────────────────► Management ─────────────────────────► None
//!                                        │
//!                                        └─ status, any other VERIFY, 120 s ──► None
//! ```
//!
//! A change uses up the verification that it needs, in the commit that makes it.

use serde::{Deserialize, Serialize};

use super::status::{change, status};
use super::{Commit, Config, Decision, Lockout, Record, Requester, possession};
use crate::crypto::Verifier;
use crate::error::{Code, Refusal};
use crate::messages::factor::{AddBiometric, BiometricGone, RemoveBiometric, SetPin, Status};
use crate::registry::{Factor, Purpose};
use crate::values::{ChannelBinding, UnixSeconds};
use crate::verified::Verified;

/// A factor was verified for a change, which has not been made yet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Management {
    /// For which change.
    pub operation: Operation,
    /// By which factor.
    pub factor: Factor,
    /// The channel in which the change has to follow.
    pub channel: ChannelBinding,
    /// Too late from this time on.
    pub until: UnixSeconds,
}

/// The changes that need a verification of their own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Operation {
    /// A new PIN.
    PinChange,
    /// A biometric key is registered.
    BiometricsAdd,
    /// None is any more.
    BiometricsRemove,
}

impl Operation {
    /// The change that a VERIFY with `purpose` is for, if it is for one.
    pub fn of(purpose: Purpose) -> Option<Self> {
        match purpose {
            Purpose::PinChange => Some(Self::PinChange),
            Purpose::BiometricsAdd => Some(Self::BiometricsAdd),
            Purpose::BiometricsRemove => Some(Self::BiometricsRemove),
            _ => None,
        }
    }

    /// Whether `factor` is enough for it (CHG-3).
    pub(super) fn allows(self, factor: Factor, config: &Config) -> bool {
        match (self, factor) {
            (_, Factor::Pin) | (Self::BiometricsRemove, Factor::Biometric) => true,
            (Self::PinChange, Factor::Biometric) => config.policy.pin_change_by_biometric,
            (Self::BiometricsAdd, Factor::Biometric) => false,
        }
    }
}

/// Decides set-pin: in one commit the new PIN is live and the old one is not (CHG-5).
///
/// `record` is what the store has under [`Requester::record`], here and below.
///
/// # Errors
/// [`Refusal`], in this order: [`Code::UnknownRecord`], [`Code::StoreEpoch`],
/// [`Code::Generation`], [`Code::NotVerified`], [`Code::FactorNotAllowed`] for a biometric key on
/// the word of a biometric, then for each key [`Code::InvalidKey`],
/// [`Code::SignatureMalformed`], [`Code::PossessionInvalid`].
pub fn decide_set_pin<V: Verifier>(
    config: &Config,
    record: Option<&Record>,
    requester: &Requester,
    request: &Verified<SetPin>,
    now: UnixSeconds,
    verifier: &V,
) -> Result<Commit<Status>, Refusal> {
    let (before, current) = own(config, record, requester)?;
    let now = now.max(before.last_time); // FAC-8
    if current.generation.checked_add(1) != Some(request.generation) {
        return Err(Code::Generation.into());
    }
    let management = verified(&current, requester, Operation::PinChange, now)?;
    if request.biometric.is_some() && management.factor != Factor::Pin {
        return Err(Code::FactorNotAllowed.into()); // CHG-3
    }
    let generation = request.generation;
    let (key, proof) = (&request.pin_key, &request.possession);
    let pin = possession::check(requester, generation, key, proof, verifier)?;
    let biometric =
        possession::check_biometric(requester, generation, request.biometric, verifier)?;
    let after = Record {
        generation: pin.generation,
        pin_key: pin.key,
        biometric: biometric.or(current.biometric),
        lockout: Lockout::default(), // nobody has guessed at the new PIN
        verified: None,
        ..current
    };
    Ok(change(config, before, after, now))
}

/// Decides add-biometric, which also replaces a biometric key.
///
/// # Errors
/// [`Refusal`], in this order: [`Code::UnknownRecord`], [`Code::StoreEpoch`],
/// [`Code::NotVerified`], [`Code::InvalidKey`], [`Code::SignatureMalformed`],
/// [`Code::PossessionInvalid`].
pub fn decide_add_biometric<V: Verifier>(
    config: &Config,
    record: Option<&Record>,
    requester: &Requester,
    request: &Verified<AddBiometric>,
    now: UnixSeconds,
    verifier: &V,
) -> Result<Commit<Status>, Refusal> {
    let (before, current) = own(config, record, requester)?;
    let now = now.max(before.last_time); // FAC-8
    verified(&current, requester, Operation::BiometricsAdd, now)?;
    let (key, proof) = (&request.key, &request.possession);
    let added = possession::check(requester, current.generation, key, proof, verifier)?;
    let after = Record {
        biometric: Some(added.key),
        verified: None,
        ..current
    };
    Ok(change(config, before, after, now))
}

/// Decides remove-biometric.
///
/// # Errors
/// [`Refusal`], in this order: [`Code::UnknownRecord`], [`Code::StoreEpoch`],
/// [`Code::NotVerified`], [`Code::FactorNotRegistered`].
pub fn decide_remove_biometric(
    config: &Config,
    record: Option<&Record>,
    requester: &Requester,
    _: &Verified<RemoveBiometric>,
    now: UnixSeconds,
) -> Result<Commit<Status>, Refusal> {
    let (before, current) = own(config, record, requester)?;
    let now = now.max(before.last_time); // FAC-8
    verified(&current, requester, Operation::BiometricsRemove, now)?;
    if current.biometric.is_none() {
        return Err(Code::FactorNotRegistered.into());
    }
    let after = Record {
        biometric: None,
        verified: None,
        ..current
    };
    Ok(change(config, before, after, now))
}

/// Decides biometric-gone. It needs no verification, because it only takes away, and where
/// nothing is left to take it is answered all the same (CHG-7).
///
/// # Errors
/// [`Refusal`]: [`Code::UnknownRecord`], [`Code::StoreEpoch`].
pub fn decide_biometric_gone(
    config: &Config,
    record: Option<&Record>,
    requester: &Requester,
    _: &Verified<BiometricGone>,
    now: UnixSeconds,
) -> Result<Decision<Status>, Refusal> {
    let (before, current) = own(config, record, requester)?;
    let now = now.max(before.last_time); // FAC-8
    let after = Record {
        biometric: None,
        verified: None, // as with each status (STA-2)
        ..current
    };
    if after == *before {
        return Ok(Decision::Repeat(status(config, Some(before), now)));
    }
    Ok(Decision::Commit(change(config, before, after, now)))
}

/// The requester's record as it is stored, and as this epoch takes it.
///
/// # Errors
/// [`Code::UnknownRecord`] (FAC-1, FAC-10), [`Code::StoreEpoch`] (FAC-11).
pub(super) fn own<'a>(
    config: &Config,
    record: Option<&'a Record>,
    requester: &Requester,
) -> Result<(&'a Record, Record), Refusal> {
    let record = record.filter(|record| requester.owns(record));
    let before = record.ok_or(Code::UnknownRecord)?;
    if before.store_epoch > config.store_epoch {
        return Err(Code::StoreEpoch.into());
    }
    Ok((before, before.adopted(config)))
}

/// The verification for `operation`, if there is one, in this channel, and not too old (CHG-4).
///
/// # Errors
/// [`Code::NotVerified`].
fn verified(
    record: &Record,
    requester: &Requester,
    operation: Operation,
    now: UnixSeconds,
) -> Result<Management, Refusal> {
    record
        .verified
        .filter(|verified| verified.operation == operation)
        .filter(|verified| verified.channel == requester.channel())
        .filter(|verified| now < verified.until)
        .ok_or(Code::NotVerified.into())
}
