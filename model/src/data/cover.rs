//! Which end meets which record, and what it comes to.

use countersign::auth::Desk;
use countersign::channel::Direction;
use countersign::error::Code;

use super::device::is_open;
use super::records::{Receiver, Said, Sealed};
use super::state::{State, index};
use super::{Data, telling};
use crate::cover::Pair;

impl Data {
    /// Each record that could arrive now, each cancel, and each answer of the data service.
    pub(super) fn noted(&self, state: &State, note: &mut dyn FnMut(Pair)) {
        for (receiver, sealed) in self.meetings(state) {
            let opened = self.open(receiver, sealed);
            note(Pair {
                state: self.waiting(state, receiver, opened.ok().as_deref()).into(),
                input: arriving(receiver, &sealed, opened.ok().as_deref()).into(),
                outcome: match opened {
                    Ok(said) => self.outcome(state, receiver, &said).into(),
                    Err(error) if error.closes() => format!("closed, {error}").into(),
                    Err(error) => format!("dropped, {error}").into(),
                },
            });
        }
        for (index, _) in state.all_asked() {
            let is_open = is_open(&state.device.requests, index);
            let (at, outcome) = match (is_open, state.open_channel()) {
                (true, Some(_)) => ("a request that was sent", "cancelled, and the server told"),
                (true, None) => (
                    "a request that waits for a channel",
                    "cancelled, never sent",
                ),
                (false, _) => ("a request that has completed", "ignored"),
            };
            note(Pair {
                state: format!("device: {at}").into(),
                input: "the app cancels".into(),
                outcome: outcome.into(),
            });
        }
        for job in state.jobs.iter().filter(|job| !job.answered) {
            let (at, outcome) = match state.serving(job.channel) {
                None => ("a channel that is gone", "dropped"),
                Some(serving) if knows(&serving.desk, job.forward.id) => {
                    ("a request that waits", "sent")
                }
                Some(_) => ("a request that was cancelled", "dropped"),
            };
            note(Pair {
                state: format!("server: {at}").into(),
                input: "the data service answers".into(),
                outcome: outcome.into(),
            });
        }
    }

    /// What of the receiver matters for what it is told.
    fn waiting(&self, state: &State, receiver: Receiver, said: Option<&Said>) -> String {
        match (receiver.direction, said) {
            (Direction::ToInitiator, Some(Said::Answer(answer))) => {
                self.request(state, answer.id).into()
            }
            (Direction::ToInitiator, Some(Said::Error(error))) => {
                self.request(state, error.id).into()
            }
            (Direction::ToInitiator, _) => "device: open".into(),
            (Direction::ToResponder, Some(Said::Cancel(cancel))) => {
                let serving = state.serving(receiver.channel);
                match serving.is_some_and(|serving| knows(&serving.desk, cancel.id)) {
                    true => "server: the request waits".into(),
                    false => "server: the request is answered".into(),
                }
            }
            (Direction::ToResponder, Some(Said::Request(_))) => {
                format!(
                    "server: the account is {}",
                    telling::level(state.level.level())
                )
            }
            (Direction::ToResponder, _) => "server: open".into(),
        }
    }

    fn request(&self, state: &State, id: u64) -> &'static str {
        match is_open(&state.device.requests, index(id)) {
            true => "device: the request is open",
            false => "device: the request has completed",
        }
    }

    fn outcome(&self, state: &State, receiver: Receiver, said: &Said) -> String {
        match said {
            Said::Request(request) => {
                let desk = state.serving(receiver.channel).map(|serving| serving.desk);
                let taken = desk.map(|desk| Desk::clone(&desk).take(request.id));
                match taken {
                    Some(Err(code)) => format!("data-error, {}", code.number()),
                    _ => format!(
                        "taken, to be told as {}",
                        telling::level(state.level.level())
                    ),
                }
            }
            Said::Cancel(cancel) => {
                let serving = state.serving(receiver.channel);
                match serving.is_some_and(|serving| knows(&serving.desk, cancel.id)) {
                    true => "its answer will be dropped".into(),
                    false => "ignored".into(),
                }
            }
            Said::Answer(answer) => self.completes(state, answer.id, "data"),
            Said::Error(error) => self.completes(state, error.id, "an error"),
            Said::KeyUpdate => "the next record is under the next keys".into(),
        }
    }

    fn completes(&self, state: &State, id: u64, with: &str) -> String {
        match is_open(&state.device.requests, index(id)) {
            true => format!("completes with {with}"),
            false => "ignored".into(),
        }
    }
}

/// Whether that request waits for its answer at the server.
fn knows(desk: &Desk, id: u64) -> bool {
    Desk::clone(desk).complete(id)
}

fn arriving(receiver: Receiver, sealed: &Sealed, said: Option<&Said>) -> String {
    if let Some(said) = said {
        return match said {
            Said::Request(_) => "the next record, a request".into(),
            Said::Cancel(_) => "the next record, a cancel".into(),
            Said::Answer(_) => "the next record, an answer".into(),
            Said::Error(error) => {
                let code = Code::from_number(error.error).map_or(0, Code::number);
                format!("the next record, error {code}")
            }
            Said::KeyUpdate => "the next record, a key-update".into(),
        };
    }
    let whose = match (
        sealed.channel == receiver.channel,
        sealed.direction == receiver.direction,
    ) {
        (true, true) => "a record",
        (true, false) => "a record of its own",
        (false, true) => "a record of another channel",
        (false, false) => "a record of its own in another channel",
    };
    let number = match sealed.way.sequence.cmp(&receiver.next.sequence) {
        std::cmp::Ordering::Less => "a lower number",
        std::cmp::Ordering::Equal => "the expected number",
        std::cmp::Ordering::Greater => "a higher number",
    };
    let keys = match sealed.way.generation == receiver.next.generation {
        true => "the same keys' turn",
        false => "another turn of keys",
    };
    format!("{whose}, {number}, {keys}")
}
