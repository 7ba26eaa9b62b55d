//! Which record meets which request, and what a server's steps come to.

use countersign::factor::{Answered, Outcome, Record, Write};

use super::Lockout;
use super::messages::{Body, Junk, Kind, Message};
use super::server::{Decided, is_answer_to};
use super::state::{Replica, State};
use crate::cover::Pair;

impl Lockout {
    /// Each request that could be read now, and each step that a server is about to take.
    pub(super) fn noted(&self, state: &State, note: &mut dyn FnMut(Pair)) {
        let record = state.store.record;
        let of_record = self.class(record.as_deref(), state.store.epoch);
        for id in state.network.messages() {
            let message = self.message(id);
            let decided = self.decision(&state.store, record, id, 0);
            note(Pair {
                state: of_record.clone().into(),
                input: request(record.as_deref(), message).into(),
                outcome: outcome(&decided).into(),
            });
        }
        for (index, replica) in (0..).zip(&state.replicas) {
            let (at, step, outcome) = match replica {
                Replica::Idle | Replica::Read(..) => continue,
                Replica::Decided(_, decided) => match **decided {
                    Decided::Repeat(_) => ("a repetition to answer", "answer", "the same again"),
                    _ if self.is_in_conflict(state, index) => {
                        ("a decision to commit", "commit", "conflict")
                    }
                    _ => ("a decision to commit", "commit", "committed"),
                },
                Replica::Answering(..) => ("an answer that is committed", "answer", "left"),
                Replica::Down => ("crashed while it answered", "restart", "idle"),
            };
            note(Pair {
                state: format!("server: {at}").into(),
                input: step.into(),
                outcome: outcome.into(),
            });
        }
    }

    fn class(&self, record: Option<&Record>, epoch: u32) -> String {
        let Some(record) = record else {
            return "no record".into();
        };
        let age = if record.store_epoch < epoch {
            "restored, "
        } else {
            ""
        };
        let last = record.last.as_ref().map_or("nothing", answered);
        match record.lockout.failed_attempts {
            0 => format!("{age}open, none failed, last answered: {last}"),
            failed if failed < self.max_attempts() => {
                format!("{age}open, some failed, last answered: {last}")
            }
            _ => format!("{age}blocked, last answered: {last}"),
        }
    }
}

fn request(record: Option<&Record>, message: &Message) -> String {
    let Body::Verify(request) = &message.body else {
        return match message.kind {
            Kind::ThiefsCreate => "CREATE under another voucher".into(),
            _ => "CREATE".into(),
        };
    };
    let what = match message.kind {
        Kind::Right(_) => "right PIN",
        Kind::Typo(_) | Kind::Guess(_) => "wrong PIN",
        Kind::Junk(Junk::Malformed) => "malformed proof",
        Kind::Junk(Junk::OtherGeneration) => "another generation",
        Kind::Junk(Junk::OtherEpoch) => "another epoch",
        Kind::Junk(Junk::Biometric) => "biometric",
        Kind::Junk(Junk::OthersChannel) => "another's channel",
        Kind::Create | Kind::ThiefsCreate => unreachable!("no VERIFY"),
    };
    let last = record.and_then(|record| record.last.as_ref());
    let number = match last {
        Some(last) if request.request_number < last.number => "lower number",
        Some(last) if request.request_number == last.number => {
            if is_answer_to(last, request) {
                "same number, same bytes"
            } else {
                "same number, other bytes"
            }
        }
        _ => "higher number",
    };
    format!("VERIFY, {what}, {number}")
}

fn outcome(decided: &Decided) -> String {
    match decided {
        Decided::Create(_) => "the record is created".into(),
        Decided::Verify(commit) => match commit.write() {
            Write::Replace { record, .. } => record.last.as_ref().map_or("?", answered).into(),
            Write::Insert { .. } => unreachable!("no VERIFY inserts"),
        },
        Decided::Repeat(again) => format!("repeated: {}", answered(again)),
        Decided::Refused(refusal) => format!("refused, {refusal}"),
    }
}

fn answered(answered: &Answered) -> &'static str {
    match answered.outcome {
        Outcome::Right(_) => "right",
        Outcome::Managed => "right, for a change",
        Outcome::Wrong => "wrong",
        Outcome::Blocked => "blocked",
    }
}
