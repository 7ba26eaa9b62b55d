//! CHG-*, STA-2, RES-1: changes of the record, and records out of a backup.

use super::*;
use crate::messages::BindInput;
use crate::messages::factor::{
    AddBiometric, Biometric, BiometricGone, FactorKey, RemoveBiometric, SetPin, Status,
};

pub(super) const NEW: PublicKey = PublicKey([6; 64]);

pub(super) fn other_channel() -> Requester {
    Requester::new(DEVICE, ChannelBinding([0xdd; 32]))
}

fn managing(number: u64, purpose: Purpose, factor: Factor) -> Verify {
    let channel = device().channel();
    let request = Verify {
        purpose,
        factor,
        audience: SERVER,
        bind: BindInput::management(SERVER, channel, purpose).bind(),
        ..right(number)
    };
    let key = if factor == Factor::Pin { RIGHT } else { BIO };
    sealed(request, &key)
}

fn registered() -> Record {
    Record {
        biometric: Some(BIO),
        ..record()
    }
}

fn verified(record: &Record, purpose: Purpose) -> Record {
    commit(record, &managing(11, purpose, Factor::Pin)).0
}

pub(super) fn possession(generation: u32, key: &PublicKey, requester: &Requester) -> Signature {
    let statement = FactorKey {
        record: requester.record(),
        generation,
        key: *key,
        channel: requester.channel(),
    };
    sign(
        key,
        &cose::detached_tbs(&statement, &(), key.kid()).unwrap(),
    )
}

fn set_pin(biometric: Option<Biometric>) -> SetPin {
    SetPin {
        ty: Type,
        generation: 3,
        pin_key: NEW,
        possession: possession(3, &NEW, &device()),
        biometric,
    }
}

fn try_set(record: &Record, request: &SetPin, by: &Requester) -> Result<Commit<Status>, Refusal> {
    let request = Verified::attest(request.clone());
    decide_set_pin(&config(), Some(record), by, &request, NOW, &Ideal)
}

fn try_add(record: &Record, generation: u32) -> Result<Commit<Status>, Refusal> {
    let request = Verified::attest(AddBiometric {
        ty: Type,
        key: BIO,
        possession: possession(generation, &BIO, &device()),
    });
    decide_add_biometric(&config(), Some(record), &device(), &request, NOW, &Ideal)
}

fn try_remove(record: &Record) -> Result<Commit<Status>, Refusal> {
    let request = Verified::attest(RemoveBiometric::default());
    decide_remove_biometric(&config(), Some(record), &device(), &request, NOW)
}

fn after<R>(commit: &Commit<R>) -> Record {
    match commit.write() {
        Write::Replace { record, .. } => record.clone(),
        Write::Insert { .. } => panic!("a change replaces"),
    }
}

#[test]
fn a_verify_for_a_change_leaves_a_verification_and_no_assertion() {
    for (purpose, operation) in [
        (Purpose::PinChange, Operation::PinChange),
        (Purpose::BiometricsAdd, Operation::BiometricsAdd),
        (Purpose::BiometricsRemove, Operation::BiometricsRemove),
    ] {
        let (record, answered) = commit(&record(), &managing(11, purpose, Factor::Pin));
        assert_eq!(answered.outcome, Outcome::Managed);
        let expected = Management {
            operation,
            factor: Factor::Pin,
            channel: device().channel(),
            until: NOW.plus(120),
        };
        assert_eq!(record.verified, Some(expected));
        // Any other VERIFY ends it.
        for other in [right(12), wrong(12)] {
            assert_eq!(commit(&record, &other).0.verified, None);
        }
    }
    assert_eq!(commit(&record(), &right(11)).0.verified, None);
}

#[test]
fn a_verify_for_a_change_is_for_this_server_and_channel() {
    let request = managing(11, Purpose::PinChange, Factor::Pin);
    let elsewhere = sealed(
        Verify {
            audience: AUDIENCE,
            ..request.clone()
        },
        &RIGHT,
    );
    let other_bind = sealed(
        Verify {
            bind: Bind([1; 32]),
            ..request.clone()
        },
        &RIGHT,
    );
    for request in [elsewhere, other_bind] {
        let refused = refusal(decide(Some(&record()), &request));
        assert_eq!(refused, Code::AssertionBind);
    }
    let through_another = decide_verify(
        &config(),
        Some(&record()),
        &other_channel(),
        &Verified::attest(request),
        SUBJECT,
        NOW,
        &Ideal,
    );
    assert_eq!(refusal(through_another), Code::AssertionBind);
}

