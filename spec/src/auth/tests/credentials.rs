//! Credentials: CRD-1 to CRD-9 and the opening of their channel.

use alloc::string::ToString;
use alloc::vec;

use super::scene::{
    CURRENT, ENTROPY, NOW, SERVER, Said, TRANSCRIPT, account, config, device, enrolment, key,
    other_device,
};
use super::store::{Conflict, Store};
use crate::auth::{
    Account, AccountLevel, Asked, Commit, Credentials, EnrolmentFacts, Held, Reply, Request, Scope,
    Standing, decide_deletion, decide_enrolment, decide_opening, decide_rotation, delete, resume,
    revoke, suspend,
};
use crate::cose::detached_tbs;
use crate::crypto::{P256, PublicKey, Signature};
use crate::error::{Code, Refusal};
use crate::messages::credential::{ApprovalKey, DeleteCredential, Rotate, Rotation};
use crate::messages::handshake::{EnrolmentProof, Statement};
use crate::registry::{Decision, Purpose, limit};
use crate::values::{AccountId, ChannelBinding, Rolling, Transcript, Type, UnixSeconds};
use crate::verified::Verified;

const CHANNEL: ChannelBinding = ChannelBinding([0xcb; 32]);

fn listed(accounts: usize) -> Credentials {
    let held = |seed: usize| Held {
        account: AccountId([seed as u8; 16]),
        user_authentication: false,
    };
    Credentials {
        user: "ada".to_string(),
        version: 3,
        held: (0..accounts).map(held).collect(),
    }
}

/// `K_act` and its proof of possession.
fn proof(seed: u8, transcript: Transcript) -> EnrolmentProof {
    let proved = ApprovalKey {
        server: SERVER,
        transcript,
        device: device().kid(),
    };
    let key = key(seed);
    let tbs = detached_tbs(&proved, &(), key.kid()).unwrap();
    EnrolmentProof {
        key: key.public(),
        signature: key.sign(&tbs).normalise_s(),
    }
}

fn enrol(
    scope: Scope,
    credentials: Option<&Credentials>,
    change: impl Fn(&mut Said),
) -> Result<Commit, Refusal> {
    let mut enrolment = enrolment();
    enrolment.scope = scope;
    let mut said = Said::enrolment();
    change(&mut said);
    let facts = EnrolmentFacts {
        enrolment: &enrolment,
        holder: None,
        credentials,
        assertion_used: false,
    };
    decide_enrolment(&config(), facts, &said.request(), ENTROPY, NOW, &P256)
}

#[test]
fn a_further_credential_needs_its_scope() {
    let try_with = |scope, held: Option<usize>| {
        let list = held.map(listed);
        enrol(scope, list.as_ref(), |_| {})
            .map(drop)
            .map_err(|refusal| refusal.0)
    };
    for scope in [Scope::New, Scope::AddAuthenticators] {
        assert_eq!(try_with(scope, None), Ok(()));
        assert_eq!(try_with(scope, Some(0)), Ok(()), "all of them were ended");
    }
    assert_eq!(try_with(Scope::New, Some(1)), Err(Code::ScopeMissing));
    assert_eq!(try_with(Scope::AddAuthenticators, Some(1)), Ok(()));
    let full = limit::CREDENTIALS;
    assert_eq!(try_with(Scope::AddAuthenticators, Some(full - 1)), Ok(()));
    assert_eq!(
        try_with(Scope::AddAuthenticators, Some(full)),
        Err(Code::TooManyCredentials)
    );
}

#[test]
fn two_first_credentials_conflict() {
    let mut store = Store::default();
    store.enrolments.insert(enrolment().id, enrolment());
    let commit = enrol(Scope::New, None, |_| {}).unwrap();
    // Another enrolment of the same user has been committed meanwhile.
    store.credentials.insert(Credentials::id("ada"), listed(1));
    assert_eq!(store.apply(commit), Err(Conflict));
}

#[test]
fn an_approval_key_is_registered_with_its_possession() {
    let mut store = Store::default();
    store.enrolments.insert(enrolment().id, enrolment());
    let commit = enrol(Scope::New, None, |said| {
        said.statement.enrolment_proof = Some(proof(6, TRANSCRIPT));
    });
    store.apply(commit.unwrap()).unwrap();
    let made = store.accounts.values().next().unwrap();
    assert_eq!(made.approval_key, Some(key(6).public()));
    assert!(store.credentials[&Credentials::id("ada")].require_user_authentication());

    let refused = |proof: EnrolmentProof| {
        let commit = enrol(Scope::New, None, |said| {
            said.statement.enrolment_proof = Some(proof.clone());
        });
        commit.unwrap_err().0
    };
    let good = proof(6, TRANSCRIPT);
    assert_eq!(
        refused(proof(6, Transcript([0; 32]))),
        Code::PossessionInvalid
    );
    assert_eq!(
        refused(proof(1, TRANSCRIPT)),
        Code::KeyInUse,
        "one key, one role"
    );
    let other_key = EnrolmentProof {
        key: key(7).public(),
        ..good.clone()
    };
    assert_eq!(refused(other_key), Code::PossessionInvalid);
    let no_point = EnrolmentProof {
        key: PublicKey([1; 64]),
        ..good.clone()
    };
    assert_eq!(refused(no_point), Code::InvalidKey);
    let no_signature = EnrolmentProof {
        signature: Signature([0; 64]),
        ..good
    };
    assert_eq!(refused(no_signature), Code::SignatureMalformed);
}

