//! Which challenge meets which request, and what a replica's steps come to.

use countersign::auth::Reply;
use countersign::auth::action::{ChallengeState, Use};

use super::Actions;
use super::messages::{Job, Proof, Said, Say, Signer};
use super::state::{Replica, State};
use super::store::{Decided, Told};
use super::world::{THIEFS, Which};
use crate::cover::Pair;

impl Actions {
    /// Each request that somebody could make now, and each step that a replica is about to take.
    pub(super) fn noted(&self, state: &State, note: &mut dyn FnMut(Pair)) {
        for job in self.jobs(state) {
            let outcome = match self.decision(state, job, 0) {
                Ok(decided) => came_to(&decided),
                Err(refusal) => format!("refused, {refusal}"),
            };
            note(Pair {
                state: self.class(state, of(job)).into(),
                input: self.request(job).into(),
                outcome: outcome.into(),
            });
        }
        for memory in &state.replicas {
            let (at, step, outcome) = match memory {
                Replica::Idle => continue,
                Replica::Again(_) => ("a decision to make again", "decide", "decided"),
                Replica::Decided(_, decided) if self.is_in_conflict(state, decided) => {
                    ("a decision to commit", "commit", "conflict")
                }
                Replica::Decided(..) => ("a decision to commit", "commit", "committed"),
                Replica::Committed(..) => ("an answer that is committed", "tell", "told"),
            };
            note(Pair {
                state: format!("replica: {at}").into(),
                input: step.into(),
                outcome: outcome.into(),
            });
        }
    }

    fn class(&self, state: &State, of: Option<Which>) -> String {
        let Some(of) = of else {
            return "the owner's credential".into();
        };
        let asks = match (self.needs_factor(of), self.needs_number(of)) {
            (true, true) => "challenge with policy and number",
            (true, false) => "challenge with policy",
            (false, true) => "challenge with number",
            (false, false) => "challenge",
        };
        let is = match state.store.state(of) {
            None => "not made",
            Some(ChallengeState::Pending(_)) => "pending",
            Some(ChallengeState::Approved(it)) => match it.grant.used {
                Use::Unused => "approved",
                Use::Consumed { .. } => "completed",
            },
            Some(ChallengeState::Rejected(_)) => "rejected",
            Some(ChallengeState::Expired) => "expired",
            Some(ChallengeState::Cancelled) => "cancelled",
        };
        format!("{asks}, {is}")
    }

    fn request(&self, job: Job) -> String {
        match job {
            Job::Start(_) => "action".into(),
            Job::Answer(said) => self.saying(&said),
            Job::Validate(shown, _) if shown.from != shown.about => {
                "validation for another action".into()
            }
            Job::Validate(..) => "validation".into(),
            Job::Cancel(_) => "cancel".into(),
            Job::Expire(_) => "expire".into(),
            Job::Revoke => "revoke".into(),
        }
    }

    /// An answer in a few words.
    pub(super) fn saying(&self, said: &Said) -> String {
        let say = match said.say {
            Say::Yes => "yes",
            Say::WrongNumber => "yes, wrong number",
            Say::No => "no",
            Say::Fraud => "no, fraud",
        };
        let by = match said.signer {
            Signer::Owner if said.via == THIEFS => "of the owner, replayed in a thief's channel",
            Signer::Owner => "of the owner",
            Signer::Thief => "by K_dev, of a thief",
            Signer::Attacker => "of the attacker",
        };
        let needs = self.needs_factor(said.of) && matches!(said.say, Say::Yes | Say::WrongNumber);
        let proof = match said.proof {
            Proof::None if needs => ", without a factor",
            Proof::For(channel) if channel != said.signed => ", with the factor of another channel",
            Proof::None | Proof::For(_) => "",
        };
        format!("{say}, {by}{proof}")
    }
}

/// Which challenge a request is about.
fn of(job: Job) -> Option<Which> {
    match job {
        Job::Start(of) | Job::Cancel(of) | Job::Expire(of) => Some(of),
        Job::Answer(said) => Some(said.of),
        Job::Validate(shown, _) => Some(shown.from),
        Job::Revoke => None,
    }
}

/// What a decision came to.
pub(super) fn came_to(decided: &Decided) -> String {
    match &decided.told {
        Told::Started(started) if started.token.is_some() => "handed out".into(),
        Told::Started(_) => "tracked".into(),
        Told::Answer(Reply::Said(approved)) if approved.token.is_some() => "approved".into(),
        Told::Answer(Reply::Said(_)) => "rejected".into(),
        Told::Answer(Reply::Refused(code)) => {
            format!("ended, {}", countersign::error::Refusal(*code))
        }
        Told::Validated(_) if decided.writes.is_empty() => "valid, as before".into(),
        Told::Validated(_) => "valid".into(),
        Told::Done => "done".into(),
    }
}
