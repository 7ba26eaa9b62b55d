//! The stage for an auth server under test.
//!
//! The runner plays its backend, its devices, its factor server (whose `K_sfa`
//! it has), the network and the clock.
//!
//! | actor | turn | with |
//! |---|---|---|
//! | backend | `configure`, as the first turn | [`server::Server::WORDS`] |
//! | backend | all others | see [`backend`] |
//! | device | `hello`: message_1 to message_2 | [`hello::HELLO`] |
//! | device | `claim`: message_3 to its answer | [`claim::CLAIM`] |
//! | device | `enrol`, `login`, `open`: both at once | both |
//! | device | `copy` | `device`, `as`: its storage and its key, on another phone |
//! | device | all others: in a channel | see [`channel`], [`data`], [`answer`] and [`credential`] |
//! | network | `deliver`, `replay`, `redirect`, `send` | see [`network`] |
//! | clock | `advance` | `s` |
//! | clock | `tick`: time passes, and the server's timers run | `s` |
//!
//! A session, an enrolment, a device or a connection goes by the name that the
//! case gives it. A turn that names no device is alice's, and one that names no
//! connection is about the last.

mod answer;
mod app;
mod assertion;
mod backend;
mod challenge;
mod channel;
mod claim;
mod credential;
mod data;
mod device;
mod hello;
mod network;
mod possession;
mod server;
mod services;
mod settled;

use std::collections::{BTreeMap, BTreeSet};

use countersign::edhoc::ErrorMessage;
use countersign::messages::frame::Frame;
use countersign::values::{AccountId, Rolling, UnixSeconds};
use countersign_vectors::case::{Actor, Object, Role, Turn};
use serde_json::json;

use self::backend::Offer;
use self::challenge::Asked;
use self::claim::CLAIM;
use self::device::{Connection, Device};
use self::hello::HELLO;
use self::server::Server;
use super::Stage;
use super::judge::{Came, judge, same, wrong};
use super::with::With;
use crate::outcome::Stop;
use crate::peer::spoiler::Spoiler;
use crate::session::{Answer, Input, Session};

/// The adapter session on which every turn is played.
const SESSION: &str = "auth";
/// When a case begins.
const BEGIN: UnixSeconds = UnixSeconds(1_750_000_000);
/// The device that acts where a turn names none.
const ALICE: &str = "alice";

/// The stage, before its server is configured and after.
#[derive(Default)]
pub(super) struct Auth(Option<World>);

/// Everything but the implementation under test.
struct World {
    server: Server,
    now: UnixSeconds,
    offers: BTreeMap<String, Offer>,
    devices: BTreeMap<String, Device>,
    connections: BTreeMap<String, Connection>,
    /// The name of the connection that was opened last.
    last: String,
    /// The accounts that there are: whose, and the user's name.
    accounts: BTreeMap<AccountId, (String, String)>,
    /// The rolling value that each account's device was told last, or was to be.
    told: BTreeMap<AccountId, Rolling>,
    /// Every rolling value, web nonce, token and id that was drawn so far; none comes twice.
    drawn: BTreeSet<Vec<u8>>,
    /// The challenges, and the ids of actions, by the names that cases give them.
    challenges: BTreeMap<String, Asked>,
    actions: BTreeMap<String, String>,
    /// The tokens of approved challenges.
    grants: BTreeMap<String, [u8; 32]>,
    /// What the backend was told, and the case has not looked at.
    events: Vec<Object>,
}

/// What the server made of a frame.
enum Heard {
    /// It went along and sent this.
    Accepted(Vec<u8>),
    /// It refused with this number, and sent this if anything.
    Refused(u16, Option<Vec<u8>>),
}

impl Stage for Auth {
    fn play(&mut self, turn: &Turn, session: &mut Session<'_, '_>) -> Result<(), Stop> {
        let is_configuring = (turn.actor, turn.action.as_str()) == (Actor::Backend, "configure");
        let world = match &mut self.0 {
            Some(_) if is_configuring => {
                return Err(Stop::Undecided("the server runs already".to_owned()));
            }
            Some(world) => world,
            none => {
                let with = match is_configuring {
                    true => With::of(turn, Server::WORDS)?,
                    false => With::nothing(),
                };
                none.insert(World::open(with, session)?)
            }
        };
        let came = match is_configuring {
            true => Came::nothing(),
            false => world.play(turn, session)?,
        };
        judge(turn, came)
    }
}

impl World {
    fn open(with: With<'_>, session: &mut Session<'_, '_>) -> Result<Self, Stop> {
        let server = Server::of(with, BEGIN, session)?;
        let now_ms = Some(BEGIN.0 * 1000);
        match session.open(SESSION, Role::Auth, server.config(), now_ms)? {
            Answer::Done { values, .. } => same("what `open` says", &server.values()?, &values)?,
            refused => return Err(wrong("the role opens", &refused)),
        }
        Ok(Self {
            server,
            now: BEGIN,
            offers: BTreeMap::new(),
            devices: BTreeMap::new(),
            connections: BTreeMap::new(),
            last: String::new(),
            accounts: BTreeMap::new(),
            told: BTreeMap::new(),
            drawn: BTreeSet::new(),
            challenges: BTreeMap::new(),
            actions: BTreeMap::new(),
            grants: BTreeMap::new(),
            events: Vec::new(),
        })
    }

