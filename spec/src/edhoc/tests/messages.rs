//! Messages of another form: methods, suites, EAD, limits, errors.

use alloc::vec;

use super::*;
use crate::cbor::DecodeError;
use crate::edhoc::ead::Ead;

/// (METHOD, SUITES_I, G_X, C_I) and more, with a method and suites of choice.
fn message_1(method: i64, suites: &[u8], more: &[u8]) -> Vec<u8> {
    let g_x = Initiator::from_entropy(X);
    let start = Sequence::new().int(method).encoded(suites).bytes(g_x.g_x());
    start.int(-14).encoded(more).into_vec()
}

fn refusal(message_1: &[u8]) -> Option<EdhocError> {
    receive(message_1).err()
}

#[test]
fn only_method_0() {
    assert_eq!(refusal(&message_1(0, &[6], &[])), None);
    for method in [1, 2, 3, 4, -1, 24, i64::MAX] {
        let refused = refusal(&message_1(method, &[6], &[])).expect("another method");
        assert_eq!((refused, refused.code()), (EdhocError::Method, 200));
        assert_eq!(refused.to_message(), ErrorMessage::of(200));
    }
}

#[test]
fn only_suite_6() {
    // Others may be preferred to it, as RFC 9528, section 6.3.2 has it.
    for suites in [
        &[0x06][..],
        &[0x82, 0x05, 0x06],
        &[0x83, 0x18, 0x18, 0x05, 0x06],
    ] {
        assert_eq!(refusal(&message_1(0, suites, &[])), None, "{suites:?}");
    }
    for suites in [
        &[0x00][..],
        &[0x02],
        &[0x25],                   // -6
        &[0x18, 0x18],             // 24
        &[0x82, 0x06, 0x05],       // selects 5, though it prefers 6
        &[0x83, 0x06, 0x05, 0x06], // had 6 first, and selects it again
        &[0x82, 0x06, 0x06],
    ] {
        let refused = refusal(&message_1(0, suites, &[])).expect("another suite");
        assert_eq!(
            (refused, refused.code()),
            (EdhocError::Suite, 200),
            "{suites:?}"
        );
        assert_eq!(refused.to_message().encode(), [0x02, 0x06]);
    }
    // A suite with longer keys is another suite, not a malformed message.
    let g_x = Sequence::new()
        .int(0)
        .int(24)
        .bytes(&[4; 48])
        .int(0)
        .into_vec();
    assert_eq!(refusal(&g_x), Some(EdhocError::Suite));
    for suites in [&[0x80][..], &[0x81, 0x06]] {
        assert_eq!(
            refusal(&message_1(0, suites, &[])),
            Some(EdhocError::Form),
            "{suites:?}"
        );
    }
}

#[test]
fn g_x_of_32_bytes() {
    for length in [0, 31, 33, 64] {
        let bytes = vec![9; length];
        let message = Sequence::new()
            .int(0)
            .int(6)
            .bytes(&bytes)
            .int(0)
            .into_vec();
        assert_eq!(refusal(&message), Some(EdhocError::Form), "{length}");
    }
}

#[test]
fn message_1_ends_where_it_is_cut() {
    let whole = Talk::default().message_1().1;
    for length in 0..whole.len() {
        // Without EAD it is whole as well; the layer above will miss it.
        let is_whole = length == whole.len() - 8;
        assert_eq!(receive(&whole[..length]).is_ok(), is_whole, "{length}");
    }
    assert_eq!(
        receive(&whole[..whole.len() - 8]).expect("whole").ead_1(),
        None
    );
}

#[test]
fn ead_rules() {
    const OURS: &[u8] = &[0x39, 0x7f, 0xff, 0x41, 0x07]; // -32768, h'07'
    const NAKED: &[u8] = &[0x39, 0x7f, 0xff];
    const MEEK: &[u8] = &[0x19, 0x80, 0x00, 0x41, 0x07]; // 32768, h'07'
    const PADDING: &[u8] = &[0x00];
    const LONG_PADDING: &[u8] = &[0x00, 0x42, 0xe9, 0xe9];
    const UNKNOWN: &[u8] = &[0x18, 0x63, 0x41, 0x01]; // 99, h'01'
    const CRITICAL: &[u8] = &[0x38, 0x62, 0x41, 0x01]; // -99, h'01'
    assert_eq!(Ead::new(Some(&[7])).field, OURS);

    let (none, seven) = (Ok(None), Ok(Some(vec![7])));
    let refused = |error| Err(EdhocError::Ead(error));
    let structure = || Err(EdhocError::Malformed(DecodeError::Structure));
    for (items, value) in [
        (&[][..], none.clone()),
        (&[OURS], seven.clone()),
        (&[PADDING, OURS, LONG_PADDING, PADDING], seven.clone()),
        (&[UNKNOWN, OURS, UNKNOWN], seven),
        (&[PADDING, UNKNOWN], none),
        (&[OURS, OURS], refused(EadError::Duplicate)),
        (&[OURS, PADDING, OURS], refused(EadError::Duplicate)),
        (&[NAKED], refused(EadError::NoValue)),
        (&[NAKED, PADDING], refused(EadError::NoValue)),
        (&[MEEK], refused(EadError::NotCritical)),
        (&[OURS, MEEK], refused(EadError::NotCritical)),
        (&[CRITICAL], refused(EadError::UnknownCritical)),
        (&[OURS, CRITICAL], refused(EadError::UnknownCritical)),
        (&[&[0x41, 0x07]], structure()), // a value without a label
        (&[OURS, &[0x41, 0x07]], structure()),
        (&[OURS, &[0xf6]], structure()),
        (&[&[0x61, 0x61]], structure()),
    ] {
        let field = items.concat();
        let received = receive(&message_1(0, &[6], &field));
        assert_eq!(
            received.map(|asked| asked.ead_1().map(Vec::from)),
            value,
            "{field:02x?}"
        );
        assert_eq!(
            Ead::decode(&field).map(|ead| ead.value),
            value,
            "{field:02x?}"
        );
    }
    for error in [EadError::Missing, EadError::Duplicate, EadError::NoValue] {
        assert_eq!(error.code(), 209);
    }
    for error in [EadError::NotCritical, EadError::UnknownCritical] {
        assert_eq!(error.code(), 209);
    }
}

