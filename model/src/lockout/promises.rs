//! What must come about (L1, L2).
//!
//! The argument. A request that the device has sent and repeats until it is answered stays in the network. With
//! a fair network it is read again and again. A server that goes on decides it, and its
//! commit can be in conflict only with another that succeeded; each success raises the
//! record's version, and the requests are finitely many, so one day it is not. Three things can come in between, and
//! each is said in the promise: another request under the same or a higher number was evaluated first, which
//! ends this one (FAC-3, FAC-4, and DEV-12 has the device ask again); the count filled up first, with the
//! owner's earlier typos or a thief's guesses; or the store was restored (FAC-5). The search
//! finds that nothing else does, and that without either half of the fairness it would not be so.
//!
//! L3 is a matter of biometrics, which this model has none of.

use countersign::factor::{Outcome, Record};

use super::messages::{Body, FIRST_EPOCH, Kind};
use super::server::{Answer, Decided, is_answer_to};
use super::state::{Replica, State};
use super::{Action, Lockout, Pin};
use crate::liveness::Fairness::{self, Ends, Free, Strong, Weak};
use crate::liveness::{Claim, Promise};
use crate::network::MessageId;

/// L1.
pub const L1: &str =
    "L1 the right PIN, while not blocked, ends in success unless another request came before it";
/// L2.
pub const L2: &str = "L2 an answer that was lost is given again, for no attempt";
/// Everything can come to rest.
pub const QUIET: &str = "QUIET from every state the servers can come to rest without a crash";

/// All of them.
pub fn all() -> Vec<Promise<Lockout>> {
    vec![
        Promise {
            name: L1,
            from: is_right_pin_open,
            to: |world, state| has_succeeded(world, state) || !is_right_pin_open(world, state),
            claim: Claim::LeadsTo {
                fair,
                unfair: vec![
                    ("with a network that loses a message for ever", lossy),
                    ("with a network that is fair to what waits only", impatient),
                    ("with servers that stop", stopping),
                    ("with servers that crash for ever", crashing),
                ],
            },
        },
        Promise {
            name: L2,
            from: is_answered,
            to: |world, state| is_about_to_be_told(world, state) || !is_answered(world, state),
            claim: Claim::LeadsTo {
                fair,
                unfair: vec![("with a network that loses a repetition for ever", lossy)],
            },
        },
        Promise {
            name: QUIET,
            from: |_, _| true,
            to: |_, state| state.replicas.iter().all(|it| *it == Replica::Idle),
            claim: Claim::CanReach {
                fair,
                unfair: vec![("with servers that never answer", silent)],
            },
        },
    ]
}

/// The network is fair to each of the owner's requests, a server goes on with what it does, and
/// crashes end.
fn fair(world: &Lockout, _: &State, action: &Action) -> Fairness {
    match *action {
        Action::Read(_, message) => match world.message(message).kind {
            Kind::Right(number) => Strong(number),
            Kind::Typo(number) => Strong(16 + number),
            Kind::Create | Kind::ThiefsCreate | Kind::Guess(_) | Kind::Junk(_) => Free,
        },
        Action::Decide(index)
        | Action::Commit(index)
        | Action::Answer(index)
        | Action::Restart(index) => Weak(32 + index),
        Action::Crash(_) => Ends,
        Action::Enter(_)
        | Action::AskStatus
        | Action::Steal
        | Action::ReadOlder(..)
        | Action::BackUp
        | Action::Restore => Free,
    }
}

fn lossy(world: &Lockout, state: &State, action: &Action) -> Fairness {
    match action {
        Action::Read(..) => Free,
        _ => fair(world, state, action),
    }
}

fn impatient(world: &Lockout, state: &State, action: &Action) -> Fairness {
    match fair(world, state, action) {
        Strong(class) => Weak(class),
        other => other,
    }
}

fn stopping(world: &Lockout, state: &State, action: &Action) -> Fairness {
    match fair(world, state, action) {
        Weak(_) => Free,
        other => other,
    }
}

fn crashing(world: &Lockout, state: &State, action: &Action) -> Fairness {
    match action {
        Action::Crash(_) => Free,
        _ => fair(world, state, action),
    }
}

fn silent(world: &Lockout, state: &State, action: &Action) -> Fairness {
    match action {
        Action::Answer(_) => Ends,
        _ => fair(world, state, action),
    }
}

/// The owner's last request has the right PIN, and nothing stands in its way.
fn is_right_pin_open(world: &Lockout, state: &State) -> bool {
    let number = state.device.number;
    let Some(record) = state.store.record else {
        return false;
    };
    number > 0
        && state.store.epoch == FIRST_EPOCH
        && state.network.has(world.entered(Pin::Right, number))
        && record.last_number() < number.into()
        && record.lockout.failed_attempts < world.max_attempts()
}

fn has_succeeded(_: &Lockout, state: &State) -> bool {
    let place = usize::from(state.device.number).checked_sub(1);
    let answer = place.and_then(|place| state.history.answers[place]);
    answer.is_some_and(|answer| match &*answer {
        Answer::Verdict(answered, _) => matches!(answered.outcome, Outcome::Right(_)),
        Answer::Status(_) => false,
    })
}

/// The record's last answer is the one to the owner's last request.
fn is_answered(world: &Lockout, state: &State) -> bool {
    state.store.epoch == FIRST_EPOCH
        && state
            .store
            .record
            .is_some_and(|record| owners_last(world, state, &record).is_some())
}

fn owners_last(world: &Lockout, state: &State, record: &Record) -> Option<MessageId> {
    let number = state.device.number;
    let last = record
        .last
        .filter(|last| last.number == u64::from(number))?;
    let sent = [Pin::Right, Pin::Typo].map(|pin| world.entered(pin, number));
    sent.into_iter().find(|message| {
        state.network.has(*message)
            && match &world.message(*message).body {
                Body::Verify(request) => is_answer_to(&last, request),
                Body::Create(..) => false,
            }
    })
}

/// A server holds that answer, ready to leave.
fn is_about_to_be_told(world: &Lockout, state: &State) -> bool {
    let Some(record) = state.store.record else {
        return false;
    };
    let asked = owners_last(world, state, &record);
    let answer = record.last;
    state.replicas.iter().any(|replica| match replica {
        Replica::Decided(message, decided) => match **decided {
            Decided::Repeat(answered) => Some(*message) == asked && Some(answered) == answer,
            Decided::Create(_) | Decided::Verify(_) | Decided::Refused(_) => false,
        },
        Replica::Answering(message, given) => match &**given {
            Answer::Verdict(answered, _) => Some(*message) == asked && Some(*answered) == answer,
            Answer::Status(_) => false,
        },
        Replica::Idle | Replica::Read(..) | Replica::Down => false,
    })
}
