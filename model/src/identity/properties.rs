//! What must hold, and what must be reachable so that it means something.

use countersign::auth::{EnrolmentState, SessionState, Standing};
use countersign::error::Code;
use stateright::Property;

use super::history::Fault;
use super::messages::{First, Party};
use super::promises::{L5, L6};
use super::state::{Line, Phone, Stage, State};
use super::world::{OWNERS, OWNERS_NEW_KEYS};
use super::{Identity, Scene};
use crate::keep::Kept;
use crate::report::Backs;

/// S1.
pub const S1: &str =
    "S1 nothing is granted but what an account's key has signed, in that session, to the letter";
/// S2.
pub const S2: &str =
    "S2 what a policy asks for is proved: the same bind, subject and purpose, fresh, once";
/// S3.
pub const S3: &str = "S3 a session is claimed by who knows its nonce, and leaves new once";
/// S4.
pub const S4: &str = "S4 the app is shown what the authenticated server has said";
/// S5.
pub const S5: &str = "S5 who completes agrees with its peer, each with one run";
/// S7.
pub const S7: &str = "S7 the device reports success only of what is committed";
/// S8.
pub const S8: &str =
    "S8 what was made for one server, account or purpose is not accepted for another";
/// S9.
pub const S9: &str = "S9 an enrolment has one key and one account, and a key one account";
/// S10.
pub const S10: &str = "S10 an account that is not active is granted nothing";
/// S12.
pub const S12: &str = "S12 what nobody has signed changes nothing stored";
/// F10.
pub const F10: &str =
    "F10 what asks for the owner's second factor is granted with the owner's PIN alone";
/// C6, CLN-7.
pub const C6: &str = "C6 a device of which there is no copy is never frozen";
/// SES-7, ENR-6.
pub const SES_7: &str = "SES-7 nothing is granted from the expiry on";
/// ENR-5.
pub const ENR_5: &str = "ENR-5 the key that an enrolment is bound to is never forgotten";

/// The requirements behind each.
pub const BACKS: &[Backs] = &[
    (S1, &["STM-1", "STM-2", "STM-3", "HS-13", "SES-6"]),
    (
        S2,
        &[
            "STM-7", "AST-3", "AST-4", "AST-5", "AST-6", "AST-8", "BND-1",
        ],
    ),
    (S3, &["SES-3", "SES-4", "SES-5"]),
    (S4, &["HS-10", "DEV-1"]),
    (S5, &["HS-12", "HS-14", "AST-8"]),
    (S7, &["HS-15", "DEV-14", "STO-2"]),
    (S8, &["STM-4", "AST-2", "HS-14"]),
    (S9, &["ENR-1", "ENR-2", "ENR-3", "ENR-7"]),
    (S10, &["STM-5", "CLN-5"]),
    (S12, &["HS-3", "HS-5"]),
    (F10, &["AST-5", "STM-7"]),
    (C6, &["CLN-1", "CLN-3", "CLN-4", "CLN-7"]),
    (SES_7, &["SES-7", "ENR-6"]),
    (ENR_5, &["ENR-2", "ENR-5"]),
    (L5, &["ENR-2", "ENR-5"]),
    (L6, &["SES-7"]),
];

