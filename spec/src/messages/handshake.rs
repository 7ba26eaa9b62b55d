//! What travels in the EAD items of the handshake (protocol.md, section 6).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::bounds;
use crate::cbor;
use crate::crypto::{PublicKey, Signature, sha256};
use crate::registry::{Decision, Factor, Purpose};
use crate::values::{AccountId, Bytes, Digest, Rolling, ServerId, SessionId, Version};

/// EAD_1: what the device wants, and of whom.
///
/// ```cddl
/// ead-1 = [versions: [1*8 version], purpose, server-id, epoch: uint / null, claim / null]
/// claim = [session-id, nonce-proof: bstr .size 32]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Ead1 {
    /// The versions that the device allows for this kind of server, ascending.
    #[serde(deserialize_with = "bounds::versions")]
    pub versions: Vec<Version>,
    /// What the handshake is for.
    pub purpose: Purpose,
    /// The server that is meant.
    pub server: ServerId,
    /// The epoch of the parameters that the device knows, if any.
    pub epoch: Option<u32>,
    /// The session or enrolment.
    pub claim: Option<Claim>,
}

/// That the device knows a session's nonce.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Claim {
    /// Which session.
    pub session: SessionId,
    /// The nonce proof ([`nonce_proof`](super::nonce_proof)).
    pub proof: Digest,
}

/// EAD_2: what the server offers. All of it is under Signature_2.
///
/// ```cddl
/// ead-2 = [version, epoch: uint, announce / null, account-id / null, policy / null,
///          voucher: bstr / null, parameters: parameters-chain / null]
/// parameters-chain = [identities: [*16 bstr], signed-parameters: bstr]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Ead2 {
    /// The version chosen.
    pub version: Version,
    /// The epoch of the server's parameters.
    pub epoch: u32,
    /// What to show to the user.
    pub announce: Option<Announce>,
    /// The account that the server has pre-selected.
    pub account: Option<AccountId>,
    /// The second factor that is asked for; absent where none is.
    pub policy: Option<Policy>,
    /// A voucher for the factor server, as a COSE_Sign1.
    pub voucher: Option<Bytes>,
    /// The signed parameters, if the device knows an older epoch or none.
    pub parameters: Option<ParametersChain>,
}

/// Signed parameters with the succession of identities that leads to them.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ParametersChain {
    /// Each a COSE_Sign1 of an [`Identity`](super::parameters::Identity), oldest first, from
    /// sequence 0; empty while the server has its first identity key.
    #[serde(deserialize_with = "bounds::identities")]
    pub identities: Vec<Bytes>,
    /// COSE_Sign1 of [`Parameters`](super::parameters::Parameters).
    pub signed: Bytes,
}

/// Announce info: what the app may show before the user decides.
///
/// ```cddl
/// announce = [logo: digest / null, strings: {* tstr => tstr}]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Announce {
    /// SHA-256 of the logo's bytes, which travel by other ways.
    pub logo: Option<Digest>,
    /// Strings under unique keys.
    pub strings: BTreeMap<String, String>,
}

impl Announce {
    /// The announce hash: SHA-256 of the encoding.
    pub fn hash(&self) -> Digest {
        // Text and digests always encode; the limit is checked where the info is made.
        Digest(sha256(&[&cbor::to_vec(self).unwrap_or_default()]))
    }
}

/// The second factor that an auth server asks for. It can only restrict what
/// the factor server allows.
///
/// ```cddl
/// policy = [factors: 1..3, max-age: uint, cached: bool]
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// The sum of the factors that will do: 1 = PIN, 2 = biometric.
    #[serde(deserialize_with = "bounds::factors")]
    pub factors: u8,
    /// The age in seconds that a verification may have.
    pub max_age_s: u32,
    /// Whether a verification cached in a live app login will do.
    pub cached: bool,
}

impl Policy {
    /// Whether `factor` will do.
    pub fn allows(&self, factor: Factor) -> bool {
        u64::from(self.factors) & factor.number() != 0
    }
}

/// EAD_3: the device's statement. All of it is under Signature_3.
///
/// ```cddl
/// statement = [purpose, decision / null, announce-hash: digest / null, user-input: tstr / null,
///              assertion: bstr / null, enrolment-proof / null, app-session-proof: bstr .size 32 / null,
///              counter: uint / null, rolling: bstr .size 16 / null]
/// enrolment-proof = [public-key, signature]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Statement {
    /// The purpose of message_1, said again.
    pub purpose: Purpose,
    /// What the user decided.
    pub decision: Option<Decision>,
    /// SHA-256 of the announce info that was shown.
    pub announce: Option<Digest>,
    /// What the app adds; absent is not empty.
    #[serde(deserialize_with = "bounds::user_input")]
    pub user_input: Option<String>,
    /// The factor server's assertion, as a COSE_Sign1.
    pub assertion: Option<Bytes>,
    /// The approval key `K_act` and the proof of its possession.
    pub enrolment_proof: Option<EnrolmentProof>,
    /// The proof of a live app login.
    pub app_session_proof: Option<Digest>,
    /// The clone counter.
    pub counter: Option<u64>,
    /// The rolling value.
    pub rolling: Option<Rolling>,
}

impl Statement {
    /// A statement of `purpose` in which everything else is absent.
    pub fn bare(purpose: Purpose) -> Self {
        Self {
            purpose,
            decision: None,
            announce: None,
            user_input: None,
            assertion: None,
            enrolment_proof: None,
            app_session_proof: None,
            counter: None,
            rolling: None,
        }
    }
}

/// A second key for approvals, and the proof of its possession.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct EnrolmentProof {
    /// `K_act`.
    pub key: PublicKey,
    /// Its signature.
    pub signature: Signature,
}
