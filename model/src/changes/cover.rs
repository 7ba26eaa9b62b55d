//! Which record meets which request, and what a server's steps come to.

use countersign::factor::{Answered, Budget, Outcome, Record};

use super::Changes;
use super::messages::{Ask, By, Errand, Message, NewPin, OTHERS, THIEFS};
use super::server::{Decided, replacement};
use super::state::{Line, State};
use crate::cover::Pair;

impl Changes {
    /// Each request that somebody could make now, and each step that a server is about to take.
    pub(super) fn noted(&self, state: &State, note: &mut dyn FnMut(Pair)) {
        let of_record = self.class(&state.record);
        let mut asked: Vec<_> = state.lines.iter().filter_map(asked).collect();
        if state.thief {
            asked.extend(
                [THIEFS, OTHERS]
                    .into_iter()
                    .flat_map(|line| self.universe.through(line)),
            );
        }
        for id in asked {
            let message = self.universe.get(id);
            note(Pair {
                state: of_record.clone().into(),
                input: request(&state.record, message).into(),
                outcome: outcome(&self.decision(state, id)).into(),
            });
        }
        for line in &state.lines {
            let (at, step, outcome) = match line {
                Line::Decided(_, decided) if self.is_in_conflict(state, decided) => {
                    ("a decision to commit", "commit", "conflict")
                }
                Line::Decided(..) => ("a decision to commit", "commit", "committed"),
                Line::Answering(..) => ("an answer that is committed", "answer", "left"),
                Line::Unopened | Line::Idle | Line::Asked(_) | Line::Closed => continue,
            };
            note(Pair {
                state: format!("server: {at}").into(),
                input: step.into(),
                outcome: outcome.into(),
            });
        }
    }

    fn class(&self, record: &Record) -> String {
        let open = if record.lockout.is_blocked(self.bounds.max_attempts) {
            "blocked"
        } else {
            "open"
        };
        let finger = match (record.biometric, record.budget) {
            (None, _) => "no biometric",
            (
                Some(_),
                Budget::Since {
                    uses_without_pin, ..
                },
            ) if uses_without_pin < self.bounds.budget.into() => "biometric within its budget",
            (Some(_), _) => "biometric without budget",
        };
        let verified = match record.verified {
            Some(verified) => format!("verified for {:?}", verified.operation),
            None => "nothing verified".into(),
        };
        format!("{open}, {finger}, {verified}")
    }
}

fn asked(line: &Line) -> Option<super::Id> {
    match line {
        Line::Asked(id) => Some(*id),
        _ => None,
    }
}

fn request(record: &Record, message: &Message) -> String {
    let whose = if message.kind.line == OTHERS {
        ", from another phone"
    } else {
        match record.verified {
            Some(verified) if verified.channel == message.requester.channel() => {
                ", in the channel of the verification"
            }
            Some(_) => ", in another channel than the verification",
            None => "",
        }
    };
    let what = match message.kind.ask {
        Ask::Status => "status".to_string(),
        Ask::Verify(by, errand, number, generation) => {
            let by = match by {
                By::Pin => "PIN",
                By::Finger => "biometric",
                By::Guess => "wrong PIN",
                By::WrongFinger => "wrong biometric",
            };
            let purpose = match errand {
                Errand::Login => "login".into(),
                Errand::Change(operation) => format!("{operation:?}"),
            };
            let number = match record.last_number() {
                last if u64::from(number) < last => ", lower number",
                last if u64::from(number) == last => ", same number",
                _ => "",
            };
            let generation = if u32::from(generation) == record.generation {
                ""
            } else {
                ", other generation"
            };
            format!("VERIFY, {by}, {purpose}{number}{generation}")
        }
        Ask::SetPin(new, generation) => {
            let new = match new {
                NewPin::Good | NewPin::Thiefs => "",
                NewPin::Skipping => ", skipping",
                NewPin::Unpossessed => ", not possessed",
            };
            let next = if u32::from(generation) == record.generation + 1 {
                "next"
            } else {
                "other"
            };
            format!("set-pin, {next} generation{new}")
        }
        Ask::Add(_) => "add-biometric".into(),
        Ask::Remove => "remove-biometric".into(),
        Ask::Gone => "biometric-gone".into(),
    };
    format!("{what}{whose}")
}

fn outcome(decided: &Decided) -> String {
    match decided {
        Decided::Verdict(_) => {
            let last = replacement(decided).and_then(|(_, after)| after.last);
            last.as_ref().map_or("?", answered).into()
        }
        Decided::Again(again) => format!("repeated: {}", answered(again)),
        Decided::Change(_) => "committed, then the status".into(),
        Decided::Told(_) => "the status".into(),
        Decided::Refused(refusal) => format!("refused, {refusal}"),
    }
}

/// What a VERIFY came to.
pub(super) fn answered(answered: &Answered) -> &'static str {
    match answered.outcome {
        Outcome::Right(_) => "right",
        Outcome::Managed => "right, for a change",
        Outcome::Wrong => "wrong",
        Outcome::Blocked => "blocked",
    }
}
