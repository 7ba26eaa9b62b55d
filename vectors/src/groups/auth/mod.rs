//! `auth.*`: dialogues with an auth server.
//!
//! A case tells a story: alice enrols, the backend makes a session, alice's
//! device answers. A negative case is a positive one with one change, and goes
//! on where the change was refused: it reads what is stored, and does the right
//! thing after all.

mod action;
mod app;
mod approval;
mod assertion;
mod cached;
mod clone;
mod credential;
mod data;
mod enrolment;
mod handshake;
mod headless;
mod login;
mod message;
mod token;

use serde_json::{Value, json};

use crate::author::{positive, turn};
use crate::case::{Actor, Case, Group, Object, Step};

/// Every group of the role.
pub fn groups() -> Vec<Group> {
    vec![
        action::group(),
        app::group(),
        approval::group(),
        assertion::group(),
        cached::group(),
        clone::group(),
        credential::group(),
        data::group(),
        enrolment::group(),
        handshake::group(),
        headless::group(),
        login::group(),
        message::group(),
        token::group(),
    ]
}

/// One change to one turn, and what must come of it.
struct Fault {
    /// The last word of the id.
    id: &'static str,
    /// The change, as one would say it.
    change: &'static str,
    requires: &'static [&'static str],
    flag: &'static str,
    /// The check that has to be there.
    kills: &'static str,
    /// What is added to the turn's `with`.
    with: Value,
    /// What comes of the turn.
    expect: Value,
}

impl Fault {
    /// The case that is `base` with this fault: `steps` has the changed turn.
    fn of(&self, base: &Case, steps: Vec<Step>) -> Case {
        let (family, _) = base.id.rsplit_once('.').unwrap_or((&base.id, ""));
        base.but(&format!("{family}.{}", self.id), self.change)
            .requires(self.requires)
            .flagged(&[self.flag])
            .kills(self.kills)
            .steps(steps)
    }
}

/// One change, told by its whole story: id, change, requirements, flag, check, steps.
type Story<'a> = (&'a str, &'a str, &'a [&'a str], &'a str, &'a str, Vec<Step>);

/// The negative cases that are `base` with one change each.
fn negatives(base: &Case, stories: Vec<Story<'_>>) -> Vec<Case> {
    let (family, _) = base.id.rsplit_once('.').unwrap_or((&base.id, ""));
    let case = |(id, change, requires, flag, kills, steps): Story<'_>| {
        base.but(&format!("{family}.{id}"), change)
            .requires(requires)
            .flagged(&[flag])
            .kills(kills)
            .steps(steps)
    };
    stories.into_iter().map(case).collect()
}

/// One thing that is allowed, told by its whole story: id, title, requirements, steps.
type Right<'a> = (&'a str, &'a str, &'a [&'a str], Vec<Step>);

/// The positive cases of a family, with the capabilities that they need.
fn positives(family: &str, needs: &[&str], why: &str, rights: Vec<Right<'_>>) -> Vec<Case> {
    let case = |(id, title, requires, steps): Right<'_>| {
        positive(&format!("{family}.{id}"), title)
            .why(why)
            .needs(needs)
            .requires(requires)
            .steps(steps)
    };
    rights.into_iter().map(case).collect()
}

impl Case {
    /// Adds several steps.
    fn steps(mut self, steps: Vec<Step>) -> Case {
        self.steps.extend(steps);
        self
    }
}

/// A group of these cases.
fn group_of(name: &str, about: &str, cases: Vec<Case>) -> Group {
    let mut group = Group::new(name, about);
    group.cases = cases;
    group
}

fn backend(action: &str, with: Value) -> Step {
    turn(Actor::Backend, action, with, json!({}))
}

fn device(action: &str, with: Value, expect: Value) -> Step {
    turn(Actor::Device, action, with, expect)
}

fn network(action: &str, with: Value, expect: Value) -> Step {
    turn(Actor::Network, action, with, expect)
}

/// Time passes.
fn later(seconds: u64) -> Step {
    turn(Actor::Clock, "advance", json!({ "s": seconds }), json!({}))
}

fn read_session(expect: Value) -> Step {
    turn(
        Actor::Backend,
        "read_session",
        json!({ "session": "login" }),
        expect,
    )
}

