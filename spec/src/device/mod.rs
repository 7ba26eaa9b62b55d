//! The device: what an app's SDK knows and does (protocol.md, section 9).
//!
//! ```text
//!            link                 message_2                    user confirms
//!   (idle) ───────► Greeting ───────────────► Confirming ──┬───────────────────► Decided
//!     ▲                                                    │                        │ a visit to the
//!     │                                     declines, or   │                        │ factor server
//!     │                                 no factor needed   ▼       assertion        ▼
//!     └──────── Settling ◄─────────────────────────── Answering ◄─────────── Greeting … Passed
//!       settled           message_3, signed by K_dev                      (second_factor)
//! ```
//!
//! Each state is a struct of plain facts and each transition consumes it. What
//! the user says is checked before it changes anything, so a refusal leaves the
//! request open; what a server says is [`Verified`](crate::verified::Verified),
//! and if it is refused the flow is over. What must be durable first comes as a
//! [`Commit`] before the next state.
//!
//! On top, the [`endpoint`] turns bytes into these transitions and holds what
//! is secret: handshakes and channels. No private key is here, and a PIN only
//! for the length of one call.
//!
//! Never: a success without a record of the server's, a word of a server shown
//! before it is authenticated, a second flow beside the first, a counter that
//! the factor server did not say.

pub mod action;
pub mod answering;
pub mod app;
pub mod confirming;
pub mod data;
pub mod endpoint;
pub mod entry;
pub mod event;
pub mod evidence;
pub mod greeting;
pub mod parameters;
pub mod registering;
pub mod second_factor;
pub mod upgrade;
pub mod wallet;

#[cfg(test)]
mod tests;

pub use answering::{Answering, Decided, Settling, Signer};
pub use confirming::{
    Agreed, Attempt, Choice, Confirmed, Confirming, ConfirmingEnrol, ConfirmingLogin, EnrolKeys,
};
pub use endpoint::{Config, DeviceEndpoint, Effect, OwnCredential, Peer};
pub use event::{
    AccountName, Attempts, ConfirmEnrol, ConfirmLogin, Event, FactorContext, FactorNews,
    FactorResult, KeysNeeded, LoggedOut, NewKeys, OsBiometrics, Outcome, SecondFactor,
    UpgradeProgress, UserInput,
};
pub use evidence::{Backing, Brought, Evidence, Requirement};
pub use greeting::{Greeting, Wish};
pub use parameters::{Authenticated, Expected, authenticate};
pub use registering::Registering;
pub use second_factor::{Management, News};
pub use wallet::{
    Account, Commit, Creating, Enrolling, Factors, KnownServer, Pending, Registration, Trust,
    Update, Wallet,
};

use alloc::boxed::Box;

use crate::values::ServerId;
use second_factor as visit;

/// Where a flow stands: all of its facts, for logs, traces and the model.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Flow {
    /// None is active.
    Idle,
    /// message_1 is out.
    Greeting(Greeting),
    /// The user is asked.
    Confirming(Confirming),
    /// A new `K_act` is asked to sign.
    Registering(Box<Registering>),
    /// The factor server is visited.
    Visiting {
        /// What waits for it.
        then: Waiting,
        /// How far it is.
        visit: Box<Visiting>,
    },
    /// `K_dev` is asked to sign.
    Answering(Answering),
    /// message_3 is out.
    Settling(Settling),
    /// A headless account is upgraded.
    Upgrade(upgrade::Upgrade),
    /// The keystore is asked for the key of a headless account at this server.
    Making(ServerId),
    /// message_1 of a handshake that no link leads to is out.
    Calling(entry::Calling),
    /// `K_dev` is asked to sign its message_3.
    Entering(entry::Entering),
    /// Its message_3 is out.
    Admitting(entry::Settling),
    /// A channel for actions and credentials is used.
    Acting(action::Acting),
}

/// What waits while the factor server is visited.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Waiting {
    /// The auth server's handshake, for its message_3.
    Answer(Box<Decided>),
    /// The auth server's handshake of an upgrade.
    Upgrade(Box<upgrade::Upgrading>),
    /// So does one that no link leads to.
    Enter(Box<entry::Proving>),
    /// The answer to a challenge.
    Action(Box<action::Proving>),
    /// Nothing else: the visit is for the record itself.
    Management(Management),
}

/// Where a visit to the factor server stands.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Visiting {
    /// message_1 is out.
    Greeting(visit::FactorGreeting),
    /// `K_dsf` is asked to sign.
    Signing(visit::Opening),
    /// message_3 or a question for the status is out.
    Opening(visit::Opening),
    /// biometric-gone is out.
    Clearing(visit::Clearing),
    /// The user is asked for a first PIN.
    AskingFirst(visit::AskingFirst),
    /// The user is asked for the factor that is registered.
    Asking(visit::Asking),
    /// `K_bio` is asked to sign the proof.
    Proving(visit::Proving),
    /// The user is asked for another PIN.
    AskingNew(visit::AskingNew),
    /// A new `K_bio` is asked to sign its possession.
    Possessing(visit::Possessing),
    /// CREATE is out.
    Creating(visit::Creating),
    /// VERIFY is out.
    Verifying(visit::Verifying),
    /// A change of the record is out.
    Changing(visit::Changing),
}

impl Flow {
    /// The factor server that is visited, if one is: its `d_sec` goes with a PIN.
    pub fn factor_server(&self) -> Option<ServerId> {
        match self {
            Self::Visiting { visit, .. } => Some(visit.visit().registration.server),
            _ => None,
        }
    }
}

impl Visiting {
    /// What every state of the visit knows.
    pub fn visit(&self) -> &visit::Visit {
        match self {
            Self::Greeting(facts) => facts.visit(),
            Self::Signing(facts) | Self::Opening(facts) => facts.visit(),
            Self::Clearing(facts) => facts.visit(),
            Self::AskingFirst(facts) => facts.visit(),
            Self::Proving(facts) => facts.visit(),
            Self::AskingNew(facts) => facts.visit(),
            Self::Possessing(facts) => facts.visit(),
            Self::Changing(facts) => facts.visit(),
            Self::Asking(facts) => facts.visit(),
            Self::Creating(facts) => facts.visit(),
            Self::Verifying(facts) => facts.visit(),
        }
    }
}
