//! `device.channel.*`: records, and what is no record.

use serde_json::json;

use super::login::confirmed;
use super::*;
use crate::author::positive;

/// [16, 1, an account, "alice", a rolling value]: what success looks like without a channel.
fn settled_in_the_open() -> String {
    format!("851001 50{0} 65616c696365 50{0}", "00".repeat(16)).replace(' ', "")
}

/// What comes through the channels, and what only seems to.
pub fn group() -> Group {
    let mut group = Group::new(
        "device-channel",
        "Records: in their order, under their keys, in their form.",
    );
    let base = confirmed();
    let steps = &base.steps;
    let renews = |actor| turn(actor, "renew_keys", none(), none());
    #[rustfmt::skip]
    group.cases.extend([
        positive("device.channel.new-keys", "the auth server takes new keys before it settles").why("A channel that cannot renew its keys has to be given up.")
            .requires(&["CH-7"]).turns(&steps[..at::SETTLE]).turns(&[renews(Actor::Auth), renews(Actor::Auth), settles()]),
        positive("device.channel.new-keys-of-the-factor-server", "the factor server takes new keys between status and verdict").why("Each direction has its own keys, and its own pace.")
            .requires(&["CH-7"]).turns(&steps[..at::PIN]).turns(&[renews(Actor::Factor)]).turns(&steps[at::PIN..]),
    ]);
    let record = |path: serde_json::Value, with: &str| json!({ "spoil": { "at": "record", "path": path, "replace": with } });
    let forged = format!("58a0{}", "00".repeat(160));
    #[rustfmt::skip]
    let rows = [
        row("unprotected-success", "what settles is no record", at::SETTLE, json!({ "spoil": { "at": "record", "replace": settled_in_the_open() } }), 107, "HS-15", "device.success-needs-record"),
        row("forged", "the ciphertext is made up", at::SETTLE, record(json!([2]), &forged), 603, "CH-4", "channel.tag"),
        row("forged-verdict", "the ciphertext is made up", at::VERDICT, record(json!([2]), &forged), 603, "CH-4", "channel.tag"),
        row("flipped", "one bit of the record is another", at::SETTLE, json!({ "spoil": { "at": "record", "flip_bit": 120 } }), 603, "CH-4", "channel.tag"),
        row("ahead", "the record's number is one too high", at::SETTLE, record(json!([1, 0]), "4101"), 601, "CH-3", "channel.order"),
        row("long-number", "the record's number has a zero in front", at::SETTLE, record(json!([1, 0]), "420000"), 110, "CH-1", "channel.header"),
        row("no-number", "the record's number is empty", at::SETTLE, record(json!([1, 0]), "40"), 110, "CH-1", "channel.header"),
        row("another-algorithm", "the header names another algorithm", at::SETTLE, record(json!([0]), "43a10103"), 110, "CH-1", "channel.header"),
        row("record-short", "the record lacks its ciphertext", at::SETTLE, json!({ "spoil": { "at": "record", "path": [2], "remove": true } }), 107, "ENC-12", "channel.header"),
        row("reply-trailing", "a byte follows the content", at::SETTLE, json!({ "spoil": { "at": "reply", "append": "00" } }), 104, "ENC-8", "cbor.trailing"),
        row("reply-truncated", "the last byte of the content is missing", at::SETTLE, json!({ "spoil": { "at": "reply", "truncate": 1 } }), 100, "ENC-2", "cbor.truncated"),
        row("reply-short", "a field of the content is missing", at::SETTLE, json!({ "spoil": { "at": "reply", "path": [4], "remove": true } }), 107, "ENC-12", "cbor.structure"),
        row("reply-null", "the account is null", at::SETTLE, json!({ "spoil": { "at": "reply", "path": [2], "replace": "f6" } }), 107, "ENC-12", "cbor.structure"),
        row("reply-undefined-decision", "the decision is not registered", at::SETTLE, json!({ "spoil": { "at": "reply", "path": [1], "replace": "03" } }), 107, "ENC-12", "cbor.structure"),
    ];
    let why = "A user who is told of a success that the server never said logs in nowhere, or somewhere else.";
    group
        .cases
        .extend(rows.map(|row| row.case(&base, "channel", why).does(has(&["alice"]))));
    let but = |id: &str, change: &str, requirement: &str, kills: &str| {
        base.but(&format!("device.channel.{id}"), change)
            .why(why)
            .requires(&[requirement])
            .kills(kills)
    };
    #[rustfmt::skip]
    group.cases.extend([
        but("gap", "a record before the settlement is lost", "CH-3", "channel.order")
            .turns(&steps[..at::SETTLE]).turns(&[auth("skip", none(), none()), auth("settle", none(), failed(601))]),
        but("closed", "the settlement comes after the channel was closed", "CH-8", "channel.closed")
            .turns(&steps[..at::SETTLE]).turns(&[auth("skip", none(), none()), auth("settle", none(), failed(601)), network("replay", json!({ "from": "auth" }), rejected(212))]),
        but("status-again", "the status comes twice", "CH-2", "channel.replay")
            .turns(&steps[..at::PIN]).turns(&[network("replay", json!({ "from": "factor" }), rejected(602))]).turns(&steps[at::PIN..]),
        but("reflected", "the device's own record comes back", "CH-2", "channel.replay")
            .turns(&steps[..at::VERDICT]).turns(&[network("reflect", json!({ "from": "factor" }), rejected(602))]).turns(&steps[at::VERDICT..]),
        but("settled-again", "the settlement comes twice", "HS-4", "device.state")
            .turns(steps).turns(&[network("replay", json!({ "from": "auth" }), rejected(212))]),
        but("old-keys", "the settlement is under the keys that were left", "CH-7", "channel.keys-move-on")
            .turns(&steps[..at::SETTLE]).turns(&[auth("say", json!({ "message": "8108" }), none()), auth("settle", none(), failed(601))]),
        but("status-in-its-place", "the auth server says what only a factor server says", "HS-4", "device.message-due")
            .turns(&steps[..at::SETTLE]).turns(&[auth("say", json!({ "message": "8418280103f6" }), rejected(212)), settles()]),
        but("settled-by-the-factor-server", "the factor server settles", "HS-15", "device.message-due")
            .turns(&steps[..at::VERDICT]).turns(&[keeper("say", json!({ "message": settled_in_the_open() }), rejected(212))]).turns(&steps[at::VERDICT..]),
        but("verdict-before-verify", "the verdict comes before VERIFY", "HS-4", "device.message-due")
            .turns(&steps[..at::PIN]).turns(&[keeper("say", json!({ "message": "89182902000003f400f441ff" }), rejected(212))]).turns(&steps[at::PIN..]),
    ]);
    group
}
