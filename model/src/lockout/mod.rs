//! The lockout: how many PINs can be guessed? (protocol.md, sections 8.3 to 8.5)
//!
//! Two factor servers share one store. The owner enters right and wrong PINs; a
//! thief who has had the phone guesses under any number, creates the record
//! anew, and says again all that was ever said. Servers crash.
//!
//! | driven by real code | modelled | not covered |
//! |---|---|---|
//! | `decide_create`, `decide_verify`, `status` | the store: insert and compare-and-swap, each atomic; one backup, restored with all servers stopped and the epoch raised | a record that is younger than the backup (the weakening `backup-before-record` shows why) |
//! | `Record`, `Lockout`, `Config`, `Commit` and its `Write`, `Answered` and its `Reply` | a server: reads, decides, commits, answers, crashes between any two | the endpoint: frames, handshakes, which function gets which record |
//! | `Verify`, `Create`, `Voucher`, `Verdict`, `Assertion`, and their CBOR | the device's part of FAC-7: numbers go up, stored before it signs | the rest of the device |
//! | `open_verified`, `cose` | signatures and channel, ideal: only a key's holder signs or seals | the cryptography; channels of more than one record |
//! | `pseudonym`, `assertion_id`, request digests | clocks that disagree, for ever, by [`APART_S`](crate::clock::APART_S) | expiry of vouchers, and what a store may then forget |
//!
//! What there is to learn about the PIN is in the verdicts, and only [`F2`](properties::F2) lets one
//! out; so counting the committed ones ([`F1`](properties::F1)) counts the guesses.
//!
//! Why less is enough:
//! - What a thief can say is in the network from the theft on. He can make it at any time, so making it is no step.
//! - Every delivery is a channel of its own. Whoever can use the key can always open another one.
//! - A thief has no right proof but those that the owner made. He has the phone, and with it every other key.
//! - A server that lost the race for its commit forgets the request (LCK-2). It still is in the network, to be read again.
//! - A refusal leaves at once: it depends on nothing that comes later and changes nothing.
//! - A PIN is right, mistyped or guessed. Two guesses under one number would differ in bytes alone, and a guess and a typo do.
//!
//! Counts, versions and numbers are small by the bounds, so nothing is normalised, and a state is all that there is:
//! two different states differ in something that somebody stored, holds, sent or noted.

mod cover;
mod history;
mod messages;
pub mod promises;
pub mod properties;
mod server;
mod state;
mod steps;
mod telling;
pub mod weakenings;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::sync::{PoisonError, RwLock};

use countersign::factor::{Config, Policy, Record, UsedVoucher};
use stateright::{Model, Path, Property};

pub use self::state::State;
pub use self::steps::{Action, Pin};

use self::history::{History, MAX_NUMBERS};
use self::messages::{FIRST_EPOCH, Kind, Message};
use self::server::{Answer, Decided, Facts};
use self::state::{Backup, Device, REPLICAS, Replica, Store};
use self::weakenings::Weak;
use crate::cast;
use crate::check::{Checked, Count, Size};
use crate::cover::Pair;
use crate::keep::{Keeper, Kept};
use crate::liveness::Promise;
use crate::network::{MessageId, Network};
use crate::report::Backs;
use crate::story;
use crate::weaken::Weakened;

/// How much of the world is played.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Bounds {
    /// How many request numbers there are, from 1; at most eight.
    pub numbers: u8,
    /// Wrong PINs until the record is blocked.
    pub max_attempts: NonZeroU32,
    /// Whether the store is backed up, and restored, once.
    pub restores: bool,
    /// Whether a server can crash, or others act, between its reading and its
    /// deciding. It makes no difference that anybody could see, since a decision
    /// is a function of what was read.
    pub pauses: bool,
}

/// The model.
pub struct Lockout {
    bounds: Bounds,
    weak: Option<Weak>,
    salt: u64,
    messages: Vec<Message>,
    /// Before and after a restore.
    configs: [Config; 2],
    records: Keeper<Record>,
    vouchers: Keeper<UsedVoucher>,
    answers: Keeper<Answer>,
    decisions: Keeper<Decided>,
    /// The decisions made so far. A decision is a pure function, so the same
    /// question is asked once.
    decided: RwLock<HashMap<Question, Kept<Decided>>>,
}

