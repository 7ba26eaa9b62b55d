//! Writes seeds: the samples, and every byte string of the conformance cases.
//!
//! `seeds CASES OUT` fills `OUT/decode`, `OUT/sign1` and `OUT/shapes`, a file per seed.

use std::collections::BTreeSet;
use std::fs;
use std::io::Result;
use std::path::Path;

use countersign_fuzz::samples;
use serde_json::Value;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(cases), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err(std::io::Error::other("usage: seeds CASES OUT"));
    };
    let out = Path::new(&out);
    let cases = bytes_in_cases(Path::new(&cases))?;
    for target in ["decode", "sign1", "shapes"] {
        fs::create_dir_all(out.join(target))?;
    }
    for (name, bytes) in samples::messages() {
        fs::write(out.join("decode").join(name), &bytes)?;
        // To `shapes`, bytes are choices and not content; any will do to begin with.
        fs::write(out.join("shapes").join(name), &bytes)?;
    }
    for (name, bytes) in samples::statements() {
        fs::write(out.join("sign1").join(name), bytes)?;
    }
    for (number, bytes) in cases.iter().enumerate() {
        for target in ["decode", "sign1"] {
            fs::write(out.join(target).join(format!("case-{number}")), bytes)?;
        }
    }
    println!("{} byte strings from the cases", cases.len());
    Ok(())
}

/// All distinct byte strings of the cases: every lower-case hex string in
/// their steps, since that is how the files write bytes.
fn bytes_in_cases(folder: &Path) -> Result<BTreeSet<Vec<u8>>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let file: Value = serde_json::from_slice(&fs::read(path)?)?;
            collect(&file["cases"], &mut found);
        }
    }
    Ok(found)
}

fn collect(value: &Value, found: &mut BTreeSet<Vec<u8>>) {
    match value {
        Value::String(text) => found.extend(unhex(text)),
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, found)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, found)),
        _ => {}
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if text.is_empty() || !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        _ => None,
    }
}
