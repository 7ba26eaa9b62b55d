//! One replica: the connections in its memory, and what it does with a frame.

use std::collections::{BTreeMap, VecDeque};

use countersign::error::{self, Code};
use countersign::factor::Reply;
use countersign::factor::endpoint::{Connection, Greeted, Greeting, Incoming, Rejected, Request};
use countersign::messages::factor::Status;
use countersign::messages::frame::Frame;
use countersign::values::UnixSeconds;

use super::Setup;
use super::decide::{Answer, Decided, Pending, Refused, decide};
use super::fault::trust::Trust;
use super::fault::{Fault, ground};
use super::store::Store;
use crate::adapter::function::not_encoded;
use crate::adapter::{Effects, Refusal};

/// Connections, and decisions that wait for leave to commit.
#[derive(Default)]
pub(super) struct Replica {
    lines: BTreeMap<Line, Stage>,
    held: VecDeque<Held>,
}

/// A connection's identifier, which this replica chose.
type Line = Vec<u8>;

/// How far a connection has come.
enum Stage {
    Greeted(Box<Greeted>),
    Open {
        connection: Box<Connection>,
        /// What opened it.
        message_3: Vec<u8>,
    },
}

/// Whether a decision waits between reading and committing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    Nothing,
    BeforeCommit,
}

/// A decision on what was read when it was made, not committed yet.
struct Held {
    line: Line,
    request: Request,
    pending: Pending,
}

