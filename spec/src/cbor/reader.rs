//! CBOR sequences (RFC 8742), which is what EDHOC messages are.

use serde::Deserialize;

use super::DecodeError;
use super::cursor::Cursor;
use super::de::Decoder;

/// Reads the items of a sequence, one after the other, each as strictly as
/// [`from_slice`](super::from_slice). Whoever makes one has bounded the bytes.
///
/// ```
/// use countersign::cbor::Reader;
///
/// let mut reader = Reader::new(&[0x01, 0x61, 0x61]); // 1, "a"
/// assert_eq!(reader.next(), Ok(1));
/// assert_eq!(reader.next(), Ok("a"));
/// assert_eq!(reader.finish(), Ok(()));
/// ```
#[derive(Clone)]
pub struct Reader<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Reader<'a> {
    /// Starts before the first item.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            cursor: Cursor::new(bytes),
        }
    }

    /// Decodes the next item. A refused one is not consumed, so it can be
    /// tried as another type.
    ///
    /// # Errors
    /// [`DecodeError`] of this item; `Malformed` if there is none.
    #[expect(
        clippy::should_implement_trait,
        reason = "each item has a type of its own"
    )]
    pub fn next<T: Deserialize<'a>>(&mut self) -> Result<T, DecodeError> {
        let start = self.cursor;
        T::deserialize(Decoder(&mut self.cursor)).map_err(|fault| {
            self.cursor = start;
            match fault {
                // As in `from_slice`: faults of the bytes before faults of the type.
                DecodeError::Structure => { start }.skip().err().unwrap_or(fault),
                _ => fault,
            }
        })
    }

    /// Steps over the next item, of whatever type, and returns its bytes. It is
    /// checked like any other.
    ///
    /// # Errors
    /// [`DecodeError`], but never `Structure`; `Malformed` if there is no item.
    pub fn skip(&mut self) -> Result<&'a [u8], DecodeError> {
        let start = self.cursor;
        match self.cursor.skip() {
            Ok(()) => Ok(start.until(&self.cursor)),
            Err(fault) => {
                self.cursor = start;
                Err(fault)
            }
        }
    }

    /// Whether every item was read.
    pub fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    /// The bytes that were not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.cursor.rest()
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`DecodeError::Trailing`] unless every item was read.
    pub fn finish(self) -> Result<(), DecodeError> {
        self.cursor.finish()
    }
}
