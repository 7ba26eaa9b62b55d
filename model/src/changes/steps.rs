//! What can happen next, and what it changes.

use countersign::factor::{Operation, Outcome};

use super::Changes;
use super::messages::{Ask, By, Errand, Id, Kind, NewPin, OTHERS, THIEFS};
use super::server::{Answer, Decided, answer, is_idle, replacement};
use super::state::{Line, Stage, State};
use super::weakenings::Weak;
use crate::keep::Kept;

/// One step of somebody. Lines by number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// The device leaves its channel, or its app was killed, and it opens the next.
    Connect,
    /// The owner gives a factor; the device numbers and signs the request, and sends it.
    Give(By, Errand),
    /// The device sends the change that it was verified for.
    Change(NewPin),
    /// It sends add-biometric without having been verified for it.
    ChangeUnasked,
    /// It says that its biometric key is gone.
    Gone,
    /// It was refused and asks for the status.
    AskStatus,
    /// A thief gets hold of the phone, and of the owner's finger.
    Steal,
    /// An attacker's request arrives and is decided.
    Say(Id),
    /// A verification's time passes.
    Wait,
    /// The server at the end of a line decides what it was asked.
    Decide(u8),
    /// It commits.
    Commit(u8),
    /// It answers.
    Answer(u8),
    /// It crashes, or the connection breaks.
    Crash(u8),
}

impl Changes {
    /// Lists the actions that change the state.
    pub(super) fn enabled(&self, state: &State, actions: &mut Vec<Action>) {
        self.enabled_on_device(state, actions);
        if !state.thief {
            actions.push(Action::Steal);
        } else {
            for line in [THIEFS, OTHERS] {
                if state.lines[usize::from(line)] == Line::Idle {
                    let says = self.universe.through(line);
                    let says = says.filter(|id| !is_idle(&self.decision(state, *id)));
                    actions.extend(says.map(Action::Say));
                }
            }
        }
        if self.bounds.waits && !state.late {
            actions.push(Action::Wait);
        }
        for (index, line) in (0..).zip(&state.lines) {
            match line {
                Line::Unopened | Line::Idle | Line::Closed => continue,
                Line::Asked(_) => actions.push(Action::Decide(index)),
                Line::Decided(..) => {
                    actions.push(Action::Commit(index));
                    if self.weak == Some(Weak::AnswerBeforeCommit) {
                        actions.push(Action::Answer(index));
                    }
                }
                Line::Answering(..) => actions.push(Action::Answer(index)),
            }
            actions.push(Action::Crash(index));
        }
    }

    fn enabled_on_device(&self, state: &State, actions: &mut Vec<Action>) {
        let device = state.device;
        if device.stage != Stage::Ready && device.line + 1 < self.bounds.channels {
            actions.push(Action::Connect);
        }
        if state.own_line() != Line::Idle {
            return;
        }
        match device.stage {
            Stage::Ready => {
                if device.number < self.bounds.numbers {
                    self.given(state, actions);
                }
                if state.record.biometric.is_some() {
                    actions.push(Action::Gone);
                }
                if self.bounds.has_faults {
                    actions.push(Action::ChangeUnasked);
                }
            }
            Stage::Verified(operation) => {
                actions.push(Action::Change(NewPin::Good));
                if self.bounds.has_faults && operation == Operation::PinChange {
                    let faults = [NewPin::Skipping, NewPin::Unpossessed];
                    actions.extend(faults.map(Action::Change));
                }
            }
            Stage::Refused => actions.push(Action::AskStatus),
            Stage::Connecting | Stage::Verifying | Stage::Changing => {}
        }
    }

    fn given(&self, state: &State, actions: &mut Vec<Action>) {
        let change = |operation| Errand::Change(operation);
        let has_finger = state.record.biometric.is_some();
        actions.push(Action::Give(By::Pin, Errand::Login));
        actions.push(Action::Give(By::Pin, change(Operation::BiometricsAdd)));
        if has_finger {
            actions.push(Action::Give(By::Finger, Errand::Login));
            actions.push(Action::Give(By::Pin, change(Operation::BiometricsRemove)));
        }
        if state.device.generation < self.bounds.generations {
            actions.push(Action::Give(By::Pin, change(Operation::PinChange)));
            if has_finger && self.bounds.change_by_finger {
                actions.push(Action::Give(By::Finger, change(Operation::PinChange)));
            }
        }
    }

    /// Changes the state by one of its enabled actions.
    pub(super) fn take(&self, state: &mut State, action: Action) {
        let own = state.device.line;
        match action {
            Action::Connect => {
                let left = &mut state.lines[usize::from(own)];
                if matches!(left, Line::Idle | Line::Answering(..)) {
                    *left = Line::Closed;
                }
                state.device.line += 1;
                self.ask(state, Ask::Status, Stage::Connecting);
            }
            Action::Give(by, errand) => {
                state.device.number += 1;
                let (number, generation) = (state.device.number, state.device.generation);
                let ask = Ask::Verify(by, errand, number, generation);
                self.ask(state, ask, Stage::Verifying);
            }
            Action::Change(new) => self.ask(state, self.change(state, new), Stage::Changing),
            Action::ChangeUnasked => {
                let ask = Ask::Add(state.device.generation);
                self.ask(state, ask, Stage::Changing);
            }
            Action::Gone => self.ask(state, Ask::Gone, Stage::Changing),
            Action::AskStatus => self.ask(state, Ask::Status, Stage::Connecting),
            Action::Steal => state.thief = true,
            Action::Say(id) => {
                let line = self.universe.get(id).kind.line;
                self.decide(state, line, id);
            }
            Action::Wait => state.late = true,
            Action::Decide(line) => {
                if let Line::Asked(id) = state.lines[usize::from(line)] {
                    self.decide(state, line, id);
                }
            }
            Action::Commit(line) => self.commit(state, line),
            Action::Answer(line) => self.answer(state, line),
            Action::Crash(line) => state.lines[usize::from(line)] = broken(line),
        }
    }

