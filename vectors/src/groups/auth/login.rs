//! `auth.login.*`: sessions, confirmed and declined.

use serde_json::{Value, json};

use super::{
    Fault, alice, announce, answered, backend, bare_session, bob, claim, group_of, hello, later,
    login, network, pin, read_account, read_session, session, set_account, settled, untouched,
    with,
};
use crate::author::{positive, turn};
use crate::case::{Actor, Case, Group};

/// Logins, right and spoilt.
pub fn group() -> Group {
    let confirmed = confirmed();
    let mut cases = vec![confirmed.clone()];
    cases.extend(rights());
    cases.extend(spoilt(&confirmed));
    cases.extend(settled_once());
    cases.extend(standings(&confirmed));
    group_of(
        "auth-login",
        "Logins: a session is confirmed or declined, once, by an account that may.",
        cases,
    )
}

/// The base of most negative cases, of other groups too.
pub(super) fn confirmed() -> Case {
    positive(
        "auth.login.confirmed",
        "a user confirms a login with the PIN",
    )
    .why("This is what the protocol is for.")
    .requires(&["SES-5", "STM-2", "STM-7", "CLN-2", "HS-13", "STO-2"])
    .steps(alice())
    .steps(vec![
        session(json!({})),
        hello(json!({}), answered()),
        claim(json!({}), settled("confirm", "alice")),
        read_session(json!({ "state": "confirmed", "account": "alice" })),
        read_account("active"),
    ])
}

