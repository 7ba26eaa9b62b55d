//! The devices of a case: their keys, their PINs, and what they ask a factor server for.

use std::collections::BTreeMap;

use countersign::cbor;
use countersign::cose::{self, Statement};
use countersign::crypto::{Pin, PinKey, PublicKey, Secret, Signature};
use countersign::messages::factor::{Assertion, Create, FactorKey, FactorProof, Verify, Voucher};
use countersign::registry::{Factor, Purpose};
use countersign::values::{Bind, Bytes, ChannelBinding, RecordId, Type, UnixSeconds, VoucherId};

use super::server::{Asked, Server, issuer};
use crate::outcome::Stop;
use crate::peer::keys::{Key, other_s};
use crate::peer::sign1::{ESP256, sign1};
use crate::peer::spoiler::Spoiler;
use crate::session::Session;
use crate::stage::with::With;

/// The device that acts where a turn names none.
pub(super) const ALICE: &str = "alice";
/// The PIN that is used where a turn names none.
const PIN: &str = "2580";
/// For how long a voucher is valid where a turn does not say, in seconds.
const VOUCHER_S: u64 = 600;

/// A device, and what it remembers of its factor server.
pub(super) struct Device {
    /// `K_dsf`.
    pub(super) key: Key,
    pub(super) record: RecordId,
    d_sec: [u8; 32],
    /// The last request number that it used.
    last_number: u64,
    /// When the factor server last committed something on its record.
    pub(super) committed_at: UnixSeconds,
    /// What was asserted in answer to each request number.
    pub(super) asserted: BTreeMap<u64, Assertion>,
}

impl Device {
    /// The device of that name.
    pub(super) fn of(name: &str, session: &Session<'_, '_>) -> Self {
        let key = Key::from_entropy(session.entropy(&format!("{name}/K_dsf")));
        Self {
            record: RecordId(key.public().kid().0),
            key,
            d_sec: session.entropy(&format!("{name}/d_sec")),
            last_number: 0,
            committed_at: UnixSeconds(0),
            asserted: BTreeMap::new(),
        }
    }

    /// `K_pin` of a PIN; it signs once.
    fn pin_key(&self, pin: &str, generation: u32) -> Result<PinKey, Stop> {
        let pin = Pin::new(pin.as_bytes().to_vec())
            .map_err(|error| Stop::Undecided(format!("no PIN: {error:?}")))?;
        let secret = Secret::from_bytes(self.d_sec);
        Ok(PinKey::from_pin(&secret, &self.record, generation, &pin))
    }
}

/// The words of a [`create`] turn.
pub(super) const CREATE: &[&str] = &["pin", "voucher", "possession"];

