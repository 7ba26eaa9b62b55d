//! The upgrade of a headless account (protocol.md, section 14.2): its stages towards
//! the auth server. The visit to the factor server between them is everybody's.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::line::{Greeted, Line, authenticate_message_2, decode, greet, prepare_message_3};
use super::stage::{Context, Stage, greets, speaks};
use super::then::Then;
use super::{DeviceEndpoint, Effect, Peer};
use crate::channel::Content;
use crate::crypto::{PublicKey, Secret, Signature, Verifier, hkdf_expand_secret};
use crate::device::event::{Event, UpgradeProgress};
use crate::device::upgrade as facts;
use crate::edhoc::{AwaitMessage2, Message2Verified, Message3ToSign};
use crate::error::{Code, Refusal};
use crate::messages::frame::Frame;
use crate::registry::{ServerKind, message_type as ty};
use crate::values::{AccountId, Bytes, ServerId, UnixSeconds};

/// How far it is, but for the visit.
#[derive(Debug)]
pub(super) enum Upgrade {
    /// message_1 is out; `entropy` is for the visit that follows.
    Greeting {
        facts: facts::Greeting,
        handshake: AwaitMessage2,
        peer: Peer,
        entropy: Secret<32>,
    },
    /// The app is asked for a key.
    Equipping {
        facts: facts::Equipping,
        handshake: Box<Message2Verified>,
        peer: Peer,
        entropy: Secret<32>,
    },
    /// `K_dev` is asked to sign.
    Answering {
        facts: facts::Answering,
        handshake: Box<Message3ToSign>,
        peer: Peer,
    },
    /// message_3 is out.
    Settling {
        facts: facts::Settling,
        line: Line,
        frame: Vec<u8>,
    },
}

impl<V: Verifier> DeviceEndpoint<V> {
    /// Upgrades a headless account. What an earlier try has left is taken up again.
    /// `entropy` is 32 fresh random bytes.
    ///
    /// # Errors
    /// [`Code::FlowActive`] (DEV-2), [`Code::NoAccount`], [`Code::FullAccount`]
    /// (HEADLESS-8), [`Code::UpgradeUnsupported`] (HEADLESS-4). Nothing has begun.
    pub fn upgrade(
        &mut self,
        server: ServerId,
        account: AccountId,
        entropy: [u8; 32],
    ) -> Result<Vec<Effect>, Refusal> {
        if !matches!(self.stage, Stage::Idle) {
            return Err(Code::FlowActive.into());
        }
        let known = self.wallet.server(server).ok_or(Code::NoAccount)?;
        let facts = facts::Greeting::new(
            &self.wallet,
            (server, account),
            &self.config.auth_versions,
            &self.config.factor_versions,
        )?;
        let peer = Peer {
            kind: ServerKind::Auth,
            server,
            uri: known.parameters.uri.clone(),
        };
        let later = hkdf_expand_secret(&Secret::from_bytes(entropy), b"visit");
        let Greeted { handshake, frame } = greet(entropy, |_| facts.ead_1())?;
        self.stage = Stage::Upgrade(Box::new(Upgrade::Greeting {
            facts,
            handshake,
            peer: peer.clone(),
            entropy: later,
        }));
        Ok(alloc::vec![Effect::Send { to: peer, frame }])
    }

    /// Takes the public half of the `K_dsf` that [`UpgradeProgress::KeyNeeded`] asked for.
    ///
    /// # Errors
    /// The request stays open: [`Code::NotAsked`], [`Code::InvalidKey`] for the
    /// account's own key (KEY-1).
    pub fn factor_key(&mut self, key: PublicKey) -> Result<Vec<Effect>, Refusal> {
        let equipment = match &self.stage {
            Stage::Upgrade(upgrade) => match &**upgrade {
                Upgrade::Equipping { facts, .. } => facts.take(Some(key))?,
                _ => return Err(Code::NotAsked.into()),
            },
            _ => return Err(Code::NotAsked.into()),
        };
        self.advance(|stage, context| match stage {
            Stage::Upgrade(upgrade) => upgrade.equipped(equipment, context),
            _ => Err(Code::NotAsked.into()),
        })
    }
}

impl Upgrade {
    /// The facts without the secrets.
    pub(super) fn facts(&self) -> facts::Upgrade {
        match self {
            Self::Greeting { facts, .. } => facts::Upgrade::Greeting(facts.clone()),
            Self::Equipping { facts, .. } => facts::Upgrade::Equipping(facts.clone()),
            Self::Answering { facts, .. } => facts::Upgrade::Answering(facts.clone()),
            Self::Settling { facts, .. } => facts::Upgrade::Settling(facts.clone()),
        }
    }

