//! Headless accounts: created once, upgraded once (protocol.md, section 14).
//!
//! A device without an account asks for data, and so gets one that stands for nobody; later its
//! user upgrades it with a PIN. Two auth servers share one store. The device crashes or gives up
//! anywhere and begins again, so that two of its requests are under way at once. A thief who has had the device can use its
//! `K_dev`, and has a phone and a PIN of his own. The backend revokes.
//!
//! | driven by real code | modelled | not covered |
//! |---|---|---|
//! | `greet`, `Greeting::offer`, `decide_headless`, `decide_upgrade`, `accept`, clone detection, `revoke`, `Account` | the store: one transaction that compares what it expects; what a `Commit` expects and writes is the real one's | requests and answers in the channel for data |
//! | the device's `entry` and `upgrade` states, `authenticate`, `Wallet` | that any account at all keeps a device from creating one: the endpoint's choice, repeated here | other accounts beside the headless one |
//! | `decide_create`, `decide_verify`, vouchers, assertions, `cose` | the device's visit to the factor server: status, CREATE once, VERIFY, each in one step; the right PIN | wrong PINs and races there (the model `lockout`); the version that both agree on (HEADLESS-4 beyond the device's own list) |
//! | `Ead1`, `Ead2`, `Statement`, `Admitted`, `Refused`, their CBOR | EDHOC and its channel, ideal ([`handshake`](mod@crate::handshake)) | time: what expires is the model `identity`'s |
//!
//! Why less is enough:
//! - A server reads and decides in one step. The transaction compares every fact that the decision has read, so a pause between the two is a
//!   conflict like any other.
//! - A server takes one statement in a handshake; that it repeats its answer (HS-6) changes nothing, since the answer stays in the network.
//! - A handshake that the device began ends on the device: nobody else has its ephemeral key. The thief begins his own, and only for
//!   upgrades: with purpose headless he changes nothing stored but the account's version.
//! - Whoever has another `K_dev` has another account, and nothing here reads two.
//! - The factor server answers at once: an answer that is lost is a device that gives up right after.

mod cover;
mod factor;
mod history;
mod messages;
mod phone;
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
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};

use countersign::device::{Wallet, entry, upgrade};
use countersign::error::Refusal;
use stateright::{Model, Path, Property};

pub use self::state::State;
pub use self::steps::Action;
pub use self::world::Scene;

use self::factor::Factors;
use self::history::History;
use self::messages::{Brought, First, Opened, Reply, Said};
use self::state::{MAX_FLOWS, MAX_LINES, Phone};
use self::store::{Decided, Store};
use self::weakenings::Weak;
use self::world::SCENES;
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
    /// How many handshakes servers answer; at most four.
    pub lines: u8,
    /// How often the device begins; at most four.
    pub flows: u8,
    /// Whether a server can crash.
    pub crashes: bool,
    /// Whether the backend may revoke.
    pub revokes: bool,
}

impl Bounds {
    /// Two handshakes.
    pub const SMALL: Self = Self {
        lines: 2,
        flows: 2,
        crashes: true,
        revokes: true,
    };
    /// Three handshakes.
    pub const STANDARD: Self = Self {
        lines: 3,
        flows: 3,
        ..Self::SMALL
    };
    /// Four handshakes.
    pub const LARGE: Self = Self {
        lines: 4,
        flows: 4,
        ..Self::SMALL
    };
}

/// The model.
pub struct Headless {
    bounds: Bounds,
    weak: Option<Weak>,
    salt: u64,
    stores: Keeper<Store>,
    factors: Keeper<Factors>,
    wallets: Keeper<Wallet>,
    firsts: Keeper<First>,
    openings: Keeper<Opened>,
    said: Keeper<Said>,
    decisions: Keeper<Decided>,
    replies: Keeper<Reply>,
    callings: Keeper<entry::Calling>,
    enterings: Keeper<entry::Entering>,
    admittings: Keeper<entry::Settling>,
    greetings: Keeper<upgrade::Greeting>,
    equippings: Keeper<upgrade::Equipping>,
    upgradings: Keeper<upgrade::Upgrading>,
    answerings: Keeper<upgrade::Answering>,
    settlings: Keeper<upgrade::Settling>,
    /// What was asked before: all of these are pure functions.
    answers: Asked<(Kept<First>, u8), Option<Kept<Opened>>>,
    forgeries: Asked<(Kept<Opened>, u8, Kept<Wallet>, Brought), Kept<Said>>,
    decided: Asked<(Kept<Store>, Kept<Said>, u8), Result<Kept<Decided>, Refusal>>,
}

