//! STATUS: what a device may know of its record (protocol.md, section 8.5).

use super::{Commit, Config, Decision, Record, Requester};
use crate::error::{Code, Refusal};
use crate::messages::factor::{RecordStatus, Status};
use crate::values::{Type, UnixSeconds};

/// Answers a device that asks for its status, and each that has just connected (STA-1).
///
/// `record` is what the store has under [`Requester::record`]. A verification under way ends with
/// the answer, so that no change of the record can be committed after it (STA-2): if there was
/// one, the answer waits for the commit.
///
/// # Errors
/// [`Code::StoreEpoch`] for a record of a later epoch (FAC-11): this replica may not end what is
/// under way, so it may not answer either.
pub fn decide_status(
    config: &Config,
    record: Option<&Record>,
    requester: &Requester,
    now: UnixSeconds,
) -> Result<Decision<Status>, Refusal> {
    let Some(record) = record.filter(|record| requester.owns(record)) else {
        return Ok(Decision::Repeat(status(config, None, now))); // FAC-1
    };
    if record.store_epoch > config.store_epoch {
        return Err(Code::StoreEpoch.into());
    }
    let now = now.max(record.last_time); // FAC-8
    let after = Record {
        verified: None,
        ..record.adopted(config)
    };
    if after == *record {
        return Ok(Decision::Repeat(status(config, Some(record), now)));
    }
    Ok(Decision::Commit(change(config, record, after, now)))
}

/// The commit of a changed record, answered with its status.
pub(super) fn change(
    config: &Config,
    before: &Record,
    after: Record,
    now: UnixSeconds,
) -> Commit<Status> {
    let status = status(config, Some(&after), now);
    Commit::replace(before, after, now, status)
}

/// The state of a device's record, or that it has none, as a device may see it at `now`.
/// Servers answer with [`decide_status`].
pub fn status(config: &Config, record: Option<&Record>, now: UnixSeconds) -> Status {
    Status {
        ty: Type,
        store_epoch: config.store_epoch,
        max_attempts: config.max_attempts.get(),
        record: record.map(|record| RecordStatus {
            generation: record.generation,
            request_number: record.last_number(),
            failed_attempts: record.lockout.failed_attempts,
            blocked: record.lockout.is_blocked(config.max_attempts),
            delay_s: config.policy.delay_s(record.lockout, now),
            biometrics: record.biometric.is_some(),
            pin_needed: record.pin_needed(config, now),
        }),
    }
}
