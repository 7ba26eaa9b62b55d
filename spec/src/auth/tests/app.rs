//! App logins, cached verification and what an app session leaves behind
//! (protocol.md, section 12).

use super::scene::{
    APP, ENTROPY, NOW, Said, account, app_session, in_app, policy, serving, session,
};
use super::store::Store;
use crate::auth::{
    Account, AccountLevel, AppLoginFacts, AppSession, AppSessionState, Commit, DataFacts, Liveness,
    LoginFacts, Outcome, Proved, Standing, UpgradeFacts, Verification, decide_app_login,
    decide_data, decide_login, decide_upgrade,
};
use crate::crypto::P256;
use crate::error::{Code, Refusal};
use crate::messages::handshake::Policy;
use crate::registry::{Decision, Factor, Level, LogoutCause, Purpose};
use crate::values::{
    AppSessionId, AssertionId, Digest, Pseudonym, Rolling, Transcript, UnixSeconds,
};

fn app_login(account: &Account, app: Option<&AppSession>, said: &Said) -> Result<Commit, Refusal> {
    let facts = AppLoginFacts {
        account,
        app,
        assertion_used: false,
    };
    decide_app_login(&serving(), facts, &said.request(), ENTROPY, NOW, &P256)
}

#[test]
fn an_app_login_begins_a_session_and_ends_the_one_before() {
    let mut store = Store::default();
    store.accounts.insert(account().id, in_app());
    store.app_sessions.insert(APP, app_session());
    let commit = app_login(
        &in_app(),
        Some(&app_session()),
        &Said::bare(Purpose::AppLogin),
    )
    .unwrap();
    let Ok(Outcome::LoggedIn(settled)) = store.apply(commit) else {
        panic!("logged in");
    };
    let now_in = &store.accounts[&account().id];
    let begun = &store.app_sessions[&settled.session];
    assert!(begun.is_live(now_in, NOW));
    assert_eq!(begun.web_nonce, settled.web_nonce.hash());
    let time = Said::bare(Purpose::AppLogin).presented().payload.time;
    assert_eq!(
        begun.verification,
        Some(Verification {
            factor: Factor::Pin,
            time
        })
    );
    let replaced = Liveness::Ended(LogoutCause::Replaced);
    assert_eq!(store.app_sessions[&APP].liveness(now_in, NOW), replaced);
}

#[test]
fn an_app_login_is_refused() {
    let rows: &[(Code, &str, fn(&mut Said, &mut Account))] = &[
        (Code::CredentialMismatch, "another key", |said, _| {
            said.key.0[0] ^= 1
        }),
        (
            Code::AccountNotActive,
            "a suspended account",
            |_, account| account.standing = Standing::Suspended,
        ),
        (Code::PurposeRefused, "another statement", |said, _| {
            said.statement.purpose = Purpose::Login
        }),
        (Code::Structure, "no counter", |said, _| {
            said.statement.counter = None
        }),
        (Code::Structure, "a decision", |said, _| {
            said.statement.decision = Some(Decision::Confirm)
        }),
        (Code::Structure, "user input", |said, _| {
            said.statement.user_input = Some("x".into())
        }),
        // APP-4: an app login never rests on the cache.
        (Code::Structure, "an app session proof", |said, _| {
            said.statement.app_session_proof = Some(Digest([0; 32]))
        }),
        (Code::FactorRequired, "no assertion", |said, _| {
            said.presented = None
        }),
        (Code::AssertionPurpose, "a login's assertion", |said, _| {
            said.presented().payload.purpose = Purpose::Login
        }),
        (Code::AssertionSubject, "another subject", |said, _| {
            said.presented().payload.subject = Pseudonym([0; 16])
        }),
        (Code::HeadlessAccount, "a headless account", |_, account| {
            account.level = AccountLevel::Headless
        }),
    ];
    for (code, what, spoil) in rows {
        let (mut said, mut account) = (Said::bare(Purpose::AppLogin), account());
        spoil(&mut said, &mut account);
        let refused = app_login(&account, None, &said).map(|commit| commit.committed());
        assert_eq!(refused, Err((*code).into()), "{what}");
    }
    // A copy freezes the account, whatever it asks for.
    let mut copy = Said::bare(Purpose::AppLogin);
    copy.statement.rolling = Some(Rolling([9; 16]));
    let frozen = app_login(&account(), None, &copy).unwrap().committed();
    assert_eq!(frozen, Outcome::Refused(Code::CloneSuspected));
}

/// What a live session is worth for a login.
struct Case {
    account: Account,
    app: Option<AppSession>,
    proved: Option<Proved>,
    policy: Option<Policy>,
    said: Said,
}

impl Case {
    fn cached() -> Self {
        let mut said = Said::login();
        said.presented = None;
        said.statement.app_session_proof = Some(Digest([0xbb; 32]));
        Self {
            account: in_app(),
            app: Some(app_session()),
            proved: Some(Proved::attest(APP, super::scene::TRANSCRIPT)),
            policy: Some(Policy {
                cached: true,
                ..policy()
            }),
            said,
        }
    }

