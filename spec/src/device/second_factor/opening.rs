//! The way in: the factor server is greeted, and says what it has (protocol.md, section 8.5).

use alloc::vec::Vec;

use super::{Asking, AskingFirst, Entry, Verifying, Visit, attempts, is_current};
use crate::device::event::{Attempts, FactorContext, SecondFactor};
use crate::device::greeting::{check_version, news};
use crate::device::parameters::{Authenticated, Expected};
use crate::device::upgrade;
use crate::device::wallet::{Commit, Trust, Wallet};
use crate::error::{Code, Refusal};
use crate::messages::factor::Status;
use crate::messages::handshake::{Ead1, Ead2, Statement};
use crate::registry::{Purpose, ServerKind};
use crate::values::Version;
use crate::verified::Verified;

/// Waits for message_2.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FactorGreeting {
    pub(super) visit: Visit,
    pub(super) versions: Vec<Version>,
    pub(super) epoch: Option<u32>,
    pub(super) entry: Entry,
}

/// Knows the factor server; waits for its status.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Opening {
    pub(super) visit: Visit,
    pub(super) entry: Entry,
}

/// What follows the status.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Opened {
    /// Nothing is registered: a first PIN.
    First(Commit<AskingFirst>),
    /// The PIN.
    Verify(Commit<Asking>),
    /// The request again.
    Repeat(Verifying),
    /// No PIN would be evaluated: the visit is over.
    Blocked(SecondFactor),
}

impl FactorGreeting {
    /// EAD_1 (VER-1, HS-11).
    pub fn ead_1(&self) -> Ead1 {
        Ead1 {
            versions: self.versions.clone(),
            purpose: Purpose::Factor,
            server: self.visit.errand.factor_server,
            epoch: self.epoch,
            claim: None,
        }
    }

    /// What EAD_3 says to a factor server: nothing but the purpose.
    pub fn statement(&self) -> Statement {
        Statement::bare(Purpose::Factor)
    }

    /// What every state of the visit knows.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// Whom to [`authenticate`](crate::device::authenticate) (DEV-10).
    pub fn expected<'w>(&self, wallet: &'w Wallet) -> Expected<'w> {
        let server = self.visit.errand.factor_server;
        Expected {
            server,
            kind: ServerKind::Factor,
            known: wallet.server(server),
            link: None,
            trust: Trust::NamedBy(self.visit.errand.audience),
        }
    }

    /// The factor server is authenticated; message_3 goes out at once.
    ///
    /// # Errors
    /// [`Code::WrongVersion`] (VER-3), [`Code::UpgradeUnsupported`] (HEADLESS-4),
    /// [`Code::EadRefused`] (HS-11). The flow is over.
    pub fn greeted(
        self,
        offer: &Verified<Ead2>,
        server: &Authenticated,
        wallet: &Wallet,
    ) -> Result<Commit<Opening>, Refusal> {
        check_version(offer.version, &self.versions, &server.parameters().versions)?;
        // HEADLESS-4: before message_3, and so before the factor server has done anything.
        if self.visit.errand.purpose == Purpose::Upgrade && !upgrade::supports(offer.version) {
            return Err(Code::UpgradeUnsupported.into());
        }
        if offer.announce.is_some()
            || offer.account.is_some()
            || offer.policy.is_some()
            || offer.voucher.is_some()
        {
            return Err(Code::EadRefused.into());
        }
        Ok(Commit::new(
            news(wallet, server),
            Opening {
                visit: self.visit,
                entry: self.entry,
            },
        ))
    }

    /// Sets out again.
    pub fn reconnect(self) -> (Visit, Entry) {
        (self.visit, self.entry)
    }
}

impl Opening {
    /// What every state of the visit knows.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// Takes the factor server's status.
    ///
    /// # Errors
    /// [`Code::UnknownRecord`]: nothing is registered, and nothing may be. The flow is over.
    pub fn status(self, status: &Verified<Status>) -> Result<Opened, Refusal> {
        let Self { mut visit, entry } = self;
        let Some(record) = &status.record else {
            let voucher = visit.errand.voucher.clone().ok_or(Code::UnknownRecord)?;
            let attempts = Attempts {
                max: status.max_attempts,
                failed: 0,
                blocked: false,
                delay_s: 0,
            };
            let update = visit.reserve(0)?;
            let result = entry.result();
            let store_epoch = status.store_epoch;
            let next = AskingFirst {
                visit,
                voucher,
                store_epoch,
                attempts,
                result,
            };
            return Ok(Opened::First(Commit::new(alloc::vec![update], next)));
        };
        let attempts = attempts(status.max_attempts, record);
        let result = match entry {
            // The answer of a repeated request may be a verdict that was lost, blocked or not.
            Entry::Repeat(verify) if is_current(&verify, status.store_epoch, record) => {
                let context = FactorContext::Verify;
                return Ok(Opened::Repeat(Verifying {
                    visit,
                    context,
                    attempts,
                    verify,
                }));
            }
            entry => entry.result(),
        };
        if attempts.blocked() {
            let event = visit.event(FactorContext::Verify, attempts, result, false);
            return Ok(Opened::Blocked(event));
        }
        let update = visit.reserve(record.request_number)?;
        let (store_epoch, generation) = (status.store_epoch, record.generation);
        let next = Asking {
            visit,
            store_epoch,
            generation,
            attempts,
            result,
        };
        Ok(Opened::Verify(Commit::new(alloc::vec![update], next)))
    }

    /// Sets out again.
    pub fn reconnect(self) -> (Visit, Entry) {
        (self.visit, self.entry)
    }
}
