//! The device's side of a challenge, and of its credential: CHA-1, CHA-14, CRD-4, CRD-5,
//! CRD-10, ACT-10, OPN-1.

use alloc::vec;
use alloc::vec::Vec;

use super::super::tests::*;
use super::*;
use crate::cose::Sign1;
use crate::crypto::{P256, PublicKey};
use crate::device::{Commit, Outcome, Update, Wallet};
use crate::error::{Code, Refusal};
use crate::messages::action::{Approval, Approved, Challenge, Token};
use crate::messages::channel::Refused;
use crate::messages::credential::{CredentialDeleted, Opened as Said, Rotated};
use crate::messages::handshake::Ead2;
use crate::registry::{Decision, Purpose};
use crate::values::{
    AccountId, ChallengeId, ChallengeNonce, ChannelBinding, Kid, Rolling, ServerId, Type,
    UnixSeconds,
};
use crate::verified::Verified;

const CHANNEL: ChannelBinding = ChannelBinding([0xcb; 32]);
const EARLY: UnixSeconds = UnixSeconds(1);

fn offer() -> Ead2 {
    edited(login_offer(), |offer| {
        offer.announce = None;
        offer.account = None;
        offer.policy = None;
    })
}

fn whose() -> (ServerId, AccountId) {
    (auth_id(), ALICE)
}

/// An enrolled device, whose account has this `K_act` and this successor of its `K_dev`.
fn wallet(approval_key: Option<PublicKey>, successor: Option<PublicKey>) -> Wallet {
    edited(enrolled(), |wallet| {
        wallet.accounts[0].approval_key = approval_key;
        wallet.accounts[0].successor = successor;
    })
}

fn token() -> Token {
    Token::new([3; 32])
}

fn calling(wallet: &Wallet, aim: Aim) -> Calling {
    Calling::new(wallet, whose(), aim, &[V1_0]).expect("an account")
}

fn entering(wallet: &Wallet, aim: Aim, offer: Ead2) -> Result<Commit<Entering>, Refusal> {
    calling(wallet, aim).greeted(Verified::attest(offer), &authenticated(wallet), wallet)
}

/// A channel that is open for something.
fn opened(wallet: &Wallet, aim: Aim, channel: ChannelBinding) -> Commit<Turn> {
    let said = Verified::attest(Said {
        ty: Type,
        rolling: Rolling([9; 16]),
    });
    let entering = entering(wallet, aim, offer()).expect("fits").committed();
    entering.opened(&said, channel).expect("follows")
}

fn challenge() -> Challenge {
    Challenge {
        ty: Type,
        id: ChallengeId([1; 16]),
        nonce: ChallengeNonce([2; 32]),
        code: "transfer".into(),
        shown: announce(),
        expiry: UnixSeconds(1000),
        choices: None,
        policy: None,
    }
}

fn fetching(wallet: &Wallet) -> Fetching {
    match opened(wallet, Aim::Challenge(token()), CHANNEL).committed() {
        Turn::Fetch(fetching) => *fetching,
        other => panic!("not fetched: {other:?}"),
    }
}

fn asking(challenge: Challenge, approval_key: Option<PublicKey>) -> Asking {
    let fetching = fetching(&wallet(approval_key, None));
    assert_eq!(fetching.request().token, token());
    let challenge = Verified::attest(challenge);
    fetching.fetched(challenge, EARLY).expect("shown")
}

fn signing(asking: Asking) -> Signing {
    let chosen = asking.choose(None).expect("no number");
    match asking.approve(chosen) {
        Next::Sign(signing) => *signing,
        Next::Prove(_) => panic!("no factor was demanded"),
    }
}

fn changing(wallet: &Wallet, key: PublicKey) -> (Vec<Update>, Changing) {
    let commit = opened(wallet, Aim::Rotation(key), CHANNEL);
    let updates = commit.updates().to_vec();
    match commit.committed() {
        Turn::Rotate(changing) => (updates, *changing),
        other => panic!("no rotation: {other:?}"),
    }
}

fn rotating(key: &Key) -> Rotating {
    let (_, changing) = changing(&enrolled(), key.public());
    let tbs = changing.tbs().expect("encodes");
    changing.signed(key.sign(&tbs))
}

