//! The reference adapter: the crate `countersign` behind the adapter protocol.
//!
//! It is a program like every other adapter, started as a child process and
//! reached through a pipe; nothing of the runner is visible from here.

mod args;
mod auth;
mod codec;
mod device;
mod factor;
mod fault;
mod function;
mod handshake;
mod server;
mod shown;
mod statics;
#[cfg(test)]
mod tests;
mod transcript;

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use countersign::values::UnixSeconds;
use countersign_vectors::case::Object;

pub use args::Args;
pub use fault::Fault;

use crate::protocol::{Implementation, Output, Reply, Request, VERSION};

/// One open session of some role.
pub trait Role {
    /// Something happens.
    ///
    /// # Errors
    /// [`Refusal`] for everything but `ok`.
    fn step(&mut self, happening: Happening) -> Result<Effects, Refusal>;
}

/// What happens in a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Happening {
    /// What it is.
    pub op: String,
    /// The bytes that arrive, if any do.
    pub input: Option<Vec<u8>>,
    /// Everything else that belongs to it.
    pub args: Args,
    /// Fresh random bytes.
    pub entropy: Option<Vec<u8>>,
    /// The time, in milliseconds since 1970.
    pub now_ms: Option<u64>,
}

impl Happening {
    /// The random bytes.
    ///
    /// # Errors
    /// [`Refusal::Error`] if they are not exactly 32.
    fn entropy(&self) -> Result<[u8; 32], Refusal> {
        let entropy = self.entropy.as_deref().unwrap_or_default();
        entropy
            .try_into()
            .map_err(|_| Refusal::Error("`entropy` has 32 bytes".to_owned()))
    }

    /// The time, in whole seconds.
    ///
    /// # Errors
    /// [`Refusal::Error`] if there is none.
    fn now(&self) -> Result<UnixSeconds, Refusal> {
        self.now_ms
            .map(|ms| UnixSeconds(ms / 1000))
            .ok_or_else(|| Refusal::Error("`now_ms` is missing".to_owned()))
    }
}

/// What comes of a step that is gone along with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects {
    /// Messages that leave, as (for whom, bytes).
    pub out: Vec<(String, Vec<u8>)>,
    /// What the app or the operator is told.
    pub events: Vec<Object>,
    /// What a function returns.
    pub values: Object,
}

impl Effects {
    /// These, and `then` those.
    fn and(mut self, then: Self) -> Self {
        self.out.extend(then.out);
        self.events.extend(then.events);
        self.values.extend(then.values);
        self
    }

    /// One frame, for the device.
    fn to_device(frame: Vec<u8>) -> Self {
        Self {
            out: vec![("device".to_owned(), frame)],
            ..Self::default()
        }
    }
}

/// Everything but `ok`.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// Refused, by the protocol's rules, with a number from the catalogue.
    Reject {
        /// The number.
        code: u16,
        /// What comes of the refusal.
        effects: Effects,
    },
    /// There is no such role, function or option here.
    Unsupported(String),
    /// The request makes no sense.
    Error(String),
}

impl From<u16> for Refusal {
    fn from(code: u16) -> Refusal {
        Refusal::Reject {
            code,
            effects: Effects::default(),
        }
    }
}

/// A session that was opened, and the values that go with the answer.
type Opened = (Box<dyn Role>, Object);

/// The reference adapter's state: its open sessions.
#[derive(Default)]
pub struct Adapter {
    sessions: BTreeMap<String, Box<dyn Role>>,
    fault: Option<Fault>,
}

/// The roles that the reference plays.
const ROLES: &[&str] = &["static", "device", "auth", "factor"];
/// The optional things that the reference can do.
const CAPABILITIES: &[&str] = &[
    "app",
    "data",
    "headless",
    "actions",
    "pin-change",
    "easy-pins",
    "replicas",
    "policy",
    "delays",
    "restart",
];

