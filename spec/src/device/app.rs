//! An app session, as the device keeps it: when it ends by itself, and what it is
//! good for while it lives (protocol.md, section 12).
//!
//! ```text
//! Live --- inactivity, silence, limit, logout ---> (dropped, and with it everything)
//! ```
//! There is no ended state: what has ended is gone, so nothing can be read of it.
//! These are facts. The keys and the web nonce stay with the endpoint's handle,
//! which is dropped first (APP-7).

use crate::error::{Code, Refusal};
use crate::messages::app::{AppSettled, Logout, Ping};
use crate::messages::handshake::Policy;
use crate::registry::{Factor, LogoutCause};
use crate::values::{AccountId, AppSessionId, ServerId};
use crate::verified::Verified;

/// A point of a clock that never goes back and that counts while the phone sleeps, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Millis(pub u64);

impl Millis {
    /// The time `seconds` later, or the end of time.
    pub fn plus_s(self, seconds: u32) -> Self {
        Self(
            self.0
                .saturating_add(u64::from(seconds).saturating_mul(1_000)),
        )
    }

    /// Milliseconds from `earlier` to here, zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// An app login that is under way: what it will need to know once it is settled.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Pending {
    /// The auth server.
    pub server: ServerId,
    /// The account that logs in.
    pub account: AccountId,
    /// The factor that was verified for it, if one was asked for.
    pub verified: Option<Cache>,
    /// Seconds without user activity after which the app wants to be logged out.
    pub inactivity_s: Option<u32>,
}

/// A second factor that was verified for an app login.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Cache {
    /// Which.
    pub factor: Factor,
    /// Not later than it was verified: when it was asked for.
    pub asked: Millis,
}

/// A live app session.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Live {
    server: ServerId,
    account: AccountId,
    session: AppSessionId,
    verified: Option<Cache>,
    /// Whether the server has refused what leant on the session.
    doubted: bool,
    /// The inactivity time in seconds, and when the user did something last.
    activity: Option<(u32, Millis)>,
    /// The ping time in seconds, and when a ping came last.
    ping: (u32, Millis),
    /// The absolute limit.
    ends: Millis,
}

impl Pending {
    /// The server has committed: the session is live from `clock` on.
    ///
    /// # Errors
    /// [`Code::Structure`] for another account than the one that signed. The flow is over.
    pub fn settled(self, settled: &Verified<AppSettled>, clock: Millis) -> Result<Live, Refusal> {
        if settled.account != self.account {
            return Err(Code::Structure.into());
        }
        Ok(Live {
            server: self.server,
            account: self.account,
            session: settled.session,
            verified: self.verified,
            doubted: false,
            activity: self.inactivity_s.map(|seconds| (seconds, clock)),
            ping: (settled.ping_time_s, clock),
            ends: clock.plus_s(settled.limit_s),
        })
    }
}

impl Live {
    /// The session's id.
    pub fn session(&self) -> AppSessionId {
        self.session
    }

    /// The auth server and the account there.
    pub fn whose(&self) -> (ServerId, AccountId) {
        (self.server, self.account)
    }

    /// Why the session is over at `clock`, if it is. It is asked before any other input is
    /// looked at (APP-11); the timer that fired first gives the cause.
    pub fn expired(&self, clock: Millis) -> Option<LogoutCause> {
        let inactive = self
            .activity
            .map(|(seconds, last)| (last.plus_s(seconds), LogoutCause::Inactivity));
        let (ping_time_s, last) = self.ping;
        let silent = (last.plus_s(ping_time_s), LogoutCause::Silence);
        let limit = (self.ends, LogoutCause::Limit);
        let first = [inactive, Some(silent), Some(limit)]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)?;
        (first.0 <= clock).then_some(first.1)
    }

    /// The next moment at which [`expired`](Self::expired) may have an answer, for the app to wake up.
    pub fn next_timer(&self) -> Millis {
        let (ping_time_s, last) = self.ping;
        let first = last.plus_s(ping_time_s).min(self.ends);
        match self.activity {
            Some((seconds, last)) => last.plus_s(seconds).min(first),
            None => first,
        }
    }

    /// The user has done something. Traffic is not activity (APP-8).
    ///
    /// # Errors
    /// [`Code::NotLoggedIn`] if a timer has fired before; the session is over.
    pub fn activity(self, clock: Millis) -> Result<Self, Refusal> {
        self.in_time(clock).map(|live| Self {
            activity: live
                .activity
                .map(|(seconds, last)| (seconds, last.max(clock))),
            ..live
        })
    }

    /// The server is there. Nothing else extends the silence timer (APP-8).
    ///
    /// # Errors
    /// As [`activity`](Self::activity).
    pub fn pinged(self, _: &Verified<Ping>, clock: Millis) -> Result<Self, Refusal> {
        self.in_time(clock).map(|live| Self {
            ping: (live.ping.0, live.ping.1.max(clock)),
            ..live
        })
    }

    /// The server has ended it: nothing is left (APP-16).
    pub fn logged_out(self, logout: &Verified<Logout>) -> LogoutCause {
        logout.cause
    }

    /// Whether it is live at `clock` for this account, and good for something.
    pub fn backs(&self, account: (ServerId, AccountId), clock: Millis) -> bool {
        self.whose() == account && self.expired(clock).is_none() && !self.doubted
    }

    /// Whether a statement of `account` may rest on this session's factor under `policy`, as
    /// far as the device can tell; the server decides (APP-10).
    pub fn has_cached(
        &self,
        account: (ServerId, AccountId),
        policy: &Policy,
        clock: Millis,
    ) -> bool {
        let young = |verified: &Cache| {
            clock.since(verified.asked) <= u64::from(policy.max_age_s).saturating_mul(1_000)
        };
        policy.cached
            && self.backs(account, clock)
            && self
                .verified
                .is_some_and(|verified| policy.allows(verified.factor) && young(&verified))
    }

    /// The server has refused a statement that leant on the session: none does so again, and
    /// the next brings a fresh factor (APP-18).
    #[must_use]
    pub fn doubted(self) -> Self {
        Self {
            doubted: true,
            ..self
        }
    }

    fn in_time(self, clock: Millis) -> Result<Self, Refusal> {
        match self.expired(clock) {
            Some(_) => Err(Code::NotLoggedIn.into()),
            None => Ok(self),
        }
    }
}
