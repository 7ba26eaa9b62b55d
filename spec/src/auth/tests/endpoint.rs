//! Bytes in, bytes out: a login and an enrolment from message_1 to their
//! settlement, and each frame that is refused on the way.

use alloc::vec;
use alloc::vec::Vec;

use super::scene::{
    ENTROPY, FACTOR_SERVER, NOW, OTHER_SERVER, SERVER, Said, account, config, device, enrolment,
    handshake_key, key, other_device, session, voucher_key,
};
use super::store::Store;
use crate::auth::endpoint::{Answer, Failure, Hello, Signer};
use crate::auth::{
    Account, Enrolment, EnrolmentFacts, EnrolmentState, Found, LoginFacts, Outcome, Session,
    SessionState, decide_enrolment, decide_login,
};
use crate::cbor;
use crate::channel::Channel;
use crate::cose::Sign1;
use crate::crypto::{P256, Signature};
use crate::edhoc::{Credential, IdCred};
use crate::error::Code;
use crate::messages::channel::{Refused, Settled};
use crate::messages::factor::Voucher;
use crate::messages::frame::Frame;
use crate::messages::handshake::{Ead1, Statement};
use crate::registry::{Decision, Purpose};
use crate::values::{AssertionId, Bytes, UnixSeconds, Version};

use super::peer::{C_I, Peer, answered, deciding, greeted, heard, opened, told};

#[test]
fn a_login_from_link_to_settlement() {
    let peer = Peer::login();
    let mut store = Store::default();
    store.sessions.insert(session().id, session());
    store.accounts.insert(account().id, account());

    let (awaiting, verified, ead_2) = greeted(&peer);
    assert_eq!(ead_2.announce, session().announce);
    assert_eq!(ead_2.voucher, None);
    let statement = peer.statement(&verified);
    let (established, frame) = peer.message_3(verified, awaiting.id(), Some(&statement));

    let opened = awaiting.receive(&frame).unwrap();
    assert_eq!(opened.signer(), Signer::Account(device().kid()));
    let deciding = opened
        .verify(store.account_of(&device().public()), &P256)
        .unwrap();
    let request = deciding.request();
    let facts = LoginFacts {
        session: &store.sessions[&request.session.unwrap()],
        account: store.account_of(&request.key).unwrap(),
        assertion_used: store.assertions.contains(&request.assertion_id().unwrap()),
        app: None,
        proved: None,
    };
    let commit = decide_login(&config(), facts, request, ENTROPY, NOW, &P256).unwrap();
    let outcome = store.apply(commit).unwrap();
    let (answered, answer) = deciding.settled(outcome, NOW).unwrap();

    let settled: Settled = heard(&mut Channel::new(established), &answer);
    assert_eq!(
        (settled.decision, settled.account),
        (Decision::Confirm, account().id)
    );
    assert!(matches!(
        store.sessions[&session().id].state,
        SessionState::Confirmed(_)
    ));
    assert_eq!(answered.repeat(&frame, NOW), Ok(answer));
}

#[test]
fn an_enrolment_from_link_to_account() {
    let peer = Peer::enrol();
    let mut store = Store::default();
    store.enrolments.insert(enrolment().id, enrolment());

    let (awaiting, verified, ead_2) = greeted(&peer);
    assert_eq!(ead_2.policy, Some(Enrolment::POLICY));
    let voucher = Sign1::<Voucher>::from_bytes(&ead_2.voucher.unwrap()).unwrap();
    let voucher = voucher
        .verify(&voucher_key().public(), &(FACTOR_SERVER,), &P256)
        .unwrap();
    assert_eq!((voucher.issuer, voucher.expiry), (SERVER, NOW.plus(600)));
    let statement = peer.statement(&verified);
    let (established, frame) = peer.message_3(verified, awaiting.id(), Some(&statement));

    let opened = awaiting.receive(&frame).unwrap();
    assert_eq!(opened.signer(), Signer::Key(device().public()));
    let deciding = opened.verify(None, &P256).unwrap();
    let request = deciding.request();
    let facts = EnrolmentFacts {
        enrolment: &store.enrolments[&request.session.unwrap()],
        holder: store.account_of(&request.key),
        credentials: None,
        assertion_used: store.assertions.contains(&request.assertion_id().unwrap()),
    };
    let commit = decide_enrolment(&config(), facts, request, ENTROPY, NOW, &P256).unwrap();
    let outcome = store.apply(commit).unwrap();
    let (_, answer) = deciding.settled(outcome, NOW).unwrap();

    let settled: Settled = heard(&mut Channel::new(established), &answer);
    let account = store.account_of(&device().public()).unwrap();
    assert_eq!(
        (settled.account, &settled.user_name),
        (account.id, &account.user_name)
    );
    assert!(matches!(
        store.enrolments[&enrolment().id].state,
        EnrolmentState::Bound(_)
    ));
}

