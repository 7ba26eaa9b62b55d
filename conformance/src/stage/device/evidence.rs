//! What a statement has to bring for its second factor (protocol.md, sections 8.6, 12.3 and 12.4).

use countersign::messages::handshake::Policy;
use countersign::registry::{Decision, Purpose};
use countersign::values::Digest;

use super::resident::Way;
use super::{Account, Scene};
use crate::outcome::Stop;

/// What is to be brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// Nothing: none is asked for, or the user has not said yes.
    Nothing,
    /// The proof of a live app session.
    Proof(Digest),
    /// A fresh assertion.
    Assertion,
}

impl Scene {
    /// What the statement of the active flow has to bring.
    pub(super) fn evidence(&mut self) -> Result<Evidence, Stop> {
        let flow = self.flow()?;
        let (purpose, decision) = (flow.purpose, flow.decision);
        let Some(offer) = &flow.offer else {
            return Ok(Evidence::Nothing);
        };
        let (policy, transcript) = (offer.policy, offer.transcript);
        let is_asked = matches!(purpose, Purpose::Login | Purpose::Enrol);
        if is_asked && decision != Some(Decision::Confirm) {
            return Ok(Evidence::Nothing);
        }
        let Some(account) = self.signer()? else {
            return Ok(match policy {
                Some(_) => Evidence::Assertion,
                None => Evidence::Nothing,
            });
        };
        let live = match purpose {
            // APP-4.
            Purpose::AppLogin => None,
            _ => self.backing(&account),
        };
        Ok(match (policy, live) {
            (Some(policy), Some(way)) if self.has_cached(way, &policy) => {
                let standing = &self.standing[&way];
                Evidence::Proof(standing.talking.proof(standing.session, transcript))
            }
            (Some(_), _) => Evidence::Assertion,
            (None, None) if account.factor_due => Evidence::Assertion,
            (None, _) => Evidence::Nothing,
        })
    }

    /// The app session of the account, if it is live and the server counts on it.
    pub(super) fn backing(&self, account: &Account) -> Option<Way> {
        let app = self.standing.get(&Way::App)?;
        let backs = app.is_live && !app.is_doubted && app.account == account.user_name;
        backs.then_some(Way::App)
    }

    /// Whether its factor will do under the policy. The PIN is the only one on this stage.
    fn has_cached(&self, way: Way, policy: &Policy) -> bool {
        let is_young = |at: u64| self.now.0.saturating_sub(at) <= policy.max_age_s.into();
        policy.cached
            && policy.factors & 1 != 0
            && self.standing[&way].factor_at.is_some_and(is_young)
    }

    /// A statement was settled. A fresh factor that was accepted while no app session of the account is live is the one
    /// that was due (APP-17).
    pub(super) fn accepted(&mut self, name: &str, has_assertion: bool) {
        let Some(account) = self.accounts.get(name).cloned() else {
            return;
        };
        let clears = has_assertion && self.backing(&account).is_none();
        if let (true, Some(account)) = (clears, self.accounts.get_mut(name)) {
            account.factor_due = false;
        }
    }

    /// A statement was refused with `error`: what a device learns from it (APP-18).
    pub(super) fn unbacked(&mut self, error: u16) -> Result<(), Stop> {
        let Some((statement, key)) = self.flow()?.signed.clone() else {
            return Ok(());
        };
        let Some(account) = self.accounts.values_mut().find(|it| it.key == key) else {
            return Ok(());
        };
        if statement.assertion.is_none() && error == 400 {
            account.factor_due = true;
        }
        let doubts = match (&statement.assertion, &statement.app_session_proof) {
            (Some(_), _) => false,
            (None, None) => error == 400,
            (None, Some(_)) => [400, 407, 408, 605, 606].contains(&error),
        };
        let name = account.user_name.clone();
        if let Some(app) = self.standing.get_mut(&Way::App) {
            app.is_doubted |= doubts && app.account == name;
        }
        Ok(())
    }
}
