//! One HTML file for auditors: what was checked, within which bounds, and which requirements stand behind it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use stateright::Expectation;

use crate::catalogue::{Entry, Tell};
use crate::check::{Count, Size};
use crate::svg::{draw, escaped};
use crate::verdict::Report;
use crate::weaken::{Expected, Outcome};

/// A property's or a promise's name, and the requirements of protocol.md that it backs.
pub type Backs = (&'static str, &'static [&'static str]);

/// What there is to say of one model.
pub struct Chapter {
    about: &'static str,
    documentation: String,
    backs: &'static [Backs],
    report: Report,
    weakened: Vec<Outcome>,
}

impl Chapter {
    /// Whether all of it is as it should be.
    pub fn is_good(&self) -> bool {
        self.report.is_good() && self.weakened.iter().all(Outcome::is_good)
    }

    fn backed_by(&self, claim: &str) -> String {
        let found = self.backs.iter().find(|(name, _)| *name == claim);
        found.map_or(String::new(), |(_, requirements)| requirements.join(", "))
    }
}

/// Checks a model and all its weakenings.
///
/// # Errors
/// It would not fit in memory.
pub fn chapter(entry: &dyn Entry, size: Size, progress: Tell<'_>) -> Result<Chapter, String> {
    let report = entry.check(size, progress)?;
    let mut weakened = Vec::new();
    for name in entry.weakenings() {
        progress(name, weakened.len());
        weakened.extend(entry.weaken(name));
    }
    Ok(Chapter {
        about: entry.about(),
        documentation: documentation(entry.source()),
        backs: entry.backs(),
        report,
        weakened,
    })
}

/// The whole file.
pub fn html(chapters: &[Chapter]) -> String {
    let mut out = String::from(HEAD);
    summary(&mut out, chapters);
    requirements(&mut out, chapters);
    for chapter in chapters {
        let name = chapter.report.model;
        let _ = write!(
            out,
            "<h2 id=\"{name}\">{name}: {}</h2><details><summary>Bounds, abstraction, and why less is enough</summary><pre>{}</pre></details>",
            escaped(chapter.about),
            escaped(&chapter.documentation)
        );
        claims(&mut out, chapter);
        matrix(&mut out, chapter);
        diagrams(&mut out, chapter);
    }
    out.push_str("</body></html>\n");
    out
}

fn summary(out: &mut String, chapters: &[Chapter]) {
    out.push_str(
        "<h2>Verdicts</h2><table><tr><th>model<th>size<th>properties<th>promises<th>states<th>pinned\
         <th>stateright<th>steps<th>depth<th>B/state<th>collision<th>weakenings<th>verdict</tr>",
    );
    for chapter in chapters {
        let report = &chapter.report;
        let exact = report.exact;
        let counts = report.stateright.iter().map(usize::to_string);
        let caught = chapter
            .weakened
            .iter()
            .filter(|each| each.is_good())
            .count();
        let complaints = report.complaints();
        let verdict = if complaints.is_empty() {
            "holds".to_string()
        } else {
            complaints.join("; ")
        };
        let _ = write!(
            out,
            "<tr><td><a href=\"#{0}\">{0}</a><td>{1}<td>{2}<td>{3}<td>{4}<td>{5}<td>{6}<td>{7}<td>{8}<td>{9}<td>{10:.1e}<td>{11} of {12} as expected<td>{13}</tr>",
            report.model,
            report.size.name(),
            report.verdicts.len(),
            report.promised.len(),
            report.states,
            match report.pinned {
                Count::Pinned(states) => states.to_string(),
                Count::About(states) => format!("about {states}"),
            },
            counts.collect::<Vec<_>>().join(", "),
            exact.map_or(0, |exact| exact.edges),
            exact.map_or(0, |exact| exact.depth),
            exact.map_or(0, |exact| exact.bytes_per_state),
            report.collision_bound(),
            caught,
            chapter.weakened.len(),
            escaped(&verdict),
        );
    }
    out.push_str("</table>");
}

/// Each requirement, and what backs it.
fn requirements(out: &mut String, chapters: &[Chapter]) {
    let mut backed: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for chapter in chapters {
        for (claim, requirements) in chapter.backs {
            for requirement in *requirements {
                let by = format!("{}: {claim}", chapter.report.model);
                backed.entry(requirement).or_default().push(by);
            }
        }
    }
    let count = backed.len();
    let _ = write!(
        out,
        "<h2>Requirements</h2><details><summary>{count} requirements of protocol.md are backed by a property or a promise</summary><table>"
    );
    for (requirement, by) in backed {
        let by = escaped(&by.join("\n")).replace('\n', "<br>");
        let _ = write!(out, "<tr><td>{requirement}<td>{by}</tr>");
    }
    out.push_str("</table></details>");
}

fn claims(out: &mut String, chapter: &Chapter) {
    out.push_str("<table><tr><th><th>property<th>backs</tr>");
    let row = |out: &mut String, became: &str, is_good: bool, name: &str| {
        let class = if is_good { "good" } else { "bad" };
        let (shown, backs) = (escaped(name), chapter.backed_by(name));
        let _ = write!(
            out,
            "<tr><td class=\"{class}\">{became}<td>{shown}<td>{backs}</tr>"
        );
    };
    for verdict in &chapter.report.verdicts {
        let became = match (&verdict.expectation, verdict.is_good()) {
            (Expectation::Always, true) => "holds",
            (Expectation::Always, false) => "broken",
            (_, true) => "reached",
            (_, false) => "never reached",
        };
        row(out, became, verdict.is_good(), verdict.property);
    }
    for promised in &chapter.report.promised {
        let is_good = promised.complaints().is_empty();
        let became = if is_good { "kept" } else { "not kept" };
        row(out, became, is_good, promised.name);
        for (twin, broken) in &promised.twins {
            let became = if broken.is_some() { "not" } else { "kept even" };
            row(out, became, broken.is_some(), twin);
        }
    }
    out.push_str("</table>");
}

/// Weakenings by the properties that they break.
fn matrix(out: &mut String, chapter: &Chapter) {
    let always: Vec<&str> = chapter
        .report
        .verdicts
        .iter()
        .filter(|verdict| verdict.expectation == Expectation::Always)
        .map(|verdict| verdict.property)
        .collect();
    out.push_str("<h3>Without one guard</h3><p>● the property that the guard is there for, broken; ○ others that are broken at the same distance.</p><table class=\"matrix\"><tr><th>weakening<th>what is different");
    for property in &always {
        let id = property.split(' ').next().unwrap_or_default();
        let _ = write!(out, "<th title=\"{}\">{}", escaped(property), escaped(id));
    }
    out.push_str("<th>steps<th></tr>");
    for outcome in &chapter.weakened {
        let _ = write!(
            out,
            "<tr><td><a href=\"#{0}\">{0}</a><td>{1}",
            outcome.name,
            escaped(outcome.change)
        );
        for property in &always {
            let mark = match (outcome.expected, outcome.broken.contains(property)) {
                (Expected::Broken(expected), true) if expected == *property => "●",
                (_, true) => "○",
                (_, false) => "",
            };
            let _ = write!(out, "<td>{mark}");
        }
        let steps = outcome.trace.as_ref().map_or(0, |trace| trace.steps.len());
        let remark = match outcome.expected {
            Expected::Broken(_) => String::new(),
            Expected::Harmless(reason) => format!("harmless: {reason}"),
        };
        let class = if outcome.is_good() { "good" } else { "bad" };
        let _ = write!(
            out,
            "<td>{steps}<td class=\"{class}\">{}</tr>",
            escaped(&remark)
        );
    }
    out.push_str("</table>");
}

fn diagrams(out: &mut String, chapter: &Chapter) {
    let weakened = chapter.weakened.iter();
    let shown = weakened.filter_map(|outcome| Some((outcome.name, outcome.trace.as_ref()?)));
    let twins = chapter.report.promised.iter().flat_map(|promised| {
        let twins = promised.twins.iter();
        twins.filter_map(|(name, trace)| Some((*name, trace.as_ref()?)))
    });
    for (name, trace) in shown.chain(twins) {
        let _ = write!(
            out,
            "<details id=\"{}\"><summary>{}</summary><p>{}</p>{}</details>",
            escaped(name),
            escaped(&trace.title),
            escaped(&trace.property),
            draw(&trace.steps)
        );
    }
}

/// The module documentation at the head of a source file.
fn documentation(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let lines: Vec<&str> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    lines.join("\n")
}

const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Countersign, model-checked</title><style>\
body{font:15px/1.4 sans-serif;margin:2em auto;max-width:80em;padding:0 1em}table{border-collapse:collapse;margin:1em 0}\
td,th{border:1px solid #ccc;padding:.2em .5em;text-align:left;vertical-align:top}.good{color:#070}.bad{color:#fff;background:#b00}\
.matrix th{font-size:85%}.matrix td{font-size:90%}pre{white-space:pre-wrap}details{margin:.5em 0}svg{max-width:100%;height:auto}\
</style></head><body><h1>Countersign, model-checked</h1>\
<p>The properties below hold for the transition functions of the crate <code>countersign</code> within each model's bounds, if \
signatures and channels are ideal. That the cryptography is, that an endpoint hands the right bytes to the right function, or that \
nothing else happens beyond the bounds is not shown here.</p>";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_ends_where_the_code_begins() {
        assert_eq!(
            documentation("//! One.\n//!\n//! Two.\n\nuse x;\n//! no"),
            "One.\n\nTwo."
        );
    }
}
