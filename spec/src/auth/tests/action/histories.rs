//! C2 to C5, in any order of what may happen: a challenge leaves *pending* once, its
//! token completes one thing, and what was not approved has none.

use alloc::string::ToString;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{Said, World, plain, validation};
use crate::auth::Reply;
use crate::auth::action::{ChallengeState, Use, Validation, cancel, expire};
use crate::auth::tests::scene::{NOW, account};
use crate::messages::action::Token;

/// Something that may happen.
#[derive(Clone, Copy, Debug)]
enum Step {
    Yes { channel: u8 },
    No { fraud: bool },
    Cancel,
    Expire,
    Validate { token: usize, key: u8, right: bool },
    Wait { seconds: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..4_u8).prop_map(|channel| Step::Yes { channel }),
        1 => any::<bool>().prop_map(|fraud| Step::No { fraud }),
        1 => Just(Step::Cancel),
        1 => Just(Step::Expire),
        4 => (0..3_usize, 0..3_u8, any::<bool>())
            .prop_map(|(token, key, right)| Step::Validate { token, key, right }),
        2 => (0..150_u64).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

fn is_pending(state: &ChallengeState) -> bool {
    matches!(state, ChallengeState::Pending(_))
}

/// What may follow a state once it is not pending: itself, but for the token of an approval.
fn stays(before: &ChallengeState, after: &ChallengeState) -> bool {
    match (before, after) {
        (ChallengeState::Approved(old), ChallengeState::Approved(new)) => {
            let used = matches!(old.grant.used, Use::Consumed { .. });
            (old.account, old.at) == (new.account, new.at) && (!used || old == new)
        }
        _ => before == after,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_challenge_and_its_token_settle_once(steps in prop::collection::vec(step(), 1..20)) {
        let mut world = World::with(account(), plain());
        let mut now = NOW;
        let mut tokens: Vec<Token> = Vec::new();
        let mut completed: Option<u8> = None;
        for step in steps {
            let before = world.state().clone();
            match step {
                Step::Yes { channel } => {
                    let said = Said::yes(&world).again(channel);
                    if let Ok(Reply::Said(told)) = world.hear(&said, now) {
                        tokens.extend(told.token);
                    }
                }
                Step::No { fraud } => {
                    let mut said = Said::no(&world);
                    said.report_fraud = fraud;
                    let _ = world.hear(&said, now);
                }
                Step::Cancel => {
                    if let Ok(commit) = cancel(world.challenge(), world.prompts()) {
                        world.store.apply(commit).unwrap();
                    }
                }
                Step::Expire => {
                    if let Ok(commit) = expire(world.challenge(), world.prompts(), now) {
                        world.store.apply(commit).unwrap();
                    }
                }
                Step::Validate { token, key, right } => {
                    let Some(token) = tokens.iter().rev().nth(token) else { continue };
                    let asked = Validation {
                        idempotency_key: key.to_string(),
                        code: if right { "transfer" } else { "login" }.to_string(),
                        ..validation(*token)
                    };
                    if world.validate(&asked, now).is_ok() {
                        prop_assert!(right);
                        prop_assert_eq!(*completed.get_or_insert(key), key);
                    }
                }
                Step::Wait { seconds } => now = now.plus(seconds),
            }
            let after = world.state();
            prop_assert!(is_pending(&before) || stays(&before, after), "{:?} -> {:?}", before, after);
            let approved = matches!(after, ChallengeState::Approved(_));
            prop_assert!(approved || tokens.is_empty());
        }
    }
}
