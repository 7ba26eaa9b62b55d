//! The stage of the factor server: devices, auth servers' vouchers, the network
//! and the clock around it.
//!
//! | who | does | with |
//! |---|---|---|
//! | factor | configure | `max_attempts`, `store_epoch`, `epoch`, `versions`, `policy`; at the beginning |
//! | device | connect, or hello and then claim | the fields of `ead-1`; `key`, `signer`, `by` |
//! | device | create, verify, set_pin, add_biometric | see [`create`], [`verify`], [`change`] |
//! | device | remove_biometric, biometric_gone | |
//! | device | repeat | `request`: the content of an earlier request, in a record of its own |
//! | device | ask_status, renew_keys | |
//! | factor | commit, crash | `replica` |
//! | factor | restart | `replica`, and what is configured otherwise: `store_epoch`, `max_attempts` |
//! | factor | backup, restore | of the store; `store_epoch` from then on |
//! | factor | read_record | `device` |
//! | network | deliver | `frame`: one that was kept; to `replica`, or addressed `to` another channel |
//! | network | error, reflect | an error message, or the server's own last record |
//! | clock | advance, set_back | `s` |
//!
//! Devices and channels have names; `alice` acts, through a channel of her name, where none is given. A turn that
//! sends a frame may name `replica`, `hold` the decision before its commit, `keep` the frame under a name, leave it
//! `unsent`, let the reply be `lost`, and `spoil` one thing.

mod change;
mod create;
mod device;
mod exchange;
mod handshake;
mod operator;
mod possession;
mod server;
mod verify;

use std::collections::{BTreeMap, VecDeque};

use countersign::messages::factor::{AskStatus, BiometricGone, RemoveBiometric};
use countersign::values::UnixSeconds;
use countersign_vectors::case::{Actor, Role, Turn};
use serde::Serialize;
use serde_json::{Value, json};

use self::device::{ALICE, Device, World};
use self::exchange::{Awaited, Held, Kept, Line};
use self::handshake::Half;
use self::server::{Asked, Server};
use super::judge::{Came, judge};
use super::with::With;
use crate::outcome::{Severity, Stop};
use crate::peer::spoiler::Spoiler;
use crate::session::{Answer, Input, Session};

/// The one session of the implementation.
const SESSION: &str = "factor";
/// When a case begins, in seconds since 1970.
const BEGINNING: UnixSeconds = UnixSeconds(1_750_000_000);
/// The words of every turn that sends a frame.
const SENDING: &[&str] = &[
    "device", "channel", "replica", "hold", "keep", "unsent", "lost", "spoil", "as",
];

/// The stage of one case.
pub(super) struct Theatre {
    now: UnixSeconds,
    /// The number of the turn.
    turn: usize,
    server: Option<Server>,
    devices: BTreeMap<String, Device>,
    lines: BTreeMap<String, Line>,
    halves: BTreeMap<String, Half>,
    kept: BTreeMap<String, Kept>,
    requests: BTreeMap<String, (Vec<u8>, Option<Asked>)>,
    held: BTreeMap<u64, VecDeque<Held>>,
}

impl super::Stage for Theatre {
    fn play(&mut self, turn: &Turn, session: &mut Session<'_, '_>) -> Result<(), Stop> {
        self.turn += 1;
        let spoiler = Spoiler::of(&turn.with)?;
        let came = self.act(turn, &spoiler, session)?;
        spoiler.finish()?;
        judge(turn, came)
    }
}

impl Theatre {
    pub(super) fn new() -> Self {
        Self {
            now: BEGINNING,
            turn: 0,
            server: None,
            devices: BTreeMap::new(),
            lines: BTreeMap::new(),
            halves: BTreeMap::new(),
            kept: BTreeMap::new(),
            requests: BTreeMap::new(),
            held: BTreeMap::new(),
        }
    }

