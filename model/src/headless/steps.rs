//! What can happen next, and what it changes.

use countersign::auth::{AccountLevel, Outcome, Standing, revoke};
use countersign::error::Code;
use countersign::messages::handshake::Ead1;
use countersign::registry::{AUTH_VERSIONS, Purpose};

use super::Headless;
use super::history::{Committed, Fault};
use super::messages::{BROUGHT, First, Party, Reply, Said};
use super::state::{Line, Phone, REPLICAS, Stage, State, replica};
use super::store::Store;
use super::weakenings::Weak;
use super::world;
use crate::keep::Kept;

/// One step of somebody. Handshakes by their place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// The app asks for data: the device begins with purpose headless.
    AskForData,
    /// The user asks for the upgrade.
    BeginUpgrade,
    /// A server answers this message_1.
    Answer(Kept<First>),
    /// The device gets the message_2 of a handshake.
    Hear(u8),
    /// It has its `K_dsf`.
    Equip,
    /// It creates its record at the factor server.
    Create,
    /// The right PIN is entered; the factor server gives its assertion.
    Prove,
    /// The device signs message_3, and sends it.
    Send,
    /// It gets the server's answer.
    Learn,
    /// It crashes, or the user gives up.
    GiveUp,
    /// A thief gets hold of it.
    Steal,
    /// A server gets a message_3, and decides.
    Read(u8, Kept<Said>),
    /// It commits what it decided.
    Commit(u8),
    /// It answers.
    Reply(u8),
    /// The server with this number crashes.
    Crash(u8),
    /// The backend revokes the account.
    Revoke,
}

impl Headless {
    /// Lists the actions that change the state.
    pub(super) fn enabled(&self, state: &State, actions: &mut Vec<Action>) {
        self.enabled_on_phone(state, actions);
        if state.line_count() < self.bounds.lines {
            let own = state.flows.iter().flatten().copied();
            for first in own.chain(self.thiefs_first(state)) {
                if self.answered(state, first).is_some() {
                    actions.push(Action::Answer(first));
                }
            }
        }
        for (place, line) in state.lines() {
            match line.stage {
                Stage::Waiting => {
                    for said in self.candidates(state, place, line) {
                        actions.push(Action::Read(place, said));
                    }
                }
                Stage::Again(said) => actions.push(Action::Read(place, said)),
                Stage::Decided(_, decided) => {
                    actions.push(Action::Commit(place));
                    let admits = matches!(decided.outcome, Outcome::Admitted(_));
                    let early = self.weak == Some(Weak::AdmitBeforeCommit);
                    if early && admits && line.reply.is_none() {
                        actions.push(Action::Reply(place));
                    }
                }
                Stage::Answering(_) => actions.push(Action::Reply(place)),
                Stage::Done => {}
            }
        }
        if self.bounds.crashes {
            for server in 0..REPLICAS {
                let runs = |(place, line): (u8, &Line)| {
                    replica(place) == server && line.stage != Stage::Done
                };
                if state.lines().any(runs) {
                    actions.push(Action::Crash(server as u8));
                }
            }
        }
        if !state.thief && !state.wallet.accounts.is_empty() {
            actions.push(Action::Steal);
        }
        if self.bounds.revokes && self.revoked(state).is_some() {
            actions.push(Action::Revoke);
        }
    }

    fn enabled_on_phone(&self, state: &State, actions: &mut Vec<Action>) {
        match state.phone {
            Phone::Idle => {
                if state.flow_count() < self.bounds.flows {
                    if Self::can_ask_for_data(state) {
                        actions.push(Action::AskForData);
                    }
                    if Self::upgrade_of(state).is_some() {
                        actions.push(Action::BeginUpgrade);
                    }
                }
                return;
            }
            Phone::Calling(flow, _) | Phone::Greeting(flow, _) => {
                for (place, line) in state.lines() {
                    let first = &line.opened.first;
                    if first.by == Party::Device && first.flow == flow {
                        actions.push(Action::Hear(place));
                    }
                }
            }
            Phone::Equipping(..) => actions.push(Action::Equip),
            Phone::Upgrading(..) => actions.push(match state.factors.record {
                None => Action::Create,
                Some(_) => Action::Prove,
            }),
            Phone::Entering(..) | Phone::Answering(..) => actions.push(Action::Send),
            Phone::Admitting(place, _) | Phone::Settling(place, _) => {
                if state.line(place).reply.is_some() {
                    actions.push(Action::Learn);
                }
            }
        }
        actions.push(Action::GiveUp);
    }

    /// The message_1 of an upgrade that a thief begins.
    fn thiefs_first(&self, state: &State) -> Option<Kept<First>> {
        let ead_1 = Ead1 {
            versions: AUTH_VERSIONS.to_vec(),
            purpose: Purpose::Upgrade,
            server: world::server(),
            epoch: None,
            claim: None,
        };
        state.thief.then(|| {
            self.firsts.keep(First {
                by: Party::Thief,
                flow: 0,
                g_x: [0x60 + state.line_count(); 32],
                ead_1,
            })
        })
    }

