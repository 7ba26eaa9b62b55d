//! All requests that can ever be sent, made with the keys of those who send them.

use countersign::cose;
use countersign::crypto::{PublicKey, Signature};
use countersign::factor::Requester;
use countersign::messages::factor::{Create, FactorKey, FactorProof, Verify, Voucher, pseudonym};
use countersign::registry::{Factor, Purpose};
use countersign::values::{Bind, Bytes, Pseudonym, RecordId, Type, VoucherId};
use countersign::verified::Verified;

use crate::cast::{self, detached, sign};
use crate::clock;
use crate::network::{MessageId, opened};

/// The epoch of the store before any restore.
pub const FIRST_EPOCH: u32 = 1;
/// The generation of the first PIN.
const FIRST_GENERATION: u32 = 1;

/// Which request it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// The owner's CREATE with the owner's PIN.
    Create,
    /// A thief's CREATE, under a voucher of an account of his own, with a PIN of his own.
    ThiefsCreate,
    /// The owner's right PIN, under this number.
    Right(u8),
    /// The owner's mistyped PIN, under this number.
    Typo(u8),
    /// A thief's guess, under this number.
    Guess(u8),
    /// What must never be evaluated, under the highest number.
    Junk(Junk),
}

/// Why a request must never be evaluated.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Junk {
    /// Its proof is no signature.
    Malformed,
    /// It is for a PIN that is not live.
    OtherGeneration,
    /// It is for another epoch of the store, the one after a restore.
    OtherEpoch,
    /// It proves a factor that is not registered.
    Biometric,
    /// It came through a channel of another phone.
    OthersChannel,
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

/// What a request says.
#[derive(Clone, Debug)]
pub enum Body {
    /// CREATE, and the place of its voucher in the store's list.
    Create(Verified<Create>, usize),
    /// VERIFY.
    Verify(Verified<Verify>),
}

/// Every request of a model with `numbers` request numbers, in the order of their ids.
pub fn universe(numbers: u8) -> Vec<Message> {
    let mut all = vec![
        create(Kind::Create, 0, &cast::RIGHT_PIN),
        create(Kind::ThiefsCreate, 1, &cast::GUESS),
    ];
    for number in 1..=numbers {
        all.push(verify(Kind::Right(number)));
        all.push(verify(Kind::Typo(number)));
        all.push(verify(Kind::Guess(number)));
    }
    let junk = [
        Junk::Malformed,
        Junk::OtherGeneration,
        Junk::OtherEpoch,
        Junk::Biometric,
        Junk::OthersChannel,
    ];
    all.extend(junk.map(|junk| through(junk, numbers)));
    all
}

/// The id of a request in that list.
///
/// # Panics
/// If there is no such request.
pub fn id_of(universe: &[Message], kind: Kind) -> MessageId {
    let place = universe.iter().position(|message| message.kind == kind);
    MessageId::try_from(place.expect("a request of this model")).expect("few requests")
}

impl Kind {
    /// Whether the thief makes it, alone, as soon as he holds the phone.
    pub fn is_thiefs(self) -> bool {
        match self {
            Self::Create | Self::Right(_) | Self::Typo(_) => false,
            Self::ThiefsCreate | Self::Guess(_) | Self::Junk(_) => true,
        }
    }

    /// Whether it may be evaluated, if it comes in order while the store is in `epoch`.
    pub fn may_be_evaluated_in(self, epoch: u32) -> bool {
        match self {
            Self::Right(_) | Self::Typo(_) | Self::Guess(_) => true,
            Self::Junk(Junk::OtherEpoch) => epoch != FIRST_EPOCH,
            Self::Create | Self::ThiefsCreate | Self::Junk(_) => false,
        }
    }

    /// Whether its proof is by the owner's PIN and for what it says.
    pub fn is_right(self) -> bool {
        matches!(self, Self::Right(_))
    }
}

/// The record of the owner's phone.
pub fn owners_record() -> RecordId {
    owners_requester().record()
}

/// What the auth server knows that record by.
pub fn subject(requester: &Requester) -> Pseudonym {
    pseudonym(&cast::PSEUDONYMS, requester.record(), cast::AUTH_SERVER)
}

