//! From message_3 to its answer: statements, right or spoilt.

use countersign::crypto::PublicKey;
use countersign::edhoc::{ConnectionId, Credential};
use countersign::messages::frame::Frame;
use countersign::messages::handshake::{Announce, Statement};
use countersign::registry::{Decision, Purpose};
use countersign::values::{AppSessionId, Digest, Rolling, Transcript};
use countersign_vectors::case::Turn;
use serde_json::Value;

use super::assertion::{Subject, assertion, is_other, registered};
use super::backend::name;
use super::device::Device;
use super::possession::enrolment_proof;
use super::{ALICE, World, on};
use crate::outcome::Stop;
use crate::peer::device::{Greeted, Naming};
use crate::peer::spoiler::Spoiler;
use crate::session::Session;
use crate::stage::judge::Came;
use crate::stage::with::With;

/// The words of a `claim`, which is right where they do not say otherwise.
///
/// | word | meaning |
/// |---|---|
/// | `device`, `on` | whose, on which connection |
/// | `decision` | `confirm`, `decline` or `null`; a login and an enrolment confirm by default |
/// | `purpose`, `counter` | a number |
/// | `announce` | `null`, or `other`: another announce hash |
/// | `user_input`, `user_input_bytes` | a text, or one of that length |
/// | `assertion` | `null`, or an object that says what is wrong with it |
/// | `rolling` | `null`, `previous`, `older` or `other` |
/// | `enrolment_proof` | `true`: there is one; or an object, see [`possession`](super::possession) |
/// | `app_session_proof` | `true`: there is one; or {`of`: a connection, `session`, `transcript`: `other`} |
/// | `naming` | `kid` or `value` |
/// | `credential` | `server`: with a subject; `no point`: its key is none |
/// | `signer` | another device, which signs |
/// | `high_s` | Signature_3 has the higher s |
/// | `to` | message_3 goes to that connection |
/// | `hold` | it is not sent; the network may `deliver` it |
/// | `lost` | the device does not receive the answer |
/// | `spoil` | layers `statement`, `message_3`, `frame_3`, `assertion` (its payload), `signed_assertion` |
pub(super) const CLAIM: &[&str] = &[
    "device",
    "on",
    "decision",
    "purpose",
    "counter",
    "announce",
    "user_input",
    "user_input_bytes",
    "assertion",
    "rolling",
    "enrolment_proof",
    "app_session_proof",
    "naming",
    "credential",
    "signer",
    "high_s",
    "to",
    "hold",
    "lost",
    "spoil",
];

impl World {
    /// From message_3 to its answer. Accepted: what was settled, and whose account it is.
    pub(super) fn claim(
        &mut self,
        with: With<'_>,
        turn: &Turn,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let name = with.text("device")?.unwrap_or(ALICE).to_owned();
        for other in [Some(name.as_str()), with.text("signer")?]
            .into_iter()
            .flatten()
        {
            self.devices
                .entry(other.to_owned())
                .or_insert_with(|| Device::of(other, session));
        }
        let on = on(with, &self.last)?.to_owned();
        let greeted = self.connection(&on)?.greeted.take();
        let greeted = greeted.ok_or_else(|| Stop::Undecided(format!("{on} has no message_2")))?;
        let statement = self.statement(with, &name, &on, &greeted, spoiler, session)?;

        let device = self.device(&name)?;
        let signer = match with.text("signer")? {
            Some(other) => self.device(other)?.key.clone(),
            None => device.key.clone(),
        };
        let key = device.key.public();
        let credential = match with.text("credential")? {
            None => Credential::device(key),
            Some("server") => Credential::server(self.server.id(), key),
            Some("no point") => Credential::device(PublicKey([1; 64])),
            Some(other) => return Err(Stop::Undecided(format!("no credential {other}"))),
        };
        let purpose = self.connection(&on)?.purpose;
        let naming = match (with.text("naming")?, purpose) {
            (Some("kid"), _) => Naming::Kid,
            (Some("value"), _) | (None, Purpose::Enrol | Purpose::Headless) => Naming::Value,
            (None, _) => Naming::Kid,
            (Some(other), _) => return Err(Stop::Undecided(format!("no naming {other}"))),
        };
        let high_s = with.flag("high_s")?;
        let (talking, mut frame) =
            greeted.claim_as(&credential, &signer, naming, &statement, high_s, spoiler)?;
        let mut c_i = self.connection(&on)?.c_i.clone();
        if let Some(to) = with.text("to")? {
            let to = self.connection(to)?;
            c_i.clone_from(&to.c_i);
            frame = readdressed(&frame, to.c_r)?;
        }
        let connection = self.connection(&on)?;
        connection.talking = Some(talking);
        connection.device = name;
        connection.message_3 = Some(frame.clone());
        if with.flag("hold")? {
            return Ok(Came::nothing());
        }
        self.settle(&on, frame, &c_i, with.flag("lost")?, turn, session)
    }

