//! The messages of sections 15 and 16: credentials, challenges and the answers to them.

use super::super::shape::{Field, Shape::*, field, nullable};
use super::{
    Sample, announce, digest, drawn, or_null, policy, public_key, sample, signature, signed_sample,
};
use crate::cbor::Item;
use crate::crypto::{Key, Statement, sha256};
use crate::seed::Seed;

/// Every message of the channel for actions and credentials.
pub(super) fn messages(seed: Seed) -> Vec<Sample> {
    let message = |rule, about, number, fields: Vec<Field>| {
        sample(
            rule,
            about,
            [vec![field("type", Type, number)], fields].concat(),
        )
    };
    let kid = Item::bytes(Key::named(seed, "public-key").kid());
    vec![
        message("fetch-challenge", "16.1", 64, vec![token(seed)]),
        challenge(seed),
        message(
            "approve",
            "16.2",
            66,
            vec![
                field("approval", Blob(None), Item::Bytes(signed_approval(seed))),
                nullable("assertion", Blob(None), signed_sample(seed, "assertion")),
                field("report-fraud", Bool, Item::Bool(false)),
            ],
        ),
        message(
            "approved",
            "16.2",
            67,
            vec![decision(), or_null(token(seed))],
        ),
        message(
            "opened",
            "15.3",
            71,
            vec![field("rolling", Bytes(16), drawn::<16>(seed, "rolling"))],
        ),
        message("delete-credential", "15.4", 72, vec![]),
        message(
            "rotate",
            "15.4",
            73,
            vec![
                public_key(seed, "public-key"),
                signature(seed, "possession"),
            ],
        ),
        message("credential-deleted", "15.4", 74, vec![]),
        message("rotated", "15.4", 75, vec![field("kid", Bytes(16), kid)]),
    ]
}

/// What is signed about credentials and challenges.
pub(super) fn statements(seed: Seed) -> Vec<Sample> {
    vec![
        sample(
            "approval-key",
            "15.1",
            vec![
                field("server-id", Bytes(16), drawn::<16>(seed, "server-id")),
                digest(seed, "transcript"),
                field(
                    "kid",
                    Bytes(16),
                    Item::bytes(Key::named(seed, "K_dev").kid()),
                ),
            ],
        ),
        sample(
            "rotation",
            "15.4",
            vec![
                account(seed),
                public_key(seed, "public-key"),
                digest(seed, "channel-binding"),
            ],
        ),
        approval(seed),
    ]
}

/// The approval as its device signs it: for a server, in a channel.
fn signed_approval(seed: Seed) -> Vec<u8> {
    let key = Key::named(seed, "approval signer");
    let context = vec![
        drawn::<16>(seed, "server-id"),
        drawn::<32>(seed, "channel-binding"),
    ];
    let payload = approval(seed).item();
    Statement::new("countersign approval", context, &payload, key.kid()).sign(&key)
}

fn challenge(seed: Seed) -> Sample {
    sample(
        "challenge",
        "16.1",
        vec![
            field("type", Type, 65),
            challenge_id(seed),
            digest(seed, "nonce"),
            field("action-code", Text(Some(64)), "transfer"),
            Field {
                name: "shown",
                ..announce(seed)
            },
            field("expiry", Uint(64), 1_750_000_300),
            nullable(
                "number-choices",
                Choices,
                Item::Array(vec![7.into(), 42.into(), 99.into()]),
            ),
            or_null(policy()),
        ],
    )
}

fn approval(seed: Seed) -> Sample {
    let Item::Bytes(assertion) = signed_sample(seed, "assertion") else {
        unreachable!("a statement is in a byte string")
    };
    sample(
        "approval",
        "16.2",
        vec![
            challenge_id(seed),
            digest(seed, "challenge-nonce"),
            field(
                "challenge-hash",
                Bytes(32),
                Item::bytes(sha256(&challenge(seed).item().encode())),
            ),
            decision(),
            account(seed),
            nullable("assertion-hash", Bytes(32), Item::bytes(sha256(&assertion))),
            nullable("number", UpTo(99), 42),
        ],
    )
}

fn account(seed: Seed) -> Field {
    field("account-id", Bytes(16), drawn::<16>(seed, "account-id"))
}

fn challenge_id(seed: Seed) -> Field {
    field("challenge-id", Bytes(16), drawn::<16>(seed, "challenge-id"))
}

fn decision() -> Field {
    field("decision", Registered(2), 1)
}

fn token(seed: Seed) -> Field {
    field("token", Bytes(32), drawn::<32>(seed, "token"))
}
