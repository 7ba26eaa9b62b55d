//! What a server says of itself under its identity key (protocol.md, section 4.3).

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::bounds;
use crate::cose::Statement;
use crate::crypto::PublicKey;
use crate::registry::{ServerKind, label, limit};
use crate::values::{ServerId, UnixSeconds, Version};

/// A server's parameters. COSE_Sign1 by its identity key.
///
/// ```cddl
/// parameters = [server-id, kind: 1..2, epoch: uint, expiry: uint, versions: [1*8 version],
///               identity-key: public-key, handshake-key: public-key, statement-key: public-key,
///               uri: tstr, factor-server / null, ping-time: uint / null]
/// factor-server = [server-id, uri: tstr]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Parameters {
    /// The server.
    pub server: ServerId,
    /// Its kind.
    pub kind: ServerKind,
    /// Never decreases; a device refuses an older epoch than it knows.
    pub epoch: u32,
    /// Not used from this time on.
    pub expiry: UnixSeconds,
    /// The versions it speaks, ascending.
    #[serde(deserialize_with = "bounds::versions")]
    pub versions: Vec<Version>,
    /// `K_asid` or `K_sfid`: signs this.
    pub identity_key: PublicKey,
    /// `K_as` or `K_sf`: signs handshakes.
    pub handshake_key: PublicKey,
    /// `K_asv` (vouchers) or `K_sfa` (assertions).
    pub statement_key: PublicKey,
    /// Where it is reached.
    #[serde(deserialize_with = "bounds::uri")]
    pub uri: String,
    /// An auth server's factor server.
    pub factor_server: Option<FactorServer>,
    /// Seconds within which an app login expects a ping.
    pub ping_time_s: Option<u32>,
}

/// Where an auth server sends its users for the second factor.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct FactorServer {
    /// The factor server.
    pub server: ServerId,
    /// Where it is reached.
    #[serde(deserialize_with = "bounds::uri")]
    pub uri: String,
}

impl Statement for Parameters {
    const LABEL: &'static str = label::PARAMETERS;
    const LIMIT: usize = limit::STATEMENT;
    type Context = (ServerId,);
}

/// A new identity key. COSE_Sign1 by the one before it; the first speaks for itself.
///
/// ```cddl
/// identity = [server-id, sequence: uint, identity-key: public-key]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// The server, whose id stays.
    pub server: ServerId,
    /// 0 for the first key, 1 for its successor.
    pub sequence: u32,
    /// The new identity key.
    pub key: PublicKey,
}

impl Statement for Identity {
    const LABEL: &'static str = label::IDENTITY;
    const LIMIT: usize = limit::STATEMENT;
    type Context = (ServerId,);
}
