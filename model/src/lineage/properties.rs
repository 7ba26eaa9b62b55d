//! What must hold, and what must be reachable so that it means something.

use countersign::auth::{Lineage, Standing};
use countersign::error::Code;
use stateright::Property;

use super::history::Fault;
use super::messages::Words;
use super::promises::{L5, QUIET};
use super::server::{Decided, FIRST_KEY, Told};
use super::state::{At, COPY, OWNER, Stage, State};
use super::{Clones, Errand};
use crate::report::Backs;

/// C6, the half that is about honest devices.
pub const C6: &str = "C6 a message that was lost or late freezes nobody's account";
/// C6, the half that is about copies.
pub const C6_EXACT: &str = "C6 exact: the copy that fell behind freezes the account by its first statement that surely began later";
/// CLN-6, both ways.
pub const CLN_6: &str =
    "CLN-6 after a lift the device that is left goes on, and nothing from before does";
/// S10.
pub const S10: &str = "S10 a frozen or revoked account is granted nothing";
/// CRD-10.
pub const CRD_10: &str = "CRD-10 one of the two keys that the device holds is the account's";

/// The requirements behind each, and behind each [promise](super::promises).
pub const BACKS: &[Backs] = &[
    (C6, &["CLN-1", "CLN-3", "CLN-4", "CLN-6"]),
    (C6_EXACT, &["CLN-3", "CLN-4", "CLN-7"]),
    (CLN_6, &["CLN-5", "CLN-6"]),
    (S10, &["CLN-5", "STM-5", "CRD-6", "STO-1"]),
    (CRD_10, &["CRD-7", "CRD-9", "CRD-10", "STO-2"]),
    (L5, &["CRD-9", "CRD-10"]),
    (QUIET, &["CLN-7"]),
];

/// All of them.
pub fn all() -> Vec<Property<Clones>> {
    vec![
        always(C6, |_, state| !state.history.has(Fault::FrozenAlone)),
        sometimes("C6 reached: a late statement is refused", |world, state| {
            !state.history.copied && world.is_refused_as_late(state, OWNER)
        }),
        sometimes(
            "C6 reached: by its clock, a late statement began after the acceptance",
            |world, state| {
                !state.history.copied
                    && state.talks().any(|(_, talk)| began_after(state, &talk))
                    && world.is_refused_as_late(state, OWNER)
            },
        ),
        sometimes("C6 reached: an answer was lost", |_, state| {
            !state.history.copied && is_one_answer_behind(state)
        }),
        always(C6_EXACT, |_, state| {
            !state.history.has(Fault::Unnoticed) && !state.history.has(Fault::TakenForLate)
        }),
        sometimes("C6 exact reached: the owner freezes", |world, state| {
            freezes(world, state, OWNER)
        }),
        sometimes("C6 exact reached: the copy freezes", |world, state| {
            freezes(world, state, COPY)
        }),
        always(CLN_6, |_, state| {
            !state.history.has(Fault::Resurrected) && !state.history.has(Fault::NotTakenAsItComes)
        }),
        sometimes("CLN-6 reached: the owner goes on", |_, state| {
            state.history.went_on && state.wallet(OWNER).is_some()
        }),
        sometimes("CLN-6 reached: the copy goes on", |_, state| {
            state.history.went_on && state.wallet(COPY).is_some()
        }),
        sometimes(
            "CLN-6 reached: what was under way at the freeze is refused",
            |world, state| {
                let is_open = matches!(state.account.lineage, Lineage::Open { .. });
                let is_late = |phone| world.is_refused_as_late(state, phone);
                is_open && (is_late(OWNER) || is_late(COPY))
            },
        ),
        always(S10, |_, state| !state.history.has(Fault::Granted)),
        sometimes(
            "S10 reached: a grant is decided, and then the account revoked",
            |world, state| {
                state.account.standing == Standing::Revoked
                    && state.talks().any(|(_, talk)| match talk.stage {
                        Stage::Decided(_, decided) => world.is_in_conflict(state, &decided),
                        _ => false,
                    })
            },
        ),
        sometimes("S10 reached: an account is frozen", |_, state| {
            state.account.standing == Standing::Frozen
        }),
        always(CRD_10, |_, state| {
            let Some(wallet) = state.wallet(OWNER) else {
                return true;
            };
            wallet.accounts.iter().any(|account| {
                let held = [Some(account.key), account.successor];
                held.contains(&Some(state.account.key))
            })
        }),
        sometimes(
            "CRD-10 reached: the account has the new key, and the device was stopped",
            |_, state| is_rotating(state) && is_idle(state) && state.account.key != FIRST_KEY,
        ),
        sometimes(
            "CRD-10 reached: it has not, and the device was stopped",
            |_, state| is_rotating(state) && is_idle(state) && state.account.key == FIRST_KEY,
        ),
        sometimes(
            "CRD-10 reached: the same rotation gets the same answer again",
            |_, state| {
                state.talks().any(|(_, talk)| match talk.stage {
                    Stage::Decided(words, decided) => {
                        let Decided::Commit { after, told, .. } = &*decided else {
                            return false;
                        };
                        matches!(&*words, Words::Rotate { .. })
                            && matches!(told, Told::Rotated(_))
                            && after.is_none()
                    }
                    _ => false,
                })
            },
        ),
        sometimes("CRD-10 reached: the rotation is over", |_, state| {
            let wallet = state.wallet(OWNER);
            wallet.is_some_and(|wallet| {
                let mut accounts = wallet.accounts.iter();
                accounts.any(|account| account.key != FIRST_KEY && account.successor.is_none())
            })
        }),
        sometimes(
            "CRD-10 reached: a copy does not know the new key",
            |_, state| {
                state.talks().any(|(_, talk)| {
                    let Stage::Answering(told) = talk.stage else {
                        return false;
                    };
                    let is_mismatch = matches!(&*told, Told::Refused(refused)
                    if refused.error == Code::CredentialMismatch.number());
                    talk.phone == COPY && talk.errand == Errand::Login && is_mismatch
                })
            },
        ),
    ]
}

