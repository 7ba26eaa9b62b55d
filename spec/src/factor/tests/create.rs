//! VCH-* and STA-1's facts.

use super::*;
use crate::messages::factor::{Create, FactorKey, RecordStatus, Status, Voucher};
use crate::values::{Bytes, VoucherId};

const EXPIRY: UnixSeconds = UnixSeconds(NOW.0 + 1000);
const ID: VoucherId = VoucherId([0x0c; 16]);

fn voucher() -> Voucher {
    Voucher {
        issuer: AUDIENCE,
        factor_server: SERVER,
        id: ID,
        expiry: EXPIRY,
    }
}

fn signed(voucher: &Voucher, context: ServerId, key: &PublicKey) -> Bytes {
    let to_sign = cose::to_sign(voucher, &(context,), key.kid()).unwrap();
    let signature = sign(key, to_sign.tbs());
    Bytes(to_sign.signed(signature))
}

fn possession() -> FactorKey {
    FactorKey {
        record: device().record(),
        generation: 1,
        key: RIGHT,
        channel: device().channel(),
    }
}

fn proved(possession: &FactorKey, key: &PublicKey) -> Signature {
    sign(
        key,
        &cose::detached_tbs(possession, &(), key.kid()).unwrap(),
    )
}

pub(super) fn create() -> Create {
    Create {
        ty: Type,
        voucher: signed(&voucher(), SERVER, &ISSUER),
        pin_key: RIGHT,
        possession: proved(&possession(), &RIGHT),
        biometric: None,
    }
}

fn with(voucher: Bytes) -> Create {
    Create {
        voucher,
        ..create()
    }
}

fn decide(request: &Create) -> Result<Commit<Status>, Refusal> {
    decide_with(None, None, request, NOW)
}

fn decide_with(
    existing: Option<&Record>,
    used: Option<&UsedVoucher>,
    request: &Create,
    now: UnixSeconds,
) -> Result<Commit<Status>, Refusal> {
    let request = Verified::attest(request.clone());
    decide_create(&config(), existing, used, &device(), &request, now, &Ideal)
}

fn inserted(commit: &Commit<Status>) -> (Record, UsedVoucher) {
    match commit.write().clone() {
        Write::Insert { record, voucher } => (record, voucher),
        Write::Replace { .. } => panic!("a CREATE inserts"),
    }
}

#[test]
fn a_voucher_makes_one_record() {
    let commit = decide(&create()).unwrap();
    let (record, used) = inserted(&commit);
    let expected = Record {
        id: device().record(),
        version: 1,
        store_epoch: 7,
        device: DEVICE,
        generation: 1,
        pin_key: RIGHT,
        biometric: None,
        lockout: Lockout::default(),
        budget: SINCE_NOW,
        verified: None,
        last: None,
        last_time: NOW,
    };
    assert_eq!(record, expected);
    assert_eq!(
        used,
        UsedVoucher {
            id: ID,
            forget_at: EXPIRY.plus(60)
        }
    );
    let status = RecordStatus {
        generation: 1,
        request_number: 0,
        failed_attempts: 0,
        blocked: false,
        delay_s: 0,
        biometrics: false,
        pin_needed: true,
    };
    assert_eq!(
        commit.committed(),
        Status {
            ty: Type,
            store_epoch: 7,
            max_attempts: 3,
            record: Some(status)
        }
    );
}

#[test]
fn the_new_record_verifies_its_pin() {
    let (record, _) = inserted(&decide(&create()).unwrap());
    let first = sealed(
        Verify {
            generation: 1,
            ..right(1)
        },
        &RIGHT,
    );
    assert!(matches!(
        commit(&record, &first).1.outcome,
        Outcome::Right(_)
    ));
}

#[test]
fn a_voucher_is_refused_unless_its_issuer_is_known_and_it_is_for_this_server() {
    let unknown = Voucher {
        issuer: ServerId([9; 16]),
        ..voucher()
    };
    let elsewhere = Voucher {
        factor_server: AUDIENCE,
        ..voucher()
    };
    let cases = [
        ("an unknown issuer", with(signed(&unknown, SERVER, &ISSUER))),
        ("another key", with(signed(&voucher(), SERVER, &WRONG))),
        (
            "for another server",
            with(signed(&elsewhere, AUDIENCE, &ISSUER)),
        ),
        (
            "for another server, in this one's context",
            with(signed(&elsewhere, SERVER, &ISSUER)),
        ),
        (
            "of another context",
            with(signed(&voucher(), AUDIENCE, &ISSUER)),
        ),
        ("no statement", with(Bytes(alloc::vec![0xf6]))),
        ("empty", with(Bytes(Vec::new()))),
    ];
    for (why, request) in cases {
        assert_eq!(refusal(decide(&request)), Code::VoucherInvalid, "{why}");
    }
}

