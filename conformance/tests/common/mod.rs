//! Runs of the real binary, as a user would start it.

#![allow(dead_code, reason = "each test file uses what it needs")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use countersign_conformance::events::{CaseResult, Record, Verdict};

/// The binary under test.
pub const COUNTERSIGN: &str = env!("CARGO_BIN_EXE_countersign");
/// The adapter that lies.
pub const LIAR: &str = env!("CARGO_BIN_EXE_countersign-liar");

/// Options that choose one positive case and eight negative ones, whatever else there is.
pub const LINKS: &[&str] = &[
    "--only",
    "static.link.session",
    "--only",
    "static.link.session-truncated",
    "--only",
    "static.link.session-non-shortest-head",
    "--only",
    "static.link.session-indefinite-array",
    "--only",
    "static.link.session-float",
    "--only",
    "static.link.session-tag",
    "--only",
    "static.link.session-trailing",
    "--only",
    "static.link.session-element-more",
    "--only",
    "static.link.session-null-server",
];

/// A directory that is removed at the end of its test.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("countersign-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("the temporary directory is writable");
        Scratch(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn file(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a command came to.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

pub fn countersign(args: &[&str]) -> Ran {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(COUNTERSIGN)
        .args(args)
        .env_remove("NO_COLOR")
        .output()
        .expect("the binary starts");
    Ran {
        code: status.code(),
        stdout: String::from_utf8(stdout).expect("stdout is text"),
        stderr: String::from_utf8(stderr).expect("stderr is text"),
    }
}

/// A run with an event stream.
pub struct Recorded {
    pub ran: Ran,
    pub record: Record,
    pub stream: String,
    pub out: Scratch,
}

pub fn run(options: &[&str], adapter: &[&str]) -> Recorded {
    let out = Scratch::new();
    let directory = out.path().to_string_lossy().into_owned();
    let mut args = vec!["run", "--out", &directory];
    args.extend(options);
    if !adapter.is_empty() {
        args.push("--");
        args.extend(adapter);
    }
    let ran = countersign(&args);
    let stream = fs::read_to_string(out.path().join("events.jsonl"))
        .unwrap_or_else(|error| panic!("no event stream ({error}): {}", ran.stderr));
    let record = Record::read(stream.as_bytes()).expect("the stream is whole");
    Recorded {
        ran,
        record,
        stream,
        out,
    }
}

impl Recorded {
    pub fn failed(&self) -> Vec<&CaseResult> {
        self.record
            .results
            .iter()
            .filter(|result| result.result == Verdict::Fail)
            .collect()
    }

    pub fn passed(&self) -> usize {
        self.record.summary.passed
    }
}
