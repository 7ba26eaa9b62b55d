//! What the backend does to accounts, which are credentials, and to their app sessions.

use countersign::auth::{
    Account, Fact, Liveness, Standing, WrongStanding, delete, resume, revoke, suspend,
};
use countersign::messages::app::WebNonce;
use countersign::registry::{Level, LogoutCause};
use countersign::values::AccountId;
use countersign_vectors::case::Object;
use serde_json::json;

use super::{AuthServer, Moment, object};
use crate::adapter::function::lookup;
use crate::adapter::{Args, Refusal};

/// The words for an account's standing.
const STANDINGS: &[(&str, Standing)] = &[
    ("active", Standing::Active),
    ("suspended", Standing::Suspended),
    ("revoked", Standing::Revoked),
    ("frozen", Standing::Frozen),
];

impl AuthServer {
    /// An account; nothing where there is none.
    pub(super) fn read_account(&self, args: &Args) -> Result<Object, Refusal> {
        let account = self.store.account(AccountId(args.array("account")?));
        Ok(account.map(read).unwrap_or_default())
    }

    /// What the backend does, by its own rules; a freeze by hand is for the tests alone.
    pub(super) fn set_account(&mut self, args: &Args, at: Moment) -> Result<Object, Refusal> {
        let account = self.account(args)?.clone();
        let to = lookup(STANDINGS, args.text("state")?)?;
        let wrong = |error: WrongStanding| Refusal::Error(error.to_string());
        let commit = match (to, account.standing) {
            (to, from) if to == from => return Ok(Object::new()),
            (Standing::Active, Standing::Suspended) => resume(&account).map_err(wrong)?,
            (Standing::Suspended, _) => suspend(&account).map_err(wrong)?,
            (Standing::Revoked, _) => {
                let listed = self.store.credentials(&account.user_name);
                revoke(&account, listed).map_err(wrong)?
            }
            (Standing::Active, _) => {
                self.store
                    .put(Fact::Account(account.lift(at.now).map_err(wrong)?));
                return Ok(Object::new());
            }
            (Standing::Frozen, _) => {
                self.store.put(Fact::Account(Account {
                    standing: Standing::Frozen,
                    version: account.version.saturating_add(1),
                    ..account
                }));
                return Ok(Object::new());
            }
        };
        self.store.commit_now(commit)?;
        Ok(Object::new())
    }

    /// Erases a credential.
    pub(super) fn delete_account(&mut self, args: &Args) -> Result<Object, Refusal> {
        let account = self.account(args)?.clone();
        let listed = self.store.credentials(&account.user_name);
        self.store.commit_now(delete(&account, listed))?;
        Ok(Object::new())
    }

    /// The credentials of a user, oldest first.
    pub(super) fn read_credentials(&self, args: &Args) -> Result<Object, Refusal> {
        let listed = self.store.credentials(args.text("user_name")?);
        let one = |held: &countersign::auth::Held| {
            json!({
                "account": hex::encode(held.account.0),
                "user_authentication": held.user_authentication,
            })
        };
        let all: Vec<_> = listed
            .into_iter()
            .flat_map(|it| &it.held)
            .map(one)
            .collect();
        Ok(object(json!({ "credentials": all })))
    }

    /// Whom a web nonce stands for; nobody where it is not known (APP-5).
    pub(super) fn resolve(&self, args: &Args, at: Moment) -> Result<Object, Refusal> {
        let web_nonce = WebNonce::new(args.array("web_nonce")?);
        let app = self.store.app_session_of(web_nonce.hash());
        let known = app.and_then(|app| Some((app, self.store.account(app.account)?)));
        let Some((app, account)) = known else {
            return Ok(Object::new());
        };
        let resolved = app.resolve(account, at.now);
        Ok(object(json!({
            "account": hex::encode(resolved.account.0),
            "user_name": resolved.user_name,
            "live": resolved.liveness == Liveness::Live,
        })))
    }

    /// Ends the app session of an account, if it has one.
    pub(super) fn log_out(&mut self, args: &Args, at: Moment) -> Result<Object, Refusal> {
        let used = self.account(args)?.app;
        let app = used
            .and_then(|used| self.store.app_session(used.session))
            .cloned();
        if let Some(app) = app {
            let ended = app.end(LogoutCause::Server, at.now);
            self.store.put(Fact::AppSession(ended));
        }
        Ok(Object::new())
    }

    fn account(&self, args: &Args) -> Result<&Account, Refusal> {
        self.store
            .account(AccountId(args.array("account")?))
            .ok_or_else(|| Refusal::Error("there is no such account".to_owned()))
    }
}

fn read(account: &Account) -> Object {
    let state = STANDINGS
        .iter()
        .find(|(_, standing)| *standing == account.standing)
        .map(|(word, _)| *word);
    object(json!({
        "state": state,
        "user_name": account.user_name,
        "key": hex::encode(account.key.0),
        "level": level(account.level.level()),
    }))
}

/// The word for a level.
pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::Headless => "headless",
        Level::Full => "full",
    }
}
