//! FAC-* and LCK-*, one request after the other.

use super::*;
use crate::messages::factor::{Assertion, assertion_id};

#[test]
fn a_right_pin_is_asserted() {
    let (after, answered) = commit(&record(), &right(11));
    let assertion = Assertion {
        subject: SUBJECT,
        bind: Bind([0xb1; 32]),
        factor: Factor::Pin,
        time: NOW,
        purpose: Purpose::Login,
        expiry: UnixSeconds(NOW.0 + 120),
        id: assertion_id(device().record(), 11),
    };
    let expected = Asserted {
        audience: AUDIENCE,
        assertion,
    };
    assert_eq!(answered.outcome, Outcome::Right(expected));
    assert_eq!(answered.number, 11);
    assert_eq!(after.last, Some(answered));
}

#[test]
fn a_wrong_pin_adds_exactly_one() {
    let (after, answered) = commit(&record(), &wrong(11));
    assert_eq!(answered.outcome, Outcome::Wrong);
    assert_eq!(
        (answered.failed_attempts, after.lockout.failed_attempts),
        (1, 1)
    );
    let (after, answered) = commit(&after, &wrong(12));
    assert_eq!(
        (answered.failed_attempts, after.lockout.failed_attempts),
        (2, 2)
    );
}

#[test]
fn a_right_pin_resets_even_on_the_last_attempt() {
    let (record, _) = commit(&record(), &wrong(11));
    let (record, _) = commit(&record, &wrong(12));
    let (record, answered) = commit(&record, &right(13));
    assert!(matches!(answered.outcome, Outcome::Right(_)));
    assert_eq!(record.lockout.failed_attempts, 0);
}

#[test]
fn blocked_evaluates_neither_right_nor_wrong() {
    let blocked = (11..14).fold(record(), |record, number| commit(&record, &wrong(number)).0);
    assert_eq!(blocked.lockout.failed_attempts, 3);
    for request in [right(14), wrong(14), malformed(14)] {
        let (after, answered) = commit(&blocked, &request);
        assert_eq!(answered.outcome, Outcome::Blocked);
        assert_eq!(after.lockout, blocked.lockout);
        assert_eq!(after.last_number(), 14); // the verdict is remembered like any other
    }
}

#[test]
fn a_lowered_maximum_blocks_too() {
    let mut config = config();
    let (record, _) = commit(&record(), &wrong(11));
    let (record, _) = commit(&record, &wrong(12));
    config.max_attempts = NonZeroU32::MIN;
    let request = Verified::attest(right(13));
    let Ok(Decision::Commit(commit)) = decide_verify(
        &config,
        Some(&record),
        &device(),
        &request,
        SUBJECT,
        NOW,
        &Ideal,
    ) else {
        panic!("a verdict")
    };
    assert_eq!(commit.committed().outcome, Outcome::Blocked);
}

#[test]
fn the_same_bytes_get_the_same_answer_and_charge_nothing() {
    for request in [right(11), wrong(11)] {
        let (after, answered) = commit(&record(), &request);
        for later in 0..50 {
            let again = decide_at(Some(&after), &request, NOW.plus(later));
            assert_eq!(again, Ok(Decision::Repeat(answered)));
        }
    }
}

#[test]
fn the_blocking_answer_is_repeated_as_it_was() {
    let (record, _) = commit(&record(), &wrong(11));
    let (record, _) = commit(&record, &wrong(12));
    let (record, answered) = commit(&record, &wrong(13));
    assert_eq!(answered.outcome, Outcome::Wrong);
    assert_eq!(
        decide(Some(&record), &wrong(13)),
        Ok(Decision::Repeat(answered))
    );
}

#[test]
fn a_used_number_takes_no_other_bytes() {
    let (after, _) = commit(&record(), &wrong(11));
    let other_bind = Verify {
        bind: Bind([0xb2; 32]),
        ..right(11)
    };
    let other_audience = Verify {
        audience: SERVER,
        ..wrong(11)
    };
    for request in [
        right(11),
        malformed(11),
        sealed(other_bind, &RIGHT),
        other_audience,
    ] {
        assert_eq!(refusal(decide(Some(&after), &request)), Code::NumberReused);
    }
}

#[test]
fn an_old_right_proof_resets_nothing() {
    let old = right(11);
    let (record, _) = commit(&record(), &old);
    let (record, _) = commit(&record, &wrong(12));
    assert_eq!(refusal(decide(Some(&record), &old)), Code::NumberTooLow);
}

