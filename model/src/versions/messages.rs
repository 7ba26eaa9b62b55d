//! Messages 1 and 2: as the device sends them, as the network has changed them, and as an
//! attacker makes them with stolen keys.

use countersign::auth::{Enrolment, Found, Offer, Wanted, greet};
use countersign::device::Greeting;
use countersign::error::Refusal;
use countersign::messages::handshake::{Ead1, Ead2, ParametersChain};
use countersign::messages::nonce_proof;
use countersign::registry::Purpose;
use countersign::values::{Bytes, Version, VoucherId};

use super::edition::{self, ATTACKERS, Edition, edition, identity_key};
use super::state::Editions;
use super::weakenings::Weak;
use crate::clock;
use crate::handshake::{IdealHandshake, transcript};

/// What the network does to EAD_1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Tamper {
    /// Nothing.
    Not,
    /// The highest version is taken away.
    WithoutHighest,
    /// Only the lowest version is left.
    OnlyLowest,
    /// The versions are in the opposite order.
    Reversed,
    /// The epoch is taken away.
    NoEpoch,
    /// The epoch is the first one.
    FirstEpoch,
}

impl Tamper {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Not,
        Self::WithoutHighest,
        Self::OnlyLowest,
        Self::Reversed,
        Self::NoEpoch,
        Self::FirstEpoch,
    ];

    /// EAD_1 as it arrives.
    pub fn of(self, sent: &Ead1) -> Ead1 {
        let mut ead_1 = sent.clone();
        match self {
            Self::Not => {}
            Self::WithoutHighest => drop(ead_1.versions.pop()),
            Self::OnlyLowest => ead_1.versions.truncate(1),
            Self::Reversed => ead_1.versions.reverse(),
            Self::NoEpoch => ead_1.epoch = None,
            Self::FirstEpoch => ead_1.epoch = Some(1),
        }
        ead_1
    }
}

/// Who makes a message_2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Origin {
    /// A server that runs this edition, to what has come.
    Server(u8, Tamper),
    /// An attacker with the handshake key of this edition, which is superseded, who chooses
    /// the lowest version if he can choose.
    Superseded(u8, Choice),
    /// An attacker with the identity key of this sequence, which is superseded: new parameters
    /// under it.
    OldIdentity(u8),
    /// The same, and with it he names a successor of his own.
    Fork(u8),
    /// An attacker who says that a key of his own is the server's first.
    Usurper,
    /// A server of the attacker's own, by its own name.
    OtherServer,
}

/// Which version is chosen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Choice {
    /// As it should be.
    Highest,
    /// To the attacker's liking.
    Lowest,
}

/// A message_2.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Second {
    /// EAD_1 as its maker has seen it.
    pub seen: Ead1,
    /// The maker's ephemeral key.
    pub g_y: [u8; 32],
    /// What it says.
    pub ead_2: Ead2,
    /// The same, sealed.
    pub sealed: Vec<u8>,
}

/// The ephemeral key of the device's handshake with this number.
pub fn g_x(flow: u8) -> [u8; 32] {
    [flow; 32]
}

/// EAD_1 of the device's handshake with this number.
pub fn ead_1(facts: &Greeting, flow: u8) -> Ead1 {
    let nonce = edition::nonce();
    let proof = nonce_proof(
        nonce.as_bytes(),
        edition::server(),
        facts.purpose(),
        &g_x(flow),
    );
    facts.ead_1(proof)
}

/// What a server with this edition answers.
///
/// # Errors
/// What the shipped functions refuse.
pub fn answer(
    edition: &Edition,
    seen: Ead1,
    flow: u8,
    weak: Option<Weak>,
) -> Result<Second, Refusal> {
    let config = edition.config();
    let heard = Weak::heard(weak, &seen, &config.versions);
    let greeting = greet(&config, &heard, &g_x(flow))?;
    let (session, enrolment) = (edition::session(), edition::enrolment());
    let found = match greeting.wanted() {
        Wanted::Session(_) => Found::Session(&session),
        Wanted::Enrolment(_) => Found::Enrolment(&enrolment),
        Wanted::Nothing(_) => Found::Nothing,
    };
    let offer = greeting.offer(&config, found, VoucherId([0; 16]), clock::NOW)?;
    let ead_2 = match offer {
        Offer::Login(ead_2) => ead_2,
        Offer::Enrolment(offer) => offer.vouched(VOUCHER.to_vec()),
    };
    let g_y = [edition.parameters.epoch as u8; 32];
    Ok(second(seen, flow, g_y, ead_2, edition))
}

/// What an attacker answers, if he has the keys for it.
pub fn forge(editions: &Editions, origin: Origin, seen: Ead1, flow: u8) -> Second {
    let versions = |list: &[Version]| list.to_vec();
    let high = u32::from(editions.count()) + 5;
    let forged = |identities: Vec<_>, signer| Edition {
        parameters: edition::parameters(
            edition::server(),
            high,
            versions(&seen.versions),
            (signer, ATTACKERS),
        ),
        identities,
    };
    let legit = |sequence: u8| (0..=sequence).map(identity_key).collect::<Vec<_>>();
    let edition = match origin {
        Origin::Server(index, _) | Origin::Superseded(index, _) => edition(editions, index),
        Origin::OldIdentity(sequence) => forged(legit(sequence), identity_key(sequence)),
        Origin::Fork(sequence) => {
            let mut identities = legit(sequence);
            // As long as the real one may become.
            identities.extend([ATTACKERS; edition::MAX_EDITIONS]);
            forged(identities, ATTACKERS)
        }
        Origin::Usurper => forged(vec![ATTACKERS], ATTACKERS),
        Origin::OtherServer => Edition {
            parameters: edition::parameters(
                edition::attackers_server(),
                high,
                versions(&seen.versions),
                (ATTACKERS, ATTACKERS),
            ),
            identities: vec![ATTACKERS],
        },
    };
    let common = |version: &&Version| edition.parameters.versions.contains(version);
    let common = seen.versions.iter().filter(common);
    let version = match origin {
        Origin::Superseded(_, Choice::Lowest) => common.min(),
        _ => common.max(),
    };
    let version = version.copied().unwrap_or(seen.versions[0]);
    let knows = seen.epoch == Some(edition.parameters.epoch);
    let chain: Option<ParametersChain> = (!knows).then(|| edition.chain());
    let enrols = seen.purpose == Purpose::Enrol;
    let ead_2 = Ead2 {
        version,
        epoch: edition.parameters.epoch,
        announce: None,
        account: None,
        policy: enrols.then_some(Enrolment::POLICY),
        voucher: enrols.then(|| Bytes(VOUCHER.to_vec())),
        parameters: chain,
    };
    second(seen, flow, [0x66; 32], ead_2, &edition)
}

fn second(seen: Ead1, flow: u8, g_y: [u8; 32], ead_2: Ead2, edition: &Edition) -> Second {
    let handshake = IdealHandshake {
        signer: edition.parameters.handshake_key,
        transcript: transcript(&seen, &g_x(flow), &g_y, &ead_2),
    };
    Second {
        sealed: handshake.seal(&ead_2),
        seen,
        g_y,
        ead_2,
    }
}

/// The device passes it on to the factor server, of which there is none here.
const VOUCHER: &[u8] = b"voucher";
