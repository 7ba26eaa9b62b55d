//! What must come about (L5, as far as it is about rotations).
//!
//! The argument for L5. A device that holds two keys asks with the new one. If the account has it, the answer ends the
//! rotation; if not, it is refused with 211 and the rotation is asked for again under the old one, which is the account's (CRD-10).
//! Either takes handshakes; what is excused is a model that has no more of them, and an account that is not active.

use countersign::auth::Standing;

use super::messages::Errand;
use super::properties::is_rotating;
use super::state::{At, LINES, Line, OWNER, Stage, State};
use super::{Action, Clones};
use crate::liveness::Fairness::{self, Ends, Free, Weak};
use crate::liveness::{Claim, Promise};

/// L5.
pub const L5: &str = "L5 a rotation that was interrupted ends with a device that knows its key";
/// Everything can come to rest.
pub const QUIET: &str =
    "QUIET from every state the servers of accounts can come to rest, whatever was under way";

/// All of them.
pub fn all() -> Vec<Promise<Clones>> {
    vec![
        Promise {
            name: L5,
            from: |_, state| is_rotating(state) && state.at(OWNER) == At::Idle,
            to: |world, state| !is_rotating(state) || is_excused(world, state),
            claim: Claim::LeadsTo {
                fair,
                unfair: vec![
                    ("with a device that does not resume", resting),
                    ("with servers that stop deciding", stopping),
                ],
            },
        },
        Promise {
            name: QUIET,
            from: |_, _| true,
            to: |_, state| state.talks().all(|(_, talk)| is_quiet(talk.stage)),
            claim: Claim::CanReach {
                fair,
                unfair: vec![("with servers that never commit", silent)],
            },
        },
    ]
}

/// A device resumes and says what it has to, a server goes on with what it does, an answer arrives; crashes end.
fn fair(_: &Clones, _: &State, action: &Action) -> Fairness {
    match *action {
        Action::Begin(OWNER, Errand::Resume | Errand::Rotate, _) => Weak(0),
        Action::Say(phone) => Weak(1 + phone),
        Action::Decide(line) | Action::Commit(line) | Action::Hear(line) => Weak(3 + line),
        Action::Stop(_) | Action::Revoke => Ends,
        Action::Wait | Action::Copy | Action::Begin(..) | Action::Lift(..) => Free,
    }
}

fn resting(world: &Clones, state: &State, action: &Action) -> Fairness {
    match action {
        Action::Begin(..) => Free,
        _ => fair(world, state, action),
    }
}

fn stopping(world: &Clones, state: &State, action: &Action) -> Fairness {
    match action {
        Action::Decide(_) => Free,
        _ => fair(world, state, action),
    }
}

fn silent(world: &Clones, state: &State, action: &Action) -> Fairness {
    match action {
        Action::Commit(_) => Ends,
        _ => fair(world, state, action),
    }
}

/// No handshake is left, or the account or the phone is out of use.
fn is_excused(world: &Clones, state: &State) -> bool {
    let lines = usize::from(world.scene(state).lines).min(LINES);
    let is_out_of_lines = state.lines[..lines]
        .iter()
        .all(|line| *line != Line::Unused);
    let is_busy = matches!(state.at(OWNER), At::Begun(_) | At::Waits(..));
    (is_out_of_lines && !is_busy)
        || state.account.standing != Standing::Active
        || state.wallet(OWNER).is_none()
}

fn is_quiet(stage: Stage) -> bool {
    match stage {
        Stage::Begun | Stage::Said(_) => true,
        Stage::Decided(..) | Stage::Answering(_) => false,
    }
}
