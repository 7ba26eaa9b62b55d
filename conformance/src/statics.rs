//! The interpreter of static cases: exact answers to single questions.

use countersign_vectors::case::{Expect, Object, Role, StaticStep};
use serde_json::Value;

use crate::outcome::{Severity, Stop};
use crate::session::{Answer, Input, Session};

/// The name of the one session that a static case needs.
const SESSION: &str = "a";

/// Opens the role.
///
/// # Errors
/// [`Stop`] if the implementation does not play it.
pub fn open(session: &mut Session<'_, '_>) -> Result<(), Stop> {
    match session.open(SESSION, Role::Static, Object::new(), None)? {
        Answer::Done { .. } => Ok(()),
        Answer::Refused { code, .. } => Err(Stop::failed(
            Severity::WronglyRejected,
            "the role opens",
            format!("refused with {code}"),
        )),
    }
}

/// Asks one question and judges the answer.
///
/// # Errors
/// [`Stop`] if it is not exactly the right one.
pub fn run(step: &StaticStep, session: &mut Session<'_, '_>) -> Result<(), Stop> {
    let input = Input {
        op: step.op.clone(),
        args: step.args.clone(),
        ..Input::default()
    };
    match (&step.expect, session.step(SESSION, input)?) {
        (
            Expect::Ok(expected),
            Answer::Done {
                out,
                events,
                values,
            },
        ) => {
            if !out.is_empty() || !events.is_empty() {
                return Err(Stop::failed(
                    Severity::WrongAnswer,
                    "a value, and nothing else",
                    "a function that sends messages or reports events",
                ));
            }
            compare(expected, &values)
        }
        (Expect::Ok(expected), Answer::Refused { code, .. }) => Err(Stop::failed(
            Severity::WronglyRejected,
            format!("ok {}", show(expected)),
            format!("refused with {code}"),
        )),
        (Expect::Reject(codes), Answer::Refused { code, .. }) => {
            if codes.allow(code) {
                return Ok(());
            }
            Err(Stop::failed(
                Severity::WrongCode,
                format!("refused with {codes}"),
                format!("refused with {code}"),
            ))
        }
        (Expect::Reject(codes), Answer::Done { values, .. }) => Err(Stop::failed(
            Severity::ForgeryAccepted,
            format!("refused with {codes}"),
            format!("ok {}", show(&values)),
        )),
    }
}

fn compare(expected: &Object, got: &Object) -> Result<(), Stop> {
    if expected == got {
        return Ok(());
    }
    let differing: Vec<&String> = expected
        .keys()
        .chain(got.keys().filter(|key| !expected.contains_key(*key)))
        .filter(|key| expected.get(*key) != got.get(*key))
        .collect();
    let only = |object: &Object| -> Object {
        differing
            .iter()
            .filter_map(|key| {
                object
                    .get(*key)
                    .map(|value| ((*key).clone(), value.clone()))
            })
            .collect()
    };
    Err(Stop::failed(
        Severity::WrongAnswer,
        show(&only(expected)),
        show(&only(got)),
    ))
}

fn show(object: &Object) -> String {
    crate::process::shortened(&Value::Object(object.clone()).to_string())
}
