//! The cast of the walk-throughs, and the network between them.

// Each walk-through needs a part of it.
#![allow(dead_code)]

pub mod actions;
pub mod app;
pub mod auth;
pub mod factor;
pub mod phone;

use std::collections::VecDeque;

use countersign::crypto::{PublicKey, Signature};
use countersign::device::app::Millis;
use countersign::device::{AccountName, Effect, Event, Management, NewKeys, Outcome};
use countersign::error::{Code, Refusal};
use countersign::messages::handshake::Policy;
use countersign::registry::{Decision, Level, ServerKind};
use countersign::values::{AccountId, UnixSeconds};
use p256::ecdsa::{SigningKey, signature::Signer};

use auth::AuthServer;
use factor::FactorServer;
use phone::Phone;

/// A key pair in somebody's hardware.
pub struct Key(SigningKey);

impl Key {
    /// The key of a seed; in the world outside hardware makes it.
    pub fn of(seed: u8) -> Self {
        Self(SigningKey::from_slice(&[seed; 32]).expect("a scalar"))
    }

    pub fn public(&self) -> PublicKey {
        let point = self.0.verifying_key().to_sec1_point(false);
        PublicKey(point.as_bytes()[1..].try_into().expect("x and y"))
    }

    pub fn sign(&self, message: &[u8]) -> Signature {
        let signature: p256::ecdsa::Signature = self.0.sign(message);
        Signature(signature.to_bytes().into())
    }
}

/// 32 bytes that never come again.
#[derive(Default)]
pub struct Entropy(u64);

impl Entropy {
    pub fn draw(&mut self) -> [u8; 32] {
        self.0 += 1;
        std::array::from_fn(|at| self.0.to_be_bytes()[at % 8])
    }
}

/// Everybody, and the time.
pub struct World {
    pub phone: Phone,
    pub auth: AuthServer,
    pub factor: FactorServer,
    /// What travelled, in order.
    pub wire: Vec<Exchange>,
    pub(crate) entropy: Entropy,
    pub now: UnixSeconds,
    /// Which answers the network loses.
    lost: Lost,
    /// When the app is killed.
    life: Life,
    /// What the phone's clock says.
    clock: Millis,
}

/// One frame of the phone, and the server's answer to it.
pub struct Exchange {
    pub with: ServerKind,
    pub sent: Vec<u8>,
    /// Absent where there was none; there as well if the network lost it.
    pub answer: Option<Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Lost {
    Nothing,
    /// The next one.
    Next,
    /// One of the auth server's, after this many others.
    Auth(u32),
    /// The next frame to the auth server, so that there is none.
    Question,
}

#[derive(Clone, Copy, PartialEq)]
enum Life {
    Safe,
    /// After this many more things that it does or hears.
    Steps(u32),
    /// It was.
    Over,
}

pub fn failed(code: Code) -> Event {
    Event::Finished(Outcome::Failed(code))
}

/// What the phone says to a PIN that it did not ask for.
pub fn stopped() -> Vec<Event> {
    vec![failed(Code::Stopped)]
}

impl World {
    pub fn new(max_attempts: u32) -> Self {
        let now = UnixSeconds(1_750_000_000);
        let factor = FactorServer::new(max_attempts, now);
        let auth = AuthServer::new(factor.named(), factor.assertion_key(), now);
        let factor = factor.trusting(auth.id(), auth.voucher_key());
        Self {
            phone: Phone::new(),
            auth,
            factor,
            wire: Vec::new(),
            entropy: Entropy::default(),
            now,
            lost: Lost::Nothing,
            life: Life::Safe,
            clock: Millis(0),
        }
    }

    /// The backend makes an enrolment for a user; the link to it.
    pub fn invite(&mut self, user_name: &str) -> Vec<u8> {
        let nonce = self.entropy.draw();
        self.auth.invite(user_name, nonce, self.now)
    }

    /// The backend makes a session; the link to it.
    pub fn ask(&mut self, title: &str) -> Vec<u8> {
        self.ask_for(Some(title), Some(auth::PIN))
    }

