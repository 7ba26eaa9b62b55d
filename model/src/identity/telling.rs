//! The steps of this model in the document's words.

use countersign::auth::{EnrolmentState, Outcome, SessionState};
use countersign::registry::{Decision, Purpose};

use super::messages::{First, Party, Said};
use super::state::{Stage, State, replica};
use super::store::Store;
use super::world::{ATTACKERS, OWNERS};
use super::{Action, Identity, Scene};
use crate::story::{Step, Story};

const PHONE: &str = "Device";
const OWNER: &str = "Owner";
const ATTACKER: &str = "Attacker";
const THIEF: &str = "Thief";
const FACTOR: &str = "Factor server";
const STORE: &str = "Store";
const BACKEND: &str = "Backend";
const TIME: &str = "Time";
const SERVERS: [&str; 2] = ["Auth server A", "Auth server B"];

/// The action in a few words.
pub(super) fn name(action: Action) -> String {
    let nth = |place: u8| format!("handshake {}", place + 1);
    match action {
        Action::Open => "opens the link".into(),
        Action::Answer(first) => first_of(&first),
        Action::Hear(place) => format!("message_2 of {}", nth(place)),
        Action::HearForged(place) => {
            format!("a forged message_2 in place of that of {}", nth(place))
        }
        Action::Confirm => "confirms".into(),
        Action::Decline => "declines".into(),
        Action::Prove => "the right PIN, and the assertion for it".into(),
        Action::Send => "signs message_3 and sends it".into(),
        Action::Learn => "settled".into(),
        Action::LearnForged => "a forged settlement".into(),
        Action::GiveUp => "crashes, or gives up".into(),
        Action::Steal => "gets hold of the phone".into(),
        Action::Read(place, said) => format!("message_3 of {}: {}", nth(place), statement(&said)),
        Action::ReadGarbled(place) => format!("message_3 of {} with a wrong signature", nth(place)),
        Action::Decide(place) => format!("decides on {}", nth(place)),
        Action::Commit(place) => format!("commit of {}", nth(place)),
        Action::Reply(place) => format!("answers {}", nth(place)),
        Action::Crash(server) => format!("{} crashes", SERVERS[server as usize]),
        Action::Revoke => "revokes the owner's account".into(),
        Action::Tick => "passes".into(),
    }
}

fn first_of(first: &First) -> String {
    let what = match first.ead_1.purpose {
        Purpose::Enrol => "an enrolment",
        _ => "a login",
    };
    match first.by {
        Party::Attacker => format!("message_1 of the attacker for {what}"),
        Party::Owner | Party::Thief => {
            format!(
                "message_1 of the device's flow {} for {what}",
                first.flow + 1
            )
        }
    }
}

/// What is said, in a few words.
pub(super) fn statement(said: &Said) -> String {
    let statement = &said.request.statement;
    let decision = match statement.decision {
        Some(Decision::Confirm) => "confirm",
        Some(Decision::Decline) => "decline",
        None => "no decision",
    };
    let input = match &statement.user_input {
        Some(input) => format!(", user input \"{input}\""),
        None => String::new(),
    };
    let unseen = if statement.announce.is_none() {
        ", no announce hash"
    } else {
        ""
    };
    let proof = match &said.proof {
        None => "no assertion".into(),
        Some(proof) => {
            let whose = match proof.by {
                Party::Owner => "the owner's",
                Party::Thief | Party::Attacker => "the attacker's",
            };
            let is_other = proof.purpose != said.request.purpose;
            let other = if is_other { " of another purpose" } else { "" };
            format!("{whose} assertion{other}")
        }
    };
    let whose = match said.by {
        Party::Owner => "the owner's",
        Party::Thief => "the thief's",
        Party::Attacker => "the attacker's",
    };
    format!("{whose} {decision}{input}{unseen}, {proof}")
}

fn party(by: Party) -> &'static str {
    match by {
        Party::Owner => PHONE,
        Party::Thief => THIEF,
        Party::Attacker => ATTACKER,
    }
}

impl Story for Identity {
    fn tell(&self, before: &State, action: &Action, after: &State) -> Step {
        let server = |place: u8| SERVERS[replica(place)];
        let (from, to) = match *action {
            Action::Open | Action::Confirm | Action::Decline => (OWNER, PHONE),
            Action::Answer(first) => (party(first.by), server(before.line_count())),
            Action::Hear(place) => (server(place), PHONE),
            Action::HearForged(_) | Action::LearnForged => (ATTACKER, PHONE),
            Action::Prove => (FACTOR, PHONE),
            Action::Send | Action::GiveUp => (PHONE, PHONE),
            Action::Learn => match before.phone {
                super::state::Phone::Settling(_, place, _) => (server(place), PHONE),
                _ => (SERVERS[0], PHONE),
            },
            Action::Steal => (THIEF, PHONE),
            Action::Read(place, said) => (party(said.by), server(place)),
            Action::ReadGarbled(place) => (ATTACKER, server(place)),
            Action::Decide(place) => (server(place), server(place)),
            Action::Commit(place) => (server(place), STORE),
            Action::Reply(place) => (server(place), party(before.line(place).opened.first.by)),
            Action::Crash(index) => (SERVERS[index as usize], SERVERS[index as usize]),
            Action::Revoke => (BACKEND, STORE),
            Action::Tick => (TIME, TIME),
        };
        let text = match *action {
            Action::Open => match before.scene {
                Scene::Asked => "opens the link of a login that asks for the PIN".into(),
                Scene::Plain => "opens the link of a login".into(),
                Scene::Enrolment => "opens the link of an enrolment".into(),
            },
            Action::Commit(place) => {
                let Stage::Decided(_, decided) = before.line(place).stage else {
                    unreachable!("not enabled");
                };
                let what = match &decided.outcome {
                    Outcome::Settled(settled) => format!("settled, {:?}", settled.decision),
                    Outcome::Refused(code) => format!("refused, {}", code.number()),
                    Outcome::LoggedIn(_) | Outcome::Admitted(_) => "another outcome".into(),
                };
                let conflict = before
                    .store
                    .after(&decided.expects, &decided.writes, self.weak)
                    .is_none();
                let end = if conflict { "conflict" } else { &*what };
                format!("{}: {end}", name(*action)).to_lowercase()
            }
            _ => name(*action),
        };
        let note = (before.store != after.store).then(|| stored(&after.store));
        Step {
            from,
            to,
            text,
            note,
        }
    }
}

/// The store, in a line.
fn stored(store: &Store) -> String {
    let whose = |id: &countersign::values::AccountId| match *id {
        OWNERS => "the owner",
        ATTACKERS => "the attacker",
        _ => "a new account",
    };
    let mut all = Vec::new();
    for session in store.sessions.values() {
        all.push(match &session.state {
            SessionState::New(_) => "a session is new".to_string(),
            SessionState::Confirmed(it) => {
                format!("a session is confirmed by {}", whose(&it.account))
            }
            SessionState::Rejected(it) => {
                format!("a session is rejected by {}", whose(&it.account))
            }
        });
    }
    for enrolment in store.enrolments.values() {
        all.push(match &enrolment.state {
            EnrolmentState::Open(_) => "the enrolment is open".into(),
            EnrolmentState::Bound(_) => "the enrolment is bound".into(),
        });
    }
    for account in store.accounts.values().filter(|it| it.id != ATTACKERS) {
        let standing = format!("{:?}", account.standing).to_lowercase();
        all.push(format!(
            "the account of {} is {standing}",
            account.user_name
        ));
    }
    all.join(", ")
}
