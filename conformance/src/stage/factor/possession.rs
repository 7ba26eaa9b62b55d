//! New factor keys, and the proof that who registers one holds it (protocol.md, section 8.4).

use countersign::crypto::{PublicKey, Signature};
use countersign::messages::factor::{Biometric, FactorKey};

use super::device::{Device, Signer, World, of_height, pin_of, tbs};
use crate::outcome::Stop;
use crate::stage::with::With;

/// The words of a `possession`: it may be by another `signer` (`device`, `live pin`, or `pin`, the new one), for another
/// `channel`, `record` or `generation`, or over another `key` (the device's own) than is registered.
const POSSESSION: &[&str] = &["signer", "channel", "record", "generation", "high_s", "key"];
/// The words of a `biometric`: which `K_bio` of the device it is, and its possession.
const BIOMETRIC: &[&str] = &["name", "possession"];

/// The key of a new PIN and its proof, by the words `pin` and `possession`.
pub(super) fn pin(
    with: With<'_>,
    generation: u32,
    device: &Device,
    world: &World<'_, '_, '_>,
) -> Result<(PublicKey, Signature), Stop> {
    let default = pin_of(generation);
    let pin = with.text("pin")?.unwrap_or(&default);
    let signer = Signer::Pin(device.pin_key(pin, generation)?);
    let key = signer.public();
    let possession = prove(with, key, signer, generation, device, world)?;
    Ok((key, possession))
}

/// A `K_bio` and its proof, by the words `name` and `possession` of the object `biometric`, if there is one.
pub(super) fn biometric(
    with: With<'_>,
    generation: u32,
    device: &Device,
    world: &World<'_, '_, '_>,
) -> Result<Option<Biometric>, Stop> {
    if !with.has("biometric") {
        return Ok(None);
    }
    let with = with.object("biometric", BIOMETRIC)?;
    let name = with.text("name")?.unwrap_or("first");
    let signer = Signer::Key(device.bio_key(name, world.session));
    let key = signer.public();
    let possession = prove(with, key, signer, generation, device, world)?;
    Ok(Some(Biometric { key, possession }))
}

fn prove(
    with: With<'_>,
    key: PublicKey,
    holder: Signer,
    generation: u32,
    device: &Device,
    world: &World<'_, '_, '_>,
) -> Result<Signature, Stop> {
    let with = with.object("possession", POSSESSION)?;
    let statement = FactorKey {
        record: match with.text("record")? {
            Some(name) => Device::of(name, world.session).record,
            None => device.record,
        },
        generation: with.number("generation")?.unwrap_or(generation),
        key: match with.flag("key")? {
            true => device.key.public(),
            false => key,
        },
        channel: world.channel(with, "channel")?,
    };
    let signer = match with.text("signer")? {
        None => holder,
        Some("device") => Signer::Key(device.key.clone()),
        Some("pin") => Signer::Pin(device.pin_key(&pin_of(generation), generation)?),
        Some("live pin") => {
            let live = device.generation;
            Signer::Pin(device.pin_key(&pin_of(live), live)?)
        }
        Some(other) => Err(Stop::Undecided(format!("no signer {other}")))?,
    };
    // In the name of the key that is registered, whoever signs.
    let signature = signer.sign(&tbs(&statement, key)?);
    of_height(signature, with)
}
