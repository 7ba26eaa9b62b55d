//! The first state of a login or an enrolment: message_1 is out, and whoever
//! answers has to prove to be the auth server that the link names.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::confirming::{Attempt, Confirming, ConfirmingEnrol, ConfirmingLogin};
use super::event::AccountName;
use super::evidence::Requirement;
use super::parameters::{Authenticated, Expected};
use super::second_factor::Demand;
use super::wallet::{Account, Commit, Trust, Update, Wallet};
use crate::cbor;
use crate::error::{Code, Refusal};
use crate::messages::handshake::{Announce, Claim, Ead1, Ead2, Policy};
use crate::messages::parameters::FactorServer;
use crate::registry::{Factor, Purpose, ServerKind, limit};
use crate::values::{Bytes, Digest, ServerId, SessionId, Transcript, Version};
use crate::verified::Verified;

/// Waits for message_2 of an auth server.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Greeting {
    /// The auth server that the link names.
    pub server: ServerId,
    /// What the link is for.
    pub wish: Wish,
    /// The session or enrolment.
    pub session: SessionId,
    /// The versions that were offered: all that the device allows, ascending.
    pub versions: Vec<Version>,
    /// The epoch of the parameters that the device knows.
    pub epoch: Option<u32>,
}

/// What a link is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Wish {
    /// Confirm or decline a login.
    Login,
    /// Create an account.
    Enrol {
        /// The parameters hash of the link.
        parameters: Digest,
    },
}

impl Greeting {
    /// Begins a login.
    ///
    /// # Errors
    /// [`Code::NoAccount`]: there is no account at that server (SES-1).
    pub fn login(
        wallet: &Wallet,
        server: ServerId,
        session: SessionId,
        versions: &[Version],
    ) -> Result<Self, Refusal> {
        if wallet.accounts_at(server).next().is_none() {
            return Err(Code::NoAccount.into());
        }
        Ok(Self::new(wallet, server, Wish::Login, session, versions))
    }

    /// Begins an enrolment; `parameters` is the hash in its link.
    pub fn enrol(
        wallet: &Wallet,
        server: ServerId,
        parameters: Digest,
        session: SessionId,
        versions: &[Version],
    ) -> Self {
        Self::new(
            wallet,
            server,
            Wish::Enrol { parameters },
            session,
            versions,
        )
    }

    fn new(
        wallet: &Wallet,
        server: ServerId,
        wish: Wish,
        session: SessionId,
        versions: &[Version],
    ) -> Self {
        let epoch = wallet.server(server).map(|known| known.parameters.epoch);
        Self {
            server,
            wish,
            session,
            versions: versions.to_vec(),
            epoch,
        }
    }

    /// The purpose of the handshake.
    pub fn purpose(&self) -> Purpose {
        match self.wish {
            Wish::Login => Purpose::Login,
            Wish::Enrol { .. } => Purpose::Enrol,
        }
    }

    /// EAD_1 (VER-1, SES-2); `proof` is the nonce proof for G_X.
    pub fn ead_1(&self, proof: Digest) -> Ead1 {
        Ead1 {
            versions: self.versions.clone(),
            purpose: self.purpose(),
            server: self.server,
            epoch: self.epoch,
            claim: Some(Claim {
                session: self.session,
                proof,
            }),
        }
    }

