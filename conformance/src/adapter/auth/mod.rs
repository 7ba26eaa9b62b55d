//! The role `auth`: the auth server of `countersign`, and its backend.

mod accounts;
mod actions;
mod channels;
mod decide;
mod lines;
mod offers;
mod store;

use countersign::auth::action::Limits;
use countersign::auth::{AppTerms, Config, DataTerms, Services};
use countersign::crypto::PublicKey;
use countersign::error;
use countersign::messages::handshake::Policy;
use countersign::messages::parameters::FactorServer;
use countersign::registry::ServerKind;
use countersign::values::{Digest, ServerId, UnixSeconds};
use countersign_vectors::case::Object;

use self::channels::Channels;
use self::lines::Lines;
use self::store::Store;
use super::server::Server;
use super::{Args, Effects, Happening, Opened, Refusal, Role};
use crate::peer::keys::Key;

/// How long a voucher is valid, in seconds.
const VOUCHER_S: u64 = 600;

/// What the server is, and its online keys.
struct Setup {
    config: Config,
    limits: Limits,
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
    channels: Channels,
}

/// When something comes, and what there is to draw from.
#[derive(Clone, Copy)]
struct Moment {
    entropy: [u8; 32],
    now: UnixSeconds,
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
    let limits = args.optional("actions", limits)?;
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
                services: Services {
                    app: args.optional("app", app_terms)?,
                    data: args.optional("data", data_terms)?,
                    headless: args.optional("headless", Args::flag)?.unwrap_or(false),
                    upgrade: args.optional("upgrade", Args::flag)?.unwrap_or(false),
                    actions: limits.is_some(),
                },
            },
            limits: limits.unwrap_or(NO_CHALLENGES),
            handshake_key: server.handshake_key,
            voucher_key: server.statement_key,
            uri: args.text("uri")?.to_owned(),
            parameters_hash,
        },
        store: Store::default(),
        lines: Lines::default(),
        channels: Channels::default(),
    };
    Ok((Box::new(role), values))
}

/// The limits of a server that has no actions.
const NO_CHALLENGES: Limits = Limits {
    challenges_per_hour: 0,
    cool_down_s: 0,
    challenge_ttl_s: 0,
    token_ttl_s: 0,
};

fn app_terms(args: &Args, name: &str) -> Result<AppTerms, Refusal> {
    let terms = Args(args.object(name)?.clone());
    Ok(AppTerms {
        policy: terms.optional("policy", policy)?,
        ping_time_s: terms.small("ping_time_s")?,
        limit_s: terms.small("limit_s")?,
    })
}

fn data_terms(args: &Args, name: &str) -> Result<DataTerms, Refusal> {
    let terms = Args(args.object(name)?.clone());
    Ok(DataTerms {
        policy: terms.optional("policy", policy)?,
    })
}

fn limits(args: &Args, name: &str) -> Result<Limits, Refusal> {
    let limits = Args(args.object(name)?.clone());
    Ok(Limits {
        challenges_per_hour: limits.small("challenges_per_hour")?,
        cool_down_s: limits.uint("cool_down_s")?,
        challenge_ttl_s: limits.uint("challenge_ttl_s")?,
        token_ttl_s: limits.uint("token_ttl_s")?,
    })
}

impl Role for AuthServer {
    fn step(&mut self, happening: Happening) -> Result<Effects, Refusal> {
        let at = Moment {
            entropy: happening.entropy()?,
            now: happening.now()?,
        };
        let mut came = self.act(&happening, at);
        // Whatever happened, an app session that has ended by it is told so.
        let ended = self.channels.sweep(&mut self.store, at.now);
        let effects = match &mut came {
            Ok(effects) | Err(Refusal::Reject { effects, .. }) => effects,
            Err(_) => return came,
        };
        effects.out.extend(ended.out);
        effects.events.extend(ended.events);
        came
    }
}

impl AuthServer {
    fn act(&mut self, happening: &Happening, at: Moment) -> Result<Effects, Refusal> {
        let args = &happening.args;
        let values = match happening.op.as_str() {
            "receive" => {
                let frame = happening.input.as_deref().unwrap_or_default();
                return self.receive(frame, at);
            }
            "tick" => return Ok(self.channels.ping(&self.store, at.now)),
            "data.answer" => return self.channels.answer(args),
            "data.fail" => return self.channels.fail(args),
            "session.create" => self.create_session(args)?,
            "session.read" => self.read_session(args)?,
            "enrolment.create" => self.create_enrolment(args)?,
            "enrolment.read" => self.read_enrolment(args)?,
            "account.read" => self.read_account(args)?,
            "account.set" => self.set_account(args, at)?,
            "account.delete" => self.delete_account(args)?,
            "credentials.read" => self.read_credentials(args)?,
            "app.resolve" => self.resolve(args, at)?,
            "app.logout" => self.log_out(args, at)?,
            "action.create" => self.create_action(args, at)?,
            "action.review" => self.review_action(args, at)?,
            "action.read" => self.read_action(args)?,
            "challenge.create" => self.create_challenge(args, at)?,
            "challenge.cancel" => self.cancel_challenge(args)?,
            "challenge.read" => self.read_challenge(args)?,
            "token.validate" => self.validate_token(args, at)?,
            other => return Err(Refusal::Unsupported(other.to_owned())),
        };
        Ok(Effects {
            values,
            ..Effects::default()
        })
    }
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
