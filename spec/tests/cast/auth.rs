//! An auth server: its keys, its store, and what it does with each frame.

use std::collections::{BTreeMap, BTreeSet};

use countersign::auth::endpoint::{Answer, Answered, Awaiting, Deciding, Hello, Signer};
use countersign::auth::{
    Account, Commit, Config, Credentials, Enrolment, EnrolmentFacts, EnrolmentTerms, Expect, Fact,
    FactId, FactorServer, Found, LoginFacts, Nonce, Scope, Session, SessionState, SessionTerms,
    Wanted, decide_enrolment, decide_login,
};
use countersign::cbor;
use countersign::crypto::{P256, PublicKey, Secret, sha256};
use countersign::error::Refusal;
use countersign::messages::frame::Frame;
use countersign::messages::handshake::{Announce, Policy};
use countersign::messages::link::{EnrolmentLink, Link, SessionLink};
use countersign::messages::parameters::{self, Parameters};
use countersign::registry::{AUTH_VERSIONS, Decision, Purpose, ServerKind};
use countersign::values::{
    AccountId, AssertionId, Bytes, Digest, ServerId, SessionId, UnixSeconds,
};

use super::Key;
use super::factor::signed;

const URI: &str = "https://auth.example";
/// How long a link is good for, in seconds.
const LINK_S: u64 = 600;

pub struct AuthServer {
    config: Config,
    /// The parameters hash, which goes into enrolment links.
    hash: Digest,
    /// `K_as`.
    handshake: Key,
    /// `K_asv`.
    vouchers: Key,
    connections: BTreeMap<Bytes, Stage>,
    store: Store,
}

#[derive(Default)]
struct Store {
    sessions: BTreeMap<SessionId, Session>,
    enrolments: BTreeMap<SessionId, Enrolment>,
    accounts: BTreeMap<AccountId, Account>,
    assertions: BTreeSet<AssertionId>,
    credentials: BTreeMap<Digest, Credentials>,
}

enum Stage {
    Awaiting(Awaiting),
    Answered(Answered),
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
            ping_time_s: None,
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
            },
            handshake,
            vouchers,
            connections: BTreeMap::new(),
            store: Store::default(),
        }
    }

    pub fn id(&self) -> ServerId {
        self.config.server
    }

    pub fn voucher_key(&self) -> PublicKey {
        self.vouchers.public()
    }

    pub fn invite(&mut self, user_name: &str, nonce: [u8; 32], now: UnixSeconds) -> Vec<u8> {
        let terms = EnrolmentTerms {
            user_name: user_name.into(),
            expires: now.plus(LINK_S),
            announce: None,
            scope: Scope::New,
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

    pub fn ask(&mut self, title: &str, nonce: [u8; 32], now: UnixSeconds) -> Vec<u8> {
        let strings = BTreeMap::from([("title".into(), title.into())]);
        let terms = SessionTerms {
            expires: now.plus(LINK_S),
            announce: Some(Announce {
                logo: None,
                strings,
            }),
            preselected: None,
            policy: Some(Policy {
                factors: 1,
                max_age_s: 60,
                cached: false,
            }),
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

    /// One frame in, one frame out.
    pub fn receive(&mut self, frame: &[u8], entropy: [u8; 32], now: UnixSeconds) -> Vec<u8> {
        match Frame::from_slice(frame).expect("a frame") {
            Frame::Message1 { .. } => self.greet(frame, entropy, now),
            Frame::Message3 { to, .. } => self.settle(to, frame, entropy, now),
            other => panic!("not for a server: {other:?}"),
        }
    }

    fn greet(&mut self, frame: &[u8], entropy: [u8; 32], now: UnixSeconds) -> Vec<u8> {
        let hello = Hello::receive(&self.config, frame, now).expect("served");
        let found = match hello.wanted() {
            Wanted::Session(id) => self.store.sessions.get(&id).map(Found::Session),
            Wanted::Enrolment(id) => self.store.enrolments.get(&id).map(Found::Enrolment),
        };
        let found = found.unwrap_or(Found::Nothing);
        let message_2 = match hello
            .answer(&self.config, found, entropy, now)
            .expect("known")
        {
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
        frame
    }

    /// The statement in message_3 is decided on what the store has; the
    /// decision is committed, and only then answered. A repeated message_3 gets
    /// the same answer again.
    fn settle(&mut self, id: Bytes, frame: &[u8], entropy: [u8; 32], now: UnixSeconds) -> Vec<u8> {
        let awaiting = match self.connections.remove(&id).expect("a known connection") {
            Stage::Awaiting(awaiting) => awaiting,
            Stage::Answered(answered) => {
                let frame = answered.repeat(frame, now).expect("the same");
                self.connections.insert(id, Stage::Answered(answered));
                return frame;
            }
        };
        let opened = awaiting.receive(frame).expect("decrypts");
        let account = match opened.signer() {
            Signer::Account(kid) => self.store.account_of(|account| account.key.kid() == kid),
            Signer::Key(key) => self.store.account_of(|account| account.key == key),
        };
        let deciding = opened.verify(account, &P256).expect("verifies");
        let decision = self.decide(&deciding, account, entropy, now);
        let (answered, frame) = match decision {
            Ok(commit) => {
                self.store.commit(&commit);
                deciding.settled(commit.committed(), now)
            }
            Err(Refusal(code)) => deciding.refused(code, now),
        }
        .expect("fits");
        self.connections.insert(id, Stage::Answered(answered));
        frame
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
        match request.purpose {
            Purpose::Login => {
                let facts = LoginFacts {
                    session: &self.store.sessions[&request.session.expect("claimed")],
                    account: account.expect("its key has verified"),
                    assertion_used,
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
    fn account_of(&self, whose: impl Fn(&Account) -> bool) -> Option<&Account> {
        self.accounts.values().find(|account| whose(account))
    }

    /// One transaction: all that was read is as it was, or nothing is written.
    fn commit(&mut self, commit: &Commit) {
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
            other => panic!("no part of this story: {other:?}"),
        }
    }
}
