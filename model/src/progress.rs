//! Progress on standard error, and what was explored if a run is interrupted.

use std::io::{IsTerminal, Write as _, stderr};
use std::process;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One line on standard error, a few times a second on a terminal, seldom in a log.
pub struct Progress {
    model: &'static str,
    start: Instant,
    told: Instant,
    is_terminal: bool,
}

/// What the run that is under way has come to.
static LATEST: Mutex<String> = Mutex::new(String::new());

/// From now on Ctrl-C ends the process with exit code 130, after it has said what was explored.
pub fn report_on_interrupt() {
    let said = ctrlc::set_handler(|| {
        let latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
        eprintln!("\ninterrupted: {latest}. No verdict: what was not explored was not checked.");
        process::exit(130);
    });
    if let Err(error) = said {
        eprintln!("an interrupted run will say nothing: {error}");
    }
}

impl Progress {
    /// A run of this model begins.
    pub fn new(model: &'static str) -> Self {
        let now = Instant::now();
        Self {
            model,
            start: now,
            told: now,
            is_terminal: stderr().is_terminal(),
        }
    }

    /// It has come so far.
    pub fn tell(&mut self, search: &str, states: usize) {
        let (model, seconds) = (self.model, self.start.elapsed().as_secs_f64());
        let line = format!("{model}: {search}, {states} states, {seconds:.2} s");
        LATEST
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&line);
        let pause = Duration::from_millis(if self.is_terminal { 250 } else { 5000 });
        if self.told.elapsed() < pause {
            return;
        }
        self.told = Instant::now();
        if self.is_terminal {
            let _ = write!(stderr(), "\r\x1b[K{line}");
        } else {
            eprintln!("{line}");
        }
    }

    /// It is over.
    pub fn clear(&self) {
        if self.is_terminal {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}
