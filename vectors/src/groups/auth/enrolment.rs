//! `auth.enrolment.*`: how an account comes to be.

use serde_json::{Value, json};

use super::{
    Fault, alice, announce, answered, backend, bare_session, bob, device, group_of, later, login,
    network, read_account, read_enrolment, set_account, settled, with,
};
use crate::author::{positive, turn};
use crate::case::{Actor, Case, Group, Step};
use crate::flags;

/// Enrolments, right and spoilt.
pub fn group() -> Group {
    let first = first();
    let mut cases = vec![first.clone()];
    cases.extend(rights());
    cases.extend(spoilt(&first));
    cases.extend(repetitions());
    group_of(
        "auth-enrolment",
        "Enrolments: one account for one key, and the same again when the answer is lost.",
        cases,
    )
}

fn first() -> Case {
    positive("auth.enrolment.first", "a device enrols")
        .why("Without an account there is nothing to log in to.")
        .requires(&["ENR-1", "ENR-4", "HS-10", "HS-13", "STM-1", "STO-2"])
        .flagged(&[flags::SMOKE])
        .steps(vec![
            created(json!({})),
            hello(json!({}), answered()),
            claim(json!({}), settled("confirm", "alice")),
            bound(json!({})),
            read_account("active"),
        ])
}

/// Enrolments that differ in what is allowed.
fn rights() -> Vec<Case> {
    let case =
        |id: &str, title: &str, requires: &[&str], terms: Value, said: Value, read: Value| {
            positive(&format!("auth.enrolment.{id}"), title)
                .why("What the document allows has to work everywhere.")
                .requires(requires)
                .steps(vec![
                    created(terms),
                    hello(json!({}), answered()),
                    claim(said, settled("confirm", "alice")),
                    bound(read),
                ])
        };
    let mut cases = vec![
        case(
            "announced",
            "a device enrols under announce info",
            &["STM-2", "SES-8"],
            json!({ "announce": announce() }),
            json!({}),
            json!({}),
        ),
        case(
            "user-input",
            "a device enrols with user input",
            &["STM-3"],
            json!({}),
            json!({ "user_input": "Alice's phone, größer" }),
            json!({ "user_input": "Alice's phone, größer" }),
        ),
        case(
            "user-input-empty",
            "a device enrols with empty user input, which is not absent",
            &["STM-3"],
            json!({}),
            json!({ "user_input": "" }),
            json!({ "user_input": "" }),
        ),
        case(
            "high-s",
            "a device enrols, and its hardware returns the higher s",
            &["SIG-4"],
            json!({}),
            json!({ "high_s": true }),
            json!({}),
        ),
        case(
            "user-name-longest",
            "a user's name has all of its 256 bytes",
            &["ENC-11"],
            json!({ "user_name_bytes": 256 }),
            json!({}),
            json!({}),
        ),
    ];
    for (id, title, epoch, parameters) in [
        (
            "parameters-known",
            "a device enrols that knows the current parameters",
            5,
            false,
        ),
        (
            "parameters-older",
            "a device enrols that knows older parameters",
            4,
            true,
        ),
    ] {
        let knows = json!({ "epoch": epoch });
        cases.push(
            positive(&format!("auth.enrolment.{id}"), title)
                .why("A device with old parameters would trust keys that are no longer the server's.")
                .requires(&["PAR-6"])
                .steps(vec![
                    created(json!({})),
                    hello(knows, json!({ "version": [1, 0], "parameters": parameters })),
                    claim(json!({}), settled("confirm", "alice")),
                ]),
        );
    }
    cases.push(
        positive(
            "auth.enrolment.last-second",
            "a device enrols in the last second",
        )
        .why("An expiry that is off by one locks out those who are slow.")
        .requires(&["SES-3", "ENR-6"])
        .steps(vec![
            created(json!({ "ttl_s": 300 })),
            later(298),
            hello(json!({}), answered()),
            later(1),
            claim(json!({}), settled("confirm", "alice")),
            bound(json!({})),
        ]),
    );
    cases.push(
        positive(
            "auth.enrolment.two",
            "two devices enrol, one after the other",
        )
        .why("Accounts that get mixed up let one user in as the other.")
        .requires(&["ENR-1"])
        .steps(alice())
        .steps(bob())
        .steps(vec![bound(json!({})), read_account("active")]),
    );
    cases
}

