//! The role `factor`: the factor server of `countersign`, as replicas over one store.

mod decide;
mod fault;
mod policy;
mod replica;
mod store;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use countersign::crypto::PublicKey;
use countersign::factor::Config;
use countersign::factor::endpoint::Offer;
use countersign::registry::ServerKind;
use countersign::values::{RecordId, ServerId};
use countersign_vectors::case::Object;
use serde_json::{Value, json};

pub use self::fault::Fault;
use self::replica::{Hold, Replica};
use self::store::Store;
use super::server::Server;
use super::{Args, Effects, Happening, Opened, Refusal, Role};
use crate::peer::keys::Key;

/// How many replicas there are.
const REPLICAS: usize = 2;

/// The operator's settings and the secrets.
#[derive(Clone)]
struct Setup {
    config: Config,
    offer: Offer,
    handshake_key: Key,
    statement_key: Key,
    pseudonym_key: [u8; 32],
    /// A check that is not made, where this is not the reference but a mutant of it.
    fault: Option<Fault>,
}

/// A replica, and the settings that it was started with.
struct Machine {
    setup: Setup,
    replica: Replica,
}

/// One session of the role.
struct FactorServer {
    store: Store,
    backup: Store,
    machines: [Machine; REPLICAS],
}

/// Opens the role.
///
/// # Errors
/// [`Refusal::Error`] for a configuration that makes no factor server.
pub(super) fn open(config: Object, fault: Option<Fault>) -> Result<Opened, Refusal> {
    let args = Args(config);
    let server = Server::of(&args, ServerKind::Factor, None)?;
    let values = server.values();
    let setup = Setup::of(&args, server, fault)?;
    let role = FactorServer {
        store: Store::default(),
        backup: Store::default(),
        machines: [(); REPLICAS].map(|()| Machine {
            setup: setup.clone(),
            replica: Replica::default(),
        }),
    };
    Ok((Box::new(role), values))
}

impl Setup {
    fn of(args: &Args, server: Server, fault: Option<Fault>) -> Result<Self, Refusal> {
        let issuers: BTreeMap<ServerId, PublicKey> =
            args.list("issuers", issuer)?.into_iter().collect();
        Ok(Self {
            config: Config {
                server: server.id,
                store_epoch: args.small("store_epoch")?,
                max_attempts: max_attempts(args)?,
                statement_kid: server.statement_key.public().kid(),
                issuers,
                policy: policy::policy(args)?,
            },
            offer: Offer {
                server: server.id,
                versions: server.versions,
                epoch: server.epoch,
                parameters: server.chain,
                handshake_key: server.handshake_key.public(),
            },
            handshake_key: server.handshake_key,
            statement_key: server.statement_key,
            pseudonym_key: args.array("pseudonym_key")?,
            fault,
        })
    }
}

impl Machine {
    /// Starts it again: all that it held in memory is gone, and the settings that are named are other ones.
    fn restart(&mut self, settings: &Args) -> Result<(), Refusal> {
        if let Some(epoch) = settings.optional("store_epoch", Args::small)? {
            self.setup.config.store_epoch = epoch;
        }
        if settings.0.contains_key("max_attempts") {
            self.setup.config.max_attempts = max_attempts(settings)?;
        }
        self.replica = Replica::default();
        Ok(())
    }
}

impl Role for FactorServer {
    fn step(&mut self, happening: Happening) -> Result<Effects, Refusal> {
        let args = &happening.args;
        match happening.op.as_str() {
            "receive" => {
                let frame = happening.input.as_deref().unwrap_or_default();
                let hold = match args.0.get("hold") {
                    Some(Value::Bool(true)) => Hold::BeforeCommit,
                    _ => Hold::Nothing,
                };
                let (store, Machine { setup, replica }) = self.at(args)?;
                if setup.fault == Some(Fault::VoucherRemembered) {
                    store.forget(happening.now()?);
                }
                replica.receive(
                    setup,
                    store,
                    frame,
                    hold,
                    happening.entropy()?,
                    happening.now()?,
                )
            }
            "commit" => {
                let (store, Machine { setup, replica }) = self.at(args)?;
                replica.commit(setup, store, happening.now()?)
            }
            "crash" => {
                let (_, machine) = self.at(args)?;
                machine.replica = Replica::default();
                Ok(Effects::default())
            }
            "restart" => {
                let (_, machine) = self.at(args)?;
                machine.restart(args).map(|()| Effects::default())
            }
            "backup" => {
                self.backup = self.store.clone();
                Ok(Effects::default())
            }
            "restore" => self.restore(args),
            "record.read" => self.read(RecordId(args.array("record")?)),
            other => Err(Refusal::Unsupported(other.to_owned())),
        }
    }
}

impl FactorServer {
    /// The replica that a step is for, the first unless it says otherwise.
    fn at(&mut self, args: &Args) -> Result<(&mut Store, &mut Machine), Refusal> {
        let number = args.optional("replica", Args::uint)?.unwrap_or(0);
        let machine = usize::try_from(number)
            .ok()
            .and_then(|number| self.machines.get_mut(number))
            .ok_or_else(|| Refusal::Error(format!("there is no replica {number}")))?;
        Ok((&mut self.store, machine))
    }

    /// As an operator does it (STO-3): every replica stops, the store is the backup, and the
    /// replicas start in the epoch that is named.
    fn restore(&mut self, args: &Args) -> Result<Effects, Refusal> {
        self.store = self.backup.clone();
        for machine in &mut self.machines {
            machine.restart(args)?;
        }
        Ok(Effects::default())
    }

    fn read(&self, record: RecordId) -> Result<Effects, Refusal> {
        let mut effects = Effects::default();
        if let Some(record) = self.store.record(record) {
            let values = json!({
                "failed_attempts": record.lockout.failed_attempts,
                "request_number": record.last_number(),
                "generation": record.generation,
            });
            effects.values = serde_json::from_value(values).unwrap_or_default();
        }
        Ok(effects)
    }
}

fn max_attempts(args: &Args) -> Result<NonZeroU32, Refusal> {
    NonZeroU32::new(args.small("max_attempts")?)
        .ok_or_else(|| Refusal::Error("`max_attempts` is zero".to_owned()))
}

fn issuer(value: &Value) -> Result<(ServerId, PublicKey), Refusal> {
    let object = value.as_object().cloned().unwrap_or_default();
    let args = Args(object);
    Ok((
        ServerId(args.array("id")?),
        PublicKey(args.array("statement_key")?),
    ))
}
