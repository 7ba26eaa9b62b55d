//! Keys that a device says to have, and the signatures that prove it, right or wrong.
//!
//! | word of an `enrolment_proof` | instead of the right value |
//! |---|---|
//! | `key` | `device`: `K_dev`; `second`: another `K_act`; `no point` |
//! | `server`, `transcript`, `kid` | `other`: signed for another one |
//! | `signer` | `other`: another key signs |
//! | `signature` | `zero` or `high`: r and s are zero, or s is the higher one |

use countersign::cose::{Statement, detached_tbs};
use countersign::crypto::{PublicKey, Signature};
use countersign::messages::credential::ApprovalKey;
use countersign::messages::handshake::EnrolmentProof;
use countersign::values::{Kid, ServerId, Transcript};
use serde_json::Value;

use super::assertion::is_other;
use super::device::Device;
use crate::outcome::Stop;
use crate::peer::device::Greeted;
use crate::peer::keys::{Key, other_s};
use crate::session::Session;
use crate::stage::with::With;

/// The enrolment proof that a turn wants. Its key is the device's once it is settled.
pub(super) fn enrolment_proof(
    with: With<'_>,
    device: &mut Device,
    server: ServerId,
    greeted: &Greeted,
    session: &Session<'_, '_>,
) -> Result<Option<EnrolmentProof>, Stop> {
    let words = ["key", "server", "transcript", "kid", "signer", "signature"];
    let with = match with.value("enrolment_proof") {
        None => return Ok(None),
        Some(Value::Bool(true)) => With::nothing(),
        Some(_) => with.object("enrolment_proof", &words)?,
    };
    let named = |what: &str| Key::from_entropy(session.entropy(&format!("{}/{what}", device.name)));
    let signer = match with.text("key")? {
        None | Some("no point") => named("K_act"),
        Some("second") => named("second K_act"),
        Some("device") => device.key.clone(),
        Some(other) => return Err(Stop::Undecided(format!("no key {other}"))),
    };
    let key = match with.text("key")? {
        Some("no point") => PublicKey([1; 64]),
        _ => signer.public(),
    };
    let statement = ApprovalKey {
        server: match is_other(with, "server")? {
            true => ServerId(session.entropy("another server")),
            false => server,
        },
        transcript: match is_other(with, "transcript")? {
            true => Transcript(session.entropy("another transcript")),
            false => greeted.transcript(),
        },
        device: match is_other(with, "kid")? {
            true => Kid(session.entropy("another kid")),
            false => device.key.public().kid(),
        },
    };
    device.enrolling = Some(signer.clone());
    Ok(Some(EnrolmentProof {
        key,
        signature: possession(with, &statement, &signer, key, session)?,
    }))
}

/// The detached signature of `signer` over a statement about `key`.
pub(super) fn possession<T: Statement<Context = ()>>(
    with: With<'_>,
    statement: &T,
    signer: &Key,
    key: PublicKey,
    session: &Session<'_, '_>,
) -> Result<Signature, Stop> {
    let signer = match is_other(with, "signer")? {
        true => Key::from_entropy(session.entropy("another signer")),
        false => signer.clone(),
    };
    let tbs = detached_tbs(statement, &(), key.kid())
        .map_err(|error| Stop::Undecided(error.to_string()))?;
    let right = signer.sign(&tbs);
    match with.text("signature")? {
        None => Ok(right),
        Some("zero") => Ok(Signature([0; 64])),
        Some("high") => Ok(other_s(right)),
        Some(other) => Err(Stop::Undecided(format!("no signature {other}"))),
    }
}
