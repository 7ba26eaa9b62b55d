//! The decision to open a channel for actions and credentials
//! (protocol.md, section 15.3).

use super::account::Account;
use super::commit::{Commit, Fact, FactId, Reply};
use super::draw::Draw;
use super::lineage::Finding;
use super::request::Request;
use super::statement;
use crate::error::{Code, Refusal};
use crate::messages::credential::Opened;
use crate::registry::Purpose;
use crate::values::{Type, UnixSeconds};

/// Decides on a statement that asks for such a channel. It claims no session and
/// decides nothing; clone detection looks at it as at a login's. `entropy` is 32
/// fresh random bytes.
///
/// The commit writes the account; its outcome is the opening, or a refusal
/// together with the freeze of the account.
///
/// # Errors
/// A [`Refusal`], which stores nothing, in this order: 211 for another account than
/// the one that signed, 502, 210, 503 for a late statement, 107 for a field that is
/// not null (OPN-2).
pub fn decide_opening(
    account: &Account,
    request: &Request,
    entropy: [u8; 32],
    now: UnixSeconds,
) -> Result<Commit<Reply<Opened>>, Refusal> {
    if account.key != request.key {
        return Err(Code::CredentialMismatch.into());
    }
    statement::active(account)?;
    statement::purpose(request, Purpose::Action)?;
    let rolling = Draw::from_entropy(entropy).rolling();
    let lineage = match account
        .lineage
        .judge(statement::step(request)?, rolling, now)
    {
        Finding::Late => return Err(Code::CloneSuspected.into()),
        Finding::Diverged => {
            return Ok(write(
                account,
                account.clone().frozen(),
                Reply::Refused(Code::CloneSuspected),
            ));
        }
        Finding::Follows(lineage) => lineage,
    };
    let statement = &request.statement;
    statement::unused(&[
        statement.decision.is_some(),
        statement.announce.is_some(),
        statement.user_input.is_some(),
        statement.assertion.is_some(),
        statement.enrolment_proof.is_some(),
        statement.app_session_proof.is_some(),
    ])?;
    let opened = Opened { ty: Type, rolling };
    Ok(write(
        account,
        account.clone().at(lineage),
        Reply::Said(opened),
    ))
}

fn write(from: &Account, to: Account, told: Reply<Opened>) -> Commit<Reply<Opened>> {
    Commit::new(told)
        .expecting(FactId::Account(from.id), Some(from.version))
        .writing(Fact::Account(to))
}
