//! message_3 to an auth server, and what it comes to.

use countersign::edhoc::{Credential, IdCred};
use countersign::messages::channel::Settled;
use countersign::messages::handshake::Statement;
use countersign::registry::{Decision, Purpose};
use countersign::values::{AccountId, Rolling, Type};

use super::evidence::Evidence;
use super::exchange::{Line, Party};
use super::{ALICE, Account, Scene, same, undecided, wrong};
use crate::outcome::Stop;
use crate::peer::spoiler::Spoiler;
use crate::session::Session;
use crate::stage::judge::Came;
use crate::stage::with::With;

/// The words of a [`settle`](Scene::settle) turn.
pub(super) const SETTLE: &[&str] = &["as", "decision", "account", "user_name", "lost", "spoil"];

impl Scene {
    /// Verifies a message_3 to an auth server: that it is due (HS-12), who signs it, and that the statement says what the
    /// user decided and nothing else.
    pub(super) fn statement(&mut self, frame: &[u8]) -> Result<&'static str, Stop> {
        let again = self
            .frames
            .get(&Party::Auth)
            .is_some_and(|(_, last)| last == frame);
        if again && self.flow()?.signed.is_some() {
            return Ok("the same statement");
        }
        let signer = self.signer()?;
        let evidence = self.evidence()?;
        let link = self.flow()?.link.clone();
        let bound = self.links.get(&link).and_then(|link| link.key);
        let flow = self.flow()?;
        let Some(offer) = &flow.offer else {
            return Err(wrong("no message_3 before message_2", &""));
        };
        let is_asked = matches!(flow.purpose, Purpose::Login | Purpose::Enrol);
        if is_asked && flow.decision.is_none() {
            return Err(wrong(
                "no message_3 before the user has decided (HS-12)",
                &"",
            ));
        }
        if evidence == Evidence::Assertion && flow.assertion.is_none() {
            return Err(wrong(
                "no message_3 before the factor is verified (HS-12)",
                &"",
            ));
        }
        let mut expected = Statement {
            decision: flow.decision,
            announce: offer.announce.as_ref().map(|announce| announce.hash()),
            user_input: match flow.decision {
                Some(Decision::Confirm) => flow.user_input.clone(),
                _ => None,
            },
            assertion: match evidence {
                Evidence::Assertion => flow.assertion.clone(),
                _ => None,
            },
            app_session_proof: match evidence {
                Evidence::Proof(proof) => Some(proof),
                _ => None,
            },
            ..Statement::bare(flow.purpose)
        };
        let Some(Line::Waiting(_, waiting)) = flow.lines.remove(&Party::Auth) else {
            return Err(wrong("one message_3", &"another"));
        };
        let known = signer
            .as_ref()
            .map(|account| Credential::device(account.key));
        let (talking, claimed) = waiting.claimed(frame, |id_cred| match (id_cred, known) {
            (IdCred::Kid(kid), Some(known)) if *kid == known.kid() => Ok(known),
            (IdCred::Value(credential), None) if credential.subject.is_none() => {
                Ok(credential.clone())
            }
            (other, _) => Err(wrong("the credential of this purpose (CRED-2)", other)),
        })?;
        let key = claimed.credential.key;
        flow.lines.insert(Party::Auth, Line::Talking(talking));
        flow.signed = Some((claimed.statement.clone(), key));
        match &signer {
            Some(account) => {
                let counter = claimed.statement.counter;
                if counter.is_none_or(|counter| counter <= account.counter) {
                    let expected = format!("a counter above {} (CLN-1)", account.counter);
                    return Err(wrong(&expected, &counter));
                }
                expected.counter = counter;
                expected.rolling = Some(account.rolling);
                if let Some(kept) = self.accounts.get_mut(&account.user_name) {
                    kept.counter = counter.unwrap_or(kept.counter);
                }
            }
            None => {
                let elsewhere = self.registered.values().any(|other| *other == key)
                    || self
                        .accounts
                        .values()
                        .any(|account| account.key == key && bound.is_none());
                if elsewhere || bound.is_some_and(|bound| bound != key) {
                    return Err(wrong("a key of this enrolment alone (KEY-1, ENR-5)", &key));
                }
                if let Some(link) = self.links.get_mut(&link) {
                    link.key = Some(key);
                }
            }
        }
        same("the statement", &expected, &claimed.statement)?;
        Ok("statement")
    }

    /// The account that signs; none for an enrolment.
    pub(super) fn signer(&mut self) -> Result<Option<Account>, Stop> {
        let flow = self.flow()?;
        if flow.purpose == Purpose::Enrol {
            return Ok(None);
        }
        let preselected = flow.offer.as_ref().and_then(|offer| offer.account.clone());
        let (chosen, server) = (flow.account.clone().or(preselected), flow.server.clone());
        let mut candidates = self.accounts.values().filter(|account| {
            account.server == server
                && account.is_known
                && chosen
                    .as_ref()
                    .is_none_or(|name| *name == account.user_name)
        });
        match (candidates.next(), candidates.next()) {
            (Some(account), None) => Ok(Some(account.clone())),
            _ => Err(wrong(
                "no statement before an account is chosen (DEV-3)",
                &chosen,
            )),
        }
    }

    /// The id of that account.
    pub(super) fn signing_account(&mut self) -> Result<Option<AccountId>, Stop> {
        Ok(self.signer()?.map(|account| account.id))
    }

    /// Settles the statement as it was signed; an enrolment makes the account `as`. Wrong in one way: another `decision`
    /// (`confirm`, `decline`), another `account` or `user_name`. What is `lost` is committed and not delivered.
    pub(super) fn settle(
        &mut self,
        with: With<'_>,
        spoiler: &Spoiler,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let Some((statement, key)) = self.flow()?.signed.clone() else {
            return Err(undecided("there is no statement to settle"));
        };
        let server = self.flow()?.server.clone();
        let rolling = Rolling(session.entropy(&format!("rolling {}", self.turn)));
        let holder = self.accounts.values().find(|account| account.key == key);
        let name = match holder {
            Some(account) => account.user_name.clone(),
            None => with.text("as")?.unwrap_or(ALICE).to_owned(),
        };
        if holder.is_none() {
            let account = Account {
                server,
                id: self.account_id(&name, session),
                user_name: name.clone(),
                key,
                counter: 0,
                rolling,
                is_known: false,
                factor_due: false,
            };
            self.accounts.insert(name.clone(), account);
        }
        let decision = match with.text("decision")? {
            None => statement.decision.unwrap_or(Decision::Confirm),
            Some("decline") => Decision::Decline,
            Some(_) => Decision::Confirm,
        };
        let settled = Settled {
            ty: Type,
            decision,
            account: self.account_id(with.text("account")?.unwrap_or(&name), session),
            user_name: with.text("user_name")?.unwrap_or(&name).to_owned(),
            rolling,
        };
        let frame = self.talking(Party::Auth)?.say(&settled, spoiler)?;
        if with.flag("lost")? {
            self.remember(Party::Auth, frame);
            return Ok(Came::nothing());
        }
        let came = self.deliver(Party::Auth, frame, session)?;
        if let (Came::Accepted(_), Some(account)) = (&came, self.accounts.get_mut(&name)) {
            account.rolling = rolling;
            self.accepted(&name, statement.assertion.is_some());
        }
        Ok(came)
    }
}
