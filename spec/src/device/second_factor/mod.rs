//! A visit to the factor server: one channel, one factor, one assertion or one
//! change of the record (protocol.md, section 8).
//!
//! ```text
//! FactorGreeting ──message_2──► Opening ──status──┬─► AskingFirst ─┬─PIN───────────────────► Creating
//!                                 ▲  ▲            │                └─with biometrics─► Possessing ─┘ │
//!                      Clearing ──┘  │            │                                                  ▼
//!                  (biometric-gone)  │            ├─► Asking ─┬─PIN───────────────────────────► Verifying
//!                                    │            │     ▲     └─biometric─► Proving ──K_bio──────┘ │ │
//!                                    │            │     └────────────── wrong PIN ─────────────────┘ │
//!                                    └─ not evaluated ─────────────────────────────────────────────┤
//!                                                 │                                                  ▼
//!                                                 ▼                                     Passed, or for a change:
//!                                     Done, Checked, Blocked   ◄──status── Changing ◄──┬── AskingNew ──PIN──┐
//!                                                                                      └── Possessing ◄─────┘
//! ```
//!
//! What an assertion is for stays with the flow that sent the device here: a
//! visit knows only its [`Goal`]. It holds no secret either: what a PIN or
//! `K_bio` has to sign comes out of a state, the signature goes into it.
//!
//! A request's number is reserved when the factor is asked for, so it is stored
//! before anything is signed (FAC-7). When the transport breaks, any state can
//! [`reconnect`](FactorGreeting::reconnect): a VERIFY that was sent for an assertion is
//! repeated byte for byte (DEV-11); one for a change is not, since what it
//! verified belongs to the channel that is gone (DEV-18).
//!
//! Whatever status comes, the device learns from it first: which PIN is live, and whether
//! the factor server has `K_bio` ([`News`]).
mod asking;
mod biometric;
mod changing;
mod first;
mod learning;
mod opening;
mod verifying;

use alloc::string::String;

pub use asking::Asking;
pub use biometric::{Possessed, Possessing, Proving};
pub use changing::{AskingNew, Changed, Changing};
pub use first::{AskingFirst, Creating};
pub use learning::News;
pub use opening::{Clearing, FactorGreeting, Next, Opened, Opening};
pub use verifying::{Judged, Passed, Verifying};

use super::event::{Attempts, FactorContext, FactorResult, SecondFactor};
use super::wallet::{Registration, Trust, Update, Wallet};
use crate::crypto::{PublicKey, Signature};
use crate::error::{Code, Refusal};
use crate::messages::BindInput;
use crate::messages::factor::{FactorKey, FactorProof, RecordStatus, Verify};
use crate::messages::parameters::FactorServer;
use crate::registry::{Factor, Purpose};
use crate::values::{Bind, Bytes, ChannelBinding, ServerId, SessionId, Type, Version};

/// What an auth server's policy demands.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Demand {
    /// Where the factor is verified.
    pub server: FactorServer,
    /// Whether a biometric would do; the PIN always does (DEV-13).
    pub biometric: bool,
}

/// An assertion that the device wants of the factor server.
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
    /// The session that it is for, where there is one.
    pub session: Option<SessionId>,
    /// The leave to create a record, where the flow brings one.
    pub voucher: Option<Bytes>,
    /// Whether the policy allows a biometric; for an enrolment none is offered (DEV-16).
    pub biometric: bool,
}

/// What a user may do to the record of this device at a factor server (section 8.8).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Management {
    /// Another PIN.
    ChangePin,
    /// This `K_bio`, which the app has just made.
    AddBiometrics(PublicKey),
    /// No biometrics any more.
    RemoveBiometrics,
    /// Nothing: to learn what became of a change, and to report biometrics that are gone.
    Check,
}

/// What a visit is for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Goal {
    /// An assertion.
    Assertion(Errand),
    /// The record itself.
    Management(Management),
}

