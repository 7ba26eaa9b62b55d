//! The device: the shipped states, and its visit to the factor server.

use countersign::device::app::Millis;
use countersign::device::entry::{Calling, Entrant, Next};
use countersign::device::{Backing, Creating, Update, Wallet, authenticate, upgrade};
use countersign::messages::channel::Refused;
use countersign::messages::handshake::{Ead1, Ead2};
use countersign::registry::{AUTH_VERSIONS, FACTOR_VERSIONS, Level, ServerKind};
use countersign::values::{Transcript, Type};
use countersign::verified::Verified;

use super::Headless;
use super::messages::{First, Party, Reply, Said};
use super::state::{Phone, State};
use super::steps::Action;
use super::weakenings::Weak;
use super::world;
use crate::cast::{self, Ideal};
use crate::clock;
use crate::handshake::{IdealHandshake, transcript};
use crate::keep::Kept;

/// What the device has of a message_2.
struct Heard {
    server: countersign::device::Authenticated,
    transcript: Transcript,
    offer: Verified<Ead2>,
}

impl Headless {
    /// Whether the app's request for data needs a channel that asks nobody.
    pub(super) fn can_ask_for_data(state: &State) -> bool {
        let mut accounts = state.wallet.accounts.iter();
        accounts.all(|account| account.level == Level::Headless)
    }

    /// The upgrade of the account that the device has.
    pub(super) fn upgrade_of(state: &State) -> Option<upgrade::Greeting> {
        let account = state.wallet.accounts.first()?;
        let who = (world::server(), account.id);
        upgrade::Greeting::new(&state.wallet, who, AUTH_VERSIONS, FACTOR_VERSIONS).ok()
    }

    pub(super) fn take_on_phone(&self, state: &mut State, action: Action) {
        match (action, state.phone) {
            (Action::AskForData, Phone::Idle) => self.ask_for_data(state),
            (Action::BeginUpgrade, Phone::Idle) => {
                let facts = Self::upgrade_of(state).expect("enabled");
                let flow = self.begin(state, facts.ead_1());
                state.phone = Phone::Greeting(flow, self.greetings.keep(facts));
            }
            (Action::Hear(place), phone) => self.hear(state, place, phone),
            (Action::Equip, Phone::Equipping(place, facts)) => {
                let key = facts.key_needed().map(|_| cast::OWNERS_PHONE);
                let equipment = facts.take(key).expect("the key that is needed");
                let commit = upgrade::Equipping::clone(&facts).equipped(equipment);
                self.store(state, commit.updates());
                state.phone = Phone::Upgrading(place, self.upgradings.keep(commit.committed()));
            }
            (Action::Create, Phone::Upgrading(_, facts)) => {
                let created = state.factors.created(&facts.errand());
                state.factors = self.factors.keep(created.expect("the voucher is good"));
            }
            (Action::Prove, Phone::Upgrading(place, facts)) => self.prove(state, place, &facts),
            (Action::Send, Phone::Entering(place, facts)) => {
                let opened = state.line(place).opened;
                let said = Said {
                    by: Party::Device,
                    request: opened.request(facts.key(), facts.statement()),
                    proof: None,
                };
                state.line_mut(place).said = Some(self.said.keep(said));
                let settling = self.admittings.keep((*facts).clone().sent());
                state.phone = Phone::Admitting(place, settling);
            }
            (Action::Send, Phone::Answering(place, proof, facts)) => {
                let opened = state.line(place).opened;
                let account = &state.wallet.accounts[0];
                let said = Said {
                    by: Party::Device,
                    request: opened.request(account.key, facts.statement()),
                    proof: Some(proof),
                };
                state.line_mut(place).said = Some(self.said.keep(said));
                let settling = self.settlings.keep((*facts).clone().sent());
                state.phone = Phone::Settling(place, settling);
            }
            (Action::Learn, phone) => self.learn(state, phone),
            (Action::GiveUp, _) => state.phone = Phone::Idle,
            _ => unreachable!("not enabled"),
        }
    }

    /// HEADLESS-1, HEADLESS-12: the account that there is, or the key of one that was begun, or a
    /// new key, which is stored first.
    fn ask_for_data(&self, state: &mut State) {
        let server = world::server();
        let known = state.wallet.accounts.first();
        let known = known.map(|account| Creating {
            server,
            key: account.key,
        });
        let creating = known.or(state.wallet.creating).unwrap_or_else(|| {
            let key = world::new_key(state.flow_count());
            let creating = Creating { server, key };
            self.store(state, &[Update::Creating(creating)]);
            creating
        });
        let entrant = Entrant::Headless(creating);
        let facts = Calling::new(entrant, &state.wallet, AUTH_VERSIONS);
        let flow = self.begin(state, facts.ead_1());
        state.phone = Phone::Calling(flow, self.callings.keep(facts));
    }

    fn begin(&self, state: &mut State, ead_1: Ead1) -> u8 {
        let flow = state.flow_count();
        let first = First {
            by: Party::Device,
            flow,
            g_x: [1 + flow; 32],
            ead_1,
        };
        state.flows[flow as usize] = Some(self.firsts.keep(first));
        flow
    }

