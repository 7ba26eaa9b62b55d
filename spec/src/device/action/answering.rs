//! The answer is signed and sent, and the server says what it came to.

use super::super::answering::code_of;
use super::asking::Asking;
use crate::cbor::EncodeError;
use crate::cose::{ToSign, to_sign};
use crate::crypto::{PublicKey, Signature};
use crate::error::{Code, Refusal};
use crate::messages::action::{Approval, Approve, Approved, Token};
use crate::messages::channel::Refused;
use crate::registry::Decision;
use crate::values::{Bytes, Type};
use crate::verified::Verified;

/// Waits for the signature of `K_act`, or of `K_dev` where there is none.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Signing {
    asking: Asking,
    approval: Approval,
    assertion: Option<Bytes>,
    report_fraud: bool,
}

/// The answer is out; it may be [repeated](Self::message) byte for byte in the same channel.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Answered {
    message: Approve,
    decision: Decision,
}

/// How it ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// The server has committed the yes; the token is for the app's backend.
    Approved(Token),
    /// The server has committed the no.
    Rejected,
    /// Neither, for this reason.
    Failed(Code),
}

impl Signing {
    pub(super) fn new(
        asking: Asking,
        approval: Approval,
        assertion: Option<Bytes>,
        report_fraud: bool,
    ) -> Self {
        Self {
            asking,
            approval,
            assertion,
            report_fraud,
        }
    }

    /// Who signs (CRD-4).
    pub fn key(&self) -> PublicKey {
        self.asking.approver.key()
    }

    /// What that key signs.
    ///
    /// # Errors
    /// [`EncodeError`], which no challenge that was accepted makes.
    pub fn to_sign(&self) -> Result<ToSign, EncodeError> {
        let context = (self.asking.approver.account.server, self.asking.channel);
        to_sign(&self.approval, &context, self.key().kid())
    }

    /// The answer is signed and leaves.
    ///
    /// # Errors
    /// As [`to_sign`](Self::to_sign).
    pub fn signed(self, signature: Signature) -> Result<Answered, EncodeError> {
        let approval = Bytes(self.to_sign()?.signed(signature));
        Ok(Answered {
            decision: self.approval.decision,
            message: Approve {
                ty: Type,
                approval,
                assertion: self.assertion,
                report_fraud: self.report_fraud,
            },
        })
    }

    /// The user has cancelled the OS's prompt: nothing is sent, and the question is
    /// open again (CRD-5). The error is for the app.
    pub fn cancelled(self) -> (Asking, Refusal) {
        (self.asking, Code::PromptCancelled.into())
    }
}

impl Answered {
    /// What to send, and to send again.
    pub fn message(&self) -> &Approve {
        &self.message
    }

    /// The server has committed: the one way to a success.
    ///
    /// # Errors
    /// [`Code::Structure`] if it committed something else than was signed, or gives a
    /// token for a no, or none for a yes. The flow is over.
    pub fn approved(self, approved: &Verified<Approved>) -> Result<Outcome, Refusal> {
        match (self.decision, approved.decision, approved.token) {
            (Decision::Confirm, Decision::Confirm, Some(token)) => Ok(Outcome::Approved(token)),
            (Decision::Decline, Decision::Decline, None) => Ok(Outcome::Rejected),
            _ => Err(Code::Structure.into()),
        }
    }

    /// The server has refused.
    pub fn refused(self, refused: &Verified<Refused>) -> Outcome {
        Outcome::Failed(code_of(refused))
    }
}
