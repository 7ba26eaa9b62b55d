//! `device.*`: dialogues with a device. The stage that plays them is
//! `conformance/src/stage/device`, which also verifies what no case names:
//! whatever the device signs, and that nothing leaves it before its time.

mod app;
mod change;
mod channel;
mod data;
mod enrol;
mod factor;
mod handshake;
mod login;
mod session;
mod succession;

use serde_json::{Value, json};

use crate::author::turn;
use crate::case::{Actor, Case, Group, Step};

/// Every group of the role.
pub fn groups() -> Vec<Group> {
    vec![
        app::group(),
        change::group(),
        channel::group(),
        data::group(),
        enrol::group(),
        factor::group(),
        handshake::group(),
        login::group(),
        session::group(),
        succession::group(),
    ]
}

/// One change to a base: at which step, with what, and the number of the failure.
struct Row {
    name: &'static str,
    change: &'static str,
    at: usize,
    with: Value,
    code: u16,
    requirement: &'static str,
    kills: &'static str,
}

fn row(
    name: &'static str,
    change: &'static str,
    at: usize,
    with: Value,
    code: u16,
    requirement: &'static str,
    kills: &'static str,
) -> Row {
    Row {
        name,
        change,
        at,
        with,
        code,
        requirement,
        kills,
    }
}

impl Row {
    /// The base up to the changed step, after which the attempt has failed.
    fn case(self, base: &Case, area: &str, why: &str) -> Case {
        let changed = vary(
            &base.steps[self.at],
            self.with,
            json!({ "failed": self.code }),
        );
        base.but(&format!("device.{area}.{}", self.name), self.change)
            .why(why)
            .requires(&[self.requirement])
            .kills(self.kills)
            .turns(&base.steps[..self.at])
            .does(changed)
    }
}

impl Case {
    /// Adds turns.
    #[must_use]
    fn turns(mut self, steps: &[Step]) -> Case {
        self.steps.extend_from_slice(steps);
        self
    }
}

/// The same turn with more in its `with`, and another expectation.
fn vary(step: &Step, with: Value, expect: Value) -> Step {
    let mut step = step.clone();
    if let (Step::Turn(turn), Value::Object(with), Value::Object(expect)) =
        (&mut step, with, expect)
    {
        turn.with.extend(with);
        turn.expect = expect;
    }
    step
}

fn user(action: &str, with: Value, expect: Value) -> Step {
    turn(Actor::User, action, with, expect)
}

fn auth(action: &str, with: Value, expect: Value) -> Step {
    turn(Actor::Auth, action, with, expect)
}

fn keeper(action: &str, with: Value, expect: Value) -> Step {
    turn(Actor::Factor, action, with, expect)
}

fn device(action: &str, with: Value, expect: Value) -> Step {
    turn(Actor::Device, action, with, expect)
}

fn network(action: &str, with: Value, expect: Value) -> Step {
    turn(Actor::Network, action, with, expect)
}

fn none() -> Value {
    json!({})
}

fn sends(what: &str) -> Value {
    json!({ "sends": what })
}

fn rejected(code: u16) -> Value {
    json!({ "rejected": code })
}

fn failed(code: u16) -> Value {
    json!({ "failed": code })
}

fn finished(outcome: &str, account: &str) -> Value {
    json!({ "finished": { "outcome": outcome, "account": account } })
}

/// The second-factor request, with three attempts at most; what is asked goes on unless it is over.
fn second_factor(context: &str, failed_attempts: u32, result: &str) -> Value {
    let is_over = result == "success";
    let is_blocked = failed_attempts >= 3;
    json!({
        "context": context,
        "max_attempts": 3,
        "failed_attempts": failed_attempts,
        "result": result,
        "retry": !is_over && !is_blocked,
        "blocked": is_blocked,
        "stopped": is_over || is_blocked,
    })
}

fn asks(context: &str, failed_attempts: u32, result: &str) -> Value {
    json!({ "second_factor": second_factor(context, failed_attempts, result) })
}

fn blocked() -> Value {
    json!({
        "second_factor": second_factor("verify", 3, "failed"),
        "finished": { "outcome": "failed", "code": 411 },
    })
}

fn passes(context: &str) -> Value {
    json!({
        "sends": "statement to auth",
        "second_factor": second_factor(context, 0, "success"),
    })
}

/// An account `alice` at the `bank`.
fn enrolled() -> Step {
    device("enrol", none(), none())
}

/// The device's accounts, which are what a failure must not change.
fn has(accounts: &[&str]) -> Step {
    device("accounts", none(), json!({ "accounts": accounts }))
}

fn starts_login() -> Step {
    user("start", json!({ "link": "login" }), sends("hello to auth"))
}

fn offers_login() -> Step {
    auth(
        "answer",
        json!({ "announce": { "title": "Sign in from Lyon" } }),
        json!({ "confirm_login": { "accounts": ["alice"], "announce": "as offered" } }),
    )
}

fn confirms() -> Step {
    user("confirm", none(), sends("hello to factor"))
}

fn keeper_answers() -> Step {
    keeper("answer", none(), sends("claim to factor"))
}

fn keeper_asks() -> Step {
    keeper("status", none(), asks("verify", 0, "failed"))
}

fn enters() -> Step {
    user("pin", none(), sends("verify to factor"))
}

fn passed() -> Step {
    keeper("verdict", none(), passes("verify"))
}

fn settles() -> Step {
    auth("settle", none(), finished("confirmed", "alice"))
}

/// A login of a device with one account, after which it is confirmed.
fn login() -> Vec<Step> {
    vec![
        enrolled(),
        starts_login(),
        offers_login(),
        confirms(),
        keeper_answers(),
        keeper_asks(),
        enters(),
        passed(),
        settles(),
    ]
}

/// Steps of [`login`].
mod at {
    pub const OFFER: usize = 2;
    pub const CONFIRM: usize = 3;
    pub const KEEPER: usize = 4;
    pub const STATUS: usize = 5;
    pub const PIN: usize = 6;
    pub const VERDICT: usize = 7;
    pub const SETTLE: usize = 8;
}
