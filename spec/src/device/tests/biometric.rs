//! Biometrics on the device, and what a status tells it: DEV-9, DEV-15 to DEV-21, CHG-3, PIN-4.

use super::*;
use crate::crypto::{PublicKey, Signature};
use crate::device::event::FactorResult;
use crate::device::second_factor::{
    Asking, Entry, Errand, Judged, Next, Opened, Opening, Setting, Verifying, Visit,
};
use crate::messages::BindInput;
use crate::messages::factor::{RecordStatus, Status, Verdict};
use crate::registry::{Factor, Purpose};
use crate::values::{Bind, ChannelBinding, Type};

const ONE: Signature = Signature([1; 64]);
const CHANNEL: ChannelBinding = ChannelBinding([3; 32]);

/// A phone with biometrics, and an app that offers them.
const USABLE: Setting = Setting {
    channel: CHANNEL,
    biometrics: true,
    pin_change_by_biometric: false,
};

fn k_bio() -> PublicKey {
    Key::of(0xb1).public()
}

fn other() -> PublicKey {
    Key::of(0xb2).public()
}

/// A device that knows this of its factors.
fn knowing(biometric: Option<PublicKey>, pending: Option<Pending>) -> Wallet {
    edited(enrolled(), |wallet| {
        wallet.registrations[0].factors = Factors { biometric, pending };
    })
}

fn errand(purpose: Purpose, biometric: bool) -> Errand {
    Errand {
        factor_server: factor_id(),
        uri: String::from("factor.example"),
        audience: auth_id(),
        purpose,
        bind: Bind([0xbd; 32]),
        session: Some(SESSION),
        voucher: None,
        biometric,
    }
}

fn login(wallet: &Wallet) -> Visit {
    Visit::new(errand(Purpose::Login, true), wallet).expect("registered")
}

fn managing(wallet: &Wallet, management: Management) -> Visit {
    Visit::manage(factor_id(), management, wallet).expect("registered")
}

fn opening(visit: Visit, entry: Entry) -> Opening {
    let wallet = enrolled();
    let greeting = visit.greet(&wallet, &[V1_1, V1_2], entry);
    let server = authenticate(&greeting.expected(&wallet), None, 1, NOW, &P256).expect("known");
    let offer = Ead2 {
        version: V1_2,
        epoch: 1,
        announce: None,
        policy: None,
        ..login_offer()
    };
    let commit = greeting.greeted(&Verified::attest(offer), &server, &wallet);
    commit.expect("the offer is right").committed()
}

const RECORD: RecordStatus = RecordStatus {
    generation: 4,
    request_number: 5,
    failed_attempts: 0,
    blocked: false,
    delay_s: 0,
    biometrics: true,
    pin_needed: false,
};

/// What the server has, with or without a `K_bio`.
fn with(biometrics: bool) -> RecordStatus {
    RecordStatus {
        biometrics,
        pin_needed: !biometrics,
        ..RECORD
    }
}

fn status(record: RecordStatus) -> Verified<Status> {
    Verified::attest(Status {
        ty: Type,
        store_epoch: 7,
        max_attempts: 3,
        record: Some(record),
    })
}

fn opened(visit: Visit, record: RecordStatus, setting: &Setting) -> Result<Opened, Refusal> {
    let entry = Entry::Ask(FactorResult::Failed);
    opening(visit, entry).status(&status(record), setting)
}

fn asking(visit: Visit, record: RecordStatus, setting: &Setting) -> Asking {
    match opened(visit, record, setting).map(|opened| opened.next.committed()) {
        Ok(Next::Ask(asking)) => asking,
        other => panic!("nothing is asked for: {other:?}"),
    }
}

fn verdict(verifying: &Verifying, outcome: u16, edit: impl FnOnce(&mut Verdict)) -> Verdict {
    let verdict = Verdict {
        ty: Type,
        request_number: verifying.request().request_number,
        outcome,
        failed_attempts: 0,
        max_attempts: 3,
        blocked: false,
        delay_s: 0,
        pin_needed: false,
        assertion: None,
    };
    edited(verdict, edit)
}

