//! Answering a challenge, and changing the device's own credential
//! (protocol.md, sections 15.3, 15.4 and 16).
//!
//! ```text
//!  aim ─► Calling ─message_2─► Entering ─opened─┬─► Fetching ─challenge─► Asking ◄── prompt cancelled
//!            ▲                                  │                           │ user           │
//!            │                                  │          factor demanded  ├───► Proving ──►│
//!            │                                  ├─ an answer again ────────►└──────────────► Signing
//!            │                                  ├─► Changing ─signed─► Rotating               │ K_act, K_dev
//!            │                                  └─► Deleting              │                   ▼
//!            └─────────────────────────── the channel broke ──────────────┴─────────────── Answered
//! ```
//!
//! As everywhere on the device, each state is a struct of plain facts, and what
//! must be durable first comes as a [`Commit`](super::Commit) before the next one.
//! A channel that breaks takes what was sent through it along. What is still to be
//! done is an [`Aim`], and another channel is opened for it.
//!
//! Never: a signature over what was not shown, an approval by another key than
//! the account's, a success without a record of the server's, a key forgotten that
//! the server may have.

mod answering;
mod asking;
mod entering;
mod own;

#[cfg(test)]
mod tests;

pub use answering::{Answered, Signing};
pub use asking::{Asking, Chosen, Given, Next, Proving, Question};
pub use entering::{Aim, Calling, Entering, Fetching, Turn};
pub use own::{Changing, Deleting, Rotating};

use alloc::boxed::Box;

/// Where such a flow stands, but for a visit to the factor server.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Acting {
    /// message_1 is out.
    Calling(Box<Calling>),
    /// `K_dev` is asked to sign message_3, or has signed it and it is out.
    Entering(Box<Entering>),
    /// The challenge was asked for.
    Fetching(Box<Fetching>),
    /// The user is asked.
    Asking(Box<Asking>),
    /// `K_act` or `K_dev` is asked to sign the answer.
    Signing(Box<Signing>),
    /// The answer is out.
    Answered(Box<Answered>),
    /// The new `K_dev` is asked for its possession.
    Changing(Box<Changing>),
    /// The rotation was asked for.
    Rotating(Box<Rotating>),
    /// The deletion was asked for.
    Deleting(Box<Deleting>),
}
