//! From a case to an outcome.

use countersign_vectors::case::{Case, Role, Step};
use countersign_vectors::seed::Seed;

use crate::outcome::{Outcome, Stop};
use crate::session::Session;
use crate::stage::{Stage, stage};
use crate::statics;
use crate::subject::Subject;

/// Runs a case once, in a session of its own.
pub fn attempt(case: &Case, subject: &mut Subject<'_>, seed: Seed) -> Outcome {
    let mut session = Session::new(subject, seed, &case.id);
    let outcome = steps(case, &mut session);
    let closed = session.close_all();
    match (outcome, closed) {
        (Outcome::Pass, Err(stop)) => stop.at_step(case.steps.len()),
        (outcome, _) => outcome,
    }
    .at_level(case.level)
}

fn steps(case: &Case, session: &mut Session<'_, '_>) -> Outcome {
    let mut stage = match begin(case, session) {
        Ok(stage) => stage,
        Err(stop) => return stop.at_step(1),
    };
    for (number, step) in (1..).zip(&case.steps) {
        let done = match (step, &mut stage) {
            (Step::Static(step), None) => statics::run(step, session),
            (Step::Turn(turn), Some(stage)) => stage.play(turn, session),
            _ => Err(Stop::Undecided(
                "a static step in a dialogue, or a turn in a static case".to_owned(),
            )),
        };
        if let Err(stop) = done {
            return stop.at_step(number);
        }
    }
    Outcome::Pass
}

fn begin(case: &Case, session: &mut Session<'_, '_>) -> Result<Option<Box<dyn Stage>>, Stop> {
    if case.role == Role::Static {
        statics::open(session)?;
        return Ok(None);
    }
    stage(case).map(Some)
}
