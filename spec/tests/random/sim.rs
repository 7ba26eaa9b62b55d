//! Everybody, a network that keeps what it is given, and the time.

use std::collections::{BTreeMap, VecDeque};

use countersign::auth::{AccountLevel, SessionState};
use countersign::device::app::Millis;
use countersign::device::{Effect, Event, FactorContext, Outcome, UpgradeProgress, Wallet};
use countersign::error::Refusal;
use countersign::factor::Record;
use countersign::messages::app::WebNonce;
use countersign::messages::frame::Frame;
use countersign::messages::link::Link;
use countersign::registry::{Decision, FACTOR_VERSIONS, ServerKind};
use countersign::values::{Bytes, RecordId, SessionId, UnixSeconds};

use crate::cast::Entropy;
use crate::cast::auth::{self, AuthServer};
use crate::cast::factor::FactorServer;
use crate::cast::phone::Phone;
use crate::moves::Move;
use crate::rules::{Ghost, Rules, Seen};

/// Wrong PINs until a record is blocked.
pub const ATTEMPTS: u32 = 3;
const RIGHT: &str = "2580";
const WRONG: &str = "0000";
/// Deliveries after which the network has surely calmed down.
const PATIENCE: u32 = 60;
/// More accounts than this do not make a run any more interesting.
const ACCOUNTS: usize = 2;

/// Where a frame goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Party {
    Phone,
    Auth,
    Factor,
}

/// A frame on its way.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: Party,
    pub frame: Vec<u8>,
}

/// What the app has asked its user, or its keystore, last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked {
    Nothing,
    Login(SessionId),
    Enrolment,
    FirstPin,
    Pin,
    DeviceKey,
    FactorKey,
}

pub struct Sim {
    pub phone: Phone,
    pub auth: AuthServer,
    pub factor: FactorServer,
    pub now: UnixSeconds,
    pub clock: Millis,
    pub ghost: Ghost,
    mail: VecDeque<Mail>,
    history: Vec<Mail>,
    links: Vec<Vec<u8>>,
    asked: Asked,
    entropy: Entropy,
    rules: Rules,
    /// Whether the servers' clocks ever went back.
    pub set_back: bool,
}

impl Sim {
    pub fn new() -> Self {
        let now = UnixSeconds(1_750_000_000);
        let factor = FactorServer::new(ATTEMPTS, now);
        let auth = AuthServer::new(factor.named(), factor.assertion_key(), now);
        let factor = factor.trusting(auth.id(), auth.voucher_key());
        let mut phone = Phone::new();
        phone.trust(auth.known());
        Self {
            phone,
            auth,
            factor,
            now,
            clock: Millis(0),
            ghost: Ghost::default(),
            mail: VecDeque::new(),
            history: Vec::new(),
            links: Vec::new(),
            asked: Asked::Nothing,
            entropy: Entropy::default(),
            rules: Rules::default(),
            set_back: false,
        }
    }

    /// Whether all rules hold after the last move.
    pub fn check(&mut self) -> Result<(), String> {
        let mut rules = std::mem::take(&mut self.rules);
        let result = rules.check(self);
        self.rules = rules;
        result
    }

    pub fn seen(&self) -> Seen {
        self.ghost.seen.clone()
    }

    pub fn make(&mut self, next: Move) {
        match next {
            Move::User(choice) => self.user(choice),
            Move::Untimely(choice) => self.untimely(choice),
            Move::Backend(choice) => self.backend(choice),
            Move::Calm => {
                for _ in 0..PATIENCE {
                    match self.mail.pop_front() {
                        Some(mail) => self.deliver(mail),
                        None => return,
                    }
                }
            }
            Move::Deliver(which) => {
                if let Some(mail) = self.take(which) {
                    self.deliver(mail);
                }
            }
            Move::Drop(which) => drop(self.take(which)),
            Move::Twice(which) => {
                if let Some(mail) = self.take(which) {
                    self.mail.push_back(mail.clone());
                    self.deliver(mail);
                }
            }
            Move::Flip(which, bit) => {
                if let Some(mut mail) = self.take(which) {
                    let at = usize::from(bit) % (mail.frame.len() * 8);
                    mail.frame[at / 8] ^= 1 << (at % 8);
                    self.spoilt(mail);
                }
            }
            Move::Replay(which) => {
                if let Some(mail) = self.old(which) {
                    self.deliver(mail);
                }
            }
            Move::Misroute(which, to) => {
                if let (Some(mail), Some(other)) = (self.old(which), self.old(to))
                    && let Some(frame) = readdressed(&mail.frame, &other.frame)
                {
                    self.ghost.seen.misrouted += 1;
                    let to = other.to;
                    self.deliver(Mail { to, frame });
                }
            }
            Move::Wait(seconds) => {
                self.now = self.now.plus(u64::from(seconds));
                self.clock = self.clock.plus_s(u32::from(seconds));
                let effects = self.phone.device.tick(self.clock);
                self.carry_out(Ok(effects));
                let pings = self.auth.ping();
                self.send_phone(pings);
            }
            Move::Skew(seconds) => {
                self.set_back |= seconds < 0;
                self.now = UnixSeconds(self.now.0.saturating_add_signed(i64::from(seconds)));
            }
            Move::Restart => {
                self.phone.restart();
                self.asked = Asked::Nothing;
                self.ghost.restarted();
            }
            Move::Reconnect => {
                let entropy = self.entropy.draw();
                let effects = self.phone.device.reconnect(entropy);
                self.carry_out(effects);
                let effects = self.phone.device.resume(self.clock);
                self.carry_out(effects);
            }
        }
    }

