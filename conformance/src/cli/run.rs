//! `run` and `doctor`.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use countersign_vectors::case::Case;

use super::progress::Progress;
use super::{Exit, Halt, RunArgs, Target, groups, replay, summary};
use crate::doctor;
use crate::events::{Began, Event, Log, Run, Summary, Took, Verdict};
use crate::process::Launcher;
use crate::protocol::VERSION;
use crate::run::{self, Examined, Settings};

pub(super) fn run(args: &RunArgs) -> Result<Exit, Halt> {
    let began = Instant::now();
    let groups = groups()?;
    let selection = args.choice.selection(&groups)?;
    let cases = selection.of(&groups);
    let launcher = args.target.launcher()?;
    let mut log = Log::new(sink(args.out.as_deref())?);

    let diagnosis = doctor::examine(
        &launcher,
        &groups,
        args.target.seed(),
        args.target.deadline(),
    );
    let healthy = diagnosis.is_healthy();
    let claims = diagnosis.claims;
    let beginning = Run {
        suite: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: VERSION,
        seed: args.target.seed,
        shard: selection.shard.map(|shard| shard.to_string()),
        command: args.target.words(),
        implementation: claims.as_ref().map(|claims| claims.implementation.clone()),
        roles: claims
            .iter()
            .flat_map(|claims| claims.roles.iter().copied())
            .collect(),
        capabilities: claims
            .iter()
            .flat_map(|claims| claims.capabilities.iter().cloned())
            .collect(),
        cases: cases.len(),
        time: Began { unix_ms: unix_ms() },
    };
    log.push(Event::Run(beginning)).map_err(Halt::fault)?;
    for check in diagnosis.checks {
        log.push(Event::Doctor(check)).map_err(Halt::fault)?;
    }

    let mut results = Vec::new();
    if let (true, Some(claims)) = (healthy, claims) {
        let settings = Settings {
            seed: args.target.seed(),
            timeout: args.target.deadline(),
            jobs: jobs(args, &launcher),
        };
        let mut progress = Progress::new(cases.len());
        run::run(&cases, &claims, &launcher, settings, |examined| {
            progress.show(&examined.result);
            if let Some(directory) = &args.out {
                keep(directory, &examined, &cases, args.target.seed)?;
            }
            let Examined { result, .. } = examined;
            log.push(Event::Start {
                case: result.case.clone(),
            })?;
            log.push(Event::Result(result.clone()))?;
            results.push(result);
            Ok(())
        })
        .map_err(|error: io::Error| Halt::fault(error))?;
        progress.end();
    }

    let time = Took {
        us: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
    };
    let counted = Summary {
        time,
        ..Summary::of(&results)
    };
    log.push(Event::Summary(counted)).map_err(Halt::fault)?;
    let record = log.into_record().map_err(Halt::fault)?;
    let style = summary::Style::of(io::stdout().is_terminal());
    print(&summary::text(&record, &groups, style))?;
    Ok(if !healthy {
        Exit::Doctor
    } else if record.summary.undecided > 0 {
        Exit::Fault
    } else if record.summary.is_conformant() {
        Exit::Fine
    } else {
        Exit::NotConformant
    })
}

pub(super) fn doctor(target: &Target) -> Result<Exit, Halt> {
    let groups = groups()?;
    let launcher = target.launcher()?;
    let diagnosis = doctor::examine(&launcher, &groups, target.seed(), target.deadline());
    let style = summary::Style::of(io::stdout().is_terminal());
    print(&summary::checks(&diagnosis.checks, style))?;
    Ok(if diagnosis.is_healthy() {
        Exit::Fine
    } else {
        Exit::Doctor
    })
}

/// Writes to stdout; a reader that has seen enough, such as `head`, is no fault.
pub(super) fn print(text: &str) -> Result<(), Halt> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Halt::fault(error)),
        _ => Ok(()),
    }
}

/// A connection that was dialled once serves one job.
fn jobs(args: &RunArgs, launcher: &Launcher) -> usize {
    match (launcher, args.jobs) {
        (Launcher::Listen(_), _) => 1,
        (_, Some(jobs)) => jobs.into(),
        (_, None) => thread::available_parallelism().map_or(1, usize::from),
    }
}

fn sink(directory: Option<&Path>) -> Result<Option<Box<dyn Write>>, Halt> {
    let Some(directory) = directory else {
        return Ok(None);
    };
    let create = || {
        fs::create_dir_all(directory)?;
        let failures = directory.join("failures");
        if failures.exists() {
            // What an earlier run left there would pass for this one's.
            fs::remove_dir_all(&failures)?;
        }
        File::create(directory.join("events.jsonl"))
    };
    let file = create().map_err(|error| {
        Halt::usage(format!("cannot write to {}: {error}", directory.display()))
    })?;
    Ok(Some(Box::new(BufWriter::new(file))))
}

/// Keeps a failure in a file of its own, for `replay`.
fn keep(directory: &Path, examined: &Examined, cases: &[&Case], seed: u64) -> io::Result<()> {
    let result = &examined.result;
    if result.result != Verdict::Fail {
        return Ok(());
    }
    let Some(case) = cases.iter().find(|case| case.id == result.case) else {
        return Ok(());
    };
    let failures = directory.join("failures");
    fs::create_dir_all(&failures)?;
    let text = replay::failure(case, seed, examined)?;
    fs::write(failures.join(format!("{}.json", case.id)), text)
}

fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}
