//! What travels, and who can make it.

use countersign::auth::{EnrolmentState, Lineage, Request};
use countersign::cose::to_sign;
use countersign::crypto::{PublicKey, sha256};
use countersign::messages::BindInput;
use countersign::messages::factor::{Assertion, assertion_id};
use countersign::messages::handshake::{Ead1, Ead2, Statement};
use countersign::registry::{Decision, Factor, Purpose, seconds};
use countersign::values::{
    AccountId, AssertionId, Bind, Bytes, Digest, Pseudonym, RecordId, Rolling, ServerId, SessionId,
    Transcript, UnixSeconds,
};

use super::world::{self, ATTACKERS_KEY, ATTACKERS_NEW_KEY, HOURS_S, hour};
use crate::cast::{self, sign};
use crate::handshake::IdealHandshake;
use crate::versions::edition::attackers_server;

/// Who speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Party {
    /// The owner, with the phone.
    Owner,
    /// A thief who has had the phone.
    Thief,
    /// An attacker with a phone and an account of his own.
    Attacker,
}

/// A message_1.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct First {
    /// Whose.
    pub by: Party,
    /// The number of the flow, if it is the phone's.
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
    /// The session or enrolment that it takes to be claimed.
    pub session: SessionId,
    /// When message_1 came.
    pub began: UnixSeconds,
}

/// An assertion, and what the factor server was asked for it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Proof {
    /// Whose PIN.
    pub by: Party,
    /// What it was given for.
    pub bind: Bind,
    /// And to whom.
    pub audience: ServerId,
    /// What for.
    pub purpose: Purpose,
    /// The phone, as that audience knows it.
    pub subject: Pseudonym,
    /// When.
    pub time: UnixSeconds,
    /// The assertion's id.
    pub id: AssertionId,
}

/// A message_3 whose signature verifies, and who signed it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Said {
    /// Who.
    pub by: Party,
    /// What the server has of it.
    pub request: Request,
    /// The assertion in it.
    pub proof: Option<Proof>,
}

/// What somebody says who is not the owner.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Forgery {
    /// No, by this party.
    No(Party),
    /// Yes, by this party, with that assertion.
    Yes(Party, Brought),
    /// The attacker says yes to something else than was shown.
    Unseen,
    /// The thief says yes with other user input, and the assertion of this flow.
    OtherInput(u8),
    /// The attacker enrols the key of the account that he has.
    SameKey,
}

/// Which assertion is brought.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Brought {
    /// None.
    None,
    /// One that the attacker's own phone and PIN were given for exactly this.
    Own,
    /// The same for another purpose.
    OtherPurpose,
    /// The same for another auth server.
    OtherAudience,
    /// The owner's, of this flow.
    Owners(u8),
}

/// What the device passes on with its confirmation.
pub const USER_INPUT: &str = "1";
/// What a thief passes on instead.
pub const OTHER_INPUT: &str = "2";

impl Proof {
    /// What the factor server signs.
    pub fn assertion(&self) -> Bytes {
        signed(&self.payload(), self.audience)
    }

    /// The assertion, not signed yet.
    pub fn payload(&self) -> Assertion {
        Assertion {
            subject: self.subject,
            bind: self.bind,
            factor: Factor::Pin,
            time: self.time,
            purpose: self.purpose,
            expiry: self.time.plus(seconds::ASSERTION),
            id: self.id,
        }
    }

    /// What the phone of this `K_dsf` gets for its request of this number.
    pub fn new(
        by: Party,
        number: u64,
        (bind, audience, purpose): (Bind, ServerId, Purpose),
        time: UnixSeconds,
    ) -> Self {
        let phone = match by {
            Party::Owner | Party::Thief => cast::OWNERS_PHONE,
            Party::Attacker => cast::ATTACKERS_PHONE,
        };
        Self {
            by,
            bind,
            audience,
            purpose,
            subject: world::subject(&phone, audience),
            time,
            id: assertion_id(RecordId(phone.kid().0), number),
        }
    }
}

/// The assertion under `K_sfa`, for `audience`.
pub fn signed(payload: &Assertion, audience: ServerId) -> Bytes {
    let context = (audience, cast::FACTOR_SERVER);
    let to_sign = to_sign(payload, &context, cast::statement_kid()).expect("small");
    let signature = sign(&cast::ASSERTIONS, to_sign.tbs());
    Bytes(to_sign.signed(signature))
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
            session: Some(self.session),
            transcript: self.transcript,
            began: self.began,
        }
    }
}

/// What the second factor of a statement has to be given for.
pub fn bind(request: &Request, account: Option<AccountId>) -> Bind {
    let said = &request.statement;
    bind_of(request.transcript, request.session, said, account)
}

