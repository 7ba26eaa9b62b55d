//! Walks through actions and credentials: the backend asks, the phone shows, the user
//! answers, the backend completes. Everything is real but the network and the stores.

mod cast;

use cast::actions::{LIMITS, transfer};
use cast::auth::PIN;
use cast::{World, failed};
use countersign::auth::action::{ActionFacts, Rule, decide_action};
use countersign::device::action::Question;
use countersign::device::{AccountName, Event, FactorContext, FactorResult, Outcome};
use countersign::error::{Code, Refusal};
use countersign::messages::action::Token;
use countersign::registry::Decision;

const ATTEMPTS: u32 = 5;

/// A phone on which Alice has an account, with a `K_act` if she wants one.
fn enrolled(with_approval_key: bool) -> (World, AccountName) {
    let mut world = World::new(ATTEMPTS);
    world.phone.wants_approval_key = with_approval_key;
    let alice = world.enrolled("alice", "2580");
    (world, alice)
}

fn question(events: &[Event]) -> &Question {
    match events {
        [Event::ConfirmAction(question)] => question,
        other => panic!("one question: {other:?}"),
    }
}

fn approved(events: &[Event]) -> Token {
    match events.last() {
        Some(Event::Finished(Outcome::Approved(token))) => *token,
        other => panic!("not approved: {other:?}"),
    }
}

#[test]
fn an_action_is_approved_and_completed_once() {
    let (mut world, alice) = enrolled(true);
    assert!(world.stored(alice.id).approval_key.is_some());

    // The backend asks. Its page shows 42; the app hands the token to the phone's SDK,
    // which shows what it is about, and three numbers.
    let token = world.transfer(1, Some(42), None).expect("asked");
    let events = world.hand_over(&alice, token);
    let shown = question(&events);
    assert_eq!(shown.code, "transfer");
    assert_eq!(shown.shown.strings["amount"], "100 EUR");
    assert_eq!(shown.choices, Some(vec![7, 42, 99]));
    assert!(shown.user_authentication && !shown.second_factor);

    // A number that is not shown, or none, is no answer.
    assert_eq!(world.approve(Some(43)), [failed(Code::NotAsked)]);
    assert_eq!(world.approve(None), [failed(Code::NotAsked)]);

    // Alice says 42, and then cancels the OS's prompt: nothing is sent, and the question is
    // still open (CRD-5).
    world.phone.unwilling = true;
    let sent = world.wire.len();
    assert_eq!(world.approve(Some(42)), [Event::PromptCancelled]);
    assert_eq!(world.wire.len(), sent);
    assert_eq!(world.auth.decisions(), [None]);

    // Once more, with a finger on the sensor: K_act signs.
    let token = approved(&world.approve(Some(42)));
    assert_eq!(world.auth.decisions(), [Some(Decision::Confirm)]);

    // The app gives the token to the backend, which completes the action by it, once (TOK-3).
    let completed = world.complete(token, "transfer 1").expect("valid");
    assert_eq!(completed.account, alice.id);
    assert_eq!(world.complete(token, "transfer 1"), Ok(completed));
    let again = world.complete(token, "transfer 2");
    assert_eq!(again, Err(Code::TokenConsumed));
}

#[test]
fn a_device_without_an_approval_key_answers_by_its_own() {
    let (mut world, alice) = enrolled(false);
    let token = world.transfer(1, None, None).expect("asked");
    let events = world.hand_over(&alice, token);
    assert!(!question(&events).user_authentication);
    let token = approved(&world.approve(None));
    assert!(world.complete(token, "transfer 1").is_ok());
}

#[test]
fn what_needs_user_authentication_is_not_just_allowed() {
    for (has_key, result) in [(true, Err(Code::AllowForbidden)), (false, Ok(()))] {
        let (world, _) = enrolled(has_key);
        let credentials = world.auth.store.credentials.values().next();
        let facts = ActionFacts {
            credentials,
            ..ActionFacts::default()
        };
        let decided = decide_action(&LIMITS, facts, transfer(1), Rule::Allow, [1; 32], world.now);
        let decided = decided.map(drop).map_err(|Refusal(code)| code);
        assert_eq!(decided, result, "ACT-4");
    }
}

