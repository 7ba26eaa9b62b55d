//! The credentials of a user, and what the backend does to them
//! (protocol.md, section 15).
//!
//! An account is a credential: one device's key for one user. A user may have
//! several; this list of those that were not ended is what the scope of an
//! enrolment is judged by (CRD-2). It is written in the transaction that adds or
//! ends one, so two enrolments cannot both be a user's first.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::account::{Account, Standing, WrongStanding};
use super::commit::{Commit, Fact, FactId};
use crate::crypto::sha256;
use crate::error::{Code, Refusal};
use crate::registry::limit;
use crate::values::{AccountId, Digest};

/// What an enrolment may do for its user.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Scope {
    /// Create the first credential.
    New,
    /// `add:authenticators`: create one beside those that there are. The backend
    /// gives it to a user whom it has just authenticated, and to nobody else.
    AddAuthenticators,
}

/// The credentials of one user that are neither revoked nor deleted.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Credentials {
    /// What the backend calls the user.
    pub user: String,
    /// Counts the commits that changed it.
    pub version: u64,
    /// The credentials, oldest first.
    pub held: Vec<Held>,
}

/// One credential in the list.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Held {
    /// Its account.
    pub account: AccountId,
    /// Whether it requires user authentication: it has a `K_act`.
    pub user_authentication: bool,
}

impl Credentials {
    /// What the store finds the list of `user` by.
    pub fn id(user: &str) -> Digest {
        Digest(sha256(&[user.as_bytes()]))
    }

    /// Whether some credential of the user requires user authentication.
    pub fn require_user_authentication(&self) -> bool {
        self.held.iter().any(|held| held.user_authentication)
    }

    /// The list with one more. `known` is the user's, if there is one.
    ///
    /// # Errors
    /// 505 where there is a credential and `scope` does not add to it (CRD-2), 508
    /// at [`limit::CREDENTIALS`].
    pub(super) fn admit(
        known: Option<&Self>,
        account: &Account,
        scope: Scope,
    ) -> Result<Self, Refusal> {
        let held = Held {
            account: account.id,
            user_authentication: account.approval_key.is_some(),
        };
        let Some(known) = known else {
            return Ok(Self {
                user: account.user_name.clone(),
                version: 0,
                held: alloc::vec![held],
            });
        };
        match (known.held.len(), scope) {
            (1.., Scope::New) => Err(Code::ScopeMissing.into()),
            (limit::CREDENTIALS.., _) => Err(Code::TooManyCredentials.into()),
            _ => {
                let mut next = known.next();
                next.held.push(held);
                Ok(next)
            }
        }
    }

    /// The list without one.
    fn without(&self, account: AccountId) -> Self {
        let mut next = self.next();
        next.held.retain(|held| held.account != account);
        next
    }

    fn next(&self) -> Self {
        Self {
            version: self.version.saturating_add(1),
            ..self.clone()
        }
    }
}

/// Pauses a credential. While it lasts the account is granted nothing: every
/// decision reads the account, so its open channels, sessions, challenges and
/// tokens are worth nothing either (CRD-6).
///
/// # Errors
/// [`WrongStanding`] if it is not active.
pub fn suspend(account: &Account) -> Result<Commit<()>, WrongStanding> {
    Ok(change(account, account.clone().suspend()?))
}

/// Ends the pause.
///
/// # Errors
/// [`WrongStanding`] if it is not suspended.
pub fn resume(account: &Account) -> Result<Commit<()>, WrongStanding> {
    Ok(change(account, account.clone().resume()?))
}

/// Ends a credential for good; the account stays as a record of it. `credentials`
/// is its user's list; a headless account has no user, and none.
///
/// # Errors
/// [`WrongStanding`] if it is revoked already.
pub fn revoke(
    account: &Account,
    credentials: Option<&Credentials>,
) -> Result<Commit<()>, WrongStanding> {
    match account.standing {
        Standing::Revoked => Err(WrongStanding(Standing::Revoked)),
        Standing::Active | Standing::Suspended | Standing::Frozen => {
            let commit = change(account, account.clone().revoke());
            Ok(end(commit, account, credentials))
        }
    }
}

/// Erases a credential, whatever its standing; its key may enrol again.
pub fn delete(account: &Account, credentials: Option<&Credentials>) -> Commit<()> {
    erase(account, credentials, ())
}

/// [`delete`], with something to say.
pub(super) fn erase<T>(account: &Account, credentials: Option<&Credentials>, told: T) -> Commit<T> {
    let commit = Commit::new(told)
        .expecting(FactId::Account(account.id), Some(account.version))
        .writing(Fact::Erased(FactId::Account(account.id)));
    end(commit, account, credentials)
}

fn change(from: &Account, to: Account) -> Commit<()> {
    Commit::new(())
        .expecting(FactId::Account(from.id), Some(from.version))
        .writing(Fact::Account(to))
}

/// Takes the account off its user's list, where there is one.
fn end<T>(commit: Commit<T>, account: &Account, credentials: Option<&Credentials>) -> Commit<T> {
    let id = FactId::Credentials(Credentials::id(&account.user_name));
    let Some(listed) = credentials else {
        return commit.expecting(id, None);
    };
    commit
        .expecting(id, Some(listed.version))
        .writing(Fact::Credentials(listed.without(account.id)))
}
