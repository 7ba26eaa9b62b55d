//! What stays when a flow is over: the app session, and a channel for data
//! (protocol.md, sections 12 and 13).
//!
//! Both live beside whatever flow is active. Neither asks the user or a key for anything, so
//! they never get into its way: what leads to them is a flow, and what ends them is not.

use alloc::string::String;
use alloc::vec::Vec;

use super::Effect;
use super::carrier::{Carrier, Waiting, failed};
use super::line::{Line, decode};
use crate::crypto::Secret;
use crate::device::app::{Live, Millis};
use crate::device::entry::Admission;
use crate::device::event::{Event, LoggedOut};
use crate::device::evidence::Backing;
use crate::error::{Code, Refusal};
use crate::messages::app::{AppSettled, Logout, Ping, Pong, WebNonce};
use crate::messages::app_session_proof;
use crate::messages::handshake::Policy;
use crate::registry::{LogoutCause, message_type as ty};
use crate::values::{AccountId, IdempotencyKey, ServerId, Transcript, Type};
use crate::verified::Verified;

/// Seconds after which sending keys are renewed: half of what CH-6 allows, since the app may
/// say the time late.
const RENEW_AFTER_S: u32 = 1_800;

/// The lines that stay, the time, and the number of the next data request.
#[derive(Debug, Default)]
pub(super) struct Resident {
    clock: Millis,
    /// When sending keys were renewed for their age.
    renewed: Millis,
    app: Option<AppLine>,
    data: Option<DataLine>,
    /// Requests that a flow opens a channel for.
    waiting: Waiting,
    next_request: u64,
}

/// A live app session: its facts, and what is secret of it.
pub(super) struct AppLine {
    live: Live,
    user_name: String,
    web_nonce: WebNonce,
    /// The key of app session proofs (APP-9).
    key: Secret<32>,
    carrier: Carrier,
}

/// An open channel for data.
#[derive(Debug)]
struct DataLine {
    whose: (ServerId, AccountId),
    carrier: Carrier,
}

impl core::fmt::Debug for AppLine {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AppLine")
            .field("live", &self.live)
            .field("carrier", &self.carrier)
            .finish_non_exhaustive()
    }
}

impl Resident {
    /// The time of the app's clock, as it was told last.
    pub(super) fn clock(&self) -> Millis {
        self.clock
    }

    /// Time passes. A timer that has expired ends the app session (APP-8).
    pub(super) fn tick(&mut self, clock: Millis) -> Vec<Effect> {
        self.clock = self.clock.max(clock);
        let expired = self
            .app
            .as_ref()
            .and_then(|app| app.live.expired(self.clock));
        let mut effects = expired
            .map(|cause| self.log_out(cause, true))
            .unwrap_or_default();
        effects.extend(self.renew_keys());
        effects
    }

    /// Renews the sending keys of what stays open, before they are an hour old or have
    /// reached their limit (CH-5, CH-6). All are renewed at once, so none is older than that.
    fn renew_keys(&mut self) -> Vec<Effect> {
        let old = self.clock >= self.renewed.plus_s(RENEW_AFTER_S);
        if old {
            self.renewed = self.clock;
        }
        let app = self.app.as_mut().map(|app| &mut app.carrier);
        let data = self.data.as_mut().map(|data| &mut data.carrier);
        let carriers = [app, data].into_iter().flatten();
        carriers.filter_map(|carrier| carrier.renew(old)).collect()
    }

    /// When the app has to say the time again.
    pub(super) fn next_timer(&self) -> Option<Millis> {
        self.app.as_ref().map(|app| app.live.next_timer())
    }

    /// The app session that is live at `clock`.
    pub(super) fn live(&self, clock: Millis) -> Option<&AppLine> {
        let clock = self.clock.max(clock);
        let live = |app: &&AppLine| app.live.expired(clock).is_none();
        self.app.as_ref().filter(live)
    }