#[test]
fn a_challenge_may_demand_a_fresh_factor() {
    let (mut world, alice) = enrolled(true);
    let token = world.transfer(1, None, Some(PIN)).expect("asked");
    let events = world.hand_over(&alice, token);
    assert!(question(&events).second_factor);

    // The yes comes first; the PIN is for this very answer (ACT-10).
    let [Event::SecondFactor(request)] = world.approve(None)[..] else {
        panic!("a factor is due");
    };
    assert_eq!(request.context, FactorContext::Verify);
    assert_eq!(request.session, None);
    let [Event::SecondFactor(told)] = world.enter("0000")[..] else {
        panic!("once more");
    };
    assert_eq!(told.result, FactorResult::Failed);

    // It is right, but Alice cancels the OS's prompt. The question is open again, and a new
    // yes needs the PIN again: the first one was for an answer that was not given.
    world.phone.unwilling = true;
    let told = world.enter("2580");
    assert_eq!(told.last(), Some(&Event::PromptCancelled));
    world.approve(None);
    let token = approved(&world.enter("2580"));
    assert!(world.complete(token, "transfer 1").is_ok());
}

#[test]
fn a_rejection_may_report_a_fraud() {
    let (mut world, alice) = enrolled(true);
    let token = world.transfer(1, Some(42), Some(PIN)).expect("asked");
    world.hand_over(&alice, token);
    // No number and no PIN for a no (CHA-12).
    let rejected = Event::Finished(Outcome::Rejected);
    assert_eq!(world.reject(true), [rejected]);
    assert_eq!(world.auth.decisions(), [Some(Decision::Decline)]);
    // For a while nobody asks (ACT-8).
    let next = world.transfer(2, None, None);
    assert_eq!(next, Err(Refusal(Code::CoolingDown)));
    // What was answered is not shown again (CHA-2).
    let shown = world.hand_over(&alice, token);
    assert_eq!(shown, [failed(Code::ChallengeFinished)]);
}

#[test]
fn there_is_one_try_for_the_number() {
    let (mut world, alice) = enrolled(true);
    let token = world.transfer(1, Some(42), None).expect("asked");
    world.hand_over(&alice, token);
    assert_eq!(world.approve(Some(7)), [failed(Code::WrongNumber)]); // CHA-8
    assert_eq!(world.auth.decisions(), [Some(Decision::Decline)]);
}

#[test]
fn a_lost_answer_is_given_again() {
    for policy in [None, Some(PIN)] {
        for lost in ["the answer", "the reply to it"] {
            let (mut world, alice) = enrolled(true);
            let token = world.transfer(1, Some(42), policy).expect("asked");
            world.hand_over(&alice, token);
            match lost {
                "the answer" => world.lose_next_question(),
                _ => world.lose_last_answer(),
            }
            let mut told = world.approve(Some(42));
            if policy.is_some() {
                told = world.enter("2580");
            }
            // No success before the server has said so (HS-15).
            assert!(!matches!(told.last(), Some(Event::Finished(_))), "{told:?}");

            // In another channel it is another signature, and where a factor is demanded
            // another one of these; the user is not asked to decide again (CHA-14).
            let told = world.reconnect();
            let told = match policy {
                None => told,
                Some(_) => world.enter("2580"),
            };
            let token = approved(&told);
            assert_eq!(world.auth.decisions(), [Some(Decision::Confirm)]);
            assert!(world.complete(token, "transfer 1").is_ok(), "CHA-11");
        }
    }
}

#[test]
fn a_challenge_is_fetched_again_if_the_first_is_lost() {
    let (mut world, alice) = enrolled(false);
    let token = world.transfer(1, None, None).expect("asked");
    for nth in 0..2 {
        // message_2, and then the first record: both may be asked for again.
        world.lose_after(nth);
        assert_eq!(world.hand_over(&alice, token), []);
        question(&world.reconnect());
        world.abandon();
    }
}

#[test]
fn a_cancelled_prompt_leaves_an_enrolment_open() {
    let mut world = World::new(ATTEMPTS);
    world.phone.wants_approval_key = true;
    let invitation = world.invite("alice");
    let [Event::ConfirmEnrol(question)] = &world.scan(&invitation)[..] else {
        panic!("one question");
    };
    assert!(question.keys.may_approve);
    world.phone.unwilling = true;
    assert_eq!(world.agree(), [Event::PromptCancelled]);
    assert_eq!(world.phone.disk.enrolling, None, "nothing is stored");
    // The request is open: Alice agrees again.
    world.agree();
    let [.., Event::Finished(Outcome::Enrolled(alice))] = &world.enter("2580")[..] else {
        panic!("enrolled");
    };
    assert_eq!(
        world.auth.account(alice.id).approval_key,
        world.stored(alice.id).approval_key
    );
}

