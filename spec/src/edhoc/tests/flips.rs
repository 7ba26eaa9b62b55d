//! Every bit of every message matters, and the right check notices.

use super::*;

/// Where a handshake with one altered message ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum End {
    Receive,
    Prepare,
    OpenMessage2,
    VerifyMessage2,
    OpenMessage3,
}

/// Runs a short handshake with bit `bit` of message `altered` (1, 2 or 3) flipped.
fn run(altered: usize, bit: usize) -> End {
    let flip = |number: usize, mut message: Vec<u8>| {
        if number == altered {
            message[bit / 8] ^= 1 << (bit % 8);
        }
        message
    };
    let short = [&b"\x01"[..], b"\x02", b"\x03"].map(|value| Some(value.to_vec()));
    let talk = Talk {
        ead: short,
        ..Talk::default()
    };

    let (initiator, message_1) = talk.message_1();
    let asked = match receive(&flip(1, message_1)) {
        Ok(asked) => asked,
        Err(_) => return End::Receive,
    };
    let ead_2 = talk.ead[1].as_deref();
    let Ok(state) = asked.prepare(Y, id(&[0x18]), kid(&server()), &server(), ead_2) else {
        return End::Prepare;
    };
    let signature = server_key().sign(state.tbs());
    let (responder, message_2) = state.signed(signature);

    let Ok(opened) = initiator.open(&flip(2, message_2)) else {
        return End::OpenMessage2;
    };
    let named = opened.id_cred_r() == &kid(&server());
    let verified = match opened.verify(&server(), &P256) {
        Ok(verified) => verified,
        Err(EdhocError::Signature(_)) => return End::VerifyMessage2,
        Err(EdhocError::CredentialMismatch) if !named => return End::VerifyMessage2,
        Err(error) => panic!("{error:?}"),
    };
    let state = verified.prepare(kid(&device()), &device(), talk.ead[2].as_deref());
    let state = state.expect("named");
    let signature = device_key().sign(state.tbs());
    let (_, message_3) = state.signed(signature);

    let refused = responder
        .open(&flip(3, message_3.clone()))
        .expect_err("one bit differs");
    assert!(
        Talk::finish(*refused.state, &message_3).is_ok(),
        "the attempt went on"
    );
    End::OpenMessage3
}

/// How many flips of a message end where, in order.
fn count(altered: usize, bytes: usize) -> Vec<(End, usize)> {
    let mut ends: Vec<End> = (0..bytes * 8).map(|bit| run(altered, bit)).collect();
    ends.sort();
    ends.chunk_by(End::eq)
        .map(|same| (same[0], same.len()))
        .collect()
}

fn lengths() -> [usize; 3] {
    let short = [&b"\x01"[..], b"\x02", b"\x03"].map(|value| Some(value.to_vec()));
    let talk = Talk {
        ead: short,
        ..Talk::default()
    };
    let (initiator, message_1) = talk.message_1();
    let (_, message_2) = talk.message_2(&message_1).expect("message_2");
    let (_, message_3) = talk.message_3(initiator, &message_2).expect("message_3");
    [message_1.len(), message_2.len(), message_3.len()]
}

/// Method, suite, head, C_I and EAD label show at once; G_X (all 256 bits, also
/// the one that X25519 ignores), C_I and EAD_1 in the hash of message_1: the
/// initiator then decrypts noise, or what is signed is something else.
#[test]
fn message_1() {
    let ends = count(1, lengths()[0]);
    assert!(
        ends.iter().all(|(end, _)| *end <= End::VerifyMessage2),
        "{ends:?}"
    );
    let late: usize = ends
        .iter()
        .filter(|(end, _)| *end > End::Receive)
        .map(|(_, n)| n)
        .sum();
    assert!(late >= 256, "G_X has no redundancy: {ends:?}");
}

/// The signature's 512 bits pass decryption, which has no tag, and fail verification.
#[test]
fn message_2() {
    let ends = count(2, lengths()[1]);
    assert!(
        matches!(ends[..], [(End::OpenMessage2, _), (End::VerifyMessage2, n)] if n >= 512),
        "{ends:?}"
    );
}

#[test]
fn message_3() {
    let bytes = lengths()[2];
    assert_eq!(count(3, bytes), [(End::OpenMessage3, bytes * 8)]);
}
