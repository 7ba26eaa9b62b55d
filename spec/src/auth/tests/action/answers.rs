//! Answers to challenges: CHA-4 to CHA-11, CRD-4, ACT-8 and ACT-10.

use super::{CHANNEL, LIMITS, Said, World, asked, guarded, plain};
use crate::auth::action::{ChallengeState, Rejected, Why, cancel, expire, fetch};
use crate::auth::tests::scene::{NOW, account, other_device};
use crate::auth::{Account, Reply, Standing};
use crate::error::Code;
use crate::registry::{Decision, Factor, Purpose};
use crate::values::{
    AccountId, Bind, ChallengeId, ChallengeNonce, ChannelBinding, Digest, Pseudonym, ServerId,
    UnixSeconds,
};

fn world() -> World {
    World::with(account(), asked())
}

#[test]
fn what_is_fetched_is_what_is_signed() {
    let world = world();
    let shown = fetch(Some(world.challenge()), &account(), NOW).unwrap();
    assert_eq!(shown.hash(), Said::yes(&world).approval.hash);
    assert_eq!(shown.choices.as_deref(), Some(&[7, 42, 99][..]));
    assert_eq!(shown.expiry, NOW.plus(LIMITS.challenge_ttl_s));
}

#[test]
fn only_the_user_fetches_and_only_while_it_waits() {
    let mut world = world();
    let challenge = world.challenge().clone();
    let other = Account {
        user_name: "bob".into(),
        ..account()
    };
    let paused = Account {
        standing: Standing::Suspended,
        ..account()
    };
    let refused = |found, account: &Account, now| fetch(found, account, now).unwrap_err().0;
    let end = challenge.expires;
    assert_eq!(refused(None, &account(), NOW), Code::ChallengeUnavailable);
    assert_eq!(
        refused(Some(&challenge), &other, NOW),
        Code::ChallengeUnavailable
    );
    assert_eq!(
        refused(Some(&challenge), &paused, NOW),
        Code::AccountNotActive
    );
    assert_eq!(
        refused(Some(&challenge), &account(), end),
        Code::ChallengeFinished
    );
    world.hear(&Said::no(&world), NOW).unwrap();
    assert_eq!(
        refused(Some(world.challenge()), &account(), NOW),
        Code::ChallengeFinished
    );
}

#[test]
fn a_yes_is_committed_with_its_factor_and_a_token() {
    let mut world = world();
    let said = Said::yes(&world);
    let token = world.approved(&said, NOW);
    let ChallengeState::Approved(approved) = world.state() else {
        panic!("{:?}", world.state());
    };
    assert_eq!(approved.account, account().id);
    assert_eq!(approved.factor, Some(Factor::Pin));
    assert_eq!(approved.grant.token, token.hash());
    assert_ne!(
        approved.grant.token.0,
        *token.as_bytes(),
        "only its hash is stored"
    );
    assert!(world.prompts().pending.is_empty());
    assert_eq!(world.store.assertions.len(), 1);
}

