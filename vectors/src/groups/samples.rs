//! One good example of every message, position by position.

mod actions;

use super::shape::{Field, Shape, Shape::*, array, field, nullable, record};
use crate::cbor::Item;
use crate::crypto::{Key, Statement};
use crate::seed::Seed;

/// A message, and what is known of it.
pub struct Sample {
    /// The rule of `protocol.cddl`.
    pub rule: &'static str,
    /// Which alternative of the rule, if it has several.
    pub variant: Option<&'static str>,
    /// The section of the document that describes it.
    pub about: &'static str,
    /// Its positions.
    pub fields: Vec<Field>,
}

impl Sample {
    /// The name in ids.
    pub fn name(&self) -> &'static str {
        self.variant.unwrap_or(self.rule)
    }

    /// The message.
    pub fn item(&self) -> Item {
        array(&self.fields)
    }
}

/// Every message.
pub fn all(seed: Seed) -> Vec<Sample> {
    let mut all = frames(seed);
    all.extend(links(seed));
    all.extend(handshake(seed));
    all.extend(parameters(seed));
    all.extend(channel(seed));
    all.extend(statements(seed));
    all.extend(actions::messages(seed));
    all.extend(actions::statements(seed));
    all
}

/// The sample of that name.
///
/// # Panics
/// If there is none.
pub fn find(seed: Seed, name: &str) -> Sample {
    let mut all = all(seed);
    let at = position(&all, name);
    all.swap_remove(at)
}

/// Where the sample of that name is.
///
/// # Panics
/// If it is not there.
pub fn position(all: &[Sample], name: &str) -> usize {
    let found = all.iter().position(|sample| sample.name() == name);
    found.expect("a sample of that name")
}

fn sample(rule: &'static str, about: &'static str, fields: Vec<Field>) -> Sample {
    Sample {
        rule,
        variant: None,
        about,
        fields,
    }
}

fn frames(seed: Seed) -> Vec<Sample> {
    let frame = |variant, number, fields: Vec<Field>| Sample {
        rule: "frame",
        variant: Some(variant),
        about: "5.1",
        fields: [vec![field("type", Type, number)], fields].concat(),
    };
    let id = || field("connection", Blob(Some(8)), drawn::<8>(seed, "connection"));
    vec![
        frame(
            "message-1-frame",
            1,
            vec![field("message", Blob(None), drawn::<60>(seed, "message-1"))],
        ),
        frame(
            "message-2-frame",
            2,
            vec![
                id(),
                field("message", Blob(None), drawn::<90>(seed, "message-2")),
            ],
        ),
        frame(
            "message-3-frame",
            3,
            vec![
                id(),
                field("message", Blob(None), drawn::<90>(seed, "message-3")),
            ],
        ),
        frame(
            "record-frame",
            4,
            vec![
                id(),
                field("record", Blob(None), drawn::<40>(seed, "record")),
            ],
        ),
        frame(
            "error-frame",
            5,
            vec![
                id(),
                field("error", Blob(None), Item::bytes(b"\x01\x63201")),
            ],
        ),
    ]
}

fn links(seed: Seed) -> Vec<Sample> {
    let link = |variant, number, fields: Vec<Field>| Sample {
        rule: "link",
        variant: Some(variant),
        about: "6.1",
        fields: [vec![field("type", Type, number), server(seed)], fields].concat(),
    };
    let nonce = || field("nonce", Bytes(32), drawn::<32>(seed, "nonce"));
    vec![
        link("session-link", 1, vec![nonce()]),
        link(
            "enrolment-link",
            2,
            vec![uri(), digest(seed, "parameters-hash"), nonce()],
        ),
    ]
}

