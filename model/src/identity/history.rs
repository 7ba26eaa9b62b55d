//! What has happened, as somebody would note it who sees everything.

use countersign::auth::{
    Account, Enrolment, EnrolmentState, Outcome, Session, SessionState, Standing,
};
use countersign::device::{Outcome as Told, Wallet};
use countersign::messages::channel::Settled;
use countersign::messages::handshake::Policy;
use countersign::registry::{Decision, Purpose};
use countersign::values::{AccountId, UnixSeconds};

use super::messages::{Party, Said, bind};
use super::store::Store;
use super::world::{self, OWNERS};

/// What has happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct History {
    faults: u16,
}

/// What must never happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u16)]
pub enum Fault {
    /// A grant without the account's signature over it.
    Unsigned = 1,
    /// A grant without the second factor that was asked for.
    Unproved = 1 << 1,
    /// A session was claimed without its nonce.
    Unclaimed = 1 << 2,
    /// A session left a state other than new.
    LeftAgain = 1 << 3,
    /// The app was shown what the server has not said.
    FalseOffer = 1 << 4,
    /// The two sides did not mean the same.
    Disagreement = 1 << 5,
    /// A statement was granted twice.
    GrantedTwice = 1 << 6,
    /// The device reported what is not committed.
    FalseSuccess = 1 << 7,
    /// Something made for one thing was accepted for another.
    Misused = 1 << 8,
    /// An enrolment had two keys or accounts, or a key two accounts.
    TwoKeys = 1 << 9,
    /// An account that is not active was granted something.
    Inactive = 1 << 10,
    /// Something that nobody has signed changed the store.
    ChangedByError = 1 << 11,
    /// The owner's account was granted something without the owner's PIN.
    WithoutPin = 1 << 12,
    /// An account was frozen of which there is no copy.
    FrozenWrongly = 1 << 13,
    /// Something was accepted after its time.
    Expired = 1 << 14,
}

/// A commit: before, after, and what was said.
#[derive(Clone, Copy, Debug)]
pub struct Committed<'a> {
    /// The store before it.
    pub before: &'a Store,
    /// And after it.
    pub after: &'a Store,
    /// What was decided on, as it was signed.
    pub said: &'a Said,
    /// What it came to.
    pub outcome: &'a Outcome,
    /// What the server's clock showed when it decided.
    pub now: UnixSeconds,
    /// Whether there is a thief.
    pub thief: bool,
}

impl History {
    /// Whether that has ever happened.
    pub fn has(&self, fault: Fault) -> bool {
        self.faults & fault as u16 != 0
    }

    /// Notes it, if it happened.
    pub fn note(&mut self, happened: bool, fault: Fault) {
        if happened {
            self.faults |= fault as u16;
        }
    }

    /// A decision was committed.
    pub fn committed(&mut self, commit: Committed<'_>) {
        for (id, before) in &commit.before.sessions {
            let after = &commit.after.sessions[id];
            if before.state != after.state {
                let was_new = matches!(before.state, SessionState::New(_));
                self.note(!was_new, Fault::LeftAgain);
            }
        }
        for (id, before) in &commit.before.enrolments {
            let after = &commit.after.enrolments[id];
            let was_open = matches!(before.state, EnrolmentState::Open(_));
            self.note(before.state != after.state && !was_open, Fault::TwoKeys);
        }
        self.note(has_shared_key(commit.after), Fault::TwoKeys);
        match commit.outcome {
            Outcome::Settled(settled) => self.granted(commit, settled),
            Outcome::Refused(_) => {
                let standing = |store: &Store| store.accounts.get(&OWNERS).map(|it| it.standing);
                let froze = standing(commit.before) != standing(commit.after);
                self.note(froze && !commit.thief, Fault::FrozenWrongly);
            }
            Outcome::LoggedIn(_) | Outcome::Admitted(_) => {
                unreachable!("neither login nor enrolment")
            }
        }
    }

    fn granted(&mut self, commit: Committed<'_>, settled: &Settled) {
        let id = settled.account;
        let changed = |session: &&Session| {
            let after = &commit.after.sessions[&session.id];
            session.state != after.state
        };
        let request = &commit.said.request;
        let mut sessions = commit.before.sessions.values();
        let session = sessions.find(changed).or_else(|| {
            let named = request.session.as_ref()?;
            commit.before.sessions.get(named)
        });
        if let Some(session) = session {
            let account = commit.before.accounts.get(&id);
            self.on_session(commit, settled, session, account);
        } else if let Some(enrolment) = commit.before.enrolments.values().next() {
            self.on_enrolment(commit, settled, enrolment);
        }
    }

