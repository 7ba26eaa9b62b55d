//! What may be acted on.

use core::ops::Deref;

/// A value that came with a proof of who said it: a signature that was checked,
/// or a record of an authenticated channel that was opened.
///
/// It is the only way from bytes to a decision, so every transition that acts
/// on a peer's word takes one. Nobody outside of this crate can make one, and
/// inside only [`cose`](crate::cose), the handshake and the channel do.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// Vouches for the value. Call it where the proof was checked, nowhere else.
    pub(crate) fn attest(value: T) -> Self {
        Self(value)
    }

    /// The value, without the proof.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