/// What holds at the moment, beside the facts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Setting {
    /// The channel to the factor server.
    pub channel: ChannelBinding,
    /// Whether the OS has biometrics that it calls strong, and the app offers them.
    pub biometrics: bool,
    /// Whether the app lets a biometric verify a PIN change.
    pub pin_change_by_biometric: bool,
}

/// What every state of a visit knows.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Visit {
    /// What it is for.
    pub goal: Goal,
    /// Where the factor server is reached.
    pub uri: String,
    /// The device's registration there, with the last number that it reserved.
    pub registration: Registration,
}

/// Why the device comes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Entry {
    /// To have a factor verified; what became of the last one.
    Ask(FactorResult),
    /// To repeat a request whose answer is not known.
    Repeat(Verify),
    /// To learn what became of the change that it sent.
    Resolve,
}

/// What a factor is given for (section 8.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Given {
    purpose: Purpose,
    bind: Bind,
    audience: ServerId,
}

impl Visit {
    /// Sets out for an assertion.
    ///
    /// # Errors
    /// [`Code::UnknownRecord`]: the device never registered there. The flow is over.
    pub fn new(errand: Errand, wallet: &Wallet) -> Result<Self, Refusal> {
        let registration = wallet.registration(errand.factor_server);
        Ok(Self {
            registration: registration.ok_or(Code::UnknownRecord)?.clone(),
            uri: errand.uri.clone(),
            goal: Goal::Assertion(errand),
        })
    }

    /// Sets out to a factor server that the device has met.
    ///
    /// # Errors
    /// [`Code::UnknownRecord`]: it never registered there. [`Code::InvalidKey`] for a `K_bio`
    /// that has another role already (KEY-1).
    pub fn manage(
        server: ServerId,
        management: Management,
        wallet: &Wallet,
    ) -> Result<Self, Refusal> {
        let registration = wallet.registration(server).ok_or(Code::UnknownRecord)?;
        let known = wallet.server(server).ok_or(Code::UnknownRecord)?;
        match management {
            Management::AddBiometrics(key) if wallet.holds(&key) => {
                return Err(Code::InvalidKey.into());
            }
            _ => {}
        }
        Ok(Self {
            registration: registration.clone(),
            uri: known.parameters.uri.clone(),
            goal: Goal::Management(management),
        })
    }

    /// The factor server.
    pub fn server(&self) -> ServerId {
        self.registration.server
    }

    /// Greets the factor server.
    pub fn greet(self, wallet: &Wallet, versions: &[Version], entry: Entry) -> FactorGreeting {
        let known = wallet.server(self.server());
        FactorGreeting {
            epoch: known.map(|known| known.parameters.epoch),
            visit: self,
            versions: versions.to_vec(),
            entry,
        }
    }

    /// Whether the visit is for the upgrade of a headless account.
    fn upgrades(&self) -> bool {
        matches!(&self.goal, Goal::Assertion(e) if e.purpose == Purpose::Upgrade)
    }

