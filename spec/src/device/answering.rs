//! From the decision to its settlement: the statement in EAD_3, and what the
//! auth server says it came to (protocol.md, section 7).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::confirming::Attempt;
use super::event::{AccountName, Outcome, UserInput};
use super::evidence::{Brought, Evidence};
use super::second_factor::{Demand, Errand};
use super::wallet::{Account, Commit, Update};
use crate::crypto::{PublicKey, sha256};
use crate::edhoc::{Credential, IdCred};
use crate::error::{Code, Refusal};
use crate::messages::BindInput;
use crate::messages::channel::{Refused, Settled};
use crate::messages::handshake::{EnrolmentProof, Statement};
use crate::registry::{Decision, Level, limit};
use crate::values::{Bind, Bytes, Digest};
use crate::verified::Verified;

/// Who signs message_3.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Signer {
    /// An account.
    Account(Box<Account>),
    /// An account that does not exist yet.
    New {
        /// Its `K_dev`.
        key: PublicKey,
        /// Its `K_act`, if it wants one.
        approval: Option<EnrolmentProof>,
    },
}

/// The user has confirmed; waits for the factor server's assertion.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Decided {
    attempt: Attempt,
    signer: Signer,
    user_input: Option<String>,
    factor: Demand,
    voucher: Option<Bytes>,
}

/// The statement is made, its counter stored; waits for the signature of `K_dev`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Answering {
    attempt: Attempt,
    signer: Signer,
    decision: Decision,
    brought: Brought,
    statement: Statement,
}

/// message_3 is out; waits for the first record of the new channel (HS-15).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Settling {
    attempt: Attempt,
    signer: Signer,
    decision: Decision,
    brought: Brought,
}

impl Signer {
    /// The public key of `K_dev`.
    pub fn key(&self) -> PublicKey {
        match self {
            Self::Account(account) => account.key,
            Self::New { key, .. } => *key,
        }
    }
}

impl Decided {
    pub(super) fn new(
        attempt: Attempt,
        signer: Signer,
        user_input: Option<UserInput>,
        factor: Demand,
        voucher: Option<Bytes>,
    ) -> Self {
        let user_input = user_input.map(UserInput::into_string);
        Self {
            attempt,
            signer,
            user_input,
            factor,
            voucher,
        }
    }

    /// What the factor is given for: exactly what will be signed (BND-1).
    pub fn bind(&self) -> Bind {
        let input = BindInput {
            server: self.attempt.server,
            context: self.attempt.transcript.0,
            account: match &self.signer {
                Signer::Account(account) => Some(account.id),
                Signer::New { .. } => None,
            },
            purpose: self.attempt.purpose,
            session: Some(self.attempt.session),
            announce: self.attempt.announce,
            user_input: self
                .user_input
                .as_ref()
                .map(|text| Digest(sha256(&[text.as_bytes()]))),
            decision: Some(Decision::Confirm),
            intent: None,
        };
        input.bind()
    }

    /// What to ask of the factor server.
    pub fn errand(&self) -> Errand {
        Errand {
            factor_server: self.factor.server.server,
            uri: self.factor.server.uri.clone(),
            audience: self.attempt.server,
            purpose: self.attempt.purpose,
            bind: self.bind(),
            session: Some(self.attempt.session),
            voucher: self.voucher.clone(),
            biometric: self.factor.biometric,
        }
    }

    /// The factor is verified: the answer, with the factor server's word for it.
    pub fn verified(self, assertion: Bytes) -> Commit<Answering> {
        Answering::new(
            self.attempt,
            self.signer,
            Decision::Confirm,
            self.user_input,
            Evidence::Assertion(assertion),
        )
    }
}

impl Answering {
    /// An answer that needs no visit to the factor server.
    pub(super) fn at_once(
        attempt: Attempt,
        account: Account,
        decision: Decision,
        input: Option<UserInput>,
        evidence: Evidence,
    ) -> Commit<Self> {
        let input = input.map(UserInput::into_string);
        let signer = Signer::Account(Box::new(account));
        Self::new(attempt, signer, decision, input, evidence)
    }

