//! `mutants`.

use std::fmt::Write as _;
use std::thread;

use countersign_vectors::case::Role;
use countersign_vectors::seed::Seed;

use super::run::print;
use super::{Exit, Halt, MutantsArgs, groups};
use crate::adapter::Fault;
use crate::mutants::{Mutant, Outcome, Unswitchable, intended, try_out};
use crate::select::matches;

pub(super) fn mutants(args: &MutantsArgs) -> Result<Exit, Halt> {
    let groups = groups()?;
    let program = std::env::current_exe().map_err(Halt::fault)?;
    let program = program.to_string_lossy();
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    let wanted =
        |name: &str| args.only.is_empty() || args.only.iter().any(|pattern| matches(pattern, name));
    let mut outcome = Outcome::default();
    if !args.json {
        print(&heading())?;
    }
    for role in Role::ALL {
        if !(args.role.is_empty() || args.role.contains(&role)) {
            continue;
        }
        let faults = Fault::of(role);
        for fault in &faults {
            if !wanted(&fault.to_string()) {
                continue;
            }
            let mutant = try_out(*fault, &program, &groups, Seed(args.seed), jobs);
            let mutant = mutant.map_err(Halt::fault)?;
            if !args.json {
                print(&line(&mutant))?;
            }
            outcome.mutants.push(mutant);
        }
        for (name, intended) in intended(&groups, role) {
            let fault = format!("{role}.{name}");
            if wanted(&fault) && !faults.iter().any(|fault| fault.name() == name) {
                let unswitchable = Unswitchable { fault, intended };
                outcome.not_switchable_from_outside.push(unswitchable);
            }
        }
    }
    if outcome == Outcome::default() {
        return Err(Halt::usage("no fault has all that was asked for"));
    }
    if args.json {
        print(&format!("{}\n", serde_json::json!(outcome)))?;
    } else {
        print(&rest(&outcome))?;
    }
    Ok(match outcome.is_strong() {
        true => Exit::Fine,
        false => Exit::NotConformant,
    })
}

fn heading() -> String {
    format!(
        "{:<40} {:>8} {:>9} {:>9}\n",
        "fault", "intended", "killed by", "by others"
    )
}

fn line(mutant: &Mutant) -> String {
    let verdict = match mutant {
        mutant if mutant.survived() => "SURVIVED",
        mutant if mutant.is_killed() => "",
        mutant if mutant.intended == 0 => "no case is there for it",
        _ => "MISSED",
    };
    let mut text = format!(
        "{:<40} {:>8} {:>9} {:>9}  {verdict}",
        mutant.fault, mutant.intended, mutant.killed_by_intended, mutant.killed_by_others
    )
    .trim_end()
    .to_owned();
    text.push('\n');
    for case in &mutant.missed_by {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "    missed by {case}");
    }
    text
}

/// What is said after the last mutant.
fn rest(outcome: &Outcome) -> String {
    let mut text = String::new();
    let cases: usize = outcome
        .not_switchable_from_outside
        .iter()
        .map(|fault| fault.intended)
        .sum();
    if cases > 0 {
        let _ = writeln!(text, "\nnot switchable from outside:");
        for fault in &outcome.not_switchable_from_outside {
            let _ = writeln!(text, "    {:<36} {:>8}", fault.fault, fault.intended);
        }
    }
    let killed = outcome
        .mutants
        .iter()
        .filter(|mutant| mutant.is_killed())
        .count();
    let _ = writeln!(
        text,
        "\n{killed} of {} mutants are killed by each case that is there for them; {} faults of {cases} cases are not switchable from outside",
        outcome.mutants.len(),
        outcome.not_switchable_from_outside.len(),
    );
    text
}
