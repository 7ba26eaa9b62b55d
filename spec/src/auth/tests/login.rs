//! Logins: HS-14, SES-5 to SES-7, STM-1 to STM-9, CLN-2 to CLN-6, AST-4, AST-8.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::scene::{
    ENTROPY, NEXT, NOW, SUBJECT, Said, account, announce, config, device, other_device, policy,
    session, text,
};
use super::store::Store;
use crate::auth::{
    Account, AccountLevel, Commit, Confirmed, Expect, Fact, FactId, Followed, Lineage, LoginFacts,
    Outcome, Rejected, Session, SessionState, Standing, decide_login,
};
use crate::crypto::{P256, Signature};
use crate::error::{Code, Refusal};
use crate::messages::channel::Settled;
use crate::messages::handshake::{EnrolmentProof, Policy};
use crate::registry::{Decision, Factor, Purpose, limit};
use crate::values::{
    AccountId, AssertionId, Bind, Digest, Pseudonym, Rolling, SessionId, Type, UnixSeconds,
};

pub struct Case {
    pub session: Session,
    pub account: Account,
    pub said: Said,
    pub used: bool,
    pub now: UnixSeconds,
}

impl Case {
    pub fn decide(&self) -> Result<Commit, Refusal> {
        let facts = LoginFacts {
            session: &self.session,
            account: &self.account,
            assertion_used: self.used,
            app: None,
            proved: None,
        };
        decide_login(
            &config(),
            facts,
            &self.said.request(),
            ENTROPY,
            self.now,
            &P256,
        )
    }

    pub fn outcome(&self) -> Result<Outcome, Refusal> {
        self.decide().map(Commit::committed)
    }

    /// Decides and commits, and goes on from there.
    pub fn commit(&mut self) -> Outcome {
        let mut store = Store::default();
        store.sessions.insert(self.session.id, self.session.clone());
        store.accounts.insert(self.account.id, self.account.clone());
        let outcome = store.apply(self.decide().unwrap()).unwrap();
        self.session = store.sessions[&self.session.id].clone();
        self.account = store.accounts[&self.account.id].clone();
        self.used |= !store.assertions.is_empty();
        outcome
    }

    /// Has the device answer again, in a new handshake, with what it was given.
    pub fn again(&mut self, rolling: Rolling) {
        self.said.statement.counter = self.said.statement.counter.map(|counter| counter + 1);
        self.said.statement.rolling = Some(rolling);
        self.said.began = self.now;
        if let Some(presented) = &mut self.said.presented {
            presented.payload.id = AssertionId([0x2d; 16]);
        }
        self.used = false;
    }
}

pub fn base() -> Case {
    Case {
        session: session(),
        account: account(),
        said: Said::login(),
        used: false,
        now: NOW,
    }
}

pub fn declined() -> Case {
    Case {
        said: Said::decline(),
        ..base()
    }
}

