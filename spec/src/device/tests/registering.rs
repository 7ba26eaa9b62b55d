//! A `K_act` at enrolment: CRD-1, CRD-3, CRD-5, CRD-11, ENR-5.

use super::*;
use crate::messages::credential::ApprovalKey;

fn agreed(wallet: &Wallet, keys: NewKeys) -> Registering {
    let state = enrol(wallet, enrol_offer());
    let keys = state.take(keys).expect("what is needed");
    match state.confirm(keys, None) {
        Agreed::Register(registering) => *registering,
        Agreed::Factor(_) => panic!("there is a K_act"),
    }
}

fn three_keys() -> NewKeys {
    NewKeys {
        device: Some(key::device().public()),
        factor: Some(key::registration().public()),
        approval: Some(key::approval().public()),
    }
}

fn signed(registering: Registering) -> Commit<Decided> {
    let tbs = registering.tbs().expect("encodes");
    registering.signed(key::approval().sign(&tbs))
}

#[test]
fn the_approval_key_proves_its_possession_for_this_enrolment() {
    let registering = agreed(&Wallet::default(), three_keys());
    assert_eq!(registering.key(), key::approval().public());
    let answering = signed(registering).committed().verified(Bytes(vec![1]));
    let statement = answering.committed().statement().clone();
    let proof = statement.enrolment_proof.expect("CRD-1");
    let proved = ApprovalKey {
        server: auth_id(),
        transcript: TRANSCRIPT,
        device: key::device().public().kid(),
    };
    cose::verify_detached(proved, &(), &proof.key, &proof.signature, &P256).expect("CRD-1");
}

#[test]
fn both_keys_are_stored_before_anything_leaves() {
    let mut wallet = Wallet::default();
    for update in signed(agreed(&wallet, three_keys())).updates() {
        wallet.apply(update.clone());
    }
    let enrolling = wallet.interrupted(SESSION).expect("ENR-5");
    assert_eq!(enrolling.key, key::device().public());
    assert_eq!(enrolling.approval_key, Some(key::approval().public()));
    // A repetition has the same two keys, and needs no others (CRD-3).
    let again = agreed(&wallet, NewKeys::default());
    assert_eq!(again.key(), key::approval().public());
    let keys = enrol(&wallet, enrol_offer()).keys_needed();
    assert!(!keys.device && !keys.factor && !keys.may_approve);
}

#[test]
fn a_cancelled_prompt_leaves_the_request_open() {
    let asked = enrol(&Wallet::default(), enrol_offer());
    let registering = agreed(&Wallet::default(), three_keys());
    assert_eq!(registering.cancelled(), asked);
}
