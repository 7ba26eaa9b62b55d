//! The event stream: the one record of a run, from which every report is made.
//!
//! JSON lines. Everything that depends on the machine's speed stands under
//! `time`: without it, two runs with one seed are equal byte for byte.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use countersign_vectors::case::{Level, Role};
use serde::{Deserialize, Serialize};

use crate::outcome::Failure;
use crate::protocol::Implementation;

/// One line of the stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// A run begins.
    Run(Run),
    /// The doctor has looked at one thing.
    Doctor(Check),
    /// A case begins.
    Start {
        /// Its id.
        case: String,
    },
    /// A case has ended.
    Result(CaseResult),
    /// The run has ended.
    Summary(Summary),
}

/// What is run, and against whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The version of the suite.
    pub suite: String,
    /// The version of the adapter protocol.
    pub protocol: u32,
    /// The seed of everything random.
    pub seed: u64,
    /// `i/n` if this is one of several shards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// How the implementation was reached: a command line or an address.
    pub command: String,
    /// Who is under test; absent if it never said hello.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub implementation: Option<Implementation>,
    /// The roles that it claims.
    pub roles: Vec<Role>,
    /// The capabilities that it claims.
    pub capabilities: Vec<String>,
    /// How many cases were chosen.
    pub cases: usize,
    /// When it began.
    pub time: Began,
}

/// When a run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Began {
    /// Milliseconds since 1970.
    pub unix_ms: u64,
}

/// How long something took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Took {
    /// Microseconds.
    pub us: u64,
}

/// One thing that the doctor has looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What was looked at.
    pub check: String,
    /// What was found.
    pub found: Finding,
    /// What to do about it, or what is worth knowing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What the doctor found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Finding {
    /// It is as it must be.
    Healthy,
    /// It is worth knowing, and stops nothing.
    Note,
    /// No result would mean anything.
    Ill,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseResult {
    /// Its id.
    pub case: String,
    /// Who was under test.
    pub role: Role,
    /// How binding it is.
    pub level: Level,
    /// The requirements that it exercises.
    pub requirements: Vec<String>,
    /// What came of it.
    pub result: Verdict,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Why it was skipped or could not be judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the implementation wrote to stderr, if the case failed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stderr: String,
    /// How long it took.
    pub time: Took,
}

/// What came of a case, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The implementation conforms.
    Pass,
    /// It does not.
    Fail,
    /// It claims neither role nor capability, so it was not asked.
    Skip,
    /// The suite itself is at a loss.
    Undecided,
}

/// A run in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Cases that passed.
    pub passed: usize,
    /// Cases of level MUST that failed.
    pub failed: usize,
    /// Recommendations that were not followed.
    pub advised: usize,
    /// Cases that were skipped.
    pub skipped: usize,
    /// Cases that the suite could not judge.
    pub undecided: usize,
    /// How long it took.
    pub time: Took,
}

impl Summary {
    /// Counts results.
    pub fn of<'a>(results: impl IntoIterator<Item = &'a CaseResult>) -> Summary {
        let mut summary = Summary::default();
        for result in results {
            *match result.result {
                Verdict::Pass => &mut summary.passed,
                Verdict::Fail if result.is_advice() => &mut summary.advised,
                Verdict::Fail => &mut summary.failed,
                Verdict::Skip => &mut summary.skipped,
                Verdict::Undecided => &mut summary.undecided,
            } += 1;
        }
        summary
    }

    /// Whether every MUST that was asked for held.
    pub fn is_conformant(&self) -> bool {
        self.failed == 0 && self.undecided == 0
    }
}

impl CaseResult {
    /// Whether it failed at nothing but a recommendation.
    pub fn is_advice(&self) -> bool {
        self.failure
            .as_ref()
            .is_some_and(|failure| failure.severity == crate::outcome::Severity::Should)
    }
}

/// A whole run, read back.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What was run.
    pub run: Run,
    /// What the doctor found.
    pub checks: Vec<Check>,
    /// What came of the cases, in their order.
    pub results: Vec<CaseResult>,
    /// The run in numbers.
    pub summary: Summary,
}

impl Record {
    /// Reads a stream.
    ///
    /// # Errors
    /// The line that is not an event, or what is missing.
    pub fn read(lines: impl BufRead) -> Result<Record, String> {
        let mut events = Vec::new();
        for (number, line) in (1..).zip(lines.lines()) {
            let line = line.map_err(|error| format!("line {number}: {error}"))?;
            let event = serde_json::from_str(&line)
                .map_err(|error| format!("line {number} is not an event: {error}"))?;
            events.push(event);
        }
        Record::of(events)
    }

    /// Gathers events.
    ///
    /// # Errors
    /// What is missing.
    pub fn of(events: impl IntoIterator<Item = Event>) -> Result<Record, String> {
        let (mut run, mut summary) = (None, None);
        let (mut checks, mut results) = (Vec::new(), Vec::new());
        for event in events {
            match event {
                Event::Run(event) => run = Some(event),
                Event::Doctor(check) => checks.push(check),
                Event::Start { .. } => {}
                Event::Result(result) => results.push(result),
                Event::Summary(event) => summary = Some(event),
            }
        }
        Ok(Record {
            run: run.ok_or("the stream has no beginning")?,
            checks,
            results,
            summary: summary.ok_or("the stream has no summary: the run did not end")?,
        })
    }

    /// The results by requirement, in the order of their ids.
    pub fn by_requirement(&self) -> BTreeMap<&str, Vec<&CaseResult>> {
        let mut map: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
        for result in &self.results {
            for requirement in &result.requirements {
                map.entry(requirement).or_default().push(result);
            }
        }
        map
    }
}

/// Writes events as they happen, and keeps them.
pub struct Log {
    sink: Option<Box<dyn Write>>,
    events: Vec<Event>,
}

impl Log {
    /// A log that also writes to `sink`.
    pub fn new(sink: Option<Box<dyn Write>>) -> Log {
        Log {
            sink,
            events: Vec::new(),
        }
    }

    /// Records an event.
    ///
    /// # Errors
    /// What the sink says.
    pub fn push(&mut self, event: Event) -> io::Result<()> {
        if let Some(sink) = &mut self.sink {
            let mut line = serde_json::to_string(&event)?;
            line.push('\n');
            sink.write_all(line.as_bytes())?;
            if !matches!(event, Event::Start { .. }) {
                sink.flush()?;
            }
        }
        self.events.push(event);
        Ok(())
    }

    /// The whole run.
    ///
    /// # Errors
    /// What is missing.
    pub fn into_record(self) -> Result<Record, String> {
        Record::of(self.events)
    }
}