impl Replica {
    /// A frame has come.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn receive(
        &mut self,
        setup: &Setup,
        store: &mut Store,
        frame: &[u8],
        hold: Hold,
        entropy: [u8; 32],
        now: UnixSeconds,
    ) -> Result<Effects, Refusal> {
        match Frame::from_slice(frame).map_err(|error| error.code())? {
            Frame::Message1 { message } => self.greet(setup, &message, entropy),
            Frame::Message3 { to, message } => self.welcome(setup, store, to.0, &message, now),
            Frame::Record { to, record } => {
                let request = match self.connection(&to.0)?.receive(&record).map_err(rejected)? {
                    Incoming::Request(request) => request,
                    Incoming::KeysRenewed => return Ok(Effects::default()),
                };
                self.process(setup, store, to.0, request, hold, now)
            }
            Frame::Message2 { .. } | Frame::Error { .. } => Err(unexpected()),
        }
    }

    /// The decision that was held first goes to the store. If what it was made on has
    /// changed since, it is dropped unseen and made again (LCK-2).
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn commit(
        &mut self,
        setup: &Setup,
        store: &mut Store,
        now: UnixSeconds,
    ) -> Result<Effects, Refusal> {
        let Held {
            line,
            request,
            pending,
        } = self
            .held
            .pop_front()
            .ok_or_else(|| Refusal::Error("nothing is held here".to_owned()))?;
        match store.commit(&pending.write, setup.fault) {
            Ok(()) => self.say(setup, &line, pending.committed()),
            Err(_) => self.process(setup, store, line, request, Hold::Nothing, now),
        }
    }

    fn greet(
        &mut self,
        setup: &Setup,
        message_1: &[u8],
        entropy: [u8; 32],
    ) -> Result<Effects, Refusal> {
        let offer = ground::offer(setup.fault, &setup.offer, message_1);
        let to_sign = Greeting::receive(&offer, message_1)
            .and_then(|greeting| greeting.answer(&setup.offer, entropy))
            .map_err(rejected)?;
        let line = to_sign.connection().as_bytes().to_vec();
        let signature = setup.handshake_key.sign(to_sign.tbs());
        let (greeted, frame) = to_sign.signed(signature).map_err(refused)?;
        self.lines.insert(line, Stage::Greeted(Box::new(greeted)));
        Ok(Effects::to_device(frame))
    }

    fn welcome(
        &mut self,
        setup: &Setup,
        store: &mut Store,
        line: Line,
        message_3: &[u8],
        now: UnixSeconds,
    ) -> Result<Effects, Refusal> {
        let greeted = match self.lines.remove(&line) {
            Some(Stage::Greeted(greeted)) => greeted,
            Some(Stage::Open {
                connection,
                message_3: opened_by,
            }) => {
                let again = match setup.fault {
                    Some(Fault::RepeatWindow) => connection.repeat(message_3, UnixSeconds(0)),
                    Some(Fault::RepeatIdentical) => connection.repeat(&opened_by, now),
                    _ => connection.repeat(message_3, now),
                };
                let again = again.map(<[u8]>::to_vec);
                let open = Stage::Open {
                    connection,
                    message_3: opened_by,
                };
                self.lines.insert(line, open);
                return again.map(Effects::to_device).map_err(refused);
            }
            None => return Err(unexpected()),
        };
        let opened = match greeted.open(message_3) {
            Ok(opened) => opened,
            Err(unopened) => {
                self.lines.insert(line, Stage::Greeted(unopened.greeted));
                return Err(refused(unopened.refusal));
            }
        };
        let record = store.record(opened.record());
        let trust = Trust::in_handshake(setup.fault);
        let authenticated = opened.authenticate(record, &trust).map_err(rejected)?;
        let requester = *authenticated.requester();
        let answer = loop {
            match decide(setup, store, &requester, &Request::AskStatus, now) {
                Ok(Decided::Answer(answer)) => break answer,
                Ok(Decided::Pending(pending)) => {
                    if store.commit(&pending.write, setup.fault).is_ok() {
                        break pending.committed();
                    }
                }
                Err(Refused { refusal, .. }) => {
                    return Err(rejected(authenticated.refuse(refusal)));
                }
            }
        };
        let status = status_in(answer)?;
        let (connection, frame) = authenticated.welcome(&status, now).map_err(rejected)?;
        let open = Stage::Open {
            connection: Box::new(connection),
            message_3: message_3.to_vec(),
        };
        self.lines.insert(line, open);
        Ok(Effects::to_device(frame))
    }

    fn process(
        &mut self,
        setup: &Setup,
        store: &mut Store,
        line: Line,
        request: Request,
        hold: Hold,
        now: UnixSeconds,
    ) -> Result<Effects, Refusal> {
        let requester = *self.connection(&line)?.requester();
        loop {
            let pending = match decide(setup, store, &requester, &request, now) {
                Ok(Decided::Answer(answer)) => return self.say(setup, &line, answer),
                Ok(Decided::Pending(pending)) => pending,
                Err(Refused { refusal, write }) => {
                    if let Some(write) = write {
                        // A conflict would only make the fault smaller.
                        let _ = store.commit(&write, setup.fault);
                    }
                    let told = self.connection(&line)?.refuse(refusal).map_err(refused)?;
                    return Err(Refusal::Reject {
                        code: refusal.0.number(),
                        effects: Effects::to_device(told),
                    });
                }
            };
            if hold == Hold::BeforeCommit {
                self.held.push_back(Held {
                    line,
                    request,
                    pending,
                });
                return Ok(Effects::default());
            }
            if store.commit(&pending.write, setup.fault).is_ok() {
                return self.say(setup, &line, pending.committed());
            }
        }
    }

    fn say(&mut self, setup: &Setup, line: &Line, answer: Answer) -> Result<Effects, Refusal> {
        let connection = self.connection(line)?;
        let frame = match answer {
            Answer::Status(status) => connection.send_status(&status),
            Answer::Verdict(answered) => {
                let verdict = match answered.reply(&setup.config).map_err(not_encoded)? {
                    Reply::Verdict(verdict) => verdict,
                    Reply::Assertion(to_sign) => {
                        let signature = setup.statement_key.sign(to_sign.tbs());
                        to_sign.signed(signature)
                    }
                };
                connection.send_verdict(&verdict)
            }
        };
        frame.map(Effects::to_device).map_err(refused)
    }

    fn connection(&mut self, line: &Line) -> Result<&mut Connection, Refusal> {
        match self.lines.get_mut(line) {
            Some(Stage::Open { connection, .. }) => Ok(connection),
            _ => Err(unexpected()),
        }
    }
}

/// The status that a status is asked for with.
fn status_in(answer: Answer) -> Result<Status, Refusal> {
    match answer {
        Answer::Status(status) => Ok(status),
        Answer::Verdict(_) => Err(Refusal::Error("no status, but a verdict".to_owned())),
    }
}

fn rejected(rejected: Rejected) -> Refusal {
    Refusal::Reject {
        code: rejected.refusal.0.number(),
        effects: rejected.answer.map(Effects::to_device).unwrap_or_default(),
    }
}

fn refused(refusal: error::Refusal) -> Refusal {
    refusal.0.number().into()
}

fn unexpected() -> Refusal {
    Code::UnexpectedFrame.number().into()
}
