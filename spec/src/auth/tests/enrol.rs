//! Enrolments: ENR-1 to ENR-4, ENR-6, ENR-7, and what STM-* and AST-* ask of them.

use alloc::string::ToString;
use alloc::vec;

use super::scene::{
    ENTROPY, NOW, SUBJECT, Said, account, announce, config, device, enrolment, other_device, text,
};
use super::store::{Conflict, Store};
use crate::auth::{
    Account, AccountLevel, Bound, Commit, Credentials, Enrolment, EnrolmentFacts, EnrolmentState,
    Expect, Fact, FactId, Followed, Held, Lineage, Outcome, Scope, Standing, decide_enrolment,
};
use crate::crypto::P256;
use crate::error::{Code, Refusal};
use crate::messages::channel::Settled;
use crate::registry::{Decision, Factor, Purpose, limit};
use crate::values::{
    AccountId, AssertionId, Bind, Digest, Pseudonym, Rolling, SessionId, Type, UnixSeconds,
};

struct Case {
    enrolment: Enrolment,
    holder: Option<Account>,
    credentials: Option<Credentials>,
    said: Said,
    used: bool,
    now: UnixSeconds,
    entropy: [u8; 32],
}

impl Case {
    fn decide(&self) -> Result<Commit, Refusal> {
        let facts = EnrolmentFacts {
            enrolment: &self.enrolment,
            holder: self.holder.as_ref(),
            credentials: self.credentials.as_ref(),
            assertion_used: self.used,
        };
        decide_enrolment(
            &config(),
            facts,
            &self.said.request(),
            self.entropy,
            self.now,
            &P256,
        )
    }

    fn store(&self) -> Store {
        let mut store = Store::default();
        store
            .enrolments
            .insert(self.enrolment.id, self.enrolment.clone());
        store
            .accounts
            .extend(self.holder.clone().map(|account| (account.id, account)));
        store
    }

    /// Decides and commits, and goes on from there with a new handshake.
    fn commit(&mut self) -> Settled {
        let mut store = self.store();
        let outcome = store.apply(self.decide().unwrap()).unwrap();
        self.enrolment = store.enrolments[&self.enrolment.id].clone();
        self.holder = store.account_of(&self.said.key).cloned();
        self.entropy[0] ^= 1;
        self.said.presented().payload.id = AssertionId([0x2d; 16]);
        match outcome {
            Outcome::Settled(settled) => settled,
            other => panic!("{other:?}"),
        }
    }
}

fn base() -> Case {
    Case {
        enrolment: enrolment(),
        holder: None,
        credentials: None,
        said: Said::enrolment(),
        used: false,
        now: NOW,
        entropy: ENTROPY,
    }
}

/// After the base case, with a repetition about to be made.
fn bound() -> Case {
    let mut case = base();
    case.commit();
    case
}

#[test]
fn an_enrolment_makes_its_account_in_one_commit() {
    let commit = base().decide().unwrap();
    let (expects, writes) = (commit.expects().to_vec(), commit.writes().to_vec());
    let Outcome::Settled(settled) = commit.committed() else {
        panic!()
    };
    let (id, assertion) = (settled.account, AssertionId([0x1d; 16]));
    assert_eq!(
        expects,
        [
            Expect {
                fact: FactId::Enrolment(enrolment().id),
                version: Some(0)
            },
            Expect {
                fact: FactId::Account(id),
                version: None
            },
            Expect {
                fact: FactId::AccountOf(device().kid()),
                version: None
            },
            Expect {
                fact: FactId::Credentials(Credentials::id("ada")),
                version: None
            },
            Expect {
                fact: FactId::Assertion(assertion),
                version: None
            },
        ]
    );
    let bound = Bound {
        key: device().public(),
        account: id,
        user_input: Some("phone".to_string()),
    };
    let lineage = Lineage::Followed(Followed {
        counter: 0,
        accepted_at: NOW,
        current: settled.rolling,
        next: settled.rolling,
    });
    assert_eq!(
        writes,
        [
            Fact::Enrolment(Enrolment {
                version: 1,
                state: EnrolmentState::Bound(bound),
                ..enrolment()
            }),
            Fact::Account(Account {
                id,
                version: 0,
                user_name: "ada".to_string(),
                key: device().public(),
                approval_key: None,
                app: None,
                level: AccountLevel::Full(SUBJECT),
                standing: Standing::Active,
                lineage,
            }),
            Fact::Credentials(Credentials {
                user: "ada".to_string(),
                version: 0,
                held: vec![Held {
                    account: id,
                    user_authentication: false,
                }],
            }),
            Fact::Assertion(assertion),
        ]
    );
    assert_eq!(
        settled,
        Settled {
            ty: Type,
            decision: Decision::Confirm,
            account: id,
            user_name: "ada".to_string(),
            rolling: settled.rolling,
        }
    );
    assert_ne!(id.0, settled.rolling.0);
}

