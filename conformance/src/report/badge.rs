//! A badge for a README.

use super::{escaped, verdict};
use crate::events::Record;

/// An SVG badge: how many of the cases that were asked passed.
pub fn badge(record: &Record) -> String {
    let summary = &record.summary;
    let asked = summary.passed + summary.failed + summary.advised + summary.undecided;
    let colour = match verdict(record) {
        "conformant" => "#2e7d32",
        "not conformant" => "#c62828",
        _ => "#757575",
    };
    let label = "countersign";
    let message = format!("{} {}/{asked}", verdict(record), summary.passed);
    // Verdana at 11 px is about 6.6 px per character.
    let width = |text: &str| text.chars().count() * 66 / 10 + 12;
    let (left, right) = (width(label), width(&message));
    let total = left + right;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="20" role="img" aria-label="{label}: {text}">
  <title>{label}: {text}</title>
  <rect width="{left}" height="20" fill="#444"/>
  <rect x="{left}" width="{right}" height="20" fill="{colour}"/>
  <g fill="#fff" font-family="Verdana,sans-serif" font-size="11" text-anchor="middle">
    <text x="{left_middle}" y="14">{label}</text>
    <text x="{right_middle}" y="14">{text}</text>
  </g>
</svg>
"##,
        text = escaped(&message),
        left_middle = left / 2,
        right_middle = left + right / 2,
    )
}