#[test]
fn the_request_is_that_of_the_handshake() {
    let peer = Peer::login();
    let (awaiting, verified, _) = greeted(&peer);
    let transcript = verified.transcript();
    let statement = peer.statement(&verified);
    let (_, frame) = peer.message_3(verified, awaiting.id(), Some(&statement));
    let deciding = awaiting
        .receive(&frame)
        .unwrap()
        .verify(Some(&account()), &P256)
        .unwrap();
    let request = deciding.request();
    assert_eq!(request.transcript, transcript);
    assert_eq!(request.session, Some(session().id));
    assert_eq!((request.purpose, request.began), (Purpose::Login, NOW));
    assert_eq!(request.key, device().public());
    assert_eq!(request.assertion_id(), Some(AssertionId([0x1d; 16])));
    assert_eq!(Said::decline().request().assertion_id(), None);
    assert_eq!(cbor::to_vec(&*request.statement), Ok(statement));
}

#[test]
fn refusals_travel_inside_the_channel() {
    let (deciding, mut channel, _) = deciding(&Peer::login());
    let (_, answer) = deciding.refused(Code::WrongAccount, NOW).unwrap();
    assert_eq!(heard::<Refused>(&mut channel, &answer).error, 303);
    let (deciding, mut channel, _) = self::deciding(&Peer::login());
    let frozen = Outcome::Refused(Code::CloneSuspected);
    let (_, answer) = deciding.settled(frozen, NOW).unwrap();
    assert_eq!(heard::<Refused>(&mut channel, &answer).error, 503);
}

#[test]
fn what_is_no_message_1_gets_no_answer() {
    let (_, mut trailing) = Peer::login().message_1();
    trailing.push(0);
    let method_3 = [0x82, 1, 0x41, 3];
    let rows: [(&[u8], Code); 5] = [
        (&[], Code::Malformed),
        (&trailing, Code::TrailingBytes),
        (&[0x83, 3, 0x41, 1, 0x40], Code::UnexpectedFrame),
        (&[0x83, 4, 0x41, 1, 0x40], Code::UnexpectedFrame),
        (&method_3, Code::HandshakeInvalid),
    ];
    for (frame, code) in rows {
        let failure = Hello::receive(&config(), frame, NOW).unwrap_err();
        assert_eq!(failure, Failure { code, frame: None }, "{frame:?}");
    }
    let (_, unnamed) = Peer::login().message_1_with(&[], |ead_1| cbor::to_vec(&ead_1).ok());
    let failure = Hello::receive(&config(), &unnamed, NOW).unwrap_err();
    assert_eq!(
        failure,
        Failure {
            code: Code::HandshakeInvalid,
            frame: None
        }
    );
}

#[test]
fn a_message_1_that_is_refused_gets_the_number() {
    type Item = fn(Ead1) -> Option<Vec<u8>>;
    let rows: [(Code, Item); 6] = [
        (Code::EadRefused, |_| None),
        (Code::Structure, |_| Some(vec![0x80])),
        (Code::WrongServer, |it| {
            cbor::to_vec(&Ead1 {
                server: OTHER_SERVER,
                ..it
            })
            .ok()
        }),
        (Code::PurposeRefused, |it| {
            cbor::to_vec(&Ead1 {
                purpose: Purpose::Factor,
                ..it
            })
            .ok()
        }),
        (Code::NoCommonVersion, |it| {
            let versions = vec![Version { major: 9, minor: 0 }];
            cbor::to_vec(&Ead1 { versions, ..it }).ok()
        }),
        (Code::SessionUnavailable, |it| {
            cbor::to_vec(&Ead1 { claim: None, ..it }).ok()
        }),
    ];
    for (code, item) in rows {
        let (_, frame) = Peer::login().message_1_with(&C_I, item);
        assert_eq!(
            told(&Hello::receive(&config(), &frame, NOW).unwrap_err()),
            code
        );
    }
}

