//! Device, server and channel, each time without one guard.

use countersign::auth::Desk;
use countersign::channel::recompute::Place;
use countersign::channel::{ChannelError, Direction};
use countersign::registry::Level;
use countersign::values::IdempotencyKey;

use super::records::{Receiver, Sealed, Way};
use super::state::{Job, Places};
use super::{Bounds, Data, properties as p};
use crate::weaken::Expected::{self, Broken, Harmless};
use crate::weaken::Weakened;

/// Which guard is missing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Weak {
    /// After a renewal numbers begin at 0 under the keys that there were.
    RenewNothing,
    /// Both directions have the keys of one.
    OneKey,
    /// Every handshake leads to the same secret.
    OneSecret,
    /// An end opens lower numbers again.
    TakeReplays,
    /// An end goes on at a higher number.
    SkipGaps,
    /// An end goes on after a wrong tag.
    GoOnAfterTag,
    /// A request stays open after its answer.
    KeepAnswered,
    /// A request stays open after its cancel.
    KeepCancelled,
    /// The requests of a channel that is lost are forgotten.
    ForgetLoss,
    /// The server answers under the id of another request.
    AnswerOther,
    /// It does not remember ids.
    ForgetIds,
    /// It remembers the level from when the channel was opened.
    OldLevel,
    /// It does not tell the idempotency key.
    DropKey,
    /// The device sends everything again when its channel is lost.
    AskAgainByItself,
    /// The server answers what was cancelled.
    AnswerCancelled,
}

impl Weak {
    /// Where the keys and nonce of that place are taken from.
    pub fn place(weak: Option<Self>, place: Place) -> Place {
        match weak {
            Some(Self::RenewNothing) => Place {
                generation: 0,
                ..place
            },
            Some(Self::OneKey) => Place {
                direction: Direction::ToResponder,
                ..place
            },
            _ => place,
        }
    }

    /// Which handshake's secret a channel has.
    pub fn handshake(weak: Option<Self>, channel: u8) -> u8 {
        match weak {
            Some(Self::OneSecret) => 0,
            _ => channel,
        }
    }

    /// What the receiver waits for when this record arrives.
    pub fn receiver(weak: Option<Self>, receiver: Receiver, sealed: &Sealed) -> Receiver {
        let same_keys = sealed.way.generation == receiver.next.generation;
        let is_taken = match weak {
            Some(Self::TakeReplays) => same_keys && sealed.way < receiver.next,
            Some(Self::SkipGaps) => same_keys && sealed.way > receiver.next,
            _ => false,
        };
        match is_taken {
            true => Receiver {
                next: sealed.way,
                ..receiver
            },
            false => receiver,
        }
    }

    /// What it waits for after it has taken the record in that place.
    pub fn taken(weak: Option<Self>, next: Way, taken: Way) -> Way {
        match weak {
            Some(Self::TakeReplays) if taken < next => next,
            Some(Self::SkipGaps) => taken.next(),
            _ => next.next(),
        }
    }

    /// Whether an end goes on after a record that closes a channel.
    pub fn goes_on(weak: Option<Self>, error: ChannelError, places: &mut Places) -> bool {
        let goes_on = weak == Some(Self::GoOnAfterTag) && error == ChannelError::Tag;
        if goes_on {
            places.receiving = places.receiving.next();
        }
        goes_on
    }

    /// The requests that a server knows of when another comes.
    pub fn desk(weak: Option<Self>, desk: &mut Desk) -> &mut Desk {
        if weak == Some(Self::ForgetIds) {
            *desk = Desk::default();
        }
        desk
    }

    /// The level that it tells.
    pub fn level(weak: Option<Self>, now: Level, opened_at: Level) -> Level {
        match weak {
            Some(Self::OldLevel) => opened_at,
            _ => now,
        }
    }

    /// The idempotency key that it tells.
    pub fn key(weak: Option<Self>, key: Option<IdempotencyKey>) -> Option<IdempotencyKey> {
        key.filter(|_| weak != Some(Self::DropKey))
    }

    /// The id under which a job's answer goes out.
    pub fn answered(weak: Option<Self>, jobs: &[Job], job: usize) -> u64 {
        let is_other = |other: &&Job| !other.answered && other.channel == jobs[job].channel;
        let other = jobs.iter().find(is_other);
        match (weak, other) {
            (Some(Self::AnswerOther), Some(other)) => other.forward.id,
            _ => jobs[job].forward.id,
        }
    }
}

/// Every weakening, by name.
pub fn all() -> Vec<Weakened<Data>> {
    macro_rules! weakened {
        ($($name:literal $weak:ident $change:literal $expected:expr;)+) => {
            vec![$(Weakened {
                name: $name,
                change: $change,
                expected: const { $expected },
                model: || Data::new(Bounds::SMALL, Some(Weak::$weak)),
            }),+]
        };
    }
    weakened! {
        "renew-nothing" RenewNothing
            "after a renewal numbers begin at 0 under the keys that there were" Broken(p::D1);
        "one-key-both-ways" OneKey
            "both directions of a channel have the keys of one" Broken(p::D1);
        "one-secret" OneSecret
            "every handshake leads to the same secret" Broken(p::D1);
        "take-replays" TakeReplays
            "an end opens records with lower numbers again" Broken(p::D2);
        "skip-gaps" SkipGaps
            "an end goes on at a higher number" Broken(p::D2);
        "go-on-after-tag" GoOnAfterTag
            "an end goes on after a wrong tag" Broken(p::D2);
        "keep-answered" KeepAnswered
            "the device keeps a request open after its answer" Broken(p::D3);
        "keep-cancelled" KeepCancelled
            "the device keeps a request open after its cancel" Broken(p::D3_CANCELLED);
        "forget-loss" ForgetLoss
            "the device forgets the requests of a channel that is lost" Broken(p::D3_EXACT);
        "answer-other" AnswerOther
            "the server answers under the id of another request" Broken(p::D3_ANSWER);
        "forget-ids" ForgetIds
            "the server does not remember which ids it has taken" Broken(p::D4);
        "old-level" OldLevel
            "the server tells the level from when the channel was opened" Broken(p::D5);
        "ask-again-by-itself" AskAgainByItself
            "the device sends everything again when its channel is lost" Broken(p::DATA_8);
        "drop-key" DropKey
            "the server does not tell the idempotency key" Broken(p::DATA_9);
        "answer-cancelled" AnswerCancelled
            "the server answers what was cancelled" ANSWER_CANCELLED;
    }
}

const ANSWER_CANCELLED: Expected = Harmless(
    "the device has finished the request, and ignores what comes for it (DATA-5): each party guards for both",
);
