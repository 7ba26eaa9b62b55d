//! What an auth server and a device say of app sessions, and of the accounts
//! behind channels for data (protocol.md, sections 12, 13 and 14).

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::bounds;
use crate::crypto::sha256;
use crate::registry::{Level, LogoutCause, message_type as ty};
use crate::values::{AccountId, AppSessionId, Digest, Rolling, Type};

/// What the app hands to the backend, which resolves it at the auth server:
/// 32 bytes that whoever holds them is logged in by. Wiped and not printed.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WebNonce(Digest);

impl WebNonce {
    /// Takes 32 random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Digest(bytes))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// SHA-256, which is all that the auth server keeps.
    pub fn hash(&self) -> Digest {
        Digest(sha256(&[self.as_bytes()]))
    }
}

impl Drop for WebNonce {
    fn drop(&mut self) {
        self.0.0.zeroize();
    }
}

impl fmt::Debug for WebNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebNonce(..)")
    }
}

/// Auth server to device: the app is logged in.
///
/// ```cddl
/// app-settled = [24, account-id, user-name: tstr, rolling, app-session-id: bstr .size 32,
///                web-nonce: bstr .size 32, ping-time: uint, limit: uint]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct AppSettled {
    /// The type number.
    pub ty: Type<{ ty::APP_SETTLED }>,
    /// The account.
    pub account: AccountId,
    /// Its user's name, as the auth server has it.
    #[serde(deserialize_with = "bounds::user_name")]
    pub user_name: String,
    /// The next rolling value.
    pub rolling: Rolling,
    /// The app session.
    pub session: AppSessionId,
    /// For the backend.
    pub web_nonce: WebNonce,
    /// Seconds within which the device hears a ping, or logs out.
    pub ping_time_s: u32,
    /// Seconds after which the session ends, whatever happens.
    pub limit_s: u32,
}

/// Auth server to device: I am here.
///
/// ```cddl
/// ping = [25]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Ping {
    /// The type number.
    pub ty: Type<{ ty::PING }>,
}

/// Device to auth server: so am I.
///
/// ```cddl
/// pong = [26]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Pong {
    /// The type number.
    pub ty: Type<{ ty::PONG }>,
}

/// Either side: the app session has ended.
///
/// ```cddl
/// logout = [27, cause]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Logout {
    /// The type number.
    pub ty: Type<{ ty::LOGOUT }>,
    /// Why.
    pub cause: LogoutCause,
}

/// Auth server to device: the account that a channel for data belongs to, or that was upgraded.
///
/// ```cddl
/// admitted = [28, account-id, user-name: tstr, level, rolling]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Admitted {
    /// The type number.
    pub ty: Type<{ ty::ADMITTED }>,
    /// The account.
    pub account: AccountId,
    /// Its user's name, as the auth server has it.
    #[serde(deserialize_with = "bounds::user_name")]
    pub user_name: String,
    /// What it can prove.
    pub level: Level,
    /// The next rolling value.
    pub rolling: Rolling,
}
