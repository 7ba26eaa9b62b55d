//! What a statement is, and all that it is not.
//!
//! Whatever the header table forges is signed by the right key over just what
//! it carries: nothing but the check in question stands in its way.

use alloc::{string::String, vec, vec::Vec};

use ciborium::Value;
use p256::ecdsa::{Signature as Ecdsa, SigningKey, signature::Signer};
use serde::{Deserialize, Serialize};

use super::*;
use crate::cbor::DecodeError;
use crate::crypto::P256;
use crate::registry::algorithm;
use crate::values::ServerId;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Note {
    text: String,
    number: u64,
}

impl Statement for Note {
    const LABEL: &'static str = "countersign test";
    const LIMIT: usize = 200;
    type Context = (ServerId, u64);
}

/// The same, under another label.
#[derive(Debug, Serialize, Deserialize)]
struct Memo {
    text: String,
    number: u64,
}

impl Statement for Memo {
    const LABEL: &'static str = "countersign memo";
    const LIMIT: usize = 200;
    type Context = (ServerId, u64);
}

const CONTEXT: (ServerId, u64) = (ServerId([0x53; 16]), 7);

fn note(text: &str) -> Note {
    let text = text.into();
    Note { text, number: 42 }
}

/// The key of RFC 6979, appendix A.2.5.
fn signer() -> SigningKey {
    let scalar = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
    SigningKey::from_slice(&hex::decode(scalar).unwrap()).unwrap()
}

fn other_signer() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn public(signer: &SigningKey) -> PublicKey {
    let point = signer.verifying_key().to_sec1_point(false);
    PublicKey(point.as_bytes()[1..].try_into().unwrap())
}

fn key() -> PublicKey {
    public(&signer())
}

fn sign(signer: &SigningKey, tbs: &[u8]) -> Signature {
    let signature: Ecdsa = signer.sign(tbs);
    Signature(signature.to_bytes().into())
}

fn low(signer: &SigningKey, tbs: &[u8]) -> Signature {
    sign(signer, tbs).normalise_s()
}

/// The signature with the other of the two values of s, n - s.
fn negated(signature: Signature) -> Signature {
    let signature = Ecdsa::from_slice(&signature.0).unwrap();
    let (r, s) = signature.split_scalars();
    Signature(Ecdsa::from_scalars(r, -s).unwrap().to_bytes().into())
}

fn true_bytes() -> Vec<u8> {
    let to_sign = to_sign(&note("hello"), &CONTEXT, key().kid()).unwrap();
    let signature = sign(&signer(), to_sign.tbs());
    to_sign.signed(signature)
}

fn receive(bytes: &[u8]) -> Result<Verified<Note>, CoseError> {
    Sign1::<Note>::from_bytes(bytes)?.verify(&key(), &CONTEXT, &P256)
}

