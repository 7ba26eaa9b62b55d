//! Known answers, from the documents that define each primitive.

use alloc::{format, vec};

use zeroize::ZeroizeOnDrop;

use super::{hex, hex_vec};
use crate::crypto::*;

#[test]
fn sha256_takes_parts_as_one() {
    let abc = hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(sha256(&[b"abc"]), abc);
    assert_eq!(sha256(&[b"a", b"", b"bc"]), abc);
}

/// RFC 4231, test cases 2 and 6: a short key, and one longer than a block.
#[test]
fn hmac_known_answers() {
    let jefe = hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_eq!(
        hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]),
        jefe
    );
    assert_eq!(
        hmac_sha256(
            &[0xaa; 131],
            &[b"Test Using Larger Than Block-Size Key - Hash Key First"]
        ),
        hex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    );
    assert!(hmac_matches(
        b"Jefe",
        &[b"what do ya want for nothing?"],
        &jefe
    ));
    for bit in 0..256 {
        let mut tag = jefe;
        tag[bit / 8] ^= 1 << (bit % 8);
        assert!(!hmac_matches(
            b"Jefe",
            &[b"what do ya want for nothing?"],
            &tag
        ));
    }
}

/// RFC 5869, test cases 1 and 3.
#[test]
fn hkdf_known_answers() {
    let check = |salt: &str, info: &str, prk: &str, okm: &str| {
        let extracted = hkdf_extract(&hex_vec(salt), &[0x0b; 22]);
        assert_eq!(extracted.as_bytes(), &hex(prk));
        let mut out = [0; 42];
        hkdf_expand(&extracted, &hex_vec(info), &mut out).unwrap();
        assert_eq!(out, hex(okm));
        assert_eq!(
            hkdf_expand_secret::<42>(&extracted, &hex_vec(info)).as_bytes(),
            &hex(okm)
        );
    };
    check(
        "000102030405060708090a0b0c",
        "f0f1f2f3f4f5f6f7f8f9",
        "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    );
    check(
        "",
        "",
        "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    );
}

#[test]
fn hkdf_expand_has_a_limit() {
    let prk = Secret::from_bytes([7; 32]);
    let mut out = vec![0; HKDF_LIMIT_BYTES + 1];
    assert_eq!(hkdf_expand(&prk, b"", &mut out), Err(OutputTooLong));
    assert!(out.iter().all(|&byte| byte == 0));
    hkdf_expand(&prk, b"", &mut out[..HKDF_LIMIT_BYTES]).unwrap();
}

/// RFC 7748, section 5.2, first vector; the public value is OpenSSL's.
#[test]
fn x25519_known_answer() {
    let secret = EphemeralSecret::from_entropy(hex(
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
    ));
    assert_eq!(
        secret.public(),
        hex("1c9fd88f45606d932a80c71824ae151d15d73e77de38e8e000852e614fae7019")
    );
    let shared = secret
        .agree(&hex(
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        ))
        .unwrap();
    assert_eq!(
        shared.as_bytes(),
        &hex("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")
    );
}

/// Values of small order (0, 1, two of order 8, p - 1), and p and p + 1, which
/// stand for the first two: each would give the all-zero secret.
#[test]
fn x25519_refuses_to_agree_on_zero() {
    let secret = EphemeralSecret::from_entropy([9; 32]);
    for peer in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ] {
        assert_eq!(secret.agree(&hex(peer)).unwrap_err(), AgreementError);
    }
}

/// Test case 4 of the GCM specification (McGrew and Viega), with associated data.
#[test]
fn aes_gcm_known_answer() {
    let key = hex("feffe9928665731c6d6a8f9467308308");
    let nonce = hex("cafebabefacedbaddecaf888");
    let aad = hex_vec("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let plaintext = hex_vec(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
         1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    );
    let ciphertext = hex_vec(
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e
         21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091
         5bc94fbc3221a5db94fae95ae7121a47",
    );
    assert_eq!(seal_a128gcm(&key, &nonce, &aad, &plaintext), ciphertext);
    assert_eq!(plaintext.len() + TAG_BYTES, ciphertext.len());
    let open = |nonce, aad: &[u8], ciphertext: &[u8]| open_a128gcm(&key, nonce, aad, ciphertext);
    assert_eq!(open(&nonce, &aad, &ciphertext).unwrap(), plaintext);

    for bit in 0..ciphertext.len() * 8 {
        let mut spoiled = ciphertext.clone();
        spoiled[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(open(&nonce, &aad, &spoiled), Err(AeadError));
    }
    for length in 0..ciphertext.len() {
        assert_eq!(open(&nonce, &aad, &ciphertext[..length]), Err(AeadError));
    }
    assert_eq!(open(&nonce, &aad[1..], &ciphertext), Err(AeadError));
    assert_eq!(open(&[0; 12], &aad, &ciphertext), Err(AeadError));
    assert_eq!(AeadError.code(), 115);
}

#[test]
fn secrets_print_nothing_and_are_wiped() {
    fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<Secret<32>>();
    wiped::<EphemeralSecret>();
    wiped::<Pin>();
    wiped::<PinKey>();

    assert_eq!(format!("{:?}", Secret::from_bytes([7; 4])), "Secret(..)");
    assert_eq!(
        format!("{:?}", EphemeralSecret::from_entropy([7; 32])),
        "EphemeralSecret(..)"
    );
    assert!(Secret::from_bytes([7; 4]).ct_eq(&Secret::from_bytes([7; 4])));
    assert!(!Secret::from_bytes([7; 4]).ct_eq(&Secret::from_bytes([7, 7, 7, 6])));
}
