//! The implementation under test, across the processes that it lives through.

use std::collections::BTreeSet;
use std::time::Duration;

use countersign_vectors::case::Role;

use crate::outcome::Fault;
use crate::process::{Launcher, Process, Said};
use crate::protocol::{Implementation, Reply, Request, VERSION};

/// How long after a failure stderr may trail behind.
const STDERR_SETTLES: Duration = Duration::from_millis(20);

/// The implementation under test.
#[derive(Debug)]
pub struct Subject<'a> {
    launcher: &'a Launcher,
    /// The deadline of each step.
    pub timeout: Duration,
    running: Option<Running>,
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
        }
    }

    /// Starts it unless it is running, and returns its claims.
    ///
    /// # Errors
    /// The [`Fault`] by which it broke.
    pub fn start(&mut self) -> Result<&Claims, Fault> {
        if self.running.is_none() {
            let mut process = self.launcher.start()?;
            let reply = process.ask(
                &Request::Hello {
                    id: 1,
                    protocol: VERSION,
                },
                self.timeout,
            )?;
            let claims = Claims::from_hello(reply)?;
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

    /// What was said, and written to stderr, since the case began.
    pub fn evidence(&mut self) -> (Vec<Said>, String) {
        match &mut self.running {
            Some(running) => (
                running.process.take_said(),
                running.process.take_stderr(STDERR_SETTLES),
            ),
            None => (Vec::new(), String::new()),
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