/// SES-3: not one byte differs.
#[test]
fn without_the_nonce_every_answer_is_the_same() {
    let session = session();
    let expired = Session {
        expires: NOW,
        ..session.clone()
    };
    let wrong = Peer {
        nonce: [0; 32],
        ..Peer::login()
    };
    let answer = |peer: &Peer, found| {
        let hello = Hello::receive(&config(), &peer.message_1().1, NOW).unwrap();
        hello.answer(&config(), found, ENTROPY, NOW).unwrap_err()
    };
    let (_, no_claim) =
        Peer::login().message_1_with(&C_I, |it| cbor::to_vec(&Ead1 { claim: None, ..it }).ok());
    let no_claim = Hello::receive(&config(), &no_claim, NOW).unwrap_err();
    assert_eq!(told(&no_claim), Code::SessionUnavailable);
    let answers = [
        answer(&wrong, Found::Session(&session)),
        answer(&Peer::login(), Found::Session(&expired)),
        answer(&Peer::login(), Found::Nothing),
        answer(&Peer::login(), Found::Enrolment(&enrolment())),
    ];
    for failure in answers {
        assert_eq!(failure, no_claim);
    }
}

#[test]
fn what_is_not_awaited_leaves_the_connection_waiting() {
    let peer = Peer::login();
    let (mut awaiting, verified, _) = greeted(&peer);
    let id = awaiting.id();
    let statement = peer.statement(&verified);
    let (_, good) = peer.message_3(verified, id, Some(&statement));
    let Ok(Frame::Message3 { message, .. }) = Frame::from_slice(&good) else {
        panic!()
    };
    let frame = |frame: Frame| frame.to_vec().unwrap();
    let mut flipped = message.clone();
    *flipped.0.last_mut().unwrap() ^= 1;
    let another = Frame::Message3 {
        to: Bytes(vec![1]),
        message: message.clone(),
    };
    let (_, message_1) = peer.message_1();
    let record = Frame::Record {
        to: id.as_bytes().into(),
        record: message.clone(),
    };
    let garbage = Frame::Message3 {
        to: id.as_bytes().into(),
        message: flipped,
    };
    let rows = [
        (vec![0xff], Code::Malformed, false),
        (frame(another), Code::UnexpectedFrame, false),
        (message_1, Code::UnexpectedFrame, false),
        (frame(record), Code::UnexpectedFrame, false),
        (frame(garbage), Code::HandshakeInvalid, true),
    ];
    for (bytes, code, is_told) in rows {
        let refused = awaiting.receive(&bytes).unwrap_err();
        assert_eq!(refused.failure.code, code, "{bytes:02x?}");
        assert_eq!(refused.failure.frame.is_some(), is_told, "{bytes:02x?}");
        awaiting = *refused.state;
    }
    assert!(
        awaiting
            .receive(&good)
            .unwrap()
            .verify(Some(&account()), &P256)
            .is_ok()
    );
}

/// HS-13 and CRED-1, CRED-2.
#[test]
fn message_3_is_verified_with_the_key_it_names() {
    let theirs = Account {
        key: other_device().public(),
        ..account()
    };
    let mine = account();
    let by_value = IdCred::Value(Credential::device(device().public()));
    let as_server = Credential::server(SERVER, device().public());
    let rows: [(Code, &str, Peer, Option<&Account>); 7] = [
        (Code::CredentialMismatch, "no account", Peer::login(), None),
        (
            Code::CredentialMismatch,
            "another account",
            Peer::login(),
            Some(&theirs),
        ),
        (
            Code::CredentialMismatch,
            "signed by another key",
            Peer {
                signer: key(9),
                ..Peer::login()
            },
            Some(&mine),
        ),
        (
            Code::CredentialMismatch,
            "by value, at a login",
            Peer {
                id_cred: by_value,
                ..Peer::login()
            },
            Some(&mine),
        ),
        (
            Code::CredentialMismatch,
            "by kid, at an enrolment",
            Peer {
                id_cred: IdCred::Kid(device().kid()),
                ..Peer::enrol()
            },
            Some(&mine),
        ),
        (
            Code::CredentialMismatch,
            "an enrolment signed by another key",
            Peer {
                signer: key(9),
                ..Peer::enrol()
            },
            None,
        ),
        (
            Code::Structure,
            "the credential of a server",
            Peer {
                id_cred: IdCred::Value(as_server.clone()),
                credential: as_server,
                ..Peer::enrol()
            },
            None,
        ),
    ];
    for (code, what, peer, account) in rows {
        let (opened, ..) = opened(&peer);
        assert_eq!(
            told(&opened.verify(account, &P256).unwrap_err()),
            code,
            "{what}"
        );
    }
}