    fn new(
        attempt: Attempt,
        signer: Signer,
        decision: Decision,
        user_input: Option<String>,
        evidence: Evidence,
    ) -> Commit<Self> {
        let brought = evidence.brought();
        let mut statement = evidence.into_statement(Statement {
            decision: Some(decision),
            announce: attempt.announce,
            user_input,
            ..Statement::bare(attempt.purpose)
        });
        let mut updates = Vec::new();
        match &signer {
            Signer::Account(account) => {
                // CLN-1: stored, plus one, before the statement that contains it is signed.
                let counter = account.counter.saturating_add(1);
                statement.counter = Some(counter);
                statement.rolling = Some(account.rolling);
                let (server, account) = (account.server, account.id);
                updates.push(Update::Counter {
                    server,
                    account,
                    counter,
                });
            }
            Signer::New { approval, .. } => {
                statement.enrolment_proof = approval.clone();
            }
        }
        Commit::new(
            updates,
            Self {
                attempt,
                signer,
                decision,
                brought,
                statement,
            },
        )
    }

    /// EAD_3.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Who signs: `K_dev`.
    pub fn key(&self) -> PublicKey {
        self.signer.key()
    }

    /// The credential, and how message_3 names it: by value where the server
    /// meets the key for the first time (CRED-2).
    pub fn credential(&self) -> (IdCred, Credential) {
        let credential = Credential::device(self.signer.key());
        match self.signer {
            Signer::Account(_) => (IdCred::Kid(credential.kid()), credential),
            Signer::New { .. } => (IdCred::Value(credential.clone()), credential),
        }
    }

    /// message_3 is signed and leaves.
    pub fn sent(self) -> Settling {
        Settling {
            attempt: self.attempt,
            signer: self.signer,
            decision: self.decision,
            brought: self.brought,
        }
    }
}

impl Settling {
    /// What the statement brought for its second factor.
    pub fn brought(&self) -> Brought {
        self.brought
    }

    /// The account that signed, if it exists already.
    pub fn account(&self) -> Option<&Account> {
        match &self.signer {
            Signer::Account(account) => Some(account),
            Signer::New { .. } => None,
        }
    }

    /// The server has committed: the one way to a success (HS-15). `live` says whether an
    /// app session of the account is live.
    ///
    /// # Errors
    /// [`Code::Structure`] if it settled something else than was signed, and
    /// [`Code::TooLarge`] for a user name over its limit. The flow is over.
    pub fn settled(
        self,
        settled: Verified<Settled>,
        live: bool,
    ) -> Result<Commit<Outcome>, Refusal> {
        let Settled {
            decision,
            account: id,
            user_name,
            rolling,
            ..
        } = settled.into_inner();
        if user_name.len() > limit::USER_NAME {
            return Err(Code::TooLarge.into());
        }
        if decision != self.decision {
            return Err(Code::Structure.into());
        }
        let server = self.attempt.server;
        match self.signer {
            Signer::Account(account) if account.id != id => Err(Code::Structure.into()),
            Signer::Account(account) => {
                let mut updates = alloc::vec![Update::Rolling {
                    server,
                    account: id,
                    rolling,
                }];
                updates.extend(self.brought.settled(&account, live));
                let outcome = match decision {
                    Decision::Confirm => Outcome::Confirmed(AccountName { id, user_name }),
                    Decision::Decline => Outcome::Declined { signed: true },
                };
                Ok(Commit::new(updates, outcome))
            }
            Signer::New { key, approval } => {
                let name = AccountName {
                    id,
                    user_name: user_name.clone(),
                };
                let account = Account {
                    server,
                    id,
                    user_name,
                    level: Level::Full,
                    key,
                    approval_key: approval.map(|proof| proof.key),
                    successor: None,
                    counter: 0,
                    rolling,
                    factor_due: false,
                };
                let update = Update::Enrolled(account);
                Ok(Commit::new(alloc::vec![update], Outcome::Enrolled(name)))
            }
        }
    }

    /// The server has refused, and stored nothing; what there is to learn from it.
    pub fn refused(self, refused: &Verified<Refused>) -> Commit<Code> {
        let code = code_of(refused);
        let account = self.account();
        let learnt = account.and_then(|account| self.brought.refused(account, code));
        Commit::new(learnt.into_iter().collect(), code)
    }
}

/// The catalogue's code of a refusal; a number that it does not have is a fault of the message.
pub(super) fn code_of(refused: &Refused) -> Code {
    Code::from_number(refused.error).unwrap_or(Code::Structure)
}
