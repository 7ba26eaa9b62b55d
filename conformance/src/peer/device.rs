//! A device as a case wants it: right by default, wrong where it says so.
//!
//! ```text
//! Hello --frame--> Waiting --answered--> Greeted --claim--> Talking
//! ```

use countersign::cbor;
use countersign::channel::{Channel, Opening};
use countersign::crypto::{P256, Secret, Signature};
use countersign::edhoc::{
    AwaitMessage2, ConnectionId, Credential, ErrorMessage, IdCred, Initiator, Message2Verified,
};
use countersign::messages::app_session_proof;
use countersign::messages::channel::KeyUpdate;
use countersign::messages::frame::Frame;
use countersign::messages::handshake::{Ead1, Ead2};
use countersign::registry::{exporter, limit};
use countersign::values::{AppSessionId, ChannelBinding, Digest, Transcript};
use serde::Serialize;

use super::keys::{Key, other_s};
use super::spoiler::Spoiler;
use crate::outcome::{Severity, Stop};

/// Has sent message_1.
#[derive(Debug)]
pub struct Waiting {
    state: AwaitMessage2,
}

/// Knows the server, and what it said in EAD_2.
#[derive(Debug)]
pub struct Greeted {
    state: Message2Verified,
    c_r: ConnectionId,
    ead_2: Ead2,
}

/// Has sent message_3, and has a channel.
pub struct Talking {
    channel: Channel,
    /// What app session proofs are made with (APP-9).
    app_key: Secret<32>,
    c_i: ConnectionId,
    c_r: ConnectionId,
}

/// How message_3 says who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// By the key's id.
    Kid,
    /// By the credential itself.
    Value,
}

/// What a server answers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered<T> {
    /// What was hoped for.
    With(T),
    /// An error frame, with this number.
    Error(u16),
}

/// Composes message_1. `ead_1` may depend on G_X.
///
/// # Errors
/// [`Stop::Undecided`] if the case asks for what cannot be encoded.
pub fn hello(
    entropy: [u8; 32],
    ead_1: impl FnOnce(&[u8; 32]) -> Ead1,
    spoiler: &Spoiler,
) -> Result<(Waiting, Vec<u8>), Stop> {
    let initiator = Initiator::from_entropy(entropy);
    let ead_1 = spoiler.at("ead_1", encode(&ead_1(initiator.g_x()))?)?;
    let c_i = ConnectionId::new(&entropy[..2]).ok_or_else(|| undecided("no connection id"))?;
    let (state, message_1) = initiator.message_1(c_i, Some(&ead_1)).map_err(undecided)?;
    let message = spoiler.at("message_1", message_1)?.into();
    let frame = Frame::Message1 { message }.to_vec().map_err(undecided)?;
    Ok((Waiting { state }, spoiler.at("frame_1", frame)?))
}

impl Waiting {
    /// Takes the answer, and verifies it with the server's credential.
    ///
    /// # Errors
    /// [`Stop`] if the answer is neither an error frame nor a right message_2.
    pub fn answered(self, frame: &[u8], server: &Credential) -> Result<Answered<Greeted>, Stop> {
        let message_2 = match decode(frame)? {
            Frame::Error { error, .. } => return number(&error).map(Answered::Error),
            Frame::Message2 { to, message } if to.0 == self.state.c_i().as_bytes() => message,
            other => return Err(wrong("message_2 for our connection", &other)),
        };
        let opened = self
            .state
            .open(&message_2)
            .map_err(|e| wrong("message_2", &e))?;
        let c_r = opened.c_r();
        let state = opened
            .verify(server, &P256)
            .map_err(|e| wrong("a message_2 under the server's handshake key", &e))?;
        let ead_2: Ead2 = state
            .ead_2::<Ead2>(limit::PLAINTEXT_2)
            .map_err(|e| wrong("an EAD_2", &e))?
            .into_inner();
        Ok(Answered::With(Greeted { state, c_r, ead_2 }))
    }
}

impl Greeted {
    /// What the server offers.
    pub fn ead_2(&self) -> &Ead2 {
        &self.ead_2
    }

    /// The server's identifier of the connection.
    pub fn c_r(&self) -> ConnectionId {
        self.c_r
    }

    /// SHA-256 over message_1 and message_2.
    pub fn transcript(&self) -> Transcript {
        self.state.transcript()
    }

    /// Composes message_3 with `ead_3`, in the name of `key` and signed by `signer`.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if the case asks for what cannot be encoded.
    pub fn claim(
        self,
        key: &Key,
        signer: &Key,
        naming: Naming,
        ead_3: &impl Serialize,
        high_s: bool,
        spoiler: &Spoiler,
    ) -> Result<(Talking, Vec<u8>), Stop> {
        let credential = Credential::device(key.public());
        self.claim_as(&credential, signer, naming, ead_3, high_s, spoiler)
    }

