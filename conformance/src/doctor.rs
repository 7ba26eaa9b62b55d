//! The doctor: is the harness sound, before anything is said of the implementation?
//!
//! Most failures of a first run are failures of the adapter. The doctor looks
//! at each thing that a case relies on, by itself, and probes claims both
//! ways: what is claimed must work, what is not must be answered `unsupported`.

use std::time::Duration;

use countersign_vectors::case::{Case, Group, Object, Role};
use countersign_vectors::flags::SMOKE;
use countersign_vectors::seed::Seed;

use crate::events::{Check, Finding};
use crate::interpret::attempt;
use crate::outcome::{Fault, Outcome};
use crate::process::{Launcher, Said, shortened};
use crate::protocol::{Reply, Request, VERSION};
use crate::subject::{Claims, Subject};

/// A name that no role, function or capability will ever have.
const NONSENSE: &str = "countersign-no-such-thing";

/// What the doctor has to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// Each thing that was looked at, in order.
    pub checks: Vec<Check>,
    /// What the implementation claims, if it got as far as that.
    pub claims: Option<Claims>,
}

impl Diagnosis {
    /// Whether results mean anything.
    pub fn is_healthy(&self) -> bool {
        self.claims.is_some() && self.checks.iter().all(|check| check.found != Finding::Ill)
    }
}

/// Examines the harness. `groups` are all cases, whatever was chosen of them.
pub fn examine(launcher: &Launcher, groups: &[Group], seed: Seed, timeout: Duration) -> Diagnosis {
    let mut visit = Visit {
        subject: Subject::new(launcher, timeout),
        checks: Vec::new(),
    };
    let claims = visit.hello();
    if let Some(claims) = &claims {
        visit.ids();
        visit.nonsense(claims);
        for role in Role::ALL {
            if claims.roles.contains(&role) {
                visit.claimed(role, groups, seed);
            } else {
                visit.unclaimed(role);
            }
        }
        visit.unclaimed_capabilities(claims, groups, seed);
        visit.noise();
        visit.goodbye();
    }
    Diagnosis {
        checks: visit.checks,
        claims,
    }
}

struct Visit<'a> {
    subject: Subject<'a>,
    checks: Vec<Check>,
}