#[test]
fn which_factor_is_enough_for_which_change() {
    let by_biometric = |policy: Policy, purpose| {
        let config = Config { policy, ..config() };
        let request = managing(11, purpose, Factor::Biometric);
        decide_by(&config, Some(&registered()), &request, NOW)
    };
    let lenient = || Policy {
        pin_change_by_biometric: true,
        ..Policy::default()
    };
    for purpose in [Purpose::PinChange, Purpose::BiometricsAdd] {
        let refused = refusal(by_biometric(Policy::default(), purpose));
        assert_eq!(refused, Code::FactorNotAllowed);
    }
    assert!(by_biometric(Policy::default(), Purpose::BiometricsRemove).is_ok());
    assert!(by_biometric(lenient(), Purpose::PinChange).is_ok());
    let refused = refusal(by_biometric(lenient(), Purpose::BiometricsAdd));
    assert_eq!(refused, Code::FactorNotAllowed);
}

#[test]
fn a_new_pin_is_live_and_the_old_one_dead_in_one_commit() {
    let before = verified(&registered(), Purpose::PinChange);
    let changed = after(&try_set(&before, &set_pin(None), &device()).unwrap());
    assert_eq!((changed.generation, changed.pin_key), (3, NEW));
    assert_eq!((changed.verified, changed.biometric), (None, Some(BIO)));
    assert_eq!(changed.budget, before.budget); // BUD-3
    assert_eq!(
        refusal(decide(Some(&changed), &right(12))),
        Code::Generation
    );
    let request = Verify {
        generation: 3,
        ..right(12)
    };
    let old = sealed(request.clone(), &RIGHT);
    assert_eq!(commit(&changed, &old).1.outcome, Outcome::Wrong);
    let new = sealed(request, &NEW);
    assert!(matches!(
        commit(&changed, &new).1.outcome,
        Outcome::Right(_)
    ));
    // The verification is used up.
    let again = SetPin {
        generation: 4,
        ..set_pin(None)
    };
    assert_eq!(
        refusal(try_set(&changed, &again, &device())),
        Code::NotVerified
    );
}

#[test]
fn without_its_verification_there_is_no_change() {
    let add = verified(&registered(), Purpose::BiometricsAdd);
    let change = verified(&registered(), Purpose::PinChange);
    let expired = Record {
        last_time: NOW.plus(120),
        ..change.clone()
    };
    for record in [&registered(), &add, &expired] {
        let refused = refusal(try_set(record, &set_pin(None), &device()));
        assert_eq!(refused, Code::NotVerified);
    }
    let refused = refusal(try_set(&change, &set_pin(None), &other_channel()));
    assert_eq!(refused, Code::NotVerified);
    assert_eq!(refusal(try_add(&change, 2)), Code::NotVerified);
    assert_eq!(refusal(try_remove(&change)), Code::NotVerified);
    let last_second = Record {
        last_time: NOW.plus(119),
        ..change
    };
    assert!(try_set(&last_second, &set_pin(None), &device()).is_ok());
}

#[test]
fn a_new_pin_is_checked_in_order() {
    let ready = verified(&registered(), Purpose::PinChange);
    for generation in [0, 1, 2, 4] {
        let request = SetPin {
            generation,
            ..set_pin(None)
        };
        // Before the verification is looked at.
        for record in [&ready, &registered()] {
            let refused = refusal(try_set(record, &request, &device()));
            assert_eq!(refused, Code::Generation);
        }
    }
    let unproved = Biometric {
        key: BIO,
        possession: possession(2, &BIO, &device()), // of the old generation
    };
    for request in [
        SetPin {
            possession: possession(2, &NEW, &device()),
            ..set_pin(None)
        },
        SetPin {
            possession: possession(3, &NEW, &other_channel()),
            ..set_pin(None)
        },
        SetPin {
            pin_key: RIGHT,
            ..set_pin(None)
        },
        set_pin(Some(unproved)),
    ] {
        let refused = refusal(try_set(&ready, &request, &device()));
        assert_eq!(refused, Code::PossessionInvalid);
    }
}

#[test]
fn a_biometric_comes_with_a_new_pin_only_on_the_word_of_a_pin() {
    let both = set_pin(Some(Biometric {
        key: WRONG,
        possession: possession(3, &WRONG, &device()),
    }));
    let by_pin = verified(&registered(), Purpose::PinChange);
    let changed = after(&try_set(&by_pin, &both, &device()).unwrap());
    assert_eq!(changed.biometric, Some(WRONG));

    let by_biometric = Record {
        verified: by_pin.verified.map(|verified| Management {
            factor: Factor::Biometric,
            ..verified
        }),
        ..by_pin
    };
    let refused = refusal(try_set(&by_biometric, &both, &device()));
    assert_eq!(refused, Code::FactorNotAllowed);
    assert!(try_set(&by_biometric, &set_pin(None), &device()).is_ok());
}

