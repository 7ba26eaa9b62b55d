//! Bytes as they might arrive, held to `countersign_fuzz::sign1::laws`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| countersign_fuzz::sign1::laws(bytes));