fn encode(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

fn map<const N: usize>(entries: [(i64, Value); N]) -> Value {
    Value::Map(entries.map(|(label, value)| (label.into(), value)).into())
}

fn kid() -> Value {
    Value::Bytes(key().kid().0.into())
}

/// A COSE_Sign1 in the making; as it stands, a true one of `note("hello")`.
#[derive(Clone)]
struct Forgery {
    context_string: &'static str,
    protected: Vec<u8>,
    unprotected: Value,
    aad: Vec<u8>,
    payload: Vec<u8>,
    signer: SigningKey,
}

fn forgery() -> Forgery {
    Forgery {
        context_string: "Signature1",
        protected: encode(&map([(1, algorithm::ESP256.into()), (4, kid())])),
        unprotected: map([]),
        aad: aad("countersign test", [0x53; 16], &[7]),
        payload: encode(&Value::Array(vec!["hello".into(), 42.into()])),
        signer: signer(),
    }
}

fn aad(label: &str, server: [u8; 16], rest: &[u64]) -> Vec<u8> {
    let mut items: Vec<Value> = vec![label.into(), Value::Bytes(server.into())];
    items.extend(rest.iter().map(|&number| number.into()));
    encode(&Value::Array(items))
}

impl Forgery {
    fn signature(&self) -> Signature {
        let tbs = encode(&Value::Array(vec![
            self.context_string.into(),
            Value::Bytes(self.protected.clone()),
            Value::Bytes(self.aad.clone()),
            Value::Bytes(self.payload.clone()),
        ]));
        low(&self.signer, &tbs)
    }

    /// The four elements, truly signed.
    fn elements(&self) -> Vec<Value> {
        vec![
            Value::Bytes(self.protected.clone()),
            self.unprotected.clone(),
            Value::Bytes(self.payload.clone()),
            Value::Bytes(self.signature().0.into()),
        ]
    }

    fn bytes(&self) -> Vec<u8> {
        encode(&Value::Array(self.elements()))
    }
}

#[track_caller]
fn refused(bytes: &[u8], expected: CoseError) {
    assert_eq!(receive(bytes).map(Verified::into_inner), Err(expected));
}

/// A message that would be accepted but for its element at `position`.
fn with_element(position: usize, element: Value) -> Vec<u8> {
    let mut elements = forgery().elements();
    elements[position] = element;
    encode(&Value::Array(elements))
}

/// Made with OpenSSL, by way of another language, from the document alone. Its
/// signature came out with a high s, so this shows `signed` lowering it, too.
#[test]
fn known_answer() {
    let to_sign = to_sign(&note("hello"), &CONTEXT, key().kid()).unwrap();
    assert_eq!(
        hex::encode(to_sign.tbs()),
        "846a5369676e61747572653155a201280450750ca40795ab23e51a75dc76fa12c05258248370636f756e7465\
         727369676e207465737450535353535353535353535353535353530749826568656c6c6f182a"
    );
    let bytes = "8455a201280450750ca40795ab23e51a75dc76fa12c052a049826568656c6c6f182a584055bcea19\
                 4f94d8257dca8a01cec91798f3b078bc8204791894de776ece10339b0cee7de2e6df6313dbaa9638\
                 ac3140e5917b4dbf331164d2f4d99bc5ab6a92a5";
    let signature = sign(&signer(), to_sign.tbs());
    assert_ne!(signature, signature.normalise_s());
    assert_eq!(hex::encode(to_sign.signed(signature)), bytes);
}

#[test]
fn what_was_signed_is_verified() {
    let bytes = true_bytes();
    let sign1 = Sign1::<Note>::from_bytes(&bytes).unwrap();
    assert_eq!(sign1.kid(), key().kid());
    assert_eq!(sign1.unverified(), &note("hello"));
    let verified = sign1.verify(&key(), &CONTEXT, &P256).unwrap();
    assert_eq!(*verified, note("hello"));
    // The oracle's encoding is the same: the table below begins with the truth.
    assert_eq!(forgery().bytes(), bytes);
}

#[test]
fn there_is_one_header() {
    let alg = || Value::from(algorithm::ESP256);
    let protected = |protected: Value| encode(&protected);
    let check = |protected: Vec<u8>, unprotected: Value| {
        let forgery = Forgery {
            protected,
            unprotected,
            ..forgery()
        };
        refused(&forgery.bytes(), CoseError::Header);
    };
    let none = || map([]);
    let right = || forgery().protected;

    // The algorithm: another, elsewhere, twice, missing.
    check(protected(map([(1, (-7).into()), (4, kid())])), none());
    check(protected(map([(1, "ESP256".into()), (4, kid())])), none());
    check(protected(map([(4, kid())])), map([(1, alg())]));
    check(right(), map([(1, alg())]));
    check(right(), map([(1, (-7).into())]));
    check(protected(map([(4, kid())])), none());
    check(protected(map([])), map([(1, alg()), (4, kid())]));
    // The kid: elsewhere, twice, missing, of another length or type.
    check(protected(map([(1, alg())])), map([(4, kid())]));
    check(right(), map([(4, kid())]));
    check(protected(map([(1, alg())])), none());
    for length in [0, 15, 17, 32] {
        let kid = Value::Bytes(vec![0x75; length]);
        check(protected(map([(1, alg()), (4, kid)])), none());
    }
    check(
        protected(map([(1, alg()), (4, "0123456789abcdef".into())])),
        none(),
    );
    // More than that, critical or not.
    let crit = |labels: Vec<Value>| (2, Value::Array(labels));
    let critical = [
        (1, alg()),
        crit(vec![99.into()]),
        (4, kid()),
        (99, 0.into()),
    ];
    check(protected(map(critical)), none());
    check(
        protected(map([(1, alg()), crit(vec![4.into()]), (4, kid())])),
        none(),
    );
    check(
        protected(map([(1, alg()), (3, 0.into()), (4, kid())])),
        none(),
    );
    check(protected(map([(1, alg()), (4, kid()), (5, kid())])), none());
    check(right(), map([(99, Value::Null)]));
    // No map at all, or nothing in it.
    check(Vec::new(), none());
    check(protected(none()), none());
    check(
        protected(Value::Array(vec![1.into(), alg(), 4.into(), kid()])),
        none(),
    );
    // The right content in other bytes.
    check(protected(map([(4, kid()), (1, alg())])), none());
    let respelled = |from: &[u8], to: &[u8]| {
        let header = right();
        [to, header.strip_prefix(from).unwrap()].concat()
    };
    check(respelled(&[0xa2], &[0xb8, 2]), none());
    check(respelled(&[0xa2, 1, 0x28], &[0xa2, 1, 0x38, 8]), none());
    check(respelled(&[0xa2], &[0xc0, 0xa2]), none());
    check([&right()[..], &[0]].concat(), none());
    check([&[0xbf], &right()[1..], &[0xff]].concat(), none());
}

#[test]
fn the_key_is_the_one_that_is_expected() {
    let by_kid = |of: &SigningKey| {
        let kid = Value::Bytes(public(of).kid().0.into());
        encode(&map([(1, algorithm::ESP256.into()), (4, kid)]))
    };
    // Another key's statement, in its own name and in ours; ours in its name.
    let mut forged = forgery();
    forged.signer = other_signer();
    refused(
        &forged.bytes(),
        CoseError::Signature(SignatureError::Mismatch),
    );
    forged.protected = by_kid(&other_signer());
    refused(&forged.bytes(), CoseError::WrongKey);
    forged.signer = signer();
    refused(&forged.bytes(), CoseError::WrongKey);

    // A kid that fits a key that is none.
    let off_curve = PublicKey([1; 64]);
    let kid = Value::Bytes(off_curve.kid().0.into());
    forged.protected = encode(&map([(1, algorithm::ESP256.into()), (4, kid)]));
    let sign1 = Sign1::<Note>::from_bytes(&forged.bytes()).unwrap();
    assert_eq!(
        sign1.verify(&off_curve, &CONTEXT, &P256).unwrap_err(),
        CoseError::Signature(SignatureError::InvalidKey)
    );
}

#[test]
fn the_structure_is_four_elements_of_their_types() {
    let structure = CoseError::Decode(DecodeError::Structure);
    // Tagged, as a COSE_Sign1 may be elsewhere.
    refused(
        &[&[0xd2], &true_bytes()[..]].concat(),
        CoseError::Decode(DecodeError::Forbidden),
    );
    // Too few, too many, something else.
    let mut elements = forgery().elements();
    elements.push(Value::Null);
    refused(&encode(&Value::Array(elements.clone())), structure);
    elements.truncate(3);
    refused(&encode(&Value::Array(elements)), structure);
    refused(&encode(&map([])), structure);
    refused(&encode(&Value::Bytes(true_bytes())), structure);
    // Other types in each position; a payload elsewhere is null here.
    for position in 0..4 {
        for element in [Value::Null, 0.into(), "".into(), Value::Array(vec![])] {
            refused(&with_element(position, element), structure);
        }
    }
    refused(
        &with_element(0, map([(1, algorithm::ESP256.into()), (4, kid())])),
        structure,
    );
    refused(&with_element(1, Value::Bytes(vec![])), structure);
    refused(&with_element(1, Value::Bytes(vec![0xa0])), structure);
    refused(&with_element(2, map([])), structure);
    // Not the one encoding.
    refused(
        &[&true_bytes()[..], &[0]].concat(),
        CoseError::Decode(DecodeError::Trailing),
    );
    refused(
        &[&[0x9f], &true_bytes()[1..], &[0xff]].concat(),
        CoseError::Decode(DecodeError::NotDeterministic),
    );
    for length in 0..true_bytes().len() {
        refused(
            &true_bytes()[..length],
            CoseError::Decode(DecodeError::Malformed),
        );
    }
}

#[test]
fn the_payload_is_one_encoding_of_the_statement() {
    let check = |payload: &[u8], expected| {
        let forged = Forgery {
            payload: payload.into(),
            ..forgery()
        };
        refused(&forged.bytes(), CoseError::Decode(expected));
    };
    check(b"", DecodeError::Malformed);
    check(b"\x82\x65hello", DecodeError::Malformed);
    check(b"\x81\x65hello", DecodeError::Structure);
    check(b"\x83\x65hello\x18\x2a\xf6", DecodeError::Structure);
    check(b"\x82\x45hello\x18\x2a", DecodeError::Structure);
    check(b"\x82\x65hello\x18\x2a\x00", DecodeError::Trailing);
    check(b"\x82\x65hello\x19\x00\x2a", DecodeError::NotDeterministic);
    check(b"\x82\x65hell\xff\x18\x2a", DecodeError::InvalidUtf8);
}

#[test]
fn the_signature_is_over_just_this() {
    let mismatch = CoseError::Signature(SignatureError::Mismatch);
    // Another payload under the signature.
    let memo = encode(&Value::Array(vec!["hello".into(), 43.into()]));
    refused(&with_element(2, Value::Bytes(memo)), mismatch);
    // Another external_aad: label, server, number, one element less or more, nested, empty.
    let check = |aad: Vec<u8>| refused(&Forgery { aad, ..forgery() }.bytes(), mismatch);
    check(aad("countersign memo", [0x53; 16], &[7]));
    check(aad("countersign test", [0x54; 16], &[7]));
    check(aad("countersign test", [0x53; 16], &[8]));
    check(aad("countersign test", [0x53; 16], &[]));
    check(aad("countersign test", [0x53; 16], &[7, 7]));
    check(encode(&Value::Array(vec![
        "countersign test".into(),
        Value::Array(vec![Value::Bytes(vec![0x53; 16]), 7.into()]),
    ])));
    check(Vec::new());
    // Another structure of COSE.
    for context_string in ["Signature", "CounterSignature", "MAC0"] {
        let forged = Forgery {
            context_string,
            ..forgery()
        };
        refused(&forged.bytes(), mismatch);
    }
    // The statement of one kind as another of the same shape.
    let sign1 = Sign1::<Memo>::from_bytes(&true_bytes()).unwrap();
    assert_eq!(sign1.verify(&key(), &CONTEXT, &P256).unwrap_err(), mismatch);
}

#[test]
fn the_signature_is_64_bytes_in_range_and_low() {
    let right = forgery().signature().0;
    let check = |signature: &[u8], expected| {
        refused(&with_element(3, Value::Bytes(signature.into())), expected);
    };
    let structure = CoseError::Decode(DecodeError::Structure);
    for length in [0, 1, 32, 63] {
        check(&right[..length], structure);
    }
    check(&[&right[..], &[0]].concat(), structure);
    let der = Ecdsa::from_slice(&right).unwrap().to_der();
    check(der.as_bytes(), structure);

    let malformed = CoseError::Signature(SignatureError::Malformed);
    let n =
        hex::decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").unwrap();
    let (r, s) = right.split_at(32);
    check(&negated(Signature(right)).0, malformed);
    check(&[&[0; 32], s].concat(), malformed);
    check(&[r, &[0; 32]].concat(), malformed);
    check(&[&n, s].concat(), malformed);
    check(&[r, &n].concat(), malformed);
    check(&[0; 64], malformed);
}

#[test]
fn no_bit_can_be_flipped() {
    for bit in 0..true_bytes().len() * 8 {
        let mut bytes = true_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(receive(&bytes).is_err(), "bit {bit}");
    }
}

#[test]
fn both_sides_keep_the_limit() {
    let sign1 = |text: &str| {
        let to_sign = to_sign(&note(text), &CONTEXT, key().kid())?;
        let signature = sign(&signer(), to_sign.tbs());
        Ok(to_sign.signed(signature))
    };
    let room = Note::LIMIT - sign1(&"x".repeat(50)).unwrap().len();
    let longest = "x".repeat(50 + room);
    let bytes = sign1(&longest).unwrap();
    assert_eq!(bytes.len(), Note::LIMIT);
    assert_eq!(receive(&bytes).unwrap().into_inner(), note(&longest));

    let longer = "x".repeat(51 + room);
    assert_eq!(sign1(&longer), Err(EncodeError::TooLarge));
    let forged = Forgery {
        payload: encode(&Value::Array(vec![longer.into(), 42.into()])),
        ..forgery()
    };
    refused(&forged.bytes(), CoseError::Decode(DecodeError::TooLarge));
    // Size comes first, whatever it is a size of.
    refused(
        &vec![0xff; Note::LIMIT + 1],
        CoseError::Decode(DecodeError::TooLarge),
    );
}

#[test]
fn a_signature_may_travel_alone() {
    let tbs = detached_tbs(&note("hello"), &CONTEXT, key().kid()).unwrap();
    assert_eq!(
        tbs,
        to_sign(&note("hello"), &CONTEXT, key().kid())
            .unwrap()
            .tbs()
    );
    let signature = low(&signer(), &tbs);
    let verify = |statement, context, key: &PublicKey, signature: &Signature| {
        verify_detached(statement, &context, key, signature, &P256).map(Verified::into_inner)
    };
    let hello = || note("hello");
    assert_eq!(verify(hello(), CONTEXT, &key(), &signature), Ok(hello()));

    let mismatch = Err(CoseError::Signature(SignatureError::Mismatch));
    let malformed = Err(CoseError::Signature(SignatureError::Malformed));
    let other = public(&other_signer());
    assert_eq!(verify(note("hullo"), CONTEXT, &key(), &signature), mismatch);
    assert_eq!(
        verify(hello(), (CONTEXT.0, 8), &key(), &signature),
        mismatch
    );
    assert_eq!(verify(hello(), CONTEXT, &other, &signature), mismatch);
    assert_eq!(
        verify(hello(), CONTEXT, &key(), &negated(signature)),
        malformed
    );
    // The header is rebuilt too: the right key, but signing under another's kid.
    let tbs = detached_tbs(&hello(), &CONTEXT, other.kid()).unwrap();
    assert_eq!(
        verify(hello(), CONTEXT, &key(), &low(&signer(), &tbs)),
        mismatch
    );
}

#[test]
fn errors_have_their_numbers() {
    assert_eq!(CoseError::Decode(DecodeError::Forbidden).code(), 102);
    assert_eq!(CoseError::Header.code(), 110);
    assert_eq!(CoseError::WrongKey.code(), 111);
    assert_eq!(CoseError::Signature(SignatureError::Malformed).code(), 112);
    assert_eq!(CoseError::Signature(SignatureError::Mismatch).code(), 113);
    assert_eq!(CoseError::Signature(SignatureError::InvalidKey).code(), 114);
    assert_eq!(Refusal::from(CoseError::Header), Refusal(Code::CoseHeader));
}
