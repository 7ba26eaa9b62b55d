//! The stages of a flow: the facts of each state, paired with the secrets that
//! belong to it and to no other.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::acting::Acting;
use super::entry::Entry;
use super::line::{Line, authenticate_message_2, decode, prepare_message_3};
use super::resident::Resident;
use super::then::Then;
use super::upgrade::Upgrade;
use super::visit::{Step, Visit};
use super::{Config, Effect, Peer};
use crate::channel::{ChannelError, Content};
use crate::crypto::{Secret, Signature, Verifier};
use crate::device::Flow;
use crate::device::answering::{Answering, Settling};
use crate::device::confirming::{Agreed, Choice, Confirmed, Confirming, EnrolKeys};
use crate::device::event::{Event, OsBiometrics, Outcome, UserInput};
use crate::device::greeting::Greeting;
use crate::device::registering::Registering;
use crate::device::second_factor::Passed;
use crate::device::wallet::Wallet;
use crate::edhoc::{AwaitMessage2, ConnectionId, Message2Verified, Message3ToSign};
use crate::error::{Code, Refusal};
use crate::messages::channel::KeyUpdate;
use crate::messages::frame::Frame;
use crate::registry::message_type as ty;
use crate::values::{ServerId, UnixSeconds};
use crate::verified::Verified;

/// What a transition may look at, and where its effects go.
pub(super) struct Context<'e, V> {
    pub(super) config: &'e Config,
    pub(super) wallet: &'e mut Wallet,
    pub(super) verifier: &'e V,
    pub(super) os: OsBiometrics,
    pub(super) resident: &'e mut Resident,
    pub(super) effects: Vec<Effect>,
}

/// How far a flow is.
#[derive(Debug, Default)]
pub(super) enum Stage {
    /// None is active.
    #[default]
    Idle,
    /// message_1 is out to the auth server.
    Greeting {
        facts: Greeting,
        handshake: AwaitMessage2,
        peer: Peer,
    },
    /// The user is asked.
    Confirming {
        facts: Confirming,
        handshake: Box<Message2Verified>,
        peer: Peer,
    },
    /// A new `K_act` is asked to sign; `entropy` is for the visit that follows.
    Registering {
        facts: Box<Registering>,
        handshake: Box<Message2Verified>,
        peer: Peer,
        entropy: Secret<32>,
    },
    /// The factor server is visited, while what it is for waits.
    Visiting { visit: Box<Visit>, then: Then },
    /// `K_dev` is asked to sign.
    Answering {
        facts: Answering,
        handshake: Box<Message3ToSign>,
        peer: Peer,
    },
    /// message_3 is out to the auth server.
    Settling {
        facts: Settling,
        line: Line,
        frame: Vec<u8>,
    },
    /// A headless account is upgraded.
    Upgrade(Box<Upgrade>),
    /// A handshake that no link leads to.
    Entering(Entry),
    /// A channel for actions and credentials is used.
    Acting(Box<Acting>),
}

impl Stage {
    /// The facts without the secrets.
    pub(super) fn facts(&self) -> Flow {
        match self {
            Self::Idle => Flow::Idle,
            Self::Greeting { facts, .. } => Flow::Greeting(facts.clone()),
            Self::Confirming { facts, .. } => Flow::Confirming(facts.clone()),
            Self::Registering { facts, .. } => Flow::Registering(facts.clone()),
            Self::Visiting { visit, then } => Flow::Visiting {
                then: then.facts(),
                visit: Box::new(visit.facts()),
            },
            Self::Answering { facts, .. } => Flow::Answering(facts.clone()),
            Self::Settling { facts, .. } => Flow::Settling(facts.clone()),
            Self::Upgrade(upgrade) => Flow::Upgrade(upgrade.facts()),
            Self::Entering(entry) => entry.facts(),
            Self::Acting(acting) => Flow::Acting(acting.facts()),
        }
    }

    /// Whether a frame is for a connection of this stage, and of a kind that it waits for (HS-4).
    pub(super) fn expects(&self, frame: &Frame) -> bool {
        match self {
            Self::Idle
            | Self::Confirming { .. }
            | Self::Registering { .. }
            | Self::Answering { .. } => false,
            Self::Greeting { handshake, .. } => greets(frame, handshake.c_i()),
            Self::Visiting { visit, then } => {
                let waits = then.line().is_some_and(|line| speaks(frame, line.c_i()));
                visit.expects(frame) || waits
            }
            Self::Settling { line, .. } => speaks(frame, line.c_i()),
            Self::Upgrade(upgrade) => upgrade.expects(frame),
            Self::Entering(entry) => entry.expects(frame),
            Self::Acting(acting) => acting.expects(frame),
        }
    }

