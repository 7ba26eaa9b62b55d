//! CBOR of any shape, right or wrong, of which it is known by construction
//! whether it is deterministic.
//!
//! Random bytes seldom nest and seldom sort their keys. Here the input chooses a
//! tree, and at each node whether to write it as one must.

use arbitrary::Arbitrary;
use countersign::cbor::{self, MAX_DEPTH};

/// One item, and how it is written.
#[derive(Arbitrary, Debug)]
pub enum Shape {
    /// An unsigned integer.
    Unsigned(u64, Head),
    /// The integer -1 - n.
    Negative(u64, Head),
    /// A byte string.
    Bytes(Vec<u8>, Head),
    /// A text string.
    Text(String, Head),
    /// An array.
    Array(Vec<Shape>, Head),
    /// A map, its keys as they come or in their order.
    Map(Vec<(Shape, Shape)>, Order, Head),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// What the protocol does not have.
    Forbidden(Forbidden),
}

/// How a head is written: nearly always as short as possible.
#[derive(Arbitrary, Debug)]
pub struct Head(u8);

/// How the keys of a map are ordered.
#[derive(Arbitrary, Debug)]
pub enum Order {
    /// Sorted, and each once.
    Sorted,
    /// Sorted too: most maps should be right, so that what is inside matters.
    SortedAgain,
    /// As they come.
    AsDrawn,
}

/// Items that are refused wherever they stand.
#[derive(Arbitrary, Debug)]
pub enum Forbidden {
    /// A tag around an item.
    Tag(u64, Box<Shape>),
    /// A float of half, single or double width.
    Float(f64, u8),
    /// Another simple value, `undefined` among them.
    Simple(u8),
    /// The end of something indefinite.
    Break,
}

/// Builds the bytes, and holds the decoder to what is known of them.
pub fn laws(shape: &Shape) {
    let (bytes, deterministic) = shape.written();
    let checked = cbor::check(&bytes, bytes.len());
    assert_eq!(checked.is_ok(), deterministic, "{checked:?}: {bytes:02x?}");
    crate::decode::one_item(&bytes);
}

impl Shape {
    /// The bytes, and whether they are deterministic CBOR of this protocol.
    pub fn written(&self) -> (Vec<u8>, bool) {
        let mut writer = Writer {
            bytes: Vec::new(),
            deterministic: true,
        };
        writer.item(self, 0);
        (writer.bytes, writer.deterministic)
    }
}

struct Writer {
    bytes: Vec<u8>,
    deterministic: bool,
}

impl Writer {
    fn item(&mut self, shape: &Shape, depth: usize) {
        match shape {
            Shape::Unsigned(number, head) => drop(self.head(0, *number, head)),
            Shape::Negative(number, head) => drop(self.head(1, *number, head)),
            Shape::Bytes(bytes, head) => self.string(2, bytes, head),
            Shape::Text(text, head) => self.string(3, text.as_bytes(), head),
            Shape::Array(elements, head) => {
                self.deterministic &= depth < MAX_DEPTH;
                let open = self.head(4, elements.len() as u64, head);
                for element in elements {
                    self.item(element, depth + 1);
                }
                self.close(open);
            }
            Shape::Map(entries, order, head) => self.map(entries, order, head, depth),
            Shape::Bool(value) => self.bytes.push(0xf4 + u8::from(*value)),
            Shape::Null => self.bytes.push(0xf6),
            Shape::Forbidden(forbidden) => self.forbidden(forbidden, depth),
        }
    }

    /// Writes a head; says whether it left something open that a break must end.
    fn head(&mut self, major: u8, argument: u64, head: &Head) -> bool {
        let needed = match argument {
            0..24 => 0,
            24..0x100 => 1,
            0x100..0x1_0000 => 2,
            0x1_0000..0x1_0000_0000 => 4,
            _ => 8,
        };
        let width = match head.0 {
            248.. if (2..=5).contains(&major) => {
                self.deterministic = false;
                self.bytes.push(major << 5 | 31);
                return true;
            }
            246..248 => 8,
            244..246 => needed.max(4),
            242..244 => needed.max(2),
            240..242 => needed.max(1),
            _ => needed,
        };
        self.deterministic &= width == needed;
        let (info, skipped) = match width {
            0 => (argument as u8, 8),
            1 => (24, 7),
            2 => (25, 6),
            4 => (26, 4),
            _ => (27, 0),
        };
        self.bytes.push(major << 5 | info);
        self.bytes
            .extend(argument.to_be_bytes().iter().skip(skipped));
        false
    }

    fn close(&mut self, open: bool) {
        if open {
            self.bytes.push(0xff);
        }
    }

    fn string(&mut self, major: u8, content: &[u8], head: &Head) {
        let open = self.head(major, content.len() as u64, head);
        if open {
            self.head(major, content.len() as u64, &Head(0)); // one chunk
        }
        self.bytes.extend(content);
        self.close(open);
    }

    fn map(&mut self, entries: &[(Shape, Shape)], order: &Order, head: &Head, depth: usize) {
        self.deterministic &= depth < MAX_DEPTH;
        let mut entries: Vec<_> = entries
            .iter()
            .map(|(key, value)| {
                let mut key_writer = Writer {
                    bytes: Vec::new(),
                    deterministic: true,
                };
                key_writer.item(key, depth + 1);
                (key_writer, value)
            })
            .collect();
        if !matches!(order, Order::AsDrawn) {
            entries.sort_by(|(a, _), (b, _)| a.bytes.cmp(&b.bytes));
            entries.dedup_by(|(a, _), (b, _)| a.bytes == b.bytes);
        }
        self.deterministic &= entries.is_sorted_by(|(a, _), (b, _)| a.bytes < b.bytes);
        let open = self.head(5, entries.len() as u64, head);
        for (key, value) in entries {
            self.deterministic &= key.deterministic;
            self.bytes.extend(key.bytes);
            self.item(value, depth + 1);
        }
        self.close(open);
    }

    fn forbidden(&mut self, forbidden: &Forbidden, depth: usize) {
        self.deterministic = false;
        match forbidden {
            Forbidden::Tag(number, content) => {
                self.head(6, *number, &Head(0));
                self.item(content, depth + 1);
            }
            Forbidden::Float(number, width) => match width % 3 {
                0 => {
                    self.bytes.push(0xf9);
                    self.bytes.extend(&number.to_be_bytes()[..2]); // any half float
                }
                1 => {
                    self.bytes.push(0xfa);
                    self.bytes.extend((*number as f32).to_be_bytes());
                }
                _ => {
                    self.bytes.push(0xfb);
                    self.bytes.extend(number.to_be_bytes());
                }
            },
            Forbidden::Simple(value) => match value {
                0..20 | 23 => self.bytes.push(0xe0 | value),
                _ => self.bytes.extend([0xf8, *value]),
            },
            Forbidden::Break => self.bytes.push(0xff),
        }
    }
}
