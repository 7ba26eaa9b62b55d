//! What has happened, as somebody would note it who sees everything.

use countersign::auth::{Account, AccountLevel, Outcome, Standing};
use countersign::registry::{Factor, Purpose};

use super::messages::{Said, bind};
use super::store::Store;
use super::world;

/// What has happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct History {
    faults: u8,
}

/// What must never happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Fault {
    /// An account became full without the assertion for it.
    Unproved = 1,
    /// A full account became headless.
    WentBack = 1 << 1,
    /// An account's id, key or name changed.
    Renamed = 1 << 2,
    /// A full account got another subject.
    Retaken = 1 << 3,
    /// An account that is not active was granted something.
    Inactive = 1 << 4,
    /// An account was frozen of whose device there is no copy.
    FrozenWrongly = 1 << 5,
    /// A headless account was refused its channel for data.
    Unusable = 1 << 6,
}

/// A commit: before, after, and what was said.
#[derive(Clone, Copy, Debug)]
pub struct Committed<'a> {
    /// The store before it.
    pub before: &'a Store,
    /// And after it.
    pub after: &'a Store,
    /// What was decided on, as it was signed.
    pub said: &'a Said,
    /// What it came to.
    pub outcome: &'a Outcome,
    /// Whether there is a thief.
    pub thief: bool,
}

impl History {
    /// Whether that has ever happened.
    pub fn has(&self, fault: Fault) -> bool {
        self.faults & fault as u8 != 0
    }

    /// Notes it, if it happened.
    pub fn note(&mut self, happened: bool, fault: Fault) {
        if happened {
            self.faults |= fault as u8;
        }
    }

    /// A decision was committed.
    pub fn committed(&mut self, commit: Committed<'_>) {
        for (id, before) in &commit.before.accounts {
            match commit.after.accounts.get(id) {
                Some(after) => self.changed(commit, before, after),
                None => self.note(true, Fault::Renamed),
            }
        }
        if let Outcome::Admitted(admitted) = commit.outcome {
            let account = commit.before.accounts.get(&admitted.account);
            let is_inactive = account.is_some_and(|it| it.standing != Standing::Active);
            self.note(is_inactive, Fault::Inactive);
        }
    }

    fn changed(&mut self, commit: Committed<'_>, before: &Account, after: &Account) {
        let same = (before.key, &before.user_name) == (after.key, &after.user_name);
        self.note(!same || before.id != after.id, Fault::Renamed);
        match (before.level, after.level) {
            (AccountLevel::Headless, AccountLevel::Headless) => {}
            (AccountLevel::Headless, AccountLevel::Full(_)) => {
                self.note(!is_proved(commit, after), Fault::Unproved);
            }
            (AccountLevel::Full(_), AccountLevel::Headless) => self.note(true, Fault::WentBack),
            (AccountLevel::Full(was), AccountLevel::Full(is)) => {
                self.note(was != is, Fault::Retaken);
            }
        }
        let froze = before.standing != Standing::Frozen && after.standing == Standing::Frozen;
        self.note(froze && !commit.thief, Fault::FrozenWrongly);
    }
}

/// Whether a PIN was given for exactly this upgrade, once, and whose it was is what is stored.
fn is_proved(commit: Committed<'_>, after: &Account) -> bool {
    let request = &commit.said.request;
    commit.said.proof.is_some_and(|proof| {
        let payload = proof.payload;
        request.purpose == Purpose::Upgrade
            && request.key == after.key
            && payload.purpose == Purpose::Upgrade
            && payload.factor == Factor::Pin
            && payload.bind == bind(request.transcript, after.id)
            && proof.audience == world::server()
            && after.level == AccountLevel::Full(payload.subject)
            && !commit.before.assertions.contains(&payload.id)
            && commit.after.assertions.contains(&payload.id)
    })
}
