//! `spec/protocol.cddl` says of the vectors what the codec says of them.
//!
//! A validator that knows nothing of Countersign tries the rule that a vector
//! names. It sees values, not their encoding: deterministic encoding (RFC 8949,
//! section 4.2.1) is what CDDL cannot say, and the codec's own tests are about
//! that. Hence only refusals for structure (107) are expected of it.

use std::collections::{BTreeMap, BTreeSet};

use cddl_cat::cbor::validate_cbor;
use cddl_cat::context::BasicContext;
use cddl_cat::flatten::flatten_from_str;
use ciborium::Value;
use countersign_vectors::case::{Codes, Expect, Step};
use countersign_vectors::files;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

const DOCUMENT: &str = include_str!("../../spec/protocol.cddl");

/// What an implementation refuses as no message of its type.
const STRUCTURE: Codes = Codes::One(107);

/// Positive cases whose embedded message is a filler: decoding leaves byte
/// strings closed, and the document's `.cbor` looks into them.
const FILLED: [&str; 3] = [
    "static.encoding.statement-longest",
    "static.message.record-frame.connection-longest",
    "static.message.record-frame.full",
];

/// Negative cases about the order of a list, which CDDL cannot say.
const UNORDERED: [&str; 2] = [
    "static.message.challenge.number-choices-descending",
    "static.message.challenge.number-choices-twice",
];

/// Names of the prelude (RFC 8610, appendix D) that a protocol might take for its own.
const PRELUDE: [&str; 12] = [
    "any", "bool", "bytes", "float", "int", "integer", "null", "number", "text", "time", "uint",
    "uri",
];

/// One call of `cbor.decode`.
struct Vector {
    /// The case in which it stands.
    id: String,
    /// The value, once decoded.
    value: Value,
    /// Whether it is a message of its type.
    right: bool,
}

/// The calls whose answer is a matter of structure, by the rule that they name.
fn vectors() -> Result<BTreeMap<String, Vec<Vector>>> {
    let mut by_rule: BTreeMap<String, Vec<Vector>> = BTreeMap::new();
    for case in files::embedded()?.iter().flat_map(|group| &group.cases) {
        for step in &case.steps {
            let Step::Static(step) = step else { continue };
            let right = match &step.expect {
                Expect::Ok(_) => true,
                Expect::Reject(codes) if *codes == STRUCTURE => false,
                Expect::Reject(_) => continue,
            };
            if step.op != "cbor.decode" {
                continue;
            }
            let word = |name: &str| step.args.get(name).and_then(|value| value.as_str());
            let rule = word("type").ok_or_else(|| format!("{}: no type", case.id))?;
            let bytes =
                hex::decode(word("bytes").ok_or_else(|| format!("{}: no bytes", case.id))?)?;
            by_rule.entry(rule.to_owned()).or_default().push(Vector {
                id: case.id.clone(),
                value: ciborium::from_reader(bytes.as_slice())?,
                right,
            });
        }
    }
    Ok(by_rule)
}

/// The ids of the vectors of which `document` says something else than they do.
fn disagreements(
    document: &str,
    vectors: &BTreeMap<String, Vec<Vector>>,
) -> Result<BTreeSet<String>> {
    // The validator does not know `.cborseq` (RFC 8610, section 3.8.4); what an error frame
    // carries stays closed.
    let document = document.replace(" .cborseq [1, tstr]", "");
    let context = BasicContext::new(flatten_from_str(&document)?);
    let mut found = BTreeSet::new();
    for (name, vectors) in vectors {
        let rule = context
            .rules
            .get(name)
            .ok_or_else(|| format!("no rule {name}"))?;
        for vector in vectors {
            let right = validate_cbor(rule, &vector.value, &context).is_ok();
            if right != vector.right {
                found.insert(vector.id.clone());
            }
        }
    }
    Ok(found)
}

#[test]
fn every_rule_accepts_and_refuses_its_vectors() -> Result {
    let vectors = vectors()?;
    assert!(vectors.len() > 30, "{:?}", vectors.keys());
    for (rule, vectors) in &vectors {
        assert!(vectors.iter().any(|vector| vector.right), "{rule}");
        assert!(vectors.iter().any(|vector| !vector.right), "{rule}");
    }
    assert_eq!(
        disagreements(DOCUMENT, &vectors)?,
        FILLED
            .iter()
            .chain(&UNORDERED)
            .map(|id| (*id).to_owned())
            .collect()
    );
    Ok(())
}

#[test]
fn a_broken_rule_is_noticed() -> Result {
    let vectors = vectors()?;
    for (rule, broken, id) in [
        (
            "ping = [25]",
            "ping = [25, null]",
            "static.message.ping.full",
        ),
        (
            "ping = [25]",
            "ping = [uint]",
            "static.message.ping.type-unregistered",
        ),
    ] {
        assert!(DOCUMENT.contains(rule), "{rule}");
        let found = disagreements(&DOCUMENT.replace(rule, broken), &vectors)?;
        assert!(found.contains(id), "{broken}: {found:?}");
    }
    Ok(())
}

#[test]
fn every_rule_has_a_name_of_its_own() {
    // RFC 8610 leaves no room for a second definition, and validators differ on which they take.
    let mut names = BTreeSet::from(PRELUDE);
    for line in DOCUMENT
        .lines()
        .filter(|line| !line.starts_with([' ', ';']))
    {
        if let Some((name, _)) = line.split_once(" = ") {
            assert!(names.insert(name), "{name} is defined twice");
        }
    }
}
