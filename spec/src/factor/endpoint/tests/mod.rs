//! A device and the factor server over real bytes, keys and signatures.

use alloc::collections::BTreeMap;
use alloc::vec;
use core::num::NonZeroU32;

use super::*;
use crate::cbor;
use crate::channel::{Channel, open_verified};
use crate::cose::{self, Sign1};
use crate::crypto::{P256, Pin, PinKey, Secret};
use crate::edhoc::tests::Key;
use crate::edhoc::{self, Credential, IdCred, initiate};
use crate::factor::{
    Commit, Config, Decision, Policy, Record, Reply, UsedVoucher, Write, decide_add_biometric,
    decide_biometric_gone, decide_create, decide_remove_biometric, decide_set_pin, decide_status,
    decide_verify,
};
use crate::messages::channel::{KeyUpdate, Refused};
use crate::messages::factor::{
    AskStatus, Assertion, Create, FactorKey, FactorProof, Status, Verdict, Verify, Voucher,
    pseudonym,
};
use crate::messages::handshake::{Claim, Ead1, Ead2, ParametersChain, Statement};
use crate::registry::{FACTOR_VERSIONS, Factor, Purpose, limit};
use crate::values::{
    Bind, ChannelBinding, Digest, RecordId, ServerId, SessionId, Type, UnixSeconds, Version,
    VoucherId,
};

mod channel;
mod handshake;

const SERVER: ServerId = ServerId([0xf5; 16]);
const AUDIENCE: ServerId = ServerId([0xa5; 16]);
const NOW: UnixSeconds = UnixSeconds(1_750_000_000);
const K_SFP: [u8; 32] = [0x5f; 32];

fn k_sf() -> Key {
    Key::of(1)
}
fn k_sfa() -> Key {
    Key::of(2)
}
fn k_asv() -> Key {
    Key::of(3)
}
fn k_dsf() -> Key {
    Key::of(4)
}

fn config() -> Config {
    Config {
        server: SERVER,
        store_epoch: 1,
        max_attempts: NonZeroU32::new(2).unwrap(),
        statement_kid: k_sfa().public().kid(),
        issuers: BTreeMap::from([(AUDIENCE, k_asv().public())]),
        policy: Policy::default(),
    }
}

fn offer() -> Offer {
    Offer {
        server: SERVER,
        versions: FACTOR_VERSIONS.to_vec(),
        epoch: 5,
        parameters: ParametersChain {
            identities: vec![],
            signed: Bytes(vec![0x80]),
        },
        handshake_key: k_sf().public(),
    }
}

fn ead_1() -> Ead1 {
    Ead1 {
        versions: FACTOR_VERSIONS.to_vec(),
        purpose: Purpose::Factor,
        server: SERVER,
        epoch: Some(5),
        claim: None,
    }
}

/// What a device says in its handshake.
struct Talk {
    ead_1: Ead1,
    id_cred: IdCred,
    credential: Credential,
    statement: Statement,
}

impl Default for Talk {
    fn default() -> Self {
        let credential = Credential::device(k_dsf().public());
        Self {
            ead_1: ead_1(),
            id_cred: IdCred::Value(credential.clone()),
            credential,
            statement: Statement::bare(Purpose::Factor),
        }
    }
}

/// Both sides before message_3 arrives.
struct Met {
    greeted: Greeted,
    device: Channel,
    message_3: Vec<u8>,
    ead_2: Ead2,
}

impl Talk {
    fn message_1(&self) -> (edhoc::AwaitMessage2, Vec<u8>) {
        let c_i = ConnectionId::new(&[0xc1; 8]).unwrap();
        initiate([7; 32], c_i, Some(&cbor::to_vec(&self.ead_1).unwrap())).unwrap()
    }

    fn greet(&self) -> Result<Greeting, Rejected> {
        Greeting::receive(&offer(), &self.message_1().1)
    }

    fn meet(&self) -> Met {
        let (device, message_1) = self.message_1();
        let to_sign = Greeting::receive(&offer(), &message_1)
            .unwrap()
            .answer(&offer(), [9; 32])
            .unwrap();
        let c_r = to_sign.connection();
        let signature = k_sf().sign(to_sign.tbs());
        let (greeted, frame) = to_sign.signed(signature).unwrap();
        let Ok(Frame::Message2 { to, message }) = Frame::from_slice(&frame) else {
            panic!("message_2")
        };
        assert_eq!(to.0, [0xc1; 8]);

        let server = Credential::server(SERVER, k_sf().public());
        let device = device
            .open(&message)
            .unwrap()
            .verify(&server, &P256)
            .unwrap();
        let ead_2 = device
            .ead_2::<Ead2>(limit::PLAINTEXT_2)
            .unwrap()
            .into_inner();
        let statement = cbor::to_vec(&self.statement).unwrap();
        let to_sign = device
            .prepare(self.id_cred.clone(), &self.credential, Some(&statement))
            .unwrap();
        let signature = k_dsf().sign(to_sign.tbs());
        let (established, message_3) = to_sign.signed(signature);
        assert_eq!(established.c_r(), c_r);
        Met {
            greeted,
            device: Channel::new(established),
            message_3,
            ead_2,
        }
    }

