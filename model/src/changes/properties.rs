//! What must hold, and what must be reachable so that it means something.

use countersign::factor::{Outcome, status};
use countersign::messages::factor::RecordStatus;
use stateright::Property;

use super::Changes;
use super::history::Fault;
use super::messages::{Ask, By, Errand, Kind, OTHERS, THIEFS, pin_of};
use super::promises::{L3, L4, QUIET};
use super::server::{self, Decided, replacement};
use super::state::{Line, Stage, State};
use crate::report::Backs;

/// F3.
pub const F3: &str =
    "F3 the count falls only with a verified PIN, a biometric within its budget, or a new PIN";
/// F5: a phone that shares nothing with this one.
pub const F5: &str = "F5 a request through the channel of another phone changes nothing";
/// F7, both ways.
pub const F7: &str = "F7 exact: the count is that of the wrong PINs since the last reset";
/// F8.
pub const F8: &str = "F8 between two right PINs at most maxAttempts x (1 + budget) are guessed";
/// F9, both ways.
pub const F9: &str =
    "F9 a biometric within its budget resets the count, and one beyond it changes nothing";
/// The dual of F9.
pub const F9_EXACT: &str =
    "F9 exact: the PIN is needed if and only if there is no biometric or no budget";
/// F10.
pub const F10: &str = "F10 only the live PIN and the registered biometric are ever right";
/// F11, CHG-3.
pub const F11: &str =
    "F11 a biometric alone adds no biometric, and sets no PIN unless the operator allows it";
/// P1.
pub const P1: &str = "P1 exactly one PIN generation verifies, the owner's";
/// P2.
pub const P2: &str = "P2 generations rise one by one, with a new PIN";
/// P2, CHG-4.
pub const CHG_4: &str = "CHG-4 each change follows a verification of its own, in its channel and time, and nothing comes between";
/// P3, STA-2.
pub const P3: &str = "P3 a device that has seen its status knows which PIN is live";
/// CHG-1.
pub const CHG_1: &str =
    "CHG-1 a verification for a change comes without an assertion, and no other does";
/// CHG-5 to CHG-7.
pub const CHG_6: &str = "CHG-6 a change does what it says, and nothing else";

/// The requirements behind each, and behind each [promise](super::promises).
pub const BACKS: &[Backs] = &[
    (F3, &["LCK-4", "BIO-3", "CHG-5"]),
    (F5, &["FAC-1", "FAC-10"]),
    (F7, &["LCK-1", "LCK-2", "LCK-3", "LCK-4", "CHG-5"]),
    (F8, &["BUD-1", "BUD-3", "LCK-3", "LCK-5"]),
    (F9, &["BIO-3", "BUD-1", "BUD-3"]),
    (F9_EXACT, &["BUD-1", "BUD-3"]),
    (F10, &["FAC-5", "FAC-9", "BIO-1"]),
    (F11, &["CHG-3"]),
    (P1, &["CHG-5", "CHG-8", "FAC-5", "VCH-5"]),
    (P2, &["CHG-5"]),
    (CHG_4, &["CHG-1", "CHG-2", "CHG-4", "STA-2"]),
    (P3, &["STA-1", "STA-2", "STO-2", "DEV-12"]),
    (CHG_1, &["CHG-1"]),
    (CHG_6, &["CHG-5", "CHG-6", "CHG-7"]),
    (L3, &["BIO-3", "BUD-1"]),
    (L4, &["STA-1", "STA-2", "CHG-5"]),
    (QUIET, &["LCK-2", "STO-2"]),
];