type Change = fn(&mut Case);

/// In the order of STM-9.
const REFUSED: &[(Code, &str, Change)] = &[
    (
        Code::PurposeRefused,
        "another purpose than message_1's",
        |case| {
            case.said.statement.purpose = Purpose::Login;
        },
    ),
    (
        Code::PurposeRefused,
        "a handshake for another purpose",
        |case| {
            case.said.purpose = Purpose::Login;
        },
    ),
    (Code::DecisionMissing, "no decision", |case| {
        case.said.statement.decision = None
    }),
    (Code::DecisionMissing, "a decline", |case| {
        case.said.statement.decision = Some(Decision::Decline);
    }),
    (Code::AnnounceMismatch, "other announce info", |case| {
        case.said.statement.announce = Some(Digest([0; 32]));
    }),
    (
        Code::AnnounceMismatch,
        "no announce info, but some was sent",
        |case| {
            case.said.statement.announce = None;
        },
    ),
    (
        Code::AnnounceMismatch,
        "announce info, but none was sent",
        |case| {
            case.enrolment.announce = None;
            case.said.statement.announce = Some(announce().hash());
        },
    ),
    (
        Code::TooLarge,
        "user input one byte over the limit",
        |case| {
            case.said.statement.user_input = Some(text(limit::USER_INPUT + 1));
        },
    ),
    (Code::Structure, "an app session proof", |case| {
        case.said.statement.app_session_proof = Some(Digest([0; 32]));
    }),
    (Code::Structure, "a counter", |case| {
        case.said.statement.counter = Some(1)
    }),
    (Code::Structure, "a rolling value", |case| {
        case.said.statement.rolling = Some(Rolling([0; 16]));
    }),
    (Code::SessionFinished, "expires now", |case| {
        case.enrolment.expires = case.now
    }),
    (Code::EnrolmentTaken, "bound to another key", |case| {
        case.enrolment.state = EnrolmentState::Bound(Bound {
            key: other_device().public(),
            account: account().id,
            user_input: case.said.statement.user_input.clone(),
        });
    }),
    (Code::KeyInUse, "a key that has an account", |case| {
        case.holder = Some(account())
    }),
    (Code::FactorRequired, "no assertion", |case| {
        case.said.presented = None
    }),
    (
        Code::AssertionBind,
        "an assertion for something else",
        |case| {
            if let Some(presented) = &mut case.said.presented {
                presented.bind = Some(Bind([0; 32]));
            }
        },
    ),
    (Code::FactorNotAllowed, "a biometric", |case| {
        if let Some(presented) = &mut case.said.presented {
            presented.payload.factor = Factor::Biometric;
        }
    }),
    (Code::AssertionUsed, "an assertion that was used", |case| {
        case.used = true
    }),
];

#[test]
fn one_change_is_refused() {
    for (code, what, change) in REFUSED {
        let mut case = base();
        change(&mut case);
        assert_eq!(case.decide(), Err((*code).into()), "{what}");
    }
}

#[test]
fn of_two_changes_the_first_is_answered() {
    for (first, (code, what, change)) in REFUSED.iter().enumerate() {
        // The last of two changes to one field counts: the first is made last. Two
        // for one reason may undo each other.
        let rest = REFUSED[first + 1..]
            .iter()
            .filter(|(other, ..)| other != code);
        for (_, also, second) in rest {
            let mut case = base();
            second(&mut case);
            change(&mut case);
            assert_eq!(case.decide(), Err((*code).into()), "{what}, {also}");
        }
    }
}

#[test]
fn facts_of_another_request_are_refused() {
    let mut case = base();
    case.said.session = Some(SessionId([0; 32]));
    assert_eq!(case.decide(), Err(Code::SessionUnavailable.into()));
}

#[test]
fn assertion_rules_are_asked_of_the_right_facts() {
    let mut case = base();
    case.said.presented().payload.purpose = Purpose::Login;
    assert_eq!(case.decide(), Err(Code::AssertionPurpose.into()));
    // An assertion for the account's next login is not one for its making.
    let mut case = base();
    let mut login = Said::login();
    login.session = case.said.session;
    case.said.presented().bind = Some(login.bind(super::scene::TRANSCRIPT));
    assert_eq!(case.decide(), Err(Code::AssertionBind.into()));
}