    /// The same, with or without a title, and with or without a second factor.
    pub fn ask_for(&mut self, title: Option<&str>, policy: Option<Policy>) -> Vec<u8> {
        let nonce = self.entropy.draw();
        self.auth.ask(title, policy, nonce, self.now)
    }

    /// What the backend learns of a session.
    pub fn verdict(&self, link: &[u8]) -> Option<(Decision, AccountId)> {
        self.auth.verdict(link)
    }

    pub fn scan(&mut self, link: &[u8]) -> Vec<Event> {
        let entropy = self.entropy.draw();
        let effects = self.phone.device.start(link, entropy);
        self.run(effects)
    }

    /// The user agrees to enrol; the app makes the keys that are needed.
    pub fn agree(&mut self) -> Vec<Event> {
        let keys: NewKeys = self.phone.make_keys();
        let entropy = self.entropy.draw();
        let effects = self.phone.device.confirm_enrol(keys, None, entropy);
        self.run(effects)
    }

    pub fn confirm(&mut self) -> Vec<Event> {
        let entropy = self.entropy.draw();
        let effects = self.phone.device.confirm_login(None, None, entropy);
        self.run(effects)
    }

    pub fn decline(&mut self) -> Vec<Event> {
        let effects = self.phone.device.decline(None);
        self.run(effects)
    }

    pub fn enter(&mut self, digits: &str) -> Vec<Event> {
        let effects = self.phone.enter(digits);
        self.run(effects)
    }

    /// The user gives a finger in place of the PIN.
    pub fn finger(&mut self) -> Vec<Event> {
        let effects = self.phone.device.biometric();
        self.run(effects)
    }

    /// The user sets a PIN and a finger at once.
    pub fn enter_and_finger(&mut self, digits: &str) -> Vec<Event> {
        let key = self.phone.make_key();
        let effects = self.phone.enter_with(digits, key);
        self.run(effects)
    }

    /// The user wants something of the record at the factor server.
    pub fn manage(&mut self, management: Management) -> Vec<Event> {
        let entropy = self.entropy.draw();
        let server = self.factor.named().server;
        let effects = self.phone.device.manage(server, management, entropy);
        self.run(effects)
    }

    /// The phone has invalidated `K_bio`.
    pub fn lose_finger(&mut self) -> Vec<Event> {
        let server = self.factor.named().server;
        let effects = self.phone.device.biometric_gone(server);
        self.run(effects)
    }

    pub fn reconnect(&mut self) -> Vec<Event> {
        let entropy = self.entropy.draw();
        let effects = self.phone.device.reconnect(entropy);
        self.run(effects)
    }

    /// The app is killed and started again.
    pub fn restart(&mut self) {
        self.phone.restart();
    }

    pub fn lose_next_answer(&mut self) {
        self.lost = Lost::Next;
    }

    /// Loses the next frame to the auth server.
    pub fn lose_next_question(&mut self) {
        self.lost = Lost::Question;
    }

    /// Loses the auth server's answer, not the factor server's before it.
    pub fn lose_last_answer(&mut self) {
        self.lost = Lost::Auth(0);
    }

    /// Loses an answer of the auth server, after so many others of its own.
    pub fn lose_after(&mut self, others: u32) {
        self.lost = Lost::Auth(others);
    }

    /// The whole enrolment.
    pub fn enrolled(&mut self, user_name: &str, digits: &str) -> AccountName {
        let link = self.invite(user_name);
        self.scan(&link);
        self.agree();
        match self.enter(digits).pop() {
            Some(Event::Finished(Outcome::Enrolled(account))) => account,
            other => panic!("not enrolled: {other:?}"),
        }
    }

    /// A device without a user: its app came with the auth server's parameters, and its first
    /// request for data made an account.
    pub fn headless(&mut self) -> AccountId {
        self.phone.trust(self.auth.known());
        self.get(b"hello", None);
        match &self.make_key()[..] {
            [Event::Finished(Outcome::Admitted(account))] => account.id,
            other => panic!("no account: {other:?}"),
        }
    }

