//! The second factor of a live app session, used again (protocol.md, section 12.3).

use super::app_session::{AppSession, Verification};
use crate::error::{Code, Refusal};
use crate::messages::handshake::Policy;
use crate::registry::Factor;
use crate::values::{AppSessionId, Transcript, UnixSeconds};

/// Proof that a statement came from the device at the other end of an app session's
/// channel. Only [`Line::prove`](super::endpoint::Line::prove), which has the key, makes one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Proved {
    session: AppSessionId,
    transcript: Transcript,
}

/// Proof that the second factor of an app session will do for a statement; only the
/// decisions of this role make one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Cached(Verification);

impl Proved {
    pub(super) fn attest(session: AppSessionId, transcript: Transcript) -> Self {
        Self {
            session,
            transcript,
        }
    }
}

impl Cached {
    /// The factor that was verified when the app session began.
    pub fn factor(&self) -> Factor {
        self.0.factor
    }
}

/// Checks what a live session knows against a policy that takes cached verifications (APP-10).
///
/// # Errors
/// 606 without a proof for this session and this handshake, 400 if the session began without a
/// factor, 408 for a factor that the policy does not allow, 407 for one verified too long ago.
pub(super) fn cached(
    live: &AppSession,
    proved: Option<Proved>,
    transcript: Transcript,
    policy: Policy,
    now: UnixSeconds,
) -> Result<Cached, Refusal> {
    if proved != Some(Proved::attest(live.id, transcript)) {
        return Err(Code::AppProofInvalid.into());
    }
    let verification = live.verification.ok_or(Code::FactorRequired)?;
    if !policy.allows(verification.factor) {
        return Err(Code::FactorNotAllowed.into());
    }
    if now.since(verification.time) > u64::from(policy.max_age_s) {
        return Err(Code::AssertionTooOld.into());
    }
    Ok(Cached(verification))
}
