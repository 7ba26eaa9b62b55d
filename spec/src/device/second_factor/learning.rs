//! What a status tells of changes whose outcome was not known, and of biometrics
//! (protocol.md, sections 8.8 and 9.1).
//!
//! The factor server is right. A PIN is live by its generation. A `K_bio` that the server
//! does not have is forgotten here; one that the server has and this device does not is
//! taken away there, by biometric-gone.

use alloc::vec::Vec;

use super::Visit;
use crate::device::wallet::{Factors, Pending, Update};
use crate::messages::factor::RecordStatus;

/// What has changed about the factors of this device, as the factor server has it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum News {
    /// The new PIN is live, and the old one is not.
    NewPin,
    /// The old PIN is live: the change did not happen.
    OldPin,
    /// Biometrics are registered.
    BiometricsAdded,
    /// They are not any more.
    BiometricsGone,
}

/// What was learned, and what is to be stored.
pub(super) struct Learned {
    pub(super) updates: Vec<Update>,
    pub(super) news: Vec<News>,
    /// The factor server has a `K_bio` that nobody can use.
    pub(super) clear: bool,
}

impl Visit {
    /// Learns what the record says; there may be none.
    pub(super) fn learn(&mut self, record: Option<&RecordStatus>) -> Learned {
        let before = &self.registration.factors;
        let (factors, news) = resolve(before, record);
        let clear = factors.biometric.is_none() && record.is_some_and(|record| record.biometrics);
        let mut updates = Vec::new();
        if *before != factors {
            updates.push(Update::Factors {
                server: self.server(),
                factors: factors.clone(),
            });
            self.registration.factors = factors;
        }
        Learned {
            updates,
            news,
            clear,
        }
    }

    /// The `K_bio` of this device is of no use any more.
    pub(super) fn forget(&mut self) -> Update {
        self.registration.factors.biometric = None;
        self.know()
    }

    /// A change is about to be sent.
    pub(super) fn expect(&mut self, pending: Pending) -> Update {
        self.registration.factors.pending = Some(pending);
        self.know()
    }

    fn know(&self) -> Update {
        Update::Factors {
            server: self.server(),
            factors: self.registration.factors.clone(),
        }
    }
}

fn resolve(before: &Factors, record: Option<&RecordStatus>) -> (Factors, Vec<News>) {
    let registered = record.is_some_and(|record| record.biometrics);
    let generation = record.map_or(0, |record| record.generation);
    let mut news = Vec::new();
    let mut biometric = before.biometric;
    let mut added = None;
    match before.pending {
        Some(Pending::Pin {
            generation: begins,
            biometric: with,
        }) => {
            if generation >= begins {
                news.push(News::NewPin);
                added = with;
            } else {
                news.push(News::OldPin);
            }
        }
        Some(Pending::Biometric(key)) => match biometric {
            None => added = Some(key),
            // Which of two keys the server has, no status says: neither serves.
            Some(_) => biometric = None,
        },
        None => {}
    }
    if registered && added.is_some() {
        news.push(News::BiometricsAdded);
        biometric = added;
    }
    if !registered {
        biometric = None;
    }
    if before.biometric.is_some() && biometric.is_none() {
        news.push(News::BiometricsGone);
    }
    let factors = Factors {
        biometric,
        pending: None,
    };
    (factors, news)
}
