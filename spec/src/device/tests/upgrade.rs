//! The upgrade of a headless account, state by state: HEADLESS-4 to HEADLESS-9, BND-1, CLN-1.

use super::*;
use crate::device::second_factor::{Entry, Visit};
use crate::device::upgrade::{Answering, Equipping, Greeting, Settling, Upgrading};
use crate::messages::BindInput;
use crate::messages::app::Admitted;
use crate::messages::channel::Refused;
use crate::registry::Purpose;
use crate::values::Type;

const WHO: fn() -> (ServerId, AccountId) = || (auth_id(), ALICE);

fn headless() -> Account {
    Account {
        level: Level::Headless,
        user_name: String::new(),
        ..account(ALICE)
    }
}

/// A device with a headless account, which no factor server has met.
pub(super) fn unregistered() -> Wallet {
    Wallet {
        accounts: vec![headless()],
        registrations: vec![],
        ..enrolled()
    }
}

/// The same, but the factor server has met the device.
fn registered() -> Wallet {
    Wallet {
        accounts: vec![headless()],
        ..enrolled()
    }
}

/// An offer for an upgrade.
pub(super) fn upgrade_offer() -> Ead2 {
    Ead2 {
        announce: None,
        ..enrol_offer()
    }
}

fn begin(wallet: &Wallet) -> Result<Greeting, Refusal> {
    Greeting::new(wallet, WHO(), &[V1_0], &[V1_1, V1_2])
}

fn offered(wallet: &Wallet, offer: Ead2) -> Result<Equipping, Refusal> {
    let server = authenticated(wallet);
    begin(wallet)?
        .greeted(Verified::attest(offer), &server, TRANSCRIPT, wallet)
        .map(Commit::committed)
}

fn upgrading() -> Upgrading {
    let state = offered(&registered(), upgrade_offer()).expect("as it should be");
    let equipment = state.take(None).expect("it has its key");
    state.equipped(equipment).committed()
}

fn answering() -> Answering {
    upgrading().verified(Bytes(vec![0xa5])).committed()
}

fn settling() -> Settling {
    answering().sent()
}

fn admitted() -> Admitted {
    Admitted {
        ty: Type,
        account: ALICE,
        user_name: String::new(),
        level: Level::Full,
        rolling: Rolling([2; 16]),
    }
}

#[test]
fn it_begins_with_a_headless_account_and_the_versions_for_it() {
    let mine = &[V1_1, V1_2][..];
    let full = edited(registered(), |wallet| {
        wallet.accounts[0].level = Level::Full
    });
    for (name, wallet, who, versions, result) in [
        ("a headless account", registered(), WHO(), mine, Ok(())),
        (
            "a full one (HEADLESS-8)",
            full,
            WHO(),
            mine,
            refused(Code::FullAccount),
        ),
        (
            "nobody's",
            registered(),
            (auth_id(), BOB),
            mine,
            refused(Code::NoAccount),
        ),
        (
            "without 1.2 (HEADLESS-4)",
            registered(),
            WHO(),
            &[V1_1],
            refused(Code::UpgradeUnsupported),
        ),
        ("with 1.2 alone", registered(), WHO(), &[V1_2], Ok(())),
    ] {
        let begun = Greeting::new(&wallet, who, &[V1_0], versions);
        row(name, begun.map(drop), result);
    }
    let ead_1 = begin(&registered()).expect("begins").ead_1();
    assert_eq!((ead_1.purpose, ead_1.claim), (Purpose::Upgrade, None));
}

#[test]
fn the_offer_is_a_pin_and_a_voucher() {
    let edit = |edit: fn(&mut Ead2)| edited(upgrade_offer(), edit);
    let wrong = refused(Code::Structure);
    for (name, offer, result) in [
        ("as it should be", upgrade_offer(), Ok(())),
        (
            "an announce info",
            edit(|o| o.announce = Some(announce())),
            wrong,
        ),
        ("an account", edit(|o| o.account = Some(ALICE)), wrong),
        ("no policy", edit(|o| o.policy = None), wrong),
        (
            "biometrics too",
            edit(|o| o.policy.as_mut().unwrap().factors = 3),
            wrong,
        ),
        (
            "biometrics",
            edit(|o| o.policy.as_mut().unwrap().factors = 2),
            wrong,
        ),
        ("no voucher", edit(|o| o.voucher = None), wrong),
        (
            "another version",
            edit(|o| o.version = V1_1),
            refused(Code::WrongVersion),
        ),
    ] {
        row(name, offered(&registered(), offer).map(drop), result);
    }
}

#[test]
fn a_key_is_made_where_the_factor_server_has_not_met_the_device() {
    let fresh = offered(&unregistered(), upgrade_offer()).expect("as it should be");
    let known = offered(&registered(), upgrade_offer()).expect("as it should be");
    let new = key::registration().public();
    assert_eq!(fresh.key_needed(), Some(factor_id()));
    assert_eq!(known.key_needed(), None);
    for (name, state, key, result) in [
        ("a new one", &fresh, Some(new), Ok(())),
        ("none", &fresh, None, refused(Code::NotAsked)),
        (
            "the account's own (KEY-1)",
            &fresh,
            Some(key::device().public()),
            refused(Code::InvalidKey),
        ),
        ("the known one", &known, None, Ok(())),
        ("one too many", &known, Some(new), refused(Code::NotAsked)),
    ] {
        row(name, state.take(key).map(drop), result);
    }
    let equipment = fresh.take(Some(new)).expect("needed");
    let registration = Registration {
        server: factor_id(),
        key: new,
        request_number: 0,
        factors: Factors::default(),
    };
    let commit = fresh.equipped(equipment);
    assert_eq!(commit.updates(), [Update::Registered(registration)]);
}

