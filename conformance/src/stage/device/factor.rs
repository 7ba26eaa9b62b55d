//! The factor server of a case: what it verifies, and what it answers.

use countersign::cbor::{self, DecodeError};
use countersign::cose::{self, Statement as _};
use countersign::crypto::{P256, PublicKey, sha256};
use countersign::edhoc::IdCred;
use countersign::messages::BindInput;
use countersign::messages::factor::{
    AskStatus, Assertion, Create, FactorKey, FactorProof, RecordStatus, Status, Verdict, Verify,
    assertion_id, pseudonym,
};
use countersign::messages::handshake::Statement;
use countersign::registry::{Decision, Factor, Purpose, limit, message_type as ty};
use countersign::values::{Bind, Bytes, Digest, RecordId, Type};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::exchange::{Line, Party};
use super::{Scene, same, undecided, wrong};
use crate::outcome::Stop;
use crate::peer::sign1::{ESP256, sign1};
use crate::peer::spoiler::Spoiler;
use crate::session::Session;
use crate::stage::judge::Came;
use crate::stage::with::With;

/// The words of a [`status`](Scene::status) turn.
pub(super) const STATUS: &[&str] = &[
    "record",
    "store_epoch",
    "max_attempts",
    "generation",
    "request_number",
    "failed_attempts",
    "blocked",
    "lost",
    "spoil",
];
/// The words of a [`verdict`](Scene::verdict) turn.
pub(super) const VERDICT: &[&str] = &[
    "outcome",
    "request_number",
    "failed_attempts",
    "max_attempts",
    "blocked",
    "assertion",
    "lost",
    "spoil",
];
/// Wrong PINs until a record is blocked, and the epoch of the store, where turns say nothing else.
const MAX_ATTEMPTS: u32 = 3;
const STORE_EPOCH: u32 = 1;
const FIRST_GENERATION: u32 = 1;

/// A device's record.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) generation: u32,
    pub(super) pin_key: PublicKey,
    /// The PIN that made the key; only the stage knows it.
    pub(super) pin: String,
    pub(super) failed_attempts: u32,
    /// The last request that was answered, and how.
    pub(super) answered: Option<(u64, u16)>,
    /// The last VERIFY that the device sent (FAC-7).
    pub(super) last: Option<Verify>,
}

/// A request that waits for its answer.
#[derive(Clone, Debug)]
pub(super) enum Pending {
    Create(Record),
    SetPin(Record),
    Verify { request: Verify, is_right: bool },
}