    /// A login without any factor, and a policy that asks for none.
    fn bare() -> Self {
        let mut said = Said::login();
        said.presented = None;
        Self {
            policy: None,
            proved: None,
            said,
            ..Self::cached()
        }
    }

    fn decide(&self) -> Result<Commit, Refusal> {
        let mut session = session();
        session.policy = self.policy;
        let facts = LoginFacts {
            session: &session,
            account: &self.account,
            assertion_used: false,
            app: self.app.as_ref(),
            proved: self.proved,
        };
        decide_login(&serving(), facts, &self.said.request(), ENTROPY, NOW, &P256)
    }

    fn outcome(&self) -> Result<(), Code> {
        self.decide().map(drop).map_err(|refusal| refusal.0)
    }
}

#[test]
fn a_cached_verification_will_do() {
    let case = Case::cached();
    let mut store = Store::default();
    let mut login = session();
    login.policy = case.policy;
    store.sessions.insert(login.id, login);
    store.accounts.insert(case.account.id, case.account.clone());
    store.app_sessions.insert(APP, app_session());
    store.apply(case.decide().unwrap()).unwrap();
    // A session that ended meanwhile is a conflict: the decision rested on it.
    store.sessions.insert(session().id, session());
    store.accounts.insert(case.account.id, case.account.clone());
    let ended = app_session().end(LogoutCause::Server, NOW);
    store.app_sessions.insert(APP, ended);
    assert!(store.apply(case.decide().unwrap()).is_err());
}

#[test]
fn a_cached_verification_will_not_do() {
    let rows: &[(Code, &str, fn(&mut Case))] = &[
        (Code::Structure, "the policy does not allow it", |case| {
            case.policy = Some(policy())
        }),
        (Code::Structure, "there is no policy", |case| {
            case.policy = None
        }),
        (Code::Structure, "an assertion beside it", |case| {
            case.said.presented = Said::login().presented
        }),
        (Code::NotLoggedIn, "the session has ended", |case| {
            case.app = Some(app_session().end(LogoutCause::App, NOW))
        }),
        (Code::NotLoggedIn, "silence", |case| {
            case.app.as_mut().unwrap().last_contact = UnixSeconds(NOW.0 - 60)
        }),
        (Code::NotLoggedIn, "the limit", |case| {
            case.app.as_mut().unwrap().ends = NOW
        }),
        (Code::NotLoggedIn, "of another account", |case| {
            case.app.as_mut().unwrap().account.0[0] ^= 1
        }),
        (Code::NotLoggedIn, "a session before the last", |case| {
            case.account.app.as_mut().unwrap().session = AppSessionId([1; 32])
        }),
        (Code::AppProofInvalid, "no right proof", |case| {
            case.proved = None
        }),
        (Code::AppProofInvalid, "of another handshake", |case| {
            case.proved = Some(Proved::attest(APP, Transcript([0; 32])))
        }),
        (Code::AppProofInvalid, "of another session", |case| {
            case.proved = Some(Proved::attest(
                AppSessionId([0; 32]),
                super::scene::TRANSCRIPT,
            ))
        }),
        (Code::FactorRequired, "a session without factor", |case| {
            case.app.as_mut().unwrap().verification = None
        }),
        (Code::FactorNotAllowed, "another factor", |case| {
            case.policy.as_mut().unwrap().factors = 2
        }),
        // The age counts from the assertion, not from the login: 20 s.
        (Code::AssertionTooOld, "verified too long ago", |case| {
            case.policy.as_mut().unwrap().max_age_s = 19
        }),
    ];
    assert_eq!(Case::cached().outcome(), Ok(()));
    for (code, what, spoil) in rows {
        let mut case = Case::cached();
        spoil(&mut case);
        assert_eq!(case.outcome(), Err(*code), "{what}");
    }
}

#[test]
fn after_an_app_session_a_fresh_factor_is_due() {
    // While it lives, a session without policy asks for nothing.
    assert_eq!(Case::bare().outcome(), Ok(()));
    // Once it has ended, by whatever cause, a fresh factor is due.
    let ends: [fn(&mut Case); 5] = [
        |case| case.app = Some(app_session().end(LogoutCause::App, NOW)),
        |case| case.app.as_mut().unwrap().last_contact = UnixSeconds(0),
        |case| case.app.as_mut().unwrap().ends = NOW,
        |case| case.app = None,
        |case| case.app.as_mut().unwrap().account.0[0] ^= 1,
    ];
    for end in ends {
        let mut case = Case::bare();
        end(&mut case);
        assert_eq!(case.outcome(), Err(Code::FactorRequired));
        // A fresh one is accepted although the session's policy asks for none ...
        case.said.presented = Said::login().presented;
        let commit = case.decide().unwrap();
        let [crate::auth::Fact::Account(after), ..] = commit.writes() else {
            panic!("the account first");
        };
        // ... and then the policy's word holds again.
        let mut next = Case::bare();
        next.app = case.app.clone();
        next.account.app = after.app;
        assert_eq!(next.outcome(), Ok(()));
    }
    // A fresh factor inside the session does not count for what follows its end.
    let mut inside = Case::bare();
    inside.said.presented = Said::login().presented;
    let commit = inside.decide().unwrap();
    let [crate::auth::Fact::Account(after), ..] = commit.writes() else {
        panic!("the account first");
    };
    assert_eq!(after.app, in_app().app);
}

