//! What can happen next, and what it changes.

use countersign::auth::Reply;

use super::messages::{Job, Proof, Said, Say, Shown, Signer};
use super::state::{Asked, REPLICAS, Replica, State};
use super::store::{Decided, Told};
use super::weakenings::Weak;
use super::world::{
    ATTACKERS, Channel, FIRST, HOURS_S, OWN, OWNERS_CHANNELS, SECOND, THIEFS, Which,
};
use super::{Actions, server};
use crate::keep::Kept;

/// How many idempotency keys a backend validates a token under.
pub const ATTEMPTS: u8 = 2;

/// One step of somebody. Replicas by number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// A request reaches this replica, which decides.
    Ask(u8, Job),
    /// It decides again, after a conflict.
    Decide(u8),
    /// It commits.
    Commit(u8),
    /// It tells what it has committed.
    Tell(u8),
    /// It crashes, or nobody hears it.
    Crash(u8),
    /// The owner's device fetches the challenge, and shows it.
    Show(Which),
    /// The owner answers; the device signs and sends it.
    Say(Which, Say),
    /// The device gives the same answer in another channel.
    SayAgain(Which),
    /// Time passes.
    Tick,
}

impl Actions {
    /// Lists the actions that change the state.
    pub(super) fn enabled(&self, state: &State, actions: &mut Vec<Action>) {
        let jobs = self.jobs(state);
        for (replica, memory) in (0..).zip(&state.replicas) {
            match memory {
                Replica::Idle => {
                    let does = |job: &&Job| {
                        let decided = self.decision(state, **job, replica);
                        decided.is_ok_and(|decided| !is_idle(&decided))
                    };
                    let asks = jobs.iter().filter(does);
                    actions.extend(asks.map(|job| Action::Ask(replica, *job)));
                    continue;
                }
                Replica::Again(_) => actions.push(Action::Decide(replica)),
                Replica::Decided(..) => {
                    actions.push(Action::Commit(replica));
                    if self.weak == Some(Weak::TellBeforeCommit) {
                        actions.push(Action::Tell(replica));
                    }
                }
                Replica::Committed(..) => actions.push(Action::Tell(replica)),
            }
            actions.push(Action::Crash(replica));
        }
        for of in [FIRST, SECOND] {
            match state.asked[usize::from(of)] {
                Asked::Handed(_) if self.shows(state, of) => actions.push(Action::Show(of)),
                Asked::Nothing | Asked::Handed(_) => {}
                Asked::Shown => {
                    let says = self.says(of).iter();
                    actions.extend(says.map(|say| Action::Say(of, *say)));
                }
                Asked::Said(_, channel) if channel + 1 < OWNERS_CHANNELS => {
                    actions.push(Action::SayAgain(of));
                }
                Asked::Said(..) => {}
            }
        }
        if state.hour + 1 < self.bounds.hours.min(HOURS_S.len() as u8) {
            actions.push(Action::Tick);
        }
    }

    /// The actions that there are.
    pub(super) fn whiches(&self) -> impl Iterator<Item = Which> {
        let bounds = self.bounds;
        [(FIRST, true), (SECOND, bounds.second), (OWN, bounds.own)]
            .into_iter()
            .filter_map(|(of, is_there)| is_there.then_some(of))
    }

    /// Whether a yes to this action needs a factor.
    pub(super) fn needs_factor(&self, of: Which) -> bool {
        self.bounds.policy && of == FIRST
    }

    /// Whether it needs a number.
    pub(super) fn needs_number(&self, of: Which) -> bool {
        self.bounds.number && of == FIRST
    }

