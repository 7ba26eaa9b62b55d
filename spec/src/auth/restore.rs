//! What a store out of a backup may still be trusted with (protocol.md, section 10, STO-5).
//!
//! What has happened since the backup is forgotten: a session that it shows as new may have
//! been answered, a token that it shows as unused may have been spent. So nothing that it
//! shows as open is open any more; what it shows as decided stays decided.

use alloc::vec::Vec;

use super::account::{Account, AppUse};
use super::action::{Challenge, ChallengeState, Prompts, Use};
use super::commit::Fact;
use super::lineage::Lineage;
use crate::registry::LogoutCause;
use crate::values::UnixSeconds;

impl Fact {
    /// The fact as the server may go on with it, having restored it from a backup `at` this
    /// time. To be done to every fact before the server is started again (STO-3, STO-5), so
    /// no transaction is under way and versions need not change. Twice is as good as once.
    #[must_use]
    pub fn restored(self, at: UnixSeconds) -> Self {
        match self {
            Self::Session(mut session) => {
                session.expires = session.expires.min(at);
                Self::Session(session)
            }
            Self::Enrolment(mut enrolment) => {
                enrolment.expires = enrolment.expires.min(at);
                Self::Enrolment(enrolment)
            }
            Self::Account(account) => Self::Account(account_restored(account)),
            Self::Challenge(challenge) => Self::Challenge(challenge_restored(challenge)),
            Self::Prompts(prompts) => Self::Prompts(prompts_restored(prompts)),
            Self::AppSession(app) => Self::AppSession(app.end(LogoutCause::Server, at)),
            // An assertion is for one handshake, and no handshake has survived. Who has which
            // credentials, and what was said of an action, is the backend's to make good.
            Self::Assertion(_) | Self::Credentials(_) | Self::Action(_) | Self::Erased(_) => self,
        }
    }
}

/// Its device may have gone on, which is no sign of a copy; and an app session of which
/// nothing is left here may have ended, so that a fresh factor is due (APP-13).
fn account_restored(account: Account) -> Account {
    let app = account.app.map(|used| AppUse {
        refreshed: false,
        ..used
    });
    Account {
        // No handshake has survived: there is none that began before.
        lineage: Lineage::Open {
            since: UnixSeconds(0),
        },
        app,
        ..account
    }
}

/// It may have been answered, and its token spent. A token that the backup shows as spent
/// keeps its answer, whenever that is asked for again (TOK-3). The expiry stays: it was shown
/// to the user, and signed.
fn challenge_restored(challenge: Challenge) -> Challenge {
    let state = match challenge.state {
        ChallengeState::Pending(_) => ChallengeState::Expired,
        ChallengeState::Approved(approved) if approved.grant.used == Use::Unused => {
            ChallengeState::Expired
        }
        decided => decided,
    };
    Challenge { state, ..challenge }
}

/// No challenge waits. How often the user was asked still counts.
fn prompts_restored(prompts: Prompts) -> Prompts {
    Prompts {
        pending: Vec::new(),
        ..prompts
    }
}
