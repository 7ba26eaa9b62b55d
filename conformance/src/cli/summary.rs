//! The end of a run, for a person: what happened, and what to do next.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use countersign_vectors::case::{Case, Group, Role};

use crate::diff;
use crate::events::{CaseResult, Check, Finding, Record, Verdict};
use crate::outcome::{Failure, Severity};
use crate::requirement;

/// How many failures are shown in full.
const SHOWN_FAILURES: usize = 20;
/// How many lines of stderr are shown with a failure.
const SHOWN_STDERR_LINES: usize = 8;

/// Whether colours may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// They may.
    Coloured,
    /// They may not.
    Plain,
}

impl Style {
    /// Coloured on a terminal, unless `NO_COLOR` is set.
    pub fn of(is_terminal: bool) -> Style {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if is_terminal && !unwanted {
            Style::Coloured
        } else {
            Style::Plain
        }
    }

    fn paint(self, code: u8, text: &str) -> String {
        match self {
            Style::Coloured => format!("\x1b[{code}m{text}\x1b[0m"),
            Style::Plain => text.to_owned(),
        }
    }

    fn red(self, text: &str) -> String {
        self.paint(31, text)
    }

    fn green(self, text: &str) -> String {
        self.paint(32, text)
    }

    fn yellow(self, text: &str) -> String {
        self.paint(33, text)
    }

    fn bold(self, text: &str) -> String {
        self.paint(1, text)
    }
}

/// What the doctor found.
pub fn checks(checks: &[Check], style: Style) -> String {
    let mut text = String::new();
    for check in checks {
        let mark = match check.found {
            Finding::Healthy => style.green("ok  "),
            Finding::Note => style.yellow("note"),
            Finding::Ill => style.red("ILL "),
        };
        let _ = writeln!(text, "{mark}  {}", check.check);
        if let Some(detail) = &check.detail {
            let _ = writeln!(text, "      {detail}");
        }
    }
    text
}

/// The whole of it.
pub fn text(record: &Record, groups: &[Group], style: Style) -> String {
    let mut text = String::new();
    let who = record.run.implementation.as_ref().map_or_else(
        || record.run.command.clone(),
        |implementation| format!("{} {}", implementation.name, implementation.version),
    );
    if record
        .checks
        .iter()
        .any(|check| check.found == Finding::Ill)
    {
        text.push_str(&checks(&record.checks, style));
        let _ = writeln!(
            text,
            "\n{}: the harness of {who} is not sound, so no case was run",
            style.red("doctor failed")
        );
        return text;
    }
    failures(&mut text, record, groups, style);
    let notes: Vec<Check> = record
        .checks
        .iter()
        .filter(|check| check.found == Finding::Note)
        .cloned()
        .collect();
    if !notes.is_empty() {
        let _ = writeln!(text, "{}\n", checks(&notes, style).trim_end());
    }
    roles(&mut text, record);
    areas(&mut text, record);
    verdict(&mut text, record, &who, style);
    text
}

fn roles(text: &mut String, record: &Record) {
    let _ = writeln!(
        text,
        "{:<12} {:>7} {:>7} {:>7}",
        "role", "passed", "failed", "skipped"
    );
    for role in Role::ALL {
        let of = |verdict: Verdict| {
            record
                .results
                .iter()
                .filter(|r| r.role == role && r.result == verdict)
                .count()
        };
        let counts = [of(Verdict::Pass), of(Verdict::Fail), of(Verdict::Skip)];
        if counts.iter().sum::<usize>() > 0 {
            let _ = writeln!(
                text,
                "{role:<12} {:>7} {:>7} {:>7}",
                counts[0], counts[1], counts[2]
            );
        }
    }
    text.push('\n');
}

/// Requirements by area: how many were exercised and held.
fn areas(text: &mut String, record: &Record) {
    let mut areas: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for (id, results) in record.by_requirement() {
        let area = id.rsplit_once('-').map_or(id, |(area, _)| area);
        let counts = areas.entry(area).or_default();
        let fails = results.iter().any(|result| result.result == Verdict::Fail);
        let asked = results.iter().any(|result| result.result != Verdict::Skip);
        counts[if fails {
            1
        } else if asked {
            0
        } else {
            2
        }] += 1;
    }
    let _ = writeln!(
        text,
        "{:<12} {:>7} {:>7} {:>7}",
        "requirements", "held", "broken", "unasked"
    );
    for (area, [held, broken, unasked]) in areas {
        let _ = writeln!(text, "{area:<12} {held:>7} {broken:>7} {unasked:>7}");
    }
    text.push('\n');
}