/// Logins that differ in what is allowed.
fn rights() -> Vec<Case> {
    let confirm =
        |id: &str, title: &str, requires: &[&str], terms: Value, said: Value, read: Value| {
            positive(&format!("auth.login.{id}"), title)
                .why("What the document allows has to work everywhere.")
                .requires(requires)
                .steps(alice())
                .steps(vec![
                    backend("create_session", with(json!({ "as": "login" }), terms)),
                    login(said, settled("confirm", "alice")),
                    read_session(with(
                        json!({ "state": "confirmed", "account": "alice" }),
                        read,
                    )),
                    read_account("active"),
                ])
        };
    let input = |text: &str| json!({ "user_input": text });
    let mut cases = vec![
        confirm(
            "bare",
            "a session asks for no factor and announces nothing",
            &["STM-7", "SES-8"],
            json!({}),
            json!({}),
            json!({}),
        ),
        confirm(
            "announced",
            "a session announces a logo and strings",
            &["SES-8", "STM-2"],
            json!({ "announce": {
                "logo": "5f".repeat(32),
                "strings": { "origin": "shop.example", "user": "Alice", "ü": "" },
            } }),
            json!({}),
            json!({}),
        ),
        confirm(
            "announced-longest",
            "announce info has all of its 6,144 bytes",
            &["SES-8"],
            json!({ "announce_bytes": 6144 }),
            json!({ "epoch": 5 }),
            json!({}),
        ),
        confirm(
            "preselected",
            "the account is pre-selected, and answers",
            &["STM-4"],
            json!({ "account": "alice" }),
            json!({}),
            json!({}),
        ),
        confirm(
            "user-input",
            "the user adds something",
            &["STM-3"],
            json!({ "policy": pin() }),
            input("pay 3 € to Łódź 🐟"),
            input("pay 3 € to Łódź 🐟"),
        ),
        confirm(
            "user-input-empty",
            "what the user adds is empty, which is not absent",
            &["STM-3"],
            json!({ "policy": pin() }),
            input(""),
            input(""),
        ),
        confirm(
            "user-input-longest",
            "what the user adds has all of its 4,096 bytes",
            &["STM-3"],
            json!({ "policy": pin() }),
            json!({ "user_input_bytes": 4096 }),
            input(&"i".repeat(4096)),
        ),
        confirm(
            "biometric",
            "a policy of both factors takes a biometric",
            &["AST-7"],
            json!({ "policy": { "factors": 3, "max_age_s": 60, "cached": false } }),
            json!({ "assertion": { "factor": 2 } }),
            json!({}),
        ),
        confirm(
            "biometric-only",
            "a policy of biometrics takes a biometric",
            &["AST-7"],
            json!({ "policy": { "factors": 2, "max_age_s": 0, "cached": false } }),
            json!({ "assertion": { "factor": 2 } }),
            json!({}),
        ),
        confirm(
            "high-s",
            "the device's hardware returns the higher s",
            &["SIG-4"],
            json!({ "policy": pin() }),
            json!({ "high_s": true }),
            json!({}),
        ),
        confirm(
            "assertion-oldest",
            "the PIN was verified exactly max-age ago",
            &["AST-6"],
            json!({ "policy": pin() }),
            json!({ "assertion": { "age_s": 60 } }),
            json!({}),
        ),
        confirm(
            "assertion-last-second",
            "the assertion expires in a second",
            &["AST-6"],
            json!({ "policy": pin() }),
            json!({ "assertion": { "expires_in_s": 1 } }),
            json!({}),
        ),
        confirm(
            "assertion-ahead",
            "the factor server's clock is 60 s ahead",
            &["AST-6"],
            json!({ "policy": pin() }),
            json!({ "assertion": { "ahead_s": 60 } }),
            json!({}),
        ),
    ];
    for (id, title, terms) in [
        ("declined", "a user declines a login", json!({})),
        (
            "declined-preselected",
            "the pre-selected user declines",
            json!({ "account": "alice" }),
        ),
    ] {
        cases.push(
            positive(&format!("auth.login.{id}"), title)
                .why("Who is asked for what they did not want must be able to say so at once.")
                .requires(&["STM-6", "SES-5"])
                .steps(alice())
                .steps(vec![
                    session(terms),
                    login(
                        json!({ "decision": "decline" }),
                        settled("decline", "alice"),
                    ),
                    read_session(json!({ "state": "rejected", "account": "alice" })),
                    read_account("active"),
                ]),
        );
    }
    cases.push(
        positive(
            "auth.login.last-second",
            "a user confirms in the last second",
        )
        .why("An expiry that is off by one locks out those who are slow.")
        .requires(&["SES-3", "SES-7"])
        .steps(alice())
        .steps(vec![
            session(json!({ "ttl_s": 400 })),
            later(398),
            hello(json!({}), answered()),
            later(1),
            claim(json!({}), settled("confirm", "alice")),
            read_session(json!({ "state": "confirmed", "account": "alice" })),
        ]),
    );
    cases.push(
        positive(
            "auth.login.slow",
            "a user decides four minutes after message_2",
        )
        .why("A handshake that waits for a person has to wait as long as the session lives.")
        .requires(&["HS-12", "SES-7"])
        .steps(alice())
        .steps(vec![
            session(json!({})),
            hello(json!({}), answered()),
            later(240),
            claim(json!({}), settled("confirm", "alice")),
        ]),
    );
    cases.push(
        positive("auth.login.two-users", "two users log in side by side")
            .why("Sessions that get mixed up let one user in as the other.")
            .requires(&["SES-5", "HS-13"])
            .steps(alice())
            .steps(bob())
            .steps(vec![
                session(json!({})),
                session(json!({ "as": "bob's" })),
                hello(json!({}), answered()),
                hello(json!({ "session": "bob's" }), answered()),
                claim(json!({ "on": "login" }), settled("confirm", "alice")),
                claim(
                    json!({ "on": "bob's", "device": "bob" }),
                    settled("confirm", "bob"),
                ),
                read_session(json!({ "state": "confirmed", "account": "alice" })),
            ]),
    );
    cases
}

