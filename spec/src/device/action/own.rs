//! What a device does about its own credential (protocol.md, section 15.4).

use alloc::vec::Vec;

use super::super::answering::code_of;
use super::super::event::{AccountName, Outcome};
use super::super::wallet::{Account, Commit, Update};
use super::entering::{Aim, Opened};
use crate::cbor::EncodeError;
use crate::cose::detached_tbs;
use crate::crypto::{PublicKey, Signature};
use crate::error::{Code, Refusal};
use crate::messages::channel::Refused;
use crate::messages::credential::{CredentialDeleted, DeleteCredential, Rotate, Rotated, Rotation};
use crate::values::{AccountId, Kid, ServerId, Type};
use crate::verified::Verified;

/// Waits for the new key's proof of possession. Both keys are stored (CRD-10).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Changing {
    account: Account,
    rotation: Rotation,
}

/// The request is out.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Rotating {
    account: Account,
    message: Rotate,
}

/// The request is out.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Deleting {
    account: Account,
}

impl Changing {
    pub(super) fn new(opened: Opened, key: PublicKey) -> Self {
        Self {
            rotation: Rotation {
                account: opened.account.id,
                key,
                channel: opened.channel,
            },
            account: opened.account,
        }
    }

    /// What the new key signs.
    ///
    /// # Errors
    /// [`EncodeError`], which no account makes.
    pub fn tbs(&self) -> Result<Vec<u8>, EncodeError> {
        detached_tbs(&self.rotation, &(), self.key())
    }

    /// Names the new key.
    pub fn key(&self) -> Kid {
        self.rotation.key.kid()
    }

    /// The new key has signed.
    pub fn signed(self, possession: Signature) -> Rotating {
        Rotating {
            account: self.account,
            message: Rotate {
                ty: Type,
                key: self.rotation.key,
                possession: possession.normalise_s(),
            },
        }
    }
}

impl Rotating {
    /// What to send.
    pub fn message(&self) -> &Rotate {
        &self.message
    }

    /// The account has the new key; the old one may go.
    ///
    /// # Errors
    /// [`Code::Structure`] if the server names another key. The flow is over, and both
    /// keys are kept.
    pub fn rotated(self, rotated: &Verified<Rotated>) -> Result<Commit<Outcome>, Refusal> {
        if rotated.key != self.message.key.kid() {
            return Err(Code::Structure.into());
        }
        let update = Update::Rotated {
            server: self.account.server,
            account: self.account.id,
            key: self.message.key,
        };
        let outcome = Outcome::Rotated(AccountName::of(&self.account));
        Ok(Commit::new(alloc::vec![update], outcome))
    }

    /// The server has refused. Where it is the new key that it refuses, that key will never
    /// be the account's.
    pub fn refused(self, refused: &Verified<Refused>) -> Commit<Outcome> {
        let code = code_of(refused);
        let updates = match code {
            Code::InvalidKey
            | Code::SignatureMalformed
            | Code::PossessionInvalid
            | Code::KeyInUse => alloc::vec![Update::NotRotated {
                server: self.account.server,
                account: self.account.id,
                key: self.message.key,
            }],
            _ => Vec::new(),
        };
        Commit::new(updates, Outcome::Failed(code))
    }

    /// The channel broke, and which key is live is not known (CRD-10).
    pub fn again(self) -> ((ServerId, AccountId), Aim) {
        ((self.account.server, self.account.id), Aim::Successor)
    }
}

impl Deleting {
    pub(super) fn new(opened: Opened) -> Self {
        Self {
            account: opened.account,
        }
    }

    /// What to send.
    pub fn message(&self) -> DeleteCredential {
        DeleteCredential::default()
    }

    /// The credential is gone at the server, so it goes here. The app erases its keys.
    pub fn deleted(self, _: &Verified<CredentialDeleted>) -> Commit<Outcome> {
        let update = Update::Deleted {
            server: self.account.server,
            account: self.account.id,
        };
        let outcome = Outcome::Deleted(AccountName::of(&self.account));
        Commit::new(alloc::vec![update], outcome)
    }

    /// The channel broke, and the credential may be there still.
    pub fn again(self) -> ((ServerId, AccountId), Aim) {
        ((self.account.server, self.account.id), Aim::Deletion)
    }
}