#[test]
fn a_repetition_has_the_same_approval_key() {
    let mut store = Store::default();
    store.enrolments.insert(enrolment().id, enrolment());
    let with_key = |said: &mut Said| said.statement.enrolment_proof = Some(proof(6, TRANSCRIPT));
    store
        .apply(enrol(Scope::New, None, with_key).unwrap())
        .unwrap();
    let bound = &store.enrolments[&enrolment().id];
    let list = &store.credentials[&Credentials::id("ada")];
    let again = |change: &dyn Fn(&mut Said)| {
        let mut said = Said::enrolment();
        change(&mut said);
        let facts = EnrolmentFacts {
            enrolment: bound,
            holder: store.account_of(&device().public()),
            credentials: Some(list),
            assertion_used: false,
        };
        let commit = decide_enrolment(&config(), facts, &said.request(), ENTROPY, NOW, &P256);
        commit.map(drop).map_err(|refusal| refusal.0)
    };
    assert_eq!(again(&with_key), Ok(()), "and no further scope");
    assert_eq!(again(&|_| {}), Err(Code::EnrolmentTaken));
}

#[test]
fn the_backend_pauses_ends_and_erases() {
    let list = Credentials {
        held: vec![Held {
            account: account().id,
            user_authentication: false,
        }],
        ..listed(0)
    };
    let mut store = Store::default();
    store.accounts.insert(account().id, account());
    store
        .credentials
        .insert(Credentials::id("ada"), list.clone());
    let standing = |store: &Store| store.accounts[&account().id].standing;

    store.apply(suspend(&account()).unwrap()).unwrap();
    assert_eq!(standing(&store), Standing::Suspended);
    assert_eq!(store.apply(suspend(&account()).unwrap()), Err(Conflict));
    let paused = store.accounts[&account().id].clone();
    assert!(suspend(&paused).is_err());
    store.apply(resume(&paused).unwrap()).unwrap();
    assert_eq!(standing(&store), Standing::Active);

    let active = store.accounts[&account().id].clone();
    let mut revoked = store.clone();
    revoked
        .apply(revoke(&active, Some(&list)).unwrap())
        .unwrap();
    assert_eq!(standing(&revoked), Standing::Revoked);
    assert!(revoked.credentials[&Credentials::id("ada")].held.is_empty());
    assert!(revoke(&revoked.accounts[&account().id], Some(&list)).is_err());

    store.apply(delete(&active, Some(&list))).unwrap();
    assert!(store.accounts.is_empty());
    assert!(store.credentials[&Credentials::id("ada")].held.is_empty());
}

#[test]
fn a_headless_account_is_ended_without_a_list() {
    let headless = Account {
        user_name: "".to_string(),
        level: AccountLevel::Headless,
        ..account()
    };
    let mut store = Store::default();
    store.accounts.insert(headless.id, headless.clone());
    store
        .clone()
        .apply(revoke(&headless, None).unwrap())
        .unwrap();
    store.apply(delete(&headless, None)).unwrap();
    assert!(store.accounts.is_empty());
    // A list that is made meanwhile is not overlooked.
    store.accounts.insert(headless.id, headless.clone());
    store.credentials.insert(Credentials::id(""), listed(1));
    assert_eq!(store.apply(delete(&headless, None)), Err(Conflict));
}

fn opening() -> Request {
    let mut said = Said::login();
    said.statement = Statement {
        counter: said.statement.counter,
        rolling: said.statement.rolling,
        ..Statement::bare(Purpose::Action)
    };
    said.purpose = Purpose::Action;
    said.presented = None;
    Request {
        session: None,
        ..said.request()
    }
}

#[test]
fn a_channel_is_opened_by_a_bare_statement() {
    let mut store = Store::default();
    store.accounts.insert(account().id, account());
    let commit = decide_opening(&account(), &opening(), ENTROPY, NOW).unwrap();
    let Reply::Said(opened) = store.apply(commit).unwrap() else {
        panic!("opened");
    };
    assert_ne!(opened.rolling, CURRENT);
    let moved = &store.accounts[&account().id];
    assert_eq!(moved.version, account().version + 1);
    // The copy that fell behind comes next.
    let behind = Request {
        began: NOW.plus(61),
        ..opening()
    };
    let commit = decide_opening(moved, &behind, ENTROPY, NOW.plus(62)).unwrap();
    assert_eq!(
        store.apply(commit),
        Ok(Reply::Refused(Code::CloneSuspected))
    );
    assert_eq!(store.accounts[&account().id].standing, Standing::Frozen);
}

