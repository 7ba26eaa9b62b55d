//! The conversation that a case has with the implementation.
//!
//! A case sees nothing but `open`, `step` and `close`: not the process, not
//! ids, not other cases. What it leaves open is closed behind it.

use std::collections::BTreeSet;

use countersign_vectors::case::{Object, Role};
use countersign_vectors::seed::Seed;

use crate::outcome::{Fault, Stop};
use crate::protocol::{Output, Reply, Request};
use crate::subject::Subject;

/// One case's conversation with the implementation.
#[derive(Debug)]
pub struct Session<'a, 'b> {
    subject: &'a mut Subject<'b>,
    open: BTreeSet<String>,
    seed: Seed,
    case: &'a str,
    steps: u64,
}

/// What happens to a session in one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Input {
    /// What happens.
    pub op: String,
    /// The bytes that arrive, if any do.
    pub bytes: Option<Vec<u8>>,
    /// Everything else that belongs to it.
    pub args: Object,
    /// The time, in milliseconds since 1970.
    pub now_ms: Option<u64>,
}

/// What the implementation made of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It went along.
    Done {
        /// Messages that leave, as (for whom, bytes).
        out: Vec<(String, Vec<u8>)>,
        /// What the app or the operator is told.
        events: Vec<Object>,
        /// What a function returns.
        values: Object,
    },
    /// It refused.
    Refused {
        /// The number from the error catalogue.
        code: u16,
        /// Messages that leave with the refusal.
        out: Vec<(String, Vec<u8>)>,
        /// What the app or the operator is told.
        events: Vec<Object>,
    },
}

impl<'a, 'b> Session<'a, 'b> {
    /// The conversation of the case with this id; its entropy depends on both
    /// the seed and the id.
    pub fn new(subject: &'a mut Subject<'b>, seed: Seed, case: &'a str) -> Self {
        Self {
            subject,
            open: BTreeSet::new(),
            seed,
            case,
            steps: 0,
        }
    }

    /// Opens a session under `name`: the implementation begins afresh in `role`.
    ///
    /// # Errors
    /// [`Stop`] for everything but `ok` and a refusal.
    pub fn open(
        &mut self,
        name: &str,
        role: Role,
        config: Object,
        now_ms: Option<u64>,
    ) -> Result<Answer, Stop> {
        let reply = self.subject.ask(|id| Request::Open {
            id,
            session: name.to_owned(),
            role: role.name().to_owned(),
            config,
            now_ms,
        })?;
        let answer = answer(reply)?;
        if matches!(answer, Answer::Done { .. }) {
            self.open.insert(name.to_owned());
        }
        Ok(answer)
    }

    /// One step of the session `name`, with 32 bytes of entropy that no other step has.
    ///
    /// # Errors
    /// [`Stop`] for everything but `ok` and a refusal.
    pub fn step(&mut self, name: &str, input: Input) -> Result<Answer, Stop> {
        self.steps += 1;
        let entropy: [u8; 32] = self.entropy(&format!("step {}", self.steps));
        let reply = self.subject.ask(|id| Request::Step {
            id,
            session: name.to_owned(),
            op: input.op,
            input: input.bytes.map(hex::encode),
            args: input.args,
            entropy: Some(hex::encode(entropy)),
            now_ms: input.now_ms,
        })?;
        answer(reply)
    }

    /// Closes the session `name`.
    ///
    /// # Errors
    /// [`Stop`] for everything but `ok`.
    pub fn close(&mut self, name: &str) -> Result<(), Stop> {
        self.open.remove(name);
        let reply = self.subject.ask(|id| Request::Close {
            id,
            session: name.to_owned(),
        })?;
        match answer(reply)? {
            Answer::Done { .. } => Ok(()),
            Answer::Refused { code, .. } => {
                Err(Fault::Malformed(format!("close is refused with {code}")).into())
            }
        }
    }

    /// Closes whatever is still open.
    ///
    /// # Errors
    /// [`Stop`] for everything but `ok`.
    pub fn close_all(&mut self) -> Result<(), Stop> {
        while let Some(name) = self.open.pop_first() {
            self.close(&name)?;
        }
        Ok(())
    }

    /// Reproducible random bytes, by name: what the runner's side of a dialogue
    /// draws. The steps' own entropy has the names `step 1`, `step 2` and so on.
    pub fn entropy<const N: usize>(&self, name: &str) -> [u8; N] {
        self.seed.bytes(&format!("{}/{name}", self.case))
    }
}

fn answer(reply: Reply) -> Result<Answer, Stop> {
    match reply {
        Reply::Ok {
            out,
            events,
            values,
            ..
        } => Ok(Answer::Done {
            out: outputs(out)?,
            events,
            values,
        }),
        Reply::Reject {
            code, out, events, ..
        } => Ok(Answer::Refused {
            code,
            out: outputs(out)?,
            events,
        }),
        Reply::Unsupported { capability, .. } => Err(Stop::Unsupported(capability)),
        Reply::Error { detail, .. } => Err(Fault::Error(detail).into()),
    }
}

fn outputs(out: Vec<Output>) -> Result<Vec<(String, Vec<u8>)>, Fault> {
    let decode = |output: Output| match hex::decode(&output.bytes) {
        Ok(bytes) if !output.bytes.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            Ok((output.to, bytes))
        }
        _ => Err(Fault::Malformed(format!(
            "`out` to {} is not lower-case hex",
            output.to
        ))),
    };
    out.into_iter().map(decode).collect()
}
