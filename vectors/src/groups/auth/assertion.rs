//! `auth.assertion.*`: what makes an auth server believe in a second factor.

use serde_json::json;

use super::login::confirmed;
use super::{
    Fault, alice, answered, claim, group_of, hello, later, login, read_account, read_session,
    session, settled, untouched,
};
use crate::author::positive;
use crate::case::{Case, Group};

/// The confirmed login with one thing wrong in its assertion.
pub fn group() -> Group {
    let base = positive("auth.assertion.accepted", "a login with a right assertion")
        .why("Who can pass off something else as a verified PIN has only to hold the phone.")
        .requires(&["AST-1", "AST-3", "AST-4", "AST-6", "AST-7", "AST-8"])
        .steps(confirmed().steps);
    let mut cases: Vec<Case> = faults().iter().map(|fault| one(&base, fault)).collect();
    cases.insert(0, base.clone());
    cases.push(
        base.but(
            "auth.assertion.expired-meanwhile",
            "it expires between its time and message_3",
        )
        .requires(&["AST-6"])
        .flagged(&["replay"])
        .kills("assertion.expiry")
        .steps(alice())
        .steps(vec![
            session(json!({ "policy": { "factors": 1, "max_age_s": 600, "cached": false } })),
            hello(json!({}), answered()),
            claim(json!({ "hold": true }), json!({})),
            later(120),
            super::network("deliver", json!({}), json!({ "refused": 406 })),
        ])
        .steps(untouched()),
    );
    cases.push(
        base.but(
            "auth.assertion.id-of-another-session",
            "its id was accepted for another session",
        )
        .requires(&["AST-8"])
        .flagged(&["replay"])
        .kills("assertion.used")
        .steps(alice())
        .steps(vec![
            session(json!({ "as": "earlier" })),
            super::device(
                "login",
                json!({ "session": "earlier" }),
                settled("confirm", "alice"),
            ),
            session(json!({})),
            login(
                json!({ "assertion": { "id": "again" } }),
                json!({ "refused": 405 }),
            ),
        ])
        .steps(untouched()),
    );
    cases.push(
        base.but(
            "auth.assertion.of-another-session",
            "it is the one that was accepted for another session",
        )
        .requires(&["AST-4"])
        .flagged(&["replay"])
        .kills("assertion.bind")
        .steps(alice())
        .steps(vec![
            session(json!({ "as": "earlier" })),
            super::device(
                "login",
                json!({ "session": "earlier" }),
                settled("confirm", "alice"),
            ),
            session(json!({})),
            login(
                json!({ "assertion": { "again": true } }),
                json!({ "refused": 404 }),
            ),
        ])
        .steps(untouched()),
    );
    // Refused statements use nothing up.
    cases.push(
        positive(
            "auth.assertion.id-not-used-up",
            "an assertion id of a statement that was refused is used again",
        )
        .why("A statement that was refused for another reason must not cost the user the factor.")
        .requires(&["AST-8", "ENC-13"])
        .steps(alice())
        .steps(vec![
            session(json!({})),
            login(
                json!({ "assertion": { "factor": 2 } }),
                json!({ "refused": 408 }),
            ),
            login(
                json!({ "as": "again", "assertion": { "id": "again" } }),
                settled("confirm", "alice"),
            ),
            read_session(json!({ "state": "confirmed", "account": "alice" })),
            read_account("active"),
        ]),
    );
    group_of(
        "auth-assertion",
        "Assertions: a login with a second factor, and every way to do without.",
        cases,
    )
}

fn one(base: &Case, fault: &Fault) -> Case {
    let steps = vec![
        session(json!({})),
        hello(json!({}), answered()),
        claim(fault.with.clone(), fault.expect.clone()),
    ];
    fault.of(base, [alice(), steps, untouched()].concat())
}

