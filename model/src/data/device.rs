//! The device: it asks, cancels, hears, and loses its channel.

use countersign::auth::Desk;
use countersign::channel::Direction::{ToInitiator, ToResponder};
use countersign::device::data::{Completed, Requests};
use countersign::error::Code;
use countersign::messages::data::DataRequest;
use countersign::values::{IdempotencyKey, Type};

use super::history::{How, wanted};
use super::records::{Receiver, Said, Sealed};
use super::state::{Asked, End, Line, Places, Serving, State, id, index};
use super::weakenings::Weak;
use super::{Data, Opened};
use crate::keep::Kept;

/// The wish that has an idempotency key.
pub const WITH_KEY: u8 = 1;

impl Data {
    /// Whether the app would ask for this now: for the first time, or again under its key, since
    /// nobody knows what became of it.
    pub(super) fn is_wanted(&self, state: &State, wish: u8) -> bool {
        if state.all_asked().count() >= self.bounds.requests.into() {
            return false;
        }
        let before = state.all_asked().filter(|(_, asked)| asked.wish == wish);
        match before.last() {
            None => true,
            Some((last, _)) => {
                wish == WITH_KEY && state.history.completed[last] == Some(How::Unknown)
            }
        }
    }

    pub(super) fn ask(&self, state: &mut State, wish: u8) {
        let index = state.all_asked().count();
        state.asked[index] = Some(Asked {
            wish,
            channel: None,
        });
        let mut requests = Requests::clone(&state.device.requests);
        let asked = requests.ask(id(index), wanted(wish).0, key(wish));
        let message = asked.expect("within its limits");
        state.device.requests = self.requests.keep(requests);
        match state.open_channel() {
            Some((channel, places)) => self.send_request(state, channel, places, &message),
            None => {
                let mut waiting = state.device.waiting.to_vec();
                waiting.push(message);
                state.device.waiting = self.waiting.keep(waiting);
            }
        }
    }

    fn send_request(
        &self,
        state: &mut State,
        channel: u8,
        mut places: Places,
        message: &DataRequest,
    ) {
        self.send(state, channel, ToResponder, &mut places, message);
        state.device.end = End::Open(places);
        if let Some(asked) = &mut state.asked[index(message.id)] {
            asked.channel = Some(channel);
        }
    }

    pub(super) fn cancel(&self, state: &mut State, index: usize) {
        let mut requests = Requests::clone(&state.device.requests);
        let Some((message, completed)) = requests.cancel(id(index)) else {
            return;
        };
        if self.weak != Some(Weak::KeepCancelled) {
            state.device.requests = self.requests.keep(requests);
        }
        self.told(state, &completed);
        match state.open_channel() {
            Some((channel, mut places)) => {
                self.send(state, channel, ToResponder, &mut places, &message);
                state.device.end = End::Open(places);
            }
            None => {
                let mut waiting = state.device.waiting.to_vec();
                waiting.retain(|waiting| waiting.id != message.id);
                state.device.waiting = self.waiting.keep(waiting);
            }
        }
    }

    /// A handshake has led to a new channel, with an end at both parties. What has waited is sent.
    pub(super) fn connect(&self, state: &mut State) {
        let channel = state.device.channels;
        state.device.channels += 1;
        state.device.end = End::Open(Places::default());
        state.lines[channel as usize] = Line::Open(Serving {
            places: Places::default(),
            desk: self.desks.keep(Desk::default()),
            opened_at: state.level.level(),
            held: None,
        });
        let waiting = state.device.waiting;
        state.device.waiting = self.waiting.keep(Vec::new());
        for message in waiting.iter() {
            if let Some((channel, places)) = state.open_channel() {
                self.send_request(state, channel, places, message);
            }
        }
    }

    /// No handshake has led to a channel.
    pub(super) fn give_up(&self, state: &mut State) {
        let requests = Requests::clone(&state.device.requests);
        self.forget(state);
        for completed in requests.unsent(Code::NoDataChannel) {
            self.told(state, &completed);
        }
    }

