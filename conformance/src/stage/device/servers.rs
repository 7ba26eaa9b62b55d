//! The servers of a case.

use countersign::messages::parameters::FactorServer;
use countersign::registry::{AUTH_VERSIONS, FACTOR_VERSIONS, ServerKind};
use countersign::values::{ServerId, Version};

use super::exchange::Party;
use super::{BANK, BEGINNING, KEEPER, Scene};
use crate::outcome::Stop;
use crate::peer::server::identity::Server;
use crate::session::Session;
use crate::stage::judge::Came;
use crate::stage::with::With;

/// The words of a [`publish`](Scene::publish) turn.
pub(super) const PUBLISH: &[&str] = &[
    "server",
    "epoch",
    "versions",
    "expiry",
    "identity",
    "id",
    "kind",
    "factor_server",
];
/// How long parameters are valid where a turn does not say, in seconds.
const VALIDITY_S: u64 = 86_400;

impl Scene {
    /// Gives a server new parameters, signed whenever they are sent.
    ///
    /// `epoch`, `versions`; `expiry`: `now` for parameters that are valid no more; `identity`: `next` for a new identity
    /// key; `id`: `other` and `kind`: `other` for parameters that are not this server's; `factor_server`.
    pub(super) fn publish(
        &mut self,
        party: Party,
        with: With<'_>,
        session: &Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let default = match party {
            Party::Auth => BANK,
            Party::Factor => KEEPER,
        };
        let name = with.text("server")?.unwrap_or(default);
        let factor_server = with
            .text("factor_server")?
            .map(|other| self.server(other, session).id);
        let (now, turn) = (self.now, self.turn);
        self.server(name, session);
        let Some(server) = self.servers.get_mut(name) else {
            return Err(super::undecided("no such server"));
        };
        if with.text("identity")? == Some("next") {
            server.succeed(session.entropy(&format!("{name}/identity {turn}")));
        }
        let parameters = &mut server.parameters;
        if let Some(epoch) = with.number("epoch")? {
            parameters.epoch = epoch;
        }
        if let Some(versions) = versions(with, "versions")? {
            parameters.versions = versions;
        }
        if with.text("expiry")? == Some("now") {
            parameters.expiry = now;
        }
        if with.text("id")? == Some("other") {
            parameters.server = ServerId(session.entropy("other server"));
        }
        if with.text("kind")? == Some("other") {
            parameters.kind = match parameters.kind {
                ServerKind::Auth => ServerKind::Factor,
                ServerKind::Factor => ServerKind::Auth,
            };
        }
        if let (Some(id), Some(named)) = (factor_server, &mut parameters.factor_server) {
            named.server = id;
        }
        Ok(Came::nothing())
    }

    /// The server of that name, which there is from now on.
    pub(super) fn server(&mut self, name: &str, session: &Session<'_, '_>) -> Server {
        if let Some(server) = self.servers.get(name) {
            return server.clone();
        }
        let draw = |role: &str| session.entropy(&format!("{name}/{role}"));
        let uri = format!("https://{name}.example");
        let expiry = BEGINNING.plus(VALIDITY_S);
        let server = match name {
            KEEPER | "vault" => {
                Server::new(ServerKind::Factor, &uri, FACTOR_VERSIONS, expiry, draw)
            }
            _ => {
                let keeper = self.server(KEEPER, session);
                let mut server = Server::new(ServerKind::Auth, &uri, AUTH_VERSIONS, expiry, draw);
                server.parameters.factor_server = Some(FactorServer {
                    server: keeper.id,
                    uri: keeper.parameters.uri,
                });
                server
            }
        };
        self.servers.insert(name.to_owned(), server.clone());
        server
    }

    /// The name of the factor server that an auth server names.
    pub(super) fn factor_server_of(&self, auth: &str) -> Result<String, Stop> {
        let named = self
            .servers
            .get(auth)
            .and_then(|server| server.parameters.factor_server.as_ref())
            .map(|named| named.server);
        self.servers
            .iter()
            .find(|(_, server)| Some(server.id) == named)
            .map(|(name, _)| name.clone())
            .ok_or_else(|| super::undecided("there is no factor server"))
    }
}

/// A list of versions, if there is one under `name`.
pub(super) fn versions(with: With<'_>, name: &str) -> Result<Option<Vec<Version>>, Stop> {
    let Some(value) = with.value(name) else {
        return Ok(None);
    };
    let pairs: Vec<[u16; 2]> = serde_json::from_value(value.clone()).map_err(super::undecided)?;
    let version = |[major, minor]: [u16; 2]| Version { major, minor };
    Ok(Some(pairs.into_iter().map(version).collect()))
}
