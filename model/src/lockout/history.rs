//! What has happened, as somebody would note it who sees everything.
//!
//! Nobody acts on it. It is small, since every bit of it doubles the states: a
//! count, what was answered under each number, and which of the events occurred
//! that never must.

use countersign::factor::{Answered, Asserted, Lockout, Outcome, Record};
use countersign::messages::factor::{Assertion, Verdict};
use countersign::registry::{Factor, Purpose};

use super::messages::{Body, Junk, Kind, Message, bind, subject};
use super::server::{Answer, is_answer_to};
use crate::cast;
use crate::keep::Kept;

/// The highest request number of any model.
pub const MAX_NUMBERS: usize = 8;

/// What has happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct History {
    /// Wrong PINs whose verdict was committed, since a right one's was.
    pub wrong: u32,
    /// The count that the record has to have: the same, but for what a restore took (RES-1).
    pub count: u32,
    /// The answer that was committed under each number.
    pub answers: [Option<Kept<Answer>>; MAX_NUMBERS],
    faults: u16,
}

/// What must never happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u16)]
pub enum Fault {
    /// A verdict left that is not in the committed record.
    EarlyVerdict = 1,
    /// The count fell without a right PIN.
    FreeReset = 1 << 1,
    /// A request was evaluated a second time, or after a higher number.
    EvaluatedAgain = 1 << 2,
    /// The same request got two answers.
    TwoAnswers = 1 << 3,
    /// What must not be evaluated was.
    JunkEvaluated = 1 << 4,
    /// A PIN was evaluated while the count was full.
    EvaluatedWhileBlocked = 1 << 5,
    /// No PIN was evaluated although the count was not full.
    BlockedTooSoon = 1 << 6,
    /// An assertion for what was not proved.
    FalseAssertion = 1 << 7,
    /// A commit was dated before the one before it.
    TimeFell = 1 << 8,
    /// A record of another epoch was evaluated.
    OtherEpochEvaluated = 1 << 9,
    /// A verdict showed another count than there was.
    WrongCountShown = 1 << 10,
    /// A commit replaced whose record it is, or its PIN.
    RecordTakenOver = 1 << 11,
}

impl History {
    /// Whether that has ever happened.
    pub fn has(&self, fault: Fault) -> bool {
        self.faults & fault as u16 != 0
    }

    /// A commit replaced `before` by `after`, whatever it was for.
    pub fn replaced(&mut self, before: Option<&Record>, after: &Record, is_right: bool) {
        let Some(before) = before else { return };
        // All fields by name: a new one has to be looked at here.
        let Record {
            id,
            version: _,     // the store's own; if it stays the same, F7 sees it
            store_epoch: _, // FAC-11
            device,
            generation: _, // F5
            pin_key,
            biometric,
            lockout:
                Lockout {
                    failed_attempts,
                    last_failure: _, // for delays, which this model has none of
                },
            budget: _,   // biometrics have one, and there are none here
            verified: _, // neither are there changes of the record
            last: _,     // F4
            last_time,
        } = *before;
        let is_same = (id, device, pin_key, biometric)
            == (after.id, after.device, after.pin_key, after.biometric);
        self.note(!is_same, Fault::RecordTakenOver);
        let fell = after.lockout.failed_attempts < failed_attempts;
        self.note(fell && !is_right, Fault::FreeReset);
        self.note(after.last_time < last_time, Fault::TimeFell);
    }

