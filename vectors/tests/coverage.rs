//! Every sentence that binds a role has a case that keeps it and a case that breaks it,
//! or an entry in `untested.json` that says why not.

use std::collections::{BTreeMap, BTreeSet};

use countersign_vectors::case::{Kind, Role};
use countersign_vectors::{files, lint};
use serde::Deserialize;

/// The areas of the document that are held to this, by role.
const HELD: [(Role, &[&str]); 1] = [(
    Role::Auth,
    &["ACT", "APP", "CHA", "CRD", "DATA", "HEADLESS", "OPN", "TOK"],
)];

/// A sentence without a case of some kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Untested {
    role: Role,
    requirement: String,
    lacks: Lacks,
    why: String,
}

/// What there is no case of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Lacks {
    Positive,
    Negative,
    Both,
}

#[test]
fn every_requirement_has_its_cases_or_a_reason() -> Result<(), Box<dyn std::error::Error>> {
    let entries: Vec<Untested> = serde_json::from_str(include_str!("../untested.json"))?;
    let mut untested = BTreeMap::new();
    for entry in entries {
        assert!(entry.why.ends_with('.'), "{entry:?}");
        let key = (entry.role, entry.requirement);
        assert!(
            untested.insert(key.clone(), entry.lacks).is_none(),
            "{key:?} twice"
        );
    }
    let (mut kept, mut broken) = (BTreeSet::new(), BTreeSet::new());
    for case in files::embedded()?.into_iter().flat_map(|group| group.cases) {
        let seen = match case.kind {
            Kind::Positive => &mut kept,
            Kind::Negative(_) => &mut broken,
        };
        seen.extend(case.requirements.into_iter().map(|id| (case.role, id)));
    }
    for (role, areas) in HELD {
        for id in lint::requirements() {
            let area = id.rsplit_once('-').map_or(id, |(area, _)| area);
            if !areas.contains(&area) {
                continue;
            }
            let key = (role, id.to_owned());
            let lacks = match (kept.contains(&key), broken.contains(&key)) {
                (true, true) => None,
                (false, true) => Some(Lacks::Positive),
                (true, false) => Some(Lacks::Negative),
                (false, false) => Some(Lacks::Both),
            };
            assert_eq!(lacks, untested.remove(&key), "{role}: {id}");
        }
    }
    assert!(untested.is_empty(), "no such sentence: {untested:?}");
    Ok(())
}
