//! The one thing that a turn spoils, wherever its layer comes by.

use std::cell::Cell;

use countersign_vectors::case::Object;

use crate::outcome::Stop;
use crate::spoil::{Spoil, spoil};

/// Holds the change that a turn wants, and makes it when the layer comes by.
#[derive(Debug, Default)]
pub struct Spoiler {
    spoil: Option<Spoil>,
    made: Cell<bool>,
}

impl Spoiler {
    /// The change under `spoil` in a turn's `with`, if there is one.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if it is not a change.
    pub fn of(with: &Object) -> Result<Self, Stop> {
        let spoil = match with.get("spoil") {
            None => None,
            Some(value) => Some(
                serde_json::from_value(value.clone())
                    .map_err(|error| Stop::Undecided(format!("not a spoil: {error}")))?,
            ),
        };
        Ok(Self {
            spoil,
            made: Cell::new(false),
        })
    }

    /// `bytes`, changed if this is the layer to spoil.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if the change leads nowhere: the case is at fault.
    pub fn at(&self, layer: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Stop> {
        match &self.spoil {
            Some(change) if change.at == layer => {
                self.made.set(true);
                spoil(&bytes, change)
                    .map_err(|error| Stop::Undecided(format!("cannot spoil {layer}: {error}")))
            }
            _ => Ok(bytes),
        }
    }

    /// The turn is over: what was to be spoilt has been.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if the layer never came by, which would make the case a positive one.
    pub fn finish(&self) -> Result<(), Stop> {
        match &self.spoil {
            Some(change) if !self.made.get() => Err(Stop::Undecided(format!(
                "the layer {} never came by",
                change.at
            ))),
            _ => Ok(()),
        }
    }
}
