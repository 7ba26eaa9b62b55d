//! Actions: what a user is asked, what an approval is worth, and who completes it (protocol.md, section 16).
//!
//! A backend tells its actions to an auth server with two replicas over one store. The owner is asked
//! about two of them, the second of which an attacker has started; a third is the attacker's own. The
//! owner's phone answers, and answers again in another channel when it has lost the thread. An attacker
//! answers from his own account; a thief who can use the phone's `K_dev`, though neither `K_act` nor
//! the PIN, replays and makes answers in a channel of his. The backend cancels, ends what has expired, revokes
//! the credential, and validates tokens for any action under two idempotency keys.
//!
//! | driven by real code | modelled | not covered |
//! |---|---|---|
//! | `decide_action`, `decide_approval`, `validate`, `cancel`, `expire`, `fetch`, `revoke` | the store: one transaction that compares what it expects; what a `Commit` expects and writes is the real one's | ALLOW, BLOCK, REVIEW and `review`: they have no challenge |
//! | `Action`, `Challenge`, `Prompts`, `Account`, `Credentials`, `Limits`, `Config`, and all that is stored | a replica: reads and decides, commits, tells; crashes between any two | enrolment, and with it the scope of C1: the model `identity` |
//! | `Approval`, `Approve`, `Assertion`, their CBOR, `cose`, `BindInput`, token hashes | the device: shows, answers once, answers again (CHA-14); its messages are made field by field, as its code makes them | the device's own states and endpoint |
//! | `accept`, for the factor that a challenge demands | the factor server: gives an assertion for the owner's yes in a channel, and nobody else's | what becomes of old assertions: the model `identity` |
//!
//! Why less is enough:
//! - What was sent stays: an answer that was given in a channel may arrive at any time, at any replica, any number of times.
//! - A request that is refused without a commit changes nothing and is no step; nor is one that only repeats what was told. Properties look at
//!   what each would come to.
//! - A replica decides on a snapshot. The transaction compares every fact that the decision has read, so facts read at
//!   different times are caught as if they had changed in between.
//! - A replica looks at its clock once, when it decides. The clocks are 5 s apart, and a challenge expires between them.
//! - Tokens are known to everybody once they were told: the backend is shown any of them for any action.
//! - How often a challenge is handed out again, and an approval repeated, are bounds; each
//!   repetition replaces a token in the same way.
//! - Which of its two channels a phone uses first makes no difference to a server.

mod cover;
mod history;
mod messages;
mod promises;
pub mod properties;
mod server;
mod state;
mod steps;
mod store;
mod telling;
pub mod weakenings;
mod world;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use countersign::auth::Config;
use countersign::error::Refusal;
use countersign::messages::action::Token;
use stateright::{Model, Path, Property};

pub use self::messages::{Job, Proof, Said, Say, Shown, Signer};
pub use self::state::State;
pub use self::steps::Action;

use self::history::History;
use self::state::{Asked, REPLICAS, Replica};
use self::store::{Decided, Store};
use self::weakenings::Weak;
use self::world::{ACTIONS, Which};
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
    /// How many hours there are, at most three.
    pub hours: u8,
    /// Whether an attacker starts a second action of the owner's.
    pub second: bool,
    /// Whether he has an action of his own.
    pub own: bool,
    /// Whether the owner's account has a `K_act`.
    pub approval_key: bool,
    /// Whether the first challenge demands a fresh factor.
    pub policy: bool,
    /// Whether it has a number to choose.
    pub number: bool,
    /// Whether a thief can use the phone's `K_dev`.
    pub thief: bool,
    /// How often the backend tells an action.
    pub hands: u8,
    /// How many tokens an approved challenge gets, one after the other.
    pub grants: u8,
    /// How many challenges one user may be asked within an hour.
    pub per_hour: u8,
    /// Whether the backend withdraws the first challenge.
    pub cancels: bool,
    /// Whether it revokes the owner's credential.
    pub revokes: bool,
}

