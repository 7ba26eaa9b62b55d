//! What is stored: nothing falls, nothing doubles.

use super::*;

fn applied(updates: &[Update]) -> Wallet {
    edited(enrolled(), |wallet| {
        for update in updates {
            wallet.apply(update.clone());
        }
    })
}

#[test]
fn an_update_applied_twice_is_applied_once() {
    let (server, account) = (auth_id(), ALICE);
    let newer = edited(auth_parameters(), |p| p.epoch = 4);
    for update in [
        Update::Server(Box::new(known(newer))),
        Update::Counter {
            server,
            account,
            counter: 42,
        },
        Update::Rolling {
            server,
            account,
            rolling: Rolling([2; 16]),
        },
        Update::Upgraded {
            server,
            account,
            user_name: String::from("Alice"),
            rolling: Rolling([2; 16]),
        },
        Update::RequestNumber {
            server: factor_id(),
            number: 6,
        },
        Update::Enrolling(Enrolling {
            session: SESSION,
            key: key::stranger().public(),
            approval_key: None,
        }),
        Update::Enrolled(super::account(BOB)),
        Update::Rotating {
            server,
            account,
            key: key::stranger().public(),
        },
        Update::Rotated {
            server,
            account,
            key: key::stranger().public(),
        },
        Update::Deleted { server, account },
    ] {
        let once = applied(core::slice::from_ref(&update));
        assert_ne!(once, enrolled(), "{update:?}");
        assert_eq!(once, applied(&[update.clone(), update]));
    }
}

#[test]
fn nothing_falls() {
    let (server, account) = (auth_id(), ALICE);
    let older = edited(auth_parameters(), |p| p.epoch = 2);
    let other = Registration {
        request_number: 0,
        ..enrolled().registrations[0].clone()
    };
    for update in [
        Update::Server(Box::new(known(older))), // epochs
        Update::Counter {
            server,
            account,
            counter: 40,
        },
        Update::RequestNumber {
            server: factor_id(),
            number: 4,
        },
        Update::Registered(other),
    ] {
        assert_eq!(
            applied(core::slice::from_ref(&update)),
            enrolled(),
            "{update:?}"
        );
    }
}

#[test]
fn a_completed_enrolment_is_not_interrupted_any_more() {
    let key = key::device().public();
    let enrolling = Update::Enrolling(Enrolling {
        session: SESSION,
        key,
        approval_key: None,
    });
    let wallet = applied(&[enrolling, Update::Enrolled(account(BOB))]);
    assert_eq!(wallet.interrupted(SESSION), None);
    assert_eq!(wallet.accounts_at(auth_id()).count(), 2);
}

/// HEADLESS-9: "An account MUST NOT become headless again".
#[test]
fn a_level_rises_once() {
    let headless = Account {
        level: Level::Headless,
        ..account(ALICE)
    };
    let mut wallet = Wallet {
        accounts: vec![headless.clone()],
        ..enrolled()
    };
    wallet.apply(Update::Upgraded {
        server: auth_id(),
        account: ALICE,
        user_name: String::from("alice"),
        rolling: Rolling([2; 16]),
    });
    assert_eq!(wallet.accounts[0].level, Level::Full);
    // The account of an answer that comes again is the one that is there.
    wallet.apply(Update::Enrolled(headless));
    assert_eq!(wallet.accounts[0].level, Level::Full);
}

#[test]
fn a_rotation_is_remembered_until_it_is_over() {
    let (server, account, key) = (auth_id(), ALICE, key::stranger().public());
    let begun = Update::Rotating {
        server,
        account,
        key,
    };
    let over = Update::Rotated {
        server,
        account,
        key,
    };
    let wallet = applied(core::slice::from_ref(&begun));
    // CRD-10: both keys are known.
    assert_eq!(wallet.accounts[0].key, key::device().public());
    assert_eq!(wallet.accounts[0].successor, Some(key));
    for updates in [
        vec![begun.clone(), over.clone()],
        // A crash between them makes the first come again.
        vec![begun.clone(), over, begun],
    ] {
        let wallet = applied(&updates);
        assert_eq!(wallet.accounts[0].key, key);
        assert_eq!(wallet.accounts[0].successor, None);
    }
}
