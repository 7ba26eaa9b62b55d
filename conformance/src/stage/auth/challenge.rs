//! The backend's actions, challenges and tokens.
//!
//! | turn | with | facts |
//! |---|---|---|
//! | `create_challenge` | `as`, `user`, `code` or `code_bytes`, `shown` as `announce`, `number`, `policy` | |
//! | `create_action` | the same, `data`, `key` or `key_bytes`, `rule` | `state`, `token`: whether there is one |
//! | `review_action` | `action`, `rule`, terms as above | the same |
//! | `read_action` | `action` | `state` |
//! | `cancel_challenge`, `read_challenge` | `challenge` | `state` |
//! | `validate` | `grant` or `token`: `other`, `handed`; `user`, `code`, `action`, `key` or `key_bytes` | `valid`: whose approval it was |
//!
//! A challenge and its action go by one name. What is not said is alice's transfer.

use countersign::messages::handshake::{Announce, Policy};
use countersign::values::{ChallengeId, UnixSeconds};
use countersign_vectors::case::{Object, Turn};
use serde_json::{Value, json};

use super::World;
use super::backend::{announce, encode, name, object, policy};
use crate::outcome::Stop;
use crate::session::{Answer, Session};
use crate::stage::judge::{Came, same, wrong};
use crate::stage::with::With;

/// A challenge, as the backend asked for it and the device knows it.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) id: ChallengeId,
    /// By which it is fetched now.
    pub(super) token: [u8; 32],
    /// By which it was fetched before.
    pub(super) previous: Option<[u8; 32]>,
    pub(super) code: String,
    pub(super) shown: Announce,
    pub(super) expiry: UnixSeconds,
    /// The number expected, and the choices.
    pub(super) number: Option<(u8, Vec<u8>)>,
    pub(super) policy: Option<Policy>,
    /// As the device fetched it.
    pub(super) message: Option<countersign::messages::action::Challenge>,
}

const TERMS: &[&str] = &[
    "as",
    "user",
    "code",
    "code_bytes",
    "announce",
    "announce_bytes",
    "number",
    "policy",
    "data",
    "key",
    "key_bytes",
    "rule",
    "action",
];

impl World {
    /// The backend's turn about actions.
    pub(super) fn actions(
        &mut self,
        action: &str,
        turn: &Turn,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        match action {
            "create_challenge" => {
                let with = With::of(turn, TERMS)?;
                let args = self.terms(with)?;
                self.start("challenge.create", name(with, "as")?, with, args, session)
            }
            "create_action" => {
                let with = With::of(turn, TERMS)?;
                let mut args = self.terms(with)?;
                let data = with.text("data")?.unwrap_or("12 EUR to Bob");
                let data = countersign::crypto::sha256(&[data.as_bytes()]);
                args.insert("data".to_owned(), hex::encode(data).into());
                args.insert("idempotency_key".to_owned(), key(with)?.into());
                self.start("action.create", name(with, "as")?, with, args, session)
            }
            "review_action" => {
                let with = With::of(turn, TERMS)?;
                let alias = name(with, "action")?;
                let mut args = self.terms(with)?;
                args.insert("action".to_owned(), self.action(alias)?.into());
                self.start("action.review", alias, with, args, session)
            }
            "read_action" => {
                let alias = With::of(turn, &["action"])?;
                let args = json!({ "action": self.action(name(alias, "action")?)? });
                self.state("action.read", args, session)
            }
            "read_challenge" => {
                let with = With::of(turn, &["challenge"])?;
                let id = self.asked(name(with, "challenge")?)?.id;
                let args = json!({ "challenge": hex::encode(id.0) });
                self.state("challenge.read", args, session)
            }
            "cancel_challenge" => {
                let with = With::of(turn, &["challenge"])?;
                let id = self.asked(name(with, "challenge")?)?.id;
                let args = json!({ "challenge": hex::encode(id.0) });
                self.order("challenge.cancel", args, session)
            }
            "validate" => self.validate(turn, session),
            other => Err(Stop::Undecided(format!("a backend cannot {other}"))),
        }
    }

    /// Whose action of which kind, and what is asked.
    fn terms(&self, with: With<'_>) -> Result<Object, Stop> {
        let mut args = object(json!({
            "user_name": with.text("user")?.unwrap_or("Alice"),
            "code": code(with)?,
        }));
        if let Some(rule) = with.text("rule")? {
            args.insert("rule".to_owned(), rule.into());
        }
        if let Some(shown) = announce(with)? {
            args.insert("shown".to_owned(), hex::encode(encode(&shown)?).into());
        }
        for word in ["number", "policy"] {
            if let Some(value) = with.value(word) {
                args.insert(word.to_owned(), value.clone());
            }
        }
        Ok(args)
    }

