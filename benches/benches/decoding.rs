//! The strict decoder beside ciborium, on the same bytes: a login's statement.
//!
//! ciborium accepts much that is not deterministic. What it costs to refuse
//! that with a general library is the third measurement: decode, encode again, compare.

use std::hint::black_box;

use ciborium::Value;
use countersign::cbor;
use countersign::messages::handshake::{EnrolmentProof, Statement};
use countersign::registry::{Decision, Purpose, limit};
use countersign::values::{Bytes, Digest, Rolling};
use countersign_benches::{Key, assertion, bind, statement};
use criterion::{Criterion, criterion_group, criterion_main};

/// The fields of [`Statement`] as a tuple: ciborium reads structs from maps only.
type Fields = (
    Purpose,
    Option<Decision>,
    Option<Digest>,
    Option<String>,
    Option<Bytes>,
    Option<EnrolmentProof>,
    Option<Digest>,
    Option<u64>,
    Option<Rolling>,
);

fn decoding(c: &mut Criterion) {
    let key = Key::new();
    let to_sign = assertion(key.kid, bind());
    let signature = key.sign(to_sign.tbs());
    let bytes = statement(&to_sign.signed(signature));
    let decoded: Statement = cbor::from_slice(&bytes, limit::STATEMENT).expect("a statement");
    let read = |bytes: &[u8]| ciborium::from_reader::<Fields, _>(bytes).expect("the same fields");
    assert_eq!(read(&bytes).4, decoded.assertion, "both read the same");

    let mut group = c.benchmark_group("decode");
    group.bench_function("strict", |b| {
        b.iter(|| cbor::from_slice::<Statement>(black_box(&bytes), limit::STATEMENT));
    });
    group.bench_function("strict check", |b| {
        b.iter(|| cbor::check(black_box(&bytes), limit::STATEMENT));
    });
    group.bench_function("ciborium", |b| b.iter(|| read(black_box(&bytes))));
    group.bench_function("ciborium value", |b| {
        b.iter(|| ciborium::from_reader::<Value, _>(black_box(bytes.as_slice())));
    });
    group.bench_function("ciborium and compare", |b| {
        b.iter(|| {
            let fields = read(black_box(&bytes));
            let mut again = Vec::with_capacity(bytes.len());
            ciborium::into_writer(&fields, &mut again).expect("a vector takes all");
            again == bytes
        });
    });
    group.finish();

    let mut group = c.benchmark_group("encode");
    group.bench_function("strict", |b| b.iter(|| cbor::to_vec(black_box(&decoded))));
    let fields = read(&bytes);
    group.bench_function("ciborium", |b| {
        b.iter(|| {
            let mut out = Vec::new();
            ciborium::into_writer(black_box(&fields), &mut out).map(|()| out)
        });
    });
    group.finish();
}

criterion_group!(benches, decoding);
criterion_main!(benches);
