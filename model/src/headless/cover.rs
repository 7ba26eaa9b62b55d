//! Which account meets which statement, and what it comes to.

use countersign::auth::{Account, AccountLevel, Outcome};

use super::messages::Reply;
use super::state::{Stage, State};
use super::{Headless, telling};
use crate::cover::Pair;

impl Headless {
    /// Each statement that could be read now, and each commit that is due.
    pub(super) fn noted(&self, state: &State, note: &mut dyn FnMut(Pair)) {
        for (place, line) in state.lines() {
            match line.stage {
                Stage::Waiting => {
                    for said in self.candidates(state, place, line) {
                        let decided = self.decided(state.store, said, place);
                        let account = state.store.account_of(&said.request.key);
                        note(Pair {
                            state: class(account).into(),
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
                Stage::Again(_) | Stage::Answering(_) | Stage::Done => {}
            }
        }
    }
}

fn class(account: Option<&Account>) -> String {
    let Some(account) = account else {
        return "no account".into();
    };
    let level = match account.level {
        AccountLevel::Headless => "headless",
        AccountLevel::Full(_) => "full",
    };
    let standing = format!("{:?}", account.standing).to_lowercase();
    format!("an account that is {level} and {standing}")
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Admitted(admitted) => telling::told(&Reply::Admitted(admitted.clone())),
        Outcome::Refused(code) => format!("frozen, {}", code.number()),
        Outcome::Settled(_) | Outcome::LoggedIn(_) => "another outcome".into(),
    }
}
