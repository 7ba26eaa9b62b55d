//! Spoiling: one change to one encoding, as a case's turn names it.
//!
//! The bytes are taken apart with `ciborium`, which knows nothing of our rules,
//! changed in one place, and put together again. What is put in may be any
//! bytes: they need not be CBOR at all.

use ciborium::Value;
use serde::Deserialize;

/// One change, as it stands in a turn: `{"at": "ead_1", "path": [1], "replace": "07"}`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spoil {
    /// The layer whose encoding is changed, such as `ead_1`, `statement` or `frame`.
    pub at: String,
    /// The way to the place: positions in arrays, entries of maps, and in a
    /// sequence of CBOR items first the item's position. Empty for the whole.
    #[serde(default)]
    pub path: Vec<usize>,
    /// What is done there.
    #[serde(flatten)]
    pub change: Change,
}

/// What is done at the place. Bytes are hex.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The item there becomes these bytes.
    Replace(String),
    /// These bytes come in before the item there, as one more item; at the end for a position past it.
    Insert(String),
    /// The item there goes.
    Remove(bool),
    /// These bytes follow the whole encoding.
    Append(String),
    /// The bit with this number changes, counted from the first byte's highest.
    FlipBit(usize),
    /// The lowest bit of this byte changes, counted from the end: 1 is the last byte.
    FlipLast(usize),
    /// The last bytes go, this many.
    Truncate(usize),
}

/// What is done to a list of items at one position of it.
type Edit<'a> = &'a dyn Fn(&mut Vec<Value>, usize) -> Result<(), String>;

/// `bytes` with the change made.
///
/// # Errors
/// A sentence, if there is no such place or no such hex: the case is at fault.
pub fn spoil(bytes: &[u8], spoil: &Spoil) -> Result<Vec<u8>, String> {
    let in_place = |edit: Edit<'_>| {
        let (last, way) = spoil
            .path
            .split_last()
            .ok_or("a path is missing: the whole has no position")?;
        edit_at(bytes, way, *last, edit)
    };
    match &spoil.change {
        Change::Replace(with) if spoil.path.is_empty() => unhex(with),
        Change::Replace(with) => {
            let out = in_place(&|items, at| {
                *items.get_mut(at).ok_or("no item at the path's end")? = marker();
                Ok(())
            })?;
            put_in(&out, &unhex(with)?)
        }
        Change::Insert(what) => {
            let out = in_place(&|items, at| {
                items.insert(at.min(items.len()), marker());
                Ok(())
            })?;
            put_in(&out, &unhex(what)?)
        }
        Change::Remove(_) => in_place(&|items, at| {
            if at >= items.len() {
                return Err("no item at the path's end".to_owned());
            }
            items.remove(at);
            Ok(())
        }),
        Change::Append(more) => Ok([bytes, &unhex(more)?].concat()),
        Change::FlipBit(number) => {
            let mut out = bytes.to_vec();
            let byte = out.get_mut(number / 8).ok_or("no such bit")?;
            *byte ^= 0x80 >> (number % 8);
            Ok(out)
        }
        Change::FlipLast(number) => {
            let mut out = bytes.to_vec();
            let at = out.len().checked_sub(*number).ok_or("no such byte")?;
            *out.get_mut(at).ok_or("no such byte")? ^= 1;
            Ok(out)
        }
        Change::Truncate(count) => {
            let length = bytes.len().checked_sub(*count).ok_or("too short to cut")?;
            Ok(bytes[..length].to_vec())
        }
    }
}

/// Takes a sequence of items apart, edits the list that holds the place, and puts it together.
/// A single item that is an array or a map is entered at once: its positions are the path's first.
fn edit_at(bytes: &[u8], way: &[usize], last: usize, edit: Edit<'_>) -> Result<Vec<u8>, String> {
    let mut items = sequence(bytes)?;
    match items.as_mut_slice() {
        [whole @ (Value::Array(_) | Value::Map(_))] => edit_in(whole, way, last, edit)?,
        _ => match way.split_first() {
            None => edit(&mut items, last)?,
            Some((first, rest)) => {
                let item = items
                    .get_mut(*first)
                    .ok_or("no such item in the sequence")?;
                edit_in(item, rest, last, edit)?;
            }
        },
    }
    let mut out = Vec::new();
    for item in &items {
        ciborium::into_writer(item, &mut out).map_err(|error| error.to_string())?;
    }
    Ok(out)
}

