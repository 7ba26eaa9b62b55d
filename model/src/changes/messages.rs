//! All requests that can ever be sent, made with the keys of those who send them.

use std::collections::HashMap;

use countersign::crypto::PublicKey;
use countersign::factor::{Operation, Requester};
use countersign::messages::BindInput;
use countersign::messages::factor::{
    AddBiometric, AskStatus, BiometricGone, FactorKey, FactorProof, RemoveBiometric, SetPin, Verify,
};
use countersign::registry::{Factor, Purpose};
use countersign::values::{Bind, ChannelBinding, Type};
use countersign::verified::Verified;

use super::Bounds;
use crate::cast::{self, detached, sign};
use crate::network::opened;

/// The place of a request in the list of all.
pub type Id = u16;

/// How many channels the owner's phone can open, at most, one after the other.
pub const OWNERS: u8 = 3;
/// The channel that a thief opens with the owner's phone.
pub const THIEFS: u8 = OWNERS;
/// The channel of a phone that is the attacker's own.
pub const OTHERS: u8 = OWNERS + 1;
/// All of them.
pub const LINES: usize = OWNERS as usize + 2;
/// The epoch of the store.
pub const EPOCH: u32 = 1;

/// Which request it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Kind {
    /// Through which channel.
    pub line: u8,
    /// What it says.
    pub ask: Ask,
}

/// What a request says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ask {
    /// ask-status, and what a server says of its own accord in a new channel.
    Status,
    /// VERIFY, under this number and generation.
    Verify(By, Errand, u8, u8),
    /// set-pin, naming this generation.
    SetPin(NewPin, u8),
    /// add-biometric, of the finger of who sends it, while this generation is live.
    Add(u8),
    /// remove-biometric.
    Remove,
    /// biometric-gone.
    Gone,
}

/// Who proves to be there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum By {
    /// The owner, by the PIN of the generation.
    Pin,
    /// The owner, by a finger.
    Finger,
    /// A thief who guesses the PIN wrongly.
    Guess,
    /// A thief, by his own finger.
    WrongFinger,
}

/// What a factor is given for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Errand {
    /// A login at an auth server.
    Login,
    /// A change of the record.
    Change(Operation),
}

/// What is wrong with a new PIN, if anything is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NewPin {
    /// Nothing.
    Good,
    /// It names the generation after the next.
    Skipping,
    /// Its possession is signed by another key.
    Unpossessed,
    /// It is the thief's.
    Thiefs,
}

/// A request as it arrived: opened, decoded, and whose channel it was.
#[derive(Clone, Debug)]
pub struct Message {
    /// Which.
    pub kind: Kind,
    /// Whose channel.
    pub requester: Requester,
    /// What it says.
    pub body: Body,
}

/// A decoded request.
#[derive(Clone, Debug)]
pub enum Body {
    /// ask-status.
    Status(Verified<AskStatus>),
    /// VERIFY.
    Verify(Verified<Verify>),
    /// set-pin.
    SetPin(Verified<SetPin>),
    /// add-biometric.
    Add(Verified<AddBiometric>),
    /// remove-biometric.
    Remove(Verified<RemoveBiometric>),
    /// biometric-gone.
    Gone(Verified<BiometricGone>),
}

/// Every request within the bounds, and where each is.
pub struct Universe {
    all: Vec<Message>,
    places: HashMap<Kind, Id>,
}

impl Universe {
    /// All of them.
    pub fn new(bounds: &Bounds) -> Self {
        let mut kinds = Vec::new();
        for line in 0..bounds.channels {
            kinds.extend(
                asks_of_owner(bounds)
                    .into_iter()
                    .map(|ask| Kind { line, ask }),
            );
        }
        for line in [THIEFS, OTHERS] {
            kinds.extend(
                asks_of_thief(bounds)
                    .into_iter()
                    .map(|ask| Kind { line, ask }),
            );
        }
        let places = (0..).zip(&kinds).map(|(place, kind)| (*kind, place));
        Self {
            places: places.collect(),
            all: kinds.into_iter().map(message).collect(),
        }
    }

    /// The request with this id.
    pub fn get(&self, id: Id) -> &Message {
        &self.all[usize::from(id)]
    }

    /// Its id.
    ///
    /// # Panics
    /// If there is no such request within the bounds.
    pub fn id(&self, kind: Kind) -> Id {
        *self.places.get(&kind).expect("a request of this model")
    }

    /// The ids of all that go through `line`.
    pub fn through(&self, line: u8) -> impl Iterator<Item = Id> {
        let all = (0..).zip(&self.all);
        all.filter(move |(_, message)| message.kind.line == line)
            .map(|(id, _)| id)
    }
}

/// The PIN's public key of each generation, from 1 on.
pub fn pin_of(generation: u8) -> PublicKey {
    match generation {
        1 => cast::RIGHT_PIN,
        2 => cast::NEW_PIN,
        _ => cast::NEWEST_PIN,
    }
}

/// The purpose of a VERIFY.
pub fn purpose(errand: Errand) -> Purpose {
    match errand {
        Errand::Login => Purpose::Login,
        Errand::Change(Operation::PinChange) => Purpose::PinChange,
        Errand::Change(Operation::BiometricsAdd) => Purpose::BiometricsAdd,
        Errand::Change(Operation::BiometricsRemove) => Purpose::BiometricsRemove,
    }
}

/// Who is at the other end of a channel.
pub fn requester(line: u8) -> Requester {
    match line {
        OTHERS => Requester::new(cast::ATTACKERS_PHONE, channel(line)),
        _ => Requester::new(cast::OWNERS_PHONE, channel(line)),
    }
}

