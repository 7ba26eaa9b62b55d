//! The auth server's end of a channel, and the data service behind it.

use countersign::auth::{AccountLevel, Caller, Desk, Forward};
use countersign::channel::Direction::{ToInitiator, ToResponder};
use countersign::error::Code;
use countersign::messages::data::{DataAnswer, DataError, DataRequest};
use countersign::values::{AccountId, Pseudonym, Type};

use super::history::{answer, wish};
use super::records::{Receiver, Said, Sealed};
use super::state::{Job, Line, Serving, State};
use super::weakenings::Weak;
use super::{Data, Opened};
use crate::cast;
use crate::keep::Kept;

const ACCOUNT: AccountId = AccountId([0xac; 16]);

impl Data {
    /// What the server waits for next at that line, unless it is busy.
    pub(super) fn line_waits(state: &State, channel: u8) -> Option<Receiver> {
        let serving = state.serving(channel)?;
        serving.held.is_none().then_some(Receiver {
            channel,
            direction: ToResponder,
            next: serving.places.receiving,
        })
    }

    /// A record arrives at that line.
    pub(super) fn read(
        &self,
        state: &mut State,
        channel: u8,
        opened: Opened,
        sealed: Option<Kept<Sealed>>,
    ) {
        let (Some(mut serving), Some(receiver)) =
            (state.serving(channel), Self::line_waits(state, channel))
        else {
            return;
        };
        let said = match opened {
            Ok(said) => said,
            Err(error) => {
                if error.closes() {
                    let goes_on = Weak::goes_on(self.weak, error, &mut serving.places);
                    state.lines[channel as usize] = match goes_on {
                        true => Line::Open(serving),
                        false => Line::Closed,
                    };
                }
                return;
            }
        };
        let sealed = sealed.expect("nothing forged opens");
        let places = &mut serving.places;
        state.history.delivered(receiver, places.delivered, &sealed);
        places.delivered += 1;
        let here = places.receiving;
        places.receiving = Weak::taken(self.weak, here, sealed.way);
        match &*said {
            Said::Request(request) => self.take_request(state, channel, &mut serving, request),
            Said::Cancel(cancel) => {
                let mut desk = Desk::clone(&serving.desk);
                desk.complete(cancel.id);
                serving.desk = self.desks.keep(desk);
            }
            Said::KeyUpdate => {
                places.receiving = here.renewed();
            }
            // Only with one key for both directions: nothing that a server expects (212).
            Said::Answer(_) | Said::Error(_) => {}
        }
        state.lines[channel as usize] = Line::Open(serving);
    }

    fn take_request(
        &self,
        state: &mut State,
        channel: u8,
        serving: &mut Serving,
        request: &DataRequest,
    ) {
        let mut desk = Desk::clone(&serving.desk);
        let taken = Weak::desk(self.weak, &mut desk).take(request.id);
        if let Err(code) = taken {
            serving.desk = self.desks.keep(desk);
            self.say_error(state, channel, serving, request.id, code);
            return;
        }
        serving.desk = self.desks.keep(desk);
        let level = state.level.level();
        let forward = Forward {
            caller: Caller {
                account: ACCOUNT,
                level: Weak::level(self.weak, level, serving.opened_at),
                device: cast::OWNERS_ACCOUNT.kid(),
            },
            id: request.id,
            idempotency_key: Weak::key(self.weak, request.idempotency_key),
            payload: request.payload.clone(),
        };
        serving.held = Some((self.forwards.keep(forward), level));
    }

    /// The server hands over what it has taken, and the data service does it: at once, and
    /// once under one idempotency key.
    pub(super) fn forward(&self, state: &mut State, channel: u8) {
        let Some(mut serving) = state.serving(channel) else {
            return;
        };
        let Some((forward, taken_at)) = serving.held.take() else {
            return;
        };
        state.lines[channel as usize] = Line::Open(serving);
        let job = Job {
            channel,
            forward,
            answered: false,
        };
        let mut jobs = state.jobs.to_vec();
        let levels = (taken_at, state.level.level());
        state.history.forwarded(&job, &jobs, levels);
        let key = forward.idempotency_key;
        let is_known = key.is_some() && jobs.iter().any(|job| job.forward.idempotency_key == key);
        if !is_known {
            state.history.done(wish(&forward.payload));
        }
        jobs.push(job);
        state.jobs = self.jobs.keep(jobs);
    }

    /// The data service answers, or fails; nothing is sent if nobody waits for it (DATA-5).
    pub(super) fn answer(&self, state: &mut State, job: usize, fails: bool) {
        let mut jobs = state.jobs.to_vec();
        jobs[job].answered = true;
        let Job {
            channel, forward, ..
        } = jobs[job];
        let id = Weak::answered(self.weak, &jobs, job);
        state.jobs = self.jobs.keep(jobs);
        let Some(mut serving) = state.serving(channel) else {
            return;
        };
        let mut desk = Desk::clone(&serving.desk);
        let is_open = desk.complete(id);
        serving.desk = self.desks.keep(desk);
        if is_open || self.weak == Some(Weak::AnswerCancelled) {
            if fails {
                self.say_error(state, channel, &mut serving, id, Code::DataUnavailable);
            } else {
                let message = DataAnswer {
                    ty: Type,
                    id,
                    payload: answer(wish(&forward.payload)),
                };
                self.send(state, channel, ToInitiator, &mut serving.places, &message);
            }
        }
        state.lines[channel as usize] = Line::Open(serving);
    }

    fn say_error(
        &self,
        state: &mut State,
        channel: u8,
        serving: &mut Serving,
        id: u64,
        code: Code,
    ) {
        let message = DataError {
            ty: Type,
            id,
            error: code.number(),
        };
        self.send(state, channel, ToInitiator, &mut serving.places, &message);
    }
}

/// What the account becomes.
pub fn upgraded() -> AccountLevel {
    AccountLevel::Full(Pseudonym([0x5b; 16]))
}
