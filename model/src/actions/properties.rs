//! What must hold, and what must be reachable so that it means something.

use countersign::auth::action::{Action as Tracked, ActionState, ChallengeState, Use};
use countersign::auth::{Reply, Standing};
use countersign::error::{Code, Refusal};
use countersign::registry::Decision;
use stateright::Property;

use super::history::{Fault, approved};
use super::messages::{Job, Proof, Said, Say, Shown, Signer};
use super::promises::{L6, QUIET};
use super::state::{Asked, Replica, State};
use super::steps::ATTEMPTS;
use super::store::Told;
use super::world::{self, ATTACKERS, FIRST, OWN, OWNERS_ID, SECOND, THIEFS, Which};
use super::{Actions, server};
use crate::keep::Kept;
use crate::report::Backs;

/// C2.
pub const C2: &str =
    "C2 a challenge leaves pending at most once, and neither its end nor what was shown changes";
/// C3.
pub const C3: &str = "C3 approved is what its user has said yes to, by the key that answers";
/// The dual of C3.
pub const C3_EXACT: &str =
    "C3 exact: the owner's answer to a challenge that waits is taken, as it was given";
/// CHA-11, C3.
pub const CHA_11: &str = "CHA-11 a token is given in the channel that its yes was signed for";
/// A5, ACT-10.
pub const A5: &str =
    "A5 a challenge with a policy rests on a factor verified for it, and never on a cached one";
/// CHA-6, C5.
pub const CHA_6: &str = "CHA-6 nothing is approved from the expiry on";
/// CHA-8.
pub const CHA_8: &str = "CHA-8 there is one try for the number";
/// CHA-2.
pub const CHA_2: &str = "CHA-2 nobody is shown another user's challenge";
/// C4.
pub const C4: &str = "C4 a token is valid for its own action and user";
/// TOK-2.
pub const TOK_2: &str = "TOK-2 what does not match uses no token up";
/// TOK-2.
pub const TOK_2_REPLACED: &str = "TOK-2 a token that another has replaced is worth nothing";
/// TOK-3, C4.
pub const TOK_3: &str = "TOK-3 a token is used up for one idempotency key before anybody is told";
/// TOK-4.
pub const TOK_4: &str = "TOK-4 no token is used up from its expiry on";
/// The dual of C4.
pub const C4_EXACT: &str =
    "C4 exact: the live token is valid for its action, and again for the same attempt alone";
/// C5.
pub const C5: &str = "C5 a token was told of an approved challenge alone";
/// TOK-1, ACT-1.
pub const TOK_1: &str = "TOK-1 an action is completed if and only if its token is used up";
/// S10, CRD-6.
pub const S10: &str = "S10 an account that is not active approves nothing and completes nothing";
/// ACT-6.
pub const ACT_6: &str = "ACT-6 a user is asked about one action of a kind at a time";
/// ACT-7.
pub const ACT_7: &str = "ACT-7 a user is asked no more often within an hour than allowed";
/// ACT-8.
pub const ACT_8: &str = "ACT-8 after a report of fraud nobody asks in the cool-down";

/// The requirements behind each, and behind each promise.
pub const BACKS: &[Backs] = &[
    (C2, &["CHA-4", "CHA-5", "CHA-12", "ACT-2"]),
    (C3, &["CHA-7", "CHA-9", "CHA-10", "CRD-4"]),
    (C3_EXACT, &["CHA-9", "CHA-12", "CHA-14"]),
    (CHA_11, &["CHA-11", "CHA-14"]),
    (A5, &["ACT-10", "CHA-10"]),
    (CHA_6, &["CHA-6"]),
    (CHA_8, &["CHA-8"]),
    (CHA_2, &["CHA-2"]),
    (C4, &["TOK-2"]),
    (TOK_2, &["TOK-2"]),
    (TOK_2_REPLACED, &["TOK-2", "CHA-11"]),
    (TOK_3, &["TOK-3", "CHA-11"]),
    (TOK_4, &["TOK-4"]),
    (C4_EXACT, &["TOK-3", "TOK-4", "CRD-6"]),
    (C5, &["CHA-4", "CHA-12", "TOK-1"]),
    (TOK_1, &["TOK-1", "ACT-1"]),
    (S10, &["CRD-6"]),
    (ACT_6, &["ACT-6"]),
    (ACT_7, &["ACT-7"]),
    (ACT_8, &["ACT-8"]),
    (L6, &["CHA-4"]),
    (QUIET, &["STO-2"]),
];

