//! Where a fair run can stay.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

use stateright::Model;

use super::{Fair, Fairness, Hop, Lasso};
use crate::explore::Graph;

/// A set of fairness classes, each a bit.
type Classes = u64;

/// The search for one promise under one fairness.
struct Search<'a, M: Model> {
    model: &'a M,
    graph: &'a Graph<M>,
    fair: Fair<M>,
}

/// What a component offers and does.
#[derive(Default)]
struct Offers {
    /// Strong classes that are enabled in some state.
    strong: Classes,
    /// Weak classes that are enabled in every state.
    weak: Classes,
    /// Classes of which a step stays inside.
    taken: Classes,
}

/// A fair run from a state of `from` that never comes to one of `to`.
pub(super) fn fair_lasso<M>(
    model: &M,
    graph: &Graph<M>,
    from: &[bool],
    to: &[bool],
    fair: Fair<M>,
) -> Option<Lasso<M::Action>>
where
    M: Model<State: Clone + Eq + Hash, Action: Clone>,
{
    let search = Search { model, graph, fair };
    let (region, via) = region(graph, from, to);
    let component = search.fair_component(region)?;
    let at = *component.iter().min()?; // the nearest, since they are numbered by distance
    let inside: HashSet<u32> = component.into_iter().collect();
    let (start, there) = search.back(at, &via);
    Some(Lasso {
        from: start,
        there,
        round: search.round(at, &inside),
    })
}

/// A state of `from` from which no way leads to `to`, but by actions that end.
pub(super) fn dead_end<M>(
    model: &M,
    graph: &Graph<M>,
    from: &[bool],
    to: &[bool],
    fair: Fair<M>,
) -> Option<Lasso<M::Action>>
where
    M: Model<State: Clone + Eq + Hash, Action: Clone>,
{
    let search = Search { model, graph, fair };
    let mut leads = to.to_vec();
    // The graph is nearest first, so most steps lead up: a few sweeps from the end are enough.
    loop {
        let mut is_done = true;
        for state in (0..leads.len()).rev().filter(|state| !to[*state]) {
            let may = |edge: &&crate::explore::Edge<M::Action>| {
                leads[edge.to as usize]
                    && search.fairness(state as u32, &edge.action) != Fairness::Ends
            };
            if !leads[state] && graph.edges(state).iter().any(|edge| may(&edge)) {
                leads[state] = true;
                is_done = false;
            }
        }
        if is_done {
            break;
        }
    }
    let stuck = (0..leads.len()).find(|state| from[*state] && !leads[*state])?;
    Some(Lasso {
        from: stuck as u32,
        there: Vec::new(),
        round: Vec::new(),
    })
}

/// The states that can be reached from `from` without `to`, and from where each was.
fn region<M>(graph: &Graph<M>, from: &[bool], to: &[bool]) -> (Vec<u32>, HashMap<u32, u32>)
where
    M: Model<State: Clone + Eq + Hash, Action: Clone>,
{
    let mut via = HashMap::new();
    let mut region = Vec::new();
    for start in (0..from.len()).filter(|state| from[*state] && !to[*state]) {
        via.insert(start as u32, start as u32);
        region.push(start as u32);
    }
    let mut next = 0;
    while let Some(&state) = region.get(next) {
        for edge in graph.edges(state as usize) {
            if !to[edge.to as usize]
                && let Entry::Vacant(place) = via.entry(edge.to)
            {
                place.insert(state);
                region.push(edge.to);
            }
        }
        next += 1;
    }
    (region, via)
}

