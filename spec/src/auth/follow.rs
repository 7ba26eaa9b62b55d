//! Clone detection, as every statement of an existing account passes it
//! (protocol.md, section 7.1).

use super::account::Account;
use super::commit::{Commit, Fact, FactId, Outcome};
use super::lineage::{Finding, Lineage};
use super::request::Request;
use super::statement;
use crate::error::{Code, Refusal};
use crate::values::{Rolling, UnixSeconds};

/// What a statement shows of the device that makes it.
pub(super) enum Trace {
    /// It is the device; this is what its next statement has to follow.
    Follows(Lineage),
    /// There are two: the account's freeze, and nothing else.
    Diverged(Commit),
}

/// Judges a statement; `drawn` is the value to send if it follows on.
///
/// # Errors
/// 107 without counter or rolling value (CLN-2), 503 if it was overtaken (CLN-3).
pub(super) fn follow(
    account: &Account,
    request: &Request,
    drawn: Rolling,
    now: UnixSeconds,
) -> Result<Trace, Refusal> {
    match account.lineage.judge(statement::step(request)?, drawn, now) {
        Finding::Late => Err(Code::CloneSuspected.into()),
        Finding::Diverged => Ok(Trace::Diverged(freeze(account))),
        Finding::Follows(lineage) => Ok(Trace::Follows(lineage)),
    }
}

/// CLN-3, CLN-4: the account is stopped. All else stays as it is.
fn freeze(account: &Account) -> Commit {
    Commit::new(Outcome::Refused(Code::CloneSuspected))
        .expecting(FactId::Account(account.id), Some(account.version))
        .writing(Fact::Account(account.clone().frozen()))
}
