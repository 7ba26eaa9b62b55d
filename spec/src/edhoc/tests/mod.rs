//! Both roles against each other, and each against a peer that misbehaves.

mod codec;
mod flips;
mod handshake;
mod messages;
mod trace;

use alloc::vec::Vec;

use p256::ecdsa::{SigningKey, signature::Signer};

use super::*;
use crate::crypto::{P256, PublicKey, Signature};
use crate::values::ServerId;

/// A P-256 key of a test; the product has none.
pub(crate) struct Key(SigningKey);

impl Key {
    pub(crate) fn of(seed: u8) -> Self {
        Self(SigningKey::from_slice(&[seed; 32]).expect("a scalar"))
    }

    pub(crate) fn public(&self) -> PublicKey {
        let point = self.0.verifying_key().to_sec1_point(false);
        PublicKey(point.as_bytes()[1..].try_into().expect("x and y"))
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Signature {
        let signature: p256::ecdsa::Signature = self.0.sign(message);
        Signature(signature.to_bytes().into())
    }
}

pub(crate) fn device_key() -> Key {
    Key::of(0x11)
}

pub(crate) fn server_key() -> Key {
    Key::of(0x22)
}

pub(crate) fn device() -> Credential {
    Credential::device(device_key().public())
}

pub(crate) fn server() -> Credential {
    Credential::server(ServerId([0xab; 16]), server_key().public())
}

fn kid(credential: &Credential) -> IdCred {
    IdCred::Kid(credential.kid())
}

fn id(bytes: &[u8]) -> ConnectionId {
    ConnectionId::new(bytes).expect("short")
}

const X: [u8; 32] = [0x33; 32];
const Y: [u8; 32] = [0x44; 32];

/// What the two sides say in a handshake.
#[derive(Clone)]
struct Talk {
    id_cred_i: IdCred,
    id_cred_r: IdCred,
    ead: [Option<Vec<u8>>; 3],
}

impl Default for Talk {
    fn default() -> Self {
        Self {
            id_cred_i: kid(&device()),
            id_cred_r: kid(&server()),
            // CBOR text, as something to decode.
            ead: [b"\x63one", b"\x63two", b"\x63try"].map(|text| Some(text.to_vec())),
        }
    }
}

impl Talk {
    fn message_1(&self) -> (AwaitMessage2, Vec<u8>) {
        initiate(X, id(&[0x2d]), self.ead[0].as_deref()).expect("message_1")
    }

    fn message_2(&self, message_1: &[u8]) -> Result<(AwaitMessage3, Vec<u8>), EdhocError> {
        let asked = receive(message_1)?;
        let ead_2 = self.ead[1].as_deref();
        let state = asked.prepare(Y, id(&[0x18]), self.id_cred_r.clone(), &server(), ead_2)?;
        let signature = server_key().sign(state.tbs());
        Ok(state.signed(signature))
    }

    fn message_3(
        &self,
        state: AwaitMessage2,
        message_2: &[u8],
    ) -> Result<(Established, Vec<u8>), EdhocError> {
        let state = state.open(message_2)?.verify(&server(), &P256)?;
        let state = state.prepare(self.id_cred_i.clone(), &device(), self.ead[2].as_deref())?;
        let signature = device_key().sign(state.tbs());
        Ok(state.signed(signature))
    }

    fn finish(state: AwaitMessage3, message_3: &[u8]) -> Result<Established, EdhocError> {
        state
            .open(message_3)
            .map_err(|refused| refused.error)?
            .verify(&device(), &P256)
    }

    fn whole(&self) -> (Established, Established) {
        let (initiator, message_1) = self.message_1();
        let (responder, message_2) = self.message_2(&message_1).expect("message_2");
        let (device, message_3) = self.message_3(initiator, &message_2).expect("message_3");
        (
            device,
            Self::finish(responder, &message_3).expect("established"),
        )
    }
}

/// The two ends of a completed handshake: initiator, responder.
pub(crate) fn established() -> (Established, Established) {
    Talk::default().whole()
}
