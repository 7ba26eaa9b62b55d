//! The way to a challenge: a channel for actions, and the token that the app was handed.

use alloc::vec::Vec;

use super::super::greeting::{check_announce, check_version, factor_server, news};
use super::super::parameters::{Authenticated, Expected};
use super::super::wallet::{Account, Commit, Trust, Update, Wallet};
use super::asking::Asking;
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

/// Who answers: an account, and its `K_act` if it registered one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Approver {
    /// The account.
    pub account: Account,
    /// `K_act`: the OS asks at each use of it.
    pub approval_key: Option<PublicKey>,
}

/// Waits for message_2 of the auth server.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Calling {
    approver: Approver,
    versions: Vec<Version>,
    epoch: Option<u32>,
}

/// The statement is made, its counter stored; waits for the signature of `K_dev`,
/// and then for the server's first record (HS-15).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Entering {
    approver: Approver,
    statement: Statement,
    factor: Option<FactorServer>,
}

/// The channel is open. It leads to a challenge ([`fetch`](Self::fetch)), or to a
/// change of the credential ([`rotate`](Self::rotate), [`delete`](Self::delete)).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Opened {
    pub(super) approver: Approver,
    pub(super) factor: Option<FactorServer>,
    pub(super) channel: ChannelBinding,
}

/// Waits for the challenge.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Fetching {
    opened: Opened,
    token: Token,
}

impl Approver {
    /// The key that answers challenges (CRD-4).
    pub fn key(&self) -> PublicKey {
        self.approval_key.unwrap_or(self.account.key)
    }
}

impl Calling {
    /// Begins with an account of the wallet. `approval_key` is its `K_act`, if it has one.
    ///
    /// # Errors
    /// [`Code::NoAccount`].
    pub fn new(
        wallet: &Wallet,
        server: ServerId,
        account: AccountId,
        approval_key: Option<PublicKey>,
        versions: &[Version],
    ) -> Result<Self, Refusal> {
        let mut accounts = wallet.accounts_at(server);
        let account = accounts
            .find(|known| known.id == account)
            .cloned()
            .ok_or(Code::NoAccount)?;
        Ok(Self {
            approver: Approver {
                account,
                approval_key,
            },
            versions: versions.to_vec(),
            epoch: wallet.server(server).map(|known| known.parameters.epoch),
        })
    }

    /// EAD_1: purpose action, and no claim (OPN-1).
    pub fn ead_1(&self) -> Ead1 {
        Ead1 {
            versions: self.versions.clone(),
            purpose: Purpose::Action,
            server: self.approver.account.server,
            epoch: self.epoch,
            claim: None,
        }
    }

    /// Whom to [`authenticate`](super::super::parameters::authenticate).
    pub fn expected<'w>(&self, wallet: &'w Wallet) -> Expected<'w> {
        let server = self.approver.account.server;
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
        let account = &self.approver.account;
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
            approver: self.approver,
        };
        Ok(Commit::new(updates, entering))
    }
}

impl Entering {
    /// EAD_3.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The credential, and how message_3 names it (CRED-2).
    pub fn credential(&self) -> (IdCred, Credential) {
        let credential = Credential::device(self.approver.account.key);
        (IdCred::Kid(credential.kid()), credential)
    }

    /// The server has opened the channel whose binding is `channel`.
    pub fn opened(self, said: &Verified<Said>, channel: ChannelBinding) -> Commit<Opened> {
        let account = &self.approver.account;
        let update = Update::Rolling {
            server: account.server,
            account: account.id,
            rolling: said.rolling,
        };
        let opened = Opened {
            approver: self.approver,
            factor: self.factor,
            channel,
        };
        Commit::new(alloc::vec![update], opened)
    }
}

impl Opened {
    /// Asks for the challenge that `token` stands for.
    pub fn fetch(self, token: Token) -> Fetching {
        Fetching {
            opened: self,
            token,
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
        let Opened {
            approver,
            factor,
            channel,
        } = self.opened;
        let factor = factor_server(challenge.policy, factor.as_ref())?;
        if challenge.expiry <= now {
            return Err(Code::ChallengeFinished.into());
        }
        Ok(Asking::new(approver, channel, challenge, factor))
    }
}
