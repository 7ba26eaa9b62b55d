//! Prints the ratios that the targets are stated in, from criterion's last run.
//!
//! A microsecond depends on the machine; a ratio within one run does not, or
//! much less. The ratios are between the fastest samples: what else runs on the
//! machine can only add, and seldom adds alike to two measurements. The medians
//! stand below them. `cargo bench -p countersign-benches` first.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use serde_json::Value;

/// A ratio of two measurements.
struct Ratio {
    what: &'static str,
    of: &'static str,
    to: &'static str,
    /// The most percent that it may be; absent where none was set.
    target_percent: Option<f64>,
}

/// On p256 the device's budget is 1 %; the servers' 1.5 % is for the fast
/// backend, which is no part of this run, so they are shown without one.
const OVERHEADS: &[Ratio] = &[
    Ratio {
        what: "device: factor proof and VERIFY, over a signature",
        of: "device/proof framing",
        to: "raw/sign",
        target_percent: Some(1.0),
    },
    Ratio {
        what: "device: login statement, over a signature",
        of: "device/statement framing",
        to: "raw/sign",
        target_percent: Some(1.0),
    },
    Ratio {
        what: "factor server: VERIFY, over a verification",
        of: "factor/verify framing",
        to: "raw/verify",
        target_percent: None,
    },
    Ratio {
        what: "factor server: assertion, over a signature",
        of: "factor/assertion framing",
        to: "raw/sign",
        target_percent: None,
    },
    Ratio {
        what: "auth server: statement with its assertion, over a verification",
        of: "auth/statement framing",
        to: "raw/verify",
        target_percent: None,
    },
];

const CODECS: &[Ratio] = &[
    Ratio {
        what: "decode: ciborium, same types",
        of: "decode/ciborium",
        to: "decode/strict",
        target_percent: None,
    },
    Ratio {
        what: "decode: ciborium, encode again, compare",
        of: "decode/ciborium and compare",
        to: "decode/strict",
        target_percent: None,
    },
    Ratio {
        what: "decode: ciborium into a generic value",
        of: "decode/ciborium value",
        to: "decode/strict",
        target_percent: None,
    },
    Ratio {
        what: "encode: ciborium, same types",
        of: "encode/ciborium",
        to: "encode/strict",
        target_percent: None,
    },
];

const TIMES: &[&str] = &[
    "raw/sign",
    "raw/verify",
    "device/proof framing",
    "device/proof",
    "device/statement framing",
    "factor/verify framing",
    "factor/verify",
    "factor/assertion framing",
    "factor/assertion",
    "auth/statement framing",
    "auth/statement",
    "decode/strict",
    "decode/strict check",
    "decode/ciborium",
    "decode/ciborium value",
    "decode/ciborium and compare",
    "encode/strict",
    "encode/ciborium",
];

fn main() -> ExitCode {
    let folder = criterion_folder();
    match tables(&folder) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}\nrun `cargo bench -p countersign-benches` first");
            ExitCode::FAILURE
        }
    }
}

fn tables(folder: &Path) -> Result<String, String> {
    let mut out =
        String::from("| the protocol's part | time | share | target |\n|---|---|---|---|\n");
    for ratio in OVERHEADS {
        let (of, to) = (fastest_ns(folder, ratio.of)?, fastest_ns(folder, ratio.to)?);
        let share = 100.0 * of / to;
        let target = match ratio.target_percent {
            Some(most) if share <= most => format!("{most} %, met"),
            Some(most) => format!("{most} %, missed"),
            None => String::new(),
        };
        out += &format!(
            "| {} | {} | {share:.2} % | {target} |\n",
            ratio.what,
            time(of)
        );
    }
    out += "\n| beside ours | times as long |\n|---|---|\n";
    for ratio in CODECS {
        let times = fastest_ns(folder, ratio.of)? / fastest_ns(folder, ratio.to)?;
        out += &format!("| {} | {times:.1} |\n", ratio.what);
    }
    out += "\n| | fastest | median |\n|---|---|---|\n";
    for name in TIMES {
        let (fastest, median) = (fastest_ns(folder, name)?, median_ns(folder, name)?);
        out += &format!("| {name} | {} | {} |\n", time(fastest), time(median));
    }
    Ok(out)
}

/// The median that criterion estimated in its last run, in nanoseconds.
fn median_ns(folder: &Path, name: &str) -> Result<f64, String> {
    let estimates = read(folder, name, "estimates.json")?;
    estimates["median"]["point_estimate"]
        .as_f64()
        .ok_or_else(|| format!("{name}: no median"))
}

/// The fastest sample of its last run, in nanoseconds per iteration.
fn fastest_ns(folder: &Path, name: &str) -> Result<f64, String> {
    let sample = read(folder, name, "sample.json")?;
    let numbers = |field: &str| sample[field].as_array().into_iter().flatten();
    numbers("times")
        .zip(numbers("iters"))
        .filter_map(|(time, iterations)| Some(time.as_f64()? / iterations.as_f64()?))
        .min_by(f64::total_cmp)
        .ok_or_else(|| format!("{name}: no samples"))
}

/// One of the files that criterion keeps of the last run of a benchmark.
fn read(folder: &Path, name: &str, file: &str) -> Result<Value, String> {
    let path = folder.join(name).join("new").join(file);
    let text = fs::read(&path).map_err(|why| format!("{}: {why}", path.display()))?;
    serde_json::from_slice(&text).map_err(|why| format!("{}: {why}", path.display()))
}

fn time(ns: f64) -> String {
    if ns < 1000.0 {
        format!("{ns:.0} ns")
    } else {
        format!("{:.2} µs", ns / 1000.0)
    }
}

/// Where criterion writes: beside the other build products.
fn criterion_folder() -> PathBuf {
    if let Some(home) = env::var_os("CRITERION_HOME") {
        return home.into();
    }
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
        PathBuf::from,
    );
    target.join("criterion")
}
