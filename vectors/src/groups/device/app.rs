//! `device.app.*`: links, and what the app does out of turn.

use serde_json::json;

use super::login::confirmed;
use super::*;
use crate::author::positive;

/// Starts and their refusals.
pub fn group() -> Group {
    let mut group = Group::new(
        "device-app",
        "The app's side: links, and inputs that were not asked for.",
    );
    let base = confirmed();
    let steps = &base.steps;
    let starts = positive("device.app.start", "a link starts an interaction")
        .why("A code that does not scan locks its user out.")
        .requires(&["DEV-1", "VER-1", "SES-2"])
        .turns(&steps[..at::CONFIRM]);
    let versions = positive("device.app.versions", "the device offers every version that it allows, ascending")
        .why("A version that is not offered cannot be chosen, and one that is hidden invites a downgrade.")
        .requires(&["VER-1"])
        .does(device("configure", json!({ "auth_versions": [[1, 0], [1, 1], [2, 0]] }), none()))
        .turns(&steps[..at::CONFIRM]);
    let why = "An app that is confused by a second code, or by a tap too many, answers for what nobody meant.";
    let but = |id: &str, change: &str, requirement: &str, kills: &str| {
        starts
            .but(&format!("device.app.{id}"), change)
            .why(why)
            .requires(&[requirement])
            .kills(kills)
    };
    let link = |spoil| json!({ "link": "login", "spoil": spoil });
    #[rustfmt::skip]
    let cases = [
        but("start-twice", "another login is started while the user is asked", "DEV-2", "device.one-flow")
            .turns(&steps[..at::CONFIRM]).does(user("start", json!({ "link": "login" }), rejected(307))).turns(&steps[at::CONFIRM..]),
        but("start-while-greeting", "another login is started before message_2 has come", "DEV-2", "device.one-flow")
            .turns(&steps[..at::OFFER]).does(user("start", json!({ "link": "login" }), rejected(307))).turns(&steps[at::OFFER..]),
        but("start-while-entering", "an enrolment is started while the PIN is asked for", "DEV-2", "device.one-flow")
            .turns(&steps[..at::PIN]).does(user("start", json!({ "link": "enrol", "server": "shop" }), rejected(307))).turns(&steps[at::PIN..]),
        but("start-while-settling", "another login is started before the server has settled", "DEV-2", "device.one-flow")
            .turns(&steps[..at::SETTLE]).does(user("start", json!({ "link": "login" }), rejected(307))).turns(&steps[at::SETTLE..]),
        but("no-account", "the device has no account", "SES-1", "device.account-exists")
            .turns(&[user("start", json!({ "link": "login" }), rejected(306)), has(&[])]),
        but("no-account-there", "the device has an account at another server only", "SES-1", "device.account-exists")
            .turns(&[enrolled(), user("start", json!({ "link": "login", "server": "shop" }), rejected(306))]),
        but("link-truncated", "the link is cut", "ENC-2", "cbor.truncated")
            .turns(&[enrolled(), user("start", link(json!({ "at": "link", "truncate": 1 })), rejected(100)), starts_login()]),
        but("link-trailing", "a byte follows the link", "ENC-8", "cbor.trailing")
            .turns(&[enrolled(), user("start", link(json!({ "at": "link", "append": "00" })), rejected(104)), starts_login()]),
        but("link-unknown", "the link is of an unknown type", "ENC-12", "cbor.structure")
            .turns(&[enrolled(), user("start", link(json!({ "at": "link", "path": [0], "replace": "03" })), rejected(107)), starts_login()]),
        but("link-short-nonce", "the nonce has 31 bytes", "ENC-12", "cbor.structure")
            .turns(&[enrolled(), user("start", link(json!({ "at": "link", "path": [2], "replace": format!("581f{}", "00".repeat(31)) })), rejected(107)), starts_login()]),
        but("link-too-long", "the link has more than 1,024 bytes", "ENC-10", "limit.link")
            .turns(&[enrolled(), user("start", link(json!({ "at": "link", "append": "00".repeat(1024) })), rejected(106)), starts_login()]),
        but("confirm-idle", "the user confirms what was not asked", "DEV-1", "device.state")
            .turns(&[enrolled(), user("confirm", none(), rejected(308)), user("decline", none(), rejected(308)), starts_login()]),
        but("confirm-early", "the user confirms before message_2 has come", "HS-12", "device.state")
            .turns(&steps[..at::OFFER]).does(user("confirm", none(), rejected(308))).turns(&steps[at::OFFER..]),
        but("confirm-twice", "the user confirms twice", "DEV-1", "device.state")
            .turns(&steps[..at::KEEPER]).does(user("confirm", none(), rejected(308))).turns(&steps[at::KEEPER..]),
        but("decline-after-confirming", "the user declines after the confirmation", "DEV-1", "device.state")
            .turns(&steps[..at::PIN]).does(user("decline", none(), rejected(308))).turns(&steps[at::PIN..]),
        but("pin-idle", "a PIN comes while nothing is under way", "DEV-7", "device.pin-when-asked")
            .turns(&[enrolled(), user("pin", none(), rejected(428)), user("cancel", none(), rejected(428)), starts_login()]),
    ];
    group.cases.extend(cases);
    group.cases.splice(0..0, [starts, versions]);
    group
}
