//! What there is at one moment: stores, memories, messages, and what has happened.

use countersign::device::{Answering, Confirming, Decided as Choice, Greeting, Settling, Wallet};
use countersign::messages::channel::Settled;

use super::history::History;
use super::messages::{First, Opened, Proof, Said};
use super::store::{Decided, Store};
use super::world::Scene;
use crate::keep::Kept;

/// How many servers share the store.
pub const REPLICAS: usize = 2;
/// The most handshakes of any model.
pub const MAX_LINES: usize = 4;
/// The most flows of any model.
pub const MAX_FLOWS: usize = 3;

/// One moment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct State {
    /// No part of the world: makes stateright's fingerprints differ from run to run.
    pub salt: u64,
    /// What is played.
    pub scene: Scene,
    /// Which of the hours it is.
    pub hour: u8,
    /// Durable, and shared by the servers.
    pub store: Kept<Store>,
    /// The handshakes that servers have answered, in order.
    pub lines: [Option<Line>; MAX_LINES],
    /// Durable, on the phone.
    pub wallet: Kept<Wallet>,
    /// Volatile, on the phone.
    pub phone: Phone,
    /// What the phone has sent in each of its flows.
    pub flows: [Option<Flow>; MAX_FLOWS],
    /// Whether a thief has had the phone. From then on he can use its keys, without
    /// the PIN; and so can the owner, who may not know.
    pub thief: bool,
    /// What has happened; nobody acts on it.
    pub history: History,
}

/// What there is in the network of one of the phone's flows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Flow {
    /// Its message_1.
    pub first: Kept<First>,
    /// The assertion that the owner's PIN was given for.
    pub proof: Option<Kept<Proof>>,
}

/// One handshake: what there is of it in the network, and what its server has in memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Line {
    /// Messages 1 and 2.
    pub opened: Kept<Opened>,
    /// The phone's message_3, if it has sent one.
    pub said: Option<Kept<Said>>,
    /// The answer that has left, if one has.
    pub reply: Option<Kept<Settled>>,
    /// The statement that the server has taken: it takes no other one.
    pub taken: Option<Kept<Said>>,
    /// What the server has in memory.
    pub stage: Stage,
    /// Whether a statement was granted.
    pub granted: bool,
}

/// What a server has in memory of a handshake.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stage {
    /// Its own half; it waits for message_3. That it has answered one, it does not remember, and
    /// decides again: HS-6 has it repeat the answer, but that is the endpoint's affair.
    Waiting,
    /// A statement, and the store as it was read.
    Read(Kept<Said>, Kept<Store>),
    /// A statement, and the decision on it, which is no refusal.
    Decided(Kept<Said>, Kept<Decided>),
    /// An answer that its commit has set free.
    Answering(Kept<Settled>),
    /// Nothing: it has crashed.
    Down,
}

/// What the phone has in memory: the flow by its number, the handshake by its place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Phone {
    /// Nothing.
    Idle,
    /// message_1 is out.
    Greeting(u8, Kept<Greeting>),
    /// The user is asked.
    Confirming(u8, u8, Kept<Confirming>),
    /// The second factor is asked for.
    Visiting(u8, u8, Kept<Choice>),
    /// The statement is made.
    Answering(u8, u8, Kept<Answering>),
    /// message_3 is out.
    Settling(u8, u8, Kept<Settling>),
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

    /// How many flows the phone has begun.
    pub fn flow_count(&self) -> u8 {
        self.flows.iter().flatten().count() as u8
    }
}

/// Which server a handshake is with.
pub fn replica(line: u8) -> usize {
    line as usize % REPLICAS
}