#[rustfmt::skip] // a table
fn faults() -> Vec<Fault> {
    let fault = |id, change, requires, flag, kills, what, code: u16| Fault {
        id, change, requires, flag, kills,
        with: json!({ "assertion": what }), expect: json!({ "refused": code }),
    };
    let bound = |id, change, what| fault(id, change, &["AST-4"], "unsigned-decision", "assertion.bind", json!({ "bind": what }), 404);
    let spoilt = |id, change, requires, flag, spoil| Fault {
        id, change, requires, flag, kills: "assertion.signature",
        with: json!({ "spoil": spoil }), expect: json!({ "refused": 401 }),
    };
    vec![
        fault("signed-by-handshake-key", "the auth server's handshake key signed it", &["AST-1", "KEY-1"], "key-confusion", "assertion.signature", json!({ "signer": "handshake" }), 401),
        fault("signed-by-voucher-key", "the auth server's voucher key signed it", &["AST-1", "KEY-1"], "key-confusion", "assertion.signature", json!({ "signer": "voucher" }), 401),
        fault("signed-by-device", "the device itself signed it", &["AST-1"], "key-confusion", "assertion.signature", json!({ "signer": "device" }), 401),
        fault("signed-by-stranger", "another factor server signed it", &["AST-1"], "key-confusion", "assertion.signature", json!({ "signer": "other" }), 401),
        fault("other-kid", "its header names another key", &["AST-1", "COSE-3"], "key-confusion", "cose.kid", json!({ "kid": "other" }), 401),
        fault("other-algorithm", "its header names ES256", &["AST-1", "COSE-1"], "algorithm-confusion", "cose.header", json!({ "algorithm": -7 }), 401),
        fault("other-label", "it is signed as a voucher", &["AST-1", "COSE-4"], "purpose-confusion", "cose.aad", json!({ "label": "countersign voucher" }), 401),
        fault("high-s", "its s is the higher one", &["AST-1", "SIG-3"], "malleable-signature", "signature.low-s", json!({ "high_s": true }), 401),
        fault("other-audience", "it is for another audience", &["AST-2", "COSE-4"], "replay", "assertion.audience", json!({ "audience": "other" }), 401),
        fault("other-issuer", "it is signed in another issuer's name", &["AST-2", "COSE-4"], "key-confusion", "assertion.issuer", json!({ "issuer": "other" }), 401),
        fault("purpose-enrol", "it is for an enrolment", &["AST-3"], "purpose-confusion", "assertion.purpose", json!({ "purpose": 2 }), 409),
        fault("purpose-action", "it is for an action", &["AST-3"], "purpose-confusion", "assertion.purpose", json!({ "purpose": 7 }), 409),
        fault("purpose-pin-change", "it is for a change of the PIN", &["AST-3"], "purpose-confusion", "assertion.purpose", json!({ "purpose": 8 }), 409),
        bound("bind-server", "it is bound to another server", json!({ "server": "other" })),
        bound("bind-transcript", "it is bound to another handshake", json!({ "transcript": "other" })),
        bound("bind-account", "it is bound to another account", json!({ "account": "other" })),
        bound("bind-no-account", "it is bound to no account", json!({ "account": null })),
        bound("bind-purpose", "it is bound to another purpose", json!({ "purpose": 7 })),
        bound("bind-session", "it is bound to another session", json!({ "session": "other" })),
        bound("bind-no-session", "it is bound to no session", json!({ "session": null })),
        bound("bind-announce", "it is bound to other announce info", json!({ "announce": "other" })),
        bound("bind-no-announce", "it is bound to no announce info", json!({ "announce": null })),
        bound("bind-user-input", "it is bound to user input that is not there", json!({ "user_input": "pay 3" })),
        bound("bind-empty-user-input", "it is bound to empty user input, and there is none", json!({ "user_input": "" })),
        bound("bind-decision", "it is bound to the decision to decline", json!({ "decision": 2 })),
        bound("bind-no-decision", "it is bound to no decision", json!({ "decision": null })),
        bound("bind-intent", "it is bound to an intent", json!({ "intent": "other" })),
        fault("other-subject", "it is another device's", &["AST-5"], "key-confusion", "assertion.subject", json!({ "subject": "other" }), 403),
        fault("expired", "it expires in this second", &["AST-6"], "replay", "assertion.expiry", json!({ "expires_in_s": 0 }), 406),
        fault("too-far-ahead", "it is 61 s ahead", &["AST-6"], "replay", "assertion.ahead", json!({ "ahead_s": 61 }), 406),
        fault("too-old", "the PIN was verified a second longer ago than max-age", &["AST-6"], "replay", "assertion.age", json!({ "age_s": 61 }), 407),
        fault("biometric", "the factor was a biometric", &["AST-7"], "purpose-confusion", "assertion.factor", json!({ "factor": 2 }), 408),
        fault("two-faults-audience-first", "it is for another audience and another purpose", &["AST-2", "AST-3"], "structure", "order.assertion-audience", json!({ "audience": "other", "purpose": 2 }), 401),
        fault("two-faults-purpose-first", "it is for an action and bound to another session", &["AST-3", "AST-4"], "structure", "order.assertion-purpose", json!({ "purpose": 7, "bind": { "session": "other" } }), 409),
        fault("two-faults-bind-first", "it is bound to another session and another device's", &["AST-4", "AST-5"], "structure", "order.assertion-bind", json!({ "subject": "other", "bind": { "session": "other" } }), 404),
        fault("two-faults-expiry-first", "it has expired and was a biometric", &["AST-6", "AST-7"], "structure", "order.assertion-expiry", json!({ "expires_in_s": 0, "factor": 2 }), 406),
        spoilt("algorithm-unprotected", "its algorithm is in the unprotected header too", &["AST-1", "COSE-2"], "algorithm-confusion",
            json!({ "at": "signed_assertion", "path": [1], "replace": "a10128" })),
        spoilt("header-empty", "its protected header is empty", &["AST-1", "COSE-1"], "algorithm-confusion",
            json!({ "at": "signed_assertion", "path": [0], "replace": "40" })),
        spoilt("signature-zero", "its signature is all zeros", &["AST-1", "SIG-2"], "zero-signature",
            json!({ "at": "signed_assertion", "path": [3], "replace": format!("5840{}", "00".repeat(64)) })),
        spoilt("signature-short", "its signature has 63 bytes", &["AST-1", "SIG-2"], "structure",
            json!({ "at": "signed_assertion", "path": [3], "replace": format!("583f{}", "01".repeat(63)) })),
        spoilt("signature-flipped", "one bit of its signature is flipped", &["AST-1", "COSE-5"], "replay",
            json!({ "at": "signed_assertion", "flip_last": 1 })),
        spoilt("tagged", "it is tagged", &["AST-1", "ENC-6"], "non-canonical",
            json!({ "at": "signed_assertion", "replace": "d28441a0a040f6" })),
        spoilt("no-cose", "it is no COSE_Sign1", &["AST-1"], "structure",
            json!({ "at": "signed_assertion", "replace": "f6" })),
        spoilt("payload-longer", "its payload has one element more", &["AST-1", "ENC-12"], "structure",
            json!({ "at": "assertion", "path": [7], "insert": "f6" })),
        spoilt("payload-non-shortest", "its purpose is encoded in two bytes", &["AST-1", "ENC-3"], "non-canonical",
            json!({ "at": "assertion", "path": [4], "replace": "1801" })),
        spoilt("payload-unknown-factor", "its factor is not registered", &["AST-1", "ENC-12"], "structure",
            json!({ "at": "assertion", "path": [2], "replace": "03" })),
        spoilt("payload-trailing", "a byte follows its payload", &["AST-1", "ENC-8"], "structure",
            json!({ "at": "assertion", "append": "00" })),
    ]
}
