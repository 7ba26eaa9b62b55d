//! What devices say in channels that go on, and what they hear there.
//!
//! | turn | with | facts |
//! |---|---|---|
//! | `pong`, `renew` | `on`, `spoil` | |
//! | `leave`: logs out | `on`, `cause`, `spoil` | |
//! | `say`: any message | `on`, `message`, `spoil` | |
//! | `skip`: a record is lost on its way | `on` | |
//! | `repeat`: its last record | `on` | |
//! | `heard`: what came since, but for pings | `on` | `heard` |
//! | `pinged` | `on`, `least` | `pinged`: whether at least so many pings came since |
//! | `request`, `cancel` | see [`data`](super::data) | |
//! | `fetch`, `answer` | see [`answer`](super::answer) | |
//! | `rotate`, `delete` | see [`credential`](super::credential) | |
//!
//! Layers to spoil: `request` (the message), `record`, `frame`.

use countersign::cbor;
use countersign::messages::app::{Logout, Pong};
use countersign::messages::channel::Refused;
use countersign::messages::data::{DataAnswer, DataError};
use countersign::messages::frame::Frame;
use countersign::registry::{LogoutCause, message_type as ty};
use countersign::values::Type;
use countersign_vectors::case::{Object, Turn};
use serde::Serialize;
use serde_json::{Value, json};

use super::assertion::registered;
use super::settled::decode;
use super::{World, on};
use crate::outcome::Stop;
use crate::peer::device::Answered;
use crate::peer::spoiler::Spoiler;
use crate::session::{Answer, Session};
use crate::stage::judge::{Came, same, wrong};
use crate::stage::with::With;

/// Payloads that are longer are reported by their length.
const SHOWN_BYTES: usize = 64;

/// What the server made of a message in a channel.
pub(super) enum Reply {
    /// It went along, and answered with this if with anything.
    Done(Option<Vec<u8>>),
    /// It refused.
    Refused(Came),
}

impl World {
    /// A device's turn in a channel.
    pub(super) fn speak(
        &mut self,
        action: &str,
        turn: &Turn,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        match action {
            "pong" => {
                let on = on(With::of(turn, &["on", "spoil"])?, &self.last)?.to_owned();
                self.tell(&on, &Pong::default(), spoiler, session)
            }
            "leave" => {
                let with = With::of(turn, &["on", "cause", "spoil"])?;
                let on = on(with, &self.last)?.to_owned();
                let cause = registered(with, "cause", LogoutCause::from_number)?;
                let cause = cause.unwrap_or(LogoutCause::App);
                self.tell(&on, &Logout { ty: Type, cause }, spoiler, session)
            }
            "say" => {
                let with = With::of(turn, &["on", "message", "spoil"])?;
                let on = on(with, &self.last)?.to_owned();
                let message = with.bytes("message")?.unwrap_or_default();
                match self.say(&on, message, spoiler, session)? {
                    Reply::Done(None) => Ok(Came::nothing()),
                    Reply::Done(Some(_)) => Ok(Came::with(json!({ "answered": true }))),
                    Reply::Refused(came) => Ok(came),
                }
            }
            "renew" => {
                let on = on(With::of(turn, &["on", "spoil"])?, &self.last)?.to_owned();
                let frame = self.talking(&on)?.renew_keys(spoiler)?;
                self.no_answer(&on, frame, session)
            }
            "skip" => {
                let on = on(With::of(turn, &["on"])?, &self.last)?.to_owned();
                self.talking(&on)?.say(&Pong::default(), spoiler)?;
                Ok(Came::nothing())
            }
            "repeat" => {
                let on = on(With::of(turn, &["on"])?, &self.last)?.to_owned();
                let frame = self.connection(&on)?.record.clone();
                let frame = frame.ok_or_else(|| Stop::Undecided("nothing was said".to_owned()))?;
                self.no_answer(&on, frame, session)
            }
            "heard" => {
                let on = on(With::of(turn, &["on"])?, &self.last)?.to_owned();
                self.heard(&on)
            }
            "pinged" => {
                let with = With::of(turn, &["on", "least"])?;
                let on = on(with, &self.last)?.to_owned();
                let least: usize = with.number("least")?.unwrap_or_default();
                let is_ping = |content: &Vec<u8>| type_of(content) == ty::PING;
                let inbox = &mut self.connection(&on)?.inbox;
                let pings = inbox.iter().filter(|it| is_ping(it)).count();
                inbox.retain(|it| !is_ping(it));
                Ok(Came::with(json!({ "pinged": pings >= least })))
            }
            "request" | "cancel" => self.ask_data(action, turn, spoiler, session),
            "fetch" => self.fetch(turn, spoiler, session),
            "answer" => self.answer_challenge(turn, spoiler, session),
            "rotate" => self.rotate(turn, spoiler, session),
            "delete" => self.delete(turn, spoiler, session),
            other => Err(Stop::Undecided(format!("a device cannot {other}"))),
        }
    }

    /// Says something that has no answer.
    fn tell(
        &mut self,
        on: &str,
        message: &impl Serialize,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        match self.say(on, encode(message)?, spoiler, session)? {
            Reply::Done(None) => Ok(Came::nothing()),
            Reply::Done(Some(more)) => Err(wrong("no answer", &hex::encode(more))),
            Reply::Refused(came) => Ok(came),
        }
    }