    fn act(
        &mut self,
        turn: &Turn,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        if (turn.actor, turn.action.as_str()) == (Actor::Factor, "configure") {
            let with = With::of(turn, Server::WORDS)?;
            return self.open(with, session);
        }
        if self.server.is_none() {
            self.open(With::nothing(), session)?;
        }
        let with = |words: &[&str]| With::of(turn, &[SENDING, words].concat());
        match (turn.actor, turn.action.as_str()) {
            (Actor::Device, "connect") => {
                let with = with(&[handshake::HELLO, handshake::CLAIM].concat())?;
                match self.hello(with, spoiler, session)? {
                    came if came == Came::nothing() => self.claim(with, spoiler, session),
                    came => Ok(came),
                }
            }
            (Actor::Device, "hello") => self.hello(with(handshake::HELLO)?, spoiler, session),
            (Actor::Device, "claim") => self.claim(with(handshake::CLAIM)?, spoiler, session),
            (Actor::Device, "create") => {
                let with = with(create::CREATE)?;
                let make = |device: &mut Device, world: &World<'_, '_, '_>| {
                    create::create(with, device, world, spoiler)
                };
                self.change(with, make, spoiler, session)
            }
            (Actor::Device, "verify") => self.verify(with(verify::VERIFY)?, spoiler, session),
            (Actor::Device, "set_pin") => {
                let with = with(change::SET_PIN)?;
                let make = |device: &mut Device, world: &World<'_, '_, '_>| {
                    change::set_pin(with, device, world)
                };
                self.change(with, make, spoiler, session)
            }
            (Actor::Device, "add_biometric") => {
                let with = with(change::ADD_BIOMETRIC)?;
                let make = |device: &mut Device, world: &World<'_, '_, '_>| {
                    change::add_biometric(with, device, world)
                };
                self.change(with, make, spoiler, session)
            }
            (Actor::Device, "remove_biometric") => {
                let message = RemoveBiometric::default();
                self.say(with(&[])?, &message, Awaited::Created, spoiler, session)
            }
            (Actor::Device, "biometric_gone") => {
                let message = BiometricGone::default();
                self.say(with(&[])?, &message, Awaited::Created, spoiler, session)
            }
            (Actor::Device, "repeat") => self.repeat(with(&["request"])?, spoiler, session),
            (Actor::Device, "ask_status") => {
                let with = with(&[])?;
                self.say(
                    with,
                    &AskStatus::default(),
                    Awaited::Status,
                    spoiler,
                    session,
                )
            }
            (Actor::Device, "renew_keys") => {
                let with = with(&[])?;
                let line = self.line(with)?;
                let frame = line.talking.renew_keys(spoiler)?;
                self.send(with, frame, Awaited::Nothing, session)
            }
            (Actor::Factor, "commit") => self.commit(With::of(turn, &["replica"])?, session),
            (Actor::Factor, "crash") => self.crash(With::of(turn, &["replica"])?, session),
            (Actor::Factor, "restart") => self.restart(With::of(turn, operator::RESTART)?, session),
            (Actor::Factor, "backup") => self.backup(With::of(turn, &[])?, session),
            (Actor::Factor, "restore") => self.restore(With::of(turn, operator::RESTORE)?, session),
            (Actor::Factor, "read_record") => self.read(With::of(turn, &["device"])?, session),
            (Actor::Network, "deliver") => {
                let with = With::of(turn, &["frame", "to", "replica", "spoil"])?;
                self.deliver(with, spoiler, session)
            }
            (Actor::Network, "error") => self.inject_error(with(&[])?, session),
            (Actor::Network, "reflect") => {
                let with = with(&[])?;
                let line = self.line(with)?;
                let frame = line.talking.reflect(&line.last_frame)?;
                self.send(with, frame, Awaited::Nothing, session)
            }
            (Actor::Clock, "advance") => {
                let s = With::of(turn, &["s"])?.uint("s")?.unwrap_or(0);
                self.now = self.now.plus(s);
                Ok(Came::nothing())
            }
            (Actor::Clock, "set_back") => {
                let s = With::of(turn, &["s"])?.uint("s")?.unwrap_or(0);
                self.now = UnixSeconds(self.now.0.saturating_sub(s));
                Ok(Came::nothing())
            }
            (actor, action) => Err(Stop::Undecided(format!(
                "{actor:?} cannot {action} on the factor server's stage"
            ))),
        }
    }

    fn open(&mut self, with: With<'_>, session: &mut Session<'_, '_>) -> Result<Came, Stop> {
        if self.server.is_some() {
            return Err(Stop::Undecided(
                "it is configured at the beginning".to_owned(),
            ));
        }
        let server = Server::of(with, self.now, session)?;
        let now_ms = Some(self.now.0 * 1000);
        match session.open(SESSION, Role::Factor, server.config(), now_ms)? {
            Answer::Done { .. } => {
                self.server = Some(server);
                Ok(Came::nothing())
            }
            Answer::Refused { code, .. } => Err(Stop::failed(
                Severity::WronglyRejected,
                "the role opens",
                format!("refused with {code}"),
            )),
        }
    }

    /// Says a message of which a status comes, after a commit.
    fn change<M: Serialize>(
        &mut self,
        with: With<'_>,
        make: impl FnOnce(&mut Device, &World<'_, '_, '_>) -> Result<M, Stop>,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let message = self.compose(with, make, session)?;
        self.say(with, &message, Awaited::Created, spoiler, session)
    }

    fn verify(
        &mut self,
        with: With<'_>,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let make =
            |device: &mut Device, world: &World<'_, '_, '_>| verify::verify(with, device, world);
        let (message, asked) = self.compose(with, make, session)?;
        self.say(with, &message, Awaited::Verdict(asked), spoiler, session)
    }

    /// What the turn's device makes, for the turn's channel.
    fn compose<M>(
        &mut self,
        with: With<'_>,
        make: impl FnOnce(&mut Device, &World<'_, '_, '_>) -> Result<M, Stop>,
        session: &Session<'_, '_>,
    ) -> Result<M, Stop> {
        let name = self.device_of(with, session)?;
        let channel = self.line(with)?.talking.binding();
        let mut device = self.devices.remove(&name).ok_or_else(no_device)?;
        let world = World {
            server: self.server()?,
            session,
            now: self.now,
            turn: self.turn,
            channel,
            lines: &self.lines,
        };
        let made = make(&mut device, &world);
        self.devices.insert(name, device);
        made
    }

    /// Sends the content of an earlier request again, in the next record.
    fn repeat(
        &mut self,
        with: With<'_>,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let name = with.text("request")?.unwrap_or_default();
        let (content, asked) = self
            .requests
            .get(name)
            .cloned()
            .ok_or_else(|| Stop::Undecided(format!("no request was remembered as {name:?}")))?;
        let awaited = asked.map_or(Awaited::Created, Awaited::Verdict);
        let frame = self.line(with)?.talking.say_bytes(content, spoiler)?;
        self.send(with, frame, awaited, session)
    }

    /// Says a message through a channel, and remembers it if the turn has a name for it.
    fn say(
        &mut self,
        with: With<'_>,
        message: &impl Serialize,
        awaited: Awaited,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let content = countersign::cbor::to_vec(message)
            .map_err(|error| Stop::Undecided(error.to_string()))?;
        if let Some(name) = with.text("as")? {
            let asked = match &awaited {
                Awaited::Verdict(asked) => Some(asked.clone()),
                _ => None,
            };
            self.requests
                .insert(name.to_owned(), (content.clone(), asked));
        }
        let frame = self.line(with)?.talking.say_bytes(content, spoiler)?;
        self.send(with, frame, awaited, session)
    }

    /// An error message by anybody. It may end an attempt: whether it does shows later.
    fn inject_error(
        &mut self,
        with: With<'_>,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let frame = self.line(with)?.talking.error(201)?;
        let input = self.receive_input(&frame, with)?;
        match self.step(input, session)? {
            Answer::Done { out, .. } if !out.is_empty() => Err(crate::stage::judge::wrong(
                "no answer to an error message",
                &out.len(),
            )),
            _ => Ok(Came::nothing()),
        }
    }

    fn read(&mut self, with: With<'_>, session: &mut Session<'_, '_>) -> Result<Came, Stop> {
        let name = self.device_of(with, session)?;
        let device = self.devices.get(&name).ok_or_else(no_device)?;
        let input = Input {
            op: "record.read".to_owned(),
            args: object(json!({ "record": hex::encode(device.record.0) })),
            ..Input::default()
        };
        match self.step(input, session)? {
            Answer::Done { values, .. } => Ok(Came::Accepted(values)),
            Answer::Refused { code, .. } => Ok(Came::Refused("rejected", code)),
        }
    }

    /// The name of the turn's device, which there is from now on.
    fn device_of(&mut self, with: With<'_>, session: &Session<'_, '_>) -> Result<String, Stop> {
        let name = with.text("device")?.unwrap_or(ALICE);
        self.devices
            .entry(name.to_owned())
            .or_insert_with(|| Device::of(name, session));
        Ok(name.to_owned())
    }

    /// The channel of a turn: the one that it names, or the one of its device's name.
    fn line(&mut self, with: With<'_>) -> Result<&mut Line, Stop> {
        let name = line_name(with)?;
        self.lines
            .get_mut(name)
            .ok_or_else(|| Stop::Undecided(format!("there is no channel {name}")))
    }

    fn server(&self) -> Result<&Server, Stop> {
        self.server
            .as_ref()
            .ok_or_else(|| Stop::Undecided("there is no factor server".to_owned()))
    }
}

fn line_name(with: With<'_>) -> Result<&str, Stop> {
    match with.text("channel")? {
        Some(name) => Ok(name),
        None => Ok(with.text("device")?.unwrap_or(ALICE)),
    }
}

fn object(value: Value) -> countersign_vectors::case::Object {
    serde_json::from_value(value).unwrap_or_default()
}

fn no_device() -> Stop {
    Stop::Undecided("there is no such device".to_owned())
}
