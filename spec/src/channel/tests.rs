//! Two ends of a channel, and a network between them that does as it likes.

use alloc::string::String;
use alloc::{format, vec};

use proptest::prelude::*;

use super::*;
use crate::cbor::{DecodeError, to_vec};
use crate::crypto::seal_a128gcm;
use crate::edhoc::tests::established;

/// The device's and the server's end.
fn pair() -> (Channel, Channel) {
    used(0, 0)
}

/// The same after so many records and bytes in each direction.
fn used(records: u64, bytes: u64) -> (Channel, Channel) {
    let (initiator, responder) = established();
    (
        Channel::starting_at(initiator, records, bytes),
        Channel::starting_at(responder, records, bytes),
    )
}

fn seal(channel: &mut Channel, plaintext: &[u8]) -> Vec<u8> {
    channel.seal(plaintext).expect("sealed")
}

/// The channel answers `record` with this error, and is closed or open afterwards as it says.
fn check(channel: &mut Channel, record: &[u8], error: ChannelError, code: u16) {
    assert_eq!(channel.open(record), Err(error), "{record:02x?}");
    assert_eq!(error.code(), code);
    assert_eq!(channel.is_closed(), error.closes());
}

#[test]
fn both_directions() {
    let (mut device, mut server) = pair();
    assert_eq!(device.binding(), server.binding());
    for number in 0..300 {
        let words = format!("record {number}");
        let there = seal(&mut device, words.as_bytes());
        let back = seal(&mut server, words.as_bytes());
        assert_ne!(there, back, "each direction has its own key");
        assert_eq!(server.open(&there).as_deref(), Ok(words.as_bytes()));
        assert_eq!(device.open(&back).as_deref(), Ok(words.as_bytes()));
    }
    let empty = seal(&mut device, b"");
    assert_eq!(server.open(&empty), Ok(vec![]));
}

/// protocol.md, section 5.4, taken apart by the independent CBOR.
#[test]
fn a_record_is_an_encrypt0() {
    use ciborium::{Value, cbor};
    for (records, partial_iv) in [
        (0, &[0][..]),
        (1, &[1]),
        (255, &[255]),
        (256, &[1, 0]),
        (0xf_ffff, &[0x0f, 0xff, 0xff]),
    ] {
        let (mut device, _) = used(records, 0);
        let record = seal(&mut device, b"plaintext");
        let value: Value = ciborium::from_reader(&record[..]).expect("CBOR");
        let Value::Array(items) = value else {
            panic!("no array")
        };
        assert_eq!(items[0], Value::Bytes(vec![0xa1, 0x01, 0x01]));
        assert_eq!(
            items[1],
            cbor!({6 => Value::Bytes(partial_iv.to_vec())}).expect("map")
        );
        assert_eq!(items[2].as_bytes().map(Vec::len), Some(9 + 16));
    }

    let mut aad = Vec::new();
    let external = b"\x81\x72countersign record".to_vec();
    let structure = cbor!([
        "Encrypt0",
        Value::Bytes(vec![0xa1, 0x01, 0x01]),
        Value::Bytes(external)
    ]);
    ciborium::into_writer(&structure.expect("array"), &mut aad).expect("written");
    assert_eq!(record::AAD, aad);
}

/// Keys, IVs, nonces and updates computed once more, from the words of protocol.md alone.
#[test]
fn keys_are_the_exporters() {
    let (initiator, _) = established();
    let (mut key, mut iv) = ([0; 16], [0; 12]);
    initiator.exporter(32769, &[], &mut key).expect("short");
    initiator.exporter(32770, &[], &mut iv).expect("short");
    let next = crate::edhoc::schedule::key_update(&initiator.prk_out, &[0x01]);
    let mut device = Channel::starting_at(initiator, 0x01_02_03, 0);
    iv.iter_mut()
        .skip(9)
        .zip([1, 2, 3])
        .for_each(|(byte, number)| *byte ^= number);
    let ciphertext = seal_a128gcm(&key, &iv, record::AAD, b"words");
    let record = seal(&mut device, b"words");
    assert!(record.ends_with(&ciphertext));

    device.update_sending().expect("open");
    let prk = crate::edhoc::schedule::prk_exporter(&next);
    crate::edhoc::schedule::kdf(&prk, 32769, &[], &mut key).expect("short");
    crate::edhoc::schedule::kdf(&prk, 32770, &[], &mut iv).expect("short");
    let ciphertext = seal_a128gcm(&key, &iv, record::AAD, b"words");
    assert!(seal(&mut device, b"words").ends_with(&ciphertext));
}

