//! Changes of the record: a new PIN, biometrics added and removed (protocol.md, sections 8.5, 8.7 and 8.8).
//!
//! The owner's phone changes its PIN, adds and removes biometrics, and opens a new
//! channel whenever it lost the thread; what it said in the old one may still be under way there. A
//! thief who has had the phone, and can use the owner's finger, guesses PINs, unblocks with the
//! finger while its budget lasts, asks for the status, and tries every change. Each channel
//! is served by a server of its own over one store, and crashes.
//!
//! | driven by real code | modelled | not covered |
//! |---|---|---|
//! | `decide_verify`, `decide_status`, `decide_set_pin`, `decide_add_biometric`, `decide_remove_biometric`, `decide_biometric_gone`; `decide_create` for the first record | the store: compare-and-swap; a server: decides, commits, answers, crashes between any two | restored stores (the lockout model) |
//! | `Record`, `Lockout`, `Budget`, `Management`, `Config`, `Commit`, `Decision`, `Answered::reply` | a channel: one request at a time, answers in order, left and never taken up again | delays; a budget of seconds; biometrics given together with a PIN |
//! | all messages of section 8 and their CBOR, `open_verified`, `cose`, `BindInput::management` | the device: numbers, status first, then VERIFY and the change (8.8, DEV-12) | the rest of the device; its own code for this |
//! | `status`, as what an owner may know | clocks that disagree, and one step of 120 s | clocks that run on |
//!
//! Why less is enough:
//! - A thief's request is decided as it arrives: that it was under way before makes no difference, since he can
//!   make it at any time. What he is told changes nothing, since he might have guessed it.
//! - His requests that are refused, or repeat an answer, change nothing and are no steps.
//! - He has one channel. What he says in it is checked against the record alone, and a verification in it
//!   would be ended by any other that he opens.
//! - An answer in a channel that the device has left is heard by nobody; the server's work on it goes on.
//! - A device that is ready does not connect again: it would learn what it knows.
//! - The thief knows no PIN. Who knows it is, to a factor server, the owner.
//! - Another phone has no record here. That its requests could reach this one is what `any-phone` tries.
//!
//! Versions and numbers are small by the bounds, so nothing is normalised.

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

use countersign::factor::{BudgetPolicy, Config, Policy, Record};
use stateright::{Model, Path, Property};

pub use self::messages::{By, Errand, NewPin};
pub use self::state::State;
pub use self::steps::Action;

use self::history::History;
use self::messages::{EPOCH, Id, LINES, OTHERS, THIEFS, Universe};
use self::server::{Answer, Decided, Facts};
use self::state::{Device, Line, Stage};
use self::weakenings::Weak;
use crate::cast;
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
    /// How many request numbers there are, from 1.
    pub numbers: u8,
    /// How many channels the owner's phone opens, at most three.
    pub channels: u8,
    /// How many PINs there are, one after the other, at most three.
    pub generations: u8,
    /// Wrong PINs until the record is blocked.
    pub max_attempts: NonZeroU32,
    /// Biometrics between two PINs.
    pub budget: u8,
    /// Whether a verification's time can pass.
    pub waits: bool,
    /// Whether the operator lets a biometric set a new PIN. Then the thief has no finger.
    pub change_by_finger: bool,
    /// Whether a biometric sets the count to zero.
    pub finger_resets: bool,
    /// Whether the owner's app has faults: changes without a verification, or with a generation or a possession that is wrong.
    pub has_faults: bool,
}

/// The model.
pub struct Changes {
    bounds: Bounds,
    weak: Option<Weak>,
    salt: u64,
    universe: Universe,
    config: Config,
    records: Keeper<Record>,
    answers: Keeper<Answer>,
    decisions: Keeper<Decided>,
    /// The decisions made so far. A decision is a pure function, so the same
    /// question is asked once: of record, request, and whether it is late.
    decided: RwLock<HashMap<(Kept<Record>, Id, bool), Kept<Decided>>>,
}

