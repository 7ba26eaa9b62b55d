//! The owner's phone: the shipped states, and a factor server that is ideal.

use countersign::device::confirming::Agreed;
use countersign::device::{
    Backing, Commit, Confirmed, Confirming, EnrolKeys, Greeting, NewKeys, Requirement, UserInput,
    authenticate,
};
use countersign::messages::handshake::{Announce, Ead2};
use countersign::messages::nonce_proof;
use countersign::registry::AUTH_VERSIONS;

use super::Identity;
use super::history::Fault;
use super::messages::{First, Party, Proof, Said, USER_INPUT};
use super::state::{Flow, Phone, State};
use super::steps::Action;
use super::world::{self, OWNERS_NEW_KEYS, hour, owners_nonce};
use crate::cast::{self, Ideal};
use crate::handshake::{IdealHandshake, transcript};

impl Identity {
    /// Whether there is somebody to sign a no.
    pub(super) fn can_decline(asked: &Confirming) -> bool {
        matches!(asked, Confirming::Login(_))
    }

    pub(super) fn take_on_phone(&self, state: &mut State, action: Action) {
        match (action, state.phone) {
            (Action::Open, Phone::Idle) => self.open(state),
            (Action::Hear(place), Phone::Greeting(flow, _)) => self.hear(state, flow, place, false),
            (Action::HearForged(place), Phone::Greeting(flow, _)) => {
                self.hear(state, flow, place, true);
            }
            (Action::Confirm, Phone::Confirming(flow, place, asked)) => {
                self.confirm(state, flow, place, &asked);
            }
            (Action::Decline, Phone::Confirming(flow, place, asked)) => {
                let Confirming::Login(asked) = Confirming::clone(&asked) else {
                    unreachable!("not enabled");
                };
                let choice = asked.choose(None).expect("there is one account");
                let commit = asked.decline(choice);
                state.wallet = self.stored(state.wallet, commit.updates());
                let answering = self.answerings.keep(commit.committed());
                state.phone = Phone::Answering(flow, place, answering);
            }
            (Action::Prove, Phone::Visiting(flow, place, choice)) => {
                let errand = choice.errand();
                let number = u64::from(flow) + 1;
                let what = (errand.bind, errand.audience, errand.purpose);
                let proof = Proof::new(Party::Owner, number, what, hour(state.hour));
                let commit = (*choice).clone().verified(proof.assertion());
                if let Some(sent) = &mut state.flows[flow as usize] {
                    sent.proof = Some(self.proofs.keep(proof));
                }
                state.wallet = self.stored(state.wallet, commit.updates());
                let answering = self.answerings.keep(commit.committed());
                state.phone = Phone::Answering(flow, place, answering);
            }
            (Action::Send, Phone::Answering(flow, place, answering)) => {
                let opened = state.line(place).opened;
                let proof = state.flows[flow as usize].and_then(|flow| flow.proof);
                let has_proof = answering.statement().assertion.is_some();
                let said = Said {
                    by: Party::Owner,
                    request: opened.request(answering.key(), answering.statement()),
                    proof: proof.filter(|_| has_proof).as_deref().cloned(),
                };
                state.line_mut(place).said = Some(self.said.keep(said));
                let settling = self.settlings.keep((*answering).clone().sent());
                state.phone = Phone::Settling(flow, place, settling);
            }
            (Action::Learn | Action::LearnForged, Phone::Settling(_, place, settling)) => {
                let line = *state.line(place);
                let settled = match (action, line.reply) {
                    (Action::Learn, Some(settled)) => (*settled).clone(),
                    _ => Self::false_settlement(state),
                };
                let record = line.opened.sealed_by(world::config().handshake_key);
                if let Ok(commit) = (*settling).clone().settled(record.said(&settled), false) {
                    let wallet = self.stored(state.wallet, commit.updates());
                    let told = commit.committed();
                    state.history.reported(&told, &state.store, &state.wallet);
                    let agrees = line.granted && action == Action::Learn;
                    state
                        .history
                        .note(!agrees && action == Action::Learn, Fault::Disagreement);
                    state.wallet = wallet;
                }
                state.phone = Phone::Idle;
            }
            (Action::GiveUp, _) => state.phone = Phone::Idle,
            _ => unreachable!("not enabled"),
        }
    }

    fn open(&self, state: &mut State) {
        let flow = state.flow_count();
        let facts = begin(state);
        let g_x = [1 + flow; 32];
        let nonce = owners_nonce();
        let proof = nonce_proof(nonce.as_bytes(), world::server(), facts.purpose(), &g_x);
        let first = First {
            by: Party::Owner,
            flow,
            g_x,
            ead_1: facts.ead_1(proof),
        };
        state.flows[flow as usize] = Some(Flow {
            first: self.firsts.keep(first),
            proof: None,
        });
        state.phone = Phone::Greeting(flow, self.greetings.keep(facts));
    }

