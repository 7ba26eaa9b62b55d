//! A device in plain EDHOC, and the server's endpoint up to each of its states.

use alloc::vec;
use alloc::vec::Vec;

use super::scene::{
    ENTROPY, Key, NOW, SERVER, Said, account, device, enrolment, handshake_key, serving, session,
    voucher_key,
};
use crate::auth::endpoint::{Answer, Answered, Awaiting, Deciding, Failure, Hello, Opened};
use crate::auth::{Found, Wanted};
use crate::cbor;
use crate::channel::{Channel, open_verified};
use crate::crypto::P256;
use crate::edhoc::{
    self, ConnectionId, Credential, ErrorMessage, IdCred, Initiator, Message2Verified,
};
use crate::error::Code;
use crate::messages::frame::Frame;
use crate::messages::handshake::{Claim, Ead1, Ead2};
use crate::messages::nonce_proof;
use crate::registry::limit;
use crate::values::{Bytes, Version};

pub const C_I: [u8; 4] = [0xc1; 4];

/// A device's side: plain EDHOC, with our items in it.
pub struct Peer {
    pub said: Said,
    pub nonce: [u8; 32],
    pub id_cred: IdCred,
    pub credential: Credential,
    pub signer: Key,
}

impl Peer {
    pub fn login() -> Self {
        Self {
            said: Said::login(),
            nonce: [0x11; 32],
            id_cred: IdCred::Kid(device().kid()),
            credential: Credential::device(device().public()),
            signer: device(),
        }
    }

    pub fn enrol() -> Self {
        let credential = Credential::device(device().public());
        Self {
            said: Said::enrolment(),
            nonce: [0x22; 32],
            id_cred: IdCred::Value(credential.clone()),
            ..Self::login()
        }
    }

    pub fn ead_1(&self, g_x: &[u8; 32]) -> Ead1 {
        let proof = nonce_proof(&self.nonce, SERVER, self.said.purpose, g_x);
        Ead1 {
            versions: vec![Version { major: 1, minor: 0 }],
            purpose: self.said.purpose,
            server: SERVER,
            epoch: None,
            claim: self.said.session.map(|session| Claim { session, proof }),
        }
    }

    pub fn message_1(&self) -> (edhoc::AwaitMessage2, Vec<u8>) {
        self.message_1_with(&C_I, |ead_1| cbor::to_vec(&ead_1).ok())
    }

    pub fn message_1_with(
        &self,
        c_i: &[u8],
        ead_1: impl Fn(Ead1) -> Option<Vec<u8>>,
    ) -> (edhoc::AwaitMessage2, Vec<u8>) {
        let initiator = Initiator::from_entropy([0xd0; 32]);
        let ead_1 = ead_1(self.ead_1(initiator.g_x()));
        let c_i = ConnectionId::new(c_i).unwrap();
        let (state, message) = initiator.message_1(c_i, ead_1.as_deref()).unwrap();
        (
            state,
            Frame::Message1 {
                message: Bytes(message),
            }
            .to_vec()
            .unwrap(),
        )
    }

    /// Verifies message_2, as HS-10 has it.
    pub fn message_2(&self, state: edhoc::AwaitMessage2, frame: &[u8]) -> (Message2Verified, Ead2) {
        let Ok(Frame::Message2 { to, message }) = Frame::from_slice(frame) else {
            panic!()
        };
        assert_eq!(*to, C_I);
        let server = Credential::server(SERVER, handshake_key().public());
        let verified = state
            .open(&message)
            .unwrap()
            .verify(&server, &P256)
            .unwrap();
        let ead_2 = verified
            .ead_2::<Ead2>(limit::PLAINTEXT_2)
            .unwrap()
            .into_inner();
        (verified, ead_2)
    }

    /// The statement, with an assertion for this transcript.
    pub fn statement(&self, verified: &Message2Verified) -> Vec<u8> {
        let mut statement = self.said.statement.clone();
        let bind = self.said.bind(verified.transcript());
        statement.assertion = self.said.presented.as_ref().map(|it| it.signed(bind));
        cbor::to_vec(&statement).unwrap()
    }

    pub fn message_3(
        &self,
        verified: Message2Verified,
        to: ConnectionId,
        ead_3: Option<&[u8]>,
    ) -> (edhoc::Established, Vec<u8>) {
        let unsigned = verified
            .prepare(self.id_cred.clone(), &self.credential, ead_3)
            .unwrap();
        let signature = self.signer.sign(unsigned.tbs());
        let (established, message) = unsigned.signed(signature);
        let frame = Frame::Message3 {
            to: to.as_bytes().into(),
            message: Bytes(message),
        };
        (established, frame.to_vec().unwrap())
    }
}

/// The server's side up to message_2, with the session and the enrolment of the scene.
pub fn greeted(peer: &Peer) -> (Awaiting, Message2Verified, Ead2) {
    let (state, frame) = peer.message_1();
    let hello = Hello::receive(&serving(), &frame, NOW).unwrap();
    let (session, enrolment) = (session(), enrolment());
    let found = match hello.wanted() {
        Wanted::Session(id) if id == session.id => Found::Session(&session),
        Wanted::Enrolment(id) if id == enrolment.id => Found::Enrolment(&enrolment),
        _ => Found::Nothing,
    };
    let message_2 = match hello.answer(&serving(), found, ENTROPY, NOW).unwrap() {
        Answer::Message2(message_2) => *message_2,
        Answer::Voucher(voucher) => {
            let signature = voucher_key().sign(voucher.tbs());
            voucher.signed(signature).unwrap()
        }
    };
    let signature = handshake_key().sign(message_2.tbs());
    let (awaiting, frame) = message_2.signed(signature).unwrap();
    let (verified, ead_2) = peer.message_2(state, &frame);
    (awaiting, verified, ead_2)
}

/// Both sides up to an opened message_3; also the device's session and the frame.
pub fn opened(peer: &Peer) -> (Opened, Channel, Vec<u8>) {
    let (awaiting, verified, _) = greeted(peer);
    let statement = peer.statement(&verified);
    let (established, frame) = peer.message_3(verified, awaiting.id(), Some(&statement));
    (
        awaiting.receive(&frame).unwrap(),
        Channel::new(established),
        frame,
    )
}

pub fn deciding(peer: &Peer) -> (Deciding, Channel, Vec<u8>) {
    let (opened, channel, frame) = opened(peer);
    (
        opened.verify(Some(&account()), &P256).unwrap(),
        channel,
        frame,
    )
}

pub fn answered(peer: &Peer) -> (Answered, Vec<u8>, Vec<u8>) {
    let (deciding, _, asked) = deciding(peer);
    let (answered, answer) = deciding.refused(Code::SessionFinished, NOW).unwrap();
    (answered, answer, asked)
}

/// The message in a record frame for the device.
pub fn heard<T: serde::de::DeserializeOwned>(channel: &mut Channel, frame: &[u8]) -> T {
    let Ok(Frame::Record { to, record }) = Frame::from_slice(frame) else {
        panic!()
    };
    assert_eq!(*to, C_I);
    open_verified::<T>(channel, &record, limit::FRAME)
        .unwrap()
        .into_inner()
}

/// The number in an error frame for the device.
pub fn told(failure: &Failure) -> Code {
    let frame = Frame::from_slice(failure.frame.as_ref().unwrap());
    let Ok(Frame::Error { to, error }) = frame else {
        panic!()
    };
    assert_eq!(*to, C_I);
    assert_eq!(
        ErrorMessage::decode(&error),
        Ok(ErrorMessage::of(failure.code.number()))
    );
    failure.code
}
