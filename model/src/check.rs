//! The verdict on a model.
//!
//! Three searches have to agree on the number of states: the exact one of
//! [`explore`](mod@crate::explore), and stateright's, depth-first on all cores, twice,
//! with different salts in every state. None of them has a limit of time,
//! states or depth: whatever ends early would count as a pass. And the number
//! is pinned: a change to the protocol that the properties do not notice, it does.

use std::fmt::Debug;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::thread;
use std::time::{Duration, Instant};

use stateright::{Checker, Expectation, Model};

use crate::explore::{Found, Graph, Until, explore};
use crate::story::{Story, Trace};
use crate::weaken::Weakened;

/// How much of the world a model plays. What each means is data of the model.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Size {
    /// Seconds, in every test run.
    Small,
    /// Up to minutes.
    Standard,
}

impl Size {
    /// The name, as in the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Standard => "standard",
        }
    }
}

/// A model that can be checked.
pub trait Checked:
    Story
    + Model<
        State: Clone + Eq + Hash + Debug + Send + Sync + 'static,
        Action: Clone + PartialEq + Debug + Send + Sync + 'static,
    > + Send
    + Sync
    + 'static
{
    /// Its name in the command line.
    const NAME: &'static str;
    /// What it is about, in one sentence.
    const ABOUT: &'static str;

    /// The model with all guards in place.
    fn sized(size: Size) -> Self;

    /// How many states it has, counted when its last change was reviewed.
    fn pinned(size: Size) -> usize;

    /// The same with another fingerprint for every state.
    fn salted(self, salt: u64) -> Self;

    /// The model without one of its guards, for each.
    fn weakened() -> Vec<Weakened<Self>>;
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Report {
    /// The model.
    pub model: &'static str,
    /// How much of the world.
    pub size: Size,
    /// States, by the exact search.
    pub states: usize,
    /// Steps between them.
    pub edges: usize,
    /// States when it was last reviewed.
    pub pinned: usize,
    /// States by stateright's searches, one number for each salt.
    pub stateright: Vec<usize>,
    /// The distance of the farthest state, in steps.
    pub depth: usize,
    /// How long the exact search took.
    pub exact_time: Duration,
    /// How long each of stateright's searches took, on average.
    pub stateright_time: Duration,
    /// Memory of the exact search.
    pub bytes_per_state: usize,
    /// What became of each property.
    pub found: Vec<Found>,
    /// One for each property that is not as it should be and has a state to show.
    pub traces: Vec<Trace>,
    /// Properties on which stateright disagrees.
    pub disagreements: Vec<&'static str>,
}

impl Report {
    /// Whether all is as it should be.
    pub fn is_good(&self) -> bool {
        self.complaints().is_empty()
    }

    /// What is not, in sentences.
    pub fn complaints(&self) -> Vec<String> {
        let mut out = Vec::new();
        for found in self.found.iter().filter(|found| !found.is_good()) {
            out.push(match found.expectation {
                Expectation::Always => format!("broken: {}", found.property),
                _ => format!("never reached: {}", found.property),
            });
        }
        for count in &self.stateright {
            if *count != self.states {
                let states = self.states;
                out.push(format!("stateright has {count} states, not {states}"));
            }
        }
        for name in &self.disagreements {
            out.push(format!("stateright says otherwise: {name}"));
        }
        if self.states != self.pinned {
            let (states, pinned) = (self.states, self.pinned);
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

/// Checks a model. `progress` is told what is going on and how many states there are so far.
///
/// # Panics
/// If the model is wrong in itself: offers disabled actions, has no `always`.
pub fn check<M: Checked>(size: Size, progress: &mut dyn FnMut(&str, usize)) -> Report {
    let model = M::sized(size);
    assert!(
        model
            .properties()
            .iter()
            .any(|property| property.expectation == Expectation::Always),
        "stateright stops early without an `always`"
    );
    let start = Instant::now();
    let graph = explore(&model, Until::Exhausted, |states| progress("exact", states));
    let mut report = Report {
        model: M::NAME,
        size,
        states: graph.states().len(),
        edges: graph.edge_count(),
        pinned: M::pinned(size),
        stateright: Vec::new(),
        depth: graph.depth(),
        exact_time: start.elapsed(),
        stateright_time: Duration::ZERO,
        bytes_per_state: graph.bytes_per_state(),
        found: graph.found().to_vec(),
        traces: traces(&model, &graph),
        disagreements: Vec::new(),
    };
    drop(graph); // gigabytes, which stateright may need

    let start = Instant::now();
    for salt in SALTS {
        let (states, disagreeing) = by_stateright::<M>(size, salt, &report.found, progress);
        report.stateright.push(states);
        report.disagreements.extend(disagreeing);
    }
    report.stateright_time = start.elapsed() / SALTS.len() as u32;
    report
}

/// stateright's count of states, and the properties for which it disagrees with `found`.
fn by_stateright<M: Checked>(
    size: Size,
    salt: u64,
    found: &[Found],
    progress: &mut dyn FnMut(&str, usize),
) -> (usize, Vec<&'static str>) {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let checker = M::sized(size)
        .salted(salt)
        .checker()
        .threads(threads)
        .spawn_dfs();
    let mut told = Instant::now();
    while !checker.is_done() {
        thread::sleep(Duration::from_millis(5));
        if told.elapsed() > Duration::from_millis(500) {
            progress("stateright", checker.unique_state_count());
            told = Instant::now();
        }
    }
    let checker = checker.join();
    let discoveries = checker.discoveries();
    let disagreeing = found
        .iter()
        .filter(|found| found.state.is_some() != discoveries.contains_key(found.property))
        .map(|found| found.property)
        .collect();
    (checker.unique_state_count(), disagreeing)
}

fn traces<M: Checked>(model: &M, graph: &Graph<M>) -> Vec<Trace> {
    let broken = graph.found().iter().filter(|found| !found.is_good());
    broken
        .filter_map(|found| {
            Some(Trace {
                title: format!("{}: broken", M::NAME),
                property: found.property.to_string(),
                steps: graph.steps(model, found.state?),
            })
        })
        .collect()
}

/// Any two numbers will do.
const SALTS: [u64; 2] = [0x0f1e_2d3c_4b5a_6978, 0x8796_a5b4_c3d2_e1f0];
