//! Messages of the channel for actions and credentials, and what is signed about them.

use countersign::messages::action::{
    Approval, Approve, Approved, Challenge, FetchChallenge, Token,
};
use countersign::messages::credential::{
    ApprovalKey, CredentialDeleted, DeleteCredential, Opened, Rotate, Rotated, Rotation,
};
use countersign::messages::handshake::Policy;
use countersign::registry::Decision;
use countersign::values::{
    Bytes, ChallengeId, ChallengeNonce, ChannelBinding, Rolling, Transcript, Type,
};

use super::{ACCOUNT, DIGEST, NOW, SIGNATURE, announce, assertion, encoded, signed};
use crate::sign1::{CONTEXT, KEY};

pub(super) fn all() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("approval-key", encoded(&approval_key())),
        ("opened", encoded(&opened())),
        ("delete-credential", encoded(&DeleteCredential::default())),
        ("rotate", encoded(&rotate())),
        ("rotation", encoded(&rotation())),
        ("credential-deleted", encoded(&CredentialDeleted::default())),
        ("rotated", encoded(&rotated())),
        ("fetch-challenge", encoded(&fetch())),
        ("challenge", encoded(&challenge())),
        ("approval", encoded(&approval())),
        ("approve", encoded(&approve())),
        ("approved", encoded(&approved())),
    ]
}

fn approval_key() -> ApprovalKey {
    ApprovalKey {
        server: CONTEXT,
        transcript: Transcript([17; 32]),
        device: KEY.kid(),
    }
}

fn opened() -> Opened {
    Opened {
        ty: Type,
        rolling: Rolling([2; 16]),
    }
}

fn rotate() -> Rotate {
    Rotate {
        ty: Type,
        key: KEY,
        possession: SIGNATURE,
    }
}

fn rotation() -> Rotation {
    Rotation {
        account: ACCOUNT,
        key: KEY,
        channel: ChannelBinding([10; 32]),
    }
}

fn rotated() -> Rotated {
    Rotated {
        ty: Type,
        key: KEY.kid(),
    }
}

fn fetch() -> FetchChallenge {
    FetchChallenge {
        ty: Type,
        token: Token::new([18; 32]),
    }
}

fn challenge() -> Challenge {
    Challenge {
        ty: Type,
        id: ChallengeId([19; 16]),
        nonce: ChallengeNonce([20; 32]),
        code: "transfer".to_owned(),
        shown: announce(),
        expiry: NOW.plus(300),
        choices: Some(vec![0, 42, 99]),
        policy: Some(Policy {
            factors: 1,
            max_age_s: 60,
            cached: false,
        }),
    }
}

fn approval() -> Approval {
    Approval {
        challenge: ChallengeId([19; 16]),
        nonce: ChallengeNonce([20; 32]),
        hash: challenge().hash(),
        decision: Decision::Confirm,
        account: ACCOUNT,
        assertion: Some(DIGEST),
        number: Some(42),
    }
}

fn approve() -> Approve {
    Approve {
        ty: Type,
        approval: Bytes(encoded(&approval())),
        assertion: Some(Bytes(signed(&assertion(), KEY.kid()))),
        report_fraud: false,
    }
}

fn approved() -> Approved {
    Approved {
        ty: Type,
        decision: Decision::Confirm,
        token: Some(Token::new([21; 32])),
    }
}