    /// Who vouches for the factor server, should the device not know it yet (DEV-10).
    fn trust(&self) -> Trust {
        match &self.goal {
            Goal::Assertion(errand) => Trust::NamedBy(errand.audience),
            // The device has met it, and keeps what it knows.
            Goal::Management(_) => Trust::Pinned,
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

    /// What a factor would be given for: an assertion, or one change in this channel (CHG-2).
    fn given(&self, channel: ChannelBinding) -> Given {
        let change = |purpose| Given {
            purpose,
            bind: BindInput::management(self.server(), channel, purpose).bind(),
            audience: self.server(),
        };
        match &self.goal {
            Goal::Assertion(errand) => Given {
                purpose: errand.purpose,
                bind: errand.bind,
                audience: errand.audience,
            },
            Goal::Management(Management::ChangePin) => change(Purpose::PinChange),
            Goal::Management(Management::AddBiometrics(_)) => change(Purpose::BiometricsAdd),
            Goal::Management(Management::RemoveBiometrics) => change(Purpose::BiometricsRemove),
            // Verifies nothing.
            Goal::Management(Management::Check) => change(Purpose::Factor),
        }
    }

    /// Whether a biometric may stand in for the PIN (DEV-16). `refused` is what the factor
    /// server says of it: budget, registration and lockout.
    fn offers(&self, setting: &Setting, refused: bool) -> bool {
        let allowed = match &self.goal {
            Goal::Assertion(errand) => errand.biometric && errand.purpose != Purpose::Enrol,
            Goal::Management(Management::ChangePin) => setting.pin_change_by_biometric,
            Goal::Management(Management::RemoveBiometrics) => true,
            Goal::Management(_) => false, // CHG-3
        };
        let registered = self.registration.factors.biometric.is_some();
        allowed && registered && setting.biometrics && !refused
    }

    /// Whether a `K_bio` may be registered together with a PIN that is set.
    fn registers(&self, setting: &Setting) -> bool {
        let enrols = matches!(&self.goal, Goal::Assertion(e) if e.purpose == Purpose::Enrol);
        setting.biometrics && !enrols
    }

    fn proof(&self, given: Given, store_epoch: u32, generation: u32) -> FactorProof {
        FactorProof {
            record: self.registration.record(),
            store_epoch,
            generation,
            request_number: self.registration.request_number,
            purpose: given.purpose,
            bind: given.bind,
        }
    }

    /// What a new factor key signs to prove its possession.
    fn possession(&self, generation: u32, key: PublicKey, channel: ChannelBinding) -> FactorKey {
        FactorKey {
            record: self.registration.record(),
            generation,
            key,
            channel,
        }
    }

    /// The context in which the factor that is registered is asked for.
    fn context(&self) -> FactorContext {
        match &self.goal {
            Goal::Assertion(_) | Goal::Management(Management::Check) => FactorContext::Verify,
            Goal::Management(Management::ChangePin) => FactorContext::PinChangeVerify,
            Goal::Management(Management::AddBiometrics(_)) => FactorContext::BiometricsAdd,
            Goal::Management(Management::RemoveBiometrics) => FactorContext::BiometricsRemove,
        }
    }

    /// What the app is told while the flow listens: `retry` where another entry would be
    /// evaluated (DEV-9).
    fn asks(
        &self,
        context: FactorContext,
        attempts: Attempts,
        show_biometrics: bool,
        result: FactorResult,
    ) -> SecondFactor {
        SecondFactor {
            context,
            attempts,
            show_biometrics,
            result,
            retry: show_biometrics || !attempts.blocked(),
            stopped: false,
            session: self.session(),
        }
    }

    /// What the app is told when nothing is listened to any more.
    fn stops(
        &self,
        context: FactorContext,
        attempts: Attempts,
        result: FactorResult,
    ) -> SecondFactor {
        SecondFactor {
            context,
            attempts,
            show_biometrics: false,
            result,
            retry: false,
            stopped: true,
            session: self.session(),
        }
    }

    fn session(&self) -> Option<SessionId> {
        match &self.goal {
            Goal::Assertion(errand) => errand.session,
            Goal::Management(_) => None,
        }
    }
}

impl Entry {
    fn result(&self) -> FactorResult {
        match self {
            Self::Ask(result) => *result,
            Self::Repeat(_) | Self::Resolve => FactorResult::Error,
        }
    }
}

/// The request that `proof` was signed for.
fn request(given: Given, proof: &FactorProof, factor: Factor, signature: Signature) -> Verify {
    Verify {
        ty: Type,
        request_number: proof.request_number,
        store_epoch: proof.store_epoch,
        generation: proof.generation,
        factor,
        purpose: given.purpose,
        bind: given.bind,
        audience: given.audience,
        proof: signature,
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