    /// The app is logged in.
    pub(super) fn log_in(
        &mut self,
        live: Live,
        settled: &Verified<AppSettled>,
        line: Line,
        key: Secret<32>,
    ) {
        self.app = Some(AppLine {
            live,
            user_name: settled.user_name.clone(),
            web_nonce: settled.web_nonce.clone(),
            key,
            carrier: Carrier::new(line),
        });
    }

    /// The user has done something.
    pub(super) fn activity(&mut self) {
        let clock = self.clock;
        if let Some(app) = &mut self.app
            && let Ok(live) = app.live.clone().activity(clock)
        {
            app.live = live;
        }
    }

    /// Ends the app session. All of it is erased when this returns, and only then is there
    /// something to send (APP-7).
    pub(super) fn log_out(&mut self, cause: LogoutCause, tell: bool) -> Vec<Effect> {
        let Some(AppLine {
            live, mut carrier, ..
        }) = self.app.take()
        else {
            return Vec::new();
        };
        let (server, account) = live.whose();
        let farewell = match tell {
            true => carrier.send(&Logout { ty: Type, cause }).ok(),
            false => None,
        };
        let out = LoggedOut {
            server,
            account,
            cause,
        };
        let mut effects = alloc::vec![Effect::Event(Event::LoggedOut(out))];
        effects.extend(carrier.lost());
        effects.extend(farewell);
        effects
    }

    /// The transport broke and another one is there: a pong nobody asked for tells the auth
    /// server where to ping (APP-15). Nothing that was lost is sent again.
    ///
    /// # Errors
    /// [`Code::NotLoggedIn`]; the refusals of a closed channel.
    pub(super) fn resume(&mut self) -> Result<Vec<Effect>, Refusal> {
        let app = self.app.as_mut().ok_or(Code::NotLoggedIn)?;
        Ok(alloc::vec![app.carrier.send(&Pong::default())?])
    }

    /// What the account's app session does for a statement.
    pub(super) fn backing(
        &self,
        account: (ServerId, AccountId),
        policy: Option<&Policy>,
        transcript: Transcript,
    ) -> Backing {
        let Some(app) = &self.app else {
            return Backing::Nothing;
        };
        let cached = |policy| app.live.has_cached(account, policy, self.clock);
        if policy.is_some_and(cached) {
            return Backing::Proof(app_session_proof(&app.key, app.live.session(), transcript));
        }
        match self.backs(account) {
            true => Backing::Live,
            false => Backing::Nothing,
        }
    }

    /// Whether the account's app session is live.
    pub(super) fn backs(&self, account: (ServerId, AccountId)) -> bool {
        let backs = |app: &AppLine| app.live.backs(account, self.clock);
        self.app.as_ref().is_some_and(backs)
    }

    /// The server has refused what leant on the app session.
    pub(super) fn doubt(&mut self, account: (ServerId, AccountId)) {
        if let Some(app) = &mut self.app
            && app.live.whose() == account
        {
            app.live = app.live.clone().doubted();
        }
    }

    /// A channel for data is open; what has waited for it goes out. One that was open
    /// before is given up for it.
    pub(super) fn admit(&mut self, admission: &Admission, line: Line) -> Vec<Effect> {
        let mut effects = self.close_data();
        let (carrier, sent) = Carrier::taking(line, core::mem::take(&mut self.waiting));
        self.data = Some(DataLine {
            whose: (admission.server, admission.account.id),
            carrier,
        });
        effects.extend(sent);
        effects
    }

    /// Gives up the channel for data.
    pub(super) fn close_data(&mut self) -> Vec<Effect> {
        let lost = self.data.take().map(|mut data| data.carrier.lost());
        lost.unwrap_or_default()
    }

    /// The next request's id. It is above all before, in whatever channel.
    pub(super) fn number(&mut self) -> u64 {
        let id = self.next_request;
        self.next_request = id.saturating_add(1);
        id
    }

