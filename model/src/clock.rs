//! What the clocks show.
//!
//! The transitions compare times with each other and never with anything else,
//! so a few fixed ones stand for all. Clocks of replicas disagree by
//! [`APART_S`], for ever: whoever relies on one replica's clock being ahead of
//! another's last word is found out without a step of time in the state.

use countersign::values::UnixSeconds;

/// What the first replica's clock shows.
pub const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
/// How many seconds each further replica is behind the one before it.
pub const APART_S: u64 = 5;

/// What the clock of `replica` shows.
pub fn of_replica(replica: usize) -> UnixSeconds {
    UnixSeconds(NOW.0 - APART_S * replica as u64)
}
