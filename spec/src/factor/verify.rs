//! VERIFY: is the PIN behind this device right? (protocol.md, section 8.3)

use super::{Answered, Blocked, Commit, Config, Lockout, Outcome, Record, Requester, Write};
use crate::cbor;
use crate::cose::{self, CoseError};
use crate::crypto::{SignatureError, Verifier, sha256};
use crate::error::{Code, Refusal};
use crate::messages::factor::{Assertion, FactorProof, Verify, assertion_id};
use crate::registry::{Factor, seconds};
use crate::values::{Digest, Pseudonym, UnixSeconds};
use crate::verified::Verified;

/// What a request comes to, unless it is refused.
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is the common one, and short-lived"
)]
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Decision {
    /// It is the last request again: its committed answer again, nothing to commit.
    Repeat(Answered),
    /// It was evaluated, or the record is blocked: the answer leaves after the commit.
    Commit(Commit<Answered>),
}

/// Decides a VERIFY that came through `requester`'s channel.
///
/// `record` is what the store has under [`Requester::record`]; `subject` is the
/// record's pseudonym towards the request's audience
/// ([`pseudonym`](crate::messages::factor::pseudonym)). The checks are made in the
/// order of FAC-2: whatever is refused was not evaluated and counts nothing.
///
/// # Errors
/// [`Refusal`], in this order: [`Code::UnknownRecord`], [`Code::NumberTooLow`],
/// [`Code::NumberReused`], [`Code::StoreEpoch`], [`Code::Generation`],
/// [`Code::FactorNotRegistered`], and unless the record is blocked
/// [`Code::SignatureMalformed`].
pub fn decide_verify<V: Verifier>(
    config: &Config,
    record: Option<&Record>,
    requester: &Requester,
    request: &Verified<Verify>,
    subject: Pseudonym,
    now: UnixSeconds,
    verifier: &V,
) -> Result<Decision, Refusal> {
    let record = record.filter(|record| requester.owns(record)); // FAC-1
    let record = record.ok_or(Code::UnknownRecord)?; // FAC-10
    let digest = digest(request)?;
    if let Some(answered) = repeated(record, request, digest)? {
        return Ok(Decision::Repeat(answered));
    }
    current_epoch(config, record, request)?;
    current_generation(record, request)?;
    registered_factor(request)?;
    let now = now.max(record.last_time); // FAC-8
    let (lockout, outcome) = match record.lockout.admit(config.max_attempts) {
        Err(Blocked) => (record.lockout, Outcome::Blocked),
        Ok(attempt) => match check_proof(record, request, verifier)? {
            Proof::Right(proof) => {
                let assertion = assert(config, request, &proof, subject, now);
                (attempt.right(&proof), Outcome::Right(assertion))
            }
            Proof::Wrong => (attempt.wrong(), Outcome::Wrong),
        },
    };
    Ok(Decision::Commit(answer(
        config, record, request, digest, lockout, outcome, now,
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

/// FAC-5. A record that another epoch wrote came out of a backup, or this
/// replica has an old configuration: either could give attempts back (FAC-11).
fn current_epoch(config: &Config, record: &Record, request: &Verify) -> Result<(), Refusal> {
    if request.store_epoch != config.store_epoch || record.store_epoch != config.store_epoch {
        return Err(Code::StoreEpoch.into());
    }
    Ok(())
}

/// FAC-5.
fn current_generation(record: &Record, request: &Verify) -> Result<(), Refusal> {
    if request.generation != record.generation {
        return Err(Code::Generation.into());
    }
    Ok(())
}

/// FAC-9.
fn registered_factor(request: &Verify) -> Result<(), Refusal> {
    match request.factor {
        Factor::Pin => Ok(()),
        Factor::Biometric => Err(Code::FactorNotRegistered.into()),
    }
}

/// What a well-formed proof shows.
enum Proof {
    Right(Verified<FactorProof>),
    Wrong,
}

/// Evaluates the proof.
///
/// # Errors
/// [`Code::SignatureMalformed`] (FAC-6): no PIN makes such bytes, so they are no guess.
fn check_proof<V: Verifier>(
    record: &Record,
    request: &Verify,
    verifier: &V,
) -> Result<Proof, Refusal> {
    let statement = FactorProof {
        record: record.id,
        store_epoch: record.store_epoch,
        generation: record.generation,
        request_number: request.request_number,
        purpose: request.purpose,
        bind: request.bind,
    };
    match cose::verify_detached(statement, &(), &record.pin_key, &request.proof, verifier) {
        Ok(proof) => Ok(Proof::Right(proof)),
        Err(CoseError::Signature(SignatureError::Mismatch)) => Ok(Proof::Wrong),
        Err(error) => Err(error.into()),
    }
}

/// Asserts what was proved. The proof is the argument, so there is no assertion without one.
fn assert(
    config: &Config,
    request: &Verify,
    proof: &Verified<FactorProof>,
    subject: Pseudonym,
    now: UnixSeconds,
) -> Assertion {
    Assertion {
        issuer: config.server,
        subject,
        audience: request.audience,
        bind: proof.bind,
        factor: request.factor,
        time: now,
        purpose: proof.purpose,
        expiry: now.plus(seconds::ASSERTION),
        id: assertion_id(proof.record, proof.request_number),
    }
}

/// The record after the decision, and the answer that it remembers.
fn answer(
    config: &Config,
    record: &Record,
    request: &Verify,
    digest: Digest,
    lockout: Lockout,
    outcome: Outcome,
    now: UnixSeconds,
) -> Commit<Answered> {
    let answered = Answered {
        number: request.request_number,
        request: digest,
        outcome,
        failed_attempts: lockout.failed_attempts,
        max_attempts: config.max_attempts,
    };
    let after = Record {
        version: record.version.wrapping_add(1), // only ever compared for equality
        lockout,
        last: Some(answered),
        last_time: now,
        ..record.clone()
    };
    Commit::new(
        Write::Replace {
            expected: record.version,
            record: after,
        },
        answered,
    )
}

/// SHA-256 of the request. Its encoding is deterministic, so these are the bytes that came.
fn digest(request: &Verify) -> Result<Digest, Refusal> {
    let bytes = cbor::to_vec(request).map_err(|_| Code::Structure)?;
    Ok(Digest(sha256(&[&bytes])))
}
