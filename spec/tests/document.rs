//! The document and the code say the same: registry, limits, labels, errors.

use std::collections::{BTreeMap, BTreeSet};

use countersign::error::{Blame, CATALOGUE};
use countersign::registry::{self, Decision, Factor, Purpose, ServerKind, limit, seconds};

const DOCUMENT: &str = include_str!("../protocol.md");

/// The cells of each row of the table under `heading`.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, section) = DOCUMENT.split_once(&format!("{heading}\n")).expect(heading);
    section
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect()
}

/// "1,024 bytes" is 1024, "2^20" is 1048576, "1 to 8" is 8.
fn number(text: &str) -> u64 {
    let last = text.rsplit("to ").next().unwrap_or(text);
    let digits = last.split([' ', '(']).next().unwrap_or("").replace(',', "");
    match digits.split_once('^') {
        Some((base, exponent)) => base
            .parse::<u64>()
            .expect(text)
            .pow(exponent.parse().expect(text)),
        None => digits.parse().expect(text),
    }
}

#[test]
fn the_error_table_is_the_catalogue() {
    let written = table("## 11 Errors");
    let coded: Vec<Vec<String>> = CATALOGUE
        .iter()
        .map(|entry| {
            let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
            let blame = match entry.blame {
                Blame::Sender => "sender",
                Blame::Device => "device",
                Blame::Server => "server",
                Blame::User => "user",
                Blame::Network => "network",
            };
            vec![
                entry.code.number().to_string(),
                entry.name.to_owned(),
                blame.to_owned(),
                yes(entry.counts),
                yes(entry.is_final),
                entry.advice.to_owned(),
            ]
        })
        .collect();
    assert_eq!(written, coded);
    assert!(CATALOGUE.is_sorted_by(|a, b| a.code < b.code));
}

#[test]
fn every_cited_error_is_in_the_catalogue() {
    let known: BTreeSet<u16> = CATALOGUE.iter().map(|entry| entry.code.number()).collect();
    for line in DOCUMENT.lines().filter(|line| line.starts_with("- **")) {
        for cited in line
            .split('[')
            .skip(1)
            .filter_map(|rest| rest.split_once(']'))
        {
            if let Ok(code) = cited.0.parse::<u16>()
                && (100..1000).contains(&code)
            {
                assert!(known.contains(&code), "{line}");
            }
        }
    }
}

#[test]
fn the_registry_table_is_the_registry() {
    let rows = table("### 1.1 Numbers");
    let of = |kind: &str| -> Vec<u64> {
        rows.iter()
            .filter(|row| row[0] == kind)
            .map(|row| number(row[2]))
            .collect()
    };
    let all = |values: &[u64]| values.to_vec();
    assert_eq!(
        of("purpose"),
        all(&Purpose::ALL.iter().map(|p| p.number()).collect::<Vec<_>>())
    );
    assert_eq!(
        of("decision"),
        all(&Decision::ALL.iter().map(|d| d.number()).collect::<Vec<_>>())
    );
    assert_eq!(
        of("factor"),
        all(&Factor::ALL.iter().map(|f| f.number()).collect::<Vec<_>>())
    );
    assert_eq!(
        of("server kind"),
        all(&ServerKind::ALL
            .iter()
            .map(|k| k.number())
            .collect::<Vec<_>>())
    );
    assert_eq!(of("EAD label"), [registry::EAD_LABEL.unsigned_abs()]);
    let exporter: Vec<u64> = of("exporter label");
    assert!(
        exporter.is_sorted_by(|a, b| a < b),
        "one label, one use: {exporter:?}"
    );
    assert_eq!(exporter[0], registry::exporter::CHANNEL_BINDING);
    let messages: Vec<u64> = [of("frame"), of("message")].concat();
    let unique: BTreeSet<u64> = messages.iter().copied().collect();
    assert_eq!(
        unique.len(),
        messages.len(),
        "a type number has one meaning"
    );
}