/// DEV-16: each condition alone takes the offer back.
#[test]
fn a_biometric_is_offered_exactly_where_it_may_be() {
    let has = knowing(Some(k_bio()), None);
    let for_purpose =
        |purpose, biometric| Visit::new(errand(purpose, biometric), &has).expect("registered");
    let without = Setting {
        biometrics: false,
        ..USABLE
    };
    let pin_needed = RecordStatus {
        pin_needed: true,
        ..RECORD
    };
    let lax = Setting {
        pin_change_by_biometric: true,
        ..USABLE
    };
    let change = managing(&has, Management::ChangePin);
    for (name, visit, record, setting, offered) in [
        ("all hold", login(&has), RECORD, USABLE, true),
        (
            "none the OS or the app has",
            login(&has),
            RECORD,
            without,
            false,
        ),
        ("a PIN is needed", login(&has), pin_needed, USABLE, false),
        (
            "the policy wants the PIN",
            for_purpose(Purpose::Login, false),
            RECORD,
            USABLE,
            false,
        ),
        (
            "an enrolment",
            for_purpose(Purpose::Enrol, true),
            RECORD,
            USABLE,
            false,
        ),
        (
            "an action",
            for_purpose(Purpose::Action, true),
            RECORD,
            USABLE,
            true,
        ),
        (
            "a removal",
            managing(&has, Management::RemoveBiometrics),
            RECORD,
            USABLE,
            true,
        ),
        ("another PIN", change.clone(), RECORD, USABLE, false),
        ("another PIN, if the app agrees", change, RECORD, lax, true),
        (
            "another finger (CHG-3)",
            managing(&has, Management::AddBiometrics(other())),
            RECORD,
            lax,
            false,
        ),
        (
            "no `K_bio` here",
            login(&knowing(None, None)),
            with(false),
            USABLE,
            false,
        ),
    ] {
        let asking = asking(visit, record, &setting);
        row(name, asking.event().show_biometrics, offered);
        row(name, asking.biometric().is_ok(), offered); // DEV-17
    }
}

/// DEV-9: a biometric that unblocks keeps the flow open; without one it is over.
#[test]
fn blocked_listens_to_a_biometric_alone() {
    let has = knowing(Some(k_bio()), None);
    let blocked = RecordStatus {
        failed_attempts: 3,
        blocked: true,
        ..RECORD
    };
    let asking = asking(login(&has), blocked.clone(), &USABLE);
    let event = asking.event();
    assert!(event.attempts.blocked() && event.retry && !event.stopped);
    assert_eq!(asking.takes_pin(), refused(Code::Blocked));
    let closed = RecordStatus {
        pin_needed: true,
        ..blocked
    };
    let over = opened(login(&has), closed, &USABLE).expect("a status");
    let Next::Blocked(event) = over.next.committed() else {
        panic!("nothing would be evaluated");
    };
    assert!(event.stopped && !event.retry);
    // The same after a verdict.
    for (pin_needed, listens) in [(false, true), (true, false)] {
        let verifying = super::biometric::asking(login(&has), RECORD, &USABLE).verify(ONE);
        let wrong = verdict(&verifying, 410, |verdict| {
            (verdict.failed_attempts, verdict.blocked) = (3, true);
            verdict.pin_needed = pin_needed;
        });
        let judged = verifying.verdict(Verified::attest(wrong), &USABLE);
        assert_eq!(
            matches!(judged, Ok(Judged::Again(_))),
            listens,
            "{judged:?}"
        );
    }
}

#[test]
fn k_bio_signs_what_the_pin_would() {
    let has = knowing(Some(k_bio()), None);
    let asking = asking(login(&has), RECORD, &USABLE);
    let proof = asking.proof();
    let proving = asking.clone().prove().expect("offered");
    assert_eq!((proving.key(), proving.proof()), (k_bio(), proof));
    assert_eq!(proving.clone().cancelled(), asking); // DEV-17: nothing sent or counted
    assert_eq!(proving.verify(ONE).request().factor, Factor::Biometric);
}

