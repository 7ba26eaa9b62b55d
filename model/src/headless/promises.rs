//! What must come about (L5): whatever was interrupted can be completed by asking again.

use countersign::auth::Standing;

use super::messages::Party;
use super::properties::has_learnt;
use super::state::State;
use super::{Action, Headless};
use crate::liveness::Fairness::{self, Ends, Free};
use crate::liveness::{Claim, Promise};

/// L5, of a creation.
pub const L5_CREATED: &str = "L5 a headless account whose creation was interrupted can be had";
/// L5, of an upgrade.
pub const L5_UPGRADED: &str = "L5 an upgrade that was interrupted can be completed";

/// All of them.
pub fn all() -> Vec<Promise<Headless>> {
    vec![
        Promise {
            name: L5_CREATED,
            from: |world, state| state.wallet.creating.is_some() && has_room(world, state),
            to: |_, state| !state.wallet.accounts.is_empty(),
            claim: Claim::CanReach {
                fair: alone,
                unfair: vec![("with an app that does not ask again", tired)],
            },
        },
        Promise {
            name: L5_UPGRADED,
            from: |world, state| !state.wallet.accounts.is_empty() && has_room(world, state),
            to: |_, state| has_learnt(state),
            claim: Claim::CanReach {
                fair: alone,
                unfair: vec![("with a user who does not ask again", tired)],
            },
        },
    ]
}

/// There is room for another try, and nobody has stopped or copied the account.
fn has_room(world: &Headless, state: &State) -> bool {
    let mut accounts = state.store.accounts.values();
    !state.thief
        && state.flow_count() < world.bounds.flows
        && state.line_count() < world.bounds.lines
        && accounts.all(|account| account.standing == Standing::Active)
}

/// Only the owner and the servers act, and nothing breaks any more.
fn alone(_: &Headless, _: &State, action: &Action) -> Fairness {
    match action {
        Action::Answer(first) if first.by == Party::Thief => Ends,
        Action::Crash(_) | Action::Steal | Action::Revoke => Ends,
        _ => Free,
    }
}

fn tired(world: &Headless, state: &State, action: &Action) -> Fairness {
    match action {
        Action::AskForData | Action::BeginUpgrade => Ends,
        _ => alone(world, state, action),
    }
}
