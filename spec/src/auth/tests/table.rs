//! Every state of a session, an enrolment and an account takes every statement, and what the
//! backend does (protocol.md, sections 5.2, 6.2, 6.3, 7 and 15).

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::scene::{
    NOW, SERVER, Said, account, announce, device, enrolment, key, other_device, policy, serving,
    session,
};
use super::store::Store;
use crate::auth::{
    Account, AccountLevel, Commit, EnrolmentFacts, EnrolmentState, HeadlessFacts, Lineage,
    LoginFacts, Nonce, Outcome, Session, SessionState, SessionTerms, UpgradeFacts,
    decide_enrolment, decide_headless, decide_login, decide_upgrade, delete, resume, revoke,
    suspend,
};
use crate::crypto::P256;
use crate::error::{Code, Refusal};
use crate::registry::Purpose;
use crate::table::{Machine, table};
use crate::values::{AccountId, AssertionId, Rolling, UnixSeconds};

/// What the server has, and its time.
#[derive(Clone, PartialEq, Debug)]
struct Server {
    store: Store,
    now: UnixSeconds,
}

type Heard = Option<Result<String, Code>>;
type Input = fn(&mut Server) -> Heard;

impl Machine for Server {
    type Input = Input;

    fn state(&self) -> String {
        let mut parts = Vec::new();
        for session in self.store.sessions.values() {
            parts.push(format!("session {}", named(session)));
            parts.extend((session.expires <= self.now).then(|| "expired".to_owned()));
        }
        for enrolment in self.store.enrolments.values() {
            let state = match enrolment.state {
                EnrolmentState::Open(_) => "open",
                EnrolmentState::Bound(_) => "bound",
            };
            parts.push(format!("enrolment {state}"));
            parts.extend((enrolment.expires <= self.now).then(|| "expired".to_owned()));
        }
        for account in self.store.accounts.values() {
            parts.push(format!("{:?}", account.standing));
            match account.level {
                AccountLevel::Headless => parts.push("headless".to_owned()),
                AccountLevel::Full(_) => {}
            }
            match account.lineage {
                Lineage::Open { .. } => parts.push("open lineage".to_owned()),
                Lineage::Followed(_) => {}
            }
        }
        if parts.is_empty() {
            parts.push("nothing".to_owned());
        }
        parts.join(", ")
    }

    fn take(&mut self, input: Input) -> Heard {
        input(self)
    }
}

fn named(session: &Session) -> &'static str {
    match session.state {
        SessionState::New(_) if session.preselected.is_some() => "new, another's",
        SessionState::New(_) => "new",
        SessionState::Confirmed(_) => "confirmed",
        SessionState::Rejected(_) => "rejected",
    }
}

impl Server {
    fn new() -> Self {
        Self {
            store: Store::default(),
            now: NOW,
        }
    }

    fn with(mut self, account: Account) -> Self {
        self.store.accounts.insert(account.id, account);
        self
    }

    fn asking(mut self, session: Session) -> Self {
        self.store.sessions.insert(session.id, session);
        self
    }

    fn enrolling() -> Self {
        let mut server = Self::new();
        server.store.enrolments.insert(enrolment().id, enrolment());
        server
    }

    fn later(mut self, seconds: u64) -> Self {
        self.now = self.now.plus(seconds);
        self
    }

    /// Goes on with an input that has to be accepted.
    fn then(mut self, input: Input) -> Self {
        self.take(input).expect("an input").expect("accepted");
        self
    }

    fn entropy(&self) -> [u8; 32] {
        [(0x40 + self.store.assertions.len() + 16 * self.store.accounts.len()) as u8; 32]
    }

    /// What a device says now, with what it was given last and a fresh assertion.
    fn fresh(&self, mut said: Said) -> Said {
        said.began = UnixSeconds(self.now.0 - 30);
        if let Some(account) = self.store.account_of(&said.key) {
            said.account = said.account.map(|_| account.id);
            if let (Lineage::Followed(last), Some(_)) = (&account.lineage, said.statement.counter) {
                said.statement.counter = Some(last.counter + 1);
                said.statement.rolling = Some(last.next);
            }
        }
        if let Some(presented) = &mut said.presented {
            presented.payload.id = AssertionId([self.store.assertions.len() as u8; 16]);
            presented.payload.time = UnixSeconds(self.now.0 - 5);
            presented.payload.expiry = presented.payload.time.plus(120);
        }
        said
    }

