//! The search against models whose answers are known.

use stateright::{Model, Property};

use super::Fairness::{self, Ends, Free, Strong, Weak};
use super::{Claim, Fair, Promise};
use crate::explore::{Until, explore};
use crate::story::{Step, Story};

/// Places and the ways between them; place 0 is the start and `goal` the promise.
struct Ways(&'static [(u32, u32, char)]);

impl Model for Ways {
    type State = u32;
    type Action = (u32, char);

    fn init_states(&self) -> Vec<u32> {
        vec![0]
    }

    fn actions(&self, state: &u32, actions: &mut Vec<(u32, char)>) {
        let ways = self.0.iter().filter(|(from, ..)| from == state);
        actions.extend(ways.map(|(_, to, name)| (*to, *name)));
    }

    fn next_state(&self, _: &u32, (to, _): (u32, char)) -> Option<u32> {
        Some(to)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("nothing", |_, _| true)]
    }
}

impl Story for Ways {
    fn tell(&self, before: &u32, (_, name): &(u32, char), after: &u32) -> Step {
        Step {
            from: "somebody",
            to: "somebody",
            text: format!("{before} {name} {after}"),
            note: None,
        }
    }
}

const GOAL: u32 = 9;

/// Lower case letters are free, capitals fair by these; `!` ends.
fn weak(_: &Ways, _: &u32, (_, name): &(u32, char)) -> Fairness {
    match name {
        'A'..='Z' => Weak(*name as u8 - b'A'),
        '!' => Ends,
        _ => Free,
    }
}

fn strong(_: &Ways, _: &u32, (_, name): &(u32, char)) -> Fairness {
    match name {
        'A'..='Z' => Strong(*name as u8 - b'A'),
        '!' => Ends,
        _ => Free,
    }
}

fn look(ways: &'static [(u32, u32, char)], claim: Claim<Ways>) -> Option<Vec<String>> {
    let model = Ways(ways);
    let graph = explore(&model, Until::Exhausted, |_| {});
    let promise = Promise {
        name: "the goal",
        from: |_, state| *state == 0,
        to: |_, state| *state == GOAL,
        claim,
    };
    let promised = promise.look(&model, &graph);
    assert_eq!(promised.premises, 1);
    let steps = promised.broken?.steps;
    Some(steps.into_iter().map(|step| step.text).collect())
}

fn leads(ways: &'static [(u32, u32, char)], fair: Fair<Ways>) -> Option<Vec<String>> {
    let unfair = Vec::new();
    look(ways, Claim::LeadsTo { fair, unfair })
}

fn reaches(ways: &'static [(u32, u32, char)]) -> Option<Vec<String>> {
    let (fair, unfair): (Fair<Ways>, _) = (weak, Vec::new());
    look(ways, Claim::CanReach { fair, unfair })
}

#[test]
fn what_has_to_happen_does() {
    assert_eq!(leads(&[(0, GOAL, 'A')], weak), None);
    assert_eq!(leads(&[(0, 1, 'A'), (1, GOAL, 'B')], weak), None);
}

#[test]
fn what_only_may_happen_need_not() {
    assert_eq!(leads(&[(0, GOAL, 'a')], strong), Some(vec![]));
    let stays = leads(&[(0, 1, 'A'), (1, GOAL, 'b')], strong);
    assert_eq!(stays, Some(vec!["0 A 1".into()]));
}

#[test]
fn a_dead_end_is_a_run_that_stays() {
    assert!(leads(&[(0, GOAL, 'A'), (0, 1, 'b')], strong).is_some());
}

/// `A` is enabled again and again, but not always: only the strong kind helps.
#[test]
fn weak_and_strong_differ() {
    const WAYS: &[(u32, u32, char)] = &[(0, 1, 'B'), (1, 0, 'C'), (0, GOAL, 'A')];
    assert_eq!(leads(WAYS, strong), None);
    let round = leads(WAYS, weak).expect("round and round");
    assert_eq!(round, ["0 B 1", "1 C 0"]);
}

/// Within the component that `A` leads out of there is one without it.
#[test]
fn a_smaller_component_can_be_fair() {
    const WAYS: &[(u32, u32, char)] = &[
        (0, 1, 'b'),
        (1, 2, 'c'),
        (2, 1, 'd'),
        (2, 0, 'e'),
        (0, GOAL, 'A'),
    ];
    let round = leads(WAYS, strong).expect("between 1 and 2");
    assert_eq!(round.first().map(String::as_str), Some("0 b 1"));
    assert!(!round.contains(&"2 e 0".to_string()));
}

/// The cycle that is shown takes each step that fairness asks for.
#[test]
fn the_round_that_is_shown_is_fair() {
    const WAYS: &[(u32, u32, char)] = &[(0, 1, 'A'), (1, 0, 'B'), (1, 2, 'C'), (2, 1, 'D')];
    let round = leads(WAYS, weak).expect("there is no goal");
    for step in ["0 A 1", "1 B 0", "1 C 2", "2 D 1"] {
        assert!(round.contains(&step.to_string()), "{round:?}");
    }
}

#[test]
fn what_ends_does_not_go_round_but_may_lead_astray() {
    const ROUND: &[(u32, u32, char)] = &[(0, 1, '!'), (1, 0, '!'), (0, GOAL, 'A'), (1, GOAL, 'A')];
    assert_eq!(leads(ROUND, weak), None);
    assert!(leads(&[(0, GOAL, 'A'), (0, 1, '!')], weak).is_some());
}

/// The goal is skipped by no tick that stays where it is.
#[test]
fn a_saturated_tick_passes_nothing() {
    assert!(leads(&[(0, 1, 'T'), (1, 1, 'T')], weak).is_some());
    assert!(leads(&[(0, 1, 'T')], weak).is_some());
}

#[test]
fn some_way_is_enough_to_reach() {
    assert_eq!(reaches(&[(0, 1, 'b'), (1, 0, 'c'), (1, GOAL, 'd')]), None);
    assert_eq!(reaches(&[(0, 1, 'b'), (1, GOAL, '!')]), Some(vec![]));
}
