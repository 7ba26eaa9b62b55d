//! An auth server: its keys, its store, and what it does with each frame.

use std::collections::{BTreeMap, BTreeSet};

use countersign::auth::action::{Action, Challenge, Prompts};
use countersign::auth::endpoint::{
    ActionLine, Answer, Answered, Awaiting, Deciding, Failure, Heard, Hello, Line, Signer,
};
use countersign::auth::{
    Account, AppLoginFacts, AppSession, AppTerms, Commit, Config, Credentials, DataFacts,
    DataTerms, Enrolment, EnrolmentFacts, EnrolmentTerms, Expect, Fact, FactId, FactorServer,
    Forward, Found, HeadlessFacts, LoginFacts, Nonce, Proved, Resolved, Scope, Services, Session,
    SessionState, SessionTerms, UpgradeFacts, Wanted, decide_app_login, decide_data,
    decide_enrolment, decide_headless, decide_login, decide_upgrade,
};
use countersign::cbor;
use countersign::crypto::{P256, PublicKey, Secret, sha256};
use countersign::device::{KnownServer, Trust};
use countersign::error::Refusal;
use countersign::messages::app::WebNonce;
use countersign::messages::frame::Frame;
use countersign::messages::handshake::{Announce, Policy};
use countersign::messages::link::{EnrolmentLink, Link, SessionLink};
use countersign::messages::parameters::{self, Parameters};
use countersign::registry::{AUTH_VERSIONS, Decision, LogoutCause, Purpose, ServerKind};
use countersign::values::{
    AccountId, ActionId, AppSessionId, AssertionId, Bytes, ChallengeId, Digest, ServerId,
    SessionId, UnixSeconds,
};

use super::Key;
use super::factor::signed;

const URI: &str = "https://auth.example";
/// How long a link is good for, in seconds.
const LINK_S: u64 = 600;
/// Seconds within which an app hears a ping.
pub const PING_TIME_S: u32 = 30;
/// Seconds that an app session lasts at most.
pub const LIMIT_S: u32 = 3_600;
/// The PIN, just now.
pub const PIN: Policy = Policy {
    factors: 1,
    max_age_s: 60,
    cached: false,
};

pub struct AuthServer {
    pub(super) config: Config,
    said: Parameters,
    /// The parameters hash, which goes into enrolment links.
    hash: Digest,
    /// `K_as`.
    handshake: Key,
    /// `K_asv`.
    vouchers: Key,
    pub(super) connections: BTreeMap<Bytes, Stage>,
    pub store: Store,
    /// What the data service was asked, in order.
    pub forwarded: Vec<Forward>,
    /// Through which channel each of it came.
    through: Vec<Bytes>,
    /// What it has been told to forget.
    pub cancelled: Vec<u64>,
}

#[derive(Clone, Default, PartialEq)]
pub struct Store {
    pub sessions: BTreeMap<SessionId, Session>,
    pub enrolments: BTreeMap<SessionId, Enrolment>,
    pub accounts: BTreeMap<AccountId, Account>,
    pub assertions: BTreeSet<AssertionId>,
    pub credentials: BTreeMap<Digest, Credentials>,
    pub actions: BTreeMap<ActionId, Action>,
    pub challenges: BTreeMap<ChallengeId, Challenge>,
    pub prompts: BTreeMap<Digest, Prompts>,
    pub app_sessions: BTreeMap<AppSessionId, AppSession>,
}

pub(super) enum Stage {
    Awaiting(Awaiting),
    /// The answer, for those who ask again, and the channel if it goes on.
    Answered(Answered, Option<Box<Line>>),
    /// The same, with a channel for actions.
    Acting(Answered, Option<Box<ActionLine>>),
}

