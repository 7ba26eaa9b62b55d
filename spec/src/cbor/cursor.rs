//! The one place where encoded bytes are judged.
//!
//! [`Cursor::item`] reads one head and, of a string, its content; everything
//! that RFC 8949 section 4.2.1 and protocol.md demand of a single item is checked there.
//! [`KeyOrder`] and [`Cursor::enter`] add what concerns several items. The
//! deserializer and the type-free check are both built on these, so they
//! cannot disagree about what is deterministic.

use super::{DecodeError, MAX_DEPTH};

/// What a head says. Arrays and maps stand for their head alone: their
/// elements follow, and are at most as many as bytes remain.
pub(super) enum Item<'a> {
    Unsigned(u64),
    /// The number -1 - n.
    Negative(u64),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(usize),
    /// The number of entries, each a key and a value.
    Map(usize),
    Bool(bool),
    Null,
}

/// A place in encoded bytes, between two items.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    /// The arrays and maps that are open here.
    depth: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            depth: 0,
        }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The bytes from here to `end`, a later place in the same bytes.
    pub(super) fn until(&self, end: &Self) -> &'a [u8] {
        let length = self.rest.len().saturating_sub(end.rest.len());
        self.rest.get(..length).unwrap_or_default()
    }

    /// Reads one item; of an array or a map, the head.
    pub(super) fn item(&mut self) -> Result<Item<'a>, DecodeError> {
        let initial = self.byte()?;
        let (major, info) = (initial >> 5, initial & 0x1f);
        if major == 7 {
            return self.simple(info);
        }
        let argument = self.argument(major, info)?;
        Ok(match major {
            0 => Item::Unsigned(argument),
            1 => Item::Negative(argument),
            2 => Item::Bytes(self.content(argument)?),
            3 => {
                let text = core::str::from_utf8(self.content(argument)?);
                Item::Text(text.map_err(|_| DecodeError::InvalidUtf8)?)
            }
            4 => Item::Array(self.count(argument, 1)?),
            5 => Item::Map(self.count(argument, 2)?),
            _ => return Err(DecodeError::Forbidden), // 6, a tag
        })
    }

    /// Takes a `null` if that is what comes next.
    pub(super) fn take_null(&mut self) -> bool {
        match self.rest.split_first() {
            Some((&0xf6, rest)) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Begins with the elements of an array or a map.
    pub(super) fn enter(&mut self) -> Result<(), DecodeError> {
        if self.depth >= MAX_DEPTH {
            return Err(DecodeError::TooDeep);
        }
        self.depth += 1;
        Ok(())
    }

    /// Ends what [`enter`](Self::enter) began.
    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Reads a whole item and checks all of it. Recurses [`MAX_DEPTH`] times at most.
    pub(super) fn skip(&mut self) -> Result<(), DecodeError> {
        match self.item()? {
            Item::Array(count) => {
                self.enter()?;
                for _ in 0..count {
                    self.skip()?;
                }
                self.leave();
            }
            Item::Map(count) => {
                self.enter()?;
                let mut order = KeyOrder::default();
                for _ in 0..count {
                    let key = *self;
                    self.skip()?;
                    order.check(&key, self)?;
                    self.skip()?;
                }
                self.leave();
            }
            _ => {}
        }
        Ok(())
    }

    /// Nothing may follow.
    pub(super) fn finish(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::Trailing)
        }
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        let (first, rest) = self.rest.split_first().ok_or(DecodeError::Malformed)?;
        self.rest = rest;
        Ok(*first)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (first, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(DecodeError::Malformed)?;
        self.rest = rest;
        Ok(*first)
    }

    /// The argument of a head of majors 0 to 6, which must have its shortest form.
    fn argument(&mut self, major: u8, info: u8) -> Result<u64, DecodeError> {
        let (argument, least) = match info {
            0..=23 => return Ok(u64::from(info)),
            24 => (u64::from(self.byte()?), 24),
            25 => (u64::from(u16::from_be_bytes(self.array()?)), 1 << 8),
            26 => (u64::from(u32::from_be_bytes(self.array()?)), 1 << 16),
            27 => (u64::from_be_bytes(self.array()?), 1 << 32),
            31 if (2..=5).contains(&major) => return Err(DecodeError::NotDeterministic),
            _ => return Err(DecodeError::Malformed),
        };
        if argument < least {
            Err(DecodeError::NotDeterministic)
        } else {
            Ok(argument)
        }
    }

    /// The rest of an item of major 7.
    fn simple(&mut self, info: u8) -> Result<Item<'a>, DecodeError> {
        match info {
            20 => Ok(Item::Bool(false)),
            21 => Ok(Item::Bool(true)),
            22 => Ok(Item::Null),
            0..=23 => Err(DecodeError::Forbidden),
            // RFC 8949 section 3.3: below 32, the two-byte form is not well-formed.
            24 if self.byte()? < 32 => Err(DecodeError::Malformed),
            24 => Err(DecodeError::Forbidden),
            25 => self.array::<2>().and(Err(DecodeError::Forbidden)),
            26 => self.array::<4>().and(Err(DecodeError::Forbidden)),
            27 => self.array::<8>().and(Err(DecodeError::Forbidden)),
            _ => Err(DecodeError::Malformed), // reserved, or a break where nothing is open
        }
    }

    /// The content of a string of `length` bytes.
    fn content(&mut self, length: u64) -> Result<&'a [u8], DecodeError> {
        let length = usize::try_from(length).map_err(|_| DecodeError::Malformed)?;
        let (content, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(DecodeError::Malformed)?;
        self.rest = rest;
        Ok(content)
    }

    /// A number of elements of at least `least` bytes each: no more than can follow.
    fn count(&self, count: u64, least: usize) -> Result<usize, DecodeError> {
        usize::try_from(count)
            .ok()
            .filter(|&count| count <= self.rest.len() / least)
            .ok_or(DecodeError::Malformed)
    }
}

/// The keys of one map: strictly ascending in the bytewise order of their encodings.
#[derive(Default)]
pub(super) struct KeyOrder<'a> {
    last: &'a [u8], // no item is empty, so the empty one is before all
}

impl<'a> KeyOrder<'a> {
    /// Checks the key that stands between two places.
    pub(super) fn check(
        &mut self,
        start: &Cursor<'a>,
        end: &Cursor<'a>,
    ) -> Result<(), DecodeError> {
        let key = start.until(end);
        if key <= self.last {
            return Err(DecodeError::NotDeterministic);
        }
        self.last = key;
        Ok(())
    }
}
