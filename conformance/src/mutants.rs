//! How strong is the suite? Each check of the reference is switched off in turn, and the suite is run.
//!
//! A case that says `kills` promises: with only that check switched off, the reference goes along
//! with it, so that the case fails. A mutant is a reference with one [`Fault`], reached
//! through a pipe like every other implementation. It is killed if every case that promised to
//! kill it fails. A fault that the adapter has no switch for is listed and not counted as killed.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use countersign_vectors::case::{Case, Group, Role};
use countersign_vectors::seed::Seed;
use serde::Serialize;

use crate::adapter::Fault;
use crate::events::Verdict;
use crate::outcome;
use crate::process::Launcher;
use crate::run::{self, Settings};
use crate::subject::Subject;

/// The deadline of each step of a mutant.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What came of one mutant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mutant {
    /// The fault, as `ROLE.NAME`.
    pub fault: String,
    /// How many cases are there for it.
    pub intended: usize,
    /// How many of them failed.
    pub killed_by_intended: usize,
    /// How many others failed.
    pub killed_by_others: usize,
    /// Those of them that passed: what they promise is not so.
    pub missed_by: Vec<String>,
}

/// A fault that cases are there for, and that nothing outside of the crate can switch on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unswitchable {
    /// The fault, as `ROLE.NAME`.
    pub fault: String,
    /// How many cases are there for it.
    pub intended: usize,
}

/// What came of all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The faults that were switched on, in the order of their names.
    pub mutants: Vec<Mutant>,
    /// Those that were not, because they cannot be.
    pub not_switchable_from_outside: Vec<Unswitchable>,
}

impl Mutant {
    /// Whether no case has noticed.
    pub fn survived(&self) -> bool {
        self.killed_by_intended == 0 && self.killed_by_others == 0
    }

    /// Whether every case that is there for it has noticed, and there is one.
    pub fn is_killed(&self) -> bool {
        self.intended > 0 && self.missed_by.is_empty()
    }
}

impl Outcome {
    /// Whether every mutant was killed by the cases that are there for it.
    pub fn is_strong(&self) -> bool {
        self.mutants.iter().all(Mutant::is_killed)
    }
}

/// How many cases of `role` are there for each fault.
pub fn intended(groups: &[Group], role: Role) -> BTreeMap<&str, usize> {
    let mut intended = BTreeMap::new();
    for case in of_role(groups, role) {
        if let Some(kills) = kills(case) {
            *intended.entry(kills).or_insert(0) += 1;
        }
    }
    intended
}

/// The cases of a role.
pub fn of_role(groups: &[Group], role: Role) -> Vec<&Case> {
    let cases = groups.iter().flat_map(|group| &group.cases);
    cases.filter(|case| case.role == role).collect()
}

fn kills(case: &Case) -> Option<&str> {
    case.spoiled()?.kills.as_deref()
}

/// Runs every case of the fault's role against the reference with that fault. `program` is this one.
///
/// # Errors
/// Why the mutant could not be started, as a sentence.
pub fn try_out(
    fault: Fault,
    program: &str,
    groups: &[Group],
    seed: Seed,
    jobs: usize,
) -> Result<Mutant, String> {
    let launcher = Launcher::Command {
        program: program.to_owned(),
        args: ["adapter", "--fault", &fault.to_string()]
            .map(str::to_owned)
            .to_vec(),
    };
    let mut subject = Subject::new(&launcher, TIMEOUT);
    let claims = subject
        .start()
        .cloned()
        .map_err(|fault: outcome::Fault| run::cannot_start(&fault))?;
    subject.goodbye();

    let cases = of_role(groups, fault.role());
    let settings = Settings {
        seed,
        timeout: TIMEOUT,
        jobs,
    };
    let mut mutant = Mutant {
        fault: fault.to_string(),
        intended: 0,
        killed_by_intended: 0,
        killed_by_others: 0,
        missed_by: Vec::new(),
    };
    let mut results = cases.iter();
    let ran: Result<(), Infallible> = run::run(&cases, &claims, &launcher, settings, |examined| {
        let failed = examined.result.result == Verdict::Fail;
        let intended = results
            .next()
            .is_some_and(|case| kills(case) == Some(fault.name()));
        match (intended, failed) {
            (true, true) => mutant.killed_by_intended += 1,
            (true, false) => mutant.missed_by.push(examined.result.case),
            (false, true) => mutant.killed_by_others += 1,
            (false, false) => {}
        }
        mutant.intended += usize::from(intended);
        Ok(())
    });
    match ran {
        Ok(()) => Ok(mutant),
        Err(never) => match never {},
    }
}