/// All of them.
pub fn all(world: &Actions) -> Vec<Property<Actions>> {
    let bounds = world.bounds;
    let mut all = vec![
        always(C2, |_, state| {
            !state.history.has(Fault::LeftTwice) && !state.history.has(Fault::Altered)
        }),
        sometimes("C2 reached: two ends of a challenge race", |_, state| {
            let ends = |memory: &&Replica| {
                let Replica::Decided(job, _) = memory else {
                    return false;
                };
                matches!(job, Job::Answer(_) | Job::Cancel(_) | Job::Expire(_))
            };
            is_pending(state, FIRST) && state.replicas.iter().filter(ends).count() == 2
        }),
        always(C3, |_, state| !state.history.has(Fault::NotTheUsers)),
        sometimes("C3 reached: an approval is committed", |_, state| {
            is_approved(state, FIRST)
        }),
        sometimes(
            "C3 reached: another user's yes is refused",
            |world, state| {
                let said = Said {
                    of: FIRST,
                    say: Say::Yes,
                    signed: ATTACKERS,
                    via: ATTACKERS,
                    signer: Signer::Attacker,
                    proof: Proof::None,
                };
                is_refused(world, state, Job::Answer(said), Code::ChallengeUnavailable)
                    && is_pending(state, FIRST)
            },
        ),
        always(C3_EXACT, is_taken),
        sometimes("C3 exact reached: the user says no", |_, state| {
            matches!(state.store.state(FIRST), Some(ChallengeState::Rejected(_)))
        }),
        always(CHA_11, |_, state| !state.history.has(Fault::OtherChannel)),
        sometimes(
            "CHA-11 reached: a lost answer is given again",
            |_, state| {
                state.history.grants[usize::from(FIRST)] > 0
                    && state.tokens.is_empty()
                    && matches!(state.asked[usize::from(FIRST)], Asked::Said(Say::Yes, 1))
            },
        ),
        always(A5, |_, state| !state.history.has(Fault::NoFactor)),
        sometimes("A5 reached: the owner has said yes", |_, state| {
            matches!(state.asked[usize::from(FIRST)], Asked::Said(Say::Yes, _))
        }),
        always(CHA_6, |_, state| !state.history.has(Fault::LateAnswer)),
        sometimes(
            "CHA-6 reached: the replicas disagree whether it has expired",
            |_, state| {
                let expires = state.store.about(FIRST).map(|it| it.expires);
                let is_over = |replica| expires.map(|it| it <= world::now(replica, state.hour));
                is_pending(state, FIRST) && is_over(0) == Some(true) && is_over(1) == Some(false)
            },
        ),
        sometimes("CHA-6 reached: a yes comes too late", |_, state| {
            let is_late = |memory: &Replica| match memory {
                Replica::Decided(Job::Answer(said), decided) => {
                    said.say == Say::Yes
                        && decided.told == Told::Answer(Reply::Refused(Code::ChallengeFinished))
                }
                _ => false,
            };
            state.replicas.iter().any(is_late)
        }),
        always(CHA_8, |_, state| !state.history.has(Fault::SecondTry)),
        sometimes("CHA-8 reached: a wrong number ends it", |_, state| {
            let is_over = matches!(state.store.state(FIRST), Some(ChallengeState::Rejected(_)));
            is_over && state.history.has_wrong(FIRST)
        }),
        always(CHA_2, |world, state| {
            let Asked::Handed(token) = state.asked[usize::from(FIRST)] else {
                return true;
            };
            let shown = server::show(&state.store, &token, ATTACKERS, 0, state.hour, world.weak);
            shown == Err(Code::ChallengeUnavailable.into())
        }),
        sometimes("CHA-2 reached: the owner is shown one", |_, state| {
            state.asked[usize::from(FIRST)] == Asked::Shown
        }),
        always(C4, |_, state| !state.history.has(Fault::OtherAction)),
        sometimes("C4 reached: a token is valid", |_, state| {
            state.history.valid[usize::from(FIRST)].is_some()
        }),
        always(TOK_2, |_, state| !state.history.has(Fault::UsedUp)),
        sometimes("TOK-2 reached: a token is told", |_, state| {
            !state.tokens.is_empty()
        }),
        always(TOK_2_REPLACED, |_, state| {
            !state.history.has(Fault::Replaced)
        }),
        sometimes("TOK-2 reached: a token is replaced", |world, state| {
            state.tokens.iter().any(|(from, token)| {
                let shown = shown(world, *from, *token);
                is_refused(world, state, Job::Validate(shown, 0), Code::TokenInvalid)
            })
        }),
        always(TOK_3, |_, state| {
            !state.history.has(Fault::TwoAttempts)
                && (FIRST..=OWN).all(|of| {
                    let valid = state.history.valid[usize::from(of)];
                    valid.is_none_or(|attempt| used_for(state, of) == Some(attempt))
                })
        }),
        sometimes("TOK-3 reached: two attempts race", |world, state| {
            let validates = |memory: &Replica| match memory {
                Replica::Decided(Job::Validate(_, attempt), decided) => {
                    (!world.is_in_conflict(state, decided)).then_some(*attempt)
                }
                _ => None,
            };
            let [one, two] = &state.replicas;
            matches!((validates(one), validates(two)), (Some(one), Some(two)) if one != two)
        }),
        always(TOK_4, |_, state| !state.history.has(Fault::LateToken)),
        sometimes("TOK-4 reached: a token expires unused", |world, state| {
            state.tokens.iter().any(|(from, token)| {
                let shown = shown(world, *from, *token);
                is_refused(world, state, Job::Validate(shown, 0), Code::TokenExpired)
            })
        }),
        always(C4_EXACT, is_valid_exactly),
        sometimes(
            "C4 exact reached: used up, and the answer lost",
            |_, state| {
                used_for(state, FIRST).is_some()
                    && state.history.valid[usize::from(FIRST)].is_none()
                    && state.replicas == [Replica::Idle; 2]
            },
        ),
        always(C5, |_, state| {
            (FIRST..=OWN)
                .all(|of| state.history.tokens_told & 1 << of == 0 || is_approved(state, of))
        }),
        sometimes(
            "C5 reached: a yes loses its race against another end",
            |world, state| {
                let loses = |memory: &Replica| match memory {
                    Replica::Decided(Job::Answer(said), decided) => {
                        said.say == Say::Yes && world.is_in_conflict(state, decided)
                    }
                    _ => false,
                };
                !is_pending(state, FIRST)
                    && !is_approved(state, FIRST)
                    && state.replicas.iter().any(loses)
            },
        ),
        always(TOK_1, |_, state| {
            state.store.actions.values().all(|action| {
                let challenge = state.store.challenges.values();
                let challenge = challenge
                    .into_iter()
                    .find(|it| it.action == Some(action.id));
                let used = challenge.and_then(approved);
                let is_used = used.is_some_and(|it| it.grant.used != Use::Unused);
                is_used == (Tracked::state(action, challenge) == ActionState::Completed)
            })
        }),
        sometimes("TOK-1 reached: an action is completed", |_, state| {
            used_for(state, FIRST).is_some()
        }),
        always(S10, |_, state| !state.history.has(Fault::NotActive)),
        sometimes(
            "S10 reached: a token outlives its account, and is worth nothing",
            |_, state| {
                !state.tokens.is_empty() && !is_active(state) && used_for(state, FIRST).is_none()
            },
        ),
        always(ACT_6, |_, state| !state.history.has(Fault::TwoPrompts)),
        sometimes("ACT-6 reached: a challenge waits", |_, state| {
            is_pending(state, FIRST)
        }),
        always(ACT_7, |world, state| {
            state.history.made <= world.bounds.per_hour
        }),
        sometimes("ACT-7 reached: as often as allowed", |world, state| {
            state.history.made == world.bounds.per_hour
        }),
        always(ACT_8, |_, state| !state.history.has(Fault::NotCalm)),
        sometimes("ACT-8 reached: a fraud is reported", |_, state| {
            state.history.calm_until.is_some()
        }),
    ];
    if bounds.thief {
        all.push(sometimes(
            "CHA-11 reached: a thief's replay is refused",
            |world, state| {
                let said = Said {
                    of: FIRST,
                    say: Say::Yes,
                    signed: 0,
                    via: THIEFS,
                    signer: Signer::Owner,
                    proof: world.proof(FIRST, Say::Yes, 0),
                };
                is_yes_in_flight(state)
                    && is_pending(state, FIRST)
                    && is_refused(world, state, Job::Answer(said), Code::SignatureMismatch)
            },
        ));
    }
    if bounds.policy {
        all.push(sometimes(
            "A5 reached: a yes without its factor is refused",
            |world, state| {
                let said = Said {
                    of: FIRST,
                    say: Say::Yes,
                    signed: 0,
                    via: 0,
                    signer: Signer::Owner,
                    proof: Proof::None,
                };
                is_yes_in_flight(state)
                    && is_refused(world, state, Job::Answer(said), Code::FactorRequired)
            },
        ));
    }
    if bounds.second {
        all.push(sometimes(
            "ACT-6 reached: a second challenge has to wait",
            |world, state| is_refused(world, state, Job::Start(SECOND), Code::ChallengePending),
        ));
        all.push(sometimes(
            "ACT-8 reached: nobody asks for a while",
            |world, state| is_refused(world, state, Job::Start(SECOND), Code::CoolingDown),
        ));
    }
    if bounds.own {
        all.push(sometimes(
            "C4 reached: a token is shown for another user's action",
            |world, state| {
                state.tokens.iter().any(|(from, token)| {
                    let shown = Shown {
                        about: FIRST,
                        ..shown(world, *from, *token)
                    };
                    *from == OWN
                        && is_refused(world, state, Job::Validate(shown, 0), Code::TokenMismatch)
                })
            },
        ));
    }
    all
}

