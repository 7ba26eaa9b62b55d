//! The handshake: EDHOC (RFC 9528), method 0, cipher suite 6, both roles
//! (protocol.md, section 5).
//!
//! ```text
//! Initiator (device)                                Responder (server)
//!
//! Initiator
//!    │ message_1      METHOD, SUITES_I, G_X, C_I, EAD_1
//!    ├─────────────────────────────────────────────────►  receive
//! AwaitMessage2                                         Message1
//!    │                                                     │ prepare
//!    │                                                  Message2ToSign
//!    │                                                     │ signed
//!    │      G_Y, Enc(C_R, ID_CRED_R, Signature_2, EAD_2)   │ message_2
//! open ◄───────────────────────────────────────────────────┤
//! Message2Opened                                        AwaitMessage3
//!    │ verify                                              │
//! Message2Verified                                         │
//!    │ prepare                                             │
//! Message3ToSign                                           │
//!    │ signed                                              │
//!    │ message_3      AEAD(ID_CRED_I, Signature_3, EAD_3)  │
//!    ├─────────────────────────────────────────────────►  open
//!    │                                                  Message3Opened
//!    │                                                     │ verify
//! Established                                           Established
//! ```
//!
//! Every state is a type that holds what is true in it and nothing else; a
//! transition consumes it. The suite is A128GCM, SHA-256, X25519 and ES256, so
//! signatures are ECDSA over P-256 with either value of s ([`SRule::Any`]).
//! The profile leaves out what the RFC leaves to profiles: message_4, methods 1
//! to 3, plaintexts of message_2 over 8,160 bytes, and all credentials but
//! [`Credential`].
//!
//! No private authentication key is ever here: what must be signed comes out
//! of a state (`tbs`), and the signature goes into it (`signed`). No random
//! number is drawn here: the ephemeral key's entropy is an argument. Nothing is
//! authenticated before a `verify`; until then it is called *opened*.
//!
//! [`SRule::Any`]: crate::crypto::SRule::Any

mod connection;
mod credential;
mod ead;
mod error;
mod established;
mod initiator;
mod proof;
mod responder;
pub mod schedule;
mod sequence;
#[cfg(test)]
pub(crate) mod tests;

pub use self::connection::ConnectionId;
pub use self::credential::{Credential, IdCred};
pub use self::ead::EadError;
pub use self::error::{EdhocError, ErrorMessage, Refused};
pub use self::established::{Established, Side};
pub use self::initiator::{
    AwaitMessage2, Initiator, Message2Opened, Message2Verified, Message3ToSign, initiate,
};
pub use self::responder::{AwaitMessage3, Message1, Message2ToSign, Message3Opened, receive};
pub(crate) use self::sequence::Sequence;

use crate::crypto::sha256;
use crate::registry::limit;
use crate::values::Transcript;

/// METHOD: both sides sign.
pub const METHOD: i64 = 0;
/// The cipher suite: A128GCM, SHA-256, X25519, ES256 (RFC 9528, section 10.2).
pub const SUITE: i64 = 6;

/// The length in bytes of the longest message_1 and message_3.
pub const MESSAGE_LIMIT_BYTES: usize = limit::HANDSHAKE;
/// The length in bytes of the longest message_2: a head, G_Y and PLAINTEXT_2.
pub const MESSAGE_2_LIMIT_BYTES: usize = 3 + 32 + limit::PLAINTEXT_2;

/// The transcript: SHA-256 of CBOR `[message_1, message_2]`, both as byte strings.
///
/// It fixes all that TH_3 fixes, and any EDHOC library shows what it takes.
fn transcript(message_1: &[u8], message_2: &[u8]) -> Transcript {
    let messages = Sequence::new().array(2).bytes(message_1).bytes(message_2);
    Transcript(sha256(&[&messages.into_vec()]))
}
