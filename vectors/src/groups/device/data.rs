//! `device.data.*`: requests for the data service.

use serde_json::json;

use super::session::logged_in;
use super::*;
use crate::author::positive;

fn asks_for(name: &str) -> Step {
    user(
        "get_data",
        json!({ "as": name, "payload": name }),
        sends("data_request to auth"),
    )
}

fn cancels(name: &str) -> Step {
    user(
        "cancel_data",
        json!({ "request": name }),
        json!({ "sends": "data_cancel to auth", "data": { name: "cancelled" } }),
    )
}

fn answer(name: &str, payload: &str) -> Step {
    auth(
        "data_answer",
        json!({ "request": name, "payload": payload }),
        json!({ "data": { name: { "payload": payload } } }),
    )
}

/// An answer that is ignored.
fn ignored(name: &str) -> Step {
    auth(
        "data_answer",
        json!({ "request": name, "payload": "late" }),
        none(),
    )
}

fn fails(name: &str, error: u16) -> Step {
    auth(
        "data_error",
        json!({ "request": name, "error": error }),
        json!({ "data": { name: { "error": error } } }),
    )
}

/// The same turn, through the channel for data.
fn through_data(step: Step) -> Step {
    let expect = match &step {
        Step::Turn(turn) => Value::Object(turn.expect.clone()),
        Step::Static(_) => none(),
    };
    vary(&step, json!({ "through": "data" }), expect)
}

/// A channel for data of an account with a factor.
fn opened() -> Vec<Step> {
    vec![
        enrolled(),
        user("open_data", none(), sends("hello to auth")),
        auth("answer", none(), sends("hello to factor")),
        keeper_answers(),
        keeper_asks(),
        enters(),
        passed(),
        auth("admit", none(), finished("admitted", "alice")),
    ]
}

