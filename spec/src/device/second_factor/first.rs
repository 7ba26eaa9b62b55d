//! The first PIN: CREATE, and the VERIFY that is signed with it (protocol.md, section 8.4).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::biometric::Draft;
use super::{
    Entry, Given, News, Opening, Possessing, Setting, Verifying, Visit, attempts, is_current,
    request,
};
use crate::crypto::{PublicKey, Signature};
use crate::device::event::{Attempts, FactorContext, FactorResult, SecondFactor};
use crate::device::wallet::Commit;
use crate::error::{Code, Refusal};
use crate::messages::factor::{Create, FactorKey, FactorProof, Status, Verify};
use crate::registry::Factor;
use crate::values::{Bytes, ChannelBinding, Type};
use crate::verified::Verified;

/// The generation of a first PIN.
pub(super) const FIRST_GENERATION: u32 = 1;

/// Waits for the user to set a first PIN.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AskingFirst {
    pub(super) visit: Visit,
    pub(super) given: Given,
    pub(super) voucher: Bytes,
    pub(super) store_epoch: u32,
    pub(super) attempts: Attempts,
    pub(super) with_biometrics: bool,
    pub(super) result: FactorResult,
}

/// CREATE is out; waits for the status. The VERIFY that follows is signed
/// already, so that the PIN is not needed any more.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Creating {
    pub(super) visit: Visit,
    pub(super) verify: Verify,
}

impl AskingFirst {
    /// What the app is told (DEV-6).
    pub fn event(&self) -> SecondFactor {
        let (context, shows) = (FactorContext::FirstSet, self.with_biometrics);
        self.visit.asks(context, self.attempts, shows, self.result)
    }

    /// What every state of the visit knows.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// The generation of the PIN to be set.
    pub fn generation(&self) -> u32 {
        FIRST_GENERATION
    }

    /// Whether a `K_bio` may be registered with the PIN.
    pub fn with_biometrics(&self) -> bool {
        self.with_biometrics
    }

    /// What the new `K_pin` signs to prove its possession.
    pub fn key(&self, key: PublicKey, channel: ChannelBinding) -> FactorKey {
        self.visit.possession(FIRST_GENERATION, key, channel)
    }

    /// What the new `K_pin` signs to be verified right after.
    pub fn proof(&self) -> FactorProof {
        self.visit
            .proof(self.given, self.store_epoch, FIRST_GENERATION)
    }

    /// Both are signed: CREATE goes out.
    pub fn create(
        self,
        pin_key: PublicKey,
        possession: Signature,
        proof: Signature,
    ) -> (Creating, Create) {
        let verify = request(self.given, &self.proof(), Factor::Pin, proof);
        let create = Create {
            ty: Type,
            voucher: self.voucher,
            pin_key,
            possession,
            biometric: None,
        };
        let visit = self.visit;
        (Creating { visit, verify }, create)
    }

    /// Both are signed, and `biometric` is to be registered too: it is asked to sign next.
    pub fn with(
        self,
        pin_key: PublicKey,
        possession: Signature,
        proof: Signature,
        (biometric, channel): (PublicKey, ChannelBinding),
    ) -> Possessing {
        let statement = self.key(biometric, channel);
        let attempts = self.attempts;
        let (Creating { visit, verify }, create) = self.create(pin_key, possession, proof);
        Possessing {
            visit,
            statement,
            attempts,
            draft: Box::new(Draft::First { create, verify }),
        }
    }

    /// The OS has no biometrics any more that it calls strong.
    pub fn without_biometrics(self) -> Self {
        Self {
            with_biometrics: false,
            ..self
        }
    }

    /// Sets out again.
    pub fn reconnect(self) -> (Visit, Entry) {
        (self.visit, Entry::Ask(self.result))
    }

    pub(super) fn new(
        visit: Visit,
        setting: &Setting,
        voucher: Bytes,
        status: &Status,
        result: FactorResult,
    ) -> Self {
        Self {
            given: visit.given(setting.channel),
            with_biometrics: visit.registers(setting),
            visit,
            voucher,
            store_epoch: status.store_epoch,
            attempts: Attempts {
                max: status.max_attempts,
                failed: 0,
                blocked: false,
                delay_s: 0,
            },
            result,
        }
    }
}

impl Creating {
    /// What every state of the visit knows.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// The record exists: VERIFY goes out, after the app was told the news.
    ///
    /// # Errors
    /// [`Code::Structure`]: the status shows another record than was created. The flow is over.
    pub fn created(
        mut self,
        status: &Verified<Status>,
    ) -> Result<(Vec<News>, Commit<Verifying>), Refusal> {
        let record = status
            .record
            .as_ref()
            .filter(|record| is_current(&self.verify, status.store_epoch, record))
            .ok_or(Code::Structure)?;
        let learned = self.visit.learn(Some(record));
        let verifying = Verifying {
            attempts: attempts(status.max_attempts, record),
            visit: self.visit,
            context: FactorContext::FirstSet,
            verify: self.verify,
        };
        Ok((learned.news, Commit::new(learned.updates, verifying)))
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
