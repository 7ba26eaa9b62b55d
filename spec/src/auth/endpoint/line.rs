//! A channel that goes on after message_3 was settled: an app session's, or one for data.

use core::fmt;

use alloc::vec::Vec;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::{Account, AppSession, Caller, Desk, Forward, Liveness, Proved, Request};
use super::Failure;
use crate::cbor;
use crate::channel::{Channel, ChannelError, Content, open_content};
use crate::crypto::Secret;
use crate::edhoc::ConnectionId;
use crate::error::{Code, Refusal};
use crate::messages::app::{Logout, Ping, Pong};
use crate::messages::app_session_proof_matches;
use crate::messages::channel::KeyUpdate;
use crate::messages::data::{DataAnswer, DataCancel, DataError, DataRequest};
use crate::messages::frame::Frame;
use crate::registry::{LogoutCause, limit, message_type as ty};
use crate::values::{AppSessionId, Bytes, Type, UnixSeconds};

/// One device, logged in to the app or asking for data.
///
/// Each record is looked at against the facts as they are then, so that nothing is
/// accepted in an app session that has ended, or for an account that is not active. Every
/// record that opens is a [`contact`](AppSession::contact) of its app session, to be stored.
pub struct Line {
    channel: Channel,
    c_i: ConnectionId,
    c_r: ConnectionId,
    caller: Caller,
    app: Option<(AppSessionId, Secret<32>)>,
    desk: Desk,
}

/// What a record of the device said.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Heard {
    /// It is there.
    Pong,
    /// It has logged out, and erased everything. The session is to be
    /// [`end`](AppSession::end)ed; this channel is closed.
    Logout(LogoutCause),
    /// A request for the data service.
    Request(Forward),
    /// Nobody waits for this request's answer any more.
    Cancel(u64),
    /// A cancel of what is unknown or finished: there is nothing to do (DATA-5).
    Ignored,
    /// Its next record is under its next keys.
    KeysRenewed,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("caller", &self.caller)
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

impl Line {
    pub(super) fn new(
        channel: Channel,
        c_i: ConnectionId,
        c_r: ConnectionId,
        caller: Caller,
        app: Option<(AppSessionId, Secret<32>)>,
    ) -> Self {
        Self {
            channel,
            c_i,
            c_r,
            caller,
            app,
            desk: Desk::default(),
        }
    }

    /// C_R: the connection's name in the frames that come for it.
    pub fn id(&self) -> ConnectionId {
        self.c_r
    }

    /// Who is at the other end.
    pub fn caller(&self) -> Caller {
        self.caller
    }

    /// The app session that this is the channel of, if it is one's.
    pub fn app_session(&self) -> Option<AppSessionId> {
        self.app.as_ref().map(|(session, _)| *session)
    }

    /// Checks that a statement's app session proof was made with this channel's key, for
    /// the statement's own handshake (APP-9).
    pub fn prove(&self, request: &Request) -> Option<Proved> {
        let (session, key) = self.app.as_ref().filter(|_| !self.is_closed())?;
        let proof = request.statement.app_session_proof.as_ref()?;
        app_session_proof_matches(key, *session, request.transcript, proof)
            .then(|| Proved::attest(*session, request.transcript))
    }

    /// Opens a record of the device. `account` and `app` are the facts as the store has
    /// them: the caller's account, and the app session that this is the channel of.
    ///
    /// # Errors
    /// [`Failure`], with what there is to send: 605 for an app session that has ended and 502
    /// for an account that is not active, after which the channel is closed; what the channel
    /// refuses; 1xx for what is no message; 212 for one that is not for a server; 700 and 702
    /// for a request, which is then answered.
    pub fn receive(
        &mut self,
        frame: &[u8],
        account: &Account,
        app: Option<&AppSession>,
        now: UnixSeconds,
    ) -> Result<Heard, Failure> {
        let frame = Frame::from_slice(frame).map_err(|error| Failure::silent(error.entry()))?;
        let record = match frame {
            Frame::Record { to, record } if *to == *self.c_r.as_bytes() => record,
            _ => return Err(Failure::silent(Code::UnexpectedFrame)),
        };
        if let Err(code) = self.may_speak(account, app, now) {
            self.close();
            return Err(Failure::silent(code));
        }
        let content = open_content(&mut self.channel, &record).map_err(channel_failure)?;
        let message = content
            .message_type()
            .map_err(|error| Failure::silent(error.entry()))?;
        match message {
            ty::PONG if self.app.is_some() => decode::<Pong>(&content).map(|_| Heard::Pong),
            ty::LOGOUT if self.app.is_some() => {
                let Logout { cause, .. } = decode(&content)?;
                self.close();
                Ok(Heard::Logout(cause))
            }
            ty::DATA_REQUEST => self.request(decode(&content)?, account),
            ty::DATA_CANCEL => {
                let DataCancel { id, .. } = decode(&content)?;
                Ok(match self.desk.complete(id) {
                    true => Heard::Cancel(id),
                    false => Heard::Ignored,
                })
            }
            ty::KEY_UPDATE => {
                decode::<KeyUpdate>(&content)?;
                self.channel.update_receiving().map_err(channel_failure)?;
                Ok(Heard::KeysRenewed)
            }
            _ => Err(Failure::silent(Code::UnexpectedFrame)),
        }
    }

