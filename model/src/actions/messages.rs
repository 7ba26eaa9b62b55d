//! What is asked of the auth server: by devices, each with the keys it has, and by the backend.

use countersign::auth::action::{Answer, Validation};
use countersign::cose::to_sign;
use countersign::crypto::{PublicKey, sha256};
use countersign::messages::BindInput;
use countersign::messages::action::{Approval, Approve, Challenge, Token};
use countersign::messages::factor::Assertion;
use countersign::registry::{Decision, Factor, Purpose};
use countersign::values::{AssertionId, Bytes, Digest, Type};

use super::world::{self, CODE, Channel, NUMBERS, Which};
use crate::cast::{self, sign};
use crate::clock;
use crate::keep::Kept;
use crate::network::opened;

/// What somebody asks of the server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Job {
    /// The backend tells an action, for the first time or again.
    Start(Which),
    /// A device answers a challenge.
    Answer(Said),
    /// The backend is shown a token for an action, in the attempt with this number.
    Validate(Shown, u8),
    /// The backend withdraws a challenge.
    Cancel(Which),
    /// It ends one whose time has come.
    Expire(Which),
    /// It revokes the owner's credential.
    Revoke,
}

/// An answer, by what is in it: which bytes that makes follows from the challenge.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Said {
    /// To which challenge.
    pub of: Which,
    /// What it says.
    pub say: Say,
    /// For which channel it was signed.
    pub signed: Channel,
    /// Through which it comes.
    pub via: Channel,
    /// Who signed it.
    pub signer: Signer,
    /// What came with it.
    pub proof: Proof,
}

/// What an answer says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Say {
    /// Yes, and the number that is shown where the action was started.
    Yes,
    /// Yes, and another number.
    WrongNumber,
    /// No.
    No,
    /// No, and it was somebody else.
    Fraud,
}

/// Who signed an answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Signer {
    /// The owner, by the key that answers: `K_act`, or `K_dev` where there is none.
    Owner,
    /// A thief who can use the phone's `K_dev`, and whom no prompt of the OS lets through.
    Thief,
    /// The attacker, by the key of his own account.
    Attacker,
}

/// The assertion that came with an answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Proof {
    /// None: nothing was asked, or an app takes the cached one for enough.
    None,
    /// The owner's, for a yes to this challenge in this channel.
    For(Channel),
}

/// A token, and what for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Shown {
    /// The token.
    pub token: Kept<Token>,
    /// Whose challenge it was given for.
    pub from: Which,
    /// The action that the backend is about to do.
    pub about: Which,
}

impl Say {
    /// Whether it is an answer that approves.
    pub fn is_yes(self) -> bool {
        matches!(self, Self::Yes)
    }
}

impl Shown {
    /// What the backend asks, in the attempt with this number.
    pub fn asked(&self, attempt: u8) -> Validation {
        Validation {
            token: *self.token,
            user: world::user(self.about).into(),
            code: CODE.into(),
            action: Some(world::action_id(self.about)),
            idempotency_key: format!("attempt {attempt}"),
        }
    }
}

impl Said {
    /// The answer as the server has it, after the channel carried it. `answers` is the
    /// owner's `K_act`, if there is one.
    pub fn answer(&self, challenge: &Challenge, answers: Option<PublicKey>) -> Answer {
        let (_, key) = world::peer(self.via);
        Answer {
            approve: opened(key, &self.approve(challenge, answers)),
            key,
            channel: world::binding(self.via),
        }
    }

    fn approve(&self, challenge: &Challenge, answers: Option<PublicKey>) -> Approve {
        let assertion = match self.proof {
            Proof::None => None,
            Proof::For(channel) => Some(assertion(challenge, channel)),
        };
        let (account, phone) = world::peer(self.signed);
        let (decision, number) = match self.say {
            Say::Yes => (Decision::Confirm, Some(NUMBERS[0])),
            Say::WrongNumber => (Decision::Confirm, Some(NUMBERS[1])),
            Say::No | Say::Fraud => (Decision::Decline, None),
        };
        let approval = Approval {
            challenge: challenge.id,
            nonce: challenge.nonce,
            hash: challenge.hash(),
            decision,
            account,
            assertion: assertion.as_ref().map(|it| Digest(sha256(&[it]))),
            number: number.filter(|_| challenge.choices.is_some()),
        };
        let key = match self.signer {
            Signer::Owner => answers.unwrap_or(phone),
            Signer::Thief | Signer::Attacker => phone,
        };
        let context = (world::server(), world::binding(self.signed));
        let to_sign = to_sign(&approval, &context, key.kid()).expect("small");
        let signature = sign(&key, to_sign.tbs());
        Approve {
            ty: Type,
            approval: Bytes(to_sign.signed(signature)),
            assertion,
            report_fraud: self.say == Say::Fraud,
        }
    }
}

/// The factor server's word that the owner's PIN was verified for a yes to this
/// challenge in this channel.
fn assertion(challenge: &Challenge, channel: Channel) -> Bytes {
    let bind = BindInput {
        server: world::server(),
        context: world::binding(channel).0,
        account: Some(world::OWNERS_ID),
        purpose: Purpose::Action,
        session: None,
        announce: None,
        user_input: None,
        decision: Some(Decision::Confirm),
        intent: Some(challenge.hash()),
    }
    .bind();
    let assertion = Assertion {
        subject: world::owners_subject(),
        bind,
        factor: Factor::Pin,
        time: clock::NOW,
        purpose: Purpose::Action,
        // What becomes of old ones is the model `identity`'s.
        expiry: clock::NOW.plus(600),
        id: AssertionId([channel; 16]),
    };
    let context = (world::server(), cast::FACTOR_SERVER);
    let to_sign = to_sign(&assertion, &context, cast::statement_kid()).expect("small");
    let signature = sign(&cast::ASSERTIONS, to_sign.tbs());
    Bytes(to_sign.signed(signature))
}
