//! The page of behaviours names properties that there are.

use std::collections::BTreeSet;

use countersign_model::catalogue;
use serde_json::Value;

#[test]
fn every_property_named_on_the_page_is_checked() {
    let models = catalogue::all();
    let checked: BTreeSet<&str> = models
        .iter()
        .flat_map(|model| model.claims())
        .filter_map(|claim| claim.split(' ').next())
        .collect();
    let page: Value =
        serde_json::from_str(include_str!("../../docs/behaviours.json")).expect("JSON");
    let named: BTreeSet<&str> = page
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|group| group["rows"].as_array().into_iter().flatten())
        .flat_map(|row| row["model"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect();
    assert!(named.is_subset(&checked), "{named:?} and {checked:?}");
    assert!(!named.is_empty());
}
