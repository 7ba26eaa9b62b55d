//! Handshakes that succeed, and those that end at a verification.

use alloc::string::String;
use alloc::vec;

use super::*;
use crate::cbor::DecodeError;
use crate::crypto::SignatureError;

fn keys(session: &Established) -> [[u8; 32]; 2] {
    [0, 0x8000].map(|label| {
        let mut out = [0; 32];
        session
            .exporter(label, b"context", &mut out)
            .expect("short");
        out
    })
}

#[test]
fn both_sides_agree_on_everything() {
    let talk = Talk::default();
    let (initiator, message_1) = talk.message_1();

    let asked = receive(&message_1).expect("message_1");
    assert_eq!(asked.c_i(), id(&[0x2d]));
    assert_eq!(asked.g_x(), Initiator::from_entropy(X).g_x());
    assert_eq!(asked.ead_1(), talk.ead[0].as_deref());

    let (responder, message_2) = talk.message_2(&message_1).expect("message_2");
    let opened = initiator.open(&message_2).expect("message_2");
    assert_eq!(opened.c_r(), id(&[0x18]));
    assert_eq!(opened.id_cred_r(), &kid(&server()));
    assert_eq!(opened.ead_2(), talk.ead[1].as_deref());
    assert_eq!(opened.transcript(), responder.transcript());

    let verified = opened.verify(&server(), &P256).expect("the server");
    assert_eq!(*verified.ead_2::<String>(64).expect("text"), "two");
    assert_eq!(verified.peer(), &server());
    let state = verified.prepare(kid(&device()), &device(), talk.ead[2].as_deref());
    let state = state.expect("named rightly");
    let signature = device_key().sign(state.tbs());
    let (initiator, message_3) = state.signed(signature);

    let opened = responder.open(&message_3).expect("message_3");
    assert_eq!(opened.id_cred_i(), &kid(&device()));
    assert_eq!(opened.ead_3(), talk.ead[2].as_deref());
    let responder = opened.verify(&device(), &P256).expect("the device");

    assert_eq!(keys(&initiator), keys(&responder));
    assert_eq!(initiator.channel_binding(), responder.channel_binding());
    assert_eq!(initiator.transcript(), responder.transcript());
    assert_eq!(
        (initiator.c_i(), initiator.c_r()),
        (responder.c_i(), responder.c_r())
    );
    assert_eq!(
        (initiator.side(), responder.side()),
        (Side::Initiator, Side::Responder)
    );
    assert_eq!((initiator.peer(), responder.peer()), (&server(), &device()));
    assert_eq!(*initiator.peer_ead::<String>(64).expect("text"), "two");
    assert_eq!(*responder.peer_ead::<String>(64).expect("text"), "try");
}

/// The two messages, written out once by hand: nothing else is hashed.
#[test]
fn transcript_is_of_both_messages() {
    let (_, message_1) = Talk::default().message_1();
    let (state, message_2) = Talk::default().message_2(&message_1).expect("message_2");
    let mut all = vec![0x82, 0x58, u8::try_from(message_1.len()).expect("short")];
    all.extend(&message_1);
    all.extend([0x58, u8::try_from(message_2.len()).expect("short")]);
    all.extend(&message_2);
    assert_eq!(state.transcript(), Transcript(sha256(&[&all])));
}

#[test]
fn credentials_by_value() {
    let talk = Talk {
        id_cred_i: IdCred::Value(device()),
        id_cred_r: IdCred::Value(server()),
        ..Talk::default()
    };
    let (initiator, responder) = talk.whole();
    assert_eq!(keys(&initiator), keys(&responder));

    // By value or by reference is under the signature, though the key is the same.
    assert_ne!(keys(&initiator), keys(&established().0));
}

#[test]
fn without_ead() {
    let talk = Talk {
        ead: [None, None, None],
        ..Talk::default()
    };
    let (initiator, responder) = talk.whole();
    assert_eq!(keys(&initiator), keys(&responder));
    let missing = EdhocError::Ead(EadError::Missing);
    assert_eq!(responder.peer_ead::<String>(64).err(), Some(missing));
    assert_eq!(missing.code(), 209);
}

