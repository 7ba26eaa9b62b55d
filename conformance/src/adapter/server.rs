//! What the two kinds of server have in common: an identity, keys, and signed parameters.

use countersign::cbor;
use countersign::cose::{self, Statement};
use countersign::crypto::sha256;
use countersign::messages::handshake::ParametersChain;
use countersign::messages::parameters::{FactorServer, Parameters};
use countersign::registry::ServerKind;
use countersign::values::{Digest, ServerId, UnixSeconds, Version};
use countersign_vectors::case::Object;

use super::function::{bytes, not_encoded};
use super::{Args, Refusal};
use crate::peer::keys::Key;

/// A server of either kind, as `open`'s configuration has it.
pub(super) struct Server {
    /// The kid of its identity key, which is its first.
    pub(super) id: ServerId,
    /// The versions that it allows.
    pub(super) versions: Vec<Version>,
    /// The epoch of its parameters.
    pub(super) epoch: u32,
    /// `K_as` or `K_sf`.
    pub(super) handshake_key: Key,
    /// `K_asv` or `K_sfa`.
    pub(super) statement_key: Key,
    /// Its parameters, signed.
    pub(super) chain: ParametersChain,
    payload: Vec<u8>,
}

impl Server {
    /// Reads `identity_key`, `handshake_key`, `statement_key`, `uri`, `epoch`, `expiry_s` and `versions`.
    ///
    /// # Errors
    /// [`Refusal::Error`] for a configuration that makes no server.
    pub(super) fn of(
        config: &Args,
        kind: ServerKind,
        factor_server: Option<FactorServer>,
    ) -> Result<Self, Refusal> {
        let identity_key = key(config, "identity_key")?;
        let parameters = Parameters {
            server: ServerId(identity_key.public().kid().0),
            kind,
            epoch: config.small("epoch")?,
            expiry: UnixSeconds(config.uint("expiry_s")?),
            versions: config.versions("versions")?,
            identity_key: identity_key.public(),
            handshake_key: key(config, "handshake_key")?.public(),
            statement_key: key(config, "statement_key")?.public(),
            uri: config.text("uri")?.to_owned(),
            factor_server,
            ping_time_s: None,
        };
        let signed = sign(&parameters, &(parameters.server,), &identity_key)?;
        Ok(Self {
            id: parameters.server,
            epoch: parameters.epoch,
            handshake_key: key(config, "handshake_key")?,
            statement_key: key(config, "statement_key")?,
            chain: ParametersChain {
                identities: Vec::new(),
                signed: signed.into(),
            },
            payload: cbor::to_vec(&parameters).map_err(not_encoded)?,
            versions: parameters.versions,
        })
    }

    /// SHA-256 of the payload of its parameters, which enrolment links hold.
    pub(super) fn parameters_hash(&self) -> Digest {
        Digest(sha256(&[&self.payload]))
    }

    /// What the answer to `open` says: `server_id` and `parameters`.
    pub(super) fn values(&self) -> Object {
        bytes([
            ("server_id", self.id.as_bytes()),
            ("parameters", &self.payload),
        ])
    }
}

/// A statement, signed.
///
/// # Errors
/// [`Refusal::Error`] if it cannot be encoded.
pub(super) fn sign<T: Statement>(
    statement: &T,
    context: &T::Context,
    key: &Key,
) -> Result<Vec<u8>, Refusal> {
    let to_sign = cose::to_sign(statement, context, key.public().kid()).map_err(not_encoded)?;
    let signature = key.sign(to_sign.tbs());
    Ok(to_sign.signed(signature))
}

fn key(config: &Args, name: &str) -> Result<Key, Refusal> {
    Key::from_scalar(&config.array(name)?).map_err(Refusal::Error)
}
