//! The search against a model whose answers are known.

use stateright::{Checker, Model, Property};

use super::{Until, explore};

/// From 0, add 1 or 3, up to a limit.
struct Sums {
    limit: u32,
}

impl Model for Sums {
    type State = u32;
    type Action = u32;

    fn init_states(&self) -> Vec<u32> {
        vec![0]
    }

    fn actions(&self, state: &u32, actions: &mut Vec<u32>) {
        actions.extend([1, 3].into_iter().filter(|add| state + add <= self.limit));
    }

    fn next_state(&self, state: &u32, add: u32) -> Option<u32> {
        Some(state + add)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("below seven", |_, state| *state < 7),
            Property::always("never above the limit", |model, state| {
                *state <= model.limit
            }),
            Property::sometimes("five", |_, state| *state == 5),
            Property::sometimes("a hundred", |_, state| *state == 100),
        ]
    }
}

#[test]
fn finds_each_state_and_step_once() {
    let graph = explore(&Sums { limit: 9 }, Until::Exhausted, |_| {});
    assert_eq!(graph.states().len(), 10);
    assert_eq!(graph.edge_count(), 9 + 7);
    assert_eq!(graph.depth(), 4); // 8 = 3 + 3 + 1 + 1
}

#[test]
fn traces_are_shortest() {
    let graph = explore(&Sums { limit: 9 }, Until::Exhausted, |_| {});
    let broken = graph.find("below seven").and_then(|found| found.state);
    let (states, actions) = graph.path(broken.expect("seven is reached"));
    assert_eq!(states.last(), Some(&7));
    assert_eq!(actions.iter().sum::<u32>(), 7);
    assert_eq!(actions.len(), 3);
}

#[test]
fn says_what_is_good_and_what_is_not() {
    let graph = explore(&Sums { limit: 9 }, Until::Exhausted, |_| {});
    let good: Vec<_> = graph.found().iter().map(super::Found::is_good).collect();
    assert_eq!(good, [false, true, true, false]);
}

#[test]
fn counts_as_stateright_does() {
    for limit in [0, 1, 9, 500] {
        let graph = explore(&Sums { limit }, Until::Exhausted, |_| {});
        let checker = Sums { limit }.checker().spawn_dfs().join();
        assert_eq!(graph.states().len(), checker.unique_state_count());
    }
}

#[test]
fn stops_where_it_is_told_to() {
    let graph = explore(&Sums { limit: 9 }, Until::Found("five"), |_| {});
    assert_eq!(
        graph
            .find("five")
            .and_then(|found| found.state)
            .map(|at| graph.states()[at as usize]),
        Some(5)
    );
    assert!(graph.states().len() < 10);
}
