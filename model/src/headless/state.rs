//! What there is at one moment: stores, memories, messages, and what has happened.

use countersign::device::{Wallet, entry, upgrade};

use super::factor::Factors;
use super::history::History;
use super::messages::{First, Opened, Proof, Reply, Said};
use super::store::{Decided, Store};
use super::world::Scene;
use crate::keep::Kept;

/// How many servers share the store.
pub const REPLICAS: usize = 2;
/// The most handshakes of any model.
pub const MAX_LINES: usize = 4;
/// The most flows of any model.
pub const MAX_FLOWS: usize = 4;

/// One moment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct State {
    /// No part of the world: makes stateright's fingerprints differ from run to run.
    pub salt: u64,
    /// What is played.
    pub scene: Scene,
    /// Durable, and shared by the auth servers.
    pub store: Kept<Store>,
    /// Durable, at the factor server.
    pub factors: Kept<Factors>,
    /// The handshakes that servers have answered, in order.
    pub lines: [Option<Line>; MAX_LINES],
    /// Durable, on the device.
    pub wallet: Kept<Wallet>,
    /// Volatile, on the device.
    pub phone: Phone,
    /// The message_1 of each of the device's flows.
    pub flows: [Option<Kept<First>>; MAX_FLOWS],
    /// Whether a thief has had the device: from then on he can use its `K_dev`.
    pub thief: bool,
    /// What has happened; nobody acts on it.
    pub history: History,
}

/// One handshake: what there is of it in the network, and what its server has in memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Line {
    /// Messages 1 and 2.
    pub opened: Kept<Opened>,
    /// The device's message_3, if it has sent one.
    pub said: Option<Kept<Said>>,
    /// The answer that has left, if one has.
    pub reply: Option<Kept<Reply>>,
    /// What the server has in memory.
    pub stage: Stage,
    /// Whether its statement was granted.
    pub granted: bool,
}

/// What a server has in memory of a handshake.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stage {
    /// Its own half; it waits for message_3.
    Waiting,
    /// A statement, to be decided again after a conflict.
    Again(Kept<Said>),
    /// A statement, and the decision on it, which is no refusal.
    Decided(Kept<Said>, Kept<Decided>),
    /// An answer that may leave.
    Answering(Kept<Reply>),
    /// Nothing that matters: it has answered, or crashed.
    Done,
}

/// What the device has in memory: the flow by its number, the handshake by its place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Phone {
    /// Nothing.
    Idle,
    /// message_1 of purpose headless is out.
    Calling(u8, Kept<entry::Calling>),
    /// Its statement is made.
    Entering(u8, Kept<entry::Entering>),
    /// Its message_3 is out.
    Admitting(u8, Kept<entry::Settling>),
    /// message_1 of an upgrade is out.
    Greeting(u8, Kept<upgrade::Greeting>),
    /// A `K_dsf` may be needed.
    Equipping(u8, Kept<upgrade::Equipping>),
    /// It visits the factor server.
    Upgrading(u8, Kept<upgrade::Upgrading>),
    /// Its statement is made, with this assertion.
    Answering(u8, Proof, Kept<upgrade::Answering>),
    /// Its message_3 is out.
    Settling(u8, Kept<upgrade::Settling>),
}

impl State {
    /// The handshakes, with their places.
    pub fn lines(&self) -> impl Iterator<Item = (u8, &Line)> {
        (0..).zip(self.lines.iter().flatten())
    }

    /// The handshake at this place.
    ///
    /// # Panics
    /// If there is none.
    pub fn line(&self, place: u8) -> &Line {
        self.lines[place as usize].as_ref().expect("a line")
    }

    /// The same, to be changed.
    ///
    /// # Panics
    /// If there is none.
    pub fn line_mut(&mut self, place: u8) -> &mut Line {
        self.lines[place as usize].as_mut().expect("a line")
    }

    /// How many handshakes there are.
    pub fn line_count(&self) -> u8 {
        self.lines.iter().flatten().count() as u8
    }

    /// How many flows the device has begun.
    pub fn flow_count(&self) -> u8 {
        self.flows.iter().flatten().count() as u8
    }
}

/// Which server a handshake is with.
pub fn replica(line: u8) -> usize {
    line as usize % REPLICAS
}