fn edit_in(value: &mut Value, way: &[usize], last: usize, edit: Edit<'_>) -> Result<(), String> {
    match (value, way.split_first()) {
        (Value::Array(items), None) => edit(items, last),
        (Value::Array(items), Some((at, rest))) => edit_in(
            items.get_mut(*at).ok_or("the path leads out of an array")?,
            rest,
            last,
            edit,
        ),
        // A map's entries are edited by their values: the n-th entry's.
        (Value::Map(entries), None) => {
            let mut values: Vec<Value> = entries.iter().map(|(_, value)| value.clone()).collect();
            edit(&mut values, last)?;
            if values.len() != entries.len() {
                return Err("a map's entries cannot be inserted or removed by path".to_owned());
            }
            for (entry, value) in entries.iter_mut().zip(values) {
                entry.1 = value;
            }
            Ok(())
        }
        (Value::Map(entries), Some((at, rest))) => {
            let entry = entries.get_mut(*at).ok_or("the path leads out of a map")?;
            edit_in(&mut entry.1, rest, last, edit)
        }
        _ => Err("the path leads into an item that holds no others".to_owned()),
    }
}

fn sequence(bytes: &[u8]) -> Result<Vec<Value>, String> {
    let mut rest = bytes;
    let mut items = Vec::new();
    while !rest.is_empty() {
        items.push(ciborium::from_reader(&mut rest).map_err(|error| error.to_string())?);
    }
    Ok(items)
}

/// Stands for the bytes that are put in; long and odd enough to occur nowhere else.
const MARKER: &[u8; 32] = b"countersign: the spoilt one here";

fn marker() -> Value {
    Value::Bytes(MARKER.to_vec())
}

fn put_in(bytes: &[u8], item: &[u8]) -> Result<Vec<u8>, String> {
    let encoded = [&[0x58, 32], MARKER.as_slice()].concat();
    let at = bytes
        .windows(encoded.len())
        .position(|window| window == encoded)
        .ok_or("the marker was lost")?;
    Ok([&bytes[..at], item, &bytes[at + encoded.len()..]].concat())
}

fn unhex(text: &str) -> Result<Vec<u8>, String> {
    hex::decode(text).map_err(|error| format!("{text:?} is no hex: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &str, spoiling: serde_json::Value, expected: Result<&str, ()>) {
        let spoiling: Spoil = serde_json::from_value(spoiling).unwrap();
        let got = spoil(&hex::decode(bytes).unwrap(), &spoiling)
            .map(hex::encode)
            .map_err(|_| ());
        assert_eq!(got, expected.map(str::to_owned), "{spoiling:?}");
    }

    #[test]
    fn changes_one_place() {
        use serde_json::json;
        let at = |extra: serde_json::Value| {
            let mut spoil = json!({ "at": "x" });
            spoil
                .as_object_mut()
                .unwrap()
                .extend(extra.as_object().unwrap().clone());
            spoil
        };
        // An array is entered at once.
        check(
            "83010203",
            at(json!({"path": [1], "replace": "1802"})),
            Ok("8301180203"),
        );
        check(
            "83010203",
            at(json!({"path": [1], "remove": true})),
            Ok("820103"),
        );
        check(
            "83010203",
            at(json!({"path": [3], "insert": "f6"})),
            Ok("84010203f6"),
        );
        check(
            "8201820203",
            at(json!({"path": [1, 0], "replace": "ff"})),
            Ok("820182ff03"),
        );
        // The items of a sequence come first in its paths.
        check(
            "0006420102",
            at(json!({"path": [1], "replace": "02"})),
            Ok("0002420102"),
        );
        check(
            "00820102",
            at(json!({"path": [1, 1], "remove": true})),
            Ok("008101"),
        );
        // Maps by entry.
        check(
            "a101f5",
            at(json!({"path": [0], "replace": "f4"})),
            Ok("a101f4"),
        );
        // Bytes, whatever they mean.
        check("83010203", at(json!({"append": "00"})), Ok("8301020300"));
        check("83010203", at(json!({"truncate": 1})), Ok("830102"));
        check("83010203", at(json!({"flip_bit": 31})), Ok("83010202"));
        check("83010203", at(json!({"flip_last": 1})), Ok("83010202"));
        check("83010203", at(json!({"flip_last": 4})), Ok("82010203"));
        check("83010203", at(json!({"flip_last": 0})), Err(()));
        check("83010203", at(json!({"replace": "60"})), Ok("60"));
        // No such place.
        check(
            "83010203",
            at(json!({"path": [3], "replace": "00"})),
            Err(()),
        );
        check(
            "83010203",
            at(json!({"path": [0, 0], "replace": "00"})),
            Err(()),
        );
        check("83010203", at(json!({"replace": "0"})), Err(()));
    }
}
