//! `cargo run -p countersign-vectors -- generate|check`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use countersign_vectors::{behaviours, files, groups, lint::lint, seed::Seed};

const USAGE: &str = "usage: countersign-vectors generate|check";

fn main() -> ExitCode {
    let word = std::env::args().nth(1);
    match word.as_deref().map(act) {
        None => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
        Some(Ok(sentence)) => {
            println!("{sentence}");
            ExitCode::SUCCESS
        }
        Some(Err(wrong)) => {
            for sentence in wrong {
                eprintln!("{sentence}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Generates or checks; returns what to say, or everything that is wrong.
fn act(word: &str) -> Result<String, Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (directory, page_file) = (root.join("vectors/cases"), root.join("docs/behaviours.md"));
    let groups = groups::all(Seed::COMMITTED);
    let wrong = lint(&groups);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let cases: usize = groups.iter().map(|group| group.cases.len()).sum();
    let page = behaviours::page(&root, &groups)?;
    let io = |error: std::io::Error| vec![format!("{}: {error}", directory.display())];
    match word {
        "generate" => {
            files::write(&directory, &groups).map_err(io)?;
            fs::write(&page_file, page).map_err(io)?;
            Ok(format!("wrote {cases} cases in {} groups", groups.len()))
        }
        "check" => {
            let mut wrong = files::differences(&directory, &groups).map_err(io)?;
            if fs::read_to_string(&page_file).map_err(io)? != page {
                wrong.push("docs/behaviours.md is another page".to_owned());
            }
            if wrong.is_empty() {
                return Ok(format!(
                    "{cases} cases in {} groups are as generated",
                    groups.len()
                ));
            }
            wrong.push(
                "run `cargo run -p countersign-vectors -- generate` and look at the difference"
                    .to_owned(),
            );
            Err(wrong)
        }
        _ => Err(vec![USAGE.to_owned()]),
    }
}
