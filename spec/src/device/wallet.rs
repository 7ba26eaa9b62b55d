//! What a device stores: servers, accounts, its registrations at factor servers.
//!
//! None of it is secret and none of it tells a right PIN from a wrong one
//! (PIN-3): keys stand here by their public halves, which name the handles in
//! the phone's keystore. Facts leave the transitions as [`Update`]s inside a
//! [`Commit`], which the app's storage makes durable first.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::crypto::PublicKey;
use crate::messages::parameters::Parameters;
use crate::registry::Level;
use crate::values::{AccountId, Digest, RecordId, Rolling, ServerId, SessionId};

/// Everything that is stored.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Wallet {
    /// The servers whose parameters were authenticated once, auth servers and factor servers.
    pub servers: Vec<KnownServer>,
    /// The accounts, in the order of their enrolment.
    pub accounts: Vec<Account>,
    /// One registration for each factor server.
    pub registrations: Vec<Registration>,
    /// An enrolment whose outcome is not known yet.
    pub enrolling: Option<Enrolling>,
    /// A headless account whose creation is not known to be complete.
    pub creating: Option<Creating>,
}

/// A server as the device knows it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct KnownServer {
    /// Its authenticated parameters, the newest ones seen.
    pub parameters: Parameters,
    /// The parameters hash.
    pub hash: Digest,
    /// How many successions of its identity key lie behind the present one.
    pub sequence: u32,
    /// How the first trust in it came about.
    pub trust: Trust,
}

/// How the trust in a server was established. The server id, which is the hash
/// of a key, is behind each; this says who vouched for the id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Trust {
    /// It came with the app.
    Pinned,
    /// An enrolment link named the server and the hash of its parameters.
    Link,
    /// A factor server: the signed parameters of this auth server named it.
    NamedBy(ServerId),
}

/// One account at one auth server.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Account {
    /// The auth server.
    pub server: ServerId,
    /// The account's id there.
    pub id: AccountId,
    /// The user's name, as the auth server has it.
    pub user_name: String,
    /// Whether it has a second factor.
    pub level: Level,
    /// The public key of `K_dev`.
    pub key: PublicKey,
    /// `K_act`, where the account has one: the key that answers challenges (CRD-4).
    pub approval_key: Option<PublicKey>,
    /// A new `K_dev`, while it is not known whether the server has it already (CRD-10).
    pub successor: Option<PublicKey>,
    /// The clone counter of the last statement that was prepared.
    pub counter: u64,
    /// The rolling value that the server gave last.
    pub rolling: Rolling,
    /// Whether a fresh factor is due: an app session began, and none was settled after it
    /// (APP-17). It outlives the app, which forgets the session itself.
    pub factor_due: bool,
}

/// The device at one factor server; all its accounts share it, and so one PIN.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Registration {
    /// The factor server.
    pub server: ServerId,
    /// The public key of `K_dsf`.
    pub key: PublicKey,
    /// The last request number that was reserved, zero for none.
    pub request_number: u64,
    /// The factors there, besides the PIN that lives.
    pub factors: Factors,
}

/// What the device knows of its factors at one factor server.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Factors {
    /// The public key of `K_bio`, if one is registered that can sign.
    pub biometric: Option<PublicKey>,
    /// A change that was sent, of which the outcome is not known yet.
    pub pending: Option<Pending>,
}

/// A change of the record that may have happened (section 8.8).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Pending {
    /// A new PIN, and a `K_bio` if one was given with it.
    Pin {
        /// The generation that it begins.
        generation: u32,
        /// The public key of `K_bio`.
        biometric: Option<PublicKey>,
    },
    /// This `K_bio` beside the PIN.
    Biometric(PublicKey),
}

/// An enrolment that was confirmed. Its key is kept until the outcome is
/// known, because the server may have bound the enrolment to it (ENR-2).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Enrolling {
    /// The enrolment.
    pub session: SessionId,
    /// The public key of the new `K_dev`.
    pub key: PublicKey,
    /// The new `K_act`, where the app has made one (CRD-3).
    pub approval_key: Option<PublicKey>,
}

/// A headless account that is being created. Its key is kept until the account is known,
/// because the server may have created it already (HEADLESS-2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Creating {
    /// The auth server.
    pub server: ServerId,
    /// The public key of the new `K_dev`.
    pub key: PublicKey,
}

