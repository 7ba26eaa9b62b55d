//! The small model's verdict, and each weakening's counterexample.

use std::collections::BTreeSet;

use stateright::{Expectation, Model};

use super::{Actions, Bounds, weakenings};
use crate::check::{Checked, Size, check};
use crate::explore::{Until, explore};
use crate::story::Form;
use crate::weaken::Expected;

#[test]
fn the_small_model_holds_in_three_searches_of_one_count() {
    let report = check::<Actions>(Size::Small, &mut |_, _| {}).expect("it is small");
    assert_eq!(report.complaints(), [""; 0]);
}

/// All holds without time, and for an account whose only key a thief can use.
#[test]
fn other_scenes_hold() {
    for bounds in [Bounds::REVOKED, Bounds::STOLEN] {
        let model = Actions::new(bounds, None);
        let graph = explore(&model, Until::Exhausted, |_| {});
        let broken = graph.found().iter().filter(|found| !found.is_good());
        let broken: Vec<_> = broken
            .filter(|found| found.expectation == Expectation::Always)
            .map(|found| found.property)
            .collect();
        assert_eq!(broken, [""; 0], "{bounds:?}");
    }
}

/// Each guard, once away, is missed by the property that it is there for, and this is how.
#[test]
fn every_weakening_comes_to_what_is_expected() {
    for weakening in weakenings::all() {
        let outcome = weakening.run();
        assert!(outcome.is_good(), "{}: {:?}", outcome.name, outcome.broken);
        match (&outcome.trace, outcome.expected) {
            (Some(trace), Expected::Broken(_)) => {
                insta::assert_snapshot!(outcome.name, trace.show(Form::Text));
            }
            (None, Expected::Harmless(_)) => {}
            _ => panic!("{}: a trace if and only if it is broken", outcome.name),
        }
    }
}

/// Every `always` is missed by a weakening, but for the few that say why not.
#[test]
fn every_property_is_missed_by_a_weakening() {
    let caught: BTreeSet<_> = weakenings::all()
        .iter()
        .filter_map(|weakening| match weakening.expected {
            Expected::Broken(property) => Some(property),
            Expected::Harmless(_) => None,
        })
        .collect();
    for property in Actions::sized(Size::Small).properties() {
        if property.expectation == Expectation::Always {
            assert!(caught.contains(property.name), "{}", property.name);
        }
    }
}

/// Every `always` is followed by a `sometimes`.
#[test]
fn no_property_holds_for_want_of_a_case() {
    let properties = Actions::sized(Size::Small).properties();
    for pair in properties.windows(2) {
        let both = [&pair[0].expectation, &pair[1].expectation];
        assert_ne!(both, [&Expectation::Always; 2], "{}", pair[0].name);
    }
}

/// What stateright asks of a model: the offered actions are enabled and change the state.
#[test]
fn only_what_changes_something_is_offered() {
    let model = Actions::new(Bounds::SMALL, None);
    let until = Until::Found("TOK-2 reached: a token is told");
    let graph = explore(&model, until, |_| {});
    for from in 0..graph.states().len() {
        for edge in graph.edges(from) {
            assert_ne!(edge.to as usize, from, "{:?}", edge.action);
        }
    }
}
