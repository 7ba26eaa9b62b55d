//! The channel, and the data that goes through it: does each request come to one end, whatever
//! the network does? (protocol.md, sections 5.4 and 13)
//!
//! An app asks, cancels, and asks again under an idempotency key. Its device opens one channel
//! after the other, and both ends renew their keys. The network replays, drops, reorders, reflects
//! and forges records, servers crash, and the headless account is upgraded meanwhile.
//!
//! | driven by real code | modelled | not covered |
//! |---|---|---|
//! | `Requests` of the device | the app: two wishes, one of them with an idempotency key | which channel a request takes (DATA-10), and the decision that opens it (DATA-1) |
//! | `Desk` and `Forward` of the auth server | the data service: it does what it is told, unless it has done so under that key | bounds of size and number (DATA-2, DATA-6, DATA-7), which the tests beside the code reach |
//! | records: keys, nonces, numbers, AES-GCM, COSE, through `channel::recompute` | the counting of places: each record moves on by one, each renewal to number 0 of the next keys | the limits of one key (CH-5), which no few records come near |
//! | `open_content`, `ChannelError::closes`, the messages and their CBOR | the handshake: each channel has a secret of its own | the handshake itself; app sessions that end |
//! | `AccountLevel` | the upgrade's commit | who may upgrade |
//!
//! Why less is enough:
//! - The network keeps all that was ever sent, in both directions and of all channels, and offers any of it to any end at any time.
//!   Not to deliver is no step. Of the records that an end refuses alike, one is offered.
//! - A server reads the account before it opens a request and hands the request over after it. Between reading and
//!   opening nothing is seen that would differ if it came right after; so those two are one step, and handing over is another.
//! - A server keeps lines in memory only. Its crash is the end of them, and so is whatever else closes one.
//! - A device that is defective sends an id again. Whatever else it could send would be a request of its own.
//! - Of the account only the level matters: the line of one that is not active is closed, as a crash would do.
//! - What is done is counted by wish and not by request, since that is what the user would notice.

mod cover;
mod device;
mod history;
pub mod promises;
pub mod properties;
mod records;
mod server;
mod state;
mod steps;
mod telling;
pub mod weakenings;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::RwLock;

use countersign::auth::{AccountLevel, Desk, Forward};
use countersign::channel::ChannelError;
use countersign::device::data::Requests;
use countersign::messages::data::DataRequest;
use stateright::{Model, Path, Property};

pub use self::state::State;
pub use self::steps::Action;

use self::history::History;
use self::records::{Receiver, Said, Sealed};
use self::state::{Device, End, Job, Line, MAX_CHANNELS, MAX_REQUESTS};
use self::weakenings::Weak;
use crate::check::{Checked, Count, Size};
use crate::cover::Pair;
use crate::keep::{Keeper, Kept};
use crate::liveness::Promise;
use crate::report::Backs;
use crate::story;
use crate::weaken::Weakened;

/// How much of the world is played.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Bounds {
    /// How many requests the app makes; at most three.
    pub requests: u8,
    /// How many channels the device opens; at most three.
    pub channels: u8,
    /// How often something out of the ordinary happens: an end renews its keys, a defective device
    /// sends an id again, the data service fails, the account is upgraded.
    pub extras: u8,
}

impl Bounds {
    /// Two requests, two channels, one thing out of the ordinary.
    pub const SMALL: Self = Self {
        requests: 2,
        channels: 2,
        extras: 1,
    };
    /// Two things.
    pub const STANDARD: Self = Self {
        extras: 2,
        ..Self::SMALL
    };
    /// The same with three requests.
    pub const LARGE: Self = Self {
        requests: 3,
        ..Self::STANDARD
    };
}

/// The model.
pub struct Data {
    bounds: Bounds,
    weak: Option<Weak>,
    salt: u64,
    requests: Keeper<Requests>,
    waiting: Keeper<Vec<DataRequest>>,
    desks: Keeper<Desk>,
    forwards: Keeper<Forward>,
    jobs: Keeper<Vec<Job>>,
    sealed: Keeper<Sealed>,
    wires: Keeper<Vec<Kept<Sealed>>>,
    said: Keeper<Said>,
    /// What records have come to so far. Opening is a pure function, so each is opened once.
    opened: RwLock<HashMap<(Receiver, Kept<Sealed>), Opened>>,
}

/// What came of a record.
type Opened = Result<Kept<Said>, ChannelError>;

impl Data {
    /// The model within these bounds, without a guard if `weak` names one.
    ///
    /// # Panics
    /// If the bounds have more requests or channels than a state has room for.
    pub fn new(bounds: Bounds, weak: Option<Weak>) -> Self {
        assert!((bounds.requests as usize) <= MAX_REQUESTS, "too many");
        assert!((bounds.channels as usize) <= MAX_CHANNELS, "too many");
        Self {
            bounds,
            weak,
            salt: 0,
            requests: Keeper::default(),
            waiting: Keeper::default(),
            desks: Keeper::default(),
            forwards: Keeper::default(),
            jobs: Keeper::default(),
            sealed: Keeper::default(),
            wires: Keeper::default(),
            said: Keeper::default(),
            opened: RwLock::default(),
        }
    }
}

impl Model for Data {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            salt: self.salt,
            device: Device {
                channels: 0,
                end: End::Closed,
                requests: self.requests.keep(Requests::default()),
                waiting: self.waiting.keep(Vec::new()),
            },
            lines: [Line::Closed; MAX_CHANNELS],
            level: AccountLevel::Headless,
            jobs: self.jobs.keep(Vec::new()),
            wires: [self.wires.keep(Vec::new()); 2],
            asked: [None; MAX_REQUESTS],
            extras: 0,
            history: History::default(),
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.enabled(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = *state;
        self.take(&mut next, action);
        Some(next)
    }

    fn format_action(&self, action: &Action) -> String {
        telling::name(*action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }

    fn as_svg(&self, path: Path<State, Action>) -> Option<String> {
        story::as_svg(self, path)
    }
}

impl Checked for Data {
    const NAME: &'static str = "data";
    const ABOUT: &'static str =
        "does each data request come to one end, whatever the network does to its records?";
    const SOURCE: &'static str = include_str!("mod.rs");

    fn sized(size: Size) -> Self {
        let bounds = match size {
            Size::Small => Bounds::SMALL,
            Size::Standard => Bounds::STANDARD,
            Size::Large => Bounds::LARGE,
        };
        Self::new(bounds, None)
    }

    fn pinned(size: Size) -> Count {
        match size {
            Size::Small => Count::Pinned(108_247),
            Size::Standard => Count::About(1_000_000),
            Size::Large => Count::About(100_000_000),
        }
    }

    fn salted(self, salt: u64) -> Self {
        Self { salt, ..self }
    }

    fn weakened() -> Vec<Weakened<Self>> {
        weakenings::all()
    }

    fn backs() -> &'static [Backs] {
        properties::BACKS
    }

    fn promises() -> Vec<Promise<Self>> {
        promises::all()
    }

    fn cover(&self, state: &State, note: &mut dyn FnMut(Pair)) {
        self.noted(state, note);
    }
}