/// Answers by question.
type Asked<Q, A> = RwLock<HashMap<Q, A>>;

impl Headless {
    /// The model within these bounds, without a guard if `weak` names one.
    ///
    /// # Panics
    /// If the bounds are over what a state can hold.
    pub fn new(bounds: Bounds, weak: Option<Weak>) -> Self {
        assert!((bounds.lines as usize) <= MAX_LINES, "too many handshakes");
        assert!((bounds.flows as usize) <= MAX_FLOWS, "too many flows");
        Self {
            bounds,
            weak,
            salt: 0,
            stores: Keeper::default(),
            factors: Keeper::default(),
            wallets: Keeper::default(),
            firsts: Keeper::default(),
            openings: Keeper::default(),
            said: Keeper::default(),
            decisions: Keeper::default(),
            replies: Keeper::default(),
            callings: Keeper::default(),
            enterings: Keeper::default(),
            admittings: Keeper::default(),
            greetings: Keeper::default(),
            equippings: Keeper::default(),
            upgradings: Keeper::default(),
            answerings: Keeper::default(),
            settlings: Keeper::default(),
            answers: RwLock::default(),
            forgeries: RwLock::default(),
            decided: RwLock::default(),
        }
    }

    /// What the next handshake would be if it began with this message_1; none if it is refused.
    fn answered(&self, state: &State, first: Kept<First>) -> Option<Kept<Opened>> {
        let place = state.line_count();
        ask(&self.answers, (first, place), || {
            let opened = server::answer(&first, place).ok()?;
            Some(self.openings.keep(opened))
        })
    }

    /// A statement of the thief's, for the account that the device has.
    fn forged(
        &self,
        opened: Kept<Opened>,
        place: u8,
        wallet: Kept<Wallet>,
        brought: Brought,
    ) -> Kept<Said> {
        ask(&self.forgeries, (opened, place, wallet, brought), || {
            let account = &wallet.accounts[0];
            let said = messages::forge(&opened, place, account, brought);
            self.said.keep(said)
        })
    }

    /// The decision on a statement in the handshake at this place.
    fn decided(
        &self,
        store: Kept<Store>,
        said: Kept<Said>,
        place: u8,
    ) -> Result<Kept<Decided>, Refusal> {
        ask(&self.decided, (store, said, place), || {
            let decided = server::decide(&store, &said, place, self.weak)?;
            Ok(self.decisions.keep(decided))
        })
    }
}

/// The answer, made once.
fn ask<Q: Eq + Hash, A: Clone>(known: &Asked<Q, A>, question: Q, make: impl FnOnce() -> A) -> A {
    let read = known.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(answer) = read.get(&question) {
        return answer.clone();
    }
    drop(read);
    let answer = make();
    let mut write = known.write().unwrap_or_else(PoisonError::into_inner);
    write.insert(question, answer.clone());
    answer
}

impl Model for Headless {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let begin = |scene: Scene| State {
            salt: self.salt,
            scene,
            store: self.stores.keep(scene.store()),
            factors: self.factors.keep(Factors::default()),
            lines: [None; MAX_LINES],
            wallet: self.wallets.keep(scene.wallet()),
            phone: Phone::Idle,
            flows: [None; MAX_FLOWS],
            thief: false,
            history: History::default(),
        };
        SCENES.map(begin).to_vec()
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

impl Checked for Headless {
    const NAME: &'static str = "headless";
    const ABOUT: &'static str =
        "a headless account and its upgrade, with two servers, crashes and a thief";
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
            Size::Small => Count::Pinned(38_801),
            Size::Standard => Count::About(3_000_000),
            Size::Large => Count::About(200_000_000),
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
