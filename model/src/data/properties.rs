//! What must hold, and what must be reachable so that it means something.

use countersign::auth::AccountLevel;
use countersign::channel::{ChannelError, Direction};
use countersign::error::Code;
use countersign::registry::Level;
use stateright::Property;

use super::device::{WITH_KEY, is_open};
use super::history::{Fault, How};
use super::promises::L8;
use super::records::{Receiver, Said, Sealed};
use super::state::{State, WISHES, id};
use super::steps::WAYS;
use super::{Data, Opened};
use crate::keep::Kept;
use crate::report::Backs;

/// D1.
pub const D1: &str = "D1 no two records are sealed with one key and nonce";
/// D2.
pub const D2: &str = "D2 what an end is given is a prefix of what the other has sent, each once";
/// D3.
pub const D3: &str = "D3 a request completes at most once";
/// The dual of D3: none is forgotten, and none is open that has completed.
pub const D3_EXACT: &str =
    "D3 exact: a request is open at the device if and only if it has not completed";
/// DATA-8, of cancels.
pub const D3_CANCELLED: &str = "D3 cancelled: nothing is delivered for it afterwards";
/// What a request completes with.
pub const D3_ANSWER: &str = "D3 answer: data is the service's answer to that request";
/// D4.
pub const D4: &str = "D4 a request id of a channel reaches the data service at most once";
/// D5.
pub const D5: &str =
    "D5 the level told is one that the account had while the server had the request";
/// DATA-8, of what is asked again.
pub const DATA_8: &str = "DATA-8 what has no idempotency key is done at most once";
/// DATA-9, of idempotency keys.
pub const DATA_9: &str = "DATA-9 what is asked again under its idempotency key is done once";

/// The requirements behind each.
pub const BACKS: &[Backs] = &[
    (D1, &["CH-7", "HS-7"]),
    (D2, &["CH-2", "CH-3", "CH-4", "CH-7"]),
    (D3, &["DATA-5", "DATA-8"]),
    (D3_EXACT, &["DATA-8"]),
    (D3_CANCELLED, &["DATA-5", "DATA-8"]),
    (D3_ANSWER, &["DATA-8"]),
    (D4, &["DATA-3", "DATA-4"]),
    (D5, &["DATA-9"]),
    (DATA_8, &["DATA-8"]),
    (DATA_9, &["DATA-9"]),
    (L8, &["DATA-8"]),
];

/// All of them.
pub fn all() -> Vec<Property<Data>> {
    let mut all = of_the_channel();
    all.extend(of_the_device());
    all.extend(of_the_service());
    all
}

fn of_the_channel() -> Vec<Property<Data>> {
    vec![
        always(D1, |_, state| !state.history.has(Fault::NonceReused)),
        sometimes("D1 reached: both ends have the same place", |_, state| {
            same_place(state, |one, other| one.channel == other.channel)
        }),
        sometimes(
            "D1 reached: two channels have the same place",
            |_, state| same_place(state, |one, other| one.channel != other.channel),
        ),
        sometimes(
            "D1 reached: a number comes again under new keys",
            |_, state| {
                state
                    .wire(Direction::ToResponder)
                    .iter()
                    .any(|sealed| sealed.way.generation > 0)
            },
        ),
        always(D2, |_, state| !state.history.has(Fault::OutOfOrder)),
        sometimes("D2 reached: a replay is dropped", |world, state| {
            world.meets(state, |_, _, opened| opened == Err(ChannelError::Replayed))
        }),
        sometimes("D2 reached: a gap closes", |world, state| {
            world.meets(state, |_, _, opened| opened == Err(ChannelError::Gap))
        }),
        sometimes("D2 reached: a reflected record closes", |world, state| {
            world.meets(state, |receiver, sealed, opened| {
                opened == Err(ChannelError::Tag)
                    && sealed.channel == receiver.channel
                    && sealed.direction != receiver.direction
            })
        }),
        sometimes(
            "D2 reached: a record of another channel closes",
            |world, state| {
                world.meets(state, |receiver, sealed, opened| {
                    opened == Err(ChannelError::Tag)
                        && sealed.channel != receiver.channel
                        && sealed.direction == receiver.direction
                })
            },
        ),
        sometimes(
            "D2 reached: a record of new keys that were not announced closes",
            |world, state| {
                world.meets(state, |receiver, sealed, opened| {
                    opened == Err(ChannelError::Tag)
                        && sealed.channel == receiver.channel
                        && sealed.direction == receiver.direction
                        && sealed.way.generation > receiver.next.generation
                })
            },
        ),
        sometimes(
            "D2 reached: a record under new keys is opened",
            |world, state| {
                world.meets(state, |receiver, _, opened| {
                    opened.is_ok() && receiver.next.generation > 0
                })
            },
        ),
    ]
}

