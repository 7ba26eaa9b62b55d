//! The decision on the upgrade of a headless account (protocol.md, section 14.2).

use super::account::{Account, AccountLevel};
use super::assertion::{Required, accept};
use super::commit::{Commit, Fact, FactId, Outcome};
use super::config::Config;
use super::draw::Draw;
use super::enrolment::Enrolment;
use super::follow::{Trace, follow};
use super::request::Request;
use super::statement;
use crate::crypto::Verifier;
use crate::error::{Code, Refusal};
use crate::messages::app::Admitted;
use crate::registry::{Level, Purpose};
use crate::values::{Type, UnixSeconds};

/// What an upgrade's decision reads.
#[derive(Clone, Copy, Debug)]
pub struct UpgradeFacts<'a> {
    /// The account whose key verified Signature_3.
    pub account: &'a Account,
    /// Whether the store has the request's assertion id.
    pub assertion_used: bool,
}

/// Gives a headless account the second factor of its assertion. Id and key stay. `entropy`
/// is 32 fresh random bytes.
///
/// The commit reads and writes the account and the assertion id, by compare-and-swap from
/// headless to full; or it is the account's freeze.
///
/// # Errors
/// A [`Refusal`], which stores nothing: 211, 502, 210, those of clone detection, 107, 400
/// without an assertion, the refusals of [`accept`], and 507 for an account that is full with
/// another subject (HEADLESS-8).
pub fn decide_upgrade(
    config: &Config,
    facts: UpgradeFacts<'_>,
    request: &Request,
    entropy: [u8; 32],
    now: UnixSeconds,
    verifier: &impl Verifier,
) -> Result<Commit, Refusal> {
    let UpgradeFacts {
        account,
        assertion_used,
    } = facts;
    statement::key(account, request)?;
    statement::active(account)?;
    statement::purpose(request, Purpose::Upgrade)?;
    let rolling = Draw::from_entropy(entropy).rolling();
    let lineage = match follow(account, request, rolling, now)? {
        Trace::Diverged(freeze) => return Ok(freeze),
        Trace::Follows(lineage) => lineage,
    };
    let said = &request.statement;
    statement::undecided(said)?;
    statement::unused(&[said.app_session_proof.is_some()])?;
    let assertion = said.assertion.as_ref().ok_or(Code::FactorRequired)?;
    let required = Required {
        purpose: Purpose::Upgrade,
        bind: statement::bind(config.server, request, Some(account.id)),
        subject: None,
        policy: Enrolment::POLICY,
    };
    let accepted = accept(config, assertion, &required, assertion_used, now, verifier)?;
    match account.level {
        // The answer to the upgrade was lost, and the device asks again: the same device,
        // as the subject shows, and so the same account.
        AccountLevel::Full(subject) if subject != accepted.subject() => {
            return Err(Code::FullAccount.into());
        }
        AccountLevel::Full(_) | AccountLevel::Headless => {}
    }
    let admitted = Admitted {
        ty: Type,
        account: account.id,
        user_name: account.user_name.clone(),
        level: Level::Full,
        rolling,
    };
    let upgraded = account.clone().at(lineage).upgraded(accepted.subject());
    Ok(Commit::new(Outcome::Admitted(admitted))
        .expecting(FactId::Account(account.id), Some(account.version))
        .writing(Fact::Account(upgraded))
        .using_up(&accepted))
}
