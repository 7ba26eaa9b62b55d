//! The backend: it makes sessions and enrolments, and reads what became of them.
//!
//! | turn | with | facts |
//! |---|---|---|
//! | `create_session` | `as`, `announce` or `announce_bytes`, `account`, `policy`, `ttl_s` | |
//! | `create_enrolment` | `as`, `user_name` or `user_name_bytes`, `add_authenticators`, `announce` or `announce_bytes`, `ttl_s` | |
//! | `read_session` | `session` | `state`, `account`, `user_input` |
//! | `read_enrolment` | `enrolment` | `state`, `account`, `user_input` |
//! | `read_account` | `account`, `level` (`true`: it is asked for) | `state`, `level`; none if it was deleted |
//! | `set_account` | `account`, `state` | |
//! | `delete_account` | `account` | |
//! | `read_credentials` | `user_name` | `credentials` |
//! | `tell` | | `told`: the logouts and cancels that it was told of since |
//! | `answer`, `fail` | see [`data`](super::data) | |
//! | `resolve`, `log_out` | see [`app`](super::app) | |
//! | all others | see [`challenge`](super::challenge) | |
//!
//! `announce` is {`logo`: hex, `strings`: {..}}, `announce_bytes` the length of its encoding.

use countersign::cbor;
use countersign::crypto::Secret;
use countersign::messages::handshake::{Announce, Policy};
use countersign::messages::link::{EnrolmentLink, Link, SessionLink};
use countersign::messages::session_id;
use countersign::values::{AccountId, Digest, SessionId};
use countersign_vectors::case::{Object, Turn};
use serde_json::{Value, json};

use super::World;
use crate::outcome::Stop;
use crate::session::{Answer, Session};
use crate::stage::judge::{Came, same};
use crate::stage::with::With;

/// How long a session or an enrolment lives where a turn does not say, in seconds.
const TTL_S: u64 = 300;

/// A session or an enrolment, as its backend made it.
#[derive(Clone)]
pub(super) struct Offer {
    pub(super) is_enrolment: bool,
    pub(super) nonce: [u8; 32],
    pub(super) id: SessionId,
    pub(super) announce: Option<Announce>,
    pub(super) account: Option<AccountId>,
    pub(super) policy: Option<Policy>,
    /// Empty for a session.
    pub(super) user_name: String,
}

impl World {
    /// The backend's turn.
    pub(super) fn backend(
        &mut self,
        action: &str,
        turn: &Turn,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        match action {
            "create_session" => {
                let words = [
                    "as",
                    "announce",
                    "announce_bytes",
                    "account",
                    "policy",
                    "ttl_s",
                ];
                self.create_session(With::of(turn, &words)?, session)
            }
            "create_enrolment" => {
                let words = [
                    "as",
                    "announce",
                    "announce_bytes",
                    "user_name",
                    "user_name_bytes",
                    "add_authenticators",
                    "ttl_s",
                ];
                self.create_enrolment(With::of(turn, &words)?, session)
            }
            "read_session" => self.read(With::of(turn, &["session"])?, "session", session),
            "read_enrolment" => self.read(With::of(turn, &["enrolment"])?, "enrolment", session),
            "read_account" => self.read_account(With::of(turn, &["account", "level"])?, session),
            "set_account" => {
                let with = With::of(turn, &["account", "state"])?;
                let args = json!({
                    "account": hex::encode(self.account(name(with, "account")?)?.0),
                    "state": name(with, "state")?,
                });
                self.order("account.set", args, session)
            }
            "delete_account" => {
                let with = With::of(turn, &["account"])?;
                let account = self.account(name(with, "account")?)?;
                self.order(
                    "account.delete",
                    json!({ "account": hex::encode(account.0) }),
                    session,
                )
            }
            "read_credentials" => self.read_credentials(With::of(turn, &["user_name"])?, session),
            "tell" => {
                With::of(turn, &[])?;
                Ok(Came::with(json!({ "told": self.told() })))
            }
            "answer" | "fail" => self.serve_data(action, turn, session),
            "resolve" | "log_out" => self.app(action, turn, session),
            action => self.actions(action, turn, session),
        }
    }

    /// An operation that answers with nothing.
    pub(super) fn order(
        &mut self,
        op: &str,
        args: Value,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        match self.ask(op, object(args), session)? {
            Answer::Done { values, .. } => {
                same("no values", &Object::new(), &values)?;
                Ok(Came::nothing())
            }
            Answer::Refused { code, .. } => Ok(Came::Refused("rejected", code)),
        }
    }

