//! What has happened, as somebody would note it who sees everything. Nobody acts on it.
//!
//! It keeps the rules of sections 8.7 and 8.8 a second time, in other words than the code: a
//! *leave* is what CHG-1 calls a verification, noted when it was committed and struck out by
//! whatever came after.

use countersign::factor::{Answered, Lockout, Operation, Outcome, Record};
use countersign::registry::seconds;
use countersign::values::UnixSeconds;

use super::Bounds;
use super::messages::{Ask, By, Errand, Message, NewPin, OTHERS, pin_of};
use super::server::Answer;
use crate::cast;

/// What has happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct History {
    /// Wrong PINs that were evaluated since a right one was.
    pub guesses: u8,
    /// Biometrics that were verified since then.
    pub uses: u8,
    /// The count that the record has to have.
    pub count: u8,
    /// The change that may follow.
    pub leave: Option<Leave>,
    faults: u16,
}

/// The last commit was a factor's verification for this change.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Leave {
    operation: Operation,
    line: u8,
    until: UnixSeconds,
}

/// What must never happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u16)]
pub enum Fault {
    /// A biometric was taken beyond its budget.
    OverBudget = 1,
    /// A proof was taken that nobody could make who had the factor.
    FalseProof = 1 << 1,
    /// A biometric was enough for what asks for a PIN.
    ManagedByFinger = 1 << 2,
    /// A verification for a change came with an assertion, or another without.
    WrongAssertion = 1 << 3,
    /// A change without its verification, in its channel and time, right before it.
    WithoutLeave = 1 << 4,
    /// The generation did not rise by one with a new PIN, or changed with anything else.
    GenerationJumped = 1 << 5,
    /// A change did something else, or more, or less, than it says.
    WrongChange = 1 << 6,
    /// The count fell although nothing was proved.
    FreeReset = 1 << 7,
    /// A verified biometric left the count as it was.
    NoReset = 1 << 8,
    /// Another phone changed this one's record.
    OtherPhone = 1 << 9,
    /// A PIN is live whose possession nobody has proved.
    Unpossessed = 1 << 10,
}

impl History {
    /// Whether that has ever happened.
    pub fn has(&self, fault: Fault) -> bool {
        self.faults & fault as u16 != 0
    }

    /// A commit replaced `before` by `after`.
    pub fn committed(
        &mut self,
        bounds: &Bounds,
        message: &Message,
        before: &Record,
        after: &Record,
        answer: &Answer,
    ) {
        self.note(message.kind.line == OTHERS, Fault::OtherPhone);
        let leave = self.leave.take();
        match (message.kind.ask, answer) {
            (Ask::Verify(by, errand, ..), Answer::Verdict(answered, verdict)) => {
                self.note(differs(before, after, false), Fault::WrongChange);
                let is_login = matches!(answered.outcome, Outcome::Right(_));
                let is_wrong = verdict.assertion.is_some() != is_login
                    || (errand != Errand::Login) != (answered.outcome == Outcome::Managed)
                        && is_proved(answered);
                self.note(is_wrong, Fault::WrongAssertion);
                self.verified(bounds, message, by, errand, before, after, answered);
            }
            (Ask::SetPin(new, generation), _) => {
                self.change(leave, Operation::PinChange, message, after);
                let is_next = after.generation == before.generation + 1;
                self.note(!is_next, Fault::GenerationJumped);
                let is_owners = after.pin_key == pin_of(generation);
                self.note(!is_owners && new != NewPin::Thiefs, Fault::Unpossessed);
                self.note(after.biometric != before.biometric, Fault::WrongChange);
                self.count = 0;
            }
            (Ask::Add(_), _) => {
                self.change(leave, Operation::BiometricsAdd, message, after);
                let is_added = after.biometric == Some(cast::FINGER);
                let is_more = differs(before, after, true);
                self.note(is_more || !is_added, Fault::WrongChange);
            }
            (Ask::Remove, _) => {
                self.change(leave, Operation::BiometricsRemove, message, after);
                let is_more = differs(before, after, true);
                self.note(is_more || after.biometric.is_some(), Fault::WrongChange);
            }
            (Ask::Gone, _) => {
                let is_more = differs(before, after, true);
                self.note(is_more || after.biometric.is_some(), Fault::WrongChange);
            }
            (Ask::Status | Ask::Verify(..), _) => {
                self.note(differs(before, after, false), Fault::WrongChange);
            }
        }
        let is_proved = match answer {
            Answer::Verdict(answered, _) => is_proved(answered),
            Answer::Status(_) => matches!(message.kind.ask, Ask::SetPin(..)),
        };
        let fell = after.lockout.failed_attempts < before.lockout.failed_attempts;
        self.note(fell && !is_proved, Fault::FreeReset);
    }

