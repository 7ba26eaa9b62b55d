//! One connection to one server: the handshake's ends and the channel behind it.

use alloc::vec::Vec;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Peer;
use crate::cbor::{self, DecodeError};
use crate::channel::{Channel, ChannelError, Content, open_content};
use crate::crypto::{Secret, Signature, Verifier, hkdf_expand_secret};
use crate::device::parameters::{Authenticated, Expected, authenticate};
use crate::edhoc::{
    AwaitMessage2, ConnectionId, Credential, EdhocError, IdCred, Initiator, Message2Verified,
    Message3ToSign,
};
use crate::error::{Code, Refusal};
use crate::messages::channel::KeyUpdate;
use crate::messages::frame::Frame;
use crate::messages::handshake::{Ead1, Ead2, Statement};
use crate::registry::{exporter, limit};
use crate::values::{Bytes, ChannelBinding, UnixSeconds};
use crate::verified::Verified;

/// The longest message that a server says through a channel here, in bytes.
const MESSAGE_LIMIT: usize = limit::HANDSHAKE;

/// message_1 is made.
pub(super) struct Greeted {
    pub(super) handshake: AwaitMessage2,
    pub(super) frame: Vec<u8>,
}

/// A channel, and where it leads.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) peer: Peer,
    c_i: ConnectionId,
    c_r: ConnectionId,
    channel: Channel,
}

/// Makes message_1. The ephemeral key and the connection identifier come from
/// the entropy under labels of their own.
pub(super) fn greet(
    entropy: [u8; 32],
    ead_1: impl FnOnce(&[u8; 32]) -> Ead1,
) -> Result<Greeted, Refusal> {
    let entropy = Secret::from_bytes(entropy);
    let ephemeral: Secret<32> = hkdf_expand_secret(&entropy, b"ephemeral key");
    // It tells the device's own connections apart, and their late frames: four bytes are plenty.
    let c_i: Secret<4> = hkdf_expand_secret(&entropy, b"connection identifier");
    let c_i = ConnectionId::new(c_i.as_bytes()).unwrap_or_default();
    let initiator = Initiator::from_entropy(*ephemeral.as_bytes());
    let ead_1 = encode(&ead_1(initiator.g_x()))?;
    let (handshake, message_1) = initiator
        .message_1(c_i, Some(&ead_1))
        .map_err(handshake_code)?;
    let frame = frame(Frame::Message1 {
        message: Bytes(message_1),
    })?;
    Ok(Greeted { handshake, frame })
}

/// Authenticates whoever sent message_2: first the parameters, then Signature_2
/// under the key in them. Nothing of EAD_2 is used before both hold (HS-10).
pub(super) fn authenticate_message_2<V: Verifier>(
    handshake: AwaitMessage2,
    message_2: &[u8],
    expected: &Expected<'_>,
    now: UnixSeconds,
    verifier: &V,
) -> Result<(Message2Verified, Verified<Ead2>, Authenticated), Refusal> {
    let opened = handshake.open(message_2).map_err(handshake_code)?;
    let claimed: Ead2 =
        cbor::from_slice(opened.ead_2().ok_or(Code::EadRefused)?, limit::PLAINTEXT_2)
            .map_err(DecodeError::entry)?;
    let server = authenticate(
        expected,
        claimed.parameters.as_ref(),
        claimed.epoch,
        now,
        verifier,
    )?;
    let credential = Credential::server(expected.server, server.parameters().handshake_key);
    // Whatever is wrong with the signature: this is not the server that the parameters describe.
    let verified = opened
        .verify(&credential, verifier)
        .map_err(|_| Code::ServerNotAuthenticated)?;
    let offer = verified.ead_2(limit::PLAINTEXT_2).map_err(handshake_code)?;
    Ok((verified, offer, server))
}

/// Makes message_3 but for its signature.
pub(super) fn prepare_message_3(
    handshake: Message2Verified,
    (id_cred, credential): (IdCred, Credential),
    statement: &Statement,
) -> Result<Message3ToSign, Refusal> {
    let ead_3 = encode(statement)?;
    handshake
        .prepare(id_cred, &credential, Some(&ead_3))
        .map_err(handshake_code)
}

