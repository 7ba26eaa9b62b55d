//! The user is asked for a PIN, and what it signs goes out (protocol.md, sections 8.3 and 8.4).

use super::{Entry, Opening, Verifying, Visit, attempts, is_current};
use crate::crypto::{PublicKey, Signature};
use crate::device::event::{Attempts, FactorContext, FactorResult, SecondFactor};
use crate::error::{Code, Refusal};
use crate::messages::factor::{Create, FactorKey, FactorProof, Status, Verify};
use crate::values::{Bytes, ChannelBinding, Type};
use crate::verified::Verified;

/// The generation of a first PIN.
const FIRST_GENERATION: u32 = 1;

/// Waits for the user to set a first PIN.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AskingFirst {
    pub(super) visit: Visit,
    pub(super) voucher: Bytes,
    pub(super) store_epoch: u32,
    pub(super) attempts: Attempts,
    pub(super) result: FactorResult,
}

/// Waits for the user to enter the PIN.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Asking {
    pub(super) visit: Visit,
    pub(super) store_epoch: u32,
    pub(super) generation: u32,
    pub(super) attempts: Attempts,
    pub(super) result: FactorResult,
}

/// CREATE is out; waits for the status. The VERIFY that follows is signed
/// already, so that the PIN is not needed any more.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Creating {
    visit: Visit,
    verify: Verify,
}

impl AskingFirst {
    /// What the app is told (DEV-6).
    pub fn event(&self) -> SecondFactor {
        self.visit
            .event(FactorContext::FirstSet, self.attempts, self.result, true)
    }

    /// What every state of the visit knows.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// The generation of the PIN to be set.
    pub fn generation(&self) -> u32 {
        FIRST_GENERATION
    }

    /// What the new `K_pin` signs to prove its possession.
    pub fn key(&self, key: PublicKey, channel: ChannelBinding) -> FactorKey {
        let record = self.visit.registration.record();
        FactorKey {
            record,
            generation: FIRST_GENERATION,
            key,
            channel,
        }
    }

    /// What the new `K_pin` signs to be verified right after.
    pub fn proof(&self) -> FactorProof {
        self.visit.proof(self.store_epoch, FIRST_GENERATION)
    }

    /// Both are signed: CREATE goes out.
    pub fn create(
        self,
        pin_key: PublicKey,
        possession: Signature,
        proof: Signature,
    ) -> (Creating, Create) {
        let verify = self.visit.verify(&self.proof(), proof);
        let create = Create {
            ty: Type,
            voucher: self.voucher,
            pin_key,
            possession,
            biometric: None,
        };
        (
            Creating {
                visit: self.visit,
                verify,
            },
            create,
        )
    }

    /// Sets out again.
    pub fn reconnect(self) -> (Visit, Entry) {
        (self.visit, Entry::Ask(self.result))
    }
}

impl Asking {
    /// What the app is told (DEV-6).
    pub fn event(&self) -> SecondFactor {
        self.visit
            .event(FactorContext::Verify, self.attempts, self.result, true)
    }

    /// What every state of the visit knows.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// The generation of the PIN.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// What `K_pin` signs.
    pub fn proof(&self) -> FactorProof {
        self.visit.proof(self.store_epoch, self.generation)
    }

    /// It is signed: VERIFY goes out.
    pub fn verify(self, signature: Signature) -> Verifying {
        let verify = self.visit.verify(&self.proof(), signature);
        let context = FactorContext::Verify;
        Verifying {
            visit: self.visit,
            context,
            attempts: self.attempts,
            verify,
        }
    }

    /// Sets out again.
    pub fn reconnect(self) -> (Visit, Entry) {
        (self.visit, Entry::Ask(self.result))
    }
}

impl Creating {
    /// What every state of the visit knows.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// The record exists: VERIFY goes out.
    ///
    /// # Errors
    /// [`Code::Structure`]: the status shows another record than was created. The flow is over.
    pub fn created(self, status: &Verified<Status>) -> Result<Verifying, Refusal> {
        let record = status
            .record
            .as_ref()
            .filter(|record| is_current(&self.verify, status.store_epoch, record))
            .ok_or(Code::Structure)?;
        Ok(Verifying {
            attempts: attempts(status.max_attempts, record),
            visit: self.visit,
            context: FactorContext::FirstSet,
            verify: self.verify,
        })
    }

    /// Sets out again: if CREATE has arrived, the VERIFY that was signed goes on.
    pub fn reconnect(self) -> (Visit, Entry) {
        (self.visit, Entry::Repeat(self.verify))
    }

    /// Takes a refusal: if a record exists after all, its PIN is asked for.
    ///
    /// # Errors
    /// Any other code. The flow is over.
    pub fn refused(self, code: Code) -> Result<Opening, Refusal> {
        match code {
            Code::RecordExists => Ok(Opening {
                visit: self.visit,
                entry: Entry::Ask(FactorResult::Error),
            }),
            code => Err(code.into()),
        }
    }
}
