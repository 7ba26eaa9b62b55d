//! The way into a channel for actions, and what it is opened for.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::super::event::{AccountName, Outcome};
use super::super::greeting::{check_announce, check_version, factor_server, news};
use super::super::parameters::{Authenticated, Expected};
use super::super::wallet::{Account, Commit, Trust, Update, Wallet};
use super::asking::{Asking, Given, Next};
use super::own::{Changing, Deleting};
use crate::crypto::PublicKey;
use crate::edhoc::{Credential, IdCred};
use crate::error::{Code, Refusal};
use crate::messages::action::{Challenge, FetchChallenge, Token};
use crate::messages::credential::Opened as Said;
use crate::messages::handshake::{Ead1, Ead2, Statement};
use crate::messages::parameters::FactorServer;
use crate::registry::{Purpose, ServerKind};
use crate::values::{AccountId, ChannelBinding, ServerId, Type, UnixSeconds, Version};
use crate::verified::Verified;

/// What a channel is opened for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Aim {
    /// The challenge that this token stands for.
    Challenge(Token),
    /// An answer of the user's whose outcome is not known (CHA-14).
    Again(Box<Given>),
    /// A new `K_dev`, under the old one.
    Rotation(PublicKey),
    /// To learn, under the new `K_dev`, whether the server has it already (CRD-10).
    Successor,
    /// The end of the credential.
    Deletion,
}

/// Waits for message_2 of the auth server.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Calling {
    account: Account,
    aim: Aim,
    versions: Vec<Version>,
    epoch: Option<u32>,
}

/// The statement is made, its counter stored; waits for the signature of `K_dev`,
/// and then for the server's first record (HS-15).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Entering {
    account: Account,
    aim: Aim,
    statement: Statement,
    factor: Option<FactorServer>,
}

/// What every state in an open channel knows.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Opened {
    pub(super) account: Account,
    pub(super) factor: Option<FactorServer>,
    pub(super) channel: ChannelBinding,
}

/// What comes first in an open channel.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Turn {
    /// The challenge is asked for.
    Fetch(Box<Fetching>),
    /// The user has answered already.
    Answer(Next),
    /// The new key is asked for its possession.
    Rotate(Box<Changing>),
    /// The deletion is asked for.
    Delete(Box<Deleting>),
    /// Nothing: that there is a channel says it all.
    Over(Outcome),
}

/// Waits for the challenge.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Fetching {
    opened: Opened,
    token: Token,
}

impl Calling {
    /// Begins with an account of the wallet.
    ///
    /// # Errors
    /// [`Code::NoAccount`]; [`Code::FlowActive`] for a rotation while the outcome of
    /// another one is not known; [`Code::InvalidKey`] for one to a key that has a
    /// role already (KEY-1); [`Code::NotAsked`] for [`Aim::Successor`] where there is none.
    pub fn new(
        wallet: &Wallet,
        (server, account): (ServerId, AccountId),
        aim: Aim,
        versions: &[Version],
    ) -> Result<Self, Refusal> {
        let mut accounts = wallet.accounts_at(server);
        let account = accounts
            .find(|known| known.id == account)
            .ok_or(Code::NoAccount)?;
        match (&aim, account.successor) {
            (Aim::Rotation(key), Some(successor)) if *key != successor => {
                return Err(Code::FlowActive.into());
            }
            (Aim::Rotation(key), None) if wallet.holds(key) => return Err(Code::InvalidKey.into()),
            (Aim::Successor, None) => return Err(Code::NotAsked.into()),
            _ => {}
        }
        Ok(Self {
            account: account.clone(),
            aim,
            versions: versions.to_vec(),
            epoch: wallet.server(server).map(|known| known.parameters.epoch),
        })
    }

    /// EAD_1: purpose action, and no claim (OPN-1).
    pub fn ead_1(&self) -> Ead1 {
        Ead1 {
            versions: self.versions.clone(),
            purpose: Purpose::Action,
            server: self.account.server,
            epoch: self.epoch,
            claim: None,
        }
    }

