//! The decision on an app login's statement (protocol.md, section 12.1).

use super::account::Account;
use super::app_session::{AppSession, AppSessionState, Verification};
use super::assertion::SecondFactor;
use super::commit::{Commit, Fact, FactId, Outcome};
use super::config::Config;
use super::draw::Draw;
use super::evidence::{Evidence, settle_factor};
use super::follow::{Trace, follow};
use super::request::Request;
use super::statement;
use crate::crypto::Verifier;
use crate::error::{Code, Refusal};
use crate::messages::app::AppSettled;
use crate::registry::{LogoutCause, Purpose};
use crate::values::{Type, UnixSeconds};

/// What an app login's decision reads.
#[derive(Clone, Copy, Debug)]
pub struct AppLoginFacts<'a> {
    /// The account whose key verified Signature_3.
    pub account: &'a Account,
    /// The app session that the account names, if the store still has it.
    pub app: Option<&'a AppSession>,
    /// Whether the store has the request's assertion id.
    pub assertion_used: bool,
}

/// Decides on an app login. `entropy` is 32 fresh random bytes.
///
/// The commit reads and writes the account, the assertion id if there is one, the app
/// session before, which it ends, and the new one (absent); or it is the account's freeze.
///
/// # Errors
/// A [`Refusal`], which stores nothing: 211 for another key than the account's, 502, 210,
/// 107 and 503 of clone detection, 107 for a field that is not used, 210 where app logins
/// are not served, then the second factor's.
pub fn decide_app_login(
    config: &Config,
    facts: AppLoginFacts<'_>,
    request: &Request,
    entropy: [u8; 32],
    now: UnixSeconds,
    verifier: &impl Verifier,
) -> Result<Commit, Refusal> {
    let AppLoginFacts {
        account,
        app,
        assertion_used,
    } = facts;
    statement::key(account, request)?;
    statement::active(account)?;
    statement::purpose(request, Purpose::AppLogin)?;
    let draw = Draw::from_entropy(entropy);
    let lineage = match follow(account, request, draw.rolling(), now)? {
        Trace::Diverged(freeze) => return Ok(freeze),
        Trace::Follows(lineage) => lineage,
    };
    statement::undecided(&request.statement)?;
    // APP-4: an app login never rests on an app session.
    statement::unused(&[request.statement.app_session_proof.is_some()])?;
    let terms = config.services.app.as_ref().ok_or(Code::PurposeRefused)?;
    let evidence = Evidence::of(request, account, app, None, assertion_used);
    let factor = evidence.second_factor(config, terms.policy, now, verifier)?;
    let web_nonce = draw.web_nonce();
    let session = AppSession {
        id: draw.app_session_id(),
        version: 0,
        account: account.id,
        web_nonce: web_nonce.hash(),
        began: now,
        ends: now.plus(u64::from(terms.limit_s)),
        ping_time_s: terms.ping_time_s,
        last_contact: now,
        verification: verification(&factor),
        state: AppSessionState::Live,
    };
    let settled = AppSettled {
        ty: Type,
        account: account.id,
        user_name: account.user_name.clone(),
        rolling: draw.rolling(),
        session: session.id,
        web_nonce,
        ping_time_s: terms.ping_time_s,
        limit_s: terms.limit_s,
    };
    let commit = Commit::new(Outcome::LoggedIn(settled));
    let mut commit = settle_factor(commit, &evidence, &factor, lineage, now)
        .map_account(|account| account.in_app(session.id))
        .expecting(FactId::AppSession(session.id), None);
    // APP-6: at most one is live.
    if let Some(before) = evidence
        .app
        .filter(|before| before.state == AppSessionState::Live)
    {
        let ended = before.clone().end(LogoutCause::Replaced, now);
        commit = commit.writing(Fact::AppSession(ended));
    }
    if let SecondFactor::Accepted(accepted) = &factor {
        commit = commit.using_up(accepted);
    }
    Ok(commit.writing(Fact::AppSession(session)))
}

/// What the session will know of its second factor.
fn verification(factor: &SecondFactor) -> Option<Verification> {
    match factor {
        SecondFactor::Accepted(accepted) => Some(Verification {
            factor: accepted.factor(),
            time: accepted.time(),
        }),
        SecondFactor::NotAsked | SecondFactor::Cached(_) => None,
    }
}