    /// The frame of a ping. It goes out twice in each ping time.
    ///
    /// # Errors
    /// [`Refusal`]: the channel is closed, or its key used up.
    pub fn ping(&mut self) -> Result<Vec<u8>, Refusal> {
        self.send(&Ping::default())
    }

    /// Ends the app session for the device; the caller has [`end`](AppSession::end)ed it.
    /// The keys are gone when this returns.
    ///
    /// # Errors
    /// As [`ping`](Self::ping).
    pub fn logout(mut self, cause: LogoutCause) -> Result<Vec<u8>, Refusal> {
        self.send(&Logout { ty: Type, cause })
    }

    /// The frame with the data service's answer; nothing if nobody waits for it (DATA-5). An
    /// answer that is too long fails its own request and no other (DATA-7).
    ///
    /// # Errors
    /// As [`ping`](Self::ping).
    pub fn answer(&mut self, id: u64, payload: Bytes) -> Result<Option<Vec<u8>>, Refusal> {
        if payload.len() > limit::DATA {
            return self.fail(id, Code::TooLarge);
        }
        if !self.desk.complete(id) {
            return Ok(None);
        }
        let answer = DataAnswer {
            ty: Type,
            id,
            payload,
        };
        self.send(&answer).map(Some)
    }

    /// The frame that says why there is no answer; nothing if nobody waits for it.
    ///
    /// # Errors
    /// As [`ping`](Self::ping).
    pub fn fail(&mut self, id: u64, code: Code) -> Result<Option<Vec<u8>>, Refusal> {
        if !self.desk.complete(id) {
            return Ok(None);
        }
        self.error(id, code).map(Some)
    }

    /// Whether the sending key nears its limit: time to [`renew_keys`](Self::renew_keys).
    /// So is an hour after the last renewal (CH-6), which the caller counts.
    pub fn needs_renewal(&self) -> bool {
        self.channel.needs_update()
    }

    /// The frame that announces the next sending keys (CH-7).
    ///
    /// # Errors
    /// As [`ping`](Self::ping).
    pub fn renew_keys(&mut self) -> Result<Vec<u8>, Refusal> {
        let frame = self.send(&KeyUpdate::default())?;
        self.channel.update_sending()?;
        Ok(frame)
    }

    /// Wipes the keys, that of app session proofs too.
    pub fn close(&mut self) {
        self.channel.close();
        self.app = None;
    }

    /// Whether nothing can come through any more (CH-8).
    pub fn is_closed(&self) -> bool {
        self.channel.is_closed()
    }

    /// APP-7: nothing is accepted in a session that has ended; STM-5 for accounts.
    fn may_speak(
        &self,
        account: &Account,
        app: Option<&AppSession>,
        now: UnixSeconds,
    ) -> Result<(), Code> {
        if account.id != self.caller.account {
            return Err(Code::WrongAccount);
        }
        if let Some((session, _)) = &self.app {
            let live = app.is_some_and(|app| {
                app.id == *session && app.liveness(account, now) == Liveness::Live
            });
            return if live { Ok(()) } else { Err(Code::NotLoggedIn) };
        }
        super::super::statement::active(account).map_err(|refusal| refusal.0)
    }

    fn request(&mut self, request: DataRequest, account: &Account) -> Result<Heard, Failure> {
        if let Err(code) = self.desk.take(request.id) {
            return Err(Failure {
                code,
                frame: self.error(request.id, code).ok(),
            });
        }
        Ok(Heard::Request(Forward {
            // The level is the account's now: it may have been upgraded since (DATA-9).
            caller: Caller {
                level: account.level.level(),
                ..self.caller
            },
            id: request.id,
            idempotency_key: request.idempotency_key,
            payload: request.payload,
        }))
    }

    fn error(&mut self, id: u64, code: Code) -> Result<Vec<u8>, Refusal> {
        let error = code.number();
        self.send(&DataError {
            ty: Type,
            id,
            error,
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

fn channel_failure(error: ChannelError) -> Failure {
    Failure::silent(Code::from_number(error.code()).unwrap_or(Code::ChannelClosed))
}

fn decode<T: DeserializeOwned>(content: &Content) -> Result<T, Failure> {
    content
        .decode(limit::FRAME)
        .map(crate::verified::Verified::into_inner)
        .map_err(|error| Failure::silent(error.entry()))
}