/// What a VERIFY is for; each of the owner's and the thief's is for another login.
pub fn bind(kind: Kind, number: u8) -> Bind {
    let who = u8::from(kind.is_thiefs());
    let mut bind = [0xb0; 32];
    bind[0] = who;
    bind[1] = number;
    Bind(bind)
}

/// The owner's phone at the other end of a channel.
pub fn owners_requester() -> Requester {
    Requester::new(cast::OWNERS_PHONE, cast::OWNERS_CHANNEL)
}

fn create(kind: Kind, voucher: usize, pin: &PublicKey) -> Message {
    let possession = FactorKey {
        record: owners_record(),
        generation: FIRST_GENERATION,
        key: *pin,
        channel: cast::OWNERS_CHANNEL,
    };
    let request = Create {
        ty: Type,
        voucher: signed_voucher(voucher),
        pin_key: *pin,
        possession: sign(pin, &detached(&possession, pin)),
        biometric: None,
    };
    Message {
        kind,
        requester: owners_requester(),
        body: Body::Create(opened(cast::OWNERS_PHONE, &request), voucher),
    }
}

fn signed_voucher(place: usize) -> Bytes {
    let voucher = Voucher {
        issuer: cast::AUTH_SERVER,
        factor_server: cast::FACTOR_SERVER,
        id: VoucherId([place as u8; 16]),
        expiry: clock::NOW.plus(1000),
    };
    let context = (cast::FACTOR_SERVER,);
    let to_sign = cose::to_sign(&voucher, &context, cast::VOUCHERS.kid()).expect("small");
    let signature = sign(&cast::VOUCHERS, to_sign.tbs());
    Bytes(to_sign.signed(signature))
}

fn verify(kind: Kind) -> Message {
    let (number, pin) = match kind {
        Kind::Right(number) => (number, cast::RIGHT_PIN),
        Kind::Typo(number) => (number, cast::TYPO),
        Kind::Guess(number) => (number, cast::GUESS),
        Kind::Create | Kind::ThiefsCreate | Kind::Junk(_) => unreachable!("no plain VERIFY"),
    };
    let request = proved(bare(kind, number), &pin);
    Message {
        kind,
        requester: owners_requester(),
        body: Body::Verify(opened(cast::OWNERS_PHONE, &request)),
    }
}

fn through(junk: Junk, number: u8) -> Message {
    let kind = Kind::Junk(junk);
    let bare = bare(kind, number);
    let (phone, channel) = match junk {
        Junk::OthersChannel => (cast::ATTACKERS_PHONE, cast::ATTACKERS_CHANNEL),
        Junk::Malformed | Junk::OtherGeneration | Junk::OtherEpoch | Junk::Biometric => {
            (cast::OWNERS_PHONE, cast::OWNERS_CHANNEL)
        }
    };
    let request = match junk {
        Junk::Malformed => bare,
        Junk::OtherGeneration => {
            let generation = FIRST_GENERATION + 1;
            proved(Verify { generation, ..bare }, &cast::GUESS)
        }
        Junk::OtherEpoch => {
            let store_epoch = FIRST_EPOCH + 1;
            proved(
                Verify {
                    store_epoch,
                    ..bare
                },
                &cast::GUESS,
            )
        }
        Junk::Biometric => {
            let factor = Factor::Biometric;
            proved(Verify { factor, ..bare }, &cast::GUESS)
        }
        Junk::OthersChannel => proved(bare, &cast::GUESS),
    };
    Message {
        kind,
        requester: Requester::new(phone, channel),
        body: Body::Verify(opened(phone, &request)),
    }
}

/// A VERIFY whose proof is still missing.
fn bare(kind: Kind, number: u8) -> Verify {
    Verify {
        ty: Type,
        request_number: number.into(),
        store_epoch: FIRST_EPOCH,
        generation: FIRST_GENERATION,
        factor: Factor::Pin,
        purpose: Purpose::Login,
        bind: bind(kind, number),
        audience: cast::AUTH_SERVER,
        proof: cast::NO_SIGNATURE,
    }
}

/// The same with a proof by `pin`.
fn proved(request: Verify, pin: &PublicKey) -> Verify {
    let statement = FactorProof {
        record: owners_record(),
        store_epoch: request.store_epoch,
        generation: request.generation,
        request_number: request.request_number,
        purpose: request.purpose,
        bind: request.bind,
    };
    let proof: Signature = sign(pin, &detached(&statement, pin));
    Verify { proof, ..request }
}
