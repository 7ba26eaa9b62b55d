//! A factor server: its keys, its store, and what it does with each frame.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use countersign::cose;
use countersign::crypto::{P256, PublicKey};
use countersign::error::Refusal;
use countersign::factor::endpoint::{
    Connection, Greeted, Greeting, Incoming, Offer, Rejected, Request,
};
use countersign::factor::{
    Commit, Config, Decision, Policy, Record, Reply, UsedVoucher, Write, decide_add_biometric,
    decide_biometric_gone, decide_create, decide_remove_biometric, decide_set_pin, decide_status,
    decide_verify, voucher_to_look_up,
};
use countersign::messages::factor::pseudonym;
use countersign::messages::frame::Frame;
use countersign::messages::handshake::ParametersChain;
use countersign::messages::parameters::{self, Parameters};
use countersign::registry::{FACTOR_VERSIONS, ServerKind};
use countersign::values::{Bytes, RecordId, ServerId, UnixSeconds, Version, VoucherId};

use super::Key;

const URI: &str = "https://factor.example";
/// `K_sfid`.
const IDENTITY: u8 = 0x21;
/// `K_sfp`.
const PSEUDONYMS: [u8; 32] = [0x5f; 32];

pub struct FactorServer {
    config: Config,
    said: Parameters,
    offer: Offer,
    /// `K_sf`.
    handshake: Key,
    /// `K_sfa`.
    assertions: Key,
    connections: BTreeMap<Bytes, Stage>,
    pub records: BTreeMap<RecordId, Record>,
    pub vouchers: BTreeMap<VoucherId, UsedVoucher>,
}

enum Stage {
    Greeted(Greeted),
    Connected(Box<Connection>),
}

impl FactorServer {
    pub fn new(max_attempts: u32, now: UnixSeconds) -> Self {
        let (identity, handshake, assertions) = (Key::of(IDENTITY), Key::of(0x22), Key::of(0x23));
        let server = ServerId(identity.public().kid().0);
        let said = Parameters {
            server,
            kind: ServerKind::Factor,
            epoch: 1,
            expiry: now.plus(86_400),
            versions: FACTOR_VERSIONS.to_vec(),
            identity_key: identity.public(),
            handshake_key: handshake.public(),
            statement_key: assertions.public(),
            uri: URI.into(),
            factor_server: None,
            ping_time_s: None,
        };
        Self {
            config: Config {
                server,
                store_epoch: 1,
                max_attempts: NonZeroU32::new(max_attempts).expect("at least one"),
                statement_kid: assertions.public().kid(),
                issuers: BTreeMap::new(),
                policy: Policy::default(),
            },
            offer: Offer {
                server,
                versions: FACTOR_VERSIONS.to_vec(),
                epoch: 1,
                parameters: signed(&said, &identity),
                handshake_key: handshake.public(),
            },
            said,
            handshake,
            assertions,
            connections: BTreeMap::new(),
            records: BTreeMap::new(),
            vouchers: BTreeMap::new(),
        }
    }

    /// Its operator lets the users of an auth server create records.
    pub fn trusting(mut self, issuer: ServerId, voucher_key: PublicKey) -> Self {
        self.config.issuers.insert(issuer, voucher_key);
        self
    }

    /// Its operator allows so many biometrics between two PINs.
    pub fn allow_biometrics(&mut self, uses: u32) {
        self.config.policy.budget.uses = uses;
    }

    /// Its operator allows these versions from now on, and signs them as its parameters.
    pub fn allow_versions(&mut self, versions: &[Version]) {
        self.said.versions = versions.to_vec();
        self.said.epoch += 1;
        self.offer.versions = versions.to_vec();
        self.offer.epoch = self.said.epoch;
        self.offer.parameters = signed(&self.said, &Key::of(IDENTITY));
    }

    pub fn named(&self) -> parameters::FactorServer {
        parameters::FactorServer {
            server: self.config.server,
            uri: URI.into(),
        }
    }