    fn ask(&self, state: &mut State, ask: Ask, stage: Stage) {
        let line = state.device.line;
        state.lines[usize::from(line)] = Line::Asked(self.universe.id(Kind { line, ask }));
        state.device.stage = stage;
    }

    fn change(&self, state: &State, new: NewPin) -> Ask {
        let generation = state.device.generation;
        match state.device.stage {
            Stage::Verified(Operation::BiometricsAdd) => Ask::Add(generation),
            Stage::Verified(Operation::BiometricsRemove) => Ask::Remove,
            _ => match new {
                NewPin::Skipping => Ask::SetPin(new, generation + 2),
                _ => Ask::SetPin(new, generation + 1),
            },
        }
    }

    fn decide(&self, state: &mut State, line: u8, id: Id) {
        let decided = self.decision(state, id);
        let next = match &*decided {
            Decided::Verdict(_) | Decided::Change(_) => Line::Decided(id, decided),
            Decided::Again(_) | Decided::Told(_) if state.is_own(line) => {
                self.answering(id, &decided)
            }
            Decided::Refused(_) if state.is_own(line) => {
                state.device.stage = Stage::Refused;
                Line::Idle
            }
            Decided::Again(_) | Decided::Told(_) | Decided::Refused(_) => broken(line),
        };
        state.lines[usize::from(line)] = next;
    }

    fn answering(&self, id: Id, decided: &Decided) -> Line {
        match answer(&self.config, decided) {
            Some(answer) => {
                let answer = Weak::said(self.weak, answer);
                Line::Answering(id, self.answers.keep(answer))
            }
            None => Line::Idle,
        }
    }

    /// Whether what the server at the end of `line` is about to commit will be in conflict.
    pub(super) fn is_in_conflict(&self, state: &State, decided: &Decided) -> bool {
        let is_blind = self.weak == Some(Weak::BlindReplace);
        replacement(decided).is_some_and(|(expected, _)| state.record.version != expected)
            && !is_blind
    }

    fn commit(&self, state: &mut State, line: u8) {
        let Line::Decided(id, decided) = state.lines[usize::from(line)] else {
            unreachable!("not enabled");
        };
        let told = self.answering(id, &decided);
        if self.is_in_conflict(state, &decided) {
            // LCK-2: dropped unseen, and decided again.
            state.lines[usize::from(line)] = match told {
                Line::Answering(..) if self.weak == Some(Weak::AnswerAfterConflict) => told,
                _ if line >= THIEFS => Line::Idle, // he can say it again
                _ => Line::Asked(id),
            };
            return;
        }
        if let (Some((_, after)), Line::Answering(_, answer)) = (replacement(&decided), told) {
            let (before, message) = (state.record, self.universe.get(id));
            let after = Weak::stored(self.weak, &before, after.clone(), message);
            let history = &mut state.history;
            history.committed(&self.bounds, message, &before, &after, &answer);
            state.record = self.records.keep(after);
        }
        state.lines[usize::from(line)] = if state.is_own(line) {
            told
        } else {
            broken(line) // what an attacker is told he might have guessed
        };
    }

    fn answer(&self, state: &mut State, line: u8) {
        let (id, answer) = match state.lines[usize::from(line)] {
            Line::Answering(id, answer) => (id, Some(answer)),
            Line::Decided(id, decided) => match self.answering(id, &decided) {
                Line::Answering(_, answer) => (id, Some(answer)),
                _ => (id, None),
            },
            _ => unreachable!("not enabled"),
        };
        if !state.is_own(line) {
            state.lines[usize::from(line)] = broken(line);
            return;
        }
        state.lines[usize::from(line)] = Line::Idle;
        if let Some(answer) = answer {
            self.hear(state, id, answer);
        }
    }

    /// The device takes an answer.
    fn hear(&self, state: &mut State, id: Id, answer: Kept<Answer>) {
        let device = &mut state.device;
        match &*answer {
            Answer::Status(status) => {
                device.stage = Stage::Ready;
                if let Some(record) = &status.record {
                    let taken = u8::try_from(record.request_number).unwrap_or(u8::MAX);
                    device.number = device.number.max(taken);
                    device.generation = u8::try_from(record.generation).unwrap_or(u8::MAX);
                }
            }
            Answer::Verdict(answered, _) => {
                device.stage = match (answered.outcome, self.universe.get(id).kind.ask) {
                    (Outcome::Managed, Ask::Verify(_, Errand::Change(operation), ..)) => {
                        Stage::Verified(operation)
                    }
                    _ => Stage::Ready,
                };
            }
        }
    }
}

/// A line after its server or its connection broke: an attacker opens it again at once.
fn broken(line: u8) -> Line {
    if line >= THIEFS {
        Line::Idle
    } else {
        Line::Closed
    }
}
