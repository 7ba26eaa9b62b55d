//! The auth server under test, as the runner has configured it, and what its
//! message_2 is held to.

use std::collections::BTreeSet;

use countersign::cbor;
use countersign::cose::Sign1;
use countersign::crypto::{P256, sha256};
use countersign::edhoc::Credential;
use countersign::messages::factor::Voucher;
use countersign::messages::frame::Frame;
use countersign::messages::handshake::{Announce, Ead2, Policy};
use countersign::messages::parameters::{FactorServer, Parameters};
use countersign::registry::{ServerKind, limit};
use countersign::values::{AccountId, Bytes, Digest, ServerId, UnixSeconds, Version, VoucherId};
use countersign_vectors::case::Object;
use serde_json::json;

use super::services::Services;
use crate::outcome::Stop;
use crate::peer::keys::Key;
use crate::session::Session;
use crate::stage::judge::{same, wrong};
use crate::stage::with::With;

/// Where the auth server is said to be.
const URI: &str = "https://shop.example";
/// Where its factor server is said to be.
const FACTOR_URI: &str = "https://factor.example";
/// How long its parameters are valid after the case began, in seconds.
const PARAMETERS_S: u64 = 86_400;

/// The auth server with all of its secrets, and its factor server, which the runner plays.
pub(super) struct Server {
    identity_key: [u8; 32],
    handshake_key: [u8; 32],
    statement_key: [u8; 32],
    /// `K_sfa`.
    pub(super) factor_key: Key,
    pub(super) factor_server: ServerId,
    pub(super) parameters: Parameters,
    pub(super) services: Services,
    /// What it drew so far: ephemeral keys and voucher ids, of which none comes twice.
    drawn: BTreeSet<Vec<u8>>,
}

/// What EAD_2 has to say of what a device claims.
pub(super) struct Due<'a> {
    pub(super) announce: Option<&'a Announce>,
    pub(super) account: Option<AccountId>,
    pub(super) policy: Option<Policy>,
    /// For an enrolment or an upgrade there is a voucher, and a policy of the server's own,
    /// which allows the PIN and nothing else (ENR-4, HEADLESS-5).
    pub(super) is_vouched: bool,
    pub(super) offered: &'a [Version],
    pub(super) known_epoch: Option<u32>,
}