    fn settle(&mut self, commit: Result<Commit, Refusal>) -> Heard {
        let commit = match commit {
            Ok(commit) => commit,
            Err(refusal) => return Some(Err(refusal.0)),
        };
        Some(Ok(match self.store.apply(commit).expect("no conflict") {
            Outcome::Settled(_) => "settled".to_owned(),
            Outcome::LoggedIn(_) => "logged in".to_owned(),
            Outcome::Admitted(_) => "admitted".to_owned(),
            Outcome::Refused(code) => format!("says {}", code.number()),
        }))
    }

    fn login(&mut self, said: &Said) -> Heard {
        let facts = LoginFacts {
            session: self.store.sessions.values().next()?,
            account: self.store.account_of(&said.key)?,
            assertion_used: self.used(said),
            app: None,
            proved: None,
        };
        let (entropy, now) = (self.entropy(), self.now);
        let decided = decide_login(&serving(), facts, &said.request(), entropy, now, &P256);
        self.settle(decided)
    }

    fn enrol(&mut self, said: &Said) -> Heard {
        let facts = EnrolmentFacts {
            enrolment: self.store.enrolments.values().next()?,
            holder: self.store.account_of(&said.key),
            credentials: self.store.credentials.values().next(),
            assertion_used: self.used(said),
        };
        let (entropy, now) = (self.entropy(), self.now);
        let decided = decide_enrolment(&serving(), facts, &said.request(), entropy, now, &P256);
        self.settle(decided)
    }

    fn upgrade(&mut self, said: &Said) -> Heard {
        let facts = UpgradeFacts {
            account: self.store.account_of(&said.key)?,
            assertion_used: self.used(said),
        };
        let (entropy, now) = (self.entropy(), self.now);
        let decided = decide_upgrade(&serving(), facts, &said.request(), entropy, now, &P256);
        self.settle(decided)
    }

    fn headless(&mut self, said: &Said) -> Heard {
        let holder = self.store.account_of(&said.key);
        let (entropy, now) = (self.entropy(), self.now);
        let facts = HeadlessFacts { holder };
        let decided = decide_headless(&serving(), facts, &said.request(), entropy, now);
        self.settle(decided)
    }

    fn used(&self, said: &Said) -> bool {
        let id = said.presented.as_ref().map(|it| it.payload.id);
        id.is_some_and(|id| self.store.assertions.contains(&id))
    }

    /// What the backend does to the device's account. `None` is that it may not.
    fn backend(&mut self, change: fn(&Server, &Account) -> Option<Commit<()>>) -> Heard {
        let account = self.store.account_of(&device().public())?.clone();
        Some(Ok(match change(self, &account) {
            None => "no".to_owned(),
            Some(commit) => {
                self.store.apply(commit).expect("no conflict");
                "done".to_owned()
            }
        }))
    }
}

fn confirms(server: &mut Server) -> Heard {
    let said = server.fresh(Said::login());
    server.login(&said)
}

fn declines(server: &mut Server) -> Heard {
    let said = server.fresh(Said::decline());
    server.login(&said)
}

fn enrols(server: &mut Server) -> Heard {
    let said = server.fresh(Said::enrolment());
    server.enrol(&said)
}

/// With a rolling value that it was never given.
fn copied(server: &mut Server) -> Heard {
    let mut said = server.fresh(Said::login());
    said.statement.rolling = Some(Rolling([0xcc; 16]));
    server.login(&said)
}

fn headless(server: &mut Server) -> Heard {
    server.headless(&Said::headless())
}

fn upgrades(server: &mut Server) -> Heard {
    let said = server.fresh(Said::bare(Purpose::Upgrade));
    server.upgrade(&said)
}

fn suspends(server: &mut Server) -> Heard {
    server.backend(|_, account| suspend(account).ok())
}

fn revokes(server: &mut Server) -> Heard {
    server.backend(|it, account| revoke(account, it.store.credentials.values().next()).ok())
}

