//! The factor server: who is behind the device? (protocol.md, section 8)
//!
//! It keeps one [`Record`] per device: the public key of its PIN and the count
//! of wrong ones. Each decision is a pure function of that record, an
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
//! ```
//!
//! A server, in three steps: it reads the facts that a decision names, calls
//! [`decide_verify`] or [`decide_create`], and hands what comes back to its
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

mod commit;
mod create;
pub mod endpoint;
mod facts;
mod lockout;
mod reply;
mod verify;

#[cfg(test)]
mod tests;

pub use commit::{Commit, Write};
pub use create::{VOUCHER_SKEW_S, decide_create, voucher_to_look_up};
pub use facts::{Answered, Config, Outcome, Record, Requester, UsedVoucher, status};
pub use lockout::{Attempt, Blocked, Lockout};
pub use reply::{AssertionToSign, Reply};
pub use verify::{Decision, decide_verify};