impl AuthServer {
    pub fn new(
        factor_server: parameters::FactorServer,
        assertion_key: PublicKey,
        now: UnixSeconds,
    ) -> Self {
        let (identity, handshake, vouchers) = (Key::of(0x11), Key::of(0x12), Key::of(0x13));
        let server = ServerId(identity.public().kid().0);
        let said = Parameters {
            server,
            kind: ServerKind::Auth,
            epoch: 1,
            expiry: now.plus(86_400),
            versions: AUTH_VERSIONS.to_vec(),
            identity_key: identity.public(),
            handshake_key: handshake.public(),
            statement_key: vouchers.public(),
            uri: URI.into(),
            factor_server: Some(factor_server.clone()),
            ping_time_s: Some(PING_TIME_S),
        };
        Self {
            hash: Digest(sha256(&[&cbor::to_vec(&said).expect("encodes")])),
            config: Config {
                server,
                versions: AUTH_VERSIONS.to_vec(),
                epoch: 1,
                parameters: signed(&said, &identity),
                handshake_key: handshake.public(),
                voucher_key: vouchers.public(),
                factor_server: FactorServer {
                    server: factor_server.server,
                    assertion_key,
                },
                voucher_ttl_s: LINK_S,
                services: Services {
                    actions: true,
                    app: Some(AppTerms {
                        policy: Some(PIN),
                        ping_time_s: PING_TIME_S,
                        limit_s: LIMIT_S,
                    }),
                    data: Some(DataTerms { policy: Some(PIN) }),
                    headless: true,
                    upgrade: true,
                },
            },
            said,
            handshake,
            vouchers,
            connections: BTreeMap::new(),
            store: Store::default(),
            forwarded: Vec::new(),
            through: Vec::new(),
            cancelled: Vec::new(),
        }
    }

    pub fn id(&self) -> ServerId {
        self.config.server
    }

    pub fn voucher_key(&self) -> PublicKey {
        self.vouchers.public()
    }

    pub fn invite(&mut self, user_name: &str, nonce: [u8; 32], now: UnixSeconds) -> Vec<u8> {
        self.invite_for(Scope::New, user_name, nonce, now)
    }

    /// The same, with the scope that the backend gives.
    pub fn invite_for(
        &mut self,
        scope: Scope,
        user_name: &str,
        nonce: [u8; 32],
        now: UnixSeconds,
    ) -> Vec<u8> {
        let terms = EnrolmentTerms {
            user_name: user_name.into(),
            expires: now.plus(LINK_S),
            announce: None,
            scope,
        };
        let enrolment = Enrolment::new(self.id(), Nonce::new(nonce), terms).expect("in its limits");
        self.store.enrolments.insert(enrolment.id, enrolment);
        let link = EnrolmentLink {
            server: self.id(),
            uri: URI.into(),
            parameters: self.hash,
            nonce: Secret::from_bytes(nonce),
        };
        Link::Enrolment(link).to_vec().expect("encodes")
    }

    pub fn ask(
        &mut self,
        title: Option<&str>,
        policy: Option<Policy>,
        nonce: [u8; 32],
        now: UnixSeconds,
    ) -> Vec<u8> {
        let announce = title.map(|title| Announce {
            logo: None,
            strings: BTreeMap::from([("title".into(), title.into())]),
        });
        let terms = SessionTerms {
            expires: now.plus(LINK_S),
            announce,
            preselected: None,
            policy,
        };
        let session = Session::new(self.id(), Nonce::new(nonce), terms).expect("in its limits");
        self.store.sessions.insert(session.id, session);
        let link = SessionLink {
            server: self.id(),
            nonce: Secret::from_bytes(nonce),
        };
        Link::Session(link).to_vec().expect("encodes")
    }

    pub fn verdict(&self, link: &[u8]) -> Option<(Decision, AccountId)> {
        let id = Link::from_slice(link).expect("a link").session_id();
        match &self.store.sessions[&id].state {
            SessionState::New(_) => None,
            SessionState::Confirmed(confirmed) => Some((Decision::Confirm, confirmed.account)),
            SessionState::Rejected(rejected) => Some((Decision::Decline, rejected.account)),
        }
    }

    /// The server, as an app may have it pinned.
    pub fn known(&self) -> KnownServer {
        KnownServer {
            parameters: self.said.clone(),
            hash: self.hash,
            sequence: 0,
            trust: Trust::Pinned,
        }
    }

    /// One frame in, at most one frame out. Whatever it is: what makes no sense is answered
    /// with what the endpoint has to say of it, which is often nothing.
    pub fn receive(
        &mut self,
        frame: &[u8],
        entropy: [u8; 32],
        now: UnixSeconds,
    ) -> Option<Vec<u8>> {
        match Frame::from_slice(frame).ok()? {
            Frame::Message1 { .. } => match self.greet(frame, entropy, now) {
                Ok(message_2) => Some(message_2),
                Err(failure) => failure.frame,
            },
            Frame::Message3 { to, .. } => self.settle(to, frame, entropy, now),
            Frame::Record { to, .. } => match self.connections.get(&to) {
                Some(Stage::Acting(..)) => self.hear_action(&to, frame, entropy, now),
                _ => self.hear(&to, frame, now),
            },
            Frame::Message2 { .. } | Frame::Error { .. } => None,
        }
    }

