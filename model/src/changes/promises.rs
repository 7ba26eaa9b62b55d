//! What must come about (L3, L4).
//!
//! The argument for L4. A device that does not know what became of its change connects again, and the server's
//! first word there is the status. It waits for a commit only if a verification is under way,
//! and loses the race for it only to another commit; those are finitely many, since each needs a number
//! or a verification that one has left. After it nothing of the old channel can commit (STA-2), so what the device
//! was shown stays true (P3) and exactly that PIN verifies (P1). What is excused is a model that has no
//! further channel to offer.
//!
//! L3 is what *can* be done: the owner need not want to. The thief's steps do not count as a way.

use super::messages::{By, Errand};
use super::properties::is_blocked;
use super::state::{Line, Stage, State};
use super::{Action, Changes};
use crate::liveness::Fairness::{self, Ends, Free, Weak};
use crate::liveness::{Claim, Promise};

/// L3.
pub const L3: &str = "L3 blocked with a biometric in its budget, the owner can unblock it";
/// L4.
pub const L4: &str = "L4 a change that was interrupted ends with a device that knows the live PIN";
/// Everything can come to rest.
pub const QUIET: &str =
    "QUIET from every state the servers of changes can come to rest without a crash";

/// All of them.
pub fn all() -> Vec<Promise<Changes>> {
    vec![
        Promise {
            name: L3,
            from: is_blocked_with_biometric,
            to: |world, state| !is_blocked(world, state),
            claim: Claim::CanReach {
                fair,
                unfair: vec![("without a finger", without_finger)],
            },
        },
        Promise {
            name: L4,
            from: |_, state| state.device.stage == Stage::Changing,
            to: |world, state| {
                state.device.stage == Stage::Ready || is_out_of_channels(world, state)
            },
            claim: Claim::LeadsTo {
                fair,
                unfair: vec![
                    ("with a device that does not connect again", waiting),
                    ("with servers that stop deciding", stopping),
                ],
            },
        },
        Promise {
            name: QUIET,
            from: |_, _| true,
            to: |_, state| state.lines.iter().all(is_quiet),
            claim: Claim::CanReach {
                fair,
                unfair: vec![("with servers that never commit", silent)],
            },
        },
    ]
}

/// A device that waits connects again or asks, a server goes on with what it does, crashes end, and
/// nobody counts on a thief.
fn fair(_: &Changes, _: &State, action: &Action) -> Fairness {
    match *action {
        Action::Connect | Action::AskStatus => Weak(0),
        Action::Decide(line) | Action::Commit(line) | Action::Answer(line) => Weak(1 + line),
        Action::Crash(_) | Action::Say(_) => Ends,
        Action::Give(..)
        | Action::Change(_)
        | Action::ChangeUnasked
        | Action::Gone
        | Action::Steal
        | Action::Wait => Free,
    }
}

fn without_finger(world: &Changes, state: &State, action: &Action) -> Fairness {
    match action {
        Action::Give(By::Finger, Errand::Login | Errand::Change(_)) => Ends,
        _ => fair(world, state, action),
    }
}

fn waiting(world: &Changes, state: &State, action: &Action) -> Fairness {
    match action {
        Action::Connect => Free,
        _ => fair(world, state, action),
    }
}

fn stopping(world: &Changes, state: &State, action: &Action) -> Fairness {
    match action {
        Action::Decide(_) => Free,
        _ => fair(world, state, action),
    }
}

fn silent(world: &Changes, state: &State, action: &Action) -> Fairness {
    match action {
        Action::Commit(_) => Ends,
        _ => fair(world, state, action),
    }
}

/// The device has what it takes: it knows its record, and a number and a channel are left.
fn is_blocked_with_biometric(world: &Changes, state: &State) -> bool {
    let taken = u64::from(state.device.number).max(state.record.last_number());
    is_blocked(world, state)
        && state.record.biometric.is_some()
        && state.history.uses < world.bounds.budget
        && taken < world.bounds.numbers.into()
        && state.device.stage == Stage::Ready
        && state.own_line() == Line::Idle
}

/// The line that the device uses is broken, and the model has no other.
fn is_out_of_channels(world: &Changes, state: &State) -> bool {
    state.own_line() == Line::Closed && state.device.line + 1 == world.bounds.channels
}

fn is_quiet(line: &Line) -> bool {
    match line {
        Line::Unopened | Line::Idle | Line::Closed => true,
        Line::Asked(_) | Line::Decided(..) | Line::Answering(..) => false,
    }
}
