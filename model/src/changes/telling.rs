//! The steps of this model in the document's words.

use super::cover::answered;
use super::messages::{Ask, By, Errand, Id, NewPin, OTHERS, THIEFS};
use super::server::{Answer, Decided, replacement};
use super::state::{Line, State};
use super::{Action, Changes};
use crate::story::{Step, Story};

const DEVICE: &str = "Device";
const OWNER: &str = "Owner";
const THIEF: &str = "Thief";
const OTHER: &str = "Another phone";
const STORE: &str = "Store";
const TIME: &str = "Time";
/// One for each line.
const SERVERS: [&str; 5] = [
    "Factor server, channel 1",
    "Factor server, channel 2",
    "Factor server, channel 3",
    "Factor server, thief's channel",
    "Factor server, other phone's channel",
];

impl Changes {
    /// The action in a few words.
    pub(super) fn name(&self, action: Action) -> String {
        let server = |line: u8| SERVERS[usize::from(line)];
        match action {
            Action::Connect => "the device opens another channel".into(),
            Action::Give(by, errand) => format!("the owner gives {}", factor(by, errand)),
            Action::Change(new) => format!("the device sends the change{}", flaw(new)),
            Action::ChangeUnasked => "the device sends add-biometric, unasked for".into(),
            Action::Gone => "the device says that its biometric is gone".into(),
            Action::AskStatus => "the device asks for its status".into(),
            Action::Steal => "a thief gets hold of the phone".into(),
            Action::Say(id) => format!("{}: {}", who(self, id), self.describe(id)),
            Action::Wait => "120 s pass".into(),
            Action::Decide(line) => format!("{} decides", server(line)),
            Action::Commit(line) => format!("{} commits", server(line)),
            Action::Answer(line) => format!("{} answers", server(line)),
            Action::Crash(line) => format!("{} crashes", server(line)),
        }
    }

    fn describe(&self, id: Id) -> String {
        match self.universe.get(id).kind.ask {
            Ask::Status => "ask-status".into(),
            Ask::Verify(by, errand, number, _) => {
                format!("VERIFY {number}, {}", factor(by, errand))
            }
            Ask::SetPin(new, generation) => {
                format!("set-pin, generation {generation}{}", flaw(new))
            }
            Ask::Add(_) => "add-biometric".into(),
            Ask::Remove => "remove-biometric".into(),
            Ask::Gone => "biometric-gone".into(),
        }
    }

    fn decided(&self, state: &State, line: u8) -> String {
        match state.lines[usize::from(line)] {
            Line::Decided(_, decided) => {
                let version = replacement(&decided).map_or(0, |(expected, _)| expected);
                let what = match &*decided {
                    Decided::Verdict(_) => replacement(&decided)
                        .and_then(|(_, after)| after.last)
                        .as_ref()
                        .map_or("?", answered),
                    _ => "change the record",
                };
                format!("{what}, if the record still has version {version}")
            }
            Line::Answering(..) => "nothing to commit".into(),
            _ => "refused".into(),
        }
    }
}

impl Story for Changes {
    fn tell(&self, before: &State, action: &Action, after: &State) -> Step {
        let own = SERVERS[usize::from(after.device.line)];
        let sent = || match after.own_line() {
            Line::Asked(id) => self.describe(id),
            _ => "nothing".into(),
        };
        let (from, to, text) = match *action {
            Action::Connect => (DEVICE, own, "opens this channel; the status is due".into()),
            Action::Give(by, errand) => {
                let text = format!("gives {}; {} is sent", factor(by, errand), sent());
                (OWNER, DEVICE, text)
            }
            Action::Change(_) | Action::ChangeUnasked | Action::Gone | Action::AskStatus => {
                (DEVICE, own, sent())
            }
            Action::Steal => (THIEF, DEVICE, "gets hold of the phone".into()),
            Action::Say(id) => {
                let line = self.universe.get(id).kind.line;
                let decision = self.decided(after, line);
                let text = format!("{}. Decision: {decision}", self.describe(id));
                (who(self, id), SERVERS[usize::from(line)], text)
            }
            Action::Wait => (TIME, TIME, "120 s pass".into()),
            Action::Decide(line) => {
                let server = SERVERS[usize::from(line)];
                (
                    server,
                    server,
                    format!("decides: {}", self.decided(after, line)),
                )
            }
            Action::Commit(line) => {
                let text = match before.lines[usize::from(line)] {
                    Line::Decided(_, decided) if self.is_in_conflict(before, &decided) => {
                        "commit: conflict"
                    }
                    _ => "commit",
                };
                (SERVERS[usize::from(line)], STORE, text.into())
            }
            Action::Answer(line) => {
                let text = match before.lines[usize::from(line)] {
                    Line::Answering(_, answer) => said(&answer),
                    _ => "what it has not committed".into(),
                };
                let text = if before.is_own(line) {
                    text
                } else {
                    format!("{text}, to nobody")
                };
                (SERVERS[usize::from(line)], DEVICE, text)
            }
            Action::Crash(line) => {
                let server = SERVERS[usize::from(line)];
                (server, server, "crashes, or its connection breaks".into())
            }
        };
        Step {
            from,
            to,
            text,
            note: note(before, after),
        }
    }
}

/// What became of the record.
fn note(before: &State, after: &State) -> Option<String> {
    if before.record == after.record {
        return None;
    }
    let record = after.record;
    let verified = match record.verified {
        Some(verified) => format!("verified for {:?}", verified.operation),
        None => "nothing verified".into(),
    };
    let finger = if record.biometric.is_some() {
        "a biometric"
    } else {
        "no biometric"
    };
    Some(format!(
        "record: version {}, generation {}, {} failed, {finger}, {verified}; since the last right PIN: {} guesses, {} biometrics",
        record.version,
        record.generation,
        record.lockout.failed_attempts,
        after.history.guesses,
        after.history.uses,
    ))
}

fn said(answer: &Answer) -> String {
    match answer {
        Answer::Verdict(answer, _) => format!("verdict on {}: {}", answer.number, answered(answer)),
        Answer::Status(status) => match &status.record {
            Some(record) => format!("status: generation {}", record.generation),
            None => "status: no record".into(),
        },
    }
}

fn factor(by: By, errand: Errand) -> String {
    let by = match by {
        By::Pin => "the PIN",
        By::Finger => "a biometric",
        By::Guess => "a guessed PIN",
        By::WrongFinger => "a wrong biometric",
    };
    match errand {
        Errand::Login => format!("{by} for a login"),
        Errand::Change(operation) => format!("{by} for {operation:?}"),
    }
}

fn flaw(new: NewPin) -> &'static str {
    match new {
        NewPin::Good => "",
        NewPin::Skipping => ", which skips a generation",
        NewPin::Unpossessed => ", with the possession of another key",
        NewPin::Thiefs => ", of the thief",
    }
}

fn who(world: &Changes, id: Id) -> &'static str {
    match world.universe.get(id).kind.line {
        OTHERS => OTHER,
        THIEFS => THIEF,
        _ => DEVICE,
    }
}