type Condition = fn(&Actions, &State) -> bool;

fn always(name: &'static str, condition: Condition) -> Property<Actions> {
    Property::always(name, condition)
}

fn sometimes(name: &'static str, condition: Condition) -> Property<Actions> {
    Property::sometimes(name, condition)
}

/// Whether the challenge waits.
pub(super) fn is_pending(state: &State, of: Which) -> bool {
    matches!(state.store.state(of), Some(ChallengeState::Pending(_)))
}

fn is_approved(state: &State, of: Which) -> bool {
    matches!(state.store.state(of), Some(ChallengeState::Approved(_)))
}

fn is_yes_in_flight(state: &State) -> bool {
    matches!(state.asked[usize::from(FIRST)], Asked::Said(Say::Yes, _))
}

fn is_refused(world: &Actions, state: &State, job: Job, code: Code) -> bool {
    world.decision(state, job, 0) == Err(Refusal(code))
}

fn shown(world: &Actions, from: Which, token: countersign::messages::action::Token) -> Shown {
    Shown {
        token: world.tokens.keep(token),
        from,
        about: from,
    }
}

/// In which attempt the token was used up.
fn used_for(state: &State, of: Which) -> Option<u8> {
    let used = state.store.about(of).and_then(approved)?;
    match &used.grant.used {
        Use::Unused => None,
        Use::Consumed {
            idempotency_key, ..
        } => (0..ATTEMPTS).find(|attempt| *idempotency_key == format!("attempt {attempt}")),
    }
}

