//! FAC-2: number, store epoch, generation, factor, blocked, proof. Of two faults the earlier one speaks.

use super::*;

/// One thing wrong with a request, or with the record that it meets.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Fault {
    Number,
    StoreEpoch,
    Generation,
    Factor,
    Blocked,
    Proof,
}

const IN_ORDER: [(Fault, Code); 6] = [
    (Fault::Number, Code::NumberTooLow),
    (Fault::StoreEpoch, Code::StoreEpoch),
    (Fault::Generation, Code::Generation),
    (Fault::Factor, Code::FactorNotRegistered),
    (Fault::Blocked, Code::Blocked),
    (Fault::Proof, Code::SignatureMalformed),
];

fn code_with(faults: &[Fault]) -> Code {
    let (mut record, mut request) = (record(), right(11));
    for fault in faults {
        match fault {
            Fault::Number => request.request_number = 9,
            Fault::StoreEpoch => request.store_epoch = 8,
            Fault::Generation => request.generation = 1,
            Fault::Factor => request.factor = Factor::Biometric,
            Fault::Blocked => record.lockout.failed_attempts = 3,
            Fault::Proof => {}
        }
    }
    request = sealed(request, &RIGHT);
    if faults.contains(&Fault::Proof) {
        request.proof = MALFORMED;
    }
    match decide(Some(&record), &request) {
        Err(Refusal(code)) => code,
        Ok(Decision::Commit(commit)) => {
            assert_eq!(commit.committed().outcome, Outcome::Blocked);
            Code::Blocked
        }
        Ok(Decision::Repeat(_)) => panic!("not a repeat"),
    }
}

#[test]
fn each_fault_has_its_code() {
    for (fault, code) in IN_ORDER {
        assert_eq!(code_with(&[fault]), code, "{fault:?}");
    }
}

#[test]
fn of_two_faults_the_earlier_speaks() {
    for (position, (earlier, code)) in IN_ORDER.iter().enumerate() {
        for (later, _) in IN_ORDER.iter().skip(position + 1) {
            assert_eq!(
                code_with(&[*earlier, *later]),
                *code,
                "{earlier:?} before {later:?}"
            );
        }
    }
}

#[test]
fn a_stranger_is_refused_before_all() {
    let stranger = Requester::new(WRONG, device().channel());
    let request = Verified::attest(Verify {
        request_number: 9,
        ..right(9)
    });
    let decision = decide_verify(
        &config(),
        Some(&record()),
        &stranger,
        &request,
        SUBJECT,
        NOW,
        &Ideal,
    );
    assert_eq!(refusal(decision), Code::UnknownRecord);
}
