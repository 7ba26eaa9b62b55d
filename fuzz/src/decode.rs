//! Laws of the strict decoder (protocol.md, section 3.1).

use ciborium::Value;
use countersign::cbor::{self, DecodeError, MAX_DEPTH};
use countersign::edhoc::{self, Credential, ErrorMessage};
use countersign::messages::{
    action, app, channel, credential, data, factor, frame::Frame, handshake, link::Link, parameters,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Every law for one input.
pub fn laws(bytes: &[u8]) {
    one_item(bytes);
    a_sequence(bytes);
    limits(bytes);
    every_message(bytes);
    handshake_parts(bytes);
}

/// `check` accepts what ciborium reads, writes back as the same bytes, and
/// finds nothing in that the protocol does not have; and nothing else.
pub fn one_item(bytes: &[u8]) {
    let checked = cbor::check(bytes, bytes.len());
    let oracle = in_ciboriums_opinion(bytes);
    assert_eq!(
        checked.is_ok(),
        oracle.is_some(),
        "check: {checked:?}, ciborium: {oracle:?}"
    );
    assert_ne!(checked, Err(DecodeError::Structure), "a fault of no type");

    // The deserializer reads the same value out of it, or the same fault.
    match (cbor::from_slice::<Value>(bytes, bytes.len()), checked) {
        (Ok(value), Ok(())) => assert_eq!(Some(value), oracle),
        (Err(DecodeError::Structure), Ok(())) => {
            assert!(oracle.is_some_and(|value| has_number_below_i64(&value)));
        }
        (Err(fault), Err(checked)) => assert_eq!(fault, checked),
        (decoded, checked) => panic!("decoded: {decoded:?}, checked: {checked:?}"),
    }
}

/// A reader of sequences takes items one by one, as `check` takes each alone.
fn a_sequence(bytes: &[u8]) {
    let mut reader = cbor::Reader::new(bytes);
    while !reader.is_empty() {
        let before = reader.rest();
        if reader.next::<Value>().is_err() {
            assert_eq!(reader.rest(), before, "a refused item was consumed");
            return;
        }
        let (item, _) = before.split_at(before.len() - reader.rest().len());
        assert_eq!(cbor::check(item, item.len()), Ok(()));
    }
    assert_eq!(reader.finish(), Ok(()));
}

/// A limit refuses by size alone, before anything else is looked at.
fn limits(bytes: &[u8]) {
    if let Some(below) = bytes.len().checked_sub(1) {
        assert_eq!(cbor::check(bytes, below), Err(DecodeError::TooLarge));
        assert_eq!(
            cbor::from_slice::<Value>(bytes, below),
            Err(DecodeError::TooLarge)
        );
    }
}

/// Whatever decodes as a message encodes to the same bytes, and a refusal
/// names a fault that the bytes have.
fn every_message(bytes: &[u8]) {
    if let Ok(frame) = Frame::from_slice(bytes) {
        assert_eq!(frame.to_vec().as_deref(), Ok(bytes), "{frame:?}");
    }
    if let Ok(link) = Link::from_slice(bytes) {
        assert_eq!(link.to_vec().as_deref(), Ok(bytes), "{link:?}");
        link.session_id();
    }
    message::<handshake::Ead1>(bytes);
    message::<handshake::Ead2>(bytes);
    message::<handshake::Announce>(bytes);
    message::<handshake::Statement>(bytes);
    message::<channel::KeyUpdate>(bytes);
    message::<channel::Refused>(bytes);
    message::<channel::Settled>(bytes);
    message::<factor::Create>(bytes);
    message::<factor::Verify>(bytes);
    message::<factor::AskStatus>(bytes);
    message::<factor::SetPin>(bytes);
    message::<factor::AddBiometric>(bytes);
    message::<factor::RemoveBiometric>(bytes);
    message::<factor::BiometricGone>(bytes);
    message::<factor::Status>(bytes);
    message::<factor::Verdict>(bytes);
    message::<factor::Assertion>(bytes);
    message::<factor::Voucher>(bytes);
    message::<factor::FactorProof>(bytes);
    message::<factor::FactorKey>(bytes);
    message::<parameters::Parameters>(bytes);
    message::<parameters::Identity>(bytes);
    message::<app::AppSettled>(bytes);
    message::<app::Ping>(bytes);
    message::<app::Pong>(bytes);
    message::<app::Logout>(bytes);
    message::<app::Admitted>(bytes);
    message::<data::DataRequest>(bytes);
    message::<data::DataCancel>(bytes);
    message::<data::DataAnswer>(bytes);
    message::<data::DataError>(bytes);
    message::<credential::ApprovalKey>(bytes);
    message::<credential::Opened>(bytes);
    message::<credential::DeleteCredential>(bytes);
    message::<credential::Rotate>(bytes);
    message::<credential::Rotation>(bytes);
    message::<credential::CredentialDeleted>(bytes);
    message::<credential::Rotated>(bytes);
    message::<action::FetchChallenge>(bytes);
    message::<action::Challenge>(bytes);
    message::<action::Approval>(bytes);
    message::<action::Approve>(bytes);
    message::<action::Approved>(bytes);
}

/// What EDHOC reads in the open. message_1 is the RFC's, with room for padding and items
/// of others, so it need not have one form; but what was read from it is in it.
fn handshake_parts(bytes: &[u8]) {
    if let Ok(message_1) = edhoc::receive(bytes) {
        let parts = [Some(message_1.g_x().as_slice()), message_1.ead_1()];
        for part in parts.into_iter().flatten() {
            assert!(part.is_empty() || bytes.windows(part.len()).any(|at| at == part));
        }
    }
    if let Ok(credential) = Credential::decode(bytes) {
        assert_eq!(credential.encode(), bytes);
    }
    match ErrorMessage::decode(bytes) {
        Ok(ErrorMessage::Unregistered(_)) | Err(_) => {} // what it says is dropped
        Ok(error) => assert_eq!(error.encode(), bytes, "{error:?}"),
    }
}

fn message<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    match cbor::from_slice::<T>(bytes, bytes.len()) {
        Ok(message) => assert_eq!(cbor::to_vec(&message).as_deref(), Ok(bytes)),
        Err(fault) => assert_eq!(fault, cbor::refusal(bytes, bytes.len())),
    }
}

