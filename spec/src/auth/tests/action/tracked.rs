//! Tracked actions: ACT-1 to ACT-5.

use alloc::string::{String, ToString};
use alloc::vec;

use super::{LIMITS, Said, World, asked, guarded, plain, start, terms};
use crate::auth::action::{
    Action, ActionFacts, ActionState, ActionTerms, ChallengeTerms, NumberMatch, Rule, Ruling,
    decide_challenge, fetch, review,
};
use crate::auth::tests::scene::{ENTROPY, NOW, account, policy, text};
use crate::auth::tests::store::{Conflict, Store};
use crate::auth::{Credentials, Held};
use crate::error::Code;
use crate::messages::handshake::Policy;
use crate::registry::limit;
use crate::values::{AccountId, Digest};

#[test]
fn the_rules_are_told_as_they_are() {
    let rules = [
        (Rule::Allow, ActionState::Allowed),
        (Rule::Block, ActionState::Blocked),
        (Rule::Review, ActionState::InReview),
    ];
    for (rule, state) in rules {
        let started = start(&mut Store::default(), terms(), rule, [1; 32], NOW).unwrap();
        assert_eq!(started.action.state(None), state);
        assert_eq!(started.token, None);
    }
    let world = World::with(account(), plain());
    assert_eq!(
        world.action().state(Some(world.challenge())),
        ActionState::Pending
    );
    // A store that has forgotten the challenge has nothing to approve.
    assert_eq!(world.action().state(None), ActionState::Expired);
}

#[test]
fn the_same_key_finds_the_same_action_again() {
    let mut world = World::with(account(), plain());
    // Whatever the rules say now: they are not asked again.
    let again = start(&mut world.store, terms(), Rule::Allow, [2; 32], NOW).unwrap();
    assert_eq!(again.action, *world.action());
    // The first token may have been lost; the new one replaces it.
    let token = again.token.unwrap();
    assert_ne!(token, world.token);
    assert_eq!(world.challenge().handed, token.hash());
    assert!(fetch(Some(world.challenge()), &account(), NOW).is_ok());
    // Once the user has answered, there is none.
    world.hear(&Said::no(&world), NOW).unwrap();
    let again = start(&mut world.store, terms(), Rule::Allow, [3; 32], NOW).unwrap();
    assert_eq!(again.token, None);
    assert_eq!(
        again.action.state(Some(world.challenge())),
        ActionState::Rejected
    );
}

#[test]
fn a_key_belongs_to_one_action() {
    let changes: [fn(&mut ActionTerms); 2] = [
        |terms| terms.code = "login".to_string(),
        |terms| terms.data = Digest([0; 32]),
    ];
    for change in changes {
        let mut world = World::with(account(), plain());
        let mut other = terms();
        change(&mut other);
        let started = start(&mut world.store, other, Rule::Block, [2; 32], NOW);
        assert_eq!(started, Err(Code::ActionMismatch));
    }
    assert_ne!(Action::id("ada", "1"), Action::id("bob", "1"));
    assert_ne!(Action::id("ada", "1"), Action::id("ad", "a1"));
}

#[test]
fn allow_is_never_given_to_who_requires_user_authentication() {
    let mut world = World::with(guarded(), plain());
    let other = ActionTerms {
        idempotency_key: "order 2".to_string(),
        ..terms()
    };
    let started = start(&mut world.store, other.clone(), Rule::Allow, [2; 32], NOW);
    assert_eq!(started, Err(Code::AllowForbidden));
    assert!(start(&mut world.store, other, Rule::Block, [2; 32], NOW).is_ok());
}

#[test]
fn allow_does_not_overtake_a_credential_that_is_being_added() {
    let mut store = Store::default();
    let facts = ActionFacts::default();
    let allowed =
        crate::auth::action::decide_action(&LIMITS, facts, terms(), Rule::Allow, [1; 32], NOW);
    let list = Credentials {
        user: "ada".to_string(),
        version: 0,
        held: vec![Held {
            account: AccountId([1; 16]),
            user_authentication: true,
        }],
    };
    store.credentials.insert(Credentials::id("ada"), list);
    assert_eq!(store.apply(allowed.unwrap()), Err(Conflict));
}

#[test]
fn a_review_is_decided_once() {
    let mut store = Store::default();
    let action = start(&mut store, terms(), Rule::Review, [1; 32], NOW)
        .unwrap()
        .action;
    let rule = |action: &Action, rule| {
        review(&LIMITS, action, ActionFacts::default(), rule, [2; 32], NOW)
            .map_err(|refusal| refusal.0)
    };
    assert_eq!(rule(&action, Rule::Review).unwrap_err(), Code::ActionClosed);
    let asked = rule(&action, Rule::Challenge(plain())).unwrap();
    let started = store.apply(asked).unwrap();
    assert!(started.token.is_some());
    assert!(matches!(started.action.ruling, Ruling::Challenged(_)));
    assert_eq!(
        rule(&started.action, Rule::Block).unwrap_err(),
        Code::ActionClosed
    );
    // Two who decide at once: the second conflicts.
    let blocked = rule(&action, Rule::Block).unwrap();
    assert_eq!(store.apply(blocked), Err(Conflict));
}

#[test]
fn what_could_not_be_sent_is_not_made() {
    let long = |bytes| ActionTerms {
        code: text(bytes),
        ..terms()
    };
    let make = |terms, asked| {
        start(
            &mut Store::default(),
            terms,
            Rule::Challenge(asked),
            [1; 32],
            NOW,
        )
    };
    assert!(make(long(limit::ACTION_CODE), asked()).is_ok());
    assert_eq!(
        make(long(limit::ACTION_CODE + 1), asked()),
        Err(Code::TooLarge)
    );
    let number = |expected, choices: &[u8]| ChallengeTerms {
        number: Some(NumberMatch {
            expected,
            choices: choices.to_vec(),
        }),
        ..plain()
    };
    for (expected, choices) in [
        (1, &[1][..]),
        (3, &[1, 2]),
        (1, &[2, 1]),
        (1, &[1, 1]),
        (1, &[1, 100]),
        (1, &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ] {
        assert_eq!(
            make(terms(), number(expected, choices)),
            Err(Code::Structure)
        );
    }
    assert!(make(terms(), number(1, &[1, 99])).is_ok());
    for factors in [0, 4] {
        let policy = Policy {
            factors,
            ..policy()
        };
        let asked = ChallengeTerms {
            policy: Some(policy),
            ..plain()
        };
        assert_eq!(make(terms(), asked), Err(Code::Structure));
    }
}

/// HEADLESS-10: headless accounts have the empty name, and answer for no user.
#[test]
fn an_action_is_somebodys() {
    let nobodys = ActionTerms {
        user: String::new(),
        ..terms()
    };
    for rule in [Rule::Allow, Rule::Review, Rule::Challenge(plain())] {
        let mut store = Store::default();
        let started = start(&mut store, nobodys.clone(), rule, ENTROPY, NOW);
        assert_eq!(started, Err(Code::Structure));
    }
    let named = decide_challenge(&LIMITS, None, "", "transfer", plain(), ENTROPY, NOW);
    assert_eq!(named.map(drop), Err(Code::Structure.into()));
}
