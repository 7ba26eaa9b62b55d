//! The factor server, by the shipped functions, and the device's visit to it.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use countersign::device::second_factor::Errand;
use countersign::factor::{
    Config, Decision, Outcome, Policy, Record, Reply, Requester, UsedVoucher, Write, decide_create,
    decide_verify, voucher_to_look_up,
};
use countersign::messages::factor::{Create, FactorKey, FactorProof, Verify};
use countersign::registry::Factor;
use countersign::values::{Bytes, Type, VoucherId};

use super::messages::Proof;
use super::world::{self, subject};
use crate::cast::{self, Ideal, detached, sign};
use crate::clock;
use crate::network::opened;

/// All that the factor server stores: the device's record, and the vouchers that were used.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Factors {
    /// The record of the device.
    pub record: Option<Record>,
    used: BTreeSet<VoucherId>,
}

const EPOCH: u32 = 1;

fn config() -> Config {
    Config {
        server: cast::FACTOR_SERVER,
        store_epoch: EPOCH,
        max_attempts: NonZeroU32::new(3).expect("not zero"),
        statement_kid: cast::statement_kid(),
        issuers: BTreeMap::from([(world::server(), cast::VOUCHERS)]),
        policy: Policy::default(),
    }
}

fn requester() -> Requester {
    Requester::new(cast::OWNERS_PHONE, cast::OWNERS_CHANNEL)
}

impl Factors {
    /// What is stored after the device has CREATEd its record; none if that was refused.
    pub fn created(&self, errand: &Errand) -> Option<Self> {
        let requester = requester();
        let possession = FactorKey {
            record: requester.record(),
            generation: 1,
            key: cast::RIGHT_PIN,
            channel: cast::OWNERS_CHANNEL,
        };
        let create = Create {
            ty: Type,
            voucher: errand.voucher.clone()?,
            pin_key: cast::RIGHT_PIN,
            possession: sign(&cast::RIGHT_PIN, &detached(&possession, &cast::RIGHT_PIN)),
            biometric: None,
        };
        let create = opened(cast::OWNERS_PHONE, &create);
        let id = voucher_to_look_up(&create).ok()?;
        let used = self.used.contains(&id).then_some(UsedVoucher {
            id,
            forget_at: clock::NOW,
        });
        let commit = decide_create(
            &config(),
            self.record.as_ref(),
            used.as_ref(),
            &requester,
            &create,
            clock::NOW,
            &Ideal,
        );
        match commit.ok()?.write() {
            Write::Insert { record, voucher } => {
                let mut after = self.clone();
                after.record = Some(record.clone());
                after.used.insert(voucher.id);
                Some(after)
            }
            Write::Replace { .. } => None,
        }
    }

    /// What is stored after the right PIN, under a number that is stored already, and the
    /// assertion for it; none if that was refused.
    pub fn verified(&self, errand: &Errand, number: u64) -> Option<(Self, Proof, Bytes)> {
        let requester = requester();
        let record = self.record.as_ref()?;
        let statement = FactorProof {
            record: requester.record(),
            store_epoch: EPOCH,
            generation: record.generation,
            request_number: number,
            purpose: errand.purpose,
            bind: errand.bind,
        };
        let verify = Verify {
            ty: Type,
            request_number: number,
            store_epoch: EPOCH,
            generation: record.generation,
            factor: Factor::Pin,
            purpose: errand.purpose,
            bind: errand.bind,
            audience: errand.audience,
            proof: sign(&cast::RIGHT_PIN, &detached(&statement, &cast::RIGHT_PIN)),
        };
        let config = config();
        let decision = decide_verify(
            &config,
            Some(record),
            &requester,
            &opened(cast::OWNERS_PHONE, &verify),
            subject(&cast::OWNERS_PHONE, errand.audience),
            clock::NOW,
            &Ideal,
        );
        let Ok(Decision::Commit(commit)) = decision else {
            return None;
        };
        let Write::Replace { record, .. } = commit.write().clone() else {
            return None;
        };
        let answered = commit.committed();
        let Outcome::Right(asserted) = answered.outcome else {
            return None;
        };
        let Ok(Reply::Assertion(to_sign)) = answered.reply(&config) else {
            return None;
        };
        let signature = sign(&cast::ASSERTIONS, to_sign.tbs());
        let assertion = to_sign.signed(signature).assertion?;
        let after = Self {
            record: Some(record),
            ..self.clone()
        };
        let proof = Proof {
            payload: asserted.assertion,
            audience: asserted.audience,
        };
        Some((after, proof, assertion))
    }
}
