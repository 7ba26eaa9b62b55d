//! What a decision asks of the store (protocol.md, section 10).

use super::{Record, UsedVoucher};

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