/// One change of a yes, and the refusal that follows; nothing is stored then.
type Row = (Code, &'static str, fn(&mut Said));

const REFUSED: &[Row] = &[
    (
        Code::CredentialMismatch,
        "another device's channel",
        |said| said.device = 2,
    ),
    (Code::ChallengeUnavailable, "another challenge", |said| {
        said.approval.challenge = ChallengeId([0; 16]);
    }),
    (Code::WrongKey, "another key", |said| said.signer = 2),
    (Code::SignatureMismatch, "another server", |said| {
        said.server = ServerId([0; 16])
    }),
    (Code::SignatureMismatch, "another channel", |said| {
        said.channel = ChannelBinding([0; 32])
    }),
    (Code::ApprovalMismatch, "another nonce", |said| {
        said.approval.nonce = ChallengeNonce([0; 32]);
    }),
    (Code::ApprovalMismatch, "something else shown", |said| {
        said.approval.hash = Digest([0; 32]);
    }),
    (Code::ApprovalMismatch, "another account", |said| {
        said.approval.account = AccountId([0; 16]);
    }),
    (Code::ApprovalMismatch, "another assertion signed", |said| {
        said.approval.assertion = Some(Digest([0; 32]));
    }),
    (Code::Structure, "no number", |said| {
        said.approval.number = None
    }),
    (Code::Structure, "yes, and a fraud", |said| {
        said.report_fraud = true
    }),
    (Code::Structure, "no, with a number", |said| {
        said.approval.decision = Decision::Decline;
        said.presented = None;
    }),
    (Code::Structure, "no, with an assertion", |said| {
        said.approval.decision = Decision::Decline;
        said.approval.number = None;
    }),
    (Code::FactorRequired, "no assertion", |said| {
        said.presented = None
    }),
    (Code::AssertionPurpose, "a login's assertion", |said| {
        said.presented.as_mut().unwrap().payload.purpose = Purpose::Login;
    }),
    (
        Code::AssertionBind,
        "an assertion for something else",
        |said| {
            said.bind = Some(Bind([0; 32]));
        },
    ),
    (
        Code::AssertionBind,
        "an assertion of another channel",
        |said| {
            let elsewhere = said.clone().again(9);
            said.bind = Some(elsewhere.bind());
        },
    ),
    (
        Code::AssertionSubject,
        "another device's assertion",
        |said| {
            said.presented.as_mut().unwrap().payload.subject = Pseudonym([0; 16]);
        },
    ),
    (Code::FactorNotAllowed, "a biometric", |said| {
        said.presented.as_mut().unwrap().payload.factor = Factor::Biometric;
    }),
    (Code::AssertionTooOld, "verified too long ago", |said| {
        said.presented.as_mut().unwrap().payload.time = UnixSeconds(NOW.0 - 61);
    }),
];

#[test]
fn each_fault_of_an_answer_has_its_code_and_stores_nothing() {
    for (code, what, change) in REFUSED {
        let mut world = world();
        let before = world.store.clone();
        let mut said = Said::yes(&world);
        change(&mut said);
        assert_eq!(world.hear(&said, NOW), Err(*code), "{what}");
        assert_eq!(world.store, before, "{what}");
    }
}

#[test]
fn an_account_that_is_not_active_answers_nothing() {
    for standing in [Standing::Suspended, Standing::Revoked, Standing::Frozen] {
        let mut world = world();
        world
            .store
            .accounts
            .get_mut(&account().id)
            .unwrap()
            .standing = standing;
        let said = Said::yes(&world);
        assert_eq!(world.hear(&said, NOW), Err(Code::AccountNotActive));
    }
}

#[test]
fn another_users_challenge_is_not_there() {
    let mut world = world();
    world
        .store
        .accounts
        .get_mut(&account().id)
        .unwrap()
        .user_name = "bob".into();
    let said = Said::yes(&world);
    assert_eq!(world.hear(&said, NOW), Err(Code::ChallengeUnavailable));
}

#[test]
fn with_an_approval_key_nothing_else_approves() {
    let mut world = World::with(guarded(), plain());
    let mut by_device_key = Said::yes(&world);
    by_device_key.signer = 1;
    assert_eq!(world.hear(&by_device_key, NOW), Err(Code::WrongKey));
    world.approved(&Said::yes(&world), NOW);
}

#[test]
fn a_no_ends_it_and_needs_no_factor() {
    for (report_fraud, why) in [(false, Why::Declined), (true, Why::Fraud)] {
        let mut world = world();
        let mut said = Said::no(&world);
        said.report_fraud = report_fraud;
        let Ok(Reply::Said(told)) = world.hear(&said, NOW) else {
            panic!("settled");
        };
        assert_eq!((told.decision, told.token), (Decision::Decline, None));
        let rejected = Rejected {
            account: account().id,
            why,
            at: NOW,
        };
        assert_eq!(*world.state(), ChallengeState::Rejected(rejected));
        let calm = world.prompts().calm_until;
        assert_eq!(calm > NOW, report_fraud, "a report starts a cool-down");
    }
}

#[test]
fn a_number_has_one_try() {
    let mut world = world();
    let mut said = Said::yes(&world);
    said.approval.number = Some(7);
    assert_eq!(
        world.hear(&said, NOW),
        Ok(Reply::Refused(Code::WrongNumber))
    );
    assert!(matches!(world.state(), ChallengeState::Rejected(it) if it.why == Why::WrongNumber));
    assert!(world.store.assertions.is_empty());
    // The right one comes too late.
    let said = Said::yes(&world);
    assert_eq!(world.hear(&said, NOW), Err(Code::ChallengeFinished));
}

#[test]
fn an_answer_that_comes_too_late_ends_it() {
    let mut world = world();
    let late = world.challenge.expires;
    let said = Said::yes(&world);
    assert_eq!(
        world.hear(&said, late),
        Ok(Reply::Refused(Code::ChallengeFinished))
    );
    assert_eq!(*world.state(), ChallengeState::Expired);
    // A clock that was set back does not bring it back.
    assert_eq!(world.hear(&said, NOW), Err(Code::ChallengeFinished));
}

#[test]
fn the_backend_cancels_and_expires_what_waits() {
    let world = world();
    let (challenge, prompts) = (world.challenge().clone(), world.prompts().clone());
    let early = expire(&challenge, &prompts, UnixSeconds(challenge.expires.0 - 1));
    assert_eq!(early.unwrap_err().0, Code::ChallengePending);
    let end = |commit, state| {
        let mut store = world.store.clone();
        store.apply::<()>(commit).unwrap();
        let ended = &store.challenges[&challenge.id];
        assert_eq!(ended.state, state);
        let cancelled = cancel(ended, &prompts);
        assert_eq!(cancelled.unwrap_err().0, Code::ChallengeFinished);
        let expired = expire(ended, &prompts, challenge.expires);
        assert_eq!(expired.unwrap_err().0, Code::ChallengeFinished);
    };
    end(
        cancel(&challenge, &prompts).unwrap(),
        ChallengeState::Cancelled,
    );
    end(
        expire(&challenge, &prompts, challenge.expires).unwrap(),
        ChallengeState::Expired,
    );
}

#[test]
fn the_same_bytes_again_get_a_token_that_replaces_the_first() {
    let mut world = world();
    let said = Said::yes(&world);
    let first = world.approved(&said, NOW);
    let second = world.approved(&said, NOW);
    assert_ne!(first, second);
    let validation = super::validation(first);
    assert_eq!(world.validate(&validation, NOW), Err(Code::TokenInvalid));
    assert_eq!(world.store.assertions.len(), 1);
}

#[test]
fn the_same_yes_in_another_channel_brings_its_own_factor() {
    let mut world = world();
    world.approved(&Said::yes(&world), NOW);
    let mut stale = Said::yes(&world).again(3);
    stale.presented = Said::yes(&world).presented;
    assert_eq!(world.hear(&stale, NOW), Err(Code::AssertionUsed));
    let fresh = Said::yes(&world).again(3);
    world.approved(&fresh, NOW);
    assert_ne!(fresh.channel, CHANNEL);
}

#[test]
fn an_approval_is_final_for_everybody_else() {
    let changes: [fn(&mut Said); 2] = [
        |said| {
            said.approval.decision = Decision::Decline;
            said.approval.number = None;
            said.presented = None;
        },
        |said| said.approval.number = Some(7),
    ];
    for change in changes {
        let mut world = world();
        world.approved(&Said::yes(&world), NOW);
        let mut said = Said::yes(&world).again(3);
        change(&mut said);
        assert_eq!(world.hear(&said, NOW), Err(Code::ChallengeFinished));
    }
    // Another device of the same user comes second.
    let mut world = world();
    world.approved(&Said::yes(&world), NOW);
    let second = Account {
        id: AccountId([0x2c; 16]),
        key: other_device().public(),
        ..account()
    };
    world.account = second.clone();
    world.store.accounts.insert(second.id, second);
    let mut said = Said::yes(&world).again(3);
    (said.signer, said.device) = (2, 2);
    assert_eq!(world.hear(&said, NOW), Err(Code::ChallengeFinished));
    // And after its expiry nobody gets another token.
    let late = world.challenge.expires;
    world.account = account();
    let said = Said::yes(&world).again(4);
    assert_eq!(world.hear(&said, late), Err(Code::ChallengeFinished));
}
