//! The decision on a statement, by its purpose.

use countersign::auth::{
    AppLoginFacts, AppSession, Commit, DataFacts, EnrolmentFacts, HeadlessFacts, LoginFacts,
    Proved, Request, UpgradeFacts, decide_app_login, decide_data, decide_enrolment,
    decide_headless, decide_login, decide_upgrade,
};
use countersign::crypto::P256;
use countersign::error::{Code, Refusal};
use countersign::registry::Purpose;

use super::store::Store;
use super::{Moment, Setup};

/// What a decision reads besides the request.
pub(super) struct Ground<'a> {
    pub(super) setup: &'a Setup,
    pub(super) store: &'a Store,
    /// That the statement's app session proof is right, if it is.
    pub(super) proved: Option<Proved>,
}

/// Decides once, on what the store has now. A purpose of action is decided elsewhere.
///
/// # Errors
/// The decision's.
pub(super) fn decide(
    ground: &Ground<'_>,
    request: &Request,
    Moment { entropy, now }: Moment,
) -> Result<Commit, Refusal> {
    let Ground {
        setup,
        store,
        proved,
    } = *ground;
    let config = &setup.config;
    let holder = store.account_of(request.key.kid());
    let signer = holder.ok_or(Code::CredentialMismatch);
    let app: Option<&AppSession> = holder
        .and_then(|account| account.app)
        .and_then(|used| store.app_session(used.session));
    let assertion_used = request
        .assertion_id()
        .is_some_and(|id| store.has_assertion(id));
    match request.purpose {
        Purpose::Enrol => {
            let enrolment = request.session.and_then(|id| store.enrolment(id));
            let enrolment = enrolment.ok_or(Code::SessionUnavailable)?;
            let facts = EnrolmentFacts {
                enrolment,
                holder,
                credentials: store.credentials(&enrolment.user_name),
                assertion_used,
            };
            decide_enrolment(config, facts, request, entropy, now, &P256)
        }
        Purpose::Login => {
            let session = request.session.and_then(|id| store.session(id));
            let facts = LoginFacts {
                session: session.ok_or(Code::SessionUnavailable)?,
                account: signer?,
                assertion_used,
                app,
                proved,
            };
            decide_login(config, facts, request, entropy, now, &P256)
        }
        Purpose::AppLogin => {
            let facts = AppLoginFacts {
                account: signer?,
                app,
                assertion_used,
            };
            decide_app_login(config, facts, request, entropy, now, &P256)
        }
        Purpose::Data => {
            let facts = DataFacts {
                account: signer?,
                app,
                proved,
                assertion_used,
            };
            decide_data(config, facts, request, entropy, now, &P256)
        }
        Purpose::Headless => {
            let facts = HeadlessFacts { holder };
            decide_headless(config, facts, request, entropy, now)
        }
        Purpose::Upgrade => {
            let facts = UpgradeFacts {
                account: signer?,
                assertion_used,
            };
            decide_upgrade(config, facts, request, entropy, now, &P256)
        }
        _ => Err(Code::PurposeRefused.into()),
    }
}
