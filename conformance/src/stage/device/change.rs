//! Changes of the PIN (protocol.md, sections 8.8 and 9.1): what the device asks of the factor server for them, verified.

use countersign::cose;
use countersign::crypto::P256;
use countersign::messages::factor::{FactorKey, SetPin};
use countersign::registry::Purpose;
use countersign_vectors::case::Object;
use serde_json::{Value, json};

use super::exchange::Party;
use super::factor::{Pending, Record};
use super::{BANK, Flow, KEEPER, Scene, same, wrong};
use crate::outcome::Stop;
use crate::session::{Answer, Session};
use crate::stage::judge::Came;

impl Scene {
    /// The user wants another PIN at the factor server.
    pub(super) fn change_pin(&mut self, session: &mut Session<'_, '_>) -> Result<Came, Stop> {
        self.server(BANK, session);
        let server = self.server(KEEPER, session).id;
        let args = json!({ "server": hex::encode(server.0) });
        let answer = self.ask("change_pin", None, args, session)?;
        if let Answer::Done { .. } = answer {
            self.flow = Some(Flow::new(BANK, String::new(), None, Purpose::PinChange));
        }
        self.take(answer)
    }

    /// Verifies a set-pin: the generation after the record's (CHG-5), and the possession of the new key.
    pub(super) fn set_pin(&mut self, set: &SetPin) -> Result<&'static str, Stop> {
        let channel = self.talking(Party::Factor)?.binding();
        let flow = self.flow()?;
        let (id, entered) = (flow.record, flow.pin.take());
        let Some((id, record)) = id.and_then(|id| Some((id, self.records.get(&id)?.clone())))
        else {
            return Err(wrong("no set-pin without a record", set));
        };
        let Some(pin) = entered else {
            return Err(wrong("no set-pin before the PIN", set));
        };
        same("the generation", &(record.generation + 1), &set.generation)?;
        same("the biometric factor", &None, &set.biometric)?;
        let key = FactorKey {
            record: id,
            generation: set.generation,
            key: set.pin_key,
            channel,
        };
        cose::verify_detached(key, &(), &set.pin_key, &set.possession, &P256)
            .map_err(|error| wrong("a proof of possession", &error))?;
        self.flow()?.pending = Some(Pending::SetPin(Record {
            generation: set.generation,
            pin_key: set.pin_key,
            pin,
            failed_attempts: 0,
            ..record
        }));
        Ok("set_pin")
    }

    /// What the device has learned of its factors.
    pub(super) fn factors(&mut self, event: &Object) -> Result<Value, Stop> {
        let keeper = self.servers.get(KEEPER).map(|it| hex::encode(it.id.0));
        let server = event.get("server").and_then(Value::as_str);
        same("the factor server", &keeper.as_deref(), &server)?;
        Ok(event.get("news").cloned().unwrap_or_default())
    }
}
