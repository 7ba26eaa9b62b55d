//! What the user enters. Each input is checked against the state first, so that a
//! refusal leaves the request open and nothing of it is used.

use super::{Facts, Line, Visit};
use crate::cose::{self, Statement};
use crate::crypto::{Pin, PinKey, PublicKey, Secret, Signature};
use crate::device::endpoint::stage::Context;
use crate::device::event::Event;
use crate::easy;
use crate::error::{Code, Refusal};

impl Visit {
    /// Whether the user is asked for a factor.
    pub(in crate::device::endpoint) fn asks(&self) -> bool {
        matches!(
            self,
            Self::AskingFirst { .. } | Self::Asking { .. } | Self::AskingNew { .. }
        )
    }

    /// Whether the OS's prompt for a `K_bio` is up.
    pub(in crate::device::endpoint) fn prompts(&self) -> bool {
        matches!(self, Self::Proving { .. } | Self::Possessing { .. })
    }

    /// Whether `pin` may be taken; `strict` refuses one that is easy to guess, where one is set.
    ///
    /// # Errors
    /// [`Code::Stopped`] (DEV-7), [`Code::Blocked`] (LCK-5), [`Code::PinTooEasy`] (PIN-4).
    pub(in crate::device::endpoint) fn takes_pin(
        &self,
        pin: &Pin,
        strict: bool,
    ) -> Result<(), Refusal> {
        match self {
            Self::Asking { facts, .. } => facts.takes_pin(),
            Self::AskingFirst { .. } | Self::AskingNew { .. } => match easy::easy(pin) {
                Some(_) if strict => Err(Code::PinTooEasy.into()),
                _ => Ok(()),
            },
            _ => Err(Code::Stopped.into()),
        }
    }

    /// Whether a biometric may be given, in place of the PIN or together with it.
    ///
    /// # Errors
    /// [`Code::Stopped`]: none was offered (DEV-17).
    pub(in crate::device::endpoint) fn takes_biometric(&self) -> Result<(), Refusal> {
        match self {
            Self::Asking { facts, .. } => facts.biometric().map(drop),
            Self::AskingFirst { facts, .. } if facts.with_biometrics() => Ok(()),
            Self::AskingNew { facts, .. } if facts.with_biometrics() => Ok(()),
            _ => Err(Code::Stopped.into()),
        }
    }

    /// Signs what the PIN has to sign. Each `K_pin` signs once, so a first PIN is derived
    /// twice: for its possession, and for the VERIFY that follows (PIN-2). `biometric` is a
    /// `K_bio` to be registered with a PIN that is set; where a factor is verified the PIN
    /// decides, and it is not used (DEV-17).
    pub(in crate::device::endpoint) fn pin<V>(
        self,
        pin: &Pin,
        biometric: Option<PublicKey>,
        d_sec: &Secret<32>,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        match self {
            Self::AskingFirst { facts, line } => {
                let derive = || pin_key(facts.visit(), d_sec, facts.generation(), pin);
                let (possessor, prover) = (derive(), derive());
                let key = possessor.public_key();
                let possession = sign_once(possessor, &facts.key(key, line.binding()))?;
                let proof = sign_once(prover, &facts.proof())?;
                let Some(biometric) = biometric else {
                    let (facts, create) = facts.create(key, possession, proof);
                    let line = line.told(&create, context)?;
                    return Ok(Self::Creating { facts, line });
                };
                let with = (biometric, line.binding());
                Self::possess(facts.with(key, possession, proof, with), line, context)
            }
            Self::AskingNew { facts, line } => {
                let possessor = pin_key(facts.visit(), d_sec, facts.generation(), pin);
                let key = possessor.public_key();
                let possession = sign_once(possessor, &facts.key(key, line.binding()))?;
                let Some(biometric) = biometric else {
                    let (commit, set) = facts.set(key, possession);
                    let facts = context.commit(commit);
                    let line = line.told(&set, context)?;
                    return Ok(Self::Changing { facts, line });
                };
                let with = (biometric, line.binding());
                Self::possess(facts.with(key, possession, with), line, context)
            }
            Self::Asking { facts, line } => {
                let prover = pin_key(facts.visit(), d_sec, facts.generation(), pin);
                let proof = sign_once(prover, &facts.proof())?;
                Self::verify(facts.verify(proof), line, context)
            }
            _ => Err(Code::Stopped.into()),
        }
    }

    /// Whether a biometric may be given in place of the PIN.
    ///
    /// # Errors
    /// As [`takes_biometric`](Self::takes_biometric).
    pub(in crate::device::endpoint) fn takes_biometric_alone(&self) -> Result<(), Refusal> {
        match self {
            Self::Asking { facts, .. } => facts.biometric().map(drop),
            _ => Err(Code::Stopped.into()),
        }
    }

    /// The user gives a biometric in place of the PIN.
    pub(in crate::device::endpoint) fn biometric<V>(
        self,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        match self {
            Self::Asking { facts, line } => Self::prove(facts.prove()?, line, context),
            _ => Err(Code::Stopped.into()),
        }
    }

    /// The OS's prompt was cancelled. Where the PIN would do, the user is asked again; what
    /// was to be registered is not, and the flow is over.
    pub(in crate::device::endpoint) fn prompt_cancelled<V>(
        self,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        match self {
            Self::Proving { facts, line } => {
                context.tell(Event::PromptCancelled);
                Ok(Self::ask(facts.cancelled(), line, context))
            }
            _ => Err(Code::Cancelled.into()),
        }
    }

    /// The OS has no biometrics any more that it calls strong: none is offered.
    pub(in crate::device::endpoint) fn without_biometrics<V>(
        self,
        context: &mut Context<'_, V>,
    ) -> Self {
        match self {
            Self::Asking { facts, line } if facts.biometric().is_ok() => {
                Self::ask(facts.without_biometrics(), line, context)
            }
            Self::AskingNew { facts, line } if facts.with_biometrics() => {
                Self::ask_new(facts.without_biometrics(), line, context)
            }
            Self::AskingFirst { facts, line } if facts.with_biometrics() => {
                Self::ask_first(facts.without_biometrics(), line, context)
            }
            other => other,
        }
    }

    /// Whether the visit can go on without its `K_bio`: not while an answer is due that may
    /// concern it.
    pub(in crate::device::endpoint) fn can_forget(&self) -> bool {
        matches!(self, Self::Asking { .. } | Self::Proving { .. })
    }

    /// The phone has invalidated `K_bio`.
    pub(in crate::device::endpoint) fn forgotten<V>(self, context: &mut Context<'_, V>) -> Self {
        let (asking, line): (_, Line) = match self {
            Self::Asking { facts, line } => (facts, line),
            Self::Proving { facts, line } => (facts.cancelled(), line),
            other => return other,
        };
        let asking = context.commit(asking.forgotten());
        Self::ask(asking, line, context)
    }
}

fn pin_key(visit: &Facts, d_sec: &Secret<32>, generation: u32, pin: &Pin) -> PinKey {
    PinKey::from_pin(d_sec, &visit.registration.record(), generation, pin)
}

/// Signs a detached statement, and wipes the key.
fn sign_once<T: Statement<Context = ()>>(key: PinKey, statement: &T) -> Result<Signature, Refusal> {
    let tbs =
        cose::detached_tbs(statement, &(), key.public_key().kid()).map_err(|_| Code::Structure)?;
    Ok(key.sign_once(&tbs))
}
