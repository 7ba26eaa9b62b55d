//! The device between its app and the network: bytes and decisions in, effects out.
//!
//! | input | when |
//! |---|---|
//! | [`start`](DeviceEndpoint::start) | no flow is active |
//! | [`receive`](DeviceEndpoint::receive) | whenever a frame comes |
//! | [`signed`](DeviceEndpoint::signed) | after [`Effect::Sign`] |
//! | [`prompt_cancelled`](DeviceEndpoint::prompt_cancelled) | after [`Effect::Sign`] by a `K_act` or a `K_bio` |
//! | [`confirm_login`](DeviceEndpoint::confirm_login), [`confirm_enrol`](DeviceEndpoint::confirm_enrol), [`decline`](DeviceEndpoint::decline) | after the one confirmation request |
//! | [`upgrade`](DeviceEndpoint::upgrade) | no flow is active |
//! | [`factor_key`](DeviceEndpoint::factor_key) | after [`UpgradeProgress::KeyNeeded`](super::UpgradeProgress::KeyNeeded) |
//! | [`fetch_challenge`](DeviceEndpoint::fetch_challenge), [`rotate`](DeviceEndpoint::rotate), [`resume_rotation`](DeviceEndpoint::resume_rotation), [`delete_credential`](DeviceEndpoint::delete_credential), [`forget`](DeviceEndpoint::forget) | no flow is active |
//! | [`approve`](DeviceEndpoint::approve), [`reject`](DeviceEndpoint::reject) | after [`Event::ConfirmAction`] |
//! | [`pin`](DeviceEndpoint::pin), [`biometric`](DeviceEndpoint::biometric), [`pin_and_biometric`](DeviceEndpoint::pin_and_biometric), [`cancel_factor`](DeviceEndpoint::cancel_factor) | while a second-factor request says that it listens |
//! | [`manage`](DeviceEndpoint::manage) | no flow is active: the PIN or the biometrics are to be changed |
//! | [`os_biometrics`](DeviceEndpoint::os_biometrics), [`biometric_gone`](DeviceEndpoint::biometric_gone) | at the start, and when the phone says so |
//! | [`reconnect`](DeviceEndpoint::reconnect) | the transport broke |
//! | [`abandon`](DeviceEndpoint::abandon) | always |
//!
//! The app carries effects out in their order, and nothing is sent before what
//! was to be stored ahead of it is durable. An input that does not fit is
//! refused and changes nothing. Whatever ends a flow says so by
//! [`Event::Finished`], once.
//!
//! One flow is active at a time, as a `Stage`. A flow that needs a second factor
//! parks itself and visits the factor server; the module `then` says how another
//! flow does so too.
//!
//! After a restart the app makes a new endpoint from its stored [`Wallet`]:
//! a flow that was active is gone, and nothing of it needs to be cleaned up.

mod acting;
mod action;
mod app;
mod carrier;
mod credentials;
mod data;
mod entry;
mod factor;
mod line;
mod resident;
mod stage;
mod then;
mod upgrade;
mod visit;

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

pub use credentials::OwnCredential;

use entry::Entry;
use line::{Greeted, Line, decode, greet};
use resident::Resident;
use stage::{Context, Stage};

use super::event::{Event, NewKeys, OsBiometrics, Outcome, UserInput};
use super::greeting::Greeting;
use super::second_factor::Setting;
use super::wallet::{Account, Update, Wallet};
use super::{Commit, Confirming, Flow};
use crate::cbor::DecodeError;
use crate::channel::{ChannelError, Content};
use crate::crypto::{Signature, Verifier};
use crate::edhoc::ErrorMessage;
use crate::error::{Code, Refusal};
use crate::messages::frame::Frame;
use crate::messages::link::Link;
use crate::messages::nonce_proof;
use crate::registry::{ServerKind, message_type as ty};
use crate::values::{AccountId, Kid, ServerId, UnixSeconds, Version};

/// What the app allows.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Config {
    /// Versions towards auth servers, ascending.
    pub auth_versions: Vec<Version>,
    /// Versions towards factor servers, ascending.
    pub factor_versions: Vec<Version>,
    /// Whether biometrics are offered where the OS has them (DEV-16).
    pub biometrics: bool,
    /// Whether a biometric may verify a PIN change, should the factor server agree (CHG-3).
    pub pin_change_by_biometric: bool,
    /// Whether a PIN that is easy to guess is refused when it is set (PIN-4).
    pub refuse_easy_pins: bool,
}

