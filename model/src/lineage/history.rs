//! What has happened, as somebody would note it who sees everything.

use countersign::auth::{Account, Lineage, Standing};
use countersign::error::Code;

use super::messages::Words;
use super::server::{self, Told};
use super::state::Talk;

/// What has happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct History {
    /// For each phone: whether, since there are two, it was answered.
    told: [bool; 2],
    /// For each phone: whether, since there are two, the other was accepted after it.
    overtaken: [bool; 2],
    /// Whether there ever were two.
    pub copied: bool,
    /// In which hour the last statement was accepted.
    accepted: u8,
    /// In which hour the account was frozen last.
    pub frozen: u8,
    /// In which hour the freeze was lifted, and whose phone went out of use then.
    pub lifted: Option<(u8, u8)>,
    /// Whether a statement was accepted after the lift.
    pub went_on: bool,
    faults: u8,
}

/// What must never happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Fault {
    /// The account was frozen though no second phone had said anything that was accepted since.
    FrozenAlone = 1,
    /// A phone was followed that had been answered, and then overtaken by the other.
    Unnoticed = 1 << 1,
    /// A phone that was overtaken spoke in a handshake that began later, and the account was not frozen.
    TakenForLate = 1 << 2,
    /// A phone that was out of use at the lift of a freeze was followed.
    Resurrected = 1 << 3,
    /// The phone that was left was refused although its handshake began at the lift or later.
    NotTakenAsItComes = 1 << 4,
    /// An account that was not active was granted something.
    Granted = 1 << 5,
}

impl History {
    /// Whether that has ever happened.
    pub fn has(&self, fault: Fault) -> bool {
        self.faults & fault as u8 != 0
    }

    /// Whether the other phone was accepted after this one.
    pub fn is_overtaken(&self, phone: u8) -> bool {
        self.overtaken[usize::from(phone)]
    }

    /// There are two from now on.
    pub fn copied(&mut self) {
        self.copied = true;
    }

    /// A freeze was lifted, and one phone goes out of use.
    pub fn lifted(&mut self, hour: u8, gone: u8) {
        self.lifted = Some((hour, gone));
        self.went_on = false;
        (self.told, self.overtaken) = ([false; 2], [false; 2]);
    }

    /// The phone heard an answer with a new rolling value.
    pub fn answered(&mut self, phone: u8) {
        self.told[usize::from(phone)] |= self.copied && self.lifted.is_none();
    }

    /// A decision was committed in this hour.
    pub fn committed(
        &mut self,
        talk: &Talk,
        (before, after): (&Account, &Account),
        told: &Told,
        hour: u8,
    ) {
        let is_active = before.standing == Standing::Active;
        match told {
            Told::Refused(_) => {
                let is_frozen = after.standing == Standing::Frozen;
                self.note(!is_frozen, Fault::TakenForLate);
                if is_frozen {
                    let is_gone = self.lifted.is_some_and(|(_, gone)| gone == talk.phone);
                    let is_justified = self.is_overtaken(talk.phone) || is_gone;
                    self.note(!is_justified, Fault::FrozenAlone);
                    self.frozen = hour;
                }
            }
            Told::Rotated(_) => self.note(!is_active, Fault::Granted),
            Told::Settled(_) | Told::Opened(_) => {
                self.note(!is_active, Fault::Granted);
                self.accepted(talk, after);
            }
        }
    }

    fn accepted(&mut self, talk: &Talk, after: &Account) {
        let (own, other) = (usize::from(talk.phone), usize::from(1 - talk.phone));
        self.note(self.told[own] && self.overtaken[own], Fault::Unnoticed);
        let is_gone = self.lifted.is_some_and(|(_, gone)| gone == talk.phone);
        self.note(is_gone, Fault::Resurrected);
        self.overtaken[own] = false;
        self.overtaken[other] = self.copied && self.lifted.is_none();
        self.went_on |= self.lifted.is_some();
        // When it was decided on, which may be before it was committed.
        if let Lineage::Followed(last) = &after.lineage {
            self.accepted = server::hour_of(last.accepted_at);
        }
    }

    /// Words were refused without a commit.
    pub fn refused(&mut self, talk: &Talk, account: &Account, words: &Words, code: Code) {
        let Words::Statement { .. } = words else {
            return;
        };
        if code != Code::CloneSuspected {
            return;
        }
        let began_later = talk.hour > self.accepted;
        let is_late = self.is_overtaken(talk.phone) && began_later;
        self.note(is_late, Fault::TakenForLate);
        let is_after_lift = self.lifted.is_some_and(|(hour, _)| talk.hour >= hour);
        let is_open = matches!(account.lineage, Lineage::Open { .. });
        self.note(is_after_lift && is_open, Fault::NotTakenAsItComes);
    }

    fn note(&mut self, happened: bool, fault: Fault) {
        if happened {
            self.faults |= fault as u8;
        }
    }
}