type Condition = fn(&Clones, &State) -> bool;

fn always(name: &'static str, condition: Condition) -> Property<Clones> {
    Property::always(name, condition)
}

fn sometimes(name: &'static str, condition: Condition) -> Property<Clones> {
    Property::sometimes(name, condition)
}

/// Whether the owner's device does not know yet which key is live.
pub(super) fn is_rotating(state: &State) -> bool {
    let wallet = state.wallet(OWNER);
    wallet.is_some_and(|wallet| {
        let mut accounts = wallet.accounts.iter();
        accounts.any(|account| account.successor.is_some())
    })
}

fn is_idle(state: &State) -> bool {
    state.at(OWNER) == At::Idle
}

/// Whether by the clocks as they are the handshake began after the last acceptance.
fn began_after(state: &State, talk: &super::state::Talk) -> bool {
    let began = super::server::clock(talk.replica, talk.hour);
    match &state.account.lineage {
        Lineage::Followed(last) => {
            let is_said = matches!(talk.stage, Stage::Said(_));
            is_said && last.counter > 0 && began > last.accepted_at
        }
        Lineage::Open { .. } => false,
    }
}

/// Whether the device is idle with the value before the one that it was sent.
fn is_one_answer_behind(state: &State) -> bool {
    let (Lineage::Followed(last), Some(wallet)) = (&state.account.lineage, state.wallet(OWNER))
    else {
        return false;
    };
    let has_current = |account: &countersign::device::Account| account.rolling == last.current;
    last.current != last.next && is_idle(state) && wallet.accounts.iter().any(has_current)
}

/// Whether a statement of this phone is about to freeze the account.
fn freezes(world: &Clones, state: &State, phone: u8) -> bool {
    state.talks().any(|(_, talk)| match talk.stage {
        Stage::Decided(_, decided) if talk.phone == phone => {
            matches!(
                &*decided,
                Decided::Commit {
                    told: Told::Refused(_),
                    ..
                }
            ) && !world.is_in_conflict(state, &decided)
        }
        _ => false,
    })
}
