//! A run: every chosen case, on as many processes as there are jobs.
//!
//! A case always goes to the same job, so that a run with one seed and one
//! number of jobs repeats itself; results come out in the order of the cases,
//! whatever the order in which they are found.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use countersign_vectors::case::Case;
use countersign_vectors::seed::Seed;

use crate::events::{CaseResult, Took, Verdict};
use crate::interpret::attempt;
use crate::outcome::{Failure, Fault, Outcome, Severity, Stop};
use crate::process::{Launcher, Said};
use crate::subject::{Claims, Subject};

/// How a run is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The seed of everything random.
    pub seed: Seed,
    /// The deadline of each step.
    pub timeout: Duration,
    /// How many processes of the implementation run side by side.
    pub jobs: usize,
}

/// A result, and the conversation that led to it if it is a failure.
#[derive(Clone, Debug, PartialEq)]
pub struct Examined {
    /// What came of the case.
    pub result: CaseResult,
    /// What was said.
    pub said: Vec<Said>,
}

/// Runs the cases; `each` sees every result, in the order of the cases.
///
/// # Errors
/// What `each` returns; the run ends with it.
pub fn run<E>(
    cases: &[&Case],
    claims: &Claims,
    launcher: &Launcher,
    settings: Settings,
    mut each: impl FnMut(Examined) -> Result<(), E>,
) -> Result<(), E> {
    let jobs = settings.jobs.max(1);
    let (found, results) = mpsc::channel();
    thread::scope(|scope| {
        for job in 0..jobs {
            let found = found.clone();
            scope.spawn(move || {
                let mut subject = Subject::new(launcher, settings.timeout);
                for (number, case) in cases.iter().enumerate().skip(job).step_by(jobs) {
                    let examined = match missing(case, claims) {
                        Some(reason) => skipped(case, reason),
                        None => examine(case, &mut subject, settings.seed),
                    };
                    if found.send((number, examined)).is_err() {
                        return;
                    }
                }
                subject.goodbye();
            });
        }
        drop(found);

        let mut early = BTreeMap::new();
        let mut next = 0;
        for (number, examined) in results {
            early.insert(number, examined);
            while let Some(examined) = early.remove(&next) {
                each(examined)?;
                next += 1;
            }
        }
        Ok(())
    })
}

/// Runs one case, and once more alone if it fails: what passes alone suffers
/// from what an earlier session left behind.
pub fn examine(case: &Case, subject: &mut Subject<'_>, seed: Seed) -> Examined {
    let began = Instant::now();
    let (fresh, outcome) = once(case, subject, seed);
    if outcome == Outcome::Pass {
        return examined(case, outcome, began, Vec::new(), String::new());
    }
    let (mut said, mut stderr) = subject.evidence();
    let outcome = match outcome {
        Outcome::Fail(first) if !fresh => {
            let (_, alone) = once(case, subject, seed);
            if alone == Outcome::Pass {
                Outcome::Fail(leak(first))
            } else {
                (said, stderr) = subject.evidence();
                alone
            }
        }
        other => other,
    };
    examined(case, outcome, began, said, stderr)
}

fn once(case: &Case, subject: &mut Subject<'_>, seed: Seed) -> (bool, Outcome) {
    match subject.begin_case() {
        Ok(fresh) => (fresh, attempt(case, subject, seed)),
        Err(fault) => (true, Stop::Broke(fault).at_step(1)),
    }
}

fn leak(first: Failure) -> Failure {
    Failure {
        severity: Severity::StateLeak,
        detail: Some(format!(
            "after other cases: {} ({}); alone in a fresh process the case passes",
            first.got, first.severity
        )),
        got: "another result than in a fresh process".to_owned(),
        ..first
    }
}

fn examined(
    case: &Case,
    outcome: Outcome,
    began: Instant,
    said: Vec<Said>,
    stderr: String,
) -> Examined {
    let time = Took {
        us: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
    };
    let (result, failure, reason) = match outcome {
        Outcome::Pass => (Verdict::Pass, None, None),
        Outcome::Fail(failure) => (Verdict::Fail, Some(failure), None),
        Outcome::Unsupported(capability) => (Verdict::Fail, Some(broken_claim(&capability)), None),
        Outcome::Undecided(why) => (Verdict::Undecided, None, Some(why)),
    };
    let result = CaseResult {
        case: case.id.clone(),
        role: case.role,
        level: case.level,
        requirements: case.requirements.clone(),
        result,
        failure,
        reason,
        stderr,
        time,
    };
    Examined { result, said }
}

/// Only cases whose role and capabilities are claimed are run at all.
fn broken_claim(capability: &str) -> Failure {
    Failure {
        severity: Severity::AdapterError,
        step: None,
        expected: "an answer: the role and all that the case needs are claimed".to_owned(),
        got: format!("unsupported ({capability})"),
        detail: None,
    }
}

/// What the implementation would have to claim for the case to apply.
pub fn missing(case: &Case, claims: &Claims) -> Option<String> {
    if !claims.roles.contains(&case.role) {
        return Some(format!("the role {} is not claimed", case.role));
    }
    case.capabilities
        .iter()
        .find(|capability| !claims.capabilities.contains(*capability))
        .map(|capability| format!("the capability {capability} is not claimed"))
}

fn skipped(case: &Case, reason: String) -> Examined {
    let mut examined = examined(
        case,
        Outcome::Undecided(reason),
        Instant::now(),
        Vec::new(),
        String::new(),
    );
    examined.result.result = Verdict::Skip;
    examined.result.time = Took::default();
    examined
}

/// The fault of an implementation that never said hello, for a person.
pub fn cannot_start(fault: &Fault) -> String {
    format!("the implementation under test cannot be used: {fault}")
}
