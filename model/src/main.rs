//! `countersign-model`: check the models from the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    countersign_model::cli::run()
}