impl Server {
    /// The words of a turn that [configures](Self::of) it.
    pub(super) const WORDS: &'static [&'static str] = &[
        "epoch", "versions", "app", "data", "headless", "upgrade", "actions",
    ];

    /// A server with these settings; what is not set is as in most cases.
    pub(super) fn of(
        with: With<'_>,
        began: UnixSeconds,
        session: &Session<'_, '_>,
    ) -> Result<Self, Stop> {
        let secret = |name: &str| session.entropy(&format!("auth server/{name}"));
        let public = |name: &str| Key::from_entropy(secret(name)).public();
        let factor = Key::from_entropy(session.entropy("factor server/identity"));
        let factor_server = ServerId(factor.public().kid().0);
        let versions = with
            .versions()?
            .unwrap_or_else(|| vec![Version { major: 1, minor: 0 }]);
        Ok(Self {
            identity_key: secret("identity"),
            handshake_key: secret("handshake"),
            statement_key: secret("statement"),
            factor_key: Key::from_entropy(session.entropy("factor server/statement")),
            factor_server,
            parameters: Parameters {
                server: ServerId(public("identity").kid().0),
                kind: ServerKind::Auth,
                epoch: with.number("epoch")?.unwrap_or(5),
                expiry: began.plus(PARAMETERS_S),
                versions,
                identity_key: public("identity"),
                handshake_key: public("handshake"),
                statement_key: public("statement"),
                uri: URI.to_owned(),
                factor_server: Some(FactorServer {
                    server: factor_server,
                    uri: FACTOR_URI.to_owned(),
                }),
                ping_time_s: None,
            },
            services: Services::of(with)?,
            drawn: BTreeSet::new(),
        })
    }

    /// The configuration for `open`.
    pub(super) fn config(&self) -> Object {
        let versions: Vec<[u16; 2]> = self
            .parameters
            .versions
            .iter()
            .map(|version| [version.major, version.minor])
            .collect();
        let config = json!({
            "identity_key": hex::encode(self.identity_key),
            "handshake_key": hex::encode(self.handshake_key),
            "statement_key": hex::encode(self.statement_key),
            "uri": URI,
            "epoch": self.parameters.epoch,
            "expiry_s": self.parameters.expiry.0,
            "versions": versions,
            "factor_server": {
                "id": hex::encode(self.factor_server.0),
                "uri": FACTOR_URI,
                "statement_key": hex::encode(self.factor_key.public().0),
            },
        });
        let mut config: Object = serde_json::from_value(config).unwrap_or_default();
        config.extend(self.services.configured.clone());
        config
    }

    /// What the answer to `open` has to say.
    pub(super) fn values(&self) -> Result<Object, Stop> {
        let values = json!({
            "server_id": hex::encode(self.id().0),
            "parameters": hex::encode(self.payload()?),
        });
        Ok(serde_json::from_value(values).unwrap_or_default())
    }

    pub(super) fn id(&self) -> ServerId {
        self.parameters.server
    }

    /// `K_as`, which must sign no assertions.
    pub(super) fn handshake_key(&self) -> Key {
        Key::from_entropy(self.handshake_key)
    }

    /// `K_asv`, which must sign none either.
    pub(super) fn statement_key(&self) -> Key {
        Key::from_entropy(self.statement_key)
    }

    /// Its credential in handshakes.
    pub(super) fn credential(&self) -> Credential {
        Credential::server(self.id(), self.parameters.handshake_key)
    }

    pub(super) fn parameters_hash(&self) -> Result<Digest, Stop> {
        Ok(Digest(sha256(&[&self.payload()?])))
    }

    pub(super) fn uri(&self) -> &'static str {
        URI
    }

    fn payload(&self) -> Result<Vec<u8>, Stop> {
        cbor::to_vec(&self.parameters).map_err(|error| Stop::Undecided(error.to_string()))
    }

    /// HS-7: an ephemeral key comes once.
    pub(super) fn check_message_2(&mut self, frame: &[u8]) -> Result<(), Stop> {
        let Ok(Frame::Message2 { message, .. }) = Frame::from_slice(frame) else {
            return Ok(()); // something else to be judged elsewhere
        };
        let content: Bytes = cbor::from_slice(&message, limit::HANDSHAKE)
            .map_err(|error| wrong("a message_2", &error))?;
        let g_y = content.0.get(..32).unwrap_or_default().to_vec();
        same("a new ephemeral key", &true, &self.drawn.insert(g_y))
    }

    /// VER-2, PAR-6, ENR-4: the version; what the backend set; voucher and parameters where they are due, and only there.
    pub(super) fn check_ead_2(
        &mut self,
        ead_2: &Ead2,
        due: &Due<'_>,
        now: UnixSeconds,
    ) -> Result<(), Stop> {
        let allowed = &self.parameters.versions;
        let common = due.offered.iter().filter(|it| allowed.contains(it));
        same(
            "the highest common version",
            &common.max(),
            &Some(&ead_2.version),
        )?;
        same(
            "the epoch of the parameters",
            &self.parameters.epoch,
            &ead_2.epoch,
        )?;
        same("the announce info", &due.announce, &ead_2.announce.as_ref())?;
        same("the pre-selected account", &due.account, &ead_2.account)?;
        if due.is_vouched {
            let factors = ead_2.policy.map(|policy| (policy.factors, policy.cached));
            same(
                "a policy of the PIN and nothing else",
                &Some((1, false)),
                &factors,
            )?;
        } else {
            same("the session's policy", &due.policy, &ead_2.policy)?;
        }
        match &ead_2.voucher {
            None => same("a voucher", &due.is_vouched, &false)?,
            Some(voucher) => {
                same("a voucher", &due.is_vouched, &true)?;
                self.check_voucher(voucher, now)?;
            }
        }
        let is_due = due.known_epoch != Some(self.parameters.epoch);
        let Some(chain) = &ead_2.parameters else {
            return same("parameters", &is_due, &false);
        };
        same("parameters", &is_due, &true)?;
        same(
            "no succession before the second identity key",
            &0,
            &chain.identities.len(),
        )?;
        let parameters = Sign1::<Parameters>::from_bytes(&chain.signed)
            .and_then(|it| it.verify(&self.parameters.identity_key, &(self.id(),), &P256))
            .map_err(|error| wrong("parameters signed by the identity key", &error))?;
        same("the configured parameters", &self.parameters, &*parameters)
    }

    fn check_voucher(&mut self, signed: &Bytes, now: UnixSeconds) -> Result<(), Stop> {
        let key = &self.parameters.statement_key;
        let voucher = Sign1::<Voucher>::from_bytes(signed)
            .and_then(|it| it.verify(key, &(self.factor_server,), &P256))
            .map_err(|error| wrong("a voucher signed by K_asv for the factor server", &error))?;
        let Voucher {
            issuer,
            factor_server,
            id: VoucherId(id),
            expiry,
        } = *voucher;
        let servers = (issuer, factor_server);
        same(
            "a voucher's servers",
            &(self.id(), self.factor_server),
            &servers,
        )?;
        same("a voucher that has not expired", &true, &(expiry > now))?;
        same("a new voucher", &true, &self.drawn.insert(id.to_vec()))
    }
}
