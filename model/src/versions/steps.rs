//! What can happen next, and what it changes.

use countersign::device::{Authenticated, Commit, Confirming, Greeting, Wallet, authenticate};
use countersign::error::{Code, Refusal};
use countersign::messages::handshake::Ead1;
use countersign::values::SessionId;

use super::Versions;
use super::edition::{self, edition, lists};
use super::history::{Taken, is_forged};
use super::messages::{Choice, Origin, Second, Tamper, answer, ead_1, forge, g_x};
use super::state::{Answering, Device, State};
use super::weakenings::Weak;
use crate::cast::Ideal;
use crate::clock;
use crate::handshake::{IdealHandshake, transcript};

/// One step of somebody.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// The operator publishes an edition.
    Publish,
    /// The same, under a new identity key.
    Rotate,
    /// A server learns of the newest edition.
    Deploy(u8),
    /// The device begins a handshake.
    Begin,
    /// The device gets a message_2.
    Receive(Origin),
    /// The device forgets the handshake.
    GiveUp,
}

/// What the device makes of a message_2.
pub(super) type Received = Result<(Authenticated, Commit<Confirming>), Refusal>;

impl Versions {
    /// Lists the actions that change the state.
    pub(super) fn enabled(&self, state: &State, actions: &mut Vec<Action>) {
        if state.editions.count() < self.bounds.editions {
            actions.extend([Action::Publish, Action::Rotate]);
        }
        for (index, running) in (0..).zip(state.running) {
            if running < state.editions.newest() {
                actions.push(Action::Deploy(index));
            }
        }
        match state.device {
            Device::Idle if state.flows < self.bounds.flows => actions.push(Action::Begin),
            Device::Idle | Device::Deceived => {}
            Device::Greeting(facts, answers) => {
                for origin in self.origins(state, answers) {
                    if self.receive(state, &facts, origin).is_ok() {
                        actions.push(Action::Receive(origin));
                    }
                }
                actions.push(Action::GiveUp);
            }
        }
    }

    /// Everybody who could make a message_2 now.
    pub(super) fn origins(&self, state: &State, answers: Answering) -> Vec<Origin> {
        let mut all = vec![Origin::Usurper, Origin::OtherServer];
        for index in 0..state.editions.count() {
            if answers.has(index) {
                all.extend(Tamper::ALL.map(|tamper| Origin::Server(index, tamper)));
            }
            if index < state.editions.newest() {
                all.push(Origin::Superseded(index, Choice::Highest));
                all.push(Origin::Superseded(index, Choice::Lowest));
            }
        }
        for sequence in 0..state.editions.identity() {
            all.extend([Origin::OldIdentity(sequence), Origin::Fork(sequence)]);
        }
        all
    }

    /// Changes the state by one of its enabled actions.
    pub(super) fn take(&self, state: &mut State, action: Action) {
        match (action, state.device) {
            (Action::Publish, _) => state.editions.publish(false),
            (Action::Rotate, _) => state.editions.publish(true),
            (Action::Deploy(index), _) => {
                let newest = state.editions.newest();
                state.running[index as usize] = newest;
                if let Device::Greeting(_, answering) = &mut state.device {
                    answering.add(newest);
                }
            }
            (Action::Begin, _) => {
                state.flows += 1;
                let facts = self.greetings.keep(begin(state));
                state.device = Device::Greeting(facts, Answering::by(state.running));
            }
            (Action::Receive(origin), Device::Greeting(facts, _)) => {
                self.accept(state, &facts, origin);
            }
            (Action::GiveUp, _) => state.device = Device::Idle,
            (Action::Receive(_), _) => unreachable!("not enabled"),
        }
    }

    /// What a server that runs this edition answers.
    pub(super) fn answer(
        &self,
        state: &State,
        facts: &Greeting,
        running: u8,
        tamper: Tamper,
    ) -> Result<Second, Refusal> {
        let sent = ead_1(facts, state.flows);
        let edition = edition(&state.editions, running);
        answer(&edition, tamper.of(&sent), state.flows, self.weak)
    }

    fn made(&self, state: &State, facts: &Greeting, origin: Origin) -> Result<Second, Refusal> {
        match origin {
            Origin::Server(index, tamper) => self.answer(state, facts, index, tamper),
            _ => {
                let sent = ead_1(facts, state.flows);
                Ok(forge(&state.editions, origin, sent, state.flows))
            }
        }
    }

    /// What the device makes of it, by the shipped functions.
    pub(super) fn receive(&self, state: &State, facts: &Greeting, origin: Origin) -> Received {
        let second = self.made(state, facts, origin)?;
        let wallet = &*state.wallet;
        let claimed = &second.ead_2;
        let expected = Weak::expected(self.weak, facts.expected(wallet), claimed);
        let server = authenticate(
            &expected,
            claimed.parameters.as_ref(),
            claimed.epoch,
            clock::NOW,
            &Ideal,
        )?;
        let sent = Weak::said(self.weak, ead_1(facts, state.flows), &second.seen);
        let handshake = IdealHandshake {
            signer: server.parameters().handshake_key,
            transcript: transcript(&sent, &g_x(state.flows), &second.g_y, claimed),
        };
        let offer = handshake
            .unseal(&second.sealed)
            .ok_or(Code::ServerNotAuthenticated)?;
        let offer = Weak::offer(self.weak, handshake, offer, facts, server.parameters());
        let commit = facts
            .clone()
            .greeted(offer, &server, handshake.transcript, wallet)?;
        Ok((server, commit))
    }

    fn accept(&self, state: &mut State, facts: &Greeting, origin: Origin) {
        let received = self.receive(state, facts, origin);
        let (server, commit) = received.expect("only enabled actions are taken");
        let second = self.made(state, facts, origin).expect("it was received");
        let sent: Ead1 = ead_1(facts, state.flows);
        state.history.took(Taken {
            origin,
            second: &second,
            server: server.server(),
            sent: &sent,
            facts,
            wallet: &state.wallet,
        });
        let mut wallet = Wallet::clone(&state.wallet);
        if self.weak != Some(Weak::ForgetParameters) {
            for update in commit.updates() {
                wallet.apply(update.clone());
            }
        }
        state.wallet = self.wallets.keep(wallet);
        state.device = match is_forged(&state.editions, server.server()) {
            true => Device::Deceived,
            false => Device::Idle,
        };
    }
}

/// A login where there is an account, else an enrolment under a link of the newest edition.
fn begin(state: &State) -> Greeting {
    let (wallet, server) = (&*state.wallet, edition::server());
    let versions = &lists()[state.list as usize];
    let session: SessionId = edition::session().id;
    Greeting::login(wallet, server, session, versions).unwrap_or_else(|_| {
        let hash = edition(&state.editions, state.editions.newest()).hash();
        let id = edition::enrolment().id;
        Greeting::enrol(wallet, server, hash, id, versions)
    })
}
