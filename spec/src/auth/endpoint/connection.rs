//! From message_3 to its answer.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::super::{Account, Caller, Outcome, Reply, Request};
use super::{ActionLine, Failure, Line, Refused};
use crate::cbor;
use crate::channel::Channel;
use crate::crypto::{PublicKey, Secret, Verifier, sha256};
use crate::edhoc::{AwaitMessage3, ConnectionId, Credential, IdCred, Message3Opened};
use crate::error::Code;
use crate::messages::channel as message;
use crate::messages::credential as own;
use crate::messages::frame::Frame;
use crate::messages::handshake::Statement;
use crate::registry::{Level, Purpose, exporter, limit, seconds};
use crate::values::{AccountId, Bytes, Digest, Kid, SessionId, Type, UnixSeconds};
use crate::verified::Verified;

/// What message_1 settled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    pub(super) purpose: Purpose,
    pub(super) session: Option<SessionId>,
    pub(super) began: UnixSeconds,
    pub(super) c_i: ConnectionId,
}

/// Has sent message_2. It waits as long as the session lives; the user may be slow.
#[derive(Debug)]
pub struct Awaiting {
    begun: Begun,
    handshake: AwaitMessage3,
}

/// Has decrypted message_3, and not yet verified it.
#[derive(Debug)]
pub struct Opened {
    begun: Begun,
    c_r: ConnectionId,
    handshake: Message3Opened,
    asked: Digest,
}

/// Who says to have signed message_3.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Signer {
    /// The owner of an account's key. The account is to be looked up.
    Account(Kid),
    /// The owner of a key that came along. The account that has it, if any, is
    /// what [`EnrolmentFacts`](crate::auth::EnrolmentFacts) calls its holder.
    Key(PublicKey),
}

/// Has verified message_3; its request is to be decided.
#[derive(Debug)]
pub struct Deciding {
    request: Request,
    channel: Channel,
    app_key: Secret<32>,
    c_i: ConnectionId,
    c_r: ConnectionId,
    asked: Digest,
}

/// Has answered message_3. It is kept for 180 s, in case the answer is lost.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    c_i: ConnectionId,
    c_r: ConnectionId,
    asked: Digest,
    answer: Vec<u8>,
    at: UnixSeconds,
}

impl Awaiting {
    pub(super) fn new(begun: Begun, handshake: AwaitMessage3) -> Self {
        Self { begun, handshake }
    }

    /// C_R: the connection's name in the frames that come for it.
    pub fn id(&self) -> ConnectionId {
        self.handshake.c_r()
    }

    /// Decrypts the message_3 in a frame.
    ///
    /// # Errors
    /// [`Refused`], with this state inside: 1xx for what is no frame, 212 for a
    /// frame that is not awaited (HS-4), 201 for what only looks like message_3.
    pub fn receive(self, frame: &[u8]) -> Result<Opened, Refused<Self>> {
        let message_3 = match message_3_for(self.id(), frame) {
            Ok(message_3) => message_3,
            Err(code) => {
                let failure = Failure::silent(code);
                return Err(Refused {
                    state: Box::new(self),
                    failure,
                });
            }
        };
        let Self { begun, handshake } = self;
        let c_r = handshake.c_r();
        match handshake.open(&message_3) {
            Ok(handshake) => Ok(Opened {
                begun,
                c_r,
                handshake,
                asked: Digest(sha256(&[&message_3])),
            }),
            Err(refused) => Err(Refused {
                failure: Failure::edhoc(begun.c_i, refused.error),
                state: Box::new(Self {
                    begun,
                    handshake: *refused.state,
                }),
            }),
        }
    }
}

impl Opened {
    /// Whose key message_3 is to be verified with. Nobody has proved anything yet.
    pub fn signer(&self) -> Signer {
        match self.handshake.id_cred_i() {
            IdCred::Kid(kid) => Signer::Account(*kid),
            IdCred::Value(credential) => Signer::Key(credential.key),
        }
    }