/// One change of the [`Wallet`]. Applied twice, it changes nothing more.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Update {
    /// Newer parameters, or a server met for the first time.
    Server(Box<KnownServer>),
    /// A registration at a factor server begins.
    Registered(Registration),
    /// An enrolment was confirmed under this key.
    Enrolling(Enrolling),
    /// A headless account is being created under this key.
    Creating(Creating),
    /// An account is complete, in place of what [`Update::Enrolling`] or
    /// [`Update::Creating`] noted.
    Enrolled(Account),
    /// The counter of the statement about to be made (CLN-1).
    Counter {
        /// The auth server.
        server: ServerId,
        /// The account there.
        account: AccountId,
        /// The counter.
        counter: u64,
    },
    /// What the server settled.
    Rolling {
        /// The auth server.
        server: ServerId,
        /// The account there.
        account: AccountId,
        /// The rolling value of the next statement.
        rolling: Rolling,
    },
    /// A headless account has a second factor now. It never loses it again (HEADLESS-9).
    Upgraded {
        /// The auth server.
        server: ServerId,
        /// The account there.
        account: AccountId,
        /// What the server calls its user.
        user_name: String,
        /// The rolling value of the next statement.
        rolling: Rolling,
    },
    /// A rotation to this key begins (CRD-10).
    Rotating {
        /// The auth server.
        server: ServerId,
        /// The account there.
        account: AccountId,
        /// The new `K_dev`.
        key: PublicKey,
    },
    /// The server has this key for the account, and the one before is good for nothing.
    Rotated {
        /// The auth server.
        server: ServerId,
        /// The account there.
        account: AccountId,
        /// The new `K_dev`.
        key: PublicKey,
    },
    /// The server will never have this key for the account.
    NotRotated {
        /// The auth server.
        server: ServerId,
        /// The account there.
        account: AccountId,
        /// The key that was refused.
        key: PublicKey,
    },
    /// The account is gone.
    Deleted {
        /// The auth server.
        server: ServerId,
        /// The account that was there.
        account: AccountId,
    },
    /// Whether a fresh factor is due for an account (APP-17).
    FactorDue {
        /// The auth server.
        server: ServerId,
        /// The account there.
        account: AccountId,
        /// Whether it is.
        due: bool,
    },
    /// A number is reserved for the next request to a factor server (FAC-7).
    RequestNumber {
        /// The factor server.
        server: ServerId,
        /// The number.
        number: u64,
    },
    /// What the device knows of its factors has changed, or is about to.
    Factors {
        /// The factor server.
        server: ServerId,
        /// What it knows now.
        factors: Factors,
    },
}

/// A next state that may be entered once its updates are durable.
///
/// The state, and with it everything that would be sent, is reachable only
/// through [`committed`](Self::committed).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[must_use]
pub struct Commit<T> {
    updates: Vec<Update>,
    next: T,
}

impl<T> Commit<T> {
    pub(super) fn new(updates: Vec<Update>, next: T) -> Self {
        Self { updates, next }
    }

    /// What the device has to store, in this order.
    pub fn updates(&self) -> &[Update] {
        &self.updates
    }

    /// The next state. The caller says by this call that its storage has made
    /// [`updates`](Self::updates) durable, or will before anything leaves the device.
    pub fn committed(self) -> T {
        self.next
    }
}

impl Wallet {
    /// The server of this id.
    pub fn server(&self, server: ServerId) -> Option<&KnownServer> {
        self.servers
            .iter()
            .find(|known| known.parameters.server == server)
    }

    /// The accounts at one auth server.
    pub fn accounts_at(&self, server: ServerId) -> impl Iterator<Item = &Account> {
        self.accounts
            .iter()
            .filter(move |account| account.server == server)
    }

    /// The registration at one factor server.
    pub fn registration(&self, server: ServerId) -> Option<&Registration> {
        self.registrations
            .iter()
            .find(|registration| registration.server == server)
    }

    /// An earlier, interrupted try at the same enrolment.
    pub fn interrupted(&self, session: SessionId) -> Option<&Enrolling> {
        self.enrolling
            .as_ref()
            .filter(|enrolling| enrolling.session == session)
    }

