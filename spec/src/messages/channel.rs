//! What an auth server says through the channel, and what either server may say
//! (protocol.md, sections 5.4 and 7).

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::bounds;
use crate::registry::{Decision, message_type as ty};
use crate::values::{AccountId, Rolling, Type};

/// Auth server to device: what the statement of message_3 came to, as committed.
///
/// ```cddl
/// settled = [16, decision, account-id, user-name: tstr, rolling: bstr .size 16]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Settled {
    /// The type number.
    pub ty: Type<{ ty::SETTLED }>,
    /// The decision that was committed.
    pub decision: Decision,
    /// The account that it was committed for.
    pub account: AccountId,
    /// Its user's name, as the auth server has it.
    #[serde(deserialize_with = "bounds::user_name")]
    pub user_name: String,
    /// The next rolling value.
    pub rolling: Rolling,
}

/// Either server to a device: what it asked for, authenticated, was refused and nothing was stored.
///
/// ```cddl
/// refused = [9, error: uint]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Refused {
    /// The type number.
    pub ty: Type<{ ty::REFUSED }>,
    /// A number of the error catalogue.
    pub error: u16,
}

/// Either side: the sender's next record is under its next keys.
///
/// ```cddl
/// key-update = [8]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct KeyUpdate {
    /// The type number.
    pub ty: Type<{ ty::KEY_UPDATE }>,
}
