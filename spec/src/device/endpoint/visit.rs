//! The stages of a visit to the factor server (protocol.md, section 8).

use alloc::boxed::Box;

use super::line::{Greeted, Line, authenticate_message_2, decode, greet, prepare_message_3};
use super::stage::{Context, greets, speaks};
use super::{Event, Peer};
use crate::channel::Content;
use crate::cose::{self, Statement};
use crate::crypto::{Pin, PinKey, Secret, Signature, Verifier};
use crate::device::Visiting;
use crate::device::answering::code_of;
use crate::device::event::{FactorResult, SecondFactor};
use crate::device::second_factor::{
    Asking, AskingFirst, Creating, Entry, Errand, FactorGreeting, Judged, Opened, Opening, Passed,
    Verifying, Visit as Facts,
};
use crate::edhoc::{AwaitMessage2, Credential, IdCred, Message3ToSign};
use crate::error::{Code, Refusal};
use crate::messages::channel::Refused;
use crate::messages::factor::AskStatus;
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
    /// The user is asked for a first PIN.
    AskingFirst { facts: AskingFirst, line: Line },
    /// The user is asked for the PIN.
    Asking { facts: Asking, line: Line },
    /// CREATE is out.
    Creating { facts: Creating, line: Line },
    /// VERIFY is out.
    Verifying { facts: Verifying, line: Line },
}