    /// Whether a frame is for this connection, and of a kind that it waits for (HS-4).
    pub(super) fn expects(&self, frame: &Frame) -> bool {
        match self {
            Self::Greeting { handshake, .. } => greets(frame, handshake.c_i()),
            Self::Equipping { .. } | Self::Answering { .. } => false,
            Self::Settling { line, .. } => speaks(frame, line.c_i()),
        }
    }

    /// Whether a message of this type may come through the channel now.
    pub(super) fn expects_message(&self, message: u64) -> bool {
        matches!(self, Self::Settling { .. }) && matches!(message, ty::ADMITTED | ty::REFUSED)
    }

    pub(super) fn awaits_signature(&self) -> bool {
        matches!(self, Self::Answering { .. })
    }

    /// The channel, once there is one.
    pub(super) fn line(&mut self) -> Option<&mut Line> {
        match self {
            Self::Settling { line, .. } => Some(line),
            _ => None,
        }
    }

    /// message_3 again, as it was (HS-6).
    pub(super) fn repeat(&self) -> Option<Effect> {
        match self {
            Self::Settling { line, frame, .. } => Some(Effect::Send {
                to: line.peer.clone(),
                frame: frame.clone(),
            }),
            _ => None,
        }
    }

    pub(super) fn message_2<V: Verifier>(
        self,
        message_2: &[u8],
        now: UnixSeconds,
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        let Self::Greeting {
            facts,
            handshake,
            mut peer,
            entropy,
        } = self
        else {
            return Err(Code::UnexpectedFrame.into());
        };
        let expected = facts.expected(context.wallet);
        let (handshake, offer, server) =
            authenticate_message_2(handshake, message_2, &expected, now, context.verifier)?;
        peer.uri.clone_from(&server.parameters().uri);
        let transcript = handshake.transcript();
        let facts = context.commit(facts.greeted(offer, &server, transcript, context.wallet)?);
        let needed = facts.key_needed();
        let stage = Self::Equipping {
            facts,
            handshake: Box::new(handshake),
            peer,
            entropy,
        };
        match needed {
            Some(factor_server) => {
                let progress = UpgradeProgress::KeyNeeded { factor_server };
                context.tell(Event::Upgrade(progress));
                Ok(Stage::Upgrade(Box::new(stage)))
            }
            None => stage.equip(None, context),
        }
    }

    /// Goes on with a key, or with none where none is needed.
    fn equip<V>(
        self,
        key: Option<PublicKey>,
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        match &self {
            Self::Equipping { facts, .. } => {
                let equipment = facts.take(key)?;
                self.equipped(equipment, context)
            }
            _ => Err(Code::NotAsked.into()),
        }
    }

    /// Sets out for the factor server.
    fn equipped<V>(
        self,
        equipment: facts::Equipment,
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        let Self::Equipping {
            facts,
            handshake,
            peer,
            entropy,
        } = self
        else {
            return Err(Code::NotAsked.into());
        };
        let upgrading = Box::new(context.commit(facts.equipped(equipment)));
        let then = Then::Upgrade {
            upgrading,
            handshake,
            peer,
        };
        Stage::visit(then, *entropy.as_bytes(), context)
    }

    /// The factor is verified: has `K_dev` sign message_3.
    pub(super) fn verified<V>(
        upgrading: facts::Upgrading,
        assertion: Bytes,
        handshake: Message2Verified,
        peer: Peer,
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        let facts = context.commit(upgrading.verified(assertion));
        let (id_cred, credential) = facts.credential();
        let kid = credential.kid();
        let handshake = prepare_message_3(handshake, (id_cred, credential), facts.statement())?;
        context.sign(kid, handshake.tbs());
        Ok(Stage::Upgrade(Box::new(Self::Answering {
            facts,
            handshake: Box::new(handshake),
            peer,
        })))
    }

    pub(super) fn signed<V>(
        self,
        signature: Signature,
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        let Self::Answering {
            facts,
            handshake,
            peer,
        } = self
        else {
            return Err(Code::NotAsked.into());
        };
        let (line, frame) = Line::new(*handshake, signature, peer)?;
        context.send(&line.peer, frame.clone());
        Ok(Stage::Upgrade(Box::new(Self::Settling {
            facts: facts.sent(),
            line,
            frame,
        })))
    }

    pub(super) fn message<V>(
        self,
        message: u64,
        content: &Content,
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        let Self::Settling { facts, .. } = self else {
            return Err(Code::UnexpectedFrame.into());
        };
        let outcome = match message {
            ty::ADMITTED => context.commit(facts.admitted(decode(content)?)?),
            _ => context.commit(facts.refused(&decode(content)?)),
        };
        context.tell(Event::Finished(outcome));
        Ok(Stage::Idle)
    }
}
