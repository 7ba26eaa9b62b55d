//! What must hold, and what must be reachable so that it means something.
//!
//! Names begin with the invariant's or the requirement's number. Each is broken
//! by at least one of the [weakenings](super::weakenings).

use countersign::error::Code;
use countersign::factor::{Outcome, Write, status};
use countersign::messages::factor::RecordStatus;
use stateright::Property;

use super::Lockout;
use super::history::Fault;
use super::messages::{FIRST_EPOCH, Junk, Kind};
use super::promises::{L1, L2, QUIET};
use super::server::{Answer, Decided};
use super::state::{Backup, Replica, State};
use crate::clock;
use crate::report::Backs;

/// F1, LCK-3.
pub const F1: &str = "F1 no more than maxAttempts wrong PINs, and one per restore, are evaluated between two right ones";
/// F2, LCK-1, STO-2.
pub const F2: &str = "F2 a verdict leaves only after the committed record includes it";
/// F3.
pub const F3: &str = "F3 the count falls only in a commit with a verified PIN proof";
/// F4, FAC-3, FAC-4.
pub const F4: &str = "F4 a request is evaluated once, in order, and has one answer";
/// F5, FAC-1, FAC-5, FAC-6, FAC-9.
pub const F5: &str = "F5 what is malformed, stale or from another channel is never evaluated";
/// F6, LCK-5.
pub const F6: &str = "F6 while the count is full no PIN is evaluated";
/// The dual of F6: nobody is locked out too soon.
pub const F6_EXACT: &str = "F6 exact: blocked if and only if the count is full";
/// F7.
pub const F7: &str = "F7 nothing gives an attempt back";
/// The dual of F7: nothing is charged twice (LCK-3).
pub const F7_EXACT: &str = "F7 exact: nothing is charged but a wrong PIN, once";
/// F10.
pub const F10: &str = "F10 an assertion says only what the right PIN has proved";
/// VCH-4.
pub const VCH_4: &str = "VCH-4 a record that exists keeps its phone and its PIN";
/// LCK-6, on the server's side.
pub const LCK_6: &str = "LCK-6 every verdict shows the count as it is";
/// FAC-8.
pub const FAC_8: &str = "FAC-8 the time of commits never falls";
/// FAC-11.
pub const FAC_11: &str = "FAC-11 a record of another epoch is never evaluated as it is";

/// The requirements behind each, and behind each [promise](super::promises).
pub const BACKS: &[Backs] = &[
    (
        F1,
        &[
            "LCK-1", "LCK-2", "LCK-3", "LCK-4", "LCK-5", "RES-1", "STO-3",
        ],
    ),
    (F2, &["LCK-1", "LCK-2", "STO-2"]),
    (F3, &["LCK-1", "LCK-4"]),
    (F4, &["FAC-3", "FAC-4"]),
    (F5, &["FAC-1", "FAC-5", "FAC-6", "FAC-9"]),
    (F6, &["LCK-5"]),
    (F6_EXACT, &["LCK-3", "LCK-5"]),
    (F7, &["LCK-1", "LCK-2", "STO-1"]),
    (F7_EXACT, &["LCK-3", "FAC-4"]),
    (F10, &["FAC-4", "LCK-4", "STO-4"]),
    (VCH_4, &["VCH-3", "VCH-4"]),
    (LCK_6, &["LCK-6"]),
    (FAC_8, &["FAC-8"]),
    (FAC_11, &["FAC-11", "RES-1"]),
    (L1, &["LCK-2", "LCK-4", "FAC-7"]),
    (L2, &["FAC-4", "FAC-7"]),
    (QUIET, &["LCK-2", "STO-2"]),
];

