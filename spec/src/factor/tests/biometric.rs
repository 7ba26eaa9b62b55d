//! BIO-*, BUD-*, DLY-*: how far a biometric goes, and when a PIN has to wait.

use super::*;

const DAYS_30: u64 = 30 * 24 * 60 * 60;

fn registered() -> Record {
    Record {
        biometric: Some(BIO),
        ..record()
    }
}

fn biometric(number: u64) -> Verify {
    let request = Verify {
        factor: Factor::Biometric,
        ..right(number)
    };
    sealed(request, &BIO)
}

fn set(policy: Policy) -> Config {
    Config { policy, ..config() }
}

fn blocked() -> Record {
    (11..14).fold(registered(), |record, number| {
        commit(&record, &wrong(number)).0
    })
}

#[test]
fn a_right_one_resets_and_unblocks() {
    let before = blocked();
    assert!(before.lockout.is_blocked(config().max_attempts));
    let (after, answered) = commit(&before, &biometric(14));
    let Outcome::Right(Asserted { assertion, .. }) = answered.outcome else {
        panic!("right")
    };
    assert_eq!(assertion.factor, Factor::Biometric);
    assert_eq!(after.lockout, Lockout::default());
    assert!(matches!(
        commit(&after, &right(15)).1.outcome,
        Outcome::Right(_)
    ));
}

#[test]
fn a_wrong_one_is_refused_and_stores_nothing() {
    for (key, code) in [(WRONG, Code::WrongBiometric), (RIGHT, Code::WrongBiometric)] {
        let request = sealed(biometric(11), &key);
        assert_eq!(refusal(decide(Some(&registered()), &request)), code);
    }
    let malformed = Verify {
        proof: MALFORMED,
        ..biometric(11)
    };
    let refused = refusal(decide(Some(&registered()), &malformed));
    assert_eq!(refused, Code::SignatureMalformed);
    let unregistered = refusal(decide(Some(&record()), &biometric(11)));
    assert_eq!(unregistered, Code::FactorNotRegistered);
}

#[test]
fn the_proof_of_one_factor_is_not_the_others() {
    let as_pin = sealed(right(11), &BIO);
    let (_, answered) = commit(&registered(), &as_pin);
    assert_eq!(answered.outcome, Outcome::Wrong);
}

#[test]
fn policy_says_whether_it_resets_and_whether_it_is_closed() {
    let keeps = set(Policy {
        biometric_resets: false,
        ..Policy::default()
    });
    let (after, _) = commit_by(&keeps, &blocked(), &biometric(14), NOW);
    assert_eq!(after.lockout, blocked().lockout);

    let closes = set(Policy {
        biometrics_closed_while_blocked: true,
        ..Policy::default()
    });
    let decided = decide_by(&closes, Some(&blocked()), &biometric(14), NOW);
    assert_eq!(refusal(decided), Code::BiometricsClosed);
    assert!(blocked().pin_needed(&closes, NOW));
    assert!(decide_by(&closes, Some(&registered()), &biometric(11), NOW).is_ok());
}

#[test]
fn as_many_as_the_budget_then_a_pin() {
    for uses in [1, 2, 30] {
        let config = set(Policy {
            budget: BudgetPolicy { uses, seconds: 0 },
            ..Policy::default()
        });
        let mut record = registered();
        for number in 11..11 + u64::from(uses) {
            record = commit_by(&config, &record, &biometric(number), NOW).0;
        }
        for _ in 0..2 {
            let next = record.last_number() + 1;
            let over = decide_by(&config, Some(&record), &biometric(next), NOW);
            assert_eq!(refusal(over), Code::PinNeeded);
            // Whatever its proof.
            let wrong = sealed(biometric(next), &WRONG);
            let over = decide_by(&config, Some(&record), &wrong, NOW);
            assert_eq!(refusal(over), Code::PinNeeded);
            // A wrong PIN begins no new budget.
            record = commit_by(&config, &record, &self::wrong(next), NOW).0;
        }
        let number = record.last_number() + 1;
        let (record, _) = commit_by(&config, &record, &right(number), NOW);
        assert!(!record.pin_needed(&config, NOW));
    }
}

#[test]
fn as_long_as_the_budget_then_a_pin() {
    let registered = registered();
    for (after_s, refused) in [(0, false), (DAYS_30 - 1, false), (DAYS_30, true)] {
        let decided = decide_at(Some(&registered), &biometric(11), NOW.plus(after_s));
        assert_eq!(decided.is_err(), refused, "{after_s}");
        assert_eq!(registered.pin_needed(&config(), NOW.plus(after_s)), refused);
    }
    // A use does not extend it, and neither does a clock that is set back.
    let (used, _) = commit_at(&registered, &biometric(11), NOW.plus(DAYS_30 - 1));
    let over = decide_at(Some(&used), &biometric(12), NOW.plus(DAYS_30));
    assert_eq!(refusal(over), Code::PinNeeded);
    let (late, _) = commit_at(&used, &wrong(12), NOW.plus(DAYS_30));
    let back = decide_at(Some(&late), &biometric(13), NOW);
    assert_eq!(refusal(back), Code::PinNeeded);
}

#[test]
fn zero_is_off() {
    let config = set(Policy {
        budget: BudgetPolicy {
            uses: 0,
            seconds: 0,
        },
        ..Policy::default()
    });
    let mut record = registered();
    for number in 11..100 {
        let now = NOW.plus(number * DAYS_30);
        record = commit_by(&config, &record, &biometric(number), now).0;
    }
}

#[test]
fn the_next_pin_waits_as_the_round_says() {
    let round = |failures, wait_s| DelayRound { failures, wait_s };
    let config = Config {
        max_attempts: NonZeroU32::new(9).unwrap(),
        ..set(Policy {
            delays: alloc::vec![round(4, 600), round(2, 60)],
            ..Policy::default()
        })
    };
    let mut record = registered();
    let mut now = NOW;
    for (failures, wait_s) in [(1, 0), (2, 60), (3, 60), (4, 600), (5, 600)] {
        let number = record.last_number() + 1;
        let (after, answered) = commit_by(&config, &record, &wrong(number), now);
        assert_eq!(
            (answered.failed_attempts, answered.delay_s),
            (failures, wait_s)
        );
        record = after;
        for early_s in 0..wait_s.min(3) {
            let early = now.plus(u64::from(wait_s - 1 - early_s));
            for request in [right(number + 1), wrong(number + 1), malformed(number + 1)] {
                let decided = decide_by(&config, Some(&record), &request, early);
                assert_eq!(refusal(decided), Code::Delayed);
            }
            let told = status(&config, Some(&record), early).record.unwrap();
            assert_eq!(told.delay_s, 1 + early_s);
        }
        // A clock that is set back waits no shorter and no longer than the whole delay.
        let back = decide_by(&config, Some(&record), &right(number + 1), UnixSeconds(0));
        assert_eq!(back.is_err(), wait_s > 0);
        now = now.plus(u64::from(wait_s));
    }
    let number = record.last_number() + 1;
    let (record, _) = commit_by(&config, &record, &right(number), now);
    assert_eq!(config.policy.delay_s(record.lockout, now), 0);
}
