use super::*;

/// Python: hashlib.pbkdf2_hmac("sha256", bytes(range(32)),
///   b"\x82\x77countersign visual hash\x50" + bytes([7] * 16), 2**19, 32)
const KNOWN: &str = "d7dbb81536f370a67eefe8f501b4ee4f6c370b2c1d5c39ccd933cbd8edb7ecf0";
const KNOWN_WORDS: &str = "style tape aim hospital damage farm";

fn known() -> VisualHash {
    VisualHash::of(
        &Digest(core::array::from_fn(|byte| byte as u8)),
        ServerId([7; 16]),
    )
}

#[test]
fn is_pbkdf2_over_the_parameters_hash() {
    let hash = known();
    assert_eq!(hex::encode(hash.as_bytes()), KNOWN);
    assert_eq!(hash.words().join(" "), KNOWN_WORDS);
}

#[test]
fn the_picture_is_symmetric_and_stands_alone() {
    let svg = VisualHash([0b01_10_11_00; 32]).svg();
    insta::assert_snapshot!(svg);
}

#[test]
fn the_list_is_the_published_one() {
    let digest = crate::crypto::sha256(&[LIST.as_bytes()]);
    assert_eq!(
        hex::encode(digest),
        "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
    );
    assert_eq!(LIST.lines().count(), 2048);
}

#[test]
fn another_server_looks_different() {
    let hash = |server| VisualHash::with_iterations(&Digest([1; 32]), ServerId([server; 16]), 2);
    assert_ne!(hash(1), hash(2));
    assert_ne!(hash(1).words(), hash(2).words());
}