/// The confirmed login with one thing wrong in its statement.
fn spoilt(confirmed: &Case) -> Vec<Case> {
    let mut cases: Vec<Case> = spoilt_statements()
        .iter()
        .map(|fault| {
            let steps = vec![
                session(json!({})),
                hello(json!({}), answered()),
                claim(fault.with.clone(), fault.expect.clone()),
            ];
            fault.of(confirmed, [alice(), steps, untouched()].concat())
        })
        .collect();
    let bare = "auth.login.bare";
    let of_bare = |id: &str, change: &str| {
        let mut case = confirmed.but(&format!("auth.login.{id}"), change);
        if let crate::case::Kind::Negative(spoiled) = &mut case.kind {
            bare.clone_into(&mut spoiled.base);
        }
        "a session asks for no factor and announces nothing".clone_into(&mut case.title);
        case.title = format!("{}, but {change}", case.title);
        case
    };
    cases.push(
        of_bare("assertion-not-asked", "there is an assertion")
            .requires(&["STM-8"])
            .flagged(&["structure"])
            .kills("statement.unused")
            .steps(alice())
            .steps(vec![
                bare_session(json!({})),
                login(json!({ "assertion": {} }), json!({ "refused": 107 })),
            ])
            .steps(untouched()),
    );
    cases.push(
        of_bare("announce-unknown", "there is an announce hash")
            .requires(&["STM-2"])
            .flagged(&["unsigned-decision"])
            .kills("statement.announce")
            .steps(alice())
            .steps(vec![
                bare_session(json!({})),
                login(json!({ "announce": "other" }), json!({ "refused": 304 })),
            ])
            .steps(untouched()),
    );
    cases.push(
        confirmed
            .but(
                "auth.login.declined-with-assertion",
                "it is declined, with an assertion",
            )
            .requires(&["STM-8", "STM-6"])
            .flagged(&["structure"])
            .kills("statement.unused")
            .steps(alice())
            .steps(vec![
                session(json!({})),
                login(
                    json!({ "decision": "decline", "assertion": {} }),
                    json!({ "refused": 107 }),
                ),
            ])
            .steps(untouched()),
    );
    cases.push(
        confirmed
            .but(
                "auth.login.expired",
                "the expiry comes while the user decides",
            )
            .requires(&["SES-7"])
            .flagged(&["replay"])
            .kills("session.expiry")
            .steps(alice())
            .steps(vec![
                session(json!({ "ttl_s": 300 })),
                hello(json!({}), answered()),
                later(300),
                claim(json!({}), json!({ "refused": 302 })),
                read_session(json!({ "state": "new" })),
                read_account("active"),
            ]),
    );
    cases.push(
        confirmed
            .but(
                "auth.login.wrong-account",
                "another account is pre-selected",
            )
            .requires(&["STM-4"])
            .flagged(&["key-confusion"])
            .kills("session.preselected")
            .steps(alice())
            .steps(bob())
            .steps(vec![
                session(json!({ "account": "alice" })),
                login(json!({ "device": "bob" }), json!({ "refused": 303 })),
            ])
            .steps(untouched()),
    );
    cases.push(
        confirmed
            .but(
                "auth.login.wrong-account-declines",
                "another account is pre-selected, and this one declines",
            )
            .requires(&["STM-4"])
            .flagged(&["key-confusion"])
            .kills("session.preselected")
            .steps(alice())
            .steps(bob())
            .steps(vec![
                session(json!({ "account": "alice" })),
                login(
                    json!({ "device": "bob", "decision": "decline" }),
                    json!({ "refused": 303 }),
                ),
            ])
            .steps(untouched()),
    );
    cases.push(
        confirmed
            .but(
                "auth.login.announce-too-long",
                "announce info has 6,145 bytes",
            )
            .requires(&["SES-8"])
            .flagged(&["limit"])
            .kills("limit.announce")
            .steps(alice())
            .steps(vec![turn(
                Actor::Backend,
                "create_session",
                json!({ "as": "login", "announce_bytes": 6145 }),
                json!({ "rejected": 106 }),
            )]),
    );
    cases
}

