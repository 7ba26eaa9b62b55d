//! What a turn is played with.

use std::sync::LazyLock;

use countersign::values::Version;
use countersign_vectors::case::{Object, Turn};
use serde_json::Value;

use crate::outcome::Stop;

/// The `with` of a turn. Whatever is wrong in it is the case's mistake.
#[derive(Clone, Copy, Debug)]
pub struct With<'a>(&'a Object);

impl<'a> With<'a> {
    /// The `with` of `turn`, which may hold nothing but `known` words: a word
    /// that nobody reads would make a negative case a positive one.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if it holds another.
    pub fn of(turn: &'a Turn, known: &[&str]) -> Result<Self, Stop> {
        With(&turn.with).knowing(known)
    }

    /// With nothing.
    pub fn nothing() -> With<'static> {
        static EMPTY: LazyLock<Object> = LazyLock::new(Object::new);
        With(&EMPTY)
    }

    fn knowing(self, known: &[&str]) -> Result<Self, Stop> {
        match self.0.keys().find(|word| !known.contains(&word.as_str())) {
            Some(word) => Err(Stop::Undecided(format!(
                "no turn of this kind reads `{word}`"
            ))),
            None => Ok(self),
        }
    }

    /// The object under `name`, with nothing but `known` words in it; empty if there is none.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if it is no such object.
    pub fn object(self, name: &str, known: &[&str]) -> Result<With<'a>, Stop> {
        let Some(inner) = self.read(name, Value::as_object)? else {
            return Ok(With::nothing());
        };
        With(inner).knowing(known)
    }

    /// Whether there is a value under `name`; `null` is one.
    pub fn has(self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The value under `name`, if there is one.
    pub fn value(self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }

    /// The text under `name`, if there is one.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if it is no text.
    pub fn text(self, name: &str) -> Result<Option<&'a str>, Stop> {
        self.read(name, Value::as_str)
    }

    /// The number under `name`, if there is one.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if it is no number.
    pub fn uint(self, name: &str) -> Result<Option<u64>, Stop> {
        self.read(name, Value::as_u64)
    }

    /// The number under `name`, of a smaller type, if there is one.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if it is no number of that type.
    pub fn number<T: TryFrom<u64>>(self, name: &str) -> Result<Option<T>, Stop> {
        self.read(name, |value| T::try_from(value.as_u64()?).ok())
    }

    /// Whether `name` is `true`.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if it is neither true nor false.
    pub fn flag(self, name: &str) -> Result<bool, Stop> {
        Ok(self.read(name, Value::as_bool)?.unwrap_or(false))
    }

    /// The bytes under `name`, in hex, if there are any.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if they are no hex.
    pub fn bytes(self, name: &str) -> Result<Option<Vec<u8>>, Stop> {
        self.read(name, |value| hex::decode(value.as_str()?).ok())
    }

    /// The versions under `versions`, each `[major, minor]`, if there are any.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if they are none.
    pub fn versions(self) -> Result<Option<Vec<Version>>, Stop> {
        let read = |value: &Value| {
            let pairs: Vec<[u16; 2]> = serde_json::from_value(value.clone()).ok()?;
            let version = |[major, minor]: [u16; 2]| Version { major, minor };
            Some(pairs.into_iter().map(version).collect())
        };
        self.read("versions", read)
    }

    fn read<T>(
        self,
        name: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Stop> {
        match self.0.get(name) {
            None => Ok(None),
            Some(value) => match read(value) {
                Some(read) => Ok(Some(read)),
                None => Err(Stop::Undecided(format!("`{name}` cannot be {value}"))),
            },
        }
    }
}
