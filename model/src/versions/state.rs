//! What there is at one moment.

use countersign::device::{Greeting, Wallet};

use super::edition::MAX_EDITIONS;
use super::history::History;
use crate::keep::Kept;

/// How many servers answer.
pub const REPLICAS: usize = 2;

/// One moment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct State {
    /// No part of the world: makes stateright's fingerprints differ from run to run.
    pub salt: u64,
    /// Which versions the app allows.
    pub list: u8,
    /// What the operator has published.
    pub editions: Editions,
    /// The edition that each server runs.
    pub running: [u8; REPLICAS],
    /// Durable, on the phone.
    pub wallet: Kept<Wallet>,
    /// Volatile, on the phone.
    pub device: Device,
    /// How many handshakes it has begun.
    pub flows: u8,
    /// What has happened; nobody acts on it.
    pub history: History,
}

/// All editions so far: the sequence of each one's identity key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Editions {
    sequences: [u8; MAX_EDITIONS],
    count: u8,
}

/// What the phone does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Device {
    /// Nothing.
    Idle,
    /// It has sent message_1, and servers with these editions may have answered it.
    Greeting(Kept<Greeting>, Answering),
    /// Nothing any more: it took a fork of an identity that it had no reason to doubt.
    Deceived,
}

/// The editions that some server has run since message_1 left. Each may have answered it, as
/// it was or tampered with: that is for the network to choose, and no step of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Answering(u8);

impl Default for Editions {
    fn default() -> Self {
        Self {
            sequences: [0; MAX_EDITIONS],
            count: 1,
        }
    }
}

impl Editions {
    /// How many there are.
    pub fn count(&self) -> u8 {
        self.count
    }

    /// The index of the newest.
    pub fn newest(&self) -> u8 {
        self.count - 1
    }

    /// The sequence of that edition's identity key.
    pub fn sequence(&self, index: u8) -> u8 {
        self.sequences[index as usize]
    }

    /// The sequence of the identity key that is in use.
    pub fn identity(&self) -> u8 {
        self.sequence(self.newest())
    }

    /// Adds one, under the same identity key or under a new one.
    pub fn publish(&mut self, rotates: bool) {
        self.sequences[self.count as usize] = self.identity() + u8::from(rotates);
        self.count += 1;
    }
}

impl Answering {
    /// Those of the servers, as they are.
    pub fn by(running: [u8; REPLICAS]) -> Self {
        let mut all = Self::default();
        for edition in running {
            all.add(edition);
        }
        all
    }

    /// Adds a server's new edition.
    pub fn add(&mut self, edition: u8) {
        self.0 |= 1 << edition;
    }

    /// Whether some server ran this edition.
    pub fn has(self, edition: u8) -> bool {
        self.0 & (1 << edition) != 0
    }
}
