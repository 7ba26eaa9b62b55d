//! What each position of a message may hold, and every way to get one wrong.

use crate::cbor::Item;

/// What belongs into a position.
#[derive(Clone, Debug)]
pub enum Shape {
    /// The type number.
    Type,
    /// An unsigned integer of so many bits.
    Uint(u32),
    /// A number from 1 to this one.
    Registered(u64),
    /// A number from 0 to this one, below 256.
    UpTo(u64),
    /// Two to eight numbers from 0 to 99, ascending.
    Choices,
    /// A byte string of so many bytes.
    Bytes(usize),
    /// A byte string of any length, or of 1 to so many bytes.
    Blob(Option<usize>),
    /// A text of at most so many bytes, if it has a limit of its own.
    Text(Option<usize>),
    /// `true` or `false`.
    Bool,
    /// A map from texts to texts.
    Strings,
    /// An array of such positions.
    Record(Vec<Field>),
    /// An array of so few to so many of these.
    List(Box<Field>, usize, usize),
}

/// A position of a message, with what stands there when nothing is wrong.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name in the CDDL.
    pub name: &'static str,
    /// What belongs there.
    pub shape: Shape,
    /// Whether `null` may stand there too.
    pub nullable: bool,
    /// What stands there.
    pub value: Item,
}

/// A position that must be filled.
pub fn field(name: &'static str, shape: Shape, value: impl Into<Item>) -> Field {
    Field {
        name,
        shape,
        nullable: false,
        value: value.into(),
    }
}

/// A position in which `null` is allowed.
pub fn nullable(name: &'static str, shape: Shape, value: impl Into<Item>) -> Field {
    Field {
        nullable: true,
        ..field(name, shape, value)
    }
}

/// A position that is a record itself.
pub fn record(name: &'static str, fields: Vec<Field>) -> Field {
    let value = array(&fields);
    field(name, Shape::Record(fields), value)
}

/// The array of what stands in the positions.
pub fn array(fields: &[Field]) -> Item {
    Item::Array(fields.iter().map(|field| field.value.clone()).collect())
}

/// One way to change one thing.
pub struct Change {
    /// The name of the change in a case's id.
    pub id: String,
    /// What was changed, in words.
    pub what: String,
    /// The whole message after it.
    pub message: Item,
    /// What becomes of it.
    pub fate: Fate,
}

/// What a receiver does with a changed message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// Takes it: the change stays within what is allowed.
    Fine,
    /// 107: a position is missing, or there is one too many.
    Arity,
    /// 107: another type than belongs there.
    Type,
    /// 107: `null` where something is required.
    Null,
    /// 107: a number out of its range, or bytes of another length.
    Range,
    /// 107: a number that nobody registered.
    Unregistered,
    /// 107: numbers to choose from that do not ascend.
    Order,
    /// 106: a text over its limit.
    TooLarge,
}

/// Every change of one thing in the record of `fields`. `path` is the name of
/// the record inside its message, and `whole` puts it back into there.
pub fn changes(path: &str, fields: &[Field], whole: &dyn Fn(Item) -> Item) -> Vec<Change> {
    let values: Vec<Item> = fields.iter().map(|field| field.value.clone()).collect();
    let mut all = Vec::new();
    for (at, field) in fields.iter().enumerate() {
        let name = if path.is_empty() {
            field.name.to_owned()
        } else {
            format!("{path}-{}", field.name)
        };
        let mut without = values.clone();
        without.remove(at);
        all.push(change(
            &name,
            "missing",
            "is missing",
            whole(Item::Array(without)),
            Fate::Arity,
        ));
        let put = |item: Item| {
            let mut with = values.clone();
            with[at] = item;
            whole(Item::Array(with))
        };
        let null = if field.nullable {
            Fate::Fine
        } else {
            Fate::Null
        };
        all.push(change(&name, "null", "is null", put(Item::Null), null));
        all.extend(of_shape(&name, field, &put));
    }
    let mut longer = values;
    longer.push(Item::Null);
    let name = if path.is_empty() { "message" } else { path };
    all.push(change(
        name,
        "extra",
        "has one element more",
        whole(Item::Array(longer)),
        Fate::Arity,
    ));
    all
}

