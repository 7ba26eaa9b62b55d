//! `auth.clone.*`: two devices with one key.

use serde_json::{Value, json};

use super::{
    alice, answered, bare_session, claim, device, group_of, hello, later, login, read_account,
    read_session, set_account, settled, with,
};
use crate::author::{positive, turn};
use crate::case::{Actor, Case, Group, Step};

/// The counter and the rolling values.
pub fn group() -> Group {
    let base = three();
    let mut cases = vec![base.clone()];
    cases.extend(rights());
    cases.extend(copies(&base));
    cases.extend(refusals(&base));
    group_of(
        "auth-clone",
        "Clone detection: who was copied is stopped, who lost an answer is not.",
        cases,
    )
}

/// How far two servers' clocks may disagree, in seconds.
const SKEW_S: u64 = countersign::registry::seconds::SKEW;

const WHY: &str = "A copy that goes unnoticed logs in for as long as it likes.";

fn three() -> Case {
    positive("auth.clone.none", "one device logs in three times")
        .why(WHY)
        .requires(&["CLN-2", "CLN-3", "CLN-4"])
        .steps(alice())
        .steps(vec![
            nth(1, json!({}), confirmed()),
            nth(2, json!({}), confirmed()),
            nth(3, json!({}), confirmed()),
            read_account("active"),
        ])
        .with_sessions(3)
}

fn rights() -> Vec<Case> {
    let case = |id: &str, title: &str, requires: &[&str], steps: Vec<Step>| {
        positive(&format!("auth.clone.{id}"), title)
            .why("Bad luck that is taken for a copy locks the user out.")
            .requires(requires)
            .steps(alice())
            .steps(steps)
            .steps(vec![read_account("active")])
            .with_sessions(3)
    };
    vec![
        case(
            "lost-answer",
            "the answer to a login is lost, and the device logs in with the value it has",
            &["CLN-4"],
            vec![
                nth(1, json!({}), confirmed()),
                nth(2, json!({ "lost": true }), confirmed()),
                nth(3, json!({}), confirmed()),
            ],
        ),
        case(
            "lost-answers",
            "two answers in a row are lost",
            &["CLN-4"],
            vec![
                nth(1, json!({ "lost": true }), confirmed()),
                nth(2, json!({ "lost": true }), confirmed()),
                nth(3, json!({}), confirmed()),
            ],
        ),
        case(
            "counter-jumps",
            "the counter jumps, since statements were lost on their way",
            &["CLN-3"],
            vec![
                nth(1, json!({ "counter": 7 }), confirmed()),
                nth(2, json!({ "counter": 4294967296_u64 }), confirmed()),
            ],
        ),
        case(
            "declined",
            "a decline takes the values on as a confirmation does",
            &["CLN-4", "STM-6"],
            vec![
                nth(
                    1,
                    json!({ "decision": "decline" }),
                    settled("decline", "alice"),
                ),
                nth(2, json!({}), confirmed()),
                nth(3, json!({}), confirmed()),
            ],
        ),
        case(
            "lifted",
            "a freeze is lifted, and the next statement is taken as it comes",
            &["CLN-5", "CLN-6"],
            vec![
                nth(1, json!({}), confirmed()),
                set_account("frozen"),
                nth(2, json!({}), json!({ "refused": 502 })),
                set_account("active"),
                nth(
                    2,
                    json!({ "as": "again", "counter": 1, "rolling": "other" }),
                    confirmed(),
                ),
                nth(3, json!({ "counter": 2 }), confirmed()),
            ],
        ),
        case(
            "repeated-enrolment",
            "the answer to an enrolment is lost, and the value of its repetition counts",
            &["ENR-2", "CLN-4"],
            vec![
                device(
                    "enrol",
                    json!({ "enrolment": "enrolment", "as": "again" }),
                    confirmed(),
                ),
                nth(1, json!({}), confirmed()),
                nth(2, json!({}), confirmed()),
            ],
        ),
    ]
}