    fn greet(
        &mut self,
        frame: &[u8],
        entropy: [u8; 32],
        now: UnixSeconds,
    ) -> Result<Vec<u8>, Failure> {
        let hello = Hello::receive(&self.config, frame, now)?;
        let found = match hello.wanted() {
            Wanted::Session(id) => self.store.sessions.get(&id).map(Found::Session),
            Wanted::Enrolment(id) => self.store.enrolments.get(&id).map(Found::Enrolment),
            Wanted::Nothing(_) => None,
        };
        let found = found.unwrap_or(Found::Nothing);
        let message_2 = match hello.answer(&self.config, found, entropy, now)? {
            Answer::Message2(to_sign) => *to_sign,
            Answer::Voucher(to_sign) => {
                let signature = self.vouchers.sign(to_sign.tbs());
                to_sign.signed(signature).expect("fits")
            }
        };
        let signature = self.handshake.sign(message_2.tbs());
        let (awaiting, frame) = message_2.signed(signature).expect("fits");
        let id = awaiting.id().as_bytes().into();
        self.connections.insert(id, Stage::Awaiting(awaiting));
        Ok(frame)
    }

    /// The statement in message_3 is decided on what the store has; the
    /// decision is committed, and only then answered. A repeated message_3 gets
    /// the same answer again.
    fn settle(
        &mut self,
        id: Bytes,
        frame: &[u8],
        entropy: [u8; 32],
        now: UnixSeconds,
    ) -> Option<Vec<u8>> {
        let awaiting = match self.connections.remove(&id)? {
            Stage::Awaiting(awaiting) => awaiting,
            Stage::Answered(answered, line) => {
                let again = answered.repeat(frame, now).ok();
                self.connections.insert(id, Stage::Answered(answered, line));
                return again;
            }
            Stage::Acting(answered, line) => {
                let again = answered.repeat(frame, now).ok();
                self.connections.insert(id, Stage::Acting(answered, line));
                return again;
            }
        };
        let opened = match awaiting.receive(frame) {
            Ok(opened) => opened,
            Err(refused) => {
                let stage = Stage::Awaiting(*refused.state);
                self.connections.insert(id, stage);
                return refused.failure.frame;
            }
        };
        let account = match opened.signer() {
            Signer::Account(kid) => self.store.account_of(|account| account.key.kid() == kid),
            Signer::Key(key) => self.store.account_of(|account| account.key == key),
        };
        let deciding = match opened.verify(account, &P256) {
            Ok(deciding) => deciding,
            Err(failure) => return failure.frame,
        };
        if deciding.request().purpose == Purpose::Action {
            let account = account?.clone();
            return Some(self.open_for_actions(id, deciding, &account, entropy, now));
        }
        let decision = self.decide(&deciding, account, entropy, now);
        let (stage, frame) = match decision {
            Ok(commit) => {
                self.store.commit(&commit);
                let (answered, line, frame) =
                    deciding.connected(commit.committed(), now).expect("fits");
                (Stage::Answered(answered, line), frame)
            }
            Err(Refusal(code)) => {
                let (answered, frame) = deciding.refused(code, now).expect("fits");
                (Stage::Answered(answered, None), frame)
            }
        };
        self.connections.insert(id, stage);
        Some(frame)
    }

    /// A record of an open channel.
    fn hear(&mut self, id: &Bytes, frame: &[u8], now: UnixSeconds) -> Option<Vec<u8>> {
        let Some(Stage::Answered(_, Some(line))) = self.connections.get_mut(id) else {
            return None; // A channel that nobody opened.
        };
        let account = &self.store.accounts[&line.caller().account];
        let session = line.app_session();
        let app = session.map(|id| self.store.app_sessions[&id].clone());
        let heard = line.receive(frame, account, app.as_ref(), now);
        if let (Some(app), Ok(heard)) = (app, &heard) {
            // Whatever it said, the device was there; or it has left.
            let app = match heard {
                Heard::Logout(cause) => app.end(*cause, now),
                _ => app.contact(now),
            };
            self.store.app_sessions.insert(app.id, app);
        }
        match heard {
            Ok(Heard::Request(forward)) => {
                self.forwarded.push(forward);
                self.through.push(id.clone());
            }
            Ok(Heard::Cancel(id)) => self.cancelled.push(id),
            Ok(_) => {}
            Err(Failure { frame, .. }) => return frame,
        }
        None
    }

