//! A server as a case wants it: right by default, wrong where it says so.
//!
//! ```text
//! hear(message_1) -> Heard --answer--> Waiting --claimed(message_3)--> Talking
//! ```

pub mod identity;

use countersign::cbor;
use countersign::channel::{Channel, Opening};
use countersign::crypto::{P256, Secret, Signature};
use countersign::edhoc::{
    AwaitMessage3, ConnectionId, Credential, ErrorMessage, IdCred, Message1, receive,
};
use countersign::messages::app_session_proof;
use countersign::messages::channel::KeyUpdate;
use countersign::messages::frame::Frame;
use countersign::messages::handshake::{Ead1, Statement};
use countersign::registry::{exporter, limit};
use countersign::values::{AppSessionId, Bytes, ChannelBinding, Digest, Transcript};
use serde::Serialize;

use super::keys::Key;
use super::spoiler::Spoiler;
use crate::outcome::{Severity, Stop};

/// Has heard message_1. It can be answered more than once.
#[derive(Clone, Debug)]
pub struct Heard {
    message: Message1,
    ead_1: Ead1,
}

/// Has answered with message_2.
#[derive(Debug)]
pub struct Waiting {
    state: AwaitMessage3,
    c_i: ConnectionId,
}

/// Knows the device, and has a channel.
pub struct Talking {
    channel: Channel,
    c_i: ConnectionId,
    c_r: ConnectionId,
    /// The key of app session proofs, should it be an app login's (APP-9).
    proof_key: Secret<32>,
}

/// How message_2 is made.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// Of the ephemeral key and the connection identifier.
    pub entropy: [u8; 32],
    /// Whose message_2 it says it is.
    pub credential: &'a Credential,
    /// Who signs it.
    pub signer: &'a Key,
    /// The encoding of `ead-2`, if there is one.
    pub ead_2: Option<Vec<u8>>,
    /// The connection that the frame names, if it is not the device's own.
    pub to: Option<Vec<u8>>,
}

/// What a device says in message_3.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// How it names its credential.
    pub id_cred: IdCred,
    /// Its credential.
    pub credential: Credential,
    /// EAD_3.
    pub statement: Statement,
}

/// Takes the frame of a message_1.
///
/// # Errors
/// [`Stop::Failed`] for anything but a right one.
pub fn hear(frame: &[u8]) -> Result<Heard, Stop> {
    let message = match decode(frame)? {
        Frame::Message1 { message } => message,
        other => return Err(wrong("message_1", &other)),
    };
    let message = receive(&message).map_err(|e| wrong("a right message_1", &e))?;
    let ead_1 = message
        .ead_1()
        .ok_or_else(|| wrong("an EAD_1", &"message_1 without one"))?;
    let ead_1 = cbor::from_slice(ead_1, limit::PLAINTEXT_2)
        .map_err(|e| wrong("an EAD_1", &format!("{e}: {}", hex::encode(ead_1))))?;
    Ok(Heard { message, ead_1 })
}

impl Heard {
    /// EAD_1.
    pub fn ead_1(&self) -> &Ead1 {
        &self.ead_1
    }

    /// G_X.
    pub fn g_x(&self) -> &[u8; 32] {
        self.message.g_x()
    }

    /// Composes message_2, and its frame.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if the case asks for what cannot be encoded.
    pub fn answer(
        &self,
        answer: Answer<'_>,
        spoiler: &Spoiler,
    ) -> Result<(Waiting, Vec<u8>), Stop> {
        let ead_2 = answer
            .ead_2
            .map(|ead_2| spoiler.at("ead_2", ead_2))
            .transpose()?;
        let c_r = ConnectionId::new(&answer.entropy[..8]).unwrap_or_default();
        let to_sign = self
            .message
            .clone()
            .prepare(
                answer.entropy,
                c_r,
                IdCred::Kid(answer.credential.kid()),
                answer.credential,
                ead_2.as_deref(),
            )
            .map_err(undecided)?;
        let signature = answer.signer.sign(to_sign.tbs());
        let signature = spoiler.at("signature_2", signature.0.to_vec())?;
        let signature: [u8; 64] = signature
            .try_into()
            .map_err(|_| undecided("a signature has 64 bytes"))?;
        let (state, message_2) = to_sign.signed(Signature(signature));
        let c_i = self.message.c_i();
        let frame = Frame::Message2 {
            to: answer.to.unwrap_or_else(|| c_i.as_bytes().to_vec()).into(),
            message: spoiler.at("message_2", message_2)?.into(),
        };
        let frame = frame.to_vec().map_err(undecided)?;
        Ok((Waiting { state, c_i }, spoiler.at("frame_2", frame)?))
    }

    /// The frame of an EDHOC error message, which anybody can send.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if it cannot be encoded.
    pub fn error(&self, number: u16) -> Result<Vec<u8>, Stop> {
        error(self.message.c_i(), number)
    }
}

impl Waiting {
    /// SHA-256 over message_1 and message_2.
    pub fn transcript(&self) -> Transcript {
        self.state.transcript()
    }

    /// As [`Heard::error`].
    ///
    /// # Errors
    /// As [`Heard::error`].
    pub fn error(&self, number: u16) -> Result<Vec<u8>, Stop> {
        error(self.c_i, number)
    }

