//! The small model's verdict, and each weakening's counterexample.

use std::collections::BTreeSet;

use stateright::{Expectation, Model};

use super::weakenings;
use super::{Clones, SMALL, properties as p};
use crate::check::{Checked, Size, check};
use crate::story::Form;
use crate::verdict::Report;
use crate::weaken::{Expected, Weakened};

fn small() -> Report {
    check::<Clones>(Size::Small, &mut |_, _| {}).expect("it is small")
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
    let not_weak = Weakened::<Clones> {
        name: "not weak",
        change: "nothing",
        expected: Expected::Broken(p::C6),
        model: || Clones::new(SMALL, None),
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
    for property in Clones::sized(Size::Standard).properties() {
        if property.expectation == Expectation::Always {
            assert!(caught.contains(property.name), "{}", property.name);
        }
    }
}

/// Every `always` is followed by a `sometimes`.
#[test]
fn no_property_holds_for_want_of_a_case() {
    let properties = Clones::sized(Size::Standard).properties();
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
