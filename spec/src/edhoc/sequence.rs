//! Writing CBOR sequences (RFC 8742), the counterpart of [`cbor::Reader`].
//!
//! All that EDHOC writes is made of integers and byte strings, whose encoding
//! cannot fail; so neither can this.

use alloc::vec::Vec;

use crate::cbor;

/// Major types of CBOR (RFC 8949, section 3.1).
const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;

/// A CBOR sequence in the making.
#[derive(Default)]
pub(crate) struct Sequence(Vec<u8>);

impl Sequence {
    /// Starts with nothing.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Appends an integer.
    pub(crate) fn int(mut self, number: i64) -> Self {
        let major = if number < 0 { NEGATIVE } else { UNSIGNED };
        // -1 - n is the complement of n; for what is not negative, the number itself.
        let argument = if number < 0 { !number } else { number };
        cbor::head(&mut self.0, major, argument.unsigned_abs());
        self
    }

    /// Appends an unsigned integer.
    pub(crate) fn uint(mut self, number: u64) -> Self {
        cbor::head(&mut self.0, UNSIGNED, number);
        self
    }

    /// Appends a byte string.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Self {
        self.bytes_of(&[bytes])
    }

    /// Appends one byte string that consists of all the parts: `<< ... >>` of the RFC.
    pub(crate) fn bytes_of(mut self, parts: &[&[u8]]) -> Self {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        cbor::head(&mut self.0, BYTES, length as u64);
        parts.iter().for_each(|part| self.0.extend(*part));
        self
    }

    /// Appends a text string.
    pub(crate) fn text(mut self, text: &str) -> Self {
        cbor::head(&mut self.0, TEXT, text.len() as u64);
        self.0.extend(text.as_bytes());
        self
    }

    /// Begins an array; its items are the next ones.
    pub(crate) fn array(mut self, length: usize) -> Self {
        cbor::head(&mut self.0, ARRAY, length as u64);
        self
    }

    /// Appends items that are encoded already.
    pub(crate) fn encoded(mut self, items: &[u8]) -> Self {
        self.0.extend(items);
        self
    }

    /// The sequence.
    pub(crate) fn into_vec(self) -> Vec<u8> {
        self.0
    }
}
