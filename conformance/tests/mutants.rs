//! `mutants`: what a switched-off check leads to, and what is said of those that cannot be.

mod common;

use common::countersign;
use countersign_conformance::adapter::Fault;
use countersign_conformance::mutants::intended;
use countersign_vectors::case::Role;
use countersign_vectors::files;
use serde_json::Value;

#[test]
fn a_mutant_is_killed_by_the_cases_that_are_there_for_it() {
    let ran = countersign(&["mutants", "--json", "--only", "factor.number-zero"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let outcome: Value = serde_json::from_str(&ran.stdout).expect("one JSON object");
    let mutant = &outcome["mutants"][0];
    assert_eq!(mutant["fault"], "factor.number-zero");
    assert_eq!(mutant["intended"], mutant["killed_by_intended"]);
    assert_eq!(mutant["missed_by"], Value::Array(Vec::new()));
}

#[test]
fn what_cannot_be_switched_on_is_said_and_not_counted() {
    let ran = countersign(&["mutants", "--only", "factor.method"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for words in [
        "not switchable from outside",
        "factor.method",
        "0 of 0 mutants",
    ] {
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
    }
    for args in [
        &["mutants", "--only", "factor.no-such-fault"][..],
        &["adapter", "--fault", "factor.method"],
    ] {
        assert_eq!(countersign(args).code, Some(2), "{args:?}");
    }
}

#[test]
fn every_fault_has_a_case_that_is_there_for_it() {
    let groups = files::embedded().expect("the cases are embedded");
    for role in Role::ALL {
        let intended = intended(&groups, role);
        for fault in Fault::of(role) {
            assert!(intended.contains_key(fault.name()), "{fault}");
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
    }
}
