//! How often biometrics have stood in for the PIN (protocol.md, section 8.7, BUD-*).

use serde::{Deserialize, Serialize};

use super::policy::BudgetPolicy;
use crate::messages::factor::FactorProof;
use crate::values::UnixSeconds;
use crate::verified::Verified;

/// What a record has used of its budget.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Budget {
    /// Since the last PIN.
    Since {
        /// When the PIN was last right, or set first.
        last_pin: UnixSeconds,
        /// Biometrics since.
        uses_without_pin: u32,
    },
    /// Nothing is known of what was used, so all was: the next factor is the PIN.
    Spent,
}

/// Leave to evaluate one biometric.
#[derive(PartialEq, Eq, Debug)]
#[must_use]
pub struct Use {
    last_pin: UnixSeconds,
    uses_without_pin: u32,
}

/// The next factor is the PIN.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct OverBudget;

impl Budget {
    /// A PIN was set.
    pub(super) fn at_first_pin(now: UnixSeconds) -> Self {
        Self::Since {
            last_pin: now,
            uses_without_pin: 0,
        }
    }

    /// The PIN was right, as its proof shows.
    pub fn after_pin(_: &Verified<FactorProof>, now: UnixSeconds) -> Self {
        Self::at_first_pin(now)
    }

    /// Asks for leave to evaluate a biometric: `uses` are allowed, the next needs the PIN, and so
    /// does one that comes `seconds` after the last PIN or later. `now` never goes back (FAC-8).
    ///
    /// # Errors
    /// [`OverBudget`] (BUD-1, BUD-2).
    pub fn admit(self, policy: BudgetPolicy, now: UnixSeconds) -> Result<Use, OverBudget> {
        let Self::Since {
            last_pin,
            uses_without_pin,
        } = self
        else {
            return Err(OverBudget);
        };
        let often = policy.uses > 0 && uses_without_pin >= policy.uses;
        let long = policy.seconds > 0 && now.since(last_pin) >= policy.seconds;
        if often || long {
            return Err(OverBudget);
        }
        Ok(Use {
            last_pin,
            uses_without_pin,
        })
    }
}

impl Use {
    /// The biometric was right: one more without the PIN.
    pub fn right(self, _: &Verified<FactorProof>) -> Budget {
        Budget::Since {
            last_pin: self.last_pin,
            uses_without_pin: self.uses_without_pin.saturating_add(1),
        }
    }
}
