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

/// The requests that wait, and the id of the next.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Requests {
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
    /// Makes a request; it is open from here on.
    ///
    /// # Errors
    /// [`Code::TooLarge`] (DATA-2), [`Code::TooManyRequests`] (DATA-6). Nothing has begun.
    pub fn ask(
        &mut self,
        payload: Vec<u8>,
        idempotency_key: Option<IdempotencyKey>,
    ) -> Result<DataRequest, Refusal> {
        if payload.len() > limit::DATA {
            return Err(Code::TooLarge.into());
        }
        if self.open.len() >= limit::OPEN_REQUESTS {
            return Err(Code::TooManyRequests.into());
        }
        let id = self.next;
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
