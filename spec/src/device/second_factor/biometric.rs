//! `K_bio` signs: a proof instead of the PIN's, or its own possession (protocol.md,
//! sections 8.3, 8.4 and 8.8).
//!
//! The OS shows its prompt at each use of the key. A prompt that is cancelled costs
//! nothing: where the PIN would do, the user is asked again; where a key was to be
//! registered, the flow is over and the record is as it was.

use alloc::boxed::Box;

use super::{Asking, Changing, Creating, Entry, Verifying, Visit};
use crate::crypto::{PublicKey, Signature};
use crate::device::event::{Attempts, FactorContext, FactorResult};
use crate::device::wallet::{Commit, Pending};
use crate::messages::factor::{
    AddBiometric, Biometric, Create, FactorKey, FactorProof, SetPin, Verify,
};
use crate::registry::Factor;
use crate::values::Type;

/// Waits for `K_bio` to sign the proof.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Proving {
    pub(super) asking: Asking,
    pub(super) key: PublicKey,
}

/// Waits for a new `K_bio` to sign its possession.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Possessing {
    pub(super) visit: Visit,
    pub(super) statement: FactorKey,
    pub(super) attempts: Attempts,
    pub(super) draft: Box<Draft>,
}

/// What the possession goes into.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Draft {
    First { create: Create, verify: Verify },
    NewPin(SetPin),
    Add,
}

/// What goes out with the possession, once what it may come to is stored.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Possessed {
    /// CREATE.
    First(Creating, Box<Create>),
    /// set-pin.
    NewPin(Changing, Box<SetPin>),
    /// add-biometric.
    Add(Changing, Box<AddBiometric>),
}

impl Proving {
    /// `K_bio`.
    pub fn key(&self) -> PublicKey {
        self.key
    }

    /// What every state of the visit knows.
    pub fn visit(&self) -> &Visit {
        &self.asking.visit
    }

    /// What it signs.
    pub fn proof(&self) -> FactorProof {
        self.asking.proof()
    }

    /// It has signed: VERIFY goes out.
    pub fn verify(self, signature: Signature) -> Verifying {
        self.asking
            .signed(Factor::Biometric, signature.normalise_s())
    }

    /// The user has cancelled the OS's prompt, or the OS has refused the key: the request is
    /// open again.
    pub fn cancelled(self) -> Asking {
        self.asking
    }

    /// Sets out again.
    pub fn reconnect(self) -> (Visit, Entry) {
        self.asking.reconnect()
    }
}

impl Possessing {
    /// The new `K_bio`.
    pub fn key(&self) -> PublicKey {
        self.statement.key
    }

    /// What every state of the visit knows.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// What it signs.
    pub fn statement(&self) -> &FactorKey {
        &self.statement
    }

    /// It has signed.
    pub fn signed(mut self, possession: Signature) -> Commit<Possessed> {
        let key = self.statement.key;
        let possession = possession.normalise_s(); // SIG-3
        let biometric = Some(Biometric { key, possession });
        let pending = match &*self.draft {
            Draft::First { .. } | Draft::NewPin(_) => Pending::Pin {
                generation: self.statement.generation,
                biometric: Some(key),
            },
            Draft::Add => Pending::Biometric(key),
        };
        let update = self.visit.expect(pending);
        let (visit, attempts) = (self.visit, self.attempts);
        let next = match *self.draft {
            Draft::First { create, verify } => Possessed::First(
                Creating { visit, verify },
                Box::new(Create {
                    biometric,
                    ..create
                }),
            ),
            Draft::NewPin(set) => {
                let context = FactorContext::PinChangeSet;
                Possessed::NewPin(
                    Changing::new(visit, context, attempts),
                    Box::new(SetPin { biometric, ..set }),
                )
            }
            Draft::Add => {
                let context = FactorContext::BiometricsAdd;
                let ty = Type;
                Possessed::Add(
                    Changing::new(visit, context, attempts),
                    Box::new(AddBiometric {
                        ty,
                        key,
                        possession,
                    }),
                )
            }
        };
        Commit::new(alloc::vec![update], next)
    }

    /// Sets out again: what was verified belongs to the channel that is gone.
    pub fn reconnect(self) -> (Visit, Entry) {
        (self.visit, Entry::Ask(FactorResult::Error))
    }
}
