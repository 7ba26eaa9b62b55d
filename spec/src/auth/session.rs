//! Login sessions (protocol.md, section 6.2).

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::assertion::SecondFactor;
use crate::cbor;
use crate::error::{Code, Refusal};
use crate::messages::handshake::{Announce, Policy};
use crate::messages::session_id;
use crate::registry::{Factor, limit};
use crate::values::{AccountId, Digest, ServerId, SessionId, UnixSeconds};

/// The nonce of a session or an enrolment: a secret of those who see the link.
///
/// The server has to store it, so it is a fact and no
/// [`Secret`](crate::crypto::Secret). It is not printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Nonce(Digest);

impl Nonce {
    /// Takes 32 fresh random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Digest(bytes))
    }

    /// The bytes, for the link and for the nonce proof.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(..)")
    }
}

/// One login session. All but version and state is fixed when it is made, so
/// what EAD_2 said of it still holds when the statement comes.
///
/// ```text
/// New --- confirm ---> Confirmed --- the same again ---> Confirmed, unchanged
///  +----- decline ---> Rejected
/// ```
/// Whatever its state, nothing is accepted once its expiry has come.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Session {
    /// Names the nonce without revealing it.
    pub id: SessionId,
    /// Counts the commits that changed it.
    pub version: u64,
    /// What a link to it holds.
    pub nonce: Nonce,
    /// Nothing is accepted from this time on.
    pub expires: UnixSeconds,
    /// What the device shows to the user.
    pub announce: Option<Announce>,
    /// The one account that may answer.
    pub preselected: Option<AccountId>,
    /// The second factor that a confirmation needs.
    pub policy: Option<Policy>,
    /// What became of it.
    pub state: SessionState,
}

/// What became of a session.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum SessionState {
    /// Nobody has answered.
    New(New),
    /// An account's user said yes.
    Confirmed(Confirmed),
    /// An account's user said no.
    Rejected(Rejected),
}

/// Nobody has answered. A session leaves this state at most once (SES-5).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct New {
    // Made with a session and nowhere else.
    _private: (),
}

/// An account's user said yes. This is what the backend is told.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Confirmed {
    /// Whose.
    pub account: AccountId,
    /// What the app added, exactly as signed (STM-3).
    pub user_input: Option<String>,
    /// The second factor that was verified for it, if one was asked for.
    pub factor: Option<Factor>,
    /// When.
    pub at: UnixSeconds,
}

/// An account's user said no. It ends the session and gives nothing else (STM-6).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Rejected {
    /// Whose.
    pub account: AccountId,
    /// When.
    pub at: UnixSeconds,
}

/// What a backend asks of a new session.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SessionTerms {
    /// Nothing is accepted from this time on.
    pub expires: UnixSeconds,
    /// What the device shows to the user.
    pub announce: Option<Announce>,
    /// The one account that may answer.
    pub preselected: Option<AccountId>,
    /// The second factor that a confirmation needs.
    pub policy: Option<Policy>,
}

impl Session {
    /// Makes a session for the backend. `nonce` is fresh.
    ///
    /// # Errors
    /// 106 for announce info over its limit, 107 for a policy that allows no
    /// factor or an unknown one. Neither could be sent.
    pub fn new(server: ServerId, nonce: Nonce, terms: SessionTerms) -> Result<Self, Refusal> {
        check_announce(terms.announce.as_ref())?;
        if terms
            .policy
            .is_some_and(|policy| !matches!(policy.factors, 1..=3))
        {
            return Err(Code::Structure.into());
        }
        Ok(Self {
            id: session_id(LINK, server, nonce.as_bytes()),
            version: 0,
            nonce,
            expires: terms.expires,
            announce: terms.announce,
            preselected: terms.preselected,
            policy: terms.policy,
            state: SessionState::New(New::default()),
        })
    }

    /// The hash of the announce info, null where there is none (SES-8).
    pub fn announce_hash(&self) -> Option<Digest> {
        self.announce.as_ref().map(Announce::hash)
    }

    /// The session after a commit that brought it to `state`.
    pub(super) fn at(self, state: SessionState) -> Self {
        Self {
            state,
            version: self.version.saturating_add(1),
            ..self
        }
    }
}

impl New {
    /// The user said yes, with the second factor that was asked for.
    pub(super) fn confirm(
        self,
        account: AccountId,
        user_input: Option<String>,
        factor: &SecondFactor,
        now: UnixSeconds,
    ) -> Confirmed {
        Confirmed {
            account,
            user_input,
            factor: factor.verified(),
            at: now,
        }
    }

    /// The user said no.
    pub(super) fn decline(self, account: AccountId, now: UnixSeconds) -> Rejected {
        Rejected { account, at: now }
    }
}

/// Refuses announce info over its limit (SES-8).
pub(super) fn check_announce(announce: Option<&Announce>) -> Result<(), Refusal> {
    let Some(announce) = announce else {
        return Ok(());
    };
    match cbor::to_vec(announce) {
        Ok(bytes) if bytes.len() <= limit::ANNOUNCE => Ok(()),
        _ => Err(Code::TooLarge.into()),
    }
}

/// The link type of a session.
const LINK: u64 = 1;
