//! Actions that the backend tracks, and what its rules say of them
//! (protocol.md, section 16.1).

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::super::commit::{Commit, Fact, FactId};
use super::super::credentials::Credentials;
use super::super::draw::Draw;
use super::Limits;
use super::challenge::{Challenge, ChallengeState, ChallengeTerms, Made, Subject, Use, make};
use super::prompts::Prompts;
use crate::cbor;
use crate::crypto::sha256;
use crate::error::{Code, Refusal};
use crate::messages::action::Token;
use crate::registry::limit;
use crate::values::{ActionId, ChallengeId, Digest, UnixSeconds};

/// Something that a user is about to do at the backend.
///
/// Its [`state`](Self::state) is this ruling and what became of the challenge:
/// written once, so that the two cannot disagree.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Action {
    /// Names it; follows from user and idempotency key.
    pub id: ActionId,
    /// Counts the commits that changed it.
    pub version: u64,
    /// Who, what, and under which idempotency key.
    pub terms: ActionTerms,
    /// What the rules said.
    pub ruling: Ruling,
}

/// What a backend says of a new action.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ActionTerms {
    /// What the backend calls the user.
    pub user: String,
    /// What kind of action it is.
    pub code: String,
    /// SHA-256 of what it is about.
    pub data: Digest,
    /// The same for the same action, however often it is told.
    pub idempotency_key: String,
}

/// What the rules said.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Ruling {
    /// It may be done.
    Allowed,
    /// It may not.
    Blocked,
    /// A person decides ([`review`]).
    InReview,
    /// The user decides.
    Challenged(ChallengeId),
}

/// An outcome of the backend's rules.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Rule {
    /// ALLOW.
    Allow,
    /// BLOCK.
    Block,
    /// REVIEW.
    Review,
    /// CHALLENGE_REQUIRED.
    Challenge(ChallengeTerms),
}

/// How an action stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ActionState {
    /// It may be done.
    Allowed,
    /// It may not.
    Blocked,
    /// A person decides.
    InReview,
    /// The user is asked.
    Pending,
    /// The user said yes; it is done once the token is validated (TOK-1).
    Approved,
    /// The user said no.
    Rejected,
    /// The user did not answer in time.
    Expired,
    /// The backend has withdrawn the question.
    Cancelled,
    /// The token was validated.
    Completed,
}

/// What the decision on an action reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct ActionFacts<'a> {
    /// The action of this user and idempotency key, if there is one.
    pub action: Option<&'a Action>,
    /// Its challenge, if it has one.
    pub challenge: Option<&'a Challenge>,
    /// The user's credentials, if there ever were any.
    pub credentials: Option<&'a Credentials>,
    /// What the user was asked lately.
    pub prompts: Option<&'a Prompts>,
}

/// What the backend is told.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Started {
    /// The action.
    pub action: Action,
    /// For the app, which hands it to the device, while a challenge waits.
    pub token: Option<Token>,
}

/// Tracks an action, or finds it again by its idempotency key: the rules are then
/// not asked again, and a challenge that still waits is handed out under a new
/// token (ACT-2). `entropy` is 32 fresh random bytes.
///
/// # Errors
/// 813 for an idempotency key that another action has (ACT-3); 106 and 107 for terms
/// over their limits; 801 for ALLOW where a credential of the user requires user
/// authentication (ACT-4); 811, 809 and 810 for a challenge (ACT-6 to ACT-8).
pub fn decide_action(
    limits: &Limits,
    facts: ActionFacts<'_>,
    terms: ActionTerms,
    rule: Rule,
    entropy: [u8; 32],
    now: UnixSeconds,
) -> Result<Commit<Started>, Refusal> {
    if let Some(action) = facts.action {
        return match action.terms == terms {
            true => Ok(again(action, facts.challenge, entropy, now)),
            false => Err(Code::ActionMismatch.into()),
        };
    }
    if terms.user.len() > limit::USER_NAME
        || terms.code.len() > limit::ACTION_CODE
        || terms.idempotency_key.len() > limit::IDEMPOTENCY_KEY
    {
        return Err(Code::TooLarge.into());
    }
    // Headless accounts have the empty name, and answer for no user (HEADLESS-10).
    if terms.user.is_empty() {
        return Err(Code::Structure.into());
    }
    let id = Action::id(&terms.user, &terms.idempotency_key);
    let ruled = rule_on(limits, facts, id, &terms, rule, entropy, now)?;
    let action = Action {
        id,
        version: 0,
        terms,
        ruling: ruled.ruling(),
    };
    Ok(ruled.write(facts, action, None))
}

