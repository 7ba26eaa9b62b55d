//! The factor server: who is behind the device? (protocol.md, section 8)
//!
//! It keeps one [`Record`] per device: the public keys of its PIN and of its biometrics, and the
//! count of wrong PINs. Each decision is a pure function of that record, an
//! authenticated request and the time.
//!
//! ```text
//!            CREATE under a voucher
//!                     │
//!                     ▼    right PIN: failedAttempts = 0
//!                   Open ◄──────────┐
//!                   │  └────────────┘ wrong PIN: failedAttempts + 1 < maxAttempts
//!                   │ wrong PIN: failedAttempts + 1 = maxAttempts
//!                   ▼
//!                Blocked: no PIN is evaluated
//!                   │ right biometric within its budget: failedAttempts = 0
//!                   └──────────► Open
//! ```
//!
//! A server, in three steps: it reads the facts that a decision names, calls
//! [`decide_verify`], [`decide_create`] or another `decide_`, and hands what comes back to its
//! store. The answer is inside the [`Commit`] and comes out when the caller
//! says that its store has committed. On a conflict it drops the commit and all
//! three steps are done again. A [`Refusal`](crate::error::Refusal) stores
//! nothing and counts nothing.
//!
//! What never happens here: no PIN is seen, only signatures; nothing is
//! evaluated before it is known to be fresh, current and not blocked; nothing
//! but a wrong PIN adds to the count; nothing but a verified proof resets it.
//!
//! Facts and decisions are here; [`endpoint`] puts bytes on both sides of them.

mod budget;
mod change;
mod commit;
mod create;
pub mod endpoint;
mod evaluate;
mod facts;
mod lockout;
mod policy;
mod possession;
mod reply;
mod restore;
mod status;
mod verify;

#[cfg(test)]
mod tests;

pub use budget::{Budget, OverBudget, Use};
pub use change::{
    Management, Operation, decide_add_biometric, decide_biometric_gone, decide_remove_biometric,
    decide_set_pin,
};
pub use commit::{Commit, Decision, Write};
pub use create::{VOUCHER_SKEW_S, decide_create, voucher_to_look_up};
pub use facts::{Answered, Asserted, Config, Outcome, Record, Requester, UsedVoucher};
pub use lockout::{Attempt, Blocked, Lockout};
pub use policy::{BudgetPolicy, DelayRound, Policy};
pub use reply::{AssertionToSign, Reply};
pub use status::{decide_status, status};
pub use verify::decide_verify;