/// The value, if ciborium reads it from all of `bytes`, writes the very same,
/// and the document allows it. Says nothing with the decoder's own code.
fn in_ciboriums_opinion(bytes: &[u8]) -> Option<Value> {
    let mut rest = bytes;
    let value = ciborium::from_reader::<Value, _>(&mut rest).ok()?;
    let same = rest.is_empty() && written(&value) == bytes;
    (same && allowed(&value, 0)).then_some(value)
}

/// Whether the document has this value at `depth`.
fn allowed(value: &Value, depth: usize) -> bool {
    match value {
        Value::Integer(_) | Value::Bytes(_) | Value::Text(_) | Value::Bool(_) | Value::Null => true,
        Value::Array(elements) => {
            depth < MAX_DEPTH && elements.iter().all(|element| allowed(element, depth + 1))
        }
        Value::Map(entries) => {
            depth < MAX_DEPTH
                && entries
                    .iter()
                    .all(|(key, value)| allowed(key, depth + 1) && allowed(value, depth + 1))
                && entries.is_sorted_by(|(a, _), (b, _)| written(a) < written(b))
        }
        _ => false, // floats, tags
    }
}

/// The decoder hands out integers as `u64` or `i64`; below -2^63 no message has any.
fn has_number_below_i64(value: &Value) -> bool {
    match value {
        Value::Integer(number) => i128::from(*number) < i128::from(i64::MIN),
        Value::Array(elements) => elements.iter().any(has_number_below_i64),
        Value::Map(entries) => entries
            .iter()
            .any(|(key, value)| has_number_below_i64(key) || has_number_below_i64(value)),
        _ => false,
    }
}

fn written(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("a vector takes every value");
    bytes
}
