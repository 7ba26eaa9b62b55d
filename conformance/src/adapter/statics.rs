//! The role `static`: functions of the protocol, one entry of a table each.

use countersign::crypto::PublicKey;
use countersign_vectors::case::Object;
use serde_json::Value;

use super::{Args, Effects, Happening, Refusal, Role};

/// A function: arguments to result, or a refusal.
type Function = fn(&Args) -> Result<Object, Refusal>;

/// Every function, by the name that cases use.
const FUNCTIONS: &[(&str, Function)] = &[("key.thumbprint", key_kid)];

/// The role itself; it has no state.
pub(super) struct Functions;

impl Role for Functions {
    fn step(&mut self, happening: Happening) -> Result<Effects, Refusal> {
        let function = FUNCTIONS
            .iter()
            .find(|(name, _)| *name == happening.op)
            .map(|(_, function)| function)
            .ok_or(Refusal::Unsupported(happening.op))?;
        Ok(Effects {
            values: function(&happening.args)?,
            ..Effects::default()
        })
    }
}

/// {key: 64 bytes} -> {kid: 16 bytes}
fn key_kid(args: &Args) -> Result<Object, Refusal> {
    let key = PublicKey(args.array("key")?);
    Ok(fields([("kid", hex::encode(key.kid().as_bytes()))]))
}

/// An object of texts.
fn fields<const N: usize>(fields: [(&str, String); N]) -> Object {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect()
}
