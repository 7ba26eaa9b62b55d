//! Actions: what the backend asks, what an auth server does in a channel for them, and what
//! the user does on the phone.

use countersign::auth::action::{
    ActionFacts, ActionTerms, ApprovalFacts, Challenge, ChallengeState, ChallengeTerms, Limits,
    NumberMatch, Rule, Started, TokenFacts, Validated, Validation, decide_action, decide_approval,
    fetch, validate,
};
use countersign::auth::endpoint::{Deciding, Said};
use countersign::auth::{
    Account, Credentials, Reply, Scope, decide_deletion, decide_opening, decide_rotation,
};
use countersign::crypto::{P256, PublicKey};
use countersign::device::{AccountName, Event};
use countersign::error::{Code, Refusal};
use countersign::messages::action::Token;
use countersign::messages::handshake::{Announce, Policy};
use countersign::registry::Decision;
use countersign::values::{AccountId, Bytes, Digest, UnixSeconds};

use super::World;
use super::auth::{AuthServer, Stage};

pub const LIMITS: Limits = Limits {
    challenges_per_hour: 5,
    cool_down_s: 900,
    challenge_ttl_s: 300,
    token_ttl_s: 120,
};

/// What Alice is about to do.
pub fn transfer(nth: u32) -> ActionTerms {
    ActionTerms {
        user: "alice".into(),
        code: "transfer".into(),
        data: Digest([0xda; 32]),
        idempotency_key: format!("order {nth}"),
    }
}

impl World {
    /// Alice is about to send 100 EUR, for the `nth` time. The backend's rules ask for a
    /// challenge; what it gets for the app.
    pub fn transfer(
        &mut self,
        nth: u32,
        number: Option<u8>,
        policy: Option<Policy>,
    ) -> Result<Token, Refusal> {
        let rule = Rule::Challenge(ChallengeTerms {
            shown: Announce {
                logo: None,
                strings: [("amount".into(), "100 EUR".into())].into(),
            },
            number: number.map(|expected| NumberMatch {
                expected,
                choices: vec![7, 42, 99],
            }),
            policy,
        });
        let entropy = self.entropy.draw();
        let started = self
            .auth
            .start_action(transfer(nth), rule, entropy, self.now)?;
        Ok(started.token.expect("for the app"))
    }

    /// The app hands the token to the phone.
    pub fn hand_over(&mut self, who: &AccountName, token: Token) -> Vec<Event> {
        let (server, entropy) = (self.auth.id(), self.entropy.draw());
        let device = &mut self.phone.device;
        let effects = device.fetch_challenge(server, who.id, token, entropy);
        self.run(effects)
    }

    pub fn approve(&mut self, number: Option<u8>) -> Vec<Event> {
        let entropy = self.entropy.draw();
        let effects = self.phone.device.approve(number, entropy);
        self.run(effects)
    }

    pub fn reject(&mut self, report_fraud: bool) -> Vec<Event> {
        let effects = self.phone.device.reject(report_fraud);
        self.run(effects)
    }

    /// The app gives its token to the backend, which completes the action by it.
    pub fn complete(&mut self, token: Token, idempotency_key: &str) -> Result<Validated, Code> {
        let asked = Validation {
            token,
            user: "alice".into(),
            code: "transfer".into(),
            action: None,
            idempotency_key: idempotency_key.into(),
        };
        self.auth.validate(&asked, self.now)
    }

    /// The account moves to a new key.
    pub fn rotate(&mut self, who: &AccountName) -> (PublicKey, Vec<Event>) {
        let key = self.phone.make_key();
        (key, self.rotate_to(who, key))
    }

    /// The same, to a key that is there already.
    pub fn rotate_to(&mut self, who: &AccountName, key: PublicKey) -> Vec<Event> {
        let (server, entropy) = (self.auth.id(), self.entropy.draw());
        let effects = self.phone.device.rotate(server, who.id, key, entropy);
        self.run(effects)
    }

    pub fn resume_rotation(&mut self, who: &AccountName) -> Vec<Event> {
        let (server, entropy) = (self.auth.id(), self.entropy.draw());
        let device = &mut self.phone.device;
        let effects = device.resume_rotation(server, who.id, entropy);
        self.run(effects)
    }

    pub fn delete(&mut self, who: &AccountName) -> Vec<Event> {
        let (server, entropy) = (self.auth.id(), self.entropy.draw());
        let device = &mut self.phone.device;
        let effects = device.delete_credential(server, who.id, entropy);
        self.run(effects)
    }

    /// The app removes an account without asking its server.
    pub fn forget(&mut self, who: &AccountName) -> Vec<Event> {
        let effects = self.phone.device.forget(self.auth.id(), who.id);
        self.run(effects)
    }

    /// The backend invites a user to add another credential.
    pub fn invite_again(&mut self, user_name: &str) -> Vec<u8> {
        let nonce = self.entropy.draw();
        let scope = Scope::AddAuthenticators;
        self.auth.invite_for(scope, user_name, nonce, self.now)
    }