    /// The channels that go on.
    fn lines(&mut self) -> impl Iterator<Item = &mut Line> {
        self.connections
            .values_mut()
            .filter_map(|stage| match stage {
                Stage::Answered(_, Some(line)) if !line.is_closed() => Some(&mut **line),
                _ => None,
            })
    }

    /// A ping for every app session.
    pub fn ping(&mut self) -> Vec<Vec<u8>> {
        self.lines()
            .filter(|line| line.app_session().is_some())
            .map(|line| line.ping().expect("open"))
            .collect()
    }

    /// The data service answers a request, if somebody waits for it.
    pub fn answer(&mut self, id: u64, payload: Vec<u8>) -> Option<Vec<u8>> {
        self.lines()
            .find_map(|line| line.answer(id, Bytes(payload.clone())).expect("open"))
    }

    /// The data service answers the request that it got as the `nth`, if its channel still is
    /// there and waits for it.
    pub fn answer_nth(&mut self, nth: usize, payload: Vec<u8>) -> Option<Vec<u8>> {
        let (id, channel) = (self.forwarded.get(nth)?.id, self.through.get(nth)?);
        match self.connections.get_mut(channel)? {
            Stage::Answered(_, Some(line)) => line.answer(id, Bytes(payload)).ok()?,
            _ => None,
        }
    }

    /// The backend ends all app sessions of an account's user; what is sent for it.
    pub fn revoke(&mut self, account: AccountId, now: UnixSeconds) -> Vec<Vec<u8>> {
        let account = self.store.accounts[&account].clone();
        let app = account
            .app
            .and_then(|used| self.store.app_sessions.get(&used.session).cloned());
        self.store.accounts.insert(account.id, account.revoke());
        app.map(|app| app.end(LogoutCause::Revoked, now))
            .map(|app| self.tell_end(app, LogoutCause::Revoked))
            .unwrap_or_default()
    }

    /// The backend ends the app session of a web nonce; what is sent for it.
    pub fn end(&mut self, web_nonce: &WebNonce, now: UnixSeconds) -> Vec<Vec<u8>> {
        let app = self.app_session(web_nonce).expect("known").clone();
        self.tell_end(app.end(LogoutCause::Server, now), LogoutCause::Server)
    }

    fn tell_end(&mut self, app: AppSession, cause: LogoutCause) -> Vec<Vec<u8>> {
        let id = app.id;
        self.store.app_sessions.insert(id, app);
        let mut frames = Vec::new();
        for stage in self.connections.values_mut() {
            let Stage::Answered(_, line) = stage else {
                continue;
            };
            if let Some(line) = line.take_if(|line| line.app_session() == Some(id)) {
                frames.push(line.logout(cause).expect("open"));
            }
        }
        frames
    }

    /// The backend asks whose web nonce this is.
    pub fn resolve(&self, web_nonce: &WebNonce, now: UnixSeconds) -> Option<Resolved> {
        let app = self.app_session(web_nonce)?;
        Some(app.resolve(&self.store.accounts[&app.account], now))
    }

    fn app_session(&self, web_nonce: &WebNonce) -> Option<&AppSession> {
        let hash = web_nonce.hash();
        let mut sessions = self.store.app_sessions.values();
        sessions.find(|app| app.web_nonce == hash)
    }

    /// The account, as the backend has it.
    pub fn account(&self, id: AccountId) -> &Account {
        &self.store.accounts[&id]
    }

    /// How many accounts there are.
    pub fn accounts(&self) -> usize {
        self.store.accounts.len()
    }

    /// Whether the statement's app session proof was made with the key of an open channel.
    fn proved(&self, deciding: &Deciding) -> Option<Proved> {
        self.connections.values().find_map(|stage| match stage {
            Stage::Answered(_, Some(line)) => line.prove(deciding.request()),
            _ => None,
        })
    }

