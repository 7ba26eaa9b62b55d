//! A walk through an action: the backend asks, the phone shows, the user approves, the
//! backend completes. Keys, signatures, handshake and records are real.

use std::collections::BTreeMap;

use countersign::auth::action::{
    ActionFacts, ActionState, ActionTerms, ApprovalFacts, ChallengeTerms, Limits, NumberMatch,
    Rule, TokenFacts, Validation, decide_action, decide_approval, fetch, validate,
};
use countersign::auth::endpoint::{ActionLine, Answer, Hello, Said};
use countersign::auth::{
    self, Account, Commit, Config, Fact, FactorServer, Found, Lineage, Reply, Services, Standing,
    decide_opening, decide_rotation,
};
use countersign::cbor;
use countersign::channel::{Channel, open_verified};
use countersign::cose::to_sign;
use countersign::crypto::{P256, PublicKey, Signature, sha256};
use countersign::device::action::{Calling, Next, Outcome};
use countersign::device::{self, KnownServer, Trust, Wallet, authenticate};
use countersign::edhoc::{ConnectionId, Credential, Initiator};
use countersign::error::Code;
use countersign::messages::action::{Approved, Challenge};
use countersign::messages::credential::{Opened, Rotated};
use countersign::messages::frame::Frame;
use countersign::messages::handshake::{Announce, Ead2, ParametersChain};
use countersign::messages::parameters::Parameters;
use countersign::registry::{AUTH_VERSIONS, Level, ServerKind, limit};
use countersign::values::{AccountId, Bytes, Digest, Pseudonym, Rolling, ServerId, UnixSeconds};
use p256::ecdsa::{SigningKey, signature::Signer};
use serde::{Serialize, de::DeserializeOwned};

const NOW: UnixSeconds = UnixSeconds(1_750_000_000);
const ALICE: AccountId = AccountId([0xa1; 16]);
const ROLLING: Rolling = Rolling([1; 16]);
const LIMITS: Limits = Limits {
    challenges_per_hour: 5,
    cool_down_s: 900,
    challenge_ttl_s: 300,
    token_ttl_s: 120,
};

struct Key(SigningKey);

impl Key {
    fn of(seed: u8) -> Self {
        Self(SigningKey::from_slice(&[seed; 32]).expect("a scalar"))
    }

    fn public(&self) -> PublicKey {
        let point = self.0.verifying_key().to_sec1_point(false);
        PublicKey(point.as_bytes()[1..].try_into().expect("x and y"))
    }

    fn sign(&self, message: &[u8]) -> Signature {
        let signature: p256::ecdsa::Signature = self.0.sign(message);
        Signature(signature.to_bytes().into())
    }
}

fn server_key() -> Key {
    Key::of(0x12)
}

fn device_key() -> Key {
    Key::of(0x60)
}

/// `K_act`: the OS asks at each use of it.
fn approval_key() -> Key {
    Key::of(0x61)
}

fn parameters() -> (Parameters, ParametersChain) {
    let identity = Key::of(0x11);
    let server = ServerId(identity.public().kid().0);
    let said = Parameters {
        server,
        kind: ServerKind::Auth,
        epoch: 1,
        expiry: NOW.plus(86_400),
        versions: AUTH_VERSIONS.to_vec(),
        identity_key: identity.public(),
        handshake_key: server_key().public(),
        statement_key: Key::of(0x13).public(),
        uri: "https://auth.example".into(),
        factor_server: None,
        ping_time_s: None,
    };
    let unsigned = to_sign(&said, &(server,), identity.public().kid()).expect("encodes");
    let signature = identity.sign(unsigned.tbs());
    let chain = ParametersChain {
        identities: Vec::new(),
        signed: Bytes(unsigned.signed(signature)),
    };
    (said, chain)
}