fn is_active(state: &State) -> bool {
    let owner = state.store.accounts.get(&OWNERS_ID);
    owner.is_some_and(|owner| owner.standing == Standing::Active)
}

/// What the owner has said, in each channel that it was said in, would be taken by each replica
/// by whose clock it is in time.
fn is_taken(world: &Actions, state: &State) -> bool {
    [FIRST, SECOND].into_iter().all(|of| {
        let (Asked::Said(say, last), Some(challenge)) =
            (state.asked[usize::from(of)], state.store.about(of))
        else {
            return true;
        };
        (0..=last).all(|channel| {
            let said = Said {
                of,
                say,
                signed: channel,
                via: channel,
                signer: Signer::Owner,
                proof: world.proof(of, say, channel),
            };
            (0..2).all(|replica| {
                let is_due = is_pending(state, of)
                    && is_active(state)
                    && world::now(replica, state.hour) < challenge.expires;
                let decided = world.decision(state, Job::Answer(said), replica);
                !is_due || decided.is_ok_and(|decided| is_as_said(say, &decided.told))
            })
        })
    })
}

fn is_as_said(say: Say, told: &Told) -> bool {
    match (say, told) {
        (Say::Yes, Told::Answer(Reply::Said(it))) => it.decision == Decision::Confirm,
        (Say::No | Say::Fraud, Told::Answer(Reply::Said(it))) => it.decision == Decision::Decline,
        (Say::WrongNumber, Told::Answer(Reply::Refused(code))) => *code == Code::WrongNumber,
        _ => false,
    }
}

/// Each token that was told is valid for its action exactly if it is the live one: unused, in
/// time and of an active account; or used up in the same attempt.
fn is_valid_exactly(world: &Actions, state: &State) -> bool {
    state.tokens.iter().all(|(from, token)| {
        let Some(used) = state.store.about(*from).and_then(approved) else {
            return true; // C5 speaks of that
        };
        let shown = shown(world, *from, *token);
        let is_live = used.grant.token == token.hash();
        (0..ATTEMPTS).all(|attempt| {
            let is_due = is_live
                && match used_for(state, *from) {
                    Some(first) => first == attempt,
                    None => {
                        let is_on = *from == OWN || is_active(state);
                        used.grant.used == Use::Unused
                            && is_on
                            && world::now(1, state.hour) < used.grant.expires
                    }
                };
            let decided: Result<Kept<_>, _> =
                world.decision(state, Job::Validate(shown, attempt), 1);
            decided.is_ok_and(|it| matches!(it.told, Told::Validated(_))) == is_due
        })
    })
}