/// The first enrolment with one thing wrong in its statement.
fn spoilt(first: &Case) -> Vec<Case> {
    let steps = |said: &Value, expect: &Value| {
        vec![
            created(json!({})),
            hello(json!({}), answered()),
            claim(said.clone(), expect.clone()),
            open(),
            // The right statement is taken after all: nothing was stored.
            device(
                "enrol",
                json!({ "enrolment": "enrolment", "as": "again" }),
                settled("confirm", "alice"),
            ),
            bound(json!({})),
        ]
    };
    let mut cases: Vec<Case> = spoilt_statements()
        .iter()
        .map(|fault| fault.of(first, steps(&fault.with, &fault.expect)))
        .collect();
    cases.push(
        first
            .but(
                "auth.enrolment.expired",
                "its expiry comes while the user decides",
            )
            .requires(&["ENR-6"])
            .flagged(&["replay"])
            .kills("enrolment.expiry")
            .steps(vec![
                created(json!({ "ttl_s": 300 })),
                hello(json!({}), answered()),
                later(300),
                claim(json!({}), json!({ "refused": 302 })),
                open(),
            ]),
    );
    cases.push(
        first
            .but(
                "auth.enrolment.announce-missing",
                "the statement has no announce hash although there is announce info",
            )
            .requires(&["STM-2"])
            .flagged(&["unsigned-decision"])
            .kills("statement.announce")
            .steps(vec![
                created(json!({ "announce": announce() })),
                hello(json!({}), answered()),
                claim(json!({ "announce": null }), json!({ "refused": 304 })),
                open(),
            ]),
    );
    cases.push(
        first
            .but(
                "auth.enrolment.user-name-too-long",
                "the user's name has 257 bytes",
            )
            .requires(&["ENC-11"])
            .flagged(&["limit"])
            .kills("limit.user-name")
            .steps(vec![turn(
                Actor::Backend,
                "create_enrolment",
                json!({ "as": "enrolment", "user_name_bytes": 257 }),
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
        fault("declined", "the decision is decline", &["STM-1"], "unsigned-decision", "enrolment.decision",
            json!({ "decision": "decline", "assertion": {} }), json!({ "refused": 305 })),
        fault("decision-missing", "there is no decision", &["STM-1"], "unsigned-decision", "statement.decision",
            json!({ "decision": null, "assertion": {} }), json!({ "refused": 305 })),
        fault("purpose-login", "the statement is for a login", &["HS-14"], "purpose-confusion", "statement.purpose",
            json!({ "purpose": 1, "assertion": { "purpose": 2, "bind": { "purpose": 2 } } }), json!({ "refused": 210 })),
        fault("purpose-headless", "the statement is for a headless account", &["HS-14"], "purpose-confusion", "statement.purpose",
            json!({ "purpose": 4, "assertion": { "purpose": 2, "bind": { "purpose": 2 } } }), json!({ "refused": 210 })),
        fault("announce-unknown", "the statement has an announce hash although there is no announce info", &["STM-2"],
            "unsigned-decision", "statement.announce", json!({ "announce": "other" }), json!({ "refused": 304 })),
        fault("user-input-too-long", "the user input has 4,097 bytes", &["STM-3", "ENC-14"], "limit", "limit.user-input",
            json!({ "user_input_bytes": 4097 }), json!({ "rejected": 106 })),
        fault("enrolment-proof", "the enrolment proof's key is the device's own", &["CRD-1"], "key-confusion", "enrolment.approval-key",
            json!({ "enrolment_proof": { "key": "device" } }), json!({ "refused": 504 })),
        fault("app-session-proof", "there is an app-session proof", &["STM-8"], "structure", "statement.unused",
            json!({ "app_session_proof": true }), json!({ "refused": 107 })),
        fault("counter", "there is a clone counter", &["STM-8"], "structure", "statement.unused",
            json!({ "counter": 1 }), json!({ "refused": 107 })),
        fault("rolling-value", "there is a rolling value", &["STM-8"], "structure", "statement.unused",
            json!({ "rolling": "other" }), json!({ "refused": 107 })),
        fault("assertion-missing", "there is no assertion", &["STM-7", "ENR-4"], "unsigned-decision", "enrolment.assertion",
            json!({ "assertion": null }), json!({ "refused": 400 })),
        fault("assertion-forged", "the auth server's handshake key signed the assertion", &["AST-1"], "key-confusion", "assertion.signature",
            json!({ "assertion": { "signer": "handshake" } }), json!({ "refused": 401 })),
        fault("assertion-for-login", "the assertion is for a login", &["AST-3"], "purpose-confusion", "assertion.purpose",
            json!({ "assertion": { "purpose": 1 } }), json!({ "refused": 409 })),
        fault("assertion-with-account", "the assertion is bound to an account", &["AST-4"], "purpose-confusion", "assertion.bind",
            json!({ "assertion": { "bind": { "account": "other" } } }), json!({ "refused": 404 })),
        fault("user-input-changed", "the user input is not what the factor was given for", &["AST-4", "STM-3"], "unsigned-decision", "assertion.bind",
            json!({ "user_input": "my phone", "assertion": { "bind": { "user_input": "your phone" } } }), json!({ "refused": 404 })),
        fault("biometric", "the factor was a biometric", &["AST-7", "ENR-4"], "purpose-confusion", "assertion.factor",
            json!({ "assertion": { "factor": 2 } }), json!({ "refused": 408 })),
        fault("by-kid", "the credential travels by its kid", &["CRED-2"], "key-confusion", "credential.naming",
            json!({ "naming": "kid" }), json!({ "error": 211 })),
        fault("credential-of-server", "the credential has a server id inside", &["CRED-1"], "key-confusion", "credential.subject",
            json!({ "credential": "server" }), json!({ "error": 107 })),
        fault("credential-no-point", "the key is not on the curve", &["SIG-1"], "invalid-point", "key.point",
            json!({ "credential": "no point" }), json!({ "error": 114 })),
        fault("possession", "another key signed message_3", &["HS-13"], "key-confusion", "handshake.signature-3",
            json!({ "signer": "bob" }), json!({ "error": 211 })),
    ]
}

/// What happens to an enrolment that has its account.
fn repetitions() -> Vec<Case> {
    let again = |more: Value, expect: Value| {
        let usual = json!({ "enrolment": "enrolment", "as": "again" });
        device("enrol", with(usual, more), expect)
    };
    let lost = || {
        vec![
            created(json!({})),
            hello(json!({}), answered()),
            claim(
                json!({ "user_input": "", "lost": true }),
                settled("confirm", "alice"),
            ),
        ]
    };
    let repeated = positive(
        "auth.enrolment.repeated",
        "the answer is lost, and the device enrols again with the same key",
    )
    .why("An answer that is lost must not cost the user the account.")
    .requires(&["ENR-2"])
    .steps(lost())
    .steps(vec![
        again(json!({ "user_input": "" }), settled("confirm", "alice")),
        bound(json!({ "user_input": "" })),
        bare_session(json!({})),
        login(json!({}), settled("confirm", "alice")),
    ]);
    let same_bytes = positive(
        "auth.enrolment.same-bytes",
        "the answer is lost, and message_3 is sent again",
    )
    .why("An answer that is lost must not cost the user the account.")
    .requires(&["HS-6"])
    .steps(lost())
    .steps(vec![
        later(179),
        network(
            "replay",
            json!({ "what": "message_3" }),
            json!({ "answer": "same" }),
        ),
        bound(json!({ "user_input": "" })),
        read_account("active"),
    ]);
    let bytes_late = same_bytes
        .but("auth.enrolment.same-bytes-late", "it comes after 180 s")
        .requires(&["HS-6", "HS-4"])
        .flagged(&["replay"])
        .kills("repeat.period")
        .steps(lost())
        .steps(vec![
            later(180),
            network(
                "replay",
                json!({ "what": "message_3" }),
                json!({ "rejected": 212 }),
            ),
            bound(json!({ "user_input": "" })),
        ]);
    let mut cases = vec![repeated.clone(), same_bytes, bytes_late];
    let told = |it: Value| with(json!({ "user_input": "" }), it);
    let fault = |id, change, requires, flag, kills, with: Value, expect| Fault {
        id,
        change,
        requires,
        flag,
        kills,
        with: told(with),
        expect,
    };
    let faults = [
        fault(
            "repeated-other-key",
            "with another key",
            &["ENR-3"],
            "key-confusion",
            "enrolment.key",
            json!({ "device": "bob" }),
            json!({ "refused": 501 }),
        ),
        fault(
            "repeated-other-user-input",
            "the user input is absent and was empty",
            &["ENR-6", "STM-3"],
            "unsigned-decision",
            "enrolment.user-input",
            json!({ "user_input": "another" }),
            json!({ "refused": 302 }),
        ),
        fault(
            "repeated-other-subject",
            "the factor server knows the device by another name",
            &["AST-5"],
            "key-confusion",
            "assertion.subject",
            json!({ "assertion": { "subject": "other" } }),
            json!({ "refused": 403 }),
        ),
        fault(
            "repeated-same-assertion",
            "with the assertion of the first time",
            &["AST-4", "ENR-2"],
            "replay",
            "assertion.bind",
            json!({ "assertion": { "again": true } }),
            json!({ "refused": 404 }),
        ),
        fault(
            "repeated-same-assertion-id",
            "with the assertion id of the first time",
            &["AST-8", "ENR-2"],
            "replay",
            "assertion.used",
            json!({ "assertion": { "id": "again" } }),
            json!({ "refused": 405 }),
        ),
        fault(
            "repeated-no-assertion",
            "without an assertion",
            &["ENR-2", "STM-7"],
            "unsigned-decision",
            "enrolment.assertion",
            json!({ "assertion": null }),
            json!({ "refused": 400 }),
        ),
    ];
    for mut fault in faults {
        if fault.id == "repeated-other-user-input" {
            // Absent is not empty.
            if let Value::Object(with) = &mut fault.with {
                with.remove("user_input");
            }
        }
        let (with, expect) = (fault.with.clone(), fault.expect.clone());
        cases.push(
            fault.of(
                &repeated,
                [
                    lost(),
                    vec![
                        again(with, expect),
                        bound(json!({ "user_input": "" })),
                        read_account("active"),
                    ],
                ]
                .concat(),
            ),
        );
    }
    for state in ["suspended", "revoked", "frozen"] {
        cases.push(
            repeated
                .but(
                    &format!("auth.enrolment.repeated-{state}"),
                    &format!("the account is {state}"),
                )
                .requires(&["STM-5"])
                .flagged(&["replay"])
                .kills("account.active")
                .steps(lost())
                .steps(vec![
                    set_account(state),
                    again(json!({ "user_input": "" }), json!({ "refused": 502 })),
                    read_account(state),
                ]),
        );
    }
    cases.push(
        repeated
            .but(
                "auth.enrolment.repeated-expired",
                "the enrolment's expiry comes first",
            )
            .requires(&["ENR-6"])
            .flagged(&["replay"])
            .kills("enrolment.expiry")
            .steps(lost())
            .steps(vec![
                device(
                    "hello",
                    json!({ "enrolment": "enrolment", "as": "again" }),
                    answered(),
                ),
                later(300),
                claim(json!({ "user_input": "" }), json!({ "refused": 302 })),
                read_account("active"),
            ]),
    );
    cases.push(
        repeated
            .but("auth.enrolment.key-in-use", "it is another enrolment")
            .requires(&["ENR-7"])
            .flagged(&["key-confusion"])
            .kills("enrolment.key-in-use")
            .steps(alice())
            .steps(vec![
                backend(
                    "create_enrolment",
                    json!({ "as": "second", "user_name": "Alice" }),
                ),
                device(
                    "enrol",
                    json!({ "enrolment": "second" }),
                    json!({ "refused": 504 }),
                ),
                turn(
                    Actor::Backend,
                    "read_enrolment",
                    json!({ "enrolment": "second" }),
                    json!({ "state": "open" }),
                ),
                bound(json!({})),
                read_account("active"),
            ]),
    );
    cases.push(
        repeated
            .but(
                "auth.enrolment.race",
                "another device was first while both had message_2",
            )
            .requires(&["ENR-1", "ENR-3"])
            .flagged(&["stale-compare-and-swap"])
            .kills("enrolment.key")
            .steps(vec![
                created(json!({})),
                hello(json!({ "as": "of bob" }), answered()),
                hello(json!({ "as": "of alice" }), answered()),
                claim(json!({}), settled("confirm", "alice")),
                claim(
                    json!({ "on": "of bob", "device": "bob" }),
                    json!({ "refused": 501 }),
                ),
                bound(json!({})),
                read_account("active"),
            ]),
    );
    cases
}

fn created(terms: Value) -> Step {
    let usual = match terms.get("user_name_bytes") {
        Some(_) => json!({ "as": "enrolment" }),
        None => json!({ "as": "enrolment", "user_name": "Alice" }),
    };
    backend("create_enrolment", with(usual, terms))
}

fn hello(more: Value, expect: Value) -> Step {
    device(
        "hello",
        with(json!({ "enrolment": "enrolment" }), more),
        expect,
    )
}

fn claim(more: Value, expect: Value) -> Step {
    device("claim", more, expect)
}

fn open() -> Step {
    read_enrolment(json!({ "state": "open" }))
}

fn bound(more: Value) -> Step {
    read_enrolment(with(json!({ "state": "bound", "account": "alice" }), more))
}
