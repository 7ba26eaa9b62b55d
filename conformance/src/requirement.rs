//! The sentences of the document that cases exercise.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The requirements of `spec/protocol.md`, by id.
pub static REQUIREMENTS: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| parse(include_str!("../../spec/protocol.md")));

/// The sentence of a requirement, if the document has it.
pub fn sentence(id: &str) -> Option<&'static str> {
    REQUIREMENTS.get(id).map(String::as_str)
}

/// Finds the paragraphs that begin with an id in bold, such as `**ENC-3** A receiver MUST ...`.
///
/// A requirement ends with its paragraph, its list item or the next id.
fn parse(document: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut current: Option<(String, String)> = None;
    for line in document.lines() {
        let ends = line.trim().is_empty() || line.starts_with(['#', '-', '|', '`']);
        if ends {
            found.extend(current.take());
        }
        if let Some((id, sentence)) = begins(line.trim_start_matches(['-', '|', '>', ' '])) {
            found.extend(current.replace((id.to_owned(), sentence.to_owned())));
        } else if let Some((_, sentence)) = &mut current {
            sentence.push(' ');
            sentence.push_str(line.trim());
        }
        if line.starts_with('|') {
            found.extend(current.take());
        }
    }
    found.extend(current);
    found
}

fn begins(line: &str) -> Option<(&str, &str)> {
    let (id, rest) = line.strip_prefix("**")?.split_once("**")?;
    let (area, number) = id.trim_end_matches(['.', ':']).rsplit_once('-')?;
    let is_id = !area.is_empty()
        && area
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'-')
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then(|| {
        (
            id.trim_end_matches(['.', ':']),
            rest.trim_matches([' ', '|']),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_found_in_prose_lists_and_tables() {
        let document = "\
# Title
**ENC-1** A sender MUST encode
deterministically.

- **ENC-2** A receiver MUST refuse *anything* else.
- **ENC-3** It SHOULD say so.

| **KEY-1** | A kid is 16 bytes. |
**not an id** and more
";
        let found = parse(document);
        let sentences: Vec<(&str, &str)> = found
            .iter()
            .map(|(id, text)| (id.as_str(), text.as_str()))
            .collect();
        assert_eq!(
            sentences,
            [
                ("ENC-1", "A sender MUST encode deterministically."),
                ("ENC-2", "A receiver MUST refuse *anything* else."),
                ("ENC-3", "It SHOULD say so."),
                ("KEY-1", "A kid is 16 bytes."),
            ]
        );
    }
}
