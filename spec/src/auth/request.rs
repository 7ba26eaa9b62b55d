//! What a decision knows of a handshake.

use super::assertion::presented_id;
use crate::crypto::PublicKey;
use crate::messages::handshake::Statement;
use crate::registry::Purpose;
use crate::values::{AssertionId, SessionId, Transcript, UnixSeconds};
use crate::verified::Verified;

/// A statement whose signature verified, and the handshake that it came in.
///
/// It can be decided on any number of times, as a conflict in the store demands;
/// at most one of the commits succeeds.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Request {
    /// EAD_3.
    pub statement: Verified<Statement>,
    /// The key that Signature_3 verified with (HS-13).
    pub key: PublicKey,
    /// What EAD_1 asked for.
    pub purpose: Purpose,
    /// The session or enrolment that EAD_1 claimed, with a proof that was right; none for
    /// a purpose that claims none.
    pub session: Option<SessionId>,
    /// What both sides saw of the handshake.
    pub transcript: Transcript,
    /// When message_1 came.
    pub began: UnixSeconds,
}

impl Request {
    /// The id of the assertion that came with the statement, to be looked up in
    /// the store before the decision. Nothing of it has been checked.
    pub fn assertion_id(&self) -> Option<AssertionId> {
        presented_id(self.statement.assertion.as_ref()?)
    }
}
