//! The stages of a handshake that no link leads to (protocol.md, sections 12.1, 13 and 14.1).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Peer;
use super::line::{Greeted, Line, authenticate_message_2, decode, greet, prepare_message_3};
use super::stage::{Context, Stage, greets, speaks};
use super::then::Then;
use crate::channel::Content;
use crate::crypto::{Secret, Signature, Verifier, hkdf_expand_secret};
use crate::device::Flow;
use crate::device::entry::{Calling, Entering, Entrant, Next, Proving, Settling};
use crate::device::event::{AccountName, Event, Outcome};
use crate::device::evidence::Backing;
use crate::edhoc::{AwaitMessage2, Message2Verified, Message3ToSign};
use crate::error::{Code, Refusal};
use crate::messages::app::AppSettled;
use crate::messages::frame::Frame;
use crate::registry::{Factor, ServerKind, message_type as ty};
use crate::values::{Bytes, ServerId, UnixSeconds};
use crate::verified::Verified;

/// How far it is.
#[derive(Debug)]
pub(super) enum Entry {
    /// The keystore is asked for the key of a headless account.
    Making { server: ServerId },
    /// message_1 is out; `visit` is the entropy of a visit to the factor server.
    Calling {
        facts: Calling,
        handshake: AwaitMessage2,
        peer: Peer,
        visit: Secret<32>,
    },
    /// `K_dev` is asked to sign.
    Entering {
        facts: Entering,
        handshake: Box<Message3ToSign>,
        peer: Peer,
    },
    /// message_3 is out; `key` is that of app session proofs, should it be an app login's.
    Settling {
        facts: Settling,
        line: Line,
        key: Secret<32>,
        frame: Vec<u8>,
    },
}

/// What waits while the factor server is visited.
#[derive(Debug)]
pub(super) struct Parked {
    facts: Box<Proving>,
    handshake: Box<Message2Verified>,
    peer: Peer,
}

