//! The steps of this model in the document's words.

use countersign::auth::action::{ChallengeState, Use};

use super::cover::came_to;
use super::messages::{Job, Say, Signer};
use super::state::{Replica, State};
use super::world::{FIRST, SECOND, THIEFS, Which};
use super::{Action, Actions};
use crate::story::{Step, Story};

const OWNER: &str = "Owner";
const DEVICE: &str = "Device";
const THIEF: &str = "Thief";
const ATTACKER: &str = "Attacker";
const BACKEND: &str = "Backend";
const STORE: &str = "Store";
const TIME: &str = "Time";
const REPLICAS: [&str; super::REPLICAS] = ["Auth server, replica 1", "Auth server, replica 2"];

impl Actions {
    /// The action in a few words.
    pub(super) fn name(&self, action: Action) -> String {
        let replica = |index: u8| REPLICAS[usize::from(index)];
        match action {
            Action::Ask(index, job) => format!("{}: {}", replica(index), self.asks(job)),
            Action::Decide(index) => format!("{} decides again", replica(index)),
            Action::Commit(index) => format!("{} commits", replica(index)),
            Action::Tell(index) => format!("{} tells", replica(index)),
            Action::Crash(index) => format!("{} crashes", replica(index)),
            Action::Show(of) => format!("the device shows {}", what(of)),
            Action::Say(of, say) => format!("the owner says {} to {}", words(say), what(of)),
            Action::SayAgain(of) => format!("the device answers {} again", what(of)),
            Action::Tick => "time passes".into(),
        }
    }

    fn asks(&self, job: Job) -> String {
        match job {
            Job::Start(of) => format!("tells {}", what(of)),
            Job::Answer(said) => format!("{}, to {}", self.saying(&said), what(said.of)),
            Job::Validate(shown, attempt) => format!(
                "validates the token of {} for {}, attempt {attempt}",
                what(shown.from),
                what(shown.about)
            ),
            Job::Cancel(of) => format!("cancels {}", what(of)),
            Job::Expire(of) => format!("ends {}, which has expired", what(of)),
            Job::Revoke => "revokes the owner's credential".into(),
        }
    }
}

impl Story for Actions {
    fn tell(&self, before: &State, action: &Action, after: &State) -> Step {
        let (from, to, text) = match *action {
            Action::Ask(index, job) => {
                let decision = match after.replicas[usize::from(index)] {
                    Replica::Decided(_, decided) => came_to(&decided),
                    _ => "refused".into(),
                };
                let text = format!("{}. Decision: {decision}", self.asks(job));
                (who(job), REPLICAS[usize::from(index)], text)
            }
            Action::Decide(index) => {
                let replica = REPLICAS[usize::from(index)];
                let text = match after.replicas[usize::from(index)] {
                    Replica::Decided(_, decided) => format!("decides again: {}", came_to(&decided)),
                    _ => "decides again: refused".into(),
                };
                (replica, replica, text)
            }
            Action::Commit(index) => {
                let text = match before.replicas[usize::from(index)] {
                    Replica::Decided(_, decided) if self.is_in_conflict(before, &decided) => {
                        "commit: conflict"
                    }
                    _ => "commit",
                };
                (REPLICAS[usize::from(index)], STORE, text.into())
            }
            Action::Tell(index) => {
                let (to, text) = match before.replicas[usize::from(index)] {
                    Replica::Decided(job, decided) | Replica::Committed(job, decided) => {
                        (who(job), came_to(&decided))
                    }
                    Replica::Idle | Replica::Again(_) => (BACKEND, "nothing".into()),
                };
                (REPLICAS[usize::from(index)], to, text)
            }
            Action::Crash(index) => {
                let replica = REPLICAS[usize::from(index)];
                (replica, replica, "crashes, or nobody hears it".into())
            }
            Action::Show(of) => (DEVICE, OWNER, format!("shows {}", what(of))),
            Action::Say(of, say) => {
                let text = format!("says {} to {}", words(say), what(of));
                (OWNER, DEVICE, text)
            }
            Action::SayAgain(of) => {
                let text = format!("answers {} again, in another channel", what(of));
                (DEVICE, DEVICE, text)
            }
            Action::Tick => (TIME, TIME, "time passes".into()),
        };
        Step {
            from,
            to,
            text,
            note: note(self, before, after),
        }
    }
}

/// What became of the challenges.
fn note(world: &Actions, before: &State, after: &State) -> Option<String> {
    let changed = |of: &Which| before.store.about(*of) != after.store.about(*of);
    let said = |of: Which| {
        let challenge = after.store.about(of)?;
        let is = match &challenge.state {
            ChallengeState::Pending(_) => "pending".into(),
            ChallengeState::Approved(it) => match &it.grant.used {
                Use::Unused => "approved".into(),
                Use::Consumed {
                    idempotency_key, ..
                } => format!("approved, token used up for {idempotency_key}"),
            },
            ChallengeState::Rejected(it) => format!("rejected, {:?}", it.why),
            ChallengeState::Expired => "expired".into(),
            ChallengeState::Cancelled => "cancelled".into(),
        };
        Some(format!("{}: {is}, version {}", what(of), challenge.version))
    };
    let said: Vec<_> = world.whiches().filter(changed).filter_map(said).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

fn what(of: Which) -> &'static str {
    match of {
        FIRST => "the owner's action",
        SECOND => "the action that an attacker has started",
        _ => "the attacker's action",
    }
}

fn words(say: Say) -> &'static str {
    match say {
        Say::Yes => "yes",
        Say::WrongNumber => "yes, with a wrong number,",
        Say::No => "no",
        Say::Fraud => "no, and that it is a fraud,",
    }
}

fn who(job: Job) -> &'static str {
    match job {
        Job::Answer(said) if said.via == THIEFS => THIEF,
        Job::Answer(said) if said.signer == Signer::Attacker => ATTACKER,
        Job::Answer(_) => DEVICE,
        Job::Start(_) | Job::Validate(..) | Job::Cancel(_) | Job::Expire(_) | Job::Revoke => {
            BACKEND
        }
    }
}
