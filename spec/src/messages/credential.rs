//! What is said about credentials: the approval key at enrolment, and what a
//! device asks for its own credential (protocol.md, section 15).

use serde::{Deserialize, Serialize};

use crate::cose::Statement;
use crate::crypto::{PublicKey, Signature};
use crate::registry::{label, limit, message_type as ty};
use crate::values::{AccountId, ChannelBinding, Kid, Rolling, ServerId, Transcript, Type};

/// What a new `K_act` signs to prove its possession; never sent, always rebuilt.
///
/// ```cddl
/// approval-key = [server-id, transcript: bstr .size 32, kid]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ApprovalKey {
    /// The auth server.
    pub server: ServerId,
    /// The handshake of the enrolment.
    pub transcript: Transcript,
    /// `K_dev` of the same enrolment.
    pub device: Kid,
}

impl Statement for ApprovalKey {
    const LABEL: &'static str = label::ENROLMENT_PROOF;
    const LIMIT: usize = limit::STATEMENT;
    type Context = ();
}

/// Auth server to device: the channel for actions and credentials is open.
///
/// ```cddl
/// opened = [71, rolling: bstr .size 16]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Opened {
    /// The type number.
    pub ty: Type<{ ty::OPENED }>,
    /// The next rolling value.
    pub rolling: Rolling,
}

/// Device to auth server: delete the credential of this channel.
///
/// ```cddl
/// delete-credential = [72]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct DeleteCredential {
    /// The type number.
    pub ty: Type<{ ty::DELETE_CREDENTIAL }>,
}

/// Device to auth server: a new key in place of the one of this channel.
///
/// ```cddl
/// rotate = [73, public-key, possession: signature]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Rotate {
    /// The type number.
    pub ty: Type<{ ty::ROTATE }>,
    /// The new `K_dev`.
    pub key: PublicKey,
    /// Detached signature over [`Rotation`] by the new key.
    pub possession: Signature,
}

/// What a new `K_dev` signs to prove its possession; never sent, always rebuilt.
///
/// ```cddl
/// rotation = [account-id, public-key, channel-binding: bstr .size 32]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Rotation {
    /// The account, which stays.
    pub account: AccountId,
    /// The new key.
    pub key: PublicKey,
    /// The channel, authenticated by the old key.
    pub channel: ChannelBinding,
}

impl Statement for Rotation {
    const LABEL: &'static str = label::ROTATION;
    const LIMIT: usize = limit::STATEMENT;
    type Context = ();
}

/// Auth server to device: the credential is gone.
///
/// ```cddl
/// credential-deleted = [74]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct CredentialDeleted {
    /// The type number.
    pub ty: Type<{ ty::CREDENTIAL_DELETED }>,
}

/// Auth server to device: the new key is the account's, the old one is not.
///
/// ```cddl
/// rotated = [75, kid]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Rotated {
    /// The type number.
    pub ty: Type<{ ty::ROTATED }>,
    /// The kid of the new key.
    pub key: Kid,
}
