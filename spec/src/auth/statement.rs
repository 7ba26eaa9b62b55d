//! The checks that statements of every purpose have in common (protocol.md, section 7).

use alloc::string::String;

use super::account::{Account, AccountLevel, Standing};
use super::lineage::Step;
use super::request::Request;
use crate::crypto::sha256;
use crate::error::{Code, Refusal};
use crate::messages::BindInput;
use crate::messages::handshake::Statement;
use crate::registry::{Decision, Purpose, limit};
use crate::values::{AccountId, Bind, Digest, Pseudonym, ServerId, UnixSeconds};

/// STM-5: "the statement of an account that is not active" is refused.
pub(super) fn active(account: &Account) -> Result<(), Refusal> {
    match account.standing {
        Standing::Active => Ok(()),
        Standing::Suspended | Standing::Revoked | Standing::Frozen => {
            Err(Code::AccountNotActive.into())
        }
    }
}

/// The subject of an account's assertions. A headless account has none, so that it never
/// satisfies a policy (HEADLESS-3).
pub(super) fn subject(account: &Account) -> Result<Pseudonym, Refusal> {
    match account.level {
        AccountLevel::Full(subject) => Ok(subject),
        AccountLevel::Headless => Err(Code::HeadlessAccount.into()),
    }
}

/// HS-13: the account's key may have changed since Signature_3 was verified with it.
pub(super) fn key(account: &Account, request: &Request) -> Result<(), Refusal> {
    if account.key != request.key {
        return Err(Code::CredentialMismatch.into());
    }
    Ok(())
}

/// STM-8: what a statement without session has no use for.
pub(super) fn undecided(statement: &Statement) -> Result<(), Refusal> {
    unused(&[
        statement.decision.is_some(),
        statement.announce.is_some(),
        statement.user_input.is_some(),
        statement.enrolment_proof.is_some(),
    ])
}

/// HS-14: the statement's purpose is message_1's; and it is `purpose`, which this decision is for.
pub(super) fn purpose(request: &Request, purpose: Purpose) -> Result<(), Refusal> {
    if request.purpose != purpose || request.statement.purpose != purpose {
        return Err(Code::PurposeRefused.into());
    }
    Ok(())
}

/// CLN-2: what clone detection looks at, which every statement of an account has.
pub(super) fn step(request: &Request) -> Result<Step, Refusal> {
    match (request.statement.counter, request.statement.rolling) {
        (Some(counter), Some(rolling)) => Ok(Step {
            counter,
            rolling,
            began: request.began,
        }),
        _ => Err(Code::Structure.into()),
    }
}

/// STM-1: there is a decision.
pub(super) fn decision(statement: &Statement) -> Result<Decision, Refusal> {
    statement.decision.ok_or(Code::DecisionMissing.into())
}

/// STM-2: what was shown is what was sent.
pub(super) fn announce(statement: &Statement, sent: Option<Digest>) -> Result<(), Refusal> {
    if statement.announce != sent {
        return Err(Code::AnnounceMismatch.into());
    }
    Ok(())
}

/// STM-3: "User input MUST be within its limit".
pub(super) fn user_input(statement: &Statement) -> Result<Option<&String>, Refusal> {
    match &statement.user_input {
        Some(text) if text.len() > limit::USER_INPUT => Err(Code::TooLarge.into()),
        user_input => Ok(user_input.as_ref()),
    }
}

/// STM-8: what the statement does not use is null.
pub(super) fn unused(fields: &[bool]) -> Result<(), Refusal> {
    match fields.contains(&true) {
        true => Err(Code::Structure.into()),
        false => Ok(()),
    }
}

/// SES-7, ENR-6: nothing is accepted from the expiry on.
pub(super) fn unexpired(expires: UnixSeconds, now: UnixSeconds) -> Result<(), Refusal> {
    if expires <= now {
        return Err(Code::SessionFinished.into());
    }
    Ok(())
}

/// The bind of a statement, from what was signed and nothing else (AST-4).
pub(super) fn bind(server: ServerId, request: &Request, account: Option<AccountId>) -> Bind {
    let statement = &request.statement;
    let hash = |text: &String| Digest(sha256(&[text.as_bytes()]));
    BindInput {
        server,
        context: request.transcript.0,
        account,
        purpose: statement.purpose,
        session: request.session,
        announce: statement.announce,
        user_input: statement.user_input.as_ref().map(hash),
        decision: statement.decision,
        intent: None,
    }
    .bind()
}
