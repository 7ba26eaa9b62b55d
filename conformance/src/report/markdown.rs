//! Markdown, for pull requests.

use std::fmt::Write as _;

use countersign_vectors::case::Role;

use super::{verdict, who};
use crate::events::{CaseResult, Finding, Record, Verdict};
use crate::requirement;

/// The verdict, a table of roles, and each failure.
pub fn markdown(record: &Record) -> String {
    let mut out = format!("# {}: {}\n\n", cell(&who(record)), verdict(record));
    let _ = writeln!(
        out,
        "Suite {}, seed {}{}.\n",
        record.run.suite,
        record.run.seed,
        record
            .run
            .shard
            .as_ref()
            .map(|shard| format!(", shard {shard}"))
            .unwrap_or_default()
    );
    let ill: Vec<_> = record
        .checks
        .iter()
        .filter(|check| check.found == Finding::Ill)
        .collect();
    if !ill.is_empty() {
        out.push_str("The harness is not sound, so no case was run:\n\n");
        for check in ill {
            let detail = check.detail.as_deref().unwrap_or_default();
            let _ = writeln!(out, "- {}: {}", cell(&check.check), cell(detail));
        }
        return out;
    }
    out.push_str("| role | passed | failed | advice | skipped |\n|---|--:|--:|--:|--:|\n");
    for role in Role::ALL {
        let of_role = || {
            record
                .results
                .iter()
                .filter(move |result| result.role == role)
        };
        let count = |test: fn(&CaseResult) -> bool| of_role().filter(|result| test(result)).count();
        let _ = writeln!(
            out,
            "| {role} | {} | {} | {} | {} |",
            count(|result| result.result == Verdict::Pass),
            count(|result| result.result == Verdict::Fail && !result.is_advice()),
            count(CaseResult::is_advice),
            count(|result| result.result == Verdict::Skip)
        );
    }
    let mut failed: Vec<_> = record
        .results
        .iter()
        .filter_map(|result| Some((result.failure.as_ref()?, result)))
        .collect();
    if failed.is_empty() {
        return out;
    }
    failed.sort_by_key(|(failure, _)| failure.severity);
    out.push_str("\n| severity | case | requirement | expected | got |\n|---|---|---|---|---|\n");
    for (failure, result) in failed {
        let sentences: Vec<String> = result
            .requirements
            .iter()
            .map(|id| format!("{id}: {}", requirement::sentence(id).unwrap_or("")))
            .collect();
        let _ = writeln!(
            out,
            "| {} | `{}` | {} | {} | {} |",
            failure.severity,
            result.case,
            cell(&sentences.join(" ")),
            cell(&failure.expected),
            cell(&failure.got)
        );
    }
    out
}

/// Text that stays inside a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
        .replace(['\n', '\r'], " ")
        .replace('<', "&lt;")
}
