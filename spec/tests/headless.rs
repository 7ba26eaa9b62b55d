//! A walk through a headless account: a device without a user gets a second factor.
//!
//! Everything is real but the network and the stores; `cast` holds the parties.

mod cast;

use cast::app::data;
use cast::{World, failed};
use countersign::auth::AccountLevel;
use countersign::device::{
    AccountName, Event, FactorContext, FactorResult, Outcome, UpgradeProgress,
};
use countersign::error::Code;
use countersign::registry::{FACTOR_VERSIONS, Level, UPGRADE_VERSION};
use countersign::values::AccountId;

/// How many wrong PINs this factor server takes.
const ATTEMPTS: u32 = 3;
const PIN: &str = "2580";

#[test]
fn from_a_device_without_a_user_to_a_full_account() {
    // The first request for data makes an account. The data service is told its level.
    let mut world = World::new(ATTEMPTS);
    let account = world.headless();
    assert_eq!(world.auth.account(account).level, AccountLevel::Headless);
    let key = world.auth.account(account).key;
    assert_eq!(world.auth.forwarded[0].caller.level, Level::Headless);
    assert_eq!(world.serve(0, b"hi"), [data(0, b"hi")]);

    // The user wants more than a device can prove. The auth server has a voucher for a
    // first PIN; the factor server has never met this device, so it needs a key there.
    let [Event::Upgrade(UpgradeProgress::KeyNeeded { factor_server })] = world.upgrade(account)[..]
    else {
        panic!("a key is needed");
    };
    assert_eq!(factor_server, world.factor.named().server);

    // Waits for input: nothing is registered, so a first PIN is set.
    let [Event::SecondFactor(request)] = world.equip()[..] else {
        panic!("a factor is due");
    };
    assert_eq!(request.context, FactorContext::FirstSet);
    assert!(request.retry && !request.stopped);

    // Processing; done. Both sides say the same, and id and key are what they were.
    let told = world.enter(PIN);
    let [
        Event::Upgrade(UpgradeProgress::Processing),
        Event::SecondFactor(set),
        Event::Finished(Outcome::Upgraded(name)),
    ] = &told[..]
    else {
        panic!("full: {told:?}");
    };
    assert_eq!(set.result, FactorResult::Success);
    assert_eq!(name.id, account);
    assert_eq!(world.auth.account(account).level.level(), Level::Full);
    assert_eq!(world.auth.account(account).key, key);
    assert_eq!(world.level(account), Level::Full);

    // The channel is what it was; the level is what it is now (DATA-9).
    let (id, told) = world.get(b"more", None);
    assert_eq!(told, []);
    assert_eq!(world.auth.forwarded[1].caller.level, Level::Full);
    assert_eq!(world.serve(1, b"here"), [data(id, b"here")]);

    // There is nothing more to upgrade.
    assert_eq!(world.upgrade(account), [failed(Code::FullAccount)]);
    // It may log in with its PIN now.
    let code = world.ask("Log in at example.com");
    world.scan(&code);
    world.confirm();
    let told = world.enter(PIN);
    let Some(Event::Finished(Outcome::Confirmed(who))) = told.last() else {
        panic!("logged in: {told:?}");
    };
    assert_eq!(who.id, account);
}

/// HEADLESS-4: whoever does not allow version 1.2 is refused before anything has changed.
#[test]
fn both_sides_have_to_support_it() {
    let old: Vec<_> = FACTOR_VERSIONS
        .iter()
        .copied()
        .filter(|version| *version < UPGRADE_VERSION)
        .collect();
    // This device's own list: not even the auth server is asked.
    let mut world = World::new(ATTEMPTS);
    let account = world.headless();
    world.phone.allow_factor_versions(&old);
    let before = (world.auth.account(account).clone(), world.wire.len());
    let refused = [failed(Code::UpgradeUnsupported)];
    assert_eq!(world.upgrade(account), refused);
    let after = (world.auth.account(account).clone(), world.wire.len());
    assert_eq!(before, after);

    // The factor server's: its message_2 says so, and no message_3 follows.
    let mut world = World::new(ATTEMPTS);
    let account = world.headless();
    world.factor.allow_versions(&old);
    let before = (
        world.auth.account(account).clone(),
        world.phone.disk.accounts.clone(),
    );
    world.upgrade(account);
    assert_eq!(world.equip(), refused);
    let after = (
        world.auth.account(account).clone(),
        world.phone.disk.accounts.clone(),
    );
    assert_eq!(before, after);
    assert!(world.factor.records.is_empty());
}

