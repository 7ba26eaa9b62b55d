//! The devices of a case: their keys, their PINs, and in what they compose messages.

use std::collections::BTreeMap;

use countersign::cose::{self, Statement};
use countersign::crypto::{Pin, PinKey, PublicKey, Secret, Signature};
use countersign::messages::factor::Assertion;
use countersign::values::{ChannelBinding, RecordId, UnixSeconds};

use super::exchange::Line;
use super::server::Server;
use crate::outcome::Stop;
use crate::peer::keys::{Key, other_s};
use crate::session::Session;
use crate::stage::with::With;

/// The device that acts where a turn names none.
pub(super) const ALICE: &str = "alice";
/// The first PIN, where a turn names none.
const FIRST_PIN: &str = "2580";

/// A device, and what it remembers of its factor server.
pub(super) struct Device {
    name: String,
    /// `K_dsf`.
    pub(super) key: Key,
    pub(super) record: RecordId,
    d_sec: [u8; 32],
    /// The generation of the live PIN, as the last status has it.
    pub(super) generation: u32,
    /// The last request number that it used.
    pub(super) last_number: u64,
    /// When the factor server last committed something on its record.
    pub(super) committed_at: UnixSeconds,
    /// What was asserted in answer to each request number.
    pub(super) asserted: BTreeMap<u64, Assertion>,
    /// The same, when the store was last backed up.
    pub(super) backed_up: BTreeMap<u64, Assertion>,
}

impl Device {
    /// The device of that name.
    pub(super) fn of(name: &str, session: &Session<'_, '_>) -> Self {
        let key = Key::from_entropy(session.entropy(&format!("{name}/K_dsf")));
        Self {
            name: name.to_owned(),
            record: RecordId(key.public().kid().0),
            key,
            d_sec: session.entropy(&format!("{name}/d_sec")),
            generation: 1,
            last_number: 0,
            committed_at: UnixSeconds(0),
            asserted: BTreeMap::new(),
            backed_up: BTreeMap::new(),
        }
    }

    /// `K_pin` of a PIN; it signs once.
    pub(super) fn pin_key(&self, pin: &str, generation: u32) -> Result<PinKey, Stop> {
        let pin = Pin::new(pin.as_bytes().to_vec())
            .map_err(|error| Stop::Undecided(format!("no PIN: {error:?}")))?;
        let secret = Secret::from_bytes(self.d_sec);
        Ok(PinKey::from_pin(&secret, &self.record, generation, &pin))
    }

    /// A `K_bio`. A device may have had several; each has a name.
    pub(super) fn bio_key(&self, name: &str, session: &Session<'_, '_>) -> Key {
        Key::from_entropy(session.entropy(&format!("{}/K_bio {name}", self.name)))
    }
}

/// The PIN of a generation, where a turn names none: each is another one.
pub(super) fn pin_of(generation: u32) -> String {
    match generation {
        1 => FIRST_PIN.to_owned(),
        later => format!("73{later:04}"),
    }
}

/// What a message is composed in: the server that it is for, the channel, and when.
#[derive(Clone, Copy)]
pub(super) struct World<'w, 'a, 'b> {
    pub(super) server: &'w Server,
    pub(super) session: &'w Session<'a, 'b>,
    pub(super) now: UnixSeconds,
    /// The number of the turn.
    pub(super) turn: usize,
    /// The channel through which it goes.
    pub(super) channel: ChannelBinding,
    pub(super) lines: &'w BTreeMap<String, Line>,
}

impl World<'_, '_, '_> {
    /// The channel that `with` names under `word`, or the message's own.
    pub(super) fn channel(&self, with: With<'_>, word: &str) -> Result<ChannelBinding, Stop> {
        match with.text(word)? {
            None => Ok(self.channel),
            Some(name) => match self.lines.get(name) {
                Some(line) => Ok(line.talking.binding()),
                None => Err(Stop::Undecided(format!("there is no channel {name}"))),
            },
        }
    }
}

/// Whoever signs.
pub(super) enum Signer {
    Pin(PinKey),
    Key(Key),
}

impl Signer {
    pub(super) fn public(&self) -> PublicKey {
        match self {
            Self::Pin(key) => key.public_key(),
            Self::Key(key) => key.public(),
        }
    }

    pub(super) fn sign(self, tbs: &[u8]) -> Signature {
        match self {
            Self::Pin(key) => key.sign_once(tbs),
            Self::Key(key) => key.sign(tbs),
        }
    }
}

/// The bytes that `key` signs.
pub(super) fn tbs<T: Statement<Context = ()>>(
    statement: &T,
    key: PublicKey,
) -> Result<Vec<u8>, Stop> {
    cose::detached_tbs(statement, &(), key.kid())
        .map_err(|error| Stop::Undecided(error.to_string()))
}

/// The signature, with the other s where the turn says `high_s`.
pub(super) fn of_height(signature: Signature, with: With<'_>) -> Result<Signature, Stop> {
    Ok(match with.flag("high_s")? {
        true => other_s(signature),
        false => signature,
    })
}