/// The model.
pub struct Actions {
    bounds: Bounds,
    weak: Option<Weak>,
    salt: u64,
    config: Config,
    stores: Keeper<Store>,
    decisions: Keeper<Decided>,
    tokens: Keeper<Token>,
    known: Keeper<Vec<(Which, Token)>>,
    /// The decisions made so far. A decision is a pure function, so the same
    /// question is asked once: of store, request, replica and hour.
    decided: RwLock<HashMap<Question, Result<Kept<Decided>, Refusal>>>,
}

type Question = (Kept<Store>, Job, u8, u8);

impl Bounds {
    /// One action with all that can be asked for, time until its challenge expires, and a
    /// credential that is revoked.
    pub const SMALL: Self = Self {
        hours: 2,
        second: false,
        own: false,
        approval_key: true,
        policy: true,
        number: true,
        thief: false,
        hands: 1,
        grants: 1,
        per_hour: 1,
        cancels: false,
        revokes: true,
    };
    /// One action without anything that is asked for, and time.
    pub const LATE: Self = Self {
        policy: false,
        number: false,
        revokes: false,
        ..Self::SMALL
    };
    /// The same without time, and the credential is revoked.
    pub const REVOKED: Self = Self {
        hours: 1,
        revokes: true,
        ..Self::LATE
    };
    /// Two actions of the owner's.
    pub const PROMPTS: Self = Self {
        hours: 1,
        second: true,
        per_hour: 2,
        ..Self::LATE
    };
    /// The same, where a user may be asked once.
    pub const LIMITED: Self = Self {
        per_hour: 1,
        ..Self::PROMPTS
    };
    /// Actions of two users.
    pub const USERS: Self = Self {
        hours: 1,
        own: true,
        ..Self::LATE
    };
    /// A thief without the `K_act`, an approval that is repeated, and a backend that cancels.
    pub const THIEF: Self = Self {
        hours: 1,
        thief: true,
        grants: 2,
        cancels: true,
        ..Self::LATE
    };
    /// A thief who has the only key that there is.
    pub const STOLEN: Self = Self {
        hours: 1,
        approval_key: false,
        policy: true,
        thief: true,
        ..Self::LATE
    };
    /// All that can happen to one action.
    pub const STANDARD: Self = Self {
        thief: true,
        cancels: true,
        ..Self::SMALL
    };
    /// Everything.
    pub const LARGE: Self = Self {
        hours: 3,
        second: true,
        own: true,
        hands: 2,
        grants: 2,
        per_hour: 2,
        ..Self::STANDARD
    };
}

impl Actions {
    /// The model within these bounds, without a guard if `weak` names one.
    pub fn new(bounds: Bounds, weak: Option<Weak>) -> Self {
        Self {
            bounds,
            weak,
            salt: 0,
            config: world::config(),
            stores: Keeper::default(),
            decisions: Keeper::default(),
            tokens: Keeper::default(),
            known: Keeper::default(),
            decided: RwLock::default(),
        }
    }

    /// What this replica would decide now.
    fn decision(&self, state: &State, job: Job, replica: u8) -> Result<Kept<Decided>, Refusal> {
        let question = (state.store, job, replica, state.hour);
        let known = self.decided.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(decided) = known.get(&question) {
            return *decided;
        }
        drop(known);
        let decided = server::decide(self, &state.store, job, replica, state.hour);
        let decided = decided.map(|decided| self.decisions.keep(decided));
        let mut known = self.decided.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(question, decided);
        decided
    }
}

impl Model for Actions {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            salt: self.salt,
            store: self.stores.keep(world::begin(&self.bounds)),
            replicas: [Replica::Idle; REPLICAS],
            hour: 0,
            asked: [Asked::Nothing; ACTIONS],
            tokens: self.known.keep(Vec::new()),
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

impl Checked for Actions {
    const NAME: &'static str = "actions";
    const ABOUT: &'static str =
        "challenges, approvals and tokens, with races, replays, a thief and an impatient backend";
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
            Size::Small => Count::Pinned(149_391),
            Size::Standard => Count::About(5_000_000),
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
