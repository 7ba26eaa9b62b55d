//! The command line. Results go to standard output, progress to standard error.

mod print;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use serde_json::Value;

use crate::catalogue::{self, Entry};
use crate::check::Size;
use crate::cover;
use crate::progress::{Progress, report_on_interrupt};
use crate::report;
use crate::story::Form;
use crate::verdict::Report;
use crate::weaken::Outcome;

/// Checks the protocol's own transition functions against an attacker, crashes and races.
#[derive(Parser, Debug)]
#[command(
    name = "countersign-model",
    version,
    after_help = "Exit codes: 0 all is as it should be, 1 a property, a count or a weakening is not, 2 wrong usage, 130 interrupted."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Visit all states of one model, or of all, and look at every property in each
    Check {
        /// A model; all of them if none is named
        model: Option<String>,
        /// How much of the world to play
        #[arg(long, value_enum, default_value_t = SizeArg::Small)]
        size: SizeArg,
    },
    /// Take each guard away in turn, and see which property notices
    Weaken {
        /// A weakening, to see its counterexample too; all of them if none is named
        name: Option<String>,
    },
    /// Show the shortest counterexample of a weakening, or the run that breaks a promise's unfair twin
    Trace {
        /// The weakening, or the beginning of the promise's name
        name: String,
        /// In which form
        #[arg(long = "as", value_enum, default_value_t = FormArg::Text)]
        form: FormArg,
    },
    /// Show which state meets which input, and what comes of it
    Cover {
        /// A model; all of them if none is named
        model: Option<String>,
        /// How much of the world to play
        #[arg(long, value_enum, default_value_t = SizeArg::Small)]
        size: SizeArg,
    },
    /// Write shortest traces that cover all of that, as JSON, one file for each model
    Vectors {
        /// The folder to write them to
        folder: PathBuf,
        /// How much of the world to play
        #[arg(long, value_enum, default_value_t = SizeArg::Small)]
        size: SizeArg,
    },
    /// Check all models and weakenings, and write what came of it as one HTML file
    Report {
        /// The file to write
        file: PathBuf,
        /// How much of the world to play
        #[arg(long, value_enum, default_value_t = SizeArg::Small)]
        size: SizeArg,
    },
    /// Walk through a model's states in the browser, with stateright's explorer
    Explore {
        /// The model
        model: String,
        /// How much of the world to play
        #[arg(long, value_enum, default_value_t = SizeArg::Small)]
        size: SizeArg,
        /// The port on localhost
        #[arg(long, default_value_t = 3000)]
        port: u16,
    },
    /// List the models and their weakenings
    List,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum SizeArg {
    /// Seconds
    Small,
    /// Up to minutes
    Standard,
    /// On purpose: depth-first, refused if it would not fit in memory
    Large,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum FormArg {
    /// Numbered lines
    Text,
    /// A Mermaid sequence diagram
    Mermaid,
    /// A picture
    Svg,
    /// For other tools
    Json,
}

/// Runs the command line that the process was started with.
pub fn run() -> ExitCode {
    report_on_interrupt();
    let is_good = match Cli::parse().command {
        Command::Check { model, size } => check(model.as_deref(), size.into()),
        Command::Weaken { name } => weaken(name.as_deref()),
        Command::Trace { name, form } => trace(&name, form.into()),
        Command::Cover { model, size } => cover(model.as_deref(), size.into()),
        Command::Vectors { folder, size } => vectors(&folder, size.into()),
        Command::Report { file, size } => write_report(&file, size.into()),
        Command::Explore { model, size, port } => explore(&model, size.into(), port),
        Command::List => Ok(list()),
    };
    match is_good {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(usage) => {
            eprintln!("{usage}");
            ExitCode::from(2)
        }
    }
}

fn check(model: Option<&str>, size: Size) -> Result<bool, String> {
    let mut reports = Vec::new();
    for entry in models(model)? {
        reports.push(with_progress(&*entry, |tell| entry.check(size, tell))?);
    }
    for report in &reports {
        print::claims(report);
    }
    print::table(&reports);
    for report in &reports {
        let broken = report
            .promised
            .iter()
            .filter_map(|each| each.broken.as_ref());
        for trace in report.traces.iter().chain(broken) {
            println!("\n{}", trace.show(Form::Text));
        }
    }
    Ok(reports.iter().all(Report::is_good))
}

fn weaken(name: Option<&str>) -> Result<bool, String> {
    let mut outcomes = Vec::new();
    for entry in catalogue::all() {
        for weakening in entry.weakenings() {
            if name.is_none_or(|name| name == weakening) {
                outcomes.extend(entry.weaken(weakening));
            }
        }
    }
    if outcomes.is_empty() {
        return Err(unknown(name.unwrap_or_default()));
    }
    print::weakenings(&outcomes);
    if let (Some(_), [outcome]) = (name, outcomes.as_slice())
        && let Some(trace) = &outcome.trace
    {
        println!("\n{}", trace.show(Form::Text));
    }
    Ok(outcomes.iter().all(Outcome::is_good))
}

fn trace(name: &str, form: Form) -> Result<bool, String> {
    let all = catalogue::all();
    let Some(outcome) = all.iter().find_map(|entry| entry.weaken(name)) else {
        return unkept(&all, name, form);
    };
    match &outcome.trace {
        Some(trace) => print!("{}", trace.show(form)),
        None => eprintln!(
            "{name} has no counterexample: {}",
            print::caught_by(&outcome)
        ),
    }
    Ok(outcome.is_good())
}

/// The runs that break a promise under less fairness, and the promise itself if it is broken.
fn unkept(all: &[Box<dyn Entry>], name: &str, form: Form) -> Result<bool, String> {
    let is_meant = |claim: &&str| claim.starts_with(name);
    let mut found = all
        .iter()
        .filter(|entry| entry.claims().iter().any(is_meant));
    let entry = found.next().ok_or_else(|| unknown(name))?;
    let report = with_progress(&**entry, |tell| entry.check(Size::Small, tell))?;
    let promised = report.promised.iter().find(|each| is_meant(&each.name));
    let promised = promised.ok_or_else(|| format!("{name:?} is no promise"))?;
    let twins = promised
        .twins
        .iter()
        .filter_map(|(_, trace)| trace.as_ref());
    for trace in promised.broken.iter().chain(twins) {
        println!("{}", trace.show(form));
    }
    Ok(promised.complaints().is_empty())
}

fn cover(model: Option<&str>, size: Size) -> Result<bool, String> {
    for entry in models(model)? {
        let coverage = with_progress(&*entry, |tell| Ok(entry.cover(size, tell)))?;
        print::coverage(entry.name(), size, &coverage);
    }
    Ok(true)
}

fn vectors(folder: &Path, size: Size) -> Result<bool, String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in catalogue::all() {
        let traces = with_progress(&*entry, |tell| Ok(entry.traces(size, tell)))?;
        let json: Value = cover::to_json(entry.name(), size, &traces);
        let file = folder.join(format!("{}.json", entry.name()));
        write(&file, &format!("{json:#}\n"))?;
        let pairs: usize = traces.iter().map(|trace| trace.pairs.len()).sum();
        println!("{}: {} traces, {pairs} pairs", file.display(), traces.len());
    }
    Ok(true)
}

