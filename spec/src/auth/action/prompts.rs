//! Against push fatigue: what one user was asked lately (protocol.md, section 16.1).

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::super::commit::FactId;
use super::super::credentials::Credentials;
use super::Limits;
use crate::error::{Code, Refusal};
use crate::values::{ChallengeId, UnixSeconds};

/// The challenges of one user: those of the last hour, and those that wait.
///
/// One fact for each user, so that two challenges cannot be made beside each other.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Prompts {
    /// What the backend calls the user.
    pub user: String,
    /// Counts the commits that changed it.
    pub version: u64,
    /// When challenges were made, within the last hour.
    pub made: Vec<UnixSeconds>,
    /// The challenges that wait for an answer.
    pub pending: Vec<Prompt>,
    /// No challenge is made before this time: the user has reported a fraud.
    pub calm_until: UnixSeconds,
}

/// A challenge that waits for its answer.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Prompt {
    /// What kind of action it is about.
    pub code: String,
    /// The challenge.
    pub challenge: ChallengeId,
    /// It waits until this time.
    pub expires: UnixSeconds,
}

impl Prompts {
    /// The prompts of a user who was never asked.
    pub(super) fn none(user: &str) -> Self {
        Self {
            user: user.into(),
            version: 0,
            made: Vec::new(),
            pending: Vec::new(),
            calm_until: UnixSeconds(0),
        }
    }

    /// What the store finds this under: the hash of the user's name.
    pub fn id(&self) -> FactId {
        FactId::Prompts(Credentials::id(&self.user))
    }

    /// The prompts with one more.
    ///
    /// # Errors
    /// In this order: 811 during a cool-down, 809 while one for the same user and
    /// action code waits, 810 over the hour's limit (ACT-6 to ACT-8).
    pub(super) fn admit(
        &self,
        prompt: Prompt,
        limits: &Limits,
        now: UnixSeconds,
    ) -> Result<Self, Refusal> {
        if now < self.calm_until {
            return Err(Code::CoolingDown.into());
        }
        let mut pending = self.pending.clone();
        pending.retain(|waiting| now < waiting.expires);
        if pending.iter().any(|waiting| waiting.code == prompt.code) {
            return Err(Code::ChallengePending.into());
        }
        let mut made = self.made.clone();
        // One that seems to lie ahead, because the clock was set back, still counts.
        made.retain(|at| now.since(*at) < HOUR_S);
        if made.len() >= limits.challenges_per_hour as usize {
            return Err(Code::TooManyChallenges.into());
        }
        pending.push(prompt);
        made.push(now);
        Ok(Self {
            made,
            pending,
            ..self.next()
        })
    }

    /// The prompts once a challenge has left *pending*.
    pub(super) fn without(&self, challenge: ChallengeId) -> Self {
        let mut next = self.next();
        next.pending
            .retain(|waiting| waiting.challenge != challenge);
        next
    }

    /// The same, with nobody asking for a while.
    pub(super) fn calm(self, limits: &Limits, now: UnixSeconds) -> Self {
        Self {
            calm_until: self.calm_until.max(now.plus(limits.cool_down_s)),
            ..self
        }
    }

    fn next(&self) -> Self {
        Self {
            version: self.version.saturating_add(1),
            ..self.clone()
        }
    }
}

const HOUR_S: u64 = 3600;
