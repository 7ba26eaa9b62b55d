//! Leave to evaluate a factor, and its proof (protocol.md, sections 8.3 and 8.7).

use super::{Attempt, Blocked, Budget, Config, Lockout, OverBudget, Record, Use};
use crate::cose::{self, CoseError};
use crate::crypto::{PublicKey, SignatureError, Verifier};
use crate::error::{Code, Refusal};
use crate::messages::factor::{FactorProof, Verify};
use crate::values::UnixSeconds;
use crate::verified::Verified;

/// How an evaluation went. What a record keeps of it is inside.
pub(super) enum Evaluation {
    /// The factor's key has signed this request.
    Right {
        proof: Verified<FactorProof>,
        lockout: Lockout,
        budget: Budget,
    },
    /// Another PIN's key has.
    Wrong { lockout: Lockout },
    /// It was not looked at.
    Blocked,
}

/// A PIN: delay, blocked, proof.
///
/// # Errors
/// [`Code::Delayed`] (DLY-1), and unless the record is blocked what the proof's form gives.
pub(super) fn pin<V: Verifier>(
    config: &Config,
    record: &Record,
    request: &Verify,
    now: UnixSeconds,
    verifier: &V,
) -> Result<Evaluation, Refusal> {
    if config.policy.delay_s(record.lockout, now) > 0 {
        return Err(Code::Delayed.into());
    }
    let attempt: Attempt = match record.lockout.admit(config.max_attempts) {
        Ok(attempt) => attempt,
        Err(Blocked) => return Ok(Evaluation::Blocked),
    };
    Ok(match prove(record, &record.pin_key, request, verifier)? {
        Some(proof) => Evaluation::Right {
            lockout: attempt.right(&proof),
            budget: Budget::after_pin(&proof, now),
            proof,
        },
        None => Evaluation::Wrong {
            lockout: attempt.wrong(now),
        },
    })
}

/// A biometric: registered, budget, closing flag, proof. It never counts, so a wrong one is refused.
///
/// # Errors
/// [`Code::FactorNotRegistered`] (FAC-9), [`Code::PinNeeded`] (BUD-1, BUD-2),
/// [`Code::BiometricsClosed`] (BIO-2), what the proof's form gives, [`Code::WrongBiometric`] (BIO-1).
pub(super) fn biometric<V: Verifier>(
    config: &Config,
    record: &Record,
    request: &Verify,
    now: UnixSeconds,
    verifier: &V,
) -> Result<Evaluation, Refusal> {
    let (key, leave) = record.admit_biometric(config, now)?;
    let proof = prove(record, &key, request, verifier)?.ok_or(Code::WrongBiometric)?;
    let lockout = if config.policy.biometric_resets {
        Lockout::reset(&proof) // BIO-3
    } else {
        record.lockout
    };
    Ok(Evaluation::Right {
        lockout,
        budget: leave.right(&proof),
        proof,
    })
}

impl Record {
    /// Whether a biometric would be refused now, whatever its proof.
    pub fn pin_needed(&self, config: &Config, now: UnixSeconds) -> bool {
        self.admit_biometric(config, now).is_err()
    }

    fn admit_biometric(
        &self,
        config: &Config,
        now: UnixSeconds,
    ) -> Result<(PublicKey, Use), Refusal> {
        let key = self.biometric.ok_or(Code::FactorNotRegistered)?;
        let leave = self.budget.admit(config.policy.budget, now);
        let leave = leave.map_err(|OverBudget| Code::PinNeeded)?;
        let blocked = self.lockout.is_blocked(config.max_attempts);
        if blocked && config.policy.biometrics_closed_while_blocked {
            return Err(Code::BiometricsClosed.into());
        }
        Ok((key, leave))
    }
}

/// The proof of `key`, or none if another has made it.
///
/// # Errors
/// [`Code::SignatureMalformed`] (FAC-6): no PIN makes such bytes, so they are no guess.
fn prove<V: Verifier>(
    record: &Record,
    key: &PublicKey,
    request: &Verify,
    verifier: &V,
) -> Result<Option<Verified<FactorProof>>, Refusal> {
    let statement = FactorProof {
        record: record.id,
        store_epoch: record.store_epoch,
        generation: record.generation,
        request_number: request.request_number,
        purpose: request.purpose,
        bind: request.bind,
    };
    match cose::verify_detached(statement, &(), key, &request.proof, verifier) {
        Ok(proof) => Ok(Some(proof)),
        Err(CoseError::Signature(SignatureError::Mismatch)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