#[test]
fn a_second_credential_needs_the_scope_to_add_it() {
    let (mut world, alice) = enrolled(false);
    let invitation = world.invite("alice");
    world.scan(&invitation);
    world.agree();
    let told = world.enter("2580");
    assert_eq!(told.last(), Some(&failed(Code::ScopeMissing))); // CRD-2

    let invitation = world.invite_again("alice");
    world.scan(&invitation);
    world.agree();
    let [.., Event::Finished(Outcome::Enrolled(second))] = &world.enter("2580")[..] else {
        panic!("enrolled");
    };
    let own: Vec<_> = world.phone.device.credentials().collect();
    assert_eq!(own.len(), 2);
    assert_eq!(own[0].account, alice);
    assert_eq!(own[1].account, *second);
    assert_ne!(own[0].key, own[1].key);
}

/// Alice logs in with her PIN.
fn logs_in(world: &mut World, alice: &AccountName) {
    let code = world.ask("Log in at example.com");
    world.scan(&code);
    world.confirm();
    let told = world.enter("2580");
    let confirmed = Event::Finished(Outcome::Confirmed(alice.clone()));
    assert_eq!(told.last(), Some(&confirmed));
}

#[test]
fn a_credential_moves_to_a_new_key() {
    let (mut world, alice) = enrolled(true);
    let before = world.stored(alice.id).clone();
    let (new, told) = world.rotate(&alice);
    assert_eq!(told, [Event::Finished(Outcome::Rotated(alice.clone()))]);
    let after = world.stored(alice.id);
    assert_eq!((after.key, after.successor), (new, None));
    assert_eq!(after.approval_key, before.approval_key);
    assert_eq!(world.auth.account(alice.id).key, new);
    logs_in(&mut world, &alice);
    // The old key is good for nothing, and may not come back while it has a role.
    let again = world.rotate_to(&alice, new);
    assert_eq!(again, [failed(Code::InvalidKey)]);
}

#[test]
fn an_interrupted_rotation_is_resumed() {
    for steps in 0.. {
        let (mut world, alice) = enrolled(false);
        let old = world.stored(alice.id).key;
        world.die_after(steps);
        let (new, _) = world.rotate(&alice);
        if !world.died() {
            assert!(steps > 8, "it has that many steps");
            break;
        }
        let stored = world.stored(alice.id);
        let known = [Some(stored.key), stored.successor];
        let live = world.auth.account(alice.id).key;
        assert!(known.contains(&Some(live)), "CRD-10, after {steps} steps");
        match stored.successor {
            Some(successor) => {
                assert_eq!(successor, new);
                let rotated = Event::Finished(Outcome::Rotated(alice.clone()));
                assert_eq!(world.resume_rotation(&alice), [rotated], "{steps}");
                assert_eq!(world.stored(alice.id).key, new);
            }
            // It had not begun, or it was over.
            None => assert!([old, new].contains(&stored.key)),
        }
        assert_eq!(world.stored(alice.id).key, world.auth.account(alice.id).key);
        logs_in(&mut world, &alice);
    }
}

#[test]
fn a_rotation_whose_answer_is_lost_is_learned_of() {
    let (mut world, alice) = enrolled(false);
    world.lose_after(2);
    let (new, told) = world.rotate(&alice);
    assert_eq!(told, []);
    assert_eq!(world.stored(alice.id).successor, Some(new));
    let rotated = Event::Finished(Outcome::Rotated(alice.clone()));
    assert_eq!(world.reconnect(), [rotated]);
    assert_eq!(world.stored(alice.id).key, new);
    logs_in(&mut world, &alice);
}

#[test]
fn a_credential_is_deleted() {
    let (mut world, alice) = enrolled(false);
    let deleted = Event::Finished(Outcome::Deleted(alice.clone()));
    assert_eq!(world.delete(&alice), [deleted]);
    assert_eq!(world.phone.disk.accounts, []);
    assert_eq!(world.auth.accounts(), 0);
    // The name is free for a first credential again, and the record keeps its PIN.
    world.enrolled("alice", "2580");
}

#[test]
fn what_the_server_does_not_know_is_forgotten_by_hand() {
    let (mut world, alice) = enrolled(false);
    world.lose_after(2);
    assert_eq!(world.delete(&alice), []);
    assert_eq!(world.auth.accounts(), 0);
    // Nobody vouches for the refusal, so nothing is erased by it (HS-5).
    assert_eq!(world.reconnect(), [failed(Code::CredentialMismatch)]);
    assert_eq!(world.phone.disk.accounts.len(), 1);
    assert_eq!(world.forget(&alice), []);
    assert_eq!(world.phone.disk.accounts, []);
}