/// The auth server's store: what this walk needs of it.
#[derive(Default)]
struct Store(BTreeMap<&'static str, Fact>);

impl Store {
    fn commit<O>(&mut self, commit: Commit<O>) -> O {
        for fact in commit.writes() {
            let kind = match fact {
                Fact::Account(_) => "account",
                Fact::Action(_) => "action",
                Fact::Challenge(_) => "challenge",
                Fact::Prompts(_) => "prompts",
                other => panic!("no part of this walk: {other:?}"),
            };
            self.0.insert(kind, fact.clone());
        }
        commit.committed()
    }

    fn account(&self) -> &Account {
        match &self.0["account"] {
            Fact::Account(account) => account,
            _ => unreachable!(),
        }
    }

    fn challenge(&self) -> &auth::action::Challenge {
        match &self.0["challenge"] {
            Fact::Challenge(challenge) => challenge,
            _ => unreachable!(),
        }
    }

    fn prompts(&self) -> &auth::action::Prompts {
        match &self.0["prompts"] {
            Fact::Prompts(prompts) => prompts,
            _ => unreachable!(),
        }
    }
}

fn config() -> Config {
    let (said, chain) = parameters();
    Config {
        server: said.server,
        versions: AUTH_VERSIONS.to_vec(),
        epoch: 1,
        parameters: chain,
        handshake_key: said.handshake_key,
        voucher_key: said.statement_key,
        factor_server: FactorServer {
            server: ServerId([0xf5; 16]),
            assertion_key: Key::of(0x14).public(),
        },
        voucher_ttl_s: 600,
        services: Services {
            actions: true,
            ..Services::default()
        },
    }
}

fn wallet() -> Wallet {
    let (said, _) = parameters();
    Wallet {
        accounts: vec![device::Account {
            server: said.server,
            id: ALICE,
            user_name: "alice".into(),
            level: Level::Full,
            key: device_key().public(),
            approval_key: None,
            successor: None,
            counter: 0,
            rolling: ROLLING,
            factor_due: false,
        }],
        servers: vec![KnownServer {
            hash: Digest(sha256(&[&cbor::to_vec(&said).expect("encodes")])),
            parameters: said,
            sequence: 0,
            trust: Trust::Pinned,
        }],
        ..Wallet::default()
    }
}

/// One record from one end to the other.
fn hear<T: DeserializeOwned>(
    channel: &mut Channel,
    frame: &[u8],
) -> countersign::verified::Verified<T> {
    let Ok(Frame::Record { record, .. }) = Frame::from_slice(frame) else {
        panic!("a record");
    };
    open_verified(channel, &record, limit::HANDSHAKE).expect("opens")
}

fn say<T: Serialize>(channel: &mut Channel, line: &ActionLine, message: &T) -> Vec<u8> {
    let plaintext = cbor::to_vec(message).expect("encodes");
    let record = Bytes(channel.seal(&plaintext).expect("seals"));
    let to = line.id().as_bytes().into();
    Frame::Record { to, record }.to_vec().expect("fits")
}

/// Phone and server open a channel for actions; the device's state, and both ends.
fn open(store: &mut Store) -> (device::action::Opened, Channel, ActionLine) {
    let wallet = wallet();
    let k_act = store.account().approval_key;
    let server = parameters().0.server;
    let calling = Calling::new(&wallet, server, ALICE, k_act, AUTH_VERSIONS).expect("enrolled");
    let initiator = Initiator::from_entropy([0xd0; 32]);
    let ead_1 = cbor::to_vec(&calling.ead_1()).expect("encodes");
    let c_i = ConnectionId::new(&[0xc1; 4]).expect("short");
    let (waiting, message) = initiator.message_1(c_i, Some(&ead_1)).expect("message_1");
    let message = Bytes(message);
    let frame = Frame::Message1 { message }.to_vec().expect("fits");

    // The server looks nothing up: who comes shows with message_3.
    let hello = Hello::receive(&config(), &frame, NOW).expect("served");
    let answer = hello.answer(&config(), Found::Nothing, [0xe1; 32], NOW);
    let Ok(Answer::Message2(unsigned)) = answer else {
        panic!("no voucher");
    };
    let signature = server_key().sign(unsigned.tbs());
    let (awaiting, frame) = unsigned.signed(signature).expect("fits");

    // The phone authenticates it and says who it is.
    let Ok(Frame::Message2 { message, .. }) = Frame::from_slice(&frame) else {
        panic!("message_2");
    };
    let credential = Credential::server(server, server_key().public());
    let opened = waiting.open(&message).expect("decrypts");
    let verified = opened.verify(&credential, &P256).expect("the server");
    let offer = verified.ead_2::<Ead2>(limit::PLAINTEXT_2).expect("EAD_2");
    let expected = calling.expected(&wallet);
    let known = authenticate(
        &expected,
        offer.parameters.as_ref(),
        offer.epoch,
        NOW,
        &P256,
    );
    let entering = calling.greeted(offer, &known.expect("known"), &wallet);
    let entering = entering.expect("fits").committed();
    let (id_cred, credential) = entering.credential();
    let statement = cbor::to_vec(entering.statement()).expect("encodes");
    let unsigned = verified.prepare(id_cred, &credential, Some(&statement));
    let unsigned = unsigned.expect("fits");
    let signature = device_key().sign(unsigned.tbs());
    let (established, message) = unsigned.signed(signature);
    let to = awaiting.id().as_bytes().into();
    let message = Bytes(message);
    let frame = Frame::Message3 { to, message }.to_vec().expect("fits");

    // The server decides on the statement, commits, and only then opens the channel.
    let opened = awaiting.receive(&frame).expect("decrypts");
    let deciding = opened.verify(Some(store.account()), &P256).expect("hers");
    let commit = decide_opening(store.account(), deciding.request(), [0xe2; 32], NOW);
    let reply = store.commit(commit.expect("follows"));
    let (_, line, frame) = deciding.opened(reply, ALICE, NOW).expect("fits");
    let mut channel = Channel::new(established);
    let said = hear::<Opened>(&mut channel, &frame);
    let binding = channel.binding();
    (
        entering.opened(&said, binding).committed(),
        channel,
        line.expect("open"),
    )
}

/// The backend's rules ask for a challenge.
fn start(store: &mut Store) -> countersign::messages::action::Token {
    let terms = ActionTerms {
        user: "alice".into(),
        code: "transfer".into(),
        data: Digest([0xda; 32]),
        idempotency_key: "order 1".into(),
    };
    let rule = Rule::Challenge(ChallengeTerms {
        shown: Announce {
            logo: None,
            strings: BTreeMap::from([("amount".into(), "100 EUR".into())]),
        },
        number: Some(NumberMatch {
            expected: 42,
            choices: vec![7, 42, 99],
        }),
        policy: None,
    });
    let facts = ActionFacts::default();
    let commit = decide_action(&LIMITS, facts, terms, rule, [0xb1; 32], NOW);
    let started = store.commit(commit.expect("made"));
    assert_eq!(
        started.action.state(Some(store.challenge())),
        ActionState::Pending
    );
    started.token.expect("for the app")
}

fn store() -> Store {
    let account = Account {
        id: ALICE,
        version: 0,
        user_name: "alice".into(),
        key: device_key().public(),
        approval_key: Some(approval_key().public()),
        level: auth::AccountLevel::Full(Pseudonym([0x5b; 16])),
        standing: Standing::Active,
        lineage: Lineage::begin(ROLLING, NOW),
        app: None,
    };
    Store(BTreeMap::from([("account", Fact::Account(account))]))
}

#[test]
fn an_action_is_approved_and_completed_once() {
    let mut store = store();
    // The backend asks; the app hands the token to the phone's SDK.
    let handed = start(&mut store);
    let (opened, mut channel, mut line) = open(&mut store);

    // The phone fetches the challenge and shows it.
    let fetching = opened.fetch(handed);
    let frame = say(&mut channel, &line, &fetching.request());
    let Ok(Said::Fetch(asked)) = line.receive(&frame) else {
        panic!("a fetch");
    };
    assert_eq!(asked.token.hash(), store.challenge().handed);
    let shown = fetch(Some(store.challenge()), store.account(), NOW).expect("waits");
    let frame = line.say(&Reply::Said(shown)).expect("open");
    let asking = fetching.fetched(hear::<Challenge>(&mut channel, &frame), NOW);
    let asking = asking.expect("shown");
    let question = asking.question();
    assert_eq!(question.shown.strings["amount"], "100 EUR");
    assert_eq!(question.choices, Some(vec![7, 42, 99]));

    // The user says which number the website shows, and then cancels the OS's prompt:
    // nothing is sent, and the question is still open.
    let chosen = asking.choose(Some(42)).expect("shown");
    let Next::Sign(signing) = asking.approve(chosen) else {
        panic!("no factor was demanded");
    };
    let (asking, error) = signing.cancelled();
    assert_eq!(error.0, Code::PromptCancelled);

    // Once more, with a finger on the sensor: K_act signs.
    let Next::Sign(signing) = asking.approve(chosen) else {
        panic!("no factor was demanded");
    };
    assert_eq!(signing.key(), approval_key().public());
    let signature = approval_key().sign(signing.to_sign().expect("encodes").tbs());
    let answered = signing.signed(signature).expect("encodes");
    let frame = say(&mut channel, &line, answered.message());
    let Ok(Said::Answer(answer)) = line.receive(&frame) else {
        panic!("an answer");
    };
    assert_eq!(answer.challenge(), Some(store.challenge().id));
    let facts = ApprovalFacts {
        account: store.account(),
        challenge: Some(store.challenge()),
        prompts: Some(store.prompts()),
        assertion_used: false,
    };
    let commit = decide_approval(&config(), &LIMITS, facts, &answer, [0xe3; 32], NOW, &P256);
    let reply = store.commit(commit.expect("approved"));
    let frame = line.say(&reply).expect("open");
    let outcome = answered.approved(&hear::<Approved>(&mut channel, &frame));
    let Ok(Outcome::Approved(token)) = outcome else {
        panic!("{outcome:?}");
    };

    // The app gives the token to the backend, which completes the action by it, once.
    let mut asked = Validation {
        token,
        user: "alice".into(),
        code: "transfer".into(),
        action: None,
        idempotency_key: "transfer 1".into(),
    };
    let facts = |store: &Store| (store.challenge().clone(), store.account().clone());
    let check = |store: &mut Store, asked: &Validation| {
        let (challenge, account) = facts(store);
        let facts = TokenFacts {
            challenge: Some(&challenge),
            account: Some(&account),
        };
        let commit = validate(facts, asked, NOW).map_err(|refusal| refusal.0)?;
        Ok(store.commit(commit))
    };
    let validated = check(&mut store, &asked);
    assert_eq!(validated.as_ref().map(|it| it.account), Ok(ALICE));
    assert_eq!(
        check(&mut store, &asked),
        validated,
        "a lost reply costs nothing"
    );
    asked.idempotency_key = "transfer 2".into();
    assert_eq!(check(&mut store, &asked), Err(Code::TokenConsumed));
}

#[test]
fn a_credential_moves_to_a_new_key() {
    let mut store = store();
    let (opened, mut channel, mut line) = open(&mut store);
    let new = Key::of(0x62);
    let changing = opened.rotate(new.public());
    let possession = new.sign(&changing.tbs().expect("encodes"));
    let rotating = changing.signed(possession);
    let frame = say(&mut channel, &line, rotating.message());
    let Ok(Said::Rotate(asked)) = line.receive(&frame) else {
        panic!("a rotation");
    };
    let commit = decide_rotation(store.account(), None, &asked, &P256);
    let rotated = store.commit(commit.expect("possessed"));
    let frame = line.say(&Reply::Said(rotated)).expect("open");
    let live = rotating.done(&hear::<Rotated>(&mut channel, &frame));
    assert_eq!(live, Ok(store.account().key));
    assert_eq!(live, Ok(new.public()));
}