fn read_enrolment(expect: Value) -> Step {
    turn(
        Actor::Backend,
        "read_enrolment",
        json!({ "enrolment": "enrolment" }),
        expect,
    )
}

fn read_account(state: &str) -> Step {
    turn(
        Actor::Backend,
        "read_account",
        json!({ "account": "alice" }),
        json!({ "state": state }),
    )
}

fn set_account(state: &str) -> Step {
    backend("set_account", json!({ "account": "alice", "state": state }))
}

/// What a hello comes to by default.
fn answered() -> Value {
    json!({ "version": [1, 0], "parameters": true })
}

fn settled(decision: &str, account: &str) -> Value {
    json!({ "settled": decision, "account": account })
}

/// alice has an account.
fn alice() -> Vec<Step> {
    vec![
        backend(
            "create_enrolment",
            json!({ "as": "enrolment", "user_name": "Alice" }),
        ),
        device(
            "enrol",
            json!({ "enrolment": "enrolment" }),
            settled("confirm", "alice"),
        ),
    ]
}

/// bob has one too.
fn bob() -> Vec<Step> {
    vec![
        backend(
            "create_enrolment",
            json!({ "as": "enrolment of bob", "user_name": "Bob" }),
        ),
        device(
            "enrol",
            json!({ "enrolment": "enrolment of bob", "device": "bob" }),
            settled("confirm", "bob"),
        ),
    ]
}

/// The policy of most sessions: the PIN, verified in the last minute.
fn pin() -> Value {
    json!({ "factors": 1, "max_age_s": 60, "cached": false })
}

/// What most sessions announce.
fn announce() -> Value {
    json!({ "strings": { "origin": "shop.example" } })
}

/// The session `login`, with `terms` in the place of the usual ones.
fn session(terms: Value) -> Step {
    let usual = json!({ "as": "login", "announce": announce(), "policy": pin() });
    backend("create_session", with(usual, terms))
}

/// The session `login`, which announces nothing and asks for no factor.
fn bare_session(terms: Value) -> Step {
    backend("create_session", with(json!({ "as": "login" }), terms))
}

fn hello(more: Value, expect: Value) -> Step {
    device("hello", with(json!({ "session": "login" }), more), expect)
}

fn claim(more: Value, expect: Value) -> Step {
    device("claim", more, expect)
}

/// Both at once.
fn login(more: Value, expect: Value) -> Step {
    device("login", with(json!({ "session": "login" }), more), expect)
}

/// Nothing was stored: the session is new, the account active, and the right statement is taken.
fn untouched() -> Vec<Step> {
    vec![
        read_session(json!({ "state": "new" })),
        read_account("active"),
        login(json!({ "as": "again" }), settled("confirm", "alice")),
    ]
}

/// `usual` with the fields of `more` in it, or in the place of its own.
fn with(usual: Value, more: Value) -> Value {
    let mut all: Object = serde_json::from_value(usual).unwrap_or_default();
    all.extend(serde_json::from_value::<Object>(more).unwrap_or_default());
    Value::Object(all)
}

/// The first turn of a case whose server serves more than logins and enrolments.
fn configured(services: Value) -> Step {
    backend("configure", services)
}

/// A backend's turn, and what comes of it.
fn asked(action: &str, with: Value, expect: Value) -> Step {
    turn(Actor::Backend, action, with, expect)
}

/// alice's device opens a channel, or asks for what claims nothing.
fn open(purpose: &str, more: Value, expect: Value) -> Step {
    device("open", with(json!({ "for": purpose }), more), expect)
}

/// message_1 alone, for what claims nothing.
fn greet(purpose: &str, more: Value, expect: Value) -> Step {
    device("hello", with(json!({ "for": purpose }), more), expect)
}

/// What alice's device has heard in its last channel, or in the one `on`.
fn heard(more: Value, what: Value) -> Step {
    device("heard", more, json!({ "heard": what }))
}

/// A refusal in the channel.
fn refused(code: u16) -> Value {
    json!({ "refused": code })
}

/// Time passes, and the server's timers run.
fn tick(seconds: u64) -> Step {
    turn(Actor::Clock, "tick", json!({ "s": seconds }), json!({}))
}

/// The read account has this level.
fn read_level(account: &str, state: &str, level: &str) -> Step {
    asked(
        "read_account",
        json!({ "account": account, "level": true }),
        json!({ "state": state, "level": level }),
    )
}