impl Scene {
    /// Verifies a message_3 to the factor server: by value, with the one key that the device has there.
    pub(super) fn claim(&mut self, frame: &[u8]) -> Result<&'static str, Stop> {
        let auth = self.flow()?.server.clone();
        let keeper = self.factor_server_of(&auth)?;
        let flow = self.flow()?;
        let Some(Line::Waiting(_, waiting)) = flow.lines.remove(&Party::Factor) else {
            return Err(wrong("no message_3 now", &"one"));
        };
        let (talking, claimed) = waiting.claimed(frame, |id_cred| match id_cred {
            IdCred::Value(credential) if credential.subject.is_none() => Ok(credential.clone()),
            other => Err(wrong("a credential by value (CRED-2)", other)),
        })?;
        let key = claimed.credential.key;
        // What was not answered in the channel before has never arrived.
        if matches!(flow.pending, Some(Pending::SetPin(_))) {
            flow.pending = None;
        }
        flow.lines.insert(Party::Factor, Line::Talking(talking));
        flow.record = Some(RecordId(key.kid().0));
        same(
            "EAD_3",
            &Statement::bare(Purpose::Factor),
            &claimed.statement,
        )?;
        let known = *self.registered.entry(keeper).or_insert(key);
        same("K_dsf", &known, &key)?;
        if self.accounts.values().any(|account| account.key == key) {
            return Err(wrong("a key of one role (KEY-1)", &key));
        }
        Ok("claim")
    }

    /// Verifies a request to the factor server.
    pub(super) fn request(&mut self, content: &[u8]) -> Result<&'static str, Stop> {
        match cbor::peek_type(content) {
            Ok(ty::CREATE) => self.create(decode(content)?),
            Ok(ty::VERIFY) => self.verify(decode(content)?),
            Ok(ty::SET_PIN) => self.set_pin(&decode(content)?),
            Ok(ty::ASK_STATUS) => decode::<AskStatus>(content).map(|_| "ask_status"),
            other => Err(wrong("a request", &other)),
        }
    }

    fn create(&mut self, create: Create) -> Result<&'static str, Stop> {
        let binding = self.talking(Party::Factor)?.binding();
        let flow = self.flow()?;
        let (Some(record), Some(pin)) = (flow.record, flow.pin.clone()) else {
            return Err(wrong("no CREATE before the PIN", &create));
        };
        let voucher = flow.offer.as_ref().and_then(|offer| offer.voucher.clone());
        same("the voucher", &voucher, &Some(create.voucher.clone()))?;
        let key = FactorKey {
            record,
            generation: FIRST_GENERATION,
            key: create.pin_key,
            channel: binding,
        };
        cose::verify_detached(key, &(), &create.pin_key, &create.possession, &P256)
            .map_err(|error| wrong("a proof of possession", &error))?;
        flow.pending = Some(Pending::Create(Record {
            generation: FIRST_GENERATION,
            pin_key: create.pin_key,
            pin,
            failed_attempts: 0,
            answered: None,
            last: None,
        }));
        Ok("create")
    }

    fn verify(&mut self, verify: Verify) -> Result<&'static str, Stop> {
        let bind = self.bind()?;
        let auth = self.flow()?.server.clone();
        let audience = match self.flow()?.purpose {
            Purpose::PinChange => self.servers[&self.factor_server_of(&auth)?].id,
            _ => self.servers[&auth].id,
        };
        let flow = self.flow()?;
        let (purpose, (store_epoch, generation)) = (flow.purpose, flow.status);
        let (entered, id) = (flow.pin.take(), flow.record);
        let Some((id, record)) = id.and_then(|id| Some((id, self.records.get_mut(&id)?))) else {
            return Err(wrong("no VERIFY without a record", &verify));
        };
        let is_repeated = record.last.as_ref() == Some(&verify);
        let last = record.last.as_ref().map_or(0, |last| last.request_number);
        if !is_repeated && verify.request_number <= last {
            let expected = format!("a request number above {last} (FAC-7)");
            return Err(wrong(&expected, &verify.request_number));
        }
        let expected = Verify {
            ty: Type,
            request_number: verify.request_number,
            store_epoch,
            generation,
            factor: Factor::Pin,
            purpose,
            bind,
            audience,
            proof: verify.proof,
        };
        same("VERIFY", &expected, &verify)?;
        let proof = FactorProof {
            record: id,
            store_epoch,
            generation,
            request_number: verify.request_number,
            purpose,
            bind,
        };
        let verified =
            cose::verify_detached(proof, &(), &record.pin_key, &verify.proof, &P256).is_ok();
        let is_right = match (&entered, is_repeated) {
            (Some(pin), _) => *pin == record.pin,
            (None, true) => verified,
            (None, false) => return Err(wrong("no VERIFY before the PIN", &verify)),
        };
        same("that the PIN's key has signed", &is_right, &verified)?;
        record.last = Some(verify.clone());
        let flow = self.flow()?;
        flow.pending = Some(Pending::Verify {
            request: verify,
            is_right,
        });
        Ok(match is_repeated {
            true => "the same verify",
            false => "verify",
        })
    }

    /// What the factor is given for, computed anew (BND-1).
    fn bind(&mut self) -> Result<Bind, Stop> {
        let auth = self.flow()?.server.clone();
        if self.flow()?.purpose == Purpose::PinChange {
            let keeper = self.servers[&self.factor_server_of(&auth)?].id;
            let channel = self.talking(Party::Factor)?.binding();
            return Ok(BindInput::management(keeper, channel, Purpose::PinChange).bind());
        }
        let server = self.servers[&auth].id;
        let flow = self.flow()?;
        let (purpose, session) = (flow.purpose, flow.session);
        let user_input = flow
            .user_input
            .as_ref()
            .map(|text| Digest(sha256(&[text.as_bytes()])));
        let Some(offer) = &flow.offer else {
            return Err(undecided("there is no offer"));
        };
        let (context, announce) = (
            offer.transcript.0,
            offer.announce.as_ref().map(|it| it.hash()),
        );
        let account = self.signing_account()?;
        let decision = matches!(purpose, Purpose::Login | Purpose::Enrol);
        let input = BindInput {
            server,
            context,
            account,
            purpose,
            session,
            announce,
            user_input,
            decision: decision.then_some(Decision::Confirm),
            intent: None,
        };
        Ok(input.bind())
    }

    /// Says the status. A CREATE that waits is committed first; `record`: false for a device that has none.
    pub(super) fn status(
        &mut self,
        with: With<'_>,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let flow = self.flow()?;
        let Some(id) = flow.record else {
            return Err(undecided("the device has not said who it is"));
        };
        if let Some(Pending::Create(record) | Pending::SetPin(record)) = flow.pending.take() {
            self.records.insert(id, record);
        }
        let max_attempts = with.number("max_attempts")?.unwrap_or(MAX_ATTEMPTS);
        let mut status = Status {
            ty: Type,
            store_epoch: with.number("store_epoch")?.unwrap_or(STORE_EPOCH),
            max_attempts,
            record: None,
        };
        let has_record = with
            .value("record")
            .and_then(Value::as_bool)
            .unwrap_or(true);
        if let (true, Some(record)) = (has_record, self.records.get(&id)) {
            let answered = record.answered.map_or(0, |(number, _)| number);
            let failed_attempts = with
                .number("failed_attempts")?
                .unwrap_or(record.failed_attempts);
            let is_blocked = failed_attempts >= max_attempts;
            status.record = Some(RecordStatus {
                generation: with.number("generation")?.unwrap_or(record.generation),
                request_number: with.uint("request_number")?.unwrap_or(answered),
                failed_attempts,
                blocked: with
                    .value("blocked")
                    .and_then(Value::as_bool)
                    .unwrap_or(is_blocked),
                delay_s: 0,
                biometrics: false,
                pin_needed: true, // no biometric is registered
            });
        }
        let generation = status
            .record
            .as_ref()
            .map_or(FIRST_GENERATION, |it| it.generation);
        self.flow()?.status = (status.store_epoch, generation);
        let frame = self.talking(Party::Factor)?.say(&status, spoiler)?;
        if with.flag("lost")? {
            self.remember(Party::Factor, frame);
            return Ok(Came::nothing());
        }
        self.deliver(Party::Factor, frame, session)
    }

    /// Says what the VERIFY that waits comes to: by default what it is worth, counted once. What is `lost` is committed and not delivered.
    pub(super) fn verdict(
        &mut self,
        with: With<'_>,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let flow = self.flow()?;
        let id = flow.record;
        let Some(Pending::Verify { request, is_right }) = flow.pending.take() else {
            return Err(undecided("there is no VERIFY to judge"));
        };
        let Some(record) = id.and_then(|id| self.records.get_mut(&id)) else {
            return Err(undecided("there is no record"));
        };
        let number = request.request_number;
        if record.answered.is_none_or(|(last, _)| last < number) {
            let outcome = match (record.failed_attempts < MAX_ATTEMPTS, is_right) {
                (false, _) => 411,
                (true, true) => 0,
                (true, false) => 410,
            };
            match outcome {
                0 => record.failed_attempts = 0,
                410 => record.failed_attempts += 1,
                _ => {}
            }
            record.answered = Some((number, outcome));
        }
        let (failed, due) = (
            record.failed_attempts,
            record.answered.map_or(0, |(_, it)| it),
        );
        let outcome = with.number("outcome")?.unwrap_or(due);
        let has_assertion = with.value("assertion").and_then(Value::as_bool);
        let changes = request.purpose == Purpose::PinChange;
        let assertion = match has_assertion.unwrap_or(outcome == 0 && !changes) {
            true => Some(Bytes(self.assertion(&request, spoiler)?)),
            false => None,
        };
        let failed_attempts = with.number("failed_attempts")?.unwrap_or(failed);
        let max_attempts = with.number("max_attempts")?.unwrap_or(MAX_ATTEMPTS);
        let verdict = Verdict {
            ty: Type,
            request_number: with.uint("request_number")?.unwrap_or(number),
            outcome,
            failed_attempts,
            max_attempts,
            blocked: with
                .value("blocked")
                .and_then(Value::as_bool)
                .unwrap_or(failed_attempts >= max_attempts),
            delay_s: 0,
            pin_needed: true,
            assertion: assertion.clone(),
        };
        let frame = self.talking(Party::Factor)?.say(&verdict, spoiler)?;
        if with.flag("lost")? {
            self.remember(Party::Factor, frame);
            return Ok(Came::nothing());
        }
        self.flow()?.assertion = assertion;
        self.deliver(Party::Factor, frame, session)
    }

    fn assertion(&mut self, request: &Verify, spoiler: &Spoiler) -> Result<Vec<u8>, Stop> {
        let flow = self.flow()?;
        let (record, auth) = (
            flow.record.unwrap_or(RecordId([0; 16])),
            flow.server.clone(),
        );
        let keeper = &self.servers[&self.factor_server_of(&auth)?];
        let assertion = Assertion {
            subject: pseudonym(&[0x5f; 32], record, request.audience),
            bind: request.bind,
            factor: request.factor,
            time: self.now,
            purpose: request.purpose,
            expiry: self.now.plus(120),
            id: assertion_id(record, request.request_number),
        };
        let payload = cbor::to_vec(&assertion).map_err(undecided)?;
        let payload = spoiler.at("assertion", payload)?;
        let (key, context) = (&keeper.statement_key, (request.audience, keeper.id));
        sign1(
            Assertion::LABEL,
            &context,
            &payload,
            ESP256,
            key.public().kid(),
            key,
            false,
        )
    }
}

fn decode<T: DeserializeOwned>(content: &[u8]) -> Result<T, Stop> {
    cbor::from_slice(content, limit::FRAME)
        .map_err(|error: DecodeError| wrong("a request", &(error, hex::encode(content))))
}
