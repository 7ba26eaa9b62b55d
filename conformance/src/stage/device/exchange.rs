//! Steps of the device, and what it sends in them.

use countersign::messages::channel::Refused;
use countersign::messages::frame::Frame;
use countersign::values::Type;
use countersign_vectors::case::Object;
use serde_json::Value;

use super::{SESSION, Scene, object, undecided, wrong};
use crate::outcome::Stop;
use crate::peer::server::{Heard, Talking, Waiting};
use crate::peer::spoiler::Spoiler;
use crate::session::{Answer, Input, Session};
use crate::stage::judge::Came;
use crate::stage::with::With;

/// At whose end of a line the runner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Party {
    Auth,
    Factor,
}

/// How far a server is with the device.
pub(super) enum Line {
    /// Has message_1.
    Heard(Heard),
    /// Has answered, and may answer once more.
    Waiting(Heard, Waiting),
    /// Has a channel.
    Talking(Talking),
}

impl Party {
    /// The party under `from`.
    pub(super) fn of(with: With<'_>) -> Result<Self, Stop> {
        Self::from_name(with.text("from")?.unwrap_or_default())
            .ok_or_else(|| undecided("`from` is `auth` or `factor`"))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Factor => "factor",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Auth, Self::Factor]
            .into_iter()
            .find(|party| party.name() == name)
    }
}

impl Scene {
    /// One step of the device, and all that comes of it.
    pub(super) fn step(
        &mut self,
        op: &str,
        args: Value,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let answer = self.ask(op, None, args, session)?;
        self.take(answer)
    }

    /// One step of the device.
    pub(super) fn ask(
        &mut self,
        op: &str,
        bytes: Option<Vec<u8>>,
        args: Value,
        session: &mut Session<'_, '_>,
    ) -> Result<Answer, Stop> {
        let input = Input {
            op: op.to_owned(),
            bytes,
            args: object(args),
            now_ms: Some(self.now.0 * 1000),
        };
        session.step(SESSION, input)
    }

    /// A frame arrives, and this comes of it.
    pub(super) fn deliver(
        &mut self,
        from: Party,
        frame: Vec<u8>,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let answer = self.arrive(from, frame, session)?;
        self.take(answer)
    }

    /// A frame arrives.
    pub(super) fn arrive(
        &mut self,
        from: Party,
        frame: Vec<u8>,
        session: &mut Session<'_, '_>,
    ) -> Result<Answer, Stop> {
        self.remember(from, frame.clone());
        let args = serde_json::json!({ "from": from.name() });
        self.ask("receive", Some(frame), args, session)
    }

    /// Keeps a frame to the device, for a network that repeats it.
    pub(super) fn remember(&mut self, from: Party, frame: Vec<u8>) {
        self.frames.entry(from).or_default().0 = frame;
    }

    /// What came of a step: what the device said, verified, and what the app was told.
    pub(super) fn take(&mut self, answer: Answer) -> Result<Came, Stop> {
        let (out, events, refused) = match answer {
            Answer::Refused { code, out, events } => (out, events, Some(code)),
            Answer::Done { out, events, .. } => (out, events, None),
        };
        let mut facts = Object::new();
        let mut sent = Vec::new();
        for (to, frame) in out {
            let party = Party::from_name(&to).ok_or_else(|| wrong("`auth` or `factor`", &to))?;
            let what = self.sent(party, &frame)?;
            self.frames.entry(party).or_default().1 = frame;
            sent.push(format!("{what} to {to}"));
        }
        match sent.as_slice() {
            [] => {}
            [one] => drop(facts.insert("sends".to_owned(), one.as_str().into())),
            _ => drop(facts.insert("sends".to_owned(), sent.into())),
        }
        for event in events {
            if event.get("event").and_then(Value::as_str) == Some("data") {
                self.completed(&event, &mut facts)?;
                continue;
            }
            let (name, told) = self.told(&event)?;
            if facts.insert(name, told).is_some() {
                return Err(wrong("an event of each kind at most", &event));
            }
        }
        match refused {
            None => Ok(came(facts)),
            Some(code) if facts.is_empty() => Ok(Came::Refused("rejected", code)),
            // What is refused changes nothing, but timers may have fired before it (APP-11).
            Some(code) => {
                facts.insert("rejected".to_owned(), code.into());
                Ok(Came::Accepted(facts))
            }
        }
    }

