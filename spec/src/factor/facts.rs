//! What a factor server knows: plain data, to be stored, compared and logged.

use alloc::collections::BTreeMap;
use core::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::{Budget, Lockout, Management, Policy};
use crate::crypto::PublicKey;
use crate::messages::factor::Assertion;
use crate::values::{ChannelBinding, Digest, Kid, RecordId, ServerId, UnixSeconds, VoucherId};

/// What the operator has set. The same on every replica.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Config {
    /// This factor server.
    pub server: ServerId,
    /// The epoch of the store. It lives outside of the store's backups and is raised on restore.
    pub store_epoch: u32,
    /// Wrong PINs until a record is blocked.
    pub max_attempts: NonZeroU32,
    /// The kid of `K_sfa`, which signs assertions.
    pub statement_kid: Kid,
    /// The auth servers whose vouchers are accepted, each with its `K_asv`.
    pub issuers: BTreeMap<ServerId, PublicKey>,
    /// Budgets, delays, and what biometrics may do.
    pub policy: Policy,
}

/// Who asks: the device whose `K_dsf` authenticated a channel, and that channel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Requester {
    record: RecordId,
    device: PublicKey,
    channel: ChannelBinding,
}

/// What the factor server keeps of one device.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Record {
    /// The kid of `device`.
    pub id: RecordId,
    /// Changes with every commit; the store compares it.
    pub version: u64,
    /// The epoch of the store that wrote it.
    pub store_epoch: u32,
    /// The public key of `K_dsf`.
    pub device: PublicKey,
    /// The generation of the live PIN, 1 for the first.
    pub generation: u32,
    /// The public key of the live `K_pin`.
    pub pin_key: PublicKey,
    /// The public key of `K_bio`, if one is registered.
    pub biometric: Option<PublicKey>,
    /// The count of wrong PINs.
    pub lockout: Lockout,
    /// What biometrics have used up since the last PIN.
    pub budget: Budget,
    /// A factor that was verified for a change of this record, until that is made.
    pub verified: Option<Management>,
    /// The last request that was answered, if there was one.
    pub last: Option<Answered>,
    /// The time of the last commit; no later decision is made before it.
    pub last_time: UnixSeconds,
}

/// A request that was answered, and the answer, to be given again to the same bytes (FAC-4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Answered {
    /// The request's number.
    pub number: u64,
    /// SHA-256 of the request.
    pub request: Digest,
    /// What it came to.
    pub outcome: Outcome,
    /// failedAttempts after it.
    pub failed_attempts: u32,
    /// maxAttempts when it was decided.
    pub max_attempts: NonZeroU32,
    /// Seconds until the next PIN is evaluated, when it was decided.
    pub delay_s: u32,
    /// Whether a biometric would have been refused after it.
    pub pin_needed: bool,
}

/// What is asserted, and to whom.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Asserted {
    /// The auth server, for which alone `K_sfa` signs it (section 8.6).
    pub audience: ServerId,
    /// The payload.
    pub assertion: Assertion,
}

/// What an answered request came to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// The factor was verified, and this asserts it.
    Right(Asserted),
    /// The factor was verified for a change of the record, which has no other audience.
    Managed,
    /// The PIN was evaluated, and was wrong.
    Wrong,
    /// The record was blocked; nothing was evaluated.
    Blocked,
}

/// A voucher that created a record. It is kept until it could not be accepted any more anyway.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct UsedVoucher {
    /// The voucher.
    pub id: VoucherId,
    /// From this time on the store may forget it: the voucher is refused as expired (VCH-2).
    pub forget_at: UnixSeconds,
}

impl Requester {
    /// Who holds the private key of `device`, at the other end of `channel`.
    ///
    /// Only a finished handshake knows this; the endpoint makes it from one.
    pub fn new(device: PublicKey, channel: ChannelBinding) -> Self {
        let record = RecordId(device.kid().0);
        Self {
            record,
            device,
            channel,
        }
    }

    /// The id of the device's record, whether it has one or not.
    pub fn record(&self) -> RecordId {
        self.record
    }

    /// The public key of `K_dsf`.
    pub fn device(&self) -> PublicKey {
        self.device
    }

    /// The channel binding.
    pub fn channel(&self) -> ChannelBinding {
        self.channel
    }

    /// Whether `record` is the requester's own (FAC-1).
    pub(super) fn owns(&self, record: &Record) -> bool {
        record.device == self.device
    }
}

impl Record {
    /// The number of the last request that was answered, zero for none.
    pub fn last_number(&self) -> u64 {
        self.last.as_ref().map_or(0, |last| last.number)
    }
}