    /// Verifies Signature_3 (HS-13) with the key of `account`, which is the one that
    /// [`signer`](Self::signer) names; for an enrolment or a headless account with the key
    /// that came along.
    ///
    /// # Errors
    /// [`Failure`], which ends the attempt: 211 for no account, another account, a
    /// signature that does not verify, or a credential of the kind that the purpose
    /// does not take (CRED-2); 107 for the credential of a server (CRED-1); 209 or
    /// 1xx for what is no statement.
    pub fn verify(
        self,
        account: Option<&Account>,
        verifier: &impl Verifier,
    ) -> Result<Deciding, Failure> {
        let Self {
            begun,
            c_r,
            handshake,
            asked,
        } = self;
        let Begun {
            purpose,
            session,
            began,
            c_i,
        } = begun;
        let credential = match (purpose, handshake.id_cred_i(), account) {
            (Purpose::Enrol | Purpose::Headless, IdCred::Value(credential), _) => {
                match credential.subject {
                    None => Ok(credential.clone()),
                    Some(_) => Err(Code::Structure),
                }
            }
            (
                Purpose::Login
                | Purpose::AppLogin
                | Purpose::Upgrade
                | Purpose::Data
                | Purpose::Action,
                IdCred::Kid(_),
                Some(account),
            ) => Ok(Credential::device(account.key)),
            _ => Err(Code::CredentialMismatch),
        };
        let credential = credential.map_err(|code| Failure::told(c_i, code))?;
        let failed = |error| Failure::edhoc(c_i, error);
        let established = handshake.verify(&credential, verifier).map_err(failed)?;
        let statement: Verified<Statement> =
            established.peer_ead(limit::STATEMENT).map_err(failed)?;
        let request = Request {
            statement,
            key: credential.key,
            purpose,
            session,
            transcript: established.transcript(),
            began,
        };
        let app_key = established.exported(exporter::APP_SESSION_PROOF);
        Ok(Deciding {
            request,
            channel: Channel::new(established),
            app_key,
            c_i,
            c_r,
            asked,
        })
    }
}

/// The answer that is kept, the channel if it goes on, and the frame to send.
pub type Connected = (Answered, Option<Box<Line>>, Vec<u8>);

impl Deciding {
    /// What is to be decided, as often as the store has conflicts.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Answers with what was committed.
    ///
    /// # Errors
    /// [`Failure`] 106 if the answer is over its limit, which no fact of this server makes.
    pub fn settled(
        self,
        outcome: Outcome,
        now: UnixSeconds,
    ) -> Result<(Answered, Vec<u8>), Failure> {
        let (answered, _, frame) = self.connected(outcome, now)?;
        Ok((answered, frame))
    }

    /// Answers with what was committed, and keeps the channel if the outcome is one that
    /// goes on: an app session, or a channel for data. Its [`Line`] has the same
    /// [`id`](Answered::id) as the answer, which is repeated as any other.
    ///
    /// # Errors
    /// As [`settled`](Self::settled).
    pub fn connected(self, outcome: Outcome, now: UnixSeconds) -> Result<Connected, Failure> {
        let (device, purpose) = (self.request.key.kid(), self.request.purpose);
        let (message, use_of_line) = match outcome {
            Outcome::Settled(settled) => (cbor::to_vec(&settled), None),
            Outcome::Refused(code) => (cbor::to_vec(&refusal(code)), None),
            Outcome::LoggedIn(settled) => {
                let caller = Caller {
                    account: settled.account,
                    level: Level::Full,
                    device,
                };
                (
                    cbor::to_vec(&settled),
                    Some((caller, Some(settled.session))),
                )
            }
            Outcome::Admitted(admitted) => {
                let caller = Caller {
                    account: admitted.account,
                    level: admitted.level,
                    device,
                };
                let goes_on = purpose != Purpose::Upgrade;
                (cbor::to_vec(&admitted), goes_on.then_some((caller, None)))
            }
        };
        let (answered, channel, app_key, frame) = self.answer(message, now)?;
        let line = use_of_line.map(|(caller, session)| {
            let app = session.map(|session| (session, app_key));
            Box::new(Line::new(channel, answered.c_i, answered.c_r, caller, app))
        });
        Ok((answered, line, frame))
    }