#[test]
fn a_replay_is_dropped() {
    let (mut device, mut server) = pair();
    let first = seal(&mut device, b"first");
    let second = seal(&mut device, b"second");
    assert!(server.open(&first).is_ok());
    for _ in 0..3 {
        check(&mut server, &first, ChannelError::Replayed, 602);
    }
    assert_eq!(server.open(&second).as_deref(), Ok(&b"second"[..]));
    check(&mut server, &second, ChannelError::Replayed, 602);
    check(&mut server, &first, ChannelError::Replayed, 602);
}

#[test]
fn a_gap_closes() {
    let (mut device, mut server) = pair();
    let first = seal(&mut device, b"first");
    let second = seal(&mut device, b"second");
    check(&mut server, &second, ChannelError::Gap, 601);
    check(&mut server, &first, ChannelError::Closed, 600);
}

/// Every bit of a record, wherever it is, ends the channel; those that only make
/// the number lower make it an old record instead.
#[test]
fn a_flip_closes() {
    let (mut device, _) = used(5, 0);
    let record = seal(&mut device, b"words");
    let mut tags = 0;
    for bit in 0..record.len() * 8 {
        let mut flipped = record.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let (_, mut server) = used(5, 0);
        let error = server.open(&flipped).expect_err("one bit differs");
        assert_eq!(
            server.is_closed(),
            error != ChannelError::Replayed,
            "bit {bit}"
        );
        assert!(error != ChannelError::Closed);
        tags += usize::from(error == ChannelError::Tag);
    }
    assert_eq!(tags, (5 + 16) * 8, "every bit of ciphertext and tag");
}

#[test]
fn records_of_others_do_not_open() {
    // The other direction: a reflection.
    let (mut device, mut server) = pair();
    let record = seal(&mut device, b"words");
    check(&mut device, &record, ChannelError::Tag, 603);

    // Keys of another generation.
    let (initiator, _) = established();
    let mut other = Channel::new(initiator);
    other.update_sending().expect("open");
    let record = seal(&mut other, b"words");
    check(&mut server, &record, ChannelError::Tag, 603);

    // Another place: number 1 under the head of number 0.
    let (mut device, mut server) = pair();
    seal(&mut device, b"words");
    let mut record = seal(&mut device, b"words");
    record[8] = 0;
    check(&mut server, &record, ChannelError::Tag, 603);
}

#[test]
fn only_one_form_of_a_record() {
    let whole = |head: &[u8]| [head, &[0x51], &[0; 17]].concat();
    let header = ChannelError::Header;
    let bad = ChannelError::Malformed;
    for (what, record, error, code) in [
        (
            "a leading zero",
            whole(b"\x83\x43\xa1\x01\x01\xa1\x06\x42\x00\x00"),
            header,
            110,
        ),
        (
            "a leading zero",
            whole(b"\x83\x43\xa1\x01\x01\xa1\x06\x42\x00\x01"),
            header,
            110,
        ),
        (
            "no number",
            whole(b"\x83\x43\xa1\x01\x01\xa1\x06\x40"),
            header,
            110,
        ),
        (
            "nine bytes",
            whole(b"\x83\x43\xa1\x01\x01\xa1\x06\x49123456789"),
            header,
            110,
        ),
        (
            "a number as such",
            whole(b"\x83\x43\xa1\x01\x01\xa1\x06\x00"),
            header,
            110,
        ),
        (
            "another algorithm",
            whole(b"\x83\x43\xa1\x01\x03\xa1\x06\x41\x00"),
            header,
            110,
        ),
        (
            "no algorithm",
            whole(b"\x83\x40\xa1\x06\x41\x00"),
            header,
            110,
        ),
        (
            "an empty protected map",
            whole(b"\x83\x41\xa0\xa1\x06\x41\x00"),
            header,
            110,
        ),
        (
            "no Partial IV",
            whole(b"\x83\x43\xa1\x01\x01\xa0"),
            header,
            110,
        ),
        (
            "a full IV",
            whole(b"\x83\x43\xa1\x01\x01\xa1\x05\x41\x00"),
            header,
            110,
        ),
        (
            "one header more",
            whole(b"\x83\x43\xa1\x01\x01\xa2\x01\x01\x06\x41\x00"),
            header,
            110,
        ),
        (
            "no map",
            whole(b"\x83\x43\xa1\x01\x01\x41\x00"),
            bad(DecodeError::Structure),
            107,
        ),
        (
            "two items",
            whole(b"\x82\x43\xa1\x01\x01"),
            bad(DecodeError::Structure),
            107,
        ),
        (
            "a tag",
            whole(b"\xd0\x83\x43\xa1\x01\x01\xa1\x06\x41\x00"),
            bad(DecodeError::Forbidden),
            102,
        ),
        ("nothing", vec![], bad(DecodeError::Malformed), 100),
    ] {
        let (_, mut server) = pair();
        assert_eq!(server.open(&record), Err(error), "{what}");
        assert_eq!(error.code(), code, "{what}");
        assert!(server.is_closed());
    }

    let (mut device, mut server) = pair();
    let mut record = seal(&mut device, b"words");
    record.push(0);
    check(&mut server, &record, bad(DecodeError::Trailing), 104);

    // Shorter than a tag.
    let (_, mut server) = pair();
    check(
        &mut server,
        b"\x83\x43\xa1\x01\x01\xa1\x06\x41\x00\x41\x00",
        ChannelError::Tag,
        603,
    );

    let (_, mut server) = pair();
    let endless = vec![0; limit::FRAME + 1];
    check(&mut server, &endless, bad(DecodeError::TooLarge), 106);
}

