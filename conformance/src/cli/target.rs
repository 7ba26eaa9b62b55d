//! The implementation under test, as the command line names it.

use std::net::TcpListener;
use std::time::Duration;

use countersign_vectors::seed::Seed;

use super::{Halt, Target};
use crate::process::Launcher;

impl Target {
    /// How to reach the implementation.
    pub(super) fn launcher(&self) -> Result<Launcher, Halt> {
        if let Some(address) = &self.listen {
            let listener = TcpListener::bind(address)
                .map_err(|error| Halt::usage(format!("cannot listen at {address}: {error}")))?;
            let bound = listener.local_addr().map_err(Halt::fault)?;
            eprintln!("waiting for the implementation to dial {bound}");
            return Ok(Launcher::Listen(listener));
        }
        match self.command.split_first() {
            Some((program, args)) => Ok(Launcher::Command {
                program: program.clone(),
                args: args.to_vec(),
            }),
            None => {
                let program = std::env::current_exe().map_err(Halt::fault)?;
                Ok(Launcher::Command {
                    program: program.to_string_lossy().into_owned(),
                    args: vec!["adapter".to_owned()],
                })
            }
        }
    }

    /// The words for it in reports, and after `--` to get it again.
    pub(super) fn words(&self) -> String {
        match &self.listen {
            Some(address) => format!("--listen {address}"),
            None if self.command.is_empty() => "the built-in reference".to_owned(),
            None => self
                .command
                .iter()
                .map(|word| quoted(word))
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    pub(super) fn seed(&self) -> Seed {
        Seed(self.seed)
    }

    pub(super) fn deadline(&self) -> Duration {
        Duration::from_millis(self.timeout)
    }
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
