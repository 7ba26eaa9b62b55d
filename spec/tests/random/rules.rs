//! What holds whatever happens, each rule with the requirements that it follows from.

use std::collections::{BTreeMap, BTreeSet};

use countersign::auth::{
    Account, AccountLevel, AppSessionState, EnrolmentState, Forward, Liveness, SessionState,
    Standing,
};
use countersign::crypto::PublicKey;
use countersign::device::data::Completion;
use countersign::device::{Event, Outcome};
use countersign::registry::Level;
use countersign::values::{AccountId, AppSessionId, RecordId, ServerId, SessionId};

use crate::sim::{ATTEMPTS, Sim, answer};

/// What only an onlooker knows: what the user wanted, typed and was told.
#[derive(Default)]
pub struct Ghost {
    /// The session of the link that was scanned last.
    pub scanned: Option<SessionId>,
    /// The session that the user has confirmed and may be proving a PIN for.
    pub flow: Option<SessionId>,
    pub confirmed: BTreeSet<(SessionId, AccountId)>,
    pub declined: BTreeSet<(SessionId, AccountId)>,
    /// The sessions for which the right PIN was entered.
    pub proved: BTreeSet<SessionId>,
    /// How often the right PIN was entered, and a wrong one.
    pub right: u32,
    pub wrong: u32,
    pub seen: Seen,
    requests: BTreeMap<u64, Vec<u8>>,
    completed: BTreeSet<u64>,
    carried: BTreeSet<Vec<u8>>,
    payloads: u32,
    broken: Vec<String>,
}

/// What has come about, so that a rule is known to have had something to say.
#[derive(Clone, Default, Debug)]
pub struct Seen {
    pub confirmed: u32,
    pub declined: u32,
    pub enrolled: u32,
    pub admitted: u32,
    pub upgraded: u32,
    pub logged_in: u32,
    pub logged_out: u32,
    pub data: u32,
    pub unknown: u32,
    pub charged: u32,
    pub reset: u32,
    pub blocked: u32,
    pub revoked: u32,
    pub spoilt: u32,
    pub misrouted: u32,
    pub untimely: u32,
}

impl Seen {
    pub fn add(&mut self, more: Self) {
        self.confirmed += more.confirmed;
        self.declined += more.declined;
        self.enrolled += more.enrolled;
        self.admitted += more.admitted;
        self.upgraded += more.upgraded;
        self.logged_in += more.logged_in;
        self.logged_out += more.logged_out;
        self.data += more.data;
        self.unknown += more.unknown;
        self.charged += more.charged;
        self.reset += more.reset;
        self.blocked += more.blocked;
        self.revoked += more.revoked;
        self.spoilt += more.spoilt;
        self.misrouted += more.misrouted;
        self.untimely += more.untimely;
    }

    /// What never came about.
    pub fn missing(&self) -> Vec<&'static str> {
        let all = [
            (self.confirmed, "a login is confirmed"),
            (self.declined, "a login is declined"),
            (self.enrolled, "an account is enrolled"),
            (self.admitted, "a channel for data is opened"),
            (self.upgraded, "a headless account is upgraded"),
            (self.logged_in, "the app is logged in"),
            (self.logged_out, "and out again"),
            (self.data, "a data request is answered"),
            (self.unknown, "one is lost"),
            (self.charged, "a wrong PIN is charged"),
            (self.reset, "a right one resets the count"),
            (self.blocked, "a record is blocked"),
            (self.revoked, "an account is revoked"),
            (self.spoilt, "a frame is spoilt"),
            (self.misrouted, "a frame comes to another's connection"),
            (self.untimely, "an input comes when nobody asked for it"),
        ];
        let never = all.into_iter().filter(|(times, _)| *times == 0);
        never.map(|(_, what)| what).collect()
    }
}

impl Ghost {
    pub fn broken(&mut self, rule: &str) {
        self.broken.push(rule.into());
    }

    /// A payload that never comes again.
    pub fn payload(&mut self) -> Vec<u8> {
        self.payloads += 1;
        self.payloads.to_be_bytes().to_vec()
    }

    pub fn requested(&mut self, id: u64, payload: Vec<u8>) {
        if self.requests.insert(id, payload).is_some() {
            self.broken("DATA-3: two requests of one app have the same id");
        }
    }

    /// The app forgets what it has asked for; ids may begin anew.
    pub fn restarted(&mut self) {
        self.requests.clear();
        self.completed.clear();
        self.flow = None;
    }

    /// A request has reached the data service.
    pub fn forwarded(&mut self, forward: &Forward, level: Level, standing: Standing) {
        // D4
        if !self.carried.insert(forward.payload.to_vec()) {
            self.broken("DATA-4: a request was forwarded twice");
        }
        // D5
        if forward.caller.level != level {
            self.broken("DATA-9: the data service was told another level than the account's");
        }
        // S10
        if standing != Standing::Active {
            self.broken("CRD-6: a request of an account that is not active was forwarded");
        }
    }