/// What the app has to do, in this order.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Effect {
    /// Make this durable before anything behind it.
    Store(Update),
    /// Send a frame.
    Send {
        /// To whom.
        to: Peer,
        /// The frame.
        frame: Vec<u8>,
    },
    /// Have the keystore sign, ECDSA with SHA-256, and return it by [`DeviceEndpoint::signed`].
    Sign {
        /// The kid of the key: a `K_dev` or a `K_dsf`, or a `K_act` or a `K_bio`, for which
        /// the OS asks its user.
        key: Kid,
        /// The message.
        tbs: Vec<u8>,
    },
    /// Tell the app.
    Event(Event),
}

/// Where to send a frame.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Peer {
    /// Auth server or factor server.
    pub kind: ServerKind,
    /// Its id.
    pub server: ServerId,
    /// Where it is reached.
    pub uri: String,
}

/// One device. It holds the secrets of the flow that is active, if one is.
#[derive(Debug)]
pub struct DeviceEndpoint<V> {
    config: Config,
    wallet: Wallet,
    verifier: V,
    os: OsBiometrics,
    stage: Stage,
    resident: Resident,
}

impl<V: Verifier> DeviceEndpoint<V> {
    /// A device with what it has stored.
    pub fn new(config: Config, wallet: Wallet, verifier: V) -> Self {
        Self {
            config,
            wallet,
            verifier,
            os: OsBiometrics::default(),
            stage: Stage::Idle,
            resident: Resident::default(),
        }
    }

    /// What is stored.
    pub fn wallet(&self) -> &Wallet {
        &self.wallet
    }

    /// Where the flow stands.
    pub fn flow(&self) -> Flow {
        self.stage.facts()
    }

    /// Starts the interaction that a link leads to. `entropy` is 32 fresh random bytes.
    ///
    /// # Errors
    /// [`Code::FlowActive`] (DEV-2), the codes of a [`Link`] that does not decode,
    /// [`Code::NoAccount`] (SES-1). Nothing has begun.
    pub fn start(&mut self, link: &[u8], entropy: [u8; 32]) -> Result<Vec<Effect>, Refusal> {
        self.free()?;
        let link = Link::from_slice(link).map_err(DecodeError::entry)?;
        let (server, session) = (link.server(), link.session_id());
        let versions = &self.config.auth_versions;
        let (facts, uri) = match &link {
            Link::Session(_) => {
                let facts = Greeting::login(&self.wallet, server, session, versions)?;
                let known = self.wallet.server(server).ok_or(Code::NoAccount)?;
                (facts, known.parameters.uri.clone())
            }
            Link::Enrolment(link) => {
                let facts =
                    Greeting::enrol(&self.wallet, server, link.parameters, session, versions);
                (facts, link.uri.clone())
            }
        };
        let peer = Peer {
            kind: ServerKind::Auth,
            server,
            uri,
        };
        let Greeted { handshake, frame } = greet(entropy, |g_x| {
            facts.ead_1(nonce_proof(
                link.nonce().as_bytes(),
                server,
                facts.purpose(),
                g_x,
            ))
        })?;
        self.stage = Stage::Greeting {
            facts,
            handshake,
            peer: peer.clone(),
        };
        Ok(alloc::vec![Effect::Send { to: peer, frame }])
    }

    /// Takes a frame. Whose it is, its connection identifier says; where it came from proves nothing.
    ///
    /// # Errors
    /// Nothing has changed: the codes of a frame that does not decode,
    /// [`Code::UnexpectedFrame`] (HS-4), [`Code::RecordDropped`] (CH-2).
    pub fn receive(&mut self, frame: &[u8], now: UnixSeconds) -> Result<Vec<Effect>, Refusal> {
        let frame = Frame::from_slice(frame).map_err(DecodeError::entry)?;
        if let Frame::Record { to, record } = &frame
            && self.resident.is(to)
        {
            return self.resident.record(to, record);
        }
        if !self.stage.expects(&frame) {
            return Err(Code::UnexpectedFrame.into());
        }
        match frame {
            Frame::Message2 { message, .. } => {
                self.advance(|stage, context| stage.message_2(&message, now, context))
            }
            Frame::Record { to, record } => self.record(&to, &record, now),
            Frame::Error { error, .. } => {
                self.advance(|stage, context| stage.refused(told(&error), context))
            }
            Frame::Message1 { .. } | Frame::Message3 { .. } => Err(Code::UnexpectedFrame.into()),
        }
    }

    /// Takes the signature that [`Effect::Sign`] asked for.
    ///
    /// # Errors
    /// [`Code::NotAsked`]; nothing has changed.
    pub fn signed(&mut self, signature: Signature) -> Result<Vec<Effect>, Refusal> {
        if !self.stage.awaits_signature() {
            return Err(Code::NotAsked.into());
        }
        self.advance(|stage, context| stage.signed(signature, context))
    }

