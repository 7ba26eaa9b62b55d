//! App sessions: the app itself is logged in (protocol.md, section 12).

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::account::{Account, Standing};
use crate::registry::{Factor, LogoutCause};
use crate::values::{AccountId, AppSessionId, Digest, UnixSeconds};

/// How many ping times without a record of the device end a session on the server's side.
///
/// The device gives up after one ping time without a ping. The server waits for two: pings
/// go out twice in each, so at least three answers in a row must be missing, and the
/// server never gives up before a device that still hears it.
const SILENCE_PING_TIMES: u64 = 2;

/// One app session.
///
/// ```text
/// Live --- logout, limit, silence, revocation, another app login ---> Ended
/// ```
/// Whether it is live is a question of time as well: nothing has to be stored for a
/// session to end by its limit, by silence or with its account ([`is_live`](Self::is_live)).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct AppSession {
    /// Names it; drawn at the login.
    pub id: AppSessionId,
    /// Counts the commits that changed it.
    pub version: u64,
    /// Whose.
    pub account: AccountId,
    /// SHA-256 of the web nonce, by which the backend's questions find it.
    pub web_nonce: Digest,
    /// When it began.
    pub began: UnixSeconds,
    /// Its absolute limit.
    pub ends: UnixSeconds,
    /// The ping time in seconds that the device was told.
    pub ping_time_s: u32,
    /// When the device's last record came.
    pub last_contact: UnixSeconds,
    /// The second factor that it began with, if one was asked for.
    pub verification: Option<Verification>,
    /// Whether somebody ended it.
    pub state: AppSessionState,
}

/// A second factor, and when it was verified.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Verification {
    /// Which.
    pub factor: Factor,
    /// When, by the factor server's clock. Age counts from here (APP-10).
    pub time: UnixSeconds,
}

/// Whether somebody ended an app session.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum AppSessionState {
    /// Nobody did.
    Live,
    /// For good.
    Ended {
        /// Why.
        cause: LogoutCause,
        /// When.
        at: UnixSeconds,
    },
}

/// What a web nonce stands for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Resolved {
    /// The account.
    pub account: AccountId,
    /// What the backend calls its user.
    pub user_name: String,
    /// Whether the app is still logged in.
    pub liveness: Liveness,
}

/// Whether an app session is live, and if not, why.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Liveness {
    /// It is.
    Live,
    /// It has ended.
    Ended(LogoutCause),
}

impl AppSession {
    /// Whether it is live, now, for this account.
    pub fn liveness(&self, account: &Account, now: UnixSeconds) -> Liveness {
        let silent_at = self
            .last_contact
            .plus(u64::from(self.ping_time_s).saturating_mul(SILENCE_PING_TIMES));
        if let AppSessionState::Ended { cause, .. } = self.state {
            return Liveness::Ended(cause);
        }
        // Suspended and frozen accounts are granted nothing either (STM-5).
        if account.id != self.account || account.standing != Standing::Active {
            return Liveness::Ended(LogoutCause::Revoked);
        }
        if account.app.is_none_or(|used| used.session != self.id) {
            return Liveness::Ended(LogoutCause::Replaced);
        }
        if self.ends <= now {
            return Liveness::Ended(LogoutCause::Limit);
        }
        if silent_at <= now {
            return Liveness::Ended(LogoutCause::Silence);
        }
        Liveness::Live
    }

    /// Whether it is live, now, for this account.
    pub fn is_live(&self, account: &Account, now: UnixSeconds) -> bool {
        self.liveness(account, now) == Liveness::Live
    }

    /// What the backend is told of the web nonce whose hash is this session's. A nonce that
    /// the store does not have stands for nothing.
    pub fn resolve(&self, account: &Account, now: UnixSeconds) -> Resolved {
        Resolved {
            account: self.account,
            user_name: account.user_name.clone(),
            liveness: self.liveness(account, now),
        }
    }

    /// An authenticated record of the device has come.
    #[must_use]
    pub fn contact(self, now: UnixSeconds) -> Self {
        Self {
            last_contact: self.last_contact.max(now),
            version: self.version.saturating_add(1),
            ..self
        }
    }

    /// Ends it, for good. One that has ended stays as it ended.
    #[must_use]
    pub fn end(self, cause: LogoutCause, now: UnixSeconds) -> Self {
        match self.state {
            AppSessionState::Ended { .. } => self,
            AppSessionState::Live => Self {
                state: AppSessionState::Ended { cause, at: now },
                version: self.version.saturating_add(1),
                ..self
            },
        }
    }
}
