//! One line on a terminal while a run goes on; nothing elsewhere.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::events::{CaseResult, Verdict};

/// How often the line changes at most.
const EVERY: Duration = Duration::from_millis(100);

/// The line.
pub(super) struct Progress {
    total: usize,
    done: usize,
    failed: usize,
    shown: Option<Instant>,
    enabled: bool,
}

impl Progress {
    pub(super) fn new(total: usize) -> Progress {
        Progress {
            total,
            done: 0,
            failed: 0,
            shown: None,
            enabled: io::stderr().is_terminal(),
        }
    }

    pub(super) fn show(&mut self, result: &CaseResult) {
        self.done += 1;
        self.failed += usize::from(result.result == Verdict::Fail);
        if !self.enabled || self.shown.is_some_and(|shown| shown.elapsed() < EVERY) {
            return;
        }
        self.shown = Some(Instant::now());
        // A terminal that is gone is no reason to stop.
        let _ = write!(
            io::stderr(),
            "\r\x1b[2K{}/{} cases, {} failed: {}",
            self.done,
            self.total,
            self.failed,
            result.case
        );
    }

    pub(super) fn end(&mut self) {
        if self.shown.take().is_some() {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}
