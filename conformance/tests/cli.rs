//! The command line: what it ends with, what it says, and that it repeats itself.

mod common;

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use common::{COUNTERSIGN, LIAR, LINKS, Scratch, countersign, run};
use countersign_conformance::adapter;
use countersign_conformance::events::Record;
use serde_json::Value;

#[test]
fn the_reference_is_conformant_and_asked_everything_that_it_claims() {
    let run = run(&[], &[]);
    assert_eq!(
        run.ran.code,
        Some(0),
        "{}{}",
        run.ran.stdout,
        run.ran.stderr
    );
    assert!(
        run.ran.stdout.contains("conformant: countersign"),
        "{}",
        run.ran.stdout
    );
    assert!(!run.ran.stdout.contains('\x1b'), "no colours in a pipe");
    assert_eq!(
        run.passed() + run.record.summary.skipped,
        run.record.run.cases
    );
    assert_eq!(countersign(&[]).code, Some(0), "no subcommand means run");
}

#[test]
fn usage_errors_end_with_two_and_say_what_to_do() {
    for (args, hint) in [
        (&["--no-such-flag"][..], "--help"),
        (&["run", "--shard", "3/2"], "shard"),
        (&["run", "--role", "emperor"], "roles are"),
        (
            &["run", "--only", "static.link.sesion"],
            "did you mean static.link.session",
        ),
        (&["run", "--requirement", "NONE-1"], "countersign list"),
        (
            &["explain", "static.link.sessio"],
            "did you mean static.link.session",
        ),
        (&["replay", "/no/such/file"], "cannot read"),
        (
            &["replay", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")],
            "neither a case file",
        ),
        (&["report", "markdown", "/no/such/file"], "/no/such/file"),
        (&["run", "--listen", "nowhere"], "cannot listen"),
    ] {
        let ran = countersign(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(hint), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn an_adapter_that_does_not_start_fails_the_doctor() {
    let ran = countersign(&["run", "--", "/no/such/adapter"]);
    assert_eq!(ran.code, Some(3));
    assert!(
        ran.stdout.contains("cannot run `/no/such/adapter`"),
        "{}",
        ran.stdout
    );
}

#[test]
fn two_runs_with_one_seed_are_equal_but_for_times() {
    let options = ["--jobs", "2", "--seed", "7"];
    for adapter in [&[][..], &[LIAR, "accept-all"]] {
        let (one, other) = (run(&options, adapter), run(&options, adapter));
        assert_eq!(timeless(&one.stream), timeless(&other.stream));
    }
}

fn timeless(stream: &str) -> Vec<Value> {
    let without_time = |line| {
        let mut event: Value = serde_json::from_str(line).expect("an event is JSON");
        event
            .as_object_mut()
            .expect("an event is an object")
            .remove("time");
        event
    };
    stream.lines().map(without_time).collect()
}

#[test]
fn shards_are_a_partition_and_merge_into_the_whole() {
    let (whole, one, two) = (
        run(&[], &[]),
        run(&["--shard", "1/2"], &[]),
        run(&["--shard", "2/2"], &[]),
    );
    let merged = countersign(&[
        "report",
        "merge",
        &one.out.file("events.jsonl"),
        &two.out.file("events.jsonl"),
    ]);
    assert_eq!(merged.code, Some(0), "{}", merged.stderr);
    let merged = Record::read(merged.stdout.as_bytes()).expect("a stream");
    let ids = |record: &Record| {
        let mut ids: Vec<String> = record.results.iter().map(|r| r.case.clone()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&merged), ids(&whole.record));
    assert_eq!(merged.summary.passed, whole.passed());

    let twice = one.out.file("events.jsonl");
    assert_eq!(
        countersign(&["report", "merge", &twice, &twice]).code,
        Some(2)
    );
}

#[test]
fn a_failure_is_explained_and_replayed() {
    let run = run(LINKS, &[LIAR, "accept-all"]);
    let id = "static.link.session-trailing";
    for line in [
        format!("countersign explain {id}"),
        format!("countersign run --only {id} -- {LIAR} accept-all"),
        "one byte follows the end".to_owned(),
        "A receiver MUST refuse bytes after the end of the message".to_owned(),
    ] {
        assert!(
            run.ran.stdout.contains(&line),
            "{line}\nnot in\n{}",
            run.ran.stdout
        );
    }
    let explained = countersign(&["explain", id]);
    assert_eq!(explained.code, Some(0));
    assert!(
        explained.stdout.contains("one byte follows the end"),
        "{}",
        explained.stdout
    );

    let file = run.out.file(&format!("failures/{id}.json"));
    let again = countersign(&["replay", &file, "--", LIAR, "accept-all"]);
    assert_eq!(again.code, Some(1), "{}", again.stderr);
    assert!(
        again.stdout.contains("forgery accepted"),
        "{}",
        again.stdout
    );
    let honest = countersign(&["replay", &file]);
    assert_eq!(honest.code, Some(0), "{}", honest.stdout);
}

#[test]
fn reports_are_made_from_the_stream_alone() {
    let run = run(LINKS, &[LIAR, "accept-all"]);
    let events = run.out.file("events.jsonl");
    let written = Scratch::new();
    for (kind, words) in [
        (
            "markdown",
            &["not conformant", "static.link.session-trailing", "ENC-8"][..],
        ),
        (
            "junit",
            &[
                "<testsuites",
                "static.link.session-trailing",
                "forgery accepted",
            ],
        ),
        ("badge", &["<svg", "not conformant 1/9"]),
        (
            "html",
            &["<!doctype html>", "static.link.session-trailing", "ENC-8"],
        ),
    ] {
        let file = written.file(kind);
        let ran = countersign(&["report", kind, &events, "--output", &file]);
        assert_eq!(ran.code, Some(0), "{kind}: {}", ran.stderr);
        let text = std::fs::read_to_string(&file).expect("the report is there");
        for word in words {
            assert!(
                text.contains(word),
                "{word} not in the {kind} report:\n{text}"
            );
        }
        assert!(
            !text.contains("http:") || kind == "badge",
            "{kind} needs nothing from elsewhere"
        );
    }
}

#[test]
fn an_implementation_may_dial_back() {
    let mut runner = Command::new(COUNTERSIGN)
        .args(["run", "--listen", "127.0.0.1:0"])
        .args(LINKS)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stderr = BufReader::new(runner.stderr.take().expect("stderr is piped"));
    let mut line = String::new();
    stderr
        .read_line(&mut line)
        .expect("it says where it listens");
    let address = line
        .trim()
        .rsplit(' ')
        .next()
        .expect("an address")
        .to_owned();
    // An implementation that dials again whenever the runner has hung up.
    while let Ok(stream) = TcpStream::connect(&address) {
        let reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let _ = adapter::serve(reader, stream, None);
        if runner.try_wait().expect("it can be waited for").is_some() {
            break;
        }
    }
    let output = runner.wait_with_output().expect("it ends");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{stdout}");
    assert!(stdout.contains("9 passed"), "{stdout}");
}
