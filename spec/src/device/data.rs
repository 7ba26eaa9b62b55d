//! The data requests of one channel, from the app's side (protocol.md, section 13).
//!
//! Each request completes exactly once: with data, with an error, cancelled, or with
//! outcome unknown when its channel is lost. What comes for a request that is
//! unknown or finished is ignored.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::error::{Code, Refusal};
use crate::messages::data::{DataAnswer, DataCancel, DataError, DataRequest};
use crate::registry::limit;
use crate::values::{Bytes, IdempotencyKey, Type};
use crate::verified::Verified;

/// The requests of one channel that wait for their answer.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Requests {
    /// Below every id that may still be used (DATA-3).
    next: u64,
    open: BTreeSet<u64>,
}

/// How a request ended, once.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Completed {
    /// The request.
    pub id: u64,
    /// What became of it.
    pub with: Completion,
}

/// What became of a request.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Completion {
    /// The data service's answer.
    Data(Bytes),
    /// There is no answer, and why.
    Error(Code),
    /// The app did not want it any more. What the service did is unknown.
    Cancelled,
    /// The channel was lost. What the service did is unknown.
    OutcomeUnknown,
}

impl Requests {
    /// Makes a request; it is open from here on. Ids rise within a channel; a device that
    /// counts them over all of its channels can name a request before it has one.
    ///
    /// # Errors
    /// [`Code::TooLarge`] (DATA-2), [`Code::TooManyRequests`] (DATA-6),
    /// [`Code::RequestIdTooLow`] (DATA-3). Nothing has begun.
    pub fn ask(
        &mut self,
        id: u64,
        payload: Vec<u8>,
        idempotency_key: Option<IdempotencyKey>,
    ) -> Result<DataRequest, Refusal> {
        if payload.len() > limit::DATA {
            return Err(Code::TooLarge.into());
        }
        if self.open.len() >= limit::OPEN_REQUESTS {
            return Err(Code::TooManyRequests.into());
        }
        if id < self.next {
            return Err(Code::RequestIdTooLow.into());
        }
        self.next = id.checked_add(1).ok_or(Code::TooManyRequests)?;
        self.open.insert(id);
        Ok(DataRequest {
            ty: Type,
            id,
            idempotency_key,
            payload: Bytes(payload),
        })
    }

    /// The app does not want the answer. Cancelling what is finished does nothing.
    pub fn cancel(&mut self, id: u64) -> Option<(DataCancel, Completed)> {
        let completed = self.complete(id, Completion::Cancelled)?;
        Some((DataCancel { ty: Type, id }, completed))
    }

    /// An answer has come.
    pub fn answered(&mut self, answer: Verified<DataAnswer>) -> Option<Completed> {
        let DataAnswer { id, payload, .. } = answer.into_inner();
        self.complete(id, Completion::Data(payload))
    }

    /// An error has come; a number that the catalogue does not have is a fault of the message.
    pub fn failed(&mut self, error: &Verified<DataError>) -> Option<Completed> {
        let code = Code::from_number(error.error).unwrap_or(Code::Structure);
        self.complete(error.id, Completion::Error(code))
    }

    /// This request has failed for a reason of the device's own, and no other with it: an
    /// answer over its limit (DATA-7), or a channel that takes no more.
    pub fn fail(&mut self, id: u64, code: Code) -> Option<Completed> {
        self.complete(id, Completion::Error(code))
    }

    /// There is no channel, and nothing was sent: each fails, for `code`.
    pub fn unsent(self, code: Code) -> Vec<Completed> {
        let failed = |id| Completed {
            id,
            with: Completion::Error(code),
        };
        self.open.into_iter().map(failed).collect()
    }

    /// The channel is lost, and with it every answer. Nothing is sent again (DATA-8).
    pub fn lost(self) -> Vec<Completed> {
        let unknown = |id| Completed {
            id,
            with: Completion::OutcomeUnknown,
        };
        self.open.into_iter().map(unknown).collect()
    }

    fn complete(&mut self, id: u64, with: Completion) -> Option<Completed> {
        self.open.remove(&id).then_some(Completed { id, with })
    }
}
