//! The device's side of a challenge: CHA-1, CRD-4, CRD-5, CRD-10, ACT-10, OPN-1.

use alloc::vec;

use super::super::tests::*;
use super::*;
use crate::cose::Sign1;
use crate::crypto::{P256, PublicKey};
use crate::device::{Update, Wallet};
use crate::error::Code;
use crate::messages::action::{Approval, Approved, Challenge, Token};
use crate::messages::credential::{Opened as Said, Rotated};
use crate::messages::handshake::{Ead2, Policy};
use crate::registry::{Decision, Purpose};
use crate::values::{
    AccountId, ChallengeId, ChallengeNonce, ChannelBinding, Kid, Rolling, Type, UnixSeconds,
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

fn who(wallet: &Wallet) -> AccountId {
    wallet.accounts[0].id
}

fn calling(wallet: &Wallet, approval_key: Option<PublicKey>) -> Calling {
    Calling::new(wallet, auth_id(), who(wallet), approval_key, &[V1_0]).expect("an account")
}

fn entering(
    wallet: &Wallet,
    offer: Ead2,
) -> Result<crate::device::Commit<Entering>, crate::error::Refusal> {
    calling(wallet, None).greeted(Verified::attest(offer), &authenticated(wallet), wallet)
}

fn opened(approval_key: Option<PublicKey>) -> Opened {
    let wallet = enrolled();
    let offer = Verified::attest(offer());
    let entering = calling(&wallet, approval_key)
        .greeted(offer, &authenticated(&wallet), &wallet)
        .expect("fits")
        .committed();
    let said = Verified::attest(Said {
        ty: Type,
        rolling: Rolling([9; 16]),
    });
    entering.opened(&said, CHANNEL).committed()
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

fn asking(challenge: Challenge, approval_key: Option<PublicKey>) -> Asking {
    let fetching = opened(approval_key).fetch(Token::new([3; 32]));
    assert_eq!(fetching.request().token, Token::new([3; 32]));
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

#[test]
fn a_channel_for_actions_claims_nothing_and_counts() {
    let wallet = enrolled();
    let ead_1 = calling(&wallet, None).ead_1();
    assert_eq!((ead_1.purpose, ead_1.claim), (Purpose::Action, None));
    let commit = entering(&wallet, offer()).expect("fits");
    let counter = wallet.accounts[0].counter + 1;
    let update = Update::Counter {
        server: auth_id(),
        account: who(&wallet),
        counter,
    };
    assert!(commit.updates().contains(&update), "CLN-1");
    let entering = commit.committed();
    assert_eq!(entering.statement().counter, Some(counter));
    assert_eq!(entering.statement().decision, None);
    let missing = Calling::new(&wallet, auth_id(), AccountId([0; 16]), None, &[V1_0]);
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
        let offered = entering(&wallet, edited(offer(), change));
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
    let (open, error) = signing.cancelled();
    assert_eq!((open, error), (asking, Code::PromptCancelled.into()));
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
    let policy = Policy {
        factors: 1,
        max_age_s: 60,
        cached: false,
    };
    let demanding = |code: &str| {
        let asking = asking(
            edited(challenge(), |it| {
                it.policy = Some(policy);
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
    let fetching = opened(None).fetch(Token::new([3; 32]));
    let late = fetching.fetched(Verified::attest(challenge()), UnixSeconds(1000));
    assert_eq!(late.map(drop), refused(Code::ChallengeFinished));
}

#[test]
fn a_rotation_is_over_when_the_server_names_the_new_key() {
    let new = key::stranger();
    let rotating = || {
        let changing = opened(None).rotate(new.public());
        let tbs = changing.tbs().expect("encodes");
        changing.signed(new.sign(&tbs))
    };
    let named = |key| Verified::attest(Rotated { ty: Type, key });
    assert_eq!(
        rotating().done(&named(new.public().kid())),
        Ok(new.public())
    );
    assert_eq!(
        rotating().done(&named(Kid([0; 16]))),
        refused(Code::Structure)
    );
}
