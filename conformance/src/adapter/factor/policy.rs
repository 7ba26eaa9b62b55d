//! The operator's policy, as `open`'s configuration has it.

use countersign::factor::{BudgetPolicy, DelayRound, Policy};
use serde_json::Value;

use crate::adapter::{Args, Refusal};

/// Reads `policy`.
///
/// # Errors
/// [`Refusal::Error`] if it is missing or not whole.
pub(super) fn policy(config: &Args) -> Result<Policy, Refusal> {
    let policy = Args(config.object("policy")?.clone());
    let budget = Args(policy.object("budget")?.clone());
    Ok(Policy {
        budget: BudgetPolicy {
            uses: budget.small("uses")?,
            seconds: budget.uint("seconds")?,
        },
        delays: policy.list("delays", round)?,
        biometric_resets: policy.flag("biometric_resets")?,
        biometrics_closed_while_blocked: policy.flag("biometrics_closed_while_blocked")?,
        pin_change_by_biometric: policy.flag("pin_change_by_biometric")?,
    })
}

fn round(value: &Value) -> Result<DelayRound, Refusal> {
    let round = Args(value.as_object().cloned().unwrap_or_default());
    Ok(DelayRound {
        failures: round.small("failures")?,
        wait_s: round.small("wait_s")?,
    })
}