    fn create_session(
        &mut self,
        with: With<'_>,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let alias = name(with, "as")?;
        let nonce: [u8; 32] = session.entropy(&format!("{alias}/nonce"));
        let offer = Offer {
            is_enrolment: false,
            nonce,
            id: session_id(1, self.server.id(), &nonce),
            announce: announce(with)?,
            account: with
                .text("account")?
                .map(|it| self.account(it))
                .transpose()?,
            policy: policy(with)?,
            user_name: String::new(),
        };
        let mut args = self.common(&offer, with)?;
        if let Some(account) = offer.account {
            args.insert("account".to_owned(), hex::encode(account.0).into());
        }
        if let Some(policy) = with.value("policy") {
            args.insert("policy".to_owned(), policy.clone());
        }
        let link = Link::Session(SessionLink {
            server: self.server.id(),
            nonce: Secret::from_bytes(nonce),
        });
        self.create("session.create", args, alias, offer, &link, session)
    }

    fn create_enrolment(
        &mut self,
        with: With<'_>,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let alias = name(with, "as")?;
        let nonce: [u8; 32] = session.entropy(&format!("{alias}/nonce"));
        let user_name = match with.number("user_name_bytes")? {
            Some(length) => "n".repeat(length),
            None => name(with, "user_name")?.to_owned(),
        };
        let offer = Offer {
            is_enrolment: true,
            nonce,
            id: session_id(2, self.server.id(), &nonce),
            announce: announce(with)?,
            account: None,
            policy: None,
            user_name,
        };
        let mut args = self.common(&offer, with)?;
        args.insert("user_name".to_owned(), offer.user_name.as_str().into());
        if with.flag("add_authenticators")? {
            args.insert("add_authenticators".to_owned(), true.into());
        }
        let link = Link::Enrolment(EnrolmentLink {
            server: self.server.id(),
            uri: self.server.uri().to_owned(),
            parameters: self.server.parameters_hash()?,
            nonce: Secret::from_bytes(nonce),
        });
        self.create("enrolment.create", args, alias, offer, &link, session)
    }

    fn common(&self, offer: &Offer, with: With<'_>) -> Result<Object, Stop> {
        let expires = self.now.plus(with.uint("ttl_s")?.unwrap_or(TTL_S));
        let mut args = object(json!({
            "nonce": hex::encode(offer.nonce),
            "expires_s": expires.0,
        }));
        if let Some(announce) = &offer.announce {
            let encoded = hex::encode(encode(announce)?);
            args.insert("announce".to_owned(), encoded.into());
        }
        Ok(args)
    }

    /// The answer has the id that section 6.1 computes, and the link that holds the nonce.
    fn create(
        &mut self,
        op: &str,
        args: Object,
        alias: &str,
        offer: Offer,
        link: &Link,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let link = link
            .to_vec()
            .map_err(|error| Stop::Undecided(error.to_string()))?;
        let expected = object(json!({
            "session_id": hex::encode(offer.id.0),
            "link": hex::encode(link),
        }));
        match self.ask(op, args, session)? {
            Answer::Done { values, .. } => same("session id and link", &expected, &values)?,
            Answer::Refused { code, .. } => return Ok(Came::Refused("rejected", code)),
        }
        self.offers.insert(alias.to_owned(), offer);
        Ok(Came::nothing())
    }

    /// What became of a session or an enrolment, with names in the place of ids.
    fn read(
        &mut self,
        with: With<'_>,
        kind: &str,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let id = self.offer(name(with, kind)?)?.id;
        let args = object(json!({ "session_id": hex::encode(id.0) }));
        match self.ask(&format!("{kind}.read"), args, session)? {
            Answer::Done { mut values, .. } => {
                self.name_account(&mut values);
                Ok(Came::Accepted(values))
            }
            Answer::Refused { code, .. } => Ok(Came::Refused("rejected", code)),
        }
    }