    /// What the phone has stored of an account.
    pub fn stored(&self, id: AccountId) -> &countersign::device::Account {
        let mut accounts = self.phone.disk.accounts.iter();
        accounts.find(|known| known.id == id).expect("on the disk")
    }
}

impl AuthServer {
    fn start_action(
        &mut self,
        terms: ActionTerms,
        rule: Rule,
        entropy: [u8; 32],
        now: UnixSeconds,
    ) -> Result<Started, Refusal> {
        let user = Credentials::id(&terms.user);
        let facts = ActionFacts {
            credentials: self.store.credentials.get(&user),
            prompts: self.store.prompts.get(&user),
            ..ActionFacts::default()
        };
        let commit = decide_action(&LIMITS, facts, terms, rule, entropy, now)?;
        self.store.commit(&commit);
        Ok(commit.committed())
    }

    fn validate(&mut self, asked: &Validation, now: UnixSeconds) -> Result<Validated, Code> {
        let hash = asked.token.hash();
        let mut challenges = self.store.challenges.values();
        let challenge = challenges.find(|it| it.grant().is_some_and(|grant| grant.token == hash));
        let account = challenge.and_then(|challenge| match &challenge.state {
            ChallengeState::Approved(approved) => self.store.accounts.get(&approved.account),
            _ => None,
        });
        let commit = validate(TokenFacts { challenge, account }, asked, now)
            .map_err(|Refusal(code)| code)?;
        self.store.commit(&commit);
        Ok(commit.committed())
    }

    /// Answers message_3 of a channel for actions.
    pub(super) fn open_for_actions(
        &mut self,
        id: Bytes,
        deciding: Deciding,
        account: &Account,
        entropy: [u8; 32],
        now: UnixSeconds,
    ) -> Vec<u8> {
        let decision = decide_opening(account, deciding.request(), entropy, now);
        let (answered, line, frame) = match decision {
            Ok(commit) => {
                self.store.commit(&commit);
                let reply = commit.committed();
                deciding.opened(reply, account.id, now).expect("fits")
            }
            Err(Refusal(code)) => {
                let (answered, frame) = deciding.refused(code, now).expect("fits");
                (answered, None, frame)
            }
        };
        let stage = Stage::Acting(answered, line.map(Box::new));
        self.connections.insert(id, stage);
        frame
    }

    /// A record of an open channel for actions, and what it is answered with.
    pub(super) fn hear_action(
        &mut self,
        id: &Bytes,
        frame: &[u8],
        entropy: [u8; 32],
        now: UnixSeconds,
    ) -> Option<Vec<u8>> {
        let Some(Stage::Acting(_, Some(line))) = self.connections.get_mut(id) else {
            panic!("a channel that nobody opened");
        };
        let said = line.receive(frame).expect("one of its messages");
        let account = self.store.accounts.get(&line.account())?.clone();
        let store = &mut self.store;
        let user = Credentials::id(&account.user_name);
        let answer = match said {
            Said::Fetch(asked) => {
                let hash = asked.token.hash();
                let challenge = store.challenges.values().find(|it| it.handed == hash);
                match fetch(challenge, &account, now) {
                    Ok(shown) => line.say(&Reply::Said(shown)),
                    Err(Refusal(code)) => line.refuse(code),
                }
            }
            Said::Answer(answer) => {
                let facts = ApprovalFacts {
                    account: &account,
                    challenge: answer.challenge().and_then(|id| store.challenges.get(&id)),
                    prompts: store.prompts.get(&user),
                    assertion_used: answer
                        .assertion_id()
                        .is_some_and(|id| store.assertions.contains(&id)),
                };
                let config = &self.config;
                match decide_approval(config, &LIMITS, facts, &answer, entropy, now, &P256) {
                    Ok(commit) => {
                        store.commit(&commit);
                        line.say(&commit.committed())
                    }
                    Err(Refusal(code)) => line.refuse(code),
                }
            }
            Said::Rotate(asked) => {
                let key = asked.message.key;
                let holder = store.account_of(|known| known.key == key && known.id != account.id);
                match decide_rotation(&account, holder, &asked, &P256) {
                    Ok(commit) => {
                        store.commit(&commit);
                        line.say(&Reply::Said(commit.committed()))
                    }
                    Err(Refusal(code)) => line.refuse(code),
                }
            }
            Said::Delete(asked) => {
                let credentials = store.credentials.get(&user);
                match decide_deletion(&account, credentials, &asked) {
                    Ok(commit) => {
                        store.commit(&commit);
                        line.say(&Reply::Said(commit.committed()))
                    }
                    Err(Refusal(code)) => line.refuse(code),
                }
            }
            Said::KeysRenewed => return None,
        };
        Some(answer.expect("open"))
    }

    /// What became of the user's challenges, in no order.
    pub fn decisions(&self) -> Vec<Option<Decision>> {
        let challenges = self.store.challenges.values();
        let decision = |challenge: &Challenge| match &challenge.state {
            ChallengeState::Approved(_) => Some(Decision::Confirm),
            ChallengeState::Rejected(_) => Some(Decision::Decline),
            _ => None,
        };
        challenges.map(decision).collect()
    }
}
