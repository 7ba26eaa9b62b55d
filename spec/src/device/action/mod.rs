//! Answering a challenge, and changing the device's own credential
//! (protocol.md, sections 15.3, 15.4 and 16).
//!
//! ```text
//!  token ─► Calling ─message_2─► Entering ─opened─► Fetching ─challenge─► Asking ◄── prompt cancelled
//!                                   │                                       │ user           │
//!                                   │                      factor demanded ├───► Proving ──►│
//!                                   ▼                                      └──────────────► Signing
//!                               Changing ─rotated, deleted─► (over)                           │ K_act, K_dev
//!                                                              (over) ◄─approved── Answered ◄─┘
//! ```
//!
//! As everywhere on the device, each state is a struct of plain facts, and what
//! must be durable first comes as a [`Commit`](super::Commit) before the next one.
//!
//! Never: a signature over what was not shown, an approval by another key than
//! the account's, a success without a record of the server's.

mod answering;
mod asking;
mod entering;
mod own;

#[cfg(test)]
mod tests;

pub use answering::{Answered, Outcome, Signing};
pub use asking::{Asking, Chosen, Next, Proving, Question};
pub use entering::{Approver, Calling, Entering, Fetching, Opened};
pub use own::{Changing, Rotating};
