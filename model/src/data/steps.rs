//! What can happen next, and what it changes.

use countersign::auth::AccountLevel;
use countersign::channel::Direction::{self, ToInitiator, ToResponder};

use super::Data;
use super::records::{Receiver, Sealed};
use super::server::upgraded;
use super::state::{End, Line, State, WISHES};
use crate::keep::Kept;

/// One step of somebody. Requests, channels, records and jobs by index.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// The app asks for something.
    Ask(u8),
    /// It does not want the answer to this request any more.
    Cancel(usize),
    /// The device opens a channel for what waits for one.
    Connect,
    /// It cannot.
    GiveUp,
    /// It takes its channel for lost.
    Lose,
    /// It renews its keys.
    Renew,
    /// It is defective, and sends its last request of this channel again.
    Repeat,
    /// A record that was once sent this way arrives at it.
    Hear(Direction, usize),
    /// A record arrives at it that nobody has sent.
    HearForged,
    /// A record that was once sent this way arrives at the server's end of that channel.
    Read(u8, Direction, usize),
    /// A record arrives there that nobody has sent.
    ReadForged(u8),
    /// The server hands over the request that it has taken.
    Forward(u8),
    /// It renews its keys.
    RenewLine(u8),
    /// It crashes, and its end of that channel is gone.
    Crash(u8),
    /// The data service answers.
    Answer(usize),
    /// It says that it cannot.
    Fail(usize),
    /// The account is upgraded, through another channel.
    Upgrade,
}

impl Action {
    /// Whether it is something out of the ordinary.
    fn is_extra(self) -> bool {
        matches!(
            self,
            Self::Renew | Self::RenewLine(_) | Self::Repeat | Self::Fail(_) | Self::Upgrade
        )
    }
}

/// Both ways.
pub const WAYS: [Direction; 2] = [ToResponder, ToInitiator];

impl Data {
    /// Lists the actions that change the state.
    pub(super) fn enabled(&self, state: &State, actions: &mut Vec<Action>) {
        let wanted = (0..WISHES as u8).filter(|wish| self.is_wanted(state, *wish));
        actions.extend(wanted.map(Action::Ask));
        for (index, _) in state.all_asked() {
            if state.history.completed[index].is_none() {
                actions.push(Action::Cancel(index));
            }
        }
        let is_calm = state.extras < self.bounds.extras;
        self.enabled_at_device(state, is_calm, actions);
        for channel in 0..state.device.channels {
            self.enabled_at_line(state, channel, is_calm, actions);
        }
        for (index, job) in state.jobs.iter().enumerate() {
            if !job.answered && state.serving(job.channel).is_some() {
                actions.push(Action::Answer(index));
                if is_calm {
                    actions.push(Action::Fail(index));
                }
            }
        }
        if is_calm && state.level == AccountLevel::Headless {
            actions.push(Action::Upgrade);
        }
    }

    fn enabled_at_device(&self, state: &State, is_calm: bool, actions: &mut Vec<Action>) {
        if state.open_channel().is_none() {
            if !state.device.waiting.is_empty() {
                if state.device.channels < self.bounds.channels {
                    actions.push(Action::Connect);
                }
                actions.push(Action::GiveUp);
            }
            return;
        }
        actions.push(Action::Lose);
        if is_calm {
            actions.push(Action::Renew);
        }
        if is_calm && self.last_sent(state).is_some() {
            actions.push(Action::Repeat);
        }
        if let Some(receiver) = Self::device_waits(state) {
            self.arriving(state, receiver, actions, Action::Hear);
            actions.push(Action::HearForged);
        }
    }

    fn enabled_at_line(
        &self,
        state: &State,
        channel: u8,
        is_calm: bool,
        actions: &mut Vec<Action>,
    ) {
        let Some(serving) = state.serving(channel) else {
            return;
        };
        actions.push(Action::Crash(channel));
        if serving.held.is_some() {
            actions.push(Action::Forward(channel));
        }
        if is_calm {
            actions.push(Action::RenewLine(channel));
        }
        if let Some(receiver) = Self::line_waits(state, channel) {
            self.arriving(state, receiver, actions, |direction, index| {
                Action::Read(channel, direction, index)
            });
            actions.push(Action::ReadForged(channel));
        }
    }

    /// Offers each record that opens, and of those that close the channel one for each reason.
    fn arriving(
        &self,
        state: &State,
        receiver: Receiver,
        actions: &mut Vec<Action>,
        action: impl Fn(Direction, usize) -> Action,
    ) {
        let mut refused = Vec::new();
        for direction in WAYS {
            for (index, sealed) in state.wire(direction).iter().enumerate() {
                match self.open(receiver, *sealed) {
                    Ok(_) => actions.push(action(direction, index)),
                    Err(error) if error.closes() && !refused.contains(&error) => {
                        refused.push(error);
                        actions.push(action(direction, index));
                    }
                    Err(_) => {}
                }
            }
        }
    }

    /// Changes the state by one of its enabled actions.
    pub(super) fn take(&self, state: &mut State, action: Action) {
        state.extras += u8::from(action.is_extra());
        match action {
            Action::Ask(wish) => self.ask(state, wish),
            Action::Cancel(index) => self.cancel(state, index),
            Action::Connect => self.connect(state),
            Action::GiveUp => self.give_up(state),
            Action::Lose => self.lose(state),
            Action::Renew => {
                if let Some((channel, mut places)) = state.open_channel() {
                    self.renew(state, channel, ToResponder, &mut places);
                    state.device.end = End::Open(places);
                }
            }
            Action::Repeat => self.repeat(state),
            Action::Hear(direction, index) => {
                let sealed = record(state, direction, index);
                if let Some(receiver) = Self::device_waits(state) {
                    let opened = self.open(receiver, sealed);
                    self.hear(state, opened, Some(sealed));
                }
            }
            Action::HearForged => {
                if let Some(receiver) = Self::device_waits(state) {
                    let opened = self.forge(receiver);
                    self.hear(state, opened, None);
                }
            }
            Action::Read(channel, direction, index) => {
                let sealed = record(state, direction, index);
                if let Some(receiver) = Self::line_waits(state, channel) {
                    let opened = self.open(receiver, sealed);
                    self.read(state, channel, opened, Some(sealed));
                }
            }
            Action::ReadForged(channel) => {
                if let Some(receiver) = Self::line_waits(state, channel) {
                    let opened = self.forge(receiver);
                    self.read(state, channel, opened, None);
                }
            }
            Action::Forward(channel) => self.forward(state, channel),
            Action::RenewLine(channel) => {
                if let Some(mut serving) = state.serving(channel) {
                    self.renew(state, channel, ToInitiator, &mut serving.places);
                    state.lines[channel as usize] = Line::Open(serving);
                }
            }
            Action::Crash(channel) => state.lines[channel as usize] = Line::Closed,
            Action::Answer(job) => self.answer(state, job, false),
            Action::Fail(job) => self.answer(state, job, true),
            Action::Upgrade => state.level = upgraded(),
        }
    }
}

fn record(state: &State, direction: Direction, index: usize) -> Kept<Sealed> {
    state.wire(direction)[index]
}
