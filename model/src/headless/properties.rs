//! What must hold, and what must be reachable so that it means something.

use countersign::auth::{AccountLevel, Outcome, Standing};
use countersign::device::Wallet;
use countersign::error::Code;
use countersign::registry::{Level, Purpose};
use stateright::Property;

use super::Headless;
use super::history::Fault;
use super::messages::{Party, Reply};
use super::promises::{L5_CREATED, L5_UPGRADED};
use super::state::{Line, Phone, Stage, State};
use super::world::Scene;
use crate::report::Backs;

/// H1.
pub const H1: &str = "H1 a device has at most one headless account";
/// H1, HEADLESS-12.
pub const HEADLESS_12: &str = "HEADLESS-12 the key of a headless account is never forgotten";
/// H2.
pub const H2: &str = "H2 a headless account becomes full with a PIN for exactly that alone";
/// H2, HEADLESS-9.
pub const HEADLESS_9: &str = "HEADLESS-9 a full account stays full, and keeps id, key and name";
/// H2, HEADLESS-8.
pub const HEADLESS_8: &str = "HEADLESS-8 an upgraded account keeps the subject that came first";
/// H3.
pub const H3: &str = "H3 an upgrade that fails or is interrupted leaves it headless and usable";
/// S7.
pub const S7: &str = "S7 the device takes its account for full only when that is committed";
/// S10.
pub const S10: &str = "S10 a revoked account is granted nothing";
/// C6.
pub const C6: &str =
    "C6 a device of which there is no copy is never frozen, whatever answer was lost";

/// The requirements behind each.
pub const BACKS: &[Backs] = &[
    (H1, &["HEADLESS-1", "HEADLESS-2"]),
    (HEADLESS_12, &["HEADLESS-12"]),
    (H2, &["HEADLESS-6", "HEADLESS-7", "AST-2", "AST-4", "AST-8"]),
    (HEADLESS_9, &["HEADLESS-7", "HEADLESS-9"]),
    (HEADLESS_8, &["HEADLESS-7", "HEADLESS-8"]),
    (H3, &["HEADLESS-2", "HEADLESS-7"]),
    (S7, &["HS-15", "STO-2", "HEADLESS-13"]),
    (S10, &["STM-5"]),
    (C6, &["CLN-1", "CLN-4", "CLN-7", "HEADLESS-2"]),
    (L5_CREATED, &["HEADLESS-2", "HEADLESS-12"]),
    (L5_UPGRADED, &["HEADLESS-7", "HEADLESS-8", "HEADLESS-13"]),
];