fn of_the_device() -> Vec<Property<Data>> {
    vec![
        always(D3, |_, state| !state.history.has(Fault::CompletedAgain)),
        sometimes("D3 reached: with data", |_, state| {
            completed(state, How::Data)
        }),
        sometimes("D3 reached: with the service's error", |_, state| {
            completed(state, How::Error(Code::DataUnavailable))
        }),
        sometimes("D3 reached: with outcome unknown", |_, state| {
            completed(state, How::Unknown)
        }),
        sometimes("D3 reached: without a channel", |_, state| {
            completed(state, How::Error(Code::NoDataChannel))
        }),
        sometimes(
            "D3 reached: an answer comes to a request that has completed otherwise",
            |world, state| world.answers_late(state, |how| matches!(how, How::Error(_))),
        ),
        always(D3_EXACT, |_, state| {
            state.all_asked().all(|(index, _)| {
                let has_completed = state.history.completed[index].is_some();
                is_open(&state.device.requests, index) != has_completed
            })
        }),
        sometimes(
            "D3 exact, reached: all have completed with data",
            |world, state| {
                state.all_asked().count() == usize::from(world.bounds.requests)
                    && state
                        .all_asked()
                        .all(|(index, _)| state.history.completed[index] == Some(How::Data))
            },
        ),
        sometimes(
            "D3 exact, reached: the second answer comes first",
            |_, state| {
                let completed = state.history.completed;
                completed[0].is_none() && completed[1] == Some(How::Data)
            },
        ),
        always(D3_CANCELLED, |_, state| {
            !state.history.has(Fault::AfterCancel)
        }),
        sometimes("D3 cancelled, reached: its answer comes", |world, state| {
            world.answers_late(state, |how| how == How::Cancelled)
        }),
        sometimes("D3 cancelled, reached: it was never sent", |_, state| {
            state.all_asked().any(|(index, asked)| {
                asked.channel.is_none() && state.history.completed[index] == Some(How::Cancelled)
            })
        }),
        always(D3_ANSWER, |_, state| !state.history.has(Fault::WrongAnswer)),
        sometimes("D3 answer, reached: two wait for theirs", |_, state| {
            let open = state
                .jobs
                .iter()
                .filter(|job| !job.answered && state.serving(job.channel).is_some());
            open.count() == 2
        }),
    ]
}

fn of_the_service() -> Vec<Property<Data>> {
    vec![
        always(D4, |_, state| !state.history.has(Fault::ForwardedAgain)),
        sometimes(
            "D4 reached: an id is refused that comes again",
            |_, state| completed(state, How::Error(Code::RequestIdTooLow)),
        ),
        sometimes(
            "D4 reached: a request comes after its channel was lost",
            |_, state| {
                state.jobs.iter().any(|job| {
                    job.channel + 1 < state.device.channels && state.serving(job.channel).is_some()
                })
            },
        ),
        always(D5, |_, state| !state.history.has(Fault::WrongLevel)),
        sometimes(
            "D5 reached: the account is upgraded while the server has a request",
            |_, state| {
                let mut held =
                    (0..state.device.channels).filter_map(|channel| state.serving(channel)?.held);
                state.level != AccountLevel::Headless
                    && held.any(|(_, taken_at)| taken_at == Level::Headless)
            },
        ),
        sometimes(
            "D5 reached: the level is told that came after the channel",
            |_, state| {
                state.jobs.iter().any(|job| {
                    let serving = state.serving(job.channel);
                    job.forward.caller.level == Level::Full
                        && serving.is_some_and(|serving| serving.opened_at == Level::Headless)
                })
            },
        ),
        always(DATA_8, |_, state| {
            (0..WISHES as u8).all(|wish| wish == WITH_KEY || done(state, wish) <= 1)
        }),
        sometimes(
            "DATA-8 reached: it was done, and the app cannot know",
            |_, state| {
                state.all_asked().any(|(index, asked)| {
                    asked.wish != WITH_KEY
                        && done(state, asked.wish) == 1
                        && state.history.completed[index] == Some(How::Unknown)
                })
            },
        ),
        always(DATA_9, |_, state| done(state, WITH_KEY) <= 1),
        sometimes(
            "DATA-9 reached: it is told again, and answered",
            |_, state| {
                let told = state
                    .jobs
                    .iter()
                    .filter(|job| job.forward.idempotency_key.is_some());
                told.count() == 2
                    && state.all_asked().any(|(index, asked)| {
                        asked.wish == WITH_KEY && state.history.completed[index] == Some(How::Data)
                    })
            },
        ),
    ]
}

type Condition = fn(&Data, &State) -> bool;

fn always(name: &'static str, condition: Condition) -> Property<Data> {
    Property::always(name, condition)
}

fn sometimes(name: &'static str, condition: Condition) -> Property<Data> {
    Property::sometimes(name, condition)
}

impl Data {
    /// Whether some end that is open meets such a record, and it comes to that.
    fn meets(&self, state: &State, is_it: impl Fn(Receiver, &Sealed, Opened) -> bool) -> bool {
        self.meetings(state)
            .any(|(receiver, sealed)| is_it(receiver, &sealed, self.open(receiver, sealed)))
    }

    /// Every end that waits for a record, with every record.
    pub(super) fn meetings(&self, state: &State) -> impl Iterator<Item = (Receiver, Kept<Sealed>)> {
        let lines =
            (0..state.device.channels).filter_map(|channel| Self::line_waits(state, channel));
        let receivers = Self::device_waits(state).into_iter().chain(lines);
        receivers.flat_map(move |receiver| {
            let sealed = WAYS.into_iter().flat_map(|way| state.wire(way));
            sealed.map(move |sealed| (receiver, *sealed))
        })
    }

    /// Whether the next record at the device is the answer to a request that has ended like that.
    fn answers_late(&self, state: &State, how: impl Fn(How) -> bool) -> bool {
        self.meets(state, |_, _, opened| {
            let Ok(said) = opened else { return false };
            let Said::Answer(answer) = &*said else {
                return false;
            };
            state.all_asked().any(|(index, _)| {
                id(index) == answer.id && state.history.completed[index].is_some_and(&how)
            })
        })
    }
}

fn same_place(state: &State, is_meant: impl Fn(&Sealed, &Sealed) -> bool) -> bool {
    let [up, down] = WAYS.map(|way| state.wire(way));
    let all = || up.iter().chain(down);
    all().any(|one| all().any(|other| one != other && one.way == other.way && is_meant(one, other)))
}

fn completed(state: &State, how: How) -> bool {
    state.history.completed.contains(&Some(how))
}

fn done(state: &State, wish: u8) -> u8 {
    state.history.done[wish as usize]
}