    /// As [`claim`](Self::claim), with any credential, such as a server's or one without a valid key.
    ///
    /// # Errors
    /// As [`claim`](Self::claim).
    pub fn claim_as(
        self,
        credential: &Credential,
        signer: &Key,
        naming: Naming,
        ead_3: &impl Serialize,
        high_s: bool,
        spoiler: &Spoiler,
    ) -> Result<(Talking, Vec<u8>), Stop> {
        let id_cred = match naming {
            Naming::Kid => IdCred::Kid(credential.kid()),
            Naming::Value => IdCred::Value(credential.clone()),
        };
        let ead_3 = spoiler.at("statement", encode(ead_3)?)?;
        let to_sign = self
            .state
            .prepare(id_cred, credential, Some(&ead_3))
            .map_err(undecided)?;
        let low = signer.sign(to_sign.tbs());
        let signature: Signature = if high_s { other_s(low) } else { low };
        let (established, message_3) = to_sign.signed(signature);
        let talking = Talking {
            c_i: established.c_i(),
            c_r: self.c_r,
            app_key: established.exported(exporter::APP_SESSION_PROOF),
            channel: Channel::new(established),
        };
        let message = spoiler.at("message_3", message_3)?.into();
        let to = self.c_r.as_bytes().into();
        let frame = Frame::Message3 { to, message }
            .to_vec()
            .map_err(undecided)?;
        Ok((talking, spoiler.at("frame_3", frame)?))
    }
}

impl Talking {
    /// The server's identifier of the connection.
    pub fn c_r(&self) -> ConnectionId {
        self.c_r
    }

    /// The channel binding.
    pub fn binding(&self) -> ChannelBinding {
        self.channel.binding()
    }

    /// The proof that whoever makes the statement of another handshake is at this end.
    pub fn app_session_proof(&self, session: AppSessionId, transcript: Transcript) -> Digest {
        app_session_proof(&self.app_key, session, transcript)
    }

    /// The frame of an EDHOC error message for this connection, which anybody can send.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if it cannot be encoded.
    pub fn error(&self, number: u16) -> Result<Vec<u8>, Stop> {
        let to = self.c_r.as_bytes().into();
        let error = ErrorMessage::of(number).encode().into();
        Frame::Error { to, error }.to_vec().map_err(undecided)
    }

    /// The record of a frame that the server sent, sent back to it.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if the frame holds no record.
    pub fn reflect(&self, frame: &[u8]) -> Result<Vec<u8>, Stop> {
        let Frame::Record { record, .. } = decode(frame)? else {
            return Err(undecided("only records can be reflected"));
        };
        let to = self.c_r.as_bytes().into();
        Frame::Record { to, record }.to_vec().map_err(undecided)
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

    /// Puts a message into the next record.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if the case asks for what cannot be encoded.
    pub fn say(&mut self, message: &impl Serialize, spoiler: &Spoiler) -> Result<Vec<u8>, Stop> {
        self.say_bytes(encode(message)?, spoiler)
    }

    /// As [`say`](Self::say), for a message that is encoded already.
    ///
    /// # Errors
    /// As [`say`](Self::say).
    pub fn say_bytes(&mut self, content: Vec<u8>, spoiler: &Spoiler) -> Result<Vec<u8>, Stop> {
        let content = spoiler.at("request", content)?;
        let record = self.channel.seal(&content).map_err(undecided)?;
        let record = spoiler.at("record", record)?.into();
        let to = self.c_r.as_bytes().into();
        let frame = Frame::Record { to, record }.to_vec().map_err(undecided)?;
        spoiler.at("frame", frame)
    }

    /// The content of the server's next record, or the number of its error frame.
    ///
    /// # Errors
    /// [`Stop`] for anything else.
    pub fn hear(&mut self, frame: &[u8]) -> Result<Answered<Vec<u8>>, Stop> {
        match decode(frame)? {
            Frame::Error { error, .. } => number(&error).map(Answered::Error),
            Frame::Record { to, record } if to.0 == self.c_i.as_bytes() => self
                .channel
                .open(&record)
                .map(Answered::With)
                .map_err(|e| wrong("the next record of the channel", &e)),
            other => Err(wrong("a record for our connection", &other)),
        }
    }
}

fn decode(frame: &[u8]) -> Result<Frame, Stop> {
    Frame::from_slice(frame).map_err(|e| wrong("a frame", &e))
}

fn number(error: &[u8]) -> Result<u16, Stop> {
    match ErrorMessage::decode(error) {
        Ok(message) => message
            .number()
            .ok_or_else(|| wrong("an error number of the catalogue", &message)),
        Err(e) => Err(wrong("an EDHOC error message", &e)),
    }
}

fn encode(message: &impl Serialize) -> Result<Vec<u8>, Stop> {
    cbor::to_vec(message).map_err(undecided)
}

fn undecided(error: impl ToString) -> Stop {
    Stop::Undecided(error.to_string())
}

fn wrong(expected: &str, got: &impl std::fmt::Debug) -> Stop {
    Stop::failed(Severity::WrongAnswer, expected, format!("{got:?}"))
}
