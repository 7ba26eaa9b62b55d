//! The stages of a flow in a channel for actions: the facts of [`action`](crate::device::action),
//! paired with the secrets that belong to them.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::line::{Greeted, Line, authenticate_message_2, decode, greet, prepare_message_3};
use super::stage::{Context, Stage, greets, speaks};
use super::then::Then;
use super::{Effect, Peer};
use crate::channel::Content;
use crate::crypto::{Secret, Signature, Verifier, hkdf_expand_secret};
use crate::device::action::{
    Acting as Facts, Aim, Answered, Asking, Calling, Changing, Chosen, Deleting, Entering,
    Fetching, Next, Proving, Rotating, Signing, Turn,
};
use crate::device::answering::code_of;
use crate::device::event::{Event, Outcome};
use crate::edhoc::{AwaitMessage2, Message3ToSign};
use crate::error::{Code, Refusal};
use crate::messages::channel::Refused;
use crate::messages::frame::Frame;
use crate::registry::{ServerKind, message_type as ty};
use crate::values::{AccountId, Bytes, ServerId, UnixSeconds};

/// How far it is, but for a visit to the factor server. Until the channel is open there
/// is entropy for one more connection, which the first record may ask for.
#[derive(Debug)]
pub(super) enum Acting {
    /// message_1 is out.
    Calling {
        facts: Calling,
        handshake: AwaitMessage2,
        peer: Peer,
        later: Secret<32>,
    },
    /// `K_dev` is asked to sign message_3.
    Entering {
        facts: Entering,
        handshake: Box<Message3ToSign>,
        peer: Peer,
        later: Secret<32>,
    },
    /// message_3 is out.
    Opening {
        facts: Entering,
        line: Line,
        frame: Vec<u8>,
        later: Secret<32>,
    },
    /// The challenge was asked for.
    Fetching { facts: Fetching, line: Line },
    /// The user is asked.
    Asking { facts: Asking, line: Line },
    /// `K_act` or `K_dev` is asked to sign the answer.
    Signing { facts: Signing, line: Line },
    /// The answer is out.
    Answered { facts: Answered, line: Line },
    /// The new `K_dev` is asked for its possession.
    Changing { facts: Changing, line: Line },
    /// The rotation was asked for.
    Rotating { facts: Rotating, line: Line },
    /// The deletion was asked for.
    Deleting { facts: Deleting, line: Line },
}

impl Acting {
    /// Greets the auth server.
    pub(super) fn call<V>(
        facts: Calling,
        entropy: [u8; 32],
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        let server = facts.ead_1().server;
        let known = context.wallet.server(server).ok_or(Code::NoAccount)?;
        let peer = Peer {
            kind: ServerKind::Auth,
            server,
            uri: known.parameters.uri.clone(),
        };
        let later = hkdf_expand_secret(&Secret::from_bytes(entropy), b"later");
        let Greeted { handshake, frame } = greet(entropy, |_| facts.ead_1())?;
        context.send(&peer, frame);
        Ok(Self::Calling {
            facts,
            handshake,
            peer,
            later,
        }
        .into())
    }

    fn set_out<V>(
        (whose, aim): ((ServerId, AccountId), Aim),
        entropy: [u8; 32],
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        let versions = &context.config.auth_versions;
        let facts = Calling::new(context.wallet, whose, aim, versions)?;
        Self::call(facts, entropy, context)
    }

    /// The question that is open, if one is.
    pub(super) fn asking(&self) -> Option<&Asking> {
        match self {
            Self::Asking { facts, .. } => Some(facts),
            _ => None,
        }
    }

    /// The facts without the secrets.
    pub(super) fn facts(&self) -> Facts {
        match self {
            Self::Calling { facts, .. } => Facts::Calling(Box::new(facts.clone())),
            Self::Entering { facts, .. } | Self::Opening { facts, .. } => {
                Facts::Entering(Box::new(facts.clone()))
            }
            Self::Fetching { facts, .. } => Facts::Fetching(Box::new(facts.clone())),
            Self::Asking { facts, .. } => Facts::Asking(Box::new(facts.clone())),
            Self::Signing { facts, .. } => Facts::Signing(Box::new(facts.clone())),
            Self::Answered { facts, .. } => Facts::Answered(Box::new(facts.clone())),
            Self::Changing { facts, .. } => Facts::Changing(Box::new(facts.clone())),
            Self::Rotating { facts, .. } => Facts::Rotating(Box::new(facts.clone())),
            Self::Deleting { facts, .. } => Facts::Deleting(Box::new(facts.clone())),
        }
    }