    /// The app is told something.
    pub fn hear(&mut self, event: &Event, sim: &Sim) {
        match event {
            Event::Finished(outcome) => self.finished(outcome, sim),
            Event::Data(completed) => {
                // D3
                if !self.completed.insert(completed.id) {
                    self.broken("DATA-8: a request completed twice");
                }
                match (&completed.with, self.requests.get(&completed.id)) {
                    (Completion::Data(data), Some(payload)) => {
                        self.seen.data += 1;
                        // D2
                        if **data != *answer(payload) {
                            self.broken("DATA-4, CH-4: an answer is not that of its request");
                        }
                    }
                    (Completion::OutcomeUnknown, _) => self.seen.unknown += 1,
                    _ => {}
                }
            }
            Event::LoggedOut(_) => {
                self.seen.logged_out += 1;
                // A1
                if sim.web_nonce().is_some() {
                    self.broken("APP-7: the web nonce outlives its app session");
                }
            }
            _ => {}
        }
    }

    fn finished(&mut self, outcome: &Outcome, sim: &Sim) {
        // S7
        if !sim.committed(outcome, self.scanned) {
            self.broken("HS-15: a success was reported that no server has committed");
        }
        match outcome {
            Outcome::Confirmed(_) => self.seen.confirmed += 1,
            Outcome::Declined { signed: true } => self.seen.declined += 1,
            Outcome::Enrolled(_) => self.seen.enrolled += 1,
            Outcome::Admitted(_) => self.seen.admitted += 1,
            Outcome::Upgraded(_) => self.seen.upgraded += 1,
            Outcome::LoggedIn(who) => {
                self.seen.logged_in += 1;
                // A2
                let mut accounts = sim.phone.disk.accounts.iter();
                if !accounts.any(|account| account.id == who.id && account.factor_due) {
                    self.broken("APP-17: an app login was reported before a fresh factor was due");
                }
            }
            Outcome::Declined { signed: false }
            | Outcome::Approved(_)
            | Outcome::Rejected
            | Outcome::Rotated(_)
            | Outcome::Deleted(_)
            | Outcome::Managed
            | Outcome::Failed(_) => {}
        }
    }
}

/// The stores as they were before the last move.
#[derive(Default)]
pub struct Rules {
    sessions: BTreeMap<SessionId, SessionState>,
    bound: BTreeMap<SessionId, PublicKey>,
    accounts: BTreeMap<AccountId, Account>,
    ended: BTreeSet<AppSessionId>,
    failed: BTreeMap<RecordId, u32>,
    charged: u32,
    reset: u32,
    epochs: BTreeMap<ServerId, u32>,
    counters: BTreeMap<AccountId, u64>,
    numbers: BTreeMap<ServerId, u64>,
}

impl Rules {
    /// Looks at everything, and remembers it.
    ///
    /// # Errors
    /// The rule that is broken.
    pub fn check(&mut self, sim: &mut Sim) -> Result<(), String> {
        if let Some(broken) = sim.ghost.broken.first() {
            return Err(broken.clone());
        }
        self.sessions(sim)?;
        self.enrolments(sim)?;
        self.accounts(sim)?;
        self.app_sessions(sim)?;
        self.attempts(sim)?;
        self.phone(sim)
    }

    /// S1, S2, S3.
    fn sessions(&mut self, sim: &Sim) -> Result<(), String> {
        for (id, session) in &sim.auth.store.sessions {
            let (known, proved) = match &session.state {
                SessionState::New(_) => (true, true),
                SessionState::Confirmed(by) => (
                    sim.ghost.confirmed.contains(&(*id, by.account)),
                    session.policy.is_none() || sim.ghost.proved.contains(id),
                ),
                SessionState::Rejected(by) => {
                    (sim.ghost.declined.contains(&(*id, by.account)), true)
                }
            };
            rule(
                known,
                "HS-13, STM-1: a session has an answer that no user gave",
            )?;
            rule(
                proved,
                "STM-7: a session is confirmed without the factor that its policy asks for",
            )?;
            let before = self.sessions.insert(*id, session.state.clone());
            let stays = match before {
                None | Some(SessionState::New(_)) => true,
                Some(answered) => answered == session.state,
            };
            rule(stays, "SES-5: a session has left its last state")?;
        }
        Ok(())
    }

    /// S9.
    fn enrolments(&mut self, sim: &Sim) -> Result<(), String> {
        for (id, enrolment) in &sim.auth.store.enrolments {
            if let EnrolmentState::Bound(bound) = &enrolment.state {
                let before = self.bound.insert(*id, bound.key);
                rule(
                    before.is_none_or(|key| key == bound.key),
                    "ENR-1: an enrolment is bound to a second key",
                )?;
            }
        }
        Ok(())
    }

