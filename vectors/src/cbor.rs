//! A writer of CBOR that can be made to write badly.
//!
//! It shares no code with the implementation under test, keeps the order of
//! map entries as given, and puts [`Item::Raw`] bytes wherever one wants them.

/// A data item (RFC 8949), written in its shortest form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An unsigned integer.
    Uint(u64),
    /// The negative integer -1 - n.
    Negative(u64),
    /// A byte string.
    Bytes(Vec<u8>),
    /// A text string.
    Text(String),
    /// An array.
    Array(Vec<Item>),
    /// A map, its entries in this order.
    Map(Vec<(Item, Item)>),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// Bytes as they are.
    Raw(Vec<u8>),
}

impl Item {
    /// A byte string.
    pub fn bytes(bytes: impl AsRef<[u8]>) -> Item {
        Item::Bytes(bytes.as_ref().to_vec())
    }

    /// A text string.
    pub fn text(text: &str) -> Item {
        Item::Text(text.to_owned())
    }

    /// Bytes as they are, from hex; blanks are for the reader.
    ///
    /// # Panics
    /// If it is not hex.
    pub fn raw(hex: &str) -> Item {
        Item::Raw(hex::decode(hex.replace(' ', "")).expect("hex"))
    }

    /// A byte string that holds the encoding of `item`.
    pub fn embedded(item: &Item) -> Item {
        Item::Bytes(item.encode())
    }

    /// The encoding.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Item::Uint(number) => head(out, 0, *number),
            Item::Negative(number) => head(out, 1, *number),
            Item::Bytes(bytes) => {
                head(out, 2, bytes.len() as u64);
                out.extend(bytes);
            }
            Item::Text(text) => {
                head(out, 3, text.len() as u64);
                out.extend(text.as_bytes());
            }
            Item::Array(items) => {
                head(out, 4, items.len() as u64);
                items.iter().for_each(|item| item.write(out));
            }
            Item::Map(entries) => {
                head(out, 5, entries.len() as u64);
                for (key, value) in entries {
                    key.write(out);
                    value.write(out);
                }
            }
            Item::Bool(value) => out.push(0xf4 + u8::from(*value)),
            Item::Null => out.push(0xf6),
            Item::Raw(bytes) => out.extend(bytes),
        }
    }
}

impl From<u64> for Item {
    fn from(number: u64) -> Item {
        Item::Uint(number)
    }
}

impl From<&str> for Item {
    fn from(text: &str) -> Item {
        Item::text(text)
    }
}

/// Appends the shortest head.
fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let bytes = argument.to_be_bytes();
    let (info, length) = match argument {
        0..=23 => (bytes[7], 0),
        24..=0xff => (24, 1),
        0x100..=0xffff => (25, 2),
        0x1_0000..=0xffff_ffff => (26, 4),
        _ => (27, 8),
    };
    out.push(major << 5 | info);
    out.extend(&bytes[8 - length..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use ciborium::Value;

    /// The same item for the other library.
    fn foreign(item: &Item) -> Value {
        match item {
            Item::Uint(number) => Value::from(*number),
            Item::Negative(number) => {
                Value::Integer((-1 - i128::from(*number)).try_into().expect("64 bits"))
            }
            Item::Bytes(bytes) => Value::Bytes(bytes.clone()),
            Item::Text(text) => Value::Text(text.clone()),
            Item::Array(items) => Value::Array(items.iter().map(foreign).collect()),
            Item::Map(entries) => Value::Map(
                entries
                    .iter()
                    .map(|(k, v)| (foreign(k), foreign(v)))
                    .collect(),
            ),
            Item::Bool(value) => Value::Bool(*value),
            Item::Null | Item::Raw(_) => Value::Null,
        }
    }

    #[test]
    fn another_library_writes_the_same() {
        let numbers = [
            0,
            23,
            24,
            255,
            256,
            65_535,
            65_536,
            0xffff_ffff,
            1 << 32,
            u64::MAX,
        ];
        let mut items: Vec<Item> = numbers.map(Item::Uint).to_vec();
        items.extend(numbers.map(Item::Negative));
        items.extend([
            Item::bytes([7; 24]),
            Item::text("ä"),
            Item::Map(vec![
                (Item::Uint(1), Item::Bool(true)),
                (Item::text("a"), Item::Null),
            ]),
            Item::Bool(false),
        ]);
        let item = Item::Array(items);
        let mut expected = Vec::new();
        ciborium::into_writer(&foreign(&item), &mut expected).expect("written");
        assert_eq!(item.encode(), expected);
    }
}
