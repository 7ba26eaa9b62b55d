//! The factor server's side of a connection: bytes in, bytes out (protocol.md, section 5).
//!
//! ```text
//! message_1 ──► Greeting ── answer ──► Message2ToSign ── signed ──► Greeted ──► message_2
//!                                                                     │
//! message_3 ────────────────────────────────────────────────────► open ▼
//!                                                                   Opened  (says which record to read)
//!                                                                     │
//! status ◄── Connection ◄── welcome ── Authenticated ◄── authenticate ┘
//!               │
//! record ──► receive ──► Request  (decided by the functions of this folder)
//! record ◄── send, refuse
//! ```
//!
//! The caller decodes [`Frame`]s, finds the connection that one is addressed to
//! by the identifier in it, keeps what is returned, and does three things that
//! are not done here: it reads and writes facts, signs, and looks at the clock.
//!
//! The secrets of handshake and channel are here and nowhere else in this
//! folder. What a device asks for is a fact once it came through its channel.

mod connection;
mod greeting;
mod request;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

pub use connection::{Connection, Incoming};
pub use greeting::{Authenticated, Greeted, Greeting, Message2ToSign, Offer, Opened, Unopened};
pub use request::Request;

use crate::edhoc::{ConnectionId, ErrorMessage};
use crate::error::{Code, Refusal};
use crate::messages::frame::Frame;
use crate::values::Bytes;

/// A refusal, with the frame that tells the device, where there is a way to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejected {
    /// What the log is told.
    pub refusal: Refusal,
    /// What the device is told.
    pub answer: Option<Vec<u8>>,
}

impl Rejected {
    /// A refusal that the device is not told.
    fn silently(refusal: impl Into<Refusal>) -> Self {
        Self {
            refusal: refusal.into(),
            answer: None,
        }
    }

    /// A refusal that ends a handshake: an EDHOC error with the number as text (HS-5).
    fn in_handshake(to: ConnectionId, refusal: impl Into<Refusal>) -> Self {
        let refusal = refusal.into();
        let error = ErrorMessage::of(refusal.0.number()).encode();
        let answer = Frame::Error {
            to: to.as_bytes().into(),
            error: Bytes(error),
        };
        Self {
            refusal,
            answer: answer.to_vec().ok(),
        }
    }
}

/// What cannot be encoded is a mistake of this server's configuration, such as
/// parameters over their limit.
fn unencodable<E>(_: E) -> Refusal {
    Code::TooLarge.into()
}