/// All that a decision depends on: epoch, record, voucher, request, and whose clock.
type Question = (
    u32,
    Option<Kept<Record>>,
    Option<Kept<UsedVoucher>>,
    MessageId,
    usize,
);

impl Bounds {
    /// Three requests, two attempts.
    pub const SMALL: Self = Self {
        numbers: 3,
        max_attempts: NonZeroU32::new(2).expect("not zero"),
        restores: false,
        pauses: false,
    };
    /// The same, and a restore.
    pub const SMALL_RESTORED: Self = Self {
        restores: true,
        ..Self::SMALL
    };
    /// The same, and everything pauses.
    pub const STANDARD: Self = Self {
        pauses: true,
        ..Self::SMALL_RESTORED
    };
    /// The same, with four requests.
    pub const LARGE: Self = Self {
        numbers: 4,
        ..Self::STANDARD
    };
}

impl Lockout {
    /// The model within these bounds, without a guard if `weak` names one.
    ///
    /// # Panics
    /// If the bounds have more than eight numbers.
    pub fn new(bounds: Bounds, weak: Option<Weak>) -> Self {
        assert!((bounds.numbers as usize) <= MAX_NUMBERS, "too many numbers");
        let config = |store_epoch| Config {
            server: cast::FACTOR_SERVER,
            store_epoch,
            max_attempts: bounds.max_attempts,
            statement_kid: cast::statement_kid(),
            issuers: BTreeMap::from([(cast::AUTH_SERVER, cast::VOUCHERS)]),
            policy: Policy::default(),
        };
        Self {
            bounds,
            weak,
            salt: 0,
            messages: messages::universe(bounds.numbers),
            configs: [config(FIRST_EPOCH), config(FIRST_EPOCH + 1)],
            records: Keeper::default(),
            vouchers: Keeper::default(),
            answers: Keeper::default(),
            decisions: Keeper::default(),
            decided: RwLock::default(),
        }
    }

    fn message(&self, id: MessageId) -> &Message {
        &self.messages[id as usize]
    }

    fn id_of(&self, kind: Kind) -> MessageId {
        messages::id_of(&self.messages, kind)
    }

    fn config(&self, epoch: u32) -> &Config {
        &self.configs[usize::from(epoch != FIRST_EPOCH)]
    }

    fn max_attempts(&self) -> u32 {
        self.bounds.max_attempts.get()
    }

    /// The decision of `replica` on a request, having read `record`.
    fn decision(
        &self,
        store: &Store,
        record: Option<Kept<Record>>,
        message: MessageId,
        replica: usize,
    ) -> Kept<Decided> {
        let voucher = match &self.message(message).body {
            messages::Body::Create(_, place) => store.vouchers[*place],
            messages::Body::Verify(_) => None,
        };
        let question = (store.epoch, record, voucher, message, replica);
        let known = self.decided.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(decided) = known.get(&question) {
            return *decided;
        }
        drop(known);
        let facts = Facts {
            config: self.config(store.epoch).clone(),
            record: record.as_deref().cloned(),
            used: voucher.as_deref().copied(),
            requester: self.message(message).requester,
        };
        let decided = server::decide(facts, self.message(message), replica, self.weak);
        let decided = self.decisions.keep(decided);
        let mut known = self.decided.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(question, decided);
        decided
    }
}

impl Model for Lockout {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut network = Network::default();
        network.send(self.id_of(Kind::Create));
        vec![State {
            salt: self.salt,
            store: Store {
                record: None,
                vouchers: [None; 2],
                epoch: FIRST_EPOCH,
                backup: Backup::Missing,
                older: None,
            },
            replicas: [Replica::Idle; REPLICAS],
            device: Device { number: 0 },
            network,
            thief: false,
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
        self.name(*action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(self)
    }

    fn as_svg(&self, path: Path<State, Action>) -> Option<String> {
        story::as_svg(self, path)
    }
}

impl Checked for Lockout {
    const NAME: &'static str = "lockout";
    const ABOUT: &'static str =
        "how many PINs can be guessed, with two servers, crashes and a thief";
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
            Size::Small => Count::Pinned(175_990),
            Size::Standard => Count::Pinned(11_652_444),
            Size::Large => Count::About(300_000_000),
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