fn handshake(seed: Seed) -> Vec<Sample> {
    let claim = record(
        "claim",
        vec![
            field("session-id", Bytes(32), drawn::<32>(seed, "session-id")),
            field("nonce-proof", Bytes(32), drawn::<32>(seed, "nonce-proof")),
        ],
    );
    let chain = record(
        "parameters-chain",
        vec![
            list(
                "identities",
                Blob(None),
                signed_sample(seed, "identity"),
                0,
                16,
            ),
            field(
                "signed-parameters",
                Blob(None),
                signed_sample(seed, "parameters"),
            ),
        ],
    );
    let proof = record(
        "enrolment-proof",
        vec![public_key(seed, "public-key"), signature(seed, "signature")],
    );
    let Shape::Record(announce_fields) = announce(seed).shape else {
        unreachable!("a record")
    };
    vec![
        sample(
            "ead-1",
            "5.2",
            vec![
                versions(),
                purpose(1),
                server(seed),
                nullable("epoch", Uint(32), 7),
                or_null(claim),
            ],
        ),
        sample(
            "ead-2",
            "5.2",
            vec![
                version("version", 1, 0),
                field("epoch", Uint(32), 7),
                or_null(announce(seed)),
                nullable("account-id", Bytes(16), drawn::<16>(seed, "account-id")),
                or_null(policy()),
                nullable("voucher", Blob(None), signed_sample(seed, "voucher")),
                or_null(chain),
            ],
        ),
        sample("announce", "5.2", announce_fields),
        sample(
            "statement",
            "7",
            vec![
                purpose(1),
                nullable("decision", Registered(2), 1),
                or_null(digest(seed, "announce-hash")),
                nullable("user-input", Text(Some(4096)), "order 66"),
                nullable("assertion", Blob(None), signed_sample(seed, "assertion")),
                or_null(proof),
                or_null(digest(seed, "app-session-proof")),
                nullable("counter", Uint(64), 41),
                nullable("rolling", Bytes(16), drawn::<16>(seed, "rolling")),
            ],
        ),
    ]
}

fn announce(seed: Seed) -> Field {
    record(
        "announce",
        vec![
            Field {
                nullable: true,
                ..digest(seed, "logo")
            },
            field(
                "strings",
                Strings,
                Item::Map(vec![
                    ("city".into(), "Bern".into()),
                    ("browser".into(), "Firefox".into()),
                ]),
            ),
        ],
    )
}

fn policy() -> Field {
    record(
        "policy",
        vec![
            field("factors", Registered(3), 3),
            field("max-age", Uint(32), 300),
            field("cached", Bool, Item::Bool(false)),
        ],
    )
}

fn parameters(seed: Seed) -> Vec<Sample> {
    let factor_server = record(
        "factor-server",
        vec![
            field("server-id", Bytes(16), drawn::<16>(seed, "factor-server")),
            uri(),
        ],
    );
    vec![
        sample(
            "parameters",
            "4.3",
            vec![
                server(seed),
                field("kind", Registered(2), 1),
                field("epoch", Uint(32), 7),
                field("expiry", Uint(64), 1_800_000_000),
                versions(),
                public_key(seed, "identity-key"),
                public_key(seed, "handshake-key"),
                public_key(seed, "statement-key"),
                uri(),
                or_null(factor_server),
                nullable("ping-time", Uint(32), 60),
            ],
        ),
        sample(
            "identity",
            "4.3",
            vec![
                server(seed),
                field("sequence", Uint(32), 1),
                public_key(seed, "identity-key"),
            ],
        ),
    ]
}

