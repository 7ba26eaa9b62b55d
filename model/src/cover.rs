//! What the graph reaches: which transition with which outcome, and which state with which input.
//!
//! A property holds emptily where its transition never happens. The models say in the
//! document's words what each step, and each input that a party is about to read,
//! comes to; here they are collected, each with the nearest state that shows it. From those
//! come traces that cover all of them, for other implementations to be held to.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::check::{Checked, Size};
use crate::explore::{Graph, Until, explore};
use crate::story::Trace;

/// In a state like this, an input like this comes to that.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Pair {
    /// What of the state matters.
    pub state: Cow<'static, str>,
    /// The input, or the step.
    pub input: Cow<'static, str>,
    /// What it comes to.
    pub outcome: Cow<'static, str>,
}

/// How often a pair occurs, and where first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// In how many states, counted once for each request that is of this kind.
    pub times: usize,
    /// The nearest one, by its index in the graph.
    pub at: u32,
}

/// All pairs of a model.
pub type Coverage = BTreeMap<Pair, Seen>;

/// A trace, and the pairs that nobody before it covered.
pub struct Covering {
    /// The trace.
    pub trace: Trace,
    /// What it is there for.
    pub pairs: Vec<Pair>,
}

/// Visits all states of the model and collects what they show.
pub fn cover<M: Checked>(size: Size, progress: &mut dyn FnMut(&str, usize)) -> Coverage {
    let model = M::sized(size);
    let graph = explore(&model, Until::Exhausted, |states| progress("exact", states));
    of_graph(&model, &graph)
}

/// Traces that cover every pair, each a shortest way to the last of its pairs.
pub fn traces<M: Checked>(size: Size, progress: &mut dyn FnMut(&str, usize)) -> Vec<Covering> {
    let model = M::sized(size);
    let graph = explore(&model, Until::Exhausted, |states| progress("exact", states));
    let coverage = of_graph(&model, &graph);
    let mut open: BTreeSet<&Pair> = coverage.keys().collect();
    // The farthest first: on their way they pass many of the nearer ones.
    let mut by_distance: Vec<_> = coverage.iter().collect();
    by_distance.sort_by_key(|(_, seen)| std::cmp::Reverse(seen.at));
    let mut traces = Vec::new();
    for (pair, seen) in by_distance {
        if !open.contains(pair) {
            continue;
        }
        let mut pairs = BTreeSet::new();
        let (states, _) = graph.path(seen.at);
        for state in &states {
            model.cover(state, &mut |passed| {
                pairs.insert(passed);
            });
        }
        let (fresh, _): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|pair| open.remove(pair));
        traces.push(Covering {
            trace: Trace {
                title: format!("{}, {}: {}", pair.state, pair.input, pair.outcome),
                property: format!("covers {} pairs of state and input", fresh.len()),
                steps: graph.steps(&model, seen.at),
            },
            pairs: fresh,
        });
    }
    traces
}

/// The traces, for other tools.
pub fn to_json(model: &str, size: Size, traces: &[Covering]) -> Value {
    let pair =
        |pair: &Pair| json!({"state": pair.state, "input": pair.input, "outcome": pair.outcome});
    let one = |covering: &Covering| {
        let mut one = covering.trace.json();
        one["covers"] = covering.pairs.iter().map(pair).collect();
        one
    };
    json!({
        "model": model,
        "size": size.name(),
        "traces": traces.iter().map(one).collect::<Vec<_>>(),
    })
}

fn of_graph<M: Checked>(model: &M, graph: &Graph<M>) -> Coverage {
    let mut coverage = Coverage::new();
    for (index, state) in (0..).zip(graph.states()) {
        model.cover(state, &mut |pair| {
            let fresh = Seen {
                times: 0,
                at: index,
            };
            coverage.entry(pair).or_insert(fresh).times += 1;
        });
    }
    coverage
}
