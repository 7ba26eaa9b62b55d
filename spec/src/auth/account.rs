//! Accounts (protocol.md, sections 6.3 and 7).

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::lineage::Lineage;
use crate::crypto::PublicKey;
use crate::registry::Level;
use crate::values::{AccountId, AppSessionId, Pseudonym, UnixSeconds};

/// One user's account, and the one device key that answers for it.
///
/// ```text
///            suspend            revoke (from anywhere, for good)
/// Active <------------> Suspended ------------> Revoked
///   ^       resume
///   +--- lift --- Frozen <--- the statement of a copy that diverged
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Account {
    /// Names it; drawn at enrolment.
    pub id: AccountId,
    /// Counts the commits that changed it.
    pub version: u64,
    /// What the backend calls the user.
    pub user_name: String,
    /// `K_dev`. No two accounts have the same.
    pub key: PublicKey,
    /// `K_act`: the OS asks at each use of it. With it, the credential requires user
    /// authentication, and nothing else approves (CRD-4).
    pub approval_key: Option<PublicKey>,
    /// Whether it has a second factor, and whose.
    pub level: AccountLevel,
    /// Whether it may be granted anything.
    pub standing: Standing,
    /// What the device said and was told last.
    pub lineage: Lineage,
    /// The app session that began last, if one ever did.
    pub app: Option<AppUse>,
}

/// Whether an account has a second factor. It never loses one (HEADLESS-9).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum AccountLevel {
    /// It stands for a device, and satisfies no policy.
    Headless,
    /// The factor server calls its device this towards this server.
    Full(Pseudonym),
}

/// What an account's last app session leaves behind.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct AppUse {
    /// The session.
    pub session: AppSessionId,
    /// Whether a fresh second factor was accepted since it ended (APP-14).
    pub refreshed: bool,
}

impl AccountLevel {
    /// The level, as the device and the data service are told it.
    pub fn level(self) -> Level {
        match self {
            Self::Headless => Level::Headless,
            Self::Full(_) => Level::Full,
        }
    }
}

/// Whether an account may be granted anything. Only `Active` may.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Standing {
    /// In use.
    Active,
    /// Paused by the backend.
    Suspended,
    /// Ended by the backend, for good.
    Revoked,
    /// Stopped because its device seems to have been copied.
    Frozen,
}

/// The account's standing does not allow this change.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct WrongStanding(pub Standing);

impl core::fmt::Display for WrongStanding {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "the account is {:?}", self.0)
    }
}

impl core::error::Error for WrongStanding {}

/// What the backend does to an account. Each gives the fact to store in place
/// of the one that was read, at its version.
impl Account {
    /// Pauses an active account.
    ///
    /// # Errors
    /// [`WrongStanding`] if it is not active.
    pub fn suspend(self) -> Result<Self, WrongStanding> {
        self.change(Standing::Active, Standing::Suspended)
    }

    /// Ends the pause.
    ///
    /// # Errors
    /// [`WrongStanding`] if it is not suspended.
    pub fn resume(self) -> Result<Self, WrongStanding> {
        self.change(Standing::Suspended, Standing::Active)
    }

    /// Ends the account, whatever its standing.
    #[must_use]
    pub fn revoke(self) -> Self {
        Self {
            standing: Standing::Revoked,
            version: self.version.saturating_add(1),
            ..self
        }
    }

    /// Lifts a freeze at `now`, once the backend knows that one device is left. Which one
    /// shows with the next statement that begins later: it is taken as it comes (CLN-6).
    ///
    /// # Errors
    /// [`WrongStanding`] if it is not frozen.
    pub fn lift(self, now: UnixSeconds) -> Result<Self, WrongStanding> {
        let lifted = self.change(Standing::Frozen, Standing::Active)?;
        Ok(Self {
            lineage: Lineage::Open { since: now },
            ..lifted
        })
    }

    /// Stops the account: its device was copied.
    pub(super) fn frozen(self) -> Self {
        Self {
            standing: Standing::Frozen,
            version: self.version.saturating_add(1),
            ..self
        }
    }

    /// The account under a new key.
    pub(super) fn rotated(self, key: PublicKey) -> Self {
        Self {
            key,
            version: self.version.saturating_add(1),
            ..self
        }
    }

    /// The account after a statement that was accepted.
    pub(super) fn at(self, lineage: Lineage) -> Self {
        Self {
            lineage,
            version: self.version.saturating_add(1),
            ..self
        }
    }

    /// The account after an app login.
    pub(super) fn in_app(self, session: AppSessionId) -> Self {
        Self {
            app: Some(AppUse {
                session,
                refreshed: false,
            }),
            ..self
        }
    }

    /// The account after a fresh second factor outside of any app session.
    pub(super) fn refreshed(self) -> Self {
        let app = self.app.map(|used| AppUse {
            refreshed: true,
            ..used
        });
        Self { app, ..self }
    }

    /// The account with a second factor.
    pub(super) fn upgraded(self, subject: Pseudonym) -> Self {
        Self {
            level: AccountLevel::Full(subject),
            ..self
        }
    }

    fn change(self, from: Standing, to: Standing) -> Result<Self, WrongStanding> {
        if self.standing != from {
            return Err(WrongStanding(self.standing));
        }
        Ok(Self {
            standing: to,
            version: self.version.saturating_add(1),
            ..self
        })
    }
}