    /// The user wants to upgrade.
    pub fn upgrade(&mut self, account: AccountId) -> Vec<Event> {
        let entropy = self.entropy.draw();
        let server = self.auth.id();
        let effects = self.phone.device.upgrade(server, account, entropy);
        self.run(effects)
    }

    /// The app makes the key for the factor server.
    pub fn equip(&mut self) -> Vec<Event> {
        let key = self.phone.make_key();
        let effects = self.phone.device.factor_key(key);
        self.run(effects)
    }

    /// What the phone has stored of the account's level.
    pub fn level(&self, account: AccountId) -> Level {
        let mut accounts = self.phone.disk.accounts.iter();
        let account = accounts.find(|known| known.id == account);
        account.expect("on the disk").level
    }

    /// The app will be killed after so many more things that it does or hears.
    pub fn die_after(&mut self, steps: u32) {
        self.life = Life::Steps(steps);
    }

    /// Whether it was.
    pub fn died(&self) -> bool {
        self.life == Life::Over
    }

    /// Carries out effects that a test got from the device itself.
    pub fn carry_out(&mut self, effects: Vec<Effect>) -> Vec<Event> {
        self.run(Ok(effects))
    }

    fn dies(&mut self) -> bool {
        match self.life {
            Life::Safe | Life::Over => false,
            Life::Steps(0) => {
                self.life = Life::Over;
                self.phone.restart();
                true
            }
            Life::Steps(more) => {
                self.life = Life::Steps(more - 1);
                false
            }
        }
    }

    /// Carries out what the phone wants, until it wants nothing more. Returns
    /// what the app was told.
    fn run(&mut self, effects: Result<Vec<Effect>, Refusal>) -> Vec<Event> {
        let mut events = Vec::new();
        let mut todo = match effects {
            Ok(effects) => VecDeque::from(effects),
            Err(Refusal(code)) => return vec![failed(code)],
        };
        while let Some(effect) = todo.pop_front() {
            if self.dies() {
                return events;
            }
            let more = match effect {
                Effect::Store(update) => {
                    self.phone.disk.apply(update);
                    continue;
                }
                Effect::Event(event) => {
                    self.phone.told(&event);
                    events.push(event);
                    continue;
                }
                Effect::Sign { key, .. } if self.phone.cancels(key) => {
                    self.phone.device.prompt_cancelled()
                }
                Effect::Sign { key, tbs } => {
                    let signature = self.phone.sign(key, &tbs);
                    self.phone.device.signed(signature)
                }
                Effect::Send { to, .. }
                    if self.lost == Lost::Question && to.kind == ServerKind::Auth =>
                {
                    self.lost = Lost::Nothing;
                    continue;
                }
                Effect::Send { to, frame } => {
                    let entropy = self.entropy.draw();
                    let answer = match to.kind {
                        ServerKind::Auth => self.auth.receive(&frame, entropy, self.now),
                        ServerKind::Factor => self.factor.receive(&frame, entropy, self.now),
                    };
                    self.wire.push(Exchange {
                        with: to.kind,
                        sent: frame,
                        answer: answer.clone(),
                    });
                    let Some(answer) = answer.filter(|_| !self.loses(to.kind)) else {
                        continue;
                    };
                    if self.dies() {
                        return events;
                    }
                    self.phone.device.receive(&answer, self.now)
                }
            };
            todo.extend(more.expect("the network carries only what is due"));
        }
        events
    }

    fn loses(&mut self, from: ServerKind) -> bool {
        let (loses, next) = match self.lost {
            Lost::Next => (true, Lost::Nothing),
            Lost::Auth(0) if from == ServerKind::Auth => (true, Lost::Nothing),
            Lost::Auth(after) if from == ServerKind::Auth => (false, Lost::Auth(after - 1)),
            other => (false, other),
        };
        self.lost = next;
        loses
    }
}
