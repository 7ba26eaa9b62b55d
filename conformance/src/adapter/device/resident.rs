//! App sessions and data: what stays when a flow is over.

use countersign::device::app::Millis;
use countersign::values::{AccountId, IdempotencyKey, ServerId};
use serde_json::json;

use super::{Device, drawn, refused};
use crate::adapter::{Args, Effects, Happening, Refusal};

impl Device {
    /// An input of an app session or of the data service's; nothing for another op.
    pub(super) fn resident(
        &mut self,
        happening: &Happening,
        clock: Millis,
    ) -> Option<Result<Effects, Refusal>> {
        Some(match happening.op.as_str() {
            "app_login" => self.app_login(happening, clock),
            // The time was said before.
            "tick" => Ok(Effects::default()),
            "activity" => {
                let effects = self.endpoint.activity(clock);
                self.carry_out(Ok(effects))
            }
            "log_out" => {
                let effects = self.endpoint.log_out(clock);
                self.carry_out(effects)
            }
            "resume" => {
                let effects = self.endpoint.resume(clock);
                self.carry_out(effects)
            }
            "app_session" => self.app_session(clock),
            "open_data" => self.open_data(happening, clock),
            "close_data" => {
                let effects = self.endpoint.close_data();
                self.carry_out(Ok(effects))
            }
            "get_data" => self.get_data(happening, clock),
            "cancel_data" => self.cancel_data(&happening.args, clock),
            _ => return None,
        })
    }

    fn app_login(&mut self, happening: &Happening, clock: Millis) -> Result<Effects, Refusal> {
        let (server, account) = whose(&happening.args)?;
        let inactivity_s = happening.args.optional("inactivity_s", Args::small)?;
        let entropy = drawn(happening, "app_login")?;
        let effects = self
            .endpoint
            .start_app_login(server, account, inactivity_s, entropy, clock);
        self.carry_out(effects)
    }

    fn app_session(&self, clock: Millis) -> Result<Effects, Refusal> {
        let web_nonce = self.endpoint.web_nonce(clock).map_err(refused)?;
        let user_name = self.endpoint.user_name(clock).map_err(refused)?;
        let mut effects = Effects::default();
        let nonce = hex::encode(web_nonce.as_bytes());
        effects.values.insert("web_nonce".to_owned(), nonce.into());
        effects
            .values
            .insert("user_name".to_owned(), user_name.into());
        Ok(effects)
    }

    fn open_data(&mut self, happening: &Happening, clock: Millis) -> Result<Effects, Refusal> {
        let (server, account) = whose(&happening.args)?;
        let entropy = drawn(happening, "open_data")?;
        let effects = self.endpoint.open_data(server, account, entropy, clock);
        self.carry_out(effects)
    }

    fn get_data(&mut self, happening: &Happening, clock: Millis) -> Result<Effects, Refusal> {
        let args = &happening.args;
        let server = ServerId(args.array("server")?);
        let key = args.optional("idempotency_key", |args, name| {
            args.array(name).map(IdempotencyKey)
        })?;
        let entropy = drawn(happening, "get_data")?;
        let (id, effects) =
            self.endpoint
                .get_data(server, args.bytes("payload")?, key, entropy, clock);
        let mut effects = self.carry_out(Ok(effects))?;
        effects.values.insert("request".to_owned(), json!(id));
        Ok(effects)
    }

    fn cancel_data(&mut self, args: &Args, clock: Millis) -> Result<Effects, Refusal> {
        let effects = self.endpoint.cancel(args.uint("request")?, clock);
        self.carry_out(Ok(effects))
    }
}

fn whose(args: &Args) -> Result<(ServerId, AccountId), Refusal> {
    Ok((
        ServerId(args.array("server")?),
        AccountId(args.array("account")?),
    ))
}
