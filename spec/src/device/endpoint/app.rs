//! The inputs of an app session (protocol.md, section 12).
//!
//! | input | when |
//! |---|---|
//! | [`start_app_login`](DeviceEndpoint::start_app_login) | no flow is active, no app session is live |
//! | [`tick`](DeviceEndpoint::tick) | before any other input, and when [`next_timer`](DeviceEndpoint::next_timer) has come |
//! | [`activity`](DeviceEndpoint::activity) | the user has done something |
//! | [`log_out`](DeviceEndpoint::log_out) | the app wants out |
//! | [`resume`](DeviceEndpoint::resume) | the transport of the app session broke, and there is another one |
//!
//! The endpoint has no clock. Those of these inputs that carry one fire expired timers
//! themselves; before all other inputs the app says the time by `tick` (APP-11).

use alloc::vec::Vec;

use super::entry::Entry;
use super::stage::Stage;
use super::{DeviceEndpoint, Effect};
use crate::crypto::Verifier;
use crate::device::app::Millis;
use crate::device::entry::Entrant;
use crate::error::{Code, Refusal};
use crate::messages::app::WebNonce;
use crate::registry::{Level, LogoutCause};
use crate::values::{AccountId, ServerId};

impl<V: Verifier> DeviceEndpoint<V> {
    /// Logs the app in to an account: no link and no confirmation, straight to the second
    /// factor (APP-1). `inactivity_s` is in seconds; `entropy` is 32 fresh random bytes. It
    /// ends with [`Outcome::LoggedIn`](crate::device::Outcome::LoggedIn).
    ///
    /// # Errors
    /// Nothing has begun: [`Code::FlowActive`] (DEV-2), [`Code::LoggedIn`],
    /// [`Code::NoAccount`], [`Code::HeadlessAccount`] (HEADLESS-3).
    pub fn start_app_login(
        &mut self,
        server: ServerId,
        account: AccountId,
        inactivity_s: Option<u32>,
        entropy: [u8; 32],
        clock: Millis,
    ) -> Result<Vec<Effect>, Refusal> {
        self.free()?;
        if self.resident.live(clock).is_some() {
            return Err(Code::LoggedIn.into());
        }
        let account = self.account(server, account)?;
        if account.level == Level::Headless {
            return Err(Code::HeadlessAccount.into());
        }
        let account = account.clone();
        let mut effects = self.tick(clock);
        let entrant = Entrant::AppLogin {
            account,
            inactivity_s,
        };
        effects.extend(self.enter(entrant, entropy)?);
        Ok(effects)
    }

    /// What the app hands to its backend, which resolves it at the auth server. Whoever has
    /// it is logged in: it is never stored or logged.
    ///
    /// # Errors
    /// [`Code::NotLoggedIn`]: before a login and after its end, whatever ended it.
    pub fn web_nonce(&self, clock: Millis) -> Result<&WebNonce, Refusal> {
        let live = self.resident.live(clock).ok_or(Code::NotLoggedIn)?;
        Ok(live.web_nonce())
    }

    /// The name of the user that the app is logged in for.
    ///
    /// # Errors
    /// As [`web_nonce`](Self::web_nonce).
    pub fn user_name(&self, clock: Millis) -> Result<&str, Refusal> {
        let live = self.resident.live(clock).ok_or(Code::NotLoggedIn)?;
        Ok(live.user_name())
    }

    /// When [`tick`](Self::tick) is to be called next, if nothing else happens before.
    pub fn next_timer(&self) -> Option<Millis> {
        self.resident.next_timer()
    }

    /// It is `clock`. A timer that has expired ends the app session (APP-8).
    pub fn tick(&mut self, clock: Millis) -> Vec<Effect> {
        self.resident.tick(clock)
    }

    /// The user has done something: inactivity begins anew. Traffic is not activity.
    pub fn activity(&mut self, clock: Millis) -> Vec<Effect> {
        let effects = self.tick(clock);
        self.resident.activity();
        effects
    }

    /// The app logs out. Everything is erased before the auth server is told (APP-7).
    ///
    /// # Errors
    /// [`Code::NotLoggedIn`]: there is nothing to end.
    pub fn log_out(&mut self, clock: Millis) -> Result<Vec<Effect>, Refusal> {
        let effects = self.tick(clock);
        // A timer that has just fired has done it already.
        if !effects.is_empty() {
            return Ok(effects);
        }
        self.resident.live(clock).ok_or(Code::NotLoggedIn)?;
        Ok(self.resident.log_out(LogoutCause::App, true))
    }

    /// The transport of the app session broke, and there is another one. That is no logout:
    /// the session goes on if nothing was lost, and ends by silence if something was (APP-15).
    ///
    /// # Errors
    /// [`Code::NotLoggedIn`], and [`Code::ChannelClosed`] where a loss is known already.
    pub fn resume(&mut self, clock: Millis) -> Result<Vec<Effect>, Refusal> {
        let effects = self.tick(clock);
        if !effects.is_empty() {
            return Ok(effects);
        }
        self.resident.resume()
    }

    /// Begins a handshake that no link leads to. No flow is active.
    pub(super) fn enter(
        &mut self,
        entrant: Entrant,
        entropy: [u8; 32],
    ) -> Result<Vec<Effect>, Refusal> {
        self.advance(|_, context| Entry::begin(entrant, entropy, context).map(Stage::Entering))
    }
}
