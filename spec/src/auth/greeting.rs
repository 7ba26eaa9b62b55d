//! What a device may learn before it has authenticated itself
//! (protocol.md, sections 5.2 and 6.1).
//!
//! Whoever sends message_1 is unknown. All that can be asked of it is that it
//! knows the nonce of what it claims; without that it learns nothing, not even
//! whether there is such a session (SES-3).

use alloc::vec::Vec;

use super::config::Config;
use super::enrolment::Enrolment;
use super::session::{Nonce, Session};
use crate::error::{Code, Refusal};
use crate::messages::handshake::{Ead1, Ead2};
use crate::messages::{factor::Voucher, nonce_proof_matches};
use crate::registry::{Purpose, limit};
use crate::values::{Bytes, Digest, SessionId, UnixSeconds, Version, VoucherId};

/// EAD_1 of a device that speaks to the right server, of something it serves, in
/// a version that both allow.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Greeting {
    version: Version,
    known_epoch: Option<u32>,
    g_x: [u8; 32],
    proof: Digest,
    wanted: Wanted,
}

/// The purposes that claim nothing: who comes shows with message_3.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Unclaimed {
    /// An app login.
    AppLogin,
    /// A headless account.
    Headless,
    /// The upgrade of one.
    Upgrade,
    /// A channel for data.
    Data,
    /// A channel for actions and credentials.
    Action,
}

/// What the device claims, to be looked up in the store.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Wanted {
    /// A login session.
    Session(SessionId),
    /// An enrolment.
    Enrolment(SessionId),
    /// Nothing.
    Nothing(Unclaimed),
}

/// What the store has under the id that was claimed.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    /// A login session.
    Session(&'a Session),
    /// An enrolment.
    Enrolment(&'a Enrolment),
    /// Nothing.
    Nothing,
}

/// What the server offers, to a device that knows the nonce.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Offer {
    /// A login, or a purpose that needs no voucher: EAD_2 is complete.
    Login(Ead2),
    /// An enrolment or an upgrade: EAD_2 still lacks its voucher.
    Enrolment(EnrolmentOffer),
}

/// EAD_2 of an enrolment or an upgrade, but for the voucher, which `K_asv` has to sign first.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct EnrolmentOffer {
    ead_2: Ead2,
    voucher: Voucher,
}

/// Reads EAD_1. `g_x` is the ephemeral key of message_1.
///
/// # Errors
/// In this order: HS-8 (208), HS-9 (210), a list of versions that is empty or too
/// long (107), VER-2 (202), a claim where none has a meaning (107), SES-3 (300).
pub fn greet(config: &Config, ead_1: &Ead1, g_x: &[u8; 32]) -> Result<Greeting, Refusal> {
    if ead_1.server != config.server {
        return Err(Code::WrongServer.into());
    }
    let services = &config.services;
    let unclaimed = match ead_1.purpose {
        Purpose::Login | Purpose::Enrol => None,
        Purpose::AppLogin if services.app.is_some() => Some(Unclaimed::AppLogin),
        Purpose::Headless if services.headless => Some(Unclaimed::Headless),
        Purpose::Upgrade if services.upgrade => Some(Unclaimed::Upgrade),
        Purpose::Data if services.data.is_some() => Some(Unclaimed::Data),
        Purpose::Action if services.actions => Some(Unclaimed::Action),
        Purpose::AppLogin
        | Purpose::Headless
        | Purpose::Upgrade
        | Purpose::Data
        | Purpose::Factor
        | Purpose::Action
        | Purpose::PinChange
        | Purpose::BiometricsAdd
        | Purpose::BiometricsRemove => return Err(Code::PurposeRefused.into()),
    };
    let version = choose(&config.versions, &ead_1.versions)?;
    let (wanted, proof) = match (unclaimed, &ead_1.claim) {
        (Some(unclaimed), None) => (Wanted::Nothing(unclaimed), Digest([0; 32])),
        (Some(_), Some(_)) => return Err(Code::Structure.into()),
        (None, None) => return Err(Code::SessionUnavailable.into()),
        (None, Some(claim)) if ead_1.purpose == Purpose::Login => {
            (Wanted::Session(claim.session), claim.proof)
        }
        (None, Some(claim)) => (Wanted::Enrolment(claim.session), claim.proof),
    };
    Ok(Greeting {
        version,
        known_epoch: ead_1.epoch,
        g_x: *g_x,
        proof,
        wanted,
    })
}

impl Greeting {
    /// What to look up.
    pub fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// What the handshake is for.
    pub fn purpose(&self) -> Purpose {
        match self.wanted {
            Wanted::Session(_) => Purpose::Login,
            Wanted::Enrolment(_) => Purpose::Enrol,
            Wanted::Nothing(Unclaimed::AppLogin) => Purpose::AppLogin,
            Wanted::Nothing(Unclaimed::Headless) => Purpose::Headless,
            Wanted::Nothing(Unclaimed::Upgrade) => Purpose::Upgrade,
            Wanted::Nothing(Unclaimed::Data) => Purpose::Data,
            Wanted::Nothing(Unclaimed::Action) => Purpose::Action,
        }
    }

