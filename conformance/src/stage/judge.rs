//! What came of a turn, and whether it is what had to come of it.

use std::fmt::Debug;

use countersign_vectors::case::{Object, Turn};
use serde_json::{Value, json};

use crate::outcome::{Severity, Stop};
use crate::process::shortened;

/// The words with which an expectation speaks of a refusal. Each holds a number of the catalogue.
///
/// | word | the implementation answered `reject`, and |
/// |---|---|
/// | `rejected` | it does not matter what else |
/// | `error` | the peer gets an EDHOC error message with the same number |
/// | `refused` | the peer gets `refused` with the same number through the channel |
/// | `failed` | the app is told that the attempt has failed with this number, and nothing else |
const REFUSALS: [&str; 4] = ["rejected", "error", "refused", "failed"];

/// What came of a turn.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    /// The implementation went along, with these facts for the peer to see.
    Accepted(Object),
    /// It refused, in one of these ways, with this number.
    Refused(&'static str, u16),
}

impl Came {
    /// It went along, and there is nothing to be seen.
    pub fn nothing() -> Self {
        Self::Accepted(Object::new())
    }

    /// It went along, and this is to be seen. `value` is a JSON object.
    pub fn with(value: Value) -> Self {
        match value {
            Value::Object(object) => Self::Accepted(object),
            other => Self::Accepted(Object::from_iter([("value".to_owned(), other)])),
        }
    }
}

/// Compares what came of a turn with what had to come of it: exactly that, and no fact more.
///
/// # Errors
/// [`Stop::Failed`] with the severity of the difference.
pub fn judge(turn: &Turn, came: Came) -> Result<(), Stop> {
    let refusal = REFUSALS
        .iter()
        .find(|word| turn.expect.contains_key(**word));
    let expected = Value::Object(turn.expect.clone());
    let (got, severity) = match (came, refusal) {
        (Came::Accepted(facts), None) => {
            let severity = match (succeeds(&turn.expect), succeeds(&facts)) {
                (Some(false), Some(true)) => Severity::ForgeryAccepted,
                (Some(true), Some(false)) => Severity::WronglyRejected,
                _ => Severity::WrongAnswer,
            };
            (Value::Object(facts), severity)
        }
        (Came::Accepted(facts), Some(_)) => (Value::Object(facts), Severity::ForgeryAccepted),
        // An attempt that has ended is more than a refusal that changes nothing.
        (Came::Refused(how, number), Some(&"rejected")) if how != "failed" => {
            (json!({ "rejected": number }), Severity::WrongCode)
        }
        (Came::Refused(how, number), Some(_)) => (json!({ how: number }), Severity::WrongCode),
        (Came::Refused(how, number), None) => (json!({ how: number }), Severity::WronglyRejected),
    };
    if got == expected {
        return Ok(());
    }
    Err(Stop::failed(
        severity,
        shortened(&expected.to_string()),
        shortened(&got.to_string()),
    ))
}

/// Whether these are facts of a success, where they are of an attempt: some attempts fail and are answered nevertheless.
fn succeeds(facts: &Object) -> Option<bool> {
    Some(facts.get("outcome")?.as_u64() == Some(0))
}

/// Whether the turn has to end in a refusal.
pub fn expects_refusal(turn: &Turn) -> bool {
    REFUSALS.iter().any(|word| turn.expect.contains_key(*word))
}

/// Fails the case unless the two are the same.
///
/// # Errors
/// [`Stop::Failed`] with a wrong answer.
pub fn same<T: PartialEq + Debug>(what: &str, expected: &T, got: &T) -> Result<(), Stop> {
    if expected == got {
        return Ok(());
    }
    Err(Stop::failed(
        Severity::WrongAnswer,
        shortened(&format!("{what}: {expected:?}")),
        shortened(&format!("{got:?}")),
    ))
}

/// A wrong answer: this was expected, and that came.
pub fn wrong(expected: &str, got: &impl Debug) -> Stop {
    Stop::failed(
        Severity::WrongAnswer,
        expected,
        shortened(&format!("{got:?}")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Failure;
    use countersign_vectors::case::Actor;

    fn check(expect: Value, came: Came, severity: Option<Severity>) {
        let Value::Object(expect) = expect else {
            panic!("no object")
        };
        let turn = Turn {
            actor: Actor::Device,
            action: "act".to_owned(),
            with: Object::new(),
            expect,
        };
        match (judge(&turn, came), severity) {
            (Ok(()), None) => {}
            (Err(Stop::Failed(Failure { severity: got, .. })), Some(severity)) => {
                assert_eq!(got, severity);
            }
            (got, _) => panic!("{got:?}"),
        }
    }

    #[test]
    fn every_difference_has_its_severity() {
        let verdict = |outcome: u16| Came::with(json!({ "outcome": outcome }));
        check(json!({ "outcome": 0 }), verdict(0), None);
        check(
            json!({ "outcome": 0 }),
            verdict(410),
            Some(Severity::WronglyRejected),
        );
        check(
            json!({ "outcome": 410 }),
            verdict(0),
            Some(Severity::ForgeryAccepted),
        );
        check(
            json!({ "outcome": 410 }),
            verdict(411),
            Some(Severity::WrongAnswer),
        );
        check(json!({}), verdict(0), Some(Severity::WrongAnswer));
        check(
            json!({ "refused": 413 }),
            verdict(0),
            Some(Severity::ForgeryAccepted),
        );
        check(
            json!({ "refused": 413 }),
            Came::nothing(),
            Some(Severity::ForgeryAccepted),
        );
        check(
            json!({ "refused": 413 }),
            Came::Refused("refused", 413),
            None,
        );
        check(
            json!({ "rejected": 428 }),
            Came::Refused("failed", 428),
            Some(Severity::WrongCode),
        );
        check(
            json!({ "refused": 413 }),
            Came::Refused("refused", 414),
            Some(Severity::WrongCode),
        );
        check(
            json!({ "refused": 413 }),
            Came::Refused("rejected", 413),
            Some(Severity::WrongCode),
        );
        check(
            json!({ "rejected": 602 }),
            Came::Refused("error", 602),
            None,
        );
        check(
            json!({ "outcome": 0 }),
            Came::Refused("refused", 413),
            Some(Severity::WronglyRejected),
        );
    }
}