fn verdict(text: &mut String, record: &Record, who: &str, style: Style) {
    let summary = &record.summary;
    let cases = record.results.len();
    let seconds = summary.time.us as f64 / 1e6;
    let verdict = if summary.undecided > 0 {
        style.red("undecided")
    } else if summary.is_conformant() {
        style.green("conformant")
    } else {
        style.red("not conformant")
    };
    let mut parts = vec![format!("{} passed", summary.passed)];
    for (count, word) in [
        (summary.failed, "failed"),
        (summary.advised, "recommendations not followed"),
        (summary.skipped, "skipped"),
        (summary.undecided, "undecided"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let _ = writeln!(
        text,
        "{verdict}: {who}, {cases} cases in {seconds:.1} s ({:.0} per second): {}",
        cases as f64 / seconds.max(1e-3),
        parts.join(", ")
    );
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for result in record
        .results
        .iter()
        .filter(|result| result.result != Verdict::Fail)
    {
        *reasons
            .entry(result.reason.as_deref().unwrap_or_default())
            .or_default() += 1;
    }
    for (reason, count) in reasons.into_iter().filter(|(reason, _)| !reason.is_empty()) {
        let _ = writeln!(text, "  {count} not judged: {reason}");
    }
}

/// The failures, worst first, and then in the order of the cases.
fn failures(text: &mut String, record: &Record, groups: &[Group], style: Style) {
    let mut failed: Vec<(&CaseResult, &Failure)> = record
        .results
        .iter()
        .filter_map(|result| Some((result, result.failure.as_ref()?)))
        .collect();
    failed.sort_by_key(|(_, failure)| failure.severity);
    for (result, failure) in failed.iter().take(SHOWN_FAILURES) {
        let find = |id: &str| {
            groups
                .iter()
                .flat_map(|group| &group.cases)
                .find(|case| case.id == id)
        };
        let case = find(&result.case);
        let base = case
            .and_then(Case::spoiled)
            .and_then(|spoiled| find(&spoiled.base));
        let differences = match (case, base) {
            (Some(case), Some(base)) => diff::against_base(case, base),
            _ => Vec::new(),
        };
        one_failure(
            text,
            result,
            failure,
            case,
            &differences,
            &record.run.command,
            style,
        );
    }
    if failed.len() > SHOWN_FAILURES {
        let _ = writeln!(text, "and {} more:", failed.len() - SHOWN_FAILURES);
        let mut counts: BTreeMap<Severity, usize> = BTreeMap::new();
        for (_, failure) in &failed[SHOWN_FAILURES..] {
            *counts.entry(failure.severity).or_default() += 1;
        }
        for (severity, count) in counts {
            let _ = writeln!(text, "  {count} x {severity}");
        }
        text.push_str(
            "  run with `--out DIR`, then `countersign report html DIR/events.jsonl`\n\n",
        );
    }
}

fn one_failure(
    text: &mut String,
    result: &CaseResult,
    failure: &Failure,
    case: Option<&Case>,
    differences: &[String],
    command: &str,
    style: Style,
) {
    let severity = failure.severity.words().to_uppercase();
    let painted = if failure.severity == Severity::Should {
        style.yellow(&severity)
    } else {
        style.red(&severity)
    };
    let _ = writeln!(text, "{painted}  {}", style.bold(&result.case));
    let mut line = |label: &str, words: &str| {
        let _ = writeln!(text, "  {label:<9} {words}");
    };
    for id in &result.requirements {
        line(
            id,
            requirement::sentence(id).unwrap_or("is not in the document"),
        );
    }
    if let Some(case) = case {
        match case.spoiled() {
            Some(spoiled) => line("wrong", &spoiled.change),
            None => line("case", &case.title),
        }
        line("why", &case.why);
    }
    for difference in differences {
        line("", difference);
    }
    if let Some(step) = failure.step {
        line("step", &step.to_string());
    }
    line("expected", &failure.expected);
    line("got", &failure.got);
    if let Some(detail) = &failure.detail {
        line("detail", detail);
    }
    let lines: Vec<&str> = result.stderr.lines().collect();
    for stderr in lines
        .iter()
        .skip(lines.len().saturating_sub(SHOWN_STDERR_LINES))
    {
        line("stderr", stderr);
    }
    line("try", &format!("countersign explain {}", result.case));
    line("", &again(&result.case, command));
    text.push('\n');
}

/// The command line that runs one case again.
fn again(case: &str, command: &str) -> String {
    if command.starts_with("--listen ") {
        format!("countersign run --only {case} {command}")
    } else if command == "the built-in reference" {
        format!("countersign run --only {case}")
    } else {
        format!("countersign run --only {case} -- {command}")
    }
}