    /// EAD_3, but for what is spoilt in its encoding.
    fn statement(
        &mut self,
        with: With<'_>,
        name: &str,
        on: &str,
        greeted: &Greeted,
        spoiler: &Spoiler,
        session: &Session<'_, '_>,
    ) -> Result<Statement, Stop> {
        let connection = self.connection(on)?;
        let purpose = connection.purpose;
        let claimed = connection.offer.clone();
        let id = claimed
            .map(|it| self.offer(&it).map(|it| it.id))
            .transpose()?;
        // Whose device this is, is known but where its key comes along.
        let is_known = !matches!(purpose, Purpose::Enrol | Purpose::Headless);
        let app_session_proof = self.app_session_proof(with, greeted.transcript(), session)?;
        let server = self.server.id();
        let device = self
            .devices
            .get_mut(name)
            .ok_or_else(|| Stop::Undecided(format!("there is no device {name}")))?;
        let decision = match with.value("decision") {
            None => id.map(|_| Decision::Confirm),
            Some(Value::Null) => None,
            Some(word) => match word.as_str() {
                Some("confirm") => Some(Decision::Confirm),
                Some("decline") => Some(Decision::Decline),
                _ => return Err(Stop::Undecided(format!("no decision {word}"))),
            },
        };
        let announce = match with.value("announce") {
            None => greeted.ead_2().announce.as_ref().map(Announce::hash),
            Some(Value::Null) => None,
            Some(_) => Some(Digest(session.entropy("another announce info"))),
        };
        let user_input = match with.number("user_input_bytes")? {
            Some(length) => Some("i".repeat(length)),
            None => with.text("user_input")?.map(str::to_owned),
        };
        let counter = match with.value("counter") {
            None => is_known.then_some(device.counter + 1),
            Some(Value::Null) => None,
            Some(_) => with.uint("counter")?,
        };
        device.counter = device.counter.max(counter.unwrap_or_default());
        let rolling = match with.value("rolling").map(Value::as_str) {
            None => is_known.then(|| device.told(0).unwrap_or(Rolling([0; 16]))),
            Some(Some("previous")) => device.told(1),
            Some(Some("older")) => device.told(2),
            Some(Some("other")) => Some(Rolling(session.entropy("another rolling value"))),
            Some(_) => None,
        };
        let mut statement = Statement {
            decision,
            announce,
            user_input,
            counter,
            rolling,
            enrolment_proof: enrolment_proof(with, device, server, greeted, session)?,
            app_session_proof,
            ..Statement::bare(registered(with, "purpose", Purpose::from_number)?.unwrap_or(purpose))
        };
        let is_asked = greeted.ead_2().policy.is_some()
            && decision != Some(Decision::Decline)
            && (id.is_none() || decision.is_some())
            && app_session_proof.is_none();
        if with.value("assertion").map_or(is_asked, Value::is_object) {
            let subject = Subject {
                context: greeted.transcript().0,
                account: device.account.filter(|_| is_known),
                purpose: statement.purpose,
                session: id,
                announce,
                user_input: statement.user_input.as_deref(),
                decision,
                intent: None,
            };
            let signed = assertion(
                with,
                &subject,
                device,
                &self.server,
                session,
                self.now,
                spoiler,
            )?;
            statement.assertion = Some(signed);
        }
        Ok(statement)
    }

    /// The app session proof that a turn wants.
    fn app_session_proof(
        &mut self,
        with: With<'_>,
        transcript: Transcript,
        session: &Session<'_, '_>,
    ) -> Result<Option<Digest>, Stop> {
        match with.value("app_session_proof") {
            None => return Ok(None),
            Some(Value::Bool(true)) => return Ok(Some(Digest(session.entropy("a proof")))),
            Some(_) => {}
        }
        let with = with.object("app_session_proof", &["of", "session", "transcript"])?;
        let connection = self.connection(name(with, "of")?)?;
        let (Some(talking), Some(app)) = (&connection.talking, &connection.app) else {
            return Err(Stop::Undecided("it is no app session".to_owned()));
        };
        let id = match is_other(with, "session")? {
            true => AppSessionId(session.entropy("another app session")),
            false => app.session,
        };
        let transcript = match is_other(with, "transcript")? {
            true => Transcript(session.entropy("another transcript")),
            false => transcript,
        };
        Ok(Some(talking.app_session_proof(id, transcript)))
    }
}

/// The message_3 of a frame, in a frame for another connection.
pub(super) fn readdressed(frame: &[u8], to: ConnectionId) -> Result<Vec<u8>, Stop> {
    let undecided = |error: &dyn std::fmt::Debug| Stop::Undecided(format!("{error:?}"));
    match Frame::from_slice(frame).map_err(|error| undecided(&error))? {
        Frame::Message3 { message, .. } => {
            let to = to.as_bytes().into();
            let frame = Frame::Message3 { to, message };
            frame.to_vec().map_err(|error| undecided(&error))
        }
        other => Err(undecided(&other)),
    }
}
