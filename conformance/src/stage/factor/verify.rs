//! VERIFY: a factor, what it is verified for, and its proof (protocol.md, section 8.3).

use countersign::messages::BindInput;
use countersign::messages::factor::{FactorKey, FactorProof, Verify};
use countersign::registry::{Factor, Purpose};
use countersign::values::{Bind, ChannelBinding, ServerId, Type};

use super::device::{Device, Signer, World, of_height, pin_of, tbs};
use super::server::{Asked, issuer};
use crate::outcome::Stop;
use crate::session::Session;
use crate::stage::with::With;

/// The words of a [`verify`] turn.
pub(super) const VERIFY: &[&str] = &[
    "pin",
    "pin_of",
    "bio",
    "number",
    "epoch",
    "generation",
    "factor",
    "change",
    "purpose",
    "bind",
    "bind_of",
    "audience",
    "proof",
];
/// The words of its `proof`.
const PROOF: &[&str] = &[
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
];
/// The words of its `bind_of`.
const BIND_OF: &[&str] = &["server", "channel", "purpose"];

/// A VERIFY of `device`: by its live PIN, by `pin`, by the one `pin_of` another generation, or where `factor` is 2 by its
/// `K_bio` with the name `bio`.
///
/// With `change` (`pin`, `add` or `remove`) it is for that change of the record: purpose, audience and bind are those of
/// CHG-2, but for what `purpose`, `audience`, `bind` and `bind_of` say. `proof` may be of another `device`'s PIN, by another `signer` (`device`, `pin` or
/// `biometric`), or over another `record`, `epoch`, `generation`, `number`, `purpose` or `bind` than the request says.
pub(super) fn verify(
    with: With<'_>,
    device: &mut Device,
    world: &World<'_, '_, '_>,
) -> Result<(Verify, Asked), Stop> {
    let number = with.uint("number")?.unwrap_or(device.last_number + 1);
    device.last_number = device.last_number.max(number);
    let asked = asked(with, number, device, world)?;
    let store_epoch = with.number("epoch")?.unwrap_or(world.server.store_epoch);
    let generation = with.number("generation")?.unwrap_or(device.generation);

    let session = world.session;
    let proof = with.object("proof", PROOF)?;
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
    // In the name of the factor's key, whoever signs.
    let key = factor_key(with, proof, asked.factor, device, world)?;
    let tbs = match proof.text("as")? {
        None => tbs(&statement, key.public())?,
        Some("factor key") => {
            let statement = FactorKey {
                record: device.record,
                generation,
                key: key.public(),
                channel: ChannelBinding(asked.bind.0),
            };
            tbs(&statement, key.public())?
        }
        Some(other) => Err(Stop::Undecided(format!(
            "a proof is not signed as a {other}"
        )))?,
    };
    let signer = match proof.text("signer")? {
        None => key,
        Some("device") => Signer::Key(device.key.clone()),
        Some("pin") => factor_key(with, proof, Factor::Pin, device, world)?,
        Some("biometric") => factor_key(with, proof, Factor::Biometric, device, world)?,
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
        proof: of_height(signer.sign(&tbs), proof)?,
    };
    Ok((request, asked))
}

/// What a turn asks a verdict on.
fn asked(
    with: With<'_>,
    number: u64,
    device: &Device,
    world: &World<'_, '_, '_>,
) -> Result<Asked, Stop> {
    let session = world.session;
    let (purpose, bind_of, audience) = match with.text("change")? {
        None => (
            Purpose::Login,
            named_bind("login", session),
            issuer("shop", session).0,
        ),
        Some(change) => {
            let purpose = match change {
                "pin" => Purpose::PinChange,
                "add" => Purpose::BiometricsAdd,
                "remove" => Purpose::BiometricsRemove,
                other => Err(Stop::Undecided(format!("{other} is no change")))?,
            };
            let bind = management(with.object("bind_of", BIND_OF)?, purpose, world)?;
            (purpose, bind, world.server.id())
        }
    };
    Ok(Asked {
        record: device.record,
        number,
        factor: registered(with, "factor", Factor::from_number)?.unwrap_or(Factor::Pin),
        purpose: registered(with, "purpose", Purpose::from_number)?.unwrap_or(purpose),
        bind: bind(with, session)?.unwrap_or(bind_of),
        audience: match with.text("audience")? {
            None => audience,
            Some("factor server") => world.server.id(),
            Some(name) => issuer(name, session).0,
        },
    })
}

/// The bind of a change (CHG-2), of another `server`, `channel` or `purpose` where the turn says so.
fn management(with: With<'_>, purpose: Purpose, world: &World<'_, '_, '_>) -> Result<Bind, Stop> {
    let server: ServerId = match with.text("server")? {
        None => world.server.id(),
        Some(name) => issuer(name, world.session).0,
    };
    let channel = world.channel(with, "channel")?;
    let purpose = registered(with, "purpose", Purpose::from_number)?.unwrap_or(purpose);
    Ok(BindInput::management(server, channel, purpose).bind())
}

/// The key that stands for a factor.
fn factor_key(
    with: With<'_>,
    proof: With<'_>,
    factor: Factor,
    device: &Device,
    world: &World<'_, '_, '_>,
) -> Result<Signer, Stop> {
    let other = proof
        .text("device")?
        .map(|name| Device::of(name, world.session));
    let device = other.as_ref().unwrap_or(device);
    match factor {
        Factor::Pin => {
            let generation = with.number("pin_of")?.unwrap_or(device.generation);
            let live = pin_of(generation);
            let pin = with.text("pin")?.unwrap_or(&live);
            Ok(Signer::Pin(device.pin_key(pin, generation)?))
        }
        Factor::Biometric => {
            let name = with.text("bio")?.unwrap_or("first");
            Ok(Signer::Key(device.bio_key(name, world.session)))
        }
    }
}

fn bind(with: With<'_>, session: &Session<'_, '_>) -> Result<Option<Bind>, Stop> {
    Ok(with.text("bind")?.map(|name| named_bind(name, session)))
}

/// A bind by name: of a login the factor server knows nothing of what is hashed in it.
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