    /// H1, H2, H3, S10, and that no honest device is taken for a copy.
    fn accounts(&mut self, sim: &Sim) -> Result<(), String> {
        let accounts = &sim.auth.store.accounts;
        let keys: BTreeSet<_> = accounts.values().map(|account| account.key.0).collect();
        rule(
            keys.len() == accounts.len(),
            "ENR-7, HEADLESS-2: two accounts have one key",
        )?;
        let nobodys = accounts.values().filter(|it| it.user_name.is_empty());
        rule(
            nobodys.count() <= 1,
            "HEADLESS-1: one device has made two headless accounts",
        )?;
        for (id, account) in accounts {
            // A clock that is set back makes a late statement look like a copy's.
            rule(
                account.standing != Standing::Frozen || sim.set_back,
                "CLN-3, CLN-4: what was lost, late or repeated has frozen an account",
            )?;
            let Some(before) = self.accounts.insert(*id, account.clone()) else {
                continue;
            };
            rule(
                before.key == account.key,
                "HEADLESS-7: an account has another key",
            )?;
            rule(
                before.level == account.level || before.level == AccountLevel::Headless,
                "HEADLESS-8, HEADLESS-9: a full account has changed its second factor",
            )?;
            let granted = Account {
                version: before.version,
                ..account.clone()
            };
            rule(
                before.standing != Standing::Revoked || before == granted,
                "CRD-6, STM-5: a revoked account was granted something",
            )?;
        }
        for account in &sim.phone.disk.accounts {
            let there = accounts.get(&account.id);
            rule(
                there.is_some_and(|there| there.key == account.key),
                "HS-15: the phone has an account that the server does not have",
            )?;
            let full = there.is_some_and(|there| there.level != AccountLevel::Headless);
            rule(
                full || account.level == Level::Headless,
                "HEADLESS-7: the phone has an account for full that is headless",
            )?;
        }
        Ok(())
    }

    /// A1, A4.
    fn app_sessions(&mut self, sim: &Sim) -> Result<(), String> {
        let store = &sim.auth.store;
        let mut live = BTreeSet::new();
        for app in store.app_sessions.values() {
            let is_over = matches!(app.state, AppSessionState::Ended { .. });
            rule(
                is_over || !self.ended.contains(&app.id),
                "APP-7: an app session that had ended is live again",
            )?;
            if is_over {
                self.ended.insert(app.id);
            }
            let account = &store.accounts[&app.account];
            if app.liveness(account, sim.now) == Liveness::Live {
                rule(
                    live.insert(app.account),
                    "APP-6: an account has two live app sessions",
                )?;
            }
        }
        if let Some(nonce) = sim.web_nonce() {
            rule(
                sim.auth.resolve(&nonce, sim.now).is_some(),
                "APP-5: the phone has a web nonce that stands for nothing",
            )?;
        }
        Ok(())
    }

    /// F1, F3, F5.
    fn attempts(&mut self, sim: &mut Sim) -> Result<(), String> {
        for (id, record) in &sim.factor.records {
            let failed = record.lockout.failed_attempts;
            rule(
                failed <= ATTEMPTS,
                "LCK-5: a PIN was evaluated while blocked",
            )?;
            let before = self.failed.insert(*id, failed).unwrap_or(0);
            self.charged += failed.saturating_sub(before);
            self.reset += u32::from(failed < before);
            sim.ghost.seen.charged += failed.saturating_sub(before);
            sim.ghost.seen.reset += u32::from(failed < before);
            sim.ghost.seen.blocked += u32::from(failed == ATTEMPTS && before != ATTEMPTS);
        }
        rule(
            self.charged <= sim.ghost.wrong,
            "LCK-3, FAC-4: more was charged than wrong PINs were entered",
        )?;
        rule(
            self.reset <= sim.ghost.right,
            "LCK-4: the count fell more often than the right PIN was entered",
        )
    }

    /// S11, and the numbers that the phone must not forget.
    fn phone(&mut self, sim: &Sim) -> Result<(), String> {
        let wallet = &sim.phone.disk;
        for known in &wallet.servers {
            let (id, epoch) = (known.parameters.server, known.parameters.epoch);
            let before = self.epochs.insert(id, epoch);
            rule(before <= Some(epoch), "PAR-4: an epoch has fallen")?;
        }
        for account in &wallet.accounts {
            let before = self.counters.insert(account.id, account.counter);
            rule(
                before <= Some(account.counter),
                "CLN-1: a clone counter has fallen",
            )?;
        }
        for registration in &wallet.registrations {
            let number = registration.request_number;
            let before = self.numbers.insert(registration.server, number);
            rule(before <= Some(number), "FAC-7: a request number has fallen")?;
        }
        Ok(())
    }
}

fn rule(holds: bool, what: &str) -> Result<(), String> {
    match holds {
        true => Ok(()),
        false => Err(what.into()),
    }
}
