//! What the app is told, verified and in the words of the cases.

use countersign::cbor;
use countersign::registry::Purpose;
use countersign_vectors::case::Object;
use serde_json::{Value, json};

use super::{Scene, same, undecided, wrong};
use crate::outcome::Stop;

/// The fields of `second_factor` that a case expects.
const SECOND_FACTOR: [&str; 7] = [
    "context",
    "max_attempts",
    "failed_attempts",
    "result",
    "retry",
    "blocked",
    "stopped",
];

impl Scene {
    /// An event's name, and its fields in the words of the cases.
    pub(super) fn told(&mut self, event: &Object) -> Result<(String, Value), Stop> {
        let name = event
            .get("event")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let told = match name {
            "confirm_login" | "confirm_enrol" => self.confirmation(name, event)?,
            "second_factor" => self.second_factor(event)?,
            "finished" => self.finished(event)?,
            "factors" => self.factors(event)?,
            "logged_out" => self.logged_out(event)?,
            _ => return Err(wrong("an event", event)),
        };
        Ok((name.to_owned(), told))
    }

    fn confirmation(&mut self, name: &str, event: &Object) -> Result<Value, Stop> {
        let flow = self.flow()?;
        let purpose = match name {
            "confirm_login" => Purpose::Login,
            _ => Purpose::Enrol,
        };
        same("the purpose", &flow.purpose, &purpose)?;
        let (server, offered) = (
            flow.server.clone(),
            flow.offer.as_ref().and_then(|offer| offer.announce.clone()),
        );
        let server = &self.servers[&server];
        let is = |field: &str, expected: &[u8]| {
            let expected = Some(hex::encode(expected));
            same(
                field,
                &expected.as_deref(),
                &event.get(field).and_then(Value::as_str),
            )
        };
        is("server", &server.id.0)?;
        if purpose == Purpose::Enrol {
            is("parameters_hash", &server.hash()?.0)?;
        }
        let mut told = json!({});
        match (offered, event.get("announce")) {
            (Some(offered), Some(_)) => {
                is("announce", &cbor::to_vec(&offered).map_err(undecided)?)?;
                told["announce"] = "as offered".into();
            }
            (None, None | Some(Value::Null)) => {}
            (Some(_), None) => {}
            (None, other) => return Err(wrong("no announce info", &other)),
        }
        let mut names = Vec::new();
        let accounts = event.get("accounts").and_then(Value::as_array);
        for account in accounts.into_iter().flatten() {
            names.push(self.named(account)?);
        }
        names.sort();
        told["accounts"] = names.into();
        if let Some(Value::String(_)) = event.get("account") {
            told["account"] = self.name_of(&event["account"])?.into();
        }
        Ok(told)
    }

    fn second_factor(&mut self, event: &Object) -> Result<Value, Stop> {
        let session = self.flow()?.session.map(|session| hex::encode(session.0));
        same(
            "the session",
            &session.as_deref(),
            &event.get("session").and_then(Value::as_str),
        )?;
        let mut told = Object::new();
        for field in SECOND_FACTOR {
            told.insert(
                field.to_owned(),
                event.get(field).cloned().unwrap_or_default(),
            );
        }
        Ok(Value::Object(told))
    }

    /// The end of the interaction. A new account is the device's from now on.
    fn finished(&mut self, event: &Object) -> Result<Value, Stop> {
        self.flow()?;
        self.flow = None;
        let mut told = json!({ "outcome": event.get("outcome") });
        if let Some(code) = event.get("code") {
            told["code"] = code.clone();
        }
        if event.contains_key("account") {
            let name = self.named(&Value::Object(event.clone()))?;
            if let Some(account) = self.accounts.get_mut(&name) {
                account.is_known = true;
            }
            told["account"] = name.into();
        }
        Ok(told)
    }

    /// The name of an account that the device speaks of, by id and user name.
    pub(super) fn named(&self, account: &Value) -> Result<String, Stop> {
        let name = self.name_of(&account["account"])?;
        same(
            "the user name",
            &Some(name.as_str()),
            &account["user_name"].as_str(),
        )?;
        Ok(name)
    }

    pub(super) fn name_of(&self, id: &Value) -> Result<String, Stop> {
        let is = |bytes: &[u8; 16]| id.as_str() == Some(hex::encode(bytes).as_str());
        self.accounts
            .iter()
            .find(|(_, account)| is(&account.id.0))
            .map(|(name, _)| name.clone())
            .ok_or_else(|| wrong("an account's id", id))
    }
}