impl Line {
    /// The handshake is complete; the second value is the frame of message_3.
    pub(super) fn new(
        handshake: Message3ToSign,
        signature: Signature,
        peer: Peer,
    ) -> Result<(Self, Vec<u8>), Refusal> {
        let (line, frame, _) = Self::with_proof_key(handshake, signature, peer)?;
        Ok((line, frame))
    }

    /// The same; the third value is the key of app session proofs (APP-9).
    pub(super) fn with_proof_key(
        handshake: Message3ToSign,
        signature: Signature,
        peer: Peer,
    ) -> Result<(Self, Vec<u8>, Secret<32>), Refusal> {
        let (established, message_3) = handshake.signed(signature);
        let key = established.exported(exporter::APP_SESSION_PROOF);
        let (c_i, c_r) = (established.c_i(), established.c_r());
        let to = Bytes::from(c_r.as_bytes());
        let frame = frame(Frame::Message3 {
            to,
            message: Bytes(message_3),
        })?;
        Ok((
            Self {
                peer,
                c_i,
                c_r,
                channel: Channel::new(established),
            },
            frame,
            key,
        ))
    }

    pub(super) fn c_i(&self) -> ConnectionId {
        self.c_i
    }

    /// Whether frames to this connection identifier come through here.
    pub(super) fn is(&self, c_i: &[u8]) -> bool {
        self.c_i.as_bytes() == c_i
    }

    /// Whether nothing can come through any more (CH-8).
    pub(super) fn is_closed(&self) -> bool {
        self.channel.is_closed()
    }

    pub(super) fn binding(&self) -> ChannelBinding {
        self.channel.binding()
    }

    pub(super) fn open(&mut self, record: &[u8]) -> Result<Content, ChannelError> {
        open_content(&mut self.channel, record)
    }

    /// The peer's next record is under its next keys (CH-7).
    pub(super) fn key_update(&mut self, _: &Verified<KeyUpdate>) -> Result<(), Refusal> {
        self.channel
            .update_receiving()
            .map_err(|_| Refusal(Code::ChannelClosed))
    }

    /// Whether the sending keys are near their limit of records or bytes (CH-5).
    pub(super) fn is_worn(&self) -> bool {
        self.channel.needs_update()
    }

    /// The frame that announces the next sending keys (CH-7); what is said after it is under these.
    pub(super) fn renew(&mut self) -> Result<Vec<u8>, Refusal> {
        let frame = self.say(&KeyUpdate::default())?;
        self.channel.update_sending()?;
        Ok(frame)
    }

    /// The frame of one message.
    pub(super) fn say<T: Serialize>(&mut self, message: &T) -> Result<Vec<u8>, Refusal> {
        let record = self
            .channel
            .seal(&encode(message)?)
            .map_err(super::channel_code)?;
        let to = Bytes::from(self.c_r.as_bytes());
        frame(Frame::Record {
            to,
            record: Bytes(record),
        })
    }
}

/// Decodes what the server has said.
pub(super) fn decode<T: DeserializeOwned>(content: &Content) -> Result<Verified<T>, Refusal> {
    content
        .decode(MESSAGE_LIMIT)
        .map_err(|error| error.entry().into())
}

/// The same for what may hold a data payload, which alone is longer.
pub(super) fn decode_data<T: DeserializeOwned>(content: &Content) -> Result<Verified<T>, Refusal> {
    content
        .decode(limit::FRAME)
        .map_err(|error| error.entry().into())
}

fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, Refusal> {
    cbor::to_vec(message).map_err(|_| Code::Structure.into())
}

fn frame(frame: Frame) -> Result<Vec<u8>, Refusal> {
    frame.to_vec().map_err(|_| Code::TooLarge.into())
}

fn handshake_code(error: EdhocError) -> Refusal {
    Code::from_number(error.code())
        .unwrap_or(Code::HandshakeInvalid)
        .into()
}
