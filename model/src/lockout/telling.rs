//! The steps of this model in the document's words.

use super::messages::{Junk, Kind};
use super::server::{Answer, Decided};
use super::state::{Replica, State};
use super::{Action, Lockout, Pin};
use crate::network::MessageId;
use crate::story::{Step, Story};
use countersign::factor::{Answered, Outcome};

const DEVICE: &str = "Device";
const OWNER: &str = "Owner";
const OPERATOR: &str = "Operator";
const STORE: &str = "Store";
const SERVERS: [&str; 2] = ["Factor server A", "Factor server B"];
const THIEF: &str = "Thief";

impl Lockout {
    /// The action in a few words.
    pub(super) fn name(&self, action: Action) -> String {
        let server = |index: u8| ["A", "B"][index as usize];
        match action {
            Action::Enter(Pin::Right) => "the owner enters the right PIN".into(),
            Action::Enter(Pin::Typo) => "the owner enters a wrong PIN".into(),
            Action::AskStatus => "the device asks for its status".into(),
            Action::Steal => "a thief gets hold of the phone".into(),
            Action::Read(index, message) => {
                format!("{} gets {}", server(index), self.describe(message))
            }
            Action::ReadOlder(index, message) => {
                let message = self.describe(message);
                format!("{} gets {message} and an old record", server(index))
            }
            Action::Decide(index) => format!("{} decides", server(index)),
            Action::Commit(index) => format!("{} commits", server(index)),
            Action::Answer(index) => format!("{} answers", server(index)),
            Action::Crash(index) => format!("{} crashes", server(index)),
            Action::Restart(index) => format!("{} is started again", server(index)),
            Action::BackUp => "the store is backed up".into(),
            Action::Restore => "the backup is restored".into(),
        }
    }

    fn describe(&self, message: MessageId) -> String {
        match self.message(message).kind {
            Kind::Create => "CREATE".into(),
            Kind::ThiefsCreate => "CREATE under another voucher, with the thief's PIN".into(),
            Kind::Right(number) => format!("VERIFY {number}, right PIN"),
            Kind::Typo(number) => format!("VERIFY {number}, wrong PIN"),
            Kind::Guess(number) => format!("VERIFY {number}, guessed PIN"),
            Kind::Junk(junk) => {
                let number = self.bounds.numbers;
                let what = match junk {
                    Junk::Malformed => "whose proof is no signature",
                    Junk::OtherGeneration => "of the next generation",
                    Junk::OtherEpoch => "of the next epoch",
                    Junk::Biometric => "for a factor that is not registered",
                    Junk::OthersChannel => "through the channel of another phone",
                };
                format!("VERIFY {number}, {what}")
            }
        }
    }

    fn sender(&self, message: MessageId) -> &'static str {
        if self.message(message).kind.is_thiefs() {
            THIEF
        } else {
            DEVICE
        }
    }
}

impl Story for Lockout {
    fn tell(&self, before: &State, action: &Action, after: &State) -> Step {
        let (from, to, text) = match *action {
            Action::Enter(_) => {
                let number = after.device.number;
                let text = format!("{}; VERIFY {number} is signed and sent", self.name(*action));
                (OWNER, DEVICE, text)
            }
            Action::AskStatus => {
                let text = format!("ask-status; numbers go on after {}", after.device.number);
                (DEVICE, SERVERS[0], text)
            }
            Action::Steal => (THIEF, DEVICE, "gets hold of the phone".into()),
            Action::Read(index, message) | Action::ReadOlder(index, message) => {
                let text = match after.replicas[index as usize] {
                    Replica::Decided(..) => {
                        let request = self.describe(message);
                        format!("{request}. Decision: {}", decided(after, index))
                    }
                    _ => self.describe(message),
                };
                (self.sender(message), SERVERS[index as usize], text)
            }
            Action::Decide(index) => {
                let server = SERVERS[index as usize];
                (
                    server,
                    server,
                    format!("decides: {}", decided(after, index)),
                )
            }
            Action::Commit(index) => {
                let text = if self.is_in_conflict(before, index) {
                    "commit: conflict"
                } else {
                    "commit"
                };
                (SERVERS[index as usize], STORE, text.into())
            }
            Action::Answer(index) => {
                let replica = &before.replicas[index as usize];
                let sender = match replica {
                    Replica::Idle | Replica::Down => DEVICE,
                    Replica::Read(message, _)
                    | Replica::Decided(message, _)
                    | Replica::Answering(message, _) => self.sender(*message),
                };
                (SERVERS[index as usize], sender, said(replica))
            }
            Action::Crash(index) => {
                let server = SERVERS[index as usize];
                (server, server, "crashes".into())
            }
            Action::Restart(index) => {
                let server = SERVERS[index as usize];
                (server, server, "is started again".into())
            }
            Action::BackUp | Action::Restore => (OPERATOR, STORE, self.name(*action)),
        };
        Step {
            from,
            to,
            text,
            note: note(action, before, after),
        }
    }
}

/// What became of the record, and of what was only in memory.
fn note(action: &Action, before: &State, after: &State) -> Option<String> {
    if let Action::ReadOlder(..) = action {
        return Some("the store shows the record as it was before its last commit".into());
    }
    if before.store.record == after.store.record && before.history.wrong == after.history.wrong {
        return None;
    }
    let count = match after.store.record {
        Some(record) => format!(
            "record: version {}, epoch {}, {} failed, last number {}",
            record.version,
            record.store_epoch,
            record.lockout.failed_attempts,
            record.last_number()
        ),
        None => "no record".into(),
    };
    Some(format!(
        "{count}; evaluated wrong PINs: {}",
        after.history.wrong
    ))
}

fn decided(state: &State, index: u8) -> String {
    match &state.replicas[index as usize] {
        Replica::Decided(_, decided) => match &**decided {
            Decided::Create(_) => "create the record".into(),
            Decided::Verify(commit) => match commit.write() {
                countersign::factor::Write::Replace { expected, record } => {
                    let outcome = record.last.as_ref().map_or("?", outcome);
                    format!("{outcome}, if the record still has version {expected}")
                }
                countersign::factor::Write::Insert { .. } => "insert".into(),
            },
            Decided::Repeat(answered) => format!("repeat the last answer, {}", outcome(answered)),
            Decided::Refused(refusal) => format!("refused, {refusal}"),
        },
        Replica::Idle | Replica::Read(..) | Replica::Answering(..) | Replica::Down => {
            "refused".into()
        }
    }
}

fn said(replica: &Replica) -> String {
    match replica {
        Replica::Answering(_, answer) => match &**answer {
            Answer::Status(_) => "status".into(),
            Answer::Verdict(answered, _) => verdict(answered),
        },
        Replica::Decided(_, decided) => match &**decided {
            Decided::Repeat(answered) => verdict(answered),
            Decided::Verify(commit) => verdict(&commit.clone().committed()),
            Decided::Create(_) => "status".into(),
            Decided::Refused(refusal) => format!("refused, {refusal}"),
        },
        Replica::Idle | Replica::Read(..) | Replica::Down => "nothing".into(),
    }
}

fn verdict(answered: &Answered) -> String {
    let (number, failed) = (answered.number, answered.failed_attempts);
    format!(
        "verdict on {number}: {}, {failed} failed",
        outcome(answered)
    )
}

fn outcome(answered: &Answered) -> &'static str {
    match answered.outcome {
        Outcome::Right(_) => "right",
        Outcome::Managed => "right, for a change of the record",
        Outcome::Wrong => "wrong",
        Outcome::Blocked => "blocked",
    }
}
