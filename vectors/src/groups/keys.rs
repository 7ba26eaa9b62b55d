//! `static.key.*`: key ids.

use serde_json::json;

use crate::author::{ok, positive, step};
use crate::case::{Case, Group};
use crate::crypto::{Key, kid};
use crate::flags;
use crate::seed::Seed;

/// Key ids, for a known point and for points that no one chose.
pub fn group(seed: Seed) -> Group {
    let mut group = Group::new(
        "static-key",
        "Key ids: the first 16 bytes of a key's thumbprint.",
    );
    let mut one = [0; 32];
    one[31] = 1;
    let generator = thumbprint(
        "static.key.thumbprint-generator",
        "the id of the generator point",
        &Key::from_scalar(one),
    );
    group.cases.push(generator.flagged(&[flags::SMOKE]));
    for number in 1..=3_u8 {
        let id = format!("static.key.thumbprint-{number}");
        let key = Key::named(seed, &id);
        group
            .cases
            .push(thumbprint(&id, "the id of a key drawn at random", &key));
    }
    group
}

fn thumbprint(id: &str, title: &str, key: &Key) -> Case {
    let public = key.public();
    positive(id, title)
        .why("Two sides that name one key differently never find each other's signatures.")
        .requires(&["KID-1"])
        .does(step(
            "key.thumbprint",
            json!({ "key": hex::encode(public) }),
            ok(json!({ "kid": hex::encode(kid(&public)) })),
        ))
}
