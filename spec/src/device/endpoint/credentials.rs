//! The app's inputs for the device's own credentials (protocol.md, section 15.4).

use alloc::vec::Vec;

use super::stage::Stage;
use super::{DeviceEndpoint, Effect};
use crate::crypto::{PublicKey, Verifier};
use crate::device::action::Aim;
use crate::device::event::AccountName;
use crate::device::wallet::{Account, Update};
use crate::error::{Code, Refusal};
use crate::values::{AccountId, Kid, ServerId};

/// A credential of this device: an account, and what it signs with.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct OwnCredential {
    /// The auth server.
    pub server: ServerId,
    /// The account there.
    pub account: AccountName,
    /// The kid of `K_dev`.
    pub key: Kid,
    /// The kid of `K_act`: the credential requires user authentication.
    pub approval_key: Option<Kid>,
    /// The kid of a new `K_dev`, where it is not known which one is live. The app has the
    /// rotation [resumed](DeviceEndpoint::resume_rotation) before it uses the account.
    pub successor: Option<Kid>,
}

impl<V: Verifier> DeviceEndpoint<V> {
    /// The credentials of this device, in the order of their enrolment.
    pub fn credentials(&self) -> impl Iterator<Item = OwnCredential> {
        self.wallet.accounts.iter().map(OwnCredential::of)
    }

    /// Moves an account to a new `K_dev`, which the app has made. `entropy` is 32 fresh
    /// random bytes.
    ///
    /// Both keys are stored before the new one is sent; the app erases the old one after
    /// [`Outcome::Rotated`](crate::device::Outcome::Rotated) (CRD-10).
    ///
    /// # Errors
    /// [`Code::FlowActive`], also while the outcome of an earlier rotation to another key is
    /// not known; [`Code::NoAccount`]; [`Code::InvalidKey`] for a key that has a role
    /// already (KEY-1). Nothing has begun.
    pub fn rotate(
        &mut self,
        server: ServerId,
        account: AccountId,
        key: PublicKey,
        entropy: [u8; 32],
    ) -> Result<Vec<Effect>, Refusal> {
        self.open_for_action((server, account), Aim::Rotation(key), entropy)
    }

    /// Ends a rotation that was interrupted: opens a channel with the new key, and if the
    /// server does not know that one, rotates again under the old one (CRD-10). `entropy` is
    /// 32 fresh random bytes.
    ///
    /// # Errors
    /// [`Code::FlowActive`], [`Code::NoAccount`]; [`Code::NotAsked`] where no rotation was
    /// interrupted. Nothing has begun.
    pub fn resume_rotation(
        &mut self,
        server: ServerId,
        account: AccountId,
        entropy: [u8; 32],
    ) -> Result<Vec<Effect>, Refusal> {
        self.open_for_action((server, account), Aim::Successor, entropy)
    }

    /// Deletes a credential at its server, and then here. The app erases its keys after
    /// [`Outcome::Deleted`](crate::device::Outcome::Deleted). `entropy` is 32 fresh random bytes.
    ///
    /// # Errors
    /// [`Code::FlowActive`], [`Code::NoAccount`]. Nothing has begun.
    pub fn delete_credential(
        &mut self,
        server: ServerId,
        account: AccountId,
        entropy: [u8; 32],
    ) -> Result<Vec<Effect>, Refusal> {
        self.open_for_action((server, account), Aim::Deletion, entropy)
    }

    /// Forgets an account here, and here alone: for one that its server does not know any
    /// more (CRD-13). The app erases its keys.
    ///
    /// # Errors
    /// [`Code::FlowActive`], [`Code::NoAccount`]. Nothing has changed.
    pub fn forget(&mut self, server: ServerId, account: AccountId) -> Result<Vec<Effect>, Refusal> {
        if !matches!(self.stage, Stage::Idle) {
            return Err(Code::FlowActive.into());
        }
        let is_here = |known: &Account| (known.server, known.id) == (server, account);
        if !self.wallet.accounts.iter().any(is_here) {
            return Err(Code::NoAccount.into());
        }
        let update = Update::Deleted { server, account };
        self.wallet.apply(update.clone());
        Ok(alloc::vec![Effect::Store(update)])
    }
}

impl OwnCredential {
    fn of(account: &Account) -> Self {
        Self {
            server: account.server,
            account: AccountName::of(account),
            key: account.key.kid(),
            approval_key: account.approval_key.map(|key| key.kid()),
            successor: account.successor.map(|key| key.kid()),
        }
    }
}
