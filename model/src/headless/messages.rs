//! What travels, and who can make it.

use countersign::auth::Request;
use countersign::cose::to_sign;
use countersign::crypto::PublicKey;
use countersign::device::Account;
use countersign::error::Code;
use countersign::messages::BindInput;
use countersign::messages::app::Admitted;
use countersign::messages::factor::{Assertion, assertion_id};
use countersign::messages::handshake::{Ead1, Ead2, Statement};
use countersign::registry::{Factor, Purpose, seconds};
use countersign::values::{AccountId, Bind, Bytes, RecordId, ServerId, Transcript, UnixSeconds};

use super::world;
use crate::cast::{self, sign};
use crate::clock;
use crate::handshake::IdealHandshake;
use crate::versions::edition::attackers_server;

/// Who speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Party {
    /// The device.
    Device,
    /// A thief who has had it.
    Thief,
}

/// A message_1.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct First {
    /// Whose.
    pub by: Party,
    /// The number of the flow, if it is the device's.
    pub flow: u8,
    /// Its ephemeral key.
    pub g_x: [u8; 32],
    /// What it says.
    pub ead_1: Ead1,
}

/// A message_1 and the message_2 that answers it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Opened {
    /// message_1.
    pub first: First,
    /// The server's ephemeral key.
    pub g_y: [u8; 32],
    /// What the server offers.
    pub ead_2: Ead2,
    /// The same, sealed.
    pub sealed: Vec<u8>,
    /// The transcript of both.
    pub transcript: Transcript,
    /// What the server takes it to be for.
    pub purpose: Purpose,
    /// When message_1 came.
    pub began: UnixSeconds,
}

/// What an assertion says, and to whom.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Proof {
    /// Its payload.
    pub payload: Assertion,
    /// For whom alone it was signed.
    pub audience: ServerId,
}

/// A message_3 whose signature verifies, and who signed it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Said {
    /// Who.
    pub by: Party,
    /// What the server has of it.
    pub request: Request,
    /// What the assertion in it says.
    pub proof: Option<Proof>,
}

/// The server's answer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Reply {
    /// Yes, after a commit.
    Admitted(Admitted),
    /// No.
    Refused(Code),
}

/// Which assertion the thief brings. Each but the first was made by his own phone and PIN.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Brought {
    /// None.
    None,
    /// One for exactly this.
    Own,
    /// One for a login.
    OtherPurpose,
    /// One for another handshake.
    OtherBind,
    /// One for another auth server.
    OtherAudience,
}

/// All that he can bring.
pub const BROUGHT: [Brought; 5] = [
    Brought::None,
    Brought::Own,
    Brought::OtherPurpose,
    Brought::OtherBind,
    Brought::OtherAudience,
];

impl Proof {
    /// What the factor server signs.
    pub fn assertion(&self) -> Bytes {
        let context = (self.audience, cast::FACTOR_SERVER);
        let to_sign = to_sign(&self.payload, &context, cast::statement_kid()).expect("small");
        let signature = sign(&cast::ASSERTIONS, to_sign.tbs());
        Bytes(to_sign.signed(signature))
    }
}

impl Opened {
    /// The handshake, as `signer` seals in it.
    pub fn sealed_by(&self, signer: PublicKey) -> IdealHandshake {
        IdealHandshake {
            signer,
            transcript: self.transcript,
        }
    }

    /// What the server has of a statement that the holder of `key` signs.
    pub fn request(&self, key: PublicKey, statement: &Statement) -> Request {
        Request {
            statement: self.sealed_by(key).said(statement),
            key,
            purpose: self.purpose,
            session: None,
            transcript: self.transcript,
            began: self.began,
        }
    }
}

/// What the second factor of an upgrade has to be given for.
pub fn bind(transcript: Transcript, account: AccountId) -> Bind {
    BindInput {
        server: world::server(),
        context: transcript.0,
        account: Some(account),
        purpose: Purpose::Upgrade,
        session: None,
        announce: None,
        user_input: None,
        decision: None,
        intent: None,
    }
    .bind()
}

/// A thief's upgrade of this account in the handshake at this place.
pub fn forge(opened: &Opened, place: u8, account: &Account, brought: Brought) -> Said {
    let computed = bind(opened.transcript, account.id);
    let elsewhere = bind(Transcript([0x66; 32]), account.id);
    let here = world::server();
    let own = |purpose, bind, audience| Proof {
        payload: Assertion {
            subject: world::subject(&cast::ATTACKERS_PHONE, audience),
            bind,
            factor: Factor::Pin,
            time: clock::NOW,
            purpose,
            expiry: clock::NOW.plus(seconds::ASSERTION),
            // His phone numbers its requests as any other does.
            id: assertion_id(
                RecordId(cast::ATTACKERS_PHONE.kid().0),
                8 * u64::from(place) + brought as u64,
            ),
        },
        audience,
    };
    let proof = match brought {
        Brought::None => None,
        Brought::Own => Some(own(Purpose::Upgrade, computed, here)),
        Brought::OtherPurpose => Some(own(Purpose::Login, computed, here)),
        Brought::OtherBind => Some(own(Purpose::Upgrade, elsewhere, here)),
        Brought::OtherAudience => Some(own(Purpose::Upgrade, computed, attackers_server())),
    };
    let statement = Statement {
        assertion: proof.as_ref().map(Proof::assertion),
        counter: Some(account.counter + 1),
        rolling: Some(account.rolling),
        ..Statement::bare(Purpose::Upgrade)
    };
    Said {
        by: Party::Thief,
        request: opened.request(account.key, &statement),
        proof,
    }
}