    /// Whom to [`authenticate`](super::super::parameters::authenticate).
    pub fn expected<'w>(&self, wallet: &'w Wallet) -> Expected<'w> {
        let server = self.account.server;
        Expected {
            server,
            kind: ServerKind::Auth,
            known: wallet.server(server),
            link: None,
            trust: Trust::Link,
        }
    }

    /// The server is authenticated: the statement, which says no more than who comes.
    ///
    /// # Errors
    /// All end the flow. [`Code::WrongVersion`] (VER-3); [`Code::Structure`] for an
    /// offer that a channel for actions does not have.
    pub fn greeted(
        self,
        offer: Verified<Ead2>,
        server: &Authenticated,
        wallet: &Wallet,
    ) -> Result<Commit<Entering>, Refusal> {
        let parameters = server.parameters();
        check_version(offer.version, &self.versions, &parameters.versions)?;
        if offer.announce.is_some()
            || offer.account.is_some()
            || offer.policy.is_some()
            || offer.voucher.is_some()
        {
            return Err(Code::Structure.into());
        }
        let account = self.account;
        // CLN-1: stored, plus one, before the statement that contains it is signed.
        let counter = account.counter.saturating_add(1);
        let statement = Statement {
            counter: Some(counter),
            rolling: Some(account.rolling),
            ..Statement::bare(Purpose::Action)
        };
        let mut updates = news(wallet, server);
        updates.push(Update::Counter {
            server: account.server,
            account: account.id,
            counter,
        });
        let entering = Entering {
            statement,
            factor: parameters.factor_server.clone(),
            account,
            aim: self.aim,
        };
        Ok(Commit::new(updates, entering))
    }

    /// The channel broke before it was there: what is still to be done, and for whom.
    pub fn again(self) -> ((ServerId, AccountId), Aim) {
        ((self.account.server, self.account.id), self.aim)
    }
}

impl Entering {
    /// EAD_3.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The credential, and how message_3 names it (CRED-2).
    pub fn credential(&self) -> (IdCred, Credential) {
        let credential = Credential::device(self.key());
        (IdCred::Kid(credential.kid()), credential)
    }

    /// The server has opened the channel whose binding is `channel`.
    ///
    /// # Errors
    /// [`Code::Structure`] where an answer that is to be given again needs a factor, and
    /// the server's parameters name no factor server any more. The flow is over.
    pub fn opened(
        self,
        said: &Verified<Said>,
        channel: ChannelBinding,
    ) -> Result<Commit<Turn>, Refusal> {
        let key = self.key();
        let (server, account) = (self.account.server, self.account.id);
        let mut updates = alloc::vec![Update::Rolling {
            server,
            account,
            rolling: said.rolling,
        }];
        let opened = Opened {
            account: self.account,
            factor: self.factor,
            channel,
        };
        let turn = match self.aim {
            Aim::Challenge(token) => Turn::Fetch(Box::new(Fetching { opened, token })),
            Aim::Again(given) => {
                let factor = factor_server(given.challenge.policy, opened.factor.as_ref())?;
                Turn::Answer(given.answer(opened, factor))
            }
            Aim::Rotation(key) => {
                // CRD-10: "store the new key before it sends it".
                updates.push(Update::Rotating {
                    server,
                    account,
                    key,
                });
                Turn::Rotate(Box::new(Changing::new(opened, key)))
            }
            Aim::Successor => {
                updates.push(Update::Rotated {
                    server,
                    account,
                    key,
                });
                Turn::Over(Outcome::Rotated(AccountName::of(&opened.account)))
            }
            Aim::Deletion => Turn::Delete(Box::new(Deleting::new(opened))),
        };
        Ok(Commit::new(updates, turn))
    }

    /// The server has refused the handshake, and nobody vouches for that. If it does not
    /// know the new key, the rotation is asked for again, under the old one (CRD-10).
    ///
    /// # Errors
    /// `code`. The flow is over.
    pub fn refused(self, code: Code) -> Result<((ServerId, AccountId), Aim), Refusal> {
        match (&self.aim, code) {
            (Aim::Successor, Code::CredentialMismatch) => {
                let whose = (self.account.server, self.account.id);
                Ok((whose, Aim::Rotation(self.key())))
            }
            _ => Err(code.into()),
        }
    }

    /// The `K_dev` that the server is to know the device by.
    fn key(&self) -> PublicKey {
        match (&self.aim, self.account.successor) {
            (Aim::Successor, Some(successor)) => successor,
            _ => self.account.key,
        }
    }
}

impl Fetching {
    /// What to send.
    pub fn request(&self) -> FetchChallenge {
        FetchChallenge {
            ty: Type,
            token: self.token,
        }
    }

    /// The challenge: the user is asked next (CHA-1).
    ///
    /// # Errors
    /// All end the flow. [`Code::TooLarge`] for what is to be shown; [`Code::Structure`]
    /// or [`Code::FactorNotAllowed`] for a policy that this device cannot meet;
    /// [`Code::ChallengeFinished`] if its expiry has come.
    pub fn fetched(
        self,
        challenge: Verified<Challenge>,
        now: UnixSeconds,
    ) -> Result<Asking, Refusal> {
        let challenge = challenge.into_inner();
        check_announce(Some(&challenge.shown))?;
        let factor = factor_server(challenge.policy, self.opened.factor.as_ref())?;
        if challenge.expiry <= now {
            return Err(Code::ChallengeFinished.into());
        }
        Ok(Asking::new(self.opened, challenge, factor))
    }

    /// The channel broke: the token is still good.
    pub fn again(self) -> ((ServerId, AccountId), Aim) {
        (self.opened.whose(), Aim::Challenge(self.token))
    }
}

impl Opened {
    pub(super) fn whose(&self) -> (ServerId, AccountId) {
        (self.account.server, self.account.id)
    }
}