#[rustfmt::skip] // a table
fn spoilt_statements() -> Vec<Fault> {
    let fault = |id, change, requires, flag, kills, with, expect| Fault {
        id, change, requires, flag, kills, with, expect,
    };
    vec![
        fault("decision-missing", "there is no decision", &["STM-1"], "unsigned-decision", "statement.decision",
            json!({ "decision": null, "assertion": {} }), json!({ "refused": 305 })),
        fault("purpose-enrol", "the statement is for an enrolment", &["HS-14"], "purpose-confusion", "statement.purpose",
            json!({ "purpose": 2, "assertion": { "purpose": 1, "bind": { "purpose": 1 } } }), json!({ "refused": 210 })),
        fault("purpose-action", "the statement is for an action", &["HS-14"], "purpose-confusion", "statement.purpose",
            json!({ "purpose": 7, "assertion": { "purpose": 1, "bind": { "purpose": 1 } } }), json!({ "refused": 210 })),
        fault("announce-missing", "there is no announce hash", &["STM-2"], "unsigned-decision", "statement.announce",
            json!({ "announce": null }), json!({ "refused": 304 })),
        fault("announce-other", "the announce hash is that of other announce info", &["STM-2"], "unsigned-decision", "statement.announce",
            json!({ "announce": "other" }), json!({ "refused": 304 })),
        fault("user-input-too-long", "the user input has 4,097 bytes", &["STM-3", "ENC-14"], "limit", "limit.user-input",
            json!({ "user_input_bytes": 4097 }), json!({ "rejected": 106 })),
        fault("enrolment-proof", "there is an enrolment proof", &["STM-8"], "structure", "statement.unused",
            json!({ "enrolment_proof": true }), json!({ "refused": 107 })),
        fault("app-session-proof", "there is an app-session proof", &["STM-8"], "structure", "statement.unused",
            json!({ "app_session_proof": true }), json!({ "refused": 107 })),
        fault("counter-missing", "there is no clone counter", &["CLN-2"], "structure", "clone.fields",
            json!({ "counter": null }), json!({ "refused": 107 })),
        fault("rolling-missing", "there is no rolling value", &["CLN-2"], "structure", "clone.fields",
            json!({ "rolling": null }), json!({ "refused": 107 })),
        fault("assertion-missing", "there is no assertion", &["STM-7"], "unsigned-decision", "login.assertion",
            json!({ "assertion": null }), json!({ "refused": 400 })),
        fault("by-value", "the credential travels by value", &["CRED-2"], "key-confusion", "credential.naming",
            json!({ "naming": "value" }), json!({ "error": 211 })),
        fault("other-signer", "another device's key signed message_3", &["HS-13"], "key-confusion", "handshake.signature-3",
            json!({ "signer": "bob" }), json!({ "error": 211 })),
        fault("stranger", "a device without an account answers", &["HS-13"], "key-confusion", "handshake.account",
            json!({ "device": "bob" }), json!({ "error": 211 })),
        fault("two-faults-account-first", "there is neither a decision nor an announce hash", &["STM-9"], "structure", "order.decision",
            json!({ "decision": null, "announce": null, "assertion": {} }), json!({ "refused": 305 })),
        fault("two-faults-announce-first", "there is an app-session proof and another announce hash", &["STM-9"], "structure", "order.announce",
            json!({ "announce": "other", "app_session_proof": true }), json!({ "refused": 304 })),
        fault("two-faults-fields-first", "there is an app-session proof and no assertion", &["STM-9"], "structure", "order.fields",
            json!({ "app_session_proof": true, "assertion": null }), json!({ "refused": 107 })),
    ]
}

