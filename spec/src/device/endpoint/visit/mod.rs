//! The stages of a visit to the factor server (protocol.md, section 8): from its
//! greeting to an open channel here, what comes through the channel in
//! [`message`], what the user enters in [`input`].

mod input;
mod message;

use alloc::boxed::Box;

use super::Peer;
use super::line::{Greeted, Line, authenticate_message_2, greet, prepare_message_3};
use super::stage::{Context, greets, speaks};
use crate::crypto::{Signature, Verifier};
use crate::device::Visiting;
use crate::device::event::{FactorResult, SecondFactor};
use crate::device::second_factor::{
    Asking, AskingFirst, AskingNew, Changing, Clearing, Creating, Entry, FactorGreeting, Opening,
    Passed, Possessed, Possessing, Proving, Verifying, Visit as Facts,
};
use crate::edhoc::{AwaitMessage2, Credential, IdCred, Message3ToSign};
use crate::error::{Code, Refusal};
use crate::messages::frame::Frame;
use crate::messages::handshake::Statement as Ead3;
use crate::registry::{Purpose, ServerKind, message_type as ty};
use crate::values::UnixSeconds;

/// How far the visit is.
#[derive(Debug)]
pub(super) enum Visit {
    /// message_1 is out.
    Greeting {
        facts: FactorGreeting,
        handshake: AwaitMessage2,
        peer: Peer,
    },
    /// `K_dsf` is asked to sign.
    Signing {
        facts: Opening,
        handshake: Message3ToSign,
        peer: Peer,
    },
    /// message_3, or a question for the status, is out.
    Opening { facts: Opening, line: Line },
    /// biometric-gone is out.
    Clearing { facts: Clearing, line: Line },
    /// The user is asked for a first PIN.
    AskingFirst { facts: AskingFirst, line: Line },
    /// The user is asked for the factor that is registered.
    Asking { facts: Asking, line: Line },
    /// `K_bio` is asked to sign the proof.
    Proving { facts: Proving, line: Line },
    /// The user is asked for another PIN.
    AskingNew { facts: AskingNew, line: Line },
    /// A new `K_bio` is asked to sign its possession.
    Possessing { facts: Possessing, line: Line },
    /// CREATE is out.
    Creating { facts: Creating, line: Line },
    /// VERIFY is out.
    Verifying { facts: Verifying, line: Line },
    /// A change of the record is out.
    Changing { facts: Changing, line: Line },
}

/// What a message of the factor server came to.
pub(super) enum Step {
    /// The visit goes on.
    On(Box<Visit>),
    /// The factor is verified.
    Passed(Passed),
    /// The record is as the user wants it.
    Managed,
    /// Nothing is evaluated any more.
    Blocked(SecondFactor),
}

impl Step {
    fn on(visit: Visit) -> Self {
        Self::On(Box::new(visit))
    }
}

impl Visit {
    /// Greets the factor server.
    pub(super) fn begin<V>(
        visit: Facts,
        entropy: [u8; 32],
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        Self::set_out(visit, Entry::Ask(FactorResult::Failed), entropy, context)
    }

    /// The transport broke: greets it again, for what is not done yet.
    pub(super) fn reconnect<V>(
        self,
        entropy: [u8; 32],
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let (visit, entry) = match self {
            Self::Greeting { facts, .. } => facts.reconnect(),
            Self::Signing { facts, .. } | Self::Opening { facts, .. } => facts.reconnect(),
            Self::Clearing { facts, .. } => facts.reconnect(),
            Self::AskingFirst { facts, .. } => facts.reconnect(),
            Self::Asking { facts, .. } => facts.reconnect(),
            Self::Proving { facts, .. } => facts.reconnect(),
            Self::AskingNew { facts, .. } => facts.reconnect(),
            Self::Possessing { facts, .. } => facts.reconnect(),
            Self::Creating { facts, .. } => facts.reconnect(),
            Self::Verifying { facts, .. } => facts.reconnect(),
            Self::Changing { facts, .. } => facts.reconnect(),
        };
        Self::set_out(visit, entry, entropy, context)
    }

    fn set_out<V>(
        visit: Facts,
        entry: Entry,
        entropy: [u8; 32],
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let peer = Peer {
            kind: ServerKind::Factor,
            server: visit.server(),
            uri: visit.uri.clone(),
        };
        let facts = visit.greet(context.wallet, &context.config.factor_versions, entry);
        let Greeted { handshake, frame } = greet(entropy, |_| facts.ead_1())?;
        context.send(&peer, frame);
        Ok(Self::Greeting {
            facts,
            handshake,
            peer,
        })
    }

    pub(super) fn message_2<V: Verifier>(
        self,
        message_2: &[u8],
        now: UnixSeconds,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let Self::Greeting {
            facts,
            handshake,
            peer,
        } = self
        else {
            return Err(Code::UnexpectedFrame.into());
        };
        let expected = facts.expected(context.wallet);
        let (handshake, offer, server) =
            authenticate_message_2(handshake, message_2, &expected, now, context.verifier)?;
        let facts = context.commit(facts.greeted(&offer, &server, context.wallet)?);
        // By value, since the factor server may meet this key for the first time (CRED-2).
        let credential = Credential::device(facts.visit().registration.key);
        let kid = credential.kid();
        let named = (IdCred::Value(credential.clone()), credential);
        let handshake = prepare_message_3(handshake, named, &Ead3::bare(Purpose::Factor))?;
        context.sign(kid, handshake.tbs());
        Ok(Self::Signing {
            facts,
            handshake,
            peer,
        })
    }

