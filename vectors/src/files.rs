//! Case files: rendered byte for byte the same on every machine, and embedded.

use std::path::Path;
use std::{fs, io};

use crate::case::Group;

/// The committed files as (file name, text), embedded when this crate is built.
pub const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The committed cases.
///
/// # Errors
/// The file's name and what is wrong with it.
pub fn embedded() -> Result<Vec<Group>, String> {
    EMBEDDED
        .iter()
        .map(|(name, text)| parse(name, text))
        .collect()
}

/// The cases of one file.
///
/// # Errors
/// The file's name and what is wrong with it.
pub fn parse(name: &str, text: &str) -> Result<Group, String> {
    serde_json::from_str(text).map_err(|error| format!("{name}: {error}"))
}

/// The text of a group's file: fields in their declared order, the keys of
/// free objects in alphabetical order, two spaces of indentation, one newline
/// at the end.
///
/// # Errors
/// Never for a group whose objects hold finite numbers, and there are no others.
pub fn render(group: &Group) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(group)?;
    text.push('\n');
    Ok(text)
}

/// Writes one file per group into `directory` and removes the `.json` files
/// that no group makes.
///
/// # Errors
/// What the file system says.
pub fn write(directory: &Path, groups: &[Group]) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    for stale in names_in(directory)?
        .iter()
        .filter(|name| !is_made(name, groups))
    {
        fs::remove_file(directory.join(stale))?;
    }
    for group in groups {
        fs::write(directory.join(file_name(group)), render(group)?)?;
    }
    Ok(())
}

/// Compares `directory` with what the groups would write, byte for byte, and
/// returns one sentence per difference.
///
/// # Errors
/// What the file system says.
pub fn differences(directory: &Path, groups: &[Group]) -> io::Result<Vec<String>> {
    let names = names_in(directory)?;
    let mut found: Vec<String> = names
        .iter()
        .filter(|name| !is_made(name, groups))
        .map(|name| format!("{name} is made by no generator"))
        .collect();
    for group in groups {
        let (name, text) = (file_name(group), render(group)?);
        if !names.contains(&name) {
            found.push(format!("{name} is missing"));
        } else if let Some(line) =
            first_difference(&fs::read_to_string(directory.join(&name))?, &text)
        {
            found.push(format!("{name} differs from line {line} on"));
        }
    }
    Ok(found)
}

fn file_name(group: &Group) -> String {
    format!("{}.json", group.group)
}

fn is_made(name: &str, groups: &[Group]) -> bool {
    groups.iter().any(|group| file_name(group) == name)
}

fn names_in(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The number, from one, of the first line in which two texts differ.
fn first_difference(one: &str, other: &str) -> Option<usize> {
    if one == other {
        return None;
    }
    let same = one
        .split('\n')
        .zip(other.split('\n'))
        .take_while(|(a, b)| a == b)
        .count();
    Some(same + 1)
}