    /// Whether a frame is for this connection, and of a kind that it waits for (HS-4).
    pub(super) fn expects(&self, frame: &Frame) -> bool {
        match self {
            Self::Calling { handshake, .. } => greets(frame, handshake.c_i()),
            Self::Entering { .. } => false,
            Self::Opening { line, .. }
            | Self::Fetching { line, .. }
            | Self::Asking { line, .. }
            | Self::Signing { line, .. }
            | Self::Answered { line, .. }
            | Self::Changing { line, .. }
            | Self::Rotating { line, .. }
            | Self::Deleting { line, .. } => speaks(frame, line.c_i()),
        }
    }

    /// Whether a message of this type may come through the channel now.
    pub(super) fn expects_message(&self, message: u64) -> bool {
        let answer = match self {
            Self::Opening { .. } => ty::OPENED,
            Self::Fetching { .. } => ty::CHALLENGE,
            Self::Answered { .. } => ty::APPROVED,
            Self::Rotating { .. } => ty::ROTATED,
            Self::Deleting { .. } => ty::CREDENTIAL_DELETED,
            _ => return false,
        };
        message == answer || message == ty::REFUSED
    }

    pub(super) fn awaits_signature(&self) -> bool {
        matches!(
            self,
            Self::Entering { .. } | Self::Signing { .. } | Self::Changing { .. }
        )
    }

    /// Whether the OS may be prompting for the signature that is awaited.
    pub(super) fn prompts(&self) -> bool {
        matches!(self, Self::Signing { facts, .. } if facts.prompts())
    }

    /// The channel, once there is one.
    pub(super) fn line(&mut self) -> Option<&mut Line> {
        match self {
            Self::Calling { .. } | Self::Entering { .. } => None,
            Self::Opening { line, .. }
            | Self::Fetching { line, .. }
            | Self::Asking { line, .. }
            | Self::Signing { line, .. }
            | Self::Answered { line, .. }
            | Self::Changing { line, .. }
            | Self::Rotating { line, .. }
            | Self::Deleting { line, .. } => Some(line),
        }
    }

    /// message_3 again, as it was (HS-6).
    pub(super) fn repeat(&self) -> Option<Effect> {
        match self {
            Self::Opening { line, frame, .. } => Some(Effect::Send {
                to: line.peer.clone(),
                frame: frame.clone(),
            }),
            _ => None,
        }
    }

    /// Whether something is out whose answer may have been lost with the channel.
    pub(super) fn may_be_lost(&self) -> bool {
        matches!(
            self,
            Self::Calling { .. }
                | Self::Fetching { .. }
                | Self::Answered { .. }
                | Self::Rotating { .. }
                | Self::Deleting { .. }
        )
    }

    /// The transport broke, and the channel with it: another one, for what is not done yet.
    pub(super) fn reconnect<V>(
        self,
        entropy: [u8; 32],
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        let again = match self {
            Self::Calling { facts, .. } => facts.again(),
            Self::Fetching { facts, .. } => facts.again(),
            Self::Answered { facts, .. } => facts.again(),
            Self::Rotating { facts, .. } => facts.again(),
            Self::Deleting { facts, .. } => facts.again(),
            _ => return Err(Code::NotAsked.into()),
        };
        Self::set_out(again, entropy, context)
    }

    pub(super) fn message_2<V: Verifier>(
        self,
        message_2: &[u8],
        now: UnixSeconds,
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        let Self::Calling {
            facts,
            handshake,
            mut peer,
            later,
        } = self
        else {
            return Err(Code::UnexpectedFrame.into());
        };
        let expected = facts.expected(context.wallet);
        let (handshake, offer, server) =
            authenticate_message_2(handshake, message_2, &expected, now, context.verifier)?;
        peer.uri.clone_from(&server.parameters().uri);
        let facts = context.commit(facts.greeted(offer, &server, context.wallet)?);
        let (id_cred, credential) = facts.credential();
        let kid = credential.kid();
        let handshake = prepare_message_3(handshake, (id_cred, credential), facts.statement())?;
        context.sign(kid, handshake.tbs());
        Ok(Self::Entering {
            facts,
            handshake: Box::new(handshake),
            peer,
            later,
        }
        .into())
    }

    /// The server has refused the handshake; nobody vouches for that.
    pub(super) fn refused<V>(
        self,
        code: Code,
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        match self {
            Self::Opening { facts, later, .. } => {
                Self::set_out(facts.refused(code)?, *later.as_bytes(), context)
            }
            _ => Err(code.into()),
        }
    }

    pub(super) fn approve<V>(
        self,
        chosen: Chosen,
        entropy: [u8; 32],
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        match self {
            Self::Asking { facts, line } => {
                Self::next(facts.approve(chosen), line, entropy, context)
            }
            _ => Err(Code::NotAsked.into()),
        }
    }

    pub(super) fn reject<V>(
        self,
        report_fraud: bool,
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        match self {
            Self::Asking { facts, line } => Self::sign(facts.reject(report_fraud), line, context),
            _ => Err(Code::NotAsked.into()),
        }
    }