pub fn settled(outcome: Outcome) -> Settled {
    match outcome {
        Outcome::Settled(settled) => settled,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_confirmation_is_settled_in_one_commit() {
    let commit = base().decide().unwrap();
    let (session, account) = (session(), account());
    let assertion = AssertionId([0x1d; 16]);
    assert_eq!(
        commit.expects(),
        [
            Expect {
                fact: FactId::Session(session.id),
                version: Some(0)
            },
            Expect {
                fact: FactId::Account(account.id),
                version: Some(4)
            },
            Expect {
                fact: FactId::Assertion(assertion),
                version: None
            },
        ]
    );
    let writes = commit.writes().to_vec();
    let settled = settled(commit.committed());
    let lineage = Lineage::Followed(Followed {
        counter: 11,
        accepted_at: NOW,
        current: NEXT,
        next: settled.rolling,
    });
    let confirmed = Confirmed {
        account: account.id,
        user_input: Some("pay 3".to_string()),
        factor: Some(Factor::Pin),
        at: NOW,
    };
    assert_eq!(
        writes,
        [
            Fact::Account(Account {
                version: 5,
                lineage,
                ..account.clone()
            }),
            Fact::Session(Session {
                version: 1,
                state: SessionState::Confirmed(confirmed),
                ..session
            }),
            Fact::Assertion(assertion),
        ]
    );
    assert_eq!(
        settled,
        Settled {
            ty: Type,
            decision: Decision::Confirm,
            account: account.id,
            user_name: "ada".to_string(),
            rolling: settled.rolling,
        }
    );
}

#[test]
fn a_decline_ends_the_session_and_gives_nothing_else() {
    let mut case = declined();
    let settled = settled(case.commit());
    assert_eq!(settled.decision, Decision::Decline);
    let rejected = Rejected {
        account: account().id,
        at: NOW,
    };
    assert_eq!(case.session.state, SessionState::Rejected(rejected));
    assert!(!case.used);
    let Lineage::Followed(last) = case.account.lineage else {
        panic!()
    };
    assert_eq!(
        (last.counter, last.current, last.next),
        (11, NEXT, settled.rolling)
    );
}

#[test]
fn without_policy_no_assertion_is_needed() {
    let mut case = base();
    case.session.policy = None;
    case.said.presented = None;
    case.commit();
    let SessionState::Confirmed(confirmed) = &case.session.state else {
        panic!()
    };
    assert_eq!(confirmed.factor, None);
    assert!(!case.used);
}

#[test]
fn rolling_values_come_from_the_entropy() {
    let decide = |entropy| {
        let case = base();
        let facts = LoginFacts {
            session: &case.session,
            account: &case.account,
            assertion_used: false,
            app: None,
            proved: None,
        };
        let commit = decide_login(&config(), facts, &case.said.request(), entropy, NOW, &P256);
        settled(commit.unwrap().committed()).rolling
    };
    assert_eq!(decide([1; 32]), decide([1; 32]));
    assert_ne!(decide([1; 32]), decide([2; 32]));
}

#[test]
fn user_input_reaches_the_backend_as_signed() {
    for user_input in [None, Some(""), Some("ä b\n")] {
        let user_input = user_input.map(ToString::to_string);
        let mut case = base();
        case.said.statement.user_input = user_input.clone();
        case.commit();
        let SessionState::Confirmed(confirmed) = case.session.state else {
            panic!()
        };
        assert_eq!(confirmed.user_input, user_input);
    }
}

type Change = fn(&mut Case);

/// In the order of STM-9.
const REFUSED: &[(Code, &str, Change)] = &[
    (Code::AccountNotActive, "suspended", |case| {
        case.account.standing = Standing::Suspended
    }),
    (Code::AccountNotActive, "revoked", |case| {
        case.account.standing = Standing::Revoked
    }),
    (Code::AccountNotActive, "frozen", |case| {
        case.account.standing = Standing::Frozen
    }),
    (
        Code::PurposeRefused,
        "another purpose than message_1's",
        |case| {
            case.said.statement.purpose = Purpose::Enrol;
        },
    ),
    (
        Code::PurposeRefused,
        "a handshake for another purpose",
        |case| {
            case.said.purpose = Purpose::Enrol;
        },
    ),
    (Code::Structure, "no counter", |case| {
        case.said.statement.counter = None
    }),
    (Code::Structure, "no rolling value", |case| {
        case.said.statement.rolling = None
    }),
    (Code::CloneSuspected, "overtaken", |case| {
        case.said.statement.counter = case.said.statement.counter.map(|_| 10);
        case.said.began = UnixSeconds(0);
    }),
    (
        Code::WrongAccount,
        "another account is pre-selected",
        |case| {
            case.session.preselected = Some(AccountId([0; 16]));
        },
    ),
    (Code::DecisionMissing, "no decision", |case| {
        case.said.statement.decision = None
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
            case.session.announce = None;
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
    (Code::Structure, "an enrolment proof", |case| {
        let proof = EnrolmentProof {
            key: device().public(),
            signature: Signature([1; 64]),
        };
        case.said.statement.enrolment_proof = Some(proof);
    }),
    (Code::Structure, "an app session proof", |case| {
        case.said.statement.app_session_proof = Some(Digest([0; 32]));
    }),
    (
        Code::Structure,
        "an assertion that no policy asks for",
        |case| {
            case.session.policy = None;
            case.said.presented = Said::login().presented;
        },
    ),
    (Code::SessionFinished, "expires now", |case| {
        case.session.expires = case.now
    }),
    (
        Code::SessionFinished,
        "confirmed by another account",
        |case| {
            case.session.state = SessionState::Confirmed(Confirmed {
                account: AccountId([0; 16]),
                user_input: case.said.statement.user_input.clone(),
                factor: Some(Factor::Pin),
                at: NOW,
            });
        },
    ),
    (
        Code::SessionFinished,
        "confirmed with other user input",
        |case| {
            case.session.state = SessionState::Confirmed(Confirmed {
                account: case.account.id,
                user_input: None,
                factor: Some(Factor::Pin),
                at: NOW,
            });
        },
    ),
    (Code::SessionFinished, "rejected by this account", |case| {
        let rejected = Rejected {
            account: case.account.id,
            at: NOW,
        };
        case.session.state = SessionState::Rejected(rejected);
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
fn a_decline_is_checked_too() {
    for (code, what, change) in REFUSED {
        let mut case = declined();
        change(&mut case);
        let expected = Err((*code).into());
        match code {
            // STM-6: it needs no assertion.
            Code::FactorRequired | Code::AssertionBind => assert!(case.decide().is_ok(), "{what}"),
            _ => assert_eq!(case.decide(), expected, "{what}"),
        }
    }
    let mut case = declined();
    case.said.presented = Said::login().presented;
    assert_eq!(case.decide(), Err(Code::Structure.into()));
}

#[test]
fn facts_of_another_request_are_refused() {
    let mut case = base();
    case.said.session = Some(SessionId([0; 32]));
    assert_eq!(case.decide(), Err(Code::SessionUnavailable.into()));
    let mut case = base();
    case.account.key = other_device().public();
    assert_eq!(case.decide(), Err(Code::CredentialMismatch.into()));
}

#[test]
fn at_the_edge_a_login_is_settled() {
    let edges: [(&str, Change); 4] = [
        ("the pre-selected account", |case| {
            case.session.preselected = Some(case.account.id)
        }),
        ("user input of the largest size", |case| {
            case.said.statement.user_input = Some(text(limit::USER_INPUT));
        }),
        ("a second before the expiry", |case| {
            case.session.expires = case.now.plus(1)
        }),
        ("no announce info on either side", |case| {
            case.session.announce = None;
            case.said.statement.announce = None;
        }),
    ];
    for (what, change) in edges {
        let mut case = base();
        change(&mut case);
        assert!(case.decide().is_ok(), "{what}");
    }
}

/// AST-4: bind is the server's own, of everything that was signed.
#[test]
fn an_assertion_is_for_this_statement_alone() {
    type Row = (&'static str, fn(&mut Said));
    let changes: [Row; 5] = [
        ("another account", |said| said.account = None),
        ("another session", |said| {
            said.session = Some(SessionId([0; 32]))
        }),
        ("other announce info", |said| said.statement.announce = None),
        ("other user input", |said| {
            said.statement.user_input = Some("pay 30".to_string())
        }),
        ("another decision", |said| {
            said.statement.decision = Some(Decision::Decline)
        }),
    ];
    for (what, change) in changes {
        let mut other = Said::login();
        change(&mut other);
        let mut case = base();
        case.said.presented().bind = Some(other.bind(super::scene::TRANSCRIPT));
        assert_eq!(case.decide(), Err(Code::AssertionBind.into()), "{what}");
    }
    let mut case = base();
    let earlier = crate::values::Transcript([0; 32]);
    case.said.presented().bind = Some(case.said.bind(earlier));
    assert_eq!(
        case.decide(),
        Err(Code::AssertionBind.into()),
        "an earlier handshake"
    );
}

#[test]
fn assertion_rules_are_asked_of_the_right_facts() {
    let rows: [(Code, Change); 5] = [
        (Code::AssertionSubject, |case| {
            case.account.level = AccountLevel::Full(Pseudonym([0; 16]))
        }),
        (Code::AssertionPurpose, |case| {
            case.said.presented().payload.purpose = Purpose::Enrol
        }),
        (Code::FactorNotAllowed, |case| {
            case.session.policy = Some(Policy {
                factors: 2,
                ..policy()
            });
        }),
        (Code::AssertionTooOld, |case| {
            case.session.policy = Some(Policy {
                max_age_s: 4,
                ..policy()
            });
        }),
        (Code::AssertionUsed, |case| case.used = true),
    ];
    assert_eq!(account().level, AccountLevel::Full(SUBJECT));
    for (code, change) in rows {
        let mut case = base();
        change(&mut case);
        assert_eq!(case.decide(), Err(code.into()));
    }
}

#[test]
fn the_order_of_the_table_is_that_of_the_document() {
    let codes: Vec<_> = REFUSED.iter().map(|(code, ..)| code.number()).collect();
    let mut seen = codes.clone();
    seen.dedup();
    assert_eq!(
        seen,
        [502, 210, 107, 503, 303, 305, 304, 106, 107, 302, 400, 404]
    );
}
