//! What the app is told, and what it says (protocol.md, section 9).

use alloc::string::String;
use alloc::vec::Vec;

use super::action::Question;
use super::data::Completed;
use super::second_factor::News;
use crate::crypto::PublicKey;
use crate::error::{Code, Refusal};
use crate::messages::action::Token;
use crate::messages::handshake::Announce;
use crate::registry::{LogoutCause, limit};
use crate::values::{AccountId, Digest, ServerId, SessionId};

/// Told to the app, in order.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Event {
    /// Asks the user whether to log in.
    ConfirmLogin(ConfirmLogin),
    /// Asks the user whether to create an account.
    ConfirmEnrol(ConfirmEnrol),
    /// Asks the user whether to approve an action (CHA-1).
    ConfirmAction(Question),
    /// Asks for the second factor, or says what became of it.
    SecondFactor(SecondFactor),
    /// The factors that are registered have changed, or the device has learned which they are.
    Factors(FactorNews),
    /// An upgrade goes on.
    Upgrade(UpgradeProgress),
    /// The OS's prompt was cancelled `[812]`: nothing was sent, and the request before it is
    /// open still (CRD-5).
    PromptCancelled,
    /// The flow is over.
    Finished(Outcome),
    /// The app has to make a `K_dev` for a headless account, and to say so by
    /// [`made_key`](super::DeviceEndpoint::made_key).
    KeyNeeded {
        /// The auth server.
        server: ServerId,
    },
    /// The app session is over. Whatever the app keeps of it goes first (APP-7).
    LoggedOut(LoggedOut),
    /// A data request is complete.
    Data(Completed),
}

/// What an upgrade tells the app on its way. It waits for input where
/// [`Event::SecondFactor`] says so, and is done with [`Outcome::Upgraded`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UpgradeProgress {
    /// The app has to make `K_dsf` and `d_sec` for the factor server.
    KeyNeeded {
        /// The factor server.
        factor_server: ServerId,
    },
    /// The user has entered the PIN; the servers are asked.
    Processing,
}

/// Yes or no, and with which account?
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ConfirmLogin {
    /// The auth server, authenticated.
    pub server: ServerId,
    /// The accounts to choose from; one if the server has pre-selected it.
    pub accounts: Vec<AccountName>,
    /// The account that the server has pre-selected.
    pub preselected: Option<AccountId>,
    /// What to show.
    pub announce: Option<Announce>,
}

/// Create an account?
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ConfirmEnrol {
    /// The auth server, authenticated.
    pub server: ServerId,
    /// The accounts that exist there already (DEV-5).
    pub accounts: Vec<AccountName>,
    /// The parameters hash, for those who compare it.
    pub parameters: Digest,
    /// What to show.
    pub announce: Option<Announce>,
    /// The keys that the app has to make, should the user agree.
    pub keys: KeysNeeded,
}

/// An account, as the app lists it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AccountName {
    /// Its id.
    pub id: AccountId,
    /// The user's name.
    pub user_name: String,
}

/// Which keys an enrolment needs that do not exist yet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct KeysNeeded {
    /// `K_dev`; not for a repetition of an enrolment that was interrupted.
    pub device: bool,
    /// `K_dsf` and `d_sec`; not where the factor server has met this device.
    pub factor: bool,
    /// Whether the app may make a `K_act`, should it want one for this account; not for a
    /// repetition, which has the one of the first try or none (CRD-3).
    pub may_approve: bool,
}

/// The public halves of the keys that the app made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct NewKeys {
    /// `K_dev`.
    pub device: Option<PublicKey>,
    /// `K_dsf`.
    pub factor: Option<PublicKey>,
    /// `K_act`: the OS asks its user at each use of it (15.1).
    pub approval: Option<PublicKey>,
}

/// The second factor: what is asked for, and how it stands (DEV-6).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SecondFactor {
    /// What the factor is entered for.
    pub context: FactorContext,
    /// The counters, as the factor server said them last (LCK-6).
    pub attempts: Attempts,
    /// Whether a biometric may be offered: instead of the PIN where a factor is verified, with
    /// it where one is set (DEV-16).
    pub show_biometrics: bool,
    /// How the last entry went.
    pub result: FactorResult,
    /// Whether another entry may follow.
    pub retry: bool,
    /// Whether the flow has stopped listening.
    pub stopped: bool,
    /// The session that it is for; absent in management flows.
    pub session: Option<SessionId>,
}

/// What has changed at a factor server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FactorNews {
    /// The factor server.
    pub server: ServerId,
    /// What has changed.
    pub news: News,
}

/// What the OS says of its biometrics.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum OsBiometrics {
    /// None is enrolled that the OS calls strong.
    #[default]
    Unusable,
    /// One is.
    Usable,
}

/// What a factor is entered for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FactorContext {
    /// The factor that is registered, for an auth server.
    Verify,
    /// A first PIN.
    FirstSet,
    /// The PIN, so that biometrics may be added.
    BiometricsAdd,
    /// The factor that is registered, so that biometrics may be removed.
    BiometricsRemove,
    /// The present PIN, so that it may be changed.
    PinChangeVerify,
    /// The PIN that takes its place.
    PinChangeSet,
}

/// How an entry went.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FactorResult {
    /// Not verified: the default.
    Failed,
    /// The factor server has verified it.
    Success,
    /// The outcome is unknown or the request was not evaluated; nothing is counted twice.
    Error,
}

/// The counters of the factor server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Attempts {
    /// Wrong PINs until the record is blocked.
    pub max: u32,
    /// Wrong PINs since the last reset.
    pub failed: u32,
    /// Whether the server says that PIN entry is blocked.
    pub blocked: bool,
    /// Seconds until the next attempt is evaluated.
    pub delay_s: u32,
}

impl Attempts {
    /// Whether no PIN would be evaluated (DEV-9).
    pub fn blocked(&self) -> bool {
        self.blocked || self.failed >= self.max
    }
}

/// How a flow ended.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// The auth server has committed the login.
    Confirmed(AccountName),
    /// The user said no. `signed` if the auth server has committed it, otherwise
    /// the session is left to expire.
    Declined {
        /// Whether the auth server knows.
        signed: bool,
    },
    /// The auth server has committed the new account.
    Enrolled(AccountName),
    /// The auth server has committed the upgrade: the account is full now.
    Upgraded(AccountName),
    /// The auth server has committed the yes to a challenge; the token is for the app's backend.
    Approved(Token),
    /// The auth server has committed the no to a challenge.
    Rejected,
    /// The account has its new `K_dev`, and the old one is good for nothing.
    Rotated(AccountName),
    /// The account is gone, there and here.
    Deleted(AccountName),
    /// The factor server has done what the user wanted of it.
    Managed,
    /// The app is logged in.
    LoggedIn(AccountName),
    /// A channel for data is open.
    Admitted(AccountName),
    /// None of these, for this reason; the catalogue says what to do.
    Failed(Code),
}

/// Whose app session is over, and why.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LoggedOut {
    /// The auth server.
    pub server: ServerId,
    /// The account there.
    pub account: AccountId,
    /// Why.
    pub cause: LogoutCause,
}

/// What the app adds to a confirmation; signed, and passed on exactly as it is (STM-3).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct UserInput(String);

impl UserInput {
    /// Takes text of at most [`limit::USER_INPUT`] bytes; empty is not absent.
    ///
    /// # Errors
    /// [`Code::TooLarge`].
    pub fn new(text: String) -> Result<Self, Refusal> {
        if text.len() > limit::USER_INPUT {
            return Err(Code::TooLarge.into());
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}