/// HEADLESS-7: the app may be killed before or after any single thing that it does. The
/// account is headless and whole until it is full, and the upgrade is begun again.
#[test]
fn an_upgrade_survives_the_app_at_every_step() {
    let mut steps = 0;
    loop {
        let mut world = World::new(ATTEMPTS);
        let account = world.headless();
        let before = world.phone.disk.accounts[0].clone();
        world.die_after(steps);
        let whole = upgraded(&mut world, account);
        if !world.died() {
            assert!(whole, "nothing was in its way");
            break;
        }
        let now = world.phone.disk.accounts[0].clone();
        assert_eq!((now.id, now.key), (before.id, before.key), "step {steps}");
        if now.level == Level::Headless {
            assert!(upgraded(&mut world, account), "step {steps}");
        }
        // One account, one record, one voucher, and no attempt lost.
        assert_eq!(world.level(account), Level::Full, "step {steps}");
        assert_eq!(world.auth.account(account).level.level(), Level::Full);
        assert_eq!((world.auth.accounts(), world.factor.records.len()), (1, 1));
        assert_eq!(world.factor.vouchers.len(), 1);
        for record in world.factor.records.values() {
            assert_eq!(record.lockout.failed_attempts, 0);
        }
        steps += 1;
    }
    assert!(steps > 20, "it died everywhere: {steps}");
}

/// The network breaks instead of the app: nothing is asked of the user again but the PIN.
#[test]
fn an_answer_that_is_lost_is_asked_for_again() {
    let mut world = World::new(ATTEMPTS);
    let account = world.headless();
    world.upgrade(account);
    world.equip();
    // The auth server has committed; its answer is lost, and message_3 gets it again.
    world.lose_last_answer();
    let told = world.enter(PIN);
    assert!(
        !told.iter().any(|event| matches!(event, Event::Finished(_))),
        "no success before the server has said so: {told:?}"
    );
    assert_eq!(world.level(account), Level::Headless);
    let told = world.reconnect();
    let [Event::Finished(Outcome::Upgraded(_))] = &told[..] else {
        panic!("done: {told:?}");
    };
}

/// HEADLESS-13: the answer was lost with the app, and nobody upgrades again.
#[test]
fn a_device_learns_that_its_account_is_full() {
    let mut world = World::new(ATTEMPTS);
    let account = world.headless();
    world.upgrade(account);
    world.equip();
    world.lose_last_answer();
    world.enter(PIN);
    world.restart();
    assert_eq!(world.level(account), Level::Headless);
    assert_eq!(world.auth.account(account).level.level(), Level::Full);
    // Its next request for data is refused, and the device knows why.
    let (_, told) = world.get(b"more", None);
    assert!(told.contains(&failed(Code::FullAccount)), "{told:?}");
    assert_eq!(world.level(account), Level::Full);
    // From here on it is an account like any other: its data needs a PIN.
    let name = AccountName {
        id: account,
        user_name: String::new(),
    };
    world.open_data(&name);
    let admitted = Event::Finished(Outcome::Admitted(name));
    assert_eq!(world.enter(PIN).last(), Some(&admitted));
}

#[test]
fn what_fails_leaves_it_headless() {
    // The user thinks better of it.
    let mut world = World::new(ATTEMPTS);
    let account = world.headless();
    world.upgrade(account);
    world.equip();
    let effects = world.phone.device.cancel_factor().expect("asked for");
    assert_eq!(world.carry_out(effects), [failed(Code::Cancelled)]);
    assert_eq!(world.level(account), Level::Headless);
    assert_eq!(world.auth.account(account).level, AccountLevel::Headless);

    // The device has forgotten that its record exists: the PIN of a try that was interrupted
    // behind CREATE is verified, wrong ones count, and a blocked record upgrades nothing.
    world.upgrade(account);
    world.lose_next_answer();
    world.enter(PIN);
    world.restart();
    let [Event::SecondFactor(request)] = world.upgrade(account)[..] else {
        panic!("no key is needed twice");
    };
    assert_eq!(request.context, FactorContext::Verify);
    for _ in 1..ATTEMPTS {
        world.enter("0000");
    }
    assert_eq!(world.enter("0000").last(), Some(&failed(Code::Blocked)));
    assert_eq!(world.level(account), Level::Headless);
    assert_eq!(world.auth.account(account).level, AccountLevel::Headless);
}

/// The whole upgrade, as far as the app lives. Whether it is done.
fn upgraded(world: &mut World, account: AccountId) -> bool {
    let mut told = world.upgrade(account);
    if let Some(Event::Upgrade(UpgradeProgress::KeyNeeded { .. })) = told.last() {
        told = world.equip();
    }
    if let Some(Event::SecondFactor(_)) = told.last() {
        told = world.enter(PIN);
    }
    matches!(told.last(), Some(Event::Finished(Outcome::Upgraded(_))))
}
