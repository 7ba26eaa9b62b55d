//! What can happen next, and what it changes.

use countersign::auth::{Credentials, EnrolmentState, Outcome, SessionState, revoke};
use countersign::device::Wallet;
use countersign::messages::channel::Settled;
use countersign::registry::Purpose;

use super::Identity;
use super::history::{Committed, Fault};
use super::messages::{Brought, First, Forgery, Known, Opened, Party, Said};
use super::state::{Line, Phone, Stage, State, replica};
use super::store::Store;
use super::weakenings::Weak;
use super::world::{self, HOURS_S, OWNERS, Scene};
use crate::keep::Kept;

/// When sessions and enrolments have expired.
const LAST_HOUR: u8 = HOURS_S.len() as u8 - 1;

/// One step of somebody. Handshakes by their place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// The owner opens the link.
    Open,
    /// A server answers this message_1.
    Answer(Kept<First>),
    /// The phone gets the message_2 of a handshake.
    Hear(u8),
    /// It gets one that the attacker has made.
    HearForged(u8),
    /// The user confirms.
    Confirm,
    /// The user declines.
    Decline,
    /// The owner enters the PIN; the factor server gives its assertion.
    Prove,
    /// The phone signs message_3, and sends it.
    Send,
    /// It gets the server's answer.
    Learn,
    /// It gets one that the attacker has made.
    LearnForged,
    /// It crashes, or the user gives up.
    GiveUp,
    /// A thief gets hold of the phone.
    Steal,
    /// A server gets a message_3, and decides unless it pauses.
    Read(u8, Kept<Said>),
    /// It gets one whose signature is wrong.
    ReadGarbled(u8),
    /// It decides, after a pause.
    Decide(u8),
    /// It commits what it decided.
    Commit(u8),
    /// It answers.
    Reply(u8),
    /// The server with this number crashes.
    Crash(u8),
    /// The backend revokes the owner's account.
    Revoke,
    /// Time passes.
    Tick,
}

impl Identity {
    /// Lists the actions that change the state.
    pub(super) fn enabled(&self, state: &State, actions: &mut Vec<Action>) {
        self.enabled_on_phone(state, actions);
        if state.line_count() < self.bounds.lines {
            for first in self.firsts(state) {
                if self.answered(state, first).is_some() {
                    actions.push(Action::Answer(first));
                }
            }
        }
        for (place, line) in state.lines() {
            self.enabled_at(state, place, line, actions);
        }
        for server in 0..super::state::REPLICAS {
            let runs =
                |(place, line): (u8, &Line)| replica(place) == server && line.stage != Stage::Down;
            if state.lines().any(runs) {
                actions.push(Action::Crash(server as u8));
            }
        }
        if state.scene == Scene::Asked && !state.thief {
            actions.push(Action::Steal);
        }
        if self.bounds.revokes && self.revoked(state).is_some() {
            actions.push(Action::Revoke);
        }
        if self.next_hour(state).is_some() {
            actions.push(Action::Tick);
        }
    }

    fn enabled_on_phone(&self, state: &State, actions: &mut Vec<Action>) {
        match state.phone {
            Phone::Idle => {
                if state.flow_count() < self.bounds.flows {
                    actions.push(Action::Open);
                }
                return;
            }
            Phone::Greeting(flow, _) => {
                for (place, line) in state.lines() {
                    let first = &line.opened.first;
                    if first.by == Party::Owner && first.flow == flow {
                        if self.hears(state, place, false).is_some() {
                            actions.push(Action::Hear(place));
                        }
                        if self.weak == Some(Weak::TakeAnyOffer) {
                            actions.push(Action::HearForged(place));
                        }
                    }
                }
            }
            Phone::Confirming(_, _, asked) => {
                actions.push(Action::Confirm);
                if Self::can_decline(&asked) && self.declines(state.scene) {
                    actions.push(Action::Decline);
                }
            }
            Phone::Visiting(..) => actions.push(Action::Prove),
            Phone::Answering(..) => actions.push(Action::Send),
            Phone::Settling(_, place, _) => {
                if state.line(place).reply.is_some() {
                    actions.push(Action::Learn);
                }
                if self.weak == Some(Weak::TakeAnySettlement) {
                    actions.push(Action::LearnForged);
                }
            }
        }
        actions.push(Action::GiveUp);
    }

    fn enabled_at(&self, state: &State, place: u8, line: &Line, actions: &mut Vec<Action>) {
        match line.stage {
            Stage::Waiting => {
                for said in self.candidates(state, place, line) {
                    if self.bounds.pauses || self.decided(state, state.store, said, place).is_ok() {
                        actions.push(Action::Read(place, said));
                    }
                }
                if self.weak == Some(Weak::StoreErrors) {
                    actions.push(Action::ReadGarbled(place));
                }
            }
            Stage::Read(..) => actions.push(Action::Decide(place)),
            Stage::Decided(_, decided) => {
                actions.push(Action::Commit(place));
                let settles = matches!(decided.outcome, Outcome::Settled(_));
                if self.weak == Some(Weak::ReplyBeforeCommit) && settles && line.reply.is_none() {
                    actions.push(Action::Reply(place));
                }
            }
            Stage::Answering(_) => actions.push(Action::Reply(place)),
            Stage::Down => {}
        }
    }

