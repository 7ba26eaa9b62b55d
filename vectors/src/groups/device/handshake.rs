//! `device.handshake.*`: to whom a device listens.

use serde_json::{Value, json};

use super::enrol::first_pin;
use super::login::confirmed;
use super::*;

/// Message_2 of everybody but the server that the device asked.
pub fn group() -> Group {
    let mut group = Group::new(
        "device-handshake",
        "The handshake: whose message_2 is believed, and what is in it.",
    );
    let (enrol, login) = (first_pin(), confirmed());
    let ead_2 = |path: Value, change: (&str, &str)| json!({ "spoil": { "at": "ead_2", "path": path, change.0: change.1 } });
    let replace = |path: Value, with: &str| ead_2(path, ("replace", with));
    let unknown = "A user who is shown the words of a stranger confirms a stranger's login.";
    let stale = "Old parameters name keys that were given up for a reason.";
    let spoilt = "Two readings of one offer are two offers.";
    #[rustfmt::skip]
    let of_strangers = [
        row("unknown-signer", "message_2 is signed by an unknown key", 1, json!({ "signer": "other" }), 204, "HS-10", "device.signature-2"),
        row("identity-key", "message_2 is signed by the identity key", 1, json!({ "signer": "identity" }), 204, "KEY-1", "device.signature-2"),
        row("voucher-key", "message_2 is signed by the key for vouchers", 1, json!({ "signer": "statement" }), 204, "KEY-1", "device.signature-2"),
        row("signature-flipped", "one bit of Signature_2 is another", 1, json!({ "spoil": { "at": "signature_2", "flip_bit": 100 } }), 204, "HS-10", "device.signature-2"),
        row("signature-zero", "Signature_2 is zero", 1, json!({ "spoil": { "at": "signature_2", "replace": "00".repeat(64) } }), 204, "SIG-2", "device.signature-2"),
        row("another-server", "another server answers, with its own parameters", 1, json!({ "by": "shop" }), 204, "PAR-1", "device.parameters-reached"),
        row("parameters-by-another", "the parameters are signed by another key", 1, json!({ "parameters_signer": "other" }), 204, "PAR-1", "device.parameters-signature"),
        row("parameters-unsigned", "the parameters' signature is zero", 1, json!({ "spoil": { "at": "signed_parameters", "path": [3], "replace": format!("5840{}", "00".repeat(64)) } }), 204, "PAR-1", "device.parameters-signature"),
        row("no-parameters", "there are no parameters, and the device has none", 1, json!({ "chain": false }), 204, "PAR-1", "device.parameters-needed"),
        row("epoch-unlike", "EAD_2 names another epoch than the parameters", 1, json!({ "epoch": 2 }), 206, "PAR-7", "device.epoch-of-parameters"),
        row("version-not-offered", "a version is chosen that was not offered", 1, json!({ "version": [9, 9] }), 203, "VER-3", "device.version-offered"),
        row("no-ead-2", "there is no EAD_2", 1, json!({ "ead_2": false }), 209, "HS-2", "device.ead-2"),
        row("garbage", "message_2 is no message_2", 1, json!({ "spoil": { "at": "message_2", "replace": "00" } }), 201, "HS-3", "edhoc.message-2"),
        row("low-order-key", "G_Y is zero", 1, json!({ "spoil": { "at": "message_2", "replace": format!("58a0{}", "00".repeat(160)) } }), 201, "HS-3", "edhoc.low-order"),
    ];
    #[rustfmt::skip]
    let of_form = [
        row("ead-2-trailing", "a byte follows EAD_2", 1, json!({ "spoil": { "at": "ead_2", "append": "00" } }), 104, "ENC-8", "cbor.trailing"),
        row("ead-2-truncated", "the last byte of EAD_2 is missing", 1, json!({ "spoil": { "at": "ead_2", "truncate": 1 } }), 100, "ENC-2", "cbor.truncated"),
        row("ead-2-short", "EAD_2 lacks its last field", 1, json!({ "spoil": { "at": "ead_2", "path": [6], "remove": true } }), 107, "ENC-12", "cbor.structure"),
        row("ead-2-long", "EAD_2 has a field more", 1, json!({ "spoil": { "at": "ead_2", "path": [7], "insert": "f6" } }), 107, "ENC-12", "cbor.structure"),
        row("version-null", "the version is null", 1, replace(json!([0]), "f6"), 107, "ENC-12", "cbor.structure"),
        row("epoch-null", "the epoch is null", 1, replace(json!([1]), "f6"), 107, "ENC-12", "cbor.structure"),
        row("epoch-text", "the epoch is a text", 1, replace(json!([1]), "6131"), 107, "ENC-12", "cbor.structure"),
        row("epoch-not-shortest", "the epoch is not in its shortest form", 1, replace(json!([1]), "1801"), 101, "ENC-3", "cbor.deterministic"),
        row("epoch-float", "the epoch is a float", 1, replace(json!([1]), "f93c00"), 102, "ENC-6", "cbor.forbidden"),
        row("announce-indefinite", "the announce info's strings have no definite length", 1, replace(json!([2]), "82f6bf616161 62ff".replace(' ', "").as_str()), 101, "ENC-4", "cbor.deterministic"),
        row("announce-duplicate", "two strings of the announce info have one key", 1, replace(json!([2]), "82f6a2616161626161 6163".replace(' ', "").as_str()), 101, "ENC-5", "cbor.deterministic"),
        row("announce-not-utf-8", "a string of the announce info is not UTF-8", 1, replace(json!([2]), "82f6a1616161ff"), 103, "ENC-7", "cbor.utf-8"),
        row("account-short", "the account id has 15 bytes", 1, replace(json!([3]), &format!("4f{}", "00".repeat(15))), 107, "ENC-12", "cbor.structure"),
        row("policy-none", "the policy allows no factor", 1, replace(json!([4]), "8300183cf4"), 107, "ENC-12", "cbor.structure"),
        row("policy-unknown", "the policy allows an unknown factor", 1, replace(json!([4]), "8304183cf4"), 107, "ENC-12", "cbor.structure"),
        row("policy-tagged", "the policy is tagged", 1, replace(json!([4]), "c18301183cf4"), 102, "ENC-6", "cbor.forbidden"),
        row("parameters-short", "a field of the parameters is missing", 1, json!({ "spoil": { "at": "parameters", "path": [10], "remove": true } }), 107, "ENC-12", "cbor.structure"),
        row("parameters-no-version", "the parameters name no version", 1, json!({ "spoil": { "at": "parameters", "path": [4], "replace": "80" } }), 107, "ENC-12", "cbor.structure"),
        row("parameters-trailing", "a byte follows the parameters", 1, json!({ "spoil": { "at": "parameters", "append": "00" } }), 104, "ENC-8", "cbor.trailing"),
        row("parameters-header", "the parameters are signed with ES256 in the header", 1, json!({ "spoil": { "at": "signed_parameters", "path": [0], "replace": format!("55a201260450{}", "00".repeat(16)) } }), 110, "COSE-1", "cose.algorithm"),
        row("parameters-unprotected", "the parameters have an unprotected header", 1, json!({ "spoil": { "at": "signed_parameters", "path": [1], "replace": "a10126" } }), 110, "COSE-2", "cose.unprotected"),
    ];
    group
        .cases
        .extend(of_strangers.map(|row| row.case(&enrol, "handshake", unknown).does(has(&[]))));
    group
        .cases
        .extend(of_form.map(|row| row.case(&enrol, "handshake", spoilt).does(has(&[]))));

    // Parameters that are wrong although the server has signed them.
    #[rustfmt::skip]
    let published = [
        ("parameters-expired", "the parameters' expiry has come", json!({ "expiry": "now" }), 205, "PAR-3", "device.parameters-expiry"),
        ("parameters-of-another-id", "the parameters are those of another server id", json!({ "id": "other" }), 208, "PAR-2", "device.parameters-server"),
        ("parameters-of-another-kind", "the parameters are those of a factor server", json!({ "kind": "other" }), 208, "PAR-2", "device.parameters-kind"),
    ];
    for (name, change, with, code, requirement, kills) in published {
        group.cases.push(
            enrol
                .but(&format!("device.handshake.{name}"), change)
                .why(stale)
                .requires(&[requirement])
                .kills(kills)
                .turns(&[
                    auth("publish", with, none()),
                    enrol.steps[0].clone(),
                    auth("answer", none(), failed(code)),
                    has(&[]),
                ]),
        );
    }
    let error = |id: &str, change: &str| {
        login
            .but(&format!("device.handshake.{id}"), change)
            .why("Anybody can make an error message: it may end an attempt, and no more.")
            .requires(&["HS-5"])
            .kills("device.error-is-no-answer")
    };
    #[rustfmt::skip]
    let interrupted = [
        ("error-at-message-1", "an error message comes in place of message_2", at::OFFER, Actor::Auth, 300),
        ("error-while-confirming", "an error message comes while the user is asked", at::CONFIRM, Actor::Auth, 502),
        ("error-at-factor-message-1", "an error message comes in place of the factor server's message_2", at::KEEPER, Actor::Factor, 201),
        ("error-before-status", "an error message comes in place of the status", at::STATUS, Actor::Factor, 417),
        ("error-while-entering", "an error message comes while the PIN is asked for", at::PIN, Actor::Factor, 411),
        ("error-before-verdict", "an error message comes in place of the verdict", at::VERDICT, Actor::Factor, 411),
        ("error-before-settled", "an error message comes in place of the settlement", at::SETTLE, Actor::Auth, 502),
    ];
    for (id, change, at, actor, number) in interrupted {
        let case = error(id, change)
            .turns(&login.steps[..at])
            .turns(&[
                turn(actor, "error", json!({ "number": number }), none()),
                device("restart", none(), none()),
                has(&["alice"]),
            ])
            .turns(&login.steps[1..]);
        group.cases.push(case);
    }
    let steps = &login.steps;
    let other = |id: &str, change: &str, requirement: &str, kills: &str, why: &str| {
        login
            .but(&format!("device.handshake.{id}"), change)
            .why(why)
            .requires(&[requirement])
            .kills(kills)
    };
    #[rustfmt::skip]
    group.cases.extend([
        enrol.but("device.handshake.hash-unlike", "the parameters are not those of the link").why(stale).requires(&["PAR-5"]).kills("device.parameters-hash")
            .turns(&[vary(&enrol.steps[0], json!({ "parameters_hash": "other" }), sends("hello to auth")), auth("answer", none(), failed(207)), has(&[])]),
        other("known-expired", "the parameters that the device knows have expired", "PAR-3", "device.parameters-expiry", stale)
            .turns(&[enrolled(), turn(Actor::Clock, "advance", json!({ "s": 86400 }), none()), starts_login(), auth("answer", none(), failed(205))]),
        other("epoch-lower", "the parameters are older than those that the device knows", "PAR-4", "device.epoch-rises", stale)
            .turns(&[enrolled(), auth("publish", json!({ "epoch": 0 }), none()), starts_login(), auth("answer", json!({ "chain": true }), failed(206))]),
        other("epoch-lower-named", "EAD_2 names an epoch below the known one", "PAR-7", "device.epoch-of-parameters", stale)
            .turns(&[enrolled(), starts_login(), auth("answer", json!({ "epoch": 0 }), failed(206))]),
        other("login-unknown-signer", "message_2 is signed by an unknown key", "HS-10", "device.signature-2", unknown)
            .turns(&steps[..at::OFFER]).turns(&[auth("answer", json!({ "signer": "other", "announce": { "title": "Sign in" } }), failed(204)), has(&["alice"])]),
        other("login-version-not-offered", "a version is chosen that was not offered", "VER-3", "device.version-offered", unknown)
            .turns(&steps[..at::OFFER]).turns(&[auth("answer", json!({ "version": [1, 1] }), failed(203))]),
        other("login-version-lower", "the lower of two common versions is chosen", "VER-3", "device.version-highest", unknown)
            .turns(&[device("configure", json!({ "auth_versions": [[1, 0], [1, 1]] }), none()),
                auth("publish", json!({ "versions": [[1, 0], [1, 1]] }), none())])
            .turns(&steps[..at::OFFER]).turns(&[auth("answer", json!({ "version": [1, 0] }), failed(203))]),
        other("other-connection", "message_2 names another connection, and then the right one", "HS-4", "device.connection", unknown)
            .turns(&steps[..at::OFFER]).turns(&[auth("answer", json!({ "to": "other" }), rejected(212))]).turns(&steps[at::OFFER..]),
        other("message-2-twice", "message_2 comes twice", "HS-4", "device.state", unknown)
            .turns(&steps[..at::CONFIRM]).turns(&[network("replay", json!({ "from": "auth" }), rejected(212))]).turns(&steps[at::CONFIRM..]),
        other("another-message-2", "the server answers once more, and otherwise", "HS-4", "device.state", unknown)
            .turns(&steps[..at::CONFIRM]).turns(&[auth("answer", json!({ "announce": { "title": "Another" } }), rejected(212))]),
        other("message-2-after-message-3", "message_2 comes once more after message_3", "HS-4", "device.state", unknown)
            .turns(&steps[..at::SETTLE]).turns(&[network("replay", json!({ "from": "auth" }), rejected(212)), settles()]),
        other("message-2-of-yesterday", "message_2 of a login that is over comes in another", "HS-4", "device.connection", unknown)
            .turns(&steps[..at::CONFIRM]).turns(&[device("restart", none(), none()), starts_login(), network("replay", json!({ "from": "auth" }), rejected(212)), offers_login()]),
        other("frame-truncated", "the frame of message_2 is cut, and then whole", "ENC-2", "cbor.truncated", spoilt)
            .turns(&steps[..at::OFFER]).turns(&[auth("answer", json!({ "spoil": { "at": "frame_2", "truncate": 1 } }), rejected(100))]).turns(&steps[at::OFFER..]),
        other("frame-long-head", "the frame's number is not in its shortest form, and then it is", "ENC-3", "cbor.deterministic", spoilt)
            .turns(&steps[..at::OFFER]).turns(&[auth("answer", json!({ "spoil": { "at": "frame_2", "path": [0], "replace": "1802" } }), rejected(101))]).turns(&steps[at::OFFER..]),
        other("frame-of-a-device", "message_2 comes as a message_3", "HS-4", "device.state", spoilt)
            .turns(&steps[..at::OFFER]).turns(&[auth("answer", json!({ "spoil": { "at": "frame_2", "path": [0], "replace": "03" } }), rejected(212))]).turns(&steps[at::OFFER..]),
    ]);
    group
}
