//! The committed case files: current, valid, and what the schema says.

use std::path::Path;

use countersign_vectors::seed::Seed;
use countersign_vectors::{files, flags, groups, lint};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_committed_files_are_what_the_seed_makes() -> Result {
    let groups = groups::all(Seed::COMMITTED);
    assert_eq!(
        files::differences(&root().join("cases"), &groups)?,
        Vec::<String>::new()
    );
    assert_eq!(files::embedded()?, groups);
    Ok(())
}

#[test]
fn another_seed_makes_other_files() {
    assert_ne!(groups::all(Seed(2)), groups::all(Seed::COMMITTED));
}

#[test]
fn the_cases_hold_together() {
    assert_eq!(
        lint::lint(&groups::all(Seed::COMMITTED)),
        Vec::<String>::new()
    );
}

#[test]
fn the_schema_describes_the_files() -> Result {
    let schema = std::fs::read_to_string(root().join("schema/cases.schema.json"))?;
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema)?)?;
    assert!(!files::EMBEDDED.is_empty());
    for (name, text) in files::EMBEDDED {
        let file = serde_json::from_str(text)?;
        let errors: Vec<String> = validator
            .iter_errors(&file)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
    }
    Ok(())
}

#[test]
fn a_spoiled_file_is_noticed() -> Result {
    let directory =
        std::env::temp_dir().join(format!("countersign-vectors-{}", std::process::id()));
    let groups = groups::all(Seed::COMMITTED);
    files::write(&directory, &groups)?;
    assert!(files::differences(&directory, &groups)?.is_empty());

    let name = format!("{}.json", groups[0].group);
    let text = std::fs::read_to_string(directory.join(&name))?;
    std::fs::write(directory.join(&name), text.replacen("MUST", "SHOULD", 1))?;
    std::fs::write(directory.join("stray.json"), "{}")?;
    let found = files::differences(&directory, &groups)?;
    assert_eq!(found.len(), 2, "{found:?}");

    files::write(&directory, &groups)?;
    assert!(files::differences(&directory, &groups)?.is_empty());
    std::fs::remove_dir_all(&directory)?;
    Ok(())
}

#[test]
fn lint_notices_what_is_wrong() {
    let mut groups = groups::all(Seed::COMMITTED);
    let mut twin = groups[0].cases[0].clone();
    twin.requirements = vec!["what".to_owned()];
    twin.requirements.push("ENC-999".to_owned());
    twin.flags = vec!["no-such-flag".to_owned()];
    twin.steps.clear();
    groups[0].cases.push(twin);
    let found = lint::lint(&groups).join("\n");
    for word in [
        "two cases",
        "requirements",
        "ENC-999",
        "no-such-flag",
        "none is empty",
    ] {
        assert!(found.contains(word), "{word} not in:\n{found}");
    }
}

#[test]
fn the_dictionary_is_in_order() {
    assert!(flags::FLAGS.is_sorted_by(|a, b| a.name < b.name));
}