/// DEV-20, DEV-21.
#[test]
fn a_biometric_that_was_refused_is_not_counted() {
    let has = knowing(Some(k_bio()), None);
    let refused_with = |code| {
        let asking = asking(login(&has), RECORD, &USABLE);
        asking.prove().expect("offered").verify(ONE).refused(code)
    };
    for code in [Code::PinNeeded, Code::BiometricsClosed] {
        let commit = refused_with(code).expect("asked again");
        assert_eq!(commit.updates(), []);
    }
    for code in [Code::WrongBiometric, Code::FactorNotRegistered] {
        let commit = refused_with(code).expect("asked again");
        let forgotten = Update::Factors {
            server: factor_id(),
            factors: Factors::default(),
        };
        assert_eq!(commit.updates(), [forgotten]);
        // The server still has one: it is told that nobody can use it.
        let opened = commit.committed().status(&status(RECORD), &USABLE);
        let next = opened.expect("a status").next.committed();
        assert!(matches!(next, Next::Clear(_)), "{next:?}");
    }
    let other = refused_with(Code::AssertionBind);
    assert_eq!(other.map(drop), refused(Code::AssertionBind));
    let pin = asking(login(&has), RECORD, &USABLE).verify(ONE);
    assert_eq!(
        pin.refused(Code::PinNeeded).map(drop),
        refused(Code::PinNeeded)
    );
}

/// DEV-19, DEV-20: what each status tells, and what is then known.
#[test]
fn a_status_settles_what_was_not_known() {
    let pin = |generation, biometric| {
        Some(Pending::Pin {
            generation,
            biometric,
        })
    };
    let add = |key| Some(Pending::Biometric(key));
    let (mine, new) = (Some(k_bio()), Some(other()));
    let (yes, no) = (with(true), with(false));
    let table: [(_, _, _, &RecordStatus, &[News], _, _); 13] = [
        ("nothing new", mine, None, &yes, &[], mine, false),
        ("nothing at all", None, None, &no, &[], None, false),
        (
            "the new PIN",
            None,
            pin(4, None),
            &no,
            &[News::NewPin],
            None,
            false,
        ),
        (
            "the old PIN",
            None,
            pin(5, None),
            &no,
            &[News::OldPin],
            None,
            false,
        ),
        (
            "the new PIN keeps the finger",
            mine,
            pin(4, None),
            &yes,
            &[News::NewPin],
            mine,
            false,
        ),
        (
            "the new PIN brings one",
            mine,
            pin(4, new),
            &yes,
            &[News::NewPin, News::BiometricsAdded],
            new,
            false,
        ),
        (
            "the old PIN keeps the old one",
            mine,
            pin(5, new),
            &yes,
            &[News::OldPin],
            mine,
            false,
        ),
        (
            "added",
            None,
            add(other()),
            &yes,
            &[News::BiometricsAdded],
            new,
            false,
        ),
        ("not added", None, add(other()), &no, &[], None, false),
        (
            "one of two: neither",
            mine,
            add(other()),
            &yes,
            &[News::BiometricsGone],
            None,
            true,
        ),
        (
            "none of two",
            mine,
            add(other()),
            &no,
            &[News::BiometricsGone],
            None,
            false,
        ),
        (
            "the server has forgotten it",
            mine,
            None,
            &no,
            &[News::BiometricsGone],
            None,
            false,
        ),
        (
            "nobody can use it (CHG-7)",
            None,
            None,
            &yes,
            &[],
            None,
            true,
        ),
    ];
    for (name, biometric, pending, record, news, known, clears) in table {
        let before = Factors { biometric, pending };
        let wallet = knowing(biometric, pending);
        let check = managing(&wallet, Management::Check);
        let opened = opened(check, record.clone(), &USABLE).expect("a status");
        row(name, &opened.news[..], news);
        let after = Factors {
            biometric: known,
            pending: None,
        };
        let stored = (before != after).then_some(Update::Factors {
            server: factor_id(),
            factors: after,
        });
        row(name, opened.next.updates(), stored.as_slice());
        let next = opened.next.committed();
        row(name, matches!(next, Next::Clear(_)), clears);
        if let Next::Clear(clearing) = next {
            let still = clearing.clone().status(&status(with(true)), &USABLE);
            row(name, still.map(drop), refused(Code::Structure));
            let cleared = clearing.status(&status(with(false)), &USABLE);
            let next = cleared.expect("a status").next.committed();
            row(name, next, Next::Checked);
        }
    }
}

