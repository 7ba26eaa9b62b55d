//! Clones and rotation: is a copy noticed, and nobody else taken for one? (protocol.md, sections 7.1 and 15.4)
//!
//! An owner's phone confirms logins and moves its account to a new key. At some moment everything on it
//! is copied, and the copy goes on by itself. Statements are lost, arrive late or in another order; answers are lost;
//! the app is killed wherever it can be. Two replicas, whose clocks differ by all that is allowed, decide on one account. A
//! backend lifts freezes and revokes.
//!
//! | driven by real code | modelled | not covered |
//! |---|---|---|
//! | `decide_login`, `decide_opening`, `decide_rotation`, and in them `Lineage::judge` and `follow`; `greet`, `Greeting::offer` | the store: compare-and-swap; a replica reads and decides, commits, answers | an app's sessions, data and upgrades, whose statements pass the same function |
//! | `Account` with `lift` and `revoke`; `Commit`, `Outcome`, `Reply` | signatures and EDHOC, ideal | second factors: none is asked for |
//! | the device's `Greeting` to `Settling`, `Calling` to `Turn`, `Changing`, `Rotating`; `Wallet` and its updates | the phone: one flow at a time, durable before it sends; the app that resumes a rotation | a copy that does not keep CLN-1: to a server it is one that has said more before |
//! | all messages in between and their CBOR | clocks that disagree by 60 s, and hours of 121 s | two copies |
//!
//! Why less is enough:
//! - A statement belongs to one handshake, which one replica serves: nothing is replayed, and what is late is one that was not delivered yet.
//! - A server that crashes forgets words that might as well never have come. Nothing of it is durable but the account.
//! - Stored and not sent is the same as sent and never delivered.
//! - Each login is for a session of its own. Who wins a session is not the question here.
//! - An hour is the shortest time after which clocks that differ by 60 s agree that one thing was after another. What happens
//!   within an hour has any order by them.
//! - A freeze is lifted in a later hour, for a phone whose copy has begun nothing in this one: that is what CLN-6 asks of a backend.
//! - The copy rotates only what it was copied with. With a key of its own it would be a thief, and the account his.
//!
//! Several scenes are played, each with what matters to it, since what they vary is independent. Counters and hours are
//! small by the bounds, and rolling values are those of their handshake, so nothing is normalised.

mod asked;
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

use countersign::auth::Account;
use countersign::device::Wallet;
use stateright::{Model, Path, Property};

pub use self::messages::Errand;
pub use self::state::State;
pub use self::steps::Action;

use self::asked::Asked;
use self::history::History;
use self::messages::{Heard, Spoken, Waits, Words};
use self::server::{Decided, Told};
use self::state::{At, LINES, Line, Phone};
use self::weakenings::Weak;
use crate::check::{Checked, Count, Size};
use crate::cover::Pair;
use crate::keep::{Keeper, Kept};
use crate::liveness::Promise;
use crate::report::Backs;
use crate::story;
use crate::weaken::Weakened;

/// How much of the world is played, in one go.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Scene {
    /// How many handshakes there are, at most `LINES`.
    pub lines: u8,
    /// How many hours.
    pub hours: u8,
    /// How many replicas, at most two.
    pub replicas: u8,
    /// Whether the phone is copied.
    pub copies: bool,
    /// Whether the owner moves the account to a new key.
    pub rotates: bool,
    /// Whether the backend revokes.
    pub revokes: bool,
    /// Whether anything may happen between message_2 and message_3, and between a decision and its commit.
    pub races: bool,
}

impl Scene {
    /// One phone, and clocks that differ.
    pub const ALONE: Self = Self {
        lines: 3,
        hours: 2,
        replicas: 2,
        copies: false,
        rotates: false,
        revokes: false,
        races: true,
    };
    /// A copy, and clocks that differ.
    pub const COPIED: Self = Self {
        lines: 3,
        hours: 2,
        replicas: 2,
        copies: true,
        rotates: false,
        revokes: false,
        races: false,
    };
    /// A freeze is lifted, while something from before it is under way.
    pub const LIFTED: Self = Self {
        lines: 4,
        hours: 3,
        replicas: 1,
        copies: true,
        rotates: false,
        revokes: false,
        races: false,
    };
    /// A rotation that is interrupted, and an account that is revoked.
    pub const ROTATED: Self = Self {
        lines: 4,
        hours: 1,
        replicas: 1,
        copies: false,
        rotates: true,
        revokes: true,
        races: true,
    };
    /// A rotation, and a copy.
    pub const ROTATED_COPY: Self = Self {
        lines: 3,
        hours: 2,
        replicas: 1,
        copies: true,
        rotates: true,
        revokes: false,
        races: false,
    };
}

