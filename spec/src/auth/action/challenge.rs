//! Challenges: what a user is asked about an action, and what became of it
//! (protocol.md, section 16.1).

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::super::account::Account;
use super::super::assertion::SecondFactor;
use super::super::commit::{Commit, Fact, FactId};
use super::super::draw::Draw;
use super::super::session::check_announce;
use super::super::statement;
use super::Limits;
use super::prompts::{Prompt, Prompts};
use crate::error::{Code, Refusal};
use crate::messages::action::{self as message, Approval, Token};
use crate::messages::are_choices;
use crate::messages::handshake::{Announce, Policy};
use crate::registry::{Factor, limit};
use crate::values::{AccountId, ActionId, ChallengeId, ChallengeNonce, Digest, Type, UnixSeconds};
use crate::verified::Verified;

/// One question to one user. All but version, state and the hash of its token is
/// fixed when it is made, so what was shown still is what is approved.
///
/// ```text
/// Pending --- approve ---> Approved --- the same again, unused ---> Approved, another token
///  +--- reject, fraud, wrong number ---> Rejected
///  +--- its expiry has come -----------> Expired
///  +--- the backend -------------------> Cancelled
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Challenge {
    /// Names it.
    pub id: ChallengeId,
    /// Counts the commits that changed it.
    pub version: u64,
    /// Signed with every answer.
    pub nonce: ChallengeNonce,
    /// What the backend calls the user. Any credential of the user may answer.
    pub user: String,
    /// What kind of action it is about.
    pub code: String,
    /// The action, if the backend tracks it.
    pub action: Option<ActionId>,
    /// What the device shows.
    pub shown: Announce,
    /// No answer is taken from this time on.
    pub expires: UnixSeconds,
    /// The number to choose.
    pub number: Option<NumberMatch>,
    /// The fresh second factor that an approval needs.
    pub policy: Option<Policy>,
    /// The hash of the token by which a device fetches it.
    pub handed: Digest,
    /// What became of it.
    pub state: ChallengeState,
}

/// A number that is shown where the action was started, among others.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct NumberMatch {
    /// The number; the device does not learn it from this server.
    pub expected: u8,
    /// What the device shows, ascending.
    pub choices: Vec<u8>,
}

/// What became of a challenge. It leaves *pending* at most once (CHA-5).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ChallengeState {
    /// Nobody has answered.
    Pending(Pending),
    /// The user said yes.
    Approved(Approved),
    /// The user said no.
    Rejected(Rejected),
    /// Its time has come.
    Expired,
    /// The backend has withdrawn it.
    Cancelled,
}

/// Nobody has answered.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Pending {
    // Made with a challenge and nowhere else.
    _private: (),
}

/// The user said yes, and the app has a token to show for it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Approved {
    /// Whose answer it was.
    pub account: AccountId,
    /// SHA-256 of the signed approval.
    pub approval: Digest,
    /// The second factor that was verified for it, if one was asked for.
    pub factor: Option<Factor>,
    /// When.
    pub at: UnixSeconds,
    /// The token.
    pub grant: Grant,
}

/// A token that speaks for an approved challenge.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Grant {
    /// The token's hash.
    pub token: Digest,
    /// It is not validated from this time on.
    pub expires: UnixSeconds,
    /// Whether it was.
    pub used: Use,
}

/// Whether a token was validated.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Use {
    /// It was not.
    Unused,
    /// It was, for one idempotency key, for good.
    Consumed {
        /// The key.
        idempotency_key: String,
        /// When.
        at: UnixSeconds,
    },
}

/// The user said no.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Rejected {
    /// Whose answer it was.
    pub account: AccountId,
    /// In which way.
    pub why: Why,
    /// When.
    pub at: UnixSeconds,
}

/// How a user said no.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Why {
    /// In so many words.
    Declined,
    /// And somebody else had started the action.
    Fraud,
    /// By a number that was not the one shown.
    WrongNumber,
}

/// What a backend asks of a new challenge.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct ChallengeTerms {
    /// What the device shows.
    pub shown: Announce,
    /// The number to choose.
    pub number: Option<NumberMatch>,
    /// The fresh second factor that an approval needs.
    pub policy: Option<Policy>,
}