#[test]
fn biometrics_are_added_replaced_removed_and_forgotten() {
    let ready = verified(&record(), Purpose::BiometricsAdd);
    assert_eq!(refusal(try_add(&ready, 3)), Code::PossessionInvalid);
    let commit = try_add(&ready, 2).unwrap();
    let added = after(&commit);
    assert_eq!((added.biometric, added.verified), (Some(BIO), None));
    let told = commit.committed().record.unwrap();
    assert!(told.biometrics && !told.pin_needed);

    let other = Record {
        biometric: Some(WRONG),
        ..ready
    };
    assert_eq!(after(&try_add(&other, 2).unwrap()).biometric, Some(BIO));

    let ready = verified(&registered(), Purpose::BiometricsRemove);
    let removed = after(&try_remove(&ready).unwrap());
    assert_eq!((removed.biometric, removed.verified), (None, None));
    let nothing = verified(&record(), Purpose::BiometricsRemove);
    assert_eq!(refusal(try_remove(&nothing)), Code::FactorNotRegistered);

    // Without any verification, and again where there is nothing left.
    let gone = Verified::attest(BiometricGone::default());
    let forget = |record: &Record| {
        decide_biometric_gone(&config(), Some(record), &device(), &gone, NOW).unwrap()
    };
    let Decision::Commit(commit) = forget(&registered()) else {
        panic!("there is something to forget")
    };
    let forgotten = after(&commit);
    assert_eq!(forgotten.biometric, None);
    assert!(matches!(forget(&forgotten), Decision::Repeat(_)));
}

/// P2: what a status ends, no change comes after; and one that was decided before loses the race.
#[test]
fn a_status_ends_what_was_under_way() {
    let ready = verified(&record(), Purpose::PinChange);
    let under_way = try_set(&ready, &set_pin(None), &device()).unwrap();
    let ask =
        |record: &Record, by: &Requester| decide_status(&config(), Some(record), by, NOW).unwrap();
    let Decision::Commit(told) = ask(&ready, &device()) else {
        panic!("there is something to end")
    };
    let stored = after(&told);
    let Write::Replace { expected, .. } = under_way.write() else {
        panic!("a change replaces")
    };
    assert_ne!(*expected, stored.version);
    let refused = refusal(try_set(&stored, &set_pin(None), &device()));
    assert_eq!(refused, Code::NotVerified);
    // With nothing to end a status commits nothing.
    let again = ask(&stored, &device());
    assert!(matches!(again, Decision::Repeat(_)));
    let stranger = Requester::new(WRONG, device().channel());
    let none = ask(&ready, &stranger);
    assert!(matches!(
        none,
        Decision::Repeat(Status { record: None, .. })
    ));
}

#[test]
fn a_restored_record_has_one_attempt_no_budget_and_nothing_under_way() {
    let later = Config {
        store_epoch: 8,
        ..config()
    };
    for (failed, adopted) in [(0, 2), (1, 2), (2, 2), (3, 3)] {
        let backup = Record {
            lockout: Lockout {
                failed_attempts: failed,
                ..Lockout::default()
            },
            ..verified(&registered(), Purpose::PinChange)
        };
        let now_is = backup.adopted(&later);
        assert_eq!(now_is.lockout.failed_attempts, adopted);
        assert_eq!((now_is.budget, now_is.verified), (Budget::Spent, None));
        assert_eq!(now_is.store_epoch, 8);
        assert_eq!(now_is.adopted(&later), now_is);
        assert_eq!(now_is.adopted(&config()), now_is); // a replica that is behind
        assert!(now_is.pin_needed(&later, NOW));
    }
    // Each decision takes it so: one wrong PIN blocks, whatever the backup says.
    let current = |request: Verify, key| {
        let request = Verify {
            store_epoch: 8,
            ..request
        };
        sealed(request, key)
    };
    let (blocked, answered) = commit_by(&later, &registered(), &current(wrong(11), &WRONG), NOW);
    assert_eq!(answered.outcome, Outcome::Wrong);
    assert!(blocked.lockout.is_blocked(later.max_attempts));
    let biometric = Verify {
        factor: Factor::Biometric,
        ..right(11)
    };
    let spent = decide_by(&later, Some(&registered()), &current(biometric, &BIO), NOW);
    assert_eq!(refusal(spent), Code::PinNeeded);
    let told = decide_status(&later, Some(&registered()), &device(), NOW).unwrap();
    let Decision::Commit(told) = told else {
        panic!("it is adopted")
    };
    assert_eq!(after(&told).lockout.failed_attempts, 2);
}

/// FAC-11: what a later epoch wrote a replica that is behind neither ends nor tells.
#[test]
fn a_replica_that_is_behind_tells_no_status() {
    for record in [record(), verified(&registered(), Purpose::PinChange)] {
        let ahead = Record {
            store_epoch: 8,
            ..record
        };
        let told = decide_status(&config(), Some(&ahead), &device(), NOW);
        assert_eq!(told.unwrap_err(), Code::StoreEpoch.into());
    }
}
