//! Frames to the factor server, and what comes back.

use countersign::cbor;
use countersign::messages::channel::Refused;
use countersign::messages::factor::{Status, Verdict};
use countersign::messages::frame::Frame;
use countersign::registry::limit;
use countersign::values::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::server::Asked;
use super::{SESSION, Theatre, line_name, no_device, object};
use crate::outcome::Stop;
use crate::peer::device::{Answered, Talking};
use crate::peer::spoiler::Spoiler;
use crate::session::{Answer, Input, Session};
use crate::stage::judge::{Came, same, wrong};
use crate::stage::with::With;

/// A channel of a device.
pub(super) struct Line {
    pub(super) talking: Talking,
    pub(super) device: String,
    /// The replica at its other end.
    pub(super) replica: u64,
    /// The last frame that came through it.
    pub(super) last_frame: Vec<u8>,
}

/// What the answer to a frame will be.
#[derive(Clone, Debug)]
pub(super) enum Awaited {
    /// The first status, after message_3.
    Greeting,
    /// A status.
    Status,
    /// A status, after a commit.
    Created,
    /// A verdict.
    Verdict(Asked),
    /// No answer.
    Nothing,
}

/// A frame that was kept, to be delivered later or again.
pub(super) struct Kept {
    frame: Vec<u8>,
    line: String,
    awaited: Awaited,
    /// Whether it came to anything already, and the frame that answered it.
    answer: Option<Option<Vec<u8>>>,
}

/// An answer that waits for its commit.
pub(super) struct Held {
    line: String,
    awaited: Awaited,
}

/// What the implementation made of a frame.
pub(super) enum Reply {
    Frame(Vec<u8>),
    Nothing,
    Refused(u16, Option<Vec<u8>>),
}

impl Theatre {
    /// Sends a frame of a turn's channel, or keeps it, and takes the answer.
    pub(super) fn send(
        &mut self,
        with: With<'_>,
        frame: Vec<u8>,
        awaited: Awaited,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let name = line_name(with)?.to_owned();
        let keep = with.text("keep")?;
        if with.flag("unsent")? {
            let kept = Kept {
                frame,
                line: name,
                awaited,
                answer: None,
            };
            self.kept.insert(keep.unwrap_or_default().to_owned(), kept);
            return Ok(Came::nothing());
        }
        let input = self.receive_input(&frame, with)?;
        let hold = with.flag("hold")?;
        let reply = self.reply(input, session)?;
        if let Some(keep) = keep {
            let answer = match &reply {
                Reply::Frame(answer) => Some(answer.clone()),
                _ => None,
            };
            let kept = Kept {
                frame,
                line: name.clone(),
                awaited: awaited.clone(),
                answer: Some(answer),
            };
            self.kept.insert(keep.to_owned(), kept);
        }
        if let (true, Reply::Nothing) = (hold, &reply) {
            let replica = self.line(with)?.replica;
            let queue = self.held.entry(replica).or_default();
            queue.push_back(Held {
                line: name,
                awaited,
            });
            return Ok(Came::nothing());
        }
        let came = self.take(&name, &awaited, reply)?;
        match (with.flag("lost")?, came) {
            (true, Came::Accepted(_)) => Ok(Came::nothing()),
            (_, came) => Ok(came),
        }
    }

