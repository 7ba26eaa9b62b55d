//! Which account meets which words, and what it comes to.

use countersign::auth::{Account, Lineage};

use super::messages::Words;
use super::server::{Decided, Told};
use super::state::{Stage, State};
use super::{Clones, Errand};
use crate::cover::Pair;

impl Clones {
    /// Whatever could arrive now, and each step that a replica is about to take.
    pub(super) fn noted(&self, state: &State, note: &mut dyn FnMut(Pair)) {
        for (line, talk) in state.talks() {
            match talk.stage {
                Stage::Said(words) => {
                    let decided = self.decision(state, line, words);
                    note(Pair {
                        state: class(&state.account).into(),
                        input: said(&state.account, talk.errand, &words).into(),
                        outcome: outcome(&decided).into(),
                    });
                }
                Stage::Decided(_, decided) => note(Pair {
                    state: "server: a decision to commit".into(),
                    input: "commit".into(),
                    outcome: match self.is_in_conflict(state, &decided) {
                        true => "conflict".into(),
                        false => "committed".into(),
                    },
                }),
                Stage::Answering(told) => note(Pair {
                    state: format!("device: waits, for {:?}", talk.errand).into(),
                    input: answer(&told).into(),
                    outcome: "heard".into(),
                }),
                Stage::Begun => {}
            }
        }
    }
}

fn class(account: &Account) -> String {
    let lineage = match account.lineage {
        Lineage::Followed(_) => "followed",
        Lineage::Open { .. } => "open",
    };
    format!("{:?}, {lineage}", account.standing)
}

fn said(account: &Account, errand: Errand, words: &Words) -> String {
    match words {
        Words::Rotate { message, key, .. } => {
            let channel = key_of(account, *key);
            let is_new = if message.key == account.key {
                "the account's key already"
            } else {
                "a new key"
            };
            format!("rotate, {is_new}, in a channel of {channel}")
        }
        Words::Statement { statement, key, .. } => {
            let signer = key_of(account, *key);
            let (counter, rolling) = match account.lineage {
                Lineage::Followed(last) => {
                    let counter = match statement.counter {
                        Some(counter) if counter > last.counter => "counter above",
                        _ => "counter not above",
                    };
                    let rolling = match statement.rolling {
                        Some(rolling) if rolling == last.next => "next",
                        Some(rolling) if rolling == last.current => "current",
                        _ => "another value",
                    };
                    (counter, rolling)
                }
                Lineage::Open { .. } => ("any counter", "any value"),
            };
            format!("{errand:?}, by {signer}, {counter}, {rolling}")
        }
    }
}

fn key_of(account: &Account, key: countersign::crypto::PublicKey) -> &'static str {
    if key == account.key {
        "its key"
    } else {
        "another key"
    }
}

pub(super) fn outcome(decided: &Decided) -> String {
    match decided {
        Decided::Commit { told, .. } => match told {
            Told::Refused(refused) => format!("refused, {}, and frozen", refused.error),
            told => answer(told),
        },
        Decided::Refused(code) => format!("refused, {}", code.number()),
    }
}

pub(super) fn answer(told: &Told) -> String {
    match told {
        Told::Settled(_) => "settled".into(),
        Told::Opened(_) => "opened".into(),
        Told::Rotated(_) => "rotated".into(),
        Told::Refused(refused) => format!("refused, {}", refused.error),
    }
}
