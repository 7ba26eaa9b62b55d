//! The handshake towards the factor server, in its two halves.

use countersign::crypto::PublicKey;
use countersign::edhoc::{ConnectionId, Credential};
use countersign::messages::handshake::{Claim, Ead1, Statement};
use countersign::registry::Purpose;
use countersign::values::{Digest, SessionId, Version};
use serde_json::json;

use super::exchange::{Awaited, Line, Reply};
use super::server::issuer;
use super::{Theatre, line_name};
use crate::outcome::Stop;
use crate::peer::device::{Answered, Greeted, Naming, hello};
use crate::peer::keys::Key;
use crate::peer::spoiler::Spoiler;
use crate::session::Session;
use crate::stage::judge::Came;
use crate::stage::with::With;

/// The words of a hello.
pub(super) const HELLO: &[&str] = &["versions", "purpose", "server", "epoch", "claim"];
/// The words of a claim.
pub(super) const CLAIM: &[&str] = &["by", "key", "signer", "high_s", "statement"];

/// A handshake that has come to message_2.
pub(super) struct Half {
    greeted: Greeted,
    replica: u64,
}

impl Half {
    /// The server's identifier of the connection.
    pub(super) fn c_r(&self) -> ConnectionId {
        self.greeted.c_r()
    }
}

impl Theatre {
    /// message_1, and what the server answers: a right message_2, or a refusal.
    ///
    /// `server` may name another one, `epoch` is the one that the device knows, `claim` one that has no place here.
    pub(super) fn hello(
        &mut self,
        with: With<'_>,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let server = self.server()?;
        let offered = with
            .versions()?
            .unwrap_or_else(|| vec![Version { major: 1, minor: 1 }]);
        let known_epoch = with.number("epoch")?;
        let ead_1 = Ead1 {
            versions: offered.clone(),
            purpose: purpose(with)?,
            server: with
                .text("server")?
                .map_or(server.id(), |name| issuer(name, session).0),
            epoch: known_epoch,
            claim: with.flag("claim")?.then(|| Claim {
                session: SessionId(session.entropy("claim/session")),
                proof: Digest(session.entropy("claim/proof")),
            }),
        };
        let credential = server.credential();
        let entropy = session.entropy(&format!("hello {}", self.turn));
        let (waiting, frame) = hello(entropy, |_| ead_1, spoiler)?;

        let input = self.receive_input(&frame, with)?;
        let answered = match self.reply(input, session)? {
            Reply::Refused(code, None) => return Ok(Came::Refused("rejected", code)),
            Reply::Refused(code, Some(frame)) => {
                return Ok(match waiting.answered(&frame, &credential)? {
                    Answered::Error(told) => super::exchange::told("error", code, told)?,
                    Answered::With(_) => Came::Refused("rejected", code),
                });
            }
            Reply::Frame(frame) => waiting.answered(&frame, &credential)?,
            Reply::Nothing => return Ok(Came::with(json!({ "answer": null }))),
        };
        let Answered::With(greeted) = answered else {
            return Err(crate::stage::judge::wrong(
                "message_2",
                &"an error frame, and no reject",
            ));
        };
        self.server()?
            .check_ead_2(greeted.ead_2(), &offered, known_epoch)?;
        let replica = with.uint("replica")?.unwrap_or(0);
        let half = Half { greeted, replica };
        self.halves.insert(line_name(with)?.to_owned(), half);
        Ok(Came::nothing())
    }

    /// message_3, and the status that the server answers with.
    ///
    /// `by` is `kid` for a credential by reference. `key` is `server` for a server's credential, `invalid` for one
    /// without a point. `signer` is the name of another device whose key signs.
    pub(super) fn claim(
        &mut self,
        with: With<'_>,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let name = line_name(with)?.to_owned();
        let Half { greeted, replica } = self
            .halves
            .remove(&name)
            .ok_or_else(|| Stop::Undecided("say hello first".to_owned()))?;
        let device_name = self.device_of(with, session)?;
        let device = self
            .devices
            .get(&device_name)
            .ok_or_else(super::no_device)?;
        let credential = match with.text("key")? {
            None => Credential::device(device.key.public()),
            Some("server") => Credential::server(self.server()?.id(), device.key.public()),
            Some("invalid") => Credential::device(PublicKey([1; 64])),
            Some(other) => Err(Stop::Undecided(format!("no key {other}")))?,
        };
        let naming = match with.text("by")? {
            None | Some("value") => Naming::Value,
            Some("kid") => Naming::Kid,
            Some(other) => Err(Stop::Undecided(format!("not by {other}")))?,
        };
        let signer = match with.text("signer")? {
            None => device.key.clone(),
            Some(name) => Key::from_entropy(session.entropy(&format!("{name}/K_dsf"))),
        };
        let statement = with.object("statement", &["purpose"])?;
        let ead_3 = Statement::bare(purpose(statement)?);
        let high_s = with.flag("high_s")?;
        let (talking, frame) =
            greeted.claim_as(&credential, &signer, naming, &ead_3, high_s, spoiler)?;
        let line = Line {
            talking,
            device: device_name,
            replica,
            last_frame: Vec::new(),
        };
        self.lines.insert(name, line);
        self.send(with, frame, Awaited::Greeting, session)
    }
}

fn purpose(with: With<'_>) -> Result<Purpose, Stop> {
    let number = with.uint("purpose")?.unwrap_or(Purpose::Factor.number());
    Purpose::from_number(number)
        .ok_or_else(|| Stop::Undecided(format!("{number} is no purpose: spoil it")))
}