/// All of them.
pub fn all(world: &Changes) -> Vec<Property<Changes>> {
    let mut all = vec![
        always(F3, |_, state| !state.history.has(Fault::FreeReset)),
        sometimes("F3 reached: a biometric unblocks", |world, state| {
            is_blocked(world, state) && proves_by(world, state, By::Finger)
        }),
        always(F5, |_, state| !state.history.has(Fault::OtherPhone)),
        sometimes("F5 reached: another phone is refused", |world, state| {
            let kind = Kind {
                line: OTHERS,
                ask: Ask::Gone,
            };
            let decided = world.decision(state, world.universe.id(kind));
            state.thief && matches!(*decided, Decided::Refused(_))
        }),
        always(F7, |_, state| {
            state.record.lockout.failed_attempts == u32::from(state.history.count)
        }),
        sometimes("F7 reached: two decisions race", |world, state| {
            let decided = |line: &&Line| match line {
                Line::Decided(_, decided) => !world.is_in_conflict(state, decided),
                _ => false,
            };
            state.lines.iter().filter(decided).count() == 2
        }),
        always(F8, |world, state| guesses(state) <= most_guesses(world)),
        sometimes(
            "F8 reached: a biometric reset the count after a guess",
            |world, state| {
                guesses(state) > 0 && state.history.uses > 0 && !is_blocked(world, state)
            },
        ),
        always(F9, |_, state| {
            !state.history.has(Fault::OverBudget) && !state.history.has(Fault::NoReset)
        }),
        sometimes("F9 reached: the budget is spent", |world, state| {
            state.history.uses == world.bounds.budget && state.record.biometric.is_some()
        }),
        always(F9_EXACT, |world, state| {
            let has_finger = state.record.biometric.is_some();
            let has_budget = state.history.uses < world.bounds.budget;
            current(world, state).is_none_or(|shown| shown.pin_needed != (has_finger && has_budget))
        }),
        sometimes(
            "F9 exact reached: a PIN begins a new budget",
            |world, state| {
                state.history.uses == world.bounds.budget && proves_by(world, state, By::Pin)
            },
        ),
        always(F10, |_, state| !state.history.has(Fault::FalseProof)),
        sometimes(
            "F10 reached: a wrong biometric is refused",
            |world, state| {
                let kind = Kind {
                    line: THIEFS,
                    ask: Ask::Verify(By::WrongFinger, Errand::Login, 1, 1),
                };
                let decided = world.decision(state, world.universe.id(kind));
                state.thief
                    && state.record.last.is_none()
                    && matches!(*decided, Decided::Refused(_))
            },
        ),
        always(F11, |_, state| !state.history.has(Fault::ManagedByFinger)),
        sometimes(
            "F11 reached: a biometric is verified to be removed",
            |world, state| {
                state.lines.iter().any(|line| match line {
                    Line::Decided(id, _) => matches!(
                        world.universe.get(*id).kind.ask,
                        Ask::Verify(By::Finger, Errand::Change(_), ..)
                    ),
                    _ => false,
                })
            },
        ),
        always(P1, |world, state| {
            let live = state.record.generation;
            !state.history.has(Fault::Unpossessed)
                && (1..=world.bounds.generations).all(|generation| {
                    let is_live = u32::from(generation) == live && !is_blocked(world, state);
                    verifies(world, state, generation) == is_live
                })
        }),
        sometimes("P1 reached: the second PIN is live", |_, state| {
            state.record.generation == 2 && state.record.pin_key == pin_of(2)
        }),
        always(P2, |_, state| !state.history.has(Fault::GenerationJumped)),
        sometimes("P2 reached: a new PIN is decided", |world, state| {
            state.lines.iter().any(|line| match line {
                Line::Decided(id, _) => {
                    matches!(world.universe.get(*id).kind.ask, Ask::SetPin(..))
                }
                _ => false,
            })
        }),
        always(CHG_4, |_, state| !state.history.has(Fault::WithoutLeave)),
        sometimes(
            "CHG-4 reached: a thief ends the owner's verification",
            |_, state| {
                matches!(state.device.stage, Stage::Verified(_)) && state.record.verified.is_none()
            },
        ),
        always(P3, |_, state| {
            let shown = u32::from(state.device.generation);
            match state.device.stage {
                Stage::Ready | Stage::Verifying | Stage::Verified(_) => {
                    shown == state.record.generation
                }
                Stage::Connecting | Stage::Changing | Stage::Refused => true,
            }
        }),
        sometimes(
            "P3 reached: a change of a channel that was left loses its race",
            |world, state| {
                state.device.stage == Stage::Ready
                    && matches!(state.lines[0], Line::Decided(_, decided)
                    if matches!(*decided, Decided::Change(_)) && world.is_in_conflict(state, &decided))
            },
        ),
        sometimes(
            "P3 reached: a new PIN is committed and its answer lost",
            |_, state| {
                state.device.stage == Stage::Connecting
                    && u32::from(state.device.generation) < state.record.generation
            },
        ),
        always(CHG_1, |_, state| !state.history.has(Fault::WrongAssertion)),
        sometimes(
            "CHG-1 reached: a factor is verified for a change",
            |_, state| state.history.leave.is_some(),
        ),
        always(CHG_6, |_, state| !state.history.has(Fault::WrongChange)),
        sometimes("CHG-6 reached: a biometric is added again", |_, state| {
            let last = state.record.last.map(|last| last.outcome);
            state.record.biometric.is_some()
                && state.device.stage == Stage::Changing
                && last == Some(Outcome::Managed)
                && state.record.verified.is_none()
                && state.record.generation == 1
        }),
    ];
    if world.bounds.has_faults {
        all.push(sometimes(
            "P2 reached: a device skips a generation",
            |world, state| {
                matches!(state.own_line(), Line::Asked(id) if matches!(
                    world.universe.get(id).kind.ask,
                    Ask::SetPin(super::NewPin::Skipping, _)
                ))
            },
        ));
        all.push(sometimes(
            "CHG-4 reached: a change comes without a verification",
            |_, state| state.device.stage == Stage::Refused && state.record.generation == 1,
        ));
    }
    if world.bounds.numbers > 2 {
        all.push(sometimes(
            "F8 reached: that many were guessed",
            |world, state| guesses(state) == most_guesses(world),
        ));
    }
    all
}