    /// Whether a message of this type may come now through the channel to `c_i`.
    pub(super) fn expects_message(&mut self, c_i: &[u8], message: u64) -> bool {
        match self {
            Self::Settling { .. } => matches!(message, ty::SETTLED | ty::REFUSED),
            Self::Upgrade(upgrade) => upgrade.expects_message(message),
            Self::Entering(entry) => entry.expects_message(message),
            Self::Acting(acting) => acting.expects_message(message),
            // What waits is told nothing but new keys.
            Self::Visiting { visit, .. } => {
                visit.line().is_some_and(|line| line.is(c_i)) && visit.expects_message(message)
            }
            _ => false,
        }
    }

    pub(super) fn awaits_signature(&self) -> bool {
        match self {
            Self::Upgrade(upgrade) => upgrade.awaits_signature(),
            Self::Acting(acting) => acting.awaits_signature(),
            Self::Registering { .. }
            | Self::Answering { .. }
            | Self::Entering(Entry::Entering { .. }) => true,
            Self::Visiting { visit, .. } => visit.awaits_signature(),
            _ => false,
        }
    }

    /// Whether the OS may be prompting for the signature that is awaited.
    pub(super) fn prompts(&self) -> bool {
        match self {
            Self::Registering { .. } => true,
            Self::Acting(acting) => acting.prompts(),
            Self::Visiting { visit, .. } => visit.prompts(),
            _ => false,
        }
    }

    pub(super) fn asks_for_factor(&self) -> bool {
        match self {
            Self::Visiting { visit, .. } => visit.asks(),
            _ => false,
        }
    }

    /// Whether it opens a channel for data at this server, for which requests may wait.
    pub(super) fn leads_to(&self, server: ServerId) -> bool {
        match self {
            Self::Entering(entry) => entry.leads_to(server),
            Self::Visiting {
                then: Then::Enter(parked),
                ..
            } => parked.leads_to(server),
            _ => false,
        }
    }

    pub(super) fn open(&mut self, c_i: &[u8], record: &[u8]) -> Result<Content, ChannelError> {
        self.line(c_i).ok_or(ChannelError::Closed)?.open(record)
    }

    pub(super) fn key_update(
        &mut self,
        c_i: &[u8],
        update: &Verified<KeyUpdate>,
    ) -> Result<(), Refusal> {
        let line = self.line(c_i).ok_or(Code::ChannelClosed)?;
        line.key_update(update)
    }

    /// The channel of this stage to which `c_i` leads.
    fn line(&mut self, c_i: &[u8]) -> Option<&mut Line> {
        let lines = match self {
            Self::Settling { line, .. } => [Some(line), None],
            Self::Entering(entry) => [entry.line_mut(), None],
            Self::Visiting { visit, then } => [visit.line_mut(), then.line_mut()],
            Self::Upgrade(upgrade) => [upgrade.line(), None],
            Self::Acting(acting) => [acting.line(), None],
            _ => [None, None],
        };
        lines.into_iter().flatten().find(|line| line.is(c_i))
    }

    pub(super) fn message_2<V: Verifier>(
        self,
        message_2: &[u8],
        now: UnixSeconds,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        match self {
            Self::Greeting {
                facts,
                handshake,
                mut peer,
            } => {
                let expected = facts.expected(context.wallet);
                let (handshake, offer, server) =
                    authenticate_message_2(handshake, message_2, &expected, now, context.verifier)?;
                peer.uri.clone_from(&server.parameters().uri);
                let transcript = handshake.transcript();
                let facts = facts.greeted(offer, &server, transcript, context.wallet)?;
                let facts = context.commit(facts);
                context.tell(facts.event());
                Ok(Self::Confirming {
                    facts,
                    handshake: Box::new(handshake),
                    peer,
                })
            }
            Self::Visiting { .. } => self.visited(context, |visit, context| {
                visit.message_2(message_2, now, context)
            }),
            Self::Upgrade(upgrade) => upgrade.message_2(message_2, now, context),
            Self::Entering(entry) => entry.message_2(message_2, now, context),
            Self::Acting(acting) => acting.message_2(message_2, now, context),
            _ => Err(Code::UnexpectedFrame.into()),
        }
    }