impl Entry {
    /// Greets the auth server.
    ///
    /// # Errors
    /// [`Code::NoAccount`]: the device knows no such server.
    pub(super) fn begin<V>(
        entrant: Entrant,
        entropy: [u8; 32],
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let server = entrant.server();
        let known = context.wallet.server(server).ok_or(Code::NoAccount)?;
        let peer = Peer {
            kind: ServerKind::Auth,
            server,
            uri: known.parameters.uri.clone(),
        };
        let facts = Calling::new(entrant, context.wallet, &context.config.auth_versions);
        let visit = hkdf_expand_secret(&Secret::from_bytes(entropy), b"visit");
        let Greeted { handshake, frame } = greet(entropy, |_| facts.ead_1())?;
        context.send(&peer, frame);
        Ok(Self::Calling {
            facts,
            handshake,
            peer,
            visit,
        })
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
            visit,
        } = self
        else {
            return Err(Code::UnexpectedFrame.into());
        };
        let expected = facts.expected(context.wallet);
        let (handshake, offer, server) =
            authenticate_message_2(handshake, message_2, &expected, now, context.verifier)?;
        peer.uri.clone_from(&server.parameters().uri);
        let transcript = handshake.transcript();
        let facts = facts.greeted(&offer, &server, transcript, context.wallet)?;
        let facts = context.commit(facts);
        let backing = match facts.entrant().account() {
            Some(account) => {
                let whose = (account.server, account.id);
                context.resident.backing(whose, facts.policy(), transcript)
            }
            None => Backing::Nothing,
        };
        let handshake = Box::new(handshake);
        match facts.go_on(backing, context.resident.clock()) {
            Next::Enter(facts) => {
                let facts = context.commit(*facts);
                Self::enter(facts, *handshake, peer, context).map(Stage::Entering)
            }
            Next::Factor(facts) => {
                let parked = Parked {
                    facts,
                    handshake,
                    peer,
                };
                Stage::visit(Then::Enter(parked), *visit.as_bytes(), context)
            }
        }
    }

    /// Has `K_dev` sign message_3.
    fn enter<V>(
        facts: Entering,
        handshake: Message2Verified,
        peer: Peer,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let handshake = prepare_message_3(handshake, facts.credential(), facts.statement())?;
        context.sign(facts.key().kid(), handshake.tbs());
        Ok(Self::Entering {
            facts,
            handshake: Box::new(handshake),
            peer,
        })
    }

    pub(super) fn signed<V>(
        self,
        signature: Signature,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let Self::Entering {
            facts,
            handshake,
            peer,
        } = self
        else {
            return Err(Code::NotAsked.into());
        };
        let (line, frame, key) = Line::with_proof_key(*handshake, signature, peer)?;
        context.send(&line.peer, frame.clone());
        Ok(Self::Settling {
            facts: facts.sent(),
            line,
            key,
            frame,
        })
    }

    /// The first record: the line stays, and the flow is over.
    pub(super) fn message<V>(
        self,
        message: u64,
        content: &Content,
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        let Self::Settling {
            facts, line, key, ..
        } = self
        else {
            return Err(Code::UnexpectedFrame.into());
        };
        let outcome = match message {
            ty::APP_SETTLED => {
                let settled: Verified<AppSettled> = decode(content)?;
                let live = facts.logged_in(&settled, context.resident.clock())?;
                let live = context.commit(live);
                context.resident.log_in(live, &settled, line, key);
                Outcome::LoggedIn(AccountName {
                    id: settled.account,
                    user_name: settled.user_name.clone(),
                })
            }
            ty::ADMITTED => {
                let account = facts.entrant().account();
                let live = account.is_some_and(|account| {
                    let whose = (account.server, account.id);
                    context.resident.backs(whose)
                });
                let admission = facts.admitted(decode(content)?, live, context.wallet)?;
                let admission = context.commit(admission);
                context.tell(Event::Finished(Outcome::Admitted(
                    admission.account.clone(),
                )));
                let sent = context.resident.admit(&admission, line);
                context.effects.extend(sent);
                return Ok(Stage::Idle);
            }
            _ => {
                let brought = facts.brought();
                let account = facts.entrant().account().map(|of| (of.server, of.id));
                let code = context.commit(facts.refused(&decode(content)?, context.wallet));
                if let Some(account) = account.filter(|_| brought.doubts(code)) {
                    context.resident.doubt(account);
                }
                Outcome::Failed(code)
            }
        };
        context.tell(Event::Finished(outcome));
        Ok(Stage::Idle)
    }

    /// The facts without the secrets.
    pub(super) fn facts(&self) -> Flow {
        match self {
            Self::Making { server } => Flow::Making(*server),
            Self::Calling { facts, .. } => Flow::Calling(facts.clone()),
            Self::Entering { facts, .. } => Flow::Entering(facts.clone()),
            Self::Settling { facts, .. } => Flow::Admitting(facts.clone()),
        }
    }

    /// Whether a frame is for this connection, and of a kind that it waits for (HS-4).
    pub(super) fn expects(&self, frame: &Frame) -> bool {
        match self {
            Self::Making { .. } | Self::Entering { .. } => false,
            Self::Calling { handshake, .. } => greets(frame, handshake.c_i()),
            Self::Settling { line, .. } => speaks(frame, line.c_i()),
        }
    }

    /// Whether a message of this type may come through the channel now.
    pub(super) fn expects_message(&self, message: u64) -> bool {
        let Self::Settling { facts, .. } = self else {
            return false;
        };
        match facts.entrant() {
            Entrant::AppLogin { .. } => matches!(message, ty::APP_SETTLED | ty::REFUSED),
            Entrant::Data(_) | Entrant::Headless(_) => {
                matches!(message, ty::ADMITTED | ty::REFUSED)
            }
        }
    }

    /// Whether what it opens is a channel for data, for which requests may wait.
    pub(super) fn leads_to(&self, server: ServerId) -> bool {
        match self {
            Self::Making { server: at } => *at == server,
            Self::Calling { facts, .. } => carries(facts.entrant(), server),
            Self::Entering { facts, .. } => carries(facts.entrant(), server),
            Self::Settling { facts, .. } => carries(facts.entrant(), server),
        }
    }

    /// The channel, once there is one.
    pub(super) fn line_mut(&mut self) -> Option<&mut Line> {
        match self {
            Self::Settling { line, .. } => Some(line),
            _ => None,
        }
    }
}

impl Parked {
    pub(super) fn facts(&self) -> &Proving {
        &self.facts
    }

    /// Whether what it opens is a channel for data.
    pub(super) fn leads_to(&self, server: ServerId) -> bool {
        carries(self.facts.entrant(), server)
    }

    /// The factor is verified: the statement.
    pub(super) fn verified<V>(
        self,
        assertion: Bytes,
        factor: Factor,
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        let facts = context.commit(self.facts.verified(assertion, factor));
        Entry::enter(facts, *self.handshake, self.peer, context).map(Stage::Entering)
    }
}

fn carries(entrant: &Entrant, server: ServerId) -> bool {
    match entrant {
        Entrant::AppLogin { .. } => false,
        Entrant::Data(_) | Entrant::Headless(_) => entrant.server() == server,
    }
}
