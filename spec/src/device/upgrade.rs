//! The upgrade of a headless account: it gets a second factor (protocol.md, section 14.2).
//!
//! ```text
//!  user ──► Greeting ──message_2──► Equipping ──K_dsf──► Upgrading
//!                                                            │ a visit to the factor server
//!                                                            ▼ assertion
//!  (full) ◄──admitted── Settling ◄──message_3, by K_dev── Answering
//! ```
//!
//! Nothing of it is stored until the auth server has said that the account is full,
//! but the `K_dsf` of the visit and the numbers that are stored before they are used.
//! So an upgrade that fails or is interrupted leaves a headless account as it was
//! (HEADLESS-7), and resuming it is beginning it again: if the factor server has a
//! record by then its PIN is verified instead of set, and if the auth server has
//! committed already it says so once more (HEADLESS-8).
//!
//! Never: a word to the factor server about a factor before both sides are known to
//! support the upgrade (HEADLESS-4), a full account without the server's record of
//! it (HS-15), a way back (HEADLESS-9).

use alloc::vec::Vec;

use super::answering::code_of;
use super::event::{AccountName, Outcome};
use super::greeting::{check_version, factor_server, news};
use super::parameters::{Authenticated, Expected};
use super::second_factor::{Demand, Errand};
use super::wallet::{Account, Commit, Registration, Trust, Update, Wallet};
use crate::crypto::PublicKey;
use crate::edhoc::{Credential, IdCred};
use crate::error::{Code, Refusal};
use crate::messages::BindInput;
use crate::messages::app::Admitted;
use crate::messages::channel::Refused;
use crate::messages::handshake::{Ead1, Ead2, Statement};
use crate::registry::{Factor, Level, Purpose, ServerKind, UPGRADE_VERSION};
use crate::values::{AccountId, Bind, Bytes, ServerId, Transcript, Version};
use crate::verified::Verified;

/// Where an upgrade stands, but for its visit to the factor server.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Upgrade {
    /// message_1 is out.
    Greeting(Greeting),
    /// The app is asked for a key.
    Equipping(Equipping),
    /// `K_dev` is asked to sign.
    Answering(Answering),
    /// message_3 is out.
    Settling(Settling),
}

/// Waits for message_2 of the auth server.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Greeting {
    account: Account,
    versions: Vec<Version>,
    epoch: Option<u32>,
}

/// Knows which factor server is meant; the device may have to make its `K_dsf` first.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Equipping {
    upgrading: Upgrading,
    registration: Option<Registration>,
}

/// Waits for the factor server's assertion.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Upgrading {
    account: Account,
    transcript: Transcript,
    factor: Demand,
    voucher: Bytes,
}

/// The statement is made, its counter stored; waits for the signature of `K_dev`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Answering {
    account: Account,
    statement: Statement,
}

/// message_3 is out; waits for the first record of the new channel (HS-15).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Settling {
    account: Account,
}

/// A key for the factor server. Only [`Equipping::take`] makes it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Equipment(Vec<Update>);

impl Greeting {
    /// Begins the upgrade of an account of the wallet. `versions` are those that the
    /// device allows towards auth servers, `factor_versions` those towards factor
    /// servers, both ascending.
    ///
    /// # Errors
    /// [`Code::NoAccount`]; [`Code::FullAccount`] for one that is full (HEADLESS-8);
    /// [`Code::UpgradeUnsupported`] where this device's factor versions do not reach it
    /// (HEADLESS-4). Nothing has begun.
    pub fn new(
        wallet: &Wallet,
        (server, account): (ServerId, AccountId),
        versions: &[Version],
        factor_versions: &[Version],
    ) -> Result<Self, Refusal> {
        let mut accounts = wallet.accounts_at(server);
        let account = accounts
            .find(|known| known.id == account)
            .ok_or(Code::NoAccount)?;
        if account.level == Level::Full {
            return Err(Code::FullAccount.into());
        }
        if !factor_versions.iter().copied().any(supports) {
            return Err(Code::UpgradeUnsupported.into());
        }
        Ok(Self {
            account: account.clone(),
            versions: versions.to_vec(),
            epoch: wallet.server(server).map(|known| known.parameters.epoch),
        })
    }

    /// EAD_1: purpose upgrade, and no claim (SES-9).
    pub fn ead_1(&self) -> Ead1 {
        Ead1 {
            versions: self.versions.clone(),
            purpose: Purpose::Upgrade,
            server: self.account.server,
            epoch: self.epoch,
            claim: None,
        }
    }

    /// Whom to [`authenticate`](super::parameters::authenticate).
    pub fn expected<'w>(&self, wallet: &'w Wallet) -> Expected<'w> {
        let server = self.account.server;
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
    /// Both end the flow: [`Code::WrongVersion`] (VER-3), [`Code::Structure`] for an
    /// offer that an upgrade does not have (HEADLESS-5).
    pub fn greeted(
        self,
        offer: Verified<Ead2>,
        server: &Authenticated,
        transcript: Transcript,
        wallet: &Wallet,
    ) -> Result<Commit<Equipping>, Refusal> {
        let offer = offer.into_inner();
        let parameters = server.parameters();
        check_version(offer.version, &self.versions, &parameters.versions)?;
        if offer.announce.is_some() || offer.account.is_some() {
            return Err(Code::Structure.into());
        }
        let pin_alone = offer
            .policy
            .filter(|policy| u64::from(policy.factors) == Factor::Pin.number());
        let factor = factor_server(pin_alone, parameters.factor_server.as_ref())?;
        let (Some(factor), Some(voucher)) = (factor, offer.voucher) else {
            return Err(Code::Structure.into());
        };
        let equipping = Equipping {
            registration: wallet.registration(factor.server.server).cloned(),
            upgrading: Upgrading {
                account: self.account,
                transcript,
                factor,
                voucher,
            },
        };
        Ok(Commit::new(news(wallet, server), equipping))
    }
}

