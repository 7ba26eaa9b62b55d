//! What must come about (L6).
//!
//! The argument. Until a challenge has left *pending* time goes on, and once its expiry has come by both
//! clocks nothing but its end is taken. The backend ends it as often as it takes: only another commit to the challenge
//! or to what its user was asked can be in the way, and of those there are finitely many. What is excused is a model
//! whose clock has stopped before.

use super::messages::Job;
use super::properties::is_pending;
use super::state::{Replica, State};
use super::world::{self, FIRST, OWN};
use super::{Action, Actions};
use crate::liveness::Fairness::{self, Ends, Free, Strong, Weak};
use crate::liveness::{Claim, Promise};

/// L6.
pub const L6: &str = "L6 every challenge leaves pending";
/// Everything can come to rest.
pub const QUIET: &str =
    "QUIET from every state the servers of actions can come to rest without a crash";

/// All of them.
pub fn all() -> Vec<Promise<Actions>> {
    vec![
        Promise {
            name: L6,
            from: |_, state| (FIRST..=OWN).any(|of| is_pending(state, of)),
            to: |world, state| {
                (FIRST..=OWN).all(|of| !is_pending(state, of) || outlives(world, state, of))
            },
            claim: Claim::LeadsTo {
                fair,
                unfair: vec![
                    ("with a clock that stands still", timeless),
                    ("with a backend that ends nothing", patient),
                ],
            },
        },
        Promise {
            name: QUIET,
            from: |_, _| true,
            to: |_, state| state.replicas == [Replica::Idle; 2],
            claim: Claim::CanReach {
                fair,
                unfair: vec![("with servers that never commit", silent)],
            },
        },
    ]
}

/// Whether the last clock of the model stops before the challenge has expired.
fn outlives(world: &Actions, state: &State, of: u8) -> bool {
    let last = world::now(0, world.bounds.hours - 1);
    state.store.about(of).is_some_and(|it| last < it.expires)
}

fn fair(_: &Actions, _: &State, action: &Action) -> Fairness {
    match action {
        Action::Tick => Weak(0),
        Action::Ask(_, Job::Expire(_)) => Strong(1),
        Action::Decide(replica) | Action::Commit(replica) | Action::Tell(replica) => {
            Weak(2 + replica)
        }
        Action::Crash(_) => Ends,
        Action::Ask(..) | Action::Show(_) | Action::Say(..) | Action::SayAgain(_) => Free,
    }
}

fn timeless(world: &Actions, state: &State, action: &Action) -> Fairness {
    match action {
        Action::Tick => Free,
        _ => fair(world, state, action),
    }
}

fn patient(world: &Actions, state: &State, action: &Action) -> Fairness {
    match action {
        Action::Ask(_, Job::Expire(_)) => Free,
        _ => fair(world, state, action),
    }
}

fn silent(world: &Actions, state: &State, action: &Action) -> Fairness {
    match action {
        Action::Commit(_) => Ends,
        _ => fair(world, state, action),
    }
}
