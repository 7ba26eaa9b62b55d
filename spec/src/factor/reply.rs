//! From a committed answer to the verdict that the device gets.

use alloc::vec::Vec;

use super::{Answered, Config, Outcome};
use crate::cbor::EncodeError;
use crate::cose::{self, ToSign};
use crate::crypto::Signature;
use crate::error::Code;
use crate::messages::factor::Verdict;
use crate::values::{Bytes, Type};

/// What is left to do before an answer can leave.
#[derive(Debug)]
pub enum Reply {
    /// Nothing.
    Verdict(Verdict),
    /// `K_sfa` has to sign the assertion.
    Assertion(AssertionToSign),
}

/// A success whose assertion waits for the signature of `K_sfa`.
///
/// A repeated request gets the same payload under a new signature (FAC-4).
#[derive(Debug)]
pub struct AssertionToSign {
    answered: Answered,
    assertion: ToSign,
}

impl Answered {
    /// The reply to the device.
    ///
    /// # Errors
    /// [`EncodeError`]; an assertion has a fixed shape, so it does not occur.
    pub fn reply(self, config: &Config) -> Result<Reply, EncodeError> {
        match self.outcome {
            Outcome::Right(asserted) => {
                let context = (asserted.audience, config.server);
                let to_sign = cose::to_sign(&asserted.assertion, &context, config.statement_kid)?;
                Ok(Reply::Assertion(AssertionToSign {
                    answered: self,
                    assertion: to_sign,
                }))
            }
            Outcome::Managed | Outcome::Wrong | Outcome::Blocked => {
                Ok(Reply::Verdict(self.verdict(None)))
            }
        }
    }

    fn verdict(&self, assertion: Option<Bytes>) -> Verdict {
        Verdict {
            ty: Type,
            request_number: self.number,
            outcome: match self.outcome {
                Outcome::Right(_) | Outcome::Managed => 0,
                Outcome::Wrong => Code::WrongFactor.number(),
                Outcome::Blocked => Code::Blocked.number(),
            },
            failed_attempts: self.failed_attempts,
            max_attempts: self.max_attempts.get(),
            blocked: self.failed_attempts >= self.max_attempts.get(),
            delay_s: self.delay_s,
            pin_needed: self.pin_needed,
            assertion,
        }
    }
}

impl AssertionToSign {
    /// The bytes for `K_sfa` to sign.
    pub fn tbs(&self) -> &[u8] {
        self.assertion.tbs()
    }

    /// The verdict with the signed assertion in it.
    pub fn signed(self, signature: Signature) -> Verdict {
        let assertion: Vec<u8> = self.assertion.signed(signature);
        self.answered.verdict(Some(Bytes(assertion)))
    }
}
