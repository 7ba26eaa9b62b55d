//! Handshakes that no link leads to: an app login, a channel for data, a headless account
//! (protocol.md, sections 12.1, 13 and 14.1).
//!
//! ```text
//! Calling ─message_2─► Called ──┬───────────────────────────────► Entering ─message_3─► Settling
//!                               │ a factor is to be verified      ▲                      │
//!                               └────────────► Proving ─assertion─┘      app-settled ────┼──► Live
//!                                                                        admitted ───────┴──► Admission
//! ```
//!
//! Nobody is asked to confirm: the app itself asks, and what the server offers leads straight
//! to the second factor, or past it. The channel goes on after its settlement.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::answering::code_of;
use super::app::{Cache, Live, Millis, Pending};
use super::event::AccountName;
use super::evidence::{Backing, Brought, Evidence, Needed, Requirement, due};
use super::greeting::{check_version, news};
use super::parameters::{Authenticated, Expected};
use super::second_factor::{Demand, Errand};
use super::upgrade::found_full;
use super::wallet::{Account, Commit, Creating, Trust, Update, Wallet};
use crate::crypto::PublicKey;
use crate::edhoc::{Credential, IdCred};
use crate::error::{Code, Refusal};
use crate::messages::BindInput;
use crate::messages::app::{Admitted, AppSettled};
use crate::messages::channel::Refused;
use crate::messages::handshake::{Ead1, Ead2, Policy, Statement};
use crate::registry::{Factor, Level, Purpose, ServerKind};
use crate::values::{Bind, Bytes, ServerId, Transcript, Version};
use crate::verified::Verified;

/// Who enters, and what for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Entrant {
    /// An account logs in to the app.
    AppLogin {
        /// The account.
        account: Account,
        /// Seconds without user activity after which the app wants to be logged out.
        inactivity_s: Option<u32>,
    },
    /// A full account wants a channel for data.
    Data(Account),
    /// A headless account is created, or wants its channel for data (HEADLESS-2).
    Headless(Creating),
}

/// Waits for message_2.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Calling {
    entrant: Entrant,
    versions: Vec<Version>,
    epoch: Option<u32>,
}

/// Knows what the server asks for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Called {
    entrant: Entrant,
    transcript: Transcript,
    requirement: Requirement,
}

/// What follows.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Next {
    /// The statement.
    Enter(Box<Commit<Entering>>),
    /// The factor server first.
    Factor(Box<Proving>),
}

/// Waits for the factor server's assertion.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Proving {
    entrant: Entrant,
    transcript: Transcript,
    demand: Demand,
    asked: Millis,
}

/// The statement is made; waits for the signature of `K_dev`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Entering {
    entrant: Entrant,
    brought: Brought,
    verified: Option<Cache>,
    statement: Statement,
}

/// message_3 is out; waits for the first record of the new channel (HS-15).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Settling {
    entrant: Entrant,
    brought: Brought,
    verified: Option<Cache>,
}

/// A channel for data is open.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Admission {
    /// The auth server.
    pub server: ServerId,
    /// The account.
    pub account: AccountName,
}

impl Entrant {
    /// The auth server.
    pub fn server(&self) -> ServerId {
        match self {
            Self::AppLogin { account, .. } | Self::Data(account) => account.server,
            Self::Headless(creating) => creating.server,
        }
    }

    /// The purpose of the handshake.
    pub fn purpose(&self) -> Purpose {
        match self {
            Self::AppLogin { .. } => Purpose::AppLogin,
            Self::Data(_) => Purpose::Data,
            Self::Headless(_) => Purpose::Headless,
        }
    }

    /// The account whose statement it is; a headless one makes none that is followed.
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::AppLogin { account, .. } | Self::Data(account) => Some(account),
            Self::Headless(_) => None,
        }
    }

    /// `K_dev`.
    pub fn key(&self) -> PublicKey {
        match self {
            Self::AppLogin { account, .. } | Self::Data(account) => account.key,
            Self::Headless(creating) => creating.key,
        }
    }
}

impl Calling {
    /// Begins. For a headless account that is new, the caller has stored its key.
    pub fn new(entrant: Entrant, wallet: &Wallet, versions: &[Version]) -> Self {
        let known = wallet.server(entrant.server());
        Self {
            epoch: known.map(|known| known.parameters.epoch),
            versions: versions.to_vec(),
            entrant,
        }
    }

    /// Who enters.
    pub fn entrant(&self) -> &Entrant {
        &self.entrant
    }

