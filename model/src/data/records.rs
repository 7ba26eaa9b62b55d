//! Records: sealed and opened by the real code, each in the place that its end has counted to.

use std::sync::PoisonError;

use countersign::cbor;
use countersign::channel::recompute::{self, Place};
use countersign::channel::{ChannelError, Content, Direction, Opening, open_content};
use countersign::crypto::Secret;
use countersign::messages::channel::KeyUpdate;
use countersign::messages::data::{DataAnswer, DataCancel, DataError, DataRequest};
use countersign::registry::{limit, message_type as ty};
use countersign::verified::Verified;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::state::{Places, State, place};
use super::weakenings::Weak;
use super::{Data, Opened};
use crate::keep::Kept;

/// A place in the records of one direction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Way {
    /// How often the keys were renewed.
    pub generation: u8,
    /// The record's number under these keys.
    pub sequence: u8,
}

/// Who opens a record, and which one it waits for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Receiver {
    /// The channel, by index.
    pub channel: u8,
    /// Whose end: that of the party which this direction leads to.
    pub direction: Direction,
    /// The place of the record that has to come next.
    pub next: Way,
}

/// A record on its way.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Sealed {
    /// The channel that it was sealed in.
    pub channel: u8,
    /// Which way it was sent.
    pub direction: Direction,
    /// Its place in that direction.
    pub way: Way,
    /// How many records went that way in that channel before.
    pub ordinal: u8,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What its key and nonce make of zeros. AES-GCM adds this to the plaintext, so two records have
    /// the same one if they have the same key and nonce; that two others do has probability 2^-128.
    pub keystream: [u8; 16],
}

/// What a record said.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Said {
    /// Device to server: a request.
    Request(Verified<DataRequest>),
    /// Device to server: nobody waits any more.
    Cancel(Verified<DataCancel>),
    /// Server to device: the answer.
    Answer(Verified<DataAnswer>),
    /// Server to device: there is none.
    Error(Verified<DataError>),
    /// Either: the next record is under the next keys.
    KeyUpdate,
}

impl Way {
    /// The place after this one.
    pub fn next(self) -> Self {
        Self {
            sequence: self.sequence + 1,
            ..self
        }
    }

    /// The first place under the next keys (CH-7).
    pub fn renewed(self) -> Self {
        Self {
            generation: self.generation + 1,
            sequence: 0,
        }
    }

    fn place(self, direction: Direction) -> Place {
        Place {
            direction,
            generation: self.generation.into(),
            sequence: self.sequence.into(),
        }
    }
}

/// The real receiver in one place, as what it is a stand-in for: a channel that has come that far.
struct Real {
    prk_out: Secret<32>,
    place: Place,
}

impl Opening for Real {
    fn open(&mut self, record: &[u8]) -> Result<Vec<u8>, ChannelError> {
        recompute::open(&self.prk_out, self.place, record)
    }
}

impl Data {
    /// Seals a message as the next record in that direction, and gives it to the network.
    pub(super) fn send<T: Serialize>(
        &self,
        state: &mut State,
        channel: u8,
        direction: Direction,
        places: &mut Places,
        message: &T,
    ) {
        let plaintext = cbor::to_vec(message).expect("small");
        let way = places.sending;
        let before = state.wire(direction).iter();
        let ordinal = before.filter(|sealed| sealed.channel == channel).count();
        let sealed = Sealed {
            channel,
            direction,
            way,
            ordinal: u8::try_from(ordinal).expect("few records"),
            bytes: self.seal(channel, direction, way, &plaintext),
            keystream: self.keystream(channel, direction, way),
        };
        state.history.sealed(&sealed, &state.wires);
        let mut wire = state.wire(direction).to_vec();
        wire.push(self.sealed.keep(sealed));
        state.wires[place(direction)] = self.wires.keep(wire);
        places.sending = way.next();
    }

    /// Announces the next sending keys and moves on to them.
    pub(super) fn renew(
        &self,
        state: &mut State,
        channel: u8,
        direction: Direction,
        places: &mut Places,
    ) {
        let renewed = places.sending.renewed();
        self.send(state, channel, direction, places, &KeyUpdate::default());
        places.sending = renewed;
    }

    /// What a record comes to at this receiver.
    pub(super) fn open(&self, receiver: Receiver, sealed: Kept<Sealed>) -> Opened {
        let receiver = Weak::receiver(self.weak, receiver, &sealed);
        let question = (receiver, sealed);
        let known = self.opened.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = known.get(&question) {
            return *opened;
        }
        drop(known);
        let opened = self.open_bytes(receiver, &sealed.bytes);
        let mut known = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(question, opened);
        opened
    }

    /// What becomes of a record that somebody without the keys has made for this receiver.
    pub(super) fn forge(&self, receiver: Receiver) -> Opened {
        let attackers = Secret::from_bytes([0x66; 32]);
        let place = receiver.next.place(receiver.direction);
        let record = recompute::seal(&attackers, place, b"forged").expect("short");
        self.open_bytes(receiver, &record)
    }

    fn open_bytes(&self, receiver: Receiver, record: &[u8]) -> Opened {
        let mut real = Real {
            prk_out: self.secret(receiver.channel),
            place: self.place(receiver.direction, receiver.next),
        };
        let content = open_content(&mut real, record)?;
        Ok(self.said.keep(said(&content)))
    }

    fn seal(&self, channel: u8, direction: Direction, way: Way, plaintext: &[u8]) -> Vec<u8> {
        let place = self.place(direction, way);
        recompute::seal(&self.secret(channel), place, plaintext)
            .expect("short, and far from limits")
    }

    /// A record ends in its ciphertext, and that in a tag of 16 bytes.
    fn keystream(&self, channel: u8, direction: Direction, way: Way) -> [u8; 16] {
        let record = self.seal(channel, direction, way, &[0; 16]);
        let (_, end) = record.split_at(record.len() - 32);
        end[..16].try_into().expect("16 bytes")
    }

    fn place(&self, direction: Direction, way: Way) -> Place {
        Weak::place(self.weak, way.place(direction))
    }

    /// PRK_out of that channel's handshake: like no other, as HS-7 wants it.
    fn secret(&self, channel: u8) -> Secret<32> {
        Secret::from_bytes([Weak::handshake(self.weak, channel); 32])
    }
}

fn said(content: &Content) -> Said {
    match content.message_type().expect("the parties are honest") {
        ty::DATA_REQUEST => Said::Request(decoded(content)),
        ty::DATA_CANCEL => Said::Cancel(decoded(content)),
        ty::DATA_ANSWER => Said::Answer(decoded(content)),
        ty::DATA_ERROR => Said::Error(decoded(content)),
        ty::KEY_UPDATE => {
            let KeyUpdate { ty: _ } = *decoded::<KeyUpdate>(content);
            Said::KeyUpdate
        }
        other => unreachable!("nobody says {other}"),
    }
}

fn decoded<T: DeserializeOwned>(content: &Content) -> Verified<T> {
    content.decode(limit::FRAME).expect("encoded by its peer")
}