    fn says(&self, of: Which) -> &'static [Say] {
        match self.needs_number(of) {
            true => &[Say::Yes, Say::WrongNumber, Say::No, Say::Fraud],
            false => &[Say::Yes, Say::No, Say::Fraud],
        }
    }

    fn shows(&self, state: &State, of: Which) -> bool {
        let Asked::Handed(token) = state.asked[usize::from(of)] else {
            return false;
        };
        server::show(&state.store, &token, 0, 0, state.hour, self.weak).is_ok()
    }

    /// All that somebody could ask of a server now.
    pub(super) fn jobs(&self, state: &State) -> Vec<Job> {
        let mut jobs = Vec::new();
        let history = &state.history;
        for of in self.whiches() {
            if history.hands[usize::from(of)] < self.bounds.hands {
                jobs.push(Job::Start(of));
            }
            if state.store.about(of).is_none() {
                continue;
            }
            if history.grants[usize::from(of)] < self.bounds.grants {
                jobs.extend(self.sayings(state, of).into_iter().map(Job::Answer));
            }
            jobs.push(Job::Expire(of));
            if self.bounds.cancels && of == FIRST {
                jobs.push(Job::Cancel(of));
            }
        }
        for (from, token) in state.tokens.iter() {
            let token = self.tokens.keep(*token);
            for about in self.whiches() {
                let shown = Shown {
                    token,
                    from: *from,
                    about,
                };
                jobs.extend((0..ATTEMPTS).map(|attempt| Job::Validate(shown, attempt)));
            }
        }
        if self.bounds.revokes {
            jobs.push(Job::Revoke);
        }
        jobs
    }

    /// Every answer that can arrive: what was sent, and what attackers make of it.
    pub(super) fn sayings(&self, state: &State, of: Which) -> Vec<Said> {
        let through = |via: Channel, signer| Said {
            of,
            say: Say::Yes,
            signed: via,
            via,
            signer,
            proof: Proof::None,
        };
        let mut all = vec![through(ATTACKERS, Signer::Attacker)];
        if of == OWN {
            return all;
        }
        let has_thief = self.bounds.thief;
        if has_thief {
            all.push(through(THIEFS, Signer::Thief));
        }
        let Asked::Said(say, last) = state.asked[usize::from(of)] else {
            return all;
        };
        for channel in 0..=last {
            let owners = Said {
                say,
                proof: self.proof(of, say, channel),
                ..through(channel, Signer::Owner)
            };
            all.push(owners);
            if owners.proof != Proof::None {
                // An app that takes what it has cached for enough.
                all.push(Said {
                    proof: Proof::None,
                    ..owners
                });
            }
            if has_thief {
                all.push(Said {
                    via: THIEFS,
                    ..owners
                });
                all.push(Said {
                    proof: owners.proof,
                    ..through(THIEFS, Signer::Thief)
                });
            }
        }
        all
    }

    /// What comes with the owner's answer.
    pub(super) fn proof(&self, of: Which, say: Say, channel: Channel) -> Proof {
        match say {
            Say::Yes | Say::WrongNumber if self.needs_factor(of) => Proof::For(channel),
            _ => Proof::None,
        }
    }

    /// Changes the state by one of its enabled actions.
    pub(super) fn take(&self, state: &mut State, action: Action) {
        match action {
            Action::Ask(replica, job) => self.decide(state, replica, job),
            Action::Decide(replica) => {
                if let Replica::Again(job) = state.replicas[usize::from(replica)] {
                    self.decide(state, replica, job);
                }
            }
            Action::Commit(replica) => self.commit(state, replica),
            Action::Tell(replica) => {
                let memory = &mut state.replicas[usize::from(replica)];
                if let Replica::Decided(job, decided) | Replica::Committed(job, decided) = *memory {
                    *memory = Replica::Idle;
                    self.tell_job(state, job, &decided);
                }
            }
            Action::Crash(replica) => state.replicas[usize::from(replica)] = Replica::Idle,
            Action::Show(of) => state.asked[usize::from(of)] = Asked::Shown,
            Action::Say(of, say) => state.asked[usize::from(of)] = Asked::Said(say, 0),
            Action::SayAgain(of) => {
                if let Asked::Said(_, channel) = &mut state.asked[usize::from(of)] {
                    *channel += 1;
                }
            }
            Action::Tick => state.hour += 1,
        }
    }

    fn decide(&self, state: &mut State, replica: u8, job: Job) {
        let next = match self.decision(state, job, replica) {
            Ok(decided) if !is_idle(&decided) => Replica::Decided(job, decided),
            // Refused, or told what it was told before: nothing comes of it.
            Ok(_) | Err(_) => Replica::Idle,
        };
        state.replicas[usize::from(replica)] = next;
    }

    /// Whether a commit would be in conflict now.
    pub(super) fn is_in_conflict(&self, state: &State, decided: &Decided) -> bool {
        state.store.after(decided, self.weak).is_none()
    }

    fn commit(&self, state: &mut State, replica: u8) {
        let memory = &mut state.replicas[usize::from(replica)];
        let Replica::Decided(job, decided) = *memory else {
            unreachable!("not enabled");
        };
        let Some(after) = state.store.after(&decided, self.weak) else {
            *memory = match self.weak {
                Some(Weak::TellAfterConflict) if is_told(&decided) => {
                    Replica::Committed(job, decided)
                }
                // Dropped unseen, and decided again.
                _ => Replica::Again(job),
            };
            return;
        };
        *memory = match is_told(&decided) {
            true => Replica::Committed(job, decided),
            false => Replica::Idle,
        };
        let history = &mut state.history;
        history.committed(self, job, &decided, &state.store, &after);
        state.store = self.stores.keep(after);
    }

    fn tell_job(&self, state: &mut State, job: Job, decided: &Kept<Decided>) {
        match (&decided.told, job) {
            (Told::Started(started), Job::Start(of)) => {
                let asked = &mut state.asked[usize::from(of)];
                if let (Some(token), Asked::Nothing | Asked::Handed(_)) = (started.token, *asked) {
                    *asked = Asked::Handed(self.tokens.keep(token));
                }
            }
            (Told::Answer(Reply::Said(approved)), Job::Answer(said)) => {
                let Some(token) = approved.token else { return };
                state.history.tokens_told |= 1 << said.of;
                let mut known = (*state.tokens).clone();
                if !known.contains(&(said.of, token)) {
                    known.push((said.of, token));
                    known.sort_by_key(|(of, token)| (*of, *token.as_bytes()));
                    state.tokens = self.known.keep(known);
                }
            }
            (Told::Validated(validated), Job::Validate(shown, attempt)) => {
                state.history.validated(&shown, attempt, validated);
            }
            _ => {}
        }
    }
}

/// Whether a decision changes nothing, and says what was said before.
fn is_idle(decided: &Decided) -> bool {
    let is_refused = matches!(decided.told, Told::Answer(Reply::Refused(_)));
    decided.writes.is_empty() && !is_refused
}

/// Whether anybody acts on what is told: of a no, or a refusal, nobody does.
fn is_told(decided: &Decided) -> bool {
    match &decided.told {
        Told::Started(started) => started.token.is_some(),
        Told::Answer(Reply::Said(approved)) => approved.token.is_some(),
        Told::Validated(_) => true,
        Told::Answer(Reply::Refused(_)) | Told::Done => false,
    }
}

const _: () = assert!(REPLICAS == 2, "a clock for each");
