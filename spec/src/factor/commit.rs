//! What a decision asks of the store (protocol.md, section 10).

use super::{Record, UsedVoucher};
use crate::values::UnixSeconds;

/// One transaction. It commits whole, and only if its condition holds;
/// otherwise nothing is written.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Write {
    /// Insert both, if neither the record's id nor the voucher's is there yet.
    Insert {
        /// The new record.
        record: Record,
        /// The voucher that it used up.
        voucher: UsedVoucher,
    },
    /// Replace the record, if its stored version still is `expected`.
    Replace {
        /// The version that the decision was made on.
        expected: u64,
        /// The record after the decision.
        record: Record,
    },
}

/// What a request comes to, unless it is refused.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is the common one, and short-lived"
)]
pub enum Decision<R> {
    /// What is committed already answers it: nothing to commit.
    Repeat(R),
    /// The answer leaves after the commit.
    Commit(Commit<R>),
}

/// A decision that takes effect when the store commits it, and its reply, which
/// nobody sees before (LCK-1, STO-2).
///
/// After a conflict it is dropped unseen; the caller reads the facts again and
/// decides again on the same request (LCK-2).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[must_use]
pub struct Commit<R> {
    write: Write,
    reply: R,
}

impl<R> Commit<R> {
    pub(super) fn new(write: Write, reply: R) -> Self {
        Self { write, reply }
    }

    /// The record `after` takes the place of `before` at time `now`.
    pub(super) fn replace(before: &Record, after: Record, now: UnixSeconds, reply: R) -> Self {
        let record = Record {
            version: before.version.wrapping_add(1), // only ever compared for equality
            last_time: now,
            ..after
        };
        Self {
            write: Write::Replace {
                expected: before.version,
                record,
            },
            reply,
        }
    }

    /// What the store has to commit.
    pub fn write(&self) -> &Write {
        &self.write
    }

    /// The reply. The caller says by this call that its store has committed
    /// [`write`](Self::write), durably.
    pub fn committed(self) -> R {
        self.reply
    }
}
