//! Facts are plain data: what is stored comes back, and the status says what they say.

use super::*;
use crate::messages::factor::RecordStatus;

#[test]
fn facts_come_back_from_a_store() {
    fn check<T>(fact: &T)
    where
        T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + core::fmt::Debug,
    {
        let mut bytes = Vec::new();
        ciborium::into_writer(fact, &mut bytes).unwrap();
        let back: T = ciborium::from_reader(bytes.as_slice()).unwrap();
        assert_eq!(&back, fact);
    }
    check(&config());
    check(&record());
    check(&commit(&record(), &wrong(11)).0);
    check(&UsedVoucher {
        id: crate::values::VoucherId([1; 16]),
        forget_at: NOW,
    });
}

#[test]
fn the_status_tells_the_record() {
    assert_eq!(status(&config(), None, NOW).record, None);
    let blocked = (11..14).fold(record(), |record, number| commit(&record, &wrong(number)).0);
    for (record, number, failed_attempts, is_blocked) in [
        (record(), 10, 0, false),
        (commit(&record(), &wrong(11)).0, 11, 1, false),
        (blocked, 13, 3, true),
    ] {
        let status = status(&config(), Some(&record), NOW);
        assert_eq!((status.store_epoch, status.max_attempts), (7, 3));
        let expected = RecordStatus {
            generation: 2,
            request_number: number,
            failed_attempts,
            blocked: is_blocked,
            delay_s: 0,
            biometrics: false,
            pin_needed: true,
        };
        assert_eq!(status.record, Some(expected));
    }
}

#[test]
fn answers_become_verdicts() {
    let verdict = |answered: Answered| match answered.reply(&config()).unwrap() {
        Reply::Verdict(verdict) => verdict,
        Reply::Assertion(to_sign) => {
            let signature = sign(&ISSUER, to_sign.tbs());
            to_sign.signed(signature)
        }
    };
    let (first, answered) = commit(&record(), &wrong(11));
    let told = verdict(answered);
    assert_eq!(
        (told.outcome, told.failed_attempts, told.blocked),
        (410, 1, false)
    );
    assert_eq!(
        (told.request_number, told.max_attempts, told.assertion),
        (11, 3, None)
    );

    let told = verdict(commit(&first, &right(12)).1);
    assert_eq!(
        (told.outcome, told.failed_attempts, told.blocked),
        (0, 0, false)
    );
    assert!(told.assertion.is_some());

    let (second, _) = commit(&first, &wrong(12));
    let (third, answered) = commit(&second, &wrong(13));
    let told = verdict(answered);
    assert_eq!(
        (told.outcome, told.failed_attempts, told.blocked),
        (410, 3, true)
    );
    let told = verdict(commit(&third, &right(14)).1);
    assert_eq!(
        (told.outcome, told.failed_attempts, told.blocked),
        (411, 3, true)
    );
    assert_eq!(told.assertion, None);
}

/// The assertion is a statement by `K_sfa`, for its audience.
#[test]
fn a_signed_assertion_verifies() {
    let config = Config {
        statement_kid: ISSUER.kid(),
        ..config()
    };
    let answered = commit(&record(), &right(11)).1;
    let Outcome::Right(Asserted { assertion, .. }) = answered.outcome else {
        panic!("right")
    };
    let Ok(Reply::Assertion(to_sign)) = answered.reply(&config) else {
        panic!("to sign")
    };
    let signature = sign(&ISSUER, to_sign.tbs());
    let bytes = to_sign.signed(signature).assertion.unwrap();
    let sign1 = cose::Sign1::<crate::messages::factor::Assertion>::from_bytes(&bytes).unwrap();
    let verified = sign1.verify(&ISSUER, &(AUDIENCE, SERVER), &Ideal).unwrap();
    assert_eq!(*verified, assertion);
}
