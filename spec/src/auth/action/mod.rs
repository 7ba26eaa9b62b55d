//! Actions, the challenges behind them, and the tokens that complete them
//! (protocol.md, section 16).
//!
//! ```text
//!  backend ── rule ──► Action ─┬─ allowed, blocked, in review
//!                              └─ challenged ──► Challenge, and a token for the app
//!                                                    │ fetched by the token's holder
//!                          rejected, expired, ◄── Pending ── approved ──► a token for the app
//!                          cancelled: for good                                │ validated by
//!                                                                             ▼ the backend
//!                                                                consumed, for one idempotency key
//! ```
//!
//! Each decision is a pure function of facts, request and time that gives a
//! [`Commit`](super::Commit) or a refusal. A challenge leaves *pending* once, and
//! its approval exists only with a [`Verified`](crate::verified::Verified) answer
//! of the user's device.
//!
//! Never: a token for anything but an approved challenge, a token in a store (its
//! hash is), a second prompt beside the one that the user may be looking at.

mod approval;
mod challenge;
mod prompts;
mod token;
mod tracked;

pub use self::approval::{Answer, ApprovalFacts, decide_approval};
pub use self::challenge::{
    Approved, Challenge, ChallengeState, ChallengeTerms, Grant, NumberMatch, Pending, Rejected,
    Use, Why, cancel, decide_challenge, expire, fetch,
};
pub use self::prompts::{Prompt, Prompts};
pub use self::token::{TokenFacts, Validated, Validation, validate};
pub use self::tracked::{
    Action, ActionFacts, ActionState, ActionTerms, Rule, Ruling, Started, decide_action, review,
};

/// What an auth server's backend allows of challenges.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Limits {
    /// Challenges that one user may be asked within an hour (ACT-7).
    pub challenges_per_hour: u32,
    /// How long nobody asks a user who reported a fraud, in seconds (ACT-8).
    pub cool_down_s: u64,
    /// How long a challenge waits for its answer, in seconds.
    pub challenge_ttl_s: u64,
    /// How long a token waits for its validation, in seconds.
    pub token_ttl_s: u64,
}
