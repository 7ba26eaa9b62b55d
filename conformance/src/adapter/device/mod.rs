//! The role `device`: the SDK of `countersign` between a disk and a software keystore.

mod keystore;
mod resident;
mod told;

use std::collections::VecDeque;

use countersign::crypto::{P256, Pin, sha256};
use countersign::device::app::Millis;
use countersign::device::second_factor::Management;
use countersign::device::{Config, DeviceEndpoint, Effect, Flow, UserInput, Wallet};
use countersign::device::{Confirming, KeysNeeded};
use countersign::error::{Code, Refusal as Refused};
use countersign::registry::ServerKind;
use countersign::values::{AccountId, ServerId};
use countersign_vectors::case::Object;
use serde_json::json;

use self::keystore::Keystore;
use super::{Args, Effects, Happening, Opened, Refusal, Role};

/// One session of the role.
struct Device {
    config: Config,
    endpoint: DeviceEndpoint<P256>,
    /// What survives the app: nothing but what an effect said to store.
    disk: Wallet,
    keystore: Keystore,
}

/// Opens the role.
///
/// # Errors
/// [`Refusal::Error`] for a configuration without versions.
pub(super) fn open(config: Object) -> Result<Opened, Refusal> {
    let versions = Args(
        config
            .get("versions")
            .cloned()
            .map_or_else(Object::new, |value| {
                serde_json::from_value(value).unwrap_or_default()
            }),
    );
    let refuse_easy_pins = Args(config)
        .optional("refuse_easy_pins", Args::flag)?
        .unwrap_or(false);
    let config = Config {
        auth_versions: versions.versions("auth")?,
        factor_versions: versions.versions("factor")?,
        biometrics: true,
        pin_change_by_biometric: false,
        refuse_easy_pins,
    };
    let device = Device {
        endpoint: DeviceEndpoint::new(config.clone(), Wallet::default(), P256),
        config,
        disk: Wallet::default(),
        keystore: Keystore::default(),
    };
    Ok((Box::new(device), Object::new()))
}

impl Role for Device {
    /// The time comes first: timers that have expired fire before any input (APP-11).
    fn step(&mut self, happening: Happening) -> Result<Effects, Refusal> {
        let clock = Millis(happening.now_ms.unwrap_or_default());
        let ticked = self.endpoint.tick(clock);
        let fired = self.carry_out(Ok(ticked))?;
        match self.input(&happening, clock) {
            Ok(effects) => Ok(fired.and(effects)),
            Err(Refusal::Reject { code, effects }) => Err(Refusal::Reject {
                code,
                effects: fired.and(effects),
            }),
            Err(other) => Err(other),
        }
    }
}

impl Device {
    fn input(&mut self, happening: &Happening, clock: Millis) -> Result<Effects, Refusal> {
        if let Some(answered) = self.resident(happening, clock) {
            return answered;
        }
        let args = &happening.args;
        match happening.op.as_str() {
            "start" => {
                let link = args.bytes("link")?;
                let entropy = drawn(happening, "start")?;
                let begun = self.endpoint.start(&link, entropy);
                self.carry_out(begun)
            }
            "receive" => {
                let now = happening.now()?;
                let frame = happening.input.as_deref().unwrap_or_default();
                let received = self.endpoint.receive(frame, now);
                self.carry_out(received)
            }
            "confirm" => self.confirm(happening),
            "decline" => {
                let declined = self.endpoint.decline(account(args)?);
                self.carry_out(declined)
            }
            "pin" => self.pin(happening),
            "change_pin" => {
                let server = ServerId(args.array("server")?);
                let entropy = drawn(happening, "change_pin")?;
                let begun = self.endpoint.manage(server, Management::ChangePin, entropy);
                self.carry_out(begun)
            }
            "cancel" => {
                let cancelled = self.endpoint.cancel_factor();
                self.carry_out(cancelled)
            }
            "reconnect" => {
                let reconnected = self.endpoint.reconnect(drawn(happening, "reconnect")?);
                self.carry_out(reconnected)
            }
            "accounts" => Ok(self.accounts()),
            "restart" => {
                self.endpoint = DeviceEndpoint::new(self.config.clone(), self.disk.clone(), P256);
                Ok(Effects::default())
            }
            other => Err(Refusal::Unsupported(other.to_owned())),
        }
    }

