//! The devices: their handshakes and their statements, right or spoilt.

use countersign::crypto::PublicKey;
use countersign::edhoc::Credential;
use countersign::messages::channel::{Refused, Settled};
use countersign::messages::frame::Frame;
use countersign::messages::handshake::{Announce, Claim, Ead1, EnrolmentProof, Statement};
use countersign::messages::nonce_proof;
use countersign::registry::{Decision, Purpose, limit};
use countersign::values::{
    AccountId, Bytes, Digest, Pseudonym, Rolling, ServerId, SessionId, Version,
};
use countersign::{cbor, edhoc::ConnectionId};
use countersign_vectors::case::Turn;
use serde_json::{Value, json};

use super::assertion::{Subject, assertion, is_other, registered};
use super::server::Due;
use super::{ALICE, Heard, World, error_frame, on};
use crate::outcome::Stop;
use crate::peer::device::{self as peer, Answered, Greeted, Naming, Talking};
use crate::peer::keys::Key;
use crate::peer::spoiler::Spoiler;
use crate::session::Session;
use crate::stage::judge::{Came, expects_refusal, same, wrong};
use crate::stage::with::With;

/// The words of a `hello`, which is right where they do not say otherwise.
///
/// | word | meaning |
/// |---|---|
/// | `session` or `enrolment` | what is claimed |
/// | `as` | the connection's name; that of what is claimed if it has no other |
/// | `versions`, `epoch` | what the device allows and knows: 1.0, and no parameters |
/// | `purpose` | a number |
/// | `server` | `other`: another server is named |
/// | `id` | `other`: an id that nothing has |
/// | `claim` | `null`: no claim |
/// | `proof` | the nonce proof is over another (`other`) `nonce`, `server` or `g_x`, or another `purpose` |
/// | `same_as` | message_1 is that of another connection, byte for byte |
/// | `spoil` | layers `ead_1`, `message_1`, `frame_1` |
pub(super) const HELLO: &[&str] = &[
    "session",
    "enrolment",
    "as",
    "versions",
    "epoch",
    "purpose",
    "server",
    "id",
    "claim",
    "proof",
    "same_as",
    "spoil",
];

/// The words of a `claim`, which is right where they do not say otherwise.
///
/// | word | meaning |
/// |---|---|
/// | `device`, `on` | whose, on which connection |
/// | `decision` | `confirm` (by default), `decline` or `null` |
/// | `purpose`, `counter` | a number |
/// | `announce` | `null`, or `other`: another announce hash |
/// | `user_input`, `user_input_bytes` | a text, or one of that length |
/// | `assertion` | `null`, or an object that says what is wrong with it |
/// | `rolling` | `null`, `previous`, `older` or `other` |
/// | `enrolment_proof`, `app_session_proof` | `true`: it is there |
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

/// A device, and what it remembers of this server.
#[derive(Clone)]
pub(super) struct Device {
    pub(super) name: String,
    /// `K_dev`.
    pub(super) key: Key,
    /// What the factor server calls it towards this server.
    pub(super) subject: Pseudonym,
    account: Option<AccountId>,
    counter: u64,
    /// The values that it was told, the newest last.
    rolling: Vec<Rolling>,
    /// How many assertions it has had.
    pub(super) assertions: u64,
    pub(super) last_assertion: Option<Bytes>,
}

/// A connection, as its device and the network know it.
pub(super) struct Connection {
    offer: String,
    purpose: Purpose,
    pub(super) c_i: Vec<u8>,
    pub(super) c_r: ConnectionId,
    greeted: Option<Greeted>,
    talking: Option<Talking>,
    device: String,
    pub(super) message_1: Vec<u8>,
    pub(super) message_2: Vec<u8>,
    pub(super) message_3: Option<Vec<u8>>,
    pub(super) answer: Option<Vec<u8>>,
}

impl Device {
    fn of(name: &str, session: &Session<'_, '_>) -> Self {
        Self {
            name: name.to_owned(),
            key: Key::from_entropy(session.entropy(&format!("{name}/K_dev"))),
            subject: Pseudonym(session.entropy(&format!("{name}/subject"))),
            account: None,
            counter: 0,
            rolling: Vec::new(),
            assertions: 0,
            last_assertion: None,
        }
    }

    /// The value told last, or the one this many steps before it.
    fn told(&self, before: usize) -> Option<Rolling> {
        let at = self.rolling.len().checked_sub(before + 1)?;
        self.rolling.get(at).copied()
    }
}