/// A session leaves *new* once.
fn settled_once() -> Vec<Case> {
    let why = "A session that can be settled twice belongs to whoever comes last.";
    let first = |said: Value, decision: &str| {
        [
            alice(),
            bob(),
            vec![session(json!({})), login(said, settled(decision, "alice"))],
        ]
        .concat()
    };
    let confirmed = || json!({ "state": "confirmed", "account": "alice", "user_input": "pay 3" });
    let paid = || json!({ "user_input": "pay 3" });
    let again = |more: Value, expect: Value| login(with(json!({ "as": "again" }), more), expect);
    let repeated = positive(
        "auth.login.repeated",
        "the answer is lost, and the same account confirms the same again",
    )
    .why(why)
    .requires(&["SES-6"])
    .steps(first(with(paid(), json!({ "lost": true })), "confirm"))
    .steps(vec![
        again(paid(), settled("confirm", "alice")),
        read_session(confirmed()),
        read_account("active"),
    ]);
    let same_bytes = positive(
        "auth.login.same-bytes",
        "the answer is lost, and message_3 is sent again",
    )
    .why(why)
    .requires(&["HS-6"])
    .steps(first(with(paid(), json!({ "lost": true })), "confirm"))
    .steps(vec![
        network(
            "replay",
            json!({ "what": "message_3" }),
            json!({ "answer": "same" }),
        ),
        later(179),
        network(
            "replay",
            json!({ "what": "message_3" }),
            json!({ "answer": "same" }),
        ),
        read_session(confirmed()),
    ]);
    let same_refusal = positive(
        "auth.login.same-bytes-refused",
        "a statement is refused, and message_3 is sent again",
    )
    .why(why)
    .requires(&["HS-6"])
    .steps(alice())
    .steps(vec![
        session(json!({})),
        login(json!({ "assertion": null }), json!({ "refused": 400 })),
        network(
            "replay",
            json!({ "what": "message_3" }),
            json!({ "answer": "same" }),
        ),
    ])
    .steps(untouched());
    let late = same_bytes
        .but("auth.login.same-bytes-late", "it comes after 180 s")
        .requires(&["HS-6", "HS-4"])
        .flagged(&["replay"])
        .kills("repeat.period")
        .steps(first(with(paid(), json!({ "lost": true })), "confirm"))
        .steps(vec![
            later(180),
            network(
                "replay",
                json!({ "what": "message_3" }),
                json!({ "rejected": 212 }),
            ),
            read_session(confirmed()),
        ]);
    let mut cases = vec![repeated.clone(), same_bytes, same_refusal, late];
    let rejected = || json!({ "state": "rejected", "account": "alice" });
    type Row = (&'static str, &'static str, &'static str, Value, Value, u16);
    #[rustfmt::skip] // a table
    let rows: Vec<Row> = vec![
        ("taken", "another account confirms", "session.account", paid(),
            json!({ "device": "bob", "user_input": "pay 3" }), 302),
        ("confirmed-then-declined", "it is declined the second time", "session.state", paid(),
            json!({ "decision": "decline", "user_input": "pay 3" }), 302),
        ("repeated-other-user-input", "the user input is another the second time", "session.user-input", paid(),
            json!({ "user_input": "pay 30" }), 302),
        ("repeated-no-user-input", "there is no user input the second time", "session.user-input", paid(),
            json!({}), 302),
        ("repeated-no-assertion", "there is no assertion the second time", "login.assertion", paid(),
            json!({ "user_input": "pay 3", "assertion": null }), 400),
        ("repeated-same-assertion", "it is the same assertion the second time", "assertion.bind", paid(),
            json!({ "user_input": "pay 3", "assertion": { "again": true } }), 404),
        ("repeated-same-assertion-id", "it is the same assertion id the second time", "assertion.used", paid(),
            json!({ "user_input": "pay 3", "assertion": { "id": "again" } }), 405),
        ("declined-then-confirmed", "it was declined the first time", "session.state",
            json!({ "decision": "decline" }), json!({}), 302),
        ("declined-twice", "it is declined both times", "session.state",
            json!({ "decision": "decline" }), json!({ "decision": "decline" }), 302),
        ("two-faults-state-first", "it was declined the first time, and there is no assertion", "order.state",
            json!({ "decision": "decline" }), json!({ "assertion": null }), 302),
    ];
    for (id, change, kills, said, second, code) in rows {
        let is_declined = said.get("decision").is_some();
        let (decision, state) = match is_declined {
            true => ("decline", rejected()),
            false => ("confirm", confirmed()),
        };
        let requires: &[&str] = match code {
            400 => &["SES-6", "STM-7"],
            404 => &["SES-6", "AST-4"],
            405 => &["SES-6", "AST-8"],
            _ if kills.starts_with("order") => &["SES-7", "STM-9"],
            _ => &["SES-5", "SES-7"],
        };
        cases.push(
            repeated
                .but(&format!("auth.login.{id}"), change)
                .requires(requires)
                .flagged(&["replay"])
                .kills(kills)
                .steps(first(said, decision))
                .steps(vec![
                    again(second, json!({ "refused": code })),
                    read_session(state),
                    read_account("active"),
                ]),
        );
    }
    cases.push(
        repeated
            .but(
                "auth.login.race",
                "another account was first while both had message_2",
            )
            .requires(&["SES-5", "SES-7"])
            .flagged(&["stale-compare-and-swap"])
            .kills("session.account")
            .steps(alice())
            .steps(bob())
            .steps(vec![
                session(json!({})),
                hello(json!({ "as": "of bob" }), answered()),
                hello(json!({ "as": "of alice" }), answered()),
                claim(json!({}), settled("confirm", "alice")),
                claim(
                    json!({ "on": "of bob", "device": "bob" }),
                    json!({ "refused": 302 }),
                ),
                read_session(json!({ "state": "confirmed", "account": "alice" })),
            ]),
    );
    cases
}

/// Accounts that may not.
fn standings(confirmed: &Case) -> Vec<Case> {
    let mut cases = Vec::new();
    for state in ["suspended", "revoked", "frozen"] {
        for (word, change, said) in [
            ("", "", json!({})),
            (
                "-declines",
                " and declines",
                json!({ "decision": "decline" }),
            ),
        ] {
            cases.push(
                confirmed
                    .but(
                        &format!("auth.login.{state}{word}"),
                        &format!("the account is {state}{change}"),
                    )
                    .requires(&["STM-5", "CLN-5"])
                    .flagged(&["replay"])
                    .kills("account.active")
                    .steps(alice())
                    .steps(vec![
                        session(json!({})),
                        hello(json!({}), answered()),
                        set_account(state),
                        claim(said, json!({ "refused": 502 })),
                        read_session(json!({ "state": "new" })),
                        read_account(state),
                    ]),
            );
        }
    }
    cases.push(
        confirmed
            .but(
                "auth.login.two-faults-standing-first",
                "the account is suspended and the statement is for an enrolment",
            )
            .requires(&["STM-9"])
            .flagged(&["structure"])
            .kills("order.account")
            .steps(alice())
            .steps(vec![
                session(json!({})),
                hello(json!({}), answered()),
                set_account("suspended"),
                claim(
                    json!({ "purpose": 2, "counter": null }),
                    json!({ "refused": 502 }),
                ),
                read_session(json!({ "state": "new" })),
            ]),
    );
    cases.push(
        positive(
            "auth.login.resumed",
            "an account was suspended, and is active again",
        )
        .why("A pause that cannot end is a revocation.")
        .requires(&["STM-5"])
        .steps(alice())
        .steps(vec![
            backend(
                "create_session",
                json!({ "as": "login", "announce": announce(), "policy": pin() }),
            ),
            set_account("suspended"),
            login(json!({}), json!({ "refused": 502 })),
            set_account("active"),
        ])
        .steps(untouched()),
    );
    cases
}