    /// The session or enrolment that is claimed, if one is.
    pub fn session(&self) -> Option<SessionId> {
        match self.wanted {
            Wanted::Session(id) | Wanted::Enrolment(id) => Some(id),
            Wanted::Nothing(_) => None,
        }
    }

    /// Offers what was found, if the proof is right. `voucher` is a fresh id,
    /// used for an enrolment and for an upgrade.
    ///
    /// # Errors
    /// 300 for whatever is claimed: nothing was found, or something of the other kind or
    /// with another id, the proof is wrong, or the expiry has come (SES-3, SES-4).
    pub fn offer(
        &self,
        config: &Config,
        found: Found<'_>,
        voucher: VoucherId,
        now: UnixSeconds,
    ) -> Result<Offer, Refusal> {
        match (self.wanted, found) {
            (Wanted::Session(id), Found::Session(session)) => {
                self.prove(
                    config,
                    &session.nonce,
                    id == session.id,
                    session.expires,
                    now,
                )?;
                Ok(Offer::Login(Ead2 {
                    announce: session.announce.clone(),
                    account: session.preselected,
                    policy: session.policy,
                    ..self.ead_2(config)
                }))
            }
            (Wanted::Enrolment(id), Found::Enrolment(enrolment)) => {
                self.prove(
                    config,
                    &enrolment.nonce,
                    id == enrolment.id,
                    enrolment.expires,
                    now,
                )?;
                Ok(Offer::Enrolment(EnrolmentOffer {
                    ead_2: Ead2 {
                        announce: enrolment.announce.clone(),
                        policy: Some(Enrolment::POLICY),
                        ..self.ead_2(config)
                    },
                    voucher: voucher_of(config, voucher, now),
                }))
            }
            (Wanted::Nothing(unclaimed), _) => {
                let services = &config.services;
                let policy = match unclaimed {
                    Unclaimed::AppLogin => services.app.as_ref().and_then(|terms| terms.policy),
                    Unclaimed::Data => services.data.as_ref().and_then(|terms| terms.policy),
                    Unclaimed::Headless | Unclaimed::Action => None,
                    Unclaimed::Upgrade => Some(Enrolment::POLICY),
                };
                let ead_2 = Ead2 {
                    policy,
                    ..self.ead_2(config)
                };
                Ok(match unclaimed {
                    Unclaimed::Upgrade => Offer::Enrolment(EnrolmentOffer {
                        ead_2,
                        voucher: voucher_of(config, voucher, now),
                    }),
                    _ => Offer::Login(ead_2),
                })
            }
            _ => {
                // The same work as for what exists, so that its time says nothing either.
                self.prove(config, &Nonce::new([0; 32]), false, now, now)?;
                Err(Code::SessionUnavailable.into())
            }
        }
    }

    /// SES-3: whatever is wrong, the answer is the same.
    fn prove(
        &self,
        config: &Config,
        nonce: &Nonce,
        is_claimed: bool,
        expires: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<(), Refusal> {
        let proved = nonce_proof_matches(
            nonce.as_bytes(),
            config.server,
            self.purpose(),
            &self.g_x,
            &self.proof,
        );
        match proved & is_claimed & (now < expires) {
            true => Ok(()),
            false => Err(Code::SessionUnavailable.into()),
        }
    }

    /// What every EAD_2 has. PAR-6: the parameters are left out for a device
    /// that knows them.
    fn ead_2(&self, config: &Config) -> Ead2 {
        let knows = self.known_epoch == Some(config.epoch);
        Ead2 {
            version: self.version,
            epoch: config.epoch,
            announce: None,
            account: None,
            policy: None,
            voucher: None,
            parameters: (!knows).then(|| config.parameters.clone()),
        }
    }
}

impl EnrolmentOffer {
    /// What `K_asv` signs.
    pub fn voucher(&self) -> &Voucher {
        &self.voucher
    }

    /// EAD_2 with the voucher, as a COSE_Sign1.
    pub fn vouched(self, signed: Vec<u8>) -> Ead2 {
        Ead2 {
            voucher: Some(Bytes(signed)),
            ..self.ead_2
        }
    }
}

fn voucher_of(config: &Config, id: VoucherId, now: UnixSeconds) -> Voucher {
    Voucher {
        issuer: config.server,
        factor_server: config.factor_server.server,
        id,
        expiry: now.plus(config.voucher_ttl_s),
    }
}

/// VER-2: "the highest version that it allows and that was offered".
fn choose(allowed: &[Version], offered: &[Version]) -> Result<Version, Refusal> {
    if !(1..=limit::VERSIONS).contains(&offered.len()) {
        return Err(Code::Structure.into());
    }
    let common = offered.iter().filter(|version| allowed.contains(version));
    common.max().copied().ok_or(Code::NoCommonVersion.into())
}