#[test]
fn an_opening_says_nothing_else() {
    type Change = fn(&mut Statement);
    let rows: [(Code, Change); 6] = [
        (Code::PurposeRefused, |statement| {
            statement.purpose = Purpose::Login
        }),
        (Code::Structure, |statement| statement.counter = None),
        (Code::Structure, |statement| statement.rolling = None),
        (Code::Structure, |statement| {
            statement.decision = Some(Decision::Confirm)
        }),
        (Code::Structure, |statement| {
            statement.user_input = Some("x".to_string())
        }),
        (Code::Structure, |statement| {
            statement.enrolment_proof = Some(proof(6, TRANSCRIPT));
        }),
    ];
    for (code, change) in rows {
        let mut request = opening();
        let mut statement = request.statement.into_inner();
        change(&mut statement);
        request.statement = Verified::attest(statement);
        assert_eq!(
            decide_opening(&account(), &request, ENTROPY, NOW),
            Err(code.into())
        );
    }
    let foreign = Request {
        key: other_device().public(),
        ..opening()
    };
    let refused = decide_opening(&account(), &foreign, ENTROPY, NOW);
    assert_eq!(refused, Err(Code::CredentialMismatch.into()));
    let paused = Account {
        standing: Standing::Suspended,
        ..account()
    };
    let refused = decide_opening(&paused, &opening(), ENTROPY, UnixSeconds(NOW.0));
    assert_eq!(refused, Err(Code::AccountNotActive.into()));
    let late = Request {
        began: UnixSeconds(0),
        statement: Verified::attest(Statement {
            counter: Some(10),
            rolling: Some(Rolling([0; 16])),
            ..Statement::bare(Purpose::Action)
        }),
        ..opening()
    };
    let refused = decide_opening(&account(), &late, ENTROPY, NOW);
    assert_eq!(refused, Err(Code::CloneSuspected.into()));
}

fn rotate(seed: u8, channel: ChannelBinding, through: ChannelBinding) -> Asked<Rotate> {
    let new = key(seed);
    let rotation = Rotation {
        account: account().id,
        key: new.public(),
        channel,
    };
    let tbs = detached_tbs(&rotation, &(), new.kid()).unwrap();
    Asked {
        message: Verified::attest(Rotate {
            ty: Type,
            key: new.public(),
            possession: new.sign(&tbs).normalise_s(),
        }),
        key: device().public(),
        channel: through,
    }
}

#[test]
fn a_new_key_takes_over_under_the_old_one() {
    let mut store = Store::default();
    store.accounts.insert(account().id, account());
    let asked = rotate(8, CHANNEL, CHANNEL);
    let rotated = store
        .apply(decide_rotation(&account(), None, &asked, &P256).unwrap())
        .unwrap();
    assert_eq!(rotated.key, key(8).kid());
    let moved = store.accounts[&account().id].clone();
    assert_eq!((moved.id, moved.key), (account().id, key(8).public()));
    // The answer was lost: the same request again, and nothing is written.
    let again = decide_rotation(&moved, Some(&moved), &asked, &P256).unwrap();
    assert!(again.writes().is_empty());
    assert_eq!(again.committed(), rotated);
    // The old key is worth nothing from here on.
    let other = rotate(9, CHANNEL, CHANNEL);
    let refused = decide_rotation(&moved, None, &other, &P256);
    assert_eq!(refused.unwrap_err().0, Code::CredentialMismatch);
    // Of two rotations at once, one is committed.
    let rival = decide_rotation(&account(), None, &other, &P256).unwrap();
    assert_eq!(store.apply(rival), Err(Conflict));
}

#[test]
fn a_new_key_is_possessed_and_free() {
    let refused = |account: &Account, holder: Option<&Account>, asked: &Asked<Rotate>| {
        decide_rotation(account, holder, asked, &P256)
            .unwrap_err()
            .0
    };
    let replayed = rotate(8, ChannelBinding([0; 32]), CHANNEL);
    assert_eq!(
        refused(&account(), None, &replayed),
        Code::PossessionInvalid
    );
    let asked = rotate(8, CHANNEL, CHANNEL);
    assert_eq!(
        refused(&account(), Some(&account()), &asked),
        Code::KeyInUse
    );
    let guarded = Account {
        approval_key: Some(key(8).public()),
        ..account()
    };
    assert_eq!(refused(&guarded, None, &asked), Code::KeyInUse);
    let paused = Account {
        standing: Standing::Suspended,
        ..account()
    };
    assert_eq!(refused(&paused, None, &asked), Code::AccountNotActive);
}

#[test]
fn a_device_deletes_its_own_credential() {
    let asked = |key| Asked {
        message: Verified::attest(DeleteCredential::default()),
        key,
        channel: CHANNEL,
    };
    let list = listed(1);
    let mut store = Store::default();
    store.accounts.insert(account().id, account());
    store
        .credentials
        .insert(Credentials::id("ada"), list.clone());
    let foreign = decide_deletion(&account(), Some(&list), &asked(other_device().public()));
    assert_eq!(foreign.unwrap_err().0, Code::CredentialMismatch);
    let commit = decide_deletion(&account(), Some(&list), &asked(device().public())).unwrap();
    store.apply(commit).unwrap();
    assert!(store.accounts.is_empty());
}