    /// Whom to [`authenticate`](super::parameters::authenticate).
    pub fn expected<'w>(&self, wallet: &'w Wallet) -> Expected<'w> {
        Expected {
            server: self.server,
            kind: ServerKind::Auth,
            known: wallet.server(self.server),
            link: match self.wish {
                Wish::Login => None,
                Wish::Enrol { parameters } => Some(parameters),
            },
            trust: Trust::Link,
        }
    }

    /// Takes the offer of the authenticated server; the user is asked next (DEV-1).
    ///
    /// # Errors
    /// All end the flow. [`Code::WrongVersion`] (VER-3); [`Code::TooLarge`] for the
    /// announce info (SES-8); [`Code::Structure`] for an offer that the purpose does not
    /// have; [`Code::FactorNotAllowed`]; [`Code::NoAccount`] (DEV-4).
    pub fn greeted(
        self,
        offer: Verified<Ead2>,
        server: &Authenticated,
        transcript: Transcript,
        wallet: &Wallet,
    ) -> Result<Commit<Confirming>, Refusal> {
        let offer = offer.into_inner();
        let parameters = server.parameters();
        check_version(offer.version, &self.versions, &parameters.versions)?;
        check_announce(offer.announce.as_ref())?;
        let requirement = Requirement::of(offer.policy, parameters.factor_server.as_ref())?;
        let attempt = Attempt {
            server: self.server,
            purpose: self.purpose(),
            session: self.session,
            transcript,
            announce: offer.announce.as_ref().map(Announce::hash),
        };
        let confirming = match self.wish {
            Wish::Login => {
                // A voucher has no place in a login.
                if offer.voucher.is_some() {
                    return Err(Code::Structure.into());
                }
                let accounts = wallet.accounts_at(self.server);
                let choices: Vec<Account> = match offer.account {
                    Some(id) => accounts
                        .filter(|account| account.id == id)
                        .cloned()
                        .collect(),
                    None => accounts.cloned().collect(),
                };
                if choices.is_empty() {
                    return Err(Code::NoAccount.into());
                }
                Confirming::Login(ConfirmingLogin {
                    attempt,
                    announce: offer.announce,
                    preselected: offer.account,
                    choices,
                    requirement,
                })
            }
            Wish::Enrol { .. } => {
                let (factor, voucher) = enrolment(requirement, offer.voucher)?;
                if offer.account.is_some() {
                    return Err(Code::Structure.into());
                }
                Confirming::Enrol(ConfirmingEnrol {
                    existing: wallet
                        .accounts_at(self.server)
                        .map(AccountName::of)
                        .collect(),
                    parameters: server.server().hash,
                    interrupted: wallet.interrupted(self.session).cloned().map(Box::new),
                    registration: wallet
                        .registration(factor.server.server)
                        .map(|registration| registration.key),
                    announce: offer.announce,
                    attempt,
                    factor,
                    voucher,
                })
            }
        };
        Ok(Commit::new(news(wallet, server), confirming))
    }
}

/// VER-3: the version chosen is the highest that is both offered and signed for.
///
/// # Errors
/// [`Code::WrongVersion`].
pub(super) fn check_version(
    chosen: Version,
    offered: &[Version],
    signed: &[Version],
) -> Result<(), Refusal> {
    let highest = offered
        .iter()
        .filter(|version| signed.contains(version))
        .max();
    if highest == Some(&chosen) {
        Ok(())
    } else {
        Err(Code::WrongVersion.into())
    }
}

/// The update that keeps newly seen parameters, if they are new.
pub(super) fn news(wallet: &Wallet, server: &Authenticated) -> Vec<Update> {
    let server = server.server();
    let known = wallet.server(server.parameters.server);
    match known {
        Some(known) if known == server => Vec::new(),
        _ => alloc::vec![Update::Server(Box::new(server.clone()))],
    }
}

/// SES-8.
pub(super) fn check_announce(announce: Option<&Announce>) -> Result<(), Refusal> {
    let Some(announce) = announce else {
        return Ok(());
    };
    let encoded = cbor::to_vec(announce).map_err(|_| Code::Structure)?;
    if encoded.len() > limit::ANNOUNCE {
        return Err(Code::TooLarge.into());
    }
    Ok(())
}

/// The factor server to visit, if the policy asks for a factor.
pub(super) fn factor_server(
    policy: Option<Policy>,
    named: Option<&FactorServer>,
) -> Result<Option<Demand>, Refusal> {
    let Some(policy) = policy else {
        return Ok(None);
    };
    if !(1..=3).contains(&policy.factors) {
        return Err(Code::Structure.into());
    }
    if !policy.allows(Factor::Pin) {
        return Err(Code::FactorNotAllowed.into());
    }
    // A policy that nobody could meet is the server's error, not the user's.
    let server = named.cloned().ok_or(Code::Structure)?;
    let biometric = policy.allows(Factor::Biometric);
    Ok(Some(Demand { server, biometric }))
}

/// ENR-4: an enrolment comes with a policy for the PIN alone, and a voucher.
fn enrolment(requirement: Requirement, voucher: Option<Bytes>) -> Result<(Demand, Bytes), Refusal> {
    match (requirement, voucher) {
        (Requirement::Factor { policy, demand }, Some(voucher))
            if u64::from(policy.factors) == Factor::Pin.number() =>
        {
            Ok((demand, voucher))
        }
        _ => Err(Code::Structure.into()),
    }
}

impl AccountName {
    /// The name of an account.
    pub(super) fn of(account: &Account) -> Self {
        Self {
            id: account.id,
            user_name: account.user_name.clone(),
        }
    }
}
