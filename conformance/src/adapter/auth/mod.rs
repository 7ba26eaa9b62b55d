//! The role `auth`: the auth server of `countersign`, and its backend.

mod lines;
mod store;

use countersign::auth::{
    Account, Config, Enrolment, EnrolmentState, EnrolmentTerms, Fact, Nonce, Scope, Services,
    Session, SessionState, SessionTerms, Standing, WrongStanding,
};
use countersign::cbor;
use countersign::crypto::{PublicKey, Secret};
use countersign::error::{self, Code};
use countersign::messages::handshake::{Announce, Policy};
use countersign::messages::link::{EnrolmentLink, Link, SessionLink};
use countersign::messages::parameters::FactorServer;
use countersign::registry::{ServerKind, limit};
use countersign::values::{AccountId, Digest, ServerId, SessionId, UnixSeconds};
use countersign_vectors::case::Object;
use serde_json::json;

use self::lines::{Lines, Moment};
use self::store::Store;
use super::function::{bytes, lookup, not_encoded};
use super::server::Server;
use super::{Args, Effects, Happening, Opened, Refusal, Role};
use crate::peer::keys::Key;

/// How long a voucher is valid, in seconds.
const VOUCHER_S: u64 = 600;

/// What the server is, and its online keys.
struct Setup {
    config: Config,
    handshake_key: Key,
    voucher_key: Key,
    uri: String,
    parameters_hash: Digest,
}

/// One session of the role.
struct AuthServer {
    setup: Setup,
    store: Store,
    lines: Lines,
}

/// Opens the role.
///
/// # Errors
/// [`Refusal::Error`] for a configuration that makes no auth server.
pub(super) fn open(config: Object) -> Result<Opened, Refusal> {
    let args = Args(config);
    let factor_server = Args(args.object("factor_server")?.clone());
    let id = ServerId(factor_server.array("id")?);
    let server = Server::of(
        &args,
        ServerKind::Auth,
        Some(FactorServer {
            server: id,
            uri: factor_server.text("uri")?.to_owned(),
        }),
    )?;
    let values = server.values();
    let parameters_hash = server.parameters_hash();
    let role = AuthServer {
        setup: Setup {
            config: Config {
                server: server.id,
                versions: server.versions,
                epoch: server.epoch,
                parameters: server.chain,
                handshake_key: server.handshake_key.public(),
                voucher_key: server.statement_key.public(),
                factor_server: countersign::auth::FactorServer {
                    server: id,
                    assertion_key: PublicKey(factor_server.array("statement_key")?),
                },
                voucher_ttl_s: VOUCHER_S,
                services: Services::default(),
            },
            handshake_key: server.handshake_key,
            voucher_key: server.statement_key,
            uri: args.text("uri")?.to_owned(),
            parameters_hash,
        },
        store: Store::default(),
        lines: Lines::default(),
    };
    Ok((Box::new(role), values))
}

impl Role for AuthServer {
    fn step(&mut self, happening: Happening) -> Result<Effects, Refusal> {
        let args = &happening.args;
        let values = match happening.op.as_str() {
            "receive" => {
                let frame = happening.input.as_deref().unwrap_or_default();
                let at = Moment {
                    entropy: happening.entropy()?,
                    now: happening.now()?,
                };
                return self.lines.receive(&self.setup, &mut self.store, frame, at);
            }
            "session.create" => self.create_session(args)?,
            "enrolment.create" => self.create_enrolment(args)?,
            "session.read" => read_session(self.store.session(id(args)?))?,
            "enrolment.read" => read_enrolment(self.store.enrolment(id(args)?))?,
            "account.read" => read_account(self.account(args)?),
            "account.set" => self.set_account(args)?,
            other => return Err(Refusal::Unsupported(other.to_owned())),
        };
        Ok(Effects {
            values,
            ..Effects::default()
        })
    }
}

impl AuthServer {
    fn create_session(&mut self, args: &Args) -> Result<Object, Refusal> {
        let nonce: [u8; 32] = args.array("nonce")?;
        let terms = SessionTerms {
            expires: UnixSeconds(args.uint("expires_s")?),
            announce: announce(args)?,
            preselected: args.optional("account", Args::array)?.map(AccountId),
            policy: args.optional("policy", policy)?,
        };
        let session =
            Session::new(self.setup.config.server, Nonce::new(nonce), terms).map_err(refused)?;
        let link = Link::Session(SessionLink {
            server: self.setup.config.server,
            nonce: Secret::from_bytes(nonce),
        });
        let values = created(session.id, &link)?;
        self.store.put(Fact::Session(session));
        Ok(values)
    }

