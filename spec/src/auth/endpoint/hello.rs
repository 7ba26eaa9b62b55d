//! From message_1 to message_2.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::super::draw::Draw;
use super::super::{Config, EnrolmentOffer, Found, Greeting, Offer, Wanted, greet};
use super::Failure;
use super::connection::{Awaiting, Begun};
use crate::cbor;
use crate::cose::{ToSign, to_sign};
use crate::crypto::Signature;
use crate::edhoc::{self, ConnectionId, Credential, IdCred, Message1};
use crate::error::Code;
use crate::messages::frame::Frame;
use crate::messages::handshake::{Ead1, Ead2};
use crate::registry::limit;
use crate::values::{Bytes, UnixSeconds};

/// Has read message_1 of somebody who is not known.
#[derive(Debug)]
pub struct Hello {
    message_1: Message1,
    greeting: Greeting,
    began: UnixSeconds,
}

/// What is to be signed first.
#[derive(Debug)]
pub enum Answer {
    /// For an enrolment or an upgrade: a voucher, by `K_asv`.
    Voucher(Box<VoucherToSign>),
    /// For all else: message_2, by `K_as`.
    Message2(Box<Message2ToSign>),
}

/// Waits for `K_asv` to sign the voucher.
#[derive(Debug)]
pub struct VoucherToSign {
    prepared: Prepared,
    offer: EnrolmentOffer,
    voucher: ToSign,
}

/// Waits for `K_as` to sign message_2.
#[derive(Debug)]
pub struct Message2ToSign {
    message_2: edhoc::Message2ToSign,
    begun: Begun,
}

/// What message_2 is made of, but for EAD_2.
#[derive(Debug)]
struct Prepared {
    message_1: Message1,
    begun: Begun,
    ephemeral: [u8; 32],
    c_r: ConnectionId,
    credential: Credential,
}

impl Hello {
    /// Reads the frame of a message_1.
    ///
    /// # Errors
    /// [`Failure`]: 1xx for what is no frame, 212 for another frame, what EDHOC
    /// refuses (HS-1, HS-3), 209 without EAD_1, 1xx for what is no EAD_1, and what
    /// [`greet`] refuses.
    pub fn receive(config: &Config, frame: &[u8], now: UnixSeconds) -> Result<Self, Failure> {
        let frame = Frame::from_slice(frame).map_err(|error| Failure::silent(error.entry()))?;
        let Frame::Message1 { message } = frame else {
            return Err(Failure::silent(Code::UnexpectedFrame));
        };
        let message_1 = edhoc::receive(&message).map_err(|error| Failure::silent(error.entry()))?;
        let c_i = message_1.c_i();
        if c_i.as_bytes().is_empty() {
            // EDHOC allows it, but no frame could be addressed to it (section 5.1).
            return Err(Failure::silent(Code::HandshakeInvalid));
        }
        let told = |code| Failure::told(c_i, code);
        let ead_1 = message_1.ead_1().ok_or_else(|| told(Code::EadRefused))?;
        let ead_1: Ead1 =
            cbor::from_slice(ead_1, limit::HANDSHAKE).map_err(|error| told(error.entry()))?;
        let greeting = greet(config, &ead_1, message_1.g_x()).map_err(|refusal| told(refusal.0))?;
        Ok(Self {
            message_1,
            greeting,
            began: now,
        })
    }

    /// What to look up in the store.
    pub fn wanted(&self) -> Wanted {
        self.greeting.wanted()
    }

    /// Goes to answer with what the store has. `entropy` is 32 fresh random bytes.
    ///
    /// # Errors
    /// [`Failure`] 300, always the same (SES-3); what EDHOC cannot make of the
    /// device's ephemeral key, or of an EAD_2 that is too long.
    pub fn answer(
        self,
        config: &Config,
        found: Found<'_>,
        entropy: [u8; 32],
        now: UnixSeconds,
    ) -> Result<Answer, Failure> {
        let Self {
            message_1,
            greeting,
            began,
        } = self;
        let c_i = message_1.c_i();
        let told = |code| Failure::told(c_i, code);
        let draw = Draw::from_entropy(entropy);
        let offer = greeting
            .offer(config, found, draw.voucher_id(), now)
            .map_err(|refusal| told(refusal.0))?;
        let prepared = Prepared {
            begun: Begun {
                purpose: greeting.purpose(),
                session: greeting.session(),
                began,
                c_i,
            },
            message_1,
            ephemeral: draw.ephemeral_key(),
            c_r: ConnectionId::new(&draw.connection_id()).unwrap_or_default(),
            credential: Credential::server(config.server, config.handshake_key),
        };
        match offer {
            Offer::Login(ead_2) => Ok(Answer::Message2(Box::new(prepared.offer(&ead_2)?))),
            Offer::Enrolment(offer) => {
                let context = (config.factor_server.server,);
                let voucher = to_sign(offer.voucher(), &context, config.voucher_key.kid())
                    .map_err(|_| told(Code::TooLarge))?;
                Ok(Answer::Voucher(Box::new(VoucherToSign {
                    prepared,
                    offer,
                    voucher,
                })))
            }
        }
    }
}

impl VoucherToSign {
    /// What `K_asv` must sign.
    pub fn tbs(&self) -> &[u8] {
        self.voucher.tbs()
    }

    /// Goes on to message_2, with the voucher in it.
    ///
    /// # Errors
    /// As [`Hello::answer`].
    pub fn signed(self, signature: Signature) -> Result<Message2ToSign, Failure> {
        let voucher = self.voucher.signed(signature);
        self.prepared.offer(&self.offer.vouched(voucher))
    }
}

impl Prepared {
    fn offer(self, ead_2: &Ead2) -> Result<Message2ToSign, Failure> {
        let c_i = self.begun.c_i;
        let ead_2 = cbor::to_vec(ead_2).map_err(|_| Failure::told(c_i, Code::TooLarge))?;
        let id_cred = IdCred::Kid(self.credential.kid());
        let message_2 = self
            .message_1
            .prepare(
                self.ephemeral,
                self.c_r,
                id_cred,
                &self.credential,
                Some(&ead_2),
            )
            .map_err(|error| Failure::edhoc(c_i, error))?;
        Ok(Message2ToSign {
            message_2,
            begun: self.begun,
        })
    }
}

impl Message2ToSign {
    /// What `K_as` must sign.
    pub fn tbs(&self) -> &[u8] {
        self.message_2.tbs()
    }

    /// The connection, to be kept under its [`id`](Awaiting::id), and the frame to send.
    ///
    /// # Errors
    /// [`Failure`] 106 if the frame is over its limit.
    pub fn signed(self, signature: Signature) -> Result<(Awaiting, Vec<u8>), Failure> {
        let Self { message_2, begun } = self;
        let (handshake, message) = message_2.signed(signature);
        let frame = Frame::Message2 {
            to: begun.c_i.as_bytes().into(),
            message: Bytes(message),
        };
        let frame = frame
            .to_vec()
            .map_err(|_| Failure::told(begun.c_i, Code::TooLarge))?;
        Ok((Awaiting::new(begun, handshake), frame))
    }
}