    /// EAD_1, without a claim (SES-9).
    pub fn ead_1(&self) -> Ead1 {
        Ead1 {
            versions: self.versions.clone(),
            purpose: self.entrant.purpose(),
            server: self.entrant.server(),
            epoch: self.epoch,
            claim: None,
        }
    }

    /// Whom to [`authenticate`](super::parameters::authenticate).
    pub fn expected<'w>(&self, wallet: &'w Wallet) -> Expected<'w> {
        let server = self.entrant.server();
        Expected {
            server,
            kind: ServerKind::Auth,
            known: wallet.server(server),
            link: None,
            trust: Trust::Pinned,
        }
    }

    /// Takes the offer of the authenticated server.
    ///
    /// # Errors
    /// All end the flow. [`Code::WrongVersion`] (VER-3); [`Code::Structure`] for an offer that
    /// the purpose does not have (APP-1, DATA-1, HEADLESS-1); [`Code::FactorNotAllowed`].
    pub fn greeted(
        self,
        offer: &Verified<Ead2>,
        server: &Authenticated,
        transcript: Transcript,
        wallet: &Wallet,
    ) -> Result<Commit<Called>, Refusal> {
        let parameters = server.parameters();
        check_version(offer.version, &self.versions, &parameters.versions)?;
        if offer.announce.is_some() || offer.account.is_some() || offer.voucher.is_some() {
            return Err(Code::Structure.into());
        }
        // HEADLESS-3: nobody could meet it.
        if matches!(self.entrant, Entrant::Headless(_)) && offer.policy.is_some() {
            return Err(Code::Structure.into());
        }
        let requirement = Requirement::of(offer.policy, parameters.factor_server.as_ref())?;
        let called = Called {
            entrant: self.entrant,
            transcript,
            requirement,
        };
        Ok(Commit::new(news(wallet, server), called))
    }
}

impl Called {
    /// Who enters.
    pub fn entrant(&self) -> &Entrant {
        &self.entrant
    }

    /// The policy, if the server asks for a factor.
    pub fn policy(&self) -> Option<&Policy> {
        self.requirement.policy()
    }

    /// Goes on, at `clock`. `backing` is what the account's app session does for it; an app
    /// login rests on none (APP-4).
    pub fn go_on(self, backing: Backing, clock: Millis) -> Next {
        let Self {
            entrant,
            transcript,
            requirement,
        } = self;
        let backing = match entrant {
            Entrant::AppLogin { .. } => Backing::Nothing,
            Entrant::Data(_) | Entrant::Headless(_) => backing,
        };
        let needed = match entrant.account() {
            Some(account) => requirement.needs(account, backing),
            None => Needed::Present(Evidence::Nothing),
        };
        match needed {
            Needed::Present(evidence) => {
                Next::Enter(Box::new(Entering::new(entrant, evidence, None)))
            }
            Needed::Fresh(demand) => Next::Factor(Box::new(Proving {
                entrant,
                transcript,
                demand,
                asked: clock,
            })),
        }
    }
}

impl Proving {
    /// Who enters.
    pub fn entrant(&self) -> &Entrant {
        &self.entrant
    }

    /// What the factor is given for (APP-2): no session, nothing shown, nothing decided.
    pub fn bind(&self) -> Bind {
        let input = BindInput {
            server: self.entrant.server(),
            context: self.transcript.0,
            account: self.entrant.account().map(|account| account.id),
            purpose: self.entrant.purpose(),
            session: None,
            announce: None,
            user_input: None,
            decision: None,
            intent: None,
        };
        input.bind()
    }

    /// What to ask of the factor server.
    pub fn errand(&self) -> Errand {
        Errand {
            factor_server: self.demand.server.server,
            uri: self.demand.server.uri.clone(),
            audience: self.entrant.server(),
            purpose: self.entrant.purpose(),
            bind: self.bind(),
            session: None,
            voucher: None,
            biometric: self.demand.biometric,
        }
    }

    /// The factor is verified: the statement, with the factor server's word for it.
    pub fn verified(self, assertion: Bytes, factor: Factor) -> Commit<Entering> {
        let cache = Cache {
            factor,
            asked: self.asked,
        };
        Entering::new(self.entrant, Evidence::Assertion(assertion), Some(cache))
    }
}

impl Entering {
    /// Who enters.
    pub fn entrant(&self) -> &Entrant {
        &self.entrant
    }