/// Two devices: the account is frozen, and the session stays as it was.
fn copies(base: &Case) -> Vec<Case> {
    let case = |id: &str, change: &str, requires: &[&str], kills: &str, steps: Vec<Step>| {
        base.but(&format!("auth.clone.{id}"), change)
            .requires(requires)
            .flagged(&["replay"])
            .kills(kills)
            .steps(alice())
            .steps(steps)
            .steps(vec![
                read_login(3, json!({ "state": "new" })),
                read_account("frozen"),
                later(1),
                // CLN-5, for the right device too.
                nth(3, json!({ "as": "right" }), json!({ "refused": 502 })),
                read_login(3, json!({ "state": "new" })),
            ])
            .with_sessions(3)
    };
    let twice = || {
        vec![
            nth(1, json!({}), confirmed()),
            nth(2, json!({}), confirmed()),
            later(SKEW_S + 1),
        ]
    };
    let third = |said: Value| vec![nth(3, said, json!({ "refused": 503 }))];
    vec![
        case(
            "rolling-two-old",
            "the third time with the value from two answers ago",
            &["CLN-4"],
            "clone.rolling",
            [twice(), third(json!({ "rolling": "older" }))].concat(),
        ),
        case(
            "rolling-unknown",
            "the third time with a value that it was never told",
            &["CLN-4"],
            "clone.rolling",
            [twice(), third(json!({ "rolling": "other" }))].concat(),
        ),
        case(
            "counter-equal",
            "the third time with the counter of the second",
            &["CLN-3"],
            "clone.counter",
            [twice(), third(json!({ "counter": 2 }))].concat(),
        ),
        case(
            "counter-lower",
            "the third time with the counter of the first",
            &["CLN-3"],
            "clone.counter",
            [twice(), third(json!({ "counter": 1 }))].concat(),
        ),
        case(
            "counter-zero",
            "the third time with the counter 0",
            &["CLN-3"],
            "clone.counter",
            [twice(), third(json!({ "counter": 0 }))].concat(),
        ),
        case(
            "copy",
            "its copy logs in first",
            &["CLN-3", "CLN-4"],
            "clone.counter",
            vec![
                nth(1, json!({}), confirmed()),
                device("copy", json!({ "as": "thief" }), json!({})),
                nth(2, json!({ "device": "thief" }), confirmed()),
                later(SKEW_S + 1),
                nth(3, json!({}), json!({ "refused": 503 })),
            ],
        ),
        case(
            "copy-behind",
            "its copy logs in with an old backup",
            &["CLN-4"],
            "clone.rolling",
            vec![
                device("copy", json!({ "as": "thief" }), json!({})),
                nth(1, json!({}), confirmed()),
                nth(2, json!({}), confirmed()),
                later(SKEW_S + 1),
                nth(
                    3,
                    json!({ "device": "thief", "counter": 9 }),
                    json!({ "refused": 503 }),
                ),
            ],
        ),
        case(
            "copy-declines",
            "the third time with the counter of the first, to decline",
            &["CLN-3", "CLN-7"],
            "clone.counter",
            [
                twice(),
                third(json!({ "decision": "decline", "counter": 1 })),
            ]
            .concat(),
        ),
        case(
            "copy-asks-for-nonsense",
            "the third time with the value from two answers ago, and without a decision",
            &["CLN-7", "STM-9"],
            "order.clone",
            [
                twice(),
                third(json!({ "rolling": "older", "decision": null, "assertion": null })),
            ]
            .concat(),
        ),
    ]
}

/// What is refused and is no copy.
fn refusals(base: &Case) -> Vec<Case> {
    let late = base
        .but(
            "auth.clone.overtaken",
            "its first statement arrives after the second",
        )
        .requires(&["CLN-3"])
        .flagged(&["miscount"])
        .kills("clone.late")
        .steps(alice())
        .steps(vec![
            device("hello", json!({ "session": "login 1" }), answered()),
            claim(json!({ "hold": true }), json!({})),
            later(1),
            nth(2, json!({}), confirmed()),
            later(1),
            super::network(
                "deliver",
                json!({ "on": "login 1" }),
                json!({ "refused": 503 }),
            ),
            read_login(1, json!({ "state": "new" })),
            read_account("active"),
            nth(3, json!({}), confirmed()),
        ])
        .with_sessions(3);
    let unmoved = base
        .but(
            "auth.clone.refused-leaves-counter",
            "a statement with a counter far ahead is refused for another reason",
        )
        .requires(&["CLN-7"])
        .flagged(&["miscount"])
        .kills("clone.refused")
        .steps(alice())
        .steps(vec![
            bare_session(json!({})),
            hello(json!({}), answered()),
            claim(
                json!({ "counter": 100, "announce": "other" }),
                json!({ "refused": 304 }),
            ),
            read_session(json!({ "state": "new" })),
            later(1),
            login(json!({ "as": "again", "counter": 1 }), confirmed()),
            nth(1, json!({ "counter": 2 }), confirmed()),
            read_account("active"),
        ])
        .with_sessions(1);
    let skewed = base
        .but(
            "auth.clone.overtaken-by-another-clock",
            "a statement with the counter of the second comes within the skew of servers' clocks",
        )
        .requires(&["CLN-3"])
        .flagged(&["miscount"])
        .kills("clone.skew")
        .steps(alice())
        .steps(vec![
            nth(1, json!({}), confirmed()),
            nth(2, json!({}), confirmed()),
            later(SKEW_S / 2),
            nth(3, json!({ "counter": 2 }), json!({ "refused": 503 })),
            read_login(3, json!({ "state": "new" })),
            read_account("active"),
            nth(3, json!({ "as": "again", "counter": 3 }), confirmed()),
        ])
        .with_sessions(3);
    vec![late, unmoved, skewed]
}

impl Case {
    /// Puts that many sessions, `login 1` and so on, before everything else.
    fn with_sessions(mut self, count: usize) -> Case {
        let sessions = (1..=count).map(|n| bare_session(json!({ "as": format!("login {n}") })));
        self.steps = sessions.chain(self.steps).collect();
        self
    }
}

/// A login at the n-th session.
fn nth(n: usize, more: Value, expect: Value) -> Step {
    let usual = json!({ "session": format!("login {n}") });
    device("login", with(usual, more), expect)
}

fn read_login(n: usize, expect: Value) -> Step {
    let session = json!({ "session": format!("login {n}") });
    turn(Actor::Backend, "read_session", session, expect)
}

fn confirmed() -> Value {
    settled("confirm", "alice")
}
