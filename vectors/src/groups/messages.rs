//! `static.message.*`: every position of every message, right and wrong.

use serde_json::json;

use super::samples::{self, Sample};
use super::shape::{Change, Fate, changes};
use crate::case::{Case, Group};
use crate::cbor::Item;
use crate::draft::{bad, good};
use crate::seed::Seed;

/// One group per message.
pub fn groups(seed: Seed) -> Vec<Group> {
    samples::all(seed).iter().map(group).collect()
}

fn group(sample: &Sample) -> Group {
    let name = sample.name();
    let about = format!("The message {name} (section {}), position by position.", sample.about);
    let mut group = Group::new(&format!("static-message-{name}"), &about);
    let whole = |id: &str, title: &str, item: &Item| {
        good(format!("static.message.{name}.{id}"), format!("{name}: {title}"))
            .why("A message that not every implementation reads is no message.")
            .by(&["ENC-1", "ENC-12"])
            .ask("cbor.decode", ask(sample, item))
            .gives(json!({ "bytes": hex::encode(item.encode()) }))
    };
    group.cases.push(whole("full", "everything is there", &sample.item()));
    if sample.fields.iter().any(|field| field.nullable) {
        let bare = sample.fields.iter().map(|field| if field.nullable { Item::Null } else { field.value.clone() });
        group.cases.push(whole("bare", "what may be absent is absent", &Item::Array(bare.collect())));
    }
    let base = group.cases[0].id.clone();
    let all = changes("", &sample.fields, &|item| item);
    group.cases.extend(all.iter().map(|change| case(sample, &base, change)));
    group.cases.push(not_an_array(sample, &base));
    group
}

fn case(sample: &Sample, base: &str, change: &Change) -> Case {
    let name = sample.name();
    let id = format!("static.message.{name}.{}", change.id);
    let args = ask(sample, &change.message);
    if change.fate == Fate::Fine {
        return good(id, format!("{name}: {}", change.what))
            .why("Refusing what the document allows locks out users of the other implementation.")
            .by(&["ENC-12"])
            .ask("cbor.decode", args)
            .gives(json!({ "bytes": hex::encode(change.message.encode()) }));
    }
    let (check, code, requirement, flag, why) = consequence(change.fate);
    bad(id, base, format!("{name}: {}", change.what))
        .why(why)
        .by(&[requirement])
        .flag(flag)
        .kills(check)
        .ask("cbor.decode", args)
        .refused(code)
}

fn not_an_array(sample: &Sample, base: &str) -> Case {
    let name = sample.name();
    let entries = (1..).zip(&sample.fields).map(|(key, field)| (Item::Uint(key), field.value.clone()));
    bad(format!("static.message.{name}.message-map"), base, format!("{name}: the message is a map"))
        .why("Two forms of one message have two hashes, and only one of them is signed.")
        .by(&["ENC-12"])
        .flag("structure")
        .kills("structure.type")
        .ask("cbor.decode", ask(sample, &Item::Map(entries.collect())))
        .refused(107)
}

fn ask(sample: &Sample, item: &Item) -> serde_json::Value {
    json!({ "type": sample.rule, "bytes": hex::encode(item.encode()) })
}

/// (check, code, requirement, flag, why)
fn consequence(fate: Fate) -> (&'static str, u16, &'static str, &'static str, &'static str) {
    match fate {
        Fate::Fine => ("", 0, "", "", ""),
        Fate::Arity => (
            "structure.arity",
            107,
            "ENC-12",
            "structure",
            "A position that may be left out or added shifts the meaning of those that follow it.",
        ),
        Fate::Type => (
            "structure.type",
            107,
            "ENC-12",
            "structure",
            "A field that is read as another type is not the field that was signed.",
        ),
        Fate::Null => (
            "structure.null",
            107,
            "ENC-12",
            "structure",
            "A required field that is absent is filled in by a default, which is nobody's word.",
        ),
        Fate::Range => (
            "structure.range",
            107,
            "ENC-12",
            "structure",
            "A value that is cut to fit becomes another one that is valid.",
        ),
        Fate::Unregistered => (
            "structure.registered",
            107,
            "ENC-12",
            "purpose-confusion",
            "A number without a meaning gets one from whoever reads it.",
        ),
        Fate::TooLarge => (
            "limit.text",
            106,
            "ENC-14",
            "limit",
            "A text without a limit fills stores and screens.",
        ),
    }
}
