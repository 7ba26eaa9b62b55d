//! `static.link.*`: links, the first bytes that a device sees.

use serde_json::json;

use crate::author::{ok, positive, reject, step};
use crate::case::{Case, Expect, Group, Step};
use crate::seed::Seed;

/// A session link, and what can be wrong with its encoding.
pub fn group(seed: Seed) -> Group {
    let server = hex::encode(seed.bytes::<16>("static.link/server"));
    let nonce = hex::encode(seed.bytes::<32>("static.link/nonce"));
    let good = format!("83 01 50{server} 5820{nonce}");
    let base = positive(
        "static.link.session",
        "a session link is decoded and encoded again",
    )
    .why(
        "Two readers that take one code for different links send their users to different servers.",
    )
    .requires(&["ENC-1", "ENC-12"])
    .does(decode(&good, ok(json!({ "bytes": plain(&good) }))));

    let spoil =
        |name: &str, change: &str, requirement: &str, flag: &str, bytes: String, code| -> Case {
            base.but(&format!("static.link.session-{name}"), change)
                .requires(&[requirement])
                .flagged(&[flag])
                .does(decode(&bytes, reject(code)))
        };
    let rest = format!("50{server} 5820{nonce}");
    let cases = vec![
        spoil(
            "truncated",
            "the last byte is missing",
            "ENC-2",
            "structure",
            plain(&good)[..plain(&good).len() - 2].to_owned(),
            100,
        ),
        spoil(
            "non-shortest-head",
            "the type number takes two bytes",
            "ENC-3",
            "non-canonical",
            format!("83 1801 {rest}"),
            101,
        ),
        spoil(
            "indefinite-array",
            "the array has no length but an end",
            "ENC-4",
            "non-canonical",
            format!("9f 01 {rest} ff"),
            101,
        ),
        spoil(
            "float",
            "the type number is a float",
            "ENC-6",
            "non-canonical",
            format!("83 f93c00 {rest}"),
            102,
        ),
        spoil(
            "tag",
            "the nonce is tagged",
            "ENC-6",
            "non-canonical",
            format!("83 01 50{server} c2 5820{nonce}"),
            102,
        ),
        spoil(
            "trailing",
            "one byte follows the end",
            "ENC-8",
            "structure",
            format!("{good} 00"),
            104,
        ),
        spoil(
            "element-more",
            "the array has one element more",
            "ENC-12",
            "structure",
            format!("84 01 {rest} f6"),
            107,
        ),
        spoil(
            "null-server",
            "the server id is null",
            "ENC-12",
            "structure",
            format!("83 01 f6 5820{nonce}"),
            107,
        ),
    ];
    let mut group = Group::new(
        "static-link",
        "Links: the first bytes of a login that a device sees.",
    );
    group.cases.push(base);
    group.cases.extend(cases);
    group
}

fn decode(bytes: &str, expect: Expect) -> Step {
    step(
        "cbor.decode",
        json!({ "type": "link", "bytes": plain(bytes) }),
        expect,
    )
}

/// Hex without the spaces that show its structure.
fn plain(hex: &str) -> String {
    hex.replace(' ', "")
}
