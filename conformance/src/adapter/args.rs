//! The arguments of a step.

use countersign::values::Version;
use countersign_vectors::case::Object;
use serde_json::Value;

use super::Refusal;

/// The arguments of a step, by name.
///
/// An argument that is missing or of another type is an error of whoever
/// asks, never a refusal by the protocol's rules.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Args(pub Object);

impl Args {
    /// A byte string, in hex.
    ///
    /// # Errors
    /// [`Refusal::Error`] if it is missing or not hex.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, Refusal> {
        hex::decode(self.text(name)?).map_err(|error| Refusal::Error(format!("`{name}`: {error}")))
    }

    /// A byte string of exactly `N` bytes.
    ///
    /// # Errors
    /// [`Refusal::Error`] if it is missing, not hex or of another length.
    pub fn array<const N: usize>(&self, name: &str) -> Result<[u8; N], Refusal> {
        let bytes = self.bytes(name)?;
        let length = bytes.len();
        bytes
            .try_into()
            .map_err(|_| Refusal::Error(format!("`{name}` has {length} bytes, not {N}")))
    }

    /// A text.
    ///
    /// # Errors
    /// [`Refusal::Error`] if it is missing or not a text.
    pub fn text(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name, Value::as_str)
    }

    /// A number.
    ///
    /// # Errors
    /// [`Refusal::Error`] if it is missing or not a number of at most 64 bits.
    pub fn uint(&self, name: &str) -> Result<u64, Refusal> {
        self.get(name, Value::as_u64)
    }

    /// A number of at most 32 bits.
    ///
    /// # Errors
    /// [`Refusal::Error`] if it is missing or not such a number.
    pub fn small(&self, name: &str) -> Result<u32, Refusal> {
        self.get(name, |value| value.as_u64()?.try_into().ok())
    }

    /// Whether something holds.
    ///
    /// # Errors
    /// [`Refusal::Error`] if it is missing, or neither true nor false.
    pub fn flag(&self, name: &str) -> Result<bool, Refusal> {
        self.get(name, Value::as_bool)
    }

    /// An object.
    ///
    /// # Errors
    /// [`Refusal::Error`] if it is missing or no object.
    pub fn object(&self, name: &str) -> Result<&Object, Refusal> {
        self.get(name, Value::as_object)
    }

    /// A list, each element read by `read`.
    ///
    /// # Errors
    /// [`Refusal::Error`] if it is missing, no list, or what `read` returns.
    pub fn list<T>(
        &self,
        name: &str,
        read: impl Fn(&Value) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Refusal> {
        self.get(name, Value::as_array)?.iter().map(read).collect()
    }

    /// A list of versions, each `[major, minor]`.
    ///
    /// # Errors
    /// [`Refusal::Error`] if it is missing or no such list.
    pub fn versions(&self, name: &str) -> Result<Vec<Version>, Refusal> {
        self.list(name, |value| {
            let [major, minor] = serde_json::from_value(value.clone())
                .map_err(|error| Refusal::Error(format!("`{name}`: {error}")))?;
            Ok(Version { major, minor })
        })
    }

    /// `None` if the argument is absent or `null`, else what `read` makes of it.
    ///
    /// # Errors
    /// What `read` returns.
    pub fn optional<'a, T>(
        &'a self,
        name: &str,
        read: impl FnOnce(&'a Self, &str) -> Result<T, Refusal>,
    ) -> Result<Option<T>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => read(self, name).map(Some),
        }
    }

    fn get<'a, T>(
        &'a self,
        name: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<T, Refusal> {
        self.0.get(name).and_then(read).ok_or_else(|| {
            Refusal::Error(format!(
                "the argument `{name}` is missing or of another type"
            ))
        })
    }
}
