//! Whether the second factor that came with a statement is enough
//! (protocol.md, sections 8.6, 12.3 and 12.4).

use super::account::Account;
use super::app_session::AppSession;
use super::assertion::{Required, SecondFactor, accept};
use super::cached::{Proved, cached};
use super::commit::{Commit, Fact, FactId};
use super::config::Config;
use super::lineage::Lineage;
use super::request::Request;
use super::statement;
use crate::crypto::Verifier;
use crate::error::{Code, Refusal};
use crate::messages::handshake::Policy;
use crate::registry::seconds;
use crate::values::UnixSeconds;

/// What an assertion has to be where no policy asks for one: of any factor, within its life.
const ANY_FACTOR: Policy = Policy {
    factors: 3,
    max_age_s: seconds::ASSERTION as u32,
    cached: false,
};

/// All that speaks for a statement's second factor.
#[derive(Clone, Copy)]
pub(super) struct Evidence<'a> {
    pub(super) request: &'a Request,
    pub(super) account: &'a Account,
    /// The app session that the account names.
    pub(super) app: Option<&'a AppSession>,
    pub(super) proved: Option<Proved>,
    pub(super) assertion_used: bool,
}

impl<'a> Evidence<'a> {
    /// Takes the facts; an app session that the account does not name says nothing.
    pub(super) fn of(
        request: &'a Request,
        account: &'a Account,
        app: Option<&'a AppSession>,
        proved: Option<Proved>,
        assertion_used: bool,
    ) -> Self {
        let named = |app: &&AppSession| account.app.is_some_and(|used| used.session == app.id);
        Self {
            request,
            account,
            app: app.filter(named),
            proved,
            assertion_used,
        }
    }

    /// The live app session of the account.
    fn live(&self, now: UnixSeconds) -> Option<&'a AppSession> {
        self.app.filter(|app| app.is_live(self.account, now))
    }

    /// APP-13: an app session has ended, and no fresh factor has come since.
    fn is_due(&self, now: UnixSeconds) -> bool {
        self.account.app.is_some_and(|used| !used.refreshed) && self.live(now).is_none()
    }

    /// The second factor of the statement, by the policy that holds for it.
    ///
    /// # Errors
    /// 509 for a headless account that a factor is asked of, 400 where none came, 107 where
    /// two came, and the refusals of [`accept`] and [`cached`].
    pub(super) fn second_factor(
        &self,
        config: &Config,
        policy: Option<Policy>,
        now: UnixSeconds,
        verifier: &impl Verifier,
    ) -> Result<SecondFactor, Refusal> {
        let said = &self.request.statement;
        let asked = policy.is_some() || self.is_due(now);
        match (&said.assertion, &said.app_session_proof) {
            (None, None) if !asked => Ok(SecondFactor::NotAsked),
            (None, None) => {
                statement::subject(self.account)?;
                Err(Code::FactorRequired.into())
            }
            (Some(_), Some(_)) => Err(Code::Structure.into()),
            (Some(assertion), None) => {
                let required = Required {
                    purpose: said.purpose,
                    bind: statement::bind(config.server, self.request, Some(self.account.id)),
                    subject: Some(statement::subject(self.account)?),
                    policy: policy.unwrap_or(ANY_FACTOR),
                };
                let used = self.assertion_used;
                accept(config, assertion, &required, used, now, verifier)
                    .map(SecondFactor::Accepted)
            }
            (None, Some(_)) => {
                // APP-10: what the policy does not take is a field that is not used.
                let policy = policy
                    .filter(|policy| policy.cached)
                    .ok_or(Code::Structure)?;
                let app = self.live(now).ok_or(Code::NotLoggedIn)?;
                cached(app, self.proved, self.request.transcript, policy, now)
                    .map(SecondFactor::Cached)
            }
        }
    }
}

/// The part of a settlement that is the account's: what it said follows on, and its app
/// session is still as it was.
pub(super) fn settle_factor(
    commit: Commit,
    evidence: &Evidence<'_>,
    factor: &SecondFactor,
    lineage: Lineage,
    now: UnixSeconds,
) -> Commit {
    let account = evidence.account;
    let mut next = account.clone().at(lineage);
    // Inside a live session a fresh factor does not count: what has to be fresh is what follows.
    if matches!(factor, SecondFactor::Accepted(_)) && evidence.live(now).is_none() {
        next = next.refreshed();
    }
    let mut commit = commit
        .expecting(FactId::Account(account.id), Some(account.version))
        .writing(Fact::Account(next));
    if let Some(used) = account.app {
        let version = evidence.app.map(|app| app.version);
        commit = commit.expecting(FactId::AppSession(used.session), version);
    }
    commit
}
