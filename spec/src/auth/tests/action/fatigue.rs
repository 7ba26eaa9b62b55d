//! Against push fatigue: ACT-6 to ACT-8.

use super::{LIMITS, Said, World, plain};
use crate::auth::action::{Prompts, cancel, decide_challenge};
use crate::auth::tests::scene::{NOW, account};
use crate::auth::tests::store::{Conflict, Store};
use crate::error::Code;
use crate::values::UnixSeconds;

/// Asks the user of a world about another kind of action.
fn ask(world: &mut World, code: &str, now: UnixSeconds) -> Result<(), Code> {
    let entropy = world.entropy();
    let prompts = world.prompts().clone();
    let made = decide_challenge(&LIMITS, Some(&prompts), "ada", code, plain(), entropy, now);
    let commit = made.map_err(|refusal| refusal.0)?;
    world.store.apply(commit).unwrap();
    Ok(())
}

#[test]
fn one_challenge_waits_for_each_user_and_action() {
    let mut world = World::with(account(), plain());
    assert_eq!(
        ask(&mut world, "transfer", NOW),
        Err(Code::ChallengePending)
    );
    assert_eq!(ask(&mut world, "login", NOW), Ok(()));
    // One that has expired waits no more, whether or not anybody has said so.
    let end = world.challenge.expires;
    let before = UnixSeconds(end.0 - 1);
    assert_eq!(
        ask(&mut world, "transfer", before),
        Err(Code::ChallengePending)
    );
    assert_eq!(ask(&mut world, "transfer", end), Ok(()));
}

#[test]
fn whoever_has_answered_or_was_left_alone_may_be_asked_again() {
    let mut answered = World::with(account(), plain());
    answered.hear(&Said::no(&answered), NOW).unwrap();
    assert_eq!(ask(&mut answered, "transfer", NOW), Ok(()));
    let mut cancelled = World::with(account(), plain());
    let commit = cancel(cancelled.challenge(), cancelled.prompts()).unwrap();
    cancelled.store.apply(commit).unwrap();
    assert_eq!(ask(&mut cancelled, "transfer", NOW), Ok(()));
}

#[test]
fn an_hour_has_so_many_challenges() {
    let mut world = World::with(account(), plain());
    for code in ["a", "b"] {
        assert_eq!(ask(&mut world, code, NOW.plus(10)), Ok(()));
    }
    assert_eq!(
        ask(&mut world, "c", NOW.plus(20)),
        Err(Code::TooManyChallenges)
    );
    // A clock that was set back gives none back.
    let earlier = UnixSeconds(NOW.0 - 5000);
    assert_eq!(ask(&mut world, "c", earlier), Err(Code::TooManyChallenges));
    assert_eq!(
        ask(&mut world, "c", NOW.plus(3599)),
        Err(Code::TooManyChallenges)
    );
    assert_eq!(ask(&mut world, "c", NOW.plus(3600)), Ok(()));
    assert!(world.prompts().made.len() <= LIMITS.challenges_per_hour as usize);
}

#[test]
fn after_a_report_of_fraud_nobody_asks_for_a_while() {
    let mut world = World::with(account(), plain());
    let mut said = Said::no(&world);
    said.report_fraud = true;
    world.hear(&said, NOW).unwrap();
    let end = NOW.plus(LIMITS.cool_down_s);
    let before = UnixSeconds(end.0 - 1);
    assert_eq!(ask(&mut world, "login", before), Err(Code::CoolingDown));
    assert_eq!(ask(&mut world, "login", end), Ok(()));
}

#[test]
fn two_challenges_cannot_be_made_beside_each_other() {
    let mut store = Store::default();
    let none: Option<&Prompts> = None;
    let make = |entropy| {
        decide_challenge(&LIMITS, none, "ada", "transfer", plain(), entropy, NOW).unwrap()
    };
    let (first, second) = (make([1; 32]), make([2; 32]));
    assert!(store.apply(first).is_ok());
    assert_eq!(store.apply(second), Err(Conflict));
}