impl World {
    /// From message_1 to message_2. Accepted: the version, and whether parameters came.
    pub(super) fn hello(
        &mut self,
        with: With<'_>,
        turn: &Turn,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let claimed = with.text("session")?.or(with.text("enrolment")?);
        let claimed = claimed.ok_or_else(|| Stop::Undecided("nothing is claimed".to_owned()))?;
        let offer = self.offer(claimed)?.clone();
        let name = with.text("as")?.unwrap_or(claimed);
        let purpose = match offer.is_enrolment {
            true => Purpose::Enrol,
            false => Purpose::Login,
        };
        let purpose = registered(with, "purpose", Purpose::from_number)?.unwrap_or(purpose);
        let offered = with
            .versions()?
            .unwrap_or_else(|| vec![Version { major: 1, minor: 0 }]);
        let known_epoch = with.number("epoch")?;
        let proof = with.object("proof", &["nonce", "server", "purpose", "g_x"])?;
        let nonce = match is_other(proof, "nonce")? {
            true => session.entropy("another nonce"),
            false => offer.nonce,
        };
        let server = |with: With<'_>| -> Result<ServerId, Stop> {
            Ok(match is_other(with, "server")? {
                true => ServerId(session.entropy("another server")),
                false => self.server.id(),
            })
        };
        let (named_server, proved_server) = (server(with)?, server(proof)?);
        let proved_purpose = registered(proof, "purpose", Purpose::from_number)?.unwrap_or(purpose);
        let other_g_x = is_other(proof, "g_x")?.then(|| session.entropy("another g_x"));
        let id = match is_other(with, "id")? {
            true => SessionId(session.entropy("another session id")),
            false => offer.id,
        };
        let ead_1 = |g_x: &[u8; 32]| Ead1 {
            versions: offered.clone(),
            purpose,
            server: named_server,
            epoch: known_epoch,
            claim: (!with.has("claim")).then(|| Claim {
                session: id,
                proof: nonce_proof(
                    &nonce,
                    proved_server,
                    proved_purpose,
                    other_g_x.as_ref().unwrap_or(g_x),
                ),
            }),
        };
        let ephemeral = with.text("same_as")?.unwrap_or(name);
        let entropy: [u8; 32] = session.entropy(&format!("{ephemeral}/ephemeral key"));
        let (waiting, frame) = peer::hello(entropy, ead_1, spoiler)?;
        let c_i = entropy[..2].to_vec();
        let message_2 = match self.send(frame.clone(), session)? {
            Heard::Refused(code, None) => return Ok(Came::Refused("rejected", code)),
            Heard::Refused(code, Some(frame)) => return error_frame(code, &frame, &c_i),
            Heard::Accepted(frame) => frame,
        };
        self.server.check_message_2(&message_2)?;
        let greeted = match waiting.answered(&message_2, &self.server.credential()) {
            Ok(Answered::With(greeted)) => greeted,
            Ok(Answered::Error(code)) => return Ok(Came::Refused("error", code)),
            // What was spoilt on its way cannot verify; that it was answered is what counts.
            Err(_) if expects_refusal(turn) => return Ok(Came::with(json!({ "answered": true }))),
            Err(stop) => return Err(stop),
        };
        let due = Due {
            announce: &offer.announce,
            account: offer.account,
            policy: offer.policy,
            is_enrolment: offer.is_enrolment,
            offered: &offered,
            known_epoch,
        };
        if !expects_refusal(turn) {
            self.server.check_ead_2(greeted.ead_2(), &due, self.now)?;
        }
        let facts = json!({
            "version": [greeted.ead_2().version.major, greeted.ead_2().version.minor],
            "parameters": greeted.ead_2().parameters.is_some(),
        });
        let connection = Connection {
            offer: claimed.to_owned(),
            purpose,
            c_i,
            c_r: greeted.c_r(),
            greeted: Some(greeted),
            talking: None,
            device: String::new(),
            message_1: frame,
            message_2,
            message_3: None,
            answer: None,
        };
        name.clone_into(&mut self.last);
        self.connections.insert(name.to_owned(), connection);
        Ok(Came::with(facts))
    }

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
            (Some("value"), _) | (None, Purpose::Enrol) => Naming::Value,
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
        let is_login = connection.purpose == Purpose::Login;
        let purpose = connection.purpose;
        let claimed = connection.offer.clone();
        let id = self.offer(&claimed)?.id;
        let device = self
            .devices
            .get_mut(name)
            .ok_or_else(|| Stop::Undecided(format!("there is no device {name}")))?;
        let decision = match with.value("decision") {
            None => Some(Decision::Confirm),
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
            None => is_login.then_some(device.counter + 1),
            Some(Value::Null) => None,
            Some(_) => with.uint("counter")?,
        };
        device.counter = device.counter.max(counter.unwrap_or_default());
        let rolling = match with.value("rolling").map(Value::as_str) {
            None => is_login.then(|| device.told(0).unwrap_or(Rolling([0; 16]))),
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
            enrolment_proof: with.flag("enrolment_proof")?.then(|| EnrolmentProof {
                key: device.key.public(),
                signature: device.key.sign(b"enrolment proof"),
            }),
            app_session_proof: with
                .flag("app_session_proof")?
                .then(|| Digest(session.entropy("app session proof"))),
            ..Statement::bare(registered(with, "purpose", Purpose::from_number)?.unwrap_or(purpose))
        };
        let is_asked = greeted.ead_2().policy.is_some() && decision == Some(Decision::Confirm);
        if with.value("assertion").map_or(is_asked, Value::is_object) {
            let subject = Subject {
                transcript: greeted.transcript(),
                account: device.account.filter(|_| is_login),
                purpose: statement.purpose,
                session: id,
                announce,
                user_input: statement.user_input.as_deref(),
                decision,
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

    /// Sends message_3 and takes the answer.
    pub(super) fn settle(
        &mut self,
        on: &str,
        frame: Vec<u8>,
        c_i: &[u8],
        is_lost: bool,
        turn: &Turn,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let heard = self.send(frame, session)?;
        let connection = self.connection(on)?;
        let talking = connection
            .talking
            .as_mut()
            .ok_or_else(|| Stop::Undecided(format!("{on} has no channel")))?;
        let content = match heard {
            Heard::Refused(code, None) => return Ok(Came::Refused("rejected", code)),
            Heard::Refused(code, Some(frame)) => {
                if let Ok(Frame::Error { .. }) = Frame::from_slice(&frame) {
                    return error_frame(code, &frame, c_i);
                }
                connection.answer = Some(frame.clone());
                return match talking.hear(&frame)? {
                    Answered::Error(code) => Ok(Came::Refused("error", code)),
                    Answered::With(content) => refused(code, &content),
                };
            }
            Heard::Accepted(frame) => {
                connection.answer = Some(frame.clone());
                match talking.hear(&frame) {
                    Ok(Answered::With(content)) => content,
                    Ok(Answered::Error(code)) => return Ok(Came::Refused("error", code)),
                    Err(_) if expects_refusal(turn) => {
                        return Ok(Came::with(json!({ "answered": true })));
                    }
                    Err(stop) => return Err(stop),
                }
            }
        };
        let settled: Settled =
            cbor::from_slice(&content, limit::FRAME).map_err(|error| wrong("settled", &error))?;
        let (claimed, device) = (connection.offer.clone(), connection.device.clone());
        self.learn(&claimed, &device, &settled, is_lost)?;
        let decision = match settled.decision {
            Decision::Confirm => "confirm",
            Decision::Decline => "decline",
        };
        let account = self.owner(settled.account);
        Ok(Came::with(
            json!({ "settled": decision, "account": account }),
        ))
    }

    /// Checks what no expectation names, and lets the device store it.
    fn learn(
        &mut self,
        claimed: &str,
        device: &str,
        settled: &Settled,
        is_lost: bool,
    ) -> Result<(), Stop> {
        let offer = self.offer(claimed)?;
        if offer.is_enrolment {
            let entry = (device.to_owned(), offer.user_name.clone());
            self.accounts.entry(settled.account).or_insert(entry);
        }
        let user_name = self.accounts.get(&settled.account).map(|(_, name)| name);
        same("the user's name", &user_name, &Some(&settled.user_name))?;
        let is_new = self.rollings.insert(settled.rolling);
        same("a new rolling value", &true, &is_new)?;
        if let Some(device) = self.devices.get_mut(device).filter(|_| !is_lost) {
            device.account = Some(settled.account);
            device.rolling.push(settled.rolling);
        }
        Ok(())
    }

    /// Another phone with the same key and storage.
    pub(super) fn copy(&mut self, with: With<'_>) -> Result<Came, Stop> {
        let (from, to) = (with.text("device")?.unwrap_or(ALICE), with.text("as")?);
        let to = to.ok_or_else(|| Stop::Undecided("`as` is missing".to_owned()))?;
        let copy = Device {
            name: to.to_owned(),
            ..self.device(from)?.clone()
        };
        self.devices.insert(to.to_owned(), copy);
        Ok(Came::nothing())
    }

    pub(super) fn connection(&mut self, name: &str) -> Result<&mut Connection, Stop> {
        self.connections
            .get_mut(name)
            .ok_or_else(|| Stop::Undecided(format!("there is no connection {name}")))
    }

    fn device(&self, name: &str) -> Result<&Device, Stop> {
        self.devices
            .get(name)
            .ok_or_else(|| Stop::Undecided(format!("there is no device {name}")))
    }
}

/// `refused`, with the same number as the adapter gave.
fn refused(code: u16, content: &[u8]) -> Result<Came, Stop> {
    let refused: Refused =
        cbor::from_slice(content, limit::FRAME).map_err(|error| wrong("refused", &error))?;
    same("the number in `refused`", &code, &refused.error)?;
    Ok(Came::Refused("refused", code))
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