#[test]
fn what_is_no_statement_is_refused() {
    let peer = Peer::login();
    let long = Statement {
        user_input: Some(super::scene::text(9000)),
        ..peer.said.statement.clone()
    };
    let rows: [(Code, Option<Vec<u8>>); 3] = [
        (Code::EadRefused, None),
        (Code::Structure, Some(vec![0x80])),
        (Code::TooLarge, cbor::to_vec(&long).ok()),
    ];
    for (code, ead_3) in rows {
        let (awaiting, verified, _) = greeted(&peer);
        let (_, frame) = peer.message_3(verified, awaiting.id(), ead_3.as_deref());
        let opened = awaiting.receive(&frame).unwrap();
        assert_eq!(
            told(&opened.verify(Some(&account()), &P256).unwrap_err()),
            code
        );
    }
}

/// HS-6.
#[test]
fn an_answer_is_repeated_for_180_s_to_identical_bytes() {
    let (answered, answer, asked) = answered(&Peer::login());
    for (later, repeated) in [(0, true), (179, true), (180, false), (181, false)] {
        let now = NOW.plus(later);
        assert_eq!(answered.is_over(now), !repeated, "{later}");
        match repeated {
            true => assert_eq!(answered.repeat(&asked, now), Ok(answer.clone()), "{later}"),
            false => assert_eq!(
                answered.repeat(&asked, now).map_err(|failure| failure.code),
                Err(Code::UnexpectedFrame),
                "{later}"
            ),
        }
    }
    // A clock set back lengthens the repetition and harms nobody.
    assert!(answered.repeat(&asked, UnixSeconds(0)).is_ok());
}

#[test]
fn other_bytes_get_no_repetition() {
    let (answered, _, asked) = answered(&Peer::login());
    let Ok(Frame::Message3 { to, message }) = Frame::from_slice(&asked) else {
        panic!()
    };
    let mut other = message.clone();
    *other.0.last_mut().unwrap() ^= 1;
    let frame = |frame: Frame| frame.to_vec().unwrap();
    let rows = [
        frame(Frame::Message3 {
            to: to.clone(),
            message: other,
        }),
        frame(Frame::Message3 {
            to: Bytes(vec![1]),
            message: message.clone(),
        }),
        frame(Frame::Record {
            to,
            record: message,
        }),
    ];
    for bytes in rows {
        let failure = answered.repeat(&bytes, NOW).unwrap_err();
        assert_eq!(
            failure,
            Failure {
                code: Code::UnexpectedFrame,
                frame: None
            }
        );
    }
}

#[test]
fn a_voucher_goes_out_as_signed() {
    // A key that signs nonsense is found out by the factor server, not here.
    let (_, frame) = Peer::enrol().message_1();
    let hello = Hello::receive(&config(), &frame, NOW).unwrap();
    let answer = hello.answer(&config(), Found::Enrolment(&enrolment()), ENTROPY, NOW);
    let Ok(Answer::Voucher(voucher)) = answer else {
        panic!()
    };
    assert!(voucher.signed(Signature([1; 64])).is_ok());
}

#[test]
fn handshakes_share_nothing_but_the_device() {
    let (_, frame) = Peer::login().message_1();
    let session = session();
    let id = |entropy| {
        let hello = Hello::receive(&config(), &frame, NOW).unwrap();
        let answer = hello.answer(&config(), Found::Session(&session), entropy, NOW);
        let Ok(Answer::Message2(message_2)) = answer else {
            panic!()
        };
        let signature = handshake_key().sign(message_2.tbs());
        let (awaiting, frame) = message_2.signed(signature).unwrap();
        (awaiting.id(), frame)
    };
    // HS-7: another entropy is another connection and another ephemeral key.
    assert_ne!(id([1; 32]).0, id([2; 32]).0);
    assert_ne!(id([1; 32]).1, id([2; 32]).1);
    assert_eq!(id([1; 32]).0.as_bytes().len(), 8);
}