#[test]
fn ead_of_another_kind_keeps_its_own_error() {
    let (_, responder) = established();
    assert_eq!(
        responder
            .peer_ead::<u64>(64)
            .map_err(EdhocError::code)
            .err(),
        Some(107)
    );
    assert_eq!(
        responder
            .peer_ead::<String>(3)
            .map_err(EdhocError::code)
            .err(),
        Some(106)
    );
}

/// n - s, the other value of s for the same signature.
fn other_s(signature: Signature) -> Signature {
    let (r, s) = p256::ecdsa::Signature::from_slice(&signature.0)
        .expect("valid")
        .split_scalars();
    let other = p256::ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes());
    Signature(other.expect("valid").to_bytes().into())
}

#[test]
fn either_value_of_s_will_do() {
    for twist in [|signature| signature, other_s] {
        let (initiator, message_1) = Talk::default().message_1();
        let asked = receive(&message_1).expect("message_1");
        let state = asked
            .prepare(Y, id(b"r"), kid(&server()), &server(), None)
            .expect("named");
        let signature = twist(server_key().sign(state.tbs()));
        let (responder, message_2) = state.signed(signature);
        let state = initiator
            .open(&message_2)
            .expect("message_2")
            .verify(&server(), &P256);
        let state = state
            .expect("signed")
            .prepare(kid(&device()), &device(), None)
            .expect("named");
        let signature = twist(device_key().sign(state.tbs()));
        let (_, message_3) = state.signed(signature);
        assert!(Talk::finish(responder, &message_3).is_ok());
    }
}

#[test]
fn who_signs_with_another_key_is_refused() {
    let mallory = Key::of(0x66);
    let (initiator, message_1) = Talk::default().message_1();
    let asked = receive(&message_1).expect("message_1");
    let state = asked
        .prepare(Y, id(b"r"), kid(&server()), &server(), None)
        .expect("named");
    let signature = mallory.sign(state.tbs());
    let (_, message_2) = state.signed(signature);
    let refused = initiator
        .open(&message_2)
        .expect("message_2")
        .verify(&server(), &P256)
        .err();
    assert_eq!(
        refused,
        Some(EdhocError::Signature(SignatureError::Mismatch))
    );
    assert_eq!(refused.map(EdhocError::code), Some(211));

    let (initiator, message_1) = Talk::default().message_1();
    let (responder, message_2) = Talk::default().message_2(&message_1).expect("message_2");
    let state = initiator
        .open(&message_2)
        .expect("message_2")
        .verify(&server(), &P256);
    let state = state
        .expect("signed")
        .prepare(kid(&device()), &device(), None)
        .expect("named");
    let signature = mallory.sign(state.tbs());
    let (_, message_3) = state.signed(signature);
    let refused = Talk::finish(responder, &message_3).err();
    assert_eq!(
        refused,
        Some(EdhocError::Signature(SignatureError::Mismatch))
    );
}

#[test]
fn another_credential_than_named_is_refused() {
    let other = Credential::device(Key::of(0x66).public());
    let (initiator, message_1) = Talk::default().message_1();
    let (responder, message_2) = Talk::default().message_2(&message_1).expect("message_2");

    let opened = Talk::default()
        .message_1()
        .0
        .open(&message_2)
        .expect("the same X");
    assert_eq!(
        opened.verify(&other, &P256).err(),
        Some(EdhocError::CredentialMismatch)
    );

    let (_, message_3) = Talk::default()
        .message_3(initiator, &message_2)
        .expect("message_3");
    let opened = responder.open(&message_3).expect("message_3");
    let refused = opened.verify(&other, &P256).err();
    assert_eq!(refused, Some(EdhocError::CredentialMismatch));
    assert_eq!(refused.map(EdhocError::code), Some(211));
}

/// The `kid` names the key; the rest of CRED_R is covered by the signature.
#[test]
fn the_same_key_of_another_server_is_refused() {
    let (initiator, message_1) = Talk::default().message_1();
    let (_, message_2) = Talk::default().message_2(&message_1).expect("message_2");
    let namesake = Credential::server(ServerId([0xac; 16]), server_key().public());
    let refused = initiator
        .open(&message_2)
        .expect("message_2")
        .verify(&namesake, &P256)
        .err();
    assert_eq!(
        refused,
        Some(EdhocError::Signature(SignatureError::Mismatch))
    );
}

