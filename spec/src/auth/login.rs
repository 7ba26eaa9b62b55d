//! The decision on a login's statement (protocol.md, sections 6.2 and 7).

use super::account::Account;
use super::app_session::AppSession;
use super::assertion::SecondFactor;
use super::cached::Proved;
use super::commit::{Commit, Fact, FactId, Outcome};
use super::config::Config;
use super::draw::Draw;
use super::evidence::{Evidence, settle_factor};
use super::follow::{Trace, follow};
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
    /// The app session that the account names, if the store still has it.
    pub app: Option<&'a AppSession>,
    /// That the statement's app session proof is right, if it is.
    pub proved: Option<Proved>,
}

/// Decides on a login. `entropy` is 32 fresh random bytes.
///
/// The commit reads and writes the session, the account, and the assertion id
/// if there is one, and reads the account's app session; it is a settlement, or the
/// freeze of the account.
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
        app,
        proved,
    } = facts;
    belongs(facts, request)?;
    statement::active(account)?;
    statement::purpose(request, Purpose::Login)?;
    let drawn = Draw::from_entropy(entropy).rolling();
    let lineage = match follow(account, request, drawn, now)? {
        Trace::Diverged(freeze) => return Ok(freeze),
        Trace::Follows(lineage) => lineage,
    };
    preselected(session, account)?;
    let decision = statement::decision(&request.statement)?;
    statement::announce(&request.statement, session.announce_hash())?;
    statement::user_input(&request.statement)?;
    fields(facts, &request.statement, decision)?;
    statement::unexpired(session.expires, now)?;
    let next = move_on(session, account, &request.statement, decision)?;
    let evidence = Evidence::of(request, account, app, proved, assertion_used);
    let factor = match &next {
        Move::Decline(_) => SecondFactor::NotAsked,
        Move::Confirm(_) | Move::Repeat => {
            evidence.second_factor(config, session.policy, now, verifier)?
        }
    };
    let settled = Settled {
        ty: Type,
        decision,
        account: account.id,
        user_name: account.user_name.clone(),
        rolling: drawn,
    };
    let state = match next {
        Move::Confirm(new) => Some(SessionState::Confirmed(new.confirm(
            account.id,
            request.statement.user_input.clone(),
            &factor,
            now,
        ))),
        Move::Decline(new) => Some(SessionState::Rejected(new.decline(account.id, now))),
        Move::Repeat => None,
    };
    let mut commit = Commit::new(Outcome::Settled(settled))
        .expecting(FactId::Session(session.id), Some(session.version));
    commit = settle_factor(commit, &evidence, &factor, lineage, now);
    if let Some(state) = state {
        commit = commit.writing(Fact::Session(session.clone().at(state)));
    }
    if let SecondFactor::Accepted(accepted) = &factor {
        commit = commit.using_up(accepted);
    }
    Ok(commit)
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
    if request.session != Some(facts.session.id) {
        return Err(Code::SessionUnavailable.into());
    }
    statement::key(facts.account, request)
}

/// STM-4: "Where an account is pre-selected, an auth server MUST refuse any other".
fn preselected(session: &Session, account: &Account) -> Result<(), Refusal> {
    match session.preselected {
        Some(only) if only != account.id => Err(Code::WrongAccount.into()),
        _ => Ok(()),
    }
}

/// STM-8: the fields that a login's statement has, and no others.
///
/// An account that was ever logged in to the app may bring an assertion that no
/// policy asks for: its device may not know that the last one was accepted (APP-14).
fn fields(facts: LoginFacts<'_>, statement: &Statement, decision: Decision) -> Result<(), Refusal> {
    let policy = facts.session.policy;
    let confirms = decision == Decision::Confirm;
    let takes_assertion = confirms && (policy.is_some() || facts.account.app.is_some());
    let takes_proof = confirms && policy.is_some_and(|policy| policy.cached);
    statement::unused(&[
        statement.enrolment_proof.is_some(),
        statement.app_session_proof.is_some() && !takes_proof,
        statement.assertion.is_some() && !takes_assertion,
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
