//! `static.signature.*`: ECDSA signatures and P-256 points, good and bad.

use num_bigint::BigUint;
use serde_json::json;

use crate::author::{ok, positive, reject, step};
use crate::case::{Case, Expect, Group, Step};
use crate::crypto::{Key, N, P, fixed, number};
use crate::seed::Seed;

const MESSAGE: &[u8] = b"countersign";

/// Signatures under both rules for s, and keys that are none.
pub fn group(seed: Seed) -> Group {
    let mut group = Group::new(
        "static-signature",
        "ECDSA signatures and P-256 points, good and bad.",
    );
    let key = Key::named(seed, "signer");
    let (public, signature) = (key.public(), key.sign(MESSAGE));
    let base = |rule: &str, kind: &str, signature: &[u8; 64]| {
        positive(
            &format!("static.signature.{rule}-rule-{kind}-s"),
            &format!("s is {kind} under the rule {rule}"),
        )
        .why("A good signature that is refused locks its user out.")
        .requires(&[if rule == "low" { "SIG-3" } else { "SIG-4" }])
        .does(verify(&public, MESSAGE, signature, rule, ok(json!({}))))
    };
    let low = base("low", "low", &signature);
    let any = base("any", "low", &signature);
    group
        .cases
        .push(base("any", "high", &key.sign_high(MESSAGE)));
    group.cases.extend(forms(&low, "low", &public, &signature));
    group.cases.extend(forms(&any, "any", &public, &signature));
    group.cases.push(
        low.but("static.signature.high-s", "s is high")
            .why("Two signatures for one message let a repeat pass for something new.")
            .requires(&["SIG-3"])
            .flagged(&["malleable-signature"])
            .kills("signature.low-s")
            .does(verify(
                &public,
                MESSAGE,
                &key.sign_high(MESSAGE),
                "low",
                reject(112),
            )),
    );
    group.cases.extend(mismatches(seed, &low, &key));
    group.cases.extend(points(seed, &low, &public, &signature));
    group.cases.splice(0..0, [low, any]);
    group
}

/// r and s out of their range, and signatures of another form.
fn forms(base: &Case, rule: &str, public: &[u8; 64], signature: &[u8; 64]) -> Vec<Case> {
    let n = number(N);
    let with = |r: Option<BigUint>, s: Option<BigUint>| {
        let mut bytes = *signature;
        if let Some(r) = r {
            bytes[..32].copy_from_slice(&fixed::<32>(&r));
        }
        if let Some(s) = s {
            bytes[32..].copy_from_slice(&fixed::<32>(&s));
        }
        bytes.to_vec()
    };
    let case = |name: &str, change: &str, flag: &str, bytes: Vec<u8>, code: u16| {
        base.but(&format!("static.signature.{rule}-rule-{name}"), change)
            .why("A signature that verifies without the key is good for everyone.")
            .requires(&[if code == 112 { "SIG-2" } else { "ENC-12" }])
            .flagged(&[flag])
            .kills(if code == 112 {
                "signature.range"
            } else {
                "signature.length"
            })
            .does(verify(public, MESSAGE, &bytes, rule, reject(code)))
    };
    let zero = || Some(BigUint::ZERO);
    let mut der = vec![0x30, 0x44, 0x02, 0x20];
    der.extend(&signature[..32]);
    der.extend([0x02, 0x20]);
    der.extend(&signature[32..]);
    let mut cases = vec![
        case(
            "r-zero",
            "r is zero",
            "zero-signature",
            with(zero(), None),
            112,
        ),
        case(
            "s-zero",
            "s is zero",
            "zero-signature",
            with(None, zero()),
            112,
        ),
        case(
            "all-zero",
            "r and s are zero",
            "zero-signature",
            vec![0; 64],
            112,
        ),
        case(
            "r-is-n",
            "r is n",
            "zero-signature",
            with(Some(n.clone()), None),
            112,
        ),
        case(
            "s-is-n",
            "s is n",
            "zero-signature",
            with(None, Some(n.clone())),
            112,
        ),
        case(
            "both-n",
            "r and s are n",
            "zero-signature",
            with(Some(n.clone()), Some(n.clone())),
            112,
        ),
        case(
            "r-over-n",
            "r is n + 1",
            "malleable-signature",
            with(Some(&n + 1_u8), None),
            112,
        ),
        case(
            "s-over-n",
            "s is n + 1",
            "malleable-signature",
            with(None, Some(&n + 1_u8)),
            112,
        ),
        case(
            "greatest",
            "all bits are set",
            "malleable-signature",
            vec![0xff; 64],
            112,
        ),
    ];
    if rule == "low" {
        cases.extend([
            case("empty", "there is none", "structure", vec![], 107),
            case(
                "short",
                "the last byte is missing",
                "structure",
                signature[..63].to_vec(),
                107,
            ),
            case(
                "r-alone",
                "only r is there",
                "structure",
                signature[..32].to_vec(),
                107,
            ),
            case(
                "long",
                "one byte follows",
                "structure",
                [&signature[..], &[0]].concat(),
                107,
            ),
            case("der", "it is in DER", "structure", der, 107),
        ]);
    }
    cases
}

