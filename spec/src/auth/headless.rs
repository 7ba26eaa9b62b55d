//! The decision on a headless account (protocol.md, section 14.1).

use alloc::string::String;

use super::account::{Account, AccountLevel, Standing};
use super::commit::{Commit, Fact, FactId, Outcome};
use super::config::Config;
use super::draw::Draw;
use super::lineage::Lineage;
use super::request::Request;
use super::statement;
use crate::error::{Code, Refusal};
use crate::messages::app::Admitted;
use crate::registry::Purpose;
use crate::values::{Type, UnixSeconds};

/// What the decision on a headless account reads.
#[derive(Clone, Copy, Debug)]
pub struct HeadlessFacts<'a> {
    /// The account that has the request's key already, if one has.
    pub holder: Option<&'a Account>,
}

/// Gives a device's key its headless account: a new one, or the one that it has
/// (HEADLESS-2). `entropy` is 32 fresh random bytes.
///
/// The commit reads and writes the account and the index of its key (both absent, where it
/// is new).
///
/// # Errors
/// A [`Refusal`], which stores nothing: 210 where the purpose is another or not served, 107
/// for a statement with anything but its purpose, 502 for an account that is not active, 507
/// for the key of a full one.
pub fn decide_headless(
    config: &Config,
    facts: HeadlessFacts<'_>,
    request: &Request,
    entropy: [u8; 32],
    now: UnixSeconds,
) -> Result<Commit, Refusal> {
    statement::purpose(request, Purpose::Headless)?;
    if !config.services.headless {
        return Err(Code::PurposeRefused.into());
    }
    let said = &request.statement;
    statement::undecided(said)?;
    statement::unused(&[
        said.assertion.is_some(),
        said.app_session_proof.is_some(),
        said.counter.is_some(),
        said.rolling.is_some(),
    ])?;
    let draw = Draw::from_entropy(entropy);
    let (account, version, rolling) = match facts.holder {
        None => (create(request, &draw, now), None, draw.rolling()),
        Some(holder) => {
            statement::key(holder, request)?;
            statement::active(holder)?;
            if holder.level != AccountLevel::Headless {
                return Err(Code::FullAccount.into());
            }
            let rolling = holder.lineage.told_again(draw.rolling());
            let again = holder.clone().at(holder.lineage.clone());
            (again, Some(holder.version), rolling)
        }
    };
    let admitted = Admitted {
        ty: Type,
        account: account.id,
        user_name: account.user_name.clone(),
        level: account.level.level(),
        rolling,
    };
    Ok(Commit::new(Outcome::Admitted(admitted))
        .expecting(FactId::Account(account.id), version)
        .expecting(FactId::AccountOf(account.key.kid()), version)
        .writing(Fact::Account(account)))
}

/// An account that stands for a device and no user, so it has no name.
fn create(request: &Request, draw: &Draw, now: UnixSeconds) -> Account {
    Account {
        id: draw.account_id(),
        version: 0,
        user_name: String::new(),
        key: request.key,
        approval_key: None,
        level: AccountLevel::Headless,
        standing: Standing::Active,
        lineage: Lineage::begin(draw.rolling(), now),
        app: None,
    }
}
