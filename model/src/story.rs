//! Traces, told in the document's words.

use std::fmt::Write as _;

use serde_json::{Value, json};
use stateright::{Model, Path};

use crate::svg;

/// A model that can say what happens in a step.
pub trait Story: Model {
    /// Tells the step from `before` to `after`.
    fn tell(&self, before: &Self::State, action: &Self::Action, after: &Self::State) -> Step;
}

/// A path of stateright's, told.
pub fn told<M: Story>(model: &M, path: Path<M::State, M::Action>) -> Vec<Step>
where
    M::State: Clone,
    M::Action: Clone,
{
    let steps = path.into_vec();
    steps
        .windows(2)
        .filter_map(|pair| {
            let [(before, Some(action)), (after, _)] = pair else {
                return None;
            };
            Some(model.tell(before, action, after))
        })
        .collect()
}

/// The sequence diagram that stateright's explorer shows beside a path.
pub fn as_svg<M: Story>(model: &M, path: Path<M::State, M::Action>) -> Option<String>
where
    M::State: Clone,
    M::Action: Clone,
{
    let steps = told(model, path);
    (!steps.is_empty()).then(|| svg::draw(&steps))
}

/// One arrow of a sequence diagram.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Who acts.
    pub from: &'static str,
    /// At whom; the same party if it is an inner step.
    pub to: &'static str,
    /// What is said or done.
    pub text: String,
    /// What became true by it.
    pub note: Option<String>,
}

/// A path through a model and why it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trace {
    /// What was looked for.
    pub title: String,
    /// The property that the last state breaks or witnesses.
    pub property: String,
    /// From an initial state on.
    pub steps: Vec<Step>,
}

/// In which form to show a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Numbered lines.
    Text,
    /// A Mermaid sequence diagram.
    Mermaid,
    /// A sequence diagram as a picture.
    Svg,
    /// For other tools.
    Json,
}

impl Trace {
    /// The trace in that form, ending in a line break.
    pub fn show(&self, form: Form) -> String {
        match form {
            Form::Text => self.text(),
            Form::Mermaid => self.mermaid(),
            Form::Svg => format!("{}\n", svg::draw(&self.steps)),
            Form::Json => format!("{:#}\n", self.json()),
        }
    }

    fn text(&self) -> String {
        let mut out = format!("{}\n{}\n\n", self.title, self.property);
        for (index, step) in self.steps.iter().enumerate() {
            let arrow = if step.from == step.to {
                step.from.to_string()
            } else {
                format!("{} -> {}", step.from, step.to)
            };
            let _ = writeln!(out, "{:>3}  {arrow}: {}", index + 1, step.text);
            if let Some(note) = &step.note {
                let _ = writeln!(out, "       {note}");
            }
        }
        out
    }

    fn mermaid(&self) -> String {
        let mut out = format!("---\ntitle: {}\n---\nsequenceDiagram\n", plain(&self.title));
        for (index, name) in self.parties().into_iter().enumerate() {
            let _ = writeln!(out, "    participant P{index} as {name}");
        }
        for step in &self.steps {
            let (from, to) = (self.party(step.from), self.party(step.to));
            let _ = writeln!(out, "    P{from}->>P{to}: {}", plain(&step.text));
            if let Some(note) = &step.note {
                let _ = writeln!(out, "    Note over P{to}: {}", plain(note));
            }
        }
        if let Some(last) = self.steps.last() {
            let party = self.party(last.to);
            let _ = writeln!(out, "    Note over P{party}: {}", plain(&self.property));
        }
        out
    }

    /// The same as JSON, for a larger document.
    pub fn json(&self) -> Value {
        let step = |step: &Step| json!({"from": step.from, "to": step.to, "text": step.text, "note": step.note});
        json!({
            "title": self.title,
            "property": self.property,
            "steps": self.steps.iter().map(step).collect::<Vec<_>>(),
        })
    }

    /// In order of appearance.
    fn parties(&self) -> Vec<&'static str> {
        let mut parties = Vec::new();
        for party in self.steps.iter().flat_map(|step| [step.from, step.to]) {
            if !parties.contains(&party) {
                parties.push(party);
            }
        }
        parties
    }

    fn party(&self, name: &str) -> usize {
        let place = self.parties().iter().position(|party| *party == name);
        place.unwrap_or_default()
    }
}

/// Without what Mermaid would read as its own.
fn plain(text: &str) -> String {
    text.replace(';', ",").replace('#', "no. ")
}
