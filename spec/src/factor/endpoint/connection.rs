//! An open channel with one device.

use alloc::vec::Vec;

use serde::Serialize;

use super::request::{Message, Request, decode};
use super::{Rejected, unencodable};
use crate::cbor;
use crate::channel::{Channel, open_content};
use crate::crypto::sha256;
use crate::edhoc::{ConnectionId, Established};
use crate::error::{Code, Refusal};
use crate::factor::Requester;
use crate::messages::channel::{KeyUpdate, Refused};
use crate::messages::factor::{Status, Verdict};
use crate::messages::frame::Frame;
use crate::registry::seconds;
use crate::values::{Bytes, Digest, Type, UnixSeconds};

/// A channel, who is at its other end, and the answer that opened it.
#[derive(Debug)]
pub struct Connection {
    channel: Channel,
    c_i: ConnectionId,
    requester: Requester,
    opening: Opening,
}

/// What a record of the device was.
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is the common one, and short-lived"
)]
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Incoming {
    /// A request, to be decided and answered.
    Request(Request),
    /// The device's next record is under its next keys; no answer.
    KeysRenewed,
}

/// The answer to message_3, to be repeated (HS-6).
#[derive(Debug)]
struct Opening {
    message_3: Digest,
    frame: Vec<u8>,
    until: UnixSeconds,
}

impl Connection {
    /// The channel's first record is the status (STA-1).
    pub(super) fn open(
        established: Established,
        requester: Requester,
        message_3: Digest,
        status: &Status,
        now: UnixSeconds,
    ) -> Result<(Self, Vec<u8>), Refusal> {
        let opening = Opening {
            message_3,
            frame: Vec::new(),
            until: now.plus(seconds::REPEAT),
        };
        let c_i = established.c_i();
        let mut connection = Self {
            channel: Channel::new(established),
            c_i,
            requester,
            opening,
        };
        let frame = connection.send_status(status)?;
        connection.opening.frame.clone_from(&frame);
        Ok((connection, frame))
    }

    /// Who is at the other end.
    pub fn requester(&self) -> &Requester {
        &self.requester
    }

    /// The frame that answered message_3, again, if these are its very bytes
    /// and it is less than 180 s since (HS-6).
    ///
    /// # Errors
    /// [`Code::UnexpectedFrame`] (HS-4).
    pub fn repeat(&self, message_3: &[u8], now: UnixSeconds) -> Result<&[u8], Refusal> {
        let same = Digest(sha256(&[message_3])) == self.opening.message_3;
        if !same || now >= self.opening.until {
            return Err(Code::UnexpectedFrame.into());
        }
        Ok(&self.opening.frame)
    }

    /// Opens a record of the device.
    ///
    /// # Errors
    /// [`Rejected`]: without an answer what the channel refuses, which closes it
    /// or drops the record; with one what is no request.
    pub fn receive(&mut self, record: &[u8]) -> Result<Incoming, Rejected> {
        let content = open_content(&mut self.channel, record).map_err(Rejected::silently)?;
        match decode(&content) {
            Ok(Message::Request(request)) => Ok(Incoming::Request(request)),
            Ok(Message::KeyUpdate) => {
                self.channel
                    .update_receiving()
                    .map_err(Rejected::silently)?;
                Ok(Incoming::KeysRenewed)
            }
            Err(refusal) => Err(Rejected {
                refusal,
                answer: self.refuse(refusal).ok(),
            }),
        }
    }

    /// The frame with a committed verdict.
    ///
    /// # Errors
    /// [`Refusal`]: the channel is closed, or its key used up.
    pub fn send_verdict(&mut self, verdict: &Verdict) -> Result<Vec<u8>, Refusal> {
        self.send(verdict)
    }

    /// The frame with the status of the device's record.
    ///
    /// # Errors
    /// As [`send_verdict`](Self::send_verdict).
    pub fn send_status(&mut self, status: &Status) -> Result<Vec<u8>, Refusal> {
        self.send(status)
    }

    /// The frame that tells the device that its request was refused.
    ///
    /// # Errors
    /// As [`send_verdict`](Self::send_verdict).
    pub fn refuse(&mut self, refusal: Refusal) -> Result<Vec<u8>, Refusal> {
        self.send(&Refused {
            ty: Type,
            error: refusal.0.number(),
        })
    }

    /// Whether the sending key nears its limit: time to [`renew_keys`](Self::renew_keys).
    /// So is an hour after the last renewal (CH-6), which the caller counts.
    pub fn needs_renewal(&self) -> bool {
        self.channel.needs_update()
    }

    /// The frame that announces the next sending keys; what is sent after it is under them (CH-7).
    ///
    /// # Errors
    /// As [`send_verdict`](Self::send_verdict).
    pub fn renew_keys(&mut self) -> Result<Vec<u8>, Refusal> {
        let frame = self.send(&KeyUpdate::default())?;
        self.channel.update_sending()?;
        Ok(frame)
    }

    /// Wipes the keys.
    pub fn close(&mut self) {
        self.channel.close();
    }

    /// Whether nothing can come through any more (CH-8).
    pub fn is_closed(&self) -> bool {
        self.channel.is_closed()
    }

    fn send(&mut self, message: &impl Serialize) -> Result<Vec<u8>, Refusal> {
        let plaintext = cbor::to_vec(message).map_err(unencodable)?;
        let record = self.channel.seal(&plaintext)?;
        let frame = Frame::Record {
            to: self.c_i.as_bytes().into(),
            record: Bytes(record),
        };
        frame.to_vec().map_err(unencodable)
    }
}