    fn play(&mut self, turn: &Turn, session: &mut Session<'_, '_>) -> Result<Came, Stop> {
        let spoiler = Spoiler::of(&turn.with)?;
        let both = || [HELLO, CLAIM].concat();
        let came = match (turn.actor, turn.action.as_str()) {
            (Actor::Backend, action) => self.backend(action, turn, session)?,
            (Actor::Device, "hello") => {
                self.hello(With::of(turn, HELLO)?, turn, &spoiler, session)?
            }
            (Actor::Device, "claim") => {
                self.claim(With::of(turn, CLAIM)?, turn, &spoiler, session)?
            }
            (Actor::Device, "enrol" | "login" | "open") => {
                let with = With::of(turn, &both())?;
                match self.hello(with, turn, &spoiler, session)? {
                    Came::Accepted(_) => self.claim(with, turn, &spoiler, session)?,
                    refused => refused,
                }
            }
            (Actor::Device, "copy") => self.copy(With::of(turn, &["device", "as"])?)?,
            (Actor::Device, action) => self.speak(action, turn, &spoiler, session)?,
            (Actor::Network, action) => self.network(action, turn, &spoiler, session)?,
            (Actor::Clock, "advance" | "tick") => {
                let seconds = With::of(turn, &["s"])?.uint("s")?.unwrap_or(0);
                self.now = self.now.plus(seconds);
                match turn.action.as_str() {
                    "tick" => self.order("tick", json!({}), session)?,
                    _ => Came::nothing(),
                }
            }
            (actor, action) => {
                return Err(Stop::Undecided(format!("{actor:?} cannot {action} here")));
            }
        };
        spoiler.finish()?;
        Ok(came)
    }

    /// Asks the implementation. What leaves with the answer is delivered.
    fn ask(
        &mut self,
        op: &str,
        args: Object,
        session: &mut Session<'_, '_>,
    ) -> Result<Answer, Stop> {
        let (answer, out) = self.step(op, None, args, session)?;
        self.deliver(out)?;
        Ok(answer)
    }

    /// One step of the implementation, and the frames that leave for devices.
    fn step(
        &mut self,
        op: &str,
        bytes: Option<Vec<u8>>,
        args: Object,
        session: &mut Session<'_, '_>,
    ) -> Result<(Answer, Vec<Vec<u8>>), Stop> {
        let input = Input {
            op: op.to_owned(),
            bytes,
            args,
            now_ms: Some(self.now.0 * 1000),
        };
        let mut answer = session.step(SESSION, input)?;
        let (Answer::Done { out, events, .. } | Answer::Refused { out, events, .. }) = &mut answer;
        self.events.append(events);
        let mut frames = Vec::new();
        for (to, frame) in out.drain(..) {
            same("frames go to devices", &"device", &to.as_str())?;
            frames.push(frame);
        }
        Ok((answer, frames))
    }

    /// Sends a handshake's frame. What comes of it is at most one frame for the connection
    /// `c_i`; what goes to others is delivered.
    fn send(
        &mut self,
        frame: Vec<u8>,
        c_i: &[u8],
        session: &mut Session<'_, '_>,
    ) -> Result<Heard, Stop> {
        let (answer, frames) = self.step("receive", Some(frame), Object::new(), session)?;
        let is_answer = |frame: &Vec<u8>| match Frame::from_slice(frame) {
            Ok(Frame::Record { to, .. }) => to.0 == c_i,
            _ => true,
        };
        let (answers, others): (Vec<_>, Vec<_>) = frames.into_iter().partition(is_answer);
        self.deliver(others)?;
        let mut answers = answers.into_iter();
        let frame = match (answers.next(), answers.next()) {
            (frame, None) => frame,
            more => return Err(wrong("at most one frame in answer", &more)),
        };
        match (answer, frame) {
            (Answer::Refused { code, .. }, frame) => Ok(Heard::Refused(code, frame)),
            (Answer::Done { .. }, Some(frame)) => Ok(Heard::Accepted(frame)),
            (Answer::Done { .. }, None) => Err(wrong("an answer, or a refusal", &"neither")),
        }
    }

    /// CLN-4, APP-5 and others: what a server draws comes once.
    fn draw(&mut self, what: &str, drawn: &[u8]) -> Result<(), Stop> {
        same(what, &true, &self.drawn.insert(drawn.to_vec()))
    }

    /// The name of the account's owner, or the id of an account that nobody was told of.
    fn owner(&self, account: AccountId) -> String {
        match self.accounts.get(&account) {
            Some((name, _)) => name.clone(),
            None => hex::encode(account.0),
        }
    }

    /// The account of that owner.
    fn account(&self, name: &str) -> Result<AccountId, Stop> {
        self.accounts
            .iter()
            .find(|(_, (owner, _))| owner == name)
            .map(|(id, _)| *id)
            .ok_or_else(|| Stop::Undecided(format!("{name} has no account")))
    }
}

/// An error frame, byte for byte what HS-5 asks for: whoever is refused with one
/// number learns the same (SES-3).
fn error_frame(code: u16, frame: &[u8], c_i: &[u8]) -> Result<Came, Stop> {
    const UNSUPPORTED: u16 = 200;
    let right = |message: ErrorMessage| {
        let (to, error) = (c_i.into(), message.encode().into());
        Frame::Error { to, error }.to_vec().ok()
    };
    let by_number = right(ErrorMessage::of(code));
    let by_suite = right(ErrorMessage::WrongSuite(vec![countersign::edhoc::SUITE]));
    let got = Some(frame.to_vec());
    if got == by_number || (code == UNSUPPORTED && got == by_suite) {
        return Ok(Came::Refused("error", code));
    }
    let show = |frame: Option<Vec<u8>>| frame.map(hex::encode).unwrap_or_default();
    Err(wrong(
        &format!("the error frame {}", show(by_number)),
        &hex::encode(frame),
    ))
}

/// The name of the connection that a turn is about.
fn on<'a>(with: With<'a>, last: &'a str) -> Result<&'a str, Stop> {
    Ok(with.text("on")?.unwrap_or(last))
}
