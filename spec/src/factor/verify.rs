//! VERIFY: is the user behind this device? (protocol.md, section 8.3)

use super::change::own;
use super::evaluate::{self, Evaluation};
use super::{
    Answered, Asserted, Commit, Config, Decision, Management, Operation, Outcome, Record, Requester,
};
use crate::cbor;
use crate::crypto::{Verifier, sha256};
use crate::error::{Code, Refusal};
use crate::messages::BindInput;
use crate::messages::factor::{Assertion, FactorProof, Verify, assertion_id};
use crate::registry::{Factor, seconds};
use crate::values::{Digest, Pseudonym, UnixSeconds};
use crate::verified::Verified;

/// Decides a VERIFY that came through `requester`'s channel.
///
/// `record` is what the store has under [`Requester::record`]; `subject` is the
/// record's pseudonym towards the request's audience
/// ([`pseudonym`](crate::messages::factor::pseudonym)). The checks are made in the
/// order of FAC-2: whatever is refused was not evaluated and counts nothing.
///
/// # Errors
/// [`Refusal`], in this order: [`Code::UnknownRecord`], [`Code::StoreEpoch`] for a record of a
/// later epoch, [`Code::NumberTooLow`], [`Code::NumberReused`], [`Code::StoreEpoch`],
/// [`Code::Generation`]; where a change of the record is asked for [`Code::AssertionBind`],
/// [`Code::FactorNotAllowed`]; for a PIN [`Code::Delayed`], and unless the record is blocked
/// [`Code::SignatureMalformed`]; for a biometric [`Code::FactorNotRegistered`],
/// [`Code::PinNeeded`], [`Code::BiometricsClosed`], [`Code::SignatureMalformed`],
/// [`Code::WrongBiometric`].
pub fn decide_verify<V: Verifier>(
    config: &Config,
    record: Option<&Record>,
    requester: &Requester,
    request: &Verified<Verify>,
    subject: Pseudonym,
    now: UnixSeconds,
    verifier: &V,
) -> Result<Decision<Answered>, Refusal> {
    let (before, current) = own(config, record, requester)?;
    let digest = digest(request)?;
    if let Some(answered) = repeated(&current, request, digest)? {
        return Ok(Decision::Repeat(answered));
    }
    current_request(&current, request)?;
    let operation = operation(config, requester, request)?;
    let now = now.max(before.last_time); // FAC-8
    let evaluation = match request.factor {
        Factor::Pin => evaluate::pin(config, &current, request, now, verifier)?,
        Factor::Biometric => evaluate::biometric(config, &current, request, now, verifier)?,
    };
    // An earlier verification for a change ends here: whoever was verified for one goes on with
    // it, so nothing is evaluated between the verification and the change (CHG-4).
    let current = Record {
        verified: None,
        ..current
    };
    let (after, outcome) = match evaluation {
        Evaluation::Blocked => (current, Outcome::Blocked),
        Evaluation::Wrong { lockout } => (Record { lockout, ..current }, Outcome::Wrong),
        Evaluation::Right {
            proof,
            lockout,
            budget,
        } => {
            let (verified, outcome) = match operation {
                None => {
                    let assertion = assert(request, &proof, subject, now);
                    (None, Outcome::Right(assertion))
                }
                Some(operation) => {
                    let verified = manage(operation, requester, request, &proof, now);
                    (Some(verified), Outcome::Managed)
                }
            };
            let after = Record {
                lockout,
                budget,
                verified,
                ..current
            };
            (after, outcome)
        }
    };
    let answered = Answered {
        number: request.request_number,
        request: digest,
        outcome,
        failed_attempts: after.lockout.failed_attempts,
        max_attempts: config.max_attempts,
        delay_s: config.policy.delay_s(after.lockout, now),
        pin_needed: after.pin_needed(config, now),
    };
    let after = Record {
        last: Some(answered),
        ..after
    };
    Ok(Decision::Commit(Commit::replace(
        before, after, now, answered,
    )))
}

/// The answer of the last request, if this is that request again.
///
/// # Errors
/// [`Code::NumberTooLow`] (FAC-3), [`Code::NumberReused`] (FAC-4).
fn repeated(
    record: &Record,
    request: &Verify,
    digest: Digest,
) -> Result<Option<Answered>, Refusal> {
    let number = request.request_number;
    match record.last {
        // Numbers begin at 1: the status says 0 for "none was answered".
        None if number == 0 => Err(Code::NumberTooLow.into()),
        None => Ok(None),
        Some(last) if number < last.number => Err(Code::NumberTooLow.into()),
        Some(last) if number > last.number => Ok(None),
        Some(last) if digest == last.request => Ok(Some(last)),
        Some(_) => Err(Code::NumberReused.into()),
    }
}

/// FAC-5: of this epoch, and of the live PIN's generation.
fn current_request(record: &Record, request: &Verify) -> Result<(), Refusal> {
    if request.store_epoch != record.store_epoch {
        return Err(Code::StoreEpoch.into());
    }
    if request.generation != record.generation {
        return Err(Code::Generation.into());
    }
    Ok(())
}

/// The change of the record that the request is for, if it is for one: then it is for this
/// server, in this channel, by a factor that is enough for it.
///
/// # Errors
/// [`Code::AssertionBind`] (CHG-2), [`Code::FactorNotAllowed`] (CHG-3).
fn operation(
    config: &Config,
    requester: &Requester,
    request: &Verify,
) -> Result<Option<Operation>, Refusal> {
    let Some(operation) = Operation::of(request.purpose) else {
        return Ok(None);
    };
    let input = BindInput::management(config.server, requester.channel(), request.purpose);
    if request.audience != config.server || request.bind != input.bind() {
        return Err(Code::AssertionBind.into());
    }
    if !operation.allows(request.factor, config) {
        return Err(Code::FactorNotAllowed.into());
    }
    Ok(Some(operation))
}

/// Asserts what was proved. The proof is the argument, so there is no assertion without one.
fn assert(
    request: &Verify,
    proof: &Verified<FactorProof>,
    subject: Pseudonym,
    now: UnixSeconds,
) -> Asserted {
    Asserted {
        audience: request.audience,
        assertion: Assertion {
            subject,
            bind: proof.bind,
            factor: request.factor,
            time: now,
            purpose: proof.purpose,
            expiry: now.plus(seconds::ASSERTION),
            id: assertion_id(proof.record, proof.request_number),
        },
    }
}

/// Leave for one change, in this channel and soon. The proof is the argument here too.
fn manage(
    operation: Operation,
    requester: &Requester,
    request: &Verify,
    _: &Verified<FactorProof>,
    now: UnixSeconds,
) -> Management {
    Management {
        operation,
        factor: request.factor,
        channel: requester.channel(),
        until: now.plus(seconds::MANAGEMENT),
    }
}

/// SHA-256 of the request. Its encoding is deterministic, so these are the bytes that came.
fn digest(request: &Verify) -> Result<Digest, Refusal> {
    let bytes = cbor::to_vec(request).map_err(|_| Code::Structure)?;
    Ok(Digest(sha256(&[&bytes])))
}
