//! A channel that carries data requests, and which of them wait for their answer.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::line::{Line, decode, decode_data};
use super::{Effect, channel_code};
use crate::channel::Content;
use crate::device::data::{Completed, Requests};
use crate::device::event::Event;
use crate::error::{Code, Refusal};
use crate::messages::data::{DataCancel, DataRequest};
use crate::registry::message_type as ty;
use crate::values::{Bytes, IdempotencyKey, Type};
use crate::verified::Verified;

/// A line to an auth server, and what was asked through it.
#[derive(Debug)]
pub(super) struct Carrier {
    line: Line,
    requests: Requests,
}

/// Requests for which a channel is being opened.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    requests: Requests,
    messages: Vec<DataRequest>,
}

/// A data answer of which nothing is known but whose it is, because it is over its limit.
#[derive(Serialize, Deserialize)]
struct Oversized {
    ty: Type<{ ty::DATA_ANSWER }>,
    id: u64,
    payload: Bytes,
}

impl Waiting {
    /// Takes a request. Nothing is sent yet.
    pub(super) fn ask(
        &mut self,
        id: u64,
        payload: Vec<u8>,
        idempotency_key: Option<IdempotencyKey>,
    ) -> Vec<Effect> {
        match self.requests.ask(id, payload, idempotency_key) {
            Ok(message) => {
                self.messages.push(message);
                Vec::new()
            }
            Err(Refusal(code)) => alloc::vec![failed(id, code)],
        }
    }

    /// Nobody waits for this one any more. It is never sent.
    pub(super) fn cancel(&mut self, id: u64) -> Vec<Effect> {
        self.messages.retain(|message| message.id != id);
        let cancelled = self.requests.cancel(id);
        cancelled
            .map(|(_, completed)| told(completed))
            .into_iter()
            .collect()
    }

    /// No channel was opened.
    pub(super) fn unsent(self) -> Vec<Effect> {
        let completed = self.requests.unsent(Code::NoDataChannel);
        completed.into_iter().map(told).collect()
    }
}

impl Carrier {
    pub(super) fn new(line: Line) -> Self {
        Self {
            line,
            requests: Requests::default(),
        }
    }

    /// A new channel, and what has waited for it.
    pub(super) fn taking(line: Line, waiting: Waiting) -> (Self, Vec<Effect>) {
        let mut carrier = Self {
            line,
            requests: waiting.requests,
        };
        let mut effects = Vec::new();
        for message in waiting.messages {
            effects.extend(carrier.send_request(&message));
        }
        (carrier, effects)
    }

    /// Whether frames to this connection identifier come through here.
    pub(super) fn is(&self, c_i: &[u8]) -> bool {
        self.line.is(c_i)
    }

    /// Whether anything can come through (CH-8).
    pub(super) fn is_open(&self) -> bool {
        !self.line.is_closed()
    }

    /// Makes a request and sends it.
    pub(super) fn ask(
        &mut self,
        id: u64,
        payload: Vec<u8>,
        idempotency_key: Option<IdempotencyKey>,
    ) -> Vec<Effect> {
        match self.requests.ask(id, payload, idempotency_key) {
            Ok(message) => self.send_request(&message),
            Err(Refusal(code)) => alloc::vec![failed(id, code)],
        }
    }

    /// Cancels a request; nothing if it is not open here.
    pub(super) fn cancel(&mut self, id: u64) -> Vec<Effect> {
        let Some((message, completed)) = self.requests.cancel(id) else {
            return Vec::new();
        };
        let mut effects = alloc::vec![told(completed)];
        // A channel that takes no more needs no cancelling either.
        effects.extend(self.send::<DataCancel>(&message).ok());
        effects
    }

    /// Seals a message.
    pub(super) fn send<T: Serialize>(&mut self, message: &T) -> Result<Effect, Refusal> {
        let frame = self.line.say(message)?;
        Ok(Effect::Send {
            to: self.line.peer.clone(),
            frame,
        })
    }

    /// Goes on to the next sending keys if these are `old`, or near their limit; nothing in a
    /// channel that is closed.
    pub(super) fn renew(&mut self, old: bool) -> Option<Effect> {
        if !self.is_open() || !(old || self.line.is_worn()) {
            return None;
        }
        let frame = self.line.renew().ok()?;
        Some(Effect::Send {
            to: self.line.peer.clone(),
            frame,
        })
    }

    /// Opens a record. A channel that this closes has lost what was asked through it.
    ///
    /// # Errors
    /// The effects of the loss, or the refusal of a record that changes nothing.
    pub(super) fn open(&mut self, record: &[u8]) -> Result<Content, Result<Vec<Effect>, Refusal>> {
        self.line
            .open(record)
            .map_err(|error| match error.closes() {
                true => Ok(self.lost()),
                false => Err(channel_code(error).into()),
            })
    }

    /// Takes what an auth server says about requests. What comes for a request that is
    /// unknown or finished is ignored (DATA-5).
    ///
    /// # Errors
    /// The codes of what is no message, and [`Code::UnexpectedFrame`]. Nothing has changed.
    pub(super) fn hear(&mut self, message: u64, content: &Content) -> Result<Vec<Effect>, Refusal> {
        let completed = match message {
            ty::DATA_ANSWER => match decode_data(content) {
                Ok(answer) => self.requests.answered(answer),
                Err(Refusal(Code::TooLarge)) => {
                    let oversized: Verified<Oversized> = decode_data(content)?;
                    self.requests.fail(oversized.id, Code::TooLarge)
                }
                Err(refusal) => return Err(refusal),
            },
            ty::DATA_ERROR => self.requests.failed(&decode(content)?),
            ty::KEY_UPDATE => {
                self.line.key_update(&decode(content)?)?;
                None
            }
            _ => return Err(Code::UnexpectedFrame.into()),
        };
        Ok(completed.map(told).into_iter().collect())
    }

    /// The channel is lost, and with it every answer (DATA-8).
    pub(super) fn lost(&mut self) -> Vec<Effect> {
        let requests = core::mem::take(&mut self.requests);
        requests.lost().into_iter().map(told).collect()
    }

    fn send_request(&mut self, message: &DataRequest) -> Vec<Effect> {
        match self.send(message) {
            Ok(effect) => alloc::vec![effect],
            Err(Refusal(code)) => {
                let completed = self.requests.fail(message.id, code);
                completed.map(told).into_iter().collect()
            }
        }
    }
}

/// What a request came to before it was made.
pub(super) fn failed(id: u64, code: Code) -> Effect {
    let with = crate::device::data::Completion::Error(code);
    told(Completed { id, with })
}

fn told(completed: Completed) -> Effect {
    Effect::Event(Event::Data(completed))
}
