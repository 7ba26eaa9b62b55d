//! Faults that change what a decision asks the store to write.

use countersign::error::{self, Code};
use countersign::factor::endpoint::Request;
use countersign::factor::{Budget, Management, Operation, Record, Write};
use countersign::registry::Factor;
use countersign::values::UnixSeconds;

use super::Fault;
use super::ground::Ground;

/// What is written under `fault` in place of `write`, which was decided for what was asked.
pub(in crate::adapter::factor) fn tampered(fault: Fault, asked: &Ground, write: &Write) -> Write {
    let Write::Replace { expected, record } = write else {
        return write.clone();
    };
    let before = asked.record.as_ref().unwrap_or(record);
    let mut record = record.clone();
    tamper(fault, asked, before, &mut record);
    Write::Replace {
        expected: *expected,
        record,
    }
}

fn tamper(fault: Fault, asked: &Ground, before: &Record, after: &mut Record) {
    let leaves = |operation, factor| Management {
        operation,
        factor,
        channel: asked.requester.channel(),
        until: UnixSeconds(u64::MAX),
    };
    let changes = matches!(
        asked.request,
        Request::SetPin(_) | Request::AddBiometric(_) | Request::RemoveBiometric(_)
    );
    match (fault, &asked.request) {
        (Fault::BiometricUse, Request::Verify(verify)) if verify.factor == Factor::Biometric => {
            after.budget = before.budget;
        }
        // Its key stood in the place of the PIN's while it was decided.
        (Fault::ChangeFactorAdd, Request::Verify(_)) => after.pin_key = before.pin_key,
        // It was registered for the decision only.
        (Fault::FactorNotRegistered, Request::Verify(_)) => after.biometric = before.biometric,
        (Fault::VerificationOutcome, Request::Verify(verify)) => {
            let operation = Operation::of(verify.purpose);
            after.verified = operation.map(|operation| leaves(operation, verify.factor));
        }
        (Fault::VerificationEndedByVerify, Request::Verify(verify))
            if Operation::of(verify.purpose).is_none() =>
        {
            after.verified = before.verified;
        }
        (Fault::VerificationUsedUp, _) if changes => after.verified = before.verified,
        (Fault::VerificationEndedByGone, Request::BiometricGone(_)) => {
            after.verified = before.verified;
        }
        (Fault::VerificationEndedByStatus, Request::AskStatus) => after.verified = before.verified,
        (Fault::BudgetByPinOnly, Request::SetPin(_)) => {
            after.budget = Budget::Since {
                last_pin: after.last_time,
                uses_without_pin: 0,
            };
        }
        (Fault::SetPinGeneration, Request::SetPin(set)) => after.generation = set.generation,
        (Fault::OldPinDead, Request::SetPin(_)) => after.pin_key = before.pin_key,
        _ => {}
    }
}

/// What is written with a refusal, which should write nothing.
pub(in crate::adapter::factor) fn of_refusal(
    fault: Fault,
    asked: &Ground,
    refusal: error::Refusal,
) -> Option<Write> {
    let before = asked.record.as_ref()?;
    if (fault, refusal.0) != (Fault::BiometricNotCounted, Code::WrongBiometric) {
        return None;
    }
    let mut record = before.clone();
    record.version = before.version.wrapping_add(1);
    record.lockout.failed_attempts = before.lockout.failed_attempts.saturating_add(1);
    Some(Write::Replace {
        expected: before.version,
        record,
    })
}
