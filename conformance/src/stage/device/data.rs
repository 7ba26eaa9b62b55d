//! Data requests, and what becomes of them (protocol.md, section 13).
//!
//! | who | does | with |
//! |---|---|---|
//! | user | get_data | `as`: its name, `server`, `payload`: text, or `payload_length`; `key`: has an idempotency key |
//! | user | cancel_data | `request`: its name |
//! | auth | data_answer | `request`, `payload` or `payload_length`, `through` |
//! | auth | data_error | `request`, `error`, `through` |
//!
//! The stage verifies that a request is what the app asked for, that ids rise (DATA-3), that nothing is sent twice, and
//! that each request completes once (DATA-8).

use std::collections::BTreeMap;

use countersign::messages::data::{DataAnswer, DataCancel, DataError, DataRequest};
use countersign::values::{Bytes, IdempotencyKey, Type};
use countersign_vectors::case::{Actor, Object, Turn};
use serde_json::{Value, json};

use super::exchange::Party;
use super::resident::Way;
use super::{BANK, Scene, same, undecided, wrong};
use crate::outcome::Stop;
use crate::peer::spoiler::Spoiler;
use crate::session::{Answer, Session};
use crate::stage::judge::Came;
use crate::stage::with::With;

/// The request of a turn that names none.
const FIRST: &str = "first";
/// Longer payloads are reported by their length.
const SHOWN_BYTES: usize = 64;

/// The requests of a case, by name.
#[derive(Default)]
pub(super) struct Requests(BTreeMap<String, Asked>);

/// One request.
struct Asked {
    payload: Vec<u8>,
    key: Option<IdempotencyKey>,
    /// What the app calls it; not known before the device has answered.
    app: Value,
    /// Its id in the channel, once it was sent.
    id: Option<u64>,
    /// The answer that the server gave.
    answer: Option<Vec<u8>>,
    is_complete: bool,
}

impl Scene {
    /// The turns of this module.
    pub(super) fn serve_data(
        &mut self,
        turn: &Turn,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let with = |words: &[&str]| With::of(turn, words);
        match (turn.actor, turn.action.as_str()) {
            (Actor::User, "get_data") => {
                let words = ["as", "server", "payload", "payload_length", "key"];
                self.get_data(with(&words)?, session)
            }
            (Actor::User, "cancel_data") => {
                let name = with(&["request"])?.text("request")?.unwrap_or(FIRST);
                let request = self.asked(name)?.app.clone();
                self.step("cancel_data", json!({ "request": request }), session)
            }
            (Actor::Auth, "data_answer") => {
                let words = ["request", "payload", "payload_length", "through", "spoil"];
                let with = with(&words)?;
                let payload = payload(with)?;
                let asked = self.asked(with.text("request")?.unwrap_or(FIRST))?;
                asked.answer = Some(payload.clone());
                let answer = DataAnswer {
                    ty: Type,
                    id: asked.id.unwrap_or(u64::MAX),
                    payload: Bytes(payload),
                };
                self.says(&answer, with, spoiler, session)
            }
            (Actor::Auth, "data_error") => {
                let with = with(&["request", "error", "through", "spoil"])?;
                let asked = self.asked(with.text("request")?.unwrap_or(FIRST))?;
                let error = DataError {
                    ty: Type,
                    id: asked.id.unwrap_or(u64::MAX),
                    error: with.number("error")?.unwrap_or(703),
                };
                self.says(&error, with, spoiler, session)
            }
            (actor, action) => Err(undecided(format!(
                "{actor:?} cannot {action} on the device's stage"
            ))),
        }
    }