/// Every change of what stands in one position.
fn of_shape(name: &str, field: &Field, put: &dyn Fn(Item) -> Item) -> Vec<Change> {
    let wrong =
        |id: &str, what: &str, item: Item, fate: Fate| change(name, id, what, put(item), fate);
    let text = || wrong("text", "is a text", Item::text("1"), Fate::Type);
    let bytes_of = |length: usize| match &field.value {
        Item::Bytes(bytes) => Item::Bytes(bytes.iter().copied().cycle().take(length).collect()),
        other => other.clone(),
    };
    match &field.shape {
        Shape::Type => vec![
            wrong("unregistered", "is 99", Item::Uint(99), Fate::Unregistered),
            text(),
        ],
        Shape::Uint(bits) => {
            let mut all = vec![
                wrong("negative", "is -1", Item::Negative(0), Fate::Range),
                text(),
                wrong(
                    "greatest",
                    &format!("is 2^{bits} - 1"),
                    Item::Uint(u64::MAX >> (64 - bits)),
                    Fate::Fine,
                ),
            ];
            if *bits < 64 {
                all.push(wrong(
                    "too-great",
                    &format!("is 2^{bits}"),
                    Item::Uint(1 << bits),
                    Fate::Range,
                ));
            }
            all
        }
        Shape::Registered(last) => vec![
            wrong("zero", "is 0", Item::Uint(0), Fate::Unregistered),
            wrong(
                "unregistered",
                &format!("is {}", last + 1),
                Item::Uint(last + 1),
                Fate::Unregistered,
            ),
            // Its low eight bits are those of 1: a receiver that truncates takes it.
            wrong("truncatable", "is 257", Item::Uint(257), Fate::Unregistered),
            text(),
        ],
        Shape::UpTo(last) => vec![
            wrong("zero", "is 0", Item::Uint(0), Fate::Fine),
            wrong(
                "greatest",
                &format!("is {last}"),
                Item::Uint(*last),
                Fate::Fine,
            ),
            wrong(
                "too-great",
                &format!("is {}", last + 1),
                Item::Uint(last + 1),
                Fate::Range,
            ),
            wrong("truncatable", "is 257", Item::Uint(257), Fate::Range),
            wrong("negative", "is -1", Item::Negative(0), Fate::Range),
            text(),
        ],
        Shape::Choices => choices(&wrong),
        Shape::Bytes(length) => vec![
            wrong(
                "short",
                "has one byte less",
                bytes_of(length - 1),
                Fate::Range,
            ),
            wrong(
                "long",
                "has one byte more",
                bytes_of(length + 1),
                Fate::Range,
            ),
            wrong(
                "numbers",
                "is an array of numbers",
                numbers(&field.value),
                Fate::Type,
            ),
            wrong("text", "is a text", letters(*length), Fate::Type),
        ],
        Shape::Blob(bound) => {
            let mut all = vec![
                wrong(
                    "numbers",
                    "is an array of numbers",
                    numbers(&field.value),
                    Fate::Type,
                ),
                text(),
            ];
            if let Some(most) = bound {
                all.push(wrong("empty", "is empty", Item::bytes([]), Fate::Range));
                all.push(wrong(
                    "longest",
                    "is as long as it may be",
                    bytes_of(*most),
                    Fate::Fine,
                ));
                all.push(wrong(
                    "long",
                    "is one byte too long",
                    bytes_of(most + 1),
                    Fate::Range,
                ));
            }
            all
        }
        Shape::Text(limit) => {
            let mut all = vec![
                wrong("bytes", "is a byte string", Item::bytes(b"1"), Fate::Type),
                wrong("number", "is a number", Item::Uint(1), Fate::Type),
                wrong("empty", "is empty", Item::text(""), Fate::Fine),
                wrong(
                    "foreign",
                    "has letters outside of ASCII",
                    Item::text("Zoë \u{1f642} \u{0}"),
                    Fate::Fine,
                ),
            ];
            if let Some(limit) = limit {
                all.push(wrong(
                    "longest",
                    "is as long as it may be",
                    letters(*limit),
                    Fate::Fine,
                ));
                all.push(wrong(
                    "too-long",
                    "is one byte too long",
                    letters(limit + 1),
                    Fate::TooLarge,
                ));
            }
            all
        }
        Shape::Bool => vec![
            wrong("number", "is 1", Item::Uint(1), Fate::Type),
            wrong(
                "flipped",
                "is the other value",
                flipped(&field.value),
                Fate::Fine,
            ),
        ],
        Shape::Strings => {
            let entry = |key: Item, value: Item| Item::Map(vec![(key, value)]);
            vec![
                wrong("empty", "is empty", Item::Map(Vec::new()), Fate::Fine),
                wrong("array", "is an array", Item::Array(Vec::new()), Fate::Type),
                wrong(
                    "number-key",
                    "has a number as key",
                    entry(Item::Uint(1), Item::text("1")),
                    Fate::Type,
                ),
                wrong(
                    "number-value",
                    "has a number as value",
                    entry(Item::text("1"), Item::Uint(1)),
                    Fate::Type,
                ),
                wrong(
                    "null-value",
                    "has null as value",
                    entry(Item::text("1"), Item::Null),
                    Fate::Null,
                ),
            ]
        }
        Shape::Record(fields) => {
            let mut all = vec![
                wrong("map", "is a map", Item::Map(Vec::new()), Fate::Type),
                wrong(
                    "empty",
                    "is an empty array",
                    Item::Array(Vec::new()),
                    Fate::Arity,
                ),
            ];
            all.extend(changes(name, fields, put));
            all
        }
        Shape::List(element, least, most) => {
            let of = |count: usize| Item::Array(vec![element.value.clone(); count]);
            let fate = if *least == 0 { Fate::Fine } else { Fate::Range };
            let mut all = vec![
                wrong("empty", "is empty", of(0), fate),
                wrong("longest", "is as long as it may be", of(*most), Fate::Fine),
                wrong(
                    "too-long",
                    "has one element too many",
                    of(most + 1),
                    Fate::Range,
                ),
                wrong("map", "is a map", Item::Map(Vec::new()), Fate::Type),
            ];
            let name = format!("{name}-{}", element.name);
            let put = |item: Item| put(Item::Array(vec![item]));
            all.push(change(
                &name,
                "null",
                "is null",
                put(Item::Null),
                Fate::Null,
            ));
            all.extend(of_shape(&name, element, &put));
            all
        }
    }
}

