//! CREATE: a record with a first PIN, under a voucher (protocol.md, section 8.4).

use super::status::status;
use super::{Budget, Commit, Config, Lockout, Record, Requester, UsedVoucher, Write, possession};
use crate::cose::Sign1;
use crate::crypto::Verifier;
use crate::error::{Code, Refusal};
use crate::messages::factor::{Create, Status, Voucher};
use crate::registry::seconds;
use crate::values::{UnixSeconds, VoucherId};
use crate::verified::Verified;

/// For how many seconds after its expiry a voucher is still accepted (VCH-2).
pub const VOUCHER_SKEW_S: u64 = seconds::SKEW;

/// The generation of a first PIN.
const FIRST_GENERATION: u32 = 1;

/// The id that the request's voucher claims: the key under which the caller
/// looks for a [`UsedVoucher`]. Nothing is verified yet.
///
/// # Errors
/// [`Code::VoucherInvalid`]: it is no voucher.
pub fn voucher_to_look_up(request: &Verified<Create>) -> Result<VoucherId, Refusal> {
    Ok(decode(request)?.unverified().id)
}

/// Decides a CREATE that came through `requester`'s channel.
///
/// `existing` is what the store has under [`Requester::record`], and `used`
/// what it has under [`voucher_to_look_up`].
///
/// # Errors
/// [`Refusal`], in this order: [`Code::RecordExists`], [`Code::VoucherInvalid`],
/// [`Code::VoucherExpired`], [`Code::VoucherUsed`], [`Code::InvalidKey`] and
/// [`Code::SignatureMalformed`] for the PIN's key and the form of its proof,
/// [`Code::PossessionInvalid`]; the same three for the biometric key, where there is one.
pub fn decide_create<V: Verifier>(
    config: &Config,
    existing: Option<&Record>,
    used: Option<&UsedVoucher>,
    requester: &Requester,
    request: &Verified<Create>,
    now: UnixSeconds,
    verifier: &V,
) -> Result<Commit<Status>, Refusal> {
    // First, so that a device whose answer was lost learns that it succeeded (VCH-4).
    if existing.is_some() {
        return Err(Code::RecordExists.into());
    }
    let voucher = check_voucher(config, request, verifier)?;
    let forget_at = check_expiry(&voucher, now)?;
    if used.is_some_and(|used| used.id == voucher.id) {
        return Err(Code::VoucherUsed.into()); // VCH-3
    }
    let (key, proof) = (&request.pin_key, &request.possession);
    let pin = possession::check(requester, FIRST_GENERATION, key, proof, verifier)?; // VCH-5
    let biometric =
        possession::check_biometric(requester, FIRST_GENERATION, request.biometric, verifier)?;
    let record = Record {
        id: pin.record,
        version: 1,
        store_epoch: config.store_epoch,
        device: requester.device(),
        generation: pin.generation,
        pin_key: pin.key,
        biometric,
        lockout: Lockout::default(),
        budget: Budget::at_first_pin(now),
        verified: None,
        last: None,
        last_time: now,
    };
    let status = status(config, Some(&record), now);
    let voucher = UsedVoucher {
        id: voucher.id,
        forget_at,
    };
    Ok(Commit::new(Write::Insert { record, voucher }, status))
}

/// VCH-1: a statement by the `K_asv` of an auth server that is known here, for this factor server.
fn check_voucher<V: Verifier>(
    config: &Config,
    request: &Create,
    verifier: &V,
) -> Result<Verified<Voucher>, Refusal> {
    let sign1 = decode(request)?;
    // The context of its signature is this server's id, so one for another does not verify.
    config
        .issuers
        .get(&sign1.unverified().issuer)
        .and_then(|key| sign1.verify(key, &(config.server,), verifier).ok())
        .filter(|voucher| voucher.factor_server == config.server)
        .ok_or(Code::VoucherInvalid.into())
}

/// VCH-2. Returns the time from which on the voucher is refused.
fn check_expiry(voucher: &Voucher, now: UnixSeconds) -> Result<UnixSeconds, Refusal> {
    let end = voucher.expiry.plus(VOUCHER_SKEW_S);
    if now >= end {
        return Err(Code::VoucherExpired.into());
    }
    Ok(end)
}

fn decode(request: &Create) -> Result<Sign1<Voucher>, Refusal> {
    Sign1::from_bytes(&request.voucher).map_err(|_| Code::VoucherInvalid.into())
}
