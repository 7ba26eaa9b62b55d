//! One self-contained page: requirement x case x result.

use std::fmt::Write as _;

use countersign_vectors::case::{Case, Group};

use super::{escaped, verdict, who};
use crate::events::{CaseResult, Finding, Record, Verdict};
use crate::requirement;

const STYLE: &str = include_str!("html.css");

/// The page. Cases are looked up for their titles and reasons.
pub fn html(record: &Record, groups: &[Group]) -> String {
    let who = escaped(&who(record));
    let summary = &record.summary;
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{who}: {verdict}</title>\n<style>\n{STYLE}</style>\n\
         <h1>{who}: <span class=\"{class}\">{verdict}</span></h1>\n\
         <p>Countersign suite {}, seed {}: {} passed, {} failed, {} recommendations not followed, \
         {} skipped, {} undecided.</p>\n",
        escaped(&record.run.suite),
        record.run.seed,
        summary.passed,
        summary.failed,
        summary.advised,
        summary.skipped,
        summary.undecided,
        verdict = verdict(record),
        class = if verdict(record) == "conformant" {
            "pass"
        } else {
            "fail"
        },
    );
    doctor(&mut out, record);
    let find = |id: &str| {
        groups
            .iter()
            .flat_map(|group| &group.cases)
            .find(|case| case.id == id)
    };
    failures(&mut out, record, &find);
    requirements(&mut out, record, &find);
    out.push_str("</html>\n");
    out
}

fn doctor(out: &mut String, record: &Record) {
    let ill = record
        .checks
        .iter()
        .any(|check| check.found == Finding::Ill);
    let open = if ill { " open" } else { "" };
    let _ = writeln!(out, "<details{open}><summary>Doctor</summary>\n<ul>");
    for check in &record.checks {
        let class = match check.found {
            Finding::Healthy => "pass",
            Finding::Note => "skip",
            Finding::Ill => "fail",
        };
        let detail = check
            .detail
            .as_deref()
            .map(|d| format!(": {}", escaped(d)))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "<li class=\"{class}\">{}{detail}</li>",
            escaped(&check.check)
        );
    }
    out.push_str("</ul></details>\n");
}

fn failures<'a>(out: &mut String, record: &Record, find: &dyn Fn(&str) -> Option<&'a Case>) {
    let mut failed: Vec<_> = record
        .results
        .iter()
        .filter_map(|result| Some((result.failure.as_ref()?, result)))
        .collect();
    if failed.is_empty() {
        return;
    }
    failed.sort_by_key(|(failure, _)| failure.severity);
    out.push_str("<h2>Failures</h2>\n");
    for (failure, result) in failed {
        let _ = writeln!(
            out,
            "<section id=\"{id}\"><h3><span class=\"fail\">{}</span> {id}</h3>\n<dl>",
            failure.severity,
            id = escaped(&result.case)
        );
        let mut row = |term: &str, text: &str| {
            let _ = writeln!(out, "<dt>{}<dd>{}", escaped(term), escaped(text));
        };
        for id in &result.requirements {
            row(
                id,
                requirement::sentence(id).unwrap_or("is not in the document"),
            );
        }
        if let Some(case) = find(&result.case) {
            row("case", &case.title);
            if let Some(spoiled) = case.spoiled() {
                row("wrong", &spoiled.change);
                row("base", &spoiled.base);
            }
            row("why", &case.why);
        }
        row("expected", &failure.expected);
        row("got", &failure.got);
        if let Some(detail) = &failure.detail {
            row("detail", detail);
        }
        if !result.stderr.is_empty() {
            row("stderr", &result.stderr);
        }
        out.push_str("</dl></section>\n");
    }
}

fn requirements<'a>(out: &mut String, record: &Record, find: &dyn Fn(&str) -> Option<&'a Case>) {
    out.push_str("<h2>Requirements</h2>\n<table>\n<tr><th>id<th>sentence<th>cases\n");
    for (id, results) in record.by_requirement() {
        let _ = write!(
            out,
            "<tr><td>{}<td>{}<td>",
            escaped(id),
            escaped(requirement::sentence(id).unwrap_or("is not in the document"))
        );
        let (passed, rest): (Vec<&CaseResult>, Vec<&CaseResult>) = results
            .into_iter()
            .partition(|result| result.result == Verdict::Pass);
        for result in rest {
            let class = if result.result == Verdict::Skip {
                "skip"
            } else {
                "fail"
            };
            let id = escaped(&result.case);
            let _ = write!(out, "<a class=\"{class}\" href=\"#{id}\">{id}</a> ");
        }
        if !passed.is_empty() {
            let _ = write!(
                out,
                "<details><summary class=\"pass\">{} passed</summary><ul>",
                passed.len()
            );
            for result in passed {
                let title = find(&result.case)
                    .map(|case| case.title.as_str())
                    .unwrap_or_default();
                let _ = write!(
                    out,
                    "<li><code>{}</code> {}",
                    escaped(&result.case),
                    escaped(title)
                );
            }
            out.push_str("</ul></details>");
        }
        out.push('\n');
    }
    out.push_str("</table>\n");
}
