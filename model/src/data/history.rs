//! What has happened, as somebody would note it who sees everything.

use countersign::auth::Forward;
use countersign::device::data::{Completed, Completion};
use countersign::error::Code;
use countersign::registry::Level;
use countersign::values::Bytes;

use super::records::{Receiver, Sealed};
use super::state::{Asked, Job, MAX_REQUESTS, WISHES, index};
use crate::keep::Kept;

/// What has happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct History {
    /// What the app was told of each request, first.
    pub completed: [Option<How>; MAX_REQUESTS],
    /// How often the data service has done what the app wanted, up to two.
    pub done: [u8; WISHES],
    faults: u8,
}

/// What became of a request.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum How {
    /// The answer came.
    Data,
    /// There is none, and why.
    Error(Code),
    /// The app did not want it any more.
    Cancelled,
    /// Nobody knows.
    Unknown,
}

/// What must never happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Fault {
    /// Two records were sealed with one key and nonce.
    NonceReused = 1,
    /// A record was delivered that was not the next one sent to that end.
    OutOfOrder = 1 << 1,
    /// A request completed again.
    CompletedAgain = 1 << 2,
    /// Something was delivered for a request that was cancelled.
    AfterCancel = 1 << 3,
    /// A request was given the answer to another.
    WrongAnswer = 1 << 4,
    /// An id of one channel reached the data service again.
    ForwardedAgain = 1 << 5,
    /// The data service was told a level that the account did not have then.
    WrongLevel = 1 << 6,
}

impl From<&Completion> for How {
    fn from(completion: &Completion) -> Self {
        match completion {
            Completion::Data(_) => Self::Data,
            Completion::Error(code) => Self::Error(*code),
            Completion::Cancelled => Self::Cancelled,
            Completion::OutcomeUnknown => Self::Unknown,
        }
    }
}

impl History {
    /// Whether that has ever happened.
    pub fn has(&self, fault: Fault) -> bool {
        self.faults & fault as u8 != 0
    }

    /// An end has sealed a record; the others are on the wires.
    pub fn sealed(&mut self, sealed: &Sealed, wires: &[Kept<Vec<Kept<Sealed>>>; 2]) {
        let mut others = wires.iter().flat_map(|wire| wire.iter());
        let again = others.any(|other| other.keystream == sealed.keystream);
        self.note(again, Fault::NonceReused);
    }

    /// An end that had opened `delivered` records has opened this one.
    pub fn delivered(&mut self, receiver: Receiver, delivered: u8, sealed: &Sealed) {
        let is_next = sealed.channel == receiver.channel
            && sealed.direction == receiver.direction
            && sealed.ordinal == delivered;
        self.note(!is_next, Fault::OutOfOrder);
    }

    /// The app was told what became of a request.
    pub fn completed(&mut self, completed: &Completed, asked: &[Option<Asked>; MAX_REQUESTS]) {
        let Completed { id, with } = completed;
        let index = index(*id);
        if let Completion::Data(payload) = with {
            let is_its = asked[index].is_some_and(|asked| *payload == answer(asked.wish));
            self.note(!is_its, Fault::WrongAnswer);
        }
        match self.completed[index] {
            None => self.completed[index] = Some(with.into()),
            Some(before) => {
                self.note(true, Fault::CompletedAgain);
                self.note(before == How::Cancelled, Fault::AfterCancel);
            }
        }
    }

    /// The data service is handed a request, which a server took when the account had the level
    /// `taken_at`. It has `jobs` already, and the account's level now is `level`.
    pub fn forwarded(&mut self, job: &Job, jobs: &[Job], (taken_at, level): (Level, Level)) {
        let Forward {
            caller,
            id,
            idempotency_key: _, // what it is for is counted in `done`
            payload: _,         // as is this
        } = &*job.forward;
        let again = jobs
            .iter()
            .any(|other| (other.channel, other.forward.id) == (job.channel, *id));
        self.note(again, Fault::ForwardedAgain);
        let had = [taken_at, level].contains(&caller.level);
        self.note(!had, Fault::WrongLevel);
    }

    /// The data service has done what the app wanted.
    pub fn done(&mut self, wish: u8) {
        let done = &mut self.done[wish as usize];
        *done = done.saturating_add(1).min(2);
    }

    fn note(&mut self, happened: bool, fault: Fault) {
        if happened {
            self.faults |= fault as u8;
        }
    }
}

/// What the app sends for a wish.
pub fn wanted(wish: u8) -> Bytes {
    Bytes(vec![wish])
}

/// Which wish that is.
pub fn wish(payload: &Bytes) -> u8 {
    payload.0.first().copied().expect("one byte")
}

/// What the data service answers to a wish.
pub fn answer(wish: u8) -> Bytes {
    Bytes(vec![0xa0, wish])
}
