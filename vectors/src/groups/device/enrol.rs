//! `device.enrol.*`: how accounts come to be.

use serde_json::json;

use super::*;
use crate::author::positive;
use crate::flags;

/// An enrolment in which the first PIN is set.
pub(super) fn first_pin() -> Case {
    positive(
        "device.enrol.first-pin",
        "a new device enrols and sets its first PIN",
    )
    .why("Whoever cannot enrol cannot log in.")
    .requires(&[
        "DEV-1", "DEV-5", "DEV-6", "VER-1", "SES-2", "CRED-2", "BND-1", "FAC-7", "HS-12", "HS-15",
        "PIN-1",
    ])
    .turns(&[
        user("start", json!({ "link": "enrol" }), sends("hello to auth")),
        auth(
            "answer",
            none(),
            json!({ "confirm_enrol": { "accounts": [] } }),
        ),
        user("confirm", none(), sends("hello to factor")),
        keeper_answers(),
        keeper("status", none(), asks("first_set", 0, "failed")),
        user("pin", none(), sends("create to factor")),
        keeper("status", none(), sends("verify to factor")),
        keeper("verdict", none(), passes("first_set")),
        auth("settle", none(), finished("enrolled", "alice")),
    ])
}

/// Enrolments, one after the other and interrupted.
pub fn group() -> Group {
    let mut group = Group::new(
        "device-enrol",
        "Enrolments: first PINs, further accounts, repetitions.",
    );
    let first = first_pin();
    let second = positive(
        "device.enrol.second-server",
        "a device enrols at a second server, with the PIN that it has",
    )
    .why("A user has one PIN for one factor server, and is not asked to set another.")
    .requires(&["DEV-5", "DEV-6", "FAC-7", "KEY-1"])
    .turns(&[
        enrolled(),
        user(
            "start",
            json!({ "link": "enrol", "server": "shop" }),
            sends("hello to auth"),
        ),
        auth(
            "answer",
            none(),
            json!({ "confirm_enrol": { "accounts": [] } }),
        ),
        user("confirm", none(), sends("hello to factor")),
        keeper_answers(),
        keeper_asks(),
        enters(),
        passed(),
        auth(
            "settle",
            json!({ "as": "carol" }),
            finished("enrolled", "carol"),
        ),
        has(&["alice", "carol"]),
    ]);
    let another = positive(
        "device.enrol.second-account",
        "a device enrols once more at a server where it has an account",
    )
    .why("An app that does not know which accounts exist lets its user enrol twice.")
    .requires(&["DEV-5", "KEY-1"])
    .turns(&[
        enrolled(),
        user("start", json!({ "link": "enrol" }), sends("hello to auth")),
        auth(
            "answer",
            none(),
            json!({ "confirm_enrol": { "accounts": ["alice"] } }),
        ),
        user("confirm", none(), sends("hello to factor")),
        keeper_answers(),
        keeper_asks(),
        enters(),
        passed(),
        auth(
            "settle",
            json!({ "as": "bob" }),
            finished("enrolled", "bob"),
        ),
        has(&["alice", "bob"]),
    ]);
    let again = positive("device.enrol.repeated", "the answer to an enrolment is lost, and the user opens the link again")
        .why("The server has bound the enrolment to the first key; with another one the link is useless for good.")
        .requires(&["ENR-5", "FAC-7", "HS-7"])
        .turns(&[
            user("start", json!({ "link": "enrol", "as": "link" }), sends("hello to auth")),
            auth("answer", none(), json!({ "confirm_enrol": { "accounts": [] } })),
            user("confirm", none(), sends("hello to factor")),
            keeper_answers(),
            keeper("status", none(), asks("first_set", 0, "failed")),
            user("pin", none(), sends("create to factor")),
            keeper("status", none(), sends("verify to factor")),
            keeper("verdict", none(), passes("first_set")),
            auth("settle", json!({ "lost": true }), none()),
            device("restart", none(), none()),
            has(&[]),
            user("start", json!({ "link": "enrol", "as": "link" }), sends("hello to auth")),
            auth("answer", none(), json!({ "confirm_enrol": { "accounts": [] } })),
            user("confirm", none(), sends("hello to factor")),
            keeper_answers(),
            keeper_asks(),
            enters(),
            passed(),
            auth("settle", none(), finished("enrolled", "alice")),
            has(&["alice"]),
        ]);
    let restarted = positive(
        "device.enrol.restart",
        "the app is killed between the confirmation and the first PIN",
    )
    .why("A registration that is forgotten leaves a device without its record.")
    .requires(&["ENR-5", "HS-7"])
    .turns(&first.steps[..5])
    .turns(&[
        device("restart", none(), none()),
        has(&[]),
        user("pin", none(), rejected(428)),
    ])
    .turns(&first.steps);
    let declined = positive("device.enrol.declined", "the user declines an enrolment")
        .why("There is no account to decline with: what is sent would create one.")
        .requires(&["STM-1", "HS-12"])
        .turns(&first.steps[..2])
        .turns(&[
            user(
                "decline",
                none(),
                json!({ "finished": { "outcome": "declined" } }),
            ),
            has(&[]),
        ]);
    let with_input = positive(
        "device.enrol.user-input",
        "the app adds text to an enrolment",
    )
    .why("What the user said reaches the backend exactly as it was signed.")
    .requires(&["STM-3", "BND-1"])
    .turns(&first.steps[..2])
    .does(vary(
        &first.steps[2],
        json!({ "user_input": "Grüße" }),
        sends("hello to factor"),
    ))
    .turns(&first.steps[3..]);
    let rows = [
        row(
            "no-voucher",
            "there is no voucher",
            1,
            json!({ "voucher": false }),
            107,
            "DEV-13",
            "device.offer-of-purpose",
        ),
        row(
            "no-policy",
            "there is no policy",
            1,
            json!({ "policy": null }),
            107,
            "DEV-13",
            "device.offer-of-purpose",
        ),
        row(
            "policy-any",
            "the policy allows biometrics too",
            1,
            json!({ "policy": { "factors": 3 } }),
            107,
            "DEV-13",
            "device.offer-of-purpose",
        ),
        row(
            "preselected",
            "an account is pre-selected",
            1,
            json!({ "account": "stranger" }),
            107,
            "DEV-13",
            "device.offer-of-purpose",
        ),
        row(
            "settled-declined",
            "the server settles a decline",
            8,
            json!({ "decision": "decline" }),
            107,
            "DEV-14",
            "device.settled-as-signed",
        ),
        row(
            "user-name-too-long",
            "the user name has 257 bytes",
            8,
            json!({ "spoil": { "at": "reply", "path": [3], "replace": format!("790101{}", "61".repeat(257)) } }),
            106,
            "ENC-10",
            "limit.user-name",
        ),
        row(
            "create-refused",
            "the voucher is refused",
            6,
            json!({}),
            421,
            "VCH-2",
            "device.refusal-ends",
        ),
    ];
    let why = "A device that goes on with an offer that makes no sense leaves its user with half an account.";
    for row in rows {
        let refuses = row.name == "create-refused";
        let mut case = row.case(&first, "enrol", why);
        if refuses {
            case.steps.pop();
            case = case.does(keeper("refuse", json!({ "error": 421 }), failed(421)));
        }
        group.cases.push(case.does(has(&[])));
    }
    let exists = positive(
        "device.enrol.record-exists",
        "CREATE is refused because there is a record",
    )
    .why("A lost answer to CREATE must not lock its user out: the PIN that was set is asked for.")
    .requires(&["VCH-4", "DEV-6", "FAC-7"])
    .turns(&first.steps[..6])
    .turns(&[
        keeper(
            "refuse",
            json!({ "error": 423 }),
            sends("ask_status to factor"),
        ),
        keeper("status", none(), asks("verify", 0, "error")),
        enters(),
        passed(),
        auth("settle", none(), finished("enrolled", "alice")),
    ]);
    let wrong = first
        .but(
            "device.enrol.wrong-account",
            "the user confirms with an account",
        )
        .requires(&["DEV-3"])
        .kills("device.enrol-takes-no-account")
        .turns(&[enrolled()])
        .turns(&[
            user("start", json!({ "link": "enrol" }), sends("hello to auth")),
            auth(
                "answer",
                none(),
                json!({ "confirm_enrol": { "accounts": ["alice"] } }),
            ),
            user("confirm", json!({ "account": "alice" }), rejected(303)),
            user("confirm", none(), sends("hello to factor")),
        ]);
    let positives = [
        first.flagged(&[flags::SMOKE]),
        second,
        another,
        again,
        restarted,
        declined,
        with_input,
        exists,
    ];
    group.cases.splice(0..0, positives);
    group.cases.push(wrong);
    group
}
