//! What a statement brings for its second factor (protocol.md, sections 8.6, 12.3 and 12.4).
//!
//! | the policy | the account's app session | brings |
//! |---|---|---|
//! | asks for a factor | live, and its factor will do | the app session proof (APP-10) |
//! | asks for a factor | otherwise | a fresh assertion |
//! | asks for none | live | nothing |
//! | asks for none | not live; a fresh factor is due | a fresh assertion (APP-17) |
//! | asks for none | not live; nothing is due | nothing |
//!
//! A decline brings nothing, whatever is asked for (STM-6).

use super::greeting::factor_server;
use super::second_factor::Demand;
use super::wallet::{Account, Update};
use crate::error::{Code, Refusal};
use crate::messages::handshake::{Policy, Statement};
use crate::messages::parameters::FactorServer;
use crate::values::{Bytes, Digest};

/// The second factor that an auth server asks for, and where one is verified.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Requirement {
    /// None is asked for. One may be due all the same.
    Nothing {
        /// The factor server that the auth server's parameters name.
        named: Option<FactorServer>,
    },
    /// One that this policy takes.
    Factor {
        /// The policy.
        policy: Policy,
        /// Where, and of what kind.
        demand: Demand,
    },
}

/// What the account's app session does for one statement, as far as the device can tell.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Backing {
    /// It is not live, or the server has shown that it does not count on it.
    Nothing,
    /// It is live, but its factor will not do.
    Live,
    /// It is live, and this is the app session proof for the statement's handshake.
    Proof(Digest),
}

/// What is to be brought.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Needed {
    /// What is there already.
    Present(Evidence),
    /// A fresh assertion.
    Fresh(Demand),
}

/// What a statement brings.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Evidence {
    /// Nothing.
    Nothing,
    /// The proof of a live app session.
    Proof(Digest),
    /// The factor server's word.
    Assertion(Bytes),
}

/// The same, after it was sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Brought {
    /// Nothing.
    Nothing,
    /// The proof of a live app session.
    Proof,
    /// A fresh assertion.
    Assertion,
}

impl Requirement {
    /// What `policy` demands, of the factor server that signed parameters name.
    ///
    /// # Errors
    /// Both end the flow. [`Code::FactorNotAllowed`] for a policy that this device cannot
    /// meet, [`Code::Structure`] for one that nobody can.
    pub(super) fn of(
        policy: Option<Policy>,
        named: Option<&FactorServer>,
    ) -> Result<Self, Refusal> {
        let asked = factor_server(policy, named)?;
        Ok(match (policy, asked) {
            (Some(policy), Some(demand)) => Self::Factor { policy, demand },
            _ => Self::Nothing {
                named: named.cloned(),
            },
        })
    }

    /// The policy, if there is one.
    pub fn policy(&self) -> Option<&Policy> {
        match self {
            Self::Nothing { .. } => None,
            Self::Factor { policy, .. } => Some(policy),
        }
    }

    /// What a statement of `account` has to bring.
    pub(super) fn needs(self, account: &Account, backing: Backing) -> Needed {
        match (self, backing) {
            (Self::Factor { .. }, Backing::Proof(proof)) => Needed::Present(Evidence::Proof(proof)),
            (Self::Factor { demand, .. }, _) => Needed::Fresh(demand),
            (
                Self::Nothing {
                    named: Some(server),
                },
                Backing::Nothing,
            ) if account.factor_due => {
                // Of any kind (APP-13).
                Needed::Fresh(Demand {
                    server,
                    biometric: true,
                })
            }
            // Where no factor server is named there is none to visit; the auth server decides.
            (Self::Nothing { .. }, _) => Needed::Present(Evidence::Nothing),
        }
    }
}

impl Evidence {
    /// Puts it where it belongs.
    pub(super) fn into_statement(self, statement: Statement) -> Statement {
        match self {
            Self::Nothing => statement,
            Self::Proof(proof) => Statement {
                app_session_proof: Some(proof),
                ..statement
            },
            Self::Assertion(assertion) => Statement {
                assertion: Some(assertion),
                ..statement
            },
        }
    }

    /// What of it is worth remembering.
    pub(super) fn brought(&self) -> Brought {
        match self {
            Self::Nothing => Brought::Nothing,
            Self::Proof(_) => Brought::Proof,
            Self::Assertion(_) => Brought::Assertion,
        }
    }
}

impl Brought {
    /// What a settlement changes: a fresh factor that was accepted while no app session of
    /// the account is `live` is the one that was due (APP-17).
    pub(super) fn settled(self, account: &Account, live: bool) -> Option<Update> {
        let satisfies = self == Self::Assertion && !live && account.factor_due;
        satisfies.then(|| due(account, false))
    }

    /// What a refusal teaches. A server that asks for a factor where the device knew of no
    /// reason has an app session that the device never heard of: its settlement was lost.
    pub fn refused(self, account: &Account, code: Code) -> Option<Update> {
        let missed = self != Self::Assertion && code == Code::FactorRequired;
        (missed && !account.factor_due).then(|| due(account, true))
    }

    /// Whether a refusal with this code says that the server does not count on the app
    /// session that the statement leant on. It is then not leant on again.
    pub fn doubts(self, code: Code) -> bool {
        match self {
            Self::Assertion => false,
            Self::Nothing => code == Code::FactorRequired,
            Self::Proof => matches!(
                code,
                Code::FactorRequired
                    | Code::FactorNotAllowed
                    | Code::AssertionTooOld
                    | Code::NotLoggedIn
                    | Code::AppProofInvalid
                    | Code::Structure
            ),
        }
    }
}

/// The mark that a fresh factor is due for an account, or that it is not.
pub(super) fn due(account: &Account, due: bool) -> Update {
    Update::FactorDue {
        server: account.server,
        account: account.id,
        due,
    }
}
