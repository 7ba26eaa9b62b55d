//! What a device asks about its own credential.
//!
//! | turn | with | facts |
//! |---|---|---|
//! | `rotate` | `on`, `key` (`K_dev`, `K_act`, `no point`, or another device, whose key it is), `again` (to the key of the last attempt), `account`, `channel`, `signed_key` (`other`: signed for another one), `signer` (`other`), `signature` (`zero`, `high`), `lost`, `spoil` | `rotated` |
//! | `delete` | `on`, `spoil` | `deleted` |

use countersign::crypto::PublicKey;
use countersign::messages::credential::{
    CredentialDeleted, DeleteCredential, Rotate, Rotated, Rotation,
};
use countersign::values::{AccountId, ChannelBinding, Type};
use countersign_vectors::case::Turn;
use serde_json::json;

use super::assertion::is_other;
use super::channel::{Reply, encode};
use super::possession::possession;
use super::settled::decode;
use super::{World, on};
use crate::outcome::Stop;
use crate::peer::keys::Key;
use crate::peer::spoiler::Spoiler;
use crate::session::Session;
use crate::stage::judge::{Came, same, wrong};
use crate::stage::with::With;

const ROTATE: &[&str] = &[
    "on",
    "key",
    "again",
    "account",
    "channel",
    "signed_key",
    "signer",
    "signature",
    "lost",
    "spoil",
];

impl World {
    /// A new key in place of the one of the channel.
    pub(super) fn rotate(
        &mut self,
        turn: &Turn,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let with = With::of(turn, ROTATE)?;
        let on = on(with, &self.last)?.to_owned();
        let name = self.connection(&on)?.device.clone();
        let account = self.account_of(&on)?;
        let device = self.device(&name)?;
        let (next, key) = match with.text("key")? {
            None if with.flag("again")? => {
                let next = device.next_key.clone();
                let next = next.ok_or_else(|| Stop::Undecided("no rotation before".to_owned()))?;
                (next.clone(), next.public())
            }
            None => {
                let old = hex::encode(device.key.public().kid().0);
                let next = Key::from_entropy(session.entropy(&format!("{name}/after {old}")));
                (next.clone(), next.public())
            }
            Some("K_dev") => (device.key.clone(), device.key.public()),
            Some("K_act") => {
                let key = device.approval_key.clone();
                let key = key.ok_or_else(|| Stop::Undecided("it has no K_act".to_owned()))?;
                (key.clone(), key.public())
            }
            Some("no point") => (device.key.clone(), PublicKey([1; 64])),
            Some(other) => {
                let key = self.device(other)?.key.clone();
                (key.clone(), key.public())
            }
        };
        let rotation = Rotation {
            account: match is_other(with, "account")? {
                true => AccountId(session.entropy("another account")),
                false => account,
            },
            key: match is_other(with, "signed_key")? {
                true => Key::from_entropy(session.entropy("another key")).public(),
                false => key,
            },
            channel: match is_other(with, "channel")? {
                true => ChannelBinding(session.entropy("another channel")),
                false => self.talking(&on)?.binding(),
            },
        };
        let rotate = Rotate {
            ty: Type,
            key,
            possession: possession(with, &rotation, &next, key, session)?,
        };
        if let Some(device) = self.devices.get_mut(&name) {
            device.next_key = Some(next.clone());
        }
        let content = match self.say(&on, encode(&rotate)?, spoiler, session)? {
            Reply::Done(Some(content)) => content,
            Reply::Done(None) => return Err(wrong("rotated", &"nothing")),
            Reply::Refused(came) => return Ok(came),
        };
        let rotated: Rotated = decode("rotated", &content)?;
        same("the new key's id", &key.kid(), &rotated.key)?;
        if let Some(device) = self
            .devices
            .get_mut(&name)
            .filter(|_| !matches!(with.flag("lost"), Ok(true)))
        {
            device.key = next;
        }
        Ok(Came::with(json!({ "rotated": true })))
    }

    /// The credential goes.
    pub(super) fn delete(
        &mut self,
        turn: &Turn,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let with = With::of(turn, &["on", "spoil"])?;
        let on = on(with, &self.last)?.to_owned();
        match self.say(&on, encode(&DeleteCredential::default())?, spoiler, session)? {
            Reply::Done(Some(content)) => {
                let _: CredentialDeleted = decode("credential-deleted", &content)?;
                Ok(Came::with(json!({ "deleted": true })))
            }
            Reply::Done(None) => Err(wrong("credential-deleted", &"nothing")),
            Reply::Refused(came) => Ok(came),
        }
    }
}
