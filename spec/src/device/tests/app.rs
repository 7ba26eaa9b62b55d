//! Timers, cached verification and data requests (protocol.md, sections 12 and 13).

use alloc::vec;

use crate::device::app::{Cache, Live, Millis, Pending};
use crate::device::data::{Completed, Completion, Requests};
use crate::error::{Code, Refusal};
use crate::messages::app::{AppSettled, Logout, Ping, WebNonce};
use crate::messages::data::{DataAnswer, DataError};
use crate::messages::handshake::Policy;
use crate::registry::{Factor, LogoutCause, limit};
use crate::values::{AccountId, AppSessionId, Bytes, Rolling, ServerId, Type};
use crate::verified::Verified;

const WHOSE: (ServerId, AccountId) = (ServerId([1; 16]), AccountId([2; 16]));
const BEGAN: Millis = Millis(50_000);

fn settled() -> AppSettled {
    AppSettled {
        ty: Type,
        account: WHOSE.1,
        user_name: "ada".into(),
        rolling: Rolling([0; 16]),
        session: AppSessionId([3; 32]),
        web_nonce: WebNonce::new([4; 32]),
        ping_time_s: 30,
        limit_s: 600,
    }
}

fn pending() -> Pending {
    Pending {
        server: WHOSE.0,
        account: WHOSE.1,
        verified: Some(Cache {
            factor: Factor::Pin,
            asked: Millis(40_000),
        }),
        inactivity_s: Some(20),
    }
}

fn live() -> Live {
    pending()
        .settled(&Verified::attest(settled()), BEGAN)
        .unwrap()
}

fn ping() -> Verified<Ping> {
    Verified::attest(Ping::default())
}

/// `BEGAN` and so many milliseconds.
fn after(ms: u64) -> Millis {
    Millis(BEGAN.0 + ms)
}

#[test]
fn each_timer_ends_the_session_in_its_time() {
    let quiet = live();
    assert_eq!(quiet.expired(after(19_999)), None);
    assert_eq!(quiet.expired(after(20_000)), Some(LogoutCause::Inactivity));
    assert_eq!(quiet.next_timer(), after(20_000));

    // Activity does not make up for silence ...
    let active = live().activity(after(19_000)).unwrap();
    assert_eq!(active.expired(after(29_999)), None);
    assert_eq!(active.expired(after(30_000)), Some(LogoutCause::Silence));
    // ... nor a ping for activity ...
    let pinged = live().pinged(&ping(), after(19_000)).unwrap();
    assert_eq!(pinged.expired(after(20_000)), Some(LogoutCause::Inactivity));
    // ... nor both for the limit.
    let mut busy = live();
    for seconds in (10..600).step_by(10) {
        let clock = after(seconds * 1_000);
        busy = busy.activity(clock).unwrap();
        busy = busy.pinged(&ping(), clock).unwrap();
    }
    assert_eq!(busy.expired(after(599_999)), None);
    assert_eq!(busy.expired(after(600_000)), Some(LogoutCause::Limit));
}

#[test]
fn what_comes_after_a_timer_comes_too_late() {
    // The phone slept past the limit of inactivity: the tap that was queued, and the ping,
    // do not bring the session back.
    let late = Err(Refusal(Code::NotLoggedIn));
    assert_eq!(live().activity(after(20_000)), late);
    assert_eq!(live().pinged(&ping(), after(20_000)), late);
    // After a long sleep the first timer tells the cause.
    assert_eq!(
        live().expired(after(10_000_000)),
        Some(LogoutCause::Inactivity)
    );
}

#[test]
fn a_clock_that_goes_back_extends_nothing() {
    let active = live().activity(after(10_000)).unwrap();
    let again = active.clone().activity(Millis(0)).unwrap();
    assert_eq!(again, active);
    let pinged = live().pinged(&ping(), Millis(0)).unwrap();
    assert_eq!(pinged, live());
}

