//! `static.shown.*`: what a user sees of a server, and is told of a PIN.

use serde_json::json;

use crate::author::{ok, positive, step};
use crate::case::{Case, Group};
use crate::cbor::Item;
use crate::crypto::hmac;
use crate::seed::Seed;

const WORDS: &str = include_str!("../../../spec/wordlist.txt");

/// The visual hash, and PINs that are easy to guess or not.
pub fn group(seed: Seed) -> Group {
    let mut group = Group::new(
        "static-shown",
        "The visual hash of a server, and PINs that are easy to guess.",
    );
    group
        .cases
        .extend((1..=2).map(|number| visual_hash(seed, number)));
    group.cases.extend(PINS.iter().map(easy_pin));
    group
}

fn visual_hash(seed: Seed, number: u8) -> Case {
    let parameters: [u8; 32] = seed.bytes(&format!("parameters-hash-{number}"));
    let server: [u8; 16] = seed.bytes("server-id");
    let salt = Item::Array(vec!["countersign visual hash".into(), Item::bytes(server)]).encode();
    let hash = pbkdf2_one_block(&parameters, &salt, 1 << 19);
    let bit = |at: usize| usize::from(hash[at / 8] >> (7 - at % 8) & 1);
    let number_at =
        |from: usize, bits: usize| (from..from + bits).fold(0, |sum, at| sum * 2 + bit(at));
    let words: Vec<&str> = (0..6)
        .filter_map(|word| WORDS.lines().nth(number_at(word * 11, 11)))
        .collect();
    let cells: Vec<String> = (0..8)
        .map(|row| {
            let left: String = (0..4)
                .map(|column| number_at(136 + 8 * row + 2 * column, 2).to_string())
                .collect();
            let right: String = left.chars().rev().collect();
            left + &right
        })
        .collect();
    positive(
        &format!("static.shown.visual-hash-{number}"),
        "the words and the picture of a server's parameters",
    )
    .why("A user who compares words of another function compares nothing.")
    .requires(&["VIS-1"])
    .does(step(
        "visual.hash",
        json!({ "parameters_hash": hex::encode(parameters), "server": hex::encode(server) }),
        ok(json!({
            "hash": hex::encode(hash), "words": words.join(" "),
            "palette": hash[16] % 8, "cells": cells,
        })),
    ))
}

/// RFC 8018, section 5.2, for a key of one block.
fn pbkdf2_one_block(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 32] {
    let mut last = hmac(password, &[salt, &[0, 0, 0, 1]].concat());
    let mut sum = last;
    for _ in 1..iterations {
        last = hmac(password, &last);
        for (into, byte) in sum.iter_mut().zip(last) {
            *into ^= byte;
        }
    }
    sum
}

/// (name, PIN, why it is easy)
const PINS: &[(&str, &str, Option<&str>)] = &[
    ("one-digit", "7777", Some("repeat")),
    ("a-pair", "1212", Some("repeat")),
    ("a-block", "123123", Some("repeat")),
    ("a-letter", "aaaa", Some("repeat")),
    ("upwards", "3456", Some("run")),
    ("upwards-over-nine", "8901", Some("run")),
    ("downwards", "9876", Some("run")),
    ("downwards-over-zero", "1098", Some("run")),
    ("first-year", "1900", Some("year")),
    ("last-year", "2099", Some("year")),
    ("the-column", "2580", Some("common")),
    ("the-columns", "147258", Some("common")),
    ("before-the-years", "1899", None),
    ("after-the-years", "2100", None),
    ("a-year-and-a-digit", "19847", None),
    ("almost-a-block", "12312", None),
    ("almost-a-run", "12346", None),
    ("letters-in-order", "abcd", None),
    ("unremarkable", "4829", None),
];

fn easy_pin((name, pin, why): &(&str, &str, Option<&str>)) -> Case {
    positive(
        &format!("static.shown.easy-pin-{name}"),
        &format!("whether {pin} is easy to guess"),
    )
    .why("A few guesses are allowed; a PIN that is among the first of them protects nothing.")
    .requires(&["PIN-4"])
    .recommended()
    .does(step(
        "pin.easy",
        json!({ "pin": pin }),
        ok(json!({ "easy": why.unwrap_or("no") })),
    ))
}
