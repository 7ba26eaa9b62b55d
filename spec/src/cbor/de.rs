//! From bytes to values: serde over the [`Cursor`].
//!
//! Each `deserialize_*` admits exactly the CBOR type of its name. It matters:
//! serde's own visitor for `String` would take a byte string too, and the one
//! for `&[u8]` a text string.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::DecodeError;
use super::cursor::{Cursor, Item, KeyOrder};

/// Reads exactly one item.
pub(super) struct Decoder<'c, 'de>(pub(super) &'c mut Cursor<'de>);

impl<'de> Decoder<'_, 'de> {
    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0.item()? {
            Item::Unsigned(number) => visitor.visit_u64(number),
            Item::Negative(argument) => visitor.visit_i64(negative(argument)?),
            _ => Err(DecodeError::Structure),
        }
    }

    fn text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0.item()? {
            Item::Text(text) => visitor.visit_borrowed_str(text),
            _ => Err(DecodeError::Structure),
        }
    }

    fn bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0.item()? {
            Item::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            _ => Err(DecodeError::Structure),
        }
    }

    /// An array of exactly `arity` elements.
    fn positions<V: Visitor<'de>>(self, arity: usize, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0.item()? {
            Item::Array(count) if count == arity => elements(self.0, count, visitor),
            _ => Err(DecodeError::Structure),
        }
    }
}

/// The number -1 - `argument`, if an `i64` holds it.
fn negative(argument: u64) -> Result<i64, DecodeError> {
    i64::try_from(argument)
        .map(|argument| !argument)
        .map_err(|_| DecodeError::Structure)
}

/// Hands the `count` elements of an array to the visitor, which must take all.
fn elements<'de, V: Visitor<'de>>(
    cursor: &mut Cursor<'de>,
    count: usize,
    visitor: V,
) -> Result<V::Value, DecodeError> {
    cursor.enter()?;
    let mut elements = Elements {
        cursor,
        left: count,
    };
    let value = visitor.visit_seq(&mut elements)?;
    if elements.left != 0 {
        return Err(DecodeError::Structure);
    }
    cursor.leave();
    Ok(value)
}

/// Hands the `count` entries of a map to the visitor, which must take all.
fn entries<'de, V: Visitor<'de>>(
    cursor: &mut Cursor<'de>,
    count: usize,
    visitor: V,
) -> Result<V::Value, DecodeError> {
    cursor.enter()?;
    let mut entries = Entries {
        cursor,
        left: count,
        order: KeyOrder::default(),
    };
    let value = visitor.visit_map(&mut entries)?;
    if entries.left != 0 {
        return Err(DecodeError::Structure);
    }
    cursor.leave();
    Ok(value)
}

/// Elements are counted off once they were read: a visitor that swallows an
/// error does not get past the check of `left`. There is no `size_hint`, so
/// that nothing is reserved for elements that were only announced.
struct Elements<'c, 'de> {
    cursor: &'c mut Cursor<'de>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        let element = seed.deserialize(Decoder(self.cursor))?;
        self.left = left;
        Ok(Some(element))
    }
}

/// Like [`Elements`], with an eye on the order of the keys.
struct Entries<'c, 'de> {
    cursor: &'c mut Cursor<'de>,
    left: usize,
    order: KeyOrder<'de>,
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        if self.left == 0 {
            return Ok(None);
        }
        let start = *self.cursor;
        let key = seed.deserialize(Decoder(self.cursor))?;
        self.order.check(&start, self.cursor)?;
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        let value = seed.deserialize(Decoder(self.cursor))?;
        self.left = self.left.saturating_sub(1);
        Ok(value)
    }
}

/// Forwards methods that differ in name only.
macro_rules! read_as {
    ($reader:ident: $($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            self.$reader(visitor)
        }
    )*};
}

/// Refuses methods for what the protocol does not have.
macro_rules! refuse {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DecodeError> {
            Err(DecodeError::Structure)
        }
    )*};
}

impl<'de> Deserializer<'de> for Decoder<'_, 'de> {
    type Error = DecodeError;

    fn is_human_readable(&self) -> bool {
        false
    }

    /// For types that may stand as one of several CBOR types, such as EDHOC's
    /// connection identifiers.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0.item()? {
            Item::Unsigned(number) => visitor.visit_u64(number),
            Item::Negative(argument) => visitor.visit_i64(negative(argument)?),
            Item::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            Item::Text(text) => visitor.visit_borrowed_str(text),
            Item::Array(count) => elements(self.0, count, visitor),
            Item::Map(count) => entries(self.0, count, visitor),
            Item::Bool(value) => visitor.visit_bool(value),
            Item::Null => visitor.visit_none(),
        }
    }

    read_as!(integer: deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);
    read_as!(integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);
    read_as!(text: deserialize_str deserialize_string);
    read_as!(bytes: deserialize_bytes deserialize_byte_buf);
    refuse!(deserialize_f32 deserialize_f64 deserialize_char deserialize_identifier);
    // Nothing that arrives is ignored: it would not survive re-encoding.
    refuse!(deserialize_ignored_any);

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0.item()? {
            Item::Bool(value) => visitor.visit_bool(value),
            _ => Err(DecodeError::Structure),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.0.take_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0.item()? {
            Item::Array(0) => {
                self.0.enter()?;
                self.0.leave();
                visitor.visit_unit()
            }
            _ => Err(DecodeError::Structure),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0.item()? {
            Item::Array(count) => elements(self.0, count, visitor),
            _ => Err(DecodeError::Structure),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        arity: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.positions(arity, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        arity: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.positions(arity, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.positions(fields.len(), visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0.item()? {
            Item::Map(count) => entries(self.0, count, visitor),
            _ => Err(DecodeError::Structure),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, DecodeError> {
        Err(DecodeError::Structure)
    }
}