#[test]
fn a_channel_for_actions_claims_nothing_and_counts() {
    let wallet = enrolled();
    let aim = Aim::Challenge(token());
    let ead_1 = calling(&wallet, aim.clone()).ead_1();
    assert_eq!((ead_1.purpose, ead_1.claim), (Purpose::Action, None));
    let commit = entering(&wallet, aim.clone(), offer()).expect("fits");
    let counter = wallet.accounts[0].counter + 1;
    let update = Update::Counter {
        server: auth_id(),
        account: ALICE,
        counter,
    };
    assert!(commit.updates().contains(&update), "CLN-1");
    let entering = commit.committed();
    assert_eq!(entering.statement().counter, Some(counter));
    assert_eq!(entering.statement().decision, None);
    let nobody = (auth_id(), AccountId([0; 16]));
    let missing = Calling::new(&wallet, nobody, aim, &[V1_0]);
    assert_eq!(missing.map(drop), refused(Code::NoAccount));
}

#[test]
fn an_offer_of_something_else_ends_it() {
    let wallet = enrolled();
    let changes: [fn(&mut Ead2); 3] = [
        |offer| offer.announce = Some(announce()),
        |offer| offer.account = Some(AccountId([1; 16])),
        |offer| offer.voucher = Some(vec![1].into()),
    ];
    for change in changes {
        let offered = entering(&wallet, Aim::Deletion, edited(offer(), change));
        assert_eq!(offered.map(drop), refused(Code::Structure));
    }
}

#[test]
fn what_is_shown_is_what_is_signed() {
    let asking = asking(challenge(), None);
    let question = asking.question();
    assert_eq!(
        (question.code.as_str(), question.shown),
        ("transfer", announce())
    );
    let signing = signing(asking);
    let key = key::device();
    assert_eq!(signing.key(), key.public());
    let to_sign = signing.to_sign().expect("encodes");
    let answered = signing.signed(key.sign(to_sign.tbs())).expect("encodes");
    let signed = Sign1::<Approval>::from_bytes(&answered.message().approval).expect("a statement");
    let approval = signed
        .verify(&key.public(), &(auth_id(), CHANNEL), &P256)
        .expect("verifies");
    assert_eq!(approval.hash, challenge().hash());
    assert_eq!(approval.decision, Decision::Confirm);
}

#[test]
fn the_approval_key_signs_where_there_is_one_and_may_be_cancelled() {
    let key = key::stranger().public();
    let asking = asking(challenge(), Some(key));
    assert!(asking.question().user_authentication);
    let signing = signing(asking.clone());
    assert_eq!(signing.key(), key);
    assert!(signing.prompts());
    assert_eq!(signing.cancelled(), asking);
}

#[test]
fn a_number_is_one_of_those_shown() {
    let plain = asking(challenge(), None);
    assert_eq!(plain.choose(Some(1)).map(drop), refused(Code::NotAsked));
    let numbered = edited(challenge(), |it| it.choices = Some(vec![1, 2]));
    let numbered = asking(numbered, None);
    assert_eq!(numbered.choose(None).map(drop), refused(Code::NotAsked));
    assert_eq!(numbered.choose(Some(3)).map(drop), refused(Code::NotAsked));
    assert_eq!(numbered.choose(Some(2)).map(drop), Ok(()));
}

#[test]
fn a_fresh_factor_is_given_for_this_answer() {
    let demanding = |code: &str| {
        let asking = asking(
            edited(challenge(), |it| {
                it.policy = Some(PIN_POLICY);
                it.code = code.into();
            }),
            None,
        );
        let chosen = asking.choose(None).expect("no number");
        match asking.approve(chosen) {
            Next::Prove(proving) => *proving,
            Next::Sign(_) => panic!("a factor was demanded"),
        }
    };
    let proving = demanding("transfer");
    assert_eq!(proving.errand().purpose, Purpose::Action);
    assert_eq!(proving.errand().bind, proving.bind());
    assert_ne!(proving.bind(), demanding("login").bind());
    let signing = proving.verified(vec![7; 9].into());
    let key = key::device();
    let to_sign = signing.to_sign().expect("encodes");
    let answered = signing.signed(key.sign(to_sign.tbs())).expect("encodes");
    assert!(answered.message().assertion.is_some());
}

