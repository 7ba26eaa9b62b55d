//! The devices, and their connections.

use countersign::edhoc::ConnectionId;
use countersign::messages::app::AppSettled;
use countersign::registry::Purpose;
use countersign::values::{AccountId, Bytes, Pseudonym, Rolling};

use super::{ALICE, World};
use crate::outcome::Stop;
use crate::peer::device::{Greeted, Talking};
use crate::peer::keys::Key;
use crate::session::Session;
use crate::stage::judge::Came;
use crate::stage::with::With;

/// A device, and what it remembers of this server.
#[derive(Clone)]
pub(super) struct Device {
    pub(super) name: String,
    /// `K_dev`.
    pub(super) key: Key,
    /// `K_act`, once it is registered.
    pub(super) approval_key: Option<Key>,
    /// The `K_act` of an enrolment that is not settled yet.
    pub(super) enrolling: Option<Key>,
    /// What the factor server calls it towards this server.
    pub(super) subject: Pseudonym,
    pub(super) account: Option<AccountId>,
    pub(super) counter: u64,
    /// The values that it was told, the newest last.
    pub(super) rolling: Vec<Rolling>,
    /// How many assertions it has had.
    pub(super) assertions: u64,
    pub(super) last_assertion: Option<Bytes>,
    /// The key that it rotates to.
    pub(super) next_key: Option<Key>,
    /// The bytes of its last answer to a challenge.
    pub(super) last_answer: Option<Vec<u8>>,
}

/// A connection, as its device and the network know it.
pub(super) struct Connection {
    /// The session or enrolment that it claims.
    pub(super) offer: Option<String>,
    pub(super) purpose: Purpose,
    pub(super) c_i: Vec<u8>,
    pub(super) c_r: ConnectionId,
    pub(super) greeted: Option<Greeted>,
    pub(super) talking: Option<Talking>,
    pub(super) device: String,
    pub(super) message_1: Vec<u8>,
    pub(super) message_2: Vec<u8>,
    pub(super) message_3: Option<Vec<u8>>,
    pub(super) answer: Option<Vec<u8>>,
    /// What came of an app login.
    pub(super) app: Option<AppSettled>,
    /// What has come through its channel, and the case has not looked at.
    pub(super) inbox: Vec<Vec<u8>>,
    /// The last record that the device sent.
    pub(super) record: Option<Vec<u8>>,
}

impl Device {
    pub(super) fn of(name: &str, session: &Session<'_, '_>) -> Self {
        Self {
            name: name.to_owned(),
            key: Key::from_entropy(session.entropy(&format!("{name}/K_dev"))),
            approval_key: None,
            enrolling: None,
            subject: Pseudonym(session.entropy(&format!("{name}/subject"))),
            account: None,
            counter: 0,
            rolling: Vec::new(),
            assertions: 0,
            last_assertion: None,
            next_key: None,
            last_answer: None,
        }
    }

    /// The value told last, or the one this many steps before it.
    pub(super) fn told(&self, before: usize) -> Option<Rolling> {
        let at = self.rolling.len().checked_sub(before + 1)?;
        self.rolling.get(at).copied()
    }
}

impl World {
    /// Another phone with the same key and storage.
    pub(super) fn copy(&mut self, with: With<'_>) -> Result<Came, Stop> {
        let (from, to) = (with.text("device")?.unwrap_or(ALICE), with.text("as")?);
        let to = to.ok_or_else(|| Stop::Undecided("`as` is missing".to_owned()))?;
        let copy = Device {
            name: to.to_owned(),
            ..self.device(from)?.clone()
        };
        self.devices.insert(to.to_owned(), copy);
        Ok(Came::nothing())
    }

    pub(super) fn connection(&mut self, name: &str) -> Result<&mut Connection, Stop> {
        self.connections
            .get_mut(name)
            .ok_or_else(|| Stop::Undecided(format!("there is no connection {name}")))
    }

    pub(super) fn device(&self, name: &str) -> Result<&Device, Stop> {
        self.devices
            .get(name)
            .ok_or_else(|| Stop::Undecided(format!("there is no device {name}")))
    }
}