    /// The answer to a VERIFY was committed while the store was in `epoch`.
    pub fn answered(
        &mut self,
        message: &Message,
        record: &Record,
        epoch: u32,
        max_attempts: u32,
        answer: Kept<Answer>,
    ) {
        let Answer::Verdict(answered, verdict) = &*answer else {
            return;
        };
        let was_full = self.count >= max_attempts;
        let is_evaluated = match answered.outcome {
            Outcome::Right(asserted) => {
                let is_false = !asserts_what_was_proved(&asserted, message);
                self.note(is_false, Fault::FalseAssertion);
                (self.wrong, self.count) = (0, 0);
                true
            }
            Outcome::Wrong => {
                self.wrong += 1;
                self.count += 1;
                true
            }
            Outcome::Managed | Outcome::Blocked => false,
        };
        // Blocked is found out before the proof is looked at (FAC-2).
        let is_proper = message.kind.may_be_evaluated_in(epoch)
            || (was_full && message.kind == Kind::Junk(Junk::Malformed) && !is_evaluated);
        self.note(!is_proper, Fault::JunkEvaluated);
        self.note(is_evaluated && was_full, Fault::EvaluatedWhileBlocked);
        self.note(!is_evaluated && !was_full, Fault::BlockedTooSoon);
        let is_other = record.store_epoch != epoch;
        self.note(is_evaluated && is_other, Fault::OtherEpochEvaluated);
        let is_shown = shows(verdict, answered, self.count, max_attempts);
        self.note(!is_shown, Fault::WrongCountShown);
        let place = place(answered);
        let from_here = self.answers.iter().skip(place);
        let again = from_here.flatten().next().is_some();
        self.note(again, Fault::EvaluatedAgain);
        self.answers[place] = Some(answer);
    }

    /// An answer left.
    pub fn left(&mut self, message: &Message, answer: &Answer) {
        let (Answer::Verdict(answered, _), Body::Verify(request)) = (answer, &message.body) else {
            return;
        };
        match self.answers[place(answered)].as_deref() {
            Some(committed) if committed == answer => {}
            Some(Answer::Verdict(committed, _)) if is_answer_to(committed, request) => {
                self.note(true, Fault::TwoAnswers);
            }
            _ => self.note(true, Fault::EarlyVerdict),
        }
    }

    /// The store was restored, with this record in it, and its epoch was raised. Whatever the
    /// record says, one attempt at most is left (RES-1); what was answered after the backup
    /// was made is forgotten.
    pub fn restored(&mut self, record: &Record, max_attempts: u32) {
        self.count = record.lockout.failed_attempts.max(max_attempts - 1);
        let known = usize::try_from(record.last_number()).expect("few numbers");
        for answer in self.answers.iter_mut().skip(known) {
            *answer = None;
        }
    }

    fn note(&mut self, happened: bool, fault: Fault) {
        if happened {
            self.faults |= fault as u16;
        }
    }
}

/// Whether every word of the assertion was proved by the request.
fn asserts_what_was_proved(asserted: &Asserted, message: &Message) -> bool {
    let Kind::Right(number) = message.kind else {
        return false;
    };
    // All fields by name: a new one has to be looked at here.
    let Assertion {
        subject: whom,
        bind: what,
        factor,
        time,
        purpose,
        expiry,
        id: _, // the same for the same request, so `TwoAnswers` sees it
    } = asserted.assertion;
    whom == subject(&message.requester)
        && asserted.audience == cast::AUTH_SERVER
        && what == bind(message.kind, number)
        && factor == Factor::Pin
        && purpose == Purpose::Login
        && time < expiry
}

/// Whether the verdict says what was answered and how many wrong PINs there were.
fn shows(verdict: &Verdict, answered: &Answered, wrong: u32, max_attempts: u32) -> bool {
    let Verdict {
        ty: _,
        request_number,
        outcome,
        failed_attempts,
        max_attempts: shown_max,
        blocked,
        delay_s,
        pin_needed,
        ref assertion,
    } = *verdict;
    let is_right = matches!(answered.outcome, Outcome::Right(_));
    request_number == answered.number
        && failed_attempts == wrong
        && shown_max == max_attempts
        && blocked == (wrong >= max_attempts)
        && delay_s == 0
        && pin_needed
        && assertion.is_some() == is_right
        && (outcome == 0) == is_right
}

fn place(answered: &Answered) -> usize {
    usize::try_from(answered.number).expect("few numbers") - 1
}