/// Padding is ignored but not forgotten: it stays under MAC and signature.
#[test]
fn padding_is_signed() {
    let padded = Ead::decode(&[0x00, 0x39, 0x7f, 0xff, 0x41, 0x07]).expect("EAD");
    assert_eq!(padded.field.len(), 6);
    assert_eq!(padded.value, Some(vec![7]));
}

#[test]
fn plaintext_2_of_8160_bytes() {
    // C_R 2 (0x4118), kid 17, signature 66, EAD label 3 and head 3.
    let room = 8160 - (2 + 17 + 66 + 3 + 3);
    for (length, fits) in [(room, true), (room + 1, false)] {
        let (initiator, message_1) = Talk::default().message_1();
        let mut talk = Talk::default();
        talk.ead[1] = Some(vec![5; length]);
        match talk.message_2(&message_1) {
            Ok((_, message_2)) => {
                assert!(fits);
                assert_eq!(message_2.len(), MESSAGE_2_LIMIT_BYTES);
                let opened = initiator.open(&message_2).expect("message_2");
                assert_eq!(opened.ead_2().map(<[u8]>::len), Some(room));
                assert!(opened.verify(&server(), &P256).is_ok());
            }
            Err(error) => assert_eq!((fits, error), (false, EdhocError::TooLong)),
        }
    }
    let (initiator, _) = Talk::default().message_1();
    let over = Sequence::new()
        .bytes_of(&[&[9; 32], &vec![0; 8161]])
        .into_vec();
    assert_eq!(initiator.open(&over).err(), Some(EdhocError::TooLong));
}

#[test]
fn messages_1_and_3_are_bounded_for_sender_and_receiver() {
    let mut talk = Talk::default();
    talk.ead[0] = Some(vec![0; MESSAGE_LIMIT_BYTES]);
    assert_eq!(
        initiate(X, id(b"i"), talk.ead[0].as_deref()).err(),
        Some(EdhocError::TooLong)
    );
    assert_eq!(
        refusal(&vec![0; MESSAGE_LIMIT_BYTES + 1]),
        Some(EdhocError::TooLong)
    );
    assert_eq!(EdhocError::TooLong.code(), 106);

    // kid 17, signature 66, EAD label 3 and head 3 (up to 65,535) make the plaintext.
    let room = MESSAGE_LIMIT_BYTES - (17 + 66 + 3 + 3) - 16 - 5;
    for (length, fits) in [(room, true), (room + 1, false)] {
        let mut talk = Talk::default();
        talk.ead[2] = Some(vec![5; length]);
        let (initiator, message_1) = talk.message_1();
        let (responder, message_2) = talk.message_2(&message_1).expect("message_2");
        match talk.message_3(initiator, &message_2) {
            Ok((_, message_3)) => {
                assert!(fits);
                assert!(message_3.len() <= MESSAGE_LIMIT_BYTES);
                assert!(Talk::finish(responder, &message_3).is_ok());
            }
            Err(error) => assert_eq!((fits, error), (false, EdhocError::TooLong)),
        }
    }
}

#[test]
fn error_messages() {
    for (message, bytes) in [
        (ErrorMessage::of(209), &b"\x01\x63209"[..]),
        (ErrorMessage::WrongSuite(vec![6]), &[0x02, 0x06]),
        (
            ErrorMessage::WrongSuite(vec![6, -24]),
            &[0x02, 0x82, 0x06, 0x37],
        ),
        (ErrorMessage::UnknownCredential, &[0x03, 0xf5]),
        (ErrorMessage::Unregistered(-7), &[0x26, 0xf6]),
    ] {
        assert_eq!(message.encode(), bytes);
        assert_eq!(ErrorMessage::decode(bytes), Ok(message));
    }
    let map = &[0x18, 0x40, 0xa1, 0x01, 0x81, 0x02];
    assert_eq!(
        ErrorMessage::decode(map),
        Ok(ErrorMessage::Unregistered(64)),
        "any information"
    );

    for bytes in [
        &[0x00, 0xf6][..],         // success is never sent
        &[0x03, 0xf4],             // false
        &[0x02, 0x81, 0x06],       // an array of one
        &[0x01, 0x06],             // no text
        &[0x01, 0x61, 0x61, 0x00], // trailing
        &[0x01],
        &[],
        &[0x18, 0x40, 0xfb, 0, 0, 0, 0, 0, 0, 0, 0], // a float
    ] {
        let code = ErrorMessage::decode(bytes).map_err(EdhocError::code);
        assert_eq!(code, Err(201), "{bytes:02x?}");
    }
    let long = ErrorMessage::decode(&[0; ErrorMessage::LIMIT_BYTES + 1]);
    assert_eq!(long, Err(EdhocError::TooLong));
}
