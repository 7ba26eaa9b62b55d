//! The page of behaviours: what the protocol does, and where each thing is required, tested and coded.
//!
//! `docs/behaviours.json` says which requirements and files belong to a behaviour; the cases that cite those
//! requirements are counted here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use crate::case::Group as Cases;
use crate::lint::requirements;

/// What is written by hand.
pub const SOURCE: &str = include_str!("../../docs/behaviours.json");

/// Behaviours that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its heading.
    pub group: String,
    /// The behaviours, numbered in this order.
    pub rows: Vec<Behaviour>,
}

/// One thing that the finished system does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// In one sentence.
    pub behaviour: String,
    /// The ids of protocol.md that demand it.
    pub requirements: Vec<String>,
    /// The files that do it, from the root of the repository.
    pub code: Vec<String>,
    /// The properties of the models that hold it, such as `F1`.
    pub model: Vec<String>,
}

/// All of them.
///
/// # Errors
/// What is wrong with `docs/behaviours.json`.
pub fn all() -> Result<Vec<Group>, String> {
    serde_json::from_str(SOURCE).map_err(|error| format!("docs/behaviours.json: {error}"))
}

/// The page, from the cases and the repository at `root`.
///
/// # Errors
/// One sentence for each requirement or file that does not exist.
pub fn page(root: &Path, cases: &[Cases]) -> Result<String, Vec<String>> {
    let groups = all().map_err(|error| vec![error])?;
    let known = requirements();
    let mut wrong = Vec::new();
    for row in groups.iter().flat_map(|group| &group.rows) {
        for id in row
            .requirements
            .iter()
            .filter(|id| !known.contains(id.as_str()))
        {
            wrong.push(format!(
                "docs/behaviours.json: protocol.md has no requirement {id}"
            ));
        }
        for file in row.code.iter().filter(|file| !root.join(file).is_file()) {
            wrong.push(format!("docs/behaviours.json: there is no file {file}"));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let tally = Tally::of(cases);
    let rows = groups.iter().map(|group| group.rows.len()).sum::<usize>();
    let mut page = HEAD.replace("{rows}", &rows.to_string());
    for (number, group) in (1..).zip(&groups) {
        let _ = write!(page, "\n## {number} {}\n\n{COLUMNS}", group.group);
        for (place, row) in (1..).zip(&group.rows) {
            let _ = writeln!(page, "| {number}.{place} {}", cells(row, &tally));
        }
    }
    page += &untested(&known, &tally);
    Ok(page)
}

/// The cases that cite each requirement: whether each is negative, and its id.
struct Tally(BTreeMap<String, BTreeSet<(bool, String)>>);

impl Tally {
    fn of(cases: &[Cases]) -> Self {
        let mut tally: BTreeMap<String, BTreeSet<(bool, String)>> = BTreeMap::new();
        for case in cases.iter().flat_map(|group| &group.cases) {
            for id in &case.requirements {
                tally
                    .entry(id.clone())
                    .or_default()
                    .insert((case.spoiled().is_some(), case.id.clone()));
            }
        }
        Self(tally)
    }

    /// How many different cases cite one of these requirements, the negative or the positive ones.
    fn count<'a>(&self, ids: impl IntoIterator<Item = &'a str>, negative: bool) -> usize {
        let cases: BTreeSet<&(bool, String)> = ids
            .into_iter()
            .filter_map(|id| self.0.get(id))
            .flatten()
            .filter(|case| case.0 == negative)
            .collect();
        cases.len()
    }
}

fn cells(row: &Behaviour, tally: &Tally) -> String {
    let ids = || row.requirements.iter().map(String::as_str);
    let count = |negative| match tally.count(ids(), negative) {
        0 => "none".to_owned(),
        cases => cases.to_string(),
    };
    let code = Vec::from_iter(row.code.iter().map(|file| {
        let short = file.strip_prefix("spec/src/").unwrap_or(file);
        format!("[{short}](../{file})")
    }));
    format!(
        "| {} | {} | {} | {} | {} | {} |",
        row.behaviour,
        row.requirements.join(" "),
        count(false),
        count(true),
        row.model.join(" "),
        code.join(" "),
    )
}

/// Requirements that no case cites.
fn untested(known: &BTreeSet<&str>, tally: &Tally) -> String {
    let without = Vec::from_iter(
        known
            .iter()
            .copied()
            .filter(|id| !tally.0.contains_key(*id)),
    );
    format!(
        "\n## Requirements without a case\n\n{} of {} requirements are cited by no case: {}.\n",
        without.len(),
        known.len(),
        without.join(", ")
    )
}

const HEAD: &str = "\
# What the protocol does, and where

Made by `cargo run -p countersign-vectors -- generate` from [behaviours.json](behaviours.json) and the cases; `-- check` compares it.

{rows} behaviours. *Requirements* are those of [protocol.md](../spec/protocol.md). *Positive* and *negative* count the conformance cases
that cite one of them (`countersign list --requirement ID` names them). *Model* names the properties that hold the behaviour
(`cargo run --release -p countersign-model -- check`). *Code* is where to begin reading.
";

const COLUMNS: &str = "\
| | behaviour | requirements | positive | negative | model | code |
|---|---|---|---|---|---|---|
";
