//! The backend tracks actions, makes challenges and validates tokens (protocol.md, section 16).

use countersign::auth::action::{
    Action, ActionFacts, ActionState, ActionTerms, ChallengeState, ChallengeTerms, NumberMatch,
    Prompts, Rule, Started, TokenFacts, Validation, cancel, decide_action, decide_challenge,
    review, validate,
};
use countersign::error;
use countersign::messages::action::Token;
use countersign::values::{ActionId, ChallengeId, Digest};
use countersign_vectors::case::Object;
use serde_json::{Value, json};

use super::offers::announce;
use super::{AuthServer, Moment, object, policy, refused};
use crate::adapter::{Args, Refusal};

/// The words for the state of an action.
const STATES: &[(ActionState, &str)] = &[
    (ActionState::Allowed, "allowed"),
    (ActionState::Blocked, "blocked"),
    (ActionState::InReview, "in_review"),
    (ActionState::Pending, "pending"),
    (ActionState::Approved, "approved"),
    (ActionState::Rejected, "rejected"),
    (ActionState::Expired, "expired"),
    (ActionState::Cancelled, "cancelled"),
    (ActionState::Completed, "completed"),
];

impl AuthServer {
    pub(super) fn create_action(&mut self, args: &Args, at: Moment) -> Result<Object, Refusal> {
        let terms = ActionTerms {
            user: args.text("user_name")?.to_owned(),
            code: args.text("code")?.to_owned(),
            data: Digest(args.array("data")?),
            idempotency_key: args.text("idempotency_key")?.to_owned(),
        };
        let rule = rule(args)?;
        let id = Action::id(&terms.user, &terms.idempotency_key);
        let facts = self.facts(id, &terms.user);
        let commit = decide_action(&self.setup.limits, facts, terms, rule, at.entropy, at.now);
        let started = self.store.commit_now(commit.map_err(refused)?)?;
        Ok(self.started(&started))
    }

    pub(super) fn review_action(&mut self, args: &Args, at: Moment) -> Result<Object, Refusal> {
        let id = ActionId(args.array("action")?);
        let action = self.store.action(id).ok_or_else(unknown)?;
        let facts = self.facts(id, &action.terms.user);
        let limits = &self.setup.limits;
        let commit = review(limits, action, facts, rule(args)?, at.entropy, at.now);
        let started = self.store.commit_now(commit.map_err(refused)?)?;
        Ok(self.started(&started))
    }

    pub(super) fn read_action(&self, args: &Args) -> Result<Object, Refusal> {
        let action = self.store.action(ActionId(args.array("action")?));
        let action = action.ok_or_else(unknown)?;
        Ok(object(json!({ "state": self.state(action) })))
    }

    pub(super) fn create_challenge(&mut self, args: &Args, at: Moment) -> Result<Object, Refusal> {
        let (user, code) = (args.text("user_name")?, args.text("code")?);
        let commit = decide_challenge(
            &self.setup.limits,
            self.store.prompts(user),
            user,
            code,
            terms(args)?,
            at.entropy,
            at.now,
        );
        let token = self.store.commit_now(commit.map_err(refused)?)?;
        let mut values = Object::new();
        self.hand_out(&token, &mut values);
        Ok(values)
    }

    pub(super) fn cancel_challenge(&mut self, args: &Args) -> Result<Object, Refusal> {
        let challenge = self.store.challenge(ChallengeId(args.array("challenge")?));
        let challenge = challenge.ok_or_else(unknown)?;
        let prompts: &Prompts = self.store.prompts(&challenge.user).ok_or_else(unknown)?;
        let commit = cancel(challenge, prompts).map_err(refused)?;
        self.store.commit_now(commit)?;
        Ok(Object::new())
    }

