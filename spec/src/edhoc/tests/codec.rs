//! Identifiers and credentials as bytes, and plaintexts of any length.

use alloc::vec;

use proptest::prelude::*;

use super::*;
use crate::cbor::Reader;
use crate::values::Kid;

#[test]
fn connection_ids() {
    // The examples of RFC 9528, section 3.3.2, and what is around their borders.
    for (bytes, encoded) in [
        (&[0x21][..], &[0x21][..]),
        (&[0x0d], &[0x0d]),
        (&[0x18], &[0x41, 0x18]),
        (&[0x38], &[0x41, 0x38]),
        (&[0xab, 0xcd], &[0x42, 0xab, 0xcd]),
        (&[], &[0x40]),
        (&[0x00], &[0x00]),
        (&[0x17], &[0x17]),
        (&[0x1f], &[0x41, 0x1f]),
        (&[0x20], &[0x20]),
        (&[0x37], &[0x37]),
        (&[0x40], &[0x41, 0x40]),
        (&[0xff], &[0x41, 0xff]),
        (&[0; 8], &[0x48, 0, 0, 0, 0, 0, 0, 0, 0]),
    ] {
        let id = ConnectionId::new(bytes).expect("short");
        assert_eq!(id.as_bytes(), bytes);
        assert_eq!(id.encode(), encoded);
        assert_eq!(Reader::new(encoded).next(), Ok(id));
    }
    for encoded in [
        &[0x41, 0x21][..], // an integer in disguise
        &[0x41, 0x00],
        &[0x41, 0x17],
        &[0x41, 0x37],
        &[0x18, 0x18],                      // 24
        &[0x38, 0x18],                      // -25
        &[0x49, 0, 0, 0, 0, 0, 0, 0, 0, 0], // nine bytes
        &[0x61, 0x61],
        &[0x80],
        &[0xf6],
    ] {
        assert!(
            Reader::new(encoded).next::<ConnectionId>().is_err(),
            "{encoded:02x?}"
        );
    }
    assert_eq!(ConnectionId::new(&[0; 9]), None);
    // Every single byte goes there and back.
    for byte in 0..=u8::MAX {
        let id = ConnectionId::new(&[byte]).expect("short");
        assert_eq!(Reader::new(&id.encode()).next(), Ok(id));
    }
}

#[test]
fn credentials_as_the_independent_cbor_has_them() {
    use ciborium::{Value, cbor};
    for credential in [device(), server()] {
        let (x, y) = (credential.key.x().to_vec(), credential.key.y().to_vec());
        let key = cbor!({
            1 => 2, -1 => 1, -2 => Value::Bytes(x), -3 => Value::Bytes(y)
        });
        let cnf = cbor!({ 1 => key.expect("key") }).expect("cnf");
        let claims = match credential.subject {
            None => cbor!({ 8 => cnf }),
            Some(id) => cbor!({ 2 => hex::encode(id.0), 8 => cnf }),
        };
        let mut encoded = Vec::new();
        ciborium::into_writer(&claims.expect("claims"), &mut encoded).expect("written");
        assert_eq!(credential.encode(), encoded);
        assert_eq!(Credential::decode(&encoded), Ok(credential.clone()));

        let mut map = vec![0xa1, 0x0e];
        map.extend(&encoded);
        let value = IdCred::Value(credential);
        assert_eq!((value.map(), value.compact()), (map.clone(), map));
    }
}

#[test]
fn a_credential_has_one_encoding() {
    for credential in [device(), server()] {
        let encoded = credential.encode();
        for length in 0..encoded.len() {
            assert_eq!(
                Credential::decode(&encoded[..length]),
                Err(EdhocError::Credential)
            );
        }
        let mut longer = encoded.clone();
        longer.push(0);
        assert_eq!(Credential::decode(&longer), Err(EdhocError::Credential));
        // What still decodes after a flip is another credential, and encodes to the flipped bytes.
        for bit in 0..encoded.len() * 8 {
            let mut flipped = encoded.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(other) = Credential::decode(&flipped) {
                assert_ne!(other, credential);
                assert_eq!(other.encode(), flipped);
            }
        }
    }
    let mut upper = server().encode();
    upper[4..36].make_ascii_uppercase();
    assert_eq!(
        Credential::decode(&upper),
        Err(EdhocError::Credential),
        "the id in capitals"
    );
}

#[test]
fn references_to_credentials() {
    let reference = IdCred::Kid(Kid([5; 16]));
    let mut map = vec![0xa1, 0x04, 0x50];
    map.extend([5; 16]);
    assert_eq!(reference.map(), map);
    assert_eq!(reference.compact(), map[2..]);
    assert_eq!(IdCred::split(&map[2..]), Ok((reference, &[][..])));
    assert_eq!(
        IdCred::split(&map),
        Err(EdhocError::Credential),
        "a kid that kept its map"
    );
    for bytes in [
        &[0x4f; 16][..],
        &[0x51; 18],
        &[0x00],
        &[0x37],
        &[0xa0],
        &[0x50; 16],
        &[],
    ] {
        assert_eq!(
            IdCred::split(bytes),
            Err(EdhocError::Credential),
            "{bytes:02x?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn handshakes_with_values_of_any_length(
        lengths in [0..2000usize, 0..8000usize, 0..20000usize],
        fill: u8,
        c_i in prop::collection::vec(any::<u8>(), 0..=8),
        c_r in prop::collection::vec(any::<u8>(), 0..=8),
        x: [u8; 32],
        y: [u8; 32],
    ) {
        let [ead_1, ead_2, ead_3] = lengths.map(|length| vec![fill; length]);
        let (initiator, message_1) = initiate(x, id(&c_i), Some(&ead_1)).expect("short");
        let asked = receive(&message_1).expect("message_1");
        prop_assert_eq!(asked.ead_1(), Some(&ead_1[..]));
        prop_assert_eq!(asked.c_i(), id(&c_i));
        let state = asked.prepare(y, id(&c_r), kid(&server()), &server(), Some(&ead_2));
        let state = state.expect("short");
        let signature = server_key().sign(state.tbs());
        let (responder, message_2) = state.signed(signature);
        let opened = initiator.open(&message_2).expect("message_2");
        prop_assert_eq!(opened.ead_2(), Some(&ead_2[..]));
        prop_assert_eq!(opened.c_r(), id(&c_r));
        let state = opened.verify(&server(), &P256).expect("signed");
        let state = state.prepare(kid(&device()), &device(), Some(&ead_3)).expect("short");
        let signature = device_key().sign(state.tbs());
        let (initiator, message_3) = state.signed(signature);
        let opened = responder.open(&message_3).expect("message_3");
        prop_assert_eq!(opened.ead_3(), Some(&ead_3[..]));
        let responder = opened.verify(&device(), &P256).expect("signed");
        prop_assert_eq!(initiator.channel_binding(), responder.channel_binding());
    }

    #[test]
    fn noise_is_refused_without_panic(noise in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = receive(&noise);
        let _ = Credential::decode(&noise);
        let _ = ErrorMessage::decode(&noise);
        prop_assert!(Talk::default().message_1().0.open(&noise).is_err());
    }
}