fn bind_of(
    transcript: Transcript,
    session: Option<SessionId>,
    said: &Statement,
    account: Option<AccountId>,
) -> Bind {
    let hash = |text: &String| Digest(sha256(&[text.as_bytes()]));
    BindInput {
        server: world::server(),
        context: transcript.0,
        account,
        purpose: said.purpose,
        session,
        announce: said.announce,
        user_input: said.user_input.as_ref().map(hash),
        decision: said.decision,
        intent: None,
    }
    .bind()
}

/// What the forger knows when he speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Known {
    /// The counter that the account's next statement has to have.
    pub counter: u64,
    /// And the rolling value.
    pub rolling: Rolling,
    /// The hour.
    pub hour: u8,
}

impl Known {
    /// What the owner of an account knows of its lineage who was always answered.
    pub fn of(lineage: &Lineage, hour: u8) -> Self {
        let (counter, rolling) = match lineage {
            Lineage::Followed(last) => (last.counter + 1, last.next),
            Lineage::Open { .. } => (1, Rolling([0; 16])),
        };
        Self {
            counter,
            rolling,
            hour,
        }
    }
}

/// A statement by a thief or an attacker in the handshake at this place. `owners` is the
/// owner's assertion, where he brings one.
pub fn forge(
    opened: &Opened,
    place: u8,
    forgery: Forgery,
    known: Known,
    owners: Option<&Proof>,
) -> Said {
    let (by, brought) = match forgery {
        Forgery::No(by) => (by, Brought::None),
        Forgery::Yes(by, brought) => (by, brought),
        Forgery::Unseen => (Party::Attacker, Brought::None),
        Forgery::OtherInput(flow) => (Party::Thief, Brought::Owners(flow)),
        Forgery::SameKey => (Party::Attacker, Brought::Own),
    };
    let enrols = opened.purpose == Purpose::Enrol;
    let (key, account) = match (by, enrols) {
        (Party::Owner, _) => unreachable!("the owner forges nothing"),
        (Party::Thief, _) => (world::OWNERS_KEY, Some(world::OWNERS)),
        (Party::Attacker, false) => (ATTACKERS_KEY, Some(world::ATTACKERS)),
        (Party::Attacker, true) if forgery == Forgery::SameKey => (ATTACKERS_KEY, None),
        (Party::Attacker, true) => (ATTACKERS_NEW_KEY, None),
    };
    let shown = opened.ead_2.announce.as_ref().map(|info| info.hash());
    let mut statement = Statement {
        decision: Some(match forgery {
            Forgery::No(_) => Decision::Decline,
            _ => Decision::Confirm,
        }),
        announce: shown.filter(|_| forgery != Forgery::Unseen),
        user_input: match forgery {
            Forgery::OtherInput(_) => Some(OTHER_INPUT.into()),
            _ => None,
        },
        counter: (!enrols).then_some(known.counter),
        rolling: (!enrols).then_some(known.rolling),
        ..Statement::bare(opened.purpose)
    };
    if let (Party::Thief, Brought::Owners(_)) = (by, brought)
        && !matches!(forgery, Forgery::OtherInput(_))
    {
        statement.user_input = Some(USER_INPUT.into());
    }
    let computed = bind_of(opened.transcript, Some(opened.session), &statement, account);
    let (right, here) = (opened.purpose, world::server());
    let other = match right {
        Purpose::Enrol => Purpose::Login,
        _ => Purpose::Enrol,
    };
    // The attacker's phone numbers its requests as any other does.
    let number = 4 * (u64::from(place) * HOURS_S.len() as u64 + u64::from(known.hour));
    let now = hour(known.hour);
    let own = |number, purpose, audience| {
        Proof::new(Party::Attacker, number, (computed, audience, purpose), now)
    };
    let proof = match brought {
        Brought::None => None,
        Brought::Own => Some(own(number + 1, right, here)),
        Brought::OtherPurpose => Some(own(number + 2, other, here)),
        Brought::OtherAudience => Some(own(number + 3, right, attackers_server())),
        Brought::Owners(_) => owners.cloned(),
    };
    statement.assertion = proof.as_ref().map(Proof::assertion);
    Said {
        by,
        request: opened.request(key, &statement),
        proof,
    }
}

/// Whether the enrolment is bound to this key.
pub fn is_bound_to(state: &EnrolmentState, key: &PublicKey) -> bool {
    match state {
        EnrolmentState::Open(_) => false,
        EnrolmentState::Bound(bound) => bound.key == *key,
    }
}
