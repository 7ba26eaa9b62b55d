//! What must come about (L8).
//!
//! The argument. A request waits for a channel, or was sent through one. While both ends of that live and the network
//! is fair, the record arrives, the server hands it over, the service answers, and the answer
//! arrives. Whatever goes wrong ends the channel at one end: a gap, a wrong tag, a crash.
//! The device's own end completes everything when it closes; that the server's has, the device
//! learns because nothing comes any more, and so does the app (APP-12 where it is logged in). A request without a
//! channel is sent through the next, or told that there is none. Each of these is finite.

use super::state::State;
use super::{Action, Data};
use crate::liveness::Fairness::{self, Free, Weak};
use crate::liveness::{Claim, Promise};

/// L8.
pub const L8: &str = "L8 every request completes";

/// All of them.
pub fn all() -> Vec<Promise<Data>> {
    vec![Promise {
        name: L8,
        from: |_, state| is_some_open(state),
        to: |_, state| !is_some_open(state),
        claim: Claim::LeadsTo {
            fair,
            unfair: vec![
                (
                    "with a network that loses what goes to the server",
                    deaf_server,
                ),
                (
                    "with a network that loses what goes to the device",
                    deaf_device,
                ),
                ("with a server that does not go on", stopping),
                ("with a data service that never answers", silent),
                (
                    "with a device that does not notice that its channel is gone",
                    unaware,
                ),
                ("with a device that waits for a channel for ever", patient),
            ],
        },
    }]
}

fn is_some_open(state: &State) -> bool {
    state
        .all_asked()
        .any(|(index, _)| state.history.completed[index].is_none())
}

/// The network delivers what comes next, each party goes on with what it does, and the device
/// notices sooner or later that nobody is there.
fn fair(world: &Data, state: &State, action: &Action) -> Fairness {
    let in_use = state.open_channel().map(|(channel, _)| channel);
    match *action {
        Action::Hear(direction, record) => {
            let sealed = state.wire(direction)[record];
            let opens = Data::device_waits(state)
                .is_some_and(|receiver| world.open(receiver, sealed).is_ok());
            if opens { Weak(0) } else { Free }
        }
        Action::Read(channel, direction, record) if in_use == Some(channel) => {
            let sealed = state.wire(direction)[record];
            let opens = Data::line_waits(state, channel)
                .is_some_and(|receiver| world.open(receiver, sealed).is_ok());
            if opens { Weak(1) } else { Free }
        }
        Action::Forward(channel) if in_use == Some(channel) => Weak(2),
        Action::Lose if in_use.is_some_and(|channel| state.serving(channel).is_none()) => Weak(3),
        Action::Connect | Action::GiveUp => Weak(4),
        Action::Answer(job) | Action::Fail(job) => {
            Weak(8 + u8::try_from(job).expect("few requests"))
        }
        Action::Read(..)
        | Action::Forward(_)
        | Action::Lose
        | Action::Ask(_)
        | Action::Cancel(_)
        | Action::Renew
        | Action::Repeat
        | Action::HearForged
        | Action::ReadForged(_)
        | Action::RenewLine(_)
        | Action::Crash(_)
        | Action::Upgrade => Free,
    }
}

/// The same, without the fairness to these.
fn unless(
    is_free: fn(&Action) -> bool,
    (world, state, action): (&Data, &State, &Action),
) -> Fairness {
    match is_free(action) {
        true => Free,
        false => fair(world, state, action),
    }
}

fn deaf_server(world: &Data, state: &State, action: &Action) -> Fairness {
    let is_free = |action: &_| matches!(action, Action::Read(..));
    unless(is_free, (world, state, action))
}

fn deaf_device(world: &Data, state: &State, action: &Action) -> Fairness {
    let is_free = |action: &_| matches!(action, Action::Hear(..));
    unless(is_free, (world, state, action))
}

fn stopping(world: &Data, state: &State, action: &Action) -> Fairness {
    let is_free = |action: &_| matches!(action, Action::Forward(_));
    unless(is_free, (world, state, action))
}

fn silent(world: &Data, state: &State, action: &Action) -> Fairness {
    let is_free = |action: &_| matches!(action, Action::Answer(_) | Action::Fail(_));
    unless(is_free, (world, state, action))
}

fn unaware(world: &Data, state: &State, action: &Action) -> Fairness {
    let is_free = |action: &_| matches!(action, Action::Lose);
    unless(is_free, (world, state, action))
}

fn patient(world: &Data, state: &State, action: &Action) -> Fairness {
    let is_free = |action: &_| matches!(action, Action::Connect | Action::GiveUp);
    unless(is_free, (world, state, action))
}
