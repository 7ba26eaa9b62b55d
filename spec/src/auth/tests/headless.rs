//! Headless accounts (protocol.md, section 14), and the requests of one channel (section 13).

use super::scene::{ENTROPY, NOW, Said, account, config, serving};
use super::store::Store;
use crate::auth::{
    Account, AccountLevel, Commit, Desk, HeadlessFacts, Outcome, Standing, decide_headless,
};
use crate::error::{Code, Refusal};
use crate::messages::app::Admitted;
use crate::registry::{Decision, Level, limit};

fn decide(holder: Option<&Account>, said: &Said, entropy: [u8; 32]) -> Result<Commit, Refusal> {
    let facts = HeadlessFacts { holder };
    decide_headless(&serving(), facts, &said.request(), entropy, NOW)
}

fn admitted(outcome: Outcome) -> Admitted {
    match outcome {
        Outcome::Admitted(admitted) => admitted,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_key_has_one_account() {
    let mut store = Store::default();
    let (first, second) = (
        decide(None, &Said::headless(), ENTROPY).unwrap(),
        decide(None, &Said::headless(), [1; 32]).unwrap(),
    );
    let created = admitted(store.apply(first).unwrap());
    assert_eq!(created.level, Level::Headless);
    // Two at once: the index of keys lets one of them through.
    assert!(store.apply(second).is_err());
    let holder = store.accounts[&created.account].clone();
    let again = decide(Some(&holder), &Said::headless(), [2; 32]).unwrap();
    let again = admitted(store.apply(again).unwrap());
    assert_eq!(again.account, created.account);
    // HEADLESS-2: whichever answer arrives, the next statement follows on from it.
    assert_eq!(again.rolling, created.rolling);
    assert_eq!(store.accounts.len(), 1);
}

#[test]
fn a_headless_account_is_refused() {
    let headless = Account {
        level: AccountLevel::Headless,
        ..account()
    };
    let rows: &[(Code, &str, fn(&mut Said, &mut Account))] = &[
        (Code::FullAccount, "the key of a full one", |_, holder| {
            holder.level = account().level
        }),
        (Code::AccountNotActive, "a revoked one", |_, holder| {
            holder.standing = Standing::Revoked
        }),
        (Code::Structure, "a counter", |said, _| {
            said.statement.counter = Some(1)
        }),
        (Code::Structure, "a decision", |said, _| {
            said.statement.decision = Some(Decision::Confirm)
        }),
        (Code::PurposeRefused, "another purpose", |said, _| {
            said.statement.purpose = crate::registry::Purpose::Enrol
        }),
    ];
    for (code, what, spoil) in rows {
        let (mut said, mut holder) = (Said::headless(), headless.clone());
        spoil(&mut said, &mut holder);
        let refused = decide(Some(&holder), &said, ENTROPY).map(drop);
        assert_eq!(refused, Err((*code).into()), "{what}");
    }
    let facts = HeadlessFacts { holder: None };
    let request = Said::headless().request();
    let unserved = decide_headless(&config(), facts, &request, ENTROPY, NOW).map(drop);
    assert_eq!(unserved, Err(Code::PurposeRefused.into()));
}

#[test]
fn a_request_is_taken_once_and_completed_once() {
    let mut desk = Desk::default();
    assert_eq!(desk.take(0), Ok(()));
    assert_eq!(desk.take(7), Ok(()));
    for stale in [0, 6, 7] {
        assert_eq!(desk.take(stale), Err(Code::RequestIdTooLow));
    }
    // In any order, each once; what nobody asked for is ignored.
    assert!(desk.complete(7) && desk.complete(0));
    assert!(!desk.complete(7) && !desk.complete(3));
    for id in 8..8 + limit::OPEN_REQUESTS as u64 {
        assert_eq!(desk.take(id), Ok(()));
    }
    assert_eq!(desk.take(1_000), Err(Code::TooManyRequests));
    assert!(desk.complete(8));
    assert_eq!(desk.take(1_000), Err(Code::RequestIdTooLow));
    assert_eq!(desk.take(1_001), Ok(()));
}
