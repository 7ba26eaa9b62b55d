//! What there is at one moment.

use countersign::auth::{AccountLevel, Desk, Forward};
use countersign::channel::Direction;
use countersign::device::data::Requests;
use countersign::messages::data::DataRequest;
use countersign::registry::Level;

use super::history::History;
use super::records::{Sealed, Way};
use crate::keep::Kept;

/// How many requests there can be.
pub const MAX_REQUESTS: usize = 3;
/// How many channels there can be.
pub const MAX_CHANNELS: usize = 3;
/// What the app can want: the first without an idempotency key, the second with one.
pub const WISHES: usize = 2;

/// One moment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct State {
    /// No part of the world: makes stateright's fingerprints differ from run to run.
    pub salt: u64,
    /// Volatile, on the phone.
    pub device: Device,
    /// Volatile, on the server: its end of each channel.
    pub lines: [Line; MAX_CHANNELS],
    /// Durable: the account's level.
    pub level: AccountLevel,
    /// What the data service was told, in that order.
    pub jobs: Kept<Vec<Job>>,
    /// All records ever sent to the server, and all to the device.
    pub wires: [Kept<Vec<Kept<Sealed>>>; 2],
    /// What the app has asked for, by request.
    pub asked: [Option<Asked>; MAX_REQUESTS],
    /// How often something out of the ordinary has happened.
    pub extras: u8,
    /// What has happened; nobody acts on it.
    pub history: History,
}

/// The phone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Device {
    /// How many channels it has opened. The last is the one that it uses.
    pub channels: u8,
    /// Its end of that channel.
    pub end: End,
    /// The requests that wait for an answer, or for a channel.
    pub requests: Kept<Requests>,
    /// What is to be sent once there is a channel.
    pub waiting: Kept<Vec<DataRequest>>,
}

/// One end of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum End {
    /// Where it is in its records.
    Open(Places),
    /// There is none, or not any more.
    Closed,
}

/// Where an end is in its records.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Places {
    /// The place of the next record that it seals.
    pub sending: Way,
    /// The place of the next record that it opens.
    pub receiving: Way,
    /// How many it has opened.
    pub delivered: u8,
}

/// The server's end of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Line {
    /// It takes records.
    Open(Serving),
    /// There is none, or not any more.
    Closed,
}

/// What a server has in memory about a channel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Serving {
    /// Where it is in its records.
    pub places: Places,
    /// The requests.
    pub desk: Kept<Desk>,
    /// The account's level when the channel was opened.
    pub opened_at: Level,
    /// A request that it has taken and not handed over yet, and the account's level then.
    pub held: Option<(Kept<Forward>, Level)>,
}

/// A request that the data service has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Job {
    /// The channel that it came through.
    pub channel: u8,
    /// What the service was told.
    pub forward: Kept<Forward>,
    /// Whether it has answered.
    pub answered: bool,
}

/// What the app has asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Asked {
    /// What it wants.
    pub wish: u8,
    /// The channel that it was sent through last; none if it never was.
    pub channel: Option<u8>,
}

impl State {
    /// The records that went this way.
    pub fn wire(&self, direction: Direction) -> &[Kept<Sealed>] {
        &self.wires[place(direction)]
    }

    /// The server's end of that channel, if it is open.
    pub fn serving(&self, channel: u8) -> Option<Serving> {
        match self.lines[channel as usize] {
            Line::Open(serving) => Some(serving),
            Line::Closed => None,
        }
    }

    /// The index of the channel that the device uses, and its end of it.
    pub fn open_channel(&self) -> Option<(u8, Places)> {
        match self.device.end {
            End::Open(places) => Some((self.device.channels - 1, places)),
            End::Closed => None,
        }
    }

    /// All requests so far, and what is known of each.
    pub fn all_asked(&self) -> impl Iterator<Item = (usize, Asked)> {
        let all = self.asked.into_iter().enumerate();
        all.filter_map(|(index, asked)| Some((index, asked?)))
    }
}

/// Where the records of that direction are kept.
pub fn place(direction: Direction) -> usize {
    match direction {
        Direction::ToResponder => 0,
        Direction::ToInitiator => 1,
    }
}

/// The id of the request with this index.
pub fn id(index: usize) -> u64 {
    index as u64 + 1
}

/// The index of the request with this id.
pub fn index(id: u64) -> usize {
    usize::try_from(id).expect("few requests") - 1
}
