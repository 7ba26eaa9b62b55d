//! The second factor: what the user enters, and what the user changes at a factor server
//! (protocol.md, section 9.1).

use alloc::vec::Vec;

use super::stage::Stage;
use super::then::Then;
use super::{DeviceEndpoint, Effect};
use crate::crypto::{Pin, PublicKey, Secret, Verifier};
use crate::device::event::{Event, FactorNews, OsBiometrics, Outcome};
use crate::device::second_factor::{Management, News};
use crate::device::wallet::{Factors, Update};
use crate::error::{Code, Refusal};
use crate::values::ServerId;

impl<V: Verifier> DeviceEndpoint<V> {
    /// The user has entered a PIN. It is wiped before this returns, and so is
    /// all that was derived from it; `d_sec` is the device secret for this factor server
    /// ([`Flow::factor_server`](crate::device::Flow::factor_server)).
    ///
    /// # Errors
    /// Nothing is sent, and the request stays as it is: [`Code::Stopped`] where none is asked
    /// for (DEV-7), [`Code::Blocked`] where biometrics alone are (LCK-5), [`Code::PinTooEasy`]
    /// for a new one that the app's policy does not allow (PIN-4).
    pub fn pin(&mut self, pin: Pin, d_sec: &Secret<32>) -> Result<Vec<Effect>, Refusal> {
        self.takes_pin(&pin)?;
        self.advance(|stage, context| {
            stage.entered(context, |visit, context| {
                visit.pin(&pin, None, d_sec, context)
            })
        })
    }

    /// The user has given both. Where a PIN is set, `key` is the public half of a `K_bio` that
    /// the app has just made, and both are registered; where a factor is verified the PIN
    /// decides, and `key` is not used (DEV-17).
    ///
    /// # Errors
    /// Those of [`pin`](Self::pin), also where no biometric is offered; [`Code::InvalidKey`]
    /// for a key that has another role (KEY-1).
    pub fn pin_and_biometric(
        &mut self,
        pin: Pin,
        key: PublicKey,
        d_sec: &Secret<32>,
    ) -> Result<Vec<Effect>, Refusal> {
        self.takes_pin(&pin)?;
        self.takes_biometric()?;
        if self.wallet.holds(&key) {
            return Err(Code::InvalidKey.into());
        }
        self.advance(|stage, context| {
            stage.entered(context, |visit, context| {
                visit.pin(&pin, Some(key), d_sec, context)
            })
        })
    }

    /// The user gives a biometric in place of the PIN: `K_bio` is asked to sign, and the OS
    /// shows its prompt. If that is cancelled, [`prompt_cancelled`](Self::prompt_cancelled)
    /// says so.
    ///
    /// # Errors
    /// [`Code::Stopped`] where none is offered (DEV-17); the request stays as it is.
    pub fn biometric(&mut self) -> Result<Vec<Effect>, Refusal> {
        match &self.stage {
            Stage::Visiting { visit, .. } => visit.takes_biometric_alone()?,
            _ => return Err(Code::Stopped.into()),
        }
        self.advance(|stage, context| {
            stage.entered(context, |visit, context| visit.biometric(context))
        })
    }

    /// The user does not enter a factor. The flow ends and nothing is counted (DEV-8).
    ///
    /// # Errors
    /// [`Code::Stopped`]: nothing was asked for.
    pub fn cancel_factor(&mut self) -> Result<Vec<Effect>, Refusal> {
        if !self.stage.asks_for_factor() {
            return Err(Code::Stopped.into());
        }
        Ok(self.finish(Outcome::Failed(Code::Cancelled)))
    }

    /// Goes to a factor server to change this device's record there, or to see how it stands.
    /// `entropy` is 32 fresh random bytes.
    ///
    /// # Errors
    /// Nothing has begun: [`Code::FlowActive`] (DEV-2), [`Code::UnknownRecord`] for a server
    /// that the device never met, [`Code::FactorNotAllowed`] for biometrics that the OS or
    /// the app's policy does not have (DEV-16), [`Code::InvalidKey`] for a `K_bio` that has
    /// another role (KEY-1).
    pub fn manage(
        &mut self,
        server: ServerId,
        management: Management,
        entropy: [u8; 32],
    ) -> Result<Vec<Effect>, Refusal> {
        if !matches!(self.stage, Stage::Idle) {
            return Err(Code::FlowActive.into());
        }
        if matches!(management, Management::AddBiometrics(_)) && !self.has_biometrics() {
            return Err(Code::FactorNotAllowed.into());
        }
        let then = Then::Management { server, management };
        then.visit(&self.wallet)?;
        self.advance(|_, context| Stage::visit(then, entropy, context))
    }

    /// What the OS says of its biometrics: to be told at the start and whenever it changes.
    /// Until then none are usable.
    pub fn os_biometrics(&mut self, os: OsBiometrics) -> Vec<Effect> {
        self.os = os;
        match (os, &self.stage) {
            (OsBiometrics::Unusable, Stage::Visiting { .. }) => self
                .advance(|stage, context| {
                    stage.visited(context, |visit, context| {
                        Ok(visit.without_biometrics(context))
                    })
                })
                .unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// The phone has invalidated the `K_bio` of a factor server, because the biometrics that
    /// are enrolled have changed. The PIN is asked for from now on; the factor server is told
    /// at the next visit, or at once by [`Management::Check`] (CHG-7).
    ///
    /// # Errors
    /// [`Code::FactorNotRegistered`]: there is none. [`Code::FlowActive`]: the factor server
    /// is to answer; to be told again afterwards.
    pub fn biometric_gone(&mut self, server: ServerId) -> Result<Vec<Effect>, Refusal> {
        let registration = self.wallet.registration(server);
        let factors = match registration.map(|known| &known.factors) {
            Some(factors) if factors.biometric.is_some() => Factors {
                biometric: None,
                ..factors.clone()
            },
            _ => return Err(Code::FactorNotRegistered.into()),
        };
        let news = FactorNews {
            server,
            news: News::BiometricsGone,
        };
        let told = Effect::Event(Event::Factors(news));
        match &self.stage {
            Stage::Visiting { visit, .. } if visit.facts().visit().server() == server => {
                if !visit.can_forget() {
                    return Err(Code::FlowActive.into());
                }
                let mut effects = alloc::vec![told];
                effects.extend(self.advance(|stage, context| {
                    stage.visited(context, |visit, context| Ok(visit.forgotten(context)))
                })?);
                Ok(effects)
            }
            _ => {
                let update = Update::Factors { server, factors };
                self.wallet.apply(update.clone());
                Ok(alloc::vec![told, Effect::Store(update)])
            }
        }
    }

    fn takes_pin(&self, pin: &Pin) -> Result<(), Refusal> {
        match &self.stage {
            Stage::Visiting { visit, .. } => visit.takes_pin(pin, self.config.refuse_easy_pins),
            _ => Err(Code::Stopped.into()),
        }
    }

    fn takes_biometric(&self) -> Result<(), Refusal> {
        match &self.stage {
            Stage::Visiting { visit, .. } => visit.takes_biometric(),
            _ => Err(Code::Stopped.into()),
        }
    }

    fn has_biometrics(&self) -> bool {
        self.config.biometrics && self.os == OsBiometrics::Usable
    }
}
