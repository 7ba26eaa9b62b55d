//! The expected keys come from big integers in another language, over an
//! affine implementation of the curve: nothing is shared with what is tested.

use alloc::{format, string::ToString, vec::Vec};

use super::{hex, hex_vec};
use crate::{crypto::*, values::RecordId};

fn d_sec() -> Secret<32> {
    Secret::from_bytes(core::array::from_fn(|i| i as u8))
}

fn record() -> RecordId {
    RecordId(core::array::from_fn(|i| 0xa0 + i as u8))
}

fn pin(text: &str) -> Pin {
    Pin::new(text.as_bytes().to_vec()).unwrap()
}

/// Every length of the generation's and of the PIN's head.
#[test]
fn keys_of_pins() {
    let check = |generation, text: &str, public: &str| {
        let key = PinKey::from_pin(&d_sec(), &record(), generation, &pin(text));
        assert_eq!(
            key.public_key(),
            PublicKey(hex(public)),
            "{generation} {text}"
        );
    };
    check(
        0,
        "1234",
        "6af85c7347c192591f2aedb8e412d3a95a411acc96802f9cdf010338389b0288
         2adcbb132a1b10a1634ee766376a0b47dd7e6cc9125478fdf78067554455a5bd",
    );
    check(
        23,
        "1234",
        "bf2b3c0e1df10337bee3622ff90b9bcc8f59ccb307b8f1a4382b15762ee6b7ff
         34219a75b8d39b81da5000b0118ac64449708cf35f154259551526e3bd545ba1",
    );
    check(
        24,
        "1234",
        "16df36be13556cbb9072e79c63a557fcfd28a12d0039117f1226b503c2f9365e
         3b6d030d71ee2b7b8b7954b4c37fb774b0f8cbb5efed757cc507028c263fad0b",
    );
    check(
        255,
        "0000",
        "721422a0bdf50a6f4d3673f6e054f2d6a064f4d0d62a6570b59d5d8f553ac2f0
         4bc2b7013d0532076c6a04c1139dd72499ab48bba267bfa3fee04f4bafc7d9f5",
    );
    check(
        256,
        "0000",
        "0c77cd8a1d247c0887582fac78a0073daf4cf3b65e955ad0e8014e82fbb5b341
         244bd1d366462547362c9540e2d3ae8cb4b1b97f2ab3e6fb2d2def89f29f3d4e",
    );
    check(
        65_536,
        "123456",
        "ff9b002d0e0d898ce4d4fcb9c3ce388b72c1051dda47a863b87ccf2e3444d7f9
         c7a89753629bc734481fd5e159c19979b49ce53485eef93c16cac7f9d0e26e67",
    );
    check(
        u32::MAX,
        &"9".repeat(64),
        "13dc627ce5788b8270be2d01cc64aba25da62c78271d352471fd4b98fcef4eff
         8a0c81f4af44749780f0f13829d7f32f1d1c3be34a40976e74740cde26c69f8a",
    );
    check(
        1,
        "пинкод 7",
        "8d3967622df39eafa24347ef6aa3f0b700efbf29bff2ee0a39c6d50c90d543fc
         d75a6eed326f37317c62660568afeb96de478c061e2d89b7c83d19ea56a41115",
    );
    check(
        1,
        &"x".repeat(23),
        "ff995c3ff56188c24ebd968e05925ab4e3f99c62a9dd667c237367facc1fcf9e
         fbcd848f65a2b199c1d2892b1d7b38d81dff22a4a6290f8841c051a49a54acb5",
    );
    check(
        1,
        &"x".repeat(24),
        "dfc90d912ca1911774c0bd9f90b70ff3ef3910f5b5a562c74a8ebdf66d037a3f
         cd4a0aa3043d4417bb70a453c45fb3c0d22d16413a215e0f08dff6a442207722",
    );
}

