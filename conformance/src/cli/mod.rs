//! The command line.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | conformant, or done as asked |
//! | 1 | not conformant |
//! | 2 | the command line makes no sense |
//! | 3 | the doctor failed: no result would mean anything |
//! | 4 | a baseline is stale |
//! | 5 | the runner itself is at fault |

mod explain;
mod mutants;
mod progress;
mod replay;
mod report;
mod run;
mod summary;
mod target;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use countersign_vectors::case::{Group, Role};
use countersign_vectors::files;

use crate::adapter;
use crate::select::{Selection, Shard};

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Conformant, or done as asked.
    Fine = 0,
    /// Not conformant.
    NotConformant = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// No result would mean anything.
    Doctor = 3,
    /// A baseline is stale.
    Baseline = 4,
    /// The runner itself is at fault.
    Fault = 5,
}

/// Why a command ended early: what to say, and how to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt(pub Exit, pub String);

impl Halt {
    fn fault(what: impl ToString) -> Halt {
        Halt(Exit::Fault, what.to_string())
    }

    fn usage(what: impl ToString) -> Halt {
        Halt(Exit::Usage, what.to_string())
    }
}

/// The conformance suite of Countersign.
///
/// Without a subcommand it runs the whole suite; without a command after `--`
/// it runs it against the built-in reference implementation.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the suite against an implementation.
    Run(RunArgs),
    /// Look at the harness alone: does the adapter keep to the protocol and to its claims?
    Doctor(DoctorArgs),
    /// List the cases.
    List(Choice),
    /// Explain a case, or a requirement and the cases for it.
    Explain {
        /// The id of a case (`static.key.thumbprint-1`) or of a requirement (`ENC-3`).
        id: String,
    },
    /// Run the cases of a file, and show every line that is said.
    Replay {
        /// A case file, or a failure that `run --out` wrote.
        file: PathBuf,
        #[command(flatten)]
        target: Target,
    },
    /// Make a report from the event stream of a run.
    #[command(subcommand)]
    Report(report::Report),
    /// Run the suite against the reference with one check switched off at a time: is each missed?
    Mutants(MutantsArgs),
    /// Answer requests on stdin: the reference implementation as an adapter.
    Adapter {
        /// A check that is not made, such as `factor.number-reused`; see `mutants`.
        #[arg(long, value_name = "ROLE.NAME")]
        fault: Option<adapter::Fault>,
    },
}

/// What to run.
#[derive(Debug, Args)]
struct RunArgs {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    target: Target,
    /// How many processes of the implementation run side by side [default: one per core].
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Write `events.jsonl`, and a file per failure for `replay`, to this directory.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Which faults.
#[derive(Debug, Args)]
struct MutantsArgs {
    /// Faults of this role; may be repeated.
    #[arg(long, value_parser = role)]
    role: Vec<Role>,
    /// Faults whose name matches this pattern (`*`, `?`), such as `factor.proof-*`; may be repeated.
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,
    /// The seed of everything random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object and nothing else.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct DoctorArgs {
    #[command(flatten)]
    target: Target,
}

/// Which cases.
#[derive(Debug, Args)]
struct Choice {
    /// Cases of this role; may be repeated.
    #[arg(long, value_parser = role)]
    role: Vec<Role>,
    /// Cases whose id matches this pattern (`*`, `?`); may be repeated.
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,
    /// Cases for this requirement (`ENC-3`) or area (`ENC`); may be repeated.
    #[arg(long, value_name = "ID")]
    requirement: Vec<String>,
    /// One of several equal parts, such as `1/4`.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
}

/// Against whom.
#[derive(Debug, Args)]
struct Target {
    /// The seed of everything random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The deadline of each step, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 5000, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// Wait at this address for the implementation to dial back over TCP.
    #[arg(long, value_name = "ADDR", conflicts_with = "command")]
    listen: Option<String>,
    /// The adapter of the implementation under test [default: the built-in reference].
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        None => run::run(&cli.run),
        Some(Command::Run(args)) => run::run(&args),
        Some(Command::Doctor(args)) => run::doctor(&args.target),
        Some(Command::List(choice)) => explain::list(&choice),
        Some(Command::Explain { id }) => explain::explain(&id),
        Some(Command::Replay { file, target }) => replay::replay(&file, &target),
        Some(Command::Report(what)) => report::report(&what),
        Some(Command::Mutants(args)) => mutants::mutants(&args),
        Some(Command::Adapter { fault }) => {
            adapter::serve(io::stdin().lock(), io::stdout().lock(), fault)
                .map(|()| Exit::Fine)
                .map_err(Halt::fault)
        }
    };
    match done {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(Halt(exit, what)) => {
            eprintln!("countersign: {what}");
            ExitCode::from(exit as u8)
        }
    }
}

fn role(name: &str) -> Result<Role, String> {
    Role::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
        format!("roles are {}", names.join(", "))
    })
}

/// The embedded cases.
fn groups() -> Result<Vec<Group>, Halt> {
    files::embedded().map_err(Halt::fault)
}

impl Choice {
    /// The selection; a pattern that chooses nothing is a mistake, not an empty run.
    fn selection(&self, groups: &[Group]) -> Result<Selection, Halt> {
        for pattern in &self.only {
            let mut ids = groups
                .iter()
                .flat_map(|group| &group.cases)
                .map(|case| case.id.as_str());
            if !ids.any(|id| crate::select::matches(pattern, id)) {
                return Err(explain::unknown(pattern, groups));
            }
        }
        let selection = Selection {
            roles: self.role.clone(),
            only: self.only.clone(),
            requirements: self.requirement.clone(),
            shard: self.shard,
        };
        let whole = Selection {
            shard: None,
            ..selection.clone()
        };
        if whole.of(groups).is_empty() {
            return Err(Halt::usage(
                "no case has all that was asked for; see `countersign list`",
            ));
        }
        Ok(selection)
    }
}