    pub(super) fn confirm_login<V>(
        self,
        choice: Choice,
        input: Option<UserInput>,
        entropy: [u8; 32],
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let Self::Confirming {
            facts: Confirming::Login(facts),
            handshake,
            peer,
        } = self
        else {
            return Err(Code::NotAsked.into());
        };
        let whose = (choice.account().server, choice.account().id);
        let (policy, transcript) = (facts.requirement.policy(), facts.attempt.transcript);
        let backing = context.resident.backing(whose, policy, transcript);
        match facts.confirm(choice, input, backing) {
            Confirmed::Answer(answering) => {
                let facts = context.commit(*answering);
                Self::answer(facts, handshake, peer, context)
            }
            Confirmed::Factor(decided) => {
                let then = Then::Answer {
                    decided,
                    handshake,
                    peer,
                };
                Self::visit(then, entropy, context)
            }
        }
    }

    pub(super) fn confirm_enrol<V>(
        self,
        keys: EnrolKeys,
        input: Option<UserInput>,
        entropy: [u8; 32],
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let Self::Confirming {
            facts: Confirming::Enrol(facts),
            handshake,
            peer,
        } = self
        else {
            return Err(Code::NotAsked.into());
        };
        match facts.confirm(keys, input) {
            Agreed::Factor(commit) => {
                let then = Then::Answer {
                    decided: Box::new(context.commit(*commit)),
                    handshake,
                    peer,
                };
                Self::visit(then, entropy, context)
            }
            Agreed::Register(facts) => {
                let tbs = facts.tbs().map_err(|_| Code::Structure)?;
                context.sign(facts.key().kid(), &tbs);
                Ok(Self::Registering {
                    facts,
                    handshake,
                    peer,
                    entropy: Secret::from_bytes(entropy),
                })
            }
        }
    }

    /// The user has cancelled the OS's prompt: back to what was asked (CRD-5).
    pub(super) fn prompt_cancelled<V>(self, context: &mut Context<'_, V>) -> Result<Self, Refusal> {
        let next = match self {
            Self::Registering {
                facts,
                handshake,
                peer,
                ..
            } => Self::Confirming {
                facts: Confirming::Enrol(facts.cancelled()),
                handshake,
                peer,
            },
            Self::Visiting { .. } => return self.visited(context, Visit::prompt_cancelled),
            Self::Acting(acting) => acting.prompt_cancelled()?,
            _ => return Err(Code::NotAsked.into()),
        };
        context.tell(Event::PromptCancelled);
        Ok(next)
    }

    pub(super) fn decline<V>(
        self,
        choice: Choice,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let Self::Confirming {
            facts: Confirming::Login(facts),
            handshake,
            peer,
        } = self
        else {
            return Err(Code::NotAsked.into());
        };
        let facts = context.commit(facts.decline(choice));
        Self::answer(facts, handshake, peer, context)
    }

    pub(super) fn signed<V>(
        self,
        signature: Signature,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        match self {
            Self::Registering {
                facts,
                handshake,
                peer,
                entropy,
            } => {
                let then = Then::Answer {
                    decided: Box::new(context.commit(facts.signed(signature))),
                    handshake,
                    peer,
                };
                Self::visit(then, *entropy.as_bytes(), context)
            }
            Self::Answering {
                facts,
                handshake,
                peer,
            } => {
                let (line, frame) = Line::new(*handshake, signature, peer)?;
                context.send(&line.peer, frame.clone());
                Ok(Self::Settling {
                    facts: facts.sent(),
                    line,
                    frame,
                })
            }
            Self::Visiting { .. } => {
                self.visited(context, |visit, context| visit.signed(signature, context))
            }
            Self::Upgrade(upgrade) => upgrade.signed(signature, context),
            Self::Entering(entry) => entry.signed(signature, context).map(Self::Entering),
            Self::Acting(acting) => acting.signed(signature, context),
            _ => Err(Code::NotAsked.into()),
        }
    }