#[test]
fn another_account_is_no_settlement() {
    let mut other = settled();
    other.account = AccountId([9; 16]);
    let refused = pending().settled(&Verified::attest(other), BEGAN);
    assert_eq!(refused, Err(Code::Structure.into()));
    let logout = Logout {
        ty: Type,
        cause: LogoutCause::Server,
    };
    let cause = live().logged_out(&Verified::attest(logout));
    assert_eq!(cause, LogoutCause::Server);
}

#[test]
fn a_cached_factor_is_tried_where_it_may_do() {
    let policy = Policy {
        factors: 1,
        max_age_s: 20,
        cached: true,
    };
    // It was asked for 10 s before the session began: age counts from there.
    assert!(live().has_cached(WHOSE, &policy, after(10_000)));
    assert!(!live().has_cached(WHOSE, &policy, after(10_001)));
    let unlike = [
        Policy {
            cached: false,
            ..policy
        },
        Policy {
            factors: 2,
            ..policy
        },
    ];
    for policy in unlike {
        assert!(!live().has_cached(WHOSE, &policy, BEGAN));
    }
    let other = (WHOSE.0, AccountId([9; 16]));
    assert!(!live().has_cached(other, &policy, BEGAN));
    assert!(!live().doubted().has_cached(WHOSE, &policy, BEGAN));
    let old = Policy {
        max_age_s: 9_999,
        ..policy
    };
    assert!(live().has_cached(WHOSE, &old, after(19_999)));
    assert!(!live().has_cached(WHOSE, &old, after(20_000))); // the session is over
}

/// The next request: ids rise by one.
fn ask(
    requests: &mut Requests,
    payload: alloc::vec::Vec<u8>,
    next: &mut u64,
) -> Result<u64, Refusal> {
    let id = *next;
    *next += 1;
    requests.ask(id, payload, None).map(|request| request.id)
}

#[test]
fn a_request_completes_once() {
    let mut requests = Requests::default();
    let next = &mut 0;
    let ids: alloc::vec::Vec<u64> = (0..4)
        .map(|_| ask(&mut requests, vec![], next).unwrap())
        .collect();
    assert_eq!(ids, [0, 1, 2, 3]);
    let answer = |id| {
        Verified::attest(DataAnswer {
            ty: Type,
            id,
            payload: Bytes(vec![7]),
        })
    };
    let error = |id, error| {
        Verified::attest(DataError {
            ty: Type,
            id,
            error,
        })
    };
    let completed = |id, with| Some(Completed { id, with });
    let data = Completion::Data(Bytes(vec![7]));
    assert_eq!(requests.answered(answer(2)), completed(2, data));
    assert_eq!(
        requests.failed(&error(0, 703)),
        completed(0, Completion::Error(Code::DataUnavailable))
    );
    let (cancel, cancelled) = requests.cancel(1).unwrap();
    assert_eq!(cancel.id, 1);
    assert_eq!(cancelled.with, Completion::Cancelled);
    // Finished, cancelled or unknown: ignored.
    for id in [0, 1, 2, 99] {
        assert_eq!(requests.answered(answer(id)), None);
        assert_eq!(requests.failed(&error(id, 703)), None);
        assert_eq!(requests.cancel(id), None);
    }
    let unknown = Completed {
        id: 3,
        with: Completion::OutcomeUnknown,
    };
    assert_eq!(requests.lost(), [unknown]);
}

#[test]
fn a_request_has_limits() {
    let mut requests = Requests::default();
    let next = &mut 0;
    let refused = ask(&mut requests, vec![0; limit::DATA + 1], next);
    assert_eq!(refused, Err(Code::TooLarge.into()));
    for _ in 0..limit::OPEN_REQUESTS {
        ask(&mut requests, vec![], next).unwrap();
    }
    let refused = ask(&mut requests, vec![], next);
    assert_eq!(refused, Err(Code::TooManyRequests.into()));
    requests.cancel(1).unwrap();
    assert_eq!(ask(&mut requests, vec![], next), Ok(66));
    // DATA-3: ids rise, whatever became of those before.
    requests.cancel(66).unwrap();
    let again = requests.ask(66, vec![], None);
    assert_eq!(again, Err(Code::RequestIdTooLow.into()));
}