/// A person has decided on an action that was in review.
///
/// # Errors
/// 814 for an action that is not in review, and for REVIEW once more; otherwise as
/// [`decide_action`].
pub fn review(
    limits: &Limits,
    action: &Action,
    facts: ActionFacts<'_>,
    rule: Rule,
    entropy: [u8; 32],
    now: UnixSeconds,
) -> Result<Commit<Started>, Refusal> {
    if action.ruling != Ruling::InReview || rule == Rule::Review {
        return Err(Code::ActionClosed.into());
    }
    let ruled = rule_on(limits, facts, action.id, &action.terms, rule, entropy, now)?;
    let reviewed = Action {
        version: action.version.saturating_add(1),
        ruling: ruled.ruling(),
        ..action.clone()
    };
    Ok(ruled.write(facts, reviewed, Some(action.version)))
}

impl Action {
    /// The id of the action with this user and idempotency key.
    pub fn id(user: &str, idempotency_key: &str) -> ActionId {
        // Two texts always encode. The id stays inside this server.
        let named = cbor::to_vec(&("action", user, idempotency_key)).unwrap_or_default();
        ActionId(sha256(&[&named]))
    }

    /// How it stands; `challenge` is its challenge, if it has one.
    pub fn state(&self, challenge: Option<&Challenge>) -> ActionState {
        match self.ruling {
            Ruling::Allowed => ActionState::Allowed,
            Ruling::Blocked => ActionState::Blocked,
            Ruling::InReview => ActionState::InReview,
            Ruling::Challenged(id) => match challenge.filter(|it| it.id == id) {
                Some(challenge) => asked(&challenge.state),
                // The store has forgotten it: nothing can be approved any more.
                None => ActionState::Expired,
            },
        }
    }
}

fn asked(state: &ChallengeState) -> ActionState {
    match state {
        ChallengeState::Pending(_) => ActionState::Pending,
        ChallengeState::Approved(approved) => match approved.grant.used {
            Use::Unused => ActionState::Approved,
            Use::Consumed { .. } => ActionState::Completed,
        },
        ChallengeState::Rejected(_) => ActionState::Rejected,
        ChallengeState::Expired => ActionState::Expired,
        ChallengeState::Cancelled => ActionState::Cancelled,
    }
}

/// A rule that may be followed.
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is the common one, and short-lived"
)]
enum Ruled {
    Allow,
    Block,
    Review,
    Challenge(Made),
}

fn rule_on(
    limits: &Limits,
    facts: ActionFacts<'_>,
    id: ActionId,
    terms: &ActionTerms,
    rule: Rule,
    entropy: [u8; 32],
    now: UnixSeconds,
) -> Result<Ruled, Refusal> {
    match rule {
        // ACT-4: the server enforces it, whatever the rules say.
        Rule::Allow
            if facts
                .credentials
                .is_some_and(Credentials::require_user_authentication) =>
        {
            Err(Code::AllowForbidden.into())
        }
        Rule::Allow => Ok(Ruled::Allow),
        Rule::Block => Ok(Ruled::Block),
        Rule::Review => Ok(Ruled::Review),
        Rule::Challenge(asked) => {
            let subject = Subject {
                user: &terms.user,
                code: &terms.code,
                action: Some(id),
            };
            make(limits, facts.prompts, subject, asked, entropy, now).map(Ruled::Challenge)
        }
    }
}

impl Ruled {
    fn ruling(&self) -> Ruling {
        match self {
            Self::Allow => Ruling::Allowed,
            Self::Block => Ruling::Blocked,
            Self::Review => Ruling::InReview,
            Self::Challenge(made) => Ruling::Challenged(made.challenge.id),
        }
    }

    fn write(self, facts: ActionFacts<'_>, action: Action, read: Option<u64>) -> Commit<Started> {
        let token = match &self {
            Self::Challenge(made) => Some(made.token),
            _ => None,
        };
        let told = Started {
            action: action.clone(),
            token,
        };
        let commit = Commit::new(told)
            .expecting(FactId::Action(action.id), read)
            .writing(Fact::Action(action.clone()));
        match &self {
            // A credential that is added meanwhile might require user authentication.
            Self::Allow => {
                let listed = FactId::Credentials(Credentials::id(&action.terms.user));
                commit.expecting(listed, facts.credentials.map(|list| list.version))
            }
            Self::Challenge(made) => made.write(commit),
            Self::Block | Self::Review => commit,
        }
    }
}

/// The same action again.
fn again(
    action: &Action,
    challenge: Option<&Challenge>,
    entropy: [u8; 32],
    now: UnixSeconds,
) -> Commit<Started> {
    let waiting = challenge.filter(|challenge| {
        action.ruling == Ruling::Challenged(challenge.id)
            && challenge.pending().is_ok()
            && now < challenge.expires
    });
    let token = waiting.map(|_| Draw::from_entropy(entropy).token());
    let told = Started {
        action: action.clone(),
        token,
    };
    let commit = Commit::new(told).expecting(FactId::Action(action.id), Some(action.version));
    match (waiting, token) {
        (Some(challenge), Some(token)) => commit
            .expecting(FactId::Challenge(challenge.id), Some(challenge.version))
            .writing(Fact::Challenge(challenge.clone().handed_again(token))),
        _ => commit,
    }
}