    /// Whether a key of the keystore has this public half (KEY-1).
    pub fn holds(&self, key: &PublicKey) -> bool {
        let accounts = self.accounts.iter().flat_map(|account| {
            let others = [account.approval_key, account.successor];
            core::iter::once(account.key).chain(others.into_iter().flatten())
        });
        let enrolling = self.enrolling.iter().map(|enrolling| enrolling.key);
        let registered = self.registrations.iter().map(|known| known.key);
        let creating = self.creating.iter().map(|creating| creating.key);
        let mut keys = accounts.chain(enrolling).chain(registered).chain(creating);
        keys.any(|known| known == *key)
    }

    /// Makes one change. Epochs, counters and request numbers never fall.
    pub fn apply(&mut self, update: Update) {
        match update {
            Update::Server(new) => {
                match self
                    .servers
                    .iter_mut()
                    .find(|s| s.parameters.server == new.parameters.server)
                {
                    Some(known) if new.parameters.epoch < known.parameters.epoch => {}
                    Some(known) => {
                        *known = KnownServer {
                            trust: known.trust,
                            ..*new
                        }
                    }
                    None => self.servers.push(*new),
                }
            }
            Update::Registered(new) => {
                // A registration is never replaced: its key is the device's name there.
                if self.registration(new.server).is_none() {
                    self.registrations.push(new);
                }
            }
            Update::Enrolling(enrolling) => self.enrolling = Some(enrolling),
            Update::Creating(creating) => self.creating = Some(creating),
            Update::Enrolled(account) => {
                if self
                    .enrolling
                    .as_ref()
                    .is_some_and(|enrolling| enrolling.key == account.key)
                {
                    self.enrolling = None;
                }
                if self.creating.is_some_and(|new| new.key == account.key) {
                    self.creating = None;
                }
                match self.account_mut(account.server, account.id) {
                    Some(known) => known.rolling = account.rolling,
                    None => self.accounts.push(account),
                }
            }
            Update::Counter {
                server,
                account,
                counter,
            } => {
                if let Some(known) = self.account_mut(server, account) {
                    known.counter = known.counter.max(counter);
                }
            }
            Update::Rolling {
                server,
                account,
                rolling,
            } => {
                if let Some(known) = self.account_mut(server, account) {
                    known.rolling = rolling;
                }
            }
            Update::Upgraded {
                server,
                account,
                user_name,
                rolling,
            } => {
                if let Some(known) = self.account_mut(server, account) {
                    known.level = Level::Full;
                    known.user_name = user_name;
                    known.rolling = rolling;
                }
            }
            Update::Rotating {
                server,
                account,
                key,
            } => {
                if let Some(known) = self.account_mut(server, account)
                    && known.key != key
                {
                    known.successor = Some(key);
                }
            }
            Update::Rotated {
                server,
                account,
                key,
            } => {
                if let Some(known) = self.account_mut(server, account) {
                    known.key = key;
                    known.successor = None;
                }
            }
            Update::NotRotated {
                server,
                account,
                key,
            } => {
                if let Some(known) = self.account_mut(server, account)
                    && known.successor == Some(key)
                {
                    known.successor = None;
                }
            }
            Update::Deleted { server, account } => self
                .accounts
                .retain(|known| (known.server, known.id) != (server, account)),
            Update::FactorDue {
                server,
                account,
                due,
            } => {
                if let Some(known) = self.account_mut(server, account) {
                    known.factor_due = due;
                }
            }
            Update::RequestNumber { server, number } => {
                for registration in self.registrations.iter_mut().filter(|r| r.server == server) {
                    registration.request_number = registration.request_number.max(number);
                }
            }
            Update::Factors { server, factors } => {
                for registration in self.registrations.iter_mut().filter(|r| r.server == server) {
                    registration.factors = factors.clone();
                }
            }
        }
    }

    fn account_mut(&mut self, server: ServerId, id: AccountId) -> Option<&mut Account> {
        self.accounts
            .iter_mut()
            .find(|account| account.server == server && account.id == id)
    }
}

impl Account {
    /// The key that answers challenges: `K_act`, or `K_dev` where there is none (CRD-4).
    pub fn answers_with(&self) -> PublicKey {
        self.approval_key.unwrap_or(self.key)
    }
}

impl Registration {
    /// The device sets out to a factor server that it has not met.
    pub(super) fn new(server: ServerId, key: PublicKey) -> Self {
        Self {
            server,
            key,
            request_number: 0,
            factors: Factors::default(),
        }
    }

    /// The id of the device's record at the factor server: the kid of `K_dsf`.
    pub fn record(&self) -> RecordId {
        RecordId(self.key.kid().0)
    }
}
