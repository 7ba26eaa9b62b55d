//! What has happened, as somebody would note it who sees everything.

use countersign::device::{Greeting, KnownServer, Wallet, Wish};
use countersign::messages::handshake::Ead1;
use countersign::values::Version;

use super::edition;
use super::messages::{Origin, Second};
use super::state::Editions;

/// What has happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct History {
    /// The highest epoch that the device has ever used.
    pub epoch: u32,
    /// Whether it has ever used a version.
    pub accepted: bool,
    faults: u8,
}

/// What must never happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Fault {
    /// The device took a version below the highest that both allow.
    Downgraded = 1,
    /// It took an answer to something that it has not said.
    Disagreement = 1 << 1,
    /// It used parameters of an epoch below one that it had used.
    EpochFell = 1 << 2,
    /// It took an identity that does not lead on from the one that it knew.
    IdentityBypassed = 1 << 3,
    /// It took other parameters than those that the link names.
    OtherThanLinked = 1 << 4,
    /// It took another server for the one that it meant.
    OtherServer = 1 << 5,
}

/// What a device has taken: who made it, what it says, and what was known before.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// Who made it.
    pub origin: Origin,
    /// The message.
    pub second: &'a Second,
    /// The server, as authenticated.
    pub server: &'a KnownServer,
    /// What the device had said.
    pub sent: &'a Ead1,
    /// And what for.
    pub facts: &'a Greeting,
    /// What it knew.
    pub wallet: &'a Wallet,
}

impl History {
    /// Whether that has ever happened.
    pub fn has(&self, fault: Fault) -> bool {
        self.faults & fault as u8 != 0
    }

    /// The device took a message_2.
    pub fn took(&mut self, taken: Taken<'_>) {
        let Taken {
            origin,
            second,
            server,
            sent,
            facts,
            wallet,
        } = taken;
        let parameters = &server.parameters;
        let best = highest(&sent.versions, &parameters.versions);
        let is_best = best == Some(second.ead_2.version);
        self.note(!is_best, Fault::Downgraded);
        self.note(second.seen != *sent, Fault::Disagreement);
        self.note(parameters.epoch < self.epoch, Fault::EpochFell);
        let known = wallet.server(parameters.server);
        let leads_on = known.is_none_or(|known| {
            root(origin).is_some_and(|sequence| {
                // Who forks the known key itself cannot be told from its owner.
                u32::from(sequence) >= known.sequence
            })
        });
        self.note(!leads_on, Fault::IdentityBypassed);
        if let Wish::Enrol { parameters } = facts.wish {
            self.note(server.hash != parameters, Fault::OtherThanLinked);
        }
        let is_meant = parameters.server == edition::server();
        self.note(!is_meant, Fault::OtherServer);
        self.epoch = self.epoch.max(parameters.epoch);
        self.accepted = true;
    }

    fn note(&mut self, happened: bool, fault: Fault) {
        if happened {
            self.faults |= fault as u8;
        }
    }
}

/// The highest version in both lists.
pub fn highest(one: &[Version], other: &[Version]) -> Option<Version> {
    let common = one.iter().filter(|version| other.contains(version));
    common.max().copied()
}

/// The sequence of the last real identity key behind a message, if there is one.
pub fn root(origin: Origin) -> Option<u8> {
    match origin {
        // A server, or who has a handshake key: the parameters are real, so at least the first.
        Origin::Server(..) | Origin::Superseded(..) => Some(u8::MAX),
        Origin::OldIdentity(sequence) | Origin::Fork(sequence) => Some(sequence),
        Origin::Usurper | Origin::OtherServer => None,
    }
}

/// Whether what was taken is no edition of the operator's.
pub fn is_forged(editions: &Editions, server: &KnownServer) -> bool {
    (0..editions.count()).all(|index| edition::edition(editions, index).hash() != server.hash)
}