/// All of them.
pub fn all(world: &Lockout) -> Vec<Property<Lockout>> {
    let mut all = vec![
        always(F1, |world, state| {
            let restores = state.store.epoch - FIRST_EPOCH;
            state.history.wrong <= world.max_attempts() + restores // RES-1
        }),
        sometimes("F1 reached: that many were", |world, state| {
            state.history.wrong == world.max_attempts()
        }),
        always(F2, |_, state| !state.history.has(Fault::EarlyVerdict)),
        sometimes(
            "F2 reached: a decision loses the race for its commit",
            is_losing,
        ),
        always(F3, |_, state| !state.history.has(Fault::FreeReset)),
        sometimes(
            "F3 reached: a right PIN after a wrong one resets",
            |_, state| answers(state).any(is_wrong) && failed_attempts(state) == Some(0),
        ),
        always(F4, |_, state| {
            !state.history.has(Fault::EvaluatedAgain) && !state.history.has(Fault::TwoAnswers)
        }),
        sometimes("F4 reached: a success is repeated", |world, state| {
            world.decided(state).any(|(_, decided)| match decided {
                Decided::Repeat(answered) => matches!(answered.outcome, Outcome::Right(_)),
                _ => false,
            })
        }),
        sometimes(
            "F4 reached: an old right PIN is refused after a wrong one",
            |world, state| {
                state.history.wrong > 0 && world.refuses(state, Kind::Right(1), Code::NumberTooLow)
            },
        ),
        sometimes(
            "F4 reached: a number is refused for other bytes",
            |world, state| world.refuses(state, Kind::Guess(1), Code::NumberReused),
        ),
        always(F5, |_, state| !state.history.has(Fault::JunkEvaluated)),
        sometimes(
            "F5 reached: a malformed proof is refused",
            |world, state| {
                world.refuses(state, Kind::Junk(Junk::Malformed), Code::SignatureMalformed)
            },
        ),
        sometimes(
            "F5 reached: another generation is refused",
            |world, state| {
                world.refuses(state, Kind::Junk(Junk::OtherGeneration), Code::Generation)
            },
        ),
        sometimes("F5 reached: another epoch is refused", |world, state| {
            world.refuses(state, Kind::Junk(Junk::OtherEpoch), Code::StoreEpoch)
        }),
        sometimes("F5 reached: another factor is refused", |world, state| {
            world.refuses(
                state,
                Kind::Junk(Junk::Biometric),
                Code::FactorNotRegistered,
            )
        }),
        sometimes("F5 reached: another channel is refused", |world, state| {
            world.refuses(state, Kind::Junk(Junk::OthersChannel), Code::UnknownRecord)
        }),
        always(F6, |_, state| {
            !state.history.has(Fault::EvaluatedWhileBlocked)
        }),
        sometimes(
            "F6 reached: the right PIN comes too late",
            |world, state| {
                world.decided(state).any(|(kind, decided)| {
                    kind.is_right() && matches!(outcome(decided), Some(Outcome::Blocked))
                })
            },
        ),
        always(F6_EXACT, |world, state| {
            let full = state.history.count >= world.max_attempts();
            !state.history.has(Fault::BlockedTooSoon)
                && current(world, state).is_none_or(|status| status.blocked == full)
        }),
        sometimes("F6 exact reached: one attempt is left", |world, state| {
            current(world, state).is_some_and(|status| !status.blocked)
                && state.history.wrong + 1 == world.max_attempts()
        }),
        always(F7, |world, state| {
            current(world, state).is_none_or(|status| status.failed_attempts >= state.history.count)
        }),
        sometimes(
            "F7 reached: a crash takes the answer, not the charge",
            |_, state| state.history.wrong > 0 && state.replicas.contains(&Replica::Down),
        ),
        sometimes(
            "F7 reached: a second CREATE is refused after a wrong PIN",
            |world, state| {
                state.history.wrong > 0
                    && world.refuses(state, Kind::ThiefsCreate, Code::RecordExists)
            },
        ),
        always(F7_EXACT, |world, state| {
            current(world, state).is_none_or(|status| status.failed_attempts <= state.history.count)
        }),
        sometimes(
            "F7 exact reached: a wrong PIN is repeated",
            |world, state| {
                world.decided(state).any(|(_, decided)| match decided {
                    Decided::Repeat(answered) => answered.outcome == Outcome::Wrong,
                    _ => false,
                })
            },
        ),
        always(F10, |_, state| !state.history.has(Fault::FalseAssertion)),
        sometimes("F10 reached: an assertion is made", |_, state| {
            answers(state).any(|outcome| matches!(outcome, Outcome::Right(_)))
        }),
        always(VCH_4, |_, state| !state.history.has(Fault::RecordTakenOver)),
        sometimes(
            "VCH-4 reached: two servers create the record",
            |world, state| {
                let creating =
                    |(_, decided): (Kind, &Decided)| matches!(decided, Decided::Create(_));
                world.decided(state).filter(|each| creating(*each)).count() == 2
            },
        ),
        always(LCK_6, |_, state| !state.history.has(Fault::WrongCountShown)),
        sometimes("LCK-6 reached: a verdict shows some", |_, state| {
            answers(state).any(is_wrong)
        }),
        always(FAC_8, |_, state| !state.history.has(Fault::TimeFell)),
        sometimes("FAC-8 reached: a slower clock commits last", |_, state| {
            state.store.record.is_some_and(|record| record.version > 1)
                && matches!(state.replicas, [Replica::Idle, Replica::Answering(..)])
        }),
        always(FAC_11, |_, state| {
            !state.history.has(Fault::OtherEpochEvaluated)
        }),
    ];
    if world.bounds.restores {
        all.push(sometimes(
            "FAC-11 reached: a request from before the restore is refused",
            |world, state| {
                state.store.backup == Backup::Restored
                    && world.refuses(state, Kind::Guess(2), Code::StoreEpoch)
            },
        ));
        all.push(sometimes(
            "RES-1 reached: a restore gives one attempt back",
            |world, state| state.history.wrong > world.max_attempts(),
        ));
    }
    all
}

