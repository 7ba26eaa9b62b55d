//! What the backend does: sessions, enrolments and accounts it makes or changes.

use alloc::string::ToString;

use super::scene::{NOW, SERVER, account, announce, enrolment, policy, session, text};
use crate::auth::{
    Account, Enrolment, EnrolmentTerms, Lineage, Nonce, Scope, Session, SessionTerms, Standing,
    WrongStanding,
};
use crate::error::Code;
use crate::messages::handshake::{Announce, Policy};
use crate::messages::session_id;
use crate::registry::limit;

#[test]
fn an_account_changes_only_as_its_diagram_says() {
    use Standing::{Active, Frozen, Revoked, Suspended};
    type Change = fn(Account) -> Result<Account, WrongStanding>;
    type Row = (&'static str, Change, &'static [(Standing, Standing)]);
    let changes: [Row; 4] = [
        ("suspend", Account::suspend, &[(Active, Suspended)]),
        ("resume", Account::resume, &[(Suspended, Active)]),
        ("lift", |account| account.lift(NOW), &[(Frozen, Active)]),
        (
            "revoke",
            |account| Ok(account.revoke()),
            &[
                (Active, Revoked),
                (Suspended, Revoked),
                (Revoked, Revoked),
                (Frozen, Revoked),
            ],
        ),
    ];
    for (name, change, allowed) in changes {
        for standing in [Active, Suspended, Revoked, Frozen] {
            let changed = change(Account {
                standing,
                ..account()
            });
            match allowed.iter().find(|(from, _)| *from == standing) {
                None => assert_eq!(changed, Err(WrongStanding(standing)), "{name}"),
                Some((_, to)) => {
                    let changed = changed.unwrap();
                    assert_eq!(changed.standing, *to, "{name} from {standing:?}");
                    assert_eq!(changed.version, account().version + 1, "{name}");
                    // CLN-6: only a lift forgets what the device said last.
                    assert_eq!(
                        matches!(changed.lineage, Lineage::Open { .. }),
                        name == "lift"
                    );
                }
            }
        }
    }
}

#[test]
fn an_id_is_of_kind_and_nonce() {
    let nonce = Nonce::new([0x33; 32]);
    assert_eq!(session().id, session_id(1, SERVER, &[0x11; 32]));
    assert_eq!(enrolment().id, session_id(2, SERVER, &[0x22; 32]));
    assert_eq!(alloc::format!("{nonce:?}"), "Nonce(..)");
}

#[test]
fn announce_info_is_limited() {
    // [null, {"k": text}]: an array, null, a map, a key of two bytes, and a head of three.
    let of = |bytes: usize| {
        let strings = [("k".to_string(), text(bytes - 8))].into();
        Some(Announce {
            logo: None,
            strings,
        })
    };
    let terms = |announce| SessionTerms {
        expires: NOW,
        announce,
        preselected: None,
        policy: None,
    };
    let make = |announce| Session::new(SERVER, Nonce::new([1; 32]), terms(announce)).map(drop);
    assert_eq!(make(of(limit::ANNOUNCE)), Ok(()));
    assert_eq!(make(of(limit::ANNOUNCE + 1)), Err(Code::TooLarge.into()));
    let enrol = |announce| {
        let terms = EnrolmentTerms {
            user_name: "ada".to_string(),
            expires: NOW,
            announce,
            scope: Scope::New,
        };
        Enrolment::new(SERVER, Nonce::new([1; 32]), terms).map(drop)
    };
    assert_eq!(enrol(of(limit::ANNOUNCE)), Ok(()));
    assert_eq!(enrol(of(limit::ANNOUNCE + 1)), Err(Code::TooLarge.into()));
}

#[test]
fn a_user_name_is_limited() {
    let make = |bytes| {
        let terms = EnrolmentTerms {
            user_name: text(bytes),
            expires: NOW,
            announce: Some(announce()),
            scope: Scope::New,
        };
        Enrolment::new(SERVER, Nonce::new([1; 32]), terms).map(drop)
    };
    assert_eq!(make(limit::USER_NAME), Ok(()));
    assert_eq!(make(limit::USER_NAME + 1), Err(Code::TooLarge.into()));
    // HEADLESS-10: nobody's name is nobody's.
    assert_eq!(make(0), Err(Code::Structure.into()));
}

#[test]
fn a_policy_allows_some_factor() {
    let make = |factors| {
        let policy = Some(Policy {
            factors,
            ..policy()
        });
        let terms = SessionTerms {
            expires: NOW,
            announce: None,
            preselected: None,
            policy,
        };
        Session::new(SERVER, Nonce::new([1; 32]), terms).map(drop)
    };
    for factors in 1..=3 {
        assert_eq!(make(factors), Ok(()));
    }
    for factors in [0, 4, 255] {
        assert_eq!(make(factors), Err(Code::Structure.into()));
    }
}

#[test]
fn an_enrolment_asks_for_the_pin_alone() {
    use crate::registry::Factor;
    assert!(Enrolment::POLICY.allows(Factor::Pin));
    assert!(!Enrolment::POLICY.allows(Factor::Biometric));
    assert_eq!(
        Enrolment::POLICY,
        Policy {
            factors: 1,
            max_age_s: 120,
            cached: false
        }
    );
}
