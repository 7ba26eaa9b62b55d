//! The auth server, its store and the phone, each time without one guard.

use countersign::auth::{EnrolmentState, Fact, FactId, Followed, Lineage, Open, Request, Standing};
use countersign::cose::Sign1;
use countersign::device::Update;
use countersign::messages::factor::Assertion;
use countersign::messages::handshake::{Ead1, Statement};
use countersign::messages::nonce_proof;
use countersign::registry::{Decision, seconds};
use countersign::values::{AccountId, UnixSeconds};

use super::messages::{First, OTHER_INPUT, Said, USER_INPUT, bind, signed};
use super::store::{Decided, Facts, Store};
use super::{Bounds, Identity, properties as p, world};
use crate::handshake::IdealHandshake;
use crate::weaken::Expected::Broken;
use crate::weaken::Weakened;

/// Which guard is missing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Weak {
    /// The statement is taken for another session than its handshake's.
    AnySession,
    /// A no is taken for a yes.
    AnyDecision,
    /// The announce hash is not compared.
    AnyAnnounce,
    /// The user input is not passed on.
    DropUserInput,
    /// `bind` is computed without the user input.
    BindWithoutInput,
    /// The nonce proof is not compared.
    NoNonceProof,
    /// The pre-selected account is not compared.
    AnyAccount,
    /// An assertion's purpose is not compared.
    AnyPurpose,
    /// An assertion's bind is not compared.
    AnyBind,
    /// An assertion's subject is not compared.
    AnySubject,
    /// An assertion's audience is not compared.
    AnyAudience,
    /// An assertion's expiry is not compared.
    ExpiredAssertion,
    /// Used assertions are taken again.
    UsedAssertion,
    /// The store compares nothing.
    BlindStore,
    /// The answer leaves before the commit.
    ReplyBeforeCommit,
    /// An account that is not active is granted what it asks for.
    InactiveAccount,
    /// An enrolment is open to a second key.
    SecondKey,
    /// A repeated enrolment makes another account.
    SecondAccount,
    /// A key that has an account gets another one.
    KeyInUse,
    /// Expiry is not compared.
    ExpiredSession,
    /// What does not verify ends the session.
    StoreErrors,
    /// The server forgets what the device had before its last answer.
    ForgetCurrent,
    /// The clocks of two servers are taken for one.
    OneClock,
    /// The phone does not store its counter before it signs.
    CounterNotStored,
    /// The phone does not store the key of an enrolment before it uses it.
    KeyNotStored,
    /// The phone does not look who sealed message_2.
    TakeAnyOffer,
    /// The phone does not look who sealed the answer.
    TakeAnySettlement,
}

impl Weak {
    /// What the server hands to the greeting in place of EAD_1.
    pub fn heard(weak: Option<Self>, store: &Store, first: &First) -> Ead1 {
        let mut heard = first.ead_1.clone();
        if weak == Some(Self::NoNonceProof)
            && let Some(claim) = &mut heard.claim
            && let Some(session) = store.sessions.get(&claim.session)
        {
            let nonce = session.nonce.as_bytes();
            claim.proof = nonce_proof(nonce, heard.server, heard.purpose, &first.g_x);
        }
        heard
    }

    /// What it hands to the decision in place of what it read and got.
    pub fn handed(
        weak: Option<Self>,
        store: &Store,
        said: &Said,
        now: UnixSeconds,
    ) -> (Facts, Request) {
        let mut request = said.request.clone();
        if weak == Some(Self::AnySession) {
            let others = |id: &&_| Some(**id) != request.session;
            let other = store.sessions.keys().find(others);
            request.session = other.copied().or(request.session);
        }
        let mut facts = store.read(&request);
        let Some(weak) = weak else {
            return (facts, request);
        };
        match weak {
            Self::AnyDecision => {
                restate(&mut request, |said| said.decision = Some(Decision::Confirm));
            }
            Self::AnyAnnounce => {
                let sent = facts.session.as_ref().and_then(|it| it.announce_hash());
                restate(&mut request, |said| said.announce = sent.or(said.announce));
            }
            Self::DropUserInput => restate(&mut request, |said| said.user_input = None),
            Self::AnyAccount => {
                if let Some(session) = &mut facts.session {
                    session.preselected = None;
                }
            }
            Self::UsedAssertion => facts.used = false,
            Self::InactiveAccount => {
                if let Some(account) = &mut facts.account {
                    account.standing = Standing::Active;
                }
            }
            Self::ExpiredSession => {
                let later = now.plus(1);
                if let Some(session) = &mut facts.session {
                    session.expires = later;
                }
            }
            Self::OneClock => request.began = request.began.plus(seconds::SKEW),
            Self::SecondKey | Self::SecondAccount | Self::KeyInUse => {
                reopen(weak, &mut facts, &request)
            }
            _ => {}
        }
        if let Some(account) = weak.believes(&facts, &request, said) {
            believe(&mut request, said, account, now);
        }
        (facts, request)
    }

