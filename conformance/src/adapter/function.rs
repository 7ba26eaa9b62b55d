//! What the static functions have in common: arguments in, byte strings or a refusal out.

use countersign::cbor::{self, EncodeError};
use countersign::values::Bytes;
use countersign_vectors::case::Object;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Args, Refusal};

/// A function: arguments to result, or a refusal.
pub(super) type Function = fn(&Args) -> Result<Object, Refusal>;

/// The entry of that name; what a table lacks is unsupported.
pub(super) fn lookup<T: Copy>(table: &[(&str, T)], name: &str) -> Result<T, Refusal> {
    table
        .iter()
        .find(|(entry, _)| *entry == name)
        .map(|(_, found)| *found)
        .ok_or_else(|| Refusal::Unsupported(name.to_owned()))
}

/// An object of byte strings.
pub(super) fn bytes<const N: usize>(fields: [(&str, &[u8]); N]) -> Object {
    let entry = |(name, bytes): (&str, &[u8])| (name.to_owned(), Value::String(hex::encode(bytes)));
    fields.into_iter().map(entry).collect()
}

/// What the reference itself cannot encode is no refusal by the protocol's rules.
pub(super) fn not_encoded(error: EncodeError) -> Refusal {
    Refusal::Error(format!("cannot be encoded: {error}"))
}

/// A key or signature arrives as a CBOR byte string would: one of another length is the sender's mistake.
pub(super) fn byte_string<T: DeserializeOwned>(args: &Args, name: &str) -> Result<T, Refusal> {
    let encoded = cbor::to_vec(&Bytes(args.bytes(name)?)).map_err(not_encoded)?;
    cbor::from_slice(&encoded, encoded.len()).map_err(|error| error.code().into())
}
