//! The interpreter of dialogues: the runner plays everyone but the
//! implementation under test.
//!
//! One [`Stage`] per role under test holds the other parties, the network and
//! the clock of one case. A turn of a case acts on the stage, the stage acts
//! on the implementation through the [`Session`], and what comes back is
//! [judged](judge::judge) by the turn's expectation.
//!
//! A stage also checks, in every turn, what no expectation names: signatures,
//! numbers, and that nothing is said before its time.

mod auth;
mod device;
mod factor;
pub mod judge;
pub mod with;

use countersign_vectors::case::{Case, Role, Turn};

use crate::outcome::Stop;
use crate::session::Session;

/// The other parties of one case.
pub trait Stage {
    /// Plays one turn and checks what must come of it.
    ///
    /// # Errors
    /// [`Stop`] where the case ends early; [`Stop::Undecided`] for a turn that
    /// the stage does not know.
    fn play(&mut self, turn: &Turn, session: &mut Session<'_, '_>) -> Result<(), Stop>;
}

/// The stage on which `case` is played.
///
/// # Errors
/// [`Stop::Undecided`] for a role that has no stage.
pub fn stage(case: &Case) -> Result<Box<dyn Stage>, Stop> {
    match case.role {
        Role::Device => Ok(Box::new(device::Scene::new())),
        Role::Auth => Ok(Box::new(auth::Auth::default())),
        Role::Factor => Ok(Box::new(factor::Theatre::new())),
        Role::Static => Err(Stop::Undecided(format!(
            "no stage is set for the role {}",
            case.role
        ))),
    }
}