    /// The user confirms a login, with `account` where there are several.
    /// `entropy` is 32 fresh random bytes.
    ///
    /// # Errors
    /// The request stays open: [`Code::WrongAccount`] (DEV-3, STM-4), [`Code::NotAsked`].
    pub fn confirm_login(
        &mut self,
        account: Option<AccountId>,
        input: Option<UserInput>,
        entropy: [u8; 32],
    ) -> Result<Vec<Effect>, Refusal> {
        let choice = match &self.stage {
            Stage::Confirming {
                facts: Confirming::Login(facts),
                ..
            } => facts.choose(account)?,
            Stage::Confirming { .. } => return Err(Code::WrongAccount.into()),
            _ => return Err(Code::NotAsked.into()),
        };
        self.advance(|stage, context| stage.confirm_login(choice, input, entropy, context))
    }

    /// The user confirms an enrolment; the app has made the keys that the
    /// request asked for. `entropy` is 32 fresh random bytes.
    ///
    /// # Errors
    /// The request stays open: [`Code::WrongAccount`] for a login (DEV-3),
    /// [`Code::NotAsked`] and [`Code::InvalidKey`] for other keys than needed.
    pub fn confirm_enrol(
        &mut self,
        keys: NewKeys,
        input: Option<UserInput>,
        entropy: [u8; 32],
    ) -> Result<Vec<Effect>, Refusal> {
        let keys = match &self.stage {
            Stage::Confirming {
                facts: Confirming::Enrol(facts),
                ..
            } => facts.take(keys)?,
            Stage::Confirming { .. } => return Err(Code::WrongAccount.into()),
            _ => return Err(Code::NotAsked.into()),
        };
        self.advance(|stage, context| stage.confirm_enrol(keys, input, entropy, context))
    }

    /// The user declines. A login is declined with a signature; without an
    /// account to sign with, where there are several, and for an enrolment, the
    /// attempt is dropped and the session expires (STM-1).
    ///
    /// # Errors
    /// The request stays open: [`Code::WrongAccount`], [`Code::NotAsked`].
    pub fn decline(&mut self, account: Option<AccountId>) -> Result<Vec<Effect>, Refusal> {
        let choice = match &self.stage {
            Stage::Confirming {
                facts: Confirming::Login(facts),
                ..
            } => match (account, facts.choices.len()) {
                (None, 2..) => None,
                _ => Some(facts.choose(account)?),
            },
            Stage::Confirming { .. } if account.is_some() => return Err(Code::WrongAccount.into()),
            Stage::Confirming { .. } => None,
            _ => return Err(Code::NotAsked.into()),
        };
        match choice {
            Some(choice) => self.advance(|stage, context| stage.decline(choice, context)),
            None => Ok(self.finish(Outcome::Declined { signed: false })),
        }
    }

    /// The transport broke. A visit to the factor server starts again and
    /// repeats what is unanswered; message_3 is sent again as it was (HS-6). What was sent
    /// through a channel for actions and is unanswered is done in another one (CHA-14, CRD-10).
    /// `entropy` is 32 fresh random bytes.
    ///
    /// # Errors
    /// [`Code::NotAsked`]: nothing is under way that could be repeated.
    pub fn reconnect(&mut self, entropy: [u8; 32]) -> Result<Vec<Effect>, Refusal> {
        match &self.stage {
            Stage::Settling { frame, line, .. }
            | Stage::Entering(Entry::Settling { frame, line, .. }) => {
                Ok(alloc::vec![Effect::Send {
                    to: line.peer.clone(),
                    frame: frame.clone()
                }])
            }
            Stage::Visiting { .. } => {
                self.advance(|stage, context| stage.reconnect(entropy, context))
            }
            Stage::Upgrade(upgrade) => {
                let again = upgrade.repeat().ok_or(Code::NotAsked)?;
                Ok(alloc::vec![again])
            }
            Stage::Acting(acting) if acting.may_be_lost() => {
                self.advance(|stage, context| stage.reconnect(entropy, context))
            }
            Stage::Acting(acting) => {
                let again = acting.repeat().ok_or(Code::NotAsked)?;
                Ok(alloc::vec![again])
            }
            _ => Err(Code::NotAsked.into()),
        }
    }

    /// Drops the active flow, wherever it is. What a server has committed stays committed.
    pub fn abandon(&mut self) -> Vec<Effect> {
        match self.stage {
            Stage::Idle => Vec::new(),
            _ => self.finish(Outcome::Failed(Code::Cancelled)),
        }
    }

