//! The signing path of a login: the raw signatures, the protocol's framing by
//! itself, and both together, in one run.

use std::hint::black_box;

use countersign::crypto::P256;
use countersign_benches::{
    Key, Unchecked, assertion, bind, check_proof, check_statement, factor_proof, statement,
    verify_message,
};
use criterion::{Criterion, criterion_group, criterion_main};
use p256::ecdsa::signature::Verifier as _;

/// p256 alone, over bytes of the length that the protocol signs.
fn raw(c: &mut Criterion) {
    let key = Key::new();
    let (_, tbs) = factor_proof(key.kid);
    let signature: p256::ecdsa::Signature = {
        let bytes = key.sign(&tbs).normalise_s();
        p256::ecdsa::Signature::from_slice(&bytes.0).expect("just made")
    };
    let verifying = key.secret.verifying_key();

    let mut group = c.benchmark_group("raw");
    group.bench_function("sign", |b| b.iter(|| key.sign(black_box(&tbs))));
    group.bench_function("verify", |b| {
        b.iter(|| verifying.verify(black_box(&tbs), &signature).is_ok());
    });
    group.finish();
}

/// The phone: `bind`, factor proof and VERIFY, then the login's statement.
fn device(c: &mut Criterion) {
    let key = Key::new();
    let (_, tbs) = factor_proof(key.kid);
    let signature = key.sign(&tbs);
    let signed = assertion(key.kid, bind()).signed(signature);

    let mut group = c.benchmark_group("device");
    group.bench_function("proof framing", |b| {
        b.iter(|| {
            let (proof, tbs) = factor_proof(black_box(key.kid));
            black_box(tbs);
            verify_message(&proof, black_box(signature))
        });
    });
    group.bench_function("proof", |b| {
        b.iter(|| {
            let (proof, tbs) = factor_proof(black_box(key.kid));
            verify_message(&proof, key.sign(&tbs))
        });
    });
    group.bench_function("statement framing", |b| {
        b.iter(|| statement(black_box(&signed)));
    });
    group.finish();
}

/// The factor server: one verification, one signature.
fn factor(c: &mut Criterion) {
    let key = Key::new();
    let (proof, tbs) = factor_proof(key.kid);
    let signature = key.sign(&tbs);
    let verify = verify_message(&proof, signature);

    let mut group = c.benchmark_group("factor");
    group.bench_function("verify framing", |b| {
        b.iter(|| check_proof(black_box(&verify), &key.public, &Unchecked));
    });
    group.bench_function("verify", |b| {
        b.iter(|| check_proof(black_box(&verify), &key.public, &P256));
    });
    group.bench_function("assertion framing", |b| {
        b.iter(|| {
            let to_sign = assertion(black_box(key.kid), proof.bind);
            black_box(to_sign.tbs());
            to_sign.signed(black_box(signature))
        });
    });
    group.bench_function("assertion", |b| {
        b.iter(|| {
            let to_sign = assertion(black_box(key.kid), proof.bind);
            let signature = key.sign(to_sign.tbs());
            to_sign.signed(signature)
        });
    });
    group.finish();
}

/// The auth server: decodes the statement, recomputes `bind`, verifies the assertion.
fn auth(c: &mut Criterion) {
    let key = Key::new();
    let to_sign = assertion(key.kid, bind());
    let signature = key.sign(to_sign.tbs());
    let statement = statement(&to_sign.signed(signature));

    let mut group = c.benchmark_group("auth");
    group.bench_function("statement framing", |b| {
        b.iter(|| check_statement(black_box(&statement), &key.public, &Unchecked));
    });
    group.bench_function("statement", |b| {
        b.iter(|| check_statement(black_box(&statement), &key.public, &P256));
    });
    group.finish();
}

criterion_group!(benches, raw, device, factor, auth);
criterion_main!(benches);
