//! A second statement: of the same device, of two at once, of a copy (SES-5, SES-6, AST-8, CLN-3 to CLN-6).

use super::scene::{CURRENT, NEXT, NOW, Said, account, session};
use super::store::{Conflict, Store};
use crate::auth::{Account, Expect, Fact, FactId, Lineage, Outcome, Standing};
use crate::error::Code;
use crate::messages::channel::Settled;
use crate::registry::Decision;
use crate::values::{AssertionId, Rolling, UnixSeconds};

use super::login::{Case, base, declined, settled};

/// SES-6: "the same result, and change nothing but that account's clone counter and rolling value".
#[test]
fn the_same_confirmation_again_gives_the_same_result() {
    let mut case = base();
    let first = settled(case.commit());
    let before = case.session.clone();
    case.now = NOW.plus(1);
    case.again(first.rolling);
    let second = settled(case.commit());
    assert_eq!(
        second,
        Settled {
            rolling: second.rolling,
            ..first.clone()
        }
    );
    assert_eq!(case.session, before);
    let Lineage::Followed(last) = case.account.lineage else {
        panic!()
    };
    assert_eq!(
        (last.counter, last.current, last.next),
        (12, first.rolling, second.rolling)
    );
    assert!(case.used, "its assertion is used up");
}

#[test]
fn a_repetition_needs_its_own_assertion() {
    let mut case = base();
    let first = settled(case.commit());
    case.now = NOW.plus(1);
    case.again(first.rolling);
    case.said.presented = None;
    assert_eq!(case.decide(), Err(Code::FactorRequired.into()));
}

#[test]
fn a_session_leaves_new_once() {
    for (first, then) in [
        (Decision::Confirm, Decision::Decline),
        (Decision::Decline, Decision::Confirm),
        (Decision::Decline, Decision::Decline),
    ] {
        let of = |decision| match decision {
            Decision::Confirm => Said::login(),
            Decision::Decline => Said::decline(),
        };
        let mut case = Case {
            said: of(first),
            ..base()
        };
        let rolling = settled(case.commit()).rolling;
        case.said = of(then);
        case.now = NOW.plus(1);
        case.again(rolling);
        assert_eq!(
            case.decide(),
            Err(Code::SessionFinished.into()),
            "{first:?}, then {then:?}"
        );
    }
}

#[test]
fn of_two_at_once_one_is_committed() {
    let (yes, no) = (base().decide().unwrap(), declined().decide().unwrap());
    let mut store = Store::default();
    store.sessions.insert(session().id, session());
    store.accounts.insert(account().id, account());
    assert!(store.apply(yes).is_ok());
    let after = store.clone();
    assert_eq!(store.apply(no), Err(Conflict));
    assert_eq!(store, after);
}

#[test]
fn an_assertion_is_used_up_in_the_commit() {
    let mut store = Store::default();
    store.sessions.insert(session().id, session());
    store.accounts.insert(account().id, account());
    store.assertions.insert(AssertionId([0x1d; 16]));
    // Somebody used it between our read and our commit.
    assert_eq!(store.apply(base().decide().unwrap()), Err(Conflict));
}

#[test]
fn a_copy_freezes_the_account_and_leaves_the_session() {
    for (mut case, what) in [(base(), "confirm"), (declined(), "decline")] {
        case.said.statement.rolling = Some(Rolling([0x99; 16]));
        let commit = case.decide().unwrap();
        let version = Some(account().version);
        assert_eq!(
            commit.expects(),
            [Expect {
                fact: FactId::Account(account().id),
                version
            }]
        );
        let frozen = Account {
            standing: Standing::Frozen,
            version: 5,
            ..account()
        };
        assert_eq!(commit.writes(), [Fact::Account(frozen)], "{what}");
        assert_eq!(
            case.commit(),
            Outcome::Refused(Code::CloneSuspected),
            "{what}"
        );
        // CLN-5: the original is refused from now on, too.
        case.said.statement.rolling = Some(NEXT);
        assert_eq!(case.decide(), Err(Code::AccountNotActive.into()), "{what}");
    }
}

#[test]
fn a_counter_used_again_freezes_if_the_handshake_is_newer() {
    let mut case = base();
    case.said.statement.counter = Some(10);
    assert_eq!(case.outcome(), Ok(Outcome::Refused(Code::CloneSuspected)));
    // The same bytes, overtaken on their way: refused, and nothing is stored.
    case.said.began = UnixSeconds(NOW.0 - 500);
    assert_eq!(case.decide(), Err(Code::CloneSuspected.into()));
}

#[test]
fn a_lost_answer_is_no_copy() {
    let mut case = base();
    case.said.statement.rolling = Some(CURRENT);
    let settled = settled(case.commit());
    let Lineage::Followed(last) = case.account.lineage else {
        panic!()
    };
    assert_eq!((last.current, last.next), (CURRENT, settled.rolling));
}

#[test]
fn a_lifted_freeze_lets_the_device_go_on() {
    let mut case = base();
    case.account = account().frozen().lift(NOW).unwrap();
    case.said.statement.counter = Some(3);
    case.said.statement.rolling = Some(Rolling([0x99; 16]));
    let settled = settled(case.commit());
    let Lineage::Followed(last) = case.account.lineage else {
        panic!()
    };
    assert_eq!((last.counter, last.next), (3, settled.rolling));
}