    /// The channel is lost, whatever it was.
    pub(super) fn lose(&self, state: &mut State) {
        let requests = Requests::clone(&state.device.requests);
        state.device.end = End::Closed;
        if self.weak == Some(Weak::AskAgainByItself) && self.asks_again(state, &requests) {
            return;
        }
        self.forget(state);
        if self.weak == Some(Weak::ForgetLoss) {
            return;
        }
        for completed in requests.lost() {
            self.told(state, &completed);
        }
    }

    fn forget(&self, state: &mut State) {
        state.device.requests = self.requests.keep(Requests::default());
        state.device.waiting = self.waiting.keep(Vec::new());
    }

    /// All that was open waits for the next channel, as if it had never been sent.
    fn asks_again(&self, state: &mut State, requests: &Requests) -> bool {
        let open: Vec<_> = state
            .all_asked()
            .filter(|(index, _)| is_open(requests, *index))
            .map(|(index, asked)| message(index, asked.wish))
            .collect();
        state.device.waiting = self.waiting.keep(open.clone());
        !open.is_empty()
    }

    /// A defective device: what it has sent through this channel last, again.
    pub(super) fn repeat(&self, state: &mut State) {
        let Some((channel, mut places)) = state.open_channel() else {
            return;
        };
        let Some((index, asked)) = self.last_sent(state) else {
            return;
        };
        let message = message(index, asked.wish);
        self.send(state, channel, ToResponder, &mut places, &message);
        state.device.end = End::Open(places);
    }

    /// The last request that went through the device's channel.
    pub(super) fn last_sent(&self, state: &State) -> Option<(usize, Asked)> {
        let (channel, _) = state.open_channel()?;
        let sent = |(_, asked): &(usize, Asked)| asked.channel == Some(channel);
        state.all_asked().filter(sent).last()
    }

    /// What the device waits for next.
    pub(super) fn device_waits(state: &State) -> Option<Receiver> {
        let (channel, places) = state.open_channel()?;
        Some(Receiver {
            channel,
            direction: ToInitiator,
            next: places.receiving,
        })
    }

    /// A record arrives at the device.
    pub(super) fn hear(&self, state: &mut State, opened: Opened, sealed: Option<Kept<Sealed>>) {
        let (Some((_, mut places)), Some(receiver)) =
            (state.open_channel(), Self::device_waits(state))
        else {
            return;
        };
        let said = match opened {
            Ok(said) => said,
            Err(error) if error.closes() => {
                match Weak::goes_on(self.weak, error, &mut places) {
                    true => state.device.end = End::Open(places),
                    false => self.lose(state),
                }
                return;
            }
            Err(_) => return,
        };
        let sealed = sealed.expect("nothing forged opens");
        state.history.delivered(receiver, places.delivered, &sealed);
        places.delivered += 1;
        let here = places.receiving;
        places.receiving = Weak::taken(self.weak, here, sealed.way);
        let mut requests = Requests::clone(&state.device.requests);
        let completed = match &*said {
            Said::Answer(answer) => requests.answered(answer.clone()),
            Said::Error(error) => requests.failed(error),
            Said::KeyUpdate => {
                places.receiving = here.renewed();
                None
            }
            // Only with one key for both directions: nothing that a device expects (212).
            Said::Request(_) | Said::Cancel(_) => None,
        };
        state.device.end = End::Open(places);
        if self.weak != Some(Weak::KeepAnswered) {
            state.device.requests = self.requests.keep(requests);
        }
        if let Some(completed) = completed {
            self.told(state, &completed);
        }
    }

    fn told(&self, state: &mut State, completed: &Completed) {
        state.history.completed(completed, &state.asked);
    }
}

/// Whether the device waits for the answer to that request.
pub fn is_open(requests: &Requests, index: usize) -> bool {
    let mut requests = requests.clone();
    requests.fail(id(index), Code::NoDataChannel).is_some()
}

/// The request with this index, as the device makes it.
fn message(index: usize, wish: u8) -> DataRequest {
    DataRequest {
        ty: Type,
        id: id(index),
        idempotency_key: key(wish),
        payload: wanted(wish),
    }
}

fn key(wish: u8) -> Option<IdempotencyKey> {
    (wish == WITH_KEY).then_some(IdempotencyKey([wish; 16]))
}
