//! What must hold for the cases taken together.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::case::{Case, Group, Kind, Role, Step};
use crate::flags;

/// The ledger of ids that no longer exist, newest last.
pub const LEDGER: &str = include_str!("../ledger.json");

/// An id that was retired or renamed, and will never be used again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retired {
    /// The id as it was.
    pub was: String,
    /// Its successor, if it has one.
    pub now: Option<String>,
    /// The version of the suite that retired it.
    pub since: String,
    /// The reason, in one sentence.
    pub why: String,
}

/// The ids that no longer exist.
///
/// # Errors
/// What is wrong with the ledger.
pub fn ledger() -> Result<Vec<Retired>, String> {
    serde_json::from_str(LEDGER).map_err(|error| format!("ledger.json: {error}"))
}

/// The requirements of the document, by id.
pub fn requirements() -> BTreeSet<&'static str> {
    include_str!("../../spec/protocol.md")
        .lines()
        .filter_map(|line| line.strip_prefix("- **")?.split_once("** "))
        .map(|(id, _)| id)
        .filter(|id| is_requirement(id))
        .collect()
}

/// One sentence for each thing that is wrong with the cases.
pub fn lint(groups: &[Group]) -> Vec<String> {
    let cases: Vec<&Case> = groups.iter().flat_map(|group| &group.cases).collect();
    let mut by_id: BTreeMap<&str, &Case> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in &cases {
        if by_id.insert(&case.id, case).is_some() {
            wrong.push(format!("{}: two cases have this id", case.id));
        }
    }
    let retired = ledger().unwrap_or_else(|error| {
        wrong.push(error);
        Vec::new()
    });
    let retired: BTreeSet<&str> = retired.iter().map(|entry| entry.was.as_str()).collect();

    let document = requirements();

    for case in cases {
        let mut say = |what: &str| wrong.push(format!("{}: {what}", case.id));
        if retired.contains(case.id.as_str()) {
            say("the ledger says that this id is retired");
        }
        if !is_dotted(&case.id) || !case.id.starts_with(&format!("{}.", case.role)) {
            say("an id is the role and then lower-case words, joined by dots");
        }
        if case.requirements.is_empty() || !case.requirements.iter().all(|id| is_requirement(id)) {
            say("requirements are ids such as ENC-3, at least one");
        }
        for id in case
            .requirements
            .iter()
            .filter(|id| !document.contains(id.as_str()))
        {
            say(&format!("protocol.md has no requirement {id}"));
        }
        if case.title.is_empty() || !case.why.ends_with('.') {
            say("a case has a title, and says why in a sentence");
        }
        if case.steps.is_empty() || !case.steps.iter().all(|step| fits(step, case.role)) {
            say("static cases consist of static steps, the others of turns, and none is empty");
        }
        for flag in case.flags.iter().filter(|flag| flags::find(flag).is_none()) {
            say(&format!("the flag {flag} is not in the dictionary"));
        }
        if let Some(spoiled) = case.spoiled() {
            match by_id.get(spoiled.base.as_str()) {
                None => say(&format!("its base {} does not exist", spoiled.base)),
                Some(base) if base.kind != Kind::Positive => say("its base is not positive"),
                Some(base) if base.role != case.role => say("its base has another role"),
                Some(_) => {}
            }
        }
    }
    wrong
}

fn fits(step: &Step, role: Role) -> bool {
    matches!(step, Step::Static(_)) == (role == Role::Static)
}

fn is_dotted(id: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    id.contains('.') && id.split('.').all(is_word)
}

fn is_requirement(id: &str) -> bool {
    id.rsplit_once('-').is_some_and(|(area, number)| {
        !area.is_empty()
            && area
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'-')
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}
