//! What can come of a case, and how bad it is.

use std::fmt;
use std::time::Duration;

use countersign_vectors::case::Level;
use serde::{Deserialize, Serialize};

/// What came of a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The implementation conforms.
    Pass,
    /// It does not.
    Fail(Failure),
    /// It says that it lacks something.
    Unsupported(String),
    /// The runner could not judge: a bug of the suite, never of the implementation.
    Undecided(String),
}

/// How an implementation failed a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// How bad it is.
    pub severity: Severity,
    /// The step at which it showed, from one, if it showed at a step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// What a conforming implementation does.
    pub expected: String,
    /// What this one did.
    pub got: String,
    /// What else helps to find the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// How bad a failure is, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// What must be refused was accepted.
    ForgeryAccepted,
    /// The process ended, or the connection was lost.
    Crash,
    /// No answer came before the deadline.
    Hang,
    /// The case fails after others and passes alone: something survived `close`.
    StateLeak,
    /// A line was not a reply of the adapter protocol.
    Malformed,
    /// The adapter said `error`, or `unsupported` for something that it claims.
    AdapterError,
    /// What must be accepted was refused.
    WronglyRejected,
    /// Accepted as it must be, with another result.
    WrongAnswer,
    /// Refused as it must be, with another number.
    WrongCode,
    /// A recommendation was not followed.
    Should,
}

impl Severity {
    /// Every severity, worst first.
    pub const ALL: [Severity; 10] = [
        Severity::ForgeryAccepted,
        Severity::Crash,
        Severity::Hang,
        Severity::StateLeak,
        Severity::Malformed,
        Severity::AdapterError,
        Severity::WronglyRejected,
        Severity::WrongAnswer,
        Severity::WrongCode,
        Severity::Should,
    ];

    /// The words for it in reports.
    pub fn words(self) -> &'static str {
        match self {
            Severity::ForgeryAccepted => "forgery accepted",
            Severity::Crash => "crash",
            Severity::Hang => "hang",
            Severity::StateLeak => "state leak",
            Severity::Malformed => "malformed reply",
            Severity::AdapterError => "adapter error",
            Severity::WronglyRejected => "wrongly rejected",
            Severity::WrongAnswer => "wrong answer",
            Severity::WrongCode => "wrong code",
            Severity::Should => "recommendation not followed",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}

/// What only the runner can say about an implementation: it broke.
///
/// None of these is ever taken for a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It could not be started, or did not dial back.
    Start(String),
    /// It ended, or hung up; the exit status, if there is one.
    Crash(String),
    /// It did not answer within this time, and was killed.
    Hang(Duration),
    /// It answered, and not in the adapter protocol.
    Malformed(String),
    /// It answered `error`.
    Error(String),
}

impl Fault {
    /// How bad that is.
    pub fn severity(&self) -> Severity {
        match self {
            Fault::Start(_) | Fault::Crash(_) => Severity::Crash,
            Fault::Hang(_) => Severity::Hang,
            Fault::Malformed(_) => Severity::Malformed,
            Fault::Error(_) => Severity::AdapterError,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Start(why) => write!(f, "it does not start: {why}"),
            Fault::Crash(how) => write!(f, "it ended ({how})"),
            Fault::Hang(after) => write!(f, "no reply within {} ms", after.as_millis()),
            Fault::Malformed(what) => write!(f, "a malformed reply: {what}"),
            Fault::Error(detail) => write!(f, "the adapter reported an error: {detail}"),
        }
    }
}

/// Why the interpretation of a case ended early.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// The implementation answered, and wrongly.
    Failed(Failure),
    /// The implementation broke.
    Broke(Fault),
    /// The implementation says that it lacks something.
    Unsupported(String),
    /// The case makes no sense to the runner.
    Undecided(String),
}

impl Stop {
    /// A wrong answer of the given severity.
    pub fn failed(severity: Severity, expected: impl Into<String>, got: impl Into<String>) -> Stop {
        Stop::Failed(Failure {
            severity,
            step: None,
            expected: expected.into(),
            got: got.into(),
            detail: None,
        })
    }

    /// The outcome of a case that ended so at `step`, counted from one.
    pub fn at_step(self, step: usize) -> Outcome {
        match self {
            Stop::Failed(failure) => Outcome::Fail(Failure {
                step: failure.step.or(Some(step)),
                ..failure
            }),
            Stop::Broke(fault) => Outcome::Fail(Failure {
                severity: fault.severity(),
                step: Some(step),
                expected: "an answer".to_owned(),
                got: fault.to_string(),
                detail: None,
            }),
            Stop::Unsupported(capability) => Outcome::Unsupported(capability),
            Stop::Undecided(why) => Outcome::Undecided(format!("step {step}: {why}")),
        }
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Broke(fault)
    }
}

impl Outcome {
    /// The outcome as it counts for a case of this level: a recommendation can
    /// be broken only by breaking.
    pub fn at_level(self, level: Level) -> Outcome {
        match self {
            Outcome::Fail(failure)
                if level == Level::Should && failure.severity >= Severity::WronglyRejected =>
            {
                Outcome::Fail(Failure {
                    severity: Severity::Should,
                    ..failure
                })
            }
            other => other,
        }
    }
}