    /// Every message_3 that there is for a handshake, or that a thief can make.
    pub(super) fn candidates(&self, state: &State, place: u8, line: &Line) -> Vec<Kept<Said>> {
        match line.opened.first.by {
            Party::Device => line.said.into_iter().collect(),
            Party::Thief => BROUGHT
                .map(|brought| self.forged(line.opened, place, state.wallet, brought))
                .to_vec(),
        }
    }

    /// Changes the state by one of its enabled actions.
    pub(super) fn take(&self, state: &mut State, action: Action) {
        match action {
            Action::AskForData
            | Action::BeginUpgrade
            | Action::Hear(_)
            | Action::Equip
            | Action::Create
            | Action::Prove
            | Action::Send
            | Action::Learn
            | Action::GiveUp => self.take_on_phone(state, action),
            Action::Answer(first) => {
                let opened = self.answered(state, first).expect("enabled");
                let place = state.line_count();
                state.lines[place as usize] = Some(Line {
                    opened,
                    said: None,
                    reply: None,
                    stage: Stage::Waiting,
                    granted: false,
                });
            }
            Action::Steal => state.thief = true,
            Action::Read(place, said) => self.read(state, place, said),
            Action::Commit(place) => self.commit(state, place),
            Action::Reply(place) => self.reply(state, place),
            Action::Crash(server) => {
                for (place, line) in (0..).zip(state.lines.iter_mut().flatten()) {
                    if replica(place) == server as usize {
                        line.stage = Stage::Done;
                    }
                }
            }
            Action::Revoke => state.store = self.revoked(state).expect("enabled"),
        }
    }

    fn read(&self, state: &mut State, place: u8, said: Kept<Said>) {
        match self.decided(state.store, said, place) {
            Ok(decided) => state.line_mut(place).stage = Stage::Decided(said, decided),
            Err(refusal) => {
                let is_usable = |account: &countersign::auth::Account| {
                    account.level == AccountLevel::Headless && account.standing == Standing::Active
                };
                let account = state.store.account_of(&said.request.key);
                let wants_data = said.request.purpose == Purpose::Headless;
                let unusable = wants_data && account.is_none_or(is_usable);
                state.history.note(unusable, Fault::Unusable);
                self.answer(state, place, refusal.0);
                if self.weak == Some(Weak::SuspendOnFailure)
                    && said.request.purpose == Purpose::Upgrade
                {
                    let mut store = Store::clone(&state.store);
                    for account in store.accounts.values_mut() {
                        if let Ok(suspended) = account.clone().suspend() {
                            *account = suspended;
                        }
                    }
                    state.store = self.stores.keep(store);
                }
            }
        }
    }

    fn answer(&self, state: &mut State, place: u8, code: Code) {
        let reply = self.replies.keep(Reply::Refused(code));
        state.line_mut(place).stage = Stage::Answering(reply);
    }

    fn commit(&self, state: &mut State, place: u8) {
        let Stage::Decided(said, decided) = state.line(place).stage else {
            unreachable!("not enabled");
        };
        let before = state.store;
        let after = before.after(&decided.expects, &decided.writes, self.weak);
        let Some(after) = after else {
            // Dropped unseen.
            state.line_mut(place).stage = Stage::Again(said);
            return;
        };
        state.history.committed(Committed {
            before: &before,
            after: &after,
            said: &said,
            outcome: &decided.outcome,
            thief: state.thief,
        });
        state.store = self.stores.keep(after);
        match &decided.outcome {
            Outcome::Admitted(admitted) => {
                let reply = self.replies.keep(Reply::Admitted(admitted.clone()));
                let line = state.line_mut(place);
                line.granted = true;
                line.stage = match line.reply {
                    None => Stage::Answering(reply),
                    Some(_) => Stage::Done,
                };
            }
            Outcome::Refused(code) => self.answer(state, place, *code),
            Outcome::Settled(_) | Outcome::LoggedIn(_) => {
                unreachable!("neither a login nor an enrolment")
            }
        }
    }

    fn reply(&self, state: &mut State, place: u8) {
        let line = state.line_mut(place);
        let (reply, next) = match line.stage {
            Stage::Answering(reply) => (reply, Stage::Done),
            Stage::Decided(_, decided) => match &decided.outcome {
                Outcome::Admitted(admitted) => {
                    let reply = Reply::Admitted(admitted.clone());
                    (self.replies.keep(reply), line.stage)
                }
                _ => unreachable!("not enabled"),
            },
            Stage::Waiting | Stage::Again(_) | Stage::Done => unreachable!("not enabled"),
        };
        line.reply = Some(reply);
        line.stage = next;
    }

    /// The store after the backend has revoked the account, where that is possible.
    fn revoked(&self, state: &State) -> Option<Kept<Store>> {
        let account = state.store.accounts.values().next()?;
        let commit = revoke(account, None).ok()?;
        let after = state.store.after(commit.expects(), commit.writes(), None);
        Some(
            self.stores
                .keep(after.expect("nobody else writes meanwhile")),
        )
    }
}
