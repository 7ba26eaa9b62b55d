//! What there is at one moment: stores, memories, messages, and what has happened.

use countersign::factor::{Record, UsedVoucher};

use super::history::History;
use super::server::{Answer, Decided};
use crate::keep::Kept;
use crate::network::{MessageId, Network};

/// How many servers share the store.
pub const REPLICAS: usize = 2;

/// One moment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct State {
    /// No part of the world: makes stateright's fingerprints differ from run to run.
    pub salt: u64,
    /// Durable, and shared by the replicas.
    pub store: Store,
    /// Volatile, each its own.
    pub replicas: [Replica; REPLICAS],
    /// Durable, on the phone.
    pub device: Device,
    /// All requests that were ever sent.
    pub network: Network,
    /// Whether a thief has had the phone. From then on he can use its keys, and
    /// so can the owner, who may not know: that includes every theft.
    pub thief: bool,
    /// What has happened; nobody acts on it.
    pub history: History,
}

/// The factor server's store.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Store {
    /// The record of the owner's phone.
    pub record: Option<Kept<Record>>,
    /// The vouchers that were used up.
    pub vouchers: [Option<Kept<UsedVoucher>>; 2],
    /// The epoch, which lives outside of the backups.
    pub epoch: u32,
    /// The one backup.
    pub backup: Backup,
    /// The record before its last commit, in stores that may still show it.
    pub older: Option<Kept<Record>>,
}

/// A backup of the store.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Backup {
    /// Not made yet.
    Missing,
    /// What was in the store.
    Made(Option<Kept<Record>>, [Option<Kept<UsedVoucher>>; 2]),
    /// It was restored.
    Restored,
}

/// What a server has in memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Replica {
    /// Nothing.
    Idle,
    /// A request, and the record as it was when the server read it.
    Read(MessageId, Option<Kept<Record>>),
    /// A request, and the decision on it, which is no refusal: that would leave
    /// at once and change nothing.
    Decided(MessageId, Kept<Decided>),
    /// A request, and the answer to it, which its commit has set free.
    Answering(MessageId, Kept<Answer>),
    /// Nothing: it crashed while it was answering. After a crash at any other
    /// step it is [`Idle`](Self::Idle) at once, as if nothing had been.
    Down,
}

/// The owner's phone. All that it has in memory is which answer it waits for;
/// since it may forget that at any time and go on, it always might have.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Device {
    /// The number of its last request. Stored before it signs (FAC-7).
    pub number: u8,
}
