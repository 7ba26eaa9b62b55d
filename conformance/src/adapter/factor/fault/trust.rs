//! What a signature is taken for: what it is, or, under a fault, for more.

use countersign::cose::{self, Statement};
use countersign::crypto::{P256, PublicKey, SRule, Signature, SignatureError, Verifier};
use countersign::factor::endpoint::Request;
use countersign::messages::factor::{FactorKey, FactorProof, Verify};
use countersign::registry::{Factor, Purpose};
use countersign::values::{ChannelBinding, RecordId, ServerId};

use super::Fault;
use super::ground::{Ground, voucher};

/// A verifier that is [`P256`], but for a fault.
pub(in crate::adapter::factor) struct Trust<'a> {
    fault: Option<Fault>,
    /// What is decided on, as it came.
    asked: Option<&'a Ground>,
}

impl<'a> Trust<'a> {
    /// For the decision on `asked`.
    pub(in crate::adapter::factor) fn in_decision(fault: Option<Fault>, asked: &'a Ground) -> Self {
        Self {
            fault,
            asked: Some(asked),
        }
    }

    /// For a handshake.
    pub(in crate::adapter::factor) fn in_handshake(fault: Option<Fault>) -> Self {
        Self { fault, asked: None }
    }
}

impl Verifier for Trust<'_> {
    fn validate(&self, key: &PublicKey) -> Result<(), SignatureError> {
        match self.fault {
            Some(Fault::Point) => Ok(()),
            _ => P256.validate(key),
        }
    }

    fn verify(
        &self,
        key: &PublicKey,
        message: &[u8],
        signature: &Signature,
        s: SRule,
    ) -> Result<(), SignatureError> {
        let honest = P256.verify(key, message, signature, s);
        let (Err(error), Some(fault)) = (honest, self.fault) else {
            return honest;
        };
        let any_s = || P256.verify(key, message, signature, SRule::Any);
        match (fault, error) {
            (Fault::Point, SignatureError::InvalidKey) => Ok(()),
            (Fault::LowS, SignatureError::Malformed) => any_s(),
            // Taken for any other bytes that this key did not make.
            (Fault::SignatureRange, SignatureError::Malformed) => match any_s() {
                Err(SignatureError::Malformed) => Err(SignatureError::Mismatch),
                _ => honest,
            },
            (Fault::Signature3, SignatureError::Mismatch) if self.asked.is_none() => Ok(()),
            (_, SignatureError::Mismatch) => match self.asked {
                Some(asked) if taken(fault, asked, key, message, signature) => Ok(()),
                _ => honest,
            },
            _ => honest,
        }
    }
}

/// Whether a well-formed signature that `key` did not make over `message` will do.
fn taken(
    fault: Fault,
    asked: &Ground,
    key: &PublicKey,
    message: &[u8],
    signature: &Signature,
) -> bool {
    let by =
        |key: &PublicKey, message: &[u8]| P256.verify(key, message, signature, SRule::Low).is_ok();
    match &asked.request {
        Request::Verify(verify) => {
            let over =
                |statement| detached(&statement, key).is_some_and(|message| by(key, &message));
            let claimed = claimed(asked, verify);
            match fault {
                Fault::Proof => verify.factor == Factor::Pin,
                Fault::BiometricProof => verify.factor == Factor::Biometric,
                Fault::ProofDeviceKey => by(&asked.requester.device(), message),
                Fault::ProofLabel => {
                    let statement = FactorKey {
                        record: claimed.record,
                        generation: claimed.generation,
                        key: *key,
                        channel: ChannelBinding(verify.bind.0),
                    };
                    detached(&statement, key).is_some_and(|message| by(key, &message))
                }
                // Whatever a request says of itself that the check would have refused.
                Fault::NumberZero | Fault::StoreEpoch | Fault::Generation | Fault::ChangeBind => {
                    over(claimed)
                }
                _ => neighbours(fault, &claimed).into_iter().any(over),
            }
        }
        Request::Create(create) => match fault {
            Fault::Possession => *key == create.pin_key,
            Fault::PossessionBiometric => create.biometric.is_some_and(|bio| bio.key == *key),
            Fault::VoucherSignature => asked.config.issuers.values().any(|issuer| issuer == key),
            Fault::VoucherServer => voucher(create).is_some_and(|voucher| {
                let message = for_server(message, voucher.factor_server, asked.config.server);
                by(key, &message)
            }),
            _ => false,
        },
        Request::SetPin(set) => match fault {
            // Proved for the generation that the check would have refused.
            Fault::SetPinGeneration => {
                let statement = FactorKey {
                    record: RecordId(asked.requester.record().0),
                    generation: set.generation,
                    key: *key,
                    channel: asked.requester.channel(),
                };
                detached(&statement, key).is_some_and(|message| by(key, &message))
            }
            Fault::Possession => *key == set.pin_key,
            Fault::PossessionBiometric => set.biometric.is_some_and(|bio| bio.key == *key),
            _ => false,
        },
        Request::AddBiometric(_) => fault == Fault::Possession,
        _ => false,
    }
}

/// What a proof is over if the request is right in all that it says.
fn claimed(asked: &Ground, verify: &Verify) -> FactorProof {
    FactorProof {
        record: RecordId(asked.requester.record().0),
        store_epoch: verify.store_epoch,
        generation: verify.generation,
        request_number: verify.request_number,
        purpose: verify.purpose,
        bind: verify.bind,
    }
}

/// Proofs that differ in the one field that a fault does not look at.
fn neighbours(fault: Fault, proof: &FactorProof) -> Vec<FactorProof> {
    let near = || 0..16;
    match fault {
        Fault::ProofEpoch => near()
            .map(|store_epoch| FactorProof {
                store_epoch,
                ..proof.clone()
            })
            .collect(),
        Fault::ProofGeneration => near()
            .map(|generation| FactorProof {
                generation,
                ..proof.clone()
            })
            .collect(),
        Fault::ProofNumber => near()
            .map(|number| FactorProof {
                request_number: number.into(),
                ..proof.clone()
            })
            .collect(),
        Fault::ProofPurpose => near()
            .filter_map(|number| Purpose::from_number(number.into()))
            .map(|purpose| FactorProof {
                purpose,
                ..proof.clone()
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn detached<T: Statement<Context = ()>>(statement: &T, key: &PublicKey) -> Option<Vec<u8>> {
    cose::detached_tbs(statement, &(), key.kid()).ok()
}

/// The bytes of a voucher's signature with the context of another server: the first id in them.
fn for_server(message: &[u8], stands: ServerId, instead: ServerId) -> Vec<u8> {
    let mut message = message.to_vec();
    let at = message
        .windows(stands.0.len())
        .position(|bytes| bytes == stands.0);
    if let Some(place) = at.and_then(|at| message.get_mut(at..at + stands.0.len())) {
        place.copy_from_slice(&instead.0);
    }
    message
}
