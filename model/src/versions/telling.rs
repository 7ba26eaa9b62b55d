//! The steps of this model in the document's words.

use super::messages::{Choice, Origin, Tamper};
use super::state::State;
use super::{Action, Versions, edition};
use crate::story::{Step, Story};

const DEVICE: &str = "Device";
const OPERATOR: &str = "Operator";
const NETWORK: &str = "Network";
const ATTACKER: &str = "Attacker";
const SERVERS: [&str; 2] = ["Auth server A", "Auth server B"];

/// The action in a few words.
pub(super) fn name(action: Action) -> String {
    let server = |index: u8| ["A", "B"][index as usize];
    match action {
        Action::Publish => "the operator publishes an edition of the parameters".into(),
        Action::Rotate => "the operator publishes an edition under a new identity key".into(),
        Action::Deploy(index) => format!("{} runs the newest edition", server(index)),
        Action::Begin => "the device sends message_1".into(),
        Action::Receive(origin) => format!("the device takes message_2 of {}", maker(origin)),
        Action::GiveUp => "the device gives up".into(),
    }
}

fn change(tamper: Tamper) -> &'static str {
    match tamper {
        Tamper::Not => "as it was sent",
        Tamper::WithoutHighest => "its highest version taken away",
        Tamper::OnlyLowest => "only its lowest version left",
        Tamper::Reversed => "its versions in the opposite order",
        Tamper::NoEpoch => "its epoch taken away",
        Tamper::FirstEpoch => "its epoch set to 1",
    }
}

pub(super) fn maker(origin: Origin) -> String {
    match origin {
        Origin::Server(index, tamper) => {
            format!("edition {} to message_1, {}", index + 1, change(tamper))
        }
        Origin::Superseded(index, choice) => {
            let version = match choice {
                Choice::Highest => "the highest version",
                Choice::Lowest => "the lowest version",
            };
            let index = index + 1;
            format!("an attacker with the handshake key of edition {index}, with {version}")
        }
        Origin::OldIdentity(sequence) => {
            format!("an attacker with identity key {sequence}, with new parameters under it")
        }
        Origin::Fork(sequence) => {
            format!("an attacker with identity key {sequence}, who names a successor of his own")
        }
        Origin::Usurper => "an attacker with a first identity key of his own".into(),
        Origin::OtherServer => "another server, the attacker's".into(),
    }
}

impl Story for Versions {
    fn tell(&self, before: &State, action: &Action, after: &State) -> Step {
        let (from, to, text) = match *action {
            Action::Publish | Action::Rotate => {
                let newest = after.editions.newest();
                let versions = edition::edition(&after.editions, newest)
                    .parameters
                    .versions;
                let list: Vec<_> = versions
                    .iter()
                    .map(|version| format!("{}.{}", version.major, version.minor))
                    .collect();
                let text = format!("{}, with versions {}", name(*action), list.join(", "));
                (OPERATOR, OPERATOR, text)
            }
            Action::Deploy(index) => (OPERATOR, SERVERS[index as usize], name(*action)),
            Action::Begin => {
                let known = before.wallet.server(edition::server());
                let epoch = match known {
                    Some(known) => format!("epoch {} known", known.parameters.epoch),
                    None => "no parameters known".into(),
                };
                (DEVICE, NETWORK, format!("message_1, {epoch}"))
            }
            Action::Receive(Origin::Server(..)) => (SERVERS[0], DEVICE, name(*action)),
            Action::Receive(_) => (ATTACKER, DEVICE, name(*action)),
            Action::GiveUp => (DEVICE, DEVICE, "gives up".into()),
        };
        let note = (before.wallet != after.wallet).then(|| {
            let known = after.wallet.servers.first();
            known.map_or_else(String::new, |known| {
                let (epoch, sequence) = (known.parameters.epoch, known.sequence);
                format!("the device now knows epoch {epoch}, identity key {sequence}")
            })
        });
        Step {
            from,
            to,
            text,
            note,
        }
    }
}