    /// A challenge was made, or an action tracked: what is drawn is new.
    fn start(
        &mut self,
        op: &str,
        alias: &str,
        with: With<'_>,
        args: Object,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        let mut values = match self.ask(op, args, session)? {
            Answer::Done { values, .. } => values,
            Answer::Refused { code, .. } => return Ok(Came::Refused("rejected", code)),
        };
        let token = bytes(values.remove("token"))?;
        let challenge = bytes(values.remove("challenge"))?;
        if let Some(Value::String(id)) = values.remove("action") {
            self.actions.insert(alias.to_owned(), id);
            values.insert("token".to_owned(), token.is_some().into());
        }
        if let (Some(token), Some(id)) = (token, challenge) {
            self.draw("a new token", &token)?;
            self.handed(alias, with, token, ChallengeId(id))?;
        }
        Ok(Came::Accepted(values))
    }

    /// A token for the app: of a new challenge, or in place of the one before.
    fn handed(
        &mut self,
        alias: &str,
        with: With<'_>,
        token: [u8; 32],
        id: ChallengeId,
    ) -> Result<(), Stop> {
        if let Some(asked) = self.challenges.get_mut(alias)
            && asked.id == id
        {
            asked.previous = Some(std::mem::replace(&mut asked.token, token));
            return Ok(());
        }
        self.draw("a new challenge id", &id.0)?;
        let number = with.object("number", &["expected", "choices"])?;
        let choices = number.value("choices").cloned();
        let choices = choices.and_then(|it| serde_json::from_value(it).ok());
        let asked = Asked {
            id,
            token,
            previous: None,
            code: code(with)?,
            shown: announce(with)?.unwrap_or_default(),
            expiry: self.now.plus(self.server.services.challenge_ttl_s),
            number: number.number("expected")?.zip(choices),
            policy: policy(with)?,
            message: None,
        };
        self.challenges.insert(alias.to_owned(), asked);
        Ok(())
    }

    fn validate(&mut self, turn: &Turn, session: &mut Session<'_, '_>) -> Result<Came, Stop> {
        let words = [
            "grant",
            "token",
            "user",
            "code",
            "code_bytes",
            "action",
            "key",
            "key_bytes",
        ];
        let with = With::of(turn, &words)?;
        let grant = with.text("grant")?.unwrap_or("transfer");
        let token = match with.text("token")? {
            None => *self
                .grants
                .get(grant)
                .ok_or_else(|| Stop::Undecided(format!("nothing was granted by {grant}")))?,
            Some("other") => session.entropy("another token"),
            Some("handed") => self.asked(grant)?.token,
            Some(other) => return Err(Stop::Undecided(format!("no token {other}"))),
        };
        let mut args = object(json!({
            "token": hex::encode(token),
            "user_name": with.text("user")?.unwrap_or("Alice"),
            "code": code(with)?,
            "idempotency_key": key(with)?,
        }));
        if let Some(action) = with.text("action")? {
            args.insert("action".to_owned(), self.action(action)?.into());
        }
        let mut values = match self.ask("token.validate", args, session)? {
            Answer::Done { values, .. } => values,
            Answer::Refused { code, .. } => return Ok(Came::Refused("rejected", code)),
        };
        self.name_account(&mut values);
        let challenge = bytes(values.remove("challenge"))?.map(ChallengeId);
        let mut known = self.challenges.values();
        let is_known = known.any(|asked| Some(asked.id) == challenge);
        same("the challenge that was approved", &true, &is_known)?;
        Ok(Came::with(json!({ "valid": values.remove("account") })))
    }

    fn state(
        &mut self,
        op: &str,
        args: Value,
        session: &mut Session<'_, '_>,
    ) -> Result<Came, Stop> {
        match self.ask(op, object(args), session)? {
            Answer::Done { values, .. } => Ok(Came::Accepted(values)),
            Answer::Refused { code, .. } => Ok(Came::Refused("rejected", code)),
        }
    }

    /// The challenge of that name.
    pub(super) fn asked(&self, alias: &str) -> Result<&Asked, Stop> {
        self.challenges
            .get(alias)
            .ok_or_else(|| Stop::Undecided(format!("there is no challenge {alias}")))
    }

    fn action(&self, alias: &str) -> Result<String, Stop> {
        self.actions
            .get(alias)
            .cloned()
            .ok_or_else(|| Stop::Undecided(format!("there is no action {alias}")))
    }
}

fn code(with: With<'_>) -> Result<String, Stop> {
    Ok(match with.number("code_bytes")? {
        Some(length) => "c".repeat(length),
        None => with.text("code")?.unwrap_or("transfer").to_owned(),
    })
}

fn key(with: With<'_>) -> Result<String, Stop> {
    Ok(match with.number("key_bytes")? {
        Some(length) => "k".repeat(length),
        None => with.text("key")?.unwrap_or("order 66").to_owned(),
    })
}

/// Bytes of exactly that length, in hex.
fn bytes<const N: usize>(value: Option<Value>) -> Result<Option<[u8; N]>, Stop> {
    let Some(value) = value else {
        return Ok(None);
    };
    let read = value
        .as_str()
        .and_then(|it| hex::decode(it).ok()?.try_into().ok());
    read.map(Some)
        .ok_or_else(|| wrong(&format!("{N} bytes"), &value))
}