fn write_report(file: &Path, size: Size) -> Result<bool, String> {
    let mut chapters = Vec::new();
    for entry in catalogue::all() {
        chapters.push(with_progress(&*entry, |tell| {
            report::chapter(&*entry, size, tell)
        })?);
    }
    write(file, &report::html(&chapters))?;
    println!("{}", file.display());
    Ok(chapters.iter().all(report::Chapter::is_good))
}

fn explore(model: &str, size: Size, port: u16) -> Result<bool, String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    for entry in models(Some(model))? {
        eprintln!("http://{address}/ (Ctrl-C ends it)");
        entry.serve(size, address);
    }
    Ok(true)
}

fn list() -> bool {
    for entry in catalogue::all() {
        println!("{}: {}", entry.name(), entry.about());
        for weakening in entry.weakenings() {
            println!("  {weakening}");
        }
    }
    true
}

fn with_progress<T>(
    entry: &dyn Entry,
    run: impl FnOnce(catalogue::Tell<'_>) -> Result<T, String>,
) -> Result<T, String> {
    let mut progress = Progress::new(entry.name());
    let outcome = run(&mut |search, states| progress.tell(search, states));
    progress.clear();
    outcome.map_err(|reason| format!("{}: {reason}", entry.name()))
}

fn models(name: Option<&str>) -> Result<Vec<Box<dyn Entry>>, String> {
    let mut found = catalogue::all();
    found.retain(|entry| name.is_none_or(|name| name == entry.name()));
    if found.is_empty() {
        return Err(unknown(name.unwrap_or_default()));
    }
    Ok(found)
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}

fn unknown(name: &str) -> String {
    format!("there is no {name:?}; `list` shows what there is")
}

impl From<SizeArg> for Size {
    fn from(size: SizeArg) -> Self {
        match size {
            SizeArg::Small => Self::Small,
            SizeArg::Standard => Self::Standard,
            SizeArg::Large => Self::Large,
        }
    }
}

impl From<FormArg> for Form {
    fn from(form: FormArg) -> Self {
        match form {
            FormArg::Text => Self::Text,
            FormArg::Mermaid => Self::Mermaid,
            FormArg::Svg => Self::Svg,
            FormArg::Json => Self::Json,
        }
    }
}
