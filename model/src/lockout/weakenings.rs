//! The factor server and its store, each time without one guard.

use std::num::NonZeroU32;

use countersign::crypto::Signature;
use countersign::factor::{Answered, Lockout as Count, Record};
use countersign::messages::factor::Verify;
use countersign::registry::Factor;
use countersign::values::UnixSeconds;
use countersign::verified::Verified;

use super::messages;
use super::server::{Facts, is_answer_to};
use super::{Bounds, Lockout, properties as p};
use crate::cast;
use crate::network::opened;
use crate::weaken::Expected::{self, Broken, Harmless};
use crate::weaken::Weakened;

/// Which guard is missing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Weak {
    /// The store replaces without comparing versions.
    BlindReplace,
    /// The store inserts over what is there.
    BlindInsert,
    /// The same, and the server does not look for a record either.
    CreateAnew,
    /// The store may show the record as it was before its last commit.
    StaleReads,
    /// The verdict leaves before the commit.
    ReplyBeforeCommit,
    /// The verdict leaves although the commit was in conflict.
    ReplyAfterConflict,
    /// The answer is committed, the count in a second transaction after it left.
    ChargeAfterReply,
    /// The last answer is not remembered.
    ForgetAnswers,
    /// The last number is taken again for other bytes.
    TakeReusedNumbers,
    /// Lower numbers are taken.
    TakeLowerNumbers,
    /// The count is not asked before a PIN is evaluated.
    EvaluateWhileBlocked,
    /// The record is looked up by what the request says, not by its channel.
    TakeAnyChannel,
    /// Malformed proofs count as wrong PINs.
    CountMalformed,
    /// The generation is not compared.
    TakeAnyGeneration,
    /// The epoch is not compared.
    TakeAnyEpoch,
    /// Any factor is taken for a PIN.
    TakeAnyFactor,
    /// Decisions are dated by the server's own clock alone.
    OwnClock,
    /// The epoch is not raised on restore.
    RestoreInSameEpoch,
    /// The servers run on while the store is restored.
    RestoreWhileRunning,
    /// A server does not learn of the new epoch.
    OldConfiguration,
    /// The backup is older than the record.
    BackupBeforeRecord,
    /// The last attempt is never given.
    BlockTooSoon,
    /// A decision that lost the race is charged.
    ChargeConflicts,
    /// The verdict shows the count from before.
    ShowOldCount,
    /// The version stays the same from commit to commit.
    KeepVersion,
    /// A record that is blocked is set back to zero by the next request.
    ResetWhenBlocked,
}

impl Weak {
    /// What the server hands to the transition function in place of what it read.
    pub fn facts(weak: Option<Self>, mut facts: Facts, request: &Verify) -> Facts {
        let Some(weak) = weak else { return facts };
        let owners = messages::owners_requester();
        let record = facts.record.as_mut();
        match (weak, record) {
            (Self::TakeReusedNumbers, Some(record)) => {
                let reused = |last: &_| {
                    record.last_number() == request.request_number && !is_answer_to(last, request)
                };
                if record.last.as_ref().is_some_and(reused) {
                    record.last = None;
                }
            }
            (Self::TakeLowerNumbers, Some(record))
                if request.request_number < record.last_number() =>
            {
                record.last = None;
            }
            (Self::EvaluateWhileBlocked, _) => facts.config.max_attempts = NonZeroU32::MAX,
            (Self::BlockTooSoon, Some(record)) => {
                let fewer = NonZeroU32::new(facts.config.max_attempts.get() - 1);
                if record.lockout.failed_attempts + 1 == facts.config.max_attempts.get() {
                    facts.config.max_attempts = fewer.unwrap_or(NonZeroU32::MIN);
                }
            }
            (Self::TakeAnyChannel, _) => facts.requester = owners,
            (Self::TakeAnyGeneration, Some(record)) => record.generation = request.generation,
            (Self::TakeAnyEpoch, Some(record)) => {
                record.store_epoch = request.store_epoch;
                facts.config.store_epoch = request.store_epoch;
            }
            (Self::OwnClock, Some(record)) => record.last_time = UnixSeconds(0),
            (Self::OldConfiguration, _) => facts.config.store_epoch = messages::FIRST_EPOCH,
            _ => {}
        }
        facts
    }

    /// What it hands over in place of the request.
    pub fn request(weak: Option<Self>, request: &Verified<Verify>) -> Verified<Verify> {
        let altered = match weak {
            Some(Self::CountMalformed) if request.proof == cast::NO_SIGNATURE => Verify {
                proof: Signature([1; 64]),
                ..Verify::clone(request)
            },
            Some(Self::TakeAnyFactor) => Verify {
                factor: Factor::Pin,
                ..Verify::clone(request)
            },
            _ => return request.clone(),
        };
        opened(cast::OWNERS_PHONE, &altered)
    }