    fn new(entrant: Entrant, evidence: Evidence, verified: Option<Cache>) -> Commit<Self> {
        let brought = evidence.brought();
        let mut statement = evidence.into_statement(Statement::bare(entrant.purpose()));
        let mut updates = Vec::new();
        if let Some(account) = entrant.account() {
            // CLN-1: stored, plus one, before the statement that contains it is signed.
            let counter = account.counter.saturating_add(1);
            statement.counter = Some(counter);
            statement.rolling = Some(account.rolling);
            updates.push(Update::Counter {
                server: account.server,
                account: account.id,
                counter,
            });
        }
        let next = Self {
            entrant,
            brought,
            verified,
            statement,
        };
        Commit::new(updates, next)
    }

    /// EAD_3.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Who signs: `K_dev`.
    pub fn key(&self) -> PublicKey {
        self.entrant.key()
    }

    /// The credential, and how message_3 names it: a headless account's by value (CRED-2).
    pub fn credential(&self) -> (IdCred, Credential) {
        let credential = Credential::device(self.entrant.key());
        match self.entrant {
            Entrant::Headless(_) => (IdCred::Value(credential.clone()), credential),
            _ => (IdCred::Kid(credential.kid()), credential),
        }
    }

    /// message_3 is signed and leaves.
    pub fn sent(self) -> Settling {
        Settling {
            entrant: self.entrant,
            brought: self.brought,
            verified: self.verified,
        }
    }
}

impl Settling {
    /// Who enters.
    pub fn entrant(&self) -> &Entrant {
        &self.entrant
    }

    /// What the statement brought for its second factor.
    pub fn brought(&self) -> Brought {
        self.brought
    }

    /// The app is logged in from `clock` on. That a fresh factor is due afterwards is stored
    /// first (APP-17).
    ///
    /// # Errors
    /// [`Code::Structure`] where no app login was asked for, or for another account than the
    /// one that signed. The flow is over.
    pub fn logged_in(
        self,
        settled: &Verified<AppSettled>,
        clock: Millis,
    ) -> Result<Commit<Live>, Refusal> {
        let Entrant::AppLogin {
            account,
            inactivity_s,
        } = self.entrant
        else {
            return Err(Code::Structure.into());
        };
        let pending = Pending {
            server: account.server,
            account: account.id,
            verified: self.verified,
            inactivity_s,
        };
        let live = pending.settled(settled, clock)?;
        let rolling = Update::Rolling {
            server: account.server,
            account: account.id,
            rolling: settled.rolling,
        };
        Ok(Commit::new(alloc::vec![rolling, due(&account, true)], live))
    }

    /// The channel for data is open. `live` says whether an app session of the account is live.
    ///
    /// # Errors
    /// [`Code::Structure`] where none was asked for, for another account than the one that
    /// signed or the one that has its key, or for another level. The flow is over.
    pub fn admitted(
        self,
        admitted: Verified<Admitted>,
        live: bool,
        wallet: &Wallet,
    ) -> Result<Commit<Admission>, Refusal> {
        let server = self.entrant.server();
        let Admitted {
            account: id,
            user_name,
            level,
            rolling,
            ..
        } = admitted.into_inner();
        let updates = match self.entrant {
            Entrant::Data(account) if account.id == id && level == Level::Full => {
                let mut updates = alloc::vec![Update::Rolling {
                    server,
                    account: id,
                    rolling,
                }];
                updates.extend(self.brought.settled(&account, live));
                updates
            }
            Entrant::Headless(Creating { server, key }) if level == Level::Headless => {
                let mut known = wallet.accounts_at(server);
                // The same key is the same account, and no other key's (HEADLESS-2).
                if known.any(|account| (account.id == id) != (account.key == key)) {
                    return Err(Code::Structure.into());
                }
                alloc::vec![Update::Enrolled(Account {
                    server,
                    id,
                    user_name: user_name.clone(),
                    level,
                    key,
                    approval_key: None,
                    successor: None,
                    counter: 0,
                    rolling,
                    factor_due: false,
                })]
            }
            _ => return Err(Code::Structure.into()),
        };
        let admission = Admission {
            server,
            account: AccountName { id, user_name },
        };
        Ok(Commit::new(updates, admission))
    }

    /// The server has refused, and stored nothing; what there is to learn from it.
    pub fn refused(self, refused: &Verified<Refused>, wallet: &Wallet) -> Commit<Code> {
        let code = code_of(refused);
        let learnt = match &self.entrant {
            Entrant::Headless(Creating { server, key }) => {
                let mut known = wallet.accounts_at(*server);
                let account = known.find(|account| account.key == *key);
                account.and_then(|account| found_full(account, code))
            }
            entrant => {
                let account = entrant.account();
                account.and_then(|account| self.brought.refused(account, code))
            }
        };
        Commit::new(learnt.into_iter().collect(), code)
    }
}
