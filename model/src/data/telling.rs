//! The steps of this model in the document's words.

use countersign::channel::Direction;
use countersign::error::Code;
use countersign::registry::Level;

use super::history::How;
use super::records::{Said, Sealed};
use super::state::{End, Line, State, id};
use super::{Action, Data, Opened};
use crate::story::{Step, Story};

const APP: &str = "App";
const DEVICE: &str = "Device";
const NETWORK: &str = "Network";
const SERVER: &str = "Auth server";
const SERVICE: &str = "Data service";

/// The action in a few words.
pub(super) fn name(action: Action) -> String {
    match action {
        Action::Ask(0) => "asks for something".into(),
        Action::Ask(_) => "asks for something under an idempotency key".into(),
        Action::Cancel(index) => format!("cancels request {}", id(index)),
        Action::Connect => "opens a channel".into(),
        Action::GiveUp => "cannot open a channel".into(),
        Action::Lose => "takes its channel for lost".into(),
        Action::Renew | Action::RenewLine(_) => "renews its keys".into(),
        Action::Repeat => "is defective, and sends its last request again".into(),
        Action::Hear(direction, index) => {
            format!("the device is given record {} {}", index + 1, to(direction))
        }
        Action::Read(channel, direction, index) => format!(
            "the server is given record {} {}, for channel {}",
            index + 1,
            to(direction),
            channel + 1
        ),
        Action::HearForged | Action::ReadForged(_) => "a forged record".into(),
        Action::Forward(_) => "hands over what it has taken".into(),
        Action::Crash(channel) => format!("crashes, and channel {} is gone", channel + 1),
        Action::Answer(job) => format!("answers what it was told, number {}", job + 1),
        Action::Fail(job) => format!("fails what it was told, number {}", job + 1),
        Action::Upgrade => "upgrades the account, through another channel".into(),
    }
}

fn to(direction: Direction) -> &'static str {
    match direction {
        Direction::ToResponder => "to the server",
        Direction::ToInitiator => "to the device",
    }
}

/// What a record says.
pub(super) fn message(said: &Said) -> String {
    match said {
        Said::Request(request) => format!("data-request {}", request.id),
        Said::Cancel(cancel) => format!("data-cancel {}", cancel.id),
        Said::Answer(answer) => format!("data-answer {}", answer.id),
        Said::Error(error) => format!("data-error {} [{}]", error.id, error.error),
        Said::KeyUpdate => "key-update".into(),
    }
}

/// What became of a request.
pub(super) fn ending(how: How) -> String {
    match how {
        How::Data => "data".into(),
        How::Error(code) => format!("error {}", code.number()),
        How::Cancelled => "cancelled".into(),
        How::Unknown => format!("outcome unknown [{}]", Code::OutcomeUnknown.number()),
    }
}

pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::Headless => "headless",
        Level::Full => "full",
    }
}

/// A record, and what came of it.
fn arrival(sealed: &Sealed, opened: Opened) -> String {
    let place = format!(
        "record {} of channel {}, under keys {}, sent {}",
        sealed.way.sequence,
        sealed.channel + 1,
        sealed.way.generation,
        to(sealed.direction)
    );
    match opened {
        Ok(said) => format!("{place}: {}", message(&said)),
        Err(error) => format!("{place}: refused, {error}"),
    }
}

impl Story for Data {
    fn tell(&self, before: &State, action: &Action, after: &State) -> Step {
        let (from, to, text) = match *action {
            Action::Ask(_) | Action::Cancel(_) => (APP, DEVICE, name(*action)),
            Action::Connect => {
                let text = format!("opens channel {}", after.device.channels);
                (DEVICE, SERVER, text)
            }
            Action::GiveUp | Action::Lose => (DEVICE, DEVICE, name(*action)),
            Action::Renew | Action::Repeat => (DEVICE, NETWORK, name(*action)),
            Action::RenewLine(_) => (SERVER, NETWORK, name(*action)),
            Action::Hear(direction, index) => {
                let sealed = before.wire(direction)[index];
                let opened = Self::device_waits(before).map(|receiver| self.open(receiver, sealed));
                let text = opened.map_or_else(String::new, |opened| arrival(&sealed, opened));
                (NETWORK, DEVICE, text)
            }
            Action::Read(channel, direction, index) => {
                let sealed = before.wire(direction)[index];
                let opened =
                    Self::line_waits(before, channel).map(|receiver| self.open(receiver, sealed));
                let text = opened.map_or_else(String::new, |opened| arrival(&sealed, opened));
                (NETWORK, SERVER, text)
            }
            Action::HearForged => (NETWORK, DEVICE, name(*action)),
            Action::ReadForged(_) => (NETWORK, SERVER, name(*action)),
            Action::Forward(_) => {
                let text = after.jobs.last().map_or_else(String::new, |job| {
                    let told = level(job.forward.caller.level);
                    format!("request {} of a {told} account", job.forward.id)
                });
                (SERVER, SERVICE, text)
            }
            Action::Crash(_) => (SERVER, SERVER, name(*action)),
            Action::Answer(job) => {
                let request = before.jobs[job].forward.id;
                (SERVICE, SERVER, format!("answer to request {request}"))
            }
            Action::Fail(job) => {
                let request = before.jobs[job].forward.id;
                (SERVICE, SERVER, format!("no answer to request {request}"))
            }
            Action::Upgrade => (SERVER, SERVER, name(*action)),
        };
        Step {
            from,
            to,
            text,
            note: note(before, after),
        }
    }
}

/// What became true.
fn note(before: &State, after: &State) -> Option<String> {
    let mut notes = Vec::new();
    for (index, how) in after.history.completed.into_iter().enumerate() {
        if let (None, Some(how)) = (before.history.completed[index], how) {
            notes.push(format!(
                "request {} has completed: {}",
                id(index),
                ending(how)
            ));
        }
    }
    if before.history.done != after.history.done {
        notes.push("the service has done it".into());
    }
    let closes = |one: &Line, other: &Line| matches!((one, other), (Line::Open(_), Line::Closed));
    if let (End::Open(_), End::Closed) = (before.device.end, after.device.end) {
        notes.push("the device's end is closed".into());
    }
    if before
        .lines
        .iter()
        .zip(&after.lines)
        .any(|(before, after)| closes(before, after))
    {
        notes.push("the server's end is closed".into());
    }
    (!notes.is_empty()).then(|| notes.join("; "))
}