    /// What the phone makes of a message_2, or of one in its place that the attacker made.
    pub(super) fn hears(
        &self,
        state: &State,
        place: u8,
        forged: bool,
    ) -> Option<Commit<Confirming>> {
        let Phone::Greeting(flow, facts) = state.phone else {
            return None;
        };
        let opened = state.line(place).opened;
        let wallet = &*state.wallet;
        let ead_2 = match forged {
            false => opened.ead_2.clone(),
            true => forged_offer(&opened.ead_2),
        };
        let server = authenticate(
            &facts.expected(wallet),
            ead_2.parameters.as_ref(),
            ead_2.epoch,
            hour(state.hour),
            &Ideal,
        );
        let server = server.ok()?;
        let sent = state.flows[flow as usize]?.first;
        let handshake = IdealHandshake {
            signer: server.parameters().handshake_key,
            transcript: transcript(&sent.ead_1, &sent.g_x, &opened.g_y, &ead_2),
        };
        let offer = match forged {
            false => handshake.unseal(&opened.sealed)?,
            true => handshake.said(&ead_2), // a weak phone does not look who sealed it
        };
        let facts = Greeting::clone(&facts);
        facts
            .greeted(offer, &server, handshake.transcript, wallet)
            .ok()
    }

    fn hear(&self, state: &mut State, flow: u8, place: u8, forged: bool) {
        let Some(commit) = self.hears(state, place, forged) else {
            state.phone = Phone::Idle;
            return;
        };
        state.wallet = self.stored(state.wallet, commit.updates());
        let asked = commit.committed();
        let offered = &state.line(place).opened.ead_2;
        let is_offered = match &asked {
            Confirming::Login(it) => {
                it.announce == offered.announce
                    && it.preselected == offered.account
                    && matches!(it.requirement, Requirement::Factor { .. })
                        == offered.policy.is_some()
            }
            Confirming::Enrol(it) => {
                it.announce == offered.announce && Some(&it.voucher) == offered.voucher.as_ref()
            }
        };
        state.history.note(!is_offered, Fault::FalseOffer);
        state.phone = Phone::Confirming(flow, place, self.confirmings.keep(asked));
    }

    fn confirm(&self, state: &mut State, flow: u8, place: u8, asked: &Confirming) {
        let input = UserInput::new(USER_INPUT.into()).ok();
        match asked.clone() {
            Confirming::Login(asked) => {
                let choice = asked.choose(None).expect("there is one account");
                match asked.confirm(choice, input, Backing::Nothing) {
                    Confirmed::Answer(commit) => {
                        state.wallet = self.stored(state.wallet, commit.updates());
                        let answering = self.answerings.keep(commit.committed());
                        state.phone = Phone::Answering(flow, place, answering);
                    }
                    Confirmed::Factor(decided) => {
                        state.phone = Phone::Visiting(flow, place, self.choices.keep(*decided));
                    }
                }
            }
            Confirming::Enrol(asked) => {
                let needed = asked.keys_needed();
                let made = OWNERS_NEW_KEYS[usize::from(flow > 0)];
                let keys: EnrolKeys = asked
                    .take(NewKeys {
                        device: needed.device.then_some(made),
                        factor: needed.factor.then_some(cast::OWNERS_PHONE),
                        approval: None,
                    })
                    .expect("the keys that are needed");
                let Agreed::Factor(commit) = asked.confirm(keys, input) else {
                    unreachable!("no `K_act` was made");
                };
                state.wallet = self.stored(state.wallet, commit.updates());
                let choice = self.choices.keep(commit.committed());
                state.phone = Phone::Visiting(flow, place, choice);
            }
        }
    }
}

/// What an attacker would like the user to see, and the phone to leave out.
fn forged_offer(real: &Ead2) -> Ead2 {
    let strings = [("to".to_string(), "your bank".to_string())].into();
    Ead2 {
        announce: Some(Announce {
            logo: None,
            strings,
        }),
        ..real.clone()
    }
}

/// A login where there is an account, else an enrolment.
fn begin(state: &State) -> Greeting {
    let (wallet, server) = (&*state.wallet, world::server());
    match (state.scene.session(), state.scene.enrolment()) {
        (Some(session), _) => {
            Greeting::login(wallet, server, session.id, AUTH_VERSIONS).expect("there is an account")
        }
        (None, Some(enrolment)) => {
            let hash = world::parameters().hash();
            Greeting::enrol(wallet, server, hash, enrolment.id, AUTH_VERSIONS)
        }
        (None, None) => unreachable!("a scene has one of them"),
    }
}
