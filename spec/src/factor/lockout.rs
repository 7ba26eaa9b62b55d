//! The count of wrong PINs, and leave to evaluate one more (protocol.md, section 8.3, LCK-*).

use core::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::messages::factor::FactorProof;
use crate::values::UnixSeconds;
use crate::verified::Verified;

/// How many wrong PINs were evaluated since the last reset, and when the last.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Lockout {
    /// Wrong PINs since the last reset.
    pub failed_attempts: u32,
    /// When the last of them was evaluated; the beginning of time while there is none.
    pub last_failure: UnixSeconds,
}

/// Leave to evaluate one PIN. It is spent by saying how that went, so no
/// evaluation goes uncounted.
#[derive(PartialEq, Eq, Debug)]
#[must_use]
pub struct Attempt {
    lockout: Lockout,
}

/// No PIN is evaluated, right or wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Blocked;

impl Lockout {
    /// Whether PIN entry is blocked. Above `max_attempts` the count can only be
    /// where the server's operator has lowered the maximum.
    pub fn is_blocked(self, max_attempts: NonZeroU32) -> bool {
        self.failed_attempts >= max_attempts.get()
    }

    /// Asks for leave to evaluate a PIN.
    ///
    /// # Errors
    /// [`Blocked`] (LCK-5).
    pub fn admit(self, max_attempts: NonZeroU32) -> Result<Attempt, Blocked> {
        if self.is_blocked(max_attempts) {
            return Err(Blocked);
        }
        Ok(Attempt { lockout: self })
    }

    /// The count after a proof that resets it.
    pub fn reset(_: &Verified<FactorProof>) -> Self {
        Self::default()
    }

    /// What a restored store leaves: one attempt at most (RES-1).
    pub(super) fn restored(self, max_attempts: NonZeroU32) -> Self {
        Self {
            failed_attempts: self.failed_attempts.max(max_attempts.get() - 1),
            ..self
        }
    }
}

impl Attempt {
    /// The PIN was wrong: exactly one more (LCK-3).
    pub fn wrong(self, now: UnixSeconds) -> Lockout {
        Lockout {
            failed_attempts: self.lockout.failed_attempts.saturating_add(1),
            last_failure: now,
        }
    }

    /// The PIN was right, as its proof shows: none (LCK-4).
    pub fn right(self, proof: &Verified<FactorProof>) -> Lockout {
        Lockout::reset(proof)
    }
}
