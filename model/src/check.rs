//! The verdict on a model.
//!
//! Three searches have to agree on the number of states: the exact one of
//! [`explore`](mod@crate::explore), and stateright's, depth-first on all cores, twice,
//! with different salts in every state. None of them has a limit of time,
//! states or depth: whatever ends early would count as a pass. And the number
//! is pinned: a change to the protocol that the properties do not notice, it does.
//!
//! [`Size::Large`] does without the exact search, which keeps every state and step: one
//! depth-first search of stateright's, whose risk is the collision bound.

use std::fmt::Debug;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::thread;
use std::time::{Duration, Instant};

use stateright::{Checker, Expectation, Model};

use crate::cover::Pair;
use crate::explore::{Found, Graph, Until, explore};
use crate::liveness::{Promise, Promised};
use crate::memory;
use crate::report::Backs;
use crate::story::{Story, Trace};
use crate::verdict::{Exact, Report, Verdict};
use crate::weaken::Weakened;

/// How much of the world a model plays. What each means is data of the model.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Size {
    /// Seconds, in every test run.
    Small,
    /// Up to minutes.
    Standard,
    /// On purpose only: a hundred million states, depth-first.
    Large,
}

/// How many states a model has at one size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Count {
    /// Counted when its last change was reviewed: any other number is a complaint.
    Pinned(usize),
    /// Never counted to its end; says only how much memory it will take.
    About(usize),
}

impl Size {
    /// The name, as in the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Standard => "standard",
            Self::Large => "large",
        }
    }

    fn bytes_per_state(self) -> u64 {
        match self {
            Self::Small | Self::Standard => memory::EXACT_BYTES,
            Self::Large => memory::FINGERPRINT_BYTES,
        }
    }
}

impl Count {
    /// The number, whether it is exact or not.
    pub fn states(self) -> usize {
        match self {
            Self::Pinned(states) | Self::About(states) => states,
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
    /// Its documentation: what is driven, modelled and not covered, and why less is enough.
    /// `include_str!` of its own module; the report shows the part in `//!`.
    const SOURCE: &'static str;

    /// The model with all guards in place.
    fn sized(size: Size) -> Self;

    /// How many states it has.
    fn pinned(size: Size) -> Count;

    /// The same with another fingerprint for every state.
    fn salted(self, salt: u64) -> Self;

    /// The model without one of its guards, for each.
    fn weakened() -> Vec<Weakened<Self>>;

    /// The requirements of protocol.md that each `always` and each promise backs.
    fn backs() -> &'static [Backs];

    /// What must come about, and under which fairness.
    fn promises() -> Vec<Promise<Self>> {
        Vec::new()
    }

    /// Notes what each step and each input that somebody could read now comes to in this state,
    /// refusals included: [`cover`](mod@crate::cover) collects them.
    fn cover(&self, _state: &Self::State, _note: &mut dyn FnMut(Pair)) {}
}

/// Checks a model. `progress` is told what is going on and how many states there are so far.
///
/// # Errors
/// It would not fit in memory; a sentence says how far it is from that.
///
/// # Panics
/// If the model is wrong in itself: offers disabled actions, has no `always`.
pub fn check<M: Checked>(
    size: Size,
    progress: &mut dyn FnMut(&str, usize),
) -> Result<Report, String> {
    let properties = M::sized(size).properties();
    assert!(
        properties
            .iter()
            .any(|property| property.expectation == Expectation::Always),
        "stateright stops early without an `always`"
    );
    let states = M::pinned(size).states();
    memory::fits(states, size.bytes_per_state(), memory::available())?;
    Ok(match size {
        Size::Small | Size::Standard => exactly::<M>(size, progress),
        Size::Large => depth_first::<M>(size, progress),
    })
}

fn exactly<M: Checked>(size: Size, progress: &mut dyn FnMut(&str, usize)) -> Report {
    let model = M::sized(size);
    let start = Instant::now();
    let graph = explore(&model, Until::Exhausted, |states| progress("exact", states));
    let mut report = Report {
        states: graph.states().len(),
        exact: Some(Exact {
            edges: graph.edge_count(),
            depth: graph.depth(),
            time: start.elapsed(),
            bytes_per_state: graph.bytes_per_state(),
        }),
        verdicts: graph.found().iter().map(Found::verdict).collect(),
        promised: promised(&model, &graph, progress),
        traces: traces(&model, &graph),
        ..Report::empty::<M>(size)
    };
    drop(graph); // gigabytes, which stateright may need

    let start = Instant::now();
    for salt in SALTS {
        let (states, verdicts, _) = by_stateright::<M>(size, salt, progress);
        report.stateright.push(states);
        for (ours, theirs) in report.verdicts.iter().zip(verdicts) {
            if *ours != theirs {
                report.disagreements.push(ours.property);
            }
        }
    }
    report.stateright_time = start.elapsed() / SALTS.len() as u32;
    report
}

fn depth_first<M: Checked>(size: Size, progress: &mut dyn FnMut(&str, usize)) -> Report {
    let start = Instant::now();
    let (states, verdicts, traces) = by_stateright::<M>(size, SALTS[0], progress);
    Report {
        states,
        stateright: vec![states],
        stateright_time: start.elapsed(),
        verdicts,
        traces,
        ..Report::empty::<M>(size)
    }
}

/// stateright's count of states, what it says of each property, and a trace, which need not be
/// the shortest, for each that is broken.
fn by_stateright<M: Checked>(
    size: Size,
    salt: u64,
    progress: &mut dyn FnMut(&str, usize),
) -> (usize, Vec<Verdict>, Vec<Trace>) {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let checker = M::sized(size)
        .salted(salt)
        .checker()
        .threads(threads)
        .spawn_dfs();
    let mut told = Instant::now();
    while !checker.is_done() {
        thread::sleep(Duration::from_millis(5));
        if told.elapsed() > Duration::from_millis(250) {
            progress("stateright", checker.unique_state_count());
            told = Instant::now();
        }
    }
    let checker = checker.join();
    let discoveries = checker.discoveries();
    let model = checker.model();
    let mut verdicts = Vec::new();
    let mut traces = Vec::new();
    for property in model.properties() {
        let path = discoveries.get(property.name);
        let verdict = Verdict {
            property: property.name,
            expectation: property.expectation,
            is_found: path.is_some(),
        };
        if let (false, Some(path)) = (verdict.is_good(), path) {
            traces.push(Trace {
                title: format!("{}: broken", M::NAME),
                property: property.name.to_string(),
                steps: crate::story::told(model, path.clone()),
            });
        }
        verdicts.push(verdict);
    }
    (checker.unique_state_count(), verdicts, traces)
}

fn promised<M: Checked>(
    model: &M,
    graph: &Graph<M>,
    progress: &mut dyn FnMut(&str, usize),
) -> Vec<Promised> {
    let keep = |promise: &Promise<M>| {
        progress(promise.name, graph.states().len());
        promise.look(model, graph)
    };
    M::promises().iter().map(keep).collect()
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