#[test]
fn a_success_is_what_was_signed_and_committed() {
    let answered = |no: bool| {
        let asking = asking(challenge(), None);
        let signing = if no {
            asking.reject(true)
        } else {
            signing(asking)
        };
        signing
            .signed(crate::crypto::Signature([1; 64]))
            .expect("encodes")
    };
    let told = |decision, token| {
        Verified::attest(Approved {
            ty: Type,
            decision,
            token,
        })
    };
    let token = Token::new([5; 32]);
    let (yes, no) = (Decision::Confirm, Decision::Decline);
    assert!(answered(true).message().report_fraud);
    for (is_no, decision, given, result) in [
        (false, yes, Some(token), Ok(Outcome::Approved(token))),
        (true, no, None, Ok(Outcome::Rejected)),
        (false, no, None, refused(Code::Structure)),
        (false, yes, None, refused(Code::Structure)),
        (true, no, Some(token), refused(Code::Structure)),
        (true, yes, Some(token), refused(Code::Structure)),
    ] {
        assert_eq!(answered(is_no).approved(&told(decision, given)), result);
    }
}

#[test]
fn a_challenge_that_is_over_is_not_shown() {
    let late = fetching(&enrolled()).fetched(Verified::attest(challenge()), UnixSeconds(1000));
    assert_eq!(late.map(drop), refused(Code::ChallengeFinished));
}

/// CHA-14: "with the same decision and number, and without asking the user again".
#[test]
fn a_lost_answer_is_given_again_in_another_channel() {
    let other = ChannelBinding([0xcc; 32]);
    let numbered = edited(challenge(), |it| it.choices = Some(vec![1, 2]));
    let asking = asking(numbered.clone(), None);
    let chosen = asking.choose(Some(2)).expect("shown");
    let Next::Sign(signing) = asking.clone().approve(chosen) else {
        panic!("no factor was demanded");
    };
    let key = key::device();
    for (signing, number, fraud) in [
        (*signing, Some(2), false),
        (asking.clone().reject(false), None, false),
        (asking.reject(true), None, true),
    ] {
        let to_sign = signing.to_sign().expect("encodes");
        let first = signing.signed(key.sign(to_sign.tbs())).expect("encodes");
        let before = first.message().clone();
        let (again, aim) = first.again();
        assert_eq!(again, whose());
        let Turn::Answer(Next::Sign(signing)) = opened(&enrolled(), aim, other).committed() else {
            panic!("signed at once");
        };
        let to_sign = signing.to_sign().expect("encodes");
        let second = signing.signed(key.sign(to_sign.tbs())).expect("encodes");
        assert_ne!(*second.message(), before, "another channel");
        assert_eq!(second.message().report_fraud, fraud);
        let signed =
            Sign1::<Approval>::from_bytes(&second.message().approval).expect("a statement");
        let approval = signed
            .verify(&key.public(), &(auth_id(), other), &P256)
            .expect("for the new channel");
        assert_eq!(approval.hash, numbered.hash());
        assert_eq!(approval.number, number);
    }
}

#[test]
fn a_lost_answer_that_needs_a_factor_needs_another_one() {
    let demanding = edited(challenge(), |it| it.policy = Some(PIN_POLICY));
    let asking = asking(demanding, None);
    let chosen = asking.choose(None).expect("no number");
    let Next::Prove(proving) = asking.approve(chosen) else {
        panic!("a factor was demanded");
    };
    let bind = proving.bind();
    let answered = proving
        .verified(vec![7; 9].into())
        .signed(crate::crypto::Signature([1; 64]))
        .expect("encodes");
    let other = ChannelBinding([0xcc; 32]);
    let turn = opened(&enrolled(), answered.again().1, other).committed();
    let Turn::Answer(Next::Prove(proving)) = turn else {
        panic!("a factor is demanded again");
    };
    assert_ne!(proving.bind(), bind, "ACT-10: for the new channel");
}

#[test]
fn a_new_key_is_stored_before_it_is_sent() {
    let key = key::stranger().public();
    let (updates, _) = changing(&enrolled(), key);
    let (server, account) = whose();
    let begun = Update::Rotating {
        server,
        account,
        key,
    };
    assert_eq!(updates.last(), Some(&begun), "CRD-10");
}

#[test]
fn a_rotation_is_over_when_the_server_names_the_new_key() {
    let new = key::stranger();
    let (server, account) = whose();
    let named = |key| Verified::attest(Rotated { ty: Type, key });
    let over = Update::Rotated {
        server,
        account,
        key: new.public(),
    };
    let commit = rotating(&new).rotated(&named(new.public().kid()));
    assert_eq!(commit.expect("named").updates(), [over]);
    assert_eq!(
        rotating(&new).rotated(&named(Kid([0; 16]))).map(drop),
        refused(Code::Structure)
    );
}

