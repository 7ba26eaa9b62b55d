//! What a completed handshake leaves (RFC 9528, section 4.2).

use alloc::vec::Vec;

use serde::de::DeserializeOwned;

use super::connection::ConnectionId;
use super::credential::Credential;
use super::ead::EadError;
use super::{EdhocError, schedule};
use crate::cbor;
use crate::crypto::{OutputTooLong, Secret};
use crate::registry::exporter;
use crate::values::{ChannelBinding, Transcript};
use crate::verified::Verified;

/// Which end of the connection this is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Side {
    /// Sent message_1: the device.
    Initiator,
    /// Answered it: a server.
    Responder,
}

/// A session of two sides that know each other. It becomes a
/// [`Channel`](crate::channel::Channel), which consumes it, so that no key is
/// ever used by two of them.
///
/// There is no EDHOC_KeyUpdate here: what is exported, the channel binding
/// first of all, always belongs to the handshake itself. The channel updates
/// its own keys.
#[derive(Debug)]
pub struct Established {
    pub(crate) side: Side,
    pub(crate) prk_out: Secret<32>,
    pub(super) transcript: Transcript,
    pub(super) c_i: ConnectionId,
    pub(super) c_r: ConnectionId,
    pub(super) peer: Credential,
    pub(super) peer_ead: Option<Vec<u8>>,
}

impl Established {
    /// EDHOC_Exporter: fills `out` from the label and the context. Each pair of
    /// these is for one purpose; [`exporter`] lists those that are taken.
    ///
    /// # Errors
    /// [`OutputTooLong`] over 8,160 bytes.
    pub fn exporter(
        &self,
        label: u64,
        context: &[u8],
        out: &mut [u8],
    ) -> Result<(), OutputTooLong> {
        schedule::kdf(&schedule::prk_exporter(&self.prk_out), label, context, out)
    }

    /// The channel binding: 32 exported bytes that name this connection, no secret.
    pub fn channel_binding(&self) -> ChannelBinding {
        let prk = schedule::prk_exporter(&self.prk_out);
        ChannelBinding(*schedule::kdf_secret(&prk, exporter::CHANNEL_BINDING, &[]).as_bytes())
    }

    /// 32 exported bytes for one purpose, with an empty context.
    pub fn exported(&self, label: u64) -> Secret<32> {
        schedule::kdf_secret(&schedule::prk_exporter(&self.prk_out), label, &[])
    }

    /// SHA-256 over message_1 and message_2.
    pub fn transcript(&self) -> Transcript {
        self.transcript
    }

    /// Which end of the connection this is.
    pub fn side(&self) -> Side {
        self.side
    }

    /// C_I, the initiator's name for the connection.
    pub fn c_i(&self) -> ConnectionId {
        self.c_i
    }

    /// C_R, the responder's name for the connection.
    pub fn c_r(&self) -> ConnectionId {
        self.c_r
    }

    /// The peer's credential, which it has proved to own.
    pub fn peer(&self) -> &Credential {
        &self.peer
    }

    /// What the peer said in its signed EAD: EAD_3 towards the responder, EAD_2
    /// towards the initiator.
    ///
    /// # Errors
    /// [`EdhocError::Ead`]: `Missing`, or `Content` if it is no `T` of at most `limit` bytes.
    pub fn peer_ead<T: DeserializeOwned>(&self, limit: usize) -> Result<Verified<T>, EdhocError> {
        decode_verified(self.peer_ead.as_deref(), limit)
    }
}

/// Decodes an EAD value whose signature was verified.
pub(super) fn decode_verified<T: DeserializeOwned>(
    value: Option<&[u8]>,
    limit: usize,
) -> Result<Verified<T>, EdhocError> {
    let value = value.ok_or(EadError::Missing)?;
    let content = cbor::from_slice(value, limit).map_err(EadError::Content)?;
    Ok(Verified::attest(content))
}