    /// What it stores in place of the record that was decided.
    pub fn stored(weak: Option<Self>, before: Option<&Record>, decided: Record) -> Record {
        match (weak, before) {
            (Some(Self::KeepVersion), Some(before)) => Record {
                version: before.version,
                ..decided
            },
            (Some(Self::ResetWhenBlocked), Some(before)) if before.lockout == decided.lockout => {
                Self::charged(&decided, 0)
            }
            (Some(Self::ForgetAnswers), _) => Record {
                last: None,
                ..decided
            },
            (Some(Self::ChargeAfterReply), Some(before))
                if before.lockout.failed_attempts < decided.lockout.failed_attempts =>
            {
                Record {
                    lockout: before.lockout,
                    ..decided
                }
            }
            _ => decided,
        }
    }

    /// What is said in place of what was answered.
    pub fn said(weak: Option<Self>, before: Option<&Record>, answered: Answered) -> Answered {
        match (weak, before) {
            (Some(Self::ShowOldCount), Some(before)) => Answered {
                failed_attempts: before.lockout.failed_attempts,
                ..answered
            },
            _ => answered,
        }
    }

    /// The record, charged in a transaction of its own.
    pub fn charged(record: &Record, failed_attempts: u32) -> Record {
        Record {
            lockout: Count {
                failed_attempts,
                ..record.lockout
            },
            ..record.clone()
        }
    }
}

/// Every weakening, by name.
pub fn all() -> Vec<Weakened<Lockout>> {
    macro_rules! weakened {
        ($($name:literal $weak:ident $bounds:ident $change:literal $expected:expr;)+) => {
            vec![$(Weakened {
                name: $name,
                change: $change,
                expected: const { $expected },
                model: || Lockout::new(Bounds::$bounds, Some(Weak::$weak)),
            }),+]
        };
    }
    weakened! {
        "blind-replace" BlindReplace SMALL
            "the store replaces the record without comparing its version" Broken(p::F7);
        "blind-insert" BlindInsert SMALL
            "the store inserts a record over the one that is there" Broken(p::F3);
        "create-anew" CreateAnew SMALL
            "CREATE does not look for a record, and the store inserts over it" Broken(p::VCH_4);
        "keep-version" KeepVersion SMALL
            "a commit does not change the version" Broken(p::F7);
        "reset-when-blocked" ResetWhenBlocked SMALL
            "a blocked record is set back by the next request" Broken(p::F3);
        "stale-reads" StaleReads SMALL
            "the store may show the record as it was before its last commit" STALE;
        "reply-before-commit" ReplyBeforeCommit SMALL
            "the verdict leaves before its commit" Broken(p::F2);
        "reply-after-conflict" ReplyAfterConflict SMALL
            "the verdict leaves although its commit was in conflict" Broken(p::F2);
        "charge-after-reply" ChargeAfterReply SMALL
            "the count is committed after the answer has left" Broken(p::F7);
        "forget-answers" ForgetAnswers SMALL
            "the last answer is not remembered" Broken(p::F4);
        "take-reused-numbers" TakeReusedNumbers SMALL
            "the last number is taken again for other bytes" Broken(p::F4);
        "take-lower-numbers" TakeLowerNumbers SMALL
            "a number below the last is taken" Broken(p::F4);
        "evaluate-while-blocked" EvaluateWhileBlocked SMALL
            "a PIN is evaluated whatever the count is" Broken(p::F6);
        "take-any-channel" TakeAnyChannel SMALL
            "the record is not looked up by the key of the channel" Broken(p::F5);
        "count-malformed" CountMalformed SMALL
            "a proof that is no signature counts as a wrong PIN" Broken(p::F5);
        "take-any-generation" TakeAnyGeneration SMALL
            "the generation is not compared" Broken(p::F5);
        "take-any-epoch" TakeAnyEpoch SMALL
            "the store's epoch is not compared" Broken(p::F5);
        "take-any-factor" TakeAnyFactor SMALL
            "every factor is taken for a PIN" Broken(p::F5);
        "own-clock" OwnClock SMALL
            "a decision is dated by the server's own clock alone" Broken(p::FAC_8);
        "restore-in-same-epoch" RestoreInSameEpoch SMALL_RESTORED
            "the epoch is not raised when a backup is restored" Broken(p::F1);
        "restore-while-running" RestoreWhileRunning SMALL_RESTORED
            "the servers run on while a backup is restored" Broken(p::F1);
        "old-configuration" OldConfiguration SMALL_RESTORED
            "the servers do not learn of the new epoch" Broken(p::FAC_11);
        "backup-before-record" BackupBeforeRecord SMALL_RESTORED
            "the backup is older than the record" Broken(p::F10);
        "block-too-soon" BlockTooSoon SMALL
            "the last attempt is never given" Broken(p::F6_EXACT);
        "charge-conflicts" ChargeConflicts SMALL
            "a decision that lost the race is charged" Broken(p::F7_EXACT);
        "show-old-count" ShowOldCount SMALL
            "the verdict shows the count from before it" Broken(p::LCK_6);
    }
}

const STALE: Expected = Harmless(
    "what was decided on an old record loses the compare-and-swap; what is repeated from it was committed",
);
