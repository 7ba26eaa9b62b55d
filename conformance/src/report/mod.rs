//! Reports, each made from the event stream and nothing else.

mod badge;
mod html;
mod junit;
mod markdown;
mod merge;

pub use badge::badge;
pub use html::html;
pub use junit::junit;
pub use markdown::markdown;
pub use merge::merge;

use crate::events::Record;

/// Text inside XML or HTML, attributes included. Control characters that XML
/// cannot carry become U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Who was tested.
fn who(record: &Record) -> String {
    record.run.implementation.as_ref().map_or_else(
        || record.run.command.clone(),
        |implementation| format!("{} {}", implementation.name, implementation.version),
    )
}

/// The result in one or two words.
fn verdict(record: &Record) -> &'static str {
    let ill = record
        .checks
        .iter()
        .any(|check| check.found == crate::events::Finding::Ill);
    if ill || record.summary.undecided > 0 {
        "undecided"
    } else if record.summary.is_conformant() {
        "conformant"
    } else {
        "not conformant"
    }
}