type Condition = fn(&Changes, &State) -> bool;

fn always(name: &'static str, condition: Condition) -> Property<Changes> {
    Property::always(name, condition)
}

fn sometimes(name: &'static str, condition: Condition) -> Property<Changes> {
    Property::sometimes(name, condition)
}

/// Whether PIN entry is blocked.
pub(super) fn is_blocked(world: &Changes, state: &State) -> bool {
    let lockout = state.record.lockout;
    lockout.is_blocked(world.bounds.max_attempts)
}

/// Whether the owner's PIN of this generation would be right now, under a number that nobody has used.
fn verifies(world: &Changes, state: &State, generation: u8) -> bool {
    let number = world.bounds.numbers + 1;
    let kind = Kind {
        line: 0,
        ask: Ask::Verify(By::Pin, Errand::Login, number, generation),
    };
    let decided = world.decision(state, world.universe.id(kind));
    let after = replacement(&decided).and_then(|(_, after)| after.last);
    after.is_some_and(|last| matches!(last.outcome, Outcome::Right(_)))
}

/// Whether a commit of that factor, found right, is about to happen.
fn proves_by(world: &Changes, state: &State, wanted: By) -> bool {
    state.lines.iter().any(|line| match line {
        Line::Decided(id, decided) => match world.universe.get(*id).kind.ask {
            Ask::Verify(by, ..) => by == wanted && !world.is_in_conflict(state, decided),
            _ => false,
        },
        _ => false,
    })
}

fn guesses(state: &State) -> u32 {
    state.history.guesses.into()
}

fn most_guesses(world: &Changes) -> u32 {
    world.max_attempts() * (1 + u32::from(world.bounds.budget))
}

/// The status of the record, as the shipped function tells it.
fn current(world: &Changes, state: &State) -> Option<RecordStatus> {
    let now = server::now(0, state.late);
    status(&world.config, Some(&state.record), now).record
}
