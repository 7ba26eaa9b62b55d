//! The answer is signed and sent, and the server says what it came to.

use super::super::answering::code_of;
use super::super::event::Outcome;
use super::asking::{Answer, Asking};
use super::entering::Aim;
use crate::cbor::EncodeError;
use crate::cose::{ToSign, to_sign};
use crate::crypto::{PublicKey, Signature};
use crate::error::{Code, Refusal};
use crate::messages::action::{Approve, Approved};
use crate::messages::channel::Refused;
use crate::registry::Decision;
use crate::values::{AccountId, Bytes, ServerId, Type};
use crate::verified::Verified;

/// Waits for the signature of `K_act`, or of `K_dev` where there is none.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Signing {
    asking: Asking,
    answer: Answer,
    assertion: Option<Bytes>,
}

/// The answer is out.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Answered {
    asking: Asking,
    answer: Answer,
    message: Approve,
}

impl Signing {
    pub(super) fn new(asking: Asking, answer: Answer, assertion: Option<Bytes>) -> Self {
        Self {
            asking,
            answer,
            assertion,
        }
    }

    /// Who signs (CRD-4).
    pub fn key(&self) -> PublicKey {
        self.asking.opened.account.answers_with()
    }

    /// Whether the OS asks its user before that key signs, who may cancel it.
    pub fn prompts(&self) -> bool {
        self.asking.opened.account.approval_key.is_some()
    }

    /// What that key signs.
    ///
    /// # Errors
    /// [`EncodeError`], which no challenge that was accepted makes.
    pub fn to_sign(&self) -> Result<ToSign, EncodeError> {
        let opened = &self.asking.opened;
        let approval = self.asking.approval(&self.answer, self.assertion.as_ref());
        let context = (opened.account.server, opened.channel);
        to_sign(&approval, &context, self.key().kid())
    }

    /// The answer is signed and leaves.
    ///
    /// # Errors
    /// As [`to_sign`](Self::to_sign).
    pub fn signed(self, signature: Signature) -> Result<Answered, EncodeError> {
        let approval = Bytes(self.to_sign()?.signed(signature));
        let message = Approve {
            ty: Type,
            approval,
            assertion: self.assertion,
            report_fraud: matches!(self.answer, Answer::No { report_fraud: true }),
        };
        Ok(Answered {
            asking: self.asking,
            answer: self.answer,
            message,
        })
    }

    /// The user has cancelled the OS's prompt: nothing is sent, and the question is
    /// open again (CRD-5).
    pub fn cancelled(self) -> Asking {
        self.asking
    }
}

impl Answered {
    /// What to send.
    pub fn message(&self) -> &Approve {
        &self.message
    }

    /// The server has committed: the one way to a success.
    ///
    /// # Errors
    /// [`Code::Structure`] if it committed something else than was signed, or gives a
    /// token for a no, or none for a yes. The flow is over.
    pub fn approved(self, approved: &Verified<Approved>) -> Result<Outcome, Refusal> {
        match (self.answer.decision(), approved.decision, approved.token) {
            (Decision::Confirm, Decision::Confirm, Some(token)) => Ok(Outcome::Approved(token)),
            (Decision::Decline, Decision::Decline, None) => Ok(Outcome::Rejected),
            _ => Err(Code::Structure.into()),
        }
    }

    /// The server has refused.
    pub fn refused(self, refused: &Verified<Refused>) -> Outcome {
        Outcome::Failed(code_of(refused))
    }

    /// The channel broke, and what became of the answer is not known: it is given again,
    /// in another channel (CHA-14).
    pub fn again(self) -> ((ServerId, AccountId), Aim) {
        self.asking.again(self.answer)
    }
}
