//! The validation of a token, which completes an action (protocol.md, section 16.3).

use alloc::string::String;

use super::super::account::Account;
use super::super::commit::{Commit, Fact, FactId};
use super::super::statement;
use super::challenge::{Approved, Challenge, ChallengeState, Grant, Use};
use crate::error::{Code, Refusal};
use crate::messages::action::Token;
use crate::registry::limit;
use crate::values::{AccountId, ActionId, ChallengeId, UnixSeconds};

/// What the backend asks: does this token speak for this action of this user?
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Validation {
    /// What the app sent.
    pub token: Token,
    /// The user who is about to act.
    pub user: String,
    /// The kind of action that is about to be done.
    pub code: String,
    /// The action, where the backend tracks it.
    pub action: Option<ActionId>,
    /// The same for the same attempt to do it, however often it is made.
    pub idempotency_key: String,
}

/// What the decision reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenFacts<'a> {
    /// The challenge whose grant has the token's hash, if there is one.
    pub challenge: Option<&'a Challenge>,
    /// The account that approved it, if it still is there.
    pub account: Option<&'a Account>,
}

/// The token is valid: the action is the backend's to carry out.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Validated {
    /// Whose action it is.
    pub user: String,
    /// What kind.
    pub code: String,
    /// The action, if it is tracked; its state is `Completed` by this.
    pub action: Option<ActionId>,
    /// The challenge that was approved.
    pub challenge: ChallengeId,
    /// The account that approved it.
    pub account: AccountId,
    /// When the user approved it.
    pub approved_at: UnixSeconds,
    /// When the token was first validated.
    pub consumed_at: UnixSeconds,
}

/// Validates a token, and uses it up for one idempotency key. The same validation
/// again gives the same answer and writes nothing (TOK-3).
///
/// # Errors
/// A refusal says that the token is not valid for this, and uses nothing up. In this
/// order: 106 for an idempotency key over its limit; 805 for a token that nobody was
/// given, or that another has replaced; 806 for another user or action; 808 where it is
/// consumed under another key; 807 once its expiry has come; 502 where the account
/// that approved is not active any more.
pub fn validate(
    facts: TokenFacts<'_>,
    asked: &Validation,
    now: UnixSeconds,
) -> Result<Commit<Validated>, Refusal> {
    if asked.idempotency_key.len() > limit::IDEMPOTENCY_KEY {
        return Err(Code::TooLarge.into());
    }
    let (challenge, approved) = granted(facts.challenge, asked.token)?;
    matches(challenge, asked)?;
    let commit = |at| {
        Commit::new(told(challenge, approved, at))
            .expecting(FactId::Challenge(challenge.id), Some(challenge.version))
    };
    match &approved.grant.used {
        Use::Consumed {
            idempotency_key,
            at,
        } if *idempotency_key == asked.idempotency_key => Ok(commit(*at)),
        Use::Consumed { .. } => Err(Code::TokenConsumed.into()),
        Use::Unused => {
            if approved.grant.expires <= now {
                return Err(Code::TokenExpired.into());
            }
            let account = grantor(facts.account, approved)?;
            let consumed = consume(approved.clone(), asked.idempotency_key.clone(), now);
            Ok(commit(now)
                .expecting(FactId::Account(account.id), Some(account.version))
                .writing(Fact::Challenge(challenge.clone().at(consumed))))
        }
    }
}

/// The challenge that the token was given for, which is approved.
fn granted(
    challenge: Option<&Challenge>,
    token: Token,
) -> Result<(&Challenge, &Approved), Refusal> {
    match challenge.map(|challenge| (challenge, &challenge.state)) {
        Some((challenge, ChallengeState::Approved(approved)))
            if approved.grant.token == token.hash() =>
        {
            Ok((challenge, approved))
        }
        _ => Err(Code::TokenInvalid.into()),
    }
}

/// TOK-2: for its user and its action alone. An action that the backend does not
/// track is named by its code.
fn matches(challenge: &Challenge, asked: &Validation) -> Result<(), Refusal> {
    let same = challenge.user == asked.user
        && challenge.code == asked.code
        && (asked.action.is_none() || challenge.action == asked.action);
    match same {
        true => Ok(()),
        false => Err(Code::TokenMismatch.into()),
    }
}

/// CRD-6: the account that approved still may be granted something.
fn grantor<'a>(account: Option<&'a Account>, approved: &Approved) -> Result<&'a Account, Refusal> {
    let account = account
        .filter(|account| account.id == approved.account)
        .ok_or(Code::AccountNotActive)?;
    statement::active(account)?;
    Ok(account)
}

fn consume(approved: Approved, idempotency_key: String, at: UnixSeconds) -> ChallengeState {
    let used = Use::Consumed {
        idempotency_key,
        at,
    };
    ChallengeState::Approved(Approved {
        grant: Grant {
            used,
            ..approved.grant
        },
        ..approved
    })
}

fn told(challenge: &Challenge, approved: &Approved, consumed_at: UnixSeconds) -> Validated {
    Validated {
        user: challenge.user.clone(),
        code: challenge.code.clone(),
        action: challenge.action,
        challenge: challenge.id,
        account: approved.account,
        approved_at: approved.at,
        consumed_at,
    }
}
