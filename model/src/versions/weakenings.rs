//! The device and the server, each time without one guard.

use countersign::device::{Expected, Greeting};
use countersign::messages::handshake::{Ead1, Ead2};
use countersign::messages::parameters::Parameters;
use countersign::values::Version;
use countersign::verified::Verified;

use super::{Bounds, Versions, edition, properties as p};
use crate::handshake::IdealHandshake;
use crate::weaken::Expected::Broken;
use crate::weaken::Weakened;

/// Which guard is missing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Weak {
    /// The device takes whatever version is chosen.
    TakeAnyChoice,
    /// message_2 does not cover message_1.
    UnboundOffer,
    /// The device does not compare epochs.
    TakeAnyEpoch,
    /// It does not store the parameters that it has seen.
    ForgetParameters,
    /// It follows every succession from the first key.
    BypassKnown,
    /// It does not compare the link's hash.
    IgnoreLink,
    /// It does not compare whom it has reached with whom it has meant.
    TakeAnyServer,
    /// The server chooses the lowest version.
    ChooseLowest,
    /// The server takes the order of the list for a preference.
    ChooseFirst,
}

impl Weak {
    /// What the server hands to the transition function in place of EAD_1.
    pub fn heard(weak: Option<Self>, seen: &Ead1, allowed: &[Version]) -> Ead1 {
        let common = |version: &&Version| allowed.contains(version);
        let common = seen.versions.iter().filter(common);
        let only = match weak {
            Some(Self::ChooseLowest) => common.min(),
            Some(Self::ChooseFirst) => common.into_iter().next(),
            _ => None,
        };
        let mut heard = seen.clone();
        if let Some(only) = only {
            heard.versions = vec![*only];
        }
        heard
    }

    /// What the device remembers of whom to expect.
    pub fn expected<'w>(
        weak: Option<Self>,
        expected: Expected<'w>,
        claimed: &Ead2,
    ) -> Expected<'w> {
        match weak {
            Some(Self::TakeAnyEpoch) if claimed.parameters.is_some() => {
                let known = expected.known.map(|known| {
                    let mut known = known.clone();
                    known.parameters.epoch = 0;
                    &*Box::leak(Box::new(known))
                });
                Expected { known, ..expected }
            }
            Some(Self::BypassKnown) if claimed.parameters.is_some() => Expected {
                known: None,
                ..expected
            },
            Some(Self::IgnoreLink) => Expected {
                link: None,
                ..expected
            },
            Some(Self::TakeAnyServer) if claimed.epoch > edition::MAX_EDITIONS as u32 => Expected {
                server: edition::attackers_server(),
                known: None,
                link: None,
                ..expected
            },
            _ => expected,
        }
    }

    /// What the device believes to have said.
    pub fn said(weak: Option<Self>, sent: Ead1, seen: &Ead1) -> Ead1 {
        match weak {
            Some(Self::UnboundOffer) => seen.clone(),
            _ => sent,
        }
    }

    /// What it hands to the transition function in place of EAD_2.
    pub fn offer(
        weak: Option<Self>,
        handshake: IdealHandshake,
        offer: Verified<Ead2>,
        facts: &Greeting,
        parameters: &Parameters,
    ) -> Verified<Ead2> {
        let common = |version: &&Version| parameters.versions.contains(version);
        let highest = facts.versions.iter().filter(common).max();
        match (weak, highest) {
            (Some(Self::TakeAnyChoice), Some(highest)) => handshake.said(&Ead2 {
                version: *highest,
                ..Ead2::clone(&offer)
            }),
            _ => offer,
        }
    }
}

/// Every weakening, by name.
pub fn all() -> Vec<Weakened<Versions>> {
    macro_rules! weakened {
        ($($name:literal $weak:ident $change:literal $expected:expr;)+) => {
            vec![$(Weakened {
                name: $name,
                change: $change,
                expected: const { $expected },
                model: || Versions::new(Bounds::SMALL, Some(Weak::$weak)),
            }),+]
        };
    }
    weakened! {
        "take-any-choice" TakeAnyChoice
            "the device takes whatever version is chosen" Broken(p::S6);
        "unbound-offer" UnboundOffer
            "message_2 does not cover message_1" Broken(p::S5);
        "take-any-epoch-of-parameters" TakeAnyEpoch
            "the device does not compare epochs" Broken(p::S11);
        "forget-parameters" ForgetParameters
            "the device does not store the parameters that it has seen" Broken(p::S11);
        "bypass-known-identity" BypassKnown
            "the device follows every succession from the first key" Broken(p::PAR_1);
        "ignore-link" IgnoreLink
            "the device does not compare the link's hash" Broken(p::PAR_5);
        "take-any-server" TakeAnyServer
            "the device does not compare whom it has reached with whom it has meant" Broken(p::PAR_2);
        "choose-lowest" ChooseLowest
            "the server chooses the lowest version" Broken(p::VER_2);
        "choose-first" ChooseFirst
            "the server takes the order of the list for a preference" Broken(p::VER_2);
    }
}
