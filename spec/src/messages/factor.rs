//! Between device, factor server and auth server (protocol.md, section 8).

use serde::{Deserialize, Serialize};

use crate::cose::Statement;
use crate::crypto::{PublicKey, Signature, hmac_sha256, sha256};
use crate::registry::{Factor, Purpose, label, limit, message_type as ty};
use crate::values::{
    AssertionId, Bind, Bytes, ChannelBinding, Pseudonym, RecordId, ServerId, Type, UnixSeconds,
    VoucherId,
};

/// Device to factor server: create a record with a first PIN.
///
/// ```cddl
/// create = [32, voucher: bstr, pin-key: public-key, possession: signature, biometric / null]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Create {
    /// The type number.
    pub ty: Type<{ ty::CREATE }>,
    /// COSE_Sign1 of a [`Voucher`].
    pub voucher: Bytes,
    /// The public key of `K_pin`.
    pub pin_key: PublicKey,
    /// Detached signature over [`FactorKey`] by `K_pin`.
    pub possession: Signature,
    /// The biometric factor, if the user gives it together with the PIN.
    pub biometric: Option<Biometric>,
}

/// A biometric factor to be registered.
///
/// ```cddl
/// biometric = [bio-key: public-key, possession: signature]
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Biometric {
    /// The public key of `K_bio`.
    pub key: PublicKey,
    /// Detached signature over [`FactorKey`] by `K_bio`.
    pub possession: Signature,
}

/// Device to factor server: verify a factor.
///
/// ```cddl
/// verify = [33, request-number: uint, store-epoch: uint, generation: uint, factor, purpose,
///           bind, audience: server-id, proof: signature]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Verify {
    /// The type number.
    pub ty: Type<{ ty::VERIFY }>,
    /// Above every number that the record has answered, or a repeat of the last.
    pub request_number: u64,
    /// The epoch of the factor server's store.
    pub store_epoch: u32,
    /// The generation of the PIN.
    pub generation: u32,
    /// Which factor.
    pub factor: Factor,
    /// What for.
    pub purpose: Purpose,
    /// All that it is for, hashed.
    pub bind: Bind,
    /// The auth server that the assertion is for.
    pub audience: ServerId,
    /// Detached signature over [`FactorProof`] by `K_pin` or `K_bio`.
    pub proof: Signature,
}

/// Device to factor server: what is the record's state?
///
/// ```cddl
/// ask-status = [34]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct AskStatus {
    /// The type number.
    pub ty: Type<{ ty::ASK_STATUS }>,
}

/// Device to factor server: a new PIN takes the place of the old one.
///
/// ```cddl
/// set-pin = [35, generation: uint, pin-key: public-key, possession: signature, biometric / null]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct SetPin {
    /// The type number.
    pub ty: Type<{ ty::SET_PIN }>,
    /// The generation that the new PIN begins: the record's plus one.
    pub generation: u32,
    /// The public key of the new `K_pin`.
    pub pin_key: PublicKey,
    /// Detached signature over [`FactorKey`] by the new `K_pin`.
    pub possession: Signature,
    /// The biometric factor, if the user gives it together with the PIN.
    pub biometric: Option<Biometric>,
}

/// Device to factor server: a biometric factor beside the PIN.
///
/// ```cddl
/// add-biometric = [36, bio-key: public-key, possession: signature]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct AddBiometric {
    /// The type number.
    pub ty: Type<{ ty::ADD_BIOMETRIC }>,
    /// The public key of `K_bio`.
    pub key: PublicKey,
    /// Detached signature over [`FactorKey`] by `K_bio`, with the current generation.
    pub possession: Signature,
}

/// Device to factor server: the user wants no biometric factor any more.
///
/// ```cddl
/// remove-biometric = [37]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct RemoveBiometric {
    /// The type number.
    pub ty: Type<{ ty::REMOVE_BIOMETRIC }>,
}

/// Device to factor server: the phone has invalidated `K_bio`, which cannot sign any more.
///
/// ```cddl
/// biometric-gone = [38]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct BiometricGone {
    /// The type number.
    pub ty: Type<{ ty::BIOMETRIC_GONE }>,
}

/// Factor server to device: the state of the record.
///
/// ```cddl
/// status = [40, store-epoch: uint, max-attempts: uint, record-status / null]
/// record-status = [generation: uint, request-number: uint, failed-attempts: uint, blocked: bool,
///                  delay: uint, biometrics: bool, pin-needed: bool]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Status {
    /// The type number.
    pub ty: Type<{ ty::STATUS }>,
    /// The epoch of the store.
    pub store_epoch: u32,
    /// Wrong PINs until the record is blocked.
    pub max_attempts: u32,
    /// Absent where the device has no record.
    pub record: Option<RecordStatus>,
}

/// The state of a record, as its device may know it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct RecordStatus {
    /// The generation of the live PIN.
    pub generation: u32,
    /// The last request number that was answered, zero for none.
    pub request_number: u64,
    /// Wrong PINs since the last reset.
    pub failed_attempts: u32,
    /// Whether PIN entry is blocked.
    pub blocked: bool,
    /// Seconds until the next attempt is evaluated.
    pub delay_s: u32,
    /// Whether a biometric key is registered.
    pub biometrics: bool,
    /// Whether a biometric would be refused now: none is registered, its budget is used up, or
    /// it is closed while PIN entry is blocked.
    pub pin_needed: bool,
}

