//! What a store out of a backup may still be trusted with (protocol.md, section 8.9, RES-*).

use super::{Budget, Config, Record};

impl Record {
    /// The record as this epoch of the store takes it. One that an earlier epoch wrote came out
    /// of a backup, which has forgotten what was used since: it keeps one attempt at most, no
    /// budget and no verification under way. Any other stays as it is, and one of a *later*
    /// epoch shows that this replica's configuration is old: decisions refuse it (FAC-11).
    #[must_use]
    pub fn adopted(&self, config: &Config) -> Self {
        if self.store_epoch >= config.store_epoch {
            return self.clone();
        }
        Self {
            store_epoch: config.store_epoch,
            lockout: self.lockout.restored(config.max_attempts),
            budget: Budget::Spent,
            verified: None,
            ..self.clone()
        }
    }
}
