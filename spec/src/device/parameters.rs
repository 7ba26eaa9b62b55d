//! Who a server is: from signed parameters to a server that the device knows
//! (protocol.md, section 4.3).
//!
//! ```text
//! server id = kid of the first identity key
//!                │ says of itself: sequence 0
//!                ▼
//!          identity key 0 ──signs──► identity key 1 ──signs──► … ──signs──► parameters
//!                                     ▲
//!                        known from an earlier handshake: the succession leads through it
//! ```
//!
//! A succession that leaves the known key out is refused although it begins
//! at the right id: whoever steals an old identity key could make one.

use alloc::vec::Vec;

use super::wallet::{KnownServer, Trust};
use crate::cbor;
use crate::cose::Sign1;
use crate::crypto::{PublicKey, Verifier, sha256};
use crate::error::{Code, Refusal};
use crate::messages::handshake::ParametersChain;
use crate::messages::parameters::{Identity, Parameters};
use crate::registry::{ServerKind, limit};
use crate::values::{Bytes, Digest, ServerId, UnixSeconds};
use crate::verified::Verified;

/// The server that the device meant to reach.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Expected<'w> {
    /// Its id.
    pub server: ServerId,
    /// Its kind.
    pub kind: ServerKind,
    /// What the device has stored of it.
    pub known: Option<&'w KnownServer>,
    /// The parameters hash of the enrolment link, if one led here.
    pub link: Option<Digest>,
    /// Who vouches for the id, should the device not know the server yet.
    pub trust: Trust,
}

/// A server whose parameters were checked by [`authenticate`]. There is no other way to get one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Authenticated(KnownServer);

impl Authenticated {
    /// The server, to be stored.
    pub fn server(&self) -> &KnownServer {
        &self.0
    }

    /// Its parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.0.parameters
    }
}

/// Authenticates the parameters that a handshake's EAD_2 brings, or refers to:
/// `chain` and `epoch` are what EAD_2 says, itself not verified yet.
///
/// # Errors
/// [`Code::ServerNotAuthenticated`] (PAR-1), [`Code::WrongServer`] (PAR-2),
/// [`Code::ParametersExpired`] (PAR-3), [`Code::EpochTooLow`] (PAR-4, PAR-7),
/// [`Code::ParametersMismatch`] (PAR-5).
pub fn authenticate<V: Verifier>(
    expected: &Expected<'_>,
    chain: Option<&ParametersChain>,
    epoch: u32,
    now: UnixSeconds,
    verifier: &V,
) -> Result<Authenticated, Refusal> {
    let server = match (chain, expected.known) {
        (Some(chain), _) => verify_chain(expected, chain, verifier)?,
        (None, Some(known)) => known.clone(),
        (None, None) => return Err(Code::ServerNotAuthenticated.into()),
    };
    let parameters = &server.parameters;
    if parameters.server != expected.server || parameters.kind != expected.kind {
        return Err(Code::WrongServer.into());
    }
    if parameters.expiry <= now {
        return Err(Code::ParametersExpired.into());
    }
    let lowest = expected.known.map_or(0, |known| known.parameters.epoch);
    if parameters.epoch < lowest || parameters.epoch != epoch {
        return Err(Code::EpochTooLow.into());
    }
    if expected.link.is_some_and(|hash| hash != server.hash) {
        return Err(Code::ParametersMismatch.into());
    }
    Ok(Authenticated(server))
}

/// The server that a chain describes, its signatures verified (PAR-1).
fn verify_chain<V: Verifier>(
    expected: &Expected<'_>,
    chain: &ParametersChain,
    verifier: &V,
) -> Result<KnownServer, Refusal> {
    let signed = Sign1::<Parameters>::from_bytes(&chain.signed)?;
    // The key inside verifies the parameters that hold it; whose key it is, the succession says.
    let claimed = signed.unverified().identity_key;
    let sequence = verify_succession(expected, &chain.identities, &claimed, verifier)?;
    let parameters = signed
        .verify(&claimed, &(expected.server,), verifier)
        .map_err(|_| Code::ServerNotAuthenticated)?
        .into_inner();
    Ok(KnownServer {
        hash: hash(&parameters)?,
        sequence,
        trust: expected.known.map_or(expected.trust, |known| known.trust),
        parameters,
    })
}

/// Follows the identity keys to `last`, and returns its sequence.
fn verify_succession<V: Verifier>(
    expected: &Expected<'_>,
    identities: &[Bytes],
    last: &PublicKey,
    verifier: &V,
) -> Result<u32, Refusal> {
    if identities.len() > limit::IDENTITIES {
        return Err(Code::TooLarge.into());
    }
    let known = expected
        .known
        .map(|known| (known.sequence, known.parameters.identity_key));
    let statements: Vec<Sign1<Identity>> = identities
        .iter()
        .map(|statement| Sign1::from_bytes(statement))
        .collect::<Result<_, _>>()?;
    let Some(first) = statements.first() else {
        // No succession: the key is the known one, or the first, of which the id is the hash.
        return match known {
            Some((sequence, key)) if key == *last => Ok(sequence),
            None if is_first(expected.server, last) => Ok(0),
            _ => Err(Code::ServerNotAuthenticated.into()),
        };
    };
    // Where the list begins: with the first key, speaking for itself, or behind the known key.
    let begin = first.unverified();
    let (mut sequence, mut signer) = match known {
        _ if begin.sequence == 0 && is_first(expected.server, &begin.key) => (None, begin.key),
        Some((sequence, key)) => (Some(sequence), key),
        None => return Err(Code::ServerNotAuthenticated.into()),
    };
    for statement in statements {
        let identity = follow(expected.server, sequence, &signer, statement, verifier)?;
        if known.is_some_and(|(at, key)| at == identity.sequence && key != identity.key) {
            return Err(Code::ServerNotAuthenticated.into());
        }
        sequence = Some(identity.sequence);
        signer = identity.key;
    }
    match sequence {
        Some(sequence) if signer == *last && known.is_none_or(|(at, _)| at <= sequence) => {
            Ok(sequence)
        }
        _ => Err(Code::ServerNotAuthenticated.into()),
    }
}

/// Verifies one step of a succession: the statement behind `sequence`, by `signer`.
fn follow<V: Verifier>(
    server: ServerId,
    sequence: Option<u32>,
    signer: &PublicKey,
    statement: Sign1<Identity>,
    verifier: &V,
) -> Result<Verified<Identity>, Refusal> {
    let due = match sequence {
        None => Some(0),
        Some(sequence) => sequence.checked_add(1),
    };
    statement
        .verify(signer, &(server,), verifier)
        .ok()
        .filter(|identity| identity.server == server && Some(identity.sequence) == due)
        .ok_or(Code::ServerNotAuthenticated.into())
}

/// Whether the server's id is the hash of this key.
fn is_first(server: ServerId, key: &PublicKey) -> bool {
    key.kid().0 == server.0
}

/// The parameters hash. Their encoding is deterministic, so this is what was signed.
fn hash(parameters: &Parameters) -> Result<Digest, Refusal> {
    let payload = cbor::to_vec(parameters).map_err(|_| Code::Structure)?;
    Ok(Digest(sha256(&[&payload])))
}