    /// Whether it takes the assertion for the one that it has to be, and whose account's that
    /// is: none for an enrolment.
    fn believes(self, facts: &Facts, request: &Request, said: &Said) -> Option<Option<AccountId>> {
        let proof = said.proof.as_ref()?;
        let account = facts.session.as_ref().and(facts.account.as_ref());
        let id = account.map(|account| account.id);
        let is_subject = account.is_none_or(|account| {
            account.level == countersign::auth::AccountLevel::Full(proof.subject)
        });
        let is_bound = proof.bind == bind(request, id);
        let is_here = proof.audience == world::server();
        let is_purpose = proof.purpose == request.purpose;
        let is_fresh = said.proof.is_some();
        let all_but = match self {
            Self::AnyPurpose => is_subject && is_bound && is_here,
            Self::AnyBind => is_subject && is_here && is_purpose,
            Self::AnySubject => is_bound && is_here && is_purpose,
            Self::AnyAudience => is_bound && is_purpose,
            Self::ExpiredAssertion => is_subject && is_bound && is_here && is_purpose,
            Self::BindWithoutInput => {
                is_subject && is_here && is_purpose && is_bound_but_for_input(request, id, said)
            }
            _ => false,
        };
        (all_but && is_fresh).then_some(id)
    }

    /// What is stored in place of what was decided.
    pub fn alter(weak: Option<Self>, store: &Store, decided: &mut Decided) {
        let Some(weak) = weak else { return };
        for write in &mut decided.writes {
            match write {
                // What the decision was handed it also gives back; what is stored stays as it is.
                Fact::Session(session) => {
                    let stored = &store.sessions[&session.id];
                    session.preselected = stored.preselected;
                    session.expires = stored.expires;
                }
                Fact::Account(account) => {
                    if let (Self::InactiveAccount, Some(stored)) =
                        (weak, store.accounts.get(&account.id))
                    {
                        account.standing = stored.standing;
                    }
                    if let (Self::ForgetCurrent, Lineage::Followed(last)) = (weak, &account.lineage)
                    {
                        account.lineage = Lineage::Followed(Followed {
                            current: last.next,
                            ..*last
                        });
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether the store does not look at this.
    pub fn is_blind(weak: Option<Self>, fact: FactId) -> bool {
        matches!(
            (weak, fact),
            (Some(Self::BlindStore), _)
                | (Some(Self::UsedAssertion), FactId::Assertion(_))
                | (
                    Some(Self::SecondKey | Self::SecondAccount | Self::KeyInUse),
                    FactId::AccountOf(_) | FactId::Credentials(_),
                )
        )
    }

    /// What the phone forgets to store.
    pub fn is_forgotten(weak: Option<Self>, update: &Update) -> bool {
        matches!(
            (weak, update),
            (Some(Self::CounterNotStored), Update::Counter { .. })
                | (Some(Self::KeyNotStored), Update::Enrolling(_))
        )
    }
}

/// Has the signer say something else, as far as the server can tell.
fn restate(request: &mut Request, change: impl FnOnce(&mut Statement)) {
    let mut statement = Statement::clone(&request.statement);
    change(&mut statement);
    let handshake = IdealHandshake {
        signer: request.key,
        transcript: request.transcript,
    };
    request.statement = handshake.said(&statement);
}

/// Replaces the assertion by the one that it is taken for.
fn believe(request: &mut Request, said: &Said, account: Option<AccountId>, now: UnixSeconds) {
    let Some(bytes) = said.request.statement.assertion.as_deref() else {
        return;
    };
    let Ok(presented) = Sign1::<Assertion>::from_bytes(bytes) else {
        return;
    };
    let subject = match account {
        Some(account) if account == world::OWNERS => {
            world::subject(&crate::cast::OWNERS_PHONE, world::server())
        }
        Some(_) => world::subject(&crate::cast::ATTACKERS_PHONE, world::server()),
        None => presented.unverified().subject,
    };
    let believed = Assertion {
        subject,
        bind: bind(request, account),
        purpose: request.purpose,
        expiry: now.plus(seconds::ASSERTION),
        ..*presented.unverified()
    };
    let signed = signed(&believed, world::server());
    restate(request, |said| said.assertion = Some(signed));
}

/// Whether the assertion would be for this if the user had said something else.
fn is_bound_but_for_input(request: &Request, account: Option<AccountId>, said: &Said) -> bool {
    [None, Some(USER_INPUT), Some(OTHER_INPUT)]
        .into_iter()
        .any(|input| {
            let mut other = request.clone();
            restate(&mut other, |said| said.user_input = input.map(Into::into));
            said.proof
                .as_ref()
                .is_some_and(|proof| proof.bind == bind(&other, account))
        })
}

/// Takes a bound enrolment for an open one, or a key that is in use for a fresh one.
fn reopen(weak: Weak, facts: &mut Facts, request: &Request) {
    let Some(enrolment) = &mut facts.enrolment else {
        return;
    };
    let is_again = match &enrolment.state {
        EnrolmentState::Open(_) => weak == Weak::KeyInUse,
        EnrolmentState::Bound(bound) => {
            (weak == Weak::SecondAccount) == (bound.key == request.key) && weak != Weak::KeyInUse
        }
    };
    if is_again {
        enrolment.state = EnrolmentState::Open(Open::default());
        facts.account = None;
        facts.credentials = None;
    }
}

/// Every weakening, by name.
pub fn all() -> Vec<Weakened<Identity>> {
    macro_rules! weakened {
        ($($name:literal $weak:ident $change:literal $expected:expr;)+) => {
            vec![$(Weakened {
                name: $name,
                change: $change,
                expected: const { $expected },
                model: || Identity::new(Bounds::SMALL, Some(Weak::$weak)),
            }),+]
        };
    }
    weakened! {
        "any-session" AnySession
            "a statement is taken for another session than its handshake's" Broken(p::S1);
        "any-decision" AnyDecision
            "a no is taken for a yes" Broken(p::S1);
        "any-announce" AnyAnnounce
            "the announce hash is not compared" Broken(p::S1);
        "drop-user-input" DropUserInput
            "the user input is not passed on" Broken(p::S1);
        "bind-without-input" BindWithoutInput
            "bind is computed without the user input" Broken(p::S2);
        "no-nonce-proof" NoNonceProof
            "the nonce proof is not compared" Broken(p::S3);
        "any-account" AnyAccount
            "the pre-selected account is not compared" Broken(p::S8);
        "any-purpose" AnyPurpose
            "an assertion's purpose is not compared" Broken(p::S2);
        "any-bind" AnyBind
            "an assertion's bind is not compared" Broken(p::S2);
        "any-subject" AnySubject
            "an assertion's subject is not compared" Broken(p::F10);
        "any-audience" AnyAudience
            "an assertion's audience is not compared" Broken(p::S8);
        "expired-assertion" ExpiredAssertion
            "an assertion's expiry is not compared" Broken(p::S2);
        "used-assertion" UsedAssertion
            "assertions are taken again" Broken(p::S5);
        "blind-store" BlindStore
            "the store compares nothing" Broken(p::S3);
        "settle-before-commit" ReplyBeforeCommit
            "the settlement leaves before the commit" Broken(p::S7);
        "inactive-account" InactiveAccount
            "an account that is not active is granted what it asks for" Broken(p::S10);
        "second-key" SecondKey
            "an enrolment is open to a second key" Broken(p::S9);
        "second-account" SecondAccount
            "a repeated enrolment makes another account" Broken(p::S9);
        "key-in-use" KeyInUse
            "a key that has an account gets another one" Broken(p::S9);
        "expired-session" ExpiredSession
            "a session's expiry is not compared" Broken(p::SES_7);
        "store-errors" StoreErrors
            "what does not verify ends the session" Broken(p::S12);
        "forget-current" ForgetCurrent
            "the server forgets what the device had before its last answer" Broken(p::C6);
        "one-clock" OneClock
            "a statement is overtaken only if both servers' clocks say so" Broken(p::C6);
        "counter-not-stored" CounterNotStored
            "the phone does not store its counter before it signs" Broken(p::C6);
        "key-not-stored" KeyNotStored
            "the phone does not store the key of an enrolment before it uses it" Broken(p::ENR_5);
        "take-any-offer" TakeAnyOffer
            "the phone does not look who sealed message_2" Broken(p::S4);
        "take-any-settlement" TakeAnySettlement
            "the phone does not look who sealed the settlement" Broken(p::S7);
    }
}