    fn decide(
        &self,
        deciding: &Deciding,
        account: Option<&Account>,
        entropy: [u8; 32],
        now: UnixSeconds,
    ) -> Result<Commit, Refusal> {
        let request = deciding.request();
        let assertion_used = request
            .assertion_id()
            .is_some_and(|id| self.store.assertions.contains(&id));
        let app = account
            .and_then(|account| account.app)
            .and_then(|used| self.store.app_sessions.get(&used.session));
        let proved = self.proved(deciding);
        match request.purpose {
            Purpose::AppLogin => {
                let facts = AppLoginFacts {
                    account: account.expect("its key has verified"),
                    app,
                    assertion_used,
                };
                decide_app_login(&self.config, facts, request, entropy, now, &P256)
            }
            Purpose::Data => {
                let facts = DataFacts {
                    account: account.expect("its key has verified"),
                    app,
                    proved,
                    assertion_used,
                };
                decide_data(&self.config, facts, request, entropy, now, &P256)
            }
            Purpose::Headless => {
                let facts = HeadlessFacts { holder: account };
                decide_headless(&self.config, facts, request, entropy, now)
            }
            Purpose::Upgrade => {
                let facts = UpgradeFacts {
                    account: account.expect("its key has verified"),
                    assertion_used,
                };
                decide_upgrade(&self.config, facts, request, entropy, now, &P256)
            }
            Purpose::Login => {
                let facts = LoginFacts {
                    session: &self.store.sessions[&request.session.expect("claimed")],
                    account: account.expect("its key has verified"),
                    assertion_used,
                    app,
                    proved,
                };
                decide_login(&self.config, facts, request, entropy, now, &P256)
            }
            _ => {
                let facts = EnrolmentFacts {
                    enrolment: &self.store.enrolments[&request.session.expect("claimed")],
                    holder: account,
                    credentials: self.credentials_of(&request.session.expect("claimed")),
                    assertion_used,
                };
                decide_enrolment(&self.config, facts, request, entropy, now, &P256)
            }
        }
    }

    /// What the user of an enrolment has already.
    fn credentials_of(&self, enrolment: &SessionId) -> Option<&Credentials> {
        let user = &self.store.enrolments[enrolment].user_name;
        self.store.credentials.get(&Credentials::id(user))
    }
}

impl Store {
    pub(super) fn account_of(&self, whose: impl Fn(&Account) -> bool) -> Option<&Account> {
        self.accounts.values().find(|account| whose(account))
    }

    /// One transaction: all that was read is as it was, or nothing is written.
    pub(super) fn commit<O>(&mut self, commit: &Commit<O>) {
        for Expect { fact, version } in commit.expects() {
            assert_eq!(self.version(fact), *version, "a conflict on {fact:?}");
        }
        for write in commit.writes() {
            match write.clone() {
                Fact::Session(session) => drop(self.sessions.insert(session.id, session)),
                Fact::Enrolment(enrolment) => drop(self.enrolments.insert(enrolment.id, enrolment)),
                Fact::Account(account) => drop(self.accounts.insert(account.id, account)),
                Fact::Assertion(id) => drop(self.assertions.insert(id)),
                Fact::Credentials(list) => {
                    let id = Credentials::id(&list.user);
                    self.credentials.insert(id, list);
                }
                Fact::AppSession(app) => drop(self.app_sessions.insert(app.id, app)),
                Fact::Action(action) => drop(self.actions.insert(action.id, action)),
                Fact::Challenge(challenge) => {
                    drop(self.challenges.insert(challenge.id, challenge));
                }
                Fact::Prompts(prompts) => {
                    let id = Credentials::id(&prompts.user);
                    self.prompts.insert(id, prompts);
                }
                Fact::Erased(FactId::Account(id)) => drop(self.accounts.remove(&id)),
                other => panic!("no part of this story: {other:?}"),
            }
        }
    }

    fn version(&self, fact: &FactId) -> Option<u64> {
        match fact {
            FactId::Session(id) => self.sessions.get(id).map(|session| session.version),
            FactId::Enrolment(id) => self.enrolments.get(id).map(|enrolment| enrolment.version),
            FactId::Account(id) => self.accounts.get(id).map(|account| account.version),
            FactId::AccountOf(kid) => self
                .account_of(|account| account.key.kid() == *kid)
                .map(|account| account.version),
            FactId::Assertion(id) => self.assertions.contains(id).then_some(0),
            FactId::Credentials(id) => self.credentials.get(id).map(|list| list.version),
            FactId::Action(id) => self.actions.get(id).map(|action| action.version),
            FactId::Challenge(id) => self.challenges.get(id).map(|it| it.version),
            FactId::Prompts(id) => self.prompts.get(id).map(|prompts| prompts.version),
            FactId::AppSession(id) => self.app_sessions.get(id).map(|app| app.version),
        }
    }
}