#[test]
fn a_voucher_expires_a_minute_late() {
    let at = |now| decide_with(None, None, &create(), now);
    assert!(at(UnixSeconds(EXPIRY.0)).is_ok());
    assert!(at(UnixSeconds(EXPIRY.0 + 59)).is_ok());
    assert_eq!(
        refusal(at(UnixSeconds(EXPIRY.0 + 60))),
        Code::VoucherExpired
    );
    let forever = Voucher {
        expiry: UnixSeconds(u64::MAX),
        ..voucher()
    };
    assert!(decide(&with(signed(&forever, SERVER, &ISSUER))).is_ok());
}

#[test]
fn a_voucher_is_used_once() {
    let used = UsedVoucher {
        id: ID,
        forget_at: EXPIRY.plus(60),
    };
    assert_eq!(
        refusal(decide_with(None, Some(&used), &create(), NOW)),
        Code::VoucherUsed
    );
    let other = UsedVoucher {
        id: VoucherId([1; 16]),
        ..used
    };
    assert!(decide_with(None, Some(&other), &create(), NOW).is_ok());
}

#[test]
fn the_voucher_is_looked_up_by_the_id_it_claims() {
    let request = |voucher| Verified::attest(with(voucher));
    assert_eq!(voucher_to_look_up(&Verified::attest(create())), Ok(ID));
    let spoilt = request(Bytes(alloc::vec![0x80]));
    assert_eq!(refusal(voucher_to_look_up(&spoilt)), Code::VoucherInvalid);
}

#[test]
fn a_second_record_is_refused_whatever_the_voucher() {
    let used = UsedVoucher {
        id: ID,
        forget_at: EXPIRY,
    };
    let existing = record();
    for request in [create(), with(Bytes(Vec::new()))] {
        for used in [None, Some(&used)] {
            let result = decide_with(Some(&existing), used, &request, NOW.plus(5000));
            assert_eq!(refusal(result), Code::RecordExists);
        }
    }
}

#[test]
fn possession_is_of_this_key_for_this_record_in_this_channel() {
    let others = [
        FactorKey {
            record: crate::values::RecordId([1; 16]),
            ..possession()
        },
        FactorKey {
            generation: 2,
            ..possession()
        },
        FactorKey {
            key: WRONG,
            ..possession()
        },
        FactorKey {
            channel: ChannelBinding([0; 32]),
            ..possession()
        },
    ];
    for other in others {
        let request = Create {
            possession: proved(&other, &RIGHT),
            ..create()
        };
        assert_eq!(
            refusal(decide(&request)),
            Code::PossessionInvalid,
            "{other:?}"
        );
    }
    let by_another = Create {
        possession: proved(&possession(), &WRONG),
        ..create()
    };
    assert_eq!(refusal(decide(&by_another)), Code::PossessionInvalid);
}

#[test]
fn a_malformed_key_or_proof_has_its_own_code() {
    let request = Create {
        possession: MALFORMED,
        ..create()
    };
    assert_eq!(refusal(decide(&request)), Code::SignatureMalformed);
    let request = Create {
        pin_key: NO_KEY,
        ..create()
    };
    assert_eq!(refusal(decide(&request)), Code::InvalidKey);
}

#[test]
fn of_two_faults_the_earlier_speaks() {
    let used = UsedVoucher {
        id: ID,
        forget_at: EXPIRY,
    };
    let late = EXPIRY.plus(60);
    let forged = with(signed(&voucher(), SERVER, &WRONG));
    let unproved = Create {
        possession: MALFORMED,
        ..create()
    };
    let code = |used, request, now| refusal(decide_with(None, used, request, now));
    assert_eq!(code(Some(&used), &forged, late), Code::VoucherInvalid);
    assert_eq!(code(Some(&used), &unproved, late), Code::VoucherExpired);
    assert_eq!(code(Some(&used), &unproved, NOW), Code::VoucherUsed);
}