fn channel(seed: Seed) -> Vec<Sample> {
    let message = |rule, about, number, fields: Vec<Field>| {
        sample(
            rule,
            about,
            [vec![field("type", Type, number)], fields].concat(),
        )
    };
    let request_number = || field("request-number", Uint(64), 5);
    let store_epoch = || field("store-epoch", Uint(32), 3);
    let generation = || field("generation", Uint(32), 1);
    let failed = || field("failed-attempts", Uint(32), 2);
    let most = || field("max-attempts", Uint(32), 5);
    let blocked = || field("blocked", Bool, Item::Bool(false));
    let delay = || field("delay", Uint(32), 30);
    let pin_needed = || field("pin-needed", Bool, Item::Bool(true));
    let biometric = || {
        record(
            "biometric",
            vec![
                public_key(seed, "bio-key"),
                signature(seed, "bio-possession"),
            ],
        )
    };
    let record_status = record(
        "record-status",
        vec![
            generation(),
            request_number(),
            failed(),
            blocked(),
            delay(),
            field("biometrics", Bool, Item::Bool(false)),
            pin_needed(),
        ],
    );
    vec![
        message("key-update", "5.4", 8, vec![]),
        message("refused", "5.4", 9, vec![field("error", Uint(16), 404)]),
        message(
            "settled",
            "7",
            16,
            vec![
                field("decision", Registered(2), 1),
                field("account-id", Bytes(16), drawn::<16>(seed, "account-id")),
                field("user-name", Text(Some(256)), "ada"),
                field("rolling", Bytes(16), drawn::<16>(seed, "rolling")),
            ],
        ),
        message(
            "app-settled",
            "12.1",
            24,
            vec![
                field("account-id", Bytes(16), drawn::<16>(seed, "account-id")),
                field("user-name", Text(Some(256)), "ada"),
                field("rolling", Bytes(16), drawn::<16>(seed, "rolling")),
                digest(seed, "app-session-id"),
                digest(seed, "web-nonce"),
                field("ping-time", Uint(32), 30),
                field("limit", Uint(32), 3_600),
            ],
        ),
        message("ping", "12.1", 25, vec![]),
        message("pong", "12.1", 26, vec![]),
        message("logout", "12.1", 27, vec![field("cause", Registered(7), 3)]),
        message(
            "admitted",
            "13",
            28,
            vec![
                field("account-id", Bytes(16), drawn::<16>(seed, "account-id")),
                field("user-name", Text(Some(256)), "ada"),
                field("level", Registered(2), 1),
                field("rolling", Bytes(16), drawn::<16>(seed, "rolling")),
            ],
        ),
        message(
            "data-request",
            "13",
            48,
            vec![
                field("request-id", Uint(64), 5),
                or_null(field(
                    "idempotency-key",
                    Bytes(16),
                    drawn::<16>(seed, "idempotency-key"),
                )),
                field("payload", Blob(None), drawn::<16>(seed, "payload")),
            ],
        ),
        message(
            "data-cancel",
            "13",
            49,
            vec![field("request-id", Uint(64), 5)],
        ),
        message(
            "data-answer",
            "13",
            50,
            vec![
                field("request-id", Uint(64), 5),
                field("payload", Blob(None), drawn::<16>(seed, "payload")),
            ],
        ),
        message(
            "data-error",
            "13",
            51,
            vec![
                field("request-id", Uint(64), 5),
                field("error", Uint(16), 703),
            ],
        ),
        message(
            "create",
            "8.4",
            32,
            vec![
                field("voucher", Blob(None), signed_sample(seed, "voucher")),
                public_key(seed, "pin-key"),
                signature(seed, "possession"),
                or_null(biometric()),
            ],
        ),
        message(
            "verify",
            "8.3",
            33,
            vec![
                request_number(),
                store_epoch(),
                generation(),
                field("factor", Registered(2), 1),
                purpose(1),
                digest(seed, "bind"),
                field("audience", Bytes(16), drawn::<16>(seed, "server-id")),
                signature(seed, "proof"),
            ],
        ),
        message("ask-status", "8.5", 34, vec![]),
        message(
            "set-pin",
            "8.8",
            35,
            vec![
                generation(),
                public_key(seed, "pin-key"),
                signature(seed, "possession"),
                or_null(biometric()),
            ],
        ),
        message(
            "add-biometric",
            "8.8",
            36,
            vec![public_key(seed, "bio-key"), signature(seed, "possession")],
        ),
        message("remove-biometric", "8.8", 37, vec![]),
        message("biometric-gone", "8.8", 38, vec![]),
        message(
            "status",
            "8.5",
            40,
            vec![store_epoch(), most(), or_null(record_status)],
        ),
        message(
            "verdict",
            "8.3",
            41,
            vec![
                request_number(),
                field("outcome", Uint(16), 0),
                failed(),
                most(),
                blocked(),
                delay(),
                pin_needed(),
                nullable("assertion", Blob(None), signed_sample(seed, "assertion")),
            ],
        ),
    ]
}