type Condition = fn(&Lockout, &State) -> bool;

fn always(name: &'static str, condition: Condition) -> Property<Lockout> {
    Property::always(name, condition)
}

fn sometimes(name: &'static str, condition: Condition) -> Property<Lockout> {
    Property::sometimes(name, condition)
}

impl Lockout {
    /// What the replicas have decided and not yet acted on.
    fn decided<'s>(&'s self, state: &'s State) -> impl Iterator<Item = (Kind, &'s Decided)> {
        state.replicas.iter().filter_map(|replica| match replica {
            Replica::Decided(message, decided) => Some((self.message(*message).kind, &**decided)),
            Replica::Idle | Replica::Read(..) | Replica::Answering(..) | Replica::Down => None,
        })
    }

    /// Whether a server that reads this request now refuses it with this code.
    fn refuses(&self, state: &State, kind: Kind, code: Code) -> bool {
        let message = self.id_of(kind);
        state.network.has(message)
            && match &*self.decision(&state.store, state.store.record, message, 0) {
                Decided::Refused(refusal) => refusal.0 == code,
                Decided::Create(_) | Decided::Verify(_) | Decided::Repeat(_) => false,
            }
    }
}

/// A decision whose commit will be in conflict.
fn is_losing(world: &Lockout, state: &State) -> bool {
    world.decided(state).any(|(_, decided)| match decided {
        Decided::Verify(commit) => match commit.write() {
            Write::Replace { expected, .. } => state
                .store
                .record
                .is_some_and(|record| record.version != *expected),
            Write::Insert { .. } => false,
        },
        Decided::Create(_) | Decided::Repeat(_) | Decided::Refused(_) => false,
    })
}

/// What a VERIFY will come to, if its commit succeeds.
fn outcome(decided: &Decided) -> Option<Outcome> {
    match decided {
        Decided::Verify(commit) => match commit.write() {
            Write::Replace { record, .. } => record.last.map(|last| last.outcome),
            Write::Insert { .. } => None,
        },
        Decided::Create(_) | Decided::Repeat(_) | Decided::Refused(_) => None,
    }
}

/// The answers that were committed so far.
fn answers(state: &State) -> impl Iterator<Item = Outcome> {
    state
        .history
        .answers
        .iter()
        .flatten()
        .filter_map(|answer| match &**answer {
            Answer::Verdict(answered, _) => Some(answered.outcome),
            Answer::Status(_) => None,
        })
}

fn is_wrong(outcome: Outcome) -> bool {
    outcome == Outcome::Wrong
}

fn failed_attempts(state: &State) -> Option<u32> {
    let record = state.store.record?;
    Some(record.lockout.failed_attempts)
}

/// The status of the record, as the shipped function tells it, unless the record came out of a backup.
fn current(world: &Lockout, state: &State) -> Option<RecordStatus> {
    let record = state.store.record?;
    if record.store_epoch != state.store.epoch {
        return None;
    }
    status(world.config(state.store.epoch), Some(&record), clock::NOW).record
}
