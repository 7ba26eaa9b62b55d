//! The other end of the wire: a server of which the test says every word.

use super::*;
use crate::channel::{Channel, Opening};
use crate::edhoc::{AwaitMessage3, ConnectionId, Credential, IdCred, Message1, receive};
use crate::messages::frame::Frame;
use crate::messages::handshake::{Ead1, Statement};

pub(super) const C_R: [u8; 8] = [0xc5; 8];

/// A server, to the extent that a device can see one.
pub(super) struct Server {
    pub id: ServerId,
    pub key: Key,
}

/// Has read message_1.
pub(super) struct Asked {
    pub ead_1: Ead1,
    pub c_i: Bytes,
    pub g_x: [u8; 32],
    message_1: Message1,
}

/// Waits for message_3.
pub(super) struct Answered {
    c_i: Bytes,
    state: AwaitMessage3,
}

/// Speaks with the device.
pub(super) struct Connected {
    pub c_i: Bytes,
    pub statement: Statement,
    pub channel: Channel,
}

pub(super) fn auth_server() -> Server {
    Server {
        id: auth_id(),
        key: key::auth(),
    }
}

pub(super) fn factor_server() -> Server {
    Server {
        id: factor_id(),
        key: key::factor(),
    }
}

impl Server {
    pub fn read(&self, frame: &[u8]) -> Asked {
        let Ok(Frame::Message1 { message }) = Frame::from_slice(frame) else {
            panic!("not a message_1");
        };
        let message_1 = receive(&message).expect("message_1");
        let ead_1 = message_1.ead_1().expect("EAD_1");
        Asked {
            ead_1: crate::cbor::from_slice(ead_1, 8_160).expect("EAD_1"),
            c_i: Bytes::from(message_1.c_i().as_bytes()),
            g_x: *message_1.g_x(),
            message_1,
        }
    }

    /// message_2 with this EAD_2.
    pub fn answer(&self, asked: Asked, offer: &Ead2) -> (Answered, Vec<u8>) {
        let credential = Credential::server(self.id, self.key.public());
        let ead_2 = crate::cbor::to_vec(offer).expect("encodes");
        let id_cred = IdCred::Kid(credential.kid());
        let c_r = ConnectionId::new(&C_R).expect("short");
        let to_sign = asked
            .message_1
            .prepare([0x59; 32], c_r, id_cred, &credential, Some(&ead_2))
            .expect("message_2");
        let signature = self.key.sign(to_sign.tbs());
        let (state, message_2) = to_sign.signed(signature);
        let to = asked.c_i.clone();
        let frame = Frame::Message2 {
            to,
            message: Bytes(message_2),
        };
        (
            Answered {
                c_i: asked.c_i,
                state,
            },
            frame.to_vec().expect("encodes"),
        )
    }
}

impl Answered {
    /// Takes message_3 of the device that holds `key`.
    pub fn meet(self, frame: &[u8], key: &Key) -> Connected {
        let Ok(Frame::Message3 { to, message }) = Frame::from_slice(frame) else {
            panic!("not a message_3");
        };
        assert_eq!(*to, C_R);
        let opened = self.state.open(&message).expect("message_3");
        let credential = Credential::device(key.public());
        let established = opened
            .verify(&credential, &P256)
            .expect("signed by the device");
        let statement: Verified<Statement> = established.peer_ead(65_536).expect("EAD_3");
        Connected {
            c_i: self.c_i,
            statement: statement.into_inner(),
            channel: Channel::new(established),
        }
    }
}

impl Connected {
    pub fn say<T: serde::Serialize>(&mut self, message: &T) -> Vec<u8> {
        let content = crate::cbor::to_vec(message).expect("encodes");
        let record = Bytes(self.channel.seal(&content).expect("open"));
        let to = self.c_i.clone();
        Frame::Record { to, record }.to_vec().expect("encodes")
    }

    pub fn hear<T: serde::de::DeserializeOwned>(&mut self, frame: &[u8]) -> T {
        let Ok(Frame::Record { record, .. }) = Frame::from_slice(frame) else {
            panic!("not a record");
        };
        let content = self.channel.open(&record).expect("in order");
        crate::cbor::from_slice(&content, 65_536).expect("the message that is due")
    }
}