    /// The account's state, and its level if the turn asks for it; its name and its key are
    /// as they were enrolled. Nothing where there is no such account any more.
    fn read_account(
        &mut self,
        with: With<'_>,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let id = self.account(name(with, "account")?)?;
        let args = object(json!({ "account": hex::encode(id.0) }));
        let mut values = match self.ask("account.read", args, session)? {
            Answer::Done { values, .. } => values,
            Answer::Refused { code, .. } => return Ok(Came::Refused("rejected", code)),
        };
        if !with.flag("level")? {
            values.remove("level");
        }
        if values.is_empty() {
            return Ok(Came::nothing());
        }
        let Some((owner, user_name)) = self.accounts.get(&id) else {
            return Ok(Came::Accepted(values));
        };
        let key = self.devices.get(owner).map(|it| it.key.public());
        let expected = json!({
            "user_name": user_name,
            "key": key.map(|it| hex::encode(it.0)),
        });
        let got = json!({
            "user_name": values.remove("user_name"),
            "key": values.remove("key"),
        });
        same("the account's name and key", &expected, &got)?;
        Ok(Came::Accepted(values))
    }

    /// The credentials of a user, each under its owner's name.
    fn read_credentials(
        &mut self,
        with: With<'_>,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let args = object(json!({ "user_name": name(with, "user_name")? }));
        let mut values = match self.ask("credentials.read", args, session)? {
            Answer::Done { values, .. } => values,
            Answer::Refused { code, .. } => return Ok(Came::Refused("rejected", code)),
        };
        let all = values.get_mut("credentials").and_then(Value::as_array_mut);
        for credential in all.into_iter().flatten().filter_map(Value::as_object_mut) {
            self.name_account(credential);
        }
        Ok(Came::Accepted(values))
    }

    /// Puts the owner's name in the place of an account's id.
    pub(super) fn name_account(&self, values: &mut Object) {
        let Some(account) = values.get_mut("account") else {
            return;
        };
        let hex = account.as_str().and_then(|it| hex::decode(it).ok());
        if let Some(id) = hex.and_then(|it| it.try_into().ok()) {
            *account = self.owner(AccountId(id)).into();
        }
    }

    /// The session or enrolment of that name.
    pub(super) fn offer(&self, alias: &str) -> Result<&Offer, Stop> {
        self.offers
            .get(alias)
            .ok_or_else(|| Stop::Undecided(format!("there is no session or enrolment {alias}")))
    }
}

/// The text under a word that has to be there.
pub(super) fn name<'a>(with: With<'a>, word: &str) -> Result<&'a str, Stop> {
    with.text(word)?
        .ok_or_else(|| Stop::Undecided(format!("`{word}` is missing")))
}

/// The announce info of a turn, if there is any.
pub(super) fn announce(with: With<'_>) -> Result<Option<Announce>, Stop> {
    if let Some(length) = with.number("announce_bytes")? {
        return announce_of(length).map(Some);
    }
    if !with.has("announce") {
        return Ok(None);
    }
    let with = with.object("announce", &["logo", "strings"])?;
    let logo = match with.bytes("logo")? {
        None => None,
        Some(bytes) => {
            Some(Digest(bytes.try_into().map_err(|_| {
                Stop::Undecided("a logo's hash has 32 bytes".to_owned())
            })?))
        }
    };
    let strings = with.value("strings").cloned().unwrap_or_else(|| json!({}));
    let strings = serde_json::from_value(strings)
        .map_err(|error| Stop::Undecided(format!("`strings`: {error}")))?;
    Ok(Some(Announce { logo, strings }))
}

/// Announce info whose encoding has this length.
fn announce_of(length: usize) -> Result<Announce, Stop> {
    let of = |text: usize| Announce {
        logo: None,
        strings: [("text".to_owned(), "t".repeat(text))].into(),
    };
    // The encoding grows byte by byte with its text, but for the text's head.
    let around = encode(&of(length))?.len() - length;
    let announce = of(length.saturating_sub(around));
    match encode(&announce)?.len() == length {
        true => Ok(announce),
        false => Err(Stop::Undecided(format!(
            "no announce info of {length} bytes"
        ))),
    }
}

/// The policy under that word, if there is one.
pub(super) fn policy(with: With<'_>) -> Result<Option<Policy>, Stop> {
    if !with.has("policy") {
        return Ok(None);
    }
    let with = with.object("policy", &["factors", "max_age_s", "cached"])?;
    Ok(Some(Policy {
        factors: with.number("factors")?.unwrap_or_default(),
        max_age_s: with.number("max_age_s")?.unwrap_or_default(),
        cached: with.flag("cached")?,
    }))
}

pub(super) fn encode(announce: &Announce) -> Result<Vec<u8>, Stop> {
    cbor::to_vec(announce).map_err(|error| Stop::Undecided(error.to_string()))
}

pub(super) fn object(value: Value) -> Object {
    serde_json::from_value(value).unwrap_or_default()
}
