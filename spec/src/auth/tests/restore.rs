//! After a restore: STO-5. What a backup shows as open is worth nothing, what it shows as
//! decided stays, and no device is taken for a copy because it has gone on.

use alloc::vec::Vec;

use super::action::{self, World, plain, validation};
use super::scene::*;
use super::store::Store;
use crate::auth::action::ChallengeState;
use crate::auth::{
    Account, AppSessionState, EnrolmentFacts, Fact, Lineage, Liveness, LoginFacts, Outcome,
    Session, Standing, decide_enrolment, decide_login,
};
use crate::crypto::P256;
use crate::error::Code;
use crate::registry::{Decision, LogoutCause};
use crate::values::{Rolling, UnixSeconds};

fn restored(mut store: Store, at: UnixSeconds) -> Store {
    let mut facts: Vec<Fact> = Vec::new();
    facts.extend(store.sessions.values().cloned().map(Fact::Session));
    facts.extend(store.enrolments.values().cloned().map(Fact::Enrolment));
    facts.extend(store.accounts.values().cloned().map(Fact::Account));
    facts.extend(store.challenges.values().cloned().map(Fact::Challenge));
    facts.extend(store.prompts.values().cloned().map(Fact::Prompts));
    facts.extend(store.app_sessions.values().cloned().map(Fact::AppSession));
    facts.extend(store.actions.values().cloned().map(Fact::Action));
    for fact in facts {
        let once = fact.clone().restored(at);
        assert_eq!(once.clone().restored(at), once, "twice is as good as once");
        store.write(once);
    }
    store
}

fn login(session: &Session, account: &Account, said: &Said) -> Result<Outcome, Code> {
    let facts = LoginFacts {
        session,
        account,
        assertion_used: false,
        app: None,
        proved: None,
    };
    decide_login(&config(), facts, &said.request(), ENTROPY, NOW, &P256)
        .map(crate::auth::Commit::committed)
        .map_err(|refusal| refusal.0)
}

fn session_restored(at: UnixSeconds) -> Session {
    match Fact::Session(session()).restored(at) {
        Fact::Session(session) => session,
        other => panic!("{other:?}"),
    }
}

fn account_restored(account: Account) -> Account {
    match Fact::Account(account).restored(NOW) {
        Fact::Account(account) => account,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_session_of_a_backup_confirms_nothing() {
    let yes = Said::login();
    assert!(matches!(
        login(&session(), &account(), &yes),
        Ok(Outcome::Settled(_))
    ));
    let finished = Err(Code::SessionFinished);
    let session = session_restored(NOW);
    assert_eq!(login(&session, &account(), &yes), finished);
    assert_eq!(login(&session, &account(), &Said::decline()), finished);
}

#[test]
fn an_enrolment_of_a_backup_binds_no_key() {
    let Fact::Enrolment(enrolment) = Fact::Enrolment(enrolment()).restored(NOW) else {
        panic!("an enrolment");
    };
    let facts = EnrolmentFacts {
        enrolment: &enrolment,
        holder: None,
        credentials: None,
        assertion_used: false,
    };
    let request = Said::enrolment().request();
    let refused = decide_enrolment(&config(), facts, &request, ENTROPY, NOW, &P256).map(drop);
    assert_eq!(refused, Err(Code::SessionFinished.into()));
}

#[test]
fn a_challenge_and_a_token_of_a_backup_are_worth_nothing() {
    // One that waits.
    let mut world = World::with(account(), plain());
    world.store = restored(world.store, NOW);
    let yes = action::Said::yes(&world);
    assert_eq!(world.hear(&yes, NOW), Err(Code::ChallengeFinished));
    assert_eq!(*world.state(), ChallengeState::Expired);

    // One that was approved, its token not used: neither that nor another.
    let mut world = World::with(account(), plain());
    let yes = action::Said::yes(&world);
    let token = world.approved(&yes, NOW);
    world.store = restored(world.store, NOW);
    assert_eq!(
        world.validate(&validation(token), NOW),
        Err(Code::TokenInvalid)
    );
    let again = world.hear(&yes.again(3), NOW);
    assert_eq!(again, Err(Code::ChallengeFinished));

    // One whose token was used: the same question still has the same answer.
    let mut world = World::with(account(), plain());
    let yes = action::Said::yes(&world);
    let token = world.approved(&yes, NOW);
    let told = world.validate(&validation(token), NOW);
    assert!(told.is_ok());
    world.store = restored(world.store, NOW.plus(1));
    assert_eq!(world.validate(&validation(token), NOW.plus(2)), told);
}

#[test]
fn an_app_session_of_a_backup_has_ended() {
    let Fact::AppSession(app) = Fact::AppSession(app_session()).restored(NOW) else {
        panic!("an app session");
    };
    let ended = Liveness::Ended(LogoutCause::Server);
    assert_eq!(app.liveness(&in_app(), NOW), ended);
    // One that had ended before keeps its cause.
    let before = app_session().end(LogoutCause::App, NOW);
    let Fact::AppSession(after) = Fact::AppSession(before.clone()).restored(NOW.plus(1)) else {
        panic!("an app session");
    };
    assert_eq!(after, before);
    assert!(matches!(after.state, AppSessionState::Ended { .. }));

    // What was refreshed before the backup may be due again: a policy of null is not enough.
    let mut account = in_app();
    account.app.as_mut().unwrap().refreshed = true;
    let mut session = session();
    session.policy = None;
    let mut bare = Said::login();
    bare.presented = None;
    assert!(login(&session, &account, &bare).is_ok());
    let account = account_restored(account);
    assert_eq!(login(&session, &account, &bare), Err(Code::FactorRequired));
}

#[test]
fn a_device_that_has_gone_on_is_no_copy() {
    let mut on = Said::login();
    on.statement.counter = Some(5_000);
    on.statement.rolling = Some(Rolling([0x77; 16]));
    // With the backup's lineage it would be frozen ...
    let frozen = login(&session(), &account(), &on);
    assert_eq!(frozen, Ok(Outcome::Refused(Code::CloneSuspected)));
    // ... and is taken as it comes instead.
    let account = account_restored(account());
    assert!(matches!(account.lineage, Lineage::Open { .. }));
    assert!(matches!(
        login(&session(), &account, &on),
        Ok(Outcome::Settled(settled)) if settled.decision == Decision::Confirm
    ));
}

#[test]
fn what_was_ended_stays_ended() {
    for standing in [Standing::Revoked, Standing::Suspended, Standing::Frozen] {
        let ended = Account {
            standing,
            ..account()
        };
        assert_eq!(account_restored(ended).standing, standing);
    }
    let long_ago = Session {
        expires: UnixSeconds(1),
        ..session()
    };
    let after = Fact::Session(long_ago.clone()).restored(NOW);
    assert_eq!(after, Fact::Session(long_ago));
}
