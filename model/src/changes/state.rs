//! What there is at one moment.

use countersign::factor::{Operation, Record};

use super::history::History;
use super::messages::{Id, LINES};
use super::server::{Answer, Decided};
use crate::keep::Kept;

/// One moment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct State {
    /// No part of the world: makes stateright's fingerprints differ from run to run.
    pub salt: u64,
    /// The record of the owner's phone: durable, in the store that all servers share.
    pub record: Kept<Record>,
    /// The channels, and the servers at their ends.
    pub lines: [Line; LINES],
    /// The owner's phone.
    pub device: Device,
    /// Whether a thief has had the phone, and the owner's finger.
    pub thief: bool,
    /// Whether a verification's time has passed.
    pub late: bool,
    /// What has happened; nobody acts on it.
    pub history: History,
}

/// A channel, and what the server at its end has in memory. Each is served on its own, so
/// any two of them race for the record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Line {
    /// Not there yet.
    Unopened,
    /// The server waits for a request.
    Idle,
    /// A request is on its way, or has to be decided again.
    Asked(Id),
    /// A decision that is to be committed.
    Decided(Id, Kept<Decided>),
    /// An answer that may leave.
    Answering(Id, Kept<Answer>),
    /// Gone: left by the device, or with a server that crashed.
    Closed,
}

/// The owner's phone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Device {
    /// The number of its last request, or the last that it saw answered. Stored before it signs (FAC-7).
    pub number: u8,
    /// Its present channel; it never goes back to an earlier one.
    pub line: u8,
    /// What it waits for. In memory: [`Action::Connect`](super::Action::Connect) is also the app's restart.
    pub stage: Stage,
    /// The generation that the last status or verdict showed it.
    pub generation: u8,
}

/// Where the device is in its visit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stage {
    /// It waits for the status.
    Connecting,
    /// It knows its record, and nothing is under way.
    Ready,
    /// It waits for a verdict.
    Verifying,
    /// A factor was verified for this change.
    Verified(Operation),
    /// It waits for what became of a change.
    Changing,
    /// It was refused, and asks for the status next (DEV-12).
    Refused,
}

impl State {
    /// The line that the device is using.
    pub fn own_line(&self) -> Line {
        self.lines[usize::from(self.device.line)]
    }

    /// Whether `line` is the one that the device is using.
    pub fn is_own(&self, line: u8) -> bool {
        line == self.device.line
    }
}