/// A challenge about to be made, and what is told of it once it is committed.
pub(super) struct Made {
    pub(super) challenge: Challenge,
    pub(super) prompts: Prompts,
    /// The version of the prompts that were read, if there were any.
    pub(super) read: Option<u64>,
    pub(super) token: Token,
}

/// Whom a challenge asks about what.
pub(super) struct Subject<'a> {
    pub(super) user: &'a str,
    pub(super) code: &'a str,
    pub(super) action: Option<ActionId>,
}

/// Makes a challenge for an action that is named and not tracked. `prompts` are
/// the user's, if there are any; `entropy` is 32 fresh random bytes. Once
/// committed, the token is for the app, which hands it to the device.
///
/// # Errors
/// 106 and 107 for terms that could not be sent; 811, 809 and 810 (ACT-6 to ACT-8).
pub fn decide_challenge(
    limits: &Limits,
    prompts: Option<&Prompts>,
    user: &str,
    code: &str,
    terms: ChallengeTerms,
    entropy: [u8; 32],
    now: UnixSeconds,
) -> Result<Commit<Token>, Refusal> {
    let action = None;
    let made = make(
        limits,
        prompts,
        Subject { user, code, action },
        terms,
        entropy,
        now,
    )?;
    Ok(made.write(Commit::new(made.token)))
}

pub(super) fn make(
    limits: &Limits,
    prompts: Option<&Prompts>,
    subject: Subject<'_>,
    terms: ChallengeTerms,
    entropy: [u8; 32],
    now: UnixSeconds,
) -> Result<Made, Refusal> {
    check(&subject, &terms)?;
    let draw = Draw::from_entropy(entropy);
    let token = draw.token();
    let challenge = Challenge {
        id: draw.challenge_id(),
        version: 0,
        nonce: draw.challenge_nonce(),
        user: subject.user.into(),
        code: subject.code.into(),
        action: subject.action,
        shown: terms.shown,
        expires: now.plus(limits.challenge_ttl_s),
        number: terms.number,
        policy: terms.policy,
        handed: token.hash(),
        state: ChallengeState::Pending(Pending::default()),
    };
    let prompt = Prompt {
        code: challenge.code.clone(),
        challenge: challenge.id,
        expires: challenge.expires,
    };
    let known = prompts
        .cloned()
        .unwrap_or_else(|| Prompts::none(subject.user));
    Ok(Made {
        challenge,
        prompts: known.admit(prompt, limits, now)?,
        read: prompts.map(|prompts| prompts.version),
        token,
    })
}

impl Made {
    /// Adds the challenge to a transaction.
    pub(super) fn write<T>(&self, commit: Commit<T>) -> Commit<T> {
        commit
            .expecting(FactId::Challenge(self.challenge.id), None)
            .expecting(self.prompts.id(), self.read)
            .writing(Fact::Challenge(self.challenge.clone()))
            .writing(Fact::Prompts(self.prompts.clone()))
    }
}

/// What a device is shown, for the token that its app was handed. `challenge` is
/// the one whose `handed` is the token's hash.
///
/// # Errors
/// 502 for an account that is not active; 800 where there is none, or it is another
/// user's: the same for both (CHA-2); 802 once it has left *pending*, or its expiry
/// has come.
pub fn fetch(
    challenge: Option<&Challenge>,
    account: &Account,
    now: UnixSeconds,
) -> Result<message::Challenge, Refusal> {
    statement::active(account)?;
    let challenge = challenge
        .filter(|challenge| challenge.user == account.user_name)
        .ok_or(Code::ChallengeUnavailable)?;
    match &challenge.state {
        ChallengeState::Pending(_) if now < challenge.expires => Ok(challenge.message()),
        _ => Err(Code::ChallengeFinished.into()),
    }
}

/// Withdraws a challenge, for the backend.
///
/// # Errors
/// 802 once it has left *pending*.
pub fn cancel(challenge: &Challenge, prompts: &Prompts) -> Result<Commit<()>, Refusal> {
    let cancelled = challenge.pending()?.cancel();
    Ok(leave(challenge, prompts, cancelled, ()))
}

/// Ends a challenge whose expiry has come, for the backend. A late answer does the same.
///
/// # Errors
/// 802 once it has left *pending*, 809 before its expiry.
pub fn expire(
    challenge: &Challenge,
    prompts: &Prompts,
    now: UnixSeconds,
) -> Result<Commit<()>, Refusal> {
    let pending = challenge.pending()?;
    if now < challenge.expires {
        return Err(Code::ChallengePending.into());
    }
    Ok(leave(challenge, prompts, pending.expire(), ()))
}