#[test]
fn a_key_that_is_refused_is_given_up_and_no_other() {
    let new = key::stranger();
    for (code, given_up) in [
        (Code::KeyInUse, true),
        (Code::PossessionInvalid, true),
        (Code::InvalidKey, true),
        (Code::SignatureMalformed, true),
        // None of these says that the server will not have it.
        (Code::AccountNotActive, false),
        (Code::CredentialMismatch, false),
        (Code::Conflict, false),
    ] {
        let said = Verified::attest(Refused {
            ty: Type,
            error: code.number(),
        });
        let commit = rotating(&new).refused(&said);
        let begun = wallet(None, Some(new.public()));
        let after = edited(begun, |wallet| {
            for update in commit.updates() {
                wallet.apply(update.clone());
            }
        });
        assert_eq!(after.accounts[0].successor.is_none(), given_up, "{code:?}");
        assert_eq!(commit.committed(), Outcome::Failed(code));
    }
}

/// CRD-10: "opens a channel with the new key and, if that is refused with 211, rotates
/// again under the old one".
#[test]
fn an_interrupted_rotation_is_resumed_under_the_new_key() {
    let new = key::stranger().public();
    let wallet = wallet(None, Some(new));
    let (server, account) = whose();
    let entering = entering(&wallet, Aim::Successor, offer())
        .expect("fits")
        .committed();
    assert_eq!(entering.credential().1.key, new);
    // The server has it.
    let commit = opened(&wallet, Aim::Successor, CHANNEL);
    let over = Update::Rotated {
        server,
        account,
        key: new,
    };
    assert_eq!(commit.updates().last(), Some(&over));
    assert!(matches!(
        commit.committed(),
        Turn::Over(Outcome::Rotated(_))
    ));
    // It does not, or somebody says so: nothing is given up.
    let (again, aim) = entering
        .clone()
        .refused(Code::CredentialMismatch)
        .expect("once more");
    assert_eq!((again, aim.clone()), (whose(), Aim::Rotation(new)));
    let under_the_old = calling(&wallet, aim);
    assert_eq!(under_the_old.ead_1().purpose, Purpose::Action);
    assert_eq!(
        entering.refused(Code::AccountNotActive),
        refused(Code::AccountNotActive)
    );
}

#[test]
fn a_rotation_begins_once_and_with_a_key_of_its_own() {
    let new = key::stranger().public();
    let k_act = key::approval().public();
    let plain = wallet(Some(k_act), None);
    let pending = wallet(Some(k_act), Some(new));
    for (name, wallet, aim, result) in [
        ("a new key", &plain, Aim::Rotation(new), Ok(())),
        ("again", &pending, Aim::Rotation(new), Ok(())),
        (
            "another one meanwhile",
            &pending,
            Aim::Rotation(key::auth().public()),
            refused(Code::FlowActive),
        ),
        (
            "K_dev (KEY-1)",
            &plain,
            Aim::Rotation(key::device().public()),
            refused(Code::InvalidKey),
        ),
        (
            "K_act (KEY-1)",
            &plain,
            Aim::Rotation(k_act),
            refused(Code::InvalidKey),
        ),
        (
            "K_dsf (KEY-1)",
            &plain,
            Aim::Rotation(key::registration().public()),
            refused(Code::InvalidKey),
        ),
        ("to resume", &pending, Aim::Successor, Ok(())),
        (
            "nothing to resume",
            &plain,
            Aim::Successor,
            refused(Code::NotAsked),
        ),
    ] {
        let calling = Calling::new(wallet, whose(), aim, &[V1_0]);
        row(name, calling.map(drop), result);
    }
}

#[test]
fn a_deleted_credential_is_gone_here_too() {
    let turn = opened(&enrolled(), Aim::Deletion, CHANNEL).committed();
    let Turn::Delete(deleting) = turn else {
        panic!("no deletion: {turn:?}");
    };
    let commit = deleting.deleted(&Verified::attest(CredentialDeleted::default()));
    let (server, account) = whose();
    assert_eq!(commit.updates(), [Update::Deleted { server, account }]);
}