    /// The user has cancelled the OS's prompt: back to the question (CRD-5).
    pub(super) fn prompt_cancelled(self) -> Result<Stage, Refusal> {
        match self {
            Self::Signing { facts, line } => Ok(Self::Asking {
                facts: facts.cancelled(),
                line,
            }
            .into()),
            _ => Err(Code::NotAsked.into()),
        }
    }

    pub(super) fn signed<V>(
        self,
        signature: Signature,
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        match self {
            Self::Entering {
                facts,
                handshake,
                peer,
                later,
            } => {
                let (line, frame) = Line::new(*handshake, signature, peer)?;
                context.send(&line.peer, frame.clone());
                Ok(Self::Opening {
                    facts,
                    line,
                    frame,
                    later,
                }
                .into())
            }
            Self::Signing { facts, mut line } => {
                let facts = facts.signed(signature).map_err(|_| Code::Structure)?;
                let frame = line.say(facts.message())?;
                context.send(&line.peer, frame);
                Ok(Self::Answered { facts, line }.into())
            }
            Self::Changing { facts, mut line } => {
                let facts = facts.signed(signature);
                let frame = line.say(facts.message())?;
                context.send(&line.peer, frame);
                Ok(Self::Rotating { facts, line }.into())
            }
            _ => Err(Code::NotAsked.into()),
        }
    }

    pub(super) fn message<V>(
        self,
        message: u64,
        content: &Content,
        now: UnixSeconds,
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        let outcome = match (self, message) {
            (
                Self::Opening {
                    facts, line, later, ..
                },
                ty::OPENED,
            ) => {
                let turn = facts.opened(&decode(content)?, line.binding())?;
                let turn = context.commit(turn);
                return Self::turn(turn, line, later, context);
            }
            (Self::Fetching { facts, line }, ty::CHALLENGE) => {
                let facts = facts.fetched(decode(content)?, now)?;
                context.tell(Event::ConfirmAction(facts.question()));
                return Ok(Self::Asking { facts, line }.into());
            }
            (Self::Answered { facts, .. }, ty::APPROVED) => facts.approved(&decode(content)?)?,
            (Self::Answered { facts, .. }, _) => facts.refused(&decode(content)?),
            (Self::Rotating { facts, .. }, ty::ROTATED) => {
                context.commit(facts.rotated(&decode(content)?)?)
            }
            (Self::Rotating { facts, .. }, _) => context.commit(facts.refused(&decode(content)?)),
            (Self::Deleting { facts, .. }, ty::CREDENTIAL_DELETED) => {
                context.commit(facts.deleted(&decode(content)?))
            }
            _ => return Err(code_of(&*decode::<Refused>(content)?).into()),
        };
        Ok(Self::over(outcome, context))
    }

    /// What comes first in a channel that is open.
    fn turn<V>(
        turn: Turn,
        mut line: Line,
        later: Secret<32>,
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        match turn {
            Turn::Fetch(facts) => {
                let frame = line.say(&facts.request())?;
                context.send(&line.peer, frame);
                let facts = *facts;
                Ok(Self::Fetching { facts, line }.into())
            }
            Turn::Answer(next) => Self::next(next, line, *later.as_bytes(), context),
            Turn::Rotate(facts) => {
                context.sign(facts.key(), &facts.tbs().map_err(|_| Code::Structure)?);
                let facts = *facts;
                Ok(Self::Changing { facts, line }.into())
            }
            Turn::Delete(facts) => {
                let frame = line.say(&facts.message())?;
                context.send(&line.peer, frame);
                let facts = *facts;
                Ok(Self::Deleting { facts, line }.into())
            }
            Turn::Over(outcome) => Ok(Self::over(outcome, context)),
        }
    }

    /// What follows the user's answer.
    fn next<V>(
        next: Next,
        line: Line,
        entropy: [u8; 32],
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        match next {
            Next::Sign(facts) => Self::sign(*facts, line, context),
            Next::Prove(proving) => {
                let line = Box::new(line);
                Stage::visit(Then::Action { proving, line }, entropy, context)
            }
        }
    }

    /// The factor is verified.
    pub(super) fn verified<V>(
        proving: Proving,
        assertion: Bytes,
        line: Line,
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        Self::sign(proving.verified(assertion), line, context)
    }

    /// Has `K_act` or `K_dev` sign the answer.
    fn sign<V>(facts: Signing, line: Line, context: &mut Context<'_, V>) -> Result<Stage, Refusal> {
        let to_sign = facts.to_sign().map_err(|_| Code::Structure)?;
        context.sign(facts.key().kid(), to_sign.tbs());
        Ok(Self::Signing { facts, line }.into())
    }

    fn over<V>(outcome: Outcome, context: &mut Context<'_, V>) -> Stage {
        context.tell(Event::Finished(outcome));
        Stage::Idle
    }
}

impl From<Acting> for Stage {
    fn from(acting: Acting) -> Self {
        Self::Acting(Box::new(acting))
    }
}
