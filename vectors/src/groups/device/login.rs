//! `device.login.*`: decisions on logins.

use serde_json::json;

use super::*;
use crate::author::positive;

/// The base of most negative cases.
pub(super) fn confirmed() -> Case {
    positive(
        "device.login.confirm",
        "the user confirms a login, and the PIN is right",
    )
    .why("This is what the device is for.")
    .requires(&[
        "DEV-1", "DEV-6", "HS-12", "HS-15", "BND-1", "CLN-1", "CLN-2", "SES-2", "STM-8", "FAC-7",
    ])
    .turns(&login())
}

/// A case that begins with a device that has an account.
fn told(id: &str, title: &str, why: &str, requires: &[&str], steps: &[Step]) -> Case {
    positive(&format!("device.login.{id}"), title)
        .why(why)
        .requires(requires)
        .does(enrolled())
        .turns(steps)
}

/// Logins.
pub fn group() -> Group {
    let mut group = Group::new(
        "device-login",
        "Logins: who decides what, with which account, and what is signed.",
    );
    let base = confirmed();
    let steps = base.steps.clone();
    let two = || device("enrol", json!({ "as": "bob" }), none());
    let either = json!({ "confirm_login": { "accounts": ["alice", "bob"] } });
    let plain = json!({ "confirm_login": { "accounts": ["alice"] } });
    let answers = |with, expect| auth("answer", with, expect);
    #[rustfmt::skip]
    let positives = vec![
        base.clone(),
        told("decline", "the user declines a login",
            "A no is signed as a yes is, so that nobody can make one of the other.", &["STM-6", "STM-8", "CLN-1", "HS-15"],
            &[starts_login(), offers_login(), user("decline", none(), sends("statement to auth")),
              auth("settle", none(), json!({ "finished": { "outcome": "declined" } }))]),
        told("no-policy", "no factor is asked for",
            "A device that asks for a PIN where none is due teaches its user to enter it anywhere.", &["STM-7", "STM-8", "HS-12"],
            &[starts_login(), answers(json!({ "policy": null }), plain.clone()),
              user("confirm", none(), sends("statement to auth")), settles()]),
        told("announce-limit", "the announce info has 6,144 bytes",
            "A limit that is off by one loses what a server may say.", &["SES-8"],
            &[starts_login(), answers(json!({ "announce_length": 6144 }), json!({ "confirm_login": { "accounts": ["alice"], "announce": "as offered" } })),
              confirms()]),
        told("preselected", "the only account is pre-selected",
            "The user has to see for whom the login is.", &["STM-4", "DEV-3"],
            &[starts_login(), answers(json!({ "account": "alice" }), json!({ "confirm_login": { "accounts": ["alice"], "account": "alice" } })),
              confirms(), keeper_answers(), keeper_asks(), enters(), passed(), settles()]),
        told("preselected-of-two", "one of two accounts is pre-selected",
            "Only the account that is asked for may answer.", &["STM-4", "DEV-3"],
            &[two(), starts_login(), answers(json!({ "account": "bob" }), json!({ "confirm_login": { "accounts": ["bob"], "account": "bob" } })),
              confirms(), keeper_answers(), keeper_asks(), enters(), passed(), auth("settle", none(), finished("confirmed", "bob"))]),
        told("choice", "the user chooses one of two accounts",
            "A device that chooses for its user logs in the wrong one.", &["DEV-3", "BND-1"],
            &[two(), starts_login(), answers(none(), either.clone()), user("confirm", json!({ "account": "bob" }), sends("hello to factor")),
              keeper_answers(), keeper_asks(), enters(), passed(), auth("settle", none(), finished("confirmed", "bob"))]),
        told("decline-with-choice", "the user declines with one of two accounts",
            "A no is some account's no.", &["STM-6", "DEV-3"],
            &[two(), starts_login(), answers(none(), either.clone()), user("decline", json!({ "account": "bob" }), sends("statement to auth")),
              auth("settle", none(), json!({ "finished": { "outcome": "declined" } }))]),
        told("decline-unnamed", "the user declines, naming none of two accounts",
            "A no that is nobody's cannot be signed: the session is left to expire.", &["STM-6", "HS-12"],
            &[two(), starts_login(), answers(none(), either.clone()), user("decline", none(), json!({ "finished": { "outcome": "declined" } }))]),
        told("accounts-of-the-server", "accounts of other servers are not offered",
            "An account's name is the business of its server.", &["DEV-3"],
            &[device("enrol", json!({ "as": "carol", "server": "shop" }), none()), starts_login(), offers_login(), confirms()]),
        told("user-input", "the app adds text",
            "What the user said reaches the backend exactly as it was signed.", &["STM-3", "BND-1"],
            &[starts_login(), offers_login(), user("confirm", json!({ "user_input": "42 €" }), sends("hello to factor")),
              keeper_answers(), keeper_asks(), enters(), passed(), settles()]),
        told("user-input-empty", "the app adds an empty text",
            "Nothing said is not the same as something empty said.", &["STM-3", "BND-1"],
            &[starts_login(), offers_login(), user("confirm", json!({ "user_input": "" }), sends("hello to factor")),
              keeper_answers(), keeper_asks(), enters(), passed(), settles()]),
        told("user-input-limit", "the app adds a text of 4,096 bytes",
            "A limit that is off by one loses what a user may say.", &["STM-3"],
            &[starts_login(), answers(json!({ "policy": null }), plain.clone()),
              user("confirm", json!({ "user_input": "x".repeat(4096) }), sends("statement to auth")), settles()]),
        told("twice", "two logins follow each other",
            "A counter that stands still looks like a copied device, and freezes the account.", &["CLN-1", "HS-7", "FAC-7"],
            &[&steps[1..], &steps[1..]].concat()),
        told("answer-lost", "the answer to a login is lost, and the user tries again after a restart",
            "A counter that was not stored before it was sent is used twice.", &["CLN-1", "HS-7", "FAC-7"],
            &[&steps[1..8], &[auth("settle", json!({ "lost": true }), none()), device("restart", none(), none())], &steps[1..]].concat()),
        told("statement-again", "the connection breaks after message_3, and the answer comes after it was sent again",
            "What the server has settled it repeats to identical bytes, and to no others.", &["HS-6"],
            &[&steps[1..8], &[auth("settle", json!({ "lost": true }), none()), network("reconnect", none(), sends("the same statement to auth")),
              network("replay", json!({ "from": "auth" }), finished("confirmed", "alice"))]].concat()),
        told("restart-before-confirming", "the app is killed while the user is asked",
            "A flow that is gone must not answer, and must not stand in the way of the next.", &["DEV-1", "HS-12", "HS-7"],
            &[&[starts_login(), offers_login(), device("restart", none(), none()), user("confirm", none(), rejected(308))], &steps[1..]].concat()),
        told("restart-before-the-pin", "the app is killed while the PIN is asked for",
            "A flow that is gone must not answer, and its request number is not used again.", &["FAC-7", "HS-7"],
            &[&steps[1..6], &[device("restart", none(), none()), user("pin", none(), rejected(428))], &steps[1..]].concat()),
        told("restart-before-the-verdict", "the app is killed while VERIFY is under way",
            "The number of a request that may have been answered is not used for another.", &["FAC-7"],
            &[&steps[1..7], &[keeper("verdict", json!({ "lost": true }), none()), device("restart", none(), none())], &steps[1..]].concat()),
    ];
    group.cases.extend(positives);
    let choice = "device.login.choice";
    let choice = group.cases.iter().find(|case| case.id == choice).cloned();
    let choice = choice.unwrap_or_else(|| base.clone());
    #[rustfmt::skip]
    group.cases.extend([
        choice.but("device.login.no-choice", "the user names none").requires(&["DEV-3"]).kills("device.account-is-chosen")
            .turns(&choice.steps[..4]).does(user("confirm", none(), rejected(303))).turns(&choice.steps[4..]),
        choice.but("device.login.wrong-choice", "the account is one of another server").requires(&["DEV-3"]).kills("device.account-is-offered")
            .turns(&[enrolled(), device("enrol", json!({ "as": "carol", "server": "shop" }), none()), starts_login(), offers_login(),
                user("confirm", json!({ "account": "carol" }), rejected(303)), confirms()]),
        choice.but("device.login.not-the-preselected", "the other account is pre-selected").requires(&["STM-4", "DEV-3"]).kills("device.account-is-offered")
            .turns(&[enrolled(), two(), starts_login(),
                answers(json!({ "account": "bob" }), json!({ "confirm_login": { "accounts": ["bob"], "account": "bob" } })),
                user("confirm", json!({ "account": "alice" }), rejected(303)), user("confirm", json!({ "account": "bob" }), sends("hello to factor"))]),
        base.but("device.login.decline-wrong-account", "the user declines with an account that does not exist").requires(&["DEV-3"]).kills("device.account-is-offered")
            .turns(&steps[..3]).turns(&[user("decline", json!({ "account": "stranger" }), rejected(303)), confirms()]),
        base.but("device.login.user-input-too-long", "the text has 4,097 bytes").requires(&["STM-3", "ENC-11"]).kills("limit.user-input")
            .turns(&steps[..3]).turns(&[user("confirm", json!({ "user_input": "x".repeat(4097) }), rejected(106)), confirms()]),
    ]);
    let rows = [
        row(
            "preselected-missing",
            "an account is pre-selected that the device lacks",
            at::OFFER,
            json!({ "account": "stranger" }),
            306,
            "DEV-4",
            "device.preselected-exists",
        ),
        row(
            "voucher",
            "there is a voucher",
            at::OFFER,
            json!({ "voucher": true }),
            107,
            "DEV-13",
            "device.offer-of-purpose",
        ),
        row(
            "biometrics-only",
            "the policy allows biometrics alone",
            at::OFFER,
            json!({ "policy": { "factors": 2 } }),
            408,
            "DEV-13",
            "device.factor-allowed",
        ),
        row(
            "announce-too-long",
            "the announce info has 6,145 bytes",
            at::OFFER,
            json!({ "announce_length": 6145 }),
            106,
            "SES-8",
            "limit.announce",
        ),
        row(
            "settled-declined",
            "the server settles a decline",
            at::SETTLE,
            json!({ "decision": "decline" }),
            107,
            "DEV-14",
            "device.settled-as-signed",
        ),
        row(
            "settled-for-another",
            "the server settles for another account",
            at::SETTLE,
            json!({ "account": "stranger" }),
            107,
            "DEV-14",
            "device.settled-as-signed",
        ),
    ];
    let why = "A device that takes another answer than to its own question shows its user what is not so.";
    group
        .cases
        .extend(rows.map(|row| row.case(&base, "login", why)));
    let refused = base
        .but("device.login.refused", "the server refuses the statement")
        .requires(&["HS-15"])
        .kills("device.refusal-ends")
        .turns(&steps[..at::SETTLE])
        .turns(&[
            auth("refuse", json!({ "error": 404 }), failed(404)),
            has(&["alice"]),
        ])
        .turns(&steps[1..]);
    group.cases.push(refused);
    group
}
