//! `device.factor.*`: the visit to the factor server.

use serde_json::json;

use super::login::confirmed;
use super::*;
use crate::author::positive;

/// A case that begins where the PIN is asked for.
fn asked(id: &str, title: &str, why: &str, requires: &[&str], steps: &[Step]) -> Case {
    positive(&format!("device.factor.{id}"), title)
        .why(why)
        .requires(requires)
        .turns(&login()[..at::PIN])
        .turns(steps)
}

/// PINs, their verdicts, and connections that break.
pub fn group() -> Group {
    let mut group = Group::new(
        "device-factor",
        "The second factor: what is shown, what is sent, and what is sent again.",
    );
    let base = confirmed();
    let steps = base.steps.clone();
    let wrong_pin = || user("pin", json!({ "pin": "999999" }), sends("verify to factor"));
    let counts =
        |failed_attempts| keeper("verdict", none(), asks("verify", failed_attempts, "failed"));
    let locks = || keeper("verdict", none(), blocked());
    let ends = [passed(), settles()];
    let reconnects = || network("reconnect", none(), sends("hello to factor"));
    let asks_again = |with| keeper("status", with, asks("verify", 0, "error"));
    let mut blocked_already = vec![
        wrong_pin(),
        counts(1),
        wrong_pin(),
        counts(2),
        wrong_pin(),
        locks(),
    ];
    blocked_already.extend([starts_login(), offers_login(), confirms(), keeper_answers()]);
    #[rustfmt::skip]
    let positives = vec![
        asked("wrong-then-right", "two wrong PINs, and then the right one",
            "The counters that a user sees are the factor server's, or they deceive.", &["DEV-6", "LCK-6", "FAC-7", "PIN-2"],
            &[&[wrong_pin(), counts(1), wrong_pin(), counts(2), enters()][..], &ends].concat()),
        asked("last-attempt", "the last wrong PIN",
            "A user who is locked out has to be told so, and not be asked again.", &["DEV-6", "DEV-9", "LCK-6"],
            &[wrong_pin(), counts(1), wrong_pin(), counts(2), wrong_pin(), locks(), user("pin", none(), rejected(428)), has(&["alice"])]),
        asked("blocked-already", "the status says that no PIN would be evaluated",
            "A PIN that is asked for in vain is a PIN given away.", &["DEV-9", "LCK-6"],
            &[&blocked_already[..], &[keeper("status", none(), blocked()), user("pin", none(), rejected(428))]].concat()),
        asked("counters-of-the-server", "the status counts a failure that this device did not see",
            "The device's own count is worth nothing.", &["LCK-6", "DEV-6"],
            &[device("restart", none(), none()), starts_login(), offers_login(), confirms(), keeper_answers(),
              keeper("status", json!({ "failed_attempts": 2 }), asks("verify", 2, "failed")), enters(), passed(), settles()]),
        asked("numbers-of-the-server", "the status shows a higher request number than the device used",
            "A device that goes on below the record's number is refused for ever.", &["FAC-7", "FAC-3"],
            &[device("restart", none(), none()), starts_login(), offers_login(), confirms(), keeper_answers(),
              keeper("status", json!({ "request_number": 40 }), asks("verify", 0, "failed")), enters(), passed(), settles()]),
        asked("generation", "the status shows another generation",
            "A proof for a PIN that was replaced is refused.", &["FAC-5", "FAC-7"],
            &[device("restart", none(), none()), starts_login(), offers_login(), confirms(), keeper_answers(),
              keeper("status", json!({ "store_epoch": 9 }), asks("verify", 0, "failed")), enters(), passed(), settles()]),
        asked("verdict-lost", "the verdict is lost, and the connection made anew",
            "A request that is repeated with other bytes counts twice.", &["DEV-11", "FAC-4", "FAC-7", "HS-7"],
            &[enters(), keeper("verdict", json!({ "lost": true }), none()), reconnects(), keeper_answers(),
              keeper("status", none(), sends("the same verify to factor")), passed(), settles()]),
        asked("verify-lost", "the connection breaks before VERIFY arrives",
            "A user who has entered the PIN is not asked once more for a broken line.", &["DEV-11", "FAC-7"],
            &[enters(), reconnects(), keeper_answers(), keeper("status", none(), sends("the same verify to factor")), passed(), settles()]),
        asked("wrong-verdict-lost", "the verdict on a wrong PIN is lost",
            "One wrong PIN is counted once, however often the line breaks.", &["DEV-11", "FAC-4", "LCK-3"],
            &[wrong_pin(), keeper("verdict", json!({ "lost": true }), none()), reconnects(), keeper_answers(),
              keeper("status", none(), sends("the same verify to factor")), counts(1), enters(), passed(), settles()]),
        asked("restored-meanwhile", "the store has another epoch after the connection broke",
            "A proof for another store is refused; only the user can make a new one.", &["DEV-11", "FAC-5"],
            &[enters(), reconnects(), keeper_answers(), asks_again(json!({ "store_epoch": 2 })), enters(), passed(), settles()]),
        asked("overtaken-meanwhile", "a higher number was answered when the connection is back",
            "A request below the record's number is refused; the user is asked again.", &["DEV-11", "FAC-3"],
            &[enters(), reconnects(), keeper_answers(), asks_again(json!({ "request_number": 40 })), enters(), passed(), settles()]),
        asked("status-lost", "the connection breaks while the PIN is asked for",
            "A broken line costs no attempt and ends no login.", &["DEV-11", "FAC-7"],
            &[&[reconnects(), keeper_answers(), keeper_asks(), enters()][..], &ends].concat()),
    ];
    group.cases.extend(positives);
    for (number, requirement) in [
        (413, "FAC-3"),
        (414, "FAC-4"),
        (415, "FAC-5"),
        (416, "FAC-5"),
    ] {
        group.cases.push(
            base.but(&format!("device.factor.refused-{number}"), &format!("VERIFY is refused with {number}"))
                .why("A request that was not evaluated is no answer to the user: the PIN is asked for again, and nothing has counted.")
                .requires(&["DEV-12", requirement])
                .kills("device.asks-again")
                .turns(&steps[..at::VERDICT])
                .turns(&[
                    keeper("refuse", json!({ "error": number }), sends("ask_status to factor")),
                    asks_again(none()),
                    enters(),
                    passed(),
                    settles(),
                ]),
        );
    }
    #[rustfmt::skip]
    let rows = [
        row("verdict-on-another", "the verdict is on another request", at::VERDICT, json!({ "request_number": 7 }), 107, "DEV-15", "device.verdict-of-request"),
        row("verdict-on-the-last", "the verdict is on the request before", at::VERDICT, json!({ "request_number": 1 }), 107, "DEV-15", "device.verdict-of-request"),
        row("success-without-assertion", "there is no assertion", at::VERDICT, json!({ "assertion": false }), 107, "DEV-15", "device.verdict-has-assertion"),
        row("failure-with-assertion", "a wrong PIN has an assertion", at::VERDICT, json!({ "outcome": 410, "assertion": true }), 107, "DEV-15", "device.verdict-has-assertion"),
        row("outcome-unknown", "the outcome is no outcome", at::VERDICT, json!({ "outcome": 1 }), 107, "DEV-15", "device.verdict-outcome"),
        row("verdict-trailing", "a byte follows the verdict", at::VERDICT, json!({ "spoil": { "at": "reply", "append": "00" } }), 104, "ENC-8", "cbor.trailing"),
        row("verdict-short", "a field of the verdict is missing", at::VERDICT, json!({ "spoil": { "at": "reply", "path": [7], "remove": true } }), 107, "ENC-12", "cbor.structure"),
        row("verdict-not-shortest", "the outcome is not in its shortest form", at::VERDICT, json!({ "spoil": { "at": "reply", "path": [2], "replace": "1800" } }), 101, "ENC-3", "cbor.deterministic"),
        row("verdict-float", "the outcome is a float", at::VERDICT, json!({ "spoil": { "at": "reply", "path": [2], "replace": "f90000" } }), 102, "ENC-6", "cbor.forbidden"),
        row("status-null-blocked", "blocked is null", at::STATUS, json!({ "spoil": { "at": "reply", "path": [3, 3], "replace": "f6" } }), 107, "ENC-12", "cbor.structure"),
        row("no-record", "the factor server has no record, and there is no voucher", at::STATUS, json!({ "record": false }), 417, "FAC-10", "device.first-set-needs-voucher"),
        row("version-lower", "the lower of two common versions is chosen", at::KEEPER, json!({ "version": [1, 1] }), 203, "VER-3", "device.version-highest"),
        row("version-not-offered", "a version is chosen that was not offered", at::KEEPER, json!({ "version": [1, 3] }), 203, "VER-3", "device.version-offered"),
        row("announce", "there is announce info", at::KEEPER, json!({ "announce": { "title": "x" } }), 209, "HS-11", "device.factor-offer-empty"),
        row("policy", "there is a policy", at::KEEPER, json!({ "policy": { "factors": 1 } }), 209, "HS-11", "device.factor-offer-empty"),
        row("unknown-signer", "message_2 is signed by an unknown key", at::KEEPER, json!({ "signer": "other" }), 204, "HS-10", "device.signature-2"),
        row("statement-key", "message_2 is signed by the key for assertions", at::KEEPER, json!({ "signer": "statement" }), 204, "KEY-1", "device.signature-2"),
        row("another-server", "another factor server answers", at::KEEPER, json!({ "by": "vault" }), 204, "DEV-10", "device.factor-server-named"),
        row("another-servers-parameters", "another factor server answers with its parameters", at::KEEPER, json!({ "by": "vault", "chain": true }), 204, "DEV-10", "device.factor-server-named"),
        row("auth-server-instead", "the auth server answers in its place", at::KEEPER, json!({ "by": "bank", "chain": true, "version": [1, 2] }), 204, "DEV-10", "device.factor-server-named"),
    ];
    let why = "Whoever can speak for the factor server can make a user believe in counters and successes that are not there.";
    group
        .cases
        .extend(rows.map(|row| row.case(&base, "factor", why).does(has(&["alice"]))));
    #[rustfmt::skip]
    group.cases.extend([
        base.but("device.factor.version-not-signed", "the version chosen is not in the signed parameters").requires(&["VER-3"]).kills("device.version-signed")
            .turns(&steps[..at::KEEPER])
            .turns(&[keeper("publish", json!({ "epoch": 2, "versions": [[1, 1]] }), none()), keeper("answer", json!({ "version": [1, 2] }), failed(203))]),
        base.but("device.factor.epoch-lower", "the factor server's parameters are older than those known").requires(&["PAR-4"]).kills("device.epoch-rises")
            .turns(&steps[..at::KEEPER])
            .turns(&[keeper("publish", json!({ "epoch": 0 }), none()), keeper("answer", json!({ "chain": true }), failed(206))]),
        base.but("device.factor.verdict-twice", "the verdict comes twice").requires(&["CH-2"]).kills("channel.replay")
            .turns(&steps[..at::SETTLE])
            .turns(&[network("replay", json!({ "from": "factor" }), rejected(212)), settles()]),
        base.but("device.factor.cancelled", "the user cancels").requires(&["DEV-8"])
            .turns(&steps[..at::PIN])
            .turns(&[user("cancel", none(), failed(429)), has(&["alice"])]).turns(&steps[1..]),
        base.but("device.factor.pin-twice", "the PIN comes twice").requires(&["DEV-7"]).kills("device.pin-when-asked")
            .turns(&steps[..at::VERDICT])
            .turns(&[user("pin", none(), rejected(428))]).turns(&steps[at::VERDICT..]),
        base.but("device.factor.pin-after-stopped", "a PIN comes after the factor is verified").requires(&["DEV-7"]).kills("device.pin-when-asked")
            .turns(&steps[..at::SETTLE])
            .turns(&[user("pin", none(), rejected(428)), settles()]),
        base.but("device.factor.pin-before-asked", "a PIN comes while the login is not confirmed").requires(&["DEV-7", "HS-12"]).kills("device.pin-when-asked")
            .turns(&steps[..at::CONFIRM])
            .turns(&[user("pin", none(), rejected(428)), user("cancel", none(), rejected(428))]).turns(&steps[at::CONFIRM..]),
        base.but("device.factor.pin-before-status", "a PIN comes before the status").requires(&["DEV-7"]).kills("device.pin-when-asked")
            .turns(&steps[..at::STATUS])
            .turns(&[user("pin", none(), rejected(428))]).turns(&steps[at::STATUS..]),
    ]);
    group
}
