//! A new `K_act` proves its possession (protocol.md, section 15.1).
//!
//! It signs before anything of the enrolment is stored or the factor is asked for: the OS
//! prompts at this, and a prompt that was cancelled leaves the confirmation request open.

use alloc::vec::Vec;

use super::answering::Decided;
use super::confirming::{ConfirmingEnrol, EnrolKeys};
use super::event::UserInput;
use super::wallet::Commit;
use crate::cbor::EncodeError;
use crate::cose::detached_tbs;
use crate::crypto::{PublicKey, Signature};
use crate::messages::credential::ApprovalKey;
use crate::messages::handshake::EnrolmentProof;

/// The user has confirmed an enrolment with a `K_act`; waits for that key's signature.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Registering {
    confirming: ConfirmingEnrol,
    keys: EnrolKeys,
    approval: PublicKey,
    input: Option<UserInput>,
}

impl Registering {
    pub(super) fn new(
        confirming: ConfirmingEnrol,
        keys: EnrolKeys,
        approval: PublicKey,
        input: Option<UserInput>,
    ) -> Self {
        Self {
            confirming,
            keys,
            approval,
            input,
        }
    }

    /// `K_act`.
    pub fn key(&self) -> PublicKey {
        self.approval
    }

    /// What `K_act` signs: the server, this handshake, and the `K_dev` that it goes with.
    ///
    /// # Errors
    /// [`EncodeError`], which no enrolment makes.
    pub fn tbs(&self) -> Result<Vec<u8>, EncodeError> {
        let statement = ApprovalKey {
            server: self.confirming.attempt.server,
            transcript: self.confirming.attempt.transcript,
            device: self.keys.device.kid(),
        };
        detached_tbs(&statement, &(), self.approval.kid())
    }

    /// It has signed; the factor server is next.
    pub fn signed(self, possession: Signature) -> Commit<Decided> {
        let proof = EnrolmentProof {
            key: self.approval,
            signature: possession.normalise_s(),
        };
        self.confirming.decide(self.keys, Some(proof), self.input)
    }

    /// The user has cancelled the OS's prompt: nothing is stored, and the confirmation
    /// request is open (CRD-5).
    pub fn cancelled(self) -> ConfirmingEnrol {
        self.confirming
    }
}
