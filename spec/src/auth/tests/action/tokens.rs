//! Tokens: TOK-1 to TOK-5 and CRD-6.

use alloc::string::ToString;

use super::{LIMITS, Said, World, plain, validation};
use crate::auth::Standing;
use crate::auth::action::{Action, ActionState, Validated, Validation, decide_challenge};
use crate::auth::tests::scene::{ENTROPY, NOW, account, text};
use crate::error::Code;
use crate::messages::action::Token;
use crate::registry::limit;
use crate::values::{ActionId, UnixSeconds};

fn world() -> World {
    World::with(account(), plain())
}

#[test]
fn a_token_completes_its_action_and_says_of_whom() {
    let mut world = world();
    let token = world.approved(&Said::yes(&world), NOW);
    assert_eq!(
        world.action().state(Some(world.challenge())),
        ActionState::Approved
    );
    let id = Action::id("ada", "order 1");
    let asked = Validation {
        action: Some(id),
        ..validation(token)
    };
    let later = NOW.plus(5);
    let told = Validated {
        user: "ada".to_string(),
        code: "transfer".to_string(),
        action: Some(id),
        challenge: world.challenge.id,
        account: account().id,
        approved_at: NOW,
        consumed_at: later,
    };
    assert_eq!(world.validate(&asked, later), Ok(told.clone()));
    assert_eq!(
        world.action().state(Some(world.challenge())),
        ActionState::Completed
    );
    // Its reply was lost: the same again, also after the token's expiry, and nothing is written.
    let before = world.store.clone();
    assert_eq!(
        world.validate(&asked, later.plus(LIMITS.token_ttl_s)),
        Ok(told)
    );
    assert_eq!(world.store, before);
    // The approval again gets no second token.
    let again = Said::yes(&world).again(3);
    assert_eq!(world.hear(&again, later), Err(Code::TokenConsumed));
}

/// One change of a validation, and its refusal. The token is good afterwards.
const REFUSED: &[(Code, &str, fn(&mut Validation))] = &[
    (Code::TokenInvalid, "another token", |asked| {
        asked.token = Token::new([0; 32])
    }),
    (Code::TokenMismatch, "another user", |asked| {
        asked.user = "bob".to_string()
    }),
    (Code::TokenMismatch, "another code", |asked| {
        asked.code = "login".to_string()
    }),
    (Code::TokenMismatch, "another action", |asked| {
        asked.action = Some(ActionId([0; 32]))
    }),
    (Code::TooLarge, "a long key", |asked| {
        asked.idempotency_key = text(limit::IDEMPOTENCY_KEY + 1);
    }),
];

#[test]
fn what_does_not_fit_uses_nothing_up() {
    for (code, what, change) in REFUSED {
        let mut world = world();
        let token = world.approved(&Said::yes(&world), NOW);
        let mut asked = validation(token);
        change(&mut asked);
        let before = world.store.clone();
        assert_eq!(world.validate(&asked, NOW), Err(*code), "{what}");
        assert_eq!(world.store, before, "{what}");
        assert!(world.validate(&validation(token), NOW).is_ok(), "{what}");
    }
}

#[test]
fn a_consumed_token_is_refused_to_any_other_use() {
    let mut world = world();
    let token = world.approved(&Said::yes(&world), NOW);
    world.validate(&validation(token), NOW).unwrap();
    let other = Validation {
        idempotency_key: "done 2".to_string(),
        ..validation(token)
    };
    assert_eq!(world.validate(&other, NOW), Err(Code::TokenConsumed));
}

#[test]
fn a_token_expires() {
    let mut world = world();
    let token = world.approved(&Said::yes(&world), NOW);
    let end = NOW.plus(LIMITS.token_ttl_s);
    assert_eq!(
        world.validate(&validation(token), end),
        Err(Code::TokenExpired)
    );
    assert!(
        world
            .validate(&validation(token), UnixSeconds(end.0 - 1))
            .is_ok()
    );
}

#[test]
fn a_token_dies_with_the_account_that_approved() {
    for standing in [Standing::Suspended, Standing::Revoked, Standing::Frozen] {
        let mut world = world();
        let token = world.approved(&Said::yes(&world), NOW);
        world
            .store
            .accounts
            .get_mut(&account().id)
            .unwrap()
            .standing = standing;
        assert_eq!(
            world.validate(&validation(token), NOW),
            Err(Code::AccountNotActive)
        );
    }
    let mut world = world();
    let token = world.approved(&Said::yes(&world), NOW);
    world.store.accounts.clear();
    assert_eq!(
        world.validate(&validation(token), NOW),
        Err(Code::AccountNotActive)
    );
}

#[test]
fn the_challenge_token_is_no_approval() {
    let mut world = world();
    let handed = world.token;
    assert_eq!(
        world.validate(&validation(handed), NOW),
        Err(Code::TokenInvalid)
    );
    world.approved(&Said::yes(&world), NOW);
    assert_eq!(
        world.validate(&validation(handed), NOW),
        Err(Code::TokenInvalid)
    );
}

#[test]
fn an_action_that_is_not_tracked_is_named() {
    let mut world = world();
    let prompts = world.prompts().clone();
    let made = decide_challenge(
        &LIMITS,
        Some(&prompts),
        "ada",
        "login",
        plain(),
        [9; 32],
        NOW,
    );
    world.token = world.store.apply(made.unwrap()).unwrap();
    let named = |it: &&crate::auth::action::Challenge| it.code == "login";
    world.challenge = world.store.challenges.values().find(named).unwrap().clone();
    let token = world.approved(&Said::yes(&world), NOW);
    let asked = Validation {
        code: "login".to_string(),
        ..validation(token)
    };
    assert_eq!(
        world.validate(&asked, NOW).map(|told| told.action),
        Ok(None)
    );
    assert_ne!(ENTROPY, [9; 32]);
}