    /// `K_dsf` or `K_bio` has signed.
    pub(super) fn signed<V>(
        self,
        signature: Signature,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        match self {
            Self::Signing {
                facts,
                handshake,
                peer,
            } => {
                let (line, frame) = Line::new(handshake, signature, peer)?;
                context.send(&line.peer, frame);
                Ok(Self::Opening { facts, line })
            }
            Self::Proving { facts, line } => Self::verify(facts.verify(signature), line, context),
            Self::Possessing { facts, line } => match context.commit(facts.signed(signature)) {
                Possessed::First(facts, create) => {
                    let line = line.told(&*create, context)?;
                    Ok(Self::Creating { facts, line })
                }
                Possessed::NewPin(facts, set) => {
                    let line = line.told(&*set, context)?;
                    Ok(Self::Changing { facts, line })
                }
                Possessed::Add(facts, add) => {
                    let line = line.told(&*add, context)?;
                    Ok(Self::Changing { facts, line })
                }
            },
            _ => Err(Code::NotAsked.into()),
        }
    }

    pub(super) fn awaits_signature(&self) -> bool {
        self.prompts() || matches!(self, Self::Signing { .. })
    }

    fn verify<V>(
        facts: Verifying,
        line: Line,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let line = line.told(facts.request(), context)?;
        Ok(Self::Verifying { facts, line })
    }

    /// The facts without the secrets.
    pub(super) fn facts(&self) -> Visiting {
        match self {
            Self::Greeting { facts, .. } => Visiting::Greeting(facts.clone()),
            Self::Signing { facts, .. } => Visiting::Signing(facts.clone()),
            Self::Opening { facts, .. } => Visiting::Opening(facts.clone()),
            Self::Clearing { facts, .. } => Visiting::Clearing(facts.clone()),
            Self::AskingFirst { facts, .. } => Visiting::AskingFirst(facts.clone()),
            Self::Asking { facts, .. } => Visiting::Asking(facts.clone()),
            Self::Proving { facts, .. } => Visiting::Proving(facts.clone()),
            Self::AskingNew { facts, .. } => Visiting::AskingNew(facts.clone()),
            Self::Possessing { facts, .. } => Visiting::Possessing(facts.clone()),
            Self::Creating { facts, .. } => Visiting::Creating(facts.clone()),
            Self::Verifying { facts, .. } => Visiting::Verifying(facts.clone()),
            Self::Changing { facts, .. } => Visiting::Changing(facts.clone()),
        }
    }

    /// Whether a frame is for this visit's connection, and of a kind that it waits for (HS-4).
    pub(super) fn expects(&self, frame: &Frame) -> bool {
        match self {
            Self::Greeting { handshake, .. } => greets(frame, handshake.c_i()),
            _ => self.line().is_some_and(|line| speaks(frame, line.c_i())),
        }
    }

    /// Whether a message of this type may come through the channel now.
    pub(super) fn expects_message(&self, message: u64) -> bool {
        match self {
            Self::Opening { .. }
            | Self::Clearing { .. }
            | Self::Creating { .. }
            | Self::Changing { .. } => {
                matches!(message, ty::STATUS | ty::REFUSED)
            }
            Self::Verifying { .. } => matches!(message, ty::VERDICT | ty::REFUSED),
            _ => false,
        }
    }

    /// The channel, once there is one.
    pub(super) fn line(&self) -> Option<&Line> {
        match self {
            Self::Greeting { .. } | Self::Signing { .. } => None,
            Self::Opening { line, .. }
            | Self::Clearing { line, .. }
            | Self::AskingFirst { line, .. }
            | Self::Asking { line, .. }
            | Self::Proving { line, .. }
            | Self::AskingNew { line, .. }
            | Self::Possessing { line, .. }
            | Self::Creating { line, .. }
            | Self::Verifying { line, .. }
            | Self::Changing { line, .. } => Some(line),
        }
    }

    /// The same, to be used.
    pub(super) fn line_mut(&mut self) -> Option<&mut Line> {
        match self {
            Self::Greeting { .. } | Self::Signing { .. } => None,
            Self::Opening { line, .. }
            | Self::Clearing { line, .. }
            | Self::AskingFirst { line, .. }
            | Self::Asking { line, .. }
            | Self::Proving { line, .. }
            | Self::AskingNew { line, .. }
            | Self::Possessing { line, .. }
            | Self::Creating { line, .. }
            | Self::Verifying { line, .. }
            | Self::Changing { line, .. } => Some(line),
        }
    }
}

impl Line {
    /// Says this, and gives the channel back.
    fn told<T: serde::Serialize, V>(
        mut self,
        message: &T,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let frame = self.say(message)?;
        context.send(&self.peer, frame);
        Ok(self)
    }
}
