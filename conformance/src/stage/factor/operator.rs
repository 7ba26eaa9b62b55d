//! What the operator does: replicas crash and start again, and the store comes out of a backup.

use serde_json::json;

use super::exchange::Reply;
use super::{Theatre, object};
use crate::outcome::Stop;
use crate::session::{Input, Session};
use crate::stage::judge::{Came, wrong};
use crate::stage::with::With;

/// The words of a restart.
pub(super) const RESTART: &[&str] = &["replica", "store_epoch", "max_attempts"];
/// The words of a restore.
pub(super) const RESTORE: &[&str] = &["store_epoch"];

impl Theatre {
    /// Makes a replica forget whatever is not in the store.
    pub(super) fn crash(
        &mut self,
        with: With<'_>,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        self.order("crash", with, session)
    }

    /// Stops a replica, and starts it with another configuration. What the runner expects of
    /// statuses and verdicts from then on is by that configuration.
    pub(super) fn restart(
        &mut self,
        with: With<'_>,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        self.reconfigure(with)?;
        self.order("restart", with, session)
    }

    /// Remembers what is in the store.
    pub(super) fn backup(
        &mut self,
        with: With<'_>,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        for device in self.devices.values_mut() {
            device.backed_up.clone_from(&device.asserted);
        }
        self.order("backup", with, session)
    }

    /// Stops every replica, goes back to the backup, and starts them in a later store epoch (STO-3).
    pub(super) fn restore(
        &mut self,
        with: With<'_>,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        for device in self.devices.values_mut() {
            device.asserted.clone_from(&device.backed_up);
        }
        self.held.clear();
        self.reconfigure(with)?;
        self.order("restore", with, session)
    }

    fn reconfigure(&mut self, with: With<'_>) -> Result<(), Stop> {
        let server = self
            .server
            .as_mut()
            .ok_or_else(|| Stop::Undecided("there is no factor server".to_owned()))?;
        if let Some(epoch) = with.number("store_epoch")? {
            server.store_epoch = epoch;
        }
        if let Some(max_attempts) = with.number("max_attempts")? {
            server.max_attempts = max_attempts;
        }
        Ok(())
    }

    /// A step that says nothing to anybody. Its arguments are the turn's words.
    fn order(
        &mut self,
        op: &str,
        with: With<'_>,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let mut args = object(json!({}));
        for word in RESTART {
            if let Some(value) = with.value(word) {
                args.insert((*word).to_owned(), value.clone());
            }
        }
        if matches!(op, "crash" | "restart") {
            let replica = with.uint("replica")?.unwrap_or(0);
            args.insert("replica".to_owned(), replica.into());
            self.held.remove(&replica);
        }
        let input = Input {
            op: op.to_owned(),
            args,
            ..Input::default()
        };
        match self.reply(input, session)? {
            Reply::Nothing => Ok(Came::nothing()),
            Reply::Frame(_) => Err(wrong("nothing for anybody", &"a frame")),
            Reply::Refused(code, _) => Ok(Came::Refused("rejected", code)),
        }
    }
}