    fn welcome(&self, record: Option<&Record>) -> Result<Authenticated, Rejected> {
        let met = self.meet();
        let opened = met.greeted.open(&met.message_3).unwrap();
        opened.authenticate(record, &P256)
    }
}

/// A device in its channel.
struct Device {
    channel: Channel,
    d_sec: Secret<32>,
}

impl Device {
    fn record(&self) -> RecordId {
        RecordId(k_dsf().public().kid().0)
    }

    fn seal(&mut self, message: &impl serde::Serialize) -> Vec<u8> {
        self.channel.seal(&cbor::to_vec(message).unwrap()).unwrap()
    }

    fn hear<T: serde::de::DeserializeOwned>(&mut self, frame: &[u8]) -> T {
        let Ok(Frame::Record { to, record }) = Frame::from_slice(frame) else {
            panic!("a record")
        };
        assert_eq!(to.0, [0xc1; 8]);
        open_verified::<T>(&mut self.channel, &record, limit::FRAME)
            .unwrap()
            .into_inner()
    }

    fn pin_key(&self, pin: &str) -> PinKey {
        PinKey::from_pin(
            &self.d_sec,
            &self.record(),
            1,
            &Pin::new(pin.into()).unwrap(),
        )
    }

    fn create(&self, pin: &str, channel: ChannelBinding) -> Create {
        let key = self.pin_key(pin);
        let pin_key = key.public_key();
        let statement = FactorKey {
            record: self.record(),
            generation: 1,
            key: pin_key,
            channel,
        };
        let tbs = cose::detached_tbs(&statement, &(), pin_key.kid()).unwrap();
        Create {
            ty: Type,
            voucher: voucher(),
            pin_key,
            possession: key.sign_once(&tbs),
            biometric: None,
        }
    }

    fn verify(&self, pin: &str, request_number: u64) -> Verify {
        let key = self.pin_key(pin);
        let (purpose, bind) = (Purpose::Enrol, Bind([0xb1; 32]));
        let statement = FactorProof {
            record: self.record(),
            store_epoch: 1,
            generation: 1,
            request_number,
            purpose,
            bind,
        };
        let tbs = cose::detached_tbs(&statement, &(), key.public_key().kid()).unwrap();
        Verify {
            ty: Type,
            request_number,
            store_epoch: 1,
            generation: 1,
            factor: Factor::Pin,
            purpose,
            bind,
            audience: AUDIENCE,
            proof: key.sign_once(&tbs),
        }
    }
}

fn voucher() -> Bytes {
    let voucher = Voucher {
        issuer: AUDIENCE,
        factor_server: SERVER,
        id: VoucherId([0x0c; 16]),
        expiry: NOW.plus(600),
    };
    let to_sign = cose::to_sign(&voucher, &(SERVER,), k_asv().public().kid()).unwrap();
    let signature = k_asv().sign(to_sign.tbs());
    Bytes(to_sign.signed(signature))
}

/// A store of one record, and what a server does with a record frame.
#[derive(Default)]
struct Server {
    record: Option<Record>,
    used: Option<UsedVoucher>,
}

impl Server {
    fn serve(&mut self, connection: &mut Connection, record: &[u8]) -> Vec<u8> {
        let request = match connection.receive(record) {
            Ok(Incoming::Request(request)) => request,
            Ok(Incoming::KeysRenewed) => return Vec::new(),
            Err(rejected) => return rejected.answer.unwrap_or_default(),
        };
        let answer = match &request {
            Request::Create(create) => self.create(connection, create),
            Request::Verify(verify) => self.verify(connection, verify),
            Request::AskStatus => {
                let status = self.status(connection.requester());
                connection.send_status(&status)
            }
            managing => self.manage(connection, managing),
        };
        answer
            .or_else(|refusal| connection.refuse(refusal))
            .unwrap()
    }

    fn create(
        &mut self,
        connection: &mut Connection,
        create: &crate::verified::Verified<Create>,
    ) -> Result<Vec<u8>, Refusal> {
        let requester = *connection.requester();
        let (record, used) = (self.record.as_ref(), self.used.as_ref());
        let commit = decide_create(&config(), record, used, &requester, create, NOW, &P256)?;
        connection.send_status(&self.commit(commit))
    }

    fn manage(
        &mut self,
        connection: &mut Connection,
        request: &Request,
    ) -> Result<Vec<u8>, Refusal> {
        let (config, requester) = (config(), *connection.requester());
        let (config, by, record) = (&config, &requester, self.record.as_ref());
        let commit = match request {
            Request::SetPin(set) => decide_set_pin(config, record, by, set, NOW, &P256)?,
            Request::AddBiometric(add) => {
                decide_add_biometric(config, record, by, add, NOW, &P256)?
            }
            Request::RemoveBiometric(remove) => {
                decide_remove_biometric(config, record, by, remove, NOW)?
            }
            Request::BiometricGone(gone) => {
                let decision = decide_biometric_gone(config, record, by, gone, NOW)?;
                let status = self.committed(decision);
                return connection.send_status(&status);
            }
            other => panic!("served elsewhere: {other:?}"),
        };
        connection.send_status(&self.commit(commit))
    }

