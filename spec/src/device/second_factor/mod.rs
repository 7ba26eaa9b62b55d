//! A visit to the factor server: one channel, one factor, one assertion
//! (protocol.md, section 8).
//!
//! ```text
//! FactorGreeting ──message_2──► Opening ──status──┬─► AskingFirst ──PIN──► Creating ──status─┐
//!                                  ▲              │                                          ▼
//!                                  │              └─► Asking ──PIN──────────────────────► Verifying
//!                                  │                    ▲                                  │ │ │
//!                                  └── not evaluated ───┼──────────────────────────────────┘ │ ▼
//!                                                       └───────────── wrong PIN ────────────┘ Passed
//! ```
//!
//! What the factor is given for stays with the flow that sent the device here:
//! a visit knows only its [`Errand`]. It holds no secret either: what a PIN has
//! to sign comes out of a state, the signature goes into it.
//!
//! A request's number is reserved when the factor is asked for, so it is stored
//! before anything is signed (FAC-7). When the transport breaks, any state can
//! [`reconnect`](FactorGreeting::reconnect); a request that was sent is repeated
//! byte for byte.
mod asking;
mod opening;
mod verifying;

use alloc::string::String;

pub use asking::{Asking, AskingFirst, Creating};
pub use opening::{FactorGreeting, Opened, Opening};
pub use verifying::{Judged, Passed, Verifying};

use super::event::{Attempts, FactorContext, FactorResult, SecondFactor};
use super::wallet::{Registration, Update, Wallet};
use crate::crypto::Signature;
use crate::error::{Code, Refusal};
use crate::messages::factor::{FactorProof, RecordStatus, Verify};
use crate::registry::{Factor, Purpose};
use crate::values::{Bind, Bytes, ServerId, SessionId, Type, Version};

/// What the device wants of the factor server.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Errand {
    /// The factor server that the auth server's signed parameters name (DEV-10).
    pub factor_server: ServerId,
    /// Where it is reached.
    pub uri: String,
    /// The auth server that the assertion is for.
    pub audience: ServerId,
    /// What for.
    pub purpose: Purpose,
    /// All that it is for, hashed.
    pub bind: Bind,
    /// The session that it is for; absent in management flows.
    pub session: Option<SessionId>,
    /// The leave to create a record, where the flow brings one.
    pub voucher: Option<Bytes>,
}

/// What every state of a visit knows.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Visit {
    /// What it is for.
    pub errand: Errand,
    /// The device's registration, with the last number that it reserved.
    pub registration: Registration,
}

/// Why the device comes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Entry {
    /// To have a factor verified; what became of the last one.
    Ask(FactorResult),
    /// To repeat a request whose answer is not known.
    Repeat(Verify),
}

impl Visit {
    /// Sets out.
    ///
    /// # Errors
    /// [`Code::UnknownRecord`]: the device never registered there. The flow is over.
    pub fn new(errand: Errand, wallet: &Wallet) -> Result<Self, Refusal> {
        let registration = wallet
            .registration(errand.factor_server)
            .ok_or(Code::UnknownRecord)?
            .clone();
        Ok(Self {
            errand,
            registration,
        })
    }

    /// Greets the factor server.
    pub fn greet(self, wallet: &Wallet, versions: &[Version], entry: Entry) -> FactorGreeting {
        let epoch = wallet
            .server(self.errand.factor_server)
            .map(|known| known.parameters.epoch);
        FactorGreeting {
            visit: self,
            versions: versions.to_vec(),
            epoch,
            entry,
        }
    }

    /// Reserves the next request number: above all that were reserved or answered.
    fn reserve(&mut self, answered: u64) -> Result<Update, Refusal> {
        let last = self.registration.request_number.max(answered);
        let number = last.checked_add(1).ok_or(Code::Structure)?;
        self.registration.request_number = number;
        Ok(Update::RequestNumber {
            server: self.registration.server,
            number,
        })
    }

    fn proof(&self, store_epoch: u32, generation: u32) -> FactorProof {
        FactorProof {
            record: self.registration.record(),
            store_epoch,
            generation,
            request_number: self.registration.request_number,
            purpose: self.errand.purpose,
            bind: self.errand.bind,
        }
    }

    fn verify(&self, proof: &FactorProof, signature: Signature) -> Verify {
        Verify {
            ty: Type,
            request_number: proof.request_number,
            store_epoch: proof.store_epoch,
            generation: proof.generation,
            factor: Factor::Pin,
            purpose: proof.purpose,
            bind: proof.bind,
            audience: self.errand.audience,
            proof: signature,
        }
    }

    /// What the app is told. The flow listens exactly while it may retry.
    fn event(
        &self,
        context: FactorContext,
        attempts: Attempts,
        result: FactorResult,
        listening: bool,
    ) -> SecondFactor {
        SecondFactor {
            context,
            attempts,
            show_biometrics: false,
            result,
            retry: listening && !attempts.blocked(),
            stopped: !listening,
            session: self.errand.session,
        }
    }
}

impl Entry {
    fn result(&self) -> FactorResult {
        match self {
            Self::Ask(result) => *result,
            Self::Repeat(_) => FactorResult::Error,
        }
    }
}

/// Whether the request is for this store and this PIN.
fn is_current(verify: &Verify, store_epoch: u32, record: &RecordStatus) -> bool {
    verify.store_epoch == store_epoch
        && verify.generation == record.generation
        && verify.request_number >= record.request_number
}

fn attempts(max: u32, record: &RecordStatus) -> Attempts {
    Attempts {
        max,
        failed: record.failed_attempts,
        blocked: record.blocked,
        delay_s: record.delay_s,
    }
}