    /// Answers what is asked, or begins something.
    fn user(&mut self, choice: u8) {
        let entropy = self.entropy.draw();
        let device = &mut self.phone.device;
        let accounts: Vec<_> = self.phone.disk.accounts.iter().map(|it| it.id).collect();
        let account = accounts.get(usize::from(choice) % accounts.len().max(1));
        let effects = match self.asked {
            Asked::Nothing => return self.begin(choice),
            Asked::Login(session) if choice.is_multiple_of(5) => {
                self.ghost.declined.extend(account.map(|id| (session, *id)));
                device.decline(account.copied())
            }
            Asked::Login(session) => {
                self.ghost
                    .confirmed
                    .extend(account.map(|id| (session, *id)));
                self.ghost.flow = Some(session);
                device.confirm_login(account.copied(), None, entropy)
            }
            Asked::Enrolment if choice.is_multiple_of(5) => device.decline(None),
            Asked::Enrolment => {
                let keys = self.phone.make_keys();
                let device = &mut self.phone.device;
                device.confirm_enrol(keys, None, entropy)
            }
            Asked::Pin if choice.is_multiple_of(16) => device.cancel_factor(),
            // One PIN for good: nobody mistypes the first.
            Asked::FirstPin => self.enter(RIGHT),
            Asked::Pin => self.enter(if choice % 5 < 2 { WRONG } else { RIGHT }),
            Asked::DeviceKey => {
                let key = self.phone.make_key();
                self.phone.device.made_key(key, entropy)
            }
            Asked::FactorKey => {
                let key = self.phone.make_key();
                self.phone.device.factor_key(key)
            }
        };
        if effects.is_ok() {
            self.asked = Asked::Nothing;
        }
        self.carry_out(effects);
    }

    fn enter(&mut self, digits: &str) -> Result<Vec<Effect>, Refusal> {
        if digits == RIGHT {
            self.ghost.right += 1;
            self.ghost.proved.extend(self.ghost.flow);
        } else {
            self.ghost.wrong += 1;
        }
        self.phone.enter(digits)
    }

    fn begin(&mut self, choice: u8) {
        let (nonce, entropy) = (self.entropy.draw(), self.entropy.draw());
        let (server, clock, now) = (self.auth.id(), self.clock, self.now);
        let device = &mut self.phone.device;
        let accounts = &self.phone.disk.accounts;
        let who = accounts
            .get(usize::from(choice / 16) % ACCOUNTS)
            .map(|it| it.id);
        let effects = match (choice % 16, who) {
            (0..=3, _) => {
                let policy = (!choice.is_multiple_of(3)).then_some(auth::PIN);
                let link = self.auth.ask(Some("Log in"), policy, nonce, now);
                return self.scan(link);
            }
            (4, _) if !self.links.is_empty() => {
                let link = self.links[usize::from(choice / 16) % self.links.len()].clone();
                return self.scan(link);
            }
            (5..=6, _) if self.auth.accounts() < ACCOUNTS => {
                let user = ["alice", "bob"][usize::from(choice / 16) % 2];
                let link = self.auth.invite(user, nonce, now);
                return self.scan(link);
            }
            (7..=8, Some(id)) => device.start_app_login(server, id, Some(200), entropy, clock),
            (9, _) => device.log_out(clock),
            (10..=11, Some(id)) => device.upgrade(server, id, entropy),
            (12, Some(id)) => device.open_data(server, id, entropy, clock),
            (15, _) if choice > 0xc0 => Ok(device.abandon()),
            _ => {
                let payload = self.ghost.payload();
                let (id, effects) = device.get_data(server, payload.clone(), None, entropy, clock);
                self.ghost.requested(id, payload);
                return self.carry_out(Ok(effects));
            }
        };
        if effects.is_ok() {
            self.ghost.flow = None;
        }
        self.carry_out(effects);
    }