/// A CREATE of `device` through the channel with this binding.
///
/// `voucher` may have another `issuer`, `signer` (`handshake`, or another issuer), `factor_server`, `id`, or expire at
/// another time, and with `issuers_kid` whoever signs claims to be the issuer; `possession` may be by another `signer` (`other`), for another `channel`, `record` or `generation`.
pub(super) fn create(
    with: With<'_>,
    device: &Device,
    binding: ChannelBinding,
    other_channel: impl Fn(&str) -> Result<ChannelBinding, Stop>,
    world: &World<'_, '_, '_>,
    spoiler: &Spoiler,
) -> Result<Create, Stop> {
    let pin = with.text("pin")?.unwrap_or(PIN);
    let key = device.pin_key(pin, 1)?.public_key();
    let possession = with.object(
        "possession",
        &["signer", "channel", "record", "generation", "high_s", "key"],
    )?;
    let statement = FactorKey {
        record: match possession.text("record")? {
            Some(name) => Device::of(name, world.session).record,
            None => device.record,
        },
        generation: possession.number("generation")?.unwrap_or(1),
        key: match possession.flag("key")? {
            true => device.key.public(),
            false => key,
        },
        channel: match possession.text("channel")? {
            Some(name) => other_channel(name)?,
            None => binding,
        },
    };
    let tbs = tbs(&statement, key)?;
    let signature = match possession.text("signer")? {
        None => device.pin_key(pin, 1)?.sign_once(&tbs),
        Some("device") => device.key.sign(&tbs),
        Some(other) => Err(Stop::Undecided(format!("no signer {other}")))?,
    };
    Ok(Create {
        ty: Type,
        voucher: voucher(with, world, spoiler)?,
        pin_key: key,
        possession: of_height(signature, possession)?,
        biometric: None,
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

/// The words of a [`verify`] turn.
pub(super) const VERIFY: &[&str] = &[
    "pin",
    "number",
    "epoch",
    "generation",
    "factor",
    "purpose",
    "bind",
    "audience",
    "proof",
];

/// A VERIFY of `device`.
///
/// `proof` may be of another `device`'s PIN, by another `signer` (`device`: its `K_dsf`), or over another `record`,
/// `epoch`, `generation`, `number`, `purpose` or `bind` than the request says.
pub(super) fn verify(
    with: With<'_>,
    device: &mut Device,
    world: &World<'_, '_, '_>,
) -> Result<(Verify, Asked), Stop> {
    let World {
        server, session, ..
    } = *world;
    let number = with.uint("number")?.unwrap_or(device.last_number + 1);
    device.last_number = device.last_number.max(number);
    let pin = with.text("pin")?.unwrap_or(PIN);
    let generation = with.number("generation")?.unwrap_or(1);
    let asked = Asked {
        record: device.record,
        number,
        factor: registered(with, "factor", Factor::from_number)?.unwrap_or(Factor::Pin),
        purpose: registered(with, "purpose", Purpose::from_number)?.unwrap_or(Purpose::Login),
        bind: bind(with, session)?.unwrap_or_else(|| named_bind("login", session)),
        audience: issuer(with.text("audience")?.unwrap_or("shop"), session).0,
    };
    let store_epoch = with.number("epoch")?.unwrap_or(server.store_epoch);

    let proof = with.object(
        "proof",
        &[
            "device",
            "signer",
            "record",
            "epoch",
            "generation",
            "number",
            "purpose",
            "bind",
            "high_s",
            "as",
        ],
    )?;
    let statement = FactorProof {
        record: match proof.text("record")? {
            Some(name) => Device::of(name, session).record,
            None => device.record,
        },
        store_epoch: proof.number("epoch")?.unwrap_or(store_epoch),
        generation: proof.number("generation")?.unwrap_or(generation),
        request_number: proof.uint("number")?.unwrap_or(number),
        purpose: registered(proof, "purpose", Purpose::from_number)?.unwrap_or(asked.purpose),
        bind: bind(proof, session)?.unwrap_or(asked.bind),
    };
    let pin_key = match proof.text("device")? {
        Some(name) => Device::of(name, session).pin_key(pin, 1)?,
        None => device.pin_key(pin, 1)?,
    };
    let tbs = match proof.text("as")? {
        None => tbs(&statement, pin_key.public_key())?,
        Some("factor key") => {
            let statement = FactorKey {
                record: device.record,
                generation,
                key: pin_key.public_key(),
                channel: ChannelBinding(asked.bind.0),
            };
            tbs(&statement, pin_key.public_key())?
        }
        Some(other) => Err(Stop::Undecided(format!(
            "a proof is not signed as a {other}"
        )))?,
    };
    let signature = match proof.text("signer")? {
        None => pin_key.sign_once(&tbs),
        Some("device") => device.key.sign(&tbs),
        Some(other) => Err(Stop::Undecided(format!("no signer {other}")))?,
    };
    let request = Verify {
        ty: Type,
        request_number: number,
        store_epoch,
        generation,
        factor: asked.factor,
        purpose: asked.purpose,
        bind: asked.bind,
        audience: asked.audience,
        proof: of_height(signature, proof)?,
    };
    Ok((request, asked))
}

/// What a message is composed in: the server that it is for, and when.
#[derive(Clone, Copy)]
pub(super) struct World<'w, 'a, 'b> {
    pub(super) server: &'w Server,
    pub(super) session: &'w Session<'a, 'b>,
    pub(super) now: UnixSeconds,
    /// The number of the turn.
    pub(super) turn: usize,
}

fn bind(with: With<'_>, session: &Session<'_, '_>) -> Result<Option<Bind>, Stop> {
    Ok(with.text("bind")?.map(|name| named_bind(name, session)))
}

/// A bind by name: the factor server knows nothing of what is hashed in it.
fn named_bind(name: &str, session: &Session<'_, '_>) -> Bind {
    Bind(session.entropy(&format!("bind {name}")))
}

fn registered<T>(
    with: With<'_>,
    name: &str,
    find: impl Fn(u64) -> Option<T>,
) -> Result<Option<T>, Stop> {
    let Some(number) = with.uint(name)? else {
        return Ok(None);
    };
    match find(number) {
        Some(found) => Ok(Some(found)),
        None => Err(Stop::Undecided(format!(
            "{number} is no {name}: spoil the request"
        ))),
    }
}

fn tbs<T: Statement<Context = ()>>(statement: &T, key: PublicKey) -> Result<Vec<u8>, Stop> {
    cose::detached_tbs(statement, &(), key.kid())
        .map_err(|error| Stop::Undecided(error.to_string()))
}

fn of_height(signature: Signature, with: With<'_>) -> Result<Signature, Stop> {
    Ok(match with.flag("high_s")? {
        true => other_s(signature),
        false => signature,
    })
}