#[test]
fn numbers_begin_at_one_and_may_leap() {
    let new = Record {
        last: None,
        ..record()
    };
    assert_eq!(refusal(decide(Some(&new), &right(0))), Code::NumberTooLow);
    for number in [1, 2, 1 << 40, u64::MAX] {
        assert_eq!(commit(&new, &right(number)).1.number, number);
    }
}

#[test]
fn a_refused_request_does_not_use_up_its_number() {
    let record = record();
    assert_eq!(
        refusal(decide(Some(&record), &malformed(11))),
        Code::SignatureMalformed
    );
    assert!(matches!(
        commit(&record, &right(11)).1.outcome,
        Outcome::Right(_)
    ));
}

#[test]
fn epochs_and_generations_of_request_and_record() {
    let record = record();
    for store_epoch in [6, 8] {
        let stale = sealed(
            Verify {
                store_epoch,
                ..right(11)
            },
            &RIGHT,
        );
        assert_eq!(refusal(decide(Some(&record), &stale)), Code::StoreEpoch);
        // A record of a later epoch, whatever epoch the request names: this replica is behind.
        let later = Record {
            store_epoch: 8,
            ..record.clone()
        };
        assert_eq!(refusal(decide(Some(&later), &stale)), Code::StoreEpoch);
        assert_eq!(refusal(decide(Some(&later), &right(11))), Code::StoreEpoch);
    }
    for generation in [1, 3] {
        let stale = sealed(
            Verify {
                generation,
                ..right(11)
            },
            &RIGHT,
        );
        assert_eq!(refusal(decide(Some(&record), &stale)), Code::Generation);
    }
}

/// Each part that the proof covers, changed after it was signed: the PIN's key
/// did not sign *this*, so it is a wrong proof.
#[test]
fn the_proof_covers_what_the_assertion_says() {
    let purpose = Verify {
        purpose: Purpose::Enrol,
        ..right(11)
    };
    let bind = Verify {
        bind: Bind([0xb2; 32]),
        ..right(11)
    };
    let number = Verify {
        request_number: 12,
        ..right(11)
    };
    for request in [purpose, bind, number] {
        assert_eq!(commit(&record(), &request).1.outcome, Outcome::Wrong);
    }
}

#[test]
fn without_a_record_nothing_is_decided() {
    assert_eq!(refusal(decide(None, &right(11))), Code::UnknownRecord);
}

#[test]
fn a_record_under_another_device_key_is_not_the_requesters() {
    let other = Record {
        device: WRONG,
        ..record()
    };
    assert_eq!(
        refusal(decide(Some(&other), &right(11))),
        Code::UnknownRecord
    );
}

#[test]
fn a_spoilt_key_in_the_store_counts_nothing() {
    let spoilt = Record {
        pin_key: NO_KEY,
        ..record()
    };
    assert_eq!(refusal(decide(Some(&spoilt), &right(11))), Code::InvalidKey);
}

#[test]
fn time_never_goes_back() {
    let (later, earlier) = (NOW.plus(500), UnixSeconds(NOW.0 - 500));
    let (record, _) = commit_at(&record(), &right(11), later);
    assert_eq!(record.last_time, later);
    let (record, answered) = commit_at(&record, &right(12), earlier);
    assert_eq!(record.last_time, later);
    let Outcome::Right(Asserted { assertion, .. }) = answered.outcome else {
        panic!("right")
    };
    assert_eq!((assertion.time, assertion.expiry), (later, later.plus(120)));
    let (record, _) = commit_at(&record, &wrong(13), later.plus(1));
    assert_eq!(record.last_time, later.plus(1));
}

/// A hundred wrong PINs at once, each decided on the record as it was before
/// any of them: all but one lose each race and are decided again.
#[test]
fn a_hundred_in_parallel_get_what_is_left() {
    let mut stored = commit(&record(), &wrong(11)).0;
    let mut waiting: Vec<Verify> = (12..112).map(wrong).collect();
    let mut wrongs = 0;
    while !waiting.is_empty() {
        let read = stored.clone();
        let mut lost = Vec::new();
        for request in waiting {
            let Ok(Decision::Commit(commit)) = decide(Some(&read), &request) else {
                continue;
            };
            match commit.write().clone() {
                Write::Replace { expected, record } if expected == stored.version => {
                    stored = record;
                    wrongs += u32::from(commit.committed().outcome == Outcome::Wrong);
                }
                _ => lost.push(request),
            }
        }
        waiting = lost;
    }
    assert_eq!(wrongs, 2);
    assert_eq!(stored.lockout.failed_attempts, 3);
}
