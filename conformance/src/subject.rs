//! The implementation under test, across the processes that it lives through.

use std::collections::BTreeSet;
use std::time::Duration;

use countersign_vectors::case::Role;

use crate::outcome::Fault;
use crate::process::{Launcher, Process, Said};
use crate::protocol::{Implementation, Reply, Request, VERSION};

/// How long the stderr of a process that was killed may trail behind, in case
/// a child of its own holds it open.
const STDERR_SETTLES: Duration = Duration::from_millis(20);

/// The implementation under test.
#[derive(Debug)]
pub struct Subject<'a> {
    launcher: &'a Launcher,
    /// The deadline of each step.
    pub timeout: Duration,
    running: Option<Running>,
    /// What the last process left behind that did not get through its hello.
    stillborn: (Vec<Said>, String),
}

/// A process that has said hello.
#[derive(Debug)]
struct Running {
    process: Process,
    claims: Claims,
    last_id: u64,
    /// Whether a case has been run in it.
    used: bool,
}

/// What an implementation says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Its name and version.
    pub implementation: Implementation,
    /// The roles that it plays.
    pub roles: BTreeSet<Role>,
    /// The optional things that it can do.
    pub capabilities: BTreeSet<String>,
}

impl<'a> Subject<'a> {
    /// An implementation that is not running yet.
    pub fn new(launcher: &'a Launcher, timeout: Duration) -> Self {
        Self {
            launcher,
            timeout,
            running: None,
            stillborn: Default::default(),
        }
    }

    /// Starts it unless it is running, and returns its claims.
    ///
    /// # Errors
    /// The [`Fault`] by which it broke.
    pub fn start(&mut self) -> Result<&Claims, Fault> {
        if self.running.is_none() {
            let mut process = self.launcher.start()?;
            let hello = process
                .ask(
                    &Request::Hello {
                        id: 1,
                        protocol: VERSION,
                    },
                    self.timeout,
                )
                .and_then(Claims::from_hello);
            let claims = match hello {
                Ok(claims) => claims,
                Err(fault) => {
                    self.stillborn = post_mortem(process);
                    return Err(fault);
                }
            };
            self.running = Some(Running {
                process,
                claims,
                last_id: 1,
                used: false,
            });
        }
        match &self.running {
            Some(running) => Ok(&running.claims),
            None => Err(Fault::Start("it is not running".to_owned())),
        }
    }

    /// Sends the request that `make` makes of a fresh id.
    ///
    /// # Errors
    /// The [`Fault`] by which the implementation broke; the next call finds a new process.
    pub fn ask(&mut self, make: impl FnOnce(u64) -> Request) -> Result<Reply, Fault> {
        self.start()?;
        let Some(running) = &mut self.running else {
            return Err(Fault::Start("it is not running".to_owned()));
        };
        running.last_id += 1;
        running.process.ask(&make(running.last_id), self.timeout)
    }

    /// Marks the beginning of a case; says whether the process is a fresh one.
    ///
    /// # Errors
    /// The [`Fault`] by which the implementation did not start.
    pub fn begin_case(&mut self) -> Result<bool, Fault> {
        self.start()?;
        let Some(running) = &mut self.running else {
            return Ok(true);
        };
        running.process.take_said();
        running.process.take_stderr(Duration::ZERO);
        Ok(!std::mem::replace(&mut running.used, true))
    }

    /// What was said since this was last asked.
    pub fn said(&mut self) -> Vec<Said> {
        self.running
            .as_mut()
            .map(|running| running.process.take_said())
            .unwrap_or_default()
    }

    /// Ends the process, and gives what was said and written to stderr since the
    /// case began; the next call starts another.
    pub fn evidence(&mut self) -> (Vec<Said>, String) {
        match self.running.take() {
            Some(running) => post_mortem(running.process),
            None => std::mem::take(&mut self.stillborn),
        }
    }

    /// Gives up the process; the next call starts another.
    pub fn abandon(&mut self) {
        self.running = None;
    }

    /// Ends its input. Says whether it then ended by itself, as it should.
    pub fn goodbye(&mut self) -> bool {
        self.running
            .take()
            .is_none_or(|running| running.process.goodbye())
    }
}

/// Killed first, so that its stderr ends.
fn post_mortem(mut process: Process) -> (Vec<Said>, String) {
    process.kill();
    (process.take_said(), process.take_stderr(STDERR_SETTLES))
}

impl Claims {
    fn from_hello(reply: Reply) -> Result<Claims, Fault> {
        match reply {
            Reply::Ok {
                implementation: Some(implementation),
                roles: Some(names),
                capabilities: Some(capabilities),
                ..
            } => {
                let mut roles = BTreeSet::new();
                for name in &names {
                    let role = Role::from_name(name).ok_or_else(|| {
                        Fault::Malformed(format!("hello names `{name}`, which is not a role"))
                    })?;
                    roles.insert(role);
                }
                Ok(Claims {
                    implementation,
                    roles,
                    capabilities: capabilities.into_iter().collect(),
                })
            }
            Reply::Error { detail, .. } => Err(Fault::Error(detail)),
            Reply::Unsupported { capability, .. } => Err(Fault::Error(format!(
                "hello is answered unsupported ({capability})"
            ))),
            _ => Err(Fault::Malformed("hello is not answered with ok".to_owned())),
        }
    }
}
