//! What there is at one moment.

use countersign::auth::Account;
use countersign::device::Wallet;

use super::history::History;
use super::messages::{Errand, Waits, Words};
use super::server::{Decided, Told};
use crate::keep::Kept;

/// The owner's phone, by its place in [`State::phones`].
pub const OWNER: u8 = 0;
/// Its copy.
pub const COPY: u8 = 1;
/// How many handshakes there can be.
pub const LINES: usize = 6;

/// One moment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct State {
    /// No part of the world: makes stateright's fingerprints differ from run to run.
    pub salt: u64,
    /// Which of the [scenes](super::Scene) is played, by its place in the bounds.
    pub scene: u8,
    /// Durable, in the store that all replicas share.
    pub account: Kept<Account>,
    /// The owner's phone, and its copy.
    pub phones: [Phone; 2],
    /// All handshakes, in the order in which they began.
    pub lines: [Line; LINES],
    /// How many hours have passed.
    pub hour: u8,
    /// What has happened; nobody acts on it.
    pub history: History,
}

/// A phone with the account's key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Phone {
    /// Not there: not copied yet, or out of use for ever.
    Absent,
    /// There.
    Here {
        /// Durable.
        wallet: Kept<Wallet>,
        /// In memory: what it is about.
        at: At,
    },
}

/// What a phone is about. After a crash of the app: nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum At {
    /// Nothing.
    Idle,
    /// The handshake of this line: message_1 is out.
    Begun(u8),
    /// An answer in this line.
    Waits(u8, Kept<Waits>),
    /// The server did not know the new key: the rotation is to be asked for again.
    Again,
}

/// A handshake, and the channel behind it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Line {
    /// Not begun.
    Unused,
    /// What was said in it may still come about.
    Open(Talk),
    /// Nothing can come of it any more.
    Done,
}

/// A handshake of which something may still come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Talk {
    /// Whose it is.
    pub phone: u8,
    /// What for.
    pub errand: Errand,
    /// In which hour message_1 came.
    pub hour: u8,
    /// At which replica, which serves it to its end.
    pub replica: u8,
    /// How far it is.
    pub stage: Stage,
}

/// How far a handshake is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stage {
    /// Messages 1 and 2.
    Begun,
    /// The device's words are under way, for as long as the network likes, or have to be decided on again.
    Said(Kept<Words>),
    /// A decision that is to be committed.
    Decided(Kept<Words>, Kept<Decided>),
    /// What became of it, on its way to the device.
    Answering(Kept<Told>),
}

impl State {
    /// The phone's wallet, if there is one.
    pub fn wallet(&self, phone: u8) -> Option<Kept<Wallet>> {
        match self.phones[usize::from(phone)] {
            Phone::Here { wallet, .. } => Some(wallet),
            Phone::Absent => None,
        }
    }

    /// What the phone is about.
    pub fn at(&self, phone: u8) -> At {
        match self.phones[usize::from(phone)] {
            Phone::Here { at, .. } => at,
            Phone::Absent => At::Idle,
        }
    }

    /// The handshake of this number, if something may still come of it.
    pub fn talk(&self, line: u8) -> Option<Talk> {
        match self.lines[usize::from(line)] {
            Line::Open(talk) => Some(talk),
            Line::Unused | Line::Done => None,
        }
    }

    /// All handshakes of which something may still come, with their numbers.
    pub fn talks(&self) -> impl Iterator<Item = (u8, Talk)> {
        (0..LINES as u8).filter_map(|line| Some((line, self.talk(line)?)))
    }

    /// Whether the phone waits for an answer in this line.
    pub fn waits_in(&self, phone: u8, line: u8) -> Option<Kept<Waits>> {
        match self.at(phone) {
            At::Waits(number, waits) if number == line => Some(waits),
            _ => None,
        }
    }
}
