//! Assertions: what makes an auth server believe in a second factor
//! (protocol.md, section 8.6).

use super::cached::Cached;
use super::config::Config;
use crate::cose::Sign1;
use crate::crypto::Verifier;
use crate::error::{Code, Refusal};
use crate::messages::factor::Assertion;
use crate::messages::handshake::Policy;
use crate::registry::{Factor, Purpose, seconds};
use crate::values::{AssertionId, Bind, Bytes, Pseudonym, UnixSeconds};

/// What an assertion has to be for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Required {
    /// The statement's purpose.
    pub purpose: Purpose,
    /// What the server itself computes from the statement.
    pub bind: Bind,
    /// What the factor server calls the account's device; `None` at enrolment,
    /// which learns it.
    pub subject: Option<Pseudonym>,
    /// Which factors will do, and how old they may be.
    pub policy: Policy,
}

/// Proof that an assertion was accepted; only [`accept`] makes one. A commit that
/// relies on it uses the assertion's id up.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Accepted(Assertion);

/// The second factor of a decision.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum SecondFactor {
    /// None was asked for.
    NotAsked,
    /// It was asked for, and is there.
    Accepted(Accepted),
    /// It was asked for, and the one of a live app session will do.
    Cached(Cached),
}

/// Checks an assertion. `used` says whether the store has its id
/// ([`Request::assertion_id`](super::Request::assertion_id)).
///
/// # Errors
/// The refusals of AST-1 to AST-8, in that order.
pub fn accept(
    config: &Config,
    assertion: &Bytes,
    required: &Required,
    used: bool,
    now: UnixSeconds,
    verifier: &impl Verifier,
) -> Result<Accepted, Refusal> {
    let factor_server = &config.factor_server;
    // AST-1 and AST-2: audience and issuer are the context of the signature, so an
    // assertion for another audience, or by another factor server, does not verify.
    let context = (config.server, factor_server.server);
    let assertion = Sign1::<Assertion>::from_bytes(assertion)
        .and_then(|signed| signed.verify(&factor_server.assertion_key, &context, verifier))
        .map_err(|_| Code::AssertionInvalid)?
        .into_inner();
    let age_s = now.since(assertion.time);
    let checks = [
        (
            Code::AssertionPurpose,
            assertion.purpose != required.purpose,
        ),
        (Code::AssertionBind, assertion.bind != required.bind),
        (
            Code::AssertionSubject,
            required
                .subject
                .is_some_and(|known| known != assertion.subject),
        ),
        (Code::AssertionExpired, assertion.expiry <= now),
        (
            Code::AssertionExpired,
            assertion.time > now.plus(seconds::SKEW),
        ),
        (
            Code::AssertionTooOld,
            age_s > u64::from(required.policy.max_age_s),
        ),
        (
            Code::FactorNotAllowed,
            !required.policy.allows(assertion.factor),
        ),
        (Code::AssertionUsed, used),
    ];
    match checks.into_iter().find(|(_, fails)| *fails) {
        Some((code, _)) => Err(code.into()),
        None => Ok(Accepted(assertion)),
    }
}

/// The id inside an assertion of which nothing has been checked.
pub(super) fn presented_id(assertion: &Bytes) -> Option<AssertionId> {
    let signed = Sign1::<Assertion>::from_bytes(assertion).ok()?;
    Some(signed.unverified().id)
}

impl Accepted {
    /// The id that the commit uses up.
    pub fn id(&self) -> AssertionId {
        self.0.id
    }

    /// What the factor server calls the device.
    pub fn subject(&self) -> Pseudonym {
        self.0.subject
    }

    /// The factor that was verified.
    pub fn factor(&self) -> Factor {
        self.0.factor
    }

    /// When it was verified, by the factor server's clock.
    pub fn time(&self) -> UnixSeconds {
        self.0.time
    }
}

impl SecondFactor {
    /// The factor that was verified, if one was asked for.
    pub fn verified(&self) -> Option<Factor> {
        match self {
            Self::NotAsked => None,
            Self::Accepted(accepted) => Some(accepted.factor()),
            Self::Cached(cached) => Some(cached.factor()),
        }
    }
}
