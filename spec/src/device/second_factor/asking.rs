//! The user is asked for the factor that is registered (protocol.md, section 8.3).

use super::{Entry, Given, Proving, Setting, Verifying, Visit, request};
use crate::crypto::{PublicKey, Signature};
use crate::device::event::{Attempts, FactorResult, SecondFactor};
use crate::device::wallet::{Commit, Update};
use crate::error::{Code, Refusal};
use crate::messages::factor::FactorProof;
use crate::registry::Factor;

/// Waits for the user to enter the PIN, or a biometric where one is offered.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Asking {
    pub(super) visit: Visit,
    pub(super) given: Given,
    pub(super) store_epoch: u32,
    pub(super) generation: u32,
    pub(super) attempts: Attempts,
    /// The `K_bio` that may sign instead.
    pub(super) offered: Option<PublicKey>,
    pub(super) result: FactorResult,
}

impl Asking {
    /// What the app is told (DEV-6).
    pub fn event(&self) -> SecondFactor {
        let shows = self.offered.is_some();
        let context = self.visit.context();
        self.visit.asks(context, self.attempts, shows, self.result)
    }

    /// What every state of the visit knows.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// The generation of the PIN.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Whether a PIN would be evaluated.
    ///
    /// # Errors
    /// [`Code::Blocked`] (LCK-5): a biometric alone is listened to.
    pub fn takes_pin(&self) -> Result<(), Refusal> {
        match self.attempts.blocked() {
            true => Err(Code::Blocked.into()),
            false => Ok(()),
        }
    }

    /// The `K_bio` that may sign.
    ///
    /// # Errors
    /// [`Code::Stopped`]: none is offered (DEV-17).
    pub fn biometric(&self) -> Result<PublicKey, Refusal> {
        self.offered.ok_or(Code::Stopped.into())
    }

    /// What `K_pin` or `K_bio` signs.
    pub fn proof(&self) -> FactorProof {
        let (epoch, generation) = (self.store_epoch, self.generation);
        self.visit.proof(self.given, epoch, generation)
    }

    /// `K_pin` has signed: VERIFY goes out.
    pub fn verify(self, signature: Signature) -> Verifying {
        self.signed(Factor::Pin, signature)
    }

    /// The user gives a biometric: `K_bio` is asked to sign.
    ///
    /// # Errors
    /// As [`biometric`](Self::biometric).
    pub fn prove(self) -> Result<Proving, Refusal> {
        let key = self.biometric()?;
        Ok(Proving { asking: self, key })
    }

    /// The OS has no biometrics any more that it calls strong.
    pub fn without_biometrics(self) -> Self {
        Self {
            offered: None,
            ..self
        }
    }

    /// The phone has invalidated `K_bio` (CHG-7). The factor server is told at the next status.
    pub fn forgotten(mut self) -> Commit<Self> {
        let update = self.visit.forget();
        Commit::new(alloc::vec![update], self.without_biometrics())
    }

    pub(super) fn signed(self, factor: Factor, signature: Signature) -> Verifying {
        let verify = request(self.given, &self.proof(), factor, signature);
        Verifying {
            context: self.visit.context(),
            visit: self.visit,
            attempts: self.attempts,
            verify,
        }
    }

    /// Sets out again.
    pub fn reconnect(self) -> (Visit, Entry) {
        (self.visit, Entry::Ask(self.result))
    }

    /// Asks: reserves the number of the request first.
    pub(super) fn new(
        mut visit: Visit,
        setting: &Setting,
        at: At,
        result: FactorResult,
    ) -> Result<(Update, Self), Refusal> {
        let update = visit.reserve(at.answered)?;
        let offers = visit.offers(setting, at.pin_needed);
        let registered = visit.registration.factors.biometric;
        let asking = Self {
            given: visit.given(setting.channel),
            offered: registered.filter(|_| offers),
            visit,
            store_epoch: at.store_epoch,
            generation: at.generation,
            attempts: at.attempts,
            result,
        };
        Ok((update, asking))
    }
}

/// Where the record stands, by a status or a verdict.
pub(super) struct At {
    pub(super) store_epoch: u32,
    pub(super) generation: u32,
    pub(super) answered: u64,
    pub(super) attempts: Attempts,
    pub(super) pin_needed: bool,
}
