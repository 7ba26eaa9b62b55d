//! `device.succession.*`: identity keys that follow each other.

use serde_json::json;

use super::*;
use crate::author::positive;

/// Successions that a device follows, and those that lead elsewhere.
pub fn group() -> Group {
    let mut group = Group::new(
        "device-succession",
        "Identity keys that follow each other, and those that only say so.",
    );
    let publishes = |with| auth("publish", with, none());
    let next = || publishes(json!({ "identity": "next" }));
    let newer = || publishes(json!({ "identity": "next", "epoch": 2 }));
    let offers = || {
        auth(
            "answer",
            none(),
            json!({ "confirm_login": { "accounts": ["alice"] } }),
        )
    };
    let starts_enrolment = || user("start", json!({ "link": "enrol" }), sends("hello to auth"));
    let why = "A server that cannot change its identity key keeps one that was stolen.";
    let good = |id: &str, title: &str| {
        positive(&format!("device.succession.{id}"), title)
            .why(why)
            .requires(&["PAR-1"])
    };
    let fresh = good(
        "fresh",
        "a new device meets a server with its second identity key",
    )
    .turns(&[
        next(),
        starts_enrolment(),
        auth(
            "answer",
            none(),
            json!({ "confirm_enrol": { "accounts": [] } }),
        ),
    ]);
    let known = good(
        "known",
        "a device meets its server with the next identity key",
    )
    .turns(&[
        enrolled(),
        newer(),
        starts_login(),
        offers(),
        device("restart", none(), none()),
        starts_login(),
        offers(),
    ]);
    let bypassed = "Whoever steals an old identity key must not become the server with it.";
    let but = |base: &Case, id: &str, change: &str, kills: &str, steps: &[Step]| {
        base.but(&format!("device.succession.{id}"), change)
            .why(bypassed)
            .requires(&["PAR-1"])
            .kills(kills)
            .turns(steps)
    };
    let says =
        |succession: &str, code| auth("answer", json!({ "succession": succession }), failed(code));
    #[rustfmt::skip]
    group.cases.extend([
        fresh.clone(),
        known.clone(),
        good("two", "a device meets its server two identity keys later").turns(&[enrolled(), next(), newer(), starts_login(), offers()]),
        good("from-the-known", "the succession begins behind the key that the device knows")
            .turns(&[enrolled(), newer(), starts_login(), auth("answer", json!({ "succession": "headless" }), json!({ "confirm_login": { "accounts": ["alice"] } }))]),
        good("of-the-factor-server", "the factor server has its next identity key")
            .turns(&login()[..at::KEEPER]).turns(&[keeper("publish", json!({ "identity": "next", "epoch": 2 }), none()), keeper_answers(), keeper_asks()]),
        but(&fresh, "fresh-missing", "the succession is missing", "device.succession-needed", &[next(), starts_enrolment(), says("missing", 204), has(&[])]),
        but(&fresh, "fresh-headless", "the first key's statement is missing", "device.succession-begins", &[next(), starts_enrolment(), says("headless", 204)]),
        but(&fresh, "fresh-usurped", "the second key names itself the successor", "device.succession-signature", &[next(), starts_enrolment(), says("usurped", 204)]),
        but(&fresh, "fresh-gap", "the second of three keys is missing", "device.succession-sequence", &[next(), next(), starts_enrolment(), says("gap", 204)]),
        but(&fresh, "fresh-long", "there are 17 keys", "limit.identities", &[next(), starts_enrolment(), says("long", 107)]).requires(&["ENC-14"]),
        but(&fresh, "by-the-first", "the parameters are signed by the first key", "device.parameters-signature", &[next(), starts_enrolment(), auth("answer", json!({ "parameters_signer": "first" }), failed(204))]),
        but(&known, "known-missing", "the succession is missing", "device.succession-needed", &[enrolled(), newer(), starts_login(), says("missing", 204), has(&["alice"])]),
        but(&known, "known-usurped", "the next key names itself the successor", "device.succession-signature", &[enrolled(), newer(), starts_login(), says("usurped", 204)]),
        but(&known, "known-gap", "the key between is missing", "device.succession-sequence", &[enrolled(), next(), newer(), starts_login(), says("gap", 204)]),
        but(&known, "bypass", "the first key names another successor than the one that the device knows", "device.succession-through-the-known",
            &[next(), enrolled(), newer(), starts_login(), says("bypass", 204), has(&["alice"])]),
        but(&known, "back", "the server is back at an identity key that it gave up", "device.succession-through-the-known",
            &[next(), enrolled(), starts_login(), auth("answer", json!({ "chain": true, "parameters_signer": "first" }), failed(204))]),
        but(&known, "sequence-text", "the sequence is a text", "cbor.structure", &[enrolled(), newer(), starts_login(),
            auth("answer", json!({ "spoil": { "at": "identity", "path": [1], "replace": "6131" } }), failed(107))]).requires(&["ENC-12"]),
        but(&known, "of-another-server", "the statement is about another server", "device.succession-server", &[enrolled(), newer(), starts_login(),
            auth("answer", json!({ "spoil": { "at": "identity", "path": [0], "replace": format!("50{}", "00".repeat(16)) } }), failed(204))]),
    ]);
    group
}
