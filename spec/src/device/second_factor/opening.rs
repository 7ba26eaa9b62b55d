//! The way in: the factor server is greeted, and says what it has (protocol.md, section 8.5).

use alloc::vec::Vec;

use super::asking::At;
use super::changing::{done, is_made};
use super::learning::Learned;
use super::{
    Asking, AskingFirst, Entry, Goal, Management, News, Setting, Verifying, Visit, attempts,
    is_current,
};
use crate::device::event::{FactorResult, SecondFactor};
use crate::device::greeting::{check_version, news};
use crate::device::parameters::{Authenticated, Expected};
use crate::device::upgrade;
use crate::device::wallet::{Commit, Update, Wallet};
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

/// biometric-gone is out; waits for the status after it (CHG-7).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Clearing {
    visit: Visit,
    entry: Entry,
}

/// What a status said, and what follows.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Opened {
    /// What the app is told before it is stored as known: told twice is better than never (DEV-19).
    pub news: Vec<News>,
    /// What follows.
    pub next: Commit<Next>,
}

/// What follows a status.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Next {
    /// Nothing is registered: a first PIN.
    First(AskingFirst),
    /// The PIN, or a biometric where one is offered.
    Ask(Asking),
    /// The request again.
    Repeat(Verifying),
    /// The factor server has a `K_bio` that nobody can use: biometric-gone.
    Clear(Clearing),
    /// The change whose answer was lost is made: the visit is over.
    Done(SecondFactor),
    /// The device knows what it came to learn: the visit is over.
    Checked,
    /// Nothing would be evaluated: the visit is over.
    Blocked(SecondFactor),
}

impl FactorGreeting {
    /// EAD_1 (VER-1, HS-11).
    pub fn ead_1(&self) -> Ead1 {
        Ead1 {
            versions: self.versions.clone(),
            purpose: Purpose::Factor,
            server: self.visit.server(),
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
        let server = self.visit.server();
        Expected {
            server,
            kind: ServerKind::Factor,
            known: wallet.server(server),
            link: None,
            trust: self.visit.trust(),
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
        if self.visit.upgrades() && !upgrade::supports(offer.version) {
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
    /// [`Code::UnknownRecord`]: nothing is registered, and nothing may be.
    /// [`Code::FactorNotRegistered`]: biometrics are to be removed, and there are none. The
    /// flow is over.
    pub fn status(self, status: &Verified<Status>, setting: &Setting) -> Result<Opened, Refusal> {
        let Self { mut visit, entry } = self;
        let record = status.record.as_ref();
        let Learned {
            updates,
            news,
            clear,
        } = visit.learn(record);
        let entry = match (entry, record) {
            (Entry::Resolve, Some(record)) if is_made(&visit.goal, &news, record) => {
                let event = done(&visit, status.max_attempts, record);
                let next = Commit::new(updates, Next::Done(event));
                return Ok(Opened { news, next });
            }
            (Entry::Resolve, _) => Entry::Ask(FactorResult::Error),
            (entry, _) => entry,
        };
        if clear {
            let next = Commit::new(updates, Next::Clear(Clearing { visit, entry }));
            return Ok(Opened { news, next });
        }
        let next = follow(visit, entry, status, setting, updates)?;
        Ok(Opened { news, next })
    }

    /// Sets out again.
    pub fn reconnect(self) -> (Visit, Entry) {
        (self.visit, self.entry)
    }
}

impl Clearing {
    /// What every state of the visit knows.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// Takes the status after biometric-gone.
    ///
    /// # Errors
    /// [`Code::Structure`] for a factor server that still has a `K_bio`, and those of
    /// [`Opening::status`]. The flow is over.
    pub fn status(self, status: &Verified<Status>, setting: &Setting) -> Result<Opened, Refusal> {
        let Self { mut visit, entry } = self;
        let learned = visit.learn(status.record.as_ref());
        if learned.clear {
            return Err(Code::Structure.into());
        }
        let next = follow(visit, entry, status, setting, learned.updates)?;
        let news = learned.news;
        Ok(Opened { news, next })
    }

    /// Sets out again.
    pub fn reconnect(self) -> (Visit, Entry) {
        (self.visit, self.entry)
    }
}

/// What the visit was for, now that the record is known.
fn follow(
    visit: Visit,
    entry: Entry,
    status: &Status,
    setting: &Setting,
    mut updates: Vec<Update>,
) -> Result<Commit<Next>, Refusal> {
    let next = match (&visit.goal, &status.record, entry) {
        (Goal::Management(Management::Check), _, _) => Next::Checked,
        (Goal::Management(_), None, _) => return Err(Code::UnknownRecord.into()),
        (Goal::Management(Management::RemoveBiometrics), Some(record), _) if !record.biometrics => {
            return Err(Code::FactorNotRegistered.into());
        }
        (Goal::Assertion(errand), None, entry) => {
            let voucher = errand.voucher.clone().ok_or(Code::UnknownRecord)?;
            let mut visit = visit;
            updates.push(visit.reserve(0)?);
            let result = entry.result();
            Next::First(AskingFirst::new(visit, setting, voucher, status, result))
        }
        // The answer of a repeated request may be a verdict that was lost, blocked or not.
        (_, Some(record), Entry::Repeat(verify))
            if is_current(&verify, status.store_epoch, record) =>
        {
            Next::Repeat(Verifying {
                context: visit.context(),
                visit,
                attempts: attempts(status.max_attempts, record),
                verify,
            })
        }
        (_, Some(record), entry) => {
            let attempts = attempts(status.max_attempts, record);
            let result = entry.result();
            if attempts.blocked() && !visit.offers(setting, record.pin_needed) {
                Next::Blocked(visit.stops(visit.context(), attempts, result))
            } else {
                let at = At {
                    store_epoch: status.store_epoch,
                    generation: record.generation,
                    answered: record.request_number,
                    attempts,
                    pin_needed: record.pin_needed,
                };
                let (update, asking) = Asking::new(visit, setting, at, result)?;
                updates.push(update);
                Next::Ask(asking)
            }
        }
    };
    Ok(Commit::new(updates, next))
}