/// Scenes in seconds.
pub const SMALL: &[Scene] = &[
    Scene::ALONE,
    Scene::COPIED,
    Scene::LIFTED,
    Scene::ROTATED,
    Scene::ROTATED_COPY,
];
/// Scenes in minutes: the same, and all that may race does, or there is one handshake more.
pub const STANDARD: &[Scene] = &[
    Scene {
        hours: 3,
        ..Scene::ALONE
    },
    Scene {
        races: true,
        ..Scene::COPIED
    },
    Scene {
        replicas: 2,
        ..Scene::LIFTED
    },
    Scene {
        lines: 5,
        ..Scene::ROTATED
    },
    Scene {
        races: true,
        ..Scene::ROTATED_COPY
    },
];
/// Scenes for an evening.
pub const LARGE: &[Scene] = &[
    Scene {
        replicas: 2,
        races: true,
        ..Scene::LIFTED
    },
    Scene {
        lines: 5,
        revokes: true,
        races: true,
        ..Scene::ROTATED_COPY
    },
];

type Question = (Kept<Account>, Kept<Words>, u8, u8, u8, u8);

/// The model.
pub struct Clones {
    scenes: &'static [Scene],
    weak: Option<Weak>,
    salt: u64,
    accounts: Keeper<Account>,
    wallets: Keeper<Wallet>,
    words: Keeper<Words>,
    waits: Keeper<Waits>,
    decisions: Keeper<Decided>,
    told: Keeper<Told>,
    answers: Keeper<Heard>,
    speeches: Keeper<Spoken>,
    decided: Asked<Question, Kept<Decided>>,
    said: Asked<(Kept<Wallet>, Errand, u8), Kept<Spoken>>,
    heard: Asked<(Kept<Waits>, Kept<Told>, u8), Kept<Heard>>,
}

impl Clones {
    /// The model of these scenes, without a guard if `weak` names one.
    ///
    /// # Panics
    /// If a scene has more handshakes than there are.
    pub fn new(scenes: &'static [Scene], weak: Option<Weak>) -> Self {
        let lines = scenes.iter().map(|scene| usize::from(scene.lines));
        assert!(lines.max() <= Some(LINES), "too many");
        Self {
            scenes,
            weak,
            salt: 0,
            accounts: Keeper::default(),
            wallets: Keeper::default(),
            words: Keeper::default(),
            waits: Keeper::default(),
            decisions: Keeper::default(),
            told: Keeper::default(),
            answers: Keeper::default(),
            speeches: Keeper::default(),
            decided: Asked::default(),
            said: Asked::default(),
            heard: Asked::default(),
        }
    }

    fn scene(&self, state: &State) -> &Scene {
        &self.scenes[usize::from(state.scene)]
    }

    fn spoken(&self, wallet: Kept<Wallet>, errand: Errand, line: u8) -> Kept<Spoken> {
        let question = (wallet, errand, line);
        self.said.get(&question).unwrap_or_else(|| {
            let spoken = messages::spoken(&wallet, errand, line);
            self.said.put(question, self.speeches.keep(spoken))
        })
    }

    fn heard(&self, waits: Kept<Waits>, told: &Told, line: u8) -> Kept<Heard> {
        let question = (waits, self.told.keep(told.clone()), line);
        self.heard.get(&question).unwrap_or_else(|| {
            let heard = messages::heard(&waits, told, line);
            self.heard.put(question, self.answers.keep(heard))
        })
    }
}

impl Model for Clones {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let scene = |scene| State {
            salt: self.salt,
            scene,
            account: self.accounts.keep(server::enrolled()),
            phones: [
                Phone::Here {
                    wallet: self.wallets.keep(server::owners_wallet()),
                    at: At::Idle,
                },
                Phone::Absent,
            ],
            lines: [Line::Unused; LINES],
            hour: 0,
            history: History::default(),
        };
        (0..self.scenes.len() as u8).map(scene).collect()
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

impl Checked for Clones {
    const NAME: &'static str = "lineage";
    const ABOUT: &'static str = "a copy of a phone, late and lost messages, clocks that differ, a rotation that is interrupted";
    const SOURCE: &'static str = include_str!("mod.rs");

    fn sized(size: Size) -> Self {
        let scenes = match size {
            Size::Small => SMALL,
            Size::Standard => STANDARD,
            Size::Large => LARGE,
        };
        Self::new(scenes, None)
    }

    fn pinned(size: Size) -> Count {
        match size {
            Size::Small => Count::Pinned(563_456),
            Size::Standard => Count::About(10_000_000),
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
