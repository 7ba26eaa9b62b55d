//! What a check found, and what there is to complain about.

use std::time::Duration;

use stateright::Expectation;

use crate::check::{Checked, Count, Size};
use crate::liveness::Promised;
use crate::story::Trace;

/// What became of one property.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Its name.
    pub property: &'static str,
    /// What was expected.
    pub expectation: Expectation,
    /// Whether a state breaks it, or witnesses it if it is a `sometimes`.
    pub is_found: bool,
}

impl Verdict {
    /// Whether the property is as it should be.
    pub fn is_good(&self) -> bool {
        match self.expectation {
            Expectation::Always => !self.is_found,
            Expectation::Sometimes => self.is_found,
            // Misses cycles in stateright and is therefore not used.
            Expectation::Eventually => false,
        }
    }
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Report {
    /// The model.
    pub model: &'static str,
    /// How much of the world.
    pub size: Size,
    /// How many states there are.
    pub states: usize,
    /// How many there should be.
    pub pinned: Count,
    /// What only the exact search knows; it is not made for [`Size::Large`].
    pub exact: Option<Exact>,
    /// States by stateright's searches, one number for each salt.
    pub stateright: Vec<usize>,
    /// How long each of stateright's searches took, on average.
    pub stateright_time: Duration,
    /// What became of each property.
    pub verdicts: Vec<Verdict>,
    /// What became of each promise.
    pub promised: Vec<Promised>,
    /// One for each property that is not as it should be and has a state to show.
    pub traces: Vec<Trace>,
    /// Properties on which stateright disagrees.
    pub disagreements: Vec<&'static str>,
}

/// What the exact search found.
#[derive(Clone, Copy, Debug)]
pub struct Exact {
    /// Steps between the states.
    pub edges: usize,
    /// The distance of the farthest state, in steps.
    pub depth: usize,
    /// How long it took.
    pub time: Duration,
    /// Its memory.
    pub bytes_per_state: usize,
}

impl Report {
    /// Nothing found yet.
    pub fn empty<M: Checked>(size: Size) -> Self {
        Self {
            model: M::NAME,
            size,
            states: 0,
            pinned: M::pinned(size),
            exact: None,
            stateright: Vec::new(),
            stateright_time: Duration::ZERO,
            verdicts: Vec::new(),
            promised: Vec::new(),
            traces: Vec::new(),
            disagreements: Vec::new(),
        }
    }

    /// Whether all is as it should be.
    pub fn is_good(&self) -> bool {
        self.complaints().is_empty()
    }

    /// What is not, in sentences.
    pub fn complaints(&self) -> Vec<String> {
        let mut out = Vec::new();
        for verdict in self.verdicts.iter().filter(|verdict| !verdict.is_good()) {
            out.push(match verdict.expectation {
                Expectation::Always => format!("broken: {}", verdict.property),
                _ => format!("never reached: {}", verdict.property),
            });
        }
        out.extend(self.promised.iter().flat_map(Promised::complaints));
        for count in &self.stateright {
            if *count != self.states {
                let states = self.states;
                out.push(format!("stateright has {count} states, not {states}"));
            }
        }
        for name in &self.disagreements {
            out.push(format!("stateright says otherwise: {name}"));
        }
        if let Count::Pinned(pinned) = self.pinned
            && pinned != self.states
        {
            let states = self.states;
            out.push(format!(
                "{states} states, but {pinned} are pinned: review what changed, then pin the new number"
            ));
        }
        out
    }

    /// An upper bound of the probability that two states had one fingerprint in
    /// one of stateright's searches: n^2 / 2^65. The exact search has no such risk.
    pub fn collision_bound(&self) -> f64 {
        let n = self.states as f64;
        n * n / 2_f64.powi(65)
    }
}
