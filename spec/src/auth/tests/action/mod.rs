//! Actions, challenges and tokens: what each says unless a row has it say something else.

mod answers;
mod fatigue;
mod histories;
mod tokens;
mod tracked;

use alloc::string::ToString;
use alloc::vec;

use super::scene::{ENTROPY, NOW, Presented, SERVER, account, announce, config, key, policy};
use super::store::Store;
use crate::auth::action::{
    Action, ActionFacts, ActionTerms, Answer, ApprovalFacts, Challenge, ChallengeState,
    ChallengeTerms, Limits, NumberMatch, Prompts, Rule, Started, TokenFacts, Validated, Validation,
    decide_action, decide_approval, validate,
};
use crate::auth::{Account, Commit, Credentials, Held, Reply};
use crate::cose::to_sign;
use crate::crypto::{P256, sha256};
use crate::error::{Code, Refusal};
use crate::messages::BindInput;
use crate::messages::action::{self as message, Approval, Approve, Token};
use crate::registry::{Decision, Purpose};
use crate::values::{
    AssertionId, Bind, Bytes, ChannelBinding, Digest, ServerId, Type, UnixSeconds,
};
use crate::verified::Verified;

pub const LIMITS: Limits = Limits {
    challenges_per_hour: 3,
    cool_down_s: 900,
    challenge_ttl_s: 300,
    token_ttl_s: 120,
};

pub const CHANNEL: ChannelBinding = ChannelBinding([0xcb; 32]);

pub fn terms() -> ActionTerms {
    ActionTerms {
        user: "ada".to_string(),
        code: "transfer".to_string(),
        data: Digest([0xda; 32]),
        idempotency_key: "order 1".to_string(),
    }
}

/// A challenge that asks for a number and for a fresh PIN.
pub fn asked() -> ChallengeTerms {
    ChallengeTerms {
        shown: announce(),
        number: Some(NumberMatch {
            expected: 42,
            choices: vec![7, 42, 99],
        }),
        policy: Some(policy()),
    }
}

/// A challenge that asks for nothing but yes or no.
pub fn plain() -> ChallengeTerms {
    ChallengeTerms {
        shown: announce(),
        ..ChallengeTerms::default()
    }
}

/// A store with one account, whose user has started an action.
pub struct World {
    pub store: Store,
    pub account: Account,
    pub token: Token,
    pub challenge: Challenge,
    draws: u8,
}

impl World {
    pub fn with(account: Account, asked: ChallengeTerms) -> Self {
        let mut store = Store::default();
        let held = Held {
            account: account.id,
            user_authentication: account.approval_key.is_some(),
        };
        let list = Credentials {
            user: "ada".to_string(),
            version: 0,
            held: vec![held],
        };
        store.credentials.insert(Credentials::id("ada"), list);
        store.accounts.insert(account.id, account.clone());
        let started = start(&mut store, terms(), Rule::Challenge(asked), ENTROPY, NOW).unwrap();
        let challenge = store.challenges.values().next().unwrap().clone();
        Self {
            store,
            account,
            token: started.token.unwrap(),
            challenge,
            draws: 0,
        }
    }

    pub fn entropy(&mut self) -> [u8; 32] {
        self.draws += 1;
        [self.draws; 32]
    }

    pub fn challenge(&self) -> &Challenge {
        &self.store.challenges[&self.challenge.id]
    }

    pub fn state(&self) -> &ChallengeState {
        &self.challenge().state
    }

    pub fn prompts(&self) -> &Prompts {
        &self.store.prompts[&Credentials::id("ada")]
    }

    pub fn action(&self) -> &Action {
        &self.store.actions[&Action::id("ada", "order 1")]
    }

    pub fn decide(
        &mut self,
        said: &Said,
        now: UnixSeconds,
    ) -> Result<Commit<Reply<message::Approved>>, Refusal> {
        let answer = said.answer();
        let entropy = self.entropy();
        let id = answer.challenge();
        let facts = ApprovalFacts {
            account: &self.store.accounts[&self.account.id],
            challenge: id.and_then(|id| self.store.challenges.get(&id)),
            prompts: self.store.prompts.get(&Credentials::id("ada")),
            assertion_used: answer
                .assertion_id()
                .is_some_and(|id| self.store.assertions.contains(&id)),
        };
        decide_approval(&config(), &LIMITS, facts, &answer, entropy, now, &P256)
    }

    /// Decides and commits.
    pub fn hear(
        &mut self,
        said: &Said,
        now: UnixSeconds,
    ) -> Result<Reply<message::Approved>, Code> {
        let commit = self.decide(said, now).map_err(|refusal| refusal.0)?;
        Ok(self.store.apply(commit).unwrap())
    }

    /// The token of an approval.
    pub fn approved(&mut self, said: &Said, now: UnixSeconds) -> Token {
        match self.hear(said, now) {
            Ok(Reply::Said(message::Approved {
                decision: Decision::Confirm,
                token: Some(token),
                ..
            })) => token,
            other => panic!("not approved: {other:?}"),
        }
    }