    fn status(&mut self, requester: &crate::factor::Requester) -> Status {
        let decision = decide_status(&config(), self.record.as_ref(), requester, NOW).unwrap();
        self.committed(decision)
    }

    fn verify(
        &mut self,
        connection: &mut Connection,
        verify: &crate::verified::Verified<Verify>,
    ) -> Result<Vec<u8>, Refusal> {
        let requester = *connection.requester();
        let subject = pseudonym(&K_SFP, requester.record(), verify.audience);
        let record = self.record.as_ref();
        let decision = decide_verify(&config(), record, &requester, verify, subject, NOW, &P256)?;
        let answered = self.committed(decision);
        let verdict = match answered.reply(&config()).unwrap() {
            Reply::Verdict(verdict) => verdict,
            Reply::Assertion(to_sign) => {
                let signature = k_sfa().sign(to_sign.tbs());
                to_sign.signed(signature)
            }
        };
        connection.send_verdict(&verdict)
    }

    fn committed<R>(&mut self, decision: Decision<R>) -> R {
        match decision {
            Decision::Repeat(reply) => reply,
            Decision::Commit(commit) => self.commit(commit),
        }
    }

    fn commit<R>(&mut self, commit: Commit<R>) -> R {
        match commit.write().clone() {
            Write::Insert { record, voucher } => {
                (self.record, self.used) = (Some(record), Some(voucher));
            }
            Write::Replace { record, .. } => self.record = Some(record),
        }
        commit.committed()
    }

    fn connect(&mut self, talk: &Talk) -> (Connection, Device, Status) {
        let met = talk.meet();
        let opened = met.greeted.open(&met.message_3).unwrap();
        assert_eq!(opened.record().0, k_dsf().public().kid().0);
        let authenticated = opened.authenticate(self.record.as_ref(), &P256).unwrap();
        let status = self.status(authenticated.requester());
        let (connection, frame) = authenticated.welcome(&status, NOW).unwrap();
        let mut device = Device {
            channel: met.device,
            d_sec: Secret::from_bytes([0xd5; 32]),
        };
        let status = device.hear(&frame);
        (connection, device, status)
    }
}

fn code<T: core::fmt::Debug>(result: Result<T, Rejected>) -> Code {
    result.unwrap_err().refusal.0
}

/// The whole story of a PIN: set, verified, repeated, mistyped, blocked.
#[test]
fn the_life_of_a_pin() {
    let mut server = Server::default();
    let (mut connection, mut device, first) = server.connect(&Talk::default());
    assert_eq!((first.store_epoch, first.max_attempts), (1, 2));
    assert_eq!(first.record, None);

    let create = device.create("1234", connection.requester().channel());
    let record = device.seal(&create);
    let answer: Status = device.hear(&server.serve(&mut connection, &record));
    assert_eq!(answer, server.status(connection.requester()));
    assert_eq!(answer.record.unwrap().generation, 1);

    let verify = device.verify("1234", 1);
    let mut payloads = Vec::new();
    for _ in 0..2 {
        let record = device.seal(&verify);
        let verdict: Verdict = device.hear(&server.serve(&mut connection, &record));
        assert_eq!((verdict.outcome, verdict.failed_attempts), (0, 0));
        let signed = verdict.assertion.unwrap();
        let assertion = Sign1::<Assertion>::from_bytes(&signed).unwrap();
        let assertion = assertion
            .verify(&k_sfa().public(), &(AUDIENCE, SERVER), &P256)
            .unwrap();
        assert_eq!(
            assertion.subject,
            pseudonym(&K_SFP, device.record(), AUDIENCE)
        );
        payloads.push(assertion);
    }
    assert_eq!(payloads[0], payloads[1]);

    // A later connection names the key by reference: the record has it now.
    let kid = IdCred::Kid(k_dsf().public().kid());
    let (mut connection, mut device, again) = server.connect(&Talk {
        id_cred: kid,
        ..Talk::default()
    });
    assert_eq!(again.record.unwrap().request_number, 1);
    for (number, pin, outcome) in [(2, "1235", 410), (3, "0000", 410), (4, "1234", 411)] {
        let record = device.verify(pin, number);
        let record = device.seal(&record);
        let verdict: Verdict = device.hear(&server.serve(&mut connection, &record));
        assert_eq!((verdict.outcome, verdict.request_number), (outcome, number));
        assert_eq!(verdict.blocked, number >= 3);
        assert_eq!(verdict.assertion, None);
    }
    let record = device.seal(&AskStatus::default());
    let told: Status = device.hear(&server.serve(&mut connection, &record));
    assert!(told.record.unwrap().blocked);
    let record = device.verify("1234", 1);
    let record = device.seal(&record);
    let refused: Refused = device.hear(&server.serve(&mut connection, &record));
    assert_eq!(refused.error, Code::NumberTooLow.number());
}