    /// Every message_1 that there is, or that an attacker can make.
    fn firsts(&self, state: &State) -> Vec<Kept<First>> {
        let mut all: Vec<_> = state
            .flows
            .iter()
            .flatten()
            .map(|flow| flow.first)
            .collect();
        all.extend(self.attackers_firsts(state));
        all
    }

    /// Every message_3 that there is for a handshake, or that somebody can make.
    pub(super) fn candidates(&self, state: &State, place: u8, line: &Line) -> Vec<Kept<Said>> {
        if let Some(taken) = line.taken {
            return vec![taken];
        }
        let mut all: Vec<_> = line.said.into_iter().collect();
        let is_attackers = line.opened.first.by == Party::Attacker;
        let enrols = line.opened.purpose == Purpose::Enrol;
        let mut forgeries = Vec::new();
        if is_attackers {
            forgeries.extend([
                Forgery::Yes(Party::Attacker, Brought::None),
                Forgery::Yes(Party::Attacker, Brought::Own),
                Forgery::Yes(Party::Attacker, Brought::OtherPurpose),
                Forgery::Yes(Party::Attacker, Brought::OtherAudience),
                Forgery::Unseen,
            ]);
            forgeries.push(match enrols {
                true => Forgery::SameKey,
                false => Forgery::No(Party::Attacker),
            });
        }
        // A handshake that the phone began can be ended on the phone alone.
        if state.thief {
            forgeries.push(Forgery::Yes(Party::Thief, Brought::None));
            forgeries.push(Forgery::Yes(Party::Thief, Brought::Own));
            for (number, flow) in (0..).zip(state.flows.iter().flatten()) {
                if flow.proof.is_some() {
                    forgeries.push(Forgery::Yes(Party::Thief, Brought::Owners(number)));
                    forgeries.push(Forgery::OtherInput(number));
                }
            }
        }
        all.extend(forgeries.into_iter().map(|forgery| {
            let known = self.known(state, forgery);
            let owners = match forgery {
                Forgery::Yes(_, Brought::Owners(flow)) | Forgery::OtherInput(flow) => {
                    state.flows[flow as usize].and_then(|flow| flow.proof)
                }
                _ => None,
            };
            self.forged(line.opened, place, forgery, known, owners)
        }));
        all
    }

    fn known(&self, state: &State, forgery: Forgery) -> Known {
        match forgery {
            Forgery::No(Party::Thief) | Forgery::Yes(Party::Thief, _) | Forgery::OtherInput(_) => {
                let account = &state.wallet.accounts[0];
                Known {
                    counter: account.counter + 1,
                    rolling: account.rolling,
                    hour: state.hour,
                }
            }
            _ => {
                let account = &state.store.accounts[&world::ATTACKERS];
                Known::of(&account.lineage, state.hour)
            }
        }
    }

    /// Changes the state by one of its enabled actions.
    pub(super) fn take(&self, state: &mut State, action: Action) {
        match action {
            Action::Open
            | Action::Hear(_)
            | Action::HearForged(_)
            | Action::Confirm
            | Action::Decline
            | Action::Prove
            | Action::Send
            | Action::Learn
            | Action::LearnForged
            | Action::GiveUp => self.take_on_phone(state, action),
            Action::Answer(first) => {
                let opened = self.answered(state, first).expect("enabled");
                let has_nonce = self.has_nonce(state.scene, &opened);
                state.history.note(!has_nonce, Fault::Unclaimed);
                let place = state.line_count();
                state.lines[place as usize] = Some(Line {
                    opened,
                    said: None,
                    reply: None,
                    taken: None,
                    stage: Stage::Waiting,
                    granted: false,
                });
            }
            Action::Steal => state.thief = true,
            Action::Read(place, said) => {
                state.line_mut(place).taken = Some(said);
                if self.bounds.pauses {
                    state.line_mut(place).stage = Stage::Read(said, state.store);
                } else {
                    self.decide(state, place, said, state.store);
                }
            }
            Action::ReadGarbled(place) => self.read_garbled(state, place),
            Action::Decide(place) => {
                let Stage::Read(said, store) = state.line(place).stage else {
                    unreachable!("not enabled");
                };
                self.decide(state, place, said, store);
            }
            Action::Commit(place) => self.commit(state, place),
            Action::Reply(place) => self.reply(state, place),
            Action::Crash(server) => {
                for (place, line) in (0..).zip(state.lines.iter_mut().flatten()) {
                    if replica(place) == server as usize {
                        line.stage = Stage::Down;
                    }
                }
            }
            Action::Revoke => state.store = self.revoked(state).expect("enabled"),
            Action::Tick => state.hour = self.next_hour(state).expect("enabled"),
        }
    }

