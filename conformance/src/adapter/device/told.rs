//! What the app is told, as the adapter protocol writes it.

use countersign::cbor;
use countersign::device::data::{Completed, Completion};
use countersign::device::{
    AccountName, Event, FactorContext, FactorNews, FactorResult, News, Outcome, SecondFactor,
    UpgradeProgress,
};
use countersign::messages::handshake::Announce;
use countersign_vectors::case::Object;
use serde_json::{Value, json};

/// An event with its fields; what is absent is left out.
pub(super) fn event(event: &Event) -> Object {
    let mut told = object(match event {
        Event::ConfirmLogin(asked) => json!({
            "event": "confirm_login",
            "server": hex::encode(asked.server.0),
            "accounts": accounts(&asked.accounts),
            "account": asked.preselected.map(|account| hex::encode(account.0)),
            "announce": announce(asked.announce.as_ref()),
        }),
        Event::ConfirmEnrol(asked) => json!({
            "event": "confirm_enrol",
            "server": hex::encode(asked.server.0),
            "accounts": accounts(&asked.accounts),
            "announce": announce(asked.announce.as_ref()),
            "parameters_hash": hex::encode(asked.parameters.0),
        }),
        Event::ConfirmAction(asked) => json!({
            "event": "confirm_action",
            "server": hex::encode(asked.server.0),
            "account": hex::encode(asked.account.id.0),
            "user_name": asked.account.user_name,
            "action_code": asked.code,
            "announce": announce(Some(&asked.shown)),
            "expiry": asked.expiry.0,
            "number_choices": asked.choices,
            "user_authentication": asked.user_authentication,
            "second_factor": asked.second_factor,
        }),
        Event::SecondFactor(asked) => second_factor(asked),
        Event::Factors(told) => factors(told),
        Event::Upgrade(progress) => json!({
            "event": "upgrade",
            "progress": match progress {
                UpgradeProgress::KeyNeeded { .. } => "key_needed",
                UpgradeProgress::Processing => "processing",
            },
        }),
        Event::PromptCancelled => json!({ "event": "prompt_cancelled" }),
        Event::Finished(outcome) => finished(outcome),
        Event::KeyNeeded { server } => json!({
            "event": "key_needed",
            "server": hex::encode(server.0),
        }),
        Event::LoggedOut(out) => json!({
            "event": "logged_out",
            "server": hex::encode(out.server.0),
            "account": hex::encode(out.account.0),
            "cause": out.cause.number(),
        }),
        Event::Data(completed) => data(completed),
    });
    told.retain(|_, value| !value.is_null());
    told
}

fn second_factor(asked: &SecondFactor) -> Value {
    json!({
        "event": "second_factor",
        "context": match asked.context {
            FactorContext::Verify => "verify",
            FactorContext::FirstSet => "first_set",
            FactorContext::BiometricsAdd => "biometrics_add",
            FactorContext::BiometricsRemove => "biometrics_remove",
            FactorContext::PinChangeVerify => "pin_change_verify",
            FactorContext::PinChangeSet => "pin_change_set",
        },
        "max_attempts": asked.attempts.max,
        "failed_attempts": asked.attempts.failed,
        "show_biometrics": asked.show_biometrics,
        "result": match asked.result {
            FactorResult::Failed => "failed",
            FactorResult::Success => "success",
            FactorResult::Error => "error",
        },
        "retry": asked.retry,
        "blocked": asked.attempts.blocked(),
        "stopped": asked.stopped,
        "session": asked.session.map(|session| hex::encode(session.0)),
    })
}

fn factors(told: &FactorNews) -> Value {
    json!({
        "event": "factors",
        "server": hex::encode(told.server.0),
        "news": match told.news {
            News::NewPin => "new_pin",
            News::OldPin => "old_pin",
            News::BiometricsAdded => "biometrics_added",
            News::BiometricsGone => "biometrics_gone",
        },
    })
}

fn data(completed: &Completed) -> Value {
    let with = |word: &str| json!({ "event": "data", "request": completed.id, "with": word });
    match &completed.with {
        Completion::Data(payload) => json!({
            "event": "data",
            "request": completed.id,
            "with": "data",
            "payload": hex::encode(&**payload),
        }),
        Completion::Error(code) => json!({
            "event": "data",
            "request": completed.id,
            "with": "error",
            "code": code.number(),
        }),
        Completion::Cancelled => with("cancelled"),
        Completion::OutcomeUnknown => with("outcome_unknown"),
    }
}

fn finished(outcome: &Outcome) -> Value {
    let with = |word: &str, account: &AccountName| {
        json!({
            "event": "finished",
            "outcome": word,
            "account": hex::encode(account.id.0),
            "user_name": account.user_name,
        })
    };
    match outcome {
        Outcome::Confirmed(account) => with("confirmed", account),
        Outcome::Enrolled(account) => with("enrolled", account),
        Outcome::LoggedIn(account) => with("logged_in", account),
        Outcome::Admitted(account) => with("admitted", account),
        Outcome::Upgraded(account) => with("upgraded", account),
        Outcome::Rotated(account) => with("rotated", account),
        Outcome::Deleted(account) => with("deleted", account),
        Outcome::Approved(token) => json!({
            "event": "finished",
            "outcome": "approved",
            "token": hex::encode(token.as_bytes()),
        }),
        Outcome::Rejected => json!({ "event": "finished", "outcome": "rejected" }),
        Outcome::Declined { .. } => json!({ "event": "finished", "outcome": "declined" }),
        Outcome::Managed => json!({ "event": "finished", "outcome": "managed" }),
        Outcome::Failed(code) => {
            json!({ "event": "finished", "outcome": "failed", "code": code.number() })
        }
    }
}

fn accounts(names: &[AccountName]) -> Vec<Value> {
    names
        .iter()
        .map(|name| json!({ "account": hex::encode(name.id.0), "user_name": name.user_name }))
        .collect()
}

fn announce(announce: Option<&Announce>) -> Option<String> {
    // What was decoded encodes.
    announce.map(|announce| hex::encode(cbor::to_vec(announce).unwrap_or_default()))
}

fn object(value: Value) -> Object {
    serde_json::from_value(value).unwrap_or_default()
}
