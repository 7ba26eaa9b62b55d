//! A change of the record, after a factor was verified for it (protocol.md, section 8.8).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::biometric::Draft;
use super::{
    Entry, Goal, Management, News, Opening, Possessing, Setting, Verifying, Visit, attempts,
};
use crate::crypto::{PublicKey, Signature};
use crate::device::event::{Attempts, FactorContext, FactorResult, SecondFactor};
use crate::device::wallet::{Commit, Pending};
use crate::error::{Code, Refusal};
use crate::messages::factor::{FactorKey, RecordStatus, SetPin, Status};
use crate::registry::Factor;
use crate::values::{ChannelBinding, Type};
use crate::verified::Verified;

/// The present factor is verified; waits for the user to choose another PIN.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AskingNew {
    visit: Visit,
    /// The one that the new PIN begins.
    generation: u32,
    attempts: Attempts,
    with_biometrics: bool,
}

/// A change is out; waits for the status.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Changing {
    visit: Visit,
    context: FactorContext,
    attempts: Attempts,
}

/// The change is made: the visit is over.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Changed {
    /// What the app is told before it is stored as known (DEV-19).
    pub news: Vec<News>,
    /// What it is told then.
    pub event: Commit<SecondFactor>,
}

impl AskingNew {
    /// After the verdict on `verifying`.
    pub(super) fn new(
        verifying: Verifying,
        attempts: Attempts,
        setting: &Setting,
    ) -> Result<Self, Refusal> {
        let (visit, verify) = (verifying.visit, verifying.verify);
        let generation = verify.generation.checked_add(1).ok_or(Code::Structure)?;
        Ok(Self {
            // CHG-3: none on the word of a biometric.
            with_biometrics: visit.registers(setting) && verify.factor == Factor::Pin,
            visit,
            generation,
            attempts,
        })
    }

    /// What the app is told (DEV-6).
    pub fn event(&self) -> SecondFactor {
        let (context, shows) = (FactorContext::PinChangeSet, self.with_biometrics);
        let result = FactorResult::Failed;
        self.visit.asks(context, self.attempts, shows, result)
    }

    /// What every state of the visit knows.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// The generation of the PIN to be set.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Whether a `K_bio` may be registered with the PIN.
    pub fn with_biometrics(&self) -> bool {
        self.with_biometrics
    }

    /// What the new `K_pin` signs to prove its possession.
    pub fn key(&self, key: PublicKey, channel: ChannelBinding) -> FactorKey {
        self.visit.possession(self.generation, key, channel)
    }

    /// It has signed: set-pin goes out, once it is stored that it may have.
    pub fn set(mut self, pin_key: PublicKey, possession: Signature) -> (Commit<Changing>, SetPin) {
        let set = self.draft(pin_key, possession);
        let update = self.visit.expect(Pending::Pin {
            generation: self.generation,
            biometric: None,
        });
        let context = FactorContext::PinChangeSet;
        let changing = Changing::new(self.visit, context, self.attempts);
        (Commit::new(alloc::vec![update], changing), set)
    }

    /// It has signed, and `biometric` is to be registered too: it is asked to sign next.
    pub fn with(
        self,
        pin_key: PublicKey,
        possession: Signature,
        (biometric, channel): (PublicKey, ChannelBinding),
    ) -> Possessing {
        Possessing {
            statement: self.key(biometric, channel),
            draft: Box::new(Draft::NewPin(self.draft(pin_key, possession))),
            attempts: self.attempts,
            visit: self.visit,
        }
    }

    /// The OS has no biometrics any more that it calls strong.
    pub fn without_biometrics(self) -> Self {
        Self {
            with_biometrics: false,
            ..self
        }
    }

    /// Sets out again, from the verification on: it belonged to the channel that is gone.
    pub fn reconnect(self) -> (Visit, Entry) {
        (self.visit, Entry::Ask(FactorResult::Error))
    }

    fn draft(&self, pin_key: PublicKey, possession: Signature) -> SetPin {
        SetPin {
            ty: Type,
            generation: self.generation,
            pin_key,
            possession,
            biometric: None,
        }
    }
}

impl Changing {
    pub(super) fn new(visit: Visit, context: FactorContext, attempts: Attempts) -> Self {
        Self {
            visit,
            context,
            attempts,
        }
    }

    /// What every state of the visit knows.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// Takes the status after the change.
    ///
    /// # Errors
    /// [`Code::Structure`]: a status that does not show the change. The flow is over.
    pub fn changed(mut self, status: &Verified<Status>) -> Result<Changed, Refusal> {
        let record = status.record.as_ref().ok_or(Code::Structure)?;
        let learned = self.visit.learn(Some(record));
        if !is_made(&self.visit.goal, &learned.news, record) {
            return Err(Code::Structure.into());
        }
        let event = done(&self.visit, status.max_attempts, record);
        Ok(Changed {
            news: learned.news,
            event: Commit::new(learned.updates, event),
        })
    }

    /// Takes a refusal. Where the verification has ended or the numbers were outdated, the
    /// status comes next and then the user again; nothing was changed.
    ///
    /// # Errors
    /// Any other code. The flow is over, and the record as it was.
    pub fn refused(self, code: Code) -> Result<Opening, Refusal> {
        match code {
            Code::NotVerified | Code::Generation | Code::StoreEpoch => Ok(Opening {
                visit: self.visit,
                entry: Entry::Ask(FactorResult::Error),
            }),
            code => Err(code.into()),
        }
    }

    /// Sets out again: the status says what became of the change.
    pub fn reconnect(self) -> (Visit, Entry) {
        (self.visit, Entry::Resolve)
    }
}

/// Whether the change that `goal` is for has been made.
pub(super) fn is_made(goal: &Goal, news: &[News], record: &RecordStatus) -> bool {
    match goal {
        Goal::Management(Management::ChangePin) => news.contains(&News::NewPin),
        Goal::Management(Management::AddBiometrics(_)) => news.contains(&News::BiometricsAdded),
        Goal::Management(Management::RemoveBiometrics) => !record.biometrics,
        Goal::Management(Management::Check) | Goal::Assertion(_) => false,
    }
}

/// What the app is told of the factor when the change is made.
pub(super) fn done(visit: &Visit, max: u32, record: &RecordStatus) -> SecondFactor {
    let context = match visit.context() {
        FactorContext::PinChangeVerify => FactorContext::PinChangeSet,
        context => context,
    };
    visit.stops(context, attempts(max, record), FactorResult::Success)
}