/// All of them.
pub fn all() -> Vec<Property<Identity>> {
    vec![
        always(S1, |_, state| !state.history.has(Fault::Unsigned)),
        sometimes("S1 reached: the owner confirms", |_, state| {
            owners_session(state)
                .is_some_and(|it| matches!(it, SessionState::Confirmed(by) if by.account == OWNERS))
        }),
        sometimes("S1 reached: the owner declines", |_, state| {
            owners_session(state).is_some_and(|it| matches!(it, SessionState::Rejected(_)))
        }),
        sometimes(
            "S1 reached: other announce info is refused",
            |world, state| world.refuses(state, Code::AnnounceMismatch),
        ),
        always(S2, |_, state| !state.history.has(Fault::Unproved)),
        sometimes(
            "S2 reached: an assertion for something else is refused",
            |world, state| world.refuses(state, Code::AssertionBind),
        ),
        sometimes(
            "S2 reached: an assertion of another purpose is refused",
            |world, state| world.refuses(state, Code::AssertionPurpose),
        ),
        sometimes(
            "S2 reached: an expired assertion is refused",
            |world, state| world.refuses(state, Code::AssertionExpired),
        ),
        sometimes("S2 reached: a used assertion is refused", |world, state| {
            world.refuses(state, Code::AssertionUsed)
        }),
        always(S3, |_, state| {
            !state.history.has(Fault::Unclaimed) && !state.history.has(Fault::LeftAgain)
        }),
        sometimes(
            "S3 reached: two decisions race for one session",
            |_, state| {
                let waits = |line: &&Line| matches!(line.stage, Stage::Decided(..));
                state.lines.iter().flatten().filter(waits).count() == 2
            },
        ),
        sometimes("S3 reached: the same yes is granted again", |_, state| {
            let granted = state.lines.iter().flatten().filter(|line| line.granted);
            state.scene == Scene::Plain
                && granted
                    .filter(|line| line.opened.first.by == Party::Owner)
                    .count()
                    == 2
        }),
        always(S4, |_, state| !state.history.has(Fault::FalseOffer)),
        sometimes("S4 reached: the user is asked", |_, state| {
            matches!(state.phone, Phone::Confirming(..))
        }),
        always(S5, |_, state| {
            !state.history.has(Fault::Disagreement) && !state.history.has(Fault::GrantedTwice)
        }),
        sometimes("S5 reached: one message_1 is answered twice", |_, state| {
            let [Some(one), Some(other), ..] = &state.lines else {
                return false;
            };
            one.opened.first == other.opened.first
        }),
        always(S7, |_, state| !state.history.has(Fault::FalseSuccess)),
        sometimes(
            "S7 reached: the device learns of its account",
            |_, state| state.scene == Scene::Enrolment && !state.wallet.accounts.is_empty(),
        ),
        sometimes("S7 reached: the answer is lost with a crash", |_, state| {
            let lost =
                |line: &&Line| line.granted && line.stage == Stage::Down && line.reply.is_none();
            state.lines.iter().flatten().any(|line| lost(&line))
        }),
        always(S8, |_, state| !state.history.has(Fault::Misused)),
        sometimes(
            "S8 reached: another than the pre-selected account is refused",
            |world, state| world.refuses(state, Code::WrongAccount),
        ),
        sometimes(
            "S8 reached: an assertion for another server is refused",
            |world, state| world.refuses(state, Code::AssertionInvalid),
        ),
        always(S9, |_, state| !state.history.has(Fault::TwoKeys)),
        sometimes(
            "S9 reached: the attacker's key comes first",
            |world, state| world.refuses(state, Code::EnrolmentTaken),
        ),
        sometimes(
            "S9 reached: a key that has an account is refused",
            |world, state| world.refuses(state, Code::KeyInUse),
        ),
        sometimes(
            "S9 reached: an interrupted enrolment is granted again",
            |_, state| {
                let granted = state.lines.iter().flatten().filter(|line| line.granted);
                state.scene == Scene::Enrolment && granted.count() == 2
            },
        ),
        always(S10, |_, state| !state.history.has(Fault::Inactive)),
        sometimes(
            "S10 reached: a revoked account is refused",
            |world, state| world.refuses(state, Code::AccountNotActive),
        ),
        sometimes(
            "S10 reached: the backend revokes while a server decides",
            |world, state| {
                let revoked =
                    |account: &countersign::auth::Account| account.standing == Standing::Revoked;
                state.store.accounts.get(&OWNERS).is_some_and(revoked)
                    && state.lines().any(|(_, line)| match line.stage {
                        Stage::Decided(_, decided) => state
                            .store
                            .after(&decided.expects, &decided.writes, world.weak)
                            .is_none(),
                        _ => false,
                    })
            },
        ),
        always(S12, |_, state| !state.history.has(Fault::ChangedByError)),
        sometimes(
            "S12 reached: a message_1 of who does not know the nonce is refused",
            |world, state| {
                let refused = |first: &Kept<First>| world.answered(state, *first).is_none();
                state.scene == Scene::Plain && world.attackers_firsts(state).iter().any(refused)
            },
        ),
        always(F10, |_, state| !state.history.has(Fault::WithoutPin)),
        sometimes(
            "F10 reached: a thief's own assertion is refused",
            |world, state| world.refuses(state, Code::AssertionSubject),
        ),
        sometimes(
            "F10 reached: a thief without an assertion is refused",
            |world, state| world.refuses(state, Code::FactorRequired),
        ),
        always(C6, |_, state| !state.history.has(Fault::FrozenWrongly)),
        sometimes(
            "C6 reached: the device goes on after a lost answer",
            |_, state| {
                let lost = |line: &Line| line.granted && line.reply.is_none();
                let granted = |line: &Line| line.granted && line.reply.is_some();
                state.scene != Scene::Enrolment
                    && state.lines.iter().flatten().any(lost)
                    && state.lines.iter().flatten().any(granted)
            },
        ),
        sometimes("C6 reached: a copy is frozen", |_, state| {
            let account = state.store.accounts.get(&OWNERS);
            account.is_some_and(|account| account.standing == Standing::Frozen)
        }),
        always(SES_7, |_, state| !state.history.has(Fault::Expired)),
        sometimes(
            "SES-7 reached: a statement comes too late",
            |world, state| world.refuses(state, Code::SessionFinished),
        ),
        always(ENR_5, |_, state| {
            state
                .store
                .enrolments
                .values()
                .all(|enrolment| match &enrolment.state {
                    EnrolmentState::Open(_) => true,
                    EnrolmentState::Bound(bound) => {
                        let wallet = &state.wallet;
                        !OWNERS_NEW_KEYS.contains(&bound.key)
                            || wallet
                                .enrolling
                                .as_ref()
                                .is_some_and(|it| it.key == bound.key)
                            || wallet.accounts.iter().any(|it| it.key == bound.key)
                    }
                })
        }),
        sometimes(
            "ENR-5 reached: the phone crashes while its enrolment is bound",
            |_, state| {
                state.phone == Phone::Idle
                    && state.wallet.enrolling.is_some()
                    && state
                        .store
                        .enrolments
                        .values()
                        .any(|enrolment| matches!(enrolment.state, EnrolmentState::Bound(_)))
            },
        ),
    ]
}

type Condition = fn(&Identity, &State) -> bool;

fn always(name: &'static str, condition: Condition) -> Property<Identity> {
    Property::always(name, condition)
}

fn sometimes(name: &'static str, condition: Condition) -> Property<Identity> {
    Property::sometimes(name, condition)
}

impl Identity {
    /// Whether a server would refuse something that could be said now with this code.
    fn refuses(&self, state: &State, code: Code) -> bool {
        state.lines().any(|(place, line)| {
            line.stage == Stage::Waiting
                && self.candidates(state, place, line).into_iter().any(|said| {
                    self.decided(state, state.store, said, place)
                        .is_err_and(|refusal| refusal.0 == code)
                })
        })
    }
}

/// What became of the session whose link the owner has.
fn owners_session(state: &State) -> Option<&SessionState> {
    let id = state.scene.session()?.id;
    Some(&state.store.sessions.get(&id)?.state)
}