impl Equipping {
    /// The factor server for which the app has to make `K_dsf` and `d_sec`: none where an
    /// earlier flow, or an earlier try of this one, has registered the device there.
    pub fn key_needed(&self) -> Option<ServerId> {
        match self.registration {
            Some(_) => None,
            None => Some(self.upgrading.factor.server.server),
        }
    }

    /// Takes `K_dsf`, if it is needed and only then.
    ///
    /// # Errors
    /// [`Code::NotAsked`] for one too many or too few, [`Code::InvalidKey`] for the
    /// account's own key (KEY-1). The request stays open.
    pub fn take(&self, key: Option<PublicKey>) -> Result<Equipment, Refusal> {
        match (&self.registration, key) {
            (Some(_), None) => Ok(Equipment(Vec::new())),
            (None, Some(key)) if key == self.upgrading.account.key => Err(Code::InvalidKey.into()),
            (None, Some(key)) => {
                let server = self.upgrading.factor.server.server;
                let registration = Registration::new(server, key);
                Ok(Equipment(alloc::vec![Update::Registered(registration)]))
            }
            _ => Err(Code::NotAsked.into()),
        }
    }

    /// The factor server is next.
    pub fn equipped(self, Equipment(updates): Equipment) -> Commit<Upgrading> {
        Commit::new(updates, self.upgrading)
    }
}

impl Upgrading {
    /// What the factor is given for: this account, in this handshake (BND-1).
    pub fn bind(&self) -> Bind {
        let input = BindInput {
            server: self.account.server,
            context: self.transcript.0,
            account: Some(self.account.id),
            purpose: Purpose::Upgrade,
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
            factor_server: self.factor.server.server,
            uri: self.factor.server.uri.clone(),
            audience: self.account.server,
            purpose: Purpose::Upgrade,
            bind: self.bind(),
            session: None,
            voucher: Some(self.voucher.clone()),
            biometric: self.factor.biometric,
        }
    }

    /// The factor is verified: the statement, which holds nothing but that and what
    /// clone detection needs (HEADLESS-6).
    pub fn verified(self, assertion: Bytes) -> Commit<Answering> {
        let account = self.account;
        // CLN-1: stored, plus one, before the statement that contains it is signed.
        let counter = account.counter.saturating_add(1);
        let update = Update::Counter {
            server: account.server,
            account: account.id,
            counter,
        };
        let statement = Statement {
            assertion: Some(assertion),
            counter: Some(counter),
            rolling: Some(account.rolling),
            ..Statement::bare(Purpose::Upgrade)
        };
        Commit::new(alloc::vec![update], Answering { account, statement })
    }
}

impl Answering {
    /// EAD_3.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The credential of `K_dev`, which message_3 names by its kid (HEADLESS-5).
    pub fn credential(&self) -> (IdCred, Credential) {
        let credential = Credential::device(self.account.key);
        (IdCred::Kid(credential.kid()), credential)
    }

    /// message_3 is signed and leaves.
    pub fn sent(self) -> Settling {
        Settling {
            account: self.account,
        }
    }
}

impl Settling {
    /// The server has committed: the account is full, and its id and key are what they were.
    ///
    /// # Errors
    /// [`Code::Structure`] if it admitted another account, or not a full one. The flow is over.
    pub fn admitted(self, admitted: Verified<Admitted>) -> Result<Commit<Outcome>, Refusal> {
        let Admitted {
            account,
            user_name,
            level,
            rolling,
            ..
        } = admitted.into_inner();
        if account != self.account.id || level != Level::Full {
            return Err(Code::Structure.into());
        }
        let update = Update::Upgraded {
            server: self.account.server,
            account,
            user_name: user_name.clone(),
            rolling,
        };
        let name = AccountName {
            id: account,
            user_name,
        };
        Ok(Commit::new(alloc::vec![update], Outcome::Upgraded(name)))
    }

    /// The server has refused, and stored nothing: the account is headless and usable, or it
    /// is full already (HEADLESS-13).
    pub fn refused(self, refused: &Verified<Refused>) -> Commit<Outcome> {
        let code = code_of(refused);
        let learnt = found_full(&self.account, code);
        Commit::new(learnt.into_iter().collect(), Outcome::Failed(code))
    }
}

/// What a refusal tells of a headless account: 507 says that it is full. An upgrade was
/// committed, and its answer lost (HEADLESS-13).
pub(super) fn found_full(account: &Account, code: Code) -> Option<Update> {
    (code == Code::FullAccount).then(|| Update::Upgraded {
        server: account.server,
        account: account.id,
        user_name: account.user_name.clone(),
        rolling: account.rolling,
    })
}

/// HEADLESS-4: whether a version of the factor server's line has the upgrade.
pub(super) fn supports(version: Version) -> bool {
    version >= UPGRADE_VERSION
}