    pub(super) fn read_challenge(&self, args: &Args) -> Result<Object, Refusal> {
        let challenge = self.store.challenge(ChallengeId(args.array("challenge")?));
        let state = match &challenge.ok_or_else(unknown)?.state {
            ChallengeState::Pending(_) => "pending",
            ChallengeState::Approved(_) => "approved",
            ChallengeState::Rejected(_) => "rejected",
            ChallengeState::Expired => "expired",
            ChallengeState::Cancelled => "cancelled",
        };
        Ok(object(json!({ "state": state })))
    }

    pub(super) fn validate_token(&mut self, args: &Args, at: Moment) -> Result<Object, Refusal> {
        let asked = Validation {
            token: Token::new(args.array("token")?),
            user: args.text("user_name")?.to_owned(),
            code: args.text("code")?.to_owned(),
            action: args.optional("action", Args::array)?.map(ActionId),
            idempotency_key: args.text("idempotency_key")?.to_owned(),
        };
        let granted = self.store.granted(asked.token.hash());
        let approved = granted.and_then(|(_, account)| self.store.account(account));
        let facts = TokenFacts {
            challenge: granted.map(|(challenge, _)| challenge),
            account: approved,
        };
        let commit = validate(facts, &asked, at.now).map_err(refused)?;
        let validated = self.store.commit_now(commit)?;
        Ok(object(json!({
            "account": hex::encode(validated.account.0),
            "challenge": hex::encode(validated.challenge.0),
        })))
    }

    /// What a decision on an action of this user reads.
    fn facts(&self, id: ActionId, user: &str) -> ActionFacts<'_> {
        let action = self.store.action(id);
        ActionFacts {
            action,
            challenge: action.and_then(|action| self.store.challenge_of(action)),
            credentials: self.store.credentials(user),
            prompts: self.store.prompts(user),
        }
    }

    fn started(&self, started: &Started) -> Object {
        let mut values = object(json!({
            "action": hex::encode(started.action.id.0),
            "state": self.state(&started.action),
        }));
        if let Some(token) = &started.token {
            self.hand_out(token, &mut values);
        }
        values
    }

    /// The token for the app, and the challenge that it fetches.
    fn hand_out(&self, token: &Token, values: &mut Object) {
        values.insert("token".to_owned(), hex::encode(token.as_bytes()).into());
        if let Some(challenge) = self.store.handed(token.hash()) {
            let id = Value::String(hex::encode(challenge.id.0));
            values.insert("challenge".to_owned(), id);
        }
    }

    fn state(&self, action: &Action) -> Option<&'static str> {
        let state = action.state(self.store.challenge_of(action));
        STATES
            .iter()
            .find(|(known, _)| *known == state)
            .map(|(_, word)| *word)
    }
}

fn rule(args: &Args) -> Result<Rule, Refusal> {
    match args.text("rule")? {
        "allow" => Ok(Rule::Allow),
        "block" => Ok(Rule::Block),
        "review" => Ok(Rule::Review),
        "challenge" => Ok(Rule::Challenge(terms(args)?)),
        other => Err(Refusal::Error(format!("no rule {other}"))),
    }
}

fn terms(args: &Args) -> Result<ChallengeTerms, Refusal> {
    Ok(ChallengeTerms {
        shown: args.optional("shown", announce)?.unwrap_or_default(),
        number: args.optional("number", number)?,
        policy: args.optional("policy", policy)?,
    })
}

fn number(args: &Args, name: &str) -> Result<NumberMatch, Refusal> {
    let number = Args(args.object(name)?.clone());
    let small = |value: &Value| {
        let number = value.as_u64().and_then(|it| u8::try_from(it).ok());
        number.ok_or_else(|| Refusal::Error(format!("`{name}`: {value}")))
    };
    Ok(NumberMatch {
        expected: u8::try_from(number.uint("expected")?).unwrap_or(u8::MAX),
        choices: number.list("choices", small)?,
    })
}

fn unknown() -> Refusal {
    refused(error::Refusal(error::Code::ChallengeUnavailable))
}
