//! Enrolments (protocol.md, section 6.3).

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::credentials::Scope;
use super::session::{Nonce, check_announce};
use crate::crypto::PublicKey;
use crate::error::{Code, Refusal};
use crate::messages::handshake::{Announce, Policy};
use crate::messages::session_id;
use crate::registry::{Factor, limit, seconds};
use crate::values::{AccountId, Digest, ServerId, SessionId, UnixSeconds};

/// The backend's leave to create one account. All but version and state is
/// fixed when it is made.
///
/// ```text
/// Open --- the first key ---> Bound --- the same key again ---> Bound, unchanged
/// ```
/// Whatever its state, nothing is accepted once its expiry has come.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Enrolment {
    /// Names the nonce without revealing it.
    pub id: SessionId,
    /// Counts the commits that changed it.
    pub version: u64,
    /// What a link to it holds.
    pub nonce: Nonce,
    /// What the backend calls the user.
    pub user_name: String,
    /// Nothing is accepted from this time on.
    pub expires: UnixSeconds,
    /// What the device shows to the user.
    pub announce: Option<Announce>,
    /// Whether it may add to what the user has (CRD-2).
    pub scope: Scope,
    /// What became of it.
    pub state: EnrolmentState,
}

/// What became of an enrolment.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum EnrolmentState {
    /// It has no key.
    Open(Open),
    /// It has one, for good.
    Bound(Bound),
}

/// An enrolment without a key. It leaves this state at most once (ENR-1).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Open {
    // Made with an enrolment and nowhere else.
    _private: (),
}

/// An enrolment that has become an account.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Bound {
    /// The first key whose statement was committed.
    pub key: PublicKey,
    /// Its account.
    pub account: AccountId,
    /// What the app added, exactly as signed (STM-3).
    pub user_input: Option<String>,
}

/// What a backend asks of a new enrolment.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct EnrolmentTerms {
    /// What the backend calls the user.
    pub user_name: String,
    /// Nothing is accepted from this time on.
    pub expires: UnixSeconds,
    /// What the device shows to the user.
    pub announce: Option<Announce>,
    /// Whether it may add to what the user has (CRD-2).
    pub scope: Scope,
}

impl Enrolment {
    /// What every enrolment asks for: the PIN, verified within the life of an
    /// assertion, and nothing else (ENR-4).
    pub const POLICY: Policy = Policy {
        factors: Factor::Pin as u8,
        max_age_s: seconds::ASSERTION as u32,
        cached: false,
    };

    /// Makes an enrolment for the backend. `nonce` is fresh.
    ///
    /// # Errors
    /// 106 for a user name or announce info over its limit, 107 for an empty user name.
    pub fn new(server: ServerId, nonce: Nonce, terms: EnrolmentTerms) -> Result<Self, Refusal> {
        check_announce(terms.announce.as_ref())?;
        if terms.user_name.len() > limit::USER_NAME {
            return Err(Code::TooLarge.into());
        }
        // The empty name is that of headless accounts, which are nobody's (HEADLESS-10).
        if terms.user_name.is_empty() {
            return Err(Code::Structure.into());
        }
        Ok(Self {
            id: session_id(LINK, server, nonce.as_bytes()),
            version: 0,
            nonce,
            user_name: terms.user_name,
            expires: terms.expires,
            announce: terms.announce,
            scope: terms.scope,
            state: EnrolmentState::Open(Open::default()),
        })
    }

    /// The hash of the announce info, null where there is none (SES-8).
    pub fn announce_hash(&self) -> Option<Digest> {
        self.announce.as_ref().map(Announce::hash)
    }

    /// The enrolment after the commit that bound it.
    pub(super) fn at(self, bound: Bound) -> Self {
        Self {
            state: EnrolmentState::Bound(bound),
            version: self.version.saturating_add(1),
            ..self
        }
    }
}

impl Open {
    /// Gives the enrolment to a key.
    pub(super) fn bind(
        self,
        key: PublicKey,
        account: AccountId,
        user_input: Option<String>,
    ) -> Bound {
        Bound {
            key,
            account,
            user_input,
        }
    }
}

/// The link type of an enrolment.
const LINK: u64 = 2;
