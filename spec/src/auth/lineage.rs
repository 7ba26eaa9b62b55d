//! Clone detection (protocol.md, section 7.1).
//!
//! A device and its copy say the same until one of them is answered. From then
//! on the other's counter or rolling value is behind, and its next statement
//! shows it. A message that was lost or came late is not mistaken for that.

use serde::{Deserialize, Serialize};

use crate::registry::seconds;
use crate::values::{Rolling, UnixSeconds};

/// What an account's device said last and what it was told.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Lineage {
    /// The next statement has to follow on from this.
    Followed(Followed),
    /// A freeze was lifted: the next statement that began later is taken as it comes.
    Open {
        /// When it was.
        since: UnixSeconds,
    },
}

/// The last statement that was accepted, and the values that may follow it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Followed {
    /// The counter of that statement.
    pub counter: u64,
    /// When it was accepted.
    pub accepted_at: UnixSeconds,
    /// The last value that the device is known to have received.
    pub current: Rolling,
    /// The value that it was sent since.
    pub next: Rolling,
}

/// The part of a statement that clone detection looks at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Step {
    /// The statement's counter.
    pub counter: u64,
    /// The statement's rolling value.
    pub rolling: Rolling,
    /// When its handshake began: message_1 came.
    pub began: UnixSeconds,
}

/// What a [`Step`] shows.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Finding {
    /// It follows on; this is what the next one has to follow.
    Follows(Lineage),
    /// It was overtaken by a later statement of the same device.
    Late,
    /// There are two devices.
    Diverged,
}

impl Lineage {
    /// The lineage of a device that has just been given its first value, `first`.
    ///
    /// It stands for both, current and next: whether the device received it
    /// shows with its first statement, and there is no earlier one to fall back on.
    pub fn begin(first: Rolling, now: UnixSeconds) -> Self {
        Self::Followed(Followed {
            counter: 0,
            accepted_at: now,
            current: first,
            next: first,
        })
    }

    /// The value to tell a device whose answer may have been lost, and that asks again without a
    /// statement that is followed (ENR-2, HEADLESS-2). It is the one that it was told: whichever of
    /// the answers arrives, its next statement follows. `drawn` is told where none is expected.
    pub fn told_again(&self, drawn: Rolling) -> Rolling {
        match self {
            Self::Followed(last) => last.next,
            Self::Open { .. } => drawn,
        }
    }

    /// Judges a statement. `drawn` is the value to send if it follows on.
    pub fn judge(&self, step: Step, drawn: Rolling, now: UnixSeconds) -> Finding {
        let last = match self {
            Self::Followed(last) => last,
            // CLN-6: it was under way when the account was frozen. To follow it would freeze the
            // account again, by what its device says next.
            Self::Open { since } if step.began.plus(seconds::SKEW) < *since => {
                return Finding::Late;
            }
            Self::Open { .. } => {
                return Finding::Follows(Self::Followed(Followed {
                    counter: step.counter,
                    accepted_at: now,
                    current: step.rolling,
                    next: drawn,
                }));
            }
        };
        // CLN-3: "refuse a counter that is not above the last it accepted, and freeze the
        // account if that handshake began more than 60 s after the acceptance". One that began
        // before was overtaken on its way, and two servers' clocks need not agree on which it is.
        if step.counter <= last.counter {
            return if step.began > last.accepted_at.plus(seconds::SKEW) {
                Finding::Diverged
            } else {
                Finding::Late
            };
        }
        // CLN-4: `next` shows that the last answer arrived, `current` that it was lost.
        if step.rolling != last.next && step.rolling != last.current {
            return Finding::Diverged;
        }
        Finding::Follows(Self::Followed(Followed {
            counter: step.counter,
            accepted_at: now.max(last.accepted_at),
            current: step.rolling,
            next: drawn,
        }))
    }
}
