//! set-pin and add-biometric: changes of a record (protocol.md, section 8.8).

use countersign::messages::factor::{AddBiometric, Biometric, SetPin};
use countersign::values::Type;

use super::device::{Device, World};
use super::possession;
use crate::outcome::Stop;
use crate::stage::with::With;

/// The words of a [`set_pin`] turn.
pub(super) const SET_PIN: &[&str] = &["generation", "pin", "possession", "biometric"];
/// The words of an [`add_biometric`] turn.
pub(super) const ADD_BIOMETRIC: &[&str] = &["biometric"];

/// A set-pin of `device` for the generation after the live one, or for another `generation`. For `possession` and
/// `biometric` see [`possession`].
pub(super) fn set_pin(
    with: With<'_>,
    device: &Device,
    world: &World<'_, '_, '_>,
) -> Result<SetPin, Stop> {
    let next = device.generation.saturating_add(1);
    let generation = with.number("generation")?.unwrap_or(next);
    let (pin_key, possession) = possession::pin(with, generation, device, world)?;
    Ok(SetPin {
        ty: Type,
        generation,
        pin_key,
        possession,
        biometric: possession::biometric(with, generation, device, world)?,
    })
}

/// An add-biometric of `device`, with the current generation. For `biometric` see [`possession`].
pub(super) fn add_biometric(
    with: With<'_>,
    device: &Device,
    world: &World<'_, '_, '_>,
) -> Result<AddBiometric, Stop> {
    let added = possession::biometric(with, device.generation, device, world)?;
    let Biometric { key, possession } =
        added.ok_or_else(|| Stop::Undecided("which biometric is added?".to_owned()))?;
    Ok(AddBiometric {
        ty: Type,
        key,
        possession,
    })
}