#[test]
fn each_direction_renews_its_own_keys() {
    let (mut device, mut server) = pair();
    let zero = seal(&mut device, b"zero");
    assert!(server.open(&zero).is_ok());
    for round in 0..3 {
        // The device announces, in whatever words; the server goes on with its own keys.
        let announcement = seal(&mut device, b"new keys from here");
        device.update_sending().expect("open");
        let under_new = seal(&mut device, b"new");
        assert!(server.open(&announcement).is_ok());
        server.update_receiving().expect("open");
        assert_eq!(
            server.open(&under_new).as_deref(),
            Ok(&b"new"[..]),
            "round {round}"
        );

        let answer = seal(&mut server, b"old keys still");
        assert_eq!(device.open(&answer).as_deref(), Ok(&b"old keys still"[..]));
    }
    // Old records are numbered within another generation: lower, expected or higher, none opens.
    check(&mut server, &zero, ChannelError::Replayed, 602);
    server.update_receiving().expect("open");
    check(&mut server, &zero, ChannelError::Tag, 603);
}

#[test]
fn a_record_under_new_keys_before_they_are_announced_closes() {
    let (mut device, mut server) = pair();
    device.update_sending().expect("open");
    let record = seal(&mut device, b"too early");
    check(&mut server, &record, ChannelError::Tag, 603);
}

#[test]
fn a_key_ends_after_so_many_records() {
    let (device, _) = used(RECORDS_BEFORE_UPDATE - 1, 0);
    assert!(!device.needs_update());
    let (mut device, mut server) = used(RECORDS_BEFORE_UPDATE, 0);
    assert!(device.needs_update());
    device.update_sending().expect("open");
    server.update_receiving().expect("open");
    assert!(!device.needs_update());
    let record = seal(&mut device, b"number 0 again");
    assert!(server.open(&record).is_ok());

    let (mut device, mut server) = used(MAX_RECORDS - 1, 0);
    let last = seal(&mut device, b"last");
    assert!(server.open(&last).is_ok());
    assert_eq!(device.seal(b"one too many"), Err(ChannelError::KeyLimit));
    assert_eq!(ChannelError::KeyLimit.code(), 604);
    assert!(!device.is_closed(), "new keys would do");
}

#[test]
fn a_key_ends_after_so_many_bytes() {
    assert!(!used(0, BYTES_BEFORE_UPDATE - 1).0.needs_update());
    assert!(used(0, BYTES_BEFORE_UPDATE).0.needs_update());
    let (mut device, mut server) = used(0, MAX_BYTES - 5);
    assert_eq!(device.seal(b"123456"), Err(ChannelError::KeyLimit));
    let record = seal(&mut device, b"12345");
    assert!(server.open(&record).is_ok());
    assert_eq!(device.seal(b"1"), Err(ChannelError::KeyLimit));
}

