//! What a visit to the factor server is for, and how the flow goes on after it.
//!
//! A visit ([`Visit`](super::visit::Visit)) knows no flow, and no flow knows how
//! a factor is verified. The flow parks what it holds as a [`Then`] and calls
//! [`Stage::visit`]; with the factor server's assertion it gets everything back
//! in [`Then::verified`], which returns the flow's next stage. While the visit
//! lasts, the factor's inputs, a broken transport, cancelling and the end of a
//! blocked visit are the visit's business and the same for every flow.
//!
//! Another flow that needs a factor adds one variant, which owns exactly what
//! that flow goes on with, and one arm to each method here:
//!
//! | method | says |
//! |---|---|
//! | `visit` | what to ask of the factor server: purpose, bind, audience |
//! | `verified` | what the assertion leads to |
//! | `entered` | what the app is told when the user has entered a factor |
//! | `facts` | the same without its secrets, for [`Flow::Visiting`](crate::device::Flow::Visiting) |
//! | `line`, `line_mut` | the channel that it keeps open meanwhile, if it has one; its keys may be renewed |

use alloc::boxed::Box;

use super::Peer;
use super::acting::Acting;
use super::entry::Parked;
use super::line::Line;
use super::stage::{Context, Stage};
use super::upgrade::Upgrade;
use crate::device::Waiting;
use crate::device::action::Proving;
use crate::device::answering::Decided;
use crate::device::event::{Event, UpgradeProgress};
use crate::device::second_factor::{Management, Visit};
use crate::device::upgrade::Upgrading;
use crate::device::wallet::Wallet;
use crate::edhoc::Message2Verified;
use crate::error::{Code, Refusal};
use crate::registry::Factor;
use crate::values::{Bytes, ServerId};

/// What waits while the factor server is visited.
#[derive(Debug)]
pub(super) enum Then {
    /// A handshake with an auth server waits for its message_3.
    Answer {
        decided: Box<Decided>,
        handshake: Box<Message2Verified>,
        peer: Peer,
    },
    /// So does that of an upgrade.
    Upgrade {
        upgrading: Box<Upgrading>,
        handshake: Box<Message2Verified>,
        peer: Peer,
    },
    /// So does one that no link leads to.
    Enter(Parked),
    /// An open channel waits for the answer to a challenge.
    Action {
        proving: Box<Proving>,
        line: Box<Line>,
    },
    /// Nothing waits: the visit is for the record itself.
    Management {
        server: ServerId,
        management: Management,
    },
}

impl Then {
    /// What to ask of the factor server.
    ///
    /// # Errors
    /// [`Code::UnknownRecord`]: the device never registered there. The flow is over.
    pub(super) fn visit(&self, wallet: &Wallet) -> Result<Visit, Refusal> {
        match self {
            Self::Answer { decided, .. } => Visit::new(decided.errand(), wallet),
            Self::Upgrade { upgrading, .. } => Visit::new(upgrading.errand(), wallet),
            Self::Management { server, management } => Visit::manage(*server, *management, wallet),
            Self::Enter(parked) => Visit::new(parked.facts().errand(), wallet),
            Self::Action { proving, .. } => Visit::new(proving.errand(), wallet),
        }
    }

    /// The factor is verified: the flow goes on.
    pub(super) fn verified<V>(
        self,
        assertion: Bytes,
        factor: Factor,
        context: &mut Context<'_, V>,
    ) -> Result<Stage, Refusal> {
        match self {
            Self::Action { proving, line } => Acting::verified(*proving, assertion, *line, context),
            Self::Answer {
                decided,
                handshake,
                peer,
            } => {
                let facts = context.commit(decided.verified(assertion));
                Stage::answer(facts, handshake, peer, context)
            }
            Self::Upgrade {
                upgrading,
                handshake,
                peer,
            } => Upgrade::verified(*upgrading, assertion, *handshake, peer, context),
            Self::Enter(parked) => parked.verified(assertion, factor, context),
            // Such a visit takes no assertion (DEV-15).
            Self::Management { .. } => Err(Code::Structure.into()),
        }
    }

    /// The facts without the secrets.
    pub(super) fn facts(&self) -> Waiting {
        match self {
            Self::Answer { decided, .. } => Waiting::Answer(decided.clone()),
            Self::Upgrade { upgrading, .. } => Waiting::Upgrade(upgrading.clone()),
            Self::Management { management, .. } => Waiting::Management(*management),
            Self::Enter(parked) => Waiting::Enter(Box::new(parked.facts().clone())),
            Self::Action { proving, .. } => Waiting::Action(proving.clone()),
        }
    }

    /// The user has entered a factor; says so where the flow tells of its progress.
    pub(super) fn entered<V>(&self, context: &mut Context<'_, V>) {
        match self {
            Self::Answer { .. }
            | Self::Enter(_)
            | Self::Action { .. }
            | Self::Management { .. } => {}
            Self::Upgrade { .. } => context.tell(Event::Upgrade(UpgradeProgress::Processing)),
        }
    }

    /// The channel that waits, if there is one.
    pub(super) fn line(&self) -> Option<&Line> {
        match self {
            Self::Answer { .. }
            | Self::Upgrade { .. }
            | Self::Enter(_)
            | Self::Management { .. } => None,
            Self::Action { line, .. } => Some(line),
        }
    }

    /// The same, to be used.
    pub(super) fn line_mut(&mut self) -> Option<&mut Line> {
        match self {
            Self::Answer { .. }
            | Self::Upgrade { .. }
            | Self::Enter(_)
            | Self::Management { .. } => None,
            Self::Action { line, .. } => Some(line),
        }
    }
}
