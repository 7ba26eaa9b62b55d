//! A store in memory that commits only over what was read (protocol.md, section 10).

use std::collections::BTreeMap;

use countersign::factor::{Record, UsedVoucher, Write};
use countersign::values::{RecordId, VoucherId};

/// Records and used vouchers, shared by all replicas.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    records: BTreeMap<RecordId, Record>,
    /// Kept for good, which is longer than VCH-6 asks for.
    vouchers: BTreeMap<VoucherId, UsedVoucher>,
}

/// Something that was read has changed: nothing was written.
#[derive(Debug)]
pub(super) struct Conflict;

impl Store {
    pub(super) fn record(&self, id: RecordId) -> Option<&Record> {
        self.records.get(&id)
    }

    pub(super) fn voucher(&self, id: VoucherId) -> Option<&UsedVoucher> {
        self.vouchers.get(&id)
    }

    /// One transaction: all of it or nothing.
    ///
    /// # Errors
    /// [`Conflict`].
    pub(super) fn commit(&mut self, write: &Write) -> Result<(), Conflict> {
        match write {
            Write::Insert { record, voucher } => {
                if self.records.contains_key(&record.id) || self.vouchers.contains_key(&voucher.id)
                {
                    return Err(Conflict);
                }
                self.records.insert(record.id, record.clone());
                self.vouchers.insert(voucher.id, *voucher);
            }
            Write::Replace { expected, record } => {
                let stored = self
                    .records
                    .get_mut(&record.id)
                    .filter(|stored| stored.version == *expected)
                    .ok_or(Conflict)?;
                *stored = record.clone();
            }
        }
        Ok(())
    }
}