/// Answers requests until the input ends, with `fault` in place of one check.
///
/// # Errors
/// What stdin or stdout says.
pub fn serve(input: impl BufRead, mut output: impl Write, fault: Option<Fault>) -> io::Result<()> {
    let mut adapter = Adapter {
        fault,
        ..Adapter::default()
    };
    for line in input.lines() {
        let reply = adapter.answer(&line?);
        serde_json::to_writer(&mut output, &reply)?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(())
}

impl Adapter {
    /// The reply to one line.
    pub fn answer(&mut self, line: &str) -> Reply {
        match serde_json::from_str::<Request>(line) {
            Ok(request) => {
                let id = request.id();
                self.act(request)
                    .unwrap_or_else(|refusal| refused(id, refusal))
            }
            Err(error) => {
                let id = serde_json::from_str::<serde_json::Value>(line)
                    .ok()
                    .and_then(|request| request.get("id")?.as_u64());
                Reply::Error {
                    id: id.unwrap_or(0),
                    detail: format!("not a request: {error}"),
                }
            }
        }
    }

    fn act(&mut self, request: Request) -> Result<Reply, Refusal> {
        match request {
            Request::Hello {
                id,
                protocol: VERSION,
            } => Ok(hello(id)),
            Request::Hello { protocol, .. } => {
                Err(Refusal::Unsupported(format!("adapter protocol {protocol}")))
            }
            Request::Open {
                id,
                session,
                role,
                config,
                now_ms,
            } => {
                let (opened, values) = open(&role, config, now_ms, self.fault)?;
                self.sessions.insert(session, opened);
                Ok(Reply::returned(id, values))
            }
            Request::Step {
                id,
                session,
                op,
                input,
                args,
                entropy,
                now_ms,
            } => {
                let role = self
                    .sessions
                    .get_mut(&session)
                    .ok_or_else(|| Refusal::Error(format!("no session {session} is open")))?;
                let happening = Happening {
                    op,
                    input: input.map(|hex| bytes("in", &hex)).transpose()?,
                    args: Args(args),
                    entropy: entropy.map(|hex| bytes("entropy", &hex)).transpose()?,
                    now_ms,
                };
                let Effects {
                    out,
                    events,
                    values,
                } = role.step(happening)?;
                let mut reply = Reply::returned(id, values);
                if let Reply::Ok {
                    out: leaving,
                    events: told,
                    ..
                } = &mut reply
                {
                    *leaving = outputs(out);
                    *told = events;
                }
                Ok(reply)
            }
            Request::Close { id, session } => match self.sessions.remove(&session) {
                Some(_) => Ok(Reply::done(id)),
                None => Err(Refusal::Error(format!("no session {session} is open"))),
            },
        }
    }
}

fn hello(id: u64) -> Reply {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let mut reply = Reply::done(id);
    if let Reply::Ok {
        implementation,
        roles,
        capabilities,
        ..
    } = &mut reply
    {
        *implementation = Some(Implementation {
            name: "countersign".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        });
        *roles = Some(owned(ROLES));
        *capabilities = Some(owned(CAPABILITIES));
    }
    reply
}

/// A fresh session of a role, and what it says of itself.
fn open(
    role: &str,
    config: Object,
    _now_ms: Option<u64>,
    fault: Option<Fault>,
) -> Result<Opened, Refusal> {
    match role {
        // What hello does not claim does not open.
        other if !ROLES.contains(&other) => Err(Refusal::Unsupported(other.to_owned())),
        "static" => Ok((Box::new(statics::Functions), Object::new())),
        "auth" => auth::open(config),
        "device" => device::open(config),
        "factor" => factor::open(config, fault.map(|Fault::Factor(fault)| fault)),
        other => Err(Refusal::Unsupported(other.to_owned())),
    }
}

fn refused(id: u64, refusal: Refusal) -> Reply {
    match refusal {
        Refusal::Reject { code, effects } => Reply::Reject {
            id,
            code,
            out: outputs(effects.out),
            events: effects.events,
        },
        Refusal::Unsupported(capability) => Reply::Unsupported { id, capability },
        Refusal::Error(detail) => Reply::Error { id, detail },
    }
}

fn outputs(out: Vec<(String, Vec<u8>)>) -> Vec<Output> {
    out.into_iter()
        .map(|(to, bytes)| Output {
            to,
            bytes: hex::encode(bytes),
        })
        .collect()
}

fn bytes(name: &str, text: &str) -> Result<Vec<u8>, Refusal> {
    hex::decode(text).map_err(|error| Refusal::Error(format!("`{name}`: {error}")))
}