#[test]
fn a_key_that_is_no_point_is_refused() {
    let nowhere = Credential::device(PublicKey([7; 64]));
    let (initiator, message_1) = Talk::default().message_1();
    let (responder, message_2) = Talk::default().message_2(&message_1).expect("message_2");
    let state = initiator
        .open(&message_2)
        .expect("message_2")
        .verify(&server(), &P256);
    let by_value = IdCred::Value(nowhere.clone());
    let state = state
        .expect("signed")
        .prepare(by_value, &nowhere, None)
        .expect("named");
    let signature = device_key().sign(state.tbs());
    let (_, message_3) = state.signed(signature);
    let refused = responder
        .open(&message_3)
        .expect("message_3")
        .verify(&nowhere, &P256)
        .err();
    assert_eq!(refused.map(EdhocError::code), Some(114));
}

#[test]
fn nobody_names_another_credential_than_its_own() {
    let (initiator, message_1) = Talk::default().message_1();
    let asked = receive(&message_1).expect("message_1");
    let refused = asked
        .prepare(Y, id(b"r"), kid(&device()), &server(), None)
        .err();
    assert_eq!(refused, Some(EdhocError::CredentialMismatch));

    let (_, message_2) = Talk::default().message_2(&message_1).expect("message_2");
    let state = initiator
        .open(&message_2)
        .expect("message_2")
        .verify(&server(), &P256);
    let refused = state
        .expect("signed")
        .prepare(kid(&server()), &device(), None)
        .err();
    assert_eq!(refused, Some(EdhocError::CredentialMismatch));
}

#[test]
fn message_3_of_another_connection_changes_nothing() {
    let (initiator, message_1) = Talk::default().message_1();
    let (responder, message_2) = Talk::default().message_2(&message_1).expect("message_2");
    let (_, message_3) = Talk::default()
        .message_3(initiator, &message_2)
        .expect("message_3");

    // The same devices, the same first message, another ephemeral key of the server.
    let asked = receive(&message_1).expect("message_1");
    let state = asked.prepare([0x55; 32], id(&[0x18]), kid(&server()), &server(), None);
    let state = state.expect("named");
    let signature = server_key().sign(state.tbs());
    let (elsewhere, _) = state.signed(signature);
    let refused = elsewhere
        .open(&message_3)
        .expect_err("another connection's");
    assert_eq!(refused.error, EdhocError::Undecryptable);
    assert_eq!(refused.error.code(), 201);

    // And where it belongs, garbage before it does no harm.
    let mut state = responder;
    for garbage in [
        &b""[..],
        &[0x40],
        &[0x58, 1, 0],
        &[0x41, 0],
        &[0x00],
        &message_2,
        &message_1,
    ] {
        state = *state.open(garbage).expect_err("garbage").state;
    }
    let longer = [&message_3[..], &[0]].concat();
    let refused = state.open(&longer).expect_err("trailing");
    assert_eq!(refused.error, EdhocError::Malformed(DecodeError::Trailing));
    let state = *refused.state;
    assert!(Talk::finish(state, &message_3).is_ok());
}

#[test]
fn ephemeral_keys_of_low_order_are_refused() {
    // RFC 9529, section 4.2.4, in our method and suite; and zero.
    let mut p = [0xff; 32];
    (p[0], p[31]) = (0xed, 0x7f);
    for low in [p, [0; 32]] {
        let message_1 = Sequence::new().int(0).int(6).bytes(&low).int(14).into_vec();
        let asked = receive(&message_1).expect("its form is right");
        let refused = asked
            .prepare(Y, id(b"r"), kid(&server()), &server(), None)
            .err();
        assert_eq!(refused, Some(EdhocError::EphemeralKey));

        let (initiator, _) = Talk::default().message_1();
        let message_2 = Sequence::new().bytes_of(&[&low, &[0; 90]]).into_vec();
        assert_eq!(
            initiator.open(&message_2).err(),
            Some(EdhocError::EphemeralKey)
        );
    }
}

#[test]
fn states_print_no_secret() {
    let (initiator, message_1) = Talk::default().message_1();
    let x = alloc::format!("{X:?}");
    assert!(!alloc::format!("{initiator:?}").contains(x.trim_matches(['[', ']'])));
    let (responder, _) = Talk::default().message_2(&message_1).expect("message_2");
    assert!(alloc::format!("{responder:?}").contains("prk: Secret(..)"));
}
