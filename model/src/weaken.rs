//! Parties without one of their guards.
//!
//! A property that holds may hold for the wrong reason. So each guard is taken
//! away in turn, from outside: what a weak server hands to the real transition
//! function is not what it read, or what it stores or sends is not what the
//! function said. The property that the guard is there for must then fail, and
//! its shortest counterexample is kept. A relaxation that breaks nothing is kept
//! too, with the reason why it does not.

use crate::check::Checked;
use crate::explore::{Until, explore};
use crate::story::Trace;

/// A model without one of its guards.
pub struct Weakened<M> {
    /// Its name in the command line.
    pub name: &'static str,
    /// What is different, in one sentence.
    pub change: &'static str,
    /// What is expected of it.
    pub expected: Expected,
    /// The model.
    pub model: fn() -> M,
}

/// What a weakening leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// The property of this name is broken.
    Broken(&'static str),
    /// None is, and this is why.
    Harmless(&'static str),
}

/// What a weakening led to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The model.
    pub model: &'static str,
    /// The weakening.
    pub name: &'static str,
    /// What is different.
    pub change: &'static str,
    /// What was expected.
    pub expected: Expected,
    /// The properties that are broken: those at the shortest distance, or all if
    /// none was expected to be.
    pub broken: Vec<&'static str>,
    /// How many states were visited.
    pub states: usize,
    /// The shortest counterexample to the expected property.
    pub trace: Option<Trace>,
}

impl Outcome {
    /// Whether it led to what was expected.
    pub fn is_good(&self) -> bool {
        match self.expected {
            Expected::Broken(property) => self.broken.contains(&property),
            Expected::Harmless(_) => self.broken.is_empty(),
        }
    }
}

impl<M: Checked> Weakened<M> {
    /// Looks for the expected counterexample, or for any if none is expected.
    pub fn run(&self) -> Outcome {
        let model = (self.model)();
        let until = match self.expected {
            Expected::Broken(property) => Until::Found(property),
            Expected::Harmless(_) => Until::Exhausted,
        };
        let graph = explore(&model, until, |_| {});
        let broken: Vec<_> = graph
            .found()
            .iter()
            .filter(|found| found.expectation == stateright::Expectation::Always)
            .filter(|found| found.state.is_some())
            .collect();
        let shown = match self.expected {
            Expected::Broken(property) => broken.iter().find(|found| found.property == property),
            Expected::Harmless(_) => broken.first(),
        };
        let trace = shown.and_then(|found| {
            Some(Trace {
                title: format!("{}: {}", self.name, self.change),
                property: format!("broken: {}", found.property),
                steps: graph.steps(&model, found.state?),
            })
        });
        Outcome {
            model: M::NAME,
            name: self.name,
            change: self.change,
            expected: self.expected,
            broken: broken.iter().map(|found| found.property).collect(),
            states: graph.states().len(),
            trace,
        }
    }
}
