//! The conformance suite of Countersign.
//!
//! The runner is network, clock, user and peer. The implementation under test
//! is a program that answers JSON lines on stdin with JSON lines on stdout.
//!
//! ```text
//!  cli ──> doctor, run ──> interpret ──> statics │ stage       what is asked, what is right
//!                │                          │
//!                │                       session               open, step, close
//!                │                          │
//!                │                       subject               the implementation, across processes
//!                │                          │
//!                │                       process ── protocol   one process: lines, deadline, end
//!                ▼                          ┆ pipe or TCP
//!             events ──> report          adapter               the reference, as a child process
//! ```
//!
//! What never happens here: a crash or a silence is never taken for a refusal,
//! a case never sees what another one left behind, and no report is made from
//! anything but the event stream.

pub mod adapter;
pub mod cli;
pub mod diff;
pub mod doctor;
pub mod events;
pub mod interpret;
pub mod mutants;
pub mod outcome;
pub mod peer;
pub mod process;
pub mod protocol;
pub mod report;
pub mod requirement;
pub mod run;
pub mod select;
pub mod session;
pub mod spoil;
pub mod stage;
pub mod statics;
pub mod subject;