/// The transaction in which a challenge leaves *pending*, and so the user's prompts.
pub(super) fn leave<T>(
    challenge: &Challenge,
    prompts: &Prompts,
    to: ChallengeState,
    told: T,
) -> Commit<T> {
    leave_calmly(challenge, prompts, prompts.without(challenge.id), to, told)
}

/// The same, where `next` says more of the prompts.
pub(super) fn leave_calmly<T>(
    challenge: &Challenge,
    read: &Prompts,
    next: Prompts,
    to: ChallengeState,
    told: T,
) -> Commit<T> {
    Commit::new(told)
        .expecting(FactId::Challenge(challenge.id), Some(challenge.version))
        .expecting(read.id(), Some(read.version))
        .writing(Fact::Challenge(challenge.clone().at(to)))
        .writing(Fact::Prompts(next))
}

impl Challenge {
    /// What the device is shown. Its hash is what an answer signs.
    pub fn message(&self) -> message::Challenge {
        message::Challenge {
            ty: Type,
            id: self.id,
            nonce: self.nonce,
            code: self.code.clone(),
            shown: self.shown.clone(),
            expiry: self.expires,
            choices: self.number.as_ref().map(|number| number.choices.clone()),
            policy: self.policy,
        }
    }

    /// The token that this was approved with.
    pub fn grant(&self) -> Option<&Grant> {
        match &self.state {
            ChallengeState::Approved(approved) => Some(&approved.grant),
            _ => None,
        }
    }

    /// The way out of *pending*, if it has not been taken (802).
    pub(super) fn pending(&self) -> Result<Pending, Refusal> {
        match &self.state {
            ChallengeState::Pending(pending) => Ok(pending.clone()),
            _ => Err(Code::ChallengeFinished.into()),
        }
    }

    /// The challenge after a commit that brought it to `state`.
    pub(super) fn at(self, state: ChallengeState) -> Self {
        Self {
            state,
            version: self.version.saturating_add(1),
            ..self
        }
    }

    /// The challenge under another token: the app has lost the last.
    pub(super) fn handed_again(self, token: Token) -> Self {
        Self {
            handed: token.hash(),
            version: self.version.saturating_add(1),
            ..self
        }
    }
}

/// The four ways out of *pending*; each consumes it.
impl Pending {
    /// The user said yes: there is a signature over this very challenge (CHA-7).
    pub(super) fn approve(
        self,
        approval: &Verified<Approval>,
        signed: Digest,
        factor: &SecondFactor,
        grant: Grant,
        at: UnixSeconds,
    ) -> ChallengeState {
        ChallengeState::Approved(Approved {
            account: approval.account,
            approval: signed,
            factor: factor.verified(),
            at,
            grant,
        })
    }

    /// The user said no.
    pub(super) fn reject(
        self,
        approval: &Verified<Approval>,
        why: Why,
        at: UnixSeconds,
    ) -> ChallengeState {
        let account = approval.account;
        ChallengeState::Rejected(Rejected { account, why, at })
    }

    /// Its time has come.
    pub(super) fn expire(self) -> ChallengeState {
        ChallengeState::Expired
    }

    /// The backend has withdrawn it.
    pub(super) fn cancel(self) -> ChallengeState {
        ChallengeState::Cancelled
    }
}

/// What could not be sent is not made.
fn check(subject: &Subject<'_>, terms: &ChallengeTerms) -> Result<(), Refusal> {
    check_announce(Some(&terms.shown))?;
    if subject.code.len() > limit::ACTION_CODE || subject.user.len() > limit::USER_NAME {
        return Err(Code::TooLarge.into());
    }
    // Headless accounts have the empty name, and answer for no user (HEADLESS-10).
    let nobody = subject.user.is_empty();
    let bad_number = terms.number.as_ref().is_some_and(|number| {
        !are_choices(&number.choices) || !number.choices.contains(&number.expected)
    });
    let bad_policy = terms
        .policy
        .is_some_and(|policy| !matches!(policy.factors, 1..=3));
    match nobody || bad_number || bad_policy {
        true => Err(Code::Structure.into()),
        false => Ok(()),
    }
}
