//! The auth server's endpoint: frames in, frames out (protocol.md, section 5).
//!
//! ```text
//!  message_1 ──► Hello ─ answer ─► VoucherToSign ─ signed ─► Message2ToSign ─ signed ─► message_2
//!                  ▲ wanted, found   (with a voucher)                           │
//!                                                                               ▼
//!  message_3 ───────────────────────── Opened ◄──────── receive ──────────── Awaiting
//!                                        │ verify, with the account
//!                                        ▼
//!                                     Deciding ─ settled, refused ─► Answered ──► a record
//!                                        │                             │ repeat: the same again
//!                                        └─ connected ─► Line: an app session, a channel for data
//! ```
//!
//! Each state is a type, and these alone hold secrets of handshake and channel.
//! Between them the caller reads and writes its store and has its keys sign. A
//! state that was refused something comes back with the refusal if the attempt
//! may go on, and is gone otherwise.
//!
//! Nothing stored changes before [`Deciding`], whose request is authenticated;
//! what changes then is one [`Commit`](super::Commit).

mod action;
mod connection;
mod hello;
mod line;

pub use self::action::{ActionLine, Said};
pub use self::connection::{Answered, Awaiting, Connected, Deciding, Opened, Signer};
pub use self::hello::{Answer, Hello, Message2ToSign, VoucherToSign};
pub use self::line::{Heard, Line};

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::edhoc::{ConnectionId, EdhocError, ErrorMessage};
use crate::error::{Code, Refusal};
use crate::messages::frame::Frame;
use crate::values::Bytes;

/// A refusal that ends the attempt. Nothing stored has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Why.
    pub code: Code,
    /// The error frame to send (HS-5); absent where the device is not known to wait for one.
    pub frame: Option<Vec<u8>>,
}

/// A refusal after which the attempt goes on.
#[derive(Debug)]
pub struct Refused<S> {
    /// The state, as it was.
    pub state: Box<S>,
    /// Why, and what to send.
    pub failure: Failure,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Refusal(self.code).fmt(f)
    }
}

impl core::error::Error for Failure {}

impl Failure {
    /// A failure that nobody hears of.
    fn silent(code: Code) -> Self {
        Self { code, frame: None }
    }

    /// A failure that the device hears of, by number and no more.
    fn told(to: ConnectionId, code: Code) -> Self {
        Self::with(to, code, &ErrorMessage::of(code.number()))
    }

    /// A failure that EDHOC has words for.
    fn edhoc(to: ConnectionId, error: EdhocError) -> Self {
        Self::with(to, error.entry(), &error.to_message())
    }

    fn with(to: ConnectionId, code: Code, message: &ErrorMessage) -> Self {
        let error = Bytes(message.encode());
        Self {
            code,
            frame: Frame::Error {
                to: to.as_bytes().into(),
                error,
            }
            .to_vec()
            .ok(),
        }
    }
}
