//! CREATE: a first PIN, and the voucher for it.

use countersign::cbor;
use countersign::cose::Statement;
use countersign::messages::factor::{Create, Voucher};
use countersign::values::{Bytes, Type, UnixSeconds, VoucherId};

use super::device::{Device, World};
use super::possession;
use super::server::issuer;
use crate::outcome::Stop;
use crate::peer::keys::Key;
use crate::peer::sign1::{ESP256, sign1};
use crate::peer::spoiler::Spoiler;
use crate::stage::with::With;

/// For how long a voucher is valid where a turn does not say, in seconds.
const VOUCHER_S: u64 = 600;
/// The generation of a first PIN.
const FIRST: u32 = 1;

/// The words of a [`create`] turn.
pub(super) const CREATE: &[&str] = &["pin", "voucher", "possession", "biometric"];

/// A CREATE of `device`.
///
/// `voucher` may have another `issuer`, `signer` (`handshake`, or another issuer), `factor_server`, `id`, or expire at
/// another time, and with `issuers_kid` whoever signs claims to be the issuer. For `possession` and `biometric` see [`possession`].
pub(super) fn create(
    with: With<'_>,
    device: &Device,
    world: &World<'_, '_, '_>,
    spoiler: &Spoiler,
) -> Result<Create, Stop> {
    let (pin_key, possession) = possession::pin(with, FIRST, device, world)?;
    Ok(Create {
        ty: Type,
        voucher: voucher(with, world, spoiler)?,
        pin_key,
        possession,
        biometric: possession::biometric(with, FIRST, device, world)?,
    })
}

fn voucher(with: With<'_>, world: &World<'_, '_, '_>, spoiler: &Spoiler) -> Result<Bytes, Stop> {
    let with = with.object(
        "voucher",
        &[
            "issuer",
            "signer",
            "factor_server",
            "id",
            "expires_in_s",
            "expired_s_ago",
            "context",
            "issuers_kid",
            "high_s",
        ],
    )?;
    let World {
        server,
        session,
        now,
        turn,
        ..
    } = *world;
    let (issuer_id, issuer_key) = issuer(with.text("issuer")?.unwrap_or("shop"), session);
    let signer = match with.text("signer")? {
        None => issuer_key.clone(),
        Some("handshake") => Key::from_entropy(session.entropy("shop/handshake")),
        Some(name) => issuer(name, session).1,
    };
    let other = |name: &str| issuer(name, session).0;
    let id = match with.text("id")? {
        Some(name) => format!("voucher {name}"),
        None => format!("voucher of turn {turn}"),
    };
    let payload = Voucher {
        issuer: issuer_id,
        factor_server: with.text("factor_server")?.map_or(server.id(), other),
        id: VoucherId(session.entropy(&id)),
        expiry: match with.uint("expired_s_ago")? {
            Some(ago) => UnixSeconds(now.0.saturating_sub(ago)),
            None => now.plus(with.uint("expires_in_s")?.unwrap_or(VOUCHER_S)),
        },
    };
    let context = with.text("context")?.map_or(server.id(), other);
    let payload = cbor::to_vec(&payload).map_err(|error| Stop::Undecided(error.to_string()))?;
    let payload = spoiler.at("voucher", payload)?;
    let kid = match with.flag("issuers_kid")? {
        true => issuer_key.public().kid(),
        false => signer.public().kid(),
    };
    let high_s = with.flag("high_s")?;
    let signed = sign1(
        Voucher::LABEL,
        &(context,),
        &payload,
        ESP256,
        kid,
        &signer,
        high_s,
    )?;
    spoiler.at("signed_voucher", signed).map(Bytes)
}