/// Requests and what becomes of them.
pub fn group() -> Group {
    let mut group = Group::new(
        "device-data",
        "Data requests: each is asked once, and completes once.",
    );
    let (app, data) = (logged_in(), opened());
    let why = "An answer that is taken for another request's is shown to the user as the truth.";
    let base = positive(
        "device.data.app-session",
        "a request through the app session's channel",
    )
    .why(why)
    .requires(&["DATA-8", "DATA-10"])
    .needs(&["app", "data"])
    .turns(&app)
    .turns(&[asks_for("first"), answer("first", "42")]);
    let session = |id: &str, title: &str, requires: &[&str], more: &[Step]| {
        positive(&format!("device.data.{id}"), title)
            .why(why)
            .requires(requires)
            .needs(&["app", "data"])
            .turns(&app)
            .turns(more)
    };
    let own = positive(
        "device.data.channel",
        "a request through a channel for data",
    )
    .why(why)
    .requires(&["DATA-1", "DATA-8", "DATA-10"])
    .needs(&["data"])
    .turns(&data)
    .turns(&[asks_for("first"), through_data(answer("first", "42"))]);
    let log_out = |expect| user("log_out", none(), expect);
    let lost = |names: &[&str]| {
        let told: Value = names
            .iter()
            .map(|name| ((*name).to_owned(), json!("outcome_unknown")))
            .collect::<serde_json::Map<_, _>>()
            .into();
        told
    };
    let ended = |names: &[&str]| json!({ "sends": "logout to auth", "logged_out": { "account": "alice", "cause": 1 }, "data": lost(names) });
    let after_login = |name: &str, expect: Value| {
        user("get_data", json!({ "as": name, "payload": name }), expect)
    };
    let refused =
        |name: &str, code: u16| after_login(name, json!({ "data": { name: { "error": code } } }));
    #[rustfmt::skip]
    let positives = [
        own.clone(),
        session("out-of-order", "two requests are answered in the other order", &["DATA-8", "DATA-3"], &[asks_for("first"), asks_for("second"), answer("second", "2"), answer("first", "1")]),
        session("error", "a request fails, and another does not", &["DATA-8"], &[asks_for("first"), asks_for("second"), fails("first", 703), answer("second", "2")]),
        session("empty", "request and answer are empty", &["DATA-2"], &[user("get_data", json!({ "payload": "" }), sends("data_request to auth")), answer("first", "")]),
        session("key", "a request has an idempotency key", &["DATA-8"], &[user("get_data", json!({ "key": true }), sends("data_request to auth")), answer("first", "42")]),
        session("largest", "an answer has the largest size", &["DATA-7"], &[asks_for("first"), auth("data_answer", json!({ "payload_length": 1_048_576 }), json!({ "data": { "first": { "payload": 1_048_576 } } }))]),
        session("cancel", "the app cancels a request", &["DATA-8"], &[asks_for("first"), asks_for("second"), cancels("first"), ignored("first"), answer("second", "2")]),
        session("session-ends", "the app session ends while two requests wait", &["DATA-8", "APP-7"], &[asks_for("first"), asks_for("second"), log_out(ended(&["first", "second"]))]),
        session("server-ends-it", "the server ends the app session while a request waits", &["DATA-8", "APP-16"],
            &[asks_for("first"), auth("logout", json!({ "cause": 4 }), json!({ "logged_out": { "account": "alice", "cause": 4 }, "data": lost(&["first"]) }))]),
        session("session-first", "a channel for data is open when the app logs in", &["DATA-10"],
            &[user("open_data", none(), sends("hello to auth")), auth("answer", json!({ "policy": null }), sends("statement to auth")), auth("admit", none(), finished("admitted", "alice")),
              asks_for("first"), answer("first", "1"), log_out(json!({ "sends": "logout to auth", "logged_out": { "account": "alice", "cause": 1 } })),
              asks_for("second"), through_data(answer("second", "2"))]),
        positive("device.data.lost", "the transport of the channel for data breaks").why("A payment that is sent twice is paid twice.").requires(&["DATA-8"]).needs(&["data"]).turns(&data)
            .turns(&[asks_for("first"), network("lose_data", none(), json!({ "data": lost(&["first"]) })), refused("second", 704)]),
        positive("device.data.open-again", "a channel for data is opened in place of another").why("A payment that is sent twice is paid twice.").requires(&["DATA-8"]).needs(&["data"]).turns(&data)
            .turns(&[asks_for("first"), user("open_data", none(), sends("hello to auth")), auth("answer", json!({ "policy": null }), sends("statement to auth")),
              auth("admit", none(), json!({ "finished": { "outcome": "admitted", "account": "alice" }, "data": lost(&["first"]) })), asks_for("second"), through_data(answer("second", "2"))]),
        positive("device.data.without-factor", "a channel for data where no factor is asked for").why(why).requires(&["DATA-1"]).needs(&["data"]).turns(&data[..2])
            .turns(&[auth("answer", json!({ "policy": null }), sends("statement to auth")), auth("admit", none(), finished("admitted", "alice")), asks_for("first"), through_data(answer("first", "42"))]),
        positive("device.data.waiting", "requests are made while the channel is being opened").why(why).requires(&["DATA-8", "DATA-10"]).needs(&["data"]).turns(&data[..5])
            .turns(&[after_login("first", none()), after_login("second", none()), user("cancel_data", json!({ "request": "second" }), json!({ "data": { "second": "cancelled" } }))])
            .turns(&data[5..7]).turns(&[auth("admit", none(), json!({ "sends": "data_request to auth", "finished": { "outcome": "admitted", "account": "alice" } })), through_data(answer("first", "1"))]),
    ];
    group.cases.extend(positives);
    let but = |base: &Case, id: &str, change: &str, requirement: &str, kills: &str| {
        base.but(&format!("device.data.{id}"), change)
            .requires(&[requirement])
            .kills(kills)
    };
    let gap = |names: &[&str]| json!({ "data": lost(names) });
    #[rustfmt::skip]
    group.cases.extend([
        but(&base, "unknown", "the answer is to a request that nobody made", "DATA-5", "device.data-known").turns(&app)
            .turns(&[asks_for("first"), auth("say", json!({ "through": "app", "message": "83183218634161" }), none()), answer("first", "42")]),
        but(&base, "unknown-error", "the error is of a request that nobody made", "DATA-5", "device.data-known").turns(&app)
            .turns(&[asks_for("first"), auth("say", json!({ "through": "app", "message": "831833186319 02bf".replace(' ', "") }), none()), answer("first", "42")]),
        but(&base, "answered-twice", "the answer comes twice", "DATA-5", "device.data-once").turns(&app).turns(&[asks_for("first"), answer("first", "42"), ignored("first")]),
        but(&base, "error-after-answer", "an error follows the answer", "DATA-8", "device.data-once").turns(&app).turns(&[asks_for("first"), answer("first", "42"), auth("data_error", none(), none())]),
        but(&base, "answer-after-error", "an answer follows the error", "DATA-8", "device.data-once").turns(&app).turns(&[asks_for("first"), fails("first", 703), ignored("first")]),
        but(&base, "answer-after-cancel", "the answer comes after the app has cancelled", "DATA-8", "device.data-once").turns(&app).turns(&[asks_for("first"), cancels("first"), ignored("first")]),
        but(&base, "cancelled-late", "the app cancels after the answer", "DATA-5", "device.data-once").turns(&app).turns(&[asks_for("first"), answer("first", "42"), user("cancel_data", none(), none())]),
        but(&base, "cancelled-twice", "the app cancels twice", "DATA-5", "device.data-once").turns(&app).turns(&[asks_for("first"), cancels("first"), user("cancel_data", none(), none())]),
        but(&base, "too-large", "the answer is over its limit", "DATA-7", "limit.data").turns(&app).turns(&[asks_for("first"), asks_for("second"),
            auth("data_answer", json!({ "payload_length": 1_048_577 }), json!({ "data": { "first": { "error": 106 } } })), answer("second", "2")]),
        but(&base, "request-too-large", "the request is over its limit", "DATA-2", "limit.data").turns(&app)
            .turns(&[user("get_data", json!({ "payload_length": 1_048_577 }), json!({ "data": { "first": { "error": 106 } } })), asks_for("second"), answer("second", "2")]),
        but(&base, "gap", "a record is lost before the answer", "DATA-8", "channel.order").turns(&app)
            .turns(&[asks_for("first"), auth("skip", json!({ "through": "app" }), none()), auth("data_answer", none(), gap(&["first"]))]),
        but(&base, "without-channel", "there is no channel, and the user would have to be asked for one", "DATA-10", "device.data-never-asks").turns(&[enrolled(), refused("first", 704), has(&["alice"])]),
        but(&base, "unknown-server", "the app asks at a server where it has no account", "DATA-10", "device.data-of-its-server").turns(&app)
            .turns(&[user("get_data", json!({ "server": "shop" }), json!({ "data": { "first": { "error": 704 } } })), asks_for("second"), answer("second", "2")]),
        but(&base, "after-log-out", "the app asks after it has logged out", "DATA-10", "device.app-session-erased").turns(&app)
            .turns(&[log_out(json!({ "sends": "logout to auth", "logged_out": { "account": "alice", "cause": 1 } })), refused("first", 704)]),
        but(&base, "answer-after-log-out", "the answer comes after the app has logged out", "APP-7", "device.app-session-erased").turns(&app)
            .turns(&[asks_for("first"), log_out(ended(&["first"])), auth("data_answer", none(), rejected(212))]),
        but(&base, "answer-trailing", "a byte follows the answer", "ENC-8", "cbor.trailing").turns(&app)
            .turns(&[asks_for("first"), auth("data_answer", json!({ "spoil": { "at": "reply", "append": "00" } }), rejected(104)), answer("first", "42")]),
        but(&base, "answer-short", "the answer lacks its payload", "ENC-12", "cbor.structure").turns(&app)
            .turns(&[asks_for("first"), auth("data_answer", json!({ "spoil": { "at": "reply", "path": [2], "remove": true } }), rejected(107)), answer("first", "42")]),
        but(&own, "ping", "a ping comes through a channel for data", "HS-4", "device.message-due").turns(&data)
            .turns(&[auth("say", json!({ "through": "data", "message": "811819" }), rejected(212)), asks_for("first"), through_data(answer("first", "42"))]),
    ]);
    let at_offer = 2;
    let at_admit = 7;
    #[rustfmt::skip]
    let rows = [
        row("announce", "there is announce info", at_offer, json!({ "announce": { "title": "x" } }), 107, "DATA-1", "device.entry-offer"),
        row("preselected", "an account is pre-selected", at_offer, json!({ "account": "alice" }), 107, "DATA-1", "device.entry-offer"),
        row("voucher", "there is a voucher", at_offer, json!({ "voucher": true }), 107, "DATA-1", "device.entry-offer"),
        row("another-account", "another account is admitted", at_admit, json!({ "account": "stranger" }), 107, "DEV-14", "device.settled-as-signed"),
        row("admitted-trailing", "a byte follows what admits", at_admit, json!({ "spoil": { "at": "reply", "append": "00" } }), 104, "ENC-8", "cbor.trailing"),
        row("admitted-no-level", "the level is not registered", at_admit, json!({ "spoil": { "at": "reply", "path": [3], "replace": "03" } }), 107, "ENC-12", "cbor.structure"),
    ];
    for row in rows {
        group
            .cases
            .push(row.case(&own, "data", why).does(refused("first", 704)));
    }
    group.cases.insert(0, base);
    group
}
