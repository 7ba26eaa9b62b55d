//! `countersign`: see [`countersign_conformance::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    countersign_conformance::cli::main()
}