    fn heard(&self, state: &State, place: u8, flow: u8) -> Option<Heard> {
        let opened = state.line(place).opened;
        let sent = state.flows[flow as usize]?;
        let expected = countersign::device::Expected {
            server: world::server(),
            kind: ServerKind::Auth,
            known: state.wallet.server(world::server()),
            link: None,
            trust: countersign::device::Trust::Pinned,
        };
        let ead_2 = &opened.ead_2;
        let parameters = ead_2.parameters.as_ref();
        let server = authenticate(&expected, parameters, ead_2.epoch, clock::NOW, &Ideal).ok()?;
        let handshake = IdealHandshake {
            signer: server.parameters().handshake_key,
            transcript: transcript(&sent.ead_1, &sent.g_x, &opened.g_y, ead_2),
        };
        Some(Heard {
            offer: handshake.unseal(&opened.sealed)?,
            transcript: handshake.transcript,
            server,
        })
    }

    fn hear(&self, state: &mut State, place: u8, phone: Phone) {
        state.phone = match phone {
            Phone::Calling(flow, facts) => {
                let heard = self.heard(state, place, flow).expect("it is honest");
                let facts = Calling::clone(&facts);
                let commit =
                    facts.greeted(&heard.offer, &heard.server, heard.transcript, &state.wallet);
                let commit = commit.expect("the offer is honest");
                self.store(state, commit.updates());
                let Next::Enter(commit) = commit.committed().go_on(Backing::Nothing, Millis(0))
                else {
                    unreachable!("no policy is ever met by a headless account");
                };
                self.store(state, commit.updates());
                Phone::Entering(place, self.enterings.keep(commit.committed()))
            }
            Phone::Greeting(flow, facts) => {
                let heard = self.heard(state, place, flow).expect("it is honest");
                let facts = upgrade::Greeting::clone(&facts);
                let commit =
                    facts.greeted(heard.offer, &heard.server, heard.transcript, &state.wallet);
                let commit = commit.expect("the offer is honest");
                self.store(state, commit.updates());
                Phone::Equipping(place, self.equippings.keep(commit.committed()))
            }
            _ => unreachable!("not enabled"),
        };
    }

    /// The right PIN, under a number that is stored before it is used (FAC-7).
    fn prove(&self, state: &mut State, place: u8, facts: &upgrade::Upgrading) {
        let registration = state.wallet.registration(cast::FACTOR_SERVER);
        let number = registration.expect("equipped").request_number + 1;
        let server = cast::FACTOR_SERVER;
        self.store(state, &[Update::RequestNumber { server, number }]);
        let verified = state.factors.verified(&facts.errand(), number);
        let (factors, proof, assertion) = verified.expect("the PIN is right");
        state.factors = self.factors.keep(factors);
        let commit = facts.clone().verified(assertion);
        self.store(state, commit.updates());
        let answering = self.answerings.keep(commit.committed());
        state.phone = Phone::Answering(place, proof, answering);
    }

    fn learn(&self, state: &mut State, phone: Phone) {
        let (Phone::Admitting(place, _) | Phone::Settling(place, _)) = phone else {
            unreachable!("not enabled");
        };
        let line = *state.line(place);
        let reply = line.reply.expect("enabled");
        let record = line.opened.sealed_by(world::config().handshake_key);
        let wallet = &state.wallet;
        let updates = match (phone, &*reply) {
            (Phone::Admitting(_, facts), Reply::Admitted(admitted)) => {
                let admitted = record.said(admitted);
                let commit = (*facts).clone().admitted(admitted, false, wallet);
                commit.map(|commit| commit.updates().to_vec())
            }
            (Phone::Admitting(_, facts), Reply::Refused(code)) => {
                let refused = record.said(&refused(code.number()));
                let commit = (*facts).clone().refused(&refused, wallet);
                Ok(commit.updates().to_vec())
            }
            (Phone::Settling(_, facts), Reply::Admitted(admitted)) => {
                let commit = (*facts).clone().admitted(record.said(admitted));
                commit.map(|commit| commit.updates().to_vec())
            }
            (Phone::Settling(_, facts), Reply::Refused(code)) => {
                let refused = record.said(&refused(code.number()));
                let commit = (*facts).clone().refused(&refused);
                Ok(commit.updates().to_vec())
            }
            _ => unreachable!("not enabled"),
        };
        state.phone = Phone::Idle;
        self.store(state, &updates.unwrap_or_default());
    }

    fn store(&self, state: &mut State, updates: &[Update]) {
        let mut wallet = Wallet::clone(&state.wallet);
        for update in updates {
            if !Weak::is_forgotten(self.weak, update) {
                wallet.apply(update.clone());
            }
        }
        let wallet: Kept<Wallet> = self.wallets.keep(wallet);
        state.wallet = wallet;
    }
}

fn refused(error: u16) -> Refused {
    Refused { ty: Type, error }
}