/// A peer that ignores the limits: its records would open, and are refused.
#[test]
fn the_receiver_counts_too() {
    let (mut careless, _) = used(3, 0);
    let record = seal(&mut careless, b"123456");
    let (_, mut server) = used(3, MAX_BYTES - 5);
    check(&mut server, &record, ChannelError::KeyLimit, 604);

    let (_, mut server) = used(MAX_RECORDS, 0);
    let beyond = record::encode(MAX_RECORDS, &[0; 16]);
    check(&mut server, &beyond, ChannelError::KeyLimit, 604);
}

#[test]
fn the_longest_record_fits_its_frame() {
    let (mut device, mut server) = used(MAX_RECORDS - 1, 0);
    let longest = vec![7; PLAINTEXT_LIMIT_BYTES];
    assert!(longest.len() >= limit::DATA);
    let record = seal(&mut device, &longest);
    let frame = 1 + 1 + 9 + 5 + record.len(); // [4, c, record], section 5.1
    assert!(frame <= limit::FRAME);
    assert_eq!(
        server.open(&record).map(|plaintext| plaintext.len()),
        Ok(longest.len())
    );

    let (mut device, _) = pair();
    let refused = device.seal(&vec![7; PLAINTEXT_LIMIT_BYTES + 1]);
    assert_eq!(refused, Err(ChannelError::TooLong));
    assert_eq!(seal(&mut device, b"")[8], 0, "no number was used up");
}

#[test]
fn a_closed_channel_does_nothing() {
    let (mut device, mut server) = pair();
    let record = seal(&mut device, b"words");
    let binding = server.binding();
    server.close();
    assert!(
        matches!(server.state, State::Closed),
        "the keys are dropped, which wipes them"
    );
    assert_eq!(
        format!("{device:?} {server:?}"),
        "Channel(open) Channel(closed)"
    );
    check(&mut server, &record, ChannelError::Closed, 600);
    assert_eq!(server.seal(b"words"), Err(ChannelError::Closed));
    assert_eq!(server.update_sending(), Err(ChannelError::Closed));
    assert_eq!(server.update_receiving(), Err(ChannelError::Closed));
    assert!(!server.needs_update());
    assert_eq!(server.binding(), binding);
    server.close();
    assert!(server.is_closed());
}

#[test]
fn messages_come_out_verified() {
    let (mut device, mut server) = pair();
    let words = to_vec("words").expect("text");
    let record = seal(&mut device, &words);
    let message = open_verified::<String>(&mut server, &record, 64).expect("text");
    assert_eq!(*message, "words");

    let replayed = open_verified::<String>(&mut server, &record, 64).err();
    assert_eq!(replayed.map(OpenError::code), Some(602));
    for (limit, code) in [(64, 107), (5, 106)] {
        let record = seal(&mut device, &words);
        let refused = open_verified::<u64>(&mut server, &record, limit).err();
        assert_eq!(refused.map(OpenError::code), Some(code));
        assert!(!server.is_closed(), "the record was the peer's");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// D2: what is delivered is a prefix of what was sent, each once, whatever
    /// the network repeats, reorders, alters or loses.
    #[test]
    fn delivered_is_a_prefix_of_sent(
        sent in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..12),
        network in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), 0..8u8), 0..40),
    ) {
        let (mut device, mut server) = pair();
        let records: Vec<_> = sent.iter().map(|words| seal(&mut device, words)).collect();
        let mut delivered = Vec::new();
        // In order as far as the network is kind, then as it likes.
        let kind = records.iter().take(network.len() % 3).cloned();
        let unkind = network.iter().map(|(which, alter, bit)| {
            let mut record = which.get(&records).clone();
            if *alter {
                let last = record.len() - 1;
                record[last] ^= 1 << bit;
            }
            record
        });
        for record in kind.chain(unkind) {
            delivered.extend(server.open(&record));
        }
        prop_assert!(sent.starts_with(&delivered));
    }

    #[test]
    fn noise_never_opens(noise in prop::collection::vec(any::<u8>(), 0..100)) {
        let (_, mut server) = pair();
        prop_assert!(server.open(&noise).is_err());
        let (_, mut server) = pair();
        let shaped = record::encode(0, &noise);
        prop_assert_eq!(server.open(&shaped), Err(ChannelError::Tag));
    }
}
