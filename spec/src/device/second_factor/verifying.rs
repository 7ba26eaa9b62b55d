//! The factor server's answer to VERIFY (protocol.md, section 8.3).

use alloc::boxed::Box;

use super::asking::At;
use super::biometric::Draft;
use super::{
    Asking, AskingNew, Changing, Entry, Goal, Management, Opening, Possessing, Setting, Visit,
};
use crate::device::event::{Attempts, FactorContext, FactorResult, SecondFactor};
use crate::device::wallet::Commit;
use crate::error::{Code, Refusal};
use crate::messages::factor::{Verdict, Verify};
use crate::registry::Factor;
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
    /// Which factor it was.
    pub factor: Factor,
    /// The assertion, a COSE_Sign1.
    pub assertion: Bytes,
}

/// What follows the verdict.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Judged {
    /// Verified: the assertion.
    Passed(Passed),
    /// Verified for a PIN change: the new PIN.
    NewPin(Box<AskingNew>),
    /// Verified for a new `K_bio`: it proves its possession.
    Add(Box<Possessing>),
    /// Verified for the removal of biometrics: remove-biometric goes out.
    Remove(Box<Changing>),
    /// Not verified, and another entry may follow.
    Again(Box<Commit<Asking>>),
    /// Nothing is evaluated any more: the visit is over.
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
    /// [`Code::Structure`]: a verdict on another request, or one that is none (DEV-15). The
    /// flow is over.
    pub fn verdict(self, verdict: Verified<Verdict>, setting: &Setting) -> Result<Judged, Refusal> {
        let verdict = verdict.into_inner();
        if verdict.request_number != self.verify.request_number {
            return Err(Code::Structure.into());
        }
        const SUCCESS: u16 = 0;
        const WRONG: u16 = Code::WrongFactor.number();
        const BLOCKED: u16 = Code::Blocked.number();
        let attempts = told(&verdict);
        match (verdict.outcome, &self.visit.goal, &verdict.assertion) {
            (SUCCESS, Goal::Assertion(_), Some(assertion)) => Ok(Judged::Passed(Passed {
                event: self
                    .visit
                    .stops(self.context, attempts, FactorResult::Success),
                factor: self.verify.factor,
                assertion: assertion.clone(),
            })),
            (SUCCESS, Goal::Management(management), None) => {
                let management = *management;
                self.verified(management, attempts, setting)
            }
            (WRONG | BLOCKED, _, None) => self.failed(&verdict, setting),
            _ => Err(Code::Structure.into()),
        }
    }

    /// Takes a refusal: nothing was counted. Where the device had outdated numbers or came
    /// too early, or the biometric was not taken, the status comes next and then the user
    /// again. A `K_bio` that the factor server does not know is of no use any more.
    ///
    /// # Errors
    /// Any other code. The flow is over.
    pub fn refused(mut self, code: Code) -> Result<Commit<Opening>, Refusal> {
        let (updates, result) = match (code, self.verify.factor) {
            (
                Code::NumberTooLow
                | Code::NumberReused
                | Code::StoreEpoch
                | Code::Generation
                | Code::Delayed,
                _,
            ) => (alloc::vec![], FactorResult::Error),
            (Code::PinNeeded | Code::BiometricsClosed, Factor::Biometric) => {
                (alloc::vec![], FactorResult::Failed)
            }
            (Code::WrongBiometric | Code::FactorNotRegistered, Factor::Biometric) => {
                (alloc::vec![self.visit.forget()], FactorResult::Failed)
            }
            (code, _) => return Err(code.into()),
        };
        let opening = Opening {
            visit: self.visit,
            entry: Entry::Ask(result),
        };
        Ok(Commit::new(updates, opening))
    }

    /// Sets out again: the request is repeated, unless it was for a change (DEV-18).
    pub fn reconnect(self) -> (Visit, Entry) {
        let entry = match &self.visit.goal {
            Goal::Assertion(_) => Entry::Repeat(self.verify),
            Goal::Management(_) => Entry::Ask(FactorResult::Error),
        };
        (self.visit, entry)
    }

    /// The change may follow, in this channel and soon.
    fn verified(
        self,
        management: Management,
        attempts: Attempts,
        setting: &Setting,
    ) -> Result<Judged, Refusal> {
        match management {
            Management::ChangePin => {
                let asking = AskingNew::new(self, attempts, setting)?;
                Ok(Judged::NewPin(Box::new(asking)))
            }
            Management::AddBiometrics(key) => {
                let generation = self.verify.generation;
                let statement = self.visit.possession(generation, key, setting.channel);
                Ok(Judged::Add(Box::new(Possessing {
                    visit: self.visit,
                    statement,
                    attempts,
                    draft: Box::new(Draft::Add),
                })))
            }
            Management::RemoveBiometrics => {
                let changing = Changing::new(self.visit, self.context, attempts);
                Ok(Judged::Remove(Box::new(changing)))
            }
            Management::Check => Err(Code::Structure.into()),
        }
    }

    /// Asks again, if anything would be evaluated.
    fn failed(self, verdict: &Verdict, setting: &Setting) -> Result<Judged, Refusal> {
        let attempts = told(verdict);
        let result = FactorResult::Failed;
        if attempts.blocked() && !self.visit.offers(setting, verdict.pin_needed) {
            let event = self.visit.stops(self.context, attempts, result);
            return Ok(Judged::Blocked(event));
        }
        let at = At {
            store_epoch: self.verify.store_epoch,
            generation: self.verify.generation,
            answered: self.verify.request_number,
            attempts,
            pin_needed: verdict.pin_needed,
        };
        let (update, asking) = Asking::new(self.visit, setting, at, result)?;
        let commit = Commit::new(alloc::vec![update], asking);
        Ok(Judged::Again(Box::new(commit)))
    }
}

fn told(verdict: &Verdict) -> Attempts {
    Attempts {
        max: verdict.max_attempts,
        failed: verdict.failed_attempts,
        blocked: verdict.blocked,
        delay_s: verdict.delay_s,
    }
}
