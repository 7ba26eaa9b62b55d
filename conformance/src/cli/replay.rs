//! `replay`: one case again, with every line that is said.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use countersign_vectors::case::{Case, Group};
use countersign_vectors::seed::Seed;
use serde::{Deserialize, Serialize};

use super::run::print;
use super::{Exit, Halt, Target};
use crate::interpret::attempt;
use crate::outcome::Outcome;
use crate::process::Said;
use crate::run::{Examined, missing};
use crate::subject::Subject;

/// A failure as `run --out` keeps it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// The seed of the run.
    seed: u64,
    /// The case.
    case: Case,
    /// What was said, `>` by the runner, `<` by the implementation, `|` noise.
    said: Vec<String>,
}

/// What a file may hold.
#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Failure(Box<Kept>),
    Cases(Group),
    Case(Box<Case>),
}

/// The text of a failure's file.
pub(super) fn failure(case: &Case, seed: u64, examined: &Examined) -> io::Result<String> {
    let said = examined.said.iter().map(line).collect();
    let mut text = serde_json::to_string_pretty(&Kept {
        seed,
        case: case.clone(),
        said,
    })?;
    text.push('\n');
    Ok(text)
}

pub(super) fn replay(file: &Path, target: &Target) -> Result<Exit, Halt> {
    let text = fs::read_to_string(file)
        .map_err(|error| Halt::usage(format!("cannot read {}: {error}", file.display())))?;
    let (seed, cases) = match serde_json::from_str(&text) {
        Ok(File::Failure(kept)) => (Seed(kept.seed), vec![kept.case]),
        Ok(File::Cases(group)) => (target.seed(), group.cases),
        Ok(File::Case(case)) => (target.seed(), vec![*case]),
        Err(_) => {
            let what = "neither a case file nor a failure that `run --out` wrote";
            return Err(Halt::usage(format!("{} is {what}", file.display())));
        }
    };
    let launcher = target.launcher()?;
    let mut worst = Exit::Fine;
    for case in &cases {
        let mut subject = Subject::new(&launcher, target.deadline());
        let claims = subject
            .start()
            .cloned()
            .map_err(|fault| Halt(Exit::Doctor, crate::run::cannot_start(&fault)))?;
        let mut text = format!("{}\n", case.id);
        if let Some(reason) = missing(case, &claims) {
            let _ = writeln!(text, "skipped: {reason}\n");
            print(&text)?;
            continue;
        }
        let outcome = attempt(case, &mut subject, seed);
        let (said, stderr) = subject.evidence();
        for said in &said {
            let _ = writeln!(text, "  {}", line(said));
        }
        for stderr in stderr.lines() {
            let _ = writeln!(text, "  stderr: {stderr}");
        }
        match outcome {
            Outcome::Pass => text.push_str("passed\n\n"),
            Outcome::Fail(failure) => {
                worst = Exit::NotConformant;
                let _ = writeln!(
                    text,
                    "{}\n  expected  {}\n  got       {}\n",
                    failure.severity, failure.expected, failure.got
                );
            }
            Outcome::Unsupported(capability) => {
                worst = Exit::NotConformant;
                let _ = writeln!(text, "unsupported: {capability}, which it claims\n");
            }
            Outcome::Undecided(why) => return Err(Halt::fault(format!("{}: {why}", case.id))),
        }
        print(&text)?;
    }
    Ok(worst)
}

fn line(said: &Said) -> String {
    match said {
        Said::Runner(line) => format!("> {line}"),
        Said::Implementation(line) => format!("< {line}"),
        Said::Noise(line) => format!("| {line}"),
    }
}