/// HEADLESS-4: the version that both agree on, before message_3.
#[test]
fn an_old_factor_server_is_told_nothing() {
    let wallet = edited(registered(), |wallet| {
        let old = edited(factor_parameters(), |p| p.versions = vec![V1_1]);
        wallet.servers[1] = known(old);
    });
    let offer = Ead2 {
        version: V1_1,
        epoch: 1,
        policy: None,
        announce: None,
        ..login_offer()
    };
    let login = edited(upgrading().errand(), |errand| {
        errand.purpose = Purpose::Login
    });
    for (name, errand, result) in [
        (
            "an upgrade",
            upgrading().errand(),
            refused(Code::UpgradeUnsupported),
        ),
        ("a login", login, Ok(())),
    ] {
        let visit = Visit::new(errand, &wallet).expect("registered");
        let entry = Entry::Ask(FactorResult::Failed);
        let greeting = visit.greet(&wallet, &[V1_1, V1_2], entry);
        let expected = greeting.expected(&wallet);
        let server = authenticate(&expected, None, 1, NOW, &P256).expect("known");
        let greeted = greeting.greeted(&Verified::attest(offer.clone()), &server, &wallet);
        row(name, greeted.map(drop), result);
    }
}

#[test]
fn the_factor_is_given_for_this_account_in_this_handshake() {
    let errand = upgrading().errand();
    let input = BindInput {
        server: auth_id(),
        context: TRANSCRIPT.0,
        account: Some(ALICE),
        purpose: Purpose::Upgrade,
        session: None,
        announce: None,
        user_input: None,
        decision: None,
        intent: None,
    };
    assert_eq!(errand.bind, input.bind());
    assert_eq!(errand.purpose, Purpose::Upgrade);
    assert_eq!(
        (errand.factor_server, errand.audience),
        (factor_id(), auth_id())
    );
    assert_eq!(errand.voucher, Some(Bytes(vec![0x70])));
}

#[test]
fn the_statement_is_the_assertion_and_the_counter() {
    let commit = upgrading().verified(Bytes(vec![0xa5]));
    let (server, account) = WHO();
    let counter = Update::Counter {
        server,
        account,
        counter: 42,
    };
    assert_eq!(commit.updates(), [counter]); // CLN-1
    let expected = crate::messages::handshake::Statement {
        assertion: Some(Bytes(vec![0xa5])),
        counter: Some(42),
        rolling: Some(Rolling([1; 16])),
        ..crate::messages::handshake::Statement::bare(Purpose::Upgrade)
    };
    assert_eq!(*commit.committed().statement(), expected);
}

#[test]
fn only_a_full_account_of_the_same_id_is_a_success() {
    let edit = |edit: fn(&mut Admitted)| edited(admitted(), edit);
    let wrong = refused(Code::Structure);
    for (name, said, result) in [
        ("full", admitted(), Ok(())),
        ("headless still", edit(|a| a.level = Level::Headless), wrong),
        ("another account", edit(|a| a.account = BOB), wrong),
    ] {
        let outcome = settling().admitted(Verified::attest(said));
        row(name, outcome.map(drop), result);
    }
    let commit = settling()
        .admitted(Verified::attest(admitted()))
        .expect("full");
    let mut wallet = registered();
    for update in commit.updates() {
        wallet.apply(update.clone());
    }
    let expected = Account {
        level: Level::Full,
        rolling: Rolling([2; 16]),
        ..headless()
    };
    assert_eq!(wallet.accounts, [expected]); // HEADLESS-7: "Id and key stay."
    let name = AccountName {
        id: ALICE,
        user_name: String::new(),
    };
    assert_eq!(commit.committed(), Outcome::Upgraded(name));
}

#[test]
fn a_refusal_leaves_it_headless() {
    for code in [
        Code::AssertionUsed,
        Code::AssertionExpired,
        Code::CloneSuspected,
    ] {
        let refused = Refused {
            ty: Type,
            error: code.number(),
        };
        let commit = settling().refused(&Verified::attest(refused));
        assert_eq!(commit.updates(), []);
        assert_eq!(commit.committed(), Outcome::Failed(code));
    }
}

/// HEADLESS-13: an upgrade was committed and its answer lost.
#[test]
fn a_refusal_with_507_says_that_it_is_full() {
    let refused = Refused {
        ty: Type,
        error: Code::FullAccount.number(),
    };
    let commit = settling().refused(&Verified::attest(refused));
    let mut wallet = registered();
    for update in commit.updates() {
        wallet.apply(update.clone());
    }
    let expected = Account {
        level: Level::Full,
        ..headless()
    };
    assert_eq!(wallet.accounts, [expected]);
    assert_eq!(commit.committed(), Outcome::Failed(Code::FullAccount));
}