/// Factor server to device: what a VERIFY came to. It leaves after the commit.
///
/// ```cddl
/// verdict = [41, request-number: uint, outcome: uint, failed-attempts: uint, max-attempts: uint,
///            blocked: bool, delay: uint, pin-needed: bool, assertion: bstr / null]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// The type number.
    pub ty: Type<{ ty::VERDICT }>,
    /// The request's number.
    pub request_number: u64,
    /// 0 for success, otherwise an error number of class 4xx.
    pub outcome: u16,
    /// Wrong PINs since the last reset.
    pub failed_attempts: u32,
    /// Wrong PINs until the record is blocked.
    pub max_attempts: u32,
    /// Whether PIN entry is blocked.
    pub blocked: bool,
    /// Seconds until the next attempt is evaluated.
    pub delay_s: u32,
    /// As in [`RecordStatus`].
    pub pin_needed: bool,
    /// COSE_Sign1 of an [`Assertion`], on success; none where a change of the record was verified.
    pub assertion: Option<Bytes>,
}

/// The factor server's word that a factor was verified. COSE_Sign1 by `K_sfa`.
///
/// ```cddl
/// assertion = [subject: bstr .size 16, bind, factor, time: uint, purpose, expiry: uint,
///              assertion-id: bstr .size 16]
/// ```
///
/// For whom and by whom is signed too, but both sides know it, so it does not travel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Assertion {
    /// The record, under the name that its audience knows it by.
    pub subject: Pseudonym,
    /// What it was verified for.
    pub bind: Bind,
    /// Which factor.
    pub factor: Factor,
    /// When it was verified.
    pub time: UnixSeconds,
    /// What for.
    pub purpose: Purpose,
    /// Not accepted from this time on.
    pub expiry: UnixSeconds,
    /// Accepted once.
    pub id: AssertionId,
}

impl Statement for Assertion {
    const LABEL: &'static str = label::ASSERTION;
    const LIMIT: usize = limit::STATEMENT;
    /// Audience and issuer: the auth server, and the factor server.
    type Context = (ServerId, ServerId);
}

/// An auth server's leave to create one record. COSE_Sign1 by `K_asv`.
///
/// ```cddl
/// voucher = [issuer: server-id, factor-server: server-id, voucher-id: bstr .size 16, expiry: uint]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Voucher {
    /// The auth server.
    pub issuer: ServerId,
    /// The factor server.
    pub factor_server: ServerId,
    /// Used up with the record that it creates.
    pub id: VoucherId,
    /// Not accepted from this time on.
    pub expiry: UnixSeconds,
}

impl Statement for Voucher {
    const LABEL: &'static str = label::VOUCHER;
    const LIMIT: usize = limit::STATEMENT;
    type Context = (ServerId,);
}

/// What a factor key signs at each VERIFY; never sent, always rebuilt.
///
/// ```cddl
/// factor-proof = [record-id, store-epoch: uint, generation: uint, request-number: uint, purpose, bind]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct FactorProof {
    /// The record.
    pub record: RecordId,
    /// The epoch of the store.
    pub store_epoch: u32,
    /// The generation of the PIN.
    pub generation: u32,
    /// The number of the request.
    pub request_number: u64,
    /// What for.
    pub purpose: Purpose,
    /// All that it is for, hashed.
    pub bind: Bind,
}

impl Statement for FactorProof {
    const LABEL: &'static str = label::FACTOR_PROOF;
    const LIMIT: usize = limit::STATEMENT;
    type Context = ();
}

/// What a new factor key signs to prove its possession; never sent, always rebuilt.
///
/// ```cddl
/// factor-key = [record-id, generation: uint, public-key, channel-binding: bstr .size 32]
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct FactorKey {
    /// The record.
    pub record: RecordId,
    /// The generation that it begins.
    pub generation: u32,
    /// The key itself.
    pub key: PublicKey,
    /// The channel in which it is registered.
    pub channel: ChannelBinding,
}

impl Statement for FactorKey {
    const LABEL: &'static str = label::FACTOR_KEY;
    const LIMIT: usize = limit::STATEMENT;
    type Context = ();
}

/// The name of `record` towards `audience`:
/// HMAC-SHA256(`K_sfp`, CBOR ["countersign pseudonym", record id, server id]), first 16 bytes.
pub fn pseudonym(key: &[u8; 32], record: RecordId, audience: ServerId) -> Pseudonym {
    let input = crate::cbor::to_vec(&(label::PSEUDONYM, record, audience)).unwrap_or_default();
    Pseudonym(first_16(hmac_sha256(key, &[&input])))
}

/// The id of the assertion that answers one request:
/// SHA-256(CBOR ["countersign assertion id", record id, request number]), first 16 bytes.
pub fn assertion_id(record: RecordId, request_number: u64) -> AssertionId {
    let input =
        crate::cbor::to_vec(&(label::ASSERTION_ID, record, request_number)).unwrap_or_default();
    AssertionId(first_16(sha256(&[&input])))
}

fn first_16(digest: [u8; 32]) -> [u8; 16] {
    let mut first = [0; 16];
    first.copy_from_slice(digest.split_at(16).0);
    first
}