    /// Takes the frame of message_3, and verifies its signature under the
    /// credential that `who` finds for the name in it.
    ///
    /// # Errors
    /// [`Stop::Failed`] for anything but a right one.
    pub fn claimed(
        self,
        frame: &[u8],
        who: impl FnOnce(&IdCred) -> Result<Credential, Stop>,
    ) -> Result<(Talking, Claimed), Stop> {
        let message_3 = match decode(frame)? {
            Frame::Message3 { to, message } if to.0 == self.state.c_r().as_bytes() => message,
            other => return Err(wrong("message_3 for our connection", &other)),
        };
        let opened = self
            .state
            .open(&message_3)
            .map_err(|refused| wrong("a message_3 that opens", &refused.error))?;
        let id_cred = opened.id_cred_i().clone();
        let credential = who(&id_cred)?;
        let established = opened
            .verify(&credential, &P256)
            .map_err(|e| wrong("a message_3 under the device's credential", &e))?;
        let statement = established
            .peer_ead::<Statement>(limit::STATEMENT)
            .map_err(|e| wrong("a statement in EAD_3", &e))?
            .into_inner();
        let talking = Talking {
            c_i: self.c_i,
            c_r: established.c_r(),
            proof_key: established.exported(exporter::APP_SESSION_PROOF),
            channel: Channel::new(established),
        };
        let claimed = Claimed {
            id_cred,
            credential,
            statement,
        };
        Ok((talking, claimed))
    }
}

impl Talking {
    /// Whether a frame with this connection identifier is for this end of the channel.
    pub fn is(&self, to: &[u8]) -> bool {
        self.c_r.as_bytes() == to
    }

    /// What proves that a statement comes from the device of this app session.
    pub fn proof(&self, session: AppSessionId, transcript: Transcript) -> Digest {
        app_session_proof(&self.proof_key, session, transcript)
    }

    /// The device has announced its next sending keys.
    ///
    /// # Errors
    /// [`Stop::Undecided`] for a channel that is closed.
    pub fn renewed(&mut self) -> Result<(), Stop> {
        self.channel.update_receiving().map_err(undecided)
    }

    /// The channel binding.
    pub fn binding(&self) -> ChannelBinding {
        self.channel.binding()
    }

    /// Puts a message into the next record.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if the case asks for what cannot be encoded.
    pub fn say(&mut self, message: &impl Serialize, spoiler: &Spoiler) -> Result<Vec<u8>, Stop> {
        self.say_bytes(cbor::to_vec(message).map_err(undecided)?, spoiler)
    }

    /// As [`say`](Self::say), for a message that is encoded already.
    ///
    /// # Errors
    /// As [`say`](Self::say).
    pub fn say_bytes(&mut self, content: Vec<u8>, spoiler: &Spoiler) -> Result<Vec<u8>, Stop> {
        let content = spoiler.at("reply", content)?;
        let record = self.channel.seal(&content).map_err(undecided)?;
        let record = spoiler.at("record", record)?;
        spoiler.at("frame", self.carry(record)?)
    }

    /// Announces the next sending keys, and takes them.
    ///
    /// # Errors
    /// As [`say`](Self::say).
    pub fn renew_keys(&mut self, spoiler: &Spoiler) -> Result<Vec<u8>, Stop> {
        let frame = self.say(&KeyUpdate::default(), spoiler)?;
        self.channel.update_sending().map_err(undecided)?;
        Ok(frame)
    }

    /// The record of a frame that the device sent, sent back to it.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if the frame holds no record.
    pub fn reflect(&self, frame: &[u8]) -> Result<Vec<u8>, Stop> {
        match decode(frame)? {
            Frame::Record { record, .. } => self.carry(record.0),
            _ => Err(undecided("only records can be reflected")),
        }
    }

    /// As [`Heard::error`].
    ///
    /// # Errors
    /// As [`Heard::error`].
    pub fn error(&self, number: u16) -> Result<Vec<u8>, Stop> {
        error(self.c_i, number)
    }

    /// The content of the device's next record.
    ///
    /// # Errors
    /// [`Stop::Failed`] for anything else.
    pub fn hear(&mut self, frame: &[u8]) -> Result<Vec<u8>, Stop> {
        match decode(frame)? {
            Frame::Record { record, .. } => self
                .channel
                .open(&record)
                .map_err(|e| wrong("the next record of the channel", &e)),
            other => Err(wrong("a record", &other)),
        }
    }

    fn carry(&self, record: Vec<u8>) -> Result<Vec<u8>, Stop> {
        let to = self.c_i.as_bytes().into();
        let record = record.into();
        Frame::Record { to, record }.to_vec().map_err(undecided)
    }
}

fn error(c_i: ConnectionId, number: u16) -> Result<Vec<u8>, Stop> {
    let to: Bytes = c_i.as_bytes().into();
    let error = ErrorMessage::of(number).encode().into();
    Frame::Error { to, error }.to_vec().map_err(undecided)
}

fn decode(frame: &[u8]) -> Result<Frame, Stop> {
    Frame::from_slice(frame).map_err(|e| wrong("a frame", &e))
}

fn undecided(error: impl ToString) -> Stop {
    Stop::Undecided(error.to_string())
}

fn wrong(expected: &str, got: &impl std::fmt::Debug) -> Stop {
    Stop::failed(Severity::WrongAnswer, expected, format!("{got:?}"))
}
