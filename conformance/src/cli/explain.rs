//! `list` and `explain`.

use std::fmt::Write as _;

use countersign_vectors::case::{Case, Group, Level, Object, Step};
use countersign_vectors::flags;
use serde_json::Value;

use super::run::print;
use super::{Choice, Exit, Halt, groups};
use crate::diff;
use crate::requirement;
use crate::select::nearest;

pub(super) fn list(choice: &Choice) -> Result<Exit, Halt> {
    let groups = groups()?;
    let cases = choice.selection(&groups)?.of(&groups);
    let width = cases.iter().map(|case| case.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for case in cases {
        let level = if case.level == Level::Must {
            "MUST  "
        } else {
            "SHOULD"
        };
        let _ = writeln!(
            text,
            "{:width$}  {level}  {}  {}",
            case.id,
            case.requirements.join(" "),
            case.title
        );
    }
    print(&text)?;
    Ok(Exit::Fine)
}

pub(super) fn explain(id: &str) -> Result<Exit, Halt> {
    let groups = groups()?;
    let cases = || groups.iter().flat_map(|group| &group.cases);
    if let Some(case) = cases().find(|case| case.id == id) {
        let base = case
            .spoiled()
            .and_then(|spoiled| cases().find(|base| base.id == spoiled.base));
        print(&explain_case(case, base))?;
        return Ok(Exit::Fine);
    }
    let exercising: Vec<&Case> = cases()
        .filter(|case| {
            case.requirements
                .iter()
                .any(|requirement| requirement == id)
        })
        .collect();
    let sentence = requirement::sentence(id);
    if sentence.is_none() && exercising.is_empty() {
        return Err(unknown(id, &groups));
    }
    let mut text = format!("{id}  {}\n\n", sentence.unwrap_or("is not in the document"));
    if exercising.is_empty() {
        text.push_str("no case exercises it\n");
    }
    for case in exercising {
        let _ = writeln!(text, "  {}  {}", case.id, case.title);
    }
    print(&text)?;
    Ok(Exit::Fine)
}

/// The error for an id that does not exist.
pub(super) fn unknown(id: &str, groups: &[Group]) -> Halt {
    let ids = groups
        .iter()
        .flat_map(|group| &group.cases)
        .map(|case| case.id.as_str())
        .chain(requirement::REQUIREMENTS.keys().map(String::as_str));
    let near = nearest(id, ids);
    let hint = if near.is_empty() {
        "see `countersign list`".to_owned()
    } else {
        format!("did you mean {}?", near.join(" or "))
    };
    Halt::usage(format!("there is no `{id}`; {hint}"))
}

fn explain_case(case: &Case, base: Option<&Case>) -> String {
    let mut text = format!("{}\n{}\n\n{}\n\n", case.id, case.title, case.why);
    let level = if case.level == Level::Must {
        "MUST"
    } else {
        "SHOULD"
    };
    let _ = writeln!(
        text,
        "role         {} ({level}, since {})",
        case.role, case.since
    );
    if !case.capabilities.is_empty() {
        let _ = writeln!(text, "needs        {}", case.capabilities.join(", "));
    }
    for id in &case.requirements {
        let sentence = requirement::sentence(id).unwrap_or("is not in the document");
        let _ = writeln!(text, "requirement  {id}  {sentence}");
    }
    if let Some(spoiled) = case.spoiled() {
        let _ = writeln!(text, "base         {}", spoiled.base);
        let _ = writeln!(text, "change       {}", spoiled.change);
        if let Some(fault) = &spoiled.kills {
            let _ = writeln!(text, "kills        {fault}");
        }
    }
    for flag in case.flags.iter().filter_map(|name| flags::find(name)) {
        let _ = writeln!(
            text,
            "flag         {}: {}; {}",
            flag.name, flag.bug_class, flag.effect
        );
        let _ = writeln!(text, "             {}", flag.reference);
    }
    text.push('\n');
    for (number, step) in (1..).zip(&case.steps) {
        match step {
            Step::Static(step) => {
                let _ = writeln!(text, "{number}. {}", step.op);
                object(&mut text, "", &step.args);
                let expect = serde_json::to_value(&step.expect).unwrap_or(Value::Null);
                let _ = writeln!(text, "   expect {expect}");
            }
            Step::Turn(turn) => {
                let actor = serde_json::to_value(turn.actor).unwrap_or(Value::Null);
                let _ = writeln!(
                    text,
                    "{number}. {}: {}",
                    actor.as_str().unwrap_or(""),
                    turn.action
                );
                object(&mut text, "", &turn.with);
                object(&mut text, "expect ", &turn.expect);
            }
        }
    }
    let differences = base
        .map(|base| diff::against_base(case, base))
        .unwrap_or_default();
    if !differences.is_empty() {
        text.push_str("\nagainst its base\n");
    }
    for line in differences {
        let _ = writeln!(text, "   {line}");
    }
    text
}

fn object(text: &mut String, prefix: &str, object: &Object) {
    for (name, value) in object {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let _ = writeln!(text, "   {prefix}{name} = {value}");
    }
}