    fn create_enrolment(&mut self, args: &Args) -> Result<Object, Refusal> {
        let nonce: [u8; 32] = args.array("nonce")?;
        let terms = EnrolmentTerms {
            user_name: args.text("user_name")?.to_owned(),
            expires: UnixSeconds(args.uint("expires_s")?),
            announce: announce(args)?,
            scope: match args.optional("add_authenticators", Args::flag)? {
                Some(true) => Scope::AddAuthenticators,
                Some(false) | None => Scope::New,
            },
        };
        let enrolment =
            Enrolment::new(self.setup.config.server, Nonce::new(nonce), terms).map_err(refused)?;
        let link = Link::Enrolment(EnrolmentLink {
            server: self.setup.config.server,
            uri: self.setup.uri.clone(),
            parameters: self.setup.parameters_hash,
            nonce: Secret::from_bytes(nonce),
        });
        let values = created(enrolment.id, &link)?;
        self.store.put(Fact::Enrolment(enrolment));
        Ok(values)
    }

    fn account(&self, args: &Args) -> Result<&Account, Refusal> {
        self.store
            .account(AccountId(args.array("account")?))
            .ok_or_else(|| Refusal::Error("there is no such account".to_owned()))
    }

    /// What the backend does, by its own rules; a freeze by hand is for the tests alone.
    fn set_account(&mut self, args: &Args) -> Result<Object, Refusal> {
        let account = self.account(args)?.clone();
        let to = lookup(STANDINGS, args.text("state")?)?;
        let wrong = |error: WrongStanding| Refusal::Error(error.to_string());
        let account = match (to, account.standing) {
            (to, from) if to == from => account,
            (Standing::Active, Standing::Frozen) => account.lift().map_err(wrong)?,
            (Standing::Active, _) => account.resume().map_err(wrong)?,
            (Standing::Suspended, _) => account.suspend().map_err(wrong)?,
            (Standing::Revoked, _) => account.revoke(),
            (Standing::Frozen, _) => Account {
                standing: Standing::Frozen,
                version: account.version.saturating_add(1),
                ..account
            },
        };
        self.store.put(Fact::Account(account));
        Ok(Object::new())
    }
}

/// The words for an account's standing.
const STANDINGS: &[(&str, Standing)] = &[
    ("active", Standing::Active),
    ("suspended", Standing::Suspended),
    ("revoked", Standing::Revoked),
    ("frozen", Standing::Frozen),
];

fn read_session(session: Option<&Session>) -> Result<Object, Refusal> {
    let session = session.ok_or_else(|| refused(Code::SessionUnavailable.into()))?;
    Ok(match &session.state {
        SessionState::New(_) => object(json!({ "state": "new" })),
        SessionState::Confirmed(confirmed) => {
            let mut values = object(json!({
                "state": "confirmed",
                "account": hex::encode(confirmed.account.0),
            }));
            if let Some(text) = &confirmed.user_input {
                values.insert("user_input".to_owned(), text.as_str().into());
            }
            values
        }
        SessionState::Rejected(rejected) => object(json!({
            "state": "rejected",
            "account": hex::encode(rejected.account.0),
        })),
    })
}

fn read_enrolment(enrolment: Option<&Enrolment>) -> Result<Object, Refusal> {
    let enrolment = enrolment.ok_or_else(|| refused(Code::SessionUnavailable.into()))?;
    Ok(match &enrolment.state {
        EnrolmentState::Open(_) => object(json!({ "state": "open" })),
        EnrolmentState::Bound(bound) => {
            let mut values = object(json!({
                "state": "bound",
                "account": hex::encode(bound.account.0),
            }));
            if let Some(text) = &bound.user_input {
                values.insert("user_input".to_owned(), text.as_str().into());
            }
            values
        }
    })
}

fn read_account(account: &Account) -> Object {
    let state = STANDINGS
        .iter()
        .find(|(_, standing)| *standing == account.standing)
        .map(|(word, _)| *word);
    object(json!({
        "state": state,
        "user_name": account.user_name,
        "key": hex::encode(account.key.0),
    }))
}

fn created(id: SessionId, link: &Link) -> Result<Object, Refusal> {
    let link = link.to_vec().map_err(not_encoded)?;
    Ok(bytes([("session_id", &id.0), ("link", &link)]))
}

fn id(args: &Args) -> Result<SessionId, Refusal> {
    args.array("session_id").map(SessionId)
}

fn announce(args: &Args) -> Result<Option<Announce>, Refusal> {
    let read = |args: &Args, name: &str| {
        cbor::from_slice(&args.bytes(name)?, limit::FRAME)
            .map_err(|error| Refusal::Error(format!("`{name}`: {error}")))
    };
    args.optional("announce", read)
}

fn policy(args: &Args, name: &str) -> Result<Policy, Refusal> {
    let policy = Args(args.object(name)?.clone());
    Ok(Policy {
        factors: u8::try_from(policy.uint("factors")?).unwrap_or(u8::MAX),
        max_age_s: policy.small("max_age_s")?,
        cached: policy.flag("cached")?,
    })
}

fn object(value: serde_json::Value) -> Object {
    serde_json::from_value(value).unwrap_or_default()
}

fn refused(refusal: error::Refusal) -> Refusal {
    refusal.0.number().into()
}
