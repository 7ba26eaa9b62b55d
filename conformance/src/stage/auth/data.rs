//! Data requests: the device's side of a channel, and the data service behind the server.
//!
//! | actor | turn | with | facts |
//! |---|---|---|---|
//! | device | `request` | `on`, `id`, `key`, `payload` or `payload_bytes`, `spoil` | `forwarded`: the id; `level` |
//! | device | `cancel` | `on`, `id`, `spoil` | `cancelled`: whether the service was told |
//! | backend | `answer` | `on`, `id`, `payload` or `payload_bytes` | |
//! | backend | `fail` | `on`, `id` | |
//!
//! The stage checks that the service is told the account, the device, the idempotency key and
//! the very payload (DATA-9).

use countersign::messages::data::{DataCancel, DataRequest};
use countersign::values::{Bytes, IdempotencyKey, Type};
use countersign_vectors::case::{Object, Turn};
use serde_json::{Value, json};

use super::channel::{Reply, encode};
use super::{World, on};
use crate::outcome::Stop;
use crate::peer::spoiler::Spoiler;
use crate::session::Session;
use crate::stage::judge::{Came, same, wrong};
use crate::stage::with::With;

impl World {
    /// A device asks the data service, or does not wait any more.
    pub(super) fn ask_data(
        &mut self,
        action: &str,
        turn: &Turn,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let words = ["on", "id", "key", "payload", "payload_bytes", "spoil"];
        let with = With::of(turn, &words)?;
        let on = on(with, &self.last)?.to_owned();
        let id = with.uint("id")?.unwrap_or_default();
        if action == "cancel" {
            let cancel = encode(&DataCancel { ty: Type, id })?;
            return match self.say(&on, cancel, spoiler, session)? {
                Reply::Done(None) => self.cancelled(id),
                Reply::Done(Some(more)) => Err(wrong("no answer", &hex::encode(more))),
                Reply::Refused(came) => Ok(came),
            };
        }
        let key = match with.bytes("key")? {
            None => None,
            Some(bytes) => Some(IdempotencyKey(bytes.try_into().map_err(|_| {
                Stop::Undecided("an idempotency key has 16 bytes".to_owned())
            })?)),
        };
        let request = DataRequest {
            ty: Type,
            id,
            idempotency_key: key,
            payload: payload(with)?,
        };
        match self.say(&on, encode(&request)?, spoiler, session)? {
            Reply::Done(None) => self.forwarded(&on, &request),
            Reply::Done(Some(more)) => Err(wrong("no answer yet", &hex::encode(more))),
            Reply::Refused(came) => {
                self.nothing_forwarded()?;
                Ok(came)
            }
        }
    }

    /// DATA-9: what the service was told.
    fn forwarded(&mut self, on: &str, request: &DataRequest) -> Result<Came, Stop> {
        let Some(mut event) = self.events.pop() else {
            return Ok(Came::nothing());
        };
        let level = event.remove("level");
        let account = self.account_of(on)?;
        let connection = self.connection(on)?;
        let channel = hex::encode(connection.c_r.as_bytes());
        let device = connection.device.clone();
        let expected = json!({
            "event": "data_request",
            "channel": channel,
            "request_id": request.id,
            "account": hex::encode(account.0),
            "device": hex::encode(self.device(&device)?.key.public().kid().0),
            "idempotency_key": request.idempotency_key.map(|key| hex::encode(key.0)),
            "payload": hex::encode(&request.payload.0),
        });
        same(
            "what the data service is told",
            &expected,
            &Value::Object(event),
        )?;
        Ok(Came::with(
            json!({ "forwarded": request.id, "level": level }),
        ))
    }

    fn cancelled(&mut self, id: u64) -> Result<Came, Stop> {
        let event = self.events.pop();
        if let Some(event) = &event {
            let told = event.get("request_id").and_then(Value::as_u64);
            same("the request that is cancelled", &Some(id), &told)?;
        }
        Ok(Came::with(json!({ "cancelled": event.is_some() })))
    }

    fn nothing_forwarded(&self) -> Result<(), Stop> {
        let is_request =
            |event: &&Object| event.get("event").and_then(Value::as_str) == Some("data_request");
        let forwarded = self.events.iter().filter(is_request).count();
        same("requests that were refused and forwarded", &0, &forwarded)
    }

    /// The data service answers, or fails.
    pub(super) fn serve_data(
        &mut self,
        action: &str,
        turn: &Turn,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let with = With::of(turn, &["on", "id", "payload", "payload_bytes"])?;
        let on = on(with, &self.last)?.to_owned();
        let mut args = json!({
            "channel": hex::encode(self.connection(&on)?.c_r.as_bytes()),
            "request_id": with.uint("id")?.unwrap_or_default(),
        });
        if action == "fail" {
            return self.order("data.fail", args, session);
        }
        args["payload"] = hex::encode(&payload(with)?.0).into();
        self.order("data.answer", args, session)
    }
}

/// The payload of a turn: so many bytes, or these.
fn payload(with: With<'_>) -> Result<Bytes, Stop> {
    match with.number("payload_bytes")? {
        Some(length) => Ok(Bytes(vec![0x5a; length])),
        None => Ok(Bytes(with.bytes("payload")?.unwrap_or_default())),
    }
}