#[test]
fn at_the_edge_an_enrolment_is_settled() {
    let edges: [(&str, Change); 3] = [
        ("user input of the largest size", |case| {
            case.said.statement.user_input = Some(text(limit::USER_INPUT));
        }),
        ("a second before the expiry", |case| {
            case.enrolment.expires = case.now.plus(1)
        }),
        ("no announce info on either side", |case| {
            case.enrolment.announce = None;
            case.said.statement.announce = None;
        }),
    ];
    for (what, change) in edges {
        let mut case = base();
        change(&mut case);
        assert!(case.decide().is_ok(), "{what}");
    }
}

/// ENR-2: "the same account, and the rolling value that its next statement follows on from; it
/// changes nothing of either".
#[test]
fn the_same_key_again_gets_the_same_account() {
    let mut case = base();
    let first = case.commit();
    let (enrolment, account) = (case.enrolment.clone(), case.holder.clone().unwrap());
    case.now = NOW.plus(9);
    assert_eq!(case.commit(), first);
    assert_eq!(case.enrolment, enrolment);
    let version = account.version + 1;
    assert_eq!(case.holder, Some(Account { version, ..account }));
}

#[test]
fn a_repetition_commits_against_what_it_read() {
    let case = bound();
    let commit = case.decide().unwrap();
    let account = case.holder.clone().unwrap();
    assert_eq!(
        commit.expects(),
        [
            Expect {
                fact: FactId::Enrolment(case.enrolment.id),
                version: Some(1)
            },
            Expect {
                fact: FactId::Account(account.id),
                version: Some(0)
            },
            Expect {
                fact: FactId::Assertion(AssertionId([0x2d; 16])),
                version: None
            },
        ]
    );
    assert!(
        commit
            .writes()
            .contains(&Fact::Assertion(AssertionId([0x2d; 16])))
    );
}

#[test]
fn a_repetition_is_checked_too() {
    let rows: [(Code, &str, Change); 9] = [
        (Code::EnrolmentTaken, "another key", |case| {
            case.said.key = other_device().public();
            case.holder = None;
        }),
        (Code::SessionFinished, "other user input", |case| {
            case.said.statement.user_input = None;
        }),
        (Code::SessionFinished, "expires now", |case| {
            case.enrolment.expires = case.now
        }),
        (Code::AccountNotActive, "its account is frozen", |case| {
            case.holder = case.holder.take().map(Account::frozen);
        }),
        (Code::AccountNotActive, "its account is revoked", |case| {
            case.holder = case.holder.take().map(Account::revoke);
        }),
        (Code::AccountNotActive, "its account is gone", |case| {
            case.holder = None
        }),
        (
            Code::AccountNotActive,
            "its key has another account",
            |case| {
                case.holder = case.holder.take().map(|it| Account {
                    id: AccountId([0; 16]),
                    ..it
                });
            },
        ),
        (Code::FactorRequired, "no assertion", |case| {
            case.said.presented = None
        }),
        (Code::AssertionSubject, "another subject", |case| {
            case.said.presented().payload.subject = Pseudonym([0; 16]);
        }),
    ];
    assert!(bound().decide().is_ok());
    for (code, what, change) in rows {
        let mut case = bound();
        change(&mut case);
        assert_eq!(case.decide(), Err(code.into()), "{what}");
    }
}

#[test]
fn of_two_keys_at_once_one_is_bound() {
    let mine = base();
    let mut theirs = base();
    theirs.said.key = other_device().public();
    theirs.said.presented().payload.id = AssertionId([0x2d; 16]);
    theirs.entropy = [0; 32];
    let mut store = mine.store();
    let (first, second) = (mine.decide().unwrap(), theirs.decide().unwrap());
    assert!(store.apply(first).is_ok());
    assert_eq!(store.apply(second), Err(Conflict));
    // Decided again on what is there now, it is refused for good.
    theirs.enrolment = store.enrolments[&theirs.enrolment.id].clone();
    assert_eq!(theirs.decide(), Err(Code::EnrolmentTaken.into()));
}

#[test]
fn one_key_at_two_enrolments_makes_one_account() {
    let first = base();
    let mut second = base();
    let nonce = crate::auth::Nonce::new([0x23; 32]);
    let terms = crate::auth::EnrolmentTerms {
        user_name: "bob".to_string(),
        expires: NOW.plus(300),
        announce: Some(announce()),
        scope: Scope::New,
    };
    second.enrolment = Enrolment::new(super::scene::SERVER, nonce, terms).unwrap();
    second.said.session = Some(second.enrolment.id);
    second.said.presented().payload.id = AssertionId([0x2d; 16]);
    second.entropy = [0; 32];
    let mut store = first.store();
    store
        .enrolments
        .insert(second.enrolment.id, second.enrolment.clone());
    let (one, other) = (first.decide().unwrap(), second.decide().unwrap());
    assert!(store.apply(one).is_ok());
    assert_eq!(store.apply(other), Err(Conflict));
}
