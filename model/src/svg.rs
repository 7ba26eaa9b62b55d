//! Sequence diagrams as SVG: one lane for each party, one row for each step.

use std::fmt::Write as _;

use crate::story::Step;

/// The diagram, a complete `<svg>` element without scripts, fonts or links.
pub fn draw(steps: &[Step]) -> String {
    let parties = parties(steps);
    let width = MARGIN * 2 + LANE * parties.len();
    let rows: usize = steps.iter().map(height).sum();
    let full = HEAD + rows + MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {full}\" width=\"{width}\" height=\"{full}\" \
         font-family=\"sans-serif\" font-size=\"12\">"
    );
    for (lane, party) in parties.iter().enumerate() {
        let x = middle(lane);
        let _ = write!(
            out,
            "<text x=\"{x}\" y=\"18\" text-anchor=\"middle\" font-weight=\"bold\">{}</text>\
             <line x1=\"{x}\" y1=\"26\" x2=\"{x}\" y2=\"{full}\" stroke=\"#bbb\"/>",
            escaped(party)
        );
    }
    let mut y = HEAD;
    for (index, step) in steps.iter().enumerate() {
        row(&mut out, &parties, index + 1, step, y);
        y += height(step);
    }
    out.push_str("</svg>");
    out
}

/// Without what HTML and SVG would read as their own.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn row(out: &mut String, parties: &[&str], number: usize, step: &Step, top: usize) {
    let lane = |name: &str| parties.iter().position(|party| *party == name);
    let (from, to) = (lane(step.from).unwrap_or(0), lane(step.to).unwrap_or(0));
    let text_x = MARGIN + LANE * from.min(to) + 8;
    let mut y = top;
    for (index, line) in wrapped(&format!("{number}. {}", step.text)).enumerate() {
        y = top + LINE * index;
        let _ = write!(
            out,
            "<text x=\"{text_x}\" y=\"{y}\">{}</text>",
            escaped(&line)
        );
    }
    y += 6;
    let (x1, x2) = (middle(from), middle(to));
    if from == to {
        let _ = write!(out, "<circle cx=\"{x1}\" cy=\"{y}\" r=\"3\"/>");
    } else {
        let back = if x1 < x2 { x2 - 7 } else { x2 + 7 };
        let (up, down) = (y - 4, y + 4);
        let _ = write!(
            out,
            "<line x1=\"{x1}\" y1=\"{y}\" x2=\"{x2}\" y2=\"{y}\" stroke=\"#333\"/>\
             <path d=\"M{x2} {y} L{back} {up} L{back} {down} Z\"/>"
        );
    }
    for line in step.note.iter().flat_map(|note| wrapped(note)) {
        y += LINE;
        let _ = write!(
            out,
            "<text x=\"{text_x}\" y=\"{y}\" fill=\"#06c\" font-style=\"italic\">{}</text>",
            escaped(&line)
        );
    }
}

/// In order of appearance.
fn parties(steps: &[Step]) -> Vec<&'static str> {
    let mut parties = Vec::new();
    for party in steps.iter().flat_map(|step| [step.from, step.to]) {
        if !parties.contains(&party) {
            parties.push(party);
        }
    }
    parties
}

fn height(step: &Step) -> usize {
    let text = wrapped(&format!("00. {}", step.text)).count();
    let note = step.note.iter().flat_map(|note| wrapped(note)).count();
    LINE * (text + note) + 14
}

/// Lines that fit a lane and a half, broken at spaces.
fn wrapped(text: &str) -> impl Iterator<Item = String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + word.len() < COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines.into_iter()
}

fn middle(lane: usize) -> usize {
    MARGIN + LANE * lane + LANE / 2
}

const MARGIN: usize = 12;
const LANE: usize = 240;
const HEAD: usize = 48;
const LINE: usize = 15;
const COLUMNS: usize = 58;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_does_not_become_markup() {
        let step = Step {
            from: "Device",
            to: "Factor <server>",
            text: "a & b".into(),
            note: Some("\"quoted\"".into()),
        };
        let drawn = draw(&[step]);
        assert!(drawn.contains("Factor &lt;server&gt;"));
        assert!(drawn.contains("a &amp; b"));
        assert!(drawn.contains("&quot;quoted&quot;"));
        assert_eq!(drawn.matches("<path").count(), 1);
    }
}
