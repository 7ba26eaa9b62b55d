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

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::event::{Attempts, FactorContext, FactorResult, SecondFactor};
use super::greeting::{check_version, news};
use super::parameters::{Authenticated, Expected};
use super::wallet::{Commit, Registration, Trust, Update, Wallet};
use crate::crypto::{PublicKey, Signature};
use crate::error::{Code, Refusal};
use crate::messages::factor::{
    Create, FactorKey, FactorProof, RecordStatus, Status, Verdict, Verify,
};
use crate::messages::handshake::{Ead1, Ead2, Statement};
use crate::registry::{Factor, Purpose, ServerKind};
use crate::values::{Bind, Bytes, ChannelBinding, ServerId, SessionId, Type, Version};
use crate::verified::Verified;

/// The generation of a first PIN.
const FIRST_GENERATION: u32 = 1;

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

/// Waits for message_2.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FactorGreeting {
    visit: Visit,
    versions: Vec<Version>,
    epoch: Option<u32>,
    entry: Entry,
}

/// Knows the factor server; waits for its status.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Opening {
    visit: Visit,
    entry: Entry,
}

/// Waits for the user to set a first PIN.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AskingFirst {
    visit: Visit,
    voucher: Bytes,
    store_epoch: u32,
    attempts: Attempts,
    result: FactorResult,
}

/// Waits for the user to enter the PIN.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Asking {
    visit: Visit,
    store_epoch: u32,
    generation: u32,
    attempts: Attempts,
    result: FactorResult,
}

/// CREATE is out; waits for the status. The VERIFY that follows is signed
/// already, so that the PIN is not needed any more.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Creating {
    visit: Visit,
    verify: Verify,
}

/// VERIFY is out; waits for the verdict.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Verifying {
    visit: Visit,
    context: FactorContext,
    attempts: Attempts,
    verify: Verify,
}

/// The factor server has verified the factor.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Passed {
    /// What the app is told.
    pub event: SecondFactor,
    /// The assertion, a COSE_Sign1.
    pub assertion: Bytes,
}

/// What follows the status.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Opened {
    /// Nothing is registered: a first PIN.
    First(Commit<AskingFirst>),
    /// The PIN.
    Verify(Commit<Asking>),
    /// The request again.
    Repeat(Verifying),
    /// No PIN would be evaluated: the visit is over.
    Blocked(SecondFactor),
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

impl FactorGreeting {
    /// EAD_1 (VER-1, HS-11).
    pub fn ead_1(&self) -> Ead1 {
        Ead1 {
            versions: self.versions.clone(),
            purpose: Purpose::Factor,
            server: self.visit.errand.factor_server,
            epoch: self.epoch,
            claim: None,
        }
    }

    /// What EAD_3 says to a factor server: nothing but the purpose.
    pub fn statement(&self) -> Statement {
        Statement::bare(Purpose::Factor)
    }

    /// What every state of the visit knows.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// Whom to [`authenticate`](super::parameters::authenticate) (DEV-10).
    pub fn expected<'w>(&self, wallet: &'w Wallet) -> Expected<'w> {
        let server = self.visit.errand.factor_server;
        Expected {
            server,
            kind: ServerKind::Factor,
            known: wallet.server(server),
            link: None,
            trust: Trust::NamedBy(self.visit.errand.audience),
        }
    }

    /// The factor server is authenticated; message_3 goes out at once.
    ///
    /// # Errors
    /// [`Code::WrongVersion`] (VER-3), [`Code::EadRefused`] (HS-11). The flow is over.
    pub fn greeted(
        self,
        offer: &Verified<Ead2>,
        server: &Authenticated,
        wallet: &Wallet,
    ) -> Result<Commit<Opening>, Refusal> {
        check_version(offer.version, &self.versions, &server.parameters().versions)?;
        if offer.announce.is_some()
            || offer.account.is_some()
            || offer.policy.is_some()
            || offer.voucher.is_some()
        {
            return Err(Code::EadRefused.into());
        }
        Ok(Commit::new(
            news(wallet, server),
            Opening {
                visit: self.visit,
                entry: self.entry,
            },
        ))
    }

    /// Sets out again.
    pub fn reconnect(self) -> (Visit, Entry) {
        (self.visit, self.entry)
    }
}

impl Opening {
    /// What every state of the visit knows.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// Takes the factor server's status.
    ///
    /// # Errors
    /// [`Code::UnknownRecord`]: nothing is registered, and nothing may be. The flow is over.
    pub fn status(self, status: &Verified<Status>) -> Result<Opened, Refusal> {
        let Self { mut visit, entry } = self;
        let Some(record) = &status.record else {
            let voucher = visit.errand.voucher.clone().ok_or(Code::UnknownRecord)?;
            let attempts = Attempts {
                max: status.max_attempts,
                failed: 0,
                blocked: false,
                delay_s: 0,
            };
            let update = visit.reserve(0)?;
            let result = entry.result();
            let store_epoch = status.store_epoch;
            let next = AskingFirst {
                visit,
                voucher,
                store_epoch,
                attempts,
                result,
            };
            return Ok(Opened::First(Commit::new(alloc::vec![update], next)));
        };
        let attempts = attempts(status.max_attempts, record);
        let result = match entry {
            // The answer of a repeated request may be a verdict that was lost, blocked or not.
            Entry::Repeat(verify) if is_current(&verify, status.store_epoch, record) => {
                let context = FactorContext::Verify;
                return Ok(Opened::Repeat(Verifying {
                    visit,
                    context,
                    attempts,
                    verify,
                }));
            }
            entry => entry.result(),
        };
        if attempts.blocked() {
            let event = visit.event(FactorContext::Verify, attempts, result, false);
            return Ok(Opened::Blocked(event));
        }
        let update = visit.reserve(record.request_number)?;
        let (store_epoch, generation) = (status.store_epoch, record.generation);
        let next = Asking {
            visit,
            store_epoch,
            generation,
            attempts,
            result,
        };
        Ok(Opened::Verify(Commit::new(alloc::vec![update], next)))
    }

    /// Sets out again.
    pub fn reconnect(self) -> (Visit, Entry) {
        (self.visit, self.entry)
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
