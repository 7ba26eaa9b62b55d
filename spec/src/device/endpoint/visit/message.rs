//! What the factor server says through the channel.

use super::{Line, Step, Visit};
use crate::channel::Content;
use crate::cose::{self, Statement};
use crate::crypto::PublicKey;
use crate::device::answering::code_of;
use crate::device::endpoint::line::decode;
use crate::device::endpoint::stage::Context;
use crate::device::event::{Event, FactorNews};
use crate::device::second_factor::{
    Asking, AskingFirst, AskingNew, Changed, Judged, News, Next, Opened, Opening, Possessing,
    Proving,
};
use crate::error::{Code, Refusal};
use crate::messages::channel::Refused;
use crate::messages::factor::{AskStatus, BiometricGone, RemoveBiometric};
use crate::registry::message_type as ty;
use crate::values::ServerId;

impl Visit {
    /// Takes a message of the factor server.
    pub(in crate::device::endpoint) fn message<V>(
        self,
        message: u64,
        content: &Content,
        context: &mut Context<'_, V>,
    ) -> Result<Step, Refusal> {
        match (self, message) {
            (Self::Opening { facts, line }, ty::STATUS) => {
                let setting = context.setting(&line);
                Self::opened(facts.status(&decode(content)?, &setting)?, line, context)
            }
            (Self::Clearing { facts, line }, ty::STATUS) => {
                let setting = context.setting(&line);
                Self::opened(facts.status(&decode(content)?, &setting)?, line, context)
            }
            (Self::Creating { facts, line }, ty::STATUS) => {
                let (news, commit) = facts.created(&decode(content)?)?;
                tell(&news, line.peer.server, context);
                let facts = context.commit(commit);
                Self::verify(facts, line, context).map(Step::on)
            }
            (Self::Changing { facts, line }, ty::STATUS) => {
                let Changed { news, event } = facts.changed(&decode(content)?)?;
                tell(&news, line.peer.server, context);
                let event = context.commit(event);
                context.tell(Event::SecondFactor(event));
                Ok(Step::Managed)
            }
            (Self::Verifying { facts, line }, ty::VERDICT) => {
                let setting = context.setting(&line);
                Self::judged(facts.verdict(decode(content)?, &setting)?, line, context)
            }
            (Self::Creating { facts, line }, ty::REFUSED) => {
                let facts = facts.refused(refusal(content)?)?;
                Self::ask_status(facts, line, context).map(Step::on)
            }
            (Self::Changing { facts, line }, ty::REFUSED) => {
                let facts = facts.refused(refusal(content)?)?;
                Self::ask_status(facts, line, context).map(Step::on)
            }
            (Self::Verifying { facts, line }, ty::REFUSED) => {
                let commit = facts.refused(refusal(content)?)?;
                // All that it may store is that a `K_bio` is of no use any more.
                if !commit.updates().is_empty() {
                    tell(&[News::BiometricsGone], line.peer.server, context);
                }
                let facts = context.commit(commit);
                Self::ask_status(facts, line, context).map(Step::on)
            }
            (_, ty::REFUSED) => Err(refusal(content)?.into()),
            _ => Err(Code::UnexpectedFrame.into()),
        }
    }

    /// What the status asks for.
    fn opened<V>(
        Opened { news, next }: Opened,
        line: Line,
        context: &mut Context<'_, V>,
    ) -> Result<Step, Refusal> {
        tell(&news, line.peer.server, context);
        match context.commit(next) {
            Next::First(facts) => Ok(Step::on(Self::ask_first(facts, line, context))),
            Next::Ask(facts) => Ok(Step::on(Self::ask(facts, line, context))),
            Next::Repeat(facts) => Self::verify(facts, line, context).map(Step::on),
            Next::Clear(facts) => {
                let line = line.told(&BiometricGone::default(), context)?;
                Ok(Step::on(Self::Clearing { facts, line }))
            }
            Next::Done(event) => {
                context.tell(Event::SecondFactor(event));
                Ok(Step::Managed)
            }
            Next::Checked => Ok(Step::Managed),
            Next::Blocked(event) => Ok(Step::Blocked(event)),
        }
    }

    /// What the verdict leads to.
    fn judged<V>(
        judged: Judged,
        line: Line,
        context: &mut Context<'_, V>,
    ) -> Result<Step, Refusal> {
        match judged {
            Judged::Passed(passed) => Ok(Step::Passed(passed)),
            Judged::Again(asking) => {
                let facts = context.commit(*asking);
                Ok(Step::on(Self::ask(facts, line, context)))
            }
            Judged::NewPin(facts) => Ok(Step::on(Self::ask_new(*facts, line, context))),
            Judged::Add(facts) => Self::possess(*facts, line, context).map(Step::on),
            Judged::Remove(facts) => {
                let line = line.told(&RemoveBiometric::default(), context)?;
                let facts = *facts;
                Ok(Step::on(Self::Changing { facts, line }))
            }
            Judged::Blocked(event) => Ok(Step::Blocked(event)),
        }
    }

    pub(super) fn ask<V>(facts: Asking, line: Line, context: &mut Context<'_, V>) -> Self {
        context.tell(Event::SecondFactor(facts.event()));
        Self::Asking { facts, line }
    }

    pub(super) fn ask_first<V>(
        facts: AskingFirst,
        line: Line,
        context: &mut Context<'_, V>,
    ) -> Self {
        context.tell(Event::SecondFactor(facts.event()));
        Self::AskingFirst { facts, line }
    }

    pub(super) fn ask_new<V>(facts: AskingNew, line: Line, context: &mut Context<'_, V>) -> Self {
        context.tell(Event::SecondFactor(facts.event()));
        Self::AskingNew { facts, line }
    }

    /// Has a new `K_bio` prove its possession; the OS shows its prompt.
    pub(super) fn possess<V>(
        facts: Possessing,
        line: Line,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        prompt(facts.key(), facts.statement(), context)?;
        Ok(Self::Possessing { facts, line })
    }

    /// Has `K_bio` sign in place of the PIN; the OS shows its prompt.
    pub(super) fn prove<V>(
        facts: Proving,
        line: Line,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        prompt(facts.key(), &facts.proof(), context)?;
        Ok(Self::Proving { facts, line })
    }

    fn ask_status<V>(
        facts: Opening,
        line: Line,
        context: &mut Context<'_, V>,
    ) -> Result<Self, Refusal> {
        let line = line.told(&AskStatus::default(), context)?;
        Ok(Self::Opening { facts, line })
    }
}

fn refusal(content: &Content) -> Result<Code, Refusal> {
    Ok(code_of(&*decode::<Refused>(content)?))
}

fn tell<V>(news: &[News], server: ServerId, context: &mut Context<'_, V>) {
    for news in news.iter().copied() {
        context.tell(Event::Factors(FactorNews { server, news }));
    }
}

fn prompt<T: Statement<Context = ()>, V>(
    key: PublicKey,
    statement: &T,
    context: &mut Context<'_, V>,
) -> Result<(), Refusal> {
    let kid = key.kid();
    let tbs = cose::detached_tbs(statement, &(), kid).map_err(|_| Code::Structure)?;
    context.sign(kid, &tbs);
    Ok(())
}