#[test]
fn a_session_ends_once_and_tells_why() {
    let ended = app_session().end(LogoutCause::App, NOW);
    assert_eq!(ended.clone().end(LogoutCause::Server, NOW.plus(1)), ended);
    let AppSessionState::Ended { cause, at } = ended.state else {
        panic!("ended");
    };
    assert_eq!((cause, at), (LogoutCause::App, NOW));
    let revoked = in_app().revoke();
    let ended = app_session().end(LogoutCause::Revoked, NOW);
    assert_eq!(revoked.standing, Standing::Revoked);
    let resolved = ended.resolve(&revoked, NOW);
    assert_eq!(resolved.liveness, Liveness::Ended(LogoutCause::Revoked));
    // Even if only the account was stored.
    let resolved = app_session().resolve(&revoked, NOW);
    assert_eq!(resolved.liveness, Liveness::Ended(LogoutCause::Revoked));
    let resolved = app_session().resolve(&in_app(), NOW);
    assert_eq!(resolved.liveness, Liveness::Live);
    assert_eq!(resolved.user_name, account().user_name);
}

#[test]
fn silence_is_two_ping_times() {
    let (account, session) = (in_app(), app_session());
    let heard = session.last_contact;
    assert!(session.is_live(&account, heard.plus(59)));
    assert!(!session.is_live(&account, heard.plus(60)));
    let session = session.contact(heard.plus(59));
    assert!(session.is_live(&account, heard.plus(100)));
    // A clock that was set back does not bring the last contact back.
    assert_eq!(session.clone().contact(heard).last_contact, heard.plus(59));
}

#[test]
fn a_channel_for_data_needs_what_its_policy_says() {
    let decide = |account: &Account, said: &Said| {
        let facts = DataFacts {
            account,
            app: None,
            proved: None,
            assertion_used: false,
        };
        decide_data(&serving(), facts, &said.request(), ENTROPY, NOW, &P256)
            .map(Commit::committed)
            .map_err(|refusal| refusal.0)
    };
    let said = Said::bare(Purpose::Data);
    assert!(matches!(
        decide(&account(), &said),
        Ok(Outcome::Admitted(_))
    ));
    let mut headless = account();
    headless.level = AccountLevel::Headless;
    assert_eq!(decide(&headless, &said), Err(Code::HeadlessAccount));
    let bare = Said {
        presented: None,
        ..said
    };
    assert_eq!(decide(&account(), &bare), Err(Code::FactorRequired));
}

#[test]
fn an_upgrade_goes_one_way() {
    let decide = |account: &Account, said: &Said, used: bool| {
        let facts = UpgradeFacts {
            account,
            assertion_used: used,
        };
        decide_upgrade(&serving(), facts, &said.request(), ENTROPY, NOW, &P256)
    };
    let headless = Account {
        level: AccountLevel::Headless,
        ..account()
    };
    let said = Said::bare(Purpose::Upgrade);
    let mut store = Store::default();
    store.accounts.insert(headless.id, headless.clone());
    store
        .apply(decide(&headless, &said, false).unwrap())
        .unwrap();
    let full = store.accounts[&headless.id].clone();
    assert_eq!(full.level, account().level);
    assert_eq!((full.id, full.key), (headless.id, headless.key));

    // The answer was lost: the same device again comes to the same.
    let mut again = said.clone();
    again.statement.counter = Some(12);
    again.presented().payload.id = AssertionId([0x2d; 16]);
    let told = store.apply(decide(&full, &again, false).unwrap());
    assert!(matches!(
        told,
        Ok(Outcome::Admitted(admitted)) if admitted.level == Level::Full && admitted.account == full.id
    ));
    // Nothing but clone detection has moved, and the assertion is used up (HEADLESS-8).
    let after = store.accounts[&headless.id].clone();
    let moved = Account {
        version: after.version,
        lineage: after.lineage.clone(),
        ..full.clone()
    };
    assert_eq!(after, moved);
    assert_eq!((store.accounts.len(), store.assertions.len()), (1, 2));
    // Another subject does not take a full account over.
    again.presented().payload.subject = Pseudonym([0; 16]);
    let refused = decide(&full, &again, false).map(drop);
    assert_eq!(refused, Err(Code::FullAccount.into()));
    let mut bare = said.clone();
    bare.presented = None;
    let refused = decide(&headless, &bare, false).map(drop);
    assert_eq!(refused, Err(Code::FactorRequired.into()));
    let refused = decide(&headless, &said, true).map(drop);
    assert_eq!(refused, Err(Code::AssertionUsed.into()));
}
