//! What the backend asks about app sessions.
//!
//! | turn | with | facts |
//! |---|---|---|
//! | `resolve` | `on`: the app login whose web nonce it is; or `web_nonce`: `other` | `account`, `user_name`, `live`; none for one that stands for nothing |
//! | `log_out` | `account` | |

use countersign_vectors::case::Turn;
use serde_json::json;

use super::assertion::is_other;
use super::backend::{name, object};
use super::{World, on};
use crate::outcome::Stop;
use crate::session::{Answer, Session};
use crate::stage::judge::Came;
use crate::stage::with::With;

impl World {
    /// The backend asks who a web nonce stands for, or ends an app session.
    pub(super) fn app(
        &mut self,
        action: &str,
        turn: &Turn,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        if action == "log_out" {
            let with = With::of(turn, &["account"])?;
            let account = self.account(name(with, "account")?)?;
            let args = json!({ "account": hex::encode(account.0) });
            return self.order("app.logout", args, session);
        }
        let with = With::of(turn, &["on", "web_nonce"])?;
        let web_nonce = match is_other(with, "web_nonce")? {
            true => session.entropy("another web nonce"),
            false => {
                let on = on(with, &self.last)?.to_owned();
                let app = self.connection(&on)?.app.as_ref();
                let app = app.ok_or_else(|| Stop::Undecided(format!("{on} is no app login")))?;
                *app.web_nonce.as_bytes()
            }
        };
        let args = object(json!({ "web_nonce": hex::encode(web_nonce) }));
        match self.ask("app.resolve", args, session)? {
            Answer::Done { mut values, .. } => {
                self.name_account(&mut values);
                Ok(Came::Accepted(values))
            }
            Answer::Refused { code, .. } => Ok(Came::Refused("rejected", code)),
        }
    }
}
