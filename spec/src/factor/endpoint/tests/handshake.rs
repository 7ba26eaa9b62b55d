//! message_1 to message_3: HS-*, VER-2, PAR-6, STM-8.

use super::*;

#[test]
fn message_1_is_checked_in_order() {
    type Spoil = fn(&mut Ead1);
    let claim = Claim {
        session: SessionId([0; 32]),
        proof: Digest([0; 32]),
    };
    let cases: [(Code, Spoil); 5] = [
        (Code::WrongServer, |ead_1| ead_1.server = AUDIENCE),
        (Code::PurposeRefused, |ead_1| ead_1.purpose = Purpose::Login),
        (Code::Structure, |ead_1| ead_1.versions.clear()),
        (Code::EadRefused, |ead_1| {
            ead_1.claim = Some(Claim {
                session: SessionId([0; 32]),
                proof: Digest([0; 32]),
            });
        }),
        (Code::NoCommonVersion, |ead_1| {
            ead_1.versions = vec![Version { major: 2, minor: 0 }]
        }),
    ];
    for (position, (code_of_first, spoil)) in cases.iter().enumerate() {
        let mut ead_1 = ead_1();
        spoil(&mut ead_1);
        // A later fault beside it changes nothing; two that spoil the same field are left out.
        if position < 2 {
            ead_1.claim = Some(claim.clone());
        }
        let rejected = Talk {
            ead_1,
            ..Talk::default()
        }
        .greet()
        .unwrap_err();
        assert_eq!(rejected.refusal.0, *code_of_first);
        let Ok(Frame::Error { to, error }) = Frame::from_slice(&rejected.answer.unwrap()) else {
            panic!("an error frame")
        };
        assert_eq!(to.0, [0xc1; 8]);
        assert_eq!(
            ErrorMessage::decode(&error).unwrap(),
            ErrorMessage::of(code_of_first.number())
        );
    }
    let many = vec![FACTOR_VERSIONS[0]; limit::VERSIONS + 1];
    let talk = Talk {
        ead_1: Ead1 {
            versions: many,
            ..ead_1()
        },
        ..Talk::default()
    };
    assert_eq!(code(talk.greet()), Code::Structure);
    assert_eq!(
        code(Greeting::receive(&offer(), &[0xff])),
        Code::HandshakeInvalid
    );
}

#[test]
fn the_highest_common_version_is_chosen_and_parameters_are_sent_to_whom_lacks_them() {
    let [old, new] = [FACTOR_VERSIONS[0], FACTOR_VERSIONS[1]];
    let future = Version { major: 9, minor: 0 };
    for (versions, chosen) in [
        (vec![old], old),
        (vec![old, new, future], new),
        (vec![new, old], new),
    ] {
        let talk = Talk {
            ead_1: Ead1 {
                versions,
                ..ead_1()
            },
            ..Talk::default()
        };
        assert_eq!(talk.meet().ead_2.version, chosen);
    }
    for (epoch, sent) in [(Some(5), false), (Some(4), true), (None, true)] {
        let ead_2 = Talk {
            ead_1: Ead1 { epoch, ..ead_1() },
            ..Talk::default()
        }
        .meet()
        .ead_2;
        assert_eq!(ead_2.parameters.is_some(), sent, "{epoch:?}");
        assert_eq!(ead_2.epoch, 5);
        let others = (ead_2.announce, ead_2.account, ead_2.policy, ead_2.voucher);
        assert_eq!(others, (None, None, None, None));
    }
}

#[test]
fn a_strangers_message_3_does_not_end_the_waiting() {
    let met = Talk::default().meet();
    let unopened = met.greeted.open(&[0x40]).unwrap_err();
    assert_eq!(unopened.refusal.0, Code::HandshakeInvalid);
    assert!(unopened.greeted.open(&met.message_3).is_ok());
}

#[test]
fn message_3_is_by_a_device_for_this_purpose_and_says_nothing_else() {
    let other = Credential::device(k_sf().public());
    let foreign = Talk {
        id_cred: IdCred::Value(other.clone()),
        credential: other,
        ..Talk::default()
    };
    assert_eq!(code(foreign.welcome(None)), Code::CredentialMismatch);

    let server = Credential::server(AUDIENCE, k_dsf().public());
    let as_server = Talk {
        id_cred: IdCred::Value(server.clone()),
        credential: server,
        ..Talk::default()
    };
    assert_eq!(code(as_server.welcome(None)), Code::CredentialMismatch);

    let by_reference = Talk {
        id_cred: IdCred::Kid(k_dsf().public().kid()),
        ..Talk::default()
    };
    assert_eq!(code(by_reference.welcome(None)), Code::CredentialMismatch);

    let login = Talk {
        statement: Statement::bare(Purpose::Login),
        ..Talk::default()
    };
    assert_eq!(code(login.welcome(None)), Code::PurposeRefused);
    let chatty = Statement {
        counter: Some(1),
        ..Statement::bare(Purpose::Factor)
    };
    let chatty = Talk {
        statement: chatty,
        ..Talk::default()
    };
    assert_eq!(code(chatty.welcome(None)), Code::Structure);
}

#[test]
fn the_answer_to_message_3_is_repeated_for_180_seconds() {
    let met = Talk::default().meet();
    let opened = met.greeted.open(&met.message_3).unwrap();
    let authenticated = opened.authenticate(None, &P256).unwrap();
    let status = Server::default().status(authenticated.requester());
    let (connection, frame) = authenticated.welcome(&status, NOW).unwrap();
    let repeat = |bytes: &[u8], after| {
        connection
            .repeat(bytes, NOW.plus(after))
            .map(<[u8]>::to_vec)
    };
    assert_eq!(repeat(&met.message_3, 0), Ok(frame.clone()));
    assert_eq!(repeat(&met.message_3, 179), Ok(frame));
    assert_eq!(
        repeat(&met.message_3, 180),
        Err(Code::UnexpectedFrame.into())
    );
    let mut other = met.message_3.clone();
    other[5] ^= 1;
    assert_eq!(repeat(&other, 0), Err(Code::UnexpectedFrame.into()));
}

/// A store that hands out the wrong record tells the device nothing of it.
#[test]
fn the_status_is_of_the_requesters_own_record() {
    let mut server = Server::default();
    let (mut connection, mut device, _) = server.connect(&Talk::default());
    let create = device.create("1234", connection.requester().channel());
    let record = device.seal(&create);
    let _: Status = device.hear(&server.serve(&mut connection, &record));
    let (_, _, own) = server.connect(&Talk::default());
    assert!(own.record.is_some());

    let stored = server.record.as_mut().unwrap();
    stored.device = k_sf().public();
    let (_, _, foreign) = server.connect(&Talk::default());
    assert_eq!(foreign.record, None);
}
