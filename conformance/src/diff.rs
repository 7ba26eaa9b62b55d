//! What is wrong in an input: its CBOR, item by item, against the base's.
//!
//! The walk is lenient, since what it shows is often malformed on purpose: it
//! says what it cannot read and goes on as far as it can.

use countersign_vectors::case::{Case, Step};
use serde_json::Value;

/// Lines of context around a change.
const CONTEXT: usize = 2;
/// Bytes of a string per line.
const BYTES_PER_LINE: usize = 32;
/// How deep the walk goes; implementations stop at 8.
const MAX_DEPTH: usize = 32;
/// The most lines that one difference may have.
const MAX_LINES: usize = 40;

/// The differences between the inputs of a negative case and those of its
/// base: lines that begin with `-` are the base's, with `+` the case's.
pub fn against_base(case: &Case, base: &Case) -> Vec<String> {
    let mut lines = Vec::new();
    for (step, good) in case.steps.iter().zip(&base.steps) {
        let (Step::Static(step), Step::Static(good)) = (step, good) else {
            continue;
        };
        for (name, value) in &step.args {
            let was = good.args.get(name);
            if was == Some(value) {
                continue;
            }
            lines.push(format!("{}, {name}:", step.op));
            match (was.and_then(bytes), bytes(value)) {
                (Some(was), Some(is)) => {
                    lines.extend(difference(&annotated(&was), &annotated(&is)))
                }
                _ => {
                    lines.push(format!(
                        "- {}",
                        was.map_or("absent".to_owned(), Value::to_string)
                    ));
                    lines.push(format!("+ {value}"));
                }
            }
        }
    }
    lines.truncate(MAX_LINES);
    lines
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    value.as_str().and_then(|text| hex::decode(text).ok())
}

/// What lies between the common beginning and the common end, with some of both.
fn difference(was: &[String], is: &[String]) -> Vec<String> {
    let same = |(a, b): &(&String, &String)| a == b;
    let start = was.iter().zip(is).take_while(same).count();
    let rest = was.len().min(is.len()) - start;
    let end = was
        .iter()
        .rev()
        .zip(is.iter().rev())
        .take(rest)
        .take_while(same)
        .count();
    let mut lines = Vec::new();
    let mut put = |mark: &str, part: &[String]| {
        lines.extend(part.iter().map(|line| format!("{mark} {line}")));
    };
    put(" ", &was[start.saturating_sub(CONTEXT)..start]);
    put("-", &was[start..was.len() - end]);
    put("+", &is[start..is.len() - end]);
    put(
        " ",
        &is[is.len() - end..(is.len() - end + CONTEXT).min(is.len())],
    );
    lines
}

/// One line per item: its bytes, and what they mean.
pub fn annotated(bytes: &[u8]) -> Vec<String> {
    let mut walk = Walk {
        rest: bytes,
        lines: Vec::new(),
    };
    if walk.item(0).is_none() {
        let rest = hex::encode(walk.rest);
        walk.lines
            .push(format!("{rest}  cannot be read on from here"));
    } else if !walk.rest.is_empty() {
        let rest = hex::encode(walk.rest);
        walk.lines.push(format!("{rest}  after the end"));
    }
    walk.lines
}

struct Walk<'a> {
    rest: &'a [u8],
    lines: Vec<String>,
}

impl<'a> Walk<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// One item with all that is in it; `None` where it cannot be read.
    fn item(&mut self, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        let before = self.rest;
        let initial = self.take(1)?[0];
        let (major, info) = (initial >> 5, initial & 0x1f);
        let argument = match info {
            0..=23 => Some(u64::from(info)),
            24..=27 => {
                let bytes = self.take(1 << (info - 24)).or_else(|| {
                    self.rest = before;
                    None
                })?;
                Some(
                    bytes
                        .iter()
                        .fold(0, |value, byte| value << 8 | u64::from(*byte)),
                )
            }
            31 => None,
            _ => {
                self.rest = before;
                return None;
            }
        };
        let head = hex::encode(&before[..before.len() - self.rest.len()]);
        let indent = "  ".repeat(depth);
        let count = argument.map_or("without a length".to_owned(), |count| count.to_string());
        let mut say = |what: String| self.lines.push(format!("{indent}{head}  {what}"));
        match (major, argument) {
            (0, Some(value)) => say(format!("unsigned {value}")),
            (1, Some(value)) => say(format!("negative -1 - {value}")),
            (2 | 3, Some(length)) => {
                say(format!(
                    "{}, {length} bytes",
                    if major == 2 { "byte string" } else { "text" }
                ));
                let content = self.take(usize::try_from(length).ok()?)?;
                for line in content.chunks(BYTES_PER_LINE) {
                    let text = match std::str::from_utf8(line) {
                        Ok(text) if major == 3 => format!("  {text:?}"),
                        _ => String::new(),
                    };
                    self.lines
                        .push(format!("{indent}  {}{text}", hex::encode(line)));
                }
            }
            (2..=5, argument) => {
                let what = ["byte string", "text", "array", "map"][usize::from(major) - 2];
                say(format!("{what}, {count}"));
                let each = if major == 5 { 2 } else { 1 };
                match argument {
                    Some(count) => {
                        (0..count.checked_mul(each)?).try_for_each(|_| self.item(depth + 1))?
                    }
                    None => self.until_break(depth + 1)?,
                }
            }
            (6, Some(tag)) => {
                say(format!("tag {tag}"));
                self.item(depth + 1)?;
            }
            (7, Some(value)) => say(match (info, value) {
                (20, _) => "false".to_owned(),
                (21, _) => "true".to_owned(),
                (22, _) => "null".to_owned(),
                (23, _) => "undefined".to_owned(),
                (25..=27, _) => "float".to_owned(),
                (_, value) => format!("simple value {value}"),
            }),
            _ => {
                self.rest = before;
                return None;
            }
        }
        Some(())
    }

    fn until_break(&mut self, depth: usize) -> Option<()> {
        while self.rest.first() != Some(&0xff) {
            self.item(depth)?;
        }
        self.take(1)?;
        self.lines
            .push(format!("{}ff  break", "  ".repeat(depth - 1)));
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(text: &str) -> Vec<String> {
        annotated(&hex::decode(text).expect("hex"))
    }

    #[test]
    fn items_are_named() {
        assert_eq!(
            walked("8401420a0b6161f6"),
            [
                "84  array, 4",
                "  01  unsigned 1",
                "  42  byte string, 2 bytes",
                "    0a0b",
                "  61  text, 1 bytes",
                "    61  \"a\"",
                "  f6  null",
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for (text, last) in [
            ("8201", "  cannot be read on from here"),
            ("8142", "  cannot be read on from here"),
            ("0100", "00  after the end"),
            ("811c", "1c  cannot be read on from here"),
            ("9f01ff", "ff  break"),
            ("19ff", "19ff  cannot be read on from here"),
            ("bbffffffffffffffff", "  cannot be read on from here"),
            ("", "  cannot be read on from here"),
        ] {
            assert_eq!(
                walked(text).last().map(String::as_str),
                Some(last),
                "{text}"
            );
        }
        // However deep and however long it claims to be, it comes to an end.
        assert!(annotated(&[0x81; 100_000]).len() <= MAX_DEPTH + 2);
    }

    #[test]
    fn only_the_change_is_shown() {
        let (was, is) = (walked("83010203"), walked("8301180203"));
        assert_eq!(
            difference(&was, &is),
            [
                "  83  array, 3",
                "    01  unsigned 1",
                "-   02  unsigned 2",
                "+   1802  unsigned 2",
                "    03  unsigned 3"
            ]
        );
    }
}
