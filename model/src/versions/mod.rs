//! Versions, parameters and identities: can a device be talked into older ones?
//! (protocol.md, sections 4.3 and 5.2)
//!
//! An operator publishes one edition of the server's parameters after the other:
//! each allows other versions and has another handshake key, some have a new
//! identity key. Two servers learn of them at their own pace. A device begins
//! handshakes; the network rewrites what it offers; and an attacker has every key
//! that was superseded.
//!
//! | driven by real code | modelled | not covered |
//! |---|---|---|
//! | `greet`, `Greeting::offer` of the auth server | signatures and EDHOC, ideal: EAD_2 opens under signer and transcript ([`handshake`](mod@crate::handshake)) | EDHOC itself, and what decodes its messages |
//! | the device's `Greeting`, `authenticate`, `greeted`, `Wallet::apply` | the operator; servers that lag behind; links | the factor server's negotiation, which its own tests hold to the same rule |
//! | `Parameters`, `Identity`, `Ead1`, `Ead2`, their CBOR and `cose` | keys of superseded editions and identities, all stolen | expiry of parameters (PAR-3): no order of events matters to it |
//!
//! Why less is enough:
//! - The handshake ends here with message_2: the version is chosen, and nothing later changes what the device knows.
//! - A superseded key counts as stolen from then on. Earlier thefts leave a device that has not learned better with nothing
//!   to tell it by; who takes a fork of an identity that it believed current is deceived, and its story ends.
//! - What the attacker signs with a stolen key is made when it arrives: making it earlier is no step.

mod cover;
pub mod edition;
mod history;
mod messages;
pub mod properties;
pub mod state;
mod steps;
mod telling;
pub mod weakenings;

#[cfg(test)]
mod tests;

use countersign::device::{self, Wallet};
use stateright::{Model, Path, Property};

pub use self::state::State;
pub use self::steps::Action;

use self::edition::{MAX_EDITIONS, lists};
use self::history::History;
use self::state::{Device, Editions};
use self::weakenings::Weak;
use crate::check::{Checked, Count, Size};
use crate::cover::Pair;
use crate::keep::Keeper;
use crate::report::Backs;
use crate::story;
use crate::weaken::Weakened;

/// How much of the world is played.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Bounds {
    /// How many editions there are in the end; at most four.
    pub editions: u8,
    /// How many handshakes the device begins.
    pub flows: u8,
}

impl Bounds {
    /// Three editions, two handshakes.
    pub const SMALL: Self = Self {
        editions: 3,
        flows: 2,
    };
    /// Four editions, three handshakes.
    pub const STANDARD: Self = Self {
        editions: 4,
        flows: 3,
    };
    /// Four editions, five handshakes.
    pub const LARGE: Self = Self {
        editions: 4,
        flows: 5,
    };
}

/// The model.
pub struct Versions {
    bounds: Bounds,
    weak: Option<Weak>,
    salt: u64,
    wallets: Keeper<Wallet>,
    greetings: Keeper<device::Greeting>,
}

impl Versions {
    /// The model within these bounds, without a guard if `weak` names one.
    ///
    /// # Panics
    /// If the bounds have more editions than there are.
    pub fn new(bounds: Bounds, weak: Option<Weak>) -> Self {
        assert!((bounds.editions as usize) <= MAX_EDITIONS, "too many");
        Self {
            bounds,
            weak,
            salt: 0,
            wallets: Keeper::default(),
            greetings: Keeper::default(),
        }
    }
}

impl Model for Versions {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut all = Vec::new();
        for list in 0..lists().len() as u8 {
            for wallet in [Wallet::default(), edition::owners_wallet()] {
                all.push(State {
                    salt: self.salt,
                    list,
                    editions: Editions::default(),
                    running: [0; state::REPLICAS],
                    wallet: self.wallets.keep(wallet),
                    device: Device::Idle,
                    flows: 0,
                    history: History::default(),
                });
            }
        }
        all
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

impl Checked for Versions {
    const NAME: &'static str = "versions";
    const ABOUT: &'static str =
        "can a device be talked into older versions, parameters or identities?";

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
            Size::Small => Count::Pinned(3_872),
            Size::Standard => Count::Pinned(40_472),
            Size::Large => Count::About(1_000_000),
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

    fn cover(&self, state: &State, note: &mut dyn FnMut(Pair)) {
        self.noted(state, note);
    }
}