    fn scan(&mut self, link: Vec<u8>) {
        let entropy = self.entropy.draw();
        self.links.push(link.clone());
        let effects = self.phone.device.start(&link, entropy);
        if effects.is_ok() {
            self.ghost.scanned = Link::from_slice(&link).ok().map(|link| link.session_id());
            self.ghost.flow = None;
        }
        self.carry_out(effects);
    }

    /// Inputs that nobody has asked for. Each is refused or harmless.
    fn untimely(&mut self, choice: u8) {
        let entropy = self.entropy.draw();
        let effects = match choice % 5 {
            0 if !matches!(self.asked, Asked::Pin | Asked::FirstPin) => self.enter(WRONG),
            1 if !matches!(self.asked, Asked::Login(_)) => {
                self.phone.device.confirm_login(None, None, entropy)
            }
            2 if self.asked != Asked::FactorKey => {
                let key = self.phone.make_key();
                self.phone.device.factor_key(key)
            }
            3 if !matches!(self.asked, Asked::Login(_) | Asked::Enrolment) => {
                self.phone.device.decline(None)
            }
            4 if !matches!(self.asked, Asked::Pin | Asked::FirstPin) => {
                self.phone.device.cancel_factor()
            }
            _ => return,
        };
        if effects.is_err() {
            self.ghost.seen.untimely += 1;
        }
        self.carry_out(effects);
    }

    fn backend(&mut self, choice: u8) {
        let accounts: Vec<_> = self.auth.store.accounts.keys().copied().collect();
        match choice % 8 {
            0 if choice > 0xc8 => {
                if let Some(id) = accounts.first() {
                    let frames = self.auth.revoke(*id, self.now);
                    self.ghost.seen.revoked += 1;
                    self.send_phone(frames);
                }
            }
            2 if choice > 0xc0 => self.factor.allow_versions(FACTOR_VERSIONS), // A new epoch.
            1 if choice > 0x80 => {
                if let Some(nonce) = self.web_nonce() {
                    let frames = self.auth.end(&nonce, self.now);
                    self.send_phone(frames);
                }
            }
            _ => {
                // The data service answers what it was asked, and repeats some answers.
                let known = self.auth.forwarded.len();
                if let Some(nth) = known.checked_sub(1 + usize::from(choice) % 2) {
                    let payload = answer(&self.auth.forwarded[nth].payload);
                    let frame = self.auth.answer_nth(nth, payload);
                    self.send_phone(frame);
                }
            }
        }
    }

    pub fn web_nonce(&self) -> Option<WebNonce> {
        self.phone.device.web_nonce(self.clock).ok().cloned()
    }

    fn take(&mut self, which: u8) -> Option<Mail> {
        let waiting = self.mail.len().max(1);
        self.mail.remove(usize::from(which) % waiting)
    }

    fn old(&self, which: u16) -> Option<Mail> {
        let known = self.history.len().max(1);
        self.history.get(usize::from(which) % known).cloned()
    }

    fn send_phone(&mut self, frames: impl IntoIterator<Item = Vec<u8>>) {
        for frame in frames {
            self.post(Mail {
                to: Party::Phone,
                frame,
            });
        }
    }

    fn post(&mut self, mail: Mail) {
        self.history.push(mail.clone());
        self.mail.push_back(mail);
    }

    /// S12: a frame that was changed on its way changes nothing that anybody stores.
    fn spoilt(&mut self, mail: Mail) {
        let before = self.stores();
        self.deliver(mail);
        self.ghost.seen.spoilt += 1;
        if self.stores() != before {
            self.ghost
                .broken("HS-5, ENC-13: a frame with a bit changed has changed a store");
        }
    }

    fn stores(&self) -> Stores {
        Stores {
            wallet: self.phone.disk.clone(),
            auth: self.auth.store.clone(),
            records: self.factor.records.clone(),
        }
    }

    fn deliver(&mut self, mail: Mail) {
        let entropy = self.entropy.draw();
        match mail.to {
            Party::Phone => {
                let effects = self.phone.device.receive(&mail.frame, self.now);
                self.carry_out(effects);
            }
            Party::Auth => {
                let before = self.auth.forwarded.len();
                let answer = self.auth.receive(&mail.frame, entropy, self.now);
                for forward in &self.auth.forwarded[before..] {
                    let account = &self.auth.store.accounts[&forward.caller.account];
                    self.ghost
                        .forwarded(forward, account.level.level(), account.standing);
                }
                self.send_phone(answer);
            }
            Party::Factor => {
                let answer = self.factor.receive(&mail.frame, entropy, self.now);
                self.send_phone(answer);
            }
        }
    }