impl<M> Search<'_, M>
where
    M: Model<State: Clone + Eq + Hash, Action: Clone>,
{
    fn fairness(&self, state: u32, action: &M::Action) -> Fairness {
        (self.fair)(self.model, &self.graph.states()[state as usize], action)
    }

    /// A component within `states` in which a fair run can stay for ever.
    fn fair_component(&self, states: Vec<u32>) -> Option<Vec<u32>> {
        let mut open = vec![states];
        while let Some(states) = open.pop() {
            for component in self.components(&states) {
                let inside: HashSet<u32> = component.iter().copied().collect();
                let offers = self.offers(&component, &inside);
                if offers.weak & !offers.taken != 0 {
                    continue; // and so it is in each part of it
                }
                let missing = offers.strong & !offers.taken;
                if missing == 0 {
                    return Some(component);
                }
                // A fair run can stay only where what it never takes is never enabled.
                let rest: Vec<u32> = component
                    .into_iter()
                    .filter(|state| self.offers(&[*state], &inside).strong & missing == 0)
                    .collect();
                if !rest.is_empty() {
                    open.push(rest);
                }
            }
        }
        None
    }

    fn offers(&self, component: &[u32], inside: &HashSet<u32>) -> Offers {
        let mut offers = Offers {
            weak: Classes::MAX,
            ..Offers::default()
        };
        for &state in component {
            let mut weak = 0;
            for edge in self.graph.edges(state as usize) {
                let class = match self.fairness(state, &edge.action) {
                    Fairness::Free | Fairness::Ends => continue,
                    Fairness::Weak(class) => {
                        weak |= bit(class);
                        class
                    }
                    Fairness::Strong(class) => {
                        offers.strong |= bit(class);
                        class
                    }
                };
                if inside.contains(&edge.to) {
                    offers.taken |= bit(class);
                }
            }
            offers.weak &= weak;
        }
        offers
    }

    /// Strongly connected components of `states`, without the steps that end (Tarjan, 1972;
    /// with a stack of its own, since runs are long). A state that is in no cycle is one, too.
    fn components(&self, states: &[u32]) -> Vec<Vec<u32>> {
        let within: HashSet<u32> = states.iter().copied().collect();
        let mut number: HashMap<u32, (u32, u32)> = HashMap::new(); // of its visit, and the lowest seen
        let mut on_stack = HashSet::new();
        let (mut stack, mut found) = (Vec::new(), Vec::new());
        for &root in states {
            if number.contains_key(&root) {
                continue;
            }
            let mut calls = vec![(root, 0)];
            while let Some((state, edge_at)) = calls.pop() {
                if edge_at == 0 {
                    let visit = number.len() as u32;
                    number.insert(state, (visit, visit));
                    stack.push(state);
                    on_stack.insert(state);
                }
                let edges = self.graph.edges(state as usize);
                if let Some(edge) = edges.get(edge_at) {
                    calls.push((state, edge_at + 1));
                    let goes_on = within.contains(&edge.to)
                        && self.fairness(state, &edge.action) != Fairness::Ends;
                    match number.get(&edge.to).copied() {
                        None if goes_on => calls.push((edge.to, 0)),
                        Some((visit, _)) if goes_on && on_stack.contains(&edge.to) => {
                            lower(&mut number, state, visit);
                        }
                        _ => {}
                    }
                    continue;
                }
                let (visit, lowest) = number[&state];
                if let Some((parent, _)) = calls.last() {
                    lower(&mut number, *parent, lowest);
                }
                if visit == lowest {
                    let place = stack.iter().rposition(|other| *other == state);
                    let component = stack.split_off(place.unwrap_or_default());
                    for member in &component {
                        on_stack.remove(member);
                    }
                    found.push(component);
                }
            }
        }
        found
    }

    /// How the search came to `at`: where the promise was made, and the steps from there.
    fn back(&self, at: u32, via: &HashMap<u32, u32>) -> (u32, Vec<Hop<M::Action>>) {
        let mut hops = Vec::new();
        let mut after = at;
        while let Some(&before) = via.get(&after)
            && before != after
        {
            hops.extend(self.hop(before, after));
            after = before;
        }
        hops.reverse();
        (after, hops)
    }

    fn hop(&self, before: u32, after: u32) -> Option<Hop<M::Action>> {
        let mut edges = self.graph.edges(before as usize).iter();
        let edge = edges.find(|edge| edge.to == after)?;
        Some(Hop {
            before,
            action: edge.action.clone(),
            after,
        })
    }

    /// A cycle through `at` that is fair: it takes a step of each class of which the component
    /// has one, and visits a state without each weak class of which it has none.
    fn round(&self, at: u32, inside: &HashSet<u32>) -> Vec<Hop<M::Action>> {
        let component: Vec<u32> = inside.iter().copied().collect();
        let all = self.offers(&component, inside);
        let mut hops: Vec<Hop<M::Action>> = Vec::new();
        let mut here = at;
        let mut open: Vec<Goal> = (0..64)
            .filter(|class| all.taken & bit(*class) != 0)
            .map(Goal::Take)
            .collect();
        let weak = component.iter().flat_map(|state| self.weak_of(*state));
        let idle = weak.filter(|class| all.taken & bit(*class) == 0);
        let mut idle: Vec<_> = idle.map(Goal::Without).collect();
        idle.sort_unstable();
        idle.dedup();
        open.extend(idle);
        for goal in open {
            let is_reached = |hop: &Hop<M::Action>| match goal {
                Goal::Take(class) => matches!(
                    self.fairness(hop.before, &hop.action),
                    Fairness::Weak(taken) | Fairness::Strong(taken) if taken == class
                ),
                Goal::Without(class) => !self.weak_of(hop.after).contains(&class),
            };
            if !hops.iter().any(is_reached) {
                hops.extend(self.go(&mut here, inside, is_reached));
            }
        }
        if hops.is_empty() || here != at {
            hops.extend(self.go(&mut here, inside, |hop| hop.after == at));
        }
        hops
    }

    fn weak_of(&self, state: u32) -> Vec<u8> {
        let edges = self.graph.edges(state as usize).iter();
        edges
            .filter_map(|edge| match self.fairness(state, &edge.action) {
                Fairness::Weak(class) => Some(class),
                _ => None,
            })
            .collect()
    }

    /// The shortest way inside from `here` whose last step is wanted; `here` moves along.
    fn go(
        &self,
        here: &mut u32,
        inside: &HashSet<u32>,
        is_wanted: impl Fn(&Hop<M::Action>) -> bool,
    ) -> Vec<Hop<M::Action>> {
        let mut via = HashMap::from([(*here, *here)]);
        let mut queue = VecDeque::from([*here]);
        while let Some(state) = queue.pop_front() {
            for edge in self.graph.edges(state as usize) {
                let stays = inside.contains(&edge.to)
                    && self.fairness(state, &edge.action) != Fairness::Ends;
                if !stays {
                    continue;
                }
                let hop = Hop {
                    before: state,
                    action: edge.action.clone(),
                    after: edge.to,
                };
                if is_wanted(&hop) {
                    let (_, mut hops) = self.back(state, &via);
                    *here = hop.after;
                    hops.push(hop);
                    return hops;
                }
                if let Entry::Vacant(place) = via.entry(edge.to) {
                    place.insert(state);
                    queue.push_back(edge.to);
                }
            }
        }
        Vec::new()
    }
}

/// What a cycle must still do to be fair.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Goal {
    Take(u8),
    Without(u8),
}

fn lower(number: &mut HashMap<u32, (u32, u32)>, state: u32, to: u32) {
    if let Some((_, lowest)) = number.get_mut(&state) {
        *lowest = to.min(*lowest);
    }
}

fn bit(class: u8) -> Classes {
    1_u64
        .checked_shl(class.into())
        .expect("a fairness class below 64")
}