impl Bounds {
    /// Two requests in two channels, one attempt, one biometric.
    pub const SMALL: Self = Self {
        numbers: 2,
        channels: 2,
        generations: 2,
        max_attempts: NonZeroU32::new(1).expect("not zero"),
        budget: 1,
        waits: false,
        change_by_finger: false,
        finger_resets: true,
        has_faults: false,
    };
    /// The same, and time passes.
    pub const LATE: Self = Self {
        waits: true,
        ..Self::SMALL
    };
    /// The same as small, where a biometric may set a new PIN, but does not reset the count.
    pub const BY_FINGER: Self = Self {
        change_by_finger: true,
        finger_resets: false,
        ..Self::SMALL
    };
    /// The same as small, in one channel, with an app that has faults.
    pub const FAULTY: Self = Self {
        channels: 1,
        has_faults: true,
        ..Self::SMALL
    };
    /// Three requests in one channel.
    pub const GUESSES: Self = Self {
        numbers: 3,
        channels: 1,
        ..Self::SMALL
    };
    /// Three requests, for a guess, a biometric, and a guess; and an app that has faults.
    pub const STANDARD: Self = Self {
        numbers: 3,
        has_faults: true,
        ..Self::SMALL
    };
    /// Four requests, and time passes.
    pub const LARGE: Self = Self {
        numbers: 4,
        has_faults: true,
        ..Self::LATE
    };
}

impl Changes {
    /// The model within these bounds, without a guard if `weak` names one.
    pub fn new(bounds: Bounds, weak: Option<Weak>) -> Self {
        let policy = Policy {
            budget: BudgetPolicy {
                uses: bounds.budget.into(),
                ..BudgetPolicy::default()
            },
            pin_change_by_biometric: bounds.change_by_finger,
            biometric_resets: bounds.finger_resets,
            ..Policy::default()
        };
        Self {
            bounds,
            weak,
            salt: 0,
            universe: Universe::new(&bounds),
            config: Config {
                server: cast::FACTOR_SERVER,
                store_epoch: EPOCH,
                max_attempts: bounds.max_attempts,
                statement_kid: cast::statement_kid(),
                issuers: BTreeMap::from([(cast::AUTH_SERVER, cast::VOUCHERS)]),
                policy,
            },
            records: Keeper::default(),
            answers: Keeper::default(),
            decisions: Keeper::default(),
            decided: RwLock::default(),
        }
    }

    fn max_attempts(&self) -> u32 {
        self.bounds.max_attempts.get()
    }

    /// The decision on a request, as the record is now.
    fn decision(&self, state: &State, id: Id) -> Kept<Decided> {
        let question = (state.record, id, state.late);
        let known = self.decided.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(decided) = known.get(&question) {
            return *decided;
        }
        drop(known);
        let message = self.universe.get(id);
        let line = message.kind.line;
        let facts = Facts {
            config: self.config.clone(),
            // The store finds records by the requester's id; another phone has none.
            record: (line != OTHERS).then(|| (*state.record).clone()),
            requester: message.requester,
            now: server::now(line, state.late),
        };
        let decided = Weak::decide(self.weak, facts, message, &state.record);
        let decided = self.decisions.keep(decided);
        let mut known = self.decided.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(question, decided);
        decided
    }
}

impl Model for Changes {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut lines = [Line::Unopened; LINES];
        lines[0] = Line::Idle;
        lines[usize::from(THIEFS)] = Line::Idle;
        lines[usize::from(OTHERS)] = Line::Idle;
        vec![State {
            salt: self.salt,
            record: self.records.keep(server::created(&self.config)),
            lines,
            device: Device {
                number: 0,
                line: 0,
                stage: Stage::Ready,
                generation: 1,
            },
            thief: false,
            late: false,
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

impl Checked for Changes {
    const NAME: &'static str = "changes";
    const ABOUT: &'static str =
        "a new PIN, biometrics and their budget, with crashes, lost answers and a thief";
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
            Size::Small => Count::Pinned(385_894),
            Size::Standard => Count::Pinned(8_933_790),
            Size::Large => Count::About(150_000_000),
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