    pub fn assertion_key(&self) -> PublicKey {
        self.assertions.public()
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
            Frame::Message1 { message } => match self.greet(&message, entropy) {
                Ok(message_2) => Some(message_2),
                Err(rejected) => rejected.answer,
            },
            Frame::Message3 { to, message } => self.welcome(to, &message, now),
            Frame::Record { to, record } => self.answer(to, &record, now),
            Frame::Message2 { .. } | Frame::Error { .. } => None,
        }
    }

    fn greet(&mut self, message_1: &[u8], entropy: [u8; 32]) -> Result<Vec<u8>, Rejected> {
        let greeting = Greeting::receive(&self.offer, message_1)?;
        let to_sign = greeting.answer(&self.offer, entropy)?;
        let id = to_sign.connection().as_bytes().into();
        let signature = self.handshake.sign(to_sign.tbs());
        let (greeted, frame) = to_sign.signed(signature).expect("fits");
        self.connections.insert(id, Stage::Greeted(greeted));
        Ok(frame)
    }

    fn welcome(&mut self, id: Bytes, message_3: &[u8], now: UnixSeconds) -> Option<Vec<u8>> {
        let greeted = match self.connections.remove(&id)? {
            Stage::Greeted(greeted) => greeted,
            Stage::Connected(connection) => {
                let again = connection.repeat(message_3, now).map(<[u8]>::to_vec).ok();
                self.connections.insert(id, Stage::Connected(connection));
                return again;
            }
        };
        let opened = match greeted.open(message_3) {
            Ok(opened) => opened,
            Err(unopened) => {
                let stage = Stage::Greeted(*unopened.greeted);
                self.connections.insert(id, stage);
                return None;
            }
        };
        let record = self.records.get(&opened.record());
        let authenticated = match opened.authenticate(record, &P256) {
            Ok(authenticated) => authenticated,
            Err(rejected) => return rejected.answer,
        };
        let requester = authenticated.requester();
        let record = self.records.get(&requester.record());
        let decision = decide_status(&self.config, record, requester, now).expect("of this epoch");
        let status = self.committed(decision);
        let (connection, frame) = authenticated.welcome(&status, now).expect("fits");
        self.connections
            .insert(id, Stage::Connected(Box::new(connection)));
        Some(frame)
    }

    /// A request is decided on what the store has; the decision is committed,
    /// and only then answered.
    fn answer(&mut self, id: Bytes, record: &[u8], now: UnixSeconds) -> Option<Vec<u8>> {
        let mut connection = match self.connections.remove(&id)? {
            Stage::Connected(connection) => connection,
            early => {
                self.connections.insert(id, early);
                return None; // A channel that nobody opened.
            }
        };
        let frame = match connection.receive(record) {
            Ok(Incoming::Request(request)) => self
                .decide(&mut connection, &request, now)
                .or_else(|refusal| connection.refuse(refusal))
                .ok(),
            Ok(Incoming::KeysRenewed) => None,
            Err(rejected) => rejected.answer,
        };
        self.connections.insert(id, Stage::Connected(connection));
        frame
    }

    fn decide(
        &mut self,
        connection: &mut Connection,
        request: &Request,
        now: UnixSeconds,
    ) -> Result<Vec<u8>, Refusal> {
        let requester = *connection.requester();
        let record = self.records.get(&requester.record());
        match request {
            Request::Create(create) => {
                let voucher = self.vouchers.get(&voucher_to_look_up(create)?);
                let commit = decide_create(
                    &self.config,
                    record,
                    voucher,
                    &requester,
                    create,
                    now,
                    &P256,
                )?;
                connection.send_status(&self.commit(commit))
            }
            Request::Verify(verify) => {
                let subject = pseudonym(&PSEUDONYMS, requester.record(), verify.audience);
                let decision = decide_verify(
                    &self.config,
                    record,
                    &requester,
                    verify,
                    subject,
                    now,
                    &P256,
                )?;
                let answered = self.committed(decision);
                let verdict = match answered.reply(&self.config).expect("encodes") {
                    Reply::Verdict(verdict) => verdict,
                    Reply::Assertion(to_sign) => {
                        let signature = self.assertions.sign(to_sign.tbs());
                        to_sign.signed(signature)
                    }
                };
                connection.send_verdict(&verdict)
            }
            Request::AskStatus => {
                let decision = decide_status(&self.config, record, &requester, now)?;
                connection.send_status(&self.committed(decision))
            }
            Request::SetPin(set) => {
                let commit = decide_set_pin(&self.config, record, &requester, set, now, &P256)?;
                connection.send_status(&self.commit(commit))
            }
            Request::AddBiometric(add) => {
                let commit =
                    decide_add_biometric(&self.config, record, &requester, add, now, &P256)?;
                connection.send_status(&self.commit(commit))
            }
            Request::RemoveBiometric(remove) => {
                let commit =
                    decide_remove_biometric(&self.config, record, &requester, remove, now)?;
                connection.send_status(&self.commit(commit))
            }
            Request::BiometricGone(gone) => {
                let decision = decide_biometric_gone(&self.config, record, &requester, gone, now)?;
                connection.send_status(&self.committed(decision))
            }
        }
    }

    /// The reply of a decision, once whatever it asks for is stored.
    fn committed<R>(&mut self, decision: Decision<R>) -> R {
        match decision {
            Decision::Repeat(reply) => reply,
            Decision::Commit(commit) => self.commit(commit),
        }
    }

    fn commit<R>(&mut self, commit: Commit<R>) -> R {
        self.store(commit.write().clone());
        commit.committed()
    }

    /// The store, with the one condition that a real one checks as well.
    fn store(&mut self, write: Write) {
        match write {
            Write::Insert { record, voucher } => {
                assert!(!self.records.contains_key(&record.id), "a conflict");
                self.vouchers.insert(voucher.id, voucher);
                self.records.insert(record.id, record);
            }
            Write::Replace { expected, record } => {
                assert_eq!(self.records[&record.id].version, expected, "a conflict");
                self.records.insert(record.id, record);
            }
        }
    }
}

/// Parameters under the identity key, which stays offline.
pub fn signed(parameters: &Parameters, identity: &Key) -> ParametersChain {
    let context = (parameters.server,);
    let to_sign = cose::to_sign(parameters, &context, identity.public().kid()).expect("encodes");
    let signature = identity.sign(to_sign.tbs());
    ParametersChain {
        identities: Vec::new(),
        signed: Bytes(to_sign.signed(signature)),
    }
}
