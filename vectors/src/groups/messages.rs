//! `static.message.*`: every position of every message, right and wrong.

use serde_json::json;

use super::samples::{self, Sample};
use super::shape::{Change, Fate, changes};
use crate::author::{ok, positive, reject, step};
use crate::case::{Case, Expect, Group, Step};
use crate::cbor::Item;
use crate::seed::Seed;

/// One group per message.
pub fn groups(seed: Seed) -> Vec<Group> {
    samples::all(seed).iter().map(group).collect()
}

fn group(sample: &Sample) -> Group {
    let name = sample.name();
    let about = format!(
        "The message {name} (section {}), position by position.",
        sample.about
    );
    let mut group = Group::new(&format!("static-message-{name}"), &about);
    let good = |id: &str, title: &str, item: &Item| {
        positive(
            &format!("static.message.{name}.{id}"),
            &format!("{name}: {title}"),
        )
        .why("A message that not every implementation reads is no message.")
        .requires(&["ENC-1", "ENC-12"])
        .does(decode(sample, item, taken(item)))
    };
    let base = good("full", "everything is there", &sample.item());
    if sample.fields.iter().any(|field| field.nullable) {
        let bare = sample.fields.iter().map(|field| match field.nullable {
            true => Item::Null,
            false => field.value.clone(),
        });
        let bare = Item::Array(bare.collect());
        group
            .cases
            .push(good("bare", "what may be absent is absent", &bare));
    }
    for change in changes("", &sample.fields, &|item| item) {
        group.cases.push(case(sample, &base, &change));
    }
    let entries = (1..).zip(&sample.fields);
    let entries = entries.map(|(key, field)| (Item::Uint(key), field.value.clone()));
    let map = Change {
        id: "message-map".to_owned(),
        what: "the message is a map".to_owned(),
        message: Item::Map(entries.collect()),
        fate: Fate::Type,
    };
    group.cases.push(case(sample, &base, &map));
    group.cases.insert(0, base);
    group
}

fn case(sample: &Sample, base: &Case, change: &Change) -> Case {
    let id = format!("static.message.{}.{}", sample.name(), change.id);
    if change.fate == Fate::Fine {
        return positive(&id, &format!("{}: {}", sample.name(), change.what))
            .why("Refusing what the document allows locks out users of the other implementation.")
            .requires(&["ENC-12"])
            .does(decode(sample, &change.message, taken(&change.message)));
    }
    let (check, code, requirement, flag, why) = consequence(change.fate);
    base.but(&id, &change.what)
        .why(why)
        .requires(&[requirement])
        .flagged(&[flag])
        .kills(check)
        .does(decode(sample, &change.message, reject(code)))
}

fn decode(sample: &Sample, item: &Item, expect: Expect) -> Step {
    let args = json!({ "type": sample.rule, "bytes": hex::encode(item.encode()) });
    step("cbor.decode", args, expect)
}

fn taken(item: &Item) -> Expect {
    ok(json!({ "bytes": hex::encode(item.encode()) }))
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
        Fate::Order => (
            "structure.ascending",
            107,
            "CHA-13",
            "structure",
            "Numbers in an order of their own can say which of them is the right one.",
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