fn statements(seed: Seed) -> Vec<Sample> {
    let record_id = || field("record-id", Bytes(16), drawn::<16>(seed, "record-id"));
    vec![
        sample(
            "voucher",
            "8.4",
            vec![
                field("issuer", Bytes(16), drawn::<16>(seed, "server-id")),
                field(
                    "factor-server",
                    Bytes(16),
                    drawn::<16>(seed, "factor-server"),
                ),
                field("voucher-id", Bytes(16), drawn::<16>(seed, "voucher-id")),
                field("expiry", Uint(64), 1_750_000_600),
            ],
        ),
        sample(
            "assertion",
            "8.6",
            vec![
                field("subject", Bytes(16), drawn::<16>(seed, "subject")),
                digest(seed, "bind"),
                field("factor", Registered(2), 1),
                field("time", Uint(64), 1_750_000_000),
                purpose(1),
                field("expiry", Uint(64), 1_750_000_120),
                field("assertion-id", Bytes(16), drawn::<16>(seed, "assertion-id")),
            ],
        ),
        sample(
            "factor-proof",
            "8.3",
            vec![
                record_id(),
                field("store-epoch", Uint(32), 3),
                field("generation", Uint(32), 1),
                field("request-number", Uint(64), 5),
                purpose(1),
                digest(seed, "bind"),
            ],
        ),
        sample(
            "factor-key",
            "8.4",
            vec![
                record_id(),
                field("generation", Uint(32), 1),
                public_key(seed, "public-key"),
                digest(seed, "channel-binding"),
            ],
        ),
    ]
}

/// A signed statement of that rule, as it stands inside of other messages.
fn signed_sample(seed: Seed, rule: &str) -> Item {
    let key = Key::named(seed, &format!("{rule} signer"));
    let (label, context, payload): (_, &[&str], _) = match rule {
        "voucher" => (
            "countersign voucher",
            &["factor-server"],
            statements(seed)[0].item(),
        ),
        "assertion" => (
            "countersign assertion",
            &["server-id", "factor-server"],
            statements(seed)[1].item(),
        ),
        "parameters" => (
            "countersign parameters",
            &["server-id"],
            parameters(seed)[0].item(),
        ),
        _ => (
            "countersign identity",
            &["server-id"],
            parameters(seed)[1].item(),
        ),
    };
    let context = Vec::from_iter(context.iter().map(|name| drawn::<16>(seed, name)));
    Item::Bytes(Statement::new(label, context, &payload, key.kid()).sign(&key))
}

fn drawn<const N: usize>(seed: Seed, name: &str) -> Item {
    Item::bytes(seed.bytes::<N>(name))
}

fn or_null(field: Field) -> Field {
    Field {
        nullable: true,
        ..field
    }
}

fn server(seed: Seed) -> Field {
    field("server-id", Bytes(16), drawn::<16>(seed, "server-id"))
}

fn purpose(number: u64) -> Field {
    field("purpose", Registered(11), number)
}

fn digest(seed: Seed, name: &'static str) -> Field {
    field(name, Bytes(32), drawn::<32>(seed, name))
}

fn public_key(seed: Seed, name: &'static str) -> Field {
    field(
        name,
        Bytes(64),
        Item::bytes(Key::named(seed, name).public()),
    )
}

fn signature(seed: Seed, name: &'static str) -> Field {
    field(
        name,
        Bytes(64),
        Item::bytes(Key::named(seed, name).sign(name.as_bytes())),
    )
}

fn uri() -> Field {
    field("uri", Text(Some(512)), "https://login.example/countersign")
}

fn version(name: &'static str, major: u64, minor: u64) -> Field {
    record(
        name,
        vec![
            field("major", Uint(16), major),
            field("minor", Uint(16), minor),
        ],
    )
}

fn versions() -> Field {
    let Field { shape, value, .. } = version("version", 1, 0);
    list("versions", shape, value, 1, 8)
}

fn list(name: &'static str, shape: Shape, value: Item, least: usize, most: usize) -> Field {
    let list = Item::Array(vec![value.clone()]);
    let element = match &shape {
        Shape::Record(_) => field("version", shape, value),
        _ => field("element", shape, value),
    };
    field(name, Shape::List(Box::new(element), least, most), list)
}