    /// What the device says in a frame, by name, all of it verified.
    fn sent(&mut self, to: Party, frame: &[u8]) -> Result<&'static str, Stop> {
        self.hides(frame)?;
        match (Frame::from_slice(frame), to) {
            (Ok(Frame::Message1 { .. }), _) => self.hello(to, frame),
            (Ok(Frame::Message3 { .. }), Party::Auth) => self.statement(frame),
            (Ok(Frame::Message3 { .. }), Party::Factor) => self.claim(frame),
            (Ok(Frame::Record { .. }), Party::Factor) => {
                let content = self.talking(to)?.hear(frame)?;
                self.hides(&content)?;
                self.request(&content)
            }
            (Ok(Frame::Record { to, .. }), Party::Auth) => self.through(&to, frame),
            (other, _) => Err(wrong("a frame that is due", &other)),
        }
    }

    /// SES-2 and PIN-1: neither a nonce nor a PIN is in what the device says.
    pub(super) fn hides(&self, said: &[u8]) -> Result<(), Stop> {
        let holds = |secret: &Vec<u8>| said.windows(secret.len()).any(|window| window == secret);
        match self.secrets.iter().any(holds) {
            false => Ok(()),
            true => Err(wrong("neither nonce nor PIN", &hex::encode(said))),
        }
    }

    /// An error message by anybody. The device may end the attempt or not; nothing else may come of it (HS-5).
    pub(super) fn inject_error(
        &mut self,
        party: Party,
        number: u16,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let frame = match self.flow()?.lines.get(&party) {
            Some(Line::Heard(heard)) => heard.error(number)?,
            Some(Line::Waiting(_, waiting)) => waiting.error(number)?,
            Some(Line::Talking(talking)) => talking.error(number)?,
            None => return Err(undecided("there is no connection for an error message")),
        };
        match self.deliver(party, frame, session)? {
            Came::Refused(..) => Ok(Came::nothing()),
            came if came == Came::nothing() => Ok(came),
            Came::Accepted(facts) => Err(wrong("nothing but the end of the attempt", &facts)),
        }
    }

    /// `refused` through the channel.
    pub(super) fn refuse(
        &mut self,
        party: Party,
        error: u16,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let refused = Refused { ty: Type, error };
        let frame = self.talking(party)?.say(&refused, spoiler)?;
        if party == Party::Auth {
            self.unbacked(error)?;
        }
        self.deliver(party, frame, session)
    }

    /// The channel of a server.
    pub(super) fn talking(&mut self, party: Party) -> Result<&mut Talking, Stop> {
        match self.flow()?.lines.get_mut(&party) {
            Some(Line::Talking(talking)) => Ok(talking),
            _ => Err(undecided("there is no channel")),
        }
    }

    /// The last frame to the device, and the last from it.
    pub(super) fn frames_of(&self, party: Party) -> Result<(Vec<u8>, Vec<u8>), Stop> {
        self.frames
            .get(&party)
            .cloned()
            .ok_or_else(|| undecided("no frame went there yet"))
    }
}

/// A flow that ended in failure, and nothing else, is a refusal.
fn came(facts: Object) -> Came {
    if let (Some(Value::Object(finished)), 1) = (facts.get("finished"), facts.len()) {
        let code = finished.get("code").and_then(Value::as_u64);
        if let Some(code) = code.and_then(|code| u16::try_from(code).ok()) {
            return Came::Refused("failed", code);
        }
    }
    Came::Accepted(facts)
}