#[test]
fn the_limits_are_those_of_the_code() {
    let written = |what: &str| {
        table("### 1.3 Limits")
            .into_iter()
            .find(|row| row[0] == what)
            .map(|row| number(row[1]))
            .expect(what)
    };
    for (what, coded) in [
        ("PLAINTEXT_2", limit::PLAINTEXT_2),
        ("announce info", limit::ANNOUNCE),
        ("user input", limit::USER_INPUT),
        (
            "a signed statement, that in EAD_3 included",
            limit::STATEMENT,
        ),
        ("a frame with an EDHOC message", limit::HANDSHAKE),
        ("a data payload", limit::DATA),
        ("any other frame", limit::FRAME),
        ("a link", limit::LINK),
        ("a URI", limit::URI),
        ("a user name", limit::USER_NAME),
        ("a PIN", limit::PIN_MAX),
        ("versions in a list", limit::VERSIONS),
        ("identity keys in a succession", limit::IDENTITIES),
        ("CBOR nesting", limit::DEPTH),
    ] {
        assert_eq!(written(what), coded as u64, "{what}");
    }
    for (what, coded) in [
        ("validity of an assertion", seconds::ASSERTION),
        ("repetition of an answer", seconds::REPEAT),
        ("skew between servers' clocks", seconds::SKEW),
    ] {
        assert_eq!(written(what), coded, "{what}");
    }
}

#[test]
fn every_requirement_has_an_id_of_its_own() {
    let mut seen = BTreeSet::new();
    for line in DOCUMENT.lines() {
        if let Some((id, text)) = line
            .strip_prefix("- **")
            .and_then(|rest| rest.split_once("** "))
        {
            assert!(seen.insert(id), "{id} twice");
            let binds = ["MUST", "SHOULD", "MAY"]
                .iter()
                .any(|word| text.contains(word));
            assert!(
                binds || text.ends_with("[300]."),
                "{id} binds nobody: {text}"
            );
        }
    }
    assert!(
        seen.len() > 100,
        "only {} requirements were found",
        seen.len()
    );
}

#[test]
fn every_label_is_listed_once() {
    let source = include_str!("../src/registry.rs");
    let listed: BTreeSet<&str> = table("### 1.2 Labels")
        .iter()
        .map(|row| row[0].trim_matches('`'))
        .collect();
    let coded: BTreeSet<&str> = source
        .split('"')
        .filter(|text| text.starts_with("countersign "))
        .collect();
    assert_eq!(listed, coded);
}

/// The CDDL rules in a text, each with its name, without comments and line breaks.
fn rules(text: &str) -> Vec<(String, String)> {
    let mut rules: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let line = line.split(';').next().unwrap_or("").trim_end();
        match (line.split_once(" = "), line.starts_with(' ')) {
            (_, true) => {
                if let Some((_, rule)) = rules.last_mut() {
                    *rule += " ";
                    *rule += line.trim_start();
                }
            }
            (Some((name, rule)), false) => {
                rules.push((name.trim_end().to_owned(), rule.trim_start().to_owned()));
            }
            (None, false) => {}
        }
    }
    rules
}

#[test]
fn the_document_shows_the_rules_of_the_cddl() {
    let all: BTreeMap<String, String> = rules(include_str!("../protocol.cddl"))
        .into_iter()
        .collect();
    let shown: Vec<(String, String)> = DOCUMENT
        .split("```cddl\n")
        .skip(1)
        .flat_map(|block| rules(block.split("```").next().unwrap_or("")))
        .collect();
    assert!(shown.len() > 50, "only {} rules were found", shown.len());
    for (name, rule) in &shown {
        assert_eq!(Some(rule), all.get(name), "{name}");
    }
}

/// Mermaid takes a semicolon for the end of a line.
#[test]
fn the_diagrams_can_be_drawn() {
    let diagrams = Vec::from_iter(DOCUMENT.split("```mermaid\n").skip(1));
    assert!(diagrams.len() > 10, "only {} were found", diagrams.len());
    for diagram in diagrams {
        let lines = diagram.split("```").next().unwrap_or("");
        assert!(!lines.contains(';'), "{lines}");
    }
}
