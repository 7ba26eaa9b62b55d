//! Tables on standard output.

use std::time::Duration;

use stateright::Expectation;

use crate::check::Size;
use crate::cover::Coverage;
use crate::verdict::Report;
use crate::weaken::{Expected, Outcome};

/// Each property and promise, and what became of it.
pub fn claims(report: &Report) {
    println!("{} ({})", report.model, report.size.name());
    for verdict in &report.verdicts {
        let became = match (&verdict.expectation, verdict.is_good()) {
            (Expectation::Always, true) => "holds",
            (Expectation::Always, false) => "BROKEN",
            (_, true) => "reached",
            (_, false) => "NEVER REACHED",
        };
        println!("  {became:<8} {}", verdict.property);
    }
    for promised in &report.promised {
        let became = if promised.complaints().is_empty() {
            "kept"
        } else {
            "NOT KEPT"
        };
        println!("  {became:<8} {}", promised.name);
        for (twin, broken) in &promised.twins {
            let became = if broken.is_some() { "not" } else { "KEPT EVEN" };
            println!("             {became} {twin}");
        }
    }
    println!();
}

/// One row for each model.
pub fn table(reports: &[Report]) {
    println!(
        "{:<10} {:<9} {:>10} {:>8} {:>10} {:>11} {:>6} {:>9} {:>10} {:>9} {:>7} {:>10}  verdict",
        "model",
        "size",
        "properties",
        "promises",
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
        let exact = report.exact;
        let or_dash = |number: Option<usize>| number.map_or("-".into(), |it| it.to_string());
        println!(
            "{:<10} {:<9} {:>10} {:>8} {:>10} {:>11} {:>6} {:>9} {:>10} {:>9.0} {:>7} {:>10.1e}  {verdict}",
            report.model,
            report.size.name(),
            report.verdicts.len(),
            report.promised.len(),
            report.states,
            or_dash(exact.map(|exact| exact.edges)),
            or_dash(exact.map(|exact| exact.depth)),
            exact.map_or("-".into(), |exact| seconds(exact.time)),
            seconds(report.stateright_time),
            report.states as f64 / report.stateright_time.as_secs_f64(),
            or_dash(exact.map(|exact| exact.bytes_per_state)),
            report.collision_bound(),
        );
    }
}

/// One row for each weakening.
pub fn weakenings(outcomes: &[Outcome]) {
    println!(
        "{:<8} {:<24} {:>9} {:>5}  {:<72} caught by",
        "model", "weakening", "states", "steps", "without its guard"
    );
    for outcome in outcomes {
        let steps = outcome.trace.as_ref().map(|trace| trace.steps.len());
        println!(
            "{:<8} {:<24} {:>9} {:>5}  {:<72} {}",
            outcome.model,
            outcome.name,
            outcome.states,
            steps.map_or("-".into(), |steps| steps.to_string()),
            outcome.change,
            caught_by(outcome),
        );
    }
}

/// What caught a weakening.
pub fn caught_by(outcome: &Outcome) -> String {
    match outcome.expected {
        Expected::Broken(property) if outcome.is_good() => property.to_string(),
        Expected::Broken(property) => format!("NOT CAUGHT by {property}"),
        Expected::Harmless(reason) if outcome.is_good() => format!("nothing: {reason}"),
        Expected::Harmless(_) => format!("NOT HARMLESS: {}", outcome.broken.join(", ")),
    }
}

/// Each state with each input that it meets.
pub fn coverage(model: &str, size: Size, coverage: &Coverage) {
    println!("{model} ({}): {} pairs", size.name(), coverage.len());
    let mut last = None;
    for (pair, seen) in coverage {
        if last != Some(&pair.state) {
            println!("  {}", pair.state);
            last = Some(&pair.state);
        }
        println!(
            "    {:<88} {:<44} {:>9}",
            pair.input, pair.outcome, seen.times
        );
    }
    println!();
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
