//! Challenges and the answers to them, in a channel for actions
//! (protocol.md, section 16).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::bounds;
use super::handshake::{Announce, Policy};
use crate::cbor;
use crate::cose::Statement;
use crate::crypto::sha256;
use crate::registry::{Decision, label, limit, message_type as ty};
use crate::values::{
    AccountId, Bytes, ChallengeId, ChallengeNonce, ChannelBinding, Digest, ServerId, Type,
    UnixSeconds,
};

/// 32 random bytes that speak for whoever holds them: for the device that may
/// see a challenge, or for an action that was approved. Servers store its
/// [`hash`](Self::hash); it is not printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Token(Digest);

impl Token {
    /// Takes 32 fresh random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Digest(bytes))
    }

    /// The bytes, for the app that hands it on.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// SHA-256 of the bytes: what a server stores, and looks it up by.
    pub fn hash(&self) -> Digest {
        Digest(sha256(&[self.as_bytes()]))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Device to auth server: which challenge does this token stand for?
///
/// ```cddl
/// fetch-challenge = [64, token: bstr .size 32]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct FetchChallenge {
    /// The type number.
    pub ty: Type<{ ty::FETCH_CHALLENGE }>,
    /// What the app was handed.
    pub token: Token,
}

/// Auth server to device: what the user is asked.
///
/// ```cddl
/// challenge = [65, challenge-id, nonce: bstr .size 32, action-code: tstr .size (0..64), shown: announce,
///              expiry: uint, number-choices: [2*8 0..99] / null, policy / null]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Challenge {
    /// The type number.
    pub ty: Type<{ ty::CHALLENGE }>,
    /// Names it.
    pub id: ChallengeId,
    /// Drawn for it.
    pub nonce: ChallengeNonce,
    /// What kind of action it is.
    #[serde(deserialize_with = "bounds::action_code")]
    pub code: String,
    /// What to show to the user.
    pub shown: Announce,
    /// No answer is taken from this time on.
    pub expiry: UnixSeconds,
    /// One of these numbers is shown where the action was started, and the user says which.
    #[serde(deserialize_with = "bounds::choices")]
    pub choices: Option<Vec<u8>>,
    /// The fresh second factor that an approval needs.
    pub policy: Option<Policy>,
}

impl Challenge {
    /// The challenge hash: SHA-256 of the message's bytes.
    pub fn hash(&self) -> Digest {
        // Both sides bound its parts before, so it always encodes.
        Digest(sha256(&[&cbor::to_vec(self).unwrap_or_default()]))
    }
}

/// What the user answers to a challenge. COSE_Sign1 by `K_act`, or by `K_dev` where
/// the account has none; the context is the auth server's id and the channel binding.
///
/// ```cddl
/// approval = [challenge-id, nonce: bstr .size 32, challenge-hash: digest, decision, account-id,
///             assertion-hash: digest / null, number: 0..99 / null]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Approval {
    /// The challenge.
    pub challenge: ChallengeId,
    /// Its nonce.
    pub nonce: ChallengeNonce,
    /// All that was shown.
    pub hash: Digest,
    /// Yes or no.
    pub decision: Decision,
    /// The account that answers.
    pub account: AccountId,
    /// SHA-256 of the assertion's bytes.
    pub assertion: Option<Digest>,
    /// The number that the user chose.
    #[serde(deserialize_with = "bounds::number")]
    pub number: Option<u8>,
}

impl Statement for Approval {
    const LABEL: &'static str = label::APPROVAL;
    const LIMIT: usize = limit::STATEMENT;
    type Context = (ServerId, ChannelBinding);
}

/// Device to auth server: the user's answer.
///
/// ```cddl
/// approve = [66, approval: bstr, assertion: bstr / null, report-fraud: bool]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Approve {
    /// The type number.
    pub ty: Type<{ ty::APPROVE }>,
    /// COSE_Sign1 of an [`Approval`].
    pub approval: Bytes,
    /// The factor server's assertion, as a COSE_Sign1.
    pub assertion: Option<Bytes>,
    /// Whether the user says that somebody else started the action.
    pub report_fraud: bool,
}

/// Auth server to device: the answer is committed.
///
/// ```cddl
/// approved = [67, decision, token: bstr .size 32 / null]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Approved {
    /// The type number.
    pub ty: Type<{ ty::APPROVED }>,
    /// The decision that was committed.
    pub decision: Decision,
    /// For the backend, which completes the action with it; none for a rejection.
    pub token: Option<Token>,
}
