//! The small model's verdict, and each weakening's counterexample.

use std::collections::BTreeSet;

use stateright::{Expectation, Model};

use super::weakenings;
use super::{Bounds, Lockout, properties as p};
use crate::check::{Checked, Size, check};
use crate::cover;
use crate::explore::{Until, explore};
use crate::story::Form;
use crate::verdict::Report;
use crate::weaken::{Expected, Weakened};

fn small() -> Report {
    check::<Lockout>(Size::Small, &mut |_, _| {}).expect("it is small")
}

#[test]
fn the_small_model_holds_in_three_searches_of_one_count() {
    let report = small();
    assert_eq!(report.complaints(), [""; 0]);
    assert_eq!(report.stateright, [report.states; 2]);
}

/// Each guard, once away, is missed by the property that it is there for, and
/// this is how.
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

/// A weakening that nothing catches is reported, not passed over.
#[test]
fn a_guard_that_nobody_misses_is_noticed() {
    let not_weak = Weakened::<Lockout> {
        name: "not weak",
        change: "nothing",
        expected: Expected::Broken(p::F1),
        model: || Lockout::new(Bounds::SMALL, None),
    };
    assert!(!not_weak.run().is_good());
}

#[test]
fn every_property_is_missed_by_a_weakening() {
    let caught: BTreeSet<_> = weakenings::all()
        .iter()
        .filter_map(|weakening| match weakening.expected {
            Expected::Broken(property) => Some(property),
            Expected::Harmless(_) => None,
        })
        .collect();
    for property in Lockout::sized(Size::Standard).properties() {
        if property.expectation == Expectation::Always {
            assert!(caught.contains(property.name), "{}", property.name);
        }
    }
}

/// Every `always` is followed by a `sometimes`.
#[test]
fn no_property_holds_for_want_of_a_case() {
    let properties = Lockout::sized(Size::Standard).properties();
    for (index, property) in properties.iter().enumerate() {
        if property.expectation == Expectation::Always {
            let next = properties.get(index + 1).map(|next| &next.expectation);
            assert_eq!(next, Some(&Expectation::Sometimes), "{}", property.name);
        }
    }
}

#[test]
fn weakenings_have_different_names() {
    let all = weakenings::all();
    let names: BTreeSet<_> = all.iter().map(|weakening| weakening.name).collect();
    assert_eq!(names.len(), all.len());
}

/// What stateright asks of a model: the offered actions are enabled and change the state.
#[test]
fn only_what_changes_something_is_offered() {
    let model = Lockout::new(Bounds::SMALL_RESTORED, None);
    let graph = explore(
        &model,
        Until::Found("F6 reached: the right PIN comes too late"),
        |_| {},
    );
    for from in 0..graph.states().len() {
        for edge in graph.edges(from) {
            assert_ne!(edge.to as usize, from, "{:?}", edge.action);
        }
    }
}

#[test]
fn a_trace_has_three_forms() {
    let all = weakenings::all();
    let outcome = all[0].run();
    let trace = outcome.trace.expect("it is broken");
    let json: serde_json::Value =
        serde_json::from_str(&trace.show(Form::Json)).expect("it is JSON");
    assert_eq!(
        json["steps"].as_array().map(Vec::len),
        Some(trace.steps.len())
    );
    insta::assert_snapshot!("as-mermaid", trace.show(Form::Mermaid));
}

/// Each pair of state and input is in one trace, and none is missed.
#[test]
fn the_traces_for_others_cover_what_the_graph_reaches() {
    let coverage = cover::cover::<Lockout>(Size::Small, &mut |_, _| {});
    let traces = cover::traces::<Lockout>(Size::Small, &mut |_, _| {});
    let mut covered: Vec<_> = traces.iter().flat_map(|trace| &trace.pairs).collect();
    assert_eq!(covered.len(), coverage.len());
    covered.sort();
    assert!(covered.into_iter().eq(coverage.keys()));
    assert!(traces.len() < coverage.len(), "some trace covers several");
}
