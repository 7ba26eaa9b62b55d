//! A channel for actions and credentials (protocol.md, section 15.3).

use alloc::vec::Vec;

use serde::Serialize;

use super::super::action::Answer;
use super::super::{Asked, Reply};
use super::Failure;
use crate::cbor;
use crate::channel::{Channel, ChannelError, Content, open_content};
use crate::crypto::PublicKey;
use crate::edhoc::ConnectionId;
use crate::error::{Code, Refusal};
use crate::messages::action::FetchChallenge;
use crate::messages::channel::{KeyUpdate, Refused};
use crate::messages::credential::{DeleteCredential, Rotate};
use crate::messages::frame::Frame;
use crate::registry::{limit, message_type as ty};
use crate::values::{AccountId, Bytes, Type};
use crate::verified::Verified;

/// One device that may ask for challenges, answer them, and change its credential.
///
/// It holds no fact but whose channel it is: each request is decided on the account as
/// the store has it then (CRD-6, CRD-7).
#[derive(Debug)]
pub struct ActionLine {
    channel: Channel,
    c_i: ConnectionId,
    c_r: ConnectionId,
    account: AccountId,
    key: PublicKey,
}

/// What a record of the device said.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Said {
    /// It wants to see a challenge: [`fetch`](crate::auth::action::fetch).
    Fetch(Verified<FetchChallenge>),
    /// Its user has answered: [`decide_approval`](crate::auth::action::decide_approval).
    Answer(Answer),
    /// It wants to be deleted: [`decide_deletion`](crate::auth::decide_deletion).
    Delete(Asked<DeleteCredential>),
    /// It wants another key: [`decide_rotation`](crate::auth::decide_rotation).
    Rotate(Asked<Rotate>),
    /// Its next record is under its next keys.
    KeysRenewed,
}

impl ActionLine {
    pub(super) fn new(
        channel: Channel,
        (c_i, c_r): (ConnectionId, ConnectionId),
        account: AccountId,
        key: PublicKey,
    ) -> Self {
        Self {
            channel,
            c_i,
            c_r,
            account,
            key,
        }
    }

    /// C_R: the connection's name in the frames that come for it.
    pub fn id(&self) -> ConnectionId {
        self.c_r
    }

    /// The account whose key opened it.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Opens a record of the device.
    ///
    /// # Errors
    /// [`Failure`]: what the channel refuses, 1xx for what is no message, 212 for one
    /// that is not for this channel.
    pub fn receive(&mut self, frame: &[u8]) -> Result<Said, Failure> {
        let frame = Frame::from_slice(frame).map_err(|error| Failure::silent(error.entry()))?;
        let record = match frame {
            Frame::Record { to, record } if *to == *self.c_r.as_bytes() => record,
            _ => return Err(Failure::silent(Code::UnexpectedFrame)),
        };
        let content = open_content(&mut self.channel, &record).map_err(broken)?;
        let message = content
            .message_type()
            .map_err(|error| Failure::silent(error.entry()))?;
        match message {
            ty::FETCH_CHALLENGE => decode(&content).map(Said::Fetch),
            ty::APPROVE => Ok(Said::Answer(Answer {
                approve: decode(&content)?,
                key: self.key,
                channel: self.channel.binding(),
            })),
            ty::DELETE_CREDENTIAL => Ok(Said::Delete(self.asked(&content)?)),
            ty::ROTATE => Ok(Said::Rotate(self.asked(&content)?)),
            ty::KEY_UPDATE => {
                decode::<KeyUpdate>(&content)?;
                self.channel.update_receiving().map_err(broken)?;
                Ok(Said::KeysRenewed)
            }
            _ => Err(Failure::silent(Code::UnexpectedFrame)),
        }
    }

    /// The frame with what was committed, or with what was read.
    ///
    /// # Errors
    /// [`Refusal`]: the channel is closed, or its key used up.
    pub fn say<T: Serialize>(&mut self, reply: &Reply<T>) -> Result<Vec<u8>, Refusal> {
        match reply {
            Reply::Said(message) => self.send(message),
            Reply::Refused(code) => self.refuse(*code),
        }
    }

    /// The frame with a refusal, after which the channel is as it was.
    ///
    /// # Errors
    /// As [`say`](Self::say).
    pub fn refuse(&mut self, code: Code) -> Result<Vec<u8>, Refusal> {
        self.send(&Refused {
            ty: Type,
            error: code.number(),
        })
    }

    fn asked<T: serde::de::DeserializeOwned>(
        &self,
        content: &Content,
    ) -> Result<Asked<T>, Failure> {
        Ok(Asked {
            message: decode(content)?,
            key: self.key,
            channel: self.channel.binding(),
        })
    }

    fn send(&mut self, message: &impl Serialize) -> Result<Vec<u8>, Refusal> {
        let plaintext = cbor::to_vec(message).map_err(|_| Code::TooLarge)?;
        let frame = Frame::Record {
            to: self.c_i.as_bytes().into(),
            record: Bytes(self.channel.seal(&plaintext)?),
        };
        frame.to_vec().map_err(|_| Code::TooLarge.into())
    }
}

fn broken(error: ChannelError) -> Failure {
    Failure::silent(Code::from_number(error.code()).unwrap_or(Code::ChannelClosed))
}

fn decode<T: serde::de::DeserializeOwned>(content: &Content) -> Result<Verified<T>, Failure> {
    content
        .decode(limit::HANDSHAKE)
        .map_err(|error| Failure::silent(error.entry()))
}