/// The owner's phone, in the channel of whoever asks.
pub fn owner_in(line: u8) -> Requester {
    Requester::new(cast::OWNERS_PHONE, channel(line))
}

fn channel(line: u8) -> ChannelBinding {
    match line {
        OTHERS => cast::ATTACKERS_CHANNEL,
        _ => cast::owners_channel(line),
    }
}

/// The three changes.
pub const OPERATIONS: [Operation; 3] = [
    Operation::PinChange,
    Operation::BiometricsAdd,
    Operation::BiometricsRemove,
];

fn asks_of_owner(bounds: &Bounds) -> Vec<Ask> {
    let mut asks = vec![Ask::Status, Ask::Remove, Ask::Gone];
    for generation in 1..=bounds.generations {
        // One number more than anybody sends: for what would be evaluated now.
        for number in 1..=bounds.numbers + 1 {
            let mut verify = |by, errand| asks.push(Ask::Verify(by, errand, number, generation));
            for by in [By::Pin, By::Finger] {
                verify(by, Errand::Login);
                for operation in OPERATIONS {
                    verify(by, Errand::Change(operation));
                }
            }
        }
        asks.push(Ask::Add(generation));
        asks.push(Ask::SetPin(NewPin::Good, generation + 1));
        asks.push(Ask::SetPin(NewPin::Unpossessed, generation + 1));
        asks.push(Ask::SetPin(NewPin::Skipping, generation + 2));
    }
    asks
}

fn asks_of_thief(bounds: &Bounds) -> Vec<Ask> {
    let mut asks = vec![Ask::Status, Ask::Remove, Ask::Gone];
    for generation in 1..=bounds.generations {
        for number in 1..=bounds.numbers {
            let mut verify = |by, errand| asks.push(Ask::Verify(by, errand, number, generation));
            verify(By::Guess, Errand::Login);
            verify(By::WrongFinger, Errand::Login);
            if !bounds.change_by_finger {
                verify(By::Finger, Errand::Login);
                for operation in OPERATIONS {
                    verify(By::Finger, Errand::Change(operation));
                }
            }
        }
        asks.push(Ask::Add(generation));
        asks.push(Ask::SetPin(NewPin::Thiefs, generation + 1));
    }
    asks
}

fn message(kind: Kind) -> Message {
    let requester = requester(kind.line);
    let phone = requester.device();
    let body = match kind.ask {
        Ask::Status => Body::Status(opened(phone, &AskStatus::default())),
        Ask::Verify(by, errand, number, generation) => {
            let request = verify(kind.line, by, errand, number, generation);
            Body::Verify(opened(phone, &request))
        }
        Ask::SetPin(new, generation) => {
            Body::SetPin(opened(phone, &set_pin(kind.line, new, generation)))
        }
        Ask::Add(generation) => Body::Add(opened(phone, &add(kind.line, generation))),
        Ask::Remove => Body::Remove(opened(phone, &RemoveBiometric::default())),
        Ask::Gone => Body::Gone(opened(phone, &BiometricGone::default())),
    };
    Message {
        kind,
        requester,
        body,
    }
}

fn verify(line: u8, by: By, errand: Errand, number: u8, generation: u8) -> Verify {
    let purpose = purpose(errand);
    let (bind, audience) = match errand {
        Errand::Login => (Bind([number; 32]), cast::AUTH_SERVER),
        Errand::Change(_) => {
            let input = BindInput::management(cast::FACTOR_SERVER, channel(line), purpose);
            (input.bind(), cast::FACTOR_SERVER)
        }
    };
    let statement = FactorProof {
        record: owner_in(line).record(),
        store_epoch: EPOCH,
        generation: generation.into(),
        request_number: number.into(),
        purpose,
        bind,
    };
    let (factor, key) = match by {
        By::Pin => (Factor::Pin, pin_of(generation)),
        By::Finger => (Factor::Biometric, cast::FINGER),
        By::Guess => (Factor::Pin, cast::GUESS),
        By::WrongFinger => (Factor::Biometric, cast::THIEFS_FINGER),
    };
    Verify {
        ty: Type,
        request_number: number.into(),
        store_epoch: EPOCH,
        generation: generation.into(),
        factor,
        purpose,
        bind,
        audience,
        proof: sign(&key, &detached(&statement, &key)),
    }
}

fn set_pin(line: u8, new: NewPin, generation: u8) -> SetPin {
    let pin_key = match new {
        NewPin::Good | NewPin::Skipping => pin_of(generation),
        NewPin::Unpossessed | NewPin::Thiefs => cast::THIEFS_PIN,
    };
    let signer = match new {
        NewPin::Unpossessed => cast::RIGHT_PIN,
        _ => pin_key,
    };
    let statement = factor_key(line, generation, pin_key);
    SetPin {
        ty: Type,
        generation: generation.into(),
        pin_key,
        possession: sign(&signer, &detached(&statement, &pin_key)),
        biometric: None,
    }
}

fn add(line: u8, generation: u8) -> AddBiometric {
    let key = match line {
        THIEFS | OTHERS => cast::THIEFS_FINGER,
        _ => cast::FINGER,
    };
    let statement = factor_key(line, generation, key);
    AddBiometric {
        ty: Type,
        key,
        possession: sign(&key, &detached(&statement, &key)),
    }
}

/// What a new key signs to prove its possession.
pub fn factor_key(line: u8, generation: u8, key: PublicKey) -> FactorKey {
    FactorKey {
        record: owner_in(line).record(),
        generation: generation.into(),
        key,
        channel: channel(line),
    }
}
