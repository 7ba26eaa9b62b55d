//! What a device does about its own credential (protocol.md, section 15.4).

use super::entering::Opened;
use crate::cbor::EncodeError;
use crate::cose::detached_tbs;
use crate::crypto::{PublicKey, Signature};
use crate::error::{Code, Refusal};
use crate::messages::credential::{CredentialDeleted, DeleteCredential, Rotate, Rotated, Rotation};
use crate::values::{Kid, Type};
use crate::verified::Verified;

/// Waits for the new key's proof of possession. The caller has stored the new key,
/// and keeps the old one until it is [`done`](Rotating::done) (CRD-10).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Changing {
    rotation: Rotation,
}

/// The request is out; it may be sent again as it is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Rotating {
    message: Rotate,
}

impl Opened {
    /// Moves the account to a new key.
    pub fn rotate(self, key: PublicKey) -> Changing {
        Changing {
            rotation: Rotation {
                account: self.approver.account.id,
                key,
                channel: self.channel,
            },
        }
    }

    /// Deletes the credential: what to send. After the answer the app erases its keys.
    pub fn delete(&self) -> DeleteCredential {
        DeleteCredential::default()
    }

    /// The credential is gone at the server, so it may go here.
    pub fn deleted(self, _: &Verified<CredentialDeleted>) {}
}

impl Changing {
    /// What the new key signs.
    ///
    /// # Errors
    /// [`EncodeError`], which no account makes.
    pub fn tbs(&self) -> Result<alloc::vec::Vec<u8>, EncodeError> {
        detached_tbs(&self.rotation, &(), self.key())
    }

    /// Names the new key.
    pub fn key(&self) -> Kid {
        self.rotation.key.kid()
    }

    /// The new key has signed.
    pub fn signed(self, possession: Signature) -> Rotating {
        Rotating {
            message: Rotate {
                ty: Type,
                key: self.rotation.key,
                possession: possession.normalise_s(),
            },
        }
    }
}

impl Rotating {
    /// What to send, and to send again.
    pub fn message(&self) -> &Rotate {
        &self.message
    }

    /// The account has the new key; the old one may go.
    ///
    /// # Errors
    /// [`Code::Structure`] if the server names another key.
    pub fn done(self, rotated: &Verified<Rotated>) -> Result<PublicKey, Refusal> {
        match rotated.key == self.message.key.kid() {
            true => Ok(self.message.key),
            false => Err(Code::Structure.into()),
        }
    }
}