    /// Answers an opening, and keeps the channel if it was granted: `account` is the one
    /// that was decided on. The [`ActionLine`] has the same [`id`](Answered::id) as the
    /// answer, which is repeated as any other.
    ///
    /// # Errors
    /// As [`settled`](Self::settled).
    pub fn opened(
        self,
        reply: Reply<own::Opened>,
        account: AccountId,
        now: UnixSeconds,
    ) -> Result<(Answered, Option<ActionLine>, Vec<u8>), Failure> {
        let key = self.request.key;
        let (message, is_open) = match reply {
            Reply::Said(opened) => (cbor::to_vec(&opened), true),
            Reply::Refused(code) => (cbor::to_vec(&refusal(code)), false),
        };
        let (answered, channel, _, frame) = self.answer(message, now)?;
        let ends = (answered.c_i, answered.c_r);
        let line = is_open.then(|| ActionLine::new(channel, ends, account, key));
        Ok((answered, line, frame))
    }

    /// Answers with the refusal of a decision, which has stored nothing.
    ///
    /// # Errors
    /// As [`settled`](Self::settled).
    pub fn refused(self, code: Code, now: UnixSeconds) -> Result<(Answered, Vec<u8>), Failure> {
        let (answered, _, _, frame) = self.answer(cbor::to_vec(&refusal(code)), now)?;
        Ok((answered, frame))
    }

    /// Seals the first record of this channel.
    fn answer(
        mut self,
        message: Result<Vec<u8>, cbor::EncodeError>,
        now: UnixSeconds,
    ) -> Result<(Answered, Channel, Secret<32>, Vec<u8>), Failure> {
        let too_large = |_| Failure::told(self.c_i, Code::TooLarge);
        let message = message.map_err(too_large)?;
        let record = self
            .channel
            .seal(&message)
            .map_err(|_| Failure::told(self.c_i, Code::ChannelClosed))?;
        let frame = Frame::Record {
            to: self.c_i.as_bytes().into(),
            record: Bytes(record),
        };
        let answer = frame.to_vec().map_err(too_large)?;
        let answered = Answered {
            c_i: self.c_i,
            c_r: self.c_r,
            asked: self.asked,
            answer: answer.clone(),
            at: now,
        };
        Ok((answered, self.channel, self.app_key, answer))
    }
}

impl Answered {
    /// C_R: the connection's name in the frames that come for it.
    pub fn id(&self) -> ConnectionId {
        self.c_r
    }

    /// Whether it may be forgotten.
    pub fn is_over(&self, now: UnixSeconds) -> bool {
        now >= self.at.plus(seconds::REPEAT)
    }

    /// The same answer to the same message_3 (HS-6): "for 180 s".
    ///
    /// # Errors
    /// 1xx for what is no frame, 212 for any other frame, and for all of them later.
    pub fn repeat(&self, frame: &[u8], now: UnixSeconds) -> Result<Vec<u8>, Failure> {
        let message_3 = message_3_for(self.c_r, frame).map_err(Failure::silent)?;
        if self.is_over(now) || Digest(sha256(&[&message_3])) != self.asked {
            return Err(Failure::silent(Code::UnexpectedFrame));
        }
        Ok(self.answer.clone())
    }
}

fn refusal(code: Code) -> message::Refused {
    message::Refused {
        ty: Type,
        error: code.number(),
    }
}

/// The message_3 in a frame for this connection.
fn message_3_for(id: ConnectionId, frame: &[u8]) -> Result<Bytes, Code> {
    match Frame::from_slice(frame).map_err(|error| error.entry())? {
        Frame::Message3 { to, message } if *to == *id.as_bytes() => Ok(message),
        _ => Err(Code::UnexpectedFrame),
    }
}
