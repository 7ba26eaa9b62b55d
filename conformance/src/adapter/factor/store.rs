//! A store in memory that commits only over what was read (protocol.md, section 10).

use std::collections::BTreeMap;

use countersign::factor::{Record, UsedVoucher, VOUCHER_SKEW_S, Write};
use countersign::values::{RecordId, UnixSeconds, VoucherId};

use super::fault::Fault;

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

    /// Forgets the vouchers whose expiry has come, although their skew is not over (VCH-6).
    pub(super) fn forget(&mut self, now: UnixSeconds) {
        self.vouchers
            .retain(|_, used| now.plus(VOUCHER_SKEW_S) < used.forget_at);
    }

    /// One transaction: all of it or nothing. The checks of the store may be what a fault leaves out.
    ///
    /// # Errors
    /// [`Conflict`].
    pub(super) fn commit(&mut self, write: &Write, fault: Option<Fault>) -> Result<(), Conflict> {
        let blind = fault == Some(Fault::CompareAndSwap);
        match write {
            Write::Insert { record, voucher } => {
                let exists = self.records.contains_key(&record.id);
                let used = self.vouchers.contains_key(&voucher.id);
                let conflict = exists && fault != Some(Fault::RecordExists)
                    || used && fault != Some(Fault::VoucherUsed);
                if conflict && !blind {
                    return Err(Conflict);
                }
                self.records.insert(record.id, record.clone());
                self.vouchers.insert(voucher.id, *voucher);
            }
            Write::Replace { expected, record } => {
                let stored = self.records.get(&record.id);
                let invented = stored.is_none() && fault == Some(Fault::UnknownRecord);
                let unchanged = stored.is_some_and(|stored| stored.version == *expected);
                if !(unchanged || invented || blind) {
                    return Err(Conflict);
                }
                self.records.insert(record.id, record.clone());
            }
        }
        Ok(())
    }
}