fn lifts(server: &mut Server) -> Heard {
    let account = server.store.account_of(&device().public())?.clone();
    let Ok(lifted) = account.lift(NOW) else {
        return Some(Ok("no".to_owned()));
    };
    server.store.accounts.insert(lifted.id, lifted);
    Some(Ok("done".to_owned()))
}

const LOGIN: &[(&str, Input)] = &[
    ("confirm", confirms),
    ("decline", declines),
    ("confirm, other input", |it| {
        let mut said = it.fresh(Said::login());
        said.statement.user_input = Some("pay 4".to_owned());
        it.login(&said)
    }),
    ("confirm, no factor", |it| {
        let mut said = it.fresh(Said::login());
        said.presented = None;
        it.login(&said)
    }),
    ("confirm, other announce", |it| {
        let mut said = it.fresh(Said::login());
        said.statement.announce = None;
        it.login(&said)
    }),
    ("no decision", |it| {
        let mut said = it.fresh(Said::login());
        said.statement.decision = None;
        it.login(&said)
    }),
    ("confirm by a copy", copied),
];

const ENROL: &[(&str, Input)] = &[
    ("enrol", enrols),
    ("decline", |it| {
        let mut said = it.fresh(Said::enrolment());
        said.statement.decision = Said::decline().statement.decision;
        it.enrol(&said)
    }),
    ("enrol, another key", |it| {
        let mut said = it.fresh(Said::enrolment());
        said.key = other_device().public();
        it.enrol(&said)
    }),
    ("enrol, no factor", |it| {
        let mut said = it.fresh(Said::enrolment());
        said.presented = None;
        it.enrol(&said)
    }),
];

const ACCOUNT: &[(&str, Input)] = &[
    ("headless", headless),
    ("headless, another key", |it| {
        let mut said = Said::headless();
        said.key = key(7).public();
        it.headless(&said)
    }),
    ("upgrade", upgrades),
    ("upgrade, no factor", |it| {
        let mut said = it.fresh(Said::bare(Purpose::Upgrade));
        said.presented = None;
        it.upgrade(&said)
    }),
];

const BACKEND: &[(&str, Input)] = &[
    ("suspend", suspends),
    ("resume", |it| it.backend(|_, account| resume(account).ok())),
    ("lift", lifts),
    ("revoke", revokes),
    ("delete", |it| {
        it.backend(|it, account| Some(delete(account, it.store.credentials.values().next())))
    }),
];

/// A session that is for one account only.
fn of(account: AccountId) -> Session {
    let terms = SessionTerms {
        expires: NOW.plus(300),
        announce: Some(announce()),
        preselected: Some(account),
        policy: Some(policy()),
    };
    Session::new(SERVER, Nonce::new([0x11; 32]), terms).expect("terms in their limits")
}

#[test]
fn every_session_takes_every_statement() {
    let new = Server::new().with(account()).asking(session());
    let states = vec![
        new.clone(),
        new.clone().later(300),
        new.clone().then(confirms),
        new.clone().then(confirms).later(300),
        new.clone().then(declines),
        Server::new()
            .with(account())
            .asking(of(AccountId([0xad; 16]))),
    ];
    insta::assert_snapshot!(table(&states, &[LOGIN]));
}

#[test]
fn every_enrolment_takes_every_statement() {
    let open = Server::enrolling();
    let states = vec![
        open.clone(),
        open.clone().later(300),
        open.clone().then(enrols),
        open.clone().then(enrols).later(300),
        open.clone().then(enrols).then(suspends),
        open.clone().then(enrols).then(revokes),
        open.then(headless),
    ];
    insta::assert_snapshot!(table(&states, &[ENROL]));
}

#[test]
fn every_account_takes_every_statement() {
    let active = Server::new().with(account()).asking(session());
    let headless_account = Server::new().asking(session()).then(headless);
    let states = vec![
        Server::new().asking(session()),
        active.clone(),
        active.clone().then(suspends),
        active.clone().then(copied),
        active.clone().then(copied).then(lifts),
        active.clone().then(revokes),
        headless_account.clone(),
        headless_account.clone().then(suspends),
        headless_account.then(upgrades),
    ];
    insta::assert_snapshot!(table(&states, &[LOGIN, ACCOUNT, BACKEND]));
}
