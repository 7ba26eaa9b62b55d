//! What must come about (L5, L6).
//!
//! L5: the key of an enrolment that was confirmed is stored, and so is the enrolment's side of it; so
//! as long as nobody else has come first and the expiry has not, opening the link once more is
//! enough. L6 rests on time alone: whatever anybody does, the expiry ends every session.

use countersign::auth::EnrolmentState;

use super::messages::{Party, is_bound_to};
use super::state::State;
use super::{Action, Identity, Scene};
use crate::liveness::Fairness::{self, Ends, Free, Weak};
use crate::liveness::{Claim, Promise};

/// L5.
pub const L5: &str = "L5 an enrolment that was interrupted can be completed";
/// L6.
pub const L6: &str = "L6 every session and enrolment comes to an end";

/// All of them.
pub fn all() -> Vec<Promise<Identity>> {
    vec![
        Promise {
            name: L5,
            from: is_interrupted,
            to: |_, state| !state.wallet.accounts.is_empty(),
            claim: Claim::CanReach {
                fair: alone,
                unfair: vec![("with a user who does not open the link again", tired)],
            },
        },
        Promise {
            name: L6,
            from: |world, state| state.scene != Scene::Asked || world.bounds.all_hours,
            to: |world, state| world.is_terminal(state),
            claim: Claim::LeadsTo {
                fair: in_time,
                unfair: vec![("with a clock that stands still", |_, _, _| Free)],
            },
        },
    ]
}

/// The owner has confirmed, nobody else has come first, and there is room for another try.
fn is_interrupted(world: &Identity, state: &State) -> bool {
    let Some(enrolling) = &state.wallet.enrolling else {
        return false;
    };
    state.hour == 0
        && state.flow_count() < world.bounds.flows
        && state.line_count() < world.bounds.lines
        && state.store.enrolments.values().all(|enrolment| {
            matches!(enrolment.state, EnrolmentState::Open(_))
                || is_bound_to(&enrolment.state, &enrolling.key)
        })
}

/// Only the owner and the servers act, and nothing breaks any more.
fn alone(_: &Identity, _: &State, action: &Action) -> Fairness {
    match action {
        Action::Answer(first) if first.by == Party::Attacker => Ends,
        Action::Read(_, said) if said.by != Party::Owner => Ends,
        Action::Crash(_) | Action::Steal | Action::Revoke | Action::Tick => Ends,
        _ => Free,
    }
}

fn tired(world: &Identity, state: &State, action: &Action) -> Fairness {
    match action {
        Action::Open => Ends,
        _ => alone(world, state, action),
    }
}

fn in_time(_: &Identity, _: &State, action: &Action) -> Fairness {
    match action {
        Action::Tick => Weak(0),
        _ => Free,
    }
}