/// CHG-2, DEV-15, DEV-18.
#[test]
fn a_change_is_verified_for_its_channel() {
    let wallet = knowing(Some(k_bio()), None);
    for (management, purpose) in [
        (Management::ChangePin, Purpose::PinChange),
        (Management::AddBiometrics(other()), Purpose::BiometricsAdd),
        (Management::RemoveBiometrics, Purpose::BiometricsRemove),
    ] {
        let asking = asking(managing(&wallet, management), RECORD, &USABLE);
        assert_eq!(asking.event().session, None);
        let verifying = asking.verify(ONE);
        let request = verifying.request();
        let input = BindInput::management(factor_id(), CHANNEL, purpose);
        assert_eq!((request.purpose, request.bind), (purpose, input.bind()));
        assert_eq!(request.audience, factor_id());
        let (_, entry) = verifying.clone().reconnect();
        assert_eq!(entry, Entry::Ask(FactorResult::Error)); // DEV-18
        let with_assertion = verdict(&verifying, 0, |v| v.assertion = Some(Bytes(vec![])));
        let judged = verifying
            .clone()
            .verdict(Verified::attest(with_assertion), &USABLE);
        assert_eq!(judged.map(drop), refused(Code::Structure)); // DEV-15
        let plain = verdict(&verifying, 0, |_| {});
        let judged = verifying.verdict(Verified::attest(plain), &USABLE);
        match (management, judged.expect("verified")) {
            (Management::ChangePin, Judged::NewPin(asking)) => {
                assert_eq!(asking.generation(), 5);
                assert!(asking.with_biometrics());
            }
            (Management::AddBiometrics(key), Judged::Add(possessing)) => {
                let statement = possessing.statement();
                assert_eq!((statement.key, statement.channel), (key, CHANNEL));
                assert_eq!(statement.generation, 4);
                let commit = possessing.signed(ONE);
                let [Update::Factors { factors, .. }] = commit.updates() else {
                    panic!("DEV-19: stored before it is sent");
                };
                assert_eq!(factors.pending, Some(Pending::Biometric(key)));
            }
            (Management::RemoveBiometrics, Judged::Remove(_)) => {}
            (_, other) => panic!("another change: {other:?}"),
        }
    }
}

/// DEV-16, CHG-3: a PIN change that a biometric verified brings no biometric.
#[test]
fn no_finger_on_the_word_of_a_finger() {
    let lax = Setting {
        pin_change_by_biometric: true,
        ..USABLE
    };
    let wallet = knowing(Some(k_bio()), None);
    let asking = asking(managing(&wallet, Management::ChangePin), RECORD, &lax);
    let verifying = asking.prove().expect("offered").verify(ONE);
    let plain = verdict(&verifying, 0, |_| {});
    let Ok(Judged::NewPin(asking)) = verifying.verdict(Verified::attest(plain), &lax) else {
        panic!("verified");
    };
    assert!(!asking.with_biometrics());
}

/// KEY-1, and what a device does not know.
#[test]
fn a_change_needs_a_record_and_a_key_of_its_own() {
    let wallet = enrolled();
    let manage = |wallet, management| Visit::manage(factor_id(), management, wallet).map(drop);
    let taken = Management::AddBiometrics(key::device().public());
    assert_eq!(manage(&wallet, taken), refused(Code::InvalidKey));
    let stranger = Wallet::default();
    let check = Management::Check;
    assert_eq!(manage(&stranger, check), refused(Code::UnknownRecord));
    let removal = managing(&wallet, Management::RemoveBiometrics);
    let none = opened(removal, with(false), &USABLE);
    assert_eq!(none.map(drop), refused(Code::FactorNotRegistered));
}
