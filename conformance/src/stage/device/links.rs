//! Links, by which interactions start.

use countersign::crypto::{PublicKey, Secret};
use countersign::messages::link::{EnrolmentLink, Link as Wire, SessionLink};
use countersign::registry::Purpose;
use countersign::values::Digest;
use serde_json::json;

use super::{BANK, Flow, Scene, undecided};
use crate::outcome::Stop;
use crate::peer::spoiler::Spoiler;
use crate::session::{Answer, Session};
use crate::stage::judge::Came;
use crate::stage::with::With;

/// The words of a [`start`](Scene::start) turn.
pub(super) const START: &[&str] = &["link", "server", "as", "parameters_hash", "spoil"];

/// A link that was made.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) nonce: [u8; 32],
    /// The key of its enrolment, once the device has used one (ENR-5).
    pub(super) key: Option<PublicKey>,
}

impl Scene {
    /// The user opens a link: a `login` or an `enrol` link of `server`. With `as` the link has a name, and is the same
    /// whenever it is named again. `parameters_hash`: `other` for a link to other parameters.
    pub(super) fn start(
        &mut self,
        with: With<'_>,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let name = with.text("server")?.unwrap_or(BANK);
        let server = self.server(name, session);
        let fresh = format!("link {}", self.turn);
        let alias = with.text("as")?.unwrap_or(&fresh).to_owned();
        let link = self.links.entry(alias.clone()).or_insert_with(|| Link {
            nonce: session.entropy(&alias),
            key: None,
        });
        let nonce = link.nonce;
        self.secrets.push(nonce.to_vec());
        let (purpose, wire) = match with.text("link")? {
            Some("login") => {
                let link = SessionLink {
                    server: server.id,
                    nonce: Secret::from_bytes(nonce),
                };
                (Purpose::Login, Wire::Session(link))
            }
            Some("enrol") => {
                let parameters = match with.text("parameters_hash")? {
                    None => server.hash()?,
                    Some(_) => Digest(session.entropy("other parameters")),
                };
                let link = EnrolmentLink {
                    server: server.id,
                    uri: server.parameters.uri.clone(),
                    parameters,
                    nonce: Secret::from_bytes(nonce),
                };
                (Purpose::Enrol, Wire::Enrolment(link))
            }
            _ => return Err(undecided("a link is for `login` or `enrol`")),
        };
        let bytes = spoiler.at("link", wire.to_vec().map_err(undecided)?)?;
        let args = json!({ "link": hex::encode(bytes) });
        let answer = self.ask("start", None, args, session)?;
        if let Answer::Done { .. } = answer {
            let session = Some(wire.session_id());
            self.flow = Some(Flow::new(name, alias, session, purpose));
        }
        self.take(answer)
    }
}