impl Visit<'_> {
    fn say(&mut self, check: impl Into<String>, found: Finding, detail: Option<String>) {
        self.checks.push(Check {
            check: check.into(),
            found,
            detail,
        });
    }

    /// Healthy, or ill with the reason.
    fn judge(&mut self, check: impl Into<String>, verdict: Result<(), String>) {
        match verdict {
            Ok(()) => self.say(check, Finding::Healthy, None),
            Err(reason) => {
                self.say(check, Finding::Ill, Some(reason));
                // A process that is ill in one way says nothing about the next.
                self.subject.abandon();
            }
        }
    }

    fn hello(&mut self) -> Option<Claims> {
        let claims = self.subject.start().cloned();
        let verdict = match &claims {
            Ok(claims) if claims.roles.is_empty() => Err("it claims no role at all".to_owned()),
            Ok(_) => Ok(()),
            Err(fault) => Err(format!("{fault}{}", advice(fault))),
        };
        self.judge("says hello", verdict);
        if claims.is_err() {
            let (_, stderr) = self.subject.evidence();
            if let Some(line) = stderr.lines().last() {
                self.say("its stderr", Finding::Note, Some(shortened(line)));
            }
        }
        claims.ok()
    }

    /// Replies must carry the id of their request, whatever it is.
    fn ids(&mut self) {
        for id in [7, u64::from(u32::MAX) + 1] {
            let verdict = match self.subject.ask(|_| Request::Hello {
                id,
                protocol: VERSION,
            }) {
                Ok(Reply::Ok { .. }) => Ok(()),
                Ok(reply) => Err(format!("a second hello is answered {}", words(&reply))),
                Err(fault) => Err(fault.to_string()),
            };
            self.judge(format!("echoes the id {id}"), verdict);
        }
    }

    /// Roles and functions that do not exist are unsupported, not refused.
    fn nonsense(&mut self, claims: &Claims) {
        let verdict = self.open("doctor", NONSENSE).and_then(expect_unsupported);
        self.judge(
            "answers `unsupported` to a role that does not exist",
            verdict,
        );
        if !claims.roles.contains(&Role::Static) {
            return;
        }
        let verdict = self.open("doctor", Role::Static.name()).and_then(|reply| {
            expect_ok(reply)?;
            let step = |id| Request::Step {
                id,
                session: "doctor".to_owned(),
                op: NONSENSE.to_owned(),
                input: None,
                args: Object::new(),
                entropy: None,
                now_ms: None,
            };
            let answered = self.subject.ask(step).map_err(|fault| fault.to_string())?;
            expect_unsupported(answered)?;
            let close = |id| Request::Close {
                id,
                session: "doctor".to_owned(),
            };
            expect_ok(self.subject.ask(close).map_err(|fault| fault.to_string())?)
        });
        self.judge(
            "answers `unsupported` to a function that does not exist",
            verdict,
        );
    }

    /// A claimed role must pass its smoke case.
    fn claimed(&mut self, role: Role, groups: &[Group], seed: Seed) {
        let name = format!("plays the role {role}, which it claims");
        let Some(case) = smoke(role, groups) else {
            let verdict = match self.open("doctor", role.name()) {
                Ok(Reply::Unsupported { capability, .. }) => Err(format!(
                    "opening it is answered `unsupported` ({capability})"
                )),
                Ok(_) => Ok(()),
                Err(reason) => Err(reason),
            };
            self.judge(name, verdict);
            return self.subject.abandon();
        };
        let verdict = match attempt(case, &mut self.subject, seed) {
            Outcome::Pass => Ok(()),
            Outcome::Fail(failure) => Err(format!(
                "{} fails: expected {}; got {}",
                case.id, failure.expected, failure.got
            )),
            Outcome::Unsupported(capability) => Err(format!(
                "{} is answered `unsupported` ({capability})",
                case.id
            )),
            Outcome::Undecided(why) => Err(format!("{} cannot be judged: {why}", case.id)),
        };
        self.judge(name, verdict);
    }

    /// A role that is not claimed must not open: hidden roles hide bugs.
    fn unclaimed(&mut self, role: Role) {
        let verdict = self
            .open("doctor", role.name())
            .and_then(expect_unsupported);
        self.judge(
            format!("answers `unsupported` to the role {role}, which it does not claim"),
            verdict,
        );
    }

    /// Nor may a case pass that needs what is not claimed.
    fn unclaimed_capabilities(&mut self, claims: &Claims, groups: &[Group], seed: Seed) {
        let mut seen = claims.capabilities.clone();
        for case in groups.iter().flat_map(|group| &group.cases) {
            let mut lacking = case
                .capabilities
                .iter()
                .filter(|c| !claims.capabilities.contains(*c));
            let (Some(capability), None) = (lacking.next(), lacking.next()) else {
                continue;
            };
            if !claims.roles.contains(&case.role) || !seen.insert(capability.clone()) {
                continue;
            }
            let verdict = match attempt(case, &mut self.subject, seed) {
                Outcome::Pass => Err(format!("{} passes: claim it", case.id)),
                Outcome::Undecided(why) => Err(format!("{} cannot be judged: {why}", case.id)),
                Outcome::Fail(_) | Outcome::Unsupported(_) => {
                    self.subject.abandon();
                    Ok(())
                }
            };
            self.judge(
                format!("lacks the capability {capability}, which it does not claim"),
                verdict,
            );
        }
    }

    fn noise(&mut self) {
        let said = self.subject.said();
        let noise: Vec<&String> = said
            .iter()
            .filter_map(|said| match said {
                Said::Noise(line) => Some(line),
                _ => None,
            })
            .collect();
        if let Some(first) = noise.first() {
            let detail = format!(
                "{} lines on stdout do not begin with {{ and are ignored, such as: {}",
                noise.len(),
                shortened(first)
            );
            self.say("prints nothing but replies", Finding::Note, Some(detail));
        }
    }

    fn goodbye(&mut self) {
        if self.subject.goodbye() {
            self.say("ends when its input ends", Finding::Healthy, None);
        } else {
            let detail = "it had to be killed; end of input means goodbye".to_owned();
            self.say("ends when its input ends", Finding::Note, Some(detail));
        }
    }

    fn open(&mut self, session: &str, role: &str) -> Result<Reply, String> {
        let request = |id| Request::Open {
            id,
            session: session.to_owned(),
            role: role.to_owned(),
            config: Object::new(),
            now_ms: None,
        };
        self.subject.ask(request).map_err(|fault| fault.to_string())
    }
}

/// The case that decides whether a role works at all.
fn smoke(role: Role, groups: &[Group]) -> Option<&Case> {
    groups
        .iter()
        .flat_map(|group| &group.cases)
        .find(|case| case.role == role && case.flags.iter().any(|flag| flag == SMOKE))
}

fn expect_unsupported(reply: Reply) -> Result<(), String> {
    match reply {
        Reply::Unsupported { .. } => Ok(()),
        other => Err(format!("it answers {}", words(&other))),
    }
}

fn expect_ok(reply: Reply) -> Result<(), String> {
    match reply {
        Reply::Ok { .. } => Ok(()),
        other => Err(format!("it answers {}", words(&other))),
    }
}

fn words(reply: &Reply) -> String {
    match reply {
        Reply::Ok { .. } => "`ok`".to_owned(),
        Reply::Reject { code, .. } => format!("`reject` {code}"),
        Reply::Unsupported { capability, .. } => format!("`unsupported` ({capability})"),
        Reply::Error { detail, .. } => format!("`error` ({})", shortened(detail)),
    }
}

fn advice(fault: &Fault) -> &'static str {
    match fault {
        Fault::Start(_) => "; check the command after `--`",
        Fault::Crash(_) => {
            "; run the command by hand and type {\"cmd\":\"hello\",\"id\":1,\"protocol\":1}"
        }
        Fault::Hang(_) => "; does it flush stdout after every line?",
        Fault::Malformed(_) => "; see conformance/schema/adapter.schema.json",
        Fault::Error(_) => "",
    }
}
