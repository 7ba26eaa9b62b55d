//! From values to bytes: serde onto RFC 8949 section 4.2.1.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::ser::{self, Impossible, Serialize, Serializer};

use super::{EncodeError, MAX_DEPTH};

/// Appends items to bytes.
pub(super) struct Encoder {
    out: Vec<u8>,
    /// The arrays and maps that are open.
    depth: usize,
}

/// The encoding of `value`, which stands inside `depth` arrays and maps.
pub(super) fn encode<T: Serialize + ?Sized>(
    value: &T,
    depth: usize,
) -> Result<Vec<u8>, EncodeError> {
    let mut encoder = Encoder {
        out: Vec::new(),
        depth,
    };
    value.serialize(&mut encoder)?;
    Ok(encoder.out)
}

/// Appends a head in its shortest form; `major` is 0 to 5.
pub(crate) fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    let bytes = argument.to_be_bytes();
    // The shortest of the forms with 0, 1, 2, 4 and 8 bytes that holds the argument.
    let [.., b4, b5, b6, b7] = bytes;
    match argument {
        0..24 => out.push(major | b7),
        24..0x100 => out.extend([major | 24, b7]),
        0x100..0x1_0000 => out.extend([major | 25, b6, b7]),
        0x1_0000..0x1_0000_0000 => out.extend([major | 26, b4, b5, b6, b7]),
        _ => {
            out.push(major | 27);
            out.extend(bytes);
        }
    }
}

impl Encoder {
    fn enter(&mut self) -> Result<(), EncodeError> {
        if self.depth >= MAX_DEPTH {
            return Err(EncodeError::TooDeep);
        }
        self.depth += 1;
        Ok(())
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn array(&mut self, length: usize) -> Result<Elements<'_>, EncodeError> {
        self.enter()?;
        head(&mut self.out, 4, length as u64);
        Ok(Elements {
            encoder: self,
            left: length,
        })
    }
}

/// An array that has `left` elements to come.
pub(super) struct Elements<'e> {
    encoder: &'e mut Encoder,
    left: usize,
}

impl Elements<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.left = self.left.checked_sub(1).ok_or(EncodeError::Length)?;
        value.serialize(&mut *self.encoder)
    }

    fn close(self) -> Result<(), EncodeError> {
        if self.left != 0 {
            return Err(EncodeError::Length);
        }
        self.encoder.leave();
        Ok(())
    }
}

/// A map under construction: encoded values by encoded keys, which is their order on the wire.
pub(super) struct Entries<'e> {
    encoder: &'e mut Encoder,
    key: Option<Vec<u8>>,
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl ser::SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        match self.key.replace(encode(key, self.encoder.depth)?) {
            None => Ok(()),
            Some(_) => Err(EncodeError::Length),
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        let key = self.key.take().ok_or(EncodeError::Length)?;
        match self.entries.insert(key, encode(value, self.encoder.depth)?) {
            None => Ok(()),
            Some(_) => Err(EncodeError::DuplicateKey),
        }
    }

    fn end(self) -> Result<(), EncodeError> {
        if self.key.is_some() {
            return Err(EncodeError::Length);
        }
        head(&mut self.encoder.out, 5, self.entries.len() as u64);
        for (key, value) in &self.entries {
            self.encoder.out.extend(key);
            self.encoder.out.extend(value);
        }
        self.encoder.leave();
        Ok(())
    }
}

/// Arrays by any other name.
macro_rules! array_like {
    ($($trait:ident $method:ident;)*) => {$(
        impl ser::$trait for Elements<'_> {
            type Ok = ();
            type Error = EncodeError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
                self.element(value)
            }

            fn end(self) -> Result<(), EncodeError> {
                self.close()
            }
        }
    )*};
}

array_like! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
}

impl ser::SerializeStruct for Elements<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        _: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.element(value)
    }

    /// Positions are fixed: a field that is absent is a `null`, not a gap.
    fn skip_field(&mut self, _: &'static str) -> Result<(), EncodeError> {
        Err(EncodeError::Unsupported)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.close()
    }
}

/// Writes integers of any width as one of the two 64-bit ones.
macro_rules! widen {
    ($($method:ident $narrow:ty => $wide:ident;)*) => {$(
        fn $method(self, value: $narrow) -> Result<(), EncodeError> {
            self.$wide(value.into())
        }
    )*};
}

/// Refuses values that the protocol does not have.
macro_rules! refuse {
    ($($method:ident $value:ty;)*) => {$(
        fn $method(self, _: $value) -> Result<(), EncodeError> {
            Err(EncodeError::Unsupported)
        }
    )*};
}

impl<'e> Serializer for &'e mut Encoder {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Elements<'e>;
    type SerializeTuple = Elements<'e>;
    type SerializeTupleStruct = Elements<'e>;
    type SerializeStruct = Elements<'e>;
    type SerializeMap = Entries<'e>;
    type SerializeTupleVariant = Impossible<(), EncodeError>;
    type SerializeStructVariant = Impossible<(), EncodeError>;

    fn is_human_readable(&self) -> bool {
        false
    }

    widen! {
        serialize_u8 u8 => serialize_u64;
        serialize_u16 u16 => serialize_u64;
        serialize_u32 u32 => serialize_u64;
        serialize_i8 i8 => serialize_i64;
        serialize_i16 i16 => serialize_i64;
        serialize_i32 i32 => serialize_i64;
    }

    refuse! {
        serialize_f32 f32;
        serialize_f64 f64;
        serialize_char char;
    }

    fn serialize_u64(self, value: u64) -> Result<(), EncodeError> {
        head(&mut self.out, 0, value);
        Ok(())
    }

    fn serialize_i64(self, value: i64) -> Result<(), EncodeError> {
        match u64::try_from(value) {
            Ok(value) => head(&mut self.out, 0, value),
            Err(_) => head(&mut self.out, 1, (!value).cast_unsigned()),
        }
        Ok(())
    }

    fn serialize_bool(self, value: bool) -> Result<(), EncodeError> {
        self.out.push(if value { 0xf5 } else { 0xf4 });
        Ok(())
    }

    fn serialize_str(self, text: &str) -> Result<(), EncodeError> {
        head(&mut self.out, 3, text.len() as u64);
        self.out.extend(text.as_bytes());
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), EncodeError> {
        head(&mut self.out, 2, bytes.len() as u64);
        self.out.extend(bytes);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), EncodeError> {
        self.out.push(0xf6);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        let start = self.out.len();
        value.serialize(&mut *self)?;
        match self.out.get(start..) {
            Some([0xf6]) => Err(EncodeError::AmbiguousNull),
            _ => Ok(()),
        }
    }

    fn serialize_unit(self) -> Result<(), EncodeError> {
        self.array(0)?.close()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), EncodeError> {
        self.serialize_unit()
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Elements<'e>, EncodeError> {
        self.array(length.ok_or(EncodeError::Length)?)
    }

    fn serialize_tuple(self, length: usize) -> Result<Elements<'e>, EncodeError> {
        self.array(length)
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        length: usize,
    ) -> Result<Elements<'e>, EncodeError> {
        self.array(length)
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Elements<'e>, EncodeError> {
        self.array(length)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries<'e>, EncodeError> {
        self.enter()?;
        Ok(Entries {
            encoder: self,
            key: None,
            entries: BTreeMap::new(),
        })
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
    ) -> Result<(), EncodeError> {
        Err(EncodeError::Unsupported)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), EncodeError> {
        Err(EncodeError::Unsupported)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, EncodeError> {
        Err(EncodeError::Unsupported)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, EncodeError> {
        Err(EncodeError::Unsupported)
    }
}
