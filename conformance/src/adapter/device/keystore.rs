//! The phone's keystore, in software: keys go in and only signatures come out.

use std::collections::BTreeMap;

use countersign::crypto::{Secret, Signature, sha256};
use countersign::device::{KeysNeeded, NewKeys};
use countersign::values::{Kid, ServerId};

use crate::adapter::Refusal;
use crate::peer::keys::Key;

/// Keys by their ids, and the device secret of each factor server.
#[derive(Default)]
pub(super) struct Keystore {
    keys: BTreeMap<Kid, Key>,
    secrets: BTreeMap<ServerId, [u8; 32]>,
}

impl Keystore {
    /// Makes the keys that an enrolment needs.
    pub(super) fn make(&mut self, needed: KeysNeeded, entropy: [u8; 32]) -> NewKeys {
        let mut make = |needed: bool, role: &str| {
            needed.then(|| {
                let key = Key::from_entropy(sha256(&[&entropy, role.as_bytes()]));
                let public = key.public();
                self.keys.insert(public.kid(), key);
                public
            })
        };
        NewKeys {
            device: make(needed.device, "K_dev"),
            factor: make(needed.factor, "K_dsf"),
            approval: None,
        }
    }

    /// `d_sec` for one factor server, made of `entropy` when it is needed first.
    pub(super) fn secret(&mut self, server: ServerId, entropy: [u8; 32]) -> Secret<32> {
        Secret::from_bytes(*self.secrets.entry(server).or_insert(entropy))
    }

    /// ECDSA with SHA-256.
    ///
    /// # Errors
    /// [`Refusal::Error`] for a key that is not here.
    pub(super) fn sign(&self, key: Kid, message: &[u8]) -> Result<Signature, Refusal> {
        self.keys
            .get(&key)
            .map(|key| key.sign(message))
            .ok_or_else(|| Refusal::Error("the keystore does not have this key".to_owned()))
    }
}
