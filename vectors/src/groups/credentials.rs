//! `static.credential.*`: the credentials of the handshake.

use serde_json::json;

use crate::author::{ok, positive, reject, step};
use crate::case::{Case, Expect, Group, Step};
use crate::cbor::Item;
use crate::crypto::{Key, cose_key};
use crate::seed::Seed;

/// Credentials of devices and servers, and what must not be inside one.
pub fn group(seed: Seed) -> Group {
    let mut group = Group::new(
        "static-credential",
        "Credentials, and what must not be inside one.",
    );
    let public = Key::named(seed, "handshake-key").public();
    let server = hex::encode(seed.bytes::<16>("server-id"));
    let key = hex::encode(public);
    let good = |name: &str, item: &Item, values| {
        positive(
            &format!("static.credential.{name}"),
            &format!("the credential of a {name}"),
        )
        .why("A credential that one party does not read ends every handshake.")
        .requires(&["CRED-1"])
        .does(decode(item, ok(values)))
    };
    let subject = (Item::Uint(2), Item::text(&server));
    let of = |claims: &[(Item, Item)], key: Item| {
        let mut claims = claims.to_vec();
        claims.push((Item::Uint(8), Item::Map(vec![(Item::Uint(1), key)])));
        Item::Map(claims)
    };
    let right = cose_key(&public);
    let device = good("device", &of(&[], right.clone()), json!({ "key": key }));
    let of_server = good(
        "server",
        &of(std::slice::from_ref(&subject), right.clone()),
        json!({ "key": key, "server": server }),
    );
    let Item::Map(members) = &right else {
        unreachable!("a COSE key is a map")
    };
    let with = |at: usize, value: Item| {
        let mut members = members.clone();
        members[at].1 = value;
        of(&[], Item::Map(members))
    };
    let without = |at: usize| {
        let mut members = members.clone();
        members.remove(at);
        of(&[], Item::Map(members))
    };
    let and = |at: usize, label: Item, value: Item| {
        let mut members = members.clone();
        members.insert(at, (label, value));
        of(&[], Item::Map(members))
    };
    let named = |subject: Item| of(&[(Item::Uint(2), subject)], right.clone());
    let mut point = public;
    point[63] ^= 1;
    #[rustfmt::skip]
    let of_device = [
        ("kty-okp", "the key type is OKP", with(0, Item::Uint(1)), 107),
        ("kty-text", "the key type is a text", with(0, Item::text("EC2")), 107),
        ("kty-missing", "the key type is missing", without(0), 107),
        ("crv-p384", "the curve is P-384", with(1, Item::Uint(2)), 107),
        ("crv-missing", "the curve is missing", without(1), 107),
        ("x-short", "x has one byte less", with(2, Item::bytes(&public[..31])), 107),
        ("x-long", "x has one byte more", with(2, Item::bytes([&[0], &public[..32]].concat())), 107),
        ("x-missing", "x is missing", without(2), 107),
        ("y-sign", "y is only its sign", with(3, Item::Bool(true)), 107),
        ("y-missing", "y is missing", without(3), 107),
        ("with-kid", "the key has a kid", and(1, Item::Uint(2), Item::bytes([1])), 107),
        ("with-alg", "the key has an algorithm", and(1, Item::Uint(3), Item::Negative(8)), 107),
        ("with-key-ops", "the key has operations", and(1, Item::Uint(4), Item::Array(vec![Item::Uint(1)])), 107),
        ("with-d", "the private key is inside", and(4, Item::Negative(3), Item::bytes(seed.bytes::<32>("handshake-key"))), 107),
        ("with-issuer", "there is an issuer", of(&[(Item::Uint(1), "a".into())], right.clone()), 107),
        ("with-expiry", "there is an expiry", of(&[(Item::Uint(4), Item::Uint(1))], right.clone()), 107),
        ("no-confirmation", "there is no key", Item::Map(vec![]), 107),
        ("confirmation-kid", "the key is only named", Item::Map(vec![(Item::Uint(8), Item::Map(vec![(Item::Uint(3), Item::bytes([1]))]))]), 107),
        ("bare-key", "it is a key without claims", right.clone(), 107),
        ("null", "it is null", Item::Null, 107),
        ("unsorted", "the members of the key are unsorted", of(&[], Item::Map(members.iter().rev().cloned().collect())), 101),
        ("long-head", "the label of the confirmation takes two bytes", Item::Map(vec![(Item::raw("1808"), Item::Map(vec![(Item::Uint(1), right.clone())]))]), 101),
        ("tagged", "it is tagged", Item::Raw([vec![0xd8, 61], of(&[], right.clone()).encode()].concat()), 102),
        ("trailing", "a byte follows", Item::Raw([of(&[], right.clone()).encode(), vec![0]].concat()), 104),
        ("truncated", "the last byte is missing", Item::Raw(of(&[], right.clone()).encode()[..78].to_vec()), 100),
        ("off-curve", "the key is no point", of(&[], cose_key(&point)), 114),
        ("zero", "the coordinates are zero", of(&[], cose_key(&[0; 64])), 114),
        ("over-p", "the coordinates are over p", of(&[], cose_key(&[0xff; 64])), 114),
    ];
    #[rustfmt::skip]
    let of_servers = [
        ("subject-upper-case", "the server id is in upper case", named(Item::text(&server.to_uppercase())), 107),
        ("subject-short", "the server id lacks a digit", named(Item::text(&server[1..])), 107),
        ("subject-long", "the server id has a digit more", named(Item::text(&format!("{server}0"))), 107),
        ("subject-no-hex", "the server id is no hex", named(Item::text(&"g".repeat(32))), 107),
        ("subject-bytes", "the server id is a byte string", named(Item::bytes(seed.bytes::<16>("server-id"))), 107),
        ("subject-null", "the server id is null", named(Item::Null), 107),
        ("subject-twice", "the server id is there twice", of(&[subject.clone(), subject.clone()], right.clone()), 101),
        ("claims-unsorted", "the claims are unsorted", Item::Map(vec![(Item::Uint(8), Item::Map(vec![(Item::Uint(1), right.clone())])), subject]), 101),
    ];
    let spoil = |base: &Case, (name, change, item, code): &(&str, &str, Item, u16)| {
        let (requirement, kills, flag) = match code {
            100 => ("ENC-2", "cbor.truncated", "structure"),
            101 => ("ENC-3", "cbor.deterministic", "non-canonical"),
            102 => ("ENC-6", "cbor.forbidden", "non-canonical"),
            104 => ("ENC-8", "cbor.trailing", "non-canonical"),
            114 => ("SIG-1", "point.valid", "invalid-point"),
            _ => ("CRED-1", "credential.exact", "structure"),
        };
        let requirement = match *name {
            "unsorted" | "subject-twice" | "claims-unsorted" => "ENC-5",
            _ => requirement,
        };
        base.but(&format!("static.credential.{name}"), change)
            .why("A credential with a second reading names a second owner.")
            .requires(&[requirement])
            .flagged(&[flag])
            .kills(kills)
            .does(decode(item, reject(*code)))
    };
    group
        .cases
        .extend(of_device.iter().map(|row| spoil(&device, row)));
    group
        .cases
        .extend(of_servers.iter().map(|row| spoil(&of_server, row)));
    group.cases.splice(0..0, [device, of_server]);
    group
}

fn decode(item: &Item, expect: Expect) -> Step {
    step(
        "credential.decode",
        json!({ "bytes": hex::encode(item.encode()) }),
        expect,
    )
}
