//! What an operator decides about factors. An auth server's policy can only restrict it further.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Lockout;
use crate::values::UnixSeconds;

/// The same on every replica.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// How far biometrics go without a PIN.
    pub budget: BudgetPolicy,
    /// After how many wrong PINs the next has to wait. Empty for no delays.
    pub delays: Vec<DelayRound>,
    /// Whether a biometric sets failedAttempts to zero, and so unblocks PIN entry.
    pub biometric_resets: bool,
    /// Whether no biometric is accepted either while PIN entry is blocked.
    pub biometrics_closed_while_blocked: bool,
    /// Whether a biometric is enough to set a new PIN.
    pub pin_change_by_biometric: bool,
}

/// How far biometrics go without a PIN. With both limits off nothing bounds the number of
/// guesses that lie between two right PINs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct BudgetPolicy {
    /// Biometrics between two PINs; 0 is off.
    pub uses: u32,
    /// Seconds after the last PIN; 0 is off.
    pub seconds: u64,
}

/// From `failures` wrong PINs on, the next waits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct DelayRound {
    /// Wrong PINs since the last reset.
    pub failures: u32,
    /// Seconds after the last of them.
    pub wait_s: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            budget: BudgetPolicy::default(),
            delays: Vec::new(),
            biometric_resets: true,
            biometrics_closed_while_blocked: false,
            pin_change_by_biometric: false,
        }
    }
}

impl Default for BudgetPolicy {
    fn default() -> Self {
        Self {
            uses: 30,
            seconds: 30 * 24 * 60 * 60,
        }
    }
}

impl Policy {
    /// Seconds until the next PIN is evaluated: a function of the failures, the last one and now.
    /// Of the rounds that have been reached the one with the most failures counts.
    pub fn delay_s(&self, lockout: Lockout, now: UnixSeconds) -> u32 {
        let reached = self.delays.iter();
        let reached = reached.filter(|round| round.failures <= lockout.failed_attempts);
        let wait_s = match reached.max_by_key(|round| round.failures) {
            Some(round) if lockout.failed_attempts > 0 => round.wait_s,
            _ => 0,
        };
        let waited = now.since(lockout.last_failure);
        u32::try_from(u64::from(wait_s).saturating_sub(waited)).unwrap_or(wait_s)
    }
}
