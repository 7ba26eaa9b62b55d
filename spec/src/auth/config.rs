//! What an auth server is (protocol.md, section 4).

use alloc::vec::Vec;

use crate::crypto::PublicKey;
use crate::messages::handshake::{ParametersChain, Policy};
use crate::values::{ServerId, Version};

/// An auth server's own facts: the same for every handshake, and changed only
/// together with its parameters.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Config {
    /// Its id.
    pub server: ServerId,
    /// The versions that it allows, those of its parameters.
    pub versions: Vec<Version>,
    /// The epoch of its parameters.
    pub epoch: u32,
    /// Its signed parameters, and what leads to their identity key.
    pub parameters: ParametersChain,
    /// The public key of `K_as`, which signs its handshakes.
    pub handshake_key: PublicKey,
    /// The public key of `K_asv`, which signs its vouchers.
    pub voucher_key: PublicKey,
    /// Who verifies its users' second factor.
    pub factor_server: FactorServer,
    /// How long a voucher is valid, in seconds.
    pub voucher_ttl_s: u64,
    /// What it serves besides logins and enrolments.
    pub services: Services,
}

/// What an auth server may serve besides logins and enrolments. The default is nothing.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Services {
    /// App logins.
    pub app: Option<AppTerms>,
    /// Channels for data, of full accounts.
    pub data: Option<DataTerms>,
    /// Headless accounts and their channels for data.
    pub headless: bool,
    /// The upgrade of headless accounts. It hands vouchers to whoever asks, so it is off
    /// while the factor server's records are doubted after a restore (HEADLESS-11).
    pub upgrade: bool,
    /// Channels for actions and credentials.
    pub actions: bool,
}

/// The terms of app logins.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AppTerms {
    /// The second factor that an app login needs. A cached one never does (APP-4).
    pub policy: Option<Policy>,
    /// Seconds within which the device hears a ping. The server pings twice as often.
    pub ping_time_s: u32,
    /// Seconds after which an app session ends, whatever happens.
    pub limit_s: u32,
}

/// The terms of channels for data.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DataTerms {
    /// The second factor that opening one needs.
    pub policy: Option<Policy>,
}

/// A factor server, as an auth server knows it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FactorServer {
    /// Its id.
    pub server: ServerId,
    /// The public key of `K_sfa`, which signs its assertions.
    pub assertion_key: PublicKey,
}