    /// The channel that leads to the data service of a server: the app session's first.
    pub(super) fn carrier(&mut self, server: ServerId) -> Option<&mut Carrier> {
        let app = self
            .app
            .as_mut()
            .map(|app| (app.live.whose().0, &mut app.carrier));
        let data = self
            .data
            .as_mut()
            .map(|data| (data.whose.0, &mut data.carrier));
        let mut open = [app, data].into_iter().flatten();
        open.find(|(at, carrier)| *at == server && carrier.is_open())
            .map(|(_, carrier)| carrier)
    }

    /// Takes a request for which a flow opens a channel.
    pub(super) fn wait(
        &mut self,
        id: u64,
        payload: Vec<u8>,
        idempotency_key: Option<IdempotencyKey>,
    ) -> Vec<Effect> {
        self.waiting.ask(id, payload, idempotency_key)
    }

    /// There will be no channel: what has waited for one is told so.
    pub(super) fn give_up(&mut self) -> Vec<Effect> {
        core::mem::take(&mut self.waiting).unsent()
    }

    /// The app does not want the answer any more. Cancelling what is finished does nothing.
    pub(super) fn cancel(&mut self, id: u64) -> Vec<Effect> {
        let mut effects = self.waiting.cancel(id);
        let app = self.app.as_mut().map(|app| &mut app.carrier);
        let data = self.data.as_mut().map(|data| &mut data.carrier);
        for carrier in [app, data].into_iter().flatten() {
            effects.extend(carrier.cancel(id));
        }
        effects
    }

    /// A request that is over before it was made.
    pub(super) fn fail(id: u64, code: Code) -> Vec<Effect> {
        alloc::vec![failed(id, code)]
    }

    /// Whether frames to this connection identifier come through one of these lines.
    pub(super) fn is(&self, c_i: &[u8]) -> bool {
        self.app.as_ref().is_some_and(|app| app.carrier.is(c_i))
            || self.data.as_ref().is_some_and(|data| data.carrier.is(c_i))
    }

    /// Takes a record of one of these lines.
    ///
    /// # Errors
    /// Nothing has changed: what the channel drops (CH-2), what is no message, and
    /// [`Code::UnexpectedFrame`].
    pub(super) fn record(&mut self, c_i: &[u8], record: &[u8]) -> Result<Vec<Effect>, Refusal> {
        match &mut self.data {
            Some(data) if data.carrier.is(c_i) => {
                let content = match data.carrier.open(record) {
                    Ok(content) => content,
                    Err(closed) => {
                        if closed.is_ok() {
                            self.data = None;
                        }
                        return closed;
                    }
                };
                data.carrier.hear(message_type(&content)?, &content)
            }
            _ => self.app_record(record),
        }
    }

    fn app_record(&mut self, record: &[u8]) -> Result<Vec<Effect>, Refusal> {
        let app = self.app.as_mut().ok_or(Code::UnexpectedFrame)?;
        // A channel that closes is not a logout (APP-15): silence ends the session in its time.
        let content = match app.carrier.open(record) {
            Ok(content) => content,
            Err(closed) => return closed,
        };
        match message_type(&content)? {
            ty::PING => {
                let ping: Verified<Ping> = decode(&content)?;
                app.live = app.live.clone().pinged(&ping, self.clock)?;
                Ok(app.carrier.send(&Pong::default()).into_iter().collect())
            }
            ty::LOGOUT => {
                let logout = decode(&content)?;
                let cause = app.live.clone().logged_out(&logout);
                Ok(self.log_out(cause, false))
            }
            message => app.carrier.hear(message, &content),
        }
    }
}

impl AppLine {
    /// What the app hands to its backend.
    pub(super) fn web_nonce(&self) -> &WebNonce {
        &self.web_nonce
    }

    /// The user's name, as the auth server has it.
    pub(super) fn user_name(&self) -> &str {
        &self.user_name
    }
}

fn message_type(content: &crate::channel::Content) -> Result<u64, Refusal> {
    content.message_type().map_err(|error| error.entry().into())
}