    fn decide(&self, state: &mut State, place: u8, said: Kept<Said>, store: Kept<Store>) {
        let decided = self.decided(state, store, said, place);
        state.line_mut(place).stage = match decided {
            Ok(decided) => Stage::Decided(said, decided),
            Err(_) => Stage::Waiting,
        };
    }

    fn commit(&self, state: &mut State, place: u8) {
        let Stage::Decided(said, decided) = state.line(place).stage else {
            unreachable!("not enabled");
        };
        let before = state.store;
        let after = before.after(&decided.expects, &decided.writes, self.weak);
        let Some(after) = after else {
            // Dropped unseen; the statement still is in the network.
            state.line_mut(place).stage = Stage::Waiting;
            return;
        };
        state.history.committed(Committed {
            before: &before,
            after: &after,
            said: &said,
            outcome: &decided.outcome,
            now: decided.at,
            thief: state.thief,
        });
        state.store = self.stores.keep(after);
        let granted = state.line(place).granted;
        let line = state.line_mut(place);
        line.stage = match &decided.outcome {
            Outcome::Settled(settled) if line.reply.is_none() => {
                Stage::Answering(self.replies.keep(settled.clone()))
            }
            _ => Stage::Waiting,
        };
        if let Outcome::Settled(_) = decided.outcome {
            line.granted = true;
            state.history.note(granted, Fault::GrantedTwice);
        }
    }

    fn reply(&self, state: &mut State, place: u8) {
        let line = state.line_mut(place);
        let (settled, next) = match line.stage {
            Stage::Answering(settled) => (settled, Stage::Waiting),
            Stage::Decided(_, decided) => match &decided.outcome {
                Outcome::Settled(settled) => (self.replies.keep(settled.clone()), line.stage),
                _ => unreachable!("not enabled"),
            },
            Stage::Waiting | Stage::Read(..) | Stage::Down => unreachable!("not enabled"),
        };
        line.reply = Some(settled);
        line.stage = next;
    }

    /// A weak server takes what does not verify for a no.
    fn read_garbled(&self, state: &mut State, place: u8) {
        let mut store = Store::clone(&state.store);
        let named = state.line(place).opened.session;
        store.sessions.remove(&named);
        store.enrolments.remove(&named);
        state
            .history
            .note(store != *state.store, Fault::ChangedByError);
        state.store = self.stores.keep(store);
        state.line_mut(place).stage = Stage::Down;
    }

    /// Whether whoever began this handshake has the nonce of what was claimed in it.
    fn has_nonce(&self, scene: Scene, opened: &Opened) -> bool {
        match opened.first.by {
            Party::Owner | Party::Thief => true,
            Party::Attacker => {
                let own = scene.attackers_session().map(|session| session.id);
                scene.is_leaked() || own == Some(opened.session)
            }
        }
    }

    /// The store after the backend has revoked the owner's account, where that is possible.
    fn revoked(&self, state: &State) -> Option<Kept<Store>> {
        let account = state.store.accounts.get(&OWNERS)?;
        let list = state
            .store
            .credentials
            .get(&Credentials::id(&account.user_name));
        let commit = revoke(account, list).ok()?;
        let after = state.store.after(commit.expects(), commit.writes(), None);
        Some(
            self.stores
                .keep(after.expect("nobody else writes meanwhile")),
        )
    }

    /// The next hour, if there is one. In small worlds those are left out that change nothing
    /// in the scene: an assertion's expiry where none is asked for, a session's where its is.
    pub(super) fn next_hour(&self, state: &State) -> Option<u8> {
        let (next, last) = match (self.bounds.all_hours, state.scene) {
            (true, _) => (state.hour + 1, LAST_HOUR),
            (false, Scene::Asked) => (1, 1),
            (false, Scene::Plain | Scene::Enrolment) => (LAST_HOUR, LAST_HOUR),
        };
        (state.hour < last).then_some(next)
    }

    /// Whether the phone's own session or enrolment is over, or can be.
    pub(super) fn is_terminal(&self, state: &State) -> bool {
        state.hour == LAST_HOUR
            || state
                .store
                .sessions
                .values()
                .next()
                .is_some_and(|session| !matches!(session.state, SessionState::New(_)))
            || state
                .store
                .enrolments
                .values()
                .any(|enrolment| matches!(enrolment.state, EnrolmentState::Bound(_)))
    }

    /// The wallet after these updates.
    pub(super) fn stored(
        &self,
        wallet: Kept<Wallet>,
        updates: &[countersign::device::Update],
    ) -> Kept<Wallet> {
        let mut wallet = Wallet::clone(&wallet);
        for update in updates {
            if !Weak::is_forgotten(self.weak, update) {
                wallet.apply(update.clone());
            }
        }
        self.wallets.keep(wallet)
    }

    /// What the attacker says that it came to.
    pub(super) fn false_settlement(state: &State) -> Settled {
        let account = state.wallet.accounts.first();
        Settled {
            ty: countersign::values::Type,
            decision: countersign::registry::Decision::Confirm,
            account: account.map_or(OWNERS, |account| account.id),
            user_name: "ada".into(),
            rolling: countersign::values::Rolling([0x66; 16]),
        }
    }
}
