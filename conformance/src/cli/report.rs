//! `report`: everything that is made from event streams.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::run::print;
use super::{Exit, Halt, groups};
use crate::events::Record;
use crate::report;

#[derive(Debug, Subcommand)]
pub(super) enum Report {
    /// A table per role, and the failures, as Markdown.
    Markdown(Source),
    /// JUnit XML, for CI.
    Junit(Source),
    /// A badge as SVG.
    Badge(Source),
    /// One self-contained page: requirement x case x result.
    Html(Source),
    /// The event streams of all shards of a run as one.
    Merge {
        /// The streams.
        #[arg(required = true)]
        events: Vec<PathBuf>,
        /// Where to write the report [default: stdout].
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Source {
    /// The event stream of a run.
    events: PathBuf,
    /// Where to write the report [default: stdout].
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn report(what: &Report) -> Result<Exit, Halt> {
    let (text, output) = match what {
        Report::Markdown(source) => (report::markdown(&read(&source.events)?), &source.output),
        Report::Junit(source) => (report::junit(&read(&source.events)?), &source.output),
        Report::Badge(source) => (report::badge(&read(&source.events)?), &source.output),
        Report::Html(source) => (
            report::html(&read(&source.events)?, &groups()?),
            &source.output,
        ),
        Report::Merge { events, output } => {
            let records = events
                .iter()
                .map(|path| read(path))
                .collect::<Result<Vec<_>, _>>()?;
            (report::merge(records).map_err(Halt::usage)?, output)
        }
    };
    match output {
        Some(path) => fs::write(path, text)
            .map_err(|error| Halt::usage(format!("cannot write {}: {error}", path.display())))?,
        None => print(&text)?,
    }
    Ok(Exit::Fine)
}

fn read(path: &Path) -> Result<Record, Halt> {
    let wrong = |what: String| Halt::usage(format!("{}: {what}", path.display()));
    let file = File::open(path).map_err(|error| wrong(error.to_string()))?;
    Record::read(BufReader::new(file)).map_err(wrong)
}
