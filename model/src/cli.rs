//! The command line. Results go to standard output, progress to standard error.

use std::io::{IsTerminal, Write as _, stderr};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand, ValueEnum};
use stateright::Expectation;

use crate::catalogue::{self, Entry};
use crate::check::{Report, Size};
use crate::story::Form;
use crate::weaken::{Expected, Outcome};

/// Checks the protocol's own transition functions against an attacker, crashes and races.
#[derive(Parser, Debug)]
#[command(
    name = "countersign-model",
    version,
    after_help = "Exit codes: 0 all is as it should be, 1 a property, a count or a weakening is not, 2 wrong usage."
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
    /// Show the shortest counterexample of a weakening
    Trace {
        /// The weakening
        name: String,
        /// In which form
        #[arg(long = "as", value_enum, default_value_t = FormArg::Text)]
        form: FormArg,
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
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum FormArg {
    /// Numbered lines
    Text,
    /// A Mermaid sequence diagram
    Mermaid,
    /// For other tools
    Json,
}

/// Runs the command line that the process was started with.
pub fn run() -> ExitCode {
    let is_good = match Cli::parse().command {
        Command::Check { model, size } => check(model.as_deref(), size.into()),
        Command::Weaken { name } => weaken(name.as_deref()),
        Command::Trace { name, form } => trace(&name, form.into()),
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
        let mut progress = Progress::new(entry.name());
        reports.push(entry.check(size, &mut |search, states| progress.tell(search, states)));
        progress.clear();
    }
    for report in &reports {
        properties(report);
    }
    table(&reports);
    for report in &reports {
        for trace in &report.traces {
            println!("\n{}", trace.show(Form::Text));
        }
    }
    Ok(reports.iter().all(Report::is_good))
}

/// Each property and what became of it.
fn properties(report: &Report) {
    println!("{} ({})", report.model, report.size.name());
    for found in &report.found {
        let verdict = match (&found.expectation, found.is_good()) {
            (Expectation::Always, true) => "holds",
            (Expectation::Always, false) => "BROKEN",
            (_, true) => "reached",
            (_, false) => "NEVER REACHED",
        };
        println!("  {verdict:<8} {}", found.property);
    }
    println!();
}

fn table(reports: &[Report]) {
    println!(
        "{:<10} {:<9} {:>10} {:>10} {:>11} {:>6} {:>9} {:>9} {:>9} {:>7} {:>10}  verdict",
        "model",
        "size",
        "properties",
        "states",
        "steps",
        "depth",
        "exact",
        "stateright",
        "states/s",
        "B/state",
        "collision"
    );
    for report in reports {
        let complaints = report.complaints();
        let verdict = if complaints.is_empty() {
            "holds".to_string()
        } else {
            complaints.join("; ")
        };
        println!(
            "{:<10} {:<9} {:>10} {:>10} {:>11} {:>6} {:>9} {:>9} {:>9.0} {:>7} {:>10.1e}  {verdict}",
            report.model,
            report.size.name(),
            report.found.len(),
            report.states,
            report.edges,
            report.depth,
            seconds(report.exact_time),
            seconds(report.stateright_time),
            report.states as f64 / report.stateright_time.as_secs_f64(),
            report.bytes_per_state,
            report.collision_bound(),
        );
    }
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
    println!(
        "{:<8} {:<22} {:>9} {:>5}  {:<72} caught by",
        "model", "weakening", "states", "steps", "without its guard"
    );
    for outcome in &outcomes {
        println!(
            "{:<8} {:<22} {:>9} {:>5}  {:<72} {}",
            outcome.model,
            outcome.name,
            outcome.states,
            outcome
                .trace
                .as_ref()
                .map_or("-".into(), |trace| trace.steps.len().to_string()),
            outcome.change,
            caught_by(outcome),
        );
    }
    if let (Some(_), [outcome]) = (name, outcomes.as_slice())
        && let Some(trace) = &outcome.trace
    {
        println!("\n{}", trace.show(Form::Text));
    }
    Ok(outcomes.iter().all(Outcome::is_good))
}

fn caught_by(outcome: &Outcome) -> String {
    match outcome.expected {
        Expected::Broken(property) if outcome.is_good() => property.to_string(),
        Expected::Broken(property) => format!("NOT CAUGHT by {property}"),
        Expected::Harmless(reason) if outcome.is_good() => format!("nothing: {reason}"),
        Expected::Harmless(_) => format!("NOT HARMLESS: {}", outcome.broken.join(", ")),
    }
}

fn trace(name: &str, form: Form) -> Result<bool, String> {
    let outcome = catalogue::all().iter().find_map(|entry| entry.weaken(name));
    let outcome = outcome.ok_or_else(|| unknown(name))?;
    match &outcome.trace {
        Some(trace) => print!("{}", trace.show(form)),
        None => eprintln!("{name} has no counterexample: {}", caught_by(&outcome)),
    }
    Ok(outcome.is_good())
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

fn models(name: Option<&str>) -> Result<Vec<Box<dyn Entry>>, String> {
    let mut found = catalogue::all();
    found.retain(|entry| name.is_none_or(|name| name == entry.name()));
    if found.is_empty() {
        return Err(unknown(name.unwrap_or_default()));
    }
    Ok(found)
}

fn unknown(name: &str) -> String {
    format!("there is no {name:?}; `list` shows what there is")
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// One line on standard error, a few times a second on a terminal, seldom in a log.
struct Progress {
    model: &'static str,
    start: Instant,
    told: Instant,
    is_terminal: bool,
}

impl Progress {
    fn new(model: &'static str) -> Self {
        let now = Instant::now();
        Self {
            model,
            start: now,
            told: now,
            is_terminal: stderr().is_terminal(),
        }
    }

    fn tell(&mut self, search: &str, states: usize) {
        let pause = Duration::from_millis(if self.is_terminal { 250 } else { 5000 });
        if self.told.elapsed() < pause {
            return;
        }
        self.told = Instant::now();
        let (model, time) = (self.model, seconds(self.start.elapsed()));
        let line = format!("{model}: {search}, {states} states, {time}");
        if self.is_terminal {
            let _ = write!(stderr(), "\r\x1b[K{line}");
        } else {
            eprintln!("{line}");
        }
    }

    fn clear(&self) {
        if self.is_terminal {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

impl From<SizeArg> for Size {
    fn from(size: SizeArg) -> Self {
        match size {
            SizeArg::Small => Self::Small,
            SizeArg::Standard => Self::Standard,
        }
    }
}

impl From<FormArg> for Form {
    fn from(form: FormArg) -> Self {
        match form {
            FormArg::Text => Self::Text,
            FormArg::Mermaid => Self::Mermaid,
            FormArg::Json => Self::Json,
        }
    }
}