    /// Delivers a frame that was kept. The first time its answer is taken as ever; later
    /// `out` says whether there is any, and whether it is the same bytes.
    pub(super) fn deliver(
        &mut self,
        with: With<'_>,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let name = with.text("frame")?.unwrap_or_default();
        let kept = self
            .kept
            .get(name)
            .ok_or_else(|| Stop::Undecided(format!("no frame was kept as {name:?}")))?;
        let (line, awaited) = (kept.line.clone(), kept.awaited.clone());
        let addressed = match with.text("to")? {
            Some(to) => self.readdress(&kept.frame, to)?,
            None => kept.frame.clone(),
        };
        let bytes = spoiler.at("frame", addressed)?;
        let spoilt = bytes != kept.frame;
        let answered = kept.answer.clone();
        let replica = match with.uint("replica")? {
            Some(replica) => replica,
            None => self.lines.get(&line).map_or(0, |line| line.replica),
        };
        let input = input("receive", Some(bytes), json!({ "replica": replica }));
        let reply = self.reply(input, session)?;
        match (reply, answered) {
            (Reply::Refused(code, _), _) => Ok(Came::Refused("rejected", code)),
            (reply, None) if !spoilt => {
                let answer = match &reply {
                    Reply::Frame(frame) => Some(frame.clone()),
                    _ => None,
                };
                if let Some(kept) = self.kept.get_mut(name) {
                    kept.answer = Some(answer);
                }
                self.take(&line, &awaited, reply)
            }
            (Reply::Nothing, _) => Ok(Came::with(json!({ "out": null }))),
            (Reply::Frame(frame), Some(Some(first))) if frame == first => {
                Ok(Came::with(json!({ "out": "the same" })))
            }
            (Reply::Frame(_), _) => Ok(Came::with(json!({ "out": "another" }))),
        }
    }

    /// The frame, addressed to the server's end of another channel or handshake.
    fn readdress(&self, frame: &[u8], name: &str) -> Result<Vec<u8>, Stop> {
        let undecided = |error: &dyn std::fmt::Display| Stop::Undecided(error.to_string());
        let to = match (self.lines.get(name), self.halves.get(name)) {
            (_, Some(half)) => half.c_r(),
            (Some(line), None) => line.talking.c_r(),
            (None, None) => return Err(Stop::Undecided(format!("there is no channel {name}"))),
        };
        let to = Bytes(to.as_bytes().to_vec());
        let readdressed = match Frame::from_slice(frame).map_err(|error| undecided(&error))? {
            Frame::Message3 { message, .. } => Frame::Message3 { to, message },
            Frame::Record { record, .. } => Frame::Record { to, record },
            _ => return Err(Stop::Undecided("this frame has no such address".to_owned())),
        };
        readdressed.to_vec().map_err(|error| undecided(&error))
    }

    /// Lets a replica commit what it held first, and takes the answer.
    pub(super) fn commit(
        &mut self,
        with: With<'_>,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let replica = with.uint("replica")?.unwrap_or(0);
        let Held { line, awaited } = self
            .held
            .get_mut(&replica)
            .and_then(|queue| queue.pop_front())
            .ok_or_else(|| Stop::Undecided(format!("replica {replica} holds nothing")))?;
        let input = input("commit", None, json!({ "replica": replica }));
        let reply = self.reply(input, session)?;
        self.take(&line, &awaited, reply)
    }

    /// What came of a frame, as the device at this end of `line` sees it.
    fn take(&mut self, line: &str, awaited: &Awaited, reply: Reply) -> Result<Came, Stop> {
        let talking = self
            .lines
            .get_mut(line)
            .ok_or_else(|| Stop::Undecided(format!("there is no channel {line}")))?;
        match (reply, awaited) {
            (Reply::Nothing, Awaited::Nothing) => Ok(Came::nothing()),
            (Reply::Nothing, _) => Ok(Came::with(json!({ "answer": null }))),
            (Reply::Refused(code, None), _) => Ok(Came::Refused("rejected", code)),
            (Reply::Refused(code, Some(frame)), _) => match talking.talking.hear(&frame)? {
                Answered::Error(number) => told("error", code, number),
                Answered::With(content) => {
                    told("refused", code, decode::<Refused>(&content)?.error)
                }
            },
            (Reply::Frame(frame), awaited) => {
                talking.last_frame.clone_from(&frame);
                let device = talking.device.clone();
                let Answered::With(content) = talking.talking.hear(&frame)? else {
                    return Err(wrong("a record", &"an error frame, and no reject"));
                };
                self.understand(&device, awaited, &content).map(Came::with)
            }
        }
    }