    #[expect(clippy::too_many_arguments, reason = "all that there is to a verdict")]
    fn verified(
        &mut self,
        bounds: &Bounds,
        message: &Message,
        by: By,
        errand: Errand,
        before: &Record,
        after: &Record,
        answered: &Answered,
    ) {
        match answered.outcome {
            Outcome::Wrong => {
                self.guesses += 1;
                self.count += 1;
                self.note(by == By::Pin, Fault::FalseProof);
            }
            Outcome::Blocked => {}
            Outcome::Right(_) | Outcome::Managed if by == By::Finger => {
                self.note(self.uses >= bounds.budget, Fault::OverBudget);
                self.note(before.biometric.is_none(), Fault::FalseProof);
                self.uses += 1;
                if bounds.finger_resets {
                    self.note(after.lockout.failed_attempts != 0, Fault::NoReset);
                    self.count = 0;
                }
            }
            Outcome::Right(_) | Outcome::Managed => {
                let is_false = by != By::Pin || !is_for_live_pin(message, before);
                self.note(is_false, Fault::FalseProof);
                (self.guesses, self.uses, self.count) = (0, 0, 0);
            }
        }
        let Errand::Change(operation) = errand else {
            return;
        };
        if answered.outcome == Outcome::Managed {
            let is_enough = match operation {
                Operation::BiometricsRemove => true,
                Operation::PinChange => by == By::Pin || bounds.change_by_finger,
                Operation::BiometricsAdd => by == By::Pin,
            };
            self.note(!is_enough, Fault::ManagedByFinger);
            self.leave = Some(Leave {
                operation,
                line: message.kind.line,
                until: after.last_time.plus(seconds::MANAGEMENT),
            });
        }
    }

    fn change(
        &mut self,
        leave: Option<Leave>,
        operation: Operation,
        message: &Message,
        after: &Record,
    ) {
        let has_leave = leave.is_some_and(|leave| {
            leave.operation == operation
                && leave.line == message.kind.line
                && after.last_time < leave.until
        });
        self.note(!has_leave, Fault::WithoutLeave);
    }

    fn note(&mut self, happened: bool, fault: Fault) {
        if happened {
            self.faults |= fault as u16;
        }
    }
}

fn is_proved(answered: &Answered) -> bool {
    matches!(answered.outcome, Outcome::Right(_) | Outcome::Managed)
}

fn is_for_live_pin(message: &Message, before: &Record) -> bool {
    match message.kind.ask {
        Ask::Verify(_, _, _, generation) => u32::from(generation) == before.generation,
        _ => false,
    }
}

/// Whether a commit that is no new PIN changed what only a change may; the count too, if it is
/// no VERIFY.
fn differs(before: &Record, after: &Record, is_change_of_key: bool) -> bool {
    // All fields by name: a new one has to be looked at here.
    let Record {
        id,
        version: _, // the store's own
        store_epoch,
        device,
        generation,
        pin_key,
        biometric,
        lockout: Lockout { .. }, // compared with the count
        budget: _,               // compared with the uses
        verified: _,             // compared with the leave
        last: _,                 // the lockout model's
        last_time,
    } = *before;
    let is_same = (id, store_epoch, device, generation, pin_key)
        == (
            after.id,
            after.store_epoch,
            after.device,
            after.generation,
            after.pin_key,
        );
    let is_same_finger = is_change_of_key || biometric == after.biometric;
    !is_same || !is_same_finger || after.last_time < last_time
}
