//! The vectors are RFC 6979's (appendix A.2.5) and what can be done to them.

use super::{hex, hex_vec};
use crate::crypto::*;

const KEY: &str = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6
                   7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
/// Over "sample"; its s is high.
const HIGH: &str = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716
                    f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
/// Over "test"; its s is low.
const LOW: &str = "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367
                   019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083";

const ZERO: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const ONE: &str = "0000000000000000000000000000000000000000000000000000000000000001";
const HALF_N: &str = "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8";
const ABOVE_HALF_N: &str = "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a9";
const N_MINUS_1: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";
const N: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const N_PLUS_1: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552";
const MAX: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

fn pair(first: &str, second: &str) -> [u8; 64] {
    let mut bytes = hex_vec(first);
    bytes.extend(hex_vec(second));
    bytes.try_into().unwrap()
}

fn verify(message: &[u8], signature: [u8; 64], s: SRule) -> Result<(), SignatureError> {
    P256.verify(&PublicKey(hex(KEY)), message, &Signature(signature), s)
}

#[test]
fn low_s_is_accepted_under_both_rules_and_high_s_under_one() {
    assert_eq!(verify(b"test", hex(LOW), SRule::Low), Ok(()));
    assert_eq!(verify(b"test", hex(LOW), SRule::Any), Ok(()));
    assert_eq!(verify(b"sample", hex(HIGH), SRule::Any), Ok(()));
    assert_eq!(
        verify(b"sample", hex(HIGH), SRule::Low),
        Err(SignatureError::Malformed)
    );
    // n/2 itself is low, the next number is not: only the one is looked at further.
    let r = &LOW[..64];
    assert_eq!(
        verify(b"test", pair(r, HALF_N), SRule::Low),
        Err(SignatureError::Mismatch)
    );
    assert_eq!(
        verify(b"test", pair(r, ABOVE_HALF_N), SRule::Low),
        Err(SignatureError::Malformed)
    );
}

#[test]
fn normalising_makes_s_low_and_keeps_the_rest() {
    let low = Signature(hex(LOW));
    assert_eq!(low.normalise_s(), low);
    let high = Signature(hex(HIGH));
    let normal = high.normalise_s();
    assert_eq!(normal.r(), high.r());
    assert_eq!(verify(b"sample", normal.0, SRule::Low), Ok(()));
    assert_eq!(normal.normalise_s(), normal);

    let out_of_range = Signature(pair(ZERO, N));
    assert_eq!(out_of_range.normalise_s(), out_of_range);
}

#[test]
fn r_and_s_are_within_the_order() {
    let (r, s) = (&LOW[..64], LOW[64..].trim());
    for outside in [ZERO, N, N_PLUS_1, MAX] {
        for signature in [pair(outside, s), pair(r, outside), pair(outside, outside)] {
            for rule in [SRule::Low, SRule::Any] {
                assert_eq!(
                    verify(b"test", signature, rule),
                    Err(SignatureError::Malformed)
                );
            }
        }
    }
    for within in [ONE, N_MINUS_1] {
        for signature in [pair(within, s), pair(r, within)] {
            assert_eq!(
                verify(b"test", signature, SRule::Any),
                Err(SignatureError::Mismatch)
            );
        }
    }
}

#[test]
fn another_message_key_or_bit_does_not_match() {
    assert_eq!(
        verify(b"tesT", hex(LOW), SRule::Any),
        Err(SignatureError::Mismatch)
    );
    assert_eq!(
        P256.verify(
            &PublicKey(pair(SMALL_Y_X, SMALL_Y)),
            b"test",
            &Signature(hex(LOW)),
            SRule::Any
        ),
        Err(SignatureError::Mismatch)
    );
    for bit in 0..512 {
        let mut signature: [u8; 64] = hex(LOW);
        signature[bit / 8] ^= 1 << (bit % 8);
        assert!(verify(b"test", signature, SRule::Any).is_err());
    }
}

const P: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
/// The point with x = 0; x + p is p, which still has 256 bits.
const X_0_Y: &str = "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4";
/// A point with y = 5, and 5 + p.
const SMALL_Y_X: &str = "d7325d7646cd60d80a92738ceb345f844cffaf35841022cab176f692de8de1d7";
const SMALL_Y: &str = "0000000000000000000000000000000000000000000000000000000000000005";
const SMALL_Y_PLUS_P: &str = "ffffffff00000001000000000000000000000001000000000000000000000004";

#[test]
fn keys_are_points_in_their_one_encoding() {
    let check = |x: &str, y: &str| {
        let key = PublicKey(pair(x, y));
        let valid = P256.validate(&key);
        // Verification makes the same check, before it looks at the signature.
        let nonsense = Signature([0; 64]);
        let expected = valid.and(Err(SignatureError::Malformed));
        assert_eq!(P256.verify(&key, b"", &nonsense, SRule::Any), expected);
        valid
    };
    assert_eq!(P256.validate(&PublicKey(hex(KEY))), Ok(()));
    assert_eq!(check(ZERO, X_0_Y), Ok(()));
    assert_eq!(check(SMALL_Y_X, SMALL_Y), Ok(()));

    let refused = Err(SignatureError::InvalidKey);
    assert_eq!(check(P, X_0_Y), refused, "x is p");
    assert_eq!(check(SMALL_Y_X, SMALL_Y_PLUS_P), refused, "y is over p");
    assert_eq!(
        check(ZERO, ZERO),
        refused,
        "the usual stand-in for infinity"
    );
    assert_eq!(check(ZERO, ONE), refused, "off the curve");
    assert_eq!(check(ONE, X_0_Y), refused, "another point's y");
    assert_eq!(check(MAX, MAX), refused);
    for bit in 0..512 {
        let mut key: [u8; 64] = hex(KEY);
        key[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(P256.validate(&PublicKey(key)), refused, "bit {bit}");
    }
}

/// The example of RFC 9679 (section 6), and two that hashlib computed.
#[test]
fn a_key_is_named_by_its_thumbprint() {
    let kid = |key: &str| PublicKey(hex(key)).kid().0;
    assert_eq!(
        kid(
            "65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d
             1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c"
        ),
        hex("496bd8afadf307e5b08c64b0421bf9dc")
    );
    assert_eq!(kid(KEY), hex("750ca40795ab23e51a75dc76fa12c052"));
    assert_eq!(
        kid(
            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296
             4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
        ),
        hex("b5d5e1275063b1bec731a51c1133b69e")
    );
}

#[test]
fn errors_have_their_numbers() {
    assert_eq!(SignatureError::Malformed.code(), 112);
    assert_eq!(SignatureError::Mismatch.code(), 113);
    assert_eq!(SignatureError::InvalidKey.code(), 114);
}