/// Well-formed signatures of something else.
fn mismatches(seed: Seed, base: &Case, key: &Key) -> Vec<Case> {
    let (public, signature) = (key.public(), key.sign(MESSAGE));
    let case = |name: &str, change: &str, flag: &str, step: Step| {
        base.but(&format!("static.signature.{name}"), change)
            .why("A signature that is not checked is no signature.")
            .requires(&["COSE-5"])
            .flagged(&[flag])
            .kills("signature.verify")
            .does(step)
    };
    let mut swapped = signature;
    swapped.rotate_left(32);
    let mut flipped = signature;
    flipped[31] ^= 1;
    let other = Key::named(seed, "another signer").public();
    let mut negated = public;
    let y = number(P) - BigUint::from_bytes_be(&public[32..]);
    negated[32..].copy_from_slice(&fixed::<32>(&y));
    let step = |key: &[u8; 64], message: &[u8], signature: &[u8]| {
        verify(key, message, signature, "any", reject(113))
    };
    vec![
        case(
            "other-message",
            "the message is another one",
            "structure",
            step(&public, b"countersigm", &signature),
        ),
        case(
            "empty-message",
            "the message is empty",
            "structure",
            step(&public, b"", &signature),
        ),
        case(
            "other-key",
            "the key is another one",
            "key-confusion",
            step(&other, MESSAGE, &signature),
        ),
        case(
            "negated-key",
            "the key has the other y",
            "key-confusion",
            step(&negated, MESSAGE, &signature),
        ),
        case(
            "bit-flipped",
            "one bit of r is flipped",
            "structure",
            step(&public, MESSAGE, &flipped),
        ),
        case(
            "swapped",
            "r and s have changed places",
            "structure",
            step(&public, MESSAGE, &swapped),
        ),
        case(
            "prehashed",
            "the digest was signed instead of the message",
            "structure",
            step(&public, MESSAGE, &key.sign(&crate::crypto::sha256(MESSAGE))),
        ),
    ]
}

/// Keys that are no points.
fn points(seed: Seed, base: &Case, public: &[u8; 64], signature: &[u8; 64]) -> Vec<Case> {
    let p = number(P);
    let (x, y) = (
        BigUint::from_bytes_be(&public[..32]),
        BigUint::from_bytes_be(&public[32..]),
    );
    let key = |x: &BigUint, y: &BigUint| [fixed::<32>(x), fixed::<32>(y)].concat();
    let case = |name: &str, change: &str, key: &[u8], code| {
        base.but(&format!("static.signature.key-{name}"), change)
            .why("A key that is no point leaks secrets, or verifies anything.")
            .requires(&[if code == 114 { "SIG-1" } else { "ENC-12" }])
            .flagged(&["invalid-point"])
            .kills(if code == 114 {
                "point.valid"
            } else {
                "point.length"
            })
            .does(verify(key, MESSAGE, signature, "low", reject(code)))
    };
    // (0, sqrt(b)) is a point, so that p in place of its x is congruent to one.
    let root = number("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4");
    let zero = BigUint::ZERO;
    let uncompressed = [&[4], &public[..]].concat();
    let compressed = [&[2 + (public[63] & 1)], &public[..32]].concat();
    let drawn: [u8; 64] = seed.bytes("no point");
    vec![
        case("off-curve", "y is one more", &key(&x, &(&y + 1_u8)), 114),
        case("random", "it is drawn at random", &drawn, 114),
        case("zero", "both coordinates are zero", &[0; 64], 114),
        case("x-zero", "x is zero", &key(&zero, &y), 114),
        case("y-zero", "y is zero", &key(&x, &zero), 114),
        case("swapped", "x and y have changed places", &key(&y, &x), 114),
        case(
            "x-is-p",
            "x is p, which is 0 on the curve",
            &key(&p, &root),
            114,
        ),
        case("x-over-p", "x is p + 5", &key(&(&p + 5_u8), &y_of_5()), 114),
        case(
            "y-over-p",
            "both coordinates have all bits set",
            &[0xff; 64],
            114,
        ),
        case(
            "secp256k1",
            "it is the generator of another curve",
            &secp256k1(),
            114,
        ),
        case("compressed", "it is compressed", &compressed, 107),
        case(
            "uncompressed",
            "it has the byte 04 before it",
            &uncompressed,
            107,
        ),
        case("short", "the last byte is missing", &public[..63], 107),
        case("x-alone", "only x is there", &public[..32], 107),
    ]
}

/// y where x = 5, on P-256.
fn y_of_5() -> BigUint {
    let (p, b) = (
        number(P),
        number("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"),
    );
    let square: BigUint = (BigUint::from(125_u8 - 15) + b) % &p;
    // p = 3 mod 4, so this is a root if there is one.
    square.modpow(&((&p + 1_u8) >> 2), &p)
}

/// The generator of secp256k1 (SEC 2, section 2.4.1).
fn secp256k1() -> Vec<u8> {
    let x = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    let y = "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
    [fixed::<32>(&number(x)), fixed::<32>(&number(y))].concat()
}

fn verify(key: &[u8], message: &[u8], signature: &[u8], rule: &str, expect: Expect) -> Step {
    step(
        "signature.verify",
        json!({
            "key": hex::encode(key), "message": hex::encode(message),
            "signature": hex::encode(signature), "s": rule,
        }),
        expect,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the two keys over p are congruent to are points: only the range is wrong with them.
    #[test]
    fn the_keys_over_p_are_points_below_it() {
        let (p, b) = (
            number(P),
            number("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"),
        );
        let root = number("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4");
        assert_eq!(&root * &root % &p, b);
        let y = y_of_5();
        assert_eq!(&y * &y % &p, (b + 110_u8) % &p);
    }
}