    fn says(
        &mut self,
        message: &impl serde::Serialize,
        with: With<'_>,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let frame = match with.has("through") {
            true => self.channel(Party::Auth, with)?,
            false => self.channel_of(Way::App)?,
        }
        .say(message, spoiler)?;
        self.deliver(Party::Auth, frame, session)
    }

    fn get_data(&mut self, with: With<'_>, session: &mut Session<'_, '_>) -> Result<Came, Stop> {
        let name = with.text("as")?.unwrap_or(FIRST).to_owned();
        let server = self.server(with.text("server")?.unwrap_or(BANK), session);
        let payload = payload(with)?;
        let key = with
            .flag("key")?
            .then(|| IdempotencyKey(session.entropy(&format!("key of {name}"))));
        let mut args = json!({
            "server": hex::encode(server.id.0),
            "payload": hex::encode(&payload),
        });
        if let Some(key) = key {
            args["idempotency_key"] = hex::encode(key.0).into();
        }
        let answer = self.ask("get_data", None, args, session)?;
        if let Answer::Done { values, .. } = &answer {
            let app = values.get("request").cloned().unwrap_or_default();
            if app.is_null() || self.requests.0.values().any(|other| other.app == app) {
                return Err(wrong("a name of its own for each request", &app));
            }
            let asked = Asked {
                payload,
                key,
                app,
                id: None,
                answer: None,
                is_complete: false,
            };
            self.requests.0.insert(name, asked);
        }
        self.take(answer)
    }

    /// The device asks the data service.
    pub(super) fn requested(
        &mut self,
        way: Way,
        request: &DataRequest,
    ) -> Result<&'static str, Stop> {
        let Some(standing) = self.standing.get_mut(&way) else {
            return Err(undecided("there is no such channel"));
        };
        if standing.last_request.is_some_and(|last| request.id <= last) {
            return Err(wrong("an id above all before (DATA-3)", &request.id));
        }
        standing.last_request = Some(request.id);
        let mut waiting = self.requests.0.values_mut();
        let is_meant = |asked: &&mut Asked| {
            asked.id.is_none()
                && !asked.is_complete
                && asked.payload == request.payload.0
                && asked.key == request.idempotency_key
        };
        let asked = waiting
            .find(is_meant)
            .ok_or_else(|| wrong("what the app asked for, once (DATA-8)", &request.id))?;
        asked.id = Some(request.id);
        Ok("data_request")
    }

    /// The device does not want an answer any more.
    pub(super) fn cancelled(&mut self, cancel: &DataCancel) -> Result<&'static str, Stop> {
        let mut all = self.requests.0.values();
        match all.any(|asked| asked.id == Some(cancel.id) && !asked.is_complete) {
            true => Ok("data_cancel"),
            false => Err(wrong("no cancel but for an open request", &cancel.id)),
        }
    }

    /// A request is complete: adds to the facts under `data` what became of it, by its name.
    pub(super) fn completed(&mut self, event: &Object, facts: &mut Object) -> Result<(), Stop> {
        let field = |name: &str| event.get(name).cloned().unwrap_or_default();
        let request = field("request");
        let mut all = self.requests.0.iter_mut();
        let Some((name, asked)) = all.find(|(_, asked)| asked.app == request) else {
            return Err(wrong("a request of the app", event));
        };
        if asked.is_complete {
            return Err(wrong("one completion of each request (DATA-8)", event));
        }
        asked.is_complete = true;
        let came = match field("with").as_str() {
            Some("data") => {
                let answer = asked.answer.as_ref().map(hex::encode);
                let payload = field("payload");
                same("the payload", &answer.as_deref(), &payload.as_str())?;
                json!({ "payload": shown(asked.answer.as_deref().unwrap_or_default()) })
            }
            Some("error") => json!({ "error": field("code") }),
            _ => field("with"),
        };
        let told = facts.entry("data").or_insert_with(|| json!({}));
        told[name.as_str()] = came;
        Ok(())
    }

    fn asked(&mut self, name: &str) -> Result<&mut Asked, Stop> {
        let asked = self.requests.0.get_mut(name);
        asked.ok_or_else(|| undecided(format!("no request is called {name}")))
    }
}

fn payload(with: With<'_>) -> Result<Vec<u8>, Stop> {
    match with.number("payload_length")? {
        Some(length) => Ok(vec![b'x'; length]),
        None => Ok(with.text("payload")?.unwrap_or("balance?").into()),
    }
}

fn shown(payload: &[u8]) -> Value {
    match payload.len() {
        ..=SHOWN_BYTES => String::from_utf8_lossy(payload).into(),
        more => more.into(),
    }
}
