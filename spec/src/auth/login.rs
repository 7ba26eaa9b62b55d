//! The decision on a login's statement (protocol.md, sections 6.2 and 7).

use super::account::Account;
use super::assertion::{Required, SecondFactor, accept};
use super::commit::{Commit, Fact, FactId, Outcome};
use super::config::Config;
use super::draw::Draw;
use super::lineage::{Finding, Lineage};
use super::request::Request;
use super::session::{New, Session, SessionState};
use super::statement;
use crate::crypto::Verifier;
use crate::error::{Code, Refusal};
use crate::messages::channel::Settled;
use crate::messages::handshake::Statement;
use crate::registry::{Decision, Purpose};
use crate::values::{Type, UnixSeconds};

/// What a login's decision reads.
#[derive(Clone, Copy, Debug)]
pub struct LoginFacts<'a> {
    /// The session that the request names.
    pub session: &'a Session,
    /// The account whose key verified Signature_3.
    pub account: &'a Account,
    /// Whether the store has the request's assertion id.
    pub assertion_used: bool,
}

/// Decides on a login. `entropy` is 32 fresh random bytes.
///
/// The commit reads and writes the session, the account, and the assertion id
/// if there is one; it is a settlement, or the freeze of the account.
///
/// # Errors
/// A [`Refusal`], which stores nothing. The checks are made in the order of STM-9.
pub fn decide_login(
    config: &Config,
    facts: LoginFacts<'_>,
    request: &Request,
    entropy: [u8; 32],
    now: UnixSeconds,
    verifier: &impl Verifier,
) -> Result<Commit, Refusal> {
    let LoginFacts {
        session,
        account,
        assertion_used,
    } = facts;
    belongs(facts, request)?;
    statement::active(account)?;
    statement::purpose(request, Purpose::Login)?;
    let drawn = Draw::from_entropy(entropy).rolling();
    let lineage = match account.lineage.judge(statement::step(request)?, drawn, now) {
        Finding::Late => return Err(Code::CloneSuspected.into()),
        Finding::Diverged => return Ok(freeze(account)),
        Finding::Follows(lineage) => lineage,
    };
    preselected(session, account)?;
    let decision = statement::decision(&request.statement)?;
    statement::announce(&request.statement, session.announce_hash())?;
    statement::user_input(&request.statement)?;
    fields(session, &request.statement, decision)?;
    statement::unexpired(session.expires, now)?;
    let next = move_on(session, account, &request.statement, decision)?;
    let factor = match (&next, session.policy) {
        (Move::Decline(_), _) | (_, None) => SecondFactor::NotAsked,
        (Move::Confirm(_) | Move::Repeat, Some(policy)) => {
            let assertion = request
                .statement
                .assertion
                .as_ref()
                .ok_or(Code::FactorRequired)?;
            let required = Required {
                purpose: Purpose::Login,
                bind: statement::bind(config.server, request, Some(account.id)),
                subject: Some(account.subject),
                policy,
            };
            let accepted = accept(config, assertion, &required, assertion_used, now, verifier)?;
            SecondFactor::Accepted(accepted)
        }
    };
    let settled = Settled {
        ty: Type,
        decision,
        account: account.id,
        user_name: account.user_name.clone(),
        rolling: drawn,
    };
    Ok(settle(
        facts,
        &request.statement,
        next,
        factor,
        lineage,
        settled,
        now,
    ))
}

/// What a statement does to the session.
enum Move {
    /// The user said yes, first.
    Confirm(New),
    /// The user said no, first.
    Decline(New),
    /// The same yes again (SES-6).
    Repeat,
}

/// The facts are those that the request is about.
fn belongs(facts: LoginFacts<'_>, request: &Request) -> Result<(), Refusal> {
    if Some(facts.session.id) != request.session {
        return Err(Code::SessionUnavailable.into());
    }
    // The account's key may have changed since Signature_3 was verified.
    if facts.account.key != request.key {
        return Err(Code::CredentialMismatch.into());
    }
    Ok(())
}

/// STM-4: "Where an account is pre-selected, an auth server MUST refuse any other".
fn preselected(session: &Session, account: &Account) -> Result<(), Refusal> {
    match session.preselected {
        Some(only) if only != account.id => Err(Code::WrongAccount.into()),
        _ => Ok(()),
    }
}

/// STM-8: the fields that a login's statement has, and no others.
fn fields(session: &Session, statement: &Statement, decision: Decision) -> Result<(), Refusal> {
    let needs_factor = decision == Decision::Confirm && session.policy.is_some();
    statement::unused(&[
        statement.enrolment_proof.is_some(),
        statement.app_session_proof.is_some(),
        statement.assertion.is_some() && !needs_factor,
    ])
}

/// What the decision does to the session, if its state allows it: SES-5 to SES-7.
fn move_on(
    session: &Session,
    account: &Account,
    statement: &Statement,
    decision: Decision,
) -> Result<Move, Refusal> {
    match (&session.state, decision) {
        (SessionState::New(new), Decision::Confirm) => Ok(Move::Confirm(new.clone())),
        (SessionState::New(new), Decision::Decline) => Ok(Move::Decline(new.clone())),
        // The result can be the same only if what the backend was told is.
        (SessionState::Confirmed(confirmed), Decision::Confirm)
            if confirmed.account == account.id && confirmed.user_input == statement.user_input =>
        {
            Ok(Move::Repeat)
        }
        (SessionState::Confirmed(_) | SessionState::Rejected(_), _) => {
            Err(Code::SessionFinished.into())
        }
    }
}

/// CLN-3, CLN-4: the account is stopped. The session stays as it is.
fn freeze(account: &Account) -> Commit {
    Commit::new(Outcome::Refused(Code::CloneSuspected))
        .expecting(FactId::Account(account.id), Some(account.version))
        .writing(Fact::Account(account.clone().frozen()))
}

/// The whole settlement in one transaction.
fn settle(
    facts: LoginFacts<'_>,
    statement: &Statement,
    next: Move,
    factor: SecondFactor,
    lineage: Lineage,
    settled: Settled,
    now: UnixSeconds,
) -> Commit {
    let LoginFacts {
        session, account, ..
    } = facts;
    let state = match next {
        Move::Confirm(new) => Some(SessionState::Confirmed(new.confirm(
            account.id,
            statement.user_input.clone(),
            &factor,
            now,
        ))),
        Move::Decline(new) => Some(SessionState::Rejected(new.decline(account.id, now))),
        Move::Repeat => None,
    };
    let mut commit = Commit::new(Outcome::Settled(settled))
        .expecting(FactId::Session(session.id), Some(session.version))
        .expecting(FactId::Account(account.id), Some(account.version))
        .writing(Fact::Account(account.clone().at(lineage)));
    if let Some(state) = state {
        commit = commit.writing(Fact::Session(session.clone().at(state)));
    }
    if let SecondFactor::Accepted(accepted) = factor {
        commit = commit
            .expecting(FactId::Assertion(accepted.id()), None)
            .writing(Fact::Assertion(accepted.id()));
    }
    commit
}
