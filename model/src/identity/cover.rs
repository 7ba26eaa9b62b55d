//! Which session or enrolment meets which statement, and what it comes to.

use countersign::auth::{EnrolmentState, Outcome, SessionState};

use super::state::{Stage, State};
use super::store::Store;
use super::{Identity, telling};
use crate::cover::Pair;

impl Identity {
    /// Each statement that could be read now, and each commit that is due.
    pub(super) fn noted(&self, state: &State, note: &mut dyn FnMut(Pair)) {
        for (place, line) in state.lines() {
            match line.stage {
                Stage::Waiting => {
                    for said in self.candidates(state, place, line) {
                        let named = line.opened.session;
                        let decided = self.decided(state, state.store, said, place);
                        note(Pair {
                            state: class(&state.store, &named).into(),
                            input: telling::statement(&said).into(),
                            outcome: match decided {
                                Ok(decided) => outcome(&decided.outcome).into(),
                                Err(refusal) => format!("refused, {refusal}").into(),
                            },
                        });
                    }
                }
                Stage::Decided(_, decided) => {
                    let after = state.store.after(&decided.expects, &decided.writes, None);
                    note(Pair {
                        state: "server: a decision to commit".into(),
                        input: "commit".into(),
                        outcome: match after {
                            Some(_) => "committed".into(),
                            None => "conflict".into(),
                        },
                    });
                }
                Stage::Read(..) | Stage::Answering(_) | Stage::Down => {}
            }
        }
    }
}

fn class(store: &Store, named: &countersign::values::SessionId) -> &'static str {
    if let Some(session) = store.sessions.get(named) {
        return match session.state {
            SessionState::New(_) => "a session that is new",
            SessionState::Confirmed(_) => "a session that is confirmed",
            SessionState::Rejected(_) => "a session that is rejected",
        };
    }
    match store.enrolments.get(named).map(|it| &it.state) {
        Some(EnrolmentState::Open(_)) => "an enrolment that is open",
        Some(EnrolmentState::Bound(_)) => "an enrolment that is bound",
        None => "nothing",
    }
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Settled(settled) => format!("settled, {:?}", settled.decision).to_lowercase(),
        Outcome::Refused(code) => format!("frozen, {}", code.number()),
        Outcome::LoggedIn(_) | Outcome::Admitted(_) => "another outcome".into(),
    }
}
