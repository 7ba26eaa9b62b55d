//! What must hold, and what must be reachable so that it means something.

use countersign::error::Code;
use stateright::Property;

use super::Versions;
use super::edition::{self, edition};
use super::history::{Fault, highest};
use super::messages::{Choice, Origin, Tamper, ead_1};
use super::state::{Device, State};
use crate::report::Backs;

/// S6, VER-3.
pub const S6: &str = "S6 the version is the highest that both allow";
/// S5, of message_1 and message_2.
pub const S5: &str = "S5 what the device takes answers what it has said";
/// VER-2: the server's side of S6.
pub const VER_2: &str = "VER-2 a server chooses the highest version that both allow";
/// S11, PAR-4.
pub const S11: &str = "S11 parameter epochs never fall";
/// PAR-1.
pub const PAR_1: &str = "PAR-1 a known identity is never bypassed";
/// PAR-2.
pub const PAR_2: &str = "PAR-2 no server passes for another";
/// PAR-5.
pub const PAR_5: &str = "PAR-5 an enrolment takes the parameters that its link names";

/// The requirements behind each.
pub const BACKS: &[Backs] = &[
    (S6, &["VER-1", "VER-3"]),
    (S5, &["HS-3", "HS-10"]),
    (VER_2, &["VER-2"]),
    (S11, &["PAR-4", "PAR-6", "PAR-7"]),
    (PAR_1, &["PAR-1"]),
    (PAR_2, &["PAR-2", "HS-8"]),
    (PAR_5, &["PAR-5"]),
];

/// All of them.
pub fn all() -> Vec<Property<Versions>> {
    vec![
        always(S6, |_, state| !state.history.has(Fault::Downgraded)),
        sometimes(
            "S6 reached: a stolen handshake key chooses the lowest, and is refused",
            |world, state| {
                state.wallet.server(edition::server()).is_some()
                    && world.refuses(
                        state,
                        Origin::Superseded(0, Choice::Lowest),
                        Code::WrongVersion,
                    )
            },
        ),
        sometimes(
            "S6 reached: the highest of neither list is the highest of both",
            |_, state| state.history.accepted && state.list == 1,
        ),
        always(S5, |_, state| !state.history.has(Fault::Disagreement)),
        sometimes(
            "S5 reached: an answer to a stripped list is refused",
            |world, state| {
                let stripped = Origin::Server(0, Tamper::WithoutHighest);
                world.refuses(state, stripped, Code::ServerNotAuthenticated)
            },
        ),
        sometimes(
            "S5 reached: an answer to a list in another order is refused",
            |world, state| {
                let reversed = Origin::Server(0, Tamper::Reversed);
                world.refuses(state, reversed, Code::ServerNotAuthenticated)
            },
        ),
        always(VER_2, |world, state| {
            let tampers = Tamper::ALL.into_iter();
            tampers
                .flat_map(|tamper| state.running.map(|index| (index, tamper)))
                .all(|(index, tamper)| world.chooses_well(state, index, tamper))
        }),
        sometimes(
            "VER-2 reached: the lists have nothing in common",
            |world, state| {
                let Device::Greeting(facts, _) = state.device else {
                    return false;
                };
                world
                    .answer(state, &facts, state.running[0], Tamper::Not)
                    .is_err_and(|refusal| refusal.0 == Code::NoCommonVersion)
            },
        ),
        always(S11, |_, state| !state.history.has(Fault::EpochFell)),
        sometimes(
            "S11 reached: a server that lags behind is refused",
            |world, state| world.refuses(state, Origin::Server(0, Tamper::Not), Code::EpochTooLow),
        ),
        sometimes(
            "S11 reached: a stolen handshake key of an older epoch is refused",
            |world, state| {
                let stolen = Origin::Superseded(0, Choice::Highest);
                world.refuses(state, stolen, Code::EpochTooLow)
            },
        ),
        always(PAR_1, |_, state| {
            !state.history.has(Fault::IdentityBypassed)
        }),
        sometimes(
            "PAR-1 reached: new parameters under an old identity are refused",
            |world, state| {
                knows_successor(state) && world.forgery_fails(state, Origin::OldIdentity(0))
            },
        ),
        sometimes(
            "PAR-1 reached: a longer fork of an old identity is refused",
            |world, state| knows_successor(state) && world.forgery_fails(state, Origin::Fork(0)),
        ),
        sometimes(
            "PAR-1 reached: who has not heard of the successor cannot tell the fork",
            |_, state| state.device == Device::Deceived,
        ),
        always(PAR_2, |_, state| !state.history.has(Fault::OtherServer)),
        sometimes(
            "PAR-2 reached: another server's parameters are refused",
            |world, state| world.forgery_fails(state, Origin::OtherServer),
        ),
        always(PAR_5, |_, state| !state.history.has(Fault::OtherThanLinked)),
        sometimes(
            "PAR-5 reached: the server's own first key speaks, and is refused for the link's hash",
            |world, state| world.refuses(state, Origin::OldIdentity(0), Code::ParametersMismatch),
        ),
    ]
}

type Condition = fn(&Versions, &State) -> bool;

fn always(name: &'static str, condition: Condition) -> Property<Versions> {
    Property::always(name, condition)
}

fn sometimes(name: &'static str, condition: Condition) -> Property<Versions> {
    Property::sometimes(name, condition)
}

impl Versions {
    /// Whether a server that runs this edition chooses the highest version that both allow, and
    /// refuses only where there is none.
    fn chooses_well(&self, state: &State, index: u8, tamper: Tamper) -> bool {
        let Device::Greeting(facts, _) = state.device else {
            return true;
        };
        let allowed = edition(&state.editions, index).parameters.versions;
        let seen = tamper.of(&ead_1(&facts, state.flows));
        let chosen = self.answer(state, &facts, index, tamper).ok();
        chosen.map(|second| second.ead_2.version) == highest(&seen.versions, &allowed)
    }

    /// Whether that message could be made now, and the device would refuse it with this code.
    fn refuses(&self, state: &State, origin: Origin, code: Code) -> bool {
        let Device::Greeting(facts, answers) = state.device else {
            return false;
        };
        self.origins(state, answers).contains(&origin)
            && self
                .receive(state, &facts, origin)
                .is_err_and(|refusal| refusal.0 == code)
    }

    fn forgery_fails(&self, state: &State, origin: Origin) -> bool {
        self.refuses(state, origin, Code::ServerNotAuthenticated)
    }
}

/// Whether the device has learned of a second identity key.
fn knows_successor(state: &State) -> bool {
    let known = state.wallet.server(edition::server());
    known.is_some_and(|known| known.sequence > 0)
}