    fn confirm(&mut self, happening: &Happening) -> Result<Effects, Refusal> {
        let account = account(&happening.args)?;
        let input = happening
            .args
            .optional("user_input", |args, name| {
                args.text(name).map(str::to_owned)
            })?
            .map(UserInput::new)
            .transpose()
            .map_err(refused)?;
        let entropy = drawn(happening, "confirm")?;
        let confirmed = match (self.keys_needed(), account) {
            (Some(needed), None) => {
                let keys = self.keystore.make(needed, drawn(happening, "keys")?);
                self.endpoint.confirm_enrol(keys, input, entropy)
            }
            _ => self.endpoint.confirm_login(account, input, entropy),
        };
        self.carry_out(confirmed)
    }

    /// The keys that an enrolment waits for, if one does.
    fn keys_needed(&self) -> Option<KeysNeeded> {
        match self.endpoint.flow() {
            Flow::Confirming(Confirming::Enrol(facts)) => Some(facts.keys_needed()),
            _ => None,
        }
    }

    fn pin(&mut self, happening: &Happening) -> Result<Effects, Refusal> {
        let entered = happening.args.text("pin")?.as_bytes().to_vec();
        let Some(server) = self.endpoint.flow().factor_server() else {
            return Err(refused(Code::Stopped.into()));
        };
        let secret = self.keystore.secret(server, drawn(happening, "d_sec")?);
        let pin = Pin::new(entered).map_err(|_| refused(Code::Structure.into()))?;
        let sent = self.endpoint.pin(pin, &secret);
        self.carry_out(sent)
    }

    fn accounts(&self) -> Effects {
        let accounts: Vec<_> = self
            .endpoint
            .wallet()
            .accounts
            .iter()
            .map(|account| {
                json!({
                    "account": hex::encode(account.id.0),
                    "server": hex::encode(account.server.0),
                    "user_name": account.user_name,
                })
            })
            .collect();
        let mut effects = Effects::default();
        effects
            .values
            .insert("accounts".to_owned(), accounts.into());
        effects
    }

    /// Does what the endpoint wants, in its order: the disk first, then the wire.
    fn carry_out(&mut self, wanted: Result<Vec<Effect>, Refused>) -> Result<Effects, Refusal> {
        let mut effects = Effects::default();
        let mut todo = VecDeque::from(wanted.map_err(refused)?);
        while let Some(effect) = todo.pop_front() {
            match effect {
                Effect::Store(update) => self.disk.apply(update),
                Effect::Send { to, frame } => effects.out.push((name(to.kind).to_owned(), frame)),
                Effect::Sign { key, tbs } => {
                    let signature = self.keystore.sign(key, &tbs)?;
                    todo.extend(self.endpoint.signed(signature).map_err(refused)?);
                }
                Effect::Event(event) => effects.events.push(told::event(&event)),
            }
        }
        Ok(effects)
    }
}

fn name(kind: ServerKind) -> &'static str {
    match kind {
        ServerKind::Auth => "auth",
        ServerKind::Factor => "factor",
    }
}

fn account(args: &Args) -> Result<Option<AccountId>, Refusal> {
    args.optional("account", |args, name| args.array(name).map(AccountId))
}

/// 32 bytes of the step's entropy, for one use.
fn drawn(happening: &Happening, what: &str) -> Result<[u8; 32], Refusal> {
    match happening.entropy.as_deref() {
        Some(entropy) if entropy.len() == 32 => Ok(sha256(&[entropy, what.as_bytes()])),
        _ => Err(Refusal::Error("`entropy` has 32 bytes".to_owned())),
    }
}

fn refused(Refused(code): Refused) -> Refusal {
    code.number().into()
}
