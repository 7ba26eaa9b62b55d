//! JUnit XML, which every CI system reads.

use std::fmt::Write as _;

use countersign_vectors::case::Role;

use super::{escaped, who};
use crate::events::{CaseResult, Finding, Record, Verdict};

/// One suite for the doctor, one per role.
pub fn junit(record: &Record) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"countersign: {}\" time=\"{}\">",
        escaped(&who(record)),
        seconds(record.summary.time.us)
    );
    doctor(&mut out, record);
    for role in Role::ALL {
        let results: Vec<&CaseResult> = record
            .results
            .iter()
            .filter(|result| result.role == role)
            .collect();
        if !results.is_empty() {
            suite(&mut out, role, &results);
        }
    }
    out.push_str("</testsuites>\n");
    out
}

fn doctor(out: &mut String, record: &Record) {
    let ill = record
        .checks
        .iter()
        .filter(|check| check.found == Finding::Ill)
        .count();
    let tests = record.checks.len();
    let _ = writeln!(
        out,
        "  <testsuite name=\"doctor\" tests=\"{tests}\" failures=\"{ill}\">"
    );
    for check in &record.checks {
        let name = escaped(&check.check);
        match (check.found, &check.detail) {
            (Finding::Ill, detail) => {
                let message = escaped(detail.as_deref().unwrap_or_default());
                let _ = writeln!(
                    out,
                    "    <testcase classname=\"doctor\" name=\"{name}\"><failure message=\"{message}\"/></testcase>"
                );
            }
            _ => {
                let _ = writeln!(out, "    <testcase classname=\"doctor\" name=\"{name}\"/>");
            }
        }
    }
    out.push_str("  </testsuite>\n");
}

fn suite(out: &mut String, role: Role, results: &[&CaseResult]) {
    let count = |verdict| {
        results
            .iter()
            .filter(|result| result.result == verdict)
            .count()
    };
    let advice = results.iter().filter(|result| result.is_advice()).count();
    let _ = writeln!(
        out,
        "  <testsuite name=\"{role}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\">",
        results.len(),
        count(Verdict::Fail) - advice,
        count(Verdict::Undecided),
        count(Verdict::Skip),
        seconds(results.iter().map(|result| result.time.us).sum())
    );
    for result in results {
        let _ = write!(
            out,
            "    <testcase classname=\"{role}\" name=\"{}\" time=\"{}\">",
            result.case,
            seconds(result.time.us)
        );
        let reason = escaped(result.reason.as_deref().unwrap_or_default());
        match (&result.failure, result.result) {
            (Some(failure), _) => {
                let text = escaped(&format!(
                    "{}\nexpected: {}\ngot: {}\nrequirements: {}\n{}",
                    failure.severity,
                    failure.expected,
                    failure.got,
                    result.requirements.join(" "),
                    result.stderr
                ));
                // A recommendation is worth reading, and fails no build.
                let (open, close) = if result.is_advice() {
                    ("<system-out>".to_owned(), "</system-out>")
                } else {
                    let words = failure.severity.words();
                    (
                        format!("<failure type=\"{words}\" message=\"{words}\">"),
                        "</failure>",
                    )
                };
                let _ = write!(out, "{open}{text}{close}");
            }
            (None, Verdict::Skip) => {
                let _ = write!(out, "<skipped message=\"{reason}\"/>");
            }
            (None, Verdict::Undecided) => {
                let _ = write!(out, "<error message=\"{reason}\"/>");
            }
            (None, _) => {}
        }
        out.push_str("</testcase>\n");
    }
    out.push_str("  </testsuite>\n");
}

fn seconds(us: u64) -> String {
    format!("{:.6}", us as f64 / 1e6)
}