    pub(super) fn message<V>(
        self,
        message: u64,
        content: &Content,
        now: UnixSeconds,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        match self {
            Self::Settling { facts, .. } => {
                let account = facts.account().map(|account| (account.server, account.id));
                let outcome = match message {
                    ty::SETTLED => {
                        let live = account.is_some_and(|account| context.resident.backs(account));
                        let settled = facts.settled(decode(content)?, live)?;
                        context.commit(settled)
                    }
                    _ => {
                        let brought = facts.brought();
                        let code = context.commit(facts.refused(&decode(content)?));
                        if let Some(account) = account.filter(|_| brought.doubts(code)) {
                            context.resident.doubt(account);
                        }
                        Outcome::Failed(code)
                    }
                };
                context.tell(Event::Finished(outcome));
                Ok(Self::Idle)
            }
            Self::Visiting { visit, then } => match visit.message(message, content, context)? {
                Step::On(visit) => Ok(Self::Visiting { visit, then }),
                Step::Passed(Passed {
                    event,
                    factor,
                    assertion,
                }) => {
                    context.tell(Event::SecondFactor(event));
                    then.verified(assertion, factor, context)
                }
                Step::Managed => {
                    context.tell(Event::Finished(Outcome::Managed));
                    Ok(Self::Idle)
                }
                Step::Blocked(event) => {
                    context.tell(Event::SecondFactor(event));
                    context.tell(Event::Finished(Outcome::Failed(Code::Blocked)));
                    Ok(Self::Idle)
                }
            },
            Self::Upgrade(upgrade) => upgrade.message(message, content, context),
            Self::Entering(entry) => entry.message(message, content, context),
            Self::Acting(acting) => acting.message(message, content, now, context),
            _ => Err(Code::UnexpectedFrame.into()),
        }
    }

    /// Lets the visit go on, if there is one.
    pub(super) fn visited<V>(
        self,
        context: &mut Context<'_, V>,
        go: impl FnOnce(Visit, &mut Context<'_, V>) -> Result<Visit, Refusal>,
    ) -> Result<Self, Refusal> {
        let Self::Visiting { visit, then } = self else {
            return Err(Code::NotAsked.into());
        };
        let visit = Box::new(go(*visit, context)?);
        Ok(Self::Visiting { visit, then })
    }

    /// The same, with what the user has entered.
    pub(super) fn entered<V>(
        self,
        context: &mut Context<'_, V>,
        go: impl FnOnce(Visit, &mut Context<'_, V>) -> Result<Visit, Refusal>,
    ) -> Result<Self, Refusal> {
        if let Self::Visiting { then, .. } = &self {
            then.entered(context);
        }
        self.visited(context, go)
    }

    pub(super) fn reconnect<V>(
        self,
        entropy: [u8; 32],
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        match self {
            Self::Visiting { .. } => {
                self.visited(context, |visit, context| visit.reconnect(entropy, context))
            }
            Self::Acting(acting) => acting.reconnect(entropy, context),
            _ => Err(Code::NotAsked.into()),
        }
    }

    /// A server has refused the handshake, and nobody vouches for that (HS-5).
    pub(super) fn refused<V>(
        self,
        code: Code,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        match self {
            Self::Acting(acting) => acting.refused(code, context),
            _ => Err(code.into()),
        }
    }

    /// Sets out for the factor server, for what waits.
    pub(super) fn visit<V>(
        then: Then,
        entropy: [u8; 32],
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let facts = then.visit(context.wallet)?;
        let visit = Box::new(Visit::begin(facts, entropy, context)?);
        Ok(Self::Visiting { visit, then })
    }

    /// Has `K_dev` sign message_3.
    pub(super) fn answer<V>(
        facts: Answering,
        handshake: Box<Message2Verified>,
        peer: Peer,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let handshake = prepare_message_3(*handshake, facts.credential(), facts.statement())?;
        context.sign(facts.key().kid(), handshake.tbs());
        Ok(Self::Answering {
            facts,
            handshake: Box::new(handshake),
            peer,
        })
    }
}

/// Whether this is what a connection gets before its message_2 has come.
pub(super) fn greets(frame: &Frame, c_i: ConnectionId) -> bool {
    match frame {
        Frame::Message2 { to, .. } | Frame::Error { to, .. } => **to == *c_i.as_bytes(),
        _ => false,
    }
}

/// Whether this is what a connection gets after its message_3 has gone.
pub(super) fn speaks(frame: &Frame, c_i: ConnectionId) -> bool {
    match frame {
        Frame::Record { to, .. } | Frame::Error { to, .. } => **to == *c_i.as_bytes(),
        _ => false,
    }
}