    pub fn validate(&mut self, asked: &Validation, now: UnixSeconds) -> Result<Validated, Code> {
        let challenge = self.store.challenges.values().find(|it| {
            it.grant()
                .is_some_and(|grant| grant.token == asked.token.hash())
        });
        let facts = TokenFacts {
            challenge,
            account: self.store.accounts.get(&self.account.id),
        };
        let commit = validate(facts, asked, now).map_err(|refusal| refusal.0)?;
        Ok(self.store.apply(commit).unwrap())
    }
}

/// Starts an action over a store.
pub fn start(
    store: &mut Store,
    terms: ActionTerms,
    rule: Rule,
    entropy: [u8; 32],
    now: UnixSeconds,
) -> Result<Started, Code> {
    let user = Credentials::id(&terms.user);
    let action = store
        .actions
        .get(&Action::id(&terms.user, &terms.idempotency_key));
    let facts = ActionFacts {
        action,
        challenge: store
            .challenges
            .values()
            .find(|it| it.action.is_some() && it.action == action.map(|action| action.id)),
        credentials: store.credentials.get(&user),
        prompts: store.prompts.get(&user),
    };
    let commit = decide_action(&LIMITS, facts, terms, rule, entropy, now);
    let commit = commit.map_err(|refusal| refusal.0)?;
    Ok(store.apply(commit).unwrap())
}

/// What a device answers, before it signs.
#[derive(Clone)]
pub struct Said {
    pub approval: Approval,
    pub presented: Option<Presented>,
    pub report_fraud: bool,
    /// Who signs, by seed.
    pub signer: u8,
    /// The context of the signature.
    pub server: ServerId,
    pub channel: ChannelBinding,
    /// The channel that the answer comes through.
    pub through: ChannelBinding,
    /// The key of that channel, by seed.
    pub device: u8,
    /// What the assertion is for; computed where a row does not say.
    pub bind: Option<Bind>,
}

impl Said {
    /// Yes to a challenge, with all that it asks for.
    pub fn yes(world: &World) -> Self {
        let challenge = &world.challenge;
        let presented = challenge.policy.map(|_| Presented::of(Purpose::Action));
        Self {
            approval: Approval {
                challenge: challenge.id,
                nonce: challenge.nonce,
                hash: challenge.message().hash(),
                decision: Decision::Confirm,
                account: world.account.id,
                assertion: None,
                number: challenge.number.as_ref().map(|number| number.expected),
            },
            presented,
            report_fraud: false,
            signer: if world.account.approval_key.is_some() {
                6
            } else {
                1
            },
            server: SERVER,
            channel: CHANNEL,
            through: CHANNEL,
            device: 1,
            bind: None,
        }
    }

    /// No to a challenge.
    pub fn no(world: &World) -> Self {
        let mut said = Self::yes(world);
        said.approval.decision = Decision::Decline;
        said.approval.number = None;
        said.presented = None;
        said
    }

    /// The same in another channel, with another assertion.
    pub fn again(mut self, id: u8) -> Self {
        self.channel = ChannelBinding([id; 32]);
        self.through = self.channel;
        if let Some(presented) = &mut self.presented {
            presented.payload.id = AssertionId([id; 16]);
        }
        self
    }

    fn bind(&self) -> Bind {
        BindInput {
            server: SERVER,
            context: self.through.0,
            account: Some(self.approval.account),
            purpose: Purpose::Action,
            session: None,
            announce: None,
            user_input: None,
            decision: Some(self.approval.decision),
            intent: Some(self.approval.hash),
        }
        .bind()
    }

    pub fn answer(&self) -> Answer {
        let bind = self.bind.unwrap_or_else(|| self.bind());
        let assertion: Option<Bytes> = self.presented.as_ref().map(|it| it.signed(bind));
        let mut approval = self.approval.clone();
        if approval.assertion.is_none() {
            approval.assertion = assertion.as_ref().map(|it| Digest(sha256(&[it])));
        }
        let signer = key(self.signer);
        let to_sign = to_sign(&approval, &(self.server, self.channel), signer.kid()).unwrap();
        let signature = signer.sign(to_sign.tbs());
        let approve = Approve {
            ty: Type,
            approval: Bytes(to_sign.signed(signature)),
            assertion,
            report_fraud: self.report_fraud,
        };
        Answer {
            approve: Verified::attest(approve),
            key: key(self.device).public(),
            channel: self.through,
        }
    }
}

/// [`account`] with an approval key.
pub fn guarded() -> Account {
    Account {
        approval_key: Some(key(6).public()),
        ..account()
    }
}

pub fn validation(token: Token) -> Validation {
    Validation {
        token,
        user: "ada".to_string(),
        code: "transfer".to_string(),
        action: None,
        idempotency_key: "done 1".to_string(),
    }
}
