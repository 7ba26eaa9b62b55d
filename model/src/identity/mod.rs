//! Login and enrolment: who is granted what? (protocol.md, sections 5 to 8.6 and 9)
//!
//! The owner's phone answers a session or an enrolment. Two auth servers share one store.
//! An attacker owns the network, has a phone, an account and an auth server of his own, and sees
//! links; a thief can use the phone without knowing its PIN. Phone and servers crash, answers
//! are lost, time runs out, the backend revokes.
//!
//! | driven by real code | modelled | not covered |
//! |---|---|---|
//! | `greet`, `Greeting::offer`, `decide_login`, `decide_enrolment`, `accept`, `revoke`, clone detection, `Session`, `Enrolment`, `Account`, `Credentials` | the store: one transaction that compares what it expects; what a `Commit` expects and writes is the real one's | cached verifications and app sessions, action credentials: models of their own |
//! | the device's `Greeting`, `authenticate`, `Confirming`, `Decided`, `Answering`, `Settling`, `Wallet` | the factor server, ideal: it gives an assertion for what the right PIN was entered for, to each phone its own (the model `lockout` is about the rest) | several accounts to choose from; CREATE and its voucher |
//! | `Ead1`, `Ead2`, `Statement`, `Settled`, `Assertion`, their CBOR, `cose`, `bind`, nonce proofs, session ids | EDHOC and its channel, ideal: EAD opens under signer and transcript, and the transcript is the hash of both messages before it ([`handshake`](mod@crate::handshake)) | EDHOC itself; the endpoints, which hand bytes to these functions |
//!
//! Agreement is therefore what the floors below give: two sides that complete have one transcript,
//! and with it the ids, the version and the purpose in it. What is checked here is that nothing is
//! granted but what was signed in that transcript, once, and that both sides come to the same.
//!
//! Why less is enough:
//! - All that was sent stays in the network and is delivered when the attacker likes. An answer that he makes himself is no
//!   step before it arrives; assertions are public from the moment that they are made.
//! - A message that is refused changes nothing: the commit that a refusal lacks is the only way to the store.
//! - A server decides on a snapshot. The transaction compares every fact that the decision has read, so facts read at different
//!   times are caught as if they had changed in between.
//! - A server looks at its clock once, when it decides: what has expired before the commit counts as in time. How long
//!   it may take for that is a matter of its own.
//! - A server takes one statement in a handshake, and then the same again as often as it comes: more than HS-6 allows.
//! - A handshake's server follows from its place: which of two equals it is matters by its clock and its crashes alone.
//! - A handshake that the phone began ends on the phone: nobody else has its ephemeral key.

mod cover;
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

use countersign::auth::Nonce;
use countersign::device::{Answering, Confirming, Decided as Choice, Greeting, Settling, Wallet};
use countersign::error::Refusal;
use countersign::messages::channel::Settled;
use countersign::messages::handshake::{Claim, Ead1};
use countersign::messages::nonce_proof;
use countersign::registry::{AUTH_VERSIONS, Purpose};
use countersign::values::SessionId;
use stateright::{Model, Path, Property};

pub use self::state::State;
pub use self::steps::Action;
pub use self::world::Scene;

use self::history::History;
use self::messages::{First, Forgery, Known, Opened, Party, Proof, Said};
use self::state::{MAX_FLOWS, MAX_LINES, Phone, replica};
use self::store::{Decided, Store};
use self::weakenings::Weak;
use self::world::{SCENES, server_time};
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
    /// How often the owner opens the link; at most three.
    pub flows: u8,
    /// Whether the backend may revoke the owner's account.
    pub revokes: bool,
    /// Whether each scene sees every hour.
    pub all_hours: bool,
    /// Whether a server can crash, or others act, between its reading and its deciding.
    pub pauses: bool,
}

impl Bounds {
    /// Two handshakes, two flows.
    pub const SMALL: Self = Self {
        lines: 2,
        flows: 2,
        revokes: true,
        all_hours: false,
        pauses: false,
    };
    /// The same, at every hour, and everything pauses.
    pub const STANDARD: Self = Self {
        all_hours: true,
        pauses: true,
        ..Self::SMALL
    };
    /// Four handshakes and three flows.
    pub const LARGE: Self = Self {
        lines: 4,
        flows: 3,
        ..Self::STANDARD
    };
}

