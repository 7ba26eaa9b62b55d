//! From message_1 to message_2, right or spoilt.

use countersign::messages::handshake::{Claim, Ead1};
use countersign::messages::nonce_proof;
use countersign::registry::Purpose;
use countersign::values::{ServerId, SessionId, Version};
use countersign_vectors::case::Turn;
use serde_json::json;

use super::assertion::{is_other, registered};
use super::device::Connection;
use super::server::Due;
use super::{Heard, World, error_frame};
use crate::outcome::Stop;
use crate::peer::device::{self as peer, Answered};
use crate::peer::spoiler::Spoiler;
use crate::session::Session;
use crate::stage::judge::{Came, expects_refusal};
use crate::stage::with::With;

/// The words of a `hello`, which is right where they do not say otherwise.
///
/// | word | meaning |
/// |---|---|
/// | `session` or `enrolment` | what is claimed |
/// | `for` | where nothing is claimed: `app login`, `headless`, `upgrade`, `data` or `action` |
/// | `as` | the connection's name; that of what it is for if it has no other |
/// | `versions`, `epoch` | what the device allows and knows: 1.0, and no parameters |
/// | `purpose` | a number |
/// | `server` | `other`: another server is named |
/// | `id` | `other`: an id that nothing has |
/// | `claim` | `null`: no claim; or the session or enrolment that is claimed |
/// | `proof` | the nonce proof is over another (`other`) `nonce`, `server` or `g_x`, or another `purpose` |
/// | `same_as` | message_1 is that of another connection, byte for byte |
/// | `spoil` | layers `ead_1`, `message_1`, `frame_1` |
pub(super) const HELLO: &[&str] = &[
    "session",
    "enrolment",
    "for",
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

/// The purposes that claim nothing, by the words for them.
fn unclaimed(word: Option<&str>) -> Result<Purpose, Stop> {
    match word {
        Some("app login") => Ok(Purpose::AppLogin),
        Some("headless") => Ok(Purpose::Headless),
        Some("upgrade") => Ok(Purpose::Upgrade),
        Some("data") => Ok(Purpose::Data),
        Some("action") => Ok(Purpose::Action),
        other => Err(Stop::Undecided(format!("nothing is for {other:?}"))),
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
        let offer = claimed.map(|it| self.offer(it).cloned()).transpose()?;
        let name = with.text("as")?.or(claimed).or(with.text("for")?);
        let name = name.ok_or_else(|| Stop::Undecided("it is for nothing".to_owned()))?;
        let purpose = match &offer {
            Some(offer) if offer.is_enrolment => Purpose::Enrol,
            Some(_) => Purpose::Login,
            None => unclaimed(with.text("for")?)?,
        };
        let purpose = registered(with, "purpose", Purpose::from_number)?.unwrap_or(purpose);
        let offered = with
            .versions()?
            .unwrap_or_else(|| vec![Version { major: 1, minor: 0 }]);
        let known_epoch = with.number("epoch")?;
        let proof = with.object("proof", &["nonce", "server", "purpose", "g_x"])?;
        let claimed_offer = match with.value("claim") {
            None => offer.clone(),
            Some(other) => other
                .as_str()
                .map(|it| self.offer(it).cloned())
                .transpose()?,
        };
        let is_other_nonce = is_other(proof, "nonce")?;
        let server = |with: With<'_>| -> Result<ServerId, Stop> {
            Ok(match is_other(with, "server")? {
                true => ServerId(session.entropy("another server")),
                false => self.server.id(),
            })
        };
        let (named_server, proved_server) = (server(with)?, server(proof)?);
        let proved_purpose = registered(proof, "purpose", Purpose::from_number)?.unwrap_or(purpose);
        let other_g_x = is_other(proof, "g_x")?.then(|| session.entropy("another g_x"));
        let is_other_id = is_other(with, "id")?;
        let another = SessionId(session.entropy("another session id"));
        let another_nonce = session.entropy("another nonce");
        let ead_1 = |g_x: &[u8; 32]| Ead1 {
            versions: offered.clone(),
            purpose,
            server: named_server,
            epoch: known_epoch,
            claim: claimed_offer.as_ref().map(|offer| Claim {
                session: if is_other_id { another } else { offer.id },
                proof: nonce_proof(
                    if is_other_nonce {
                        &another_nonce
                    } else {
                        &offer.nonce
                    },
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
        let message_2 = match self.send(frame.clone(), &c_i, session)? {
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
            announce: offer.as_ref().and_then(|it| it.announce.as_ref()),
            account: offer.as_ref().and_then(|it| it.account),
            policy: match &offer {
                Some(offer) => offer.policy,
                None => self.server.services.policy(purpose),
            },
            is_vouched: matches!(purpose, Purpose::Enrol | Purpose::Upgrade),
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
            offer: claimed.map(str::to_owned),
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
            app: None,
            inbox: Vec::new(),
            record: None,
        };
        name.clone_into(&mut self.last);
        self.connections.insert(name.to_owned(), connection);
        Ok(Came::with(facts))
    }
}