/// All of them.
pub fn all() -> Vec<Property<Headless>> {
    vec![
        always(H1, |_, state| state.store.accounts.len() <= 1),
        sometimes("H1 reached: two creations race", |_, state| {
            let creates = |line: &&Line| is_decided(line, Purpose::Headless);
            state.store.accounts.is_empty()
                && state.lines.iter().flatten().filter(creates).count() == 2
        }),
        sometimes(
            "H1 reached: a lost creation is answered again",
            |_, state| {
                let granted = state.lines.iter().flatten().filter(|line| line.granted);
                state.scene == Scene::First && granted.count() == 2
            },
        ),
        always(HEADLESS_12, |_, state| {
            let mut accounts = state.store.accounts.values();
            accounts.all(|account| state.wallet.holds(&account.key))
        }),
        sometimes(
            "HEADLESS-12 reached: the device crashes while its account is created",
            |_, state| {
                let wallet: &Wallet = &state.wallet;
                let creating = wallet.creating.map(|creating| creating.key);
                let mut accounts = state.store.accounts.values();
                state.phone == Phone::Idle && accounts.any(|it| Some(it.key) == creating)
            },
        ),
        always(H2, |_, state| !state.history.has(Fault::Unproved)),
        sometimes("H2 reached: the device's PIN upgrades it", |_, state| {
            is_full(state) && !state.thief
        }),
        sometimes(
            "H2 reached: an upgrade without a PIN is refused",
            |world, state| world.refuses(state, Code::FactorRequired),
        ),
        sometimes(
            "H2 reached: an assertion of another handshake is refused",
            |world, state| world.refuses(state, Code::AssertionBind),
        ),
        sometimes(
            "H2 reached: an assertion of another purpose is refused",
            |world, state| world.refuses(state, Code::AssertionPurpose),
        ),
        sometimes(
            "H2 reached: an assertion for another server is refused",
            |world, state| world.refuses(state, Code::AssertionInvalid),
        ),
        always(HEADLESS_9, |_, state| {
            !state.history.has(Fault::WentBack) && !state.history.has(Fault::Renamed)
        }),
        sometimes(
            "HEADLESS-9 reached: a full account asks as a headless one",
            |_, state| {
                state
                    .lines()
                    .any(|(_, line)| is_refused(line, Purpose::Headless))
            },
        ),
        always(HEADLESS_8, |_, state| !state.history.has(Fault::Retaken)),
        sometimes("HEADLESS-8 reached: two upgrades race", |_, state| {
            let upgrades = |by| {
                move |line: &&Line| is_decided(line, Purpose::Upgrade) && line.opened.first.by == by
            };
            let lines = || state.lines.iter().flatten();
            !is_full(state)
                && lines().filter(upgrades(Party::Device)).count() == 1
                && lines().filter(upgrades(Party::Thief)).count() == 1
        }),
        sometimes(
            "HEADLESS-8 reached: another subject is refused",
            |world, state| world.refuses(state, Code::FullAccount),
        ),
        sometimes(
            "HEADLESS-8 reached: the same upgrade is granted again",
            |_, state| {
                let granted = |line: &&Line| {
                    line.granted
                        && line.opened.purpose == Purpose::Upgrade
                        && line.opened.first.by == Party::Device
                };
                state.lines.iter().flatten().filter(granted).count() == 2
            },
        ),
        always(H3, |_, state| {
            let mut accounts = state.store.accounts.values();
            !state.history.has(Fault::Unusable)
                && accounts.all(|it| match (it.level, it.standing) {
                    (AccountLevel::Full(_), _) => true,
                    (AccountLevel::Headless, Standing::Active | Standing::Revoked) => true,
                    (AccountLevel::Headless, Standing::Frozen | Standing::Suspended) => false,
                })
        }),
        sometimes(
            "H3 reached: data after an upgrade was interrupted",
            |_, state| {
                let began = |purpose| {
                    let mut flows = state.flows.iter().flatten();
                    flows.any(|first| first.ead_1.purpose == purpose)
                };
                let admitted = |line: &Line| {
                    line.granted
                        && line.reply.is_some()
                        && line.opened.purpose == Purpose::Headless
                        && line.opened.first.flow > 0
                };
                began(Purpose::Upgrade)
                    && !is_full(state)
                    && state.lines().any(|(_, line)| admitted(line))
            },
        ),
        always(S7, |_, state| {
            let mut accounts = state.wallet.accounts.iter();
            accounts.all(|account| account.level == Level::Headless || is_full(state))
        }),
        sometimes(
            "S7 reached: the device learns of its upgrade",
            |_, state| has_learnt(state),
        ),
        sometimes(
            "S7 reached: it learns of it by the refusal of its channel for data",
            |_, state| {
                let lines = || state.lines().map(|(_, line)| line);
                has_learnt(state)
                    && lines()
                        .all(|line| line.opened.purpose != Purpose::Upgrade || line.reply.is_none())
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
                let revoked = |it: &countersign::auth::Account| it.standing == Standing::Revoked;
                state.store.accounts.values().any(revoked)
                    && state.lines().any(|(_, line)| match line.stage {
                        Stage::Decided(_, decided) => state
                            .store
                            .after(&decided.expects, &decided.writes, world.weak)
                            .is_none(),
                        _ => false,
                    })
            },
        ),
        always(C6, |_, state| !state.history.has(Fault::FrozenWrongly)),
        sometimes(
            "C6 reached: the device upgrades after an answer was lost",
            |_, state| {
                let lost = |line: &Line| {
                    line.granted
                        && line.reply.is_none()
                        && line.stage == Stage::Done
                        && line.opened.purpose == Purpose::Headless
                };
                is_full(state)
                    && state.scene == Scene::Known
                    && !state.thief
                    && state.lines().any(|(_, line)| lost(line))
            },
        ),
    ]
}

type Condition = fn(&Headless, &State) -> bool;

fn always(name: &'static str, condition: Condition) -> Property<Headless> {
    Property::always(name, condition)
}

fn sometimes(name: &'static str, condition: Condition) -> Property<Headless> {
    Property::sometimes(name, condition)
}

impl Headless {
    /// Whether a server would refuse something that could be said now with this code.
    fn refuses(&self, state: &State, code: Code) -> bool {
        state.lines().any(|(place, line)| {
            line.stage == Stage::Waiting
                && self.candidates(state, place, line).into_iter().any(|said| {
                    self.decided(state.store, said, place)
                        .is_err_and(|refusal| refusal.0 == code)
                })
        })
    }
}

/// Whether the account is full, in the server's store.
pub(super) fn is_full(state: &State) -> bool {
    let mut accounts = state.store.accounts.values();
    accounts.any(|account| matches!(account.level, AccountLevel::Full(_)))
}

/// Whether the device knows that it is.
pub(super) fn has_learnt(state: &State) -> bool {
    let mut accounts = state.wallet.accounts.iter();
    accounts.any(|account| account.level == Level::Full)
}

/// Whether a statement of that purpose is decided, and is to be admitted.
fn is_decided(line: &Line, purpose: Purpose) -> bool {
    line.opened.purpose == purpose
        && match line.stage {
            Stage::Decided(_, decided) => matches!(decided.outcome, Outcome::Admitted(_)),
            _ => false,
        }
}

fn is_refused(line: &Line, purpose: Purpose) -> bool {
    let answer = line.reply.as_deref();
    line.opened.purpose == purpose && answer == Some(&Reply::Refused(Code::FullAccount))
}