    /// Says something in a channel, and takes the answer if there is one.
    pub(super) fn say(
        &mut self,
        on: &str,
        message: Vec<u8>,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Reply, Stop> {
        let frame = self.talking(on)?.say_bytes(message, spoiler)?;
        self.exchange(on, frame, session)
    }

    fn no_answer(
        &mut self,
        on: &str,
        frame: Vec<u8>,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        match self.exchange(on, frame, session)? {
            Reply::Done(None) => Ok(Came::nothing()),
            Reply::Done(Some(more)) => Err(wrong("no answer", &hex::encode(more))),
            Reply::Refused(came) => Ok(came),
        }
    }

    /// Sends a record. What is pushed meanwhile stays in the inbox.
    fn exchange(
        &mut self,
        on: &str,
        frame: Vec<u8>,
        session: &mut Session<'_, '_>,
    ) -> Result<Reply, Stop> {
        self.connection(on)?.record = Some(frame.clone());
        let (answer, frames) = self.step("receive", Some(frame), Object::new(), session)?;
        let before = self.connection(on)?.inbox.len();
        self.deliver(frames)?;
        let inbox = &mut self.connection(on)?.inbox;
        let new = inbox.split_off(before.min(inbox.len()));
        let is_pushed = |content: &Vec<u8>| matches!(type_of(content), ty::PING | ty::LOGOUT);
        let (pushed, mut answers): (Vec<_>, Vec<_>) = new.into_iter().partition(is_pushed);
        inbox.extend(pushed);
        let said = answers.pop();
        if !answers.is_empty() {
            return Err(wrong("one answer at most", &answers.len()));
        }
        match (answer, said) {
            (Answer::Done { .. }, said) => Ok(Reply::Done(said)),
            (Answer::Refused { code, .. }, None) => {
                Ok(Reply::Refused(Came::Refused("rejected", code)))
            }
            (Answer::Refused { code, .. }, Some(said)) => {
                let number = match type_of(&said) {
                    ty::DATA_ERROR => decode::<DataError>("data-error", &said)?.error,
                    _ => decode::<Refused>("refused", &said)?.error,
                };
                same("the number that the device is told", &code, &number)?;
                Ok(Reply::Refused(Came::Refused("refused", code)))
            }
        }
    }

    /// Opens what goes to devices, each in its channel.
    pub(super) fn deliver(&mut self, frames: Vec<Vec<u8>>) -> Result<(), Stop> {
        for frame in frames {
            let to = match Frame::from_slice(&frame) {
                Ok(Frame::Record { to, .. }) => to,
                other => return Err(wrong("a record", &other)),
            };
            let mut all = self.connections.values_mut();
            let connection = all.find(|it| it.c_i == to.0 && it.talking.is_some());
            let connection = connection.ok_or_else(|| wrong("a known channel", &to))?;
            let talking = connection.talking.as_mut();
            match talking.map(|talking| talking.hear(&frame)).transpose()? {
                Some(Answered::With(content)) => connection.inbox.push(content),
                other => return Err(wrong("a record", &other)),
            }
        }
        Ok(())
    }

    /// What has come through a channel since, but for pings.
    fn heard(&mut self, on: &str) -> Result<Came, Stop> {
        let mut heard = Vec::new();
        for content in std::mem::take(&mut self.connection(on)?.inbox) {
            match type_of(&content) {
                ty::PING => {}
                ty::LOGOUT => {
                    let Logout { cause, .. } = decode("logout", &content)?;
                    heard.push(json!({ "logout": cause.number() }));
                }
                ty::DATA_ANSWER => {
                    let answer: DataAnswer = decode("data-answer", &content)?;
                    let payload: Value = match answer.payload.len() {
                        ..=SHOWN_BYTES => hex::encode(&answer.payload.0).into(),
                        more => more.into(),
                    };
                    heard.push(json!({ "answer": answer.id, "payload": payload }));
                }
                ty::DATA_ERROR => {
                    let error: DataError = decode("data-error", &content)?;
                    heard.push(json!({ "error": error.error, "request": error.id }));
                }
                other => return Err(wrong("a message that is pushed", &other)),
            }
        }
        Ok(Came::with(json!({ "heard": heard })))
    }

    /// What the backend was told of logouts and cancels.
    pub(super) fn told(&mut self) -> Vec<Object> {
        let mut told = std::mem::take(&mut self.events);
        for event in &mut told {
            event.remove("channel");
            self.name_account(event);
        }
        told
    }

    pub(super) fn talking(&mut self, on: &str) -> Result<&mut crate::peer::device::Talking, Stop> {
        let talking = self.connection(on)?.talking.as_mut();
        talking.ok_or_else(|| Stop::Undecided(format!("{on} has no channel")))
    }
}

/// The type number of a message: the first element of its array.
fn type_of(content: &[u8]) -> u64 {
    match content {
        [_, 0x18, number, ..] | [_, number, ..] => (*number).into(),
        _ => 0,
    }
}

pub(super) fn encode(message: &impl Serialize) -> Result<Vec<u8>, Stop> {
    cbor::to_vec(message).map_err(|error| Stop::Undecided(error.to_string()))
}