/// Numbers to choose from: how many, which, and in which order.
fn choices(wrong: &dyn Fn(&str, &str, Item, Fate) -> Change) -> Vec<Change> {
    let of = |numbers: &[u64]| Item::Array(numbers.iter().copied().map(Item::Uint).collect());
    let one = |what: Item| Item::Array(vec![what, Item::Uint(99)]);
    vec![
        wrong("two", "has two numbers", of(&[0, 99]), Fate::Fine),
        wrong(
            "eight",
            "has eight numbers",
            of(&[1, 2, 3, 5, 8, 13, 21, 34]),
            Fate::Fine,
        ),
        wrong("empty", "is empty", of(&[]), Fate::Range),
        wrong("one", "has a single number", of(&[42]), Fate::Range),
        wrong(
            "nine",
            "has nine numbers",
            of(&[1, 2, 3, 5, 8, 13, 21, 34, 55]),
            Fate::Range,
        ),
        wrong("too-great", "has a 100", of(&[7, 42, 100]), Fate::Range),
        wrong("truncatable", "has a 263", of(&[42, 99, 263]), Fate::Range),
        wrong("twice", "has a number twice", of(&[7, 42, 42]), Fate::Order),
        wrong("descending", "descends", of(&[99, 42, 7]), Fate::Order),
        wrong(
            "text-inside",
            "has a text",
            one(Item::text("7")),
            Fate::Type,
        ),
        wrong("null-inside", "has a null", one(Item::Null), Fate::Null),
        wrong(
            "bytes",
            "is a byte string",
            Item::bytes([7, 42, 99]),
            Fate::Type,
        ),
        wrong("map", "is a map", Item::Map(Vec::new()), Fate::Type),
    ]
}

fn change(name: &str, id: &str, what: &str, message: Item, fate: Fate) -> Change {
    Change {
        id: format!("{name}-{id}"),
        what: format!("{} {what}", name.replace('-', " ")),
        message,
        fate,
    }
}

fn numbers(bytes: &Item) -> Item {
    match bytes {
        Item::Bytes(bytes) => Item::Array(
            bytes
                .iter()
                .map(|byte| Item::Uint((*byte).into()))
                .collect(),
        ),
        other => other.clone(),
    }
}

fn flipped(value: &Item) -> Item {
    Item::Bool(*value == Item::Bool(false))
}

fn letters(length: usize) -> Item {
    Item::Text("a".repeat(length))
}
