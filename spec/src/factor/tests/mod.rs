//! The cast: one factor server, one device, keys whose signatures anybody can make.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use super::*;
use crate::cose;
use crate::crypto::{PublicKey, SRule, Signature, SignatureError, Verifier, sha256};
use crate::error::{Code, Refusal};
use crate::messages::factor::{FactorProof, Verify};
use crate::registry::{Factor, Purpose};
use crate::values::{Bind, ChannelBinding, Kid, Pseudonym, ServerId, Type, UnixSeconds};
use crate::verified::Verified;

mod biometric;
mod change;
mod changes_race;
mod create;
mod facts;
mod order;
mod races;
mod table;
mod verify;

pub(super) const SERVER: ServerId = ServerId([0xf5; 16]);
pub(super) const AUDIENCE: ServerId = ServerId([0xa5; 16]);
pub(super) const NOW: UnixSeconds = UnixSeconds(1_750_000_000);
pub(super) const SUBJECT: Pseudonym = Pseudonym([0x5b; 16]);

/// The budget of one whose last PIN was right at [`NOW`].
pub(super) const SINCE_NOW: Budget = Budget::Since {
    last_pin: NOW,
    uses_without_pin: 0,
};

pub(super) const DEVICE: PublicKey = PublicKey([1; 64]);
pub(super) const RIGHT: PublicKey = PublicKey([2; 64]);
pub(super) const WRONG: PublicKey = PublicKey([3; 64]);
pub(super) const BIO: PublicKey = PublicKey([5; 64]);
pub(super) const ISSUER: PublicKey = PublicKey([4; 64]);
/// What no signer makes.
pub(super) const MALFORMED: Signature = Signature([0; 64]);
/// What is no key.
pub(super) const NO_KEY: PublicKey = PublicKey([0; 64]);

/// Signatures without mathematics: a hash of key and message. It makes the
/// same checks in the same order as [`P256`](crate::crypto::P256).
pub(super) struct Ideal;

impl Verifier for Ideal {
    fn validate(&self, key: &PublicKey) -> Result<(), SignatureError> {
        if *key == NO_KEY {
            Err(SignatureError::InvalidKey)
        } else {
            Ok(())
        }
    }

    fn verify(
        &self,
        key: &PublicKey,
        message: &[u8],
        signature: &Signature,
        s: SRule,
    ) -> Result<(), SignatureError> {
        self.validate(key)?;
        assert_eq!(s, SRule::Low, "our own statements have a low s");
        match signature {
            &MALFORMED => Err(SignatureError::Malformed),
            made if *made == sign(key, message) => Ok(()),
            _ => Err(SignatureError::Mismatch),
        }
    }
}

/// The ideal signature of `key` over `message`.
pub(super) fn sign(key: &PublicKey, message: &[u8]) -> Signature {
    let mut half = sha256(&[&key.0, message]);
    half[0] &= 0x3f; // in range, and low as s, so that normalising changes nothing
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&half);
    bytes[32..].copy_from_slice(&half);
    Signature(bytes)
}

pub(super) fn config() -> Config {
    Config {
        server: SERVER,
        store_epoch: 7,
        max_attempts: NonZeroU32::new(3).unwrap(),
        statement_kid: Kid([0x5a; 16]),
        issuers: BTreeMap::from([(AUDIENCE, ISSUER)]),
        policy: Policy::default(),
    }
}

pub(super) fn device() -> Requester {
    Requester::new(DEVICE, ChannelBinding([0xcb; 32]))
}

/// A record that has answered number 10, rightly, and then nothing.
pub(super) fn record() -> Record {
    let new = Record {
        id: device().record(),
        version: 4,
        store_epoch: 7,
        device: DEVICE,
        generation: 2,
        pin_key: RIGHT,
        biometric: None,
        lockout: Lockout::default(),
        budget: SINCE_NOW,
        verified: None,
        last: None,
        last_time: NOW,
    };
    let (record, _) = commit(&new, &right(10));
    record
}

/// A request with `number`, in order in all parts, its proof by `key`.
pub(super) fn request(number: u64, key: &PublicKey) -> Verify {
    sealed(
        Verify {
            ty: Type,
            request_number: number,
            store_epoch: 7,
            generation: 2,
            factor: Factor::Pin,
            purpose: Purpose::Login,
            bind: Bind([0xb1; 32]),
            audience: AUDIENCE,
            proof: MALFORMED,
        },
        key,
    )
}

pub(super) fn right(number: u64) -> Verify {
    request(number, &RIGHT)
}

pub(super) fn wrong(number: u64) -> Verify {
    request(number, &WRONG)
}

pub(super) fn malformed(number: u64) -> Verify {
    Verify {
        proof: MALFORMED,
        ..right(number)
    }
}

/// The request with a proof by `key` over what it says.
pub(super) fn sealed(request: Verify, key: &PublicKey) -> Verify {
    let statement = FactorProof {
        record: device().record(),
        store_epoch: request.store_epoch,
        generation: request.generation,
        request_number: request.request_number,
        purpose: request.purpose,
        bind: request.bind,
    };
    let tbs = cose::detached_tbs(&statement, &(), key.kid()).unwrap();
    Verify {
        proof: sign(key, &tbs),
        ..request
    }
}

/// The decision on a request through the device's own channel.
pub(super) fn decide(
    record: Option<&Record>,
    request: &Verify,
) -> Result<Decision<Answered>, Refusal> {
    decide_at(record, request, NOW)
}

pub(super) fn decide_at(
    record: Option<&Record>,
    request: &Verify,
    now: UnixSeconds,
) -> Result<Decision<Answered>, Refusal> {
    decide_by(&config(), record, request, now)
}

pub(super) fn decide_by(
    config: &Config,
    record: Option<&Record>,
    request: &Verify,
    now: UnixSeconds,
) -> Result<Decision<Answered>, Refusal> {
    let request = Verified::attest(request.clone());
    decide_verify(config, record, &device(), &request, SUBJECT, now, &Ideal)
}

/// Decides and commits: the record after it, and the answer.
pub(super) fn commit(record: &Record, request: &Verify) -> (Record, Answered) {
    commit_at(record, request, NOW)
}

pub(super) fn commit_at(record: &Record, request: &Verify, now: UnixSeconds) -> (Record, Answered) {
    commit_by(&config(), record, request, now)
}

pub(super) fn commit_by(
    config: &Config,
    record: &Record,
    request: &Verify,
    now: UnixSeconds,
) -> (Record, Answered) {
    let Ok(Decision::Commit(commit)) = decide_by(config, Some(record), request, now) else {
        panic!("not evaluated: {request:?}")
    };
    let Write::Replace {
        expected,
        record: after,
    } = commit.write().clone()
    else {
        panic!("a VERIFY replaces")
    };
    assert_eq!(expected, record.version);
    assert_ne!(after.version, record.version);
    (after, commit.committed())
}

/// The code of a refusal.
pub(super) fn refusal<T: core::fmt::Debug>(result: Result<T, Refusal>) -> Code {
    result.expect_err("refused").0
}