/// What a message of the factor server came to.
pub(super) enum Step {
    /// The visit goes on.
    On(Box<Visit>),
    /// The factor is verified.
    Passed(Passed),
    /// No PIN is evaluated any more.
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
        errand: Errand,
        entropy: [u8; 32],
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let visit = Facts::new(errand, context.wallet)?;
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
            Self::AskingFirst { facts, .. } => facts.reconnect(),
            Self::Asking { facts, .. } => facts.reconnect(),
            Self::Creating { facts, .. } => facts.reconnect(),
            Self::Verifying { facts, .. } => facts.reconnect(),
        };
        Self::set_out(visit, entry, entropy, context)
    }

    fn set_out<V>(
        visit: Facts,
        entry: Entry,
        entropy: [u8; 32],
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let (server, uri) = (visit.errand.factor_server, visit.errand.uri.clone());
        let peer = Peer {
            kind: ServerKind::Factor,
            server,
            uri,
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

    pub(super) fn signed<V>(
        self,
        signature: Signature,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let Self::Signing {
            facts,
            handshake,
            peer,
        } = self
        else {
            return Err(Code::NotAsked.into());
        };
        let (line, frame) = Line::new(handshake, signature, peer)?;
        context.send(&line.peer, frame);
        Ok(Self::Opening { facts, line })
    }

    pub(super) fn message<V>(
        self,
        message: u64,
        content: &Content,
        context: &mut Context<'_, V>,
    ) -> Result<Step, Refusal> {
        match (self, message) {
            (Self::Opening { facts, line }, ty::STATUS) => {
                Self::opened(facts.status(&decode(content)?)?, line, context)
            }
            (Self::Creating { facts, line }, ty::STATUS) => {
                Self::verify(facts.created(&decode(content)?)?, line, context).map(Step::on)
            }
            (Self::Creating { facts, line }, ty::REFUSED) => {
                let facts = facts.refused(code_of(&*decode::<Refused>(content)?))?;
                Self::ask_status(facts, line, context).map(Step::on)
            }
            (Self::Verifying { facts, line }, ty::VERDICT) => {
                match facts.verdict(decode(content)?)? {
                    Judged::Passed(passed) => Ok(Step::Passed(passed)),
                    Judged::Again(asking) => {
                        Ok(Step::on(Self::ask(context.commit(*asking), line, context)))
                    }
                    Judged::Blocked(event) => Ok(Step::Blocked(event)),
                }
            }
            (Self::Verifying { facts, line }, ty::REFUSED) => {
                let facts = facts.refused(code_of(&*decode::<Refused>(content)?))?;
                Self::ask_status(facts, line, context).map(Step::on)
            }
            (_, ty::REFUSED) => Err(code_of(&*decode::<Refused>(content)?).into()),
            _ => Err(Code::UnexpectedFrame.into()),
        }
    }

    /// What the status asks for.
    fn opened<V>(
        opened: Opened,
        line: Line,
        context: &mut Context<'_, V>,
    ) -> Result<Step, Refusal> {
        match opened {
            Opened::First(asking) => {
                let facts = context.commit(asking);
                context.tell(Event::SecondFactor(facts.event()));
                Ok(Step::on(Self::AskingFirst { facts, line }))
            }
            Opened::Verify(asking) => {
                Ok(Step::on(Self::ask(context.commit(asking), line, context)))
            }
            Opened::Repeat(facts) => Self::verify(facts, line, context).map(Step::on),
            Opened::Blocked(event) => Ok(Step::Blocked(event)),
        }
    }

    fn ask<V>(facts: Asking, line: Line, context: &mut Context<'_, V>) -> Self {
        context.tell(Event::SecondFactor(facts.event()));
        Self::Asking { facts, line }
    }

    fn verify<V>(
        facts: Verifying,
        mut line: Line,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let frame = line.say(facts.request())?;
        context.send(&line.peer, frame);
        Ok(Self::Verifying { facts, line })
    }

    fn ask_status<V>(
        facts: Opening,
        mut line: Line,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let frame = line.say(&AskStatus::default())?;
        context.send(&line.peer, frame);
        Ok(Self::Opening { facts, line })
    }

    /// Signs what the PIN has to sign. Each `K_pin` signs once, so a first PIN
    /// is derived twice: for its possession, and for the VERIFY that follows (PIN-2).
    pub(super) fn pin<V>(
        self,
        pin: &Pin,
        d_sec: &Secret<32>,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        match self {
            Self::AskingFirst { facts, mut line } => {
                let derive = || pin_key(facts.visit(), d_sec, facts.generation(), pin);
                let (possessor, prover) = (derive(), derive());
                let key = possessor.public_key();
                let possession = sign_once(possessor, &facts.key(key, line.binding()))?;
                let proof = sign_once(prover, &facts.proof())?;
                let (facts, create) = facts.create(key, possession, proof);
                let frame = line.say(&create)?;
                context.send(&line.peer, frame);
                Ok(Self::Creating { facts, line })
            }
            Self::Asking { facts, line } => {
                let prover = pin_key(facts.visit(), d_sec, facts.generation(), pin);
                let proof = sign_once(prover, &facts.proof())?;
                Self::verify(facts.verify(proof), line, context)
            }
            _ => Err(Code::Stopped.into()),
        }
    }

    /// The facts without the secrets.
    pub(super) fn facts(&self) -> Visiting {
        match self {
            Self::Greeting { facts, .. } => Visiting::Greeting(facts.clone()),
            Self::Signing { facts, .. } => Visiting::Signing(facts.clone()),
            Self::Opening { facts, .. } => Visiting::Opening(facts.clone()),
            Self::AskingFirst { facts, .. } => Visiting::AskingFirst(facts.clone()),
            Self::Asking { facts, .. } => Visiting::Asking(facts.clone()),
            Self::Creating { facts, .. } => Visiting::Creating(facts.clone()),
            Self::Verifying { facts, .. } => Visiting::Verifying(facts.clone()),
        }
    }

    /// Whether a frame is for this visit's connection, and of a kind that it waits for (HS-4).
    pub(super) fn expects(&self, frame: &Frame) -> bool {
        match self {
            Self::Greeting { handshake, .. } => greets(frame, handshake.c_i()),
            Self::Signing { .. } => false,
            Self::Opening { line, .. }
            | Self::AskingFirst { line, .. }
            | Self::Asking { line, .. }
            | Self::Creating { line, .. }
            | Self::Verifying { line, .. } => speaks(frame, line.c_i()),
        }
    }

    /// Whether a message of this type may come through the channel now.
    pub(super) fn expects_message(&self, message: u64) -> bool {
        match self {
            Self::Opening { .. } | Self::Creating { .. } => {
                matches!(message, ty::STATUS | ty::REFUSED)
            }
            Self::Verifying { .. } => matches!(message, ty::VERDICT | ty::REFUSED),
            _ => false,
        }
    }

    /// The channel, once there is one.
    pub(super) fn line(&mut self) -> Option<&mut Line> {
        match self {
            Self::Greeting { .. } | Self::Signing { .. } => None,
            Self::Opening { line, .. }
            | Self::AskingFirst { line, .. }
            | Self::Asking { line, .. }
            | Self::Creating { line, .. }
            | Self::Verifying { line, .. } => Some(line),
        }
    }
}

fn pin_key(visit: &Facts, d_sec: &Secret<32>, generation: u32, pin: &Pin) -> PinKey {
    PinKey::from_pin(d_sec, &visit.registration.record(), generation, pin)
}

/// Signs a detached statement, and wipes the key.
fn sign_once<T: Statement<Context = ()>>(key: PinKey, statement: &T) -> Result<Signature, Refusal> {
    let tbs =
        cose::detached_tbs(statement, &(), key.public_key().kid()).map_err(|_| Code::Structure)?;
    Ok(key.sign_once(&tbs))
}