    fn on_session(
        &mut self,
        commit: Committed<'_>,
        settled: &Settled,
        session: &Session,
        account: Option<&Account>,
    ) {
        let request = &commit.said.request;
        let statement = &request.statement;
        let after = &commit.after.sessions[&session.id].state;
        let is_told = match after {
            SessionState::New(_) => false,
            SessionState::Confirmed(confirmed) => {
                settled.decision == Decision::Confirm
                    && confirmed.account == settled.account
                    && confirmed.user_input == statement.user_input
            }
            SessionState::Rejected(rejected) => {
                settled.decision == Decision::Decline && rejected.account == settled.account
            }
        };
        let is_signed = is_told
            && account.is_some_and(|account| account.key == request.key)
            && request.session == Some(session.id)
            && statement.announce == session.announce_hash()
            && statement.decision == Some(settled.decision);
        self.note(!is_signed, Fault::Unsigned);
        let is_for_this = request.purpose == Purpose::Login
            && statement.purpose == Purpose::Login
            && session
                .preselected
                .is_none_or(|only| only == settled.account);
        self.note(!is_for_this, Fault::Misused);
        let is_active = account.is_some_and(|account| account.standing == Standing::Active);
        self.note(!is_active, Fault::Inactive);
        self.note(session.expires <= commit.now, Fault::Expired);
        if let (Some(policy), Decision::Confirm) = (session.policy, settled.decision) {
            self.proved(commit, policy, account);
        }
    }

    fn on_enrolment(&mut self, commit: Committed<'_>, settled: &Settled, enrolment: &Enrolment) {
        let request = &commit.said.request;
        let statement = &request.statement;
        let after = &commit.after.enrolments[&enrolment.id].state;
        let account = commit.after.accounts.get(&settled.account);
        if let EnrolmentState::Bound(bound) = after {
            let is_its = bound.account == settled.account && bound.key == request.key;
            self.note(!is_its, Fault::TwoKeys);
        }
        let is_signed = account.is_some_and(|account| account.key == request.key)
            && matches!(after, EnrolmentState::Bound(bound) if bound.user_input == statement.user_input)
            && request.session == Some(enrolment.id)
            && statement.announce == enrolment.announce_hash()
            && statement.decision == Some(Decision::Confirm);
        self.note(!is_signed, Fault::Unsigned);
        let is_for_this = request.purpose == Purpose::Enrol && statement.purpose == Purpose::Enrol;
        self.note(!is_for_this, Fault::Misused);
        let is_active = account.is_some_and(|account| account.standing == Standing::Active);
        self.note(!is_active, Fault::Inactive);
        self.note(enrolment.expires <= commit.now, Fault::Expired);
        self.proved(commit, Enrolment::POLICY, account);
    }

    /// A policy asked for a second factor. `account` is the one that it was granted to.
    fn proved(&mut self, commit: Committed<'_>, policy: Policy, account: Option<&Account>) {
        let request = &commit.said.request;
        let known = match request.purpose {
            Purpose::Login => account.map(|account| account.id),
            _ => None,
        };
        let Some(proof) = &commit.said.proof else {
            self.note(true, Fault::Unproved);
            return;
        };
        let payload = proof.payload();
        let subject = account.map(|account| account.level);
        let is_proved = proof.bind == bind(request, known)
            && proof.purpose == request.purpose
            && subject == Some(countersign::auth::AccountLevel::Full(proof.subject))
            && commit.now < payload.expiry
            && commit.now.since(proof.time) <= u64::from(policy.max_age_s)
            && !commit.before.assertions.contains(&proof.id)
            && commit.after.assertions.contains(&proof.id);
        self.note(!is_proved, Fault::Unproved);
        self.note(proof.audience != world::server(), Fault::Misused);
        let is_owners = account.is_some_and(|account| is_owners(account.id, account));
        self.note(is_owners && proof.by != Party::Owner, Fault::WithoutPin);
    }

    /// The device reports this. `wallet` is what it had stored.
    pub fn reported(&mut self, told: &Told, store: &Store, wallet: &Wallet) {
        let is_committed = match told {
            Told::Confirmed(name) => store.sessions.values().any(|session| {
                matches!(&session.state, SessionState::Confirmed(it) if it.account == name.id)
            }),
            Told::Declined { signed: true } => store.sessions.values().any(|session| {
                matches!(&session.state, SessionState::Rejected(it)
                    if wallet.accounts.iter().any(|account| account.id == it.account))
            }),
            Told::Enrolled(name) => store.enrolments.values().any(|enrolment| {
                matches!(&enrolment.state, EnrolmentState::Bound(it)
                    if it.account == name.id
                        && wallet.enrolling.as_ref().is_some_and(|ours| ours.key == it.key))
            }),
            _ => true,
        };
        self.note(!is_committed, Fault::FalseSuccess);
    }
}

fn is_owners(id: AccountId, account: &Account) -> bool {
    id == OWNERS || world::OWNERS_NEW_KEYS.contains(&account.key)
}

/// Whether two accounts have one key.
fn has_shared_key(store: &Store) -> bool {
    let mut keys: Vec<_> = store.accounts.values().map(|account| account.key).collect();
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    keys.len() != all
}
