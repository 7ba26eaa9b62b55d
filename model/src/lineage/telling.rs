//! The steps of this model in the document's words.

use countersign::auth::{Lineage, Standing};

use super::cover::{answer, outcome};
use super::messages::{Errand, Words};
use super::state::{Stage, State};
use super::{Action, Clones};
use crate::story::{Step, Story};

const PHONES: [&str; 2] = ["Device", "Copy"];
const SERVERS: [&str; 2] = ["Auth server A", "Auth server B"];
const BACKEND: &str = "Backend";
const STORE: &str = "Store";

/// The action in a few words.
pub(super) fn name(action: Action) -> String {
    let who = |phone: u8| ["the device", "the copy"][usize::from(phone)];
    let server = |replica: u8| ["A", "B, whose clock is behind"][usize::from(replica)];
    match action {
        Action::Wait => "an hour passes".into(),
        Action::Copy => "the device is copied".into(),
        Action::Begin(phone, errand, replica) => {
            let what = match errand {
                Errand::Login => "a login",
                Errand::Rotate => "a rotation",
                Errand::Resume => "a channel under the new key",
            };
            format!("{} begins {what} at {}", who(phone), server(replica))
        }
        Action::Say(phone) => format!("{} stores, and sends its statement", who(phone)),
        Action::Stop(phone) => format!("{} is stopped", who(phone)),
        Action::Decide(line) => format!("handshake {}: its words arrive", line + 1),
        Action::Commit(line) => format!("handshake {}: commit", line + 1),
        Action::Hear(line) => format!("handshake {}: the answer arrives", line + 1),
        Action::Lift(left, _) => format!("the backend lifts the freeze: {} is left", who(left)),
        Action::Revoke => "the backend revokes the account".into(),
    }
}

impl Story for Clones {
    fn tell(&self, before: &State, action: &Action, after: &State) -> Step {
        let phone = |phone: u8| PHONES[usize::from(phone)];
        let server = |line: u8| {
            let replica = before.talk(line).map_or(0, |talk| talk.replica);
            SERVERS[usize::from(replica)]
        };
        let whose = |line: u8| PHONES[usize::from(before.talk(line).map_or(0, |talk| talk.phone))];
        let mut note = None;
        let (from, to, text) = match *action {
            Action::Wait => (STORE, STORE, name(*action)),
            Action::Copy => (PHONES[0], PHONES[1], name(*action)),
            Action::Begin(who, _, replica) => {
                (phone(who), SERVERS[usize::from(replica)], name(*action))
            }
            Action::Say(who) => {
                let said = after.talks().find_map(|(line, talk)| match talk.stage {
                    Stage::Said(words) if before.talk(line) != Some(talk) => Some(words),
                    _ => None,
                });
                note = said.map(|words| contents(&words));
                (phone(who), phone(who), name(*action))
            }
            Action::Stop(who) => (phone(who), phone(who), name(*action)),
            Action::Decide(line) => {
                note = after.talk(line).and_then(|talk| match talk.stage {
                    Stage::Decided(_, decided) => Some(format!("decided: {}", outcome(&decided))),
                    Stage::Answering(told) => Some(answer(&told)),
                    Stage::Begun | Stage::Said(_) => None,
                });
                if note.is_none() && after.talk(line).is_none() {
                    note = Some("refused, and nobody waits for it".into());
                }
                (whose(line), server(line), name(*action))
            }
            Action::Commit(line) => (server(line), STORE, name(*action)),
            Action::Hear(line) => {
                note = after.talk(line).and_then(|talk| match talk.stage {
                    Stage::Said(words) => Some(contents(&words)),
                    _ => None,
                });
                (server(line), whose(line), name(*action))
            }
            Action::Lift(..) | Action::Revoke => (BACKEND, STORE, name(*action)),
        };
        if before.account != after.account {
            note = Some(account(after));
        }
        Step {
            from,
            to,
            text,
            note,
        }
    }
}

fn contents(words: &Words) -> String {
    match words {
        Words::Statement { statement, .. } => {
            let counter = statement.counter.unwrap_or_default();
            format!("its counter is {counter}")
        }
        Words::Rotate { .. } => "it asks for the rotation".into(),
    }
}

fn account(state: &State) -> String {
    let standing = match state.account.standing {
        Standing::Active => "active",
        Standing::Suspended => "suspended",
        Standing::Revoked => "revoked",
        Standing::Frozen => "frozen",
    };
    match &state.account.lineage {
        Lineage::Followed(last) => {
            format!("the account is {standing}, at counter {}", last.counter)
        }
        Lineage::Open { .. } => format!("the account is {standing}, and open to any counter"),
    }
}
