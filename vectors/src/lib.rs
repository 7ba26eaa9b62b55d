//! The conformance cases of Countersign: their format, their generator and,
//! embedded, the generated files themselves.
//!
//! ```text
//! seed ──> groups::all ──> Group { cases } ──> files::render ──> cases/NAME.json
//!                                                                  │ embedded
//!              runner, adapters in other languages <───────────────┘
//! ```
//!
//! A case file is usable without the runner: `schema/cases.schema.json`
//! describes it. Nothing here talks to an implementation.

pub mod author;
pub mod behaviours;
pub mod case;
pub mod cbor;
pub mod crypto;
pub mod edhoc;
pub mod files;
pub mod flags;
pub mod groups;
pub mod lint;
pub mod seed;

pub use case::{Case, Group};