/// The model.
pub struct Identity {
    bounds: Bounds,
    weak: Option<Weak>,
    salt: u64,
    stores: Keeper<Store>,
    wallets: Keeper<Wallet>,
    firsts: Keeper<First>,
    openings: Keeper<Opened>,
    proofs: Keeper<Proof>,
    said: Keeper<Said>,
    decisions: Keeper<Decided>,
    replies: Keeper<Settled>,
    greetings: Keeper<Greeting>,
    confirmings: Keeper<Confirming>,
    choices: Keeper<Choice>,
    answerings: Keeper<Answering>,
    settlings: Keeper<Settling>,
    /// What was asked before: all of these are pure functions.
    answers: Asked<(Kept<Store>, Kept<First>, u8, u8), Option<Kept<Opened>>>,
    forgeries: Asked<(Kept<Opened>, u8, Forgery, Known, Option<Kept<Proof>>), Kept<Said>>,
    decided: Asked<(Kept<Store>, Kept<Said>, u8, u8), Result<Kept<Decided>, Refusal>>,
}

/// Answers by question.
type Asked<Q, A> = RwLock<HashMap<Q, A>>;

impl Identity {
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
            wallets: Keeper::default(),
            firsts: Keeper::default(),
            openings: Keeper::default(),
            proofs: Keeper::default(),
            said: Keeper::default(),
            decisions: Keeper::default(),
            replies: Keeper::default(),
            greetings: Keeper::default(),
            confirmings: Keeper::default(),
            choices: Keeper::default(),
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
        let question = (state.store, first, place, state.hour);
        ask(&self.answers, question, || {
            let now = server_time(replica(place), state.hour);
            let opened = server::answer(&state.store, &first, place, now, self.weak);
            Some(self.openings.keep(opened.ok()?))
        })
    }

    /// The decision on a statement in the handshake at this place.
    fn decided(
        &self,
        state: &State,
        store: Kept<Store>,
        said: Kept<Said>,
        place: u8,
    ) -> Result<Kept<Decided>, Refusal> {
        ask(&self.decided, (store, said, place, state.hour), || {
            let now = server_time(replica(place), state.hour);
            let decided = server::decide(&store, &said, place, now, self.weak);
            Ok(self.decisions.keep(decided?))
        })
    }

    /// A statement that somebody makes.
    fn forged(
        &self,
        opened: Kept<Opened>,
        place: u8,
        forgery: Forgery,
        known: Known,
        owners: Option<Kept<Proof>>,
    ) -> Kept<Said> {
        let question = (opened, place, forgery, known, owners);
        ask(&self.forgeries, question, || {
            let owners = owners.as_deref();
            let said = messages::forge(&opened, place, forgery, known, owners);
            self.said.keep(said)
        })
    }

    /// Every message_1 that an attacker can make: for what he has the nonce of, and for what he has not.
    fn attackers_firsts(&self, state: &State) -> Vec<Kept<First>> {
        let scene = state.scene;
        let mut wanted = Vec::new();
        if let Some(session) = scene.session() {
            wanted.push((Purpose::Login, session.id, session.nonce));
            wanted.push((Purpose::Enrol, session.id, session.nonce));
        }
        if let Some(session) = scene.attackers_session() {
            wanted.push((Purpose::Login, session.id, session.nonce));
        }
        if let Some(enrolment) = scene.enrolment() {
            wanted.push((Purpose::Enrol, enrolment.id, enrolment.nonce));
        }
        let own = scene.attackers_session().map(|session| session.id);
        let of = |(purpose, session, nonce): (Purpose, SessionId, Nonce)| {
            let g_x = [0x60 + state.line_count(); 32];
            let nonce = match scene.is_leaked() || own == Some(session) {
                true => nonce,
                false => Nonce::new([0x66; 32]),
            };
            let proof = nonce_proof(nonce.as_bytes(), world::server(), purpose, &g_x);
            self.firsts.keep(First {
                by: Party::Attacker,
                flow: 0,
                g_x,
                ead_1: Ead1 {
                    versions: AUTH_VERSIONS.to_vec(),
                    purpose,
                    server: world::server(),
                    epoch: None,
                    claim: Some(Claim { session, proof }),
                },
            })
        };
        wanted.into_iter().map(of).collect()
    }

    /// Whether the user may say no, in this scene.
    fn declines(&self, scene: Scene) -> bool {
        scene == Scene::Plain || self.bounds.all_hours
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

impl Model for Identity {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let begin = |scene: Scene| State {
            salt: self.salt,
            scene,
            hour: 0,
            store: self.stores.keep(scene.store()),
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

impl Checked for Identity {
    const NAME: &'static str = "identity";
    const ABOUT: &'static str =
        "who is granted a login or an account, with an attacker, a thief, two servers and crashes";
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
            Size::Small => Count::Pinned(121_222),
            Size::Standard => Count::About(5_000_000),
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