    /// Carries out what the phone wants; what it sends is left to the network.
    fn carry_out(&mut self, effects: Result<Vec<Effect>, Refusal>) {
        let mut todo = VecDeque::from(effects.unwrap_or_default());
        while let Some(effect) = todo.pop_front() {
            match effect {
                Effect::Store(update) => self.phone.disk.apply(update),
                Effect::Event(event) => self.told(event),
                Effect::Sign { key, tbs } => {
                    let signature = self.phone.sign(key, &tbs);
                    todo.extend(self.phone.device.signed(signature).unwrap_or_default());
                }
                Effect::Send { to, frame } => {
                    let to = match to.kind {
                        ServerKind::Auth => Party::Auth,
                        ServerKind::Factor => Party::Factor,
                    };
                    self.post(Mail { to, frame });
                }
            }
        }
    }

    fn told(&mut self, event: Event) {
        self.phone.told(&event);
        self.asked = match &event {
            Event::ConfirmLogin(_) => match self.ghost.scanned {
                Some(session) => Asked::Login(session),
                None => Asked::Nothing,
            },
            Event::ConfirmEnrol(_) => Asked::Enrolment,
            Event::SecondFactor(factor) if factor.retry => match factor.context {
                FactorContext::FirstSet => Asked::FirstPin,
                _ => Asked::Pin,
            },
            Event::KeyNeeded { .. } => Asked::DeviceKey,
            Event::Upgrade(UpgradeProgress::KeyNeeded { .. }) => Asked::FactorKey,
            Event::Data(_) | Event::LoggedOut(_) => self.asked,
            _ => Asked::Nothing,
        };
        let mut ghost = std::mem::take(&mut self.ghost);
        ghost.hear(&event, self);
        self.ghost = ghost;
    }

    /// Whether the auth server has committed what the phone reports of a flow; `scanned` is
    /// the session that its link led to, if one did.
    pub fn committed(&self, outcome: &Outcome, scanned: Option<SessionId>) -> bool {
        let store = &self.auth.store;
        let state = scanned
            .and_then(|id| store.sessions.get(&id))
            .map(|it| &it.state);
        match outcome {
            Outcome::Confirmed(account) => {
                matches!(state, Some(SessionState::Confirmed(by)) if by.account == account.id)
            }
            Outcome::Declined { signed: true } => matches!(state, Some(SessionState::Rejected(_))),
            Outcome::Enrolled(account) | Outcome::Admitted(account) => {
                store.accounts.contains_key(&account.id)
            }
            Outcome::Upgraded(account) => {
                store.accounts[&account.id].level != AccountLevel::Headless
            }
            Outcome::LoggedIn(account) => {
                let mut sessions = store.app_sessions.values();
                sessions.any(|app| app.account == account.id)
            }
            Outcome::Approved(token) => store.challenges.values().any(|challenge| {
                challenge
                    .grant()
                    .is_some_and(|grant| grant.token == token.hash())
            }),
            Outcome::Rejected => self.auth.decisions().contains(&Some(Decision::Decline)),
            Outcome::Rotated(account) => {
                let live = store.accounts[&account.id].key;
                let mut stored = self.phone.disk.accounts.iter();
                stored.any(|known| known.id == account.id && known.key == live)
            }
            Outcome::Deleted(account) => !store.accounts.contains_key(&account.id),
            Outcome::Declined { signed: false } | Outcome::Managed | Outcome::Failed(_) => true,
        }
    }
}

#[derive(PartialEq)]
struct Stores {
    wallet: Wallet,
    auth: auth::Store,
    records: BTreeMap<RecordId, Record>,
}

/// What the data service says to a request.
pub fn answer(payload: &[u8]) -> Vec<u8> {
    payload.iter().rev().copied().collect()
}

/// A frame's content, under the connection of another frame.
fn readdressed(frame: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let to: Bytes = match Frame::from_slice(other).ok()? {
        Frame::Message1 { .. } => return None,
        Frame::Message2 { to, .. }
        | Frame::Message3 { to, .. }
        | Frame::Record { to, .. }
        | Frame::Error { to, .. } => to,
    };
    let moved = match Frame::from_slice(frame).ok()? {
        Frame::Message1 { .. } => return None,
        Frame::Message2 { message, .. } => Frame::Message2 { to, message },
        Frame::Message3 { message, .. } => Frame::Message3 { to, message },
        Frame::Record { record, .. } => Frame::Record { to, record },
        Frame::Error { error, .. } => Frame::Error { to, error },
    };
    moved.to_vec().ok()
}