/// wide mod (n - 1) + 1, around every multiple that matters.
#[test]
fn wide_numbers_become_scalars() {
    let check = |wide: &str, scalar: &str| {
        let wide = Secret::from_bytes(hex(&format!("{wide:0>96}")));
        assert_eq!(
            crate::crypto::pin::scalar(&wide).to_bytes()[..],
            hex_vec(&format!("{scalar:0>64}"))
        );
    };
    const LAST: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";
    check("0", "1");
    check("1", "2");
    check(
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254f",
        LAST,
    );
    check(LAST, "1");
    check(
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        "2",
    );
    check(
        "1fffffffe00000001ffffffffffffffff79cdf55b4e2f3d09e7739585f8c64a9f",
        LAST,
    );
    check(
        "1fffffffe00000001ffffffffffffffff79cdf55b4e2f3d09e7739585f8c64aa0",
        "1",
    );
    check(
        &"f".repeat(64),
        "ffffffff00000000000000004319055258e8617b0c46353d039cdab0",
    );
    check(
        &("1".to_string() + &"0".repeat(64)),
        "ffffffff00000000000000004319055258e8617b0c46353d039cdab1",
    );
    check(
        &("8".to_string() + &"0".repeat(95)),
        "a18c82a8ce00b367b2974b5be665054d1241374820f483e671eb5d6afc632551",
    );
    check(
        &"f".repeat(96),
        "431905529c0166ce652e96b7ccca0a9a679b73e29ad16947f01cf012fc632550",
    );
    check(
        "d3b950e2cec228e6794c043b47265cf18535b81c3354b8453bd026fbab77af6ed2ed0e9b0edf76aed6d1e1eed9be2f5d",
        "615eccef79d5165fcd3e67411476ce6682bafa382f0920e2ee435c82f8538b8e",
    );
}

/// Each input of the derivation makes another key.
#[test]
fn every_input_counts() {
    let keys = [
        PinKey::from_pin(&d_sec(), &record(), 1, &pin("1234")),
        PinKey::from_pin(&d_sec(), &record(), 1, &pin("1235")),
        PinKey::from_pin(&d_sec(), &record(), 1, &pin("12340")),
        PinKey::from_pin(&d_sec(), &record(), 2, &pin("1234")),
        PinKey::from_pin(&d_sec(), &RecordId([0; 16]), 1, &pin("1234")),
        PinKey::from_pin(&Secret::from_bytes([0; 32]), &record(), 1, &pin("1234")),
    ]
    .map(|key| key.public_key());
    for (i, key) in keys.iter().enumerate() {
        assert_eq!(keys.iter().position(|other| other == key), Some(i));
    }
}

#[test]
fn the_proof_is_deterministic_low_and_true() {
    let mut flipped = 0;
    for message in 0..32u8 {
        let key = || PinKey::from_pin(&d_sec(), &record(), 1, &pin("1234"));
        let public = key().public_key();
        let proof = key().sign_once(&[message]);
        assert_eq!(proof, key().sign_once(&[message]));
        assert_eq!(P256.verify(&public, &[message], &proof, SRule::Low), Ok(()));
        assert_eq!(
            P256.verify(&public, &[message, 0], &proof, SRule::Low),
            Err(SignatureError::Mismatch)
        );
        // The nonce is RFC 6979's, so r is what the bare algorithm gives.
        let bare: p256::ecdsa::Signature =
            p256::ecdsa::signature::Signer::sign(&signing_key(), &[message]);
        assert_eq!(proof.r()[..], bare.to_bytes()[..32]);
        flipped += u8::from(proof.s()[..] != bare.to_bytes()[32..]);
    }
    assert!((1..32).contains(&flipped), "both forms of s occur");
}

/// The private key of generation 1, "1234", as the derivation's two steps give it.
fn signing_key() -> p256::ecdsa::SigningKey {
    let mut message = b"\x84\x6fcountersign pin\x50".to_vec();
    message.extend(record().as_bytes());
    message.extend(b"\x01\x641234");
    let x = Secret::from_bytes(hmac_sha256(d_sec().as_bytes(), &[&message]));
    crate::crypto::pin::scalar(&hkdf_expand_secret(&x, b"countersign pin key"))
}

#[test]
fn pins_are_bounded_text_and_print_nothing() {
    let check = |entered: Vec<u8>| Pin::new(entered).map(drop);
    assert_eq!(check(b"123".to_vec()), Err(PinError::Length));
    assert_eq!(check(b"1234".to_vec()), Ok(()));
    assert_eq!(check(Vec::from([b'1'; 64])), Ok(()));
    assert_eq!(check(Vec::from([b'1'; 65])), Err(PinError::Length));
    assert_eq!(check(b"123\xff".to_vec()), Err(PinError::NotText));
    assert_eq!(check(Vec::new()), Err(PinError::Length));

    assert_eq!(pin("1234").as_bytes(), b"1234");
    assert_eq!(format!("{:?}", pin("1234")), "Pin(..)");
    let key = PinKey::from_pin(&d_sec(), &record(), 1, &pin("1234"));
    assert_eq!(format!("{key:?}"), "PinKey(..)");
}
