//! An exact breadth-first search.
//!
//! It compares whole states, so two different ones are never taken for one, and
//! it visits them in order of their distance, so every trace that it gives is a
//! shortest one. stateright's searches do neither (they keep 64-bit
//! fingerprints, and report the last violation that they met); in return they
//! need less memory. [`check`](crate::check) runs both and wants the same number.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::mem::size_of;

use stateright::{Expectation, Model};

use crate::story::{Step, Story};
use crate::verdict::Verdict;

/// Everything that a model can reach, or as much as was asked for.
pub struct Graph<M: Model> {
    states: Vec<M::State>,
    /// By which step each state was first reached; none for the initial ones.
    reached: Vec<Option<(u32, M::Action)>>,
    /// All steps, those of state `i` from `first_edge[i]` on.
    edges: Vec<Edge<M::Action>>,
    first_edge: Vec<usize>,
    depth: usize,
    found: Vec<Found>,
}

/// One step of the graph.
#[derive(Clone, Copy, Debug)]
pub struct Edge<A> {
    /// What was done.
    pub action: A,
    /// The index of the state that it led to.
    pub to: u32,
}

/// What became of one property.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its name.
    pub property: &'static str,
    /// What was expected.
    pub expectation: Expectation,
    /// The nearest state that breaks it, or witnesses it if it is a `sometimes`.
    pub state: Option<u32>,
}

impl Found {
    /// The same, without the state.
    pub fn verdict(&self) -> Verdict {
        Verdict {
            property: self.property,
            expectation: self.expectation.clone(),
            is_found: self.state.is_some(),
        }
    }

    /// Whether the property is as it should be.
    pub fn is_good(&self) -> bool {
        self.verdict().is_good()
    }
}

/// When to stop before everything was visited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// Never: the only way to a verdict.
    Exhausted,
    /// When this property is broken, or witnessed.
    Found(&'static str),
}

/// Visits all states that `model` can reach, nearest first. `progress` is told
/// how many there are so far, now and then.
///
/// # Panics
/// If the model offers an action that it then does not take, or has 2^32 states.
pub fn explore<M>(model: &M, until: Until, mut progress: impl FnMut(usize)) -> Graph<M>
where
    M: Model<State: Clone + Eq + Hash, Action: Clone>,
{
    let properties = model.properties();
    let mut graph = Graph {
        states: Vec::new(),
        reached: Vec::new(),
        edges: Vec::new(),
        first_edge: Vec::new(),
        depth: 0,
        found: properties
            .iter()
            .map(|property| Found {
                property: property.name,
                expectation: property.expectation.clone(),
                state: None,
            })
            .collect(),
    };
    let mut index = Index::default();
    for state in model.init_states() {
        graph.add(&mut index, state, None);
    }
    let mut level_ends = graph.states.len();
    let mut actions = Vec::new();
    let mut next = 0;
    while let Some(state) = graph.states.get(next).cloned() {
        if next == level_ends {
            graph.depth += 1;
            level_ends = graph.states.len();
        }
        for (found, property) in graph.found.iter_mut().zip(&properties) {
            let wanted = property.expectation != Expectation::Always;
            if found.state.is_none() && (property.condition)(model, &state) == wanted {
                found.state = Some(narrow(next));
            }
        }
        if graph.is_enough(until) {
            return graph;
        }
        graph.first_edge.push(graph.edges.len());
        model.actions(&state, &mut actions);
        for action in actions.drain(..) {
            let after = model
                .next_state(&state, action.clone())
                .expect("only enabled actions are offered");
            let to = graph.add(&mut index, after, Some((narrow(next), action.clone())));
            graph.edges.push(Edge { action, to });
        }
        next += 1;
        if next.is_multiple_of(1 << 14) {
            progress(graph.states.len());
        }
    }
    graph
}

impl<M> Graph<M>
where
    M: Model<State: Clone + Eq + Hash, Action: Clone>,
{
    /// The states, nearest first.
    pub fn states(&self) -> &[M::State] {
        &self.states
    }

    /// The steps from the state with this index.
    pub fn edges(&self, state: usize) -> &[Edge<M::Action>] {
        let from = self.first_edge.get(state).copied();
        let to = self.first_edge.get(state + 1).copied();
        match from {
            Some(from) => &self.edges[from..to.unwrap_or(self.edges.len())],
            None => &[],
        }
    }

    /// How many steps there are.
    pub fn edge_count(&self) -> usize {
        self.edges.len()
    }

    /// The distance of the farthest state, in steps.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// What became of the properties, in the model's order.
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// What became of this one.
    pub fn find(&self, property: &str) -> Option<&Found> {
        self.found.iter().find(|found| found.property == property)
    }

    /// How many bytes of memory the graph takes per state, the index included.
    pub fn bytes_per_state(&self) -> usize {
        let state = size_of::<M::State>() + size_of::<Option<(u32, M::Action)>>();
        let index = size_of::<usize>() + 2 * (size_of::<(u64, u32)>() + 1) + size_of::<u32>();
        let edges = self.edges.len() * size_of::<Edge<M::Action>>();
        state + index + edges / self.states.len().max(1)
    }

    /// A shortest way to the state with this index: states, and the actions between them.
    pub fn path(&self, state: u32) -> (Vec<M::State>, Vec<M::Action>) {
        let mut states = vec![self.states[state as usize].clone()];
        let mut actions = Vec::new();
        let mut at = state;
        while let Some((before, action)) = &self.reached[at as usize] {
            states.push(self.states[*before as usize].clone());
            actions.push(action.clone());
            at = *before;
        }
        states.reverse();
        actions.reverse();
        (states, actions)
    }

    /// The same, told.
    pub fn steps(&self, model: &M, state: u32) -> Vec<Step>
    where
        M: Story,
    {
        let (states, actions) = self.path(state);
        let pairs = states.windows(2).zip(&actions);
        pairs
            .map(|(pair, action)| model.tell(&pair[0], action, &pair[1]))
            .collect()
    }

    fn add(
        &mut self,
        index: &mut Index,
        state: M::State,
        reached: Option<(u32, M::Action)>,
    ) -> u32 {
        let hash = index.hasher.hash_one(&state);
        let mut candidate = index.newest.get(&hash).copied();
        while let Some(at) = candidate {
            if self.states[at as usize] == state {
                return at;
            }
            candidate = index.older[at as usize];
        }
        let at = narrow(self.states.len());
        index.older.push(index.newest.insert(hash, at));
        self.states.push(state);
        self.reached.push(reached);
        at
    }

    fn is_enough(&self, until: Until) -> bool {
        match until {
            Until::Exhausted => false,
            Until::Found(name) => self.find(name).is_some_and(|found| found.state.is_some()),
        }
    }
}

/// Where a state is, by its hash; states of one hash are chained and compared.
#[derive(Default)]
struct Index {
    hasher: RandomState,
    newest: HashMap<u64, u32>,
    older: Vec<Option<u32>>,
}

fn narrow(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 states")
}