    /// The facts in the content of a record, which is held to all that is known of it.
    fn understand(
        &mut self,
        device: &str,
        awaited: &Awaited,
        content: &[u8],
    ) -> Result<Value, Stop> {
        let now = self.now;
        let server = self.server.as_ref().ok_or_else(no_device)?;
        let device = self.devices.get_mut(device).ok_or_else(no_device)?;
        match awaited {
            Awaited::Nothing => Err(wrong("no answer", &"a record")),
            Awaited::Greeting | Awaited::Status | Awaited::Created => {
                let status: Status = decode(content)?;
                if let Some(record) = &status.record {
                    device.generation = record.generation;
                }
                if let Awaited::Created = awaited {
                    device.committed_at = device.committed_at.max(now);
                }
                server.facts_of_status(&status)
            }
            Awaited::Verdict(asked) => {
                let verdict: Verdict = decode(content)?;
                let (facts, assertion) = server.facts_of_verdict(&verdict, asked)?;
                let first = device.asserted.get(&asked.number).copied();
                if let Some(got) = assertion {
                    // FAC-8; and FAC-4 for a request that was answered already.
                    let time = device.committed_at.max(now);
                    let expected = first.unwrap_or_else(|| server.assertion(asked, time));
                    same("the assertion", &expected, &got)?;
                    device.asserted.insert(asked.number, got);
                }
                if first.is_none() {
                    device.committed_at = device.committed_at.max(now);
                }
                Ok(facts)
            }
        }
    }

    /// The step in which a turn's frame arrives.
    pub(super) fn receive_input(&self, frame: &[u8], with: With<'_>) -> Result<Input, Stop> {
        let replica = match (with.uint("replica")?, self.lines.get(line_name(with)?)) {
            (Some(replica), _) => replica,
            (None, Some(line)) => line.replica,
            (None, None) => 0,
        };
        let mut args = json!({ "replica": replica });
        if with.flag("hold")? {
            args["hold"] = true.into();
        }
        Ok(input("receive", Some(frame.to_vec()), args))
    }

    /// One step of the implementation, at the time of the stage.
    pub(super) fn step(
        &mut self,
        input: Input,
        session: &mut Session<'_, '_>,
    ) -> Result<Answer, Stop> {
        let now_ms = Some(self.now.0 * 1000);
        session.step(SESSION, Input { now_ms, ..input })
    }

    /// One step of which at most one frame comes, for the device.
    pub(super) fn reply(
        &mut self,
        input: Input,
        session: &mut Session<'_, '_>,
    ) -> Result<Reply, Stop> {
        match self.step(input, session)? {
            Answer::Done { out, .. } => Ok(match only(out)? {
                Some(frame) => Reply::Frame(frame),
                None => Reply::Nothing,
            }),
            Answer::Refused { code, out, .. } => Ok(Reply::Refused(code, only(out)?)),
        }
    }
}

/// A refusal of which the peer is told the same number.
pub(super) fn told(how: &'static str, code: u16, told: u16) -> Result<Came, Stop> {
    same("the peer is told the number of the refusal", &code, &told)?;
    Ok(Came::Refused(how, code))
}

fn input(op: &str, bytes: Option<Vec<u8>>, args: Value) -> Input {
    Input {
        op: op.to_owned(),
        bytes,
        args: object(args),
        now_ms: None,
    }
}

fn only(out: Vec<(String, Vec<u8>)>) -> Result<Option<Vec<u8>>, Stop> {
    let mut out = out.into_iter();
    match (out.next(), out.next()) {
        (None, _) => Ok(None),
        (Some((to, frame)), None) if to == "device" => Ok(Some(frame)),
        (Some((to, _)), None) => Err(wrong("a frame for the device", &to)),
        (Some(_), Some(_)) => Err(wrong("one frame", &"several")),
    }
}

fn decode<T: DeserializeOwned>(content: &[u8]) -> Result<T, Stop> {
    cbor::from_slice(content, limit::FRAME).map_err(|error| {
        let expected = std::any::type_name::<T>()
            .rsplit("::")
            .next()
            .unwrap_or_default();
        wrong(expected, &format!("{error}: {}", hex::encode(content)))
    })
}
