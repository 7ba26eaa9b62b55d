//! The factor server's answer to VERIFY (protocol.md, section 8.3).

use alloc::boxed::Box;

use super::{Asking, Entry, Opening, Visit};
use crate::device::event::{Attempts, FactorContext, FactorResult, SecondFactor};
use crate::device::wallet::Commit;
use crate::error::{Code, Refusal};
use crate::messages::factor::{Verdict, Verify};
use crate::values::Bytes;
use crate::verified::Verified;

/// VERIFY is out; waits for the verdict.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Verifying {
    pub(super) visit: Visit,
    pub(super) context: FactorContext,
    pub(super) attempts: Attempts,
    pub(super) verify: Verify,
}

/// The factor server has verified the factor.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Passed {
    /// What the app is told.
    pub event: SecondFactor,
    /// The assertion, a COSE_Sign1.
    pub assertion: Bytes,
}

/// What follows the verdict.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Judged {
    /// Verified.
    Passed(Passed),
    /// Wrong, and another entry may follow.
    Again(Box<Commit<Asking>>),
    /// No PIN is evaluated any more: the visit is over.
    Blocked(SecondFactor),
}

impl Verifying {
    /// The request, byte for byte the same each time it is sent.
    pub fn request(&self) -> &Verify {
        &self.verify
    }

    /// What every state of the visit knows.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// Takes the verdict.
    ///
    /// # Errors
    /// [`Code::Structure`]: a verdict on another request, or one that is none. The flow is over.
    pub fn verdict(self, verdict: Verified<Verdict>) -> Result<Judged, Refusal> {
        let verdict = verdict.into_inner();
        if verdict.request_number != self.verify.request_number {
            return Err(Code::Structure.into());
        }
        let attempts = Attempts {
            max: verdict.max_attempts,
            failed: verdict.failed_attempts,
            blocked: verdict.blocked,
            delay_s: verdict.delay_s,
        };
        const SUCCESS: u16 = 0;
        const WRONG: u16 = Code::WrongFactor.number();
        const BLOCKED: u16 = Code::Blocked.number();
        match (verdict.outcome, verdict.assertion) {
            (SUCCESS, Some(assertion)) => {
                let event = self
                    .visit
                    .event(self.context, attempts, FactorResult::Success, false);
                Ok(Judged::Passed(Passed { event, assertion }))
            }
            (WRONG, None) if !attempts.blocked() => {
                Ok(Judged::Again(Box::new(self.again(attempts)?)))
            }
            (WRONG | BLOCKED, None) => {
                let event = self
                    .visit
                    .event(self.context, attempts, FactorResult::Failed, false);
                Ok(Judged::Blocked(event))
            }
            _ => Err(Code::Structure.into()),
        }
    }

    /// Takes a refusal: where the device only had outdated numbers, it asks for
    /// the status and then the user again; nothing was counted.
    ///
    /// # Errors
    /// Any other code. The flow is over.
    pub fn refused(self, code: Code) -> Result<Opening, Refusal> {
        match code {
            Code::NumberTooLow | Code::NumberReused | Code::StoreEpoch | Code::Generation => {
                Ok(Opening {
                    visit: self.visit,
                    entry: Entry::Ask(FactorResult::Error),
                })
            }
            code => Err(code.into()),
        }
    }

    /// Sets out again: the request is repeated.
    pub fn reconnect(self) -> (Visit, Entry) {
        (self.visit, Entry::Repeat(self.verify))
    }

    fn again(self, attempts: Attempts) -> Result<Commit<Asking>, Refusal> {
        let Self {
            mut visit, verify, ..
        } = self;
        let update = visit.reserve(verify.request_number)?;
        let (store_epoch, generation) = (verify.store_epoch, verify.generation);
        let result = FactorResult::Failed;
        let next = Asking {
            visit,
            store_epoch,
            generation,
            attempts,
            result,
        };
        Ok(Commit::new(alloc::vec![update], next))
    }
}
