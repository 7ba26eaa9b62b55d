//! The adapter protocol's schema, its types and what is really said agree.

mod common;

use common::countersign;
use countersign_conformance::protocol::{Reply, Request, SCHEMA};
use jsonschema::Validator;
use serde_json::{Value, json};

/// The schema of one direction.
fn validator(direction: &str) -> Validator {
    let mut schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let object = schema.as_object_mut().expect("the schema is an object");
    object.remove("oneOf");
    object.insert("$ref".to_owned(), json!(format!("#/$defs/{direction}")));
    jsonschema::validator_for(&schema).expect("the schema is a schema")
}

#[test]
fn every_line_of_a_run_is_valid() {
    let (request, reply) = (validator("request"), validator("reply"));
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/cases");
    let (mut asked, mut answered) = (0, 0);
    for entry in std::fs::read_dir(cases).expect("there are cases") {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let ran = countersign(&["replay", &path.to_string_lossy()]);
        for line in ran.stdout.lines() {
            let (validator, line) = if let Some(line) = line.strip_prefix("  > ") {
                asked += 1;
                (&request, line)
            } else if let Some(line) = line.strip_prefix("  < ") {
                answered += 1;
                (&reply, line)
            } else {
                continue;
            };
            let line: Value = serde_json::from_str(line).expect("a line is JSON");
            let errors: Vec<String> = validator
                .iter_errors(&line)
                .map(|e| e.to_string())
                .collect();
            assert!(errors.is_empty(), "{line}: {errors:?}");
        }
    }
    assert!(
        asked > 10 && asked == answered,
        "{asked} asked, {answered} answered"
    );
}

#[test]
fn types_and_schema_refuse_the_same() {
    let (request, reply) = (validator("request"), validator("reply"));
    for (line, good) in [
        (json!({"cmd": "hello", "id": 1, "protocol": 1}), true),
        (json!({"cmd": "hello", "id": 1}), false),
        (
            json!({"cmd": "hello", "id": 1, "protocol": 1, "more": 1}),
            false,
        ),
        (
            json!({"cmd": "open", "id": 2, "session": "a", "role": "static"}),
            true,
        ),
        (
            json!({"cmd": "open", "id": 2, "session": "a", "role": "auth", "config": {"x": 1}, "now_ms": 5}),
            true,
        ),
        (
            json!({"cmd": "open", "id": 2, "session": "a", "role": "static", "now_ms": -1}),
            false,
        ),
        (json!({"cmd": "open", "id": 2, "role": "static"}), false),
        (
            json!({"cmd": "step", "id": 3, "session": "a", "op": "x", "in": "00ff", "args": {}, "entropy": ""}),
            true,
        ),
        (json!({"cmd": "step", "id": 3, "session": "a"}), false),
        (json!({"cmd": "close", "id": 4, "session": "a"}), true),
        (json!({"cmd": "stop", "id": 4, "session": "a"}), false),
        (json!({"id": 4}), false),
    ] {
        assert_eq!(request.is_valid(&line), good, "schema: {line}");
        assert_eq!(
            serde_json::from_value::<Request>(line.clone()).is_ok(),
            good,
            "types: {line}"
        );
    }
    for (line, good) in [
        (json!({"res": "ok", "id": 1}), true),
        (
            json!({"res": "ok", "id": 1, "implementation": {"name": "a", "version": "1"}, "roles": [], "capabilities": []}),
            true,
        ),
        (
            json!({"res": "ok", "id": 1, "out": [{"to": "auth", "bytes": "00"}], "events": [{"event": "x"}], "values": {"a": 1}}),
            true,
        ),
        (
            json!({"res": "ok", "id": 1, "out": [{"to": "auth"}]}),
            false,
        ),
        (json!({"res": "ok", "id": 1, "value": {}}), false),
        (json!({"res": "ok"}), false),
        (json!({"res": "reject", "id": 1, "code": 412}), true),
        (json!({"res": "reject", "id": 1, "code": "412"}), false),
        (json!({"res": "reject", "id": 1}), false),
        (
            json!({"res": "unsupported", "id": 1, "capability": "x"}),
            true,
        ),
        (json!({"res": "unsupported", "id": 1}), false),
        (json!({"res": "error", "id": 1, "detail": ""}), true),
        (json!({"res": "crash", "id": 1}), false),
    ] {
        assert_eq!(reply.is_valid(&line), good, "schema: {line}");
        assert_eq!(
            serde_json::from_value::<Reply>(line.clone()).is_ok(),
            good,
            "types: {line}"
        );
    }
}