    fn record(
        &mut self,
        c_i: &[u8],
        record: &[u8],
        now: UnixSeconds,
    ) -> Result<Vec<Effect>, Refusal> {
        let content = match self.stage.open(c_i, record) {
            Ok(content) => content,
            Err(error) if error.closes() => {
                return Ok(self.finish(Outcome::Failed(channel_code(error))));
            }
            Err(error) => return Err(channel_code(error).into()),
        };
        match content.message_type() {
            Ok(ty::KEY_UPDATE) => self.key_update(c_i, &content),
            Ok(message) if self.stage.expects_message(c_i, message) => {
                self.advance(|stage, context| stage.message(message, &content, now, context))
            }
            Ok(_) => Err(Code::UnexpectedFrame.into()),
            Err(error) => Ok(self.finish(Outcome::Failed(error.entry()))),
        }
    }

    fn key_update(&mut self, c_i: &[u8], content: &Content) -> Result<Vec<Effect>, Refusal> {
        match decode(content).and_then(|update| self.stage.key_update(c_i, &update)) {
            Ok(()) => Ok(Vec::new()),
            Err(Refusal(code)) => Ok(self.finish(Outcome::Failed(code))),
        }
    }

    /// Lets the stage go on. If it cannot, the flow is over.
    fn advance(
        &mut self,
        go: impl FnOnce(Stage, &mut Context<'_, V>) -> Result<Stage, Refusal>,
    ) -> Result<Vec<Effect>, Refusal> {
        let mut context = Context {
            config: &self.config,
            wallet: &mut self.wallet,
            verifier: &self.verifier,
            os: self.os,
            resident: &mut self.resident,
            effects: Vec::new(),
        };
        let went = go(mem::take(&mut self.stage), &mut context);
        let mut effects = context.effects;
        match went {
            Ok(Stage::Idle) => {
                // Requests that have waited for a channel either went through it, or there is none.
                effects.extend(self.resident.give_up());
            }
            Ok(stage) => self.stage = stage,
            Err(Refusal(code)) => effects.extend(self.finish(Outcome::Failed(code))),
        }
        Ok(effects)
    }

    /// Ends the flow; dropping the stage wipes its secrets.
    fn finish(&mut self, outcome: Outcome) -> Vec<Effect> {
        self.stage = Stage::Idle;
        let mut effects = alloc::vec![Effect::Event(Event::Finished(outcome))];
        effects.extend(self.resident.give_up());
        effects
    }

    /// DEV-2.
    fn free(&self) -> Result<(), Refusal> {
        match self.stage {
            Stage::Idle => Ok(()),
            _ => Err(Code::FlowActive.into()),
        }
    }

    fn account(&self, server: ServerId, id: AccountId) -> Result<&Account, Refusal> {
        let mut here = self.wallet.accounts_at(server);
        here.find(|account| account.id == id)
            .ok_or(Code::NoAccount.into())
    }
}

impl<V> Context<'_, V> {
    /// What holds at the moment, for a visit with this channel.
    fn setting(&self, line: &Line) -> Setting {
        Setting {
            channel: line.binding(),
            biometrics: self.config.biometrics && self.os == OsBiometrics::Usable,
            pin_change_by_biometric: self.config.pin_change_by_biometric,
        }
    }

    /// Has the updates stored and goes on to what they were for.
    fn commit<T>(&mut self, commit: Commit<T>) -> T {
        for update in commit.updates() {
            self.wallet.apply(update.clone());
            self.effects.push(Effect::Store(update.clone()));
        }
        commit.committed()
    }

    fn send(&mut self, to: &Peer, frame: Vec<u8>) {
        self.effects.push(Effect::Send {
            to: to.clone(),
            frame,
        });
    }

    fn sign(&mut self, key: Kid, tbs: &[u8]) {
        self.effects.push(Effect::Sign {
            key,
            tbs: tbs.to_vec(),
        });
    }

    fn tell(&mut self, event: Event) {
        self.effects.push(Effect::Event(event));
    }
}

/// The code that an EDHOC error message tells (HS-5). Nobody vouches for it: it
/// ends the attempt and no more.
fn told(error: &[u8]) -> Code {
    match ErrorMessage::decode(error) {
        Ok(ErrorMessage::Unspecified(text)) => text
            .parse()
            .ok()
            .and_then(Code::from_number)
            .unwrap_or(Code::HandshakeInvalid),
        Ok(ErrorMessage::WrongSuite(_)) => Code::Unsupported,
        _ => Code::HandshakeInvalid,
    }
}

fn channel_code(error: ChannelError) -> Code {
    Code::from_number(error.code()).unwrap_or(Code::ChannelClosed)
}
